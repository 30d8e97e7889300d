"""`grade run`: grade what was handed in and record it, so that a run that is killed can be begun again at no loss."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from grading import leftovers, summary
from grading.course import Course, CourseError, alone, checker_version
from grading.grading import Job, Verdict, environment, grade_all, prepare
from grading.progress import Progress
from grading.sandbox import Limits, Sandbox
from grading.schedulers import Cluster, Local, Pool
from grading.stage import NotGradable

LOCK_SECONDS = 3.0
UNSAFE = "WARNING: --unsafe: student code runs WITHOUT a sandbox and can do all that you can do on this machine."


class Busy(CourseError):
    """Another run is at work."""


def grade(options: argparse.Namespace, course: Course, jobs: list[Job]) -> tuple[list[summary.Row], str]:
    """Rows of all jobs, by assignment and student, and where they were graded."""
    if options.unsafe:
        print(UNSAFE, file=sys.stderr)
    table = []
    with ExitStack() as stack:
        _lock(stack, course)
        leftovers.sweep_half_written(course.root)
        pool = begin(options)
        stack.callback(pool.close)
        told = Progress(course, len(jobs), pool.place, options.every, options.json)
        stack.enter_context(told)
        for row in _recorded(course, grade_all(jobs, pool)):
            table.append(row)
            told.add(row["reused"], row["failed"])
    return sorted(table, key=lambda row: (row["assignment"], row["student"])), pool.place


def jobs_of(options: argparse.Namespace, course: Course, assignments: list[str]) -> Iterator[Job]:
    """What there is to grade."""
    limits, checker = limits_of(options), checker_version()
    flags = (options.unsafe, options.force, checker, options.device, options.cold)
    found = [(assignment, *course.submissions(assignment)) for assignment in assignments]
    if options.student and not any(options.student in students for _, students, _ in found):
        what = options.assignment or "any assignment"
        raise CourseError(f"{options.student!r} has handed in nothing for {what} (looked in {course.root}/submitted).")
    for assignment, students, odd in found:
        for name in odd:
            print(f"not graded: submitted/{name!r} is no name for a student", file=sys.stderr)
        for student in students:
            if options.student in (None, student):
                yield Job(course, assignment, student, limits, *flags)


def plan(jobs: list[Job]) -> list[dict[str, Any]]:
    """What a run would do."""
    return [{"student": job.student, "assignment": job.assignment, "would": _intent(job)} for job in jobs]


def limits_of(options: argparse.Namespace) -> Limits:
    """What one notebook may use."""
    return replace(Limits(), cell_seconds=options.cell_seconds, notebook_seconds=options.notebook_seconds)


def begin(options: argparse.Namespace) -> Pool:
    """The workers; each of them has a sandbox, or this raises."""
    limits = limits_of(options)
    if options.scheduler:
        return Cluster(options.scheduler, (checker_version(), *environment()), limits, options.unsafe)
    Sandbox(limits, unsafe=options.unsafe).close()  # refuse at once rather than in the middle
    return Local(max(1, options.jobs))


def _intent(job: Job) -> str:
    try:
        work = prepare(job)
    except (NotGradable, OSError) as error:
        return f"record 0 points: {error}"
    known = None if job.force else work.at_hand
    return (
        "judge" if known is None else "judge once more, alone" if known.get("pending") else "record a verdict at hand"
    )


def _lock(stack: ExitStack, course: Course) -> None:
    """The workers of a run that was killed hold its lock until they are gone too, which takes a moment."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return stack.enter_context(alone(course))
        except CourseError as error:
            if time.monotonic() > until:
                raise Busy(str(error)) from None
        time.sleep(0.1)


def _recorded(course: Course, verdicts: Iterator[tuple[Job, Verdict]]) -> Iterator[summary.Row]:
    """The verdicts, written down. Whatever is wrong with one record, the others are written."""
    first = list(islice(verdicts, 1))  # workers are busy while nbgrader, which takes seconds, is imported
    from grading.record import record_all

    for job, verdict, error in record_all(course, chain(first, verdicts)):
        if error is not None:
            flag = f"NOT RECORDED ({type(error).__name__}: {error})"
            verdict |= {"failed": True, "flags": [flag, *verdict["flags"]]}
        row = summary.row_of(job, verdict)
        if error is None:
            summary.keep(course, row, verdict)
        yield row
