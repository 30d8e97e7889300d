"""The figures of the chapter on transposed convolution compute what they say."""

from itertools import product

import numpy as np
import pytest

from resampling import conv_transpose2d
from resampling.figures.transposed_convolution import STEPS, forgetful, plot_in_step


@pytest.mark.parametrize("forget", STEPS)
def test_every_setting_of_the_controls_is_drawn(forget):
    for stride, taps, padding in product((1, 4), (1, 4), (0, 3)):
        dilation, extra = 1 + padding // 3, 2 - 2 * (taps // 4)
        title = plot_in_step(15, stride, taps, padding, extra, dilation, forget).get_suptitle()
        assert "forgotten: " in title or "no such layer: " in title


@pytest.mark.parametrize(
    ("forget", "said"),
    [
        (STEPS[0], "0 of 6 numbers are wrong"),
        (STEPS[1], "4 numbers instead of 6"),
        (STEPS[2], "3 of 6 numbers are wrong"),
        (STEPS[3], "1 of 6 numbers are wrong"),
        (STEPS[4], "6 of 6 numbers are wrong"),
    ],
)
def test_it_counts_what_a_forgotten_step_spoils(forget, said):
    title = plot_in_step(padding=1, output_padding=1, forget=forget).get_suptitle()
    assert said in title
    assert "output 2 = 10·2 = 20" in title


def test_who_forgets_nothing_computes_the_transposed_convolution():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 2, 5, 5))
    expected = conv_transpose2d(x, w, stride=2, padding=2, output_padding=1)
    np.testing.assert_allclose(forgetful(STEPS[0], x, w, 2, 2, 1), expected, atol=1e-12)
    others = [forgetful(step, x, w, 2, 2, 1) for step in STEPS[1:]]
    assert not any(other.shape == expected.shape and np.allclose(other, expected) for other in others)
