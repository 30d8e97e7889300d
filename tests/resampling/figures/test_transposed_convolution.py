"""The figures of the chapter on transposed convolution compute what they say."""

import numpy as np

from resampling import conv_transpose2d
from resampling.figures.transposed_convolution import STEPS, forgetful


def test_who_forgets_nothing_computes_the_transposed_convolution():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 2, 5, 5))
    expected = conv_transpose2d(x, w, stride=2, padding=2, output_padding=1)
    np.testing.assert_allclose(forgetful(STEPS[0], x, w, 2, 2, 1), expected, atol=1e-12)
    others = [forgetful(step, x, w, 2, 2, 1) for step in STEPS[1:]]
    assert not any(other.shape == expected.shape and np.allclose(other, expected) for other in others)
