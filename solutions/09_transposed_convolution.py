# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 09 · Transposed convolution
#
# You will build the same operator three times: by zeros between the samples, by phases, and by painting, the last time
# with everything a layer has. Then you will fetch weights from other frameworks, count what the zeros cost, and at the
# end find out from the numbers alone what somebody else's layer forgot.
#
# Six functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn`, `numpy.convolve`, `scipy.signal` and their like.
#
# The symbols are those of the course: $n$ samples, $k$ taps, stride $s$, padding $p$, dilation $d$, op for
# `output_padding`. Weights are in torch's layout, (channels in, channels out / groups, taps).

# %% setup="imports"
import numpy as np

from resampling.checks.transposed_convolution import (
    check_forgotten_steps,
    check_tconv2d_full,
    check_tconv_by_insertion,
    check_tconv_by_phases,
    check_wasted_multiplies,
    check_weight_for_torch,
)

# %% [markdown]
# ## 1 · Zeros between, zeros around, and a flip
#
# *{points:tconv_by_insertion} points.* Write `tconv_by_insertion(input, weight, stride, padding)`: the transposed
# convolution of `n` samples with `k` taps, both arrays with one axis. Put `stride - 1` zeros between neighbouring
# samples, `k - 1 - padding` zeros on each side, and slide the *flipped* kernel over it, one sample at a time. When
# `k - 1 - padding` is negative, cut so many samples off on each side instead.
#
# `tconv_by_insertion(np.array([1., 2, 3]), np.array([1., 10, 100]), 2)` is `[1, 10, 102, 20, 203, 30, 300]`, and with
# `padding=1` the first and the last are missing.
#
# <details><summary>A hint</summary>
#
# A slice with a step, `zeros[::stride] = input`, puts the samples where they belong. How long are the zeros?
# </details>


# %% task="tconv_by_insertion"
def tconv_by_insertion(input, weight, stride=1, padding=0):
    """Array of s(n-1) + k - 2p samples: the transposed convolution of input."""
    ### BEGIN SOLUTION
    k = len(weight)
    spread = np.zeros(stride * (len(input) - 1) + 1)
    spread[::stride] = input
    border = k - 1 - padding
    zeros = np.zeros(max(border, 0))
    seen = np.concatenate([zeros, spread, zeros]) if border >= 0 else spread[-border:border]
    turned = weight[::-1]
    return np.array([seen[i : i + k] @ turned for i in range(len(seen) - k + 1)])
    ### END SOLUTION


# %% check="tconv_by_insertion"
check_tconv_by_insertion(tconv_by_insertion)

# %% [markdown]
# ## 2 · One small convolution for each phase
#
# *{points:tconv_by_phases} points.* Now without a single inserted zero. Write
# `tconv_by_phases(input, weight, stride, padding)`: a tuple of `stride` arrays. Phase `r` holds the outputs
# $y_r, y_{r+s}, y_{r+2s}, \dots$ of the same transposed convolution as in task 1, all that there are.
#
# `tconv_by_phases(np.array([1., 2, 3]), np.array([1., 10, 100]), 2)` is `([1, 102, 203, 300], [10, 20, 30])`; with
# `padding=1` it is `([10, 20, 30], [102, 203])`.
#
# A phase that no tap reaches (when k < s) is an array of zeros. It is still a phase.
#
# <details><summary>A hint</summary>
#
# Output $i$ stands at place $u = i + p$ of the uncropped result. Which taps $t$ reach it, and from which sample
# $j = (u - t)/s$?
# </details>
# <details><summary>Another hint</summary>
#
# There are $o = s(n-1) + k - 2p$ outputs. `range(r, o, s)` are those of phase `r`.
# </details>


# %% task="tconv_by_phases"
def tconv_by_phases(input, weight, stride, padding=0):
    """Tuple of s arrays: phase r holds outputs r, r + s, r + 2s, ..."""
    ### BEGIN SOLUTION
    n, k = len(input), len(weight)
    length = stride * (n - 1) + k - 2 * padding
    phases = []
    for first in range(stride):
        values = np.zeros(len(range(first, length, stride)))
        for number, output in enumerate(range(first, length, stride)):
            place = output + padding
            for tap in range(place % stride, k, stride):
                sample = (place - tap) // stride
                if 0 <= sample < n:
                    values[number] += weight[tap] * input[sample]
        phases.append(values)
    return tuple(phases)
    ### END SOLUTION


# %% check="tconv_by_phases"
check_tconv_by_phases(tconv_by_phases)

# %% [markdown]
# ## 3 · Everything that a layer has
#
# *{points:tconv2d_full} points.* Write
# `tconv2d_full(input, weight, stride, padding, output_padding, dilation, groups)`: the transposed convolution of a
# picture, as `torch.nn.functional.conv_transpose2d` has it. `input` has the shape (C_in, H, W) and `weight` (C_in,
# C_out / groups, kH, kW); the options are pairs, vertical first, but for `groups`, which is one number. The result
# has the shape (C_out, oH, oW) with $o = s(n-1) + d(k-1) + 1 - 2p + \text{op}$ on each axis; op is below the larger
# of $s$ and $d$.
#
# Any way will do: painting, zeros, or phases. Points are given for channels, strides, padding, output padding,
# dilation and groups one by one, so begin with what you have.
#
# <details><summary>A hint</summary>
#
# Paint all copies on a large plane, then cut `p` in front and `p - op` at the end. Where `op` is larger than `p` the
# plane must be larger first.
# </details>
# <details><summary>Another hint</summary>
#
# Input channel `c` is in group `c // (C_in // groups)`. Group `q` makes the output channels from `q * C_out/groups`
# on.
# </details>


# %% task="tconv2d_full"
def tconv2d_full(input, weight, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), dilation=(1, 1), groups=1):
    """Array (C_out, oH, oW): the transposed convolution of input, (C_in, H, W)."""
    ### BEGIN SOLUTION
    inputs, height, width = input.shape
    share, tall, wide = weight.shape[1:]
    rows = stride[0] * (height - 1) + dilation[0] * (tall - 1) + 1 + output_padding[0]
    columns = stride[1] * (width - 1) + dilation[1] * (wide - 1) + 1 + output_padding[1]
    plane = np.zeros((share * groups, rows, columns))
    for c in range(inputs):
        first = c // (inputs // groups) * share
        for a, b in np.ndindex(tall, wide):
            top, left = dilation[0] * a, dilation[1] * b
            below = slice(top, top + stride[0] * height, stride[0])
            right = slice(left, left + stride[1] * width, stride[1])
            for m in range(share):
                target = plane[first + m, below, right]
                target += weight[c, m, a, b] * input[c, : target.shape[0], : target.shape[1]]
    return plane[:, padding[0] : rows - padding[0], padding[1] : columns - padding[1]]
    ### END SOLUTION


# %% check="tconv2d_full"
check_tconv2d_full(tconv2d_full)

# %% [markdown]
# ## 4 · Weights from elsewhere
#
# *{points:weight_for_torch} points.* Write `weight_for_torch(weight, framework, groups)`. It gets the weight of a
# transposed layer for pictures, as another framework stores it, and returns the weight with which *torch* computes
# the same, of the shape (C_in, C_out / groups, kH, kW). `framework` is one of
#
# - `"onnx"`, the operator `ConvTranspose`;
# - `"keras"`, the layer `Conv2DTranspose`, which has no groups;
# - `"jax"`: `jax.lax.conv_transpose` as it stands, (kH, kW, C_in / groups, C_out). It is the weight of the
#   convolution with stride 1 behind the zeros; with groups it belongs to `jax.lax.conv_general_dilated` with
#   `lhs_dilation` and `feature_group_count`.
#
# What each of them means is in the section "Who calls it what" of the page. Kernels are not square.
#
# <details><summary>A hint</summary>
#
# Write down the shape in front of you and the shape that you want, and name each axis. `transpose` moves axes;
# `reshape` does not.
# </details>
# <details><summary>Another hint, for the groups</summary>
#
# Output channels of a group stand together. Cut the weight into groups with `np.split` along the last axis, convert
# each as if it were alone, and join the results along the axis of the input channels.
# </details>


# %% task="weight_for_torch"
def weight_for_torch(weight, framework, groups=1):
    """The weight (C_in, C_out / groups, kH, kW) with which torch computes the same."""
    ### BEGIN SOLUTION
    if framework == "onnx":
        return weight.copy()
    if framework == "keras":
        return np.einsum("abmc->cmab", weight)
    parts = np.split(weight, groups, axis=3)
    return np.concatenate([np.einsum("abcm->cmab", part[::-1, ::-1]) for part in parts])
    ### END SOLUTION


# %% check="weight_for_torch"
check_weight_for_torch(weight_for_torch)

# %% [markdown]
# ## 5 · What the zeros cost
#
# *{points:wasted_multiplies} points.* Zero insertion multiplies most taps with zeros. How many? Write
# `wasted_multiplies(size, kernel_size, stride, padding, output_padding)` for pictures with one channel in and one
# out; all arguments are pairs. It returns two whole numbers:
#
# 1. the products that zero insertion forms: every output is a sum of $k_H k_W$ of them;
# 2. the useful ones among them, in which a tap meets a *sample*: not a zero that was put between the samples or
#    around them.
#
# `wasted_multiplies((2, 3), (2, 3), (2, 2))` is `(168, 36)`. One axis of a picture may have $10^9$ pixels: count,
# build nothing.
#
# <details><summary>A hint</summary>
#
# A product on a picture is useful if it is useful on both axes. So count each axis, and multiply.
# </details>
# <details><summary>Another hint</summary>
#
# Sample $j$ and tap $t$ meet at place $sj + t$ of the uncropped result. It is kept if $p\le sj+t < p+o$. For one tap
# that leaves an interval of $j$.
# </details>


# %% task="wasted_multiplies"
def wasted_multiplies(size, kernel_size, stride, padding=(0, 0), output_padding=(0, 0)):
    """(all products of zero insertion, those in which a tap meets a sample)."""
    ### BEGIN SOLUTION
    every, useful = 1, 1
    for n, k, s, p, op in zip(size, kernel_size, stride, padding, output_padding, strict=True):
        kept = s * (n - 1) + k - 2 * p + op
        every *= kept * k
        pairs = 0
        for t in range(k):
            lowest = max(0, -((t - p) // s))  # ceil((p - t) / s)
            highest = min(n - 1, (p + kept - 1 - t) // s)
            pairs += max(0, highest - lowest + 1)
        useful *= pairs
    return every, useful
    ### END SOLUTION


# %% check="wasted_multiplies"
check_wasted_multiplies(wasted_multiplies)

# %% [markdown]
# ## 6 · What did it forget?
#
# *{points:forgotten_steps} points.* Somebody has built a transposed convolution by zero insertion, for signals with
# as many channels in as out, and sends you one `output` together with the `input` (C, n), the `weight` (C, C, k) and
# the options. The right way has four steps besides the zeros between the samples:
#
# 1. **zeros around**: `k - 1 - padding` zeros on each side of the input. Forgotten: none.
# 2. **flip**: the kernel is turned round. Forgotten: it slides as it is.
# 3. **swap**: the weight of the convolution that follows is `weight[c, m]`, from channel `c` to channel `m`.
#    Forgotten: it is taken as `weight[m, c]`.
# 4. **output_padding**: so many *more* zeros behind the input. Forgotten: they are appended to the output instead.
#
# Write `forgotten_steps(input, weight, stride, padding, output_padding, output)`. It returns four truth values, one
# for each step in this order: was it forgotten? None may be forgotten, or several, or all. The cases are chosen such
# that there is only one answer.
#
# <details><summary>A hint</summary>
#
# If you can write the right layer in this way, you can also write the 15 wrong ones, with four switches.
# </details>


# %% task="forgotten_steps"
def forgotten_steps(input, weight, stride, padding, output_padding, output):
    """Four truth values: (zeros around, flip, swap, output_padding) forgotten."""
    ### BEGIN SOLUTION
    channels, n = input.shape
    k = weight.shape[2]
    for guess in np.ndindex(2, 2, 2, 2):
        no_border, no_flip, no_swap, outside = guess
        front = (k - 1 - padding) * (not no_border)
        line = [[0.0] * front for _ in range(channels)]
        for c in range(channels):
            for value in input[c]:
                line[c] += [value] + [0.0] * (stride - 1)
            line[c] = line[c][: front + stride * (n - 1) + 1]
            line[c] += [0.0] * (front + output_padding * (not outside))
        answer = np.zeros((channels, len(line[0]) - k + 1 + output_padding * outside))
        for m, c, i, t in np.ndindex(channels, channels, len(line[0]) - k + 1, k):
            kernel = weight[m, c] if no_swap else weight[c, m]
            answer[m, i] += line[c][i + t] * (kernel[t] if no_flip else kernel[k - 1 - t])
        if answer.shape == output.shape and np.allclose(answer, output):
            return tuple(bool(step) for step in guess)
    return None
    ### END SOLUTION


# %% check="forgotten_steps"
check_forgotten_steps(forgotten_steps)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-which-way} points, read by a person.* A colleague ports a decoder from Keras to torch. Every
# `Conv2DTranspose(filters, 3, strides=2, padding="same")` becomes
# `ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1, output_padding=1)`, and the weights are moved with
# `weight.transpose(3, 2, 0, 1)`. All shapes are right, and the pictures look almost right.
#
# 1. Is the conversion of the weights right? Say it with the indices of one entry.
# 2. Three samples 1, 2, 3 and the taps 1, 10, 100: what does each of the two layers answer, and how do you see from
#    these numbers what went wrong? How would you write the layer in torch such that it answers as Keras does?
# 3. A second colleague proposes to replace the layer by "zeros between the samples, then `Conv2d(3, padding=1)`, that
#    is what a transposed convolution is". What is to be done with the weights for that? Why is it `padding=1` here,
#    and why is that not the padding of the layer? And what does the proposal cost, compared with phases?

# %% [markdown] question="which-way" points=5
# ### Model answer
#
# 1. (1 point) Yes. Keras stores $v[a, b, m, c]$, torch $w[c, m, a, b]$, and both paint with it, so
#    $w[c, m, a, b] = v[a, b, m, c]$: `transpose(3, 2, 0, 1)`, no flip.
# 2. (2 points) Uncropped there are seven numbers, 1, 10, 102, 20, 203, 30, 300, one too many for twice the size.
#    Keras' SAME cuts $\lfloor(k-s)/2\rfloor = 0$ in front and 1 at the end: 1, 10, 102, 20, 203, 30. torch cuts
#    $p = 1$ in front and $p - \text{op} = 0$ at the end: 10, 102, 20, 203, 30, 300. The same numbers, one place
#    further to the left: every such layer moves the picture by one of its output pixels, to the left and up, and
#    the shifts of several layers add up. In torch: `padding=0` and no output padding, then cut the last row and the
#    last column, `y[..., :-1, :-1]`.
# 3. (2 points) The kernels must be turned round on both axes, and the channels swapped to (C_out, C_in, kH, kW). The
#    zeros around the input are $d(k-1) - p$ on each side, which for $k=3$ and $p=1$ happens to be 1 as well; with
#    $k=4$, $p=1$ it would be 2. (And the output padding is one more zero behind; for Keras' cut it would be 2 in front
#    and 1 behind.) Of the products about one in $s^2 = 4$ meets a sample; phases form only those, and store no zeros.
