"""Interpolation: new samples as weighted sums of the old ones, along one axis after another.

An axis of ``n`` samples becomes one of ``o`` by its *taps*: for each output sample a few input samples ``index[t, i]``
with their weights ``weight[t, i]``. They are the rows of the interpolation matrix without its zeros::

    out[i] = sum over t of weight[t, i] * input[index[t, i]]

Three things make the taps: where output sample ``i`` lies on the input (`source_coordinates`), the kernel that weighs
the samples around it, and what the border does with samples that are not there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor, gcd, isfinite, pi, prod
from typing import Any, NamedTuple

import numpy
from array_api_compat import array_namespace, device

from resampling.filtering import blocks
from resampling.grid_sizes import check_arrays, check_flags, real_number, whole_number
from resampling.pixel_centres import (
    CONVENTIONS,
    ROUNDINGS,
    floating_namespace,
    named,
    nearest_index,
    positive_number,
    source_coordinates,
)
from resampling.windows import gathered

__all__ = [
    "box",
    "interpolate",
    "interpolate_adjoint",
    "interpolation_matrix",
    "keys",
    "lanczos",
    "mitchell_netravali",
    "resize",
    "resize_adjoint",
    "tent",
]

Array = Any


def box(x: Array) -> Array:
    """``box(x) = 1 where -1/2 < x <= 1/2, else 0``: the nearest sample.

    Parameters
    ----------
    x : array
        Distance from the output sample, in samples; floating-point.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not floating-point.

    Examples
    --------
    >>> import numpy as np
    >>> box(np.array([-0.5, 0.0, 0.5]))
    array([0., 1., 1.])
    """
    return floating_namespace("x", x).astype((x > -0.5) & (x <= 0.5), x.dtype)


def tent(x: Array) -> Array:
    """``tent(x) = max(1 - |x|, 0)``: linear interpolation.

    As `box`.

    Examples
    --------
    >>> import numpy as np
    >>> tent(np.array([-0.25, 0.0, 1.5]))
    array([0.75, 1.  , 0.  ])
    """
    xp = floating_namespace("x", x)
    return xp.clip(1 - xp.abs(x), 0, None)


def keys(x: Array, a: float = -0.5) -> Array:
    """``keys(x, a) = mitchell_netravali(x, B=0, C=-a)``: cubic convolution, of width 4.

    In full::

        (a + 2) |x|^3 - (a + 3) |x|^2 + 1        for |x| <= 1
        a |x|^3 - 5a |x|^2 + 8a |x| - 4a         for 1 < |x| < 2

    Parameters
    ----------
    x : array
        Distance from the output sample, in samples; floating-point.
    a : float
        Slope at ``x = 1``. With -1/2 polynomials up to degree 2 are reproduced, with any other value constants alone.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not floating-point.

    References
    ----------
    R. G. Keys, Cubic convolution interpolation for digital image processing, IEEE TASSP 29(6), 1981, equation 15.

    Examples
    --------
    >>> import numpy as np
    >>> keys(np.array([0.0, 0.5, 1.5]))
    array([ 1.    ,  0.5625, -0.0625])
    """
    return mitchell_netravali(x, 0, -real_number("a", a, "a finite number", isfinite))


def lanczos(x: Array, a: int = 3) -> Array:
    """``lanczos(x, a) = sinc(x) * sinc(x / a) where |x| < a, else 0``, with ``sinc(x) = sin(pi x) / (pi x)``.

    Its values at the integers away from a point do not quite add up to 1: `resize` divides them by their sum.

    Parameters
    ----------
    x : array
        Distance from the output sample, in samples; floating-point.
    a : int
        Lobes on each side.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not floating-point, or `a` is no whole number from 1 up.

    Examples
    --------
    >>> import numpy as np
    >>> lanczos(np.array([-0.5, 0.0, 3.5])).round(4)
    array([0.6079, 1.    , 0.    ])
    """
    xp, a = floating_namespace("x", x), whole_number("a", a, 1)
    angle = pi * xp.where(x == 0, xp.ones_like(x), x)
    value = xp.where(x == 0, xp.ones_like(x), xp.sin(angle) * xp.sin(angle / a) * a / angle**2)
    return xp.where(xp.abs(x) < a, value, xp.zeros_like(x))


def mitchell_netravali(x: Array, B: float = 1 / 3, C: float = 1 / 3) -> Array:
    """``6 * mitchell_netravali(0) = 6 - 2B``: the cubic kernels of width 4, smooth to the first derivative.

    In full, six times the kernel is::

        (12 - 9B - 6C) |x|^3 + (12B + 6C - 18) |x|^2 + 6 - 2B                 for |x| <= 1
        -(B + 6C) |x|^3 + (6B + 30C) |x|^2 - (12B + 48C) |x| + 8B + 24C       for 1 < |x| < 2

    Parameters
    ----------
    x : array
        Distance from the output sample, in samples; floating-point.
    B, C : float
        ``B = 0`` interpolates (`keys` with ``a = -C``), ``B = 1, C = 0`` is the cubic B-spline, and 1/3 each is the
        authors' choice between blur and ringing.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not floating-point.

    References
    ----------
    Mitchell and Netravali, Reconstruction filters in computer graphics, SIGGRAPH 1988, equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> 18 * mitchell_netravali(np.array([0.0, 1.0, 2.0]))
    array([16.,  1.,  0.])
    """
    xp = floating_namespace("x", x)
    B, C = (real_number(name, value, "a finite number", isfinite) for name, value in (("B", B), ("C", C)))
    t = xp.abs(x)
    near = ((12 - 9 * B - 6 * C) * t + (12 * B + 6 * C - 18)) * t * t + (6 - 2 * B)
    far = ((-(B + 6 * C) * t + (6 * B + 30 * C)) * t - (12 * B + 48 * C)) * t + (8 * B + 24 * C)
    return xp.where(t <= 1, near, xp.where(t < 2, far, xp.zeros_like(t))) / 6


class Axis(NamedTuple):
    """An axis of `length` samples that becomes one of `size`, with the scale that was asked for, if one was."""

    length: int
    size: int
    scale: float | None

    @property
    def step(self) -> float:
        """Input samples for each output sample."""
        return self.length / self.size if self.scale is None else 1 / self.scale


class Taps(NamedTuple):
    """What an axis of `length` samples becomes: ``out[i] = sum over t of weight[t, i] * input[index[t, i]]``.

    Without weights each output sample is a copy, and `index` has one row.
    """

    length: int
    index: Array
    weight: Array | None

    @property
    def growth(self) -> float:
        """Output samples for each input sample."""
        return self.index.shape[1] / self.length


@dataclass(frozen=True)
class _Rule:
    """The options of `resize`."""

    mode: str = "linear"
    coordinates: str = "half_pixel"
    rounding: str = "round_prefer_ceil"
    a: float = -0.5
    exclude_outside: bool = False
    antialias: bool = False
    border: str = "replicate"

    def __post_init__(self) -> None:
        named("mode", self.mode, KERNELS | AREAS | {"nearest": None})
        named("coordinates", self.coordinates, CONVENTIONS)
        named("rounding", self.rounding, ROUNDINGS)
        named("border", self.border, BORDERS)
        real_number("a", self.a, "a finite number", isfinite)
        check_flags(exclude_outside=self.exclude_outside, antialias=self.antialias)
        if self.antialias and self.mode not in KERNELS:
            raise ValueError(f"antialias=True stretches a kernel, so mode must be one of {', '.join(KERNELS)}; "
                             f"got {self.mode!r}")  # fmt: skip


# Kernel and radius. Only "cubic" has an option.
KERNELS: dict[str, tuple[Callable[..., Array], float]] = {
    "box": (box, 0.5),
    "linear": (tent, 1),
    "cubic": (keys, 2),
    "mitchell": (mitchell_netravali, 2),
    "lanczos": (lanczos, 3),
}

# From the part of a sample that a window covers to the sample's weight.
AREAS: dict[str, Callable[[Array], Array]] = {"area": lambda part: part > 0, "coverage": lambda part: part}

# From a sample that may not be there to one that is.
BORDERS: dict[str, Callable[[Any, Array, int], Array]] = {
    "replicate": lambda xp, j, n: xp.clip(j, 0, n - 1),
    "constant": lambda xp, j, n: xp.clip(j, 0, n - 1),
    "reflect": lambda xp, j, n: (n - 1) - xp.abs((n - 1) - j % max(2 * n - 2, 1)),
    "symmetric": lambda xp, j, n: xp.where(j % (2 * n) < n, j % (2 * n), 2 * n - 1 - j % (2 * n)),
    "circular": lambda xp, j, n: j % n,  # noqa: ARG005
}


def _taps(axis: Axis, rule: _Rule, like: Array) -> Taps:
    """The taps of one axis under the options of `resize`."""
    if rule.mode in AREAS:
        return _area_taps(axis.length, axis.size, rule.mode, like)
    c = source_coordinates(axis.size, axis.length, rule.coordinates, axis.scale, like=like)
    if rule.mode == "nearest":
        return Taps(axis.length, nearest_index(c, axis.length, rule.rounding)[None, :], None)
    return _kernel_taps(axis.length, c, max(axis.step, 1) if rule.antialias else 1, rule)


def _kernel_taps(n: int, c: Array, stretch: float, rule: _Rule) -> Taps:
    """The samples that a kernel `stretch` times as wide, laid on each coordinate, meets."""
    xp = array_namespace(c)
    kernel, radius = KERNELS[rule.mode]
    kernel = partial(kernel, a=rule.a) if rule.mode == "cubic" else kernel
    reach = radius * stretch
    t = xp.arange(1, ceil(2 * reach) + 1, dtype=c.dtype, device=device(c))[:, None]
    j = xp.floor(c - reach) + t
    weight, inside = kernel((j - c) / stretch), xp.astype((j >= 0) & (j < n), c.dtype)
    weight = weight * inside if rule.exclude_outside else weight
    weight = weight / xp.sum(weight, axis=0)
    weight = weight * inside if rule.border == "constant" else weight
    return Taps(n, BORDERS[rule.border](xp, xp.astype(j, xp.int64), n), weight)


def _area_taps(n: int, o: int, mode: str, like: Array) -> Taps:
    """The samples that the window ``[i * n / o, (i + 1) * n / o]`` covers, sample ``j`` being ``[j, j + 1]``."""
    xp, where = array_namespace(like), device(like)
    widest = (n + 2 * o - gcd(n, o) - 1) // o  # ceil((i + 1) * n / o) - floor(i * n / o) is never more
    i, t = xp.arange(o, device=where), xp.arange(widest, device=where)[:, None]
    first, last = i * n // o, ((i + 1) * n - 1) // o
    j = first + t
    # In parts of 1 / o of a sample everything is whole, and the comparison with 0 exact.
    covered = xp.minimum((j + 1) * o, (i + 1) * n) - xp.maximum(j * o, i * n)
    weight = xp.astype(AREAS[mode](xp.clip(covered, 0, None)), like.dtype)
    return Taps(n, xp.minimum(j, last), weight / xp.sum(weight, axis=0))


def _apply(x: Array, taps: Sequence[Taps]) -> Array:
    """Each of the last axes of `x` by its taps, for so many planes at a time that they stay in the cache."""
    xp, dtype, lead = array_namespace(x), x.dtype, tuple(x.shape[: x.ndim - len(taps)])
    x = x if taps[0].weight is None else xp.astype(x, _working_dtype(x), copy=False)
    count, out = prod(lead), [t.index.shape[1] for t in taps]
    planes = xp.reshape(x, (count, *(t.length for t in taps)))
    numbers = 0 if taps[0].weight is None else max(prod(out), prod(planes.shape[1:]))  # copies are read only once
    y = [_by_axis(planes[block, ...], taps) for block in blocks(count, numbers)]
    y = y[0] if len(y) == 1 else xp.concat(y, axis=0)
    return xp.astype(xp.reshape(y, (*lead, *out)), dtype, copy=False)


def _by_axis(planes: Array, taps: Sequence[Taps]) -> Array:
    """Axes that shrink come first, so that the others have less to do."""
    for axis in _cheapest_first([t.growth for t in taps]):
        planes = _apply_axis(planes, taps[axis], axis + 1)
    return planes


def _cheapest_first(growth: Sequence[float]) -> list[int]:
    """Axes by growth. Gathering along an earlier axis moves longer pieces: first to shrink, last to grow."""
    return sorted(range(len(growth)), key=lambda axis: (growth[axis], axis if growth[axis] < 1 else -axis))


def _apply_axis(x: Array, taps: Taps, axis: int) -> Array:
    """One gather for each tap. (OpenCV blends a pixel's taps in registers: several times as fast.)"""
    if taps.weight is None:
        return gathered(x, taps.index[0, :], axis)
    xp = array_namespace(x)
    weight = xp.reshape(xp.astype(taps.weight, x.dtype), (*taps.index.shape, *(1,) * (x.ndim - axis - 1)))
    out = weight[0, ...] * gathered(x, taps.index[0, :], axis)
    for t in range(1, weight.shape[0]):
        out += weight[t, ...] * gathered(x, taps.index[t, :], axis)
    return out


def _transposed(taps: Taps) -> Taps:
    """The taps of the adjoint: for each input sample, the output samples that read it."""
    xp, where, (k, o) = array_namespace(taps.index), device(taps.index), taps.index.shape
    flat = xp.reshape(taps.index, (k * o,))
    order = xp.argsort(flat)
    reads, j = xp.take(flat, order), xp.arange(taps.length, device=where)
    first, end = xp.searchsorted(reads, j), xp.searchsorted(reads, j, side="right")
    place = first + xp.arange(int(xp.max(end - first)), device=where)[:, None]
    entry = xp.take(order, xp.reshape(xp.clip(place, 0, k * o - 1), (-1,)))
    weight = xp.ones((k, o), dtype=xp.float64, device=where) if taps.weight is None else taps.weight
    weight = xp.reshape(xp.take(xp.reshape(weight, (k * o,)), entry), place.shape)
    return Taps(o, xp.reshape(entry % o, place.shape), weight * xp.astype(place < end, weight.dtype))


def _matrix(taps: Taps, like: Array) -> Array:
    """``M[i, j] = sum of weight[t, i] where index[t, i] == j``."""
    xp = array_namespace(like)
    j = xp.arange(taps.length, device=device(like))
    hits = (xp.astype(taps.index[t, :, None] == j, like.dtype) for t in range(taps.index.shape[0]))
    if taps.weight is None:
        return next(hits)
    weight = xp.astype(taps.weight, like.dtype)
    return sum(weight[t, :, None] * hit for t, hit in enumerate(hits))


def _working_dtype(x: Array) -> Any:
    """float32 for the short floating-point numbers, in which sums would lose digits; else the dtype of `x`."""
    xp = floating_namespace("samples that are to be weighed", x)
    return x.dtype if x.dtype == xp.float64 else xp.float32


def interpolation_matrix(
    input_size: int,
    output_size: int,
    mode: str = "linear",
    *,
    scale_factor: float | None = None,
    like: Array | None = None,
    **options: Any,
) -> Array:
    """Matrix ``M`` with ``M @ x == resize(x, output_size, mode=..., ...)``.

    Its rows add up to 1 (except near the border with ``border="constant"``). On a picture
    ``resize(x, (oH, oW)) == M_H @ x @ M_W.T``.

    Parameters
    ----------
    input_size, output_size : int
        ``n`` and ``o``, in samples.
    mode, **options
        As `resize`.
    scale_factor : float, optional
        Output samples for each input sample, for the coordinates; ``o / n`` when left out.
    like : array, optional
        Floating-point array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (o, n)

    Raises
    ------
    ValueError
        When a size is below 1, `like` is not floating-point, or an option is one that `resize` refuses.

    Examples
    --------
    >>> interpolation_matrix(2, 4)
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])

    See also the book page ``interpolation``.
    """
    n, o = whole_number("input_size", input_size, 1), whole_number("output_size", output_size, 1)
    scale = None if scale_factor is None else positive_number("scale_factor", scale_factor)
    like = numpy.zeros(0) if like is None else like
    floating_namespace("like", like)
    return _matrix(_taps(Axis(n, o, scale), _Rule(mode, **options), _float64(like)), like)


def _float64(like: Array) -> Array:
    """An array for coordinates: float32 would misplace sample 1000 by 1/30000 of a sample."""
    xp = array_namespace(like)
    return xp.zeros((0,), dtype=xp.float64, device=device(like))


def resize(
    input: Array,
    size: int | Sequence[int] | None = None,
    *,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "linear",
    coordinates: str = "half_pixel",
    rounding: str = "round_prefer_ceil",
    a: float = -0.5,
    exclude_outside: bool = False,
    antialias: bool = False,
    border: str = "replicate",
) -> Array:
    """``out[i] = sum over j of kernel(j - c[i]) * input[j] / sum over j of kernel(j - c[i])``, along each axis.

    ``c`` are the `source_coordinates`. Every convention in use is a choice of the options::

        torch, TensorFlow 2 and OpenCV, linear    the defaults
        torch and OpenCV, cubic                   mode="cubic", a=-0.75
        torch with antialias, Pillow              antialias=True, exclude_outside=True, and "cubic" with its a=-0.5
        torch and OpenCV, nearest                 mode="nearest", coordinates="asymmetric", rounding="floor"
        torch nearest-exact, Pillow nearest       mode="nearest"
        TensorFlow 1, linear                      coordinates="asymmetric"
        ONNX Resize                               coordinates, rounding, a, exclude_outside and antialias as there

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
        Floating-point; with ``mode="nearest"`` of any dtype.
    size : int or sequence of int, optional
        Output samples for each of the last axes; a single number is for the last axis alone.
    scale_factor : float or sequence of float, optional
        Output samples for each input sample, for each of the last axes: ``o = floor(n * scale_factor)``. The
        coordinates heed the factor as given, also where ``o / n`` is another.
    mode : str
        Kernel: "box", "linear" (`tent`), "cubic" (`keys`), "mitchell", "lanczos". Or "nearest", a copy of one sample;
        "area", the mean of the samples that the window ``[i * n / o, (i + 1) * n / o]`` touches (torch); "coverage",
        their mean weighted by how much of each it covers (OpenCV, TensorFlow). The two means have no use for
        the options below.
    coordinates : str
        Convention of `source_coordinates`.
    rounding : str
        Of `nearest_index`; for ``mode="nearest"``.
    a : float
        Parameter of `keys`; for ``mode="cubic"``. -1/2, as in Keys, Pillow and TensorFlow 2, is the only value that
        reproduces polynomials of degree 1 and 2; torch without antialias, OpenCV and ONNX by default take -3/4.
    exclude_outside : bool
        Leave out the samples outside the input, and divide by the sum of the weights that remain.
    antialias : bool
        Where samples get fewer, stretch the kernel by ``n / o``, so that it spans one output sample where it spanned
        one input sample.
    border : "replicate", "constant", "reflect", "symmetric" or "circular"
        Samples outside the input: the border sample; 0; the mirror image about the border sample; the mirror image
        about the border, which repeats the border sample; the other end.

    Returns
    -------
    array
        `input` with its last axes resized. Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When not exactly one of `size` and `scale_factor` is given, it does not fit the axes, an option has no such
        value, ``antialias=True`` meets a mode without a kernel, or `input` is not floating-point where it must be.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> resize(x, 8)
    array([0.  , 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.  ])
    >>> resize(x, 8, coordinates="asymmetric")
    array([0. , 0.5, 1. , 1.5, 2. , 2.5, 3. , 3. ])

    See also the book pages ``interpolation`` and ``pixel-centres``.
    """
    check_arrays(input=input)
    rule = _Rule(mode, coordinates, rounding, a, exclude_outside, antialias, border)
    return _apply(input, _taps_of(_axes(input.shape, size, scale_factor), rule, input))


def resize_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    *,
    scale_factor: float | Sequence[float] | None = None,
    **options: Any,
) -> Array:
    """``sum(resize(x, ...) * y) == sum(x * resize_adjoint(y, input_size, ...))`` for every ``x`` and ``y``.

    Along each axis the product with the transposed `interpolation_matrix`.

    Parameters
    ----------
    output : array (..., o) or (..., oH, oW) and so on
        Of the shape that `resize` returns.
    input_size : int or sequence of int
        Samples of the input of `resize`, for each of the last axes; a single number is for the last axis alone.
    scale_factor, **options
        As `resize`, with what it was given.

    Returns
    -------
    array (..., n) or (..., H, W) and so on
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When `resize` with these options does not turn `input_size` into the shape of `output`.

    Examples
    --------
    >>> import numpy as np
    >>> resize_adjoint(np.array([1.0, 0.0, 0.0, 8.0]), 2)
    array([1., 8.])
    """
    check_arrays(output=output)
    rule, lengths = _Rule(**options), _sequence(input_size)
    axes = _adjoint_axes(output.shape[max(output.ndim - len(lengths), 0) :], lengths, scale_factor)
    return _apply(output, [_transposed(taps) for taps in _taps_of(axes, rule, output)])


def _taps_of(axes: Sequence[Axis], rule: _Rule, like: Array) -> list[Taps]:
    return [_taps(axis, rule, _float64(like)) for axis in axes]


def _axes(
    shape: Sequence[int], size: int | Sequence[int] | None, scale_factor: float | Sequence[float] | None
) -> list[Axis]:
    """What each of the last axes of `shape` is to become."""
    if (size is None) == (scale_factor is None):
        raise ValueError(f"one of size and scale_factor must be given, got size={size} and scale_factor={scale_factor}")
    name, given = ("size", _sequence(size)) if scale_factor is None else ("scale_factor", _sequence(scale_factor))
    if not 0 < len(given) <= len(shape):
        raise ValueError(f"{name} must hold 1 to {len(shape)} numbers, one for each of the last axes; got {given}")
    lengths = shape[len(shape) - len(given) :]
    if 0 in lengths:
        raise ValueError(f"input must have at least one sample on each axis that is resized, got {tuple(shape)}")
    if scale_factor is None:
        return [Axis(n, whole_number("size", o, 1), None) for n, o in zip(lengths, given, strict=True)]
    return [_scaled(n, positive_number("scale_factor", scale)) for n, scale in zip(lengths, given, strict=True)]


def _scaled(n: int, scale: float) -> Axis:
    if n * scale < 1:
        raise ValueError(f"scale_factor must leave at least one of {n} samples, got {scale}")
    return Axis(n, floor(n * scale), scale)


def _adjoint_axes(
    sizes: Sequence[int], input_size: int | Sequence[int], scale_factor: float | Sequence[float] | None
) -> list[Axis]:
    """The axes that became `sizes` from `input_size`."""
    lengths = [whole_number("input_size", n, 1) for n in _sequence(input_size)]
    axes = _axes(lengths, tuple(sizes) if scale_factor is None else None, scale_factor)
    if len(axes) != len(lengths) or [axis.size for axis in axes] != list(sizes):
        raise ValueError(f"output must have the size that input_size={input_size} is resized to, "
                         f"{tuple(axis.size for axis in axes)}; got {tuple(sizes)}")  # fmt: skip
    return axes


def _sequence(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,)


def interpolate(
    input: Array,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """``interpolate(x, size, mode="bilinear") == resize(x, size)``, and so on for every mode of torch.

    Names, order and semantics are those of ``torch.nn.functional.interpolate``. In terms of `resize`::

        nearest                        mode="nearest", coordinates="asymmetric", rounding="floor"
        nearest-exact                  mode="nearest"
        linear, bilinear, trilinear    mode="linear"
        bicubic                        mode="cubic", a=-0.75
        lanczos                        mode="lanczos"
        area                           mode="area"
        align_corners=True             coordinates="align_corners"
        antialias=True                 antialias=True, exclude_outside=True, and a=-0.5 in bicubic

    with one difference: coordinates are rounded as in torch's kernels for contiguous tensors on the CPU (float32
    unless `input` is float64), so that where a coordinate falls between two samples, nearest takes the one that torch
    takes. `resize` computes in float64 and takes the one that the formula names. And one fault of torch 2.13 on the
    CPU is not followed: with `antialias` and an output one pixel wide it writes its first pixel into all rows.

    Parameters
    ----------
    input : array (N, C, n), (N, C, H, W) or (N, C, D, H, W)
        Floating-point; with nearest and nearest-exact of any dtype, with bilinear, bicubic and lanczos also uint8: then
        weights are rounded to 16 bits and results to whole numbers after each axis, as in torch.
    size : int or sequence of int, optional
        Output samples: for all axes, or for each.
    scale_factor : float or sequence of float, optional
        Output samples for each input sample: for all axes, or for each; ``o = floor(n * scale_factor)``.
    mode : str
        nearest, nearest-exact and area on any number of axes; linear on one; bilinear, bicubic and lanczos on two;
        trilinear on three. lanczos needs `antialias`.
    align_corners : bool, optional
        Lay the centres of the first and last samples on each other, rather than the ends of the input and output.
        For linear, bilinear, bicubic and trilinear alone.
    recompute_scale_factor : bool, optional
        Take ``o / n`` for the coordinates, rather than `scale_factor` as given.
    antialias : bool
        Stretch the kernel where samples get fewer. For bilinear, bicubic and lanczos.

    Returns
    -------
    array (N, C, o), (N, C, oH, oW) or (N, C, oD, oH, oW)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When not exactly one of `size` and `scale_factor` is given, or an argument does not fit the mode or the axes.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[0.0, 1.0, 2.0, 3.0]]])
    >>> interpolate(x, 8, mode="linear")
    array([[[0.  , 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.  ]]])
    >>> interpolate(x, scale_factor=1.75, mode="linear", align_corners=True)
    array([[[0. , 0.5, 1. , 1.5, 2. , 2.5, 3. ]]])

    See also the book pages ``interpolation`` and ``pixel-centres``.
    """
    check_arrays(input=input)
    rule = _torch_rule(input, mode, align_corners, antialias)
    if recompute_scale_factor and size is not None:
        raise ValueError(f"recompute_scale_factor=True needs scale_factor, got size={size}")
    size, scale_factor = _for_all("size", size, input), _for_all("scale_factor", scale_factor, input)
    taps = _torch_taps(_axes(input.shape, size, scale_factor), rule, recompute_scale_factor, input)
    if rule.mode in KERNELS and len(taps) == 2 and input.dtype == array_namespace(input).uint8:
        return _apply_to_bytes(input, *taps)
    return _apply(input, taps)


def interpolate_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """``sum(interpolate(x, ...) * y) == sum(x * interpolate_adjoint(y, input_size, ...))`` for every ``x`` and ``y``.

    It is the gradient of `interpolate`.

    Parameters
    ----------
    output : array (N, C, o), (N, C, oH, oW) or (N, C, oD, oH, oW)
        Of the shape that `interpolate` returns.
    input_size : int or sequence of int
        Samples of the input of `interpolate`: on all axes, or on each.
    scale_factor, mode, align_corners, recompute_scale_factor, antialias
        As given to `interpolate`.

    Returns
    -------
    array (N, C, n), (N, C, H, W) or (N, C, D, H, W)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        As `interpolate`, and when it does not turn `input_size` into the size of `output`.

    Examples
    --------
    >>> import numpy as np
    >>> interpolate_adjoint(np.array([[[1.0, 2.0, 3.0, 4.0]]]), 2)
    array([[[3., 7.]]])
    """
    check_arrays(output=output)
    rule = _torch_rule(output, mode, align_corners, antialias)
    lengths, scale_factor = _for_all("input_size", input_size, output), _for_all("scale_factor", scale_factor, output)
    axes = _adjoint_axes(output.shape[2:], lengths, scale_factor)
    taps = _torch_taps(axes, rule, recompute_scale_factor, output)
    return _apply(output, [_transposed(t) for t in taps])


# For each number of axes that a mode is for, what it is to `resize`.
TORCH_MODES: dict[str, tuple[str, tuple[int, ...]]] = {
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest", (1, 2, 3)),
    "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)),
    "lanczos": ("lanczos", (2,)),
}


def _torch_rule(x: Array, mode: str, align_corners: bool | None, antialias: bool) -> _Rule:
    """The options of `resize` that `interpolate` stands for."""
    ours, axes = named("mode", mode, TORCH_MODES)
    if x.ndim - 2 not in axes or 0 in x.shape[1:]:
        needs = " or ".join(str(a + 2) for a in axes)
        raise ValueError(f"input must have {needs} axes (batch, channels, space) for mode={mode!r}, "
                         f"none but the batch empty; got {tuple(x.shape)}")  # fmt: skip
    if align_corners is not None:
        check_flags(align_corners=align_corners)
    if align_corners is not None and (ours in ("nearest", "area") or (align_corners and mode == "lanczos")):
        raise ValueError(f"align_corners is for linear, bilinear, bicubic and trilinear, got {align_corners} "
                         f"with mode={mode!r}")  # fmt: skip
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        raise ValueError(f"antialias=True is for bilinear, bicubic and lanczos, got mode={mode!r}")
    if mode == "lanczos" and not antialias:
        raise ValueError("antialias must be True for mode='lanczos', got False")
    exact = mode == "nearest-exact"
    return _Rule(
        ours,
        "align_corners" if align_corners else "half_pixel" if ours != "nearest" or exact else "asymmetric",
        a=-0.5 if antialias else -0.75,
        exclude_outside=bool(antialias),
        antialias=bool(antialias),
    )


def _for_all(name: str, value: Any, x: Array) -> Any:
    """One value for each axis of space, from one for all of them."""
    values = value if isinstance(value, Sequence) else (value,) * (x.ndim - 2)
    if len(values) != x.ndim - 2:
        raise ValueError(f"{name} must be one number or {x.ndim - 2}, one for each axis of space; got {value}")
    return None if value is None else tuple(values)


def _torch_taps(axes: Sequence[Axis], rule: _Rule, recompute: bool | None, x: Array) -> list[Taps]:
    """The taps of each axis, from coordinates rounded as torch rounds them."""
    if recompute or rule.mode == "area":
        axes = [axis._replace(scale=None) for axis in axes]
    if rule.mode == "area":
        return _taps_of(axes, rule, x)
    double = x.dtype == array_namespace(x).float64
    if rule.mode != "nearest":
        double = double or x.dtype == array_namespace(x).uint8
        return [_torch_kernel(axis, rule, double, x) for axis in axes]
    # For small pictures torch has a kernel of its own, whose nearest takes a float32 step whatever the dtype.
    small = len(axes) == 2 and axes[0].size + axes[1].size <= 128
    return [_torch_nearest(axis, rule, small, double and not small, x) for axis in axes]


def _torch_nearest(axis: Axis, rule: _Rule, small: bool, double: bool, x: Array) -> Taps:
    """torch rounds the product to float32 before it takes the floor."""
    xp, (n, o, _) = array_namespace(x), axis
    half = 0.5 if rule.coordinates == "half_pixel" else 0
    step = n / o if small and not half and o in (n, 2 * n) else axis.step  # there it heeds no scale
    c = (xp.arange(o, dtype=xp.float64, device=device(x)) + half) * _rounded(step, double)
    return Taps(n, nearest_index(xp.astype(c, xp.float32), n, "floor")[None, :], None)


def _torch_kernel(axis: Axis, rule: _Rule, double: bool, x: Array) -> Taps:
    """torch rounds the step, and then the coordinate once: its product and difference are one fused operation."""
    xp, (n, o, _) = array_namespace(x), axis
    i = xp.arange(o, dtype=xp.float64, device=device(x))
    if o == n and (rule.mode == "linear" or rule.antialias):  # a copy, whatever the scale
        return Taps(n, xp.astype(i, xp.int64)[None, :], xp.ones_like(i)[None, :])
    align = rule.coordinates == "align_corners"
    step = (n - 1) / (o - 1) if align and o > 1 else 0 if align else axis.step
    # With both align_corners and antialias, torch takes the step of the one and the half sample of the other.
    edge = 0 if align and not rule.antialias else 0.5
    c = (i + edge) * _rounded(step, double) - edge
    c = c if double else xp.astype(xp.astype(c, xp.float32), xp.float64)
    c = xp.clip(c, 0, None) if rule.mode == "linear" and not rule.antialias else c
    return _kernel_taps(n, c, max(step, 1) if rule.antialias else 1, rule)


def _apply_to_bytes(x: Array, down: Taps, along: Taps) -> Array:
    """Pictures of uint8 in torch's arithmetic: each row, then each column of the rounded result."""
    xp = array_namespace(x)
    columns, rows = (_in_16_bits(_matrix(taps, _float64(x))) for taps in (down, along))
    y = _to_byte(xp.astype(x, xp.float64) @ xp.matrix_transpose(rows))
    return xp.astype(_to_byte(columns @ y), x.dtype)


def _in_16_bits(weight: Array) -> Array:
    """Weights rounded to as many binary places, at most 22, as leave the largest of them below ``2**15``."""
    xp, largest = array_namespace(weight), float(array_namespace(weight).max(weight))
    places = next(p for p in range(23) if p == 22 or floor(largest * 2 ** (p + 1) + 0.5) >= 1 << 15)
    return xp.sign(weight) * xp.floor(xp.abs(weight) * 2**places + 0.5) / 2**places


def _to_byte(x: Array) -> Array:
    xp = array_namespace(x)
    return xp.clip(xp.floor(x + 0.5), 0, 255)


def _rounded(step: float, double: bool) -> float:
    return step if double else float(numpy.float32(step))
