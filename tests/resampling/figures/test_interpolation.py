"""What the figures of the chapter on interpolation compute."""

import numpy as np

from resampling import keys
from resampling.figures.interpolation import moment


def test_moments_of_keys_are_those_of_the_formula():
    s, a = np.linspace(0, 1, 21), -0.8
    u = s * (1 - s)
    kernel = lambda x: keys(x, a)  # noqa: E731
    np.testing.assert_allclose(moment(kernel, 2, 1, s), -(1 + 2 * a) * u * (1 - 2 * s), atol=1e-12)
    np.testing.assert_allclose(moment(kernel, 2, 2, s), 4 * (1 + 2 * a) * u**2, atol=1e-12)
