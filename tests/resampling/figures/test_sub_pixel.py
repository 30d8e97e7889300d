"""The figures of the chapter on sub-pixel convolution compute what they say."""

from itertools import product

import pytest

from resampling.figures.sub_pixel import plot_channels_to_space, plot_drift


@pytest.mark.parametrize(("rows", "columns", "maps"), list(product((1, 3), (1, 2), (1, 3))))
@pytest.mark.parametrize("order", ["CRD", "DCR"])
def test_every_setting_of_the_controls_is_drawn(rows, columns, maps, order):
    for follow in (0, 26):
        assert plot_channels_to_space(rows, columns, maps, order, follow).axes[0].get_title().startswith("channel")


@pytest.mark.parametrize(
    ("order", "follow", "told"),
    [
        ("CRD", 5, "channel 5 is phase (1, 2) of map 0"),
        ("CRD", 9, "channel 9 is phase (1, 0) of map 1"),
        ("DCR", 5, "channel 5 is phase (0, 2) of map 1"),
    ],
)
def test_the_title_says_where_a_channel_goes(order, follow, told):
    """With factors 2 and 3 and two maps, a channel is 6 c + 3 a + b in CRD, and 2 (3 a + b) + c in DCR."""
    assert plot_channels_to_space(2, 3, 2, order, follow).axes[0].get_title() == told


def test_every_run_is_a_line():
    assert len(plot_drift([0, 1, 3], {"a": [[1, 2, 3]] * 2, "b": [[0, 0.1, 0.2]] * 3}).axes[0].lines) == 5
