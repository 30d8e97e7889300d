"""The figures of the chapter on unpooling compute what they say."""

import pytest

from resampling.figures.unpooling import WAYS, memory_of_encoder, plot_index_arrows


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("side", "kernel_size", "stride"), [(2, 1, 4), (5, 3, 2), (6, 2, 2), (4, 4, 3)])
def test_every_setting_of_the_controls_is_drawn(way, side, kernel_size, stride):
    figure = plot_index_arrows(side, kernel_size, stride, 20, way, 15)
    assert "different maxima" in figure.axes[0].get_title()


def test_without_a_window_the_figure_says_so():
    assert plot_index_arrows(2, 3).axes[0].get_title() == "no window fits"


def test_maxima_that_go_back_are_pixels_that_are_what_they_were():
    assert "9 of 36 pixels are what they were" in plot_index_arrows().axes[0].get_title()


def test_indices_of_two_by_two_windows_are_as_large_as_maps_in_half_precision():
    kept = memory_of_encoder((32, 64), [(3, 2), (5, 2)])
    assert (
        kept["indices, int64"] == kept["maps before pooling, float16"] == 32 * kept["place in the window, packed bits"]
    )
