"""Tasks of the chapter on the checkerboard."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator

from resampling import (
    clean_projection,
    conv_output_size,
    expand_kernel,
    gradient_checkerboard,
    is_checkerboard_free,
    nyquist_energy,
)
from resampling import phase_gains as phase_gains_of
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import Refusal, item, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]
Kernels = Sequence[Array]
Stack = tuple[Array, int, bool]

# --------------------------------------------------------------------------- gradient_pattern


def gradient_pattern(weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    """The library's `gradient_checkerboard` of one signal."""
    return gradient_checkerboard(weight, length, stride, padding)


def _windows(*fixed: tuple[int, int, dict[str, int]], **spans: tuple[int, int]) -> Cases:
    """The given (taps, length, options), then three random ones with options in `spans`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for taps, length, options in fixed:
            yield {"weight": distinct(rng, taps), "length": length, **options}
        for _ in range(3):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            taps = int(rng.integers(3, 6))
            length = taps + int(rng.integers(4, 9))
            yield {"weight": distinct(rng, taps), "length": length, **options}

    return draw


def _painted(
    sample: Callable[[int, int, int, int], int] = lambda i, t, s, p: s * i + t - p,
    windows: Callable[[int, int, int, int], int] = conv_output_size,
    lay: Callable[[float, float], float] = lambda old, tap: old + tap,
    outside: Callable[[int, int], bool] = lambda j, n: not 0 <= j < n,
) -> Callable[..., Array]:
    """The pattern of somebody who finds other samples or windows, or lays the taps in another way."""

    def wrong(weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
        out = np.zeros(length)
        for i in range(windows(length, len(weight), stride, padding)):
            for t, tap in enumerate(weight):
                j = sample(i, t, stride, padding)
                if not outside(j, length):
                    out[j] = lay(out[j], tap)
        return out

    return wrong


def _only_what_was_read(weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    out = gradient_pattern(weight, length, stride, padding)
    last = stride * (conv_output_size(length, len(weight), stride, padding) - 1) + len(weight) - padding
    return out[:last]


def _mean_of_the_outputs(weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    windows = conv_output_size(length, len(weight), stride, padding)
    return gradient_pattern(weight, length, stride, padding) / windows


GRADIENT_PATTERN = Task(
    reference=gradient_pattern,
    summary="for each sample of x, the sum of the taps that have read it in a convolution.",
    properties=(
        Property(
            "one number for each sample of x",
            0.5,
            _windows((3, 8, {"stride": 2}), (2, 9, {"stride": 4}), (1, 5, {"stride": 3})),
            wrong_shape,
            "samples that no window reads have a gradient too: 0.",
        ),
        Property(
            "stride 1",
            0.5,
            _windows((2, 5, {}), (3, 7, {})),
            wrong_values,
            "window i reads the samples i, i + 1, …, i + k - 1, and tap t reads sample i + t.",
        ),
        Property(
            "stride",
            1,
            _windows((3, 8, {"stride": 2}), (2, 9, {"stride": 4}), (4, 9, {"stride": 2}), stride=(2, 4)),
            wrong_values,
            "window i begins at sample s * i.",
        ),
        Property(
            "padding",
            1,
            _windows((3, 8, {"stride": 2, "padding": 1}), (4, 5, {"padding": 2}), stride=(2, 4), padding=(1, 3)),
            wrong_values,
            "window 0 begins at sample -p; a tap over the padding reads no sample of x.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernel flipped",
            lambda weight, length, *a, **k: gradient_pattern(weight[::-1].copy(), length, *a, **k),
            "In deep learning tap t reads sample s*i + t - p. Yours reads the window from its end.",
        ),
        Mistake(
            "samples that no window reads are missing",
            _only_what_was_read,
            "The gradient has a number for each sample of x; the last ones may be 0, because no window reads them.",
        ),
        Mistake(
            "windows counted, not taps added",
            lambda weight, length, *a, **k: gradient_pattern(np.ones_like(weight), length, *a, **k),
            "That is the number of windows that read each sample: the overlap. The gradient adds their taps.",
            "Counting is right for constant kernels",
        ),
        Mistake(
            "the last tap replaces the others",
            _painted(lay=lambda old, tap: tap),
            "Where windows overlap, several taps read one sample: add to what is there, with +=.",
        ),
        Mistake(
            "windows move by one sample",
            _painted(sample=lambda i, t, s, p: i + t - p),
            "You have the right number of windows, but window i begins at sample s * i - p.",
        ),
        Mistake(
            "the stride is left out",
            lambda weight, length, stride=1, padding=0: gradient_pattern(weight, length, 1, padding),
            "With a stride there are fewer windows, s samples apart. Yours reads at every place.",
        ),
        Mistake(
            "padding shifts the wrong way",
            _painted(sample=lambda i, t, s, p: s * i + t + p),
            "Padding puts zeros before x[0], so window 0 begins at sample -p: subtract the padding.",
        ),
        Mistake(
            "padding makes windows but shifts none",
            _painted(sample=lambda i, t, s, p: s * i + t),
            "Padding makes more windows and also moves the first one: it begins at sample -p.",
        ),
        Mistake(
            "the padding is left out",
            _painted(sample=lambda i, t, s, p: s * i + t, windows=lambda n, k, s, p: conv_output_size(n, k, s)),
            "Windows may hang over both ends by p samples: there are (n + 2p - k) // s + 1 of them.",
        ),
        Mistake(
            "taps over the padding wrap around",
            _painted(outside=lambda j, n: not -n <= j < n),
            "out[-1] is Python's last sample. A tap over the padding reads a zero and no sample of x: skip it.",
        ),
        Mistake(
            "gradient of the mean",
            _mean_of_the_outputs,
            "You differentiated the mean of the outputs. The task takes their sum: do not divide.",
        ),
        Mistake(
            "one window too few",
            _painted(windows=lambda n, k, s, p: conv_output_size(n, k, s, p) - 1),
            "The + 1 in (n + 2p - k) // s + 1 counts the window at the beginning.",
        ),
        Mistake(
            "a window over the end",
            _painted(windows=lambda n, k, s, p: conv_output_size(n + s - 1, k, s, p)),
            "The // in (n + 2p - k) // s + 1 rounds down: a last window that does not fit is not read at all.",
        ),
    ),
    forbidden=(*LIBRARIES, "torch.autograd"),
    section="Third cause: the gradient",
)

# --------------------------------------------------------------------------- phase_gains


def phase_gains(weight: Array, stride: Pair, dilation: Pair = (1, 1)) -> Array:
    """The library's `phase_gains` of a kernel without channels."""
    return phase_gains_of(weight, stride, dilation)


def _planes(*fixed: tuple[Pair, Pair, Pair], dilated: bool = False, square: bool = False) -> Cases:
    """The given (kernel, stride, dilation), then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(2):
            s = tuple(map(int, rng.permutation([2, 3])))
            d = tuple(map(int, rng.permutation([1, 3]))) if dilated else (1, 1)
            drawn.append((tuple(map(int, rng.permutation([5, 4]))), s[:1] * 2 if square else s, d))
        for size, s, d in (*fixed, *drawn):
            yield {"weight": distinct(rng, *size), "stride": s} | ({"dilation": d} if dilated else {})

    return draw


def _summed(phase: Callable[[int, int, int, int], int], end: int = 1) -> Callable[..., Array]:
    """Gains by somebody who puts tap t of k into ``phase(t, k, s, d)``; `end` = -1 begins at the last tap."""

    def wrong(weight: Array, stride: Pair, dilation: Pair = (1, 1)) -> Array:
        out = np.zeros(stride)
        for tap in np.ndindex(*weight.shape):
            at = [phase(t, k, s, d) for t, k, s, d in zip(tap, weight.shape, stride, dilation, strict=True)]
            if all(0 <= a < s for a, s in zip(at, stride, strict=True)):
                out[tuple(at)] += weight[tap]
        return out[::end, ::end].copy()

    return wrong


def _mean_of_taps(weight: Array, stride: Pair, dilation: Pair = (1, 1)) -> Array:
    counts = phase_gains(np.ones_like(weight), stride, dilation)
    return phase_gains(weight, stride, dilation) / np.maximum(counts, 1)


def _marginal(weight: Array, stride: Pair, dilation: Pair = (1, 1)) -> Array:
    """Each axis by itself, and their product."""
    rows = phase_gains(weight, (stride[0], 1), (dilation[0], 1))
    return rows * phase_gains(weight, (1, stride[1]), (1, dilation[1]))


PHASE_GAINS = Task(
    reference=phase_gains,
    summary="for each phase of the output, the sum of the taps that reach it.",
    properties=(
        Property(
            "one stride for both axes",
            1,
            _planes(((2, 2), (2, 2), (1, 1)), ((3, 3), (2, 2), (1, 1)), ((4, 3), (2, 2), (1, 1)), square=True),
            wrong_values,
            "tap (t, u) belongs to the phase (t mod s0, u mod s1). Add up the taps of each.",
        ),
        Property(
            "a stride for each axis",
            1,
            _planes(((3, 5), (3, 2), (1, 1)), ((4, 3), (1, 2), (1, 1)), ((5, 4), (4, 3), (1, 1))),
            wrong_values,
            "the result has the shape of the stride, vertical first.",
        ),
        Property(
            "kernels smaller than the stride",
            0.5,
            _planes(((1, 2), (2, 3), (1, 1)), ((2, 1), (3, 4), (1, 1)), ((1, 3), (4, 2), (1, 1))),
            wrong_values,
            "a phase that no tap reaches has the gain 0.",
        ),
        Property(
            "dilation",
            1,
            _planes(((3, 3), (2, 2), (2, 1)), ((3, 4), (4, 3), (2, 2)), ((4, 3), (3, 3), (2, 4)), dilated=True),
            wrong_values,
            "tap t stands d * t samples behind the first one, and (d * t) mod s is its phase.",
        ),
    ),
    mistakes=(
        Mistake(
            "rows and columns swapped",
            lambda *a, **k: phase_gains(*a, **k).T.copy(),
            "The first axis of the result is the vertical phase, from the first axis of the kernel.",
        ),
        Mistake(
            "the strides of the two axes exchanged",
            lambda weight, stride, dilation=(1, 1): phase_gains(weight, stride[::-1], dilation),
            "stride is (vertical, horizontal), like the axes of the kernel.",
        ),
        Mistake(
            "taps counted",
            lambda weight, stride, dilation=(1, 1): phase_gains(np.ones_like(weight), stride, dilation),
            "That is the overlap. What reaches the output is the sum of the taps: add weight[t, u], not 1.",
            "Counting is right for constant kernels",
        ),
        Mistake(
            "mean of the taps",
            _mean_of_taps,
            "On a constant the taps of a phase add up; nothing divides them by their number.",
        ),
        Mistake(
            "blocks of neighbours added",
            _summed(lambda t, k, s, d: t // -(-k // s)),
            "A phase holds every s-th tap, weight[r], weight[r + s], …, and not neighbours.",
        ),
        Mistake(
            "only the first tap of each phase",
            _summed(lambda t, k, s, d: d * t if d * t < s else -1),
            "A phase may hold several taps: weight[r], weight[r + s], weight[r + 2s], … Add them all.",
        ),
        Mistake(
            "counted from the last tap",
            _summed(lambda t, k, s, d: d * (k - 1 - t) % s),
            "The gains are right, but in another order: tap 0 belongs to phase 0.",
        ),
        Mistake(
            "the last phase first",
            _summed(lambda t, k, s, d: d * t % s, end=-1),
            "The gains are right, but backwards: phase (0, 0), that of the first tap, stands at [0, 0].",
        ),
        Mistake(
            "dilation left out",
            lambda weight, stride, dilation=(1, 1): phase_gains(weight, stride),
            "With dilation tap t stands at sample d * t, so its phase is (d * t) mod s.",
            "Strides, dilation, two dimensions",
        ),
        Mistake(
            "dilation lengthens the stride",
            _summed(lambda t, k, s, d: t % (s * d)),
            "The taps move apart, the stride stays: the phase of tap t is (d * t) mod s, not t mod (s * d).",
        ),
        Mistake(
            "each axis by itself",
            _marginal,
            "Gains of rows times gains of columns are those of a separable kernel. In general add up the taps "
            "weight[t, u] of each pair of phases.",
            "Strides, dilation, two dimensions",
        ),
    ),
    forbidden=LIBRARIES,
    section="The exact rule",
)

# --------------------------------------------------------------------------- nyquist_score


def nyquist_score(x: Array, stride: Pair = (2, 2)) -> float:
    """The library's `nyquist_energy` of one picture, without the last digits, which rounding decides."""
    return round(float(nyquist_energy(x, stride)), 12)


def _wrong_score(expected: float, got: float) -> Refusal | None:
    """Five decimals: who computes in float32 has them."""
    return None if abs(got - expected) < 1e-5 else wrong_values(expected, got)


def _pictures(*fixed: tuple[Pair, Pair], strides: Pair = (2, 3), tail: bool = False) -> Cases:
    """Random pictures of the given (blocks, stride), then two of `strides`; with a `tail` behind the last block."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [(tuple(map(int, rng.integers(2, 5, 2))), tuple(map(int, rng.permutation(strides)))) for _ in range(2)]
        for blocks, s in (*fixed, *drawn):
            size = [n * step + tail * (step - 1) for n, step in zip(blocks, s, strict=True)]
            yield {"x": distinct(rng, *size) + np.tile(distinct(rng, *s), (9, 9))[: size[0], : size[1]], "stride": s}

    return draw


def _patterns(rng: Generator) -> Iterator[Arguments]:
    """Patterns of the period of the stride; the last one is faint."""
    for blocks, s, level in (((2, 3), (2, 2), 0), ((3, 2), (2, 3), 0), ((2, 4), (4, 3), 0), ((3, 5), (3, 2), 5)):
        yield {"x": level + (0.005 if level else 1) * np.tile(distinct(rng, *s), blocks), "stride": s}


def _constants(rng: Generator) -> Iterator[Arguments]:
    """Pictures of one number; in the last one it is a little rounded."""
    for size, s in (((4, 4), (2, 2)), ((6, 4), (3, 2)), ((4, 3), (1, 1)), ((4, 6), (2, 3))):
        noise = distinct(rng, *size) * (1e-7 if s == (2, 3) else 0)
        yield {"x": int(rng.integers(1, 9)) / 2 * (1 + noise), "stride": s}


def _whole_blocks(x: Array, stride: Pair) -> Array:
    return x[: x.shape[0] // stride[0] * stride[0], : x.shape[1] // stride[1] * stride[1]]


def _is_flat(x: Array) -> bool:
    return bool(np.var(x) <= 1e-10 * np.mean(x * x))


def _by_bins(
    weigh: Callable[[Array], Array] = lambda energy: energy,
    dc_above: bool = False,
    dc_below: bool = False,
    tested: bool = True,
    bins: Callable[[Array, Pair], Array] = lambda energy, s: energy[
        :: energy.shape[0] // s[0], :: energy.shape[1] // s[1]
    ],
) -> Callable[..., float]:
    """A score from the DFT by somebody who weighs it otherwise, counts the mean, tests nothing, or takes other bins."""

    def wrong(x: Array, stride: Pair = (2, 2)) -> float:
        x = _whole_blocks(x, stride)
        if tested and _is_flat(x) and not (dc_above or dc_below):
            return 0.0
        energy = weigh(np.abs(np.fft.fft2(x)) ** 2)
        taken = bins(energy, stride)
        above = np.sum(taken) - (0 if dc_above else energy[0, 0] * (taken[0, 0] == energy[0, 0]))
        with np.errstate(invalid="ignore"):
            return float(above / (np.sum(energy) - (0 if dc_below else energy[0, 0])))

    return wrong


def _cross(energy: Array, s: Pair) -> Array:
    """The multiples of 1/s on the two axes of the spectrum only."""
    rows, columns = energy[:: energy.shape[0] // s[0], 0], energy[0, :: energy.shape[1] // s[1]]
    return np.concatenate([rows, columns[1:]])[None]


def _corner(energy: Array, s: Pair) -> Array:
    """The mean, and the highest frequency of the pattern on both axes."""
    row, column = (step // 2 * (n // step) for n, step in zip(energy.shape, s, strict=True))
    return np.array([[energy[0, 0], energy[row, column]]])


def _every_sample(x: Array, stride: Pair = (2, 2)) -> float:
    """The share of the variance that phases explain, samples behind the last block included."""
    if _is_flat(x):
        return 0.0
    means = np.zeros_like(x)
    for a, b in np.ndindex(*stride):
        means[a :: stride[0], b :: stride[1]] = np.mean(x[a :: stride[0], b :: stride[1]])
    return float(np.var(means) / np.var(x))


def _for_stride_two(x: Array, stride: Pair = (2, 2)) -> float:
    del stride
    return float(nyquist_energy(x, (2, 2)))


NYQUIST_SCORE = Task(
    reference=nyquist_score,
    summary="the share of the AC energy at the multiples of 1/s cycles/sample.",
    properties=(
        Property(
            "a pure pattern scores 1",
            0.5,
            _patterns,
            _wrong_score,
            "a pattern of period s has no other frequencies but the multiples of 1/s.",
        ),
        Property(
            "a constant scores 0",
            0.5,
            _constants,
            _wrong_score,
            "there is no AC energy to share out. Test for it before you divide, with the limit that the task gives.",
        ),
        Property(
            "in between, with stride 2",
            1,
            _pictures(((2, 2), (2, 2)), ((3, 2), (2, 2)), ((2, 4), (2, 2)), strides=(2, 2)),
            _wrong_score,
            "which entries of np.fft.fft2(x) belong to 0 and 1/2? Or else: what are the means of the phases?",
        ),
        Property(
            "a stride for each axis",
            1,
            _pictures(((2, 3), (3, 2)), ((3, 2), (1, 3)), ((2, 2), (4, 3))),
            _wrong_score,
            "the frequencies are (m0 / s0, m1 / s1): the DFT of n samples has m / s at index m * n / s.",
        ),
        Property(
            "samples behind the last whole block are left out",
            0.5,
            _pictures(((2, 3), (2, 2)), ((3, 2), (3, 2)), tail=True),
            _wrong_score,
            "crop each axis to a multiple of its stride before anything else.",
        ),
    ),
    mistakes=(
        Mistake(
            "a constant scores 1",
            lambda x, stride=(2, 2): 1.0 if _is_flat(_whole_blocks(x, stride)) else nyquist_score(x, stride),
            "In a constant nothing varies, so there is no pattern either: its score is 0.",
        ),
        Mistake(
            "the mean counts as a pattern",
            _by_bins(dc_above=True, dc_below=True),
            "The frequency 0 is the brightness, not a pattern: leave it out above and below.",
        ),
        Mistake(
            "the mean counts below",
            _by_bins(dc_below=True),
            "AC energy is all but the frequency 0. Leave it out below too, or a bright picture scores less than a dark "
            "one with the same pattern.",
        ),
        Mistake(
            "amplitudes instead of energies",
            _by_bins(weigh=np.sqrt),
            "Energy is the square of the amplitude: take abs(X) ** 2 before you add.",
        ),
        Mistake(
            "the spectrum shifted",
            _by_bins(weigh=np.fft.fftshift),
            "np.fft.fftshift moves the frequency 0 from [0, 0] to the middle, and all others with it. Leave it out.",
        ),
        Mistake(
            "only the corner of the spectrum",
            _by_bins(bins=_corner),
            "A stripe is a pattern too. Take all frequencies (m0/s0, m1/s1) but (0, 0), not only the highest.",
        ),
        Mistake(
            "only the axes of the spectrum",
            _by_bins(bins=_cross),
            "You took (m0/s0, 0) and (0, m1/s1). The pattern of a chessboard lies where both are not 0.",
        ),
        Mistake(
            "the strides exchanged",
            lambda x, stride=(2, 2): _by_bins()(x, stride[::-1]),
            "stride is (vertical, horizontal), like the axes of the picture.",
        ),
        Mistake(
            "always stride 2",
            _for_stride_two,
            "The pattern of a layer with stride s has the frequencies m/s, not only 1/2.",
        ),
        Mistake(
            "the last samples kept",
            _every_sample,
            "Samples behind the last whole block make phases of different size. Crop to multiples of the stride.",
        ),
        Mistake(
            "square root",
            lambda x, stride=(2, 2): float(np.sqrt(nyquist_score(x, stride))),
            "That is a share of amplitudes. The score is the share of the energy, without a root.",
        ),
        Mistake(
            "the other share",
            lambda x, stride=(2, 2): 1.0 - nyquist_score(x, stride),
            "You return what is left without the pattern. A pure pattern should score 1.",
        ),
        Mistake(
            "nothing divided by nothing",
            _by_bins(tested=False),
            "A constant has no AC energy: 0 / 0 is nan, and what rounding leaves has a share as well. Test first.",
        ),
    ),
    forbidden=LIBRARIES,
    section="How strong is it?",
)

# --------------------------------------------------------------------------- clean_kernel


def clean_kernel(weight: Array, stride: int) -> Array:
    """The library's `clean_projection` on one axis."""
    return clean_projection(weight, stride)


def _layers(*fixed: tuple[int, int, int, int]) -> Cases:
    """Weights of the given (inputs, outputs, taps, stride), each drawn twice."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for ins, outs, taps, s in (*fixed, *fixed):
            yield {"weight": distinct(rng, ins, outs, taps), "stride": s}

    return draw


def _phases(k: int, s: int) -> Array:
    """(k, s), 1 where tap t is in phase r."""
    return (np.arange(k)[:, None] % s == np.arange(s)).astype(float)


def _levelled(
    level: Callable[[Array, Array], Array],
    share: Callable[[Array], Array],
    phases: Callable[[int, int], Array] = _phases,
) -> Callable[..., Array]:
    """Gains moved to ``level(gains, counts)`` by somebody whose taps take ``share(phases)`` of the correction."""

    def wrong(weight: Array, stride: int) -> Array:
        member = phases(weight.shape[-1], stride)
        gains = weight @ member
        return weight + (level(gains, member.sum(axis=0)) - gains) @ share(member).T

    return wrong


def _best_level(gains: Array, counts: Array) -> Array:
    share = 1 / np.maximum(counts, 1)
    best = np.sum(gains * share, axis=-1, keepdims=True) / np.sum(share)
    return best if np.all(counts) else 0 * best


def _plain_mean(gains: Array, counts: Array) -> Array:
    del counts
    return np.mean(gains, axis=-1, keepdims=True)


def _mean_of_present(gains: Array, counts: Array) -> Array:
    """Somebody who forgets the phases without taps."""
    if np.all(counts):
        return _best_level(gains, counts)
    share = (counts > 0) / np.maximum(counts, 1)
    return np.sum(gains * share, axis=-1, keepdims=True) / np.sum(share)


def _even(member: Array) -> Array:
    return member / np.maximum(member.sum(axis=0), 1)


def _first(member: Array) -> Array:
    return member * (np.cumsum(member, axis=0) == 1)


def _neighbours(k: int, s: int) -> Array:
    return (np.arange(k)[:, None] // -(-k // s) == np.arange(s)).astype(float)


def _scaled(weight: Array, stride: int) -> Array:
    member = _phases(weight.shape[-1], stride)
    gains = weight @ member
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = _best_level(gains, member.sum(axis=0)) / gains
        return np.nan_to_num(weight * factor[..., np.arange(weight.shape[-1]) % stride])


def _alternating(weight: Array, stride: int) -> Array:
    """Somebody who removes the frequency 1/2, whatever the stride."""
    del stride
    wave = (-1.0) ** np.arange(weight.shape[-1])
    return weight - (weight @ wave)[..., None] * wave / wave.size


CLEAN_KERNEL = Task(
    reference=clean_kernel,
    summary="the nearest kernels, in least squares, whose phase gains are equal.",
    properties=(
        Property(
            "equally many taps in every phase",
            1,
            _layers((1, 1, 4, 2), (1, 1, 6, 3), (1, 1, 6, 2)),
            wrong_values,
            "move all gains to their mean; how do the taps of a phase share the correction with the least squares?",
        ),
        Property(
            "phases with more taps and with fewer",
            1.5,
            _layers((1, 1, 3, 2), (1, 1, 5, 2), (1, 1, 5, 3), (1, 1, 7, 4)),
            wrong_values,
            "moving the gain of n taps by x costs x² / n. Which common level makes the sum of the costs least?",
        ),
        Property(
            "kernels shorter than the stride",
            0.5,
            _layers((1, 1, 2, 3), (1, 1, 1, 2), (1, 1, 3, 4)),
            wrong_values,
            "a phase that no tap reaches has the gain 0 for ever. Which gains can all the others be moved to?",
        ),
        Property(
            "each pair of channels by itself",
            1,
            _layers((2, 1, 4, 2), (1, 3, 3, 2), (2, 2, 4, 3)),
            wrong_values,
            "weight[q, c] is the kernel from channel q to channel c. Each has its own level.",
        ),
    ),
    mistakes=(
        Mistake(
            "to the plain mean of the gains",
            _levelled(_plain_mean, _even),
            "Clean, but not the nearest: the gain of one tap is dearer to move than that of two. Weigh by 1 / n.",
            "The nearest clean kernel",
        ),
        Mistake(
            "the first tap pays for its phase",
            _levelled(_best_level, _first),
            "Clean, but not the nearest: n taps that share a correction evenly change by less in least squares.",
            "The nearest clean kernel",
        ),
        Mistake(
            "every tap takes the whole correction",
            _levelled(_best_level, lambda member: member),
            "A phase of n taps then moves n times too far. Each of its taps takes 1 / n of the correction.",
        ),
        Mistake(
            "phases scaled",
            _scaled,
            "Multiplying makes the gains equal too, but it moves large taps more than small ones, and fails where a "
            "gain is 0. Add the same number to each tap of a phase.",
            "The nearest clean kernel",
        ),
        Mistake(
            "phases without taps forgotten",
            _levelled(_mean_of_present, _even),
            "With k < s some phases have no tap, so their gain is 0. Equal gains are then all 0, and so is the kernel.",
        ),
        Mistake(
            "one level for all channels",
            _levelled(lambda g, n: np.mean(_best_level(g, n)) + 0 * g[..., :1], _even),
            "Each pair of channels has gains of its own, and its own level. Do not average over channels.",
        ),
        Mistake(
            "all taps equal",
            lambda weight, stride: np.mean(weight, axis=-1, keepdims=True) + 0 * weight,
            "A constant kernel forgets what was learned, and it is clean only if s divides k. Change as little as "
            "possible.",
        ),
        Mistake(
            "neighbours taken for a phase",
            _levelled(_best_level, _even, _neighbours),
            "A phase holds every s-th tap, weight[r], weight[r + s], …, and not neighbours.",
        ),
        Mistake(
            "only the frequency 1/2 removed",
            _alternating,
            "For s = 2 that is right. A stride s has s - 1 frequencies m/s at which the kernel must vanish.",
            "The exact rule",
        ),
        Mistake(
            "gains equal and all 0",
            _levelled(lambda g, n: 0 * g[..., :1], _even),
            "That is clean, but it also removes the mean: nothing of a constant is left. Move the gains to a common "
            "level, not to 0.",
        ),
    ),
    forbidden=(*LIBRARIES, "numpy.linalg"),
    section="The nearest clean kernel",
)

# --------------------------------------------------------------------------- stack_of_layers


def stack_of_layers(weights: Kernels, strides: Sequence[int]) -> Stack:
    """Kernel and stride of the one layer that does what all do, first layer first; and whether it is clean."""
    return _stacked()(weights, strides)


def _stacked(
    join: Callable[[Array, int, Array, int], Array] = lambda w, s, v, t: np.convolve(expand_kernel(w, t), v),
    strides_of: Callable[[Sequence[int]], int] = lambda strides: int(np.prod(strides)),
    clean: Callable[[Kernels, Sequence[int], Array, int], bool] = lambda ws, ss, w, s: _is_clean(w, s),
) -> Callable[..., Stack]:
    """The layer of somebody who joins two kernels, joins the strides, or decides in another way."""

    def wrong(weights: Kernels, strides: Sequence[int]) -> Stack:
        kernel, stride = weights[0], strides[0]
        for v, t in zip(weights[1:], strides[1:], strict=True):
            kernel, stride = join(kernel, stride, v, t), stride * t
        return kernel, strides_of(strides), clean(weights, strides, kernel, strides_of(strides))

    return wrong


def _is_clean(weight: Array, stride: int) -> bool:
    return is_checkerboard_free(weight, stride, 1e-9)


def _spread(w: Array, s: int) -> Array:
    """With zeros behind the last tap as well."""
    return np.kron(w, np.eye(1, s)[0])


def _overwritten(w: Array, s: int, v: Array, t: int) -> Array:
    del s
    out = np.zeros(t * (len(w) - 1) + len(v))
    for i, tap in enumerate(w):
        out[t * i : t * i + len(v)] = tap * v
    return out


def _drawn(factor: str, s: int, taps: int, rng: Generator) -> Array:
    """A kernel with the factor ("111" is 1 + z + z²) that is clean for the stride only if the factor is."""
    box = np.array([*map(float, factor)])
    while True:
        weight = np.convolve(box, 2 * distinct(rng, taps + 1 - len(box)))
        if abs(np.sum(weight)) > 0.5 and _is_clean(weight, s) == _is_clean(box, s):
            return weight


def _stacks(*fixed: Sequence[tuple[str, int, int]]) -> Cases:
    """Stacks of (factor, stride, taps)."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for layers in fixed:
            weights = tuple(_drawn(factor, s, taps, rng) for factor, s, taps in layers)
            yield {"weights": weights, "strides": tuple(s for _, s, _ in layers)}

    return draw


TWO = (("1", 2, 3), ("1", 2, 2)), (("1", 3, 2), ("1", 2, 4)), (("1", 2, 4), ("1", 3, 3))
EXPAND = "A stack of two layers"

STACK_OF_LAYERS = Task(
    reference=stack_of_layers,
    summary="kernel and stride of the one transposed convolution that a stack is, and whether it is clean.",
    properties=(
        Property(
            "the stride of the stack",
            0.5,
            _stacks(*TWO, (("1", 3, 2), ("1", 1, 3), ("1", 2, 2))),
            item(1, wrong_values),
            "each layer multiplies the number of samples.",
        ),
        Property(
            "the kernel of two layers",
            1.5,
            _stacks(*TWO, (("1", 2, 1), ("1", 4, 3)), (("1", 2, 3), ("1", 1, 3))),
            item(0, wrong_values),
            "send a single 1 through the first layer. Which samples does the second get, and where does it paint?",
        ),
        Property(
            "the kernel of one layer, and of three",
            0.5,
            _stacks((("1", 2, 3),), (("1", 2, 2), ("1", 3, 3), ("1", 2, 2))),
            item(0, wrong_values),
            "join the first two, then treat the result as one layer.",
        ),
        Property(
            "clean or not",
            1.5,
            _stacks(
                (("1111", 2, 5), ("11", 2, 2)),
                (("111", 3, 4), ("11", 2, 3)),
                (("1", 2, 3), ("11", 2, 3)),
                (("1", 2, 4), ("1111", 2, 4)),
                (("1", 2, 3), ("1111", 2, 6)),
                (("11", 2, 3), ("1", 2, 4)),
                (("111", 3, 4), ("1", 2, 3)),
                (("1", 3, 3), ("11", 2, 3)),
                (("1", 3, 4), ("111111", 2, 6)),
                (("11", 4, 3), ("110011", 2, 6)),
                (("1", 2, 2), ("11", 2, 3), ("11", 2, 3)),
                (("11", 2, 3), ("1", 2, 2), ("1111", 2, 5)),
                (("1", 2, 2), ("1111", 2, 4), ("11", 2, 3)),
            ),
            item(2, wrong_values),
            "look at the phase gains of the stack's own kernel, with the stack's own stride.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernels convolved as they stand",
            _stacked(join=lambda w, s, v, t: np.convolve(w, v)),
            "Between the two layers lies the second stride: neighbouring taps of the first kernel are painted s2 "
            "samples apart. Expand it first.",
            EXPAND,
        ),
        Mistake(
            "the first kernel expanded by its own stride",
            _stacked(join=lambda w, s, v, t: np.convolve(expand_kernel(w, s), v)),
            "The taps of the first kernel stand on the grid in the middle. It is the stride of the *second* layer that "
            "pulls them apart.",
            EXPAND,
        ),
        Mistake(
            "the second kernel expanded",
            _stacked(join=lambda w, s, v, t: np.convolve(w, expand_kernel(v, s))),
            "The second layer paints its kernel as it is, once for each sample it gets. Expand the first one.",
            EXPAND,
        ),
        Mistake(
            "zeros behind the last tap",
            _stacked(join=lambda w, s, v, t: np.convolve(_spread(w, t), v)),
            "Between k taps there are k - 1 gaps: s(k - 1) + 1 samples. Behind the last tap there is nothing.",
        ),
        Mistake(
            "not added where they overlap",
            _stacked(join=_overwritten),
            "The copies of the second kernel overlap where it is longer than its stride: add them.",
        ),
        Mistake(
            "correlated",
            _stacked(join=lambda w, s, v, t: np.convolve(expand_kernel(w, t), v[::-1])),
            "A 1 that goes in paints the second kernel in its own order, first tap first. Yours is reversed.",
        ),
        Mistake(
            "strides added",
            _stacked(strides_of=lambda strides: int(np.sum(strides))),
            "A layer of stride s makes s times as many samples: the strides multiply.",
        ),
        Mistake(
            "the stride of the last layer",
            _stacked(strides_of=lambda strides: int(strides[-1])),
            "From the first input to the last output all layers multiply the number of samples.",
        ),
        Mistake(
            "the stride of the first layer",
            _stacked(strides_of=lambda strides: int(strides[0])),
            "The stride of the stack is the product of all: it is returned, and its phases must have equal gains.",
        ),
        Mistake(
            "clean only if all layers are",
            _stacked(clean=lambda ws, ss, w, total: all(map(_is_clean, ws, ss))),
            "That is enough, but not needed: a later kernel may vanish where an earlier one does not.",
            EXPAND,
        ),
        Mistake(
            "clean if the last layer is",
            _stacked(clean=lambda ws, ss, w, total: _is_clean(ws[-1], ss[-1])),
            "A pattern of the first layer is an ordinary signal for the second, and may well pass it. Test the whole "
            "kernel with the whole stride.",
            EXPAND,
        ),
        Mistake(
            "clean if the first layer is",
            _stacked(clean=lambda ws, ss, w, total: _is_clean(ws[0], ss[0])),
            "A later layer may paint a checkerboard of its own on what the first has left clean.",
            EXPAND,
        ),
        Mistake(
            "clean if the strides divide the sizes",
            _stacked(clean=lambda ws, ss, w, total: all(len(v) % s == 0 for v, s in zip(ws, ss, strict=True))),
            "k divisible by s is neither necessary nor sufficient. Compare the phase gains.",
            "Counting is right for constant kernels",
        ),
    ),
    forbidden=(*LIBRARIES, "numpy.polymul"),
    section=EXPAND,
)

# --------------------------------------------------------------------------- after_nearest


def after_nearest(kernel: Array, stride: int) -> Array:
    """Of the convolution behind nearest upsampling: the kernel divided by the box, turned, channels swapped."""
    quotient = np.stack([np.polydiv(row, np.ones(stride))[0] for row in kernel.reshape(-1, kernel.shape[-1])])
    return quotient[:, ::-1].reshape(*kernel.shape[:2], -1).swapaxes(0, 1).copy()


def _clean_layers(*fixed: tuple[int, int, int, int]) -> Cases:
    """Clean kernels: (inputs, outputs, taps of the convolution, stride), then two random ones of one pair."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        strides = {s for *_, s in fixed}
        drawn = [(*fixed[0][:2], int(rng.integers(2, 6)), int(rng.choice(sorted(strides)))) for _ in range(2)]
        for ins, outs, taps, s in (*fixed, *drawn):
            quotient = distinct(rng, ins * outs, taps)
            kernel = np.stack([np.convolve(row, np.ones(s)) for row in quotient])
            yield {"kernel": kernel.reshape(ins, outs, -1), "stride": s}

    return draw


def _divided(
    step: Callable[[Array, list[Array], int, int], Array], turned: bool = True, swapped: bool = True, taps: int = 0
) -> Callable[..., Array]:
    """Tap after tap by ``step(kernel, taps so far, t, stride)``; not turned, channels not swapped, `taps` too many."""

    def wrong(kernel: Array, stride: int) -> Array:
        found: list[Array] = []
        for t in range(kernel.shape[-1] - stride + 1 + taps):
            found.append(step(kernel, found, t, stride))
        out = np.stack(found, axis=-1)[..., :: -1 if turned else 1]
        return (out.swapaxes(0, 1) if swapped else out).copy()

    return wrong


def _quotient_tap(kernel: Array, found: list[Array], t: int, s: int) -> Array:
    return kernel[..., t] - sum(found[max(0, t - s + 1) : t])


AFTER_NEAREST = Task(
    reference=after_nearest,
    summary="the weight of the convolution which, after nearest upsampling, does what a clean transposed one does.",
    properties=(
        Property(
            "the right number of taps",
            0.5,
            _clean_layers((1, 1, 3, 2), (1, 1, 2, 3), (1, 1, 4, 4)),
            wrong_shape,
            "the box of s ones and the new kernel, convolved, have k taps.",
        ),
        Property(
            "stride 2",
            1,
            _clean_layers((1, 1, 2, 2), (1, 1, 3, 2), (1, 1, 5, 2)),
            wrong_values,
            "what does the pair of layers make of a single 1? Its first sample tells you one tap, the next the next.",
        ),
        Property(
            "larger strides",
            1,
            _clean_layers((1, 1, 3, 3), (1, 1, 2, 4), (1, 1, 5, 3), (1, 1, 4, 5)),
            wrong_values,
            "tap t of the transposed kernel is the sum of s taps of the new one, those from t - s + 1 to t.",
        ),
        Property(
            "channels",
            1,
            _clean_layers((2, 3, 2, 2), (3, 1, 3, 2), (2, 2, 2, 3)),
            wrong_values,
            "a convolution has its output channels first, a transposed one its input channels.",
        ),
    ),
    mistakes=(
        Mistake(
            "not turned round",
            _divided(_quotient_tap, turned=False),
            "The transposed layer paints its kernel, the convolution reads with it: first tap and last change places.",
        ),
        Mistake(
            "channels not swapped",
            _divided(_quotient_tap, swapped=False),
            "The weight of a convolution is (C_out, C_in, taps); that of a transposed one (C_in, C_out, taps).",
        ),
        Mistake(
            "differences of the kernel's taps",
            _divided(lambda w, found, t, s: w[..., t] - (w[..., t - 1] if t else 0)),
            "Subtract the s - 1 taps that you *found* last: not taps of the kernel given, nor all found so far.",
        ),
        Mistake(
            "only one tap subtracted",
            _divided(lambda w, found, t, s: w[..., t] - (found[-1] if t else 0)),
            "For s = 2 that is right. The box has s ones, so s - 1 taps found before reach this place.",
        ),
        Mistake(
            "the first taps kept",
            _divided(lambda w, found, t, s: w[..., t]),
            "Cutting changes the layer: after the box each tap is spread over s samples. It must be divided out.",
        ),
        Mistake(
            "divided by s",
            _divided(lambda w, found, t, s: w[..., t] / s),
            "Nearest upsampling copies, it does not average. The taps have to be found so that s of them add up.",
        ),
        Mistake(
            "the box taken for a mean",
            lambda kernel, stride: stride * after_nearest(kernel, stride),
            "Each of the s copies counts fully: the box is s ones, not s times 1/s.",
        ),
        Mistake(
            "zeros left over",
            _divided(_quotient_tap, taps=1),
            "There are k - s + 1 taps. What comes after them is the remainder of the division, which is 0.",
        ),
        Mistake(
            "multiplied by the box",
            lambda kernel, stride: np.stack(
                [[np.convolve(row, np.ones(stride))[::-1] for row in rows] for rows in kernel.swapaxes(0, 1)]
            ),
            "That upsamples twice. The kernel already contains the box: take it out.",
        ),
        Mistake(
            "every s-th tap",
            lambda kernel, stride: kernel[..., ::-stride].swapaxes(0, 1).copy(),
            "That is one phase. The new convolution runs at the high resolution and has k - s + 1 taps.",
        ),
    ),
    forbidden=(*LIBRARIES, "numpy.linalg", "numpy.polydiv", "numpy.polynomial"),
    section="What clean kernels are",
)

TASKS = (GRADIENT_PATTERN, PHASE_GAINS, NYQUIST_SCORE, CLEAN_KERNEL, STACK_OF_LAYERS, AFTER_NEAREST)

check_gradient_pattern = make_check(GRADIENT_PATTERN)
check_phase_gains = make_check(PHASE_GAINS)
check_nyquist_score = make_check(NYQUIST_SCORE)
check_clean_kernel = make_check(CLEAN_KERNEL)
check_stack_of_layers = make_check(STACK_OF_LAYERS)
check_after_nearest = make_check(AFTER_NEAREST)
