"""Make the student edition: the book, the exercises and what their checks need, and nothing that gives an answer away.

    python tools/student_edition.py build/student      # or: make student-edition

The operators of the library are the reference answers, so the edition has none of them. Its checks know the cases that
everybody sees, and for these what the reference and each known mistake give; they say what the full checks say.
"""

import argparse
import ast
import importlib
import inspect
import json
import pkgutil
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import resampling.checks
from resampling.checks.recorded import SEED, Store, key_of
from resampling.checks.refusals import Refusal, as_result
from resampling.checks.task import Property, Task

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "lib"
MARK = ".student-edition"
OPTIONS = ("forbidden", "time_limit", "devices", "section")
OPEN = {"resampling.data", "resampling.metrics"}  # operators that are nobody's task and may be given away
ASK_THE_ANSWER = {"_asked_for"}  # of a test: it looks the expected answer up in a table that hidden cases use too
INIT = """\"\"\"What the exercises use: checks, and pictures to try things on.\"\"\"

from resampling.data import *
"""
HEAD = '''"""The checks of this chapter: their cases and answers are recorded in the files beside."""

from __future__ import annotations

{imports}
_tasks, _names = recorded(__file__)
{names}
'''
PYPROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "resampling"
version = "{version}"
description = "The exercises of the course, and their checks"
requires-python = "{python}"
dependencies = {dependencies}

[tool.setuptools.packages.find]
where = ["lib"]

[tool.setuptools.package-data]
resampling = ["figures/*.mplstyle", "checks/*.json", "checks/*.npz"]
"""
README = """# Down and up: student edition

```sh
python3 -m venv .venv
.venv/bin/pip install --editable .
.venv/bin/jupyter lab exercises
```

On Windows, write `py` for `python3` and `.venv\\Scripts\\` for `.venv/bin/`. The book is `book/index.html`. Open an
assignment, write where it says `YOUR CODE HERE`, and run the check below; hand in the notebook under its own name.
Tasks that use torch need `.venv/bin/pip install torch`.

The checks try the cases that everybody sees. Grading tries others too.
"""


def chapters() -> Iterator[ModuleType]:
    """The modules of checks that hold tasks."""
    for found in pkgutil.iter_modules(resampling.checks.__path__, "resampling.checks."):
        module = importlib.import_module(found.name)
        if hasattr(module, "TASKS"):
            yield module


# --------------------------------------------------------------------------- source, less what is not needed


@dataclass
class Source:
    """The text of a module, taken apart."""

    module: ModuleType
    text: str = ""
    nodes: dict[str, ast.stmt] = field(default_factory=dict)  # what gives a name its meaning
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> module, name there ("" if it is one)

    def __post_init__(self) -> None:
        self.text = inspect.getsource(self.module)
        for node in ast.parse(self.text).body:
            match node:
                case ast.FunctionDef() | ast.ClassDef():
                    self.nodes[node.name] = node
                case ast.Assign(targets=targets):
                    self.nodes |= {n.id: node for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
                case ast.ImportFrom(module=module, names=names):
                    self.imports |= {a.asname or a.name: (module, a.name) for a in names}
                case ast.Import(names=names):
                    self.imports |= {a.asname or a.name: (a.name, "") for a in names}

    def reached(self, names: set[str], stop: Callable[[str], bool] = lambda _: False) -> set[str]:
        """Names of the module that the code of `names` uses, themselves included; not what `stop` uses."""
        waiting, seen = list(names), set()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.nodes.keys() | self.imports.keys():
                continue
            seen.add(name)
            if name in self.nodes and not stop(name):
                waiting += [n.id for n in ast.walk(self.nodes[name]) if isinstance(n, ast.Name)]
        return seen

    def of(self, names: set[str]) -> str:
        """The text of definitions, in their order."""
        nodes = {id(node): node for name, node in self.nodes.items() if name in names}
        return "\n\n".join(_with_decorators(self.text, node) for node in nodes.values())

    def import_lines(self, names: set[str]) -> str:
        """Imports of these names."""
        lines = []
        for name in sorted(names & self.imports.keys()):
            module, original = self.imports[name]
            if module == "resampling":  # which offers the operators of all its modules
                module = getattr(self.module, name).__module__
            meant = original or module
            alias = "" if meant == name else f" as {name}"
            lines.append(f"from {module} import {meant}{alias}" if original else f"import {meant}{alias}")
        return "\n".join(lines)


def _with_decorators(text: str, node: ast.stmt) -> str:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def shaken(name: str, wanted: set[str]) -> str:
    """A module with the `wanted` names and what they use."""
    source = Source(importlib.import_module(name))
    names = source.reached(wanted)
    return f"{source.import_lines(names)}\n\n\n{source.of(names)}\n"


# --------------------------------------------------------------------------- what is recorded


@dataclass
class Chapter:
    """A module of checks on its way into the edition."""

    module: ModuleType
    store: Store = field(default_factory=Store)

    def __post_init__(self) -> None:
        self.tasks: tuple[Task, ...] = self.module.TASKS
        self.source = Source(self.module)
        own = {t.reference.__name__ for t in self.tasks if t.reference.__module__ == self.module.__name__}
        self.answers = {
            n for n in self.source.reached(own) if inspect.isroutine(self._get(n))
        } & self.source.nodes.keys()
        tests = [test for t in self.tasks for p in t.properties for test in _inside(p.test)]
        roots = {name for t in tests if t.__module__ == self.module.__name__ for name in _roots(t)}
        self.used = self.source.reached(
            roots, lambda name: self._is_replayed(name) or not inspect.isroutine(self._get(name))
        )
        self.replayed = sorted(filter(self._is_replayed, self.used))
        self.listening = False

    def _get(self, name: str) -> Any:
        return getattr(self.module, name)

    def _is_replayed(self, name: str) -> bool:
        module = self.source.imports.get(name, ("", ""))[0]
        operator = module.partition(".")[0] == "resampling" and not module.startswith("resampling.checks")
        given_away = getattr(self._get(name), "__module__", "") in OPEN
        return name in self.answers | ASK_THE_ANSWER or (operator and not given_away)

    def write(self, folder: Path) -> None:
        """The module of the edition, and its data."""
        own = {n: self._get(n) for n in sorted(self.used & self.source.nodes.keys()) if n not in self.replayed}
        constants = {n: v for n, v in own.items() if not callable(v)}
        with self._traced() as calls:
            tasks = [self._task(one) for one in self.tasks]
        data = {
            "tasks": tasks,
            "functions": calls,
            "constants": {name: self.store.encoded(value) for name, value in constants.items()},
        }
        stem = self.module.__name__.rpartition(".")[2]
        self.store.save(folder / stem, data)
        functions = {n for n, v in own.items() if inspect.isroutine(v)}
        (folder / f"{stem}.py").write_text(self._text([*self.replayed, *constants], functions), "utf-8")

    def _text(self, names: list[str], functions: set[str]) -> str:
        fixed = ["from resampling.checks import make_check", "from resampling.checks.recorded import recorded, task"]
        tests = "from resampling.checks.refusals import Refusal, item, wrong_dtype, wrong_shape, wrong_values"
        own = {
            n
            for n in self.used - {*names}
            if not self.source.imports.get(n, ("resampling.checks",))[0].startswith("resampling.checks")
        }
        imports = "\n".join([self.source.import_lines(own), *fixed, tests, ""])
        head = HEAD.format(imports=imports, names="\n".join(f'{name} = _names["{name}"]' for name in names))
        tasks = "\n".join(f"    task(_tasks[{n}], {{{_tests_text(t)}}})," for n, t in enumerate(self.tasks))
        checks = "\n".join(f"check_{t.name} = make_check(TASKS[{n}])" for n, t in enumerate(self.tasks))
        return f"{head}\n\n{self.source.of(functions)}\n\n\nTASKS = (\n{tasks}\n)\n{checks}\n"

    def _task(self, one: Task) -> dict[str, Any]:
        cases = {key_of(sorted(a.items())): a for p in one.properties for a in _seen(p)}
        place = {key: n for n, key in enumerate(cases)}
        expected = [one.reference(**deepcopy(dict(case))) for case in cases.values()]
        pairs = [*zip(cases.values(), expected, strict=True)]
        outcomes = {m.name: [_outcome(m.wrong, *pair) for pair in pairs] for m in one.mistakes}
        outcomes[one.name] = [{"value": value} for value in expected]
        for prop in one.properties:
            self._try(one, prop, outcomes, place)
        return {
            "name": one.name,
            "summary": one.summary,
            "options": {name: getattr(one, name) for name in OPTIONS},
            "cases": [[[name, self.store.encoded(v)] for name, v in a.items()] for a in cases.values()],
            "outcomes": {name: [self._encoded(o) for o in found] for name, found in outcomes.items()},
            "properties": [
                [p.name, p.points, [place[key_of(sorted(a.items()))] for a in _seen(p)], p.hint] for p in one.properties
            ],
            "mistakes": [[m.name, m.feedback, m.section] for m in one.mistakes],
        }

    def _try(self, one: Task, prop: Property, outcomes: dict[str, list[Any]], place: dict[Any, int]) -> None:
        """Let the test ask what it asks, while that is written down."""
        for arguments in _seen(prop):
            number = place[key_of(sorted(arguments.items()))]
            expected = outcomes[one.name][number]["value"]
            self.listening = True
            for found in outcomes.values():
                if "value" in found[number]:
                    prop.test(expected, found[number]["value"])
            self.listening = False

    def _encoded(self, outcome: dict[str, Any]) -> dict[str, Any]:
        return {"value": self.store.encoded(outcome["value"])} if "value" in outcome else outcome

    @contextmanager
    def _traced(self) -> Iterator[dict[str, list[Any]]]:
        """Meanwhile, each replayed function writes down what it is asked and what it says."""
        calls: dict[str, list[Any]] = {name: [] for name in self.replayed}
        before = {name: self._get(name) for name in self.replayed}
        for value in vars(self.module).values():
            getattr(value, "cache_clear", lambda: None)()
        for name, function in before.items():
            setattr(self.module, name, self._writing_down(function, calls[name]))
        try:
            yield calls
        finally:
            for name, function in before.items():
                setattr(self.module, name, function)

    def _writing_down(self, function: Callable[..., Any], calls: list[Any]) -> Callable[..., Any]:
        def traced(*arguments: Any, **named: Any) -> Any:
            value = function(*arguments, **named)
            given = self.store.encoded(arguments), [[n, self.store.encoded(v)] for n, v in named.items()]
            entry = [*given, {"value": self.store.encoded(value)}]
            calls.extend([entry] * (self.listening and entry not in calls))
            return value

        return traced


def _inside(test: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A test, and the tests that it was made from."""
    yield test
    for value in inspect.getclosurevars(test).nonlocals.values():
        if callable(value):
            yield from _inside(value)


def _seen(prop: Property) -> list[Any]:
    return list(prop.cases(np.random.default_rng(SEED)))


def _outcome(function: Callable[..., Any], arguments: Any, expected: Any) -> dict[str, Any]:
    """What a call gives, in the form that checks compare, or raises, or why it has no such form."""
    try:
        return {"value": as_result(function(**deepcopy(dict(arguments))), expected)}
    except Refusal as refusal:
        return {"refused": [refusal.kind, str(refusal)]}
    except Exception as error:
        return {"raised": [type(error).__name__, str(error)]}


def _tests_text(one: Task) -> str:
    return ", ".join(f"{p.name!r}: {_test_text(p.test)}" for p in one.properties)


def _test_text(test: Any) -> str:
    """How a test was made: ``item(0, wrong_values)``."""
    if not callable(test):
        return repr(test)
    if test.__name__ == "<lambda>":
        return f"({_written(test)})"
    outer, _, inner = test.__qualname__.partition(".<locals>.")
    given = inspect.getclosurevars(test).nonlocals
    return f"{outer}({', '.join(f'{n}={_test_text(v)}' for n, v in given.items())})" if inner else outer


def _roots(test: Callable[..., Any]) -> set[str]:
    """The names of its module that a test begins with."""
    outer = test.__qualname__.partition(".")[0]
    return {*test.__code__.co_names} if outer == "<lambda>" else {outer}


def _written(test: Callable[..., Any]) -> str:
    """The text of a lambda, which must be the only one of its line."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(test)))
    line = test.__code__.co_firstlineno
    (found,) = (node for node in ast.walk(tree) if isinstance(node, ast.Lambda) and node.lineno == line)
    return ast.unparse(found)


# --------------------------------------------------------------------------- the edition


def write_library(lib: Path) -> None:
    """The package `resampling` of the edition."""
    package = lib / "resampling"
    names = {module.__name__ for module in chapters()}
    generic = [m.name for m in pkgutil.iter_modules(resampling.checks.__path__, "resampling.checks.")]
    waiting = ["resampling.checks", *OPEN, *(name for name in generic if name not in names)]
    partial: dict[str, set[str]] = {}
    done = set()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        waiting += _copy(lib, name, partial)
    for name, wanted in partial.items():
        _file(lib, name).write_text(shaken(name, wanted), "utf-8")
    for style in (LIB / "resampling" / "figures").glob("*.mplstyle"):
        shutil.copy(style, package / "figures")
    (package / "__init__.py").write_text(INIT, "utf-8")
    for module in chapters():
        Chapter(module).write(package / "checks")


def _copy(lib: Path, name: str, partial: dict[str, set[str]]) -> list[str]:
    """Copy a module; which modules go with it as a whole, and in `partial` the names of others."""
    module = importlib.import_module(name)
    path = _file(lib, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(module.__file__, path)
    whole = []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("resampling"):
            if node.module in OPEN or node.module.startswith(("resampling.checks", "resampling.figures")):
                whole.append(node.module)
            else:
                partial.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return whole


def _file(lib: Path, name: str) -> Path:
    path = lib.joinpath(*name.split("."))
    is_package = hasattr(importlib.import_module(name), "__path__")
    return path / "__init__.py" if is_package else path.with_suffix(".py")


def write_edition(folder: Path, site: Path | None) -> None:
    """All of it, into a folder that holds nothing else; `site` is the built book."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SystemExit(f"{folder} holds something else: name a new folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    shutil.copytree(ROOT / "exercises", folder / "exercises", ignore=lambda _, names: [n for n in names if n[0] == "."])
    for name in ("LICENSE", "LICENSE-TEXT", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    if site is not None:
        shutil.copytree(site, folder / "book")
    write_library(folder / "lib")
    (folder / "README.md").write_text(README, "utf-8")
    (folder / "pyproject.toml").write_text(_pyproject(), "utf-8")


def _pyproject() -> str:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    jupyter = [line for line in extras["exercises"] if not line.startswith("jupytext")]
    needs = [line for line in project["dependencies"] if not line.startswith(("anywidget", "ipywidgets"))]
    dependencies = json.dumps([*needs, *jupyter, *extras["data"]], indent=4)
    return PYPROJECT.format(version=project["version"], python=project["requires-python"], dependencies=dependencies)


def main() -> int:
    """Write the edition, and say where."""
    parser = argparse.ArgumentParser(description="Make the student edition.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "student")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html", help="the built book")
    options = parser.parse_args()
    site = options.site if (options.site / "index.html").is_file() else None
    write_edition(options.folder.resolve(), site)
    print(
        f"made {options.folder}" + ("" if site else f", without the book: there is none in {options.site} (make book)")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
