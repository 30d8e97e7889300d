"""Grade a course: release assignments, grade what was handed in, write feedback, export grades, look after it all.

Exit codes: 0 done; 1 something could not be done, and the message says what; 2 asked for wrongly; 3 no sandbox on this
machine; 4 another run is at work; 5 the cluster cannot be used; 130 stopped by Ctrl-C.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from grading import intake, progress, run, summary
from grading.course import Course, CourseError, lay, project_root, release, write
from grading.sandbox import Limits, NoSandbox
from grading.schedulers import ClusterError
from grading.stage import is_id

OK, FAILED, USAGE, NO_SANDBOX, BUSY, NO_CLUSTER, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
STOPPED = "stopped; finished verdicts are kept, and the next `grade run` goes on from there"
EXAMPLES = {
    "release": ["grade release", "grade release 07_convolution_matrix --course ~/teaching/2026"],
    "collect": [
        "grade collect moodle.zip --assignment 07_convolution_matrix --dry-run",
        "grade collect submissions/ --roster class.csv",
        "grade collect inbox.mbox --zone Europe/Berlin",
    ],
    "run": [
        "grade run",
        "grade run --assignment 07_convolution_matrix --student ada",
        "grade run --jobs 8 --every 10",
        "grade run --scheduler tcp://10.0.0.1:8786",
        "grade run --dry-run --json",
    ],
    "feedback": ["grade feedback", "grade feedback --student ada"],
    "export": [
        "grade export --csv grades.csv",
        "grade export --json --assignment 07_convolution_matrix",
        "grade export --for canvas --roster gradebook.csv --csv import.csv",
    ],
    "status": ["grade status", "watch -n 5 grade status        # in another terminal, while a run is at work"],
    "report": ["grade report", "grade report --similarity --assignment 07_convolution_matrix"],
    "doctor": ["grade doctor", "grade doctor --json && grade run"],
}
Handler = Callable[[argparse.Namespace, Course], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit code says how it went."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # people's names, whatever the terminal can write
    try:
        return options.run(options, Course(options.course.resolve()))
    except (CourseError, NoSandbox, ClusterError, OSError) as error:
        return _complain(options, str(error), _code(error))
    except KeyboardInterrupt:
        return _complain(options, STOPPED, INTERRUPTED)


def _code(error: Exception) -> int:
    kinds = {NoSandbox: NO_SANDBOX, run.Busy: BUSY, ClusterError: NO_CLUSTER}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), FAILED)


def _complain(options: argparse.Namespace, sentence: str, code: int) -> int:
    print(f"grade {options.command}: {sentence}", file=sys.stderr)
    if options.json:
        print(json.dumps({"error": sentence, "code": code}))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _release_options(_command(commands, "release", _release, "lay assignments into the course folder"))
    intake.add_commands(commands)
    commands.choices["collect"].epilog = _examples("collect")
    commands.choices["collect"].formatter_class = argparse.RawDescriptionHelpFormatter
    _run_options(_graded(_command(commands, "run", _run, "grade what was handed in")))
    feedback = _graded(_command(commands, "feedback", _feedback, "write the pages that students get back"))
    feedback.add_argument("--dry-run", action="store_true", help="say which pages would be written")
    export = _graded(_command(commands, "export", _export, "write the grades as a table"))
    export.add_argument("--csv", type=Path, metavar="FILE", help="file to write (default: the screen)")
    export.add_argument("--for", dest="platform", choices=["canvas", "moodle"], help="as that gradebook reads it in")
    export.add_argument(
        "--roster", type=Path, metavar="CSV", help="its own table of people (default: COURSE/roster.csv)"
    )
    _graded(_command(commands, "status", _status, "say what is released, handed in, graded and under way"))
    report = _graded(_command(commands, "report", _report, "write a page about the class for the instructor"))
    report.add_argument("--similarity", action="store_true", help="also say which answers are oddly alike")
    _run_options(_command(commands, "doctor", _doctor, "check all that grading needs, and say what to mend"))
    return parser


def _command(commands: Any, name: str, handler: Handler, text: str) -> argparse.ArgumentParser:
    kind = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(name, help=text, description=text, epilog=_examples(name), formatter_class=kind)
    command.set_defaults(run=handler)
    command.add_argument(
        "--course", type=Path, default=Path("build/course"), help="course folder (default: build/course)"
    )
    command.add_argument("--json", action="store_true", help="answer as JSON")
    return command


def _examples(name: str) -> str:
    return "\n".join(["examples:", *(f"  {line}" for line in EXAMPLES[name])])


def _graded(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--assignment", help="only this one")
    command.add_argument("--student", help="only this one")
    return command


def _release_options(command: argparse.ArgumentParser) -> None:
    what = "such as 07_convolution_matrix; all of them if none is given"
    command.add_argument("assignment", nargs="*", help=what)
    command.add_argument("--project", type=Path, default=Path.cwd(), help="the checkout (default: the one around you)")
    command.add_argument("--dry-run", action="store_true", help="say what would be released")
    intake.add_release_options(command)


def _run_options(command: argparse.ArgumentParser) -> None:
    add, limits = command.add_argument, Limits()
    add("--jobs", type=count, default=os.cpu_count(), help="submissions at the same time (default: cores)")
    add("--scheduler", metavar="ADDRESS", help="a Dask scheduler, or its scheduler file: its workers grade")
    add("--device", choices=["cuda"], default="", help="also try torch tensors there, in tasks that ask for it")
    add("--force", action="store_true", help="judge again even where a verdict is at hand")
    add("--cold", action="store_true", help="start each sandbox anew: slower, and nothing is imported ahead")
    add("--unsafe", action="store_true", help="run student code WITHOUT a sandbox")
    add("--dry-run", action="store_true", help="say what would be done")
    add("--every", type=seconds, default=30.0, metavar="SECONDS", help="a line of progress where there is no terminal")
    add("--cell-seconds", type=seconds, default=limits.cell_seconds, help="computing time of one cell")
    add("--notebook-seconds", type=seconds, default=limits.notebook_seconds, help="and of a notebook")


def seconds(text: str) -> float:
    """A time limit; argparse calls it by its name when the text is none."""
    value = float(text)
    if not 0 < value <= 86_400:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """A number of workers."""
    value = int(text)
    if not 1 <= value <= 1024:
        raise ValueError(text)
    return value


def _release(options: argparse.Namespace, course: Course) -> int:
    solutions = project_root(options.project.resolve()) / "solutions"
    known = {path.stem: path for path in sorted(solutions.glob("[0-9][0-9]_*.py"))}
    wanted = options.assignment or list(known)
    for name in wanted:
        if name not in known:
            raise CourseError(f"There is no solutions/{name}.py; there is: {', '.join(known)}.")
    would = "would release" if options.dry_run else "released"
    if not options.dry_run:
        lay(course)
        intake.before_release(options, course)
        for name in wanted:
            release(course, known[name])
        intake.after_release(options, course, wanted)
    _say(options, {would: wanted}, [f"{would} {name} in {course.root / 'release' / name}" for name in wanted])
    return OK


def _run(options: argparse.Namespace, course: Course) -> int:
    jobs = list(run.jobs_of(options, course, _assignments(options, course)))
    if options.dry_run:
        table = run.plan(jobs)
        _say(options, table, [f"{r['assignment']}/{r['student']}: would {r['would']}" for r in table])
        return OK
    table, place = run.grade(options, course, jobs)
    _say(options, table, summary.as_lines(table, place))
    return FAILED if any(row["failed"] for row in table) else OK


def _assignments(options: argparse.Namespace, course: Course) -> list[str]:
    _ = course.secret  # says so if this is no course folder
    if options.assignment:
        course.release_text(options.assignment)
        return [options.assignment]
    return course.assignments()


def _feedback(options: argparse.Namespace, course: Course) -> int:
    from grading.feedback import make_feedback

    pages = []
    for assignment in _assignments(options, course):
        students = _graded_students(course, assignment, options.student)
        if options.dry_run:
            pages += [course.root / "feedback" / s / assignment / f"{assignment}.html" for s in students]
        elif students:
            pages += make_feedback(course, assignment, students)
    if not pages:
        what = f"{options.assignment or 'any assignment'}{f' for {options.student}' if options.student else ''}"
        raise CourseError(f"Nothing of {what} is graded yet: `grade run`.")
    would = "would be written" if options.dry_run else ""
    _say(
        options, [str(page) for page in pages], [f"{len(pages)} page(s) in {course.root / 'feedback'} {would}".strip()]
    )
    return OK


def _graded_students(course: Course, assignment: str, only: str | None) -> list[str]:
    found = sorted(p.parent.parent.name for p in course.root.glob(f"autograded/*/{assignment}/{assignment}.ipynb"))
    return [student for student in found if only in (None, student) and is_id(student)]


def _export(options: argparse.Namespace, course: Course) -> int:
    from grading.export import absent, as_canvas, as_csv, as_json, as_moodle, rows, strangers

    table = [row for name in _assignments(options, course) for row in rows(course, name, _notes(course, name))]
    table = [row for row in table if options.student in (None, row["student"])]
    if unread := sum(row["needs_manual_grade"] for row in table):
        print(f"grade export: answers of {unread} in words are not read yet, and count nothing", file=sys.stderr)
    if options.platform:
        roster = intake.roster_of(course, options.roster)
        text = {"canvas": as_canvas, "moodle": as_moodle}[options.platform](table, roster)
        for student in strangers(table, roster):
            print(f"grade export: {student} is not in the roster", file=sys.stderr)
        for person in absent(table, roster):
            print(f"grade export: nothing was handed in by {person}", file=sys.stderr)
    else:
        text = (as_json if options.json else as_csv)(table)
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
        notes[path.parent.parent.name] = first["metadata"].get("notes", [])
    return notes


def _status(options: argparse.Namespace, course: Course) -> int:
    table = []
    for assignment in _assignments(options, course):
        students, odd = course.submissions(assignment)
        graded = {*_graded_students(course, assignment, None)} & {*students}
        row = {"assignment": assignment, "handed_in": len(students), "graded": len(graded), "odd_names": len(odd)}
        table.append(row)
    last = progress.state_of(course)
    lines = [f"{r['assignment']}: {r['handed_in']} handed in, {r['graded']} graded" for r in table]
    lines = lines or ["nothing is released: `grade release`"]
    _say(
        options, {"assignments": table, "run": last}, [*lines, *([f"last run {progress.sentence(last)}"] * bool(last))]
    )
    return OK


def _report(options: argparse.Namespace, course: Course) -> int:
    from grading import class_report  # it needs matplotlib, which takes a second

    reports = [class_report.gather(course, name, options.similarity) for name in _assignments(options, course)]
    pages = [class_report.write_page(course, report) for report in reports]
    _say(options, reports, [f"wrote {page}" for page in pages] or ["nothing is released: `grade release`"])
    return OK


def _doctor(options: argparse.Namespace, course: Course) -> int:
    from grading import doctor

    findings = doctor.examine(course, options)
    _say(options, [vars(finding) for finding in findings], map(str, findings))
    if any(f.check == "sandbox" and not f.good for f in findings):
        return NO_SANDBOX
    return OK if all(finding.good for finding in findings) else FAILED


def _say(options: argparse.Namespace, data: Any, lines: Any) -> None:
    print(json.dumps(data, indent=1) if options.json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
