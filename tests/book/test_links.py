"""Links and anchors of the built site: of its pages, its notebooks, and the pieces that are shown beside links."""

import json
import os
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")
LEFTOVER = re.compile(r"\{[a-z:]+\}`|^[`:]{3,}\{|^\([\w-]+\)=|\]\(\)|\]\{", re.MULTILINE)


class Page(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values.get("id"), values.get("name") if tag == "a" else None} - {None}
        self.links |= {values.get("href"), values.get("src")} - {None, ""}


@pytest.fixture(scope="module")
def parsed(site):
    files = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {path.relative_to(site).as_posix(): Page(path) for path in files}


def broken(site, name, link, parsed):
    """Whether a link of the file `name` leads nowhere; links to other hosts are left alone."""
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return False
    target = os.path.normpath(f"{os.path.dirname(name)}/{unquote(url.path)}") if url.path else name
    if not (site / target.lstrip("/")).is_file():
        return True
    return bool(url.fragment) and target in parsed and unquote(url.fragment) not in parsed[target].anchors


def test_links_of_pages_resolve(site, parsed):
    links = [(name, link) for name, page in parsed.items() for link in sorted(page.links)]
    assert len(links) > 20
    assert [f"{name}: {link}" for name, link in links if broken(site, name, link, parsed)] == []


def test_notebooks_are_plain_and_their_links_resolve(site, parsed):
    notebooks = sorted((site / "notebooks").glob("*.ipynb"))
    assert len(notebooks) >= 14
    wrong, links = [], 0
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert "importlib.util.find_spec" in notebook.cells[0].source
        assert not any("myst_nb" in cell.source for cell in notebook.cells)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                wrong += [f"{path.name}: {found[0]}" for found in LEFTOVER.finditer(cell.source)]
                for link in MARKDOWN_LINK.findall(re.sub(r"`[^`]*`|\$[^$]*\$", "", cell.source)):
                    links += 1
                    wrong += [f"{path.name}: {link}"] if broken(site, f"notebooks/{path.name}", link, parsed) else []
    assert wrong == []
    assert links > 100


def test_pieces_beside_links_are_there(site):
    pieces = {}
    for script in (site / "_static" / "previews").rglob("*.js"):
        text = script.read_text("utf-8")
        pieces |= json.loads(text[text.index("] = {") + 4 :].rstrip(";\n"))
    equations = [html for anchor, html in pieces.items() if anchor.startswith("equation-")]
    assert len(equations) > 20
    assert all("katex" in html for html in equations)
    assert not any("<a " in html or " id=" in html for html in pieces.values())


def test_nothing_of_a_kernel_is_left(site, pages):
    for name in pages:
        text = (site / name).read_text("utf-8")
        assert "thebe" not in text.lower(), name
        assert "require.js" not in text, name
        assert "fontawesome.js" not in text, name


def test_every_page_says_what_it_is_about(site, pages):
    for name in pages:
        text = (site / name).read_text("utf-8")
        assert len(re.findall(r'<meta [^>]*name="description"', text)) == 1, name
        assert 'property="og:title"' in text, name
        assert 'property="og:description"' in text, name


def test_chapters_can_be_cited_downloaded_and_turned(site):
    chapters = sorted((site / "book").glob("[0-9][0-9]_*.html"))
    for path in chapters:
        text = path.read_text("utf-8")
        assert "@incollection{resampling-" in text
        assert f'href="../notebooks/{path.stem}.ipynb"' in text
        assert 'rel="next"' in text
        assert 'rel="prev"' in text
        assert 'class="prev-next-footer' in text
