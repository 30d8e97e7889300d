"""The editions of the book in other languages, from the catalogues in locale/.

    python tools/editions.py update            # the English text into the catalogues of the translated pages
    python tools/editions.py build zh_CN       # that edition into _build/html/zh_CN; build the English book first
    python tools/editions.py progress          # how much is translated, page by page

A page is translated where locale/<language>/LC_MESSAGES/book/<page>.po exists; an empty file begins one. A folder in
locale/ with an edition.yml is a language. Cells are not executed again: all editions share the outputs of the English
book.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from sphinx_intl.basic import update as update_catalogues

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
BUILD = ROOT / "_build"
SITE = BUILD / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from editions import languages, list_editions, progress  # noqa: E402


def catalogues(language: str) -> list[Path]:
    return sorted((LOCALE / language / "LC_MESSAGES").rglob("*.po"))


def page_of(catalogue: Path, language: str) -> str:
    return catalogue.relative_to(LOCALE / language / "LC_MESSAGES").with_suffix("").as_posix()


def jupyter_book(name: str, changes: dict, *options: str) -> Path:
    """Build the book with `changes` to Sphinx's configuration, in a folder of its own."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    config["title"] = changes.pop("title", config["title"])
    config["sphinx"]["local_extensions"] = {
        name: str(ROOT / where) for name, where in config["sphinx"]["local_extensions"].items()
    }
    config["sphinx"]["config"] |= changes
    out = BUILD / "editions" / name
    out.mkdir(parents=True, exist_ok=True)
    file = out / "_config.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    command = [Path(sys.prefix) / "bin" / "jupyter-book", "build", ROOT, "--config", file, "--path-output", out]
    subprocess.run([*map(str, command), *options], check=True)
    return out / "_build"


def update() -> None:
    built = jupyter_book("gettext", {"gettext_compact": False}, "--builder", "custom", "--custom-builder", "gettext")
    for language in languages():
        wanted = BUILD / "editions" / "wanted" / language
        shutil.rmtree(wanted, ignore_errors=True)
        for catalogue in catalogues(language):
            page = page_of(catalogue, language)
            source = built / "gettext" / f"{page}.pot"
            if not source.is_file():
                raise SystemExit(
                    f"{catalogue.relative_to(ROOT)}: the book has no page {page}; delete or rename the file"
                )
            target = wanted / f"{page}.pot"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
            if not catalogue.stat().st_size:
                catalogue.unlink()
        if wanted.is_dir():
            update_catalogues(str(LOCALE), str(wanted), (language,), line_width=120)


def build(language: str) -> None:
    if language not in languages():
        raise SystemExit(
            f"no edition {language!r}: there are {', '.join(languages())}; "
            f"a new one begins with locale/{language}/edition.yml"
        )
    if not (SITE / "index.html").is_file():
        raise SystemExit("build the English book first: make book")
    words = yaml.safe_load((LOCALE / language / "edition.yml").read_text("utf-8"))
    changes = {
        "title": words["title"],
        "language": language.replace("-", "_"),
        "locale_dirs": [str(LOCALE)],
        "gettext_compact": False,
    }
    built = jupyter_book(language, changes, "-W", "-n", "--keep-going")
    shutil.rmtree(SITE / language, ignore_errors=True)
    shutil.copytree(built / "html", SITE / language)
    list_editions(SITE)
    print(f"\nThe edition is in {(SITE / language).relative_to(ROOT)}")


def show_progress() -> None:
    print(f"{'language':10} {'page':32} {'translated':>10} {'of':>5} {'old':>5}")
    for language in languages():
        for path in catalogues(language):
            done, messages, old = progress(path)
            print(f"{language:10} {page_of(path, language):32} {done:10} {messages:5} {old:5}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("update")
    commands.add_parser("build").add_argument("language")
    commands.add_parser("progress")
    asked = parser.parse_args()
    if asked.command == "build":
        build(asked.language)
    else:
        {"update": update, "progress": show_progress}[asked.command]()


if __name__ == "__main__":
    main()
