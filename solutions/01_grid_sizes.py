# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · Grid sizes
#
# How many samples come out? You will count windows, find your way back, and at the end plan a whole encoder and
# decoder that fits a picture of any size.
#
# Six functions and one question in words, {points} points in all. Every function takes and returns whole numbers,
# along *one* axis. Below each function stands its check. Run it as often as you want: it tells what is right, names
# the mistake if it knows it, and shows the call that went wrong. Functions that do the work of a task may not be
# used: those of this course's library `resampling`, and the layers of `torch.nn`. To try torch in a cell of your own
# is a good idea.
#
# | symbol | in code | meaning |
# |---|---|---|
# | `n` | `length` | samples in |
# | `o` | `output_length` | samples out |
# | `k` | `kernel_size` | taps of the kernel |
# | `s` | `stride` | from one window to the next |
# | `p` | `padding` | samples added on *each* side; on the way up, cut off on each side |
# | `d` | `dilation` | from one tap to the next |
# | `op` | `output_padding` | samples by which less is cut off at the end, on the way up |

# %% setup="imports"
from resampling.checks.grid_sizes import (
    check_conv_transpose_output_size,
    check_count_windows,
    check_input_sizes,
    check_output_padding_for,
    check_plan_encoder_decoder,
    check_receptive_field,
)

# %% [markdown]
# ## 1 · Count the windows
#
# *{points:count_windows} points.* Write `count_windows(length, kernel_size, stride, padding, dilation)`: how many
# windows of a convolution fit into the input with its padding. That is the output length, and `0` if the kernel
# is longer than the padded input.
#
# `count_windows(5, 3, stride=2, padding=1)` is 3, and so is `count_windows(6, 3, stride=2, padding=1)`.
#
# Every property has its own points, so a first version that only knows `stride` is worth something.
#
# <details><summary>A hint</summary>
#
# Window `i` begins at sample `s*i - p`. Where does its last tap stand? How far to the right may that be?
# </details>
# <details><summary>Another hint</summary>
#
# What does Python say to `-1 // 2`? And to `int(-1 / 2)`? Neither knows that a kernel must fit.
# </details>


# %% task="count_windows"
def count_windows(length, kernel_size, stride=1, padding=0, dilation=1):
    """Number of windows that fit, 0 if there is none."""
    ### BEGIN SOLUTION
    first_tap_of_last_place = length + padding - dilation * (kernel_size - 1)
    return len(range(-padding, first_tap_of_last_place, stride))
    ### END SOLUTION


# %% check="count_windows"
check_count_windows(count_windows)

# %% [markdown]
# ## 2 · The way back
#
# *{points:conv_transpose_output_size} points.* Write
# `conv_transpose_output_size(length, kernel_size, stride, padding, output_padding, dilation)`: how many samples a
# transposed convolution returns. Return `0` for a layer that torch refuses: when `output_padding` is not below
# `max(stride, dilation)`, or when no sample is left.
#
# From 3 samples, with `kernel_size=3, stride=2, padding=1`, come 5, and 6 with `output_padding=1`.
#
# <details><summary>A hint</summary>
#
# Lay `n` copies of the kernel down, each `s` samples to the right of the one before. Where does the last copy end?
# Then cut `p` off on each side.
# </details>


# %% task="conv_transpose_output_size"
def conv_transpose_output_size(length, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    """Number of samples that a transposed convolution returns, 0 if torch refuses the layer."""
    ### BEGIN SOLUTION
    last_copy_begins = stride * (length - 1)
    full = last_copy_begins + dilation * (kernel_size - 1) + 1
    allowed = output_padding < stride or output_padding < dilation
    return max(0, full - 2 * padding + output_padding) if allowed else 0
    ### END SOLUTION


# %% check="conv_transpose_output_size"
check_conv_transpose_output_size(conv_transpose_output_size)

# %% [markdown]
# ## 3 · All the lengths that give o
#
# *{points:input_sizes} points.* Write `input_sizes(output_length, kernel_size, stride, padding, dilation)`: a list of
# *all* input lengths, the shortest first, from which the convolution makes `output_length` samples. No length is
# below 1, and the list may be empty.
#
# `input_sizes(3, 3, stride=2, padding=1)` is `[5, 6]`.
#
# <details><summary>A hint</summary>
#
# In the shortest input, the last window ends with the last sample of the padding. How many samples can you append
# before one more window fits?
# </details>


# %% task="input_sizes"
def input_sizes(output_length, kernel_size, stride=1, padding=0, dilation=1):
    """List of all lengths from which a convolution makes `output_length` samples, ascending."""
    ### BEGIN SOLUTION
    longest = stride * output_length + dilation * (kernel_size - 1) - 2 * padding
    candidates = range(longest - stride + 1, longest + 1)
    return [n for n in candidates if n > 0]
    ### END SOLUTION


# %% check="input_sizes"
check_input_sizes(input_sizes)

# %% [markdown]
# ## 4 · Ask for a size
#
# *{points:output_padding_for} points.* Write
# `output_padding_for(target, length, kernel_size, stride, padding, dilation)`: the `output_padding` with which a
# transposed convolution makes `target` samples of `length` samples, or `-1` if there is none.
#
# With `kernel_size=3, stride=2, padding=1`, 3 samples can become 5 (`output_padding` 0) or 6 (1), but not 7 (so:
# `-1`).
#
# <details><summary>A hint</summary>
#
# You have a function for the size. What would it say with `output_padding=0`?
# </details>


# %% task="output_padding_for"
def output_padding_for(target, length, kernel_size, stride=1, padding=0, dilation=1):
    """The output_padding that gives `target` samples, -1 if there is none."""
    ### BEGIN SOLUTION
    for candidate in range(max(stride, dilation)):
        if conv_transpose_output_size(length, kernel_size, stride, padding, candidate, dilation) == target:
            return candidate
    return -1
    ### END SOLUTION


# %% check="output_padding_for"
check_output_padding_for(output_padding_for)

# %% [markdown]
# ## 5 · What one output sees
#
# *{points:receptive_field} points.* Now several layers, one after the other: a tuple of `(k, s, p, d)`, one for each
# layer. Write `receptive_field(layers)`: a tuple `(size, stride, start)` such that output `i` of the whole stack sees
# the samples from `start + stride * i` to `start + stride * i + size - 1` of the first input.
#
# Two layers with `k=3, s=2, p=1, d=1` give `(7, 4, -3)`. No layer at all gives `(1, 1, 0)`: a sample sees itself.
#
# <details><summary>A hint</summary>
#
# Keep three numbers and go through the layers. Two neighbours in the input of a layer stand `stride` samples of the
# *first* input apart. How much further does a kernel with `k` taps then reach? Change `stride` last.
# </details>


# %% task="receptive_field"
def receptive_field(layers):
    """(size, stride, start) of what one output of the stack sees in the first input."""
    ### BEGIN SOLUTION
    first, last = 0, 0  # of output 0, going back from the end of the stack to its beginning
    step = 1
    for k, s, p, d in reversed(layers):
        first = first * s - p
        last = last * s - p + d * (k - 1)
        step = step * s
    return last - first + 1, step, first
    ### END SOLUTION


# %% check="receptive_field"
check_receptive_field(receptive_field)

# %% [markdown]
# ## 6 · Plan an encoder and its decoder
#
# *{points:plan_encoder_decoder} points.* The encoder is a tuple of layers `(k, s, p, d)` again. Its decoder has one
# transposed convolution for each of them, with the same `k`, `s`, `p` and `d`, in reverse order. Write
# `plan_encoder_decoder(length, encoder)`. It returns three things:
#
# 1. the sizes on the way down, a list that begins with `length`;
# 2. the `output_padding` of each layer of the decoder, in the order of the way *up*, such that every size on the way
#    down is met again on the way up;
# 3. the least size, not below `length`, for which all these `output_padding` would be 0. To this size you could pad
#    the picture instead.
#
# `plan_encoder_decoder(17, ((3, 2, 1, 1), (2, 2, 0, 1)))` is `([17, 9, 4], [1, 0], 19)`. The way up is 4, 9, 17. With
# 19 samples the sizes would be 19, 10, 5, and nothing would be left over.
#
# The last cases have up to forty layers: then it takes for ever to try one size after the other.
#
# <details><summary>A hint for the third</summary>
#
# Think of one layer first. Which sizes leave nothing over? They are the ones that a transposed convolution can return
# with `output_padding=0`. Which is the least of them that is not below `length`?
# </details>
# <details><summary>Another hint</summary>
#
# Now two layers. The first must return at least a certain number of samples, and what it returns must suit the
# second. That is the same question again, for a shorter encoder.
# </details>


# %% task="plan_encoder_decoder"
def plan_encoder_decoder(length, encoder):
    """(sizes down, output paddings up, least size that needs no output padding)."""
    ### BEGIN SOLUTION
    sizes, extra = [length], []
    for k, s, p, d in encoder:
        windows = count_windows(sizes[-1], k, s, p, d)
        extra.append(sizes[-1] - conv_transpose_output_size(windows, k, s, p, 0, d))
        sizes.append(windows)

    def least(wanted, layers):
        if not layers:
            return wanted
        (k, s, p, d), *later = layers
        one_window = d * (k - 1) + 1 - 2 * p  # samples that a single window covers, less the padding
        windows = max(1, 1 - (one_window - wanted) // s)  # so many cover `wanted` samples or more
        return s * (least(windows, later) - 1) + one_window

    return sizes, extra[::-1], least(length, list(encoder))
    ### END SOLUTION


# %% check="plan_encoder_decoder"
check_plan_encoder_decoder(plan_encoder_decoder)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-multiples-of-32} points, read by a person.* A colleague's network halves the picture five times,
# each time with `Conv2d(kernel_size=3, stride=2, padding=1)`, and goes up again with five times
# `ConvTranspose2d(kernel_size=3, stride=2, padding=1)`. "Halving five times means a factor of 32", says the
# colleague, "so I feed pictures of 224 × 224." What comes out has 193 × 193 pixels.
#
# 1. Follow the sizes down and up and explain where the 31 pixels are lost. What is wrong with the sentence about the
#    factor?
# 2. The colleague writes `output_padding=1` into all five layers, and 224 works. Somebody then feeds 225 × 225. What
#    comes out, and why?
# 3. Name two different repairs that work for pictures of *any* size, and what each of them costs.

# %% [markdown] question="multiples-of-32" points=5
# ### Model answer
#
# 1. Down: 224, 112, 56, 28, 14, 7. Up: 7, 13, 25, 49, 97, 193: each layer makes 2n − 1 of n, because k − 2p + op = 1
#    and not s = 2. On the way down the floor dropped one sample each time (the residue is 1); the layers up know
#    nothing of it. Halving with k = 3, p = 1 takes 2m and 2m − 1 to the same m, and 2m − 1 is what comes back. Sizes
#    that fit are those of the form 32m + 1. (2 points: one for the sizes, one for the residue)
# 2. With output_padding = 1 every layer doubles exactly: 225, 113, 57, 29, 15, 8 and up 16, 32, 64, 128, 256. The
#    residues are now 0 and should be answered with 0. A fixed output_padding fits some sizes only. (1 point)
# 3. Two of these, with the cost (2 points): give `output_size` at each call (or compute output_padding from the size
#    on the way down): no cost in pixels, but the sizes must be handed over, and values that op adds at the border are
#    made from fewer taps. Pad the picture to a size that fits and crop at the end: more computation, and invented
#    pixels at the border that the network sees. Crop or resize in the decoder or at the skip connections: pixels are
#    lost or interpolated. Replace the transposed layers by resizing to the stored size, then a convolution. Crop the
#    picture: pixels are lost.
