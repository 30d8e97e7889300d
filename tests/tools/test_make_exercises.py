"""The learners' notebooks: fresh, the same on every run, without any answer."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest


@pytest.fixture
def course(root, tmp_path, make_exercises, monkeypatch):
    """A copy of solutions and exercises on which the script works."""
    for name in ("solutions", "exercises"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    monkeypatch.setattr(make_exercises, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def released(root, stem):
    return (root / "exercises" / stem / f"{stem}.ipynb").read_text("utf-8")


def test_committed_notebooks_are_fresh(root):
    script = [sys.executable, str(root / "tools" / "make_exercises.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_one_changed_character_is_noticed(course, make_exercises, stem, folder):
    (path,) = course.glob(f"{folder}/**/{stem}.*")
    path.write_text(path.read_text("utf-8").replace("hint", "hInt", 1), "utf-8")
    assert make_exercises.main(["--check"]) == 1
    assert make_exercises.main([]) == 0
    assert make_exercises.main(["--check"]) == 0


def test_a_changed_answer_changes_no_exercise(course, make_exercises, stem):
    path = course / "solutions" / f"{stem}.py"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(### BEGIN SOLUTION\n)", r"\1    pass\n", text), "utf-8")
    assert make_exercises.main(["--check"]) == 0


def test_check_writes_nothing(course, make_exercises, stem):
    path = course / "exercises" / stem / f"{stem}.ipynb"
    path.unlink()
    assert make_exercises.main(["--check"]) == 1
    assert not path.exists()


def test_a_notebook_without_solution_is_reported(course, make_exercises, capsys):
    orphan = course / "exercises" / "99_gone" / "99_gone.ipynb"
    orphan.parent.mkdir()
    orphan.write_text("{}", "utf-8")
    assert make_exercises.main(["--check"]) == 1
    assert "no solution for: exercises/99_gone/99_gone.ipynb" in capsys.readouterr().out.replace("\\", "/")


def test_two_runs_give_the_same_bytes(root, make_exercises, stem):
    path = root / "solutions" / f"{stem}.py"
    assert make_exercises.release(path) == make_exercises.release(path)


def test_no_line_of_a_solution_is_released(root, stem, released):
    inside, outside = split((root / "solutions" / f"{stem}.py").read_text("utf-8"))
    shown = {line.strip() for cell in json.loads(released)["cells"] for line in "".join(cell["source"]).splitlines()}
    assert {line for line in inside - outside if len(line) > 8} & shown == set()


def split(text):
    """Stripped lines between the SOLUTION marks or in a model answer, and all the others."""
    secret = re.compile(
        r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION\n|^# %%[^\n]*question=[^\n]*\n(.*?)(?=^# %%|\Z)", re.M | re.S
    )
    inside = "".join(a or b for a, b in secret.findall(text))
    return ({line.strip().removeprefix("# ") for line in part.splitlines()} for part in (inside, secret.sub("", text)))


@pytest.mark.parametrize("mark", ["BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "Model answer", "{points"])
def test_no_mark_of_the_instructor_is_released(released, mark):
    assert mark not in released


def test_notebooks_are_valid_and_carry_no_output(released):
    notebook = nbformat.reads(released, as_version=4)
    nbformat.validate(notebook)
    assert [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_locked_cells_cannot_be_edited_and_answers_can(released):
    for cell in nbformat.reads(released, as_version=4).cells:
        if "nbgrader" in cell.metadata:
            assert cell.metadata.get("editable", True) is not cell.metadata.nbgrader.locked


def test_every_stub_raises_until_it_is_written(released):
    cells = nbformat.reads(released, as_version=4).cells
    stubs = [c for c in cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]
    assert stubs
    assert all("raise NotImplementedError()" in cell.source for cell in stubs)


def test_points_in_the_text_are_filled_in(make_exercises):
    text = make_exercises._with_points("{points} of {points:a}, {points:question-b}", {"a": 1.5, "question-b": 2})
    assert text == "3.5 of 1.5, 2"
