"""Tasks of the chapter on aliasing."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.random import Generator

from resampling import (
    alias_frequency,
    binomial,
    blur_pool1d,
    blur_pool2d,
    design_lowpass,
    folding_matrix,
    interpolation_matrix,
    kaiser_order,
    sampling_matrix,
    windowed_sinc,
)
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import Refusal, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray

# --------------------------------------------------------------------------- alias_frequency


def _tones(*fixed: tuple[float, int], steps: tuple[int, int], highest: float) -> Cases:
    """The given (frequency, factor), then six random ones; a negative `highest` is for frequencies of either sign."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for frequency, factor in fixed:
            yield {"frequency": frequency, "factor": factor}
        for _ in range(6):
            factor = int(rng.integers(*steps))
            top = highest or 0.49 / factor
            frequency = float(rng.integers(min(0, 1000 * top), abs(1000 * top))) / 1000 + 0.0007
            yield {"frequency": frequency, "factor": factor}

    return draw


def _signed(frequency: float, factor: int) -> float:
    turns = factor * frequency
    return turns - float(np.floor(turns + 0.5))


def _mirrored_once(frequency: float, factor: int) -> float:
    turns = abs(factor * frequency)
    return turns if turns <= 0.5 else 1 - turns


ALIAS_FREQUENCY = Task(
    reference=alias_frequency,
    summary="what a sinusoid's frequency looks like once only every `factor`-th sample is kept.",
    properties=(
        Property(
            "a low frequency becomes s times higher",
            0.5,
            _tones((0.1, 2), (0.1, 3), steps=(2, 7), highest=0.0),
            wrong_values,
            "from one kept sample to the next, s times as much of the wave goes by.",
        ),
        Property(
            "above the new limit, with s = 2",
            1,
            _tones((7 / 16, 2), (0.3, 2), steps=(2, 3), highest=0.5),
            wrong_values,
            "cos(2πfn) and cos(2π(1-f)n) have the same samples.",
        ),
        Property(
            "any step",
            1,
            _tones((0.4, 3), (0.45, 7), steps=(3, 12), highest=0.5),
            wrong_values,
            "take whole turns off first, then look at how far from the nearest whole turn you are.",
        ),
        Property(
            "frequencies below 0 and above 1/2",
            0.5,
            _tones((0.9, 1), (-0.3, 2), (1.3, 2), steps=(1, 6), highest=-2.0),
            wrong_values,
            "cos is even, so the sign of a frequency does not show in it.",
        ),
    ),
    mistakes=(
        Mistake(
            "the frequency stays as it was",
            lambda frequency, factor: abs(frequency),
            "In seconds, yes; but it is counted in cycles per sample, and there are fewer samples now: it grows.",
        ),
        Mistake(
            "the step divides",
            lambda frequency, factor: alias_frequency(frequency / factor),
            "From one kept sample to the next more of the wave goes by, not less: multiply by s.",
        ),
        Mistake(
            "counted in the old samples",
            lambda frequency, factor: alias_frequency(frequency, factor) / factor,
            "The result is in cycles per sample of the output, where 1/2 is the limit. You divided by s again.",
        ),
        Mistake(
            "not folded",
            lambda frequency, factor: factor * frequency,
            "No samples can carry more than 1/2 cycle per sample: what lies above comes out somewhere below.",
        ),
        Mistake(
            "cut off at the limit",
            lambda frequency, factor: min(factor * frequency, 0.5),
            "A frequency above 1/2 does not stop at 1/2: it is mirrored there and comes back down.",
        ),
        Mistake(
            "wrapped but not mirrored",
            lambda frequency, factor: (factor * frequency) % 1,
            "Whole turns are gone, good. But 7/8 of a turn forward has the samples of 1/8 of a turn back.",
        ),
        Mistake(
            "wrapped at one half",
            lambda frequency, factor: (factor * frequency) % 0.5,
            "Frequencies repeat after 1, not after 1/2; between 1/2 and 1 they come back down, like a mirror.",
        ),
        Mistake(
            "mirrored only once",
            _mirrored_once,
            "With a large step the wave turns more than once between samples: take off all whole turns first.",
        ),
        Mistake(
            "a sign is left",
            _signed,
            "A cosine of frequency -f has the samples of one of frequency f: return the absolute value.",
        ),
    ),
    forbidden=LIBRARIES,
    section="What becomes of a frequency",
)

# --------------------------------------------------------------------------- folding_matrix


def _sizes(*fixed: tuple[int, int], factors: tuple[int, int]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        yield from ({"length": length, "factor": factor} for length, factor in fixed)
        for _ in range(4):
            factor = int(rng.integers(*factors))
            yield {"length": factor * int(rng.integers(factor + 1, 12)), "factor": factor}

    return draw


def _side_by_side(length: int, factor: int, piece: Callable[[int, Array], Array]) -> Array:
    """The folding matrix of somebody who makes block number j from the identity by ``piece(j, identity)``."""
    identity = np.eye(length // factor)
    return np.hstack([piece(j, identity) for j in range(factor)]) / factor


FOLDING_MATRIX = Task(
    reference=folding_matrix,
    summary="the matrix that turns the DFT of x into the DFT of every `factor`-th sample of x.",
    properties=(
        Property(
            "one row for each frequency of the output",
            0.5,
            _sizes((6, 2), (12, 3), factors=(2, 5)),
            wrong_shape,
            "the output has length // factor samples, and as many frequencies.",
        ),
        Property(
            "every second sample",
            1,
            _sizes((4, 2), (16, 2), factors=(2, 3)),
            wrong_values,
            "which two frequencies of x look alike once every second sample is kept?",
        ),
        Property(
            "any step",
            1,
            _sizes((6, 3), (12, 4), (5, 5), (7, 1), factors=(1, 7)),
            wrong_values,
            "frequencies m, m + n/s, m + 2n/s, … of x have the same samples 0, s, 2s, ….",
        ),
    ),
    mistakes=(
        Mistake(
            "summed and not averaged",
            lambda length, factor: folding_matrix(length, factor) * factor,
            "Try the constant x = 1: its DFT is n at frequency 0, that of the n/s samples kept is n/s. Divide by s.",
        ),
        Mistake(
            "divided by the root of s",
            lambda length, factor: folding_matrix(length, factor) * factor**0.5,
            "That would be right for a DFT divided by the root of its length. `numpy.fft.fft` is not: divide by s.",
        ),
        Mistake(
            "neighbours averaged",
            lambda length, factor: np.kron(np.eye(length // factor), np.ones((1, factor))) / factor,
            "Frequencies that become alike are not neighbours: they stand n/s apart, in s separate pieces.",
        ),
        Mistake(
            "mirrored pieces",
            lambda length, factor: _side_by_side(length, factor, lambda j, eye: eye[:, :: (-1) ** j]),
            "The picture of a folded sheet is for frequencies from 0 to 1/2. `fft` counts from 0 to n - 1, and there "
            "the pieces are laid on each other without turning.",
        ),
        Mistake(
            "aliases left out",
            lambda length, factor: _side_by_side(length, factor, lambda j, eye: eye * (j == 0)),
            "Only the first piece is used. Taking samples throws no frequency away: all of them land somewhere.",
        ),
        Mistake(
            "the spectrum is sampled",
            sampling_matrix,
            "You keep every s-th frequency; that belongs to a signal that is wrapped around. Samples are kept here.",
        ),
        Mistake(
            "rows and columns swapped",
            lambda length, factor: folding_matrix(length, factor).T,
            "It multiplies fft(x), so it needs one column for each of the n frequencies of x.",
        ),
        Mistake(
            "n/s and s mixed up",
            lambda length, factor: np.tile(np.eye(factor), length // factor) / factor,
            "There are s pieces with n/s frequencies each, not n/s pieces with s.",
        ),
        Mistake(
            "a size that is not whole",
            lambda length, factor: np.zeros((length / factor, length)),
            "In Python, / gives a float, and a shape must be whole. Divide with //.",
        ),
    ),
    forbidden=LIBRARIES,
    section="A whole spectrum: folding",
)

# --------------------------------------------------------------------------- blur_pool2d


def _pictures(*fixed: tuple[tuple[int, ...], dict[str, tuple[int, int]]], grows: bool = True) -> Cases:
    """The given (shape, options), then the last one with two other sizes of the picture."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for shape, options in fixed:
            yield {"input": distinct(rng, *shape), **options}
        shape, options = fixed[-1]
        for _ in range(2 * grows):
            more = rng.integers(0, 4, 2)
            yield {"input": distinct(rng, shape[0], *(np.array(shape[1:]) + more).tolist()), **options}

    return draw


def _away_from_the_border(expected: Array, got: Array) -> Refusal | None:
    inner = np.s_[..., 1:-1, 1:-1]
    return wrong_shape(expected, got) or wrong_values(expected[inner], got[inner])


def _by_axis(
    taps: Callable[[int], Array] = binomial,
    border: str | None = "reflect",
    left: Callable[[int], int] = lambda k: (k - 1) // 2,
    kept: Callable[[int], slice] = lambda s: np.s_[::s],
    axes: tuple[int, ...] = (1, 2),
) -> Callable[..., Array]:
    """Blur-pooling by somebody who has own ideas about the taps, the border, the padding or the samples kept."""

    def wrong(input: Array, kernel_size: tuple[int, int] = (3, 3), stride: tuple[int, int] = (2, 2)) -> Array:
        for axis in axes:
            input = _blurred(input, axis, taps(kernel_size[axis - 1]), border, left)
        return input[:, kept(stride[0]), kept(stride[1])]

    return wrong


def _blurred(x: Array, axis: int, taps: Array, border: str | None, left: Callable[[int], int]) -> Array:
    k = len(taps)
    sides = [(left(k), k - 1 - left(k)) if a == axis else (0, 0) for a in range(x.ndim)]
    x = x if border is None else np.pad(x, sides, mode=border)
    size = x.shape[axis] - k + 1
    return sum(w * np.take(x, range(t, t + size), axis) for t, w in enumerate(taps))


def _sampled_first(input: Array, kernel_size: tuple[int, int] = (3, 3), stride: tuple[int, int] = (2, 2)) -> Array:
    kept = input[:, :: stride[0], :: stride[1]]
    return _by_axis()(kept, kernel_size, (1, 1))


def _last_dropped(input: Array, kernel_size: tuple[int, int] = (3, 3), stride: tuple[int, int] = (2, 2)) -> Array:
    height, width = input.shape[1] // stride[0], input.shape[2] // stride[1]
    return blur_pool2d(input, kernel_size, stride)[:, :height, :width]


def _with_options(change: Callable[[tuple[int, int]], tuple[int, int]]) -> Callable[..., Array]:
    return lambda input, **options: blur_pool2d(input, **{name: change(value) for name, value in options.items()})


BLUR_POOL2D = Task(
    reference=blur_pool2d,
    summary="blur with binomial kernels, then keep every s-th row and column.",
    properties=(
        Property(
            "three taps, away from the border",
            1,
            _pictures(((1, 4, 5), {"stride": (1, 1)}), ((1, 5, 4), {"stride": (1, 1)})),
            _away_from_the_border,
            "the kernel is [1, 2, 1] / 4, once down the columns and once along the rows.",
        ),
        Property(
            "at the border",
            1,
            _pictures(
                ((1, 3, 4), {"stride": (1, 1)}),
                ((1, 4, 5), {"kernel_size": (5, 5), "stride": (1, 1)}),
            ),
            wrong_values,
            'np.pad(x, ..., mode="reflect") mirrors at the outermost sample without doubling it.',
        ),
        Property(
            "the samples that are kept",
            1,
            _pictures(
                ((1, 4, 4), {}),
                ((1, 5, 7), {}),
                ((1, 6, 5), {"stride": (3, 2)}),
                ((1, 5, 7), {"stride": (1, 3)}),
                ((2, 6, 5), {"stride": (2, 4)}),
            ),
            wrong_values,
            "blur at every pixel, then keep rows 0, s, 2s, … and columns 0, s, 2s, ….",
        ),
        Property(
            "other numbers of taps, on several channels",
            1,
            _pictures(
                ((1, 5, 4), {"kernel_size": (1, 2)}),
                ((2, 4, 6), {"kernel_size": (4, 3)}),
                ((3, 6, 5), {"kernel_size": (2, 5), "stride": (1, 2)}),
                ((2, 6, 7), {"kernel_size": (5, 4), "stride": (3, 2)}),
            ),
            wrong_values,
            "an even kernel reaches one sample farther down and to the right than up and to the left.",
        ),
    ),
    mistakes=(
        Mistake(
            "a box and not a binomial",
            _by_axis(lambda k: np.full(k, 1 / k)),
            "All your taps are alike. A row of Pascal's triangle weighs the middle most: [1, 2, 1] / 4.",
        ),
        Mistake(
            "the kernel does not add up to one",
            lambda input, kernel_size=(3, 3), **k: blur_pool2d(input, kernel_size, **k) * 2.0 ** (sum(kernel_size) - 2),
            "A constant picture must stay as bright as it was: divide the taps by their sum, on each axis.",
        ),
        Mistake(
            "normalised on one axis only",
            lambda input, kernel_size=(3, 3), **k: blur_pool2d(input, kernel_size, **k) * 2.0 ** (kernel_size[0] - 1),
            "The blur is done on two axes, so both kernels must add up to 1.",
        ),
        Mistake(
            "zeros around the picture",
            _by_axis(border="constant"),
            "Zeros make the border darker than the picture is. Mirror the picture there.",
        ),
        Mistake(
            "the border repeated",
            _by_axis(border="edge"),
            'You repeated the outermost pixel. Mirrored, x[-1] is x[1]: np.pad calls that "reflect".',
        ),
        Mistake(
            "the outermost pixel doubled",
            _by_axis(border="symmetric"),
            'Mirrored at the edge of the pixel, x[-1] is x[0]. Here x[-1] is x[1]: mode "reflect", not "symmetric".',
        ),
        Mistake(
            "wrapped around the picture",
            _by_axis(border="wrap"),
            "Pixels of the other side came in. That is the border of the DFT; here the picture is mirrored.",
        ),
        Mistake(
            "no padding",
            _by_axis(border=None),
            "The blur alone should keep the size of the picture, so that only the stride makes it smaller: pad first.",
        ),
        Mistake(
            "sampled first, blurred afterwards",
            _sampled_first,
            "Too late: what was folded cannot be told apart any more. Blur at full resolution, then keep samples.",
            "Filter afterwards",
        ),
        Mistake(
            "the last sample is lost",
            _last_dropped,
            "With 5 rows and stride 2, rows 0, 2 and 4 are kept: round up, as x[::2] does.",
        ),
        Mistake(
            "begins one sample late",
            _by_axis(kept=lambda s: np.s_[min(1, s - 1) :: s]),
            "The first sample kept is number 0, with the kernel centred on it.",
        ),
        Mistake(
            "blurred along the rows only",
            _by_axis(axes=(2,)),
            "Stripes that lie flat alias just as well: blur down the columns too.",
            "Two dimensions: the zone plate",
        ),
        Mistake(
            "an even kernel reaches the wrong way",
            _by_axis(left=lambda k: k // 2),
            "With k = 2 there is one more sample on one side. Take it after: pad (k - 1) // 2 before, k // 2 after.",
        ),
        Mistake(
            "vertical and horizontal options swapped",
            _with_options(lambda pair: pair[::-1]),
            "The first number of a pair belongs to the vertical axis, the second to the horizontal one.",
        ),
        Mistake(
            "the two kernels swapped",
            lambda input, kernel_size=(3, 3), **k: blur_pool2d(input, kernel_size[::-1], **k),
            "kernel_size[0] is for the blur down the columns, kernel_size[1] for the one along the rows.",
        ),
        Mistake(
            "the first of the pair on both axes",
            _with_options(lambda pair: (pair[0], pair[0])),
            "kernel_size and stride are pairs: the second number belongs to the horizontal axis.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The binomial",
)

# --------------------------------------------------------------------------- design_lowpass

Spec = tuple[float, float, float]
# Widths so far apart that no two specifications have the same answer.
SPECS = tuple(product((0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.275, 0.3), (0.08, 0.15), (30.0, 40.0, 50.0, 60.0)))
EVEN = tuple(spec for spec in SPECS if kaiser_order(spec[2], spec[1])[0] % 2 == 0)
SLACK = 1.02  # a grid of frequencies is never fine enough


def _specs(table: tuple[Spec, ...]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        for i in rng.choice(len(table), 4, replace=False):
            yield dict(zip(("cutoff", "transition", "stopband_db"), table[i], strict=True))

    return draw


@lru_cache
def _taps(spec: Spec) -> Array:
    return design_lowpass(*spec)


def _asked_for(expected: Array) -> Spec:
    """A test is told the taps that were expected, not what they were made for: the table knows."""
    return next(spec for spec in SPECS if np.array_equal(_taps(spec), expected))


def _errors(expected: Array, got: Array) -> tuple[float, float, float]:
    """Largest error in the pass-band, at frequency 0, and in the stop-band, all as multiples of what is allowed."""
    cutoff, transition, stopband_db = _asked_for(expected)
    size = 1 << max(12, (16 * len(got) - 1).bit_length())
    frequencies, response = np.fft.rfftfreq(size), np.abs(np.fft.rfft(got, size))
    passed = np.abs(response[frequencies <= cutoff - transition / 2] - 1)
    stopped = response[frequencies >= cutoff + transition / 2]
    return tuple(float(e) * 10 ** (stopband_db / 20) for e in (passed.max(), passed[0], stopped.max()))


def _not_taps(expected: Array, got: Array) -> Refusal | None:
    if got.ndim != 1 or got.size == 0:
        return Refusal("shape", f"expected one axis of taps, got shape {got.shape}.")
    if got.size > 50 * expected.size:
        return Refusal("shape", f"{got.size} taps; {expected.size} would do.")
    return None if np.isfinite(got).all() else Refusal("values", "some taps are not finite.")


def _ill_formed(expected: Array, got: Array) -> Refusal | None:
    refusal = _not_taps(expected, got)
    if refusal:
        return refusal
    if len(got) % 2 == 0:
        return Refusal("shape", f"{len(got)} taps: an even number has no middle one.")
    if abs(got.sum() - 1) > 1e-9:
        return Refusal("values", f"the taps add up to {got.sum():.11g}, not to 1.")
    return None if np.allclose(got, got[::-1], rtol=0, atol=1e-9) else Refusal("values", "the taps are not symmetric.")


def _passband(expected: Array, got: Array) -> Refusal | None:
    refusal = _not_taps(expected, got)
    if refusal:
        return refusal
    passed, _, stopped = _errors(expected, got)
    if passed > SLACK:
        return Refusal("values", f"in the pass-band it is {passed:.3g} times as far from 1 as allowed.")
    if stopped > 0.9 * 10 ** (_asked_for(expected)[2] / 20):
        return Refusal("values", "in the stop-band it passes nine tenths or more too, so a pass-band says little.")
    return None


def _stopband(expected: Array, got: Array) -> Refusal | None:
    refusal = _not_taps(expected, got)
    if refusal or (_errors(expected, got)[2] <= SLACK and _errors(expected, got)[1] <= SLACK):
        return refusal
    if _errors(expected, got)[1] > SLACK:
        return Refusal("values", f"at frequency 0 the response is {abs(got.sum()):.4g}, so a stop-band says little.")
    return Refusal("values", f"in the stop-band it lets through {_errors(expected, got)[2]:.3g} times what is allowed.")


def _too_long(expected: Array, got: Array) -> Refusal | None:
    refusal = _passband(expected, got) or _stopband(expected, got)
    if refusal or len(got) <= len(expected) + 2:
        return refusal
    return Refusal("values", f"{len(got)} taps keep to it, but {len(expected)} do so too.")


def _odd(size: int) -> int:
    return size + (size % 2 == 0)


def _kaiser_size(stopband_db: float, transition: float) -> int:
    return kaiser_order(stopband_db, transition)[0]


def _windowed(size: int, cutoff: float, beta: float, transition: float) -> Array:  # noqa: ARG001
    return windowed_sinc(size, cutoff, beta)


def _recipe(taps: Callable[..., Array] = _windowed, size: Callable[..., int] = _kaiser_size) -> Callable[..., Array]:
    """A design that trusts the estimate: ``taps(k, cutoff, beta, transition)`` with k from ``size(db, transition)``."""

    def wrong(cutoff: float, transition: float, stopband_db: float) -> Array:
        k, beta = _odd(size(stopband_db, transition)), kaiser_order(stopband_db, transition)[1]
        return taps(k, cutoff, beta, transition)

    return wrong


def _normalised(taps: Array) -> Array:
    return taps / taps.sum()


def _sinc(k: int, cutoff: float, centre: float | None = None) -> Array:
    return np.sinc(2 * cutoff * (np.arange(k) - ((k - 1) / 2 if centre is None else centre)))


def _even(cutoff: float, transition: float, stopband_db: float) -> Array:
    k, beta = kaiser_order(stopband_db, transition)
    return windowed_sinc(k, cutoff, beta)


DESIGN_LOWPASS = Task(
    reference=design_lowpass,
    summary="taps of a low-pass filter that keeps to what is asked in the pass-band and in the stop-band.",
    properties=(
        Property(
            "an odd number of taps, symmetric, with sum 1",
            1,
            _specs(EVEN),
            _ill_formed,
            "make the size odd, count t from the middle tap, and divide by the sum at the end.",
        ),
        Property(
            "the pass-band is passed",
            1,
            _specs(SPECS),
            _passband,
            "from 0 to cutoff - transition/2 the response must lie within 1 ± δ, with δ = 10^(-A/20).",
        ),
        Property(
            "the stop-band is stopped",
            1,
            _specs(SPECS),
            _stopband,
            "from cutoff + transition/2 to 1/2 the response must lie within ± δ, with δ = 10^(-A/20).",
        ),
        Property(
            "both, with no more taps than needed",
            1,
            _specs(SPECS),
            _too_long,
            "begin with Kaiser's estimate, measure the response, and add two taps at a time until it holds.",
        ),
    ),
    mistakes=(
        Mistake(
            "cutoff counted in halves of the sampling rate",
            _recipe(lambda k, f, beta, _: windowed_sinc(k, f / 2, beta)),
            "Your filter stops at half the frequency. Here cutoff is in cycles per sample, so the sinc is "
            "sinc(2 · cutoff · t); only where 1 stands for the highest frequency is it sinc(cutoff · t).",
            "Who calls it what",
        ),
        Mistake(
            "no window",
            _recipe(lambda k, f, beta, _: windowed_sinc(k, f)),
            "A sinc that is merely cut off ripples by nine per cent at its edge, however long it is. Multiply by "
            "np.kaiser(k, beta).",
        ),
        Mistake(
            "one window for all",
            _recipe(lambda k, f, beta, _: _normalised(_sinc(k, f) * np.hamming(k))),
            "A Hamming window cannot be told how much to stop. Kaiser's can: np.kaiser(k, beta), with beta from A.",
        ),
        Mistake(
            "the gain is forgotten",
            _recipe(lambda k, f, beta, _: _sinc(k, f) * np.kaiser(k, beta)),
            "A constant must pass unchanged, so the taps must add up to 1. Yours add up to about 1 / (2 · cutoff).",
        ),
        Mistake(
            "almost normalised",
            _recipe(lambda k, f, beta, _: 2 * f * _sinc(k, f) * np.kaiser(k, beta)),
            "With the factor 2 · cutoff the whole sinc adds up to 1, but not the part under the window. Divide by the "
            "sum of the taps.",
        ),
        Mistake(
            "centred between two taps",
            _recipe(lambda k, f, beta, _: _normalised(_sinc(k, f, k / 2) * np.kaiser(k, beta))),
            "The middle of taps 0 … k - 1 is (k - 1) / 2, not k / 2: sinc and window must have one centre.",
        ),
        Mistake(
            "the cutoff at the edge of the stop-band",
            _recipe(lambda k, f, beta, width: windowed_sinc(k, f + width / 2, beta)),
            "At its cutoff the sinc has fallen only to one half. The cutoff belongs in the middle of the transition.",
        ),
        Mistake(
            "the estimate is taken on trust",
            _recipe(),
            "Kaiser's formula is an estimate, and dividing by the sum moves the ripple: measure the response, "
            "and take two more taps until it keeps to what was asked.",
        ),
        Mistake(
            "an even number of taps",
            _even,
            "Kaiser's estimate may be even. Then no tap is in the middle, and outputs lie between samples: add one.",
        ),
        Mistake(
            "the transition in radians forgotten",
            _recipe(size=lambda db, width: int(np.ceil((db - 7.95) / (2.285 * width) + 1))),
            "2.285 goes with a width in radians per sample. With cycles per sample it is 2.285 · 2π = 14.36; "
            "your filter is six times as long as needed.",
        ),
        Mistake(
            "half of the transition",
            _recipe(size=lambda db, width: _kaiser_size(db, width / 2)),
            "`transition` is the whole width between the bands; you used half of it, and the filter got twice as long.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The windowed sinc",
)

# --------------------------------------------------------------------------- hide


def hide(cover: Array, secret: Array, rows: Array, columns: Array) -> Array:
    """The picture nearest to `cover` whose small version ``rows @ x @ columns.T`` is `secret`."""
    missing = secret - rows @ cover @ columns.T
    return cover + np.linalg.pinv(rows) @ missing @ np.linalg.pinv(columns).T


def _blurring(size: int, taps: int, stride: int) -> Array:
    """The matrix of a blur-pool."""
    return blur_pool1d(np.eye(size), taps, stride).T.copy()


MIXING = (_blurring(8, 3, 2), interpolation_matrix(9, 3, antialias=True))


def _covers(*makers: Callable[[Generator], tuple[Array, Array]]) -> Cases:
    """For each maker of two matrices a cover and a secret that fit, twice."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for make in 2 * makers:
            rows, columns = make(rng)
            cover, secret = distinct(rng, len(rows.T), len(columns.T)), distinct(rng, len(rows), len(columns))
            yield {"cover": cover, "secret": secret, "rows": rows, "columns": columns}

    return draw


def _plain(rng: Generator) -> tuple[Array, Array]:
    return sampling_matrix(int(rng.integers(5, 9)), 2), sampling_matrix(int(rng.integers(7, 12)), 3)


def _bilinear(rng: Generator) -> tuple[Array, Array]:
    return interpolation_matrix(int(rng.integers(9, 13)), 3), interpolation_matrix(int(rng.integers(7, 10)), 2)


def _blurs(rng: Generator) -> tuple[Array, Array]:
    return _blurring(int(rng.integers(6, 10)), 3, 2), _blurring(int(rng.integers(8, 12)), 5, 3)


def _uneven(rng: Generator) -> tuple[Array, Array]:
    return _blurring(int(rng.integers(4, 7)), 2, 2), interpolation_matrix(10, int(rng.integers(2, 5)), antialias=True)


def _kept_pixels(expected: Array, got: Array) -> Refusal | None:
    return wrong_shape(expected, got) or wrong_values(expected[::2, ::3], got[::2, ::3])


def _small_version(expected: Array, got: Array) -> Refusal | None:
    rows, columns = MIXING
    return wrong_shape(expected, got) or wrong_values(rows @ expected @ columns.T, rows @ got @ columns.T)


def _pixels_replaced(cover: Array, secret: Array, rows: Array, columns: Array) -> Array:
    picture = cover.copy()
    down, across = (-(-m.shape[1] // m.shape[0]) for m in (rows, columns))
    kept = picture[::down, ::across]
    if kept.shape != secret.shape:
        raise ValueError(f"could not broadcast input array from shape {secret.shape} into shape {kept.shape}")
    kept[...] = secret
    return picture


def _changed(by: Callable[[Array, Array, Array], Array], start: float = 1.0) -> Callable[..., Array]:
    """Answers of the form ``cover + by(missing, rows, columns)``."""
    return lambda cover, secret, rows, columns: start * cover + by(secret - rows @ cover @ columns.T, rows, columns)


def _inverted(missing: Array, rows: Array, columns: Array) -> Array:
    return np.linalg.pinv(rows) @ missing @ np.linalg.pinv(columns).T


HIDE = Task(
    reference=hide,
    summary="the picture nearest to `cover` whose small version is `secret`.",
    properties=(
        Property(
            "the pixels that plain sampling keeps show the secret",
            0.5,
            _covers(_plain),
            _kept_pixels,
            "with two sampling matrices the small version is x[::2, ::3].",
        ),
        Property(
            "and all others are the cover's",
            1,
            _covers(_plain),
            wrong_values,
            "a pixel that nobody reads need not change.",
        ),
        Property(
            "the small version is the secret when it mixes pixels",
            1,
            _covers(lambda _: MIXING),
            _small_version,
            "how much is missing in the small version of the cover? Which change of the large picture brings it?",
        ),
        Property(
            "the change is as small as it can be",
            1.5,
            _covers(_bilinear, _blurs, _uneven),
            wrong_values,
            "of all x with A x = b, the one with the least sum of squares is pinv(A) @ b.",
        ),
    ),
    mistakes=(
        Mistake(
            "the cover is lost",
            lambda cover, secret, rows, columns: _inverted(secret, rows, columns),
            "The small version is right, but nothing of the cover is left. Change the cover by what is missing only.",
        ),
        Mistake(
            "the whole secret added",
            lambda cover, secret, rows, columns: cover + _inverted(secret, rows, columns),
            "The small version of the cover shows through. Add what is missing: secret - rows @ cover @ columns.T.",
        ),
        Mistake(
            "the wrong sign",
            _changed(lambda *given: -_inverted(*given)),
            "The change goes away from the secret: what is missing is the secret less the small version of the cover.",
        ),
        Mistake(
            "transposed and not inverted",
            _changed(lambda missing, rows, columns: rows.T @ missing @ columns),
            "rows.T carries the small picture back to the pixels it came from, but with the wrong strength as soon as "
            "pixels are mixed: rows @ rows.T is not the identity then.",
        ),
        Mistake(
            "pixels replaced, mixing ignored",
            _pixels_replaced,
            "That defeats x[::s, ::s] alone. A small version that mixes pixels also reads their neighbours.",
        ),
        Mistake(
            "the columns not transposed",
            _changed(lambda missing, rows, columns: np.linalg.pinv(rows) @ missing @ np.linalg.pinv(columns)),
            "columns works from the right, as columns.T: its pseudo-inverse must be transposed too.",
        ),
        Mistake(
            "clipped",
            lambda *args, **given: np.clip(hide(*args, **given), 0, 1),
            "Clipping comes after the change was computed and spoils it. Nothing asks for values between 0 and 1 here.",
        ),
        Mistake(
            "the small picture returned",
            lambda cover, secret, rows, columns: secret - rows @ cover @ columns.T,
            "That is what is missing in the small version. The answer has the size of the cover.",
        ),
    ),
    forbidden=LIBRARIES,
    section="A picture that says something else",
)

TASKS = (ALIAS_FREQUENCY, FOLDING_MATRIX, BLUR_POOL2D, DESIGN_LOWPASS, HIDE)

check_alias_frequency = make_check(ALIAS_FREQUENCY)
check_folding_matrix = make_check(FOLDING_MATRIX)
check_blur_pool2d = make_check(BLUR_POOL2D)
check_design_lowpass = make_check(DESIGN_LOWPASS)
check_hide = make_check(HIDE)
