"""Each way up on the first page is the transpose of the way down beside it, and is drawn with a link to its page."""

import re

import numpy as np
import pytest

from resampling import is_adjoint, max_pool2d
from resampling.figures.home import WAYS, S, pairs

SIZE = (1, 1, 3 * S, 5 * S)
every = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.down)


@every
def test_up_is_the_transpose_of_down(way):
    rng = np.random.default_rng(0)
    x = rng.permuted(np.arange(np.prod(SIZE), dtype=float)).reshape(SIZE)
    if way.down != "max pooling":
        assert is_adjoint(way.forward, lambda y: way.transpose(y, x), SIZE)
        return
    # Max pooling is linear while its maxima stay where they are.
    small, indices = max_pool2d(x, S, return_indices=True)
    assert np.array_equal(small, way.forward(x))
    gather = lambda v: np.take(v.ravel(), indices)  # noqa: E731
    assert is_adjoint(gather, lambda y: way.transpose(y, x), SIZE)


@every
def test_grey_stays_grey_in_the_mean(way):
    grey = np.ones((1, 1, 12 * S, 12 * S))
    up = way.gain * way.transpose(way.forward(grey), grey)
    if way.up in ("a bed of nails", "max unpooling"):
        assert np.count_nonzero(up) * S * S == up.size
        return
    inner = up[..., 2 * S : -2 * S, 2 * S : -2 * S]
    assert abs(inner.mean() - 1) < 1e-12


def test_every_picture_is_a_link_with_words():
    html = pairs(np.linspace(0, 1, 15 * S * S).reshape(3 * S, 5 * S)).data
    assert html.count("<a href=") == html.count("<img ") == 2 * len(WAYS)
    assert len(set(re.findall(r'alt="([^"]+)"', html))) == 2 * len(WAYS)
