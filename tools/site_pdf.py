"""Print the whole built site into one PDF: contents, an outline, page numbers, and links that stay inside.

All pages become one document, in the order of `_toc.yml`, which Chromium prints; pypdf adds the parts and the metadata.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from html import escape, unescape
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.DOTALL)
STYLE = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]+)')
SCREEN_ONLY = re.compile(r'<a class="headerlink".*?</a>|<details class="(?:hide|cite).*?</details>', re.DOTALL)
ATTRIBUTE = re.compile(r'\s(id|for|aria-labelledby|aria-describedby|href|xlink:href|src)="([^"]*)"')
LAYOUT = """
html { background: none; } body { margin: 0; }
article.bd-article { break-before: page; max-width: none; padding: 0; }
.front { height: 90vh; display: flex; flex-direction: column; justify-content: center; }
.front { font-family: var(--course-serif); }
.front h1 { font-size: 30pt; } .front p { color: #5b6068; }
nav.contents { break-before: page; font: 11pt/1.7 var(--course-serif); }
nav.contents ol { list-style: none; padding-left: 1.2rem; } nav.contents a { color: inherit; text-decoration: none; }
"""
FOOTER = """<div style="width:100%;text-align:center;font:8pt sans-serif;color:#5b6068">
<span class="pageNumber"></span></div>"""


def table_of_contents(toc: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Parts and their pages; the first part has no name and begins with the home page."""
    parts = [(part.get("caption", ""), [page["file"] for page in part["chapters"]]) for part in toc["parts"]]
    return [("", [toc["root"], *parts[0][1]]), *parts[1:]] if not parts[0][0] else [("", [toc["root"]]), *parts]


def address(page: str, anchor: str) -> str:
    """The one id, in the whole document, of an anchor of a page."""
    return f"{page}--{anchor}" if anchor else page


def moved(attribute: re.Match, page: str, site: Path, pages: set[str]) -> str:
    """An attribute of `page` as it has to be in the whole document."""
    name, value = attribute[1], unescape(attribute[2])
    if name not in {"href", "xlink:href", "src"}:
        return f' {name}="{" ".join(address(page, part) for part in value.split())}"'
    url = urlsplit(value)
    if url.scheme or url.netloc:
        return attribute[0]
    target = normpath(join(dirname(page), unquote(url.path))) if url.path else f"{page}.html"
    if name == "src":
        return f' src="{(site / target).as_uri()}"'
    inside = target.removesuffix(".html") in pages
    return f' {name}="#{escape(address(target.removesuffix(".html"), unquote(url.fragment)))}"' if inside else ""


def article(site: Path, page: str, pages: set[str]) -> str:
    html = (site / f"{page}.html").read_text("utf-8")
    body = SCREEN_ONLY.sub("", ARTICLE.search(html)[1])
    body = ATTRIBUTE.sub(lambda found: moved(found, page, site, pages), body.replace('loading="lazy"', ""))
    body = re.sub(r"url\(#", f"url(#{page}--", body)
    return f'<article class="bd-article" id="{page}">{body}</article>'


def title_of(site: Path, page: str) -> str:
    body = ARTICLE.search((site / f"{page}.html").read_text("utf-8"))[1]
    heading = re.search(r'<h1>(.*?)<a class="headerlink"', body, re.DOTALL)
    return unescape(re.sub("<[^>]*>", "", heading[1]).strip())


def contents(site: Path, parts: list[tuple[str, list[str]]]) -> str:
    rows = []
    for part, pages in parts:
        links = "".join(f'<li><a href="#{page}">{escape(title_of(site, page))}</a></li>' for page in pages)
        rows.append(f"<li><b>{escape(part)}</b><ol>{links}</ol></li>" if part else links)
    return f'<nav class="contents"><p><b>Contents</b></p><ol>{"".join(rows)}</ol></nav>'


def whole_document(site: Path, parts: list[tuple[str, list[str]]], about: dict[str, Any], authors: str) -> str:
    pages = [page for _, several in parts for page in several]
    styles = {}  # in the order of their first use
    for page in pages:
        links = STYLE.findall((site / f"{page}.html").read_text("utf-8"))
        styles |= {(site / normpath(join(dirname(page), link))).as_uri(): None for link in links}
    head = "".join(f'<link rel="stylesheet" href="{url}">' for url in styles)
    front = (
        f'<div class="front"><h1>{escape(about["title"])}</h1><p>{escape(authors)}</p>'
        f"<p>Version {about['version']}, {about['date-released']}</p>"
        "<p>Text and figures: CC BY 4.0. Code: MIT.</p></div>"
    )
    explorables = (site / "_static" / "explorables.js").as_uri()
    return (
        f'<!doctype html><html lang="en" data-theme="light" data-content_root="{site.as_uri()}/"><meta charset="utf-8">'
        f"<title>{escape(about['title'])}</title>{head}<style>{LAYOUT}</style><body>{front}{contents(site, parts)}"
        + "".join(article(site, page, set(pages)) for page in pages)
        + f'<script src="{explorables}"></script></body></html>'
    )


def print_document(html: Path, pdf: Path, browser: str) -> None:
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=[*as_root, "--allow-file-access-from-files"]
        )
        page = chromium.new_page(color_scheme="light")
        page.set_default_timeout(0)
        page.goto(html.as_uri(), wait_until="load")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function("!document.querySelector('[data-explorable]:not([data-state=ready])')", timeout=60_000)
        page.pdf(
            path=pdf,
            format="A4",
            margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
            display_header_footer=True,
            header_template="<div></div>",
            footer_template=FOOTER,
            outline=True,
            tagged=True,
            print_background=True,
        )
        chromium.close()


def copy_outline(writer: PdfWriter, reader: PdfReader, items: list, parent: Any, titles: list[str]) -> None:
    """Chromium's outline of headings, below `parent`; only the chapters in `titles` at its top."""
    kept, last = True, None
    for item in items:
        if isinstance(item, list):
            if kept and last is not None:
                copy_outline(writer, reader, item, last, [])
            continue
        kept = not titles or item.title in titles
        if kept:
            last = writer.add_outline_item(
                title=item.title, page_number=reader.get_destination_page_number(item), parent=parent
            )


def finish(raw: Path, target: Path, parts: list[tuple[str, list[str]]], about: dict[str, Any], authors: str) -> int:
    """Group the outline by parts, add the metadata, write, and return the number of pages."""
    reader = PdfReader(raw)
    writer = PdfWriter(clone_from=reader)
    del writer.root_object["/Outlines"]
    tops = [number for number, item in enumerate(reader.outline) if not isinstance(item, list)]
    first = {item.title: reader.get_destination_page_number(item) for item in (reader.outline[n] for n in tops)}
    for part, titles in parts:
        parent = writer.add_outline_item(title=part, page_number=first[titles[0]]) if part else None
        copy_outline(writer, reader, reader.outline, parent, titles)
    writer.add_metadata({"/Title": about["title"], "/Author": authors, "/Subject": about["message"]})
    writer.page_mode = "/UseOutlines"
    target.parent.mkdir(parents=True, exist_ok=True)
    writer.write(target)
    return len(reader.pages)


def make_pdf(site: Path, toc: dict[str, Any], about: dict[str, Any], target: Path, browser: str) -> int:
    """The PDF of all pages of `toc`, and its number of pages."""
    parts = table_of_contents(toc)
    names = (a.get("name") or f"{a['given-names']} {a['family-names']}" for a in about["authors"])
    authors = ", ".join(names)
    with tempfile.TemporaryDirectory() as folder:
        html, raw = Path(folder, "book.html"), Path(folder, "book.pdf")
        html.write_text(whole_document(site, parts, about, authors), "utf-8")
        print_document(html, raw, browser)
        titled = [(part, [title_of(site, page) for page in pages]) for part, pages in parts]
        return finish(raw, target, titled, about, authors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", help="the built site")
    parser.add_argument("--to", type=Path, default=ROOT / "build/down-and-up.pdf", help="the PDF to write")
    options = parser.parse_args()
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        print("make pdf prints with Chromium, and there is none; install it, or name one: CHROMIUM=…", file=sys.stderr)
        return 1
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    missing = [
        page for _, pages in table_of_contents(toc) for page in pages if not (options.site / f"{page}.html").is_file()
    ]
    if missing:
        print(f"not built in {options.site}: {', '.join(missing)}; run make book first", file=sys.stderr)
        return 1
    count = make_pdf(options.site.resolve(), toc, about, options.to, browser)
    print(f"{options.to}: {count} pages, {options.to.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
