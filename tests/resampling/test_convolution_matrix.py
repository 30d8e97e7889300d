"""The matrices against torch, SciPy and the algebra that they must obey."""

from itertools import product
from math import prod

import array_api_compat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import linalg, signal
from scipy.sparse import csr_array

from resampling.convolution import conv1d, conv2d, conv3d
from resampling.convolution_matrix import (
    conv_matrix1d,
    conv_matrix2d,
    conv_matrix3d,
    count_nonzeros,
    kron,
    sampling_matrix,
    tap_matrices,
)

MATRIX = {1: conv_matrix1d, 2: conv_matrix2d, 3: conv_matrix3d}
OURS, TORCHS = {1: conv1d, 2: conv2d, 3: conv3d}, {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
COUNTS = [
    case
    for case in product(range(1, 9), range(1, 5), range(1, 4), range(8), range(1, 4))
    if case[0] + 2 * case[3] > case[4] * (case[1] - 1)
]


def setting(seed, axes, channels=True, most=4):
    """Random weight, size and options for which at least one window fits; padding may exceed the kernel."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, dilation, padding, stride = draw(1, most), draw(1, 3), draw(0, most + 1), draw(1, most)
    spans = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = tuple(max(1, span) + int(rng.integers(0, 4)) for span in spans)
    groups, share, outs = map(int, rng.integers(1, 3, 3)) if channels else (1, 1, 1)
    weight = rng.normal(size=(groups * outs, share, *kernel))
    return weight, size, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def build(axes, weight, size, **options):
    return MATRIX[axes](weight, size if axes > 1 else size[0], **options)


def columns_by_torch(axes, weight, size, options):
    """The matrix column by column: torch's answer to every basis vector."""
    inputs = weight.shape[1] * options["groups"] * int(np.prod(size))
    basis = torch.eye(inputs, dtype=torch.float64).reshape(inputs, -1, *size)
    return TORCHS[axes](basis, torch.tensor(weight), **options).reshape(inputs, -1).T.numpy()


@pytest.mark.parametrize(("axes", "seeds"), [(1, 100), (2, 100), (3, 40)])
def test_columns_are_torchs_answers_to_the_basis(axes, seeds, agrees):
    for seed in range(seeds):
        weight, size, options = setting(seed, axes, most=5 - axes)
        expected = columns_by_torch(axes, weight, size, options)
        agrees(MATRIX[axes], expected, weight, size if axes > 1 else size[0], **options)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_padding_in_words_is_torchs(axes, agrees):
    for padding, seed in product(("same", "valid"), range(10)):
        weight, size, options = setting(seed, axes, most=5 - axes)
        size = tuple(n + 4 for n in size)
        options |= {"padding": padding, "stride": 1}
        expected = columns_by_torch(axes, weight, size, options)
        agrees(MATRIX[axes], expected, weight, size if axes > 1 else size[0], **options)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_sparse_it_holds_the_same_and_no_more_than_the_entries(axes):
    for seed in range(60):
        weight, size, options = setting(seed, axes, most=5 - axes)
        dtype = ["float64", "float32", "int64", "complex64"][seed % 4]
        weight = (10 * weight).astype(dtype)
        got, dense = build(axes, weight, size, sparse=True, **options), build(axes, weight, size, **options)
        np.testing.assert_array_equal(got.toarray(), dense, strict=True)
        assert isinstance(got, csr_array)
        assert got.has_canonical_format
        each = map(
            count_nonzeros, size, weight.shape[2:], *(options[name] for name in ("stride", "padding", "dilation"))
        )
        assert got.nnz == prod(weight.shape[:2]) * prod(each)


def test_sparse_it_knows_padding_in_words_and_weights_without_channels():
    weight = np.arange(1.0, 7).reshape(2, 3)
    for options in ({"padding": "same"}, {"padding": "valid", "stride": 2}, {"padding": (0, 3), "dilation": (2, 1)}):
        got, dense = conv_matrix2d(weight, (5, 4), sparse=True, **options), conv_matrix2d(weight, (5, 4), **options)
        np.testing.assert_array_equal(got.toarray(), dense, strict=True)


def test_sparse_it_keeps_the_place_of_a_tap_of_zero():
    assert conv_matrix1d(np.array([1.0, 0.0, 2.0]), 5, sparse=True).nnz == 9


def test_sparse_it_is_made_where_a_dense_one_would_not_fit_the_memory():
    x = np.random.default_rng(0).normal(size=(1, 300, 300))
    weight = np.random.default_rng(1).normal(size=(2, 1, 3, 3))
    y = conv_matrix2d(weight, (300, 300), padding=1, sparse=True) @ x.ravel()
    np.testing.assert_allclose(y.reshape(2, 300, 300), F.conv2d(torch.tensor(x), torch.tensor(weight), padding=1))
    assert sampling_matrix(10**7, 10**6, 1, sparse=True).shape == (10, 10**7)


@pytest.mark.parametrize("call", [lambda w: conv_matrix1d(w, 5, sparse=True),
                                  lambda w: sampling_matrix(5, 2, like=w, sparse=True)])  # fmt: skip
def test_sparse_is_for_numpy_numbers_that_scipy_has(call, xp, array):
    if xp is not np:
        with pytest.raises(ValueError, match="^sparse=True needs NumPy numbers"):
            call(array(np.ones(2)))
    else:
        assert call(np.ones(2, "float32")).dtype == "float32"
        with pytest.raises(ValueError, match="^sparse=True needs NumPy numbers .* float16"):
            call(np.ones(2, "float16"))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_times_x_is_our_convolution(axes):
    for seed in range(20):
        weight, size, options = setting(seed, axes, most=5 - axes)
        x = np.random.default_rng(seed).normal(size=(weight.shape[1] * options["groups"], *size))
        y = OURS[axes](x, weight, **options)
        np.testing.assert_allclose(build(axes, weight, size, **options) @ x.ravel(), y.ravel(), atol=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_the_transpose_is_torchs_transposed_convolution(seed):
    weight, (length,), options = setting(seed, 1)
    matrix = conv_matrix1d(weight, length, **options)
    y = np.random.default_rng(seed).normal(size=(len(weight), len(matrix) // len(weight)))
    span = options["dilation"][0] * (weight.shape[2] - 1) + 1
    extra = (length + 2 * options["padding"][0] - span) % options["stride"][0]
    options["padding"] = (0,)  # cropped by hand, so that any padding is allowed
    x = F.conv_transpose1d(torch.tensor(y), torch.tensor(weight), **options).numpy()
    padding = setting(seed, 1)[2]["padding"][0]
    x = np.pad(x, ((0, 0), (0, extra)))[:, padding : padding + length]
    np.testing.assert_allclose(matrix.T @ y.ravel(), x.ravel(), atol=1e-12)


@pytest.mark.parametrize(("taps", "length"), [(1, 1), (1, 4), (2, 5), (3, 3), (4, 9)])
def test_without_options_it_is_scipys_toeplitz_matrix(taps, length):
    weight = np.arange(1.0, taps + 1)
    row = np.pad(weight, (0, length - taps))
    column = np.pad(weight[:1], (0, length - taps))
    np.testing.assert_array_equal(conv_matrix1d(weight, length), linalg.toeplitz(column, row))


@pytest.mark.parametrize(("taps", "length"), [(1, 1), (2, 5), (3, 3), (4, 9), (5, 2)])
def test_with_full_padding_and_a_flipped_kernel_it_is_scipys_convolution_matrix(taps, length):
    weight = np.arange(1.0, taps + 1)
    expected = linalg.convolution_matrix(weight, length)
    np.testing.assert_array_equal(conv_matrix1d(weight[::-1].copy(), length, padding=taps - 1), expected)


def test_times_a_picture_is_scipys_correlation():
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(2, 3)), rng.normal(size=(5, 7))
    y = conv_matrix2d(weight, x.shape) @ x.ravel()
    np.testing.assert_allclose(y, signal.correlate(x, weight, "valid").ravel())


@pytest.mark.parametrize("seed", range(20))
def test_a_separable_kernel_gives_a_kronecker_product(seed):
    weight, size, options = setting(seed, 2, channels=False)
    u, v = weight[0, 0, :, 0].copy(), weight[0, 0, 0].copy()
    stride, padding, dilation = (options[name] for name in ("stride", "padding", "dilation"))
    own = [{"stride": s, "padding": p, "dilation": d} for s, p, d in zip(stride, padding, dilation, strict=True)]
    product = kron(conv_matrix1d(u, size[0], **own[0]), conv_matrix1d(v, size[1], **own[1]))
    np.testing.assert_allclose(conv_matrix2d(np.outer(u, v), size, **options), product)


@pytest.mark.parametrize("seed", range(20))
def test_a_stride_keeps_some_rows_of_the_matrix_without_stride(seed):
    weight, (length,), options = setting(seed, 1, channels=False)
    stride = options.pop("stride")[0]
    dense = conv_matrix1d(weight[0, 0], length, **options)
    kept = sampling_matrix(len(dense), stride) @ dense
    np.testing.assert_array_equal(conv_matrix1d(weight[0, 0], length, stride=stride, **options), kept)


@pytest.mark.parametrize("axes", [1, 2])
def test_is_linear_in_the_weight(axes):
    weight, size, options = setting(5, axes)
    ones = build(axes, weight**0, size, **options)
    got = build(axes, 2 * weight - 3, size, **options)
    np.testing.assert_allclose(got, 2 * build(axes, weight, size, **options) - 3 * ones, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_is_the_weighted_sum_of_the_tap_matrices(seed):
    weight, (length,), options = setting(seed, 1, channels=False)
    own = {name: options[name][0] for name in ("stride", "padding", "dilation")}
    taps = tap_matrices(length, weight.shape[2], **own)
    np.testing.assert_array_equal(np.tensordot(weight[0, 0], taps, 1), conv_matrix1d(weight[0, 0], length, **own))


def test_tap_matrices_pick_the_samples_of_each_tap():
    x = np.arange(1.0, 8)
    padded = np.pad(x, 2)
    for t, taps in enumerate(tap_matrices(7, 3, stride=2, padding=2, dilation=2)):
        np.testing.assert_array_equal(taps @ x, padded[2 * t :][: 2 * len(taps) : 2])


@pytest.mark.parametrize(
    ("length", "stride", "phase"), [(1, 1, 0), (5, 2, 0), (5, 2, 4), (6, 4, 3), (3, 9, 1), (9, 2, 5)]
)
def test_sampling_matrix_is_a_slice(length, stride, phase):
    np.testing.assert_array_equal(sampling_matrix(length, stride, phase), np.eye(length)[phase::stride])
    sparse = sampling_matrix(length, stride, phase, like=np.zeros(0, "float32"), sparse=True)
    np.testing.assert_array_equal(sparse.toarray(), np.eye(length, dtype="float32")[phase::stride], strict=True)


def test_kron_is_numpys():
    a, b = np.arange(6).reshape(2, 3) - 2, np.arange(4.0).reshape(1, 4)
    np.testing.assert_array_equal(kron(a, b), np.kron(a, b))


@pytest.mark.parametrize("stride", range(1, 4))
def test_count_is_that_of_the_built_matrix(stride):
    for n, k, s, p, d in (case for case in COUNTS if case[2] == stride):
        matrix = conv_matrix1d(np.ones(k), n, stride=s, padding=p, dilation=d)
        assert count_nonzeros(n, k, s, p, d) == np.count_nonzero(matrix)


def test_on_two_axes_the_count_is_the_product():
    matrix = conv_matrix2d(np.ones((2, 3)), (5, 4), stride=(2, 1), padding=(1, 4), dilation=(3, 2))
    assert np.count_nonzero(matrix) == count_nonzeros(5, 2, 2, 1, 3) * count_nonzeros(4, 3, 1, 4, 2)


def test_a_separable_kernel_on_three_axes_is_a_kronecker_product_of_three():
    u, v, w = np.arange(1.0, 3), np.arange(1.0, 4), np.array([2.0, -1.0])
    weight = u[:, None, None] * v[:, None] * w
    each = [conv_matrix1d(u, 4), conv_matrix1d(v, 5, padding=2), conv_matrix1d(w, 3, stride=2)]
    got = conv_matrix3d(weight, (4, 5, 3), padding=(0, 2, 0), stride=(1, 1, 2))
    np.testing.assert_allclose(got, kron(kron(each[0], each[1]), each[2]))


def test_count_does_not_build_anything():
    assert count_nonzeros(10**30, 3, padding=1) == 3 * 10**30 - 2


def arrays_of_every_function(weight):
    yield conv_matrix1d(weight, 5, stride=2, padding=1)
    yield conv_matrix1d(weight[None, None, :], 5, groups=1)
    yield conv_matrix2d(weight[None, :], (2, 4), padding=(1, 0))
    yield conv_matrix3d(weight[None, :, None], (2, 4, 1), padding="same")
    yield sampling_matrix(5, 2, 1, like=weight)
    yield tap_matrices(5, 3, like=weight)
    yield kron(weight[None, :], weight[:, None])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_library_dtype_and_device_follow_the_weight(dtype, array, to_numpy):
    values = np.array([2, -3, 5], dtype)
    weight = array(values)
    for got, expected in zip(arrays_of_every_function(weight), arrays_of_every_function(values), strict=True):
        assert array_api_compat.array_namespace(got) is array_api_compat.array_namespace(weight)
        assert (got.dtype, array_api_compat.device(got)) == (weight.dtype, array_api_compat.device(weight))
        np.testing.assert_array_equal(to_numpy(got), expected, strict=True)


def test_gradients_reach_the_weight():
    weight = torch.tensor([1.0, -2.0], requires_grad=True)
    (conv_matrix1d(weight, 4, padding=1) @ torch.arange(1.0, 5)).sum().backward()
    assert weight.grad.tolist() == [10.0, 10.0]


def test_the_weight_stays_as_it_is():
    weight = np.arange(24.0).reshape(4, 2, 3)
    conv_matrix1d(weight, 5, groups=2)
    np.testing.assert_array_equal(weight, np.arange(24.0).reshape(4, 2, 3))


def test_a_read_only_flipped_weight_is_fine():
    weight = np.arange(1.0, 4)[::-1]
    weight.flags.writeable = False
    np.testing.assert_array_equal(conv_matrix1d(weight, 3), [[3, 2, 1]])


@pytest.mark.parametrize("name", ["length", "stride", "padding", "dilation", "groups"])
@pytest.mark.parametrize("value", [-1, 1.5, 2.0, True, None, "2"], ids=repr)
def test_a_bad_argument_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        conv_matrix1d(**{"weight": np.ones((2, 1, 3)), "length": 5} | {name: value})


@pytest.mark.parametrize("name", ["size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [(1, 2, 3), (1, -1), (1.0, 2), ()], ids=repr)
def test_a_bad_pair_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        conv_matrix2d(**{"weight": np.ones((2, 2)), "size": (5, 4)} | {name: value})


@pytest.mark.parametrize("value", [(1, 2), 0, 1.5, ()], ids=repr)
def test_a_bad_triple_is_refused_by_its_name(value):
    for name in ("size", "stride", "dilation"):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            conv_matrix3d(**{"weight": np.ones((2, 2, 1)), "size": (5, 4, 3)} | {name: value})


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (2, 0, 3), (1, 1, 1, 3)])
def test_a_weight_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="^weight must have"):
        conv_matrix1d(np.ones(shape), 5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv_matrix1d(np.ones((3, 1, 2)), 5, groups=2), "groups=2 must divide the 3"),
        (lambda: conv_matrix1d(np.ones(6), 5), "no window fits"),
        (lambda: conv_matrix1d(np.ones(2), 5, stride=2, padding="same"), 'padding="same" needs stride 1'),
        (lambda: conv_matrix1d(np.ones(2), 5, padding="full"), "^padding must be"),
        (lambda: conv_matrix1d(np.ones((3, 1, 2)), 5, groups=2, sparse=True), "groups=2 must divide the 3"),
        (lambda: sampling_matrix(5, 2, 5), "phase must be below"),
        (lambda: sampling_matrix(5, 2, -1), "phase must be"),
        (lambda: sampling_matrix(0, 2), "length must be"),
        (lambda: sampling_matrix(5, 0), "stride must be"),
        (lambda: tap_matrices(5, 0), "kernel_size must be"),
        (lambda: count_nonzeros(5, 3, stride=0), "stride must be"),
        (lambda: count_nonzeros(2, 3), "no window fits"),
        (lambda: kron(np.ones(2), np.ones((2, 2))), "kron takes two matrices"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(call, words):
    with pytest.raises(ValueError, match=words):
        call()
