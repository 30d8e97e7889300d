"""Editions in other languages: a note on what is translated, and a switch between the editions that were built.

The switch is made by a script, because an edition is built apart and the pages of the others stay as they are: the list
of editions is one file in each.
"""

import json
import re
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from babel.messages.pofile import read_po
from myst_nb.ext.glue.domain import NbGlueDomain
from myst_nb.ext.glue.roles import PasteTextRole
from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

LOCALE = Path(__file__).parents[2] / "locale"
SCRIPT = Path(__file__).with_name("editions.js")
CHINESE = re.compile("[\u4e00-\u9fff]{2}")
ENGLISH = {"name": "English", "language": "Language"}


class SearchPairs(SearchChinese):
    """Chinese has no spaces: every two neighbouring characters are a word of the index, and of what is searched."""

    js_splitter_code = """
function splitQuery(query) {
  const runs = query.match(/[\\u4e00-\\u9fff]+|[0-9A-Za-z_\\u00c0-\\u024f]+/g) ?? [];
  const pairs = (run) => [...run].slice(1).map((next, i) => run[i] + next);
  return runs.flatMap((run) => (/[\\u4e00-\\u9fff]{2}/.test(run) ? pairs(run) : [run]));
}
"""

    def split(self, input: str) -> list[str]:
        runs = re.findall("[\u4e00-\u9fff]+|[0-9A-Za-z_\u00c0-\u024f]+", input)
        return [word for run in runs for word in (map("".join, pairwise(run)) if CHINESE.match(run) else [run])]


class GluedText(PasteTextRole):
    """`{glue:text}` in a translated message too: it is parsed without the notebook, so it asks for the page's value."""

    def run(self) -> Any:
        if "nb_renderer" not in self.document:
            shape = "" if ":" in self.text else ":s"
            self.text = f"/{self.document.settings.env.docname}.md::{self.text}{shape}"
        return super().run()


def languages() -> list[str]:
    return sorted(path.parent.name for path in LOCALE.glob("*/edition.yml"))


def words(language: str) -> dict[str, str]:
    return yaml.safe_load((LOCALE / language / "edition.yml").read_text("utf-8"))


def list_editions(site: Path) -> None:
    """Write the list of the editions below `site` into each of them."""
    built = [language for language in languages() if (site / language / "index.html").is_file()]
    known = {"": ENGLISH} | {language: words(language) for language in built}
    names = {folder: one["name"] for folder, one in known.items()}
    script = SCRIPT.read_text("utf-8")
    for folder, one in known.items():
        about = json.dumps({"here": folder, "label": one["language"], "names": names}, ensure_ascii=False)
        (site / folder / "_static" / "editions.js").write_text(script.replace("EDITIONS", about), "utf-8")


def catalogue(language: str, page: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{page}.po"


def progress(file: Path) -> tuple[int, int, int]:
    """How many messages of a catalogue are translated, how many there are, how many translations are out of date."""
    with file.open("rb") as opened:
        messages = [message for message in read_po(opened) if message.id]
    old = sum(message.fuzzy for message in messages)
    return sum(bool(message.string) and not message.fuzzy for message in messages), len(messages), old


def add_note(app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: Any) -> None:
    """Above a page of an edition: how much of it is translated."""
    if app.config.language == "en" or doctree is None:
        return
    said, file = words(app.config.language), catalogue(app.config.language, page)
    done, messages, _old = progress(file) if file.is_file() else (0, 1, 0)
    note = said["draft"].format(percent=100 * done // messages) if done else said["untranslated"]
    context["body"] = f'<p class="translation-note">{escape(note)}</p>{context["body"]}'


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        list_editions(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    NbGlueDomain.roles["text"] = GluedText()
    app.add_search_language(SearchPairs)
    app.connect("html-page-context", add_note)
    app.connect("build-finished", finish)
    app.add_js_file("editions.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
