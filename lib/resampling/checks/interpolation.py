"""Tasks of the chapter on interpolation."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, takewhile
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import box, keys, lanczos, mitchell_netravali, psnr, source_coordinates, tent
from resampling import interpolation_matrix as matrix_of_library
from resampling import resize as resize_of_library
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES as EVERYWHERE
from resampling.checks.refusals import Refusal, Test, item, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Kernel = Callable[[Array], Array]
LIBRARIES = (*EVERYWHERE, "PIL", "skimage")

TRANSPOSED = (
    "rows and columns swapped",
    "A row belongs to one output sample and a column to one input sample, so that M @ x works. You built the "
    "transpose, which is the gradient's matrix.",
)


# --------------------------------------------------------------------------- kernel


def kernel(x: Array, mode: str, a: float = -0.5) -> Array:
    """The weight of a sample at distance `x`, for one of four modes."""
    kernels = {"nearest": box, "linear": tent, "cubic": partial(keys, a=a), "lanczos": lanczos}
    return kernels[mode](x)


def _distances(mode: str, *values: Sequence[float], slopes: Sequence[float] = ()) -> Cases:
    """The given distances in random order with two random ones among them; each with every slope `a`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for chosen in values:
            x = rng.permutation(np.array([*chosen, *rng.uniform(-2.9, 2.9, 2).round(2)]))
            yield from ({"x": x, "mode": mode} | ({"a": a} if slopes else {}) for a in slopes or [None])
        yield {"x": rng.uniform(-3.5, 3.5, (2, 4)).round(2), "mode": mode} | ({"a": slopes[0]} if slopes else {})

    return draw


def _one_mode(mode: str, wrong: Callable[..., Array]) -> Callable[..., Array]:
    """`kernel` of somebody who errs in one mode alone."""
    return lambda x, **k: wrong(x) if k["mode"] == mode else kernel(x, **k)


def _signed(x: Array, mode: str, a: float = -0.5) -> Array:
    if mode == "linear":
        return np.maximum(1 - x, 0) * (x < 1)
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0)) if mode == "cubic" else kernel(x, mode)


def _one_piece(x: Array, mode: str, a: float = -0.5) -> Array:
    return np.where(np.abs(x) > 1, 0, keys(x, a)) if mode == "cubic" else kernel(x, mode)


def _written_for_one_number(x: Array, mode: str, a: float = -0.5) -> Array:
    return kernel(x, mode, a) if abs(x) < 3 else np.zeros_like(x)


def _other_slope(x: Array, mode: str, a: float = -0.75) -> Array:
    return kernel(x, mode, a)


KERNEL = Task(
    reference=kernel,
    summary="the weight of a sample at each distance in `x`, for nearest, linear, cubic and Lanczos.",
    properties=(
        Property(
            "nearest: the box, open at one end",
            0.5,
            _distances("nearest", (-0.5, 0, 0.5), (-0.75, -0.5, 0.25, 0.5, 1)),
            wrong_values,
            "the box is 1 for -1/2 < x <= 1/2, and 0 elsewhere.",
        ),
        Property(
            "linear: the tent",
            0.5,
            _distances("linear", (-1.5, -0.25, 0, 0.75), (-1, -0.5, 0.5, 1.25, 2)),
            wrong_values,
            "the weight falls from 1 at distance 0 to 0 at distance 1, on both sides.",
        ),
        Property(
            "cubic: the two pieces of Keys' kernel",
            1,
            _distances("cubic", (-1.5, -0.5, 0, 0.75), (-2.25, -1, -0.25, 1.25, 1.75)),
            wrong_values,
            "one polynomial for |x| <= 1, another for 1 < |x| < 2, and 0 beyond.",
        ),
        Property(
            "cubic: any slope a",
            0.5,
            _distances("cubic", (-1.5, -0.5, 0.25, 1.25), slopes=(-0.75, -1.0, -0.25)),
            wrong_values,
            "compare your polynomials with the formula, term by term.",
        ),
        Property(
            "Lanczos: three lobes on each side",
            0.5,
            _distances("lanczos", (-2.5, -0.5, 0, 1.5), (-3.5, -1.5, 0, 0.5, 2.5, 3.25)),
            wrong_values,
            "sinc(x) * sinc(x / 3) for |x| < 3, else 0. At x = 0 a quotient of sines is 0/0 and the value is 1; "
            "np.sinc knows that.",
        ),
    ),
    mistakes=(
        Mistake(
            "both ends of the box belong to it",
            _one_mode("nearest", lambda x: (np.abs(x) <= 0.5) * 1.0),
            "Halfway between two samples both would get weight 1, and their sum 2. One end must be left out: "
            "-1/2 < x <= 1/2.",
        ),
        Mistake(
            "neither end of the box belongs to it",
            _one_mode("nearest", lambda x: (np.abs(x) < 0.5) * 1.0),
            "Halfway between two samples neither would be read, and the output would be 0. Keep one end: "
            "-1/2 < x <= 1/2.",
        ),
        Mistake(
            "the sign of the distance is not dropped",
            _signed,
            "The kernels are symmetric: take np.abs(x) first, then the formula.",
        ),
        Mistake(
            "the tent goes below zero",
            _one_mode("linear", lambda x: 1 - np.abs(x)),
            "Further away than 1 the weight is 0, not negative: np.maximum(..., 0).",
        ),
        Mistake(
            "only the middle piece of the cubic",
            _one_piece,
            "Between 1 and 2 the kernel is another cubic, below zero for a < 0. Those small negative weights are what "
            "makes it sharper than the tent.",
        ),
        Mistake(
            "another slope by default",
            _other_slope,
            "-3/4 is what torch and OpenCV take. This function takes -1/2, Keys' own value, by default.",
        ),
        Mistake(
            "π comes in twice",
            _one_mode("lanczos", lambda x: np.where(np.abs(x) < 3, np.sinc(np.pi * x) * np.sinc(np.pi * x / 3), 0)),
            "np.sinc(x) is sin(πx)/(πx): π is already in it.",
        ),
        Mistake(
            "the Lanczos kernel is not cut off",
            _one_mode("lanczos", lambda x: np.sinc(x) * np.sinc(x / 3)),
            "Beyond distance 3 it must be 0. The product of the two sincs goes on for ever.",
        ),
        Mistake(
            "a sinc without its window",
            _one_mode("lanczos", lambda x: np.where(np.abs(x) < 3, np.sinc(x), 0)),
            "Cut off like this, the sinc ends abruptly. Multiply by the wider sinc(x / 3), which takes it gently to 0.",
        ),
        Mistake(
            "the window is narrower than the sinc",
            _one_mode("lanczos", lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(3 * x), 0)),
            "The window is the middle lobe of a sinc three times as wide: sinc(x / 3), not sinc(3 * x).",
        ),
        Mistake(
            "two lobes instead of three",
            _one_mode("lanczos", lambda x: lanczos(x, 2)),
            "That is Lanczos-2. Here the kernel reaches to distance 3.",
        ),
        Mistake(
            "the slope a is not used",
            lambda x, mode, a=-0.5: kernel(x, mode) if a else kernel(x, mode),
            "The argument a must enter both polynomials; -1/2 is only its value when left out.",
        ),
        Mistake(
            "written for a single number",
            _written_for_one_number,
            "x holds many distances at once, and `if` wants one answer. Use np.where(condition, this, that).",
        ),
    ),
    forbidden=LIBRARIES,
    section="The general rule",
)

# --------------------------------------------------------------------------- interpolation_matrix


def interpolation_matrix(length: int, size: int, mode: str = "linear") -> Array:
    """The library's, half-pixel coordinates and the border sample repeated."""
    return matrix_of_library(length, size, mode)


def _lengths(mode: str, *fixed: tuple[int, int], spans: tuple[int, int, int, int] = (5, 12, 2, 16)) -> Cases:
    """The given (length, size), then three random ones within `spans`; lengths odd, so that rounding decides no tie."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        least, most, *sizes = spans
        more = [(int(rng.integers(least, most)) | 1, int(rng.integers(*sizes))) for _ in range(3)]
        for n, o in [*fixed, *more]:
            yield {"length": n, "size": o + (n == o), "mode": mode}

    return draw


def _inside(expected: Array, got: Array) -> Refusal | None:
    """Shape, then the rows of output samples that lie two samples or more away from both ends."""
    refusal = wrong_shape(expected, got)
    if refusal:
        return refusal
    o, n = expected.shape
    c = source_coordinates(o, n)
    rows = (c >= 2) & (c <= n - 3)
    return wrong_values(np.where(rows[:, None], expected, 0), np.where(rows[:, None], got, 0))


SUPPORT = {"nearest": (box, 0.5), "linear": (tent, 1), "cubic": (keys, 2), "lanczos": (lanczos, 3)}


def _laid(
    n: int,
    c: Array,
    weigh: Kernel,
    reach: float,
    place: Callable[[int, int], int | None] = lambda j, n: min(max(j, 0), n - 1),
    normalised: bool = True,
    overwrite: bool = False,
) -> Array:
    """Rows of somebody who lays the kernel on coordinates `c` and puts sample j into column ``place(j, n)``."""
    matrix = np.zeros((len(c), n))
    for i, centre in enumerate(c):
        j = np.floor(centre - reach) + np.arange(1, int(np.ceil(2 * reach)) + 1)
        weights = weigh(j - centre)
        weights = weights / weights.sum() if normalised else weights
        for sample, weight in zip(j.astype(int).tolist(), weights, strict=True):
            column = place(sample, n)
            if column is not None:
                matrix[i, column] = weight if overwrite else matrix[i, column] + weight
    return matrix


def _with(
    coordinates: Callable[[Array, int, int], Array] = lambda i, n, o: (i + 0.5) * n / o - 0.5,
    **options: Any,
) -> Callable[..., Array]:
    """The matrix of somebody with other coordinates or another border."""

    def wrong(length: int, size: int, mode: str = "linear") -> Array:
        weigh, reach = SUPPORT[mode]
        return _laid(length, coordinates(np.arange(size), length, size), weigh, reach, **options)

    return wrong


def _dropped(j: int, n: int) -> int | None:
    return j if 0 <= j < n else None


def _dropped_and_rescaled(length: int, size: int, mode: str = "linear") -> Array:
    return matrix_of_library(length, size, "box" if mode == "nearest" else mode, exclude_outside=True)


def _align_corners(i: Array, n: int, o: int) -> Array:
    return i * (n - 1) / max(o - 1, 1)


def _not_rescaled(length: int, size: int, mode: str = "linear") -> Array:
    weigh, reach = SUPPORT[mode]
    return _laid(length, source_coordinates(size, length), weigh, reach, normalised=False)


def _four_taps(length: int, size: int, mode: str = "linear") -> Array:
    weigh, reach = SUPPORT[mode]
    return _laid(length, source_coordinates(size, length), weigh, min(reach, 2))


def _torchs_slope(length: int, size: int, mode: str = "linear") -> Array:
    return matrix_of_library(length, size, mode, a=-0.75)


def _torchs_nearest(length: int, size: int, mode: str = "linear") -> Array:
    if mode != "nearest":
        return interpolation_matrix(length, size, mode)
    return np.eye(length)[np.arange(size) * length // size]


def _turned_round(length: int, size: int, mode: str = "linear") -> Array:
    weigh, _ = SUPPORT[mode]
    return _laid(length, source_coordinates(size, length), lambda x: weigh(-x), 4)


def _coordinates_clipped(length: int, size: int, mode: str = "linear") -> Array:
    weigh, reach = SUPPORT[mode]
    return _laid(length, np.clip(source_coordinates(size, length), 0, length - 1), weigh, reach)


def _nearest_by_floor(length: int, size: int, mode: str = "linear") -> Array:
    return matrix_of_library(length, size, mode, **({"rounding": "floor"} if mode == "nearest" else {}))


INTERPOLATION_MATRIX = Task(
    reference=interpolation_matrix,
    summary="the matrix M with M @ x equal to x resized to `size` samples.",
    properties=(
        Property(
            "one row for each output sample, one column for each input sample",
            0.5,
            _lengths("linear", (3, 6), (4, 7), (7, 3)),
            wrong_shape,
            "the shape is (size, length).",
        ),
        Property(
            "linear, away from the border",
            1,
            _lengths("linear", (7, 14), (6, 9), (9, 4), (11, 5)),
            _inside,
            "output sample i lies at c = (i + 1/2) * n / o - 1/2. Its two neighbours get the weights of the tent.",
        ),
        Property(
            "linear, at the border too",
            1,
            _lengths("linear", (3, 6), (2, 5), (5, 7), (6, 4), (1, 4)),
            wrong_values,
            "a sample outside counts as the nearest one inside: its weight is added to column 0 or n - 1.",
        ),
        Property(
            "nearest",
            0.5,
            _lengths("nearest", (3, 6), (5, 3), (4, 2), (3, 7)),
            wrong_values,
            "halfway between two samples, the right one is read.",
        ),
        Property(
            "cubic, a = -1/2",
            1,
            _lengths("cubic", (4, 8), (6, 9), (7, 4), (2, 4), (1, 3)),
            wrong_values,
            "four samples, from floor(c) - 1 to floor(c) + 2; several of them may fall on the same column.",
        ),
        Property(
            "Lanczos, rows that add up to 1",
            1,
            _lengths("lanczos", (6, 12), (8, 12), (7, 5), (2, 4)),
            wrong_values,
            "six samples, from floor(c) - 2 to floor(c) + 3, and their weights divided by their sum.",
        ),
    ),
    mistakes=(
        Mistake(TRANSPOSED[0], lambda *a, **k: interpolation_matrix(*a, **k).T, TRANSPOSED[1]),
        Mistake(
            "the distance turned round",
            _turned_round,
            "kernel(c - j) puts the open end of the box on the other side, so that halfway the left sample is read. "
            "The distance is j - c.",
        ),
        Mistake(
            "coordinates without the half pixel",
            _with(lambda i, n, o: i * n / o),
            "i * n / o lays the centres of the two first samples on each other. Here the ends of the picture coincide: "
            "(i + 1/2) * n / o - 1/2.",
            "The general rule",
        ),
        Mistake(
            "the first and last centres laid on each other",
            _with(_align_corners),
            "That is align_corners=True. Here the ends of the picture coincide, half a sample further out: "
            "(i + 1/2) * n / o - 1/2.",
            "The general rule",
        ),
        Mistake(
            "the step is upside down",
            _with(lambda i, n, o: (i + 0.5) * o / n - 0.5),
            "One step in the output is n / o steps in the input: more outputs, smaller steps.",
            "The general rule",
        ),
        Mistake(
            "what lies outside is dropped",
            _with(place=_dropped),
            "Rows near the border no longer add up to 1, so a constant picture gets a dark frame. The weight "
            "goes to the border sample.",
        ),
        Mistake(
            "dropped outside, and the rest rescaled",
            _dropped_and_rescaled,
            "Pillow and torch's antialias do this. Here the border sample stands for all that lies beyond it, and gets "
            "their weight.",
        ),
        Mistake(
            "assigned instead of added",
            _with(overwrite=True),
            "Two samples outside may share one column. M[i, j] = w forgets the first of them; write M[i, j] += w.",
        ),
        Mistake(
            "no check at the border",
            _with(place=lambda j, n: j),
            "M[i, -1] is Python's last column, and M[i, n] does not exist. Clip the sample to 0 ... n - 1 first.",
        ),
        Mistake(
            "the picture wraps around",
            _with(place=lambda j, n: j % n),
            "With j % n the left border reads samples from the right one. Clip to 0 ... n - 1 instead.",
        ),
        Mistake(
            "Lanczos weights do not add up to 1",
            _not_rescaled,
            "Lanczos weights add up to almost 1, but not quite, and a flat picture would get ripples. Divide each row "
            "by its sum.",
        ),
        Mistake(
            "four samples for Lanczos",
            _four_taps,
            "Its kernel reaches to distance 3, so it reads six samples: floor(c) - 2 up to floor(c) + 3.",
        ),
        Mistake(
            "another slope in the cubic",
            _torchs_slope,
            "This is a = -3/4, as in torch and OpenCV. The task asks for Keys' a = -1/2.",
        ),
        Mistake(
            "the nearest of torch",
            _torchs_nearest,
            "floor(i * n / o) is torch's mode `nearest`. Here, as in its `nearest-exact`, the sample nearest to c is "
            "read: kernel(j - c).",
        ),
        Mistake(
            "coordinates clipped",
            _coordinates_clipped,
            "c may lie outside the samples, and the weights are those at distance j - c. Clip j, the number of the "
            "column, not c.",
        ),
        Mistake(
            "nearest rounds down",
            _nearest_by_floor,
            "floor(c) takes the sample on the left, however near the right one is: floor(c + 1/2).",
        ),
    ),
    forbidden=LIBRARIES,
    section="It is a matrix",
)

# --------------------------------------------------------------------------- resize


def resize(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    """The library's on the last axes of `x`, half-pixel coordinates and the border sample repeated."""
    return resize_of_library(x, size, mode=mode)


def _arrays(*fixed: tuple[tuple[int, ...], tuple[int, ...], str]) -> Cases:
    """The given (shape, size, mode), then the last one with two other sizes."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        shape, size, mode = fixed[-1]
        more = [(shape, tuple(int(o + rng.integers(1, 4)) for o in size), mode) for _ in range(2)]
        for shape, size, mode in (*fixed, *more):
            yield {"x": distinct(rng, *shape), "size": size, "mode": mode}

    return draw


def _size_swapped(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    return resize(x, size[::-1], mode)


def _last_axis_alone(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    return resize(x, size[-1:], mode)


def _axes_exchanged(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    out = resize(x, size, mode)
    return np.swapaxes(out, -1, -2) if len(size) > 1 else out


def _first_axes(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    lead = x.ndim - len(size)
    return np.moveaxis(resize(np.moveaxis(x, range(len(size)), range(lead, x.ndim)), size, mode),
                       range(lead, x.ndim), range(len(size)))  # fmt: skip


def _slice_by_slice(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    if len(size) < 3:
        return resize(x, size, mode)
    nearest = resize(np.moveaxis(x, -3, -1), size[:1], "nearest")
    return resize(np.moveaxis(nearest, -1, -3), size[1:], mode)


def _channels_stacked(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    if len(size) != 2:
        return resize(x, size, mode)
    lead, copies = x.shape[:-2], int(np.prod(x.shape[:-2]))
    tall = resize(x.reshape(-1, x.shape[-1]), (copies * size[0], size[1]), mode)
    return tall.reshape(*lead, *size)


def _untransposed(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    if len(size) != 2:
        return resize(x, size, mode)
    rows, columns = (matrix_of_library(n, o, mode) for n, o in zip(x.shape[-2:], size, strict=True))
    return rows @ x @ columns


def _factors(x: Array, size: tuple[int, ...], mode: str = "linear") -> Array:
    return resize(x, tuple(n * o for n, o in zip(x.shape[-len(size) :], size, strict=True)), mode)


RESIZE = Task(
    reference=resize,
    summary="`x` with its last `len(size)` axes resized, each to its own size.",
    properties=(
        Property(
            "one axis, the axes in front left alone",
            0.5,
            _arrays(((4,), (8,), "linear"), ((2, 5), (3,), "linear"), ((3, 2, 4), (7,), "linear")),
            wrong_values,
            "size has one number, so only the last axis changes.",
        ),
        Property(
            "pictures: bilinear, each axis its own size",
            1,
            _arrays(((2, 3), (4, 6), "linear"), ((4, 3), (3, 5), "linear"), ((5, 7), (8, 4), "linear")),
            wrong_values,
            "down the columns with one matrix, along the rows with another.",
        ),
        Property(
            "channels and batches in front",
            0.5,
            _arrays(((3, 2, 3), (4, 5), "linear"), ((2, 3, 4, 3), (3, 5), "linear")),
            wrong_values,
            "every picture is resized by itself.",
        ),
        Property(
            "volumes: trilinear",
            0.5,
            _arrays(((2, 3, 2), (4, 5, 3), "linear"), ((2, 3, 2, 4), (2, 5, 3), "linear")),
            wrong_values,
            "three axes, three matrices, one after the other.",
        ),
        Property(
            "the other modes",
            0.5,
            _arrays(((3, 5), (6, 7), "nearest"), ((5, 3), (7, 6), "cubic"), ((5, 5, 4), (4, 8), "cubic")),
            wrong_values,
            "mode goes to the matrix of every axis.",
        ),
    ),
    mistakes=(
        Mistake(
            "the sizes in the wrong order",
            _size_swapped,
            "size goes with the axes of x as they stand: for a picture, height first.",
        ),
        Mistake(
            "only the last axis is resized",
            _last_axis_alone,
            "Every number in size belongs to one axis: the last number to the last axis, the one before to the axis "
            "before it.",
        ),
        Mistake(
            "the result is turned over",
            _axes_exchanged,
            "The last two axes are exchanged. After multiplying along another axis, move that axis back.",
        ),
        Mistake(
            "the first axes instead of the last",
            _first_axes,
            "Batch and channels stand in front and keep their length; space is behind. Count the axes from the end.",
        ),
        Mistake(
            "volumes slice by slice",
            _slice_by_slice,
            "Each slice is interpolated and the depth copied from the nearest. Trilinear blends between slices too.",
        ),
        Mistake(
            "channels stacked into one tall picture",
            _channels_stacked,
            "At the seam the last row of one channel is mixed with the first of the next. Resize each by itself.",
        ),
        Mistake(
            "a transpose is missing",
            _untransposed,
            "Along the rows the matrix acts from the other side: A @ X @ B.T.",
        ),
        Mistake(
            "the mode is not passed on",
            lambda x, size, mode="linear": resize(x, size, "linear" if mode else mode),
            "All axes were interpolated linearly; mode says which kernel it should be.",
        ),
        Mistake("sizes taken for factors", _factors, "size counts output samples; it is not a factor."),
    ),
    forbidden=LIBRARIES,
    section="It is a matrix",
)

# --------------------------------------------------------------------------- antialias_matrix


def antialias_matrix(length: int, size: int, mode: str = "linear") -> Array:
    """The matrix of Pillow and of torch's antialias."""
    return matrix_of_library(length, size, mode, antialias=True, exclude_outside=True)


def _by_row(matrix: Array) -> Array:
    with np.errstate(invalid="ignore"):  # a kernel made too narrow may read nothing
        return matrix / matrix.sum(axis=1, keepdims=True)


def _stretched(
    stretch: Callable[[int, int], float] = lambda n, o: max(n / o, 1),
    window: Callable[[float], float] = lambda stretch: stretch,
    divide: Callable[[Array, int, int], Array] = lambda matrix, n, o: _by_row(matrix),
    place: Callable[[int, int], int | None] = _dropped,
) -> Callable[..., Array]:
    """The matrix of somebody who stretches, cuts or divides in another way."""

    def wrong(length: int, size: int, mode: str = "linear") -> Array:
        weigh, reach = SUPPORT[mode]
        s, c = stretch(length, size), source_coordinates(size, length)
        rows = _laid(length, c, lambda x: weigh(x / s), reach * window(s), place, normalised=False)
        return divide(rows, length, size)

    return wrong


def _window_of_task_2(length: int, size: int, mode: str = "linear") -> Array:
    stretch, (weigh, _) = max(length / size, 1), SUPPORT[mode]
    rows = _laid(length, source_coordinates(size, length), lambda x: weigh(x / stretch), 4, _dropped, normalised=False)
    return _by_row(rows)


def _mean_of_touched(length: int, size: int, mode: str = "linear") -> Array:
    return matrix_of_library(length, size, "coverage") if size < length else antialias_matrix(length, size, mode)


ANTIALIAS_MATRIX = Task(
    reference=antialias_matrix,
    summary="the matrix that resizes with a kernel as wide as an output sample, like Pillow's.",
    properties=(
        Property(
            "shrinking, away from the border",
            1,
            _lengths("linear", (12, 4), (11, 5), (15, 6), (16, 6), spans=(11, 20, 4, 8)),
            _inside,
            "stretch = n / o, and the weights are the kernel of distance / stretch, divided by their sum.",
        ),
        Property(
            "shrinking, at the border too",
            1,
            _lengths("linear", (6, 3), (7, 3), (5, 2), (3, 1), spans=(5, 16, 2, 5)),
            wrong_values,
            "samples that do not exist are left out, and the remaining weights divided by their sum.",
        ),
        Property(
            "enlarging",
            0.5,
            _lengths("linear", (3, 6), (4, 7), (2, 5), (6, 8), spans=(3, 6, 8, 16)),
            wrong_values,
            "with more samples out than in, the kernel keeps its width.",
        ),
        Property(
            "cubic",
            0.5,
            _lengths("cubic", (8, 4), (9, 4), (4, 8), (7, 5)),
            wrong_values,
            "the kernel reaches to 2 * stretch on each side.",
        ),
        Property("Lanczos", 0.5, _lengths("lanczos", (8, 4), (11, 4), (5, 9)), wrong_values),
    ),
    mistakes=(
        Mistake(TRANSPOSED[0], lambda *a, **k: antialias_matrix(*a, **k).T, TRANSPOSED[1]),
        Mistake(
            "the kernel is not stretched",
            _stretched(lambda n, o: 1),
            "Each output reads only its nearest neighbours, and the samples between are never looked at: aliasing. "
            "Divide the distances by n / o.",
        ),
        Mistake(
            "the kernel is squeezed",
            _stretched(lambda n, o: min(o / n, 1), lambda s: max(1, 1 / s)),
            "kernel(distance * stretch) is narrower, not wider. Divide the distance.",
        ),
        Mistake(
            "squeezed when enlarging",
            _stretched(lambda n, o: n / o, lambda s: max(1, s)),
            "With o > n the quotient n / o is below 1. Stretch by max(n / o, 1): kernels are never made narrower.",
        ),
        Mistake(
            "divided by the stretch, not by the sum",
            _stretched(divide=lambda matrix, n, o: matrix / max(n / o, 1)),
            "1 / stretch makes the integral of the kernel 1, but the weights at the samples add up to 1 only nearly, "
            "and at the border not at all.",
        ),
        Mistake(
            "not divided at all",
            _stretched(divide=lambda matrix, n, o: matrix),
            "A kernel twice as wide has twice the weight, and the picture becomes twice as bright. Divide each row by "
            "its sum.",
        ),
        Mistake(
            "the border sample is repeated",
            _stretched(place=lambda j, n: min(max(j, 0), n - 1)),
            "That is the border of the task before. Here samples that do not exist are left out.",
        ),
        Mistake(
            "the window is as narrow as before",
            _stretched(window=lambda s: 1),
            "The kernel was stretched, but still only its old neighbours are read. It now reaches to radius * stretch "
            "on each side.",
        ),
        Mistake(
            "the window of task 2",
            _window_of_task_2,
            "From floor(c) - 3 to floor(c) + 4 is no longer enough: the kernel now reaches to radius * stretch. Go "
            "through all samples of the input.",
        ),
        Mistake(
            "the stretch is rounded",
            _stretched(lambda n, o: max(n // o, 1)),
            "n // o loses the part behind the point: from 5 to 2 samples the kernel is 2.5 times as wide, not twice.",
        ),
        Mistake(
            "the mean of what an output sample covers",
            _mean_of_touched,
            "That is area averaging, a stretched box. The task stretches the kernel of the mode.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Shrinking: stretch the kernel",
)

# --------------------------------------------------------------------------- degree

MOST = 8  # degrees that are ever tried


def degree(matrix: Array) -> int:
    """Highest degree up to which all polynomials are reproduced by the rows that do not read an end."""
    return len(list(takewhile(lambda m: _moment_error(matrix, m).max() < 1e-6, range(MOST)))) - 1


def _moments(matrix: Array, m: int, c: Array | None = None, everywhere: bool = False) -> Array:
    """Of each row that does not read an end: sum of weights times the m-th power of the distance."""
    o, n = matrix.shape
    c = source_coordinates(o, n) if c is None else c
    rows = (np.abs(matrix[:, 0]) + np.abs(matrix[:, -1]) < 1e-12) | everywhere
    return (matrix * (np.arange(n) - c[:, None]) ** m).sum(axis=1)[rows] - (m == 0)


def _moment_error(matrix: Array, m: int, **options: Any) -> Array:
    return np.abs(_moments(matrix, m, **options))


def _lagrange(x: Array, taps: int) -> Array:
    """Kernel of interpolation by the polynomial through the nearest `taps` samples, an even number."""
    first = np.floor(np.abs(x)).astype(int)
    others = np.arange(1 - taps // 2, taps // 2 + 1)
    s = np.abs(x) - first
    factors = np.stack([np.where(j == -first, 1.0, (s - j) / np.where(j == -first, 1, -first - j)) for j in others])
    return np.where(first < taps // 2, factors.prod(axis=0), 0)


# Kernel and radius; every one gives rows with a sum of 1, save the last two.
MEASURED: dict[str, tuple[Kernel, int]] = {
    "nearest": (box, 1),
    "linear": (tent, 1),
    "keys": (keys, 2),
    "keys of torch": (partial(keys, a=-0.75), 2),
    "mitchell": (mitchell_netravali, 2),
    "spline": (partial(mitchell_netravali, B=1, C=0), 2),
    "lagrange 4": (partial(_lagrange, taps=4), 2),
    "lagrange 6": (partial(_lagrange, taps=6), 3),
    "lanczos": (lanczos, 3),
    "dim": (lambda x: 0.98 * keys(x), 2),
}


def _matrices(*chosen: tuple[str, int, int], border: Callable[[int, int], int | None] = _dropped) -> Cases:
    """Matrices of (kernel, length, size), each with a few more samples than that."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for name, n, o in chosen:
            more = int(rng.integers(0, 3))
            weigh, reach = MEASURED[name]
            n, o = (n + more, o + more) if o > n + 2 and o != 2 * n else (n + 2 * more, (n + 2 * more) * o // n)
            yield {"matrix": _laid(n, source_coordinates(o, n), weigh, reach, border, normalised=False)}

    return draw


def _constants(rng: Generator) -> Iterator[Arguments]:
    """Matrices that reproduce constants at most; the last one reproduces lines a quarter of a sample beside."""
    yield from _matrices(("nearest", 7, 14), ("dim", 8, 16), ("keys of torch", 9, 18), ("lanczos", 12, 24))(rng)
    n = 7 + int(rng.integers(0, 3))
    yield {"matrix": matrix_of_library(n, 2 * n, coordinates="asymmetric")}


def _one_bad_row(rng: Generator) -> Iterator[Arguments]:
    """A good matrix in one row of which weight was moved by one sample; whole rows of stretched tents; halving."""
    matrix = matrix_of_library(9, 18)
    row = int(rng.integers(6, 12))
    j = int(np.argmax(matrix[row]))
    matrix[row, [j, j + 1]] += [-0.01, 0.01]
    yield {"matrix": matrix}
    yield {"matrix": antialias_matrix(16 + 4 * int(rng.integers(0, 3)), 8)}
    for mode, a in (("linear", None), ("cubic", -0.5), ("cubic", -0.75), ("mitchell", None)):
        n = 12 + 2 * int(rng.integers(0, 3))
        yield {"matrix": matrix_of_library(n, n // 2, mode, **({"a": a} if a else {}))}


def _degree_by(error: Callable[[Array, int], float], limit: float = 1e-6) -> Callable[[Array], int]:
    """The degree of somebody who stops when ``error(matrix, m)`` is above `limit`."""
    return lambda matrix: next(m for m in count() if m == MOST or not error(matrix, m) < limit) - 1


def _largest(matrix: Array, m: int, **options: Any) -> float:
    return float(_moment_error(matrix, m, **options).max())


def _asymmetric(matrix: Array, m: int) -> float:
    o, n = matrix.shape
    return _largest(matrix, m, c=np.arange(o) * n / o)


def _by_powers_alone(matrix: Array) -> int:
    return max([m for m in range(MOST) if _largest(matrix, m) < 1e-6], default=-1)


DEGREE = Task(
    reference=degree,
    summary="the highest degree up to which the matrix reproduces every polynomial, away from the border.",
    properties=(
        Property(
            "constants: 0, or -1 where not even they come through",
            1,
            _constants,
            wrong_values,
            "when do the rows add up to 1?",
        ),
        Property(
            "straight lines and parabolas",
            1,
            _matrices(("linear", 7, 14), ("mitchell", 9, 18), ("spline", 8, 16), ("keys", 9, 18), ("keys", 8, 13)),
            wrong_values,
            "a matrix reproduces t if M @ [0, 1, 2, ...] gives the coordinates c of the output samples.",
        ),
        Property(
            "cubics and beyond",
            1,
            _matrices(("lagrange 4", 9, 18), ("linear", 8, 13), ("lagrange 6", 14, 28), ("lagrange 6", 13, 19)),
            wrong_values,
            "large powers of large numbers drown in rounding. Measure the distance from c instead: the sum over j of "
            "M[i, j] * (j - c[i]) ** m must be 0 for m = 1, ..., d.",
        ),
        Property(
            "the answer belongs to the matrix, not to a kernel",
            1,
            _one_bad_row,
            wrong_values,
            "one row that fails is enough; and where all outputs lie halfway, a kernel may do better than elsewhere.",
        ),
    ),
    mistakes=(
        Mistake(
            "the border counts too",
            _degree_by(partial(_largest, everywhere=True)),
            "Near the border no kernel has all its samples. Leave out the rows that read the first or the last one.",
        ),
        Mistake(
            "errors that cancel between rows",
            _degree_by(lambda matrix, m: abs(float(_moments(matrix, m).mean()))),
            "Left of a sample the error has one sign and right of it the other; their mean is 0. Take absolute values "
            "first, and the largest.",
        ),
        Mistake(
            "counted instead of named",
            lambda matrix: degree(matrix) + 1,
            "A matrix that reproduces 1 and t, and not t², has degree 1, though these are two polynomials.",
        ),
        Mistake(
            "only the sums of the rows",
            lambda matrix: min(degree(matrix), 0),
            "Rows that add up to 1 reproduce constants. Go on with t, t² and so on, until one fails.",
        ),
        Mistake(
            "coordinates without the half pixel",
            _degree_by(_asymmetric),
            "Output sample i lies at (i + 1/2) * n / o - 1/2. Measured from i * n / o, even linear interpolation "
            "misses straight lines.",
            "The general rule",
        ),
        Mistake(
            "it does not stop at the first failure",
            _by_powers_alone,
            "Halfway between two samples all odd powers of the distance vanish by symmetry. All degrees up to d must "
            "hold, so stop at the first that fails.",
        ),
        Mistake(
            "a tolerance that lets errors through",
            _degree_by(_largest, 0.06),
            "Keys' cubic with a = -3/4 bends a line by up to 0.05 of a step. That is no rounding: ask for 1e-6.",
        ),
    ),
    forbidden=LIBRARIES,
    section="What a kernel must do",
)

# --------------------------------------------------------------------------- psnr_study

UP = ("nearest", "linear", "cubic")


def psnr_study(pictures: Array) -> tuple[Array, float, float, int]:
    """dB of each picture and mode after halving and doubling, and what follows for linear against nearest."""
    table = _table(pictures)
    return table, *_conclusions(table)


def _halved(pictures: Array, mode: str = "cubic") -> Array:
    return resize_of_library(
        pictures, tuple(n // 2 for n in pictures.shape[1:]), mode=mode, antialias=True, exclude_outside=True
    )


def _table(
    pictures: Array,
    small: Callable[[Array], Array] = _halved,
    measure: Callable[[Array, Array], float] = psnr,
) -> Array:
    low, size = small(pictures), pictures.shape[1:]
    return np.array(
        [[float(measure(resize(y, size, mode), x)) for mode in UP] for x, y in zip(pictures, low, strict=True)]
    )


def _conclusions(table: Array) -> tuple[float, float, int]:
    """Mean and standard deviation of what linear gains over nearest, and on how many pictures it loses."""
    gain = table[:, 1] - table[:, 0]
    return float(gain.mean()), float(gain.std(ddof=1)), int((gain < 0).sum())


def _study(table: Callable[[Array], Array] = _table, conclude: Callable[[Array], tuple] = _conclusions) -> Callable:
    """The study of somebody whose table is made, or read, in another way."""

    def wrong(pictures: Array) -> tuple[Array, float, float, int]:
        numbers = table(pictures)
        return numbers, *conclude(numbers)

    return wrong


def _follows(index: int) -> Test:
    """Whether a conclusion is right for the table that the student has, be it right or wrong."""

    def test(expected: tuple, got: tuple) -> Refusal | None:
        refusal = item(0, wrong_shape)(expected, got)
        if refusal or not np.isfinite(got[0]).all() or np.ptp(got[0]) < 1e-9:
            return refusal or Refusal("values", "the table has no numbers to draw a conclusion from.", item=0)
        return item(index, wrong_values)((got[0], *_conclusions(got[0])), got)

    return test


def _stacks(rng: Generator) -> Iterator[Arguments]:
    """Some smooth pictures, some of print: black strokes on white, where nearest may win."""
    for number, height, width in ((2, 4, 6), (5, 16, 10), (3, 14, 14)):
        smooth = resize_of_library(rng.uniform(0.2, 0.8, (number, 4, 5)), (height, width), mode="cubic")
        strokes = np.repeat(np.repeat(rng.random((number, height // 2, width // 2)) < 0.5, 2, 1), 2, 2) * 1.0
        fine = rng.random((number, height, width)) < 0.08
        fine[:, 1, 2] = True  # no picture is flat, or made of doubled pixels alone
        print_like = np.where(fine, 1 - strokes, strokes)
        chosen = rng.permutation(np.arange(number) < max(1, number // 3))
        yield {"pictures": np.where(chosen[:, None, None], print_like, np.clip(smooth, 0, 1)).round(2)}


def _decibels(error: Callable[[Array, Array], float]) -> Callable[[Array, Array], float]:
    return lambda x, y: float(-10 * np.log10(error(x, y)))


def _mean_error_first(table: Array) -> tuple[float, float, int]:
    nearest, linear = (-10 * np.log10((10 ** (-table[:, i] / 10)).mean()) for i in (0, 1))
    return float(linear - nearest), *_conclusions(table)[1:]


def _averaged_table(pictures: Array) -> Array:
    return _table(pictures).mean(axis=0)


PSNR_STUDY = Task(
    reference=psnr_study,
    summary="the table of dB, the mean gain of linear over nearest, its spread, and how often linear loses.",
    properties=(
        Property(
            "the table: one row for each picture, one column for each mode",
            1.5,
            _stacks,
            item(0, wrong_values),
            "halve with antialias_matrix, cubic; double with resize; then -10 * log10 of the mean squared error.",
        ),
        Property(
            "the mean gain of linear over nearest",
            0.5,
            _stacks,
            _follows(1),
            "linear minus nearest, in dB, picture by picture; then the mean.",
        ),
        Property(
            "its spread from picture to picture",
            0.5,
            _stacks,
            _follows(2),
            "the standard deviation of a sample: divide by the number of pictures less one.",
        ),
        Property("on how many pictures linear loses", 0.5, _stacks, _follows(3), "where the gain is below zero."),
    ),
    mistakes=(
        Mistake(
            "the error is not squared",
            _study(partial(_table, measure=_decibels(lambda x, y: np.sqrt(np.mean((x - y) ** 2))))),
            "The logarithm of the root is half as large: 10 * log10 of the mean *squared* error, or 20 * log10 of its "
            "root.",
        ),
        Mistake(
            "absolute errors",
            _study(partial(_table, measure=_decibels(lambda x, y: np.mean(np.abs(x - y))))),
            "PSNR is made from the mean of the squares, not of the absolute values.",
        ),
        Mistake(
            "the peak of bytes",
            _study(partial(_table, measure=_decibels(lambda x, y: np.mean((x - y) ** 2) / 255**2))),
            "These pictures lie between 0 and 1, so the peak is 1. With 255 every number is 48 dB too large.",
        ),
        Mistake(
            "the peak of each picture",
            _study(partial(_table, measure=_decibels(lambda x, y: np.mean((x - y) ** 2) / y.max() ** 2))),
            "The peak is the largest value that a pixel can take, 1, not the largest that this picture has.",
        ),
        Mistake(
            "a sign is missing",
            _study(partial(_table, measure=lambda x, y: -float(psnr(x, y)))),
            "A smaller error must give more decibels: put a minus before the logarithm, or 1 over the error into it.",
        ),
        Mistake(
            "halved by leaving out",
            _study(partial(_table, small=lambda x: x[:, ::2, ::2])),
            "x[::2] keeps every second pixel: that aliases, and moves the picture. Use antialias_matrix.",
        ),
        Mistake(
            "halved with the tent",
            _study(partial(_table, small=partial(_halved, mode="linear"))),
            "All modes start from one small picture, and that is made with the antialiased cubic.",
        ),
        Mistake(
            "clipped",
            _study(partial(_table, measure=lambda x, y: float(psnr(np.clip(x, 0, 1), y)))),
            "Clipping hides the overshoot of the cubic. Often that is right, but this study compares what the kernels "
            "give.",
        ),
        Mistake(
            "one row for all pictures",
            _study(_averaged_table, lambda mean: (float(mean[1] - mean[0]), 0.0, int(mean[1] < mean[0]))),
            "A mean alone cannot show that some pictures go the other way. Keep one row for each picture.",
        ),
        Mistake(
            "errors averaged before the logarithm",
            _study(conclude=_mean_error_first),
            "The hardest picture then decides almost alone. Take the gain in dB for each picture, then the mean.",
        ),
        Mistake(
            "gain of the wrong side",
            _study(conclude=lambda table: (-_conclusions(table)[0], *_conclusions(table)[1:])),
            "The gain of linear over nearest is linear minus nearest: above zero where linear is better.",
        ),
        Mistake(
            "the spread divides by N",
            _study(conclude=lambda t: (_conclusions(t)[0], float(np.std(t[:, 1] - t[:, 0])), _conclusions(t)[2])),
            "From a few pictures this is too small on average. For a sample divide by N - 1: np.std(..., ddof=1).",
        ),
        Mistake(
            "the variance",
            _study(conclude=lambda t: (_conclusions(t)[0], _conclusions(t)[1] ** 2, _conclusions(t)[2])),
            "The standard deviation is its square root, in decibels as the gain itself.",
        ),
        Mistake(
            "the standard error of the mean",
            _study(conclude=lambda t: (_conclusions(t)[0], _conclusions(t)[1] / len(t) ** 0.5, _conclusions(t)[2])),
            "Divided by the root of N it says how well the mean is known. Asked for is the spread from picture to "
            "picture.",
        ),
        Mistake(
            "wins instead of losses",
            _study(conclude=lambda t: (*_conclusions(t)[:2], int((t[:, 1] > t[:, 0]).sum()))),
            "Count the pictures on which linear is worse than nearest.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Which one is best?",
)

TASKS = (KERNEL, INTERPOLATION_MATRIX, RESIZE, ANTIALIAS_MATRIX, DEGREE, PSNR_STUDY)

check_kernel = make_check(KERNEL)
check_interpolation_matrix = make_check(INTERPOLATION_MATRIX)
check_resize = make_check(RESIZE)
check_antialias_matrix = make_check(ANTIALIAS_MATRIX)
check_degree = make_check(DEGREE)
check_psnr_study = make_check(PSNR_STUDY)
