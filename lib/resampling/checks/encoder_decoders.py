"""Tasks of the chapter on encoder-decoders."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import (
    conv2d,
    conv_cost,
    conv_transpose2d,
    conv_transpose_cost,
    max_pool2d,
    max_unpool2d,
    picture,
    pixel_shuffle,
    psnr,
    resize,
)
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import Refusal, Test, item, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]

FORBIDDEN = (*LIBRARIES, "einops", "skimage", "torch.pixel_shuffle")

# --------------------------------------------------------------------------- block_cost


def block_cost(kind: str, in_channels: int, out_channels: int, size: Pair, scale: int = 2) -> Pair:
    """Learned numbers and multiply-adds of an upsampling block, by the library's counts."""
    c_in, c_out, s, (h, w) = in_channels, out_channels, scale, size
    if kind == "transposed":
        taps = 2 * s - s % 2
        weight = (c_in, c_out, taps, taps)
        cost = conv_transpose_cost((1, c_in, h, w), weight, s, s // 2, bias=True, algorithm="scatter")
    elif kind == "nearest":
        cost = conv_cost((1, c_in, s * h, s * w), (c_out, c_in, 3, 3), padding=1, bias=True)
    else:
        outputs = c_out * s * s if kind == "sub_pixel" else c_out
        cost = conv_cost((1, c_in, h, w), (outputs, c_in, 3, 3), padding=1, bias=True)
    return cost.parameters, cost.multiply_adds


def _blocks(*kinds: str) -> Cases:
    """Blocks of the kinds, at the scales 2 and 3, then random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for kind in kinds:
            for c_in, c_out, size, scale in ((1, 1, (1, 1), 2), (4, 3, (5, 7), 3), (3, 5, (2, 3), 4), _drawn(rng)):
                given = {"kind": kind, "in_channels": c_in, "out_channels": c_out, "size": size}
                yield given | ({} if scale == 2 else {"scale": scale})

    return draw


def _drawn(rng: Generator) -> tuple[int, int, Pair, int]:
    c_in, c_out, h, w, scale = (int(rng.integers(*span)) for span in ((2, 9), (10, 20), (4, 9), (9, 20), (2, 6)))
    return c_in, c_out, (h, w), scale


def _counted(
    parameters: Callable[..., int] = lambda right, kind, c_in, c_out, s: right,
    products: Callable[..., int] = lambda right, kind, c_in, c_out, s: right,
) -> Callable[..., Pair]:
    """A count of which one half is made from the right one by a wrong rule."""

    def wrong(kind: str, in_channels: int, out_channels: int, size: Pair, scale: int = 2) -> Pair:
        right = block_cost(kind, in_channels, out_channels, size, scale)
        given = kind, in_channels, out_channels, scale
        return parameters(right[0], *given), products(right[1], *given)

    return wrong


def _if(wanted: str, wrong: Callable[[int, int, int, int], int]) -> Callable[..., int]:
    """A rule that errs for one kind."""
    return lambda right, kind, c_in, c_out, s: wrong(right, c_in, c_out, s) if kind == wanted else right


def _other_kernel(taps: Callable[[int], int]) -> Callable[..., Pair]:
    """Counts for transposed kernels of another size."""

    def wrong(kind: str, in_channels: int, out_channels: int, size: Pair, scale: int = 2) -> Pair:
        if kind != "transposed":
            return block_cost(kind, in_channels, out_channels, size, scale)
        weights = in_channels * out_channels * taps(scale) ** 2
        return weights + out_channels, weights * size[0] * size[1]

    return wrong


BLOCK_COST = Task(
    reference=block_cost,
    summary="(parameters, multiply-adds) of an upsampling block.",
    properties=(
        Property(
            "parameters of nearest and unpool",
            0.5,
            _blocks("nearest", "unpool"),
            item(0, wrong_values),
            "resizing and unpooling learn nothing: what is learned is one 3 x 3 convolution, with a bias.",
        ),
        Property(
            "parameters of sub_pixel",
            0.5,
            _blocks("sub_pixel"),
            item(0, wrong_values),
            "before the shuffle there are s*s times as many output channels, each with its own bias.",
        ),
        Property(
            "parameters of transposed",
            0.5,
            _blocks("transposed"),
            item(0, wrong_values),
            "the kernel is 2s on each side for even s, and 2s - 1 for odd s.",
        ),
        Property(
            "multiply-adds of nearest",
            0.5,
            _blocks("nearest"),
            item(1, wrong_values),
            "on which map does the convolution run: the small or the large one?",
        ),
        Property(
            "multiply-adds of sub_pixel and unpool",
            0.5,
            _blocks("sub_pixel", "unpool"),
            item(1, wrong_values),
            "these two convolve the small map.",
        ),
        Property(
            "multiply-adds of transposed",
            0.5,
            _blocks("transposed"),
            item(1, wrong_values),
            "every sample of the small map is multiplied with every tap that leads from its channel.",
        ),
    ),
    mistakes=(
        Mistake(
            "the biases are forgotten",
            _counted(lambda right, kind, c_in, c_out, s: right - c_out * (s * s if kind == "sub_pixel" else 1)),
            "Each output channel of a convolution also has a bias, and that is learned too.",
        ),
        Mistake(
            "one bias for each channel after the shuffle",
            _counted(_if("sub_pixel", lambda right, c_in, c_out, s: right - c_out * s * s + c_out)),
            "The bias belongs to the convolution, before the shuffle: there are s * s * C_out of them.",
        ),
        Mistake(
            "s times as many channels before the shuffle",
            _counted(
                _if("sub_pixel", lambda right, c_in, c_out, s: right // s),
                _if("sub_pixel", lambda right, c_in, c_out, s: right // s),
            ),
            "A block of s by s pixels needs s * s channels, not s.",
        ),
        Mistake(
            "nearest convolves the small map",
            _counted(products=_if("nearest", lambda right, c_in, c_out, s: right // (s * s))),
            "The convolution comes after the resize, so it runs on s * s times as many pixels.",
        ),
        Mistake(
            "the sub-pixel convolution runs on the large map",
            _counted(products=_if("sub_pixel", lambda right, c_in, c_out, s: right * s * s)),
            "It runs on the small map, and the shuffle comes after it. That is its whole point.",
        ),
        Mistake(
            "unpool convolves the large map",
            _counted(products=_if("unpool", lambda right, c_in, c_out, s: right * s * s)),
            "Here the convolution comes first, on the small map; then its output is unpooled.",
        ),
        Mistake(
            "the inserted zeros are multiplied too",
            _counted(products=_if("transposed", lambda right, c_in, c_out, s: right * s * s)),
            "That is the cost by zero insertion. Each sample of the small map meets each tap once, and "
            "no more is needed.",
        ),
        Mistake(
            "a kernel of 2s, also for odd s",
            _other_kernel(lambda s: 2 * s),
            "With k = 2s and an odd s no whole padding p makes k - 2p = s. For odd s the kernel is 2s - 1.",
        ),
        Mistake(
            "a transposed kernel of 3 by 3",
            _other_kernel(lambda s: 3),
            "The transposed kernel grows with the scale: 2s on each side, or 2s - 1 for odd s.",
        ),
        Mistake(
            "a transposed kernel as small as the stride",
            _other_kernel(lambda s: s),
            "That one exists too, but this block has kernels of 2s on each side, or 2s - 1 for odd s.",
        ),
        Mistake(
            "every multiply-add counted twice",
            _counted(products=lambda right, *given: 2 * right),
            "A multiply-add is one. Two flops, but one multiply-add.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="One interface, five blocks",
)

# --------------------------------------------------------------------------- join


def join(skip: Array, deep: Array) -> Array:
    """`skip`, and behind it `deep`, cut or continued at the end to the same size."""
    kept = deep[:, : skip.shape[1], : skip.shape[2]]
    missing = [n - have for n, have in zip(skip.shape[1:], kept.shape[1:], strict=True)]
    return np.concatenate([skip, np.pad(kept, ((0, 0), (0, missing[0]), (0, missing[1])), mode="edge")])


def _joined(*changes: Pair) -> Cases:
    """Two maps; `deep` has as many rows and columns more as `changes` say."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for change in changes:
            size = tuple(map(int, rng.integers(4, 7, 2)))
            size = (size[0], size[1] + 2) if size[0] == size[1] else size
            channels = rng.permutation([1, 2, 3])[:2]
            large = tuple(n + more for n, more in zip(size, change, strict=True))
            yield {"skip": distinct(rng, channels[0], *size), "deep": distinct(rng, channels[1], *large)}

    return draw


def _fitted(axis: Callable[[Array, int], Array]) -> Callable[..., Array]:
    """Maps joined by somebody with a rule of his own for an axis: ``axis(x, n)`` has n rows."""

    def wrong(skip: Array, deep: Array) -> Array:
        rows = axis(deep.swapaxes(0, 1), skip.shape[1]).swapaxes(0, 1)
        return np.concatenate([skip, axis(rows.swapaxes(0, 2), skip.shape[2]).swapaxes(0, 2)])

    return wrong


def _axis(
    cut: Callable[[Array, int], Array] = lambda x, more: x[: len(x) - more],
    grow: Callable[[Array, int], Array] = lambda x, less: np.concatenate([x, np.repeat(x[-1:], less, axis=0)]),
) -> Callable[..., Array]:
    def fitted(x: Array, length: int) -> Array:
        return cut(x, len(x) - length) if len(x) > length else grow(x, length - len(x)) if len(x) < length else x

    return _fitted(fitted)


def _rows(before: int | Callable[[int], int], mode: str) -> Callable[[Array, int], Array]:
    """Rows added by ``numpy.pad`` in a mode, some of them in front."""

    def grow(x: Array, less: int) -> Array:
        front = before(less) if callable(before) else before
        return np.pad(x, ((front, less - front), (0, 0), (0, 0)), mode=mode)

    return grow


def _skip_cut(skip: Array, deep: Array) -> Array:
    h, w = (min(a, b) for a, b in zip(skip.shape[1:], deep.shape[1:], strict=True))
    return np.concatenate([skip[:, :h, :w], deep[:, :h, :w]])


def _stretched(x: Array, length: int) -> Array:
    return x[np.arange(length) * len(x) // length]


JOIN = Task(
    reference=join,
    summary="the skip's channels, then those of the deep map, all of the size of the skip.",
    properties=(
        Property(
            "equal sizes: the skip first",
            0.5,
            _joined((0, 0), (0, 0), (0, 0)),
            wrong_values,
            "first the channels of the skip, then those of the deep map: np.concatenate along axis 0.",
        ),
        Property(
            "a deep map that is too large",
            1,
            _joined((1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2)),
            wrong_values,
            "cut at the end, so that row i stays row i.",
        ),
        Property(
            "a deep map that is too small",
            1,
            _joined((-1, 0), (0, -1), (-1, -1), (-2, -1), (-1, -2), (-2, -2)),
            wrong_values,
            "repeat its last row and its last column.",
        ),
        Property(
            "too high and too narrow at once",
            0.5,
            _joined((1, -1), (-1, 2), (2, -2), (-2, 1)),
            wrong_values,
            "treat each axis by itself.",
        ),
    ),
    mistakes=(
        Mistake(
            "cut at the front",
            _axis(cut=lambda x, more: x[more:]),
            "That moves the whole map: its row 1 comes to lie on row 0 of the skip. Cut at the end.",
            "Which side?",
        ),
        Mistake(
            "cut on both sides",
            _axis(cut=lambda x, more: x[more // 2 : len(x) - (more - more // 2)]),
            "Whatever is cut in front moves the map. Cut all of it at the end.",
            "Which side?",
        ),
        Mistake(
            "continued at the front",
            _axis(grow=_rows(lambda less: less, "edge")),
            "Rows in front push the others away from their place. Add them at the end.",
            "Which side?",
        ),
        Mistake(
            "continued on both sides",
            _axis(grow=_rows(lambda less: less // 2, "edge")),
            "Rows in front push the others away from their place. Add all of them at the end.",
            "Which side?",
        ),
        Mistake(
            "zeros where something is missing",
            _axis(grow=_rows(0, "constant")),
            "Zeros make an edge that is not in the picture. Repeat the last row and the last column.",
        ),
        Mistake(
            "mirrored where something is missing",
            _axis(grow=_rows(0, "reflect")),
            "The last row itself is repeated, not the one before it.",
        ),
        Mistake(
            "the skip is cut too",
            _skip_cut,
            "Then the picture gets smaller from level to level. The skip keeps its size; only the deep map "
            "is made to fit.",
        ),
        Mistake(
            "stretched to the size",
            _fitted(_stretched),
            "Stretching changes the distance between the samples: nothing but the first row is left where it was.",
            "Stretching to fit",
        ),
        Mistake(
            "the deep map first",
            lambda skip, deep: np.concatenate([join(skip, deep)[len(skip) :], skip]),
            "First the channels of the skip, then those of the deep map. Trained weights know only one order.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Which side?",
)

# --------------------------------------------------------------------------- segnet_path


def segnet_path(input: Array, offsets: Sequence[float]) -> Array:
    """Down by max pooling, rounded up, and back up through the same places; on each level an offset is added first."""
    x, passed = input, []
    for offset in offsets:
        y, indices = max_pool2d(x, 2, ceil_mode=True, return_indices=True)
        passed.append((offset, indices, x.shape[1:]))
        x = y
    for offset, indices, size in reversed(passed):
        x = max_unpool2d(x + offset, indices, 2, output_size=size)
    return x


OFFSETS = (1000.0, 400.0, 250.0, -3000.0, -700.0)


def _paths(*sizes: tuple[int, int, int], depth: int = 1, negative: bool = False) -> Cases:
    """Maps of the sizes, (channels, height, width), then a random one; `depth` poolings."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = tuple(2 * int(rng.integers(1, 4)) for _ in range(2))
        odd = tuple(n + 1 for n in drawn) if any(n % 2 for size in sizes for n in size[1:]) else drawn
        for size in (*sizes, (sizes[-1][0], *odd)):
            x = distinct(rng, *size)
            offsets = tuple(rng.permutation(OFFSETS)[:depth].tolist())
            yield {"input": -np.abs(x) if negative else x, "offsets": offsets}

    return draw


def _walked(
    pad: float | None = -np.inf,
    add: Callable[[Sequence[float], int], float] = lambda offsets, level: offsets[level],
    place: Callable[..., Pair] = lambda y, x, row, column: (2 * y + row, 2 * x + column),
    key: Callable[[Array], Array] = lambda block: block,
    alike: bool = False,
    late: bool = False,
) -> Callable[..., Array]:
    """The path of somebody who pads, adds, places or compares wrongly; without `pad`, sizes are rounded down."""

    def wrong(input: Array, offsets: Sequence[float]) -> Array:
        x, passed = input, []
        for level in range(len(offsets)):
            small, where = _pool(x, pad, key, alike)
            passed.append((add(offsets, level), where, x.shape))
            x = small
        for offset, where, shape in reversed(passed):
            x = _put(x if late else x + offset, where, shape, place) + offset * late
        return x

    return wrong


def _pool(x: Array, pad: float | None, key: Callable[[Array], Array], alike: bool) -> tuple[Array, Array]:
    """Maxima, and the (row, column) inside the window where each was found."""
    h, w = x.shape[1:]
    if pad is None:
        x = x[:, : h - h % 2, : w - w % 2]
    else:
        x = np.pad(x, ((0, 0), (0, h % 2), (0, w % 2)), constant_values=pad)
    blocks = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2).swapaxes(2, 3)
    flat = blocks.reshape(*blocks.shape[:3], 4)
    where = key(flat).argmax(axis=-1)
    where = np.broadcast_to(where[:1], where.shape) if alike else where
    return np.take_along_axis(flat, where[..., None], axis=-1)[..., 0], where


def _put(x: Array, where: Array, shape: tuple[int, ...], place: Callable[..., Pair]) -> Array:
    out = np.zeros(shape)
    for c, i, j in np.ndindex(*x.shape):
        row, column = place(i, j, *divmod(int(where[c, i, j]), 2))
        if row < shape[1] and column < shape[2]:
            out[c, row, column] = x[c, i, j]
    return out


def _copies(input: Array, offsets: Sequence[float]) -> Array:
    """Nearest on the way up."""
    x, sizes = input, []
    for _ in offsets:
        sizes.append(x.shape)
        x = _pool(x, -np.inf, lambda block: block, False)[0]
    for offset, size in zip(offsets[::-1], sizes[::-1], strict=True):
        x = (x + offset).repeat(2, 1).repeat(2, 2)[:, : size[1], : size[2]]
    return x


SEGNET_PATH = Task(
    reference=segnet_path,
    summary="what comes from below, each value at the place of its maximum, and zeros elsewhere.",
    properties=(
        Property(
            "one level, even sizes",
            1,
            _paths((1, 2, 2), (1, 4, 6), (1, 6, 2)),
            wrong_values,
            "pool, remember where, add the offset, put back.",
        ),
        Property(
            "one level, odd sizes",
            1,
            _paths((1, 3, 3), (1, 5, 4), (1, 2, 7), (1, 1, 1)),
            wrong_values,
            "the last, incomplete window counts too: its maximum is taken over what is there.",
        ),
        Property(
            "one level, odd sizes, all samples negative",
            0.5,
            _paths((1, 3, 3), (1, 5, 2), (1, 7, 3), negative=True),
            wrong_values,
            "beyond the border there is nothing, not zeros: pad with minus infinity.",
        ),
        Property(
            "several levels",
            1,
            _paths((1, 8, 12), (1, 13, 9), (1, 5, 6), depth=3),
            wrong_values,
            "the last to be pooled is the first to be unpooled: keep places and sizes in a list, and go through it "
            "backwards.",
        ),
        Property(
            "channels",
            0.5,
            _paths((2, 4, 6), (3, 5, 4), depth=2),
            wrong_values,
            "each channel has maxima of its own, at places of its own.",
        ),
    ),
    mistakes=(
        Mistake(
            "sizes rounded down",
            _walked(pad=None),
            "The last row or column of an odd size is never pooled, so what it holds is lost. Round up.",
            "A ladder of sizes",
        ),
        Mistake(
            "zeros take part in the maximum",
            _walked(pad=0.0),
            "In the last, incomplete window a zero from outside has beaten negative samples. Pad with minus infinity.",
        ),
        Mistake(
            "copies on the way up",
            _copies,
            "That is nearest upsampling. Here each maximum goes back to one place, and the others stay zero.",
            "One interface, five blocks",
        ),
        Mistake(
            "always to the top left corner",
            _walked(place=lambda y, x, row, column: (2 * y, 2 * x)),
            "That is a bed of nails. Remember on the way down where each maximum was.",
            "One interface, five blocks",
        ),
        Mistake(
            "rows and columns in the window exchanged",
            _walked(place=lambda y, x, row, column: (2 * y + column, 2 * x + row)),
            "Inside a window, places are counted row after row: row = place // 2, column = place % 2.",
        ),
        Mistake(
            "offsets from the wrong end",
            _walked(add=lambda offsets, level: offsets[-1 - level]),
            "offsets[0] belongs to the first pooling, which is the last one to be undone.",
        ),
        Mistake(
            "one offset for all levels",
            _walked(add=lambda offsets, level: offsets[0]),
            "Each level has an offset of its own.",
        ),
        Mistake(
            "the offsets are left out",
            _walked(add=lambda offsets, level: 0.0),
            "Before a map is unpooled, the offset of its level is added to it. It stands for the layers of a decoder.",
        ),
        Mistake(
            "added after unpooling",
            _walked(late=True),
            "The offset is added first, to the small map. After unpooling it would fill the zeros too.",
        ),
        Mistake(
            "the largest in magnitude",
            _walked(key=np.abs),
            "The maximum of -3 and 1 is 1: signs count. Outside there is nothing that could be larger.",
        ),
        Mistake(
            "the places of channel 0 for all",
            _walked(alike=True),
            "Every channel has its own maxima, so it also has its own places.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="What passes from left to right",
)

# --------------------------------------------------------------------------- upsample_block


def upsample_block(kind: str, input: Array, weight: Array, bias: Array, scale: int = 2) -> Array:
    """The library's convolution and resize, shuffle or transposed convolution, in the block's order."""
    k = weight.shape[-1]
    if kind == "nearest":
        return conv2d(input.repeat(scale, 1).repeat(scale, 2), weight, bias, padding=k // 2)
    if kind == "sub_pixel":
        return pixel_shuffle(conv2d(input, weight, bias, padding=k // 2), scale)
    return conv_transpose2d(input, weight, bias, scale, (k - scale) // 2)


def _upsampled(kind: str, *fixed: tuple[int, int, int], size: Pair | None = None, biased: bool = True) -> Cases:
    """(scale, kernel, output channels) as given; two or three input channels unless a size is given too."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for scale, k, c_out in fixed:
            h, w = size or tuple(map(int, rng.permutation([3, 4, 5])[:2]))
            c_in = 1 if size else 4 - c_out if c_out < 4 else 2
            outputs = c_out * scale**2 if kind == "sub_pixel" else c_out
            shape = (c_in, outputs, k, k) if kind == "transposed" else (outputs, c_in, k, k)
            bias = distinct(rng, len(range(outputs))) if biased else np.zeros(outputs)
            given = {"kind": kind, "input": distinct(rng, c_in, h, w), "weight": distinct(rng, *shape), "bias": bias}
            yield given | ({} if scale == 2 else {"scale": scale})

    return draw


def _block(**parts: Callable[..., Any]) -> Callable[..., Array]:
    """A block with one kind replaced by a wrong one, ``parts[kind](input, weight, bias, scale)``."""

    def wrong(kind: str, input: Array, weight: Array, bias: Array, scale: int = 2) -> Array:
        make = parts.get(kind)
        return make(input, weight, bias, scale) if make else upsample_block(kind, input, weight, bias, scale)

    return wrong


def _same(x: Array, weight: Array, bias: Array) -> Array:
    return conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def _sub_pixel(order: Callable[[Array, int], Array]) -> Callable[..., Array]:
    return _block(sub_pixel=lambda x, weight, bias, s: order(_same(x, weight, bias), s))


def _columns_first(x: Array, s: int) -> Array:
    return pixel_shuffle(x.reshape(-1, s, s, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape), s)


def _late_bias(x: Array, weight: Array, bias: Array, s: int) -> Array:
    out = pixel_shuffle(_same(x, weight, 0 * bias), s)
    return out + bias[: len(out), None, None]


def _full(x: Array, weight: Array, s: int) -> tuple[Array, int]:
    """The transposed convolution that is not cut, and how much of it is too much on each axis."""
    return conv_transpose2d(x, weight, None, s), weight.shape[-1] - s


def _cut_at_one_end(front: bool) -> Callable[..., Array]:
    def make(x: Array, weight: Array, bias: Array, s: int) -> Array:
        full, more = _full(x, weight, s)
        cut = (
            slice(more, None) if front else slice(0, s * x.shape[1]),
            slice(more, None) if front else slice(0, s * x.shape[2]),
        )
        return full[:, cut[0], cut[1]] + bias[:, None, None]

    return make


def _overwritten(x: Array, weight: Array, bias: Array, s: int) -> Array:
    k, (h, w) = weight.shape[-1], x.shape[1:]
    full = np.zeros((weight.shape[1], s * (h - 1) + k, s * (w - 1) + k))
    for i, j in np.ndindex(h, w):
        full[:, s * i : s * i + k, s * j : s * j + k] = np.tensordot(x[:, i, j], weight, 1)
    p = (k - s) // 2
    return full[:, p : p + s * h, p : p + s * w] + bias[:, None, None]


def _edge(x: Array, weight: Array, bias: Array) -> Array:
    p = weight.shape[-1] // 2
    return conv2d(np.pad(x, ((0, 0), (p, p), (p, p)), mode="edge"), weight, bias)


def _large(x: Array, s: int) -> Array:
    return x.repeat(s, 1).repeat(s, 2)


def _flipped(kind: str, input: Array, weight: Array, bias: Array, scale: int = 2) -> Array:
    turned = weight[..., ::-1, ::-1].copy()
    return upsample_block(kind, input, turned if kind != "transposed" else weight, bias, scale)


UPSAMPLE_BLOCK = Task(
    reference=upsample_block,
    summary="a map of C_out channels, `scale` times as high and wide as the input.",
    properties=(
        Property(
            "nearest, then a convolution",
            1,
            _upsampled("nearest", (2, 3, 1), (2, 3, 2), (3, 3, 1), (2, 5, 1)),
            wrong_values,
            "copy first, then convolve the large map, with k // 2 zeros on each side.",
        ),
        Property(
            "sub_pixel with one output channel",
            1,
            _upsampled("sub_pixel", (2, 3, 1), (2, 1, 1), (3, 3, 1)),
            wrong_values,
            "convolve the small map; then channel s*a + b becomes the pixels (s*i + a, s*j + b).",
        ),
        Property(
            "sub_pixel with several output channels",
            0.5,
            _upsampled("sub_pixel", (2, 3, 2), (2, 1, 3), (3, 3, 2)),
            wrong_values,
            "the s*s channels of output channel 0 come first, then those of output channel 1.",
        ),
        Property(
            "transposed with one channel in and one out, no bias",
            1,
            _upsampled("transposed", (2, 4, 1), (3, 5, 1), (2, 2, 1), (4, 8, 1), size=(2, 3), biased=False),
            wrong_values,
            "paint the kernel, times the sample, at s*i and s*j, add where paint meets, and cut (k - s) // 2 on each "
            "side.",
        ),
        Property(
            "transposed with channels and bias",
            0.5,
            _upsampled("transposed", (2, 4, 2), (3, 5, 1), (2, 2, 3)),
            wrong_values,
            "the weight is (C_in, C_out, k, k). The bias is added once, at the end.",
        ),
    ),
    mistakes=(
        Mistake(
            "convolution first, copies after it",
            _block(nearest=lambda x, weight, bias, s: _large(_same(x, weight, bias), s)),
            "The convolution must come after the copies: only then can it smooth their steps.",
            "One interface, five blocks",
        ),
        Mistake(
            "the kernels are flipped",
            _flipped,
            "Deep learning slides the kernel as it is: tap (0, 0) meets the upper left pixel of the window.",
        ),
        Mistake(
            "the border is repeated",
            _block(
                nearest=lambda x, weight, bias, s: _edge(_large(x, s), weight, bias),
                sub_pixel=lambda x, weight, bias, s: pixel_shuffle(_edge(x, weight, bias), s),
            ),
            "Outside the map these convolutions see zeros.",
        ),
        Mistake(
            "the other order of channels",
            _sub_pixel(lambda x, s: pixel_shuffle(x, s, order="DCR")),
            "That is the order DCR. Here all s*s phases of output channel 0 come first: channel c*s*s + s*a + b.",
        ),
        Mistake(
            "columns before rows in the shuffle",
            _sub_pixel(_columns_first),
            "Channel s*a + b goes to row a and column b of each block: the column runs fastest.",
        ),
        Mistake(
            "tiles instead of a shuffle",
            _sub_pixel(
                lambda x, s: (
                    x.reshape(-1, s, s, *x.shape[1:])
                    .transpose(0, 1, 3, 2, 4)
                    .reshape(-1, s * x.shape[1], s * x.shape[2])
                )
            ),
            "The channels lie side by side as tiles. Each block of s by s pixels takes one pixel of every channel.",
        ),
        Mistake(
            "the bias after the shuffle",
            _block(sub_pixel=_late_bias),
            "The bias belongs to the convolution: one for each of its s*s*C_out channels, added before the shuffle.",
        ),
        Mistake(
            "all is cut at the end",
            _block(transposed=_cut_at_one_end(front=False)),
            "(k - s) // 2 rows and columns are cut on each side. Else the picture moves.",
            "Which side?",
        ),
        Mistake(
            "all is cut at the front",
            _block(transposed=_cut_at_one_end(front=True)),
            "(k - s) // 2 rows and columns are cut on each side. Else the picture moves.",
            "Which side?",
        ),
        Mistake(
            "overwritten where paint meets",
            _block(transposed=_overwritten),
            "Where the kernels of neighbours overlap, their paint is added.",
        ),
        Mistake(
            "a transposed kernel turned round",
            _block(
                transposed=lambda x, weight, bias, s: upsample_block(
                    "transposed", x, weight[..., ::-1, ::-1].copy(), bias, s
                )
            ),
            "Painting puts tap (0, 0) at the upper left. If you insert zeros and convolve, flip the kernel first.",
        ),
        Mistake(
            "the bias is left out",
            lambda kind, input, weight, bias, scale=2: upsample_block(kind, input, weight, 0 * bias, scale),
            "Each output channel of the convolution has a bias, which is added to all its pixels.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="One interface, five blocks",
)

# --------------------------------------------------------------------------- super_resolve

SIDE = 24  # of a patch, in pixels
TRAIN, HELD_OUT = ("astronaut", "coffee"), ("camera", "chelsea", "coins")
LENS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
CAMERAS = {"photograph": (0.0, 1.0), "negative": (0.7, -0.5)}  # what is added, and what is multiplied with


def _small(high: Array, camera: str) -> Array:
    """Patches (N, H, W) at half the size, through a soft lens: as a photograph, or as a negative of low contrast."""
    n, h, w = high.shape
    wide = np.pad(high, ((0, 0), (2, 2), (2, 2)), mode="edge")
    soft = conv2d(wide[:, None], np.outer(LENS, LENS)[None, None])
    offset, contrast = CAMERAS[camera]
    return offset + contrast * soft.reshape(n, h // 2, 2, w // 2, 2).mean(axis=(2, 4))


@cache
def _patches(name: str) -> Array:
    """Patches of the middle of a picture that show something, (N, SIDE, SIDE)."""
    x = picture(name, gray=True, size=(288, 288))
    cut = x.reshape(288 // SIDE, SIDE, 288 // SIDE, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    return cut[cut.std(axis=(1, 2)) > 0.05]


@cache
def _album() -> dict[bytes, Array]:
    """The large picture to each small one that can be asked for."""
    high = np.concatenate([_patches(name) for name in HELD_OUT])
    return {key.tobytes(): big for camera in CAMERAS for key, big in zip(_small(high, camera), high, strict=True)}


def super_resolve(low: Array, high: Array, new: Array, seed: int = 0) -> Array:
    """The true pictures, which only the checks can look up: what predictions are compared with."""
    del low, high, seed
    return np.stack([_album()[patch.tobytes()] for patch in new])


def _albums(camera: str, count: int = 3) -> Cases:
    """Pairs of patches to learn from, and new small ones of other pictures."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for number in range(count):
            high = np.concatenate([rng.permutation(_patches(name))[:16] for name in TRAIN])
            unseen = rng.permutation(_patches(HELD_OUT[number]))[:10]
            low, new = (_small(x, camera) for x in (high, unseen))
            yield {"low": low, "high": high, "new": new, "seed": int(rng.integers(100))}

    return draw


def _fixed(low: Array, mode: str, grid: str = "half_pixel") -> Array:
    return resize(low, tuple(2 * n for n in low.shape[1:]), mode=mode, coordinates=grid)


def _at_least(margin: float, mode: str, camera: str = "photograph") -> Test:
    """At least so many dB better than a fixed rule, whose result is made from the true pictures."""

    def test(expected: Array, got: Array) -> Refusal | None:
        refusal = wrong_shape(expected, got)
        if refusal:
            return refusal
        reached = float(psnr(np.asarray(got, dtype=np.float64), expected))
        baseline = float(psnr(_fixed(_small(expected, camera), mode), expected))
        if reached >= baseline + margin:
            return None
        return Refusal(
            "values",
            f"your pictures are {reached:.2f} dB near the true ones; {mode} interpolation reaches {baseline:.2f} dB, "
            f"and {baseline + margin:.2f} dB are asked for.",
        )

    return test


def _fitted_map(
    side: int = 5, offset: bool = True, phases: Callable[[Array], Array] = lambda p: p, on: str = "new"
) -> Callable[..., Array]:
    """Least squares from the neighbourhood of a low pixel to the four high ones, with something wrong about it."""

    def wrong(low: Array, high: Array, new: Array, seed: int = 0) -> Array:
        del seed
        n, h, w = low.shape
        targets = high.reshape(n, h, 2, w, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4)
        learned = np.linalg.lstsq(_neighbours(low, side, offset), targets, rcond=None)[0]
        asked = new if on == "new" else np.resize(low, new.shape)
        out = phases((_neighbours(asked, side, offset) @ learned).reshape(*asked.shape, 2, 2))
        return out.transpose(0, 1, 3, 2, 4).reshape(len(new), 2 * new.shape[1], 2 * new.shape[2])

    return wrong


def _neighbours(x: Array, side: int, offset: bool) -> Array:
    """One row for each pixel: the side * side pixels around it, the border repeated, and a one."""
    r, (h, w) = side // 2, x.shape[1:]
    wide = np.pad(x, ((0, 0), (r, r), (r, r)), mode="edge")
    columns = [wide[:, a : a + h, b : b + w].ravel() for a, b in np.ndindex(side, side)]
    return np.stack(columns + [np.ones(x.size)] * offset, axis=1)


SUPER_RESOLVE = Task(
    reference=super_resolve,
    summary="the new pictures, twice as high and wide, after learning from the pairs.",
    properties=(
        Property(
            "twice as high and wide",
            0.5,
            _albums("photograph"),
            wrong_shape,
            "one large picture for each small one of `new`.",
        ),
        Property(
            "1 dB better than copying the pixels",
            0.5,
            _albums("photograph"),
            _at_least(1.0, "nearest"),
            "where does each of the four pixels lie? Check the order of the shuffle, and the grid.",
        ),
        Property(
            "0.8 dB better than cubic interpolation",
            1,
            _albums("photograph"),
            _at_least(0.8, "cubic"),
            "let every one of the four pixels look at 5 by 5 low pixels, and learn the weights from the pairs.",
        ),
        Property(
            "another camera: 8 dB better than cubic interpolation",
            2.5,
            _albums("negative"),
            _at_least(8.0, "cubic", "negative"),
            "these small pictures are negatives of low contrast. Whoever learns from the pairs need not know it, if "
            "he has a constant to add.",
        ),
    ),
    mistakes=(
        Mistake(
            "copies, nothing learned",
            lambda low, high, new, seed=0: _fixed(new, "nearest"),
            "That is nearest interpolation, and it does not look at the pairs. Learn from `low` and `high`.",
            "Did it learn anything?",
        ),
        Mistake(
            "linear interpolation, nothing learned",
            lambda low, high, new, seed=0: _fixed(new, "linear"),
            "A fixed rule does not look at the pairs, so it cannot know what the camera did. Learn from `low` and "
            "`high`.",
            "Did it learn anything?",
        ),
        Mistake(
            "cubic interpolation, nothing learned",
            lambda low, high, new, seed=0: _fixed(new, "cubic"),
            "That is the baseline itself. Learn from `low` and `high`.",
            "Did it learn anything?",
        ),
        Mistake(
            "moved by a quarter of a low pixel",
            lambda low, high, new, seed=0: _fixed(new, "linear", "asymmetric"),
            "That grid lays low pixel j onto high pixel 2j, but it lies in the middle between 2j and 2j + 1.",
            "Did it learn anything?",
        ),
        Mistake(
            "the mean of what was seen",
            lambda low, high, new, seed=0: np.full((len(new), *(2 * n for n in new.shape[1:])), high.mean()),
            "That is the best answer of somebody who does not look at `new`.",
            "Did it learn anything?",
        ),
        Mistake(
            "rows and columns of the shuffle exchanged",
            _fitted_map(phases=lambda p: p.swapaxes(-1, -2)),
            "What was learned for the pixel at the upper right was laid to the lower left: the order of the four is "
            "not the same in learning and in laying out.",
        ),
        Mistake(
            "the shuffle turned round",
            _fitted_map(phases=lambda p: p[..., ::-1, ::-1]),
            "The four pixels of each block are laid out in the opposite order to that in which they were learned.",
        ),
        Mistake(
            "without the border",
            lambda low, high, new, seed=0: _fitted_map()(low, high, new)[:, 4:-4, 4:-4],
            "Where the neighbourhood reaches outside, no pixel was predicted. Continue the small picture: repeat its "
            "border.",
        ),
        Mistake(
            "a neighbourhood of one pixel",
            _fitted_map(side=1),
            "Each low pixel was mapped by itself, so all you can learn is its brightness. Let it see its neighbours.",
        ),
        Mistake(
            "no constant",
            _fitted_map(offset=False),
            "A negative cannot be undone by weights alone: it is a constant less the picture. Add a bias.",
        ),
        Mistake(
            "applied to the wrong pictures",
            _fitted_map(on="low"),
            "These are the pictures that you learned from. The question is about `new`.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Did it learn anything?",
)

TASKS = (BLOCK_COST, JOIN, SEGNET_PATH, UPSAMPLE_BLOCK, SUPER_RESOLVE)

check_block_cost = make_check(BLOCK_COST)
check_join = make_check(JOIN)
check_segnet_path = make_check(SEGNET_PATH)
check_upsample_block = make_check(UPSAMPLE_BLOCK)
check_super_resolve = make_check(SUPER_RESOLVE)
