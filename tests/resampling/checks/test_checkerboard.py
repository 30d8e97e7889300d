"""Partial credit in the chapter on the checkerboard, and answers written in many ways."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling import clean_projection, is_checkerboard_free, nyquist_energy
from resampling.checks.checkerboard import (
    AFTER_NEAREST,
    CLEAN_KERNEL,
    GRADIENT_PATTERN,
    NYQUIST_SCORE,
    PHASE_GAINS,
    STACK_OF_LAYERS,
    after_nearest,
    phase_gains,
    stack_of_layers,
)

SEEDS = range(3)


def pattern_by_autograd(weight, length, stride=1, padding=0):
    x = torch.zeros(1, 1, length, dtype=torch.float64, requires_grad=True)
    F.conv1d(x, torch.tensor(weight)[None, None], stride=stride, padding=padding).sum().backward()
    return x.grad[0, 0]


def gains_by_the_middle_of_a_constant(weight, stride, dilation=(1, 1)):
    """An output that is a multiple of both strides away from the border, and the block that begins there."""
    ones = torch.ones(1, 1, 24, 24, dtype=torch.float64)
    y = F.conv_transpose2d(ones, torch.tensor(weight)[None, None], stride=stride, dilation=dilation)[0, 0]
    top, left = (s * 18 for s in stride)
    return y[top : top + stride[0], left : left + stride[1]]


def score_by_phase_means(x, stride=(2, 2)):
    rows, columns = (n // s for n, s in zip(x.shape, stride, strict=True))
    x = x[: rows * stride[0], : columns * stride[1]]
    if x.var() <= 1e-10 * (x * x).mean():
        return 0
    return x.reshape(rows, stride[0], columns, stride[1]).mean(axis=(0, 2)).var() / x.var()


def score_in_float32(x, stride=(2, 2)):
    rows, columns = (n // s for n, s in zip(x.shape, stride, strict=True))
    x = torch.tensor(x[: rows * stride[0], : columns * stride[1]], dtype=torch.float32)
    if x.var() <= 1e-10 * (x * x).mean():
        return 0
    energy = torch.fft.fft2(x - x.mean()).abs() ** 2
    return energy[::rows, ::columns].sum() / energy.sum()


def clean_by_least_squares(weight, stride):
    """Project on the complement of the conditions, gain r less gain 0."""
    k = weight.shape[-1]
    member = (np.arange(k) % stride == np.arange(stride)[:, None]).astype(float)
    conditions = member[1:] - member[0]
    return weight @ (np.eye(k) - np.linalg.pinv(conditions) @ conditions)


def stack_by_layers(weights, strides):
    impulse = torch.ones(1, 1, 1, dtype=torch.float64)
    for weight, stride in zip(weights, strides, strict=True):
        impulse = F.conv_transpose1d(impulse, torch.tensor(weight, dtype=torch.float64)[None, None], stride=stride)
    kernel, total = impulse[0, 0], int(np.prod(strides))
    padded = F.pad(kernel, (0, -len(kernel) % total)).reshape(-1, total).sum(0)
    return kernel, total, np.allclose(padded, padded[0])


def after_nearest_by_solving(kernel, stride):
    ins, outs, k = kernel.shape
    taps = k - stride + 1
    box = np.array([[1.0 if 0 <= j - t < stride else 0.0 for t in range(taps)] for j in range(k)])
    found = np.linalg.lstsq(box, kernel.reshape(-1, k).T, rcond=None)[0].T
    return found.reshape(ins, outs, taps)[..., ::-1].swapaxes(0, 1)


WAYS = [
    (GRADIENT_PATTERN, pattern_by_autograd),
    (PHASE_GAINS, gains_by_the_middle_of_a_constant),
    (NYQUIST_SCORE, score_by_phase_means),
    (NYQUIST_SCORE, score_in_float32),
    (CLEAN_KERNEL, clean_by_least_squares),
    (CLEAN_KERNEL, clean_projection),
    (STACK_OF_LAYERS, stack_by_layers),
    (AFTER_NEAREST, after_nearest_by_solving),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def test_the_last_task_is_true_of_layers():
    for seed in SEEDS:
        for prop in AFTER_NEAREST.properties:
            for case in prop.cases(np.random.default_rng(seed)):
                kernel, s = torch.tensor(case["kernel"]), case["stride"]
                x = torch.randn(1, len(kernel), 5, dtype=torch.float64)
                v = torch.tensor(after_nearest(**case))
                copied = F.conv1d(x.repeat_interleave(s, -1), v, padding=kernel.shape[-1] - s)
                torch.testing.assert_close(copied, F.conv_transpose1d(x, kernel, stride=s))


def test_a_stack_whose_cleanness_is_guessed_keeps_the_points_of_its_kernel(lost):
    def answer(**given):
        return (*stack_of_layers(**given)[:2], True)

    assert lost(STACK_OF_LAYERS, answer) == {"clean or not"}


def test_whether_a_stack_is_clean_cannot_be_told_from_its_layers(lost):
    def answer(weights, strides):
        kernel, total, _ = stack_of_layers(weights, strides)
        clean = all(map(is_checkerboard_free, weights, strides))
        return kernel, total, clean or is_checkerboard_free(weights[-1], total)

    assert lost(STACK_OF_LAYERS, answer) == {"clean or not"}


def test_a_test_for_exact_constants_is_not_enough(lost):
    def answer(x, stride=(2, 2)):
        return 0 if np.ptp(x) == 0 else nyquist_energy(x, stride, tol=0)

    assert lost(NYQUIST_SCORE, answer) == {"a constant scores 0"}


def test_a_rule_for_stride_two_is_worth_something(judge):
    def answer(kernel, stride):
        return after_nearest(kernel, 2)[..., : kernel.shape[-1] - stride + 1]

    assert 0 < judge(AFTER_NEAREST, answer).score < AFTER_NEAREST.points


def test_gains_without_dilation_cost_only_dilation(lost):
    assert lost(PHASE_GAINS, lambda weight, stride, dilation=(1, 1): phase_gains(weight, stride)) == {"dilation"}


def test_equal_phases_are_enough_for_a_start(judge, lost):
    def answer(weight, stride):
        k = weight.shape[-1]
        means = np.stack([weight[..., r::stride].mean(-1) for r in range(min(stride, k))], axis=-1)
        return weight + (means.mean(-1, keepdims=True) - means)[..., np.arange(k) % stride]

    assert "equally many taps in every phase" not in lost(CLEAN_KERNEL, answer)
    assert judge(CLEAN_KERNEL, answer).score < CLEAN_KERNEL.points
