# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 14 · Encoder-decoders
#
# You will count what an upsampling block costs; make a skip connection fit when sizes are odd; walk the path of a
# SegNet; write three upsampling blocks behind one interface; and at the end build a model that learns from pairs of
# pictures and is measured on pictures it has not seen.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn`, resizing by OpenCV and their like.
#
# Maps have the shape `(channels, height, width)`. Pairs are (vertical, horizontal).

# %% setup="imports"
import numpy as np

from resampling.checks.encoder_decoders import (
    check_block_cost,
    check_join,
    check_segnet_path,
    check_super_resolve,
    check_upsample_block,
)

# %% [markdown]
# ## 1 · What a block costs
#
# *{points:block_cost} points.* The chapter compares blocks that make a map of `out_channels` channels, `scale` times
# as high and wide, from one of `in_channels` channels and `size = (h, w)` pixels. With $s$ for the scale:
#
# - `"nearest"`: copy each pixel into an $s\times s$ block, then a 3 × 3 convolution that keeps the size;
# - `"sub_pixel"`: a 3 × 3 convolution to $s^2$ times as many channels, then a pixel shuffle;
# - `"unpool"`: a 3 × 3 convolution, then max-unpooling by $s$;
# - `"transposed"`: a transposed convolution of stride $s$, with a kernel of $2s\times 2s$ for even $s$ and of
#   $(2s-1)\times(2s-1)$ for odd $s$.
#
# Every convolution has a bias. Write `block_cost(kind, in_channels, out_channels, size, scale)`. It returns two
# numbers: how many numbers the block learns, and how many multiply-adds it needs for one picture. Zeros of the padding
# count like other samples. Of the transposed convolution count each sample of the small map with each tap once; copies,
# shuffles and biases are free.
#
# `block_cost("nearest", 4, 3, (5, 7))` is `(111, 15120)`.
#
# <details><summary>A hint</summary>
#
# A convolution from $a$ to $b$ channels with $k\times k$ taps learns $abk^2 + b$ numbers, and needs $abk^2$
# multiply-adds for each pixel of its output.
# </details>


# %% task="block_cost"
def block_cost(kind, in_channels, out_channels, size, scale=2):
    """(learned numbers, multiply-adds) of an upsampling block."""
    ### BEGIN SOLUTION
    small, area = size[0] * size[1], scale * scale
    taps = (scale + scale - scale % 2) ** 2 if kind == "transposed" else 9
    filters = area * out_channels if kind == "sub_pixel" else out_channels
    places = area * small if kind == "nearest" else small
    return filters * (in_channels * taps + 1), filters * in_channels * taps * places
    ### END SOLUTION


# %% check="block_cost"
check_block_cost(block_cost)

# %% [markdown]
# ## 2 · A skip that fits
#
# *{points:join} points.* On its way up a U-Net meets the map `skip` of the same level on the way down. The map `deep`
# that comes from below may be a little too large or too small, on each axis by itself. Write `join(skip, deep)`:
#
# - where `deep` has too many rows or columns, cut them off *at the end*;
# - where it has too few, repeat its last row or column *at the end*, as often as needed;
# - the result has the channels of `skip`, then those of `deep`, and is of the size of `skip`.
#
# For one channel each, `skip = [[1, 2, 3]]` and `deep = [[4, 5], [6, 7]]`, it is `[[1, 2, 3]]` and `[[4, 5, 5]]`.
#
# <details><summary>A hint</summary>
#
# `np.minimum(np.arange(n), m - 1)` are the rows to take from a map that has `m` rows, if `n` are wanted.
# </details>


# %% task="join"
def join(skip, deep):
    """The channels of skip, then those of deep, made to fit at the end of each axis."""
    ### BEGIN SOLUTION
    rows = np.clip(np.arange(skip.shape[1]), 0, deep.shape[1] - 1)
    columns = np.clip(np.arange(skip.shape[2]), 0, deep.shape[2] - 1)
    return np.vstack([skip, deep[:, rows[:, None], columns]])
    ### END SOLUTION


# %% check="join"
check_join(join)

# %% [markdown]
# ## 3 · The path of a SegNet
#
# *{points:segnet_path} points.* A SegNet pools several times and remembers where each maximum was; its decoder lays
# what comes from below back into these places. Write `segnet_path(input, offsets)`:
#
# - down: for each number in `offsets`, take the maximum of every 2 × 2 window, side by side. Where a side is odd, the
#   last window is incomplete, and its maximum is taken over what is there: $n$ rows become $\lceil n/2\rceil$;
# - up, from the last pooling to the first: add the offset of that level to the map (it stands for the layers of a
#   decoder), then lay each value into a map of zeros *of the size that was pooled there*, at the place where the
#   maximum was. `offsets[0]` belongs to the first pooling.
#
# No window has two equal maxima. For one channel, `input = [[1, 5, -2], [3, 4, -6]]` and `offsets = (10,)`:
#
# $$\begin{bmatrix} 0&15&8 \\ 0&0&0 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Write the two directions as helper functions. What the way up needs from the way down goes into a list; the way up
# takes it from the end.
# </details>
# <details><summary>Another hint</summary>
#
# `x[c, 2*i:2*i+2, 2*j:2*j+2]` is an incomplete window at the border all by itself.
# </details>


# %% task="segnet_path"
def segnet_path(input, offsets):
    """What comes from below, an offset added on each level, laid to where the maxima were; zeros elsewhere."""
    ### BEGIN SOLUTION
    if not len(offsets):
        return input
    channels, height, width = input.shape
    pooled = np.empty((channels, (height + 1) // 2, (width + 1) // 2))
    origin = {}
    for c, i, j in np.ndindex(*pooled.shape):
        window = {
            (c, y, x): input[c, y, x]
            for y in range(2 * i, min(2 * i + 2, height))
            for x in range(2 * j, min(2 * j + 2, width))
        }
        origin[c, i, j] = max(window, key=window.get)
        pooled[c, i, j] = window[origin[c, i, j]]
    from_below = segnet_path(pooled, offsets[1:]) + offsets[0]
    result = np.zeros(input.shape)
    for here, there in origin.items():
        result[there] = from_below[here]
    return result
    ### END SOLUTION


# %% check="segnet_path"
check_segnet_path(segnet_path)

# %% [markdown]
# ## 4 · One interface, three blocks
#
# *{points:upsample_block} points.* Write `upsample_block(kind, input, weight, bias, scale)`, from
# `(C_in, h, w)` to `(C_out, s*h, s*w)`:
#
# - `"nearest"`: copies each pixel into an s × s block, then convolves the large map. `weight` is `(C_out, C_in, k, k)`.
# - `"sub_pixel"`: convolves the small map, then shuffles: pixel `(s*i + a, s*j + b)` of output channel `c` is pixel
#   `(i, j)` of channel `c*s*s + s*a + b`. `weight` is `(s*s*C_out, C_in, k, k)`.
# - `"transposed"`: paints. `input[c, i, j] * weight[c, m]` is added to the k × k pixels of output channel `m` that
#   begin at `(s*i, s*j)`; then `(k - s) // 2` rows and columns are cut on *every* side. `weight` is
#   `(C_in, C_out, k, k)`.
#
# For the first two k is odd, for the last k - s is even.
# Convolutions are those of deep learning: the kernel is not flipped, and there are `k // 2` zeros on each side. `bias`
# has one number for each output channel of the (transposed) convolution.
#
# <details><summary>A hint</summary>
#
# Two kinds need the same convolution: write it once, as a function of its own.
# </details>
# <details><summary>Another hint</summary>
#
# `np.tensordot(weight[:, :, a, b], x[:, a:a+h, b:b+w], 1)` is what tap `(a, b)` contributes, in all channels at once,
# if `x` has its border of zeros.
# </details>


# %% task="upsample_block"
def upsample_block(kind, input, weight, bias, scale=2):
    """A map of C_out channels, scale times as high and wide as input."""
    ### BEGIN SOLUTION
    k = weight.shape[-1]

    def convolved(x):
        size, wide = x.shape[1:], np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
        total = np.zeros((len(weight), *size)) + bias[:, None, None]
        for a in range(k):
            for b in range(k):
                total += np.tensordot(weight[:, :, a, b], wide[:, a : a + size[0], b : b + size[1]], 1)
        return total

    if kind == "nearest":
        return convolved(np.kron(input, np.ones((1, scale, scale))))
    height, width = input.shape[1:]
    if kind == "sub_pixel":
        channels = convolved(input)
        large = np.zeros((len(weight) // scale**2, scale * height, scale * width))
        for number, channel in enumerate(channels):
            c, phase = divmod(number, scale**2)
            large[c, phase // scale :: scale, phase % scale :: scale] = channel
        return large
    canvas = np.zeros((weight.shape[1], scale * (height - 1) + k, scale * (width - 1) + k))
    for a in range(k):
        for b in range(k):
            painted = np.tensordot(weight[:, :, a, b].T, input, 1)
            canvas[:, a : a + scale * height : scale, b : b + scale * width : scale][:, :height, :width] += painted
    margin = (k - scale) // 2
    return canvas[:, margin : margin + scale * height, margin : margin + scale * width] + bias[:, None, None]
    ### END SOLUTION


# %% check="upsample_block"
check_upsample_block(upsample_block)

# %% [markdown]
# ## 5 · A model that has learned something
#
# *{points:super_resolve} points.* You get `low`, small grey pictures of shape `(n, h, w)` that a camera with a soft
# lens has made, and `high`, the same pictures sharp, and twice as high and wide. Learn from these pairs how to double
# a picture, and return the doubled pictures of `new`, shape `(m, 2*h, 2*w)`. They come from photographs that are not
# among the pairs, and you are measured by PSNR against the true ones:
#
# - 1 dB better than copying the pixels;
# - 0.8 dB better than cubic interpolation;
# - and once more, where the camera makes a *negative of low contrast*, 8 dB better than cubic interpolation. Nobody
#   tells your function which camera it is. It has to learn it from the pairs.
#
# One call may take five seconds. If you draw random numbers, draw them from `np.random.default_rng(seed)`, so that the
# same call gives the same answer.
#
# You need no deep network. One layer of sub-pixel convolution is enough: four linear maps, one for each pixel of
# the 2 × 2 block, from the neighbourhood of a low pixel to its value. Its weights can be found by gradient
# descent or, since it is linear, all at once by least squares.
#
# <details><summary>A hint</summary>
#
# Make a matrix with one row for each low pixel: the 5 × 5 low pixels around it, and a one for the bias. Make another
# one with the four high pixels that belong to it. `np.linalg.lstsq` finds the weights between the two.
# </details>
# <details><summary>Another hint</summary>
#
# Around the border repeat the pixels (`np.pad(..., mode="edge")`).
# </details>


# %% task="super_resolve"
def super_resolve(low, high, new, seed=0):
    """The pictures of new, twice as high and wide, by a model learned from the pairs of low and high."""
    ### BEGIN SOLUTION
    del seed  # nothing is drawn
    reach = 2

    def views(x):
        wide = np.pad(x, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(wide, (2 * reach + 1, 2 * reach + 1), axis=(1, 2))
        return np.concatenate([windows.reshape(x.size, -1), np.ones((x.size, 1))], axis=1)

    seen, asked = views(low), views(new)
    gram = seen.T @ seen + 1e-6 * np.eye(seen.shape[1])
    result = np.empty((len(new), 2 * new.shape[1], 2 * new.shape[2]))
    for a in range(2):
        for b in range(2):
            kernel = np.linalg.solve(gram, seen.T @ high[:, a::2, b::2].ravel())
            result[:, a::2, b::2] = (asked @ kernel).reshape(new.shape)
    return result
    ### END SOLUTION


# %% check="super_resolve"
check_super_resolve(super_resolve)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-which-upsampler} points, read by a person.* A colleague has trained two networks that differ only
# in the upsampler, A and B, each with the three seeds 0, 1 and 2. On the held-out pictures A reached 30.1, 30.4 and
# 30.2 dB, and B 30.5, 30.8 and 30.3 dB. "B is better by 0.3 dB," says the colleague. "And it is no surprise: it
# has four times as many parameters."
#
# 1. Do the ranges overlap? If A and B were equally good, how often would the three numbers of one of them *all* lie
#    above the three of the other? What follows for this comparison, and what would you do next?
# 2. Name two things that must have been the same in both trainings for the comparison to be fair, and one measurement
#    beside the PSNR that you would ask for, because a PSNR hides what it shows.
# 3. The pictures were cut into patches, the patches shuffled, and every tenth patch was held out. What is wrong with
#    that?

# %% [markdown] question="which-upsampler" points=5
# ### Model answer
#
# 1. (2 points) They overlap: the best of A, 30.4, is above the worst of B, 30.3. Of the 20 ways to deal six numbers
#    to two groups of three, 2 separate the groups completely, so that happens once in ten even if nothing is
#    different; here it did not even happen. So three seeds do not show a difference; they do not show equality
#    either. Train with more seeds, decided on before looking; compare seed by seed, if both saw the same batches. The
#    number of parameters explains nothing as long as there is nothing to explain.
# 2. (2 points) Two of: the same pictures and the same batches under the same seed; the same number of steps (and said,
#    if not the same time or multiply-adds); the same rule for the initial weights; a learning rate that was tuned for
#    both or for neither; the same rest of the network. One of: the Nyquist energy or the pattern on a constant input
#    (checkerboard); shift consistency; the time of a step; the worst picture instead of the mean.
# 3. (1 point) Neighbouring patches come from the same picture and may share its texture, light and noise (if they
#    overlap, even pixels). A network that memorises the picture is rewarded. Hold out whole pictures.
