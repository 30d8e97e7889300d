"""Grades as a table: everything, as CSV or JSON, or what the gradebooks of Canvas and Moodle read in.

Canvas reads a CSV whose columns are ``Student, ID, SIS User ID, SIS Login ID, Section`` and then assignments; a row
finds its person by one of the three numbers, and an assignment is found by its name, with its number in brackets if the
table was exported from there. Moodle's gradebook reads any CSV, and asks which column tells people and which is which
grade; its table for grading one assignment offline (``Identifier``, ``Grade``, ``Last modified (grade)``) it wants back
as it was. So what people are called is taken from the table that the platform itself gave out, the roster, and
Moodle's table for grading is filled in and otherwise left alone.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from nbgrader.api import SubmittedAssignment

from grading import late
from grading.course import Course, CourseError
from grading.gradebook import opened
from grading.record import Rows, points_of
from grading.roster import Person, Roster

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("First name", "Last name", "ID number", "Email address")


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


def as_canvas(table: list[dict[str, Any]], roster: Roster | None) -> str:
    """What Canvas's gradebook reads in: a row a student, a column an assignment, the maxima in the second row."""
    names = _assignments(table)
    columns = {name: _column(name, roster.header if roster else ()) for name in names}
    most = {row["assignment"]: row["max_score"] for row in table}
    lines = [[*CANVAS, *columns.values()], ["    Points Possible", "", "", "", "", *(_number(most[n]) for n in names)]]
    for student, scores in _by_student(table).items():
        lines.append([*_canvas_person(student, roster), *(_number(scores.get(name)) for name in names)])
    return _written(lines)


def as_moodle(table: list[dict[str, Any]], roster: Roster | None) -> str:
    """What Moodle's gradebook reads in; with its own table for grading as the roster, that table filled in."""
    if roster and {"Identifier", "Grade"} <= {*roster.header}:
        return _worksheet(table, roster)
    names = _assignments(table)
    lines = [[*MOODLE, *(f"Assignment: {name} (Real)" for name in names)]]
    for student, scores in _by_student(table).items():
        person = roster.of(student) if roster else None
        first, last = _names(person)
        email = person.email if person else student if "@" in student else ""
        number = _cell(person, roster, "ID number") if person else "" if email else student
        lines.append([first, last, number, email, *(_number(scores.get(name)) for name in names)])
    return _written(lines)


def strangers(table: list[dict[str, Any]], roster: Roster | None) -> list[str]:
    """Students who handed in and are not in the roster: a platform will not find them."""
    return sorted({row["student"] for row in table if roster and roster.of(row["student"]) is None})


def absent(table: list[dict[str, Any]], roster: Roster | None) -> list[str]:
    """People in the roster who handed in nothing."""
    if roster is None:
        return []
    came = {roster.of(row["student"]) for row in table}
    return sorted(person.student for person in roster.people if person not in came)


def _worksheet(table: list[dict[str, Any]], roster: Roster) -> str:
    if len(_assignments(table)) != 1:
        raise CourseError("Moodle's table for grading is of one assignment: say which, with --assignment.")
    scores = {roster.of(row["student"]): row["score"] for row in table}
    place, lines = roster.header.index("Grade"), [[*roster.header]]
    for person in roster.people:
        cells = [*person.row]
        if person in scores:
            cells[place] = _number(scores[person])
        lines.append(cells)
    return _written(lines)


def _assignments(table: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["assignment"] for row in table))


def _by_student(table: Iterable[dict[str, Any]]) -> dict[str, dict[str, float]]:
    students: dict[str, dict[str, float]] = {}
    for row in table:
        students.setdefault(row["student"], {})[row["assignment"]] = row["score"]
    return students


def _column(assignment: str, header: tuple[str, ...]) -> str:
    """The column that the platform has for an assignment: ``07_convolution_matrix (4711)``."""
    return next((c for c in header if c == assignment or c.startswith(f"{assignment} (")), assignment)


def _canvas_person(student: str, roster: Roster | None) -> list[str]:
    person = roster.of(student) if roster else None
    if person is None:
        numbers = [student, "", ""] if student.isdigit() else ["", "", student]
        return ["", *numbers, ""]
    return [_cell(person, roster, "Student") or person.name, *(_cell(person, roster, name) for name in CANVAS[1:])]


def _cell(person: Person, roster: Roster, column: str) -> str:
    place = roster.header.index(column) if column in roster.header else len(person.row)
    return person.row[place] if place < len(person.row) else ""


def _names(person: Person | None) -> tuple[str, str]:
    name = person.name if person else ""
    last, comma, first = name.partition(", ")
    if comma:
        return first, last
    first, _, last = name.rpartition(" ")
    return first, last


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _written(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(cell) for cell in line] for line in lines)
    return text.getvalue()


def as_json(table: list[dict[str, Any]]) -> str:
    """The table as JSON."""
    return json.dumps(table, indent=1) + "\n"


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value not in ("", "-") else value
