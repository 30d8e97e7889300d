"""Partial credit in the chapter on sub-pixel convolution, and answers written in many ways."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from resampling import sub_pixel_cost
from resampling.checks.sub_pixel import (
    SHUFFLE,
    SMOOTH_START,
    TO_SUB_PIXEL,
    TO_TRANSPOSED,
    UNSHUFFLE,
    UPSAMPLER_LEDGER,
    shuffle,
    smooth_start,
    to_sub_pixel,
    to_transposed,
    upsampler_ledger,
)

SEEDS = range(3)


def tensors(*arrays):
    return [torch.tensor(array.copy())[None] for array in arrays]


def unshuffle_by_axes(input, factor=(2, 2)):
    c, h, w = input.shape
    split = input.reshape(c, h // factor[0], factor[0], w // factor[1], factor[1])
    return np.moveaxis(split, (2, 4), (1, 2)).reshape(-1, h // factor[0], w // factor[1])


def shuffle_by_axes(input, factor=(2, 2), order="CRD"):
    (r0, r1), (channels, h, w) = factor, input.shape
    pattern, maps = ((0, 3, 1, 4, 2), (-1, r0, r1)) if order == "CRD" else ((2, 3, 0, 4, 1), (r0, r1, -1))
    return input.reshape(*maps, h, w).transpose(pattern).reshape(channels // (r0 * r1), r0 * h, r1 * w)


def starts_by_impulses(weight, factor=2):
    """Read off what the layers must do to an impulse."""
    outs, ins, k = weight.shape
    kernel = np.zeros((ins, outs, k + factor - 1))
    for q in range(ins):
        x = np.zeros((1, ins, factor))
        x[0, q] = 1  # what nearest makes of an impulse
        kernel[q] = F.conv1d(torch.tensor(x), torch.tensor(weight), padding=k - 1)[0].numpy()
    return weight[np.arange(outs * factor) // factor], kernel


def transposed_by_impulses(weight, factor=(2, 2), padding=(0, 0)):
    """What a sub-pixel layer with full padding makes of an impulse is the kernel."""
    taps = weight.shape[2:]
    kernel = []
    for q in range(weight.shape[1]):
        x = np.zeros((weight.shape[1], 1, 1))
        x[q] = 1
        full = F.conv2d(*tensors(x), torch.tensor(weight), padding=[k - 1 for k in taps])[0].numpy()
        kernel.append(shuffle_by_axes(full, factor))
    return np.array(kernel), [r * (k - 1 - p) for r, k, p in zip(factor, taps, padding, strict=True)]


def sub_pixel_by_padding(kernel, stride, padding=0):
    """Put zeros around the kernel until blocks and taps begin together, then unshuffle."""
    ins, outs, taps = kernel.shape
    before, behind = -padding % stride, -(taps - padding) % stride
    wide = np.pad(kernel, ((0, 0), (0, 0), (before, behind)))
    phases = wide.reshape(ins, outs, -1, stride)[:, :, ::-1]
    return phases.transpose(1, 3, 0, 2).reshape(outs * stride, ins, -1), -(-(taps - padding) // stride) - 1


WAYS = [
    (UNSHUFFLE, unshuffle_by_axes),
    (SHUFFLE, shuffle_by_axes),
    (SMOOTH_START, starts_by_impulses),
    (TO_TRANSPOSED, transposed_by_impulses),
    (TO_SUB_PIXEL, sub_pixel_by_padding),
]


@pytest.mark.parametrize(("problem", "way"), WAYS, ids=[way.__name__ for _, way in WAYS])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_way_gets_full_marks(problem, way, seed, judge):
    assert judge(problem, way, seed).score == problem.points


def cases(task):
    return (case for seed in SEEDS for p in task.properties for case in p.cases(np.random.default_rng(seed)))


def test_the_two_conversions_hold_in_torch():
    rng = np.random.default_rng(0)
    for case in cases(TO_TRANSPOSED):
        x = rng.standard_normal((case["weight"].shape[1], 5, 6))
        kernel, crop = to_transposed(**case)
        small = F.conv2d(*tensors(x), torch.tensor(case["weight"]), padding=case["padding"])[0].numpy()
        large = F.conv_transpose2d(*tensors(x), torch.tensor(kernel.copy()), stride=case["factor"], padding=crop)
        np.testing.assert_allclose(shuffle(small, case["factor"]), large[0], rtol=0, atol=1e-9)
    for case in cases(TO_SUB_PIXEL):
        x = rng.standard_normal((len(case["kernel"]), 6))
        weight, pad = to_sub_pixel(**case)
        small = F.conv1d(*tensors(x), torch.tensor(weight.copy()), padding=pad)[0].numpy()
        large = F.conv_transpose1d(*tensors(x), torch.tensor(case["kernel"]), None, case["stride"], case["padding"])
        np.testing.assert_allclose(shuffle(small[:, None], (1, case["stride"]))[:, 0], large[0], rtol=0, atol=1e-9)


def test_the_ledger_is_the_library_s_for_one_factor():
    bill = upsampler_ledger("sub_pixel", (4, 5), (2, 3), (3, 3), (2, 2))
    cost = sub_pixel_cost((1, 2, 4, 5), (12, 2, 3, 3), 2, 1)
    assert bill == (cost.parameters, cost.multiply_adds, cost.workspace)
    resized = upsampler_ledger("resize", (4, 5), (2, 3), (3, 3), (2, 2))
    transposed = upsampler_ledger("transposed", (4, 5), (2, 3), (3, 3), (2, 2))
    assert bill[1] == resized[1] == transposed[1]
    assert bill[0] == transposed[0] == 4 * resized[0]


def test_a_list_is_as_good_as_a_tuple(judge):
    for task in (SMOOTH_START, TO_TRANSPOSED, UPSAMPLER_LEDGER, TO_SUB_PIXEL):
        assert judge(task, lambda task=task, **given: list(task.reference(**given))).score == task.points


def test_an_answer_without_the_second_order_keeps_most_of_its_points(lost):
    answer = lambda input, factor, order="CRD": shuffle(input, factor)  # noqa: E731
    assert lost(SHUFFLE, answer) == {"the order DCR", "a factor of its own for each axis"}


@pytest.mark.parametrize("item", range(2))
def test_each_of_two_kernels_has_its_own_points(item, judge):
    def answer(**given):
        return tuple(0 * kernel if i == item else kernel for i, kernel in enumerate(smooth_start(**given)))

    assert 0 < judge(SMOOTH_START, answer).score < SMOOTH_START.points


@pytest.mark.parametrize("item", range(3))
def test_each_number_of_the_ledger_has_its_own_points(item, judge):
    def answer(**given):
        return tuple(0 if i == item else number for i, number in enumerate(upsampler_ledger(**given)))

    assert 0 < judge(UPSAMPLER_LEDGER, answer).score < UPSAMPLER_LEDGER.points


def test_squares_for_products_of_two_axes_lose_the_points_of_their_number(lost):
    def answer(kernel, factor, **given):
        square = upsampler_ledger(kernel=kernel[:1] * 2, factor=factor[:1] * 2, **given)
        return square[0], upsampler_ledger(kernel=kernel, factor=factor, **given)[1], square[2]

    assert lost(UPSAMPLER_LEDGER, answer) == {"parameters", "bytes of the intermediate maps"}


def test_a_conversion_for_kernels_without_zeros_earns_the_first_properties(lost):
    def answer(kernel, stride, padding=0):
        if kernel.shape[2] % stride or padding % stride:
            raise ValueError("the stride must divide taps and padding")
        return sub_pixel_by_padding(kernel, stride, padding)

    assert lost(TO_SUB_PIXEL, answer) == {"kernels that need zeros", "the padding"}
