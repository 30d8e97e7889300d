"""What a published page carries besides its text: a description, a picture for social cards, its citation, its
notebook, and links to where it can be run and discussed.

Two addresses decide: `repository.url` and `html.baseurl` in `_config.yml`, or the environment variables
`COURSE_REPOSITORY` and `COURSE_SITE`, which the publishing workflow sets. What needs an address
that is not known is left out.
"""

import os
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import resvg_py
import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
PUBLISHED = "gh-pages"  # the branch that holds the built site, notebooks included
CARD = """<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630">
<rect width="100%" height="100%" fill="#fffffd"/>
{figure}</svg>"""


@dataclass(frozen=True)
class Place:
    """Where the course lives; an empty string where that is not known."""

    repository: str  # OWNER/NAME on GitHub
    site: str  # ends with a slash

    def notebook_links(self, notebook: str) -> dict[str, str]:
        """Where a notebook of the site can be run."""
        path = f"{self.repository}/{PUBLISHED}"
        return {
            "Colab": f"https://colab.research.google.com/github/{self.repository}/blob/{PUBLISHED}/{quote(notebook)}",
            "Binder": f"https://mybinder.org/v2/gh/{path}?{urlencode({'urlpath': f'lab/tree/{notebook}'})}",
        }

    def issue_link(self, title: str, page: str) -> str:
        """A new issue that says which page it is about."""
        about = {"title": f"{title}: ", "body": f"Page: {self.site}{page}.html\n\n"}
        return f"https://github.com/{self.repository}/issues/new?{urlencode(about)}"


def place_of(repository: str, site: str) -> Place:
    """The place, from what was configured."""
    known = GITHUB.fullmatch(repository) if repository else None
    if repository and not known:
        raise ConfigError(f"repository.url is {repository!r}; it must be https://github.com/OWNER/NAME, or empty")
    if site and not re.match("https?://", site):
        raise ConfigError(f"html.baseurl is {site!r}; it must begin with https://, or be empty")
    return Place(known[1] if known else "", site.rstrip("/") + "/" if site else "")


def find_place(_app: Sphinx, config: Config) -> None:
    options = config.html_theme_options
    place = place_of(
        os.environ.get("COURSE_REPOSITORY") or options.get("repository_url", ""),
        os.environ.get("COURSE_SITE") or config.html_baseurl or "",
    )
    options["repository_url"] = f"https://github.com/{place.repository}" if place.repository else ""
    config.html_baseurl = place.site
    config.course_place = place


# ------------------------------------------------------------------------- the head of a page


def description_of(doctree: nodes.document | None, least: int = 40, most: int = 160) -> str:
    """The first paragraph that says something, cut after a word."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    text = next((" ".join(p.astext().split()) for p in paragraphs if len(p.astext()) >= least), "")
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + " …"


def first_figure(app: Sphinx, doctree: nodes.document | None) -> Path | None:
    """The file of the first picture of a page."""
    for image in doctree.findall(nodes.image) if doctree else ():
        path = Path(app.srcdir, image["uri"])
        if path.suffix in {".svg", ".png"} and path.is_file():
            return path
    return None


def card(svg: str) -> bytes:
    """A figure on the page's ground, in the size of a social card, as PNG."""
    start = svg.index("<svg")
    tag, rest = svg[start:].split(">", 1)
    bare = re.sub(r'\s(?:width|height|x|y)="[^"]*"', "", tag)
    placed = f'{bare} x="60" y="60" width="1080" height="510">{rest}'
    return bytes(resvg_py.svg_to_bytes(svg_string=CARD.format(figure=placed), dpi=96))


def write_card(app: Sphinx, page: str, figure: Path) -> str:
    """Write the page's card into the site, and return its address there."""
    name = f"_cards/{Path(page).name}.png"
    target = Path(app.outdir, name)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(card(figure.read_text("utf-8")) if figure.suffix == ".svg" else figure.read_bytes())
    return name


def add_to_head(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    place, tags = app.config.course_place, context.get("metatags", "")
    said = re.search(r'<meta (?=[^>]*name="description")[^>]*content="([^"]*)"', tags)
    about = said[1] if said else escape(description_of(doctree) or f"{context['title']}: {app.config.html_title}")
    graph = {
        "title": escape(context["title"]),
        "description": about,
        "type": "article",
        "site_name": escape(app.config.html_title),
    }
    figure = first_figure(app, doctree) if place.site else None
    if place.site:
        graph["url"] = f"{place.site}{page}.html"
    if figure:
        graph["image"] = place.site + write_card(app, page, figure)
    new = [] if said else [f'<meta name="description" content="{about}" />']
    new += [f'<meta property="og:{name}" content="{value}" />' for name, value in graph.items()]
    if figure:
        new.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = "\n".join([tags, *new])


# -------------------------------------------------------------------------- the buttons of a page


def link(text: str, url: str, tooltip: str, icon: str) -> dict[str, str]:
    label = f"{text.strip('.').lower()}-button"
    return {"type": "link", "text": text, "url": url, "tooltip": tooltip, "icon": icon, "label": label}


def add_buttons(app: Sphinx, page: str, context: dict[str, Any]) -> None:
    place, buttons = app.config.course_place, context.get("header_buttons", [])
    notebook = f"notebooks/{Path(page).name}.ipynb"
    if page in getattr(app.env, "course_notebooks", ()):
        download = next(b for b in buttons if b.get("label") == "download-buttons")
        here = context["pathto"](notebook, 1)
        download["buttons"].insert(0, link(".ipynb", here, "Download this page as a notebook", "fas fa-code"))
        if place.repository:
            links = place.notebook_links(notebook)
            entries = [link(name, url, f"Run this page on {name}", "fas fa-play") for name, url in links.items()]
            group = {"type": "group", "tooltip": "Run this page", "icon": "fas fa-play", "label": "run-buttons"}
            buttons.insert(0, {**group, "buttons": entries})
    if place.repository:
        url = place.issue_link(context["title"], page)
        buttons.append({**link("issue", url, "Open an issue about this page", "fas fa-bug"), "text": ""})


# -------------------------------------------------------------------------- how to cite a page


def people(authors: list[dict[str, str]]) -> str:
    """Authors of a CITATION.cff as BibTeX has them."""
    names = ((author.get("name"), author.get("family-names"), author.get("given-names")) for author in authors)
    return " and ".join(f"{{{name}}}" if name else f"{family}, {given}" for name, family, given in names)


def bibtex(cff: dict[str, Any], title: str, stem: str, url: str) -> str:
    """The entry for one page, or for the course where `title` is empty."""
    fields = {
        "title": title or cff["title"],
        "booktitle": cff["title"] if title else "",
        "author": people(cff["authors"]),
        "year": str(cff["date-released"])[:4],
        "note": f"Version {cff['version']}",
        "url": url,
    }
    lines = [f"  {name:9} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{'incollection' if title else 'misc'}{{{stem},", *lines, "}"])


def add_citation(app: Sphinx, page: str, context: dict[str, Any]) -> None:
    place, home = app.config.course_place, page == app.config.root_doc
    cff = yaml.safe_load(Path(app.srcdir, "CITATION.cff").read_text("utf-8"))
    stem = "resampling" if home else "resampling-" + re.sub(r"^\d+_", "", Path(page).name).replace("_", "-")
    address = f"{place.site}{page}.html" if place.site else ""
    entry = bibtex(cff, "" if home else context["title"], stem, address)
    context["body"] += (
        f'<details class="cite"><summary>Cite this {"course" if home else "page"}</summary>'
        '<div class="highlight-bibtex notranslate"><div class="highlight">'
        f"<pre>{escape(entry)}</pre></div></div></details>"
    )


# ------------------------------------------------------------------------------- all pages


def complete(app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    context["title"] = re.sub("<[^>]*>", "", context.get("title") or "")
    add_to_head(app, page, context, doctree)
    if doctree:
        add_buttons(app, page, context)
        add_citation(app, page, context)
    elif page == "404" and app.config.course_place.site:  # it is shown at any address
        context["metatags"] += f'\n<base href="{app.config.course_place.site}" />'


def not_found_page(app: Sphinx) -> list[tuple[str, dict[str, str], str]]:
    body = (
        "<h1>This page is not here</h1><p>The address may be old or mistyped. "
        f'<a href="{app.config.root_doc}.html">The home page</a> lists the chapters, '
        'and <a href="search.html">the search</a> finds words in them.</p>'
    )
    return [("404", {"title": "Not found", "body": body}, "page.html")]


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    site = app.config.course_place.site
    if exception or app.builder.name != "html" or not site:
        return
    urls = [f"  <url><loc>{site}{app.builder.get_target_uri(page)}</loc></url>" for page in sorted(app.env.found_docs)]
    text = "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *urls,
            "</urlset>",
            "",
        ]
    )
    Path(app.outdir, "sitemap.xml").write_text(text, "utf-8")
    Path(app.outdir, "robots.txt").write_text(f"Sitemap: {site}sitemap.xml\n", "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("course_place", Place("", ""), "")
    app.connect("config-inited", find_place, priority=100)
    app.connect("html-page-context", complete, priority=950)
    app.connect("html-collect-pages", not_found_page)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
