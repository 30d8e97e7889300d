"""Which answers are more alike than answers in this class are."""

import io
import json
import keyword
import tokenize
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from grading import stage
from grading.course import Course

LEAST, PAIRS = 0.8, 50  # no pair below is listed, and no more than these
SHARE = 0.2  # a pair stands out if it differs by less than this share of what half of all pairs differ by
SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def compare(course: Course, assignment: str, students: list[str]) -> dict[str, Any]:
    """Pairs whose answers stand out, and what they stand out of."""
    release = json.loads(course.release_text(assignment))
    letters: dict[str, str] = {}
    answers = {s: text for s in students if (text := _answer(course, assignment, s, release, letters))}
    names = list(answers)
    if len(names) < 3:
        return {"median": 0.0, "threshold": 1.0, "compared": len(names), "pairs": []}
    table = process.cdist(list(answers.values()), list(answers.values()), scorer=Indel.normalized_similarity)
    rows, columns = np.triu_indices(len(names), k=1)
    values = table[rows, columns]
    median, threshold = _threshold(values)
    order = [n for n in np.argsort(-values)[:PAIRS] if values[n] >= threshold]
    pairs = [{"students": [names[rows[n]], names[columns[n]]], "similarity": round(float(values[n]), 4)} for n in order]
    return {"median": round(median, 4), "threshold": round(threshold, 4), "compared": len(names), "pairs": pairs}


def _threshold(values: np.ndarray) -> tuple[float, float]:
    """Far from the middle of the class. If half of all pairs are alike, nobody stands out: it is above 1 then."""
    median = float(np.median(values))
    return median, max(LEAST, 1 - SHARE * (1 - median)) if median < 1 else 1.01


def _answer(
    course: Course, assignment: str, student: str, release: dict[str, Any], letters: dict[str, str]
) -> str | None:
    """The student's solution cells as one letter for each token; None if nothing was written."""
    try:
        content, _ = stage.read(course.root / "submitted" / student / assignment, assignment)
        submission = stage.stage(content, release, assignment)
    except (stage.NotGradable, OSError):
        return None
    stubs = {stage.text_of(cell) for cell in release["cells"]}
    written = [c for c in submission.cells if c.kind == "code" and c.own and c.index is not None]
    tokens = [token for c in written if c.source not in stubs for token in normalised(c.source)]
    return "".join(letters.setdefault(token, chr(0x4E00 + len(letters) % 20_000)) for token in tokens) or None


def normalised(source: str) -> list[str]:
    """Tokens without comments, layout, texts that do nothing, and the choice of names.

    >>> normalised("def f(x):\\n    return x + 1  # one more") == normalised("def g(y):\\n  return y+1")
    True
    """
    kept, names = [], {}
    for token in _tokens(source):
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            follows_dot = bool(kept) and kept[-1] == "."
            kept.append(token.string if follows_dot else names.setdefault(token.string, f"name {len(names)}"))
        elif token.type == tokenize.STRING and (not kept or kept[-1] == ":"):
            continue  # a docstring
        elif token.type not in SKIPPED:
            kept.append(token.string)
    return kept


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    found = []
    try:
        found.extend(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):  # what was read until then still counts
        return found
    return found
