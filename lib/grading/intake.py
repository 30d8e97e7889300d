"""`grade collect`, and what `grade release` may be told about the gradebook and late work.

nbgrader takes seconds to import, so nothing here does so before it is needed.
"""

import argparse
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grading.course import Course, CourseError


def add_commands(commands: Any) -> None:
    """Add `grade collect` to the program."""
    text = "take submissions out of a learning platform's zip file or folder"
    command = commands.add_parser("collect", help=text, description=text)
    command.set_defaults(run=run_collect)
    command.add_argument("source", type=Path, metavar="ARCHIVE_OR_FOLDER", help="what the platform gave you")
    command.add_argument("--assignment", required=True, help="whose submissions these are")
    command.add_argument("--pattern", metavar="REGEX", help="finds (?P<student>...) in a path, if not Canvas or Moodle")
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
    result = collect(course, options.source, options.assignment, options.pattern, time, zone, options.dry_run)
    data = {"taken": result.taken, "left": result.left, "dry_run": options.dry_run}
    print(json.dumps(data, indent=1) if options.json else "\n".join(result.lines(options.dry_run)))
    return 0


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
