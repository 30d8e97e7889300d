"""Numbers that hide no mistake."""

import numpy as np
import pytest

from resampling.checks.cases import distinct

SHAPES = [(1,), (5,), (2, 3), (4, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_entries_differ_in_magnitude_and_none_is_zero(shape, dtype):
    values = distinct(np.random.default_rng(0), *shape, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, dtype)
    assert len(np.unique(np.abs(values[values != 0]))) == values.size


def test_halves_are_exact_in_single_precision():
    values = distinct(np.random.default_rng(1), 50)
    np.testing.assert_array_equal(values, values.astype(np.float32))


def test_the_generator_alone_decides():
    draws = [distinct(np.random.default_rng(seed), 9).tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
