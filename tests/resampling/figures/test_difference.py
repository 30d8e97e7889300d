"""The picture of expected against returned frames exactly the cells that differ."""

import warnings

import numpy as np
import pytest
from matplotlib import pyplot as plt

from resampling.figures.difference import plot_difference

EXPECTED = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, 0.0]])


def framed(got):
    """Cells framed in the right-hand picture."""
    ax = plot_difference(EXPECTED, got).axes[1]
    return {(round(p.get_y() + 0.5), round(p.get_x() + 0.5)) for p in ax.patches}


def test_equal_matrices_have_no_frames():
    assert framed(EXPECTED + 1e-9) == set()


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf, -np.inf])
def test_an_entry_that_differs_is_framed(value):
    got = EXPECTED.copy()
    got[1, 0] = value
    assert framed(got) == {(1, 0)}


def test_entries_without_counterpart_are_framed():
    assert framed(np.pad(EXPECTED, ((0, 1), (0, 0)))) == {(2, 0), (2, 1), (2, 2)}


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 1), (1, 20), (30, 30)])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32])
def test_any_shape_and_dtype_can_be_drawn_without_a_warning(shape, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_difference(EXPECTED, np.ones(shape, dtype)).canvas.draw()


def test_titles_tell_the_shapes():
    left, right = plot_difference(EXPECTED, EXPECTED.T).axes
    assert (left.get_title(), right.get_title()) == ("expected\n2×3", "yours\n3×2")


def test_both_pictures_share_one_scale():
    left, right = plot_difference(EXPECTED, 4 * EXPECTED).axes
    assert left.images[0].get_clim() == right.images[0].get_clim() == (-24, 24)


def test_pyplot_does_not_know_the_figure():
    plot_difference(EXPECTED, EXPECTED)
    assert plt.get_fignums() == []
