"""Shuffles against torch and ONNX; converted layers against the layers that they replace."""

from itertools import product
from math import prod

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from resampling.convolution import conv1d, conv2d
from resampling.sub_pixel import (
    icnr,
    icnr_transposed,
    pixel_shuffle,
    pixel_unshuffle,
    sub_pixel_to_transposed,
    transposed_to_sub_pixel,
)

OUR_CONV = {1: conv1d, 2: conv2d}
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
LEADS = [(), (0,), (1,), (2, 3)]


def some(seed, *shape, dtype="float64"):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def tensors(*arrays):
    return [a if a is None else torch.tensor(a.copy()) for a in arrays]  # torch takes no negative strides


def shuffled_by_definition(x, r, order):
    """Each phase of each map written from the channel that the definition names."""
    axes, block = len(r), list(np.ndindex(*r))
    channels = x.shape[-axes - 1] // len(block)
    out = np.empty((*x.shape[: -axes - 1], channels, *np.multiply(r, x.shape[-axes:])), x.dtype)
    for c, (position, phase) in product(range(channels), enumerate(block)):
        source = c * len(block) + position if order == "CRD" else position * channels + c
        where = tuple(slice(a, None, f) for a, f in zip(phase, r, strict=True))
        out[(..., c, *where)] = x[(..., source, *(slice(None),) * axes)]
    return out


# Shuffle and unshuffle


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
def test_shuffles_are_torchs(agrees, dtype):
    for lead, r, c, size in product(LEADS, range(1, 5), range(3), [(1, 1), (2, 3), (3, 0)]):
        x = (some(r, *lead, c * r * r, *size) * 9).astype(dtype)
        shuffled = F.pixel_shuffle(torch.tensor(x), r)
        agrees(pixel_shuffle, shuffled, x, r)
        if x.size:
            agrees(pixel_unshuffle, F.pixel_unshuffle(shuffled, r), shuffled.numpy(), r)


@pytest.mark.parametrize("shape", [(0, 1, 4, 6), (2, 0, 4, 6), (0, 4, 6), (3, 0, 2, 4, 4), (1, 3, 0, 2), (3, 4, 0)])
def test_unshuffling_nothing_gives_the_shape_of_torchs_meta_device(agrees, shape):
    """On other devices torch 2.13 returns empty inputs as they are."""
    expected = F.pixel_unshuffle(torch.empty(shape, device="meta"), 2).shape
    agrees(pixel_unshuffle, np.zeros(expected), np.zeros(shape), 2)


@pytest.mark.parametrize("mode", ["CRD", "DCR"])
def test_both_orders_are_those_of_onnx(agrees, mode):
    def onnx(name, x, r):
        node = helper.make_node(name, ["x"], ["y"], blocksize=r, mode=mode)
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None] * 4)  # noqa: E731
        return ReferenceEvaluator(helper.make_model(helper.make_graph([node], "g", [value("x")], [value("y")]))).run(
            None, {"x": x}
        )[0]

    for r, c, (h, w) in product(range(1, 4), range(1, 4), [(1, 2), (3, 2)]):
        small, large = some(r, 2, c * r * r, h, w), some(r, 2, c, r * h, r * w)
        agrees(pixel_shuffle, onnx("DepthToSpace", small, r), small, r, order=mode)
        agrees(pixel_unshuffle, onnx("SpaceToDepth", large, r), large, r, order=mode)


@pytest.mark.parametrize("order", ["CRD", "DCR"])
def test_any_number_of_axes_each_with_its_factor(agrees, order):
    for r in [(1,), (3,), (2, 3), (3, 1), (2, 1, 3), (1, 2, 2, 3)]:
        for lead, c in product(LEADS, (1, 2)):
            x = some(len(r), *lead, c * prod(r), *range(2, 2 + len(r)))
            out = shuffled_by_definition(x, r, order)
            agrees(pixel_shuffle, out, x, r, order)
            agrees(pixel_unshuffle, x, out, list(r), order)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 3), st.data(), st.sampled_from(["CRD", "DCR"])
)
def test_unshuffle_is_the_inverse_and_the_adjoint(r, c, data, order):
    size = [data.draw(st.integers(1, 3)) for _ in r]
    x, y = some(1, c * prod(r), *size), some(2, c, *np.multiply(r, size))
    np.testing.assert_array_equal(pixel_unshuffle(pixel_shuffle(x, r, order), r, order), x)
    np.testing.assert_array_equal(pixel_shuffle(pixel_unshuffle(y, r, order), r, order), y)
    np.testing.assert_allclose(np.vdot(pixel_shuffle(x, r, order), y), np.vdot(x, pixel_unshuffle(y, r, order)))


def test_nothing_shares_memory_with_the_input():
    for x, r in [(some(0, 2, 4, 3, 5), 1), (some(0, 4, 1, 1), 2), (some(0, 3, 1, 4).transpose(1, 0, 2), (1, 1))]:
        assert not np.shares_memory(pixel_shuffle(x, r), x)
    for x, r in [(some(0, 2, 4, 3, 5), 1), (some(0, 1, 2, 2), 2), (some(0, 1, 2, 1), (2, 1))]:
        assert not np.shares_memory(pixel_unshuffle(x, r), x)


def test_the_orders_agree_for_one_channel_and_differ_for_two():
    one, two = some(0, 4, 2, 3), some(0, 8, 2, 3)
    np.testing.assert_array_equal(pixel_shuffle(one, 2, "DCR"), pixel_shuffle(one, 2))
    assert np.abs(pixel_shuffle(two, 2, "DCR") - pixel_shuffle(two, 2)).max() > 1


def test_the_channels_of_an_unshuffled_map_are_its_phases():
    x = some(0, 1, 6, 8)
    phases = [x[0, a::3, b::2] for a in range(3) for b in range(2)]
    np.testing.assert_array_equal(pixel_unshuffle(x, (3, 2)), phases)


def test_read_only_non_contiguous_and_numpy_integers_are_fine():
    x = some(0, 3, 2, 8).T[::-1]
    x.flags.writeable = False
    np.testing.assert_array_equal(pixel_shuffle(x, np.int64(2)), F.pixel_shuffle(torch.tensor(x.copy()), 2))
    np.testing.assert_array_equal(
        pixel_unshuffle(x.T[:, ::-1], np.int8(2)), F.pixel_unshuffle(torch.tensor(x.T[:, ::-1].copy()), 2)
    )


def test_gradients_pass_twice():
    leaf = lambda *shape: torch.tensor(some(0, *shape), requires_grad=True)  # noqa: E731
    for function, x in [(pixel_shuffle, leaf(8, 2, 1)), (pixel_unshuffle, leaf(1, 2, 4))]:
        square = lambda x, function=function: function(x, 2, "DCR") ** 2  # noqa: E731
        assert torch.autograd.gradcheck(square, x)
        assert torch.autograd.gradgradcheck(square, x)


@pytest.mark.parametrize("value", [0, -1, 2.0, True, None, "2", (), (2, 0), (2, 2.0)], ids=repr)
def test_a_bad_factor_is_refused_by_its_name(value):
    with pytest.raises(ValueError, match="^upscale_factor must be"):
        pixel_shuffle(np.ones((4, 2, 2)), value)
    with pytest.raises(ValueError, match="^downscale_factor must be"):
        pixel_unshuffle(np.ones((4, 2, 2)), value)


def test_inputs_that_do_not_fit_are_refused_with_the_rule():
    with pytest.raises(ValueError, match="upscale_factor=2 needs a multiple of 4 channels, got 6"):
        pixel_shuffle(np.ones((6, 2, 2)), 2)
    with pytest.raises(ValueError, match=r"downscale_factor=2 must divide the last axes of input, got \(4, 3\)"):
        pixel_unshuffle(np.ones((1, 4, 3)), 2)
    for function in (pixel_shuffle, pixel_unshuffle):
        with pytest.raises(ValueError, match=r"input must have at least 3 axes, .*\(4, 4\)"):
            function(np.ones((4, 4)), 2)
        for order in ("crd", None, 1):
            with pytest.raises(ValueError, match='^order must be "CRD" or "DCR", got'):
                function(np.ones((4, 4, 4)), 2, order)


# Sub-pixel convolution to transposed convolution


def kernel_and_bias(convert):
    """The arrays alone, for `agrees`."""

    def run(weight, *args, **options):
        kernel, bias, _ = convert(weight, *args, **options)
        return kernel if bias is None else (kernel, bias)

    run.__name__ = convert.__name__
    return run


def sub_pixel_setting(seed, order):
    """A sub-pixel layer with another kernel, padding and factor on each axis."""
    rng = np.random.default_rng(seed)
    axes = 1 + seed % 3
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    r, k, (c, share) = draw(1, 4), draw(1, 5), rng.integers(1, 4, 2)
    padding = tuple(int(rng.integers(0, taps)) for taps in k)
    groups = int(rng.integers(1, 4)) if order == "CRD" else 1
    size = tuple(max(1, taps - 2 * p) + int(rng.integers(0, 4)) for taps, p in zip(k, padding, strict=True))
    weight, x = rng.normal(size=(groups * c * prod(r), share, *k)), rng.normal(size=(2, groups * share, *size))
    return x, weight, rng.normal(size=groups * c), r, padding, groups


@pytest.mark.parametrize("order", ["CRD", "DCR"])
def test_a_sub_pixel_layer_is_a_transposed_convolution(order):
    for seed in range(90):
        x, weight, bias, r, padding, groups = sub_pixel_setting(seed, order)
        axes, per_phase = len(r), np.repeat(bias, prod(r)) if order == "CRD" else np.tile(bias, prod(r))
        kernel, one, crop = sub_pixel_to_transposed(weight, r, padding, per_phase, groups, order)
        got = TRANSPOSE[axes](*tensors(x, kernel, one), stride=r, padding=crop, groups=groups)
        small = CONV[axes](*tensors(x, weight, per_phase), padding=padding, groups=groups)
        expected = shuffled_by_definition(small.numpy(), r, order)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
        assert kernel.shape[2:] == tuple(np.multiply(r, weight.shape[2:]))


@pytest.mark.parametrize("seed", range(12))
def test_the_transposed_kernel_is_the_indexed_one(agrees, seed):
    rng = np.random.default_rng(seed)
    (c, inputs, k0, k1), r, groups = rng.integers(1, 4, 4), tuple(map(int, rng.integers(1, 4, 2))), 1 + seed % 3
    weight = rng.normal(size=(groups * c * prod(r), inputs, k0, k1)).astype(["float32", "float64"][seed % 2])
    bias = np.repeat(rng.normal(size=groups * c).astype(weight.dtype), prod(r))
    expected = np.zeros((groups, inputs, c, r[0] * k0, r[1] * k1), weight.dtype)
    split = weight.reshape(groups, c, *r, inputs, k0, k1)
    for g, o, a, b, q, t, u in np.ndindex(*split.shape):
        expected[g, q, o, r[0] * (k0 - 1 - t) + a, r[1] * (k1 - 1 - u) + b] = split[g, o, a, b, q, t, u]
    expected = expected.reshape(groups * inputs, *expected.shape[2:])
    agrees(
        kernel_and_bias(sub_pixel_to_transposed), (expected, bias[:: prod(r)]), weight, r, 0, bias, groups, rtol=1e-15
    )
    agrees(kernel_and_bias(sub_pixel_to_transposed), expected, weight, r, groups=groups, rtol=1e-15)


def test_three_taps_and_a_shuffle_by_two_are_six_taps_with_stride_two():
    x, weight = some(0, 1, 3, 5, 7), some(1, 8, 3, 3, 3)
    kernel, bias, crop = sub_pixel_to_transposed(weight, 2, padding=1)
    assert (kernel.shape, bias, crop) == ((3, 2, 6, 6), None, (2, 2))
    shuffled = F.pixel_shuffle(F.conv2d(*tensors(x, weight), padding=1), 2)
    assert (F.conv_transpose2d(*tensors(x, kernel), stride=2, padding=2) - shuffled).abs().max() < 4e-14


def test_biases_that_differ_between_phases_are_refused():
    weight = np.ones((4, 1, 3))
    for order, other, good in [("CRD", "DCR", [1.0, 1.0, 2.0, 2.0]), ("DCR", "CRD", [1.0, 2.0, 1.0, 2.0])]:
        bias = sub_pixel_to_transposed(weight, 2, bias=np.array(good), order=order)[1]
        np.testing.assert_array_equal(bias, [1, 2])
        with pytest.raises(ValueError, match="^bias must be equal in the 2 phases"):
            sub_pixel_to_transposed(weight, 2, bias=np.array(good), order=other)


# Transposed convolution to sub-pixel convolution


def sub_pixel_layer(x, weight, bias, stride, padding, output_padding, groups, order="CRD"):
    """The layer that stands for a transposed convolution, with the operators of this library."""
    axes = weight.ndim - 2
    to = transposed_to_sub_pixel(weight, stride, padding, output_padding, bias, groups, order)
    return pixel_shuffle(OUR_CONV[axes](x, *to[:2], padding=to[2], groups=groups), (stride,) * axes, order)


sub_pixel_layer.__name__ = "transposed_to_sub_pixel"


def test_every_transposed_convolution_is_a_sub_pixel_layer():
    """Each small kernel, stride, padding, output padding and input length; what hangs over is below a stride."""
    settings = 0
    for k, s, n in product(range(1, 8), range(1, 5), (1, 2, 5)):
        x, weight, bias = some(n, 2, n), some(k, 2, 3, k), some(s, 3)
        for p, op in product(range(8), range(s)):
            o = s * (n - 1) - 2 * p + k + op
            if o < 1:
                continue
            *to, pad = transposed_to_sub_pixel(weight, s, p, op, bias)
            got = shuffled_by_definition(F.conv1d(*tensors(x, *to), padding=pad).numpy(), (s,), "CRD")
            expected = F.conv_transpose1d(*tensors(x, weight, bias), stride=s, padding=p, output_padding=op)
            np.testing.assert_allclose(got[:, :o], expected, rtol=0, atol=1e-12)
            assert got.shape[-1] == o + (-o) % s
            settings += 1
    assert settings == 1000


@pytest.mark.parametrize(("dtype", "seed"), [("float64", 0), ("float32", 1)])
def test_a_converted_layer_equals_torch_in_every_library(agrees, dtype, seed):
    for axes, (k, s, p, op), groups in product(
        (1, 2), [(4, 2, 1, 0), (3, 2, 1, 1), (2, 2, 0, 0), (5, 3, 1, 0), (1, 1, 0, 0), (2, 3, 0, 1)], (1, 2)
    ):
        x = some(seed, 2, 2 * groups, *(3, 4)[:axes], dtype=dtype)
        weight, bias = some(seed, 2 * groups, 3, *(k, k)[:axes], dtype=dtype), some(seed, 3 * groups, dtype=dtype)
        expected = TRANSPOSE[axes](*tensors(x, weight, bias), s, p, op, groups)
        agrees(sub_pixel_layer, expected, x, weight, bias, s, p, op, groups)
        agrees(sub_pixel_layer, expected, x, weight, bias, *map(np.int64, (s, p, op)), groups)
        if groups == 1:
            agrees(sub_pixel_layer, expected, x, weight, bias, s, p, op, groups, "DCR")


@pytest.mark.parametrize("axes", [2, 3])
def test_each_axis_is_converted_by_itself(axes):
    rng = np.random.default_rng(axes)
    for _ in range(60):
        s, k = rng.integers(1, 4, axes), rng.integers(1, 6, axes)
        p, op = [int(rng.integers(0, taps)) for taps in k], [int(rng.integers(0, step)) for step in s]
        s, groups = tuple(map(int, s)), int(rng.integers(1, 3))
        x, weight = rng.normal(size=(1, 2 * groups, *(7, 8, 6)[:axes])), rng.normal(size=(2 * groups, 3, *k))
        expected = TRANSPOSE[axes](*tensors(x, weight, None), s, p, op, groups)
        to, _, pad = transposed_to_sub_pixel(weight, s, p, op, groups=groups)
        small = CONV[axes](*tensors(x, to), padding=pad, groups=groups)
        got = shuffled_by_definition(small.numpy(), s, "CRD")[(..., *map(slice, expected.shape[2:]))]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", ["CRD", "DCR"])
def test_there_and_back_is_the_same_layer(order):
    for seed in range(60):
        _, weight, bias, r, padding, groups = sub_pixel_setting(seed, order)
        bias = np.repeat(bias, prod(r)) if order == "CRD" else np.tile(bias, prod(r))
        kernel, one, crop = sub_pixel_to_transposed(weight, r, padding, bias, groups, order)
        back = transposed_to_sub_pixel(kernel, r, crop, 0, one, groups, order)
        np.testing.assert_array_equal(back[0], weight)
        np.testing.assert_array_equal(back[1], bias)
        assert back[2] == padding


def test_converters_are_linear_and_pass_gradients():
    weight = torch.tensor(some(0, 2, 3, 5), requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: transposed_to_sub_pixel(w, 2, 1, 1)[0], weight)
    weight = torch.tensor(some(0, 4, 3, 2), requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: sub_pixel_to_transposed(w, 2)[0], weight)
    assert torch.autograd.gradcheck(lambda w: icnr(w, 2), weight)
    assert torch.autograd.gradcheck(lambda w: icnr_transposed(w, 3, groups=2), weight)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"upscale_factor": 0}, "^upscale_factor must be a whole number >= 1, got 0"),
        ({"upscale_factor": (2, 2)}, "^upscale_factor must be one number or 1"),
        ({"upscale_factor": 3}, r"multiple of R \* groups = 3 \* 1 output channels, got 4"),
        ({"groups": 4}, r"multiple of R \* groups = 2 \* 4 output channels, got 4"),
        ({"padding": -1}, "^padding must be a whole number >= 0"),
        ({"padding": 3}, r"^padding must be below the kernel's \(3,\) taps, got 3"),
        ({"padding": "same"}, "^padding must be"),
        ({"bias": np.ones(2)}, r"^bias must have shape \(4,\)"),
        ({"bias": np.ones(4, "float32")}, "^bias must have the dtype"),
        ({"groups": True}, "^groups must be"),
        ({"groups": 2, "order": "DCR"}, '^order must be "CRD" when groups=2'),
        ({"order": "RCD"}, '^order must be "CRD" or "DCR"'),
        ({"weight": np.ones((4, 1))}, "^weight must have two axes of channels"),
        ({"weight": np.ones((4, 1, 0))}, "^weight must have two axes of channels"),
    ],
)
def test_what_no_sub_pixel_layer_has_is_refused(bad, words):
    good = {"weight": np.ones((4, 1, 3)), "upscale_factor": 2}
    with pytest.raises(ValueError, match=words):
        sub_pixel_to_transposed(**good | bad)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"stride": 0}, "^stride must be a whole number >= 1, got 0"),
        ({"stride": (2, 2)}, "^stride must be one number or 1"),
        ({"padding": -1}, "^padding must be a whole number >= 0"),
        ({"output_padding": 2}, "^output_padding must be below stride = 2, got 2"),
        ({"output_padding": 1.0}, "^output_padding must be"),
        ({"bias": np.ones(2)}, r"^bias must have shape \(3,\)"),
        ({"groups": 3}, "^groups must divide the first .* got 3"),
        ({"groups": 0}, "^groups must be"),
        ({"groups": 2, "order": "DCR"}, '^order must be "CRD" when groups=2'),
        ({"order": "RCD"}, '^order must be "CRD" or "DCR"'),
        ({"weight": np.ones((4, 1))}, "^weight must have two axes of channels"),
    ],
)
def test_what_no_transposed_convolution_has_is_refused(bad, words):
    good = {"weight": np.ones((4, 3, 3)), "stride": 2}
    with pytest.raises(ValueError, match=words):
        transposed_to_sub_pixel(**good | bad)


# Initialisation without a checkerboard


@pytest.mark.parametrize("order", ["CRD", "DCR"])
def test_icnr_is_a_convolution_then_nearest_upsampling(order):
    for seed in range(60):
        x, weight, bias, r, padding, groups = sub_pixel_setting(seed, order)
        axes, small = len(r), weight[: len(bias)]
        expected = CONV[axes](*tensors(x, small), padding=padding, groups=groups).numpy()
        for axis, factor in enumerate(r, 2):
            expected = np.repeat(expected, factor, axis)
        full = CONV[axes](*tensors(x, icnr(small, r, order)), padding=padding, groups=groups).numpy()
        np.testing.assert_allclose(shuffled_by_definition(full, r, order), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_icnr_copies_each_kernel_one_by_one(agrees, dtype):
    for r, outputs in product((1, 2, (3, 2)), (1, 2, 3)):
        weight, count = some(0, outputs, 2, 3, 4, dtype="float64") * 9, r**2 if isinstance(r, int) else prod(r)
        weight = weight.astype(dtype)
        agrees(icnr, torch.repeat_interleave(torch.tensor(weight), count, dim=0), weight, r)
        agrees(icnr, np.tile(weight, (count, 1, 1, 1)), weight, r, order="DCR")


def test_icnr_by_tile_leaves_a_checkerboard_from_two_channels_on():
    x, weight = np.ones((2, 6, 6)), some(3, 2, 2, 3, 3)
    right, tiled = (
        F.pixel_shuffle(F.conv2d(*tensors(x, w)), 2) for w in (icnr(weight, 2), np.tile(weight, (4, 1, 1, 1)))
    )
    assert np.ptp(right.numpy(), axis=(1, 2)).max() < 1e-12
    assert np.ptp(tiled.numpy(), axis=(1, 2)).min() > 0.1


def test_icnr_transposed_is_nearest_upsampling_then_a_convolution():
    for seed in range(90):
        x, weight, bias, s, padding, groups = sub_pixel_setting(seed, "CRD")
        axes, weight = len(s), weight[: len(bias)]
        nearest = x
        for axis, factor in enumerate(s, 2):
            nearest = np.repeat(nearest, factor, axis)
        expected = CONV[axes](*tensors(nearest, weight, bias), padding=padding, groups=groups)
        crop = tuple(k - 1 - p for k, p in zip(weight.shape[2:], padding, strict=True))
        kernel = icnr_transposed(weight, s, groups)
        got = TRANSPOSE[axes](*tensors(x, kernel, bias), stride=s, padding=crop, groups=groups)
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_icnr_transposed_is_the_box_and_the_flipped_kernel_convolved(agrees, dtype):
    for s, k in product(range(1, 5), range(1, 5)):
        weight = some(k, 3, 2, k, dtype=dtype)
        expected = np.array([[np.convolve(weight[c, q, ::-1], np.ones(s)) for c in range(3)] for q in range(2)])
        agrees(icnr_transposed, expected.astype(dtype), weight, s)


def test_the_sub_pixel_layer_of_icnr_is_nearest_upsampling_after_the_convolution():
    x, weight = some(0, 2, 5, 6), some(1, 3, 2, 3, 3)
    kernel, _, crop = sub_pixel_to_transposed(icnr(weight, 2), 2, padding=1)
    small = F.conv2d(*tensors(x, weight), padding=1)
    expected = F.interpolate(small[None], scale_factor=2, mode="nearest")[0]
    torch.testing.assert_close(F.conv_transpose2d(*tensors(x, kernel), stride=2, padding=crop), expected)


@pytest.mark.parametrize("function", [icnr, icnr_transposed])
def test_initialisers_refuse_what_is_no_kernel_or_no_factor(function):
    name = {icnr: "upscale_factor", icnr_transposed: "stride"}[function]
    for bad in (0, 2.0, (2, 2), None):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            function(np.ones((2, 2, 3)), bad)
    with pytest.raises(ValueError, match="^weight must have two axes of channels"):
        function(np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match='^order must be "CRD"'):
        icnr(np.ones((2, 2, 3)), 2, "tile")
    with pytest.raises(ValueError, match="^groups must divide the first .* got 2"):
        icnr_transposed(np.ones((3, 2, 3)), 2, groups=2)


@pytest.mark.parametrize("order", [["CRD"], None, np.ones(2)], ids=repr)
def test_an_order_of_another_type_is_refused(order):
    for call in (
        lambda: pixel_shuffle(np.ones((4, 1, 1)), 2, order),
        lambda: pixel_unshuffle(np.ones((1, 2, 2)), 2, order),
    ):
        with pytest.raises(ValueError, match='^order must be "CRD" or "DCR", got'):
            call()
