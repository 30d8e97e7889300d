"""Put verdicts into nbgrader's own records: the autograded notebook and the gradebook."""

import hashlib
import json
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from html import escape
from itertools import product, repeat
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.plugins import BasePlugin
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy.orm import load_only

from grading import cleaning, late
from grading.course import Course, CourseError, tasks_of, write
from grading.gradebook import opened
from grading.judge import tasks_by_cell
from grading.stage import grade_id
from resampling.checks.task import Task

BATCH, BATCH_SECONDS = 32, 1.0  # submissions in one transaction: a disk takes longer to confirm than to write
Verdict = dict[str, Any]
Recorded = tuple[Any, Verdict, Exception | None]


@dataclass(frozen=True)
class Entry:
    """All that is written about one submission."""

    assignment: str
    student: str
    notebook: NotebookNode
    ledger: late.Ledger
    arrived: datetime
    scores: dict[str, float | None]
    comments: dict[str, str | None]
    answers: dict[str, str]

    @property
    def changed(self) -> set[str]:
        """Graded cells whose answer is not the one of the last record: of a check, the solution that it is about."""
        before = self.ledger.answers or {}
        changed = {name for name, digest in self.answers.items() if before.get(name) != digest}
        return changed | {f"{name}-check" for name in changed}


def record(course: Course, assignment: str, student: str, verdict: Verdict) -> NotebookNode:
    """Write one student's grades and autograded notebook. Every graded cell gets a grade, whatever was there before."""
    with Recorder(course) as recorder:
        entry = recorder.entry(assignment, student, verdict)
        recorder.save([entry])
    return entry.notebook


def record_all(course: Course, verdicts: Iterable[tuple[Any, Verdict]]) -> Iterator[Recorded]:
    """Record the verdicts of jobs as they come, and give them back with what went wrong: one stops no other.

    Grades are written some at a time, each time in one transaction: a submission is recorded as a whole or not at all.
    """
    batch: list[tuple[Any, Verdict, Entry]] = []
    since = time.monotonic()
    with Recorder(course) as recorder:
        for job, verdict in verdicts:
            try:
                batch.append((job, verdict, recorder.entry(job.assignment, job.student, verdict)))
            except Exception as error:
                yield job, verdict, error
            if len(batch) >= BATCH or time.monotonic() - since > BATCH_SECONDS:
                yield from recorder.saved(batch)
                batch, since = [], time.monotonic()
        yield from recorder.saved(batch)


class Recorder:
    """The course's gradebook, open for writing."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.penalties: dict[tuple[str, str], float | None] = {}  # by assignment and student
        self._open = ExitStack()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    @cached_property
    def gradebook(self) -> Gradebook:
        """Opened when first needed, so that workers started before do not share the connection."""
        return self._open.enter_context(opened(self.course))

    @cached_property
    def policy(self) -> BasePlugin:
        """What lateness costs."""
        return late.policy(self.course)

    def entry(self, assignment: str, student: str, verdict: Verdict) -> Entry:
        """What is to be written; nothing is written yet, but that the submission has arrived."""
        notebook = autograded(self.course, assignment, verdict)
        arrived = late.arrival(self.course, assignment, student)
        ledger = late.Ledger.of(self.course, assignment, student)
        graded = [cell for cell in notebook.cells if is_grade(cell) or is_task(cell)]
        answered = [cell for cell in notebook.cells if is_solution(cell) or is_task(cell)]
        return Entry(
            assignment,
            student,
            notebook,
            ledger,
            arrived,
            {grade_id(cell): determine_grade(cell)[0] if is_grade(cell) else None for cell in graded},
            {grade_id(cell): _comment(cell) for cell in answered},
            {grade_id(cell): hashlib.sha256(cell.source.encode()).hexdigest() for cell in answered},
        )

    def saved(self, batch: list[tuple[Any, Verdict, Entry]]) -> Iterator[Recorded]:
        """Save a batch; if that fails, each submission for itself."""
        errors: Iterable[Exception | None] = repeat(None)
        try:
            self.save([entry for _, _, entry in batch])
        except Exception:
            errors = map(self._attempt, [entry for _, _, entry in batch])
        for (job, verdict, entry), error in zip(batch, errors, strict=False):
            yield job, verdict | {"penalty": self.penalties.get((entry.assignment, entry.student))}, error

    def save(self, entries: list[Entry]) -> None:
        """Write grades in one transaction, then the notebooks: after a crash between the two, the next run mends it."""
        try:
            for assignment in dict.fromkeys(entry.assignment for entry in entries):
                self._save_grades(assignment, {e.student: e for e in entries if e.assignment == assignment})
            self.gradebook.db.commit()
        except BaseException:
            self.gradebook.db.rollback()
            raise
        for entry in entries:
            folder = self.course.root / "autograded" / entry.student / entry.assignment
            write(folder / f"{entry.assignment}.ipynb", json.dumps(entry.notebook))
            entry.ledger.answers = entry.answers
            entry.ledger.save()

    def _attempt(self, entry: Entry) -> Exception | None:
        try:
            return self.save([entry])
        except Exception as error:
            return error

    def _save_grades(self, assignment: str, entries: dict[str, Entry]) -> None:
        rows = Rows(self.gradebook, assignment, list(entries))
        for student, entry in entries.items():
            grades, comments = rows.grades[student], rows.comments[student]
            for name, grade in grades.items():
                _grade(grade, entry.scores.get(name, 0.0), name in entry.changed)
            for name, comment in comments.items():
                comment.auto_comment = entry.comments.get(name)
            rows.of[student][0].timestamp = entry.arrived.replace(tzinfo=None)
            self.penalties[assignment, student] = rows.charge(self.policy, student)


class Rows:
    """nbgrader's rows of some students' submissions of one assignment. Those that are missing are made."""

    def __init__(self, gradebook: Gradebook, assignment: str, students: list[str]) -> None:
        self.db = gradebook.db
        self.assignment, self.notebook = self._released(assignment)
        self.due = self.assignment.duedate
        cells = self.db.query(BaseCell).filter_by(notebook_id=self.notebook.id).all()
        self._rows(Student, "id", students)
        submissions = self._rows(SubmittedAssignment, "student_id", students, assignment_id=self.assignment.id)
        keys = {student: row.id for student, row in submissions.items()}
        notebooks = self._rows(SubmittedNotebook, "assignment_id", keys.values(), notebook_id=self.notebook.id)
        self.of = {student: (row, notebooks[row.id]) for student, row in submissions.items()}
        graded = {cell.id: cell.name for cell in cells if not isinstance(cell, SolutionCell)}
        answered = {cell.id: cell.name for cell in cells if not isinstance(cell, GradeCell)}
        self.grades, self.comments = self._parts(Grade, graded), self._parts(Comment, answered)

    def charge(self, policy: BasePlugin, student: str) -> float | None:
        """Put down, and tell, what lateness costs, by the score, the due date and the extension as they are now."""
        submission, notebook = self.of[student]
        seconds = late.seconds_late(submission.timestamp, self.due, submission.extension)
        total = sum(map(points_of, self.grades[student].values()))
        notebook.late_submission_penalty = late.penalty(policy, student, total, seconds)
        return notebook.late_submission_penalty

    def _released(self, name: str) -> tuple[Assignment, Notebook]:
        assignment = self.db.query(Assignment).filter_by(name=name).one_or_none()
        notebook = (
            assignment and self.db.query(Notebook).filter_by(name=name, assignment_id=assignment.id).one_or_none()
        )
        if not notebook:
            raise CourseError(f"The gradebook has no assignment {name}: run `grade release {name}`.")
        return assignment, notebook

    def _rows(self, kind: type, key: str, wanted: Iterable[str], **fixed: str) -> dict[str, Any]:
        """One row for each wanted value of the column `key`."""
        wanted = list(wanted)
        found = self.db.query(kind).filter_by(**fixed).filter(getattr(kind, key).in_(wanted))
        rows = {getattr(row, key): row for row in found}
        for value in wanted:
            if value not in rows:
                rows[value] = _new(kind, **{key: value}, **fixed)
                self.db.add(rows[value])
        return rows

    def _parts(self, kind: type, cells: dict[str, str]) -> dict[str, dict[str, Any]]:
        """Each student's rows of the given cells, by the cells' names."""
        keys = {notebook.id: student for student, (_, notebook) in self.of.items()}
        parts: dict[str, dict[str, Any]] = {student: {} for student in self.of}
        for row in self.db.query(kind).options(load_only(*_columns(kind))).filter(kind.notebook_id.in_(keys)):
            if row.cell_id in cells:
                parts[keys[row.notebook_id]][cells[row.cell_id]] = row
        for (key, student), (cell, name) in product(keys.items(), cells.items()):
            if name not in parts[student]:
                parts[student][name] = kind(notebook_id=key, cell_id=cell)
                self.db.add(parts[student][name])
        return parts


def _new(kind: type, **columns: str) -> Any:
    """A row whose id is known before it is written."""
    if kind is Student:
        return Student(**columns)
    return kind(id=new_uuid(), **columns)


def _columns(kind: type) -> list[Any]:
    """Those of a table itself: nbgrader's computed ones cost a query in a query for each row."""
    return [getattr(kind, column.name) for column in kind.__table__.columns]


def _grade(grade: Grade, score: float | None, changed: bool) -> None:
    """A person's points and comments always stay; a person is asked again when what they were given for has changed.

    So nobody's reading is thrown away or counts unseen for another answer: the old points are in the formgrader beside
    the new answer, and until somebody has looked every table says `needs_manual_grade`.
    """
    if grade.manual_score is None:
        grade.needs_manual_grade = score is None
    elif changed or score != grade.auto_score:
        grade.needs_manual_grade = True
    grade.auto_score = score


def points_of(grade: Grade) -> float:
    """As nbgrader's own column, which does not know what is not written yet."""
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (points or 0.0) + (grade.extra_credit or 0.0)


def _comment(cell: NotebookNode) -> str | None:
    untouched = not is_task(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    return "No response." if untouched else None


def autograded(course: Course, assignment: str, verdict: dict[str, Any]) -> NotebookNode:
    """The release's cells with the student's sources and outputs, and our own outputs under the checks."""
    release = _parsed(course.release_text(assignment))
    known = {task.name: task for task in tasks_of(assignment)}
    tasks = tasks_by_cell(tuple(known.values()), release)
    results = {result["task"]: result for result in verdict["tasks"]}
    outputs = {cell["cell"]: cell for cell in verdict["cells"]}
    rows = verdict["notebook"] or [{"index": n, "source": None, "own": False} for n in range(len(release.cells))]
    cells = [_cell(n, row, release, outputs.get(n)) for n, row in enumerate(rows)]
    for cell in cells:
        if grade_id(cell) in tasks:
            result = results[tasks[grade_id(cell)]]
            again = sections(known[result["task"]], result)
            cell.outputs = [*check_outputs(result, cell.metadata.nbgrader.points, again)]
    if verdict.get("flags"):
        text = f"**Notes of the grader**\n\n{cleaning.text_lines(verdict['flags'])}"
        notes = nbformat.v4.new_markdown_cell(text, id="grader-notes", metadata={"notes": verdict["flags"]})
        cells.insert(0, notes)
    return nbformat.from_dict({"cells": cells, "metadata": release.metadata, "nbformat": 4, "nbformat_minor": 5})


@lru_cache(maxsize=4)
def _parsed(release: bytes) -> NotebookNode:
    """A notebook to read from: it is shared."""
    return nbformat.reads(release.decode(), as_version=4)


def check_outputs(result: dict[str, Any], points: float, again: Iterable[str] = ()) -> Iterator[NotebookNode]:
    """First the score, which nbgrader reads, then what to say about it, which people read."""
    score = result["score"]
    honest = isinstance(score, int | float) and math.isfinite(score) and 0 <= score <= points
    score = float(score) if honest else 0.0
    yield _output("execute_result", {"text/plain": repr(score)}, execution_count=None)
    report = {"text/plain": result["text"]}
    if result["html"]:
        report["text/html"] = cleaning.report_html(result["html"])
    yield _output("display_data", report)
    if again := list(again):
        text = f"To read again on the chapter's page: {'; '.join(again)}."
        yield _output("display_data", {"text/plain": text, "text/html": f"<p>{escape(text)}</p>"})


def sections(task: Task, result: dict[str, Any]) -> list[str]:
    """Headings in the chapter's page that say more about what went wrong."""
    if result["score"] == task.points:
        return []
    named = [mistake.section for mistake in task.mistakes if mistake.name in result["mistakes"]]
    return [*dict.fromkeys(filter(None, [*named, task.section]))]


def _output(kind: str, data: dict[str, str], **more: None) -> NotebookNode:
    """As nbformat makes it, which would look at each part of each notebook for whether it is one."""
    return nbformat.from_dict({"output_type": kind, "data": data, "metadata": {}, **more})


def _cell(position: int, row: dict[str, Any], release: NotebookNode, output: dict[str, Any] | None) -> NotebookNode:
    if row["index"] is None:
        make = nbformat.v4.new_code_cell if row["kind"] == "code" else nbformat.v4.new_markdown_cell
        cell = make(row["source"], id=f"added-{position}")
    else:
        cell = nbformat.from_dict(release.cells[row["index"]])
        cell.source = row["source"] if row["own"] else cell.source
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "nbgrader"})
    if cell.cell_type == "markdown" and row["own"] and not _is_stub(cell, release, row):
        cell.source = row["clean"]
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
    return output["outputs"]
