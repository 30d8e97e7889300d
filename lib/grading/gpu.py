"""Student code on a graphics card: one submission a card at a time, and the card looked at after each."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from grading.channel import Closed, Malformed
from grading.sandbox import Exceeded, Limits, NoSandbox, Sandbox
from resampling.checks.task import Task

SKIPPED = "cuda: skipped, because there is no graphics card here; full marks kept"
OUT_OF_REACH = "cuda: skipped, because the graphics card cannot be used from inside the sandbox; full marks kept"
PROBE = "import torch\ndef reach(): return torch.ones(8, device='cuda').sum().item() == 8"
START_SECONDS = 60.0


@dataclass
class Card:
    """Where the hidden cases are tried a second time, and what to say about it."""

    told: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@contextmanager
def card(device: str, tasks: tuple[Task, ...], limits: Limits, unsafe: bool = False) -> Iterator[Card]:
    """A card for these tasks alone, if `device` asks for one and some task can use it."""
    if not device or not any("cuda" in task.devices for task in tasks):
        yield Card()
    elif not is_there():
        yield Card("skipped", notes=[SKIPPED])
    elif not is_in_reach(limits, unsafe):
        yield Card("skipped", notes=[OUT_OF_REACH])
    else:
        with _alone():
            yield Card("cuda", {"device": "cuda"})
            _look_at()


def is_there() -> bool:
    """Whether torch can use a graphics card. Asked in another process: a judge that uses one itself could not fork."""
    code = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return Path("/dev/nvidiactl").exists() and _python(code).returncode == 0


@cache
def is_in_reach(limits: Limits, unsafe: bool) -> bool:
    """Whether our own code can use it in a sandbox; else a student's could not, and would lose marks for nothing."""
    with _alone():
        try:
            sandbox = Sandbox(limits, unsafe=unsafe, device="cuda").within(START_SECONDS, TimeoutError())
        except NoSandbox:
            return False
        try:
            return _reach(sandbox)
        except (Closed, Exceeded, Malformed, TimeoutError):
            return False
        finally:
            sandbox.close()


def _reach(sandbox: Sandbox) -> bool:
    sandbox.ask({"do": "run", "cells": json.dumps([[0, PROBE]])})
    while sandbox.channel.receive() != {"event": "ran"}:
        pass
    sandbox.ask({"do": "call", "id": 1, "function": "reach", "arguments": {}})
    return sandbox.channel.receive().get("value") is True


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
