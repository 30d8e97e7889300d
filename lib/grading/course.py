"""The course folder: what nbgrader sees, and beside it the secret and the verdicts."""

import fcntl
import hashlib
import importlib
import importlib.util
import json
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from grading.stage import is_id

if TYPE_CHECKING:
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import Config

    from resampling.checks.task import Task

CONFIG = '''"""nbgrader's settings for this course. `grade release` sets its own lines anew and leaves others alone."""

c = get_config()
'''
COURSE_ID = "resampling"
SETTINGS = {
    "CourseDirectory.course_id": COURSE_ID,
    # The verdict is the judge's: nbgrader's own autograding takes it from there, and runs no student code itself.
    "Autograde.pre_convert_hook": "grading.nbgrader_steps.note_arrival",
    "Autograde.sanitize_preprocessors": ["grading.nbgrader_steps.RebuildFromVerdict"],
    "Autograde.autograde_preprocessors": ["grading.nbgrader_steps.SaveVerdict"],
    "GenerateFeedback.post_convert_hook": "grading.feedback.close_pages",
}


class CourseError(Exception):
    """What is wrong with a course folder, and what to do."""


@dataclass(frozen=True)
class Course:
    """A course folder at `root`."""

    root: Path

    @cached_property
    def api(self) -> "NbGraderAPI":
        """nbgrader, set up for this course."""
        from nbgrader.apps.api import NbGraderAPI

        use_own_programs()
        api = NbGraderAPI(config=self.config)
        api.log.setLevel("ERROR")
        return api

    @property
    def config(self) -> "Config":
        """What nbgrader_config.py says; nothing if there is none."""
        from traitlets.config import Config
        from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

        try:
            return Config(PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config())
        except ConfigFileNotFound:
            return Config()
        except Exception as error:  # it is a program, and may fail in any way
            raise CourseError(
                f"{self.root}/nbgrader_config.py does not run: {type(error).__name__}: {error}"
            ) from error

    @property
    def db_url(self) -> str:
        """Where nbgrader's gradebook is: a file in the course folder, unless nbgrader_config.py names another."""
        return self.config.CourseDirectory.get("db_url") or f"sqlite:///{self.root / 'gradebook.db'}"

    @property
    def secret(self) -> bytes:
        """What the hidden cases are drawn from."""
        try:
            return (self.root / "secret").read_bytes()
        except OSError:
            raise CourseError(
                f"{self.root} is not a course folder: run `grade release --course {self.root}`."
            ) from None

    def assignments(self) -> list[str]:
        """Names of the released assignments."""
        return sorted(p.parent.name for p in self.root.glob("release/*/*.ipynb") if p.stem == p.parent.name)

    def release_text(self, assignment: str) -> bytes:
        """The notebook that students got."""
        path = self.root / "release" / assignment / f"{assignment}.ipynb"
        if not is_id(assignment) or not path.is_file():
            known = ", ".join(self.assignments()) or "none"
            raise CourseError(
                f"No assignment {assignment!r} is released here (released: {known}): run `grade release`."
            )
        return path.read_bytes()

    def submissions(self, assignment: str) -> tuple[list[str], list[str]]:
        """Students who handed in something, and folder names that cannot be a student's."""
        names = sorted(os.listdir(self.root / "submitted")) if (self.root / "submitted").is_dir() else []
        handed_in = [n for n in names if os.path.lexists(self.root / "submitted" / n / assignment)]
        return [n for n in handed_in if self._is_student(n)], [n for n in handed_in if not self._is_student(n)]

    def _is_student(self, name: str) -> bool:
        return is_id(name) and not (self.root / "submitted" / name).is_symlink()


def lay(course: Course) -> None:
    """Make the folders, the settings and the secret that are not there yet."""
    for name in ("source", "release", "submitted", "autograded", "feedback", "verdicts", "received"):
        (course.root / name).mkdir(parents=True, exist_ok=True)
    own = {} if course.config.AssignLatePenalties else {"AssignLatePenalties.plugin_class": "grading.late.LatePolicy"}
    configure(course, SETTINGS | own | {"CourseDirectory.root": str(course.root)})
    try:
        descriptor = os.open(course.root / "secret", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))


def configure(course: Course, settings: dict[str, Any], private: bool = False) -> None:
    """Set single lines of nbgrader_config.py, for the owner's eyes only if `private`; an instructor's others stay."""
    path = course.root / "nbgrader_config.py"
    mode = 0o600 if private else path.stat().st_mode & 0o777 if path.is_file() else 0o644
    text = path.read_text("utf-8") if path.is_file() else CONFIG
    for name, value in settings.items():
        line = f"c.{name} = {value!r}"
        text, found = re.subn(rf"^c\.{re.escape(name)}\s*=.*$", lambda _, line=line: line, text, flags=re.MULTILINE)
        text = text if found else f"{text.rstrip()}\n{line}\n"
    try:
        compile(text, str(path), "exec")
    except SyntaxError as error:
        raise CourseError(f"{path}: write each of {', '.join(settings)} on one line ({error}).") from None
    write(path, text, mode)


def release(course: Course, solution: Path) -> None:
    """Lay one assignment: our notebook into source/, nbgrader's own release of it into release/ and the gradebook."""
    tools = make_exercises(solution.parent.parent)
    name = solution.stem
    write(course.root / "source" / name / f"{name}.ipynb", json.dumps(tools.source(solution), indent=1))
    result = course.api.generate_assignment(name, force=True, create=True)
    if not result["success"]:
        raise CourseError(f"nbgrader could not release {name}:\n{result.get('error') or result.get('log')}")
    given, made = json.loads(tools.release(solution)), json.loads(course.release_text(name))
    if _essence(given) != _essence(made):
        raise CourseError(f"nbgrader's release of {name} is not the notebook in exercises/: run `make exercises`.")


def tasks_of(assignment: str) -> "tuple[Task, ...]":
    """The tasks of an assignment, ``07_convolution_matrix``."""
    return importlib.import_module(f"resampling.checks.{assignment.partition('_')[2]}").TASKS


def project_root(start: Path) -> Path:
    """The checkout around `start`."""
    for folder in (start, *start.parents):
        if (folder / "solutions").is_dir() and (folder / "tools" / "make_exercises.py").is_file():
            return folder
    raise CourseError(
        f"No solutions/ at or above {start}: run this in the course's checkout, or give --project FOLDER."
    )


def make_exercises(project: Path) -> ModuleType:
    """The generator of the exercises."""
    spec = importlib.util.spec_from_file_location("make_exercises", project / "tools" / "make_exercises.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def alone(course: Course) -> Iterator[None]:
    """Nobody else runs in this course meanwhile; the system opens the lock when a process ends, however it ends."""
    with open(course.root / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"another `grade run` is at work in {course.root}: wait until it has ended.") from None
        yield


def write(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def use_own_programs() -> None:
    """nbgrader calls `alembic` by name: let it find the one beside this Python."""
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])


def checker_version() -> str:
    """A hash of all code that a verdict depends on."""
    digest = hashlib.sha256()
    for package in ("resampling", "grading"):
        for folder in importlib.util.find_spec(package).submodule_search_locations:
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _essence(notebook: dict[str, Any]) -> list[Any]:
    """What makes a notebook's cells, without ids."""
    keys = ("grade", "grade_id", "locked", "points", "solution", "task", "checksum")
    return [
        (c["cell_type"], "".join(c["source"]), {k: c["metadata"].get("nbgrader", {}).get(k) for k in keys})
        for c in notebook["cells"]
    ]
