"""A page about a class: how the scores lie, which mistakes are made, what fails most, and who handed in nothing."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from grading import similarity
from grading.course import Course, write
from grading.feedback import POLICY
from grading.gradebook import opened
from grading.stage import is_id
from grading.summary import Row, kept

Report = dict[str, Any]
INK = "#123456"  # becomes the page's own colour
SHOWN, CUT = 100, 1_000  # rows of a table, characters of a cell
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       background: #fff; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; min-width: min(100%, 34rem); margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem; } th { font-weight: 600; }
tr:first-child { border-bottom: 2px solid #8888; } code { overflow-wrap: anywhere; }
tr + tr { border-top: 1px solid #8884; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { max-width: 100%; height: auto; } .note { opacity: .8; font-size: .9rem; }
@media (prefers-color-scheme: dark) { body { background: #14181c; color: #e6e6e6; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head>{policy}<meta name="viewport" content="width=device-width" />
<title>{title}</title><style>{style}</style></head><body><h1>{title}</h1>
{body}</body></html>
"""
ABOUT_SCORES = "Points of the checks alone, without what a person gives or lateness takes; these are in the export."
ABOUT_SIMILARITY = (
    "Answers compared without comments, layout and the choice of names. Short tasks have few right answers, so that "
    "people who never met write alike, and so do all who follow the same lecture: a pair is listed only if it is far "
    "more alike than pairs in this class are. That is a reason to read both answers, and proves nothing."
)


def gather(course: Course, assignment: str, with_similarity: bool = False) -> Report:
    """All that the page shows, as data."""
    rows = list(kept(course, assignment))
    handed_in, _ = course.submissions(assignment)
    rows = [row for row in rows if row["student"] in set(handed_in)]
    return {
        "assignment": assignment,
        "points": rows[0]["points"] if rows else None,
        "scores": {row["student"]: row["score"] for row in rows},
        "tasks": _tasks(rows),
        "limits": {row["student"]: row["limits"] for row in rows if row["limits"]},
        "notes": {row["student"]: row["notes"] for row in rows if row["notes"]},
        "not_graded": sorted({*handed_in} - {row["student"] for row in rows}),
        "nothing_handed_in": sorted(_students(course) - {*handed_in}),
        "similarity": similarity.compare(course, assignment, handed_in) if with_similarity else None,
    }


def write_page(course: Course, report: Report) -> Path:
    """The report as one HTML file: no script, nothing fetched."""
    path = course.root / "reports" / f"{report['assignment']}.html"
    title = escape(f"{report['assignment']}: {len(report['scores'])} graded")
    write(path, PAGE.format(policy=POLICY, title=title, style=STYLE, body="\n".join(_sections(report))))
    return path


def _students(course: Course) -> set[str]:
    """Everybody in the gradebook, and everybody who has handed in anything."""
    with opened(course) as gradebook:
        known = {student.id for student in gradebook.students}
    folder = course.root / "submitted"
    return known | {path.name for path in folder.glob("*") if is_id(path.name) and not path.is_symlink()}


def _tasks(rows: list[Row]) -> list[dict[str, Any]]:
    names = dict.fromkeys(task["task"] for row in rows for task in row["tasks"])
    return [_task(name, [t for row in rows for t in row["tasks"] if t["task"] == name]) for name in names]


def _task(name: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    mistakes = Counter(mistake for result in results for mistake in result["mistakes"])
    failed = Counter(p["name"] for result in results for p in result["properties"] if p["earned"] < p["points"])
    return {
        "task": name,
        "points": results[0]["points"],
        "mean": round(sum(result["score"] for result in results) / len(results), 3),
        "full_marks": sum(result["score"] == result["points"] for result in results),
        "mistakes": dict(mistakes.most_common()),
        "failed_properties": dict(failed.most_common()),
    }


def _sections(report: Report) -> Iterator[str]:
    if report["scores"]:
        yield f'<h2>Scores</h2>{histogram(report)}<p class="note">{ABOUT_SCORES}</p>'
    for task in report["tasks"]:
        yield from _task_section(task, len(report["scores"]))
    yield from _by_student("Limits that were met", "limits", report["limits"])
    others = {s: [n for n in notes if n not in report["limits"].get(s, ())] for s, notes in report["notes"].items()}
    yield from _by_student("Notes of the grader", "notes", others)
    yield from _names("Handed in and not graded yet", report["not_graded"])
    yield from _names("Nothing handed in", report["nothing_handed_in"])
    if report["similarity"] is not None:
        yield from _similarity_section(report["similarity"])


def _task_section(task: dict[str, Any], graded: int) -> Iterator[str]:
    yield (
        f"<h2><code>{escape(task['task'])}</code></h2><p>{task['mean']:.2f} of {task['points']:g} points on average; "
        f"{task['full_marks']} of {graded} have all of them.</p>"
    )
    for title, counts in (("property that fails", task["failed_properties"]), ("named mistake", task["mistakes"])):
        if counts:
            shares = ((name, f"{number} ({number / graded:.0%})") for name, number in counts.items())
            yield _table([title, "submissions"], shares, numbers=True)


def _by_student(title: str, what: str, notes: dict[str, list[str]]) -> Iterator[str]:
    told = [(student, "\n".join(lines)) for student, lines in sorted(notes.items()) if lines]
    if told:
        yield f"<h2>{title}</h2>{_table(['student', what], told)}"


def _names(title: str, students: list[str]) -> Iterator[str]:
    if students:
        yield f"<h2>{title}</h2><p>{escape(', '.join(students))}</p>"


def _similarity_section(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f'<h2>Answers that are oddly alike</h2><p class="note">{ABOUT_SIMILARITY} {found["compared"]} answers were '
        f"compared. 1 is the same: half of all pairs are above {found['median']:.2f}, listed are those "
        f"from {min(found['threshold'], 1):.2f}.</p>"
    )
    pairs = ((" and ".join(pair["students"]), f"{pair['similarity']:.3f}") for pair in found["pairs"])
    yield _table(["students", "similarity"], pairs, numbers=True) if found["pairs"] else "<p>None.</p>"


def _table(heads: list[str], rows: Iterable[tuple[str, str]], numbers: bool = False) -> str:
    rows, kind = list(rows), ' class="n"' if numbers else ""
    lines = [f"<tr><td>{_text(a)}</td><td{kind}>{_text(b)}</td></tr>" for a, b in rows[:SHOWN]]
    more = f'<p class="note">and {len(rows) - SHOWN} more</p>' if len(rows) > SHOWN else ""
    head = f"<tr><th>{escape(heads[0])}</th><th{kind}>{escape(heads[1])}</th></tr>"
    return f"<table>{head}{''.join(lines)}</table>{more}"


def _text(text: str) -> str:
    """Text, line by line, that is cut where it says so."""
    return escape(text if len(text) <= CUT else f"{text[:CUT]} […]").replace("\n", "<br>")


def histogram(report: Report) -> str:
    """How many students have how many points, as SVG in the page's own colours."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "scores", "font.size": 10}):
        figure = Figure(figsize=(7, 2.6), layout="constrained")
        axes = figure.add_subplot()
        bins = min(20, max(1, round(report["points"])))
        axes.hist(list(report["scores"].values()), bins=bins, range=(0, report["points"]), color="#0072B2", rwidth=0.9)
        axes.set_xlabel(f"points of {report['points']:g}", color=INK)
        axes.set_ylabel("students", color=INK)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(colors=INK)
        axes.spines[:].set_edgecolor(INK)
        axes.spines[["top", "right"]].set_visible(False)
        return _as_svg(figure)


def _as_svg(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].replace("<svg", '<svg role="img" aria-label="Histogram of the scores"', 1)
    return text.replace(INK, "currentColor")
