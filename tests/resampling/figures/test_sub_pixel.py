"""The figures of the chapter on sub-pixel convolution compute what they say."""

from resampling.figures.sub_pixel import plot_drift


def test_every_run_is_a_line():
    assert len(plot_drift([0, 1, 3], {"a": [[1, 2, 3]] * 2, "b": [[0, 0.1, 0.2]] * 3}).axes[0].lines) == 5
