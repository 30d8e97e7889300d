"""Tasks of the chapter on unpooling."""

from collections.abc import Callable, Iterator
from math import log2, prod
from typing import Any

import numpy as np
from numpy.random import Generator

import resampling
from resampling import max_pool2d, max_unpool2d_adjoint, memory_of_indices
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import item, wrong_dtype, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]
Stages = tuple[tuple[int, int, int], ...]  # channels, height and width of the window

FORBIDDEN = LIBRARIES
ROWS = (
    "An index counts the pixels of one plane row after row: index = width * row + column, with the width of the output."
)

# --------------------------------------------------------------------------- bed_of_nails


def bed_of_nails(input: Array, stride: Pair = (1, 1), phase: Pair = (0, 0)) -> Array:
    """The library's function, for pictures."""
    return resampling.bed_of_nails(input, stride, phase)


def _beds(*fixed: tuple[Pair, Pair], phases: bool = False, equal: bool = False, dtype: str = "float64") -> Cases:
    """Pictures of the sizes and with the strides given, then three random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [(tuple(map(int, rng.integers(2, 5, 2))), tuple(map(int, rng.integers(2, 5, 2)))) for _ in range(3)]
        for size, stride in (*fixed, *drawn):
            stride = (stride[0],) * 2 if equal else stride
            given = {"input": distinct(rng, *size, dtype=dtype) * (2 if "int" in dtype else 1), "stride": stride}
            yield given | ({"phase": tuple(int(rng.integers(1, s)) for s in stride)} if phases else {})

    return draw


def _phases(rng: Generator) -> Iterator[Arguments]:
    """One axis moved at a time, then both."""
    yield {"input": distinct(rng, 2, 3), "stride": (2, 3), "phase": (1, 0)}
    yield {"input": distinct(rng, 3, 2), "stride": (2, 3), "phase": (0, 2)}
    yield {"input": distinct(rng, 2, 2), "stride": (4, 3), "phase": (3, 1)}
    yield from _beds(phases=True)(rng)


def _laid_apart(
    size: Callable[[int, int, int], int] = lambda n, s, r: s * n,
    place: Callable[[int, int, int], int] = lambda i, s, r: s * i + r,
) -> Callable[..., Array]:
    """Nails by somebody whose rules for the length ``size(n, s, r)`` or for the place ``place(i, s, r)`` are wrong."""

    def wrong(input: Array, stride: Pair = (1, 1), phase: Pair = (0, 0)) -> Array:
        axes = list(zip(input.shape, stride, phase, strict=True))
        places = [[place(i, s, r) for i in range(n)] for n, s, r in axes]
        lengths = [size(n, s, r) for n, s, r in axes]
        room = [max(length, *p) + 1 for length, p in zip(lengths, places, strict=True)]
        out = np.zeros(room, dtype=input.dtype)
        out[np.ix_(*places)] = input
        return out[: lengths[0], : lengths[1]]

    return wrong


def _copied(input: Array, stride: Pair = (1, 1), phase: Pair = (0, 0)) -> Array:
    del phase
    return input.repeat(stride[0], 0).repeat(stride[1], 1)


BED_OF_NAILS = Task(
    reference=bed_of_nails,
    summary="a picture laid on a finer grid, zeros everywhere else.",
    properties=(
        Property(
            "every pixel at its place, zeros between and behind",
            1,
            _beds(((2, 3), (2, 2)), ((1, 1), (3, 3)), equal=True),
            wrong_values,
            "pixel (i, j) goes to (s*i, s*j), and the result is s times as high and as wide.",
        ),
        Property(
            "a stride of its own for each axis",
            0.5,
            _beds(((2, 2), (1, 3)), ((2, 3), (4, 1)), ((2, 2), (2, 3))),
            wrong_values,
            "stride is a pair: vertical first.",
        ),
        Property(
            "phase",
            1,
            _phases,
            wrong_values,
            "pixel (i, j) goes to (s0*i + r0, s1*j + r1). The size stays as it was.",
        ),
        Property(
            "the dtype of the picture",
            0.5,
            lambda rng: [*_beds(dtype="float32")(rng), *_beds(dtype="int64")(rng)],
            wrong_dtype,
            "np.zeros makes float64 unless you tell it the dtype.",
        ),
    ),
    mistakes=(
        Mistake(
            "zeros only between",
            _laid_apart(size=lambda n, s, r: s * (n - 1) + 1 + r),
            "Zeros follow the last pixel too, so that the size is exactly s * n. Zeros only between is another "
            "operator, a step of the transposed convolution.",
        ),
        Mistake(
            "s zeros between neighbours",
            _laid_apart(size=lambda n, s, r: (s + 1) * n, place=lambda i, s, r: (s + 1) * i + r),
            "From one pixel to the next it is s steps, so s - 1 zeros stand between them.",
        ),
        Mistake(
            "copies instead of zeros",
            _copied,
            "That is nearest-neighbour upsampling. In a bed of nails each pixel stands alone.",
            "The smallest example",
        ),
        Mistake(
            "phase ignored",
            _laid_apart(place=lambda i, s, r: s * i),
            "The first pixel goes to `phase`, not to 0.",
        ),
        Mistake(
            "phase makes it longer",
            _laid_apart(size=lambda n, s, r: s * n + r),
            "The phase moves the pixels inside a result of s * n; it adds no rows and no columns.",
        ),
        Mistake(
            "phase from the other end",
            _laid_apart(place=lambda i, s, r: s * i + s - 1 - r),
            "Phase 0 is the first place of each block, not the last.",
        ),
        Mistake(
            "the two strides swapped",
            lambda input, stride=(1, 1), phase=(0, 0): bed_of_nails(
                input, stride[::-1], tuple(min(r, s - 1) for r, s in zip(phase, stride[::-1], strict=True))
            ),
            "stride[0] is for the rows, from top to bottom; stride[1] is for the columns.",
        ),
        Mistake(
            "the two phases swapped",
            lambda input, stride=(1, 1), phase=(0, 0): _laid_apart(place=lambda i, s, r: s * i + r)(
                input, stride, phase[::-1]
            ),
            "phase[0] moves the rows down, phase[1] moves the columns to the right.",
        ),
        Mistake(
            "one phase for both axes",
            lambda input, stride=(1, 1), phase=(0, 0): _laid_apart()(input, stride, phase[:1] * 2),
            "The two axes have phases of their own: phase[0] down and phase[1] across.",
        ),
        Mistake(
            "in the middle of each block",
            _laid_apart(place=lambda i, s, r: s * i + s // 2),
            "The place in the block is given by `phase`, and (0, 0) is its top left corner.",
        ),
        Mistake(
            "one stride for both axes",
            lambda input, stride=(1, 1), phase=(0, 0): _laid_apart()(input, stride[:1] * 2, phase),
            "The two axes have strides of their own: stride[0] down and stride[1] across.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Three linear maps",
)

# --------------------------------------------------------------------------- max_unpool


def max_unpool(input: Array, indices: Array, size: Pair) -> Array:
    """The library's `max_unpool2d` into planes of `size`, whatever the pooling was."""
    return resampling.unpooling.lay(input, indices, tuple(size))


def _pooled(rng: Generator, shape: tuple[int, int, int], k: int, s: int) -> Arguments:
    """Values, other than the maxima, for the places that max-pooling found in a random picture."""
    _, indices = max_pool2d(distinct(rng, *shape), k, s, return_indices=True)
    return {"input": distinct(rng, *indices.shape), "indices": indices, "size": shape[1:]}


def _planes(*shapes: tuple[int, int, int], k: int = 2) -> Cases:
    """Windows side by side: no index occurs twice."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for shape in shapes:
            yield _pooled(rng, shape, k, k)

    return draw


def _peaks(rng: Generator, *shapes: tuple[int, int, int]) -> Iterator[Arguments]:
    """Overlapping windows that took the same samples: in each plane two or more indices occur several times."""
    for channels, height, width in shapes:
        x = np.zeros((channels, height, width))
        x[:, 2, 2 : width - 1 : 2] = np.abs(distinct(rng, channels, len(range(2, width - 1, 2)))) + 1
        _, indices = max_pool2d(x, 3, 2, return_indices=True)
        yield {"input": distinct(rng, *indices.shape), "indices": indices, "size": (height, width)}


def _meetings(rng: Generator) -> Iterator[Arguments]:
    yield from _peaks(rng, (1, 5, 5), (1, 5, 7), (2, 5, 9), (3, 7, 5))
    across = np.array([[[7, 0, 7], [7, 2, 5]]])  # the last 7 of the rows is not the last one of the columns
    yield {"input": np.array([[[1.0, -4.0, 2.0], [3.0, 5.0, -6.0]]]), "indices": across, "size": (2, 4)}
    height, width = int(rng.integers(3, 5)), int(rng.integers(5, 8))
    indices = rng.choice([0, 1, width + 2, height * width - 1], size=(2, 3, 3))
    yield {"input": distinct(rng, 2, 3, 3), "indices": indices.astype(np.int64), "size": (height, width)}


def _unpooled(
    target: Callable[..., tuple[int, int, int]] = lambda c, index, size, pooled: (c, *divmod(index, size[1])),
    meet: Callable[[float, float], float] = lambda there, value: value,
) -> Callable[..., Array]:
    """Unpooling by somebody with a wrong place, or a wrong rule for what happens where two values meet."""

    def wrong(input: Array, indices: Array, size: Pair) -> Array:
        out, taken = np.zeros((len(input), *size), dtype=input.dtype), set()
        for c, i, j in np.ndindex(*input.shape):
            place = target(c, int(indices[c, i, j]), size, input.shape)
            out[place] = meet(out[place], input[c, i, j]) if place in taken else input[c, i, j]
            taken.add(place)
        return out

    return wrong


def _swapped_plane(c: int, index: int, size: Pair, pooled: tuple[int, int, int]) -> tuple[int, int, int]:
    del pooled
    column, row = divmod(index, size[0])
    return c, row, column


def _at_corners(input: Array, indices: Array, size: Pair) -> Array:
    del indices
    stride = [max(big // small, 1) for big, small in zip(size, input.shape[1:], strict=True)]
    out = np.zeros((len(input), *size), dtype=input.dtype)
    out[:, : stride[0] * input.shape[1] : stride[0], : stride[1] * input.shape[2] : stride[1]] = input
    return out


def _by_columns(input: Array, indices: Array, size: Pair) -> Array:
    return max_unpool(input.swapaxes(1, 2), indices.swapaxes(1, 2), size)


def _never_below_zero(input: Array, indices: Array, size: Pair) -> Array:
    out = np.zeros((len(input), size[0] * size[1]), dtype=input.dtype)
    for plane, places, values in zip(out, indices, input, strict=True):
        np.maximum.at(plane, places.ravel(), values.ravel())
    return out.reshape(-1, *size)


def _all_in_the_first(input: Array, indices: Array, size: Pair) -> Array:
    out = np.zeros((len(input), *size), dtype=input.dtype)
    out.ravel()[indices.ravel()] = input.ravel()
    return out


MAX_UNPOOL = Task(
    reference=max_unpool,
    summary="planes with each value at its index, and zeros elsewhere.",
    properties=(
        Property(
            "every value at its index",
            1,
            _planes((1, 4, 4), (1, 6, 6), (1, 2, 2)),
            wrong_values,
            ROWS,
        ),
        Property(
            "planes that are not square",
            0.5,
            _planes((1, 4, 6), (1, 7, 4), (1, 5, 9), (1, 2, 6)),
            wrong_values,
            ROWS,
        ),
        Property(
            "channels",
            1,
            _planes((2, 4, 6), (3, 6, 4), (4, 5, 7)),
            wrong_values,
            "every channel has a plane of its own, and the indices of each begin at 0.",
        ),
        Property(
            "when two values have one index, the last one stays",
            1,
            _meetings,
            wrong_values,
            "windows that overlap may have found the same maximum. Values are taken row after row.",
        ),
    ),
    mistakes=(
        Mistake(
            "added where they meet",
            _unpooled(meet=lambda there, value: there + value),
            "Values with one index were added. That is the gradient of max-pooling, another operator; unpooling keeps "
            "one of them, here the last.",
            "Four operators that are easily mistaken",
        ),
        Mistake(
            "the first one stays",
            _unpooled(meet=lambda there, value: there),
            "Of several values with one index the last one stays: it overwrites those before.",
            "When two windows find the same pixel",
        ),
        Mistake(
            "the largest one stays",
            _unpooled(meet=max),
            "Of several values with one index the last one stays, be it larger or not.",
            "When two windows find the same pixel",
        ),
        Mistake(
            "zeros above the negative values",
            _never_below_zero,
            "A negative value takes the place of the zero too. Write each value, and compare nothing.",
        ),
        Mistake(
            "the pooled map taken column after column",
            _by_columns,
            "Where values meet, the last one stays, counted row after row: the outer loop runs over the rows.",
            "When two windows find the same pixel",
        ),
        Mistake(
            "the mean where they meet",
            _unpooled(meet=lambda there, value: (there + value) / 2),
            "Values that meet are not averaged: the last one stays.",
            "When two windows find the same pixel",
        ),
        Mistake(
            "rows as long as those of the pooled map",
            _unpooled(lambda c, index, size, pooled: (c, *divmod(index, pooled[2]))),
            "The indices count the pixels of the large plane, so its width divides them, not that of the pooled map.",
            "An index belongs to a width",
        ),
        Mistake(
            "divided by the height",
            _unpooled(lambda c, index, size, pooled: (c, *divmod(index, size[0]))),
            "row = index // width and column = index % width: the width, not the height. " + ROWS,
            "An index belongs to a width",
        ),
        Mistake(
            "column after column",
            _unpooled(_swapped_plane),
            "Indices count row after row, as x.ravel() does: row = index // width, column = index % width.",
        ),
        Mistake(
            "all channels in one plane",
            _all_in_the_first,
            "The indices of each channel begin at 0. Lay each channel into its own plane.",
            "From where is an index counted?",
        ),
        Mistake(
            "a regular grid",
            _at_corners,
            "That is a bed of nails. Here each value goes where its index says.",
            "The smallest example",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Three linear maps",
)

# --------------------------------------------------------------------------- index_memory


def index_memory(batch: int, size: Pair, stages: Stages, dtype_bytes: int = 4) -> tuple[int, int, int]:
    """Bytes over all stages: maps before pooling, int64 indices, and the least that would do."""
    skips = indices = least = 0
    for channels, *window in stages:
        skips += dtype_bytes * batch * channels * prod(size)
        size = tuple(n // k for n, k in zip(size, window, strict=True))
        memory = memory_of_indices((batch, channels, *size), tuple(window))
        indices, least = indices + memory.indices, least + memory.least
    return skips, indices, least


def _encoders(*fixed: tuple[int, Pair, Stages], even: bool = True, depth: tuple[int, int] = (2, 4)) -> Cases:
    """The encoders given, then three random ones; sizes fit all windows when `even`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for batch, size, stages in fixed:
            yield {"batch": batch, "size": size, "stages": stages}
        yield {"batch": 3, "size": (6 + (not even), 4), "stages": ((2, 2, 2),), "dtype_bytes": 2}
        for _ in range(3):
            count = int(rng.integers(*depth))
            windows = [tuple(map(int, rng.choice([2, 3, 5], 2))) for _ in range(count)]
            rest = 0 if even else 1
            size = [int(rng.integers(3, 6)) for _ in range(2)]
            for window in windows[::-1]:  # from the smallest map up
                size = [n * k + rest for n, k in zip(size, window, strict=True)]
            stages = tuple((int(rng.integers(3, 20)), *window) for window in windows)
            given = {"batch": int(rng.integers(2, 9)), "size": tuple(size), "stages": stages}
            yield given | ({"dtype_bytes": 2} if rng.random() < 0.5 else {})

    return draw


def _counted(
    smaller: Callable[[int, int], int] = lambda n, k: n // k,
    skip: Callable[..., int] = lambda batch, c, big, small, b: b * batch * c * prod(big),
    index: Callable[..., int] = lambda batch, c, big, small, b: 8 * batch * c * prod(small),
    bits: Callable[..., int] = lambda window, big: (prod(window) - 1).bit_length(),
    least: Callable[[int, int], int] = lambda bits, count: -(-bits * count // 8),
    carried: bool = True,
) -> Callable[..., tuple[int, int, int]]:
    """A ledger in which one entry is made by a wrong rule."""

    def wrong(batch: int, size: Pair, stages: Stages, dtype_bytes: int = 4) -> tuple[int, int, int]:
        big, totals = tuple(size), np.zeros(3, dtype=np.int64)
        for c, *window in stages:
            small = tuple(smaller(n, k) for n, k in zip(big, window, strict=True))
            count = batch * c * prod(small)
            totals += [skip(batch, c, big, small, dtype_bytes), index(batch, c, big, small, dtype_bytes),
                       least(bits(window, big), count)]  # fmt: skip
            big = small if carried else big
        return tuple(totals.tolist())

    return wrong


def _rounded_once(batch: int, size: Pair, stages: Stages, dtype_bytes: int = 4) -> tuple[int, int, int]:
    bits = _counted(least=lambda bits, count: bits * count)(batch, size, stages, dtype_bytes)
    return *bits[:2], -(-bits[2] // 8)


SEGNET = ((64, 2, 2), (128, 2, 2), (256, 2, 2))

INDEX_MEMORY = Task(
    reference=index_memory,
    summary="bytes of the maps before pooling, of the int64 indices, and the least number of bytes that would do.",
    properties=(
        Property(
            "the maps before pooling",
            1,
            _encoders((1, (4, 6), ((3, 2, 2),)), (2, (8, 8), ((1, 2, 2), (5, 2, 2))), (4, (48, 64), SEGNET)),
            item(0, wrong_values),
            "a map with c channels has batch * c * height * width numbers; the next stage sees the pooled size.",
        ),
        Property(
            "the indices",
            1,
            _encoders((1, (4, 6), ((3, 2, 2),)), (2, (8, 8), ((1, 2, 2), (5, 2, 2))), (4, (48, 64), SEGNET)),
            item(1, wrong_values),
            "one int64, that is 8 bytes, for each pooled sample.",
        ),
        Property(
            "sizes that do not divide",
            0.5,
            _encoders((1, (5, 7), ((3, 2, 2),)), (1, (15, 9), ((2, 2, 2), (3, 2, 2))), even=False),
            item(1, wrong_values),
            "pixels after the last whole window are dropped.",
        ),
        Property(
            "the least that would do",
            1.5,
            _encoders(
                (1, (4, 6), ((3, 2, 2),)),
                (1, (6, 9), ((5, 3, 3),)),
                (1, (3, 3), ((1, 1, 1),)),
                (1, (6, 15), ((5, 2, 5),)),
                (1, (6, 15), ((5, 3, 5),)),
                (1, (6, 6), ((1, 2, 2), (3, 3, 3))),
            ),
            item(2, wrong_values),
            "how many places has a window? How many bits tell so many places apart? Eight bits make a byte, and every "
            "stage is rounded up.",
        ),
    ),
    mistakes=(
        Mistake(
            "an index for every pixel before pooling",
            _counted(index=lambda batch, c, big, small, b: 8 * batch * c * prod(big)),
            "There is one index for each pooled sample: as many as there are windows.",
        ),
        Mistake(
            "four bytes for an index",
            _counted(index=lambda batch, c, big, small, b: 4 * batch * c * prod(small)),
            "int64 means 64 bits, which are 8 bytes.",
        ),
        Mistake(
            "indices as wide as the numbers",
            _counted(index=lambda batch, c, big, small, b: b * batch * c * prod(small)),
            "An index is an int64, 8 bytes, whatever the dtype of the maps.",
        ),
        Mistake(
            "one set of indices for all channels",
            _counted(index=lambda batch, c, big, small, b: 8 * batch * prod(small)),
            "Every channel has maxima of its own, and so indices of its own.",
        ),
        Mistake(
            "rounded up",
            _counted(smaller=lambda n, k: -(-n // k)),
            "A window that does not fit as a whole is not there: n // k, rounded down.",
        ),
        Mistake(
            "every stage pools the first picture",
            _counted(carried=False),
            "The second stage sees what the first has left: carry the pooled size on.",
        ),
        Mistake(
            "the maps after pooling",
            _counted(skip=lambda batch, c, big, small, b: b * batch * c * prod(small)),
            "A skip connection keeps the map as it was before the pooling.",
        ),
        Mistake(
            "always four bytes a number",
            _counted(skip=lambda batch, c, big, small, b: 4 * batch * c * prod(big)),
            "The numbers of the maps have `dtype_bytes` bytes each: 2 in half precision.",
        ),
        Mistake(
            "the bits rounded down",
            _counted(bits=lambda window, big: int(log2(prod(window)))),
            "Three bits tell 8 places apart, a window of 3 by 3 has 9: round up.",
        ),
        Mistake(
            "a bit for each place",
            _counted(bits=lambda window, big: prod(window)),
            "That would be a mask. To name one of m places takes log2(m) bits, rounded up.",
        ),
        Mistake(
            "bits that name a pixel of the whole plane",
            _counted(bits=lambda window, big: (prod(big) - 1).bit_length()),
            "Where the window lies is known already. The index only needs to say which place inside it.",
        ),
        Mistake(
            "one side of the window",
            _counted(bits=lambda window, big: (window[0] - 1).bit_length()),
            "A window of kH by kW has kH * kW places to choose from.",
        ),
        Mistake(
            "a whole byte for each",
            _counted(least=lambda bits, count: count),
            "Several of these short indices fit into one byte: count bits, and divide by 8 at the end of each stage.",
        ),
        Mistake(
            "bits instead of bytes",
            _counted(least=lambda bits, count: bits * count),
            "Those are bits. Eight of them make a byte; round up to whole bytes in each stage.",
        ),
        Mistake(
            "rounded down to whole bytes",
            _counted(least=lambda bits, count: bits * count // 8),
            "The bits that are left over need a byte too: round up.",
        ),
        Mistake(
            "rounded once for all stages",
            _rounded_once,
            "Every stage keeps its own bytes: round up in each stage, then add.",
        ),
        Mistake(
            "a bit too many",
            _counted(bits=lambda window, big: prod(window).bit_length()),
            "The places are numbered from 0, so the largest number is m - 1: two bits tell four places apart.",
        ),
        Mistake(
            "row and column apart",
            _counted(bits=lambda window, big: sum((k - 1).bit_length() for k in window)),
            "Bits for the row and bits for the column may be one more than for both at once: 3 by 5 has 15 places, and "
            "4 bits do. Number all places of the window.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="What the indices cost",
)

# --------------------------------------------------------------------------- reindex


def reindex(indices: Array, size: Pair, new_size: Pair) -> Array:
    """The same pixels, counted in a plane of another size; -1 for those that it does not have."""
    row, column = indices // size[1], indices % size[1]
    inside = (row < new_size[0]) & (column < new_size[1])
    return np.where(inside, row * new_size[1] + column, -1)


def _resized(*sizes: tuple[Pair, Pair], channels: int = 1, change: tuple[int, int] | None = None) -> Cases:
    """Indices of pooled planes with the sizes (old, new) given, then two random ones, changed by `change`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = []
        for _ in range(2 if change else 0):
            height, width = int(rng.integers(6, 9)), int(rng.integers(9, 12))
            wide = width + int(rng.integers(*change))
            drawn.append(((height, width), (height + int(rng.integers(*change)), wide)))
        for size, new_size in (*sizes, *drawn):
            _, indices = max_pool2d(distinct(rng, channels, *size), 2, 2, return_indices=True)
            yield {"indices": indices if channels > 1 else indices[0], "size": size, "new_size": new_size}

    return draw


def _trimmed(rng: Generator) -> Iterator[Arguments]:
    """Planes that lose the row and the column that no window of two reaches."""
    for size, new_size in (((5, 5), (4, 4)), ((7, 9), (6, 8)), ((6, 7), (6, 6)), ((3, 11), (2, 10))):
        _, indices = max_pool2d(distinct(rng, *size)[None], 2, 2, return_indices=True)
        yield {"indices": indices[0], "size": size, "new_size": new_size}


def _moved(place: Callable[..., tuple[Any, Any]], outside: Callable[..., Array] | None = None) -> Callable[..., Array]:
    """Indices by somebody whose rule for row and column, or for pixels outside, is wrong."""

    def wrong(indices: Array, size: Pair, new_size: Pair) -> Array:
        row, column = place(indices, size, new_size)
        inside = (row < new_size[0]) & (column < new_size[1])
        counted = row * new_size[1] + column
        return np.where(inside, counted, -1) if outside is None else outside(row, column, counted, new_size)

    return wrong


def _row_and_column(indices: Array, size: Pair, new_size: Pair) -> tuple[Array, Array]:
    del new_size
    return indices // size[1], indices % size[1]


def _scaled(indices: Array, size: Pair, new_size: Pair) -> tuple[Array, Array]:
    row, column = _row_and_column(indices, size, new_size)
    return row * new_size[0] // size[0], column * new_size[1] // size[1]


def _clipped(row: Array, column: Array, counted: Array, size: Pair) -> Array:
    del counted
    return np.minimum(row, size[0] - 1) * size[1] + np.minimum(column, size[1] - 1)


REINDEX = Task(
    reference=reindex,
    summary="indices of the same pixels, counted in a plane of another size; -1 for pixels that it does not have.",
    properties=(
        Property(
            "a larger plane",
            0.5,
            _resized(((4, 4), (5, 5)), ((4, 6), (4, 7)), ((6, 4), (7, 4)), change=(1, 4)),
            wrong_values,
            "find row and column in the old plane, then count them in the new one.",
        ),
        Property(
            "whole numbers, like the indices",
            0.5,
            _resized(((4, 4), (5, 5)), ((4, 6), (3, 4))),
            wrong_dtype,
            "nothing can be read at place 7.0 of an array: indices stay int64.",
        ),
        Property(
            "a smaller plane that still holds all of them",
            0.5,
            _trimmed,
            wrong_values,
            "the row and the column that no window reached may go.",
        ),
        Property(
            "-1 for pixels outside",
            1,
            _resized(((4, 6), (3, 4)), ((4, 4), (4, 2)), ((4, 6), (2, 9)), ((6, 4), (8, 3)), change=(-5, -2)),
            wrong_values,
            "a pixel may be outside on the right or below.",
        ),
        Property(
            "channels",
            0.5,
            _resized(((4, 6), (5, 7)), ((6, 4), (6, 5)), channels=3),
            wrong_values,
            "every channel counts from 0, so they are all treated alike.",
        ),
    ),
    mistakes=(
        Mistake(
            "left as they were",
            lambda indices, size, new_size: indices.copy(),
            "An index means another pixel when the rows have another length: 5 is row 1, column 1 of a plane 4 pixels "
            "wide, and row 1, column 0 of one that is 5 wide.",
        ),
        Mistake(
            "left as they were, where there is such a pixel",
            lambda indices, size, new_size: np.where(indices < prod(new_size), indices, -1),
            "To be small enough is not enough: when the rows have another length, an index means another pixel.",
        ),
        Mistake(
            "divided by the height",
            _moved(lambda indices, size, new_size: (indices // size[0], indices % size[0])),
            "row = index // width and column = index % width. Take the width, size[1].",
        ),
        Mistake(
            "counted with the new height",
            _moved(
                _row_and_column,
                lambda row, column, counted, size: np.where(
                    (row < size[0]) & (column < size[1]), row * size[0] + column, -1
                ),
            ),  # fmt: skip
            "In the new plane a row has new_size[1] pixels: index = width * row + column.",
        ),
        Mistake(
            "read with the new width",
            _moved(lambda indices, size, new_size: (indices // new_size[1], indices % size[1])),
            "The indices were counted in the old plane: divide by the old width, and count with the new one.",
        ),
        Mistake(
            "stretched",
            _moved(_scaled),
            "The pixels stay where they are; the plane is cropped or gets a border. Nothing is scaled.",
        ),
        Mistake(
            "moved to the border",
            _moved(_row_and_column, _clipped),
            "A pixel that the new plane does not have is not moved to its border: give it -1.",
        ),
        Mistake(
            "nothing checked",
            _moved(_row_and_column, lambda row, column, counted, size: counted),
            "A pixel whose row or column the new plane does not have gets -1: check both.",
        ),
        Mistake(
            "one row and one column too many",
            _moved(
                _row_and_column,
                lambda row, column, counted, size: np.where((row <= size[0]) & (column <= size[1]), counted, -1),
            ),
            "Rows and columns count from 0, so the last ones of the new plane are new_size[0] - 1 and new_size[1] - 1.",
        ),
        Mistake(
            "0 instead of -1",
            _moved(
                _row_and_column,
                lambda row, column, counted, size: np.where((row < size[0]) & (column < size[1]), counted, 0),
            ),
            "0 is a pixel, the first one. What the new plane does not have gets -1.",
        ),
        Mistake(
            "only the last index checked",
            _moved(_row_and_column, lambda row, column, counted, size: np.where(counted < prod(size), counted, -1)),
            "A pixel to the right of the plane would appear at the left of the next row. Check the column too.",
        ),
        Mistake(
            "only the columns checked",
            _moved(_row_and_column, lambda row, column, counted, size: np.where(column < size[1], counted, -1)),
            "A pixel may lie below the new plane too. Check the row as well.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="An index belongs to a width",
)

# --------------------------------------------------------------------------- max_unpool_adjoint


def max_unpool_adjoint(output: Array, indices: Array) -> Array:
    """The library's `max_unpool2d_adjoint`."""
    return max_unpool2d_adjoint(output, indices)


def _gathers(cases: Cases) -> Cases:
    """The same indices, with a plane to read from instead of values to lay."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for case in list(cases(rng)):
            shape = (len(case["indices"]), *case["size"])
            yield {"output": distinct(rng, *shape), "indices": case["indices"]}

    return draw


def _gathered(output: Array, indices: Array) -> Array:
    flat = output.reshape(len(output), -1)
    return np.take_along_axis(flat, indices.reshape(len(output), -1), 1).reshape(indices.shape)


def _shares(share: Callable[[Array], Array], by_channel: bool = True) -> Callable[..., Array]:
    """Somebody who knows of repeated indices, and gives to those that ``share(flat indices)`` says."""

    def wrong(output: Array, indices: Array) -> Array:
        planes = indices.reshape(len(indices), -1) if by_channel else indices.reshape(1, -1)
        weight = np.stack([share(plane) for plane in planes]).reshape(indices.shape)
        return _gathered(output, indices) * weight

    return wrong


def _is_first(indices: Array) -> Array:
    return np.isin(np.arange(len(indices)), np.unique(indices, return_index=True)[1])


def _is_last(indices: Array) -> Array:
    return _is_first(indices[::-1])[::-1]


def _counts(indices: Array) -> Array:
    return (indices[:, None] == indices).sum(axis=1)


def _read_at(place: Callable[..., tuple[int, int, int]]) -> Callable[..., Array]:
    """Of the right ones, but read from another place."""

    def wrong(output: Array, indices: Array) -> Array:
        kept = np.stack([_is_last(plane) for plane in indices.reshape(len(indices), -1)]).reshape(indices.shape)
        found = np.zeros(indices.shape, dtype=output.dtype)
        for c, i, j in np.ndindex(*indices.shape):
            found[c, i, j] = output[place(c, int(indices[c, i, j]), output.shape, indices.shape)]
        return found * kept

    return wrong


def _times_mask(output: Array, indices: Array) -> Array:
    """A plane in the shape of the output: zero where no index points."""
    mask = np.zeros(output.shape, dtype=output.dtype)
    np.put_along_axis(mask.reshape(len(mask), -1), indices.reshape(len(mask), -1), 1.0, 1)
    return output * mask


MAX_UNPOOL_ADJOINT = Task(
    reference=max_unpool_adjoint,
    summary="the adjoint of max_unpool: ⟨max_unpool(y, indices, size), v⟩ = ⟨y, max_unpool_adjoint(v, indices)⟩.",
    properties=(
        Property(
            "the right shape",
            0.5,
            _gathers(_planes((1, 4, 4), (2, 4, 6), (3, 5, 7))),
            wrong_shape,
            "the adjoint goes from the large planes back to the pooled ones.",
        ),
        Property(
            "no index twice",
            1,
            _gathers(_planes((1, 4, 4), (1, 6, 4), (1, 5, 9), (1, 2, 2))),
            wrong_values,
            "write unpooling as a matrix: each column holds a single 1. What are the rows of its transpose?",
        ),
        Property(
            "channels",
            0.5,
            _gathers(_planes((2, 4, 6), (3, 6, 4), (4, 5, 7))),
            wrong_values,
            "every channel has a plane of its own.",
        ),
        Property(
            "an index that occurs several times",
            2,
            _gathers(_meetings),
            wrong_values,
            "of several values with one index, unpooling keeps the last. How do the others enter the inner product?",
        ),
    ),
    mistakes=(
        Mistake(
            "everybody reads",
            _gathered,
            "That is what torch takes for the gradient. But a value that was overwritten has no influence on the "
            "result: its column of the matrix is zero, and so is its entry here.",
        ),
        Mistake(
            "the first one reads",
            _shares(_is_first),
            "max_unpool keeps the last of the values with one index, so the last one gets what stands there.",
        ),
        Mistake(
            "shared out",
            _shares(lambda flat: 1 / _counts(flat)),
            "The value is not divided: one of them was kept, with weight 1, and the others with weight 0.",
        ),
        Mistake(
            "nobody reads where two meet",
            _shares(lambda flat: _counts(flat) == 1),
            "One of the values with that index was kept. It gets what stands there; only the others get 0.",
        ),
        Mistake(
            "the last one column after column reads",
            lambda output, indices: max_unpool_adjoint(output, indices.swapaxes(1, 2)).swapaxes(1, 2),
            "max_unpool goes through the pooled map row after row, so the last one is to be found in that order.",
            "When two windows find the same pixel",
        ),
        Mistake(
            "number 0 taken for nobody",
            _shares(lambda flat: _is_last(flat) & (np.arange(len(flat)) > 0)),
            "The very first value gets nothing. If you lay the numbers 0, 1, 2, … to see who is left, 0 cannot be told "
            "from an empty place: begin with 1.",
        ),
        Mistake(
            "the last over all channels",
            _shares(_is_last, by_channel=False),
            "Equal indices in different channels are different pixels: look for repetitions in each channel alone.",
        ),
        Mistake(
            "divided by the height",
            _read_at(lambda c, index, large, small: (c, *divmod(index, large[1]))),
            "row = index // width and column = index % width: take the width, output.shape[2].",
        ),
        Mistake(
            "rows as long as those of the pooled map",
            _read_at(lambda c, index, large, small: (c, *divmod(index, small[2]))),
            "The indices count the pixels of the large plane, so its width divides them.",
        ),
        Mistake(
            "all read from the first channel",
            _read_at(lambda c, index, large, small: (0, *divmod(index, large[2]))),
            "Each channel reads from its own plane.",
        ),
        Mistake(
            "masked, not gathered",
            _times_mask,
            "That is as large as the output: unpooling after its adjoint. Read the values off at the indices.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Four operators that are easily mistaken",
)

TASKS = (BED_OF_NAILS, MAX_UNPOOL, INDEX_MEMORY, REINDEX, MAX_UNPOOL_ADJOINT)

check_bed_of_nails = make_check(BED_OF_NAILS)
check_max_unpool = make_check(MAX_UNPOOL)
check_index_memory = make_check(INDEX_MEMORY)
check_reindex = make_check(REINDEX)
check_max_unpool_adjoint = make_check(MAX_UNPOOL_ADJOINT)
