"""Partial credit in the chapter on transposed convolution, and answers written in many ways."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling import conv_matrix1d
from resampling.checks.transposed_convolution import (
    FORGOTTEN_STEPS,
    TCONV2D_FULL,
    TCONV_BY_INSERTION,
    TCONV_BY_PHASES,
    WASTED_MULTIPLIES,
    WEIGHT_FOR_TORCH,
    forgotten_steps,
    tconv2d_full,
    tconv_by_insertion,
    wasted_multiplies,
    weight_for_torch,
)

SEEDS = range(3)


def by_painting(input, weight, stride=1, padding=0):
    whole = np.zeros(stride * (len(input) - 1) + len(weight))
    for j, sample in enumerate(input):
        whole[stride * j : stride * j + len(weight)] += sample * weight
    return whole[padding : len(whole) - padding]


def by_matrix(input, weight, stride=1, padding=0):
    o = stride * (len(input) - 1) + len(weight) - 2 * padding
    return conv_matrix1d(weight, o, stride=stride, padding=padding).T @ input


def by_numpy(input, weight, stride=1, padding=0):
    spread = np.kron(input, np.eye(1, stride)[0])[: stride * (len(input) - 1) + 1]
    return np.convolve(spread, weight)[padding : len(spread) + len(weight) - 1 - padding]


def phases_of_torch(input, weight, stride, padding=0):
    x, w = torch.tensor(input)[None], torch.tensor(weight)[None, None]
    y = F.conv_transpose1d(x, w, stride=stride, padding=padding)[0]
    return [y[r::stride] for r in range(stride)]


def phases_by_convolving(input, weight, stride, padding=0):
    o = stride * (len(input) - 1) + len(weight) - 2 * padding
    phases = []
    for first in range(stride):
        q, r = divmod(first + padding, stride)
        taps, count = weight[r::stride], len(range(first, o, stride))
        part = np.convolve(input, taps) if len(taps) else np.zeros(0)
        phases.append(np.append(part, np.zeros(count + q))[q : q + count])
    return tuple(phases)


def layer_of_torch(input, weight, groups=1, **pairs):
    x, w = torch.tensor(input), torch.tensor(weight)
    return F.conv_transpose2d(x, w, groups=groups, **pairs)


def layer_by_einsum(
    input, weight, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), dilation=(1, 1), groups=1
):  # fmt: skip
    ends = [
        s * (n - 1) + d * (k - 1) + 1 + op
        for n, k, s, op, d in zip(input.shape[1:], weight.shape[2:], stride, output_padding, dilation, strict=True)
    ]
    x = input.reshape(groups, -1, *input.shape[1:])
    copies = np.einsum("gcyx,gcmab->gmyaxb", x, weight.reshape(groups, -1, *weight.shape[1:]))
    plane = np.zeros((*copies.shape[:2], *ends))
    for y, a, x, b in np.ndindex(*copies.shape[2:]):
        plane[:, :, stride[0] * y + dilation[0] * a, stride[1] * x + dilation[1] * b] += copies[:, :, y, a, x, b]
    plane = plane.reshape(-1, *ends)
    return plane[:, padding[0] : ends[0] - padding[0], padding[1] : ends[1] - padding[1]]


def weight_entry_by_entry(weight, framework, groups=1):
    if framework == "onnx":
        return weight
    if framework == "keras":
        return np.moveaxis(weight, (3, 2), (0, 1))
    height, width, share, outputs = weight.shape
    each = outputs // groups
    found = np.empty((share * groups, each, height, width))
    for g, c, m, a, b in np.ndindex(groups, share, each, height, width):
        found[g * share + c, m, a, b] = weight[height - 1 - a, width - 1 - b, c, g * each + m]
    return found


def count_by_matrix(size, kernel_size, stride, padding=(0, 0), output_padding=(0, 0)):
    """Builds what it counts: for small pictures only."""
    if max(size) > 1000:
        return wasted_multiplies(size, kernel_size, stride, padding, output_padding)
    every, useful = 1, 1
    for n, k, s, p, op in zip(size, kernel_size, stride, padding, output_padding, strict=True):
        o = s * (n - 1) + k - 2 * p + op
        every *= o * k
        useful *= sum(0 <= s * j + t - p < o for j, t in product(range(n), range(k)))
    return [every, useful]


WAYS = [
    (TCONV_BY_INSERTION, by_painting),
    (TCONV_BY_INSERTION, by_matrix),
    (TCONV_BY_INSERTION, by_numpy),
    (TCONV_BY_PHASES, phases_of_torch),
    (TCONV_BY_PHASES, phases_by_convolving),
    (TCONV2D_FULL, layer_of_torch),
    (TCONV2D_FULL, layer_by_einsum),
    (WEIGHT_FOR_TORCH, weight_entry_by_entry),
    (WASTED_MULTIPLIES, count_by_matrix),
    (FORGOTTEN_STEPS, lambda **given: [np.bool_(step) for step in forgotten_steps(**given)]),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def test_a_first_answer_without_padding_is_worth_two_points(lost):
    def answer(input, weight, stride=1, padding=0):
        return by_painting(input, weight, stride)

    assert lost(TCONV_BY_INSERTION, answer) == {"padding cuts", "padding beyond k - 1"}


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("output_padding", (0, 0), "output_padding keeps true values"),
        ("dilation", (1, 1), "dilation"),
        ("groups", 1, "groups"),
    ],
)
def test_each_option_of_the_layer_has_its_own_points(option, value, name, lost):
    def answer(**given):
        return tconv2d_full(**given | {option: value})

    assert lost(TCONV2D_FULL, answer) == {name, "all of it together"}


def test_output_padding_is_not_always_below_the_stride(lost):
    def answer(stride=(1, 1), output_padding=(0, 0), **given):
        below = tuple(min(op, s - 1) for op, s in zip(output_padding, stride, strict=True))
        return tconv2d_full(stride=stride, output_padding=below, **given)

    assert lost(TCONV2D_FULL, answer) == {"all of it together"}


def test_a_converter_for_keras_alone_is_worth_something(lost):
    def answer(weight, framework, groups=1):
        return weight_for_torch(weight, framework, groups) if framework != "jax" else weight

    assert lost(WEIGHT_FOR_TORCH, answer) == {"from JAX", "from JAX, with groups"}


@pytest.mark.parametrize("number", range(2))
def test_each_count_has_its_own_points(number, judge):
    def answer(**given):
        return tuple(0 if i == number else count for i, count in enumerate(wasted_multiplies(**given)))

    assert 0 < judge(WASTED_MULTIPLIES, answer).score < WASTED_MULTIPLIES.points


def test_a_detective_who_always_says_the_same_gets_nothing(judge):
    for verdict in product((False, True), repeat=4):
        assert judge(FORGOTTEN_STEPS, lambda verdict=verdict, **given: verdict).score == 0


def test_the_order_of_the_boxes_tells_nothing():
    verdicts = [
        [forgotten_steps(**case) for case in FORGOTTEN_STEPS.properties[1].cases(np.random.default_rng(seed))]
        for seed in (0, 1)
    ]
    assert verdicts[0] != verdicts[1]


def test_a_box_that_forgot_nothing_answers_as_torch_does():
    for seed in SEEDS:
        cases = FORGOTTEN_STEPS.properties[0].cases(np.random.default_rng(seed))
        case = next(case for case in cases if not any(forgotten_steps(**case)))
        x, w, y = (torch.tensor(case.pop(name)) for name in ("input", "weight", "output"))
        np.testing.assert_array_equal(F.conv_transpose1d(x, w, **case), y)


def test_every_set_of_forgotten_steps_is_asked_for_once():
    cases = [case for prop in FORGOTTEN_STEPS.properties for case in prop.cases(np.random.default_rng(0))]
    assert {forgotten_steps(**case) for case in cases} == set(product((False, True), repeat=4))
    assert len(cases) == 16


def test_the_examples_of_the_assignment_are_right():
    x, w = np.array([1.0, 2, 3]), np.array([1.0, 10, 100])
    np.testing.assert_array_equal(tconv_by_insertion(x, w, 2), [1, 10, 102, 20, 203, 30, 300])
    assert [phase.tolist() for phase in TCONV_BY_PHASES.reference(x, w, 2, 1)] == [[10, 20, 30], [102, 203]]
    assert wasted_multiplies((2, 3), (2, 3), (2, 2)) == (168, 36)
