"""How near a picture or a mask is to the one that was wanted, and how well an operator follows a shift."""

from collections.abc import Callable
from math import inf
from numbers import Real
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

from resampling.grid_sizes import check_arrays, whole_number
from resampling.pixel_centres import floating_namespace

__all__ = ["consistency", "iou", "nearest_roll", "psnr"]

Array = Any


def psnr(x: Array, y: Array, peak: float = 1.0, *, axis: int | tuple[int, ...] | None = None) -> Array:
    """Peak signal-to-noise ratio ``10 * log10(peak**2 / mean((x - y)**2))``, in decibels.

    Parameters
    ----------
    x, y : array
        Of one shape, holding floats: in a difference of unsigned integers, 1 - 2 is 255.
    peak : float
        The greatest value that a sample can take.
    axis : int or tuple of int, optional
        Axes to average over: ``(-3, -2, -1)`` gives one number for each picture of a batch. All when left out.

    Returns
    -------
    array
        Of no axes unless `axis` is given. Namespace, dtype and device of `x`. Infinite where `x` equals `y`.

    Raises
    ------
    ValueError
        When the shapes differ, the dtype is not floating, or `peak` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> float(psnr(np.array([0.0, 0.5]), np.array([0.1, 0.4])).round(6))
    20.0
    """
    check_arrays(x=x, y=y)
    _refuse_other_shapes("y", y, x)
    xp = array_namespace(x, y)
    if not all(xp.isdtype(a.dtype, "real floating") for a in (x, y)):
        raise ValueError(f"x and y must hold floats, got {x.dtype} and {y.dtype}: convert them first")
    if not (isinstance(peak, Real) or is_array_api_obj(peak)) or not peak > 0:
        raise ValueError(f"peak must be positive, got {peak!r}")
    error = xp.mean(((x - y) / peak) ** 2, axis=axis)
    exact = error == 0
    return xp.where(exact, inf, -10 * xp.log10(xp.where(exact, 1.0, error)))


def iou(prediction: Array, target: Array, *, axis: int | tuple[int, ...] | None = None) -> Array:
    """Intersection over union ``sum(prediction & target) / sum(prediction | target)``; 1 where both are empty.

    Parameters
    ----------
    prediction, target : array of bool
        Masks of one shape: threshold a network's output first, as in ``logits > 0``.
    axis : int or tuple of int, optional
        Axes to count over, as in `psnr`.

    Returns
    -------
    array
        float64 between 0 and 1, of no axes unless `axis` is given. Namespace and device of `prediction`.

    Raises
    ------
    ValueError
        When the shapes differ or a mask is not of bool.

    Examples
    --------
    >>> import numpy as np
    >>> float(iou(np.array([True, True, False]), np.array([False, True, True])).round(6))
    0.333333
    """
    check_arrays(prediction=prediction, target=target)
    _refuse_other_shapes("target", target, prediction)
    xp = array_namespace(prediction, target)
    if any(mask.dtype != xp.bool for mask in (prediction, target)):
        raise ValueError(f"prediction and target must be masks of bool, got {prediction.dtype} and {target.dtype}")
    both = xp.count_nonzero(prediction & target, axis=axis)
    either = xp.count_nonzero(prediction | target, axis=axis)
    return xp.where(either == 0, 1.0, xp.astype(both, xp.float64) / xp.astype(xp.clip(either, 1, None), xp.float64))


def consistency(operator: Callable[[Array], Array], x: Array, stride: int) -> float:
    """Mean over ``d`` of ``1 - norm(a - b) / (norm(a) + norm(b))``: how well `operator` follows a moved ring.

    Here ``a = operator(roll(x, d))``, and ``b`` is that roll of ``operator(x)`` which is nearest, `x` less its mean.
    It is 1 when every shift moves the result, and 0 when nothing of it is found again.

    Parameters
    ----------
    operator : callable
        From a ring along the last axis to a ring along the last axis. It follows shifts by `stride`, so that ``d`` need
        only go from 0 to ``stride - 1``: ``partial(pool_ring, mode="max", kernel_size=2, stride=2)``.
    x : array (..., n)
        Floating-point.
    stride : int
        In samples of `x`, at least 1.

    Returns
    -------
    float
        From 0 to 1; 1 too for shifts at which nothing is left to compare.

    Raises
    ------
    ValueError
        When `x` is not floating-point or has no samples, or `stride` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    >>> consistency(lambda x: x[::2], ring, 2)
    1.0
    >>> round(consistency(lambda x: np.maximum(x, np.roll(x, -1))[::2], ring, 2), 4)
    0.6464

    See also the book page ``pooling``.
    """
    xp, steps = floating_namespace("x", x), whole_number("stride", stride, 1)
    _refuse_no_samples("x", x)
    x = x - xp.mean(x)
    still = operator(x)
    return sum(_agreement(operator(xp.roll(x, d, axis=-1)), still) for d in range(steps)) / steps


def _agreement(a: Array, b: Array) -> float:
    xp = array_namespace(a, b)
    b = xp.roll(b, nearest_roll(a, b), axis=-1)
    off, *norms = (float(xp.sqrt(xp.sum(v * v))) for v in (a - b, a, b))
    return 1 - off / sum(norms) if sum(norms) else 1.0


def nearest_roll(a: Array, b: Array) -> int:
    """The ``m`` from 0 for which ``norm(a - roll(b, m))`` is least: where the correlation of two rings is largest.

    Parameters
    ----------
    a, b : array (..., n)
        Rings along the last axis, of one shape; floating-point.

    Returns
    -------
    int
        From 0 to ``n - 1``; of several that are as near (to nine digits) the least.

    Raises
    ------
    ValueError
        When the shapes differ, there are no samples, or the dtype is not floating.

    Examples
    --------
    >>> import numpy as np
    >>> nearest_roll(np.array([0.0, 0.0, 1.0, 2.0]), np.array([1.0, 2.0, 0.0, 0.0]))
    2
    """
    check_arrays(a=a, b=b)
    _refuse_other_shapes("b", b, a)
    xp, _ = (floating_namespace(name, v) for name, v in (("a", a), ("b", b)))
    _refuse_no_samples("a", a)
    a, b = (xp.astype(v, xp.float64) for v in (a, b))
    products = xp.fft.irfft(xp.fft.rfft(a) * xp.conj(xp.fft.rfft(b)), n=a.shape[-1])
    products = xp.sum(products, axis=tuple(range(a.ndim - 1)))
    near = products >= xp.max(products) - 1e-9 * xp.max(xp.abs(products))
    return int(xp.argmax(xp.astype(near, xp.int64)))


def _refuse_no_samples(name: str, ring: Array) -> None:
    if not ring.ndim or 0 in ring.shape:
        raise ValueError(f"{name} must have samples along its last axis, got shape {tuple(ring.shape)}")


def _refuse_other_shapes(name: str, array: Array, wanted: Array) -> None:
    if tuple(array.shape) != tuple(wanted.shape):
        raise ValueError(f"{name} must have the shape {tuple(wanted.shape)}, got {tuple(array.shape)}")
