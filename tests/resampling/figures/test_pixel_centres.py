"""What the figures of the chapter on pixel centres compute."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from resampling import round_trip_drift
from resampling.figures.pixel_centres import (
    horizontal_drift,
    nearest_shifts,
    round_trips,
    tent_gain,
)


@pytest.mark.parametrize(("there", "back"), [("half_pixel", "asymmetric"), ("asymmetric", "asymmetric")])
def test_measured_drift_is_the_predicted_one(there, back):
    y, x = np.indices((64, 96))
    spot = np.exp(-((y - 31) ** 2 + (x - 48) ** 2) / 50)
    drift = horizontal_drift(round_trips(spot, ({"coordinates": there}, {"coordinates": back}), 3))
    expected = [round_trip_drift(96, 48, there, back, trips) for trips in range(4)]
    np.testing.assert_allclose(drift, expected, atol=0.01)


@pytest.mark.parametrize("factor", [2, 3, 4, 7])
def test_a_picture_through_the_tent_is_bilinear_times_the_gain(factor):
    x = torch.rand(1, 1, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    taps = 2 * factor - factor % 2
    tent = 1 - abs(torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2) / factor
    options = {"stride": factor, "padding": factor // 2}
    layer = torch.nn.functional.conv_transpose2d(x, torch.outer(tent, tent)[None, None], **options)[0, 0]
    bilinear = interpolate(x, scale_factor=float(factor), mode="bilinear")[0, 0]
    np.testing.assert_allclose(layer, bilinear * tent_gain((3, 5), factor), atol=1e-12)


def test_nearest_shifts_are_those_of_torch():
    place = {f: f * np.arange(8) + (f - 1) / 2 for f in (2, 3, 6)}
    for mode, shifts in nearest_shifts(list(place)).items():
        for (factor, centres), shift in zip(place.items(), shifts, strict=True):
            read = interpolate(torch.arange(8.0 * factor)[None, None], 8, mode=mode)[0, 0].numpy()
            assert np.mean(centres - read) == pytest.approx(shift)
