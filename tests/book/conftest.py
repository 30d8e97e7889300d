"""The built site, a server for it, and a browser that looks at it.

Build first: `make book`. `SITE` names another folder.
"""

import functools
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html")).resolve()
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]


def pages_of(site):
    """Every page of the site, by its path there; files that only send the reader on are none."""
    files = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    return [path.relative_to(site).as_posix() for path in files if "<main" in path.read_text("utf-8")]


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        skip = pytest.mark.skip(reason=f"no built site in {SITE}; run `make book` first")
        metafunc.parametrize("name", pages_of(SITE) or [pytest.param("", marks=skip)])


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not pages_of(SITE):
        pytest.skip(f"no built site in {SITE}; run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def pages(site):
    return pages_of(site)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="session")
def serve():
    """`serve(folder)` gives the address under which the folder is served."""
    servers = []

    def start(folder):
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def roots(site, serve):
    """The site's address over HTTP and as files."""
    return {"http": serve(site), "file": site.as_uri()}


@pytest.fixture
def visit(browser, roots):
    """Open a page; `page.troubles` gathers what must not happen, `page.asked` what was loaded until the page stood."""
    contexts = []

    def open_page(name, scheme="http", colours="light", width=1440, root=None):
        contexts.append(browser.new_context(color_scheme=colours, viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        root = root or roots[scheme]
        page.asked = []
        page.troubles = watch(page, root)
        page.goto(f"{root}/{name}", wait_until="load")
        page.first_view = list(page.asked)
        return page

    yield open_page
    for context in contexts:
        context.close()


def watch(page, root):
    troubles = []
    local = (root, "data:", "blob:")
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("request", lambda request: request.url.startswith(local) or troubles.append(f"asks for {request.url}"))
    page.on("response", lambda answer: answer.status < 400 or troubles.append(f"{answer.status} for {answer.url}"))
    page.on("requestfailed", lambda request: troubles.append(f"cannot load {request.url}"))
    page.on("console", lambda message: message.type != "error" or troubles.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    return troubles
