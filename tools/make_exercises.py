"""Make the learners' notebooks from `solutions/`: the same bytes on every run.

A solution is a py:percent script whose cells say what they are:

    # %% setup="imports"                       read-only code
    # %% task="conv_matrix1d"                  a function to write, answer between the SOLUTION marks
    # %% check="conv_matrix1d"                 its check, worth the points of the task of that name
    # %% [markdown] question="why" points=5    an answer in words, read by a person

In Markdown, {points} is the total, {points:NAME} the points of one task or question.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

ROOT = PROJECT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# The first cell of code, for front ends that start with nothing, such as Colab.
LIBRARY = """# This gets the course's library where it is missing, as on Colab; elsewhere it does nothing.
import importlib.util

if importlib.util.find_spec("resampling") is None:
    {remedy}"""
INSTALL = 'get_ipython().run_line_magic("pip", "install --quiet {library}")'
EXPLAIN = """raise ModuleNotFoundError(
        "The course's library is not installed here. Open this notebook in the course's environment, "
        "or run: %pip install FOLDER_OR_ADDRESS_OF_THE_COURSE"
    )"""
ROLES = ("setup", "task", "check", "question")
# What `nbgrader generate_assignment` does, less the steps that write its database.
RELEASE_STEPS = (
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
)


def source(solution: Path) -> NotebookNode:
    """The instructor's notebook: answers in it, every cell with nbgrader's metadata."""
    script = jupytext.read(solution)
    points = _points(solution, script)
    cells = [_cell(number, cell, points) for number, cell in enumerate(script.cells)]
    first_code = next(number for number, cell in enumerate(cells) if cell.cell_type == "code")
    cells.insert(first_code, library_cell(library()))
    return nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(METADATA))


def release(solution: Path) -> str:
    """Text of the learner's notebook: `solution` without its answers."""
    notebook = source(solution)
    for step in RELEASE_STEPS:
        notebook, _ = step().preprocess(notebook, {})
    return nbformat.writes(notebook) + "\n"


def library_cell(library: str) -> NotebookNode:
    """The cell that has pip install `library`, an address or a folder; where there is none, it says what to do."""
    remedy = INSTALL.format(library=library) if library else EXPLAIN
    grader = _nbgrader("setup", "library", {})
    return nbformat.v4.new_code_cell(
        LIBRARY.format(remedy=remedy), id=grader["grade_id"], metadata={"nbgrader": grader}
    )


def library() -> str:
    """Where pip finds the course: at the address that `_config.yml` names, if it names one."""
    config = yaml.safe_load((PROJECT / "_config.yml").read_text("utf-8"))
    address = config.get("repository", {}).get("url")
    return f"git+{address}" if address else ""


def _points(solution: Path, script: NotebookNode) -> dict[str, float]:
    """Points of each task, from its definition, and of each question."""
    tasks = import_module(f"resampling.checks.{solution.stem.partition('_')[2]}").TASKS
    questions = {f"question-{c.metadata.question}": c.metadata.points for c in script.cells if "question" in c.metadata}
    return {task.name: task.points for task in tasks} | questions


def _cell(number: int, cell: NotebookNode, points: dict[str, float]) -> NotebookNode:
    role = next((role for role in ROLES if role in cell.metadata), None)
    make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    text = cell.source if cell.cell_type == "code" else _with_points(cell.source, points)
    if role is None:
        return make(text, id=f"text-{number:02d}")
    grader = _nbgrader(role, cell.metadata[role], points)
    return make(text, id=grader["grade_id"], metadata={"nbgrader": grader})


def _nbgrader(role: str, name: str, points: dict[str, float]) -> dict[str, object]:
    hyphenated = name.replace("_", "-")
    grade_id = {"task": hyphenated, "check": f"{hyphenated}-check"}.get(role, f"{role}-{hyphenated}")
    cell = {
        "grade": role in ("check", "question"),
        "grade_id": grade_id,
        "locked": role in ("setup", "check"),
        "schema_version": 3,
        "solution": role in ("task", "question"),
        "task": False,
    }
    if cell["grade"]:
        cell["points"] = points[name if role == "check" else grade_id]
    return cell


def _with_points(text: str, points: dict[str, float]) -> str:
    def number(match: re.Match[str]) -> str:
        name = match["name"]
        return f"{sum(points.values()) if name is None else points[name]:g}"

    return re.sub(r"\{points(:(?P<name>[\w-]+))?\}", number, text)


def exercise_of(solution: Path) -> Path:
    """Where the learner's notebook of a solution lies."""
    return ROOT / "exercises" / solution.stem / f"{solution.stem}.ipynb"


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the notebooks, or with ``--check`` say which ones are not what they should be."""
    parser = argparse.ArgumentParser(description="Make exercises/ from solutions/.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a notebook is not fresh")
    check = parser.parse_args(arguments).check
    solutions = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
    wanted = {exercise_of(solution): release(solution) for solution in solutions}
    present = {path: path.read_text("utf-8") for path in (ROOT / "exercises").glob("*/*.ipynb")}
    stale = [path for path in wanted if present.get(path) != wanted[path]]
    orphans = sorted(present.keys() - wanted.keys())
    for path in stale if not check else ():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8", newline="\n")
    for path in stale:
        print(
            f"{'not fresh' if check else 'made'}: {path.relative_to(ROOT)}"
            + (" (run: make exercises)" if check else "")
        )
    for path in orphans:
        print(f"no solution for: {path.relative_to(ROOT)} (delete it, or write solutions/{path.stem}.py)")
    print(
        f"{len(wanted)} exercise(s), {len(stale)} {'not fresh' if check else 'made'}, {len(orphans)} without a solution"
    )
    return 1 if orphans or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
