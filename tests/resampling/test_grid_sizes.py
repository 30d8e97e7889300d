"""Sizes of outputs: torch counts windows by making them, we count by a formula."""

from itertools import product

import numpy as np
import pytest
import torch

from resampling import conv_output_size
from resampling.grid_sizes import per_axis, whole_number

GRID = list(product(range(1, 12), range(1, 5), range(1, 5), range(4), range(1, 4)))
FITS = [(n, k, s, p, d) for n, k, s, p, d in GRID if n + 2 * p > d * (k - 1)]
GOOD = {"length": 5, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
BAD = [-1, 1.0, 1.5, "1", None, True, [1], np.float64(1), np.ones(2)]


@pytest.mark.parametrize("stride", range(1, 5))
def test_size_is_torchs(stride):
    for n, k, s, p, d in (setting for setting in FITS if setting[2] == stride):
        out = torch.nn.functional.conv1d(torch.zeros(1, n), torch.zeros(1, 1, k), stride=s, padding=p, dilation=d)
        assert conv_output_size(n, k, s, p, d) == out.shape[1]


def test_no_window_is_refused_exactly_when_the_kernel_does_not_fit():
    for setting in GRID:
        if setting not in FITS:
            with pytest.raises(ValueError, match="no window fits"):
                conv_output_size(*setting)


def test_the_result_is_exact_for_sizes_beyond_floating_point():
    assert conv_output_size(10**30 + 1, 1, 2) == (10**30) // 2 + 1


def test_numpy_integers_are_whole_numbers():
    size = conv_output_size(np.int64(6), np.uint8(3), stride=np.int32(2))
    assert (size, type(size)) == (2, int)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_a_bad_argument_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a whole number"):
        conv_output_size(**GOOD | {name: value})


@pytest.mark.parametrize("name", ["length", "kernel_size", "stride", "dilation"])
def test_zero_is_refused_where_one_is_the_least(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number >= 1, got 0"):
        conv_output_size(**GOOD | {name: 0})


def test_the_message_shows_the_value():
    with pytest.raises(ValueError, match="got 2.5"):
        whole_number("stride", 2.5, 1)


@pytest.mark.parametrize("value", [3, [3], (3,), (3, 3)])
def test_one_number_stands_for_every_axis(value):
    assert per_axis("stride", value, 2, 1) == (3, 3)


@pytest.mark.parametrize("value", [(1, 2, 3), (), "12", (1, 2.0), (1, 0)])
def test_other_counts_and_other_numbers_are_refused(value):
    with pytest.raises(ValueError, match="stride must be"):
        per_axis("stride", value, 2, 1)
