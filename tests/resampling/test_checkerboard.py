"""Phase gains, projections and scores against loops, torch, the DFT and least squares."""

from functools import reduce
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize

from resampling.checkerboard import (
    clean_projection,
    gradient_checkerboard,
    is_checkerboard_free,
    nyquist_energy,
    overlap_map,
    phase_gain_spectrum,
    phase_gains,
)
from resampling.sub_pixel import icnr, icnr_transposed

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
SHAPES = [(1,), (2,), (3,), (7,), (3, 4), (5, 2), (2, 1, 4), (2, 3, 3, 5), (1, 2, 2, 3, 4)]


def some(seed, *shape, dtype="float64"):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def taps_of(shape):
    return len(shape) if len(shape) < 3 else len(shape) - 2


def settings(shape):
    """A kernel's shape with strides and dilations, the same and another on each axis."""
    axes = taps_of(shape)
    every = [(s, d) for s, d in product(range(1, 6), range(1, 5))]
    each = [((2, 3, 1)[:axes], (1, 2, 3)[:axes]), ((4, 2, 3)[:axes], (2, 1, 1)[:axes])]
    return every + each


def per_axis(value, axes):
    return value if isinstance(value, tuple) else (value,) * axes


def gains_by_loop(weight, stride, dilation):
    axes = taps_of(weight.shape)
    stride, dilation = per_axis(stride, axes), per_axis(dilation, axes)
    gains = np.zeros((*weight.shape[: weight.ndim - axes], *stride), weight.dtype)
    for tap in np.ndindex(*weight.shape[-axes:]):
        phase = tuple(d * t % s for t, s, d in zip(tap, stride, dilation, strict=True))
        gains[(..., *phase)] += weight[(..., *tap)]
    return gains


# What a transposed convolution paints


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_overlap_is_what_a_transposed_convolution_makes_of_ones(agrees, dtype):
    for n, k, s, p, d in product((1, 2, 5), range(1, 5), range(1, 5), range(3), (1, 2)):
        for op in range(max(s, d)):
            if s * (n - 1) - 2 * p + d * (k - 1) + op + 1 < 1:
                continue
            ones = torch.ones(1, 1, n, dtype=getattr(torch, dtype)), torch.ones(1, 1, k, dtype=getattr(torch, dtype))
            agrees(overlap_map, F.conv_transpose1d(*ones, None, s, p, op, 1, d)[0, 0],
                   n, k, s, p, op, d, like=np.zeros(1, dtype))  # fmt: skip


def test_overlap_counts_windows_and_taps():
    n, k, s, p, d = 4, 3, 2, 1, 2
    count = [sum(s * i + d * t - p == j for i in range(n) for t in range(k)) for j in range(9)]
    np.testing.assert_array_equal(overlap_map(n, k, s, p, 0, d), count)
    assert overlap_map(n, k).dtype == np.float64


def test_overlap_on_several_axes_is_the_outer_product():
    sizes, kernels, strides, pads, extra, spacing = (3, 4, 2), (3, 2, 4), (2, 1, 3), (1, 0, 2), (1, 0, 2), (1, 3, 1)
    lines = [overlap_map(*line) for line in zip(sizes, kernels, strides, pads, extra, spacing, strict=True)]
    for axes in (1, 2, 3):
        first = (option[:axes] for option in (sizes, kernels, strides, pads, extra, spacing))
        np.testing.assert_array_equal(overlap_map(*first), reduce(np.multiply.outer, lines[:axes]))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_gradient_checkerboard_is_the_gradient_of_a_strided_convolution(agrees, axes):
    rng = np.random.default_rng(axes)
    for _ in range(40 // axes):
        draw = lambda low, high: tuple(map(int, rng.integers(low, high, axes)))  # noqa: E731
        k, s, p, d, groups = draw(1, 5), draw(1, 4), draw(0, 3), draw(1, 3), int(rng.integers(1, 3))
        size = tuple(max(1, step * (taps - 1) + 1 - 2 * pad) + int(rng.integers(0, 6))
                     for step, taps, pad in zip(d, k, p, strict=True))  # fmt: skip
        weight = rng.normal(size=(3 * groups, 2, *k))
        x = torch.tensor(rng.normal(size=(1, 2 * groups, *size)), requires_grad=True)
        CONV[axes](x, torch.tensor(weight), None, s, p, d, groups).sum().backward()
        agrees(gradient_checkerboard, x.grad[0], weight, size, s, p, d, groups)


def test_gradient_checkerboard_of_a_kernel_without_channels(agrees):
    agrees(gradient_checkerboard, np.array([1.0, 1, 2, 1, 2, 1, 1, 0]), np.ones(3), 8, 2)
    for weight, size, stride in [(some(0, 3), (9,), 2), (some(0, 3, 2), (8, 7), (3, 2)), (some(1, 2, 3), 6, 2)]:
        full = gradient_checkerboard(weight[None, None], size, stride, 1)
        agrees(gradient_checkerboard, full[0], weight, size, stride, 1)


def test_gradient_has_the_phase_gains_of_the_kernel():
    weight = some(5, 5)
    inside = gradient_checkerboard(weight, 40, 3, 2)[9:30]
    np.testing.assert_allclose(inside, np.tile(np.roll(phase_gains(weight, 3), -2), 7))


# Phase gains


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_phase_gains_are_sums_of_taps(agrees, shape, dtype):
    weight = (some(0, *shape) * 9).astype(dtype)
    for s, d in settings(shape):
        agrees(phase_gains, gains_by_loop(weight, s, d), weight, s, d)


@pytest.mark.parametrize("axes", [1, 2])
def test_phase_gains_are_the_outputs_of_a_constant(axes):
    for k, s, d in product(range(1, 6), range(1, 5), range(1, 4)):
        weight = some(k, *(k,) * axes)
        ones = torch.ones(1, 1, *(20,) * axes, dtype=torch.float64)
        out = TRANSPOSE[axes](ones, torch.tensor(weight)[None, None], stride=s, dilation=d)[0, 0].numpy()
        start = s * (d * k // s + 1)  # a multiple of the stride that every tap reaches
        inside = out[(slice(start, start + s),) * axes]
        np.testing.assert_allclose(phase_gains(weight, s, d), inside, atol=1e-12)


def test_channels_meet_in_pairs():
    weight, levels = some(0, 3, 2, 5), some(1, 3)
    out = F.conv_transpose1d(torch.tensor(levels[None, :, None].repeat(9, 2)), torch.tensor(weight), stride=2)[0]
    np.testing.assert_allclose(out[:, 8:10], np.einsum("q,qcr->cr", levels, phase_gains(weight, 2)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_spectrum_of_the_gains_is_that_of_the_kernel(agrees, shape, dtype):
    weight, axes = some(0, *shape, dtype=dtype), taps_of(shape)
    for s, d in [(1, 1), (2, 1), (3, 1), (4, 2), (3, 2), *settings(shape)[-2:]]:
        spectrum = weight.astype(complex)
        for axis, (step, spacing) in enumerate(zip(per_axis(s, axes), per_axis(d, axes), strict=True)):
            first = len(shape) - axes  # the axis contracted, its frequencies put last
            m, t = np.arange(step)[None], np.arange(shape[first + axis])[:, None]
            spectrum = np.tensordot(spectrum, np.exp(-2j * np.pi * m * spacing * t / step), ([first], [0]))
        expected = spectrum.astype("complex64" if dtype == "float32" else "complex128")
        agrees(phase_gain_spectrum, expected, weight, s, d, rtol=1e-4 if dtype == "float32" else 1e-11,
               atol=1e-5 if dtype == "float32" else 1e-11)  # fmt: skip


def test_the_worked_kernels():
    np.testing.assert_array_equal(phase_gains(np.array([1, 2, 1]), 2), [2, 2])
    np.testing.assert_array_equal(phase_gains(np.array([1, 2, 3, 4]), 2), [4, 6])
    assert is_checkerboard_free(np.array([1.0, 2.0, 1.0]), 2)
    assert not is_checkerboard_free(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    assert overlap_map(9, 4, 2)[4:-4].tolist() == [2] * 12  # even overlap, and yet a checkerboard


def test_free_of_checkerboard_is_said_of_every_pair_of_channels(array):
    box, tent = np.ones((2, 3, 4)), np.array([[[1.0, 2.0, 1.0]]])
    assert is_checkerboard_free(array(box), 2) is True
    assert is_checkerboard_free(array(tent), 2)
    assert not is_checkerboard_free(array(tent), 3)
    box[1, 2, 3] += 0.01
    assert is_checkerboard_free(array(box), 2) is False
    assert is_checkerboard_free(array(box), 2, 0.01)
    assert is_checkerboard_free(array(np.zeros((2, 2))), 2)
    assert not is_checkerboard_free(array(np.array([1.0, np.nan])), 2)
    assert is_checkerboard_free(array(np.array([1.0, 1.0, 2.0])), 2, dilation=1) is False
    assert is_checkerboard_free(array(np.array([1.0, 1.0])), 2, dilation=3)
    assert not is_checkerboard_free(array(np.array([1.0, 1.0])), 2, dilation=2)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_tolerance_is_relative_to_the_kernel(scale):
    assert is_checkerboard_free(scale * np.array([1.0, 1.0 + 1e-6]), 2)
    assert not is_checkerboard_free(scale * np.array([1.0, 1.0 + 1e-4]), 2)


# The nearest clean kernel


def projector(kernel, stride, dilation):
    """``I - pinv(A) @ A``, where ``A @ w == 0`` says that neighbouring gains are equal."""
    units = np.eye(int(np.prod(kernel))).reshape(-1, 1, 1, *kernel)
    gains = np.stack([gains_by_loop(unit, stride, dilation).ravel() for unit in units], axis=1)
    differences = np.diff(gains, axis=0)
    return np.eye(len(units)) - np.linalg.pinv(differences) @ differences


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kernel", [(1,), (2,), (3,), (4,), (5,), (7,), (3, 4), (4, 4), (5, 2), (2, 3, 3)], ids=str)
def test_projection_is_least_squares(agrees, kernel, dtype):
    """On any stride: phases of equal and of unequal numbers of taps, and phases without taps."""
    lead = (2, 3) if len(kernel) > 2 else ()
    weight = some(3, *lead, *kernel, dtype=dtype)
    for s, d in settings((*lead, *kernel)):
        expected = weight.reshape(*lead, -1) @ projector(kernel, s, d).T
        agrees(clean_projection, expected.reshape(weight.shape).astype(dtype), weight, s, d)


def test_projection_of_the_worked_kernels(agrees):
    agrees(clean_projection, np.array([1.5, 1.5, 3.5, 3.5]), np.array([1.0, 2, 3, 4]), 2)
    agrees(clean_projection, np.array([1, 8, 7]) / 3, np.array([1.0, 2, 3]), 2)
    agrees(clean_projection, np.array([0.0, 0.0]), np.array([1.0, 2.0]), 3)
    agrees(clean_projection, np.array([1.0, 2.0, 1.0]), np.array([1.0, 2.0, 1.0]), 2)


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [((5,), 2, 1), ((3, 4), (2, 3), 1), ((4,), 3, 2)])
def test_projection_is_linear_idempotent_self_adjoint_and_clean(kernel, stride, dilation):
    a, b = some(0, *kernel), some(1, *kernel)
    project = lambda w: clean_projection(w, stride, dilation)  # noqa: E731
    np.testing.assert_allclose(project(2 * a - b), 2 * project(a) - project(b), atol=1e-12)
    np.testing.assert_allclose(project(project(a)), project(a), atol=1e-12)
    np.testing.assert_allclose(np.vdot(project(a), b), np.vdot(a, project(b)))
    assert is_checkerboard_free(project(a), stride, 1e-12, dilation)
    assert not is_checkerboard_free(a, stride, 1e-12, dilation)
    assert np.linalg.norm(a - project(a)) < np.linalg.norm(a - project(b))


def test_a_general_optimiser_finds_the_same_kernel():
    weight = some(0, 5)
    rule = {"type": "eq", "fun": lambda w: np.diff(gains_by_loop(w, 3, 1))}
    best = minimize(lambda w: ((w - weight) ** 2).sum(), np.zeros(5), constraints=rule, tol=1e-12).x
    np.testing.assert_allclose(clean_projection(weight, 3), best, atol=1e-5)


def test_projected_float32_kernels_count_as_clean():
    for k, s in product(range(2, 8), (2, 3)):
        weight = some(k, 8, 16, k, k, dtype="float32")
        assert is_checkerboard_free(clean_projection(weight, s), s)


# Nyquist energy


def energy_by_dft(x, stride):
    """The definition, on axes that are multiples of the stride."""
    axes = tuple(range(-len(stride), 0))
    power = np.abs(np.fft.fftn(x.astype("float64"), axes=axes)) ** 2
    power[(..., *(0 for _ in axes))] = 0
    comb = tuple(slice(None, None, n // s) for n, s in zip(x.shape[-len(stride) :], stride, strict=True))
    return (power[(..., *comb)].sum(axes) / power.sum(axes)).astype(x.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_energy_is_the_share_of_the_dft(agrees, dtype):
    for s, blocks in product([(2,), (3,), (2, 2), (3, 2), (1, 4), (2, 3, 2)], (1, 2, 5)):
        for lead in [(), (3,), (2, 2), (0,)]:
            x = some(blocks, *lead, *(step * (blocks + a) for a, step in enumerate(s)), dtype=dtype)
            agrees(nyquist_energy, energy_by_dft(x, s), x, s)
            agrees(nyquist_energy, energy_by_dft(x, s), 3 * x - 1, s)
            larger = np.concatenate([x, 100 * x[..., :1]], axis=-1) if s[-1] > 1 else x
            agrees(nyquist_energy, energy_by_dft(x, s), larger, s)


def test_one_number_means_the_last_two_axes_or_the_only_one(agrees):
    x = some(0, 2, 4, 6)
    agrees(nyquist_energy, energy_by_dft(x, (2, 2)), x)
    agrees(nyquist_energy, energy_by_dft(x[0, 0], (3,)), x[0, 0], 3)
    agrees(nyquist_energy, energy_by_dft(x, (3,)), x, (3,))


def test_pure_patterns_score_one_and_smooth_ones_almost_none(agrees):
    i, j = np.indices((16, 12))
    for pattern in [(i + j) % 2, i % 2, j % 2, (i % 2) * (j % 2)]:
        agrees(nyquist_energy, np.ones(()), 3.0 - pattern)
        agrees(nyquist_energy, np.ones(()), 1e4 + 5.0 * pattern)
    agrees(nyquist_energy, np.zeros(()), np.cos(2 * np.pi * i / 16))
    agrees(nyquist_energy, np.zeros(()), np.cos(2 * np.pi * j / 3))
    assert nyquist_energy(np.arange(100.0)) < 1e-3


def test_a_constant_scores_zero_whatever_rounding_makes_of_it(agrees):
    for value, dtype in product([0, 0.1, 1 / 3, -7e5], ["float32", "float64"]):
        agrees(nyquist_energy, np.zeros((), dtype), np.full((10, 14), value, dtype))
    noisy = np.float32(0.7) + np.indices((8, 8), dtype="float32").sum(0) % 2 * np.float32(1e-7)
    agrees(nyquist_energy, np.zeros((), "float32"), noisy)
    agrees(nyquist_energy, np.ones((), "float32"), noisy, tol=0.0)


@pytest.mark.parametrize("seed", range(10))
def test_random_layers_paint_pure_checkerboards_and_clean_ones_none(seed):
    ones, weight = np.ones((1, 4, 12, 12)), some(seed, 4, 3, 5, 5)
    layer = lambda w: F.conv_transpose2d(*map(torch.tensor, (ones, w)), stride=2)[..., 6:-6, 6:-6]  # noqa: E731
    small = some(seed, 12, 4, 3, 3)
    shuffle = lambda w: F.pixel_shuffle(F.conv2d(*map(torch.tensor, (ones, w))), 2)  # noqa: E731
    for random in (layer(weight), shuffle(small)):
        np.testing.assert_allclose(nyquist_energy(random), 1)
    clean = (
        layer(clean_projection(weight, 2)),
        shuffle(icnr(small[::4], 2)),
        layer(icnr_transposed(small[:3], 2).copy()),
    )
    for image in clean:
        np.testing.assert_array_equal(nyquist_energy(image), 0)


def test_gradients_pass():
    leaf = lambda *shape: torch.tensor(some(0, *shape), requires_grad=True)  # noqa: E731
    assert torch.autograd.gradcheck(nyquist_energy, leaf(2, 5, 4))
    for function in (phase_gains, clean_projection, phase_gain_spectrum):
        assert torch.autograd.gradcheck(lambda w, function=function: function(w, 2), leaf(2, 1, 3, 3))
    assert torch.autograd.gradcheck(lambda w: gradient_checkerboard(w, 7, 2), leaf(3))
    flat = torch.ones(4, 4, requires_grad=True)
    nyquist_energy(flat).backward()
    assert torch.equal(flat.grad, torch.zeros(4, 4))


def test_read_only_and_non_contiguous_arguments_are_fine():
    x, weight = some(0, 6, 4, 2).T, some(1, 4, 3).T[:, ::-1]
    x.flags.writeable = weight.flags.writeable = False
    np.testing.assert_allclose(nyquist_energy(x), energy_by_dft(x.copy(), (2, 2)))
    np.testing.assert_allclose(clean_projection(weight, 2), clean_projection(weight.copy(), 2))
    np.testing.assert_allclose(phase_gains(weight, np.int64(2), [1, 2]), gains_by_loop(weight, 2, (1, 2)))


# Refusals


@pytest.mark.parametrize("function", [phase_gains, phase_gain_spectrum, is_checkerboard_free, clean_projection])
def test_bad_options_are_refused_by_their_names(function):
    for bad in (0, -1, 2.0, True, None, (2, 2)):
        with pytest.raises(ValueError, match="^stride must be"):
            function(np.ones(4), bad)
        with pytest.raises(ValueError, match="^dilation must be"):
            function(np.ones(4), 2, dilation=bad)
    for shape in [(), (0,), (1,) * 6, (0, 2, 3)]:
        with pytest.raises(ValueError, match="^weight must be"):
            function(np.ones(shape), 2)


def test_whole_numbers_have_no_projection_spectrum_or_energy():
    for function in (clean_projection, phase_gain_spectrum):
        with pytest.raises(ValueError, match="^weight must be of floating point, got int64"):
            function(np.array([1, 2, 3]), 2)
    with pytest.raises(ValueError, match="^x must be of floating point, got uint8"):
        nyquist_energy(np.ones((4, 4), "uint8"))


def test_signals_shorter_than_a_stride_are_refused():
    for shape, stride in [((1, 8), 2), ((8, 1), 2), ((8, 2), (3,)), ((8,), (2, 2)), ((0, 4), 2)]:
        with pytest.raises(ValueError, match="^x must have at least stride"):
            nyquist_energy(np.ones(shape), stride)
    for bad in (0, 2.0, None, True, (), (2, 0)):
        with pytest.raises(ValueError, match="^stride must be"):
            nyquist_energy(np.ones((4, 4)), bad)
    with pytest.raises(ValueError, match="^x must have"):
        nyquist_energy(np.ones(()))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"size": 0}, "^size must be"),
        ({"size": (2,) * 4}, "^size must be one number, or one for each of 1 to 3 axes"),
        ({"size": ()}, "^size must be one number, or one for each of 1 to 3 axes"),
        ({"kernel_size": 0}, "^kernel_size must be"),
        ({"kernel_size": (2, 2)}, "^kernel_size must be"),
        ({"stride": 0}, "^stride must be"),
        ({"padding": -1}, "^padding must be"),
        ({"output_padding": 2}, "^output_padding must be below"),
        ({"dilation": 0}, "^dilation must be"),
    ],
)
def test_overlap_of_what_is_no_layer_is_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        overlap_map(**{"size": 4, "kernel_size": 3, "stride": 2} | bad)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"size": 0}, "^size must be"),
        ({"size": (8, 8)}, "^size must be"),
        ({"size": 2}, "no window fits"),
        ({"stride": 0}, "^stride must be"),
        ({"padding": -1}, "^padding must be"),
        ({"dilation": 0}, "^dilation must be"),
        ({"weight": np.ones((3, 1, 3)), "groups": 2}, "groups"),
        ({"weight": np.ones(())}, "^weight must be"),
    ],
)
def test_gradients_of_what_is_no_layer_are_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        gradient_checkerboard(**{"weight": np.ones(3), "size": 8, "stride": 2} | bad)


@pytest.mark.parametrize("tol", [None, "x", -1, float("nan"), True], ids=repr)
def test_a_tolerance_is_a_number_from_0_up(tol):
    for call in (lambda: is_checkerboard_free(np.ones(4), 2, tol=tol), lambda: nyquist_energy(np.ones(4), 2, tol=tol)):
        with pytest.raises(ValueError, match="^tol must be at least 0, got"):
            call()
