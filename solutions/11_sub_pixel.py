# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · Sub-pixel convolution
#
# You will move pixels into channels and back, start a layer without a checkerboard, turn a sub-pixel convolution into
# the transposed convolution that it is, count what three layers cost, and at the end go the other way, where it is no
# longer obvious that there is one.
#
# Six functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn` and `pixel_shuffle` of torch, and their like.
#
# Maps have the shape `(channels, height, width)`. Pairs are (vertical, horizontal); `factor = (r0, r1)`, and
# $R = r_0 r_1$ is the number of pixels in a block.

# %% setup="imports"
import numpy as np

from resampling.checks.sub_pixel import (
    check_shuffle,
    check_smooth_start,
    check_to_sub_pixel,
    check_to_transposed,
    check_unshuffle,
    check_upsampler_ledger,
)

# %% [markdown]
# ## 1 · Space to channels
#
# *{points:unshuffle} points.* Write `unshuffle(input, factor)`. Phase $(a, b)$ of a map holds its pixels in the rows
# $a, a + r_0, a + 2r_0, \dots$ and the columns $b, b + r_1, \dots$ Each phase becomes a channel: phase $(a, b)$ of map
# $c$ is channel $cR + r_1 a + b$ of the result. Both factors divide the size.
#
# `unshuffle(np.array([[[1, 2, 3, 4], [5, 6, 7, 8]]]), (2, 2))` has the four channels `[[1, 3]]`, `[[2, 4]]`,
# `[[5, 7]]` and `[[6, 8]]`.
#
# <details><summary>A hint</summary>
#
# A slice with a start and a step takes one phase of one map.
# </details>


# %% task="unshuffle"
def unshuffle(input, factor=(2, 2)):
    """Maps (C * R, H / r0, W / r1): phase (a, b) of map c in channel c * R + r1 * a + b."""
    ### BEGIN SOLUTION
    down, across = factor
    return np.stack([m[a::down, b::across] for m in input for a in range(down) for b in range(across)])
    ### END SOLUTION


# %% check="unshuffle"
check_unshuffle(unshuffle)

# %% [markdown]
# ## 2 · Channels to space, in two orders
#
# *{points:shuffle} points.* Write `shuffle(input, factor, order)`, the way back: from `(C * R, H, W)` to
# `(C, r0 * H, r1 * W)`. Pixel $(r_0 i + a,\; r_1 j + b)$ of map $c$ is sample $(i, j)$ of the channel
#
# - $cR + r_1 a + b$ when `order` is `"CRD"` (torch),
# - $(r_1 a + b)\,C + c$ when `order` is `"DCR"` (TensorFlow, and the default of ONNX).
#
# Eight channels of a single sample each, 0, 1, …, 7, and `factor=(2, 2)`: in the order CRD the two maps are
# $\begin{bmatrix}0&1\\2&3\end{bmatrix}$ and $\begin{bmatrix}4&5\\6&7\end{bmatrix}$, in the order DCR
# $\begin{bmatrix}0&2\\4&6\end{bmatrix}$ and $\begin{bmatrix}1&3\\5&7\end{bmatrix}$.
#
# <details><summary>A hint</summary>
#
# Begin with an empty result of the right size. A slice with a step may also stand on the left of an equals sign.
# </details>


# %% task="shuffle"
def shuffle(input, factor=(2, 2), order="CRD"):
    """Maps (C, r0 * H, r1 * W), each block filled from R channels."""
    ### BEGIN SOLUTION
    (down, across), (channels, height, width) = factor, input.shape
    maps = channels // (down * across)
    out = np.empty((maps, down * height, across * width), dtype=input.dtype)
    for c in range(maps):
        for phase in range(down * across):
            a, b = divmod(phase, across)
            channel = c * down * across + phase if order == "CRD" else phase * maps + c
            out[c, a::down, b::across] = input[channel]
    return out
    ### END SOLUTION


# %% check="shuffle"
check_shuffle(shuffle)

# %% [markdown]
# ## 3 · A start without a checkerboard
#
# *{points:smooth_start} points.* Signals from here: `weight` of shape `(C_out, C_in, k)` belongs to a convolution with
# stride 1. Write `smooth_start(weight, factor)`, $r$ being `factor`. It returns the weights with which two layers
# begin their training as smoothly as nearest upsampling:
#
# 1. `(C_out * r, C_in, k)`: the convolution of a sub-pixel layer (order CRD), so that the layer equals the
#    convolution with `weight`, *followed by* nearest upsampling;
# 2. `(C_in, C_out, k + r - 1)`: a transposed convolution with stride `r`, so that, without padding, it equals nearest
#    upsampling, *followed by* the convolution with `weight` and padding `k - 1`.
#
# For one channel, the weight `[1, 2, 3]` and `factor=2` these are the kernels `[1, 2, 3]` and `[1, 2, 3]`, and
# `[3, 5, 3, 1]`.
#
# <details><summary>A hint</summary>
#
# Both layers are linear. What does nearest upsampling make of a single 1? And what does the convolution make of that?
# </details>
# <details><summary>Another hint</summary>
#
# In torch's layouts a convolution has its output channels first, and a transposed convolution its input channels.
# </details>


# %% task="smooth_start"
def smooth_start(weight, factor=2):
    """(weight of the sub-pixel layer, weight of the transposed layer)."""
    ### BEGIN SOLUTION
    outs, ins, taps = weight.shape
    phases = np.stack([weight] * factor, axis=1).reshape(outs * factor, ins, taps)
    kernel = np.zeros((ins, outs, taps + factor - 1))
    for start in range(factor):  # each of the r ones of the box is answered by the kernel, last tap first
        kernel[:, :, start : start + taps] += weight.transpose(1, 0, 2)[:, :, ::-1]
    return phases, kernel
    ### END SOLUTION


# %% check="smooth_start"
check_smooth_start(smooth_start)

# %% [markdown]
# ## 4 · Which transposed convolution is it?
#
# *{points:to_transposed} points.* Pictures again: `weight` of shape `(C_out * R, C_in, kH, kW)` belongs to a
# convolution with stride 1 and `padding = (pH, pW)`, at most `kH - 1` and `kW - 1`, whose result is shuffled by
# `factor` in the order CRD. Write `to_transposed(weight, factor, padding)`. It returns the kernel of shape
# `(C_in, C_out, r0 * kH, r1 * kW)` and the padding, a pair, of the transposed convolution with stride `factor` that
# does the same to every input.
#
# <details><summary>A hint</summary>
#
# One axis first: output $ri + a$ reads $x_{i+t-p}$ with `weight[a, ..., t]`. A transposed convolution with padding $P$
# carries $x_j$ to output $rj + u - P$ with tap $u$. Put $j = i + t - p$. Which $u$ arrives at $ri + a$?
# </details>
# <details><summary>Another hint</summary>
#
# The padding must not depend on $a$ and $t$, and for the tap that is carried furthest to the left $u = 0$.
# </details>


# %% task="to_transposed"
def to_transposed(weight, factor=(2, 2), padding=(0, 0)):
    """(kernel, padding) of the transposed convolution with stride `factor`."""
    ### BEGIN SOLUTION
    (down, across), (rows, columns) = factor, weight.shape[2:]
    flipped = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    kernel = np.zeros((weight.shape[1], len(weight) // (down * across), down * rows, across * columns))
    for a in range(down):
        for b in range(across):
            kernel[:, :, a::down, b::across] = flipped[:, across * a + b :: down * across]
    return kernel, (down * (rows - 1 - padding[0]), across * (columns - 1 - padding[1]))
    ### END SOLUTION


# %% check="to_transposed"
check_to_transposed(to_transposed)

# %% [markdown]
# ## 5 · The ledger
#
# *{points:upsampler_ledger} points.* Three layers take one picture of `size = (H, W)` with `channels = (C_in, C_out)`
# and return `(C_out, r0 * H, r1 * W)`; `kernel = (kH, kW)` is odd, and nobody has a bias:
#
# - `"sub_pixel"`: a convolution with `kernel` that keeps the size, then a shuffle by `factor`;
# - `"resize"`: nearest by `factor`, then a convolution with `kernel` that keeps the size;
# - `"transposed"`: the transposed convolution that equals the first one, computed without zeros in between: every
#   sample meets every tap once, also where the product is cropped.
#
# Write `upsampler_ledger(layer, size, channels, kernel, factor, dtype_bytes)`. It returns three whole numbers: the
# *parameters*; the *multiply-adds* (products with zeros of the padding count, nearest multiplies nothing); and the
# *bytes* of what the first step writes for the second one to read, `dtype_bytes` a number. The third layer has only
# one step, so 0.
#
# <details><summary>A hint</summary>
#
# Multiply-adds: how many windows, how many taps, how many pairs of an input and an output channel?
# </details>


# %% task="upsampler_ledger"
def upsampler_ledger(layer, size, channels, kernel, factor, dtype_bytes=4):
    """(parameters, multiply-adds, bytes between the two steps)."""
    ### BEGIN SOLUTION
    ins, outs = channels
    pixels, taps, block = size[0] * size[1], kernel[0] * kernel[1], factor[0] * factor[1]
    windows, weights, between = {
        "sub_pixel": (pixels, ins * (outs * block) * taps, outs * block * pixels),
        "resize": (pixels * block, ins * outs * taps, ins * block * pixels),
        "transposed": (pixels, ins * outs * (block * taps), 0),
    }[layer]
    return weights, windows * weights, between * dtype_bytes
    ### END SOLUTION


# %% check="upsampler_ledger"
check_upsampler_ledger(upsampler_ledger)

# %% [markdown]
# ## 6 · And the other way
#
# *{points:to_sub_pixel} points.* Signals: `kernel` of shape `(C_in, C_out, taps)` belongs to a transposed
# convolution with `stride` $s$ and `padding` $P$. Its result is a whole number of blocks: $s$ divides $\text{taps}
# - 2P$, and $P < \text{taps}$. Write `to_sub_pixel(kernel, stride, padding)`. It returns the weight, `(C_out * s,
# C_in, k)`, and the padding $p$ of the convolution with stride 1 that, shuffled by $s$ in the order CRD, does the
# same to every input.
#
# Where a phase has fewer taps than $k$, the others are zero. Of all pairs of $k$ and $p$ that work, return the one
# with the fewest taps.
#
# For one channel, the kernel `[1, 2, 3, 4]`, stride 2 and padding 1, the weight is `[[4, 2, 0], [0, 3, 1]]` (one row
# for each phase) and $p = 1$.
#
# <details><summary>A hint</summary>
#
# Tap $u$ carries sample $j$ to output $sj + u - P$. In which block is that, seen from block $j$, and at which place
# of it? `divmod` answers both, also for negative numbers.
# </details>
# <details><summary>Another hint</summary>
#
# The result has $n + (\text{taps} - 2P)/s - 1$ blocks; a convolution returns $n + 2p - k + 1$ samples. So $k$ follows
# from $p$. How far to the right does a sample reach?
# </details>


# %% task="to_sub_pixel"
def to_sub_pixel(kernel, stride, padding=0):
    """(weight, padding) of the convolution whose shuffled result is the transposed convolution's."""
    ### BEGIN SOLUTION
    ins, outs, taps = kernel.shape
    reach = [(u - padding) // stride for u in range(taps)]  # blocks to the right of the sample's own
    p = max(reach[-1], 0)
    k = 2 * p + 2 - (taps - 2 * padding) // stride
    weight = np.zeros((outs, stride, ins, k))
    for u in range(taps):
        weight[:, (u - padding) % stride, :, p - reach[u]] = kernel[:, :, u].T
    return weight.reshape(outs * stride, ins, k), p
    ### END SOLUTION


# %% check="to_sub_pixel"
check_to_sub_pixel(to_sub_pixel)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-colours} points, read by a person.* A colleague has trained a super-resolution network in torch.
# It ends with a convolution from 64 to 12 channels (with a bias) and `pixel_shuffle(2)`; the twelve weights were
# set at the start by `weight.copy_(small.repeat(4, 1, 1, 1))`, where `small` has 3 output channels. The network is
# exported by hand to a file format whose shuffle follows the order DCR. "It is the same layer," says the colleague,
# "a proper convolution is replaced by the sub-pixel one, which is four times cheaper and has no checkerboard."
#
# 1. The exported network returns pictures of wrong colours, with a fine pattern. Grey test pictures had looked almost
#    right. Explain both. How can it be repaired without training, in the weights alone? Say which row goes where.
# 2. What did `repeat` do at the start of the training, and why did nobody see an error? Which line would have been
#    right, and what about the bias?
# 3. Correct the colleague's last sentence: what is cheaper than what, and when is there no checkerboard?

# %% [markdown] question="colours" points=5
# ### Model answer
#
# 1. (2 points) In CRD, map c reads its four phases from channels 4c, …, 4c+3; in DCR from c, 3+c, 6+c, 9+c. So the red
#    map of the exported network is put together of red, red, green and blue phases, and so on: wrong colours that
#    change from pixel to pixel, a pattern of period 2. In a grey picture the three colours are equal and the phases
#    nearly so: nothing is left of it but small differences. Repair: put row 4c + a of the weight *and of the bias*
#    into row 3a + c; then DCR reads what CRD read.
# 2. (1½ points) `repeat` tiles: w0 w1 w2 w0 w1 w2 …, which is ICNR for DCR. In torch's order the four phases of a map
#    began with kernels of different channels (w0 w1 w2 w0), so the layer began with a checkerboard, much like that
#    of any random start. All shapes fit, and training goes on from there. Right: `small.repeat_interleave(4, dim=0)`,
#    and four equal biases for each map (zero, say): torch draws a different one for each phase.
# 3. (1½ points) The sub-pixel layer contains a proper convolution, at low resolution; the shuffle only moves numbers.
#    It has as many multiply-adds as the transposed convolution with a 2k kernel that it equals, and as a k × k
#    convolution at the high resolution with the same channels; that one has a quarter of its weights. Four times
#    cheaper are the layers *before* it, if they would otherwise run at the high resolution with the same channels.
#    There is no checkerboard on a constant picture as long as all phases have the same sums of weights and biases, for
#    instance right after ICNR; training may change that.
