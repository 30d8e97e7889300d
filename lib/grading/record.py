"""Put verdicts into nbgrader's own records: the autograded notebook and the gradebook."""

import json
import math
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy.exc import SAWarning

from grading import cleaning
from grading.course import Course, tasks_of, write
from grading.judge import tasks_by_cell
from grading.stage import grade_id


def record(course: Course, assignment: str, student: str, verdict: dict[str, Any]) -> NotebookNode:
    """Write one student's autograded notebook and grades. Every graded cell gets a grade, whatever was there before."""
    notebook = autograded(course, assignment, verdict)
    path = course.root / "autograded" / student / assignment / f"{assignment}.ipynb"
    changed = _changed_answers(path, notebook)
    with Gradebook(course.db_url) as gradebook:
        _enter(gradebook, assignment, student)
        before = {g.name: (g.manual_score, g.needs_manual_grade) for g in _grades(gradebook, assignment, student)}
    names = {"student": student, "assignment": assignment, "notebook": assignment, "db_url": course.db_url}
    SaveAutoGrades().preprocess(notebook, {"nbgrader": names})
    with Gradebook(course.db_url) as gradebook:
        for grade in _grades(gradebook, assignment, student):
            _keep_manual(grade, *before.get(grade.name, (None, False)), changed)
        gradebook.db.commit()
    write(path, nbformat.writes(notebook))
    return notebook


def autograded(course: Course, assignment: str, verdict: dict[str, Any]) -> NotebookNode:
    """The release's cells with the student's sources and cleaned outputs, and our own outputs under the checks."""
    release = nbformat.reads(course.release_text(assignment).decode(), as_version=4)
    tasks = tasks_by_cell(tasks_of(assignment), release)
    results = {result["task"]: result for result in verdict["tasks"]}
    outputs = {cell["cell"]: cell for cell in verdict["cells"]}
    rows = verdict["notebook"] or [{"index": n, "source": None, "own": False} for n in range(len(release.cells))]
    cells = [_cell(n, row, release, outputs.get(n)) for n, row in enumerate(rows)]
    for cell in cells:
        if grade_id(cell) in tasks:
            cell.outputs = [*check_outputs(results[tasks[grade_id(cell)]], cell.metadata.nbgrader.points)]
    if verdict.get("flags"):
        cells.insert(0, nbformat.v4.new_markdown_cell(_notes(verdict["flags"]), id="grader-notes"))
    return nbformat.v4.new_notebook(cells=cells, metadata=release.metadata)


def check_outputs(result: dict[str, Any], points: float) -> Iterator[NotebookNode]:
    """First the score, which nbgrader reads, then what to say about it, which people read."""
    score = result["score"]
    honest = isinstance(score, int | float) and math.isfinite(score) and 0 <= score <= points
    score = float(score) if honest else 0.0
    yield nbformat.v4.new_output("execute_result", {"text/plain": repr(score)}, execution_count=None)
    report = {"text/plain": result["text"]}
    if result["html"]:
        report["text/html"] = cleaning.report_html(result["html"])
    yield nbformat.v4.new_output("display_data", report)


def _cell(position: int, row: dict[str, Any], release: NotebookNode, output: dict[str, Any] | None) -> NotebookNode:
    if row["index"] is None:
        make = nbformat.v4.new_code_cell if row["kind"] == "code" else nbformat.v4.new_markdown_cell
        cell = make(row["source"], id=f"added-{position}")
    else:
        cell = nbformat.from_dict(release.cells[row["index"]])
        cell.source = row["source"] if row["own"] else cell.source
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "nbgrader"})
    if cell.cell_type == "markdown" and row["own"] and not _is_stub(cell, release, row):
        cell.source = cleaning.markdown(cell.source)
    if cell.cell_type == "code":
        cell.outputs = [nbformat.from_dict(o) for o in _shown(output)]
        cell.execution_count = None
    return cell


def _is_stub(cell: NotebookNode, release: NotebookNode, row: dict[str, Any]) -> bool:
    return row["index"] is not None and cell.source == release.cells[row["index"]].source


def _shown(output: dict[str, Any] | None) -> list[dict[str, Any]]:
    if output is None:
        return []
    if output["left_out"]:
        text = f"This cell was left out: {output['left_out']}\n"
        return [{"output_type": "stream", "name": "stdout", "text": text}]
    return cleaning.student_outputs(output["outputs"])


def _notes(flags: list[str]) -> str:
    return "**Notes of the grader**\n\n" + "\n".join(f"- {cleaning.markdown(flag)}" for flag in flags)


def _enter(gradebook: Gradebook, assignment: str, student: str) -> None:
    """Make the rows of a submission. nbgrader adds them in an order that SQLAlchemy remarks on every time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(assignment, student)


def _grades(gradebook: Gradebook, assignment: str, student: str) -> list[Grade]:
    return gradebook.find_submission_notebook(assignment, assignment, student).grades


def _keep_manual(grade: Grade, manual: float | None, needed: bool, changed: set[str]) -> None:
    """A person's points stand as long as what they were given for stands."""
    if manual is None:
        return
    if grade.name in changed:
        grade.manual_score, grade.needs_manual_grade = None, grade.auto_score is None
    else:
        grade.needs_manual_grade = needed


def _changed_answers(path: Path, new: NotebookNode) -> set[str]:
    """Graded cells whose answer is not the one of the last run: of a check, the solution that it is about."""
    if not os.path.exists(path):
        return set()
    old = _answers(json.loads(path.read_text("utf-8")))
    changed = {name for name, source in _answers(new).items() if old.get(name) != source}
    return changed | {f"{name}-check" for name in changed}


def _answers(notebook: dict[str, Any]) -> dict[str, str]:
    solutions = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    return {grade_id(cell): "".join(cell["source"]) for cell in solutions}
