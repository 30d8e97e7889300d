"""Partial credit in the chapter on the adjoint, and answers written in many ways."""

import numpy as np
import pytest
import torch

from resampling.checks.adjoint import (
    ADJOINT_HOLDS,
    DECONVOLVE,
    PIPELINE_ADJOINT,
    SCATTER1D,
    SCATTER2D,
    adjoint_holds,
    deconvolve,
    pipeline_adjoint,
    scatter1d,
    scatter2d,
)

SEEDS = range(3)


def unfolded(shape):
    return np.eye(int(np.prod(shape))).reshape(-1, *shape)


def scatter_by_columns(output, weight, length, stride=1, padding=0):
    starts = stride * np.arange(len(output)) - padding
    tap = np.arange(length)[:, None] - starts  # which tap of window i meets sample j
    met = (tap >= 0) & (tap < len(weight))
    return np.where(met, weight[np.clip(tap, 0, len(weight) - 1)], 0) @ output


def scatter_by_reading(output, weight, length, stride=1, padding=0):
    dense = np.zeros(length + 2 * padding + stride * len(output) + 2 * len(weight))
    dense[len(weight) - 1 : len(weight) - 1 + stride * len(output) : stride] = output
    read = [dense[j + padding : j + padding + len(weight)] @ weight[::-1] for j in range(length)]
    return torch.tensor(read)


def planes_by_unit_pictures(output, weight, size, stride=(1, 1), padding=(0, 0)):
    """Each pixel of the result is the inner product of `output` with the convolution of a unit picture."""
    windows = torch.nn.functional.conv2d(
        torch.tensor(unfolded((weight.shape[1], *size))), torch.tensor(weight), None, stride, padding
    )
    return (windows.numpy() * output).sum(axis=(1, 2, 3)).reshape(weight.shape[1], *size)


def holds_by_gram(forward, adjoint, in_shape, out_shape):
    """Several x and v at once: all inner products in one matrix."""
    rng = np.random.default_rng(5)
    x, v = rng.normal(size=(2, *in_shape)), rng.normal(size=(2, *out_shape))
    there, back = [forward(a) for a in x], [adjoint(b) for b in v]
    if there[0].shape != tuple(out_shape) or back[0].shape != tuple(in_shape):
        return False
    left = np.array([[np.vdot(a, b) for b in v] for a in there])
    right = np.array([[np.vdot(a, b) for b in back] for a in x])
    largest = max(np.linalg.norm(a) for a in there) * np.linalg.norm(v) + np.linalg.norm(x) * np.linalg.norm(back)
    return np.max(np.abs(left - right)) <= 1e-9 * largest


def pipeline_by_loop(output, steps, length):
    lengths = [length]
    for name, *options in steps:
        n = lengths[-1]
        after = {"pad": n + sum(options), "crop": n - sum(options), "filter": n - len(options) + 1}
        lengths.append(after[name] if name in after else -(-(n - options[1]) // options[0]))
    for (name, *options), n in zip(steps[::-1], lengths[-2::-1], strict=True):
        if name == "pad":
            output = output[options[0] :][:n]
        elif name == "crop":
            output = np.concatenate([np.zeros(options[0]), output, np.zeros(options[1])])
        elif name == "subsample":
            laid, output = output, np.zeros(n)
            output[np.arange(len(laid)) * options[0] + options[1]] = laid
        else:
            output = scatter1d(output, np.array(options), n)
    return output


def deconvolve_with_fresh_gradients(forward, adjoint, y, iterations, damping=0.0):
    x, step, old = None, None, None
    for _ in range(iterations):
        x = np.zeros(adjoint(y).shape) if x is None else x
        g = adjoint(y - forward(x)) - damping * x
        new = (g**2).sum()
        if new == 0:
            return x
        step = g if step is None else g + new / old * step
        x = x + new / ((forward(step) ** 2).sum() + damping * (step**2).sum()) * step
        old = new
    return np.zeros(adjoint(y).shape) if x is None else x


WAYS = [
    (SCATTER1D, scatter_by_columns),
    (SCATTER1D, scatter_by_reading),
    (SCATTER2D, planes_by_unit_pictures),
    (ADJOINT_HOLDS, holds_by_gram),
    (PIPELINE_ADJOINT, pipeline_by_loop),
    (DECONVOLVE, deconvolve_with_fresh_gradients),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge, monkeypatch):
    assert judge(problem, way, seed).score == problem.points


def test_the_numbers_of_the_assignment():
    assert scatter1d(np.array([5.0, 8.0]), np.array([1.0, 2.0]), 3).tolist() == [5, 18, 16]
    assert scatter1d(np.array([5.0, 8.0]), np.array([1.0, 2.0]), 4, 2).tolist() == [5, 10, 8, 16]
    planes = scatter2d(np.array([[[1.0, 2.0]]]), np.array([[[[1.0, 10.0], [3.0, 30.0]]]]), (2, 3))
    assert planes.tolist() == [[[1, 12, 20], [3, 36, 60]]]
    steps = (("pad", 0, 1), ("filter", 1.0, 2.0))
    assert pipeline_adjoint(np.array([5.0, 8.0]), steps, 2).tolist() == [5, 18]
    assert adjoint_holds(lambda x: x[::2], lambda v: np.kron(v, [1, 0]), (6,), (3,))
    assert not adjoint_holds(lambda x: x[::2], lambda v: np.repeat(v, 2), (6,), (3,))
    matrix = np.array([[1.0, 2, 0], [0, 1, 2]])
    x = deconvolve(lambda x: matrix @ x, lambda v: matrix.T @ v, np.array([5.0, 8.0]), 2)
    assert x.round(2).tolist() == [0.43, 2.29, 2.86]


def test_conjugate_gradients_are_the_best_of_their_space():
    rng = np.random.default_rng(0)
    matrix, y = rng.normal(size=(6, 8)), rng.normal(size=6)
    options = (lambda x: matrix @ x, lambda v: matrix.T @ v, y)
    misfits = [np.sum((matrix @ deconvolve(*options, count) - y) ** 2) for count in range(7)]
    assert misfits == sorted(misfits, reverse=True)
    np.testing.assert_allclose(deconvolve(*options, 6), np.linalg.pinv(matrix) @ y)
    by_hand = np.linalg.solve(matrix.T @ matrix + 0.5 * np.eye(8), matrix.T @ y)
    np.testing.assert_allclose(deconvolve(*options, 8, damping=0.5), by_hand)


@pytest.mark.parametrize("always", [True, False])
def test_a_constant_verdict_is_worth_nothing(always, judge):
    assert judge(ADJOINT_HOLDS, lambda **given: always).score == 0


def test_a_stride_alone_is_worth_something(judge):
    answer = lambda output, weight, length, stride=1, padding=0: scatter1d(output, weight, length, stride)  # noqa: E731
    assert 0 < judge(SCATTER1D, answer).score < SCATTER1D.points


def test_single_steps_are_worth_points_without_the_chain(lost):
    def answer(output, steps, length):
        return pipeline_by_loop(output, steps, length) if len(steps) == 1 else np.zeros(length)

    assert lost(PIPELINE_ADJOINT, answer) == {"several steps"}


@pytest.mark.parametrize("count", [lambda n, step: n // step, lambda n, step: -(-n // step)], ids=["floor", "ceil"])
def test_lengths_counted_without_the_phase_cost_the_chain(count, lost):
    def answer(output, steps, length):
        if not steps:
            return output
        (name, *options), rest = steps[0], steps[1:]
        if name != "subsample":
            after = {"pad": sum(options), "crop": -sum(options), "filter": 1 - len(options)}[name]
            return pipeline_by_loop(answer(output, rest, length + after), steps[:1], length)
        x = np.zeros(length)
        x[options[1] :: options[0]] = answer(output, rest, count(length, options[0]))
        return x

    assert lost(PIPELINE_ADJOINT, answer) == {"several steps"}


@pytest.mark.parametrize(
    "plain", [np.ones, lambda shape: np.eye(1, np.prod(shape)).reshape(shape)], ids=["ones", "unit"]
)
def test_both_arrays_must_be_random(plain, lost):
    def answer(forward, adjoint, in_shape, out_shape):
        x, v = np.random.default_rng(1).normal(size=in_shape), plain(out_shape)
        shapes = forward(x).shape == out_shape and adjoint(v).shape == in_shape
        return shapes and bool(np.isclose(np.vdot(forward(x), v), np.vdot(x, adjoint(v)), atol=0))

    assert "wrong ones that look right" in lost(ADJOINT_HOLDS, answer)


def test_without_damping_only_the_damping_is_lost(lost):
    answer = lambda forward, adjoint, y, iterations, damping=0.0: deconvolve(forward, adjoint, y, iterations)  # noqa: E731
    assert lost(DECONVOLVE, answer) == {"damping"}
