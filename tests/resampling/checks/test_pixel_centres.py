"""Partial credit in the chapter on pixel centres, and answers written in many ways."""

from math import floor

import numpy as np
import pytest
import torch
from torch.nn.functional import conv_transpose1d, conv_transpose2d, interpolate

from resampling import resize
from resampling.checks.pixel_centres import (
    COORDINATE_MAP,
    PICTURE_SHIFT,
    REPAIR_BORDER,
    RESIZE_ON_GRID,
    TENT_LAYER,
    coordinate_map,
    picture_shift,
    repair_border,
    resize_on_grid,
    tent_layer,
    which_convention,
)

SEEDS = range(3)


def in_torch(x, size, mode="half_pixel"):
    image = torch.tensor(x)[None, None]
    if mode.startswith("nearest"):
        return interpolate(image, size, mode=mode)[0, 0]
    if mode == "asymmetric":
        return resize_on_grid(x, size, mode)
    return interpolate(image, size, mode="bilinear", align_corners=mode == "align_corners")[0, 0]


def maps_by_loop(length, size, convention="half_pixel", scale=None):
    step = 1 / scale if scale else length / size
    if convention == "align_corners":
        return np.array([i * (length - 1) / max(size - 1, 1) for i in range(size)])
    half = 0.5 if convention == "half_pixel" else 0
    return np.array([(i + half) * step - half for i in range(size)])


def shift_by_moments(before, after):
    found = []
    for axis in (0, 1):
        at = []
        for x in (before, after):
            index, x = np.indices(x.shape)[axis], x - x.min()
            at.append((np.sum(index * x) / np.sum(x) + 0.5) * before.shape[axis] / x.shape[axis])
        found.append(at[1] - at[0])
    return found


def tent_by_correlation(factor):
    box = np.ones(factor)
    full = np.convolve(box, box) / factor  # for even factors on the other grid, so average two neighbours
    return (full, factor // 2) if factor % 2 else (np.convolve(full, [0.5, 0.5]), factor // 2)


def repaired_in_torch(y, kernel, size, stride, padding):
    weight = torch.tensor(kernel)[None, None]
    ones = lambda n: torch.ones(1, 1, *n, dtype=torch.float64)  # noqa: E731
    full = conv_transpose2d(ones(size), weight, stride=stride)[0, 0].numpy()
    reached = np.zeros(y.shape)
    part = full[padding[0] : padding[0] + y.shape[0], padding[1] : padding[1] + y.shape[1]]
    reached[: part.shape[0], : part.shape[1]] = part
    phases = np.zeros(stride)
    for t, value in np.ndenumerate(kernel):
        phases[t[0] % stride[0], t[1] % stride[1]] += value
    i, j = ((np.arange(o) + p) % s for o, p, s in zip(y.shape, padding, stride, strict=True))
    with np.errstate(all="ignore"):
        return np.where(reached > 0, y * phases[np.ix_(i, j)] / reached, 0.0)


WAYS = [
    (COORDINATE_MAP, maps_by_loop),
    (RESIZE_ON_GRID, in_torch),
    (PICTURE_SHIFT, shift_by_moments),
    (TENT_LAYER, tent_by_correlation),
    (REPAIR_BORDER, repaired_in_torch),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("asked", "way"), WAYS, ids=[task.name for task, _ in WAYS])
def test_an_answer_written_in_another_way_is_right(asked, way, seed, judge):
    assert judge(asked, way, seed).score == asked.points


@pytest.mark.parametrize("factor", range(1, 9))
def test_the_tent_layer_is_linear_interpolation_away_from_the_border(factor):
    weight, padding = tent_layer(factor)
    x = np.random.default_rng(factor).random(7)
    y = conv_transpose1d(torch.tensor(x)[None], torch.tensor(weight)[None, None], stride=factor, padding=padding)[0]
    assert len(y) == 7 * factor
    np.testing.assert_allclose(y[factor:-factor], resize(x, 7 * factor)[factor:-factor], atol=1e-12)


@pytest.mark.parametrize("factor", range(1, 6))
def test_the_repaired_tent_layer_is_linear_interpolation_at_the_border_too(factor):
    weight, padding = tent_layer(factor)
    x, kernel = np.random.default_rng(factor).random((3, 4)), np.outer(weight, weight)
    layer = {"stride": (factor, factor), "padding": (padding, padding)}
    y = conv_transpose2d(torch.tensor(x)[None, None], torch.tensor(kernel)[None, None], **layer)[0, 0].numpy()
    got = repair_border(y, kernel, (3, 4), **layer)
    np.testing.assert_allclose(got, resize(x, (3 * factor, 4 * factor)), atol=1e-12)


def test_noise_below_half_a_grey_level_does_not_fool_the_detective():
    x = np.array([12.0, 250, 3, 180, 90, 7, 201])
    for mode in ("half_pixel", "align_corners", "asymmetric", "nearest-exact"):
        y = resize_on_grid(x[None], (1, 11), mode)[0]
        assert which_convention(x, y + 0.4 * (-1.0) ** np.arange(11)) == mode
        assert which_convention(x, y + 3) == "other"


def test_linear_alone_earns_its_half(lost):
    def answer(x, size, mode="half_pixel"):
        if mode.startswith("nearest"):
            raise ValueError(mode)
        return resize_on_grid(x, size, mode)

    assert lost(RESIZE_ON_GRID, answer) == {"nearest", "nearest-exact"}


def test_half_pixel_alone_earns_something(judge):
    def answer(length, size, convention="half_pixel", scale=None):
        return coordinate_map(length, size)

    assert judge(COORDINATE_MAP, answer).score == 1


def test_a_background_left_in_costs_that_property(lost):
    def answer(before, after):
        return (
            picture_shift(np.append(before, before * 0, 0)[: len(before)], after) if before.min() == 0 else (0.0, 0.0)
        )

    assert lost(PICTURE_SHIFT, answer) == {"a grey background does not count"}


def test_taps_and_padding_have_points_of_their_own(judge):
    assert judge(TENT_LAYER, lambda factor: (np.zeros(1), floor(factor / 2))).score == 0.5
    assert judge(TENT_LAYER, lambda factor: (tent_layer(factor)[0], 0)).score == 2


def test_a_division_by_the_image_of_ones_earns_the_tent(judge):
    def answer(y, kernel, size, stride, padding):
        ones = torch.ones(1, 1, *size, dtype=torch.float64)
        shape = [s * (n - 1) + k - 2 * p for n, k, s, p in zip(size, kernel.shape, stride, padding, strict=True)]
        gain = conv_transpose2d(ones, torch.tensor(kernel)[None, None], None, stride, padding)[0, 0].numpy()
        return np.divide(y[: shape[0], : shape[1]], gain, where=gain > 0, out=np.zeros(gain.shape))

    assert judge(REPAIR_BORDER, answer).score == 1


def test_an_output_left_as_it_is_earns_nothing(judge):
    assert judge(REPAIR_BORDER, lambda y, kernel, size, stride, padding: y).score == 0
