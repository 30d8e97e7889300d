"""When a submission arrived, and what lateness costs: by clocks that students cannot set.

A `timestamp.txt` is written by the student's own process, by nbgrader's `submit` or by hand, so its text proves
nothing. What proves something is the time at which the server's file system last saw the handed-in file change: only
the kernel sets that. So an arrival is, for each content that a student hands in and for good,

- the time of nbgrader's exchange, if its inbound folder holds this very content: the time that `submit` wrote down if
  the file system saw the last change within two minutes of it, else that of the last change;
- the time given when it was collected from an archive (`grade collect`);
- otherwise the time at which the grader first saw it.

It is kept in ``received/<assignment>/<student>.json``, written to the submission's `timestamp.txt` (where nbgrader and
its formgrader look) and to the gradebook.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.plugins import BasePlugin, LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from traitlets import Enum, Float

from grading import stage
from grading.course import COURSE_ID, Course, CourseError, configure, write
from grading.gradebook import opened

COPYING = timedelta(minutes=2)  # from the time that nbgrader writes down to the last file that it copies
EXCHANGE = Path("/usr/local/share/nbgrader/exchange")  # nbgrader's default
STAMP_BYTES = 200
ENTRIES = 1_000


class LatePolicy(LateSubmissionPlugin):
    """nbgrader's policies, none and zero, and one more: so many percent of the score for each day that has begun."""

    penalty_method = Enum(("none", "zero", "per_day"), default_value="none", help="What lateness costs.").tag(
        config=True
    )
    percent_per_day = Float(10.0, min=0.0, max=100.0, help="Percent of the score for each day begun.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points to take away."""
        if self.penalty_method == "per_day":
            days = math.ceil(total_seconds_late / 86_400)
            return min(score, score * days * self.percent_per_day / 100)
        return super().late_submission_penalty(student_id, score, total_seconds_late)


@dataclass
class Ledger:
    """What the grader remembers of one student's submissions of an assignment."""

    path: Path
    arrivals: dict[str, dict[str, str]] = field(default_factory=dict)  # by the sha256 of the notebook
    answers: dict[str, str] | None = None  # sha256 of each answer that was recorded last

    @classmethod
    def of(cls, course: Course, assignment: str, student: str) -> "Ledger":
        """The one on disk, or an empty one."""
        path = course.root / "received" / assignment / f"{student}.json"
        try:
            kept = json.loads(path.read_text("utf-8"))
            return cls(path, dict(kept["arrivals"]), kept["answers"])
        except FileNotFoundError:
            return cls(path)
        except (KeyError, TypeError, ValueError):
            raise CourseError(f"{path} is damaged: bring back a copy, or delete it and check what was late.") from None

    def time_of(self, content: bytes) -> datetime | None:
        """When this content arrived, if it ever did."""
        known = self.arrivals.get(hashlib.sha256(content).hexdigest())
        return datetime.fromisoformat(known["time"]) if known else None

    def save(self) -> None:
        """Write it, whole or not at all."""
        write(self.path, json.dumps({"arrivals": self.arrivals, "answers": self.answers}))


def set_due(course: Course, assignment: str, text: str) -> None:
    """Set an assignment's due date, such as ``2026-10-01 23:59 Europe/Berlin``; ``none`` takes it away."""
    due = None if text == "none" else instant(text)
    course.release_text(assignment)
    with opened(course) as gradebook:
        gradebook.find_assignment(assignment).duedate = due and due.replace(tzinfo=None)
        gradebook.db.commit()


def set_late(course: Course, text: str) -> None:
    """Set what lateness costs: ``none``, ``zero``, or ``10%`` for each day that has begun."""
    if text in ("none", "zero"):
        return configure(course, {"LatePolicy.penalty_method": text})
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not (text.endswith("%") and 0 <= percent <= 100):
        raise CourseError(f"{text!r} is no policy for late work: write none, zero, or a percentage a day such as 10%.")
    return configure(course, {"LatePolicy.penalty_method": "per_day", "LatePolicy.percent_per_day": percent})


def instant(text: str) -> datetime:
    """A point in time, in UTC; `text` must say its time zone.

    Examples
    --------
    >>> str(instant("2026-10-01 23:59 Europe/Berlin")), str(instant("2026-10-01T23:59+02:00"))
    ('2026-10-01 21:59:00+00:00', '2026-10-01 21:59:00+00:00')
    """
    written, _, zone = text.strip().rpartition(" ")
    try:
        if zone[:1].isalpha():
            time = datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))
        else:
            time = datetime.fromisoformat(text.strip())
    except (KeyError, OSError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise CourseError(f"{text!r} is no time with its zone: write, say, '2026-10-01 23:59 Europe/Berlin'.")
    return time.astimezone(UTC)


def arrival(course: Course, assignment: str, student: str) -> datetime:
    """When what lies in `submitted` arrived, in UTC; written down when it is first asked."""
    folder = course.root / "submitted" / student / assignment
    content = _content(folder, assignment)
    ledger = Ledger.of(course, assignment, student)
    digest = hashlib.sha256(content).hexdigest()
    if digest not in ledger.arrivals:
        time, clock = _by_exchange(course, assignment, student, content) or (datetime.now(UTC), "grader")
        note(ledger, content, time, clock)
    time = datetime.fromisoformat(ledger.arrivals[digest]["time"])
    _stamp(folder, time)
    return time


def note(ledger: Ledger, content: bytes, time: datetime, clock: str, correct: bool = False) -> None:
    """Write down when a content arrived. The first time counts, until an instructor corrects it."""
    entry = {"time": time.astimezone(UTC).isoformat(), "clock": clock}
    digest = hashlib.sha256(content).hexdigest()
    if correct or digest not in ledger.arrivals:
        ledger.arrivals[digest] = entry
    ledger.save()


def penalty(policy: BasePlugin, student: str, score: float, seconds: float) -> float | None:
    """Points that lateness costs, from nothing to all that there are; None if the work was not late."""
    points = policy.late_submission_penalty(student, score, seconds) if seconds > 0 else None
    return None if points is None else min(max(points, 0.0), max(score, 0.0))


def policy(course: Course) -> BasePlugin:
    """nbgrader's plugin for late work, as nbgrader_config.py sets it."""
    step = AssignLatePenalties(config=course.config)
    step.init_plugin()
    step.plugin_inst.log.setLevel("ERROR")
    return step.plugin_inst


def seconds_late(arrived: datetime | None, due: datetime | None, extension: timedelta | None) -> float:
    """How long after the due date; both are in UTC, as nbgrader keeps them."""
    if arrived is None or due is None:
        return 0.0
    return max(0.0, (arrived - due - (extension or timedelta())).total_seconds())


def _content(folder: Path, assignment: str) -> bytes:
    try:
        return stage.read(folder, assignment)[0]
    except (stage.NotGradable, OSError):
        return b""


def _by_exchange(course: Course, assignment: str, student: str, content: bytes) -> tuple[datetime, str] | None:
    """The earliest time at which this content lay in the exchange, by clocks other than the student's."""
    seen = (_seen(folder, assignment, content) for folder in _inbound(course, assignment, student))
    return min(filter(None, seen), default=None)


def _inbound(course: Course, assignment: str, student: str) -> Iterator[Path]:
    config = course.config
    root = Path(config.Exchange.get("root") or EXCHANGE)
    inbound = root / (config.CourseDirectory.get("course_id") or COURSE_ID) / "inbound"
    with suppress(OSError):
        for name in _names(inbound, inbound.stat().st_mtime_ns):
            if name.startswith(f"{student}+{assignment}+"):
                yield inbound / name


@lru_cache(maxsize=2)
def _names(folder: Path, changed: int) -> tuple[str, ...]:
    del changed  # a folder that has changed is read again
    return tuple(sorted(os.listdir(folder)))


def _seen(folder: Path, assignment: str, content: bytes) -> tuple[datetime, str] | None:
    if not content or _content(folder, assignment) != content:
        return None
    with os.scandir(folder) as entries:  # a folder moved in keeps its files' times, but not its own
        times = [e.stat(follow_symlinks=False).st_ctime for _, e in zip(range(ENTRIES), entries, strict=False)]
    if len(times) == ENTRIES:
        return None
    changed = datetime.fromtimestamp(max([*times, folder.stat().st_ctime]), UTC)
    written = _written(folder.name.split("+", 3)[2])
    if written is not None and timedelta() <= changed - written <= COPYING:
        return written, "exchange"
    return changed, "file system of the exchange"


def _written(text: str) -> datetime | None:
    with suppress(ArithmeticError, AttributeError, TypeError, ValueError):
        return parse_utc(text).replace(tzinfo=UTC)
    return None


def _stamp(folder: Path, time: datetime) -> None:
    """Let `timestamp.txt` say what counts: nbgrader believes it, and takes a submission for ungraded if it differs."""
    path, text = folder / "timestamp.txt", f"{time:%Y-%m-%d %H:%M:%S.%f} UTC\n"
    if folder.is_symlink() or not folder.is_dir() or _says(path, text):
        return
    try:
        if path.is_dir() and not path.is_symlink():
            path.rename(folder / f"timestamp.txt-{os.urandom(4).hex()}")
        write(path, text)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error}): nbgrader looks there for the time of arrival."
        ) from None


def _says(path: Path, text: str) -> bool:
    regular = path.is_file() and not path.is_symlink()
    return regular and path.stat().st_size < STAMP_BYTES and path.read_bytes() == text.encode()
