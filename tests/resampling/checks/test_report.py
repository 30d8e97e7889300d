"""What a student reads, as text and as HTML."""

from html.parser import HTMLParser

import numpy as np
import pytest

from resampling.checks import local_call
from resampling.checks.convolution_matrix import CONV_MATRIX1D as TASK
from resampling.checks.convolution_matrix import conv_matrix1d
from resampling.checks.evaluation import evaluate
from resampling.checks.report import Report

VOID = {"br", "img"}


class Page(HTMLParser):
    """Every tag with its attributes, and the text; fails on tags that do not close."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open += [tag] * (tag not in VOID)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def report(answer):
    return Report(evaluate(TASK, local_call(answer, 1.0), 0))


def page(answer):
    return Page(report(answer)._repr_html_())


def hostile(**given):
    raise ValueError("<script>alert('&amp;')</script>")


def transposed(*args, **options):
    return conv_matrix1d(*args, **options).T


def times_two(*args, **options):
    return 2 * conv_matrix1d(*args, **options)


@pytest.mark.parametrize("answer", [conv_matrix1d, hostile, transposed, times_two, lambda **given: None])
def test_html_is_well_formed_without_script_or_outside_address(answer):
    found = page(answer)
    assert "script" not in {tag for tag, _ in found.tags}
    assert not [a for _, attrs in found.tags for a in attrs if a.startswith("on")]
    assert all(attrs.get("src", "data:").startswith("data:") for _, attrs in found.tags)


def test_a_students_words_are_text_and_not_tags():
    assert "<script>alert('&amp;')</script>" in page(hostile).text


def test_every_picture_has_words():
    pictures = [attrs for tag, attrs in page(transposed).tags if tag == "img"]
    assert pictures
    assert all(attrs["alt"] for attrs in pictures)


def test_full_marks_take_one_line_a_property():
    lines = str(report(conv_matrix1d)).splitlines()
    assert lines[0] == f"conv_matrix1d: {TASK.points:g} of {TASK.points:g} points"
    assert lines[1:] == [f"  ✓ {p.points:g}/{p.points:g}  {p.name}" for p in TASK.properties]


@pytest.mark.parametrize("write", [str, lambda r: Page(r._repr_html_()).text])
def test_a_mistake_is_explained_once(write):
    text = write(report(transposed))
    assert text.count("Rows and columns swapped.") == 1
    assert "As above: rows and columns swapped." in text


@pytest.mark.parametrize("write", [str, lambda r: Page(r._repr_html_()).text])
def test_the_failing_call_can_be_read(write):
    assert "conv_matrix1d(np.array([" in write(report(times_two))


def test_small_matrices_stand_side_by_side():
    text = str(report(times_two))
    assert "expected" in text
    assert "[[" in text


@pytest.mark.parametrize("shape", [(1, 1), (3, 20), (3, 0), (0, 0)])
@pytest.mark.parametrize("fill", [0.0, np.nan, np.inf])
def test_any_matrix_can_be_reported(shape, fill):
    assert f"got {shape}" in page(lambda **given: np.full(shape, fill)).text


@pytest.mark.parametrize("shape", [(1000, 1), (1, 1000)])
def test_a_matrix_too_large_to_look_at_is_told_in_words_alone(shape):
    assert "img" not in {tag for tag, _ in page(lambda **given: np.ones(shape)).tags}


def test_no_report_is_long():
    def shouts(**given):
        raise ValueError("x" * 10**6)

    assert len(str(report(shouts))) < 20000
