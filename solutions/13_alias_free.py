# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 13 · Alias-free layers
#
# You will build the one operator that StyleGAN3 uses for all its resampling, on one axis and on two; decide which
# filters may change sides with a sampler; bend a signal where there is room for what the bend makes; and measure how
# nearly an operator moves along with its input.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, ready-made convolutions such as `np.convolve`, the layers of `torch.nn` and their
# like. Functions that you wrote in an earlier task may be called.

# %% setup="imports"
import numpy as np

from resampling.checks.alias_free import (
    check_equivariance_psnr,
    check_filtered_leaky_relu,
    check_noble_taps,
    check_upfirdn1d,
    check_upfirdn2d,
)

# %% [markdown]
# ## 1 · Up, filter, down
#
# *{points:upfirdn1d} points.* Write `upfirdn1d(input, taps, up, down, padding, gain)` for a signal of `n` samples and
# `k` taps. The four steps, in this order:
#
# 1. put `up - 1` zeros behind *every* sample, the last one too;
# 2. put `padding = (before, after)` zeros around; a negative number crops so many samples instead;
# 3. convolve with the taps (that is, the taps are *flipped*), keep only the places where all taps meet a sample, and
#    multiply by `gain`;
# 4. keep every `down`-th result, from the first one on.
#
# `upfirdn1d(np.array([1, 2, 3]), np.array([1, 10, 100]), up=2, padding=(2, 1))` is `[1, 10, 102, 20, 203, 30, 300]`.
# With `down=3` and `padding=(2, -1)` it is `[1, 20]`.
#
# <details><summary>A hint</summary>
#
# Write each step on a line of its own and print what it makes. Step 3 is a loop over places and a sum of products.
# </details>
# <details><summary>Another hint</summary>
#
# `x[:-0]` is empty, so cropping nothing at the end needs care: `x[:len(x) - crop]` works for 0 too.
# </details>


# %% task="upfirdn1d"
def upfirdn1d(input, taps, up=1, down=1, padding=(0, 0), gain=1.0):
    """Zeros behind every sample, padding or cropping, a convolution where it lies inside, every down-th result."""
    ### BEGIN SOLUTION
    n, k = len(input), len(taps)
    results = []
    for place in range(0, up * n + sum(padding) - k + 1, down):
        total = 0.0
        for t in range(k):
            source, rest = divmod(place + t - padding[0], up)
            if rest == 0 and 0 <= source < n:
                total += taps[k - 1 - t] * input[source]
        results.append(gain * total)
    return np.array(results)
    ### END SOLUTION


# %% check="upfirdn1d"
check_upfirdn1d(upfirdn1d)

# %% [markdown]
# ## 2 · On a picture, side by side
#
# *{points:upfirdn2d} points.* Write `upfirdn2d(input, taps, up, down, padding, flip_filter)` for a picture of `(H, W)`
# pixels and taps of `(kH, kW)`. It does the same on both axes, with StyleGAN's order of numbers:
#
# - `up` and `down` are pairs (**horizontal, vertical**): the first number belongs to the last axis;
# - `padding` is (left, right, top, bottom), negative numbers crop;
# - the taps are turned by half a turn, unless `flip_filter` is true: then they multiply the pixels as they stand.
#
# For `input = [[1, 2]]`, `taps = [[1, 10], [100, 1000]]`, `up = (2, 1)`, `padding = (1, 0, 1, 1)`:
#
# $$\begin{bmatrix} 1&10&2&20 \\ 100&1000&200&2000 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# The taps need not be an outer product, so doing one axis after the other is not enough for the filter. For all
# other steps it is.
# </details>


# %% task="upfirdn2d"
def upfirdn2d(input, taps, up=(1, 1), down=(1, 1), padding=(0, 0, 0, 0), flip_filter=False):
    """upfirdn on both axes: pairs are (horizontal, vertical), padding is (left, right, top, bottom)."""
    ### BEGIN SOLUTION
    height, width = input.shape
    spread = np.zeros((height * up[1], width * up[0]))
    spread[:: up[1], :: up[0]] = input
    left, right, top, bottom = padding
    canvas = np.pad(spread, [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))])
    canvas = canvas[max(-top, 0) : canvas.shape[0] - max(-bottom, 0)]
    canvas = canvas[:, max(-left, 0) : canvas.shape[1] - max(-right, 0)]
    window = taps if flip_filter else np.rot90(taps, 2)
    views = np.lib.stride_tricks.sliding_window_view(canvas, window.shape)
    return np.einsum("ijab,ab->ij", views, window)[:: down[1], :: down[0]]
    ### END SOLUTION


# %% check="upfirdn2d"
check_upfirdn2d(upfirdn2d)

# %% [markdown]
# ## 3 · May it change sides?
#
# *{points:noble_taps} points.* A causal filter, $y_i = \sum_t w_t\,x_{i-t}$ (no sample before the first), stands
# next to a sampler: `sampler="down"` keeps samples 0, s, 2s, … and `sampler="up"` puts s - 1 zeros behind every sample,
# where s is `factor`. The filter stands `side="before"` or `side="after"` the sampler. Write
# `noble_taps(taps, factor, sampler, side)`: the taps of the filter that does **exactly the same, for every input,
# on the other side** of the sampler. If no filter does, return `np.zeros(0)`.
#
# A filter that goes to the higher rate needs no more than `s * (k - 1) + 1` taps: give it so many. One that comes from
# there may bring zeros behind its last tap: return taps 0, s, 2s, …, as many as there are.
#
# `noble_taps([1, 2], 2, "down", "after")` is `[1, 0, 2]`, and `noble_taps([1, 0, 2], 2, "down", "before")` is `[1, 2]`.
# `noble_taps([1, 1, 2], 2, "down", "before")` is empty.
#
# <details><summary>A hint</summary>
#
# Where is the rate high: before a down, or after? And with an up?
# </details>
# <details><summary>Another hint</summary>
#
# A filter at the high rate, followed by a down: which samples of the input does tap number 1 see? Are they among
# those that would be left after the down?
# </details>


# %% task="noble_taps"
def noble_taps(taps, factor, sampler, side):
    """Taps that do the same on the other side of the sampler, or np.zeros(0)."""
    ### BEGIN SOLUTION
    going_up = (sampler, side) in {("down", "after"), ("up", "before")}
    if going_up:
        apart = np.zeros((len(taps), factor))
        apart[:, 0] = taps
        return apart.ravel()[: factor * (len(taps) - 1) + 1]
    for t, tap in enumerate(taps):
        if t % factor and tap != 0:
            return np.zeros(0)
    return np.array([taps[t] for t in range(0, len(taps), factor)])
    ### END SOLUTION


# %% check="noble_taps"
check_noble_taps(noble_taps)

# %% [markdown]
# ## 4 · Bend where there is room
#
# *{points:filtered_leaky_relu} points.* Write `filtered_leaky_relu(input, taps, up, down, negative_slope)` for a
# signal of `n` samples. It goes to a rate `up` times as high, with the `k` taps as filter and a gain of `up`; takes `v`
# where $v\ge 0$ and `negative_slope * v` elsewhere; and goes down by `down`, with the same taps as filter. Out come
# $\lfloor \texttt{up}\cdot n/\texttt{down}\rfloor$ samples.
#
# All the zeros that the two filters need lie around the *input*: at the higher rate,
# $a = \lfloor (2k - 1 - \texttt{down} + \texttt{up})/2 \rfloor$ before it and $b = 2k - 1 - \texttt{down} - a$ after
# it. Between the two filters nothing is padded.
#
# `filtered_leaky_relu(np.array([8.0, -8.0]), np.array([0.125, 0.375, 0.375, 0.125]))` is `[3.9, -0.3]`.
#
# <details><summary>A hint</summary>
#
# Your `upfirdn1d` does nearly all of it, called twice.
# </details>


# %% task="filtered_leaky_relu"
def filtered_leaky_relu(input, taps, up=2, down=2, negative_slope=0.2):
    """A leaky ReLU at the higher rate, between two filters."""
    ### BEGIN SOLUTION
    n, k = len(input), len(taps)
    rows = up * n + k - down  # samples at the higher rate that the second filter needs
    late = (2 * k - 1 - down + up) // 2 - k + 1
    fine = np.zeros(rows)
    for j in range(rows):
        for i in range(n):
            t = j - late - up * i
            if 0 <= t < k:
                fine[j] += up * taps[t] * input[i]
    fine[fine < 0] *= negative_slope
    return np.array([fine[j : j + k] @ taps[::-1] for j in range(0, rows - k + 1, down)])
    ### END SOLUTION


# %% check="filtered_leaky_relu"
check_filtered_leaky_relu(filtered_leaky_relu)

# %% [markdown]
# ## 5 · How nearly does it move along?
#
# *{points:equivariance_psnr} points.* `operator` is a function from a signal of `n` samples to one of `o`. Write
# `equivariance_psnr(operator, input, shift, peak, margin)`: move the input by `shift` samples and apply the operator;
# apply the operator and move its output by the same distance, which is `shift * o / n` of *its* samples. Return
#
# $$10 \log_{10} \frac{\texttt{peak}^2}{\text{mean squared difference of the two}},$$
#
# with `margin` samples left out at each end of the output. To move by a fraction of a sample, multiply the DFT at
# the frequency $f$ (in cycles/sample, from $-\tfrac12$ to $\tfrac12$) by $e^{-2\pi i f\cdot\text{shift}}$ and take the
# real part of what comes back: the signal goes round in a circle, and a positive shift goes to the right.
#
# With `operator = lambda x: x[::2]`, `input = np.cos(2 * np.pi * 7 * np.arange(16) / 16)` and `shift = 1.0` it is
# -3.01.
#
# <details><summary>A hint</summary>
#
# `np.fft.fftfreq(n)` has the frequencies, with their signs. Write a function that moves a signal first, and test it
# with a whole shift against `np.roll`.
# </details>
# <details><summary>Another hint</summary>
#
# With `margin = 0` the slice `[margin:-margin]` is empty.
# </details>


# %% task="equivariance_psnr"
def equivariance_psnr(operator, input, shift, peak=1.0, margin=0):
    """10 log10(peak² / mean squared difference) of operator(moved input) and moved operator(input)."""

    ### BEGIN SOLUTION
    def moved(x, by):
        turns = np.exp(-2j * np.pi * np.fft.fftfreq(len(x)) * by)
        return np.real(np.fft.ifft(turns * np.fft.fft(x)))

    output = operator(input)
    along = moved(output, shift * len(output) / len(input))
    difference = operator(moved(input, shift)) - along
    kept = difference[margin : len(difference) - margin]
    return 20 * np.log10(peak) - 10 * np.log10((kept @ kept) / len(kept))
    ### END SOLUTION


# %% check="equivariance_psnr"
check_equivariance_psnr(equivariance_psnr)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-still-sticks} points, read by a person.* A colleague wants the textures of a video generator to move
# with the objects. Every `ReLU` is replaced by: nearest upsampling by 2, ReLU, average pooling by 2. Every convolution
# pads with zeros, as before. "Now it is alias-free," says the colleague, "and I measured it: after I lowered the
# cutoff of the filters to a tenth, equivariance went up to 90 dB."
#
# 1. Copies, ReLU, average: what does this chain compute? Say it exactly, and say what has to be changed.
# 2. Which other thing in this network still tells a layer where it is, and what does StyleGAN3 do about it?
# 3. What is wrong with the proof by decibels? Which operator has the highest score of all, and what would you
#    measure besides?

# %% [markdown] question="still-sticks" points=5
# ### Model answer
#
# 1. (2 points) It computes the ReLU at the low rate, exactly: each sample is copied, both copies are bent alike, and
#    the mean of two equal numbers is that number. The point is not to have more samples but to have the *signal* at
#    a higher rate, which needs a low-pass filter on the way up (copies have the gain cos(πf), which lets much of
#    the images through), and one on the way down, both with their cutoff at or below the limit of the low rate and
#    with enough taps.
# 2. (1 point) The border: zeros around a picture stay where they are when it moves, and every layer carries them
#    further in. StyleGAN3 keeps a margin around the visible part, crops to it after each layer (and starts from Fourier
#    features instead of a learned constant, and has no per-pixel noise). Any strided layer or pooling without a
#    filter counts as well.
# 3. (2 points) Equivariance says nothing on what is kept. The operator that returns zeros, or any constant, has
#    infinitely many dB; a filter that lets a tenth of the band through is on the way there. So measure beside it what
#    is left of the signal: the error against the ideal result (the bend at a very high rate, then an ideal filter), or
#    the quality of the pictures. And with `peak` fixed, a weaker output scores higher by itself.
