"""From a submission to a verdict. Student code runs elsewhere; here its answers are only compared.

Every task is tried twice: on the cases that the student saw, and on others drawn from a secret and the submission's own
bytes, so that a regrade tries the same ones and nobody can know them.
"""

import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from grading.channel import Closed, Expression, Malformed
from grading.sandbox import PATIENCE, Exceeded, Limits, Sandbox
from grading.sources import refusal_of_notebook, unreadable
from grading.stage import Submission, grade_id
from resampling.checks import refusals
from resampling.checks.evaluation import Finding, Verdict, evaluate, only_both, refused, stopping
from resampling.checks.functions import Function
from resampling.checks.refusals import Refusal, size_of
from resampling.checks.report import Report
from resampling.checks.task import Task

SHOWN_SEED = 0  # what a check in the notebook uses
OTHER_CASES = "right for the cases that you can see, wrong for others."
PICTURE_ENTRIES = 2_500
NEED_THEMSELVES = ("numpy.", "torch.")
OUTPUT_CAP = 10_000_000  # characters of all cells together
STOPPING = ("crash", "time limit")  # kinds of refusal after which the sandbox is not what it was


@dataclass
class Session:
    """A submission's notebook, running: started when first needed, and again when student code has ended it."""

    submission: Submission
    start: Callable[[], Sandbox]
    limits: Limits
    left_out: dict[int, str] = field(default_factory=dict)  # cells that end the process, and how
    outputs: dict[int, str] = field(default_factory=dict)
    sandbox: Sandbox | None = None
    spent: float = 0.0  # seconds of computing in sandboxes that are gone
    calls: int = 0
    kind: str = "none"  # how the sandbox was started: cold or warm
    remarks: dict[str, None] = field(default_factory=dict)  # for the instructor
    exceeded: list[str] = field(default_factory=list)  # limits that were met and ends that came unasked
    began: float = field(default_factory=time.monotonic)

    def call(self, task: Task, arguments: dict[str, Any], device: str = "") -> tuple[Any, dict[str, Any]]:
        """Value of the student's function, and the arguments as they are afterwards; or `Refusal`."""
        try:
            return self._called(task, arguments, {"device": device} if device else {})
        except Refusal as refusal:
            if refusal.kind in STOPPING:
                self._met(f"{task.name}: {str(refusal).splitlines()[0]}")
                self.stop()
            raise

    def _called(self, task: Task, arguments: dict[str, Any], more: dict[str, str]) -> tuple[Any, dict[str, Any]]:
        sandbox = self.running()
        self.calls += 1
        sandbox.within(min(task.time_limit, self._left()), refusals.time_limit(task.time_limit))
        try:
            given = {n: Expression(v.text) if isinstance(v, Function) else v for n, v in arguments.items()}
            question = {"do": "call", "id": self.calls, "function": task.name, "arguments": given, **more}
            sandbox.ask(question)
            answer = sandbox.channel.receive()
            if not self.remarks and sandbox.has_company():
                self.remarks["other processes were running while an answer was computed"] = None
            return _value(task, answer, self.calls, arguments)
        except (Closed, Exceeded, Refusal, TypeError, ValueError) as error:
            raise _as_refusal(error) from None

    def _met(self, incident: str) -> None:
        if incident not in self.exceeded:
            self.exceeded.append(incident)

    def running(self) -> Sandbox:
        """The sandbox, all cells executed."""
        while self.sandbox is None:
            self._left()
            self.sandbox = self.start()
            self.kind = self.sandbox.start
            self._run_cells()
        return self.sandbox

    def stop(self) -> None:
        """End everything that the student's code has started."""
        if self.sandbox is not None:
            self.spent += self.sandbox.cpu_seconds()
            self.sandbox.close()
            self.sandbox = None

    def _left(self) -> float:
        computing = self.spent + (self.sandbox.cpu_seconds() if self.sandbox else 0.0)
        left = self.limits.notebook_seconds - max(computing, (time.monotonic() - self.began) / PATIENCE)
        if left <= 0:
            raise Refusal("time limit", f"the notebook has used up its {self.limits.notebook_seconds:g} seconds.")
        return left

    def _run_cells(self) -> None:
        runs = [[n, c.source] for n, c in enumerate(self.submission.cells) if c.runs and n not in self.left_out]
        current = -1
        try:
            self.sandbox.within(self.limits.cell_seconds, _CellTooSlow())
            self.sandbox.ask({"do": "run", "cells": json.dumps(runs)})
            while (event := self.sandbox.channel.receive()) != {"event": "ran"}:
                current = self._note(event, current)
        except (Closed, Exceeded, ValueError, _CellTooSlow) as error:
            if current < 0:
                raise Refusal("crash", f"the notebook could not be run: {_reason(error)}.") from None
            self.left_out[current] = _reason(error)
            self._met(f"cell {current + 1} was left out: {_reason(error)}")
            self.stop()
        except Refusal:
            self.stop()
            raise

    def _note(self, event: dict[str, Any], current: int) -> int:
        match event:
            case {"event": "started", "cell": int(number)} if number > current and self._runs(number):
                self.sandbox.within(min(self.limits.cell_seconds, self._left()), _CellTooSlow())
            case {"event": "ended", "cell": int(number), "outputs": str(outputs)} if number == current:
                kept = sum(map(len, self.outputs.values()))
                self.outputs[number] = outputs if len(outputs) + kept <= OUTPUT_CAP else "[]"
            case _:
                raise Malformed("not what happens to a cell")
        return number

    def _runs(self, number: int) -> bool:
        cells = self.submission.cells
        return 0 <= number < len(cells) and cells[number].runs and number not in self.left_out


class _CellTooSlow(Exception):
    """A cell ran out of time."""


def judge(
    submission: Submission,
    tasks: tuple[Task, ...],
    release: dict[str, Any],
    secret: bytes,
    start: Callable[..., Sandbox] = Sandbox,
    device: str = "",
    **options: Any,
) -> dict[str, Any]:
    """The verdict, as data for a file. `options` are the `limits` and those of `Sandbox`, which `start` gives.

    On a `device` the hidden cases are tried once more, as torch tensors, in the tasks that ask for it.
    """
    limits = options["limits"]
    blocks = {"absent": absent_packages(tasks, release), "stripped": stripped_names(tasks)}
    if device:
        blocks["device"] = device
    session = Session(submission, lambda: start(**blocks, **options), limits)
    try:
        verdicts = [_judge_task(session, task, secret, device) for task in tasks]
        remarks = [*session.remarks, *unreadable(submission), *filter(None, map(_remark, verdicts))]
        flags = [*submission.flags, *session.exceeded, *remarks]
        results, cells = [*map(_result, verdicts)], _cell_results(session)
        told = {"exceeded": session.exceeded, "start": session.kind}
        return {"tasks": results, "cells": cells, "flags": flags, **told}
    finally:
        session.stop()


def refuse(tasks: tuple[Task, ...], sentence: str) -> dict[str, Any]:
    """The verdict on what cannot be graded."""
    results = [_result(refused(task, Refusal("not gradable", sentence))) for task in tasks]
    return {"tasks": results, "cells": [], "flags": [sentence], "refused": sentence}


def secret_seed(secret: bytes, task: Task, submission: Submission) -> list[int]:
    """Numbers that decide the hidden cases."""
    digest = hmac.digest(secret, f"{task.name} {submission.digest}".encode(), "sha256")
    return [int(n) for n in np.frombuffer(digest, "<u4")]


def absent_packages(tasks: tuple[Task, ...], release: dict[str, Any]) -> list[Path]:
    """Folders of packages that every task forbids and the notebook's own cells do not need."""
    forbidden = _forbidden_everywhere(tasks) - {*stripped_names(tasks)}
    own = "\n".join(
        cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"]) for cell in release["cells"]
    )
    unneeded = sorted(name for name in forbidden if f"import {name.partition('.')[0]}" not in own)
    libraries = {Path(np.__file__).resolve().parent.parent, Path(np.__file__).parent.parent}
    return [folder / Path(*name.split(".")) for name in unneeded for folder in libraries]


def stripped_names(tasks: tuple[Task, ...]) -> list[str]:
    """Names that are taken out of a package once it is imported, because it cannot be imported without them."""
    return sorted(name for name in _forbidden_everywhere(tasks) if name.startswith(NEED_THEMSELVES))


def _forbidden_everywhere(tasks: tuple[Task, ...]) -> set[str]:
    return set.intersection(*(set(task.forbidden) for task in tasks))


def _judge_task(session: Session, task: Task, secret: bytes, device: str) -> Verdict:
    try:
        refusal = refusal_of_notebook(task, session.submission)
        if refusal:
            return refused(task, refusal)
        invoke = stopping(partial(session.call, task), STOPPING)
        seed = secret_seed(secret, task, session.submission)
        verdict = only_both(evaluate(task, invoke, SHOWN_SEED), evaluate(task, invoke, seed), OTHER_CASES)
        if device not in task.devices:
            return verdict
        there = stopping(partial(session.call, task, device=device), STOPPING)
        return only_both(
            verdict, evaluate(task, there, seed), f"right with NumPy arrays, wrong with tensors on {device}."
        )
    except Exception as error:  # an answer that no comparison foresaw is no reason to lose the others
        return refused(task, Refusal("type", f"the answer could not be compared ({type(error).__name__})."))


def _value(task: Task, reply: dict[str, Any], number: int, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    match reply:
        case _ if type(reply.get("id")) is not int or reply["id"] != number:
            raise Malformed("the answer to another call")
        case {"event": "returned", "value": value, "after": dict(after)} if after.keys() == arguments.keys():
            return value, after
        case {"event": "raised", "type": str(kind), "message": str(message), "lines": tuple(lines)}:
            raise refusals.raised(
                kind[:100], message, [(str(n)[:80], int(number), str(text)[:200]) for n, number, text in lines[-3:]]
            )
        case {"event": "missing"}:
            raise Refusal("error", f"there is no `{task.name}`: the cell that should define it ended with an error.")
        case {"event": "not callable"}:
            raise Refusal(
                "type", f"`{task.name}` is not a function any more: a later cell gave that name to something else."
            )
    raise Malformed("not an answer")


def _as_refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    return Refusal("crash", f"your function ended the process: {_reason(error)}.")


def _reason(error: Exception) -> str:
    if isinstance(error, _CellTooSlow):
        return "it did not come to an end in time: is there a loop that never ends?"
    if isinstance(error, Exceeded):
        return f"it used {error}"
    return (
        "it disturbed the line to the grader"
        if isinstance(error, KeyError | TypeError | ValueError)
        else "it ended Python"
    )


def _result(verdict: Verdict) -> dict[str, Any]:
    report = Report(_without_huge_pictures(verdict))
    try:
        html = report._repr_html_()
    except Exception:  # a picture is an extra: whatever is wrong with it, the words remain
        html = None
    return {
        "task": verdict.task.name,
        "score": verdict.score,
        "points": verdict.task.points,
        "mistakes": list(verdict.mistakes),
        "properties": [*map(_property, verdict.findings)],
        "text": str(report),
        "html": html,
    }


def _property(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.property,
        "points": finding.points,
        "earned": finding.earned,
        "refusal": finding.trial.refusal.kind if finding.trial else None,
    }


def _without_huge_pictures(verdict: Verdict) -> Verdict:
    def small(finding: Any) -> Any:
        trial = finding.trial
        few = trial is None or size_of(trial.got) <= PICTURE_ENTRIES
        return finding if few else replace(finding, trial=replace(trial, got=None))

    return replace(verdict, findings=tuple(map(small, verdict.findings)))


def _cell_results(session: Session) -> list[dict[str, Any]]:
    numbers = sorted(session.outputs.keys() | session.left_out.keys())
    return [{"cell": n, "outputs": session.outputs.get(n, "[]"), "left_out": session.left_out.get(n)} for n in numbers]


def _remark(verdict: Verdict) -> str | None:
    """One line for the instructor about an answer that was refused as a whole."""
    for finding in verdict.findings:
        if finding.trial and finding.trial.refusal.kind == "forbidden":
            return f"{verdict.task.name}: {str(finding.trial.refusal).splitlines()[0]}"
    return None


def tasks_by_cell(tasks: tuple[Task, ...], release: dict[str, Any]) -> dict[str, str]:
    """Which task the points of a check cell are for: ``{"conv-matrix1d-check": "conv_matrix1d"}``."""
    names = {f"{task.name.replace('_', '-')}-check": task.name for task in tasks}
    return {name: names[name] for cell in release["cells"] if (name := grade_id(cell)) in names}
