"""Convolution as deep learning means it: cross-correlation, the kernel is not flipped."""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from array_api_compat import array_namespace, device

from resampling.grid_sizes import per_axis, size_with_padding, whole_number
from resampling.padding import pad_axes
from resampling.windows import taps

__all__ = ["conv1d", "conv2d"]

Array = Any
Pads = list[tuple[int, int]]


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``out[m, i] = bias[m] + sum over c, t of weight[m, c, t] * input[c, s*i + d*t - p]``.

    Names, order, layouts and semantics are those of ``torch.nn.functional.conv1d``; samples outside the input
    count as 0.

    Parameters
    ----------
    input : array (N, C_in, n) or (C_in, n)
    weight : array (C_out, C_in / groups, k)
        Taps in cross-correlation order: they multiply the input as they stand, not flipped.
    bias : array (C_out,), optional
    stride, dilation : int
        In samples, at least 1.
    padding : int, "valid" or "same"
        Zeros added on each side; ``"same"`` keeps the length (stride 1 only), with the odd zero on the right.
    groups : int
        Output channels are split into this many groups, each reading its own share of the input channels.

    Returns
    -------
    array (N, C_out, o) or (C_out, o)
        ``o = floor((n + 2p - d(k-1) - 1) / s) + 1``; namespace, dtype and device of the arguments.

    Raises
    ------
    ValueError
        When shapes do not fit each other, an option is out of range, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> conv1d(np.array([[1.0, 2.0, 3.0]]), np.array([[[1.0, 2.0]]]))
    array([[5., 8.]])

    See also the book page ``convolution-matrix``.
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, axes=1)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``out[m, i, j] = bias[m] + sum of weight[m, c, a, b] * input[c, s0*i + d0*a - p0, s1*j + d1*b - p1]``.

    As `conv1d`, with one more axis: input (N, C_in, H, W) or (C_in, H, W), weight (C_out, C_in / groups, kH, kW),
    and each of `stride`, `padding`, `dilation` one number or (vertical, horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 10.0).reshape(1, 3, 3)
    >>> conv2d(x, np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
    array([[[37., 47.],
            [67., 77.]]])
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, axes=2)


def _conv(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    axes: int,
) -> Array:
    """One matrix product per kernel tap, over all positions at once."""
    batch, lead = _checked_shapes(input, weight, bias, groups, axes)
    kernel = weight.shape[2:]
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    pads = _pads(padding, kernel, stride, dilation)
    out = [size_with_padding(*args) for args in zip(input.shape[-axes:], kernel, stride, pads, dilation, strict=True)]

    xp = array_namespace(input, weight)
    x = pad_axes(input, pads)
    x = xp.reshape(x, (batch, groups, weight.shape[1], *x.shape[-axes:]))
    w = xp.reshape(weight, (groups, weight.shape[0] // groups, *weight.shape[1:]))
    y = xp.zeros((batch, groups, w.shape[1], prod(out)), dtype=xp.result_type(input, weight), device=device(input))
    for tap, seen in zip(product(*map(range, kernel)), taps(x, kernel, stride, dilation, out), strict=True):
        y = y + w[(..., *tap)] @ xp.reshape(seen, (batch, groups, weight.shape[1], prod(out)))
    y = xp.reshape(y, (*lead, weight.shape[0], *out))
    return y if bias is None else y + xp.reshape(bias, (-1, *(1,) * axes))


def _checked_shapes(
    input: Array, weight: Array, bias: Array | None, groups: int, axes: int
) -> tuple[int, tuple[int, ...]]:
    """Batch size, and the leading axes of the result: (N,) or () for an unbatched input."""
    groups = whole_number("groups", groups, 1)
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"input must have {axes + 1} or {axes + 2} axes (batch), channels, space; got {input.shape}")
    if weight.ndim != axes + 2 or 0 in weight.shape:
        raise ValueError(
            f"weight must be (C_out, C_in/groups, ...) with {axes + 2} axes, none empty; got {weight.shape}"
        )
    channels = input.shape[-axes - 1]
    if channels != weight.shape[1] * groups:
        raise ValueError(
            f"input has {channels} channels, but weight {tuple(weight.shape)} with groups={groups} "
            f"reads {weight.shape[1]} * {groups} = {weight.shape[1] * groups}"
        )
    if weight.shape[0] % groups:
        raise ValueError(f"groups={groups} must divide the {weight.shape[0]} output channels of weight")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(f"bias must have shape ({weight.shape[0]},), one number an output channel; got {bias.shape}")
    lead = tuple(input.shape[: -axes - 1])
    return prod(lead), lead


def _pads(
    padding: int | Sequence[int] | str, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Pads:
    """Zeros (before, after) on each axis."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(f'padding="same" needs stride 1, got stride {tuple(stride)}')
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise ValueError(f'padding must be a number, "valid" or "same", got {padding!r}')
    return [(p, p) for p in per_axis("padding", padding, len(kernel), 0)]
