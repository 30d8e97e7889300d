"""Tasks of the chapter on sub-pixel convolution."""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import (
    conv_cost,
    conv_transpose_cost,
    icnr,
    icnr_transposed,
    pixel_shuffle,
    pixel_unshuffle,
    sub_pixel_to_transposed,
    transposed_to_sub_pixel,
    transposed_weight,
)
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]
Source = Callable[[int, int, int, int, Pair, str], int]

FORBIDDEN = (*LIBRARIES, "torch.pixel_shuffle", "torch.pixel_unshuffle", "einops")
COLUMN_FIRST = "Phase (a, b) is number r1 * a + b: a counts the rows of a block, and b, the column, runs fastest."

# --------------------------------------------------------------------------- unshuffle


def unshuffle(input: Array, factor: Pair = (2, 2)) -> Array:
    """The library's `pixel_unshuffle` in torch's order."""
    return pixel_unshuffle(input, factor)


def _large(*fixed: tuple[int, Pair, Pair], maps: int = 1, equal: bool = False) -> Cases:
    """Maps of sizes that both factors divide, so that no mistake with the factors ends in an error."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(2):
            r = tuple(map(int, rng.permutation([2, 3])))
            drawn.append((maps, tuple(6 * int(n) for n in rng.integers(1, 3, 2)), r[:1] * 2 if equal else r))
        for count, size, factor in (*fixed, *drawn):
            yield {"input": distinct(rng, count, *size), "factor": factor}

    return draw


def _unshuffled(
    number: Callable[[int, int, int, int, Pair], int] = lambda c, a, b, maps, r: c * prod(r) + r[1] * a + b,
    take: Callable[[int, int, int], slice] = lambda a, r, n: slice(a, None, r),
    factors: Callable[[Pair], Pair] = lambda factor: factor,
) -> Callable[..., Array]:
    """Unshuffling by somebody who numbers the phases wrongly, or takes other pixels for a phase."""

    def wrong(input: Array, factor: Pair = (2, 2)) -> Array:
        maps, height, width = input.shape
        r = factors(factor)
        out = np.zeros((maps * prod(r), height // r[0], width // r[1]), dtype=input.dtype)
        for c, a, b in np.ndindex(maps, *r):
            out[number(c, a, b, maps, r)] = input[c, take(a, r[0], height), take(b, r[1], width)]
        return out

    return wrong


UNSHUFFLE = Task(
    reference=unshuffle,
    summary="every phase of every map as a channel of its own.",
    properties=(
        Property(
            "one map",
            1,
            _large((1, (2, 2), (2, 2)), (1, (2, 4), (2, 2)), (1, (6, 3), (3, 3)), equal=True),
            wrong_values,
            "channel r*a + b holds the pixels in rows a, a + r, a + 2r, … and columns b, b + r, …",
        ),
        Property(
            "several maps",
            1,
            _large((2, (2, 4), (2, 2)), (3, (4, 2), (2, 2)), (2, (3, 3), (3, 3)), maps=3, equal=True),
            wrong_values,
            "all phases of map 0 come first, then all phases of map 1.",
        ),
        Property(
            "a factor of its own for each axis",
            0.5,
            _large((1, (6, 6), (2, 3)), (2, (6, 6), (3, 1)), maps=2),
            wrong_values,
            "factor is a pair: vertical first. A map has factor[0] * factor[1] phases.",
        ),
    ),
    mistakes=(
        Mistake(
            "phases outside, maps inside",
            _unshuffled(lambda c, a, b, maps, r: (r[1] * a + b) * maps + c),
            "That is the order DCR, of TensorFlow. Here all phases of a map stand together: c * R + r1 * a + b.",
            "Two orders",
        ),
        Mistake("columns before rows", _unshuffled(lambda c, a, b, maps, r: c * prod(r) + r[0] * b + a), COLUMN_FIRST),
        Mistake(
            "tiles instead of phases",
            _unshuffled(take=lambda a, r, n: slice(a * (n // r), (a + 1) * (n // r))),
            "The picture was cut into tiles. A phase takes every r-th pixel: x[a::r, b::r].",
            "The smallest example",
        ),
        Mistake(
            "only reshaped",
            lambda input, factor=(2, 2): input.reshape(
                -1, *(n // r for n, r in zip(input.shape[1:], factor, strict=True))
            ),
            "reshape keeps the pixels in their order in memory. The axes have to change places too.",
            "A permutation",
        ),
        Mistake(
            "phases from the end",
            _unshuffled(lambda c, a, b, maps, r: c * prod(r) + r[1] * (r[0] - 1 - a) + r[1] - 1 - b),
            "Phase (0, 0), the top left pixel of each block, is the first channel, not the last.",
        ),
        Mistake(
            "phase 0 everywhere",
            _unshuffled(take=lambda a, r, n: slice(0, None, r)),
            "All channels are the same: they begin at the same pixel. Phase (a, b) begins at row a and column b.",
        ),
        Mistake(
            "factors swapped",
            _unshuffled(factors=lambda factor: factor[::-1]),
            "factor[0] is for the rows, from top to bottom; factor[1] is for the columns.",
        ),
        Mistake(
            "one factor for both axes",
            _unshuffled(factors=lambda factor: factor[:1] * 2),
            "The two axes have factors of their own: factor[0] down and factor[1] across.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The smallest example",
)

# --------------------------------------------------------------------------- shuffle


def shuffle(input: Array, factor: Pair = (2, 2), order: str = "CRD") -> Array:
    """The library's `pixel_shuffle`, for maps of pixels."""
    return pixel_shuffle(input, factor, order)


def _small(*fixed: tuple[int, Pair, Pair], maps: int = 1, orders: tuple[str, ...] = ()) -> Cases:
    """(maps out, size in, factor), then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        equal = all(factor[0] == factor[1] for _, _, factor in fixed)
        drawn = []
        for _ in range(2):
            r, size = (tuple(map(int, rng.permutation(n))) for n in ([2, 3], [1, 2, 3]))
            drawn.append((maps, size[:2], r[:1] * 2 if equal else r))
        for count, size, factor in (*fixed, *drawn):
            given = {"input": distinct(rng, count * prod(factor), *size), "factor": factor}
            yield from ({**given, "order": order} for order in orders) if orders else (given,)

    return draw


def _number(c: int, a: int, b: int, maps: int, r: Pair, order: str) -> int:
    """The channel that map `c` reads its phase (a, b) from."""
    return c * prod(r) + r[1] * a + b if order == "CRD" else (r[1] * a + b) * maps + c


def _shuffled(
    source: Source = _number, place: Callable[..., int] = lambda i, a, n, r: r * i + a
) -> Callable[..., Array]:
    """Shuffling by somebody who reads from another channel, or puts a sample into another place of the axis."""

    def wrong(input: Array, factor: Pair = (2, 2), order: str = "CRD") -> Array:
        channels, height, width = input.shape
        maps = channels // prod(factor)
        out = np.zeros((maps, factor[0] * height, factor[1] * width), dtype=input.dtype)
        for c, a, b in np.ndindex(maps, *factor):
            rows = [place(i, a, height, factor[0]) for i in range(height)]
            columns = [place(j, b, width, factor[1]) for j in range(width)]
            out[c][np.ix_(rows, columns)] = input[source(c, a, b, maps, factor, order)]
        return out

    return wrong


def _as(order: Callable[[str], str]) -> Source:
    return lambda c, a, b, maps, r, asked: _number(c, a, b, maps, r, order(asked))


SHUFFLE = Task(
    reference=shuffle,
    summary="channels become space: each block of the result takes one sample from each of its channels.",
    properties=(
        Property(
            "one map",
            1,
            _small((1, (1, 1), (2, 2)), (1, (2, 3), (2, 2)), (1, (2, 1), (3, 3))),
            wrong_values,
            "pixel (r*i + a, r*j + b) is sample (i, j) of channel r*a + b.",
        ),
        Property(
            "several maps, in the order CRD",
            1,
            _small((2, (1, 2), (2, 2)), (3, (2, 1), (2, 2)), maps=3),
            wrong_values,
            "map c reads from channels c*R to c*R + R - 1.",
        ),
        Property(
            "the order DCR",
            1,
            _small((2, (1, 2), (2, 2)), (3, (2, 1), (2, 2)), maps=2, orders=("DCR",)),
            wrong_values,
            "with DCR, map c reads its phase (a, b) from channel (r1*a + b)*C + c.",
        ),
        Property(
            "a factor of its own for each axis",
            0.5,
            _small((1, (2, 2), (2, 3)), (2, (1, 3), (3, 2)), (2, (2, 1), (1, 4)), maps=2, orders=("CRD", "DCR")),
            wrong_values,
            "factor is a pair: vertical first, also when phases are numbered.",
        ),
    ),
    mistakes=(
        Mistake(
            "always CRD",
            _shuffled(_as(lambda order: "CRD")),
            "order is not looked at. In DCR, phase (a, b) of map c is channel (r1*a + b)*C + c.",
            "Two orders",
        ),
        Mistake(
            "always DCR",
            _shuffled(_as(lambda order: "DCR")),
            "This is the order of TensorFlow. In torch's, CRD, the channels of one map stand together: c*R + r1*a + b.",
            "Two orders",
        ),
        Mistake(
            "DCR for CRD and CRD for DCR",
            _shuffled(_as(lambda order: "DCR" if order == "CRD" else "CRD")),
            "The orders are mixed up: in CRD (torch) the channels of a map stand together, in DCR those of a phase.",
            "Two orders",
        ),
        Mistake(
            "columns before rows",
            _shuffled(lambda c, a, b, maps, r, order: _number(c, b, a, maps, r[::-1], order)),
            COLUMN_FIRST,
        ),
        Mistake(
            "only reshaped",
            lambda input, factor=(2, 2), order="CRD": input.reshape(
                -1, *(n * r for n, r in zip(input.shape[1:], factor, strict=True))
            ),
            "reshape keeps the samples in their order in memory. Split the channels, exchange axes, then join.",
            "A permutation",
        ),
        Mistake(
            "channels laid as tiles",
            _shuffled(place=lambda i, a, n, r: a * n + i),
            "Each channel became a tile. Its samples must lie r apart, with those of the other channels between.",
            "The smallest example",
        ),
        Mistake(
            "phases from the end",
            _shuffled(lambda c, a, b, maps, r, order: _number(c, r[0] - 1 - a, r[1] - 1 - b, maps, r, order)),
            "The first channel of a map goes to the top left pixel of each block, not to the last one.",
        ),
        Mistake(
            "rows counted with the wrong factor",
            _shuffled(
                lambda c, a, b, maps, r, order: (
                    c * prod(r) + r[0] * a + b if order == "CRD" else (r[0] * a + b) * maps + c
                )
            ),
            "A row of a block holds r1 pixels: phase (a, b) is number r1*a + b, not r0*a + b. Equal factors hide it.",
        ),
        Mistake(
            "factors swapped",
            lambda input, factor=(2, 2), order="CRD": shuffle(input, factor[::-1], order),
            "factor[0] is for the rows, from top to bottom; factor[1] is for the columns.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Two orders",
)

# --------------------------------------------------------------------------- smooth_start


def smooth_start(weight: Array, factor: int = 2) -> tuple[Array, Array]:
    """The library's `icnr` and `icnr_transposed`, for signals."""
    return icnr(weight, factor), icnr_transposed(weight, factor)


def _starts(*fixed: tuple[tuple[int, int, int], int], channels: bool = True) -> Cases:
    """(shape of the weight, factor), then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(2):
            outs, ins = map(int, rng.permutation([2, 3])) if channels else (1, 1)
            drawn.append(((outs, ins, int(rng.integers(2, 5))), int(rng.integers(2, 4))))
        for shape, factor in (*fixed, *drawn):
            yield {"weight": distinct(rng, *shape), "factor": factor}

    return draw


def _begun(
    shuffled: Callable[[Array, int], Array] = icnr, transposed: Callable[[Array, int], Array] = icnr_transposed
) -> Callable[..., tuple[Array, Array]]:
    """Both kernels, one of them made by a wrong rule."""

    def wrong(weight: Array, factor: int = 2) -> tuple[Array, Array]:
        return shuffled(weight, factor), transposed(weight, factor)

    return wrong


def _first_phase_only(weight: Array, factor: int) -> Array:
    out = np.zeros((len(weight) * factor, *weight.shape[1:]))
    out[::factor] = weight
    return out


SMOOTH_START = Task(
    reference=smooth_start,
    summary="weights of a sub-pixel layer (conv, then nearest) and of a transposed one (nearest, then conv).",
    properties=(
        Property(
            "the sub-pixel weight, one output channel",
            0.5,
            _starts(((1, 1, 3), 2), ((1, 2, 1), 3), channels=False),
            item(0, wrong_values),
            "all phases of an output channel begin with the same kernel.",
        ),
        Property(
            "the sub-pixel weight, several output channels",
            1,
            _starts(((2, 1, 2), 2), ((3, 2, 3), 2)),
            item(0, wrong_values),
            "in the order CRD the phases of one output channel stand together.",
        ),
        Property(
            "the transposed kernel, one channel",
            1,
            _starts(((1, 1, 1), 3), ((1, 1, 3), 2), ((1, 1, 2), 4), channels=False),
            item(1, wrong_values),
            "feed the layer an impulse: nearest makes a box of it, and the convolution answers each of its ones.",
        ),
        Property(
            "the transposed kernel, several channels",
            1,
            _starts(((2, 1, 2), 2), ((2, 3, 3), 2)),
            item(1, wrong_values),
            "a transposed convolution has the layout (C_in, C_out, taps).",
        ),
    ),
    mistakes=(
        Mistake(
            "tile",
            _begun(lambda weight, r: np.tile(weight, (r, 1, 1))),
            "Whole copies one after the other are the order DCR. In CRD each kernel is repeated at once: w0 w0 w1 w1, "
            "not w0 w1 w0 w1.",
            "ICNR by tile",
        ),
        Mistake(
            "only one phase filled",
            _begun(_first_phase_only),
            "The other phases are zero: that lays a bed of nails, a strong checkerboard. All phases get the kernel.",
        ),
        Mistake(
            "the kernel shared out among the phases",
            _begun(lambda weight, r: icnr(weight, r) / r),
            "The kernel is not divided: every phase is a copy of the same sample, at full strength.",
        ),
        Mistake(
            "copies of the input channels",
            _begun(lambda weight, r: np.repeat(weight, r, axis=1)),
            "The phases are *output* channels of the convolution: repeat along the first axis.",
        ),
        Mistake(
            "the taps repeated",
            _begun(lambda weight, r: np.repeat(weight, r, axis=2)),
            "The convolution at low resolution keeps its k taps. It gets r times as many output channels.",
        ),
        Mistake(
            "the sub-pixel weight flipped",
            _begun(lambda weight, r: icnr(weight[..., ::-1], r)),
            "Only the transposed kernel is flipped. The sub-pixel layer begins with the convolution itself.",
        ),
        Mistake(
            "kernel not flipped",
            _begun(transposed=lambda weight, r: icnr_transposed(weight[..., ::-1], r)),
            "A convolution answers an impulse with its last tap first: so the transposed kernel is flipped.",
            "ICNR: nearest and a convolution, at the start",
        ),
        Mistake(
            "channels not swapped",
            _begun(transposed=lambda weight, r: icnr_transposed(weight, r).swapaxes(0, 1)),
            "The weight of a transposed convolution is (C_in, C_out, taps); that of a convolution (C_out, C_in, taps).",
        ),
        Mistake(
            "nearest after the convolution",
            _begun(transposed=lambda weight, r: np.repeat(transposed_weight(weight), r, axis=2)),
            "With r*k taps this is the other layer, a convolution and *then* nearest. Nearest first: k + r - 1 taps.",
            "ICNR: nearest and a convolution, at the start",
        ),
        Mistake(
            "a box of mean 1",
            _begun(transposed=lambda weight, r: icnr_transposed(weight, r) / r),
            "Nearest copies each sample at full strength: the box holds ones, not 1/r.",
        ),
        Mistake(
            "a box one sample too long",
            _begun(transposed=lambda weight, r: icnr_transposed(weight, r + 1)),
            "Nearest makes r copies of a sample, so the box has r ones, and the kernel k + r - 1 taps.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="ICNR: nearest and a convolution, at the start",
)

# --------------------------------------------------------------------------- to_transposed


def to_transposed(weight: Array, factor: Pair = (2, 2), padding: Pair = (0, 0)) -> tuple[Array, Pair]:
    """Kernel and crop of the library's `sub_pixel_to_transposed`."""
    kernel, _, crop = sub_pixel_to_transposed(weight, factor, padding)
    return kernel, crop


def _sub_pixel_layers(*fixed: tuple[Pair, Pair, Pair, Pair], channels: Pair = (1, 1), equal: bool = False) -> Cases:
    """((C_out, C_in), taps, factor, padding), then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(2):
            taps = tuple(map(int, rng.permutation([2, 3])))
            r = tuple(map(int, rng.permutation([2, 3])))
            pads = tuple(int(rng.integers(0, k)) for k in taps)
            drawn.append((channels, taps, r[:1] * 2 if equal else r, pads))
        for (outs, ins), taps, factor, padding in (*fixed, *drawn):
            weight = distinct(rng, outs * prod(factor), ins, *taps)
            yield {"weight": weight, "factor": factor, "padding": padding}

    return draw


def _converted(
    tap: Callable[[int, int, int, int], int] = lambda t, a, k, r: r * (k - 1 - t) + a,
    source: Source = _number,
    crop: Callable[[int, int, int], int] = lambda k, r, p: r * (k - 1 - p),
    first_axis_only: bool = False,
) -> Callable[..., tuple[Array, Pair]]:
    """The conversion by somebody with a wrong place for a tap, a wrong channel, or a wrong crop."""

    def wrong(weight: Array, factor: Pair = (2, 2), padding: Pair = (0, 0)) -> tuple[Array, Pair]:
        channels, ins, *taps = weight.shape
        outs = channels // prod(factor)
        kernel = np.zeros((ins, outs, *np.multiply(factor, taps)))
        for c, a, b, q, t, u in np.ndindex(outs, *factor, ins, *taps):
            row, column = tap(t, a, taps[0], factor[0]), tap(u, b, taps[1], factor[1])
            if first_axis_only:
                column = factor[1] * u + b
            kernel[q, c, row, column] = weight[source(c, a, b, outs, factor, "CRD"), q, t, u]
        return kernel, tuple(map(crop, taps, factor, padding))

    return wrong


def _channels_not_swapped(weight: Array, factor: Pair = (2, 2), padding: Pair = (0, 0)) -> tuple[Array, Pair]:
    kernel, crop = to_transposed(weight, factor, padding)
    return kernel.swapaxes(0, 1), crop


TO_TRANSPOSED = Task(
    reference=to_transposed,
    summary="kernel and padding of the transposed convolution that equals convolution and shuffle.",
    properties=(
        Property(
            "the kernel, one channel in and one out",
            1.5,
            _sub_pixel_layers(
                ((1, 1), (1, 1), (2, 2), (0, 0)),
                ((1, 1), (2, 2), (2, 2), (0, 0)),
                ((1, 1), (3, 2), (2, 2), (1, 1)),
                equal=True,
            ),
            item(0, wrong_values),
            "tap t of phase a stands at r*(k-1-t) + a, on each axis.",
        ),
        Property(
            "channels in and out",
            1,
            _sub_pixel_layers(
                ((1, 3), (1, 2), (2, 2), (0, 0)), ((2, 1), (2, 1), (2, 2), (0, 0)), channels=(3, 2), equal=True
            ),
            item(0, wrong_values),
            "the weight of a transposed convolution is (C_in, C_out, rows, columns).",
        ),
        Property(
            "a factor of its own for each axis",
            0.5,
            _sub_pixel_layers(((1, 1), (2, 2), (2, 3), (0, 0)), ((2, 1), (1, 2), (3, 1), (0, 1)), channels=(2, 1)),
            item(0, wrong_values),
            "a row of a block has factor[1] pixels: phase (a, b) is number factor[1] * a + b.",
        ),
        Property(
            "the padding of the transposed convolution",
            1,
            _sub_pixel_layers(
                ((1, 1), (3, 3), (2, 2), (1, 1)), ((1, 1), (2, 3), (3, 2), (0, 2)), ((1, 2), (4, 3), (2, 3), (1, 0))
            ),
            item(1, wrong_values),
            "which tap of phase 0 meets sample 0 in output 0? It must be the tap number `padding` of the large kernel.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernel not flipped",
            _converted(lambda t, a, k, r: r * t + a),
            "The small kernel looks back where the transposed one paints forward: tap t goes to block k-1-t.",
            "Sub-pixel convolution is a transposed convolution",
        ),
        Mistake(
            "phases flipped too",
            _converted(lambda t, a, k, r: r * (k - 1 - t) + r - 1 - a),
            "The taps are flipped, the phases not: phase a stays at place a of its block. Flip first, then shuffle.",
        ),
        Mistake("flipped on the first axis only", _converted(first_axis_only=True), "Flip the taps of both axes."),
        Mistake(
            "channels not swapped",
            _channels_not_swapped,
            "The weight of a transposed convolution is (C_in, C_out, rows, columns).",
        ),
        Mistake(
            "phases side by side",
            _converted(lambda t, a, k, r: a * k + k - 1 - t),
            "The phases are interleaved: neighbours in the large kernel belong to different phases, tap r*(k-1-t) + a.",
        ),
        Mistake(
            "the order DCR",
            _converted(source=lambda c, a, b, outs, r, order: _number(c, a, b, outs, r, "DCR")),
            "Phase (a, b) of output channel c is row c*R + r1*a + b of the weight: torch's shuffle reads it there.",
            "Two orders",
        ),
        Mistake(
            "columns before rows",
            _converted(source=lambda c, a, b, outs, r, order: _number(c, b, a, outs, r[::-1], order)),
            COLUMN_FIRST,
        ),
        Mistake(
            "padding only multiplied",
            _converted(crop=lambda k, r, p: r * p),
            "Padding makes the result of a convolution larger, that of a transposed one smaller: it is r*(k-1-p).",
        ),
        Mistake(
            "padding in samples of the input",
            _converted(crop=lambda k, r, p: k - 1 - p),
            "The padding of a transposed convolution counts samples of its output: r times as many.",
        ),
        Mistake(
            "padding of a stride 1 layer",
            _converted(crop=lambda k, r, p: r * k - 1 - p),
            "The kernel has r*k taps, but the convolution moves by blocks: the crop is whole blocks, r*(k-1-p).",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Sub-pixel convolution is a transposed convolution",
)

# --------------------------------------------------------------------------- upsampler_ledger

LAYERS = ("sub_pixel", "resize", "transposed")
Bill = tuple[int, int, int]


def upsampler_ledger(layer: str, size: Pair, channels: Pair, kernel: Pair, factor: Pair, dtype_bytes: int = 4) -> Bill:
    """Parameters, multiply-adds, and bytes of intermediate maps, for one picture."""
    (ins, outs), maps, large = channels, (1, channels[0], *size), tuple(map(prod, zip(size, factor, strict=True)))
    pads = tuple(k // 2 for k in kernel)
    if layer == "sub_pixel":
        cost, made = conv_cost(maps, (outs * prod(factor), ins, *kernel), padding=pads), outs
    elif layer == "resize":
        cost, made = conv_cost((1, ins, *large), (outs, ins, *kernel), padding=pads), ins
    else:
        taps, crop = (tuple(r * n for r, n in zip(factor, ns, strict=True)) for ns in (kernel, pads))
        cost, made = conv_transpose_cost(maps, (ins, outs, *taps), factor, crop), 0
    return cost.parameters, cost.multiply_adds, made * prod(large) * dtype_bytes


def _layers(*fixed: tuple[Pair, Pair, Pair, Pair], equal: bool = False) -> Cases:
    """(size, channels, kernel, factor) and one random one, for each kind of layer."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        size, channels = (tuple(map(int, rng.integers(5, 20, 2))) for _ in range(2))
        channels = channels[0], channels[1] + 15
        taps, r = (tuple(map(int, rng.permutation(n))) for n in ([3, 5], [2, 3]))
        drawn = size, channels, taps[:1] * 2 if equal else taps, r[:1] * 2 if equal else r
        for size, channels, kernel, factor in (*fixed, drawn):
            for layer in LAYERS:
                given = {"layer": layer, "size": size, "channels": channels, "kernel": kernel, "factor": factor}
                yield given | ({"dtype_bytes": 2} if size[0] % 2 else {})

    return draw


def _billed(
    weights: Callable[[str, int, Pair, int, int], int] = lambda layer, pairs, k, taps, phases: (
        pairs * taps * (1 if layer == "resize" else phases)
    ),
    products: Callable[[str, int, int, int], int] = lambda layer, pairs, taps, phases: pairs * taps * phases,
    made: Callable[[str, int, int], int] = lambda layer, ins, outs: {"sub_pixel": outs, "resize": ins}.get(layer, 0),
    phases: Callable[[Pair], int] = prod,
    taps: Callable[[Pair], int] = prod,
    each: Callable[[int], int] = lambda dtype_bytes: dtype_bytes,
) -> Callable[..., Bill]:
    """A ledger in which one entry is made by a wrong rule."""

    def wrong(layer: str, size: Pair, channels: Pair, kernel: Pair, factor: Pair, dtype_bytes: int = 4) -> Bill:
        pairs, count, window = prod(channels), phases(factor), taps(kernel)
        parameters = weights(layer, pairs, kernel, window, count)
        work = made(layer, *channels) * count * prod(size) * each(dtype_bytes)
        return parameters, products(layer, pairs, window, count) * prod(size), work

    return wrong


def _small_transposed_kernel(layer: str, *rest: Any, **given: Any) -> Bill:
    """Of somebody who gives the transposed layer the kernel of the others."""
    parameters, products, work = upsampler_ledger(layer, *rest, **given)
    phases = prod(given["factor"]) if layer == "transposed" else 1
    return parameters // phases, products // phases, work


UPSAMPLER_LEDGER = Task(
    reference=upsampler_ledger,
    summary="(parameters, multiply-adds, bytes of the intermediate maps) of a layer, for one picture.",
    properties=(
        Property(
            "parameters",
            1,
            _layers(((4, 5), (2, 3), (3, 3), (2, 2)), ((1, 1), (5, 1), (1, 1), (3, 3))),
            item(0, wrong_values),
            "kH*kW for each pair of channels; in the sub-pixel and in the transposed layer R = r0*r1 times as many.",
        ),
        Property(
            "multiply-adds",
            1,
            _layers(((4, 5), (2, 3), (3, 3), (2, 2)), ((1, 1), (5, 1), (1, 1), (3, 3)), equal=True),
            item(1, wrong_values),
            "windows times taps times pairs of channels. At which resolution does the convolution run?",
        ),
        Property(
            "bytes of the intermediate maps",
            1,
            _layers(((4, 5), (2, 3), (3, 3), (2, 2)), ((7, 2), (5, 1), (1, 1), (3, 3))),
            item(2, wrong_values),
            "the map between the two steps, before the shuffle or after the resize: its channels, times r0*r1 for each "
            "pixel of the input, counted once.",
        ),
        Property(
            "a kernel and a factor of its own for each axis",
            0.5,
            _layers(((4, 5), (2, 3), (3, 1), (2, 3)), ((6, 4), (3, 2), (5, 3), (1, 2))),
            item(1, wrong_values),
            "a window has kH*kW taps, and a pixel becomes r0*r1 pixels.",
        ),
    ),
    mistakes=(
        Mistake(
            "phases forgotten in the sub-pixel weights",
            _billed(lambda layer, pairs, k, taps, phases: pairs * taps * (phases if layer == "transposed" else 1)),
            "The convolution before the shuffle has C_out * R output channels, and each has its own kernel.",
        ),
        Mistake(
            "weights multiplied in the resize layer",
            _billed(lambda layer, pairs, k, taps, phases: pairs * taps * phases),
            "Behind a resize stands an ordinary convolution: C_in * C_out * kH * kW weights, whatever the factor.",
        ),
        Mistake(
            "a bias counted",
            lambda **given: (
                upsampler_ledger(**given)[0]
                + given["channels"][1] * (prod(given["factor"]) if given["layer"] == "sub_pixel" else 1),
                *upsampler_ledger(**given)[1:],
            ),
            "None of the three layers has a bias here.",
        ),
        Mistake(
            "a small transposed kernel",
            _small_transposed_kernel,
            "The transposed layer that equals a sub-pixel layer has a kernel of r0*kH by r1*kW taps.",
            "Sub-pixel convolution is a transposed convolution",
        ),
        Mistake(
            "resize counted at low resolution",
            _billed(products=lambda layer, pairs, taps, phases: pairs * taps * (1 if layer == "resize" else phases)),
            "After the resize the convolution runs at high resolution: it has R windows for each pixel of the input.",
            "What it costs",
        ),
        Mistake(
            "sub-pixel counted as R times cheaper",
            _billed(products=lambda layer, pairs, taps, phases: pairs * taps * (1 if layer == "sub_pixel" else phases)),
            "It has R times fewer windows, but R times as many output channels: the multiply-adds are the same.",
            "What it costs",
        ),
        Mistake(
            "the zeros multiplied",
            _billed(
                products=lambda layer, pairs, taps, phases: (
                    pairs * taps * phases * (phases if layer == "transposed" else 1)
                )
            ),
            "With zeros inserted R times as many products are formed, most of them with zeros. Each sample meets "
            "each tap once.",
        ),
        Mistake(
            "the shuffle taken for free",
            _billed(made=lambda layer, ins, outs: ins if layer == "resize" else 0),
            "The convolution writes C_out * R channels, and the shuffle reads them: a whole map of the output's size.",
        ),
        Mistake(
            "output channels in the resized map",
            _billed(made=lambda layer, ins, outs: 0 if layer == "transposed" else outs),
            "What is resized is the input, so the large intermediate map has C_in channels.",
        ),
        Mistake(
            "numbers taken for bytes",
            _billed(each=lambda dtype_bytes: 1),
            "Each number takes dtype_bytes bytes.",
        ),
        Mistake(
            "always four bytes",
            _billed(each=lambda dtype_bytes: 4),
            "Not every number takes four bytes: the argument dtype_bytes says how many.",
        ),
        Mistake(
            "flops for multiply-adds",
            _billed(products=lambda layer, pairs, taps, phases: 2 * pairs * taps * phases),
            "A product and its addition are *one* multiply-add, not two.",
        ),
        Mistake(
            "the factor of one axis",
            _billed(phases=lambda factor: factor[0]),
            "A pixel becomes r0 * r1 pixels: both axes count.",
        ),
        Mistake(
            "the taps of one axis",
            _billed(taps=lambda kernel: kernel[0]),
            "A window has kH * kW taps.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="What it costs",
)

# --------------------------------------------------------------------------- to_sub_pixel


def to_sub_pixel(kernel: Array, stride: int, padding: int = 0) -> tuple[Array, int]:
    """Weight and padding of the library's `transposed_to_sub_pixel`, for signals."""
    weight, _, (pad,) = transposed_to_sub_pixel(kernel, stride, padding)
    return weight, pad


def _transposed_layers(*fixed: tuple[int, int, int], channels: bool = False, count: int = 2) -> Cases:
    """(taps, stride, padding), each with the stride dividing ``taps - 2*padding``, then random ones like them."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [fixed[int(i)] for i in rng.choice(len(fixed), count)]
        for taps, stride, padding in (*fixed, *drawn):
            ins, outs = map(int, rng.permutation([2, 3])) if channels else (1, 1)
            yield {"kernel": distinct(rng, ins, outs, taps), "stride": stride, "padding": padding}

    return draw


def _small_size(taps: int, stride: int, padding: int) -> Pair:
    """Taps and padding of the convolution."""
    pad = max(-(-(taps - padding) // stride) - 1, 0)
    return 2 * pad + 2 - (taps - 2 * padding) // stride, pad


def _split(
    small: Callable[[int, int, int], Pair] = _small_size,
    tap: Callable[..., int] = lambda a, t, s, k, p, pad: p + a + s * (pad - t),
    row: Callable[[int, int, int, int], int] = lambda c, a, outs, s: c * s + a,
    told: Callable[[int, int, int, int], int] = lambda p, s, k, pad: pad,
) -> Callable[..., tuple[Array, int]]:
    """The conversion by somebody with a wrong size, a wrong tap, a wrong channel or a wrong padding."""

    def wrong(kernel: Array, stride: int, padding: int = 0) -> tuple[Array, int]:
        ins, outs, taps = kernel.shape
        k, pad = small(taps, stride, padding)
        weight = np.zeros((outs * stride, ins, k))
        for c, a, q, t in np.ndindex(outs, stride, ins, k):
            u = tap(a, t, stride, k, padding, pad)
            weight[row(c, a, outs, stride), q, t] = kernel[q, c, u] if 0 <= u < taps else 0
        return weight, told(padding, stride, k, pad)

    return wrong


def _channels_not_swapped_back(kernel: Array, stride: int, padding: int = 0) -> tuple[Array, int]:
    return to_sub_pixel(kernel.swapaxes(0, 1), stride, padding)


MULTIPLES = ((2, 2, 0), (4, 2, 0), (6, 2, 2), (6, 3, 0), (3, 1, 1), (9, 3, 3))
OTHERS = ((4, 2, 1), (5, 3, 1), (7, 3, 2), (6, 2, 1), (4, 2, 3), (8, 2, 3), (2, 4, 1), (8, 4, 2))

TO_SUB_PIXEL = Task(
    reference=to_sub_pixel,
    summary="(weight, padding) of the convolution with the fewest taps that, shuffled, equals a transposed one.",
    properties=(
        Property(
            "kernels that fill their phases",
            1,
            _transposed_layers(*MULTIPLES),
            item(0, wrong_values),
            "when the stride divides taps and padding, no zero is needed: split into phases, and flip.",
        ),
        Property(
            "channels in and out",
            1,
            _transposed_layers(*MULTIPLES[:5], channels=True),
            item(0, wrong_values),
            "the weight of a convolution is (output channels, input channels, taps), phases of a channel side by side.",
        ),
        Property(
            "kernels that need zeros",
            1.5,
            _transposed_layers(*OTHERS),
            item(0, wrong_values),
            "write down which taps of the kernel reach outputs s*i to s*i + s - 1, and from which input sample.",
        ),
        Property(
            "the padding",
            1,
            _transposed_layers(*MULTIPLES[1:5], *OTHERS[:6]),
            item(1, wrong_values),
            "the last tap that an input sample paints lies (taps - 1 - padding) // stride blocks further on.",
        ),
    ),
    mistakes=(
        Mistake(
            "phases not flipped",
            _split(tap=lambda a, t, s, k, p, pad: p + a + s * (pad - k + 1 + t)),
            "A transposed convolution paints forward, a convolution looks back: the taps of a phase run the other way.",
            "Sub-pixel convolution is a transposed convolution",
        ),
        Mistake(
            "the whole kernel flipped",
            _split(tap=lambda a, t, s, k, p, pad: p + (s - 1 - a) + s * (pad - t)),
            "Flipping before splitting turns the phases round too. Output s*i + a must meet the taps of phase a.",
        ),
        Mistake(
            "channels not swapped",
            _channels_not_swapped_back,
            "The kernel is (C_in, C_out, taps), the weight of the convolution (C_out * s, C_in, taps).",
        ),
        Mistake(
            "the order DCR",
            _split(row=lambda c, a, outs, s: a * outs + c),
            "The shuffle in the order CRD reads phase a of channel c from channel c*s + a, not a*C + c.",
            "Two orders",
        ),
        Mistake(
            "cut into pieces",
            _split(tap=lambda a, t, s, k, p, pad: a * k + k - 1 - t),
            "A phase takes every s-th tap, kernel[..., a::s]; pieces of neighbouring taps are something else.",
        ),
        Mistake(
            "the crop forgotten in the phase",
            _split(tap=lambda a, t, s, k, p, pad: a + s * (k - 1 - t)),
            "Output 0 lies `padding` samples inside the uncropped one: phase a meets the taps a + padding, modulo s.",
            "Which transposed convolutions are sub-pixel convolutions?",
        ),
        Mistake(
            "the crop on the wrong side",
            _split(tap=lambda a, t, s, k, p, pad: a - p + s * (pad - t)),
            "Cropping moves the outputs towards *later* taps: the tap that output 0 meets first is number +padding.",
        ),
        Mistake(
            "too few taps",
            _split(small=lambda taps, s, p: (-(-taps // s), max(-(-taps // s) - 1 - p // s, 0))),
            "With a crop that is no multiple of s the phases begin at different samples, and one more tap is needed.",
            "Which transposed convolutions are sub-pixel convolutions?",
        ),
        Mistake(
            "more zeros than needed",
            _split(small=lambda taps, s, p: tuple(np.add(_small_size(taps, s, p), (2, 1)).tolist())),
            "The layer is right, but its first and last tap are zero in every phase. Leave them out, and pad one less.",
        ),
        Mistake(
            "padding left as it was",
            _split(told=lambda p, s, k, pad: p),
            "The convolution runs at low resolution and has another padding; padding a convolution makes it longer, "
            "padding a transposed one shorter.",
        ),
        Mistake(
            "padding divided by the stride",
            _split(told=lambda p, s, k, pad: p // s),
            "A transposed convolution without padding returns all that its kernel reaches; a convolution needs padding "
            "for that.",
        ),
        Mistake(
            "full padding",
            _split(told=lambda p, s, k, pad: k - 1),
            "k - 1 is the padding when nothing is cropped. Blocks that the crop takes from the left are not padded.",
        ),
        Mistake(
            "its own block counted",
            _split(told=lambda p, s, k, pad: pad + 1),
            "The padding is one too many: a sample's own block is not among those that it reaches to its right.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Which transposed convolutions are sub-pixel convolutions?",
)

TASKS = (UNSHUFFLE, SHUFFLE, SMOOTH_START, TO_TRANSPOSED, UPSAMPLER_LEDGER, TO_SUB_PIXEL)

check_unshuffle = make_check(UNSHUFFLE)
check_shuffle = make_check(SHUFFLE)
check_smooth_start = make_check(SMOOTH_START)
check_to_transposed = make_check(TO_TRANSPOSED)
check_upsampler_ledger = make_check(UPSAMPLER_LEDGER)
check_to_sub_pixel = make_check(TO_SUB_PIXEL)
