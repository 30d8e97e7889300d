"""The figures of the chapter on gradients compute what they say."""

from itertools import product

import numpy as np
import pytest

from resampling import conv1d_input
from resampling.figures.gradients import PICKS, difference_errors, plot_one_sum, plot_reading


def test_every_setting_of_the_controls_is_drawn():
    for n, k, s, p, d in product((1, 5, 14), (1, 4, 6), (1, 5), (0, 3), (1, 4)):
        for pick in PICKS:
            title = plot_reading(n, k, s, p, d, pick, 13).axes[0].get_title()
            assert title.startswith(("$y", "$dx")) or title == "no window fits"


@pytest.mark.parametrize("number", range(7))
def test_the_formula_in_the_title_is_the_gradient(number):
    w, g = np.array([1.0, 10.0, 100.0]), np.array([1.0, 2.0, 3.0, 4.0])
    title = plot_reading(number=number).axes[0].get_title()
    terms = title.strip("$").partition(" = ")[2].replace("\\,", "*").replace("{", "").replace("}", "")
    names = {f"w_{t}": w[t] for t in range(3)} | {f"g_{i}": g[i] for i in range(4)}
    assert eval(terms, names) == conv1d_input((1, 7), w[None, None], g[None], 2, 1)[0, number]


def test_a_sample_that_no_window_reads_has_no_formula():
    assert plot_reading(8, 2, 3, 0, 1, PICKS[1], 2).axes[0].get_title() == "$dx_{2} = 0$: no window reads it"


def test_the_sums_of_the_small_example():
    figure = plot_one_sum(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    sums = [[t.get_text() for t in ax.texts if "·" not in t.get_text()] for ax in figure.axes]
    assert sums == [["5", "8"], ["1", "3", "2"], ["3", "5"]]


def test_errors_of_differences_fall_with_the_step_as_taylor_says():
    steps = np.array([1e-2, 1e-3])
    for central, order in ((False, 1), (True, 2)):
        coarse, fine = difference_errors(steps, "float64", central)
        assert coarse / fine == pytest.approx(10**order, rel=0.1)


def test_in_single_precision_a_tiny_step_changes_nothing():
    assert difference_errors([1e-10], "float32", True)[0] == 1
