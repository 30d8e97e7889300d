"""Grade submissions in parallel: a verdict file for each, reused as long as nothing that it depends on has changed."""

import ctypes
import hashlib
import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from grading import judge, stage
from grading.course import Course, checker_version, project_root, tasks_of, write
from grading.sandbox import Limits

END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


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


def verdict_of(job: Job) -> dict[str, Any]:
    """The verdict on a submission, from its file if there is one."""
    folder = job.course.root / "submitted" / job.student / job.assignment
    try:
        content, flags = stage.read(folder, job.assignment)
    except (stage.NotGradable, OSError) as error:
        sentence = str(error) if isinstance(error, stage.NotGradable) else "The notebook cannot be read."
        return _refused(job, sentence)
    path = job.course.root / "verdicts" / f"{_key(job, content, flags)}.json"
    if not job.force and (at_hand := _at_hand(path)):
        return at_hand | {"reused": True}
    began = perf_counter()
    verdict = _judged(job, content, flags)
    verdict |= {"seconds": round(perf_counter() - began, 3), "sandbox": "none" if job.unsafe else "bubblewrap"}
    write(path, json.dumps(verdict))
    return verdict


def _at_hand(path: Path) -> dict[str, Any] | None:
    """The verdict in a file. A file that is damaged is as good as none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def grade_all(jobs: list[Job], workers: int, done: Callable[[], None]) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Jobs and their verdicts, as they come. A submission that brings its worker down is tried once more, alone."""
    fallen = []
    with _pool(max(1, min(workers, len(jobs)))) as pool:
        for job, future in _completed(pool, jobs):
            try:
                verdict = future.result()
            except BrokenProcessPool:
                fallen.append(job)
                continue
            done()
            yield job, verdict
    for job in fallen:
        done()
        yield job, _alone(job)


def _completed(pool: Executor, jobs: list[Job]) -> Iterator[tuple[Job, Future]]:
    futures = {pool.submit(_safely, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            yield futures.pop(future), future  # a verdict may be large: none is kept
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _alone(job: Job) -> dict[str, Any]:
    with _pool(1) as pool:
        try:
            return pool.submit(_safely, job).result()
        except BrokenProcessPool:
            return _refused(job, "Grading this notebook ended the grader's own process; please tell your instructor.")


def _safely(job: Job) -> dict[str, Any]:
    """Whatever one submission does, the others are graded."""
    try:
        return verdict_of(job)
    except Exception as error:
        return _refused(job, f"The grader met an error of its own ({type(error).__name__}: {error}).") | {
            "failed": True
        }


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_begin_worker)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)


def _judged(job: Job, content: bytes, flags: list[str]) -> dict[str, Any]:
    release = json.loads(job.course.release_text(job.assignment))
    tasks = tasks_of(job.assignment)
    try:
        submission = stage.stage(content, release, job.assignment, flags)
    except stage.NotGradable as error:
        return _refused(job, str(error))
    hidden = _secret_places(job.course)
    verdict = judge.judge(
        submission, tasks, release, job.course.secret, limits=job.limits, unsafe=job.unsafe, hidden=hidden
    )
    return verdict | {"notebook": [asdict(cell) for cell in submission.cells]}


def _refused(job: Job, sentence: str) -> dict[str, Any]:
    verdict = judge.refuse(tasks_of(job.assignment), sentence)
    return verdict | {"notebook": None, "seconds": 0.0, "sandbox": "not started"}


def _secret_places(course: Course) -> list[Path]:
    """Folders that must not be seen, should they lie where the system's own files are."""
    try:
        return [course.root, project_root(Path(__file__).resolve().parent)]
    except Exception:
        return [course.root]


def _key(job: Job, content: bytes, flags: list[str]) -> str:
    """A name made of everything that the verdict depends on."""
    environment = [platform.python_version(), platform.machine(), version("numpy"), version("ipython")]
    parts = [
        hashlib.sha256(content).hexdigest(),
        flags,
        environment,
        job.checker or checker_version(),
        asdict(job.limits),
    ]
    parts += [hashlib.sha256(job.course.release_text(job.assignment)).hexdigest(), job.unsafe, os.getuid() == 0]
    return hashlib.sha256(job.course.secret + json.dumps([job.assignment, *parts]).encode()).hexdigest()
