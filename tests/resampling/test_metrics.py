"""PSNR against scikit-image, IoU against sets and scikit-learn, in every array library."""

import math
import warnings

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from sklearn.metrics import jaccard_score

from resampling.metrics import iou, psnr


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(20))
def test_psnr_is_scikit_images(seed, dtype, agrees):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 9, 1 + seed % 4))
    x, y = rng.normal(size=(2, *shape)).astype(dtype)
    for peak in (1, 2.0, 255.0):
        expected = peak_signal_noise_ratio(x.astype(float), y.astype(float), data_range=peak)
        agrees(psnr, np.array(expected, dtype), x, y, peak)


@pytest.mark.parametrize("axis", [0, -1, (1, 2), (-3, -1), (0, 1, 2)])
def test_psnr_along_axes(axis, agrees):
    x, y = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    expected = -10 * np.log10(((x - y) ** 2).mean(axis=axis))
    agrees(psnr, expected, x, y, axis=axis)


def test_psnr_of_equals_is_infinite_without_a_warning(agrees):
    x = np.random.default_rng(0).normal(size=(2, 3))
    y = x + np.array([[0.0], [0.1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agrees(psnr, np.array(math.inf), x, x.copy())
        agrees(psnr, np.array([math.inf, 20.0]), x, y, axis=-1)


def test_psnr_keeps_nan(agrees):
    agrees(psnr, np.array(math.nan), np.array([0.0, math.nan]), np.zeros(2))


def test_psnr_has_a_gradient():
    x, y = torch.tensor([0.3, 0.9], dtype=torch.float64, requires_grad=True), torch.tensor([0.1, 0.5])
    assert torch.autograd.gradcheck(lambda x: psnr(x, y.double()), x)


@pytest.mark.parametrize("seed", range(30))
def test_iou_is_scikit_learns(seed, agrees):
    rng = np.random.default_rng(seed)
    p, t = rng.random((2, *rng.integers(1, 7, 1 + seed % 3))) < rng.choice([0.2, 0.5, 0.9])
    expected = jaccard_score(t.ravel(), p.ravel(), zero_division=1.0)
    agrees(iou, np.array(expected), p, t)


def test_iou_along_axes_and_of_nothing(agrees):
    p = np.array([[True, True, False], [False, False, False]])
    t = np.array([[False, True, True], [False, False, False]])
    agrees(iou, np.array([1 / 3, 1.0]), p, t, axis=1)
    agrees(iou, np.array([1 / 3, 1.0]), p, t, axis=(-1,))
    agrees(iou, np.array([0.0, 1.0, 0.0]), p, t, axis=0)
    agrees(iou, np.array(1.0), p[:0], t[:0])


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (np.zeros(3), np.zeros((3, 1)), {}, r"y must have the shape \(3,\), got \(3, 1\)"),
        (np.zeros(3, np.uint8), np.zeros(3, np.uint8), {}, "x and y must hold floats, got uint8 and uint8"),
        (np.zeros(3), np.zeros(3, int), {}, "x and y must hold floats, got float64 and int64"),
        (np.zeros(3), np.zeros(3), {"peak": 0}, "peak must be positive, got 0"),
        (np.zeros(3), np.zeros(3), {"peak": math.nan}, "peak must be positive, got nan"),
    ],
)
def test_psnr_refuses(x, y, options, words):
    with pytest.raises(ValueError, match=words):
        psnr(x, y, **options)


@pytest.mark.parametrize("dtype", ["int64", "float64", "uint8"])
def test_iou_refuses_what_is_no_mask(dtype):
    with pytest.raises(ValueError, match=f"must be masks of bool, got bool and {dtype}"):
        iou(np.zeros(3, bool), np.zeros(3, dtype))


def test_iou_refuses_another_shape():
    with pytest.raises(ValueError, match=r"target must have the shape \(3,\), got \(1, 3\)"):
        iou(np.zeros(3, bool), np.zeros((1, 3), bool))


@pytest.mark.parametrize("peak", [None, "1", -1.0, float("nan")], ids=repr)
def test_a_peak_is_a_positive_number(peak):
    with pytest.raises(ValueError, match="^peak must be positive, got"):
        psnr(np.zeros(2), np.ones(2), peak)


def test_a_peak_may_be_an_array_of_no_axes(array):
    assert float(psnr(array(np.zeros(2)), array(np.full(2, 0.5)), array(np.array(5.0)))) == pytest.approx(20)
