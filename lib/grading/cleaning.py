"""What a student wrote or showed, made safe to look at in a browser: allow-lists, byte caps, nothing active."""

import base64
import binascii
import json
import re
from typing import Any

import nh3

TEXT_CAP, HTML_CAP, IMAGE_CAP, ITEMS_CAP = 100_000, 200_000, 2_000_000, 200
IMAGES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td", "caption"}
STUDENT_TAGS = TABLE | {
    "b",
    "br",
    "code",
    "div",
    "em",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sub",
    "sup",
    "ul",
}
REPORT_TAGS = {"br", "code", "div", "img", "li", "p", "pre", "span", "strong", "ul"}
REPORT_ATTRIBUTES = {"img": {"alt", "src", "style"}} | {tag: {"style"} for tag in REPORT_TAGS - {"img"}}
LEFT_OUT = {"output_type": "stream", "name": "stdout", "text": "[an output that cannot be shown here was left out]\n"}


def student_outputs(text: str) -> list[dict[str, Any]]:
    """Outputs as they came from the sandbox, cleaned."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return [LEFT_OUT]
    items = items if isinstance(items, list) else []
    return [_output(item) if isinstance(item, dict) else LEFT_OUT for item in items[:ITEMS_CAP]]


def report_html(html: str) -> str:
    """Our own report: styles and inline pictures stay, whatever else got into it does not."""
    return nh3.clean(html, tags=REPORT_TAGS, attributes=REPORT_ATTRIBUTES, url_schemes={"data"})


def student_html(html: str) -> str:
    """HTML that student code made, say a table: no links, pictures, styles or formulas."""
    return _without_commands(nh3.clean(html[:HTML_CAP], tags=STUDENT_TAGS, attributes={"th": {"colspan", "rowspan"}}))


def markdown(text: str) -> str:
    r"""Markdown that renders to text, formulas and links to web pages only.

    Examples
    --------
    >>> markdown('<script>x</script> a < b, [see](https://a.org), [click](javascript:x), ![](http://a.org/p.png)')
    '< script>x< /script> a < b, [see](https://a.org), [click] (javascript:x), ! [] (http://a.org/p.png)'
    """
    text = re.sub(r"<(?=[^\s=])", "< ", text)  # a space after it, and no browser takes it for a tag
    text = text.replace("![", "! [")
    text = re.sub(r"\](\s*)\((?!https?://)", r"]\1 (", text)
    text = re.sub(r"\]:(?!\s*https?://)", "] :", text)
    return _without_commands(re.sub(r"! \[([^\[\]]*)\]\(", r"! [\1] (", text))


def _without_commands(text: str) -> str:
    """Formulas without the few commands that make links or load code."""
    return re.sub(
        r"\\(?=(href|url|require|html|class|style|cssId|def|let|newcommand|data|Mmlx|unicode)\b)", r"\\ ", text
    )


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
        return kind, student_html(_plain(value))
    return (kind, value.strip()) if kind in IMAGES and _is_image(kind, value) else None


def _is_image(kind: str, value: str) -> bool:
    try:
        return len(value) < IMAGE_CAP and base64.b64decode(value.strip(), validate=True).startswith(IMAGES[kind])
    except (binascii.Error, ValueError):
        return False


def _plain(text: str) -> str:
    return text[:TEXT_CAP].encode("utf-8", "replace").decode()
