"""Tasks of the chapter on transposed convolution."""

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose_cost,
    conv_transpose_output_size,
    transposed_weight,
    transposed_weight_from,
    transposed_weight_to,
    zero_insert,
)
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import Refusal, item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task, asked

Array = np.ndarray
Pair = tuple[int, int]

FLIPPED = (
    "kernel not flipped",
    "A convolution multiplies the first tap with the first sample of its window; here the first tap belongs to the "
    "*last* sample that it can meet. Turn the kernel round before you slide it.",
    "Zeros between, zeros around, and a flip",
)

FROM_THE_END = (
    "sliced from the end",
    "x[p:-p] is empty when p is 0, for -0 is 0. Count from the front: x[p : p + o].",
)


def _correlated(samples: Array, kernel: Array) -> Array:
    """Every window times the kernel; nothing where no window fits."""
    places = range(len(samples) - len(kernel) + 1)
    return np.array([samples[i : i + len(kernel)] @ kernel for i in places], dtype=float)


def _bordered(samples: Array, border: int, behind: int = 0) -> Array:
    """`border` zeros on both sides and `behind` more at the end; negative ones crop."""
    padded = np.pad(samples, (max(border, 0), max(border + behind, 0)))
    return padded[max(-border, 0) : len(padded) - max(-border - behind, 0)]


# --------------------------------------------------------------------------- tconv_by_insertion


def tconv_by_insertion(input: Array, weight: Array, stride: int = 1, padding: int = 0) -> Array:
    """The library's `conv_transpose1d`, for one channel."""
    return conv_transpose1d(input[None], weight[None, None], stride=stride, padding=padding)[0]


def _lines(*fixed: tuple[int, int, int, int], least: Callable[[int], int], most: Callable[[int], int]) -> Cases:
    """Samples and kernels with the (n, k, s, p) given, then three with a padding from ``least(k)`` to ``most(k)``."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        one = len({s for _, _, s, _ in fixed}) == 1
        drawn = []
        for _ in range(3):
            n, k, s = int(rng.integers(3, 6)), int(rng.integers(2, 6)), 1 if one else int(rng.integers(2, 5))
            longer = max(n, (k + 1) // s + 2)  # so that something is left after the crop
            drawn.append((longer, k, s, int(rng.integers(least(k), most(k) + 1))))
        for n, k, s, p in (*fixed, *drawn):
            given = {"input": distinct(rng, n), "weight": distinct(rng, k), "stride": s}
            yield given | ({"padding": p} if p else {})

    return draw


def _inserted(
    border: Callable[[int, int], int] = lambda k, p: k - 1 - p,
    between: Callable[[Array, int], Array] = zero_insert,
    kernel: Callable[[Array], Array] = lambda w: w[::-1],
) -> Callable[..., Array]:
    """Zero insertion by somebody whose border, zeros between the samples, or kernel are wrong."""

    def wrong(input: Array, weight: Array, stride: int = 1, padding: int = 0) -> Array:
        return _correlated(_bordered(between(input, stride), border(len(weight), padding)), kernel(weight))

    return wrong


def _uncropped_border(k: int, p: int) -> int:
    return max(0, k - 1 - p)


TCONV_BY_INSERTION = Task(
    reference=tconv_by_insertion,
    summary="the transposed convolution of one channel, by zeros between, zeros around, and a flip.",
    properties=(
        Property(
            "zeros around and a flip, stride 1",
            1,
            _lines((1, 3, 1, 0), (3, 2, 1, 0), (4, 4, 1, 0), least=lambda k: 0, most=lambda k: 0),
            wrong_values,
            "with stride 1 nothing is put between the samples. How many zeros must stand around them, so that the "
            "first tap meets the first sample alone?",
        ),
        Property(
            "zeros between the samples",
            1,
            _lines((1, 3, 2, 0), (3, 3, 2, 0), (3, 2, 3, 0), (4, 3, 3, 0), least=lambda k: 0, most=lambda k: 0),
            wrong_values,
            "neighbours stand s apart; no zeros stand before the first or behind the last of them: s(n-1) + 1 places.",
        ),
        Property(
            "padding cuts",
            1,
            _lines((3, 3, 2, 1), (3, 4, 2, 1), (4, 5, 3, 3), least=lambda k: 1, most=lambda k: k - 1),
            wrong_values,
            "what is cut off from the result need not be padded to the input: k - 1 - p zeros on each side.",
        ),
        Property(
            "padding beyond k - 1",
            0.5,
            _lines((4, 2, 3, 2), (5, 1, 2, 1), (5, 2, 2, 3), least=lambda k: k, most=lambda k: k),
            wrong_values,
            "a negative number of zeros is a crop.",
        ),
    ),
    mistakes=(
        Mistake(FLIPPED[0], _inserted(kernel=lambda w: w), *FLIPPED[1:]),
        Mistake(
            "no crop when padding is large",
            _inserted(border=_uncropped_border),
            "When p is larger than k - 1, the number of zeros is negative: cut p - (k - 1) samples off on each side.",
        ),
        Mistake(
            "nothing around",
            _inserted(border=lambda k, p: 0),
            "The kernel met only windows that lie wholly inside. Its last tap must reach the first sample too: put "
            "k - 1 - p zeros on each side first.",
        ),
        Mistake(
            "nothing around and no flip",
            _inserted(border=lambda k, p: 0, kernel=lambda w: w),
            "Zeros between, then a convolution as it comes: two steps are missing, k - 1 - p zeros on each side, and "
            "the flip of the kernel.",
        ),
        Mistake(
            "p zeros around",
            _inserted(border=lambda k, p: p),
            "The padding of a transposed convolution cuts. On the side of its input that is k - 1 - p zeros, not p; "
            "with k = 3 and p = 1 both are 1, and nobody notices.",
        ),
        Mistake(
            "padding ignored",
            _inserted(border=lambda k, p: k - 1),
            "That is the whole result, with all copies of the kernel. The padding cuts p samples off on each side.",
        ),
        Mistake(
            "padding added",
            _inserted(border=lambda k, p: k - 1 + p),
            "Padding makes the result of a transposed convolution shorter, not longer: subtract p.",
        ),
        Mistake(
            "zeros behind the last sample too",
            _inserted(between=lambda x, s: np.kron(x, np.eye(1, s)[0])),
            "Zeros stand between the samples only: s(n-1) + 1 places, not s n. With s n the result is s - 1 longer.",
        ),
        Mistake(
            "s zeros between neighbours",
            _inserted(between=lambda x, s: zero_insert(x, s + 1 if s > 1 else 1)),
            "From one sample to the next it is s steps, so s - 1 zeros stand between them.",
        ),
        Mistake(
            "copies instead of zeros",
            _inserted(between=lambda x, s: np.repeat(x, s)[: s * (len(x) - 1) + 1]),
            "The samples were repeated. Between them stand zeros.",
        ),
        Mistake(
            "the samples flipped instead of the kernel",
            _inserted(between=lambda x, s: zero_insert(x, s)[::-1], kernel=lambda w: w),
            "The result came out back to front. Turn the kernel round, not the samples.",
        ),
        Mistake(
            "the stride used once more",
            lambda input, weight, stride=1, padding=0: tconv_by_insertion(input, weight, stride, padding)[::stride],
            "The stride has done its work when the zeros stand. The convolution after it moves one sample at a time.",
        ),
        Mistake(
            FROM_THE_END[0],
            lambda input, weight, stride=1, padding=0: tconv_by_insertion(input, weight, stride)[padding:-padding],
            FROM_THE_END[1],
        ),
    ),
    forbidden=LIBRARIES,
    section="Zeros between, zeros around, and a flip",
)

# --------------------------------------------------------------------------- tconv_by_phases


def tconv_by_phases(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    """The phases of the library's `conv_transpose1d`."""
    return _dealt(tconv_by_insertion(input, weight, stride, padding), stride)


def _dealt(output: Array, stride: int) -> tuple[Array, ...]:
    return tuple(output[r::stride].copy() for r in range(stride))


def _phased(*fixed: tuple[int, int, int, int], divisible: bool = False) -> Cases:
    """The (n, k, s, p) given, then three whose stride divides k or does not, with padding if those given have any."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn, padded = [], any(p for *_, p in fixed)
        for _ in range(3):
            s = int(rng.integers(2, 5))
            k = s * int(rng.integers(1, 4)) if divisible else s + int(rng.integers(1, s))
            drawn.append((int(rng.integers(4, 6)), k, s, int(rng.integers(1, min(k, 3) + 1)) if padded else 0))
        for n, k, s, p in (*fixed, *drawn):
            given = {"input": distinct(rng, n), "weight": distinct(rng, k), "stride": s}
            yield given | ({"padding": p} if p else {})

    return draw


def _by_phase(
    taps: Callable[[Array, int, int], Array],
    kernel: Callable[[Array], Array] = lambda w: w,
) -> Callable[..., tuple[Array, ...]]:
    """Uncropped phases, each the full convolution with ``taps(weight, phase, stride)``, woven, cropped and dealt."""

    def wrong(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
        whole = np.zeros(conv_transpose_output_size(len(input), len(weight), stride))
        for r in range(stride):
            part, room = np.convolve(input, np.append(kernel(taps(weight, r, stride)), 0.0)), whole[r::stride]
            room[: len(part)] = part[: len(room)]
        return _dealt(whole[padding : len(whole) - padding], stride)

    return wrong


def _every(weight: Array, phase: int, stride: int) -> Array:
    return weight[phase::stride]


def _blocks(weight: Array, phase: int, stride: int) -> Array:
    length = -(-len(weight) // stride)
    return weight[phase * length : (phase + 1) * length]


def _padding_subtracted(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    phases = tconv_by_phases(input, weight, stride, padding)
    return tuple(phases[(r - 2 * padding) % stride] for r in range(stride))


def _cut_from_each(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    phases = tconv_by_phases(input, weight, stride)
    return tuple(phase[padding : max(padding, len(phase) - padding)] for phase in phases)


def _cut_equally(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    whole = tconv_by_phases(input, weight, stride)
    return tuple(phase[padding // stride : len(phase) - padding // stride] for phase in whole)


def _equally_long(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    phases = tconv_by_phases(input, weight, stride, padding)
    return tuple(np.pad(phase, (0, len(phases[0]) - len(phase))) for phase in phases)


def _without_empty_ones(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    return tuple(phase for phase in tconv_by_phases(input, weight, stride, padding) if phase.any())


def _cut_to_input(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    return tuple(phase[: len(input)] for phase in tconv_by_phases(input, weight, stride, padding))


def _input_dealt(input: Array, weight: Array, stride: int, padding: int = 0) -> tuple[Array, ...]:
    del padding
    return tuple(np.convolve(np.append(input[r::stride], 0.0), weight)[:-1] for r in range(stride))


TCONV_BY_PHASES = Task(
    reference=tconv_by_phases,
    summary="the `stride` phases of a transposed convolution: phase r holds outputs r, r + s, r + 2s, …",
    properties=(
        Property(
            "every phase has as many taps",
            1,
            _phased((1, 2, 2, 0), (3, 4, 2, 0), (3, 6, 3, 0), divisible=True),
            wrong_values,
            "which taps meet an output whose number leaves the rest r when it is divided by s?",
        ),
        Property(
            "kernels that the stride does not divide, short ones too",
            1,
            _phased((3, 3, 2, 0), (4, 5, 3, 0), (3, 1, 2, 0), (3, 2, 4, 0)),
            wrong_values,
            "some phases have a tap more than others. A phase without taps is zero, but it is there.",
        ),
        Property(
            "padding",
            1.5,
            _phased((3, 3, 2, 1), (4, 5, 3, 2), (4, 5, 2, 3), (4, 5, 3, 1)),
            wrong_values,
            "output i stands at place i + p of the uncropped result: with which taps does phase 0 begin?",
        ),
    ),
    mistakes=(
        Mistake(
            "taps taken in blocks",
            _by_phase(_blocks),
            "Phase r has every s-th tap, from tap r on: weight[r::s]. Neighbouring taps belong to neighbouring phases.",
            "One small convolution for each phase",
        ),
        Mistake(
            "small kernels the wrong way round",
            _by_phase(_every, kernel=lambda w: w[::-1]),
            "Output s q + r is the sum of weight[r + s l] * input[q - l]: the later the tap, the *earlier* the sample.",
            "One small convolution for each phase",
        ),
        Mistake(
            "padding ignored",
            lambda input, weight, stride, padding=0: tconv_by_phases(input, weight, stride),
            "These are the phases of the uncropped result. Cut p samples off on each side; then other taps come first.",
        ),
        Mistake(
            "p // s cut from each phase",
            _cut_equally,
            "The cut is not the same for all phases, and it turns them: output i stands at place i + p, so phase r is "
            "made by the taps of (r + p) mod s.",
        ),
        Mistake(
            "padding cut from each phase",
            _cut_from_each,
            "p samples of the whole result are cut on each side. That is about p / s of each phase, not p.",
        ),
        Mistake(
            "padding moves the phases the wrong way",
            _padding_subtracted,
            "Output i stands at place i + p of the uncropped result, so phase r has the taps of (r + p) mod s.",
        ),
        Mistake(
            "phases without taps left out",
            _without_empty_ones,
            "When k < s, some outputs meet no tap at all. They are zero, but they are outputs: return s phases.",
        ),
        Mistake(
            "all phases equally long",
            _equally_long,
            "Phases may differ by one in length: phase r has as many samples as there are numbers r, r + s, … below o.",
        ),
        Mistake(
            "as long as the input",
            _cut_to_input,
            "A phase is the *full* convolution of the input with its taps. The last copies reach beyond sample n - 1.",
        ),
        Mistake(
            "the input dealt out",
            _input_dealt,
            "You dealt the input into phases. That is how a strided convolution comes apart; here it is the kernel "
            "that is dealt out, and every phase reads the whole input.",
        ),
        Mistake(
            "phases in the wrong order",
            lambda input, weight, stride, padding=0: tconv_by_phases(input, weight, stride, padding)[::-1],
            "Phase 0 comes first: the one that holds output 0.",
        ),
        Mistake(
            FROM_THE_END[0],
            lambda input, weight, stride, padding=0: _dealt(
                tconv_by_insertion(input, weight, stride)[padding:-padding], stride
            ),
            FROM_THE_END[1],
        ),
    ),
    forbidden=LIBRARIES,
    section="One small convolution for each phase",
)

# --------------------------------------------------------------------------- tconv2d_full


def tconv2d_full(
    input: Array,
    weight: Array,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    output_padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """The library's `conv_transpose2d`."""
    return conv_transpose2d(input, weight, None, stride, padding, output_padding, groups, dilation)


Layer = tuple[tuple[int, int, int], tuple[int, int, int], dict[str, Any]]  # (C, H, W), (C_out / g, kH, kW), options


def _layers(*fixed: Layer) -> Cases:
    """The layers given, then the last one with a larger picture."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        (channels, height, width), kernel, options = fixed[-1]
        larger = channels, height + int(rng.integers(1, 3)), width + int(rng.integers(1, 3))
        for (inputs, *size), (share, *taps), given in (*fixed, (larger, kernel, options)):
            yield {"input": distinct(rng, inputs, *size), "weight": distinct(rng, inputs, share, *taps)} | given

    return draw


def _of_the_first(**given: Any) -> dict[str, Any]:
    return {name: (value[0], value[0]) for name, value in given.items() if isinstance(value, tuple)}


def _options_swapped(**given: Any) -> dict[str, Any]:
    return {name: value[::-1] for name, value in given.items() if isinstance(value, tuple)}


def _reshaped(weight: Array, groups: int = 1, **given: Any) -> dict[str, Any]:
    del given
    inputs, share, *taps = weight.shape
    as_plain = weight.reshape(groups * share, inputs // groups, *taps)
    return {"weight": transposed_weight(as_plain[:, :, ::-1, ::-1].copy(), groups)}


def _uncut(**given: Any) -> Array:
    return tconv2d_full(**{**given, "padding": (0, 0), "output_padding": (0, 0)})


def _op_appended(output_padding: Pair = (0, 0), **given: Any) -> Array:
    return np.pad(tconv2d_full(**given), ((0, 0), (0, output_padding[0]), (0, output_padding[1])))


def _op_in_front(**given: Any) -> Array:
    turned = {"input": given["input"][:, ::-1, ::-1].copy(), "weight": given["weight"][:, :, ::-1, ::-1].copy()}
    return tconv2d_full(**(given | turned))[:, ::-1, ::-1]


def _assigned(
    input: Array,
    weight: Array,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    output_padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """The copies of the kernel laid one after the other, each over those before."""
    size, share, taps = input.shape[1:], weight.shape[1], weight.shape[2:]
    axes = list(zip(size, taps, stride, padding, output_padding, dilation, strict=True))
    rows, columns = (s * (n - 1) + d * (k - 1) + 1 + op for n, k, s, _, op, d in axes)
    whole = np.zeros((groups, share, rows, columns))
    for y, x in np.ndindex(*size):
        starts = zip((y, x), taps, stride, dilation, strict=True)
        place = tuple(slice(s * j, s * j + d * (k - 1) + 1, d) for j, k, s, d in starts)
        for group, channels in enumerate(np.split(np.arange(len(input)), groups)):
            whole[(group, slice(None), *place)] = np.tensordot(input[channels, y, x], weight[channels], 1)
    kept = (slice(p, p + conv_transpose_output_size(n, k, s, p, op, d)) for n, k, s, p, op, d in axes)
    return whole.reshape(groups * share, rows, columns)[(slice(None), *kept)]


def _border_without_dilation(dilation: Pair = (1, 1), **given: Any) -> Array:
    """A border of k - 1 - p zeros around the input of a convolution whose kernel is dilated."""
    taps, out = given["weight"].shape[2:], tconv2d_full(dilation=dilation, **given)
    missing = [(d - 1) * (k - 1) for d, k in zip(dilation, taps, strict=True)]
    return out[:, missing[0] : out.shape[1] - missing[0], missing[1] : out.shape[2] - missing[1]]


def _groups_like_cards(input: Array, weight: Array, groups: int = 1, **options: Any) -> Array:
    order = np.arange(len(input)).reshape(-1, groups).T.ravel()  # channels of group 0 first
    return tconv2d_full(input[order], weight[order], groups=groups, **options)


def _outputs_interleaved(groups: int = 1, **given: Any) -> Array:
    out = tconv2d_full(groups=groups, **given)
    return out.reshape(groups, -1, *out.shape[1:]).swapaxes(0, 1).reshape(out.shape)


def _one_channel_stays(input: Array, weight: Array, groups: int = 1, **options: Any) -> Array:
    last = np.zeros_like(input)
    share = len(input) // groups
    last[share - 1 :: share] = input[share - 1 :: share]
    return tconv2d_full(last, weight, groups=groups, **options)


def _sliced_from_the_end(padding: Pair = (0, 0), output_padding: Pair = (0, 0), **given: Any) -> Array:
    """``plane[p : -(p - op)]`` on both axes: empty where p and op are equal."""
    cut = (slice(p, -(p - op)) for p, op in zip(padding, output_padding, strict=True))
    return tconv2d_full(**given)[(slice(None), *cut)]


def _not_beyond_the_copies(padding: Pair = (0, 0), output_padding: Pair = (0, 0), **given: Any) -> Array:
    least = tuple(map(min, padding, output_padding))
    return tconv2d_full(padding=padding, output_padding=least, **given)


def _padding_added(padding: Pair = (0, 0), **given: Any) -> Array:
    return np.pad(tconv2d_full(**given), ((0, 0), (padding[0],) * 2, (padding[1],) * 2))


TCONV2D_FULL = Task(
    reference=tconv2d_full,
    summary="the transposed convolution of a picture with channels: stride, padding, output_padding, dilation, groups.",
    properties=(
        Property(
            "channels",
            1,
            _layers(((1, 2, 3), (1, 2, 2), {}), ((2, 2, 3), (3, 2, 2), {}), ((3, 2, 2), (1, 3, 2), {})),
            wrong_values,
            "output channel m is the sum over c of input[c], painted with weight[c, m].",
        ),
        Property(
            "stride, its own on each axis",
            1,
            _layers(((1, 3, 2), (1, 3, 3), {"stride": (2, 2)}), ((2, 2, 3), (1, 2, 3), {"stride": (3, 2)})),
            wrong_values,
            "the copy of pixel (y, x) begins at (s0 * y, s1 * x).",
        ),
        Property(
            "padding cuts, on each axis its own",
            0.5,
            _layers(
                ((1, 3, 3), (1, 3, 3), {"padding": (1, 1)}),
                ((1, 3, 4), (2, 2, 3), {"stride": (2, 1), "padding": (0, 2)}),
                ((1, 4, 3), (1, 1, 2), {"stride": (2, 3), "padding": (1, 2)}),
            ),
            wrong_values,
            "cut padding[0] rows above and below, and padding[1] columns on the left and on the right.",
        ),
        Property(
            "output_padding keeps true values",
            1,
            _layers(
                ((1, 2, 2), (1, 3, 3), {"stride": (2, 2), "padding": (1, 1), "output_padding": (1, 1)}),
                ((2, 2, 3), (1, 3, 4), {"stride": (2, 3), "padding": (1, 2), "output_padding": (0, 2)}),
                ((1, 3, 2), (1, 4, 3), {"stride": (3, 2), "padding": (2, 0), "output_padding": (2, 1)}),
            ),
            wrong_values,
            "the cut at the end is smaller by output_padding. Zeros stand there only beyond all copies.",
        ),
        Property(
            "dilation",
            1,
            _layers(
                ((1, 2, 3), (1, 2, 2), {"dilation": (2, 2)}),
                ((1, 3, 2), (2, 2, 3), {"stride": (2, 1), "dilation": (1, 3)}),
                ((1, 3, 3), (1, 3, 2), {"stride": (3, 2), "padding": (1, 2), "dilation": (2, 3)}),
            ),
            wrong_values,
            "tap (a, b) falls (d0 * a, d1 * b) beyond the place where its copy begins.",
        ),
        Property(
            "groups",
            1,
            _layers(
                ((2, 2, 2), (1, 2, 2), {"groups": 2}),
                ((4, 2, 2), (3, 2, 2), {"groups": 2}),
                ((6, 2, 2), (2, 1, 2), {"groups": 3}),
            ),
            wrong_values,
            "input channel c is in group c // (C_in / groups), and feeds the output channels of its group alone.",
        ),
        Property(
            "all of it together",
            0.5,
            _layers(
                (
                    (2, 1, 3),
                    (1, 2, 2),
                    {"stride": (1, 2), "output_padding": (1, 2), "dilation": (2, 3), "groups": 2},
                ),
                (
                    (4, 2, 3),
                    (3, 3, 2),
                    {"stride": (2, 3), "padding": (2, 1), "output_padding": (1, 2), "dilation": (2, 1), "groups": 2},
                ),
            ),
            wrong_values,
            "output_padding may be as large as the stride, if the dilation is larger.",
        ),
    ),
    mistakes=(
        Mistake(
            FLIPPED[0],
            asked(tconv2d_full, lambda weight, **_: {"weight": weight[..., ::-1, ::-1].copy()}),
            *FLIPPED[1:],
        ),
        Mistake(
            "flipped along one axis only",
            asked(tconv2d_full, lambda weight, **_: {"weight": weight[..., ::-1].copy()}),
            "A kernel of a picture is turned on both axes, up-down and left-right. If you paint, nothing is turned.",
            "Zeros between, zeros around, and a flip",
        ),
        Mistake(
            "channels reshaped, not swapped",
            asked(tconv2d_full, _reshaped),
            "reshape keeps the numbers in their order. To exchange the axes of the channels use swapaxes or transpose.",
        ),
        Mistake(
            "overwritten where copies overlap",
            _assigned,
            "Where copies of the kernel overlap they are added: += and not =.",
            "Paint",
        ),
        Mistake(
            "only the last input channel of a group",
            _one_channel_stays,
            "Every input channel paints on every output channel of its group, and all of that is added.",
        ),
        Mistake(
            "output_padding appends zeros",
            _op_appended,
            "What output_padding keeps is not a zero but what the copies have painted there. Cut p - op samples off "
            "at the end, instead of p and zeros.",
            "What output_padding keeps",
        ),
        Mistake(
            "output_padding ignored",
            lambda output_padding=(0, 0), **given: tconv2d_full(**given),
            "The result must be longer by output_padding: the cut at the end is smaller.",
            "What output_padding keeps",
        ),
        Mistake(
            "output_padding in front",
            _op_in_front,
            "The cut is smaller at the end, below and on the right. In front it stays p.",
            "What output_padding keeps",
        ),
        Mistake(
            "sliced from the end",
            _sliced_from_the_end,
            "x[p:-p] is empty when p is 0, for -0 is 0; and -(p - op) fails likewise when op is p. Count from the "
            "front: x[p : p + o].",
        ),
        Mistake(
            "the plane too small for output_padding",
            _not_beyond_the_copies,
            "Where op is larger than p, the result reaches beyond all copies; there it is zero. Make the plane larger "
            "by op before you paint.",
            "What output_padding keeps",
        ),
        Mistake(
            "nothing cut",
            _uncut,
            "Those are all copies of the kernel. Padding cuts p samples on each side, output_padding spares some.",
        ),
        Mistake(
            "padding added",
            _padding_added,
            "Padding of a transposed convolution makes the result smaller. Cut, do not pad.",
        ),
        Mistake(
            "dilation ignored",
            lambda dilation=(1, 1), **given: tconv2d_full(**given),
            "Neighbouring taps fall d samples apart.",
        ),
        Mistake(
            "border without dilation",
            _border_without_dilation,
            "A dilated kernel is d(k-1) + 1 long, so d(k-1) - p zeros belong around the input, not k - 1 - p.",
            "Zeros between, zeros around, and a flip",
        ),
        Mistake(
            "groups dealt like cards",
            _groups_like_cards,
            "Channels of a group stand together: input channel c is in group c // (C_in / groups), not c % groups.",
        ),
        Mistake(
            "output channels of the groups interleaved",
            _outputs_interleaved,
            "All output channels of group 0 come first, then those of group 1, and so on.",
        ),
        Mistake(
            "groups ignored",
            lambda groups=1, **given: tconv2d_full(**given),
            "weight.shape[1] is the number of output channels of *one* group; there are groups times as many.",
        ),
        Mistake(
            "the first of the pair on both axes",
            asked(tconv2d_full, _of_the_first),
            "The options are pairs: the second number belongs to the horizontal axis.",
        ),
        Mistake(
            "vertical and horizontal options swapped",
            asked(tconv2d_full, _options_swapped),
            "The first number of a pair is for the vertical axis, the second for the horizontal one.",
        ),
    ),
    forbidden=LIBRARIES,
    section="One line, with everything in it",
)

# --------------------------------------------------------------------------- weight_for_torch


def weight_for_torch(weight: Array, framework: str, groups: int = 1) -> Array:
    """The library's `transposed_weight_from`."""
    return transposed_weight_from(framework, weight, groups)


def _stored(framework: str, *fixed: tuple[int, int, int, int, int]) -> Cases:
    """Weights in the framework's layout, of the (C_in, C_out / g, kH, kW, g) given and two more."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        inputs, share, _, _, groups = fixed[-1]
        more = [(inputs, share, int(rng.integers(2, 5)), int(rng.integers(1, 4)), groups) for _ in range(2)]
        for c, m, height, width, g in (*fixed, *more):
            weight = transposed_weight_to(framework, distinct(rng, c, m, height, width), g)
            given = {"weight": np.ascontiguousarray(weight), "framework": framework}
            yield given | ({"groups": g} if g > 1 else {})

    return draw


def _converted(**ways: Callable[[Array, int], Array]) -> Callable[..., Array]:
    """Converters, with ``ways[framework]`` in place of the right ones."""

    def wrong(weight: Array, framework: str, groups: int = 1) -> Array:
        way = ways.get(framework)
        return way(weight, groups) if way else weight_for_torch(weight, framework, groups)

    return wrong


def _first_last(weight: Array, groups: int = 1) -> Array:
    """(kH, kW, a, b) as (b, a, kH, kW)."""
    del groups
    return weight.transpose(3, 2, 0, 1)


def _turned(weight: Array) -> Array:
    return weight[:, :, ::-1, ::-1]


def _groups_forgotten(weight: Array, groups: int) -> Array:
    del groups
    return _turned(weight.transpose(2, 3, 0, 1))


def _grouped_like_cards(weight: Array, groups: int) -> Array:
    height, width, share, outputs = weight.shape
    parts = _turned(weight.transpose(2, 3, 0, 1)).reshape(share, outputs // groups, groups, height, width)
    return parts.transpose(2, 0, 1, 3, 4).reshape(groups * share, outputs // groups, height, width)


def _groups_reshaped(weight: Array, groups: int) -> Array:
    height, width, share, outputs = weight.shape
    swapped = np.ascontiguousarray(_turned(weight.transpose(2, 3, 0, 1)))
    return swapped.reshape(groups * share, outputs // groups, height, width)


WEIGHT_FOR_TORCH = Task(
    reference=weight_for_torch,
    summary="the weight of a transposed layer of another framework, as torch wants it: (C_in, C_out / groups, kH, kW).",
    properties=(
        Property(
            "from ONNX",
            0.5,
            _stored("onnx", (2, 3, 3, 2, 1), (4, 3, 2, 3, 2)),
            wrong_values,
            "ONNX and torch agree.",
        ),
        Property(
            "from Keras",
            1,
            _stored("keras", (1, 1, 2, 3, 1), (2, 3, 3, 2, 1)),
            wrong_values,
            "Keras stores (kH, kW, C_out, C_in) and flips nothing.",
        ),
        Property(
            "from JAX",
            1,
            _stored("jax", (1, 1, 3, 2, 1), (3, 2, 2, 3, 1)),
            wrong_values,
            "JAX stores (kH, kW, C_in, C_out), the weight of a convolution with stride 1 that follows the zeros.",
        ),
        Property(
            "from JAX, with groups",
            1.5,
            _stored("jax", (2, 1, 2, 2, 2), (4, 3, 2, 3, 2), (6, 3, 3, 2, 3)),
            wrong_values,
            "JAX stores (kH, kW, C_in / groups, C_out): cut the output channels into groups first, then convert each.",
        ),
    ),
    mistakes=(
        Mistake(
            "JAX not flipped",
            _converted(jax=lambda w, g: _turned(weight_for_torch(w, "jax", g))),
            "By default JAX inserts zeros and then slides the kernel as it is. torch paints with it, which turns it "
            "round on both axes: flip it.",
        ),
        Mistake(
            "JAX flipped along one axis only",
            _converted(jax=lambda w, g: weight_for_torch(w, "jax", g)[:, :, ::-1]),
            "Both axes of the kernel are turned round.",
        ),
        Mistake(
            "Keras flipped",
            _converted(keras=lambda w, g: _turned(_first_last(w))),
            "Keras means by its weight what torch means: both paint with it. Only the order of the axes differs.",
        ),
        Mistake(
            "Keras and JAX mixed up",
            _converted(
                keras=lambda w, g: _turned(w.transpose(2, 3, 0, 1)),
                jax=lambda w, g: _first_last(w),
            ),
            "It is Keras that has the output channels before the input channels and needs no flip; JAX has them in "
            "the order of a convolution, and needs one.",
        ),
        Mistake(
            "Keras' channels not exchanged",
            _converted(keras=lambda w, g: w.transpose(2, 3, 0, 1)),
            "The last axis of Keras' weight holds the input channels, which come first in torch.",
        ),
        Mistake(
            "channels left as in a convolution",
            _converted(jax=lambda w, g: _turned(_first_last(w))),
            "(C_out, C_in, kH, kW) is the layout of a convolution. torch's transposed layers begin with C_in.",
        ),
        Mistake(
            "all axes turned over",
            _converted(
                keras=lambda w, g: w.T,
                jax=lambda w, g: weight_for_torch(w, "jax", g).swapaxes(2, 3),
            ),
            ".T reverses the order of all axes, that of the kernel too: (kH, kW) became (kW, kH). Name the axes, "
            "transpose(…).",
        ),
        Mistake(
            "reshaped",
            _converted(
                keras=lambda w, g: w.reshape(w.shape[3], w.shape[2], *w.shape[:2]),
                jax=lambda w, g: w.reshape(w.shape[2] * g, w.shape[3] // g, *w.shape[:2]),
            ),
            "reshape leaves the numbers in their order and only draws other borders. Axes are moved by transpose.",
        ),
        Mistake(
            "groups forgotten",
            _converted(jax=_groups_forgotten),
            "With groups the weight begins with all C_in channels: (C_in, C_out / groups, kH, kW).",
        ),
        Mistake(
            "groups dealt like cards",
            _converted(jax=_grouped_like_cards),
            "The output channels of one group stand together: the first C_out / groups belong to group 0.",
        ),
        Mistake(
            "groups made by reshape",
            _converted(jax=_groups_reshaped),
            "Cut the axis of the output channels into (groups, C_out / groups), and move the groups to the front of "
            "the input channels before you join them.",
        ),
        Mistake(
            "ONNX changed",
            _converted(onnx=lambda w, g: _turned(w)),
            "ONNX has torch's layout and torch's meaning. Nothing is to be done.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Who calls it what",
)

# --------------------------------------------------------------------------- wasted_multiplies


def wasted_multiplies(
    size: Pair, kernel_size: Pair, stride: Pair, padding: Pair = (0, 0), output_padding: Pair = (0, 0)
) -> Pair:
    """Of the library's `conv_transpose_cost`, for one channel: all products of zero insertion, and the useful ones."""
    cost = conv_transpose_cost(
        (1, 1, *size), (1, 1, *kernel_size), stride, padding, output_padding, algorithm="zero_insertion"
    )
    return cost.multiply_adds, cost.useful


def _counted(*fixed: tuple[Pair, Pair, Pair, Pair, Pair], factor: int = 1) -> Cases:
    """(size, kernel, stride, padding, output_padding), then the last twice on larger pictures."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        size, *rest = fixed[-1]
        more = [tuple(n + factor * int(rng.integers(1, 9)) for n in size) for _ in range(2)]
        for size, kernel, stride, padding, extra in (*fixed, *((m, *rest) for m in more)):
            given = {"size": size, "kernel_size": kernel, "stride": stride}
            given |= {"padding": padding} if any(padding) or any(extra) else {}
            yield given | ({"output_padding": extra} if any(extra) else {})

    return draw


NONE = (0, 0)
PLAIN = _counted(
    ((2, 3), (2, 3), (2, 2), NONE, NONE), ((3, 3), (3, 2), (2, 3), NONE, NONE), ((4, 2), (2, 5), (3, 2), NONE, NONE)
)
CUT = _counted(
    ((2, 3), (3, 4), (2, 2), (1, 1), NONE),
    ((3, 2), (5, 3), (2, 3), (2, 1), (1, 2)),
    ((4, 5), (3, 2), (2, 3), (1, 3), (1, 0)),
)


def _of_axes(
    outputs: Callable[..., int] = conv_transpose_output_size,
    met: Callable[..., int] | None = None,
    join: Callable[[list[int]], int] = prod,
) -> Callable[..., Pair]:
    """The count by somebody who errs in the length, or in the useful products of one axis, or in joining the axes."""

    def wrong(size: Pair, kernel_size: Pair, stride: Pair, padding: Pair = NONE, output_padding: Pair = NONE) -> Pair:
        axes = list(zip(size, kernel_size, stride, padding, output_padding, strict=True))
        useful = [(met or _met)(*axis) for axis in axes]
        return join([axis[1] * outputs(*axis) for axis in axes]), join(useful)

    return wrong


def _met(n: int, k: int, s: int, p: int, op: int, before: int = 1, behind: int = 1) -> int:
    """Pairs of a sample and a tap that fall into the output, cut in front and behind as asked."""
    end = s * (n - 1) + k - p + op if behind else s * (n - 1) + k
    begin = p if before else 0
    return sum(len(range(max(t, t + -(-(begin - t) // s) * s), min(end, t + s * n), s)) for t in range(k))


def _divided(size: Pair, kernel_size: Pair, stride: Pair, **cut: Pair) -> Pair:
    products, _ = wasted_multiplies(size, kernel_size, stride, **cut)
    return products, products // prod(stride)


def _by_phases(size: Pair, kernel_size: Pair, stride: Pair, **cut: Pair) -> Pair:
    products, _ = wasted_multiplies(size, kernel_size, stride, **cut)
    cost = conv_transpose_cost((1, 1, *size), (1, 1, *kernel_size), stride, **cut, algorithm="polyphase")
    return products, cost.multiply_adds


def _the_rest(**given: Any) -> Pair:
    products, useful = wasted_multiplies(**given)
    return products, products - useful


def _first_axis_twice(**given: Pair) -> Pair:
    return wasted_multiplies(**{name: (pair[0], pair[0]) for name, pair in given.items()})


WASTED_MULTIPLIES = Task(
    reference=wasted_multiplies,
    summary="(products that zero insertion forms, those of them that multiply a tap with a true sample).",
    properties=(
        Property(
            "all products",
            1,
            lambda rng: [*PLAIN(rng), *CUT(rng)],
            item(0, wrong_values),
            "every output is a sum of kH * kW products, zeros or not. How many outputs are there?",
        ),
        Property(
            "useful ones, nothing cut",
            1,
            PLAIN,
            item(1, wrong_values),
            "every sample meets every tap once.",
        ),
        Property(
            "useful ones, with padding and output_padding",
            1,
            CUT,
            item(1, wrong_values),
            "sample j and tap t meet at place s j + t of the uncropped result. Is it kept?",
        ),
        Property(
            "10⁹ samples on an axis",
            0.5,
            _counted(
                ((10**9, 10**9), (3, 4), (2, 2), (1, 1), (1, 0)),
                ((10**9, 10**9), (5, 3), (3, 2), (4, 2), (0, 1)),
                factor=10**6,
            ),  # fmt: skip
            wrong_values,
            "there are few taps and many samples: go through the taps, and count the samples of each by a formula. "
            "The axes can be counted one by one.",
        ),
    ),
    mistakes=(
        Mistake(
            "divided by the stride",
            _divided,
            "One product in s² is the rule of thumb. It is exact when s divides the outputs and nothing meets the "
            "border; count the pairs of a sample and a tap.",
            "What the zeros cost",
        ),
        Mistake(
            "what is cut counted too",
            _of_axes(met=lambda n, k, s, p, op: n * k),
            "Some taps of the first and last samples fall on outputs that the padding cuts off. Leave them out.",
        ),
        Mistake(
            "only the front cut",
            _of_axes(met=lambda *axis: _met(*axis, behind=0)),
            "The padding cuts at the end too, p - op samples there.",
        ),
        Mistake(
            "cut behind as in front",
            _of_axes(met=lambda n, k, s, p, op: _met(n, k, s, p, 0)),
            "At the end output_padding makes the cut smaller: p - op samples.",
        ),
        Mistake(
            "outputs counted before the border",
            _of_axes(outputs=lambda n, k, s, p, op: s * (n - 1) + 1),
            "s(n-1) + 1 is the input with its zeros. There are s(n-1) + k - 2p + op outputs, each a sum of k products.",
        ),
        Mistake(
            "output_padding left out",
            _of_axes(outputs=lambda n, k, s, p, op: s * (n - 1) + k - 2 * p),
            "output_padding adds outputs: o = s(n-1) + k - 2p + op.",
        ),
        Mistake(
            "axes added",
            _of_axes(join=sum),
            "A product of a picture is a product on each axis: the counts of the axes are multiplied.",
        ),
        Mistake(
            "the wasted ones",
            _the_rest,
            "The second number is that of the useful products. You return those that are wasted.",
        ),
        Mistake(
            "the first axis twice",
            _first_axis_twice,
            "The horizontal axis has a size, a kernel and options of its own.",
        ),
        Mistake(
            "the useful ones first",
            lambda **given: wasted_multiplies(**given)[::-1],
            "All products come first, then the useful ones.",
        ),
        Mistake(
            "what the phases form",
            _by_phases,
            "That is what the phases form. At the border some of their taps reach beyond the samples: not useful.",
            "What the zeros cost",
        ),
        Mistake(
            "too large for 64 bits",
            lambda **given: tuple((count + 2**63) % 2**64 - 2**63 for count in wasted_multiplies(**given)),
            "NumPy's whole numbers end at 2⁶³ and begin again from below. Python's own do not: int(...), math.prod.",
        ),
    ),
    forbidden=LIBRARIES,
    section="What the zeros cost",
    time_limit=2.0,
)

# --------------------------------------------------------------------------- forgotten_steps

STEPS = 4  # zeros around, flip, swap of the channels, output_padding on the side of the input


def forgotten_steps(
    input: Array, weight: Array, stride: int, padding: int, output_padding: int, output: Array
) -> tuple[bool, ...]:
    """The first set of forgotten steps that explains `output`."""
    for forgotten in product((False, True), repeat=STEPS):
        if _is(output, _careless(input, weight, stride, padding, output_padding, forgotten)):
            return forgotten
    return (False,) * STEPS


def _is(a: Array, b: Array) -> bool:
    return np.array_equal(a, b)  # halves and their sums are exact


def _careless(
    input: Array, weight: Array, stride: int, padding: int, output_padding: int, forgotten: tuple[bool, ...]
) -> Array:
    """Zero insertion without the steps that were forgotten."""
    border, flip, swap, extra = forgotten
    length, around = stride * (input.shape[1] - 1) + 1, 0 if border else weight.shape[2] - 1 - padding
    stuffed = np.zeros((len(input), length + 2 * around + (0 if extra else output_padding)))
    stuffed[:, around : around + length : stride] = input
    kernel = weight if swap else weight.swapaxes(0, 1)
    windows = np.lib.stride_tricks.sliding_window_view(stuffed, weight.shape[2], axis=1)
    out = np.tensordot(kernel if flip else kernel[..., ::-1], windows, ([1, 2], [0, 2]))
    return np.concatenate([out, np.zeros((len(out), output_padding * extra))], axis=1)


def _wrong_set(expected: tuple[bool, ...], got: tuple[bool, ...]) -> Refusal | None:
    return None if expected == got else Refusal("values", f"expected {expected}, got {got}.")


def _boxes(*wanted: int) -> Cases:
    """Answers of boxes that forgot as many steps as `wanted` says, in each way, in any order; all 16 differ."""
    ways = [way for way in product((False, True), repeat=STEPS) if sum(way) in wanted]

    def draw(rng: Generator) -> Iterator[Arguments]:
        for i in rng.permutation(len(ways)):
            yield _box(rng, ways[i])

    return draw


def _box(rng: Generator, forgotten: tuple[bool, ...]) -> Arguments:
    while True:
        k, s = int(rng.integers(3, 5)), int(rng.integers(2, 5))
        n, p = int(rng.integers(3, 5)), int(rng.integers(1, k - 1))
        layer = distinct(rng, 2, n), distinct(rng, 2, 2, k), s, p, int(rng.integers(1, s))
        answers = [_careless(*layer, way) for way in product((False, True), repeat=STEPS)]
        if len({(answer + 0.0).tobytes() for answer in answers}) == len(answers):
            names = ("input", "weight", "stride", "padding", "output_padding", "output")
            return dict(zip(names, (*layer, _careless(*layer, forgotten)), strict=True))


def _thinks_of(ways: Callable[[tuple[bool, ...]], bool]) -> Callable[..., tuple[bool, ...]]:
    """Somebody who thinks only of those sets of steps; of nothing, if none explains the answer."""

    def wrong(output: Array, **layer: Any) -> tuple[bool, ...]:
        for way in filter(ways, product((False, True), repeat=STEPS)):
            if _is(output, _careless(**layer, forgotten=way)):
                return way
        return (False,) * STEPS

    return wrong


def _changed(change: Callable[[tuple[bool, ...]], tuple[bool, ...]]) -> Callable[..., tuple[bool, ...]]:
    return lambda **given: change(forgotten_steps(**given))


def _by_length(**given: Any) -> tuple[bool, ...]:
    border, *_ = forgotten_steps(**given)
    return border, False, False, False


FORGOTTEN_STEPS = Task(
    reference=forgotten_steps,
    summary="which of four steps a layer forgot, told from its answer: (zeros around, flip, swap, output_padding).",
    properties=(
        Property(
            "none or one forgotten",
            1.5,
            _boxes(0, 1),
            _wrong_set,
            "compute what a layer would answer that forgot this step alone.",
        ),
        Property(
            "several forgotten",
            1.5,
            _boxes(2, 3, 4),
            _wrong_set,
            "four steps, each forgotten or not: how many layers are there to compare with?",
        ),
    ),
    mistakes=(
        Mistake(
            "at most one",
            _thinks_of(lambda way: sum(way) < 2),
            "Somebody who forgets one step may forget another. There are 16 sets of steps.",
        ),
        Mistake(
            "only the length looked at",
            _by_length,
            "The length shows whether the zeros around were forgotten. Nothing else changes it: compare values.",
        ),
        Mistake(
            "the swap not thought of",
            _thinks_of(lambda way: not way[2]),
            "With as many channels in as out, weight[c, m] and weight[m, c] both fit. Try both.",
        ),
        Mistake(
            "the flip not thought of",
            _thinks_of(lambda way: not way[1]),
            "The kernel may have been left as it was. Try it both ways round.",
        ),
        Mistake(
            "output_padding not thought of",
            _thinks_of(lambda way: not way[3]),
            "output_padding may have been given as zeros behind the *result*, instead of behind the input.",
            "What output_padding keeps",
        ),
        Mistake(
            "the zeros around not thought of",
            _thinks_of(lambda way: not way[0]),
            "Without zeros around the input the result is shorter, and still an answer.",
        ),
        Mistake(
            "done instead of forgotten",
            _changed(lambda way: tuple(not step for step in way)),
            "True means that the step was forgotten.",
        ),
        Mistake(
            "flip and swap exchanged",
            _changed(lambda way: (way[0], way[2], way[1], way[3])),
            "The order is: zeros around, flip, swap, output_padding.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Three wrong answers, and how to read them",
)

TASKS = (TCONV_BY_INSERTION, TCONV_BY_PHASES, TCONV2D_FULL, WEIGHT_FOR_TORCH, WASTED_MULTIPLIES, FORGOTTEN_STEPS)

check_tconv_by_insertion = make_check(TCONV_BY_INSERTION)
check_tconv_by_phases = make_check(TCONV_BY_PHASES)
check_tconv2d_full = make_check(TCONV2D_FULL)
check_weight_for_torch = make_check(WEIGHT_FOR_TORCH)
check_wasted_multiplies = make_check(WASTED_MULTIPLIES)
check_forgotten_steps = make_check(FORGOTTEN_STEPS)
