"""Every assignment through the real grader: its solution gets full marks, and the released notebook none."""

import json

import nbformat
import pytest

from grading.course import Course


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, grade, needs_sandbox, root):
    """A course in which one student has solved everything and one nothing: the summary of each."""
    course = Course(tmp_path_factory.mktemp("chapters"))
    assert grade("release", "--course", course.root, "--project", root)[0] == 0
    for assignment in course.assignments():
        for student, kind in (("solved", "source"), ("unsolved", "release")):
            notebook = course.root / kind / assignment / f"{assignment}.ipynb"
            target = course.root / "submitted" / student / assignment / notebook.name
            target.parent.mkdir(parents=True)
            target.write_text(notebook.read_text("utf-8"), "utf-8")
    code, out, err = grade("run", "--course", course.root, "--json")
    assert code == 0, err
    return {(row["student"], row["assignment"]): row for row in json.loads(out)}


def points_by_check(root, stem):
    cells = nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4).cells
    marks = [c.metadata.get("nbgrader", {}) for c in cells if c.cell_type == "code"]
    return sum(mark["points"] for mark in marks if mark.get("grade"))


def test_the_solution_gets_full_marks(handed_in, root, stem):
    row = handed_in["solved", stem]
    assert row["score"] == points_by_check(root, stem), row


def test_the_released_notebook_scores_nothing(handed_in, stem):
    assert handed_in["unsolved", stem]["score"] == 0
