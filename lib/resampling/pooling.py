"""Pooling: each window of samples becomes one number, its maximum, its average or its norm.

Every pooling here is separable: rows first, then columns of the result. The windows of one axis are an object that
yields, tap after tap, the samples that all windows have at this tap; no loop runs over positions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import gcd, inf, prod
from typing import Any

from array_api_compat import array_namespace, device

from resampling.grid_sizes import check_arrays, check_flags, per_axis, pool_output_size, whole_number
from resampling.padding import pad_axes
from resampling.unpooling import check_spatial_size, lay_adding, spatial_size, strides
from resampling.windows import gathered, taps

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool1d_adjoint",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_adjoint",
    "adaptive_avg_pool3d",
    "adaptive_avg_pool3d_adjoint",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool1d_adjoint",
    "avg_pool2d",
    "avg_pool2d_adjoint",
    "avg_pool3d",
    "avg_pool3d_adjoint",
    "global_avg_pool",
    "global_avg_pool_adjoint",
    "global_max_pool",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool3d",
    "max_pool3d_backward",
    "pool_ring",
]

Array = Any
Ints = int | Sequence[int]


@dataclass(frozen=True)
class _Windows:
    """Windows along one axis, all alike: the ``i``-th of `o` holds the samples ``s*i + d*t - p`` for ``t < k``."""

    n: int
    k: int
    s: int
    p: int
    d: int
    o: int

    @property
    def pads(self) -> tuple[int, int]:
        """Samples outside the input that the windows reach, before and after it."""
        return self.p, max(0, self.s * (self.o - 1) + self.d * (self.k - 1) + 1 - self.p - self.n)

    def taps(self, padded: Array, axis: int) -> Iterator[Array]:
        """For each ``t``, what all windows hold there: views of `padded`, `axis` counted from the end."""
        later = padded.shape[padded.ndim + axis + 1 :]
        ones = (1,) * len(later)
        return taps(padded, (self.k, *ones), (self.s, *ones), (self.d, *ones), (self.o, *later))

    def counts(self, like: Array, include_pad: bool) -> Array:
        """How many samples each window averages: those in the input, or also those in the padding of `p`, no more."""
        xp, border = array_namespace(like), self.p if include_pad else 0
        start = xp.arange(self.o, device=device(like)) * self.s - self.p
        return xp.clip(start + self.k, None, self.n + border) - xp.clip(start, -border, None)


@dataclass(frozen=True)
class _Bins:
    """Adaptive windows along one axis: the ``i``-th of `o` goes from ``floor(i*n/o)`` to ``ceil((i+1)*n/o) - 1``."""

    n: int
    o: int
    pads = (0, 1)  # the shorter windows read this one sample more than once: it is 0 for a sum, -inf for a maximum

    @property
    def k(self) -> int:
        """Samples in the longest window: with ``i*n = q*o + r`` it is ``ceil((n + r) / o)``, and ``r <= o - gcd``."""
        return 1 - (gcd(self.n, self.o) - self.n) // max(self.o, 1)

    def taps(self, padded: Array, axis: int) -> Iterator[Array]:
        """As `_Windows.taps`."""
        xp, (start, end) = array_namespace(padded), self._ends(padded)
        for t in range(self.k):
            yield gathered(padded, xp.where(start + t < end, start + t, self.n), axis)

    def counts(self, like: Array, include_pad: bool = False) -> Array:  # noqa: ARG002
        """As `_Windows.counts`."""
        start, end = self._ends(like)
        return end - start

    def _ends(self, like: Array) -> tuple[Array, Array]:
        i = array_namespace(like).arange(self.o, device=device(like))
        return i * self.n // max(self.o, 1), -(-(i + 1) * self.n // max(self.o, 1))


Axes = list[_Windows] | list[_Bins | _Windows]


def _windows(size: tuple[int, ...], kernel_size: Ints, stride: Ints | None, padding: Ints, dilation: Ints,
             ceil_mode: bool) -> list[_Windows]:  # fmt: skip
    axes = len(size)
    check_flags(ceil_mode=ceil_mode)
    k = per_axis("kernel_size", kernel_size, axes, 1)
    options = strides(stride, k), per_axis("padding", padding, axes, 0), per_axis("dilation", dilation, axes, 1)
    return [_Windows(*one, pool_output_size(*one, ceil_mode)) for one in zip(size, k, *options, strict=True)]


def _adaptive(size: Sequence[int], output_size: Sequence[int]) -> Axes:
    """Adaptive windows of each axis; where ``o`` divides ``n`` they are the ordinary ones with ``k = s = n/o``."""
    return [_Bins(n, o) if not o or n % o else _Windows(n, n // o, n // o, 0, 1, o)
            for n, o in zip(size, output_size, strict=True)]  # fmt: skip


def _refuse_unless(kinds: str, name: str, x: Array) -> None:
    """Refuses a dtype that is not of these kinds: names of the array API, or of dtypes."""
    check_arrays(**{name: x})
    xp = array_namespace(x)
    if not any(xp.isdtype(x.dtype, getattr(xp, kind, kind)) for kind in kinds.split(" or ")):
        raise ValueError(f"{name} must be {kinds}, got {x.dtype}")


def max_pool1d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """``out[..., i] = max over t of input[..., s*i + d*t - p]``.

    Names, order and semantics are those of ``torch.nn.functional.max_pool1d``; samples outside the input count as
    minus infinity.

    Parameters
    ----------
    input : array (N, C, n) or (C, n)
        Real or whole numbers; NaN counts as the largest.
    kernel_size, dilation : int
        Samples ``k`` in a window, at least 1, and their spacing ``d``.
    stride : int, optional
        Step ``s``, at least 1; `kernel_size` when left out.
    padding : int
        Samples ``p`` outside the input that the windows reach on each side, at most ``k // 2``.
    ceil_mode : bool
        Whether a window that hangs over the end counts; it must still start inside the input or before it.
    return_indices : bool
        Whether to return also where the maxima were found.

    Returns
    -------
    array (N, C, o) or (C, o)
        ``o`` as `pool_output_size` says; namespace, dtype and device of `input`. With `return_indices` a pair of it
        and of the maxima's positions ``s*i + d*t - p``, int64: of equal maxima the first, of NaNs the last.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, an option is out of range, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool1d(np.array([[1, 5, 2, 3]]), 2, return_indices=True)
    (array([[5, 3]]), array([[1, 3]]))

    The border is minus infinity, not 0:

    >>> max_pool1d(np.array([[-3.0, -2.0, -1.0]]), 3, stride=1, padding=1)
    array([[-2., -1., -1.]])
    """
    windows = _windows(spatial_size("input", input, 1), kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(input, windows, return_indices)


def max_pool2d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """``out[..., i, j] = max over a, b of input[..., s0*i + d0*a - p0, s1*j + d1*b - p1]``.

    As `max_pool1d`, with two axes: `input` (N, C, H, W) or (C, H, W); `kernel_size`, `stride`, `padding`,
    `dilation` one number or (vertical, horizontal). Positions count the pixels of the input row after row:
    ``W*row + column``.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool2d(np.array([[[1, 2, 3, 4], [5, 6, 8, 7]]]), 2, return_indices=True)
    (array([[[6, 8]]]), array([[[5, 6]]]))
    """
    windows = _windows(spatial_size("input", input, 2), kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(input, windows, return_indices)


def max_pool3d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """``out[..., i, j, l] = max over a, b, c of input[..., s0*i + d0*a - p0, s1*j + d1*b - p1, s2*l + d2*c - p2]``.

    As `max_pool1d`, with three axes: `input` (N, C, D, H, W) or (C, D, H, W); `kernel_size`, `stride`, `padding`,
    `dilation` one number or three. Positions count through the volume, the last axis fastest.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool3d(np.arange(8).reshape(1, 2, 2, 2), 2, return_indices=True)
    (array([[[[7]]]]), array([[[[7]]]]))
    """
    windows = _windows(spatial_size("input", input, 3), kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(input, windows, return_indices)


def _max_pool(input: Array, windows: Axes, return_indices: bool) -> Array | tuple[Array, Array]:
    """Last axis first, so that of equal maxima the first in reading order wins."""
    _refuse_unless("real floating or integral", "input", input)
    xp = array_namespace(input)
    lowest = -inf if xp.isdtype(input.dtype, "real floating") else xp.iinfo(input.dtype).min
    x = pad_axes(input, [w.pads for w in windows], value=lowest)
    places = [xp.arange(-w.pads[0], w.n + w.pads[1], device=device(input)) for w in windows]
    index = _count_through(places, windows) if return_indices else None
    for axis in range(-1, -len(windows) - 1, -1):
        x, index = _max_along(x, index, axis, windows[axis], places[axis])
    if all(w.k == 1 for w in windows):
        x = xp.astype(x, x.dtype)  # a copy, never a view of the input
    if index is None:
        return x
    return x, xp.astype(xp.broadcast_to(index, x.shape), xp.int64)


def _count_through(places: Sequence[Array], windows: Axes) -> Array:
    """The position in the flattened input of each sample of the padded one."""
    index = places[0]
    for place, w in zip(places[1:], windows[1:], strict=True):
        index = index[..., None] * w.n + place
    return index


def _max_along(x: Array, index: Array | None, axis: int, w: _Windows | _Bins, places: Array) -> tuple[Array, Array]:
    """The maximum of each window along one axis, and what `index` holds there; `places` are the samples' positions.

    ``where`` and not ``maximum``: so the gradient of equal maxima goes to one of them, the first, as in torch. The
    price is a pass for each comparison and choice, and with indices two, where compiled loops need one for all.
    """
    xp, indices = array_namespace(x), repeat(None) if index is None else w.taps(index, axis)
    seen = zip(w.taps(x, axis), indices, w.taps(places, -1), strict=False)
    best, at, before = next(seen)
    for value, here, place in seen:
        wins = (value > best) | (value != value)
        if w.pads[0]:  # nothing before the input wins, not even over minus infinity
            wins = wins | xp.reshape(before < 0, (-1, *(1,) * (-axis - 1)))
        best, before = xp.where(wins, value, best), place
        at = None if index is None else xp.where(wins, here, at)
    return best, at


def max_pool1d_backward(grad_output: Array, indices: Array, input_size: Ints) -> Array:
    """``grad_input[..., j] = sum of grad_output[..., i] over the windows i with indices[..., i] == j``.

    The gradient of `max_pool1d`, and of `adaptive_max_pool1d`: each window hands its gradient to the sample it took,
    and a sample that several windows took gets the sum.

    Parameters
    ----------
    grad_output : array (N, C, o) or (C, o)
        Gradient with respect to the pooled samples.
    indices : array (N, C, o) or (C, o)
        Where the maxima were found, int64, from 0 to ``n - 1``: the second result of `max_pool1d`.
    input_size : int
        Length ``n`` of the pooled axis.

    Returns
    -------
    array (N, C, n) or (C, n)
        Namespace, dtype and device of `grad_output`.

    Raises
    ------
    ValueError
        When shapes do not fit, or an index lies outside the input.

    Examples
    --------
    Two windows took the sample 1:

    >>> import numpy as np
    >>> max_pool1d_backward(np.array([[10.0, 20.0, 30.0]]), np.array([[1, 1, 3]]), 4)
    array([[ 0., 30.,  0., 30.]])
    """
    return _max_pool_backward(grad_output, indices, input_size, axes=1)


def max_pool2d_backward(grad_output: Array, indices: Array, input_size: Ints) -> Array:
    """``grad_input[..., a, b] = sum of grad_output[..., i, j]`` where ``indices[..., i, j] == W*a + b``.

    As `max_pool1d_backward`, with two axes: `grad_output` and `indices` (N, C, oH, oW) or (C, oH, oW), `input_size`
    (H, W).

    Examples
    --------
    >>> import numpy as np
    >>> max_pool2d_backward(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[[4, 4], [4, 5]]]), (2, 3))
    array([[[0., 0., 0.],
            [0., 6., 4.]]])
    """
    return _max_pool_backward(grad_output, indices, input_size, axes=2)


def max_pool3d_backward(grad_output: Array, indices: Array, input_size: Ints) -> Array:
    """``grad_input[..., a, b, c] = sum of grad_output`` over the windows whose index is ``W*(H*a + b) + c``.

    As `max_pool1d_backward`, with three axes: `grad_output` and `indices` (N, C, oD, oH, oW) or (C, oD, oH, oW),
    `input_size` (D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> max_pool3d_backward(np.array([[[[2.0]]]]), np.array([[[[3]]]]), (2, 1, 2))
    array([[[[0., 0.]],
    <BLANKLINE>
            [[0., 2.]]]])
    """
    return _max_pool_backward(grad_output, indices, input_size, axes=3)


def _max_pool_backward(grad_output: Array, indices: Array, input_size: Ints, axes: int) -> Array:
    spatial_size("grad_output", grad_output, axes)
    return lay_adding(grad_output, indices, per_axis("input_size", input_size, axes, 1))


def avg_pool1d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """``out[..., i] = (sum over t of input[..., s*i + t - p]) / k``.

    Names, order and semantics are those of ``torch.nn.functional.avg_pool1d``; samples outside the input count as 0.

    Parameters
    ----------
    input : array (N, C, n) or (C, n)
        Floating-point numbers, or int64: then averages are cut towards 0.
    kernel_size : int
        Samples ``k`` in a window, at least 1.
    stride : int, optional
        Step ``s``, at least 1; `kernel_size` when left out.
    padding : int
        Zeros ``p`` added on each side, at most ``k // 2``.
    ceil_mode : bool
        Whether a window that hangs over the end counts; it must still start inside the input or before it.
    count_include_pad : bool
        Whether the zeros of `padding` count in the average. What hangs over beyond them never does: there the
        divisor is smaller than ``k``.

    Returns
    -------
    array (N, C, o) or (C, o)
        ``o`` as `pool_output_size` says; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, an option is out of range, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool1d(np.array([[1.0, 3.0, 5.0, 9.0]]), 2)
    array([[2., 7.]])
    >>> x = np.array([[6.0, 6.0, 6.0]])
    >>> avg_pool1d(x, 3, 1, 1), avg_pool1d(x, 3, 1, 1, count_include_pad=False)
    (array([[4., 6., 4.]]), array([[6., 6., 6.]]))
    """
    windows = _avg_windows(spatial_size("input", input, 1), kernel_size, stride, padding, ceil_mode)
    return _avg_pool(input, windows, count_include_pad)


def avg_pool2d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """``out[..., i, j] = (sum over a, b of input[..., s0*i + a - p0, s1*j + b - p1]) / (kH*kW)``.

    As `avg_pool1d`, with two axes: `input` (N, C, H, W) or (C, H, W); `kernel_size`, `stride`, `padding` one number
    or (vertical, horizontal).

    Parameters
    ----------
    divisor_override : int, optional
        Divides every sum, whatever the window holds; not 0.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])
    >>> avg_pool2d(x, 2), avg_pool2d(x, 2, divisor_override=1)
    (array([[[3.5, 5.5]]]), array([[[14., 22.]]]))
    """
    windows = _avg_windows(spatial_size("input", input, 2), kernel_size, stride, padding, ceil_mode)
    return _avg_pool(input, windows, count_include_pad, divisor_override)


def avg_pool3d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """``out[..., i, j, l] = (sum over a, b, c of input[..., s0*i + a - p0, s1*j + b - p1, s2*l + c - p2]) / k**3``.

    As `avg_pool2d`, with three axes: `input` (N, C, D, H, W) or (C, D, H, W); `kernel_size`, `stride`, `padding` one
    number or three, and the divisor is the product of the three kernel sizes. No axis may be shorter than the
    kernel, whatever the padding: so torch has it, on three axes only.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[3.5]]]])
    """
    windows = _avg_windows(spatial_size("input", input, 3), kernel_size, stride, padding, ceil_mode)
    return _avg_pool(input, windows, count_include_pad, divisor_override)


def _avg_windows(size: tuple[int, ...], kernel_size: Ints, stride: Ints | None, padding: Ints,
                 ceil_mode: bool) -> list[_Windows]:  # fmt: skip
    windows = _windows(size, kernel_size, stride, padding, 1, ceil_mode)
    if len(size) == 3 and any(w.n < w.k for w in windows):
        raise ValueError(f"kernel_size must not exceed the input size {size}, got {kernel_size!r}")
    return windows


def _avg_pool(input: Array, windows: Axes, include_pad: bool = True, divisor: int | None = None) -> Array:
    _refuse_unless("real floating or int64", "input", input)
    x = pad_axes(input, [w.pads for w in windows])
    for axis, w in zip(range(-len(windows), 0), windows, strict=True):
        x = _sum_along(x, axis, w)
    return _quotient(x, _divisor(windows, input, include_pad, divisor))


def _sum_along(x: Array, axis: int, w: _Windows | _Bins) -> Array:
    seen = w.taps(x, axis)
    total = next(seen)
    for value in seen:
        total = total + value
    return total


def _divisor(windows: Axes, like: Array, include_pad: bool, override: int | None) -> Array | int:
    """What each window's sum is divided by."""
    check_flags(count_include_pad=include_pad)
    if override is not None:
        if whole_number("divisor_override", override) == 0:
            raise ValueError("divisor_override must not be 0")
        return int(override)
    counts = [w.counts(like, include_pad) for w in windows]
    total = counts[0]
    for count in counts[1:]:
        total = total[..., None] * count
    return array_namespace(like).astype(total, like.dtype)


def _quotient(total: Array, divisor: Array | int) -> Array:
    """``total / divisor``, for whole numbers cut towards 0."""
    xp = array_namespace(total)
    if xp.isdtype(total.dtype, "real floating"):
        return total / divisor
    floor = total // divisor
    return floor + xp.astype((floor < 0) & (floor * divisor != total), total.dtype)


def avg_pool1d_adjoint(
    output: Array,
    input_size: Ints,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """``<avg_pool1d(x, ...), output> == <x, avg_pool1d_adjoint(output, ...)>``: also the gradient of `avg_pool1d`.

    Each window hands every sample it covers its value divided by its count.

    Parameters
    ----------
    output : array (N, C, o) or (C, o)
        Of the shape that `avg_pool1d` gives; floating point.
    input_size : int
        Length ``n`` of its input.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As `avg_pool1d`.

    Returns
    -------
    array (N, C, n) or (C, n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When an argument is out of range, or `avg_pool1d` gives another size.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool1d_adjoint(np.array([[2.0, 8.0]]), 5, 2)
    array([[1., 1., 4., 4., 0.]])
    """
    size = per_axis("input_size", input_size, 1, 1)
    windows = _avg_windows(size, kernel_size, stride, padding, ceil_mode)
    return _avg_pool_adjoint(output, windows, count_include_pad)


def avg_pool2d_adjoint(
    output: Array,
    input_size: Ints,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """``<avg_pool2d(x, ...), output> == <x, avg_pool2d_adjoint(output, ...)>``.

    As `avg_pool1d_adjoint`, with two axes: `output` (N, C, oH, oW) or (C, oH, oW), `input_size` (H, W).

    Parameters
    ----------
    divisor_override : int, optional
        As `avg_pool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d_adjoint(np.array([[[4.0, 8.0]]]), (2, 3), 2, stride=1)
    array([[[1., 3., 2.],
            [1., 3., 2.]]])
    """
    size = per_axis("input_size", input_size, 2, 1)
    windows = _avg_windows(size, kernel_size, stride, padding, ceil_mode)
    return _avg_pool_adjoint(output, windows, count_include_pad, divisor_override)


def avg_pool3d_adjoint(
    output: Array,
    input_size: Ints,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """``<avg_pool3d(x, ...), output> == <x, avg_pool3d_adjoint(output, ...)>``.

    As `avg_pool2d_adjoint`, with three axes: `output` (N, C, oD, oH, oW) or (C, oD, oH, oW), `input_size` (D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool3d_adjoint(np.array([[[[8.0]]]]), 2, 2)
    array([[[[1., 1.],
             [1., 1.]],
    <BLANKLINE>
            [[1., 1.],
             [1., 1.]]]])
    """
    size = per_axis("input_size", input_size, 3, 1)
    windows = _avg_windows(size, kernel_size, stride, padding, ceil_mode)
    return _avg_pool_adjoint(output, windows, count_include_pad, divisor_override)


def _avg_pool_adjoint(output: Array, windows: list[_Windows], include_pad: bool, divisor: int | None = None) -> Array:
    """Division and sum transposed, last step first: divide, spread along each axis, crop the padding."""
    _check_output(output, windows)
    y = output / _divisor(windows, output, include_pad, divisor)
    for axis, w in zip(range(-len(windows), 0), windows, strict=True):
        y = _spread_along(y, axis, w)
    return pad_axes(y, [(-before, -after) for before, after in (w.pads for w in windows)])


def _spread_along(y: Array, axis: int, w: _Windows) -> Array:
    """The adjoint of `_sum_along`: what reads a sample there adds to it here."""
    xp, shape = array_namespace(y), list(y.shape)
    shape[axis] = w.n + sum(w.pads)
    out = xp.zeros(tuple(shape), dtype=y.dtype, device=device(y))
    for seen in w.taps(out, axis):
        seen += y
    return out


def _check_output(output: Array, windows: Axes) -> None:
    spatial_size("output", output, len(windows))
    _refuse_unless("real floating", "output", output)
    size = tuple(w.n for w in windows)
    check_spatial_size("output", output, [w.o for w in windows], f"when the input has {size}")


def pool_ring(input: Array, mode: str, kernel_size: int, stride: int) -> Array:
    """``out[..., i] = max over t of input[..., (s*i + t) mod n]``, or the average: pooling of a ring.

    Moving the ring by ``s`` samples moves the result by one, where ``s`` divides ``n``.

    Parameters
    ----------
    input : array (..., n)
        Of a dtype that `max_pool1d` or `avg_pool1d` takes.
    mode : "max" or "avg"
    kernel_size : int
        Samples ``k`` in a window, at least 1; more than ``n`` go round again.
    stride : int
        Step ``s``, from 1 to ``n``.

    Returns
    -------
    array (..., n // s)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When `input` has no samples or a dtype that does not fit, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> pool_ring(np.array([5, 1, 2, 3]), "max", 3, 2)
    array([5, 5])

    See also the book page ``pooling``.
    """
    check_arrays(input=input)
    if not isinstance(mode, str) or mode not in ("max", "avg"):
        raise ValueError(f'mode must be "max" or "avg", got {mode!r}')
    k, s = whole_number("kernel_size", kernel_size, 1), whole_number("stride", stride, 1)
    n = input.shape[-1] if input.ndim else 0
    if s > n:
        raise ValueError(f"stride must be at most the {n} samples of the ring, got {stride}")
    xp, lead, span = array_namespace(input), input.shape[:-1], s * (n // s - 1) + k
    around = gathered(input, xp.arange(span, device=device(input)) % n, -1)
    pool = max_pool1d if mode == "max" else avg_pool1d
    return xp.reshape(pool(xp.reshape(around, (prod(lead), 1, span)), k, s), (*lead, n // s))


def adaptive_avg_pool1d(input: Array, output_size: Ints) -> Array:
    """``out[..., i] = mean of input[..., j] over floor(i*n/o) <= j < ceil((i+1)*n/o)``.

    Names, order and semantics are those of ``torch.nn.functional.adaptive_avg_pool1d``: the output size is given, the
    windows follow. They are all alike when ``o`` divides ``n``, else they differ in length and overlap.

    Parameters
    ----------
    input : array (N, C, n) or (C, n)
        Floating-point numbers.
    output_size : int
        Output length ``o``, at least 0; more than ``n`` repeats samples.

    Returns
    -------
    array (N, C, o) or (C, o)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, or `output_size` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool1d(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), 2)
    array([[2., 4.]])
    """
    return _adaptive_avg_pool(input, output_size, axes=1)


def adaptive_avg_pool2d(input: Array, output_size: int | Sequence[int | None]) -> Array:
    """``out[..., i, j]`` = mean of ``input`` over the `i`-th of oH vertical and the `j`-th of oW horizontal windows.

    As `adaptive_avg_pool1d`, with two axes: `input` (N, C, H, W) or (C, H, W); `output_size` one number or (oH, oW),
    where None keeps the size of that axis.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool2d(np.array([[[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]]), (None, 2))
    array([[[1.5, 2.5],
            [5.5, 6.5]]])
    """
    return _adaptive_avg_pool(input, output_size, axes=2)


def adaptive_avg_pool3d(input: Array, output_size: int | Sequence[int | None]) -> Array:
    """``out[..., i, j, l]`` = mean of ``input`` over the `i`-th, `j`-th and `l`-th window of the three axes.

    As `adaptive_avg_pool2d`, with three axes: `input` (N, C, D, H, W) or (C, D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), (1, 2, 1))
    array([[[[2.5],
             [4.5]]]])
    """
    return _adaptive_avg_pool(input, output_size, axes=3)


def _adaptive_avg_pool(input: Array, output_size: int | Sequence[int | None], axes: int) -> Array:
    _refuse_unless("real floating", "input", input)
    return _avg_pool(input, _adaptive_windows(spatial_size("input", input, axes), output_size))


def _adaptive_windows(size: tuple[int, ...], output_size: int | Sequence[int | None]) -> Axes:
    """The windows of each axis; None keeps the size of an axis (not on a single one, as in torch)."""
    axes, wanted = len(size), output_size
    if isinstance(wanted, Sequence):
        if len(wanted) != axes:
            raise ValueError(f"output_size must be one number or {axes}, got {output_size!r}")
        wanted = [n if o is None and axes > 1 else o for n, o in zip(size, wanted, strict=True)]
    return _adaptive(size, per_axis("output_size", wanted, axes, 0))


def adaptive_avg_pool1d_adjoint(output: Array, input_size: Ints) -> Array:
    """``<adaptive_avg_pool1d(x, o), output> == <x, adaptive_avg_pool1d_adjoint(output, n)>``.

    The windows that hold sample ``j`` of ``n`` are those from ``floor(j*o/n)`` to ``ceil((j+1)*o/n) - 1``: adaptive
    windows from ``o`` to ``n``. So the adjoint divides by the counts and sums adaptively the other way.

    Parameters
    ----------
    output : array (N, C, o) or (C, o)
        Of the shape that `adaptive_avg_pool1d` gives, ``o`` at least 1; floating point.
    input_size : int
        Length ``n`` of its input.

    Returns
    -------
    array (N, C, n) or (C, n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, or `input_size` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool1d_adjoint(np.array([[3.0, 6.0]]), 5)
    array([[1., 1., 3., 2., 2.]])
    """
    return _adaptive_avg_pool_adjoint(output, input_size, axes=1)


def adaptive_avg_pool2d_adjoint(output: Array, input_size: Ints) -> Array:
    """``<adaptive_avg_pool2d(x, (oH, oW)), output> == <x, adaptive_avg_pool2d_adjoint(output, (H, W))>``.

    As `adaptive_avg_pool1d_adjoint`, with two axes: `output` (N, C, oH, oW) or (C, oH, oW), `input_size` (H, W).

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool2d_adjoint(np.array([[[6.0]]]), (2, 3))
    array([[[1., 1., 1.],
            [1., 1., 1.]]])
    """
    return _adaptive_avg_pool_adjoint(output, input_size, axes=2)


def adaptive_avg_pool3d_adjoint(output: Array, input_size: Ints) -> Array:
    """``<adaptive_avg_pool3d(x, (oD, oH, oW)), output> == <x, adaptive_avg_pool3d_adjoint(output, (D, H, W))>``.

    As `adaptive_avg_pool1d_adjoint`, with three axes: `output` (N, C, oD, oH, oW) or (C, oD, oH, oW), `input_size`
    (D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool3d_adjoint(np.array([[[[6.0]]]]), (1, 2, 3))
    array([[[[1., 1., 1.],
             [1., 1., 1.]]]])
    """
    return _adaptive_avg_pool_adjoint(output, input_size, axes=3)


def _adaptive_avg_pool_adjoint(output: Array, input_size: Ints, axes: int) -> Array:
    size, pooled = per_axis("input_size", input_size, axes, 1), spatial_size("output", output, axes)
    _refuse_unless("real floating", "output", output)
    y = output / _divisor(_adaptive(size, pooled), output, True, None)
    back = _adaptive(pooled, size)
    y = pad_axes(y, [w.pads for w in back])
    for axis, w in zip(range(-axes, 0), back, strict=True):
        y = _sum_along(y, axis, w)
    return y


def adaptive_max_pool1d(input: Array, output_size: Ints, return_indices: bool = False) -> Array | tuple[Array, Array]:
    """``out[..., i] = max of input[..., j] over floor(i*n/o) <= j < ceil((i+1)*n/o)``.

    Names, order and semantics are those of ``torch.nn.functional.adaptive_max_pool1d``.

    Parameters
    ----------
    input : array (N, C, n) or (C, n)
        Real or whole numbers; NaN counts as the largest.
    output_size : int
        Output length ``o``, at least 0; more than ``n`` repeats samples.
    return_indices : bool
        Whether to return also where the maxima were found.

    Returns
    -------
    array (N, C, o) or (C, o)
        Namespace, dtype and device of `input`. With `return_indices` a pair of it and of the maxima's positions,
        int64, as `max_pool1d` gives them.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, or `output_size` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool1d(np.array([[1, 5, 4, 3, 2]]), 2, return_indices=True)
    (array([[5, 4]]), array([[1, 2]]))
    """
    return _max_pool(input, _adaptive_windows(spatial_size("input", input, 1), output_size), return_indices)


def adaptive_max_pool2d(
    input: Array, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """``out[..., i, j]`` = max of ``input`` over the `i`-th of oH vertical and the `j`-th of oW horizontal windows.

    As `adaptive_max_pool1d`, with two axes: `input` (N, C, H, W) or (C, H, W); `output_size` one number or (oH, oW),
    where None keeps the size of that axis. Positions are ``W*row + column``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool2d(np.array([[[1, 2, 3], [7, 6, 5]]]), (None, 2))
    array([[[2, 3],
            [7, 6]]])
    """
    return _max_pool(input, _adaptive_windows(spatial_size("input", input, 2), output_size), return_indices)


def adaptive_max_pool3d(
    input: Array, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """``out[..., i, j, l]`` = max of ``input`` over the `i`-th, `j`-th and `l`-th window of the three axes.

    As `adaptive_max_pool2d`, with three axes: `input` (N, C, D, H, W) or (C, D, H, W). Positions count through the
    volume, the last axis fastest.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool3d(np.arange(8).reshape(1, 2, 2, 2), (1, 2, 1))
    array([[[[5],
             [7]]]])
    """
    return _max_pool(input, _adaptive_windows(spatial_size("input", input, 3), output_size), return_indices)


def global_avg_pool(input: Array, axes: int) -> Array:
    """``out[..., 0, 0] = mean over i, j of input[..., i, j]``: the last `axes` axes shrink to length 1.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
        Floating-point numbers.
    axes : int
        How many axes are averaged, from the last.

    Returns
    -------
    array (..., 1) or (..., 1, 1) and so on
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When the dtype does not fit, `axes` is out of range, or one of them is empty.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool(np.array([[1.0, 2.0], [3.0, 6.0]]), axes=2)
    array([[3.]])
    """
    _refuse_unless("real floating", "input", input)
    axes = _global_axes(input, axes)
    return array_namespace(input).mean(input, axis=tuple(range(-axes, 0)), keepdims=True)


def global_avg_pool_adjoint(output: Array, input_size: Sequence[int]) -> Array:
    """``<global_avg_pool(x, axes), output> == <x, global_avg_pool_adjoint(output, input_size)>``.

    Every sample gets ``output / (H*W)``.

    Parameters
    ----------
    output : array (..., 1) or (..., 1, 1) and so on
        Floating-point numbers.
    input_size : sequence of int
        Lengths of the axes that were averaged.

    Returns
    -------
    array (..., n) or (..., H, W) and so on
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, or `input_size` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool_adjoint(np.array([[8.0]]), (2, 2))
    array([[2., 2.],
           [2., 2.]])
    """
    _refuse_unless("real floating", "output", output)
    size = per_axis("input_size", input_size, len(input_size) if isinstance(input_size, Sequence) else 1, 1)
    axes = _global_axes(output, len(size))
    check_spatial_size("output", output, (1,) * axes, "after global pooling")
    xp = array_namespace(output)
    return xp.astype(xp.broadcast_to(output / prod(size), (*output.shape[:-axes], *size)), output.dtype)


def global_max_pool(input: Array, axes: int) -> Array:
    """``out[..., 0, 0] = max over i, j of input[..., i, j]``: the last `axes` axes shrink to length 1.

    As `global_avg_pool`, for real or whole numbers. The gradient of equal maxima goes to the first of them.

    Examples
    --------
    >>> import numpy as np
    >>> global_max_pool(np.array([[1, 2], [3, 6]]), axes=2)
    array([[6]])
    """
    _refuse_unless("real floating or integral", "input", input)
    xp, axes = array_namespace(input), _global_axes(input, axes)
    lead = tuple(input.shape[:-axes])
    flat = xp.reshape(input, (*lead, prod(input.shape[-axes:])))
    largest = xp.take_along_axis(flat, xp.argmax(flat, axis=-1, keepdims=True), axis=-1)
    return xp.reshape(largest, (*lead, *(1,) * axes))


def _global_axes(x: Array, axes: int) -> int:
    axes = whole_number("axes", axes, 1)
    if axes > x.ndim or 0 in x.shape[-axes:]:
        raise ValueError(f"axes must name axes that are there and not empty, got axes={axes} for {tuple(x.shape)}")
    return axes


def lp_pool1d(
    input: Array, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Array:
    """``out[..., i] = (sum over t of input[..., s*i + t] ** q) ** (1/q)`` with ``q`` = `norm_type`.

    Names, order and semantics are those of ``torch.nn.functional.lp_pool1d``: powers of the samples, not of their
    absolute values, and under `ceil_mode` a window that hangs over the end counts as ``k`` times its average.

    Parameters
    ----------
    input : array (N, C, n) or (C, n)
        Floating-point numbers.
    norm_type : float
        Exponent ``q``, not 0; infinity takes the largest absolute value, minus infinity the smallest.
    kernel_size, stride, ceil_mode
        As `avg_pool1d`.

    Returns
    -------
    array (N, C, o) or (C, o)
        ``o`` as `pool_output_size` says; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When the shape or dtype does not fit, an option is out of range, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool1d(np.array([[3.0, 4.0, 0.0, 5.0]]), 2, 2)
    array([[5., 5.]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, axes=1)


def lp_pool2d(
    input: Array, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Array:
    """``out[..., i, j] = (sum over a, b of input[..., s0*i + a, s1*j + b] ** q) ** (1/q)``, ``q`` = `norm_type`.

    As `lp_pool1d`, with two axes: `input` (N, C, H, W) or (C, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool2d(np.array([[[1.0, 4.0], [2.0, 2.0]]]), 2, 2)
    array([[[5.]]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, axes=2)


def lp_pool3d(
    input: Array, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Array:
    """``out[..., i, j, l] = (sum over a, b, c of input[..., s0*i + a, s1*j + b, s2*l + c] ** q) ** (1/q)``.

    As `lp_pool1d`, with three axes: `input` (N, C, D, H, W) or (C, D, H, W).

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool3d(np.array([[[[1.0, 4.0], [2.0, 2.0]]]]), 2, (1, 2, 2))
    array([[[[5.]]]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, axes=3)


def _lp_pool(input: Array, norm_type: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool,
             axes: int) -> Array:  # fmt: skip
    """Largest or smallest absolute value, or the root of the sum; where that is 0, so is its gradient, as in torch."""
    _refuse_unless("real floating", "input", input)
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or not norm_type:
        raise ValueError(f"norm_type must be a number other than 0, got {norm_type!r}")
    xp, size, q = array_namespace(input), spatial_size("input", input, axes), float(norm_type)
    if abs(q) == inf:
        sign = 1 if q > 0 else -1
        return sign * _max_pool(sign * xp.abs(input), _windows(size, kernel_size, stride, 0, 1, ceil_mode), False)
    windows = _avg_windows(size, kernel_size, stride, 0, ceil_mode)
    total = _avg_pool(input**q, windows) * prod(w.k for w in windows)
    root = xp.where(total == 0, 1, total) ** (1 / q)
    return xp.where(total == 0, 0 if q > 0 else inf, root)
