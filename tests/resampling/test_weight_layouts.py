"""A weight in another framework's layout makes that framework compute what torch does."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from resampling import (
    conv_transpose2d,
    tf_transposed_output_size,
    transposed_weight,
    transposed_weight_from,
    transposed_weight_to,
    weight_layouts,
)
from resampling.weight_layouts import FRAMEWORKS

GROUPED = ("torch", "onnx", "jax")
KERNEL = (3, 4)  # for JAX: version 0.10 aborts the process on some layers with kernels of two taps
SHAPES = {1: (3,), 2: (2, 3), 3: (1, 2, 3)}  # kernels, asymmetric


def weight_of(rng, axes, groups=1, kernel=None):
    """Different numbers in every place: (C_in, C_out / groups, k...)."""
    shape = (2 * groups, 3, *(kernel or SHAPES[axes]))
    return rng.permutation(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


def by_torch(x, w, **options):
    function = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[x.ndim - 2]
    return function(torch.tensor(x), torch.tensor(w), **options).numpy()


def in_onnx(x, w, **attributes):
    """The reference implementation of ONNX; it knows groups only when each has one channel in and one out."""
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], **attributes)
    named = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in "xwy"]
    graph = helper.make_graph([node], "one_node", named[:2], named[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    return ReferenceEvaluator(model).run(None, {"x": x, "w": w})[0]


def settings(axes):
    """Layers with an option of its own on each axis, exact sizes and others, and more padding than the kernel spans."""
    for s, p, op, d in product((1, 2, 3), (0, 1, 3), (0, 1), (1, 2)):
        if op < max(s, d):
            turned = [s, s % 3 + 1, s][:axes], [p, 0, p][:axes], [op, 0, op][:axes], [d, 1, d][:axes]
            yield dict(zip(("stride", "padding", "output_padding", "dilation"), map(tuple, turned), strict=True))


def fitting(x, w, options):
    """torch's answer, or None where nothing is left."""
    try:
        return by_torch(x, w, **options)
    except RuntimeError:
        return None


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_there_and_back_nothing_has_changed(framework, axes, agrees):
    for groups in (1, 2, 3) if framework in GROUPED else (1,):
        w = weight_of(np.random.default_rng(axes), axes, groups)
        there = transposed_weight_to(framework, w, groups)
        agrees(transposed_weight_to, there, framework, w, groups)
        agrees(transposed_weight_from, w, framework, np.ascontiguousarray(there), groups)


def test_each_entry_is_where_the_module_says():
    w = weight_of(np.random.default_rng(0), 2)
    keras, jax = transposed_weight_to("keras", w), transposed_weight_to("jax", w)
    for c, m, a, b in np.ndindex(*w.shape):
        assert w[c, m, a, b] == keras[a, b, m, c] == jax[1 - a, 2 - b, c, m]
    for other in ("tensorflow", "jax_transpose_kernel"):
        np.testing.assert_array_equal(transposed_weight_to(other, w), keras)
    for same in ("torch", "onnx"):
        np.testing.assert_array_equal(transposed_weight_to(same, w), w)


def test_the_shapes_with_groups():
    w = np.zeros((6, 5, 2, 3))
    assert transposed_weight_to("onnx", w, 3).shape == (6, 5, 2, 3)
    assert transposed_weight_to("jax", w, 3).shape == (2, 3, 2, 15)


def test_jax_is_the_weight_of_the_convolution_behind_the_zeros():
    for groups in (1, 2):
        w = weight_of(np.random.default_rng(1), 2, groups)
        np.testing.assert_array_equal(
            np.moveaxis(transposed_weight_to("jax", w, groups), (2, 3), (1, 0)), transposed_weight(w, groups)
        )


def test_onnx_computes_what_torch_does():
    proved = 0
    for axes, grouped in product((1, 2), (False, True)):
        rng = np.random.default_rng(axes)
        for options in settings(axes):
            if any(op >= s for op, s in zip(options["output_padding"], options["stride"], strict=True)):
                continue  # the reference looks for the windows of the convolution, and there are more
            w = weight_of(rng, axes)
            w = w.reshape(-1, 1, *w.shape[2:]) if grouped else w  # depthwise
            groups = len(w) if grouped else 1
            x = rng.integers(-9, 10, (1, len(w), *(4, 2)[:axes])).astype(float)
            expected = fitting(x, w, options | {"groups": groups})
            if expected is not None:
                attributes = {"strides": options["stride"], "pads": 2 * options["padding"], "group": groups}
                attributes |= {"output_padding": options["output_padding"], "dilations": options["dilation"]}
                stored = transposed_weight_to("onnx", w, groups)
                np.testing.assert_array_equal(in_onnx(x, stored, **attributes), expected)
                proved += 1
    assert proved > 80


def pads_of_jax(w, options):
    """Zeros around the zero-inserted input: before, and behind with the output padding."""
    every = zip(w.shape[2:], options["padding"], options["output_padding"], options["dilation"], strict=True)
    return [(d * (k - 1) - p, d * (k - 1) - p + op) for k, p, op, d in every]


@pytest.mark.parametrize("framework", ["jax", "jax_transpose_kernel"])
@pytest.mark.parametrize("axes", [1, 2])
def test_jax_computes_what_torch_does(framework, axes):
    jax = pytest.importorskip("jax")
    letters, proved = "HW"[-axes:], 0
    layouts = f"N{letters}C", f"{letters}IO", f"N{letters}C"
    for options in settings(axes):
        rng = np.random.default_rng(proved)
        w = weight_of(rng, axes, kernel=KERNEL[:axes])
        x = rng.integers(-9, 10, (2, 2, *(4, 3)[:axes])).astype(float)
        expected = fitting(x, w, options)
        if expected is not None:
            y = jax.lax.conv_transpose(
                np.moveaxis(x, 1, -1).astype(np.float32),
                transposed_weight_to(framework, w).astype(np.float32),
                options["stride"],
                pads_of_jax(w, options),
                rhs_dilation=options["dilation"],
                dimension_numbers=layouts,
                transpose_kernel=framework != "jax",
            )
            np.testing.assert_array_equal(np.moveaxis(np.asarray(y), -1, 1), expected)  # whole numbers: exact
            proved += 1
    assert proved > 20


@pytest.mark.parametrize("groups", [2, 3])
def test_jax_with_groups_computes_what_torch_does(groups):
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(groups)
    for options in settings(2):
        w = weight_of(rng, 2, groups, KERNEL)
        x = rng.integers(-9, 10, (2, 2 * groups, 4, 3)).astype(float)
        expected = fitting(x, w, options | {"groups": groups})
        if expected is not None:
            y = jax.lax.conv_general_dilated(
                np.moveaxis(x, 1, -1).astype(np.float32),
                transposed_weight_to("jax", w, groups).astype(np.float32),
                (1, 1),
                pads_of_jax(w, options),
                lhs_dilation=options["stride"],
                rhs_dilation=options["dilation"],
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                feature_group_count=groups,
            )
            np.testing.assert_array_equal(np.moveaxis(np.asarray(y), -1, 1), expected)


@pytest.mark.parametrize("axes", [1, 2])
def test_keras_computes_what_torch_does_and_same_cuts_less_in_front(axes):
    ops = pytest.importorskip("keras.ops", exc_type=ImportError)
    for k, s, padding in product((1, 2, 3, 4, 5), (1, 2, 3), ("same", "valid")):
        rng = np.random.default_rng(k)
        w = weight_of(rng, axes, kernel=(k, 2)[:axes])
        x = rng.integers(-9, 10, (2, 2, *(4, 3)[:axes])).astype(float)
        y = ops.conv_transpose(
            np.moveaxis(x, 1, -1).astype(np.float32),
            transposed_weight_to("keras", w).astype(np.float32),
            s,
            padding=padding,
            data_format="channels_last",
        )
        whole, cut = by_torch(x, w, stride=s), [slice(None), slice(None)]
        for n, taps in zip(x.shape[2:], w.shape[2:], strict=True):
            before = max(taps - s, 0) // 2 if padding == "same" else 0
            cut.append(slice(before, before + tf_transposed_output_size(n, taps, s, padding=padding)))
        whole = np.pad(whole, [(0, 0), (0, 0), *[(0, s)] * axes])[tuple(cut)]  # k < s: zeros behind
        np.testing.assert_array_equal(np.moveaxis(np.asarray(y), -1, 1), whole)


def test_the_output_padding_of_keras_is_another_one():
    ops = pytest.importorskip("keras.ops", exc_type=ImportError)
    x = np.array([1.0, 2, 3])
    for k, s in product((2, 3, 4, 5), (2, 3)):
        w = 10.0 ** np.arange(k)
        for op in range(s):
            y = ops.conv_transpose(x[None, :, None], w[:, None, None], s, padding="same", output_padding=op)
            cut = 2 * (k // 2) - op  # the smaller half in front
            whole = by_torch(x[None, None], w[None, None], stride=s)[0, 0]
            np.testing.assert_array_equal(np.asarray(y)[0, :, 0], whole[cut // 2 : len(whole) - (cut - cut // 2)])


def test_a_layer_of_keras_has_the_weight_of_that_shape():
    keras = pytest.importorskip("keras", exc_type=ImportError)
    layer = keras.layers.Conv2DTranspose(3, (5, 7))
    layer.build((None, 4, 4, 2))
    assert transposed_weight_from("keras", np.asarray(layer.kernel)).shape == (2, 3, 5, 7)


def test_gradients_flow_through():
    w = torch.rand(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    for framework in FRAMEWORKS:
        back = transposed_weight_from(framework, transposed_weight_to(framework, w))
        (gradient,) = torch.autograd.grad((back * torch.arange(2.0)).sum(), w)
        np.testing.assert_array_equal(gradient, np.broadcast_to([0, 1], w.shape))


def test_a_layer_that_was_converted_answers_the_same():
    rng = np.random.default_rng(0)
    w, x = weight_of(rng, 2), rng.normal(size=(2, 4, 3))
    for framework in FRAMEWORKS:
        v = transposed_weight_from(framework, np.array(transposed_weight_to(framework, w)))
        np.testing.assert_array_equal(conv_transpose2d(x, v, stride=2), conv_transpose2d(x, w, stride=2))


@pytest.mark.parametrize("function", [transposed_weight_to, transposed_weight_from])
@pytest.mark.parametrize(
    ("framework", "shape", "groups", "words"),
    [
        ("caffe", (2, 2, 3), 1, "framework must be one of torch, onnx, jax, keras, .*; got 'caffe'"),
        (None, (2, 2, 3), 1, "framework must be one of"),
        (["jax"], (2, 2, 3), 1, "framework must be one of"),
        ("keras", (3, 2, 2), 2, "groups must be 1, keras has no others; got 2"),
        ("jax_transpose_kernel", (3, 2, 2), 2, "groups must be 1"),
        ("torch", (3, 2, 2), 2, "groups must divide the 3 first channels of weight, got 2"),
        ("jax", (3, 3, 3), 2, "groups must divide the first"),
        ("jax", (2, 2, 3), 0, "groups must be"),
        ("onnx", (2, 2, 3), 1.0, "groups must be"),
        ("torch", (2, 2), 1, "weight must have two axes of channels"),
        ("jax", (2, 2), 1, "weight must have two axes of channels"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_rule(function, framework, shape, groups, words):
    with pytest.raises(ValueError, match=words):
        function(framework, np.zeros(shape), groups)


def test_a_list_is_no_weight():
    with pytest.raises(ValueError, match="weight"):
        transposed_weight_to("jax", [[[1.0]]])


def test_the_public_names():
    assert weight_layouts.__all__ == ["transposed_weight_from", "transposed_weight_to"]
