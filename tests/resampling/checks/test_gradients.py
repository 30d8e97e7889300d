"""Partial credit in the chapter on gradients, and answers written in many ways."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling.checks.functions import Function
from resampling.checks.gradients import (
    CONV1D_DOUBLE_BACKWARD,
    CONV1D_GRADIENTS,
    CONV2D_BACKWARD,
    CONV_TRANSPOSE1D_BACKWARD,
    NUMERICAL_VJP,
    POOL2D_BACKWARD,
    conv1d_gradients,
    conv2d_backward,
    numerical_vjp,
    pool2d_backward,
)

SEEDS = range(3)


def by_autograd(layer, grad_output, arrays, **options):
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    return torch.autograd.grad(layer(*leaves, **options), leaves, torch.tensor(grad_output))


def line_by_torch(grad_output, input, weight, stride=1, padding=0):
    arrays = input[None], weight[None, None], np.zeros(1)
    dx, dw, db = by_autograd(F.conv1d, grad_output[None], arrays, stride=stride, padding=padding)
    return dx[0], dw[0, 0], db.item()


def planes_by_torch(grad_output, input, weight, stride=(1, 1), padding=(0, 0)):
    arrays = input, weight, np.zeros(len(weight))
    return by_autograd(F.conv2d, grad_output, arrays, stride=stride, padding=padding)


def paint_by_torch(grad_output, input, weight, **options):
    return by_autograd(F.conv_transpose1d, grad_output, (input, weight, np.zeros(weight.shape[1])), **options)


def pool_by_torch(grad_output, input, mode, kernel_size, stride):
    layer = {"max": F.max_pool2d, "avg": F.avg_pool2d}[mode]
    return by_autograd(layer, grad_output[None], [input[None]], kernel_size=kernel_size, stride=stride)[0][0]


def slopes_in_place(function, x, upstream, step):
    moved, slopes = np.array(x, dtype=float), np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        losses, here = [], moved[place]
        for value in (here + step, here - step):
            moved[place] = value
            losses.append((upstream * function(moved)).sum())
        moved[place] = here
        slopes[place] = (losses[0] - losses[1]) / (2 * step)
    return slopes


def twice_by_torch(grad_grad_input, grad_grad_weight, grad_output, input, weight, stride=1, padding=0):
    g, x, w = leaves = [torch.tensor(a, requires_grad=True) for a in (grad_output, input, weight)]
    y = F.conv1d(x, w, stride=stride, padding=padding)
    dx, dw = torch.autograd.grad(y, (x, w), g, create_graph=True)
    m = (torch.tensor(grad_grad_input) * dx).sum() + (torch.tensor(grad_grad_weight) * dw).sum()
    return torch.autograd.grad(m, leaves)


WAYS = [
    (CONV1D_GRADIENTS, line_by_torch),
    (CONV2D_BACKWARD, planes_by_torch),
    (CONV_TRANSPOSE1D_BACKWARD, paint_by_torch),
    (POOL2D_BACKWARD, pool_by_torch),
    (NUMERICAL_VJP, slopes_in_place),
    (CONV1D_DOUBLE_BACKWARD, twice_by_torch),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


@pytest.mark.parametrize("number", range(3))
def test_one_gradient_of_three_is_worth_its_points(number, lost):
    def answer(**given):
        return tuple(a if i == number else a * 0 + 7 for i, a in enumerate(conv1d_gradients(**given)))

    kept = {"the gradient of the input", "the gradient of the weight", "the gradient of the bias"}
    assert len(lost(CONV1D_GRADIENTS, answer) & kept) == 2


def test_a_first_version_without_stride_and_padding_is_worth_something(lost):
    def answer(grad_output, input, weight, stride=(1, 1), padding=(0, 0)):
        return conv2d_backward(grad_output, input, weight)

    assert lost(CONV2D_BACKWARD, answer) == {
        "a stride of its own for each axis",
        "a padding of its own for each axis",
    }


def test_who_can_do_the_average_only_gets_a_point(judge):
    def answer(grad_output, input, mode, kernel_size, stride):
        return pool2d_backward(grad_output, input, "avg", kernel_size, stride)

    assert judge(POOL2D_BACKWARD, answer).score == 1


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_who_thinks_that_windows_leave_no_gaps_loses_a_property(mode, lost):
    def answer(**given):
        gaps = given["mode"] == mode and any(map(np.greater, given["stride"], given["kernel_size"]))
        return pool2d_backward(**given) * (1 - gaps)

    name = {"avg": "average", "max": "maximum"}[mode]
    assert lost(POOL2D_BACKWARD, answer) == {f"{name}, windows side by side or apart"}


def test_sharing_among_ties_costs_only_the_ties(lost):
    shared = next(m for m in POOL2D_BACKWARD.mistakes if m.name == "equal maxima share the gradient")
    assert lost(POOL2D_BACKWARD, shared.wrong) == {"of equal maxima the first one, row after row"}


def test_moving_x_itself_and_back_again_is_no_harm_but_leaving_it_moved_is(judge):
    def answer(function, x, upstream, step):
        slopes = numerical_vjp(function, x, upstream, step)
        x.flat[0] += 1
        return slopes

    verdict = judge(NUMERICAL_VJP, answer)
    assert verdict.score == 0
    assert {f.trial.refusal.kind for f in verdict.findings} == {"modified"}


def test_central_differences_are_those_of_the_formula():
    cube = Function("lambda x: x ** 3")
    slopes = numerical_vjp(cube, np.array([1, 2]), np.array([1.0, 10.0]), 0.5)
    np.testing.assert_allclose(slopes, [3.25, 122.5])
