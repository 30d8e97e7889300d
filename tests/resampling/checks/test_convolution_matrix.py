"""Partial credit in this chapter, answers written in many ways, and what the words say."""

import numpy as np
import pytest
import torch
from scipy import sparse

from resampling.checks.convolution_matrix import (
    CONV_MATRIX1D,
    CONV_MATRIX2D,
    CONV_MATRIX_CHANNELS,
    COUNT_NONZEROS,
    SAMPLING_MATRIX,
    conv_matrix1d,
    conv_matrix2d,
    conv_matrix_channels,
    count_nonzeros,
)


def by_identity(weight, length, stride=1, padding=0, dilation=1):
    big = np.pad(np.eye(length, dtype=weight.dtype), ((padding, padding), (0, 0)))
    last = len(big) - dilation * (len(weight) - 1)
    return sum(w * big[dilation * t :][:last:stride] for t, w in enumerate(weight))


def by_rolling(weight, length, stride=1, padding=0, dilation=1):
    row = np.zeros(length + 2 * padding, weight.dtype)
    row[: dilation * len(weight) : dilation][: len(weight)] = weight
    rows = range(0, len(row) - dilation * (len(weight) - 1), stride)
    return np.array([np.roll(row, i)[padding : padding + length] for i in rows])


def by_sparse_diagonals(weight, length, stride=1, padding=0, dilation=1):
    windows = length + 2 * padding - dilation * (len(weight) - 1)
    offsets = dilation * np.arange(len(weight))
    full = sparse.diags_array(list(weight), offsets=offsets, shape=(windows, length + 2 * padding), dtype=weight.dtype)
    return full.toarray()[::stride, padding : padding + length]


def by_strides(weight, length, stride=1, padding=0, dilation=1):
    wide = np.zeros(dilation * (len(weight) - 1) + 1, weight.dtype)
    wide[::dilation] = weight
    big = length + 2 * padding
    line = np.pad(wide, (big, big))
    first = line[big - np.arange(0, big - len(wide) + 1, stride)[:, None] + np.arange(big)]
    return first[:, padding : padding + length]


def by_einsum(weight, length, stride=1, padding=0, dilation=1):
    windows = (length + 2 * padding - dilation * (len(weight) - 1) - 1) // stride + 1
    t, i, j = np.ogrid[: len(weight), :windows, :length]
    return np.einsum("t,tij->ij", weight, j == stride * i + dilation * t - padding).astype(weight.dtype)


def by_lists(weight, length, stride=1, padding=0, dilation=1):
    taps = {dilation * t - padding: w for t, w in enumerate(weight.tolist())}
    windows = (length + 2 * padding - dilation * (len(weight) - 1) - 1) // stride + 1
    return np.array([[taps.get(j - stride * i, 0) for j in range(length)] for i in range(windows)], dtype=weight.dtype)


def by_recursion(weight, length, stride=1, padding=0, dilation=1):
    if len(weight) == 0:
        return 0
    rest = by_recursion(weight[1:], length, stride, padding - dilation, dilation)
    windows = (length + 2 * padding - dilation * (len(weight) - 1) - 1) // stride + 1
    starts = stride * np.arange(windows) - padding
    return weight[0] * (starts[:, None] == np.arange(length)) + rest


def in_torch(weight, length, stride=1, padding=0, dilation=1):
    weight = torch.as_tensor(weight)
    windows = (length + 2 * padding - dilation * (len(weight) - 1) - 1) // stride + 1
    matrix = torch.zeros(windows, length, dtype=weight.dtype, device=weight.device)
    for i in range(windows):
        for t in range(len(weight)):
            if 0 <= stride * i + dilation * t - padding < length:
                matrix[i, stride * i + dilation * t - padding] = weight[t]
    return matrix


WAYS = [by_identity, by_rolling, by_sparse_diagonals, by_strides, by_einsum, by_lists, in_torch]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_every_way_to_write_conv_matrix1d_is_right(way, seed, judge):
    assert judge(CONV_MATRIX1D, way, seed).score == CONV_MATRIX1D.points


def test_a_torch_answer_can_be_checked_with_tensors(check, device):
    assert check(CONV_MATRIX1D, in_torch, device=device)[0] == CONV_MATRIX1D.points


def test_separable_matrices_may_use_kron(judge):
    def answer(weight, size, stride=(1, 1), padding=(0, 0)):
        one = [[conv_matrix1d(np.eye(k)[t], n, stride=s, padding=p) for t in range(k)] for k, n, s, p in
               zip(weight.shape, size, stride, padding, strict=True)]  # fmt: skip
        return sum(weight[a, b] * np.kron(one[0][a], one[1][b]) for a, b in np.ndindex(*weight.shape))

    assert judge(CONV_MATRIX2D, answer).score == CONV_MATRIX2D.points


@pytest.mark.parametrize("option", ["stride", "padding", "dilation"])
def test_ignoring_one_option_of_conv_matrix1d_costs_that_one_alone(option, lost):
    def answer(weight, length, **options):
        return conv_matrix1d(weight, length, **{name: v for name, v in options.items() if name != option})

    assert lost(CONV_MATRIX1D, answer) == {option, "all of them together"}


@pytest.mark.parametrize("option", ["stride", "padding"])
def test_ignoring_one_option_of_conv_matrix2d_costs_that_one_alone(option, lost):
    def answer(weight, size, **options):
        return conv_matrix2d(weight, size, **{name: v for name, v in options.items() if name != option})

    assert lost(CONV_MATRIX2D, answer) == {f"{option}, its own on each axis", "both together"}


def test_ignoring_stride_costs_nothing_where_channels_have_none(lost):
    def answer(weight, length, groups=1, **_):
        return conv_matrix_channels(weight, length, groups=groups)

    assert lost(CONV_MATRIX_CHANNELS, answer) == {"stride, padding and groups together"}


def test_counting_the_built_matrix_costs_only_the_large_sizes(check):
    def answer(length, kernel_size, **options):
        return np.count_nonzero(conv_matrix1d_of_students(np.ones(kernel_size), length, **options))

    score, report = check(COUNT_NONZEROS, answer)
    assert score == COUNT_NONZEROS.points - 0.5
    assert "✗ 0/0.5  10¹² samples" in report


conv_matrix1d_of_students = by_lists


def test_counting_window_by_window_costs_only_the_large_sizes(check):
    def answer(length, kernel_size, stride=1, padding=0, dilation=1):
        starts = range(-padding, length + padding - dilation * (kernel_size - 1), stride)
        return sum(0 <= start + dilation * t < length for start in starts for t in range(kernel_size))

    assert check(COUNT_NONZEROS, answer)[0] == COUNT_NONZEROS.points - 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_dtype_for_every_kernel_costs_the_dtype(dtype, lost):
    answer = lambda weight, length, **k: conv_matrix1d(weight, length, **k).astype(dtype)  # noqa: E731
    assert lost(CONV_MATRIX1D, answer) == {"the dtype is the kernel's"}


def test_a_matrix_of_the_right_shape_alone_earns_the_shape_alone(judge):
    def answer(length, stride, phase=0):
        return np.zeros((len(range(phase, length, stride)), length))

    assert judge(SAMPLING_MATRIX, answer).score == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_phase_beyond_the_stride_is_tried_with_every_seed(seed, judge):
    def answer(length, stride, phase=0):
        return np.eye(length)[phase % stride :: stride]

    assert judge(SAMPLING_MATRIX, answer, seed).score < SAMPLING_MATRIX.points


def test_a_cell_that_is_not_written_yet_is_named(check):
    def earlier_task(*args):
        raise NotImplementedError()

    def answer(weight, length, **options):
        return earlier_task(weight[0, 0], length)

    assert "earlier_task(weight[0, 0], length)" in check(CONV_MATRIX_CHANNELS, answer)[1]


def test_a_tap_that_meets_no_sample_is_not_counted_below_zero(judge):
    def answer(length, kernel_size, stride=1, padding=0, dilation=1):
        windows = (length + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
        spans = [(-(offset // stride), -((offset - length) // stride)) for offset in
                 (dilation * t - padding for t in range(kernel_size))]  # fmt: skip
        return sum(min(windows, last) - max(0, first) for first, last in spans)

    assert judge(COUNT_NONZEROS, answer).score < COUNT_NONZEROS.points


def test_large_counts_are_exact():
    assert count_nonzeros(10**12, 5, padding=3) == 5 * 10**12 + 5 * 2 - 2 * (3 + 2 + 1)


def test_memory_that_was_never_filled_is_no_answer(check):
    def answer(weight, length, stride=1, padding=0, dilation=1):
        right = conv_matrix1d(weight, length, stride=stride, padding=padding, dilation=dilation)
        matrix = np.empty(right.shape, right.dtype)
        matrix[right != 0] = right[right != 0]
        return matrix

    score, _ = check(CONV_MATRIX1D, answer)
    assert score < CONV_MATRIX1D.points
