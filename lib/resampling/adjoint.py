"""Adjoints: what a linear operator does backwards, how to see that it is so, and why that is not its inverse.

The adjoint ``A*`` of a linear map ``A`` is the map with ``<A x, y> == <x, A* y>`` for all ``x`` and ``y``; its matrix
is the transpose of that of ``A``. It brings back the shape of ``x``, not its values: those are sought by least squares.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy
from array_api_compat import array_namespace, device

from resampling.convolution import conv1d, conv2d, conv3d, steps_and_pads
from resampling.grid_sizes import (
    check_arrays,
    output_padding_for,
    per_axis,
    real_number,
    size_with_padding,
    transposed_options,
    whole_number,
)
from resampling.padding import pad_axes
from resampling.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d

__all__ = [
    "conv1d_adjoint",
    "conv2d_adjoint",
    "conv3d_adjoint",
    "conv_transpose1d_adjoint",
    "conv_transpose2d_adjoint",
    "conv_transpose3d_adjoint",
    "is_adjoint",
    "lstsq_deconvolve",
    "matrix_of",
]

Array = Any
Operator = Callable[[Array], Array]
CONV = {1: conv1d, 2: conv2d, 3: conv3d}
CONV_TRANSPOSE = {1: conv_transpose1d, 2: conv_transpose2d, 3: conv_transpose3d}


def is_adjoint(
    forward: Operator,
    adjoint: Operator,
    input_size: int | Sequence[int],
    *,
    like: Array | None = None,
    seed: int = 0,
    trials: int = 3,
    rtol: float | None = None,
) -> bool:
    """Whether ``<forward(x), y> == <x, adjoint(y)>`` for random ``x`` and ``y``, up to rounding.

    A pair of maps that breaks the identity passes with probability 0, but for errors below `rtol`. Only linear maps
    have an adjoint: a convolution with a bias has none.

    Parameters
    ----------
    forward, adjoint : callable
        Each takes one array and returns one.
    input_size : int or sequence of int
        Whole shape of ``x``, with batch and channels if `forward` wants them.
    like : array, optional
        Array whose namespace, floating dtype and device ``x`` takes; NumPy float64 when left out. ``y`` has the shape
        and dtype of ``forward(x)``.
    seed : int
        Of the random numbers.
    trials : int
        Pairs ``x, y`` tried.
    rtol : float, optional
        Largest difference allowed, as a share of ``|forward(x)| |y| + |x| |adjoint(y)|``; 100 times the rounding of
        the dtype when left out.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        When ``adjoint(y)`` has not the shape `input_size`, or an argument is out of range.

    Examples
    --------
    Keeping every second sample, and putting zeros between:

    >>> import numpy as np
    >>> is_adjoint(lambda x: x[::2], lambda y: np.stack([y, 0 * y], axis=1).ravel(), 6)
    True
    >>> is_adjoint(lambda x: x[::2], lambda y: np.repeat(y, 2), 6)
    False

    See also the book page ``adjoint``.
    """
    size, like = _shape(input_size), numpy.zeros(0) if like is None else like
    if not array_namespace(like).isdtype(like.dtype, ("real floating", "complex floating")):
        raise ValueError(f"like must have a floating dtype, got {like.dtype}")
    rng = numpy.random.default_rng(seed)
    rtol = 100 * float(array_namespace(like).finfo(like.dtype).eps) if rtol is None else rtol
    return all(
        _identity_holds(forward, adjoint, random_like(size, like, rng), rng, rtol)
        for _ in range(whole_number("trials", trials, 1))
    )


def _identity_holds(forward: Operator, adjoint: Operator, x: Array, rng: numpy.random.Generator, rtol: float) -> bool:
    there = forward(x)
    y = random_like(there.shape, there, rng)
    back = adjoint(y)
    if back.shape != x.shape:
        raise ValueError(
            f"adjoint must return the shape of what forward takes, input_size = {tuple(x.shape)}; "
            f"of shape {tuple(y.shape)}, which forward returns, it made {tuple(back.shape)}"
        )
    scale = _norm(there) * _norm(y) + _norm(x) * _norm(back)
    return abs(_inner(there, y) - _inner(x, back)) <= rtol * scale


def _inner(a: Array, b: Array) -> complex:
    xp = array_namespace(a, b)
    return complex(xp.vecdot(xp.reshape(a, (-1,)), xp.reshape(b, (-1,))))


def _norm(a: Array) -> float:
    return abs(_inner(a, a)) ** 0.5


def random_like(shape: Sequence[int], like: Array, rng: numpy.random.Generator) -> Array:
    xp = array_namespace(like)
    values = rng.normal(size=shape) + (1j * rng.normal(size=shape) if xp.isdtype(like.dtype, "complex floating") else 0)
    return xp.asarray(values, dtype=like.dtype, device=device(like))


def _shape(input_size: int | Sequence[int]) -> tuple[int, ...]:
    axes = len(input_size) if isinstance(input_size, Sequence) else 1
    return per_axis("input_size", input_size, axes, 1)


def matrix_of(forward: Operator, input_size: int | Sequence[int], *, like: Array | None = None) -> Array:
    """Matrix ``M`` with ``M @ x.ravel() == forward(x).ravel()``: column ``j`` is the answer to unit vector ``j``.

    Parameters
    ----------
    forward : callable
        Linear: takes an array of shape `input_size`, returns an array.
    input_size : int or sequence of int
        Whole shape of ``x``, with batch and channels if `forward` wants them.
    like : array, optional
        Array whose namespace, dtype and device the unit vectors take; NumPy float64 when left out.

    Returns
    -------
    array (numbers in ``forward(x)``, numbers in ``x``)
        Namespace, dtype and device of what `forward` returns.

    Raises
    ------
    ValueError
        When `input_size` is out of range.

    Examples
    --------
    >>> matrix_of(lambda x: x[1:] - x[:-1], 3)
    array([[-1.,  1.,  0.],
           [ 0., -1.,  1.]])
    """
    size, like = _shape(input_size), numpy.zeros(0) if like is None else like
    xp, unknowns = array_namespace(like), prod(size)
    units = xp.reshape(xp.eye(unknowns, dtype=like.dtype, device=device(like)), (unknowns, *size))
    return xp.stack([xp.reshape(forward(units[j, ...]), (-1,)) for j in range(unknowns)], axis=1)


def conv1d_adjoint(
    output: Array,
    weight: Array,
    input_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``<conv1d(x, weight), output> == <x, conv1d_adjoint(output, weight, input_size)>``, with the same options.

    It is `conv_transpose1d` with the output padding that returns to exactly `input_size`::

        x[c, j] = sum of weight[m, c, t] * output[m, i] over all m, i, t with s*i + d*t - p == j

    Parameters
    ----------
    output : array (N, C_out, o) or (C_out, o)
        Of the shape that the convolution returns.
    weight : array (C_out, C_in / groups, k)
    input_size : int
        Length ``n`` of what the convolution takes; several lengths give the same ``o``.
    stride, padding, dilation, groups : int
        Those of the convolution, as in `conv1d`; `padding` in words too.

    Returns
    -------
    array (N, C_in, n) or (C_in, n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When `output` is not what the convolution makes of `input_size`, or an option is out of range.

    Examples
    --------
    The shape of ``[1, 2, 3]`` comes back, its values do not:

    >>> import numpy as np
    >>> weight = np.array([[[1.0, 2.0]]])
    >>> conv1d(np.array([[1.0, 2.0, 3.0]]), weight)
    array([[5., 8.]])
    >>> conv1d_adjoint(np.array([[5.0, 8.0]]), weight, 3)
    array([[ 5., 18., 16.]])

    See also the book page ``adjoint``.
    """
    return _conv_adjoint(output, weight, input_size, stride, padding, dilation, groups, axes=1)


def conv2d_adjoint(
    output: Array,
    weight: Array,
    input_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``<conv2d(x, weight), output> == <x, conv2d_adjoint(output, weight, input_size)>``, with the same options.

    As `conv1d_adjoint`, with one more axis: output (N, C_out, oH, oW) or (C_out, oH, oW), weight (C_out, C_in / groups,
    kH, kW), and `input_size` (H, W).

    Examples
    --------
    >>> import numpy as np
    >>> conv2d_adjoint(np.ones((1, 1, 2)), np.array([[[[1.0, 2.0]]]]), (1, 5), stride=2)
    array([[[1., 2., 1., 2., 0.]]])
    """
    return _conv_adjoint(output, weight, input_size, stride, padding, dilation, groups, axes=2)


def conv3d_adjoint(
    output: Array,
    weight: Array,
    input_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``<conv3d(x, weight), output> == <x, conv3d_adjoint(output, weight, input_size)>``, with the same options.

    As `conv1d_adjoint`, with two more axes: output (N, C_out, oD, oH, oW) or (C_out, oD, oH, oW), weight (C_out, C_in /
    groups, kD, kH, kW), and `input_size` (D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> conv3d_adjoint(np.ones((1, 1, 1, 2)), np.array([[[[[1.0, 2.0]]]]]), (1, 1, 3))
    array([[[[1., 3., 2.]]]])
    """
    return _conv_adjoint(output, weight, input_size, stride, padding, dilation, groups, axes=3)


def _conv_adjoint(
    output: Array,
    weight: Array,
    input_size: int | Sequence[int],
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    axes: int,
) -> Array:
    _check_layers(output, weight, axes)
    if output.shape[-axes - 1] != weight.shape[0]:
        raise ValueError(f"output must have the {weight.shape[0]} channels that weight makes, got {output.shape}")
    size, kernel, sizes = per_axis("input_size", input_size, axes, 1), weight.shape[2:], output.shape[-axes:]
    stride, dilation, pads = steps_and_pads(kernel, stride, padding, dilation)
    made = tuple(map(size_with_padding, size, kernel, stride, pads, dilation))
    if tuple(sizes) != made:
        raise ValueError(f"output must have the sizes {made} that the convolution makes of input_size = {size}, "
                         f"got {tuple(sizes)}")  # fmt: skip
    before, uneven = [a for a, _ in pads], [b - a for a, b in pads]  # "same" may pad one zero more at the end
    targets = (n + more for n, more in zip(size, uneven, strict=True))
    extra = tuple(map(output_padding_for, targets, made, kernel, stride, before, dilation))
    x = CONV_TRANSPOSE[axes](output, weight, None, stride, before, extra, groups, dilation)
    return pad_axes(x, [(0, -more) for more in uneven])


def _check_layers(output: Array, weight: Array, axes: int) -> None:
    """`output` and `weight` must have the axes of a layer in `axes` dimensions, and channels."""
    check_arrays(output=output, weight=weight)
    if weight.ndim != axes + 2 or 0 in weight.shape:
        raise ValueError(f"weight must have {axes + 2} axes (channels, channels, kernel), none empty; "
                         f"got {tuple(weight.shape)}")  # fmt: skip
    if output.ndim not in (axes + 1, axes + 2) or 0 in output.shape[-axes - 1 :]:
        raise ValueError(
            f"output must have {axes + 1} or {axes + 2} axes, (batch), channels, space, none empty but the batch; "
            f"got {tuple(output.shape)}"
        )


def conv_transpose1d_adjoint(
    output: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Array:
    """``<conv_transpose1d(x, weight), output> == <x, conv_transpose1d_adjoint(output, weight)>``, same options.

    It is `conv1d` at the positions that have an input::

        x[c, j] = sum over m, t of weight[c, m, t] * output[m, s*j + d*t - p]

    Parameters
    ----------
    output : array (N, C_out, o) or (C_out, o)
        Of the shape that the transposed convolution returns.
    weight : array (C_in, C_out / groups, k)
    stride, padding, output_padding, groups, dilation : int
        Those of the transposed convolution, as in `conv_transpose1d`.

    Returns
    -------
    array (N, C_in, n) or (C_in, n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When no input gives the length of `output`, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose1d_adjoint(np.array([[5.0, 18.0, 16.0]]), np.array([[[1.0, 2.0]]]))
    array([[41., 50.]])
    """
    return _conv_transpose_adjoint(output, weight, stride, padding, output_padding, groups, dilation, axes=1)


def conv_transpose2d_adjoint(
    output: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Array:
    """``<conv_transpose2d(x, weight), output> == <x, conv_transpose2d_adjoint(output, weight)>``, same options.

    As `conv_transpose1d_adjoint`, with one more axis: output (N, C_out, oH, oW) or (C_out, oH, oW), weight (C_in,
    C_out / groups, kH, kW).

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose2d_adjoint(np.ones((1, 2, 5)), np.ones((1, 1, 2, 2)), stride=2, output_padding=(0, 1))
    array([[[4., 4.]]])
    """
    return _conv_transpose_adjoint(output, weight, stride, padding, output_padding, groups, dilation, axes=2)


def conv_transpose3d_adjoint(
    output: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Array:
    """``<conv_transpose3d(x, weight), output> == <x, conv_transpose3d_adjoint(output, weight)>``, same options.

    As `conv_transpose1d_adjoint`, with two more axes: output (N, C_out, oD, oH, oW) or (C_out, oD, oH, oW), weight
    (C_in, C_out / groups, kD, kH, kW).

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose3d_adjoint(np.ones((1, 2, 2, 4)), np.ones((1, 1, 2, 2, 2)), stride=2)
    array([[[[8., 8.]]]])
    """
    return _conv_transpose_adjoint(output, weight, stride, padding, output_padding, groups, dilation, axes=3)


def _conv_transpose_adjoint(
    output: Array,
    weight: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    output_padding: int | Sequence[int],
    groups: int,
    dilation: int | Sequence[int],
    axes: int,
) -> Array:
    _check_layers(output, weight, axes)
    groups = whole_number("groups", groups, 1)
    if output.shape[-axes - 1] != weight.shape[1] * groups:
        raise ValueError(f"output must have the {weight.shape[1]} * {groups} channels that weight makes with "
                         f"groups={groups}, got {tuple(output.shape)}")  # fmt: skip
    stride, padding, extra, dilation = transposed_options(axes, stride, padding, output_padding, dilation)
    size = map(_transposed_input_size, output.shape[-axes:], weight.shape[2:], stride, padding, extra, dilation)
    positions = tuple(slice(n) for n in size)  # an output padding of s or more holds windows of no input
    return CONV[axes](output, weight, None, stride, padding, dilation, groups)[(..., *positions)]


def _transposed_input_size(o: int, k: int, s: int, p: int, op: int, d: int) -> int:
    """The ``n`` with ``conv_transpose_output_size(n, ...) == o``."""
    if op >= max(s, d):
        raise ValueError(f"output_padding must be below max(stride, dilation) = {max(s, d)}, got {op}")
    least = d * (k - 1) + 1 - 2 * p + op
    if o < least or (o - least) % s:
        raise ValueError(f"output must have a size {least} + {s} * m, m = 0, 1, ..., that this transposed convolution "
                         f"can make; got {o}")  # fmt: skip
    return (o - least) // s + 1


def lstsq_deconvolve(
    output: Array,
    weight: Array,
    input_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    *,
    damping: float = 0.0,
    tol: float = 1e-6,
    max_iterations: int | None = None,
    return_residuals: bool = False,
) -> Array | tuple[Array, Array]:
    """The ``x`` of least norm with the least ``|conv(x, weight) - output|**2 + damping * |x|**2``.

    A *deconvolution* in the true sense, which a transposed convolution is not: without damping ``x`` is the
    pseudo-inverse of the convolution's matrix times `output`. It is approached by conjugate gradients on the normal
    equations ``(A* A + damping) x == A* output``, which need nothing but `conv1d` and `conv1d_adjoint` (Hestenes &
    Stiefel 1952, section 10; CGLS in Björck 1996, Numerical Methods for Least Squares Problems, algorithm 7.4.1). They
    start at 0, hence stay in the range of the adjoint, where the solution of least norm lies.

    Parameters
    ----------
    output : array (N, C_out, ...) or (C_out, ...)
        With one, two or three axes of space. Each sample of a batch is a problem of its own.
    weight : array (C_out, C_in / groups, ...)
    input_size : int or sequence of int
        Sizes in space of ``x``, of the convolution's input.
    stride, padding, dilation, groups : int
        Those of the convolution, as in `conv1d`, `conv2d`, `conv3d`.
    damping : float
        Price of ``|x|**2``, at least 0; it keeps noise from being blown up.
    tol : float
        Ends when the gradient ``|A* (output - A x) - damping * x|`` is at most `tol` times what it was at first.
    max_iterations : int, optional
        Ends here in any case; when left out, after as many iterations as a sample has unknowns, with which exact
        arithmetic would be done.
    return_residuals : bool
        Whether to return the history too.

    Returns
    -------
    x : array (N, C_in, ...) or (C_in, ...)
        Namespace, dtype and device of `output`.
    residuals : array (iterations + 1, N) or (iterations + 1,)
        ``|conv(x, weight) - output|`` at the start and after each iteration; only if `return_residuals`.

    Raises
    ------
    ValueError
        When `output` is not what the convolution makes of `input_size`, or an option is out of range.

    Examples
    --------
    ``[5, 8]`` came from ``[1, 2, 3]``, but also from this shorter vector:

    >>> import numpy as np
    >>> lstsq_deconvolve(np.array([[5.0, 8.0]]), np.array([[[1.0, 2.0]]]), 3).round(2)
    array([[0.43, 2.29, 2.86]])

    See also the book page ``adjoint``.
    """
    check_arrays(output=output, weight=weight)
    if weight.ndim - 2 not in CONV:
        raise ValueError(f"weight must have 3, 4 or 5 axes (channels, channels, kernel), got {tuple(weight.shape)}")
    damping, tol = (real_number(name, value, "at least 0", lambda v: v >= 0)
                    for name, value in {"damping": damping, "tol": tol}.items())  # fmt: skip
    axes, xp = weight.ndim - 2, array_namespace(output, weight)
    _check_layers(output, weight, axes)
    if not xp.isdtype(output.dtype, "real floating"):
        raise ValueError(f"output must have a real floating dtype, got {output.dtype}")
    batch = output if output.ndim == axes + 2 else output[None, ...]
    options = stride, padding, dilation, groups
    x, residuals = _cgls(
        lambda x: CONV[axes](x, weight, None, *options),
        lambda y: _conv_adjoint(y, weight, input_size, *options, axes=axes),
        batch,
        damping,
        tol,
        None if max_iterations is None else whole_number("max_iterations", max_iterations, 0),
    )
    lead = output.shape[: -axes - 1]
    x, residuals = xp.reshape(x, (*lead, *x.shape[1:])), xp.reshape(residuals, (residuals.shape[0], *lead))
    return (x, residuals) if return_residuals else x


def _cgls(
    forward: Operator, adjoint: Operator, y: Array, damping: float, tol: float, iterations: int | None
) -> tuple[Array, Array]:
    """Solutions, one for each sample of the batch, and the norms of their residuals."""
    xp, residual, step = array_namespace(y), y, adjoint(y)
    x, slope = xp.zeros_like(step), _energy(step)
    enough, energies = tol**2 * slope, [_energy(residual)]
    for _ in range(prod(x.shape[1:]) if iterations is None else iterations):
        if bool(xp.all(slope <= enough)):
            break
        image = forward(step)
        length = _ratio(slope, _energy(image) + damping * _energy(step))
        x, residual = x + length * step, residual - length * image
        gradient = adjoint(residual) - damping * x
        before, slope = slope, _energy(gradient)
        step = gradient + _ratio(slope, before) * step
        energies.append(_energy(residual))
    return x, xp.sqrt(xp.stack(energies))


def _energy(a: Array) -> Array:
    """``|a|**2`` of each sample, its axes kept."""
    return array_namespace(a).sum(a * a, axis=tuple(range(1, a.ndim)), keepdims=True)


def _ratio(a: Array, b: Array) -> Array:
    """``a / b``, and 0 where a sample is done and both are."""
    xp = array_namespace(a, b)
    return a / xp.where(b > 0, b, xp.ones_like(b))
