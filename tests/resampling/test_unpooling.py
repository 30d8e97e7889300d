"""Unpooling against torch, and its adjoints against the inner-product identity and the whole matrix."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from resampling import unpooling
from resampling.convolution_matrix import sampling_matrix

AXES = (1, 2, 3)
PLAIN = np.ones((1, 3)), np.array([[0, 2, 4]])


@pytest.fixture
def in_order(place):
    """For indices that occur twice: which value is kept is certain only where writing has an order."""
    if place[1] == "cuda":
        pytest.skip("a GPU writes in no fixed order")


def ours(name, axes):
    return getattr(unpooling, name.replace("?", f"{axes}d"))


def pooled(seed, axes):
    """What torch's max-pooling gives in a random setting: input size, values, indices, and the options."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, stride = draw(1, 5), draw(1, 5)
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    size = [max(1, k - 2 * p) + int(rng.integers(0, 6)) for k, p in zip(kernel, padding, strict=True)]
    x = torch.tensor(rng.normal(size=(*[(1,), (0, 2), (2, 3)][seed % 3], *size)))
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    values, indices = getattr(F, f"max_pool{axes}d")(x, **options, return_indices=True)
    return size, values.numpy(), indices.numpy(), options


@pytest.fixture
def one_thread():
    """torch writes values with one index in any order, unless it has one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(18))
def test_max_unpool_is_torchs(axes, seed, dtype, agrees):
    size, values, indices, options = pooled(seed, axes)
    values = values.astype(dtype)
    for output_size in (size, (2, 3, *size), torch.Size(size)):
        expected = getattr(F, f"max_unpool{axes}d")(
            torch.tensor(values), torch.tensor(indices), **options, output_size=output_size
        )
        agrees(ours("max_unpool?", axes), expected, values, indices, **options, output_size=output_size)


@pytest.mark.parametrize("n", range(1, 5))
def test_the_size_is_torchs_or_both_refuse(n, agrees, in_order):
    values, indices = np.full((1, n), 7.0), np.zeros((1, n), np.int64)  # equal: the order of writing is free
    for k, s, p, o in product(range(1, 5), (None, 1, 2, 3), range(3), (None, *range(12))):
        options = {"kernel_size": k, "stride": s, "padding": p, "output_size": None if o is None else [o]}
        try:
            expected = F.max_unpool1d(torch.tensor(values), torch.tensor(indices), **options)
        except (ValueError, RuntimeError):
            expected = torch.zeros(0)
        if expected.numel():
            agrees(unpooling.max_unpool1d, expected, values, indices, **options)
        else:  # an output without samples, which torch lets pass, has no place for an index either
            with pytest.raises(ValueError, match="^output_size must be from|^padding must leave at least one"):
                unpooling.max_unpool1d(values, indices, **options)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(8))
def test_indices_may_name_any_place(axes, seed, agrees, in_order, one_thread):
    rng = np.random.default_rng([axes, seed])
    size = rng.integers(1, 4, axes)
    values = rng.normal(size=(2, 2, *size))
    indices = rng.integers(0, 2**axes * size.prod(), values.shape)
    expected = getattr(F, f"max_unpool{axes}d")(torch.tensor(values), torch.tensor(indices), 2)
    agrees(ours("max_unpool?", axes), expected, values, indices, 2)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(2, 20, 3))
def test_gradients_through_torch_are_torchs(axes, seed):
    def gradient(unpool):
        leaf = torch.tensor(values, requires_grad=True)
        unpool(leaf, torch.tensor(indices), **options, output_size=size).pow(2).sum().backward()
        return leaf.grad

    size, values, indices, options = pooled(seed, axes)
    torch.testing.assert_close(gradient(ours("max_unpool?", axes)), gradient(getattr(F, f"max_unpool{axes}d")))


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(12))
def test_max_unpool_adjoint_is_the_transposed_matrix(axes, seed, agrees, in_order):
    size, values, indices, options = pooled(seed, axes)
    unpool = lambda v: ours("max_unpool?", axes)(v, indices, **options, output_size=size)  # noqa: E731
    y = np.random.default_rng(seed).normal(size=(*values.shape[:-axes], *size))
    units = np.eye(values.size).reshape(values.size, *values.shape)
    matrix = np.array([unpool(unit).ravel() for unit in units]).reshape(values.size, y.size)
    agrees(ours("max_unpool?_adjoint", axes), (matrix @ y.ravel()).reshape(values.shape), y, indices)


def test_pooling_after_unpooling_loses_negative_values(agrees):
    x = np.array([[[-1.0, -2.0], [-3.0, -4.0]]])
    values, indices = (t.numpy() for t in F.max_pool2d(torch.tensor(x), 2, return_indices=True))
    agrees(unpooling.max_unpool2d, np.array([[[-1.0, 0], [0, 0]]]), values, indices, 2)


def test_of_four_values_with_one_index_the_last_is_kept(agrees, in_order):
    values, indices = np.array([[[1.0, 2], [3, 4]]]), np.full((1, 2, 2), 12)
    expected = np.zeros((1, 5, 5))
    expected[0, 2, 2] = 4
    agrees(unpooling.max_unpool2d, expected, values, indices, 3, 2)
    y = np.arange(25.0).reshape(1, 5, 5)
    agrees(unpooling.max_unpool2d_adjoint, np.array([[[0.0, 0], [0, 12]]]), y, indices)


def test_whole_numbers_and_views_are_fine(agrees):
    values, indices = np.arange(12).reshape(4, 3).T, np.arange(0, 24, 2).reshape(4, 3).T % 8
    values.flags.writeable = False
    expected = np.zeros((3, 8), int)
    for c, i in np.ndindex(3, 4):
        expected[c, indices[c, i]] = values[c, i]
    np.testing.assert_array_equal(unpooling.max_unpool1d(values, indices, 2), expected)
    agrees(unpooling.max_unpool1d, expected, values.copy(), indices, (2,), [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"indices": np.array([[0, 2, 6]])}, r"^indices must lie from 0 to 5, in a plane of size \(6,\); got 6"),
        ({"indices": np.array([[0, -1, 6]])}, "^indices must lie from 0 to 5.* got -1"),
        ({"indices": PLAIN[1].astype(np.int32)}, "^indices must be int64, got int32"),
        ({"indices": PLAIN[1].astype(float)}, "^indices must be int64, got float64"),
        ({"indices": PLAIN[1][:, :2]}, r"^indices must have the shape \(1, 3\) of the values, got \(1, 2\)"),
        ({"input": np.ones(3)}, "^input must have 2 or 3 axes"),
        ({"input": np.ones((1, 0))}, "^input may be empty along the batch only"),
        ({"kernel_size": 0}, "^kernel_size must be a whole number >= 1, got 0"),
        ({"stride": 0}, "^stride must be a whole number >= 1, got 0"),
        ({"stride": 2.0}, "^stride must be a whole number"),
        ({"padding": -1}, "^padding must be a whole number >= 0, got -1"),
        ({"kernel_size": 1, "stride": 1, "padding": 2}, "^padding must leave at least one"),
        ({"output_size": [4]}, "^output_size must be from 5 to 7, got 4"),
        ({"output_size": [8]}, "^output_size must be from 5 to 7, got 8"),
        ({"output_size": 6}, "^output_size must hold 1 or 3 numbers, got 6"),
        ({"output_size": [6, 6]}, r"^output_size must hold 1 or 3 numbers, got \[6, 6\]"),
        ({"output_size": [6.0]}, "^output_size must be a whole number"),
    ],
)
def test_max_unpool_refuses_with_the_rule(change, words):
    arguments = {"input": PLAIN[0], "indices": PLAIN[1], "kernel_size": 2} | change
    with pytest.raises(ValueError, match=words):
        unpooling.max_unpool1d(**arguments)


@pytest.mark.parametrize(
    ("output", "indices", "words"),
    [
        (np.ones((1, 4)), np.array([[4]]), "^indices must lie from 0 to 3.* got 4"),
        (np.ones((2, 4)), np.array([[0]]), "^output and indices must have the same channels and batch"),
        (np.ones(4), np.array([[0]]), "^output must have 2 or 3 axes"),
        (np.ones((1, 4)), np.array([0]), "^indices must have 2 or 3 axes"),
    ],
)
def test_max_unpool_adjoint_refuses_with_the_rule(output, indices, words):
    with pytest.raises(ValueError, match=words):
        unpooling.max_unpool1d_adjoint(output, indices)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("n", range(1, 8))
def test_subsample_and_bed_of_nails_are_the_sampling_matrix(n, dtype, agrees):
    x = np.arange(3, 2 * n + 3).reshape(2, n).astype(dtype)
    for s in range(1, 5):
        for r in range(min(s, n)):
            matrix = sampling_matrix(n, s, r).astype(dtype)
            kept = x @ matrix.T
            agrees(unpooling.subsample, kept, x, s, r)
            agrees(unpooling.subsample_adjoint, kept @ matrix, kept, n, s, r)
            agrees(unpooling.bed_of_nails, kept @ matrix, kept, s, r, n)
            agrees(unpooling.bed_of_nails_adjoint, kept, x, kept.shape[1], s, r)
        for r in range(s):
            matrix = sampling_matrix(s * n, s, r).astype(dtype)
            agrees(unpooling.bed_of_nails, x @ matrix, x, s, r)


@given(st.data())
@settings(deadline=None, max_examples=60, derandomize=True)
def test_bed_of_nails_on_several_axes_is_the_adjoint_of_subsample(data):
    axes = data.draw(st.integers(1, 3))
    stride = tuple(data.draw(st.integers(1, 4)) for _ in range(axes))
    phase = tuple(data.draw(st.integers(0, s - 1)) for s in stride)
    size = tuple(r + data.draw(st.integers(1, 7)) for r in phase)
    rng = np.random.default_rng(sum(size))
    x = rng.normal(size=(2, *size))
    kept = unpooling.subsample(x, stride, phase)
    y = rng.normal(size=kept.shape)
    back = unpooling.subsample_adjoint(y, size, stride, phase)
    np.testing.assert_allclose(np.vdot(kept, y), np.vdot(x, back), atol=1e-12)
    np.testing.assert_array_equal(unpooling.bed_of_nails_adjoint(back, y.shape[1:], stride, phase), y)
    np.testing.assert_array_equal(np.count_nonzero(back), y.size)


def test_bed_of_nails_is_a_transposed_convolution_with_one_tap(agrees):
    x = np.random.default_rng(0).normal(size=(2, 1, 3, 4))
    tap = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    expected = F.conv_transpose2d(torch.tensor(x), tap, stride=(2, 3), output_padding=(1, 2))
    agrees(unpooling.bed_of_nails, expected, x, (2, 3))
    agrees(unpooling.bed_of_nails, expected[..., :-1, :-2], x, (2, 3), output_size=(5, 10))


def test_nothing_shares_memory_with_the_input_and_empty_batches_pass():
    x = np.ones((2, 3))
    for result in (
        unpooling.subsample(x, 1),
        unpooling.bed_of_nails(x, 1),
        unpooling.max_unpool1d_adjoint(x, PLAIN[1][[0, 0]] // 2),
    ):
        result[...] = 7
    assert x.max() == 1
    assert unpooling.bed_of_nails(np.ones((0, 3)), 2).shape == (0, 6)
    assert unpooling.subsample(np.ones((0, 3)), 2).shape == (0, 2)


def test_gradients_flow():
    x = torch.arange(6.0, dtype=torch.float64, requires_grad=True)
    for function in (lambda t: unpooling.subsample(t, 2, 1), lambda t: unpooling.bed_of_nails(t, 3, 2)):
        assert torch.autograd.gradcheck(function, x)
    y, indices = torch.rand(1, 4, dtype=torch.float64, requires_grad=True), torch.tensor([[1, 1, 3]])
    assert torch.autograd.gradcheck(lambda t: unpooling.max_unpool1d_adjoint(t, indices), y)


@pytest.mark.parametrize(
    ("function", "args", "words"),
    [
        ("subsample", (np.ones(3), 0), "^stride must be a whole number >= 1, got 0"),
        ("subsample", (np.ones(3), 2.0), "^stride must be a whole number"),
        ("subsample", (np.ones(3), ()), r"^stride must name from 1 to 1 axes, got \(\)"),
        ("subsample", (np.ones(3), (2, 2)), r"^stride must name from 1 to 1 axes, got \(2, 2\)"),
        ("subsample", (np.ones(3), 2, -1), "^phase must be a whole number >= 0, got -1"),
        ("subsample", (np.ones(3), 2, 2), "^phase must be below stride = 2, got 2"),
        ("subsample", (np.ones(3), 2, (0, 1)), "^phase must be one number or 1"),
        ("subsample", (np.ones(1), 2, 1), "^phase must be below the length 1 of the axis, got 1"),
        ("bed_of_nails", (np.ones(3), 2, 2), "^phase must be below stride = 2, got 2"),
        ("bed_of_nails", (np.ones(3), 2, 1, 5), "^output_size must be from 6 to 7 for 3 samples with stride 2"),
        ("bed_of_nails", (np.ones(3), 2, 1, 8), "^output_size must be from 6 to 7"),
        ("bed_of_nails", (np.ones(3), 2, 0, (6, 6)), "^output_size must be one number or 1"),
        ("subsample_adjoint", (np.ones(3), 7, 2), "^output_size must be from 5 to 6"),
        ("bed_of_nails_adjoint", (np.ones(7), 3, 2), r"^output must have spatial size \(3,\).* got \(4,\)"),
    ],
)  # fmt: skip
def test_bed_of_nails_and_subsample_refuse_with_the_rule(function, args, words):
    with pytest.raises(ValueError, match=words):
        getattr(unpooling, function)(*args)
