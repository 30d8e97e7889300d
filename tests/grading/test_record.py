"""Do nbgrader's records say what the last verdict says, and keep what a person has written?"""

import json
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

from grading import record
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


def test_one_record_that_fails_stops_nobody(place, grade, exercise, monkeypatch):
    whole = record.Recorder.entry

    def failing(self, assignment, student, verdict):
        if student == "unlucky":
            raise TypeError("no such thing")
        return whole(self, assignment, student, verdict)

    monkeypatch.setattr(record.Recorder, "entry", failing)
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
