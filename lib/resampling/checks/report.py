"""A verdict in words and pictures: text for a terminal, HTML for a notebook and for feedback pages."""

import base64
import io
from functools import lru_cache
from html import escape
from itertools import zip_longest

import numpy as np

from resampling.checks.evaluation import Finding, Verdict, call_text

LARGEST = 14  # rows or columns that are still printed as numbers
DRAWN = 64  # rows or columns that are still drawn

STYLE = {
    "box": "border:1px solid #8888;border-left-width:.4rem;border-left-color:{};border-radius:.3rem;"
    "padding:.5rem .9rem;margin:.3rem 0;max-width:60rem;font-family:system-ui,sans-serif;line-height:1.45",
    "list": "list-style:none;padding:0;margin:.3rem 0",
    "more": "margin:.2rem 0 .6rem 1.5rem",
    "code": "background:#8881;padding:.3rem .5rem;margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere",
    "note": "margin:.3rem 0;padding:.3rem .6rem;background:#D55E0022;border-radius:.2rem",
    "image": "max-width:100%;background:white;border-radius:.2rem",
}
Array = tuple[str, tuple[int, ...], bytes]  # dtype, shape and content: an array that can be a key
RIGHT, PART, WRONG = "#009E73", "#E69F00", "#D55E00"


class Report:
    """What a student reads: ``str(report)`` or, in a notebook, the same with a picture."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __repr__(self) -> str:
        v = self.verdict
        lines = [f"{v.task.name}: {v.score:g} of {v.task.points:g} points"]
        for finding, told in _once(v):
            lines.append(f"  {'✓' if finding.earned else '✗'} {_credit(finding)}  {finding.property}")
            lines += [f"      {line}" for part in _parts(v, finding, told) for line in part[1].splitlines()]
            if not told and (pair := _matrices(finding)):
                lines += [f"      {line}" for line in _side_by_side(*pair)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        v = self.verdict
        colour = RIGHT if v.score == v.task.points else PART if v.score else WRONG
        items = "".join(self._item(finding, told) for finding, told in _once(v))
        return (
            f'<div style="{STYLE["box"].format(colour)}"><strong><code>{v.task.name}</code>: '
            f'{v.score:g} of {v.task.points:g} points</strong><ul style="{STYLE["list"]}">{items}</ul></div>'
        )

    def _item(self, finding: Finding, told: bool) -> str:
        mark, colour = ("✓", RIGHT) if finding.earned else ("✗", WRONG)
        head = f'<span style="color:{colour}">{mark}</span> {_credit(finding)} &nbsp;{escape(finding.property)}'
        body = "".join(_paragraph(kind, text) for kind, text in _parts(self.verdict, finding, told))
        pair = None if told else _matrices(finding)
        picture = _picture(*pair) if pair else ""
        return f'<li>{head}<div style="{STYLE["more"]}">{body}{picture}</div></li>' if body else f"<li>{head}</li>"


def show(verdict: Verdict) -> None:
    """Display the report in a notebook, print it elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = lambda: None  # noqa: E731
    if get_ipython() is None:
        print(Report(verdict))
    else:
        display(Report(verdict))


def _once(verdict: Verdict) -> list[tuple[Finding, bool]]:
    """Each finding, and whether what it has to say was said before."""
    seen: set[str] = set()
    told = []
    for finding in verdict.findings:
        key = _reason(finding)
        told.append((finding, key in seen))
        seen.add(key)
    return told


def _reason(finding: Finding) -> str:
    """What must not be told twice: the mistake, the line that raised, or that nothing is written yet."""
    refusal = finding.trial.refusal if finding.trial else None
    if finding.mistake:
        return finding.mistake.name
    if refusal and refusal.kind in ("values", "shape", "dtype"):
        return f"{finding.property}: {refusal}"
    return str(refusal).rpartition("\n")[2]


def _credit(finding: Finding) -> str:
    return f"{finding.earned:g}/{finding.points:g}"


def _parts(verdict: Verdict, finding: Finding, told: bool) -> list[tuple[str, str]]:
    """(kind, text) of what to tell about a property that does not hold."""
    if finding.trial is None:
        return []
    if told:
        return [("more", f"As above: {finding.mistake.name}." if finding.mistake else "As above.")]
    parts = [("more", str(finding.trial.refusal))]
    if finding.trial.arguments and finding.trial.refusal.kind not in ("not written", "forbidden"):
        parts.insert(0, ("code", call_text(verdict.task, finding.trial.arguments)))
    if finding.mistake:
        name = finding.mistake.name
        parts.append(("note", f"{name[0].upper()}{name[1:]}. {finding.mistake.feedback}"))
    elif finding.hint and finding.trial.refusal.kind in ("values", "shape", "error", "time limit"):
        parts.append(("note", f"A hint: {finding.hint}"))
    return parts


def _paragraph(kind: str, text: str) -> str:
    tag = "pre" if kind == "code" else "p"
    inner = escape(text).replace("\n", "<br>").replace("    ", "&emsp;")
    return f'<{tag} style="{STYLE[kind]}">{inner}</{tag}>'


def _matrices(finding: Finding) -> tuple[np.ndarray, np.ndarray] | None:
    """Two small matrices to lay side by side: of a tuple the item meant, of more axes the first plane that differs."""
    trial = finding.trial
    if trial is None or trial.refusal.kind not in ("values", "shape"):
        return None
    expected, got = trial.expected, trial.got
    if isinstance(got, tuple) and isinstance(expected, tuple):
        i = trial.refusal.item or 0
        expected, got = (pair[i] if i < len(pair) else None for pair in (expected, got))
    if not all(isinstance(a, np.ndarray) and a.ndim and a.size for a in (expected, got)):
        return None
    return _planes(np.atleast_2d(expected), np.atleast_2d(got))


def _planes(expected: np.ndarray, got: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The planes of two arrays in which they first differ, if they can be drawn."""
    if expected.shape == got.shape:
        apart = ~np.isclose(expected, got, rtol=1e-3, atol=1e-6).all(axis=(-2, -1))
        plane = tuple(np.argwhere(apart)[0]) if apart.any() else (0,) * apart.ndim
        expected, got = expected[plane], got[plane]
    drawable = expected.ndim == got.ndim == 2 and max(*expected.shape, *got.shape) <= DRAWN
    return (expected, got) if drawable else None


def _side_by_side(expected: np.ndarray, got: np.ndarray) -> list[str]:
    if max(*expected.shape, *got.shape) > LARGEST:
        return []
    left, right = (np.array2string(a, max_line_width=200).splitlines() for a in (expected, got))
    width = max(map(len, left)) + 4
    return [f"{a:<{width}}{b}" for a, b in zip_longest(["expected", *left], ["got", *right], fillvalue="")]


def _picture(expected: np.ndarray, got: np.ndarray) -> str:
    return _drawn(*((a.dtype.str, a.shape, a.tobytes()) for a in (expected, got)))


@lru_cache(maxsize=200)
def _drawn(expected: Array, got: Array) -> str:
    """In a class, many make the same mistake and get the same picture."""
    from resampling.figures.difference import plot_difference

    arrays = (np.frombuffer(data, dtype).reshape(shape) for dtype, shape, data in (expected, got))
    figure = plot_difference(*arrays)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<img style="{STYLE["image"]}" alt="Expected array, returned array, and where they differ" '
        f'src="data:image/png;base64,{data}">'
    )
