"""One course for all tests of the grader: released once, and the sample class graded once."""

import contextlib
import importlib.util
import io
import json
import shutil
from pathlib import Path

import pytest

from grading import cli
from grading.course import Course, configure
from grading.sandbox import Limits, NoSandbox, Sandbox

ROOT = Path(__file__).resolve().parents[2]
QUICK = Limits(cell_seconds=3)


def run_cli(*arguments):
    """(exit code, what was printed, what was complained)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(a) for a in arguments])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session")
def grade():
    return run_cli


@pytest.fixture(scope="session")
def sample_class():
    spec = importlib.util.spec_from_file_location("sample_class", ROOT / "tools" / "sample_class.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["sample_class"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def needs_sandbox():
    try:
        Sandbox(QUICK).close()
    except NoSandbox as error:
        pytest.skip(f"no sandbox on this machine: {error}")


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A released course that no test hands anything in to."""
    folder = tmp_path_factory.mktemp("course")
    assert run_cli("release", "07_convolution_matrix", "--course", folder, "--project", ROOT)[0] == 0
    return Course(folder)


@pytest.fixture(scope="session")
def graded(tmp_path_factory, sample_class, needs_sandbox):
    """The sample class, graded, with feedback."""
    folder = tmp_path_factory.mktemp("graded")
    run_cli("release", "--course", folder, "--project", ROOT)
    sample_class.hand_in(folder)
    code, out, err = run_cli("run", "--course", folder, "--cell-seconds", 3, "--json")
    assert code == 0, err
    assert run_cli("feedback", "--course", folder)[0] == 0
    course = Course(folder)
    object.__setattr__(course, "summary", {row["student"]: row for row in json.loads(out)})
    return course


@pytest.fixture(scope="session")
def exercise(course, sample_class):
    paths = [
        course.root / kind / sample_class.ASSIGNMENT / f"{sample_class.ASSIGNMENT}.ipynb"
        for kind in ("release", "source")
    ]
    return sample_class.Exercise(*(json.loads(p.read_text("utf-8")) for p in paths))


@pytest.fixture
def place(course, tmp_path):
    """A released course to write into."""
    folder = tmp_path / "course"
    shutil.copytree(course.root, folder)
    configure(Course(folder), {"CourseDirectory.root": str(folder)})
    return Course(folder)
