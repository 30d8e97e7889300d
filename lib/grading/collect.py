"""Take submissions out of what an instructor has in hand: a platform's zip file, a folder, a mailbox.

Nothing is unpacked: the notebook is read, with a limit, and written under a name of our own, so that no name in an
archive leads anywhere. Whose a file is stands in its path, or in the message that it was attached to:

- Canvas: ``lastnamefirstname_12345_67890_file.ipynb`` belongs to ``12345``, Canvas's number of the person.
- Moodle: ``Lastname Firstname_12345_assignsubmission_file_...`` belongs to ``Lastname_Firstname``, since Moodle's
  number is another in each assignment; two people of one name are told apart by it, and neither is taken.
- Blackboard: ``Assignment_login_attempt_2026-10-01-23-59-00_file.ipynb`` belongs to ``login``.
- Brightspace: ``123-456 - Firstname Lastname - Oct 1, 2026 1159 PM/file.ipynb`` belongs to ``Firstname_Lastname``.
- A message (.eml, .mbox) belongs to the address that it says it is from.
- With a pattern: a regular expression, found anywhere in the path, whose group ``student`` is the name, and whose group
  ``number``, if there is one, grows with each attempt.

With a roster, numbers, names and addresses are looked up in it, and any path will do that names one person. A name that
is only like somebody's is taken if nobody else's comes near, and is told. Which assignment a notebook is of stands in
its own cells; its name decides where they say nothing.

Of several files of one student, a notebook named as the assignment goes before others, then the one with the higher
number, then the one with the later date in the archive, then the one that comes later. What was collected before stays
where it is if it is newer, and is kept in ``received`` if it is older: nothing is lost.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grading import downloads, late, stage
from grading.course import Course, CourseError, write
from grading.downloads import ZIP_BYTES, File, NotTaken, is_clutter, notebook_in, opened, read
from grading.owners import Owner, Owners, owners
from grading.roster import Roster
from grading.stage import NOTEBOOK_BYTES, is_id


@dataclass(frozen=True)
class Found:
    """A file that holds a student's notebook, and that can be read."""

    file: File
    owner: Owner
    assignment: str

    @property
    def place(self) -> tuple[str, str]:
        """Where it goes."""
        return self.owner.student, self.assignment

    @property
    def rank(self) -> tuple[Any, ...]:
        """The highest is taken."""
        return _is_named(self.file.path, self.assignment), self.owner.number, self.file.changed


@dataclass
class Collected:
    """What was taken, ``{(student, assignment): path}``, what of it by likeness alone, and why the rest was not."""

    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    likely: dict[str, str] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)

    @property
    def students(self) -> dict[str, str]:
        """The path that was taken from each student; of one assignment."""
        return {student: path for (student, _), path in self.taken.items()}

    def lines(self, dry_run: bool = False) -> Iterator[str]:
        """One for each file; names are shown so that they cannot command a terminal."""
        verb = "would take" if dry_run else "took"
        for (student, assignment), path in self.taken.items():
            guess = f" (LOOK: {self.likely[path]})" if path in self.likely else ""
            yield f"{verb} {student}/{assignment}: {repr(path)[1:-1]}{guess}"
        yield from (f"left {repr(path)[1:-1]}: {reason}" for path, reason in self.left)
        yield f"{verb} {len(self.taken)}, {len(self.likely)} of them by likeness of names, left {len(self.left)}"

    def data(self) -> dict[str, Any]:
        """The same as JSON's kinds."""
        taken = [
            {"student": student, "assignment": assignment, "path": path, "likeness": self.likely.get(path, "")}
            for (student, assignment), path in self.taken.items()
        ]
        return {"taken": taken, "left": self.left}


@dataclass(frozen=True)
class Wanted:
    """The assignments that may be collected, and how their notebooks are known."""

    course: Course
    only: str | None

    @cached_property
    def releases(self) -> dict[str, tuple[set[str], set[str]]]:
        """Names of graded cells and of functions in each assignment."""
        return {name: _marks(self.course.release_text(name)) for name in self.course.assignments()}

    def of(self, content: bytes, path: str) -> str:
        """The assignment that a notebook is of: by its own cells, or, where they say nothing, as it is named."""
        cells, functions = _marks(content)
        scores = {name: (len(cells & c), len(functions & f)) for name, (c, f) in self.releases.items()}
        best = max(scores.values(), default=(0, 0))
        likely = [name for name, score in scores.items() if score == best and any(best)]
        named = [name for name in likely or self.releases if _is_named(path, name)]
        found = (
            likely[0]
            if len(likely) == 1
            else named[0]
            if named
            else self.only
            if self.only in likely or not likely
            else None
        )
        if found is None:
            raise NotTaken("neither its cells nor its name say of which assignment it is: give --assignment")
        if self.only not in (None, found):
            raise NotTaken(f"it is the notebook of {found}")
        return found


def collect(
    course: Course,
    source: Path,
    assignment: str | None = None,
    pattern: str | None = None,
    handed_in: datetime | None = None,
    zone: ZoneInfo | None = None,
    dry_run: bool = False,
    roster: Roster | None = None,
) -> Collected:
    """Put the notebooks in `source` into ``submitted/<student>/<assignment>``; a dry run only says what it would do.

    They arrived at the time `handed_in`, or at the source's own dates if `zone` says what clock these are by, or now.
    """
    if assignment:
        course.release_text(assignment)
    result, wanted = Collected(), Wanted(course, assignment)
    with opened(source) as all_files:
        files = _capped(all_files, result)
        found = [*_found(files, owners(files, pattern, roster, wanted.releases), wanted, result)]
        for one in _latest(_of_one_person(found, result), result):
            time = _time(one, handed_in, zone)
            reason = _keep(course, one, time, bool(handed_in or zone), dry_run)
            if reason:
                result.left.append((one.file.path, reason))
                continue
            result.taken[one.place] = one.file.path
            if one.owner.likeness:
                result.likely[one.file.path] = one.owner.likeness
    return result


def _capped(files: Iterable[File], result: Collected) -> list[File]:
    kept = []
    for file in files:
        if len(kept) >= downloads.FILES:
            result.left.append(
                (file.path, "it and all after it: the files before are as many as are read of one source")
            )
            break
        if not is_clutter(file.path):
            kept.append(file)
    return kept


def _found(files: Iterable[File], whose: Owners, wanted: Wanted, result: Collected) -> Iterator[Found]:
    budget = downloads.ALL_BYTES
    for file in files:
        if budget <= 0:
            result.left.append(
                (file.path, "it and all after it: the files before are as much as is read of one source")
            )
            return
        try:
            owner = _owner(file, whose)
            content = _content(file, wanted.only)
            budget -= len(content)
            yield Found(file, owner, wanted.of(content, file.path))
        except NotTaken as reason:
            result.left.append((file.path, str(reason)))


def _owner(file: File, whose: Owners) -> Owner:
    if file.fault:
        raise NotTaken(file.fault)
    if file.suffix not in (".ipynb", ".zip"):
        raise NotTaken("it is neither a notebook nor a zip file")
    owner = whose(file)
    if not is_id(owner.student):
        raise NotTaken(f"{owner.student!r} cannot be a student's name here: letters, digits and _ . @ - only")
    return owner


def _content(file: File, assignment: str | None) -> bytes:
    """Read again when it is taken: a whole class's notebooks need not fit into memory."""
    if file.suffix == ".ipynb":
        return read(file, NOTEBOOK_BYTES)
    return notebook_in(read(file, ZIP_BYTES), lambda path: assignment is not None and _is_named(path, assignment))


def _marks(content: bytes) -> tuple[set[str], set[str]]:
    """Names of the graded cells of a notebook, and of the functions in its code; nothing of what is no notebook."""
    try:
        cells = [cell for cell in json.loads(content)["cells"] if isinstance(cell, dict)]
    except (KeyError, RecursionError, TypeError, ValueError):
        return set(), set()
    names = {name for cell in cells[: stage.CELLS] if (name := stage.grade_id(cell))}
    return {n for n in names if not n.startswith("setup-")}, stage.defined(cells[: stage.CELLS])


def _is_named(path: str, assignment: str) -> bool:
    """Whether a path ends with the assignment's name; platforms and browsers number copies."""
    return re.search(rf"(?:^|[/_]){re.escape(assignment)}(?:-\d+| ?\(\d+\))?\.ipynb$", path) is not None


def _of_one_person(found: list[Found], result: Collected) -> list[Found]:
    people: dict[str, set[str]] = {}
    for one in found:
        people.setdefault(one.owner.student, set()).add(one.owner.person)
    for one in found:
        student = one.owner.student
        if len(people[student]) > 1:
            numbers = ", ".join(sorted(people[student]))
            reason = f"several people ({numbers}) are {student}: give a --roster with their numbers, or a --pattern"
            result.left.append((one.file.path, reason))
    return [one for one in found if len(people[one.owner.student]) == 1]


def _latest(found: list[Found], result: Collected) -> Iterator[Found]:
    chosen: dict[tuple[str, str], Found] = {}
    for one in found:
        chosen[one.place] = max(one, chosen.get(one.place, one), key=lambda f: f.rank)
    for one in found:
        first = chosen[one.place]
        if first is not one:
            result.left.append((one.file.path, f"{first.file.path!r} of the same student goes before it"))
    yield from chosen.values()


def _time(one: Found, handed_in: datetime | None, zone: ZoneInfo | None) -> datetime:
    if zone is None:
        return handed_in or datetime.now(UTC)
    if one.file.instant:
        return one.file.instant
    try:
        return datetime(*one.file.changed, tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        raise CourseError(f"{one.file.path!r} has no date that can be read: give --handed-in.") from None


def _keep(course: Course, one: Found, time: datetime, correct: bool, dry_run: bool) -> str | None:
    """Write it, unless a newer one is there, which is the reason that comes back; the older one is kept beside."""
    student, assignment = one.place
    folder = course.root / "submitted" / student / assignment
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise CourseError(f"{path} is a link: nothing is written through it.")
    content, there = _content(one.file, assignment), _there(folder, assignment)
    ledger = late.Ledger.of(course, assignment, student)
    arrived = ledger.time_of(content) if not correct and ledger.time_of(content) else time
    newer = there not in (None, content) and (ledger.time_of(there) or _changed(folder, assignment)) > arrived
    if dry_run:
        return NEWER if newer else None
    late.note(ledger, content, time, "collect", correct)
    if newer:
        _put_aside(course, one, content)
        return NEWER
    if there not in (None, content):
        _put_aside(course, one, there)
    write(folder / f"{assignment}.ipynb", content)
    late.arrival(course, assignment, student)
    return None


NEWER = "what lies in submitted already came later; this one is kept in received"


def _there(folder: Path, assignment: str) -> bytes | None:
    path = folder / f"{assignment}.ipynb"
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _changed(folder: Path, assignment: str) -> datetime:
    return datetime.fromtimestamp((folder / f"{assignment}.ipynb").stat().st_mtime, UTC)


def _put_aside(course: Course, one: Found, content: bytes) -> None:
    student, assignment = one.place
    name = hashlib.sha256(content).hexdigest()[:16]
    write(course.root / "received" / assignment / student / f"{name}.ipynb", content)
