"""Tasks of the chapter on grid sizes."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from numpy.random import Generator

import resampling
from resampling import Layer, conv_output_size, divisible_size, stack_sizes, unused_samples
from resampling.checks import make_check
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import Refusal, item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Layers = tuple[tuple[int, int, int, int], ...]

FORBIDDEN = (*LIBRARIES, "torch.nn.functional")
DEFAULTS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
SPAN = "A dilated kernel covers d * (k - 1) + 1 samples: k taps, and k - 1 gaps of d between them."


def _given(**options: int) -> dict[str, int]:
    """The options that differ from torch's defaults: simple calls look simple."""
    return {name: int(value) for name, value in options.items() if DEFAULTS.get(name) != value}


def _wrong_list(expected: tuple[int, ...], got: tuple[int, ...]) -> Refusal | None:
    """`wrong_values` for short lists of whole numbers, which are best shown whole."""
    return None if got == expected else Refusal("values", f"expected {list(expected)}, got {list(got)}.")


# --------------------------------------------------------------------------- count_windows


def count_windows(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """`conv_output_size`, and 0 where no window fits."""
    if length + 2 * padding < dilation * (kernel_size - 1) + 1:
        return 0
    return conv_output_size(length, kernel_size, stride, padding, dilation)


def _windows(*fixed: dict[str, int], **spans: tuple[int, int]) -> Cases:
    """The given calls, then four random ones: options in `spans`, at least one window."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        yield from fixed
        for _ in range(4):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            k = int(rng.integers(2, 8))
            extent = options.get("dilation", 1) * (k - 1) + 1
            n = max(extent - 2 * options.get("padding", 0), 1) + int(rng.integers(0, 30))
            yield _given(length=n, kernel_size=k, **options)

    return draw


def _narrow(rng: Generator) -> Iterator[Arguments]:
    """Inputs too short for the kernel, and some that are just long enough."""
    yield {"length": 3, "kernel_size": 3}
    yield {"length": 2, "kernel_size": 3, "stride": 2}
    yield {"length": 1, "kernel_size": 7, "stride": 2, "padding": 1}
    yield {"length": 3, "kernel_size": 3, "padding": 1, "dilation": 2}
    for room in (0, -1, -2, -5, -9):
        k, s, d = (int(rng.integers(*span)) for span in ((3, 7), (2, 4), (2, 4)))
        yield _given(length=max(d * (k - 1) + 1 + room, 1), kernel_size=k, stride=s, dilation=d)


def _counted(count: Callable[..., int]) -> Callable[..., int]:
    """The answer of somebody whose rule is ``count(n, k, s, p, d)`` and who knows that no window may fit."""

    def wrong(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
        if length + 2 * padding < dilation * (kernel_size - 1) + 1:
            return 0
        return count(length, kernel_size, stride, padding, dilation)

    return wrong


def _not_below_zero(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    return (length + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def _cut_towards_zero(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    return int((length + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


COUNT_WINDOWS = Task(
    reference=count_windows,
    summary="how many windows of a convolution fit: its output length, or 0.",
    properties=(
        Property(
            "the kernel moves one sample at a time",
            0.5,
            _windows({"length": 5, "kernel_size": 3}, {"length": 4, "kernel_size": 1}),
            wrong_values,
            "at which samples can the window begin? How many places are there?",
        ),
        Property(
            "stride",
            1,
            _windows(
                {"length": 5, "kernel_size": 3, "stride": 2},
                {"length": 6, "kernel_size": 3, "stride": 2},
                {"length": 7, "kernel_size": 2, "stride": 4},
                stride=(2, 6),
            ),
            wrong_values,
            "windows begin at 0, s, 2s, … and the last one must end inside the input.",
        ),
        Property(
            "padding on both sides",
            0.5,
            _windows(
                {"length": 5, "kernel_size": 3, "padding": 1},
                {"length": 1, "kernel_size": 7, "padding": 3},
                padding=(1, 4),
            ),
            wrong_values,
        ),
        Property(
            "dilation",
            0.5,
            _windows(
                {"length": 7, "kernel_size": 3, "dilation": 2},
                {"length": 9, "kernel_size": 2, "dilation": 5},
                dilation=(2, 5),
            ),
            wrong_values,
            SPAN,
        ),
        Property(
            "all of them together",
            0.5,
            _windows(
                {"length": 17, "kernel_size": 5, "stride": 3, "padding": 2, "dilation": 2},
                stride=(2, 5),
                padding=(1, 4),
                dilation=(2, 4),
            ),
            wrong_values,
        ),
        Property(
            "0 when no window fits",
            0.5,
            _narrow,
            wrong_values,
            "when the kernel is longer than the padded input, there is no window at all, whatever the formula says.",
        ),
    ),
    mistakes=(
        Mistake(
            "the window at the beginning is forgotten",
            _counted(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s),
            "You counted the steps. The window that is there before the first step counts too: + 1.",
        ),
        Mistake(
            "rounded up",
            _counted(lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1),
            "A window that does not fit as a whole is not there: round down. Only pooling with ceil_mode rounds up.",
            "The formula without its floor",
        ),
        Mistake(
            "padding on one side",
            _counted(lambda n, k, s, p, d: max(0, n + p - d * (k - 1) - 1) // s + 1),
            "padding = p adds p samples on each side, 2 * p in all.",
        ),
        Mistake(
            "padding ignored",
            _counted(lambda n, k, s, p, d: max(0, n - d * (k - 1) - 1) // s + 1),
            "The windows slide over n + 2 * p samples: the input and p zeros on each side.",
        ),
        Mistake("every tap spans d samples", _counted(lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1), SPAN),
        Mistake("dilation ignored", _counted(lambda n, k, s, p, d: (n + 2 * p - k) // s + 1), SPAN),
        Mistake(
            "stride ignored",
            _counted(lambda n, k, s, p, d: n + 2 * p - d * (k - 1)),
            "The window moves s samples at a time: of all places only every s-th is used.",
        ),
        Mistake(
            "the input divided by the stride",
            _counted(lambda n, k, s, p, d: n // s),
            "n / s is right for some layers only. The kernel's extent and the padding decide too.",
        ),
        Mistake(
            "a count below zero",
            _not_below_zero,
            "The formula holds if the kernel fits. When it is longer than the padded input, the count is 0.",
        ),
        Mistake(
            "cut towards zero",
            _cut_towards_zero,
            "int(-0.5) is 0, so a kernel that is too long gets a window. Ask first whether the kernel fits.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Counting windows",
)

# --------------------------------------------------------------------------- conv_transpose_output_size


def conv_transpose_output_size(
    length: int, kernel_size: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """The library's function, and 0 where it refuses."""
    try:
        return resampling.conv_transpose_output_size(length, kernel_size, stride, padding, output_padding, dilation)
    except ValueError:
        return 0


def _ups(*fixed: dict[str, int], extra: bool = False, **spans: tuple[int, int]) -> Cases:
    """The given calls, then four random ones that give at least one sample; with `extra`, some output_padding."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        yield from fixed
        for _ in range(4):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            n, k = int(rng.integers(4, 20)), int(rng.integers(2, 8))
            limit = max(options.get("stride", 1), options.get("dilation", 1))
            op = int(rng.integers(1, limit)) if extra else 0
            yield _given(length=n, kernel_size=k, output_padding=op, **options)

    return draw


def _impossible(rng: Generator) -> Iterator[Arguments]:
    """Layers that torch refuses, and their neighbours that it takes."""
    yield {"length": 3, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
    yield {"length": 3, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 2}
    yield {"length": 3, "kernel_size": 3, "dilation": 3, "output_padding": 2}
    yield {"length": 1, "kernel_size": 3, "stride": 2, "padding": 2}
    yield {"length": 1, "kernel_size": 4, "stride": 2, "padding": 2}
    for _ in range(2):
        s, d = int(rng.integers(2, 5)), int(rng.integers(2, 5))
        for op in (max(s, d) - 1, max(s, d), min(s, d)):
            yield _given(
                length=int(rng.integers(2, 9)), kernel_size=3, stride=s, padding=1, output_padding=op, dilation=d
            )


def _grown(size: Callable[..., int]) -> Callable[..., int]:
    """The answer of somebody whose rule is ``size(n, k, s, p, op, d)`` and who knows what torch refuses."""

    def wrong(length: int, kernel_size: int, **options: int) -> int:
        if conv_transpose_output_size(length, kernel_size, **options) == 0:
            return 0
        return size(length, kernel_size, *(options.get(name, value) for name, value in DEFAULTS.items()))

    return wrong


def _without_limit(refused: Callable[[int, int, int, int], bool]) -> Callable[..., int]:
    """The right size, but 0 where ``refused(size, op, s, d)``."""

    def wrong(length: int, kernel_size: int, **options: int) -> int:
        s, p, op, d = (options.get(name, value) for name, value in DEFAULTS.items())
        size = s * (length - 1) + d * (kernel_size - 1) + 1 - 2 * p + op
        return 0 if refused(size, op, s, d) else size

    return wrong


CONV_TRANSPOSE_OUTPUT_SIZE = Task(
    reference=conv_transpose_output_size,
    summary="how many samples a transposed convolution returns, or 0 if there is no such layer.",
    properties=(
        Property(
            "kernel and stride",
            1,
            _ups(
                {"length": 3, "kernel_size": 3, "stride": 2},
                {"length": 1, "kernel_size": 4, "stride": 3},
                {"length": 4, "kernel_size": 2, "stride": 5},
                stride=(1, 6),
            ),
            wrong_values,
            "n copies of the kernel are laid down, each s samples further. Where does the last one end?",
        ),
        Property(
            "padding",
            0.5,
            _ups({"length": 3, "kernel_size": 3, "stride": 2, "padding": 1}, stride=(2, 5), padding=(1, 4)),
            wrong_values,
            "here the padding makes the result shorter: that much is cut off on each side.",
        ),
        Property(
            "output_padding",
            0.5,
            _ups(
                {"length": 3, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
                extra=True,
                stride=(3, 6),
            ),
            wrong_values,
            "output_padding makes the result that much longer.",
        ),
        Property(
            "dilation",
            0.5,
            _ups({"length": 3, "kernel_size": 3, "dilation": 2}, extra=True, stride=(2, 5), dilation=(2, 5)),
            wrong_values,
            SPAN,
        ),
        Property(
            "0 where torch refuses",
            0.5,
            _impossible,
            wrong_values,
            "output_padding must be below max(stride, dilation), and at least one sample must be left.",
        ),
    ),
    mistakes=(
        Mistake(
            "one stride too many",
            _grown(lambda n, k, s, p, op, d: s * n + d * (k - 1) + 1 - 2 * p + op),
            "Between n samples there are n - 1 steps: the last kernel begins at s * (n - 1).",
        ),
        Mistake(
            "zeros after the last sample too",
            _grown(lambda n, k, s, p, op, d: s * n + d * (k - 1) - 2 * p + op),
            "s - 1 zeros stand between neighbours, none after the last sample: s * (n - 1) + 1 before the kernel.",
        ),
        Mistake(
            "the stride taken as the factor",
            _grown(lambda n, k, s, p, op, d: s * n + op),
            "o = s * n holds only if d * (k - 1) + 1 - 2 * p + op equals s.",
            "When the factor is exactly s",
        ),
        Mistake(
            "padding makes it longer",
            _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * (k - 1) + 1 + 2 * p + op),
            "A transposed convolution cuts its padding off, on both sides: subtract 2 * p.",
        ),
        Mistake(
            "padding cut off once",
            _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * (k - 1) + 1 - p + op),
            "The padding is cut off on each side: subtract 2 * p.",
        ),
        Mistake(
            "output_padding on both sides",
            _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * (k - 1) + 1 - 2 * p + 2 * op),
            "output_padding lengthens the result at its end alone: add it once.",
        ),
        Mistake(
            "output_padding makes it shorter",
            _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * (k - 1) + 1 - 2 * p - op),
            "By output_padding samples less is cut off at the end: add it.",
        ),
        Mistake(
            "output_padding ignored",
            _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * (k - 1) + 1 - 2 * p),
            "output_padding adds samples at the end of the result.",
        ),
        Mistake("dilation ignored", _grown(lambda n, k, s, p, op, d: s * (n - 1) + k - 2 * p + op), SPAN),
        Mistake("every tap spans d samples", _grown(lambda n, k, s, p, op, d: s * (n - 1) + d * k - 2 * p + op), SPAN),
        Mistake(
            "any output_padding allowed",
            _without_limit(lambda size, op, s, d: size < 1),
            "torch refuses an output_padding that is not below max(stride, dilation): return 0.",
            "How large it may be",
        ),
        Mistake(
            "the limit is the stride alone",
            _without_limit(lambda size, op, s, d: size < 1 or op >= s),
            "output_padding must be below the stride or below the dilation: the larger of the two is the limit.",
            "How large it may be",
        ),
        Mistake(
            "sizes below one",
            _without_limit(lambda size, op, s, d: op >= max(s, d)),
            "When the padding cuts everything off, no sample is left and torch refuses: return 0.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The way back",
)

# --------------------------------------------------------------------------- input_sizes


def input_sizes(
    output_length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[int, ...]:
    """The library's range, as a tuple."""
    return tuple(resampling.input_sizes(output_length, kernel_size, stride, padding, dilation))


def _outputs(*fixed: dict[str, int], **spans: tuple[int, int]) -> Cases:
    """The given calls, then five random ones with options in `spans` and no length below 1."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        yield from fixed
        for _ in range(5):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            o, k = int(rng.integers(3, 12)), int(rng.integers(5, 9))
            options["padding"] = min(options.get("padding", 0), k // 2)
            yield _given(output_length=o, kernel_size=k, **options)

    return draw


def _near_one(rng: Generator) -> Iterator[Arguments]:
    """Few windows and much padding: lengths of 0 and less would fit the formula."""
    yield {"output_length": 1, "kernel_size": 3, "stride": 2, "padding": 1}
    yield {"output_length": 1, "kernel_size": 1, "padding": 1}
    yield {"output_length": 2, "kernel_size": 3, "stride": 4, "padding": 3}
    yield {"output_length": 1, "kernel_size": 4, "stride": 5, "padding": 3}
    for _ in range(4):
        s = int(rng.integers(3, 6))
        least = -int(rng.integers(0, s - 1))
        p = int(rng.integers(1, 4))
        yield _given(output_length=1, kernel_size=least + 2 * p if least + 2 * p > 0 else 1, stride=s, padding=p)


def _residues(first: int, last: Callable[[int], int], keep: int = 1, once: int = 2) -> Callable[..., tuple[int, ...]]:
    """All lengths with residues from `first` to ``last(s)``, not below `keep`, with `once` * p subtracted."""

    def wrong(
        output_length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> tuple[int, ...]:
        least = stride * (output_length - 1) + dilation * (kernel_size - 1) + 1 - once * padding
        return tuple(n for r in range(first, last(stride)) if (n := least + r) >= keep)

    return wrong


def _upside_down(
    output_length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[int, ...]:
    return input_sizes(output_length, kernel_size, stride, padding, dilation)[::-1]


def _as_if_rounded_up(
    output_length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[int, ...]:
    most = stride * (output_length - 1) + dilation * (kernel_size - 1) + 1 - 2 * padding
    return tuple(n for n in range(most - stride + 1, most + 1) if n >= 1)


INPUT_SIZES = Task(
    reference=input_sizes,
    summary="all input lengths, ascending, from which a convolution makes `output_length` samples.",
    properties=(
        Property(
            "all the lengths, as many as the stride",
            1,
            _outputs(
                {"output_length": 3, "kernel_size": 3, "stride": 2},
                {"output_length": 4, "kernel_size": 3},
                {"output_length": 1, "kernel_size": 2, "stride": 3},
                stride=(2, 6),
            ),
            _wrong_list,
            "the shortest input ends with the last window. How many samples may follow before a new window fits?",
        ),
        Property(
            "padding",
            0.5,
            _outputs({"output_length": 3, "kernel_size": 3, "stride": 2, "padding": 1}, stride=(1, 5), padding=(1, 3)),
            _wrong_list,
        ),
        Property(
            "dilation",
            0.5,
            _outputs(
                {"output_length": 2, "kernel_size": 3, "stride": 2, "dilation": 2},
                stride=(2, 5),
                padding=(1, 3),
                dilation=(2, 5),
            ),
            _wrong_list,
            SPAN,
        ),
        Property(
            "no lengths below 1",
            1,
            _near_one,
            _wrong_list,
            "an input has at least one sample. Sometimes fewer lengths than s are left, sometimes none.",
        ),
    ),
    mistakes=(
        Mistake(
            "only the shortest",
            _residues(0, lambda s: 1),
            "s - 1 longer inputs give the same output: their last samples start no new window.",
        ),
        Mistake(
            "one length missing",
            _residues(0, lambda s: max(s - 1, 1)),
            "The residue runs over 0, 1, …, s - 1: s lengths in all.",
        ),
        Mistake(
            "one length too many",
            _residues(0, lambda s: s + 1),
            "With s samples more, one more window fits: the residue stops at s - 1.",
        ),
        Mistake(
            "as if the formula rounded up",
            _as_if_rounded_up,
            "The formula rounds down, so samples may be left over after the last window: go upwards from the shortest.",
        ),
        Mistake(
            "padding ignored",
            _residues(0, lambda s: s, once=0),
            "The windows cover n + 2 * p samples, so n is what they cover less 2 * p.",
        ),
        Mistake(
            "padding subtracted once",
            _residues(0, lambda s: s, once=1),
            "There are p zeros on each side: subtract 2 * p.",
        ),
        Mistake(
            "padding added",
            _residues(0, lambda s: s, once=-2),
            "The windows cover n + 2 * p samples; solved for n, the padding is subtracted.",
        ),
        Mistake(
            "dilation ignored",
            lambda output_length, kernel_size, dilation=1, **k: input_sizes(output_length, kernel_size, **k),
            SPAN,
        ),
        Mistake(
            "lengths that do not exist",
            _residues(0, lambda s: s, keep=-1000),
            "The formula also gives lengths of 0 and less. No input is that short: leave them out.",
        ),
        Mistake(
            "an input of length 0",
            _residues(0, lambda s: s, keep=0),
            "torch takes no empty axis, and a window over padding alone sees nothing: lengths begin at 1.",
        ),
        Mistake("not ascending", _upside_down, "The order matters here: the shortest input first."),
    ),
    forbidden=FORBIDDEN,
    section="Reading it backwards",
)

# --------------------------------------------------------------------------- output_padding_for


def output_padding_for(
    target: int, length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """The library's function, and -1 where it refuses."""
    try:
        return resampling.output_padding_for(target, length, kernel_size, stride, padding, dilation)
    except ValueError:
        return -1


def _returns(*fixed: tuple[int, int, int, int, int], **spans: tuple[int, int]) -> Cases:
    """The way back of convolutions (n, k, s, p, d): the given ones, then four random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(4):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            k = int(rng.integers(2, 7))
            n = options.get("dilation", 1) * (k - 1) + 1 + int(rng.integers(3, 20))
            values = (options.get(name, default) for name, default in DEFAULTS.items() if name != "output_padding")
            drawn.append((n, k, *values))
        for n, k, s, p, d in (*fixed, *drawn):
            o = conv_output_size(n, k, s, p, d)
            yield _given(target=n, length=o, kernel_size=k, stride=s, padding=p, dilation=d)

    return draw


def _out_of_reach(rng: Generator) -> Iterator[Arguments]:
    """Targets just inside and just outside of what output_padding can reach; the stride is not below the dilation."""
    yield {"target": 6, "length": 3, "kernel_size": 3, "stride": 2, "padding": 1}
    yield {"target": 7, "length": 3, "kernel_size": 3, "stride": 2, "padding": 1}
    yield {"target": 4, "length": 3, "kernel_size": 3, "stride": 2, "padding": 1}
    for _ in range(2):
        k, s, n = (int(rng.integers(*span)) for span in ((2, 7), (2, 5), (3, 9)))
        least = s * (n - 1) + k
        for target in (least - 2, least - 1, least, least + s - 1, least + s, least + s + 3):
            yield _given(target=target, length=n, kernel_size=k, stride=s)


def _beyond_the_stride(rng: Generator) -> Iterator[Arguments]:
    """A dilation above the stride: more can be reached."""
    yield {"target": 7, "length": 3, "kernel_size": 2, "dilation": 3}
    for _ in range(2):
        k, s, n = (int(rng.integers(*span)) for span in ((2, 5), (1, 3), (3, 9)))
        d = s + int(rng.integers(2, 4))
        least = s * (n - 1) + d * (k - 1) + 1
        for target in (least - 1, least + s, least + d - 1, least + d):
            yield _given(target=target, length=n, kernel_size=k, stride=s, dilation=d)


def _difference(target: int, length: int, kernel_size: int, **options: int) -> int:
    s, p, _, d = (options.get(name, value) for name, value in DEFAULTS.items())
    return target - (s * (length - 1) + d * (kernel_size - 1) + 1 - 2 * p)


def _limit(options: dict[str, int]) -> int:
    return max(options.get("stride", 1), options.get("dilation", 1))


def _residue_alone(target: int, length: int, kernel_size: int, **options: int) -> int:
    return _difference(target, length, kernel_size, **options) % options.get("stride", 1)


def _limited(limit: Callable[[dict[str, int]], int], **wrong: int) -> Callable[..., int]:
    """The difference, -1 outside of 0 <= op < limit; with some options seen as `wrong`."""

    def answer(target: int, length: int, kernel_size: int, **options: int) -> int:
        op = _difference(target, length, kernel_size, **(options | wrong))
        return op if 0 <= op < limit(options) else -1

    return answer


def _padding_forgotten_twice(target: int, length: int, kernel_size: int, **options: int) -> int:
    op = _difference(target, length, kernel_size, **(options | {"padding": -options.get("padding", 0)}))
    return op if 0 <= op < _limit(options) else -1


def _else(wrong: Callable[..., int]) -> Callable[..., int]:
    """``wrong(op, least, options)`` of the difference."""

    def answer(target: int, length: int, kernel_size: int, **options: int) -> int:
        return wrong(_difference(target, length, kernel_size, **options), target, options)

    return answer


OUTPUT_PADDING_FOR = Task(
    reference=output_padding_for,
    summary="the output_padding with which `length` samples become `target`, or -1.",
    properties=(
        Property(
            "back to the length that a convolution had",
            1.5,
            _returns(
                (5, 3, 2, 1, 1),
                (6, 3, 2, 1, 1),
                (16, 5, 3, 2, 1),
                (17, 5, 3, 2, 1),
                (18, 5, 3, 2, 1),
                stride=(2, 6),
                padding=(0, 3),
            ),
            wrong_values,
            "how long is the result without output_padding? What is missing?",
        ),
        Property(
            "dilation",
            0.5,
            _returns((9, 3, 3, 0, 2), (12, 3, 4, 1, 2), stride=(4, 7), padding=(1, 3), dilation=(2, 4)),
            wrong_values,
            SPAN,
        ),
        Property(
            "-1 when it cannot be reached",
            1,
            _out_of_reach,
            wrong_values,
            "output_padding is at least 0 and below max(stride, dilation).",
        ),
        Property(
            "a dilation above the stride reaches further",
            0.5,
            _beyond_the_stride,
            wrong_values,
            "the limit is max(stride, dilation).",
        ),
    ),
    mistakes=(
        Mistake(
            "the remainder alone",
            _residue_alone,
            "The remainder mod s fits a size that some convolution had. Here another target may be asked for: take the "
            "difference and see whether it is allowed.",
        ),
        Mistake(
            "the target mod the stride",
            _else(lambda op, target, options: target % options.get("stride", 1)),
            "Odd and even are not enough: kernel, padding and dilation shift the remainder.",
        ),
        Mistake(
            "pressed into the limits",
            _else(lambda op, target, options: min(max(op, 0), _limit(options) - 1)),
            "The nearest value that is allowed gives another size than the target. Say so: return -1.",
        ),
        Mistake(
            "the limit is allowed too",
            _limited(lambda options: _limit(options) + 1),
            "output_padding must be below max(stride, dilation), not equal to it.",
        ),
        Mistake(
            "no limits",
            _else(lambda op, target, options: op),
            "torch takes an output_padding from 0 to max(stride, dilation) - 1. Otherwise return -1.",
        ),
        Mistake(
            "the limit is the stride alone",
            _limited(lambda options: options.get("stride", 1)),
            "A dilation above the stride allows more: output_padding must be below max(stride, dilation).",
        ),
        Mistake("dilation ignored", _limited(_limit, dilation=1), SPAN),
        Mistake(
            "padding on the wrong side of the equation",
            _padding_forgotten_twice,
            "Without output_padding the result has s * (n - 1) + d * (k - 1) + 1 - 2 * p samples: padding shortens it.",
        ),
        Mistake(
            "always the largest",
            _else(lambda op, target, options: _limit(options) - 1 if 0 <= op < _limit(options) else -1),
            "output_padding=1 with stride 2 is a habit, not a rule: it fits even sizes of some layers only.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="How large it may be",
)

# --------------------------------------------------------------------------- receptive_field


def receptive_field(layers: Layers) -> tuple[int, int, int]:
    """Size, stride and start of the library's last receptive field."""
    fields = resampling.receptive_field([Layer(*layer) for layer in layers])
    return (fields[-1].size, fields[-1].stride, fields[-1].start) if fields else (1, 1, 0)


def _stacks(*fixed: Layers, depth: tuple[int, int] = (3, 6), **spans: tuple[int, int]) -> Cases:
    """The given stacks, then four random ones with numbers in `spans`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for layers in fixed:
            yield {"layers": layers}
        for _ in range(4):
            yield {"layers": tuple(_layer(rng, spans) for _ in range(int(rng.integers(*depth))))}

    return draw


def _layer(rng: Generator, spans: dict[str, tuple[int, int]]) -> tuple[int, int, int, int]:
    pick = {name: int(rng.integers(*span)) for name, span in spans.items()}
    return int(rng.integers(2, 6)), pick.get("stride", 1), pick.get("padding", 0), pick.get("dilation", 1)


def _walked(size: int, grow: Callable[..., tuple[int, int, int]]) -> Callable[[Layers], tuple[int, int, int]]:
    """The answer of somebody who goes through the layers with ``grow(size, stride, start, k, s, p, d)``."""

    def wrong(layers: Layers) -> tuple[int, int, int]:
        field = size, 1, 0
        for k, s, p, d in layers:
            field = grow(*field, k, s, p, d)
        return field

    return wrong


def _centred(layers: Layers) -> tuple[int, int, int]:
    size, stride, _ = receptive_field(layers)
    return size, stride, -(size // 2)


def _never_before_the_input(layers: Layers) -> tuple[int, int, int]:
    size, stride, start = receptive_field(layers)
    return size, stride, max(start, 0)


RECEPTIVE_FIELD = Task(
    reference=receptive_field,
    summary="size, stride and start of what one output of a stack of layers (k, s, p, d) sees.",
    properties=(
        Property(
            "the size, without strides",
            0.5,
            _stacks(((3, 1, 0, 1),), ((3, 1, 1, 1), (3, 1, 1, 1)), (), ((2, 1, 0, 1), (5, 1, 0, 1), (1, 1, 0, 1))),
            item(0, wrong_values),
            "two layers of three taps see five samples, not six and not nine.",
        ),
        Property(
            "the size, with dilation",
            0.5,
            _stacks(((3, 1, 0, 2),), ((3, 1, 0, 1), (3, 1, 0, 2), (3, 1, 0, 4)), dilation=(2, 5)),
            item(0, wrong_values),
            SPAN,
        ),
        Property(
            "the size, with strides",
            1,
            _stacks(((3, 2, 0, 1), (3, 2, 0, 1)), ((2, 2, 0, 1), (3, 1, 0, 1)), stride=(2, 4), dilation=(1, 3)),
            item(0, wrong_values),
            "how far apart, in samples of the first input, are two neighbours that the layer reads?",
        ),
        Property(
            "the stride from one output to the next",
            0.5,
            _stacks(((3, 2, 0, 1), (2, 3, 0, 1), (3, 2, 0, 1)), stride=(1, 5)),
            item(1, wrong_values),
        ),
        Property(
            "where output 0 begins to see",
            1,
            _stacks(
                ((3, 1, 1, 1),),
                ((3, 2, 1, 1), (3, 2, 1, 1)),
                ((5, 3, 1, 1), (3, 2, 2, 1)),
                stride=(2, 4),
                padding=(1, 4),
                dilation=(1, 3),
            ),
            item(2, wrong_values),
            "a padding of p in a later layer reaches back p steps of that layer's input.",
        ),
    ),
    mistakes=(
        Mistake(
            "sizes added up",
            _walked(0, lambda size, j, start, k, s, p, d: (size + (d * (k - 1) + 1) * j, j * s, start - p * j)),
            "Neighbouring windows overlap: a layer adds its extent less one, d * (k - 1), and you begin with 1.",
        ),
        Mistake(
            "the layer's own stride counted",
            _walked(1, lambda size, j, start, k, s, p, d: (size + d * (k - 1) * j * s, j * s, start - p * j)),
            "A layer's taps stand as far apart as its input's samples: only the strides of the layers before it count.",
        ),
        Mistake(
            "strides do not widen it",
            _walked(1, lambda size, j, start, k, s, p, d: (size + d * (k - 1), j * s, start - p * j)),
            "After a stride of 2, one step of the next layer is two samples of the first input: multiply.",
        ),
        Mistake(
            "strides added",
            _walked(1, lambda size, j, start, k, s, p, d: (size + d * (k - 1) * j, j + s - 1, start - p * j)),
            "Two strides of 2 make a step of 4 samples, not 3: strides are multiplied.",
        ),
        Mistake(
            "dilation ignored",
            _walked(1, lambda size, j, start, k, s, p, d: (size + (k - 1) * j, j * s, start - p * j)),
            SPAN,
        ),
        Mistake(
            "every tap spans d samples",
            _walked(1, lambda size, j, start, k, s, p, d: (size + (d * k - 1) * j, j * s, start - p * j)),
            SPAN,
        ),
        Mistake(
            "sizes multiplied",
            _walked(1, lambda size, j, start, k, s, p, d: (size * (d * (k - 1) + 1), j * s, start - p * j)),
            "Windows overlap, so the sizes do not multiply: three taps of three taps see five samples, not nine.",
        ),
        Mistake(
            "the layers backwards",
            lambda layers: receptive_field(layers[::-1]),
            "Go from the first layer to the last, as the signal does: earlier strides widen later layers.",
        ),
        Mistake(
            "paddings only added up",
            _walked(1, lambda size, j, start, k, s, p, d: (size + d * (k - 1) * j, j * s, start - p)),
            "A padding of p in a layer after strides is p steps of that layer: multiply it by the stride so far.",
        ),
        Mistake(
            "start on the wrong side",
            _walked(1, lambda size, j, start, k, s, p, d: (size + d * (k - 1) * j, j * s, start + p * j)),
            "Padding stands before sample 0, so the first window begins at a negative sample.",
        ),
        Mistake(
            "start not below zero",
            _never_before_the_input,
            "Output 0 also sees padding in front of the input: start is negative then.",
        ),
        Mistake(
            "taken as centred",
            _centred,
            "Output 0 is centred on sample 0 only if each padding is half of its kernel. Follow each layer's padding.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="What one output sees",
)

# --------------------------------------------------------------------------- plan_encoder_decoder

Plan = tuple[tuple[int, ...], tuple[int, ...], int]


def plan_encoder_decoder(length: int, encoder: Layers) -> Plan:
    """Sizes on the way down, output paddings on the way up, and `divisible_size`."""
    layers = [Layer(*layer) for layer in encoder]
    down, up = resampling.plan_encoder_decoder(length, layers)
    return down, tuple(layer.output_padding for layer in up), divisible_size(length, layers)


def _encoders(*fixed: tuple[int, Layers], **spans: tuple[int, int]) -> Cases:
    """The given (length, encoder), then five random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for length, encoder in fixed:
            yield {"length": length, "encoder": encoder}
        for _ in range(5):
            encoder = tuple(_layer(rng, {"padding": (0, 3)} | spans) for _ in range(int(rng.integers(2, 4))))
            yield {"length": int(rng.integers(400, 900)), "encoder": encoder}

    return draw


def _deep(rng: Generator) -> Iterator[Arguments]:
    """So many layers that trying one length after the other takes for ever."""
    depth = int(rng.integers(30, 40))
    yield {"length": int(rng.integers(10**5, 10**6)), "encoder": ((3, 2, 1, 1),) * depth}
    yield {"length": 10**15 + int(rng.integers(10**6)), "encoder": ((3, 3, 2, 1), (4, 2, 1, 1)) * 14}


def _planned(**wrong: Callable[[int, list[Layer]], Any]) -> Callable[..., Plan]:
    """The right plan with the items `sizes`, `ops` or `padded` made by a wrong rule."""

    def answer(length: int, encoder: Layers) -> Plan:
        plan = dict(zip(("sizes", "ops", "padded"), plan_encoder_decoder(length, encoder), strict=True))
        layers = [Layer(*layer) for layer in encoder]
        return tuple(wrong[name](length, layers) if name in wrong else value for name, value in plan.items())

    return answer


def _residues_down(length: int, layers: list[Layer]) -> tuple[int, ...]:
    sizes = stack_sizes(length, layers)
    return tuple(
        unused_samples(n, a.kernel_size, a.stride, a.padding, a.dilation)
        for n, a in zip(sizes[:-1], layers, strict=True)
    )


def _next_multiple(length: int, layers: list[Layer]) -> int:
    step = prod(layer.stride for layer in layers)
    return -(-length // step) * step


def _one_layer_at_a_time(length: int, layers: list[Layer]) -> int:
    return divisible_size(length, layers[:1])


def _rounded_down(length: int, layers: list[Layer]) -> int:
    fits = bisect_right(range(length + 1), length, lo=1, key=lambda n: divisible_size(max(n, 1), layers))
    return divisible_size(max(fits - 1, 1), layers)


def _sizes_rounded_up(length: int, layers: list[Layer]) -> tuple[int, ...]:
    sizes = [length]
    for a in layers:
        room = sizes[-1] + 2 * a.padding - a.dilation * (a.kernel_size - 1) - 1
        sizes.append(-(-room // a.stride) + 1)
    return tuple(sizes)


PLAN_ENCODER_DECODER = Task(
    reference=plan_encoder_decoder,
    summary="sizes on the way down, output paddings on the way up, and the least length that needs none.",
    properties=(
        Property(
            "sizes on the way down",
            1,
            _encoders((17, ((3, 2, 1, 1), (2, 2, 0, 1))), (25, ((3, 2, 1, 1),) * 3), stride=(1, 4)),
            item(0, _wrong_list),
            "begin with `length`; each layer takes what the one before it returned.",
        ),
        Property(
            "output paddings on the way up",
            1.5,
            _encoders(
                (17, ((3, 2, 1, 1), (2, 2, 0, 1))),
                (18, ((3, 2, 1, 1), (2, 2, 0, 1))),
                (95, ((5, 3, 2, 1), (4, 4, 0, 1), (3, 2, 1, 2))),
                stride=(2, 5),
                dilation=(1, 3),
            ),
            item(1, _wrong_list),
            "the first transposed layer undoes the last convolution.",
        ),
        Property(
            "the least length that needs no output padding",
            1.5,
            _encoders(
                (17, ((2, 2, 0, 1),) * 3),
                (17, ((3, 2, 1, 1),) * 3),
                (16, ((3, 2, 1, 1),) * 3),
                (18, ((3, 2, 1, 1), (2, 2, 0, 1))),
                stride=(2, 4),
                dilation=(1, 3),
            ),
            item(2, wrong_values),
            "which lengths leave the last layer no sample over? Which lengths lead to them through the layer before?",
        ),
        Property(
            "the same without trying every length",
            0.5,
            _deep,
            item(2, wrong_values),
            "go backwards: a length that the last layer likes is s * (o - 1) + d * (k - 1) + 1 - 2 * p for some o.",
        ),
    ),
    mistakes=(
        Mistake(
            "output paddings in the order of the way down",
            _planned(ops=_residues_down),
            "The first transposed layer undoes the last convolution: reverse the order.",
        ),
        Mistake(
            "always output_padding = s - 1",
            _planned(ops=lambda length, layers: tuple(a.stride - 1 for a in layers[::-1])),
            "Each size has its own: what the floor dropped on the way down.",
        ),
        Mistake(
            "remainders of the outputs",
            _planned(
                ops=lambda length, layers: tuple(
                    o % a.stride for o, a in zip(stack_sizes(length, layers)[:0:-1], layers[::-1], strict=True)
                )
            ),
            "What counts is what the layer did not use of its input, not whether its output is even.",
        ),
        Mistake(
            "remainders of the bare inputs",
            _planned(
                ops=lambda length, layers: tuple(
                    n % a.stride for n, a in zip(stack_sizes(length, layers)[-2::-1], layers[::-1], strict=True)
                )
            ),
            "n mod s is right only if d * (k - 1) + 1 - 2 * p is a multiple of s. Use (n + 2p - d(k-1) - 1) mod s.",
        ),
        Mistake(
            "rounded up on the way down",
            _planned(sizes=_sizes_rounded_up),
            "A window that does not fit as a whole is not there: round down.",
        ),
        Mistake(
            "the input is missing",
            _planned(sizes=lambda length, layers: stack_sizes(length, layers)[1:]),
            "The sizes begin with `length` itself: one more than there are layers.",
        ),
        Mistake(
            "sizes from the bottom up",
            _planned(sizes=lambda length, layers: stack_sizes(length, layers)[::-1]),
            "The sizes are those on the way down: `length` first, the smallest last.",
        ),
        Mistake(
            "the next multiple of all strides",
            _planned(padded=_next_multiple),
            "That is the rule for kernels with d * (k - 1) + 1 - 2 * p = s. With k = 3, s = 2, p = 1 and three layers, "
            "17 fits and 16 does not.",
            "Which sizes never lose a row?",
        ),
        Mistake(
            "only the first layer served",
            _planned(padded=_one_layer_at_a_time),
            "The deeper layers must not drop a sample either.",
            "Which sizes never lose a row?",
        ),
        Mistake(
            "rounded down to a length that fits",
            _planned(padded=_rounded_down),
            "A shorter length would throw samples away. Look for the least length that is not below `length`.",
        ),
        Mistake(
            "the output paddings added to the length",
            _planned(padded=lambda length, layers: length + sum(_residues_down(length, layers))),
            "A sample at depth is worth several at the top, and one sample more changes all sizes below it.",
        ),
    ),
    forbidden=FORBIDDEN,
    time_limit=2.0,
    section="An encoder and its decoder",
)

TASKS = (
    COUNT_WINDOWS,
    CONV_TRANSPOSE_OUTPUT_SIZE,
    INPUT_SIZES,
    OUTPUT_PADDING_FOR,
    RECEPTIVE_FIELD,
    PLAN_ENCODER_DECODER,
)

check_count_windows = make_check(COUNT_WINDOWS)
check_conv_transpose_output_size = make_check(CONV_TRANSPOSE_OUTPUT_SIZE)
check_input_sizes = make_check(INPUT_SIZES)
check_output_padding_for = make_check(OUTPUT_PADDING_FOR)
check_receptive_field = make_check(RECEPTIVE_FIELD)
check_plan_encoder_decoder = make_check(PLAN_ENCODER_DECODER)
