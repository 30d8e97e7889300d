"""What the figures of the chapter on interpolation compute."""

import numpy as np
import pytest

from resampling import keys
from resampling.figures.interpolation import KERNELS, moment, plot_kernel_and_response, response

F = np.linspace(0.01, 4, 200)


@pytest.mark.parametrize(("name", "power"), [("nearest", 1), ("linear", 2)])
def test_the_response_of_box_and_tent_is_a_power_of_the_sinc(name, power):
    np.testing.assert_allclose(response(*KERNELS[name], F), np.sinc(F) ** power, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in KERNELS if name != "Lanczos"])
def test_the_response_vanishes_at_whole_frequencies(name):
    np.testing.assert_allclose(response(*KERNELS[name], np.arange(1.0, 4)), 0, atol=1e-4)


def test_moments_of_keys_are_those_of_the_formula():
    s, a = np.linspace(0, 1, 21), -0.8
    u = s * (1 - s)
    kernel = lambda x: keys(x, a)  # noqa: E731
    np.testing.assert_allclose(moment(kernel, 2, 1, s), -(1 + 2 * a) * u * (1 - 2 * s), atol=1e-12)
    np.testing.assert_allclose(moment(kernel, 2, 2, s), 4 * (1 + 2 * a) * u**2, atol=1e-12)


@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "Mitchell", "Lanczos"])
@pytest.mark.parametrize("stretch", [1.0, 2.47, 4.0])
def test_every_setting_of_the_controls_can_be_drawn(kernel, stretch):
    for a in (-1.0, 0.0):
        plot_kernel_and_response(kernel, a, stretch).draw_without_rendering()
