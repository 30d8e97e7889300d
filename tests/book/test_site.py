"""The built site in a real browser: nothing fetched from elsewhere, no errors, no sideways scroll, no dead links.

Build first: `jupyter-book build . -W -n --keep-going`. `SITE` names another folder, `CHROMIUM` another browser.
"""

import functools
import os
import shutil
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(os.environ.get("SITE", Path(__file__).parents[2] / "_build" / "html")).resolve()
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
BOOK = [page for page in PAGES if "<main" in (SITE / page).read_text("utf-8")]

if not BOOK:
    pytest.skip(f"no built site in {SITE}; run `jupyter-book build .` first", allow_module_level=True)

needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; name one in the variable CHROMIUM")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def roots():
    """The site's address over HTTP and as files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"http": f"http://127.0.0.1:{server.server_port}", "file": SITE.as_uri()}
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=as_root)
    yield chromium
    chromium.close()
    playwright.stop()


@pytest.fixture
def visit(browser, roots):
    """Open a page, bring every explorable to life; `troubles` gathers what must not happen."""
    contexts = []

    def open_page(name, scheme="http", colours="light", width=1440):
        contexts.append(browser.new_context(color_scheme=colours, viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.troubles = watch(page, roots[scheme])
        page.goto(f"{roots[scheme]}/{name}", wait_until="load")
        hosts = page.locator("[data-explorable]")
        for number in range(hosts.count()):
            hosts.nth(number).scroll_into_view_if_needed()
            page.locator("[data-explorable][data-state=ready]").nth(number).wait_for(timeout=5000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def watch(page, root):
    troubles = []
    local = (root, "data:", "blob:")
    page.on("request", lambda request: request.url.startswith(local) or troubles.append(f"asks for {request.url}"))
    page.on("response", lambda answer: answer.status < 400 or troubles.append(f"{answer.status} for {answer.url}"))
    page.on("requestfailed", lambda request: troubles.append(f"cannot load {request.url}"))
    page.on("console", lambda message: message.type != "error" or troubles.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    return troubles


@needs_browser
@pytest.mark.parametrize(("scheme", "colours"), [("http", "light"), ("file", "dark")])
@pytest.mark.parametrize("name", BOOK)
def test_page_is_whole(visit, name, scheme, colours):
    page = visit(name, scheme, colours)
    assert page.evaluate("document.documentElement.dataset.theme") == colours
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)  # the explorables draw again
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways at {width} px"
    unnamed = page.eval_on_selector_all("img", "all => all.filter(e => !e.alt.trim()).map(e => e.src)")
    assert not unnamed, f"images without alt text: {unnamed}"
    assert page.troubles == []


@needs_browser
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_pages(visit, scheme):
    page = visit("search.html?q=convolution", scheme)
    page.wait_for_selector("#search-results li a", timeout=5000)
    assert page.troubles == []


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


def broken(name, link, parsed):
    """Whether a link of page `name` leads nowhere; links to other hosts are left alone."""
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return False
    target = os.path.normpath(f"{os.path.dirname(name)}/{unquote(url.path)}") if url.path else name
    if not (SITE / target.lstrip("/")).is_file():
        return True
    return bool(url.fragment) and target in parsed and unquote(url.fragment) not in parsed[target].anchors


def test_internal_links_resolve():
    parsed = {name: Page(SITE / name) for name in PAGES}
    links = [(name, link) for name, page in parsed.items() for link in sorted(page.links)]
    assert len(links) > 20
    assert [f"{name}: {link}" for name, link in links if broken(name, link, parsed)] == []


def test_nothing_of_a_kernel_is_left():
    for name in PAGES:
        text = (SITE / name).read_text("utf-8")
        assert "thebe" not in text.lower(), name
        assert "require.js" not in text, name
        assert "fontawesome.js" not in text, name
