"""The pages that students get back, by nbgrader's own generator, closed against anything active."""

import hmac
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from grading.cleaning import mathml
from grading.course import Course, CourseError, write

POLICY = (
    '<meta charset="utf-8" />\n<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:\" />"
)
FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?P<inline>[^$\s](?:[^$\n]*[^$\s])?)\$")
SECRET_BYTES = 1000  # nbgrader's has 128
NOT_PROSE = ("code", "pre", "style", "title")
STYLE = """<style>
:root { color-scheme: light dark; }
html { font-size: 100%; }
body { font-size: 15px; line-height: 1.5; }
div.prompt, .anchor-link, .output_execute_result { display: none; } /* the heading of a check says its score */
#toc ol { list-style: none; padding: 0; margin: 0; }
div.nbgrader_cell .panel-heading { height: auto; overflow: hidden; }
pre, .highlight, .rendered_html { overflow-x: auto; max-width: 100%; }
.rendered_html th, .rendered_html td { padding: .15rem .8rem .15rem 0; text-align: left; }
.output_area { margin: .4rem 0; }
summary { display: list-item; cursor: pointer; }
math { font-size: 110%; }
math[display=block] { margin: .6rem 0; }
@media (max-width: 600px) {
  .container, #notebook-container, .panel-body { padding-left: .35rem; padding-right: .35rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; }
}
@media (prefers-color-scheme: dark) {
  body, .panel, .panel-body, #notebook-container, div.nbgrader_cell .input_area, .rendered_html
    { background: #14181c; color: #e6e6e6; }
  .panel-default > .panel-heading, .panel-footer, div.output_subarea pre
    { background: #1e242a; color: #e6e6e6; border-color: #8885; }
  .panel, pre, .rendered_html table, .rendered_html td, .rendered_html th { border-color: #8885; }
  .rendered_html pre, .rendered_html code, code { background: #8882; color: #f0a3b5; }
  .rendered_html pre, .rendered_html pre code { color: inherit; }
  .rendered_html tr, .rendered_html tbody tr:nth-child(odd) { background: none; color: inherit; }
  .highlight { filter: invert(.92) hue-rotate(180deg); }
  .panel-heading code { background: #fff2; color: inherit; } a { color: #7db9f0; } li.late-penalty { color: #ff8a80; }
}
</style>
</head>"""


def make_feedback(course: Course, assignment: str, students: Iterable[str]) -> list[Path]:
    """Write ``feedback/<student>/<assignment>/<assignment>.html`` of each student.

    `CourseError` names those whose page could not be written, when all the others are.
    """
    pages, faults = [], []
    for student in students:
        result = course.api.generate_feedback(assignment, student, force=True)
        if not result["success"]:
            faults.append(f"nbgrader could not write the feedback of {student}:\n{result.get('error')}")
            continue
        pages.append(course.root / "feedback" / student / assignment / f"{assignment}.html")
        close_page(pages[-1])
        _address(course, assignment, student)
    if faults:
        raise CourseError("\n".join(faults))
    return pages


def close_pages(assignment: str, student: str, notebooks: Any) -> None:
    """nbgrader calls this after it has written feedback, in the course's folder."""
    del notebooks
    for page in Path("feedback", student, assignment).glob("*.html"):
        close_page(page)
    _address(Course(Path.cwd()), assignment, student)


def _address(course: Course, assignment: str, student: str) -> None:
    """Lay beside the page what `nbgrader release_feedback` reads: a secret, which gives the page its name, and a time.

    Work that did not come by the exchange has no secret of its own; it gets one, so that it stops nobody's release.
    """
    own = hmac.new(course.secret, f"{assignment}/{student}".encode(), "sha256").hexdigest()
    for name, otherwise in (("submission_secret.txt", own), ("timestamp.txt", "")):
        text = _small(course.root / "submitted" / student / assignment / name)
        write(course.root / "feedback" / student / assignment / name, text or otherwise)


def _small(path: Path) -> str:
    """A student's short text; nothing if it is something else."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        content = file.read(SECRET_BYTES)
    return content.decode() if content.isascii() else ""


def close_page(page: Path) -> None:
    """Take the template's scripts away and forbid all others. A page that is closed stays as it is."""
    html = page.read_text("utf-8")
    if "Content-Security-Policy" in html[:2000]:
        return
    html = re.sub(r"<script\b.*?</script\s*>", "", html, flags=re.DOTALL | re.IGNORECASE)
    closed = re.sub(r'<meta charset="utf-8" ?/?>', lambda _: POLICY, html, count=1)
    if closed == html:
        raise CourseError(f"{page}: no place for the content policy; nbgrader's feedback template has changed.")
    write(page, edited(closed.replace("</head>", STYLE, 1)))


def edited(html: str) -> str:
    """`html` with the formulas in its prose as MathML, and with headings in its table of contents."""
    page = BeautifulSoup(html, "html.parser")
    for text in page.find_all(string=FORMULA):
        if text.find_parent(NOT_PROSE) is None and text.find_parent(class_="tex2jax_ignore") is None:
            pieces = FORMULA.sub(_as_mathml, str(text.output_ready(formatter="minimal")))
            text.replace_with(BeautifulSoup(pieces, "html.parser"))
    for link in page.select('#toc a:not([href^="#comment-"])'):
        target = page.find("a", attrs={"name": link["href"][1:]})
        heading = target and target.find_previous(["h1", "h2", "h3"])
        link.string = heading.get_text().rstrip("¶") if heading else link.string
    return str(page)


def _as_mathml(match: re.Match[str]) -> str:
    ((kind, escaped),) = ((k, v) for k, v in match.groupdict().items() if v)
    return mathml(unescape(escaped), kind) or match[0]
