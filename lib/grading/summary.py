"""What a run says of each submission: a row of its table, kept as a small file for the class report."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grading.course import Course, write
from grading.grading import Job, Verdict

Row = dict[str, Any]


def row_of(job: Job, verdict: Verdict) -> Row:
    """One line about a submission, without what it consists of."""
    mistakes = [mistake for task in verdict["tasks"] for mistake in task["mistakes"]]
    return {
        "student": job.student,
        "assignment": job.assignment,
        "score": sum(task["score"] for task in verdict["tasks"]),
        "points": sum(task["points"] for task in verdict["tasks"]),
        "penalty": verdict.get("penalty"),
        "notes": verdict["flags"],
        "mistakes": list(dict.fromkeys(mistakes)),
        "seconds": verdict["seconds"],
        "sandbox": verdict["sandbox"],
        "tries": len(verdict.get("tries", ())),
        "reused": verdict.get("reused", False),
        "failed": verdict.get("failed", False),
    }


def keep(course: Course, row: Row, verdict: Verdict) -> None:
    """Write down the row and what was found in each task."""
    tasks = [{k: task[k] for k in ("task", "score", "points", "mistakes", "properties")} for task in verdict["tasks"]]
    more = {"tasks": tasks, "limits": verdict.get("exceeded", []), "file": verdict.get("file")}
    write(_path(course, row["assignment"], row["student"]), json.dumps(row | more))


def kept(course: Course, assignment: str) -> Iterator[Row]:
    """The rows of an assignment's last verdicts, by student."""
    for path in sorted((course.root / "summaries" / assignment).glob("*.json")):
        try:
            yield json.loads(path.read_text("utf-8"))
        except ValueError:  # it will be written again with the next run
            continue


def as_lines(table: list[Row], place: str) -> Iterator[str]:
    """The table for a terminal."""
    several = len({row["assignment"] for row in table}) > 1
    width = max((len(_name(row, several)) for row in table), default=0)
    if table:
        yield f"{'student':<{width}}  {'score':>12}  mistakes; notes"
    for row in table:
        score = f"{row['score']:>5g} of {row['points']:<3g}"
        late = [f"late: {row['penalty']:g} points less"] if row["penalty"] else []
        told = one_line("; ".join([*late, *row["mistakes"], *(f"! {note}" for note in row["notes"])]) or "-")
        yield f"{_name(row, several):<{width}}  {score:>12}  {told}"
    failed = sum(row["failed"] for row in table)
    reused = sum(row["reused"] for row in table)
    yield f"{len(table) - failed} graded on {place}, {reused} of them from verdicts at hand"
    if failed:
        yield f"{failed} FAILED: see the notes; the next `grade run` tries them again"


def one_line(text: str) -> str:
    """At most a hundred characters that are safe to print."""
    text = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in text if c)[:100]


def _name(row: Row, with_assignment: bool) -> str:
    return f"{row['assignment']}/{row['student']}" if with_assignment else row["student"]


def _path(course: Course, assignment: str, student: str) -> Path:
    return course.root / "summaries" / assignment / f"{student}.json"
