"""The checkerboard's own arithmetic equals the library's: gains, counts, spectrum, projection, stacks and scores."""

import itertools

import numpy as np
import pytest
from traitlets import TraitError

from resampling import conv_transpose1d, conv_transpose2d, icnr, sub_pixel_to_transposed
from resampling.checkerboard import (
    clean_projection,
    is_checkerboard_free,
    nyquist_energy,
    overlap_map,
    phase_gain_spectrum,
    phase_gains,
)
from resampling.explorables import Checkerboard

ANSWER = """
const kernel = module.kernelOf(state);
const view = module.describe(state);
return { gains: view.gains, counts: view.counts, clean: view.clean, outputs: view.outputs, marks: view.marks,
  contrast: view.contrast, score: view.score, projected: module.cleanProjection(kernel, state.stride) };
"""
COMMON = {"tap": 0, "seed": 0, "weight": [1.0], "weight2d": [[1.0]]}


def lines():
    rng = np.random.default_rng(0)
    for k, s, layers in itertools.product(range(1, 9), range(1, 5), (1, 2, 3)):
        for weight in (rng.integers(-3, 4, k).astype(float), rng.standard_normal(k), np.ones(k), np.zeros(k)):
            yield {**COMMON, "mode": "1d", "weight": weight.tolist(), "stride": s, "layers": layers}
            clean = clean_projection(weight, s).tolist()
            yield {**COMMON, "mode": "1d", "weight": clean, "stride": s, "layers": layers}


def pictures():
    rng = np.random.default_rng(1)
    for k, s, layers in itertools.product(range(1, 7), range(1, 4), (1, 2)):
        for weight in (rng.standard_normal((k, k)), np.ones((k, k)), np.eye(k)):
            yield {**COMMON, "mode": "2d", "weight2d": weight.tolist(), "stride": s, "layers": layers}


STATES = [*lines(), *pictures()]


def array_of(state):
    return np.array(state["weight2d"] if state["mode"] == "2d" else state["weight"])


@pytest.fixture(scope="module")
def answers(in_node):
    return list(zip(STATES, in_node("checkerboard", ANSWER, STATES), strict=True))


def test_gains_counts_and_verdict(answers):
    verdicts = set()
    for state, view in answers:
        weight, s = array_of(state), state["stride"]
        np.testing.assert_allclose(view["gains"], phase_gains(weight, s).ravel(), atol=1e-12)
        np.testing.assert_array_equal(view["counts"], phase_gains(np.ones_like(weight), s).ravel())
        assert view["clean"] == is_checkerboard_free(weight, s), state
        verdicts.add((view["clean"], len(set(view["counts"])) == 1))
    assert len(verdicts) == 4  # counting is right and wrong, both ways
    assert len(answers) > 800


def test_counts_are_the_overlap_away_from_the_border(answers):
    for state, view in answers:
        if state["mode"] == "1d":
            k, s = len(state["weight"]), state["stride"]
            middle = 8 * s
            np.testing.assert_array_equal(view["counts"], overlap_map(24, k, s)[middle : middle + s])


def test_spectrum_at_the_marks(answers):
    for state, view in answers:
        expected = np.abs(phase_gain_spectrum(array_of(state), state["stride"])).ravel()[1:]
        np.testing.assert_allclose([mark["value"] for mark in view["marks"]], expected, atol=1e-12)


def test_projection(answers):
    for state, view in answers:
        expected = clean_projection(array_of(state), state["stride"]).ravel()
        np.testing.assert_allclose(view["projected"], expected, atol=1e-12)


def test_stacks_of_layers_contrast_and_score(answers):
    """One period of what the library's layers make of ones, taken from the middle."""
    for state, view in answers:
        weight, s = array_of(state), state["stride"]
        layer = {1: conv_transpose1d, 2: conv_transpose2d}[weight.ndim]
        y = np.ones((1, *(24 if weight.ndim == 1 else 12,) * weight.ndim))
        for number, found in enumerate(view["outputs"], start=1):
            y = layer(y, weight[None, None], stride=s)
            period = s**number
            start = (y.shape[-1] // 2) // period * period
            inner = y[(0, *(slice(start, start + period),) * weight.ndim)]
            np.testing.assert_allclose(np.reshape(found, inner.shape), inner, atol=1e-9, err_msg=str(state))
        rms = np.sqrt(np.mean(inner**2))
        assert view["contrast"] == pytest.approx(np.std(inner) / rms if rms else 0, abs=1e-7)
        assert view["score"] == pytest.approx(float(nyquist_energy(inner, (s,) * weight.ndim)), abs=1e-7), state


def test_icnr_is_the_librarys(in_node):
    """Random taps of a small kernel, copied into all phases and shuffled: a sub-pixel layer as a transposed one."""
    body = "return [module.presetRows('icnr', state, state.s, 1), module.drawn(state.seed, 4)];"
    states = [{"mode": mode, "seed": seed, "s": s} for mode in ("1d", "2d") for seed in range(5) for s in (1, 2, 3)]
    for state, (rows, small) in zip(states, in_node("checkerboard", body, states), strict=True):
        axes = 1 if state["mode"] == "1d" else 2
        small = np.array(small[: 2**axes]).reshape((1, 1, *(2,) * axes))
        flipped = small[(..., *(slice(None, None, -1),) * axes)]  # the library's comes out flipped
        expected = sub_pixel_to_transposed(icnr(flipped, state["s"]), state["s"])[0][0, 0]
        np.testing.assert_array_equal(np.reshape(rows, expected.shape), expected)
        assert is_checkerboard_free(expected, state["s"])


def test_bilinear_keeps_constants(in_node):
    for s, taps in enumerate(in_node("checkerboard", "return module.bilinear(state);", [1, 2, 3, 4]), start=1):
        np.testing.assert_allclose(phase_gains(np.array(taps), s), np.ones(s))
    assert taps == [0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125]


def test_draws_differ_and_stay_in_range(in_node):
    draws = in_node("checkerboard", "return module.drawn(state, 36);", list(range(50)))
    assert len({tuple(draw) for draw in draws}) == 50
    assert 1.9 < np.abs(draws).max() <= 2
    assert abs(np.mean(draws)) < 0.1
    assert np.std(draws) == pytest.approx(2 * 3**-0.5, abs=0.06)


def test_the_mean_is_middle_grey(in_node):
    levels = in_node(
        "checkerboard", "return module.greyLevels(state);", [[4, 6], [5, 5], [1, -1], [0, 0], [0, 8, 0, 0]]
    )
    assert levels == [[0.4, 0.6], [0.5, 0.5], [1, 0], [0.5, 0.5], pytest.approx([1 / 3, 1, 1 / 3, 1 / 3])]


@pytest.mark.parametrize("wrong", [{"weight": []}, {"weight": [1.0] * 9}, {"stride": 0}, {"layers": 4}, {"mode": "3d"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Checkerboard(**wrong)


def test_counting_is_right_or_wrong(show):
    figure = show(Checkerboard())
    status = figure.locator(".xp-status")
    assert "counting is wrong" in status.inner_text()
    figure.get_by_role("button", name="Project").click()
    assert "all gains are 5, no pattern. Here counting is right." in status.inner_text()
    figure.get_by_role("combobox", name="Start from").select_option("tent")
    assert "all gains are 2, no pattern. Here counting is wrong." in status.inner_text()


def test_bars_are_dragged(show):
    figure = show(Checkerboard(weight=[1, 1, 1]))
    bar = figure.locator("[data-drag]").nth(1).bounding_box()
    mouse = figure.page.mouse
    mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + 100)
    mouse.down()
    mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + 40, steps=4)
    mouse.up()
    dragged = figure.locator(".xp-status").inner_text()
    assert dragged.startswith("Tap w[1] = ")
    assert not dragged.startswith("Tap w[1] = 1 ")
    mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + 80)  # released: it follows no longer
    assert figure.locator(".xp-status").inner_text() == dragged


def test_keys_move_and_change_taps(show):
    figure = show(Checkerboard(mode="2d"))
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    for key in ("ArrowRight", "ArrowDown", "+", "+"):
        figure.page.keyboard.press(key)
    assert status.inner_text().startswith("Tap w[1,1] = 1.5 meets phase 1,1")
    figure.get_by_role("radio", name="1-D").check()
    figure.locator(".xp-box").first.focus()
    for key in ("End", "ArrowUp", "-", "ArrowDown"):
        figure.page.keyboard.press(key)
    assert status.inner_text().startswith("Tap w[3] = 3.5 meets phase 1")


def test_a_number_of_a_picture_is_dragged_or_only_chosen(show):
    figure = show(Checkerboard(mode="2d"))
    box = figure.locator("[data-drag]").nth(3).bounding_box()
    mouse, status = figure.page.mouse, figure.locator(".xp-status")
    mouse.move(box["x"] + 10, box["y"] + 10)
    mouse.down()
    assert status.inner_text().startswith("Tap w[1,1] = 1 ")
    mouse.move(box["x"] + 10, box["y"] + 34)
    mouse.up()
    assert status.inner_text().startswith("Tap w[1,1] = 0.5 ")
