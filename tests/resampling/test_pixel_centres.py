"""Where the samples are: against exact fractions, the tables of the course, and what a resize does to a blob."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F

from resampling.interpolation import resize
from resampling.pixel_centres import (
    centre_of_mass,
    nearest_index,
    resize_shift,
    round_trip_drift,
    source_coordinates,
)

HALF = Fraction(1, 2)
SIZES = [(n, o) for n in range(1, 25) for o in range(1, 25)]
NAMES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
ROUND = {
    "floor": lambda c: c.__floor__(),
    "ceil": lambda c: c.__ceil__(),
    "round_prefer_floor": lambda c: (c - HALF).__ceil__(),
    "round_prefer_ceil": lambda c: (c + HALF).__floor__(),
}


def exact(convention, i, n, o, scale):
    """The definition in ONNX's words, in fractions."""
    ratio = Fraction(o, n) if scale is None else Fraction(scale)
    half_pixel = (i + HALF) / ratio - HALF
    return {
        "half_pixel": half_pixel,
        "half_pixel_symmetric": Fraction(n, 2) * (1 - Fraction(o) / (n * ratio)) + half_pixel,
        "pytorch_half_pixel": half_pixel if o > 1 else Fraction(0),
        "align_corners": Fraction(i * (n - 1), o - 1) if o > 1 else Fraction(0),
        "asymmetric": i / ratio,
    }[convention]


@pytest.mark.parametrize("convention", NAMES)
def test_coordinates_are_the_definition_rounded_once(convention):
    for n, o in SIZES:
        expected = [float(exact(convention, i, n, o, None)) for i in range(o)]
        np.testing.assert_array_equal(source_coordinates(o, n, convention), expected)


@pytest.mark.parametrize("convention", NAMES)
def test_coordinates_heed_a_scale(convention, agrees, array):
    for n, scale in [(5, 1.7), (7, 0.6), (9, 2), (3, 0.35), (1, 4)]:
        o = int(n * scale)
        for dtype in ("float32", "float64"):
            expected = np.array([float(exact(convention, i, n, o, scale)) for i in range(o)], dtype)
            agrees(source_coordinates, expected, o, n, convention, scale, like=np.zeros(0, dtype))


@pytest.mark.parametrize("rounding", ROUND)
@pytest.mark.parametrize("convention", NAMES)
def test_the_nearest_sample_is_exact_at_every_tie(convention, rounding):
    for n, o in SIZES:
        expected = [ROUND[rounding](exact(convention, i, n, o, None)) for i in range(o)]
        got = nearest_index(source_coordinates(o, n, convention), n, rounding)
        np.testing.assert_array_equal(got, np.clip(expected, 0, n - 1))


def test_nearest_index_in_every_library(agrees):
    c = np.array([[-0.7, 0.5, 1.5], [2.49, 3.5, 9.0]])
    for rounding in ROUND:
        expected = [[ROUND[rounding](Fraction(v)) for v in row] for row in c]
        agrees(nearest_index, np.clip(np.array(expected, np.int64), 0, 4), c, 5, rounding)


@pytest.mark.parametrize(
    ("mode", "convention", "rounding"),
    [("nearest", "asymmetric", "floor"), ("nearest-exact", "half_pixel", "round_prefer_ceil")],
)
def test_what_torchs_two_nearest_modes_mean(mode, convention, rounding):
    for n, o in SIZES:
        torchs = F.interpolate(torch.arange(float(n), dtype=torch.float64)[None, None], o, mode=mode)[0, 0]
        np.testing.assert_array_equal(nearest_index(source_coordinates(o, n, convention), n, rounding), torchs)


def test_the_course_says_three_ways_and_two():
    ways = [source_coordinates(8, 4, name) for name in ("half_pixel", "align_corners", "asymmetric")]
    np.testing.assert_allclose(ways[0], np.arange(-0.25, 3.5, 0.5))
    np.testing.assert_allclose(ways[1], np.arange(8) * 3 / 7)
    np.testing.assert_allclose(ways[2], np.arange(8) / 2)


@pytest.mark.parametrize("seed", range(8))
def test_centre_of_mass_is_scipys(seed, agrees):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.1, 1, size=rng.integers(1, 6, size=1 + seed % 3)).astype(["float64", "float32"][seed // 4])
    agrees(centre_of_mass, np.array(scipy.ndimage.center_of_mass(x), x.dtype), x)


def test_shift_by_hand():
    for n, o in SIZES:
        assert resize_shift(o, n) == pytest.approx((n / o - 1) / 2, abs=1e-12)
        assert resize_shift(o, n, "half_pixel") == resize_shift(o, n, "half_pixel_symmetric") == 0
        assert resize_shift(o, n, "align_corners") == pytest.approx(0 if o > 1 else (n - 1) / 2, abs=1e-12)
    assert resize_shift(4, 8, rounding="floor") == 0.5
    assert resize_shift(8, 4, rounding="floor") == resize_shift(8, 4, "half_pixel", rounding="round_prefer_ceil") == 0
    # 5 samples by the factor 1.5 give 7, which cover 4 2/3 samples from the left end, or from the middle
    assert resize_shift(7, 5, "half_pixel", 1.5) == pytest.approx((5 - 7 / 1.5) / 2)
    assert resize_shift(7, 5, "half_pixel_symmetric", 1.5) == pytest.approx(0)


def blob(n, centre, width=6.0):
    return np.exp(-(((np.arange(n) - centre) / width) ** 2) / 2)


@pytest.mark.parametrize(("n", "o"), [(128, 64), (128, 256), (120, 90), (121, 77), (100, 133)])
@pytest.mark.parametrize("convention", ["half_pixel", "asymmetric", "align_corners"])
def test_a_resize_moves_a_blob_in_the_middle_by_the_shift(n, o, convention):
    x = blob(n, (n - 1) / 2)
    at = (float(centre_of_mass(resize(x, o, coordinates=convention))[0]) + 0.5) * n / o - 0.5
    assert at - (n - 1) / 2 == pytest.approx(resize_shift(o, n, convention), abs=2e-3)


@pytest.mark.parametrize("there", ["half_pixel", "asymmetric"])
@pytest.mark.parametrize("back", ["half_pixel", "asymmetric", None])
@pytest.mark.parametrize("through", [64, 96, 192])
def test_ten_round_trips_drift_as_predicted(there, back, through):
    n, trips = 128, 10
    y = x = blob(n, 64.0)
    for _ in range(trips):
        y = resize(resize(y, through, coordinates=there), n, coordinates=back or there)
    moved = float(centre_of_mass(y)[0]) - float(centre_of_mass(x)[0])
    assert moved == pytest.approx(round_trip_drift(n, through, there, back, trips), abs=0.02)


def test_gradients_flow():
    x = torch.rand(4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(centre_of_mass, x)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: source_coordinates(0, 3), "output_size must be a whole number >= 1, got 0"),
        (lambda: source_coordinates(3, 2.0), "input_size must be a whole number >= 1, got 2.0"),
        (lambda: source_coordinates(3, 2, "corners"), "convention must be one of half_pixel, .*; got 'corners'"),
        (lambda: source_coordinates(3, 2, None), "convention must be one of"),
        (lambda: source_coordinates(3, 2, scale=0), "scale must be a positive number, got 0"),
        (lambda: source_coordinates(3, 2, scale=True), "scale must be a positive number, got True"),
        (lambda: source_coordinates(3, 2, scale="2"), "scale must be a positive number, got '2'"),
        (lambda: source_coordinates(3, 2, scale=float("nan")), "scale must be a positive number, got nan"),
        (lambda: source_coordinates(3, 2, scale=float("inf")), "scale must be a positive number, got inf"),
        (lambda: nearest_index(np.zeros(2), 0), "input_size must be"),
        (lambda: nearest_index(np.zeros(2), 3, "half_even"), "rounding must be one of floor, .*; got 'half_even'"),
        (lambda: source_coordinates(3, 2, like=np.zeros(0, int)), "like must be floating-point, got int64"),
        (lambda: nearest_index(np.zeros(2, int), 3), "coordinates must be floating-point, got int64"),
        (lambda: centre_of_mass(np.ones(2, int)), "x must be floating-point, got int64"),
        (lambda: round_trip_drift(4, 2, trips=-1), "trips must be a whole number >= 0, got -1"),
    ],
)
def test_refusals_name_the_argument_and_the_rule(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_number_has_no_centre():
    with pytest.raises(ValueError, match=r"^x must have at least one axis, got shape \(\)"):
        centre_of_mass(np.array(2.0))
