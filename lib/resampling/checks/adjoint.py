"""Tasks of the chapter on the adjoint."""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import (
    conv1d,
    conv2d_adjoint,
    conv_matrix1d,
    conv_matrix2d,
    conv_output_size,
    is_adjoint,
    matrix_of,
    pad,
    subsample,
)
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.functions import Function, linear_map
from resampling.checks.refusals import wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Map = Callable[[Array], Array]
Pair = tuple[int, int]
Size = tuple[int, ...]
Steps = tuple[tuple[Any, ...], ...]

SOLVERS = ("numpy.linalg.lstsq", "numpy.linalg.pinv", "numpy.linalg.solve", "numpy.linalg.inv", "numpy.linalg.svd")
FORBIDDEN = (*LIBRARIES, *SOLVERS, "scipy.sparse", "scipy.optimize", "torch.autograd", "torch.linalg")

ASSIGNED = (
    "the last copy wins",
    "Where copies of the kernel meet, their values add up. Yours overwrites what already lies there: use +=.",
)
FLIPPED = (
    "kernel flipped",
    "Each output lays down the kernel as it is, first tap first. A flip is needed only when you write the "
    "same map as a convolution that reads.",
    "The same arrows, the other way",
)
WRAPPED = (
    "taps come in again at the other end",
    "x[-1] is the last sample in Python. A tap that falls into the padding is gone: leave it out.",
)
SHORT = (
    "the shortest size",
    "Several sizes give the same number of outputs; you returned the least of them. The caller says which one it was.",
    "Which size?",
)
ZEROS_BEHIND = (
    "zeros appended",
    "The right size, but the samples behind the shortest size are not always zero: "
    "a tap that was cut off with the padding may lie there.",
    "Which size?",
)

MINUS_ZERO = (
    "a slice that ends at -0",
    "x[a:-b] is empty when b is 0, because -0 is 0. Say where the slice ends: x[a : a + length].",
)


# --------------------------------------------------------------------------- scatter1d


def scatter1d(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    """The transpose of the library's `conv_matrix1d`, times `output`."""
    return conv_matrix1d(weight, length, stride=stride, padding=padding).T @ output


def _outputs(*fixed: tuple[int, int, dict[str, int]]) -> Cases:
    """The given (taps, length, options), then three of them with a few windows more."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        more = [fixed[int(i)] for i in rng.integers(0, len(fixed), 3)]
        longer = [(k, n + o.get("stride", 1) * int(rng.integers(1, 4)), o) for k, n, o in more]
        for taps, length, options in [*fixed, *longer]:
            windows = conv_output_size(length, taps, **options)
            yield {"output": distinct(rng, windows), "weight": distinct(rng, taps), "length": length, **options}

    return draw


def _scattered(place: Callable[..., int], add: bool = True) -> Callable[..., Array]:
    """Somebody who lays tap t of output i at ``place(i, t, stride, padding, length)``."""

    def wrong(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
        x = np.zeros(length)
        for i, t in np.ndindex(len(output), len(weight)):
            j = place(i, t, stride, padding, length)
            if 0 <= j < length:
                x[j] = add * x[j] + weight[t] * output[i]
        return x

    return wrong


def _shortest(taps: int, windows: int, stride: int, padding: int) -> int:
    return stride * (windows - 1) + taps - 2 * padding


def _cut_to_shortest(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    return scatter1d(output, weight, length, stride, padding)[: _shortest(len(weight), len(output), stride, padding)]


def _zeros_appended(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    short = _cut_to_shortest(output, weight, length, stride, padding)
    return np.pad(short, (0, length - len(short)))


def _cut_by_slice(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    return scatter1d(output, weight, length + 2 * padding, stride)[padding:-padding]


def _averaged(output: Array, weight: Array, length: int, stride: int = 1, padding: int = 0) -> Array:
    met = (conv_matrix1d(weight, length, stride=stride, padding=padding) != 0).sum(axis=0)
    return scatter1d(output, weight, length, stride, padding) / np.maximum(met, 1)


def _pseudo_inverse(output: Array, weight: Array, length: int, **options: int) -> Array:
    return np.linalg.pinv(conv_matrix1d(weight, length, **options)) @ output


SCATTER1D = Task(
    reference=scatter1d,
    summary="Cᵀ @ output for the convolution matrix C of `weight` on `length` samples.",
    properties=(
        Property(
            "the length that was asked for",
            0.5,
            _outputs((2, 3, {}), (3, 6, {"stride": 2}), (2, 6, {"stride": 3}), (1, 1, {})),
            wrong_shape,
            "begin with zeros of `length` samples.",
        ),
        Property(
            "copies of the kernel, added up",
            1,
            _outputs((2, 3, {}), (3, 5, {}), (4, 5, {}), (3, 3, {})),
            wrong_values,
            "output i lays the whole kernel down, times its value. Where does this copy begin?",
        ),
        Property(
            "a stride: copies that overlap, touch, or leave gaps",
            1,
            _outputs((3, 5, {"stride": 2}), (2, 4, {"stride": 2}), (2, 5, {"stride": 3}), (5, 8, {"stride": 3})),
            wrong_values,
            "from one copy to the next there are `stride` samples.",
        ),
        Property(
            "what falls into the padding is gone",
            1,
            _outputs((3, 4, {"padding": 1}), (4, 3, {"padding": 2}), (5, 7, {"stride": 2, "padding": 2})),
            wrong_values,
            "the first copy begins `padding` samples in front of x[0]. What hangs over on either side is left out.",
        ),
        Property(
            "any of the lengths that have so many outputs",
            0.5,
            _outputs(
                (3, 6, {"stride": 2, "padding": 1}),
                (4, 9, {"stride": 3, "padding": 2}),
                (2, 7, {"stride": 4}),
                (5, 10, {"stride": 4, "padding": 2}),
            ),
            wrong_values,
            "`length` says where x ends. What lies behind the last window is 0, and what lies in it is not.",
        ),
    ),
    mistakes=(
        Mistake(ASSIGNED[0], _scattered(lambda i, t, s, p, n: s * i + t - p, add=False), *ASSIGNED[1:]),
        Mistake(
            FLIPPED[0],
            lambda output, weight, *a, **k: scatter1d(output, weight[::-1].copy(), *a, **k),
            *FLIPPED[1:],
        ),
        Mistake(
            "the stride is ignored",
            _scattered(lambda i, t, s, p, n: i + t - p),
            "The copy of output i begins at stride * i - padding.",
        ),
        Mistake(
            "the stride between the taps",
            _scattered(lambda i, t, s, p, n: i + s * t - p),
            "That is a dilation. The stride lies between the copies; inside a copy the taps stay neighbours.",
        ),
        Mistake(
            "the padding is not cut off",
            _scattered(lambda i, t, s, p, n: s * i + t),
            "The windows began `padding` samples in front of x[0], and so do the copies: subtract it.",
        ),
        Mistake(
            "the padding is added",
            _scattered(lambda i, t, s, p, n: s * i + t + p),
            "Windows that begin earlier lay their copies further to the left: subtract the padding.",
        ),
        Mistake(
            WRAPPED[0],
            _scattered(lambda i, t, s, p, n: (s * i + t - p) + n * (s * i + t - p < 0)),
            *WRAPPED[1:],
        ),
        Mistake(MINUS_ZERO[0], _cut_by_slice, *MINUS_ZERO[1:]),
        Mistake(SHORT[0], _cut_to_shortest, *SHORT[1:]),
        Mistake(ZEROS_BEHIND[0], _zeros_appended, *ZEROS_BEHIND[1:]),
        Mistake(
            "averaged where copies meet",
            _averaged,
            "The values that meet are added, not averaged: that is what a sum over the rows of C means.",
        ),
        Mistake(
            "the pseudo-inverse",
            _pseudo_inverse,
            "That answers which x has these outputs. Asked is the transpose, which answers something else.",
            "The smallest example",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The same arrows, the other way",
)

# --------------------------------------------------------------------------- scatter2d


def scatter2d(output: Array, weight: Array, size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Array:
    """The library's `conv2d_adjoint`."""
    return conv2d_adjoint(output, weight, size, stride, padding)


def _planes(*fixed: tuple[Pair, Pair, Pair, dict[str, Pair]]) -> Cases:
    """The given ((C_out, C_in), kernel, size, options), then one of them two rows or columns larger."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        layer, window, shape, given = fixed[int(rng.integers(len(fixed)))]
        axis, steps = int(rng.integers(2)), given.get("stride", (1, 1))
        larger = tuple(n + 2 * steps[a] * (a == axis) for a, n in enumerate(shape))
        for channels, kernel, size, options in [*fixed, (layer, window, larger, given)]:
            pairs = zip(size, kernel, options.get("stride", (1, 1)), options.get("padding", (0, 0)), strict=True)
            outs = [conv_output_size(*pair) for pair in pairs]
            output, weight = distinct(rng, channels[0], *outs), distinct(rng, *channels, *kernel)
            yield {"output": output, "weight": weight, "size": size, **options}

    return draw


def _painted(place: Callable[..., tuple[int, int]], add: bool = True) -> Callable[..., Array]:
    """Somebody who lays tap `t` of output `i` at ``place(i, t, stride, padding, size)``, each a pair."""

    def wrong(output: Array, weight: Array, size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Array:
        x = np.zeros((weight.shape[1], *size))
        for m, *i in np.ndindex(*output.shape):
            for t in np.ndindex(*weight.shape[2:]):
                row, column = place(i, t, stride, padding, size)
                if 0 <= row < size[0] and 0 <= column < size[1]:
                    x[:, row, column] = add * x[:, row, column] + weight[m, :, *t] * output[m, *i]
        return x

    return wrong


def _position(i: Pair, t: Pair, s: Pair, p: Pair) -> tuple[int, int]:
    return s[0] * i[0] + t[0] - p[0], s[1] * i[1] + t[1] - p[1]


def _around(i: Pair, t: Pair, s: Pair, p: Pair, size: Pair) -> tuple[int, ...]:
    return tuple(j + n * (j < 0) for j, n in zip(_position(i, t, s, p), size, strict=True))


def _channels_read_backwards(output: Array, weight: Array, size: Pair, **options: Pair) -> Array:
    x = np.zeros((len(weight), *size))
    for c, m in np.ndindex(*weight.shape[:2]):
        x[c] += scatter2d(
            output[m : m + 1] if m < len(output) else output[m], weight[c, m][None, None], size, **options
        )[0]
    return x


def _cut_planes(output: Array, weight: Array, size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Array:
    axes = zip(weight.shape[2:], output.shape[1:], stride, padding, strict=True)
    rows, columns = (_shortest(*axis) for axis in axes)
    return scatter2d(output, weight, size, stride, padding)[:, :rows, :columns]


def _zeros_around(output: Array, weight: Array, size: Pair, **options: Pair) -> Array:
    short = _cut_planes(output, weight, size, **options)
    return np.pad(short, [(0, 0), *((0, n - m) for n, m in zip(size, short.shape[1:], strict=True))])


def _sliced_planes(output: Array, weight: Array, size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Array:
    margin = tuple(n + 2 * p for n, p in zip(size, padding, strict=True))
    planes = scatter2d(output, weight, margin, stride)
    return planes[:, padding[0] : -padding[0], padding[1] : -padding[1]]


SCATTER2D = Task(
    reference=scatter2d,
    summary="the adjoint of a 2-D convolution with channels, a stride and a padding on each axis, on planes of `size`.",
    properties=(
        Property(
            "one channel",
            1,
            _planes(((1, 1), (2, 2), (3, 3), {}), ((1, 1), (1, 3), (3, 4), {}), ((1, 1), (3, 2), (4, 5), {})),
            wrong_values,
            "output (i, j) lays the whole kernel down with its corner at row i and column j.",
        ),
        Property(
            "channels",
            1,
            _planes(((2, 2), (2, 2), (3, 3), {}), ((1, 3), (2, 1), (3, 2), {}), ((3, 2), (2, 3), (3, 4), {})),
            wrong_values,
            "weight[m, c] led from channel c to channel m. Which of the two is summed over on the way back?",
        ),
        Property(
            "a stride, its own on each axis",
            1,
            _planes(
                ((1, 1), (2, 3), (4, 5), {"stride": (2, 1)}),
                ((2, 1), (3, 2), (5, 7), {"stride": (2, 3)}),
                ((1, 2), (1, 2), (4, 4), {"stride": (3, 2)}),
            ),
            wrong_values,
        ),
        Property(
            "a padding, its own on each axis",
            0.5,
            _planes(
                ((1, 1), (3, 3), (3, 3), {"padding": (1, 0)}),
                ((2, 1), (2, 4), (2, 5), {"padding": (1, 2)}),
                ((1, 2), (3, 3), (5, 5), {"stride": (2, 1), "padding": (2, 1)}),
            ),
            wrong_values,
        ),
        Property(
            "the size that was asked for",
            0.5,
            _planes(
                ((1, 1), (3, 3), (6, 6), {"stride": (2, 2), "padding": (1, 1)}),
                ((2, 1), (2, 3), (5, 8), {"stride": (3, 2), "padding": (0, 1)}),
            ),
            wrong_values,
            "begin with zeros of the size of the input, and lay down only what falls into it.",
        ),
    ),
    mistakes=(
        Mistake(ASSIGNED[0], _painted(lambda i, t, s, p, size: _position(i, t, s, p), add=False), *ASSIGNED[1:]),
        Mistake(
            FLIPPED[0],
            lambda output, weight, *a, **k: scatter2d(output, weight[..., ::-1, ::-1].copy(), *a, **k),
            *FLIPPED[1:],
        ),
        Mistake(
            "kernel transposed",
            _painted(lambda i, t, s, p, size: _position(i, t[::-1], s, p)),
            "It is the large matrix that is transposed, not the small kernel: weight[m, c, a, b] goes a rows down and "
            "b columns to the right.",
        ),
        Mistake(
            "strides swapped",
            _painted(lambda i, t, s, p, size: _position(i, t, s[::-1], p)),
            "stride[0] belongs to the rows and stride[1] to the columns.",
        ),
        Mistake(
            "one stride for both axes",
            _painted(lambda i, t, s, p, size: _position(i, t, (s[0], s[0]), p)),
            "stride is a pair: its second number belongs to the columns.",
        ),
        Mistake(
            "paddings swapped",
            _painted(lambda i, t, s, p, size: _position(i, t, s, p[::-1])),
            "padding[0] belongs to the rows and padding[1] to the columns.",
        ),
        Mistake(
            "one padding for both axes",
            _painted(lambda i, t, s, p, size: _position(i, t, s, (p[0], p[0]))),
            "padding is a pair: its second number belongs to the columns.",
        ),
        Mistake(MINUS_ZERO[0], _sliced_planes, *MINUS_ZERO[1:]),
        Mistake(
            "the padding is not cut off",
            _painted(lambda i, t, s, p, size: _position(i, t, s, (0, 0))),
            "The first window began padding[0] rows above the plane, padding[1] columns to its left. So does its copy.",
        ),
        Mistake(WRAPPED[0], _painted(_around), *WRAPPED[1:]),
        Mistake(
            "weight read as (in, out)",
            _channels_read_backwards,
            "The weight is still that of the convolution: weight[m, c] belongs to channel m of `output` and to channel "
            "c of the result.",
            "Channels change sides",
        ),
        Mistake(
            "only one output channel counts",
            lambda output, weight, *a, **k: scatter2d(output[-1:], weight[-1:], *a, **k),
            "Every channel of `output` lays its copies, and all add up: do not begin with zeros again for each.",
            "Channels change sides",
        ),
        Mistake(
            "all channels alike",
            lambda output, weight, *a, **k: scatter2d(
                output, np.repeat(weight.sum(axis=1, keepdims=True), weight.shape[1], axis=1), *a, **k
            ),
            "Channel c of the result is laid with the kernels weight[:, c] only. Yours got those of all channels.",
            "Channels change sides",
        ),
        Mistake(SHORT[0], _cut_planes, *SHORT[1:]),
        Mistake(ZEROS_BEHIND[0], _zeros_around, *ZEROS_BEHIND[1:]),
    ),
    forbidden=FORBIDDEN,
    section="Two dimensions, written out",
)

# --------------------------------------------------------------------------- adjoint_holds


def adjoint_holds(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    """The library's `is_adjoint`, and False for shapes that do not fit."""
    if np.shape(forward(np.zeros(in_shape))) != out_shape or np.shape(adjoint(np.zeros(out_shape))) != in_shape:
        return False
    return is_adjoint(forward, adjoint, in_shape, trials=1)


Maker = Callable[[Generator], Arguments]


def _maps(*makers: Maker) -> Cases:
    return lambda rng: [make(rng) for make in makers]


def _case(forward: str, adjoint: str, in_shape: Size, out_shape: Size) -> Arguments:
    maps = {"forward": Function(forward), "adjoint": Function(adjoint)}
    return {**maps, "in_shape": in_shape, "out_shape": out_shape}


def _matrices(
    in_shape: Size, out_shape: Size, back: Callable[[Array], Array] = np.transpose, scale: float = 1.0
) -> Maker:
    """A random matrix as a map, and what ``back`` makes of it as its adjoint."""

    def make(rng: Generator) -> Arguments:
        matrix = scale * distinct(rng, prod(out_shape), prod(in_shape))
        maps = {"forward": linear_map(matrix, in_shape, out_shape)}
        maps["adjoint"] = linear_map(back(matrix), out_shape, in_shape)
        return {**maps, "in_shape": in_shape, "out_shape": out_shape}

    return make


def _inverses(rng: Generator) -> Arguments:
    matrix = distinct(rng, 3, 3) + 20 * np.eye(3)
    maps = {"forward": linear_map(matrix, (3,), (3,)), "adjoint": linear_map(np.linalg.inv(matrix), (3,), (3,))}
    return {**maps, "in_shape": (3,), "out_shape": (3,)}


def _padded(back: str, there: str = "np.pad(x, (A, B))") -> Maker:
    """Zeros around L samples, A in front and B behind, and `back`."""

    def make(rng: Generator) -> Arguments:
        n, a, b = (int(rng.integers(low, low + 3)) for low in (4, 1, 1))
        numbers = str.maketrans({"A": str(a), "B": str(b), "L": str(n)})
        return _case(
            f"lambda x: {there}".translate(numbers), f"lambda v: {back}".translate(numbers), (n,), (n + a + b,)
        )

    return make


def _sampled(back: str) -> Maker:
    """Every S-th sample, and `back`."""

    def make(rng: Generator) -> Arguments:
        n, s = int(rng.integers(3, 6)), int(rng.integers(2, 4))
        return _case(f"lambda x: x[::{s}]", f"lambda v: {back.replace('S', str(s))}", (s * n,), (n,))

    return make


def _of_one_shape(forward: str, back: str) -> Maker:
    """Maps that keep the length; A stands for a small number."""

    def make(rng: Generator) -> Arguments:
        n, a = int(rng.integers(11, 19)), str(int(rng.integers(1, 4)))
        return _case(f"lambda x: {forward.replace('A', a)}", f"lambda v: {back.replace('A', a)}", (n,), (n,))

    return make


def _judged(draw: Callable[..., tuple[Array, Array]], agree: Callable[..., bool]) -> Callable[..., bool]:
    """Somebody who draws x and v in this way, and then asks whether <forward(x), v> and <x, adjoint(v)> agree."""

    def wrong(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
        if forward(np.zeros(in_shape)).shape != out_shape or adjoint(np.zeros(out_shape)).shape != in_shape:
            return False
        x, v = draw(np.random.default_rng(1), in_shape, out_shape, forward)
        there, back = forward(x), adjoint(v)
        scale = np.linalg.norm(there) * np.linalg.norm(v) + np.linalg.norm(x) * np.linalg.norm(back)
        return bool(agree(np.vdot(there, v), np.vdot(x, back), scale))

    return wrong


def _normal(rng: Generator, in_shape: Size, out_shape: Size, _forward: Map) -> tuple[Array, Array]:
    return rng.normal(size=in_shape), rng.normal(size=out_shape)


def _same_numbers(rng: Generator, in_shape: Size, out_shape: Size, _forward: Map) -> tuple[Array, Array]:
    numbers = rng.normal(size=max(prod(in_shape), prod(out_shape)))
    return numbers[: prod(in_shape)].reshape(in_shape), numbers[: prod(out_shape)].reshape(out_shape)


def _symmetric(rng: Generator, in_shape: Size, out_shape: Size, forward: Map) -> tuple[Array, Array]:
    x, v = _normal(rng, in_shape, out_shape, forward)
    return x + np.flip(x), v + np.flip(v)


def _image(rng: Generator, in_shape: Size, _out_shape: Size, forward: Map) -> tuple[Array, Array]:
    x = rng.normal(size=in_shape)
    return x, forward(x)


def _positive(rng: Generator, in_shape: Size, out_shape: Size, _forward: Map) -> tuple[Array, Array]:
    return rng.random(in_shape), rng.random(out_shape)


def _ones(_rng: Generator, in_shape: Size, out_shape: Size, _forward: Map) -> tuple[Array, Array]:
    return np.ones(in_shape), np.ones(out_shape)


def _nearly(a: float, b: float, scale: float) -> bool:
    return abs(a - b) <= 1e-10 * scale


def _by_matrices(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    try:
        there, back = matrix_of(forward, in_shape), matrix_of(adjoint, out_shape)
    except (ValueError, IndexError):
        return False
    same_shape = there.shape == back.T.shape and adjoint(np.zeros(out_shape)).shape == in_shape
    return bool(same_shape and np.allclose(there, back.T, atol=1e-10 * np.max(np.abs(there))))


def _differ_somewhere(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    """Somebody who asks for the same number, to the last bit, several times."""
    rng = np.random.default_rng(1)
    if not _shapes_only(forward, adjoint, in_shape, out_shape):
        return False
    pairs = [_normal(rng, in_shape, out_shape, forward) for _ in range(8)]
    return all(np.vdot(forward(x), v) == np.vdot(x, adjoint(v)) for x, v in pairs)


def _own_shape(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    """Somebody who never looks at out_shape."""
    del out_shape
    rng = np.random.default_rng(1)
    x = rng.normal(size=in_shape)
    there = forward(x)
    v = rng.normal(size=there.shape)
    back = adjoint(v)
    return back.shape == x.shape and bool(np.isclose(np.vdot(there, v), np.vdot(x, back), atol=0))


def _unlooked(product: Callable[[Array, Array], float]) -> Callable[..., bool]:
    """Somebody who never looks at the shapes."""

    def wrong(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
        x, v = _normal(np.random.default_rng(1), in_shape, out_shape, forward)
        a, b = product(forward(x), v), product(x, adjoint(v))
        return bool(abs(a - b) <= 1e-9 * (abs(a) + abs(b)))

    return wrong


def _undone(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    del out_shape
    x = np.random.default_rng(1).normal(size=in_shape)
    back = adjoint(forward(x))
    return back.shape == x.shape and bool(np.allclose(back, x))


def _shapes_only(forward: Map, adjoint: Map, in_shape: Size, out_shape: Size) -> bool:
    return forward(np.zeros(in_shape)).shape == out_shape and adjoint(np.zeros(out_shape)).shape == in_shape


ADJOINT_HOLDS = Task(
    reference=adjoint_holds,
    summary="whether ⟨forward(x), v⟩ = ⟨x, adjoint(v)⟩ for all x and v.",
    properties=(
        Property(
            "matrices",
            1,
            _maps(
                _matrices((3,), (2,)),
                _matrices((2, 3), (4,)),
                _matrices((4,), (3,), lambda a: 2 * a.T),
                _matrices((3,), (2, 2), lambda a: a.T + np.eye(*a.T.shape)),
                _inverses,
                _of_one_shape("np.roll(x, A)", "np.roll(v, -A)"),
            ),
            wrong_values,
            "draw x and v at random, each of its own shape, and compare the two inner products up to rounding.",
        ),
        Property(
            "shapes that do not fit",
            0.5,
            _maps(
                _padded("v[A:-B]"),
                _padded("v[A:-B][None]"),
                _padded("v[A:]"),
                _padded("v[A:-B]", "np.pad(x, (A, B))[None]"),
                _padded("v[A:][:L]", "np.pad(x, (A, B + 1))"),
                _sampled("np.kron(v, np.eye(S)[0])"),
                _sampled("np.kron(v, np.eye(S)[0])[1:]"),
            ),
            wrong_values,
            "forward(x) must have out_shape, and adjoint(v) in_shape, exactly. If not the answer is False.",
        ),
        Property(
            "wrong ones that look right",
            1.5,
            _maps(
                _padded("v[A:-B]"),
                _padded("v[A:-B] + v[0]"),
                _sampled("np.kron(v, np.eye(S)[0])"),
                _sampled("-np.kron(v, np.eye(S)[0])"),
                _matrices((4,), (3,), lambda a: a.T[::-1]),
                _matrices((4,), (3,), lambda a: a.T[:, ::-1]),
                _matrices((4,), (3,), lambda a: a.T * [1, 2, 3]),
                _matrices((3,), (2,), lambda a: a.T * [[1], [2], [3]]),
                _matrices((3,), (2,), lambda a: 1.001 * a.T),
                _matrices((2, 3), (4,), lambda a: np.roll(a.T, 1, axis=0)),
                _matrices((3,), (3,), lambda a: a),
                _matrices((3,), (3,)),
            ),
            wrong_values,
            "a symmetric, constant or repeated test array hides mistakes. So does trying one side alone.",
        ),
        Property(
            "rounding, with very large numbers, very small ones, and zeros",
            0.5,
            _maps(
                _matrices((4, 3), (11,), scale=1e14),
                _matrices((13,), (3, 4), scale=1e14),
                _matrices((13,), (3, 4), scale=1 / 3),
                _matrices((4,), (3,), scale=1e-14),
                _matrices((4,), (3,), lambda a: 2 * a.T, scale=1e-14),
                _matrices((3,), (4,), lambda a: a.T[::-1], scale=1e14),
                _of_one_shape("1e14 * np.cumsum(x)", "1e14 * np.cumsum(v[::-1])[::-1]"),
                _of_one_shape("x / 3 + np.roll(x, A) / 7", "v / 3 + np.roll(v, -A) / 7"),
                _of_one_shape("0 * x", "0 * v"),
                _of_one_shape("np.diff(1e9 * x, prepend=0)", "-np.diff(1e9 * v, append=0)"),
            ),
            wrong_values,
            "how large may the difference be? Compare it with the size of what was added up, not with a fixed number.",
        ),
        Property(
            "maps that are not linear",
            0.5,
            _maps(
                _of_one_shape("x - x.mean()", "v - v.mean()"),
                _of_one_shape("np.abs(x)", "v"),
                _of_one_shape("np.abs(np.roll(x, A))", "np.roll(v, -A)"),
                _of_one_shape("x[::-1]", "np.abs(v[::-1])"),
                _of_one_shape("A * x * np.abs(x)", "A * v"),
                _of_one_shape("x + A", "v"),
                _of_one_shape("np.cumsum(x)", "np.cumsum(v[::-1])[::-1]"),
            ),
            wrong_values,
            "no adjoint fits a map that is not linear. Does your test array have negative numbers, and others than 1?",
        ),
    ),
    mistakes=(
        Mistake(
            "the sign does not count",
            _judged(_normal, lambda a, b, scale: abs(abs(a) - abs(b)) <= 1e-10 * scale),
            "Compare the two numbers, not their magnitudes: minus the adjoint is not the adjoint.",
        ),
        Mistake(
            "the same random numbers for x and v",
            _judged(_same_numbers, _nearly),
            "⟨Ax, x⟩ = ⟨x, Ax⟩ for every matrix, so a map that is taken for its own adjoint always passes. Draw x and "
            "v from one generator, one after the other.",
            "Tests that test nothing",
        ),
        Mistake(
            "symmetric test arrays",
            _judged(_symmetric, _nearly),
            "An array that reads the same from both ends cannot see a flip. Draw it at random.",
            "Tests that test nothing",
        ),
        Mistake(
            "v was made from x",
            _judged(_image, _nearly),
            "With v = forward(x), nothing is tried outside of what forward can make. Draw v by itself.",
            "Tests that test nothing",
        ),
        Mistake(
            "no negative numbers",
            _judged(_positive, _nearly),
            "Where no number is negative, np.abs or a ReLU cannot be told from doing nothing. Draw from a normal "
            "distribution.",
            "Tests that test nothing",
        ),
        Mistake(
            "unit vectors only",
            _by_matrices,
            "0 and 1 are their own squares: maps that are not linear can have a matrix on unit vectors too. Try random "
            "arrays as well.",
            "Tests that test nothing",
        ),
        Mistake(
            "the default of np.isclose",
            _judged(_normal, lambda a, b, scale: np.isclose(a, b)),
            "np.isclose and np.allclose forgive any difference below 1e-8, and here all numbers are small. Set atol "
            "from the size of the terms.",
        ),
        Mistake(
            "a fixed tolerance",
            _judged(_normal, lambda a, b, scale: abs(a - b) < 1e-8),
            "A fixed tolerance is too strict for large numbers and too generous for small ones. Take a share of "
            "|forward(x)| |v| + |x| |adjoint(v)|.",
        ),
        Mistake(
            "zero refused",
            _judged(_normal, lambda a, b, scale: abs(a - b) < 1e-10 * scale),
            "Two maps that return zeros are adjoint. But 0 < 0 is False, and 0/0 is nan: ask for difference <= share.",
        ),
        Mistake(
            "a hundredth of room",
            _judged(_normal, lambda a, b, scale: abs(a - b) <= 1e-2 * scale),
            "That is more than rounding: in float64 it is about 1e-16 of what was added up. Allow 1e-10 or so.",
            "Tests that test nothing",
        ),
        Mistake(
            "shapes were not looked at",
            _unlooked(np.vdot),
            "np.vdot takes arrays of (1, n) and (n,) for the same, and raises for other lengths. Compare shapes first.",
        ),
        Mistake(
            "shapes were not looked at, nor broadcasting",
            _unlooked(lambda a, b: (a * b).sum()),
            "a * b broadcasts (1, n) to (n,), and stops at other lengths. Compare the shapes first.",
        ),
        Mistake(
            "the shape of v taken from forward(x)",
            _own_shape,
            "You drew v in the shape of forward(x). Whether that is out_shape has to be asked as well.",
        ),
        Mistake(
            "test arrays that are too plain",
            _judged(_ones, _nearly),
            "Ones see sums only, so entries in another order pass; and 1·|1| = 1. Draw x and v from a normal "
            "distribution.",
            "Tests that test nothing",
        ),
        Mistake(
            "no room for rounding",
            _differ_somewhere,
            "The two sums add the same products in another order, so they differ by rounding. Allow for it.",
        ),
        Mistake(
            "adjoint(forward(x)) compared with x",
            _undone,
            "That asks for an inverse. Most adjoints are none, and most inverses are no adjoints.",
            "When is the transpose the inverse?",
        ),
        Mistake(
            "a pair passed that is not adjoint",
            _shapes_only,
            "Shapes do not decide it, nor do test arrays with a pattern, without signs or with zeros. Draw x and v "
            "from a normal distribution, and compare the two inner products.",
            "Tests that test nothing",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The check that goes with every operator",
)

# --------------------------------------------------------------------------- pipeline_adjoint

FORWARD: dict[str, Callable[..., Array]] = {
    "pad": lambda x, before, after: pad(x, (before, after)),
    "crop": lambda x, before, after: x[before : len(x) - after],
    "subsample": lambda x, step, phase: subsample(x, step, phase),
    "filter": lambda x, *taps: conv1d(x[None], np.array(taps)[None, None])[0],
}


def _run(x: Array, steps: Steps) -> Array:
    for name, *options in steps:
        x = FORWARD[name](x, *options)
    return x


def pipeline_adjoint(output: Array, steps: Steps, length: int) -> Array:
    """The matrix of the pipeline, transposed, times `output`."""
    return matrix_of(lambda x: _run(x, steps), length).T @ output


def _pipelines(*fixed: tuple[int, int, Callable[[Generator], Steps]]) -> Cases:
    """For each (low, high, steps) a length with low <= length <= high, and an output that fits."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for low, high, make in fixed:
            steps, length = make(rng), int(rng.integers(low, high + 1))
            yield {"output": distinct(rng, len(_run(np.zeros(length), steps))), "steps": steps, "length": length}

    return draw


def _cuts(name: str) -> Callable[[Generator], Steps]:
    """One step with two different numbers."""

    def make(rng: Generator) -> Steps:
        first, second = (1 + rng.permutation(3))[:2].tolist()
        return ((name, first, second),)

    return make


def _taps(rng: Generator, count: int = 3) -> tuple[Any, ...]:
    return ("filter", *distinct(rng, count).tolist())


def _keep(rng: Generator, step: int, first: int = 0) -> tuple[Any, ...]:
    return ("subsample", step, int(rng.integers(first, step)))


Back = Callable[..., Array]


def _laid(v: Array, n: int, step: int, phase: int) -> Array:
    x = np.zeros(n)
    x[phase::step] = v
    return x


BACK: dict[str, Back] = {
    "pad": lambda v, n, before, after: v[before : len(v) - after],
    "crop": lambda v, n, before, after: np.pad(v, (before, after)),
    "subsample": _laid,
    "filter": lambda v, n, *taps: np.convolve(v, taps),
}


def _walked(order: int = -1, **changed: Back) -> Callable[..., Array]:
    """Somebody who goes back step by step, with some of the steps another way; `order` 1 begins with the first."""

    def wrong(output: Array, steps: Steps, length: int) -> Array:
        sizes = [len(_run(np.zeros(length), steps[:i])) for i in range(len(steps))]
        for n, (name, *options) in list(zip(sizes, steps, strict=True))[::order]:
            output = (BACK | changed)[name](output, n, *options)
        return output

    return wrong


def _set_slice(v: Array, n: int, before: int, after: int) -> Array:
    x = np.zeros(n)
    x[before:-after] = v
    return x


def _unfiltered(v: Array, n: int, *taps: float) -> Array:
    return np.linalg.pinv(conv_matrix1d(np.array(taps), n)) @ v


PIPELINE_ADJOINT = Task(
    reference=pipeline_adjoint,
    summary="the adjoint of a chain of pad, crop, subsample and filter, for an input of `length` samples.",
    properties=(
        Property(
            "pad and crop",
            1,
            _pipelines(
                (4, 6, _cuts("pad")),
                (7, 9, _cuts("crop")),
                (3, 5, lambda rng: (("pad", 2, 0),)),
                (8, 9, lambda rng: (("crop", 3, 0),)),
            ),
            wrong_values,
            "which samples does a crop throw away? Their weight in the inner product is 0.",
        ),
        Property(
            "subsample, any phase and any length",
            1,
            _pipelines(
                (5, 5, lambda rng: (("subsample", 2, 0),)),
                (6, 6, lambda rng: (("subsample", 3, 1),)),
                (5, 8, lambda rng: (_keep(rng, 2),)),
                (7, 9, lambda rng: (_keep(rng, 4, 1),)),
            ),
            wrong_values,
            "the adjoint of keeping some samples puts them back where they were, and zeros in all other places.",
        ),
        Property(
            "filter",
            1,
            _pipelines(
                (5, 7, lambda rng: (_taps(rng),)),
                (4, 6, lambda rng: (_taps(rng, 4),)),
                (4, 6, lambda rng: (_taps(rng, 2),)),
            ),
            wrong_values,
            "write the matrix of the filter for four samples and two taps, and look at its columns.",
        ),
        Property(
            "several steps",
            1.5,
            _pipelines(
                (5, 7, lambda rng: (("pad", 2, 1), _taps(rng, 3))),
                (6, 8, lambda rng: (("pad", 1, 2), _taps(rng, 3), ("subsample", 2, 1))),
                (9, 11, lambda rng: (_taps(rng, 2), ("subsample", 3, 1), ("pad", 0, 2))),
                (8, 10, lambda rng: (("crop", 2, 1), ("subsample", 2, 1), ("pad", 1, 0), _taps(rng, 2))),
                (9, 9, lambda rng: (("subsample", 2, 0), _taps(rng, 2), ("subsample", 2, 1))),
                (11, 11, lambda rng: (("subsample", 2, 1), ("subsample", 2, 0), ("pad", 0, 1))),
            ),
            wrong_values,
            "(AB)ᵀ = BᵀAᵀ. And each step back must know how long its input was: walk forward once to learn it. "
            "Of n samples, x[phase::step] keeps len(range(phase, n, step)).",
        ),
    ),
    mistakes=(
        Mistake(
            "the order was kept",
            _walked(order=1),
            "(AB)ᵀ = BᵀAᵀ: begin with the last step and end with the first, as when you take off socks and shoes.",
            "The adjoints of the parts",
        ),
        Mistake(
            "copies instead of zeros",
            _walked(subsample=lambda v, n, step, phase: np.repeat(v, step)[:n]),
            "That is nearest-neighbour upsampling. The samples that were not kept have no influence, so they get 0.",
            "The adjoints of the parts",
        ),
        Mistake(
            "the phase is forgotten",
            _walked(subsample=lambda v, n, step, phase: _laid(v[: len(range(0, n, step))], n, step, 0)),
            "x[phase::step] was kept, so the first value goes back to place `phase`.",
        ),
        Mistake(
            "no zeros behind the last sample",
            _walked(subsample=lambda v, n, step, phase: _laid(v, phase + step * (len(v) - 1) + 1, step, phase)),
            "The input was longer: behind the last sample that was kept there were others, and they get 0.",
            "Which size?",
        ),
        Mistake(
            "always step times as long",
            _walked(subsample=lambda v, n, step, phase: _laid(v, step * len(v), step, phase)),
            "Only if `step` divides the length. Walk forward once, and remember how long each input was.",
            "Which size?",
        ),
        Mistake(
            "the filter flipped once too often",
            _walked(filter=lambda v, n, *taps: np.convolve(v, taps[::-1])),
            "On the way there tap t met sample i + t. On the way back value i goes to i + t with the same tap: the "
            "kernel is laid down as it is. As a sum that reads, it is flipped.",
            "The same arrows, the other way",
        ),
        Mistake(
            "the filter was undone",
            _walked(filter=_unfiltered),
            "You solved for the input of the filter. The adjoint does not undo it: it uses the same taps once more.",
            "When is the transpose the inverse?",
        ),
        Mistake(
            "taps divided by their sum",
            _walked(filter=lambda v, n, *taps: np.convolve(v, taps) / (sum(taps) or 1.0)),
            "The adjoint has the same numbers as the map, in other places. Nothing is normalised.",
        ),
        Mistake(
            "before and after exchanged",
            _walked(
                pad=lambda v, n, before, after: v[after : len(v) - before],
                crop=lambda v, n, before, after: np.pad(v, (after, before)),
            ),
            "What was put in front is taken away in front. Nothing changes sides.",
        ),
        Mistake(
            MINUS_ZERO[0],
            _walked(pad=lambda v, n, before, after: v[before:-after], crop=_set_slice),
            *MINUS_ZERO[1:],
        ),
        Mistake(
            "the border is repeated",
            _walked(crop=lambda v, n, before, after: np.pad(v, (before, after), mode="edge")),
            "Samples that a crop throws away have no influence on the result: on the way back they get 0.",
            "The adjoints of the parts",
        ),
        Mistake(
            "padded again",
            _walked(
                pad=lambda v, n, before, after: np.pad(v, (before, after)),
                crop=lambda v, n, before, after: v[before : len(v) - after],
            ),
            "The adjoint leads back to the length of the input: that of a pad is a crop, that of a crop a pad.",
            "The adjoints of the parts",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The adjoints of the parts",
)

# --------------------------------------------------------------------------- deconvolve


def deconvolve(forward: Map, adjoint: Map, y: Array, iterations: int, damping: float = 0.0) -> Array:
    """Best x of the space of A*y, (A*A)A*y, (A*A)²A*y, …, of `iterations` dimensions: what conjugate gradients find."""
    normal = lambda x: adjoint(forward(x)) + damping * x  # noqa: E731
    right = adjoint(y)
    space = np.zeros((0, right.size))
    power, enough = right, 1e-12 * np.linalg.norm(right)
    for _ in range(iterations):
        new = power.ravel() - space.T @ (space @ power.ravel())
        new -= space.T @ (space @ new)
        if np.linalg.norm(new) <= enough:
            break
        space = np.vstack([space, new / np.linalg.norm(new)])
        power = normal(space[-1].reshape(right.shape))
        enough = 1e-10 * np.linalg.norm(power)
    small = np.array([space @ normal(basis.reshape(right.shape)).ravel() for basis in space]).reshape(2 * (len(space),))
    return (space.T @ np.linalg.lstsq(small, space @ right.ravel(), rcond=None)[0]).reshape(right.shape)


def _problems(*makers: Callable[[Generator], Arguments]) -> Cases:
    return lambda rng: [make(rng) for make in makers]


def _problem(matrix: Callable[[Generator], Array], x_shape: Size, y_shape: Size, **options: Any) -> Maker:
    def make(rng: Generator) -> Arguments:
        a = matrix(rng)
        maps = {"forward": linear_map(a, x_shape, y_shape), "adjoint": linear_map(a.T, y_shape, x_shape)}
        return {**maps, "y": distinct(rng, *y_shape), **options}

    return make


def _filter(taps: int, length: int, **options: int) -> Callable[[Generator], Array]:
    return lambda rng: conv_matrix1d(distinct(rng, taps), length, **options)


def _layer(*makes: Any) -> Callable[[Generator], Array]:
    return lambda rng: conv_matrix2d(distinct(rng, *makes[0]), *makes[1:])


def _silent(rng: Generator) -> Arguments:
    """A y that the adjoint does not hear: forward never reaches the last entry."""
    return _problem(lambda rng: np.diag(rng.integers(1, 5, 3)), (3,), (3,))(rng) | {"y": np.zeros(3), "iterations": 2}


def _faint(rng: Generator) -> Arguments:
    """Small numbers, a very small gradient, and an x that is not small."""
    case = _problem(lambda rng: 1e-5 * _filter(2, 3)(rng), (3,), (2,), iterations=2)(rng)
    return case | {"y": 1e-4 * case["y"]}


def _done_at_once(rng: Generator) -> Arguments:
    return {
        "forward": Function("lambda x: 2 * x"),
        "adjoint": Function("lambda v: 2 * v"),
        "y": rng.integers(1, 9, 4).astype(float),
        "iterations": 3,
    }


def _energy(a: Array) -> float:
    return float(np.vdot(a, a))


def _solver(
    begin: Callable[[Array], Array] = np.zeros_like,
    ratio: Callable[[float, float], float] = lambda new, old: new / old,
    steepness: Callable[[float, float, float], float] = lambda image, step, damping: image + damping * step,
    pull: Callable[[float], float] = lambda damping: damping,
    rounds: int = 0,
    enough: float = 0.0,
) -> Callable[..., Array]:
    """Conjugate gradients of somebody who does one of these things in another way."""

    def wrong(forward: Map, adjoint: Map, y: Array, iterations: int, damping: float = 0.0) -> Array:
        x = begin(adjoint(y))
        residual = y - forward(x)
        step = gradient = adjoint(residual) - pull(damping) * x
        for _ in range(iterations + rounds):
            if _energy(gradient) <= enough:
                break
            image, before = forward(step), _energy(gradient)
            with np.errstate(all="ignore"):
                length = np.float64(before) / steepness(_energy(image), _energy(step), damping)
                x, residual = x + length * step, residual - length * image
                gradient = adjoint(residual) - pull(damping) * x
                step = gradient + ratio(np.float64(_energy(gradient)), before) * step
        return x

    return wrong


def _fixed_steps(forward: Map, adjoint: Map, y: Array, iterations: int, damping: float = 0.0) -> Array:
    x = np.zeros_like(adjoint(y))
    for _ in range(iterations):
        x = x + adjoint(y - forward(x)) - damping * x
    return x


DECONVOLVE = Task(
    reference=deconvolve,
    summary="conjugate gradients for the least |forward(x) - y|² + damping · |x|², from zero.",
    properties=(
        Property(
            "one iteration: as far as the gradient is worth",
            1,
            _problems(
                _problem(_filter(2, 3), (3,), (2,), iterations=1),
                _problem(_filter(3, 6, stride=2, padding=1), (6,), (3,), iterations=1),
                _problem(_layer((2, 2), (3, 3)), (3, 3), (2, 2), iterations=1),
            ),
            wrong_values,
            "from x = 0 the gradient is g = adjoint(y). How far along g is |forward(x) - y|² least?",
        ),
        Property(
            "a few iterations: each step conjugate to those before",
            1,
            _problems(
                _problem(_filter(3, 6), (6,), (4,), iterations=2),
                _problem(_layer((2, 2), (3, 4)), (3, 4), (2, 3), iterations=3),
                _problem(_filter(2, 7, padding=1), (7,), (8,), iterations=2),
            ),
            wrong_values,
            "the new step is the gradient plus (new |gradient|² / old |gradient|²) times the old step.",
        ),
        Property(
            "as many iterations as y has numbers: the solution of least norm",
            1,
            _problems(
                _problem(_filter(2, 4), (4,), (3,), iterations=3),
                _problem(_filter(3, 7, stride=2, padding=1), (7,), (4,), iterations=4),
                _problem(_layer((2, 2), (3, 3)), (3, 3), (2, 2), iterations=4),
            ),
            wrong_values,
            "of all x with these outputs, the one of least norm is reached from zero, and from no other beginning.",
        ),
        Property(
            "damping",
            1,
            _problems(
                _problem(_filter(2, 4), (4,), (3,), iterations=1, damping=0.75),
                _problem(_filter(3, 5, padding=1), (5,), (5,), iterations=2, damping=1.5),
                _problem(_filter(3, 7, stride=2), (7,), (3,), iterations=3, damping=0.5),
            ),
            wrong_values,
            "|forward(x) - y|² + damping · |x|² has its own gradient and its own curvature along a step.",
        ),
        Property(
            "stops when nothing is left to do, and not before",
            0.5,
            _problems(
                _silent,
                _done_at_once,
                _problem(_filter(2, 3), (3,), (2,), iterations=0),
                _faint,
            ),
            wrong_values,
            "when the gradient is zero, x is the solution, and the next ratio would be 0/0.",
        ),
    ),
    mistakes=(
        Mistake(
            "never stops",
            _solver(enough=-1.0),
            "The gradient was zero, and 0/0 made everything nan. Stop when nothing is left to do.",
        ),
        Mistake(
            "the step forgets those before",
            _solver(ratio=lambda new, old: 0.0),
            "That is steepest descent: right in the first step, and slower from the second on. Add the old step, times "
            "the ratio of the new |gradient|² to the old one.",
        ),
        Mistake(
            "stops at a small gradient",
            _solver(enough=1e-16),
            "Where the numbers of the map are small, so is the gradient, and x is still far away. Stop at zero.",
        ),
        Mistake(
            "the ratio is always 1",
            _solver(ratio=lambda new, old: 1.0),
            "The new |gradient|² was divided by itself. Keep the old one until you have the ratio.",
        ),
        Mistake(
            "the ratio upside down",
            _solver(ratio=lambda new, old: old / new),
            "New over old: as the gradient shrinks, the old step must count less.",
        ),
        Mistake(
            "the length of the step in the wrong place",
            _solver(steepness=lambda image, step, damping: step),
            "How far to go depends on what the step does there: divide by |forward(step)|², not by |step|².",
        ),
        Mistake(
            "every step of the same length",
            _fixed_steps,
            "x + adjoint(y - forward(x)) goes as far as the gradient is long, which may be much too far. The best "
            "length is |gradient|² / |forward(step)|².",
        ),
        Mistake(
            "the adjoint alone",
            lambda forward, adjoint, y, iterations, damping=0.0: adjoint(y),
            "adjoint(y) has the right shape, and is where the search takes its direction from. It is not the solution.",
            "The smallest example",
        ),
        Mistake(
            "begun at adjoint(y)",
            _solver(begin=lambda back: back),
            "Begin at zero: then after each iteration x is the best that so many steps can reach.",
        ),
        Mistake(
            "begun at ones",
            _solver(begin=np.ones_like),
            "What the map does not see of the beginning stays in x for ever. Begin at zero, where nothing is.",
            "Deconvolution, in the true sense",
        ),
        Mistake(
            "one iteration too few",
            _solver(rounds=-1),
            "range(iterations - 1) goes round once less than asked.",
        ),
        Mistake(
            "one iteration too many",
            _solver(rounds=1),
            "One step more than asked. After no iteration x is still zero.",
        ),
        Mistake(
            "to the end, whatever was asked",
            lambda forward, adjoint, y, iterations, damping=0.0: deconvolve(forward, adjoint, y, y.size, damping),
            "You went on to the solution. Asked is x after `iterations` steps: to stop early is a damping too.",
            "Deconvolution, in the true sense",
        ),
        Mistake(
            "the damping is forgotten",
            _solver(pull=lambda damping: 0.0, steepness=lambda image, step, damping: image),
            "damping · |x|² belongs to what is made small: it adds damping · x to the gradient, and to the curvature.",
        ),
        Mistake(
            "the damping only in the gradient",
            _solver(steepness=lambda image, step, damping: image),
            "The best length is |gradient|² / (|forward(step)|² + damping · |step|²).",
        ),
        Mistake(
            "the damping only in the length",
            _solver(pull=lambda damping: 0.0),
            "The gradient has a part from damping · |x|² too: adjoint(y - forward(x)) - damping · x.",
        ),
        Mistake(
            "the damping squared",
            _solver(pull=lambda damping: damping**2, steepness=lambda image, step, damping: image + damping**2 * step),
            "damping multiplies |x|² as it is. Only when it is written with the norm inside, |λx|², is it squared.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Deconvolution, in the true sense",
)

TASKS = (SCATTER1D, SCATTER2D, ADJOINT_HOLDS, PIPELINE_ADJOINT, DECONVOLVE)

check_scatter1d = make_check(SCATTER1D)
check_scatter2d = make_check(SCATTER2D)
check_adjoint_holds = make_check(ADJOINT_HOLDS)
check_pipeline_adjoint = make_check(PIPELINE_ADJOINT)
check_deconvolve = make_check(DECONVOLVE)
