"""Take the README's pictures: the built chapter, and a feedback page of the graded sample class.

Needs Chromium (CHROMIUM=... names it), and `make course` before.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "book/_static/pictures"
CHAPTER = ROOT / "_build/html/book/07_convolution_matrix.html"
FEEDBACK = ROOT / "build/course/feedback"
MISTAKE = "Padding wraps around"


def chapter(page: Page) -> None:
    """The window at the interactive figure."""
    page.goto(CHAPTER.as_uri())
    heading = page.get_by_role("heading", name="Try it")
    heading.evaluate("node => window.scrollTo(0, node.getBoundingClientRect().top - 90)")
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "page.png")


def report(page: Page, feedback: Path) -> None:
    """The one report that names the mistake."""
    page.goto(feedback.as_uri())
    page.locator("div[style*=border-left]", has_text=MISTAKE).last.screenshot(path=PICTURES / "feedback.png")


def main() -> int:
    """Write both pictures."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    feedback = [page for page in sorted(FEEDBACK.rglob("*.html")) if MISTAKE in page.read_text("utf-8")]
    if not (browser and CHAPTER.exists() and feedback):
        print("needs Chromium, and a book and feedback to look at: run make course first", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1200, "height": 760}
        )
        chapter(page)
        report(page, feedback[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
