"""Partial credit in the chapter on pooling, and answers written in many ways."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling.checks import local_call
from resampling.checks.evaluation import evaluate
from resampling.checks.pooling import (
    AVG_POOL2D,
    DOWNSAMPLING_LEDGER,
    MAX_POOL1D,
    SHIFT_CONSISTENCY,
    STRIDED_CONV2D,
    avg_pool2d,
    downsampling_ledger,
    max_pool1d,
    shift_consistency,
)

SEEDS = range(3)


def max_by_torch(input, kernel_size, stride, padding=0, ceil_mode=False):
    x = torch.tensor(input)[None]
    values, where = F.max_pool1d(x, kernel_size, stride, padding, ceil_mode=ceil_mode, return_indices=True)
    return [values[0], where[0]]


def avg_by_torch(input, kernel_size, stride, padding=(0, 0), ceil_mode=False, count_include_pad=True):
    x = torch.tensor(input)[None]
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)[0]


def conv_by_torch(input, weight, bias, stride=(1, 1), padding=(0, 0)):
    return F.conv2d(torch.tensor(input), torch.tensor(weight), torch.tensor(bias), stride, padding)


def conv_by_unfolding(input, weight, bias, stride=(1, 1), padding=(0, 0)):
    padded = np.pad(input, [(0, 0), *((p, p) for p in padding)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], (1, 2))
    kept = windows[:, :: stride[0], :: stride[1]]
    return np.einsum("chwab,mcab->mhw", kept, weight) + bias[:, None, None]


def ledger_by_torch(kind, input_size, kernel_size, stride, padding=(0, 0), channels_out=None, groups=1):
    if kind == "conv":
        layer = torch.nn.Conv2d(input_size[1], channels_out, kernel_size, stride, padding, groups=groups)
    else:
        layer = {"max": torch.nn.MaxPool2d, "avg": torch.nn.AvgPool2d}[kind](kernel_size, stride, padding)
    y = layer(torch.zeros(input_size))
    learned = sum(p.numel() for p in layer.parameters())
    moved = 4 * (torch.zeros(input_size).numel() + learned + y.numel())
    taps = kernel_size[0] * kernel_size[1]
    done = y.numel() * layer.weight[0].numel() if kind == "conv" else 0
    return learned, done, {"max": taps - 1, "avg": taps, "conv": 0}[kind] * y.numel(), moved


WAYS = [
    (MAX_POOL1D, max_by_torch),
    (AVG_POOL2D, avg_by_torch),
    (STRIDED_CONV2D, conv_by_torch),
    (STRIDED_CONV2D, conv_by_unfolding),
    (DOWNSAMPLING_LEDGER, ledger_by_torch),
]


@pytest.mark.parametrize(("asked", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_torch_and_every_other_way_is_right(asked, way, seed, judge):
    assert judge(asked, way, seed).score == asked.points


@pytest.mark.parametrize("name", ["ceil_mode", "padding"])
def test_a_first_version_of_max_pooling_is_worth_something(name, judge):
    def answer(input, kernel_size, stride, **options):
        return max_pool1d(input, kernel_size, stride, **{key: v for key, v in options.items() if key != name})

    assert 1 <= judge(MAX_POOL1D, answer).score < MAX_POOL1D.points


def test_values_alone_earn_theirs(lost):
    def answer(*args, **options):
        values, where = max_pool1d(*args, **options)
        return values, np.zeros_like(where) - 9

    assert lost(MAX_POOL1D, answer) == {
        "where it was found",
        "positions in the input, not in the padding",
    }


def test_no_finite_number_is_low_enough_for_the_border(lost):
    def answer(input, kernel_size, stride, padding=0, ceil_mode=False):
        padded = np.pad(input, padding, constant_values=-1e9)
        values, where = max_pool1d(padded, kernel_size, stride, 0, ceil_mode and not padding)
        return values, where - padding

    assert "the border is minus infinity" in lost(MAX_POOL1D, answer)


@pytest.mark.parametrize("flag", ["ceil_mode", "count_include_pad"])
def test_a_mean_that_knows_one_flag_earns_what_does_not_need_the_other(flag, lost):
    def answer(**given):
        return avg_pool2d(**{name: value for name, value in given.items() if name != flag})

    assert lost(AVG_POOL2D, answer) == {
        "both flags",
        {"ceil_mode": "ceil_mode", "count_include_pad": "count_include_pad=False"}[flag],
    }


@pytest.mark.parametrize("item", range(4))
def test_each_item_of_the_ledger_has_its_own_points(item, judge):
    def answer(**given):
        entries = list(downsampling_ledger(**given))
        entries[item] += 10**9
        return entries

    assert 2 <= judge(DOWNSAMPLING_LEDGER, answer).score < DOWNSAMPLING_LEDGER.points


def pooled(x, mode, k, s):
    reduce = {"max": max, "avg": lambda window: sum(window) / len(window)}[mode]
    return np.array([reduce([x[(i + t) % len(x)] for t in range(k)]) for i in range(0, len(x), s)])


def every_shift(input, mode, kernel_size, stride):
    x = input - np.mean(input)
    y, scores = pooled(x, mode, kernel_size, stride), []
    for d in range(len(x)):
        z = pooled(np.roll(x, d), mode, kernel_size, stride)
        both = np.linalg.norm(z) + np.linalg.norm(y)
        best = min(np.linalg.norm(z - np.roll(y, m)) for m in range(len(y)))
        scores.append(1 - best / both if both else 1.0)
    return sum(scores) / len(scores)


def test_trying_every_shift_takes_too_long_for_the_long_signals_alone():
    found = evaluate(SHIFT_CONSISTENCY, local_call(every_shift, SHIFT_CONSISTENCY.time_limit), 0).findings
    assert {f.property: f.trial.refusal.kind for f in found if f.trial} == {"long signals": "time limit"}


def test_the_example_of_the_assignment():
    x = np.array([0.0, 0, 1, 1, 0, 0, 1, 1])
    assert shift_consistency(x, "max", 2, 2) == pytest.approx((2 - np.sqrt(0.5)) / 2)


def test_a_perfect_score_for_everything_is_worth_next_to_nothing(judge):
    assert judge(SHIFT_CONSISTENCY, lambda **_: 1.0).score <= 0.5


def test_the_answer_to_one_task_may_not_be_bought(check):
    def bought(input, kernel_size, stride, padding=0, ceil_mode=False):
        return torch.max_pool1d(torch.tensor(input)[None], kernel_size, stride, padding)

    assert check(MAX_POOL1D, bought)[0] == 0
