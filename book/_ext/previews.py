"""What a link leads to, shown beside the link: an equation, a figure, a statement, a reference, the start of a section.

Pages opened as files may not read each other, so each page's pieces that somebody links to are written as a script
of their own, `_static/previews/<page>.js`, which `previews.js` loads when a reader first rests on such a link.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from sphinx.application import Sphinx

ARTICLE = re.compile(r'<article class="bd-article">.*?</article>', re.DOTALL)
LINK = re.compile(r'<a class="(?:reference internal|footnote-reference[^"]*)" href="([^"]+)"')
WHOLE = re.compile(r'<(?:div class="math|figure|aside|div class="citation|p class="[^"]*statement)')
PARAGRAPH = re.compile(r"<p>.*?</p>", re.DOTALL)
CLEANED = (
    (r'<a class="headerlink".*?</a>', ""),
    (r'<span class="backrefs">.*?</span>', ""),
    (r"<a\b[^>]*>", "<span>"),
    (r"</a>", "</span>"),
    (r' (?:id|role|loading)="[^"]*"', ""),
    (r'src="(?:\.\./)+', 'src="__root__'),
)


def element(html: str, start: int) -> str:
    """The element that begins at `start`, with all that is in it."""
    name = re.match(r"<(\w+)", html[start:])[1]
    depth = 0
    for tag in re.finditer(rf"<(/?){name}\b[^>]*>", html[start:]):
        depth += -1 if tag[1] else 1
        if not depth:
            return html[start : start + tag.end()]
    raise ValueError(f"<{name}> is never closed: {html[start : start + 80]}")


def piece(article: str, anchor: str) -> str | None:
    """What to show of an article for one of its anchors; for no anchor, its title and first words."""
    found = re.search(rf'<(\w+)[^>]*\sid="{re.escape(anchor)}"', article) if anchor else re.search("<h1", article)
    if not found:
        return None
    start = found.start()
    if WHOLE.match(article, start):
        whole = element(article, start)
        after = re.compile(r'\s*(?=<div class="math)').match(article, start + len(whole))
        return whole + element(article, after.end()) if whole.startswith("<p") and after else whole
    if article.startswith("<dt", start):
        first = PARAGRAPH.search(article, start)
        return element(article, start) + (first[0] if first else "")
    heading = re.compile(r"<h[1-6]").search(article, start, start + 400)
    if not heading:
        return None
    title, first = element(article, heading.start()), PARAGRAPH.search(article, heading.start())
    return re.sub(r"<(/?)h[1-6]", r"<\1strong", title) + (first[0] if first else "")


def cleaned(html: str) -> str:
    """Without links, addresses and buttons, which work only in their place."""
    for pattern, replacement in CLEANED:
        html = re.sub(pattern, replacement, html, flags=re.DOTALL)
    return html


def targets_of(page: str, article: str) -> set[tuple[str, str]]:
    """The (page, anchor) pairs that an article links to."""
    targets = set()
    for url in LINK.findall(article):
        path, _, anchor = unquote(url).partition("#")
        other = normpath(join(dirname(page), path.removesuffix(".html"))) if path else page
        targets.add((other, anchor))
    return targets


def write_previews(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    articles, wanted = {}, defaultdict(set)
    for page in app.env.found_docs:
        article = ARTICLE.search(Path(app.outdir, f"{page}.html").read_text("utf-8"))
        articles[page] = article[0] if article else ""
    for page, article in articles.items():
        for other, anchor in targets_of(page, article):
            wanted[other].add(anchor)
    for page in wanted.keys() & articles.keys():
        pieces = {anchor: piece(articles[page], anchor) for anchor in sorted(wanted[page])}
        shown = {anchor: cleaned(html) for anchor, html in pieces.items() if html}
        target = Path(app.outdir, "_static", "previews", f"{page}.js")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(shown, ensure_ascii=False).replace("</script", "<\\/script")
        target.write_text(f'(self.coursePreviews ??= {{}})["{page}"] = {text};\n', "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_js_file("previews.js", loading_method="defer")
    app.connect("build-finished", write_previews, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
