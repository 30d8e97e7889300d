"""Where submissions are graded: processes of this machine, or the workers of any Dask cluster."""

import ctypes
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from grading import leftovers
from grading.sandbox import Limits, NoSandbox, Sandbox

END_WITH_PARENT = 1  # PR_SET_PDEATHSIG
CONNECT_SECONDS, NOBODY_SECONDS = 20, 60
Expected = tuple[str, ...]  # what a worker must agree on with us


class Lost(Exception):
    """A worker ended in the middle of a job; the job may be innocent."""


class Ended(Exception):
    """A job ended every worker that it was given to."""


class ClusterError(RuntimeError):
    """What is wrong with a cluster, and what to do."""


class Pool(Protocol):
    """Something that jobs are given to."""

    workers: int
    place: str

    def submit(self, function: Callable[..., bytes], argument: Any) -> Future:
        """Begin ``function(argument)`` soon."""

    def outcome(self, future: Future) -> bytes:
        """What a job gave; `Lost`, `Ended` or `ClusterError` if nothing."""

    def check(self) -> None:
        """`ClusterError` when nobody is left who could do the work."""

    def mend(self) -> None:
        """Begin anew after `Lost`."""

    def close(self) -> None:
        """End all work."""


class Local:
    """Processes of this machine."""

    place = "this machine"

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.folder = leftovers.claim()
        self.executor = processes(workers, self.folder)

    def submit(self, function: Callable[..., bytes], argument: Any) -> Future:
        try:
            return self.executor.submit(function, argument)
        except BrokenProcessPool as error:  # as if it had been lost a moment later
            future: Future = Future()
            future.set_exception(error)
            return future

    def outcome(self, future: Future) -> bytes:
        try:
            return future.result()
        except (BrokenProcessPool, CancelledError):
            raise Lost from None

    def check(self) -> None:
        """The executor itself notices a process that ends."""

    def mend(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = processes(self.workers, self.folder)

    def close(self) -> None:
        """Running jobs are ended, not awaited: what is left here is not wanted any more."""
        for process in list((self.executor._processes or {}).values()):
            process.terminate()
        self.executor.shutdown(wait=True, cancel_futures=True)
        leftovers.release(self.folder)


def processes(workers: int, folder: Path) -> ProcessPoolExecutor:
    """Worker processes that keep their temporary files in `folder` and end with us, however we end."""
    return ProcessPoolExecutor(
        workers, mp_context=get_context("fork"), initializer=_begin_worker, initargs=(str(folder),)
    )


def _begin_worker(folder: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    tempfile.tempdir = folder
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)


class Cluster:
    """The workers of the Dask scheduler at `address`, which may also be the name of its scheduler file."""

    def __init__(self, address: str, expected: Expected, limits: Limits, unsafe: bool = False) -> None:
        self.place, self.expected = f"the cluster at {address}", (expected, limits, unsafe)
        self.client = _connected(address)
        self.seen = monotonic()
        try:
            self._probe()
        except BaseException:
            self.client.close()
            raise
        self.executor = self.client.get_executor(pure=False)

    @property
    def workers(self) -> int:
        """How many there are at the moment."""
        return max(1, self._count())

    def submit(self, function: Callable[..., bytes], argument: Any) -> Future:
        return self.executor.submit(_if_fit, function, argument, *self.expected)

    def outcome(self, future: Future) -> bytes:
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker:
            raise Ended from None
        except (CancelledError, OSError):
            raise self._gone() from None

    def check(self) -> None:
        if self._count():
            self.seen = monotonic()
        elif monotonic() - self.seen > NOBODY_SECONDS:
            raise ClusterError(f"{self.place} has had no worker for {NOBODY_SECONDS} seconds. {GO_ON}")

    def mend(self) -> None:
        """The scheduler has done it."""

    def close(self) -> None:
        self.executor.shutdown(wait=False)
        self.client.close()

    def _count(self) -> int:
        """Workers that the scheduler knows; none while it is looked for."""
        if self.client.status == "connecting":
            return 0
        try:
            return len(self.client.nthreads())
        except (CancelledError, OSError, RuntimeError):
            if self.client.status == "connecting":
                return 0
            raise self._gone() from None

    def _gone(self) -> ClusterError:
        return ClusterError(f"{self.place} has ended or cannot be reached any more. {GO_ON}")

    def _probe(self) -> None:
        from distributed import TimeoutError as Late

        try:
            self.client.wait_for_workers(1, timeout=NOBODY_SECONDS)
        except Late:
            raise ClusterError(f"{self.place} has no worker: start some (`dask worker ADDRESS`).") from None
        complaints = self.client.run(complaint, *self.expected, on_error="return")
        crowded = [f"{a}: it has {n} threads; start it with --nthreads 1" for a, n in self._threads() if n > 1]
        wrong = [f"{a}: {_sentence(c)}" for a, c in complaints.items() if c]
        if crowded or wrong:
            raise ClusterError("workers that cannot grade:\n  " + "\n  ".join(sorted({*crowded, *wrong})))

    def _threads(self) -> list[tuple[str, int]]:
        return list(self.client.nthreads().items())


GO_ON = "Finished verdicts are kept; the next `grade run` goes on from there."


@cache
def complaint(expected: Expected, limits: Limits, unsafe: bool) -> str:
    """Why this process cannot grade, with its name; nothing if it can. Runs on a worker."""
    from grading.course import checker_version
    from grading.grading import environment

    tempfile.tempdir = str(leftovers.claim())
    name = f"{socket.gethostname()}, process {os.getpid()}"
    own = (checker_version(), *environment())
    if differing := [
        f"{mine} instead of {theirs}" for mine, theirs in zip(own, expected, strict=True) if mine != theirs
    ]:
        return f"{name} has other software than the grader: {', '.join(differing)}; install the same there"
    try:
        Sandbox(limits, unsafe=unsafe).close()
    except (NoSandbox, OSError) as error:
        return f"{name} has no sandbox: {error}"
    return ""


def _if_fit(function: Callable[..., bytes], argument: Any, *expected: Any) -> bytes:
    """Also on a worker that joined after the others were asked."""
    if wrong := complaint(*expected):
        raise ClusterError(wrong)
    return function(argument)


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("--scheduler needs Dask: `pip install distributed`.") from None
    where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        return Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address} ({_sentence(error)}).") from None


def _sentence(error: Any) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
