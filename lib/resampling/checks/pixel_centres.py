"""Tasks of the chapter on pixel centres."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import centre_of_mass, conv_transpose2d, resize, source_coordinates, tent
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES as EVERYWHERE
from resampling.checks.refusals import item, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Size = tuple[int, int]
LIBRARIES = (*EVERYWHERE, "PIL", "skimage")


# --------------------------------------------------------------------------- coordinate_map


def coordinate_map(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
    """`source_coordinates`, with the number of input samples first."""
    return source_coordinates(size, length, convention, scale)


def _sizes(convention: str, *fixed: Size) -> Cases:
    """The given (length, size), then four random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for length, size in [*fixed, *rng.integers(2, 12, (4, 2)).tolist()]:
            yield {"length": length, "size": size + (length == size), "convention": convention}

    return draw


def _single(rng: Generator) -> Iterator[Arguments]:
    for length in (5, *rng.integers(2, 20, 3).tolist()):
        yield {"length": length, "size": 1, "convention": "align_corners"}


def _scaled(rng: Generator) -> Iterator[Arguments]:
    """Factors that do not divide evenly: the sizes alone would give another step."""
    for length, scale in [(5, 1.5), (7, 0.6), *zip((3, 5, 7), rng.choice([1.25, 1.7, 2.3, 0.45], 3).tolist())]:  # noqa: B905
        for convention in ("half_pixel", "asymmetric"):
            yield {"length": length, "size": int(length * scale), "convention": convention, "scale": scale}


def _mapped(**rules: Callable[[Array, int, int, float], Array]) -> Callable[..., Array]:
    """The answer of somebody whose rule ``(i, n, o, step)`` is another one in the conventions named."""

    def wrong(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
        step = length / size if scale is None else 1 / scale
        right = lambda *_: coordinate_map(length, size, convention, scale)  # noqa: E731
        return rules.get(convention, right)(np.arange(size), length, size, step)

    return wrong


def _scale_as_step(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
    return coordinate_map(length, size, convention, scale and 1 / scale)


def _scale_unread(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
    del scale
    return coordinate_map(length, size, convention)


def _kept_inside(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
    return np.clip(coordinate_map(length, size, convention, scale), 0, length - 1)


def _whole(length: int, size: int, convention: str = "half_pixel", scale: float | None = None) -> Array:
    return np.floor(coordinate_map(length, size, convention, scale))


COORDINATE_MAP = Task(
    reference=coordinate_map,
    summary="the input coordinate of each output sample, in three conventions.",
    properties=(
        Property(
            "half_pixel: the ends of both pictures coincide",
            1,
            _sizes("half_pixel", (4, 8), (5, 3), (1, 3), (3, 1)),
            wrong_values,
            "sample i has its centre i + 1/2 behind the left end. Multiply that by the step, and go back to indices.",
        ),
        Property(
            "asymmetric: both samples 0 coincide",
            0.5,
            _sizes("asymmetric", (4, 8), (5, 3)),
            wrong_values,
            "i times the step, nothing else.",
        ),
        Property(
            "align_corners: the first and last samples coincide",
            1,
            _sizes("align_corners", (4, 8), (3, 5), (1, 4), (7, 3)),
            wrong_values,
            "between o samples there are o - 1 steps, between n samples n - 1.",
        ),
        Property(
            "align_corners: a single output sample reads sample 0",
            0.5,
            _single,
            wrong_values,
            "one output sample makes no steps: o - 1 is 0. torch and ONNX agree on coordinate 0.",
        ),
        Property(
            "a scale that is given decides the step",
            0.5,
            _scaled,
            wrong_values,
            "with a scale the step is 1 / scale, even if n / o is another number.",
        ),
    ),
    mistakes=(
        Mistake(
            "the scale is ignored",
            _scale_unread,
            "5 samples times 1.5 are 7 after rounding, but the step stays 1 / 1.5 and is not 5 / 7.",
        ),
        Mistake(
            "the scale taken as the step", _scale_as_step, "scale counts output samples for one input sample: divide."
        ),
        Mistake(
            "the ratio upside down",
            _mapped(half_pixel=lambda i, n, o, t: (i + 0.5) / t - 0.5, asymmetric=lambda i, n, o, t: i / t),
            "A step on the output is n / o steps on the input: twice as many samples, half the distance.",
        ),
        Mistake(
            "the last half is forgotten",
            _mapped(half_pixel=lambda i, n, o, t: (i + 0.5) * t),
            "(i + 1/2) * n / o is measured from the left end. Index j has its centre at j + 1/2: subtract 1/2.",
        ),
        Mistake(
            "the first half is forgotten",
            _mapped(half_pixel=lambda i, n, o, t: i * t - 0.5),
            "Output sample i has its centre i + 1/2 behind the left end, not i.",
        ),
        Mistake(
            "the halves are added",
            _mapped(half_pixel=lambda i, n, o, t: (i - 0.5) * t + 0.5),
            "From an index to its distance from the left end it is plus 1/2; the way back is minus 1/2.",
        ),
        Mistake(
            "half_pixel without any half",
            _mapped(half_pixel=lambda i, n, o, t: i * t),
            "That is asymmetric. With it, enlarging moves the picture towards the first sample.",
        ),
        Mistake(
            "align_corners counts samples instead of steps",
            _mapped(align_corners=lambda i, n, o, t: i * n / o),
            "Between o samples there are o - 1 steps, and between n samples n - 1.",
        ),
        Mistake(
            "align_corners subtracts 1 once",
            _mapped(align_corners=lambda i, n, o, t: i * (n - 1) / o),
            "The last output sample, o - 1, must read the last input sample, n - 1: divide by o - 1.",
        ),
        Mistake(
            "a division by zero",
            _mapped(align_corners=lambda i, n, o, t: i * ((n - 1) / (o - 1))),
            "With a single output sample, o - 1 is 0. Ask for that first.",
        ),
        Mistake(
            "a single sample reads the middle",
            _mapped(align_corners=lambda i, n, o, t: i * (n - 1) / (o - 1) if o > 1 else i + (n - 1) / 2),
            "It would be a fair choice, but align_corners is defined by its first sample: coordinate 0.",
        ),
        Mistake(
            "coordinates kept inside",
            _kept_inside,
            "What lies beyond the border is for the border rule to decide. A coordinate of -0.25 is right.",
        ),
        Mistake(
            "coordinates cut to whole samples",
            _whole,
            "Coordinates lie between samples. Taking whole ones is what nearest does, one step later.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The general rule",
)

# --------------------------------------------------------------------------- resize_on_grid

LINEAR = ("half_pixel", "align_corners", "asymmetric")
MODES = (*LINEAR, "nearest", "nearest-exact")
OPTIONS: dict[str, dict[str, str]] = {name: {"coordinates": name} for name in LINEAR} | {
    "nearest": {"mode": "nearest", "coordinates": "asymmetric", "rounding": "floor"},
    "nearest-exact": {"mode": "nearest"},
}


def resize_on_grid(x: Array, size: Size, mode: str = "half_pixel") -> Array:
    """`resize`, with names for linear on three grids and for torch's two kinds of nearest."""
    return resize(x, size, **OPTIONS[mode])


def _pictures(mode: str, *fixed: tuple[Size, Size]) -> Cases:
    """The given (shape, size), then three random ones; never square."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        more = ((rng.integers(2, 6, 2) + (0, 2), rng.integers(2, 8, 2) + (3, 0)) for _ in range(3))
        for shape, size in [*fixed, *((tuple(a.tolist()), tuple(b.tolist())) for a, b in more)]:
            yield {"x": distinct(rng, *shape), "size": size, "mode": mode}

    return draw


def _weights(n: int, c: Array, low: Callable[[Array], Array] = np.floor) -> Array:
    """Rows of linear interpolation at `c`, with repeated border samples; `low` gives the sample on the left."""
    matrix, first, i = np.zeros((len(c), n)), low(c).astype(int), np.arange(len(c))
    np.add.at(matrix, (i, np.clip(first, 0, n - 1)), 1 - (c - first))
    np.add.at(matrix, (i, np.clip(first + 1, 0, n - 1)), c - first)
    return matrix


def _copies(n: int, j: Array) -> Array:
    return np.eye(n)[np.clip(j.astype(int), 0, n - 1)]


def _right_rows(n: int, o: int, mode: str) -> Array:
    return resize_on_grid(np.eye(n), (o, n), mode) if o != n else np.eye(n)


def _with_rows(rows: Callable[[int, int, str], Array | None]) -> Callable[..., Array]:
    """The answer of somebody whose matrix of one axis is ``rows(n, o, mode)``; where None, the right one."""

    def wrong(x: Array, size: Size, mode: str = "half_pixel") -> Array:
        of_axes = []
        for n, o in zip(x.shape, size, strict=True):
            matrix = rows(n, o, mode)
            of_axes.append(_right_rows(n, o, mode) if matrix is None else matrix)
        return of_axes[0] @ x @ of_axes[1].T

    return wrong


def _by_a_rounded_step(n: int, o: int, mode: str) -> Array | None:
    if mode in LINEAR:
        return None
    return _copies(n, (np.arange(o) + (0.5 if mode == "nearest-exact" else 0)) * (n / o))


def _for_linear(rows: Callable[[int, Array], Array]) -> Callable[..., Array]:
    return _with_rows(lambda n, o, mode: rows(n, coordinate_map(n, o, mode)) if mode in LINEAR else None)


def _wrapped(n: int, c: Array) -> Array:
    matrix, first, i = np.zeros((len(c), n)), np.floor(c).astype(int), np.arange(len(c))
    np.add.at(matrix, (i, first % n), 1 - (c - first))
    np.add.at(matrix, (i, (first + 1) % n), c - first)
    return matrix


def _height_first_wins(x: Array, size: Size, mode: str = "half_pixel") -> Array:
    return _right_rows(x.shape[0], size[0], mode) @ x @ _right_rows(x.shape[1], size[1], "half_pixel").T


RESIZE_ON_GRID = Task(
    reference=resize_on_grid,
    summary="a picture resized linearly on one of three grids, or by one of two kinds of nearest.",
    properties=(
        Property(
            "half_pixel, with repeated border samples",
            1,
            _pictures("half_pixel", ((1, 2), (1, 4)), ((3, 4), (5, 3)), ((4, 5), (1, 12))),
            wrong_values,
            "blend the samples floor(c) and floor(c) + 1. One that does not exist counts as the nearest that does.",
        ),
        Property("align_corners", 0.5, _pictures("align_corners", ((3, 4), (5, 7)), ((4, 6), (1, 3))), wrong_values),
        Property("asymmetric", 0.5, _pictures("asymmetric", ((2, 3), (4, 6)), ((5, 4), (3, 6))), wrong_values),
        Property(
            "nearest",
            1,
            _pictures("nearest", ((2, 5), (5, 3)), ((3, 7), (9, 4)), ((2, 14), (3, 18)), ((1, 30), (1, 22))),
            wrong_values,
            "output sample i copies input sample i * n // o.",
        ),
        Property(
            "nearest-exact",
            1,
            _pictures("nearest-exact", ((2, 5), (5, 3)), ((4, 6), (3, 9)), ((2, 14), (3, 9)), ((1, 30), (1, 11))),
            wrong_values,
            "floor((i + 1/2) * n / o) in whole numbers is (2 * i + 1) * n // (2 * o).",
        ),
    ),
    mistakes=(
        Mistake(
            "the two weights exchanged",
            _for_linear(lambda n, c: _weights(n, 2 * np.floor(c) + 1 - c)),
            "The nearer sample weighs more: c - floor(c) is the weight of the sample on the right.",
        ),
        Mistake(
            "zeros beyond the border",
            _for_linear(lambda n, c: _weights(n + 2, c + 1)[:, 1:-1]),
            "The border comes out dark. A sample that does not exist counts as the nearest one that does.",
        ),
        Mistake(
            "the border wraps around",
            _for_linear(_wrapped),
            "x[-1] is Python's last sample. Keep both indices between 0 and n - 1.",
        ),
        Mistake(
            "extrapolated at the border",
            _for_linear(lambda n, c: _weights(n, c, lambda c: np.clip(np.floor(c), 0, max(n - 2, 0)))),
            "You kept the index inside but not the weight, so the line runs on. Keep the coordinate inside as well.",
        ),
        Mistake(
            "cut towards zero",
            _for_linear(lambda n, c: _weights(n, c, np.trunc)),
            "int(-0.25) is 0, and the weights become 1.25 and -0.25. Round down with floor, then keep inside.",
        ),
        Mistake(
            "one grid for all",
            _with_rows(lambda n, o, mode: _weights(n, coordinate_map(n, o)) if mode in LINEAR else None),
            "align_corners and asymmetric have coordinates of their own; only the blending is the same.",
        ),
        Mistake(
            "the mode is forgotten for the width",
            _height_first_wins,
            "The first axis is right. The second one needs the same mode.",
        ),
        Mistake(
            "height and width swapped",
            lambda x, size, mode="half_pixel": resize_on_grid(x, size[::-1], mode),
            "size is (height, width), like x.shape.",
        ),
        Mistake(
            "nearest rounds",
            _with_rows(
                lambda n, o, mode: _copies(n, np.floor(np.arange(o) * n / o + 0.5)) if mode == "nearest" else None
            ),
            'torch\'s "nearest" does not take the nearest sample: it rounds i * n / o down.',
        ),
        Mistake(
            "nearest-exact without the half",
            _with_rows(lambda n, o, mode: _copies(n, np.arange(o) * n // o) if mode == "nearest-exact" else None),
            "That is nearest. The exact one reads the sample under the centre of the output sample, at i + 1/2.",
        ),
        Mistake(
            "nearest with the half",
            _with_rows(
                lambda n, o, mode: _copies(n, (2 * np.arange(o) + 1) * n // (2 * o)) if mode == "nearest" else None
            ),
            'That is nearest-exact. torch\'s older "nearest" knows no half: floor(i * n / o).',
        ),
        Mistake(
            "halves rounded to even",
            _with_rows(
                lambda n, o, mode: _copies(n, np.round(coordinate_map(n, o))) if mode == "nearest-exact" else None
            ),
            "np.round(0.5) is 0 and np.round(1.5) is 2. Here a half always goes up: floor(c + 1/2).",
        ),
        Mistake(
            "the factor rounded first",
            _with_rows(lambda n, o, mode: _copies(n, np.arange(o) / (o / n)) if mode == "nearest" else None),
            "i / (o / n) can fall just below a whole number, and floor takes the sample before. Use i * n // o.",
        ),
        Mistake(
            "the step rounded first",
            _with_rows(_by_a_rounded_step),
            "n / o is rounded already, and a multiple of it can fall just below a whole number. Use i * n // o and "
            "(2 * i + 1) * n // (2 * o).",
        ),
    ),
    forbidden=LIBRARIES,
    section="Nearest, and not so exact",
)

# --------------------------------------------------------------------------- which_convention


def which_convention(x: Array, y: Array) -> str:
    """The one mode that gives `y` but for rounding to whole numbers, or "other"."""
    return _closest(x, y, room=0.5 + 1e-6)


def _closest(x: Array, y: Array, room: float = np.inf, modes: Sequence[str] = MODES, **part: slice) -> str:
    kept = part.get("part", slice(None))
    errors = {mode: np.max(np.abs(_in_mode(x, len(y), mode) - y)[kept]) for mode in modes}
    best = min(errors, key=lambda mode: errors[mode])
    return best if errors[best] <= room else "other"


def _in_mode(x: Array, size: int, mode: str) -> Array:
    return resize(x, size, **OPTIONS[mode])


def _told_apart(rng: Generator, length: int, size: int) -> Array:
    """Whole numbers that come out differently in every mode, by 4 at least."""
    while True:
        x = rng.integers(0, 256, length).astype(float)
        outs = [_in_mode(x, size, mode) for mode in MODES]
        if all(np.max(np.abs(a - b)) > 4 for i, a in enumerate(outs) for b in outs[:i]):
            return x


def _suspects(modes: Sequence[str], rounded: bool) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        for mode in modes:
            for length, size in ((6, 9), (5, 7), rng.choice([(7, 5), (9, 4), (8, 5), (11, 4)]).tolist()):
                x = _told_apart(rng, length, size)
                y = _in_mode(x, size, mode)
                yield {"x": x, "y": np.floor(y + 0.5) if rounded else y}

    return draw


STRANGERS: tuple[dict[str, Any], ...] = (
    {"mode": "cubic"},
    {"mode": "nearest", "coordinates": "align_corners"},
    {"border": "constant"},
)


def _from_elsewhere(rng: Generator) -> Iterator[Arguments]:
    for options in STRANGERS:
        found = 0
        while found < 2:
            length, size = rng.choice([(5, 9), (6, 11), (7, 9)]).tolist()
            x = _told_apart(rng, length, size)
            y = np.floor(resize(x, size, **options) + 0.5)
            if all(np.max(np.abs(_in_mode(x, size, mode) - y)) > 3 for mode in MODES):
                found += 1
                yield {"x": x, "y": y}
    yield from _almost(rng)


def _almost(rng: Generator) -> Iterator[Arguments]:
    """Results of a mode with one sample that is 2 off, and with all of them 3/4 off."""
    for mode in ("half_pixel", "align_corners", "nearest"):
        x = _told_apart(rng, 6, 9)
        y = _in_mode(x, 9, mode)
        inwards = np.where(y < 128, 1, -1)
        yield {"x": x, "y": y + 2 * inwards * (np.arange(9) == rng.integers(9))}
        yield {"x": x, "y": y + 0.75 * inwards}


def _renamed(**names: str) -> Callable[..., str]:
    def wrong(x: Array, y: Array) -> str:
        right = which_convention(x, y)
        return names.get(right.replace("-", "_"), right)

    return wrong


def _by_mean(x: Array, y: Array) -> str:
    return min(MODES, key=lambda mode: abs(np.mean(_in_mode(x, len(y), mode)) - np.mean(y)))


def _by_mean_difference(x: Array, y: Array) -> str:
    errors = {mode: np.mean(np.abs(_in_mode(x, len(y), mode) - y)) for mode in MODES}
    best = min(errors, key=lambda mode: errors[mode])
    return best if errors[best] <= 0.5 else "other"


WHICH_CONVENTION = Task(
    reference=which_convention,
    summary="the name of the mode that turned x into y.",
    properties=(
        Property(
            "linear on three grids",
            1,
            _suspects(LINEAR, rounded=False),
            wrong_values,
            "resize x in every mode, and compare each result with y.",
        ),
        Property("nearest and nearest-exact", 0.5, _suspects(MODES[3:], rounded=False), wrong_values),
        Property(
            "results rounded to whole numbers",
            1,
            _suspects(LINEAR, rounded=True),
            wrong_values,
            "a value may be off by up to 1/2 when y was rounded.",
        ),
        Property(
            '"other" for a stranger',
            0.5,
            _from_elsewhere,
            wrong_values,
            "if even the best mode misses some value by more than 1/2, it was none of them.",
        ),
    ),
    mistakes=(
        Mistake(
            "no room for rounding",
            lambda x, y: _closest(x, y, room=1e-6),
            "A picture of bytes is rounded. Allow a difference of 1/2. Rounding your own result too does not do, for "
            "programs round halves in different ways.",
        ),
        Mistake(
            "too much room",
            lambda x, y: _closest(x, y, room=1.0),
            "One sample that is more than 1/2 off clears a suspect.",
        ),
        Mistake(
            "the mean of the differences",
            _by_mean_difference,
            "A few wrong samples vanish in a mean. Take the largest difference.",
        ),
        Mistake(
            "always somebody",
            _closest,
            "The best of five may still be wrong. Look at its largest difference, too.",
        ),
        Mistake(
            "nearest is not suspected",
            lambda x, y: _closest(x, y, 0.5 + 1e-6, LINEAR),
            "There are five modes: two of them copy samples.",
        ),
        Mistake(
            "the two nearest exchanged",
            _renamed(nearest="nearest-exact", nearest_exact="nearest"),
            "nearest-exact is the one that reads the sample under the centre, at i + 1/2.",
        ),
        Mistake(
            "align_corners and asymmetric exchanged",
            _renamed(align_corners="asymmetric", asymmetric="align_corners"),
            "align_corners reads the last input sample exactly at the last output sample; asymmetric goes beyond it.",
        ),
        Mistake(
            "half_pixel and asymmetric exchanged",
            _renamed(half_pixel="asymmetric", asymmetric="half_pixel"),
            "asymmetric is the one whose sample 0 reads coordinate 0 and whose grid is not centred.",
        ),
        Mistake(
            "only the first sample compared",
            lambda x, y: _closest(x, y, 0.5 + 1e-6, part=slice(0, 1)),
            "At the first sample several conventions agree. Compare all samples.",
        ),
        Mistake("means compared", _by_mean, "Two resized signals may have nearly one mean. Compare sample by sample."),
        Mistake(
            "a number instead of a name",
            lambda x, y: str((*MODES, "other").index(which_convention(x, y))),
            'Return the name itself, such as "half_pixel".',
        ),
    ),
    forbidden=LIBRARIES,
    section="Which convention is right?",
)

# --------------------------------------------------------------------------- picture_shift


def picture_shift(before: Array, after: Array) -> tuple[float, float]:
    """How far the centre of mass moved, down and right, in pixels of `before`."""
    return _moved(before, after)


def _moved(
    before: Array,
    after: Array,
    back: Callable[[float, int, int], float] = lambda c, n, o: (c + 0.5) * n / o - 0.5,
    lift: Callable[[Array], Array] = lambda x: x - np.min(x),
    centre: Callable[[Array], Array] = centre_of_mass,
) -> tuple[float, ...]:
    """The shift, with the parts that can be got wrong left open."""
    m, moved = centre(lift(before)), centre(lift(after))
    sizes = zip(before.shape, after.shape, strict=True)
    return tuple(float(back(float(c), n, o) - c0) for c, c0, (n, o) in zip(moved, m, sizes, strict=True))


def _blob(rng: Generator, shape: Size) -> Array:
    """A crooked spot on black, a little different each time."""
    y, x = np.indices(shape)
    cy, cx = (n / 2 - 0.5 + rng.uniform(-0.5, 0.5) for n in shape)
    spot = np.exp(-((y - cy) ** 2 + 0.4 * (y - cy) * (x - cx) + 0.8 * (x - cx) ** 2) / 1.6)
    return np.round((spot - spot.min()) * rng.uniform(60, 90))


def _blobs(*pairs: tuple[Size, Size], background: bool = False) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        for shape, size in pairs:
            for convention in ("half_pixel", "asymmetric"):
                before = _blob(rng, shape)
                after = np.round(resize(np.roll(before, (1, -1), (0, 1)), size, coordinates=convention))
                after -= after.min()
                grey = rng.integers(10, 60, 2).tolist() if background else (0, 0)
                yield {"before": before + grey[0], "after": after + grey[1]}

    return draw


def _peak(x: Array) -> Array:
    return np.array(np.unravel_index(np.argmax(x), x.shape), float)


def _one_ratio(before: Array, after: Array) -> tuple[float, ...]:
    n, o = before.shape[0], after.shape[0]
    return _moved(before, after, lambda c, *_: (c + 0.5) * n / o - 0.5)


PICTURE_SHIFT = Task(
    reference=picture_shift,
    summary="how far a picture moved, down and right, in input pixels.",
    properties=(
        Property(
            "pictures of one size",
            0.5,
            _blobs(((6, 7), (6, 7)), ((7, 5), (7, 5))),
            wrong_values,
            "the centre of mass is the mean of the indices along an axis, weighted by the values.",
        ),
        Property(
            "pictures that were resized",
            1,
            _blobs(((6, 7), (12, 14)), ((8, 6), (4, 3)), ((6, 8), (9, 12))),
            wrong_values,
            "bring the centre in `after` back into pixels of `before`: which half-pixel coordinate does it have there?",
        ),
        Property("another ratio on each axis", 0.5, _blobs(((6, 8), (9, 8)), ((7, 6), (5, 10))), wrong_values),
        Property(
            "a grey background does not count",
            1,
            _blobs(((6, 7), (9, 7)), ((6, 8), (12, 6)), background=True),
            wrong_values,
            "subtract the darkest value of each picture before you weigh.",
        ),
    ),
    mistakes=(
        Mistake(
            "measured on two grids",
            lambda before, after: _moved(before, after, lambda c, n, o: c),
            "Index 5 of 12 is not where index 5 of 6 is. Bring the second centre back to pixels of the first picture.",
        ),
        Mistake(
            "the halves forgotten",
            lambda before, after: _moved(before, after, lambda c, n, o: c * n / o),
            "An index scales only after 1/2 was added, and 1/2 comes off again: (c + 1/2) * n / o - 1/2. Without them "
            "you measure the error of your own ruler.",
        ),
        Mistake(
            "the ratio upside down",
            lambda before, after: _moved(before, after, lambda c, n, o: (c + 0.5) * o / n - 0.5),
            "From `after` back to `before`: multiply by n / o.",
        ),
        Mistake(
            "the ratio of the height for both axes",
            _one_ratio,
            "Height and width may be resized by different factors.",
        ),
        Mistake(
            "the sign reversed",
            lambda before, after: tuple(-v for v in picture_shift(before, after)),
            "Where it is now, minus where it was: positive means down and right.",
        ),
        Mistake(
            "right and down exchanged",
            lambda before, after: picture_shift(before, after)[::-1],
            "The order is that of the axes: down first, then right.",
        ),
        Mistake(
            "the background pulls",
            lambda before, after: _moved(before, after, lift=lambda x: x),
            "A grey background has a centre of mass of its own, the middle of the picture, and it pulls. Subtract the "
            "darkest value first.",
        ),
        Mistake(
            "the brightest pixel instead of the centre",
            lambda before, after: _moved(before, after, centre=_peak),
            "The peak falls on a whole pixel, so it cannot see a quarter of one. Use the centre of mass.",
        ),
        Mistake(
            "in pixels of the output",
            lambda before, after: tuple(
                v * o / n for v, n, o in zip(picture_shift(before, after), before.shape, after.shape, strict=True)
            ),
            "The unit is one pixel of `before`.",
        ),
    ),
    forbidden=LIBRARIES,
    section="How to measure a shift",
)

# --------------------------------------------------------------------------- tent_layer


def tent_layer(factor: int) -> tuple[Array, int]:
    """Taps and padding of the transposed convolution that interpolates linearly on the half-pixel grid."""
    taps = 2 * factor - factor % 2
    return tent((np.arange(taps) - (taps - 1) / 2) / factor), factor // 2


def _factors(*fixed: int, odd: bool | None = None) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        for factor in [*fixed, *rng.integers(4, 30, 4).tolist()]:
            yield {"factor": factor if odd is None else factor // 2 * 2 + odd}

    return draw


def _shaped(
    taps: Callable[[int], int] = lambda s: 2 * s - s % 2,
    middle: Callable[[int, int], float] = lambda s, k: (k - 1) / 2,
    width: Callable[[int, int], float] = lambda s, k: s,
    padding: Callable[[int, int], int] = lambda s, k: s // 2,
) -> Callable[[int], tuple[Array, int]]:
    """A tent of other taps, another middle or another width, or with another padding."""

    def wrong(factor: int) -> tuple[Array, int]:
        k = taps(factor)
        return tent((np.arange(k) - middle(factor, k)) / width(factor, k)), padding(factor, k)

    return wrong


def _summing_to_one(factor: int) -> tuple[Array, int]:
    weight, padding = tent_layer(factor)
    return weight / weight.sum(), padding


TENT_LAYER = Task(
    reference=tent_layer,
    summary="taps and padding of the transposed convolution that interpolates linearly.",
    properties=(
        Property(
            "the taps for even factors",
            1,
            _factors(2, 4, 6, odd=False),
            item(0, wrong_values),
            "list the outputs that lie less than one input sample away from sample j. How far away is each?",
        ),
        Property(
            "the taps for odd factors",
            1,
            _factors(1, 3, 5, odd=True),
            item(0, wrong_values),
            "for an odd factor one output lies exactly on the sample, so the number of taps is odd.",
        ),
        Property(
            "the padding",
            0.5,
            _factors(1, 2, 3, 4),
            item(1, wrong_values),
            "the exact factor needs k - 2 * padding = factor, if nothing is added at the end.",
        ),
    ),
    mistakes=(
        Mistake(
            "a tap in the middle for even factors",
            _shaped(taps=lambda s: 2 * s - 1, padding=lambda s, k: (s - 1) // 2),
            "Tent [1/2, 1, 1/2] for factor 2 puts every sample onto an output: that is the asymmetric grid, half a "
            "pixel away.",
        ),
        Mistake(
            "an even number of taps for odd factors",
            _shaped(taps=lambda s: 2 * s),
            "With an odd factor one output lies on each sample, and the others symmetrically about it: 2s - 1 taps.",
        ),
        Mistake(
            "the tent off centre",
            _shaped(middle=lambda s, k: s - 1),
            "2s taps have their middle between taps s - 1 and s. About a tap, the tent is lopsided and moves the "
            "picture.",
        ),
        Mistake(
            "taps that add up to 1",
            _summing_to_one,
            "Every output sees only each s-th tap, so these must add up to 1, and all taps together to s.",
        ),
        Mistake(
            "a tent too wide",
            _shaped(width=lambda s, k: (k + 1) / 2),
            "The weight falls to 0 at a distance of one input sample: that is s outputs.",
        ),
        Mistake(
            "a tent that ends in zeros",
            _shaped(width=lambda s, k: max((k - 1) / 2, 0.5)),
            "The outermost taps are not 0 (a tap of 0 would be none at all). Distances are counted from the middle, "
            "in parts of s.",
        ),
        Mistake(
            "a box",
            lambda factor: (np.ones(factor), 0),
            "s ones repeat each sample: that is nearest. Linear interpolation needs a tent nearly twice as long.",
        ),
        Mistake(
            "nothing is cropped",
            _shaped(padding=lambda s, k: 0),
            "Without padding the result is longer than s * n. Crop (k - s) / 2 on each side.",
        ),
        Mistake(
            "half of the kernel is cropped",
            _shaped(padding=lambda s, k: k // 2),
            "That is the padding of a convolution that keeps its size. Here k - 2 * padding must be s.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The dark border",
)

# --------------------------------------------------------------------------- repair_border


def repair_border(y: Array, kernel: Array, size: Size, stride: Size, padding: Size) -> Array:
    """`y` with each pixel divided by the share of its phase's weight that met the picture; 0 where none did."""
    return _repaired(y, _gain(y, kernel, size, stride, padding), _phase_gain(y, kernel, size, stride, padding))


def _repaired(y: Array, reached: Array, full: Array) -> Array:
    return np.divide(y * full, reached, out=np.zeros_like(y), where=reached > 0)


def _gain(y: Array, kernel: Array, size: Size, stride: Size, padding: Size) -> Array:
    """What the layer makes of a picture of ones."""
    ones, weight = np.ones((1, *size)), kernel[None, None]
    return conv_transpose2d(ones, weight, stride=stride, padding=padding, output_size=y.shape)[0]


def _phase_gain(y: Array, kernel: Array, size: Size, stride: Size, padding: Size) -> Array:
    """The same, if the picture went on in all directions: the sum of the taps of each pixel's phase."""
    del size
    sums = np.zeros(stride)
    for (a, b), tap in np.ndenumerate(kernel):
        sums[a % stride[0], b % stride[1]] += tap
    rows, columns = ((np.arange(o) + p) % s for o, p, s in zip(y.shape, padding, stride, strict=True))
    return sums[np.ix_(rows, columns)]


TENT = np.array([0.25, 0.75, 0.75, 0.25])


def _layers(*fixed: tuple[Size, Size, Size, Size], extra: int = 0, taps: Array | None = None) -> Cases:
    """Pictures that went through the layers (size, kernel, stride, padding); `extra` samples more at the end."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for size, shape, stride, padding in fixed:
            for grown in (0, int(rng.integers(1, 3))):
                kernel = np.abs(distinct(rng, *shape)) if taps is None else np.outer(taps, taps)
                n = size[0] + grown, size[1]
                x = np.abs(distinct(rng, *n))
                op = tuple(extra * (s > 1) for s in stride)
                y = conv_transpose2d(x[None], kernel[None, None], None, stride, padding, op)[0]
                yield {"y": y, "kernel": kernel, "size": n, "stride": stride, "padding": padding}

    return draw


def _with_gains(gains: Callable[..., tuple[Array, Array]]) -> Callable[..., Array]:
    """The answer of somebody who takes other (reached, full) gains."""

    def wrong(y: Array, kernel: Array, size: Size, stride: Size, padding: Size) -> Array:
        return _repaired(y, *gains(y, kernel, size, stride, padding))

    return wrong


def _both(y: Array, kernel: Array, *layer: Size) -> tuple[Array, Array]:
    return _gain(y, kernel, *layer), _phase_gain(y, kernel, *layer)


def _counted(y: Array, kernel: Array, *layer: Size) -> tuple[Array, Array]:
    return _both(y, np.ones_like(kernel), *layer)


def _as_if_separable(y: Array, kernel: Array, *layer: Size) -> tuple[Array, Array]:
    return _both(y, np.outer(kernel.sum(axis=1), kernel.sum(axis=0)) / kernel.sum(), *layer)


def _uncropped(y: Array, kernel: Array, size: Size, stride: Size, padding: Size) -> tuple[Array, Array]:
    del padding
    shape = tuple(s * (n - 1) + k for n, k, s in zip(size, kernel.shape, stride, strict=True))
    room = np.zeros(tuple(max(a, b) for a, b in zip(shape, y.shape, strict=True)))
    cut = tuple(slice(n) for n in y.shape)
    reached = np.zeros_like(room)
    reached[: shape[0], : shape[1]] = _gain(np.empty(shape), kernel, size, stride, (0, 0))
    return reached[cut], _phase_gain(y, kernel, size, stride, (0, 0))


REPAIR_BORDER = Task(
    reference=repair_border,
    summary="the output of a transposed convolution, with its border as bright as its inside.",
    properties=(
        Property(
            "the tent: the dark border is gone",
            1,
            _layers(((3, 4), (4, 4), (2, 2), (1, 1)), ((2, 5), (4, 4), (2, 2), (1, 1)), taps=TENT),
            wrong_values,
            "what does the layer make of a picture of ones? Where that is below 1, taps fell off the picture.",
        ),
        Property(
            "inside nothing changes, whatever the kernel",
            1,
            _layers(((3, 4), (3, 3), (2, 2), (1, 1)), ((4, 3), (5, 5), (2, 2), (2, 2))),
            wrong_values,
            "away from the border the kernel may have other sums than 1, another one for each phase. Divide by the "
            "share of it that met the picture.",
        ),
        Property(
            "another kernel size, stride and padding on each axis",
            1,
            _layers(
                ((3, 4), (3, 5), (1, 3), (1, 2)), ((4, 2), (5, 2), (3, 2), (0, 1)), ((1, 3), (2, 4), (2, 1), (0, 2))
            ),
            wrong_values,
        ),
        Property(
            "0 where nothing arrives",
            0.5,
            _layers(((2, 3), (3, 2), (2, 4), (1, 0)), ((3, 2), (2, 5), (3, 2), (0, 2)), extra=1),
            wrong_values,
            "no tap reaches some pixels at all: there is nothing to divide. Leave them 0.",
        ),
    ),
    mistakes=(
        Mistake(
            "the inside levelled too",
            _with_gains(lambda *a: (_gain(*a), np.ones_like(a[0]))),
            "Dividing by the image of ones also removes the pattern that the kernel makes inside. Compare with the "
            "gain that the pixel's phase has inside.",
        ),
        Mistake(
            "the brightest gain for all",
            _with_gains(lambda *a: (_gain(*a), np.full_like(a[0], _gain(*a).max()))),
            "Inside, pixels of different phases have different gains, and each phase keeps its own.",
        ),
        Mistake(
            "the mean gain for all",
            _with_gains(lambda *a: (_gain(*a), np.full_like(a[0], a[1].sum() / (a[3][0] * a[3][1])))),
            "The taps' sum over s * s is the mean over all phases. Each phase has its own sum.",
        ),
        Mistake(
            "multiplied instead of divided",
            _with_gains(lambda *a: _both(*a)[::-1]),
            "If only half of the weight arrived, the value is half of what it should be: divide by the share.",
        ),
        Mistake(
            "taps counted instead of weighed",
            _with_gains(_counted),
            "How many taps met the picture is not enough: an outer tap weighs less than an inner one.",
        ),
        Mistake(
            "the padding forgotten",
            _with_gains(_uncropped),
            "Output pixel i is number i + padding of the uncropped result.",
        ),
        Mistake(
            "the kernel flipped",
            _with_gains(lambda y, w, *layer: _both(y, w[::-1, ::-1].copy(), *layer)),
            "A transposed convolution paints the kernel as it is: tap t of sample j lands on s * j + t - p.",
        ),
        Mistake(
            "phases counted from the crop",
            _with_gains(lambda y, w, n, s, p: (_gain(y, w, n, s, p), _phase_gain(y, w, n, s, (0, 0)))),
            "The phase of output pixel i is (i + padding) modulo the stride: cropping does not move the kernel.",
        ),
        Mistake(
            "taken for a product of two axes",
            _with_gains(_as_if_separable),
            "This kernel is no outer product, so its share at a corner is not the product of two shares.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The dark border",
)

TASKS = (COORDINATE_MAP, RESIZE_ON_GRID, WHICH_CONVENTION, PICTURE_SHIFT, TENT_LAYER, REPAIR_BORDER)

check_coordinate_map = make_check(COORDINATE_MAP)
check_resize_on_grid = make_check(RESIZE_ON_GRID)
check_which_convention = make_check(WHICH_CONVENTION)
check_picture_shift = make_check(PICTURE_SHIFT)
check_tent_layer = make_check(TENT_LAYER)
check_repair_border = make_check(REPAIR_BORDER)
