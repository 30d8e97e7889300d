"""Waits in a sandbox with libraries imported, and forks a runner for each submission into a sandbox of its own inside.

Three kinds of processes. The *porter*, small, makes the first process of each inner sandbox: it ends when the sandbox
does, and the kernel ends all others with it. The *zygote* has imported libraries and computed nothing; it never runs a
student's code, and whatever it knows, a student may know. A *runner* is a copy of it that has moved into the inner
sandbox and given up every right before it executes the first cell.
"""

import contextlib
import ctypes
import gc
import json
import os
import re
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from grading.first import bury, call, drop_rights
from grading.seccomp import filter_program

NEW_MOUNTS, NEW_HOST, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = (
    *(0x00020000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
SET_FILTER, FILTER, DROP_BOUND, NO_NEW_RIGHTS, AMBIENT, CLEAR_AMBIENT = 22, 2, 24, 38, 47, 4
HOME, REQUEST_BYTES = "/sandbox", 1 << 16
SHARED_MEMORY = 1 << 20


def main() -> None:
    """Serve until the other side hangs up."""
    control, settings = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    control.set_inheritable(False)
    porter, zygote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead do not wait for us
    if os.fork():
        control.close()
        zygote.close()
        _be_porter(porter)
    porter.close()
    Zygote(control, zygote, settings).serve()


def _be_porter(connection: socket.socket) -> NoReturn:
    """For each connection that comes in, make the first process of new sandbox, and tell its number."""
    while True:
        request, descriptors, *_ = socket.recv_fds(connection, 1, 1)
        if not request:
            os._exit(0)
        with socket.socket(fileno=descriptors[0]) as waiting:
            try:
                number = _fork_first(waiting)
            except OSError as error:
                waiting.send(str(error).encode())
                os._exit(1)
            connection.send(str(number).encode())


def _fork_first(connection: socket.socket) -> int:
    with _left_again():
        call("unshare", NEW_PROCESSES)
        number = os.fork()
        if not number:
            _be_first(connection)
    return number


@contextlib.contextmanager
def _left_again() -> Iterator[None]:
    """Children that are born meanwhile may be born elsewhere; those after it are born here."""
    home = os.open("/proc/self/ns/pid", os.O_RDONLY)
    try:
        yield
        call("setns", home, NEW_PROCESSES)
    finally:
        os.close(home)


def _be_first(connection: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    connection.send(b"first")  # the other side learns our number from this
    forbid()
    bury()


class Zygote:
    """Libraries imported, nothing computed, one thread."""

    def __init__(self, control: socket.socket, porter: socket.socket, settings: dict[str, Any]) -> None:
        from grading import runner  # not before the porter is off: it shall stay small
        from grading.ahead import Ahead

        self.control, self.porter, self.runner = control, porter, runner
        self.shell = runner.make_shell()
        lean = _address_space()
        ahead = Ahead(settings["libraries"])
        self.loaded = sys.modules | ahead.waiting
        self.extra = _address_space() - lean
        self.files = _files_in(Path(HOME))
        self.running: dict[int, int] = {}  # handles: of a runner, and of the first process of its sandbox
        gc.collect()
        gc.freeze()  # collections in the runners touch none of this

    def serve(self) -> NoReturn:
        if len(os.listdir("/proc/self/task")) > 1:
            raise SystemExit("one of the libraries has started a thread when it was imported")
        self.control.send(b"ready")
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        while True:
            for descriptor in select.select([self.control, *self.running], [], [])[0]:
                self._sweep(descriptor) if descriptor in self.running else self._answer()

    def _sweep(self, ended: int) -> None:
        """A runner has ended: so does all that it has started."""
        first = self.running.pop(ended)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(first, signal.SIGKILL)
        os.close(first)
        os.close(ended)

    def _answer(self) -> None:
        request, descriptors, *_ = socket.recv_fds(self.control, REQUEST_BYTES, 1)
        if not request:
            os._exit(0)
        with socket.socket(fileno=descriptors[0]) as connection:
            first = self._first_process(connection)
            with _left_again():
                call("setns", first, NEW_PROCESSES)
                number = os.fork()
                if not number:
                    self._be_runner(connection, json.loads(request))
        self.running[os.pidfd_open(number)] = first

    def _first_process(self, connection: socket.socket) -> int:
        socket.send_fds(self.porter, [b"1"], [connection.fileno()])
        return os.pidfd_open(int(self.porter.recv(20)))

    def _be_runner(self, connection: socket.socket, settings: dict[str, Any]) -> NoReturn:
        try:
            self._move_in(connection, settings)
        except BaseException as error:
            connection.send(f"{type(error).__name__}: {error}".encode()[:1000])
            os._exit(1)
        self.runner.serve(self.shell, self.runner.Channel(connection), settings["stripped"])
        os._exit(0)

    def _move_in(self, connection: socket.socket, settings: dict[str, Any]) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        own = connection.fileno()
        os.set_inheritable(own, False)
        os.closerange(3, own)
        os.closerange(own + 1, 1 << 10)
        _furnish(settings["folder"], settings["files"])
        if not settings["user"]:
            _become(*settings["owner"])
        connection.send(b"runner")
        connection.recv(1)  # until our numbers are known
        _drop_bounds()
        settings["limits"]["RLIMIT_AS"] += self.extra
        self.runner.confine(settings)
        forbid()
        _unpack(self.files)
        self._draw_lots_anew()

    def _draw_lots_anew(self) -> None:
        """`random` does so by itself in each process."""
        if "numpy.random" in self.loaded:
            self.loaded["numpy.random"].seed()
        if "torch" in self.loaded:
            self.loaded["torch"].default_generator.seed()


def _furnish(folder: int, files: int) -> None:
    """A network of our own with nobody in it, our own folders, our own view of processes and terminals."""
    call("unshare", NEW_MOUNTS | NEW_HOST | NEW_IPC | NEW_NETWORK)
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    for place, size in ((HOME, folder), ("/tmp", folder), ("/dev/shm", SHARED_MEMORY)):
        held = {path: os.open(path, os.O_PATH) for path in _mounts_below(place)}  # a Python that lies in /tmp, say
        _mount("tmpfs", place, "tmpfs", NO_SETUID | NO_DEVICES, f"mode=1777,size={size},nr_inodes={files}")
        for path, descriptor in held.items():
            path.mkdir(parents=True)
            _mount(f"/proc/self/fd/{descriptor}", str(path), None, BIND | RECURSIVE)
            os.close(descriptor)
    _mount("devpts", "/dev/pts", "devpts", NO_SETUID | NO_PROGRAMS, "newinstance,ptmxmode=0666,mode=620")
    _mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    for name in ("bus", "irq", "sys", "sysrq-trigger"):
        if os.access(f"/proc/{name}", os.W_OK):
            _mount(f"/proc/{name}", f"/proc/{name}", None, BIND)
            _mount("none", f"/proc/{name}", None, BIND | REMOUNT | READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    os.chdir(HOME)


def _mounts_below(place: str) -> list[Path]:
    """Folders inside of `place` on which something is mounted, without those inside of one another."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    paths = {Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), line.split()[4])) for line in lines}
    below = {path for path in paths if Path(place) in path.parents and path.is_dir()}
    return sorted(path for path in below if not below & {*path.parents})


def _become(user: int, group: int) -> None:
    """Leave the user namespace that owns all the others for one that owns nothing."""
    call("unshare", NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} 0 1")
    Path("/proc/self/gid_map").write_text(f"{group} 0 1")


def _drop_bounds() -> None:
    """No program that is started later gains a right."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in range(last + 1):
        call("prctl", DROP_BOUND, number, 0, 0, 0)
    call("prctl", AMBIENT, CLEAR_AMBIENT, 0, 0, 0)


def forbid() -> None:
    """Give up every right, for good, and most system calls that are of no use to a notebook."""
    drop_rights()
    call("prctl", NO_NEW_RIGHTS, 1, 0, 0, 0)
    program = ctypes.create_string_buffer(filter_program())
    described = struct.pack("HxxxxxxP", len(program.raw) // 8, ctypes.addressof(program))
    call("prctl", SET_FILTER, FILTER, described, 0, 0)


def _mount(source: str, place: str, kind: str | None, flags: int, options: str = "") -> None:
    texts = [text.encode() if text is not None else None for text in (source, place, kind)]
    call("mount", *texts, flags, options.encode())


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _files_in(folder: Path) -> dict[Path, bytes | None]:
    """What the libraries wrote when they were imported: content of files, and None for folders."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_symlink())
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def _unpack(files: dict[Path, bytes | None]) -> None:
    for path, content in files.items():
        path.mkdir() if content is None else path.write_bytes(content)
