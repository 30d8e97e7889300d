"""Channels to space and back: pixel shuffle, and why sub-pixel convolution *is* a transposed convolution.

Two orders of the channels are in use. With ``R = r0 * r1`` positions in a block, the sample at (a, b) of a block is
read from channel ``c*R + r1*a + b`` in the order "CRD" (torch) and ``(r1*a + b)*C + c`` in the order "DCR"
(TensorFlow, and the default of ONNX); they agree when there is one output channel, ``C = 1``.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from array_api_compat import array_namespace, device

from resampling.convolution import check_bias
from resampling.grid_sizes import check_arrays, per_axis, whole_number
from resampling.padding import pad_axes
from resampling.transposed_convolution import transposed_weight
from resampling.windows import taps

__all__ = [
    "icnr",
    "icnr_transposed",
    "pixel_shuffle",
    "pixel_unshuffle",
    "sub_pixel_to_transposed",
    "transposed_to_sub_pixel",
]

Array = Any
Converted = tuple[Array, Array | None, tuple[int, ...]]


def pixel_shuffle(input: Array, upscale_factor: int | Sequence[int], order: str = "CRD") -> Array:
    """``out[..., c, r*i + a, r*j + b] = input[..., c*r*r + r*a + b, i, j]``: channels become space.

    Name, argument order and values are those of ``torch.nn.functional.pixel_shuffle``, which has the order "CRD"
    and one factor for two axes.

    Parameters
    ----------
    input : array (..., C * R, H, W)
        Any number of leading axes; with another number of factors, as many axes after the channels.
    upscale_factor : int or sequence of int
        ``r``, samples out for each sample in, on both axes; or one factor for each of the last axes, so ``(r,)``
        shuffles signals and ``(r0, r1, r2)`` volumes. ``R`` is the product of the factors.
    order : "CRD" or "DCR"
        "DCR" reads ``out[..., c, r*i + a, r*j + b]`` from channel ``(r*a + b)*C + c``.

    Returns
    -------
    array (..., C, r * H, r * W)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an option is out of range, `input` has too few axes, or ``R`` does not divide its channels.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_shuffle(np.array([1, 2, 3, 4]).reshape(4, 1, 1), 2)
    array([[[1, 2],
            [3, 4]]])
    >>> x = np.arange(4).reshape(4, 1)
    >>> pixel_shuffle(x, (2,)).tolist(), pixel_shuffle(x, (2,), order="DCR").tolist()
    ([[0, 1], [2, 3]], [[0, 2], [1, 3]])

    Shi et al. 2016 (arXiv 1609.05158), equation 4. See also the book page ``sub-pixel``.
    """
    r = _factors("upscale_factor", upscale_factor)
    lead, channels, size = _split(input, len(r))
    _check_order(order)
    if channels % prod(r):
        raise ValueError(f"upscale_factor={upscale_factor} needs a multiple of {prod(r)} channels, got {channels}")
    c, xp = channels // prod(r), array_namespace(input)
    blocks = xp.reshape(input, (*lead, *((c, *r) if order == "CRD" else (*r, c)), *size))
    places = _interleaved(len(lead), len(r), order)
    return _moved(blocks, places, (*lead, c, *(f * n for f, n in zip(r, size, strict=True))))


def pixel_unshuffle(input: Array, downscale_factor: int | Sequence[int], order: str = "CRD") -> Array:
    """``out[..., c*r*r + r*a + b, i, j] = input[..., c, r*i + a, r*j + b]``: space becomes channels.

    The inverse of `pixel_shuffle`: ``pixel_shuffle(pixel_unshuffle(x, r), r) == x``. Output channel ``r*a + b`` of a
    map is its phase (a, b), ``x[a::r, b::r]``: unshuffling is the polyphase decomposition.

    Parameters
    ----------
    input : array (..., C, r * H, r * W)
    downscale_factor : int or sequence of int
        ``r`` on both of the last axes, or one factor for each of the last axes.
    order : "CRD" or "DCR"
        Order of the output's channels, as `pixel_shuffle`.

    Returns
    -------
    array (..., C * R, H, W)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an option is out of range, `input` has too few axes, or a factor does not divide its axis.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_unshuffle(np.array([[10, 11, 12, 13, 14, 15]]), (3,))
    array([[10, 13],
           [11, 14],
           [12, 15]])
    """
    r = _factors("downscale_factor", downscale_factor)
    lead, channels, size = _split(input, len(r))
    if any(n % f for n, f in zip(size, r, strict=True)):
        raise ValueError(f"downscale_factor={downscale_factor} must divide the last axes of input, got {size}")
    small, xp = tuple(n // f for n, f in zip(size, r, strict=True)), array_namespace(input)
    blocks = xp.reshape(input, (*lead, channels, *(part for pair in zip(small, r, strict=True) for part in pair)))
    places = _interleaved(len(lead), len(r), order)
    return _moved(blocks, sorted(range(blocks.ndim), key=places.__getitem__), (*lead, channels * prod(r), *small))


def sub_pixel_to_transposed(
    weight: Array,
    upscale_factor: int | Sequence[int],
    padding: int | Sequence[int] = 0,
    bias: Array | None = None,
    groups: int = 1,
    order: str = "CRD",
) -> Converted:
    """``pixel_shuffle(conv(x, weight, bias, padding=p), r) == conv_transpose(x, *to, stride=r, padding=crop)``.

    Here ``*to, crop`` is what is returned: the transposed kernel is the flipped kernel, its channels swapped, itself
    shuffled, and the padding on one side is the crop on the other::

        to[q, c, r*(k-1-t) + a] = weight[c*r + a, q, t],      crop = r * (k-1-p)

    On two and three axes the same holds on each axis.

    Parameters
    ----------
    weight : array (C_out * R, C_in / groups, k), (..., kH, kW) or (..., kD, kH, kW)
        Of a convolution with stride 1, whose output is shuffled.
    upscale_factor : int or sequence of int
        ``r``, for all axes of the kernel or one for each; ``R`` is their product.
    padding : int or sequence of int
        ``p`` of the convolution, at most ``k - 1``.
    bias : array (C_out * R,), optional
        A transposed convolution adds one number to an output channel, so the ``R`` biases of each must be equal.
    groups : int
        Of both layers; above 1 only with the order "CRD", which keeps the phases of a channel in its group.
    order : "CRD" or "DCR"
        As `pixel_shuffle`.

    Returns
    -------
    (weight, bias, padding)
        Of the transposed convolution with stride ``r``: array (C_in, C_out / groups, r * k, ...), array (C_out,) or
        None, and one int for each axis. Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When shapes do not fit, an option is out of range, or the biases of an output channel differ.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[[1, 2, 3]], [[10, 20, 30]]])  # two phases
    >>> sub_pixel_to_transposed(w, 2, padding=1)
    (array([[[ 3, 30,  2, 20,  1, 10]]]), None, (2,))

    Shi et al. 2016 (arXiv 1609.07009), section 2. See also the book page ``sub-pixel``.
    """
    axes = _kernel_axes(weight, groups, order)
    r, pads = per_axis("upscale_factor", upscale_factor, axes, 1), per_axis("padding", padding, axes, 0)
    sides = tuple(zip(r, weight.shape[2:], pads, strict=True))
    if any(p >= k for _, k, p in sides):
        raise ValueError(f"padding must be below the kernel's {tuple(weight.shape[2:])} taps, got {padding}")
    if weight.shape[0] % (prod(r) * groups):
        raise ValueError(
            f"weight must have a multiple of R * groups = {prod(r)} * {groups} output channels, got {weight.shape[0]}"
        )
    kernel = pixel_shuffle(transposed_weight(weight, groups), r, order)
    return kernel, _one_per_channel(bias, weight, r, order), tuple(f * (k - 1 - p) for f, k, p in sides)


def transposed_to_sub_pixel(
    weight: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    bias: Array | None = None,
    groups: int = 1,
    order: str = "CRD",
) -> Converted:
    """``conv_transpose(x, weight, bias, s, p, op) == pixel_shuffle(conv(x, *to, padding=pad), s)[..., :o]``.

    Here ``*to, pad`` is what is returned, and ``o = s(n-1) - 2p + k + op``. The kernel is widened with zeros to a
    multiple of ``s``, unshuffled into its ``s`` phases, and flipped: `sub_pixel_to_transposed` read backwards. A
    shuffled map is a multiple of ``s`` long: when ``k + op - 2p`` is not, it has up to ``s - 1`` samples too many at
    the end, which ``[..., :o]`` crops; else the two are equal as they stand.

    Parameters
    ----------
    weight : array (C_in, C_out / groups, k), (..., kH, kW) or (..., kD, kH, kW)
        Of a transposed convolution.
    stride, padding, output_padding : int or sequence of int
        ``s``, ``p`` and ``op`` of the transposed convolution, in samples; ``op`` is below ``s``.
    bias : array (C_out,), optional
    groups : int
        Of both layers; above 1 only with the order "CRD".
    order : "CRD" or "DCR"
        As `pixel_shuffle`.

    Returns
    -------
    (weight, bias, padding)
        Of the convolution with stride 1: array (C_out * R, C_in / groups, k', ...) where ``R`` is the product of the
        strides, array (C_out * R,) or None, and one int for each axis. Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When shapes do not fit, or an option is out of range.

    Examples
    --------
    The usual kernel of four taps needs three taps in each phase, one of them 0:

    >>> import numpy as np
    >>> transposed_to_sub_pixel(np.array([[[1, 2, 3, 4]]]), stride=2, padding=1)
    (array([[[4, 2, 0]],
    <BLANKLINE>
           [[0, 3, 1]]]), None, (1,))
    """
    axes, kernel = _kernel_axes(weight, groups, order), weight.shape[2:]
    s, crop = per_axis("stride", stride, axes, 1), per_axis("padding", padding, axes, 0)
    extra = per_axis("output_padding", output_padding, axes, 0)
    if any(op >= step for op, step in zip(extra, s, strict=True)):
        raise ValueError(f"output_padding must be below stride = {stride}, got {output_padding}")
    sides, pads = zip(*map(_widening, kernel, s, crop, extra), strict=True)
    check_bias(bias, weight.shape[1] * groups, weight)
    phases = transposed_weight(pixel_unshuffle(pad_axes(weight, sides), s, order), groups)
    return phases, None if bias is None else _copies(bias, prod(s), order), pads


def icnr(weight: Array, upscale_factor: int | Sequence[int], order: str = "CRD") -> Array:
    """``pixel_shuffle(conv(x, icnr(w, r)), r) == nearest(conv(x, w), r)``: no checkerboard at the start of training.

    Every phase of an output channel starts with the same kernel, so the shuffled layer is a convolution followed by
    nearest upsampling: ``icnr(w, r)[c*R + a] = w[c]`` for all ``a < R``. These are copies one by one
    (``repeat_interleave``); whole copies one after the other (``tile``) are those of the order "DCR".

    Nothing here is random. Draw `weight` as for the small layer, with any initialisation, for example
    ``torch.nn.init.kaiming_normal_``, and give the result to the large one.

    Parameters
    ----------
    weight : array (C_out, C_in / groups, k), (..., kH, kW) or (..., kD, kH, kW)
        Of the small convolution.
    upscale_factor : int or sequence of int
        ``r``, for all axes of the kernel or one for each; ``R`` is their product.
    order : "CRD" or "DCR"
        As `pixel_shuffle`.

    Returns
    -------
    array (C_out * R, C_in / groups, k, ...)
        Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When `weight` is not a kernel with channels, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> icnr(np.array([[[1, 2]], [[3, 4]]]), 2).tolist()
    [[[1, 2]], [[1, 2]], [[3, 4]], [[3, 4]]]

    Aitken et al. 2017 (arXiv 1707.02937), equation 7. See also the book page ``sub-pixel``.
    """
    axes = _kernel_axes(weight, 1, order)
    return _copies(weight, prod(per_axis("upscale_factor", upscale_factor, axes, 1)), order)


def icnr_transposed(weight: Array, stride: int | Sequence[int], groups: int = 1) -> Array:
    """``conv_transpose(x, icnr_transposed(w, s), stride=s, padding=k-1-p) == conv(nearest(x, s), w, padding=p)``.

    Nearest upsampling is itself a transposed convolution, with a box of ``s`` ones; followed by a convolution it is
    the transposed convolution with the box and the flipped kernel convolved::

        out[q, c, u] = sum over a < s of w[c, q, k-1 - (u - a)],      k + s - 1 taps

    The box passes no multiple of the frequency ``1/s`` cycles/sample but 0, so no checkerboard is there at the start
    of training. Three taps and ``s = 2`` fill the usual layer of four taps, stride 2 and padding 1.

    Nothing here is random: draw `weight` as for the small layer. (The sub-pixel layer of `icnr` is *another*
    transposed convolution, nearest upsampling *after* a convolution: ``sub_pixel_to_transposed(icnr(w, r), r)``.)

    Parameters
    ----------
    weight : array (C_out, C_in / groups, k), (..., kH, kW) or (..., kD, kH, kW)
        Of the convolution at high resolution.
    stride : int or sequence of int
        ``s`` of the transposed convolution, for all axes of the kernel or one for each.
    groups : int
        Of both layers.

    Returns
    -------
    array (C_in, C_out / groups, k + s - 1, ...)
        Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When `weight` is not a kernel with channels, `groups` does not divide them, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> icnr_transposed(np.array([[[1.0, 2.0, 3.0]]]), 2)
    array([[[3., 5., 3., 1.]]])
    """
    axes = _kernel_axes(weight, groups)
    s, ones = per_axis("stride", stride, axes, 1), (1,) * axes
    padded = pad_axes(transposed_weight(weight, groups), [(step - 1, step - 1) for step in s])
    size = [k + step - 1 for k, step in zip(weight.shape[2:], s, strict=True)]
    return sum(taps(padded, s, ones, ones, size))


def _factors(name: str, value: int | Sequence[int]) -> tuple[int, ...]:
    """One number stands for two axes; a sequence has one for each axis."""
    return per_axis(name, value, max(len(value), 1) if isinstance(value, Sequence) else 2, 1)


def _split(input: Array, axes: int) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """Leading axes, channels, and size."""
    check_arrays(input=input)
    if input.ndim <= axes:
        raise ValueError(f"input must have at least {axes + 1} axes, channels then space; got {tuple(input.shape)}")
    return tuple(input.shape[: -axes - 1]), input.shape[-axes - 1], tuple(input.shape[-axes:])


def _interleaved(lead: int, axes: int, order: str) -> tuple[int, ...]:
    """The permutation of axes (..., C, *r, *n), in DCR (..., *r, C, *n), that gives (..., C, n0, r0, n1, r1, ...)."""
    _check_order(order)
    channel, factor = (lead, lead + 1) if order == "CRD" else (lead + axes, lead)
    pairs = (axis for a in range(axes) for axis in (lead + 1 + axes + a, factor + a))
    return (*range(lead), channel, *pairs)


def _moved(blocks: Array, axes: Sequence[int], shape: tuple[int, ...]) -> Array:
    """The axes in another order, then another shape; a copy, also where a view would do."""
    xp = array_namespace(blocks)
    moved = xp.permute_dims(blocks, tuple(axes))
    out = xp.empty(moved.shape, dtype=blocks.dtype, device=device(blocks))
    out[...] = moved
    return xp.reshape(out, shape)


def _check_order(order: str) -> None:
    if not isinstance(order, str) or order not in ("CRD", "DCR"):
        raise ValueError(f'order must be "CRD" or "DCR", got {order!r}')


def _kernel_axes(weight: Array, groups: int, order: str = "CRD") -> int:
    """How many axes the kernel has; refuses what no layer here can have."""
    _check_order(order)
    if whole_number("groups", groups, 1) > 1 and order == "DCR":
        raise ValueError(f'order must be "CRD" when groups={groups}: "DCR" spreads the phases of a channel over groups')
    check_arrays(weight=weight)
    if weight.ndim not in (3, 4, 5) or 0 in weight.shape:
        raise ValueError(
            f"weight must have two axes of channels and 1 to 3 of taps, none empty; got {tuple(weight.shape)}"
        )
    return weight.ndim - 2


def _copies(x: Array, count: int, order: str) -> Array:
    """`count` copies of each entry of the first axis, in the order of channels before a shuffle."""
    xp = array_namespace(x)
    return xp.repeat(x, count, axis=0) if order == "CRD" else xp.concat([x] * count, axis=0)


def _one_per_channel(bias: Array | None, weight: Array, r: Sequence[int], order: str) -> Array | None:
    """The bias of each output channel, whose phases must all have it."""
    if bias is None:
        return None
    check_bias(bias, weight.shape[0], weight)
    phases = pixel_shuffle(bias[:, None], (prod(r),), order)
    if not bool(array_namespace(bias).all(phases == phases[:, :1])):
        raise ValueError(f"bias must be equal in the {prod(r)} phases of an output channel: a transposed convolution "
                         "adds one number to all of them")  # fmt: skip
    return phases[:, 0]


def _widening(kernel: int, stride: int, padding: int, output_padding: int) -> tuple[tuple[int, int], int]:
    """Zeros (before, after) that align a transposed kernel with the blocks of a shuffle, and the small padding."""
    first, last = -padding // stride, (kernel - 1 - padding) // stride  # blocks that one input sample paints
    longer = (kernel + output_padding - 2 * padding - 1) // stride  # blocks out minus samples in
    p = max(last, longer - first, 0)
    k = 2 * p + 1 - longer
    before = stride * (k - 1 - p) - padding
    return (before, stride * k - kernel - before), p
