"""Partial credit in the chapter on unpooling, and answers written in many ways."""

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d, max_unpool2d

from resampling.checks.unpooling import (
    BED_OF_NAILS,
    INDEX_MEMORY,
    MAX_UNPOOL,
    MAX_UNPOOL_ADJOINT,
    REINDEX,
    bed_of_nails,
    index_memory,
    max_unpool,
)

SEEDS = range(3)


def nails_by_slices(input, stride=(1, 1), phase=(0, 0)):
    out = np.zeros(np.multiply(input.shape, stride), dtype=input.dtype)
    out[phase[0] :: stride[0], phase[1] :: stride[1]] = input
    return out


def unpool_by_put(input, indices, size):
    out = np.zeros((len(input), size[0] * size[1]))
    np.put_along_axis(out, indices.reshape(len(input), -1), input.reshape(len(input), -1), axis=1)
    return out.reshape(-1, *size)


def unpool_in_torch(input, indices, size):
    window = [large - small + 1 for large, small in zip(size, input.shape[1:], strict=True)]  # so that the size fits
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several would write in any order
    planes = max_unpool2d(torch.tensor(input), torch.tensor(indices), window, stride=1)
    torch.set_num_threads(threads)
    return planes


def unpool_by_one_hot(input, indices, size):
    planes = []
    for values, targets in zip(input, indices, strict=True):
        matrix = np.zeros((size[0] * size[1], targets.size))
        for column, target in enumerate(targets.ravel()):
            matrix[target] = 0  # whoever lay there before
            matrix[target, column] = 1
        planes.append((matrix @ values.ravel()).reshape(size))
    return np.array(planes)


def reindex_by_unravelling(indices, size, new_size):
    row, column = np.unravel_index(indices, size)
    outside = (row >= new_size[0]) | (column >= new_size[1])
    counted = np.ravel_multi_index((row, column), new_size, mode="clip")
    return np.where(outside, -1, counted)


def adjoint_by_laying_numbers(output, indices):
    c, h, w = indices.shape
    own = np.arange(h * w, dtype=float).reshape(1, h, w).repeat(c, 0)
    laid = unpool_by_put(own, indices, output.shape[1:]).reshape(c, -1)
    at = indices.reshape(c, -1)
    kept = np.take_along_axis(laid, at, axis=1) == own.reshape(c, -1)
    return (np.take_along_axis(output.reshape(c, -1), at, axis=1) * kept).reshape(indices.shape)


WAYS = [
    (BED_OF_NAILS, nails_by_slices),
    (MAX_UNPOOL, unpool_by_put),
    (MAX_UNPOOL, unpool_in_torch),
    (MAX_UNPOOL, unpool_by_one_hot),
    (REINDEX, reindex_by_unravelling),
    (MAX_UNPOOL_ADJOINT, adjoint_by_laying_numbers),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def test_a_list_of_counts_is_as_good_as_a_tuple(judge):
    assert judge(INDEX_MEMORY, lambda **given: list(index_memory(**given))).score == INDEX_MEMORY.points


def test_the_adjoint_fits_the_unpooling_of_the_second_task():
    for seed in SEEDS:
        for prop in MAX_UNPOOL_ADJOINT.properties:
            for case in prop.cases(np.random.default_rng(seed)):
                v, indices = case["output"], case["indices"]
                y = np.random.default_rng(seed).standard_normal(indices.shape)
                there = np.vdot(max_unpool(y, indices, v.shape[1:]), v)
                assert there == pytest.approx(np.vdot(y, MAX_UNPOOL_ADJOINT.reference(v, indices)))


def test_the_memory_of_a_real_encoder_is_counted_right():
    x, stages = torch.zeros(2, 1, 45, 30, dtype=torch.float16), ((1, 2, 3), (1, 3, 2))
    skips = indices = 0
    for _, *window in stages:
        skips += x.nelement() * x.element_size()
        x, where = max_pool2d(x.float(), window, return_indices=True)
        x, indices = x.half(), indices + where.nelement() * where.element_size()
    assert index_memory(2, (45, 30), stages, dtype_bytes=2)[:2] == (skips, indices)


def test_gathering_for_all_costs_only_the_repeated_indices(lost):
    def gather(output, indices):
        return np.stack([plane.ravel()[at] for plane, at in zip(output, indices, strict=True)])

    assert lost(MAX_UNPOOL_ADJOINT, gather) == {"an index that occurs several times"}


def test_a_first_bed_of_nails_without_a_phase_is_worth_something(lost):
    assert lost(BED_OF_NAILS, lambda input, stride, phase=(0, 0): bed_of_nails(input, stride)) == {"phase"}


def test_indices_that_became_floats_cost_half_a_point(lost):
    def answer(**given):
        return reindex_by_unravelling(**given).astype(float)

    assert lost(REINDEX, answer) == {"whole numbers, like the indices"}


@pytest.mark.parametrize("item", range(3))
def test_each_number_of_the_ledger_has_its_own_points(item, judge):
    def answer(**given):
        return tuple(0 if i == item else number for i, number in enumerate(index_memory(**given)))

    assert 0 < judge(INDEX_MEMORY, answer).score < INDEX_MEMORY.points
