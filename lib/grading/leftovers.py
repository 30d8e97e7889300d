"""Temporary folders that can be told from those of runs that were killed, and the cleaning up of the latter."""

import atexit
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX, NEW, LOCK = "grading-run-", "grading-new-", "lock"
OLD = 3600.0  # seconds after which a half-written file cannot be anybody's work any more
_claimed: dict[Path, tuple[int, int]] = {}  # process and lock


def claim() -> Path:
    """A temporary folder of our own. Its lock is open as soon as we, and all that we forked, have ended."""
    sweep()
    new = Path(tempfile.mkdtemp(prefix=NEW, dir=_place()))
    descriptor = os.open(new / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    folder = new.rename(new.with_name(PREFIX + new.name.removeprefix(NEW)))  # locked before anybody looks for it
    _claimed[folder] = os.getpid(), descriptor
    atexit.register(release, folder)
    return folder


def release(folder: Path) -> None:
    """Delete a folder that was claimed; only by the process that did."""
    owner, descriptor = _claimed.get(folder, (None, None))
    if owner == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
        del _claimed[folder]


def sweep() -> int:
    """Delete our user's folders whose owners are gone; the number of them."""
    return sum(_swept(folder) for prefix in (PREFIX, NEW) for folder in _place().glob(f"{prefix}*"))


def sweep_half_written(root: Path) -> int:
    """Delete what was being written to verdicts and records when a run was killed; the number of files."""
    found = [p for p in (*root.glob("*/.writing-*"), *root.glob("*/*/*/.writing-*")) if _age(p) > OLD]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _place() -> Path:
    return Path(os.environ.get("TMPDIR") or "/tmp")


def _swept(folder: Path) -> bool:
    try:
        ours = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
        gone = ours and (folder.name.startswith(PREFIX) or _age(folder) > OLD) and _is_open(folder / LOCK)
    except OSError:
        return False
    if gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _is_open(lock: Path) -> bool:
    """Whether nobody holds it."""
    if not lock.exists():
        return True
    with open(lock, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
