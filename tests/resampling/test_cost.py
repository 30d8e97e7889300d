"""Costs are counted: numbers that count what is done with them go through literal loops, whose results are torch's."""

from dataclasses import astuple, fields
from itertools import product
from math import ceil, comb, log2, prod

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from resampling.convolution import conv1d, conv2d
from resampling.cost import (
    Cost,
    IndexMemory,
    blur_pool_cost,
    conv_cost,
    conv_transpose_cost,
    interpolate_cost,
    max_unpool_cost,
    memory_of_indices,
    pool_cost,
    roofline,
    sub_pixel_cost,
)
from resampling.grid_sizes import conv_output_size, conv_transpose_output_size
from resampling.transposed_convolution import conv_transpose1d, conv_transpose2d

ALGORITHMS = ("matrix", "scatter", "zero_insertion", "polyphase")
CONVS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
OURS, OURS_BACK = {1: conv1d, 2: conv2d}, {1: conv_transpose1d, 2: conv_transpose2d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
GOOD = {"input_size": (2, 4, 7), "weight_size": (6, 2, 3), "groups": 2}


class Counted:
    """A number that counts products, useful ones (no factor was put there as a zero), sums and other operations."""

    done = {"multiplies": 0, "useful": 0, "adds": 0, "other": 0}

    def __init__(self, value, real=True):
        self.value, self.real = float(value), real

    def __mul__(self, factor):
        factor = self.of(factor)
        self.done["multiplies"] += 1
        self.done["useful"] += self.real and factor.real
        return Counted(self.value * factor.value)

    def __add__(self, term):
        self.done["adds"] += 1
        return Counted(self.value + self.of(term).value)

    __rmul__, __radd__ = __mul__, __add__

    def __truediv__(self, number):
        self.done["other"] += 1
        return Counted(self.value / number)

    def larger(self, than):
        self.done["other"] += 1
        return max(self, than, key=lambda counted: counted.value)

    @staticmethod
    def of(number):
        """Bare numbers are those that an operator puts in."""
        return number if isinstance(number, Counted) else Counted(number, real=False)


def counted(array):
    """Its numbers as objects that count."""
    return np.vectorize(Counted, otypes=[object])(array)


def values(objects):
    return np.vectorize(lambda number: Counted.of(number).value, otypes=[float])(objects)


def zeros(*shape):
    """Zeros that are no samples."""
    return np.vectorize(lambda _: Counted(0, real=False), otypes=[object])(np.empty(shape))


def counting(function, *args, **options):
    """What it returns, and the counts of doing it."""
    Counted.done.update(dict.fromkeys(Counted.done, 0))
    result = function(*args, **options)
    return result, dict(Counted.done)


def padded(x, pads):
    """`x` with zeros (before, after) on its last axes, or cropped."""
    sizes = [n + before + after for n, (before, after) in zip(x.shape[2:], pads, strict=True)]
    out = zeros(*x.shape[:2], *sizes)
    for place in np.ndindex(*sizes):
        source = [i - before for i, (before, _) in zip(place, pads, strict=True)]
        if all(0 <= i < n for i, n in zip(source, x.shape[2:], strict=True)):
            out[(..., *place)] = x[(..., *source)]
    return out


def added(start, products):
    for a, b in products:
        start = start + a * b
    return start


def conv(x, w, b, s, p, d, g):
    """Convolution, literally; the columns are what im2col would make."""
    x = padded(x, [(q, q) for q in p])
    o = [(n - e * (k - 1) - 1) // q + 1 for n, e, k, q in zip(x.shape[2:], d, w.shape[2:], s, strict=True)]
    out, share = zeros(len(x), len(w), *o), w.shape[1]
    for n, m, *i in np.ndindex(out.shape):
        first = m // (len(w) // g) * share
        meets = (
            (w[(m, c, *t)], x[(n, first + c, *(q * a + e * u for q, a, e, u in zip(s, i, d, t, strict=True)))])
            for c, *t in np.ndindex(w.shape[1:])
        )
        out[(n, m, *i)] = added(b[m] if b is not None else Counted(0), meets)
    return out


def matrix(x, w, b, s, p, op, g, d):
    """The dense matrix of the transposed layer, times the picture as a vector."""
    axes, unit = x.ndim - 2, np.eye(x[0].size).reshape(-1, *x.shape[1:])
    columns = TRANSPOSED[axes](torch.tensor(unit), torch.tensor(values(w)), None, s, p, op, g, d)
    dense = counted(columns.flatten(1).T.numpy())
    bias = [Counted(0)] * len(dense) if b is None else np.repeat(b, len(dense) // len(b))
    rows = [
        added(start, zip(row, picture.ravel(), strict=True))
        for picture in x
        for row, start in zip(dense, bias, strict=True)
    ]
    return np.array(rows, dtype=object).reshape(len(x), *columns.shape[1:]), dense.size


def scatter(x, w, b, s, p, op, g, d):
    """Columns by products over the input channels, then each added where it belongs."""
    share, c_out = len(w) // g, w.shape[1] * g
    full = [q * (n - 1) + e * (k - 1) + 1 + r for q, n, e, k, r in zip(s, x.shape[2:], d, w.shape[2:], op, strict=True)]
    out = zeros(len(x), c_out, *full)
    if b is not None:
        out = np.broadcast_to(np.reshape(b, (-1, *[1] * len(full))), out.shape).copy()
    columns = 0
    for n, m, *t in np.ndindex(len(x), c_out, *w.shape[2:]):
        group, mine = divmod(m, w.shape[1])
        for j in np.ndindex(x.shape[2:]):
            inputs = range(group * share, (group + 1) * share)
            column = added(Counted(0), ((w[(c, mine, *t)], x[(n, c, *j)]) for c in inputs))
            place = (n, m, *(q * a + e * u for q, a, e, u in zip(s, j, d, t, strict=True)))
            out[place], columns = out[place] + column, columns + 1
    return out[(..., *(slice(q, size - q) for q, size in zip(p, full, strict=True)))], columns


def zero_insertion(x, w, b, s, p, op, g, d):
    """Zeros between the samples, then a convolution by the flipped weight with its channels swapped in each group."""
    stuffed = zeros(*x.shape[:2], *(q * (n - 1) + 1 for q, n in zip(s, x.shape[2:], strict=True)))
    stuffed[(..., *(slice(None, None, q) for q in s))] = x
    reach = [e * (k - 1) - q for e, k, q in zip(d, w.shape[2:], p, strict=True)]
    wide = padded(stuffed, [(r, r + more) for r, more in zip(reach, op, strict=True)])
    flipped = np.flip(w, range(2, w.ndim)).reshape(g, len(w) // g, *w.shape[1:]).swapaxes(1, 2)
    one = (1,) * len(s)
    return conv(wide, flipped.reshape(-1, *flipped.shape[2:]), b, one, (0,) * len(s), d, g), wide.size


def polyphase(x, w, b, s, p, op, g, d):
    """For each output, the taps of its phase only; an input outside is a zero of the border."""
    share, c_out = len(w) // g, w.shape[1] * g
    o = [conv_transpose_output_size(*a) for a in zip(x.shape[2:], w.shape[2:], s, p, op, d, strict=True)]
    out = zeros(len(x), c_out, *o)
    for n, m, *i in np.ndindex(out.shape):
        pairs = []
        for c, *t in np.ndindex(share, *w.shape[2:]):
            at = [divmod(a + q - e * u, z) for a, q, e, u, z in zip(i, p, d, t, s, strict=True)]
            if not any(rest for _, rest in at):
                group, mine = divmod(m, w.shape[1])
                inside = all(0 <= j < size for (j, _), size in zip(at, x.shape[2:], strict=True))
                met = x[(n, group * share + c, *(j for j, _ in at))] if inside else Counted(0, real=False)
                pairs.append((w[(group * share + c, mine, *t)], met))
        out[(n, m, *i)] = added(b[m] if b is not None else Counted(0), pairs)
    return out, 0


WAYS = {"matrix": matrix, "scatter": scatter, "zero_insertion": zero_insertion, "polyphase": polyphase}


def setting(seed, axes):
    """Random small shapes and options of a layer with at least one sample."""
    rng = np.random.default_rng([seed, axes])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    k, s, d, p = draw(1, 4), draw(1, 4), draw(1, 3), draw(0, 3)
    n = tuple(max(1, e * (j - 1) + 1 - 2 * q) + int(rng.integers(0, 4)) for e, j, q in zip(d, k, p, strict=True))
    batch, groups, share, outs = (int(rng.integers(1, high)) for high in (3, 3, 3, 3))
    x = rng.normal(size=(batch, groups * share, *n))
    return x, rng.normal(size=(groups * outs, share, *k)), rng.normal(size=groups * outs), (s, p, d, groups)


def transposed_setting(seed, axes):
    """The same, for a transposed layer whose padding leaves something."""
    x, w, _, (s, p, d, g) = setting(seed, axes)
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(x.shape[1], w.shape[0] // g, *w.shape[2:]))
    op = tuple(int(rng.integers(0, max(pair))) for pair in zip(s, d, strict=True))
    full = [q * (n - 1) + e * (k - 1) + 1 for q, n, e, k in zip(s, x.shape[2:], d, w.shape[2:], strict=True)]
    p = tuple(min(q, (size - 1) // 2) for q, size in zip(p, full, strict=True))
    return x, w, rng.normal(size=w.shape[1] * g), (s, p, op, g, d)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("seed", range(15))
def test_a_convolution_costs_what_is_counted(axes, seed):
    x, w, b, options = setting(seed, axes)
    b = b if seed % 2 else None
    expected = CONVS[axes](torch.tensor(x), torch.tensor(w), b if b is None else torch.tensor(b), *options)
    objects = counted(x), counted(w), b if b is None else counted(b)
    got, done = counting(conv, *objects, *options)
    np.testing.assert_allclose(values(got), expected, atol=1e-12)
    cost = conv_cost(x.shape, w.shape, *options, bias=b is not None, dtype_bytes=8)
    assert (cost.multiply_adds, cost.multiply_adds, cost.useful) == (done["multiplies"], done["adds"], done["useful"])
    assert (cost.parameters, cost.other) == (w.size + (0 if b is None else b.size), 0)
    assert cost.bytes == x.nbytes + w.nbytes + (0 if b is None else b.nbytes) + expected.nbytes


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_im2col_makes_the_columns_and_the_matrix_is_dense(axes, seed):
    x, w, _, options = setting(seed, axes)
    direct, columns, dense = (
        conv_cost(x.shape, w.shape, *options, algorithm=a) for a in ("direct", "im2col", "matrix")
    )
    out = CONVS[axes](torch.tensor(x), torch.tensor(w), None, *options)
    o = prod(out.shape[2:])
    assert (columns.multiply_adds, columns.useful) == (direct.multiply_adds, direct.useful)
    assert columns.workspace == 4 * x.shape[0] * x.shape[1] * prod(w.shape[2:]) * o
    if axes == 2:
        s, p, d, _ = options
        assert columns.workspace == F.unfold(torch.tensor(x, dtype=torch.float32), w.shape[2:], d, p, s).nbytes
    assert columns.bytes == direct.bytes + 2 * columns.workspace
    assert dense.multiply_adds == out.numel() * x[0].size
    assert (dense.workspace, dense.useful) == (4 * out[0].numel() * x[0].size, direct.useful)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("seed", range(15))
def test_a_transposed_convolution_costs_what_is_counted(algorithm, axes, seed):
    x, w, b, options = transposed_setting(seed, axes)
    b = b if seed % 2 else None
    expected = TRANSPOSED[axes](torch.tensor(x), torch.tensor(w), b if b is None else torch.tensor(b), *options)
    objects = counted(x), counted(w), b if b is None else counted(b)
    (got, made), done = counting(WAYS[algorithm], *objects, *options)
    np.testing.assert_allclose(values(got), expected, atol=1e-12)
    cost = conv_transpose_cost(x.shape, w.shape, *options, b is not None, algorithm=algorithm, dtype_bytes=8)
    assert cost.multiply_adds == done["multiplies"]
    assert cost.multiply_adds + cost.other == done["adds"]
    assert cost.workspace == 8 * made
    moved = x.nbytes + w.nbytes + (0 if b is None else b.nbytes) + expected.nbytes
    assert cost.bytes == moved + 2 * cost.workspace
    if algorithm in ("zero_insertion", "polyphase"):
        assert cost.useful == done["useful"]


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("seed", range(15))
def test_the_library_forms_as_many_products(axes, seed):
    x, w, _, options = setting(seed, axes)
    objects = counted(x), counted(w)
    got, done = counting(OURS[axes], *objects, None, *options)
    np.testing.assert_allclose(values(got), CONVS[axes](torch.tensor(x), torch.tensor(w), None, *options), atol=1e-12)
    cost = conv_cost(x.shape, w.shape, *options)
    assert (cost.multiply_adds, cost.useful) == (done["multiplies"], done["useful"])
    x, w, _, options = transposed_setting(seed, axes)
    for algorithm in ("scatter", "zero_insertion"):
        got, done = counting(OURS_BACK[axes], counted(x), counted(w), None, *options, algorithm=algorithm)
        expected = TRANSPOSED[axes](torch.tensor(x), torch.tensor(w), None, *options)
        np.testing.assert_allclose(values(got), expected, atol=1e-12)
        assert conv_transpose_cost(x.shape, w.shape, *options, algorithm=algorithm).multiply_adds == done["multiplies"]


@pytest.mark.parametrize("stride", range(1, 5))
def test_every_small_transposed_layer_costs_what_a_loop_counts(stride):
    for n, k, p, op, d in product(range(1, 5), range(1, 5), range(3), range(4), range(1, 4)):
        full = stride * (n - 1) + d * (k - 1) + 1 + op
        if op >= max(stride, d) or full <= 2 * p:
            continue
        o = full - 2 * p
        painted = [stride * j + d * t - p for j in range(n) for t in range(k)]
        phases = sum((i + p - d * t) % stride == 0 for i in range(o) for t in range(k))
        costs = {a: conv_transpose_cost((1, 1, n), (1, 1, k), stride, p, op, 1, d, algorithm=a) for a in ALGORITHMS}
        products = {"matrix": n * o, "scatter": n * k, "zero_insertion": o * k, "polyphase": phases}
        assert {name: cost.multiply_adds for name, cost in costs.items()} == products
        assert {cost.useful for cost in costs.values()} == {sum(0 <= i < o for i in painted)}


def test_every_small_convolution_has_the_useful_products_that_a_loop_counts():
    for n, k, s, p, d in product(range(1, 7), range(1, 5), range(1, 4), range(4), range(1, 4)):
        if n + 2 * p > d * (k - 1):
            places = [s * i + d * t - p for i in range(conv_output_size(n, k, s, p, d)) for t in range(k)]
            cost = conv_cost((1, 1, n), (1, 1, k), s, p, d)
            assert (cost.multiply_adds, cost.useful) == (len(places), sum(0 <= i < n for i in places))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_flops_are_those_that_torch_counts(axes):
    for seed in range(10):
        x, w, _, options = setting(seed, axes)
        if options[3] == 1:
            with FlopCounterMode(display=False) as counter:
                CONVS[axes](torch.tensor(x), torch.tensor(w), None, *options)
            assert conv_cost(x.shape, w.shape, *options).flops == counter.get_total_flops()
        x, w, _, options = transposed_setting(seed, axes)
        if options[3] == 1:
            with FlopCounterMode(display=False) as counter:
                TRANSPOSED[axes](torch.tensor(x), torch.tensor(w), None, *options)
            cost = conv_transpose_cost(x.shape, w.shape, *options, algorithm="scatter")
            assert 2 * cost.multiply_adds == counter.get_total_flops()


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_zero_insertion_forms_as_many_products_for_each_of_polyphase_as_there_are_phases(axes):
    for n, k, s, p in product((1, 3, 8), (2, 4, 6), (2,), (0, 1)):
        if 2 * (n - 1) + k > 2 * p:
            size, weight = (2, 3, *(n,) * axes), (3, 5, *(k,) * axes)
            inserted, phases = (conv_transpose_cost(size, weight, s, p, algorithm=a) for a in ALGORITHMS[2:])
            assert inserted.multiply_adds == s**axes * phases.multiply_adds


def test_an_exact_factor_costs_scatter_the_products_of_polyphase():
    for k, s, p, op in [(2, 2, 0, 0), (4, 2, 1, 0), (3, 2, 1, 1), (3, 3, 0, 0), (5, 3, 1, 0), (8, 4, 2, 0)]:
        costs = [conv_transpose_cost((2, 3, 5, 7), (3, 4, k, k), s, p, op, algorithm=a) for a in ALGORITHMS]
        assert costs[1].multiply_adds == costs[3].multiply_adds


@pytest.mark.parametrize(("axes", "r", "k"), [(1, 2, 3), (1, 3, 3), (2, 2, 3), (2, 3, 5), (3, 2, 3)])
def test_sub_pixel_costs_the_products_of_a_transposed_layer_with_a_kernel_r_times_as_long(axes, r, k):
    n, outs, p = (4, 7, 5)[:axes], 3, k // 2
    shape = (2, 5, *n)
    cost = sub_pixel_cost(shape, (outs * r**axes, 5, *(k,) * axes), r, p, bias=True)
    twin = conv_transpose_cost(shape, (5, outs, *(r * k,) * axes), r, r * p)
    assert (cost.multiply_adds, cost.useful) == (twin.multiply_adds, twin.useful)
    conv_alone = conv_cost(shape, (outs * r**axes, 5, *(k,) * axes), padding=p, bias=True)
    high = 2 * outs * prod(r * size for size in n)
    assert (cost.bytes - conv_alone.bytes, cost.workspace) == (8 * high, 4 * high)
    assert cost.parameters == conv_alone.parameters == outs * r**axes * (5 * k**axes + 1)


POOLS = [
    ("max", (2, 3, 7), 2, None, 0, 1, False),
    ("avg", (2, 3, 7), 2, None, 0, 1, False),
    ("max", (1, 2, 9), (3,), 2, 1, 1, False),
    ("avg", (1, 2, 9), (3,), 2, 1, 1, False),
    ("max", (2, 2, 5, 7), (2, 3), (1, 2), (1, 0), 1, False),
    ("avg", (2, 2, 5, 7), (2, 3), (1, 2), (1, 0), 1, False),
    ("max", (1, 2, 4, 5, 6), 2, None, 0, 1, False),
    ("max", (1, 1, 6, 5), 3, 2, 1, (1, 2), True),
]


@pytest.mark.parametrize(("mode", "size", "k", "s", "p", "d", "ceil_mode"), POOLS)
def test_pooling_costs_what_is_counted(mode, size, k, s, p, d, ceil_mode):
    axes, x = len(size) - 2, np.random.default_rng(0).normal(size=size)
    pool = getattr(F, f"{mode}_pool{axes}d")
    expected = pool(torch.tensor(x), k, s, p, *([d] if mode == "max" else []), ceil_mode)
    k, s, p, d = (np.broadcast_to(k if v is None else v, (axes,)) for v in (k, s, p, d))
    border = Counted(-np.inf if mode == "max" else 0)
    wide = np.pad(counted(x), [(0, 0)] * 2 + [(q, q + 9) for q in p], constant_values=border)

    def pooled():
        out = np.empty(expected.shape, object)
        for n, c, *i in np.ndindex(out.shape):
            places = (tuple(q * a + e * u for q, a, e, u in zip(s, i, d, t, strict=True)) for t in np.ndindex(*k))
            first, *rest = (wide[(n, c, *place)] for place in places)
            for number in rest:
                first = first.larger(number) if mode == "max" else first + number
            out[(n, c, *i)] = first if mode == "max" else first / prod(k)
        return out

    got, done = counting(pooled)
    np.testing.assert_allclose(values(got), expected)
    k, s, p, d = (tuple(map(int, v)) for v in (k, s, p, d))
    cost = pool_cost(size, k, s, p, d, ceil_mode, mode=mode, dtype_bytes=8)
    assert (cost.other, cost.flops) == (done["other"] + done["adds"],) * 2
    assert (cost.parameters, cost.multiply_adds, cost.useful, cost.workspace) == (0, 0, 0, 0)
    assert cost.bytes == x.nbytes + expected.nbytes


def test_indices_are_8_bytes_each_wherever_they_go():
    pooled, indices = F.max_pool2d(torch.zeros(2, 3, 9, 8), 3, 2, 1, return_indices=True)
    without = pool_cost((2, 3, 9, 8), 3, 2, 1)
    assert pool_cost((2, 3, 9, 8), 3, 2, 1, return_indices=True).bytes - without.bytes == indices.nbytes
    restored = F.max_unpool2d(pooled, indices, 3, 2, 1)
    there_and_back = pooled.nbytes + indices.nbytes + restored.nbytes
    assert max_unpool_cost(pooled.shape, 3, 2, 1) == Cost(0, 0, 0, 0, there_and_back, 0)
    restored = F.max_unpool2d(pooled, indices, 3, 2, 1, output_size=(9, 8))
    moved = max_unpool_cost(pooled.shape, 3, 2, 1, (9, 8), dtype_bytes=2).bytes
    assert moved == (pooled.nbytes + restored.nbytes) // 2 + indices.nbytes
    memory = memory_of_indices(pooled.shape, 3)
    assert memory == IndexMemory(pooled.nbytes, indices.nbytes, ceil(pooled.numel() * ceil(log2(9)) / 8))
    assert memory_of_indices((1, 1, 5), 1).least == 0
    assert memory_of_indices((1, 1, 5, 5), (2, 1)).least == ceil(25 / 8)


def cubic(x, a=-0.75):
    x = abs(x)
    return (a + 2) * x**3 - (a + 3) * x**2 + 1 if x <= 1 else a * (x**3 - 5 * x**2 + 8 * x - 4)


def one_pass(x, axis, size, taps):
    """Linear or cubic interpolation of one axis by `taps` products for each sample, samples beyond the end repeated."""
    x = np.moveaxis(x, axis, -1)
    out = np.empty((*x.shape[:-1], size), object)
    for i in range(size):
        centre = (i + 0.5) * x.shape[-1] / size - 0.5
        first = int(np.floor(max(centre, 0) if taps == 2 else centre)) - (taps // 2 - 1)
        centre = max(centre, 0) if taps == 2 else centre
        weights = [1 - abs(centre - j) if taps == 2 else cubic(centre - j) for j in range(first, first + taps)]
        met = np.clip(range(first, first + taps), 0, x.shape[-1] - 1)
        for place in np.ndindex(out.shape[:-1]):
            pairs = ((Counted(w), x[(*place, j)]) for w, j in zip(weights, met, strict=True))
            out[(*place, i)] = added(Counted(0), pairs)
    return np.moveaxis(out, -1, axis)


@pytest.mark.parametrize(
    ("size", "to", "mode"),
    [
        ((2, 1, 5), (8,), "linear"),
        ((1, 2, 4, 5), (8, 7), "bilinear"),
        ((1, 1, 6, 4), (4, 11), "bilinear"),
        ((1, 1, 3, 2, 4), (5, 6, 4), "trilinear"),
        ((1, 2, 4, 5), (9, 10), "bicubic"),
        ((2, 1, 7, 3), (5, 4), "bicubic"),
    ],
)
def test_interpolation_costs_what_is_counted(size, to, mode):
    x, axes, taps = np.random.default_rng(1).normal(size=size), len(to), 4 if mode == "bicubic" else 2

    def separable():
        y, made = counted(x), []
        for axis in np.argsort([o / n for o, n in zip(to, size[2:], strict=True)], stable=True):
            y = one_pass(y, 2 + axis, to[axis], taps)
            made.append(y.size)
        return y, sum(made[:-1])

    expected = F.interpolate(torch.tensor(x), to, mode=mode)
    (got, made), done = counting(separable)
    np.testing.assert_allclose(values(got), expected, atol=1e-12)
    cost = interpolate_cost(size, to, mode, dtype_bytes=8)
    assert (cost.multiply_adds, cost.multiply_adds, cost.useful) == (done["multiplies"], done["adds"], done["useful"])
    assert (cost.workspace, cost.bytes) == (8 * made, x.nbytes + expected.nbytes + 16 * made)
    at_once = interpolate_cost(size, to, mode, separable=False, dtype_bytes=8)
    assert (at_once.multiply_adds, at_once.workspace) == (expected.numel() * taps**axes, 0)
    assert at_once.bytes == x.nbytes + expected.nbytes


def test_the_pass_that_grows_least_goes_first_because_it_is_the_cheapest_order():
    for n, o in product(product((2, 3, 5), repeat=2), product((2, 4, 7), repeat=2)):
        costs = [2 * (first * other + prod(o)) for first, other in ((o[0], n[1]), (o[1], n[0]))]
        assert interpolate_cost((1, 1, *n), o, "bilinear").multiply_adds == min(costs)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_nearest_copies(mode):
    for separable in (True, False):
        got = interpolate_cost((2, 3, 4, 5), (8, 9), mode, separable=separable)
        assert got == Cost(0, 0, 0, 0, 4 * 6 * (20 + 72), 0)


@pytest.mark.parametrize(
    ("size", "k", "s"),
    [((2, 3, 8), 3, 2), ((1, 2, 7), 4, 3), ((1, 1, 8, 7), 5, 2), ((2, 1, 5, 9), (2, 4), (1, 3))],
)
def test_a_blur_costs_what_is_counted(size, k, s):
    axes, rng = len(size) - 2, np.random.default_rng(2)
    x, ks, ss = rng.normal(size=size), np.broadcast_to(k, axes), np.broadcast_to(s, axes)
    sides = [((int(n) - 1) // 2, int(n) // 2) for n in ks]
    wide = np.pad(x, [(0, 0)] * 2 + sides, mode="reflect")
    order = np.argsort([-(-n // q) / n for n, q in zip(size[2:], ss, strict=True)], stable=True)

    def separable(y):
        made = []
        for axis in order:
            before, after = sides[axis]
            taps = counted(np.array([comb(int(ks[axis]) - 1, t) for t in range(ks[axis])]) / 2 ** (ks[axis] - 1))
            index = [i if i >= 0 else -i for i in range(-before, size[2 + axis] + after)]
            index = [i if i < size[2 + axis] else 2 * (size[2 + axis] - 1) - i for i in index]
            y = np.moveaxis(np.moveaxis(y, 2 + axis, -1)[..., index], -1, 2 + axis)
            line = np.moveaxis(y, 2 + axis, -1)
            starts = range(0, line.shape[-1] - ks[axis] + 1, ss[axis])
            out = np.empty((*line.shape[:-1], len(starts)), object)
            for *place, i in np.ndindex(out.shape):
                window = line[(*place, slice(starts[i], starts[i] + ks[axis]))]
                out[(*place, i)] = added(Counted(0), zip(taps, window, strict=True))
            y = np.moveaxis(out, -1, 2 + axis)
            made.append(y.size)
        return y, sum(made[:-1])

    kernel = np.ones(())
    for n in ks:
        kernel = np.multiply.outer(kernel, [comb(int(n) - 1, t) / 2 ** (int(n) - 1) for t in range(n)])
    weight = torch.tensor(np.broadcast_to(kernel, (size[1], 1, *kernel.shape)).copy())
    expected = CONVS[axes](torch.tensor(wide), weight, stride=tuple(map(int, ss)), groups=size[1])
    (got, made), done = counting(separable, counted(x))
    np.testing.assert_allclose(values(got), expected, atol=1e-12)
    cost = blur_pool_cost(size, k, s, dtype_bytes=8)
    assert (cost.multiply_adds, cost.multiply_adds, cost.parameters) == (done["multiplies"], done["adds"], 0)
    assert (cost.workspace, cost.bytes) == (8 * made, x.nbytes + expected.nbytes + 16 * made)
    at_once = blur_pool_cost(size, k, s, separable=False)
    assert at_once.multiply_adds == expected.numel() * kernel.size


def test_costs_add_up():
    small, resize = conv_cost((2, 3, 5), (4, 3, 3), padding=1, bias=True), interpolate_cost((2, 4, 5), 10, "linear")
    both = small + resize
    assert both.multiply_adds == 2 * 4 * 5 * 9 + 2 * 4 * 10 * 2
    for field in fields(Cost):
        assert getattr(both, field.name) == getattr(small, field.name) + getattr(resize, field.name)
    assert both.flops == small.flops + resize.flops


def test_a_multiply_add_is_two_flops_and_intensity_is_flops_per_byte():
    cost = Cost(parameters=1, multiply_adds=10, useful=9, other=5, bytes=50, workspace=2)
    assert (cost.flops, cost.intensity) == (25, 0.5)
    assert Cost(0, 0, 0, 0, 0, 0).intensity == 0


def test_an_empty_batch_costs_only_its_weights():
    assert conv_cost((0, 3, 5), (4, 3, 3)) == Cost(36, 0, 0, 0, 4 * 36, 0)
    assert pool_cost((0, 3, 5), 2) == Cost(0, 0, 0, 0, 0, 0)


def test_the_roofline_bends_where_arithmetic_and_memory_take_the_same_time():
    for multiply_adds, moved in product((0, 1, 100, 15 * 37, 10**9), (1, 37, 10**8)):
        cost = Cost(0, multiply_adds, multiply_adds, 0, moved, 0)
        got = roofline(cost, 3e9, 1e8)
        assert got.flops_per_second == pytest.approx(min(3e9, cost.intensity * 1e8))
        assert got.seconds == pytest.approx(max(cost.flops / 3e9, moved / 1e8))
        assert got.bound == ("memory" if cost.intensity < 30 else "compute")
        assert cost.flops == pytest.approx(got.flops_per_second * got.seconds)


@pytest.mark.parametrize("name", ["peak_flops", "bandwidth"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", None, True], ids=repr)
def test_a_machine_without_a_rate_is_refused(name, value):
    rates = {"peak_flops": 1e9, "bandwidth": np.float32(1e9), name: value}
    with pytest.raises(ValueError, match=f"^{name} must be a positive number"):
        roofline(conv_cost((1, 1, 3), (1, 1, 3)), **rates)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"input_size": (2, 4)}, "^input_size must be"),
        ({"input_size": 4}, "^input_size must be"),
        ({"input_size": (2, 0, 7)}, "^input_size must be a whole number >= 1"),
        ({"input_size": (2, 4, 7.0)}, "^input_size must be a whole number"),
        ({"input_size": (2, 4, 7, 7)}, "^weight_size must hold 4 numbers"),
        ({"weight_size": 3}, "^weight_size must hold 3 numbers"),
        ({"weight_size": (6, 2, 0)}, "^weight_size must be a whole number >= 1"),
        ({"weight_size": (6, 3, 3)}, "does not read 4 channels"),
        ({"weight_size": (5, 2, 3)}, "^groups=2 must divide the 5 channels"),
        ({"weight_size": (6, 2, 8)}, "no window fits"),
        ({"groups": 0}, "^groups must be"),
        ({"stride": 0}, "^stride must be"),
        ({"padding": -1}, "^padding must be"),
        ({"padding": (1, 1)}, "^padding must be"),
        ({"dilation": 1.0}, "^dilation must be"),
        ({"algorithm": "fft"}, "^algorithm must be one of direct, im2col, matrix; got 'fft'"),
        ({"algorithm": ["direct"]}, "^algorithm must be one of"),
        ({"dtype_bytes": 0}, "^dtype_bytes must be"),
    ],
)
def test_a_convolution_refuses_what_does_not_fit(bad, words):
    with pytest.raises(ValueError, match=words):
        conv_cost(**GOOD | bad)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv_transpose_cost((2, 4, 7), (6, 2, 3)), "does not read 4 channels"),
        (lambda: conv_transpose_cost((2, 4, 7), (4, 2, 3), groups=3), "^groups=3 must divide the 4 channels"),
        (lambda: conv_transpose_cost((2, 4, 7), (4, 2, 3), 2, 0, 2), "^output_padding must be below max"),
        (lambda: conv_transpose_cost((2, 4, 1), (4, 2, 3), 1, 2), "^padding must leave at least one"),
        (lambda: conv_transpose_cost((2, 4, 7), (4, 2, 3), algorithm="direct"), "^algorithm must be one of matrix, sc"),
        (lambda: sub_pixel_cost((1, 4, 7), (6, 4, 3), 4), r"^weight_size must have a multiple of r\^axes = 4 .* got 6"),
        (lambda: sub_pixel_cost((1, 4, 7), (6, 4, 3), 0), "^upscale_factor must be"),
        (lambda: pool_cost((1, 4, 7), 3, mode="lp"), "^mode must be one of max, avg; got 'lp'"),
        (lambda: pool_cost((1, 4, 7), 3, mode="avg", return_indices=True), '^return_indices needs mode="max"'),
        (lambda: pool_cost((1, 4, 7), 3, padding=2), "^padding must be at most half"),
        (lambda: pool_cost((1, 4, 7), 0), "^kernel_size must be"),
        (lambda: max_unpool_cost((1, 4, 7), 2, output_size=0), "^output_size must be"),
        (lambda: max_unpool_cost((1, 4, 7), 2, stride=0), "^stride must be"),
        (lambda: interpolate_cost((1, 4, 7), 9, "bilinear"), "^mode='bilinear' needs 2 axes after the channels, got 1"),
        (lambda: interpolate_cost((1, 4, 7), 9, "lanczos"), "^mode must be one of nearest, .* got 'lanczos'"),
        (lambda: interpolate_cost((1, 4, 7), 0), "^size must be"),
        (lambda: blur_pool_cost((1, 4, 7), 0), "^kernel_size must be"),
        (lambda: memory_of_indices((4, 7), 2), "^pooled_size must be"),
        (lambda: memory_of_indices((1, 4, 7), 2, dtype_bytes=0), "^dtype_bytes must be"),
    ],
)
def test_the_others_refuse_what_does_not_fit(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_numpy_integers_count_without_overflow():
    transposed, small = ((100, 100, 100), (100, 10, 3), 4, 1, 1, 20), np.int8(20)
    got = conv_transpose_cost(transposed[0], tuple(map(np.int8, transposed[1])), *transposed[2:5], small)
    assert got == conv_transpose_cost(*transposed)
    assert sub_pixel_cost((1, 9, 9), (np.int8(100), 9, 3), np.int8(2)) == sub_pixel_cost((1, 9, 9), (100, 9, 3), 2)
    got = conv_cost([np.int8(100)] * 3, [np.int8(100)] * 2 + [np.int8(3)], np.int8(1), np.int8(1))
    assert astuple(got) == astuple(conv_cost((100, 100, 100), (100, 100, 3), 1, 1))
    assert all(type(number) is int for number in astuple(got))


@pytest.mark.parametrize("cost", [None, 3, (1, 2)], ids=repr)
def test_a_roofline_is_of_a_cost(cost):
    with pytest.raises(ValueError, match="^cost must be a Cost, got"):
        roofline(cost, 1e12, 1e11)
