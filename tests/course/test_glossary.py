"""Each term of the glossary has one sentence, a page, and a name in every language."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
ENTRIES = re.split(r"\n\n(?=\S)", re.search(r":::\{glossary\}\n(.*)\n:::", (BOOK / "glossary.md").read_text(), re.S)[1])
LANGUAGES = {"zh": "一-鿿", "ko": "가-힣", "ru": "а-яё", "vi": "a-zà-ỹ"}
LABELS = {label for page in BOOK.glob("*.md") for label in re.findall(r"^\(([\w-]+)\)=", page.read_text(), re.M)}


def test_terms_are_sorted_and_different():
    terms = [entry.split("\n")[0].casefold() for entry in ENTRIES]
    assert terms == sorted(set(terms))
    assert len(terms) > 60


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.split("\n")[0])
def test_an_entry_is_whole(entry):
    _term, definition, *_ = entry.split("\n")
    pages = re.findall(r"\]\(([\w.-]+)\)", definition)
    assert pages
    assert set(pages) <= LABELS | {page.name for page in BOOK.glob("*.md")}
    names = dict(re.findall(r"\[([^\]]+)\]\{\.language-(\w+)\}", entry))
    by_language = {language: name for name, language in names.items()}
    assert set(by_language) == set(LANGUAGES)
    for language, letters in LANGUAGES.items():
        assert re.search(f"[{letters}]", by_language[language].lower()), by_language
