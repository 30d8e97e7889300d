"""Explorables on static pages: the `{anywidget}` directive, widget outputs of cells, and the scripts they need.

A page gets the script only if it shows an explorable. What would talk to a kernel is left out: the book has none.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from traitlets import TraitError

from resampling.explorables import FOLDER, STYLE, explorables, module
from resampling.explorables.base import EXPORT, in_language

LOGGER = logging.getLogger(__name__)
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
EXPORT_DEFAULT = re.compile(r"^export default (.+?);?\s*\Z", re.MULTILINE | re.DOTALL)


class AnyWidget(SphinxDirective):
    """`{anywidget} path/to/module.js` with the state as JSON in its body, as in MyST."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        relative, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        kind = explorables().get(Path(absolute).stem)
        if kind is None or Path(absolute).resolve().parent != FOLDER.resolve():
            raise self.error(f"{self.arguments[0]} is not a module of {FOLDER.name}/ with a class of its own")
        try:
            html = kind(**json.loads("\n".join(self.content) or "{}")).static_html()
        except (TraitError, json.JSONDecodeError) as error:
            raise self.error(f"the state of {kind.__name__} is wrong: {error}") from error
        figure = nodes.container("", nodes.raw("", html, format="html"), classes=self.options.get("class", []))
        return [figure]


def add_needed_scripts(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """The page's script where there is an explorable, and no state for a widget manager that is not there."""
    body = context.get("body") or ""
    if WIDGET_VIEW in body:
        LOGGER.warning("%s shows a widget that is not an explorable: it cannot work without a kernel", page)
    # In place, because `add_js_file` adds to this very list.
    context["script_files"][:] = [script for script in context["script_files"] if not _is_widget_state(script)]
    if "data-explorable" in body:
        app.add_js_file("explorables.js", loading_method="defer")
        app.add_css_file(f"explorables/{STYLE.name}")


def translate_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """The editions show the outputs of the English book: their figures are drawn again."""
    language = app.config.language or "en"
    for raw in doctree.findall(nodes.raw) if language != "en" else ():
        raw.children = [nodes.Text(in_language(raw.astext(), language))]


def _is_widget_state(script: Any) -> bool:
    return getattr(script, "attributes", {}).get("type") == WIDGET_STATE


def silence_thebe(app: Sphinx) -> None:
    """jupyter-book always loads sphinx-thebe, which puts scripts for a live kernel on every page."""
    listeners = [one for several in app.events.listeners.values() for one in several]
    of_thebe = [one.id for one in listeners if one.handler.__module__ == "sphinx_thebe"]
    for listener in of_thebe:
        app.disconnect(listener)
    styles = app.registry.css_files
    styles[:] = [(name, attributes) for name, attributes in styles if name != "sphinx-thebe.css"]
    if not of_thebe:
        LOGGER.warning("anywidget_static: sphinx-thebe has no listeners to disconnect; is it still loaded?")


def classic_script(stem: str) -> str:
    """An explorable as a script that leaves its default export in `self.explorables[stem]`."""
    plain, found = EXPORT_DEFAULT.subn(rf'(self.explorables ??= {{}})["{stem}"] = \1;', EXPORT.sub("", module(stem)))
    if found != 1 or re.search(r"^export\b", plain, re.MULTILINE):
        raise ValueError(f"{stem}.js must end with its only `export default`")
    return f"(() => {{\n{plain}\n}})();\n"


def copy_modules(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "explorables")
    target.mkdir(parents=True, exist_ok=True)
    for stem in explorables():
        (target / f"{stem}.js").write_text(classic_script(stem), "utf-8")
    shutil.copy(STYLE, target)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("anywidget", AnyWidget)
    app.connect("config-inited", lambda app, _config: silence_thebe(app))
    app.connect("doctree-read", translate_drawings)
    app.connect("html-page-context", add_needed_scripts, priority=900)
    app.connect("build-finished", copy_modules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
