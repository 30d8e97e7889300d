"""The explorables' own arithmetic equals torch, and their Python side says the same as their JavaScript side."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

from resampling.explorables import ConvolutionMatrix

LINE = {"mode": "1d", "length": 5, "stride": 1, "padding": 0, "dilation": 1, "weight": [1.0, 2.0, 3.0]}
# k distinct weights without symmetry: a flipped or shifted kernel cannot pass
WEIGHTS = [2.0, -1.0, 0.5, 3.0, 7.0, -4.0, 1.5, 5.0, -2.5]

ANSWER = """
const view = module.describe(state);
const rows = view.y.map((_, i) => module.rowTerms(view, i));
const columns = view.x.map((_, j) => module.columnTerms(view, j));
return { C: view.C, x: view.x, y: view.y, outShape: view.outShape, rows, columns };
"""


def lines():
    for n, k, s, p, d in itertools.product(range(1, 11), range(1, 6), range(1, 5), range(4), range(1, 4)):
        yield {"mode": "1d", "length": n, "weight": WEIGHTS[:k], "stride": s, "padding": p, "dilation": d}


def images():
    for height, width, k_h, k_w, s, p in itertools.product((2, 3, 4), (2, 3, 4), (1, 2, 3), (1, 2, 3), (1, 2), (0, 1)):
        weight = [WEIGHTS[row * k_w : (row + 1) * k_w] for row in range(k_h)]
        yield {"mode": "2d", "height": height, "width": width, "weight2d": weight, "stride": s, "padding": p}


STATES = [*lines(), *images()]


@pytest.fixture(scope="module")
def answers(in_node):
    return in_node("convolution_matrix", ANSWER, STATES)


def torch_matrix(state):
    """Column j is torch's convolution of the j-th basis vector; None when no window fits."""
    options = {"stride": state["stride"], "padding": state["padding"], "dilation": state.get("dilation", 1)}
    two = state["mode"] == "2d"
    shape = (state["height"], state["width"]) if two else (state["length"],)
    weight = torch.tensor(state["weight2d"] if two else state["weight"])[None, None]
    if any(
        n + 2 * options["padding"] < options["dilation"] * (k - 1) + 1
        for n, k in zip(shape, weight.shape[2:], strict=True)
    ):
        return None
    size = int(np.prod(shape))
    basis = torch.eye(size).reshape(size, 1, *shape)
    out = (F.conv2d if two else F.conv1d)(basis, weight, **options)
    return out.reshape(size, -1).T.numpy()


def test_equals_torch(answers):
    fitting = 0
    for state, view in zip(STATES, answers, strict=True):
        expected = torch_matrix(state)
        if expected is None:
            assert view["C"] == [] == view["y"], state
            continue
        fitting += 1
        np.testing.assert_array_equal(np.array(view["C"]), expected, err_msg=str(state))
        np.testing.assert_allclose(view["y"], expected @ np.array(view["x"], float), err_msg=str(state))
    assert fitting > 2000


def test_rows_and_columns_tell_the_matrix(answers):
    for state, view in zip(STATES, answers, strict=True):
        by_rows, by_columns = (np.zeros((len(view["y"]), len(view["x"]))) for _ in range(2))
        for i, terms in enumerate(view["rows"]):
            for term in terms:
                by_rows[i, term["j"]] = term["weight"]
        for j, terms in enumerate(view["columns"]):
            for term in terms:
                by_columns[term["i"], j] = term["weight"]
        matrix = np.array(view["C"]).reshape(by_rows.shape)
        assert np.array_equal(by_rows, matrix), state
        assert np.array_equal(by_columns, matrix), state


def test_empty_output_has_a_kind_sentence():
    assert "No window fits" in ConvolutionMatrix(weight=[1, 2, 3], length=2).static_html()


@pytest.mark.parametrize("wrong", [{"length": 0}, {"length": 11}, {"weight": []}, {"stride": 0}, {"mode": "3d"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        ConvolutionMatrix(**wrong)


def test_arrows_follow_rows_and_columns(show):
    figure = show(ConvolutionMatrix())
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    assert status.inner_text().startswith("Row 0: y[")
    figure.page.keyboard.press("ArrowDown")
    assert status.inner_text().startswith("Row 1: y[")
    figure.page.keyboard.press("ArrowRight")
    assert "is row 0 of the transpose" in status.inner_text()
    stride = figure.get_by_role("slider", name="stride s")
    stride.focus()
    figure.page.keyboard.press("ArrowRight")
    assert stride.input_value() == "2"


def test_controls(show):
    figure = show(ConvolutionMatrix(weight=[1, 2, 3], length=6, stride=2, padding=1))
    figure.get_by_role("radio", name="2-D").check()
    assert "oH = " in figure.locator(".xp-note").inner_text()
    figure.get_by_role("radio", name="1-D").check()
    figure.get_by_role("slider", name="input length n").fill("1")
    figure.get_by_role("slider", name="padding p").fill("0")
    figure.get_by_role("slider", name="kernel size k").fill("5")
    assert "No window fits" in figure.locator(".xp-status").inner_text()
    figure.get_by_role("slider", name="padding p").fill("2")
    figure.get_by_role("spinbutton", name="w[2]").fill("-0.5")
    assert figure.locator(".xp-status").inner_text().startswith("Row 0: y[0] = (−0.5)·x[0] = (−0.5)·3 = −1.5.")
    figure.get_by_text("The matrix as a table").click()
    figure.locator("table").wait_for()
    assert figure.locator("table td").all_inner_texts() == ["−0.5", "−1.5"]


def test_pointing_at_an_output_follows_its_row(show):
    figure = show(ConvolutionMatrix())
    figure.locator("rect.out").nth(2).hover()
    assert figure.locator(".xp-status").inner_text().startswith("Row 2: y[2] = ")
