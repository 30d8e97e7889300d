"""Feedback says what is wrong, shows it and says where to read again; formulas are typeset without a script."""

import json
import re

import pytest

from grading.course import tasks_of
from grading.feedback import edited

NAME = "07_convolution_matrix"
MISTAKEN = [f"mistaken_{n:02d}" for n in range(1, 18)]


@pytest.mark.parametrize(("text", "parts"), [
    ("the matrix $S$", ["<mi>S</mi>"]),
    (r"$$C = \begin{bmatrix} 1&amp;2 \\ 0&amp;1 \end{bmatrix}$$", ['display="block"', "<mtable>", "<mn>2</mn>"]),
    ("$a &lt; b$ and $10^{12}$", ["<mi>a</mi>", "<msup>"]),
])  # fmt: skip
def test_formulas_become_mathml(text, parts):
    page = edited(f"<p>{text}</p>")
    assert "$" not in page
    assert all(part in page for part in ["<math", *parts])


@pytest.mark.parametrize("html", [
    "<p>it costs $ 5</p>",
    "<p>$ a $</p>",
    "<code>$x$</code>",
    "<pre><span>$x$ and $y$</span></pre>",
    "<p>no formula &lt;b&gt;</p>",
    r"<p>$\frac{$</p>",
])  # fmt: skip
def test_all_else_stays_as_it_is(html):
    assert edited(html) == html


def test_markup_in_a_formula_stays_text():
    assert "<script" not in edited("<p>$x &lt;script&gt;alert(1)&lt;/script&gt;$</p>")


def test_what_a_student_wrote_is_not_typeset_again():
    html = '<div class="tex2jax_ignore"><p>$x$</p></div>'
    assert edited(html) == html


def test_the_table_of_contents_names_the_tasks():
    toc = '<div id="toc"><a href="#a">Test cell</a><a href="#comment-b">Comment</a><a href="#c">Task</a></div>'
    page = edited(f'{toc}<h2>1 · Keep<a class="anchor-link" href="#x">¶</a></h2><p>text</p><a name="a"></a>')
    assert '<a href="#a">1 · Keep</a><a href="#comment-b">Comment</a><a href="#c">Task</a>' in page


def test_what_to_read_again_is_there_to_be_read(stem, root):
    headings = re.findall(r"^#+ (.+)$", (root / "book" / f"{stem}.md").read_text("utf-8"), re.MULTILINE)
    for task in tasks_of(stem):
        assert task.section in headings
        assert {m.section for m in task.mistakes if m.section} <= set(headings)


@pytest.fixture(scope="module")
def wrong_checks(graded):
    """(student, task, score, all that the feedback shows below its check) where points were lost by a mistake."""
    found = []
    for student in MISTAKEN:
        path = graded.root / "autograded" / student / NAME / f"{NAME}.ipynb"
        cells = {cell["id"]: cell for cell in json.loads(path.read_text("utf-8"))["cells"]}
        for task in tasks_of(NAME):
            outputs = cells[f"{task.name.replace('_', '-')}-check"]["outputs"]
            shown = "".join("".join(output["data"].get("text/html", "")) for output in outputs)
            if float("".join(outputs[0]["data"]["text/plain"])) < task.points:
                found.append((student, task, shown))
    return found


def test_each_task_is_wrong_somewhere(wrong_checks):
    assert {task.name for _, task, _ in wrong_checks} == {task.name for task in tasks_of(NAME)}


def test_feedback_names_shows_and_sends_back_to_the_page(wrong_checks):
    for student, task, shown in wrong_checks:
        known = [m for m in task.mistakes if f"{m.name[0].upper()}{m.name[1:]}. " in shown]
        assert known, (student, task.name, "no mistake is named")
        assert f"{task.name}(" in shown, "the call that went wrong"
        raised, empty = "Error" in shown, re.search(r"got \(\d+, 0\)", shown)
        assert raised or re.search("expected .+, got ", shown), (student, task.name)
        assert raised or empty or task.name == "count_nonzeros" or "<img" in shown, (student, task.name, "no picture")
        assert all(m.section in shown for m in known), student
        assert task.section in shown


def test_a_right_answer_has_nothing_to_be_read_again(graded):
    assert "To read again" not in (graded.root / "feedback" / "perfect" / NAME / f"{NAME}.html").read_text("utf-8")
