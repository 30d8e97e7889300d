# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 12 · The checkerboard
#
# You will find the pattern in a gradient, compute the phase gains that decide about it, measure how strong it is, mend
# a kernel with the least possible change, follow a pattern through a stack of layers, and at the end take the nearest
# upsampling out of a clean kernel.
#
# Six functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn`, `np.convolve`, `scipy.signal` and their like.
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | `n` | samples in | | `s` | stride |
# | `k` | taps of the kernel | | `p` | padding |
# | `r` | phase, `0 … s - 1` | | `d` | dilation, distance between taps |
#
# A transposed convolution of stride `s` paints `x[i] * weight[t]` onto sample `s*i + d*t - p`. Its *phase gains* are
# what a constant 1 becomes, away from the border. It is *clean* when all of them are equal.

# %% setup="imports"
import numpy as np

from resampling.checks.checkerboard import (
    check_after_nearest,
    check_clean_kernel,
    check_gradient_pattern,
    check_nyquist_score,
    check_phase_gains,
    check_stack_of_layers,
)

# %% [markdown]
# ## 1 · The pattern in the gradient
#
# *{points:gradient_pattern} points.* A strided convolution adds `weight[t] * x[s*i + t - p]` over the taps, for each of
# its `(n + 2*p - k) // s + 1` windows `i`. Samples outside `x` count as 0. Add up all its outputs: how much does this
# sum change with each sample of `x`? Write `gradient_pattern(weight, length, stride, padding)`: for each of the
# `length` samples, the sum of the taps that have read it.
#
# For `weight = [1, 2, 4]`, `length = 8` and `stride = 2` there are three windows, and the answer is
# `[1, 2, 5, 2, 5, 2, 4, 0]`. The last sample has been read by nobody. In the middle 2 and 5 take turns, though the
# convolution itself makes a constant of a constant.
#
# <details><summary>A hint</summary>
#
# Begin with zeros. Go through the windows and the taps; add each tap to the sample that it reads.
# </details>


# %% task="gradient_pattern"
def gradient_pattern(weight, length, stride=1, padding=0):
    """For each of the `length` samples of x, the sum of the taps that read it."""
    ### BEGIN SOLUTION
    taps = len(weight)
    padded = np.zeros(length + 2 * padding)
    for start in range(0, length + 2 * padding - taps + 1, stride):
        padded[start : start + taps] += weight
    return padded[padding : padding + length]
    ### END SOLUTION


# %% check="gradient_pattern"
check_gradient_pattern(gradient_pattern)

# %% [markdown]
# ## 2 · Phase gains
#
# *{points:phase_gains} points.* Pictures: `weight` has the shape `(kH, kW)`; `stride` and `dilation` are pairs,
# vertical first. Write `phase_gains(weight, stride, dilation)`: an array of the shape `stride` that holds, for each
# phase, the sum of the taps that reach it. Tap `(t, u)` reaches the phase `(d0 * t mod s0, d1 * u mod s1)`.
#
# For `weight = [[1, 2, 4], [8, 16, 32]]` and `stride = (1, 2)` the gains are `[[45, 18]]`; for `stride = (2, 2)` they
# are `[[5, 2], [40, 16]]`.
#
# <details><summary>A hint</summary>
#
# Without dilation a phase is a slice with a start and a step on each axis. With dilation, go through the taps.
# </details>


# %% task="phase_gains"
def phase_gains(weight, stride, dilation=(1, 1)):
    """Array of the shape `stride`: for each phase, the sum of its taps."""
    ### BEGIN SOLUTION
    rows = dilation[0] * np.arange(weight.shape[0]) % stride[0]
    columns = dilation[1] * np.arange(weight.shape[1]) % stride[1]
    return np.array([[weight[rows == a][:, columns == b].sum() for b in range(stride[1])] for a in range(stride[0])])
    ### END SOLUTION


# %% check="phase_gains"
check_phase_gains(phase_gains)

# %% [markdown]
# ## 3 · How strong is it?
#
# *{points:nyquist_score} points.* A pattern that repeats after `s` samples consists of the frequencies `m/s`. Write
# `nyquist_score(x, stride)`: of all the energy of the picture `x` but that of the mean (its *AC energy*), the share at
# the frequencies `(m0/s0, m1/s1)` other than `(0, 0)`. Energy is the sum of `abs(X)**2` over the DFT `X`.
#
# - Rows and columns behind the last whole multiple of the stride are left out before anything else.
# - A picture that is constant but for rounding scores 0: when its variance is at most `1e-10` of its mean square.
#
# A chessboard of zeros and ones scores 1 with `stride = (2, 2)`, and so do stripes of one pixel. The picture
# `[[1, 0, 0, 0], [0, 0, 0, 0]]` scores 3/7: all eight frequencies are equally strong, and of the seven that are not
# the mean, three belong to the pattern.
#
# <details><summary>A hint</summary>
#
# With `n` samples, where does `np.fft.fft2` have the frequency `m/s`?
# </details>
# <details><summary>Another hint</summary>
#
# It can be done without a DFT. How much of the variance of the samples do the means of the phases explain?
# </details>


# %% task="nyquist_score"
def nyquist_score(x, stride=(2, 2)):
    """Share of the AC energy at the frequencies (m0/s0, m1/s1) but (0, 0)."""
    ### BEGIN SOLUTION
    blocks = [n // s for n, s in zip(x.shape, stride, strict=True)]
    x = x[: blocks[0] * stride[0], : blocks[1] * stride[1]]
    if np.var(x) <= 1e-10 * np.mean(x**2):
        return 0.0
    energy = np.abs(np.fft.fft2(x)) ** 2
    pattern = energy[:: blocks[0], :: blocks[1]].sum() - energy[0, 0]
    return pattern / (energy.sum() - energy[0, 0])
    ### END SOLUTION


# %% check="nyquist_score"
check_nyquist_score(nyquist_score)

# %% [markdown]
# ## 4 · The nearest clean kernel
#
# *{points:clean_kernel} points.* One axis from here. `weight` has the shape `(C_in, C_out, k)`. Write
# `clean_kernel(weight, stride)`: for each pair of channels the kernel of `k` taps that is clean and, of all those,
# nearest in least squares.
#
# `[1, 2, 3, 4]` becomes `[1.5, 1.5, 3.5, 3.5]` with `stride = 2`. For `[1, 2, 3]` the phases have two taps and one, and
# the answer is `[1/3, 8/3, 7/3]`.
#
# <details><summary>A hint</summary>
#
# Say the gain of a phase with `m` taps must grow by `x`. How do its taps share `x`, and what is the sum of the squares?
# </details>
# <details><summary>Another hint</summary>
#
# To reach the level `g` costs `(g - e[r])**2 / m[r]` in phase `r`. Set the derivative of the sum to zero.
# </details>


# %% task="clean_kernel"
def clean_kernel(weight, stride):
    """The nearest kernels, shape (C_in, C_out, k), whose phase gains are equal."""
    ### BEGIN SOLUTION
    taps = weight.shape[-1]
    if taps < stride:
        return np.zeros_like(weight)
    out = weight.astype(float)
    sizes = [len(range(r, taps, stride)) for r in range(stride)]
    for pair in np.ndindex(weight.shape[:2]):
        means = [weight[pair][r::stride].mean() for r in range(stride)]
        level = sum(means) / sum(1 / m for m in sizes)
        for r in range(stride):
            out[pair][r::stride] += level / sizes[r] - means[r]
    return out
    ### END SOLUTION


# %% check="clean_kernel"
check_clean_kernel(clean_kernel)

# %% [markdown]
# ## 5 · A stack is one layer
#
# *{points:stack_of_layers} points.* Transposed convolutions without padding, one after the other, are one transposed
# convolution. Write `stack_of_layers(weights, strides)`, where `weights` is a tuple of kernels (1-D arrays), first
# layer first, and `strides` a tuple of whole numbers. It returns three things: the kernel of the stack, its stride,
# and whether the stack is clean (`True` or `False`). Gains that differ by no more than `1e-9` times the sum of
# `abs(kernel)` count as equal.
#
# `stack_of_layers((np.array([1, 2]), np.array([1, 1, 1, 1])), (2, 2))` is
# `(array([1, 1, 3, 3, 2, 2]), 4, True)`: the second layer mends what the first has spoilt.
#
# <details><summary>A hint</summary>
#
# The kernel of a layer is what it makes of a single 1. What does the stack make of it?
# </details>
# <details><summary>Another hint</summary>
#
# Two layers first. Their result is one layer, and then comes the next.
# </details>


# %% task="stack_of_layers"
def stack_of_layers(weights, strides):
    """(kernel, stride, clean) of the one transposed convolution that does the same."""
    ### BEGIN SOLUTION
    kernel, total = np.ones(1), 1
    for weight, stride in zip(weights, strides, strict=True):
        painted = np.zeros(stride * (len(kernel) - 1) + len(weight))
        for t, tap in enumerate(weight):
            painted[t : t + stride * (len(kernel) - 1) + 1 : stride] += tap * kernel
        kernel, total = painted, total * stride
    gains = [kernel[r::total].sum() for r in range(total)]
    return kernel, total, bool(max(gains) - min(gains) <= 1e-9 * abs(kernel).sum())
    ### END SOLUTION


# %% check="stack_of_layers"
check_stack_of_layers(stack_of_layers)

# %% [markdown]
# ## 6 · What is left after nearest
#
# *{points:after_nearest} points.* Every clean kernel contains nearest upsampling. `kernel` of shape `(C_in, C_out, k)`
# is clean for `stride`, and `k >= stride`. Write `after_nearest(kernel, stride)`: the weight of shape
# `(C_out, C_in, k - stride + 1)`, in the layout of a convolution, so that for every `x`
#
# - the transposed convolution with `kernel`, stride `s` and no padding, and
# - copying each sample `s` times, then a convolution (stride 1, padding `k - s`) with your weight
#
# give the same. A convolution as in deep learning: output `j` adds `weight[t] * u[j + t - p]`.
#
# For one channel, `kernel = [1, 3, 5, 3]` and `stride = 2` the answer is `[3, 2, 1]`.
#
# <details><summary>A hint</summary>
#
# Send a single 1 through both. After copying it is `s` ones. The first sample of the result gives you one tap of the
# answer at once. Which one?
# </details>
# <details><summary>Another hint</summary>
#
# Once you know some taps, the next sample of the result has only one unknown in it.
# </details>


# %% task="after_nearest"
def after_nearest(kernel, stride):
    """Weight (C_out, C_in, k - stride + 1) of the convolution that follows nearest upsampling."""
    ### BEGIN SOLUTION
    ins, outs, taps = kernel.shape
    weight = np.zeros((outs, ins, taps - stride + 1))
    for c, q in np.ndindex(outs, ins):
        rest = kernel[q, c].astype(float)
        for t in range(taps - stride + 1):
            weight[c, q, -1 - t] = rest[t]
            rest[t : t + stride] -= rest[t]  # what this tap paints after copying
    return weight
    ### END SOLUTION


# %% check="after_nearest"
check_after_nearest(after_nearest)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-three-colleagues} points, read by a person.* Three colleagues ask you for help. Answer each in a few
# sentences; use numbers where you can.
#
# 1. "I took `ConvTranspose2d` with kernel 4 and stride 2. 4 is divisible by 2, so my pictures cannot have a
#    checkerboard." Is that so? Give a kernel of four taps (one axis is enough) that shows it, and one of a length that
#    is not divisible by 2 that is clean. What *does* an equal overlap guarantee?
# 2. "My generator uses pixel shuffle with ICNR. Still, the first pictures have a pattern of period 2." Name two
#    places to look at, and say how a test on one constant input tells you whether the layer is to blame.
# 3. "My classifier never upsamples anything. But the picture that I optimise for it is full of little squares." Where
#    do they come from, and what would you change in the classifier, or else in the optimisation?

# %% [markdown] question="three-colleagues" points=5
# ### Model answer
#
# 1. No. [1, 2, 3, 4] has the gains 4 and 6: an equal number of taps, but unequal sums. [1, 2, 1] has 2 and 2, and
#    three taps. Equal overlap guarantees equal gains only for kernels whose taps are all equal; at random start it buys
#    nothing. (2 points: half a point a kernel, 1 the guarantee)
# 2. The bias: pixel shuffle has one for each phase, and usual initialisations draw them at random, so they must be
#    copied as well, or zero. The order of the copies: ICNR by `tile` instead of `repeat_interleave` mixes channels when
#    there are several. (Also good: training has made the gains unequal since, or another upsampling layer is there.)
#    Test: feed a constant, look away from the border. Outputs of one channel that differ by phase: it is this layer.
#    All equal: it is not, look at what comes in. (2 points: two places 1, test 1)
# 3. From the gradient: the backward pass of a strided convolution or a pooling with overlapping windows is a
#    transposed convolution, with phase gains of its own. Classifier: blur-pool or average pooling with k = s instead of
#    the stride, or strided kernels with equal gains. Optimisation: blur the gradient or the picture, or penalise high
#    frequencies. (1 point: cause and one remedy)
