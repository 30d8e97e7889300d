"""How many samples an operator returns, which samples it reads, and how a way down can be gone back.

Everything here is about *one axis*: sizes on several axes are those of each axis by itself.

Symbols, as everywhere in the course: input length ``n``, output length ``o``, kernel ``k``, stride ``s``,
padding ``p``, dilation ``d``, output padding ``op``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from operator import index
from reprlib import repr as short
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

__all__ = [
    "Layer",
    "ReceptiveField",
    "TransposedLayer",
    "conv_output_size",
    "conv_transpose_output_size",
    "divisible_size",
    "input_sizes",
    "is_exact_factor",
    "max_unpool_output_size",
    "output_padding_for",
    "plan_encoder_decoder",
    "pool_output_size",
    "receptive_field",
    "stack_sizes",
    "unused_samples",
    "upfirdn_output_size",
]


def conv_output_size(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Number of kernel positions: ``o = floor((n + 2p - d(k-1) - 1) / s) + 1``.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        Input length ``n``, kernel taps ``k``, step ``s``, zeros ``p`` added on *each* side, tap spacing ``d``,
        all in samples.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or the padded input is shorter than the dilated kernel.

    Examples
    --------
    Lengths 5 and 6 both give 3 outputs: the last sample of the longer one starts no new window.

    >>> conv_output_size(5, 3, stride=2, padding=1), conv_output_size(6, 3, stride=2, padding=1)
    (3, 3)
    """
    n = whole_number("length", length, 1)
    k, s, p, d = _window(kernel_size, stride, padding, dilation)
    return size_with_padding(n, k, s, (p, p), d)


def unused_samples(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Samples that the floor of `conv_output_size` drops: ``r = (n + 2p - d(k-1) - 1) mod s``.

    So many samples of the padded input lie after the last window. It is the ``output_padding`` with which a
    transposed convolution of the same options returns to ``n``.

    As `conv_output_size`.

    Returns
    -------
    int
        ``0 <= r < s``.

    Examples
    --------
    >>> unused_samples(5, 3, stride=2, padding=1), unused_samples(6, 3, stride=2, padding=1)
    (0, 1)
    """
    o = conv_output_size(length, kernel_size, stride, padding, dilation)
    return int(length) - _covered(o, *_window(kernel_size, stride, padding, dilation))


def input_sizes(output_length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> range:
    """All ``n`` with ``conv_output_size(n, ...) == output_length``.

    They are ``s(o-1) + d(k-1) + 1 - 2p + r`` for ``r = 0, ..., s - 1``, without those below 1: ``s`` lengths, or
    fewer where the padding alone gives that many windows.

    Parameters
    ----------
    output_length, kernel_size, stride, padding, dilation : int
        Output length ``o``; the rest as `conv_output_size`.

    Returns
    -------
    range
        The lengths ``n``, ascending; empty when the padding alone gives more windows.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> input_sizes(3, 3, stride=2, padding=1)
    range(5, 7)
    """
    o = whole_number("output_length", output_length, 1)
    k, s, p, d = _window(kernel_size, stride, padding, dilation)
    least = _covered(o, k, s, p, d)
    return range(max(least, 1), max(least + s, 1))


def pool_output_size(
    length: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Number of windows: ``o = floor((n + 2p - d(k-1) - 1) / s) + 1``, or with ``ceil`` in place of ``floor``.

    With ``ceil`` the last window may hang over the end, but must *start* inside the input or the padding before
    it, ``s(o-1) < n + p``; otherwise it is dropped.

    Parameters
    ----------
    length, kernel_size, dilation : int
        Input length ``n``, samples ``k`` in a window, their spacing ``d``.
    stride : int, optional
        Step ``s``; `kernel_size` when left out.
    padding : int
        Samples ``p`` added on *each* side, at most ``k // 2``.
    ceil_mode : bool
        Whether to round up.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> pool_output_size(6, 3, stride=2), pool_output_size(6, 3, stride=2, ceil_mode=True)
    (2, 3)

    Here a third window would start after the last sample, so rounding up gives no more:

    >>> pool_output_size(5, 2, stride=3, padding=1), pool_output_size(5, 2, stride=3, padding=1, ceil_mode=True)
    (2, 2)
    """
    check_flags(ceil_mode=ceil_mode)
    n = whole_number("length", length, 1)
    k, s, p, d = _window(kernel_size, kernel_size if stride is None else stride, padding, dilation)
    if p > k // 2:
        raise ValueError(f"padding must be at most half of kernel_size = {k}, got {p}")
    o = size_with_padding(n, k, s, (p, p), d, ceil_mode)
    return o - 1 if s * (o - 1) >= n + p else o


def conv_transpose_output_size(
    length: int, kernel_size: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Samples that a transposed convolution returns: ``o = s(n-1) + d(k-1) + 1 - 2p + op``.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        Input length ``n``, kernel taps ``k``, step ``s`` on the output, samples ``p`` cropped on *each* side, tap
        spacing ``d``, all in samples.
    output_padding : int
        Samples ``op`` by which the crop at the end is smaller, below ``max(s, d)``.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or the crop leaves nothing.

    Examples
    --------
    >>> conv_transpose_output_size(3, 3, stride=2, padding=1)
    5
    >>> conv_transpose_output_size(3, 3, stride=2, padding=1, output_padding=1)
    6
    """
    n = whole_number("length", length, 1)
    k, s, p, d = _window(kernel_size, stride, padding, dilation)
    op = _output_padding(output_padding, s, d)
    o = _covered(n, k, s, p, d) + op
    if o < 1:
        raise ValueError(f"padding must leave at least one of the {o + 2 * p} samples, got {p} on each side")
    return o


def output_padding_for(
    target: int, length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """The ``op`` with ``conv_transpose_output_size(length, ..., output_padding=op) == target``.

    For the way back from a convolution, ``target = n`` and ``length = conv_output_size(n, ...)``, it is what the
    floor dropped: ``op = unused_samples(n, ...)``.

    Parameters
    ----------
    target : int
        The output length that the transposed convolution shall have.
    length, kernel_size, stride, padding, dilation : int
        As `conv_transpose_output_size`.

    Returns
    -------
    int
        ``0 <= op < max(s, d)``.

    Raises
    ------
    ValueError
        When an argument is out of range, or no ``op`` gives `target`: the message says which targets can be had.

    Examples
    --------
    >>> output_padding_for(5, 3, 3, stride=2, padding=1), output_padding_for(6, 3, 3, stride=2, padding=1)
    (0, 1)
    """
    target = whole_number("target", target, 1)
    k, s, p, d = _window(kernel_size, stride, padding, dilation)
    most = conv_transpose_output_size(length, k, s, p, max(s, d) - 1, d)
    least = most - max(s, d) + 1
    if not least <= target <= most:
        sizes = f"from {max(least, 1)} to {most}" if most > max(least, 1) else f"{most}"
        raise ValueError(f"target must be {sizes}, which output_padding can reach from {length} samples; got {target}")
    return target - least


def is_exact_factor(
    kernel_size: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> bool:
    """Whether a transposed convolution returns ``o = s * n`` for every ``n``: ``d(k-1) + 1 - 2p + op == s``.

    Parameters
    ----------
    kernel_size, stride, padding, output_padding, dilation : int
        As `conv_transpose_output_size`.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> is_exact_factor(4, stride=2, padding=1), is_exact_factor(3, stride=2, padding=1)
    (True, False)
    """
    k, s, p, d = _window(kernel_size, stride, padding, dilation)
    return _covered(1, k, s, p, d) + _output_padding(output_padding, s, d) == s


def max_unpool_output_size(length: int, kernel_size: int, stride: int | None = None, padding: int = 0) -> int:
    """Samples that max-unpooling returns unless told otherwise: ``o = s(n-1) + k - 2p``.

    Parameters
    ----------
    length, kernel_size, padding : int
        Number ``n`` of pooled samples, samples ``k`` in a window, padding ``p`` on each side.
    stride : int, optional
        Step ``s``; `kernel_size` when left out.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or nothing is left.

    Examples
    --------
    >>> max_unpool_output_size(3, 2), max_unpool_output_size(3, 3, stride=2, padding=1)
    (6, 5)
    """
    return conv_transpose_output_size(length, kernel_size, kernel_size if stride is None else stride, padding)


def upfirdn_output_size(
    length: int, kernel_size: int, up: int = 1, down: int = 1, padding: int | Sequence[int] = 0
) -> int:
    """Samples after zero-insertion, filter, decimation: ``o = floor((up*n + before + after - k) / down) + 1``.

    Zeros follow *every* sample, the last one too (StyleGAN's `upfirdn2d`). ``scipy.signal.upfirdn`` ends with the
    last sample and pads on its own: it is ``padding=(k-1, k-up)``.

    Parameters
    ----------
    length, kernel_size, up, down : int
        Input length ``n``, taps ``k``, and the factors up and down.
    padding : int or (before, after)
        Samples added at the higher rate on each side; negative numbers crop.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> upfirdn_output_size(3, 4, up=2, padding=(2, 1)), upfirdn_output_size(3, 3, up=2, padding=(2, 1))
    (6, 7)
    """
    n, k = whole_number("length", length, 1), whole_number("kernel_size", kernel_size, 1)
    up, down = whole_number("up", up, 1), whole_number("down", down, 1)
    sides = tuple(padding) if isinstance(padding, Sequence) else (padding,) * 2
    if len(sides) != 2:
        raise ValueError(f"padding must be one number or (before, after), got {padding!r}")
    return size_with_padding(n * up, k, down, [whole_number("padding", side) for side in sides], 1)


@dataclass(frozen=True)
class Layer:
    """A convolution or a pooling layer, seen along one axis: ``output_size(n) == conv_output_size(n, k, s, p, d)``.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int
        As `conv_output_size`.

    Examples
    --------
    >>> Layer(3, stride=2, padding=1).output_size(17)
    9
    """

    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuses numbers that no layer has."""
        _window_of(self)

    def output_size(self, length: int) -> int:
        """Samples that the layer returns for `length` samples."""
        return conv_output_size(length, *_window_of(self))


@dataclass(frozen=True)
class TransposedLayer:
    """A transposed convolution, seen along one axis: ``output_size(n) == conv_transpose_output_size(n, ...)``.

    Parameters
    ----------
    kernel_size, stride, padding, output_padding, dilation : int
        As `conv_transpose_output_size`.

    Examples
    --------
    >>> TransposedLayer(3, stride=2, padding=1, output_padding=1).output_size(9)
    18
    """

    kernel_size: int
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuses numbers that no layer has."""
        _, s, _, d = _window_of(self)
        _output_padding(self.output_padding, s, d)

    def output_size(self, length: int) -> int:
        """Samples that the layer returns for `length` samples."""
        k, s, p, d = _window_of(self)
        return conv_transpose_output_size(length, k, s, p, self.output_padding, d)


def stack_sizes(length: int, layers: Sequence[Layer | TransposedLayer]) -> tuple[int, ...]:
    """Lengths on the way through a stack: ``sizes[0] == length``, ``sizes[i+1] == layers[i].output_size(sizes[i])``.

    Parameters
    ----------
    length : int
        Input length of the first layer, in samples.
    layers : sequence of Layer or TransposedLayer
        In the order in which they are applied.

    Returns
    -------
    tuple of int
        One more than there are layers.

    Raises
    ------
    ValueError
        When `length` is out of range, or a layer gets too few samples; the message says which layer.

    Examples
    --------
    >>> stack_sizes(17, [Layer(3, stride=2, padding=1), Layer(2, stride=2), TransposedLayer(4, stride=2, padding=1)])
    (17, 9, 4, 8)
    """
    sizes = [whole_number("length", length, 1)]
    check_layers("layers", layers, (Layer, TransposedLayer))
    for layer in layers:
        try:
            sizes.append(layer.output_size(sizes[-1]))
        except ValueError as error:
            raise ValueError(f"layers[{len(sizes) - 1}] = {layer} gets {sizes[-1]} samples: {error}") from None
    return tuple(sizes)


def plan_encoder_decoder(
    length: int, encoder: Sequence[Layer], decoder: Sequence[Layer] | None = None
) -> tuple[tuple[int, ...], tuple[TransposedLayer, ...]]:
    """``(down, up)`` with ``down == stack_sizes(length, encoder)`` and ``stack_sizes(down[-1], up) == down[::-1]``.

    Every transposed layer gets the ``output_padding`` that returns to the encoder's size, odd or even, so that a
    skip connection fits without a crop.

    Parameters
    ----------
    length : int
        Input length of the encoder, in samples.
    encoder : sequence of Layer
        The layers of the way down, in their order.
    decoder : sequence of Layer, optional
        What the transposed layers shall be like, in the order of the way up, one for each layer of `encoder`;
        the encoder's layers in reverse when left out, which always fits.

    Returns
    -------
    down : tuple of int
        Sizes on the way down, `length` first.
    up : tuple of TransposedLayer
        The layers of the way up, in their order.

    Raises
    ------
    ValueError
        When an argument is out of range, the counts of layers differ, or a size cannot be had by `decoder`.

    Examples
    --------
    >>> down, up = plan_encoder_decoder(17, [Layer(3, stride=2, padding=1), Layer(2, stride=2)])
    >>> down, [layer.output_padding for layer in up]
    ((17, 9, 4), [1, 0])
    >>> stack_sizes(4, up)
    (4, 9, 17)
    """
    check_layers("encoder", encoder, (Layer,))
    back = encoder[::-1] if decoder is None else decoder
    check_layers("decoder", back, (Layer,))
    down = stack_sizes(length, encoder)
    if len(back) != len(encoder):
        raise ValueError(f"decoder must have as many layers as encoder, {len(encoder)}; got {len(back)}")
    return down, tuple(map(_returning, back, down[:0:-1], down[-2::-1]))


def divisible_size(length: int, layers: Sequence[Layer]) -> int:
    """The least ``n >= length`` of which no layer of the stack leaves a sample unused.

    With it the way back needs no ``output_padding``. For ``L`` layers that halve, it is the least multiple of
    ``2**L``.

    Parameters
    ----------
    length : int
        Samples that there are.
    layers : sequence of Layer
        In the order in which they are applied.

    Returns
    -------
    int
        ``n``, at least `length`: pad by ``n - length``.

    Raises
    ------
    ValueError
        When `length` is out of range.

    Examples
    --------
    >>> divisible_size(17, [Layer(2, stride=2)] * 3), divisible_size(17, [Layer(3, stride=2, padding=1)] * 3)
    (24, 17)
    """
    check_layers("layers", layers, (Layer,))
    length, size, step, more = whole_number("length", length, 1), 1, 1, 0
    for layer in reversed(layers):
        # `size + step * j` samples before this layer leave 1 + j at the end; from j = more on, there is one everywhere.
        k, s, p, d = _window_of(layer)
        size, step = _covered(size, k, s, p, d), step * s
        more = max(more, -((size - 1) // step))
    return size + step * max(more, -((size - length) // step))


@dataclass(frozen=True)
class ReceptiveField:
    """Output ``i`` reads no inputs but ``start + stride * i + j`` with ``0 <= j < size``.

    Parameters
    ----------
    size : int
        From the first input that an output reads to the last, in samples; dilated kernels leave holes between.
    stride : int
        From one output to the next, in samples of the input.
    start : int
        First input that output 0 reads; negative when it lies in the padding.

    Examples
    --------
    >>> ReceptiveField(size=7, stride=4, start=-3).window(1)
    range(1, 8)
    """

    size: int
    stride: int
    start: int

    def window(self, i: int) -> range:
        """The inputs that output `i` reads; those outside the input are padding."""
        first = self.start + self.stride * i
        return range(first, first + self.size)


def receptive_field(layers: Sequence[Layer]) -> tuple[ReceptiveField, ...]:
    """After each layer ``size += d(k-1) * stride``, ``start -= p * stride``, then ``stride *= s``, from (1, 1, 0).

    Parameters
    ----------
    layers : sequence of Layer
        In the order in which they are applied.

    Returns
    -------
    tuple of ReceptiveField
        For each layer, that of its outputs in the input of the *first* layer; the last one is the whole stack's.

    Raises
    ------
    ValueError
        When a layer is a transposed one: the number of samples that its outputs read changes from phase to phase.

    Examples
    --------
    >>> [field.size for field in receptive_field([Layer(3), Layer(3), Layer(2, stride=2), Layer(3)])]
    [3, 5, 6, 10]
    """
    check_layers("layers", layers, (Layer,))
    fields = [ReceptiveField(size=1, stride=1, start=0)]
    for layer in layers:
        (k, s, p, d), last = _window_of(layer), fields[-1]
        size, start = last.size + d * (k - 1) * last.stride, last.start - p * last.stride
        fields.append(ReceptiveField(size, last.stride * s, start))
    return tuple(fields[1:])


def _window(kernel_size: int, stride: int, padding: int, dilation: int) -> tuple[int, int, int, int]:
    """``k, s, p, d``, checked."""
    return (
        whole_number("kernel_size", kernel_size, 1),
        whole_number("stride", stride, 1),
        whole_number("padding", padding, 0),
        whole_number("dilation", dilation, 1),
    )


def _window_of(layer: Layer | TransposedLayer) -> tuple[int, int, int, int]:
    """``k, s, p, d`` of a layer."""
    return _window(layer.kernel_size, layer.stride, layer.padding, layer.dilation)


def _output_padding(output_padding: int, stride: int, dilation: int) -> int:
    """``op``, checked."""
    op = whole_number("output_padding", output_padding, 0)
    if op >= max(stride, dilation):
        raise ValueError(f"output_padding must be below max(stride, dilation) = {max(stride, dilation)}, got {op}")
    return op


def _covered(windows: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Input samples from the first window to the last, less the padding: ``s(o-1) + d(k-1) + 1 - 2p``."""
    return stride * (windows - 1) + dilation * (kernel_size - 1) + 1 - 2 * padding


def _returning(layer: Layer, length: int, target: int) -> TransposedLayer:
    """The transposed `layer` that makes `target` samples of `length`."""
    k, s, p, d = _window_of(layer)
    return TransposedLayer(k, s, p, output_padding_for(target, length, k, s, p, d), d)


def size_with_padding(
    length: int, kernel_size: int, stride: int, padding: Sequence[int], dilation: int, ceil_mode: bool = False
) -> int:
    """`conv_output_size` for ``padding = (before, after)``, rounded up in `ceil_mode`; arguments already checked."""
    room, extent = length + sum(padding), dilation * (kernel_size - 1) + 1
    o = (-((extent - room) // stride) if ceil_mode else (room - extent) // stride) + 1
    if o < 1:
        raise ValueError(
            f"the padded input has {room} samples, but the dilated kernel spans d(k-1)+1 = {extent}: "
            "no window fits; lengthen the input, add padding or shrink the kernel"
        )
    return o


def whole_number(name: str, value: int, minimum: int | None = None) -> int:
    """`value` as an int, refused with its name when it is not whole or below `minimum`."""
    rule = "a whole number" if minimum is None else f"a whole number >= {minimum}"
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"{name} must be {rule}, got {value!r}") from None
    if isinstance(value, bool) or (minimum is not None and number < minimum):
        raise ValueError(f"{name} must be {rule}, got {value!r}")
    return number


def per_axis(name: str, value: int | Sequence[int], axes: int, minimum: int) -> tuple[int, ...]:
    """`value` for each of `axes` axes: one number for all of them, or one each."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(values) == 1:
        values *= axes
    if len(values) != axes:
        raise ValueError(f"{name} must be one number or {axes}, got {value!r}")
    return tuple(whole_number(name, v, minimum) for v in values)


def transposed_options(
    axes: int,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    output_padding: int | Sequence[int],
    dilation: int | Sequence[int],
) -> tuple[tuple[int, ...], ...]:
    """Stride, padding, output_padding and dilation of a transposed convolution, for each of `axes` axes."""
    return (
        per_axis("stride", stride, axes, 1),
        per_axis("padding", padding, axes, 0),
        per_axis("output_padding", output_padding, axes, 0),
        per_axis("dilation", dilation, axes, 1),
    )


def real_number(name: str, value: float, rule: str, holds: Callable[[float], bool]) -> float:
    """`value` as a float, refused with its name and the rule when it is no number or the rule does not hold."""
    if isinstance(value, bool) or not isinstance(value, Real) or not holds(value):
        raise ValueError(f"{name} must be {rule}, got {value!r}")
    return float(value)


def check_arrays(**arrays: Any) -> None:
    """Refuses, with its name, what is no array of any library: a list, a number, None; and arrays of several."""
    for name, value in arrays.items():
        if not is_array_api_obj(value):
            raise ValueError(f"{name} must be an array, got {short(value)}")
    if len(arrays) > 1 and len({array_namespace(value) for value in arrays.values()}) > 1:
        kinds = ", ".join(type(value).__name__ for value in arrays.values())
        raise ValueError(f"{' and '.join(arrays)} must be arrays of one library, got {kinds}")


def check_flags(**flags: bool) -> None:
    """Refuses, with its name, what is neither True nor False."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {value!r}")


def check_layers(name: str, layers: Sequence[Any], kinds: tuple[type, ...]) -> None:
    """Refuses, with its name, what is not a sequence of layers of these classes."""
    wrong = [layer for layer in layers if not isinstance(layer, kinds)] if isinstance(layers, Sequence) else [layers]
    if wrong:
        raise ValueError(f"{name} must be of the class {' or '.join(k.__name__ for k in kinds)}, got {wrong[0]!r}")
