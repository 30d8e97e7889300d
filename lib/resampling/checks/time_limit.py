"""Stop a function that does not come back, on every platform and inside a notebook."""

import ctypes
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

GRACE = 2.0  # seconds that a stopped thread gets to end
RETRY = 0.01  # seconds between two tries, for a loop that swallows the first


class Stopped(BaseException):
    """Raised inside the late call. Not an `Exception`, so that ``except Exception`` in a loop does not swallow it."""


class TimeLimitExceeded(Exception):
    """The call did not come back in time."""


def call_with_time_limit(function: Callable[[], Any], seconds: float) -> Any:
    """Value of ``function()``, or what it raised; `TimeLimitExceeded` after `seconds`.

    The call runs in a thread of its own. When it is late, an exception is set in that thread, which ends every loop
    written in Python at its next step. One long call into compiled code cannot be ended: it is left behind.

    Examples
    --------
    >>> def endless():
    ...     while True:
    ...         pass
    >>> try:
    ...     call_with_time_limit(endless, 0.1)
    ... except TimeLimitExceeded:
    ...     print("stopped")
    stopped
    """
    outcome: Future[Any] = Future()
    thread = Thread(target=_settle, args=(outcome, function), daemon=True)
    thread.start()
    try:
        return outcome.result(seconds)
    except TimeoutError:
        if outcome.done():
            raise
        _stop(thread)
        raise TimeLimitExceeded from None
    except KeyboardInterrupt:
        _stop(thread)
        raise


def _settle(outcome: "Future[Any]", function: Callable[[], Any]) -> None:
    try:
        outcome.set_result(function())
    except BaseException as exception:
        outcome.set_exception(exception)


def _stop(thread: Thread) -> None:
    """End `thread`; one that swallows every exception for longer than GRACE is pursued in the background."""
    chaser = Thread(target=_chase, args=(thread,), daemon=True)
    chaser.start()
    chaser.join(GRACE)


def _chase(thread: Thread) -> None:
    while thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped))
        thread.join(RETRY)
