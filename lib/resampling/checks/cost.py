"""Tasks of the chapter on cost."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from statistics import quantiles
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.random import Generator

from resampling import Cost, conv_transpose2d, conv_transpose_cost, conv_transpose_output_size, roofline
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]

# --------------------------------------------------------------------------- least_time

Bound = tuple[float, float, str]


def least_time(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
    """Intensity, nanoseconds at least, and which of the two bounds it is, by the library's roofline."""
    cost = Cost(0, multiply_adds, multiply_adds, 0, numbers * dtype_bytes, 0)
    least = roofline(cost, gflops, gigabytes)
    return cost.intensity, least.seconds, least.bound


def _bounds(*fixed: tuple[int, int, int, float, float]) -> Cases:
    """(multiply-adds, numbers, bytes of each, Gflop/s, GB/s), then three random ones of each kind."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for multiply_adds, numbers, size, rate, bandwidth in (*fixed, *_drawn_bounds(rng)):
            yield {
                "multiply_adds": multiply_adds,
                "numbers": numbers,
                "dtype_bytes": size,
                "gflops": rate,
                "gigabytes": bandwidth,
            }

    return draw


def _drawn_bounds(rng: Generator) -> Iterator[tuple[int, int, int, float, float]]:
    """Far from the ridge on both sides, so that a wrong factor of 2 or 8 does not always change the bound."""
    for ratio in (0.03, 0.4, 0.8, 1.3, 3.0, 30.0):
        numbers, size = int(rng.integers(50, 900)), int(rng.choice([2, 4, 8]))
        rate, bandwidth = int(rng.integers(21, 90)) / 2, int(rng.integers(3, 19)) / 2
        yield round(ratio * rate / bandwidth * numbers * size / 2), numbers, size, rate, bandwidth


def _bounded(
    flops: Callable[[int], float] = lambda m: 2 * m,
    traffic: Callable[[int, int], float] = lambda n, b: n * b,
    join: Callable[[float, float], float] = max,
    names: Sequence[str] = ("compute", "memory"),
    intensity: Callable[[float, float], float] = lambda f, b: f / b,
) -> Callable[..., Bound]:
    """The bound by somebody who errs in one of its parts."""

    def wrong(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
        done, moved = flops(multiply_adds), traffic(numbers, dtype_bytes)
        computing, moving = done / gflops, moved / gigabytes
        return float(intensity(done, moved)), float(join(computing, moving)), names[computing < moving]

    return wrong


def _of_rates(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
    intensity, _, bound = least_time(multiply_adds, numbers, dtype_bytes, gflops, gigabytes)
    return intensity, min(gflops, intensity * gigabytes), bound


def _exchanged(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
    return _bounded()(multiply_adds, numbers, dtype_bytes, gigabytes, gflops)


def _by_bare_ridge(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
    intensity, time, _ = least_time(multiply_adds, numbers, dtype_bytes, gflops, gigabytes)
    return intensity, time, "compute" if intensity >= 1 else "memory"


def _memory_at_the_ridge(multiply_adds: int, numbers: int, dtype_bytes: int, gflops: float, gigabytes: float) -> Bound:
    intensity, time, bound = least_time(multiply_adds, numbers, dtype_bytes, gflops, gigabytes)
    return intensity, time, "memory" if intensity == gflops / gigabytes else bound


BOUNDS = _bounds(
    (600, 300, 4, 20.0, 10.0),
    (1600, 400, 4, 20.0, 5.0),
    (30, 900, 8, 10.0, 4.0),
    (0, 100, 4, 9.0, 2.5),
    (512, 128, 4, 16.0, 8.0),  # on the ridge, whichever way it is computed
)
LEAST_TIME = Task(
    reference=least_time,
    summary="(intensity, least time in nanoseconds, which bound) of a call on a machine.",
    properties=(
        Property(
            "intensity",
            0.5,
            BOUNDS,
            item(0, wrong_values),
            "flops for each byte: a multiply-add is two flops, and a number has `dtype_bytes` bytes.",
        ),
        Property(
            "least time",
            1,
            BOUNDS,
            item(1, wrong_values),
            "neither can be done sooner: the longer of flops / rate and bytes / bandwidth. A Gflop/s is one flop in a "
            "nanosecond.",
        ),
        Property(
            "which bound",
            0.5,
            BOUNDS,
            item(2, wrong_values),
            'compare the two times: "compute" if computing takes at least as long as moving, else "memory".',
        ),
    ),
    mistakes=(
        Mistake(
            "a multiply-add as one flop",
            _bounded(flops=lambda m: m),
            "The rate of a machine counts a product and a sum as two flops. So count two here.",
            "Who calls it what",
        ),
        Mistake(
            "numbers instead of bytes",
            _bounded(traffic=lambda n, b: n),
            "Bandwidth counts bytes, and each number has `dtype_bytes` of them.",
        ),
        Mistake(
            "four bytes, whatever the dtype",
            _bounded(traffic=lambda n, b: 4 * n),
            "Only float32 has four bytes. How many it is here stands in `dtype_bytes`.",
        ),
        Mistake(
            "bits instead of bytes",
            _bounded(traffic=lambda n, b: 8 * n * b),
            "Gigabytes are bytes, so no factor of 8 is needed.",
        ),
        Mistake(
            "the shorter of the two times",
            _bounded(join=min),
            "Both have to be done. Even if they overlap completely, the longer one decides.",
            "The roofline",
        ),
        Mistake(
            "the sum of the two times",
            _bounded(join=lambda a, b: a + b),
            "Computing and moving can overlap, so the sum is no lower bound. The longer of the two is.",
            "The roofline",
        ),
        Mistake(
            "the rate instead of the time",
            _of_rates,
            "That is the height of the roof, in Gflop/s. Asked is the time: flops divided by it.",
            "The roofline",
        ),
        Mistake(
            "an intensity of 1 as the ridge",
            _by_bare_ridge,
            "Where the bound changes depends on the machine: at an intensity of rate / bandwidth.",
            "The roofline",
        ),
        Mistake(
            "memory at the ridge",
            _memory_at_the_ridge,
            'If computing takes just as long as moving, the answer asked for is "compute".',
        ),
        Mistake(
            "the two bounds exchanged",
            _bounded(names=("memory", "compute")),
            "If moving the bytes takes longer, memory is the bound.",
            "The roofline",
        ),
        Mistake(
            "the two rates exchanged",
            _exchanged,
            "Flops are divided by the rate of computing, bytes by the bandwidth.",
        ),
        Mistake(
            "bytes for each flop",
            _bounded(intensity=lambda f, b: b / f if f else 0.0),
            "Intensity is flops for each byte, not bytes for each flop.",
            "The roofline",
        ),
    ),
    forbidden=LIBRARIES,
    section="The roofline",
)

# --------------------------------------------------------------------------- transposed_bill

Sizes = tuple[int, ...]
Bill = tuple[int, int, int, int]
NONE = (0, 0)


def transposed_bill(
    input_size: Sizes,
    weight_size: Sizes,
    algorithm: str,
    stride: Pair = (1, 1),
    padding: Pair = NONE,
    output_padding: Pair = NONE,
    groups: int = 1,
    dtype_bytes: int = 4,
) -> Bill:
    """Parameters, multiply-adds, workspace and bytes of traffic, by the library's count."""
    cost = conv_transpose_cost(
        input_size,
        weight_size,
        stride,
        padding,
        output_padding,
        groups,
        algorithm=algorithm,
        dtype_bytes=dtype_bytes,
    )
    return cost.parameters, cost.multiply_adds, cost.workspace, cost.bytes


LAYERS = (
    ((1, 1, 3, 4), (1, 1, 3, 2), (2, 2), NONE, NONE, 1, 4),
    ((2, 3, 4, 3), (3, 2, 4, 3), (2, 3), (1, 0), NONE, 1, 4),
    ((1, 4, 5, 2), (4, 3, 3, 5), (2, 2), (1, 2), (1, 0), 2, 2),
    ((3, 6, 2, 5), (6, 1, 2, 3), (3, 2), (0, 1), (1, 1), 3, 8),
    ((2, 3, 1, 4), (3, 2, 1, 4), (1, 3), (0, 1), NONE, 1, 4),
    ((1, 2, 4, 3), (2, 1, 4, 2), (1, 1), (1, 0), NONE, 1, 4),
)


def _bills(*algorithms: str) -> Cases:
    """The fixed layers, of which the last has no stride, and two random ones, for each algorithm."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for layer in (*LAYERS, _drawn_layer(rng, 2), _drawn_layer(rng, 3)):
            size, weight, *window, groups, dtype_bytes = layer
            named = zip(("stride", "padding", "output_padding"), window, ((1, 1), NONE, NONE), strict=True)
            given = {name: value for name, value, usual in named if value != usual}
            given |= ({"groups": groups} if groups > 1 else {}) | ({"dtype_bytes": dtype_bytes} if groups > 1 else {})
            for algorithm in algorithms:
                yield {"input_size": size, "weight_size": weight, "algorithm": algorithm} | given

    return draw


def _drawn_layer(rng: Generator, groups: int) -> tuple[Any, ...]:
    batch, share, outputs = (int(v) for v in rng.permutation([2, 3, 5]))
    size, kernel = (tuple(map(int, rng.permutation(np.arange(3, 8))[:2])) for _ in range(2))
    strides = tuple(map(int, rng.permutation([2, 3])))
    pads = tuple(int(v) for v in rng.permutation([0, 1]))
    return ((batch, share * groups, *size), (share * groups, outputs, *kernel), strides, pads, (1, 0), groups, 8)


def _billed(
    lengths: Callable[..., int] = conv_transpose_output_size,
    products: Callable[..., int] | None = None,
    parameters: Callable[..., int] = lambda right, weight, groups: right,
    made: Callable[..., int] = lambda right, *_: right,
    traffic: Callable[..., int] = lambda maps, weights, made: maps + weights + 2 * made,
) -> Callable[..., Bill]:
    """The bill by somebody who errs in one entry, and takes it from there."""

    def wrong(
        input_size: Sizes,
        weight_size: Sizes,
        algorithm: str,
        stride: Pair = (1, 1),
        padding: Pair = NONE,
        output_padding: Pair = NONE,
        groups: int = 1,
        dtype_bytes: int = 4,
    ) -> Bill:
        (batch, inputs, *n), (_, share, *k) = input_size, weight_size
        every = list(zip(n, k, stride, padding, output_padding, strict=True))
        o = [lengths(*axis) for axis in every]
        learned = parameters(prod(weight_size), weight_size, groups)
        done = (products or _products)(algorithm, batch * inputs * share, every, o)
        ones = {
            "scatter": batch * share * groups * prod(k) * prod(n),
            "zero_insertion": batch * inputs * prod(m + t - 1 for m, t in zip(o, k, strict=True)),
            "polyphase": 0,
        }
        space = made(ones[algorithm], algorithm, batch, inputs, every)
        maps = batch * (inputs * prod(n) + share * groups * prod(o))
        return learned, done, dtype_bytes * space, dtype_bytes * traffic(maps, learned, space)

    return wrong


def _products(algorithm: str, pairs: int, every: list[tuple[int, ...]], o: list[int]) -> int:
    """As it should be."""
    if algorithm == "polyphase":
        return pairs * prod(_met(size, *axis) for size, axis in zip(o, every, strict=True))
    return pairs * prod(axis[1] for axis in every) * prod(o if algorithm == "zero_insertion" else (a[0] for a in every))


def _met(o: int, _: int, k: int, s: int, p: int, *__: int) -> int:
    return sum((i + p - t) % s == 0 for i in range(o) for t in range(k))


def _only(wanted: str, rule: Callable[..., int]) -> Callable[..., int]:
    """Products, wrong for one algorithm."""

    def products(algorithm: str, pairs: int, every: list[tuple[int, ...]], o: list[int]) -> int:
        return rule(pairs, every, o) if algorithm == wanted else _products(algorithm, pairs, every, o)

    return products


def _met_backwards(o: int, _: int, k: int, s: int, p: int, *__: int) -> int:
    return sum((i - p - t) % s == 0 for i in range(o) for t in range(k))


def _true_pairs(o: int, n: int, k: int, s: int, p: int, *_: int) -> int:
    return sum(0 <= s * j + t - p < o for j in range(n) for t in range(k))


def _instead(wanted: str, rule: Callable[..., int]) -> Callable[..., int]:
    """A workspace that is wrong for one algorithm."""
    return lambda right, algorithm, batch, inputs, every: rule(batch, inputs, every) if algorithm == wanted else right


BILL = _bills("scatter", "zero_insertion", "polyphase")
TRANSPOSED_BILL = Task(
    reference=transposed_bill,
    summary="(parameters, multiply-adds, workspace, traffic) of a transposed convolution; the last two in bytes.",
    properties=(
        Property(
            "parameters",
            0.5,
            BILL,
            item(0, wrong_values),
            "as many numbers as the weight holds.",
        ),
        Property(
            "multiply-adds of scatter and zero insertion",
            1,
            _bills("scatter", "zero_insertion"),
            item(1, wrong_values),
            "scatter: every sample with every tap. Zero insertion: every output sample with every tap.",
        ),
        Property(
            "multiply-adds of polyphase",
            1,
            _bills("polyphase"),
            item(1, wrong_values),
            "on each axis count the pairs of an output i and a tap t with (i + p - t) divisible by s.",
        ),
        Property(
            "workspace",
            1,
            BILL,
            item(2, wrong_values),
            "scatter lays out the columns, zero insertion the padded input with its zeros, o + k - 1 on each axis.",
        ),
        Property(
            "traffic",
            0.5,
            BILL,
            item(3, wrong_values),
            "input, weight and result once; what is laid out in between is written and read again.",
        ),
    ),
    mistakes=(
        Mistake(
            "groups in the parameters once more",
            _billed(parameters=lambda right, weight, groups: right * groups),
            "The second number of `weight_size` is C_out / g already: the weight holds what it holds.",
        ),
        Mistake(
            "groups divided away twice",
            _billed(parameters=lambda right, weight, groups: right // groups),
            "The second number of `weight_size` is C_out / g already: do not divide by g again.",
        ),
        Mistake(
            "output padding left out",
            _billed(lengths=lambda n, k, s, p, op: conv_transpose_output_size(n, k, s, p)),
            "With output padding the result is longer, and so is all that depends on it.",
        ),
        Mistake(
            "the padding is not cut off",
            _billed(lengths=lambda n, k, s, p, op: conv_transpose_output_size(n, k, s, 0, op)),
            "The padding of a transposed layer makes its result shorter, by p on each side.",
        ),
        Mistake(
            "an output of s times n",
            _billed(lengths=lambda n, k, s, p, op: s * n),
            "The output has s(n - 1) + k - 2p + op samples on an axis; that is s n only if k - 2p + op = s.",
        ),
        Mistake(
            "zero insertion by the samples of the input",
            _billed(
                products=_only("zero_insertion", lambda pairs, every, o: pairs * prod(n * k for n, k, *_ in every))
            ),
            "Zero insertion convolves the long line: each sample of the *output* meets each tap, zeros or not.",
            "The same numbers, four ways",
        ),
        Mistake(
            "scatter by the samples of the output",
            _billed(
                products=_only(
                    "scatter",
                    lambda pairs, every, o: pairs * prod(m * axis[1] for m, axis in zip(o, every, strict=True)),
                )
            ),
            "Scatter goes over the input: each of its samples meets each tap once.",
            "The same numbers, four ways",
        ),
        Mistake(
            "polyphase as zero insertion over s",
            _billed(
                products=_only(
                    "polyphase",
                    lambda pairs, every, o: (
                        pairs * prod(m * a[1] for m, a in zip(o, every, strict=True)) // prod(a[2] for a in every)
                    ),
                )
            ),
            "One in s is exact only if s divides the output. Count the pairs (i, t) with (i + p - t) divisible by s.",
            "The same numbers, four ways",
        ),
        Mistake(
            "the padding with the wrong sign",
            _billed(
                products=_only(
                    "polyphase",
                    lambda pairs, every, o: pairs * prod(_met_backwards(m, *a) for m, a in zip(o, every, strict=True)),
                )
            ),
            "Sample i of the result is number i + p of the line before the cut: i + p - t must be divisible by s.",
            "The same numbers, four ways",
        ),
        Mistake(
            "polyphase without its border",
            _billed(
                products=_only(
                    "polyphase",
                    lambda pairs, every, o: pairs * prod(_true_pairs(m, *a) for m, a in zip(o, every, strict=True)),
                )
            ),
            "Taps that meet the zeros around the input are multiplied too, as in any convolution with padding.",
            "The same numbers, four ways",
        ),
        Mistake(
            "the workspace moved once",
            _billed(traffic=lambda maps, weights, made: maps + weights + made),
            "What is laid out in between is written and then read: it passes twice.",
        ),
        Mistake(
            "the workspace not moved at all",
            _billed(traffic=lambda maps, weights, made: maps + weights),
            "What is laid out in between passes through memory too, twice: written and read.",
        ),
        Mistake(
            "the weight is free",
            _billed(traffic=lambda maps, weights, made: maps + 2 * made),
            "The weight has to be read as well.",
        ),
        Mistake(
            "no zeros around the inserted ones",
            _billed(
                made=_instead(
                    "zero_insertion",
                    lambda batch, inputs, every: batch * inputs * prod(s * (n - 1) + 1 for n, _, s, *_ in every),
                )
            ),
            "The convolution needs its border too: in all o + k - 1 places on each axis.",
        ),
        Mistake(
            "the columns of the convolution",
            _billed(
                made=_instead(
                    "scatter", lambda batch, inputs, every: batch * inputs * prod(k * n for n, k, *_ in every)
                )
            ),
            "These are the windows that a convolution lays out. Here each column holds C_out kH kW products.",
            "The same numbers, four ways",
        ),
        Mistake(
            "the workspace of one picture",
            _billed(made=lambda right, algorithm, batch, inputs, every: right // batch),
            "All pictures of the batch are laid out at once.",
        ),
        Mistake(
            "every multiply-add counted twice",
            _billed(products=lambda *given: 2 * _products(*given)),
            "A multiply-add is one. Two flops, but one multiply-add.",
            "Who calls it what",
        ),
    ),
    forbidden=LIBRARIES,
    section="The same numbers, four ways",
)

# --------------------------------------------------------------------------- tconv_by_gemm


def tconv_by_gemm(
    input: Array, weight: Array, stride: Pair = (1, 1), padding: Pair = NONE, output_padding: Pair = NONE
) -> tuple[Array, Array]:
    """The columns, by one product of matrices, and the transposed convolution by the library."""
    xp = array_namespace(input, weight)
    columns = xp.reshape(weight, (weight.shape[0], -1)).T @ xp.reshape(input, (input.shape[0], -1))
    return columns, conv_transpose2d(input[None, ...], weight, None, stride, padding, output_padding)[0, ...]


def _gemms(*fixed: tuple[Any, ...], channels: bool) -> Cases:
    """(size, kernel, stride, padding, output_padding), each with channels of its own."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for size, kernel, *window in fixed:
            inputs, outputs = (int(v) for v in rng.permutation([2, 3])) if channels else (1, 1)
            given = {"input": distinct(rng, inputs, *size), "weight": distinct(rng, inputs, outputs, *kernel)}
            yield given | dict(zip(("stride", "padding", "output_padding"), window, strict=False))

    return draw


def _gemm(
    columns: Callable[[Array, Array], Array] | None = None,
    weight: Callable[[Array], Array] = lambda w: w,
    window: Callable[..., tuple[Pair, ...]] = lambda *w: w,
    paint: Callable[[Array, Array], Array] = np.add,
    end: Callable[[Array, Sizes, Pair], Array] = lambda full, o, p: full[:, p[0] : p[0] + o[0], p[1] : p[1] + o[1]],
) -> Callable[..., tuple[Array, Array]]:
    """The task by somebody with one habit of his own."""

    def wrong(
        input: Array, weight_: Array, stride: Pair = (1, 1), padding: Pair = NONE, output_padding: Pair = NONE
    ) -> tuple[Array, Array]:
        stride, padding, output_padding = window(stride, padding, output_padding)
        w, (_, *n), (_, outs, *k) = weight(weight_), input.shape, weight_.shape
        made = (columns or _columns)(input, w)
        copies = (w.reshape(len(w), -1).T @ input.reshape(len(input), -1)).reshape(outs, *k, *n)
        size = [s * (m - 1) + t + q for s, m, t, q in zip(stride, n, k, output_padding, strict=True)]
        full = np.zeros((outs, *size))
        for a, b in np.ndindex(*k):
            places = np.s_[:, a : a + stride[0] * n[0] : stride[0], b : b + stride[1] * n[1] : stride[1]]
            full[places][:, : n[0], : n[1]] = paint(full[places][:, : n[0], : n[1]], copies[:, a, b])
        o = tuple(m - 2 * p for m, p in zip(size, padding, strict=True))
        return made, end(full, o, padding)

    return lambda input, weight, **given: wrong(input, weight, **given)


def _columns(x: Array, w: Array) -> Array:
    return w.reshape(len(w), -1).T @ x.reshape(len(x), -1)


def _taps_first(x: Array, w: Array) -> Array:
    """Rows ordered by tap, then channel."""
    return _columns(x, w.transpose(0, 2, 3, 1))


def _zeros_appended(full: Array, o: Sizes, p: Pair, extra: Pair) -> Array:
    kept = full[:, p[0] : p[0] + o[0] - extra[0], p[1] : p[1] + o[1] - extra[1]]
    return np.pad(kept, ((0, 0), (0, extra[0]), (0, extra[1])))


def _with_zeros_appended(
    input: Array, weight: Array, stride: Pair = (1, 1), padding: Pair = NONE, output_padding: Pair = NONE
) -> tuple[Array, Array]:
    end = lambda full, o, p: _zeros_appended(full, o, p, output_padding)  # noqa: E731
    return _gemm(end=end)(input, weight, stride=stride, padding=padding, output_padding=output_padding)


GEMM_PLAIN = (((2, 3), (2, 2), (2, 2)), ((3, 2), (1, 2), (2, 3)), ((2, 2), (3, 2), (3, 2)), ((3, 4), (2, 3), (3, 4)))
GEMM_OVERLAP = (((3, 2), (3, 4), (2, 2)), ((2, 3), (3, 2)), ((3, 3), (5, 3), (2, 1)), ((1, 3), (4, 5), (3, 2)))
GEMM_CUT = (
    ((3, 2), (3, 4), (2, 2), (1, 1)),
    ((2, 3), (5, 3), (2, 3), (2, 0), (1, 0)),
    ((3, 3), (3, 4), (3, 2), (0, 1), (1, 1)),
    ((4, 2), (4, 3), (1, 2), (1, 1), (0, 1)),
)
TCONV_BY_GEMM = Task(
    reference=tconv_by_gemm,
    summary="(the columns, the transposed convolution), the columns by one product of matrices.",
    properties=(
        Property(
            "the columns",
            1,
            lambda rng: [*_gemms(*GEMM_PLAIN, channels=False)(rng), *_gemms(*GEMM_OVERLAP, channels=True)(rng)],
            item(0, wrong_values),
            "the weight as a matrix with one row for each input channel, transposed, times the input as a matrix with "
            "one row for each input channel.",
        ),
        Property(
            "kernels side by side, one channel",
            1,
            _gemms(*GEMM_PLAIN, channels=False),
            item(1, wrong_values),
            "row (a, b) of the columns, laid out as H by W, goes to the places (s*i + a, s*j + b).",
        ),
        Property(
            "overlapping kernels, several channels",
            1.5,
            _gemms(*GEMM_OVERLAP, channels=True),
            item(1, wrong_values),
            "where products of several taps fall on one place, they are added.",
        ),
        Property(
            "padding and output padding",
            0.5,
            _gemms(*GEMM_CUT, channels=True),
            item(1, wrong_values),
            "make room for output_padding at the end, then cut p on each side.",
        ),
    ),
    mistakes=(
        Mistake(
            "overwritten where paint meets",
            _gemm(paint=lambda old, new: new),
            "Where kernels overlap, the products are added: += instead of =.",
            "The same numbers, four ways",
        ),
        Mistake(
            "the kernel is flipped",
            _gemm(weight=lambda w: w[..., ::-1, ::-1]),
            "Only the way by zero insertion needs the flip. The products are painted as they are.",
            "The same numbers, four ways",
        ),
        Mistake(
            "the axes of the kernel exchanged",
            _gemm(weight=lambda w: w.transpose(0, 1, 3, 2).reshape(w.shape)),
            "Row a * kW + b of a channel's block belongs to tap (a, b): the column of the kernel runs fastest.",
        ),
        Mistake(
            "taps before channels",
            _gemm(columns=_taps_first),
            "The rows of the columns are ordered like the weight: output channel, then the row of the tap, then its "
            "column.",
        ),
        Mistake(
            "the columns lie on their side",
            _gemm(columns=lambda x, w: _columns(x, w).T),
            "One row for each number of a kernel copy, one column for each sample of the input.",
        ),
        Mistake(
            "the stride is ignored",
            _gemm(window=lambda s, p, op: ((1, 1), p, op)),
            "The copies of neighbours begin s places apart.",
        ),
        Mistake(
            "one stride for both axes",
            _gemm(window=lambda s, p, op: ((s[0], s[0]), p, op)),
            "The stride is a pair: the first is that of the rows, the second that of the columns.",
        ),
        Mistake(
            "the padding is not cut off",
            _gemm(window=lambda s, p, op: (s, NONE, op)),
            "Padding makes the result smaller: p rows or columns are cut on each side.",
        ),
        Mistake(
            "all padding is cut at the end",
            _gemm(end=lambda full, o, p: full[:, : o[0], : o[1]]),
            "p are cut in front and p at the end, not 2p at the end.",
        ),
        Mistake(
            "output padding left out",
            _gemm(window=lambda s, p, op: (s, p, NONE)),
            "output_padding adds rows and columns at the end.",
        ),
        Mistake(
            "output padding as zeros",
            _with_zeros_appended,
            "The rows that output_padding adds are real: less is cut at the end, so paint may lie there.",
        ),
        Mistake(
            "padding and output padding exchanged",
            _gemm(window=lambda s, p, op: (s, op, p)),
            "`padding` cuts on both sides; `output_padding` adds at the end.",
        ),
    ),
    forbidden=LIBRARIES,
    devices=("cuda",),
    section="The same numbers, four ways",
)

# --------------------------------------------------------------------------- fair_ratio

Verdict = tuple[float, float, float, str]


def fair_ratio(a: Array, b: Array, warm_up: int = 1) -> Verdict:
    """Quartiles of b / a over the rounds that count, by the standard library, and the verdict."""
    pairs = [(x, y) for x, y in zip(a[warm_up:].tolist(), b[warm_up:].tolist(), strict=True) if x == x and y == y]
    low, middle, high = quantiles([y / x for x, y in pairs], n=4, method="inclusive")
    return low, middle, high, "b" if high < 1 else "a" if low > 1 else "neither"


def _runs(*factors: float, missing: bool = False, outliers: bool = True) -> Cases:
    """Times of two ways in rounds: both drift together, some rounds are disturbed, the first ones are slow."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for warm_up, factor in enumerate(factors, start=1):
            rounds = warm_up + int(rng.integers(10, 13))
            machine = np.exp(rng.uniform(0, 1, rounds))  # of a round, shared by both
            a, b = machine * rng.uniform(1, 1.5, rounds), machine * rng.uniform(1, 1.5, rounds) * factor
            a[:warm_up] *= rng.uniform(30, 60, warm_up)
            b[:warm_up] *= rng.uniform(200, 900, warm_up)
            if outliers:
                b[-1] *= 40
            if missing:
                a[warm_up + 2], b[[0, warm_up + 4, warm_up + 5]] = np.nan, np.nan
            given = {"a": a.round(3), "b": b.round(3)}
            yield given | ({"warm_up": warm_up} if warm_up > 1 else {})

    return draw


def _judged(
    pairs: Callable[[Array, Array, int], tuple[Array, Array]] | None = None,
    three: Callable[[Array, Array], Sequence[float]] = lambda a, b: np.quantile(b / a, (0.25, 0.5, 0.75)),
    verdict: Callable[[float, float, float], str] = lambda low, middle, high: (
        "b" if high < 1 else "a" if low > 1 else "neither"
    ),
) -> Callable[..., Verdict]:
    """The statistics by somebody who errs in one step."""

    def wrong(a: Array, b: Array, warm_up: int = 1) -> Verdict:
        low, middle, high = (float(v) for v in three(*(pairs or _counted)(a, b, warm_up)))
        return low, middle, high, verdict(low, middle, high)

    return wrong


def _counted(a: Array, b: Array, warm_up: int) -> tuple[Array, Array]:
    a, b = a[warm_up:], b[warm_up:]
    there = ~(np.isnan(a) | np.isnan(b))
    return a[there], b[there]


def _each_alone(a: Array, b: Array, warm_up: int) -> tuple[Array, Array]:
    """Missing times removed from each list by itself: rounds no longer match."""
    a, b = (x[warm_up:] for x in (a, b))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    size = min(len(a), len(b))
    return a[:size], b[:size]


def _of_sums(statistic: Callable[[Array], float]) -> Callable[[Array, Array], list[float]]:
    """The middle from each list alone."""

    def three(a: Array, b: Array) -> list[float]:
        low, _, high = np.quantile(b / a, (0.25, 0.5, 0.75))
        return [low, statistic(b) / statistic(a), high]

    return three


def _with(middle: Callable[[Array], float]) -> Callable[[Array, Array], list[float]]:
    def three(a: Array, b: Array) -> list[float]:
        low, _, high = np.quantile(b / a, (0.25, 0.5, 0.75))
        return [low, middle(b / a), high]

    return three


def _on_the_line(_rng: Generator) -> Iterator[Arguments]:
    """A quartile of just 1."""
    for ratios in ((50, 1, 1, 1, 2, 3), (50, 2, 0.5, 1, 1, 1, 0.5)):
        a = np.array([9.0, 1, 2, 4, 2, 1, 4])[: len(ratios)]
        yield {"a": a, "b": a * ratios, "warm_up": 1}


CLEAR, UNCLEAR = (0.3, 3.0, 0.5, 2.0), (1.0, 1.02, 0.98)
FAIR_RATIO = Task(
    reference=fair_ratio,
    summary='(lower quartile, median, upper quartile of b / a, "a", "b" or "neither").',
    properties=(
        Property(
            "the median",
            1,
            _runs(*CLEAR, *UNCLEAR),
            item(1, wrong_values),
            "divide round by round, b by a, after leaving out the warm-up; then take the median.",
        ),
        Property(
            "the quartiles",
            0.5,
            _runs(*CLEAR, *UNCLEAR),
            lambda expected, got: item(0, wrong_values)(expected, got) or item(2, wrong_values)(expected, got),
            "np.quantile(ratios, 0.25) and 0.75.",
        ),
        Property(
            "the verdict",
            0.5,
            lambda rng: [*_runs(*CLEAR)(rng), *_runs(*UNCLEAR)(rng), *_on_the_line(rng)],
            item(3, wrong_values),
            'the name of the quicker one if the two quartiles lie on the same side of 1, else "neither".',
        ),
        Property(
            "rounds in which a time is missing",
            1,
            _runs(*CLEAR, *UNCLEAR, missing=True),
            wrong_values,
            "a round counts only if both times are there: leave out both, or the rest no longer matches.",
        ),
    ),
    mistakes=(
        Mistake(
            "the warm-up counts",
            _judged(pairs=lambda a, b, warm_up: _counted(a, b, 0)),
            "The first rounds load, compile and allocate. Leave out the first `warm_up` of them.",
            "A fair benchmark",
        ),
        Mistake(
            "only the first round left out",
            _judged(pairs=lambda a, b, warm_up: _counted(a, b, 1)),
            "How many rounds are warm-up stands in `warm_up`.",
            "A fair benchmark",
        ),
        Mistake(
            "missing rounds left out before the warm-up",
            _judged(pairs=lambda a, b, warm_up: _counted(*(x[warm_up:] for x in _counted(a, b, 0)), 0)),
            "A round of the warm-up is one of the first `warm_up`, whether a time is missing there or not.",
        ),
        Mistake(
            "one round too many left out",
            _judged(pairs=lambda a, b, warm_up: _counted(a, b, warm_up + 1)),
            "Leave out `warm_up` rounds: the first that counts is number `warm_up`, counted from 0.",
        ),
        Mistake(
            "the last rounds left out",
            _judged(pairs=lambda a, b, warm_up: _counted(a[:-warm_up], b[:-warm_up], 0)),
            "Warm-up is what comes first.",
        ),
        Mistake(
            "a over b",
            _judged(pairs=lambda a, b, warm_up: _counted(b, a, warm_up)),
            "Asked is the time of b over that of a.",
        ),
        Mistake(
            "a ratio of medians",
            _judged(three=_of_sums(np.median)),
            "The two medians may come from different rounds, when the machine ran differently. Divide within each "
            "round first.",
            "A fair benchmark",
        ),
        Mistake(
            "a ratio of means",
            _judged(three=_of_sums(np.mean)),
            "One disturbed round decides a mean. Divide within each round, and take the median.",
            "A fair benchmark",
        ),
        Mistake(
            "a ratio of the fastest",
            _judged(three=_of_sums(np.min)),
            "Two best times come from two moments. Divide within each round, and take the median.",
            "A fair benchmark",
        ),
        Mistake(
            "the mean of the ratios",
            _judged(three=_with(np.mean)),
            "One disturbed round decides a mean. Take the median.",
            "A fair benchmark",
        ),
        Mistake(
            "sorted before dividing",
            _judged(three=lambda a, b: np.quantile(np.sort(b) / np.sort(a), (0.25, 0.5, 0.75))),
            "Sorting each list by itself tears the rounds apart. Divide first.",
            "A fair benchmark",
        ),
        Mistake(
            "least and greatest as the quartiles",
            _judged(three=lambda a, b: np.quantile(b / a, (0, 0.5, 1))),
            "These are the extremes. A quarter of the ratios lies below the lower quartile.",
        ),
        Mistake(
            "another rule for quartiles",
            _judged(three=lambda a, b: np.quantile(b / a, (0.25, 0.5, 0.75), method="weibull")),
            "Between two ratios interpolate as np.quantile does: rank 0.25 * (m - 1), counted from 0.",
        ),
        Mistake(
            "missing times are kept",
            _judged(pairs=lambda a, b, warm_up: (a[warm_up:], b[warm_up:])),
            "nan in, nan out: leave out the rounds in which a time is missing.",
        ),
        Mistake(
            "each list loses its own missing times",
            _judged(pairs=_each_alone),
            "Then the seventh time of a meets the eighth of b. A round goes as a whole, or stays.",
            "A fair benchmark",
        ),
        Mistake(
            "a verdict from the median alone",
            _judged(verdict=lambda low, middle, high: "b" if middle < 1 else "a"),
            'If the quartiles lie on both sides of 1, the verdict is "neither".',
            "A fair benchmark",
        ),
        Mistake(
            "a quartile of 1 as a difference",
            _judged(verdict=lambda low, middle, high: "b" if high <= 1 else "a" if low >= 1 else "neither"),
            'Both quartiles must lie beyond 1. If one of them is 1, the verdict is "neither".',
        ),
        Mistake(
            "the slower one is named",
            _judged(verdict=lambda low, middle, high: "a" if high < 1 else "b" if low > 1 else "neither"),
            "Below 1, b took less time than a: b is the quicker one.",
        ),
    ),
    forbidden=LIBRARIES,
    section="A fair benchmark",
)

# --------------------------------------------------------------------------- plan_upsamplers


def plan_upsamplers(
    flops: Array, bytes: Array, gains: Array, rate: float, bandwidth: float, budget: float
) -> Sizes | None:
    """The best plan, by trying all of them."""
    seconds, levels = np.maximum(flops / rate, bytes / bandwidth), range(len(gains))
    plans = product(range(gains.shape[1]), repeat=len(gains))
    fitting = [plan for plan in plans if sum(seconds[level, plan[level]] for level in levels) <= budget]
    return max(fitting, key=lambda plan: sum(gains[level, plan[level]] for level in levels), default=None)


RATE, BANDWIDTH = 20.0, 5.0


def _tables(*kinds: str, count: int = 3) -> Cases:
    """Levels by upsamplers. The budgets lie between the cheapest and the dearest plan, or below, or above all."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for kind in kinds:
            for number in range(count):
                shape = 1 if kind == "one level" else 2 + number, 4 - number % 2
                yield _table(rng, shape, {"none": 0.9, "ample": 1.0}.get(kind, 0.35 + 0.15 * number), kind)

    return draw


def _table(rng: Generator, shape: Pair, part: float, kind: str) -> Arguments:
    seconds = rng.permuted(np.linspace(1, 4, shape[1]) * np.ones(shape), axis=1) * rng.uniform(0.7, 1.3, shape)
    of_memory = (np.arange(shape[0] * shape[1]).reshape(shape) + int(rng.integers(2))) % 2 == 0
    slack = rng.uniform(0.2, 0.7, shape)  # the bound that is not met
    flops = (RATE * seconds * np.where(of_memory, slack, 1)).round(2)
    moved = (BANDWIDTH * seconds * np.where(of_memory, 1, slack)).round(2)
    seconds = np.maximum(flops / RATE, moved / BANDWIDTH)
    gains = (seconds**0.65 * rng.uniform(0.5, 1.6, shape)).round(4)
    least, most = seconds.min(axis=1).sum(), seconds.max(axis=1).sum()
    budget = least * part if kind == "none" else least + part * (most - least) + (kind == "ample")
    sums = np.sort(sum(np.meshgrid(*gains)).ravel())
    if np.diff(sums).min() < 1e-6:
        return _table(rng, shape, part, kind)
    budget = round(float(budget), 3) + 0.0002  # no plan takes just that long: times are multiples of 0.0005
    given = {"flops": flops, "bytes": moved, "gains": gains, "rate": RATE, "bandwidth": BANDWIDTH}
    return given | {"budget": round(budget, 4)}


Seconds = Callable[..., Array]


def _planned(
    seconds: Seconds = lambda flops, bytes, rate, bandwidth: np.maximum(flops / rate, bytes / bandwidth),
    choose: Callable[[Array, Array, float], Sizes | None] | None = None,
) -> Callable[..., Sizes | None]:
    """A plan by another time, or by another way to choose."""

    def wrong(flops: Array, bytes: Array, gains: Array, rate: float, bandwidth: float, budget: float) -> Sizes | None:
        times = seconds(flops, bytes, rate, bandwidth)
        found = (choose or _best)(times, gains, budget)
        return None if found is None else tuple(int(kind) for kind in found)

    return wrong


def _best(seconds: Array, gains: Array, budget: float) -> Sizes | None:
    return plan_upsamplers(seconds, 0 * seconds, gains, 1.0, 1.0, budget)


def _greedy(order: Callable[[Array, Array], Array]) -> Callable[[Array, Array, float], Sizes | None]:
    """Level by level the first in an order that still fits, the levels behind counted at their cheapest."""

    def choose(seconds: Array, gains: Array, budget: float) -> Sizes | None:
        if seconds.min(axis=1).sum() > budget:
            return None
        found, left = [], budget
        for level in range(len(gains)):
            reserve = seconds[level + 1 :].min(axis=1).sum()
            fits = [k for k in np.argsort(-order(seconds[level], gains[level])) if seconds[level, k] + reserve <= left]
            found.append(fits[0] if fits else int(np.argmin(seconds[level])))
            left -= seconds[level, found[-1]]
        return tuple(found)

    return choose


def _same_everywhere(seconds: Array, gains: Array, budget: float) -> Sizes | None:
    fits = [k for k in range(gains.shape[1]) if seconds[:, k].sum() <= budget]
    return (max(fits, key=lambda k: gains[:, k].sum()),) * len(gains) if fits else None


def _equal_shares(seconds: Array, gains: Array, budget: float) -> Sizes | None:
    inside = np.where(seconds <= budget / len(gains), gains, -np.inf)
    return tuple(inside.argmax(axis=1)) if np.isfinite(inside.max(axis=1)).all() else None


def _one_roof(flops: Array, bytes: Array, gains: Array, rate: float, bandwidth: float, budget: float) -> Sizes | None:
    """The roofline of the whole plan: the greater of two sums instead of the sum of the greater ones."""
    levels = range(len(gains))
    total = lambda table, plan: sum(table[level, plan[level]] for level in levels)  # noqa: E731
    plans = product(range(gains.shape[1]), repeat=len(gains))
    fitting = [p for p in plans if max(total(flops, p) / rate, total(bytes, p) / bandwidth) <= budget]
    return max(fitting, key=lambda plan: total(gains, plan), default=None)


def _cheapest_after_all(**given: Any) -> Sizes:
    found = plan_upsamplers(**given)
    if found is not None:
        return found
    seconds = np.maximum(given["flops"] / given["rate"], given["bytes"] / given["bandwidth"])
    return tuple(int(k) for k in seconds.argmin(axis=1))


PLAN_UPSAMPLERS = Task(
    reference=plan_upsamplers,
    summary="for each level the number of the upsampler to take, or None if no plan fits the budget.",
    properties=(
        Property(
            "one level",
            1,
            _tables("one level", count=5),
            wrong_values,
            "of those whose least time is within the budget, the one with the greatest gain.",
        ),
        Property(
            "an ample budget, and one that is too small",
            1,
            _tables("ample", "none", count=2),
            wrong_values,
            "with enough time, the greatest gain on every level; None if even the cheapest plan takes too long.",
        ),
        Property(
            "several levels",
            2,
            _tables(*["levels"] * 3),
            wrong_values,
            "what one level saves another may spend: compare whole plans.",
        ),
    ),
    mistakes=(
        Mistake(
            "the quickest although nothing fits",
            _cheapest_after_all,
            "If no plan fits, the answer is None.",
        ),
        Mistake(
            "only the arithmetic",
            _planned(seconds=lambda flops, bytes, rate, bandwidth: flops / rate),
            "Some of these layers are bound by memory: their least time is bytes / bandwidth.",
            "The roofline",
        ),
        Mistake(
            "only the memory",
            _planned(seconds=lambda flops, bytes, rate, bandwidth: bytes / bandwidth),
            "Some of these layers are bound by arithmetic: their least time is flops / rate.",
            "The roofline",
        ),
        Mistake(
            "computing and moving added",
            _planned(seconds=lambda flops, bytes, rate, bandwidth: flops / rate + bytes / bandwidth),
            "A layer's least time is the longer of the two, not their sum.",
            "The roofline",
        ),
        Mistake(
            "the shorter of the two times",
            _planned(seconds=lambda flops, bytes, rate, bandwidth: np.minimum(flops / rate, bytes / bandwidth)),
            "A layer's least time is the longer of the two.",
            "The roofline",
        ),
        Mistake(
            "one roof over the whole plan",
            _one_roof,
            "Layers run one after the other, each with a bound of its own: add up the longer times, do not take the "
            "longer of two sums.",
            "The roofline",
        ),
        Mistake(
            "the greatest gains, whatever they take",
            _planned(choose=lambda seconds, gains, budget: tuple(gains.argmax(axis=1))),
            "This plan exceeds the budget.",
        ),
        Mistake(
            "the quickest on every level",
            _planned(choose=lambda seconds, gains, budget: tuple(seconds.argmin(axis=1))),
            "This plan leaves time unused that would have bought more.",
        ),
        Mistake(
            "the greatest gain level by level",
            _planned(choose=_greedy(lambda seconds, gains: gains)),
            "The first levels spend what later ones could use better. Compare whole plans.",
        ),
        Mistake(
            "the greatest gain for the time, level by level",
            _planned(choose=_greedy(lambda seconds, gains: gains / seconds)),
            "The best ratio is not the best sum: time may be left over. Compare whole plans.",
        ),
        Mistake(
            "the same upsampler on every level",
            _planned(choose=_same_everywhere),
            "Each level may have its own.",
        ),
        Mistake(
            "an equal share for every level",
            _planned(choose=_equal_shares),
            "What one level saves another may spend. Compare whole plans.",
        ),
    ),
    forbidden=(*LIBRARIES, "scipy.optimize"),
    section="The roofline",
)

TASKS = (LEAST_TIME, TRANSPOSED_BILL, TCONV_BY_GEMM, FAIR_RATIO, PLAN_UPSAMPLERS)

check_least_time = make_check(LEAST_TIME)
check_transposed_bill = make_check(TRANSPOSED_BILL)
check_tconv_by_gemm = make_check(TCONV_BY_GEMM)
check_fair_ratio = make_check(FAIR_RATIO)
check_plan_upsamplers = make_check(PLAN_UPSAMPLERS)
