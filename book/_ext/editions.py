"""Editions in other languages: a note on what is translated, and a switch between the editions that were built.

The switch is made by a script, because an edition is built apart and the pages of the others stay as they are: the list
of editions is one file in each.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

LOCALE = Path(__file__).parents[2] / "locale"
SCRIPT = Path(__file__).with_name("editions.js")
ENGLISH = {"name": "English", "language": "Language"}


def words(language: str) -> dict[str, str]:
    return yaml.safe_load((LOCALE / language / "edition.yml").read_text("utf-8"))


def list_editions(site: Path) -> None:
    """Write the list of the editions below `site` into each of them."""
    built = [
        path.parent.name
        for path in sorted(LOCALE.glob("*/edition.yml"))
        if (site / path.parent.name / "index.html").is_file()
    ]
    known = {"": ENGLISH} | {language: words(language) for language in built}
    names = {folder: one["name"] for folder, one in known.items()}
    script = SCRIPT.read_text("utf-8")
    for folder, one in known.items():
        about = json.dumps({"here": folder, "label": one["language"], "names": names}, ensure_ascii=False)
        (site / folder / "_static" / "editions.js").write_text(script.replace("EDITIONS", about), "utf-8")


def add_note(app: Sphinx, _page: str, _template: str, context: dict[str, Any], doctree: Any) -> None:
    """Above a page of a translation: how much of it is translated."""
    if app.config.language == "en" or doctree is None or "body" not in context:
        return
    counts = doctree.get("translation_progress", {"total": 0, "translated": 0})
    said = words(app.config.language)
    percent = round(100 * counts["translated"] / max(1, counts["total"]))
    note = said["draft"].format(percent=percent) if counts["translated"] else said["untranslated"]
    context["body"] = f'<p class="translation-note">{escape(note)}</p>{context["body"]}'


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        list_editions(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", add_note)
    app.connect("build-finished", finish)
    app.add_js_file("editions.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
