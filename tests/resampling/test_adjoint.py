"""Adjoints against torch's backward pass and the transposed matrix; least squares against the pseudo-inverse."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling.adjoint import (
    conv1d_adjoint,
    conv2d_adjoint,
    conv3d_adjoint,
    conv_transpose1d_adjoint,
    conv_transpose2d_adjoint,
    conv_transpose3d_adjoint,
    is_adjoint,
    lstsq_deconvolve,
    matrix_of,
)
from resampling.convolution import conv1d, conv2d, conv3d
from resampling.convolution_matrix import conv_matrix1d, conv_matrix2d, conv_matrix3d
from resampling.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d

CONV, TORCHS = {1: conv1d, 2: conv2d, 3: conv3d}, {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
MATRIX = {1: conv_matrix1d, 2: conv_matrix2d, 3: conv_matrix3d}
ADJOINT = {1: conv1d_adjoint, 2: conv2d_adjoint, 3: conv3d_adjoint}
TRANSPOSE = {1: conv_transpose1d, 2: conv_transpose2d, 3: conv_transpose3d}
TORCHS_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
TRANSPOSE_ADJOINT = {1: conv_transpose1d_adjoint, 2: conv_transpose2d_adjoint, 3: conv_transpose3d_adjoint}
AXES = pytest.mark.parametrize("axes", [1, 2, 3])


def setting(seed, axes):
    """Whole shape of the input, weight and options; padding may exceed the kernel, sizes are no multiples of s."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, dilation, padding, stride = draw(1, 6 - axes), draw(1, 4), draw(0, 5), draw(1, 5)
    spans = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = tuple(max(1, span) + int(rng.integers(0, 4)) for span in spans)
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    batch = [(), (0,), (1,), (2,)][seed % 4]
    weight = rng.normal(size=(groups * outs, share, *kernel))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (*batch, groups * share, *size), weight, options


def transposed_setting(seed, axes):
    """The same for a transposed convolution; an output padding may reach s, when d is larger."""
    rng = np.random.default_rng([10 + axes, seed])
    draw = lambda low, high: np.array(rng.integers(low, high, axes))  # noqa: E731
    kernel, dilation, stride = draw(1, 6 - axes), draw(1, 5), draw(1, 4)
    extra = draw(0, 10) % np.maximum(stride, dilation)
    size = draw(1, 5)
    padding = np.minimum(draw(0, 5), (stride * (size - 1) + dilation * (kernel - 1) + extra) // 2)
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    batch = [(), (0,), (1,), (2,)][seed % 4]
    weight = rng.normal(size=(groups * share, outs, *kernel))
    names = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}
    options = {name: tuple(map(int, values)) for name, values in names.items()} | {"groups": groups}
    return (*batch, groups * share, *map(int, size)), weight, options


def torchs_adjoint(layer, shape, weight, options, seed=0):
    """Random upstream gradient of `layer`, and what torch's backward pass makes of it."""
    x = torch.zeros(shape, dtype=torch.tensor(weight).dtype, requires_grad=True)
    y = layer(x, torch.tensor(weight), **options)
    upstream = torch.randn(y.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(seed))
    return upstream.numpy(), torch.autograd.grad(y, x, upstream)[0].numpy()


# --------------------------------------------------------------------------- of convolutions


@AXES
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_of_a_convolution_is_torchs_backward(axes, dtype, agrees):
    for seed in range(80):
        shape, weight, options = setting(seed, axes)
        weight = weight.astype(dtype)
        upstream, expected = torchs_adjoint(TORCHS[axes], shape, weight, options)
        agrees(ADJOINT[axes], expected, upstream, weight, shape[-axes:], **options)


@AXES
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_of_a_convolution_with_padding_in_words_is_torchs_backward(axes, agrees):
    for padding, seed in product(("same", "valid"), range(16)):
        shape, weight, options = setting(seed, axes)
        shape = tuple(
            n + 9 if place >= len(shape) - axes and padding == "valid" else n for place, n in enumerate(shape)
        )
        options |= {"padding": padding, "stride": 1}
        upstream, expected = torchs_adjoint(TORCHS[axes], shape, weight, options)
        agrees(ADJOINT[axes], expected, upstream, weight, shape[-axes:], **options)


def test_of_a_convolution_is_the_transposed_matrix_on_every_small_grid(agrees):
    rng = np.random.default_rng(0)
    for n, k, s, p, d in product(range(1, 7), range(1, 4), range(1, 5), range(4), range(1, 3)):
        if n + 2 * p > d * (k - 1):
            weight = rng.normal(size=(1, 1, k))
            matrix = conv_matrix1d(weight, n, stride=s, padding=p, dilation=d)
            y = rng.normal(size=(1, len(matrix)))
            agrees(conv1d_adjoint, (matrix.T @ y[0])[None], y, weight, n, s, p, d)


@AXES
def test_of_a_transposed_convolution_is_torchs_backward(axes, agrees):
    for seed in range(80):
        shape, weight, options = transposed_setting(seed, axes)
        upstream, expected = torchs_adjoint(TORCHS_TRANSPOSE[axes], shape, weight, options)
        agrees(TRANSPOSE_ADJOINT[axes], expected, upstream, weight, **options)


def test_of_a_transposed_convolution_is_the_transposed_matrix_on_every_small_grid(agrees):
    rng = np.random.default_rng(0)
    for n, k, s, p, d in product(range(1, 4), range(1, 4), range(1, 4), range(3), range(1, 4)):
        for op in range(max(s, d)):
            if s * (n - 1) - 2 * p + d * (k - 1) + op >= 0:
                weight = rng.normal(size=(1, 1, k))
                x = torch.eye(n, dtype=torch.float64)[:, None]
                columns = F.conv_transpose1d(x, torch.tensor(weight), None, s, p, op, 1, d)[:, 0].numpy()
                y = rng.normal(size=(1, columns.shape[1]))
                agrees(conv_transpose1d_adjoint, (columns @ y[0])[None], y, weight, s, p, op, 1, d)


@AXES
def test_adjoint_pairs_satisfy_the_identity(axes):
    for seed in range(2, 42, 4):
        shape, weight, options = setting(seed, axes)
        there = lambda x, w=weight, o=options: CONV[axes](x, w, **o)  # noqa: E731
        back = lambda y, w=weight, n=shape[-axes:], o=options: ADJOINT[axes](y, w, n, **o)  # noqa: E731
        assert is_adjoint(there, back, shape)
        assert is_adjoint(back, there, there(np.zeros(shape)).shape)
        shape, weight, options = transposed_setting(seed, axes)
        there = lambda x, w=weight, o=options: TRANSPOSE[axes](x, w, **o)  # noqa: E731
        back = lambda y, w=weight, o=options: TRANSPOSE_ADJOINT[axes](y, w, **o)  # noqa: E731
        assert is_adjoint(there, back, shape)


def test_the_worked_example(agrees):
    weight = np.array([[[1.0, 2.0]]])
    agrees(conv1d_adjoint, np.array([[5.0, 18.0, 16.0]]), np.array([[5.0, 8.0]]), weight, 3)


def test_the_picture_of_nine_numbers_comes_back_as_four_by_four_or_six_by_six():
    x, weight = np.arange(1.0, 10).reshape(1, 3, 3), np.array([[[[2.0, 3.0], [5.0, 7.0]]]])
    painted = np.zeros((6, 6))
    for i, j in product(range(3), repeat=2):
        painted[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] += x[0, i, j] * weight[0, 0]
    np.testing.assert_array_equal(conv2d_adjoint(x, weight, (6, 6), stride=2)[0], painted)
    np.testing.assert_array_equal(conv2d_adjoint(x, weight, 4)[0, 0], [2, 2 * 2 + 3, 3 * 2 + 2 * 3, 3 * 3])


def test_samples_that_no_window_reads_get_zero():
    got = conv1d_adjoint(np.ones((1, 2)), np.ones((1, 1, 2)), 9, stride=5)
    np.testing.assert_array_equal(got, [[1, 1, 0, 0, 0, 1, 1, 0, 0]])


@AXES
def test_gradients_flow_through_as_through_torch(axes):
    for seed in range(2, 22, 4):
        shape, weight, options = setting(seed, axes)
        upstream, _ = torchs_adjoint(TORCHS[axes], shape, weight, options)
        ours, theirs = ([torch.tensor(a, requires_grad=True) for a in (upstream, weight)] for _ in range(2))
        ADJOINT[axes](*ours, shape[-axes:], **options).pow(2).sum().backward()
        x = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        y = TORCHS[axes](x, theirs[1], **options)
        torch.autograd.grad(y, x, theirs[0], create_graph=True)[0].pow(2).sum().backward()
        torch.testing.assert_close([a.grad for a in ours], [a.grad for a in theirs])


def test_read_only_and_non_contiguous_arguments_are_fine():
    shape, weight, options = setting(3, 2)
    upstream, expected = torchs_adjoint(F.conv2d, shape, weight, options)
    upstream, weight = np.asfortranarray(upstream), np.asfortranarray(weight)
    upstream.flags.writeable = weight.flags.writeable = False
    np.testing.assert_allclose(conv2d_adjoint(upstream, weight, shape[2:], **options), expected, atol=1e-12)


GOOD = {"output": np.ones((2, 6, 3)), "weight": np.ones((6, 2, 3)), "input_size": 5, "groups": 2}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"input_size": 6}, r"output must have the sizes \(4,\) that the convolution makes of input_size = \(6,\)"),
        ({"input_size": 2}, "no window fits"),
        ({"input_size": 0}, "^input_size must be"),
        ({"input_size": (5, 5)}, "^input_size must be"),
        ({"input_size": 5.0}, "^input_size must be"),
        ({"output": np.ones((2, 5, 3))}, "^output must have the 6 channels"),
        ({"output": np.ones(3)}, "^output must have 2 or 3 axes"),
        ({"output": np.ones((1, 2, 6, 3))}, "^output must have 2 or 3 axes"),
        ({"output": np.ones((2, 6, 0))}, "^output must have 2 or 3 axes"),
        ({"weight": np.ones((6, 3))}, "^weight must have 3 axes"),
        ({"weight": np.ones((6, 0, 3))}, "^weight must have 3 axes"),
        ({"weight": np.ones((6, 2, 3), "float32")}, "^weight must have the dtype"),
        ({"stride": 0}, "^stride must be"),
        ({"dilation": True}, "^dilation must be"),
        ({"padding": -1}, "^padding must be"),
        ({"padding": "full"}, "^padding must be"),
        ({"padding": "same", "stride": 2}, 'padding="same" needs stride 1'),
        ({"groups": 4}, "groups"),
        ({"groups": 1.0}, "^groups must be"),
    ],
    ids=repr,
)
def test_of_a_convolution_refuses_what_does_not_fit(bad, words):
    assert conv1d_adjoint(**GOOD).shape == (2, 4, 5)
    with pytest.raises(ValueError, match=words):
        conv1d_adjoint(**GOOD | bad)


GOOD_TRANSPOSE = {"output": np.ones((2, 4, 6)), "weight": np.ones((6, 2, 3)), "stride": 2, "padding": 1, "groups": 2,
                  "output_padding": 1}  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"output_padding": 2}, r"^output_padding must be below max\(stride, dilation\) = 2, got 2"),
        ({"output_padding": 0}, r"^output must have a size 1 \+ 2 \* m"),
        ({"output_padding": -1}, "^output_padding must be"),
        ({"output": np.ones((2, 4, 1))}, "^output must have a size 2"),
        ({"output": np.ones((2, 3, 6))}, r"^output must have the 2 \* 2 channels"),
        ({"output": np.ones((4,))}, "^output must have 2 or 3 axes"),
        ({"weight": np.ones((6, 2))}, "^weight must have 3 axes"),
        ({"stride": (2, 2)}, "^stride must be"),
        ({"dilation": 0}, "^dilation must be"),
        ({"padding": "same"}, "^padding must be"),
        ({"groups": 0}, "^groups must be"),
        ({"weight": np.ones((5, 2, 3))}, "groups=2 must divide"),
    ],
    ids=repr,
)
def test_of_a_transposed_convolution_refuses_what_does_not_fit(bad, words):
    assert conv_transpose1d_adjoint(**GOOD_TRANSPOSE).shape == (2, 6, 3)
    with pytest.raises(ValueError, match=words):
        conv_transpose1d_adjoint(**GOOD_TRANSPOSE | bad)


# --------------------------------------------------------------------------- is_adjoint


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_a_matrix_and_its_transpose_pass_and_a_small_error_does_not(seed, dtype, array):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(7, 12)) + (1j * rng.normal(size=(7, 12)) if dtype == "complex128" else 0)
    matrix, transpose, wrong = (array(a.astype(dtype)) for a in (values, values.conj().T, values.conj().T + 0.01))
    flat = lambda m, shape: lambda x: (m @ x.reshape(-1)).reshape(shape)  # noqa: E731
    if not hasattr(matrix, "reshape"):
        import array_api_strict as xp

        flat = lambda m, shape: lambda x: xp.reshape(m @ xp.reshape(x, (-1,)), shape)  # noqa: E731
    assert is_adjoint(flat(matrix, (7,)), flat(transpose, (3, 4)), (3, 4), like=matrix, seed=seed)
    assert not is_adjoint(flat(matrix, (7,)), flat(wrong, (3, 4)), (3, 4), like=matrix, seed=seed)


def test_one_wrong_number_in_a_large_matrix_is_seen():
    matrix = np.random.default_rng(0).normal(size=(300, 200))
    wrong = matrix.T.copy()
    wrong[17, 230] += 1e-3
    assert is_adjoint(lambda x: matrix @ x, lambda y: matrix.T @ y, 200)
    assert not is_adjoint(lambda x: matrix @ x, lambda y: wrong @ y, 200)


def test_a_fourier_transform_has_its_adjoint_and_not_its_inverse():
    like = np.zeros(0, complex)
    assert is_adjoint(np.fft.fft, lambda y: 8 * np.fft.ifft(y), 8, like=like)
    assert not is_adjoint(np.fft.fft, np.fft.ifft, 8, like=like)


@pytest.mark.parametrize("forward", [lambda x: np.maximum(x, 0), lambda x: x + 1, lambda x: x**2, np.cumsum, np.flip])
def test_what_is_not_linear_or_not_symmetric_is_not_its_own_adjoint(forward):
    assert is_adjoint(forward, forward, 9) == (forward is np.flip)


@pytest.mark.parametrize("trials", [1, 10])
def test_the_zero_map_and_not_a_number(trials):
    assert is_adjoint(lambda x: 0 * x, lambda y: 0 * y, 4, trials=trials)
    assert not is_adjoint(lambda x: x * np.nan, lambda y: y * np.nan, 4, trials=trials)


def test_rtol_widens_what_passes():
    almost = {"forward": lambda x: x, "adjoint": lambda y: y * (1 + 1e-6), "input_size": 5}
    assert not is_adjoint(**almost)
    assert is_adjoint(**almost, rtol=1e-5)


def test_common_mistakes_are_no_adjoints():
    weight = np.random.default_rng(1).normal(size=(3, 2, 4))
    there = lambda x: conv1d(x, weight, stride=2, padding=1)  # noqa: E731
    back = lambda y: conv1d_adjoint(y, weight, 9, stride=2, padding=1)  # noqa: E731
    flipped = lambda y: conv1d_adjoint(y, weight[..., ::-1], 9, stride=2, padding=1)  # noqa: E731
    shifted = lambda y: np.roll(back(y), 1, axis=-1)  # noqa: E731
    assert is_adjoint(there, back, (5, 2, 9))
    assert not is_adjoint(there, flipped, (5, 2, 9))
    assert not is_adjoint(there, shifted, (5, 2, 9))


def test_pairs_are_random_and_the_seed_decides():
    def trace(seed):
        seen = []
        is_adjoint(lambda x: seen.append(x) or x, lambda y: seen.append(y) or y, 3, seed=seed, trials=2)
        return np.array(seen)

    assert len(np.unique(trace(0))) == 12
    np.testing.assert_array_equal(trace(4), trace(4))
    assert (trace(4) != trace(5)).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"adjoint": lambda y: y[:-1]},
            r"adjoint must return the shape .* input_size = \(5,\); .*\(5,\).* made \(4,\)",
        ),
        ({"input_size": 0}, "^input_size must be"),
        ({"input_size": (2, -1)}, "^input_size must be"),
        ({"input_size": 2.5}, "^input_size must be"),
        ({"trials": 0}, "^trials must be"),
        ({"like": np.zeros(1, int)}, "^like must have a floating dtype"),
    ],
)
def test_is_adjoint_refuses_what_does_not_fit(change, words):
    with pytest.raises(ValueError, match=words):
        is_adjoint(**{"forward": lambda x: x, "adjoint": lambda y: y, "input_size": 5} | change)


# --------------------------------------------------------------------------- matrix_of


@AXES
def test_the_matrix_of_a_convolution_is_that_of_its_taps(axes, agrees, array):
    for seed in range(2, 42, 4):
        shape, weight, options = setting(seed, axes)
        expected = MATRIX[axes](weight, shape[-axes:] if axes > 1 else shape[-1], **options)
        given = array(weight)
        own = lambda like, w=given, n=shape[1:], o=options: matrix_of(  # noqa: E731
            lambda x: CONV[axes](x, w, **o), n, like=like
        )
        own.__name__ = "matrix_of"
        agrees(own, expected, weight)


@AXES
def test_the_matrix_of_the_adjoint_is_the_transpose(axes):
    for seed in range(2, 42, 4):
        shape, weight, options = transposed_setting(seed, axes)
        there = matrix_of(lambda x, w=weight, o=options: TRANSPOSE[axes](x, w, **o), shape)
        size = TRANSPOSE[axes](np.zeros(shape), weight, **options).shape
        back = matrix_of(lambda y, w=weight, o=options: TRANSPOSE_ADJOINT[axes](y, w, **o), size)
        np.testing.assert_allclose(back, there.T, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_the_matrix_follows_like(dtype, agrees):
    own = lambda like: matrix_of(lambda x: x[::2], 5, like=like)  # noqa: E731
    own.__name__ = "matrix_of"
    agrees(own, np.eye(5, dtype=dtype)[::2], np.zeros(0, dtype))


def test_the_matrix_takes_axes_in_the_order_of_memory():
    np.testing.assert_array_equal(matrix_of(np.transpose, (2, 3)) @ np.arange(6), np.arange(6).reshape(2, 3).T.ravel())


def test_the_matrix_lets_gradients_through():
    scale = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    matrix_of(lambda x: scale * x, 4, like=scale).sum().backward()
    assert scale.grad == 4


# --------------------------------------------------------------------------- lstsq_deconvolve


def problem(seed, axes):
    """A convolution, its dense matrix, and data that no input explains."""
    shape, weight, options = setting(4 * seed + 2, axes)
    matrix = MATRIX[axes](weight, shape[-axes:] if axes > 1 else shape[-1], **options)
    y = np.random.default_rng(seed).normal(size=CONV[axes](np.zeros(shape), weight, **options).shape)
    return shape, weight, options, matrix, y


def good(matrix, most=300):
    """Whether the conditioning lets two ways of computing agree."""
    values = np.linalg.svd(matrix, compute_uv=False)
    values = values[values > 1e-12 * values[0]] if values[0] else values
    return values[-1] and values[0] < most * values[-1]


@AXES
def test_deconvolution_is_the_pseudo_inverse(axes, agrees):
    tried = 0
    for seed in range(16):
        shape, weight, options, matrix, y = problem(seed, axes)
        if good(matrix):
            tried += 1
            expected = (np.linalg.pinv(matrix, rcond=1e-12) @ y.ravel()).reshape(shape)
            more = {"tol": 1e-13, "max_iterations": 4 * matrix.shape[1], "rtol": 1e-7, "atol": 1e-8}
            agrees(lstsq_deconvolve, expected, y, weight, shape[-axes:], **options, **more)
    assert tried >= 8


@AXES
def test_deconvolution_with_damping_solves_the_normal_equations(axes, agrees):
    for seed, damping in product(range(6), (0.01, 2.0)):
        shape, weight, options, matrix, y = problem(seed, axes)
        normal = matrix.T @ matrix + damping * np.eye(matrix.shape[1])
        expected = np.linalg.solve(normal, matrix.T @ y.ravel()).reshape(shape)
        more = {"damping": damping, "tol": 1e-13, "max_iterations": 999, "rtol": 1e-7, "atol": 1e-8}
        agrees(lstsq_deconvolve, expected, y, weight, shape[-axes:], **options, **more)


def test_the_worked_example_of_deconvolution(agrees):
    expected = np.array([[3 / 7, 16 / 7, 20 / 7]])
    agrees(lstsq_deconvolve, expected, np.array([[5.0, 8.0]]), np.array([[[1.0, 2.0]]]), 3)
    agrees(lstsq_deconvolve, expected.astype("f4"), np.array([[5, 8]], "f4"), np.array([[[1, 2]]], "f4"), 3)


def test_the_length_of_the_solution_is_the_least_of_all_that_fit():
    x = lstsq_deconvolve(np.array([[5.0, 8.0]]), np.array([[[1.0, 2.0]]]), 3)
    for t in (-1.0, 0.1, 1.0):
        other = x + t * np.array([[4.0, -2.0, 1.0]])  # the convolution does not see this vector
        np.testing.assert_allclose(conv1d(other, np.array([[[1.0, 2.0]]])), [[5, 8]])
        assert np.linalg.norm(other) > np.linalg.norm(x)


def test_what_a_convolution_with_full_rank_did_is_undone():
    x, weight = np.random.default_rng(0).normal(size=(2, 2, 9)), np.random.default_rng(1).normal(size=(4, 2, 3))
    y = conv1d(x, weight, padding=2)
    np.testing.assert_allclose(lstsq_deconvolve(y, weight, 9, padding=2, tol=1e-12), x, atol=1e-9)
    y = conv1d(x, np.ones((2, 2, 3)), padding="same")
    assert lstsq_deconvolve(y, np.ones((2, 2, 3)), 9, padding="same").shape == x.shape


def test_each_sample_of_a_batch_is_solved_by_itself():
    rng = np.random.default_rng(0)
    y, weight = rng.normal(size=(3, 2, 4)) * np.array([1.0, 1e6, 0.0])[:, None, None], rng.normal(size=(2, 1, 3))
    together, history = lstsq_deconvolve(y, weight, 9, stride=2, tol=1e-12, return_residuals=True)
    assert history.shape[1:] == (3,)
    for alone, x in zip(y, together, strict=True):
        np.testing.assert_allclose(lstsq_deconvolve(alone, weight, 9, stride=2, tol=1e-12), x, rtol=1e-9, atol=1e-9)
    assert (together[2] == 0).all()


def test_a_batch_of_none_gives_none():
    x, history = lstsq_deconvolve(np.ones((0, 1, 3)), np.ones((1, 1, 2)), 4, return_residuals=True)
    assert (x.shape, history.shape) == ((0, 1, 4), (1, 0))


@AXES
def test_the_history_is_that_of_the_residual_and_never_rises(axes):
    shape, weight, options, _, y = problem(1, axes)
    _, history = lstsq_deconvolve(y, weight, shape[-axes:], **options, tol=1e-10, return_residuals=True)
    assert (np.diff(history, axis=0) <= 1e-9).all()
    for count in range(len(history)):
        x = lstsq_deconvolve(y, weight, shape[-axes:], **options, tol=0, max_iterations=count)
        residual = (CONV[axes](x, weight, **options) - y).reshape(len(y), -1)
        np.testing.assert_allclose(np.linalg.norm(residual, axis=1), history[count], atol=1e-7)
    assert (lstsq_deconvolve(y, weight, shape[-axes:], **options, max_iterations=0) == 0).all()


def test_it_ends_after_as_many_steps_as_there_are_different_singular_values():
    y, weight = np.random.default_rng(0).normal(size=(1, 6)), np.array([[[3.0, 4.0]]])
    _, history = lstsq_deconvolve(y, weight, 12, stride=2, return_residuals=True)
    assert history.shape == (2,)


def test_tol_decides_when_it_ends():
    y, weight = np.random.default_rng(0).normal(size=(1, 40)), np.array([[[1.0, 2.0, -0.5]]])
    lengths = []
    for tol in (1e-1, 1e-4, 1e-8):
        x, history = lstsq_deconvolve(y, weight, 42, tol=tol, return_residuals=True)
        slope = lambda x: conv1d_adjoint(y - conv1d(x, weight), weight, 42)  # noqa: E731
        assert np.linalg.norm(slope(x)) <= 1.001 * tol * np.linalg.norm(slope(0 * x))
        lengths.append(len(history))
    assert lengths[0] < lengths[1] < lengths[2] < 42


def test_gradients_reach_the_data_through_the_iterations():
    y = torch.tensor([[5.0, 8.0]], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([[[1.0, 2.0]]], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda y: lstsq_deconvolve(y, weight, 3, tol=1e-12), y)
    np.testing.assert_allclose(jacobian.reshape(3, 2), np.linalg.pinv(conv_matrix1d(np.array([1.0, 2]), 3)), atol=1e-9)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"damping": -1}, "^damping must be at least 0, got -1"),
        ({"damping": float("nan")}, "^damping must be at least 0, got nan"),
        ({"tol": -1e-3}, "^tol must be at least 0, got -0.001"),
        ({"tol": None}, "^tol must be at least 0, got None"),
        ({"max_iterations": -1}, "^max_iterations must be"),
        ({"max_iterations": 1.5}, "^max_iterations must be"),
        ({"weight": np.ones((1, 2))}, "^weight must have 3, 4 or 5 axes"),
        ({"weight": np.ones((1,) * 6)}, "^weight must have 3, 4 or 5 axes"),
        (
            {"output": np.ones((1, 2), int), "weight": np.ones((1, 1, 2), int)},
            "^output must have a real floating dtype",
        ),
        ({"output": np.ones((2, 2))}, "^output must have the 1 channels"),
        ({"output": np.ones(2)}, "^output must have 2 or 3 axes"),
        ({"input_size": 5}, "^output must have the sizes"),
    ],
    ids=repr,
)
def test_deconvolution_refuses_what_does_not_fit(bad, words):
    with pytest.raises(ValueError, match=words):
        lstsq_deconvolve(**{"output": np.ones((1, 2)), "weight": np.ones((1, 1, 2)), "input_size": 3} | bad)
