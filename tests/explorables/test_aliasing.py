"""Where frequencies land, what filters pass and what is left of the zone plate: as the library says."""

import itertools

import numpy as np
import pytest
from traitlets import TraitError

from resampling import alias_frequency, frequency_response
from resampling.explorables import Aliasing
from resampling.figures.aliasing import false_rings, prefilter, shrunk, zone_plate

FILTERS = {
    "none": "none",
    "average": "average",
    "binomial3": "binomial 3",
    "binomial5": "binomial 5",
    "sinc": "windowed sinc",
}
FREQUENCIES = np.linspace(0, 1, 601).tolist()


def test_frequencies_land_where_the_library_says(in_node):
    cases = list(itertools.product(FREQUENCIES, range(1, 7)))
    landed = in_node("aliasing", "return module.aliasFrequency(...state);", cases)
    assert landed == [alias_frequency(f, s) for f, s in cases]


def test_the_alias_goes_through_every_kept_sample(in_node):
    states = [{"mode": "wave", "frequency": f / 100, "factor": s} for f in range(101) for s in range(1, 7)]
    for state, kept in zip(states, in_node("aliasing", "return module.describe(state).kept;", states), strict=True):
        f, s = state["frequency"], state["factor"]
        samples = np.cos(2 * np.pi * f * np.arange(25))[::s]
        np.testing.assert_allclose([one["value"] for one in kept], samples, atol=1e-9)
        np.testing.assert_allclose([one["alias"] for one in kept], samples, atol=1e-9)


@pytest.mark.parametrize("top", [0.5, 1])
def test_all_frequencies_with_the_same_samples_are_told(in_node, top):
    cases = [(f / 100, s, top) for f in range(int(100 * top) + 1) for s in range(1, 7)]
    for (f, s, _), found in zip(cases, in_node("aliasing", "return module.alike(...state);", cases), strict=True):
        grid = np.arange(round(100 * s * top) + 1) / (100 * s)  # every solution is a multiple of 1/(100 s)
        same = grid[np.abs(alias_frequency(grid, s) - alias_frequency(f, s)) < 1e-9]
        np.testing.assert_allclose(found, same, atol=1e-12, err_msg=f"{f} {s}")


def test_filters_and_their_gains(in_node):
    cases = list(itertools.product(FILTERS, range(1, 7)))
    body = """
    const taps = module.FILTERS[state[0]](state[1]);
    return { taps, gains: state[2].map((f) => module.gain(taps, f)) };
    """
    frequencies = np.linspace(0, 0.5, 101)
    answers = in_node("aliasing", body, [(*one, frequencies.tolist()) for one in cases])
    for (name, s), answer in zip(cases, answers, strict=True):
        taps = prefilter(FILTERS[name], s)
        np.testing.assert_allclose(answer["taps"], taps, atol=1e-12, err_msg=f"{name} {s}")
        response = np.abs(frequency_response(taps, frequencies))
        np.testing.assert_allclose(answer["gains"], response, atol=1e-12)


def test_the_zone_plate_and_what_is_left_of_it(in_node):
    cases = list(itertools.product(FILTERS, range(2, 7)))
    states = [{"mode": "zone", "frequency": 0.4, "factor": s, "filter": name} for name, s in cases]
    body = "const { small, rings } = module.describe(state); return { small, rings };"
    for (name, s), answer in zip(cases, in_node("aliasing", body, states), strict=True):
        small = shrunk(zone_plate(128), s, prefilter(FILTERS[name], s))
        np.testing.assert_allclose(answer["small"], small, atol=1e-9, err_msg=f"{name} {s}")
        assert answer["rings"] == pytest.approx(false_rings(small, s), abs=1e-9)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frequency": 0.25}, "at most half a cycle"),
        ({"frequency": 0.26}, "Whole cycles do not show"),
        ({"frequency": 0.3, "factor": 1}, "Even with every sample kept"),
        ({"mode": "zone", "factor": 4, "filter": "sinc"}, "The filter lets"),
    ],
)
def test_every_case_has_its_sentence(given, words):
    assert words in Aliasing(**given).static_html()


@pytest.mark.parametrize("wrong", [{"frequency": 1.1}, {"factor": 0}, {"filter": "Gauss"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Aliasing(**wrong)


def test_keys(show):
    figure = show(Aliasing())
    frequency, step = (figure.get_by_role("slider", name=name) for name in ("frequency f", "keep one in s"))
    figure.locator(".xp-box").first.focus()
    for key in ("ArrowRight", "ArrowUp"):
        figure.page.keyboard.press(key)
    assert (frequency.input_value(), step.input_value()) == ("0.46", "3")
    figure.get_by_role("radio", name="a zone plate").check()
    figure.locator(".xp-box").first.focus()
    figure.page.keyboard.press("End")
    assert frequency.input_value() == "0.5"
    assert figure.locator("image").count() == 2


def test_pointing_at_the_folding_line_and_at_the_rings(show):
    figure = show(Aliasing(frequency=0.1))
    frequency = figure.get_by_role("slider", name="frequency f")
    line = figure.locator("[data-drag=line]").bounding_box()
    figure.page.mouse.click(line["x"] + 10 + (line["width"] - 14) / 2, line["y"] + 50)
    assert float(frequency.input_value()) == pytest.approx(0.5, abs=0.02)
    figure.get_by_role("radio", name="a zone plate").check()
    plate = figure.locator("[data-drag=plate]").first.bounding_box()
    figure.page.mouse.click(plate["x"] + plate["width"] * 0.7, plate["y"] + 100)
    assert float(frequency.input_value()) == pytest.approx(0.2, abs=0.02)
    assert "At the mark the rings have f = 0.2" in figure.locator(".xp-status").inner_text()
