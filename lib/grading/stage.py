"""Read a submission as data and lay it over the release: our cells, our order, our metadata; the student's answers.

Nothing here runs student code, follows a link, or trusts a size, a name, an order or a tag that a student can write.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_@-]|\.(?!\.)){0,99}")
NOTEBOOK_BYTES, CELLS, ENTRIES = 10_000_000, 1_000, 1_000
SOURCE_CHARACTERS, CODE_CHARACTERS = 200_000, 500_000  # of one cell, and of all code
BESIDE = ("submission_secret.txt", "timestamp.txt")  # of nbgrader, beside the notebook


class NotGradable(Exception):
    """Why a submission cannot be graded, in one sentence for the student."""


@dataclass(frozen=True)
class Cell:
    """A cell of the rebuilt notebook. `index` is its place in the release, or None for one that the student added."""

    index: int | None
    kind: str
    source: str
    runs: bool = False
    own: bool = False  # written by the student


@dataclass(frozen=True)
class Submission:
    """A notebook that can be graded."""

    digest: str
    cells: tuple[Cell, ...]
    flags: tuple[str, ...] = ()

    @property
    def own_code(self) -> list[tuple[int, str]]:
        """(position, source) of the code that the student wrote."""
        return [(n, c.source) for n, c in enumerate(self.cells) if c.kind == "code" and c.own]


def is_id(text: str) -> bool:
    """Whether `text` may name a student or an assignment."""
    return ID.fullmatch(text) is not None


def read(folder: Path, assignment: str) -> tuple[bytes, list[str]]:
    """Bytes of the notebook in a submission's folder, and what is odd about the folder."""
    if folder.is_symlink() or not folder.is_dir():
        raise NotGradable("Nothing was handed in for this assignment.")
    with os.scandir(folder) as entries:
        files = [
            entry.name
            for _, entry in zip(range(ENTRIES), entries, strict=False)
            if entry.is_file(follow_symlinks=False)
        ]
    wanted = f"{assignment}.ipynb"
    if wanted not in files and _is_regular(folder / wanted):  # somewhere behind very many others
        files.append(wanted)
    notebooks = sorted(name for name in files if name.endswith(".ipynb"))
    if wanted not in notebooks and len(notebooks) != 1:
        found = f"{len(notebooks)} other notebooks" if notebooks else "no notebook that is a regular file"
        raise NotGradable(f"There is no {wanted} in the submission, but {found}: hand in the notebook under that name.")
    name = wanted if wanted in notebooks else notebooks[0]
    flags = [] if name == wanted else [f"the notebook was named {_printable(name)}"]
    others = [n for n in files if n not in (name, *BESIDE)]
    return _content(folder / name), flags + ([f"{len(others)} other file(s) were not used"] if others else [])


def stage(content: bytes, release: dict[str, Any], assignment: str, flags: Iterable[str] = ()) -> Submission:
    """Lay the notebook in `content` over the release."""
    cells, notes = _cells(content)
    positions = _positions(release)
    found = [_place(cell, positions) for cell in cells]
    graded = {n for n, cell in enumerate(release["cells"]) if "nbgrader" in cell["metadata"]}
    unmarked = not any(map(grade_id, cells)) and defined(cells) & defined(release["cells"])
    if not graded & set(found) and not unmarked:
        raise NotGradable(f"This is not the notebook of {assignment}: none of its cells is in it.")
    notes += _oddities(cells, found, release)
    submission = Submission(
        hashlib.sha256(content).hexdigest(), tuple(_rebuilt(cells, found, release)), (*flags, *notes)
    )
    if sum(len(source) for _, source in submission.own_code) > CODE_CHARACTERS:
        raise NotGradable(f"The notebook has more than {CODE_CHARACTERS} characters of code.")
    return submission


def text_of(cell: dict[str, Any]) -> str:
    """Source of a notebook's cell, as one text that every program can write."""
    source = cell.get("source", cell.get("input", ""))
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    text = text[:SOURCE_CHARACTERS].replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace").decode()


def grade_id(cell: dict[str, Any]) -> str | None:
    """nbgrader's name of a cell."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else None


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotGradable(f"{_printable(path.name)} is not a regular file.")
        content = file.read(NOTEBOOK_BYTES + 1)
    if len(content) > NOTEBOOK_BYTES:
        raise NotGradable(
            f"The notebook is larger than {NOTEBOOK_BYTES // 10**6} MB: clear its outputs and hand it in again."
        )
    return content


def _cells(content: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        raise NotGradable(
            "The file is not a notebook: it is empty, cut off, or something else under that name."
        ) from None
    notes = []
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        notes = ["the notebook is in an old format and was converted"]
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        notebook = {"cells": [cell for sheet in sheets for cell in sheet.get("cells") or ()]}
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotGradable("The file is not a notebook: it has no list of cells.")
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    if len(cells) > CELLS:
        raise NotGradable(f"The notebook has more than {CELLS} cells.")
    return cells, notes


def defined(cells: list[dict[str, Any]]) -> set[str]:
    """Functions in code cells: by them a notebook is known whose marks a program has dropped."""
    code = [text_of(cell) for cell in cells if cell.get("cell_type") == "code"]
    return {name for text in code for name in re.findall(r"^def (\w+)\(", text, re.MULTILINE)}


def _positions(release: dict[str, Any]) -> dict[str, int]:
    """Where a cell stands in the release, by nbgrader's name, by id, and by text if it is a text."""
    positions: dict[str, int] = {}
    for number, cell in enumerate(release["cells"]):
        if cell["cell_type"] == "markdown":
            positions[f"text:{text_of(cell)}"] = number
        positions[f"id:{cell.get('id')}"] = number
        positions[f"name:{grade_id(cell)}"] = number
    return positions


def _place(cell: dict[str, Any], positions: dict[str, int]) -> int | None:
    name = grade_id(cell)
    if name is not None:
        return positions.get(f"name:{name}")
    known = positions.get(f"id:{cell['id']}") if isinstance(cell.get("id"), str) else None
    return known if known is not None else positions.get(f"text:{text_of(cell)}")


def _rebuilt(cells: list[dict[str, Any]], found: list[int | None], release: dict[str, Any]) -> Iterator[Cell]:
    copies: dict[int, list[str]] = {}
    for cell, place in zip(cells, found, strict=True):
        if place is not None:
            copies.setdefault(place, []).append(text_of(cell))
    answers = {place: texts[-1] for place, texts in copies.items()}
    added: dict[int, list[Cell]] = {}
    anchor = -1
    for cell, place in zip(cells, found, strict=True):
        anchor = anchor if place is None else place
        if place is None and cell.get("cell_type") in ("code", "markdown") and text_of(cell).strip():
            code = cell["cell_type"] == "code"
            added.setdefault(anchor, []).append(Cell(None, cell["cell_type"], text_of(cell), runs=code, own=True))
    yield from added.get(-1, [])
    for number, cell in enumerate(release["cells"]):
        ours = _ours(number, cell, answers.get(number))
        if ours.runs and ours.own:  # an editor that splits a cell gives both halves its marks
            for text in dict.fromkeys(copies[number][:-1]):
                yield Cell(None, "code", text, runs=True, own=True)
        yield ours
        yield from added.get(number, [])


def _ours(number: int, cell: dict[str, Any], answer: str | None) -> Cell:
    marks = cell["metadata"].get("nbgrader", {})
    code = cell["cell_type"] == "code"
    if not marks.get("solution"):
        return Cell(number, cell["cell_type"], text_of(cell), runs=code and not marks.get("grade"))
    # A stub put back for a deleted cell does not run: it would replace an answer that stands elsewhere.
    given = answer is not None
    return Cell(number, cell["cell_type"], answer if given else text_of(cell), runs=code and given, own=given)


def _oddities(cells: list[dict[str, Any]], found: list[int | None], release: dict[str, Any]) -> list[str]:
    notes = []
    for number, ours in enumerate(release["cells"]):
        name = grade_id(ours)
        copies = [cell for cell, place in zip(cells, found, strict=True) if place == number]
        if name and not copies:
            notes.append(f"cell {name} was missing and was put back")
        if name and len(copies) > 1:
            notes.append(f"cell {name} was there {len(copies)} times; the last one counts, the others run before it")
        notes += [f"cell {name}: its {what} was changed" for what in _changes(ours, copies[-1:]) if name]
    return notes


def _changes(ours: dict[str, Any], copies: list[dict[str, Any]]) -> Iterator[str]:
    for theirs in copies:
        marks = theirs.get("metadata")
        marks = marks if isinstance(marks, dict) else {}
        own = ours["metadata"].get("nbgrader", {})
        if theirs.get("cell_type") != ours["cell_type"]:
            yield "type"
        if isinstance(marks.get("nbgrader"), dict) and marks["nbgrader"].get("points") != own.get("points"):
            yield "number of points"
        if marks.get("tags"):
            yield "list of tags"
        if own.get("locked") and text_of(theirs) != text_of(ours):
            yield "read-only text"


def _printable(name: str) -> str:
    return repr(name.encode("utf-8", "replace").decode())[:80]
