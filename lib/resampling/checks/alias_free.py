"""Tasks of the chapter on alias-free layers."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import alias_free, expand_kernel, fourier_shift, upfirdn1d, upfirdn2d
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.functions import Function
from resampling.checks.refusals import Refusal, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task, asked

Array = np.ndarray
Pair = tuple[int, int]
Answer = Callable[..., Any]

# --------------------------------------------------------------------------- upfirdn1d


def _signals(*fixed: tuple[int, int, dict[str, Any]]) -> Cases:
    """A signal of n samples and k taps for each (n, k, options); then the last one, twice, with more of both."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for n, k, options in (*fixed, *fixed[-1:] * 2):
            n, k = (n, k) if (n, k, options) != fixed[-1] else (n + int(rng.integers(3)), k + int(rng.integers(2)))
            yield {"input": distinct(rng, n), "taps": distinct(rng, k), **options}

    return draw


def _zeros_behind(x: Array, up: int) -> Array:
    out = np.zeros(len(x) * up)
    out[::up] = x
    return out


def _zeros_between(x: Array, up: int) -> Array:
    return _zeros_behind(x, up)[: up * (len(x) - 1) + 1]


def _zeros_before(x: Array, up: int) -> Array:
    return _zeros_behind(x[::-1], up)[::-1]


def _padded(x: Array, padding: Pair) -> Array:
    before, after = padding
    x = np.pad(x, (max(before, 0), max(after, 0)))
    return x[max(-before, 0) : len(x) - max(-after, 0)]


def _not_cropped(x: Array, padding: Pair) -> Array:
    return _padded(x, (max(padding[0], 0), max(padding[1], 0)))


def _in_steps(
    spread: Callable[[Array, int], Array] = _zeros_behind,
    pad: Callable[[Array, Pair], Array] = _padded,
    mode: str = "valid",
    first: int = 0,
) -> Answer:
    """The four steps, by somebody who has own ideas about one of them; `first` is the first sample kept, 0 or -1."""

    def wrong(
        input: Array, taps: Array, up: int = 1, down: int = 1, padding: Pair = (0, 0), gain: float = 1.0
    ) -> Array:
        filtered = gain * np.convolve(pad(spread(input, up), padding), taps, mode)
        return filtered[first % down :: down]

    return wrong


def _pad_in_input_samples(up: int, padding: Pair, **_: Any) -> Arguments:
    return {"padding": tuple(up * side for side in padding)}


def _kept_first(
    input: Array, taps: Array, up: int = 1, down: int = 1, padding: Pair = (0, 0), gain: float = 1.0
) -> Array:
    kept = _padded(_zeros_behind(input, up), padding)[::down]
    return gain * np.convolve(kept, taps, "valid")


UPFIRDN1D = Task(
    reference=upfirdn1d,
    summary="zeros between the samples, padding or cropping, a filter, and every `down`-th result.",
    properties=(
        Property(
            "a filter, where it lies inside",
            1,
            _signals((3, 2, {}), (5, 3, {}), (4, 4, {}), (6, 2, {})),
            wrong_values,
            "convolve and keep only the places where all taps meet a sample.",
        ),
        Property(
            "zeros behind every sample",
            1,
            _signals((3, 2, {"up": 2}), (1, 2, {"up": 3}), (3, 3, {"up": 3}), (4, 2, {"up": 2})),
            wrong_values,
            "`up - 1` zeros follow every sample, the last one too: n samples become up * n.",
        ),
        Property(
            "every down-th result",
            0.5,
            _signals((6, 2, {"down": 2}), (7, 3, {"down": 3}), (6, 2, {"down": 3, "up": 2}), (8, 3, {"down": 2})),
            wrong_values,
            "filter first, then keep results 0, down, 2*down, ….",
        ),
        Property(
            "padding and cropping",
            1,
            _signals(
                (3, 2, {"padding": (2, 1)}),
                (5, 2, {"padding": (-1, -2)}),
                (3, 3, {"up": 2, "padding": (2, 1)}),
                (4, 3, {"up": 5, "down": 2, "padding": (3, -2)}),
                (5, 3, {"up": 2, "down": 3, "padding": (-3, 4)}),
            ),
            wrong_values,
            "padding is counted at the higher rate: it comes after the zeros were put in. A negative number crops.",
        ),
        Property(
            "gain",
            0.5,
            _signals((3, 2, {"gain": 2.0}), (4, 3, {"up": 2, "gain": -0.5}), (5, 2, {"gain": 3.0, "down": 2})),
            wrong_values,
            "the result is multiplied by `gain`, and by nothing else.",
        ),
    ),
    mistakes=(
        Mistake(
            "taps not flipped",
            lambda input, taps, **k: upfirdn1d(input, taps[::-1], **k),
            "That is a cross-correlation, what Conv1d computes. Here the filter is flipped: the first tap meets the "
            "newest sample.",
            "The smallest example",
        ),
        Mistake(
            "no zeros behind the last sample",
            _in_steps(spread=_zeros_between),
            "The last sample has its zeros too: n samples become up * n. SciPy stops at the last sample; here it is "
            "the padding that decides.",
        ),
        Mistake(
            "zeros in front of each sample",
            _in_steps(spread=_zeros_before),
            "Each sample comes first and its zeros follow: sample i lies at up * i.",
        ),
        Mistake(
            "copies and not zeros",
            _in_steps(spread=lambda x, up: x.repeat(up)),
            "You repeated each sample. That is a filter of its own; between the samples there are zeros here.",
        ),
        Mistake(
            "padding counted in input samples",
            asked(upfirdn1d, _pad_in_input_samples, up=1, padding=(0, 0)),
            "You padded before the zeros were put in, so each padded sample counts up times. Pad at the higher rate.",
        ),
        Mistake(
            "the two sides of the padding swapped",
            asked(upfirdn1d, lambda padding, **_: {"padding": padding[::-1]}, padding=(0, 0)),
            "padding is (before, after): the first number belongs to the beginning.",
        ),
        Mistake(
            "negative padding does nothing",
            _in_steps(pad=_not_cropped),
            "A negative padding crops: -2 at the end takes the last two samples away.",
            "Negative padding crops",
        ),
        Mistake(
            "the whole overlap",
            _in_steps(mode="full"),
            'Only places where all taps meet a sample are kept, np.convolve\'s mode "valid". What lies farther out '
            "comes from the padding.",
        ),
        Mistake(
            "as long as the input",
            _in_steps(mode="same"),
            "A filter of k taps fits at n - k + 1 places. Padding makes up for that, nothing else does.",
        ),
        Mistake(
            "begins with the last of the first group",
            _in_steps(first=-1),
            "The first result kept is number 0, then number down, and so on: [::down].",
        ),
        Mistake(
            "samples dropped before the filter",
            _kept_first,
            "Down comes last. A filter after the sampling cannot undo what was folded.",
        ),
        Mistake(
            "gain forgotten",
            asked(upfirdn1d, lambda **_: {"gain": 1.0}),
            "Multiply the result by `gain`.",
        ),
        Mistake(
            "always as strong as the input",
            lambda up=1, gain=1.0, **k: upfirdn1d(up=up, gain=gain * up, **k),
            "Making up for the zeros is what the caller asks for by gain=up. Do not do it on your own.",
        ),
    ),
    forbidden=LIBRARIES,
    section="One operator",
)
# --------------------------------------------------------------------------- upfirdn2d

Sides = tuple[int, int, int, int]


def _planes(*fixed: tuple[Pair, Pair, dict[str, Any]]) -> Cases:
    """A picture and taps for each (size, taps, options), then the last one with another picture."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for size, taps, options in fixed:
            yield {"input": distinct(rng, *size), "taps": distinct(rng, *taps), **options}
        size, taps, options = fixed[-1]
        larger = (np.array(size) + rng.integers(0, 3, 2)).tolist()
        yield {"input": distinct(rng, *larger), "taps": distinct(rng, *taps), **options}

    return draw


def _spread2d(x: Array, up: Pair, last: bool = True) -> Array:
    rows, columns = x.shape[0] * up[1], x.shape[1] * up[0]
    out = np.zeros((rows, columns))
    out[:: up[1], :: up[0]] = x
    return out if last else out[: rows - up[1] + 1, : columns - up[0] + 1]


def _ending_with_a_sample(
    input: Array,
    taps: Array,
    up: Pair = (1, 1),
    down: Pair = (1, 1),
    padding: Sides = (0, 0, 0, 0),
    flip_filter: bool = False,
) -> Array:
    return upfirdn2d(_spread2d(input, up, last=False), taps, 1, down, padding, flip_filter)


_asked = partial(asked, upfirdn2d, up=(1, 1), down=(1, 1), padding=(0, 0, 0, 0), flip_filter=False)

UPFIRDN2D = Task(
    reference=upfirdn2d,
    summary="the same for a picture, with numbers of its own for each axis and for each side.",
    properties=(
        Property(
            "a filter with two axes",
            1,
            _planes(((3, 4), (2, 3), {}), ((4, 3), (3, 2), {}), ((4, 5), (3, 2), {})),
            wrong_values,
            "flip the taps up-down and left-right, then lay them on every place where they fit.",
        ),
        Property(
            "a factor for each axis",
            1,
            _planes(
                ((2, 3), (2, 2), {"up": (2, 3)}),
                ((5, 7), (2, 3), {"down": (3, 2)}),
                ((4, 3), (2, 3), {"up": (3, 1), "down": (1, 2)}),
                ((3, 4), (3, 2), {"up": (2, 3), "down": (3, 2)}),
            ),
            wrong_values,
            "in `up` and `down` the first number is the horizontal one: it belongs to the last axis of the array.",
        ),
        Property(
            "padding on four sides",
            1,
            _planes(
                ((2, 3), (2, 2), {"padding": (1, 0, 3, 2)}),
                ((3, 2), (2, 3), {"padding": (3, 1, 0, 2)}),
                ((2, 2), (3, 2), {"up": (2, 3), "padding": (0, 3, 2, 4)}),
            ),
            wrong_values,
            "the order is left, right, top, bottom.",
        ),
        Property(
            "cropping",
            0.5,
            _planes(
                ((5, 6), (2, 2), {"padding": (-1, -2, -1, 0)}),
                ((4, 5), (2, 3), {"up": (2, 2), "down": (3, 2), "padding": (-2, 1, 3, -3)}),
            ),
            wrong_values,
            "a negative number takes rows or columns away; beware of x[:-0].",
        ),
        Property(
            "flip_filter",
            0.5,
            _planes(((3, 4), (2, 3), {"flip_filter": True}), ((4, 3), (3, 2), {"flip_filter": True, "up": (2, 1)})),
            wrong_values,
            "flip_filter=True means that the taps multiply the pixels as they stand.",
        ),
    ),
    mistakes=(
        Mistake(
            "the vertical factor first",
            _asked(lambda up, down, **_: {"up": up[::-1], "down": down[::-1]}),
            "StyleGAN's pairs begin with the horizontal number: up=(2, 3) makes rows twice as long and three times as "
            "many. The rest of this course begins with the vertical one.",
            "Who calls it what",
        ),
        Mistake(
            "top and bottom first",
            _asked(lambda padding, **_: {"padding": padding[2:] + padding[:2]}),
            "The order is left, right, top, bottom, as in torch's pad: the last axis comes first.",
            "Who calls it what",
        ),
        Mistake(
            "left, top, right, bottom",
            _asked(lambda padding, **_: {"padding": (padding[0], padding[2], padding[1], padding[3])}),
            "The two numbers of an axis stand together: left, right, then top, bottom.",
        ),
        Mistake(
            "the first factor on both axes",
            _asked(lambda up, down, **_: {"up": up[0], "down": down[0]}),
            "The second number of up and down is the vertical factor.",
        ),
        Mistake(
            "never flipped",
            _asked(lambda **_: {"flip_filter": True}),
            "Without flip_filter this is a true convolution: the taps are turned by half a turn.",
        ),
        Mistake(
            "flip_filter does nothing",
            _asked(lambda **_: {"flip_filter": False}),
            "With flip_filter=True the taps multiply the pixels as they stand, without a turn.",
        ),
        Mistake(
            "flip_filter taken literally",
            _asked(lambda flip_filter, **_: {"flip_filter": not flip_filter}),
            "The name misleads: flip_filter=False is the convolution, which turns the taps; True turns them once more, "
            "that is, not at all.",
            "Who calls it what",
        ),
        Mistake(
            "flipped along the rows only",
            _asked(lambda taps, flip_filter, **_: {"taps": taps if flip_filter else taps[::-1]}),
            "Both axes are flipped: taps[::-1, ::-1].",
        ),
        Mistake(
            "taps transposed",
            _asked(lambda taps, **_: {"taps": taps.T}),
            "Rows of the taps lie on rows of the picture; turning by half a turn is not transposing.",
        ),
        Mistake(
            "negative padding does nothing",
            _asked(lambda padding, **_: {"padding": tuple(max(side, 0) for side in padding)}),
            "A negative number crops that side.",
            "Negative padding crops",
        ),
        Mistake(
            "negative padding pads",
            _asked(lambda padding, **_: {"padding": tuple(map(abs, padding))}),
            "A negative number does not add rows, it takes them away.",
            "Negative padding crops",
        ),
        Mistake(
            "no zeros behind the last pixel",
            _ending_with_a_sample,
            "The last row and the last column have their zeros too: the picture grows to (up_y * H, up_x * W).",
        ),
    ),
    forbidden=LIBRARIES,
    section="Two axes",
)

# --------------------------------------------------------------------------- noble_taps

NOWHERE = np.zeros(0)


def noble_taps(taps: Array, factor: int, sampler: str, side: str) -> Array:
    """Taps that do on the other side of the sampler what `taps` do on `side`; none where no filter does it."""
    if _at_the_higher_rate(sampler, side):
        return taps[::factor] if _is_spread(taps, factor) else NOWHERE
    return expand_kernel(taps, factor)


def _at_the_higher_rate(sampler: str, side: str) -> bool:
    return (sampler == "down") == (side == "before")


def _is_spread(taps: Array, factor: int) -> bool:
    others = np.arange(len(taps)) % factor != 0
    return not taps[others].any()


FILTERS = (("down", 2, 2), ("up", 3, 2), ("down", 3, 3), ("up", 2, 3), ("up", 3, 4))  # sampler, taps, factor


def _filters(rate: str, tail: bool = False) -> Cases:
    """Taps at the "high" or the "low" rate, the last ones with a 0 in front; at the high one with a `tail` of zeros."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for number, (sampler, k, factor) in enumerate(FILTERS):
            taps = distinct(rng, k)
            if number == len(FILTERS) - 1:
                taps[0] = 0.0
            if rate == "high":
                zeros = (1, factor)[number % 2] if tail else 0
                taps = np.concatenate([expand_kernel(taps, factor), np.zeros(zeros)])
            side = "before" if (sampler == "down") == (rate == "high") else "after"
            yield {"taps": taps, "factor": factor, "sampler": sampler, "side": side}

    return draw


def _stuck(rng: Generator) -> Iterator[Arguments]:
    """Taps at the high rate that cannot leave it; each disturbance at a factor of 3 or 4 too."""
    for number, (sampler, k, factor) in enumerate(FILTERS * 2):
        taps = _disturbed(expand_kernel(distinct(rng, k), factor), factor, number % 5 + number // 5 * 2, rng)
        side = "before" if sampler == "down" else "after"
        yield {"taps": taps, "factor": factor, "sampler": sampler, "side": side}


def _disturbed(taps: Array, factor: int, way: int, rng: Generator) -> Array:
    """`taps` late, or with one more at the first place between them, at the last one, or at both with the sum 0."""
    if way % 4 == 0:
        return np.concatenate([np.zeros(rng.integers(1, factor)), taps])
    more, between = 0.5 * rng.integers(9, 19), np.flatnonzero(np.arange(len(taps)) % factor)
    taps[between[0]] += more * (way % 4 != 2)
    taps[between[-1]] -= more * (way % 4 != 1)
    return taps


def _noble(squeeze: Answer, expand: Answer = expand_kernel, high: Answer = _at_the_higher_rate) -> Answer:
    """The answer of somebody with own ideas about the two directions, or about when it is which."""

    def wrong(taps: Array, factor: int, sampler: str, side: str) -> Array:
        return (squeeze if high(sampler, side) else expand)(taps, factor)

    return wrong


def _right_squeeze(taps: Array, factor: int) -> Array:
    return noble_taps(taps, factor, "down", "before")


def _only_phase(taps: Array, factor: int) -> Array:
    """The one phase that is not zero, whichever it is."""
    phases = [r for r in range(factor) if taps[r::factor].any()]
    return taps[phases[0] :: factor] if len(phases) == 1 else NOWHERE


def _sum_of_blocks(taps: Array, factor: int) -> Array:
    return np.add.reduceat(taps, np.arange(0, len(taps), factor))


def _without_last_zeros(taps: Array, factor: int) -> Array:
    return _right_squeeze(taps, factor) if (len(taps) - 1) % factor == 0 else NOWHERE


def _without_any_zeros(taps: Array, factor: int) -> Array:
    return _right_squeeze(taps, factor) if taps[::factor].all() else NOWHERE


def _interpolated(taps: Array, factor: int) -> Array:
    places = np.arange(factor * (len(taps) - 1) + 1) / factor
    return np.interp(places, np.arange(len(taps)), taps)


def _by_sampler(sampler: str, side: str) -> bool:  # noqa: ARG001
    return sampler == "down"


def _by_side(sampler: str, side: str) -> bool:  # noqa: ARG001
    return side == "before"


NOBLE_TAPS = Task(
    reference=noble_taps,
    summary="the taps that do the same on the other side of the sampler, or none.",
    properties=(
        Property(
            "from the low to the high rate",
            1,
            _filters("low"),
            wrong_values,
            "at the higher rate samples lie s times as far apart, and so must the taps.",
        ),
        Property(
            "from the high to the low rate",
            1,
            _filters("high"),
            wrong_values,
            "taps 0, s, 2s, … see the samples that are kept.",
        ),
        Property(
            "zeros at the end",
            0.5,
            _filters("high", tail=True),
            wrong_values,
            "zeros behind the last tap do no harm; taps 0, s, 2s, … decide.",
        ),
        Property(
            "where no filter does it",
            1,
            _stuck,
            wrong_values,
            "a single tap that is not at a multiple of s, and there is no such filter: return np.zeros(0).",
        ),
    ),
    mistakes=(
        Mistake(
            "always possible",
            _noble(lambda taps, factor: taps[::factor]),
            "You threw taps away that were not zero. A filter at the high rate can only change sides if all of them "
            "lie at multiples of s.",
            "When a filter may change sides",
        ),
        Mistake(
            "refused for zeros at the end",
            _noble(_without_last_zeros),
            "[1, 0, 2, 0] does the same as [1, 0, 2]: zeros behind the last tap are no obstacle.",
        ),
        Mistake(
            "refused for zeros among the taps",
            _noble(_without_any_zeros),
            "A tap at a multiple of s may itself be zero: [0, 0, 1] and s = 2 give [0, 1]. Only the others must be.",
        ),
        Mistake(
            "never possible",
            _noble(lambda _taps, _factor: NOWHERE),
            "Look at [1, 0, 2] and s = 2: it only sees samples that are kept, so [1, 2] does it after the sampling.",
            "When a filter may change sides",
        ),
        Mistake(
            "a delay let through",
            _noble(_only_phase),
            "[0, 1, 0, 2] has one phase only, but the wrong one: it sees samples 1, 3, 5, …, which are dropped.",
            "When a filter may change sides",
        ),
        Mistake(
            "taps added up",
            _noble(_sum_of_blocks),
            "Adding up blocks of taps keeps the gain for a constant, and for nothing else.",
        ),
        Mistake(
            "zeros behind the last tap",
            _noble(_right_squeeze, lambda taps, factor: np.kron(taps, np.eye(1, factor)[0])),
            "Between the taps, not behind them: k taps become s * (k - 1) + 1.",
        ),
        Mistake(
            "taps repeated",
            _noble(_right_squeeze, lambda taps, factor: taps.repeat(factor)),
            "Copies would see samples that the filter at the low rate has never seen. Put zeros between the taps.",
        ),
        Mistake(
            "taps interpolated",
            _noble(_right_squeeze, _interpolated),
            "A smoother filter is another filter. Between the taps there are zeros.",
        ),
        Mistake(
            "divided by the factor",
            _noble(_right_squeeze, lambda taps, factor: expand_kernel(taps, factor) / factor),
            "The two pipelines must agree exactly; no gain is lost on either side.",
        ),
        Mistake(
            "the sampler alone decides",
            _noble(_right_squeeze, high=_by_sampler),
            "Look at the side too: before a down and after an up is the high rate, after a down and before an up the "
            "low one.",
        ),
        Mistake(
            "the side alone decides",
            _noble(_right_squeeze, high=_by_side),
            "Before a down is the high rate, before an up the low one: look at the sampler too.",
        ),
        Mistake(
            "the taps as they are",
            lambda taps, **_: taps.copy(),
            "Filter and sampler do not commute: on the other side samples lie s times as far apart, or as near.",
        ),
    ),
    forbidden=LIBRARIES,
    section="When a filter may change sides",
)

# --------------------------------------------------------------------------- filtered_leaky_relu


def filtered_leaky_relu(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
    """The library's, along one axis."""
    return alias_free.filtered_leaky_relu(input, taps, up, down, negative_slope, axes=1)


def _waves(*fixed: tuple[int, int, dict[str, Any]]) -> Cases:
    """A signal of n samples of both signs and k taps, not symmetric, for each (n, k, options), twice."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for n, k, options in fixed * 2:
            taps = rng.permutation(np.arange(1, k + 1)) / 4.0
            yield {"input": distinct(rng, n + int(rng.integers(3))), "taps": taps, **options}

    return draw


def _leaky(v: Array, slope: float) -> Array:
    return np.where(v >= 0, v, slope * v)


def _sides(k: int, up: int, down: int) -> Pair:
    room = 2 * k - 1 - down
    return (room + up) // 2, room - (room + up) // 2


def _bent(
    bend: Callable[[Array, float], Array] = _leaky,
    sides: Callable[[int, int, int], Pair] = _sides,
    gains: Callable[[int, int], tuple[float, float]] = lambda up, down: (up, 1),  # noqa: ARG005
) -> Answer:
    """Up, bend, down, by somebody who has own ideas about the curve, the zeros around, or the gains."""

    def wrong(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
        before, after = gains(up, down)
        fine = upfirdn1d(input, taps, up, padding=sides(len(taps), up, down), gain=before)
        return upfirdn1d(bend(fine, negative_slope), taps, down=down, gain=after)

    return wrong


def _bent_first(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
    return filtered_leaky_relu(_leaky(input, negative_slope), taps, up, down, 1.0)


def _bent_last(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
    return _leaky(filtered_leaky_relu(input, taps, up, down, 1.0), negative_slope)


def _padded_twice(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
    k = len(taps)
    total, own = _sides(k, up, down), ((k + up - 1) // 2, (k - up) // 2)
    fine = _leaky(upfirdn1d(input, taps, up, padding=own, gain=up), negative_slope)
    return upfirdn1d(fine, taps, down=down, padding=(total[0] - own[0], total[1] - own[1]))


def _one_filter(up_filter: bool) -> Answer:
    def wrong(input: Array, taps: Array, up: int = 2, down: int = 2, negative_slope: float = 0.2) -> Array:
        k, (before, after) = len(taps), _sides(len(taps), up, down)
        if up_filter:
            fine = upfirdn1d(input, taps, up, padding=(before, after), gain=up)
            return _leaky(fine, negative_slope)[: len(fine) - k + 1][::down]
        fine = upfirdn1d(input, None, up, padding=(before - k + 1, after), gain=up)
        return upfirdn1d(_leaky(fine, negative_slope), taps, down=down)

    return wrong


def _inner(expected: Array, got: Array) -> Refusal | None:
    return wrong_shape(expected, got) or wrong_values(expected[3:-3], got[3:-3])


FILTERED_LEAKY_RELU = Task(
    reference=filtered_leaky_relu,
    summary="a leaky ReLU that acts at a higher rate, between two filters.",
    properties=(
        Property(
            "with slope 1, up and down again",
            1,
            _waves((8, 3, {"negative_slope": 1.0}), (9, 2, {"negative_slope": 1.0}), (9, 4, {"negative_slope": 1.0})),
            _inner,
            "with slope 1 nothing is bent: what is left are two filters, and a gain of `up` for the first.",
        ),
        Property(
            "away from the border",
            1,
            _waves((8, 3, {}), (9, 2, {}), (10, 4, {})),
            _inner,
            "up, filter, bend, filter, down: in this order.",
        ),
        Property(
            "at the border",
            1,
            _waves((3, 3, {}), (4, 4, {}), (1, 3, {})),
            wrong_values,
            "all zeros are put around the input at the beginning; nothing is padded between bending and filtering.",
        ),
        Property(
            "up and down differ",
            0.5,
            _waves((6, 3, {"up": 3}), (5, 4, {"up": 2, "down": 1}), (7, 5, {"up": 4, "down": 3})),
            wrong_values,
            "a = (2k - 1 - down + up) // 2 zeros before and b = 2k - 1 - down - a after, at the higher rate.",
        ),
        Property(
            "other slopes",
            0.5,
            _waves((8, 3, {"negative_slope": 0.0}), (9, 3, {"negative_slope": -0.5}), (9, 4, {"negative_slope": 2.5})),
            _inner,
            "v where v >= 0, and negative_slope * v elsewhere, whatever the slope.",
        ),
    ),
    mistakes=(
        Mistake(
            "bent at the low rate, then filtered",
            _bent_first,
            "What the bend makes above the limit has folded before any filter sees it. Bend at the higher rate.",
            "A bend makes new frequencies",
        ),
        Mistake(
            "bent at the end",
            _bent_last,
            "You went up and down again, and then bent at the low rate, where the new frequencies fold.",
            "A bend makes new frequencies",
        ),
        Mistake(
            "the gain is forgotten",
            _bent(gains=lambda up, down: (1, 1)),  # noqa: ARG005
            "Of `up` samples at the higher rate all but one were zero: the first filter needs gain=up.",
        ),
        Mistake(
            "a gain on the way down too",
            _bent(gains=lambda up, down: (up, down)),
            "On the way down there is nothing to make up for: the filter's taps are for averages, not for sums.",
        ),
        Mistake(
            "no filter on the way up",
            _one_filter(up_filter=False),
            "You bent samples and zeros. Only after a filter is it the signal, at a higher rate.",
        ),
        Mistake(
            "no filter on the way down",
            _one_filter(up_filter=True),
            "The bend's new frequencies must be filtered away before samples are dropped.",
        ),
        Mistake(
            "zeros put around twice",
            _padded_twice,
            "Between the bend and the second filter nothing is padded: the signal goes on there, it is not zero. Put "
            "all zeros around the input at the beginning.",
            "At the border",
        ),
        Mistake(
            "all zeros in front",
            _bent(sides=lambda k, up, down: (2 * k - 1 - down, 0)),  # noqa: ARG005
            "The size is right, but everything is late: about half of the zeros belong to the end.",
        ),
        Mistake(
            "half of the zeros on each side",
            _bent(sides=lambda k, up, down: ((2 * k - 1 - down) // 2, (2 * k - down) // 2)),  # noqa: ARG005
            "The zeros behind the last sample count too: before it are (2k - 1 - down + up) // 2.",
        ),
        Mistake(
            "taps not flipped",
            lambda input, taps, **k: filtered_leaky_relu(input, taps[::-1], **k),
            "Both filters are convolutions: they flip their taps.",
        ),
        Mistake(
            "the larger of two lines",
            _bent(bend=lambda v, slope: np.maximum(v, slope * v)),
            "max(v, slope * v) is a leaky ReLU only for slopes up to 1. Ask whether v >= 0.",
        ),
        Mistake(
            "the slope on the wrong side",
            _bent(bend=lambda v, slope: np.where(v >= 0, slope * v, v)),
            "Positive values pass as they are; negative ones are multiplied by the slope.",
        ),
        Mistake(
            "a plain ReLU",
            _bent(bend=lambda v, slope: np.maximum(v, 0)),  # noqa: ARG005
            "Negative values are not cut off but multiplied by negative_slope.",
        ),
        Mistake(
            "always the slope 0.2",
            _bent(bend=lambda v, slope: _leaky(v, 0.2)),  # noqa: ARG005
            "0.2 is only the default: use `negative_slope`.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Bend where there is room",
)

# --------------------------------------------------------------------------- equivariance_psnr

KEEP = tuple(map(Function, ("lambda x: x * np.linspace(0.5, 2, len(x))", "lambda x: np.abs(np.cumsum(x))")))
# None of them is linear for any signal, else the measure would be that of rounding.
BEND = tuple(
    map(
        Function,
        ("lambda x: np.maximum(x - x.mean(), 0)", "lambda x: np.abs(x - x.mean())", "lambda x: np.clip(x, -0.5, 0.5)"),
    )
)
RESIZE = tuple(
    map(Function, ("lambda x: x[::2]", "lambda x: np.abs(x[::3] - 0.5)", "lambda x: np.repeat(np.abs(x), 2)"))
)


def equivariance_psnr(
    operator: Callable[[Array], Array], input: Array, shift: float, peak: float = 1.0, margin: int = 0
) -> float:
    """The library's, as a number."""
    return float(alias_free.equivariance_psnr(operator, input, shift, peak, margin))


def _operators(operators: tuple[Function, ...], *shifts: float, whole: bool = False, **options: Any) -> Cases:
    """Every operator with a signal of 12, 13 or 24 samples and with one of the shifts, more or less."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for number, operator in enumerate(operators):
            for n in (12, 24) if "[::" in operator.text else (9, 12):
                shift = shifts[number % len(shifts)] + (0.0 if whole else int(rng.integers(1, 9)) / 64)
                yield {"operator": operator, "input": distinct(rng, n) / 4, "shift": shift, **options}

    return draw


def _measured(
    move: Answer = fourier_shift,
    back: Callable[[float, int, int], float] = lambda shift, o, n: shift * o / n,
    score: Callable[[Array, float], float] = lambda error, peak: 10 * np.log10(peak**2 / np.mean(error**2)),
    inside: Callable[[int, int, int], slice] = lambda margin, o, n: slice(margin, o - margin),  # noqa: ARG005
) -> Answer:
    """The measure of somebody who has own ideas about how to move, how far, what to compare, or the unit."""

    def wrong(operator: Function, input: Array, shift: float, peak: float = 1.0, margin: int = 0) -> float:
        plain, n = operator(input), len(input)
        error = operator(move(input, shift)) - move(plain, back(shift, len(plain), n))
        with np.errstate(divide="ignore"):
            return float(score(error[inside(margin, len(plain), n)], peak))

    return wrong


def _rolled(x: Array, shift: float) -> Array:
    return np.roll(x, round(shift))


def _interpolating(x: Array, shift: float) -> Array:
    whole = int(np.floor(shift))
    part = shift - whole
    return (1 - part) * np.roll(x, whole) + part * np.roll(x, whole + 1)


def _half_moved(x: Array, shift: float) -> Array:
    """Every frequency of fft turned as if it were positive."""
    turns = np.exp(-2j * np.pi * np.arange(len(x)) * shift / len(x))
    return np.fft.ifft(np.fft.fft(x) * turns).real


def _of_some(error: Array, peak: float) -> float:
    return 10 * np.log10(peak**2 / np.mean(error**2)) if error.size else np.nan


EQUIVARIANCE_PSNR = Task(
    reference=equivariance_psnr,
    summary="how nearly an operator moves with its input, in dB.",
    properties=(
        Property(
            "whole shifts",
            1,
            _operators(KEEP, 1.0, -2.0, whole=True),
            wrong_values,
            "compare operator(shifted input) with the shifted operator(input).",
        ),
        Property(
            "fractions of a sample",
            1,
            _operators(BEND, 0.3, -0.6, 1.4),
            wrong_values,
            "multiply the DFT at frequency f cycles/sample by exp(-2πi f shift); f runs from -1/2 to 1/2.",
        ),
        Property(
            "another number of samples",
            1,
            _operators(RESIZE, 0.3, 1.2, -0.7),
            wrong_values,
            "where o samples come out for n, the output moves by shift * o / n of its own samples.",
        ),
        Property(
            "peak",
            0.5,
            _operators(BEND[:2], 1.4, peak=7.5),
            wrong_values,
            "10 log10(peak² / mean squared error).",
        ),
        Property(
            "margin",
            0.5,
            _operators((*BEND[:1], *RESIZE[:1]), 1.2, 2.5, margin=2),
            wrong_values,
            "leave `margin` output samples out at both ends before the mean is taken.",
        ),
    ),
    mistakes=(
        Mistake(
            "the output is not moved",
            _measured(back=lambda shift, o, n: 0.0),  # noqa: ARG005
            "That asks for invariance, an output that stays. Equivariance asks for one that moves along.",
            "How equivariant is it?",
        ),
        Mistake(
            "moved by input samples",
            _measured(back=lambda shift, o, n: shift),  # noqa: ARG005
            "Where half as many samples come out, the output moves by half as many samples: shift * o / n.",
        ),
        Mistake(
            "the ratio upside down",
            _measured(back=lambda shift, o, n: shift * n / o),
            "Where fewer samples come out the output moves by fewer of them: shift * o / n, not shift * n / o.",
        ),
        Mistake(
            "moved back",
            _measured(back=lambda shift, o, n: -shift * o / n),
            "Input and output move in the same direction.",
        ),
        Mistake(
            "to the left",
            lambda operator, input, shift, **k: equivariance_psnr(operator, input, -shift, **k),
            "A positive shift goes to the right: the DFT is multiplied by exp(-2πi f shift), with a minus.",
        ),
        Mistake(
            "only whole shifts",
            _measured(move=_rolled),
            "np.roll moves by whole samples. Fractions need the DFT.",
        ),
        Mistake(
            "moved by linear interpolation",
            _measured(move=_interpolating),
            "Linear interpolation blurs, and then you measure its error. Move by the DFT, which is exact.",
        ),
        Mistake(
            "negative frequencies turned the wrong way",
            _measured(move=_half_moved),
            "fft's upper half stands for negative frequencies: use np.fft.fftfreq(n), or rfft and irfft.",
        ),
        Mistake(
            "not squared",
            _measured(score=lambda error, peak: 10 * np.log10(peak / np.mean(error**2))),
            "The peak is squared, as the error is.",
        ),
        Mistake(
            "twenty for ten",
            _measured(score=lambda error, peak: 20 * np.log10(peak**2 / np.mean(error**2))),
            "20 log10 belongs to amplitudes, 10 log10 to squares, which you already have.",
        ),
        Mistake(
            "the natural logarithm",
            _measured(score=lambda error, peak: 10 * np.log(peak**2 / np.mean(error**2))),
            "Decibels need np.log10; np.log is the natural logarithm.",
        ),
        Mistake(
            "the sum of the squares",
            _measured(score=lambda error, peak: 10 * np.log10(peak**2 / np.sum(error**2))),
            "The mean of the squared errors, or longer signals score worse.",
        ),
        Mistake(
            "the error itself",
            _measured(score=lambda error, peak: np.mean(error**2)),  # noqa: ARG005
            "That is the mean squared error. In decibels it is 10 log10(peak² / error).",
        ),
        Mistake(
            "the sign upside down",
            _measured(score=lambda error, peak: 10 * np.log10(np.mean(error**2) / peak**2)),
            "A smaller error is a higher score: the peak stands above the fraction.",
        ),
        Mistake(
            "peak forgotten",
            _measured(score=lambda error, peak: -10 * np.log10(np.mean(error**2))),  # noqa: ARG005
            "You took 1 for the peak.",
        ),
        Mistake(
            "margin forgotten",
            _measured(inside=lambda margin, o, n: slice(None)),  # noqa: ARG005
            "Leave `margin` samples out at each end.",
        ),
        Mistake(
            "margin at one end only",
            _measured(inside=lambda margin, o, n: slice(margin, None)),  # noqa: ARG005
            "Leave the margin out at the other end too.",
        ),
        Mistake(
            "an empty slice",
            _measured(inside=lambda margin, o, n: slice(margin, -margin), score=_of_some),  # noqa: ARG005
            "With margin = 0 the slice [margin:-margin] is empty: write len(output) - margin.",
        ),
        Mistake(
            "margin counted at the input",
            _measured(inside=lambda margin, o, n: slice(margin * o // n, o - margin * o // n)),
            "The margin is counted in samples of the output.",
        ),
    ),
    forbidden=LIBRARIES,
    section="How equivariant is it?",
)

TASKS = (UPFIRDN1D, UPFIRDN2D, NOBLE_TAPS, FILTERED_LEAKY_RELU, EQUIVARIANCE_PSNR)

check_upfirdn1d = make_check(UPFIRDN1D)
check_upfirdn2d = make_check(UPFIRDN2D)
check_noble_taps = make_check(NOBLE_TAPS)
check_filtered_leaky_relu = make_check(FILTERED_LEAKY_RELU)
check_equivariance_psnr = make_check(EQUIVARIANCE_PSNR)
