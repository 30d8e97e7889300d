"""Transposed convolution: the adjoint of a convolution, by four algorithms that give the same numbers.

Along each axis the sample ``i`` of the output lies at ``u = i + p`` of the uncropped one, and tap ``t`` carries input
sample ``j`` to ``u = s*j + d*t``. Every algorithm here is one way to read that line.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from math import gcd, prod
from typing import Any, NamedTuple

from array_api_compat import array_namespace, device

from resampling.convolution import check_bias, check_weight, correlate, with_batch
from resampling.convolution_matrix import conv_matrix1d, conv_matrix2d, conv_matrix3d
from resampling.grid_sizes import (
    check_arrays,
    conv_output_size,
    conv_transpose_output_size,
    output_padding_for,
    per_axis,
    transposed_options,
    whole_number,
)
from resampling.padding import pad_axes
from resampling.unpooling import bed_of_nails

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "transposed_weight", "zero_insert"]

Array = Any


class _Axis(NamedTuple):
    """What happens along one axis: `length` samples become `out`."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    out: int


class _Phase(NamedTuple):
    """Every s-th output along one axis, and the small convolution with stride 1 that makes it.

    Output ``i = first + s*q`` meets the taps with ``d*t = r mod s`` where ``r = (first + p) mod s``. Consecutive ones
    are ``s / gcd(s, d)`` apart in the kernel and ``d / gcd(s, d)`` in the input.
    """

    outputs: slice
    kernel: slice  # in the flipped weight
    taps: int
    reach: int  # how many input samples the last tap looks back
    start: int  # input sample that the last tap meets at q = 0
    count: int


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    *,
    output_size: int | Sequence[int] | None = None,
    algorithm: str | None = None,
) -> Array:
    """``out[m, i] = bias[m] + sum of weight[c, m, t] * input[c, j]`` over all ``c, t, j`` with ``s*j + d*t == i + p``.

    Names, order, layouts and semantics are those of ``torch.nn.functional.conv_transpose1d``. Without `bias` it is the
    adjoint of `conv1d` with the same weight and options (Dumoulin & Visin 2016, arXiv:1603.07285, section 4).

    Parameters
    ----------
    input : array (N, C_in, n) or (C_in, n)
    weight : array (C_in, C_out / groups, k)
        The weight of the convolution whose adjoint this is; not flipped.
    bias : array (C_out,), optional
    stride, dilation : int
        Steps between the copies of the kernel, and between its taps, in samples of the output; at least 1.
    padding : int
        Samples cropped on each side of the output.
    output_padding : int
        Samples by which the crop at the end is smaller, below ``max(s, d)``. Where the crop ends outside the copies
        of the kernel, the extra samples are 0 plus bias.
    groups : int
        Input and output channels are split into this many groups that do not see each other.
    output_size : int or sequence of int, optional
        Instead of `output_padding`: the length of the result; batch and channels may stand in front.
    algorithm : "matrix", "scatter", "zero_insertion" or "polyphase", optional
        The transposed matrix; copies of the kernel added up; zeros put between the samples, then a convolution with
        the flipped kernel; or one small convolution for each phase of the output. When left out: scatter
        where its copies are fewer numbers than the windows and kernels that polyphase lays out, else polyphase.

    Returns
    -------
    array (N, C_out, o) or (C_out, o)
        ``o = s(n-1) + d(k-1) + 1 - 2p + output_padding``; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When shapes or dtypes do not fit each other, an option is out of range, or nothing is left after the crop.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.array([[1.0, 2.0, 3.0]]), np.array([[[1.0, 10.0, 100.0]]])
    >>> conv_transpose1d(x, w, stride=2)
    array([[  1.,  10., 102.,  20., 203.,  30., 300.]])
    >>> conv_transpose1d(x[:, :2], w, stride=2, padding=1, output_padding=1)
    array([[ 10., 102.,  20., 200.]])

    See also the book page ``transposed-convolution``.
    """
    crop = padding, output_padding, output_size
    return _conv_transpose(input, weight, bias, stride, crop, groups, dilation, algorithm, axes=1)


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    *,
    output_size: int | Sequence[int] | None = None,
    algorithm: str | None = None,
) -> Array:
    """``out[m, i] = bias[m] + sum of weight[c, m, t] * input[c, j]`` where ``s*j + d*t == i + p`` on both axes.

    As `conv_transpose1d`, with one more axis: input (N, C_in, H, W) or (C_in, H, W), weight (C_in, C_out / groups, kH,
    kW), and each of `stride`, `padding`, `output_padding`, `dilation`, `output_size` one number or (vertical,
    horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0]]])
    >>> conv_transpose2d(x, np.array([[[[1.0, 10.0], [3.0, 30.0]]]]))
    array([[[ 1., 12., 20.],
            [ 3., 36., 60.]]])
    """
    crop = padding, output_padding, output_size
    return _conv_transpose(input, weight, bias, stride, crop, groups, dilation, algorithm, axes=2)


def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    *,
    output_size: int | Sequence[int] | None = None,
    algorithm: str | None = None,
) -> Array:
    """``out[m, i] = bias[m] + sum of weight[c, m, t] * input[c, j]`` where ``s*j + d*t == i + p`` on all three axes.

    As `conv_transpose1d`, with two more axes: input (N, C_in, D, H, W) or (C_in, D, H, W), weight (C_in, C_out /
    groups, kD, kH, kW), and each of `stride`, `padding`, `output_padding`, `dilation`, `output_size` one number or
    (depth, vertical, horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose3d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 1, 2)))
    array([[[[1., 2., 1.]]]])
    """
    crop = padding, output_padding, output_size
    return _conv_transpose(input, weight, bias, stride, crop, groups, dilation, algorithm, axes=3)


def zero_insert(input: Array, stride: int | Sequence[int], axes: int | None = None) -> Array:
    """``out[..., s*i] == input[..., i]``, and 0 between: the last sample is the last, no zeros follow it.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
    stride : int or sequence of int
        Step ``s`` from one sample to the next, at least 1; one number for all the axes, or one each.
    axes : int, optional
        How many of the last axes get zeros; as many as `stride` has numbers when left out.

    Returns
    -------
    array (..., s(n-1) + 1)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> zero_insert(np.array([1, 2, 3]), 2)
    array([1, 0, 2, 0, 3])
    """
    least = len(stride) if isinstance(stride, Sequence) else 1
    axes = least if axes is None else whole_number("axes", axes, 1)
    check_arrays(input=input)
    if axes > input.ndim:
        raise ValueError(f"axes must be at most the {input.ndim} axes of input, got {axes}")
    steps = per_axis("stride", stride, axes, 1)
    sizes = [max(0, s * (n - 1) + 1) for n, s in zip(input.shape[-axes:], steps, strict=True)]
    return bed_of_nails(input, steps, output_size=sizes)


def transposed_weight(weight: Array, groups: int = 1) -> Array:
    """``out[m, c, t] == weight[c, m, k-1-t]``: the weight with which a convolution does the transposed one's work.

    Every axis of the kernel is flipped, and the channels of each group are swapped. Done twice it changes nothing.

    Parameters
    ----------
    weight : array (C_in, C_out / groups, k, ...)
    groups : int

    Returns
    -------
    array (C_out, C_in / groups, k, ...)
        Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When `weight` has no channels, or `groups` does not divide the first axis.

    Examples
    --------
    >>> import numpy as np
    >>> transposed_weight(np.array([[[1, 2, 3], [4, 5, 6]]]))
    array([[[3, 2, 1]],
    <BLANKLINE>
           [[6, 5, 4]]])
    """
    groups = whole_number("groups", groups, 1)
    check_arrays(weight=weight)
    if weight.ndim < 2 or weight.shape[0] % groups:
        raise ValueError(f"groups must divide the first of at least 2 axes of weight {weight.shape}, got {groups}")
    xp, (inputs, share, *kernel) = array_namespace(weight), weight.shape
    w = xp.reshape(weight, (groups, inputs // groups, share, *kernel))
    w = xp.flip(xp.permute_dims(w, (0, 2, 1, *range(3, w.ndim))), axis=tuple(range(3, w.ndim)))
    return xp.reshape(w, (groups * share, inputs // groups, *kernel))


def _conv_transpose(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: int | Sequence[int],
    crop: tuple[int | Sequence[int], int | Sequence[int], int | Sequence[int] | None],
    groups: int,
    dilation: int | Sequence[int],
    algorithm: str | None,
    axes: int,
) -> Array:
    if algorithm is not None and (not isinstance(algorithm, str) or algorithm not in ALGORITHMS):
        raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}, or None; got {algorithm!r}")
    x, lead = with_batch(input, axes)
    groups = whole_number("groups", groups, 1)
    check_weight(weight, x)
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError(
            f"weight {tuple(weight.shape)} must have as many first channels as input, {x.shape[1]}, "
            f"and groups must divide them; got groups={groups}"
        )
    check_bias(bias, weight.shape[1] * groups, x)
    grid = _grid(x.shape[2:], weight.shape[2:], stride, dilation, *crop)
    y = ALGORITHMS[algorithm or _leaner(x, weight, grid, groups)](x, weight, grid, groups)
    if bias is not None:
        y += array_namespace(y).reshape(bias, (-1, *(1 for _ in grid)))
    return array_namespace(y).reshape(y, (*lead, *y.shape[1:]))


def _grid(
    size: Sequence[int],
    kernel: Sequence[int],
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: int | Sequence[int],
    output_padding: int | Sequence[int],
    output_size: int | Sequence[int] | None,
) -> list[_Axis]:
    stride, padding, extra, dilation = transposed_options(len(size), stride, padding, output_padding, dilation)
    if output_size is not None:
        extra = _extra(output_size, size, kernel, stride, padding, dilation, extra)
    every = list(zip(size, kernel, stride, padding, extra, dilation, strict=True))
    out = [conv_transpose_output_size(*axis) for axis in every]
    return [_Axis(n, k, s, p, d, o) for (n, k, s, p, _, d), o in zip(every, out, strict=True)]


def _extra(
    output_size: int | Sequence[int],
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    output_padding: Sequence[int],
) -> tuple[int, ...]:
    """The output_padding that makes the result have `output_size`."""
    axes = len(size)
    if any(output_padding):
        raise ValueError(f"output_size takes the place of output_padding, got both: {output_size}, {output_padding}")
    if isinstance(output_size, Sequence) and len(output_size) in (axes + 1, axes + 2):
        output_size = output_size[-axes:]
    targets = per_axis("output_size", output_size, axes, 1)
    try:
        every = zip(targets, size, kernel, stride, padding, dilation, strict=True)
        return tuple(output_padding_for(*axis) for axis in every)
    except ValueError as error:
        raise ValueError(f"output_size {targets} cannot be had: {error}") from None


def _by_matrix(x: Array, weight: Array, grid: Sequence[_Axis], groups: int) -> Array:
    """The convolution's matrix, applied from the other side: its rows become columns."""
    xp, size, out = array_namespace(x, weight), [a.length for a in grid], [a.out for a in grid]
    matrix = CONV_MATRIX[len(grid)](
        weight,
        out[0] if len(grid) == 1 else out,
        stride=[a.stride for a in grid],
        padding=[a.padding for a in grid],
        dilation=[a.dilation for a in grid],
        groups=groups,
    )
    windows = [conv_output_size(a.out, a.kernel, a.stride, a.padding, a.dilation) for a in grid]
    matrix = xp.reshape(matrix, (weight.shape[0], *windows, matrix.shape[1]))
    matrix = matrix[(slice(None), *map(slice, size), ...)]  # output_padding >= s makes room for more windows
    rows = xp.reshape(x, (x.shape[0], prod(x.shape[1:])))
    y = rows @ xp.reshape(matrix, (rows.shape[1], matrix.shape[-1]))
    return xp.reshape(y, (x.shape[0], weight.shape[1] * groups, *out))


def _by_scatter(x: Array, weight: Array, grid: Sequence[_Axis], groups: int) -> Array:
    """Every sample paints a copy of the kernel: one matrix product, then an overlapping sum for each tap."""
    xp, (batch, inputs, *size), (_, share, *kernel) = array_namespace(x, weight), x.shape, weight.shape
    w = xp.reshape(weight, (groups, inputs // groups, share * prod(kernel)))
    copies = xp.matrix_transpose(w) @ xp.reshape(x, (batch, groups, inputs // groups, prod(size)))
    copies = xp.reshape(copies, (batch, groups * share, *kernel, *size))
    y = xp.zeros((batch, groups * share, *(a.out for a in grid)), dtype=x.dtype, device=device(x))
    for tap in product(*map(range, kernel)):
        source, target = zip(*map(_painted, grid, tap), strict=True)
        y[(..., *target)] += copies[(..., *tap, *source)]
    return y


def _painted(axis: _Axis, tap: int) -> tuple[slice, slice]:
    """The input samples whose `tap` falls into the output, and the output samples on which it falls."""
    shift = axis.dilation * tap - axis.padding
    first = max(0, -(shift // axis.stride))
    last = min(axis.length - 1, (axis.out - 1 - shift) // axis.stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    return slice(first, last + 1), slice(axis.stride * first + shift, axis.stride * last + shift + 1, axis.stride)


def _by_zero_insertion(x: Array, weight: Array, grid: Sequence[_Axis], groups: int) -> Array:
    """Zeros between the samples, ``d(k-1) - p`` around them, and a convolution with the flipped kernel.

    Relationship 14 of Dumoulin & Visin (2016), with dilation.
    """
    spans = [a.dilation * (a.kernel - 1) for a in grid]
    stuffed = zero_insert(x, [a.stride for a in grid])
    sizes = zip(stuffed.shape[2:], grid, spans, strict=True)
    extra = [(0, a.out + 2 * a.padding - n - span) for n, a, span in sizes]  # output_padding, before any crop
    borders = [(span - a.padding, span - a.padding) for a, span in zip(grid, spans, strict=True)]
    x = pad_axes(pad_axes(stuffed, extra), borders)
    ones, dilation, out = [1] * len(grid), [a.dilation for a in grid], [a.out for a in grid]
    return correlate(x, transposed_weight(weight, groups), None, ones, dilation, out, groups)


def _by_polyphase(x: Array, weight: Array, grid: Sequence[_Axis], groups: int) -> Array:
    """Each phase of the output is a convolution with stride 1 by the taps that meet it; interleaved, they are all."""
    xp, outputs = array_namespace(x, weight), weight.shape[1] * groups
    y = xp.zeros((x.shape[0], outputs, *(a.out for a in grid)), dtype=x.dtype, device=device(x))
    flipped = transposed_weight(weight, groups)
    spread = [a.dilation // gcd(a.dilation, a.stride) for a in grid]
    families = _families(grid)
    if not families:  # no tap meets the output; scatter's zeros know their arguments, as gradients need
        return _by_scatter(x, weight, grid, groups)
    for family in families:
        starts = [min(phase.start for phase in axis) for axis in zip(*family, strict=True)]
        results = _stacked(x, flipped, family, starts, spread, groups)
        for i, phases in enumerate(family):
            shifts = [phase.start - start for phase, start in zip(phases, starts, strict=True)]
            part = [slice(shift, shift + phase.count) for phase, shift in zip(phases, shifts, strict=True)]
            y[(..., *(phase.outputs for phase in phases))] = results[(..., i, *part)]
    return y


def _stacked(
    x: Array,
    flipped: Array,
    family: Sequence[Sequence[_Phase]],
    starts: Sequence[int],
    spread: Sequence[int],
    groups: int,
) -> Array:
    """(N, C_out, phases, ...): all phases of a family by one convolution, their kernels stacked as channels."""
    xp, ones = array_namespace(x, flipped), [1] * len(starts)
    kernels = xp.stack([flipped[(..., *(phase.kernel for phase in phases))] for phases in family], axis=1)
    kernels = xp.reshape(kernels, (-1, flipped.shape[1], *kernels.shape[3:]))
    ends = [max(phase.start + phase.count for phase in axis) for axis in zip(*family, strict=True)]
    sizes = [end - start for start, end in zip(starts, ends, strict=True)]
    spans = [size + d * (k - 1) for size, d, k in zip(sizes, spread, kernels.shape[2:], strict=True)]
    results = correlate(_window(x, starts, spans), kernels, None, ones, spread, sizes, groups)
    return xp.reshape(results, (x.shape[0], flipped.shape[0], len(family), *sizes))


def _families(grid: Sequence[_Axis]) -> list[list[tuple[_Phase, ...]]]:
    """The phases of the grid, those with the same offsets of taps together."""
    families = defaultdict(list)
    for phases in product(*map(_phases, grid)):
        families[tuple((phase.taps, phase.reach) for phase in phases)].append(phases)
    return list(families.values())


def _phases(axis: _Axis) -> Iterator[_Phase]:
    """The phases of the output along one axis that any tap meets."""
    k, s, d = axis.kernel, axis.stride, axis.dilation
    for first in range(min(s, axis.out)):
        position, phase = divmod(first + axis.padding, s)
        taps = [t for t in range(k) if (d * t - phase) % s == 0]
        if taps:
            reach = (d * taps[-1] - phase) // s
            kernel = slice(k - 1 - taps[-1], k - taps[0], s // gcd(s, d))
            count = len(range(first, axis.out, s))
            yield _Phase(slice(first, None, s), kernel, len(taps), reach, position - reach, count)


def _window(x: Array, starts: Sequence[int], sizes: Sequence[int]) -> Array:
    """``x[..., start : start + size]`` on its last axes, 0 where that is outside."""
    lengths = x.shape[-len(starts) :]
    pads = [(max(0, -a), max(0, a + size - n)) for a, size, n in zip(starts, sizes, lengths, strict=True)]
    inside = (slice(max(0, a), max(0, a) + size) for a, size in zip(starts, sizes, strict=True))
    return pad_axes(x, pads)[(..., *inside)]


def _leaner(x: Array, weight: Array, grid: Sequence[_Axis], groups: int) -> str:
    """Scatter where its copies of the kernel are fewer numbers than the windows and kernels that polyphase lays out."""
    positions = x.shape[0] * prod(x.shape[2:])
    copies = prod(weight.shape[1:]) * groups * positions
    taps = prod(sum(taps for taps, _ in {(p.taps, p.reach) for p in _phases(axis)}) for axis in grid)
    return "scatter" if copies < taps * x.shape[1] * positions + prod(weight.shape) else "polyphase"


CONV_MATRIX = {1: conv_matrix1d, 2: conv_matrix2d, 3: conv_matrix3d}
ALGORITHMS = {
    "matrix": _by_matrix,
    "scatter": _by_scatter,
    "zero_insertion": _by_zero_insertion,
    "polyphase": _by_polyphase,
}
