"""nbgrader's gradebook, in the course folder or on a server: opened, or a plain sentence why it cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from grading.course import COURSE_ID, Course, CourseError, configure, use_own_programs

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
PATIENCE = 10  # seconds for a server to answer
EXAMPLES = "sqlite:////folder/gradebook.db or postgresql://user@host/database"


@contextmanager
def opened(course: Course) -> Iterator["Gradebook"]:
    """The course's gradebook. Nothing of what was not committed is left when an error ends the block."""
    from nbgrader.api import Gradebook

    use_own_programs()
    check(course)
    with Gradebook(course.db_url, COURSE_ID) as gradebook:
        yield gradebook


def check(course: Course) -> None:
    """Refuse, in words, a gradebook that does not answer."""
    _reach(_parsed(course.db_url))


def set_db(course: Course, url: str) -> None:
    """Keep the gradebook at `url` from now on: an empty database, or one of nbgrader's. No grades are moved."""
    parsed = _absolute(_parsed(url), course.root)
    _reach(parsed)
    whole = parsed.render_as_string(hide_password=False)
    configure(course, {"CourseDirectory.db_url": whole}, private=parsed.password is not None)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise CourseError(f"{url!r} is no database URL: write, say, {EXAMPLES}.") from None
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def _absolute(url: URL, root: Path) -> URL:
    """nbgrader changes folders while it works, so a relative path would name several files."""
    if url.get_backend_name() != "sqlite":
        return url
    if url.database in (None, "", ":memory:"):
        raise CourseError(f"{url} is kept nowhere: write, say, {EXAMPLES}.")
    return url.set(database=str(root / url.database))


def _reach(url: URL) -> None:
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").parent.is_dir():
        raise CourseError(f"The gradebook {shown} cannot be opened: there is no folder {Path(url.database).parent}.")
    try:
        options = {"connect_timeout": PATIENCE} if url.get_backend_name() == "postgresql" else {}
        engine = create_engine(url, connect_args=options)
        with engine.connect() as connection:
            connection.execute(text("PRAGMA schema_version" if engine.dialect.name == "sqlite" else "SELECT 1"))
        engine.dispose()
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise CourseError(f"No driver for {shown} ({error}): write, say, {EXAMPLES}.") from None
    except (DatabaseError, OSError, TypeError, ValueError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise CourseError(f"The gradebook {shown} cannot be opened: {reason}") from None
