"""Checks that answer in a notebook: ``check_conv_matrix1d(conv_matrix1d)`` says what is right, what is wrong and why.

A check never lets a student's error out of its cell, and its value is the score.
"""

import inspect
import io
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from resampling.checks import refusals
from resampling.checks.evaluation import Invoke, evaluate, refused
from resampling.checks.forbidden import forbidden_uses
from resampling.checks.refusals import Refusal
from resampling.checks.report import show
from resampling.checks.task import Task
from resampling.checks.time_limit import TimeLimitExceeded, call_with_time_limit, raised_by_call

__all__ = ["make_check", "refusal_of_source"]

HERE = __file__.rpartition("checks")[0]
SOILED = [np.full(size, 0xFF, np.uint8) for size in range(8, 1024, 8)]  # the bytes of NaN


def make_check(task: Task) -> Callable[..., float]:
    """The function ``check_<name>`` of a task."""

    def check(function: Callable[..., Any], *, seed: int = 0, device: str | None = None) -> float:
        refusal = _not_a_function(task, function) or _forbidden(task, function)
        verdict = (
            refused(task, refusal) if refusal else evaluate(task, local_call(function, task.time_limit, device), seed)
        )
        show(verdict)
        return verdict.score

    check.__name__ = check.__qualname__ = f"check_{task.name}"
    check.__doc__ = f"""Check your `{task.name}`, worth {task.points:g} points: {task.summary}

    Parameters
    ----------
    function : callable
        Your function.
    seed : int
        Other seeds try other cases.
    device : str, optional
        ``"cpu"`` or ``"cuda"``: call it with torch tensors on that device instead of NumPy arrays.

    Returns
    -------
    float
        Points earned.
    """
    return check


def local_call(function: Callable[..., Any], seconds: float, device: str | None = None) -> Invoke:
    """Calls `function` in this process: output held back, time limited, errors told by the student's own lines."""

    def invoke(arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        given = {name: _on_device(value, device) for name, value in deepcopy(arguments).items()}
        _soil_memory()
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                value = call_with_time_limit(lambda: function(**given), seconds)
        except TimeLimitExceeded:
            raise refusals.time_limit(seconds) from None
        except BaseException as error:
            if not raised_by_call(error):
                raise
            note = f" (the arrays were torch tensors on {device})" if device else ""
            raise refusals.raised(type(error).__name__, f"{error}{note}", _own_lines(error)) from None
        return value, {name: _as_numpy(value) for name, value in given.items()}

    return invoke


def refusal_of_source(task: Task, source: str, names: dict[str, str]) -> Refusal | None:
    """Why `source` may not be used as an answer: the first forbidden name in it."""
    for line, written in forbidden_uses(source, task.forbidden, names):
        text = source.splitlines()[line - 1].strip()
        return Refusal("forbidden", f"{written} may not be used here; write it yourself.\n    line {line}:  {text}")
    return None


def _not_a_function(task: Task, function: Any) -> Refusal | None:
    if callable(function):
        return None
    return Refusal("type", f"check_{task.name} takes your function: check_{task.name}({task.name}).")


def _forbidden(task: Task, function: Callable[..., Any]) -> Refusal | None:
    if refusal_of_source(task, "answer", {"answer": _dotted_name(function)}):
        return Refusal("forbidden", f"{_dotted_name(function)} is not yours; write the function yourself.")
    for written in _with_helpers(function):
        try:
            source = textwrap.dedent(inspect.getsource(written))
        except (OSError, TypeError):
            continue
        refusal = refusal_of_source(task, source, _meanings(written))
        if refusal:
            return refusal
    return None


def _with_helpers(function: Callable[..., Any]) -> Iterator[FunctionType]:
    """`function` and the functions that it uses from the same module, each once."""
    waiting, seen = _functions(function), set()
    while waiting:
        current = waiting.pop()
        if not isinstance(current, FunctionType) or current in seen:
            continue
        seen.add(current)
        yield current
        used = (current.__globals__.get(name) for name in _names(current.__code__))
        waiting += [f for u in used for f in _functions(u) if f.__module__ == current.__module__]


def _names(code: CodeType) -> Iterator[str]:
    """Global names that `code` uses, comprehensions and inner functions included."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _functions(value: Any) -> list[FunctionType]:
    """The functions written by hand that `value` may call: itself, what a partial holds, a class's methods."""
    while isinstance(value, partial):
        value = value.func
    value = getattr(inspect.unwrap(value) if callable(value) else value, "__func__", value)
    if isinstance(value, FunctionType):
        return [value]
    members = vars(value if isinstance(value, type) else type(value)).values()
    return [f for f in (getattr(m, "__func__", m) for m in members) if isinstance(f, FunctionType)]


def _meanings(function: FunctionType) -> dict[str, str]:
    """What the global names of `function` stand for: ``{"np": "numpy"}``."""
    found = {name: _dotted_name(value) for name, value in function.__globals__.items()}
    return {name: dotted for name, dotted in found.items() if dotted}


def _dotted_name(value: Any) -> str | None:
    if isinstance(value, ModuleType):
        return value.__name__
    while isinstance(value, partial):
        value = value.func
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    return f"{module}.{name.removeprefix('_VariableFunctionsClass.')}"  # torch.conv1d says so of itself


def _own_lines(error: BaseException) -> list[tuple[str, int, str]]:
    """The student's own code in the traceback, not ours and not a library's: (function, line number, text)."""
    libraries = (HERE, sys.prefix, sys.base_prefix)
    frames = traceback.extract_tb(error.__traceback__)
    return [(f.name, f.lineno or 0, f.line or "") for f in frames if not f.filename.startswith(libraries)]


def _soil_memory() -> None:
    """Leave no zeros where ``np.empty`` will look: fill NumPy's cache of small blocks with the bytes of NaN."""
    for block in SOILED:
        _ = block.copy(), block.copy(), block.copy(), block.copy()


def _on_device(value: Any, device: str | None) -> Any:
    if device is None or not isinstance(value, np.ndarray):
        return value
    import torch

    return torch.as_tensor(value, device=device)


def _as_numpy(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value
