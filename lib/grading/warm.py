"""Sandboxes that start at once, because their libraries have been imported before.

`Warm` hands them out, one zygote for each set of packages that must not be seen; where that is not possible, it hands
out cold ones. The zygote's sandbox is made like any other, and each runner gets one of its own inside it.
"""

import json
import os
import select
import socket
import struct
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grading.sandbox import (
    START_SECONDS,
    Limits,
    NoSandbox,
    Sandbox,
    complaint,
    confinement,
    filter_of_calls,
    kill,
    launch_confined,
    private_bytes,
    python_command,
    settings_of,
    shared_out_bytes,
)

RIGHTS = ("SYS_ADMIN", "SETFCAP", "SETGID", "SETPCAP", "SETUID")  # to make sandboxes inside its own
OWN = ("ipc", "pid", "net", "uts", "cgroup-try")
NUMBERS = struct.Struct("3i")  # process, user, group
TRIES = 2
WARMABLE = {"absent", "hidden", "stripped"}  # whoever wants something else of a sandbox gets a cold one
KEPT = 3  # zygotes for as many assignments


class Zygote:
    """A running zygote: see `grading.zygote`."""

    def __init__(self, absent: list[str], hidden: list[str], libraries: list[str]) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            python = python_command("/grader", "zygote", theirs, {"libraries": libraries})
            confined = [*_namespaces(), *confinement(Limits.folder, hidden, map(Path, absent))]
            self.process, first = launch_confined(confined, python, theirs, filter_of_calls(nesting=True))
        self.handle = os.pidfd_open(first)
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            self.number = _sender(self.control, b"ready")
        except NoSandbox as error:
            self.close()
            raise NoSandbox(complaint(self.process) or str(error)) from None
        self.process.stderr.close()

    def fork(self, connection: socket.socket, settings: dict[str, Any]) -> None:
        """Ask for a runner that has this end of a connection."""
        try:
            socket.send_fds(self.control, [json.dumps(settings).encode()], [connection.fileno()])
        except OSError:
            raise NoSandbox("the zygote is gone") from None

    def lent_bytes(self) -> int:
        """Memory of its own that runners use as well."""
        return private_bytes(self.number) - shared_out_bytes(self.number)

    def close(self) -> None:
        """End it, and every runner that it has forked; when this returns, none is alive."""
        kill(self.handle)
        self.control.close()
        self.process.kill()
        self.process.wait()


class WarmSandbox(Sandbox):
    """A sandbox whose runner is forked from a zygote."""

    start = "warm"

    def __init__(self, zygote: Zygote, limits: Limits, stripped: Iterable[str] = ()) -> None:
        self.zygote = zygote
        super().__init__(limits, stripped=stripped)

    def _start(self, theirs: socket.socket, *_: Any) -> None:
        owner = [os.getuid(), os.getgid()]
        room = {"folder": self.limits.folder, "files": self.limits.files}
        settings = settings_of(self.limits, self.stripped) | room | {"owner": owner}
        ours = self.channel.connection
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.zygote.fork(theirs, settings)
        theirs.close()
        first = _sender(ours, b"first")
        self.handle = os.pidfd_open(first)
        self.roots = [first, _sender(ours, b"runner")]  # which could not answer if `first` had ended before
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        ours.send(b"1")
        self._await_ready()

    def _own_bytes(self, processes: list[int]) -> int:
        return super()._own_bytes(processes) - self.zygote.lent_bytes()


class Warm:
    """Hands out sandboxes, warm ones where it can."""

    def __init__(self) -> None:
        self.zygotes: dict[str, Zygote] = {}
        self.lock = threading.RLock()
        self.owner = os.getpid()
        self.obstacle: str | None = None  # why it cannot be

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def sandbox(self, limits: Limits, libraries: Iterable[str] = (), **options: Any) -> Sandbox:
        """What `Sandbox(limits, **options)` gives, with `libraries` imported ahead; its `start` says if it is warm."""
        if {name for name, value in options.items() if value} <= WARMABLE and not self.obstacle:
            places = [sorted(map(str, options.get(name, ()))) for name in ("absent", "hidden")]
            warm = self._warm(json.dumps([*places, sorted(libraries)]), limits, options.get("stripped", ()))
            if warm:
                return warm
        return Sandbox(limits, **options)

    def _warm(self, key: str, limits: Limits, stripped: Iterable[str]) -> Sandbox | None:
        for _ in range(TRIES):
            with self.lock:
                try:
                    return WarmSandbox(self._zygote(key), limits, stripped)
                except (NoSandbox, OSError) as error:
                    obstacle = str(error)
                    self._forget(key)
        self.obstacle = obstacle
        return None

    def close(self) -> None:
        """End all zygotes, and with them the sandboxes."""
        for key in [*self.zygotes]:
            self._forget(key)

    def _zygote(self, key: str) -> Zygote:
        if os.getpid() != self.owner:  # a copy of a process may not use its parent's
            self.zygotes, self.owner = {}, os.getpid()
        zygote = self.zygotes.pop(key, None) or Zygote(*json.loads(key))
        while len(self.zygotes) >= KEPT:
            self._forget(next(iter(self.zygotes)))
        self.zygotes[key] = zygote
        return zygote

    def _forget(self, key: str) -> None:
        zygote = self.zygotes.pop(key, None)
        if zygote is not None:
            zygote.close()


def _namespaces() -> list[str]:
    rights = (part for name in RIGHTS for part in ("--cap-add", f"CAP_{name}"))
    user = [] if os.getuid() == 0 else ["--unshare-user", "--uid", "0", "--gid", "0"]
    return [*(f"--unshare-{name}" for name in OWN), *user, "--cap-drop", "ALL", *rights]


def _sender(connection: socket.socket, expected: bytes) -> int:
    """Number of the process that sends the expected word; the kernel vouches for it."""
    if not select.select([connection], [], [], START_SECONDS)[0]:
        raise NoSandbox("the runner did not start in time")
    said, extras, *_ = connection.recvmsg(1 << 10, socket.CMSG_SPACE(NUMBERS.size))
    for level, kind, content in extras:
        if (level, kind, said) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS, expected):
            return NUMBERS.unpack(content[: NUMBERS.size])[0]
    raise NoSandbox(said.decode(errors="replace") or "the runner did not start")
