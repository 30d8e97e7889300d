"""The figures of the chapter on grid sizes say what the library says, and never raise."""

import itertools

import pytest

from resampling import Layer, divisible_size, plan_encoder_decoder
from resampling.figures.grid_sizes import plot_grid_sizes, plot_plan, plot_sizes_that_return, plot_windows

ENDS = [(1, 20), (1, 7), (1, 5), (0, 4), (1, 3), (0, 4)]


def test_there_is_a_figure_for_every_corner_of_the_controls():
    titles = {plot_grid_sizes(*settings).axes[0].get_title() for settings in itertools.product(*ENDS)}
    assert {"n = 1: no window fits", "n = 20: o = 20, left over 0"} <= titles


def test_titles_tell_the_sizes():
    titles = [ax.get_title() for ax in plot_windows([5, 6, 1], 4, stride=2, padding=1).axes]
    assert titles == ["n = 5: o = 2, left over 1", "n = 6: o = 3, left over 0", "n = 1: no window fits"]


@pytest.mark.parametrize(
    ("output_padding", "words"), [(0, "5, not 6"), (1, "6 = n"), (2, "output_padding must be below 2")]
)
def test_the_way_back_is_told(output_padding, words):
    cells = plot_grid_sizes(6, 3, 2, 1, 1, output_padding).axes[0]
    assert words in cells.get_xlabel()


def test_lengths_that_return_are_the_divisible_ones():
    encoder = [Layer(5, stride=3, padding=1), Layer(3, stride=2, padding=1)]
    ticks = plot_sizes_that_return({"mixed": encoder}, range(10, 60)).axes[0].get_xticks()
    assert list(ticks) == [n for n in range(10, 60) if divisible_size(n, encoder) == n]


def test_the_plan_tells_every_output_padding():
    encoder = [Layer(2, stride=2), Layer(3, stride=2, padding=1)]
    told = " ".join(text.get_text() for text in plot_plan(27, encoder).axes[0].texts)
    extra = [layer.output_padding for layer in plan_encoder_decoder(27, encoder)[1]]
    assert [int(word.split()[0]) for word in told.split("op = ")[1:-1]] == extra
