"""Grades as a table."""

import csv
import io
import json
from typing import Any

from nbgrader.api import Gradebook

from grading.course import Course


def rows(course: Course, assignment: str, notes: dict[str, list[str]] | None = None) -> list[dict[str, Any]]:
    """One row a student: each graded cell, the total, the maximum, whether a person still has to read something."""
    with Gradebook(course.db_url) as gradebook:
        submissions = sorted(gradebook.assignment_submissions(assignment), key=lambda s: s.student.id)
        return [_row(submission, notes or {}) for submission in submissions]


def _row(submission: Any, notes: dict[str, list[str]]) -> dict[str, Any]:
    grades = sorted((g for n in submission.notebooks for g in n.grades), key=lambda g: g.name)
    return {
        "student": submission.student.id,
        "assignment": submission.assignment.name,
        **{grade.name: grade.score for grade in grades},
        "score": submission.score,
        "max_score": submission.max_score,
        "needs_manual_grade": submission.needs_manual_grade,
        "notes": "; ".join(notes.get(submission.student.id, [])),
    }


def as_csv(table: list[dict[str, Any]]) -> str:
    """The table as CSV; a cell never begins as a formula of a spreadsheet."""
    columns = list(dict.fromkeys(name for row in table for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in table)
    return text.getvalue()


def as_json(table: list[dict[str, Any]]) -> str:
    """The table as JSON."""
    return json.dumps(table, indent=1) + "\n"


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
