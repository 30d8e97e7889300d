"""The four ways of the explorable equal the library's and torch; forgotten steps equal the same mistakes in torch."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

from resampling import conv_matrix1d, conv_transpose1d, zero_insert
from resampling.explorables import TransposedConvolution

WAYS = {
    "matrix": ("crop", "op"),
    "scatter": ("crop", "op"),
    "zero_insertion": ("zeros", "around", "flip", "crop", "op"),
    "polyphase": ("weave", "crop", "op"),
}
SAMPLES = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0]
TAPS = [2.0, -7.0, 0.5, 3.0, -4.0]  # no symmetry: a flipped kernel cannot pass

ANSWERS = """
const { truth } = module.describe(state);
const named = (names, make) => Object.fromEntries(names.map((name) => [name, make(name)]));
const right = named(module.ALGORITHMS, (way) => module.answer(state, way).values);
const forgetful = (way) => named(module.FORGETTABLE[way], (step) => module.answer(state, way, step).values);
const matrix = truth.o ? module.matrixOf(truth) : [];
const stretched = module.zeroInsert(state.input, state.stride);
return { right, matrix, stretched, wrong: named(module.ALGORITHMS, forgetful) };
"""


def settings():
    for n, k, s, p, d in itertools.product((1, 3, 4), range(1, 6), range(1, 5), (0, 1, 2, 4), (1, 2)):
        for op in range(max(s, d)):
            yield {"input": SAMPLES[:n], "weight": TAPS[:k], "stride": s, "padding": p, "output_padding": op,
                   "dilation": d, "algorithm": "zero_insertion", "step": 0, "forget": "nothing"}  # fmt: skip


STATES = list(settings())


@pytest.fixture(scope="module")
def answers(in_node):
    return in_node("transposed_convolution", ANSWERS, STATES)


def options(state):
    return {name: state[name] for name in ("stride", "padding", "output_padding", "dilation")}


def in_torch(x, w, **options):
    """torch's answer; None for a layer of which nothing is left."""
    try:
        return F.conv_transpose1d(torch.tensor(x)[None], torch.tensor(w)[None, None], **options)[0].double().numpy()
    except RuntimeError:
        return None


def test_four_ways_equal_torch_and_the_library(answers):
    layers = 0
    for state, answer in zip(STATES, answers, strict=True):
        expected = in_torch(state["input"], state["weight"], **options(state))
        x, w = np.array([state["input"]]), np.array([[state["weight"]]])
        for way in WAYS:
            got = answer["right"][way]
            if expected is None:
                assert got == [], (state, way)
                continue
            layers += 1
            np.testing.assert_array_equal(got, expected, err_msg=f"{way} {state}")
            np.testing.assert_array_equal(got, conv_transpose1d(x, w, algorithm=way, **options(state))[0])
        np.testing.assert_array_equal(answer["stretched"], zero_insert(x[0], state["stride"]))
    assert layers > 4000


def test_matrix_is_that_of_the_convolution(answers):
    for state, answer in zip(STATES, answers, strict=True):
        if not answer["matrix"]:
            continue
        rows, o = np.array(answer["matrix"]), len(answer["right"]["matrix"])
        layer = {name: state[name] for name in ("stride", "padding", "dilation")}
        expected = conv_matrix1d(np.array(state["weight"]), o, **layer)
        np.testing.assert_array_equal(rows, expected[: len(rows)], err_msg=str(state))


def careless(state, step):
    """The same mistake, made in torch; None where torch refuses."""
    s, p, op, d = options(state).values()
    x, w = state["input"], torch.tensor(state["weight"], dtype=torch.float64)
    if step == "crop":
        return in_torch(x, state["weight"], **options(state) | {"padding": 0})
    behind = op if step == "op" else 0
    stuffed = np.array(x) if step == "zeros" else zero_insert(np.array(x), s)
    around = 0 if step == "around" else d * (len(w) - 1) - p
    padded = F.pad(torch.tensor(stuffed), (0, op - behind))
    if len(padded) + 2 * around <= d * (len(w) - 1):  # no window
        return np.zeros(behind)
    padded = F.pad(padded, (around, around))
    kernel = w if step == "flip" else w.flip(0)
    return np.append(F.conv1d(padded[None], kernel[None, None], dilation=d)[0].numpy(), np.zeros(behind))


def test_forgotten_steps_equal_the_same_mistakes_in_torch(answers):
    compared = 0
    for state, answer in zip(STATES, answers, strict=True):
        if not answer["matrix"]:
            continue
        mistakes = {step: careless(state, step) for step in ("zeros", "around", "flip", "crop", "op")}
        for way, steps in WAYS.items():
            assert tuple(answer["wrong"][way]) == steps
            for step in set(steps) - {"weave"}:
                got = answer["wrong"][way][step]
                assert len(got) == len(mistakes[step]), (way, step, state)
                assert np.allclose(got, mistakes[step], atol=1e-12), (way, step, state)
                compared += 1
        y, s = np.array(answer["right"]["scatter"]), state["stride"]
        behind_each_other = np.concatenate([y[first::s] for first in range(s)])
        np.testing.assert_array_equal(answer["wrong"]["polyphase"]["weave"], behind_each_other)
    assert compared > 10_000


def test_each_step_is_said_in_every_way(in_node):
    said = """
    const words = module.default.words.en;
    const steps = module.describe(state).steps.length;
    return [...Array(steps).keys()].map((step) => {
      const view = module.describe({ ...state, step });
      const verdict = state.forget === "nothing" ? [] : words.verdict(view, state.forget);
      return [...words.steps[view.now.name](view), ...verdict].flat().join(" ");
    });
    """
    settings = [
        state | {"algorithm": way, "forget": step}
        for state in STATES[::5]
        for way in WAYS
        for step in ("nothing", *WAYS[way])
    ]
    states = [state for state in settings if in_torch(state["input"], state["weight"], **options(state)) is not None]
    told = in_node("transposed_convolution", said, states)
    assert len(states) > 2000
    for sentences in told:
        for sentence in sentences:
            assert len(sentence) > 15
            assert "NaN" not in sentence
            assert "undefined" not in sentence


def test_empty_output_has_a_kind_sentence():
    html = TransposedConvolution(input=[1], weight=[1], padding=1, output_padding=0).static_html()
    assert "Nothing is left: 1 place is painted" in html


def test_figure_of_every_way_and_forgotten_step():
    for way, steps in WAYS.items():
        for step in ("nothing", *steps):
            for stride, padding in ((1, 0), (3, 4)):
                figure = TransposedConvolution(
                    algorithm=way, forget=step, stride=stride, padding=padding, output_padding=0, dilation=2, step=99
                )
                html = figure.static_html()
                assert "NaN" not in html
                assert "undefined" not in html


@pytest.mark.parametrize(
    "wrong", [{"input": []}, {"weight": [1.0] * 6}, {"stride": 0}, {"algorithm": "fft"}, {"forget": "me"}]
)
def test_refuses(wrong):
    with pytest.raises(TraitError):
        TransposedConvolution(**wrong)


def test_arrows_go_through_steps_and_ways(show):
    figure = show(TransposedConvolution())
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    assert status.inner_text() == "Window 1: y[1] = 100·1 + 10·0 + 1·2 = 102."
    figure.page.keyboard.press("ArrowRight")
    assert status.inner_text() == "Window 2: y[2] = 100·0 + 10·2 + 1·0 = 20."
    figure.page.keyboard.press("ArrowUp")
    assert status.inner_text().startswith("Cut 1 in front and p − op = 0 behind: of 7 places 6 are the output")
    figure.page.keyboard.press("ArrowUp")
    assert status.inner_text() == "Column 5: y[5] = 100·3 = 300."
    figure.page.keyboard.press("Home")
    assert status.inner_text().startswith("The matrix C of the convolution from 6 samples to 3")


def test_forgetting_the_flip_shows_wrong_beside_right(show):
    figure = show(TransposedConvolution())
    figure.get_by_role("combobox", name="forget").select_option("flip")
    assert figure.get_by_role("slider", name="step").get_attribute("aria-valuetext") == "10 of 10"
    assert "In the end: 3 wrong." in figure.locator(".xp-status").inner_text()
    figure.get_by_text("The four answers as a table").click()
    figure.locator("table").wait_for()
    rows = [row.split("\t") for row in figure.locator("tbody").inner_text().split("\n")]
    assert rows[0] == ["matrix", "10", "102", "20", "203", "30", "300"]
    assert all(row[1:] == rows[0][1:] for row in rows[:4])
    assert rows[4] == ["forgetful", "10", "201", "20", "302", "30", "3"]
    figure.get_by_role("radio", name="paint").check()  # paint knows no flip
    assert figure.get_by_role("combobox", name="forget").input_value() == "nothing"


def test_typing_and_pointing(show):
    figure = show(TransposedConvolution())
    figure.get_by_role("spinbutton", name="x[1]").fill("-2")
    assert figure.locator(".xp-status").inner_text() == "Window 1: y[1] = 100·1 + 10·0 + 1·(−2) = 98."
    figure.locator("[data-output='0']").first.hover()
    assert figure.locator(".xp-status").inner_text().startswith("Window 0: y[0] = ")


def test_symmetric_taps_hide_the_flip():
    html = TransposedConvolution(weight=[1, 2, 1], forget="flip", step=99).static_html()
    assert "these taps read the same from both ends" in html
