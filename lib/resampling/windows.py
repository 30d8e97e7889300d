"""Sliding windows, one tap at a time: no loop runs over positions; and gathering along an axis."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from array_api_compat import array_namespace

__all__: list[str] = []

Array = Any


def taps(
    x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], out: Sequence[int]
) -> Iterator[Array]:
    """For each tap ``t`` of the kernel, row after row, the samples ``x[..., s*i + d*t]`` that it meets.

    Each is a view of `x`, its last axes of the lengths `out`.
    """
    for tap in product(*map(range, kernel)):
        starts = (d * t for d, t in zip(dilation, tap, strict=True))
        window = (slice(a, a + s * (o - 1) + 1, s) for a, s, o in zip(starts, stride, out, strict=True))
        yield x[(..., *window)]


def gathered(x: Array, index: Array, axis: int) -> Array:
    """``take(x, index, axis)`` with the axis in the middle of three: there every library gathers fast."""
    xp, axis = array_namespace(x), axis % x.ndim
    before, (n, *after) = x.shape[:axis], x.shape[axis:]
    taken = xp.take(xp.reshape(x, (prod(before), n, prod(after))), index, axis=1)
    return xp.reshape(taken, (*before, index.shape[0], *after))
