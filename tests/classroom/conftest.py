"""A real Chromium for people who learn and teach; what they saw is kept in build/classroom."""

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180_000  # milliseconds: a slow machine is no mistake of the course


@pytest.fixture(scope="session")
def path():
    """Where programs are: first beside this Python."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def person(browser):
    """Opens a browser for one more person, as a page: high, for JupyterLab builds only the cells that are in sight."""
    contexts = []

    def come(**options):
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 3000}, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield come
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def keep():
    """Keeps a picture of what a person saw."""
    folder = ROOT / "build" / "classroom"
    folder.mkdir(parents=True, exist_ok=True)

    def picture(seen, name):
        seen.screenshot(path=folder / f"{name}.png")

    return picture


@pytest.fixture(scope="session")
def free_port():
    def port():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    return port


@pytest.fixture(scope="session")
def wait_for():
    """Waits until a server answers at an address, or says why it never did."""

    def wait(address, server, log):
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end:
            try:
                return urllib.request.urlopen(address, timeout=5).close()
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.1)
        raise AssertionError(log.read_text())

    return wait


@pytest.fixture(scope="session")
def answers():
    """The sample class's ways to fill in the assignment of chapter 7."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("sample_class", ROOT / "tools" / "sample_class.py")
    module = sys.modules["sample_class"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Notebook:
    """A notebook open in JupyterLab, used with mouse and keyboard."""

    def __init__(self, page):
        self.page = page
        page.get_by_role("button", name="Python 3 (ipykernel) | Idle").wait_for()
        self.cells = page.locator(".jp-Notebook .jp-CodeCell")

    def cell(self, text):
        """The first code cell whose source holds `text`."""
        return self.cells.filter(has=self.page.get_by_role("textbox").filter(has_text=text)).first

    def write(self, text, source):
        """Replace the source of the cell that holds `text`."""
        self.cell(text).get_by_role("textbox").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def run(self, text):
        """Run the cell that holds `text`, and give it when it has run."""
        cell = self.cell(text)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.get_by_role("textbox").click()
        self.page.keyboard.press("ControlOrMeta+Enter")
        ended = "([prompt, before]) => /\\d/.test(prompt.innerText) && prompt.innerText != before"
        self.page.wait_for_function(ended, arg=[prompt.element_handle(), before])
        return cell


@pytest.fixture(scope="session")
def notebook():
    return Notebook
