"""The shape of the code in `lib/`: who imports whom, what runs everywhere, how long functions are."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import resampling

LIB = Path(resampling.__file__).parents[1]
FILES = sorted((LIB / "resampling").rglob("*.py"))
TREES = {
    path.relative_to(LIB).with_suffix("").as_posix().replace("/", "."): ast.parse(path.read_text("utf-8"))
    for path in FILES
}
OPERATORS = [name for name in TREES if name.count(".") == 1 and not name.endswith("__init__")]
UNIX = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "crypt", "spwd", "syslog", "signal"}
UNIX_CALLS = {"fork", "forkpty", "setsid", "getuid", "geteuid", "killpg", "setrlimit", "mkfifo", "alarm", "setitimer"}
MAY_IMPORT = {
    "resampling": ("operators",),
    "figures": ("operators", "figures"),
    "checks": ("operators", "figures", "checks"),
    "explorables": ("operators", "figures", "explorables"),
}


def imported(tree):
    """Every module that a tree imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def layer(module):
    """``checks`` for resampling.checks.task, ``operators`` for resampling.convolution."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else "operators"


def functions():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield f"{name}.{node.name}", node


def body_length(function):
    """Lines of the body, without the docstring."""
    body = function.body[bool(ast.get_docstring(function)) :]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("name", TREES)
def test_a_module_imports_only_what_its_layer_may(name):
    own = MAY_IMPORT.get(layer(name), MAY_IMPORT["resampling"])
    ours = [module for module in imported(TREES[name]) if module.split(".")[0] in ("resampling", "grading")]
    assert [m for m in ours if m.startswith("grading") or (layer(m) not in own and m != "resampling")] == []


def test_operators_import_each_other_without_circles():
    waiting = {name: {m for m in imported(TREES[name]) if m in OPERATORS} for name in OPERATORS}
    while waiting:
        ready = {name for name, needs in waiting.items() if not needs & waiting.keys()}
        assert ready, f"a circle among {sorted(waiting)}"
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_do_not_import_torch(name):
    if name != "resampling.encoder_decoders":
        assert "torch" not in {module.split(".")[0] for module in imported(TREES[name])}


@pytest.mark.parametrize("name", TREES)
def test_nothing_needs_unix(name):
    calls = {node.attr for node in ast.walk(TREES[name]) if isinstance(node, ast.Attribute)}
    assert UNIX.isdisjoint(module.split(".")[0] for module in imported(TREES[name]))
    assert UNIX_CALLS.isdisjoint(calls)


def test_importing_the_checks_does_not_import_torch():
    source = "import sys, resampling.checks.convolution_matrix; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source]).returncode == 0


def test_functions_are_short():
    assert median(body_length(function) for _, function in functions()) <= 10


def test_no_function_is_long():
    assert [name for name, function in functions() if body_length(function) > 30] == []


def test_everything_is_annotated_with_what_it_returns():
    assert [name for name, function in functions() if function.returns is None] == []


def public():
    """Every operator that `resampling` offers."""
    return [getattr(resampling, name) for name in resampling.__all__]


@pytest.mark.parametrize("function", public(), ids=lambda f: f.__name__)
def test_a_public_function_has_an_example(function):
    assert ">>> " in inspect.getdoc(function)


def test_every_operator_module_says_what_is_public():
    for name in OPERATORS:
        module = importlib.import_module(name)
        offered = resampling.NETWORKS if name == "resampling.encoder_decoders" else resampling.__all__
        assert set(module.__all__) <= set(offered)
        assert all(getattr(resampling, public) is getattr(module, public) for public in module.__all__)


def test_no_name_is_offered_twice_or_missing():
    offered = [*resampling.__all__, *resampling.NETWORKS]
    assert sorted(offered) == sorted({name for m in OPERATORS for name in importlib.import_module(m).__all__})


def test_the_page_of_the_library_shows_every_module(root):
    page = (root / "book" / "api.md").read_text("utf-8")
    public = [name for name in OPERATORS if importlib.import_module(name).__all__]
    assert [name for name in public if f"{{library}} {name.partition('.')[2]}\n" not in page] == []


def test_every_module_says_what_it_is_for():
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_every_module_can_be_imported():
    for module in pkgutil.walk_packages(resampling.__path__, "resampling."):
        importlib.import_module(module.name)
