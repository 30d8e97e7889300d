"""Student code on a graphics card: one submission a card at a time, and the card looked at after each."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resampling.checks.task import Task

SKIPPED = "cuda: skipped, because there is no graphics card here; full marks kept"


@dataclass
class Card:
    """Where the hidden cases are tried a second time, and what to say about it."""

    told: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@contextmanager
def card(device: str, tasks: tuple[Task, ...]) -> Iterator[Card]:
    """A card for these tasks alone, if `device` asks for one and some task can use it."""
    if not device or not any("cuda" in task.devices for task in tasks):
        yield Card()
    elif not is_there():
        yield Card("skipped", notes=[SKIPPED])
    else:
        with _alone():
            yield Card("cuda", {"device": "cuda"})
            _look_at()


def is_there() -> bool:
    """Whether torch can use a graphics card. Asked in another process: a judge that uses one itself could not fork."""
    code = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return Path("/dev/nvidiactl").exists() and _python(code).returncode == 0


@contextmanager
def _alone() -> Iterator[None]:
    """No other submission of this user is on the card meanwhile."""
    with open(Path("/tmp") / f"grading-card-{os.getuid()}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _look_at() -> None:
    """A card that a submission has left unusable must not spoil the next one's grade."""
    ran = _python("import torch; torch.ones(8, device='cuda').sum().item()")
    if ran.returncode:
        raise RuntimeError(f"the graphics card does not work any more: {ran.stderr.strip()[-300:]}")


def _python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
