"""What the figures of the chapter on alias-free layers compute."""

from itertools import product

import numpy as np
import pytest

from resampling.figures.alias_free import BENDS, ideal_bend, plot_bend, plot_noble


@pytest.mark.parametrize("m", [3, 12, 20, 31])
def test_the_ideal_square_of_a_cosine_is_known(m):
    n = 64
    x = np.cos(2 * np.pi * m * np.arange(n) / n)
    second = np.cos(2 * np.pi * 2 * m * np.arange(n) / n) / 2 if 2 * m < n // 2 else 0.0
    np.testing.assert_allclose(ideal_bend(x, BENDS["square"], 4), 0.5 + second, atol=1e-12)


def test_the_ideal_of_nothing_bent_is_the_signal():
    x = np.random.default_rng(0).standard_normal((7, 9))
    np.testing.assert_allclose(ideal_bend(x, lambda v: v, 3), x, atol=1e-12)


def test_two_of_the_three_matrices_are_equal():
    first, second, third = (np.asarray(ax.images[0].get_array()) for ax in plot_noble([1, 2, 3], 3, 12).axes)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)


def test_every_setting_of_the_controls_can_be_drawn():
    for bend, up, taps, cutoff, cycles in product(BENDS, (1, 8), (1, 64), (0.02, 0.5), (1, 31)):
        assert len(plot_bend(cycles, bend, up, taps, cutoff).axes) == 2
