"""Aliases, blur-pooling and low-pass design against SciPy, torch, the DFT and antialiased-cnns' definition."""

from itertools import product

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from resampling.aliasing import (
    alias_frequency,
    binomial,
    blur,
    blur_adjoint,
    blur_pool,
    blur_pool1d,
    blur_pool1d_adjoint,
    blur_pool2d,
    blur_pool2d_adjoint,
    blur_pool3d,
    blur_pool3d_adjoint,
    blur_pool_adjoint,
    decimate,
    decimate_adjoint,
    design_lowpass,
    folding_matrix,
    frequency_response,
    kaiser_order,
    max_blur_pool2d,
    windowed_sinc,
)

NUMPYS = {"reflect": "reflect", "constant": "constant", "replicate": "edge", "circular": "wrap"}
SCIPYS = {"reflect": "mirror", "constant": "constant", "replicate": "nearest", "circular": "grid-wrap"}
MODES = list(NUMPYS)


def test_the_worked_numbers():
    n = np.arange(8)
    fast = np.cos(2 * np.pi * 7 * np.arange(16) / 16)
    np.testing.assert_allclose(decimate(fast, 2), np.cos(2 * np.pi * n / 8), atol=1e-12)
    assert alias_frequency(7 / 16, 2) == 1 / 8
    np.testing.assert_array_equal(folding_matrix(16, 2), np.hstack([np.eye(8), np.eye(8)]) / 2)


@pytest.mark.parametrize(("n", "s"), [(16, 1), (16, 2), (24, 3), (60, 5), (12, 12)])
def test_the_alias_is_where_the_spectrum_peaks(n, s, agrees):
    cycles = np.arange(-2 * n, 2 * n + 1)
    kept = np.cos(2 * np.pi * cycles[:, None] * np.arange(n) / n + 0.3)[:, ::s]
    peaks = np.abs(np.fft.rfft(kept)).argmax(-1) / (n // s)
    agrees(alias_frequency, peaks, cycles / n, s)
    agrees(alias_frequency, peaks.astype("float32"), (cycles / n).astype("float32"), s)
    agrees(alias_frequency, peaks * 8000 / s, cycles * 8000 / n, s, sampling_rate=8000, atol=1e-9)
    rate, floats = np.float64(8000), (cycles * 8000 / n).astype("float32")
    agrees(alias_frequency, (peaks * 8000 / s).astype("float32"), floats, s, sampling_rate=rate, atol=1e-2)
    agrees(alias_frequency, peaks * n / s, cycles, s, sampling_rate=n)


def test_alias_of_one_number_is_one_number():
    assert isinstance(alias_frequency(0.4, 2), float)
    assert alias_frequency(5500, sampling_rate=8000) == 2500
    assert alias_frequency(0.5) == 0.5


@pytest.mark.parametrize(("n", "s"), [(1, 1), (6, 1), (6, 2), (6, 3), (6, 6), (15, 5), (32, 4)])
def test_folding_is_decimation_of_the_spectrum(n, s, agrees):
    x = np.random.default_rng(n).normal(size=n)
    np.testing.assert_allclose(folding_matrix(n, s) @ np.fft.fft(x), np.fft.fft(x[::s]), atol=1e-12)
    agrees(lambda like: folding_matrix(n, s, like=like), folding_matrix(n, s).astype("float32"), np.zeros(1, "float32"))


@pytest.mark.parametrize("k", range(1, 12))
def test_binomial_is_a_box_convolved_with_itself(k, agrees):
    expected = np.ones(1)
    for _ in range(k - 1):
        expected = np.convolve(expected, [0.5, 0.5])
    np.testing.assert_array_equal(binomial(k), expected)
    agrees(lambda like: binomial(k, like=like), expected.astype("float32"), np.zeros(1, "float32"))
    f = np.linspace(-1, 1, 41)
    np.testing.assert_allclose(abs(frequency_response(binomial(k), f)), abs(np.cos(np.pi * f)) ** (k - 1), atol=1e-12)


def filtered_literally(x, kernel, axis, step, mode):
    """Pad so that the taps are centred, the odd sample after the last, and take every window."""
    k = len(kernel)
    pads = [(0, 0)] * x.ndim
    pads[axis] = ((k - 1) // 2, k // 2)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, pads, mode=NUMPYS[mode]), k, axis=axis)
    every = [slice(None)] * x.ndim
    every[axis] = slice(None, None, step)
    return (windows @ kernel)[tuple(every)]


@pytest.mark.parametrize("mode", MODES)
def test_blur_is_each_axis_after_the_other(mode, agrees):
    rng = np.random.default_rng(0)
    for k, axes in product(range(1, 6), (1, 2, 3)):
        x, kernel = rng.normal(size=(2, 6, 5, 7)), rng.normal(size=k)
        expected = x
        for axis in range(-axes, 0):
            expected = filtered_literally(expected, kernel, axis, 1, mode)
        agrees(blur, expected, x, kernel, axes, mode)
        if k % 2:
            for axis in range(-axes, 0):
                x = scipy.ndimage.correlate1d(x, kernel, axis, mode=SCIPYS[mode])
            np.testing.assert_allclose(expected, x, atol=1e-12)


def zhang(x, k, stride, mode):
    """antialiased-cnns' BlurPool of a picture: pad, then one depthwise convolution with stride."""
    taps = [torch.tensor(np.atleast_1d((np.poly1d([1, 1]) ** (size - 1)).coeffs), dtype=x.dtype) for size in k]
    kernel = torch.outer(*taps)
    pads = [side for size in reversed(k) for side in ((size - 1) // 2, -(-(size - 1) // 2))]
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, *k)
    return F.conv2d(F.pad(x, pads, mode=mode), kernel, stride=stride, groups=x.shape[1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blur_pool2d_is_zhangs(mode, dtype, agrees):
    rng = np.random.default_rng(0)
    for k, s in product(((1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (2, 5)), ((1, 1), (2, 2), (3, 2), (1, 4), (5, 7))):
        x = rng.normal(size=(2, 3, *rng.integers(4, 9, 2))).astype(dtype)
        expected = zhang(torch.tensor(x), k, s, mode)
        assert expected.shape[2:] == tuple(-(-n // step) for n, step in zip(x.shape[2:], s, strict=True))
        agrees(blur_pool2d, expected, x, k, s, mode)
        agrees(blur_pool, expected, x, k, s, mode)
        agrees(blur_pool2d, expected[0], x[0], k, s, mode)
        agrees(blur_pool2d, expected[:0], x[:0], k, s, mode)


@pytest.mark.parametrize("mode", MODES)
def test_blur_pool_on_one_axis_and_on_three(mode, agrees):
    rng = np.random.default_rng(1)
    for k, s in product((1, 2, 3, 4, 5), (1, 2, 3, 9)):
        x = rng.normal(size=(2, 5, 6, 5))
        expected = filtered_literally(x, binomial(k), -1, s, mode)
        agrees(blur_pool1d, expected, x, k, s, mode)
        agrees(blur_pool1d, expected, x, (k,), [s], mode=mode)
        for axis, (size, step) in zip((-3, -2), ((3, s), (k, 2)), strict=True):
            expected = filtered_literally(expected, binomial(size), axis, step, mode)
        agrees(blur_pool3d, expected, x, (3, k, k), (s, 2, s), mode)
        agrees(blur_pool, expected, x, (3, k, k), (s, 2, s), mode, axes=3)


def test_defaults_and_single_samples(agrees):
    x = np.random.default_rng(0).normal(size=(2, 5, 6))
    agrees(blur_pool2d, blur_pool2d(x, 3, 2, "reflect"), x)
    agrees(blur_pool1d, np.array([[3.0]]), np.array([[3.0]]), mode="replicate")
    agrees(blur_pool1d, np.array([[1.5]]), np.array([[3.0]]), mode="constant")
    agrees(blur, blur(x, np.ones(3) / 3, 2, "reflect"), x, np.ones(3) / 3)


@pytest.mark.parametrize("seed", range(12))
def test_max_blur_pool2d_is_max_then_blur(seed, agrees):
    rng = np.random.default_rng(seed)
    x, k = rng.normal(size=(2, 3, *rng.integers(5, 10, 2))), tuple(rng.integers(1, 4, 2).tolist())
    stride, size = tuple(rng.integers(1, 4, 2).tolist()), tuple(rng.integers(1, 4, 2).tolist())
    expected = zhang(F.max_pool2d(torch.tensor(x), k, 1), size, stride, "reflect")
    agrees(max_blur_pool2d, expected, x, k, stride, size)
    agrees(max_blur_pool2d, zhang(F.max_pool2d(torch.tensor(x[1]), 2, 1)[None], (3, 3), 2, "reflect")[0], x[1])


def test_blur_pooling_shifts_better_than_striding():
    x = np.array([0.0, 0.0, 1.0, 1.0] * 4)[None, None]
    pools = lambda v: (F.max_pool1d(torch.tensor(v), 2), blur_pool1d(np.maximum(v, np.roll(v, -1)), mode="circular"))  # noqa: E731
    plain, blurred = (
        np.abs(np.asarray(a) - np.asarray(b)).max() for a, b in zip(pools(x), pools(np.roll(x, 1)), strict=True)
    )
    assert (plain, blurred) == (1.0, 0.25)


def adjoint_of(operator, size):
    """Its matrix, transposed, by applying it to every unit vector."""
    return operator(np.eye(int(np.prod(size))).reshape(-1, *size)).reshape(int(np.prod(size)), -1)


@pytest.mark.parametrize("mode", MODES)
def test_adjoints_are_the_transposed_matrices(mode, agrees):
    rng = np.random.default_rng(2)

    def proves(operator, adjoint, size, *options):
        matrix = adjoint_of(lambda x: operator(x, *options), size)
        out = operator(np.zeros((2, *size)), *options).shape
        y = rng.normal(size=out)
        expected = (y.reshape(2, -1) @ matrix.T).reshape(2, *size)
        agrees(adjoint, expected, y, *(() if adjoint is blur_adjoint else (size,)), *options)

    for k, s, n in product((1, 2, 3, 4), (1, 2, 3, 7), (4, 5)):
        proves(blur_pool1d, blur_pool1d_adjoint, (n,), k, s, mode)
        proves(blur_pool2d, blur_pool2d_adjoint, (n, 4), (k, 3), (2, s), mode)
        proves(
            lambda x, *o: decimate(x, *o, -1, mode),
            lambda y, n, *o: decimate_adjoint(y, *n, *o, -1, mode),
            (n,),
            s,
            rng.normal(size=k),
        )
    proves(blur_pool3d, blur_pool3d_adjoint, (3, 4, 5), (1, 2, 3), (3, 2, 1), mode)
    proves(blur_pool, blur_pool_adjoint, (3, 4, 5), (1, 2, 3), (3, 2, 1), mode, 3)
    proves(blur, blur_adjoint, (4, 5), rng.normal(size=3), 2, mode)
    proves(blur, blur_adjoint, (6,), rng.normal(size=4), 1, mode)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from(MODES),
    st.integers(0, 99),
)
def test_inner_products_agree(h, w, k, s, mode, seed):
    rng = np.random.default_rng(seed)
    if k // 2 > min(h, w) - (mode == "reflect") and mode in ("reflect", "circular"):
        return
    x = rng.normal(size=(2, h, w))
    y = blur_pool2d(x, k, s, mode)
    np.testing.assert_allclose(np.vdot(y, y), np.vdot(x, blur_pool2d_adjoint(y, (h, w), k, s, mode)))


def test_blur_pool_gradient_is_the_adjoint_and_torchs():
    x = torch.randn(2, 3, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    ours, theirs = blur_pool2d(x, 4, 3), zhang(x, (4, 4), 3, "reflect")
    up = torch.randn(ours.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (mine,), (expected,) = (torch.autograd.grad(y, x, up) for y in (ours, theirs))
    torch.testing.assert_close(mine, expected)
    torch.testing.assert_close(blur_pool2d_adjoint(up, (6, 7), 4, 3), expected)
    kernel = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda k: blur(x.detach()[:1, :1], k), kernel)


def test_decimate_is_scipys(agrees):
    rng = np.random.default_rng(3)
    for n, k, s in product((1, 5, 12), (1, 3, 4, 9), (2, 3)):
        x, taps = rng.normal(size=(2, n)), rng.normal(size=k)
        expected = scipy.signal.decimate(x, s, ftype=scipy.signal.dlti(taps[::-1].copy(), 1.0), zero_phase=True)
        if k % 2:
            agrees(decimate, expected, x, s, taps)
        agrees(decimate, filtered_literally(x, taps, -1, s, "constant"), x, s, taps)
    agrees(decimate, scipy.signal.decimate(x, 4, 20, "fir"), x, 4, scipy.signal.firwin(21, 1 / 4), atol=1e-10)


def test_decimate_along_any_axis(agrees):
    x, taps = np.random.default_rng(0).normal(size=(5, 4, 3)), np.array([1.0, -2.0, 4.0])
    for axis in range(-3, 3):
        expected = filtered_literally(x, taps, axis, 2, "circular")
        agrees(decimate, expected, x, 2, taps, axis, "circular")
        agrees(
            decimate_adjoint,
            np.swapaxes(decimate_adjoint(np.swapaxes(expected, axis, 0), x.shape[axis], 2, taps, 0), axis, 0),
            expected,
            x.shape[axis],
            2,
            taps,
            axis,
        )
        agrees(decimate, np.moveaxis(np.moveaxis(x, axis, 0)[::3], 0, axis), x, 3, axis=axis)
    agrees(decimate, np.array([0, 3]), np.arange(6), 3)
    agrees(decimate_adjoint, np.array([7, 0, 0, 8, 0]), np.array([7, 8]), 5, 3)


def test_arguments_of_any_memory_layout():
    x = np.arange(60.0).reshape(6, 10).T[::-1]
    x.flags.writeable = False
    np.testing.assert_array_equal(blur_pool2d(x), blur_pool2d(x.copy()))
    np.testing.assert_array_equal(blur_pool2d_adjoint(x, (19, 12)), blur_pool2d_adjoint(x.copy(), (19, 12)))


@pytest.mark.parametrize("stopband_db", [8, 20, 21, 22, 40, 50, 50.1, 60, 95.5])
@pytest.mark.parametrize("transition", [0.01, 0.05, 0.2])
def test_kaiser_order_is_scipys(stopband_db, transition):
    size, beta = scipy.signal.kaiserord(stopband_db, 2 * transition)
    assert kaiser_order(stopband_db, transition) == (size, pytest.approx(beta, rel=1e-3))


def test_windowed_sinc_is_scipys(agrees):
    for k, cutoff, beta in product((1, 2, 7, 20), (0.05, 0.2, 0.45), (0.0, 3.0, 8.5)):
        expected = scipy.signal.firwin(k, cutoff, window=("kaiser", beta), fs=1)
        np.testing.assert_allclose(windowed_sinc(k, cutoff, beta), expected, atol=1e-12)
        agrees(lambda like, *o: windowed_sinc(*o, like=like), expected, np.zeros(1), k, cutoff, beta)
    np.testing.assert_allclose(windowed_sinc(5, 0.5), [0, 0, 1, 0, 0], atol=1e-12)


def test_frequency_response_is_scipys(agrees):
    rng = np.random.default_rng(0)
    for k, dtype in product((1, 2, 9), ("float64", "float32")):
        taps, f = rng.normal(size=k).astype(dtype), rng.uniform(-1, 1, size=(3, 4)).astype(dtype)
        expected = scipy.signal.freqz(taps.astype(float), worN=2 * np.pi * f.ravel().astype(float))[1].reshape(f.shape)
        agrees(
            frequency_response,
            expected.astype("complex128" if dtype == "float64" else "complex64"),
            taps,
            f,
            atol=1e-5 if dtype == "float32" else 1e-12,
        )


@pytest.mark.parametrize("odd", [True, False])
@pytest.mark.parametrize("cutoff", [0.06, 0.125, 0.25, 0.44])
@pytest.mark.parametrize(
    ("transition", "stopband_db", "ripple_db"),
    [
        (0.1, 20, None),
        (0.05, 40, None),
        (0.1, 60, 0.1),
        (0.08, 30, 0.001),
        (0.1, 100, 1.0),
        (0.02, 50, None),
        (0.1, 200, None),
        (0.1, 5, 0.5),
    ],
)
def test_a_designed_filter_keeps_to_its_specification(odd, cutoff, transition, stopband_db, ripple_db):
    taps = design_lowpass(cutoff, transition, stopband_db, ripple_db, odd=odd)
    assert len(taps) % 2 == odd
    np.testing.assert_array_equal(taps, taps[::-1])
    np.testing.assert_allclose(taps.sum(), 1)
    frequencies, response = scipy.signal.freqz(taps, worN=20011, fs=1, include_nyquist=True)
    passed = abs(response[frequencies <= cutoff - transition / 2])
    stopped = abs(response[frequencies >= cutoff + transition / 2])
    limit = 10 ** (-stopband_db / 20)
    assert stopped.max() <= limit * 1.001 + 1e-15
    if ripple_db is None:
        assert abs(passed - 1).max() <= limit * 1.001 + 1e-15
    else:
        assert abs(20 * np.log10(passed)).max() <= ripple_db * 1.001


def test_a_designed_filter_is_not_longer_than_it_needs_to_be(agrees):
    for transition, stopband_db in ((0.1, 40), (0.05, 60), (0.03, 80)):
        assert len(design_lowpass(0.25, transition, stopband_db)) <= 1.3 * kaiser_order(stopband_db, transition)[0]
    agrees(
        lambda like: design_lowpass(0.2, 0.1, like=like),
        design_lowpass(0.2, 0.1).astype("float32"),
        np.zeros(1, "float32"),
    )


def test_a_prefilter_removes_what_would_alias():
    n = np.arange(400)
    fast, slow = np.cos(2 * np.pi * 0.43 * n), np.cos(2 * np.pi * 0.05 * n)
    taps = design_lowpass(0.2, 0.1, 60)
    inside = slice(20, -20)
    assert abs(decimate(fast, 2)).max() > 0.9
    assert abs(decimate(fast, 2, taps))[inside].max() < 1.1e-3
    np.testing.assert_allclose(decimate(slow, 2, taps)[inside], slow[::2][inside], atol=1.1e-3)


X = np.ones((2, 5, 6))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        *[(lambda v=v: alias_frequency(0.1, v), "^factor must be") for v in (0, -1, 1.0, True, None)],
        *[(lambda v=v: alias_frequency(0.1, 2, v), "^sampling_rate must be") for v in (0, -1.0, np.inf, np.nan, "8")],
        (lambda: folding_matrix(5, 2), "^factor must divide length = 5, got 2"),
        (lambda: folding_matrix(0, 1), "^length must be"),
        (lambda: folding_matrix(4, 0), "^factor must be"),
        *[(lambda v=v: binomial(v), "^size must be") for v in (0, 2.0, True)],
        (lambda: blur(X, [[1.0]]), "^kernel must be taps on 1 axis"),
        (lambda: blur(X, []), "^kernel must be taps on 1 axis"),
        (lambda: blur(X, [1.0], 4), "^input must have at least 4 axes"),
        (lambda: blur(X, [1.0], 0), "^axes must be"),
        (lambda: blur(X, [1.0], mode="mirror"), "^mode must be one of"),
        (lambda: blur(X, np.ones(13), mode="reflect"), "mode='reflect' can add at most"),
        (lambda: blur(X.astype(int), [0.5, 0.5]), "an input of int64 needs kernel of whole numbers"),
        (lambda: blur_adjoint(X, [1.0], 4), "^output must have at least 4 axes"),
        (lambda: blur_adjoint(X, [1.0], mode="mirror"), "^mode must be one of"),
        *[(lambda v=v: blur_pool2d(X, v), "^kernel_size must be") for v in (0, 1.5, True, None, (1, 2, 3))],
        *[(lambda v=v: blur_pool2d(X, 3, v), "^stride must be") for v in (0, -2, 1.5, True, None, (1, 2, 3))],
        (lambda: blur_pool2d(X, mode=3), "^mode must be one of"),
        *[(lambda v=v: blur_pool(X, axes=v), "^axes must be") for v in (0, 1.5, True, None)],
        (lambda: blur_pool3d(X[0]), "^input must have at least 3 axes"),
        (lambda: blur_pool1d(np.ones((2, 1))), "mode='reflect' can add at most"),
        (lambda: blur_pool1d(np.arange(4)), "needs kernel of whole numbers"),
        (lambda: blur_pool2d_adjoint(X, (9, 10)), r"^output must end in the axes"),
        (lambda: blur_pool2d_adjoint(X, (9, 10, 11)), r"^input_size must be"),
        (lambda: blur_pool2d_adjoint(X, 0), r"^input_size must be"),
        *[(lambda v=v: decimate(X, v), "^factor must be") for v in (0, 1.5, True, None)],
        *[(lambda v=v: decimate(X, 2, axis=v), "^axis must be") for v in (3, -4, 0.0, None)],
        (lambda: decimate(X, 2, np.ones((2, 2))), "^taps must be taps on 1 axis"),
        (lambda: decimate_adjoint(X, 0, 2), "^input_size must be"),
        (lambda: decimate_adjoint(X, 20, 2), "^output must end in the axes"),
        (lambda: kaiser_order(7, 0.1), "^stopband_db must be at least 8"),
        (lambda: kaiser_order(np.nan, 0.1), "^stopband_db must be at least 8"),
        (lambda: kaiser_order(60, 0.0), "^transition must be positive"),
        (lambda: windowed_sinc(0, 0.1), "^size must be"),
        *[(lambda v=v: windowed_sinc(5, v), "^cutoff must be") for v in (0.0, 0.6, np.nan, None, True)],
        *[(lambda v=v: windowed_sinc(5, 0.1, v), "^beta must be") for v in (-1.0, np.inf)],
        *[(lambda v=v: design_lowpass(v, 0.2), "must lie between 0 and 1/2") for v in (0.05, 0.1, 0.45)],
        *[(lambda v=v: design_lowpass(0.2, v), "^transition must be positive") for v in (0.0, -0.1, np.nan, None)],
        *[(lambda v=v: design_lowpass(0.2, 0.1, v), "^stopband_db must be") for v in (0, -3, 201, np.nan, 5, "60")],
        (lambda: design_lowpass(np.nan, 0.1), "^cutoff must be positive"),
        (lambda: design_lowpass(0.2, 0.1, 60, 1e-11), "^ripple_db must be at least"),
        (lambda: design_lowpass(0.2, 0.1, 60, 0.0), "^ripple_db must be positive"),
        (lambda: frequency_response(np.ones((2, 2)), np.ones(2)), "^taps must be floats on one axis"),
        (lambda: frequency_response(np.ones(2, int), np.ones(2)), "^taps must be floats on one axis"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("frequency", [None, "x", [0.1], float("nan"), float("inf"), True, 1j], ids=repr)
def test_a_frequency_is_a_finite_number(frequency):
    with pytest.raises(ValueError, match="^frequency must be an array or a finite number, got"):
        alias_frequency(frequency)
