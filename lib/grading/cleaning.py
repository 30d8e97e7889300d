"""What a student wrote or showed, made safe to look at in a browser: allow-lists, byte caps, nothing active.

It is done once, when a notebook is graded, so that the formgrader, the feedback and a notebook editor are all safe.
"""

import base64
import json
import re
from collections.abc import Iterator
from html import escape
from io import BytesIO
from typing import Any

import mistune
import nh3
from latex2mathml.converter import convert
from PIL import Image

TEXT_CAP, HTML_CAP, IMAGE_CAP, ITEMS_CAP = 100_000, 200_000, 2_000_000, 200
DEPTH, ESCAPES, PIXELS = 60, 200, 20_000_000  # of tags; codes for colours in a cell's outputs; of a picture
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]?")
PROSE_CAP, FORMULA_CAP = 20_000, 2_000  # Markdown and TeX can take long to read
ALL_PROSE, SHORT_PROSE = 100_000, 1_000  # of a notebook; of each cell where that is exceeded
PLAIN = '<div class="tex2jax_ignore">{}</div>'  # where MathJax, which the formgrader loads, looks for no commands
IMAGES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td", "caption"}
SCRIPTS = {"msup", "msub", "msubsup", "mover", "munder", "munderover"}
MATH = SCRIPTS | {"math", "mi", "mn", "mo", "mrow", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mtext"}
MATH |= {"mspace", "mstyle", "mpadded", "mphantom", "menclose"}
MATH_ATTRIBUTES = {"display", "displaystyle", "fence", "form", "linethickness", "mathvariant", "stretchy", "width"}
MATH_ATTRIBUTES |= {"accent", "columnalign", "columnlines", "maxsize", "minsize", "notation", "separator"}
TEXT = {"b", "br", "code", "div", "em", "i", "li", "ol", "p", "pre", "span", "strong", "sub", "sup", "ul"}
STUDENT_TAGS = TABLE | TEXT
PROSE_TAGS = STUDENT_TAGS | MATH | {"a", "blockquote", "del", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
LINED = {"b", "code", "em", "i", "p", "span", "strong", "sub", "sup"}  # what the beginning of a block ends
HIDDEN = {"script", "style", "title", "textarea"}  # what is in them is not shown
TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)(?=[\s/]|$)")
SPAN = re.compile(r"\b(colspan|rowspan)\s*=\s*[\"']?(\d{1,3})\b")
CELLS = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
REPORT_TAGS = {"br", "code", "div", "img", "li", "p", "pre", "span", "strong", "ul"}
REPORT_ATTRIBUTES = {"img": {"alt", "src", "style"}} | {tag: {"style"} for tag in REPORT_TAGS - {"img"}}
LEFT_OUT = {"output_type": "stream", "name": "stdout", "text": "[an output that cannot be shown here was left out]\n"}


def to_show(cells: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook and its outputs as they may be shown: beside what the student wrote in words stands a `clean` text."""
    prose = [cell for cell in cells if cell["own"] and cell["kind"] == "markdown"]
    most = PROSE_CAP if sum(len(cell["source"]) for cell in prose) <= ALL_PROSE else SHORT_PROSE
    for cell in prose:
        cell["clean"] = markdown(cell["source"], most)
    return {"notebook": cells, "cells": [cell | {"outputs": student_outputs(cell["outputs"])} for cell in outputs]}


def student_outputs(text: str) -> list[dict[str, Any]]:
    """Outputs as they came from the sandbox, cleaned."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return [LEFT_OUT]
    items = items[:ITEMS_CAP] if isinstance(items, list) else []
    if text.count("\\u001b") > ESCAPES:  # each of them becomes an element of the page
        items = [_without_escapes(item) for item in items]
    return [_output(item) if isinstance(item, dict) else LEFT_OUT for item in items]


def report_html(html: str) -> str:
    """Our own report: plain styles and inline pictures stay, whatever else got into it does not."""
    options = {"url_schemes": {"data"}, "attribute_filter": _plain_attribute}
    return PLAIN.format(nh3.clean(html, tags=REPORT_TAGS, attributes=REPORT_ATTRIBUTES, **options))


def _plain_attribute(tag: str, name: str, value: str) -> str | None:
    """A style that fetches nothing and covers nothing; a picture that is in the page."""
    del tag
    if name == "style":
        return value if re.fullmatch(r"[\w\s#:;.,%-]*", value) and "position" not in value else None
    return None if name == "src" and not value.startswith("data:image/png;base64,") else value


def student_html(html: str) -> str:
    """HTML that student code made, say a table: no links, pictures, styles or names."""
    return nh3.clean("".join(_nested(html[:HTML_CAP])), tags=STUDENT_TAGS, attributes=CELLS)


def _nested(html: str) -> Iterator[str]:
    """Allowed tags, closed where they should be, and not deep: a parser would open again and again what is left open.

    Examples
    --------
    >>> "".join(_nested("<b x>1<p>2<p>3 < 4</i><td colspan=2>5"))
    '<b>1</b><p>2</p><p>3 &lt; 4</p><td colspan="2">5</td>'
    """
    opened: list[str] = []
    hidden = ""
    text, *rest = html.split("<")
    yield text
    for part in rest:
        inside, closed, text = part.partition(">")
        found = TAG.match(inside) if closed else None
        name = found[2].lower() if found else ""
        if hidden and not (found and found[1] and name == hidden):
            continue
        hidden = name if name in HIDDEN and not found[1] else ""
        if hidden:
            continue
        if found is None:
            yield text if closed and inside[:1] in ("!", "?") else f"&lt;{part}"  # a comment goes
            continue
        if found[1]:
            depth = len(opened) - opened[::-1].index(name) - 1 if name in opened else len(opened)
            yield from (f"</{last}>" for last in reversed(opened[depth:]))
            del opened[depth:]
        elif name == "br":
            yield "<br>"
        elif name in STUDENT_TAGS and len(opened) < DEPTH:
            while opened and name not in LINED - {"p"} and opened[-1] in LINED:
                yield f"</{opened.pop()}>"
            spans = "".join(f' {span}="{count}"' for span, count in SPAN.findall(inside[:200])) if name in CELLS else ""
            opened.append(name)
            yield f"<{name}{spans}>"
        yield text
    yield from (f"</{name}>" for name in reversed(opened))


def markdown(text: str, most: int = PROSE_CAP) -> str:
    r"""Markdown as one line of HTML, which is Markdown as well: text, formulas, and links to web pages.

    Examples
    --------
    >>> markdown("*a* < b, $a^2$, <script>, [see](https://a.org), [do](javascript:x)")[28:96]
    '<p><em>a</em> &lt; b, <math display="inline"><mrow><msup><mi>a</mi><'
    """
    cut = f"{text[:most]}\n\n[all after {most} characters was left out]" if len(text) > most else text
    try:
        html = PROSE(cut)
    except Exception:  # nested more deeply than the library reads
        html = f"<pre>{escape(cut)}</pre>"
    attributes = dict.fromkeys(MATH, MATH_ATTRIBUTES) | CELLS | {"a": {"href"}}
    clean = nh3.clean(html, tags=PROSE_TAGS, attributes=attributes, url_schemes={"http", "https"})
    return PLAIN.format(clean.strip().replace("\n", "&#10;"))  # on another line Markdown could begin again


def text_lines(lines: list[str]) -> str:
    """Lines of plain text as a list, in the same way."""
    return PLAIN.format(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>").replace("\n", "&#10;")


class _Prose(mistune.HTMLRenderer):
    """Tags become text, pictures their captions, formulas MathML."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        del title
        return f"[picture: {text} {escape(url)}]"

    def inline_math(self, text: str) -> str:
        return mathml(text, "inline") or f"<code>{escape(text)}</code>"

    def block_math(self, text: str) -> str:
        return f"<p>{mathml(text, 'block') or escape(text)}</p>"


PROSE = mistune.create_markdown(renderer=_Prose(), plugins=["table", "strikethrough", "math"])


def mathml(tex: str, display: str) -> str | None:
    """TeX as MathML, which needs no script; None if it cannot be read."""
    try:
        made = convert(tex[:FORMULA_CAP], display=display)  # of `\\text` it makes whatever stands there
        return nh3.clean(made, tags=MATH, attributes=dict.fromkeys(MATH, MATH_ATTRIBUTES), url_schemes=set())
    except Exception:  # the library has one kind of error for each way to be wrong
        return None


def _output(item: dict[str, Any]) -> dict[str, Any]:
    match item:
        case {"output_type": "stream", "name": "stdout" | "stderr" as name, "text": str(text)}:
            return {"output_type": "stream", "name": name, "text": _plain(text)}
        case {"output_type": "error", "ename": str(name), "evalue": str(value), "traceback": list(lines)}:
            shown = [_plain(line)[:20_000] for line in lines[:60] if isinstance(line, str)]
            return {"output_type": "error", "ename": _plain(name), "evalue": _plain(value), "traceback": shown}
        case {"output_type": "display_data" | "execute_result", "data": dict(data)}:
            shown = dict(filter(None, (_rich(kind, value) for kind, value in data.items() if isinstance(value, str))))
            return {"output_type": "display_data", "data": shown, "metadata": {}} if shown else LEFT_OUT
    return LEFT_OUT


def _rich(kind: str, value: str) -> tuple[str, str] | None:
    if kind == "text/plain":
        return kind, _plain(value)
    if kind == "text/html":
        return kind, PLAIN.format(student_html(_plain(value)))
    return (kind, value.strip()) if kind in IMAGES and _is_image(kind, value) else None


def _is_image(kind: str, value: str) -> bool:
    try:
        content = base64.b64decode(value.strip(), validate=True) if len(value) < IMAGE_CAP else b""
        if not content.startswith(IMAGES[kind]):
            return False
        with Image.open(BytesIO(content)) as picture:  # its head alone is read
            return picture.width * picture.height <= PIXELS
    except Exception:  # the library has one kind of error for each way to be wrong
        return False


def _without_escapes(item: Any) -> Any:
    if isinstance(item, str):
        return ESCAPE.sub("", item)
    if isinstance(item, dict):
        return {name: _without_escapes(value) for name, value in item.items()}
    return [_without_escapes(value) for value in item] if isinstance(item, list) else item


def _plain(text: str) -> str:
    return text[:TEXT_CAP].encode("utf-8", "replace").decode()
