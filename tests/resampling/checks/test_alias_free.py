"""The tasks of the chapter on alias-free layers: other ways to the answer, and credit for a part of it."""

import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F

from resampling.checks.alias_free import (
    EQUIVARIANCE_PSNR,
    FILTERED_LEAKY_RELU,
    NOBLE_TAPS,
    UPFIRDN1D,
    UPFIRDN2D,
    filtered_leaky_relu,
    noble_taps,
)

SEEDS = range(5)


def in_torch(input, taps, up=1, down=1, padding=(0, 0), gain=1.0):
    z = F.pad(torch.tensor(input)[:, None], (0, up - 1)).reshape(1, 1, -1)
    w = torch.tensor(taps[::-1].copy())[None, None]
    return gain * F.conv1d(F.pad(z, padding), w, stride=down)[0, 0]


def by_scipy(input, taps, up=1, down=1, padding=(0, 0), gain=1.0):
    k, n = len(taps), len(input)
    reach = abs(padding[0]) + abs(padding[1]) + k + up
    full = np.pad(scipy.signal.upfirdn(gain * taps, input, up), reach)
    first = reach + k - 1 - padding[0]
    return full[first : first + up * n + sum(padding) - k + 1 : down]


def in_torch_2d(input, taps, up=(1, 1), down=(1, 1), padding=(0, 0, 0, 0), flip_filter=False):
    z = F.pad(torch.tensor(input)[:, None, :, None], (0, up[0] - 1, 0, 0, 0, up[1] - 1))
    z = z.reshape(1, 1, input.shape[0] * up[1], input.shape[1] * up[0])
    w = torch.tensor(taps if flip_filter else taps[::-1, ::-1].copy())[None, None]
    return F.conv2d(F.pad(z, padding), w, stride=down[::-1])[0, 0]


def noble_by_trial(taps, factor, sampler, side):
    """Look whether an impulse at each place does the same in both pipelines."""
    if (sampler, side) in (("down", "after"), ("up", "before")):
        return np.insert(taps, np.repeat(np.arange(1, len(taps)), factor - 1), 0.0)
    x = np.eye(factor * len(taps) + 1)
    high = np.array([np.convolve(row, taps)[::factor] for row in x])
    low = taps[::factor].copy()
    other = np.array([np.convolve(row[::factor], low) for row in x])
    size = min(high.shape[1], other.shape[1])
    return low if np.allclose(high[:, :size], other[:, :size]) else np.zeros(0)


def bent_in_torch(input, taps, up=2, down=2, negative_slope=0.2):
    k = len(taps)
    before = (2 * k - 1 - down + up) // 2
    fine = in_torch(input, up * taps, up, 1, (before, 2 * k - 1 - down - before))
    return in_torch(F.leaky_relu(fine, negative_slope).numpy(), taps, 1, down)


def measured_by_rfft(operator, input, shift, peak=1.0, margin=0):
    def moved(x, by):
        f = np.fft.rfftfreq(len(x))
        return np.fft.irfft(np.fft.rfft(x) * np.exp(-2j * np.pi * f * by), len(x))

    out = operator(input)
    error = operator(moved(input, shift)) - moved(out, shift * len(out) / len(input))
    return -10 * np.log10(np.mean((error / peak)[margin : len(out) - margin] ** 2))


WAYS = [
    (UPFIRDN1D, in_torch),
    (UPFIRDN1D, by_scipy),
    (UPFIRDN2D, in_torch_2d),
    (NOBLE_TAPS, noble_by_trial),
    (FILTERED_LEAKY_RELU, bent_in_torch),
    (EQUIVARIANCE_PSNR, measured_by_rfft),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def test_whoever_forgets_the_gain_keeps_the_rest(lost):
    def answer(**given):
        return UPFIRDN1D.reference(**(given | {"gain": 1.0}))

    assert lost(UPFIRDN1D, answer) == {"gain"}


def test_padding_that_cannot_crop_costs_the_cropping_only(lost):
    def answer(**given):
        sides = given.get("padding", (0, 0, 0, 0))
        return UPFIRDN2D.reference(**(given | {"padding": tuple(max(side, 0) for side in sides)}))

    assert lost(UPFIRDN2D, answer) == {"cropping"}


def test_one_direction_is_worth_something(lost):
    def answer(taps, factor, sampler, side):
        high = (sampler == "down") == (side == "before")
        return np.zeros(0) if high else noble_taps(taps, factor, sampler, side)

    assert lost(NOBLE_TAPS, answer) == {"from the high to the low rate", "zeros at the end"}


def looks_at_the_sum(spread, factor):
    return np.isclose(spread.sum(), spread[::factor].sum())


def looks_at_one_phase(spread, factor):
    return not spread[1::factor].any()


def looks_at_one_tap(spread, factor):  # noqa: ARG001
    return spread[1] == 0


@pytest.mark.parametrize("may", [looks_at_the_sum, looks_at_one_phase, looks_at_one_tap])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_taps_must_be_looked_at(may, seed, judge):
    def answer(taps, factor, sampler, side):
        if (sampler == "down") != (side == "before"):
            return noble_taps(taps, factor, sampler, side)
        return taps[::factor] if may(taps, factor) else np.zeros(0)

    assert judge(NOBLE_TAPS, answer, seed).score < NOBLE_TAPS.points


def test_zeros_in_front_are_taps(judge):
    def answer(taps, factor, sampler, side):
        return np.trim_zeros(noble_taps(taps, factor, sampler, side), "f")

    assert judge(NOBLE_TAPS, answer).score < NOBLE_TAPS.points


def test_a_result_too_few_is_no_named_mistake(judge):
    def answer(input, taps, up=1, down=1, padding=(0, 0), gain=1.0):
        fine = UPFIRDN1D.reference(input, taps, up, 1, padding, gain=gain)
        return fine[: len(fine) // down * down : down]

    assert judge(UPFIRDN1D, answer).mistakes == ()


def test_a_wrong_border_leaves_the_inside(lost):
    def answer(**given):
        out = filtered_leaky_relu(**given)
        out[[0, -1]] += 1.0
        return out

    assert "away from the border" not in lost(FILTERED_LEAKY_RELU, answer)


def test_the_measured_operators_are_never_exactly_equivariant():
    values = [
        EQUIVARIANCE_PSNR.reference(**case)
        for seed in range(40)
        for prop in EQUIVARIANCE_PSNR.properties
        for case in prop.cases(np.random.default_rng(seed))
    ]
    assert max(values) < 80
