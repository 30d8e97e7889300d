"""Stop a function that does not come back, on every platform and inside a notebook."""

import ctypes
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from traceback import walk_tb
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
    call = _Call(function)
    call.start()
    try:
        return call.outcome.result(seconds)
    except TimeoutError:
        if call.outcome.done():
            raise
        call.stop()
        raise TimeLimitExceeded from None
    except KeyboardInterrupt:
        call.stop()
        raise


def raised_by_call(error: BaseException) -> bool:
    """Whether the function raised it, and not the person who pressed stop."""
    return any(frame.f_code is _Call.run.__code__ for frame, _ in walk_tb(error.__traceback__))


class _Call(Thread):
    """A call under way; `over` says that it has left the function."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.function, self.over = function, False
        self.outcome: Future[Any] = Future()

    def run(self) -> None:
        with suppress(Stopped):  # another one may have been on its way when the call was over
            try:
                try:
                    value = self.function()
                finally:
                    self.over = True
                self.outcome.set_result(value)
            except BaseException as exception:
                self.outcome.set_exception(exception)

    def stop(self) -> None:
        """End it; one that swallows every exception for longer than GRACE is pursued in the background."""
        chaser = Thread(target=self._chase, daemon=True)
        chaser.start()
        chaser.join(GRACE)

    def _chase(self) -> None:
        while self.is_alive():
            if not self.over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(Stopped))
            self.join(RETRY)
