"""Transposed convolution by four algorithms against torch, onnx, SciPy, and the definition of the adjoint."""

from itertools import product

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx.reference import ReferenceEvaluator
from scipy import signal

from resampling import convolution, transposed_convolution
from resampling.convolution import conv1d, conv2d, conv3d
from resampling.transposed_convolution import (
    ALGORITHMS,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    transposed_weight,
    zero_insert,
)

OURS = {1: conv_transpose1d, 2: conv_transpose2d, 3: conv_transpose3d}
TORCHS = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
CONV = {1: conv1d, 2: conv2d, 3: conv3d}
GOOD = {"input": np.ones((2, 4, 7)), "weight": np.ones((4, 3, 3)), "groups": 2}
EVERY = [None, *ALGORITHMS]
LINE, COMB = np.array([[1.0, 2, 3]]), np.array([[[1.0, 10, 100]]])


def setting(seed, axes, dtype="float64", most=5):
    """Random shapes and options, another value on each axis, for which something is left after the crop."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, dilation, stride, size = draw(1, most), draw(1, 4), draw(1, 5), draw(1, 5)
    extra = tuple(int(rng.integers(max(s, d))) for s, d in zip(stride, dilation, strict=True))
    full = [s * (n - 1) + d * (k - 1) + e for s, n, d, k, e in zip(stride, size, dilation, kernel, extra, strict=True)]
    padding = tuple(int(rng.integers(0, 1 + f // 2)) for f in full)
    groups, share, outs = map(int, rng.integers(1, 4, 3))
    batch = [(), (0,), (1,), (3,)][seed % 4]
    x = rng.normal(size=(*batch, groups * share, *size)).astype(dtype)
    w = rng.normal(size=(groups * share, outs, *kernel)).astype(dtype)
    bias = rng.normal(size=groups * outs).astype(dtype) if rng.integers(2) else None
    options = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}
    return x, w, bias, options | {"groups": groups}


def by_torch(axes, *arrays, **options):
    return TORCHS[axes](*(a if a is None else torch.tensor(a) for a in arrays), **options)


@pytest.mark.parametrize("algorithm", EVERY)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_equals_torch(axes, algorithm, agrees):
    for seed in range(60 if axes < 3 else 30):
        *arrays, options = setting(seed, axes, most=5 if axes < 3 else 4)
        agrees(OURS[axes], by_torch(axes, *arrays, **options), *arrays, **options, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", EVERY)
@pytest.mark.parametrize("axes", [1, 2])
def test_equals_torch_in_single_precision(axes, algorithm, agrees):
    for seed in range(20):
        *arrays, options = setting(seed, axes, "float32")
        expected = by_torch(axes, *arrays, **options)
        agrees(OURS[axes], expected, *arrays, **options, algorithm=algorithm, atol=1e-4)


def test_equals_torch_on_every_small_grid():
    x, w = np.random.default_rng(0).normal(size=(2, 1, 1, 5))
    count = 0
    for n, k, s, d in product(range(1, 5), range(1, 6), range(1, 6), range(1, 5)):
        for op in range(max(s, d)):
            for p in range((s * (n - 1) + d * (k - 1) + op) // 2 + 1):
                options = {"stride": s, "padding": p, "output_padding": op, "dilation": d}
                expected = by_torch(1, x[..., :n], w[..., :k], **options).numpy()
                for algorithm in ("scatter", "zero_insertion", "polyphase"):
                    got = conv_transpose1d(x[..., :n], w[..., :k], **options, algorithm=algorithm)
                    assert got.shape == expected.shape
                    assert np.abs(got - expected).max() < 1e-12
                count += 1
    assert count > 7000


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_is_the_adjoint_of_the_convolution(axes):
    for seed in range(2, 62, 4):
        x, w, _, options = setting(seed, axes)
        options.pop("output_padding")
        s, d = options["stride"], options["dilation"]
        spans = [b * (k - 1) + 1 - 2 * p for b, k, p in zip(d, w.shape[2:], options["padding"], strict=True)]
        size = [max(1, span + step * (n - 1)) for span, step, n in zip(spans, s, x.shape[2:], strict=True)]
        v = np.random.default_rng(seed).normal(size=(1, w.shape[1] * options["groups"], *size))
        y = CONV[axes](v, w, **options)
        x = np.random.default_rng(seed).normal(size=y.shape)
        back = OURS[axes](x, w, **options, output_size=size)
        np.testing.assert_allclose(np.vdot(y, x), np.vdot(v, back))


def test_equals_onnx():
    for seed in range(2, 42, 4):
        x, w, _, o = setting(seed, 2)
        o["groups"] = 1
        o["output_padding"] = tuple(min(e, s - 1) for e, s in zip(o["output_padding"], o["stride"], strict=True))
        o["padding"] = (0, 0)
        node = onnx.helper.make_node(
            "ConvTranspose", ["x", "w"], ["y"], strides=o["stride"], pads=o["padding"] * 2,
            output_padding=o["output_padding"], dilations=o["dilation"],
        )  # fmt: skip
        (expected,) = ReferenceEvaluator(node).run(None, {"x": x, "w": w})
        np.testing.assert_allclose(conv_transpose2d(x, w, **o), expected, atol=1e-11)


def test_without_crop_it_is_upfirdn_of_scipy():
    for n, k, s in product(range(1, 6), range(1, 7), range(1, 5)):
        rng = np.random.default_rng([n, k, s])
        x, w = rng.normal(size=n), rng.normal(size=k)
        got = conv_transpose1d(x[None], w[None, None], stride=s)
        np.testing.assert_allclose(got[0], signal.upfirdn(w, x, up=s), atol=1e-12)


@pytest.mark.parametrize("algorithm", EVERY)
def test_the_course_numbers(algorithm, agrees):
    agrees(conv_transpose1d, np.array([[1.0, 10, 102, 20, 203, 30, 300]]), LINE, COMB, stride=2, algorithm=algorithm)
    extra = {"stride": 2, "padding": 1, "output_padding": 1, "algorithm": algorithm}
    agrees(conv_transpose1d, np.array([[10.0, 102, 20, 200]]), LINE[:, :2], COMB, **extra)
    y = np.array([[5.0, 8]])
    agrees(conv_transpose1d, np.array([[5.0, 18, 16]]), y, np.array([[[1.0, 2]]]), algorithm=algorithm)


@pytest.mark.parametrize("algorithm", EVERY)
@pytest.mark.parametrize("axes", [1, 2])
def test_gradients_are_torchs(axes, algorithm):
    def gradients(function, **more):
        leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
        function(*leaves, **options, **more).pow(2).sum().backward()
        return [leaf.grad for leaf in leaves]

    for seed in range(2, 42, 4):
        *arrays, options = setting(seed, axes)
        arrays = [a for a in arrays if a is not None]
        torch.testing.assert_close(gradients(OURS[axes], algorithm=algorithm), gradients(TORCHS[axes]))


@pytest.mark.parametrize("algorithm", EVERY)
def test_second_gradients_exist(algorithm):
    x, w, b, options = setting(6, 1)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, w)]
    assert torch.autograd.gradgradcheck(lambda *a: conv_transpose1d(*a, **options, algorithm=algorithm), leaves)


@pytest.mark.parametrize("dtype", ["float32", "int64"])
@pytest.mark.parametrize("algorithm", EVERY)
def test_dtype_follows_the_input(dtype, algorithm, agrees):
    expected = np.array([[1, 10, 102, 20, 203, 30, 300]], dtype)
    agrees(conv_transpose1d, expected, LINE.astype(dtype), COMB.astype(dtype), stride=2, algorithm=algorithm)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("algorithm", EVERY)
def test_half_precision_stays(dtype, algorithm):
    x, w = torch.tensor(LINE, dtype=dtype), torch.tensor(COMB, dtype=dtype)
    got = conv_transpose1d(x, w, stride=2, algorithm=algorithm)
    torch.testing.assert_close(got, F.conv_transpose1d(x, w, stride=2))
    if dtype is torch.float16:
        assert conv_transpose1d(x.numpy(), w.numpy(), stride=2, algorithm=algorithm).dtype == "float16"


@pytest.mark.parametrize("algorithm", [None, "polyphase", "scatter"])
def test_infinite_samples_stay_where_their_kernel_paints(algorithm, agrees):
    x = np.array([[1.0, np.inf, np.nan, 1]])
    expected = F.conv_transpose1d(torch.tensor(x), torch.ones(1, 1, 2).double(), stride=3)
    agrees(conv_transpose1d, expected, x, np.ones((1, 1, 2)), stride=3, algorithm=algorithm)


def test_big_inputs_are_cut_in_tiles(monkeypatch):
    for tile in (1, 100, 1000):
        monkeypatch.setattr(convolution, "TILE", tile)
        for seed in range(20):
            *arrays, options = setting(seed, 2)
            np.testing.assert_allclose(
                conv_transpose2d(*arrays, **options, algorithm="polyphase"),
                by_torch(2, *arrays, **options),
                atol=1e-12,
            )


def test_left_to_itself_it_lays_out_fewer_numbers(monkeypatch):
    used = []
    for name, function in list(ALGORITHMS.items()):
        monkeypatch.setitem(ALGORITHMS, name, lambda *a, n=name, f=function: (used.append(n), f(*a))[1])
    x = np.ones((1, 8, 9))
    conv_transpose1d(x, np.ones((8, 1, 4)), stride=2)
    conv_transpose1d(x[:, :1], np.ones((1, 8, 4)), stride=2)
    assert used == ["scatter", "polyphase"]


def test_read_only_and_non_contiguous_arguments_are_fine():
    x, w = np.arange(24.0).reshape(4, 6).T, np.arange(24.0).reshape(1, 4, 6).transpose(2, 0, 1)[:, :, ::-1]
    x.flags.writeable = w.flags.writeable = False
    expected = by_torch(1, x.copy(), w.copy(), stride=3, padding=1)
    for algorithm in EVERY:
        np.testing.assert_allclose(conv_transpose1d(x, w, stride=3, padding=1, algorithm=algorithm), expected)


def test_every_form_of_an_option_is_taken():
    x, w = np.ones((1, 2, 3, 4)), np.ones((2, 1, 3, 3))
    expected = by_torch(2, x, w, None, 2, 1, 1, 1, 2).numpy()
    for two, one in (((2, 2), (1, 1)), ([2], [1]), ((2,), (1,)), (np.int64(2), np.int8(1)), (2, (1, 1))):
        np.testing.assert_array_equal(conv_transpose2d(x, w, None, two, one, one, 1, two), expected)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_output_size_takes_the_place_of_output_padding(axes):
    layer = {1: torch.nn.ConvTranspose1d, 2: torch.nn.ConvTranspose2d, 3: torch.nn.ConvTranspose3d}[axes]
    for seed in (2, 6, 10):
        x, w, _, o = setting(seed, axes)
        o["dilation"] = (1,) * axes
        o["padding"] = (0,) * axes
        extra = o.pop("output_padding")
        extra = [min(e, s - 1) for e, s in zip(extra, o["stride"], strict=True)]
        torchs = layer(w.shape[0], w.shape[1] * o["groups"], w.shape[2:], **o, bias=False).double()
        torchs.weight.data = torch.tensor(w)
        least = [s * (n - 1) + k for s, n, k in zip(o["stride"], x.shape[2:], w.shape[2:], strict=True)]
        size = [a + e for a, e in zip(least, extra, strict=True)]
        for form in (size, tuple(size), (1, 7, *size), (7, *size)):
            got = OURS[axes](x, w, **o, output_size=form)
            np.testing.assert_allclose(got, torchs(torch.tensor(x), output_size=size).detach(), atol=1e-12)


def test_a_size_that_cannot_be_had_is_refused_with_the_range():
    with pytest.raises(ValueError, match="^output_size .* cannot be had: .*from 5 to 6"):
        conv_transpose1d(LINE, COMB, stride=2, padding=1, output_size=7)
    with pytest.raises(ValueError, match="^output_size must be"):
        conv_transpose1d(LINE, COMB, stride=2, padding=1, output_size=5.0)
    with pytest.raises(ValueError, match="^output_size takes the place of output_padding"):
        conv_transpose1d(LINE, COMB, stride=2, padding=1, output_padding=1, output_size=6)


@pytest.mark.parametrize("name", ["stride", "dilation", "groups"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, None], ids=repr)
def test_a_bad_option_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        conv_transpose1d(**GOOD | {name: value})


@pytest.mark.parametrize("name", ["padding", "output_padding"])
@pytest.mark.parametrize("value", [-1, 1.0, True, None, "same", (1, 2)], ids=repr)
def test_a_bad_number_of_samples_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        conv_transpose1d(**GOOD | {name: value})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"output_padding": 3, "stride": 2}, r"output_padding must be below max\(stride, dilation\) = 2, got 3"),
        ({"padding": 5, "input": np.ones((2, 4, 1))}, "padding must leave at least one"),
        ({"weight": np.ones((5, 3, 3))}, "weight .5, 3, 3. must have as many first channels as input, 4"),
        ({"groups": 3}, "groups must divide"),
        ({"weight": np.ones((4, 3))}, "weight must have 3 axes"),
        ({"weight": np.ones((4, 3, 0))}, "weight must have 3 axes"),
        ({"weight": np.ones((4, 3, 3), "float32")}, "weight must have the dtype of input"),
        ({"bias": np.ones(3)}, r"bias must have shape \(6,\)"),
        ({"bias": np.ones(6, "float32")}, "bias must have the dtype of input"),
        ({"input": np.ones(4)}, "input must have 2 or 3 axes"),
        ({"input": np.ones((2, 4, 0))}, "input must have 2 or 3 axes"),
        ({"algorithm": "fft"}, "algorithm must be one of matrix, scatter, zero_insertion, polyphase, or None"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_rule(bad, words):
    with pytest.raises(ValueError, match=words):
        conv_transpose1d(**GOOD | bad)


def test_what_torch_refuses_we_refuse():
    refused = 0
    for n, k, s, p, op, d in product((1, 3), (1, 3), (1, 2), (0, 1, 2), (0, 1, 2), (1, 3)):
        options = {"stride": s, "padding": p, "output_padding": op, "dilation": d}
        try:
            by_torch(1, np.ones((1, n)), np.ones((1, 1, k)), **options)
        except RuntimeError:
            refused += 1
            with pytest.raises(ValueError, match="padding"):
                conv_transpose1d(np.ones((1, n)), np.ones((1, 1, k)), **options)
    assert refused > 20


def test_zero_insert(agrees):
    for shape in ((1,), (4,), (2, 3), (2, 3, 4), (0,), (2, 0, 3)):
        for steps in ((1,), (3,), (2, 1), (2, 3)):
            if len(steps) <= len(shape):
                x = np.random.default_rng(0).normal(size=shape)
                lead = len(shape) - len(steps)
                sizes = [max(0, s * (n - 1) + 1) for n, s in zip(shape[lead:], steps, strict=True)]
                expected = np.zeros((*shape[:lead], *sizes))
                for i in np.ndindex(*shape[lead:]):
                    expected[(..., *(s * j for s, j in zip(steps, i, strict=True)))] = x[(..., *i)]
                agrees(zero_insert, expected, x, steps)
                agrees(zero_insert, expected, x, steps[0] if len(set(steps)) == 1 else steps, axes=len(steps))


@pytest.mark.parametrize(
    ("stride", "axes", "words"),
    [(0, None, "stride must be"), (2.0, None, "stride must be"), ((2, 2), 3, "stride must be one number or 3"),
     (2, 0, "axes must be"), (2, 4, "axes must be at most the 3"), ((2,) * 4, None, "axes must be at most the 3")],
)  # fmt: skip
def test_a_bad_zero_insert_is_refused(stride, axes, words):
    with pytest.raises(ValueError, match=words):
        zero_insert(np.ones((2, 3, 4)), stride, axes)


def test_the_transposed_weight_is_an_involution_and_turns_one_layer_into_the_other(agrees):
    for axes, seed in product((1, 2, 3), range(2, 22, 4)):
        x, w, _, options = setting(seed, axes)
        groups = options["groups"]
        there = transposed_weight(w, groups)
        np.testing.assert_array_equal(transposed_weight(there, groups), w)
        agrees(transposed_weight, there, w, groups)
        full = [k - 1 for k in w.shape[2:]]
        np.testing.assert_allclose(
            CONV[axes](x, there, padding=full, groups=groups), by_torch(axes, x, w, groups=groups), atol=1e-12
        )
    w = np.arange(6).reshape(2, 1, 3)
    np.testing.assert_array_equal(transposed_weight(w), [[[2, 1, 0], [5, 4, 3]]])


@pytest.mark.parametrize("groups", [0, 3, 1.0, True])
def test_a_bad_number_of_groups_is_refused(groups):
    with pytest.raises(ValueError, match="^groups must"):
        transposed_weight(np.ones((4, 1, 2)), groups)


def test_the_four_are_named():
    assert list(ALGORITHMS) == ["matrix", "scatter", "zero_insertion", "polyphase"]
    assert set(transposed_convolution.__all__) == {f.__name__ for f in (*OURS.values(), zero_insert, transposed_weight)}


@pytest.mark.parametrize("algorithm", [["scatter"], np.ones(2), 1], ids=repr)
def test_an_algorithm_of_another_type_is_refused(algorithm):
    with pytest.raises(ValueError, match="^algorithm must be one of"):
        conv_transpose1d(**GOOD | {"algorithm": algorithm})
