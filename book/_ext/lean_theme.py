"""After an HTML build: the theme's pages made lighter and more accessible.

Written for sphinx-book-theme 1.2.0 on pydata-sphinx-theme 0.16.1. Every rewrite says when it is due; where it is due
and matches nothing, the theme has changed, and a warning (an error under `-W`) says which rewrite to look at.
"""

import base64
import hashlib
import itertools
import posixpath
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from io import BytesIO
from logging import getLogger
from pathlib import Path

import tinycss2
from bs4 import BeautifulSoup
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
getLogger("fontTools").setLevel("WARNING")  # it tells every step
WEIGHTS = (400, 700)  # of text: regular to bold
FEATURES = ["ccmp", "kern", "liga", "lnum", "locl", "mark", "mkmk", "onum", "pnum", "tnum"]
KEPT_CLASSES = {"bs-tooltip-top", "bs-tooltip-end", "bs-tooltip-bottom", "bs-tooltip-start"}  # put together by a script
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
        "scripts do not hold up the first paint",
        due="<main",
        pattern=r"<script (?![^>]*(?:\bdefer|\basync))(?=[^>]*\bsrc=)",
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
    Rewrite(
        "the empty corner of a table heads nothing",
        due='head"><p></p></th>',
        pattern=r'<th class="([^"]*)"><p></p></th>',
        replacement=r'<td class="\1"></td>',
    ),
    Rewrite(
        "formulas are seen and heard without their TeX",
        due="<annotation",
        pattern=r"(?s)<semantics>(.*?)<annotation.*?</annotation></semantics>",
        replacement=r"\1",
    ),
    Rewrite(
        "names, commas and spaces in code have the colour of their surroundings",
        due='<span class="n">',
        pattern=r'<span class="[npw]">([^<]*)</span>',
        replacement=r"\1",
    ),
)
# What only pages with cards or tabs need.
DESIGN = re.compile(r"\s*(?:<link[^>]*/sphinx-design\.min\.css[^>]*>|<script[^>]*/design-tabs\.js[^>]*></script>)")
IMAGE = re.compile(r'<img (?![^>]*\bloading=)(?=[^>]*\bsrc="(?:\.\./)*(_images/[^"]+)")')
HEAD = re.compile(r"(<th\b[^>]*>)(.*?)</th>", re.DOTALL)
PHOTOGRAPH = re.compile(r"(?<=image/png;base64,)[A-Za-z0-9+/=\s]+")
SVG_SIZE = re.compile(rb'<svg [^>]*?\bwidth="([\d.]+)pt" height="([\d.]+)pt"')
STYLE_SHEET = re.compile(r'\s*<link(?=[^>]*\brel="stylesheet")[^>]*\bhref="((?:\.\./)*)_static/([^"?]+)[^>]*>')
IMPORT = re.compile(r"""@import\s+(?:url\()?\s*["']?([^"')]+)["']?\s*\)?\s*;""")
ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#)([^"')]+?)["']?\s*\)""")
# A font that comes after the first paint moves the text. From a file, asking for it early is an error.
TEXT_FONT = "vendor/source-serif/source-serif-4-latin-wght-normal.woff2"
EARLY_FONT = (
    '<script>if (location.protocol !== "file:") document.head.append(Object.assign(document.createElement("link"), '
    '{{rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href: "{}_static/{}"}}))</script>'
)
OPTIONS = re.compile(r"<script[^>]*/documentation_options\.js[^>]*></script>")
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


def size_of(image: Path) -> tuple[int, int] | None:
    """Width and height in CSS pixels, of what matplotlib and screenshots make."""
    head = image.read_bytes()[:2000]
    if head.startswith(b"\x89PNG"):
        return struct.unpack(">II", head[16:24])
    found = SVG_SIZE.search(head)
    return tuple(round(float(points) * 4 / 3) for points in found.groups()) if found else None


def lean_images(page: str, out: Path) -> str:
    """Pictures keep their room while they load, and load when they come near, but for those above the first section."""
    top = page.find("<h2")

    def rewrite(tag: re.Match) -> str:
        size = size_of(out / tag[1])
        room = f'width="{size[0]}" height="{size[1]}" ' if size else ""
        return f'<img {room}loading="{"eager" if tag.start() < top else "lazy"}" '

    return IMAGE.sub(rewrite, page)


def lean_photograph(picture: re.Match) -> str:
    """A picture in a drawing, without channels that say nothing: matplotlib writes grey as red, green, blue, opaque."""
    with Image.open(BytesIO(base64.b64decode(picture[0]))) as loaded:
        bands = loaded.convert("RGBA").split()
    if bands[3].getextrema() != (255, 255):
        return picture[0]
    grey = len({band.tobytes() for band in bands[:3]}) == 1
    packed = BytesIO()
    (bands[0] if grey else Image.merge("RGB", bands[:3])).save(packed, "PNG", optimize=True)
    written = base64.b64encode(packed.getvalue()).decode()
    return min(written, picture[0], key=len)


def lean_drawings(images: Path) -> None:
    for drawing in images.glob("*.svg"):
        text = drawing.read_text("utf-8")
        drawing.write_text(PHOTOGRAPH.sub(lean_photograph, text), "utf-8")


def whole_sheet(static: Path, name: str) -> str:
    """A style sheet with those that it imports, and with addresses as they are seen from the folder `sheets`."""
    folder = posixpath.dirname(name)

    def seen(address: re.Match) -> str:
        return f'url("{posixpath.relpath(posixpath.join(folder, address[1]), "sheets")}")'

    parts = IMPORT.split((static / name).read_text("utf-8").removeprefix('@charset "UTF-8";'))
    parts[0::2] = [ADDRESS.sub(seen, own) for own in parts[0::2]]
    parts[1::2] = [whole_sheet(static, posixpath.normpath(posixpath.join(folder, other))) for other in parts[1::2]]
    return "".join(parts)


def write_sheet(static: Path, path: Path, names: str) -> None:
    """Several style sheets as one; its first line names them, so that a later build can write it again."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"/* {names} */\n" + "\n".join(whole_sheet(static, name) for name in names.split()), "utf-8")


def one_sheet(page: str, static: Path) -> str:
    """The first paint waits for one style sheet, not for a dozen."""
    links = list(STYLE_SHEET.finditer(page))
    if len(links) < 2:
        return page
    names = " ".join(link[2] for link in links)
    path = static / "sheets" / f"{hashlib.sha256(names.encode()).hexdigest()[:8]}.css"
    if not path.exists():
        write_sheet(static, path, names)
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    root = links[0][1]
    link = f'<link rel="stylesheet" href="{root}_static/sheets/{path.name}?v={version}" />'
    places = itertools.chain([f"\n{EARLY_FONT.format(root, TEXT_FONT)}\n{link}"], itertools.repeat(""))
    return STYLE_SHEET.sub(lambda _: next(places), page)


def inline_options(page: str, static: Path) -> str:
    """The few words that inline scripts need come with the page."""
    options = (static / "documentation_options.js").read_text("utf-8")
    return OPTIONS.sub(lambda _: f"<script>{options}</script>", page)


def said_head(cell: re.Match) -> str:
    """The head of a column that is a formula alone gets its text as well: not every reader takes MathML for text."""
    soup = BeautifulSoup(cell[2], "html.parser")
    spoken = " ".join(formula.get_text() for formula in soup.select("annotation"))
    for formula in soup.select(".katex"):
        formula.extract()
    if not spoken or soup.get_text(strip=True):
        return cell[0]
    return f'{cell[1]}<span class="said">{escape(spoken)}</span><div aria-hidden="true">{cell[2]}</div></th>'


def lean_page(page: str, name: str, out: Path) -> str:
    if DONE in page:
        return page
    if not re.search(r'class="[^"]*\bsd-', page):
        page = DESIGN.sub("", page)
    page = HEAD.sub(said_head, lean_images(page, out))
    page = inline_options(one_sheet(page, out / "_static"), out / "_static")
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


def lean_text_fonts(vendor: Path, static: Path, pages: Iterable[str]) -> None:
    """The course's own fonts, and those of the formulas, with the characters in use and those of Western languages."""
    scripts = [path.read_text("utf-8") for path in (static / "explorables").glob("*.js")]
    points = {ord(character) for text in [*pages, *scripts] for character in set(unescape(text))}
    for font in vendor.rglob("*.woff2"):
        options = subset.Options(flavor="woff2", layout_features=FEATURES, notdef_outline=True, hinting=False)
        loaded = subset.load_font(str(font), options)
        variable = "fvar" in loaded
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=points | set(range(0x20, 0x180 if variable else 0x7F)))
        subsetter.subset(loaded)
        target = static / "vendor" / font.relative_to(vendor)
        subset.save_font(loaded, str(target), options)
        if variable:
            narrowed = instancer.instantiateVariableFont(TTFont(target), {"wght": WEIGHTS})
            narrowed.flavor = "woff2"
            narrowed.save(target)


def can_match(selector: str, words: set[str]) -> bool:
    """Whether every class and id that a selector asks for occurs somewhere in the pages or scripts."""
    positive = re.sub(r":not\([^)]*\)", "", selector)
    return all(word.replace("\\", "") in words for word in re.findall(r"[.#]((?:[\w-]|\\.)+)", positive))


def lean_rules(css: str, words: set[str]) -> str:
    """A style sheet without the rules that no page can use; most of the theme's are of a framework."""
    kept = []
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            inside = lean_rules(tinycss2.serialize(rule.content), words)
            kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}" if inside else "")
        elif rule.type == "qualified-rule":
            selectors = re.split(r",(?![^()]*\))", tinycss2.serialize(rule.prelude))
            used = ",".join(one for one in selectors if can_match(one, words))
            kept.append(f"{used}{{{tinycss2.serialize(rule.content)}}}" if used else "")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def lean_styles(static: Path, pages: Iterable[str]) -> None:
    """What is used is what any page or script mentions, so that classes which scripts add are kept."""
    scripts = [path.read_text("utf-8") for path in static.rglob("*.js") if "previews" not in path.parts]
    words = set(re.findall(r"[\w-]+", "\n".join([*pages, *scripts])))
    theme = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "sphinx-design.min.css", "basic.css")
    for sheet in (*(static / name for name in theme), *static.glob("mystnb.*.css")):
        sheet.write_text(lean_rules(sheet.read_text("utf-8"), words | KEPT_CLASSES), "utf-8")


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
        lean_styles(out / "_static", pages.values())
    for folder in app.config.html_static_path:
        lean_text_fonts(Path(app.srcdir, folder, "vendor"), out / "_static", pages.values())
    for sheet in (out / "_static" / "sheets").glob("*.css"):
        write_sheet(out / "_static", sheet, sheet.read_text("utf-8").split("\n", 1)[0].strip("/* "))
    lean_drawings(out / "_images")
    for path, page in pages.items():
        path.write_text(lean_page(page, path.relative_to(out).as_posix(), out), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
