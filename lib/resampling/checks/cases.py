"""Arguments worth trying, drawn from a seed."""

from math import prod
from typing import Any

import numpy as np
from numpy.random import Generator


def distinct(rng: Generator, *shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Different multiples of one half, in random order and with random signs: no symmetry to hide a mistake."""
    count = prod(shape)
    values = rng.permutation(np.arange(1, count + 1)) * rng.choice([-0.5, 0.5], count)
    return values.reshape(shape).astype(dtype)
