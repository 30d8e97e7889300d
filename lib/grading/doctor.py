"""Is everything there that grading needs? One line for each thing, and for each that is not, what to do."""

import argparse
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from grading import gpu
from grading.course import SETTINGS, Course
from grading.gradebook import opened
from grading.run import limits_of
from grading.sandbox import HOW_TO_GET_ONE, NoSandbox, Sandbox
from grading.schedulers import Cluster, ClusterError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NEEDED = {"nbgrader": "0.9.6", "numpy": "2", "ipython": "8", "nbformat": "5", "sqlalchemy": "1.4", "matplotlib": "3.10"}
SPACE = 1 << 30
TEMPORARY = 256 << 20
FIRST_SECOND = 1_735_689_600  # 2025-01-01: a clock that shows less was never set


@dataclass(frozen=True)
class Finding:
    """How one thing is; `advice` is what to do if it is not good."""

    check: str
    good: bool
    told: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{'ok  ' if self.good else 'FAIL'} {self.check}: {self.told}"
        return line if self.good else f"{line}\n       to do: {self.advice}"


def examine(course: Course, options: argparse.Namespace) -> list[Finding]:
    """All findings; a check that itself fails is one that is not good."""
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("sandbox", lambda: _sandbox(options)),
        ("versions", _versions),
        ("course folder", lambda: _folder(course)),
        ("secret", lambda: _secret(course)),
        ("gradebook", lambda: _gradebook(course)),
        ("nbgrader settings", lambda: _settings(course)),
        ("disk space", lambda: _space(course)),
        ("clock", lambda: _clock(course)),
        ("cores", lambda: _cores(options)),
        ("memory", lambda: _memory(options)),
        *([("cluster", lambda: _cluster(options))] if options.scheduler else []),
        *([("graphics card", _card)] if options.device else []),
    ]
    return [_tried(name, check) for name, check in checks]


def _tried(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(name, False, f"cannot be checked ({told[:300]})", "read the message; it says what is in the way")


def _sandbox(options: argparse.Namespace) -> Finding:
    try:
        began = time.perf_counter()
        Sandbox(limits_of(options)).close()
    except NoSandbox as error:
        told, _, _ = str(error).partition("\n")
        return Finding("sandbox", False, told.removesuffix(HOW_TO_GET_ONE).strip(), HOW_TO_GET_ONE)
    return Finding("sandbox", True, f"one was started and ended in {time.perf_counter() - began:.2f} s")


def _versions() -> Finding:
    wrong = [*_unfit_packages()]
    told = "; ".join(wrong) or ", ".join(f"{name} {version(name)}" for name in ("nbgrader", "numpy", "ipython"))
    advice = "install what requirements.txt says: `pip install -r requirements.txt`"
    return Finding("versions", not wrong, told, advice)


def _unfit_packages() -> Iterator[str]:
    for name, least in NEEDED.items():
        try:
            if _numbers(version(name)) < _numbers(least):
                yield f"{name} {version(name)} ({least} or later is needed)"
        except PackageNotFoundError:
            yield f"{name} is not installed"
    if not version("nbgrader").startswith("0.9."):
        yield f"nbgrader {version('nbgrader')} (the grader was tested with 0.9)"


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(".") if part.isdigit()]


def _folder(course: Course) -> Finding:
    """Written to by its owner alone: who writes there can change grades."""
    names = ("release", "submitted", "autograded", "feedback", "verdicts")
    missing = [name for name in names if not (course.root / name).is_dir()]
    if missing:
        told = f"{course.root} has no {', '.join(missing)}"
        return Finding("course folder", False, told, f"run `grade release --course {course.root}`")
    closed = [name for name in (".", *names) if not os.access(course.root / name, os.W_OK)]
    open_to_all = [name for name in (".", *names) if _mode(course.root / name) & stat.S_IWOTH and name != "submitted"]
    if closed:
        return Finding("course folder", False, f"no right to write to {', '.join(closed)}", "run as the folder's owner")
    if open_to_all:
        told, advice = f"anybody may write to {', '.join(open_to_all)}", f"chmod -R o-w {course.root}"
        return Finding("course folder", False, told, advice)
    return Finding(
        "course folder", True, f"{course.root}, released: {', '.join(course.assignments()) or 'nothing yet'}"
    )


def _secret(course: Course) -> Finding:
    path = course.root / "secret"
    if not path.is_file():
        return Finding("secret", False, f"there is no {path}", f"run `grade release --course {course.root}`")
    if len(path.read_bytes()) < 32:
        advice = "delete it and run `grade release`; all will be judged anew, on other hidden cases"
        return Finding("secret", False, f"{path} has fewer than 32 bytes", advice)
    if _mode(path) & 0o077 or path.stat().st_uid not in (os.getuid(), 0):
        return Finding(
            "secret", False, f"{path} can be read by others than you", f"chmod 600 {path}; chown $USER {path}"
        )
    return Finding("secret", True, "there, and readable by its owner alone")


def _gradebook(course: Course) -> Finding:
    """As nbgrader opens it, and with nbgrader's own word on whether its schema is current."""
    from alembic.script import ScriptDirectory
    from nbgrader import dbutil

    if course.db_url.startswith("sqlite:///") and not Path(course.db_url.removeprefix("sqlite:///")).is_file():
        told = f"there is no {course.db_url.removeprefix('sqlite:///')}"
        return Finding("gradebook", False, told, f"run `grade release --course {course.root}`")
    newest = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
    with opened(course) as gradebook:
        students, own = len(gradebook.students), _schema(gradebook)
    if own != newest:
        return Finding("gradebook", False, f"its schema is {own}, and nbgrader's is {newest}", "`nbgrader db upgrade`")
    return Finding("gradebook", True, f"readable, schema {own}, {students} student(s)")


def _schema(gradebook: "Gradebook") -> str:
    return gradebook.db.execute(text("SELECT version_num FROM alembic_version")).scalar() or "unknown"


def _settings(course: Course) -> Finding:
    """With stock autograding, student code would run in nbgrader's own kernel and decide its own grade."""
    found = course.config
    wanted = {name: value for name, value in SETTINGS.items() if name.startswith(("Autograde", "GenerateFeedback"))}
    wanted["CourseDirectory.root"] = str(course.root)
    pairs = {name: found[name.split(".")[0]].get(name.split(".")[1]) for name in wanted}
    wrong = [
        f"{name} is {pairs[name]!r} instead of {value!r}" for name, value in wanted.items() if pairs[name] != value
    ]
    advice = f"run `grade release --course {course.root}`, which sets these lines anew"
    return Finding("nbgrader settings", not wrong, "; ".join(wrong) or "as the grader needs them", advice)


def _space(course: Course) -> Finding:
    here = course.root if course.root.is_dir() else Path.cwd()
    temporary = Path(os.environ.get("TMPDIR") or "/tmp")
    free = {here: shutil.disk_usage(here).free, temporary: shutil.disk_usage(temporary).free}
    told = ", ".join(f"{space / 1e9:.1f} GB free at {place}" for place, space in free.items())
    good = free[here] >= SPACE and free[temporary] >= TEMPORARY
    return Finding("disk space", good, told, "make room: a verdict and its records take about 1 MB a submission")


def _clock(course: Course) -> Finding:
    """Due dates are compared with it."""
    now = time.time()
    newest = max((p.stat().st_mtime for p in (course.root, course.root / "gradebook.db") if p.exists()), default=0)
    good = now > FIRST_SECOND and newest - now < 120
    told = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    told += "" if newest - now < 120 else ", but the course folder was changed after that"
    return Finding("clock", good, told, "set the clock: `timedatectl set-ntp true`")


def _cores(options: argparse.Namespace) -> Finding:
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    told = f"{cores}, for {options.jobs} submission(s) at the same time; load of the machine now {load:.1f}"
    advice = f"`--jobs {cores}`: with more at the same time than cores, time limits are met by waiting"
    return Finding("cores", options.jobs <= cores, told, advice)


def _memory(options: argparse.Namespace) -> Finding:
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    available = int(fields["MemAvailable"].split()[0]) << 10
    needed = options.jobs * limits_of(options).memory
    told = f"{available / 1e9:.1f} GB available, {needed / 1e9:.1f} GB if every submission used all that it may"
    advice = f"`--jobs {max(1, available // limits_of(options).memory)}`, or more memory"
    return Finding("memory", available >= needed, told, advice)


def _cluster(options: argparse.Namespace) -> Finding:
    from grading.run import begin

    try:
        pool = begin(options)
    except ClusterError as error:
        return Finding("cluster", False, str(error), "mend the workers that are named, or leave them out")
    try:
        workers = pool.workers
    finally:
        pool.close()
    return Finding(
        "cluster", isinstance(pool, Cluster), f"{workers} worker(s), each with a sandbox and the same software"
    )


def _card() -> Finding:
    advice = "none needed: without a card its part is skipped, and full marks are kept"
    return Finding("graphics card", gpu.is_there(), "torch can use one" if gpu.is_there() else "none", advice)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
