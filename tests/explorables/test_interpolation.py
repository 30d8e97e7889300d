"""The kernels, the weights that they give and what they pass: the library's."""

import itertools
from functools import partial

import numpy as np
import pytest
from traitlets import TraitError

import resampling
from resampling import interpolation_matrix
from resampling.explorables import Interpolation

SHAPES = {
    "nearest": resampling.box,
    "linear": resampling.tent,
    "cubic": resampling.keys,
    "mitchell": resampling.mitchell_netravali,
    "lanczos": resampling.lanczos,
}
SLOPES = (-1.0, -0.75, -0.5, -0.2, 0.0)
CASES = [(name, a) for name in SHAPES for a in (SLOPES if name == "cubic" else SLOPES[2:3])]


def shape(name, a):
    return partial(resampling.keys, a=a) if name == "cubic" else SHAPES[name]


@pytest.fixture(scope="module")
def samples(in_node):
    return np.array(in_node("interpolation", "return module.SAMPLES;", [None])[0])


def test_kernels(in_node):
    places = np.linspace(-3.5, 3.5, 701)  # ends and whole distances are among them
    body = "return state[2].map((t) => module.KERNELS[state[0]].at(t, state[1]));"
    answers = in_node("interpolation", body, [(*one, places.tolist()) for one in CASES])
    for case, values in zip(CASES, answers, strict=True):
        np.testing.assert_allclose(values, shape(*case)(places), atol=1e-13, err_msg=str(case))


def test_weights_and_values_on_every_place_of_the_slider(in_node, samples):
    places = np.linspace(0, 7, 141)
    body = "return state.places.map((c) => module.weightsAt(state, c).weights);"
    states = [{"kernel": name, "a": a, "stretch": 1, "places": places.tolist()} for name, a in CASES]
    for (name, a), weights in zip(CASES, in_node("interpolation", body, states), strict=True):
        options = {"a": a} if name == "cubic" else {}
        matrix = interpolation_matrix(8, 141, mode=name, coordinates="align_corners", **options)
        if name == "nearest":  # half-way the rule for ties decides: here the sample behind, as in `box`
            ties = places % 1 == 0.5
            assert all(np.argmax(np.array(weights)[ties], 1) == places[ties] + 0.5)
            weights, matrix = np.array(weights)[~ties], matrix[~ties]
        np.testing.assert_allclose(weights, matrix, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(np.array(weights) @ samples, matrix @ samples, atol=1e-12)


def test_a_stretched_kernel_is_the_antialias_of_resize(in_node):
    cases = list(itertools.product((c for c in CASES if c[0] != "nearest"), range(2, 8)))
    states = []
    for (name, a), o in cases:
        places = (np.arange(o) + 0.5) * 8 / o - 0.5
        states.append({"kernel": name, "a": a, "stretch": 8 / o, "places": places.tolist()})
    body = "return state.places.map((c) => module.weightsAt(state, c).weights);"
    for ((name, a), o), weights in zip(cases, in_node("interpolation", body, states), strict=True):
        options = {"a": a} if name == "cubic" else {}
        matrix = interpolation_matrix(8, o, mode=name, antialias=True, **options)
        np.testing.assert_allclose(weights, matrix, atol=1e-12, err_msg=f"{name} {o}")


def responses(in_node, frequencies):
    """What each kernel passes, as the module computes it."""
    body = "return state.f.map((f) => module.response(state, f));"
    states = [{"kernel": name, "a": a, "f": frequencies.tolist()} for name, a in CASES]
    return dict(zip(CASES, np.array(in_node("interpolation", body, states)), strict=True))


def test_a_response_is_the_kernel_s_fourier_transform(in_node):
    frequencies, t = np.linspace(0, 4, 81), np.linspace(-4, 4, 16001)
    waves = np.cos(2 * np.pi * frequencies[:, None] * t)
    for case, gains in responses(in_node, frequencies).items():
        k = shape(*case)(t)
        np.testing.assert_allclose(gains, waves @ k / k.sum(), atol=1e-3, err_msg=str(case))


def test_the_response_of_box_and_tent_is_a_power_of_the_sinc(in_node):
    frequencies = np.linspace(0.01, 4, 200)
    found = responses(in_node, frequencies)
    np.testing.assert_allclose(found["nearest", -0.5], np.sinc(frequencies), atol=1e-4)
    np.testing.assert_allclose(found["linear", -0.5], np.sinc(frequencies) ** 2, atol=1e-4)


def test_the_response_vanishes_at_whole_frequencies(in_node):
    found = responses(in_node, np.arange(1.0, 4))
    for (name, _), gains in found.items():
        assert (np.abs(gains).max() < 1e-4) == (name != "lanczos"), name


def test_partition_of_unity(in_node):
    """The sum of the raw weights is 1 at every place, for all kernels but Lanczos."""
    places = np.linspace(0, 7, 141).tolist()
    states = [{"kernel": name, "a": a, "stretch": 1, "places": places} for name, a in CASES]
    body = "return state.places.map((c) => module.weightsAt(state, c).sum);"
    for (name, a), sums in zip(CASES, in_node("interpolation", body, states), strict=True):
        off = np.abs(np.array(sums) - 1).max()
        assert (off < 1e-12) == (name != "lanczos"), (name, a, off)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "1.908"),
        ({"kernel": "linear"}, "The weights add up to 1."),
        ({"kernel": "lanczos"}, "Before the division the weights add up to"),
        ({"position": 0.3}, "is for places outside"),
        ({"stretch": 2.0}, "2 times as wide"),
        ({"kernel": "lanczos", "stretch": 3.0}, "8 products, together"),
    ],
)
def test_every_case_has_its_sentence(given, words):
    assert words in Interpolation(**given).static_html()


@pytest.mark.parametrize("wrong", [{"position": 7.1}, {"a": 0.5}, {"stretch": 0.5}, {"kernel": "sinc"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        Interpolation(**wrong)


def test_keys_move_the_kernel_and_choose_another(show):
    figure = show(Interpolation())
    place = figure.get_by_role("slider", name="wanted place c")
    assert figure.get_by_role("slider", name="slope a").count() == 1
    figure.locator(".xp-box").first.focus()
    reached = []
    for key in ("ArrowRight", "End", "ArrowRight", "Home"):
        figure.page.keyboard.press(key)
        reached.append(place.input_value())
    assert reached == ["1.65", "7", "7", "0"]
    figure.page.keyboard.press("ArrowUp")
    assert figure.get_by_role("radio", name="linear").is_checked()
    assert figure.get_by_role("slider", name="slope a").count() == 0


def test_dragging_the_kernel(show):
    figure = show(Interpolation())
    place = figure.get_by_role("slider", name="wanted place c")
    box, mouse = figure.locator("[data-drag]").bounding_box(), figure.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    mouse.down()
    mouse.up()
    assert place.input_value() == "3.5"
    figure.get_by_text("The numbers as a table").click()
    figure.locator("table").wait_for()
    assert figure.locator("tbody tr").count() == 8
