"""Padding against torch and NumPy, its adjoint against the inner product, TensorFlow's rules against its guide."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling.convolution import conv1d
from resampling.grid_sizes import conv_output_size
from resampling.padding import pad, pad_adjoint, pad_axes, same_padding, tf_output_size, tf_transposed_output_size
from resampling.transposed_convolution import conv_transpose1d

MODES = ("constant", "reflect", "replicate", "circular")
BORDERS = MODES[1:]


def torch_pad(x, sides, mode, value=None):
    return F.pad(torch.tensor(x), sides, mode, value).numpy()


def sides_of(seed, axes, n, mode):
    """(before, after) an axis that `mode` can give to axes of `n` samples; crops where torch defines them."""
    rng = np.random.default_rng([seed, axes])
    while True:
        low = 0 if mode == "circular" else -2
        sides = tuple(map(int, rng.integers(low, n, 2 * axes)))
        if all(n + a + b > 0 for a, b in zip(sides[::2], sides[1::2], strict=True)):
            return sides


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_equals_torch(axes, mode, agrees):
    for seed in range(25):
        x = np.random.default_rng(seed).normal(size=(2, 3, *(4, 5, 6)[:axes]))
        sides = sides_of(seed, axes, 4, mode)
        agrees(pad, torch_pad(x, sides, mode), x, sides, mode)


@pytest.mark.parametrize("mode", MODES)
def test_equals_torch_or_refuses_as_torch_on_every_small_grid(mode):
    for n, before, after in product(range(1, 6), range(-6, 8), range(-6, 8)):
        if mode == "circular" and min(before, after) < 0:
            continue  # torch returns uninitialised numbers for some of these
        x = np.arange(1.0, n + 1)[None]
        try:
            expected = torch_pad(x, (before, after), mode)
        except RuntimeError:
            with pytest.raises(ValueError, match="pad="):
                pad(x, (before, after), mode)
        else:
            np.testing.assert_array_equal(pad(x, (before, after), mode), expected)


def test_circular_repeats_what_a_crop_leaves():
    x = np.array([0, 1, 2, 3])
    np.testing.assert_array_equal(pad(x, (-1, 2), "circular"), [1, 2, 3, 1, 2])
    np.testing.assert_array_equal(pad(x, (2, -1), "circular"), [1, 2, 0, 1, 2])
    np.testing.assert_array_equal(pad(x, (-1, 2), "circular"), torch_pad(x[None], (-1, 2), "circular")[0])
    with pytest.raises(ValueError, match="can add at most 1 samples"):
        pad(x, (2, -3), "circular")


@pytest.mark.parametrize(("mode", "numpys"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
def test_equals_numpy_on_any_number_of_axes(mode, numpys, agrees):
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 6))
    agrees(pad, np.pad(x, [(2, 1)] * 4, mode=numpys), x, (2, 1) * 4, mode)
    agrees(pad, np.pad(x[0, 0, 0], (2, 5 if mode != "circular" else 6), mode=numpys), x[0, 0, 0],
           (2, 5 if mode != "circular" else 6), mode)  # fmt: skip


@pytest.mark.parametrize("value", [None, 0, 1.5, -2, float("inf"), float("nan")])
def test_the_constant_is_any_number(value, agrees):
    x = np.arange(6.0).reshape(2, 3)
    agrees(pad, torch_pad(x, (1, -1, 0, 2), "constant", value), x, (1, -1, 0, 2), value=value)


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "uint8", "float32"])
@pytest.mark.parametrize("value", [None, 0, 1, 1.5, 0.5])
def test_dtype_stays_and_the_constant_follows_it(dtype, value, agrees):
    x = np.array([[0, 1, 1]], dtype)
    agrees(pad, torch_pad(x, (1, 2), "constant", value), x, (1, 2), value=value)


@pytest.mark.parametrize("mode", BORDERS)
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_every_dtype_has_borders(mode, dtype, agrees):
    x = np.array([0, 1, 1], dtype)
    agrees(pad, pad(x.astype("float64"), (2, 1), mode).astype(dtype), x, (2, 1), mode)


def test_nothing_to_pad_and_empty_arrays(agrees):
    x = np.arange(6.0).reshape(2, 3)
    agrees(pad, x, x, ())
    for mode in MODES:
        agrees(pad, x, x, (0, 0), mode)
        agrees(pad, np.ones((0, 5)), np.ones((0, 3)), (1, 1), mode)
        assert not np.shares_memory(pad(x, (0, 0), mode), x)
        assert not np.shares_memory(pad_adjoint(x, (0, 0), mode), x)
    agrees(pad, np.zeros((2, 3)), np.ones((2, 0)), (1, 2))
    agrees(pad, np.ones((2, 0)), x, (-1, -2))


def test_read_only_and_non_contiguous_arguments_are_fine():
    x = np.arange(12.0).reshape(3, 4).T[::-1]
    x.flags.writeable = False
    for mode in MODES:
        np.testing.assert_array_equal(pad(x, (1, 2), mode), torch_pad(x.copy(), (1, 2), mode))


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_torchs_and_the_adjoint(mode):
    x = torch.arange(24.0, dtype=torch.float64).reshape(1, 2, 3, 4).requires_grad_()
    sides = (2, 1, 1, 2)
    upstream = torch.randn(1, 2, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (mine,) = torch.autograd.grad(pad(x, sides, mode), x, upstream)
    (theirs,) = torch.autograd.grad(F.pad(x, sides, mode), x, upstream)
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(pad_adjoint(upstream, sides, mode), theirs)


@pytest.mark.parametrize("mode", MODES)
def test_the_adjoint_is_the_transposed_matrix(mode, agrees):
    for n, before, after in product(range(1, 5), range(-4, 6), range(-4, 6)):
        try:
            matrix = pad(np.eye(n), (before, after), mode)  # row j: what basis vector j becomes
        except ValueError:
            if n + before + after >= 0:
                with pytest.raises(ValueError, match="pad="):
                    pad_adjoint(np.ones(n + before + after), (before, after), mode)
            continue
        v = np.arange(1.0, 1 + matrix.shape[1])
        agrees(pad_adjoint, matrix @ v, v, (before, after), mode)


@pytest.mark.parametrize("mode", MODES)
def test_the_adjoint_on_several_axes(mode, agrees):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, sides = rng.normal(size=(2, 4, 5)), sides_of(seed, 2, 4, mode)
        y = pad(x, sides, mode)
        v = rng.normal(size=y.shape)
        np.testing.assert_allclose(np.vdot(y, v), np.vdot(x, pad_adjoint(v, sides, mode)))
        agrees(pad_adjoint, pad_adjoint(v, sides, mode), v, sides, mode)


def test_a_sample_that_is_not_a_number_stays_alone_in_the_adjoint():
    got = pad_adjoint(np.array([1, np.nan, 3, 4, 5]), (1, 1), "reflect")
    np.testing.assert_array_equal(got, [np.nan, 9, 4])


@pytest.mark.parametrize("function", [pad, pad_adjoint])
@pytest.mark.parametrize("sides", [(1,), 1, (1, 1, 1), (1, 1) * 3, "11", None], ids=repr)
def test_a_bad_list_of_sides_is_refused(function, sides):
    with pytest.raises(ValueError, match="^pad must hold .before, after. for at most 2 axes"):
        function(np.ones((2, 3)), sides)


@pytest.mark.parametrize("function", [pad, pad_adjoint])
@pytest.mark.parametrize("side", [1.0, True, None, "1"], ids=repr)
def test_a_bad_side_is_refused(function, side):
    with pytest.raises(ValueError, match="^pad must be a whole number"):
        function(np.ones((2, 3)), (0, side))


@pytest.mark.parametrize("function", [pad, pad_adjoint])
@pytest.mark.parametrize("mode", ["edge", "zeros", None])
def test_a_bad_mode_is_refused(function, mode):
    with pytest.raises(ValueError, match="^mode must be one of constant, reflect, replicate, circular"):
        function(np.ones((2, 3)), (1, 1), mode)


@pytest.mark.parametrize("mode", BORDERS)
def test_a_constant_belongs_to_its_mode(mode):
    with pytest.raises(ValueError, match="^value belongs to"):
        pad(np.ones((2, 3)), (1, 1), mode, 1.0)
    np.testing.assert_array_equal(pad(np.ones((2, 3)), (1, 1), mode, 0), np.ones((2, 5)))  # as torch


def test_an_adjoint_of_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="cannot give the 3 samples"):
        pad_adjoint(np.ones(3), (2, 2))


def test_pad_axes_takes_the_first_axis_first(agrees):
    x = np.ones((2, 3, 4))
    agrees(pad_axes, np.pad(x, [(0, 0), (1, 2), (3, 0)]), x, [(1, 2), (3, 0)])


GRID = list(product(range(1, 12), range(1, 6), range(1, 5), range(1, 4)))


def test_same_and_valid_are_tensorflows():
    for n, k, s, d in GRID:
        before, after = same_padding(n, k, s, d)
        total = max(d * (k - 1) + 1 - s, 0) if n % s == 0 else max(d * (k - 1) + 1 - n % s, 0)  # TensorFlow's guide
        assert (before, after) == (total // 2, total - total // 2)
        padded = pad(np.ones((1, n)), (before, after))
        assert conv1d(padded, np.ones((1, 1, k)), stride=s, dilation=d).shape[1] == tf_output_size(n, k, s, d)
        assert tf_output_size(n, k, s, d) == -(-n // s)
        if n > d * (k - 1):
            assert tf_output_size(n, k, s, d, "valid") == conv_output_size(n, k, s, 0, d)


def test_stride_one_same_is_torchs():
    for k, d in product(range(1, 6), range(1, 4)):
        x, w = np.arange(1.0, 10)[None], np.arange(1.0, k + 1)[None, None]
        np.testing.assert_array_equal(
            conv1d(x, w, padding="same", dilation=d), conv1d(pad(x, same_padding(9, k, 1, d)), w, dilation=d)
        )


def test_the_transposed_layer_undoes_the_size():
    for n, k, s, d in GRID:
        assert tf_transposed_output_size(n, k, s, d) == s * n
        assert tf_output_size(s * n, k, s, d) == n
        valid = tf_transposed_output_size(n, k, s, d, "VALID")
        assert valid == s * n + max(d * (k - 1) + 1 - s, 0)  # Keras, deconv_output_length
        assert tf_output_size(valid, k, s, d, "VALID") == n
        full = conv_transpose1d(np.ones((1, n)), np.ones((1, 1, k)), stride=s, dilation=d).shape[1]
        assert valid == max(full, s * n)
        assert sum(same_padding(s * n, k, s, d)) == max(0, full - s * n)


@pytest.mark.parametrize("function", [same_padding, tf_output_size, tf_transposed_output_size])
@pytest.mark.parametrize("name", ["length", "kernel_size", "stride", "dilation"])
@pytest.mark.parametrize("value", [0, 1.0, True, None], ids=repr)
def test_a_bad_number_is_refused_by_its_name(function, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        function(**{"length": 5, "kernel_size": 3} | {name: value})


@pytest.mark.parametrize("function", [tf_output_size, tf_transposed_output_size])
@pytest.mark.parametrize("value", ["FULL", 1, None], ids=repr)
def test_a_bad_padding_in_words_is_refused(function, value):
    with pytest.raises(ValueError, match='^padding must be "SAME" or "VALID"'):
        function(5, 3, padding=value)


def test_valid_needs_a_window():
    with pytest.raises(ValueError, match="no window fits"):
        tf_output_size(3, 4, padding="VALID")


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *[("int32", value) for value in (np.inf, np.nan, 2.0**31, "x", None.__class__, 1j, [1])],
        *[("uint8", value) for value in (-1, 256, 255.5)],
        ("float32", 1e300),
        ("float64", 1j),
        ("float64", "x"),
        ("bool", 1j),
    ],
    ids=str,
)
def test_a_value_that_the_dtype_lacks_is_refused(dtype, value, array):
    with pytest.raises(ValueError, match="^value must be a number that .* holds, got"):
        pad(array(np.ones(3, dtype)), (1, 1), value=value)


@pytest.mark.parametrize("x", [np.ones(3, "float16"), torch.ones(3).half()], ids=["numpy", "torch"])
def test_a_value_beyond_float16_is_refused(x):
    with pytest.raises(ValueError, match="^value must be a number that .*float16 holds, got 1000000.0"):
        pad(x, (1, 1), value=1e6)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("int32", 1.5),
        ("int32", -1.5),
        ("uint8", 255),
        ("bool", 2.0),
        ("float32", np.inf),
        ("float64", np.nan),
        ("float64", True),
        ("float64", np.float32(2.5)),
        ("complex128", 1 - 2j),
    ],
    ids=str,
)
def test_a_value_becomes_of_the_dtype_as_in_torch(dtype, value, agrees):
    x = np.ones((2, 3), dtype)
    expected = torch.nn.functional.pad(torch.tensor(x), (1, 0), value=float(value)) if dtype != "complex128" else None
    expected = np.pad(x, ((0, 0), (1, 0)), constant_values=value) if expected is None else expected
    agrees(pad, expected, x, (1, 0), value=value)


def test_a_value_may_be_an_array_of_no_axes(array, to_numpy):
    np.testing.assert_array_equal(to_numpy(pad(array(np.ones(1)), (1, 0), value=array(np.array(2.5)))), [2.5, 1])


@pytest.mark.parametrize("mode", [["reflect"], np.ones(2), None], ids=repr)
def test_a_mode_of_another_type_is_refused(mode):
    for call in (lambda: pad(np.ones(3), (1, 1), mode), lambda: pad_adjoint(np.ones(3), (1, 1), mode)):
        with pytest.raises(ValueError, match="^mode must be one of"):
            call()
