"""Interpolation against torch, ONNX, Pillow, OpenCV, SciPy and scikit-image, and against its own algebra."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
import skimage.transform
import torch
import torch.nn.functional as F
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

from resampling.interpolation import (
    box,
    interpolate,
    interpolate_adjoint,
    interpolation_matrix,
    keys,
    lanczos,
    mitchell_netravali,
    resize,
    resize_adjoint,
    tent,
)
from resampling.padding import pad

KERNELS = ["box", "linear", "cubic", "mitchell", "lanczos"]
MODES = ["nearest", "area", "coverage", *KERNELS]
COORDINATES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
BORDERS = ["replicate", "constant", "reflect", "symmetric", "circular"]
TORCHS = {
    1: ["nearest", "nearest-exact", "area", "linear"],
    2: ["nearest", "nearest-exact", "area", "bilinear", "bicubic", "lanczos"],
    3: ["nearest", "nearest-exact", "area", "trilinear"],
}
CLOSE = {"float64": 1e-12, "float32": 2e-5}


def draw(*key):
    return np.random.default_rng(list(key))


# Kernels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_in_every_library(agrees, dtype):
    x = draw(1).uniform(-4, 4, (7, 30)).astype(dtype)
    x[0, :9] = [-2, -1, -0.5, 0, 0.5, 1, 2, 3, -3]
    t = np.abs(x)
    inner, outer = t <= 1, (t > 1) & (t < 2)
    agrees(box, ((x > -0.5) & (x <= 0.5)).astype(dtype), x)
    agrees(tent, np.where(inner, 1 - t, 0), x)
    agrees(lanczos, np.where(t < 3, np.sinc(x) * np.sinc(x / 3), 0).astype(dtype), x, rtol=1e-4)
    agrees(lanczos, np.where(t < 2, np.sinc(x) * np.sinc(x / 2), 0).astype(dtype), x, a=2, rtol=1e-4)
    for a in (-0.5, -0.75, -1.0):
        near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
        agrees(keys, np.where(inner, near, np.where(outer, far, 0)).astype(dtype), x, a)
    near, far = 7 / 6 * t**3 - 2 * t**2 + 8 / 9, -7 / 18 * t**3 + 2 * t**2 - 10 / 3 * t + 16 / 9
    agrees(mitchell_netravali, np.where(inner, near, np.where(outer, far, 0)).astype(dtype), x)
    spline = np.where(inner, t**3 / 2 - t**2 + 2 / 3, np.where(outer, (2 - t) ** 3 / 6, 0)).astype(dtype)
    agrees(mitchell_netravali, spline, x, 1, 0)


@pytest.mark.parametrize("kernel", [tent, keys, lanczos, mitchell_netravali])
def test_kernels_are_symmetric_and_continuous(kernel):
    x = np.linspace(-4, 4, 100_001)
    np.testing.assert_array_equal(kernel(x), kernel(-x))
    assert np.abs(np.diff(kernel(x))).max() < 2e-4


@pytest.mark.parametrize("kernel", [box, tent, keys, lambda x: keys(x, -0.75), mitchell_netravali])
def test_kernels_part_unity(kernel):
    shifts = np.linspace(0, 1, 97)[:, None]
    np.testing.assert_allclose(kernel(shifts + np.arange(-4, 5)).sum(axis=1), 1, atol=1e-14)


@pytest.mark.parametrize(
    ("kernel", "at_1"), [(box, 0), (tent, 0), (keys, 0), (lanczos, 0), (mitchell_netravali, 1 / 18)]
)
def test_kernels_at_the_integers(kernel, at_1):
    np.testing.assert_allclose(kernel(np.arange(-4.0, 5)), [0, 0, 0, at_1, 1 - 2 * at_1, at_1, 0, 0, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("options", "degree"),
    [
        ({"mode": "box"}, 0),
        ({"mode": "linear"}, 1),
        ({"mode": "cubic"}, 2),
        ({"mode": "cubic", "a": -0.75}, 0),
        ({"mode": "mitchell"}, 1),
        ({"mode": "lanczos"}, 0),
    ],
    ids=str,
)
def test_the_degree_that_is_reproduced(options, degree):
    n, o = 20, 47
    x, c = np.arange(n) - 8.0, (np.arange(o) + 0.5) * n / o - 8.5
    inside = slice(9, -9)
    for power in range(degree + 1):
        np.testing.assert_allclose(resize(x**power, o, **options)[inside], (c**power)[inside], atol=1e-10)
    assert np.abs(resize(x ** (degree + 1), o, **options) - c ** (degree + 1))[inside].max() > 1e-3


# interpolate is torch's


def torch_setting(seed, axes):
    rng = draw(seed, axes)
    most = {1: 200, 2: 90, 3: 14}[axes]
    size, mode = rng.integers(1, most, axes), TORCHS[axes][seed % len(TORCHS[axes])]
    options = {"mode": mode, "antialias": mode == "lanczos" or (mode in ("bilinear", "bicubic") and seed % 4 > 1)}
    if mode.endswith(("linear", "cubic")) and rng.integers(2):
        options["align_corners"] = bool(rng.integers(2))
    if rng.integers(2):
        options["size"] = tuple(map(int, rng.integers(1 + options["antialias"], most, axes)))
    else:
        whole = rng.integers(1, 30, axes) / rng.integers(1, 12, axes)
        least = (1 + options["antialias"]) / size
        scale = np.maximum([rng.uniform(0.2, 3, axes), whole, 1 + rng.uniform(0, 0.2, axes)][rng.integers(3)], least)
        options["scale_factor"] = tuple(map(float, np.where(size * scale > 300, 1.5, scale)))
        options["recompute_scale_factor"] = [None, False, True][rng.integers(3)]
    lead = (rng.integers(0, 3), rng.integers(1, 4))
    return rng.normal(size=(*lead, *size)), options


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("part", range(4))
def test_interpolate_is_torchs(axes, dtype, part, agrees):
    for seed in range(part, 240, 4):
        x, options = torch_setting(seed, axes)
        x = x.astype(dtype)
        if options["antialias"] and options.get("scale_factor") and int(x.shape[-1] * options["scale_factor"][-1]) == 1:
            continue  # torch writes one value into all rows of a picture one pixel wide
        tolerance = 0 if options["mode"].startswith("nearest") else CLOSE[dtype]
        expected = F.interpolate(torch.tensor(x), **options)
        agrees(interpolate, expected, x, rtol=tolerance, atol=tolerance, **options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "area", "linear", "align_corners"])
def test_every_pair_of_small_sizes(dtype, axes, mode):
    linear = mode in ("linear", "align_corners")
    options = {"mode": {1: "linear", 2: "bilinear", 3: "trilinear"}[axes] if linear else mode}
    if mode == "align_corners":
        options["align_corners"] = True
    for n in range(1, 41):
        x = torch.tensor(draw(n).normal(size=(1, 1, *(1,) * (axes - 1), n)), dtype=dtype)
        for o in range(1, 41):
            size = (*(1,) * (axes - 1), o)
            expected, got = F.interpolate(x, size, **options), interpolate(x, size, **options)
            assert torch.equal(got, expected) or (
                not mode.startswith("nearest") and torch.allclose(got, expected, rtol=1e-5, atol=1e-5)
            )


@pytest.mark.parametrize("options", [{"mode": "bicubic"}, {"mode": "bicubic", "align_corners": True}], ids=str)
@pytest.mark.parametrize("antialias", [False, True])
def test_every_pair_of_small_sizes_bicubic(options, antialias):
    for n in range(1, 21):
        x = torch.tensor(draw(n).normal(size=(1, 1, n, 3)))
        for o in range(1, 21):
            expected = F.interpolate(x, (o, 2), antialias=antialias, **options)
            torch.testing.assert_close(interpolate(x, (o, 2), antialias=antialias, **options), expected)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("factor", [1, 2])
def test_scales_that_give_a_whole_factor_by_rounding_down(axes, factor):
    modes = [mode for mode in TORCHS[axes] if mode != "lanczos"]
    for n in [2, 3, 7, 30, 70]:
        x = torch.tensor(draw(n).normal(size=(1, 1, *(2,) * (axes - 1), n)))
        scale = (*(1.0,) * (axes - 1), factor + 0.9 / n)
        for mode in modes:
            expected = F.interpolate(x, scale_factor=scale, mode=mode)
            torch.testing.assert_close(interpolate(x, scale_factor=scale, mode=mode), expected)


@pytest.mark.parametrize("given", [{"size": 5}, {"size": [5, 5]}, {"scale_factor": 2}, {"scale_factor": [2.0, 0.5]}])
@pytest.mark.parametrize("mode", TORCHS[2][:-1])
def test_each_form_of_the_arguments(given, mode, agrees):
    x = draw(3).normal(size=(2, 3, 4, 6))
    agrees(interpolate, F.interpolate(torch.tensor(x), mode=mode, **given), x, mode=mode, **given)
    numpys = {name: np.int64(v) if isinstance(v, int) else tuple(map(np.float64, v)) for name, v in given.items()}
    if given != {"size": [5, 5]}:
        agrees(interpolate, F.interpolate(torch.tensor(x), mode=mode, **given), x, mode=mode, **numpys)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_gradients_and_the_adjoint_are_torchs(axes, seed):
    x, options = torch_setting(seed, axes)
    x = np.concatenate([x, x[..., :1].repeat(2, -1)], axis=-1)[:1] if len(x) else np.ones((1, 1, *(4,) * axes))
    if options["mode"].startswith("nearest"):  # torch's backward rounds ties by another rule than its forward
        options = {"mode": options["mode"], "size": tuple(2 * n for n in x.shape[2:])}
    ours, torchs = (torch.tensor(x, requires_grad=True) for _ in range(2))
    out = F.interpolate(torchs, **options)
    upstream = torch.randn(out.shape, dtype=out.dtype, generator=torch.Generator().manual_seed(seed))
    out.backward(upstream)
    interpolate(ours, **options).backward(upstream)
    options.pop("size", None)
    torch.testing.assert_close(ours.grad, torchs.grad)
    torch.testing.assert_close(interpolate_adjoint(upstream, x.shape[2:], **options), torchs.grad)


def test_the_adjoint_in_every_library(agrees):
    for axes, modes in TORCHS.items():
        for mode in modes:
            x = torch.zeros(1, 2, *(4, 7, 3)[:axes], dtype=torch.float64, requires_grad=True)
            options = {"mode": mode, "antialias": mode == "lanczos"}
            for size in [(9, 5, 6), (3, 2, 7), (4, 7, 3)]:
                out = F.interpolate(x, size[:axes], **options)
                y = draw(axes).normal(size=out.shape)
                expected = torch.autograd.grad(out, x, torch.tensor(y))[0]
                agrees(interpolate_adjoint, expected, y, tuple(x.shape[2:]), **options)


def test_integers_are_copied_and_not_weighed(agrees):
    x = np.arange(24, dtype=np.uint8).reshape(1, 2, 3, 4)
    agrees(interpolate, F.interpolate(torch.tensor(x), (5, 7)), x, (5, 7))
    agrees(resize, x[..., [0, 0, 1, 1, 2, 2, 3, 3]].astype(np.int64), x.astype(np.int64), 8, mode="nearest")
    for dtype, mode in [("int64", "bilinear"), ("int32", "bicubic"), ("uint8", "area")]:
        with pytest.raises(ValueError, match="samples that are to be weighed must be floating-point, got .*int"):
            interpolate(x.astype(dtype), 5, mode=mode)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_pictures_of_bytes_are_torchs_to_the_bit(mode, antialias, agrees):
    if mode == "lanczos" and not antialias:
        pytest.skip("torch has no such thing")
    rng = draw(1)
    for _ in range(60):
        x = rng.integers(0, 256, size=(2, int(rng.integers(1, 6)), *rng.integers(1, 20, size=2))).astype(np.uint8)
        options = {"mode": mode, "antialias": antialias}
        if mode != "lanczos" and rng.random() < 0.5:
            options["align_corners"] = bool(rng.random() < 0.5)
        size = [int(o) for o in rng.integers(2, 25, size=2)]  # torch fails at 1: see interpolate
        agrees(interpolate, F.interpolate(torch.tensor(x), size, **options), x, size, **options)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("mode", ["nearest", "area", "bilinear", "bicubic"])
def test_short_floating_point_numbers(dtype, mode):
    x = torch.rand(1, 2, 9, 11, generator=torch.Generator().manual_seed(0)).to(dtype)
    got = interpolate(x, (7, 17), mode=mode)
    assert got.dtype == dtype
    torch.testing.assert_close(got.float(), F.interpolate(x.float(), (7, 17), mode=mode), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
def test_nan_stays_where_torch_leaves_it(mode):
    for column in range(12):
        x = draw(0).normal(size=(1, 1, 3, 12))
        x[..., 1, column] = np.nan
        for size in [(6, 24), (2, 7), (5, 5), (3, 17), (2, 12), (2, 1)]:
            expected = F.interpolate(torch.tensor(x), size, mode=mode)
            np.testing.assert_allclose(interpolate(x, size, mode=mode), expected, atol=1e-12)


def test_read_only_and_non_contiguous_arguments_are_fine():
    x = draw(0).normal(size=(5, 4, 3, 2)).T[:, ::-1]
    x.flags.writeable = False
    for mode in TORCHS[2][:-1]:
        np.testing.assert_allclose(interpolate(x, 7, mode=mode), F.interpolate(torch.tensor(x.copy()), 7, mode=mode))


# resize speaks everybody's conventions


CLEAR = [
    (n, o)
    for n in range(1, 31)
    for o in range(1, 61)
    if all(i * n % o for i in range(1, o)) and all((2 * i + 1) * n % (2 * o) for i in range(o))
]


def clear_sizes(count, least=1):
    """Shapes and sizes for which no coordinate is a tie: what rounding in other arithmetic does there is chance."""
    pairs = [pair for pair in CLEAR if min(pair) >= least]
    rng = draw(count)
    for _ in range(count):
        (h, oh), (w, ow) = (pairs[i] for i in rng.integers(len(pairs), size=2))
        yield rng.normal(size=(h, w)).astype(np.float32), (oh, ow)


NEAREST = {
    "nearest": {"mode": "nearest", "coordinates": "asymmetric", "rounding": "floor"},
    "nearest-exact": {"mode": "nearest"},
}
WEIGHED = {
    "area": {"mode": "area"},
    "bilinear": {},
    "bicubic": {"mode": "cubic", "a": -0.75},
}


@pytest.mark.parametrize("mode", NEAREST)
def test_nearest_is_torchs_pillows_and_opencvs(mode, agrees):
    for x, size in clear_sizes(60):
        peers = [F.interpolate(torch.tensor(x[None, None]), size, mode=mode)[0, 0]]
        if mode == "nearest":
            peers.append(cv2.resize(x, size[::-1], interpolation=cv2.INTER_NEAREST).reshape(size))
        else:
            peers.append(cv2.resize(x, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT).reshape(size))
            peers.append(np.array(Image.fromarray(x).resize(size[::-1], Image.NEAREST)))
        for expected in peers:
            agrees(resize, expected, x, size, **NEAREST[mode])


@pytest.mark.parametrize("part", range(4))
def test_interpolate_is_resize_in_torchs_words(part, agrees):
    for seed in range(part, 40, 4):
        rng = draw(seed)
        x, size = rng.normal(size=(1, 2, *rng.integers(1, 30, 2))), tuple(map(int, rng.integers(2, 30, 2)))
        for mode, options in WEIGHED.items():
            ways = [({}, options)]
            if mode != "area":
                smooth = {"antialias": True, "exclude_outside": True, "a": -0.5}
                ways.append(({"antialias": True}, options | smooth))
                ways.append(({"align_corners": True}, options | {"coordinates": "align_corners"}))
            for theirs, ours in ways:
                agrees(resize, F.interpolate(torch.tensor(x), size, mode=mode, **theirs), x, size, **ours)


def onnx_resize(x, sizes, scales, **attributes):
    given = {"X": x, "sizes": np.array(sizes, np.int64)} if scales is None else {"X": x, "scales": np.float32(scales)}
    inputs = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), None) for n, v in given.items()
    ]
    names = ["X", "", *(name if name in given else "" for name in ("scales", "sizes"))]
    node = helper.make_node("Resize", names[: 4 if scales is None else 3], ["Y"], **attributes)
    output = helper.make_tensor_value_info("Y", TensorProto.DOUBLE, None)
    graph = helper.make_graph([node], "resize", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    return ReferenceEvaluator(model).run(None, given)[0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resize_is_onnxs(coordinates, mode, agrees):
    rng = draw(len(coordinates), len(mode))
    for _ in range(50):
        sizes, x = rng.integers(2, 12, 2).tolist(), rng.normal(size=rng.integers(1, 12, 2))
        # The reference evaluator takes n * scale, not o, for align_corners, and lets it decide whether o is 1.
        scales = rng.uniform(2 / min(x.shape), 3, 2).astype(np.float32).tolist() if rng.integers(2) else None
        scales = None if coordinates == "align_corners" else scales
        theirs, ours = {"coordinate_transformation_mode": coordinates, "mode": mode}, {}
        if mode == "nearest":
            ours["rounding"] = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"][rng.integers(4)]
            theirs["nearest_mode"] = ours["rounding"]
            if scales is None:  # it works with float32 scales: where a coordinate is a tie, it is off by chance
                scales = [2.0, 3.0] if coordinates != "align_corners" else None
        else:
            ours["antialias"] = bool(rng.integers(2))
            theirs["antialias"] = int(ours["antialias"])
        if mode == "cubic":
            ours |= {"a": float(rng.choice([-0.5, -0.75])), "exclude_outside": bool(rng.integers(2))}
            theirs |= {"cubic_coeff_a": ours["a"], "exclude_outside": int(ours["exclude_outside"])}
        expected = onnx_resize(x, sizes, scales, **theirs)
        given = {"size": sizes} if scales is None else {"scale_factor": scales}
        agrees(resize, expected, x, mode=mode, coordinates=coordinates, atol=1e-4, rtol=1e-4, **given, **ours)


@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        (Image.BILINEAR, {}),
        (Image.BICUBIC, {"mode": "cubic"}),
        (Image.LANCZOS, {"mode": "lanczos"}),
        (Image.BOX, {"mode": "box"}),
    ],
)
def test_resize_is_pillows(kernel, options, agrees):
    for x, size in clear_sizes(40):
        if kernel == Image.BOX and any(n > o and o % 2 == 0 for n, o in zip(x.shape, size, strict=True)):
            continue  # an end of a window is a tie
        expected = np.array(Image.fromarray(x).resize(size[::-1], kernel))
        agrees(resize, expected, x, size, antialias=True, exclude_outside=True, **options)


@pytest.mark.parametrize(
    ("flag", "options"),
    [
        (cv2.INTER_LINEAR, {}),
        (cv2.INTER_CUBIC, {"mode": "cubic", "a": -0.75}),
        (cv2.INTER_AREA, {"mode": "coverage"}),
    ],
)
def test_resize_is_opencvs(flag, options, agrees):
    rng = draw(flag)
    for _ in range(25):
        x, (h, w) = rng.normal(size=rng.integers(4, 30, 2)).astype(np.float32), rng.integers(1, 60, 2).tolist()
        if flag == cv2.INTER_AREA:  # a mean only where it shrinks both axes
            h, w = min(h, x.shape[0]), min(w, x.shape[1])
        expected = cv2.resize(x, (w, h), interpolation=flag)
        agrees(resize, expected.reshape(h, w), x, (h, w), rtol=1e-4, atol=1e-4, **options)


@pytest.mark.parametrize(
    ("border", "scipys"), [("replicate", "nearest"), ("reflect", "mirror"), ("circular", "grid-wrap")]
)
@pytest.mark.parametrize("grid", [True, False])
def test_linear_is_scipys_zoom(border, scipys, grid, agrees):
    rng = draw(grid)
    for _ in range(15):
        x, size = rng.normal(size=rng.integers(2, 9, 2)), tuple(map(int, rng.integers(2, 20, 2)))
        zoom = [o / n for o, n in zip(size, x.shape, strict=True)]
        expected = scipy.ndimage.zoom(x, zoom, order=1, mode=scipys, grid_mode=grid)
        coordinates = "half_pixel" if grid else "align_corners"
        agrees(resize, expected, x, size, coordinates=coordinates, border=border)


def test_linear_is_scikit_images(agrees):
    rng = draw(7)
    for _ in range(15):
        x, size = rng.normal(size=rng.integers(2, 9, 2)), tuple(map(int, rng.integers(2, 20, 2)))
        expected = skimage.transform.resize(x, size, order=1, mode="edge", anti_aliasing=False)
        agrees(resize, expected, x, size)


# The algebra


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("mode", KERNELS)
def test_a_border_rule_is_padding(mode, border):
    padding = {"symmetric": lambda x: np.pad(x, (8, 8), "symmetric")}
    for n, o in [(9, 20), (12, 9), (10, 10), (9, 31)]:
        x = draw(n).normal(size=n)
        long = padding[border](x) if border == "symmetric" else pad(x, (8, 8), border)
        at = (np.arange(o) + 0.5) * n / o - 0.5 - np.arange(-8, n + 8)[:, None]
        kernel = {"box": box, "linear": tent, "cubic": keys, "mitchell": mitchell_netravali, "lanczos": lanczos}[mode]
        weight = kernel(-at)
        np.testing.assert_allclose(resize(x, o, mode=mode, border=border), long @ (weight / weight.sum(0)), atol=1e-12)


@pytest.mark.parametrize("border", BORDERS)
def test_borders_hold_for_kernels_wider_than_the_input(border):
    modes = {
        "replicate": "edge",
        "constant": "constant",
        "reflect": "reflect",
        "symmetric": "symmetric",
        "circular": "wrap",
    }
    for n in (2, 3):
        x, o = draw(n).normal(size=n), 7
        long = np.pad(x, (30, 30), modes[border])
        at = np.arange(-30, n + 30)[:, None] - ((np.arange(o) + 0.5) * n / o - 0.5)
        weight = lanczos(at)
        np.testing.assert_allclose(
            resize(x, o, mode="lanczos", border=border), long @ (weight / weight.sum(0)), atol=1e-12
        )
    for mode in MODES:
        np.testing.assert_allclose(resize(np.ones(1), 5, mode=mode, border="reflect"), 1)


def settings_of_resize():
    for seed in range(120):
        rng = draw(seed)
        axes = 1 + seed % 3
        mode = MODES[seed % len(MODES)]
        options = {
            "mode": mode,
            "coordinates": COORDINATES[rng.integers(5)],
            "border": BORDERS[rng.integers(5)],
            "antialias": mode in KERNELS and bool(rng.integers(2)),
            "exclude_outside": mode != "box" and bool(rng.integers(2)),
        }
        shape = tuple(map(int, rng.integers(1, 12, axes)))
        lead = [(), (2,), (0, 3), (2, 1, 2)][rng.integers(4)]
        given = {"size": tuple(map(int, rng.integers(1, 15, axes)))}
        if rng.integers(2):
            given = {"scale_factor": tuple(map(float, rng.uniform(1.01 / np.array(shape), 3)))}
        yield rng, (*lead, *shape), given, options


def matrices(shape, size, scales, options):
    return [interpolation_matrix(n, o, scale_factor=s, **options) for n, o, s in zip(shape, size, scales, strict=True)]


def test_resize_is_its_matrix_on_each_axis(agrees):
    for rng, shape, given, options in settings_of_resize():
        x, axes = rng.normal(size=shape), len(next(iter(given.values())))
        size = resize(x, **given, **options).shape[len(shape) - axes :]
        expected = x
        scales = given.get("scale_factor", [None] * axes)
        for axis, m in enumerate(matrices(shape[-axes:], size, scales, options), len(shape) - axes):
            expected = np.moveaxis(np.tensordot(m, expected, (1, axis)), 0, axis)
        agrees(resize, expected, x, **given, **options)
        for dtype in (np.float32, np.float64):
            m = interpolation_matrix(shape[-1], size[-1], scale_factor=scales[-1], **options)
            agrees(interpolation_matrix, m.astype(dtype), shape[-1], size[-1], scale_factor=scales[-1],
                   like=np.zeros(0, dtype), **options)  # fmt: skip


def test_the_adjoint_is_the_transposed_matrix(agrees):
    for rng, shape, given, options in settings_of_resize():
        x, axes = rng.normal(size=shape), len(next(iter(given.values())))
        y = rng.normal(size=resize(x, **given, **options).shape)
        scale = {"scale_factor": given["scale_factor"]} if "scale_factor" in given else {}
        back = resize_adjoint(y, shape[-axes:], **scale, **options)
        assert np.sum(resize(x, **given, **options) * y) == pytest.approx(np.sum(x * back), abs=1e-10)
        expected = y
        sizes = zip(shape[-axes:], y.shape[y.ndim - axes :], given.get("scale_factor", [None] * axes), strict=True)
        for axis, (n, o, s) in enumerate(sizes, y.ndim - axes):
            m = interpolation_matrix(n, o, scale_factor=s, **options)
            expected = np.moveaxis(np.tensordot(m, expected, (0, axis)), 0, axis)
        agrees(resize_adjoint, expected, y, shape[-axes:], **scale, **options)


def test_rows_of_the_matrix_add_up_to_1():
    for _, shape, given, options in settings_of_resize():
        if options["border"] != "constant":
            o = next(iter(given.values()))[0] if "size" in given else 7
            np.testing.assert_allclose(interpolation_matrix(shape[-1], int(o), **options).sum(axis=1), 1, atol=1e-12)


def test_resize_is_linear():
    for rng, shape, given, options in settings_of_resize():
        x, y = rng.normal(size=(2, *shape))
        both = 2 * resize(x, **given, **options) - 3 * resize(y, **given, **options)
        np.testing.assert_allclose(resize(2 * x - 3 * y, **given, **options), both, atol=1e-12)


@settings(deadline=None, max_examples=50, derandomize=True)
@drawn(
    n=st.integers(1, 30), o=st.integers(1, 30), mode=st.sampled_from(MODES), smooth=st.booleans(), outside=st.booleans()
)
def test_resize_commutes_with_turning_round(n, o, mode, smooth, outside):
    options = {"mode": mode, "antialias": smooth and mode in KERNELS, "exclude_outside": outside}
    m = interpolation_matrix(n, o, **options)
    ties = mode in ("nearest", "box") and ((2 * np.arange(o) + 1) * n % (2 * o) == 0).any()
    wide = mode == "box" and options["antialias"]
    if not ties and not wide:  # a tie goes to the right
        np.testing.assert_allclose(m, m[::-1, ::-1], atol=1e-12)


@pytest.mark.parametrize("mode", ["linear", "cubic", "lanczos", "box", "nearest", "area", "coverage"])
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_the_same_size_changes_nothing(mode, coordinates):
    np.testing.assert_allclose(interpolation_matrix(9, 9, mode, coordinates=coordinates), np.eye(9), atol=1e-15)


def test_gradients_flow_through_every_mode():
    for mode in MODES:
        x = torch.tensor(draw(1).normal(size=(2, 3, 4)), requires_grad=True)
        assert torch.autograd.gradcheck(lambda x, mode=mode: resize(x, (5, 3), mode=mode), x)


def test_worked_numbers_of_the_course():
    x = np.arange(4.0)
    np.testing.assert_allclose(resize(x, 8), [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    np.testing.assert_allclose(resize(x, 8, coordinates="align_corners"), np.arange(8) * 3 / 7)
    np.testing.assert_allclose(resize(x, 8, coordinates="asymmetric"), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3])
    five = np.arange(5.0)[None, None]
    np.testing.assert_array_equal(interpolate(five, 3)[0, 0], [0, 1, 3])
    np.testing.assert_array_equal(interpolate(five, 3, mode="nearest-exact")[0, 0], [0, 2, 4])
    f = draw(0).normal(size=3)
    assert f @ tent(np.arange(3) - 1.6) == pytest.approx(0.4 * f[1] + 0.6 * f[2])


# Refusals

X = np.ones((1, 2, 4, 5))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of size and scale_factor must be given"),
        ({"size": 3, "scale_factor": 2}, "one of size and scale_factor must be given"),
        ({"size": (3,)}, "size must be one number or 2"),
        ({"size": (3, 3, 3)}, "size must be one number or 2"),
        ({"size": 0}, "size must be a whole number >= 1, got 0"),
        ({"size": 2.0}, "size must be a whole number >= 1, got 2.0"),
        ({"size": True}, "size must be a whole number >= 1, got True"),
        ({"size": (2, None)}, "size must be a whole number"),
        ({"scale_factor": (2.0,)}, "scale_factor must be one number or 2"),
        ({"scale_factor": 0}, "scale_factor must be a positive number, got 0"),
        ({"scale_factor": -1.5}, "scale_factor must be a positive number, got -1.5"),
        ({"scale_factor": True}, "scale_factor must be a positive number, got True"),
        ({"scale_factor": "2"}, "scale_factor must be"),
        ({"scale_factor": 0.2}, "scale_factor must leave at least one of 4 samples, got 0.2"),
        ({"size": 3, "recompute_scale_factor": True}, "recompute_scale_factor=True needs scale_factor, got size=3"),
        ({"size": 3, "mode": "linear"}, "input must have 3 axes"),
        ({"size": 3, "mode": "trilinear"}, "input must have 5 axes"),
        ({"size": 3, "mode": "cubic"}, "mode must be one of nearest, .*; got 'cubic'"),
        ({"size": 3, "align_corners": False}, "align_corners is for .*, got False with mode='nearest'"),
        ({"size": 3, "mode": "nearest-exact", "align_corners": True}, "align_corners is for"),
        ({"size": 3, "mode": "area", "align_corners": True}, "align_corners is for"),
        ({"size": 3, "mode": "lanczos", "antialias": True, "align_corners": True}, "align_corners is for"),
        ({"size": 3, "mode": "lanczos"}, "antialias must be True for mode='lanczos'"),
        ({"size": 3, "antialias": True}, "antialias=True is for bilinear, bicubic and lanczos, got mode='nearest'"),
        ({"size": 3, "mode": "area", "antialias": True}, "antialias=True is for"),
        ({"size": 3, "input": np.ones((4, 5))}, "input must have 3 or 4 or 5 axes"),
        ({"size": 3, "input": np.ones((1, 1, 1, 1, 4, 5))}, "input must have 3 or 4 or 5 axes"),
        ({"size": 3, "input": np.ones((1, 2, 0, 5))}, "none but the batch empty"),
        ({"size": 3, "input": np.ones((1, 0, 4, 5))}, "none but the batch empty"),
        ({"size": 3, "input": np.ones((1, 2, 4)), "mode": "bilinear"}, "input must have 4 axes"),
        ({"size": 3, "mode": "bilinear", "align_corners": 1}, "^align_corners must be True or False, got 1"),
    ],
    ids=str,
)
def test_interpolate_refuses_by_name_what_torch_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        interpolate(**{"input": X} | options)
    if options.get("scale_factor") is not True and options.get("size") is not True:
        with pytest.raises((ValueError, TypeError, NotImplementedError, RuntimeError)):
            F.interpolate(
                **{name: torch.tensor(v) if name == "input" else v for name, v in ({"input": X} | options).items()}
            )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: resize(X), "one of size and scale_factor must be given"),
        (lambda: resize(X, 3, scale_factor=2), "one of size and scale_factor must be given"),
        (lambda: resize(X, ()), "size must hold 1 to 4 numbers"),
        (lambda: resize(X, (1, 1, 1, 1, 1)), "size must hold 1 to 4 numbers"),
        (lambda: resize(X, 2.5), "size must be a whole number >= 1, got 2.5"),
        (lambda: resize(X, scale_factor=0), "scale_factor must be a positive number, got 0"),
        (lambda: resize(X[..., :0], 3), "input must have at least one sample"),
        (lambda: resize(X, 3, mode="bilinear"), "mode must be one of box, .*; got 'bilinear'"),
        (lambda: resize(X, 3, coordinates="corners"), "coordinates must be one of half_pixel, .*; got 'corners'"),
        (lambda: resize(X, 3, mode="nearest", rounding="up"), "rounding must be one of floor, .*; got 'up'"),
        (lambda: resize(X, 3, border="zero"), "border must be one of replicate, .*; got 'zero'"),
        (lambda: resize(X, 3, mode="nearest", antialias=True), "antialias=True stretches a kernel.*got 'nearest'"),
        (lambda: resize(X.astype(int), 3), "samples that are to be weighed must be floating-point"),
        (lambda: resize_adjoint(X, 2.0), "input_size must be a whole number >= 1, got 2.0"),
        (lambda: resize_adjoint(X, (1, 2, 3, 4, 5)), "size"),
        (lambda: resize_adjoint(X, 2, scale_factor=2), r"output must have the size that input_size=\(2,\)"),
        (lambda: resize_adjoint(X.astype(int), 2), "samples that are to be weighed must be floating-point"),
        (lambda: interpolate_adjoint(X, 2, scale_factor=2.0), r"resized to, \(4, 4\); got \(4, 5\)"),
        (lambda: interpolate_adjoint(X, (2, 2, 2)), "input_size must be one number or 2"),
        (lambda: interpolate_adjoint(X, None), "input_size must be"),
        (lambda: interpolation_matrix(0, 3), "input_size must be a whole number >= 1, got 0"),
        (lambda: interpolation_matrix(3, 0), "output_size must be a whole number >= 1, got 0"),
        (lambda: interpolation_matrix(3, 3, scale_factor=-1), "scale_factor must be a positive number, got -1"),
        (lambda: interpolation_matrix(3, 3, like=X.astype(int)), "like must be floating-point, got int64"),
        (lambda: box(X.astype(int)), "x must be floating-point, got int64"),
        (lambda: tent(X.astype(int)), "x must be floating-point"),
        (lambda: keys(X.astype(int)), "x must be floating-point"),
        (lambda: mitchell_netravali(X.astype(int)), "x must be floating-point"),
        (lambda: lanczos(X.astype(int)), "x must be floating-point"),
        (lambda: lanczos(X, 0), "a must be a whole number >= 1, got 0"),
    ],
)
def test_refusals_name_the_argument_and_the_rule(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: resize(X, 3, antialias=1), "^antialias must be True or False, got 1"),
        (lambda: resize(X, 3, exclude_outside=None), "^exclude_outside must be True or False, got None"),
        (lambda: resize(X, 3, mode="cubic", a=float("nan")), "^a must be a finite number, got nan"),
        (lambda: resize([1.0], 3), "^input must be an array"),
        (lambda: interpolate([[[1.0]]], 3), "^input must be an array"),
        (lambda: keys(X, None), "^a must be a finite number, got None"),
        (lambda: mitchell_netravali(X, C="x"), "^C must be a finite number, got 'x'"),
    ],
)
def test_what_is_no_number_flag_or_array_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
