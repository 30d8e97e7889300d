"""Grade every attack and accident of `attack_list`, as one class, and say what came out.

python tools/attacks.py [PATTERN]    # cold and warm, in a temporary course; prints a table each
"""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from attack_list import ATTACKS, ESCAPED, FILE, MARKER, ODD_NAMES, TOKEN, UNTESTED, Attack, Files
from sample_class import ASSIGNMENT, TASKS, Exercise


@contextlib.contextmanager
def starting(start: str) -> Iterator[None]:
    """Sandboxes are started ``cold`` or ``warm``; what cannot be started so is not graded."""
    from grading import grading
    from grading.sandbox import Sandbox
    from grading.warm import Warm

    def sandbox(limits: Any, libraries: Any, **options: Any) -> Sandbox:
        box = Sandbox(limits, **options) if start == "cold" else usual().sandbox(limits, libraries, **options)
        if box.start != start:
            box.close()
            raise RuntimeError(f"the sandbox is not {start}")
        return box

    usual = cache(Warm)
    with mock.patch.object(grading, "_warm", return_value=SimpleNamespace(sandbox=sandbox)):
        yield


def hand_in(course: Path, attacks: Iterable[Attack], day_before: bool = False) -> None:
    """Put the submissions into the course's folder."""
    release, solution = (
        json.loads((course / kind / ASSIGNMENT / FILE).read_text("utf-8")) for kind in ("release", "source")
    )
    for attack in attacks:
        exercise = Exercise(deepcopy(release), solution)
        exercise.place = course
        work = (attack.before if day_before else attack.hand_in)(exercise)
        lay_down(course / "submitted" / attack.name / ASSIGNMENT, work)


def lay_down(folder: Path, work: Any) -> None:
    """The files of one submission, in the place of older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    for name, content in (work if isinstance(work, Files) else {FILE: work}).items():
        if callable(content):
            content(folder / name)
        else:
            (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def odd_folders(course: Path) -> None:
    """Row 66."""
    for name in ODD_NAMES:
        (course / "submitted" / name / ASSIGNMENT).mkdir(parents=True)


def told(course: Path, attack: Attack) -> str:
    """Everything that the student gets to read."""
    cells = json.loads((course / "autograded" / attack.name / ASSIGNMENT / FILE).read_text("utf-8"))["cells"]
    return "\n".join(_read(cell) for cell in cells)


def _read(cell: dict[str, Any]) -> str:
    outputs = cell.get("outputs", [])
    texts = [text for o in outputs for text in [o.get("text"), o.get("evalue"), *o.get("data", {}).values()] if text]
    texts += [line for o in outputs for line in o.get("traceback", ())]
    written = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
    return "\n".join([written, *("".join(text) for text in texts)])


def unexplained(course: Path, attack: Attack, scores: dict[str, float]) -> list[str]:
    """Tasks with less than full marks and not a word about why."""
    cells = json.loads((course / "autograded" / attack.name / ASSIGNMENT / FILE).read_text("utf-8"))["cells"]
    reports = {cell["id"].removesuffix("-check").replace("-", "_"): _read(cell) for cell in cells}
    lost = [task for task, points in TASKS.items() if scores[task] < points]
    return [task for task in lost if len(reports.get(task, "").split()) < 8]


def grade(arguments: Iterable[Any]) -> tuple[int, str]:
    """Exit code and output of a command."""
    from grading import cli

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = cli.main([str(a) for a in arguments])
    return code, out.getvalue()


def graded_class(course: Path, attacks: Iterable[Attack], project: Path, options: Iterable[Any] = ()) -> list[Any]:
    """Release, hand in (first what was handed in the day before), and grade: rows of ``grade run --json``."""
    attacks = list(attacks)
    again = [attack for attack in attacks if attack.before]
    run = ["run", "--course", course, "--cell-seconds", 2, "--json", *options]
    if grade(["release", ASSIGNMENT, "--course", course, "--project", project])[0]:
        raise RuntimeError("the assignment could not be released")
    if again:
        hand_in(course, again, day_before=True)
        grade(run)
    hand_in(course, attacks)
    odd_folders(course)
    return json.loads(grade(run)[1])


def scores_of(course: Path) -> dict[str, dict[str, float]]:
    """What the gradebook holds: points by student and task."""
    from nbgrader.api import Gradebook

    cells = {f"{task.replace('_', '-')}-check": task for task in TASKS}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            s.student.id: {cells[g.name]: g.auto_score for n in s.notebooks for g in n.grades if g.name in cells}
            for s in gradebook.assignment_submissions(ASSIGNMENT)
        }


def survivors() -> list[str]:
    """Processes that student code has left."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if line.startswith("sleep") and MARKER in line]


def left_files(places: Iterable[Path]) -> list[Path]:
    """Files that student code has left."""
    return [path for place in places for path in place.glob(f"{ESCAPED}*")]


def complaints(course: Path, attack: Attack, scores: dict[str, float], notes: list[str]) -> list[str]:
    """What is not as it should be about one submission."""
    text = "\n".join([told(course, attack), *notes])
    found = [f"{t}: {scores[t]:g} instead of {p:g}" for t, p in attack.scores.items() if scores[t] != p]
    found += [f"nothing like {attack.says!r} is said"] * (not re.search(attack.says, text))
    found += [f"{attack.never!r} is said"] * bool(re.search(attack.never, text))
    return found + [f"{task}: no reason given" for task in unexplained(course, attack, scores)]


def table(rows: Iterable[tuple[Attack, list[str]]]) -> Iterator[str]:
    """The table, one line a row of attacks."""
    grouped: dict[int, list[tuple[Attack, list[str]]]] = {}
    for attack, wrong in rows:
        grouped.setdefault(attack.row, []).append((attack, wrong))
    yield f"{'row':>3}  {'what':<52}  {'stock nbgrader 0.9.6':<36}  here"
    for number, group in sorted(grouped.items()):
        bad = [f"{attack.name}: {'; '.join(wrong)}" for attack, wrong in group if wrong]
        first = group[0][0]
        yield f"{number:>3}  {first.what:<52}  {first.stock:<36}  {'; '.join(bad) or f'as it should ({len(group)})'}"
    for number, why in UNTESTED.items():
        yield f"{number:>3}  not tested: {why}"


def totals(rows: Iterable[tuple[Attack, list[str]]], students: int, left: int) -> str:
    """The last line."""
    rows = list(rows)
    kinds = Counter(kind for _, wrong in rows for kind in _kinds(wrong))
    return (
        f"{len(rows)} submissions: {kinds['forged']} forged, {left + kinds['leaked']} escaped, "
        f"{int(students != len(rows))} classes stopped, {kinds['unexplained']} unexplained zeros, "
        f"{kinds['other']} others not as they should be"
    )


def _kinds(wrong: list[str]) -> Iterator[str]:
    for text in wrong:
        more = re.search(r": ([\d.]+) instead of ([\d.]+)", text)
        if more and float(more[1]) > float(more[2]):
            yield "forged"
        else:
            yield (
                "leaked"
                if "is said" in text and "nothing" not in text
                else ("unexplained" if "no reason" in text else "other")
            )


def main() -> int:
    """Grade everything, cold and warm, and print the tables."""
    os.environ["JUPYTERHUB_API_TOKEN"] = TOKEN
    wanted = [a for a in ATTACKS if not sys.argv[1:] or re.search(sys.argv[1], a.name)]
    return max(_tried(start, wanted) for start in ("cold", "warm"))


def _tried(start: str, wanted: list[Attack]) -> int:
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder, starting(start):
        course = Path(folder)
        notes = {row["student"]: row["notes"] for row in graded_class(course, wanted, Path(__file__).parents[1])}
        scores = scores_of(course)
        rows = [(a, complaints(course, a, scores[a.name], notes[a.name])) for a in wanted if a.name in scores]
        left = len(survivors()) + len(left_files([course, Path("/tmp"), Path("/var/tmp"), Path.home()]))
        print("", *table(rows), f"{start}: {totals(rows, len(notes), left)}", sep="\n")
    return int(any(wrong for _, wrong in rows) or bool(left) or len(rows) < len(wanted))


if __name__ == "__main__":
    sys.exit(main())
