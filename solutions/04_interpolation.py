# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Interpolation
#
# You will write a resize from nothing: the kernels, the matrix that a kernel makes, pictures and volumes one axis at a
# time, and the stretched kernel that shrinks without aliasing. Then you turn round and judge: what does a matrix
# reproduce, and does bilinear really beat nearest?
#
# Six functions and one question in words, {points} points in all. Write NumPy; loops are welcome. Below each
# function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows it,
# and shows the difference as a picture. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, of PIL, OpenCV, `scipy.ndimage`, `skimage.transform`,
# `torch.nn.functional.interpolate` and their like. The check says so when it meets one. What you wrote in one task
# you may use in the next.
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | `n`, `length` | samples in | | `j` | an input sample |
# | `o`, `size` | samples out | | `i` | an output sample |
#
# Sample `j` has its centre at coordinate `j`. Output sample `i` lies at `c = (i + 1/2) * n / o - 1/2` everywhere in
# this assignment: that is torch's `align_corners=False`, and for nearest its mode `nearest-exact`.

# %% setup="imports"
import numpy as np

from resampling.checks.interpolation import (
    check_antialias_matrix,
    check_degree,
    check_interpolation_matrix,
    check_kernel,
    check_psnr_study,
    check_resize,
)

# %% [markdown]
# ## 1 · Four kernels
#
# *{points:kernel} points.* Write `kernel(x, mode, a)`: the weight of a sample at distance `x`. `x` is an array of any
# shape, and so is the result.
#
# - `"nearest"`: $1$ where $-\tfrac12 < x \le \tfrac12$;
# - `"linear"`: $1 - |x|$ where $|x| < 1$;
# - `"cubic"`: $(a+2)|x|^3 - (a+3)|x|^2 + 1$ where $|x| \le 1$, and
#   $a|x|^3 - 5a|x|^2 + 8a|x| - 4a$ where $1 < |x| < 2$;
# - `"lanczos"`: $\operatorname{sinc}(x)\,\operatorname{sinc}(x/3)$ where $|x| < 3$, with
#   $\operatorname{sinc}(x) = \sin(\pi x)/(\pi x)$;
#
# and 0 everywhere else. At `x = [-0.5, 0, 0.25]` the tent gives `[0.5, 1, 0.75]`, and the cubic `[0.5625, 1, 0.8672]`
# (rounded).
#
# <details><summary>A hint</summary>
#
# `np.where(condition, a, b)` chooses sample by sample. Is there a sinc in NumPy? What does its documentation say
# about π?
# </details>


# %% task="kernel"
def kernel(x, mode, a=-0.5):
    """Weight of a sample at each distance in x; mode is "nearest", "linear", "cubic" or "lanczos"."""
    ### BEGIN SOLUTION
    distance = np.abs(x)
    if mode == "nearest":
        return ((x > -0.5) & (x <= 0.5)).astype(float)
    if mode == "linear":
        return np.maximum(1 - distance, 0)
    if mode == "lanczos":
        return np.where(distance < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)
    near = np.polyval([a + 2, -(a + 3), 0, 1], distance)
    far = a * (distance - 1) * (distance - 2) ** 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    ### END SOLUTION


# %% check="kernel"
check_kernel(kernel)

# %% [markdown]
# ## 2 · The matrix
#
# *{points:interpolation_matrix} points.* Write `interpolation_matrix(length, size, mode)`: the matrix $M$ of shape
# `(size, length)` with `M @ x` equal to `x` resized to `size` samples. In row `i`, sample `j` gets the weight
# `kernel(j - c, mode)`. Three details:
#
# - A sample that does not exist, `j < 0` or `j > n - 1`, counts as the nearest one that does: its weight goes to
#   that column.
# - Every row is divided by its sum. Only for Lanczos does that change anything.
# - The cubic has `a = -1/2`.
#
# For `length = 2`, `size = 4` and linear:
#
# $$M = \begin{bmatrix} 1&0 \\ 0.75&0.25 \\ 0.25&0.75 \\ 0&1 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Take one row. Output sample 0 of the example lies at `c = -0.25`, between samples -1 and 0. What are their
# weights, and into which column do they go?
# </details>
# <details><summary>Another hint</summary>
#
# No kernel reaches further than 3. Go through all samples from `floor(c) - 3` to `floor(c) + 4`, those with weight 0
# included, and add each weight to the column `min(max(j, 0), n - 1)`.
# </details>


# %% task="interpolation_matrix"
def interpolation_matrix(length, size, mode="linear"):
    """Matrix M of shape (size, length) with M @ x == x resized to size samples."""
    ### BEGIN SOLUTION
    matrix = np.zeros((size, length))
    for i in range(size):
        c = (i + 0.5) * length / size - 0.5
        samples = int(np.floor(c)) + np.arange(-3, 5)
        weights = kernel(samples - c, mode)
        np.add.at(matrix[i], np.clip(samples, 0, length - 1), weights / weights.sum())
    return matrix
    ### END SOLUTION


# %% check="interpolation_matrix"
check_interpolation_matrix(interpolation_matrix)

# %% [markdown]
# ## 3 · Pictures and volumes
#
# *{points:resize} points.* Write `resize(x, size, mode)`: `x` with its *last* `len(size)` axes resized, each to its own
# number of samples. All axes before them, batch or channels, stay as they are. With `size = (oH, oW)` this is bilinear
# interpolation of pictures, with three numbers trilinear interpolation of volumes.
#
# For a picture `x` of two axes, `resize(x, (oH, oW))` is `A @ x @ B.T`, with one matrix for each axis.
#
# <details><summary>A hint</summary>
#
# Write the loop over axes: bring one axis to the end with `np.moveaxis`, multiply, and bring it back. `x @ M.T`
# acts on the last axis, however many there are in front.
# </details>


# %% task="resize"
def resize(x, size, mode="linear"):
    """x with its last len(size) axes resized to the numbers in size."""
    ### BEGIN SOLUTION
    first = x.ndim - len(size)
    for axis, samples in enumerate(size, start=first):
        rows = interpolation_matrix(x.shape[axis], samples, mode)
        x = np.moveaxis(np.tensordot(rows, x, axes=(1, axis)), 0, axis)
    return x
    ### END SOLUTION


# %% check="resize"
check_resize(resize)

# %% [markdown]
# ## 4 · Shrink without aliasing
#
# *{points:antialias_matrix} points.* From 16 samples to 4, the linear matrix of task 2 reads two samples of every
# four, and never looks at the others. Write `antialias_matrix(length, size, mode)`, as Pillow and torch's
# `antialias=True` have it:
#
# - With `stretch = max(n / o, 1)`, sample `j` gets the weight `kernel((j - c) / stretch, mode)`.
# - Samples that do not exist are left out: here nothing is repeated at the border.
# - Then every row is divided by its sum.
#
# For `length = 4`, `size = 2` and linear the stretch is 2, and
#
# $$M = \frac17\begin{bmatrix} 3&3&1&0 \\ 0&1&3&3 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Here it is easiest to go through all columns: one row is `kernel((np.arange(n) - c) / stretch, mode)`, divided by
# its sum.
# </details>


# %% task="antialias_matrix"
def antialias_matrix(length, size, mode="linear"):
    """Matrix of shape (size, length) that resizes with a kernel as wide as an output sample."""
    ### BEGIN SOLUTION
    ratio = length / size
    centres = ratio * (np.arange(size) + 0.5) - 0.5
    weights = kernel((np.arange(length) - centres[:, np.newaxis]) / max(1, ratio), mode)
    return weights / weights.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% check="antialias_matrix"
check_antialias_matrix(antialias_matrix)

# %% [markdown]
# ## 5 · What does a matrix reproduce?
#
# *{points:degree} points.* Somebody hands you an interpolation matrix and does not say which kernel made it. Sample a
# polynomial $f$ at the input: `f(0), f(1), ..., f(n - 1)`. The matrix *reproduces* $f$ if the output is `f(c)` at the
# coordinates `c` of the output samples, in every row that reads neither the first nor the last sample (near the border
# no kernel has all that it needs).
#
# Write `degree(matrix)`: the largest $d$ such that *all* polynomials of degree 0, 1, …, $d$ are reproduced, or -1
# if not even constants are. It is never above 7 here.
#
# For the tent from 7 to 14 samples the answer is 1: straight lines come through, parabolas do not.
#
# <details><summary>A hint</summary>
#
# It is enough to try 1, t, t², …: one power for each degree. What is `matrix @ np.arange(n) ** 2` to be equal to?
# </details>
# <details><summary>Another hint</summary>
#
# For degree 5 and coordinates near 20, powers are in the millions, and an error hides behind the rounding.
# Polynomials in `t` are polynomials in `t - c` too. What must the sum over `j` of `M[i, j] * (j - c) ** m` be, for
# `m = 0` and for `m > 0`?
# </details>


# %% task="degree"
def degree(matrix):
    """Highest degree up to which all polynomials are reproduced, away from the border; -1 if none."""
    ### BEGIN SOLUTION
    outputs, inputs = matrix.shape
    centres = (np.arange(outputs) + 0.5) * inputs / outputs - 0.5
    kept = np.isclose(matrix[:, 0], 0) & np.isclose(matrix[:, -1], 0)
    rows, distances = matrix[kept], np.arange(inputs) - centres[kept, np.newaxis]
    d = -1
    while np.allclose(np.sum(rows * distances ** (d + 1), axis=1), float(d == -1), atol=1e-7):
        d += 1
    return d
    ### END SOLUTION


# %% check="degree"
check_degree(degree)

# %% [markdown]
# ## 6 · Is bilinear best?
#
# *{points:psnr_study} points.* Write `psnr_study(pictures)` for a stack of shape `(N, H, W)` with values from 0 to
# 1, `H` and `W` even. Halve every picture, on both axes, with your `antialias_matrix` and the cubic. Bring it back
# to its size with your `resize` in the modes nearest, linear and cubic, and do not clip. Return four things, as a
# tuple:
#
# 1. `table`, of shape `(N, 3)`: for each picture and mode the PSNR in decibels, $-10\log_{10}$ of the mean squared
#    difference from the picture (the peak is 1);
# 2. the mean over all pictures of what linear gains over nearest, in decibels;
# 3. the standard deviation of this gain (of a sample: divide by $N - 1$);
# 4. on how many pictures linear is worse than nearest.
#
# Items 2 to 4 are judged by your own table, so a slip in it costs nothing there. When the check is content, try it
# on real pictures, in a cell of your own:
#
# ```python
# from resampling import picture
#
# names = ["camera", "page", "coins", "brick", "gravel"]
# psnr_study(np.stack([picture(name, size=(190, 300)) for name in names]))
# ```
#
# <details><summary>A hint</summary>
#
# For one picture `x`, with `A` and `B` the antialias matrices of its two axes, the small one is `A @ x @ B.T`.
# `np.std` takes `ddof`.
# </details>


# %% task="psnr_study"
def psnr_study(pictures):
    """(table of dB, mean gain of linear over nearest, its standard deviation, pictures on which linear loses)."""
    ### BEGIN SOLUTION
    _, height, width = pictures.shape
    down = antialias_matrix(height, height // 2, "cubic")
    across = antialias_matrix(width, width // 2, "cubic")
    small = np.einsum("ih,nhw,jw->nij", down, pictures, across)
    columns = []
    for mode in ("nearest", "linear", "cubic"):
        squared = (resize(small, (height, width), mode) - pictures) ** 2
        columns.append(-10 * np.log10(squared.mean(axis=(1, 2))))
    table = np.stack(columns, axis=1)
    gains = table[:, 1] - table[:, 0]
    return table, gains.mean(), np.std(gains, ddof=1), np.count_nonzero(gains < 0)
    ### END SOLUTION


# %% check="psnr_study"
check_psnr_study(psnr_study)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-which-kernel} points, read by a person.* A colleague writes in a report: "We upsample bilinearly,
# since it works best. Nearest lowers the quality, and bicubic costs more for nothing."
#
# 1. Run your study on at least five pictures that come with `resampling.picture` (their names:
#    `resampling.catalogue("gray")`). Report the numbers with their spread. Which parts of the sentence do they
#    support, and for which pictures not?
# 2. PSNR compares with the picture from which the small one was made. Describe how the ranking could change if the
#    small picture had been made in another way, and one thing that PSNR does not see.
# 3. The upsampled array is a map of class numbers (0 = background, 1 = cat, 2 = dog), not a picture. Which mode, and
#    what goes wrong with the others?
# 4. Why does torch's default bicubic (`a = -3/4`) turn an even grey ramp into an uneven one, and what would you check
#    before you compare with Pillow?

# %% [markdown] question="which-kernel" points=5
# ### Model answer
#
# 1. A table of at least five pictures, mean gain and standard deviation. Typical: linear gains a few tenths of a
#    decibel to three over nearest, with a spread as large as the mean; it loses on `page` (thin dark print) and on
#    `moon` (doubled pixels). The cubic beats linear on all of them, by about 1 dB, on some by more than 2. So "best"
#    is wrong, "nearest lowers the quality" depends on the picture, and "for nothing" is wrong in this setting.
#    (2 points: numbers with spread, conclusion that follows from them)
# 2. If the small picture was made by leaving pixels out, it holds aliases, and sharp kernels reproduce them: linear
#    then beats the cubic on some pictures. If it was made by averaging blocks, nearest is exactly its transpose up
#    to a factor. PSNR does not see whether an error is jaggies, blur or ringing, nor whether a network trained on
#    the result is better. (1 point)
# 3. Nearest: it only copies. Halfway between 0 and 2 linear writes 1, and background next to dog becomes cat; the
#    cubic also gives numbers below 0 and above 2. Resize the probabilities or logits instead, then take the
#    largest. (1 point)
# 4. Only a = -1/2 has a first moment of zero: with -3/4 the weights' centre of mass is not at c, so a straight line
#    is not reproduced. Before comparing: a, antialias, the coordinate convention, the border rule. (1 point)
