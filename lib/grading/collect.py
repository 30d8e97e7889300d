"""Take submissions out of what a learning platform lets an instructor download, a zip file or a folder.

Nothing is unpacked: the notebook is read, with a limit, and written under a name of our own, so that no name in an
archive leads anywhere. Who a file belongs to is read from its path:

- Canvas: ``lastnamefirstname_12345_67890_file.ipynb`` belongs to ``12345``, Canvas's number of the person.
- Moodle: ``Lastname Firstname_12345_assignsubmission_file_...`` belongs to ``Lastname_Firstname``, since Moodle's
  number is another in each assignment; two people of one name are told apart by it, and neither is taken.
- With a pattern: a regular expression, found anywhere in the path, whose group ``student`` is the name, and whose group
  ``number``, if there is one, grows with each attempt.

Of several files of one student, a notebook named as the assignment goes before others, then the one with the higher
number, then the one with the later date in the archive, then the one that comes later.
"""

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any
from zoneinfo import ZoneInfo

from grading import late
from grading.course import Course, CourseError, write
from grading.stage import NOTEBOOK_BYTES, is_id

# The first place in a path that fits: what comes after it is the student's own choice.
CANVAS = re.compile(r"(?:^|/)[^/_]+_(?:LATE_)?(?P<student>[0-9]+)_(?P<number>[0-9]{1,18})_")
MOODLE = re.compile(r"(?:^|/)(?P<name>[^/]+?)_(?P<person>[0-9]+)_assignsubmission_file(?:_|/|$)")
Owner = Callable[[str], tuple[str, str, int]]  # path -> name, what tells people of one name apart, attempt
FILES, ALL_BYTES, ZIP_BYTES = 20_000, 2_000_000_000, 50_000_000
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class NotTaken(Exception):
    """Why a file is left where it is."""


@dataclass(frozen=True)
class File:
    """A file of an archive or a folder, not read yet."""

    path: str
    size: int
    changed: tuple[int, ...]  # year to second, in a zone that an archive does not tell
    open: Callable[[], IO[bytes]]
    fault: str | None = None


@dataclass(frozen=True)
class Found:
    """A file that holds a student's notebook, and that can be read."""

    file: File
    student: str
    person: str
    number: int
    named: bool

    @property
    def rank(self) -> tuple[Any, ...]:
        """The highest is taken."""
        return self.named, self.number, self.file.changed


@dataclass
class Collected:
    """What was taken, ``{student: path}``, and ``[(path, reason)]`` for all else."""

    taken: dict[str, str] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)

    def lines(self, dry_run: bool = False) -> Iterator[str]:
        """One for each file; names are shown so that they cannot command a terminal."""
        verb = "would take" if dry_run else "took"
        yield from (f"{verb} {student}: {ascii(path)[1:-1]}" for student, path in self.taken.items())
        yield from (f"left {ascii(path)[1:-1]}: {reason}" for path, reason in self.left)
        yield f"{verb} {len(self.taken)}, left {len(self.left)}"


def collect(
    course: Course,
    source: Path,
    assignment: str,
    pattern: str | None = None,
    handed_in: datetime | None = None,
    zone: ZoneInfo | None = None,
    dry_run: bool = False,
) -> Collected:
    """Put the notebooks in `source` into ``submitted/<student>/<assignment>``; a dry run only says what it would do.

    They arrived at the time `handed_in`, or at the archive's own dates if `zone` says what clock these are by, or now.
    """
    course.release_text(assignment)
    owner = _by_pattern(pattern) if pattern else _by_platform
    result = Collected()
    with _opened(source) as files:
        found = [*_found(files, owner, assignment, result)]
        for one in _latest(_of_one_person(found, result), result):
            result.taken[one.student] = one.file.path
            if not dry_run:
                _take(course, assignment, one, _time(one, handed_in, zone), bool(handed_in or zone))
    return result


@contextmanager
def _opened(source: Path) -> Iterator[Iterator[File]]:
    if source.is_dir():
        yield _in_folder(source)
        return
    try:
        archive = zipfile.ZipFile(source)
    except FileNotFoundError:
        raise CourseError(f"There is no {source}.") from None
    except BROKEN as error:
        raise CourseError(f"{source} is no zip file that can be read: {error}") from None
    with archive:
        yield _in_archive(archive)


def _in_folder(folder: Path) -> Iterator[File]:
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(top) / name).is_symlink()]
        folders.sort()
        for name in sorted(names + links):
            path = Path(top) / name
            about = path.lstat()
            fault = None if stat.S_ISREG(about.st_mode) else "it is not a regular file"
            date = tuple(datetime.fromtimestamp(about.st_mtime, UTC).timetuple()[:6])
            yield File(path.relative_to(folder).as_posix(), about.st_size, date, lambda p=path: p.open("rb"), fault)


def _in_archive(archive: zipfile.ZipFile) -> Iterator[File]:
    for info in archive.infolist():
        if not info.is_dir():
            yield File(
                info.filename, info.file_size, info.date_time, lambda i=info: archive.open(i), _fault_of_member(info)
            )


def _fault_of_member(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if info.flag_bits & 1:
        return "it is encrypted"
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/") or "\0" in name:
        return "its path leads out of the archive"
    return None


def _found(files: Iterable[File], owner: Owner, assignment: str, result: Collected) -> Iterator[Found]:
    budget = ALL_BYTES
    for number, file in enumerate(files):
        if number >= FILES or budget <= 0:
            result.left.append(
                (file.path, "it and all after it: the files before are as much as is read of one source")
            )
            return
        if _is_clutter(file.path):
            continue
        try:
            found = _one(file, owner, assignment)
            budget -= len(_content(file, assignment))
            yield found
        except NotTaken as reason:
            result.left.append((file.path, str(reason)))


def _is_clutter(path: str) -> bool:
    """What operating systems put beside files."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or any(part.startswith("._") or part in (".DS_Store", "Thumbs.db") for part in parts)


def _one(file: File, owner: Owner, assignment: str) -> Found:
    if file.fault:
        raise NotTaken(file.fault)
    suffix = PurePosixPath(file.path).suffix.lower()
    if suffix not in (".ipynb", ".zip"):
        raise NotTaken("it is neither a notebook nor a zip file")
    student, person, number = owner(file.path)
    if not is_id(student):
        raise NotTaken(f"{ascii(student)} cannot be a student's name here: letters, digits and _ . @ - only")
    return Found(file, student, person, number, _is_named(file.path, assignment))


def _content(file: File, assignment: str) -> bytes:
    """Read again when it is taken: a whole class's notebooks need not fit into memory."""
    if file.path.lower().endswith(".ipynb"):
        return _read(file, NOTEBOOK_BYTES)
    return _inside(_read(file, ZIP_BYTES), assignment)


def _read(file: File, limit: int) -> bytes:
    """The whole of a file that is no larger than `limit`, whatever size it claims."""
    try:
        with file.open() as stream:
            content = stream.read(limit + 1) if file.size <= limit else None
    except BROKEN as error:
        raise NotTaken(f"it cannot be read: {error}") from None
    if content is None or len(content) > limit:
        raise NotTaken(f"it is larger than {limit // 10**6} MB")
    return content


def _inside(content: bytes, assignment: str) -> bytes:
    """The notebook in a student's own zip file."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            books = [f for f in _in_archive(archive) if f.path.endswith(".ipynb") and not _is_clutter(f.path)][:FILES]
            books = [f for f in books if _is_named(f.path, assignment)] or books
            if len(books) != 1 or books[0].fault:
                raise NotTaken(f"it holds {len(books)} notebooks that could be meant, where one was expected")
            return _read(books[0], NOTEBOOK_BYTES)
    except BROKEN as error:
        raise NotTaken(f"it cannot be read: {error}") from None


def _is_named(path: str, assignment: str) -> bool:
    """Whether a path ends with the assignment's name; platforms and browsers number copies."""
    return re.search(rf"(?:^|[/_]){re.escape(assignment)}(?:-\d+| ?\(\d+\))?\.ipynb$", path) is not None


def _by_platform(path: str) -> tuple[str, str, int]:
    if match := MOODLE.search(path):
        return _plain(match["name"]), match["person"], 0
    if match := CANVAS.search(path):
        return match["student"], match["student"], int(match["number"])
    raise NotTaken("its path says not whose it is, in the way of Canvas or Moodle: give a --pattern")


def _plain(name: str) -> str:
    """A person's name in letters that a file may have on every system: ``Müller Zoë`` is ``Muller_Zoe``."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", letters).strip("_-")


def _by_pattern(pattern: str) -> Owner:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CourseError(f"--pattern {pattern!r} is no regular expression: {error}") from None
    if "student" not in compiled.groupindex:
        raise CourseError(f"--pattern {pattern!r} has no group (?P<student>...).")

    def owner(path: str) -> tuple[str, str, int]:
        match = compiled.search(path)
        if not match or not match["student"]:
            raise NotTaken("the pattern finds no student in its path")
        number = match.groupdict().get("number") or "0"
        if not re.fullmatch(r"[0-9]{1,18}", number):
            raise NotTaken(f"the pattern's number is {ascii(number)[:50]}")
        return match["student"], match["student"], int(number)

    return owner


def _of_one_person(found: list[Found], result: Collected) -> list[Found]:
    people: dict[str, set[str]] = {}
    for one in found:
        people.setdefault(one.student, set()).add(one.person)
    for one in found:
        if len(people[one.student]) > 1:
            numbers = ", ".join(sorted(people[one.student]))
            result.left.append((one.file.path, f"several people ({numbers}) are {one.student}: give a --pattern"))
    return [one for one in found if len(people[one.student]) == 1]


def _latest(found: list[Found], result: Collected) -> Iterator[Found]:
    chosen: dict[str, Found] = {}
    for one in found:
        chosen[one.student] = max(one, chosen.get(one.student, one), key=lambda f: f.rank)
    for one in found:
        if chosen[one.student] is not one:
            result.left.append(
                (one.file.path, f"{ascii(chosen[one.student].file.path)} of the same student goes before it")
            )
    yield from chosen.values()


def _time(one: Found, handed_in: datetime | None, zone: ZoneInfo | None) -> datetime:
    if zone is None:
        return handed_in or datetime.now(UTC)
    try:
        return datetime(*one.file.changed, tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        raise CourseError(f"{ascii(one.file.path)} has no date that can be read: give --handed-in.") from None


def _take(course: Course, assignment: str, one: Found, time: datetime, correct: bool) -> None:
    folder = course.root / "submitted" / one.student / assignment
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise CourseError(f"{path} is a link: nothing is written through it.")
    content = _content(one.file, assignment)
    late.note(late.Ledger.of(course, assignment, one.student), content, time, "collect", correct)
    write(folder / f"{assignment}.ipynb", content)
    late.arrival(course, assignment, one.student)
