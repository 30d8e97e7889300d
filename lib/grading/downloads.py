"""Read what an instructor downloaded, file by file: a folder, a zip file, messages with attachments.

Nothing is unpacked or followed: no name in an archive leads anywhere, and what is read has a size.
"""

import email
import email.policy
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from grading.course import CourseError
from grading.stage import NOTEBOOK_BYTES

FILES, ALL_BYTES, ZIP_BYTES, MAIL_BYTES = 20_000, 2_000_000_000, 50_000_000, 500_000_000
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, MemoryError),
    *(NotImplementedError, RuntimeError, ValueError, OSError),
)
MESSAGES = (".eml", ".mbox")


class NotTaken(Exception):
    """Why a file is left where it is."""


@dataclass(frozen=True)
class File:
    """A file of an archive, a folder or a message, not read yet."""

    path: str
    size: int
    changed: tuple[int, ...]  # year to second, in a zone that an archive does not tell
    open: Callable[[], IO[bytes]]
    fault: str | None = None
    instant: datetime | None = None  # the same, where the zone is known
    sender: str = ""  # of the message that it was attached to

    @property
    def suffix(self) -> str:
        """In small letters, with its dot."""
        return PurePosixPath(self.path).suffix.lower()


@contextmanager
def opened(source: Path) -> Iterator[Iterator[File]]:
    """The files in `source`; attachments in place of messages."""
    if source.is_dir():
        yield _with_attachments(_in_folder(source))
    elif source.suffix.lower() in MESSAGES and source.is_file():
        yield _with_attachments(iter([_on_disk(source, source.name)]))
    else:
        with _archive(source) as archive:
            yield _with_attachments(in_archive(archive))


@contextmanager
def _archive(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(source)
    except FileNotFoundError:
        raise CourseError(f"There is no {source}.") from None
    except BROKEN as error:
        raise CourseError(f"{source} is no zip file that can be read: {error}") from None
    with archive:
        yield archive


def is_clutter(path: str) -> bool:
    """What operating systems put beside files."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or any(part.startswith("._") or part in (".DS_Store", "Thumbs.db") for part in parts)


def read(file: File, limit: int) -> bytes:
    """The whole of a file that is no larger than `limit`, whatever size it claims."""
    try:
        with file.open() as stream:
            content = stream.read(limit + 1) if file.size <= limit else None
    except BROKEN as error:
        raise NotTaken(f"it cannot be read: {error}") from None
    if content is None or len(content) > limit:
        raise NotTaken(f"it is larger than {limit // 10**6} MB")
    return content


def notebook_in(content: bytes, is_wanted: Callable[[str], bool]) -> bytes:
    """The one notebook in a student's own zip file, or the one that is wanted."""
    if content.count(b"PK\x01\x02") > FILES:  # before anything is made of so many entries
        raise NotTaken(f"it holds more than {FILES} files")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            books = [f for f in in_archive(archive) if f.suffix == ".ipynb" and not is_clutter(f.path)]
            books = [f for f in books if is_wanted(f.path)] or books
            if len(books) != 1 or books[0].fault:
                raise NotTaken(f"it holds {len(books)} notebooks that could be meant, where one was expected")
            return read(books[0], NOTEBOOK_BYTES)
    except BROKEN as error:
        raise NotTaken(f"it cannot be read: {error}") from None


def in_archive(archive: zipfile.ZipFile) -> Iterator[File]:
    """The members of a zip file, those that must not be taken with their fault."""
    for info in archive.infolist():
        if not info.is_dir():
            fault = _fault_of_member(info)
            yield File(info.filename, info.file_size, info.date_time, partial(archive.open, info), fault)


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


def _in_folder(folder: Path) -> Iterator[File]:
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(top) / name).is_symlink()]
        folders.sort()
        for name in sorted(names + links):
            path = Path(top) / name
            yield _on_disk(path, path.relative_to(folder).as_posix())


def _on_disk(path: Path, name: str) -> File:
    about = path.lstat()
    fault = None if stat.S_ISREG(about.st_mode) else "it is not a regular file"
    changed = datetime.fromtimestamp(about.st_mtime, UTC)
    return File(name, about.st_size, tuple(changed.timetuple()[:6]), partial(path.open, "rb"), fault, changed)


def _with_attachments(files: Iterator[File]) -> Iterator[File]:
    for file in files:
        if file.fault or file.suffix not in MESSAGES:
            yield file
            continue
        try:
            messages = _messages(file)
        except NotTaken as error:
            yield replace(file, fault=str(error))
            continue
        for number, content in enumerate(messages, start=1):
            where = f"{file.path}/{number}" if file.suffix == ".mbox" else file.path
            yield from _of_message(
                replace(file, path=where, size=len(content), open=partial(BytesIO, content)), content
            )


def _of_message(file: File, content: bytes) -> list[File]:
    """What is attached, or the message with its fault."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        parts = [part for part in message.walk() if part.get_filename() and not part.is_multipart()]
        found = [_attachment(message, part, file.path) for part in parts]
    except RecursionError:
        return [replace(file, fault="its parts are nested too deeply")]
    except Exception as error:  # the parser of headers has one kind of error for each way to be wrong
        return [replace(file, fault=f"it cannot be read: {type(error).__name__}")]
    return found or [replace(file, fault="nothing is attached to it")]


def _messages(file: File) -> list[bytes]:
    content = read(file, MAIL_BYTES)
    if file.suffix == ".eml":
        return [content]
    return [part for part in re.split(rb"(?:\A|\r?\n)From [^\n]*\n", content) if part.strip()]


def _attachment(message: EmailMessage, part: EmailMessage, where: str) -> File:
    name = PurePosixPath(str(part.get_filename()).replace("\\", "/")).name
    content = part.get_payload(decode=True) or b""
    arrived = _arrived(message)
    changed = tuple(arrived.timetuple()[:6]) if arrived else (1980, 1, 1, 0, 0, 0)
    sender = parseaddr(str(message.get("From", "")))[1]
    return File(f"{where}/{name}", len(content), changed, partial(BytesIO, content), None, arrived, sender)


def _arrived(message: EmailMessage) -> datetime | None:
    """When your own mail server got it, which it writes on top; otherwise when the sender says that it was sent."""
    stamps = [str(line).rpartition(";")[2] for line in message.get_all("Received", [])[:1]]
    for stamp in [*stamps, str(message.get("Date", ""))]:
        try:
            time = parsedate_to_datetime(stamp.strip())
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (IndexError, OverflowError, TypeError, ValueError):
            continue
    return None
