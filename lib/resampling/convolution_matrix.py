"""Convolution written as one matrix: every entry placed by index algebra.

The whole module rests on the *tap matrices* ``E[t]``, which pick the samples that tap ``t`` multiplies. A convolution
is the sum of its taps, so its matrix is ``C = sum over t of weight[t] * E[t]``, and on a grid of two axes
``C = sum over a, b of weight[a, b] * kron(E[a], E[b])``.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy
from array_api_compat import array_namespace, device

from resampling.grid_sizes import conv_output_size, per_axis, whole_number

__all__ = ["conv_matrix1d", "conv_matrix2d", "count_nonzeros", "kron", "sampling_matrix", "tap_matrices"]

Array = Any


def sampling_matrix(length: int, stride: int, phase: int = 0, *, like: Array | None = None) -> Array:
    """Matrix ``S`` with ``S @ x == x[phase::stride]``.

    One row for every sample that is kept::

        S[i, j] = 1 where j == stride * i + phase, else 0

    Parameters
    ----------
    length, stride, phase : int
        Input length ``n``, step ``s``, and the first sample kept, ``0 <= phase < n``.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (ceil((n - phase) / s), n)

    Raises
    ------
    ValueError
        When an argument is out of range.

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
    return _ones_where(conv_output_size(n - r, 1, s), n, s, r, numpy.zeros(0) if like is None else like)


def tap_matrices(
    length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1, *, like: Array | None = None
) -> Array:
    """Matrices ``E`` with ``E[t] @ x ==`` the samples that tap ``t`` multiplies, one for each window::

        E[t, i, j] = 1 where j == stride * i + dilation * t - padding, else 0

    A window that hangs over the border leaves a row of zeros.

    Returns
    -------
    array (k, o, n)
        Namespace, dtype and device of `like`; NumPy float64 when left out.

    Examples
    --------
    >>> tap_matrices(3, 2)
    array([[[1., 0., 0.],
            [0., 1., 0.]],
    <BLANKLINE>
           [[0., 1., 0.],
            [0., 0., 1.]]])
    """
    o = conv_output_size(length, kernel_size, stride, padding, dilation)
    like = numpy.zeros(0) if like is None else like
    xp = array_namespace(like)
    return xp.stack([_ones_where(o, length, stride, dilation * t - padding, like) for t in range(kernel_size)])


def _ones_where(rows: int, columns: int, step: int, start: int, like: Array) -> Array:
    """1 where ``j == step * i + start``."""
    xp, where = array_namespace(like), device(like)
    i = xp.arange(rows, device=where)[:, None]
    j = xp.arange(columns, device=where)[None, :]
    return xp.astype(j == step * i + start, like.dtype)


def conv_matrix1d(
    weight: Array, length: int, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
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
        As in `conv1d`.

    Returns
    -------
    array (o, n) or (C_out * o, C_in * n)
        Namespace, dtype and device of `weight`. With channels, ``x`` is flattened channel after channel.

    Raises
    ------
    ValueError
        When an argument is out of range, shapes do not fit, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> conv_matrix1d(np.array([1.0, 2.0]), 3)
    array([[1., 2., 0.],
           [0., 1., 2.]])

    See also the book page ``convolution-matrix``.
    """
    return _conv_matrix(weight, (length,), stride, padding, dilation, groups)


def conv_matrix2d(
    weight: Array,
    size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Matrix ``C`` with ``C @ x.ravel() == conv2d(x, weight, ...).ravel()``, pixels taken row after row.

    A grid of Toeplitz blocks, itself Toeplitz: block ``(i, k)`` is the 1-D matrix of kernel row ``k + p - s*i``::

        C = sum over a, b of weight[a, b] * kron(E[a], E[b])

    Parameters
    ----------
    weight : array (kH, kW) or (C_out, C_in / groups, kH, kW)
    size : (H, W)
    stride, padding, dilation : int or (vertical, horizontal)
    groups : int

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
    return _conv_matrix(weight, per_axis("size", size, 2, 1), stride, padding, dilation, groups)


def _conv_matrix(
    weight: Array,
    size: tuple[int, ...],
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    dilation: int | Sequence[int],
    groups: int,
) -> Array:
    axes, xp = len(size), array_namespace(weight)
    if weight.ndim not in (axes, axes + 2) or 0 in weight.shape:
        raise ValueError(f"weight must have {axes} axes, or {axes + 2} with channels, none empty; got {weight.shape}")
    channels = weight.ndim > axes
    full = _with_all_channels(weight if channels else weight[None, None, ...], groups)
    options = zip(
        size,
        full.shape[2:],
        per_axis("stride", stride, axes, 1),
        per_axis("padding", padding, axes, 0),
        per_axis("dilation", dilation, axes, 1),
        strict=True,
    )
    for option in options:  # each axis of taps becomes (output position, input position)
        full = xp.tensordot(full, tap_matrices(*option, like=weight), axes=([2], [0]))
    rows, columns = (0, *range(2, full.ndim, 2)), (1, *range(3, full.ndim, 2))
    shape = prod(full.shape[axis] for axis in rows), prod(full.shape[axis] for axis in columns)
    return xp.reshape(xp.permute_dims(full, rows + columns), shape)


def _with_all_channels(weight: Array, groups: int) -> Array:
    """Weight (C_out, C_in/groups, ...) as (C_out, C_in, ...), zero where a group does not read a channel."""
    xp, groups = array_namespace(weight), whole_number("groups", groups, 1)
    outputs, share, *kernel = weight.shape
    if outputs % groups:
        raise ValueError(f"groups={groups} must divide the {outputs} output channels of weight")
    own = xp.eye(groups, dtype=weight.dtype, device=device(weight))
    own = xp.reshape(own, (groups, 1, groups, 1, *(1 for _ in kernel)))
    blocks = xp.reshape(weight, (groups, outputs // groups, 1, share, *kernel)) * own
    return xp.reshape(blocks, (outputs, groups * share, *kernel))


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

    Examples
    --------
    >>> import numpy as np
    >>> kron(np.array([[1, 2]]), np.array([[3, 0], [0, 3]]))
    array([[3, 0, 6, 0],
           [0, 3, 0, 6]])
    """
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"kron takes two matrices, got shapes {a.shape} and {b.shape}")
    xp = array_namespace(a, b)
    product = a[:, None, :, None] * b[None, :, None, :]
    return xp.reshape(product, (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]))


def count_nonzeros(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Entries that a kernel without zeros fills in its ``(o, n)`` matrix, counted without building it.

    Tap ``t`` fills one entry for every window ``i`` with ``0 <= stride*i + dilation*t - padding < length``. On two
    axes the count is the product of the counts of each axis.

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
