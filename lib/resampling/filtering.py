"""Zeros between the samples, a filter, every s-th result: one primitive for blurring, decimation and upfirdn.

On one axis ``y[m] = sum over t of taps[t] * z[down*m + t - before]``, where ``z[up*i] = x[i]`` and ``z`` is 0
elsewhere. The zeros are never made: result ``m`` meets only the taps ``t`` for which `up` divides
``down*m + t - before``. Those are the same for every ``up / gcd(up, down)``-th result, and such a phase is an ordinary
strided filter of ``x``.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import gcd, prod
from typing import Any, NamedTuple

import numpy
from array_api_compat import array_namespace, device, is_array_api_obj

from resampling.grid_sizes import size_with_padding
from resampling.padding import pad_axes
from resampling.windows import taps as met_by_taps

__all__: list[str] = []

Array = Any
Pads = Sequence[tuple[int, int]]
BLOCK = 1 << 18  # numbers worked on at a time: 1 MiB of float32


class Phase(NamedTuple):
    """The results of one phase, its share of the taps, and the samples ``start <= i < stop`` that they meet."""

    results: slice
    taps: slice
    start: int
    stop: int


def filtered(x: Array, taps: Array, up: Sequence[int], down: Sequence[int], pads: Pads) -> Array:
    """The equation above on the last axes of `x`, one for each axis of `taps`; a negative pad crops `z`."""
    xp, lead, sizes = array_namespace(x), x.shape[: x.ndim - taps.ndim], x.shape[x.ndim - taps.ndim :]
    axes = list(zip(taps.shape, up, down, pads, strict=True))
    out = [size_with_padding(u * n, k, s, pad, 1) for n, (k, u, s, pad) in zip(sizes, axes, strict=True)]
    phases = [_phases(*axis, o) for axis, o in zip(axes, out, strict=True)]
    before = [max([0, *(-phase.start for phase in along)]) for along in phases]
    after = [max([0, *(phase.stop - n for phase in along)]) for n, along in zip(sizes, phases, strict=True)]
    steps = [s // gcd(u, s) for u, s in zip(up, down, strict=True)]
    x = xp.reshape(x, (prod(lead), *sizes))
    y = xp.zeros((prod(lead), *out), dtype=x.dtype, device=device(x))
    for block in blocks(prod(lead), max(prod(sizes), prod(out))):
        padded = pad_axes(x[block, ...], list(zip(before, after, strict=True)))
        for phase in product(*phases):
            results, share, starts, stops = zip(*phase, strict=True)
            met = (slice(start + b, stop + b) for start, stop, b in zip(starts, stops, before, strict=True))
            y[(block, *results)] = _correlated(padded[(..., *met)], taps[share], steps)
    return xp.reshape(y, (*lead, *out))


def blocks(items: int, numbers_an_item: int) -> Iterator[slice]:
    """All `items`, so many at a time that what is made of them stays in the cache; of none, one empty block."""
    several = max(1, BLOCK // max(1, numbers_an_item))
    return (slice(first, min(first + several, items)) for first in range(0, max(1, items), several))


def _phases(k: int, up: int, down: int, pad: tuple[int, int], o: int) -> list[Phase]:
    """Of one axis; a phase that meets no tap is left out: its results are 0."""
    period, step = up // gcd(up, down), down // gcd(up, down)
    phases = []
    for r in range(min(period, o)):
        first = (pad[0] - down * r) % up
        start = (down * r + first - pad[0]) // up
        stop = start + step * ((o - 1 - r) // period) + len(range(first, k, up))
        if first < k:
            phases.append(Phase(slice(r, None, period), slice(first, None, up), start, stop))
    return phases


def _correlated(x: Array, taps: Array, steps: Sequence[int]) -> Array:
    """``y[m] = sum over t of taps[t] * x[step*m + t]``, one multiply-add per tap over all results at once.

    Compiled loops keep a result in a register over all its taps; here each tap is two passes over the cache.
    """
    out = [(n - k) // s + 1 for n, k, s in zip(x.shape[x.ndim - taps.ndim :], taps.shape, steps, strict=True)]
    views = met_by_taps(x, taps.shape, steps, (1,) * taps.ndim, out)
    terms = (taps[tap] * seen for tap, seen in zip(product(*map(range, taps.shape)), views, strict=True))
    y = next(terms)
    for term in terms:
        y += term
    return y


def filtered_adjoint(
    y: Array, sizes: Sequence[int], taps: Array, up: Sequence[int], down: Sequence[int], pads: Pads
) -> Array:
    """``x[i] = sum over m of taps[up*i + before - down*m] * y[m]``: `filtered` with `up` and `down` swapped.

    The taps are flipped; the sample before the first is tap ``k - 1 - before``, and the length is that of `x`.
    """
    axes = list(zip(sizes, taps.shape, up, down, pads, strict=True))
    out = tuple(size_with_padding(u * n, k, s, pad, 1) for n, k, u, s, pad in axes)
    if tuple(y.shape[y.ndim - len(out) :]) != out:
        raise ValueError(
            f"output must end in the axes {out} that input_size={tuple(sizes)} gives, got {tuple(y.shape)}"
        )
    back = [
        (k - 1 - before, u * (n - 1) + 1 + before - s * o)
        for (n, k, u, s, (before, _)), o in zip(axes, out, strict=True)
    ]
    return filtered(y, array_namespace(taps).flip(taps), down, up, back)


def filtered_by_axis(x: Array, kernels: Sequence[Array], up: Sequence[int], down: Sequence[int], pads: Pads) -> Array:
    """`filtered` with one kernel for each of the last axes, one axis after the other."""
    for _, options in _each_axis(kernels, up, down, pads):
        x = filtered(x, *options)
    return x


def filtered_by_axis_adjoint(
    y: Array, sizes: Sequence[int], kernels: Sequence[Array], up: Sequence[int], down: Sequence[int], pads: Pads
) -> Array:
    """The adjoint of `filtered_by_axis` on inputs whose last axes have the lengths `sizes`."""
    for axis, options in _each_axis(kernels, up, down, pads):
        y = filtered_adjoint(y, (sizes[axis], *y.shape[y.ndim + axis + 1 :]), *options)
    return y


def _each_axis(
    kernels: Sequence[Array], up: Sequence[int], down: Sequence[int], pads: Pads
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Each axis with the options that make `filtered` run along it and leave the axes behind it alone."""
    for axis, (w, u, s, pad) in zip(range(-len(kernels), 0), zip(kernels, up, down, pads, strict=True), strict=True):
        ones = (1,) * (-axis - 1)
        taps = array_namespace(w).reshape(w, (-1, *ones))
        yield axis, (taps, (u, *ones), (s, *ones), [pad, *(((0, 0),) * len(ones))])


def _numbers_like(name: str, taps: Sequence[float], like: Array) -> Array:
    """Numbers, nested on as many levels as the taps have axes; NumPy keeps their digits, torch's default would not."""
    try:
        values = numpy.array(taps, order="C")
    except ValueError:  # of uneven lengths
        values = numpy.array(None)
    if values.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be an array or a sequence of numbers, got {taps!r}")
    return array_namespace(like).asarray(values, device=device(like))


def taps_like(name: str, taps: Array | Sequence[float], like: Array, axes: int = 1) -> Array:
    """`taps`, on one axis or on `axes`, as an array of the namespace, dtype and device of `like`."""
    xp = array_namespace(like)
    if not is_array_api_obj(taps) or array_namespace(taps) is not xp:
        taps = _numbers_like(name, taps, like)
    if taps.ndim not in (1, axes) or 0 in taps.shape:
        rule = "on 1 axis" if axes == 1 else f"on 1 axis or {axes}"
        raise ValueError(f"{name} must be taps {rule}, none empty; got shape {tuple(taps.shape)}")
    if xp.isdtype(taps.dtype, "complex floating") and not xp.isdtype(like.dtype, "complex floating"):
        raise ValueError(f"an input of {like.dtype} needs {name} of real numbers, got {taps.dtype}")
    if not xp.isdtype(like.dtype, ("real floating", "complex floating")) and not (
        xp.isdtype(like.dtype, "integral") and xp.isdtype(taps.dtype, "integral")
    ):
        raise ValueError(f"an input of {like.dtype} needs {name} of whole numbers, got {taps.dtype}")
    return xp.astype(taps, like.dtype)
