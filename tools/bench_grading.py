"""Time the grader against stock nbgrader and Otter on the same submissions, in one run on the same machine.

    python tools/bench_grading.py                        # some minutes; table and figures in build/bench_grading.*
    python tools/bench_grading.py --growth 10,100,1000   # how our time and memory grow with the class

Every notebook imports torch and answers five tasks. Each round grades one submission and then more of them, in every
way, so that the cost of starting (the intercept) and that of a submission (the slope) are told apart, and so that
whatever else the machine is doing meets all ways alike. Stock nbgrader and Otter get ordinary asserts on as many cases
as our judge uses; they run without a sandbox and with nobody outside to compare results. Ours includes sandbox and
recording.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil

from resampling.checks.convolution_matrix import TASKS
from resampling.checks.evaluation import call_text
from sample_class import ASSIGNMENT, Exercise, _mistakes

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.prefix) / "bin"
OUT = ROOT / "build"
FILE = f"{ASSIGNMENT}.ipynb"
ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")  # counts also what nobody waited for
SHOWN, HIDDEN = 0, 7  # seeds


@dataclass(frozen=True)
class Cost:
    """What a command used."""

    seconds: float
    cpu: float
    memory: int  # most at one time, in bytes; pages that processes share count once


@dataclass(frozen=True)
class Way:
    """One way to grade: `grade` gives the command for the first `n` submissions; `more` is how many it is timed on."""

    name: str
    grade: Callable[[int], list[list[str]]]
    more: int
    folder: Path


def measured(commands: list[list[str]], folder: Path) -> Cost:
    """Run the commands, one after the other."""
    account = _account()
    before, began = _cpu(account), time.perf_counter()
    most, done = [0], Event()
    watcher = Thread(target=_watch, args=(most, done))
    watcher.start()
    try:
        for command in commands:
            _run(command, folder, account)
        return Cost(time.perf_counter() - began, _cpu(account) - before, most[0])
    finally:
        done.set()
        watcher.join()
        if account:
            account.rmdir()


def _run(command: list[str], folder: Path, account: Path | None) -> None:
    join = (lambda: (account / "cgroup.procs").write_text(str(os.getpid()))) if account else None
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        command, cwd=folder, env=environment, preexec_fn=join, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")


def _account() -> Path | None:
    try:
        return Path(tempfile.mkdtemp(prefix="grading-bench-", dir=ACCOUNTS))
    except OSError:
        return None


def _cpu(account: Path | None) -> float:
    if account:
        return int((account / "cpuacct.usage").read_text()) / 1e9
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(most: list[int], done: Event) -> None:
    while not done.wait(0.5):
        most[0] = max(most[0], sum(map(_proportional, psutil.Process().children(recursive=True))))


def _proportional(process: psutil.Process) -> int:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def our_course(folder: Path, students: int) -> None:
    """A course of ours in which everybody has handed in."""
    subprocess.run(
        [BIN / "grade", "release", ASSIGNMENT, "--course", folder], cwd=ROOT, check=True, capture_output=True
    )
    release, solution = (json.loads((folder / kind / ASSIGNMENT / FILE).read_text()) for kind in ("release", "source"))
    exercise = Exercise(release, solution)
    for number in range(students):
        write(folder / "submitted" / _student(number) / ASSIGNMENT / FILE, submission(exercise, number))


def submission(exercise: Exercise, number: int) -> dict[str, Any]:
    """A notebook that imports torch; every other one makes a mistake in each task."""
    notebook = exercise.mistaken(_mistakes(number // 2)) if number % 2 else exercise.solved()
    return exercise.with_cell(f"import torch  # student {number}", notebook)


def stock_course(folder: Path, ours: Path) -> None:
    """The same submissions for nbgrader as it comes."""
    config = 'c = get_config()\nc.CourseDirectory.course_id = "bench"\nc.Execute.timeout = 120\n'
    write(folder / "nbgrader_config.py", config)
    notebook = json.loads((ours / "source" / ASSIGNMENT / FILE).read_text())
    tests = asserts()
    for cell in notebook["cells"]:
        cell["source"] = tests.get(cell["id"].removesuffix("-check"), cell["source"])
    write(folder / "source" / ASSIGNMENT / FILE, notebook)
    _run(["nbgrader", "generate_assignment", ASSIGNMENT, "--create"], folder, None)


def asserts() -> dict[str, str]:
    """By task: assert statements on all cases of the judge."""
    return {f"{t.name.replace('_', '-')}": "\n".join(_asserts(t)) for t in TASKS}


def _asserts(task: Any) -> Iterator[str]:
    yield "import numpy as np"
    for seed in (SHOWN, HIDDEN):
        for prop in task.properties:
            for case in prop.cases(np.random.default_rng(seed)):
                expected = np.asarray(task.reference(**case)).tolist()
                yield f"np.testing.assert_allclose({_one_line(call_text(task, case))}, {expected})"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def otter_course(folder: Path, program: Path | None) -> list[str] | None:
    """An autograder with the same asserts, and Otter in an environment of its own that can also see ours."""
    program = program or _installed_otter(folder / "environment")
    if program is None:
        return None
    with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        archive.writestr("run_otter.py", "")
        for name, text in asserts().items():
            cases = [{"code": "\n".join(f">>> {line}" for line in text.split("\n")), "hidden": False}]
            suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
            test = {"name": name, "points": 1, "suites": [suite]}
            archive.writestr(f"tests/{name}.py", f"OK_FORMAT = True\ntest = {test!r}\n")
    return [str(program), "run", "--no-logo", "--autograder", str(folder / "autograder.zip")]


def _installed_otter(folder: Path) -> Path | None:
    python = folder / "bin" / "python"
    steps = ([BIN / "uv", "venv", "--python", sys.executable, folder],)
    steps += ([BIN / "uv", "pip", "install", "--python", python, "otter-grader", "ipykernel"],)
    for step in steps:
        if subprocess.run(step, capture_output=True, check=False).returncode:
            return None
    see_ours(folder)
    return folder / "bin" / "otter"


def see_ours(environment: Path) -> None:
    """Behind its own packages: torch is not installed twice."""
    (place,) = environment.glob("lib/python*/site-packages")
    (own,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (place / "ours.pth").write_text(f"{own}\n{ROOT / 'lib'}\n")


def write(path: Path, content: str | dict[str, Any]) -> None:
    """Text, or a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def _student(number: int) -> str:
    return f"s{number:04d}"


def ways(options: argparse.Namespace, folder: Path) -> tuple[list[Way], list[str]]:
    """What is compared, and what to say about what is not."""
    ours, stock, otter = (folder / name for name in ("ours", "stock", "otter"))
    our_course(ours, 1 + options.ours)
    stock_course(stock, ours)
    otter.mkdir()

    def of_ours(n: int, *more: str) -> list[list[str]]:
        _hand_in(ours, folder / "course", n)
        return [["grade", "run", "--course", str(folder / "course"), "--jobs", str(options.jobs), *more]]

    def of_stock(n: int) -> list[list[str]]:
        shutil.rmtree(stock / "autograded", ignore_errors=True)
        shutil.rmtree(stock / "submitted", ignore_errors=True)
        for number in range(n):
            shutil.copytree(ours / "submitted" / _student(number), stock / "submitted" / _student(number))
        return [["nbgrader", "autograde", ASSIGNMENT, "--create", "--force"]]

    found = [Way("stock nbgrader", of_stock, options.others, stock)]
    command = None if options.no_otter else otter_course(otter, options.otter)
    if command:

        def of_otter(n: int) -> list[list[str]]:
            places = [otter / _student(number) for number in range(n)]
            for place in places:
                write(place / FILE, (ours / "submitted" / place.name / ASSIGNMENT / FILE).read_text())
            return [[*command, "--output-dir", str(place), str(place / FILE)] for place in places]

        found.append(Way("otter run", of_otter, options.others, otter))
    found.append(Way("ours, cold", lambda n: of_ours(n, "--cold"), options.others * 2, folder))
    found.append(Way("ours, warm", of_ours, options.ours, folder))
    return found, [] if command else ["Otter was left out, or could not be installed."]


def _hand_in(source: Path, course: Path, students: int) -> None:
    """A fresh course with the first of the submissions."""
    shutil.rmtree(course, ignore_errors=True)
    shutil.copytree(source, course, ignore=shutil.ignore_patterns("submitted"))
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(source), str(course)))
    for number in range(students):
        shutil.copytree(source / "submitted" / _student(number), course / "submitted" / _student(number))


def compare(found: list[Way], rounds: int) -> list[dict[str, Any]]:
    """Slopes and intercepts of each way in each round."""
    table = []
    for number in range(rounds):
        for way in found:
            one, many = (measured(way.grade(n), way.folder) for n in (1, 1 + way.more))
            seconds, cpu = ((getattr(many, k) - getattr(one, k)) / way.more for k in ("seconds", "cpu"))
            row = {"round": number, "way": way.name, "submissions": way.more, "seconds": seconds, "cpu": cpu}
            table.append(row | {"start": one.seconds - seconds, "memory": max(one.memory, many.memory)})
            print(f"round {number + 1}, {way.name}: {seconds:.2f} s, {cpu:.2f} cpu s a submission", file=sys.stderr)
    return table


def growth(sizes: list[int], folder: Path, jobs: int) -> list[dict[str, Any]]:
    """Cost of whole classes of ours."""
    source, course, table = folder / "growing", folder / "course", []
    our_course(source, max(sizes))
    for size in sizes:
        _hand_in(source, course, size)
        cost = measured([["grade", "run", "--course", str(course), "--jobs", str(jobs)]], folder)
        graded = len(list(course.glob("autograded/*/*/*.ipynb")))
        table.append({"submissions": size, "graded": graded, **vars(cost)})
        print(f"{size} submissions: {cost.seconds:.0f} s", file=sys.stderr)
    return table


def markdown(result: dict[str, Any]) -> str:
    """The tables that people read."""
    names = list(dict.fromkeys(row["way"] for row in result["ways"]))
    by_name = {name: [row for row in result["ways"] if row["way"] == name] for name in names}
    head = ["way", "seconds a submission", "cpu seconds", "memory, MB", "start, s", "stock takes … times as long"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, rows in by_name.items():
        ratios = sorted(s["seconds"] / r["seconds"] for s, r in zip(by_name[names[0]], rows, strict=True))
        shown = [statistics.median(row[key] for row in rows) for key in ("seconds", "cpu", "memory", "start")]
        spread = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        lines.append(f"| {name} | {shown[0]:.2f} | {shown[1]:.2f} | {shown[2] / 1e6:.0f} | {shown[3]:.1f} | {spread} |")
    if result["growth"]:
        lines += ["", "| submissions | graded | seconds | a submission | cpu seconds | memory, MB |", "|" + "---|" * 6]
    for row in result["growth"]:
        each = row["seconds"] / row["submissions"]
        cells = (row["submissions"], row["graded"], f"{row['seconds']:.0f}", f"{each:.2f}", f"{row['cpu']:.0f}")
        lines.append("| " + " | ".join(map(str, (*cells, f"{row['memory'] / 1e6:.0f}"))) + " |")
    return "\n".join([*lines, "", *result["notes"]])


def main() -> None:
    """Write the table and the figures that it is made of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=2)
    add("--others", type=int, default=3, help="submissions that the slope of stock and Otter is taken from")
    add("--ours", type=int, default=24, help="the same for ours")
    add("--jobs", type=int, default=2)
    add("--growth", default="", metavar="10,100,1000", help="sizes of whole classes")
    add("--otter", type=Path, metavar="PROGRAM", help="an installed Otter (default: install one for the moment)")
    add("--no-otter", action="store_true")
    options = parser.parse_args()
    how = "all processes together" if os.access(ACCOUNTS, os.W_OK) else "without processes that nobody waited for"
    with tempfile.TemporaryDirectory(prefix="grading-bench-") as place:
        found, notes = ways(options, Path(place)) if options.rounds else ([], [])
        table = compare(found, options.rounds)
        grown = growth([int(n) for n in options.growth.split(",")], Path(place), options.jobs) if options.growth else []
    notes += [
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, {options.rounds} round(s); ours with "
        f"{options.jobs} workers, the others one after the other as they come. cpu seconds: {how}."
    ]
    result = {"ways": table, "growth": grown, "notes": notes}
    write(OUT / "bench_grading.json", json.dumps(result, indent=1))
    write(OUT / "bench_grading.md", markdown(result))
    print(markdown(result))


if __name__ == "__main__":
    main()
