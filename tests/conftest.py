"""What all tests share: the array namespaces, the device, and every task and stem of the course.

A test that takes an argument `task`, `mistake` or `stem` runs for each one there is, so new chapters need no new tests.
"""

import importlib
import importlib.util
import pkgutil
from pathlib import Path

import numpy as np
import pytest
import torch

import resampling.checks

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("numpy", "torch", "array_api_strict")


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


@pytest.fixture(scope="session", params=["cpu", "cuda"])
def device(request):
    """Where torch tensors live."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return request.param


@pytest.fixture(params=LIBRARIES)
def xp(request):
    """Each array library in turn."""
    return importlib.import_module(request.param)


@pytest.fixture
def array(xp, device):
    """Makes an array of the library `xp`, a torch tensor on `device`."""

    def make(values):
        return torch.as_tensor(np.asarray(values), device=device) if xp is torch else xp.asarray(np.asarray(values))

    return make


@pytest.fixture(scope="session")
def to_numpy():
    """Turns an array of any library into NumPy's."""
    return lambda x: x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)


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
