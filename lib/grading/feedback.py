"""The pages that students get back, by nbgrader's own generator, closed against anything active."""

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from latex2mathml.converter import convert

from grading.course import Course, CourseError, write

POLICY = (
    '<meta charset="utf-8" />\n<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:\" />"
)
FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?P<inline>[^$\s](?:[^$\n]*[^$\s])?)\$")
NOT_PROSE = ("code", "pre", "style", "title")


def make_feedback(course: Course, assignment: str, students: Iterable[str]) -> list[Path]:
    """Write ``feedback/<student>/<assignment>/<assignment>.html`` of each student."""
    pages = []
    for student in students:
        result = course.api.generate_feedback(assignment, student, force=True)
        if not result["success"]:
            raise CourseError(f"nbgrader could not write the feedback of {student}:\n{result.get('error')}")
        pages.append(course.root / "feedback" / student / assignment / f"{assignment}.html")
        close_page(pages[-1])
    return pages


def close_pages(assignment: str, student: str, notebooks: Any) -> None:
    """nbgrader calls this after it has written feedback, in the course's folder."""
    del notebooks
    for page in Path("feedback", student, assignment).glob("*.html"):
        close_page(page)


def close_page(page: Path) -> None:
    """Take the template's scripts away and forbid all others. A page that is closed stays as it is."""
    html = page.read_text("utf-8")
    if "Content-Security-Policy" in html[:2000]:
        return
    html = re.sub(r"<script\b.*?</script\s*>", "", html, flags=re.DOTALL | re.IGNORECASE)
    closed = re.sub(r'<meta charset="utf-8" ?/?>', lambda _: POLICY, html, count=1)
    if closed == html:
        raise CourseError(f"{page}: no place for the content policy; nbgrader's feedback template has changed.")
    write(page, typeset(closed))


def typeset(html: str) -> str:
    """`html` with the formulas in its prose as MathML, which needs no script."""
    page = BeautifulSoup(html, "html.parser")
    for text in page.find_all(string=FORMULA):
        if text.find_parent(NOT_PROSE) is None:
            pieces = FORMULA.sub(_as_mathml, str(text.output_ready(formatter="minimal")))
            text.replace_with(BeautifulSoup(pieces, "html.parser"))
    return str(page)


def _as_mathml(match: re.Match[str]) -> str:
    """What cannot be read as a formula stays as it was written."""
    ((kind, escaped),) = ((k, v) for k, v in match.groupdict().items() if v)
    try:
        return convert(unescape(escaped), display=kind)
    except Exception:  # the library has one kind of error for each way to be wrong
        return match[0]
