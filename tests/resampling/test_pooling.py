"""Pooling against torch on exhaustive small grids and random settings, and against SciPy, scikit-image and ONNX."""

from itertools import product

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from skimage.measure import block_reduce

from resampling import pooling

pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered")  # inf - inf, as meant

AXES = (1, 2, 3)
INPUTS = {1: np.ones((2, 3, 8)), 2: np.ones((2, 3, 8, 7)), 3: np.ones((2, 3, 8, 7, 6))}


def ours(name, axes):
    return getattr(pooling, name.replace("?", f"{axes}d"))


def theirs(name, axes, x, *args, **options):
    """What torch says, or None when it refuses."""
    try:
        got = getattr(F, name.replace("?", f"{axes}d"))(torch.tensor(x), *args, **options)
    except (IndexError, RuntimeError, TypeError, ValueError):
        return None
    return got


def samples(rng, shape, kind="ties"):
    """Few different values, so that maxima are often equal, with NaN and infinities where the kind says so."""
    if kind == "normal":
        return rng.normal(size=shape)
    x = rng.integers(-2, 3, shape).astype(np.float64)
    if kind == "special":
        x = np.where(rng.random(shape) < 0.2, rng.choice([np.nan, np.inf, -np.inf], shape), x)
    return x


def setting(seed, axes, dilated):
    """A random shape, and options for which at least one window fits."""
    rng = np.random.default_rng([axes, seed])
    draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
    kernel, stride, dilation = draw(1, 5), draw(1, 5), draw(1, 4 if dilated else 2)
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    size = [max(1, d * (k - 1) + 1 - 2 * p, 0 if axes < 3 else k) + int(rng.integers(0, 6))
            for d, k, p in zip(dilation, kernel, padding, strict=True)]  # fmt: skip
    lead = [(1,), (0, 2), (1, 1), (2, 3)][seed % 4]
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": bool(rng.integers(2))}
    return samples(rng, (*lead, *size), ["ties", "special", "normal"][seed % 3]), options, dilation


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("k", range(1, 5))
def test_max_pool1d_is_torchs_or_both_refuse(n, k, agrees):
    rng = np.random.default_rng([n, k])
    for s, p, d, ceil_mode in product((None, 1, 2, 3), range(k // 2 + 2), (1, 2, 3), (False, True)):
        x = samples(rng, (2, n), "special" if s == 2 else "ties")
        options = {"stride": s, "padding": p, "dilation": d, "ceil_mode": ceil_mode}
        expected = theirs("max_pool?", 1, x, k, **options, return_indices=True)
        if expected is None:
            with pytest.raises(ValueError, match="no window fits|padding must be at most half"):
                pooling.max_pool1d(x, k, **options)
        else:
            agrees(pooling.max_pool1d, expected, x, k, **options, return_indices=True)
            agrees(pooling.max_pool1d, expected[0], x, k, **options)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("k", range(1, 5))
def test_avg_pool1d_is_torchs_or_both_refuse(n, k, agrees):
    rng = np.random.default_rng([n, k])
    for s, p, ceil_mode, counted in product((None, 1, 2, 3, 5), range(k // 2 + 2), (False, True), (False, True)):
        x = samples(rng, (2, n), "normal")
        expected = theirs("avg_pool?", 1, x, k, s, p, ceil_mode, counted)
        if expected is None:
            with pytest.raises(ValueError, match="no window fits|padding must be at most half"):
                pooling.avg_pool1d(x, k, s, p, ceil_mode, counted)
        else:
            agrees(pooling.avg_pool1d, expected, x, k, s, p, ceil_mode, counted)
            gradient = torch.tensor(x, requires_grad=True)
            F.avg_pool1d(gradient, k, s, p, ceil_mode, counted).backward(
                torch.tensor(y := rng.normal(size=expected.shape))
            )
            agrees(pooling.avg_pool1d_adjoint, gradient.grad, y, n, k, s, p, ceil_mode, counted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(24))
def test_max_pool_is_torchs_in_every_setting(axes, seed, dtype, agrees):
    x, options, dilation = setting(seed, axes, dilated=True)
    x, options = x.astype(dtype), options | {"dilation": dilation, "return_indices": True}
    agrees(ours("max_pool?", axes), theirs("max_pool?", axes, x, **options), x, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(24))
def test_avg_pool_is_torchs_in_every_setting(axes, seed, dtype, agrees):
    x, options, _ = setting(seed, axes, dilated=False)
    options["count_include_pad"] = bool(seed // 2 % 2)
    if axes > 1 and seed % 5 == 0:
        options["divisor_override"] = seed - 7
    agrees(ours("avg_pool?", axes), theirs("avg_pool?", axes, x := x.astype(dtype), **options), x, **options)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(16))
def test_avg_pool_adjoint_is_the_gradient_and_the_adjoint(axes, seed, agrees):
    x, options, _ = setting(12 * seed + 11, axes, dilated=False)
    options["count_include_pad"] = bool(seed % 2)
    if axes > 1 and seed % 3 == 0:
        options["divisor_override"] = -3
    leaf = torch.tensor(x, requires_grad=True)
    out = theirs("avg_pool?", axes, x, **options)
    y = np.random.default_rng(seed).normal(size=out.shape)
    getattr(F, f"avg_pool{axes}d")(leaf, **options).backward(torch.tensor(y))
    agrees(ours("avg_pool?_adjoint", axes), leaf.grad, y, x.shape[2:], **options)
    back = ours("avg_pool?_adjoint", axes)(y, x.shape[2:], **options)
    np.testing.assert_allclose(np.vdot(ours("avg_pool?", axes)(x, **options), y), np.vdot(x, back), atol=1e-11)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(12))
def test_max_pool_backward_is_torchs_gradient_with_ties(axes, seed, agrees):
    x, options, _ = setting(4 * seed + 3, axes, dilated=False)
    x = np.nan_to_num(np.round(x))
    leaf = torch.tensor(x, requires_grad=True)
    out, indices = getattr(F, f"max_pool{axes}d")(leaf, **options, return_indices=True)
    gradient = np.random.default_rng(seed).normal(size=out.shape)
    out.backward(torch.tensor(gradient))
    agrees(ours("max_pool?_backward", axes), leaf.grad, gradient, indices.numpy(), x.shape[2:])


def test_max_pool_backward_adds_at_any_indices(agrees):
    rng = np.random.default_rng(0)
    for lead, size in [((2, 3), (4, 5)), ((1,), (1, 7)), ((0, 2), (3, 3))]:
        indices, gradient = rng.integers(0, 12, (*lead, *size)), rng.normal(size=(*lead, *size))
        expected = np.zeros((*lead, 3, 4))
        for place in np.ndindex(*lead, *size):
            expected[(*place[:-2], *divmod(indices[place], 4))] += gradient[place]
        agrees(pooling.max_pool2d_backward, expected, gradient, indices, (3, 4))


def test_four_windows_that_share_a_peak_add_to_ten(agrees):
    x = np.zeros((1, 5, 5))
    x[0, 2, 2] = 1
    indices = pooling.max_pool2d(x, 3, 2, return_indices=True)[1]
    assert indices.tolist() == [[[12, 12], [12, 12]]]
    agrees(pooling.max_pool2d_backward, 10 * x, np.array([[[1.0, 2.0], [3.0, 4.0]]]), indices, 5)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("kind", ["ties", "normal"])
@pytest.mark.parametrize("seed", range(3, 27, 4))
def test_gradients_through_torch_are_torchs(axes, kind, seed):
    def gradient(pool, **more):
        leaf = torch.tensor(x, requires_grad=True)
        pool(leaf, **options, **more).pow(2).sum().backward()
        return leaf.grad

    x, options, dilation = setting(seed, axes, dilated=True)
    x = samples(np.random.default_rng(seed), x.shape, kind) + 3
    more = {"dilation": dilation}
    torch.testing.assert_close(
        *(gradient(f, **more) for f in (ours("max_pool?", axes), getattr(F, f"max_pool{axes}d")))
    )
    x, options, _ = setting(seed, axes, dilated=False)
    x = samples(np.random.default_rng(seed), x.shape, kind)
    torch.testing.assert_close(*(gradient(f) for f in (ours("avg_pool?", axes), getattr(F, f"avg_pool{axes}d"))))


@pytest.mark.parametrize("name", ["avg_pool?", "adaptive_avg_pool?", "max_pool?", "adaptive_max_pool?"])
@pytest.mark.parametrize("axes", AXES)
def test_gradcheck(name, axes):
    x = torch.tensor(
        np.random.default_rng(0).permutation(2 * 5**axes).reshape(2, *(5,) * axes) / 3.0, requires_grad=True
    )
    assert torch.autograd.gradcheck(lambda t: ours(name, axes)(t, 2), x)


@pytest.mark.parametrize("axes", [1, 2])
def test_adjoints_are_differentiable(axes):
    y = torch.ones((1, *(3,) * axes), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: ours("avg_pool?_adjoint", axes)(t, 5, 3, 2, 1), y)
    assert torch.autograd.gradcheck(lambda t: ours("adaptive_avg_pool?_adjoint", axes)(t, 5), y)
    indices = torch.zeros((1, *(3,) * axes), dtype=torch.int64)
    assert torch.autograd.gradcheck(lambda t: ours("max_pool?_backward", axes)(t, indices, 2), y)


@pytest.mark.parametrize("n", range(1, 12))
def test_adaptive_pooling_is_torchs_on_every_size(n, agrees):
    rng = np.random.default_rng(n)
    for o in range(14):
        x = samples(rng, (2, n), "special")
        agrees(pooling.adaptive_max_pool1d, F.adaptive_max_pool1d(torch.tensor(x), o, True), x, o, return_indices=True)
        agrees(pooling.adaptive_avg_pool1d, F.adaptive_avg_pool1d(torch.tensor(x), o), x, o)
        leaf = torch.tensor(samples(rng, (2, n)), requires_grad=True)
        if o:
            y = rng.normal(size=(2, o))
            F.adaptive_avg_pool1d(leaf, o).backward(torch.tensor(y))
            agrees(pooling.adaptive_avg_pool1d_adjoint, leaf.grad, y, n)


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_adaptive_pooling_is_torchs_on_several_axes(axes, seed, agrees):
    rng = np.random.default_rng([axes, seed])
    size, out = rng.integers(1, 8, axes).tolist(), rng.integers(0, 8, axes).tolist()
    x = samples(rng, (*[(1,), (0, 2), (2, 3)][seed % 3], *size), ["ties", "special"][seed % 2])
    x = x.astype(["float32", "float64"][seed % 2])
    for wanted in (out, tuple(out), [None, *out[1:]], 3, (None,) * axes):
        expected = theirs("adaptive_max_pool?", axes, x, wanted, return_indices=True)
        agrees(ours("adaptive_max_pool?", axes), expected, x, wanted, return_indices=True)
        agrees(ours("adaptive_max_pool?", axes), expected[0], x, wanted)
        agrees(ours("adaptive_avg_pool?", axes), theirs("adaptive_avg_pool?", axes, x, wanted), x, wanted)
    if 0 not in out:
        leaf, y = torch.zeros(2, *size, dtype=torch.float64, requires_grad=True), rng.normal(size=(2, *out))
        getattr(F, f"adaptive_avg_pool{axes}d")(leaf, out).backward(torch.tensor(y))
        agrees(ours("adaptive_avg_pool?_adjoint", axes), leaf.grad, y, size)


@given(st.integers(1, 40), st.integers(1, 40))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_adaptive_windows_are_those_of_the_definition(n, o):
    x = np.random.default_rng(n).normal(size=(1, n))
    windows = [x[0, i * n // o : -(-(i + 1) * n // o)] for i in range(o)]
    np.testing.assert_allclose(pooling.adaptive_avg_pool1d(x, o)[0], [w.mean() for w in windows], atol=1e-12)
    np.testing.assert_array_equal(pooling.adaptive_max_pool1d(x, o)[0], [w.max() for w in windows])
    y = np.random.default_rng(o).normal(size=(1, o))
    np.testing.assert_allclose(
        np.vdot(pooling.adaptive_avg_pool1d(x, o), y), np.vdot(x, pooling.adaptive_avg_pool1d_adjoint(y, n)), atol=1e-11
    )


@given(st.data())
@settings(deadline=None, max_examples=60, derandomize=True)
def test_every_window_is_reduced_on_its_own(data):
    k = data.draw(st.integers(1, 9))
    s, p, ceil_mode = data.draw(st.integers(1, 9)), data.draw(st.integers(0, k // 2)), data.draw(st.booleans())
    n = data.draw(st.integers(max(1, k - 2 * p), 40))
    x = np.random.default_rng(n).normal(size=(1, n))
    starts = [a for a in range(-p, n, s) if a + k <= n + p or (ceil_mode and a + k < n + p + s)]
    windows = [x[0, max(a, 0) : a + k] for a in starts]
    np.testing.assert_array_equal(pooling.max_pool1d(x, k, s, p, ceil_mode=ceil_mode)[0], [w.max() for w in windows])
    got = pooling.avg_pool1d(x, k, s, p, ceil_mode, count_include_pad=False)
    np.testing.assert_allclose(got[0], [w.mean() for w in windows], atol=1e-12)


@pytest.mark.parametrize("axes", AXES)
def test_global_pooling_is_adaptive_pooling_to_one(axes, agrees):
    rng = np.random.default_rng(axes)
    for kind, lead, dtype in product(("ties", "normal", "special"), ((3,), (2, 3), (0, 3)), ("float32", "float64")):
        x = samples(rng, (*lead, *range(3, 3 + axes)), kind).astype(dtype)
        agrees(pooling.global_avg_pool, ours("adaptive_avg_pool?", axes)(x, 1), x, axes)
        agrees(pooling.global_max_pool, theirs("adaptive_max_pool?", axes, x, 1), x, axes)
        if kind == "normal":
            y = rng.normal(size=(*lead, *(1,) * axes)).astype(dtype)
            expected = ours("adaptive_avg_pool?_adjoint", axes)(y, x.shape[-axes:])
            agrees(pooling.global_avg_pool_adjoint, expected, y, x.shape[-axes:])


def test_global_max_pool_hands_its_gradient_to_the_first_maximum():
    x = torch.tensor([[0.0, 2.0, 2.0]], requires_grad=True)
    pooling.global_max_pool(x, 1).sum().backward()
    assert x.grad.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_whole_numbers_are_max_pooled_with_a_border_below_them(dtype, agrees):
    low = np.iinfo(dtype).min
    x = np.array([[low, low, 5], [low, 7, low]]).astype(dtype)[None]
    for options in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 1, "padding": 1}, {"kernel_size": (1, 2)}):
        agrees(pooling.max_pool2d, F.max_pool2d(torch.tensor(x), **options, return_indices=True), x, **options,
               return_indices=True)  # fmt: skip
    agrees(pooling.adaptive_max_pool2d, x.max(axis=(1, 2), keepdims=True), x, 1)
    agrees(pooling.global_max_pool, x.max(axis=(1, 2), keepdims=True), x, 2)


def test_averages_of_int64_are_cut_towards_zero_as_in_torch(agrees):
    x = np.arange(-13, 12).reshape(1, 5, 5)
    for options in ({"padding": 1}, {"divisor_override": -3}, {"divisor_override": 7}, {"stride": 1}):
        agrees(pooling.avg_pool2d, F.avg_pool2d(torch.tensor(x), 2, **options), x, 2, **options)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_kept(dtype):
    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 6, 6)), dtype=dtype)
    torch.testing.assert_close(pooling.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 3, 2, 1))
    torch.testing.assert_close(pooling.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 3, 2, 1), rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(pooling.adaptive_avg_pool2d(x, 4), F.adaptive_avg_pool2d(x, 4), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("norm_type", [1, 2, 3.5, -2, float("inf"), -float("inf")])
def test_lp_pool_is_torchs(axes, norm_type, agrees):
    rng = np.random.default_rng(axes)
    for ceil_mode, stride, dtype in product((False, True), (None, 1, 3), ("float32", "float64")):
        x = np.abs(rng.normal(size=(2, 1, *range(4, 4 + axes)))).astype(dtype) + 0.1
        expected = theirs("lp_pool?", axes, x, norm_type, 3, stride, ceil_mode)
        agrees(ours("lp_pool?", axes), expected, x, norm_type, 3, stride, ceil_mode, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_lp_pool_has_torchs_gradient_which_is_zero_for_zeros(agrees):
    gradients = []
    for pool in (pooling.lp_pool1d, F.lp_pool1d):
        x = torch.tensor([[0.0, 0.0, 3.0, 4.0]], requires_grad=True)
        pool(x, 2, 2).sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients)
    agrees(pooling.lp_pool1d, F.lp_pool1d(torch.zeros(1, 4), -1, 2), np.zeros((1, 4), np.float32), -1, 2)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_max_and_average_at_stride_one_are_scipys_filters(k, agrees):
    x = np.random.default_rng(k).normal(size=(2, 3, 11, 9))
    inside = (..., slice(k // 2, k // 2 + 12 - k), slice(k // 2, k // 2 + 10 - k))
    largest = maximum_filter1d(maximum_filter1d(x, k, axis=2), k, axis=3)[inside]
    average = uniform_filter1d(uniform_filter1d(x, k, axis=2), k, axis=3)[inside]
    agrees(pooling.max_pool2d, largest, x, k, 1)
    agrees(pooling.avg_pool2d, average, x, k, 1)


def test_blocks_are_scikit_images(agrees):
    x = np.random.default_rng(0).normal(size=(2, 6, 8, 10))
    for k in ((2, 2), (3, 5), (1, 4)):
        whole = x[..., : 8 // k[0] * k[0], : 10 // k[1] * k[1]]
        agrees(pooling.max_pool2d, block_reduce(whole, (1, 1, *k), np.max), x, k)
        agrees(pooling.avg_pool2d, block_reduce(whole, (1, 1, *k), np.mean), x, k)


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("axes", [1, 2])
def test_pooling_is_that_of_onnx(axes, count_include_pad, agrees):
    rng = np.random.default_rng(axes)
    for k, s in product((2, 3), (1, 2)):
        x = rng.normal(size=(2, 3, *range(6, 6 + axes))).astype(np.float32)
        attributes = {"kernel_shape": [k] * axes, "strides": [s] * axes, "pads": [k // 2] * (2 * axes)}
        average = onnx_node("AveragePool", x, **attributes, count_include_pad=int(count_include_pad))
        agrees(ours("avg_pool?", axes), average, x, k, s, k // 2, count_include_pad=count_include_pad)
        if axes == 2:  # the evaluator reads past the end of a single axis
            agrees(pooling.max_pool2d, onnx_node("MaxPool", x, **attributes), x, k, s, k // 2)


def onnx_node(op, x, **attributes):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(name, kind, None) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"], **attributes)], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


def test_average_is_linear_and_max_commutes_with_growth():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9, 8))
    options = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "ceil_mode": True}
    a = lambda v: pooling.avg_pool2d(v[None], **options)  # noqa: E731
    np.testing.assert_allclose(a(2 * x[None] - 3 * y[None])[0], 2 * a(x[None])[0] - 3 * a(y[None])[0], atol=1e-12)
    np.testing.assert_allclose(
        pooling.max_pool2d(np.exp(x)[None], **options), np.exp(pooling.max_pool2d(x[None], **options))
    )


@pytest.mark.parametrize("axes", AXES)
def test_every_form_of_an_argument_means_the_same(axes):
    x = np.random.default_rng(0).normal(size=INPUTS[axes].shape)
    for name in ("max_pool?", "avg_pool?"):
        pool, expected = ours(name, axes), ours(name, axes)(x, 2)
        for args in (
            (2, None),
            (2, []),
            (2, ()),
            (2, 2),
            ((2,),),
            ([2] * axes,),
            (np.int64(2),),
            (2, (2,)),
            (2, 2, (0,)),
        ):
            np.testing.assert_array_equal(pool(x, *args), expected)
    assert ours("adaptive_avg_pool?", axes)(x, np.int64(3)).shape == (2, 3, *(3,) * axes)


@pytest.mark.parametrize("axes", AXES)
def test_the_result_is_never_a_view_of_the_input(axes):
    x = INPUTS[axes].copy()
    one = {"kernel_size": 1}
    results = [ours("max_pool?", axes)(x, 1), *ours("max_pool?", axes)(x, **one, return_indices=True),
               ours("avg_pool?", axes)(x, 1), ours("adaptive_avg_pool?", axes)(x, x.shape[2:]),
               ours("adaptive_max_pool?", axes)(x, x.shape[2:]), ours("avg_pool?_adjoint", axes)(x, x.shape[2:], 1),
               ours("adaptive_avg_pool?_adjoint", axes)(x, x.shape[2:]), pooling.global_max_pool(x[..., :1], 1),
               pooling.global_avg_pool_adjoint(x[..., :1], (4,))]  # fmt: skip
    for result in results:
        assert result.flags.writeable
        result[...] = 7
    np.testing.assert_array_equal(x, INPUTS[axes])


def test_read_only_and_non_contiguous_inputs_are_fine():
    x = np.random.default_rng(0).normal(size=(9, 8, 3)).transpose(2, 0, 1)[:, ::-1]
    x.flags.writeable = False
    tensor = torch.tensor(x.copy())
    np.testing.assert_array_equal(pooling.max_pool2d(x, 3, 2, 1), F.max_pool2d(tensor, 3, 2, 1))
    np.testing.assert_allclose(pooling.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(tensor, 3, 2, 1))
    np.testing.assert_allclose(pooling.adaptive_avg_pool2d(x, 5), F.adaptive_avg_pool2d(tensor, 5))


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("name", ["max_pool?", "avg_pool?"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernel_size": 0}, "^kernel_size must be a whole number >= 1, got 0"),
        ({"kernel_size": 2.0}, "^kernel_size must be a whole number"),
        ({"kernel_size": True}, "^kernel_size must be"),
        ({"kernel_size": ()}, "^kernel_size must be one number or"),
        ({"kernel_size": (2,) * 4}, "^kernel_size must be one number or"),
        ({"kernel_size": 99}, "no window fits"),
        ({"stride": 0}, "^stride must be a whole number >= 1, got 0"),
        ({"stride": (1,) * 4}, "^stride must be one number or"),
        ({"padding": -1}, "^padding must be a whole number >= 0, got -1"),
        ({"kernel_size": 3, "padding": 2}, "^padding must be at most half of kernel_size = 3, got 2"),
        ({"ceil_mode": 1}, "^ceil_mode must be True or False, got 1"),
    ],
)
def test_a_bad_option_is_refused_by_its_name(axes, name, options, words):
    options = {"kernel_size": 2} | options
    assert theirs(name, axes, INPUTS[axes], **options) is None
    with pytest.raises(ValueError, match=words):
        ours(name, axes)(INPUTS[axes], **options)


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("lead", [(), (4,), (2, 3), (0,)])
def test_pooling_a_ring_is_pooling_what_is_repeated(mode, lead, agrees):
    pool = {"max": F.max_pool1d, "avg": F.avg_pool1d}[mode]
    for n, k, s in [(12, 5, 3), (7, 2, 2), (5, 11, 1), (3, 1, 3)]:
        x = np.random.default_rng(n).normal(size=(*lead, n))
        rows = torch.tensor(np.concatenate([x] * 4, axis=-1)).reshape(-1, 1, 4 * n)
        agrees(pooling.pool_ring, pool(rows, k, s)[..., : n // s].reshape(*lead, n // s), x, mode, k, s)


@pytest.mark.parametrize(
    ("function", "args", "words"),
    [
        ("max_pool1d", (INPUTS[1], 3, 1, 2, 2), "^padding must be at most half of kernel_size = 3"),
        ("max_pool2d", (INPUTS[2], 2, 1, 0, 0), "^dilation must be a whole number >= 1, got 0"),
        ("avg_pool2d", (INPUTS[2], 2, 1, 0, False, 1), "^count_include_pad must be True or False"),
        ("avg_pool2d", (INPUTS[2], 2, 1, 0, False, True, 0), "^divisor_override must not be 0"),
        ("avg_pool2d", (INPUTS[2], 2, 1, 0, False, True, 2.5), "^divisor_override must be a whole number"),
        ("avg_pool3d", (INPUTS[3][..., :1], 2, 1, 1), r"^kernel_size must not exceed the input size \(8, 7, 1\)"),
        ("avg_pool1d", (np.ones((1, 4), np.int32), 2), "^input must be real floating or int64, got int32"),
        ("max_pool1d", (np.ones((1, 4), bool), 2), "^input must be real floating or integral, got bool"),
        ("max_pool1d", (np.ones((1, 4), complex), 2), "^input must be real floating or integral"),
        ("adaptive_avg_pool1d", (np.ones((1, 4), int), 2), "^input must be real floating, got int64"),
        ("adaptive_avg_pool2d", (INPUTS[2], -1), "^output_size must be a whole number >= 0, got -1"),
        ("adaptive_avg_pool2d", (INPUTS[2], (2,)), "^output_size must be one number or 2"),
        ("adaptive_avg_pool2d", (INPUTS[2], (2, 2, 2)), "^output_size must be one number or 2"),
        ("adaptive_avg_pool2d", (INPUTS[2], 2.0), "^output_size must be a whole number"),
        ("adaptive_avg_pool2d", (INPUTS[2], None), "^output_size must be a whole number"),
        ("adaptive_max_pool1d", (INPUTS[1], (None,)), "^output_size must be a whole number"),
        ("adaptive_max_pool1d", (INPUTS[1], True), "^output_size must be a whole number"),
        ("lp_pool1d", (INPUTS[1], 0, 2), "^norm_type must be a number other than 0, got 0"),
        ("lp_pool1d", (INPUTS[1], "2", 2), "^norm_type must be a number"),
        ("global_avg_pool", (INPUTS[1], 4), "^axes must name axes that are there"),
        ("global_max_pool", (INPUTS[1][..., :0], 1), "^axes must name axes that are there and not empty"),
        ("global_avg_pool", (INPUTS[1], 0), "^axes must be a whole number >= 1"),
        ("global_avg_pool", (np.ones(3, int), 1), "^input must be real floating"),
        ("global_avg_pool_adjoint", (np.ones((1, 2)), (3,)), r"^output must have spatial size \(1,\)"),
        ("avg_pool1d_adjoint", (np.ones((1, 3)), 5, 2), r"^output must have spatial size \(2,\) when the input has"),
        ("avg_pool1d_adjoint", (np.ones((1, 2), int), 5, 2), "^output must be real floating"),
        ("avg_pool2d_adjoint", (np.ones((1, 2, 2)), (5, 5, 5), 2), "^input_size must be one number or 2"),
        ("avg_pool2d_adjoint", (np.ones((2, 2)), 5, 2), "^output must have 3 or 4 axes"),
        ("avg_pool2d_adjoint", (np.ones((1, 2, 2)), 5, 2, None, 0, False, True, 0), "^divisor_override must not be 0"),
        ("adaptive_avg_pool1d_adjoint", (np.ones((1, 2)), 0), "^input_size must be a whole number >= 1"),
        ("adaptive_avg_pool1d_adjoint", (np.ones((1, 2), int), 3), "^output must be real floating"),
        ("max_pool1d_backward", (np.ones((1, 2)), np.array([[0, 9]]), 9), "^indices must lie from 0 to 8.* got 9"),
        ("max_pool1d_backward", (np.ones((1, 2)), np.array([[-1, 9]]), 9), "^indices must lie from 0 to 8.* got -1"),
        ("max_pool1d_backward", (np.ones((1, 2)), np.array([[0]]), 9), r"^indices must have the shape \(1, 2\)"),
        ("max_pool1d_backward", (np.ones((1, 1)), np.zeros((1, 1), np.int32), 9), "^indices must be int64, got int32"),
        ("max_pool1d_backward", (np.ones(2), np.zeros(2, int), 9), "^grad_output must have 2 or 3 axes"),
        ("pool_ring", (np.ones(4), "sum", 2, 2), '^mode must be "max" or "avg", got .sum'),
        ("pool_ring", (np.ones(4), "max", 0, 2), "^kernel_size must be a whole number >= 1"),
        ("pool_ring", (np.ones(4), "max", 2, 0), "^stride must be a whole number >= 1"),
        ("pool_ring", (np.ones((2, 4)), "max", 2, 5), "^stride must be at most the 4 samples of the ring, got 5"),
        ("pool_ring", (np.ones(()), "max", 2, 1), "^stride must be at most the 0 samples"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(function, args, words):
    with pytest.raises(ValueError, match=words):
        getattr(pooling, function)(*args)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("name", ["max_pool?", "avg_pool?", "adaptive_avg_pool?", "adaptive_max_pool?"])
def test_shapes_that_torch_refuses_are_refused(axes, name):
    empty_channels = [] if name == "adaptive_avg_pool?" else [np.ones((2, 0, *(4,) * axes))]
    for bad in (np.ones((2,) * axes), np.ones((2,) * (axes + 3)), INPUTS[axes][..., :0], *empty_channels):
        assert theirs(name, axes, bad, 2) is None
        with pytest.raises(ValueError, match="^input (must have|may be empty)"):
            ours(name, axes)(bad, 2)
