"""A figure with controls: what the controls are, that they redraw, and what a page without a kernel shows."""

import base64
import re

import ipywidgets
import numpy as np
import pytest

from resampling.figures import panels
from resampling.figures.controls import explore


def plot_numbers(count=3, height=0.5, colour="red", dots=False):
    figure, axes = panels(1, 1, (2, 2))
    axes[0, 0].plot(np.arange(count) * height, "o" if dots else "-", color=colour)
    axes[0, 0].set_title(f"{count} {height:g} {colour} {dots}")
    return figure


def picture(html):
    return base64.b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()


@pytest.fixture
def figure():
    return explore(plot_numbers, 'A "line"', count=(2, 9), height=(0.0, 2.0, 1.5), colour=["blue", "red"], dots=True)


def test_each_kind_of_choice_has_its_control(figure):
    kinds = [type(control) for control in figure.controls.values()]
    assert kinds == [ipywidgets.IntSlider, ipywidgets.FloatSlider, ipywidgets.Dropdown, ipywidgets.Checkbox]


def test_controls_start_where_they_are_told_or_at_the_default(figure):
    assert {name: c.value for name, c in figure.controls.items()} == {
        "count": 3, "height": 1.5, "colour": "red", "dots": True}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("count", 7), ("height", 0.25), ("colour", "blue"), ("dots", False)])
def test_a_change_draws_again(figure, name, value):
    before = figure.picture.value
    figure.controls[name].value = value
    assert figure.picture.value != before


def test_a_page_without_a_kernel_shows_the_first_state_and_says_what_jupyter_adds(figure):
    html = figure._repr_mimebundle_()["text/html"]
    assert "<svg" in picture(html)
    assert 'alt="A &quot;line&quot;"' in html
    assert "count, height, colour, dots" in html


def test_jupyter_gets_the_widget(figure):
    assert "application/vnd.jupyter.widget-view+json" in figure._repr_mimebundle_()
