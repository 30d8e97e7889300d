"""The explorable's matrices, inner products and ways back equal the library's, torch's and NumPy's."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

from resampling import conv1d, conv1d_adjoint, conv_matrix1d, lstsq_deconvolve
from resampling.explorables import Adjoint

SAMPLES = [3.0, -1.0, 4.0, 0.5, -5.0, 9.0]
TAPS = ([2.0, -7.0, 0.5, 3.0], [1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.6])
VECTOR = [1.5, -2.0, 3.0, 7.0, -4.0, 0.25, 2.0, -1.0, 5.0, 1.0]


def settings():
    for n, k, s, p, taps in itertools.product(range(2, 7), range(1, 5), range(1, 4), range(3), TAPS):
        yield {"mode": "pair", "x": SAMPLES[:n], "weight": taps[:k], "stride": s, "padding": p, "v": VECTOR,
               "row": 0, "column": 0}  # fmt: skip


STATES = list(settings())


@pytest.fixture(scope="module")
def answers(in_node):
    return in_node("adjoint", "return module.describe(state);", STATES)


def test_equals_the_library_and_torch(answers):
    layers = 0
    for state, view in zip(STATES, answers, strict=True):
        x, w, n = np.array(state["x"]), np.array(state["weight"]), len(state["x"])
        layer = {"stride": state["stride"], "padding": state["padding"]}
        if n + 2 * state["padding"] < len(w):
            assert view["C"] == [], state
            continue
        layers += 1
        np.testing.assert_array_equal(view["C"], conv_matrix1d(w, n, **layer))
        np.testing.assert_array_equal(view["T"], np.array(view["C"]).T)
        np.testing.assert_allclose(view["y"], conv1d(x[None], w[None, None], **layer)[0], atol=1e-12)
        v = np.array(view["v"])
        np.testing.assert_array_equal(v, VECTOR[: len(view["C"])])
        told = conv1d_adjoint(v[None], w[None, None], n, **layer)[0]
        np.testing.assert_allclose(view["told"], told, atol=1e-12)
        op = (n + 2 * state["padding"] - len(w)) % state["stride"]
        rows = torch.tensor(v)[None], torch.tensor(w)[None, None]
        expected = F.conv_transpose1d(*rows, output_padding=op, **layer)[0].numpy()
        np.testing.assert_allclose(view["told"], expected, atol=1e-12, err_msg=str(state))
        np.testing.assert_allclose(view["products"], [np.dot(view["y"], v), np.dot(x, told)], atol=1e-9)
        assert np.isclose(*view["products"])
    assert layers > 650


def test_ways_back(answers):
    for state, view in zip(STATES, answers, strict=True):
        if not view["C"]:
            continue
        C, x, y = (np.array(view[name]) for name in ("C", "x", "y"))
        np.testing.assert_allclose(view["back"], C.T @ y, atol=1e-9)
        np.testing.assert_allclose(view["least"], np.linalg.pinv(C, rcond=1e-10) @ y, atol=1e-9, err_msg=str(state))
        np.testing.assert_allclose(view["leastAgain"], y, atol=1e-8)
        nearest = np.linalg.lstsq(C.T @ y[:, None], x, rcond=None)[0][0] if np.any(C.T @ y) else 0
        assert np.isclose(view["multiple"], nearest, atol=1e-9), state
        assert np.isclose(view["far"], np.linalg.norm(view["multiple"] * np.array(view["back"]) - x))
        assert view["near"] <= view["far"] + 1e-9


def test_least_squares_is_the_librarys(answers):
    for state, view in list(zip(STATES, answers, strict=True))[::9]:
        if view["C"]:
            y, w, n = np.array(view["y"], float), np.array(state["weight"]), len(state["x"])
            layer = {"stride": state["stride"], "padding": state["padding"]}
            library = lstsq_deconvolve(y[None], w[None, None], n, **layer, tol=1e-12, max_iterations=200)[0]
            np.testing.assert_allclose(view["least"], library, atol=1e-6, err_msg=str(state))


def test_pseudo_inverse_of_any_small_matrix(in_node):
    rng = np.random.default_rng(0)
    matrices = []
    for _ in range(300):
        rows, columns = rng.integers(1, 8, 2)
        rank = rng.integers(0, min(rows, columns) + 1)
        matrices.append((rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))).tolist())
    inverses = in_node("adjoint", "return module.pseudoInverse(state);", matrices)
    for matrix, inverse in zip(matrices, inverses, strict=True):
        expected = np.linalg.pinv(np.array(matrix), rcond=1e-10)
        np.testing.assert_allclose(inverse, expected, rtol=1e-6, atol=1e-9 * (1 + abs(expected).max()))


def note(**state):
    html = Adjoint(mode="back", **state).static_html()
    return html.split('class="xp-note">')[1].split("</p>")[0]


def test_it_says_when_the_transpose_is_the_pseudo_inverse():
    assert "the transpose and least squares agree" in note(x=[1, 2, 3, 4], weight=[0.6, 0.8], stride=2)
    assert "the transpose brings it back" in note(x=[1, 2, 3], weight=[1])
    assert "nothing was lost" in note(x=[1, 2, 3], weight=[1, 2], padding=1)
    assert "C⁺Cx 0.65; CᵀCx 0.95" in note(x=[1, 2, 3], weight=[1, 2])


def test_empty_output_has_a_kind_sentence():
    assert "No window fits: the kernel has 4 taps" in Adjoint(x=[1, 2], weight=[1, 2, 3, 4]).static_html()


@pytest.mark.parametrize("wrong", [{"x": [1.0]}, {"weight": []}, {"stride": 4}, {"mode": "both"}, {"row": -1}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Adjoint(**wrong)


def test_arrows_move_through_the_matrix(show):
    figure = show(Adjoint())
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    assert status.inner_text().startswith("C[1,1] = 1 joins sample 1 and output 1")
    assert status.inner_text().endswith("= 12, ⟨x, Cᵀv⟩ = 1·4 + 2·7 + 3·(−2) = 12.")
    figure.page.keyboard.press("ArrowUp")
    figure.page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("C[0,2] = 0: sample 2 and output 0 have nothing")
    figure.locator("[data-row='1'][data-column='2']").last.hover()  # in the transpose
    assert "2·3·(−1) = −6 is a part of both sums" in status.inner_text()


def test_bars_are_dragged_and_moved_by_keys(show):
    figure = show(Adjoint(mode="back"))
    status = figure.locator(".xp-status")
    assert not figure.get_by_role("spinbutton", name="v[0]").is_visible()
    assert "Vector v" not in figure.inner_text()
    figure.locator(".xp-box").first.focus()
    figure.page.keyboard.press("ArrowUp")
    assert status.inner_text().startswith("x[1] = 3.")
    box = figure.locator("[data-drag='2']").bounding_box()
    figure.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    figure.page.mouse.down()
    figure.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 40)
    figure.page.mouse.up()
    assert status.inner_text().startswith("x[2] = −2.")
    assert figure.get_by_role("spinbutton", name="x[2]").input_value() == "-2"
