"""Every public docstring is complete: a first sentence, every argument, what comes back, what is refused, an example.

A function may say "As `name`": then its docstring and that of `name` together must be complete.
"""

import inspect
import re

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import resampling
import resampling.encoder_decoders

NAMES = [*resampling.__all__, *resampling.encoder_decoders.__all__]


def sections(name):
    """The parsed docstrings of `name` and of the functions that it refers to by "As `other`"."""
    item = getattr(resampling, name)
    doc = (ClassDoc if inspect.isclass(item) else FunctionDoc)(item)
    others = re.findall(r"\bAs `(\w+)`", inspect.getdoc(item) or "")
    return [doc, *(found for other in others if other != name for found in sections(other))]


def arguments(name):
    parameters = inspect.signature(getattr(resampling, name)).parameters.values()
    return [p.name for p in parameters]


def documented(docs):
    """Names of all documented arguments; one entry may hold several, ``stride, dilation : int``."""
    entries = [entry for doc in docs for section in ("Parameters", "Attributes") for entry in doc.get(section, [])]
    return {name.strip().lstrip("*") for entry in entries for name in entry.name.split(",")}


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_one_sentence(name):
    first = inspect.getdoc(getattr(resampling, name)).split("\n\n")[0]
    assert first.rstrip().endswith((".", "::", ":", "?"))


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_documented(name):
    missing = [argument for argument in arguments(name) if argument not in documented(sections(name))]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_no_other_argument_is_documented(name):
    item = getattr(resampling, name)
    known = set(arguments(name)) | (set(dir(item)) | set(getattr(item, "__annotations__", {})))
    assert documented(sections(name)[:1]) <= known


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_comes_back_and_shows_it(name):
    docs = sections(name)
    assert inspect.isclass(getattr(resampling, name)) or any(doc["Returns"] or doc["Yields"] for doc in docs)
    assert docs[0]["Examples"]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_is_refused(name):
    item = getattr(resampling, name)
    assert inspect.isclass(item) or any(doc["Raises"] for doc in sections(name))
