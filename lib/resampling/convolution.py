"""Convolution as deep learning means it: cross-correlation, the kernel is not flipped."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from array_api_compat import array_namespace, device

from resampling.grid_sizes import check_arrays, per_axis, size_with_padding, whole_number
from resampling.padding import pad_axes
from resampling.windows import taps

__all__ = ["conv1d", "conv2d", "conv3d"]

Array = Any
Pads = list[tuple[int, int]]
TILE = 1 << 20  # numbers in one matrix product's columns or results: 4 MiB of float32, what stays in a cache


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
        When shapes or dtypes do not fit each other, an option is out of range, or no window fits.

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


def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``out[m, i] = bias[m] + sum over c, t of weight[m, c, t] * input[c, s*i + d*t - p]``, ``i`` and ``t`` triples.

    As `conv1d`, with two more axes: input (N, C_in, D, H, W) or (C_in, D, H, W), weight (C_out, C_in / groups, kD, kH,
    kW), and each of `stride`, `padding`, `dilation` one number or (depth, vertical, horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> conv3d(np.ones((1, 2, 3, 4)), np.ones((1, 1, 2, 2, 2)), stride=2)
    array([[[[8., 8.]]]])
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, axes=3)


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
    x, lead = with_batch(input, axes)
    groups = whole_number("groups", groups, 1)
    check_weight(weight, x)
    _check_channels(x, weight, groups)
    check_bias(bias, weight.shape[0], x)
    kernel = weight.shape[2:]
    stride, dilation, pads = steps_and_pads(kernel, stride, padding, dilation)
    out = [size_with_padding(*args) for args in zip(x.shape[2:], kernel, stride, pads, dilation, strict=True)]
    y = correlate(pad_axes(x, pads), weight, bias, stride, dilation, out, groups)
    return array_namespace(y).reshape(y, (*lead, *y.shape[1:]))


def correlate(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sequence[int],
    dilation: Sequence[int],
    out: Sequence[int],
    groups: int,
) -> Array:
    """Convolution of a padded batch at the positions `out`, arguments already checked: matrix products, tile by tile.

    A tile is some images, or some rows of one: its columns and results stay in the cache until they have been used.
    Where the rows of the kernel are laid out one by one, all of them read the same columns, each some rows further on.
    So the time is that of the matrix products; with a group to each channel these have one row, and the time is
    memory's, where compiled loops keep the window in registers.
    """
    xp, (outputs, share, *kernel) = array_namespace(x, weight), weight.shape
    turns = _turns(weight.shape, stride, x.shape[1], x.shape[0] * prod(out))
    laid, width = (kernel[0] // turns, *kernel[1:]), prod(out[1:])
    rows_first = xp.moveaxis(xp.reshape(weight, (outputs, share, turns, *laid)), 2, 0)
    matrices = xp.reshape(rows_first, (turns, groups, outputs // groups, share * prod(laid)))
    tiles = list(_tiles(x.shape[0], out[0], max(x.shape[1] * prod(laid), outputs) * width))
    y = None if len(tiles) == 1 else xp.empty((x.shape[0], outputs, *out), dtype=x.dtype, device=device(x))
    for images, first, rows in tiles:
        seen, reach = x[images, :, stride[0] * first :, ...], rows + dilation[0] * (turns - 1)
        columns = _columns(seen, laid, stride, dilation, (reach, *out[1:]), groups)
        tile = _product(matrices, columns, dilation[0] * width, rows * width)
        tile = xp.reshape(tile, (columns.shape[0], outputs, rows, *out[1:]))
        if bias is not None:
            tile += xp.reshape(bias, (-1, *(1 for _ in out)))
        if y is None:
            return tile
        y[images, :, first : first + rows, ...] = tile
    return y


def _turns(weight: Sequence[int], stride: Sequence[int], inputs: int, positions: int) -> int:
    """Matrix products of a tile: one for each row of the kernel where that makes fewer numbers, else one for all.

    Each row but the first lays out no columns, but has a sum to add, and needs its taps side by side.
    """
    outputs, share, rows, *row = weight
    spared = inputs * prod(row) * positions - outputs * positions
    return rows if stride[0] == 1 and spared * (rows - 1) > outputs * share * rows * prod(row) else 1


def _product(matrices: Array, columns: Array, step: int, positions: int) -> Array:
    """``sum over a of matrices[a] @ columns[..., step*a : step*a + positions]``."""
    total = matrices[0, ...] @ columns[..., :positions]
    for a in range(1, matrices.shape[0]):
        total += matrices[a, ...] @ columns[..., step * a : step * a + positions]
    return total


def _columns(
    x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], out: Sequence[int], groups: int
) -> Array:
    """The windows of each group as columns (N, groups, C/groups * taps, positions): "im2col"."""
    seen, xp = list(taps(x, kernel, stride, dilation, out)), array_namespace(x)
    columns = seen[0] if len(seen) == 1 else xp.stack(seen, axis=2)
    return xp.reshape(columns, (x.shape[0], groups, x.shape[1] // groups * len(seen), prod(out)))


def _tiles(batch: int, rows: int, numbers_a_row: int) -> Iterator[tuple[slice, int, int]]:
    """(images, first row, number of rows) of tiles of about `TILE` numbers."""
    images = max(1, min(batch, TILE // (rows * numbers_a_row)))
    pieces = min(rows, -(-images * rows * numbers_a_row // TILE))
    edges = [rows * piece // pieces for piece in range(pieces + 1)]
    for image in range(0, max(batch, 1), images):
        for first, end in pairwise(edges):
            yield slice(image, min(batch, image + images)), first, end - first


def with_batch(input: Array, axes: int) -> tuple[Array, tuple[int, ...]]:
    """`input` with a batch axis, and the leading axes of the result: (N,), or () when it had none."""
    check_arrays(input=input)
    if input.ndim not in (axes + 1, axes + 2) or 0 in input.shape[-axes - 1 :]:
        raise ValueError(
            f"input must have {axes + 1} or {axes + 2} axes, (batch), channels, space, none empty but the batch; "
            f"got {tuple(input.shape)}"
        )
    return (input if input.ndim == axes + 2 else input[None, ...]), tuple(input.shape[: -axes - 1])


def check_weight(weight: Array, x: Array) -> None:
    """`weight` must have the axes and the dtype that a layer on the batch `x` needs."""
    check_arrays(weight=weight)
    if array_namespace(x).isdtype(x.dtype, "bool"):
        raise ValueError(f"input must hold numbers, got {x.dtype}")
    if weight.ndim != x.ndim or 0 in weight.shape:
        raise ValueError(
            f"weight must have {x.ndim} axes (channels, channels, kernel), none empty; got {tuple(weight.shape)}"
        )
    if weight.dtype != x.dtype:
        raise ValueError(f"weight must have the dtype of input, {x.dtype}, got {weight.dtype}")


def check_bias(bias: Array | None, outputs: int, x: Array) -> None:
    """`bias` must be one number of the dtype of `x` for each of `outputs` channels, or None."""
    if bias is None:
        return
    check_arrays(bias=bias)
    if tuple(bias.shape) != (outputs,):
        raise ValueError(f"bias must have shape ({outputs},), one number an output channel; got {tuple(bias.shape)}")
    if bias.dtype != x.dtype:
        raise ValueError(f"bias must have the dtype of input, {x.dtype}, got {bias.dtype}")


def _check_channels(x: Array, weight: Array, groups: int) -> None:
    channels, (outputs, share) = x.shape[1], weight.shape[:2]
    if channels != share * groups:
        raise ValueError(
            f"input has {channels} channels, but weight {tuple(weight.shape)} with groups={groups} "
            f"reads {share} * {groups} = {share * groups}"
        )
    if outputs % groups:
        raise ValueError(f"groups={groups} must divide the {outputs} output channels of weight")


def steps_and_pads(
    kernel: Sequence[int],
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
) -> tuple[tuple[int, ...], tuple[int, ...], Pads]:
    """Stride, dilation, and zeros (before, after) on each axis of a convolution."""
    axes = len(kernel)
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    return stride, dilation, _pads(padding, kernel, stride, dilation)


def _pads(
    padding: int | Sequence[int] | str, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Pads:
    if isinstance(padding, str) and padding == "valid":
        return [(0, 0)] * len(kernel)
    if isinstance(padding, str) and padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(f'padding="same" needs stride 1, got stride {tuple(stride)}')
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise ValueError(f'padding must be a number, "valid" or "same", got {padding!r}')
    return [(p, p) for p in per_axis("padding", padding, len(kernel), 0)]
