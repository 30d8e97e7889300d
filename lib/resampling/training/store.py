"""Results that are computed once: JSON files under a hash of everything that decides them."""

import ast
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

Result = dict[str, Any]


def default_folder() -> Path:
    """``build/experiments`` beside the book's ``_toc.yml``, at or above the working directory; else right here."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "_toc.yml").exists()), here)
    return root / "build" / "experiments"


def kept(settings: Mapping[str, Any], module: str, make: Callable[[], Result], folder: Path | None = None) -> Result:
    """``make()``, or what it returned before under the same settings, source of `module`, and versions of packages.

    The file is complete or not there: whoever is interrupted goes on with the next result that is missing, and two who
    work at once do no harm. A file that is damaged or belongs to something else is made anew.
    """
    key = fingerprint(settings, module)
    path = (default_folder() if folder is None else folder) / f"{settings['experiment']}-{key[:16]}.json"
    found = _read(path, key)
    if found is None:
        text = json.dumps(make())
        _write(path, json.dumps({"key": key, "sum": _hash(text), "settings": dict(settings), "result": text}))
        found = json.loads(text)
    return found


PACKAGES = ("torch", "numpy", "scikit-image", "scikit-learn")  # the last two bring the pictures


def fingerprint(settings: Mapping[str, Any], module: str) -> str:
    """A hash of the settings, of the source of `module` and of all it imports of this library, and of the packages."""
    return _hash(json.dumps(settings, sort_keys=True), *map(version, PACKAGES), _text(module))


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


@cache
def _text(module: str) -> str:
    return "\0".join(Path(m.__file__).read_text("utf-8") for m in sources(module))


def sources(module: str) -> list[ModuleType]:
    """The module of that name and those of this library that it imports, directly or through others, in order."""
    waiting, found = [module], {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = import_module(name)
            waiting += _imported(found[name])
    return [found[name] for name in sorted(found)]


def _imported(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("resampling."):
            yield node.module


def _read(path: Path, key: str) -> Result | None:
    """What the file holds, if it is whole and made for this key."""
    try:
        found = json.loads(path.read_text("utf-8"))
        whole = found["key"] == key and found["sum"] == _hash(found["result"])
        return json.loads(found["result"]) if whole else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{uuid4().hex}.part")
    try:
        part.write_text(text, "utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
