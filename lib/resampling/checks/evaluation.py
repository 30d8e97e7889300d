"""From a task and a way to call the student's function to a verdict. Runs on the trusted side only."""

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from resampling.checks.refusals import Refusal, as_result, same, size_of
from resampling.checks.task import Arguments, Mistake, Property, Task

Invoke = Callable[[dict[str, Any]], tuple[Any, dict[str, Any]]]
GIVE_UP = ("not written", "forbidden", "time limit", "crash")  # kinds after which no further call is made


@dataclass(frozen=True)
class Trial:
    """One call: what went in, what should have come out, what came out, and what is wrong with it."""

    arguments: Arguments
    expected: Any
    got: Any = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Finding:
    """What was found out about one property."""

    property: str
    points: float
    earned: float
    trial: Trial | None = None  # the plainest case that failed
    mistake: Mistake | None = None
    hint: str = ""


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth, and why."""

    task: Task
    findings: tuple[Finding, ...]

    @property
    def score(self) -> float:
        """Points earned: finite, between 0 and the task's points."""
        return math.fsum(f.earned for f in self.findings)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Names of the mistakes that were recognised, each once."""
        return tuple(dict.fromkeys(f.mistake.name for f in self.findings if f.mistake))


def evaluate(task: Task, invoke: Invoke, seed: int | Sequence[int]) -> Verdict:
    """Try every property of `task`.

    Parameters
    ----------
    task : Task
    invoke : callable
        Calls the student's function with a dict of arguments; returns its value and the arguments as they are
        afterwards, or raises `Refusal`.
    seed : int or sequence of int
        Decides the cases.
    """
    guarded = stopping(invoke, GIVE_UP)
    trials = {p: [_try(task, p, guarded, arguments) for arguments in _cases(p, seed)] for p in task.properties}
    return Verdict(task, tuple(_finding(task, p, trials) for p in task.properties))


def refused(task: Task, refusal: Refusal) -> Verdict:
    """The verdict on an answer that is not even tried."""

    def invoke(_: dict[str, Any]) -> Any:
        raise refusal

    return evaluate(task, invoke, seed=0)


def only_both(here: Verdict, there: Verdict, sentence: str) -> Verdict:
    """A property counts only when it holds in both; what fails only `there` is told by a sentence, without its case."""
    told = Trial({}, None, None, Refusal("hidden", sentence))
    pairs = zip(here.findings, there.findings, strict=True)
    return Verdict(here.task, tuple(h if h.trial or not t.trial else replace(t, trial=told) for h, t in pairs))


def _cases(prop: Property, seed: int | Sequence[int]) -> Iterable[Arguments]:
    return prop.cases(np.random.default_rng(seed))


def stopping(invoke: Invoke, kinds: Sequence[str]) -> Invoke:
    """`invoke` that calls no more, and repeats the refusal, once it was one of `kinds`."""
    final: list[Refusal] = []

    def guarded(arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if final:
            raise final[0]
        try:
            return invoke(arguments)
        except Refusal as refusal:
            if refusal.kind in kinds:
                final.append(refusal)
            raise

    return guarded


def _try(task: Task, prop: Property, invoke: Invoke, arguments: Arguments) -> Trial:
    expected = task.reference(**deepcopy(dict(arguments)))
    got = None
    try:
        value, after = invoke(deepcopy(dict(arguments)))
        got = as_result(value, expected)
        refusal = _modified(arguments, after) or prop.test(expected, got)
    except Refusal as caught:
        refusal = caught
    return Trial(arguments, expected, got, refusal)


def _modified(before: Arguments, after: Arguments) -> Refusal | None:
    for name, value in before.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, after[name], equal_nan=value.dtype.kind == "f"):
            return Refusal("modified", f"your function changed its argument `{name}` in place; work on a copy.")
    return None


def _finding(task: Task, prop: Property, trials: dict[Property, list[Trial]]) -> Finding:
    failed = [t for t in trials[prop] if t.refusal]
    if not failed:
        return Finding(prop.name, prop.points, prop.points)
    wrong = [t for group in trials.values() for t in group if _is_wrong(t)]
    here = [t for t in failed if _is_wrong(t)]
    right = [t for t in trials[prop] if not t.refusal and isinstance(t.expected, bool | str)]  # often alike by chance
    mistake = _recognise(task.mistakes, here and here + right, wrong)
    return Finding(prop.name, prop.points, 0.0, min(failed, key=_clutter), mistake, "" if mistake else prop.hint)


def _clutter(trial: Trial) -> tuple[bool, int]:
    """Small cases are told first, but not matrices of a single row or column, which show no pattern."""
    first = trial.expected[0] if isinstance(trial.expected, tuple) and trial.expected else trial.expected
    return np.ndim(first) == 2 and min(np.shape(first)) < 2, size_of((trial.expected, *trial.arguments.values()))


def _is_wrong(trial: Trial) -> bool:
    """Raised, or came back with a wrong array or number."""
    if trial.refusal is None or trial.got is None:
        return trial.refusal is not None and trial.refusal.error != ""
    return not same(trial.expected, trial.got)


def _recognise(mistakes: Iterable[Mistake], here: list[Trial], everywhere: list[Trial]) -> Mistake | None:
    """The mistake that gives, or raises, each outcome `here`, and most of those that are wrong `everywhere`."""
    candidates = [m for m in mistakes if here and all(_explains(m, t) for t in here)]
    return max(candidates, key=lambda m: sum(_explains(m, t) for t in everywhere), default=None)


def _explains(mistake: Mistake, trial: Trial) -> int:
    """0 when the mistake gives something else, 2 when it gives the same.

    1 when it gives the item that was refused, and is wrong in no item that came out right.
    """
    try:
        value = as_result(mistake.wrong(**deepcopy(dict(trial.arguments))), trial.expected)
    except Refusal:
        return 0
    except Exception as error:
        return 2 * (trial.refusal is not None and trial.refusal.error == f"{type(error).__name__}: {error}")
    if trial.got is None or same(trial.got, value):
        return 2 * (trial.got is not None)
    item = trial.refusal.item if trial.refusal else None
    if item is None or not len(value) == len(trial.got) == len(trial.expected):
        return 0
    items = zip(value, trial.got, trial.expected, strict=True)
    return int(same(value[item], trial.got[item]) and all(same(v, e) or not same(g, e) for v, g, e in items))


def call_text(task: Task, arguments: Arguments) -> str:
    """The call as a student would type it: arrays that come first without their names."""
    shown, by_name = [], False
    for name, value in arguments.items():
        by_name = by_name or not isinstance(value, np.ndarray)
        text = _as_text(value) if isinstance(value, np.ndarray) else repr(value)
        shown.append(f"{name}={text}" if by_name else text)
    return f"{task.name}({', '.join(shown)})"


def _as_text(value: np.ndarray) -> str:
    numbers = np.array2string(value, separator=", ", prefix="np.array(", floatmode="unique")
    return f"np.array({numbers})" if value.dtype == np.float64 else f"np.array({numbers}, dtype=np.{value.dtype})"
