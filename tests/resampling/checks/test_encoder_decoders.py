"""Partial credit in this chapter, answers written in several ways, and a bar that only learning passes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling import count_parameters, resize, upsampler
from resampling.checks.encoder_decoders import (
    BLOCK_COST,
    JOIN,
    SEGNET_PATH,
    SUPER_RESOLVE,
    UPSAMPLE_BLOCK,
    block_cost,
    segnet_path,
    upsample_block,
)
from resampling.encoder_decoders import KINDS
from resampling.training.counting import multiply_adds

SEEDS = range(3)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bilinear"])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_counts_are_those_of_the_networks_blocks(kind, scale):
    block, x = upsampler(kind, 3, 5, scale), torch.rand(1, 3, 4, 6)
    indices = {"indices": torch.arange(5 * 24).reshape(1, 5, 4, 6) % 24} if kind == "unpool" else {}
    done = multiply_adds(block, x) if not indices else 9 * 3 * 5 * 24
    assert block_cost(kind, 3, 5, (4, 6), scale) == (count_parameters(block), done)


@pytest.mark.parametrize("kind", ["nearest", "sub_pixel", "transposed"])
@pytest.mark.parametrize("scale", [2, 3])
def test_the_task_is_the_networks_block(kind, scale):
    block, x = upsampler(kind, 3, 2, scale).double(), torch.randn(1, 3, 4, 5, dtype=torch.float64)
    weight, bias = (p.detach().numpy() for p in (block.conv.weight, block.conv.bias))
    np.testing.assert_allclose(upsample_block(kind, x[0].numpy(), weight, bias, scale), block(x)[0].detach().numpy())


def join_with_pad(skip, deep):
    below, right = (max(a - b, 0) for a, b in zip(skip.shape[1:], deep.shape[1:], strict=True))
    wide = np.pad(deep, ((0, 0), (0, below), (0, right)), mode="edge")
    return np.concatenate([skip, wide[:, : skip.shape[1], : skip.shape[2]]], axis=0)


def segnet_in_torch(input, offsets):
    x, passed = torch.tensor(input), []
    for offset in offsets:
        y, indices = F.max_pool2d(x[None], 2, ceil_mode=True, return_indices=True)
        passed.append((offset, indices[0], x.shape[1:]))
        x = y[0]
    for offset, indices, size in reversed(passed):
        x = F.max_unpool2d((x + offset)[None], indices[None], 2, output_size=size)[0]
    return x


def blocks_in_torch(kind, input, weight, bias, scale=2):
    x, weight, bias = (torch.tensor(a) for a in (input[None], weight, bias))
    k = weight.shape[-1]
    if kind == "nearest":
        return F.conv2d(F.interpolate(x, scale_factor=scale), weight, bias, padding=k // 2)[0]
    if kind == "sub_pixel":
        return F.pixel_shuffle(F.conv2d(x, weight, bias, padding=k // 2), scale)[0]
    return F.conv_transpose2d(x, weight, bias, scale, (k - scale) // 2)[0]


WAYS = [(JOIN, join_with_pad), (SEGNET_PATH, segnet_in_torch), (UPSAMPLE_BLOCK, blocks_in_torch)]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def rows(x, side):
    r, (h, w) = side // 2, x.shape[1:]
    wide = np.pad(x, ((0, 0), (r, r), (r, r)), mode="edge")
    taps = [wide[:, a : a + h, b : b + w].ravel() for a in range(side) for b in range(side)]
    return np.stack([*taps, np.ones(x.size)], axis=1)


def by_gradient_descent(low, high, new, seed=0):
    """Conjugate gradients on the normal equations, from random weights: somebody who trains step by step."""
    A = rows(low, 5)
    B = high.reshape(len(low), low.shape[1], 2, low.shape[2], 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4)
    W = np.random.default_rng(seed).normal(size=(A.shape[1], 4)) * 0.01
    residual = A.T @ (B - A @ W)
    direction = residual.copy()
    for _ in range(150):
        there = A.T @ (A @ direction)
        step = (residual**2).sum(0) / (direction * there).sum(0)
        W, fresh = W + step * direction, residual - step * there
        direction = fresh + (fresh**2).sum(0) / (residual**2).sum(0) * direction
        residual = fresh
    out = (rows(new, 5) @ W).reshape(*new.shape, 2, 2).transpose(0, 1, 3, 2, 4)
    return out.reshape(len(new), 2 * new.shape[1], -1)


@pytest.mark.parametrize("seed", range(6))
def test_a_model_trained_step_by_step_passes_the_bar(seed, judge):
    assert judge(SUPER_RESOLVE, by_gradient_descent, seed).score == SUPER_RESOLVE.points


def test_a_fixed_rule_is_worth_less_than_half(judge):
    def sharpened(low, high, new, seed=0):
        wide = np.pad(new, ((0, 0), (1, 1), (1, 1)), mode="edge")
        mean = (wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]) / 4
        return resize(new + 0.5 * (new - mean), (2 * new.shape[1], 2 * new.shape[2]), mode="cubic")

    assert judge(SUPER_RESOLVE, sharpened).score < SUPER_RESOLVE.points / 2


def test_right_parameters_and_wrong_products_are_worth_half(judge):
    assert judge(BLOCK_COST, lambda **given: (block_cost(**given)[0], 0)).score == BLOCK_COST.points / 2


def test_a_list_is_as_good_as_a_tuple(judge):
    assert judge(BLOCK_COST, lambda **given: list(block_cost(**given))).score == BLOCK_COST.points


def test_each_kind_of_block_has_its_own_points(judge, lost):
    for kind in ("nearest", "sub_pixel", "transposed"):

        def answer(kind, input, weight, bias, scale=2, left_out=kind):
            return np.zeros(1) if kind == left_out else upsample_block(kind, input, weight, bias, scale)

        assert all(name.startswith(kind) for name in lost(UPSAMPLE_BLOCK, answer))
        assert 0 < judge(UPSAMPLE_BLOCK, answer).score < UPSAMPLE_BLOCK.points


def test_one_level_alone_is_worth_something(lost):
    def answer(input, offsets):
        if len(offsets) > 1:
            raise ValueError("too deep")
        return segnet_path(input, offsets)

    assert lost(SEGNET_PATH, answer) == {"several levels", "channels"}
