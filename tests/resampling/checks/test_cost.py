"""Partial credit in this chapter, answers written in several ways, and tasks whose reference has a proof of its own."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling.checks.cost import (
    FAIR_RATIO,
    LEAST_TIME,
    PLAN_UPSAMPLERS,
    TCONV_BY_GEMM,
    TRANSPOSED_BILL,
    fair_ratio,
    least_time,
    plan_upsamplers,
    tconv_by_gemm,
    transposed_bill,
)

SEEDS = range(3)


def bound_by_ifs(multiply_adds, numbers, dtype_bytes, gflops, gigabytes):
    flops, moved = np.float64(2 * multiply_adds), np.float64(numbers * dtype_bytes)
    if flops / gflops < moved / gigabytes:
        return [flops / moved, moved / gigabytes, "memory"]
    return [flops / moved, flops / gflops, "compute"]


def bill_by_listing(
    input_size, weight_size, algorithm, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), groups=1, dtype_bytes=4
):
    (batch, c_in, *n), (_, share, *k) = input_size, weight_size
    x, w = torch.zeros(input_size), torch.zeros(weight_size)
    y = F.conv_transpose2d(x, w, None, stride, padding, output_padding, groups)
    pairs = list(product(*map(range, y.shape[2:]), *map(range, k)))
    if algorithm == "polyphase":
        meet = lambda i, t, a: (i + padding[a] - t) % stride[a] == 0  # noqa: E731
        pairs = [p for p in pairs if meet(p[0], p[2], 0) and meet(p[1], p[3], 1)]
    if algorithm == "scatter":
        pairs = list(product(*map(range, n), *map(range, k)))
    laid = {"scatter": batch * y.shape[1] * len(pairs), "polyphase": 0}
    wide = F.pad(y[0, 0], (0, k[1] - 1, 0, k[0] - 1)).numel()
    space = dtype_bytes * laid.get(algorithm, batch * c_in * wide)
    moved = dtype_bytes * (x.numel() + w.numel() + y.numel()) + 2 * space
    return w.numel(), batch * c_in * share * len(pairs), space, moved


def gemm_in_torch(input, weight, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
    x, w = torch.tensor(input), torch.tensor(weight)
    columns = torch.einsum("cmab,cij->mabij", w, x).flatten(0, 2).flatten(1)
    return columns, F.conv_transpose2d(x[None], w, None, stride, padding, output_padding)[0]


def ratio_with_numpy(a, b, warm_up=1):
    low, middle, high = np.nanquantile(b[warm_up:] / a[warm_up:], [0.25, 0.5, 0.75])
    return low, middle, high, ["neither", "a", "b"][int(low > 1) + 2 * int(high < 1)]


def plan_by_recursion(flops, bytes, gains, rate, bandwidth, budget):
    @cache
    def best(level, left):
        if left < 0:
            return -np.inf, ()
        if level == len(gains):
            return 0.0, ()
        tried = []
        for kind in range(gains.shape[1]):
            gain, rest = best(level + 1, left - max(flops[level, kind] / rate, bytes[level, kind] / bandwidth))
            tried.append((gain + gains[level, kind], (kind, *rest)))
        return max(tried)

    gain, plan = best(0, budget)
    return list(plan) if np.isfinite(gain) else None


WAYS = [
    (LEAST_TIME, bound_by_ifs),
    (TRANSPOSED_BILL, bill_by_listing),
    (TCONV_BY_GEMM, gemm_in_torch),
    (FAIR_RATIO, ratio_with_numpy),
    (PLAN_UPSAMPLERS, plan_by_recursion),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def test_the_examples_of_the_notebook_are_right():
    assert least_time(600, 300, 4, 20.0, 10.0) == pytest.approx((1.0, 120.0, "memory"))
    layer = (1, 1, 3, 4), (1, 1, 3, 2)
    assert transposed_bill(*layer, "scatter", (2, 2)) == (6, 72, 288, 872)
    assert transposed_bill(*layer, "polyphase", (2, 2)) == (6, 88, 0, 296)
    columns, result = tconv_by_gemm(np.array([[[1.0, 2]]]), np.array([[[[1.0, 10, 100]]]]), (1, 2))
    assert (columns.tolist(), result.tolist()) == ([[1, 2], [10, 20], [100, 200]], [[[1, 10, 102, 20, 200]]])
    times = np.array([9.0, 1, 2, 2, 1]), np.array([50.0, 2, 4, 6, 3])
    assert fair_ratio(*times) == (2.0, 2.5, 3.0, "a")
    tables = np.array([[1, 2], [1, 3]]), np.array([[1, 1], [2, 1]]), np.array([[0, 2], [0, 3]])
    assert plan_upsamplers(*tables, 1, 1, 4) == (0, 1)


def test_the_columns_alone_are_worth_a_point(judge, lost):
    def answer(input, weight, **given):
        return tconv_by_gemm(input, weight, **given)[0], np.zeros((1, 1, 1))

    assert "the columns" not in lost(TCONV_BY_GEMM, answer)
    assert judge(TCONV_BY_GEMM, answer).score == 1


def test_tensors_are_as_good_as_arrays(root, check):
    import runpy

    solution = runpy.run_path(str(root / "solutions" / "15_cost.py"))["tconv_by_gemm"]
    assert check(TCONV_BY_GEMM, solution, device="cpu")[0] == TCONV_BY_GEMM.points

    def only_numpy(input, weight, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
        y = np.zeros((1, 1, 1))
        y += input[0, 0, 0]
        return weight.reshape(len(weight), -1).T.copy() @ input.reshape(len(input), -1), y

    assert check(TCONV_BY_GEMM, only_numpy, device="cpu")[0] == 0


def test_missing_times_are_one_property(lost):
    def answer(a, b, warm_up=1):
        if np.isnan(a).any():
            raise ValueError("nan")
        return fair_ratio(a, b, warm_up)

    assert lost(FAIR_RATIO, answer) == {"rounds in which a time is missing"}


def test_one_level_is_worth_a_point(judge):
    def answer(flops, bytes, gains, rate, bandwidth, budget):
        assert len(gains) == 1
        return plan_upsamplers(flops, bytes, gains, rate, bandwidth, budget)

    assert judge(PLAN_UPSAMPLERS, answer).score == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_best_plan_is_the_only_one_with_its_gain_and_never_at_the_edge_of_the_budget(seed):
    for prop in PLAN_UPSAMPLERS.properties:
        for case in prop.cases(np.random.default_rng(seed)):
            seconds = np.maximum(case["flops"] / case["rate"], case["bytes"] / case["bandwidth"])
            plans = list(product(range(seconds.shape[1]), repeat=len(seconds)))
            times = np.array([sum(row[k] for row, k in zip(seconds, plan, strict=True)) for plan in plans])
            gains = np.array([sum(row[k] for row, k in zip(case["gains"], plan, strict=True)) for plan in plans])
            assert np.abs(times - case["budget"]).min() > 1e-9
            inside = np.sort(gains[times < case["budget"]])
            assert len(inside) < 2 or inside[-1] - inside[-2] > 1e-9
