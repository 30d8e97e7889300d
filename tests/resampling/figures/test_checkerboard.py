"""The figures of the chapter on the checkerboard compute what they say."""

import numpy as np
import pytest

from resampling.figures.checkerboard import image_strength, spectrum


def test_images_are_those_of_a_real_wave():
    n, stride, wave = 60, 2, 6 / 60
    weight = np.array([1.0, 3.0, 3.0, 1.0])
    stuffed = np.zeros(stride * n)
    stuffed[::stride] = np.exp(2j * np.pi * wave * np.arange(n)).real
    response = np.abs(np.fft.fft(weight, stride * n) * np.fft.fft(stuffed))
    assert image_strength(weight, stride, np.array([wave]))[0] == pytest.approx(response[6 + n] / response[6])


def test_a_chessboard_has_its_energy_in_the_corner_of_the_spectrum():
    assert np.unravel_index(np.argmax(spectrum(np.indices((32, 32)).sum(0) % 2.0)), (32, 32)) == (0, 0)
