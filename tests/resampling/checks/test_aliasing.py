"""Partial credit in this chapter, and answers written in many ways."""

import numpy as np
import pytest
import scipy.signal

from resampling import design_lowpass
from resampling.checks.aliasing import ALIAS_FREQUENCY, BLUR_POOL2D, DESIGN_LOWPASS, FOLDING_MATRIX, HIDE, SPECS, hide


def alias_by_arccos(frequency, factor=1):
    return np.arccos(np.cos(2 * np.pi * frequency * factor)) / (2 * np.pi)


def folding_by_transforms(length, factor):
    return np.fft.fft(np.fft.ifft(np.eye(length), axis=0)[::factor], axis=0).real


def blur_by_matrices(input, kernel_size=(3, 3), stride=(2, 2)):
    for axis, k, s in zip((1, 2), kernel_size, stride, strict=True):
        padded = np.pad(np.eye(n := input.shape[axis]), (((k - 1) // 2, k // 2), (0, 0)), mode="reflect")
        for _ in range(k - 1):
            padded = (padded[1:] + padded[:-1]) / 2
        input = np.moveaxis(np.tensordot(padded[:n:s], input, (1, axis)), 0, axis)
    return input


def lowpass_by_exchange(cutoff, transition, stopband_db):
    bands, size = [0, cutoff - transition / 2, cutoff + transition / 2, 0.5], 9
    while True:
        taps = scipy.signal.remez(size, bands, [1, 0], fs=1)
        taps /= taps.sum()
        f = np.r_[np.linspace(*bands[:2], 3000), np.linspace(*bands[2:], 3000)]
        response = np.abs(np.exp(-2j * np.pi * np.outer(f, np.arange(size))) @ taps)
        if np.abs(response - (f <= bands[1])).max() <= 10 ** (-stopband_db / 20):
            return taps
        size += 2


def hide_by_least_squares(cover, secret, rows, columns):
    small = np.kron(rows, columns)
    change = np.linalg.lstsq(small, secret.ravel() - small @ cover.ravel(), rcond=None)[0]
    return cover + change.reshape(cover.shape)


WAYS = {
    ALIAS_FREQUENCY: alias_by_arccos,
    FOLDING_MATRIX: folding_by_transforms,
    BLUR_POOL2D: blur_by_matrices,
    DESIGN_LOWPASS: lowpass_by_exchange,
    HIDE: hide_by_least_squares,
}


@pytest.mark.parametrize(("problem", "way"), WAYS.items(), ids=[way.__name__ for way in WAYS.values()])
@pytest.mark.parametrize("seed", range(3))
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def earned(task, answer, judge):
    return {f.property for f in judge(task, answer).findings if f.earned}


def test_a_picture_with_the_secret_in_it_is_worth_something_without_being_the_nearest(judge):
    def noisy(cover, secret, rows, columns):
        noise = np.random.default_rng(0).normal(size=cover.shape)
        return hide(cover + noise, secret, rows, columns)

    assert earned(HIDE, noisy, judge) == {
        "the pixels that plain sampling keeps show the secret",
        "the small version is the secret when it mixes pixels",
    }


def test_a_filter_that_is_too_long_keeps_the_points_for_its_bands(judge):
    def long(cutoff, transition, stopband_db):
        t = np.arange(-150, 151)
        taps = np.sinc(2 * cutoff * t) * np.kaiser(301, 7.5)
        return taps / taps.sum()

    assert "both, with no more taps than needed" not in earned(DESIGN_LOWPASS, long, judge)
    assert len(earned(DESIGN_LOWPASS, long, judge)) == 3


def test_to_let_everything_pass_is_no_filter(judge):
    assert earned(DESIGN_LOWPASS, lambda **given: np.ones(1), judge) == {"an odd number of taps, symmetric, with sum 1"}


def test_zeros_are_no_filter(judge):
    assert judge(DESIGN_LOWPASS, lambda **given: np.zeros(31)).score == 0


def test_a_blur_without_a_stride_is_worth_its_blur(judge):
    def unstrided(input, kernel_size=(3, 3), stride=(2, 2)):
        return blur_by_matrices(input, kernel_size, (1, 1))

    assert earned(BLUR_POOL2D, unstrided, judge) == {"three taps, away from the border", "at the border"}


def test_the_expected_taps_tell_what_they_were_made_for():
    assert len({design_lowpass(*spec).tobytes() for spec in SPECS}) == len(SPECS)
