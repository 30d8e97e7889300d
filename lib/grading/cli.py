"""`grade`: release assignments, grade submissions, write feedback, export grades."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from grading.course import Course, CourseError, alone, checker_version, lay, project_root, release, write
from grading.grading import Job, grade_all
from grading.sandbox import Limits, NoSandbox, Sandbox
from grading.stage import is_id

UNSAFE = "WARNING: --unsafe: student code runs WITHOUT a sandbox and can do all that you can do on this machine."
OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 if all went well, 1 if something could not be done, 2 if it was asked for wrongly."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options, Course(options.course.resolve()))
    except (CourseError, NoSandbox, OSError) as error:
        print(f"grade {options.command}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nstopped; finished verdicts are kept, and the next `grade run` goes on from there", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grade", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "release", _release, "lay assignments into the course folder").add_argument(
        "assignment", nargs="*", help="such as 07_convolution_matrix; all of them if none is given"
    )
    run = _command(commands, "run", _run, "grade what was handed in", assignment=True)
    run.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at the same time (default: cores)")
    run.add_argument("--force", action="store_true", help="judge again even where a verdict is at hand")
    run.add_argument("--unsafe", action="store_true", help="run student code WITHOUT a sandbox")
    run.add_argument("--cell-seconds", type=seconds, default=Limits().cell_seconds, help="computing time of one cell")
    run.add_argument("--notebook-seconds", type=seconds, default=Limits().notebook_seconds, help="and of a notebook")
    _command(commands, "feedback", _feedback, "write the pages that students get back", assignment=True)
    export = _command(commands, "export", _export, "write the grades as a table", assignment=True)
    export.add_argument("--csv", type=Path, metavar="FILE", help="file to write (default: the screen)")
    _command(commands, "status", _status, "say what is released, handed in and graded", assignment=True)
    return parser


def seconds(text: str) -> float:
    """A time limit; argparse calls it by its name when the text is none."""
    value = float(text)
    if not 0 < value <= 86_400:
        raise ValueError(text)
    return value


def _command(commands: Any, name: str, run: Any, text: str, assignment: bool = False) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    command.add_argument(
        "--course", type=Path, default=Path("build/course"), help="course folder (default: build/course)"
    )
    command.add_argument("--json", action="store_true", help="answer as JSON")
    if assignment:
        command.add_argument("--assignment", help="only this one")
        command.add_argument("--student", help="only this one")
    else:
        command.add_argument(
            "--project", type=Path, default=Path.cwd(), help="the checkout (default: the one around you)"
        )
    return command


def _release(options: argparse.Namespace, course: Course) -> int:
    solutions = project_root(options.project.resolve()) / "solutions"
    known = {path.stem: path for path in sorted(solutions.glob("[0-9][0-9]_*.py"))}
    wanted = options.assignment or list(known)
    for name in wanted:
        if name not in known:
            raise CourseError(f"There is no solutions/{name}.py; there is: {', '.join(known)}.")
    lay(course)
    for name in wanted:
        release(course, known[name])
    _say(options, {"released": wanted}, [f"released {name} in {course.root / 'release' / name}" for name in wanted])
    return OK


def _run(options: argparse.Namespace, course: Course) -> int:
    limits = replace(Limits(), cell_seconds=options.cell_seconds, notebook_seconds=options.notebook_seconds)
    if options.unsafe:
        print(UNSAFE, file=sys.stderr)
    jobs = list(_jobs(options, course, limits))
    Sandbox(limits, unsafe=options.unsafe).close()  # refuse at once rather than in the middle
    table = []
    with alone(course):
        for job, verdict in _with_progress(options, jobs):
            table.append(_summary(job, _recorded(job, verdict)))
    table.sort(key=lambda row: (row["assignment"], row["student"]))
    _say(options, table, _as_lines(table))
    return FAILED if any(row["failed"] for row in table) else OK


def _jobs(options: argparse.Namespace, course: Course, limits: Limits) -> Iterator[Job]:
    checker = checker_version()
    for assignment in _assignments(options, course):
        students, odd = course.submissions(assignment)
        for name in odd:
            print(f"not graded: submitted/{ascii(name)} is no name for a student", file=sys.stderr)
        if options.student and options.student not in students:
            raise CourseError(
                f"{options.student!r} has handed in nothing for {assignment} (looked in {course.root}/submitted)."
            )
        for student in [options.student] if options.student else students:
            yield Job(course, assignment, student, limits, options.unsafe, options.force, checker)


def _assignments(options: argparse.Namespace, course: Course) -> list[str]:
    _ = course.secret  # says so if this is no course folder
    if options.assignment:
        course.release_text(options.assignment)
        return [options.assignment]
    return course.assignments()


def _with_progress(options: argparse.Namespace, jobs: list[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
    hide = options.json or not sys.stderr.isatty()
    with tqdm(total=len(jobs), unit="submission", disable=hide, leave=False) as bar:
        yield from grade_all(jobs, max(1, options.jobs), bar.update)


def _recorded(job: Job, verdict: dict[str, Any]) -> dict[str, Any]:
    """The verdict, written down. Whatever is wrong with one record, the others are written."""
    from grading.record import record  # nbgrader takes seconds to import: workers do without

    try:
        record(job.course, job.assignment, job.student, verdict)
    except Exception as error:
        flag = f"NOT RECORDED ({type(error).__name__}: {error})"
        return verdict | {"failed": True, "flags": [flag, *verdict["flags"]]}
    return verdict


def _summary(job: Job, verdict: dict[str, Any]) -> dict[str, Any]:
    mistakes = [mistake for task in verdict["tasks"] for mistake in task["mistakes"]]
    return {
        "student": job.student,
        "assignment": job.assignment,
        "score": sum(task["score"] for task in verdict["tasks"]),
        "points": sum(task["points"] for task in verdict["tasks"]),
        "notes": verdict["flags"],
        "mistakes": list(dict.fromkeys(mistakes)),
        "seconds": verdict["seconds"],
        "sandbox": verdict["sandbox"],
        "reused": verdict.get("reused", False),
        "failed": verdict.get("failed", False),
    }


def _as_lines(table: list[dict[str, Any]]) -> Iterator[str]:
    width = max((len(row["student"]) for row in table), default=0)
    for row in table:
        note = "; ".join([*row["notes"], *row["mistakes"]]) or "-"
        yield f"{row['student']:<{width}}  {row['score']:>5g} of {row['points']:g}  {_one_line(note)}"
    yield f"{len(table)} graded, {sum(row['reused'] for row in table)} of them from verdicts at hand"


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in text if c)[:100]


def _feedback(options: argparse.Namespace, course: Course) -> int:
    from grading.feedback import make_feedback

    pages = []
    for assignment in _assignments(options, course):
        graded = sorted(
            path.parent.parent.name for path in course.root.glob(f"autograded/*/{assignment}/{assignment}.ipynb")
        )
        students = [s for s in graded if options.student in (None, s) and is_id(s)]
        if not students:
            whom = f" for {options.student}" if options.student else ""
            raise CourseError(f"Nothing of {assignment} is graded yet{whom}: `grade run`.")
        pages += make_feedback(course, assignment, students)
    _say(options, [str(page) for page in pages], [f"{len(pages)} page(s) in {course.root / 'feedback'}"])
    return OK


def _export(options: argparse.Namespace, course: Course) -> int:
    from grading.export import as_csv, as_json, rows

    table = [row for name in _assignments(options, course) for row in rows(course, name, _notes(course, name))]
    text = (as_json if options.json else as_csv)([r for r in table if options.student in (None, r["student"])])
    if options.csv:
        write(options.csv.resolve(), text)
    else:
        print(text, end="")
    return OK


def _notes(course: Course, assignment: str) -> dict[str, list[str]]:
    """The grader's notes of each student, as they stand in the autograded notebooks."""
    notes = {}
    for path in course.root.glob(f"autograded/*/{assignment}/{assignment}.ipynb"):
        first = json.loads(path.read_text("utf-8"))["cells"][0]
        lines = "".join(first["source"]).splitlines() if first.get("id") == "grader-notes" else []
        notes[path.parent.parent.name] = [line[2:] for line in lines if line.startswith("- ")]
    return notes


def _status(options: argparse.Namespace, course: Course) -> int:
    table = []
    for assignment in _assignments(options, course):
        students, odd = course.submissions(assignment)
        graded = [
            s for s in students if (course.root / "autograded" / s / assignment / f"{assignment}.ipynb").is_file()
        ]
        row = {"assignment": assignment, "handed_in": len(students), "graded": len(graded), "odd_names": len(odd)}
        table.append(row)
    lines = [f"{r['assignment']}: {r['handed_in']} handed in, {r['graded']} graded" for r in table]
    _say(options, table, lines or ["nothing is released: `grade release`"])
    return OK


def _say(options: argparse.Namespace, data: Any, lines: Any) -> None:
    print(json.dumps(data, indent=1) if options.json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
