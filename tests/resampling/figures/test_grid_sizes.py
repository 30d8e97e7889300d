"""The figures of the chapter on grid sizes say what the library says, and never raise."""

from resampling import Layer, divisible_size, plan_encoder_decoder
from resampling.figures.grid_sizes import plot_plan, plot_sizes_that_return, plot_windows


def test_titles_tell_the_sizes():
    titles = [ax.get_title() for ax in plot_windows([5, 6, 1], 4, stride=2, padding=1).axes]
    assert titles == ["n = 5: o = 2, left over 1", "n = 6: o = 3, left over 0", "n = 1: no window fits"]


def test_lengths_that_return_are_the_divisible_ones():
    encoder = [Layer(5, stride=3, padding=1), Layer(3, stride=2, padding=1)]
    ticks = plot_sizes_that_return({"mixed": encoder}, range(10, 60)).axes[0].get_xticks()
    assert list(ticks) == [n for n in range(10, 60) if divisible_size(n, encoder) == n]


def test_the_plan_tells_every_output_padding():
    encoder = [Layer(2, stride=2), Layer(3, stride=2, padding=1)]
    told = " ".join(text.get_text() for text in plot_plan(27, encoder).axes[0].texts)
    extra = [layer.output_padding for layer in plan_encoder_decoder(27, encoder)[1]]
    assert [int(word.split()[0]) for word in told.split("op = ")[1:-1]] == extra
