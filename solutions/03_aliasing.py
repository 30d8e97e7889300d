# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · Aliasing
#
# You will say where a frequency goes when samples are dropped, write that down for a whole spectrum as a matrix,
# build the blur-pool that keeps the damage small and the filter that keeps it as small as you ask for, and at the end
# you attack: a picture whose small version shows something else.
#
# Five functions and one question in words, {points} points in all. Write NumPy. Below each function stands its check:
# run it as often as you want. It tells what is right, names the mistake if it knows it, and shows the difference.
# Functions that do the work of a task may not be used: those of this course's library `resampling`, `scipy.signal`,
# `scipy.ndimage`, `torch.nn` and their like. `np.pad`, `np.sinc`, `np.kaiser`, `np.fft` and `np.linalg` are allowed.
#
# | symbol | in code | meaning |
# |---|---|---|
# | `n` | `length` | samples in |
# | `s` | `factor`, `stride` | every `s`-th sample is kept: `x[::s]` |
# | `k` | `kernel_size` | taps of the filter |
# | `f` | `frequency`, `cutoff` | in cycles per sample; 1/2 is the highest that samples can carry |

# %% setup="imports"
import numpy as np

from resampling.checks.aliasing import (
    check_alias_frequency,
    check_blur_pool2d,
    check_design_lowpass,
    check_folding_matrix,
    check_hide,
)

# %% [markdown]
# ## 1 · Where does a frequency go?
#
# *{points:alias_frequency} points.* From `cos(2*pi*f*n)` every `factor`-th sample is kept. What comes out is again a
# sampled cosine. Write `alias_frequency(frequency, factor)`: its frequency between 0 and 1/2, in cycles per sample
# *of the output*.
#
# `alias_frequency(7 / 16, 2)` is `1 / 8`. `frequency` may be any real number, also negative or above 1/2, and
# `factor` may be 1.
#
# <details><summary>A hint</summary>
#
# By how many turns does the wave move from one kept sample to the next? Whole turns cannot be seen.
# </details>
# <details><summary>Another hint</summary>
#
# A turn by 0.7 forward and a turn by 0.3 backward end at the same place, and a cosine does not tell forward from
# backward.
# </details>


# %% task="alias_frequency"
def alias_frequency(frequency, factor=1):
    """Frequency in [0, 1/2] that cos(2*pi*frequency*n) shows once every factor-th sample is kept."""
    ### BEGIN SOLUTION
    forward = (frequency * factor) % 1.0
    return min(forward, 1.0 - forward)
    ### END SOLUTION


# %% check="alias_frequency"
check_alias_frequency(alias_frequency)

# %% [markdown]
# ## 2 · The whole spectrum at once
#
# *{points:folding_matrix} points.* Let `X = np.fft.fft(x)` for a signal of `length` samples, and let `factor` divide
# `length`. Write `folding_matrix(length, factor)`: the matrix $\Phi$ of real numbers with
# `Phi @ np.fft.fft(x)` equal to `np.fft.fft(x[::factor])` for every `x`.
#
# For `length = 4` and `factor = 2`:
#
# $$\Phi = \frac12\begin{bmatrix} 1&0&1&0 \\ 0&1&0&1 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Output frequency `k` collects all input frequencies `m` that look like `k` in the samples kept. Which are they, for
# `length = 12` and `factor = 3`?
# </details>


# %% task="folding_matrix"
def folding_matrix(length, factor):
    """Matrix Phi, (length // factor, length), with Phi @ fft(x) == fft(x[::factor])."""
    ### BEGIN SOLUTION
    outputs = length // factor
    matrix = np.zeros((outputs, length))
    for m in range(length):
        matrix[m % outputs, m] = 1 / factor
    return matrix
    ### END SOLUTION


# %% check="folding_matrix"
check_folding_matrix(folding_matrix)

# %% [markdown]
# ## 3 · Blur, then sample
#
# *{points:blur_pool2d} points.* Write `blur_pool2d(input, kernel_size, stride)` for an `input` of shape `(C, H, W)`;
# `kernel_size` and `stride` are pairs, the vertical number first. Every channel is treated alike, in this order:
#
# 1. mirror the picture at its border without doubling the outermost pixel: `x[-1]` is `x[1]`. On each axis pad
#    `(k - 1) // 2` pixels before and `k // 2` after, so that the blur keeps the size;
# 2. blur down the columns and along the rows. The kernel of `k` taps is row `k - 1` of Pascal's triangle, divided by
#    its sum: `[1, 2, 1] / 4` for `k = 3`;
# 3. keep rows `0, s, 2s, …` and columns `0, s, 2s, …`.
#
# The row `[0, 0, 4, 4, 0, 0]` alone, with three taps and stride 2, gives `[0, 3, 1]`.
#
# <details><summary>A hint</summary>
#
# `[1, 1]` convolved with itself again and again gives Pascal's triangle; or use `math.comb`.
# </details>
# <details><summary>Another hint</summary>
#
# Write a helper that blurs along one axis: the sum, over the taps, of the tap times a shifted piece of the padded
# picture.
# </details>


# %% task="blur_pool2d"
def blur_pool2d(input, kernel_size=(3, 3), stride=(2, 2)):
    """Array (C, ceil(H / stride[0]), ceil(W / stride[1])): input blurred by binomial kernels, then sampled."""
    ### BEGIN SOLUTION
    down, across = (np.atleast_1d(np.poly(-np.ones(k - 1))) / 2 ** (k - 1) for k in kernel_size)
    sides = [(0, 0), *(((k - 1) // 2, k // 2) for k in kernel_size)]
    padded = np.pad(input, sides, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel_size, axis=(1, 2))
    blurred = np.einsum("chwab,a,b->chw", windows, down, across)
    return blurred[:, :: stride[0], :: stride[1]]
    ### END SOLUTION


# %% check="blur_pool2d"
check_blur_pool2d(blur_pool2d)

# %% [markdown]
# ## 4 · A filter to order
#
# *{points:design_lowpass} points.* With $A$ = `stopband_db` and $\delta = 10^{-A/20}$, write `design_lowpass(cutoff,
# transition, stopband_db)`: taps $w$, an **odd** number of them, symmetric, with sum 1, such that
#
# - $|W(f)|$ lies within $1 \pm \delta$ from 0 to `cutoff - transition/2` (the pass-band),
# - $|W(f)| \le \delta$ from `cutoff + transition/2` to 1/2 (the stop-band),
#
# where $W(f) = \sum_t w_t\, e^{-2\pi i f t}$. Two per cent of $\delta$ more are forgiven, because nobody can look at
# all frequencies. Any method will do; up to two taps more than our filter has are accepted.
#
# One that does it is Kaiser's: $w_t$ is $\operatorname{sinc}(2 f_c (t - \tfrac{k-1}{2}))$, with $f_c$ = `cutoff`,
# times the window `np.kaiser(k, beta)`, divided by the sum of all. With $\Delta$ = `transition`,
#
# $$k \approx \left\lceil \frac{A - 7.95}{14.36\,\Delta} \right\rceil + 1, \qquad
# \beta = \begin{cases} 0.1102\,(A - 8.7) & A > 50 \\ 0.5842\,(A - 21)^{0.4} + 0.07886\,(A - 21) & 21 < A \le 50.
# \end{cases}$$
#
# The number of taps is an estimate. It may be even, and it may be too small.
#
# <details><summary>A hint</summary>
#
# `np.abs(np.fft.rfft(taps, 8192))` is the response at the frequencies `np.fft.rfftfreq(8192)`.
# </details>
# <details><summary>Another hint</summary>
#
# Write a helper that says whether given taps keep to what was asked, edges included. Then: design, ask the helper,
# take two more taps, and again.
# </details>


# %% task="design_lowpass"
def design_lowpass(cutoff, transition, stopband_db):
    """Odd number of symmetric taps with sum 1 that keep to 10**(-stopband_db / 20) in pass-band and stop-band."""
    ### BEGIN SOLUTION
    allowed = 10 ** (-stopband_db / 20)
    excess = stopband_db - 21
    beta = 0.1102 * (stopband_db - 8.7) if stopband_db > 50 else 0.5842 * excess**0.4 + 0.07886 * excess
    passband = np.linspace(0, cutoff - transition / 2, 1500)
    stopband = np.linspace(cutoff + transition / 2, 0.5, 1500)
    half = int(np.ceil((stopband_db - 7.95) / (14.36 * transition))) // 2
    while True:
        t = np.arange(-half, half + 1)
        taps = np.sinc(2 * cutoff * t) * np.kaiser(len(t), beta)
        taps /= taps.sum()
        through, stopped = (np.cos(2 * np.pi * np.outer(f, t)) @ taps for f in (passband, stopband))
        if max(abs(through - 1).max(), abs(stopped).max()) <= allowed:
            return taps
        half += 1
    ### END SOLUTION


# %% check="design_lowpass"
check_design_lowpass(design_lowpass)

# %% [markdown]
# ## 5 · A picture whose small version says something else
#
# *{points:hide} points.* A program makes pictures smaller. It is linear and works on rows and columns one after the
# other, so the small version of a picture `x` of shape `(H, W)` is `rows @ x @ columns.T`, with a matrix `rows` of
# shape `(h, H)` and a matrix `columns` of shape `(w, W)`. For `x[::s, ::s]` these are two sampling matrices; for a
# bilinear resize or a blur-pool each row has several entries. No row depends on the others.
#
# Write `hide(cover, secret, rows, columns)`: the picture of shape `(H, W)` whose small version **is** `secret`, and
# which among all such pictures is the nearest to `cover`, that is, the sum of the squared changes is as small as it
# can be. No value is clipped or rounded.
#
# With `rows = columns = [[1, 0]]`, the cover `[[1, 2], [3, 4]]` and the secret `[[9]]`, the answer is
# `[[9, 2], [3, 4]]`. With `rows = [[1, 1]]`, which adds up two rows, the same columns and cover, and the secret
# `[[10]]` it is `[[4, 2], [6, 4]]`: there were 4, so 6 were missing, and both pixels share the change.
#
# <details><summary>A hint</summary>
#
# Begin in one dimension: `rows @ x` should be `secret`. Write `x = cover + change`. Which equation must `change`
# satisfy?
# </details>
# <details><summary>Another hint</summary>
#
# The smallest solution of an underdetermined system is what `np.linalg.lstsq` and `np.linalg.pinv` return. Solve for
# the rows, then for the columns.
# </details>


# %% task="hide"
def hide(cover, secret, rows, columns):
    """Picture x nearest to cover with rows @ x @ columns.T == secret."""
    ### BEGIN SOLUTION
    missing = secret - rows @ cover @ columns.T
    tall = np.linalg.lstsq(rows, missing, rcond=None)[0]
    change = np.linalg.lstsq(columns, tall.T, rcond=None)[0].T
    return cover + change
    ### END SOLUTION


# %% check="hide"
check_hide(hide)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-the-defence} points, read by a person.* People see a photo in full size. A classifier that is to say
# whether the photo may be shown sees `x[::8, ::8]`.
#
# 1. How many of a photo's pixels does an attacker have to change, and why does a glance at the large photo not show
#    it?
# 2. The service now blurs before it samples. Explain in terms of *frequencies* why this helps. A colleague proposes
#    to blur *after* sampling instead, since that is 64 times cheaper: what do you answer?
# 3. Is the attack impossible now? Use your `hide` with the matrices of a blur-pool on a cover and a secret of your
#    choice, and report for two lengths of kernel the root mean square of the change. (Your `blur_pool2d` makes these
#    matrices: `blur_pool2d(np.eye(n)[None], (k, 1), (8, 1))[0]` blurs and samples each column of an identity matrix.)
#    Say what an attacker would still have to show, and what limits him that `hide` does not know.

# %% [markdown] question="the-defence" points=5
# ### Model answer
#
# 1. One in 64: the pixels that are kept. They stand alone among 63 that are as before, so the eye, which averages
#    over neighbours, sees a little noise. (1 point)
# 2. Sampling adds up all frequencies that differ by a multiple of 1/8 cycle per pixel. The attacker writes the
#    secret, which has low frequencies, into high ones that are laid upon them. A low-pass filter before sampling
#    removes these, and only what was visible anyway reaches the small version. Afterwards it is too late: the aliases
#    have the same frequencies as the honest content, and no filter can tell them apart. (2 points, one for the order)
# 3. Not impossible: as long as no row depends on the others, some picture has any given small version. But the change
#    grows with the length of the kernel (any sensible numbers, for instance 0.04 without blur and several times as
#    much with it), and it moves to low frequencies: the large picture itself must look like the secret. And pixels
#    must stay between 0 and 1, which the smallest change does not respect; with a long kernel no allowed picture may
#    be left. (2 points)
