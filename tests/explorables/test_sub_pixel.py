"""The sub-pixel figure's own arithmetic equals the library's: both orders, both ways, and the kernels of the phases."""

import itertools

import numpy as np
import pytest
from traitlets import TraitError

from resampling import (
    conv1d,
    conv_transpose1d,
    pixel_shuffle,
    pixel_unshuffle,
    sub_pixel_to_transposed,
    transposed_to_sub_pixel,
)
from resampling.explorables import SubPixel

SHUFFLES = [
    {"rows": rows, "columns": columns, "maps": maps, "order": order, "show": show, "pixel": 0}
    for rows, columns, maps in itertools.product((1, 2, 3), repeat=3)
    for order in ("CRD", "DCR")
    for show in ("shuffle", "unshuffle")
]
KERNELS = [
    {"show": "kernel", "taps": k, "stride": s, "padding": p, "output": 0}
    for k, s, p in itertools.product(range(1, 9), range(1, 4), range(5))
    if p < k
]


def test_shuffles_and_unshuffles(in_node):
    answers = in_node("sub_pixel", "return module.describe(state);", SHUFFLES)
    for state, view in zip(SHUFFLES, answers, strict=True):
        factor, maps = (state["rows"], state["columns"]), state["maps"]
        small, large = (maps * factor[0] * factor[1], 2, 2), (maps, 2 * factor[0], 2 * factor[1])
        channels, shuffled = np.reshape(view["channels"], small), np.reshape(view["maps"], large)
        np.testing.assert_array_equal(pixel_shuffle(channels, factor, state["order"]), shuffled, err_msg=str(state))
        np.testing.assert_array_equal(pixel_unshuffle(shuffled, factor, state["order"]), channels)
        counted = channels if state["show"] == "shuffle" else shuffled
        np.testing.assert_array_equal(counted.ravel(), np.arange(counted.size))


def test_every_sample_knows_where_it_comes_from(in_node):
    """The source of each pixel of every setting, by name, against a shuffle of channels that hold their own index."""
    body = """
    const { rows, columns, maps } = state;
    const all = [];
    for (let c = 0; c < maps; c++) for (let y = 0; y < 2 * rows; y++) for (let x = 0; x < 2 * columns; x++)
      all.push(module.source(state, [c, y, x]));
    return [all, module.owners(state)];
    """
    for state, (sources, owners) in zip(SHUFFLES, in_node("sub_pixel", body, SHUFFLES), strict=True):
        factor, maps = (state["rows"], state["columns"]), state["maps"]
        shape = (maps * factor[0] * factor[1], 2, 2)
        for axis, index in enumerate(np.indices(shape)):
            expected = pixel_shuffle(index, factor, state["order"]).ravel()
            np.testing.assert_array_equal([source[axis] for source in sources], expected)
        channel = np.indices(shape)[0]
        out = pixel_shuffle(channel, factor, state["order"])
        assert owners == [int(np.argwhere(out == c)[0, 0]) for c in range(shape[0])]


def test_transposed_kernels_are_cut_into_phases(in_node):
    x = np.array([[3.0, 1, 4, 1]])
    filled = 0
    for state, view in zip(KERNELS, in_node("sub_pixel", "return module.describe(state);", KERNELS), strict=True):
        s, p = state["stride"], state["padding"]
        taps = np.array(view["taps"], float)[None, None]
        phases, _, (padding,) = transposed_to_sub_pixel(taps, s, p)
        np.testing.assert_array_equal(view["small"]["phases"], phases[:, 0], err_msg=str(state))
        assert view["small"]["padding"] == padding
        assert (view["small"]["zeros"] == 0) == (state["taps"] % s == 0 and p % s == 0)
        filled += view["small"]["zeros"] > 0
        length = s * 3 + state["taps"] - 2 * p
        if length < 1:
            assert view["y"] == []
            continue
        np.testing.assert_array_equal(view["y"], conv_transpose1d(x, taps, stride=s, padding=p)[0])
        shuffled = pixel_shuffle(conv1d(x, phases, padding=padding), (s,))[0]
        np.testing.assert_array_equal(view["y"], shuffled[:length])
        assert view["spare"] == len(shuffled) - length
    assert 0 < filled < len(KERNELS)


def test_and_put_together_again(in_node):
    """Kernels of phases to one kernel, and there and back for those that need no zeros."""
    rng = np.random.default_rng(0)
    states = [
        {"phases": rng.integers(-9, 10, (r, k)).tolist(), "p": p}
        for r, k, p in itertools.product(range(1, 4), range(1, 6), range(5))
        if p < k
    ]
    body = """
    const large = module.toTransposed(state.phases, state.p);
    return [large, module.toSubPixel(large.taps, state.phases.length, large.padding)];
    """
    for state, (large, back) in zip(states, in_node("sub_pixel", body, states), strict=True):
        weight = np.array(state["phases"])[:, None]
        expected, _, (crop,) = sub_pixel_to_transposed(weight, len(weight), state["p"])
        np.testing.assert_array_equal(large["taps"], expected[0, 0])
        assert large["padding"] == crop
        assert (back["phases"], back["padding"], back["zeros"]) == (state["phases"], state["p"], 0)


def test_both_ways_meet_the_same_products(in_node):
    body = """
    const view = module.describe(state);
    const [k, s, p, n] = [state.taps, state.stride, state.padding, module.SAMPLES.length];
    const sorted = (terms) => terms.map(({ u, i }) => [u, i]).sort((a, b) => a[1] - b[1]);
    return view.y.map((_, j) => [sorted(module.paints(k, s, p, n, j)),
      sorted(module.reads(view.small, s, k, n, j).filter(({ inside, filled }) => inside && !filled))]);
    """
    for state, outputs in zip(KERNELS, in_node("sub_pixel", body, KERNELS), strict=True):
        for j, (painted, read) in enumerate(outputs):
            assert painted == read
            assert all(state["stride"] * i + u - state["padding"] == j for u, i in painted)


def test_empty_output_has_a_kind_sentence():
    assert "Nothing is left" in SubPixel(show="kernel", taps=5, stride=1, padding=4).static_html()


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"columns": 4}, {"maps": 0}, {"order": "RCD"}, {"show": "other"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        SubPixel(**wrong)


def test_pointing_on_either_side_lights_the_other(show):
    figure = show(SubPixel())
    status = figure.locator(".xp-status")
    figure.locator("[data-channel='21']").hover()
    assert "= 5. y[1,0,3] = x[5,0,1] = 21." in status.inner_text()
    figure.locator("[data-pixel='9']").hover()
    assert status.inner_text().endswith("y[0,2,1] = x[1,1,0] = 6.")
    figure.get_by_role("combobox", name="Order").select_option("DCR")
    assert "(2·0 + 1)·2 + 0 = 2. y[0,2,1] = x[2,1,0] = 10." in status.inner_text()


def test_keys_walk_through_the_maps(show):
    figure = show(SubPixel(pixel=0))
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    for key in ("ArrowDown", "ArrowRight"):
        figure.page.keyboard.press(key)
    assert "y[0,1,1] = x[3,0,0] = 12." in status.inner_text()
    figure.page.keyboard.press("End")
    assert "y[1,3,3] = x[7,1,1] = 31." in status.inner_text()


def test_kernel_in_two_forms(show):
    figure = show(SubPixel(show="kernel"))
    status = figure.locator(".xp-status")
    assert "Both are 10·3 + 20·1 + 30·4 = 170." in status.inner_text()
    figure.locator("[data-output='0']").last.hover()
    assert status.inner_text().startswith("Output y[0] is phase 0 of block 0. Convolution: w₀[1]·x[0] + w₀[2]·x[1].")
    figure.get_by_role("slider", name="taps k").fill("4")
    figure.get_by_role("slider", name="padding p").fill("1")
    assert "2 of the 6 taps filled in with 0" in figure.locator(".xp-note").inner_text()
