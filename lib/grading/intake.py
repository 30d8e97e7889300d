"""`grade collect`, and what `grade release` may be told about the gradebook and late work.

nbgrader takes seconds to import, so nothing here does so before it is needed.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from grading.course import Course, CourseError

if TYPE_CHECKING:
    from grading.roster import Roster


def add_commands(commands: Any) -> None:
    """Add `grade collect` to the program."""
    text = "take submissions out of a learning platform's zip file, a folder, or messages"
    command = commands.add_parser("collect", help=text, description=text)
    command.set_defaults(run=run_collect)
    command.add_argument("source", type=Path, metavar="SOURCE", help="a zip file, a folder, an .mbox or .eml file")
    command.add_argument("--assignment", help="take this one alone (default: each notebook's cells say which it is)")
    command.add_argument("--roster", type=Path, metavar="CSV", help="who is in the class (default: COURSE/roster.csv)")
    command.add_argument("--pattern", metavar="REGEX", help="finds (?P<student>...) in a path, if nothing else does")
    times = command.add_mutually_exclusive_group()
    times.add_argument("--handed-in", metavar="TIME", help="when all of it arrived: '2026-10-01 23:59 Europe/Berlin'")
    times.add_argument("--zone", help="take the archive's dates, which the platform wrote by the clock of this zone")
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    command.add_argument("--course", type=Path, default=Path("build/course"), help="default: build/course")
    command.add_argument("--json", action="store_true", help="answer as JSON")


def run_collect(options: argparse.Namespace, course: Course) -> int:
    """0 even if files were left: platforms put others beside the notebooks."""
    from grading.collect import collect
    from grading.late import instant

    _ = course.secret  # says so if this is no course folder
    time = instant(options.handed_in) if options.handed_in else None
    zone = _zone(options.zone) if options.zone else None
    roster = roster_of(course, options.roster)
    dry_run, assignment = options.dry_run, options.assignment
    result = collect(course, options.source, assignment, options.pattern, time, zone, dry_run, roster)
    data = result.data() | {"dry_run": dry_run}
    print(json.dumps(data, indent=1) if options.json else "\n".join(result.lines(dry_run)))
    return 0


def roster_of(course: Course, path: Path | None) -> "Roster | None":
    """The class, from `path` or the course folder, if there is such a table."""
    from grading.roster import Roster

    path = path or course.root / "roster.csv"
    return Roster.read(path) if path != course.root / "roster.csv" or path.is_file() else None


def add_release_options(command: argparse.ArgumentParser) -> None:
    """Where the gradebook is, when work is due, what lateness costs. What is not given stays as it was."""
    command.add_argument("--db", metavar="URL", help="the gradebook: postgresql://user@host/database, sqlite:////file")
    command.add_argument("--due", metavar="TIME", help="such as '2026-10-01 23:59 Europe/Berlin', or none")
    command.add_argument(
        "--late", metavar="POLICY", help="what lateness costs: none, zero, or a percentage a day: 10%%"
    )


def before_release(options: argparse.Namespace, course: Course) -> None:
    """Refuse what cannot be done before anything is released; the course folder is laid already."""
    if options.db:
        from grading.gradebook import set_db

        set_db(course, options.db)
    if options.due or options.late:
        from grading import late

        if options.due and options.due != "none":
            late.instant(options.due)
        if options.late:
            late.set_late(course, options.late)


def after_release(options: argparse.Namespace, course: Course, assignments: list[str]) -> None:
    """Set the due date of what was released."""
    if options.due:
        from grading.late import set_due

        for assignment in assignments:
            set_due(course, assignment, options.due)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise CourseError(f"There is no time zone {name!r}: write, say, Europe/Berlin.") from None
