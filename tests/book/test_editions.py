"""An edition in another language, built from a catalogue: its text, its search, and the way back to English."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LANGUAGES = sorted(path.parent.name for path in (ROOT / "locale").glob("*/edition.yml"))
TOC = "format: jb-book\nroot: page\nchapters:\n  - file: other\n"
PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Going down

```{code-cell} ipython3
from myst_nb import glue

glue("steps", 2, display=False)
```

A transposed convolution with $s =$ {glue:text}`steps`, see [](other.md).
"""
CATALOGUE = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "Going down"
msgstr "下采样"

msgid "A transposed convolution with $s =$ {glue:text}`steps`, see [](other.md)."
msgstr "步幅 $s =$ {glue:text}`steps` 的转置卷积，见 [](other.md)。"
"""


def test_every_language_says_what_it_is():
    assert {"zh_CN", "ko", "ru", "vi"} <= set(LANGUAGES)
    for language in LANGUAGES:
        words = yaml.safe_load((ROOT / "locale" / language / "edition.yml").read_text("utf-8"))
        assert set(words) == {"name", "title", "language", "draft", "untranslated"}
        assert "{percent}" in words["draft"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A book of two pages with the course's own configuration, and its edition in Chinese."""
    root = tmp_path_factory.mktemp("book")
    for name in ("book/_ext", "book/_static", "locale/zh_CN/edition.yml", "tools/editions.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, root / name)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, root)
    shutil.copy(ROOT / "book" / "references.bib", root / "book")
    (root / "lib").symlink_to(ROOT / "lib")
    (root / "_toc.yml").write_text(TOC)
    (root / "page.md").write_text(PAGE)
    (root / "other.md").write_text("# Another page\n\nIn English.\n")
    config = (ROOT / "_config.yml").read_text("utf-8").replace('  - "*.md"\n', "  - README.md\n")
    (root / "_config.yml").write_text(config, "utf-8")
    catalogue = root / "locale" / "zh_CN" / "LC_MESSAGES" / "page.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(CATALOGUE, "utf-8")
    binaries = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    for command in (["jupyter-book", "build", ".", "-W", "-n"], ["python", "tools/editions.py", "build", "zh_CN"]):
        done = subprocess.run(
            [binaries / command[0], *command[1:]], cwd=root, env=environment, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return root / "_build" / "html"


def test_text_is_translated_and_what_is_not_says_so(site):
    page = (site / "zh_CN" / "page.html").read_text("utf-8")
    assert '<html lang="zh-CN"' in page
    assert "的转置卷积" in page
    assert '<span class="pasted-text">2</span>' in page
    assert "100 %" in page
    other = (site / "zh_CN" / "other.html").read_text("utf-8")
    assert "本页尚未翻译" in other
    assert "In English." in other
    assert "translation-note" not in (site / "page.html").read_text("utf-8")


def test_the_switch_leads_to_the_same_page(site, browser):
    page = browser.new_page()
    page.goto((site / "page.html").as_uri())
    page.locator("details.editions summary").click()
    page.get_by_role("link", name="简体中文").click()
    assert page.url == (site / "zh_CN" / "page.html").as_uri()
    page.locator("details.editions summary").press("Enter")
    page.get_by_role("link", name="English").click()
    assert page.url == (site / "page.html").as_uri()
    page.close()


def test_search_finds_translated_words(site, browser):
    page = browser.new_page()
    page.goto((site / "zh_CN" / "search.html").as_uri() + "?q=转置卷积")
    page.wait_for_selector("#search-results li a", timeout=5000)
    page.close()


@pytest.mark.parametrize(
    ("arguments", "said"), [(["build", "xx"], "no edition 'xx'"), (["progress"], "zh_CN      page")], ids=str
)
def test_commands(site, arguments, said):
    done = subprocess.run(
        [sys.executable, "tools/editions.py", *arguments], cwd=site.parents[1], capture_output=True, encoding="utf-8"
    )
    assert said in done.stdout + done.stderr
