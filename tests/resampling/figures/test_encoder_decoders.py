"""The figures of the chapter on encoder-decoders compute what they say."""

from itertools import product

import numpy as np
import pytest

from resampling.figures.encoder_decoders import (
    ROUNDING,
    SIDES,
    ladder,
    numbers,
    origins,
    plot_results,
    plot_rows,
    plot_size_ladder,
    plot_unet,
)


@pytest.mark.parametrize(("length", "depth"), [*product(range(1, 40), range(1, 5))])
def test_the_ladder_ends_at_the_quotient_and_fits_at_the_end(length, depth):
    assert ladder(length, depth)[-1] == -(-length // 2**depth)
    assert ladder(length, depth, "down")[-1] == max(length // 2**depth, 1)
    block = np.arange(length) // 2**depth
    np.testing.assert_array_equal(origins(length, depth)[-1], 2**depth * block + (2**depth - 1) / 2)


def test_cutting_at_the_front_moves_the_content():
    np.testing.assert_array_equal(origins(5, 1, fit="front")[-1], [0.5, 2.5, 2.5, 4.5, 4.5])
    np.testing.assert_array_equal(origins(5, 1, fit="end")[-1], [0.5, 0.5, 2.5, 2.5, 4.5])


@pytest.mark.parametrize(("rounding", "fit"), [*product(ROUNDING, SIDES)])
@pytest.mark.parametrize(("length", "depth"), [(1, 3), (2, 1), (24, 3), (23, 3), (11, 1)])
def test_every_setting_of_the_controls_is_drawn(length, depth, rounding, fit):
    figure = plot_size_ladder(length, depth, rounding, fit)
    assert figure.axes[1].get_title().startswith("up: ")


def test_only_the_end_leaves_everything_at_its_place():
    titles = {fit: plot_size_ladder(11, 2, "up", fit).axes[1].get_title() for fit in SIDES}
    assert titles["end"] == titles["stretch"] == "up: all at their place"
    assert "mean shift" in titles["front"]
    assert "mean shift" in plot_size_ladder(11, 2, "down", "stretch").axes[1].get_title()


@pytest.mark.parametrize("small", range(1, 60))
def test_nearest_to_one_less_than_twice_is_a_cut(small):
    np.testing.assert_array_equal(
        np.arange(2 * small - 1) * small // (2 * small - 1), np.arange(small).repeat(2)[: 2 * small - 1]
    )


def test_the_network_is_drawn_with_the_sizes_of_every_level():
    texts = {text.get_text() for text in plot_unet((25, 18), 8, 2).axes[0].texts}
    assert {"25 × 18", "13 × 9", "7 × 5", "8", "16", "32"} <= texts


def test_results_have_a_dot_for_every_seed():
    found = {kind: [{"after": {"psnr": [seed, seed + 2.0]}} for seed in range(3)] for kind in ("nearest", "transposed")}
    np.testing.assert_array_equal(numbers(found["nearest"], "psnr"), [1, 2, 3])
    ax = plot_results(found, {"psnr": "dB"}, {"psnr": {"cubic": 2.0}}).axes[0]
    assert [len(line.get_xdata()) for line in ax.lines[:4]] == [2, 3, 2, 3]


def test_rows_of_different_lengths_are_drawn():
    assert len(plot_rows({"a": np.zeros((3, 8, 8)), "b": np.ones((2, 8, 8))}).axes) == 2
