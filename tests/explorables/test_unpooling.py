"""What the explorable pools and lays out again equals the library and torch."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

from resampling import avg_pool2d, bed_of_nails, max_pool2d, max_unpool2d
from resampling.explorables import Unpooling

WAYS = ("indices", "nails", "nearest", "average")


def settings():
    rng = np.random.default_rng(0)
    for side, k, s, draw in itertools.product(range(2, 7), range(1, 4), range(1, 4), range(12)):
        # the first ones repeat their numbers, so that maxima are shared
        picture = (
            rng.integers(-3, 4, (side, side)) if draw < 6 else rng.permutation(side * side).reshape(side, side) - 9
        )
        for values in ("pooled", "own"):
            yield {"picture": picture.tolist(), "kernel_size": k, "stride": s, "way": WAYS[draw % 4],
                   "values": values, "row": draw % side, "column": (draw // 2) % side}  # fmt: skip


STATES = list(settings())


@pytest.fixture(scope="module")
def answers(in_node):
    return in_node("unpooling", "return module.describe(state);", STATES)


def fitted(x, side):
    """`x` cut or filled with zeros to a picture of `side`."""
    out = np.zeros((side, side))
    part = x[:side, :side]
    out[: part.shape[0], : part.shape[1]] = part
    return out


def test_equals_the_library(answers):
    laid = 0
    for state, view in zip(STATES, answers, strict=True):
        x, k, s = np.array(state["picture"], float), state["kernel_size"], state["stride"]
        side = len(x)
        if side < k:
            assert view["o"] == 0, state
            continue
        y, index = (a[0] for a in max_pool2d(x[None], k, s, return_indices=True))
        np.testing.assert_array_equal(view["maxima"], y, err_msg=str(state))
        np.testing.assert_array_equal(view["index"], index.ravel(), err_msg=str(state))
        own = np.arange(1.0, y.size + 1).reshape(y.shape)
        lay, average = (y, avg_pool2d(x[None], k, s)[0]) if state["values"] == "pooled" else (own, own)
        expected = {
            "indices": max_unpool2d(lay[None], index[None], k, s, output_size=(side, side))[0],
            "nails": fitted(bed_of_nails(lay, (s, s)), side),
            "nearest": fitted(lay.repeat(s, 0).repeat(s, 1), side),
            "average": fitted(average.repeat(s, 0).repeat(s, 1), side),
        }
        for way, u in expected.items():
            np.testing.assert_allclose(view["results"][way], u, atol=1e-12, err_msg=f"{way} {state}")
            laid += 1
        for summary, (way, u) in zip(view["summaries"], expected.items(), strict=True):
            assert summary["way"] == way
            assert summary["kept"] == np.isclose(u, x).sum()
            assert np.isclose(summary["sum"], u.sum())
            assert summary["same"] == np.isclose(max_pool2d(u[None], k, s)[0], y).sum()
        overwritten = sum(w in index.ravel()[i + 1 :] for i, w in enumerate(index.ravel()))
        assert len(view["overwritten"]) == (overwritten if state["way"] == "indices" else 0)
    assert laid > 4000


def test_equals_torch(answers):
    """Where indices differ from each other, or all values at one index are equal."""
    compared = 0
    for state, view in zip(STATES, answers, strict=True):
        side, k, s = len(state["picture"]), state["kernel_size"], state["stride"]
        if side < k or state["values"] == "own":
            continue
        x = torch.tensor(state["picture"], dtype=torch.float64)[None]
        y, index = F.max_pool2d(x, k, s, return_indices=True)
        u = F.max_unpool2d(y, index, k, s, output_size=(side, side))
        np.testing.assert_array_equal(view["results"]["indices"], u[0].numpy(), err_msg=str(state))
        compared += 1
    assert compared > 450


def test_covering_and_finding_windows(answers):
    for state, view in zip(STATES, answers, strict=True):
        k, s, (row, column) = state["kernel_size"], state["stride"], (state["row"], state["column"])
        windows = [(i, j) for i in range(view["o"]) for j in range(view["o"])]
        covering = [w for w, (i, j) in enumerate(windows) if 0 <= row - s * i < k and 0 <= column - s * j < k]
        assert view["covering"] == covering, state
        assert set(view["found"]) <= set(covering), state


def test_picture_without_a_window_has_a_kind_sentence():
    assert "No window fits: it has 3 × 3 pixels" in Unpooling(picture=[[1, 2], [3, 4]], kernel_size=3).static_html()


@pytest.mark.parametrize(
    "wrong",
    [{"picture": [[1.0]]}, {"picture": [[1, 2], [3, 4], [5, 6]]}, {"kernel_size": 4}, {"stride": 0}, {"way": "up"}],
)
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Unpooling(**wrong)


def test_keys_move_and_change_pixels(show):
    figure = show(Unpooling())
    status, note = figure.locator(".xp-status"), figure.locator(".xp-note")
    figure.locator(".xp-box").first.focus()
    assert (
        status.inner_text()
        == "x[1,0] = 5 is the maximum of window 0: index 4. There stands now u[1,0] = 5, which is right."
    )
    assert note.inner_text().startswith("4 pixels of 16 are what they were; the sum was 8 and is 15.")
    assert "Pooled again, 3 windows of 4 give the same maximum." in note.inner_text()
    figure.page.keyboard.press("ArrowUp")
    assert "x[0,0] = 1 is not the maximum of window 0: that is 5." in status.inner_text()
    for _ in range(5):
        figure.page.keyboard.press("+")
    assert status.inner_text().startswith("x[0,0] = 6 is the maximum of window 0: index 0.")
    figure.page.keyboard.press("-")  # as large as the other one: the first counts
    assert status.inner_text().startswith("x[0,0] = 5 is the maximum of window 0: index 0.")


def test_pixels_are_clicked_and_dragged(show):
    figure = show(Unpooling())
    status = figure.locator(".xp-status")
    box = figure.locator("[data-drag='5']").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    figure.page.mouse.move(x, y)
    assert status.inner_text().startswith("x[1,1] = 2 is not the maximum")
    figure.page.mouse.down()
    assert status.inner_text().startswith("x[1,1] = 3 ")
    figure.page.mouse.move(x, y - 40)
    figure.page.mouse.up()
    assert status.inner_text().startswith("x[1,1] = 7 is the maximum of window 0: index 5.")
    figure.locator("[data-way='nearest']").first.click()
    assert figure.get_by_role("radio", name="copies", exact=True).is_checked()


def test_values_that_meet(show):
    figure = show(Unpooling(picture=[[0.0] * 5] * 5, kernel_size=3))
    figure.get_by_role("combobox", name="start from").select_option("peak")
    figure.get_by_role("radio", name="other values").check()
    said = figure.locator(".xp-status").inner_text()
    assert "is the maximum of windows 0, 1, 2, 3: index 12." in said
    assert "4 values were sent here, 1, 2, 3, 4; the last one stays: u[2,2] = 4." in said
    assert figure.locator(".xp-note").inner_text() == "4 windows found 1 pixel. 3 values of 4 are overwritten."
