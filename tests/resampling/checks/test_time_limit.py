"""Calls that do not come back. The only tests that look at the clock, and only with wide margins."""

import threading
import time
from concurrent.futures import Future

import pytest

from resampling.checks.time_limit import TimeLimitExceeded, call_with_time_limit

LIMIT = 0.1


def plain():
    while True:
        pass


def swallows_exceptions():
    while True:
        try:
            plain()
        except Exception:
            pass


def swallows_everything():
    for _ in range(5):
        try:
            plain()
        except:  # noqa: E722
            pass


def sleeps():
    while True:
        time.sleep(0.01)


def in_finally():
    try:
        plain()
    finally:
        time.sleep(0.2)


def test_the_value_comes_back():
    assert call_with_time_limit(lambda: 3, 1) == 3


@pytest.mark.parametrize("kind", [ValueError, TimeoutError, SystemExit, TimeLimitExceeded])
def test_what_it_raises_comes_back(kind):
    def fail():
        raise kind("mine")

    with pytest.raises(kind, match="mine"):
        call_with_time_limit(fail, 1)


@pytest.mark.parametrize("function", [plain, swallows_exceptions, swallows_everything, sleeps, in_finally])
def test_it_is_stopped_and_leaves_no_thread(function, capfd):
    before = threading.active_count()
    start = time.monotonic()
    with pytest.raises(TimeLimitExceeded):
        call_with_time_limit(function, LIMIT)
    assert time.monotonic() - start < 2
    assert threading.active_count() == before
    assert capfd.readouterr().err == ""


def test_once_stopped_it_is_let_alone(monkeypatch):
    """On a busy machine what comes after the call may take long."""
    settle = Future.set_exception

    def slowly(self, exception):
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            pass
        settle(self, exception)

    uncaught = []
    monkeypatch.setattr(threading, "excepthook", uncaught.append)
    monkeypatch.setattr(Future, "set_exception", slowly)
    with pytest.raises(TimeLimitExceeded):
        call_with_time_limit(plain, LIMIT)
    assert not uncaught


def test_what_cannot_be_stopped_is_left_behind():
    release = threading.Event()
    with pytest.raises(TimeLimitExceeded):
        call_with_time_limit(release.wait, LIMIT)
    release.set()


def test_recursion_without_end_comes_back():
    def deeper():
        return deeper()

    with pytest.raises(RecursionError):
        call_with_time_limit(deeper, 5)


def test_the_next_call_is_not_disturbed():
    for _ in range(3):
        with pytest.raises(TimeLimitExceeded):
            call_with_time_limit(plain, 0.02)
        assert call_with_time_limit(lambda: sum(range(10**5)), 5) == 4999950000
