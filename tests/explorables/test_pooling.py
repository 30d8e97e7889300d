"""The moved ring: its pooling, its blur and its score are the library's."""

import itertools
from functools import partial

import numpy as np
import pytest
from traitlets import TraitError

from resampling import binomial, blur_pool1d, consistency, nearest_roll, pool_ring
from resampling.explorables import Pooling

NAMES = ("signal", "mode", "kernel_size", "stride", "blur", "shift")
ALL = itertools.product(
    ("blocks", "step", "wave", "peak", "digits"),
    ("max", "avg", "sample"),
    range(1, 7),
    range(1, 5),
    range(1, 8),
    range(15),
)
STATES = [dict(zip(NAMES, one, strict=True)) for one in itertools.islice(ALL, 0, None, 13)]


def pool(x, state):
    """The same three steps with the library: a window at every place, a blur around the ring, every s-th value."""
    mode, k = ("max", 1) if state["mode"] == "sample" else (state["mode"], state["kernel_size"])
    if state["blur"] == 1:
        return pool_ring(x, mode, k, state["stride"])
    return blur_pool1d(pool_ring(x, mode, k, 1), state["blur"], state["stride"], "circular")


@pytest.fixture(scope="module")
def answers(in_node):
    return list(zip(STATES, in_node("pooling", "return module.describe(state);", STATES), strict=True))


def test_outputs_are_the_library_s(answers):
    assert len(answers) > 2500
    for state, view in answers:
        x, s = np.array(view["x"], float), state["stride"]
        assert len(x) == 16 - 16 % s
        np.testing.assert_array_equal(view["moved"], np.roll(x, state["shift"]))
        np.testing.assert_allclose(view["got"], pool(np.roll(x, state["shift"]), state), atol=1e-12, err_msg=str(state))
        np.testing.assert_allclose(view["still"], pool(x, state), atol=1e-12)
        np.testing.assert_array_equal(view["everywhere"][::s], view["got"])


def test_what_would_follow_is_the_nearest_roll(answers):
    for state, view in answers:
        centre = np.mean(view["x"])
        a, b = np.array(view["got"]), np.array(view["still"])
        wanted = np.roll(b, nearest_roll(a - centre, b - centre))
        # signals that repeat have several nearest rolls: all are equally far
        distances = np.linalg.norm(a - wanted), np.linalg.norm(a - view["wanted"])
        assert distances[0] == pytest.approx(distances[1], abs=1e-9), state
        np.testing.assert_array_equal(view["wanted"], np.roll(b, view["roll"]))


def test_scores_are_the_shift_consistency(answers):
    for state, view in answers:
        score = consistency(partial(pool, state=state), np.array(view["x"], float), state["stride"])
        assert view["consistency"] == pytest.approx(score, abs=1e-6), state
        score = consistency(partial(pool, state=state | {"blur": 1}), np.array(view["x"], float), state["stride"])
        assert view["without"] == pytest.approx(score, abs=1e-6), state
        assert view["score"] == view["scores"][state["shift"] % state["stride"]]


def test_shifts_by_the_stride_are_followed(answers):
    for state, view in answers:
        if state["shift"] % state["stride"] == 0:
            assert view["score"] == pytest.approx(1), state


def test_the_blur_is_binomial(in_node):
    for size, taps in zip(
        range(1, 9), in_node("pooling", "return module.blurTaps(state);", list(range(1, 9))), strict=True
    ):
        np.testing.assert_array_equal(taps, binomial(size))


def test_digits_show_what_a_blur_buys(in_node):
    """Without a window, each wider blur lets the stride follow better."""
    states = [
        {"signal": "digits", "mode": "sample", "kernel_size": 1, "stride": 2, "shift": 1, "blur": b}
        for b in (1, 3, 5, 7)
    ]
    scores = in_node("pooling", "return module.describe(state).consistency;", states)
    assert scores == sorted(scores)
    assert scores[-1] > scores[0] + 0.1


@pytest.mark.parametrize("wrong", [{"signal": "noise"}, {"blur": 8}, {"shift": 16}, {"stride": 0}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Pooling(**wrong)


def test_keys_move_the_signal_around_the_ring(show):
    figure = show(Pooling(stride=3))
    shift, blur = (figure.get_by_role("slider", name=name) for name in ("shift", "blur, taps"))
    figure.locator(".xp-box").first.focus()
    reached = []
    for key in ("Home", "ArrowLeft", "ArrowRight", "End"):
        figure.page.keyboard.press(key)
        reached.append(shift.input_value())
    assert reached == ["0", "14", "0", "14"]
    figure.page.keyboard.press("ArrowUp")
    assert blur.input_value() == "2"
    assert "without the blur" in figure.locator(".xp-note").inner_text()


def test_dragging_moves_the_signal(show):
    figure = show(Pooling())
    status = figure.locator(".xp-status")
    assert "it follows to 0.29" in status.inner_text()
    box, mouse = figure.locator("[data-drag]").bounding_box(), figure.page.mouse
    mouse.move(box["x"] + 200, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + 200 + 34, box["y"] + 40)
    mouse.up()
    assert status.inner_text().startswith("Moved by 2, ")
    assert "It follows: the output is the old one, moved." in status.inner_text()
    figure.locator("rect[data-shift='0']").last.click()
    assert "this is where the comparison starts" in status.inner_text()
    figure.get_by_text("The numbers as a table").click()
    figure.locator("table").wait_for()
    assert figure.locator("tbody tr").count() == 8
