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


def take(page: Page, address: Path, scroll_to: str, picture: str) -> None:
    """Screenshot of what stands at the text `scroll_to`."""
    page.goto(address.as_uri())
    page.get_by_text(scroll_to).first.evaluate("node => window.scrollTo(0, node.getBoundingClientRect().top - 90)")
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / picture)


def main() -> int:
    """Write both pictures."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    feedback = sorted(FEEDBACK.glob("*mistake*/07_convolution_matrix/07_convolution_matrix.html"))
    if not (browser and CHAPTER.exists() and feedback):
        print("needs Chromium, and a book and feedback to look at: run make course first", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1200, "height": 760}
        )
        take(page, CHAPTER, "Point at a row of the matrix", "page.png")
        take(page, feedback[0], "conv_matrix1d: ", "feedback.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
