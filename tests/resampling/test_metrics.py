"""PSNR against scikit-image, IoU against sets and scikit-learn, consistency against loops; in every array library."""

import math
import warnings
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from sklearn.metrics import jaccard_score

from resampling import pool_ring
from resampling.metrics import consistency, iou, nearest_roll, psnr


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


def test_arrays_of_two_libraries_are_refused():
    with pytest.raises(ValueError, match="^x and y must be arrays of one library, got ndarray, Tensor"):
        psnr(np.zeros(2), torch.zeros(2))


def by_every_shift_and_roll(x, mode, k, s):
    """The consistency as it is defined, with loops."""
    n, x = len(x), x - x.mean()
    reduce = {"max": max, "avg": np.mean}[mode]

    def pool(v):
        return np.array([reduce([v[(i + t) % n] for t in range(k)]) for i in range(0, n, s)])

    scores = []
    for d in range(n):
        z, y = pool(np.roll(x, d)), pool(x)
        rolls = (np.roll(y, m) for m in range(len(y)))
        scores.append(max(1 - np.linalg.norm(z - r) / (np.linalg.norm(z) + np.linalg.norm(y)) for r in rolls))
    return np.mean(scores)


def test_consistency_is_the_mean_over_all_shifts_with_the_best_roll(array):
    rng = np.random.default_rng(0)
    for mode, k, s in product(["max", "avg"], [1, 2, 3, 5], [1, 2, 3]):
        x = rng.normal(size=6 * s)
        got = consistency(partial(pool_ring, mode=mode, kernel_size=k, stride=s), array(x), s)
        assert isinstance(got, float)
        assert got == pytest.approx(by_every_shift_and_roll(x, mode, k, s), abs=1e-12)


def test_what_is_left_of_a_constant_is_consistent(array):
    assert consistency(partial(pool_ring, mode="max", kernel_size=2, stride=2), array(np.ones(8)), 2) == 1


@pytest.mark.parametrize("shape", [(1,), (7,), (2, 6), (2, 3, 5)])
def test_the_nearest_roll_is_the_one_that_was_made(shape, array):
    b = np.random.default_rng(0).normal(size=shape)
    for m in range(shape[-1]):
        assert nearest_roll(array(np.roll(b, m, -1)), array(b)) == m
    assert nearest_roll(array(np.zeros(4)), array(np.ones(4))) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: consistency(np.positive, np.ones(4, int), 2), "^x must be floating-point"),
        (lambda: consistency(np.positive, np.ones((2, 0)), 2), "^x must have samples"),
        (lambda: consistency(np.positive, np.ones(()), 2), "^x must have samples"),
        (lambda: consistency(np.positive, np.ones(4), 0), "^stride must be a whole number >= 1"),
        (lambda: nearest_roll(np.ones(4), np.ones(5)), r"^b must have the shape \(4,\)"),
        (lambda: nearest_roll(np.ones(4, int), np.ones(4)), "^a must be floating-point"),
        (lambda: nearest_roll(np.ones(4), np.ones(4, int)), "^b must be floating-point"),
        (lambda: nearest_roll(np.ones(()), np.ones(())), "^a must have samples"),
        (lambda: nearest_roll(np.ones((0, 5)), np.ones((0, 5))), "^a must have samples"),
    ],
)
def test_rings_that_cannot_be_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
