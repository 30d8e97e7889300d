"""The first process of a sandbox: it buries the dead, so that their computing time counts, and ends with the runner."""

import contextlib
import ctypes
import os
import signal
import struct
from typing import Any, NoReturn

SET_DUMPABLE, CAPABILITIES_3 = 4, 0x20080522
C = ctypes.CDLL(None, use_errno=True)


def stay_behind() -> None:
    """If this is the first process, go on as its child. What stays has no rights, and no user can look into it."""
    if os.getpid() != 1:
        return
    call("prctl", SET_DUMPABLE, 0, 0, 0, 0)
    runner = os.fork()
    if runner:
        drop_rights()
        bury(runner)
    call("prctl", SET_DUMPABLE, 1, 0, 0, 0)


def bury(last: int | None = None) -> NoReturn:
    """Hear no signal and hold no file; end when the child `last` has ended."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    os.closerange(0, 1 << 10)
    while True:
        with contextlib.suppress(ChildProcessError):
            while number := os.waitpid(-1, os.WNOHANG)[0]:
                if number == last:
                    os._exit(0)
        signal.sigwait([signal.SIGCHLD])


def drop_rights() -> None:
    """Give up every capability."""
    call("capset", struct.pack("Ii", CAPABILITIES_3, 0), bytes(24))


def call(name: str, *arguments: Any) -> None:
    """A function of the C library; `OSError` if it fails."""
    if getattr(C, name)(*(ctypes.c_ulong(a) if type(a) is int else a for a in arguments)) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
