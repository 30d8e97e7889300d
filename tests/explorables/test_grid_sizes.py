"""The size calculator counts as the library does, over every setting that its sliders have."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

import resampling
from resampling.explorables import GridSizes

NAMES = ("length", "kernel_size", "stride", "padding", "dilation")
SETTINGS = list(itertools.product(range(1, 21), range(1, 8), range(1, 6), range(5), range(1, 4)))

DOWN = """
const size = { n: state[0], k: state[1], s: state[2], p: state[3], d: state[4] };
const o = module.convOutputSize(size);
return [o, o && module.leftOver(size, o), module.poolOutputSize(size, true), module.poolOutputSize(size, false)];
"""
UP = (
    "return module.transposedOutputSize({ n: state[0], k: state[1], s: state[2], p: state[3], d: state[4] }, state[5]);"
)


def or_none(count, *arguments, **options):
    """What the library says, and 0 where it refuses."""
    try:
        return count(*arguments, **options)
    except ValueError:
        return 0


def state(*numbers, **others):
    return dict(zip(NAMES, numbers, strict=False)) | {"output_padding": 0, "ceil_mode": False} | others


def test_the_way_down_and_what_is_left_over(in_node):
    for (n, k, s, p, d), (o, left, ceil, floor) in zip(SETTINGS, in_node("grid_sizes", DOWN, SETTINGS), strict=True):
        setting = n, k, s, p, d
        assert o == or_none(resampling.conv_output_size, *setting), setting
        assert left == or_none(resampling.unused_samples, *setting), setting
        if p <= k // 2:
            assert floor == or_none(resampling.pool_output_size, *setting), setting
            assert ceil == or_none(resampling.pool_output_size, *setting, ceil_mode=True), setting


def test_the_way_up(in_node):
    settings = [(*one, op) for one in SETTINGS for op in range(max(one[2], one[4]))]
    for (n, k, s, p, d, op), o in zip(settings, in_node("grid_sizes", UP, settings), strict=True):
        assert o == or_none(resampling.conv_transpose_output_size, n, k, s, p, op, d), (n, k, s, p, d, op)


def test_the_step_of_the_staircase_is_the_inverse_image(in_node):
    states = [state(*one, operator="conv") for one in SETTINGS[::3]]
    answers = in_node("grid_sizes", "const { o, inverse } = module.describe(state); return [o, inverse];", states)
    for setting, (o, inverse) in zip(SETTINGS[::3], answers, strict=True):
        if o:
            assert inverse == list(resampling.input_sizes(o, *setting[1:])), setting
        else:
            assert inverse == list(range(1, inverse[-1] + 1)), setting
            assert or_none(resampling.conv_output_size, inverse[-1] + 1, *setting[1:]), setting


def test_the_step_of_pooling(in_node):
    settings = [one for one in SETTINGS[::7] if one[3] <= one[1] // 2]
    states = [state(*one, operator="pool", ceil_mode=True) for one in settings]
    for (_, *rest), inverse in zip(
        settings, in_node("grid_sizes", "return module.describe(state).inverse;", states), strict=True
    ):
        sizes = [or_none(resampling.pool_output_size, n, *rest, ceil_mode=True) for n in range(1, 40)]
        o = sizes[inverse[0] - 1]
        assert inverse == [n for n, other in enumerate(sizes, start=1) if other == o]


def test_what_was_left_over_is_the_output_padding_of_the_way_back(in_node):
    settings = [one for one in SETTINGS if or_none(resampling.conv_output_size, *one)]
    lost = [resampling.unused_samples(*one) for one in settings]
    states = [state(*one, operator="round", output_padding=r) for one, r in zip(settings, lost, strict=True)]
    assert in_node("grid_sizes", "return module.describe(state).back;", states) == [one[0] for one in settings]


def test_windows_hold_what_torch_sums(in_node):
    """Each window's taps, drawn: an indicator of one sample is pooled to the windows that hold it."""
    settings = [one for one in SETTINGS[::11] if one[3] <= one[1] // 2]
    states = [state(*one, operator="pool", ceil_mode=ceil) for one in settings for ceil in (False, True)]
    compared = 0
    for one, windows in zip(
        states, in_node("grid_sizes", "return module.describe(state).windows;", states), strict=True
    ):
        n, k, s, p, d = (one[name] for name in NAMES)
        if not windows:
            continue
        pooled = F.max_pool1d(torch.eye(n)[None], k, s, p, d, one["ceil_mode"])[0]  # -inf where all taps are outside
        assert (pooled.T == 1).nonzero().tolist() == [
            [i, j] for i, taps in enumerate(windows) for j in taps if 0 <= j < n
        ], one
        compared += 1
    assert compared > 500


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"operator": "conv", "length": 1, "kernel_size": 7}, "No window fits"),
        ({"operator": "transposed", "length": 1, "kernel_size": 1, "padding": 2}, "Nothing is left"),
        ({"operator": "round", "length": 1, "kernel_size": 1, "padding": 1, "stride": 5}, "There is no way back"),
        ({"operator": "pool", "length": 5, "kernel_size": 2, "stride": 3, "ceil_mode": True}, "it is dropped"),
        ({"operator": "pool", "length": 6, "padding": 0, "ceil_mode": True}, "hangs over the end by 1"),
        ({"output_padding": 1}, "as many as there were"),
    ],
)
def test_every_case_has_its_sentence(given, words):
    assert words in GridSizes(**given).static_html()


@pytest.mark.parametrize("wrong", [{"length": 0}, {"stride": 6}, {"padding": 5}, {"operator": "same"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        GridSizes(**wrong)


def test_arrows_change_the_length_and_climb_the_staircase(show):
    figure = show(GridSizes(stride=3))
    length = figure.get_by_role("slider", name="length n")
    figure.locator(".xp-box").first.focus()
    reached = []
    for key in ("ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"):
        figure.page.keyboard.press(key)
        reached.append(length.input_value())
    assert reached == ["7", "10", "9", "1", "20"]


def test_dragging(show):
    figure = show(GridSizes())
    length = figure.get_by_role("slider", name="length n")
    mouse = figure.page.mouse

    def drag(kind, dx):
        box = figure.locator(f"[data-drag={kind}]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx, y, steps=3)
        mouse.up()

    drag("end", 3 * 36)
    assert length.input_value() == "9"
    drag("stairs", -1000)
    assert length.input_value() == "1"


def test_controls_follow_the_operator(show):
    figure = show(GridSizes(padding=4))
    padding = figure.get_by_role("slider", name="padding p")
    figure.get_by_role("radio", name="pooling").check()
    assert padding.input_value() == "1"  # at most half of the kernel
    assert figure.get_by_role("slider", name="output_padding").count() == 0
    figure.get_by_role("checkbox", name="ceil_mode").check()
    assert "⌈" in figure.locator(".xp-note").inner_text()
    figure.get_by_text("The staircase as a table").click()
    figure.locator("table").wait_for()
    assert figure.locator("tbody tr").count() == 24
