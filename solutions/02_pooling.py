# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Pooling
#
# Three ways down: the largest of a window, its mean, a weighted sum. You will write all three, keep a ledger of what
# they cost, and at the end measure how well they follow when their input moves.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn`, `scipy.ndimage` and their like. To compare with torch in a
# cell of your own is a good idea.
#
# | symbol | in code | meaning |
# |---|---|---|
# | `n`, `o` | | samples in, samples out |
# | `k` | `kernel_size` | samples in a window |
# | `s` | `stride` | from one window to the next |
# | `p` | `padding` | samples added on *each* side |
#
# Number of windows: `o = (n + 2*p - k) // s + 1`. With `ceil_mode` the division is rounded *up*, and then the last
# window is dropped again if it does not start before sample `n` of the input, that is, if `s*(o - 1) >= n + p`.
# The padding is at most `k // 2`, and at least one window fits.

# %% setup="imports"
import numpy as np

from resampling.checks.pooling import (
    check_avg_pool2d,
    check_downsampling_ledger,
    check_max_pool1d,
    check_shift_consistency,
    check_strided_conv2d,
)

# %% [markdown]
# ## 1 · The largest of each window, and where it was
#
# *{points:max_pool1d} points.* Write `max_pool1d(input, kernel_size, stride, padding, ceil_mode)` for an `input` of
# shape `(n,)`. It returns two arrays of length `o`: the maximum of each window, and the position in `input` at which
# it was found (whole numbers; of equal maxima the first). Outside the input lies minus infinity: it never wins.
#
# `max_pool1d(np.array([1., 5., 2., 3.]), 2, 2)` is `([5., 3.], [1, 3])`. And with `padding=1`, windows of 3 and
# `stride=1`, the maxima of `[-3, -2, -1]` are `[-2, -1, -1]`, found at `[1, 2, 2]`.
#
# Every property has its own points, so a first version without padding and without `ceil_mode` is worth something.
#
# <details><summary>A hint</summary>
#
# Window `i` reaches from `s*i - p` to `s*i - p + k - 1`. Which of these samples are inside the input? Only they can
# win, so you need no padding at all.
# </details>


# %% task="max_pool1d"
def max_pool1d(input, kernel_size, stride, padding=0, ceil_mode=False):
    """(maxima, positions) of the windows of a row of samples."""
    ### BEGIN SOLUTION
    n = len(input)
    starts = range(-padding, n + padding - kernel_size + 1, stride)
    if ceil_mode:
        whole = starts[-1] + kernel_size >= n + padding  # the last window ends with the padding
        hangs = range(starts[-1] + stride, n, stride)[:1]
        starts = [*starts] if whole else [*starts, *hangs]
    values, positions = [], []
    for start in starts:
        best = max(range(max(start, 0), min(start + kernel_size, n)), key=lambda j: input[j])
        values.append(input[best])
        positions.append(best)
    return np.array(values), np.array(positions)
    ### END SOLUTION


# %% check="max_pool1d"
check_max_pool1d(max_pool1d)

# %% [markdown]
# ## 2 · The mean, and what it is divided by
#
# *{points:avg_pool2d} points.* Now a map of shape `(H, W)`. Write
# `avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad)`; `kernel_size`, `stride` and
# `padding` are pairs, the vertical number first. The sum of a window is easy: what is outside the input counts as 0.
# The question is what to divide it by:
#
# - `count_include_pad=True`: by the number of pixels of the window that lie in the input *or in the padding*;
# - `count_include_pad=False`: by the number that lie in the input.
#
# Under `ceil_mode` a window may reach even beyond the padding. What lies there counts in neither case.
#
# For a map of ones, windows of 3 × 3, `stride=(1, 1)` and `padding=(1, 1)`, the corner is 4/9 or 1.
#
# <details><summary>A hint</summary>
#
# Count along each axis by itself: a window of rows from `a` to `b` and columns from `c` to `d` holds
# `(b - a + 1) * (d - c + 1)` pixels. Write a function for one axis.
# </details>


# %% task="avg_pool2d"
def avg_pool2d(input, kernel_size, stride, padding=(0, 0), ceil_mode=False, count_include_pad=True):
    """Mean of each window of a map (H, W)."""

    ### BEGIN SOLUTION
    def axis(n, k, s, p):
        """For each window: the samples of the input in it, and how many samples count."""
        steps = (n + 2 * p - k) / s
        o = int(np.ceil(steps)) + 1 if ceil_mode else int(steps) + 1
        o -= s * (o - 1) >= n + p
        border = p if count_include_pad else 0
        for i in range(o):
            window = range(s * i - p, s * i - p + k)
            inside = [j for j in window if 0 <= j < n]
            yield inside, sum(-border <= j < n + border for j in window)

    (height, width), (kh, kw), (sh, sw), (ph, pw) = input.shape, kernel_size, stride, padding
    columns = list(axis(width, kw, sw, pw))
    return np.array(
        [
            [input[np.ix_(rows, across)].sum() / (tall * wide) for across, wide in columns]
            for rows, tall in axis(height, kh, sh, ph)
        ]
    )
    ### END SOLUTION


# %% check="avg_pool2d"
check_avg_pool2d(avg_pool2d)

# %% [markdown]
# ## 3 · A window with weights
#
# *{points:strided_conv2d} points.* Write `strided_conv2d(input, weight, bias, stride, padding)`: a whole `Conv2d`.
# `input` has shape `(C_in, H, W)`, `weight` has shape `(C_out, C_in, kH, kW)`, `bias` has shape `(C_out,)`; `stride`
# and `padding` are pairs. The kernel is not flipped, outside the input are zeros, and the result has shape
# `(C_out, oH, oW)`.
#
# <details><summary>A hint</summary>
#
# For one output place, cut the window out of the padded input: shape `(C_in, kH, kW)`, the same as `weight[m]`.
# </details>


# %% task="strided_conv2d"
def strided_conv2d(input, weight, bias, stride=(1, 1), padding=(0, 0)):
    """Convolution with channels, bias, stride and padding: shape (C_out, oH, oW)."""
    ### BEGIN SOLUTION
    padded = np.pad(input, ((0, 0), (padding[0],) * 2, (padding[1],) * 2))
    _, _, kh, kw = weight.shape
    rows = range(0, padded.shape[1] - kh + 1, stride[0])
    columns = range(0, padded.shape[2] - kw + 1, stride[1])
    result = np.empty((len(weight), len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            window = padded[:, top : top + kh, left : left + kw]
            result[:, i, j] = np.tensordot(weight, window, 3) + bias
    return result
    ### END SOLUTION


# %% check="strided_conv2d"
check_strided_conv2d(strided_conv2d)

# %% [markdown]
# ## 4 · The ledger
#
# *{points:downsampling_ledger} points.* What does a step down cost? Write
# `downsampling_ledger(kind, input_size, kernel_size, stride, padding, channels_out, groups)` for `kind` "max", "avg"
# or "conv". `input_size` is `(N, C, H, W)`. A convolution has a bias and makes `channels_out` channels; pooling
# keeps the channels and gets neither `channels_out` nor `groups`. Return four whole numbers, items 0 to 3:
#
# 0. **parameters**, the numbers that are learned;
# 1. **multiply-adds**: a sum of m products counts m, and the bias is free (the sum starts from it);
# 2. **other operations**: the largest of m numbers takes m − 1 comparisons, their mean m − 1 additions and a
#    division; for a convolution 0;
# 3. **bytes**: each number of the input and of the parameters read once, each number of the output written once, 4
#    bytes each.
#
# `kernel_size`, `stride` and `padding` are pairs. Count every window as full, also on the padding. For an input of
# `(1, 64, 8, 8)`, windows of 2 × 2 and `stride=(2, 2)`, max-pooling gives `(0, 0, 3072, 20480)`, a convolution to 64
# channels `(16448, 262144, 0, 86272)`.
#
# <details><summary>A hint</summary>
#
# First the number of outputs, `N * C_out * oH * oW`. Then what each of them takes.
# </details>


# %% task="downsampling_ledger"
def downsampling_ledger(kind, input_size, kernel_size, stride, padding=(0, 0), channels_out=None, groups=1):
    """(parameters, multiply-adds, other operations, bytes) of one step down."""
    ### BEGIN SOLUTION
    batch, channels, *size = input_size
    places = 1
    for n, k, s, p in zip(size, kernel_size, stride, padding, strict=True):
        places *= len(range(0, n + 2 * p - k + 1, s))
    taps = kernel_size[0] * kernel_size[1]
    read = batch * channels * size[0] * size[1]
    if kind == "conv":
        made, each = batch * channels_out * places, taps * channels // groups
        learned = channels_out * (each + 1)
        return learned, made * each, 0, 4 * (read + made + learned)
    made = batch * channels * places
    return 0, 0, made * (taps - 1 if kind == "max" else taps), 4 * (read + made)
    ### END SOLUTION


# %% check="downsampling_ledger"
check_downsampling_ledger(downsampling_ledger)

# %% [markdown]
# ## 5 · Does it follow?
#
# *{points:shift_consistency} points.* If the input moves, the result should move with it. Put the `n` samples on a
# ring, so that nothing gets lost at an end: a shift by `d` is `np.roll(x, d)`, and window `i`, for `i = 0, …, n/s - 1`,
# holds samples `s*i` to `s*i + k - 1`, counted around the ring. (`s` divides `n`.) Call this pooling $P$, with the mean
# or the maximum of each window, as `mode` ("avg" or "max") says. Let $x$ be the input *less its mean*, and $y = P(x)$.
# For one shift $d$,
#
# $$c_d = \max_m \left(1 - \frac{\lVert z - \mathrm{roll}(y, m)\rVert}{\lVert z\rVert + \lVert y\rVert}\right),
# \qquad z = P(\mathrm{roll}(x, d)),$$
#
# the maximum taken over all rolls of $y$: 1 if the result has only moved. If both norms are 0, then $c_d = 1$. Write
# `shift_consistency(input, mode, kernel_size, stride)`: the mean of $c_d$ over all shifts $d = 0, …, n - 1$.
#
# For `[0, 0, 1, 1, 0, 0, 1, 1]`, "max", `kernel_size=2` and `stride=2` it is 0.6464….
#
# The last cases have 3000 samples and two seconds. Then you cannot try all shifts with all rolls.
#
# <details><summary>A hint</summary>
#
# Compare $c_d$ with $c_{d+s}$.
# </details>


# %% task="shift_consistency"
def shift_consistency(input, mode, kernel_size, stride):
    """Mean over all shifts of how well the pooled ring follows, between 0 and 1."""
    ### BEGIN SOLUTION
    n = len(input)
    around = (np.arange(0, n, stride)[:, None] + np.arange(kernel_size)) % n
    reduce = np.max if mode == "max" else np.mean
    x = input - np.mean(input)
    y = reduce(x[around], axis=1)
    rolls = [np.roll(y, m) for m in range(len(y))]
    scores = []
    for d in range(stride):  # c_d repeats itself after s shifts
        moved = reduce(np.roll(x, d)[around], axis=1)
        total = np.linalg.norm(moved) + np.linalg.norm(y)
        nearest = min(np.linalg.norm(moved - roll) for roll in rolls)
        scores.append(1 - nearest / total if total > 0 else 1)
    return np.mean(scores)
    ### END SOLUTION


# %% check="shift_consistency"
check_shift_consistency(shift_consistency)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-which-way-down} points, read by a person.* A note on the web gives this advice: "Use max-pooling. It
# prevents overfitting because it reduces the number of parameters, it makes the network invariant to translation, and
# it keeps the texture better than the average. Or replace it by a strided convolution, which gives better results."
#
# 1. For each of the four claims, say what is true in it and what is not. For at least two of them give a
#    counter-example with numbers: your own, or computed with your functions.
# 2. A colleague's network reads black writing on white paper. Its first layer is a max-pooling of 4 × 4, straight on
#    the picture. What happens to thin strokes, and what would you change? Name two remedies.
#
# %% [markdown] question="which-way-down" points=5
# ### Model answer
#
# 1. *Overfitting:* pooling has no parameters and takes none from a layer that slides; only a dense layer behind it
#    becomes smaller. With global average pooling the number of parameters is the same with and without: count both.
#    Whether it generalises better is a question of data, to be measured. (1 point) *Invariance:* a shift by a multiple
#    of s moves the result (equivariance, not invariance); other shifts change it: [0,0,1,1,0,0,1,1] gives 0,1,0,1 and,
#    moved by one, 1,1,1,1. (1 point) *Texture:* the maximum often keeps more contrast, but of bright parts only, and
#    it invents frequencies; a dark line on light ground is gone. (½ point) *Strided convolution:* adds C_in·C_out·k²
#    weights, so it is not the same network made better; the paper that is quoted for it claims "without loss in
#    accuracy". It also drops samples like the others. (½ point) Numbers for two of these: required for full points.
# 2. A stroke survives only where a whole window is ink; strokes thinner than 4 pixels always vanish, those of 4 to
#    6 in some positions, and all others become up to 3 pixels thinner on each side, for paper is the larger value.
#    (1 point) Remedies, two of: invert the picture (ink = large), minimum-pooling, i.e. −max(−x), average or
#    blur-pooling, a convolution before the pooling that can learn the sign, smaller windows. (1 point)
