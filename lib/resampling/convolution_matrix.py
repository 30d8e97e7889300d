"""Convolution written as one matrix: every entry placed by index algebra.

The whole module rests on the *tap matrices* ``E[t]``, which pick the samples that tap ``t`` multiplies. A convolution
is the sum of its taps, so its matrix is ``C = sum over t of weight[t] * E[t]``, and on a grid of two axes
``C = sum over a, b of weight[a, b] * kron(E[a], E[b])``. Dense, they are summed as they stand; sparse, their entries
are listed, so that nothing larger than the list is ever made.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy
from array_api_compat import array_namespace, device, is_numpy_array

from resampling.convolution import steps_and_pads
from resampling.grid_sizes import check_arrays, conv_output_size, per_axis, size_with_padding, whole_number

__all__ = [
    "conv_matrix1d",
    "conv_matrix2d",
    "conv_matrix3d",
    "count_nonzeros",
    "kron",
    "sampling_matrix",
    "tap_matrices",
]

Array = Any
Axis = tuple[int, int, int, tuple[int, int], int]  # n, k, s, (zeros before, zeros after), d


def sampling_matrix(
    length: int, stride: int, phase: int = 0, *, like: Array | None = None, sparse: bool = False
) -> Array:
    """Matrix ``S`` with ``S @ x == x[phase::stride]``.

    One row for every sample that is kept::

        S[i, j] = 1 where j == stride * i + phase, else 0

    Parameters
    ----------
    length, stride, phase : int
        Input length ``n``, step ``s``, and the first sample kept, ``0 <= phase < n``.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.
    sparse : bool
        Whether the result is a `scipy.sparse.csr_array`; for NumPy only.

    Returns
    -------
    array (ceil((n - phase) / s), n)

    Raises
    ------
    ValueError
        When an argument is out of range, or `sparse` is asked for another library than NumPy.

    Examples
    --------
    >>> sampling_matrix(5, 2)
    array([[1., 0., 0., 0., 0.],
           [0., 0., 1., 0., 0.],
           [0., 0., 0., 0., 1.]])

    See also the book page ``convolution-matrix``.
    """
    n, s, r = whole_number("length", length, 1), whole_number("stride", stride, 1), whole_number("phase", phase, 0)
    if r >= n:
        raise ValueError(f"phase must be below length = {n}, got {phase!r}")
    o, like = conv_output_size(n - r, 1, s), numpy.zeros(0) if like is None else like
    if not sparse:
        return _ones_where(o, n, s, r, like)
    i = numpy.arange(o)
    return _csr(numpy.ones(o, _numpys(like).dtype), i, s * i + r, (o, n))


def tap_matrices(
    length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1, *, like: Array | None = None
) -> Array:
    """Matrices ``E`` with ``E[t] @ x ==`` the samples that tap ``t`` multiplies, one for each window::

        E[t, i, j] = 1 where j == stride * i + dilation * t - padding, else 0

    A window that hangs over the border leaves a row of zeros.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        As in `conv_output_size`.
    like : array, optional
        As in `sampling_matrix`.

    Returns
    -------
    array (k, o, n)
        Namespace, dtype and device of `like`; NumPy float64 when left out.

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> tap_matrices(3, 2)
    array([[[1., 0., 0.],
            [0., 1., 0.]],
    <BLANKLINE>
           [[0., 1., 0.],
            [0., 0., 1.]]])
    """
    conv_output_size(length, kernel_size, stride, padding, dilation)  # refuses what is out of range
    axis = (length, kernel_size, stride, (padding, padding), dilation)
    return _tap_matrices(axis, numpy.zeros(0) if like is None else like)


def _tap_matrices(axis: Axis, like: Array) -> Array:
    n, k, s, (before, _), d = axis
    o = size_with_padding(*axis)
    return array_namespace(like).stack([_ones_where(o, n, s, d * t - before, like) for t in range(k)])


def _ones_where(rows: int, columns: int, step: int, start: int, like: Array) -> Array:
    """1 where ``j == step * i + start``."""
    xp, where = array_namespace(like), device(like)
    i = xp.arange(rows, device=where)[:, None]
    j = xp.arange(columns, device=where)[None, :]
    return xp.astype(j == step * i + start, like.dtype)


def conv_matrix1d(
    weight: Array,
    length: int,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    sparse: bool = False,
) -> Array:
    """Matrix ``C`` with ``C @ x == conv1d(x, weight, stride=..., padding=..., dilation=..., groups=...)``.

    Row ``i`` holds the kernel, its tap ``t`` moved to column ``stride * i + dilation * t - padding``::

        C = sum over t of weight[t] * E[t]        (E: `tap_matrices`)

    Parameters
    ----------
    weight : array (k,) or (C_out, C_in / groups, k)
        Taps in cross-correlation order (as torch: not flipped).
    length : int
        Input length ``n``.
    stride, padding, dilation, groups : int
        As in `conv1d`, `padding` in words too.
    sparse : bool
        Whether the result is a `scipy.sparse.csr_array` (`weight` of NumPy only), with one entry for each tap that
        meets the input, a tap of 0 too; made in time and memory proportional to its entries.

    Returns
    -------
    array (o, n) or (C_out * o, C_in * n)
        Namespace, dtype and device of `weight`. With channels, ``x`` is flattened channel after channel.

    Raises
    ------
    ValueError
        When an argument is out of range, shapes do not fit, no window fits, or `sparse` is asked for another library
        than NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> conv_matrix1d(np.array([1.0, 2.0]), 3)
    array([[1., 2., 0.],
           [0., 1., 2.]])
    >>> conv_matrix1d(np.ones(3), 1_000_000, padding="same", sparse=True).nnz
    2999998

    See also the book page ``convolution-matrix``.
    """
    return _conv_matrix(weight, (whole_number("length", length, 1),), stride, padding, dilation, groups, sparse)


def conv_matrix2d(
    weight: Array,
    size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    sparse: bool = False,
) -> Array:
    """Matrix ``C`` with ``C @ x.ravel() == conv2d(x, weight, ...).ravel()``, pixels taken row after row.

    A grid of Toeplitz blocks, itself Toeplitz: block ``(i, k)`` is the 1-D matrix of kernel row ``k + p - s*i``::

        C = sum over a, b of weight[a, b] * kron(E[a], E[b])

    As `conv_matrix1d`, with two axes:

    Parameters
    ----------
    weight : array (kH, kW) or (C_out, C_in / groups, kH, kW)
    size : (H, W)
    stride, padding, dilation : int or (vertical, horizontal)
        As in `conv2d`, `padding` in words too.

    Returns
    -------
    array (oH * oW, H * W) or (C_out * oH * oW, C_in * H * W)
        Namespace, dtype and device of `weight`.

    Examples
    --------
    >>> import numpy as np
    >>> conv_matrix2d(np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 3))
    array([[1., 2., 0., 3., 4., 0.],
           [0., 1., 2., 0., 3., 4.]])

    See also the book page ``convolution-matrix-2d``.
    """
    return _conv_matrix(weight, per_axis("size", size, 2, 1), stride, padding, dilation, groups, sparse)


def conv_matrix3d(
    weight: Array,
    size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    sparse: bool = False,
) -> Array:
    """Matrix ``C`` with ``C @ x.ravel() == conv3d(x, weight, ...).ravel()``, the last axis running fastest.

    As `conv_matrix1d`, with three axes: ``C = sum over a, b, c of weight[a, b, c] * kron(kron(E[a], E[b]), E[c])``.

    Parameters
    ----------
    weight : array (kD, kH, kW) or (C_out, C_in / groups, kD, kH, kW)
    size : (D, H, W)
    stride, padding, dilation : int or (depth, vertical, horizontal)
        As in `conv3d`, `padding` in words too.

    Returns
    -------
    array (oD * oH * oW, D * H * W) or (C_out * oD * oH * oW, C_in * D * H * W)
        Namespace, dtype and device of `weight`.

    Examples
    --------
    >>> import numpy as np
    >>> conv_matrix3d(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), (2, 1, 3))
    array([[1., 2., 0., 3., 4., 0.],
           [0., 1., 2., 0., 3., 4.]])
    """
    return _conv_matrix(weight, per_axis("size", size, 3, 1), stride, padding, dilation, groups, sparse)


def _conv_matrix(
    weight: Array,
    size: tuple[int, ...],
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    sparse: bool,
) -> Array:
    axes, groups = len(size), whole_number("groups", groups, 1)
    check_arrays(weight=weight)
    if weight.ndim not in (axes, axes + 2) or 0 in weight.shape:
        raise ValueError(f"weight must have {axes} axes, or {axes + 2} with channels, none empty; got {weight.shape}")
    weight = weight if weight.ndim > axes else weight[None, None, ...]
    if weight.shape[0] % groups:
        raise ValueError(f"groups={groups} must divide the {weight.shape[0]} output channels of weight")
    kernel = tuple(weight.shape[2:])
    stride, dilation, pads = steps_and_pads(kernel, stride, padding, dilation)
    grid = list(zip(size, kernel, stride, pads, dilation, strict=True))
    return (_sparse_matrix if sparse else _dense_matrix)(weight, grid, groups)


def _dense_matrix(weight: Array, grid: Sequence[Axis], groups: int) -> Array:
    """Each axis of taps becomes two, output position and input position."""
    xp, full = array_namespace(weight), _with_all_channels(weight, groups)
    for axis in grid:
        full = xp.tensordot(full, _tap_matrices(axis, weight), axes=([2], [0]))
    rows, columns = (0, *range(2, full.ndim, 2)), (1, *range(3, full.ndim, 2))
    shape = prod(full.shape[axis] for axis in rows), prod(full.shape[axis] for axis in columns)
    return xp.reshape(xp.permute_dims(full, rows + columns), shape)


def _with_all_channels(weight: Array, groups: int) -> Array:
    """Weight (C_out, C_in/groups, ...) as (C_out, C_in, ...), zero where a group does not read a channel."""
    xp, (outputs, share, *kernel) = array_namespace(weight), weight.shape
    own = xp.eye(groups, dtype=weight.dtype, device=device(weight))
    own = xp.reshape(own, (groups, 1, groups, 1, *(1 for _ in kernel)))
    blocks = xp.reshape(weight, (groups, outputs // groups, 1, share, *kernel)) * own
    return xp.reshape(blocks, (outputs, groups * share, *kernel))


def _sparse_matrix(weight: Array, grid: Sequence[Axis], groups: int) -> Array:
    """Entry ``weight[m, c, t...]`` stands in row ``(m, i...)`` and column ``(channel that c is, j...)``."""
    outputs, share = weight.shape[:2]
    entries = zip(*map(_tap_entries, grid), strict=True)  # t of each axis, i of each axis, j of each axis
    (m, c, *t), (_, _, *i), (_, _, *j) = (numpy.ix_(range(outputs), range(share), *vectors) for vectors in entries)
    rows = outputs, *(size_with_padding(*axis) for axis in grid)
    columns = groups * share, *(n for n, *_ in grid)
    channel = m // (outputs // groups) * share + c
    row, column = numpy.ravel_multi_index((m, *i), rows), numpy.ravel_multi_index((channel, *j), columns)
    return _csr(_numpys(weight)[(m, c, *t)], row, column, (prod(rows), prod(columns)))


def _tap_entries(axis: Axis) -> tuple[Array, Array, Array]:
    """Vectors ``t, i, j``: tap ``t`` of window ``i`` meets sample ``j``, for all that meet one."""
    n, k, s, (before, _), d = axis
    t, i = numpy.indices((k, size_with_padding(*axis)))
    j = s * i + d * t - before
    met = (j >= 0) & (j < n)
    return t[met], i[met], j[met]


def _numpys(like: Array) -> Array:
    """`like` itself, refused unless SciPy can make sparse arrays of its kind."""
    if not is_numpy_array(like) or like.dtype == numpy.float16:
        kind = f"{type(like).__module__}, {like.dtype}"
        raise ValueError(f"sparse=True needs NumPy numbers of a dtype that SciPy has (no float16), got {kind}")
    return like


def _csr(entries: Array, row: Array, column: Array, shape: tuple[int, int]) -> Array:
    """Sparse matrix with `entries` at ``(row, column)``."""
    from scipy.sparse import coo_array

    entries, row, column = (a.ravel() for a in numpy.broadcast_arrays(entries, row, column))
    return coo_array((entries, (row, column)), shape=shape).tocsr()


def kron(a: Array, b: Array) -> Array:
    """Kronecker product: ``kron(a, b)[i*rows(b) + k, j*columns(b) + l] == a[i, j] * b[k, l]``.

    The matrix of a separable kernel ``weight[a, b] == u[a] * v[b]`` is
    ``kron(conv_matrix1d(u, H), conv_matrix1d(v, W))``.

    Parameters
    ----------
    a, b : array (rows, columns)

    Returns
    -------
    array (rows(a) * rows(b), columns(a) * columns(b))

    Raises
    ------
    ValueError
        When one of them is no matrix.

    Examples
    --------
    >>> import numpy as np
    >>> kron(np.array([[1, 2]]), np.array([[3, 0], [0, 3]]))
    array([[3, 0, 6, 0],
           [0, 3, 0, 6]])
    """
    check_arrays(a=a, b=b)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"kron takes two matrices, got shapes {a.shape} and {b.shape}")
    xp = array_namespace(a, b)
    product = a[:, None, :, None] * b[None, :, None, :]
    return xp.reshape(product, (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]))


def count_nonzeros(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Entries that a kernel without zeros fills in its ``(o, n)`` matrix, counted without building it.

    Tap ``t`` fills one entry for every window ``i`` with ``0 <= stride*i + dilation*t - padding < length``. On two
    axes the count is the product of the counts of each axis.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        As in `conv_output_size`.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> count_nonzeros(5, 3), count_nonzeros(5, 3, padding=1)
    (9, 13)
    """
    o = conv_output_size(length, kernel_size, stride, padding, dilation)
    starts = (dilation * t - padding for t in range(kernel_size))
    return sum(_progression_inside(start, stride, o, length) for start in starts)


def _progression_inside(start: int, step: int, terms: int, length: int) -> int:
    """How many of ``start, start + step, ...`` (`terms` of them) lie in ``[0, length)``."""
    first = max(0, -(start // step))  # ceil(-start / step)
    last = min(terms - 1, (length - 1 - start) // step)
    return max(0, last - first + 1)
