"""What an operator costs, counted and not measured: parameters, multiply-adds, bytes, and the bound of a machine.

How it is counted:

- A sum of ``m`` products is ``m`` multiply-adds: it starts from the bias or from 0. One multiply-add is 2 flops; an
  addition, a comparison or a division by itself is 1.
- Samples of the padding are multiplied like all others, as torch does and counts; `Cost.useful` leaves them out.
- Each argument is read once and the result written once, as if the cache were large enough; each intermediate array is
  written once and read once. Weights that an operator computes for itself are free.

Every ``input_size`` is the full shape (N, C, ...), with one, two, three or more axes after the channels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from math import inf, prod

from resampling.grid_sizes import (
    conv_output_size,
    conv_transpose_output_size,
    max_unpool_output_size,
    per_axis,
    pool_output_size,
    real_number,
    transposed_options,
    whole_number,
)

__all__ = [
    "Cost",
    "IndexMemory",
    "Roofline",
    "blur_pool_cost",
    "conv_cost",
    "conv_transpose_cost",
    "interpolate_cost",
    "max_unpool_cost",
    "memory_of_indices",
    "pool_cost",
    "roofline",
    "sub_pixel_cost",
]

Sizes = Sequence[int]
INDEX_BYTES = 8  # pooling stores int64
TAPS = {"nearest": 1, "nearest-exact": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}
AXES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


@dataclass(frozen=True)
class Cost:
    """What one call costs: ``flops == 2 * multiply_adds + other``, ``intensity == flops / bytes``.

    ``a + b`` is the cost of one call after the other.

    Parameters
    ----------
    parameters : int
        Numbers that are learned.
    multiply_adds : int
        Products that are formed and added up.
    useful : int
        Those among them that multiply a weight with a sample of the input, and not with a zero that padding or
        zero-insertion has put there, for a sample of the output that is kept.
    other : int
        Additions, comparisons and divisions by themselves.
    bytes : int
        Traffic: arguments and result once, intermediate arrays twice.
    workspace : int
        Bytes of the intermediate arrays.

    Examples
    --------
    >>> cost = Cost(parameters=9, multiply_adds=100, useful=80, other=0, bytes=400, workspace=0)
    >>> cost.flops, cost.intensity, (cost + cost).bytes
    (200, 0.5, 800)
    """

    parameters: int
    multiply_adds: int
    useful: int
    other: int
    bytes: int
    workspace: int

    @property
    def flops(self) -> int:
        """Arithmetic operations, a multiply-add being two."""
        return 2 * self.multiply_adds + self.other

    @property
    def intensity(self) -> float:
        """Flops for each byte of traffic."""
        return self.flops / self.bytes if self.bytes else 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """One call after the other: everything adds up."""
        return Cost(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def conv_cost(
    input_size: Sizes,
    weight_size: Sizes,
    stride: int | Sizes = 1,
    padding: int | Sizes = 0,
    dilation: int | Sizes = 1,
    groups: int = 1,
    bias: bool = False,
    *,
    algorithm: str = "direct",
    dtype_bytes: int = 4,
) -> Cost:
    """Cost of a convolution: ``multiply_adds == N * C_out * (C_in/g) * prod(k) * prod(o)``.

    The algorithms::

        direct   that number; no intermediate array
        im2col   that number; workspace N * C_in * prod(k) * prod(o), the columns
        matrix   N * C_out * prod(o) * C_in * prod(n); workspace C_out * prod(o) * C_in * prod(n), the dense matrix

    Parameters
    ----------
    input_size : sequence of int
        (N, C_in, ...), ``n`` being the sizes after the channels.
    weight_size : sequence of int
        (C_out, C_in/groups, ...), ``k`` being the sizes after the channels.
    stride, padding, dilation : int or one for each axis
        In samples.
    groups : int
    bias : bool
        Whether there is one; it adds C_out parameters.
    algorithm : "direct", "im2col" or "matrix"
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When sizes do not fit each other, an option is out of range, or no window fits.

    Examples
    --------
    >>> cost = conv_cost((1, 3, 8, 8), (16, 3, 3, 3), padding=1)
    >>> cost.parameters, cost.multiply_adds, cost.useful
    (432, 27648, 23232)
    """
    batch, c_in, n = _maps(input_size)
    c_out, share, k = _weight(weight_size, len(n), c_in, groups, of_input=1)
    s, p, d = _window(len(n), stride, padding, dilation)
    o = tuple(map(conv_output_size, n, k, s, p, d))

    ins, outs, parameters = c_in * prod(n), c_out * prod(o), c_out * (share * prod(k) + bool(bias))
    pairs, products = batch * c_out * share, prod(k) * prod(o)
    ways = {
        "direct": (pairs * products, 0),
        "im2col": (pairs * products, batch * c_in * products),
        "matrix": (batch * ins * outs, ins * outs),
    }
    done, made = ways[_one_of("algorithm", algorithm, ways)]
    useful = pairs * prod(map(_met, o, k, s, p, d, n))
    return _cost(dtype_bytes, batch * (ins + outs) + parameters, made, parameters, done, useful)


def conv_transpose_cost(
    input_size: Sizes,
    weight_size: Sizes,
    stride: int | Sizes = 1,
    padding: int | Sizes = 0,
    output_padding: int | Sizes = 0,
    groups: int = 1,
    dilation: int | Sizes = 1,
    bias: bool = False,
    *,
    algorithm: str = "polyphase",
    dtype_bytes: int = 4,
) -> Cost:
    """Cost of a transposed convolution: ``multiply_adds == N * C_in * (C_out/g) * m``, ``m`` as the algorithm wants.

    The algorithms::

        matrix           m = g * prod(n) * prod(o); workspace C_in * prod(n) * C_out * prod(o), the dense matrix
        scatter          m = prod(k) * prod(n), then N * C_out * prod(k) * prod(n) additions, the overlaps; workspace
                         the columns, as many numbers as additions
        zero_insertion   m = prod(k) * prod(o); workspace the padded input with its zeros,
                         N * C_in * prod(o + d(k-1))
        polyphase        m = product over the axes of the sum over outputs i of the taps t with s | i + p - d t;
                         no intermediate array

    `useful` is the same for all. Where the stride divides ``o``, zero-insertion forms ``prod(s)`` times as many
    products as polyphase; for an exact factor, ``o = s n``, scatter forms as many.

    Parameters
    ----------
    input_size : sequence of int
        (N, C_in, ...), ``n`` being the sizes after the channels.
    weight_size : sequence of int
        (C_in, C_out/groups, ...), ``k`` being the sizes after the channels.
    stride, padding, output_padding, dilation : int or one for each axis
        In samples of the output, ``output_padding < max(stride, dilation)``.
    groups : int
    bias : bool
        Whether there is one; it adds C_out parameters.
    algorithm : "matrix", "scatter", "zero_insertion" or "polyphase"
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When sizes do not fit each other, an option is out of range, or the padding crops everything.

    Examples
    --------
    >>> for way in ("matrix", "scatter", "zero_insertion", "polyphase"):
    ...     print(way, conv_transpose_cost((1, 1, 8, 8), (1, 1, 4, 4), 2, 1, algorithm=way).multiply_adds)
    matrix 16384
    scatter 1024
    zero_insertion 4096
    polyphase 1024
    """
    batch, c_in, n = _maps(input_size)
    _, share, k = _weight(weight_size, len(n), c_in, groups, of_input=0)
    c_out = share * whole_number("groups", groups)
    s, p, op, d = transposed_options(len(n), stride, padding, output_padding, dilation)
    o = tuple(map(conv_transpose_output_size, n, k, s, p, op, d))

    ins, outs, parameters = c_in * prod(n), c_out * prod(o), c_in * share * prod(k) + c_out * bool(bias)
    pairs, columns = batch * c_in * share, batch * c_out * prod(k) * prod(n)
    stuffed = batch * c_in * prod(size + step * (taps - 1) for size, step, taps in zip(o, d, k, strict=True))
    ways = {
        "matrix": (batch * ins * outs, ins * outs, 0),
        "scatter": (pairs * prod(k) * prod(n), columns, columns),
        "zero_insertion": (pairs * prod(k) * prod(o), stuffed, 0),
        "polyphase": (pairs * prod(map(_met_by_phases, o, k, s, p, d)), 0, 0),
    }
    done, made, other = ways[_one_of("algorithm", algorithm, ways)]
    useful = pairs * prod(map(_met, n, k, s, p, d, o))
    return _cost(dtype_bytes, batch * (ins + outs) + parameters, made, parameters, done, useful, other)


def sub_pixel_cost(
    input_size: Sizes,
    weight_size: Sizes,
    upscale_factor: int,
    padding: int | Sizes = 0,
    bias: bool = False,
    *,
    dtype_bytes: int = 4,
) -> Cost:
    """Cost of a convolution of stride 1, then a pixel shuffle: ``conv_cost(...)`` and one more copy of its result.

    The multiply-adds are those of a transposed convolution by polyphase with a kernel of ``r k`` and the stride ``r``.

    Parameters
    ----------
    input_size : sequence of int
        (N, C_in, ...).
    weight_size : sequence of int
        (C r^axes, C_in, ...).
    upscale_factor : int
        The factor ``r`` on each axis.
    padding : int or one for each axis
        Of the convolution, in samples.
    bias : bool
        Whether the convolution has one.
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        As `conv_cost`, and when ``r^axes`` does not divide the channels of the convolution.

    Examples
    --------
    >>> sub_pixel_cost((1, 16, 8, 8), (12, 16, 3, 3), 2, padding=1).multiply_adds
    110592
    """
    batch, c_in, n = _maps(input_size)
    c_out, _, k = _weight(weight_size, len(n), c_in, groups=1, of_input=1)
    phases = whole_number("upscale_factor", upscale_factor, 1) ** len(n)
    if c_out % phases:
        raise ValueError(f"weight_size must have a multiple of r^axes = {phases} output channels, got {c_out}")
    s, p, d = _window(len(n), 1, padding, 1)
    result = batch * c_out * prod(map(conv_output_size, n, k, s, p, d))
    conv = conv_cost(input_size, weight_size, padding=padding, bias=bias, dtype_bytes=dtype_bytes)
    return conv + _cost(dtype_bytes, made=result)


def pool_cost(
    input_size: Sizes,
    kernel_size: int | Sizes,
    stride: int | Sizes | None = None,
    padding: int | Sizes = 0,
    dilation: int | Sizes = 1,
    ceil_mode: bool = False,
    *,
    mode: str = "max",
    return_indices: bool = False,
    dtype_bytes: int = 4,
) -> Cost:
    """Cost of pooling: ``other == N * C * prod(o) * (prod(k) - 1)`` comparisons; one more, a division, for the average.

    Every window counts as full, also one that hangs over the border.

    Parameters
    ----------
    input_size : sequence of int
        (N, C, ...).
    kernel_size, padding, dilation : int or one for each axis
        In samples.
    stride : int or one for each axis, optional
        `kernel_size` when left out.
    ceil_mode : bool
        As in `pool_output_size`.
    mode : "max" or "avg"
    return_indices : bool
        Whether the indices of the maxima are written too, 8 bytes each.
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> pool_cost((1, 64, 8, 8), 2).other, pool_cost((1, 64, 8, 8), 2, mode="avg").other
    (3072, 4096)
    """
    batch, channels, n = _maps(input_size)
    k = per_axis("kernel_size", kernel_size, len(n), 1)
    s, p, d = _window(len(n), k if stride is None else stride, padding, dilation)
    each = {"max": prod(k) - 1, "avg": prod(k)}
    _one_of("mode", mode, each)
    if return_indices and mode != "max":
        raise ValueError(f'return_indices needs mode="max", got mode={mode!r}')
    outs = batch * channels * prod(map(pool_output_size, n, k, s, p, d, (ceil_mode,) * len(n)))
    indices = _cost(INDEX_BYTES, outs * bool(return_indices))
    return indices + _cost(dtype_bytes, batch * channels * prod(n) + outs, other=outs * each[mode])


def max_unpool_cost(
    input_size: Sizes,
    kernel_size: int | Sizes,
    stride: int | Sizes | None = None,
    padding: int | Sizes = 0,
    output_size: Sizes | None = None,
    *,
    dtype_bytes: int = 4,
) -> Cost:
    """Cost of max-unpooling: nothing is computed; ``bytes`` are those of the maps and of 8 bytes for every index.

    Parameters
    ----------
    input_size : sequence of int
        (N, C, ...), the pooled map.
    kernel_size, padding : int or one for each axis
        Of the pooling, in samples.
    stride : int or one for each axis, optional
        `kernel_size` when left out.
    output_size : sequence of int, optional
        The sizes of the result after the channels; those of `max_unpool_output_size` when left out.
    dtype_bytes : int
        Bytes of one number of the maps.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> max_unpool_cost((1, 1, 4, 4), 2).bytes  # 16 samples, 16 indices, 64 results
    448
    """
    batch, channels, n = _maps(input_size)
    k = per_axis("kernel_size", kernel_size, len(n), 1)
    s, p, _ = _window(len(n), k if stride is None else stride, padding, 1)
    usual = tuple(map(max_unpool_output_size, n, k, s, p))
    o = usual if output_size is None else per_axis("output_size", output_size, len(n), 1)
    ins, outs = batch * channels * prod(n), batch * channels * prod(o)
    return _cost(dtype_bytes, ins + outs) + _cost(INDEX_BYTES, ins)


def interpolate_cost(
    input_size: Sizes, size: int | Sizes, mode: str = "nearest", *, separable: bool = True, dtype_bytes: int = 4
) -> Cost:
    """Cost of interpolation by ``T`` taps an axis: ``multiply_adds == N * C * prod(o) * T**axes`` unless `separable`.

    ``T`` is 2 for the linear modes and 4 for bicubic; nearest copies and multiplies nothing. A separable way resizes
    one axis after the other, that which grows least first, ``T`` multiply-adds for each sample of each pass.

    Parameters
    ----------
    input_size : sequence of int
        (N, C, ...).
    size : int or one for each axis
        Sizes of the result after the channels.
    mode : "nearest", "nearest-exact", "linear", "bilinear", "trilinear" or "bicubic"
    separable : bool
        One pass for each axis, or all at once; nearest is always one copy.
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When an argument is out of range, or `mode` is not one for that number of axes.

    Examples
    --------
    >>> [interpolate_cost((1, 1, 8, 8), 16, "bicubic", separable=way).multiply_adds for way in (False, True)]
    [4096, 1536]
    """
    batch, channels, n = _maps(input_size)
    o = per_axis("size", size, len(n), 1)
    if AXES.get(_one_of("mode", mode, TAPS), len(n)) != len(n):
        raise ValueError(f"mode={mode!r} needs {AXES[mode]} axes after the channels, got {len(n)}")
    if TAPS[mode] == 1:
        return _cost(dtype_bytes, batch * channels * (prod(n) + prod(o)))
    return _filter_cost(batch * channels, n, o, (TAPS[mode],) * len(n), separable, dtype_bytes)


def blur_pool_cost(
    input_size: Sizes, kernel_size: int | Sizes = 3, stride: int | Sizes = 2, *, separable: bool = True,
    dtype_bytes: int = 4,
) -> Cost:  # fmt: skip
    """Cost of a blur and a subsampling in one: ``multiply_adds == N * C * prod(o) * prod(k)`` unless `separable`.

    Only the samples that are kept are computed, ``o = ceil(n / s)``. A separable way filters one axis after the other,
    ``k`` multiply-adds for each sample of each pass. The blur is fixed: it has no parameters.

    Parameters
    ----------
    input_size : sequence of int
        (N, C, ...).
    kernel_size, stride : int or one for each axis
        In samples.
    separable : bool
        One pass for each axis, or all at once.
    dtype_bytes : int
        Bytes of one number.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> [blur_pool_cost((1, 1, 8, 8), 5, separable=way).multiply_adds for way in (False, True)]
    [400, 240]
    """
    batch, channels, n = _maps(input_size)
    k, s = per_axis("kernel_size", kernel_size, len(n), 1), per_axis("stride", stride, len(n), 1)
    o = tuple(-(-size // step) for size, step in zip(n, s, strict=True))
    return _filter_cost(batch * channels, n, o, k, separable, dtype_bytes)


@dataclass(frozen=True)
class IndexMemory:
    """Bytes that max-unpooling needs from the encoder: ``indices == 8 * count``, ``least == ceil(bits * count / 8)``.

    Parameters
    ----------
    values : int
        Bytes of the pooled map itself.
    indices : int
        Bytes of its int64 indices.
    least : int
        Bytes that would do, with as many bits for each sample as tell the places of a window apart.

    Examples
    --------
    >>> memory = IndexMemory(values=400, indices=800, least=25)
    >>> memory.indices / memory.values
    2.0
    """

    values: int
    indices: int
    least: int


def memory_of_indices(pooled_size: Sizes, kernel_size: int | Sizes, *, dtype_bytes: int = 4) -> IndexMemory:
    """Memory of the indices of max-pooling: ``indices == 8 * N * C * prod(o)`` bytes, for as many samples.

    A window of ``prod(k)`` samples needs no more than ``ceil(log2(prod(k)))`` bits: 2 for windows of 2 by 2, as
    Badrinarayanan et al. (2017, SegNet, arXiv 1511.00561) remark.

    Parameters
    ----------
    pooled_size : sequence of int
        (N, C, ...), the map after pooling.
    kernel_size : int or one for each axis
        Of the pooling, in samples.
    dtype_bytes : int
        Bytes of one number of the map.

    Returns
    -------
    IndexMemory

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> memory_of_indices((8, 64, 28, 28), 2)
    IndexMemory(values=1605632, indices=3211264, least=100352)
    """
    batch, channels, o = _maps(pooled_size, "pooled_size")
    count, places = batch * channels * prod(o), prod(per_axis("kernel_size", kernel_size, len(o), 1))
    bits = (places - 1).bit_length()
    return IndexMemory(_dtype_bytes(dtype_bytes) * count, INDEX_BYTES * count, -(-bits * count // 8))


@dataclass(frozen=True)
class Roofline:
    """The best that a machine can do with a cost: ``flops_per_second == min(peak, intensity * bandwidth)``.

    Parameters
    ----------
    flops_per_second : float
        Rate that can be attained.
    seconds : float
        Time that it takes at least, ``max(flops / peak, bytes / bandwidth)``.
    bound : "compute" or "memory"
        Which of the two is the longer.

    Examples
    --------
    >>> Roofline(flops_per_second=5e10, seconds=2e-3, bound="memory").bound
    'memory'
    """

    flops_per_second: float
    seconds: float
    bound: str


def roofline(cost: Cost, peak_flops: float, bandwidth: float) -> Roofline:
    """Bound of a machine: ``flops_per_second == min(peak_flops, cost.intensity * bandwidth)``.

    Memory is the bound below the intensity ``peak_flops / bandwidth``, arithmetic from there on
    (Williams, Waterman, Patterson 2009, doi 10.1145/1498765.1498785).

    Parameters
    ----------
    cost : Cost
    peak_flops : float
        Flops that the machine does in a second, a multiply-add being two.
    bandwidth : float
        Bytes that it moves in a second.

    Returns
    -------
    Roofline

    Raises
    ------
    ValueError
        When a rate is not a positive number.

    Examples
    --------
    >>> cost = Cost(parameters=0, multiply_adds=10**9, useful=10**9, other=0, bytes=4 * 10**8, workspace=0)
    >>> roofline(cost, peak_flops=1e12, bandwidth=1e11)
    Roofline(flops_per_second=500000000000.0, seconds=0.004, bound='memory')
    """
    if not isinstance(cost, Cost):
        raise ValueError(f"cost must be a Cost, got {cost!r}")
    for name, rate in {"peak_flops": peak_flops, "bandwidth": bandwidth}.items():
        real_number(name, rate, "a positive number", lambda v: 0 < v < inf)
    computing, moving = cost.flops / peak_flops, cost.bytes / bandwidth
    attainable = float(min(peak_flops, cost.intensity * bandwidth))
    return Roofline(attainable, max(computing, moving), "compute" if computing >= moving else "memory")


def _cost(
    dtype_bytes: int,
    arrays: int = 0,
    made: int = 0,
    parameters: int = 0,
    multiply_adds: int = 0,
    useful: int = 0,
    other: int = 0,
) -> Cost:
    """The cost, from how many numbers the arguments and results hold (`arrays`), and the intermediate ones (`made`)."""
    b = _dtype_bytes(dtype_bytes)
    return Cost(parameters, multiply_adds, useful, other, b * (arrays + 2 * made), b * made)


def _filter_cost(maps: int, n: Sizes, o: Sizes, taps: Sizes, separable: bool, dtype_bytes: int) -> Cost:
    """Cost of filtering `maps` planes of the sizes `n` with `taps` on each axis, at `o` places."""
    passes = list(_passes(n, o, taps)) if separable else [(prod(o), prod(taps))]
    done = maps * sum(samples * t for samples, t in passes)
    made = maps * sum(samples for samples, _ in passes[:-1])
    return _cost(dtype_bytes, maps * (prod(n) + prod(o)), made, multiply_adds=done, useful=done)


def _passes(n: Sizes, o: Sizes, taps: Sizes) -> Iterator[tuple[int, int]]:
    """For each axis, that which grows least first: samples after its pass, and taps for each of them."""
    sizes = list(n)
    for axis in sorted(range(len(n)), key=lambda axis: o[axis] / n[axis]):
        sizes[axis] = o[axis]
        yield prod(sizes), taps[axis]


def _met(windows: int, kernel_size: int, stride: int, padding: int, dilation: int, length: int) -> int:
    """Pairs of a window ``i`` and a tap ``t`` with ``0 <= s*i + d*t - p < length``."""
    starts = (dilation * t - padding for t in range(kernel_size))
    return sum(len(range(max(a, a % stride), min(length, a + stride * windows), stride)) for a in starts)


def _met_by_phases(length: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Pairs of an output ``0 <= i < length`` and a tap ``t`` of which ``s`` divides ``i + p - d*t``."""
    return sum(len(range((dilation * t - padding) % stride, length, stride)) for t in range(kernel_size))


def _maps(size: Sizes, name: str = "input_size") -> tuple[int, int, tuple[int, ...]]:
    """``N, C, (...)``, checked; no image at all is a batch too."""
    if not isinstance(size, Sequence) or len(size) < 3:
        raise ValueError(f"{name} must be (N, C, ...) with at least one axis after the channels, got {size!r}")
    batch, channels, *n = (whole_number(name, value, min(axis, 1)) for axis, value in enumerate(size))
    return batch, channels, tuple(n)


def _weight(size: Sizes, axes: int, channels: int, groups: int, of_input: int) -> tuple[int, int, tuple[int, ...]]:
    """First and second number of channels and the kernel, checked; axis `of_input` belongs to the input's channels."""
    groups = whole_number("groups", groups, 1)
    if not isinstance(size, Sequence) or len(size) != axes + 2:
        raise ValueError(f"weight_size must hold {axes + 2} numbers, as input_size does; got {size!r}")
    first, second, *kernel = (whole_number("weight_size", value, 1) for value in size)
    if (first, second * groups)[of_input] != channels:
        raise ValueError(f"weight_size {tuple(size)} with groups={groups} does not read {channels} channels")
    if first % groups:
        raise ValueError(f"groups={groups} must divide the {first} channels that weight_size begins with")
    return first, second, tuple(kernel)


def _window(
    axes: int, stride: int | Sizes, padding: int | Sizes, dilation: int | Sizes
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """``s, p, d`` for each axis."""
    return (
        per_axis("stride", stride, axes, 1),
        per_axis("padding", padding, axes, 0),
        per_axis("dilation", dilation, axes, 1),
    )


def _one_of(name: str, value: str, values: Iterable[str]) -> str:
    """`value`, if it is one of `values`."""
    if not isinstance(value, str) or value not in tuple(values):
        raise ValueError(f"{name} must be one of {', '.join(values)}; got {value!r}")
    return value


def _dtype_bytes(dtype_bytes: int) -> int:
    """Bytes of a number, checked."""
    return whole_number("dtype_bytes", dtype_bytes, 1)
