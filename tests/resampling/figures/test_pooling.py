"""The score that the chapter on pooling shows, and its figures for any setting of their controls."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool1d, max_pool1d

from resampling.figures.pooling import SIGNALS, consistency, plot_shift, pool_ring

RNG = np.random.default_rng(0)


def by_every_shift_and_roll(x, mode, k, s):
    """The score as it is defined, with loops."""
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


@pytest.mark.parametrize("case", [*itertools.product(["max", "avg"], [1, 2, 3, 5], [1, 2, 3])], ids=str)
def test_the_score_is_the_mean_over_all_shifts_with_the_best_roll(case):
    mode, k, s = case
    x = RNG.normal(size=6 * s)
    pool = partial(pool_ring, mode=mode, kernel_size=k, stride=s)
    assert consistency(pool, x, s) == pytest.approx(by_every_shift_and_roll(x, mode, k, s), abs=1e-12)


@pytest.mark.parametrize(("mode", "reference"), [("max", max_pool1d), ("avg", avg_pool1d)])
def test_pooling_a_ring_is_pooling_what_is_repeated(mode, reference):
    x = RNG.normal(size=(4, 12))
    rows = torch.tensor(np.concatenate([x, x], axis=1))
    np.testing.assert_allclose(pool_ring(x, mode, 5, 3), reference(rows, 5, 3)[:, :4].numpy())


def test_what_is_left_of_a_constant_agrees():
    assert consistency(partial(pool_ring, mode="max", kernel_size=2, stride=2), np.ones(8), 2) == 1


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_figure_can_be_drawn_for_the_ends_of_its_controls(signal):
    for shift, mode, k, s in itertools.product((0, 8), ("max", "avg"), (1, 6), (1, 4)):
        plot_shift(shift, signal, mode, k, s)
    plot_shift(3, signal, "max", 6, 3)
