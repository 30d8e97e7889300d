"""After an HTML build: the theme's pages made lighter and more accessible.

Written for sphinx-book-theme 1.2.0 on pydata-sphinx-theme 0.16.1. Every rewrite says when it is due; where it is due
and matches nothing, the theme has changed, and a warning (an error under `-W`) says which rewrite to look at.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
DONE = "<!-- lean -->"  # an incremental build finds its earlier pages as they were left


@dataclass(frozen=True)
class Rewrite:
    """Replace `pattern` on every page that contains `due`."""

    why: str
    due: str
    pattern: str
    replacement: str

    def apply(self, page: str, name: str) -> str:
        if self.due not in page:
            return page
        rewritten, count = re.subn(self.pattern, self.replacement, page)
        if not count:
            LOGGER.warning("lean_theme: nothing matches on %s for %r", name, self.why)
        return rewritten


REWRITES = (
    Rewrite(
        "the icons come from fonts, not from 1.5 MB of script",
        due="<main",
        pattern=r"\s*<script[^>]*scripts/fontawesome\.js[^>]*></script>",
        replacement="",
    ),
    Rewrite(
        "scripts do not hold up the first paint; inline scripts need documentation_options.js before them",
        due="<main",
        pattern=r"<script (?![^>]*(?:\bdefer|\basync|documentation_options\.js))(?=[^>]*\bsrc=)",
        replacement="<script defer ",
    ),
    Rewrite(
        "a first visit in dark mode starts dark",
        due="<main",
        pattern=r'localStorage\.getItem\("theme"\) \|\| "auto"',
        replacement='localStorage.getItem("theme") || '
        '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")',
    ),
    Rewrite(
        "the search button is called what it shows",
        due="search-button-field",
        pattern=r'(<button[^>]*search-button-field[^>]*?)\s+aria-label="[^"]*"',
        replacement=r"\1",
    ),
    Rewrite(
        "the sidebar is a landmark",
        due="bd-sidebar-primary",
        pattern=r'<div id="pst-primary-sidebar" class',
        replacement='<div role="complementary" aria-label="Book" id="pst-primary-sidebar" class',
    ),
    Rewrite(
        "a list role needs list items",
        due="citation-list",
        pattern=r'<div role="list" class="citation-list"',
        replacement='<div class="citation-list"',
    ),
    Rewrite(
        "the role doc-biblioentry is deprecated",
        due="doc-biblioentry",
        pattern=r' role="doc-biblioentry"',
        replacement="",
    ),
    Rewrite(
        "a summary is called what it shows",
        due="Toggle hidden content",
        pattern=r'<summary aria-label="Toggle hidden content"',
        replacement="<summary",
    ),
)
# The theme's script expects a second sidebar on every page.
SECOND_SIDEBAR = '<div class="bd-sidebar-secondary" hidden></div></body>'

SCRIPT_REWRITES = (
    # A page opened as a file may not read other files: there, search results come without their excerpts.
    (
        "documentation_options.js",
        "SHOW_SEARCH_SUMMARY: true",
        'SHOW_SEARCH_SUMMARY: location.protocol !== "file:"',
    ),
    # Whatever scrolls can be reached by keyboard: wide formulas too.
    (
        "scripts/pydata-sphinx-theme.js",
        '".pst-scrollable-table-container"]',
        '".pst-scrollable-table-container",".katex-display"]',
    ),
)


def lean_page(page: str, name: str) -> str:
    if DONE in page:
        return page
    for rewrite in REWRITES:
        page = rewrite.apply(page, name)
    if "<main" in page and "bd-sidebar-secondary" not in page:
        page = page.replace("</body>", SECOND_SIDEBAR)
    return page.replace("</body>", f"{DONE}</body>")


ICON = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}')
ICON_FONT = re.compile(r'(fa-[a-z]+-\d+)\.woff2\) format\("woff2"\),url\([^)]*\.ttf\) format\("truetype"\)')


def used_icons(texts: Iterable[str]) -> set[str]:
    return set(re.findall(r"fa-[a-z0-9-]+", "\n".join(texts)))


def lean_icon_rules(css: str, icons: set[str]) -> str:
    """The rules of the icons in use, and fonts in a format that needs no extra package to write."""
    kept = ICON.sub(lambda rule: rule[0] if icons & set(re.findall(r"fa-[a-z0-9-]+", rule[1])) else "", css)
    return ICON_FONT.sub(r'\1.woff) format("woff")', kept)


def code_points(css: str) -> set[int]:
    """Private-use characters that style sheets print: icons as escapes, or as themselves."""
    escaped = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", css)}
    return escaped | {ord(character) for character in re.findall("[\ue000-\uf8ff]", css)}


def subset_font(font: Path, points: set[int]) -> None:
    """Write the few icons in use beside `font` as WOFF."""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(font.with_suffix(".woff")), options)


def lean_icons(static: Path, pages: Iterable[str]) -> None:
    theme_scripts = [path for path in (static / "scripts").glob("*.js") if path.name != "fontawesome.js"]
    scripts = [path.read_text("utf-8") for path in [*theme_scripts, *static.glob("*.js")]]
    theme_css = static / "styles" / "pydata-sphinx-theme.css"
    theme_css.write_text(lean_icon_rules(theme_css.read_text("utf-8"), used_icons([*pages, *scripts])), "utf-8")
    points = code_points("".join(path.read_text("utf-8") for path in static.rglob("*.css")))
    fonts = list((static / "vendor" / "fontawesome").rglob("fa-*.ttf"))
    if len(fonts) != 3 or "fa-solid-900.woff)" not in theme_css.read_text("utf-8"):
        LOGGER.warning("lean_theme: the icon fonts of the theme are not where they were")
    for font in fonts:
        subset_font(font, points)


def remove_unused(static: Path) -> None:
    """Files that no page asks for: the icon script, whole icon fonts, source maps, templates of the theme's bundler."""
    patterns = ("scripts/fontawesome.js*", "vendor/fontawesome/**/fa-*.ttf", "vendor/fontawesome/**/fa-*.woff2")
    for pattern in (*patterns, "**/*.map", "*webpack-macros.html", "locales/*/LC_MESSAGES/*.po"):
        for path in static.glob(pattern):
            path.unlink()


def rewrite_scripts(static: Path) -> None:
    for name, before, after in SCRIPT_REWRITES:
        script = static / name
        text = script.read_text("utf-8")
        if before not in text:
            LOGGER.warning("lean_theme: %s does not contain %r", name, before)
        script.write_text(text.replace(before, after), "utf-8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    pages = {path: path.read_text("utf-8") for path in out.rglob("*.html") if "_static" not in path.parts}
    if (out / "_static" / "scripts" / "fontawesome.js").exists():  # a build without a changed page copies no files
        lean_icons(out / "_static", pages.values())
        remove_unused(out / "_static")
        rewrite_scripts(out / "_static")
    for path, page in pages.items():
        path.write_text(lean_page(page, path.relative_to(out).as_posix()), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
