"""Samples laid apart on a finer grid, zeros between them: unpooling, and the sampling that it transposes.

Two kinds: `bed_of_nails` lays the samples on a regular grid; `max_unpool2d` lays each where its maximum was found.
"""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from array_api_compat import array_namespace, device

from resampling.filtering import blocks
from resampling.grid_sizes import check_arrays, max_unpool_output_size, per_axis

__all__ = [
    "bed_of_nails",
    "bed_of_nails_adjoint",
    "max_unpool1d",
    "max_unpool1d_adjoint",
    "max_unpool2d",
    "max_unpool2d_adjoint",
    "max_unpool3d",
    "max_unpool3d_adjoint",
    "subsample",
    "subsample_adjoint",
]

Array = Any


def subsample(input: Array, stride: int | Sequence[int], phase: int | Sequence[int] = 0) -> Array:
    """``out[..., i] = input[..., s*i + phase]``: every ``s``-th sample, the others dropped.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
    stride : int or sequence of int
        Step ``s`` in samples: one number for the last axis, or one for each of as many last axes.
    phase : int or sequence of int
        First sample kept, ``0 <= phase < s``: one number for all these axes, or one each.

    Returns
    -------
    array (..., ceil((n - phase) / s))
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When `stride` or `phase` is out of range, or no sample is kept.

    Examples
    --------
    >>> import numpy as np
    >>> subsample(np.array([1, 2, 3, 4, 5]), 2), subsample(np.array([1, 2, 3, 4, 5]), 2, phase=1)
    (array([1, 3, 5]), array([2, 4]))
    """
    check_arrays(input=input)
    stride, phase = _steps(input, stride, phase)
    for n, r in zip(input.shape[-len(stride) :], phase, strict=True):
        if r >= n:
            raise ValueError(f"phase must be below the length {n} of the axis, got {r}")
    return array_namespace(input).astype(input[(..., *map(_every, phase, stride))], input.dtype)  # a copy, not a view


def subsample_adjoint(
    output: Array, input_size: int | Sequence[int], stride: int | Sequence[int], phase: int | Sequence[int] = 0
) -> Array:
    """``<subsample(x, ...), output> == <x, subsample_adjoint(output, ...)>``: `bed_of_nails` of length `input_size`.

    Parameters
    ----------
    output : array (..., o) or (..., oH, oW) and so on
        Of the shape that `subsample` gives.
    input_size : int or sequence of int
        Length of each subsampled axis.
    stride, phase : int or sequence of int
        As `subsample`.

    Returns
    -------
    array (..., n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When an argument is out of range, or `subsample` gives another size.

    Examples
    --------
    >>> import numpy as np
    >>> subsample_adjoint(np.array([1, 3, 5]), 5, stride=2)
    array([1, 0, 3, 0, 5])
    """
    check_arrays(output=output)
    size = per_axis("input_size", input_size, len(_steps(output, stride, phase)[0]), 0)
    return bed_of_nails(output, stride, phase, size)


def bed_of_nails(
    input: Array,
    stride: int | Sequence[int],
    phase: int | Sequence[int] = 0,
    output_size: int | Sequence[int] | None = None,
) -> Array:
    """``out[..., s*i + phase] = input[..., i]``, and 0 elsewhere.

    Zeros follow the last sample too: the length is ``s*n``. `zero_insert`, a step of the transposed convolution,
    puts zeros only *between* samples: it is ``bed_of_nails(input, s, output_size=s*(n-1)+1)``.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
    stride : int or sequence of int
        Step ``s`` in samples: one number for the last axis, or one for each of as many last axes.
    phase : int or sequence of int
        Where the first sample goes, ``0 <= phase < s``: one number for all these axes, or one each.
    output_size : int or sequence of int, optional
        Length of each of these axes, from ``s*(n-1) + phase + 1`` to ``s*n + phase``; ``s*n`` when left out.

    Returns
    -------
    array (..., s*n)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> bed_of_nails(np.array([1, 2, 3]), 2), bed_of_nails(np.array([1, 2, 3]), 2, phase=1)
    (array([1, 0, 2, 0, 3, 0]), array([0, 1, 0, 2, 0, 3]))
    """
    check_arrays(input=input)
    xp, (stride, phase) = array_namespace(input), _steps(input, stride, phase)
    axes = len(stride)
    lengths = input.shape[-axes:]
    size = [s * n for s, n in zip(stride, lengths, strict=True)]
    if output_size is not None:
        size = per_axis("output_size", output_size, axes, 0)
    for o, n, s, r in zip(size, lengths, stride, phase, strict=True):
        least = s * (n - 1) + r + 1 if n else 0
        if not least <= o <= s * n + r:
            raise ValueError(f"output_size must be from {least} to {s * n + r} for {n} samples "
                             f"with stride {s} and phase {r}, got {o}")  # fmt: skip
    out = xp.zeros((*input.shape[:-axes], *size), dtype=input.dtype, device=device(input))
    out[(..., *map(_every, phase, stride))] = input
    return out


def bed_of_nails_adjoint(
    output: Array, input_size: int | Sequence[int], stride: int | Sequence[int], phase: int | Sequence[int] = 0
) -> Array:
    """``<bed_of_nails(x, ...), output> == <x, bed_of_nails_adjoint(output, ...)>``: `subsample` to `input_size`.

    Parameters
    ----------
    output : array (..., o) or (..., oH, oW) and so on
        Of the shape that `bed_of_nails` gives, for any `output_size` it allows.
    input_size : int or sequence of int
        Length ``n`` of each axis before `bed_of_nails`.
    stride, phase : int or sequence of int
        As `bed_of_nails`.

    Returns
    -------
    array (..., n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When an argument is out of range, or `bed_of_nails` does not lead from `input_size` to this shape.

    Examples
    --------
    >>> import numpy as np
    >>> bed_of_nails_adjoint(np.array([1, 2, 3, 4, 5, 6]), 3, stride=2)
    array([1, 3, 5])
    """
    check_arrays(output=output)
    x = subsample(output, stride, phase)
    axes = len(_steps(output, stride, phase)[0])
    check_spatial_size("output", x, per_axis("input_size", input_size, axes, 0), "sampled at stride and phase")
    return x


def _steps(x: Array, stride: int | Sequence[int], phase: int | Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Stride and phase of each axis that is sampled."""
    axes = len(stride) if isinstance(stride, Sequence) else 1
    if not 1 <= axes <= x.ndim:
        raise ValueError(f"stride must name from 1 to {x.ndim} axes, got {stride!r}")
    stride, phase = per_axis("stride", stride, axes, 1), per_axis("phase", phase, axes, 0)
    for s, r in zip(stride, phase, strict=True):
        if r >= s:
            raise ValueError(f"phase must be below stride = {s}, got {r}")
    return stride, phase


def _every(phase: int, stride: int) -> slice:
    return slice(phase, None, stride)


def max_unpool1d(
    input: Array,
    indices: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """``out[..., indices[..., i]] = input[..., i]``, and 0 elsewhere.

    Names, order and semantics are those of ``torch.nn.functional.max_unpool1d``. `indices` come from
    ``max_pool1d(..., return_indices=True)`` (SegNet, arXiv 1511.00561). When overlapping windows named the same
    sample, one of their values is kept, the last (torch promises no order); `max_pool1d_backward` *adds* them.

    Parameters
    ----------
    input, indices : array (N, C, n) or (C, n)
        Values, and where they go: int64, from 0 to ``o - 1``, of the same shape.
    kernel_size, stride, padding : int
        Of the pooling, in samples; `stride` is `kernel_size` when left out. They say only how long the output is.
    output_size : (o,) or (N, C, o), optional
        Less than one `stride` away from ``s*(n-1) + k - 2p``, which it is when left out.

    Returns
    -------
    array (N, C, o) or (C, o)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When shapes do not fit, an option is out of range, or an index lies outside the output.

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool1d(np.array([[5, 6]]), np.array([[1, 2]]), 2)
    array([[0, 5, 6, 0]])
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, axes=1)


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """``out[..., a, b] = input[..., i, j]`` where ``indices[..., i, j] == oW*a + b``, and 0 elsewhere.

    As `max_unpool1d`, with two axes: `input` and `indices` (N, C, H, W) or (C, H, W), `indices` counting the pixels
    of the output row after row; `kernel_size`, `stride`, `padding` one number or (vertical, horizontal);
    `output_size` (oH, oW) or (N, C, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool2d(np.array([[[5, 6]]]), np.array([[[1, 6]]]), 2)
    array([[[0, 5, 0, 0],
            [0, 0, 6, 0]]])
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, axes=2)


def max_unpool3d(
    input: Array,
    indices: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """``out[..., a, b, c] = input[..., i, j, l]`` where ``indices[..., i, j, l] == oW*(oH*a + b) + c``, else 0.

    As `max_unpool1d`, with three axes: `input` and `indices` (N, C, D, H, W) or (C, D, H, W); `kernel_size`,
    `stride`, `padding` one number or three; `output_size` (oD, oH, oW), or with (N, C) before them.

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool3d(np.array([[[[5]]]]), np.array([[[[7]]]]), 2)
    array([[[[0, 0],
             [0, 0]],
    <BLANKLINE>
            [[0, 0],
             [0, 5]]]])
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, axes=3)


def _max_unpool(
    input: Array,
    indices: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None,
    padding: int | Sequence[int],
    output_size: Sequence[int] | None,
    axes: int,
) -> Array:
    size = spatial_size("input", input, axes)
    k = per_axis("kernel_size", kernel_size, axes, 1)
    s, p = strides(stride, k), per_axis("padding", padding, axes, 0)
    if output_size is None:
        size = tuple(map(max_unpool_output_size, size, k, s, p))
    else:
        size = _wanted_size(output_size, [max_unpool_output_size(n, a, b) - 2 * c
                                          for n, a, b, c in zip(size, k, s, p, strict=True)], s)  # fmt: skip
    return lay(input, indices, size)


def _wanted_size(output_size: Sequence[int], usual: Sequence[int], stride: Sequence[int]) -> tuple[int, ...]:
    """The spatial part of `output_size`, less than one stride away from the `usual` size."""
    axes = len(usual)
    if not isinstance(output_size, Sequence) or len(output_size) not in (axes, axes + 2):
        raise ValueError(f"output_size must hold {axes} or {axes + 2} numbers, got {output_size!r}")
    size = per_axis("output_size", output_size[-axes:], axes, 0)
    for o, middle, s in zip(size, usual, stride, strict=True):
        if not max(middle - s, 0) < o < middle + s:
            raise ValueError(f"output_size must be from {max(middle - s, 0) + 1} to {middle + s - 1}, got {o}")
    return size


def max_unpool1d_adjoint(output: Array, indices: Array) -> Array:
    """``<max_unpool1d(x, indices, ...), output> == <x, max_unpool1d_adjoint(output, indices)>``: it gathers.

    ``x[..., i] = output[..., indices[..., i]]``. Of several values with the same index `max_unpool1d` keeps one, so
    the others get 0 here. (The gradient of torch's unpooling gathers for all of them: the two agree when no index
    occurs twice.)

    Parameters
    ----------
    output : array (N, C, o) or (C, o)
        Of the shape that `max_unpool1d` gives.
    indices : array (N, C, n) or (C, n)
        As `max_unpool1d` takes them.

    Returns
    -------
    array (N, C, n) or (C, n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When shapes do not fit, or an index lies outside `output`.

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool1d_adjoint(np.array([[1, 2, 3, 4]]), np.array([[1, 2]]))
    array([[2, 3]])
    """
    return _max_unpool_adjoint(output, indices, axes=1)


def max_unpool2d_adjoint(output: Array, indices: Array) -> Array:
    """``x[..., i, j] = output[..., a, b]`` with ``indices[..., i, j] == oW*a + b``: the adjoint of `max_unpool2d`.

    As `max_unpool1d_adjoint`, with two axes: `output` (N, C, oH, oW) or (C, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool2d_adjoint(np.array([[[1, 2, 3, 4], [5, 6, 7, 8]]]), np.array([[[1, 6]]]))
    array([[[2, 7]]])
    """
    return _max_unpool_adjoint(output, indices, axes=2)


def max_unpool3d_adjoint(output: Array, indices: Array) -> Array:
    """``x[..., i, j, l] = output[..., a, b, c]``, ``indices[..., i, j, l] == oW*(oH*a + b) + c``: its adjoint.

    As `max_unpool1d_adjoint`, with three axes: `output` (N, C, oD, oH, oW) or (C, oD, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool3d_adjoint(np.array([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]), np.array([[[[7]]]]))
    array([[[[8]]]])
    """
    return _max_unpool_adjoint(output, indices, axes=3)


def _max_unpool_adjoint(output: Array, indices: Array, axes: int) -> Array:
    size = spatial_size("output", output, axes)
    spatial_size("indices", indices, axes)
    xp = array_namespace(output, indices)
    if output.shape[:-axes] != indices.shape[:-axes]:
        raise ValueError(f"output and indices must have the same channels and batch, got shapes "
                         f"{tuple(output.shape)} and {tuple(indices.shape)}")  # fmt: skip
    targets = xp.reshape(_targets(indices, size), (-1,))
    # Who was kept is found by laying numbers and reading them again, which a gather for all alone would not need.
    own = xp.arange(targets.shape[0], dtype=_counter(xp, targets.shape[0]), device=device(output))
    kept = xp.take(_write(_zeros(own, prod(output.shape)), targets, own), targets) == own
    gathered = xp.where(kept, xp.take(xp.reshape(output, (-1,)), targets), 0)
    return xp.reshape(gathered, indices.shape)


# Shared with the gradient of max-pooling, which lays its values by the same indices.


def strides(stride: int | Sequence[int] | None, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """The step along each axis; left out (or empty, as torch has it), windows lie side by side."""
    if stride is None or (isinstance(stride, Sequence) and len(stride) == 0):
        return kernel
    return per_axis("stride", stride, len(kernel), 1)


def spatial_size(name: str, x: Array, axes: int) -> tuple[int, ...]:
    """Lengths of the last `axes` axes of `x`, which has one (channels) or two (batch, channels) before them."""
    check_arrays(**{name: x})
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name} must have {axes + 1} or {axes + 2} axes: (batch), channels, space; got shape {tuple(x.shape)}"
        )
    if 0 in x.shape[-axes - 1 :]:
        raise ValueError(f"{name} may be empty along the batch only, got shape {tuple(x.shape)}")
    return tuple(x.shape[-axes:])


def check_spatial_size(name: str, x: Array, size: Sequence[int], when: str) -> None:
    """Refuses `x` whose last axes have other lengths than `size`."""
    got = tuple(x.shape[-len(size) :])
    if got != tuple(size):
        raise ValueError(f"{name} must have spatial size {tuple(size)} {when}, got {got}")


def lay(values: Array, indices: Array, size: tuple[int, ...]) -> Array:
    """Planes of `size` in which each value lies at its index, of several with one index the last, and 0 elsewhere."""
    _check_alike(values, indices)
    return _laid(values, _targets(indices, size), (*values.shape[: -len(size)], *size))


def _laid(values: Array, targets: Array, shape: tuple[int, ...]) -> Array:
    xp = array_namespace(values, targets)
    return xp.reshape(_write(_zeros(values, prod(shape)), xp.reshape(targets, (-1,)), xp.reshape(values, (-1,))), shape)


def lay_adding(values: Array, indices: Array, size: tuple[int, ...]) -> Array:
    """As `lay`, but values with one index are added; so many planes at a time that they stay in the cache."""
    _check_alike(values, indices)
    xp, lead, windows = array_namespace(values, indices), values.shape[: -len(size)], values.shape[-len(size) :]
    targets = _targets(indices, size)
    if _distinct(targets, prod(lead) * prod(size)):
        return _laid(values, targets, (*lead, *size))
    values, indices = (xp.reshape(a, (prod(lead), *windows)) for a in (values, indices))
    each = blocks(prod(lead), max(prod(size), prod(windows)))
    planes = [_added(values[block, ...], indices[block, ...], size) for block in each]
    return xp.reshape(planes[0] if len(planes) == 1 else xp.concat(planes, axis=0), (*lead, *size))


def _distinct(targets: Array, samples: int) -> bool:
    """Whether no sample has two values, as where windows lie side by side: then nothing is to be added."""
    xp, count = array_namespace(targets), prod(targets.shape)
    if count > samples:
        return False
    none, here = (make(n, dtype=xp.bool, device=device(targets)) for make, n in ((xp.zeros, samples), (xp.ones, count)))
    return int(xp.count_nonzero(_write(none, xp.reshape(targets, (-1,)), here))) == count


def _added(values: Array, indices: Array, size: tuple[int, ...]) -> Array:
    """Windows that are far enough apart share no sample, so every m-th can be added at once, phase after phase.

    With windows of ``k`` in steps of ``s`` there are at most ``ceil(k/s)`` phases on each axis. (Where torch adds one
    value after the other in compiled code, every step here is a pass over memory.)
    """
    targets, xp = _targets(indices, size), array_namespace(values, indices)
    shape = (values.shape[0], *size)
    out = _zeros(values, prod(shape))
    apart = _apart(indices, size) if 0 not in shape else ()
    for phase in product(*map(range, apart)):
        part = (..., *map(_every, phase, apart))
        at = xp.reshape(targets[part], (-1,))
        out = _write(out, at, xp.take(out, at) + xp.reshape(values[part], (-1,)))
    return xp.reshape(out, shape)


def _apart(indices: Array, size: tuple[int, ...]) -> list[int]:
    """For each axis the least ``m`` such that windows ``m``, ``2m``, ... apart never name the same coordinate there."""
    xp, axes, apart = array_namespace(indices), len(size), []
    rest = xp.astype(indices, _counter(xp, prod(size)))
    for axis in range(-1, -axes, -1):
        above = rest // size[axis]
        apart.append(_disjoint_step(rest - above * size[axis], axis))
        rest = above
    return [_disjoint_step(rest, -axes), *reversed(apart)]


def _disjoint_step(coordinate: Array, axis: int) -> int:
    """The least ``m`` such that all coordinates at ``i`` lie below those at ``i + m``, hence at ``i + 2m``, ...."""
    xp, o = array_namespace(coordinate), coordinate.shape[axis]
    others = tuple(a for a in range(1 - coordinate.ndim, 0) if a != axis)
    # Planes first: along the first axis the least and greatest are found fastest.
    low, high = xp.min(coordinate, axis=0), xp.max(coordinate, axis=0)
    low, high = (xp.min(low, axis=others), xp.max(high, axis=others)) if others else (low, high)
    return next(m for m in range(1, o + 1) if bool(xp.all(high[: o - m] < low[m:])))


def _counter(xp: Any, numbers: int) -> Any:
    """The shorter dtype that counts so many: half the memory to move."""
    return xp.int32 if numbers < 2**31 else xp.int64


def _check_alike(values: Array, indices: Array) -> None:
    check_arrays(indices=indices)
    if values.shape != indices.shape:
        raise ValueError(f"indices must have the shape {tuple(values.shape)} of the values, got {tuple(indices.shape)}")


def _targets(indices: Array, size: tuple[int, ...]) -> Array:
    """`indices`, which count the samples of one plane, counted through all planes."""
    xp, axes, samples = array_namespace(indices), len(size), prod(size)
    if indices.dtype != xp.int64:
        raise ValueError(f"indices must be int64, got {indices.dtype}")
    planes = prod(indices.shape[:-axes])
    if not planes:
        return indices
    least, most = int(xp.min(indices)), int(xp.max(indices))
    if least < 0 or most >= samples:
        raise ValueError(f"indices must lie from 0 to {samples - 1}, in a plane of size {size}; "
                         f"got {least if least < 0 else most}")  # fmt: skip
    start = xp.arange(planes, device=device(indices)) * samples
    return indices + xp.reshape(start, (*indices.shape[:-axes], *(1,) * axes))


def _zeros(like: Array, length: int) -> Array:
    return array_namespace(like).zeros(length, dtype=like.dtype, device=device(like))


def _write(out: Array, targets: Array, values: Array) -> Array:
    """`out`, overwritten so that ``out[targets[i]] == values[i]``, in order of ``i``; one axis."""
    try:
        out[targets] = values  # beyond the array API standard, but NumPy and torch have it
    except (IndexError, TypeError):
        return _overwritten(out, targets, values)
    return out


def _overwritten(out: Array, targets: Array, values: Array) -> Array:
    """`_write` within the standard: each place looks up the last value that is to go there."""
    if not values.shape[0]:
        return out
    xp = array_namespace(values)
    places, order = xp.arange(out.shape[0], device=device(values)), xp.argsort(targets, stable=True)
    ordered = xp.take(targets, order)
    last = xp.clip(xp.searchsorted(ordered, places, side="right") - 1, 0, None)
    return xp.where(xp.take(ordered, last) == places, xp.take(values, xp.take(order, last)), out)
