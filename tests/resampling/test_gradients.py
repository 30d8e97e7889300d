"""Gradients by hand against torch.nn.grad, torch's autograd and central differences."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling import gradients
from resampling.convolution import conv1d, conv2d
from resampling.gradients import (
    conv1d_backward,
    conv1d_input,
    conv1d_weight,
    conv2d_backward,
    conv2d_input,
    conv2d_weight,
    conv3d_backward,
    conv3d_input,
    conv3d_weight,
    conv_transpose1d_backward,
    conv_transpose2d_backward,
    conv_transpose3d_backward,
    gradcheck,
)
from resampling.transposed_convolution import conv_transpose2d

AXES = pytest.mark.parametrize("axes", [1, 2, 3])
INPUT = {1: conv1d_input, 2: conv2d_input, 3: conv3d_input}
WEIGHT = {1: conv1d_weight, 2: conv2d_weight, 3: conv3d_weight}
BACKWARD = {1: conv1d_backward, 2: conv2d_backward, 3: conv3d_backward}
TRANSPOSE_BACKWARD = {1: conv_transpose1d_backward, 2: conv_transpose2d_backward, 3: conv_transpose3d_backward}
TORCHS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TORCHS_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def setting(seed, axes, batches=((), (0,), (1,), (3,))):
    """Input, weight and options of a convolution; sizes are no multiples of the stride."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, dilation, padding, stride = draw(1, 6 - axes), draw(1, 4), draw(0, 5), draw(1, 5)
    spans = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = tuple(max(1, span) + int(rng.integers(0, 4)) for span in spans)
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    x = rng.normal(size=(*batches[seed % len(batches)], groups * share, *size))
    weight = rng.normal(size=(groups * outs, share, *kernel))
    return x, weight, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def transposed_setting(seed, axes):
    """The same for a transposed convolution; an output padding may reach s, when d is larger."""
    rng = np.random.default_rng([10 + axes, seed])
    draw = lambda low, high: np.array(rng.integers(low, high, axes))  # noqa: E731
    kernel, dilation, stride, size = draw(1, 6 - axes), draw(1, 5), draw(1, 4), draw(1, 5)
    extra = draw(0, 10) % np.maximum(stride, dilation)
    padding = np.minimum(draw(0, 5), (stride * (size - 1) + dilation * (kernel - 1) + extra) // 2)
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    x = rng.normal(size=(*[(), (0,), (1,), (3,)][seed % 4], groups * share, *size))
    weight = rng.normal(size=(groups * share, outs, *kernel))
    names = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}
    return x, weight, {name: tuple(map(int, values)) for name, values in names.items()} | {"groups": groups}


def torchs_backward(layer, x, weight, options, outputs):
    """A random upstream gradient, and what torch's autograd makes of it for input, weight and bias."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, weight, np.zeros(outputs, x.dtype))]
    y = layer(*leaves, **options)
    upstream = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(0))
    return upstream.numpy(), tuple(g.numpy() for g in torch.autograd.grad(y, leaves, upstream))


@AXES
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_backward_of_a_convolution_is_torchs(axes, dtype, agrees):
    for seed in range(60):
        x, weight, options = setting(seed, axes)
        x, weight = x.astype(dtype), weight.astype(dtype)
        upstream, expected = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        agrees(BACKWARD[axes], expected, upstream, x, weight, **options, atol=1e-4 if dtype == "float32" else None)


@AXES
def test_input_and_weight_gradients_are_those_of_torch_nn_grad(axes, agrees):
    theirs = {part: getattr(torch.nn.grad, f"conv{axes}d_{part}") for part in ("input", "weight")}
    for seed in range(30):
        x, weight, options = setting(seed, axes, batches=((1,), (3,)))
        upstream, _ = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        g = torch.tensor(upstream)
        agrees(INPUT[axes], theirs["input"](x.shape, torch.tensor(weight), g, **options),
               x.shape, weight, upstream, **options)  # fmt: skip
        agrees(WEIGHT[axes], theirs["weight"](torch.tensor(x), weight.shape, g, **options),
               x, weight.shape, upstream, **options)  # fmt: skip


def test_arguments_stand_in_torchs_order():
    x, weight, options = setting(3, 1)
    upstream, expected = torchs_backward(F.conv1d, x, weight, options, len(weight))
    ordered = [options[name] for name in ("stride", "padding", "dilation", "groups")]
    np.testing.assert_allclose(conv1d_input(list(x.shape), weight, upstream, *ordered), expected[0], atol=1e-12)
    np.testing.assert_allclose(conv1d_weight(x, torch.Size(weight.shape), upstream, *ordered), expected[1], atol=1e-12)


@AXES
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_backward_of_a_convolution_with_padding_in_words_is_torchs(axes, agrees):
    for padding, seed in product(("same", "valid"), range(12)):
        x, weight, options = setting(seed, axes)
        x = np.pad(x, [(0, 0)] * (x.ndim - axes) + [(0, 9)] * axes) if padding == "valid" else x
        options |= {"padding": padding, "stride": 1}
        upstream, expected = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        agrees(BACKWARD[axes], expected, upstream, x, weight, **options)


def test_backward_of_a_convolution_on_every_small_grid(agrees):
    rng = np.random.default_rng(0)
    for n, k, s, p, d in product(range(1, 6), range(1, 4), range(1, 4), range(3), range(1, 3)):
        if n + 2 * p > d * (k - 1):
            x, weight, options = rng.normal(size=(1, n)), rng.normal(size=(1, 1, k)), {"stride": s, "padding": p}
            upstream, expected = torchs_backward(F.conv1d, x, weight, options | {"dilation": d}, 1)
            agrees(conv1d_backward, expected, upstream, x, weight, s, p, d)


@AXES
def test_backward_of_a_transposed_convolution_is_torchs(axes, agrees):
    for seed in range(60):
        x, weight, options = transposed_setting(seed, axes)
        outputs = weight.shape[1] * options["groups"]
        upstream, expected = torchs_backward(TORCHS_TRANSPOSE[axes], x, weight, options, outputs)
        agrees(TRANSPOSE_BACKWARD[axes], expected, upstream, x, weight, **options)


def test_backward_of_a_transposed_convolution_on_every_small_grid(agrees):
    rng = np.random.default_rng(0)
    for n, k, s, p, d in product(range(1, 4), range(1, 4), range(1, 4), range(3), range(1, 4)):
        for op in range(max(s, d)):
            if s * (n - 1) - 2 * p + d * (k - 1) + op >= 0:
                x, weight = rng.normal(size=(1, n)), rng.normal(size=(1, 1, k))
                options = {"stride": s, "padding": p, "output_padding": op, "dilation": d}
                upstream, expected = torchs_backward(F.conv_transpose1d, x, weight, options, 1)
                agrees(conv_transpose1d_backward, expected, upstream, x, weight, s, p, op, 1, d)


def test_the_worked_example(agrees):
    x, weight, ones = np.array([[1.0, 2.0, 3.0]]), np.array([[[1.0, 2.0]]]), np.array([[1.0, 1.0]])
    expected = np.array([[1.0, 3.0, 2.0]]), np.array([[[3.0, 5.0]]]), np.array([2.0])
    agrees(conv1d_backward, expected, ones, x, weight)


@AXES
@pytest.mark.parametrize("columns", [1, 300])
def test_a_weight_gradient_is_the_same_in_pieces(axes, columns, monkeypatch):
    monkeypatch.setattr(gradients, "COLUMNS", columns)
    for seed in range(12):
        x, weight, options = setting(seed, axes, batches=((), (1,), (5,)))
        upstream, expected = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        np.testing.assert_allclose(WEIGHT[axes](x, weight.shape, upstream, **options), expected[1], atol=1e-11)


@AXES
def test_a_weight_gradient_is_a_convolution_whose_stride_and_dilation_changed_places(axes):
    for seed in range(10):
        x, weight, options = setting(seed, axes, batches=((2,),))
        options["groups"] = 1
        weight = np.resize(weight, (len(weight), x.shape[1], *weight.shape[2:]))
        upstream, _ = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        swapped = {"stride": options["dilation"], "dilation": options["stride"], "padding": options["padding"]}
        turned = TORCHS[axes](*(torch.tensor(a).transpose(0, 1) for a in (x, upstream)), **swapped).transpose(0, 1)
        inside = tuple(slice(k) for k in weight.shape[2:])  # samples that no window read would make more taps
        got = WEIGHT[axes](x, weight.shape, upstream, **options)
        np.testing.assert_allclose(got, turned[(..., *inside)], atol=1e-11)


def test_depthwise_and_large_kernels_on_pictures(agrees):
    rng = np.random.default_rng(0)
    for groups, k, size in ((8, 3, (19, 14)), (1, 7, (13, 22)), (4, 1, (9, 9))):
        x, weight = rng.normal(size=(2, 8, *size)), rng.normal(size=(8, 8 // groups, k, k))
        options = {"stride": 2, "padding": (k // 2, 0), "groups": groups}
        upstream, expected = torchs_backward(F.conv2d, x, weight, options, 8)
        agrees(conv2d_backward, expected, upstream, x, weight, **options)


@AXES
def test_gradients_of_the_gradients_are_torchs(axes):
    for seed in range(0, 24, 4):
        x, weight, options = setting(seed, axes, batches=((2,),))
        upstream, _ = torchs_backward(TORCHS[axes], x, weight, options, len(weight))
        ours, theirs = ([torch.tensor(a, requires_grad=True) for a in (upstream, x, weight)] for _ in range(2))
        sum(part.pow(2).sum() for part in BACKWARD[axes](*ours, **options)).backward()
        g, *leaves = theirs
        bias = torch.zeros(len(weight), dtype=torch.float64, requires_grad=True)
        y = TORCHS[axes](*leaves, bias, **options)
        sum(part.pow(2).sum() for part in torch.autograd.grad(y, [*leaves, bias], g, create_graph=True)).backward()
        torch.testing.assert_close([a.grad for a in ours], [a.grad for a in theirs])


def test_read_only_and_non_contiguous_arguments_are_fine():
    x, weight, options = setting(3, 2)
    upstream, expected = torchs_backward(F.conv2d, x, weight, options, len(weight))
    given = [np.asfortranarray(a) for a in (upstream, x, weight)]
    for a in given:
        a.flags.writeable = False
    for mine, theirs in zip(conv2d_backward(*given, **options), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-11)


GOOD = {"grad_output": np.ones((2, 6, 3)), "input": np.ones((2, 4, 5)), "weight": np.ones((6, 2, 3)), "groups": 2}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"grad_output": np.ones((2, 6, 4))}, r"^grad_output must be what the layer returns, \(2, 6, 3\) of float64"),
        ({"grad_output": np.ones((6, 3))}, "^grad_output must be what the layer returns"),
        ({"grad_output": np.ones((2, 5, 3))}, "^grad_output must be what the layer returns"),
        ({"grad_output": np.ones((2, 6, 3), "f4")}, "^grad_output must be what the layer returns.* of float32"),
        ({"input": np.ones((2, 4, 7))}, "^grad_output must be what the layer returns"),
        ({"input": np.ones((3, 4, 5))}, "^grad_output must be what the layer returns"),
        ({"input": np.ones((2, 3, 5))}, "^weight_size must be .* for 3 input channels"),
        ({"input": np.ones(5)}, "^input must have 2 or 3 axes"),
        ({"weight": np.ones((6, 2))}, "^weight_size must have 3 numbers"),
        ({"weight": np.ones((6, 2, 3), "f4")}, "^weight must have the dtype"),
        ({"weight": np.ones((6, 2, 6))}, "no window fits"),
        ({"weight": np.ones((5, 2, 3)), "grad_output": np.ones((2, 5, 3))}, "^weight_size must be .* groups=2"),
        ({"groups": 1}, "^weight_size must be"),
        ({"groups": True}, "^groups must be"),
        ({"stride": 0}, "^stride must be"),
        ({"padding": 1.5}, "^padding must be"),
        ({"dilation": (1, 1)}, "^dilation must be"),
    ],
    ids=repr,
)
def test_backward_of_a_convolution_refuses_what_does_not_fit(bad, words):
    assert len(conv1d_backward(**GOOD)) == 3
    with pytest.raises(ValueError, match=words):
        conv1d_backward(**GOOD | bad)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((2, 4, 6), "^output must have the sizes"),
        ((3, 4, 5), r"^input_size must have the batch of grad_output \(2, 6, 3\), got \(3, 4, 5\)"),
        ((4, 5), "^input_size must have the batch"),
        ((2, 5, 5), r"^input_size must have 2 \* 2 channels"),
        ((5,), "^input_size must have 2 or 3 numbers"),
        (5, "^input_size must have 2 or 3 numbers"),
        ((2, 4, 0), "^input_size must be a whole number >= 1"),
        ((2, 4, 5.0), "^input_size must be"),
    ],
    ids=repr,
)
def test_an_input_size_that_does_not_fit_is_refused(size, words):
    with pytest.raises(ValueError, match=words):
        conv1d_input(size, GOOD["weight"], GOOD["grad_output"], groups=2)


@pytest.mark.parametrize("size", [(6, 2), 3, (6, 2, 0), (6, 2, 3, 1), (6, 2, 2.0), (6, 3, 3)], ids=repr)
def test_a_weight_size_that_does_not_fit_is_refused(size):
    with pytest.raises(ValueError, match="^weight_size must"):
        conv1d_weight(GOOD["input"], size, GOOD["grad_output"], groups=2)


GOOD_TRANSPOSE = {"grad_output": np.ones((2, 4, 6)), "input": np.ones((2, 6, 3)), "weight": np.ones((6, 2, 3)),
                  "stride": 2, "padding": 1, "groups": 2, "output_padding": 1}  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"grad_output": np.ones((2, 4, 8))}, r"^grad_output must be what the layer returns, \(2, 4, 6\)"),
        ({"grad_output": np.ones((2, 4, 6), "f4")}, "^grad_output must be what the layer returns"),
        ({"grad_output": np.ones((4, 6))}, "^grad_output must be what the layer returns"),
        ({"input": np.ones((2, 5, 3))}, "^weight must have 5 first channels"),
        ({"input": np.ones((2, 6, 3), "f4")}, "^weight must have the dtype"),
        ({"input": np.ones(3)}, "^input must have 2 or 3 axes"),
        ({"weight": np.ones((6, 2))}, "^weight must have 3 axes"),
        ({"output_padding": 2}, "^output_padding must be below"),
        ({"groups": 4, "grad_output": np.ones((2, 8, 6))}, "groups=4 must divide"),
        ({"groups": 0}, "^groups must be"),
        ({"padding": "same"}, "^padding must be"),
        ({"padding": 9}, "^padding must leave"),
    ],
    ids=repr,
)
def test_backward_of_a_transposed_convolution_refuses_what_does_not_fit(bad, words):
    assert len(conv_transpose1d_backward(**GOOD_TRANSPOSE)) == 3
    with pytest.raises(ValueError, match=words):
        conv_transpose1d_backward(**GOOD_TRANSPOSE | bad)


# --------------------------------------------------------------------------- gradcheck


@pytest.mark.parametrize("seed", range(4))
def test_gradcheck_finds_our_layers_right(seed, array):
    x, weight, options = setting(4 * seed + 2, 2)
    arrays = [array(a) for a in (x, weight, np.ones(len(weight)))]
    assert gradcheck(
        lambda x, w, b: conv2d(x, w, b, **options), lambda g, x, w, b: conv2d_backward(g, x, w, **options), arrays
    )
    x, weight, options = transposed_setting(4 * seed + 2, 2)
    assert gradcheck(
        lambda x, w: conv_transpose2d(x, w, **options),
        lambda g, x, w: conv_transpose2d_backward(g, x, w, **options)[:2],
        (array(x), array(weight)),
        seed=seed,
    )


@pytest.mark.parametrize(
    ("number", "spoil"),
    [
        (0, lambda gx: np.roll(gx, 1, -1)),
        (0, lambda gx: 2 * gx),
        (0, lambda gx: gx * np.nan),
        (1, lambda gw: gw[..., ::-1]),
        (1, lambda gw: -gw),
        (2, lambda gb: gb + 1),
        (2, lambda gb: gb / 2),
    ],
)
def test_gradcheck_finds_mistakes(number, spoil):
    x, weight, options = setting(3, 1)

    def backward(g, x, w, b):
        right = list(conv1d_backward(g, x, w, **options))
        right[number] = spoil(right[number])
        return right

    with pytest.raises(AssertionError, match=f"^gradient {number} differs at"):
        gradcheck(lambda x, w, b: conv1d(x, w, b, **options), backward, (x, weight, np.zeros(len(weight))))


def test_gradcheck_says_where():
    def backward(g, x, y):
        wrong = g * x
        wrong[1, 2] += 0.5
        return g * y, wrong

    with pytest.raises(
        AssertionError, match=r"^gradient 1 differs at 1 of 6 places, first at \(1, 2\): backward gives"
    ):
        gradcheck(lambda x, y: x * y, backward, (np.ones((2, 3)), np.full((2, 3), 2.0)))


def test_gradcheck_takes_one_array_a_scalar_and_an_empty_one():
    assert gradcheck(lambda x: x**3, lambda g, x: 3 * g * x**2, np.array([1.0, -2.0]))
    assert gradcheck(lambda x: np.sum(x**2), lambda g, x: 2 * g * x, np.arange(4.0))
    assert gradcheck(lambda x: x**2, lambda g, x: 2 * g * x, np.zeros((0, 3)))


def test_gradcheck_finds_the_kink_where_there_is_no_gradient():
    backward = lambda g, x: g * (x > 0)  # noqa: E731
    assert gradcheck(lambda x: np.maximum(x, 0), backward, np.array([1.0, -1.0]))
    with pytest.raises(AssertionError, match=r"first at \(1,\)"):
        gradcheck(lambda x: np.maximum(x, 0), backward, np.array([1.0, 0.0]))


def test_gradcheck_leaves_inputs_alone_and_tolerances_decide():
    x = np.arange(3.0) + 1
    x.flags.writeable = False
    almost = lambda g, x: 2 * g * x * 1.01  # noqa: E731
    assert gradcheck(lambda x: x**2, almost, x, rtol=0.02)
    with pytest.raises(AssertionError, match="^gradient 0"):
        gradcheck(lambda x: x**2, almost, x)
    assert gradcheck(lambda x: x**2, almost, x, rtol=0, atol=1)
    assert gradcheck(lambda x: x**2, lambda g, x: 2 * g * x, x, eps=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": np.ones(2, "float32")}, r"^inputs\[0\] must be float64.* float32"),
        ({"inputs": (np.ones(2), np.ones(2, int))}, r"^inputs\[1\] must be float64.* int64"),
        ({"backward": lambda g, x: (g, g)}, "^backward must return gradients of the shapes of the inputs"),
        ({"backward": lambda g, x: g[:1]}, r"^backward must return .*\[\(2,\)\], got \[\(1,\)\]"),
        ({"eps": 0}, "^eps must be above 0"),
        ({"eps": float("nan")}, "^eps must be above 0"),
        ({"eps": None}, "^eps must be above 0, got None"),
        ({"atol": "x"}, "^atol must be at least 0, got 'x'"),
        ({"rtol": -1}, "^rtol must be at least 0, got -1"),
        ({"inputs": [[1.0]]}, r"^inputs\[0\] must be an array, got \[1.0\]"),
    ],
)
def test_gradcheck_refuses_what_does_not_fit(change, words):
    with pytest.raises(ValueError, match=words):
        gradcheck(**{"func": lambda x, *_: x, "backward": lambda g, x, *_: g, "inputs": np.ones(2)} | change)


def test_a_torch_function_made_of_our_passes_satisfies_torchs_gradcheck():
    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight):
            ctx.save_for_backward(x, weight)
            return conv2d(x, weight, stride=2, padding=(1, 0))

        @staticmethod
        def backward(ctx, upstream):
            return conv2d_backward(upstream, *ctx.saved_tensors, stride=2, padding=(1, 0))[:2]

    leaves = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((2, 2, 4, 5), (3, 2, 3, 2))]
    assert torch.autograd.gradcheck(Layer.apply, leaves)
    assert torch.autograd.gradgradcheck(Layer.apply, leaves)
