"""Partial credit in this chapter, and answers written in other ways."""

import numpy as np
import pytest
import torch

from resampling.checks.interpolation import (
    ANTIALIAS_MATRIX,
    DEGREE,
    INTERPOLATION_MATRIX,
    KERNEL,
    PSNR_STUDY,
    RESIZE,
    antialias_matrix,
    degree,
    interpolation_matrix,
    kernel,
    psnr_study,
    resize,
)


def number_by_number(x, mode, a=-0.5):
    def one(t):
        s, t = t, abs(t)
        if mode == "nearest":
            return float(-0.5 < s <= 0.5)
        if mode == "linear":
            return 1 - t if t < 1 else 0.0
        if mode == "lanczos":
            return (
                1.0 if t == 0 else 0.0 if t >= 3 else 3 * np.sin(np.pi * t) * np.sin(np.pi * t / 3) / (np.pi * t) ** 2
            )
        if t <= 1:
            return ((a + 2) * t - (a + 3)) * t * t + 1
        return a * (((t - 5) * t + 8) * t - 4) if t < 2 else 0.0

    return np.array([one(t) for t in x.ravel().tolist()]).reshape(x.shape)


def by_unit_vectors(length, size, mode="linear"):
    """Linear by np.floor and two neighbours, the way most people write it."""
    if mode != "linear":
        return interpolation_matrix(length, size, mode)
    c = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    left = np.floor(c).astype(int)
    right = np.minimum(left + 1, length - 1)
    eye, part = np.eye(length), (c - left)[:, None]
    return eye[left] * (1 - part) + eye[right] * part


def in_torch(length, size, mode="linear"):
    return torch.tensor(interpolation_matrix(length, size, mode))


def axis_by_axis(x, size, mode="linear"):
    for axis, o in zip(range(-len(size), 0), size, strict=True):
        matrix = interpolation_matrix(x.shape[axis], o, mode)
        x = np.apply_along_axis(lambda line, m=matrix: m @ line, axis, x)
    return x


def by_powers(matrix):
    o, n = matrix.shape
    c = (np.arange(o) + 0.5) * n / o - 0.5
    rows = (matrix[:, 0] == 0) & (matrix[:, -1] == 0)
    d = 0
    while np.allclose((matrix @ (np.arange(n) - n / 2) ** d)[rows], ((c - n / 2) ** d)[rows], rtol=1e-6, atol=1e-6):
        d += 1
    return d - 1


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        (KERNEL, number_by_number),
        (INTERPOLATION_MATRIX, by_unit_vectors),
        (INTERPOLATION_MATRIX, in_torch),
        (RESIZE, axis_by_axis),
        (DEGREE, by_powers),
        (PSNR_STUDY, lambda pictures: list(psnr_study(pictures))),
    ],
    ids=lambda value: getattr(value, "__name__", "task"),
)
@pytest.mark.parametrize("seed", range(3))
def test_other_ways_to_write_it_are_right(problem, answer, seed, judge):
    assert judge(problem, answer, seed).score == problem.points


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic", "lanczos"])
def test_one_kernel_alone_earns_its_points(mode, lost):
    def answer(x, **options):
        return kernel(x, **options) if options["mode"] == mode else np.zeros_like(x)

    kept = {p.name for p in KERNEL.properties} - lost(KERNEL, answer)
    assert {name.split(":")[0].lower() for name in kept} == {mode}


def test_a_wrong_border_keeps_the_inside(lost):
    def answer(length, size, mode="linear"):
        matrix = interpolation_matrix(length, size, mode)
        matrix[[0, -1]] = 0
        return matrix

    kept = {p.name for p in INTERPOLATION_MATRIX.properties} - lost(INTERPOLATION_MATRIX, answer)
    assert "linear, away from the border" in kept
    assert "linear, at the border too" not in kept


def test_bilinear_alone_loses_only_volumes_and_modes(lost):
    def answer(x, size, mode="linear"):
        return resize(x, size) if len(size) < 3 else x

    assert lost(RESIZE, answer) == {"volumes: trilinear", "the other modes"}


def test_linear_alone_is_worth_most_of_antialias(lost):
    answer = lambda length, size, mode="linear": antialias_matrix(length, size)  # noqa: E731
    assert lost(ANTIALIAS_MATRIX, answer) == {"cubic", "Lanczos"}


@pytest.mark.parametrize("guess", [-1, 0, 1, 2, 3])
def test_a_guess_is_no_degree(guess, judge):
    assert judge(DEGREE, lambda matrix: guess).score == 0


def test_the_degrees_are_those_of_the_literature():
    found = [degree(interpolation_matrix(16, 32, mode)) for mode in ("nearest", "linear", "cubic", "lanczos")]
    assert found == [0, 1, 2, 0]


def test_conclusions_from_a_wrong_table_are_right_conclusions(lost):
    def answer(pictures):
        table = psnr_study(pictures)[0][:, ::-1] + 3
        gain = table[:, 1] - table[:, 0]
        return table, gain.mean(), gain.std(ddof=1), (gain < 0).sum()

    assert lost(PSNR_STUDY, answer) == {PSNR_STUDY.properties[0].name}


@pytest.mark.parametrize("fill", [0.0, np.nan, np.inf])
def test_a_table_without_numbers_earns_no_conclusion(fill, judge):
    answer = lambda pictures: (np.full((len(pictures), 3), fill), 0.0, 0.0, 0)  # noqa: E731
    assert judge(PSNR_STUDY, answer).score == 0
