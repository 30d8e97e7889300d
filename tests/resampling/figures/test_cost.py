"""What the figures on cost compute: columns that add up, ratios and rounds."""

import numpy as np
import pytest

from resampling import conv_transpose1d
from resampling.figures.cost import (
    plot_bench,
    plot_columns,
    plot_counted_and_timed,
    plot_drift,
    plot_measured,
    plot_rounds,
)

ROW = {"operator": "conv2d", "way": "torch", "peer": "torch", "ratio": 1.0}


@pytest.mark.parametrize(("n", "k", "s"), [(3, 3, 2), (2, 1, 3), (4, 5, 1), (1, 2, 2)])
def test_the_columns_add_up_to_the_transposed_convolution(n, k, s):
    x, w = np.arange(1.0, n + 1), np.arange(1.0, k + 1)
    expected = conv_transpose1d(x[None], w[None, None], stride=s)[0]
    words = [text.get_text() for text in plot_columns(x, w, s).axes[0].texts]
    numbers = [word for word in words if word.replace(".", "").isdigit()]
    assert numbers[-len(expected) :] == [f"{v:g}" for v in expected]


def test_measured_calls_stand_at_their_intensity_and_rate():
    rows = [ROW | {"operations": 4e6, "bytes": 1e6, "milliseconds": 2.0}]
    rates = {"operations per second": 1e10, "bytes per second": 1e9}
    line = plot_measured(rows, rates, ["conv2d"]).axes[0].lines[-1]
    assert (line.get_xdata()[0], line.get_ydata()[0]) == pytest.approx((4.0, 2e9))


def test_the_others_draw_what_they_are_given():
    seconds = {"a": [1.0, 2.0, 1.5], "b": [2.0, 2.0, 3.0]}
    assert len(plot_rounds({"a": 9.0, "b": 8.0}, seconds).axes) == 2
    layers = {"nearest": (1.0, (1, 1, 1)), "unpool": (0.25, (0.4, 0.5, 0.6))}
    assert len(plot_counted_and_timed({"small": layers, "large": layers}).axes) == 2
    assert len(plot_drift({"one": [1.0, 1.1], "two": [0.9]}).axes[0].lines) == 3
    peer = ROW | {"way": "here", "ratio": 2.0}
    assert plot_bench([ROW, peer]).axes[0].lines[-1].get_xdata() == [2.0]
