"""Grade submissions in parallel: a verdict file for each, reused as long as nothing that it depends on has changed.

What a verdict is made from is packed into a `Parcel`, which any machine with this code and a sandbox can judge. Which
machine does, and how often it had to, changes no grade: files are named by all that a verdict depends on, and the first
one to be complete counts.
"""

import faulthandler
import hashlib
import hmac
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from grading import cleaning, gpu, judge, late, stage
from grading.course import Course, checker_version, project_root, tasks_of, write
from grading.sandbox import PATIENCE, Limits, Sandbox
from grading.schedulers import Ended, Lost, Pool
from grading.warm import Warm

OWN_SECONDS = 180.0  # for what our own code does with one submission
WAIT = 5.0  # seconds between two looks at whether anybody is still at work
BUSY = 0.2  # share of the time that something waited for a core or for memory
LIBRARIES = ("numpy", "matplotlib.pyplot")  # imported ahead
FELL = "Grading this notebook ended the grader's own process; please tell your instructor."
Verdict = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One submission to be graded."""

    course: Course
    assignment: str
    student: str
    limits: Limits = Limits()
    unsafe: bool = False
    force: bool = False
    checker: str = ""
    device: str = ""
    cold: bool = False  # start each sandbox anew, with nothing imported


@dataclass(frozen=True)
class Parcel:
    """All that a worker gets: no name of a student, and of the secret only what this submission's cases come from."""

    assignment: str
    content: bytes
    flags: tuple[str, ...]
    release: bytes
    secret: bytes
    limits: Limits
    unsafe: bool
    device: str
    hidden: str  # a folder that must not be seen, should it lie where the system's own files are


@dataclass(frozen=True)
class Work:
    """A job ready to be sent, and the file that its verdict goes to."""

    job: Job
    parcel: Parcel
    path: Path

    @property
    def at_hand(self) -> Verdict | None:
        """The verdict of an earlier run. A file that is damaged is as good as none."""
        try:
            verdict = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return verdict | {"file": self.path.stem} if isinstance(verdict, dict) and "tasks" in verdict else None

    def keep(self, verdict: Verdict, replace: bool = False) -> Verdict:
        """Write a verdict, unless there is one: two machines that grade the same never give two grades."""
        if not replace and (known := self.at_hand):
            return known
        try:
            if not verdict.get("failed"):
                write(self.path, json.dumps(verdict))
        except OSError as error:
            verdict = verdict | {"failed": True, "flags": [f"NOT KEPT ({error})", *verdict["flags"]]}
        return verdict | {"file": self.path.stem}


def prepare(job: Job) -> Work:
    """Read a submission; `NotGradable` or `OSError` if that cannot be done."""
    content, flags = stage.read(job.course.root / "submitted" / job.student / job.assignment, job.assignment)
    release, root = job.course.release_text(job.assignment), str(job.course.root)
    own_secret = hmac.digest(job.course.secret, content, "sha256")
    parcel = Parcel(
        job.assignment, content, tuple(flags), release, own_secret, job.limits, job.unsafe, job.device, root
    )
    return Work(job, parcel, job.course.root / "verdicts" / f"{_key(job, content, flags)}.json")


def verdict_of(job: Job) -> Verdict:
    """The verdict on a submission, from its file if there is one."""
    try:
        work = prepare(job)
    except (stage.NotGradable, OSError) as error:
        return _unreadable(job, error)
    verdict = None if job.force else work.at_hand
    if verdict and not verdict.get("pending"):
        return verdict | {"reused": True}
    verdict = verdict or json.loads(graded(work.parcel))
    again = _second(verdict, json.loads(graded(work.parcel))) if verdict.get("pending") else verdict
    return work.keep(again, replace=True)


def grade_all(jobs: Iterable[Job], pool: Pool) -> Iterator[tuple[Job, Verdict]]:
    """Jobs and their verdicts, as they come; never more under way than the pool can soon begin.

    What brought its worker down, or met a limit while the machine was busy, is tried once more, alone.
    """
    alone: list[tuple[Job, bool]] = []  # and whether there is a first verdict, which its file keeps
    for job, verdict in _first_tries(iter(jobs), pool):
        if verdict is None or (verdict.get("pending") and not verdict.get("failed")):
            alone.append((job, verdict is not None))
        else:
            yield job, verdict
    for job, tried in alone:
        yield job, _alone(job, tried, pool)


def graded(parcel: Parcel, start: Callable[..., Sandbox] = Sandbox) -> bytes:
    """The verdict on a parcel, as JSON. Whatever one submission does, the others are graded."""
    try:
        return json.dumps(_tried(parcel, start)).encode()
    except Exception as error:
        sentence = f"The grader met an error of its own ({type(error).__name__}: {error})."
        return json.dumps(_refused(parcel.assignment, sentence) | {"failed": True}).encode()


def graded_cold(parcel: Parcel) -> bytes:
    """The same, in a process that ends should it hang."""
    with _watched(parcel):
        return graded(parcel)


def graded_warm(parcel: Parcel) -> bytes:
    """The same, in a process that grades many: libraries are imported once for all of them."""
    libraries = [*LIBRARIES, *(["torch"] if b"torch" in parcel.content + parcel.release else [])]
    with _watched(parcel):
        return graded(parcel, partial(_warm().sandbox, libraries=libraries))


@contextmanager
def _watched(parcel: Parcel) -> Iterator[None]:
    """End this process, whatever it does, when nothing that the limits allow can take so long."""
    if not parcel.device:  # else it may be waiting for the card
        faulthandler.dump_traceback_later(_longest(parcel), exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _longest(parcel: Parcel) -> float:
    return PATIENCE * parcel.limits.notebook_seconds + OWN_SECONDS


@cache
def _warm() -> Warm:
    """Of this process."""
    return Warm()


def environment() -> list[str]:
    """What besides our own code decides how student code behaves: two machines that grade must agree on it."""
    return [platform.python_version(), platform.machine(), version("numpy"), version("ipython")]


def _first_tries(jobs: Iterator[Job], pool: Pool) -> Iterator[tuple[Job, Verdict | None]]:
    """Verdicts of first tries; None for what brought its worker down."""
    running: dict[Future, Work] = {}
    for job in jobs:
        work = _ready(job)
        if isinstance(work, dict):
            yield job, work
            continue
        running[_sent(work, pool)] = work
        if len(running) >= 2 * pool.workers:
            yield from _finished(running, pool)
    while running:
        yield from _finished(running, pool)


def _ready(job: Job) -> Work | Verdict:
    """What is to be sent to a worker, or a verdict without one."""
    try:
        work = prepare(job)
    except (stage.NotGradable, OSError) as error:
        return _unreadable(job, error)
    verdict = None if job.force else work.at_hand
    return verdict | {"reused": True} if verdict else work


def _sent(work: Work, pool: Pool) -> Future:
    """Its verdict is written as soon as it arrives, whatever the main thread is busy with."""
    future = _begun(work, pool)
    future.add_done_callback(partial(_arrived, work))
    return future


def _begun(work: Work, pool: Pool) -> Future:
    return pool.submit(graded_cold if work.job.cold else graded_warm, work.parcel)


def _arrived(work: Work, future: Future) -> None:
    if not future.cancelled() and future.exception() is None:
        work.keep(json.loads(future.result()), replace=work.job.force)


def _finished(running: dict[Future, Work], pool: Pool) -> Iterator[tuple[Job, Verdict | None]]:
    done: set[Future] = set()
    while not done:
        done, _ = wait(running, timeout=WAIT, return_when=FIRST_COMPLETED)
        pool.check()
    lost = []
    for future in done:
        work = running.pop(future)
        try:
            yield work.job, work.keep(json.loads(pool.outcome(future)), replace=work.job.force)
        except Lost:
            lost.append(work)
        except Ended:
            yield work.job, _refused(work.job.assignment, FELL) | {"failed": True}
    if lost:  # the others that this pool had begun are lost as well
        lost += running.values()
        running.clear()
        pool.mend()
    yield from ((work.job, None) for work in lost)


def _alone(job: Job, tried: bool, pool: Pool) -> Verdict:
    try:
        work = prepare(job)
    except (stage.NotGradable, OSError) as error:  # it was there a moment ago
        return _unreadable(job, error)
    first = work.at_hand if tried or not job.force else None
    if first and not first.get("pending"):
        return first
    try:
        verdict = json.loads(_outcome(_begun(work, pool), pool))
    except (Lost, Ended):
        pool.mend()
        return _refused(job.assignment, FELL) | {"failed": True}
    return work.keep(_second(first, verdict), replace=True)


def _outcome(future: Future, pool: Pool) -> bytes:
    while not wait([future], timeout=WAIT).done:
        pool.check()
    return pool.outcome(future)


def _second(first: Verdict | None, second: Verdict) -> Verdict:
    """The second try counts, and tells of the first."""
    if first is None:
        note = "a worker was lost in the first try; this is the second, made alone"
        return second | {"pending": False, "flags": [*second["flags"], note]}
    met = "; ".join(first["tries"][0]["exceeded"])
    outcome = "and again when tried alone" if second.get("exceeded") else "not when tried again alone, which counts"
    note = f"a limit was met while the machine was busy ({met}), {outcome}"
    tries = [*first["tries"], *({**t, "alone": True} for t in second.get("tries", []))]
    return second | {"pending": False, "tries": tries, "flags": [*second["flags"], note]}


def _tried(parcel: Parcel, start: Callable[..., Sandbox]) -> Verdict:
    began, waited = monotonic(), _waited()
    verdict = _judged(parcel, start)
    seconds = monotonic() - began
    busy = round((_waited() - waited) / max(seconds, 1e-3), 2) if waited else float(os.getloadavg()[0] > _cores())
    exceeded = verdict.get("exceeded", [])
    tries = [{"alone": False, "busy": busy, "exceeded": exceeded, "seconds": round(seconds, 3)}]
    kind = "not started" if verdict.get("refused") else "none" if parcel.unsafe else "bubblewrap"
    pending = bool(exceeded) and busy > BUSY
    return verdict | {"seconds": round(seconds, 3), "sandbox": kind, "tries": tries, "pending": pending}


def _waited() -> float:
    """Seconds, since the machine was started, in which something waited for a core or for memory; 0 if unknown."""
    total = 0
    for name in ("cpu", "memory"):
        try:
            some = Path("/proc/pressure", name).read_text("ascii").split("\n")[0]
        except OSError:
            return 0.0
        total += int(some.rpartition("total=")[2])
    return total / 1e6


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _judged(parcel: Parcel, start: Callable[..., Sandbox]) -> Verdict:
    release = json.loads(parcel.release)
    tasks = tasks_of(parcel.assignment)
    try:
        submission = stage.stage(parcel.content, release, parcel.assignment, parcel.flags)
    except stage.NotGradable as error:
        return _refused(parcel.assignment, str(error))
    options = {"limits": parcel.limits, "hidden": _secret_places(parcel)} | ({"unsafe": True} if parcel.unsafe else {})
    with gpu.card(parcel.device, tasks, parcel.limits, parcel.unsafe) as card:
        verdict = judge.judge(submission, tasks, release, parcel.secret, start, **options, **card.options)
    verdict["flags"] += card.notes
    cells = [asdict(cell) for cell in submission.cells]  # cleaned here, where a hang does no harm to the class
    return verdict | {"device": card.told} | cleaning.to_show(cells, verdict["cells"])


def _unreadable(job: Job, error: Exception) -> Verdict:
    sentence = str(error) if isinstance(error, stage.NotGradable) else "The notebook cannot be read."
    return _refused(job.assignment, sentence)


def _refused(assignment: str, sentence: str) -> Verdict:
    verdict = judge.refuse(tasks_of(assignment), sentence)
    return verdict | {"notebook": None, "seconds": 0.0, "sandbox": "not started"}


def _secret_places(parcel: Parcel) -> list[Path]:
    """Folders that must not be seen, should they lie where the system's own files are."""
    try:
        return [Path(parcel.hidden), late.EXCHANGE, project_root(Path(__file__).resolve().parent)]
    except Exception:
        return [Path(parcel.hidden), late.EXCHANGE]


def _key(job: Job, content: bytes, flags: list[str]) -> str:
    """A name made of everything that the verdict depends on."""
    checker = job.checker or checker_version()
    parts = [hashlib.sha256(content).hexdigest(), flags, environment(), checker, asdict(job.limits), job.device]
    parts += [hashlib.sha256(job.course.release_text(job.assignment)).hexdigest(), job.unsafe, os.getuid() == 0]
    return hashlib.sha256(job.course.secret + json.dumps([job.assignment, *parts]).encode()).hexdigest()
