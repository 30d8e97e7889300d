"""conv1d, conv2d and conv3d against torch, SciPy and onnx, on odd sizes and with another value on each axis."""

from itertools import product

import array_api_compat
import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx.reference import ReferenceEvaluator
from scipy import signal

from resampling import convolution
from resampling.convolution import conv1d, conv2d, conv3d

OURS, TORCHS = {1: conv1d, 2: conv2d, 3: conv3d}, {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
GOOD = {"input": np.ones((2, 4, 7)), "weight": np.ones((6, 2, 3)), "groups": 2}


def setting(seed, axes):
    """Random shapes and options for which at least one window fits."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, dilation, padding, stride = draw(1, 5 if axes < 3 else 4), draw(1, 4), draw(0, 4), draw(1, 4)
    spans = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = [max(1, span) + int(rng.integers(0, 6)) for span in spans]
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    batch = [(), (0,), (1,), (3,)][seed % 4]
    x, w = rng.normal(size=(*batch, groups * share, *size)), rng.normal(size=(groups * outs, share, *kernel))
    bias = rng.normal(size=groups * outs) if rng.integers(2) else None
    return x, w, bias, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_equals_torch(axes, dtype, agrees):
    for seed in range(120 if axes < 3 else 60):
        *arrays, options = setting(seed, axes)
        arrays = [a if a is None else a.astype(dtype) for a in arrays]
        expected = TORCHS[axes](*(a if a is None else torch.tensor(a) for a in arrays), **options)
        agrees(OURS[axes], expected, *arrays, **options, atol=1e-4 if dtype == "float32" else None)


def test_equals_torch_on_every_small_grid():
    x, w = np.random.default_rng(0).normal(size=(2, 1, 1, 7))
    count = 0
    for n, k, s, p, d in product(range(1, 8), range(1, 6), range(1, 5), range(4), range(1, 4)):
        options = {"stride": s, "padding": p, "dilation": d}
        if n + 2 * p > d * (k - 1):
            expected = F.conv1d(torch.tensor(x[..., :n]), torch.tensor(w[..., :k]), **options).numpy()
            got = conv1d(x[..., :n], w[..., :k], **options)
            assert got.shape == expected.shape
            assert np.abs(got - expected).max() < 1e-12
            count += 1
        else:
            with pytest.raises(ValueError, match="no window fits"):
                conv1d(x[..., :n], w[..., :k], **options)
    assert count > 1000


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_equals_correlation_of_scipy(axes):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, w = rng.normal(size=rng.integers(4, 7, axes)), rng.normal(size=rng.integers(1, 5, axes))
        expected = signal.correlate(x, w, "valid", method="direct")
        np.testing.assert_allclose(OURS[axes](x[None], w[None, None])[0], expected, atol=1e-12)


def test_equals_onnx():
    for seed in range(2, 42, 4):
        x, w, _, o = setting(seed, 2)
        node = onnx.helper.make_node(
            "Conv", ["x", "w"], ["y"], strides=o["stride"], pads=o["padding"] * 2, dilations=o["dilation"],
            group=o["groups"],
        )  # fmt: skip
        (expected,) = ReferenceEvaluator(node).run(None, {"x": x, "w": w})
        np.testing.assert_allclose(conv2d(x, w, **o), expected, atol=1e-12)


@pytest.mark.parametrize("tile", [1, 50, 1000])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_tiles_do_not_change_the_result(axes, tile, monkeypatch, agrees):
    monkeypatch.setattr(convolution, "TILE", tile)
    for seed in range(20):
        *arrays, options = setting(seed, axes)
        expected = TORCHS[axes](*(a if a is None else torch.tensor(a) for a in arrays), **options)
        agrees(OURS[axes], expected, *arrays, **options)


def test_gradients_flow_through_tiles(monkeypatch):
    monkeypatch.setattr(convolution, "TILE", 50)
    test_gradients_are_torchs(2, 6)
    x, w, _, options = setting(6, 1)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, w)]
    assert torch.autograd.gradgradcheck(lambda *a: conv1d(*a, **options), leaves)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays(dtype):
    x, w = torch.arange(-3, 4).to(dtype)[None], torch.tensor([[[2, -1]]], dtype=dtype)
    torch.testing.assert_close(conv1d(x, w), F.conv1d(x, w))
    if dtype is torch.float16:
        assert conv1d(x.numpy(), w.numpy()).dtype == "float16"


def test_infinite_samples_stay_in_their_windows(agrees):
    x = np.array([[1.0, 2, np.inf, 3, 4, np.nan, 5, 6]])
    agrees(conv1d, F.conv1d(torch.tensor(x), torch.ones(1, 1, 2).double()), x, np.ones((1, 1, 2)))


def test_every_form_of_an_option_is_taken():
    x, w = np.ones((1, 2, 9, 8)), np.ones((3, 2, 2, 3))
    expected = F.conv2d(torch.tensor(x), torch.tensor(w), None, 2, 1, 2).numpy()
    for two, one in (((2, 2), (1, 1)), ([2], [1]), ((2,), (1,)), (np.int64(2), np.int8(1)), (2, (1, 1))):
        np.testing.assert_array_equal(conv2d(x, w, None, two, one, two), expected)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("seed", range(20))
def test_padding_in_words_is_torchs(axes, padding, seed):
    x, w, bias, options = setting(4 * seed + 3, axes)
    x = np.pad(x, [(0, 0)] * 2 + [(0, 9)] * axes)
    options |= {"padding": padding, "stride": 1}
    expected = TORCHS[axes](*(a if a is None else torch.tensor(a) for a in (x, w, bias)), **options)
    np.testing.assert_allclose(OURS[axes](x, w, bias, **options), expected, atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("seed", range(2, 42, 4))
def test_gradients_are_torchs(axes, seed):
    def gradients(conv):
        leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
        conv(*leaves, **options).pow(2).sum().backward()
        return [leaf.grad for leaf in leaves]

    *arrays, options = setting(seed, axes)
    arrays = [a for a in arrays if a is not None]
    torch.testing.assert_close(gradients(OURS[axes]), gradients(TORCHS[axes]))


@pytest.mark.parametrize("axes", [1, 2])
def test_every_library_gives_the_same(axes, array, to_numpy):
    *arrays, options = setting(27, axes)
    got = OURS[axes](*(a if a is None else array(a) for a in arrays), **options)
    assert array_api_compat.array_namespace(got) is array_api_compat.array_namespace(array(0))
    np.testing.assert_allclose(to_numpy(got), OURS[axes](*arrays, **options))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_dtype_and_device_follow_the_input(dtype, array, to_numpy):
    x, w = array(np.arange(-3, 4)[None].astype(dtype)), array(np.array([[[2, -1]]], dtype))
    got = conv1d(x, w)
    assert (got.dtype, array_api_compat.device(got)) == (x.dtype, array_api_compat.device(x))
    np.testing.assert_array_equal(to_numpy(got), [[-4, -3, -2, -1, 0, 1]])


def test_is_linear_in_the_input_and_in_the_weight():
    x, w, _, options = setting(11, 2)
    np.testing.assert_allclose(
        conv2d(2 * x - 1, w, **options), 2 * conv2d(x, w, **options) - conv2d(x**0, w, **options)
    )
    np.testing.assert_allclose(
        conv2d(x, 2 * w - 1, **options), 2 * conv2d(x, w, **options) - conv2d(x, w**0, **options)
    )


def test_arguments_stay_as_they_are():
    x, w, bias, options = setting(3, 2)
    before = [a if a is None else a.copy() for a in (x, w, bias)]
    conv2d(x, w, bias, **options)
    np.testing.assert_equal([x, w, bias], before)


def test_read_only_and_non_contiguous_arguments_are_fine():
    x, w = np.arange(24.0).reshape(4, 6).T, np.arange(8.0).reshape(1, 2, 4).transpose(0, 2, 1)[:, ::-1]
    x.flags.writeable = w.flags.writeable = False
    expected = F.conv1d(torch.tensor(x[:4].copy()), torch.tensor(w.copy()))
    np.testing.assert_allclose(conv1d(x[:4], w), expected)


@pytest.mark.parametrize("name", ["stride", "dilation", "groups"])
@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, True, None], ids=repr)
def test_a_bad_option_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        conv1d(**GOOD | {name: value})


@pytest.mark.parametrize("value", [-1, 1.0, True, None, "full", (1, 2)], ids=repr)
def test_a_bad_padding_is_refused_by_its_name(value):
    with pytest.raises(ValueError, match="^padding must be"):
        conv1d(**GOOD | {"padding": value})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"groups": 3}, "input has 4 channels"),
        ({"weight": np.ones((5, 2, 3))}, "groups=2 must divide the 5 output channels"),
        ({"weight": np.ones((6, 2, 0))}, "weight must have 3 axes"),
        ({"weight": np.ones((6, 2))}, "weight must have 3 axes"),
        ({"weight": np.ones((6, 2, 8))}, "no window fits"),
        ({"dilation": 4}, "no window fits"),
        ({"input": np.ones(7)}, "input must have"),
        ({"input": np.ones((1, 2, 4, 7))}, "input must have"),
        ({"bias": np.ones(5)}, "bias must have shape"),
        ({"bias": np.ones((6, 1))}, "bias must have shape"),
        ({"bias": np.ones(6, "float32")}, "bias must have the dtype of input"),
        ({"weight": np.ones((6, 2, 3), "float32")}, "weight must have the dtype of input"),
        ({"input": np.ones((2, 4, 0)), "padding": 2}, "input must have"),
        ({"padding": "same", "stride": 2}, 'padding="same" needs stride 1'),
        ({"padding": np.ones(2)}, r"padding must be a whole number >= 0, got array"),
        ({"input": [[1.0, 2.0]]}, r"^input must be an array, got \[\[1.0, 2.0\]\]"),
        ({"weight": None}, "^weight must be an array, got None"),
        ({"bias": [0.0] * 6}, "^bias must be an array"),
        ({"input": np.ones((4, 7), bool), "weight": np.ones((6, 2, 3), bool)}, "^input must hold numbers, got bool"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_with_the_rule(bad, words):
    with pytest.raises(ValueError, match=words):
        conv1d(**GOOD | bad)
