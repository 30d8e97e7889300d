"""Each tap's samples against windows that NumPy slides."""

from itertools import product

import numpy as np

from resampling.windows import taps


def test_taps_are_the_columns_of_the_windows(array, to_numpy):
    x = np.arange(2.0 * 9 * 11).reshape(2, 9, 11)
    for k, s, d in product(((1, 1), (2, 3), (3, 2)), ((1, 1), (2, 3)), ((1, 1), (2, 1), (3, 4))):
        spans = [b * (a - 1) + 1 for a, b in zip(k, d, strict=True)]
        windows = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(1, 2))
        windows = windows[:, :: s[0], :: s[1], :: d[0], :: d[1]]
        seen = list(taps(array(x), k, s, d, windows.shape[1:3]))
        assert len(seen) == k[0] * k[1]
        for tap, (a, b) in zip(seen, product(range(k[0]), range(k[1])), strict=True):
            np.testing.assert_array_equal(to_numpy(tap), windows[..., a, b])


def test_taps_are_views():
    x = np.zeros((3, 8))
    next(taps(x, (2,), (2,), (1,), (4,)))[...] = 1
    assert x.sum() == 12
