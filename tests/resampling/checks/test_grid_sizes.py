"""Partial credit in the chapter on grid sizes, and answers written in many ways."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv1d, conv_transpose1d

from resampling.checks.grid_sizes import (
    CONV_TRANSPOSE_OUTPUT_SIZE,
    COUNT_WINDOWS,
    INPUT_SIZES,
    OUTPUT_PADDING_FOR,
    PLAN_ENCODER_DECODER,
    RECEPTIVE_FIELD,
    conv_transpose_output_size,
    count_windows,
    input_sizes,
    plan_encoder_decoder,
    receptive_field,
)

SEEDS = range(3)


def by_walking(length, kernel_size, stride=1, padding=0, dilation=1):
    count, place = 0, -padding
    while place + dilation * (kernel_size - 1) < length + padding:
        count, place = count + 1, place + stride
    return count


def by_arange(length, kernel_size, stride=1, padding=0, dilation=1):
    starts = np.arange(0, length + 2 * padding, stride)
    return np.sum(starts + dilation * (kernel_size - 1) < length + 2 * padding)


@pytest.mark.parametrize("way", [by_walking, by_arange])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_way_to_count_windows_is_right(way, seed, judge):
    assert judge(COUNT_WINDOWS, way, seed).score == COUNT_WINDOWS.points


@pytest.mark.parametrize("seed", SEEDS)
def test_torch_counts_the_same(seed):
    for prop in COUNT_WINDOWS.properties:
        for case in prop.cases(np.random.default_rng(seed)):
            given = dict(case)
            x, w = torch.zeros(1, 1, given.pop("length")), torch.zeros(1, 1, given.pop("kernel_size"))
            try:
                size = conv1d(x, w, **given).shape[-1]
            except RuntimeError:
                size = 0
            assert size == count_windows(**case)


@pytest.mark.parametrize("seed", SEEDS)
def test_torch_returns_and_refuses_the_same(seed):
    for prop in CONV_TRANSPOSE_OUTPUT_SIZE.properties:
        for case in prop.cases(np.random.default_rng(seed)):
            given = dict(case)
            x, w = torch.zeros(1, 1, given.pop("length")), torch.zeros(1, 1, given.pop("kernel_size"))
            try:
                size = conv_transpose1d(x, w, **given).shape[-1]
            except RuntimeError:
                size = 0
            assert size == conv_transpose_output_size(**case)


def by_search(output_length, kernel_size, **options):
    return [n for n in range(1, 500) if count_windows(n, kernel_size, **options) == output_length]


def padding_by_search(target, length, kernel_size, **options):
    sizes = [conv_transpose_output_size(length, kernel_size, output_padding=op, **options) for op in range(20)]
    return sizes.index(target) if target in sizes else -1


def field_by_gradient(layers):
    x = torch.zeros(1, 1, 4000, dtype=torch.float64, requires_grad=True)
    y, start, step = x, 0, 1
    for k, s, p, d in layers:  # without padding, so that every window is whole; the start is counted
        y = conv1d(y, torch.ones(1, 1, k, dtype=torch.float64), stride=s, dilation=d)
        start, step = start - p * step, step * s
    seen = []
    for i in (0, 1):
        (gradient,) = torch.autograd.grad(y[0, 0, i], x, retain_graph=True)
        seen.append(gradient[0, 0].nonzero().flatten().tolist())
    return seen[0][-1] - seen[0][0] + 1, seen[1][0] - seen[0][0], start


def residues(length, encoder):
    for k, s, p, d in encoder:
        yield (length + 2 * p - d * (k - 1) - 1) % s
        length = count_windows(length, k, s, p, d)


def plan_by_trying(length, encoder):
    sizes = [length]
    for layer in encoder:
        sizes.append(count_windows(sizes[-1], *layer))
    extra = tuple(residues(length, encoder))[::-1]
    while length < 10**5 and any(residues(length, encoder)):
        length += 1
    return tuple(sizes), extra, length


WAYS = [(INPUT_SIZES, by_search), (OUTPUT_PADDING_FOR, padding_by_search), (RECEPTIVE_FIELD, field_by_gradient)]


@pytest.mark.parametrize(("asked", "way"), WAYS, ids=[asked.name for asked, _ in WAYS])
def test_an_answer_by_search_or_gradient_is_right(asked, way, judge):
    assert judge(asked, way).score == asked.points


def test_trying_every_length_costs_only_the_deep_encoders(lost):
    assert lost(PLAN_ENCODER_DECODER, plan_by_trying) == {"the same without trying every length"}


def test_a_list_is_as_good_as_a_tuple(judge):
    def lists(length, encoder):
        sizes, extra, least = plan_encoder_decoder(length, encoder)
        return [list(sizes), np.array(extra).tolist(), np.int64(least)]

    assert judge(PLAN_ENCODER_DECODER, lists).score == PLAN_ENCODER_DECODER.points
    assert judge(INPUT_SIZES, lambda **given: list(input_sizes(**given))).score == INPUT_SIZES.points


@pytest.mark.parametrize(
    ("option", "property_name"), [("stride", "stride"), ("padding", "padding on both sides"), ("dilation", "dilation")]
)
def test_ignoring_one_option_of_count_windows_costs_that_one(option, property_name, lost):
    def answer(length, kernel_size, **options):
        return count_windows(length, kernel_size, **{name: v for name, v in options.items() if name != option})

    assert (
        property_name
        in lost(COUNT_WINDOWS, answer)
        <= {
            property_name,
            "all of them together",
            "0 when no window fits",
        }
    )


@pytest.mark.parametrize("item", range(3))
def test_each_item_of_the_plan_has_its_own_points(item, judge):
    def answer(length, encoder):
        plan = list(plan_encoder_decoder(length, encoder))
        plan[item] = 0 if item == 2 else ()
        return tuple(plan)

    assert 0 < judge(PLAN_ENCODER_DECODER, answer).score < PLAN_ENCODER_DECODER.points


def test_the_size_alone_of_a_receptive_field_earns_its_points(judge):
    assert judge(RECEPTIVE_FIELD, lambda layers: (receptive_field(layers)[0], 0, 99)).score == 2


def test_a_division_that_gives_a_float_is_told_so(check):
    def answer(length, kernel_size, stride=1, padding=0, dilation=1):
        return (length + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1

    assert "use // or int(...)" in check(COUNT_WINDOWS, answer)[1]


@pytest.mark.parametrize(
    ("asked", "answer", "words"),
    [
        (INPUT_SIZES, lambda **_: [], "expected [6], got []."),
        (PLAN_ENCODER_DECODER, lambda **_: ([17, 9], [0, 1], 19), "item 1: expected [1, 0], got [0, 1]."),
    ],
)
def test_wrong_lists_are_shown_whole(asked, answer, words, judge):
    assert words in [str(f.trial.refusal) for f in judge(asked, answer).findings if f.trial]
