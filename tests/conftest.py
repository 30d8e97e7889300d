"""What all tests share: the array namespaces, the device, and every task and stem of the course.

A test that takes an argument `task`, `mistake` or `stem` runs for each one there is, so new chapters need no new tests.
"""

import importlib
import importlib.util
import os
import pkgutil
import shutil
from collections import Counter
from pathlib import Path

import array_api_compat
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

import resampling.checks

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = {"float64": 1e-11, "float32": 2e-5, "complex128": 1e-11, "float16": 2e-2}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PLACES = ("numpy", "array_api_strict", "torch on cpu", "torch on cuda")


def pytest_generate_tests(metafunc):
    tasks = list(_tasks())
    mistakes = [(task, mistake) for task in tasks for mistake in task.mistakes]
    if "mistake" in metafunc.fixturenames:
        metafunc.parametrize(("task", "mistake"), mistakes, ids=[f"{task.name}: {m.name}" for task, m in mistakes])
    elif "task" in metafunc.fixturenames:
        metafunc.parametrize("task", tasks, ids=[task.name for task in tasks], scope="module")
    if "stem" in metafunc.fixturenames:
        metafunc.parametrize("stem", sorted(path.stem for path in (ROOT / "solutions").glob("*.py")), scope="module")


def _tasks():
    for module in pkgutil.iter_modules(resampling.checks.__path__, "resampling.checks."):
        yield from getattr(importlib.import_module(module.name), "TASKS", ())


@pytest.fixture(scope="session")
def root():
    """The folder that holds everything."""
    return ROOT


@pytest.fixture(scope="session")
def within_reach():
    """Arguments for bwrap: folders that everybody can get to, with nothing else of the folders that were closed."""

    def closed(place):
        return next((folder for folder in reversed(place.parents) if not folder.stat().st_mode & 0o001), None)

    def reach(*places):
        covered = {place: closed(place) for place in places if closed(place) or Path("/home") in place.parents}
        ways = [folder for place, top in covered.items() for folder in reversed(place.parents) if top in folder.parents]
        return [
            *(part for top in {*covered.values()} - {None} for part in ("--tmpfs", top)),
            *(part for folder in ways for part in ("--dir", folder)),
            *(part for place in covered for part in ("--bind", place, place)),
        ]

    return reach


@pytest.fixture(scope="session")
def chromium():
    """The browser's program: that which the variable `CHROMIUM` names, or the first that is installed."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium found; name one in the variable CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser(chromium):
    """A real Chromium, through Playwright."""
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    started = playwright.chromium.launch(executable_path=chromium, args=as_root)
    yield started
    started.close()
    playwright.stop()


@pytest.fixture(scope="session", params=["cpu", "cuda"])
def device(request):
    """Where torch tensors live."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return request.param


@pytest.fixture(params=PLACES)
def place(request):
    """Each array library with each device that it runs on: ``(library, device)``."""
    library, _, where = request.param.partition(" on ")
    if where == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return importlib.import_module(library), where or None


@pytest.fixture
def xp(place):
    """Each array library in turn."""
    return place[0]


@pytest.fixture
def array(place):
    """Makes an array of the library `xp`."""

    def make(values):
        library, where = place
        values = np.asarray(values)
        return torch.as_tensor(values, device=where) if library is torch else library.asarray(values)

    return make


@pytest.fixture(scope="session")
def to_numpy():
    """Turns an array of any library into NumPy's."""
    return lambda x: x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)


PROVED = Counter()


@pytest.fixture
def agrees(place, array, to_numpy):
    """Asserts that ``function(*args, **options)`` equals `expected` in each library, and counts the setting.

    NumPy arrays among `args` and `options` become the library's. The result, or each of a tuple of results, must be
    of that library, on that device, and of the shape and dtype of `expected`; and the arguments must stay as they were.
    `rtol` and `atol` follow the dtype unless given.
    """

    def check(function, expected, *args, rtol=None, atol=None, **options):
        given = [array(a) if isinstance(a, np.ndarray) else a for a in args]
        named = {name: array(a) if isinstance(a, np.ndarray) else a for name, a in options.items()}
        got = function(*given, **named)
        pairs = zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]
        for mine, theirs in pairs:
            theirs = to_numpy(theirs)
            assert array_namespace(mine) is array_namespace(array(0.0))
            assert array_api_compat.device(mine) == array_api_compat.device(array(0.0))
            assert (tuple(mine.shape), to_numpy(mine).dtype) == (theirs.shape, theirs.dtype)
            least = TOLERANCE.get(str(theirs.dtype), 0)
            np.testing.assert_allclose(to_numpy(mine), theirs, rtol=rtol or least, atol=atol or least, equal_nan=True)
        for before, after in [*zip(args, given, strict=True), *((options[n], named[n]) for n in options)]:
            if isinstance(before, np.ndarray):
                np.testing.assert_array_equal(to_numpy(after), before)
        PROVED[f"{function.__name__} in {place[0].__name__}{f' on {place[1]}' if place[1] else ''}"] += 1

    return check


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["proved"] = dict(PROVED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    PROVED.update(getattr(node, "workeroutput", {}).get("proved", {}))


def pytest_terminal_summary(terminalreporter):
    if PROVED:
        terminalreporter.section("settings in which an operator equalled its oracle")
        for name, count in sorted(PROVED.items()):
            terminalreporter.line(f"{count:7} {name}")
        terminalreporter.line(f"{PROVED.total():7} in all")


@pytest.fixture(scope="session")
def make_exercises():
    """The script that makes the learners' notebooks, as a module."""
    spec = importlib.util.spec_from_file_location("make_exercises", ROOT / "tools" / "make_exercises.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def checks_of():
    """The checks module of a stem such as ``07_convolution_matrix``."""
    return lambda stem: importlib.import_module(f"resampling.checks.{stem.partition('_')[2]}")
