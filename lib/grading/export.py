"""Grades as a table."""

import csv
import io
import json
from typing import Any

from nbgrader.api import SubmittedAssignment

from grading import late
from grading.course import Course
from grading.gradebook import opened
from grading.record import Rows, points_of


def rows(course: Course, assignment: str, notes: dict[str, list[str]] | None = None) -> list[dict[str, Any]]:
    """One row a student: each graded cell, the total, the maximum, whether a person still has to read something.

    What lateness costs is reckoned, and put into the gradebook, anew: points given by hand count for it too.
    """
    with opened(course) as gradebook:
        handed_in = gradebook.db.query(SubmittedAssignment.student_id).filter(SubmittedAssignment.name == assignment)
        students = sorted(student for (student,) in handed_in)
        table, policy = Rows(gradebook, assignment, students), late.policy(course)
        for student in students:
            table.charge(policy, student)
        exported = [_row(table, student, (notes or {}).get(student, [])) for student in students]
        gradebook.db.commit()
    return exported


def _row(table: Rows, student: str, notes: list[str]) -> dict[str, Any]:
    (submission, notebook), grades = table.of[student], table.grades[student]
    points = {name: points_of(grade) for name, grade in sorted(grades.items())}
    penalty = notebook.late_submission_penalty or 0.0
    return {
        "student": student,
        "assignment": table.assignment.name,
        **points,
        "handed_in": submission.timestamp and f"{submission.timestamp:%Y-%m-%d %H:%M:%S} UTC",
        "raw_score": sum(points.values()),
        "late_submission_penalty": penalty,
        "score": max(0.0, sum(points.values()) - penalty),
        "max_score": table.assignment.max_score,
        "needs_manual_grade": any(grade.needs_manual_grade for grade in grades.values()),
        "notes": "; ".join(notes),
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
