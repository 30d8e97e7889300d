"""Coordinates, weights and shifts of the explorable equal the library's, and its outputs torch's."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from traitlets import TraitError

from resampling import resize, resize_shift, source_coordinates
from resampling.explorables import PixelCentres

CONVENTIONS = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric")
READINGS = {
    "linear": {"mode": "linear"},
    "nearest": {"mode": "nearest"},
    "floor": {"mode": "nearest", "rounding": "floor"},
}


def settings():
    base = {"scale": 1.3, "by": "size", "move": 0.0, "index": 0}
    for n, o, convention, mode in itertools.product(range(1, 13), range(1, 25), CONVENTIONS, READINGS):
        yield base | {"samples": n, "size": o, "convention": convention, "mode": mode}
    for n, hundredths, convention in itertools.product(range(1, 13), range(10, 301, 15), CONVENTIONS):
        scale = hundredths / 100
        yield base | {
            "samples": n,
            "size": 8,
            "by": "scale",
            "scale": scale,
            "convention": convention,
            "mode": "linear",
        }


STATES = list(settings())


@pytest.fixture(scope="module")
def answers(in_node):
    return in_node("pixel_centres", "return module.sizesOf(state).o ? module.describe(state) : { o: 0 };", STATES)


def test_equals_the_library(answers):
    empty = 0
    for state, view in zip(STATES, answers, strict=True):
        n, convention = state["samples"], state["convention"]
        scale = state["scale"] if state["by"] == "scale" else None
        o = state["size"] if scale is None else int(np.floor(n * scale))
        assert view["o"] == o, state
        if not o:
            empty += 1
            continue
        read = source_coordinates(o, n, convention, scale)
        np.testing.assert_array_equal(view["read"], read, err_msg=str(state))
        assert np.array_equal(view["place"], source_coordinates(o, n)), state
        assert np.isclose(np.mean(view["shift"]), resize_shift(o, n, convention, scale), atol=1e-12), state
        size = {"scale_factor": scale} if scale else {"size": o}
        expected = resize(np.arange(float(n)), coordinates=convention, **size, **READINGS[state["mode"]])
        assert np.allclose(view["values"], expected, atol=1e-12), state
    assert 0 < empty < 200


def test_weights_are_the_columns_of_the_resize(answers):
    """Every unit sample through `resize` is a column of weights."""
    for state, view in list(zip(STATES, answers, strict=True))[::11]:
        if not view["o"] or state["by"] == "scale":
            continue
        n, o = state["samples"], view["o"]
        matrix = np.zeros((o, n))
        for i, weights in enumerate(view["weights"]):
            for one in weights:
                matrix[i, one["j"]] += one["weight"]
        columns = resize(np.eye(n), o, coordinates=state["convention"], **READINGS[state["mode"]])
        np.testing.assert_allclose(matrix, columns.T, atol=1e-12, err_msg=str(state))


def test_equals_torch(answers):
    options = {
        ("linear", "half_pixel"): {"mode": "linear", "align_corners": False},
        ("linear", "align_corners"): {"mode": "linear", "align_corners": True},
        ("floor", "asymmetric"): {"mode": "nearest"},
        ("nearest", "half_pixel"): {"mode": "nearest-exact"},
    }
    compared = 0
    for state, view in zip(STATES, answers, strict=True):
        said = options.get((state["mode"], state["convention"]))
        n, o = state["samples"], state["size"]
        # elsewhere torch's nearest rounds coordinates to float32, and lands on the wrong side of a whole number
        if said is None or state["by"] == "scale" or (state["mode"] != "linear" and max(n, o) % min(n, o)):
            continue
        expected = interpolate(torch.arange(float(n), dtype=torch.float64)[None, None], o, **said)[0, 0].numpy()
        np.testing.assert_allclose(view["values"], expected, atol=1e-12, err_msg=str(state))
        compared += 1
    assert compared > 700


def note(**state):
    html = PixelCentres(**state).static_html()
    return html.split('class="xp-note">')[1].split("</p>")[0]


def test_it_says_which_conventions_can_be_brought_to_rest():
    assert note(convention="half_pixel") == "No shift: nothing moves. Every arrow is upright."
    assert note() == "Shift −0.25 at every output: the picture moves to the left."
    assert "fits: every arrow is upright" in note(move=-0.25)
    assert "the input does not fit." in note(move=0.5)
    assert note(convention="align_corners").startswith(
        "Shifts from −0.25 to +0.25, on average 0: the picture is pulled"
    )
    assert "no other value would do" in note(convention="align_corners", move=0.25)
    factor = {"samples": 5, "by": "scale", "scale": 1.3}
    assert f"average {resize_shift(6, 5, 'half_pixel', 1.3):+.2f}:" in note(convention="half_pixel", **factor)
    assert "on average 0:" in note(convention="half_pixel_symmetric", **factor)


def test_empty_output_has_a_kind_sentence():
    assert "No output is left: ⌊n · factor⌋" in PixelCentres(samples=3, by="scale", scale=0.2).static_html()


@pytest.mark.parametrize(
    "wrong", [{"samples": 0}, {"size": 25}, {"scale": 0.0}, {"convention": "corners"}, {"move": 2}]
)
def test_refuses(wrong):
    with pytest.raises(TraitError):
        PixelCentres(**wrong)


def test_arrows_follow_outputs_and_conventions(show):
    figure = show(PixelCentres())
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    assert (
        status.inner_text()
        == "Output 5 reads c = 5 · 4/8 = 2.5: 0.5·x[2] + 0.5·x[3] = 2.5. It lies at 2.25: shift −0.25."
    )
    figure.page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("Output 6 reads c = 6 · 4/8 = 3: 1·x[3] = 3.")
    figure.page.keyboard.press("ArrowUp")
    assert status.inner_text().startswith("Output 6 reads c = 6 · 3/7 = 2.571: 0.43·x[2] + 0.57·x[3] = 2.57.")
    figure.page.keyboard.press("End")
    assert status.inner_text().startswith("Output 7 reads c = 7 · 3/7 = 3:")
    figure.locator("[data-output='0']").hover()
    assert status.inner_text().startswith("Output 0 reads c = 0 · 3/7 = 0:")


@pytest.mark.parametrize("missed_by", [0, 3, -4])  # pixels: a finger is not more exact
def test_the_input_is_dragged_to_rest(show, missed_by):
    figure = show(PixelCentres())
    box = figure.locator("[data-drag]").bounding_box()
    unit = box["width"] / 4
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    figure.page.mouse.move(x, y)
    figure.page.mouse.down()
    figure.page.mouse.move(x - unit / 4 + missed_by, y)
    figure.page.mouse.up()
    assert "Dragged by −0.25, the input fits" in figure.locator(".xp-note").inner_text()
    assert figure.get_by_role("slider", name="drag the input").input_value() == "-0.25"
