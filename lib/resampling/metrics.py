"""How near a picture or a mask is to the one that was wanted."""

from math import inf
from numbers import Real
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

from resampling.grid_sizes import check_arrays

__all__ = ["iou", "psnr"]

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


def _refuse_other_shapes(name: str, array: Array, wanted: Array) -> None:
    if tuple(array.shape) != tuple(wanted.shape):
        raise ValueError(f"{name} must have the shape {tuple(wanted.shape)}, got {tuple(array.shape)}")
