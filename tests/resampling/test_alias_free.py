"""upfirdn against StyleGAN's definition and SciPy; alias-free layers against their definition."""

from functools import partial
from itertools import product

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
import torch.nn.functional as F

from resampling.alias_free import (
    downsample1d,
    downsample2d,
    equivariance_psnr,
    expand_kernel,
    filtered_leaky_relu,
    filtered_nonlinearity,
    fourier_shift,
    upfirdn1d,
    upfirdn1d_adjoint,
    upfirdn2d,
    upfirdn2d_adjoint,
    upsample1d,
    upsample2d,
)
from resampling.aliasing import decimate, design_lowpass


def stylegan(x, taps, up=1, down=1, padding=0, flip_filter=False, gain=1):
    """The steps of StyleGAN's upfirdn2d on a torch tensor (N, C, H, W), one by one; one axis of taps is separable."""
    (upx, upy), (downx, downy) = ((v, v) if isinstance(v, int) else v for v in (up, down))
    pads = (padding,) * 4 if isinstance(padding, int) else padding
    x0, x1, y0, y1 = pads if len(pads) == 4 else (pads[0], pads[0], pads[1], pads[1])
    n, c, h, w = x.shape
    x = F.pad(x.reshape(n, c, h, 1, w, 1), [0, upx - 1, 0, 0, 0, upy - 1]).reshape(n, c, h * upy, w * upx)
    x = F.pad(x, [max(x0, 0), max(x1, 0), max(y0, 0), max(y1, 0)])
    x = x[:, :, max(-y0, 0) : x.shape[2] - max(-y1, 0), max(-x0, 0) : x.shape[3] - max(-x1, 0)]
    taps = torch.ones(1, dtype=x.dtype) if taps is None else taps
    taps = (torch.outer(taps, taps) if taps.ndim == 1 else taps) * gain
    taps = (taps if flip_filter else taps.flip((0, 1))).expand(c, 1, -1, -1)
    return F.conv2d(x, taps, groups=c)[:, :, ::downy, ::downx]


def drawn(seed):
    """A picture (N, C, H, W), taps and options for which at least one window fits."""
    rng = np.random.default_rng(seed)
    whole = lambda low, high, *size: rng.integers(low, high, size).tolist()  # noqa: E731
    form = seed % 3
    kernel = whole(1, 7, 2) if form == 1 else whole(1, 7, 1) * 2
    up, down = (tuple(whole(1, 5, 2)) if rng.integers(2) else whole(1, 5, 1)[0] for _ in range(2))
    largest = max(kernel)
    pads = [largest, (largest, largest + 1), (largest, -2, largest - 1, 3), (-1, largest, largest + 2, -2)][seed % 4]
    taps = rng.normal(size=kernel if form else kernel[:1])
    x = rng.normal(size=(2, 3, *whole(3, 8, 2)))
    taps = None if seed % 11 == 10 else taps
    return (
        x,
        taps,
        {"up": up, "down": down, "padding": pads, "flip_filter": bool(seed % 5 < 2), "gain": [1, -2.5][seed % 2]},
    )


@pytest.mark.parametrize("seed", range(120))
def test_upfirdn2d_is_stylegans(seed, agrees):
    x, taps, options = drawn(seed)
    expected = stylegan(torch.tensor(x), None if taps is None else torch.tensor(taps), **options)
    agrees(upfirdn2d, expected, x, taps, **options)
    agrees(upfirdn2d, expected[0], x[0], taps, **options)


@pytest.mark.parametrize("seed", range(120))
def test_the_adjoint_is_torchs_gradient_of_the_definition(seed, agrees):
    x, taps, options = drawn(seed)
    leaf = torch.tensor(x, requires_grad=True)
    y = stylegan(leaf, None if taps is None else torch.tensor(taps), **options)
    up = torch.tensor(np.random.default_rng(seed).normal(size=y.shape))
    (expected,) = torch.autograd.grad(y, leaf, up)
    agrees(upfirdn2d_adjoint, expected, up.numpy(), x.shape[2:], taps, **options)


def test_upfirdn1d_on_a_small_grid(agrees):
    rng = np.random.default_rng(0)
    for n, k, up, down, pads in product((1, 4), (1, 2, 5), (1, 2, 3), (1, 2, 5), ((5, 0), (2, 3), (-1, 6), (6, -2))):
        x, taps = rng.normal(size=(2, n)), rng.normal(size=k)
        options = {"up": up, "down": down, "padding": pads, "flip_filter": bool(n % 2), "gain": up}
        rows = torch.eye(n, dtype=torch.float64)[:, None, None]
        kernel = torch.tensor(taps)[None]
        matrix = stylegan(rows, kernel, (up, 1), (down, 1), (*pads, 0, 0), options["flip_filter"], up)[:, 0, 0].numpy()
        agrees(upfirdn1d, x @ matrix, x, taps, **options)
        y = rng.normal(size=(2, matrix.shape[1]))
        agrees(upfirdn1d_adjoint, y @ matrix.T, y, n, taps, **options)


def test_scipys_upfirdn_is_one_padding(agrees):
    rng = np.random.default_rng(1)
    for n, k, up, down in product((1, 2, 7), (1, 2, 3, 6), (1, 2, 3, 4), (1, 2, 3, 5)):
        x, taps = rng.normal(size=(3, n)), rng.normal(size=k)
        expected = scipy.signal.upfirdn(taps, x, up, down)
        assert expected.shape[-1] == -(-(up * (n - 1) + k) // down)
        agrees(upfirdn1d, expected, x, taps, up=up, down=down, padding=(k - 1, k - up))


def test_scipys_resample_poly_is_another(agrees):
    rng = np.random.default_rng(2)
    for n, k, (up, down) in product((1, 2, 9), (1, 2, 5, 8), ((1, 3), (2, 1), (3, 2), (2, 5))):
        x, taps = rng.normal(size=n), rng.normal(size=k)
        expected = scipy.signal.resample_poly(x, up, down, window=taps)
        agrees(upfirdn1d, expected, x, taps, up=up, down=down, padding=(k // 2, (k - 1) // 2), gain=up)


def test_the_worked_numbers(agrees):
    x, taps = np.array([1, 2, 3]), np.array([1, 10, 100])
    agrees(upfirdn1d, np.array([1, 10, 102, 20, 203, 30, 300]), x, taps, up=2, padding=(2, 1))
    agrees(upfirdn1d, np.array([100, 10, 201, 20, 302, 30, 3]), x, taps, up=2, padding=(2, 1), flip_filter=True)
    agrees(upfirdn1d, np.array([1, 0, 2, 0, 3, 0]), x, None, up=2)


@pytest.mark.parametrize("k", range(1, 8))
@pytest.mark.parametrize("s", [1, 2, 3])
def test_upsample_and_downsample_pad_as_stylegan(k, s, agrees):
    rng = np.random.default_rng([k, s])
    x, taps, table = rng.normal(size=(2, 3, 6, 9)), rng.normal(size=k), rng.normal(size=(k, k + 1))
    up, down = ((k + s - 1) // 2, (k - s) // 2), ((k - s + 1) // 2, (k - s) // 2)
    expected = stylegan(torch.tensor(x), torch.tensor(taps), s, 1, up * 2, gain=s * s)
    assert expected.shape[2:] == (6 * s, 9 * s)
    agrees(upsample2d, expected, x, taps, s)
    expected = stylegan(torch.tensor(x), torch.tensor(taps), 1, s, down * 2, gain=3)
    assert expected.shape[2:] == (6 // s, 9 // s)
    agrees(downsample2d, expected, x, taps, s, gain=3)
    agrees(upsample1d, upfirdn1d(x, taps, s, 1, up, gain=s), x, taps, s)
    agrees(downsample1d, upfirdn1d(x, taps, 1, s, (down[0] + 1, down[1] + 2)), x, taps, s, padding=(1, 2))
    pads = ((k + s) // 2 + 1, (k + 1 - s) // 2 + 1, (k + 3) // 2 + 2, (k - 4) // 2 + 2)
    expected = stylegan(torch.tensor(x), torch.tensor(table), (s, 4), 1, pads, True, 4 * s)
    agrees(upsample2d, expected, x, table, (s, 4), (1, 2), True)


@pytest.mark.parametrize(("k", "s"), [(1, 1), (2, 2), (4, 2), (3, 3), (5, 3), (6, 2)])
def test_downsample_is_the_adjoint_of_upsample_when_k_minus_s_is_even(k, s):
    rng = np.random.default_rng(0)
    x, y, taps = rng.normal(size=(2, 5)), rng.normal(size=(2, 5 * s)), rng.normal(size=k)
    np.testing.assert_allclose(np.vdot(upsample1d(x, taps, s), y), np.vdot(x, s * downsample1d(y, taps[::-1], s)))


def test_noble_identities(agrees):
    rng = np.random.default_rng(3)
    for n, k, s in product((7, 8, 20), (1, 2, 3), (1, 2, 3)):
        x, taps = rng.normal(size=(2, n)), rng.normal(size=k)
        wide = expand_kernel(taps, s)
        assert wide.shape == (s * (k - 1) + 1,)
        filtered_then_kept = upfirdn1d(x, wide, padding=(len(wide) - 1, 0), down=s)
        agrees(upfirdn1d, filtered_then_kept, decimate(x, s), taps, padding=(k - 1, 0))
        spread_then_filtered = upfirdn1d(upfirdn1d(x, None, up=s), wide, padding=(len(wide) - 1, 0))
        agrees(upfirdn1d, spread_then_filtered, upfirdn1d(x, taps, padding=(k - 1, 0)), None, up=s)


def test_expand_kernel_spreads_the_taps(agrees):
    agrees(expand_kernel, np.array([1, 0, 0, -2, 0, 0, 5]), np.array([1, -2, 5]), 3)
    agrees(expand_kernel, np.array([1.5, 2.0], "float32"), np.array([1.5, 2.0], "float32"), 1)
    np.testing.assert_array_equal(expand_kernel([1, 2], 2), [1, 0, 2])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32"])
def test_dtype_follows_the_input(dtype, agrees, xp):
    if not hasattr(xp, dtype):
        pytest.skip(f"{xp.__name__} has no {dtype}")
    x, taps = np.arange(-6, 6).reshape(3, 4).astype(dtype), np.array([[1, -2], [3, 4]])
    expected = stylegan(torch.tensor(x[None, None].astype(float)), torch.tensor(taps.astype(float)), 2, 1, 1)[0, 0]
    agrees(upfirdn2d, expected.numpy().astype(dtype), x, taps.astype(dtype), up=2, padding=1)
    assert upfirdn2d(x, taps, up=2, padding=1).dtype == x.dtype
    assert upfirdn2d(x, [1, 2], up=2, padding=1).dtype == x.dtype
    assert upfirdn2d(x, [1, 2], gain=np.int64(2)).dtype == x.dtype


def test_numbers_of_numpy_do_not_raise_the_precision():
    x, two = np.ones(4, "float32"), np.float64(2)
    assert upfirdn1d(x, [1.0], gain=two).dtype == fourier_shift(x, two / 3).dtype == "float32"
    assert filtered_leaky_relu(x, [0.5, 0.5], negative_slope=two, axes=1).dtype == "float32"


def test_an_empty_batch_and_awkward_memory(agrees):
    agrees(upfirdn2d, np.zeros((0, 2, 8, 6)), np.zeros((0, 2, 4, 3)), np.ones(1), up=2)
    x, taps = np.arange(24.0).reshape(4, 6).T[::-2], np.arange(6.0)[::-2]
    expected = upfirdn2d(x.copy(), taps.copy(), 2, 3, 2)
    x.flags.writeable = taps.flags.writeable = False
    np.testing.assert_array_equal(upfirdn2d(x, taps, 2, 3, 2), expected)
    tensor = torch.arange(24.0).reshape(4, 6).T
    torch.testing.assert_close(upfirdn2d(tensor, [1.0, 2.0], 2), upfirdn2d(tensor.contiguous(), [1.0, 2.0], 2))


@pytest.mark.parametrize("seed", [0, 1, 2, 6, 9])
def test_gradients_reach_the_input_and_the_taps(seed):
    x, taps, options = drawn(seed)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x[:1, :1], taps)]
    assert torch.autograd.gradcheck(lambda *a: upfirdn2d(*a, **options), leaves)
    ours = torch.autograd.grad(upfirdn2d(*leaves, **options).pow(2).sum(), leaves)
    torch.testing.assert_close(ours, torch.autograd.grad(stylegan(*leaves, **options).pow(2).sum(), leaves))


def curve(v):
    return v * abs(v) + 0.25 * v


@pytest.mark.parametrize("case", list(product((1, 2, 3), (1, 2, 3), (2, 3, 6), (1, 4, 7), (1, 2))), ids=str)
def test_filtered_nonlinearity_is_up_bend_down(case, agrees):
    up, down, k, other, axes = case
    rng = np.random.default_rng(case)
    x, ups, downs = rng.normal(size=(2, 4, 7) if axes == 2 else (2, 1, 7)), rng.normal(size=k), rng.normal(size=other)
    # Karras et al.'s layer: all padding in front, its sizes as in StyleGAN3's networks
    room = k + other - 1 - down
    lo, hi = (room + up) // 2, room - (room + up) // 2
    both = (lambda v: v) if axes == 2 else (lambda v: (v, 1))
    u, d = (torch.tensor(t)[None] if axes == 1 else torch.tensor(t) for t in (ups, downs))
    fine = stylegan(torch.tensor(x[None]), u, both(up), 1, (lo, hi) * axes + (0, 0) * (2 - axes), gain=up**axes)
    expected = stylegan(curve(fine), d, 1, both(down))[0]
    assert expected.shape[-1] == 7 * up // down
    agrees(filtered_nonlinearity, expected, x, curve, ups, downs, up, down, axes)


def test_filtered_nonlinearity_keeps_pixel_centres():
    x = np.cos(2 * np.pi * np.arange(64) / 16)
    for up, down, k, other in (
        (2, 2, 24, 24),
        (2, 2, 25, 25),
        (3, 3, 30, 36),
        (2, 1, 25, 24),
        (1, 2, 25, 24),
        (4, 2, 48, 48),
    ):
        taps, more = (design_lowpass(0.4 / up, 0.2 / up, 40, odd=bool(n % 2)) for n in (k, other))
        got = filtered_nonlinearity(x, lambda v: v, taps, more, up, down, axes=1)
        centres = (np.arange(64 * up // down) + 0.5) * down / up - 0.5
        inside = slice(len(got) // 4, -len(got) // 4)
        np.testing.assert_allclose(got[inside], np.cos(2 * np.pi * centres / 16)[inside], atol=0.03)


def test_filtered_leaky_relu_is_leaky_relu_in_between(agrees):
    rng = np.random.default_rng(0)
    x, taps = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=4)
    for slope, axes in product((0.2, 0.0), (1, 2)):
        expected = filtered_nonlinearity(
            torch.tensor(x), lambda v, s=slope: F.leaky_relu(v, s), torch.tensor(taps), axes=axes
        )
        agrees(filtered_leaky_relu, expected, x, taps, negative_slope=slope, axes=axes)
    agrees(filtered_leaky_relu, np.where(x < 0, 0.2 * x, x), x, np.ones(1), up=1)


def test_bending_at_the_higher_rate_keeps_aliases_away():
    n = np.arange(64)
    x = np.cos(2 * np.pi * 13 * n / 64)
    taps = design_lowpass(0.25, 0.05, 60, odd=False)
    layer = lambda v: filtered_leaky_relu(np.tile(v, 5), taps, axes=1)[128:192]  # noqa: E731
    plain, alias_free = (equivariance_psnr(f, x, 0.5, peak=2) for f in (lambda v: np.where(v < 0, 0.2 * v, v), layer))
    assert alias_free > plain + 10


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_fourier_shift_is_the_dft_times_a_phase(n, agrees):
    x = np.random.default_rng(n).normal(size=(3, n))
    for shift in (0.0, 1.0, -2.0, 0.5, 0.3, -7.25):
        k = np.fft.fftfreq(n) * n
        expected = np.fft.ifft(np.fft.fft(x) * np.exp(-2j * np.pi * k * shift / n)).real
        agrees(fourier_shift, expected, x, shift)
        agrees(fourier_shift, expected.astype("float32"), x.astype("float32"), shift, atol=1e-4)
    agrees(fourier_shift, np.roll(x, 2, -1), x, 2)


def test_fourier_shift_of_pictures(agrees):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 7))
    expected = [np.fft.ifft2(scipy.ndimage.fourier_shift(np.fft.fft2(p), (0.3, -1.6))).real for p in x]
    agrees(fourier_shift, np.stack(expected), x, (0.3, -1.6))
    even = rng.normal(size=(2, 4, 6))
    agrees(fourier_shift, np.roll(even, (3, -1), (1, 2)), even, [3, -1])
    agrees(
        fourier_shift, np.cos(0.7 + np.arange(8) * np.pi / 2 - 0.2 * np.pi), np.cos(0.7 + np.arange(8) * np.pi / 2), 0.4
    )


def test_fourier_shift_forth_and_back_and_its_gradient():
    x = np.random.default_rng(0).normal(size=(2, 9))
    np.testing.assert_allclose(fourier_shift(fourier_shift(x, 0.3), -0.3), x, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(fourier_shift(x, 0.3)), np.linalg.norm(x))
    leaf = torch.tensor(x, requires_grad=True)
    fourier_shift(leaf, 0.3).pow(3).sum().backward()
    torch.testing.assert_close(leaf.grad, fourier_shift(3 * fourier_shift(leaf.detach(), 0.3) ** 2, -0.3))


@pytest.mark.parametrize(
    ("shift", "both", "margin"), [((0.3, 2.0), (0.3, 2.0), 0), ([1, -1.5], (1, -1.5), 1), (0.25, (0, 0.25), 0)]
)
def test_equivariance_psnr_compares_both_orders(shift, both, margin, agrees):
    x = np.random.default_rng(0).normal(size=(2, 6, 8))

    def layer(v):
        return v[..., ::2, ::2] ** 2

    difference = layer(fourier_shift(x, both)) - fourier_shift(layer(x), [s / 2 for s in both])
    inside = difference[..., margin : 3 - margin, margin : 4 - margin]
    expected = np.asarray(10 * np.log10(3.0**2 / np.mean(inside**2)))
    agrees(
        lambda a, **options: equivariance_psnr(layer, a, **options), expected, x, shift=shift, peak=3.0, margin=margin
    )


def test_longer_filters_are_more_equivariant():
    x = np.random.default_rng(0).normal(size=256)
    scores = []
    for transition, stopband_db in ((0.2, 20), (0.1, 40), (0.05, 60), (0.02, 80)):
        taps = design_lowpass(0.25 - transition / 2, transition, stopband_db)
        scores.append(equivariance_psnr(partial(decimate, factor=2, taps=taps, mode="circular"), x, 1.0))
    assert scores == sorted(scores)
    assert scores[-1] > 60
    assert equivariance_psnr(lambda v: v * 2, x, 3.0) > 200


GOOD = {"input": np.ones((2, 5, 4)), "taps": np.ones(3), "padding": 2}


@pytest.mark.parametrize("function", [upfirdn1d, upfirdn2d])
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        *[
            ({name: value}, f"^{name} must be")
            for name in ("up", "down")
            for value in (0, -1, 1.0, True, None, (1, 2, 3))
        ],
        *[({"padding": value}, "^padding must be") for value in (0.5, True, None, (1, 2, 3), (1, 2, 3, 4, 5), (1.0,))],
        *[({"gain": value}, "^gain must be a number") for value in (None, True, "2")],
        ({"padding": -2}, "no window fits"),
        ({"padding": -9}, "no window fits"),
        ({"taps": np.ones((1, 2, 2))}, "^taps must be"),
        ({"taps": np.ones(0)}, "^taps must be"),
        ({"taps": 1.0}, "^taps must be"),
        ({"input": np.ones(())}, "^input must have at least"),
        ({"input": np.ones((5, 4), int)}, "needs taps of whole numbers"),
        ({"input": np.ones((5, 4), int), "taps": [1], "gain": 0.5}, "^gain must be a number, and whole"),
        ({"input": np.ones((5, 4), bool), "taps": [1]}, "needs taps of whole numbers"),
    ],
)
def test_bad_arguments_are_refused_by_name(function, bad, words):
    with pytest.raises(ValueError, match=words):
        function(**GOOD | bad)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: upfirdn1d(np.ones(3), np.ones((2, 2))), "taps must be taps on 1 axis"),
        (lambda: upfirdn1d_adjoint(np.ones(3), 4, np.ones(1)), "output must end in the axes"),
        (lambda: upfirdn1d_adjoint(np.ones(3), 0, np.ones(1)), "^input_size must be"),
        (lambda: upfirdn2d_adjoint(np.ones(3), (1, 3), np.ones(1)), "^output must have at least 2 axes"),
        (lambda: upfirdn2d_adjoint(np.ones((3, 3)), (1, 2, 3), np.ones(1)), "^input_size must be"),
        (lambda: upsample1d(np.ones(3), [1.0], 0), "^up must be"),
        (lambda: downsample2d(np.ones((3, 3)), [1.0], (1, 2, 3)), "^down must be"),
        (lambda: expand_kernel(np.ones((2, 2)), 2), "^taps must be"),
        (lambda: expand_kernel(np.ones(2), 0), "^factor must be"),
        (lambda: filtered_nonlinearity(np.ones(4), abs, [1.0], axes=3), "^axes must be 1 or 2"),
        (lambda: filtered_nonlinearity(np.ones(4), abs, [1.0], up=0, axes=1), "^up must be"),
        (lambda: filtered_nonlinearity(np.ones(4), abs, [1.0], down=1.5, axes=1), "^down must be"),
        (lambda: filtered_nonlinearity(np.ones(4), abs, [1.0], down=9, axes=1), "no window fits"),
        (lambda: filtered_nonlinearity(np.ones(4), abs, np.ones((2, 2))), "^up_taps must be"),
        (lambda: filtered_nonlinearity(np.ones(4), lambda v: v[1:], [1.0], axes=1), "^function must keep the shape"),
        (lambda: fourier_shift(np.ones(4, int), 1), "^input must hold floats"),
        (lambda: fourier_shift(np.ones(4), (1, 2)), "^shift must be"),
        (lambda: fourier_shift(np.ones(4), np.inf), "^shift must be"),
        (lambda: fourier_shift(np.ones(4), "1"), "^shift must be"),
        (lambda: fourier_shift(np.ones(4), ()), "^shift must be"),
        (lambda: fourier_shift(np.ones((2, 0)), 1), "^input must not be empty"),
        (lambda: equivariance_psnr(abs, np.ones(4), 1.0, margin=2), "^margin must leave"),
        (lambda: equivariance_psnr(abs, np.ones(4), 1.0, margin=-1), "^margin must be"),
        (lambda: equivariance_psnr(abs, np.ones(4), 1.0, peak=0), "^peak must be"),
        (lambda: equivariance_psnr(np.sum, np.ones(4), 1.0), "^operator must return"),
    ],
)
def test_other_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("gain", [None, "x", True], ids=repr)
def test_a_gain_is_a_number(gain):
    for function in (upfirdn1d, upsample1d, downsample1d):
        with pytest.raises(ValueError, match="^gain must be a number, and whole"):
            function(np.ones(5), [0.5, 0.5], gain=gain)


@pytest.mark.parametrize("slope", [None, "x", float("nan")], ids=repr)
def test_a_slope_is_a_finite_number(slope):
    with pytest.raises(ValueError, match="^negative_slope must be a finite number, got"):
        filtered_leaky_relu(np.ones(5), [0.5, 0.5], negative_slope=slope, axes=1)
