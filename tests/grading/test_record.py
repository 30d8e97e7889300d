"""Do nbgrader's records say what the last verdict says, and keep what a person has written?"""

import json
import re
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

from grading import cleaning, record
from grading.record import check_outputs

NAME, QUESTION = "07_convolution_matrix", "question-what-the-matrix-shows"
ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("needs_sandbox")


@pytest.fixture(scope="module")
def place(tmp_path_factory, grade):
    folder = tmp_path_factory.mktemp("record")
    assert grade("release", "--course", folder, "--project", ROOT)[0] == 0
    return folder


def hand_in(place, student, notebook):
    folder = place / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    (folder / f"{NAME}.ipynb").write_bytes(content)


@pytest.fixture
def graded(place, grade):
    def run(student, notebook):
        hand_in(place, student, notebook)
        assert grade("run", "--course", place, "--student", student)[0] == 0
        return grades(place, student)

    return run


def grades(place, student):
    with Gradebook(f"sqlite:///{place}/gradebook.db") as gradebook:
        found = gradebook.find_submission_notebook(NAME, NAME, student).grades
        return {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in found}


def by_hand(place, student, cell, points):
    with Gradebook(f"sqlite:///{place}/gradebook.db") as gradebook:
        grade = gradebook.find_grade(cell, NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


@pytest.mark.parametrize("worse", ["wrong answer", "cell deleted", "crash", "not a notebook"])
def test_handing_in_something_worse_lowers_the_grade(graded, exercise, worse):
    student = worse.replace(" ", "_")
    assert graded(student, exercise.solved())["conv-matrix2d-check"][0] == 5
    second = {
        "wrong answer": exercise.solved(conv_matrix2d="def conv_matrix2d(*a, **k): return 1"),
        "cell deleted": exercise.solved(),
        "crash": exercise.solved(conv_matrix2d="import os; os._exit(1)"),
        "not a notebook": b"",
    }[worse]
    if worse == "cell deleted":
        second["cells"] = [c for c in second["cells"] if not c["id"].startswith("conv-matrix2d")]
    assert graded(student, second)["conv-matrix2d-check"][0] == 0


def test_a_persons_points_stand_and_are_asked_about_again_when_the_answer_changes(graded, place, exercise):
    first = exercise.solved(question_what_the_matrix_shows="Bands.")
    assert graded("hand", first)[QUESTION] == (None, None, True)
    by_hand(place, "hand", QUESTION, 4)
    by_hand(place, "hand", "conv-matrix1d-check", 1)
    first["cells"].append({"cell_type": "code", "id": "x", "metadata": {}, "source": "1"})
    again = graded("hand", first)
    assert again[QUESTION] == (None, 4, False)
    assert again["conv-matrix1d-check"] == (5, 1, False)
    changed = graded("hand", exercise.solved(question_what_the_matrix_shows="Stripes."))
    assert changed[QUESTION] == (None, 4, True)
    assert changed["conv-matrix1d-check"] == (5, 1, False)


def test_the_formgraders_button_asks_the_judge_too(place, exercise, grade):
    """nbgrader's own autograding gives full marks for a tag and no code; here it does not."""
    from grading.course import Course

    notebook = exercise.filled({})
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
    hand_in(place, "button", notebook)
    result = Course(place).api.autograde(NAME, "button")
    assert result["success"], result
    assert {name: g[0] for name, g in grades(place, "button").items()} == dict.fromkeys(grades(place, "button"), 0)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1, 5.5, "5", None])
def test_a_score_that_is_none_counts_as_nothing(score):
    outputs = [*check_outputs({"score": score, "text": "t", "html": None}, 5)]
    cell = nbformat.v4.new_code_cell("x", outputs=outputs)
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 5, "grade_id": "x"}
    assert determine_grade(cell) == (0.0, 5.0)


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<img src=x onerror=x>",
        "<svg onload=x>",
        "<a href='javascript:x'>y</a>",
        "<iframe srcdoc='x'>",
        "<style>@import 'x'</style>",
        "<div style='background:url(http://x)'>",
        "<math><mtext><script>x",
        "<img src='http://x/y.png'>",
        "<form action=x>",
    ],
)
def test_students_html_is_harmless(html):
    clean = cleaning.student_html(html)
    assert not any(
        word in clean for word in ("<script", "<img", "<svg", "href", "<iframe", "style", "<form", "onerror")
    )


def test_tables_survive():
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert cleaning.student_html(table) == table


@pytest.mark.parametrize(
    "text", ["not json", "3", '[1, {"output_type": 2}, {"output_type": "display_data", "data": {"x": 1}}]', "[" * 10**5]
)
def test_outputs_that_are_none_are_left_out(text):
    assert all(item == cleaning.LEFT_OUT for item in cleaning.student_outputs(text))


def test_only_real_pictures_stay():
    items = [
        {"output_type": "display_data", "data": {"image/png": v, "image/svg+xml": "<svg/>"}}
        for v in ("iVBORw0KGgo=", "AAAA", "'><script>")
    ]
    shown = cleaning.student_outputs(json.dumps(items))
    assert shown[0]["data"] == {"image/png": "iVBORw0KGgo="}
    assert shown[1:] == [cleaning.LEFT_OUT] * 2


@pytest.mark.parametrize(
    "text",
    [
        "<script>",
        "[a](javascript:x)",
        "[a]( data:text/html,x)",
        "![a](http://x/y)",
        "[a]: javascript:x",
        "$\\href{x}{y}$",
        "<!--",
        "<javascript:x>",
        "![a][b]",
    ],
)
def test_students_markdown_is_harmless(text):
    from nbconvert.filters import markdown2html

    html = markdown2html(cleaning.markdown(text))
    tags = set(re.findall(r"</?(\w+)", html))
    assert tags <= {"p", "a"}
    assert set(re.findall(r'href="([^"]*)"', html)) <= {"http://x/y"}
    assert "\\href" not in html


def test_ordinary_markdown_survives():
    text = "**bold**, `x < y`, $a^2$, [page](https://example.org)\n\n- one\n- two\n\n> quote"
    assert cleaning.markdown(text) == text


def test_hostile_markdown_is_read_quickly():
    began = time.perf_counter()
    cleaning.markdown("! [" * 60_000)
    assert time.perf_counter() - began < 2


def test_one_record_that_fails_stops_nobody(place, grade, exercise, monkeypatch):
    whole = record.record

    def failing(course, assignment, student, verdict):
        if student == "unlucky":
            raise TypeError("no such thing")
        return whole(course, assignment, student, verdict)

    monkeypatch.setattr(record, "record", failing)
    for student in ("unlucky", "zoe"):
        hand_in(place, student, exercise.solved())
    code, out, _ = grade("run", "--course", place, "--json")
    failed = {row["student"]: row["failed"] for row in json.loads(out)}
    assert code == 1
    assert (failed["unlucky"], failed["zoe"]) == (True, False)


def test_a_damaged_verdict_is_judged_again(place, grade, exercise):
    hand_in(place, "again", exercise.solved())
    assert grade("run", "--course", place, "--student", "again")[0] == 0
    for path in (place / "verdicts").glob("*.json"):
        path.write_text("{")
    code, out, _ = grade("run", "--course", place, "--student", "again", "--json")
    assert code == 0
    assert (json.loads(out)[0]["score"], json.loads(out)[0]["reused"]) == (20, False)
