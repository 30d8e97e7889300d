"""The roofline figure counts as the library does, for every operator of its menu."""

import itertools

import numpy as np
import pytest
from traitlets import TraitError

from resampling import (
    Cost,
    blur_pool_cost,
    conv_cost,
    conv_output_size,
    conv_transpose_cost,
    conv_transpose_output_size,
    interpolate_cost,
    pool_cost,
    roofline,
    sub_pixel_cost,
    transposed_to_sub_pixel,
)
from resampling.explorables import CostRoofline
from resampling.explorables.cost import OPERATORS

COUNTS = {"multiplyAdds": "multiply_adds"} | {
    name: name for name in ("parameters", "useful", "other", "bytes", "workspace", "flops", "intensity")
}


def states():
    sizes = itertools.product((1, 6, 64), (1, 2, 5, 28), range(1, 9), range(1, 5))
    for number, (channels, size, kernel, stride) in enumerate(sizes):
        width, depthwise = (2, 4, 8)[number % 3], number % 2 == 1
        for operator in OPERATORS:
            yield {"operator": operator, "channels": channels, "size": size, "kernel": kernel, "stride": stride,
                   "depthwise": depthwise, "width": width, "peak": 2e11, "bandwidth": 7e10}  # fmt: skip


STATES = list(states())


@pytest.fixture(scope="module")
def exact(in_node):
    """Padding and output padding of the transposed layer, and taps and padding of the same as sub-pixel layer."""
    pairs = list(itertools.product(range(1, 9), range(1, 5)))
    body = """
    const [k, s] = state;
    const exact = module.exactPadding(k, s);
    return { ...exact, small: module.phaseKernel(k, s, exact) };
    """
    return dict(zip(pairs, in_node("cost", body, pairs), strict=True))


def expected_cost(state, layer):
    """The library's cost of the operator; ValueError where no window fits."""
    c, n, k, s = (state[name] for name in ("channels", "size", "kernel", "stride"))
    image, groups, half = (1, c, n, n), c if state["depthwise"] else 1, (k - 1) // 2
    dtype = {"dtype_bytes": state["width"]}
    operator = state["operator"]
    if operator in ("polyphase", "scatter", "zero_insertion"):
        weight = (c, c // groups, k, k)
        return conv_transpose_cost(
            image, weight, s, layer["p"], layer["op"], groups=groups, algorithm=operator, **dtype
        )
    if operator == "sub_pixel":
        small = layer["small"]
        weight = (s * s * c, c // groups, small["k"], small["k"])
        if groups == 1:
            return sub_pixel_cost(image, weight, s, small["p"], **dtype)
        conv = conv_cost(image, weight, padding=small["p"], groups=groups, **dtype)  # its copy is that of any layer
        copy = state["width"] * s * s * c * conv_output_size(n, small["k"], 1, small["p"]) ** 2
        return conv + Cost(0, 0, 0, 0, 2 * copy, copy)
    down = {
        "convolution": lambda: conv_cost(image, (c, c // groups, k, k), s, half, groups=groups, **dtype),
        "max_pool": lambda: pool_cost(image, k, s, half, **dtype),
        "average_pool": lambda: pool_cost(image, k, s, half, mode="avg", **dtype),
        "blur_pool": lambda: blur_pool_cost(image, k, s, **dtype),
    }
    return down[operator]() if operator in down else interpolate_cost(image, s * n, operator, **dtype)


def test_costs_and_bounds_are_the_librarys(in_node, exact):
    empty = compared = 0
    answers = in_node("cost", "return module.describe(state).chosen;", STATES)
    for state, found in zip(STATES, answers, strict=True):
        try:
            cost = expected_cost(state, exact[state["kernel"], state["stride"]])
        except ValueError:
            assert found == {"name": state["operator"], "empty": True}, state
            empty += 1
            continue
        for mine, its in COUNTS.items():
            assert found[mine] == pytest.approx(getattr(cost, its), rel=1e-12), (mine, state)
        bound = roofline(cost, state["peak"], state["bandwidth"])
        assert found["seconds"] == pytest.approx(bound.seconds)
        assert found["rate"] == pytest.approx(bound.flops_per_second)
        assert found["bound"] == bound.bound
        compared += 1
    assert compared > 4000
    assert empty > 10


def test_rows_are_those_that_do_the_same_job(in_node):
    body = "const view = module.describe(state); return [view.chosen, view.rows, view.ridge];"
    states = [{**STATES[0], "operator": name, "channels": 8, "size": 9, "kernel": 3, "stride": 2} for name in OPERATORS]
    families = set()
    for chosen, rows, ridge in in_node("cost", body, states):
        assert chosen in rows
        assert ridge == pytest.approx(2e11 / 7e10)
        families.add(tuple(row["name"] for row in rows))
    assert sorted(itertools.chain(*families)) == sorted(OPERATORS)


def test_paddings_give_exact_factors(exact):
    """And the sub-pixel layer is the transposed one, as the library cuts it."""
    for (k, s), layer in exact.items():
        factor_is_exact = s > 1 or k % 2 == 1
        for n in (1, 2, 7):
            o = conv_transpose_output_size(n, k, s, layer["p"], layer["op"])
            assert o == (s * n if factor_is_exact else n + 1), (k, s)
        weight, _, (padding,) = transposed_to_sub_pixel(np.ones((1, 1, k)), s, layer["p"], layer["op"])
        assert (weight.shape[-1], padding) == (layer["small"]["k"], layer["small"]["p"])


def test_quantities_have_three_digits(in_node):
    cases = {
        0: "0 s",
        1: "1 s",
        999.6: "1 ks",
        2.0611e-3: "2.06 ms",
        5.73e-5: "57.3 µs",
        103e-6: "103 µs",
        2e11: "200 Gs",
    }
    found = in_node("cost", "return module.quantity(state, 's');", list(cases))
    assert found == list(cases.values())


def test_no_window_has_a_kind_sentence():
    assert "No window of 4 fits" in CostRoofline(operator="convolution", size=1).static_html()


@pytest.mark.parametrize("wrong", [{"operator": "fft"}, {"channels": 0}, {"kernel": 9}, {"width": 3}, {"peak": 0.0}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        CostRoofline(**wrong)


def test_rows_keys_and_drag(show):
    figure = show(CostRoofline())
    status = figure.locator(".xp-status")
    assert status.inner_text().startswith("transposed, polyphase: 206 M multiply-adds")
    figure.locator("[data-operator=scatter]").click()
    assert status.inner_text().startswith("transposed, scatter:")
    figure.locator(".xp-box").first.focus()
    figure.page.keyboard.press("ArrowDown")
    assert status.inner_text().startswith("transposed, zero insertion:")
    figure.page.keyboard.press("ArrowLeft")
    channels = figure.get_by_role("slider", name="channels C")
    assert channels.get_attribute("aria-valuetext") == "32"
    point = figure.locator("[data-drag]").bounding_box()
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    figure.page.mouse.move(x, y)
    figure.page.mouse.down()
    figure.page.mouse.move(x - 85, y, steps=3)
    figure.page.mouse.up()
    assert channels.get_attribute("aria-valuetext") == "8"


def test_machine_moves_the_ridge(show):
    figure = show(CostRoofline(peak=1e11, bandwidth=1e10))
    status = figure.locator(".xp-status")
    assert "the ridge 10: the bound is arithmetic" in status.inner_text()
    figure.get_by_role("slider", name="peak, flop/s").fill("15")
    assert "below the ridge 100000: the bound is memory" in status.inner_text()
