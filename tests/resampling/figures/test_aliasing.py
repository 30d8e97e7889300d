"""What the figures on aliasing compute."""

from itertools import product

import numpy as np
import pytest

from resampling import decimate
from resampling.figures.aliasing import FILTERS, cheapest_attack, prefilter


@pytest.mark.parametrize(("name", "factor"), [*product(FILTERS, (2, 3, 4))])
def test_the_attack_hits_and_no_picture_is_nearer(name, factor):
    rng, taps = np.random.default_rng(0), prefilter(name, factor)
    cover, secret = rng.random((7 * factor, 8 * factor)), rng.random((7, 8))
    attacked = cheapest_attack(cover, secret, factor, taps)
    rows, columns = (decimate(np.eye(n), factor, taps, axis=0, mode="circular") for n in cover.shape)
    change = np.linalg.pinv(rows) @ (secret - rows @ cover @ columns.T) @ np.linalg.pinv(columns).T
    np.testing.assert_allclose(rows @ attacked @ columns.T, secret, atol=1e-7)
    np.testing.assert_allclose(attacked, cover + change, atol=1e-7)
