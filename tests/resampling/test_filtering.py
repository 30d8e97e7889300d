"""The primitive behind blur, decimate and upfirdn, against its definition with every zero written out."""

from itertools import product

import numpy as np
import pytest

from resampling.filtering import (
    BLOCK,
    filtered,
    filtered_adjoint,
    filtered_by_axis,
    filtered_by_axis_adjoint,
    taps_like,
)

PADS = [(0, 0), (2, 1), (4, -1), (-1, 3), (-2, -1), (-5, 9), (7, -4)]


def literal(x, taps, up, down, pad):
    """Insert zeros after every sample, pad, crop, correlate, keep every down-th; one axis."""
    z = np.zeros((*x.shape[:-1], up * x.shape[-1]), x.dtype)
    z[..., ::up] = x
    z = np.pad(z, [(0, 0)] * (x.ndim - 1) + [tuple(max(side, 0) for side in pad)])
    z = z[..., max(-pad[0], 0) : z.shape[-1] - max(-pad[1], 0)]
    windows = np.lib.stride_tricks.sliding_window_view(z, len(taps), axis=-1)
    return (windows @ taps)[..., ::down]


def grid():
    for n, k, up, down, pad in product((1, 2, 5), (1, 2, 3, 5), (1, 2, 3), (1, 2, 3, 4), PADS):
        if up * n + sum(pad) >= k:
            yield n, k, up, down, pad


def test_equals_the_definition_and_its_adjoint_the_transpose(agrees):
    rng = np.random.default_rng(0)
    for n, k, up, down, pad in grid():
        x, taps = rng.normal(size=(2, n)), rng.normal(size=k)
        matrix = literal(np.eye(n), taps, up, down, pad)
        agrees(filtered, x @ matrix, x, taps, up=(up,), down=(down,), pads=[pad])
        y = rng.normal(size=(2, matrix.shape[1]))
        agrees(filtered_adjoint, y @ matrix.T, y, (n,), taps, up=(up,), down=(down,), pads=[pad])


def drawn(seed):
    rng = np.random.default_rng(seed)
    sizes, kernel, up, down = (tuple(map(int, rng.integers(1, high, 2))) for high in (7, 6, 5, 5))
    pads = [(k, int(rng.integers(-1, 4))) for k in kernel]
    u, v = (rng.normal(size=k) for k in kernel)
    return rng.normal(size=((), (0,), (3,), (2, 3))[seed % 4] + sizes), u, v, {"up": up, "down": down, "pads": pads}


@pytest.mark.parametrize("seed", range(40))
def test_two_axes_are_one_after_the_other(seed, agrees):
    x, u, v, options = drawn(seed)
    columns, rows = zip(*options.values(), strict=True)
    expected = literal(literal(x.swapaxes(-1, -2), u, *columns).swapaxes(-1, -2), v, *rows)
    agrees(filtered, expected, x, u[:, None] * v, **options)
    agrees(lambda a, b, c, **o: filtered_by_axis(a, [b, c], **o), expected, x, u, v, **options)


@pytest.mark.parametrize("seed", range(40))
def test_adjoints_on_two_axes(seed):
    x, u, v, options = drawn(seed)
    w = np.random.default_rng(seed).normal(size=(len(u), len(v)))
    for operator, adjoint, taps in (
        (filtered, filtered_adjoint, w),
        (filtered_by_axis, filtered_by_axis_adjoint, [u, v]),
    ):
        y = operator(x, taps, **options)
        back = adjoint(y, x.shape[-2:], taps, **options)
        assert back.shape == x.shape
        np.testing.assert_allclose(np.vdot(back, x), np.vdot(y, y), rtol=1e-10)


@pytest.mark.parametrize("size", [BLOCK // 4, BLOCK // 3, BLOCK, BLOCK + 1])
def test_blocks_are_put_together_in_order(size):
    x, taps = np.random.default_rng(0).normal(size=(3, 3, size)), np.array([1.0, -2.0, 3.0])
    got = filtered(x, taps, (2,), (1,), [(1, 1)])
    np.testing.assert_array_equal(got[..., ::2], x * -2)
    np.testing.assert_array_equal(got[..., 1:-1:2], x[..., :-1] + 3 * x[..., 1:])


def test_an_output_of_another_size_is_refused():
    with pytest.raises(
        ValueError, match=r"output must end in the axes \(3,\) that input_size=\(5,\) gives, got \(2, 4\)"
    ):
        filtered_adjoint(np.ones((2, 4)), (5,), np.ones(1), (1,), (2,), [(0, 0)])


def test_a_list_of_taps_keeps_its_digits(array, to_numpy):
    taps = [0.1, 0.2, 1 / 3]
    got = taps_like("taps", taps, array(np.ones(1)))
    assert to_numpy(got).tolist() == taps


@pytest.mark.parametrize(
    ("taps", "words"),
    [
        ([None], "^taps must be an array or a sequence of numbers, got"),
        (["a"], "^taps must be an array or a sequence of numbers, got"),
        ([[1.0], [1.0, 2.0]], "^taps must be an array or a sequence of numbers, got"),
        ([1j], "^an input of .*float64 needs taps of real numbers, got"),
    ],
    ids=str,
)
def test_taps_of_no_use_are_refused(taps, words, array):
    with pytest.raises(ValueError, match=words):
        taps_like("taps", taps, array(np.ones(3)))
