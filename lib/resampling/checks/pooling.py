"""Tasks of the chapter on pooling."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.random import Generator

import resampling
from resampling import consistency, conv2d, conv_cost, pool_cost, pool_output_size, pool_ring
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]

FORBIDDEN = (
    *LIBRARIES,
    "torch.adaptive_avg_pool1d",
    "torch.adaptive_max_pool1d",
    "torch.avg_pool1d",
    "torch.max_pool1d",
    "torch.max_pool1d_with_indices",
    "torch.max_pool2d",
    "torch.max_pool3d",
)


# --------------------------------------------------------------------------- max_pool1d


def max_pool1d(
    input: Array, kernel_size: int, stride: int, padding: int = 0, ceil_mode: bool = False
) -> tuple[Array, Array]:
    """The library's maxima and where they were found, of one row of samples."""
    values, indices = resampling.max_pool1d(input[None], kernel_size, stride, padding, 1, ceil_mode, True)
    return values[0], indices[0]


def _rows(*fixed: tuple[int, int, int], sign: float = 0, ties: bool = False, **options: Any) -> Cases:
    """The given (n, k, s), then four random ones; `sign` makes all samples of that sign, `ties` makes some equal."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [(int(rng.integers(7, 14)), int(rng.integers(2, 5)), int(rng.integers(1, 5))) for _ in range(4)]
        for n, k, s in (*fixed, *drawn):
            x = sign * np.abs(distinct(rng, n)) if sign else distinct(rng, n)
            given = {"padding": int(rng.integers(1, k // 2 + 1))} if options.get("padding") else {}
            yield {"input": np.floor(x / 3) if ties else x, "kernel_size": k, "stride": s} | given

    return draw


def _low(rng: Generator) -> Iterator[Arguments]:
    """Negative samples with padding, some of them lower than any number that one would think of."""
    yield from _rows((3, 3, 1), (5, 4, 3), sign=-1, padding=True)(rng)
    yield {"input": -1e20 * np.abs(distinct(rng, 4)), "kernel_size": 2, "stride": 2, "padding": 1}


def _tied(rng: Generator) -> Iterator[Arguments]:
    """Windows with equal maxima, in one window or in several, and windows without."""
    yield {"input": np.array([2.0, 2.0, 1.0, 5.0, 5.0, -1.0]), "kernel_size": 3, "stride": 3}
    yield {"input": np.array([1.0, 4.0, 4.0, 1.0, 4.0, 2.0, 2.0, 4.0]), "kernel_size": 2, "stride": 2}
    yield {"input": np.zeros(int(rng.integers(4, 9))), "kernel_size": 2, "stride": 2}
    yield from _rows((7, 3, 2), (5, 2, 3))(rng)


def _hanging(rng: Generator) -> Iterator[Arguments]:
    """Windows that hang over the end, and some that must not be there."""
    for n, k, s, p in ((5, 2, 2, 0), (6, 3, 2, 0), (5, 2, 3, 1), (7, 3, 4, 0), (6, 2, 2, 0), (3, 2, 4, 1)):
        yield {"input": distinct(rng, n), "kernel_size": k, "stride": s, "padding": p, "ceil_mode": True}
    for _ in range(4):
        k, s = int(rng.integers(2, 5)), int(rng.integers(2, 5))
        p = int(rng.integers(0, k // 2 + 1))
        yield {"input": -np.abs(distinct(rng, int(rng.integers(6, 13)))), "kernel_size": k, "stride": s, "padding": p,
               "ceil_mode": True}  # fmt: skip


def _pooled_with(
    border: float = -np.inf,
    best: Callable[[Array], int] = np.argmax,
    value: Callable[[Array], float] = np.max,
    place: Callable[[int, int, int, int], int] = lambda i, t, s, p: s * i + t - p,
    count: Callable[..., int] = pool_output_size,
    step: Callable[[int, int], int] = lambda k, s: s,
) -> Callable[..., tuple[Array, Array]]:
    """Max-pooling by somebody who gets one thing wrong: border, choice, value, position, count or step."""

    def wrong(
        input: Array, kernel_size: int, stride: int, padding: int = 0, ceil_mode: bool = False
    ) -> tuple[Array, Array]:
        s, n = step(kernel_size, stride), len(input)
        o = count(n, kernel_size, s, padding, 1, ceil_mode)
        room = max(0, s * (o - 1) + kernel_size - padding - n)
        padded = np.pad(input.astype(float), (padding, room), constant_values=border)
        windows = [padded[s * i : s * i + kernel_size] for i in range(o)]
        found = [best(w) for w in windows]
        values = [value(w) if value is not np.max else w[t] for w, t in zip(windows, found, strict=True)]
        return np.array(values), np.array([place(i, t, s, padding) for i, t in enumerate(found)], dtype=np.int64)

    return wrong


def _found_in_the_whole_row(input: Array, *args: Any, **options: Any) -> tuple[Array, Array]:
    values, _ = max_pool1d(input, *args, **options)
    return values, np.array([int(np.argmax(input == v)) for v in values], dtype=np.int64)


def _last_of_equals(window: Array) -> int:
    return len(window) - 1 - int(np.argmax(window[::-1]))


def _mean_inside(window: Array) -> float:
    return float(np.mean(window[np.isfinite(window)]))


def _without_ceil(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    del ceil_mode
    return pool_output_size(n, k, s, p, d)


def _ceil_without_limit(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    return -(-(n + 2 * p - k) // s) + 1 if ceil_mode else pool_output_size(n, k, s, p, d)


def _always_ceil(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    del ceil_mode
    return pool_output_size(n, k, s, p, d, True)


def _steps_counted(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    return pool_output_size(n, k, s, p, d, ceil_mode) - 1


HANGING = (
    "with ceil_mode a last window may hang over the end, if it starts inside the input or the padding before it: "
    "s * i < n + p."
)

MAX_POOL1D = Task(
    reference=max_pool1d,
    summary="the maximum of each window of a row, and where in the input it was found.",
    properties=(
        Property(
            "the maximum of each window",
            1,
            _rows((6, 2, 2), (7, 3, 2), (5, 2, 3), (4, 4, 1), (1, 1, 1)),
            item(0, wrong_values),
            "window i holds the samples s*i to s*i + k - 1.",
        ),
        Property(
            "where it was found",
            1,
            _tied,
            item(1, wrong_values),
            "a position counts from the beginning of the input; of equal maxima take the first.",
        ),
        Property(
            "the border is minus infinity",
            1,
            _low,
            item(0, wrong_values),
            "what lies outside the input must never win, not even over negative samples.",
        ),
        Property(
            "positions in the input, not in the padding",
            0.5,
            _rows((3, 3, 1), (6, 2, 2), padding=True),
            item(1, wrong_values),
            "padding moves the windows, not the samples: window i begins at s*i - p.",
        ),
        Property("ceil_mode", 1, _hanging, item(0, wrong_values), HANGING),
    ),
    mistakes=(
        Mistake(
            "a low number at the border",
            _pooled_with(border=-1000.0),
            "However low the number that you pad with, a sample can be lower still, and then the padding wins. "
            "Only -np.inf never does.",
            "At the border",
        ),
        Mistake(
            "zeros at the border",
            _pooled_with(border=0.0),
            "A zero wins over negative samples: [-3, -2, -1] must not get a maximum of 0. Pad with -np.inf.",
            "At the border",
        ),
        Mistake(
            "positions in the window",
            _pooled_with(place=lambda i, t, s, p: t),
            "argmax counts from the beginning of the window. Add where the window begins.",
        ),
        Mistake(
            "positions in the padded row",
            _pooled_with(place=lambda i, t, s, p: s * i + t),
            "You counted the padding too. Position 0 is the first sample of the input: subtract the padding.",
        ),
        Mistake(
            "windows k samples apart in the positions",
            lambda input, kernel_size, stride, padding=0, ceil_mode=False: _pooled_with(
                place=lambda i, t, s, p: kernel_size * i + t - p
            )(input, kernel_size, stride, padding, ceil_mode),
            "Window i begins at stride * i - padding; kernel_size * i is right only while both are equal.",
        ),
        Mistake(
            "looked for in the whole row",
            _found_in_the_whole_row,
            "The same number may also stand before the window. Look for it in the window, then add where that begins.",
        ),
        Mistake(
            "of equal maxima the last",
            _pooled_with(best=_last_of_equals),
            "When a maximum occurs twice, the first of them counts. `>` keeps it, `>=` does not.",
        ),
        Mistake(
            "the average",
            _pooled_with(value=_mean_inside),
            "That is the mean of the window. Here the largest sample is wanted.",
        ),
        Mistake(
            "the largest magnitude",
            _pooled_with(best=lambda w: int(np.argmax(np.where(np.isfinite(w), np.abs(w), -1)))),
            "-5 is smaller than 2. Compare the samples, not their absolute values.",
        ),
        Mistake(
            "stride taken from the kernel",
            _pooled_with(step=lambda k, s: k),
            "Windows begin every `stride` samples. Only when no stride is given is it the kernel size.",
        ),
        Mistake(
            "ceil_mode ignored",
            _pooled_with(count=_without_ceil),
            "With ceil_mode a last window that hangs over the end counts too: round up.",
            "At the border",
        ),
        Mistake(
            "always rounded up",
            _pooled_with(count=_always_ceil),
            "Without ceil_mode a window that does not fit as a whole is not there: round down.",
            "At the border",
        ),
        Mistake(
            "a window that begins after the input",
            _pooled_with(count=_ceil_without_limit),
            "Rounding up may add a window that holds no sample at all. It must start before n + p, or it is dropped.",
            "At the border",
        ),
        Mistake(
            "the window at the beginning is forgotten",
            _pooled_with(count=_steps_counted),
            "You counted the steps. The window that is there before the first step counts too: + 1.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The general statement",
)

# --------------------------------------------------------------------------- avg_pool2d


def avg_pool2d(
    input: Array,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The library's averages of one map (H, W)."""
    return resampling.avg_pool2d(input[None], kernel_size, stride, padding, ceil_mode, count_include_pad)[0]


def _maps(*fixed: tuple[Pair, Pair, Pair], padded: bool = False, **flags: bool) -> Cases:
    """The given (size, kernel, stride), then four random ones that are not square."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [(_pair(rng, 5, 10), _pair(rng, 2, 5), _pair(rng, 1, 5)) for _ in range(4)]
        for size, kernel, stride in (*fixed, *drawn):
            padding = tuple(int(rng.integers(1, k // 2 + 1)) for k in kernel) if padded else (0, 0)
            given = {"padding": padding} if padded else {}
            yield {"input": distinct(rng, *size), "kernel_size": kernel, "stride": stride, **given, **flags}

    return draw


def _pair(rng: Generator, low: int, high: int) -> Pair:
    """Two different numbers, so that swapped axes are seen."""
    first, second = rng.choice(np.arange(low, high), 2, replace=False).tolist()
    return first, second


OVERHANG: tuple[tuple[Pair, Pair, Pair], ...] = (((6, 5), (3, 2), (2, 2)), ((5, 7), (2, 3), (3, 4)))


def _averaged(
    divisor: Callable[..., Array], count: Callable[..., int] = pool_output_size, mode: str = "constant"
) -> Callable[..., Array]:
    """Sums of windows over ``divisor(n, o, k, s, p, include)`` of each axis, with `count` windows."""

    def wrong(
        input: Array,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair = (0, 0),
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Array:
        axes = list(zip(input.shape, kernel_size, stride, padding, strict=True))
        o = [count(n, k, s, p, 1, ceil_mode) for n, k, s, p in axes]
        room = [(p, max(0, s * (m - 1) + k - p - n)) for m, (n, k, s, p) in zip(o, axes, strict=True)]
        padded = np.pad(input, [(p, min(p, r)) for (p, r) in room], mode=mode)
        padded = np.pad(padded, [(0, r - min(p, r)) for p, r in room])
        sums = sliding_window_view(padded, kernel_size).sum((2, 3))[:: stride[0], :: stride[1]][: o[0], : o[1]]
        rows, columns = (divisor(n, m, k, s, p, count_include_pad) for m, (n, k, s, p) in zip(o, axes, strict=True))
        return sums / np.multiply.outer(rows, columns)

    return wrong


def _counts(n: int, o: int, k: int, s: int, p: int, include: bool) -> Array:
    """How many samples each window averages: in the input, and with `include` in the padding too."""
    start, border = np.arange(o) * s - p, p if include else 0
    return np.minimum(start + k, n + border) - np.maximum(start, -border)


def _full(n: int, o: int, k: int, s: int, p: int, include: bool) -> Array:
    del n, s, p, include
    return np.full(o, k)


def _overhang_counted(n: int, o: int, k: int, s: int, p: int, include: bool) -> Array:
    return np.full(o, k) if include else _counts(n, o, k, s, p, False)


def _maxima(input: Array, kernel_size: Pair, stride: Pair, *, count_include_pad: bool = True, **options: Any) -> Array:
    del count_include_pad
    given = {"padding": options.get("padding", 0), "ceil_mode": options.get("ceil_mode", False)}
    return resampling.max_pool2d(input[None], kernel_size, stride, **given)[0]


def _swapped(input: Array, kernel_size: Pair, stride: Pair, padding: Pair = (0, 0), **flags: bool) -> Array:
    return avg_pool2d(input.T, kernel_size, stride, padding, **flags).T


AVG_POOL2D = Task(
    reference=avg_pool2d,
    summary="the mean of each window of a map (H, W), with both flags.",
    properties=(
        Property(
            "the mean of each window",
            1,
            _maps(((4, 6), (2, 3), (2, 3)), ((5, 7), (3, 2), (2, 1)), ((6, 8), (1, 2), (4, 3))),
            wrong_values,
            "stride and kernel_size are pairs, the vertical one first.",
        ),
        Property(
            "padding that counts",
            1,
            _maps(((3, 4), (3, 2), (1, 1)), padded=True),
            wrong_values,
            "the zeros of the padding are samples like others: divide by the whole window.",
        ),
        Property(
            "count_include_pad=False",
            1,
            _maps(((3, 4), (3, 2), (1, 1)), padded=True, count_include_pad=False),
            wrong_values,
            "divide by how many samples of the input lie in the window.",
        ),
        Property(
            "ceil_mode",
            1,
            _maps(*OVERHANG, padded=True, ceil_mode=True),
            wrong_values,
            "what lies beyond the padding is not there and never counts, whatever count_include_pad says.",
        ),
        Property(
            "both flags",
            0.5,
            _maps(*OVERHANG, padded=True, ceil_mode=True, count_include_pad=False),
            wrong_values,
        ),
    ),
    mistakes=(
        Mistake(
            "sums",
            _averaged(lambda n, o, k, s, p, include: np.ones(o)),
            "These are the sums of the windows. Divide each by how many samples it averages.",
            "The general statement",
        ),
        Mistake(
            "the overhang counted",
            _averaged(_overhang_counted),
            "Under ceil_mode a window may reach beyond the padding. What lies there never counts: cut at n + p.",
        ),
        Mistake(
            "always divided by the whole window",
            _averaged(_full),
            "Near the border a window holds fewer samples: with count_include_pad=False only those of the input "
            "count, and what hangs over under ceil_mode never does.",
        ),
        Mistake(
            "padding never counted",
            _averaged(lambda n, o, k, s, p, include: _counts(n, o, k, s, p, False)),
            "With count_include_pad=True, the default, the zeros of the padding are averaged too.",
        ),
        Mistake(
            "the flag the other way round",
            _averaged(lambda n, o, k, s, p, include: _counts(n, o, k, s, p, not include)),
            "count_include_pad=True means that zeros of the padding count in the divisor.",
        ),
        Mistake(
            "ceil_mode ignored",
            _averaged(_counts, _without_ceil),
            "With ceil_mode a last window that hangs over the end counts too: round up.",
        ),
        Mistake(
            "always rounded up",
            _averaged(_counts, _always_ceil),
            "Without ceil_mode a window that does not fit as a whole is not there: round down.",
        ),
        Mistake(
            "the border repeated",
            _averaged(_counts, mode="edge"),
            "Outside the input are zeros, not copies of the last row or column.",
        ),
        Mistake(
            "rows and columns swapped",
            _swapped,
            "The first number of kernel_size, stride and padding belongs to the rows, the second to the columns.",
            "The general statement",
        ),
        Mistake(
            "maxima",
            _maxima,
            "That is the largest sample of the window. Here its mean is wanted.",
            "The general statement",
        ),
        Mistake(
            "stride taken from the kernel",
            lambda input, kernel_size, stride, *a, **k: avg_pool2d(input, kernel_size, kernel_size, *a, **k),
            "Windows begin every `stride` pixels. Only when no stride is given is it the kernel size.",
            "The general statement",
        ),
    ),
    forbidden=FORBIDDEN,
    section="At the border",
)

# --------------------------------------------------------------------------- strided_conv2d


def strided_conv2d(input: Array, weight: Array, bias: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Array:
    """The library's convolution."""
    return conv2d(input, weight, bias, stride, padding)


def _layers(
    *fixed: tuple[Pair, Pair, Pair, Pair], channels: tuple[Pair, ...] = ((1, 1),), strides: Pair = (1, 2)
) -> Cases:
    """The given (size, kernel, stride, padding), then three random ones, for each (C_in, C_out)."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [(_pair(rng, 5, 9), _pair(rng, 1, 4), _strides(rng, strides), (0, 0)) for _ in range(3)]
        for size, kernel, stride, padding in (*fixed, *drawn):
            for c_in, c_out in channels:
                yield _layer(rng, (c_in, *size), (c_out, c_in, *kernel), stride, padding)

    return draw


def _strides(rng: Generator, strides: Pair) -> Pair:
    return _pair(rng, *strides) if strides[1] - strides[0] > 1 else (strides[0], strides[0])


def _layer(rng: Generator, size: tuple[int, ...], weight: tuple[int, ...], stride: Pair, padding: Pair) -> Arguments:
    given = {"input": distinct(rng, *size), "weight": distinct(rng, *weight), "bias": 100 + distinct(rng, weight[0])}
    options = {"stride": stride, "padding": padding}
    return given | {name: value for name, value in options.items() if value != ((1, 1), (0, 0))[name == "padding"]}


def _changed(**change: Callable[..., Any]) -> Callable[..., Array]:
    """`strided_conv2d` with one argument changed: ``change[name](**arguments)``."""

    def wrong(**given: Any) -> Array:
        full = {"stride": (1, 1), "padding": (0, 0)} | given
        return strided_conv2d(**full | {name: f(**full) for name, f in change.items()})

    return wrong


def _at_last_phase(stride: Pair = (1, 1), **given: Any) -> Array:
    return strided_conv2d(**given)[:, stride[0] - 1 :: stride[0], stride[1] - 1 :: stride[1]]


def _floor_of_full(stride: Pair = (1, 1), **given: Any) -> Array:
    full = strided_conv2d(**given)
    return full[:, :: stride[0], :: stride[1]][:, : full.shape[1] // stride[0], : full.shape[2] // stride[1]]


def _padded_in_front(input: Array, padding: Pair = (0, 0), **given: Any) -> Array:
    return strided_conv2d(np.pad(input, ((0, 0), (padding[0], 0), (padding[1], 0))), **given)


def _channels_averaged(input: Array, bias: Array, **given: Any) -> Array:
    total = strided_conv2d(input, bias=np.zeros_like(bias), **given)
    return total / len(input) + bias[:, None, None]


def _first_channel_only(input: Array, weight: Array, **given: Any) -> Array:
    return strided_conv2d(input[:1], weight[:, :1], **given)


def _bias_for_each_channel(input: Array, bias: Array, **given: Any) -> Array:
    return strided_conv2d(input, bias=bias * len(input), **given)


STRIDED_CONV2D = Task(
    reference=strided_conv2d,
    summary="a convolution with channels, bias, stride and padding.",
    properties=(
        Property(
            "one channel, one step at a time",
            1,
            _layers(((3, 4), (2, 2), (1, 1), (0, 0)), ((4, 3), (1, 3), (1, 1), (0, 0))),
            wrong_values,
            "the kernel is not flipped: its first row meets the first row of the window.",
        ),
        Property(
            "stride",
            1,
            _layers(
                ((5, 7), (2, 3), (2, 3), (0, 0)),
                ((6, 9), (3, 1), (2, 4), (0, 0)),
                ((7, 6), (2, 2), (4, 2), (0, 0)),
                strides=(1, 5),
            ),
            wrong_values,
            "output (i, j) looks at the window that begins at row s0*i and column s1*j.",
        ),
        Property(
            "padding",
            0.5,
            _layers(((4, 5), (3, 3), (1, 1), (1, 2)), ((5, 4), (2, 3), (2, 3), (2, 1)), strides=(1, 4)),
            wrong_values,
            "here what lies outside counts as zero, on both sides.",
        ),
        Property(
            "channels",
            1.5,
            _layers(((4, 5), (2, 3), (2, 1), (0, 0)), channels=((2, 1), (1, 3), (3, 2), (2, 4)), strides=(1, 4)),
            wrong_values,
            "each output channel adds up what all input channels give, each with a kernel of its own.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernel flipped",
            _changed(weight=lambda weight, **_: weight[:, :, ::-1, ::-1]),
            "Deep learning does not flip: the first tap multiplies the first pixel of the window.",
        ),
        Mistake(
            "stride ignored",
            _changed(stride=lambda **_: (1, 1)),
            "You computed a result at every place. Keep every s-th row and every s-th column.",
        ),
        Mistake(
            "the two strides swapped",
            _changed(stride=lambda stride, **_: stride[::-1]),
            "The first stride moves the window down, the second to the right.",
        ),
        Mistake(
            "stride taken from the kernel",
            _changed(stride=lambda weight, **_: weight.shape[2:]),
            "A convolution moves by its stride, which is 1 unless it is given. Only pooling takes it from the kernel.",
        ),
        Mistake(
            "the last of each step kept",
            _at_last_phase,
            "Keep places 0, s, 2s, …: the first window begins with the first row of the padded input.",
        ),
        Mistake(
            "the last windows dropped",
            _floor_of_full,
            "Of m places, range(0, m, s) are kept: m / s is rounded up here, not down.",
        ),
        Mistake(
            "padding ignored", _changed(padding=lambda **_: (0, 0)), "Put `padding` zeros on each side of the input."
        ),
        Mistake(
            "padding on one side",
            _padded_in_front,
            "padding = p adds p rows or columns on each side, 2 * p in all.",
        ),
        Mistake(
            "bias forgotten",
            _changed(bias=lambda bias, **_: np.zeros_like(bias)),
            "Each output channel gets its number of `bias` added.",
        ),
        Mistake(
            "bias for each input channel",
            _bias_for_each_channel,
            "The bias is added once for each output, after all input channels have been added up.",
        ),
        Mistake(
            "channels averaged",
            _channels_averaged,
            "Input channels are added up, not averaged: the weights decide how much each counts.",
        ),
        Mistake(
            "only the first channel read",
            _first_channel_only,
            "Each output channel reads all input channels and adds up what they give.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The general statement",
)

# --------------------------------------------------------------------------- downsampling_ledger

Ledger = tuple[int, int, int, int]


def downsampling_ledger(
    kind: str,
    input_size: tuple[int, int, int, int],
    kernel_size: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    channels_out: int | None = None,
    groups: int = 1,
) -> Ledger:
    """Parameters, multiply-adds, other operations and bytes by `conv_cost` or `pool_cost`."""
    if kind == "conv":
        weight = channels_out, input_size[1] // groups, *kernel_size
        cost = conv_cost(input_size, weight, stride, padding, groups=groups, bias=True)
    else:
        cost = pool_cost(input_size, kernel_size, stride, padding, mode=kind)
    return cost.parameters, cost.multiply_adds, cost.other, cost.bytes


def _steps(*kinds: str, groups: Pair = (1, 2)) -> Cases:
    """Four random layers of each kind, all sizes different."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for kind in kinds:
            for _ in range(4):
                g, padding = int(rng.integers(*groups)), int(rng.integers(0, 2))
                yield _step(rng, kind, g, (padding, 1 - padding))

    return draw


def _step(rng: Generator, kind: str, g: int, padding: Pair) -> Arguments:
    batch, c_in, c_out = rng.choice(np.arange(2, 8), 3, replace=False).tolist()
    size = batch, g * c_in, *_pair(rng, 9, 30)
    given = {"kind": kind, "input_size": size, "kernel_size": _pair(rng, 2, 6), "stride": _pair(rng, 2, 5)}
    given |= {"padding": padding}
    if kind == "conv":
        given |= {"channels_out": g * c_out}
    return given | ({"groups": g} if g > 1 else {})


class _Numbers:
    """Everything that a ledger is made of, by short names: ``b, c, m, g, k, n, o``."""

    def __init__(self, kind: str, size: tuple[int, ...], k: Pair, s: Pair, p: Pair, m: int | None, g: int) -> None:
        self.kind, self.conv = kind, kind == "conv"
        self.b, self.c, self.m, self.g = size[0], size[1], m or size[1], g
        self.k, self.n = k[0] * k[1], size[2] * size[3]
        axes = list(zip(size[2:], k, p, strict=True))
        self.o = int(np.prod([(n + 2 * q - w) // t + 1 for (n, w, q), t in zip(axes, s, strict=True)]))
        self.unpadded = int(np.prod([(n - w) // t + 1 for (n, w, _), t in zip(axes, s, strict=True)]))
        self.dense = int(np.prod([n + 2 * q - w + 1 for n, w, q in axes]))
        self.one_axis = k[0]

    def ledger(self, **other: int) -> Ledger:
        """The right ledger, with some of the numbers replaced first."""
        v = {**vars(self), **other}
        weights = v["m"] * (v["c"] // v["g"]) * v["k"] if self.conv else 0
        learned = weights + v["m"] * self.conv
        spent = 0 if self.conv else v["b"] * v["c"] * v["o"] * (v["k"] - (self.kind == "max"))
        moved = 4 * (v["b"] * (v["c"] * v["n"] + v["m"] * v["o"]) + learned)
        return learned, v["b"] * weights * v["o"], spent, moved


def _booked(change: Callable[[_Numbers], Ledger]) -> Callable[..., Ledger]:
    """The ledger of somebody who makes ``change(numbers)`` of it."""

    def wrong(
        kind: str,
        input_size: tuple[int, ...],
        kernel_size: Pair,
        stride: Pair,
        padding: Pair = (0, 0),
        channels_out: int | None = None,
        groups: int = 1,
    ) -> Ledger:
        return change(_Numbers(kind, input_size, kernel_size, stride, padding, channels_out, groups))

    return wrong


def _with(index: int, change: Callable[[_Numbers, int], int]) -> Callable[..., Ledger]:
    """The right ledger with one of its four numbers changed."""

    def booked(v: _Numbers) -> Ledger:
        right = list(v.ledger())
        right[index] = change(v, right[index])
        return tuple(right)

    return _booked(booked)


def _no_bias(v: _Numbers) -> Ledger:
    learned, done, spent, moved = v.ledger()
    return learned - v.m * v.conv, done, spent, moved - 4 * v.m * v.conv


def _pooling_learns(v: _Numbers) -> Ledger:
    learned, done, spent, moved = v.ledger()
    return (learned or v.c * v.k), done, spent, moved


DOWNSAMPLING_LEDGER = Task(
    reference=downsampling_ledger,
    summary="parameters, multiply-adds, other operations and bytes of a pooling or a strided convolution.",
    properties=(
        Property(
            "parameters",
            0.5,
            _steps("max", "conv", "avg"),
            item(0, wrong_values),
            "one number for each tap, input channel and output channel, and one bias for each output channel.",
        ),
        Property(
            "multiply-adds",
            1,
            _steps("conv", "max"),
            item(1, wrong_values),
            "how many outputs are there, and how many products does each of them add up?",
        ),
        Property(
            "comparisons, additions and divisions",
            1,
            _steps("max", "avg"),
            item(2, wrong_values),
            "the largest of three takes two comparisons; the mean of three takes two additions and one division.",
        ),
        Property(
            "bytes",
            1,
            _steps("max", "conv"),
            item(3, wrong_values),
            "4 bytes for each number of the input, of the output and of the parameters.",
        ),
        Property(
            "groups",
            0.5,
            _steps("conv", groups=(2, 5)),
            wrong_values,
            "with groups = g an output channel reads only C / g input channels.",
        ),
    ),
    mistakes=(
        Mistake(
            "bias forgotten", _booked(_no_bias), "Each output channel learns one more number than its taps: its bias."
        ),
        Mistake(
            "pooling with weights",
            _booked(_pooling_learns),
            "Pooling learns nothing: its windows have a size, but no weights.",
        ),
        Mistake(
            "weights for every picture",
            _with(0, lambda v, right: right * v.b),
            "All pictures of a batch share the same weights: the batch size is no factor of the parameters.",
        ),
        Mistake(
            "one picture of the batch",
            _booked(lambda v: v.ledger(b=1)),
            "Every picture of the batch is read and computed: all but the parameters grows with the batch size.",
        ),
        Mistake(
            "the bias counted as well",
            _with(1, lambda v, right: right + v.b * v.m * v.o * v.conv),
            "The bias is free: the sum starts from it, and each multiply-add adds one product.",
        ),
        Mistake(
            "padding ignored",
            _booked(lambda v: v.ledger(o=v.unpadded)),
            "Windows also stand on the padding: o = (n + 2*p - k) // s + 1 on each axis.",
        ),
        Mistake(
            "a result at every place",
            _with(1, lambda v, right: right // v.o * v.dense),
            "You computed all places, to drop most of them. A strided layer computes only the outputs that it keeps.",
        ),
        Mistake(
            "groups ignored",
            _booked(lambda v: v.ledger(g=1)),
            "With groups = g, an output channel reads C / g input channels, not all of them.",
        ),
        Mistake(
            "groups instead of channels",
            _booked(lambda v: v.ledger(g=v.c) if v.g > 1 else v.ledger()),
            "groups = g leaves each output channel C / g input channels; only with g = C it is a single one.",
        ),
        Mistake(
            "taps of one axis",
            _booked(lambda v: v.ledger(k=v.one_axis)),
            "A window has kH * kW taps, not kH.",
        ),
        Mistake(
            "one comparison too many",
            _with(2, lambda v, right: right + v.b * v.c * v.o * (v.kind == "max")),
            "The first sample of a window needs no comparison: the largest of k numbers takes k - 1.",
        ),
        Mistake(
            "the division forgotten",
            _with(2, lambda v, right: right - v.b * v.c * v.o * (v.kind == "avg")),
            "The mean of k numbers takes k - 1 additions and a division.",
        ),
        Mistake(
            "the output alone",
            _with(3, lambda v, right: right - 4 * v.b * v.c * v.n),
            "The input must be read, too: it is the largest part of the bytes.",
        ),
        Mistake(
            "weights not read",
            _with(3, lambda v, right: right - 4 * v.ledger()[0]),
            "The weights and the bias lie in memory as well, and are read once.",
        ),
        Mistake(
            "weights read for every picture",
            _with(3, lambda v, right: right + 4 * (v.b - 1) * v.ledger()[0]),
            "The weights and the bias are read once for the whole batch, not once for each picture.",
        ),
        Mistake("numbers instead of bytes", _with(3, lambda v, right: right // 4), "A float32 number takes 4 bytes."),
    ),
    forbidden=FORBIDDEN,
    section='"A strided convolution gives better results", "it loses information"',
)

# --------------------------------------------------------------------------- shift_consistency


def shift_consistency(input: Array, mode: str, kernel_size: int, stride: int) -> float:
    """`consistency` of a pooling around a ring."""
    return consistency(partial(pool_ring, mode=mode, kernel_size=kernel_size, stride=stride), input, stride)


def _rings(mode: str, *fixed: tuple[int, int, int], k: Callable[[int], Pair]) -> Cases:
    """The given (outputs, kernel, stride), then four random ones with a kernel between the two numbers of ``k(s)``."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for s in (2, 3, 4, 5):
            drawn.append((int(rng.integers(4, 8)), int(rng.integers(*k(s))), s))
        for o, taps, s in (*fixed, *drawn):
            yield {"input": distinct(rng, o * s) + 7, "mode": mode, "kernel_size": taps, "stride": s}

    return draw


def _flat(rng: Generator) -> Iterator[Arguments]:
    """Nothing is left to compare: constants, and waves that the average wipes out."""
    height = int(rng.integers(1, 20)) / 2
    for mode, k, s in (("max", 2, 2), ("avg", 3, 2), ("max", 1, 4)):
        yield {"input": np.full(8, height), "mode": mode, "kernel_size": k, "stride": s}
    yield {"input": height + np.tile([1.0, -1.0], 4), "mode": "avg", "kernel_size": 2, "stride": 2}


def _long(rng: Generator) -> Iterator[Arguments]:
    """So many samples that trying each shift with each alignment takes too long."""
    for mode, s in (("max", 2), ("avg", 3)):
        yield {"input": distinct(rng, 3000) + 7, "mode": mode, "kernel_size": s + 1, "stride": s}


def _distance(a: Array, b: Array) -> float:
    total = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / total) if total else 0.0


def _aligned(a: Array, b: Array) -> Array:
    """`b` rolled to where it is most like `a`."""
    products = np.fft.irfft(np.fft.rfft(a) * np.conj(np.fft.rfft(b)), len(a))
    return np.roll(b, int(np.argmax(products)))


def _scored(
    centre: Callable[[Array], Array] = lambda x: x - x.mean(),
    pool: Callable[..., Array] = pool_ring,
    align: Callable[[Array, Array], Array] = _aligned,
    distance: Callable[[Array, Array], float] = _distance,
    shifts: Callable[[int], range] = range,
    roll: Callable[[Array, int], Array] = np.roll,
    summary: Callable[[list[float]], float] = lambda d: 1 - float(np.mean(d)),
) -> Callable[..., float]:
    """The score of somebody who does one step differently."""

    def wrong(input: Array, mode: str, kernel_size: int, stride: int) -> float:
        x = centre(input)
        still = pool(x, mode, kernel_size, stride)
        moved = [pool(roll(x, d), mode, kernel_size, stride) for d in shifts(stride)]
        return float(summary([distance(y, align(y, still)) for y in moved]))

    return wrong


def _moved_on_a_line(x: Array, d: int) -> Array:
    return np.concatenate([np.zeros(d), x[: len(x) - d]])


def _pooled_on_a_line(x: Array, mode: str, kernel_size: int, stride: int) -> Array:
    """Windows that hang over the end are cut there."""
    windows = [x[i : i + kernel_size] for i in range(0, len(x), stride)]
    return np.array([w.max() if mode == "max" else w.mean() for w in windows])


def _pooled_the_other_way(x: Array, mode: str, kernel_size: int, stride: int) -> Array:
    return pool_ring(x, "max" if mode == "avg" else "avg", kernel_size, stride)


def _pooled_side_by_side(x: Array, mode: str, kernel_size: int, stride: int) -> Array:
    del kernel_size
    return pool_ring(x, mode, stride, stride)


def _squared(a: Array, b: Array) -> float:
    total = np.sum(a**2) + np.sum(b**2)
    return float(np.sum((a - b) ** 2) / total) if total else 0.0


def _of_one(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b)) if b.any() else 0.0


def _nothing_is_zero(a: Array, b: Array) -> float:
    return _distance(a, b) if a.any() or b.any() else 1.0


SHIFT_CONSISTENCY = Task(
    reference=shift_consistency,
    summary="how well a pooling around a ring follows a shift of its input: 1 perfectly, 0 not at all.",
    properties=(
        Property(
            "max-pooling, windows side by side",
            1.5,
            _rings("max", (4, 2, 2), (3, 3, 3), k=lambda s: (s, s + 1)),
            wrong_values,
            "the smallest case on the page, [0, 0, 1, 1, 0, 0, 1, 1] with k = s = 2, has (1 + 1 - sqrt(1/2)) / 2.",
        ),
        Property(
            "averages",
            0.5,
            _rings("avg", (4, 2, 2), k=lambda s: (s, s + 1)),
            wrong_values,
            'mode="avg" takes the mean of each window.',
        ),
        Property(
            "windows that overlap, and go on around the ring",
            1,
            _rings("max", (5, 3, 2), (2, 4, 2), k=lambda s: (s + 1, 2 * s + 1)),
            wrong_values,
            "the last windows continue with the first samples.",
        ),
        Property(
            "windows with gaps",
            0.5,
            _rings("max", (6, 1, 2), (5, 2, 3), k=lambda s: (1, s)),
            wrong_values,
            "with kernel_size=1 pooling keeps every s-th sample.",
        ),
        Property(
            "1 where nothing is left to compare",
            0.5,
            _flat,
            wrong_values,
            "if both results are zero everywhere, they agree: 0 / 0 must not become nan.",
        ),
        Property(
            "long signals",
            1,
            _long,
            wrong_values,
            "a shift by s more only rolls the result by one more. How many shifts are really different?",
        ),
    ),
    mistakes=(
        Mistake(
            "nothing to compare counted as nothing kept",
            _scored(distance=_nothing_is_zero),
            "Two results that are zero everywhere agree perfectly: that is 1, not 0.",
        ),
        Mistake(
            "not aligned",
            _scored(align=lambda a, b: b),
            "A result that has moved along is consistent. Try all rolls of the unshifted result and take the best.",
        ),
        Mistake(
            "the mean not subtracted",
            _scored(centre=lambda x: x),
            "A large mean makes everything look alike. Subtract the mean of the input first.",
        ),
        Mistake(
            "each result centred by itself",
            _scored(
                centre=lambda x: x,
                pool=lambda *given: (y := pool_ring(*given)) - y.mean(),
            ),
            "Subtract the mean of the input, once. When a shift changes the mean of the result, that should be seen.",
        ),
        Mistake(
            "squares",
            _scored(distance=_squared),
            "Take the root: norms, not squared norms, have a distance of at most 1 by the triangle inequality.",
        ),
        Mistake(
            "divided by one norm",
            _scored(distance=_of_one),
            "The distance can be as large as the sum of both norms. Divide by the sum, else the score may be below 0.",
        ),
        Mistake(
            "the distance itself",
            _scored(summary=lambda d: float(np.mean(d))),
            "That is how much they differ. Consistency is 1 minus it: 1 for results that only moved.",
        ),
        Mistake(
            "the worst shift",
            _scored(summary=lambda d: 1 - max(d)),
            "Take the mean over all shifts, not the worst of them.",
        ),
        Mistake(
            "the shift by nothing left out",
            _scored(shifts=lambda s: range(1, s)),
            "All shifts count, the shift by 0 too: of s different ones, one is always perfect.",
        ),
        Mistake(
            "one shift too many",
            _scored(shifts=lambda s: range(s + 1)),
            "A shift by s gives the same score as a shift by 0. Count each of the s different ones once.",
        ),
        Mistake(
            "the result shifted, not the input",
            _scored(roll=lambda x, d: x),
            "Shift the input and pool again. Pooling first and shifting then is always perfect.",
            "Does it follow?",
        ),
        Mistake(
            "zeros come in",
            _scored(roll=_moved_on_a_line),
            "What leaves the row at the end comes in again at the beginning: np.roll.",
            "Does it follow?",
        ),
        Mistake(
            "windows cut at the end",
            _scored(pool=_pooled_on_a_line),
            "On a ring the last windows go on with the first samples, so that all hold kernel_size samples.",
            "Does it follow?",
        ),
        Mistake(
            "the kernel taken from the stride",
            _scored(pool=_pooled_side_by_side),
            "A window holds kernel_size samples, whatever the stride is.",
            "The general statement",
        ),
        Mistake(
            "the two modes swapped",
            _scored(pool=_pooled_the_other_way),
            '"max" takes the largest sample of a window, "avg" the mean.',
            "The general statement",
        ),
    ),
    forbidden=FORBIDDEN,
    section="A score for it",
    time_limit=2.0,
)

TASKS = (MAX_POOL1D, AVG_POOL2D, STRIDED_CONV2D, DOWNSAMPLING_LEDGER, SHIFT_CONSISTENCY)

check_max_pool1d = make_check(MAX_POOL1D)
check_avg_pool2d = make_check(AVG_POOL2D)
check_strided_conv2d = make_check(STRIDED_CONV2D)
check_downsampling_ledger = make_check(DOWNSAMPLING_LEDGER)
check_shift_consistency = make_check(SHIFT_CONSISTENCY)
