# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · Unpooling
#
# You will lay samples apart, first on a regular grid and then where their maxima were found; count what the indices
# cost; move them to a picture of another size; and at the end find out what the adjoint of unpooling really is.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, the layers of `torch.nn`, resizing by OpenCV and their like.
#
# Pooled maps and planes have the shape `(channels, height, width)`. The *index* of a pixel is its number in the plane
# of its channel, counted row after row from 0: `width * row + column`. Pairs are (vertical, horizontal).

# %% setup="imports"
import numpy as np

from resampling.checks.unpooling import (
    check_bed_of_nails,
    check_index_memory,
    check_max_unpool,
    check_max_unpool_adjoint,
    check_reindex,
)

# %% [markdown]
# ## 1 · A bed of nails
#
# *{points:bed_of_nails} points.* Write `bed_of_nails(input, stride, phase)`: pixel `(i, j)` of the picture goes to
# row `s0*i + r0` and column `s1*j + r1`, with `stride = (s0, s1)` and `phase = (r0, r1)`. Everything else is zero. A
# picture of `(h, w)` pixels becomes one of `(s0*h, s1*w)`, whatever the phase, and keeps its dtype.
#
# `bed_of_nails(np.array([[1, 2]]), stride=(2, 3))` is
#
# $$\begin{bmatrix} 1&0&0&2&0&0 \\ 0&0&0&0&0&0 \end{bmatrix}$$
#
# and with `phase=(1, 2)` the 1 stands in row 1 and column 2.
#
# <details><summary>A hint</summary>
#
# Begin with zeros of the right size. How many zeros follow the last pixel? Slices with a step do the rest, but two
# loops are as good.
# </details>


# %% task="bed_of_nails"
def bed_of_nails(input, stride=(1, 1), phase=(0, 0)):
    """Picture of (s0 * h, s1 * w) pixels with input[i, j] at (s0 * i + r0, s1 * j + r1), and zeros elsewhere."""
    ### BEGIN SOLUTION
    nail = np.zeros(stride, dtype=input.dtype)
    nail[phase] = 1
    return np.kron(input, nail)
    ### END SOLUTION


# %% check="bed_of_nails"
check_bed_of_nails(bed_of_nails)

# %% [markdown]
# ## 2 · Back to where the maximum was
#
# *{points:max_unpool} points.* Write `max_unpool(input, indices, size)`: planes of `size = (H, W)` pixels, one for
# each channel, in which every value of `input` stands at its index, and zeros elsewhere. `input` and `indices` have
# the shape `(channels, h, w)`.
#
# Overlapping windows may have found the same pixel. Of several values with one index the *last* one stays, when you
# go through the pooled map row after row.
#
# For one channel, `input = [[5, 6]]`, `indices = [[1, 6]]` and `size = (2, 4)`:
#
# $$\begin{bmatrix} 0&5&0&0 \\ 0&0&6&0 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# In which row is pixel 6, if a row has 4 pixels? In which column? `divmod` knows both.
# </details>
# <details><summary>Another hint</summary>
#
# Make the planes flat, `(channels, H*W)`, and give them their shape at the end.
# </details>


# %% task="max_unpool"
def max_unpool(input, indices, size):
    """Planes (channels, H, W) with each value at its index, the last one where several meet, and zeros elsewhere."""
    ### BEGIN SOLUTION
    height, width = size
    planes = np.zeros((len(input), height * width), dtype=input.dtype)
    for channel, row, column in np.ndindex(*input.shape):
        planes[channel, indices[channel, row, column]] = input[channel, row, column]
    return planes.reshape(-1, height, width)
    ### END SOLUTION


# %% check="max_unpool"
check_max_unpool(max_unpool)

# %% [markdown]
# ## 3 · What the memory costs
#
# *{points:index_memory} points.* An encoder pools several times. `stages` is a tuple with `(channels, kH, kW)` for
# each pooling: the map that it pools has so many channels, and its windows of `kH` × `kW` pixels lie side by side
# (the stride is the kernel size, and what is left over at the border is dropped). The first map has `size = (H, W)`
# pixels. Write `index_memory(batch, size, stages, dtype_bytes)`. It returns three numbers of bytes, each summed over
# all stages:
#
# 1. what a U-Net keeps: the maps *before* each pooling, with `dtype_bytes` bytes a number;
# 2. what unpooling keeps: the indices of each pooling, as int64;
# 3. the least that would do: a window of $m = k_H k_W$ pixels needs as many bits as tell $m$ places apart, that is
#    $\lceil\log_2 m\rceil$. Round up to whole bytes in each stage.
#
# `index_memory(1, (4, 6), ((3, 2, 2),))` is `(288, 144, 5)`.
#
# <details><summary>A hint</summary>
#
# 3 channels of 4 × 6 pixels are 72 numbers. There are 3 · 2 · 3 = 18 windows, with 2 bits each.
# </details>
# <details><summary>Another hint</summary>
#
# For 9 places 3 bits are not enough. `(m - 1).bit_length()` is right for every m, the logarithm needs care.
# </details>


# %% task="index_memory"
def index_memory(batch, size, stages, dtype_bytes=4):
    """(bytes of the maps before pooling, bytes of the int64 indices, least bytes that would do)."""
    ### BEGIN SOLUTION
    height, width = size
    before, wide, narrow = [], [], []
    for channels, rows, columns in stages:
        before.append(batch * channels * height * width * dtype_bytes)
        height, width = height // rows, width // columns
        windows = batch * channels * height * width
        wide.append(8 * windows)
        bits = 0
        while 2**bits < rows * columns:
            bits += 1
        narrow.append((bits * windows + 7) // 8)
    return sum(before), sum(wide), sum(narrow)
    ### END SOLUTION


# %% check="index_memory"
check_index_memory(index_memory)

# %% [markdown]
# ## 4 · Another size
#
# *{points:reindex} points.* Indices belong to the plane in which they were counted. When a decoder works on planes of
# another size, they must be counted anew. Write `reindex(indices, size, new_size)`: for each index of a plane of
# `size = (H, W)` pixels, the index of the *same row and column* in a plane of `new_size` pixels, or `-1` if that
# plane has no such pixel. `indices` may have any shape, and the result has the same shape and dtype.
#
# `reindex(np.array([[6, 18]]), (5, 5), (4, 4))` is `[[5, 15]]`, and with `new_size = (9, 3)` it is `[[4, -1]]`.
#
# <details><summary>A hint</summary>
#
# 18 is row 3 and column 3 of a plane that is 5 pixels wide. And in one that is 3 pixels wide?
# </details>


# %% task="reindex"
def reindex(indices, size, new_size):
    """Indices of the same pixels in a plane of new_size, -1 where it has no such pixel."""
    ### BEGIN SOLUTION
    table = np.full(size, -1)  # for each pixel of the old plane, its number in the new one
    rows, columns = min(size[0], new_size[0]), min(size[1], new_size[1])
    table[:rows, :columns] = np.arange(new_size[0] * new_size[1]).reshape(new_size)[:rows, :columns]
    return table.ravel()[indices]
    ### END SOLUTION


# %% check="reindex"
check_reindex(reindex)

# %% [markdown]
# ## 5 · The true adjoint
#
# *{points:max_unpool_adjoint} points.* With its indices held fast, unpooling is a linear map $U$ of the pooled
# values. Write `max_unpool_adjoint(output, indices)`, which computes $U^{\mathsf T}v$: from planes `output` of shape
# `(channels, H, W)` to an array of the shape of `indices`, such that for all $y$ and $v$
#
# $$\langle U y, v\rangle = \langle y, U^{\mathsf T} v\rangle ,$$
#
# where $U$ is the `max_unpool` of task 2, *also when an index occurs several times*. Write $U$ as a matrix first, on
# paper, for three values with the indices 1, 1 and 3 in a row of five samples.
#
# <details><summary>A hint</summary>
#
# You can test your answer yourself: draw `y` and `v` at random and compare the two sums.
# </details>
# <details><summary>Another hint</summary>
#
# How do you find out which of several values was kept? Lay something else than values, and see what is left.
# </details>


# %% task="max_unpool_adjoint"
def max_unpool_adjoint(output, indices):
    """Array of the shape of indices: the adjoint of max_unpool, applied to output."""
    ### BEGIN SOLUTION
    result = np.zeros(indices.shape, dtype=output.dtype)
    for channel, plane in enumerate(output):
        owner = {}  # index -> who lay there last
        for place in np.ndindex(*indices.shape[1:]):
            owner[int(indices[channel][place])] = place
        for index, place in owner.items():
            result[channel][place] = plane.ravel()[index]
    return result
    ### END SOLUTION


# %% check="max_unpool_adjoint"
check_max_unpool_adjoint(max_unpool_adjoint)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-what-comes-back} points, read by a person.* A colleague builds an autoencoder. The encoder ends
# each stage with batch normalisation and `MaxPool2d(3, stride=2, padding=1, return_indices=True)`, without a ReLU
# between the two; the decoder begins each stage with `MaxUnpool2d` and the stored indices. "Unpooling reverses the
# pooling," says the colleague, "so the decoder only has to learn the rest."
#
# 1. Name three different things that go wrong or are lost between the map before the pooling and the one after the
#    unpooling, with the decoder's layers in between, or when that one is pooled again; each with an example of a few
#    numbers. Which of them would a ReLU in front of the pooling prevent, and what would it cost?
# 2. Which loss disappears with `MaxPool2d(2)`? And which statement about unpooling is then exactly true?
# 3. The code that is to compress pictures counts the numbers in the bottleneck only: "256 to 1". What is missing in
#    this account?

# %% [markdown] question="what-comes-back" points=5
# ### Model answer
#
# 1. (3 points, one for each with its example.) *Samples that are no maximum*: [3, 1] becomes [3, 0]; no ReLU helps.
#    *Values that meet*: windows overlap, one maximum is found by two of them; as long as the values are the pooled
#    ones nothing happens (they are equal), but after the layers of the decoder they differ, all but one are
#    overwritten, and torch does not even promise which; a ReLU does not help. *Negative maxima*: [-1, -2] becomes
#    [-1, 0], and pooled again 0: the zeros that were filled in are larger than the maximum. A ReLU in front prevents
#    this, because then no maximum is negative, at the cost of all negative values. (The *size*
#    counts too: without `output_size`, 4 samples are pooled to 2 and unpooled to 3, and in a picture each row after the
#    first is out of step.)
# 2. Side by side, no two windows find the same pixel, so nothing is overwritten. Then gathering at the indices after
#    unpooling returns every value, of either sign: unpooling is an exact right inverse of the gather (and UᵀU = 1).
#    It is not an inverse of max-pooling, neither on the left nor, for negative values, on the right. (1 point)
# 3. The decoder needs the indices too: one for each pooled sample of every stage, 8 bytes as int64, at least
#    ⌈log₂ 9⌉ = 4 bits. They carry much of the picture (where its edges are). The account must add them. (1 point)
