# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · The convolution matrix
#
# You will write convolution as a matrix: first the sampling that a stride does, then the kernel in one dimension, in
# two, with channels and groups; and at the end you count the entries of a matrix far too large to build.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like: these
# matrices are there to be understood, and speed earns nothing here. Below each function stands its check. Run it as
# often as you want: it tells what is right, names the mistake if it knows it, and shows the difference as a picture.
# Functions that do the work of a task may not be used: those of this course's library `resampling`,
# `scipy.linalg.toeplitz`, `torch.nn.functional.conv1d` and their like. The check says so when it meets one.
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | `n` | samples in | | `s` | stride |
# | `o` | samples out | | `p` | padding, zeros on each side |
# | `k` | taps of the kernel | | `d` | dilation, distance between taps |
#
# The length of the output is `o = (n + 2*p - d*(k - 1) - 1) // s + 1`. Where a task names no dilation, `d = 1`.

# %% setup="imports"
import numpy as np

from resampling.checks.convolution_matrix import (
    check_conv_matrix1d,
    check_conv_matrix2d,
    check_conv_matrix_channels,
    check_count_nonzeros,
    check_sampling_matrix,
)

# %% [markdown]
# ## 1 · Keep every s-th sample
#
# *{points:sampling_matrix} points.* A strided convolution computes a result at every place and keeps some of them. The
# keeping alone is a matrix. Write `sampling_matrix(length, stride, phase)`: the matrix $S$ with
# `S @ x` equal to `x[phase::stride]` for every `x` with `length` samples.
#
# For `length = 5`, `stride = 2` and `phase = 0` it keeps samples 0, 2 and 4:
#
# $$S = \begin{bmatrix} 1&0&0&0&0 \\ 0&0&1&0&0 \\ 0&0&0&0&1 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Each row holds a single 1. In which column? And how many rows are there: how many elements does
# `range(phase, length, stride)` have?
# </details>


# %% task="sampling_matrix"
def sampling_matrix(length, stride, phase=0):
    """Matrix S, one row for each sample kept, with S @ x == x[phase::stride]."""
    ### BEGIN SOLUTION
    kept = range(phase, length, stride)
    matrix = np.zeros((len(kept), length))
    for row, sample in enumerate(kept):
        matrix[row, sample] = 1
    return matrix
    ### END SOLUTION


# %% check="sampling_matrix"
check_sampling_matrix(sampling_matrix)

# %% [markdown]
# ## 2 · The matrix of a kernel
#
# *{points:conv_matrix1d} points.* Write `conv_matrix1d(weight, length, stride, padding, dilation)`: the matrix $C$,
# of shape `(o, n)`, with `C @ x` equal to the convolution of `x` with the kernel `weight`, as deep learning
# defines it: the kernel is not flipped, and samples outside `x` count as 0. The result takes the dtype of `weight`.
#
# With `weight = [1, 2]`, `length = 3` and nothing else:
#
# $$C = \begin{bmatrix} 1&2&0 \\ 0&1&2 \end{bmatrix}$$
#
# Every property has its own points, so a first version that only knows `stride` is worth something.
#
# <details><summary>A hint</summary>
#
# Take one row, that is, one window. At which sample does window `i` begin when there is a stride? When there is
# padding? How far from there is tap `t`?
# </details>
# <details><summary>Another hint</summary>
#
# Where a tap hangs over the border there is no column for it. Remember what `C[i, -1]` means in Python.
# </details>


# %% task="conv_matrix1d"
def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):
    """Matrix C of shape (o, length), in the dtype of weight, with C @ x == the convolution of x with weight."""
    ### BEGIN SOLUTION
    taps = len(weight)
    windows = (length + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    matrix = np.zeros((windows, length), dtype=weight.dtype)
    for window in range(windows):
        for tap in range(taps):
            sample = stride * window - padding + dilation * tap
            if 0 <= sample < length:
                matrix[window, sample] = weight[tap]
    return matrix
    ### END SOLUTION


# %% check="conv_matrix1d"
check_conv_matrix1d(conv_matrix1d)

# %% [markdown]
# ## 3 · Two dimensions
#
# *{points:conv_matrix2d} points.* A picture of `size = (H, W)` becomes a vector row after row, as `x.ravel()` does it.
# Write `conv_matrix2d(weight, size, stride, padding)`: the matrix with `C @ x.ravel()` equal to the 2-D
# convolution, itself taken row after row. `weight` has shape `(kH, kW)`; `stride` and `padding` are pairs, the
# vertical one first.
#
# With `weight = [[1, 2], [3, 4]]` and a picture of 2 × 3 pixels:
#
# $$C = \begin{bmatrix} 1&2&0&3&4&0 \\ 0&1&2&0&3&4 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# Which number does pixel `(y, x)` get in `x.ravel()`? Which number does output `(i, j)` get? Try a picture that is not
# square.
# </details>
# <details><summary>Another hint</summary>
#
# Look at the example: it has the 1-D matrix of `[1, 2]` in it, and the 1-D matrix of `[3, 4]`. `np.kron` is allowed.
# </details>


# %% task="conv_matrix2d"
def conv_matrix2d(weight, size, stride=(1, 1), padding=(0, 0)):
    """Matrix C of shape (oH * oW, H * W) with C @ x.ravel() == the 2-D convolution of x with weight, raveled."""
    ### BEGIN SOLUTION
    height, width = size
    rows = (height + 2 * padding[0] - weight.shape[0]) // stride[0] + 1
    columns = (width + 2 * padding[1] - weight.shape[1]) // stride[1] + 1
    matrix = np.zeros((rows * columns, height * width), dtype=weight.dtype)
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(*weight.shape):
            y, x = stride[0] * i - padding[0] + a, stride[1] * j - padding[1] + b
            if 0 <= y < height and 0 <= x < width:
                matrix[i * columns + j, y * width + x] = weight[a, b]
    return matrix
    ### END SOLUTION


# %% check="conv_matrix2d"
check_conv_matrix2d(conv_matrix2d)

# %% [markdown]
# ## 4 · Channels and groups
#
# *{points:conv_matrix_channels} points.* Back to one dimension, now with the weight of a real layer, of shape
# `(C_out, C_in / groups, k)`. The input `(C_in, n)` and the output `(C_out, o)` are raveled: all samples of channel
# 0, then all of channel 1, and so on. So the matrix has `C_out` × `C_in` blocks, each an `(o, n)` matrix of one kernel.
#
# With `groups = g`, output channels and input channels are both cut into `g` equal runs, and run `q` of the outputs
# sees only run `q` of the inputs. For 4 channels in, 4 out and 2 groups, with $A_{mc}$ the matrix of `weight[m, c]`:
#
# $$C = \begin{bmatrix} A_{00}&A_{01}&0&0 \\ A_{10}&A_{11}&0&0 \\ 0&0&A_{20}&A_{21} \\ 0&0&A_{30}&A_{31} \end{bmatrix}$$
#
# You may use your `conv_matrix1d`.
#
# <details><summary>A hint</summary>
#
# Output channel `m` reads `weight.shape[1]` input channels. Which is the first of them? Draw the blocks for 4 output
# channels, 2 groups and `weight.shape[1] == 1`.
# </details>


# %% task="conv_matrix_channels"
def conv_matrix_channels(weight, length, stride=1, padding=0, groups=1):
    """Matrix of shape (C_out * o, C_in * length) of a 1-D convolution with channels and groups."""
    ### BEGIN SOLUTION
    channels_out, share, _ = weight.shape
    windows, _ = conv_matrix1d(weight[0, 0], length, stride, padding).shape
    matrix = np.zeros((channels_out * windows, groups * share * length), dtype=weight.dtype)
    for m in range(channels_out):
        group = m // (channels_out // groups)
        for c in range(share):
            top, left = m * windows, (group * share + c) * length
            matrix[top : top + windows, left : left + length] = conv_matrix1d(weight[m, c], length, stride, padding)
    return matrix
    ### END SOLUTION


# %% check="conv_matrix_channels"
check_conv_matrix_channels(conv_matrix_channels)

# %% [markdown]
# ## 5 · Count without building
#
# *{points:count_nonzeros} points.* Most entries of a convolution matrix are zeros that never change. Write
# `count_nonzeros(length, kernel_size, stride, padding, dilation)`: how many entries of the 1-D matrix a kernel without
# zeros fills. The last case has $10^{12}$ samples, so you cannot go through the windows one by one.
#
# For `length = 5` and `kernel_size = 3` there are 9 such entries; with `padding = 1` there are 13, not 15.
#
# <details><summary>A hint</summary>
#
# Go through the taps instead: there are few. For how many windows `i` does tap `t` meet a sample of `x`, that is,
# `0 <= s*i + d*t - p <= n - 1`?
# </details>


# %% task="count_nonzeros"
def count_nonzeros(length, kernel_size, stride=1, padding=0, dilation=1):
    """Number of entries of the (o, length) matrix that a kernel without zeros fills."""
    ### BEGIN SOLUTION
    windows = (length + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
    total = 0
    for tap in range(kernel_size):
        offset = dilation * tap - padding
        before = (max(0, -offset) + stride - 1) // stride  # windows whose tap lies left of x
        inside = max(0, length - offset + stride - 1) // stride  # windows whose tap lies left of the end of x
        total += max(0, min(windows, inside) - before)
    return total
    ### END SOLUTION


# %% check="count_nonzeros"
check_count_nonzeros(count_nonzeros)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-what-the-matrix-shows} points, read by a person.* A `Linear` layer without bias from 224 × 224
# pixels to 224 × 224 pixels is also a matrix, and it could learn to be any convolution with one channel that keeps the
# size. Explain to somebody who has used both layers:
#
# 1. How could you tell from a matrix alone that it is the matrix of a 1-D convolution, and read off its stride? Name
#    at least two signs, and give a matrix that has one of your signs but is not the matrix of a convolution.
# 2. How many numbers does the `Linear` layer learn, and how many does a 3 × 3 convolution without bias? Where, in
#    the matrix of the convolution, is each of its numbers?
# 3. What does the convolution give up for that? Describe one thing that a `Linear` layer can do and a convolution
#    cannot.

# %% [markdown] question="what-the-matrix-shows" points=5
# ### Model answer
#
# 1. *Sparsity*: away from the border each row has at most k entries, in places d apart. *Repetition*: each row is the
#    row above, moved s columns to the right; so entry (i, j) depends only on j − s·i. The distance by which it moves is
#    the stride. A banded matrix with other numbers in each row has the first sign only: it is a *locally connected*
#    layer, without weight sharing. (2 points: one a sign, the counter-example included)
# 2. Linear: 50176² ≈ 2.5 · 10⁹ weights. Convolution: 9. Each of the nine stands in nearly
#    every row once, along one diagonal of the doubly blocked matrix. (2 points)
# 3. Every output looks through the same window in the same way: no dependence on the place (other than by the
#    border), and nothing beyond the window. A Linear layer can, say, mirror the picture or weigh its corners. (1 point)
