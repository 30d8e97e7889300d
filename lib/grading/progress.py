"""How far a run is: a bar on a terminal, a plain line now and then elsewhere, and a file that anybody can read."""

import contextlib
import json
import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

from grading.course import Course, write

FILE = "progress.json"
tqdm.monitor_interval = 0  # no thread of its own: workers are forked


@dataclass
class Progress:
    """Counts submissions; `every` seconds a line where there is no terminal."""

    course: Course
    total: int
    place: str
    every: float = 30.0
    quiet: bool = False
    done: int = 0
    reused: int = 0
    failed: int = 0
    began: float = field(default_factory=time.time)
    written: float = 0.0
    told: float = field(default_factory=time.time)

    def __enter__(self) -> "Progress":
        hide = self.quiet or not sys.stderr.isatty()
        self.bar = tqdm(total=self.total, unit="submission", disable=hide, leave=False)
        self._write("running")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType) -> None:
        self.bar.close()
        self._write("stopped" if kind else "finished")

    def add(self, reused: bool = False, failed: bool = False) -> None:
        """One more is recorded."""
        self.done, self.reused, self.failed = self.done + 1, self.reused + reused, self.failed + failed
        self.bar.update()
        now = time.time()
        if now - self.written >= 1:
            self._write("running")
        if self.bar.disable and not self.quiet and now - self.told >= self.every:
            self.told = now
            print(sentence(self.state("running")), file=sys.stderr, flush=True)

    def state(self, name: str) -> dict[str, Any]:
        """What the file says."""
        now = time.time()
        rate = (self.done - self.reused) / max(now - self.began, 1e-3)
        counts = {"total": self.total, "done": self.done, "reused": self.reused, "failed": self.failed}
        left = round((self.total - self.done) / rate, 1) if rate else None
        clock = {"began": self.began, "updated": now, "per_second": round(rate, 3), "seconds_left": left}
        return {"state": name, **counts, "place": self.place, **_own_name(), **clock}

    def _write(self, name: str) -> None:
        self.written = time.time()
        with contextlib.suppress(OSError):  # a full disk stops the records, and they say so; this is only an aid
            write(self.course.root / FILE, json.dumps(self.state(name)))


def state_of(course: Course) -> dict[str, Any] | None:
    """What the last run in a course says of itself; a run that is gone without a word was stopped."""
    try:
        state = json.loads((course.root / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same_machine = state["host"] == socket.gethostname()
    if state["state"] == "running" and same_machine and _began(state["process"]) != state["process_began"]:
        state["state"] = "stopped"
    return state


def sentence(state: dict[str, Any]) -> str:
    """One line about a run."""
    left = state["seconds_left"]
    rest = f", about {_duration(left)} left" if state["state"] == "running" and left else ""
    age = time.time() - state["updated"]
    silent = f", silent for {_duration(age)}" if state["state"] == "running" and age > 120 else ""
    return (
        f"{state['state']}: {state['done']} of {state['total']} done ({state['reused']} from verdicts at hand, "
        f"{state['failed']} failed), {state['per_second']:.2g} graded a second{rest}{silent}; on {state['place']}"
    )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _own_name() -> dict[str, Any]:
    return {"host": socket.gethostname(), "process": os.getpid(), "process_began": _began(os.getpid())}


def _began(process: int) -> str:
    """When a process was started, by the system's count: a number is used again, a number and a time are not."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except OSError:
        return ""
