"""Where the samples are: the input coordinate that each output sample of a resize reads.

Coordinates count samples, and sample ``j`` has coordinate ``j`` at its centre: the input covers ``[-1/2, n - 1/2]``.
A resize from ``n`` to ``o`` samples takes steps of ``n / o`` input samples, or ``1 / scale`` where a scale is given.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy
from array_api_compat import array_namespace, device

from resampling.grid_sizes import check_arrays, real_number, whole_number

__all__ = ["centre_of_mass", "nearest_index", "resize_shift", "round_trip_drift", "source_coordinates"]

Array = Any


def source_coordinates(
    output_size: int,
    input_size: int,
    convention: str = "half_pixel",
    scale: float | None = None,
    *,
    like: Array | None = None,
) -> Array:
    """``c[i] = (i + 1/2) * n / o - 1/2`` in the half-pixel convention: the input coordinate of output sample ``i``.

    With ``step = n / o``, or ``1 / scale`` where a scale is given::

        half_pixel            c[i] = (i + 1/2) * step - 1/2
        half_pixel_symmetric  c[i] = (i + 1/2) * step - 1/2 + (n - o * step) / 2
        pytorch_half_pixel    c[i] = (i + 1/2) * step - 1/2 if o > 1 else 0
        align_corners         c[i] = i * (n - 1) / (o - 1)  if o > 1 else 0
        asymmetric            c[i] = i * step

    Without `scale` each is one division of whole numbers, so that coordinates halfway between two samples come out
    as exact halves.

    Parameters
    ----------
    output_size, input_size : int
        ``o`` and ``n``, in samples.
    convention : str
        One of the five names above, which are those of the ONNX operator Resize.
    scale : float, optional
        Output samples for each input sample; ``o / n`` when left out.
    like : array, optional
        Floating-point array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (o,)
        In input samples.

    Raises
    ------
    ValueError
        When a size is below 1, `scale` is not a positive number, `convention` has no such name, or `like` is not
        floating-point.

    References
    ----------
    ONNX operators, Resize-19, attribute ``coordinate_transformation_mode``.

    Examples
    --------
    >>> source_coordinates(8, 4)
    array([-0.25,  0.25,  0.75,  1.25,  1.75,  2.25,  2.75,  3.25])
    >>> source_coordinates(4, 2, "asymmetric"), source_coordinates(5, 3, "align_corners")
    (array([0. , 0.5, 1. , 1.5]), array([0. , 0.5, 1. , 1.5, 2. ]))

    See also the book page ``pixel-centres``.
    """
    o, n = whole_number("output_size", output_size, 1), whole_number("input_size", input_size, 1)
    above, below = (n, o) if scale is None else (1 / positive_number("scale", scale), 1)
    rule = named("convention", convention, CONVENTIONS)
    like = numpy.zeros(0) if like is None else like
    xp = floating_namespace("like", like)
    return rule(xp.arange(o, dtype=like.dtype, device=device(like)), n, o, above, below)


def _half_pixel(i: Array, n: int, o: int, above: float, below: int) -> Array:  # noqa: ARG001
    return ((2 * i + 1) * above - below) / (2 * below)


def _half_pixel_symmetric(i: Array, n: int, o: int, above: float, below: int) -> Array:
    return ((2 * i + 1 - o) * above + (n - 1) * below) / (2 * below)


def _pytorch_half_pixel(i: Array, n: int, o: int, above: float, below: int) -> Array:
    return _half_pixel(i, n, o, above, below) if o > 1 else 0 * i


def _align_corners(i: Array, n: int, o: int, above: float, below: int) -> Array:  # noqa: ARG001
    return i * (n - 1) / max(o - 1, 1)


def _asymmetric(i: Array, n: int, o: int, above: float, below: int) -> Array:  # noqa: ARG001
    return i * above / below


# Each takes the output indices, n, o, and the step as a fraction above / below.
CONVENTIONS: dict[str, Callable[..., Array]] = {
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
}

ROUNDINGS: dict[str, Callable[[Any, Array], Array]] = {
    "floor": lambda xp, c: xp.floor(c),
    "ceil": lambda xp, c: xp.ceil(c),
    "round_prefer_floor": lambda xp, c: xp.ceil(c - 0.5),
    "round_prefer_ceil": lambda xp, c: xp.floor(c + 0.5),
}


def nearest_index(coordinates: Array, input_size: int, rounding: str = "round_prefer_ceil") -> Array:
    """``j[i] = min(max(floor(c[i] + 1/2), 0), n - 1)``: the sample that each coordinate reads.

    Parameters
    ----------
    coordinates : array
        Floating-point, in input samples.
    input_size : int
        Samples ``n`` that there are.
    rounding : "round_prefer_ceil", "round_prefer_floor", "floor" or "ceil"
        To the nearest sample, halves up or halves down; always down; always up.

    Returns
    -------
    array
        int64, of the shape of `coordinates`; namespace and device of `coordinates`.

    Raises
    ------
    ValueError
        When `input_size` is below 1, `rounding` has no such name, or `coordinates` are not floating-point.

    Examples
    --------
    torch's ``nearest`` from 5 to 3 samples against its ``nearest-exact``, which reads the samples under the centres:

    >>> nearest_index(source_coordinates(3, 5, "asymmetric"), 5, "floor")
    array([0, 1, 3])
    >>> nearest_index(source_coordinates(3, 5), 5)
    array([0, 2, 4])

    See also the book page ``pixel-centres``.
    """
    n = whole_number("input_size", input_size, 1)
    xp = floating_namespace("coordinates", coordinates)
    return xp.astype(xp.clip(named("rounding", rounding, ROUNDINGS)(xp, coordinates), 0, n - 1), xp.int64)


def resize_shift(
    output_size: int,
    input_size: int,
    convention: str = "asymmetric",
    scale: float | None = None,
    rounding: str | None = None,
) -> float:
    """``mean over i of (i + 1/2) * n / o - 1/2 - c[i]``: how far a resize moves the picture to the right.

    A resize that keeps the picture in place lays the two ends of the output on the two ends of the input, and reads
    ``(i + 1/2) * n / o - 1/2``. Whoever reads ``c[i]`` there instead shows the content of ``c[i]`` in that place.
    For ``asymmetric`` the shift is ``(n / o - 1) / 2`` at every sample.

    Parameters
    ----------
    output_size, input_size, convention, scale
        As `source_coordinates`.
    rounding : str, optional
        As `nearest_index`, for a resize that copies the nearest sample; no rounding when left out.

    Returns
    -------
    float
        In input samples, positive towards higher indices.

    Examples
    --------
    >>> resize_shift(8, 4), resize_shift(8, 4, "half_pixel"), resize_shift(8, 4, "align_corners")
    (-0.25, 0.0, 0.0)

    Halving by torch's ``nearest`` keeps every second sample, and moves the picture by half a sample:

    >>> resize_shift(4, 8, rounding="floor")
    0.5
    """
    read = source_coordinates(output_size, input_size, convention, scale)
    read = read if rounding is None else nearest_index(read, input_size, rounding)
    return float(numpy.mean(source_coordinates(output_size, input_size) - read))


def round_trip_drift(
    size: int, through: int, convention: str = "asymmetric", back: str | None = None, trips: int = 1
) -> float:
    """``trips * (resize_shift(m, n, there) + resize_shift(n, m, back) * n / m)``: shift after going there and back.

    Parameters
    ----------
    size, through : int
        The ``n`` samples of the picture, and the ``m`` samples that each trip passes through.
    convention, back : str
        Conventions of the way there and of the way back; the same when `back` is left out. As `resize_shift`.
    trips : int
        How many times there and back.

    Returns
    -------
    float
        In samples of the picture, positive towards higher indices.

    Examples
    --------
    One convention undoes its own shift; two of them add up:

    >>> round_trip_drift(64, 32, "asymmetric", trips=10), round_trip_drift(64, 32, "half_pixel", "asymmetric", trips=10)
    (0.0, -5.0)
    """
    size, through = whole_number("size", size, 1), whole_number("through", through, 1)
    if back is not None:
        named("back", back, CONVENTIONS)
    there = resize_shift(through, size, convention)
    home = resize_shift(size, through, convention if back is None else back) * size / through
    return whole_number("trips", trips, 0) * (there + home)


def centre_of_mass(x: Array) -> Array:
    """``centre[a] = sum over all samples of (index along axis a) * x / sum of x``.

    Parameters
    ----------
    x : array
        Floating-point numbers of a sum that is not 0.

    Returns
    -------
    array (x.ndim,)
        In samples, one coordinate an axis; namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not floating-point or has no axis.

    Examples
    --------
    >>> import numpy as np
    >>> centre_of_mass(np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]))
    array([0.5, 1.5])
    """
    xp, axes = floating_namespace("x", x), range(x.ndim)
    if not axes:
        raise ValueError(f"x must have at least one axis, got shape {tuple(x.shape)}")
    profiles = [xp.sum(x, axis=tuple(other for other in axes if other != axis)) for axis in axes]
    moments = [xp.sum(p * xp.arange(p.shape[0], dtype=x.dtype, device=device(x))) for p in profiles]
    return xp.stack(moments) / xp.sum(x)


def positive_number(name: str, value: float) -> float:
    """`value` as a float, refused with its name when it is no finite number above 0."""
    return real_number(name, value, "a positive number", lambda v: 0 < v < inf)


def floating_namespace(name: str, x: Array) -> Any:
    """The namespace of `x`, which is refused with its name when it does not hold real floating-point numbers."""
    check_arrays(**{name: x})
    xp = array_namespace(x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise ValueError(f"{name} must be floating-point, got {x.dtype}")
    return xp


def named(argument: str, name: str, table: dict[str, Any]) -> Any:
    """What `table` holds under `name`, refused with the list of names."""
    if not isinstance(name, str) or name not in table:
        raise ValueError(f"{argument} must be one of {', '.join(table)}; got {name!r}")
    return table[name]
