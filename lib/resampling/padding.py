"""Samples outside the input: padding and cropping, with every border rule that the course uses."""

from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace, device

from resampling.grid_sizes import whole_number

__all__ = ["pad"]

Array = Any
Pads = Sequence[tuple[int, int]]
MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """``out[i] = input[i - before]`` inside the input, and what `mode` says outside it.

    Names, order and semantics are those of ``torch.nn.functional.pad``: `pad` starts at the *last* axis.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
    pad : sequence of int
        Samples added (before, after) on the last axis, then on the one before it, and so on; a negative number
        crops.
    mode : "constant", "reflect", "replicate" or "circular"
        Outside the input: `value`; the mirror image about the border sample, which is not repeated; the border
        sample; the other end.
    value : float, optional
        The constant; 0 when left out.

    Returns
    -------
    array
        Namespace, dtype and device of `input`; the axes that `pad` names are longer by before + after.

    Raises
    ------
    ValueError
        When `pad` does not fit the axes, asks a border rule for more samples than there are, or crops more than
        there are.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([1, 2, 3]), (1, 2)), pad(np.array([1, 2, 3]), (2, -1), mode="reflect")
    (array([0, 1, 2, 3, 0, 0]), array([3, 2, 1, 2]))
    """
    sides = tuple(pad) if isinstance(pad, Sequence) else (pad,)
    if len(sides) % 2 or len(sides) > 2 * input.ndim:
        raise ValueError(f"pad must hold (before, after) for at most {input.ndim} axes, got {pad!r}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}")
    if value is not None and mode != "constant":
        raise ValueError(f'value belongs to mode="constant", not to mode={mode!r}; got value={value!r}')
    numbers = [whole_number("pad", side) for side in sides]
    return pad_axes(input, list(zip(numbers[::2], numbers[1::2], strict=True))[::-1], mode, value or 0)


def pad_axes(x: Array, pads: Pads, mode: str = "constant", value: float = 0) -> Array:
    """`x` with (before, after) samples on each of its last axes, first axis first; a negative number crops."""
    xp = array_namespace(x)
    for axis, (before, after) in zip(range(-len(pads), 0), pads, strict=True):
        n = x.shape[axis]
        if n + min(before, 0) + min(after, 0) < 0 or n + before + after < 0:
            raise ValueError(f"pad=({before}, {after}) crops more than the {n} samples of axis {axis}")
        if mode != "constant" and (before or after):
            x = xp.take(x, _border_indices(n, before, after, mode, x), axis=axis)
    return _constant(x, pads, value) if mode == "constant" and any(map(any, pads)) else x


def _constant(x: Array, pads: Pads, value: float) -> Array:
    """One new array, `x` copied into it."""
    xp, lead = array_namespace(x), x.shape[: x.ndim - len(pads)]
    sizes = x.shape[x.ndim - len(pads) :]
    shape = (*lead, *(n + before + after for n, (before, after) in zip(sizes, pads, strict=True)))
    to = tuple(slice(max(before, 0), max(before, 0) + n + min(before, 0) + min(after, 0))
               for n, (before, after) in zip(sizes, pads, strict=True))  # fmt: skip
    part = tuple(slice(max(-before, 0), n + min(after, 0)) for n, (before, after) in zip(sizes, pads, strict=True))
    out = xp.full(shape, value, dtype=x.dtype, device=device(x))
    out[(..., *to)] = x[(..., *part)]
    return out


def _border_indices(n: int, before: int, after: int, mode: str, like: Array) -> Array:
    """For each output sample, the input sample that the border rule names."""
    most = {"reflect": n - 1, "replicate": max(before, after) if n else 0, "circular": n}[mode]
    if max(before, after) > most:
        raise ValueError(f"mode={mode!r} can add at most {most} samples to an axis of {n}, got pad=({before}, {after})")
    xp = array_namespace(like)
    i = xp.arange(-before, n + after, device=device(like))
    if mode == "circular":
        return i % n
    if mode == "replicate":
        return xp.clip(i, 0, n - 1)
    return (n - 1) - xp.abs((n - 1) - xp.abs(i))
