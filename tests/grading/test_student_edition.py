"""Does the student edition work as the whole course does, and give nothing away?"""

import ast
import importlib
import importlib.util
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from resampling.checks.evaluation import evaluate
from resampling.checks.refusals import Refusal, raised
from resampling.checks.report import Report

ROOT = Path(__file__).resolve().parents[2]
LONG = 24  # characters of a line that says something


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("student_edition", ROOT / "tools" / "student_edition.py")
    sys.modules["student_edition"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edition(tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("edition")
    site = ROOT / "_build" / "html"
    tool.write_edition(folder, site if (site / "index.html").is_file() else None)
    return folder


@pytest.fixture(scope="module")
def texts(edition):
    """What can be read in the edition, file by file; the book too, where it is built."""
    kinds = {".py", ".md", ".ipynb", ".json", ".toml", ".html", ".js", ".txt", ".cff", ""}
    files = (path for path in edition.rglob("*") if path.is_file() and path.suffix in kinds)
    return {path.relative_to(edition).as_posix(): path.read_text("utf-8") for path in files}


def run_in(edition, program):
    """Run a program that finds the edition's package, and none of ours."""
    head = "import sys; sys.path[:] = [p for p in sys.path if p != sys.argv[2]]; sys.path.insert(0, sys.argv[1])\n"
    head += "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
    command = [sys.executable, "-P", "-c", head + textwrap.dedent(program), str(edition / "lib"), str(ROOT / "lib")]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=edition, env=os.environ | {"PYTHONPATH": ""}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --------------------------------------------------------------------------- nothing leaks


def answers():
    """Telling lines of solutions: between the marks, or in model answers, and nowhere else."""
    secret = re.compile(
        r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION\n|^# %%[^\n]*question=[^\n]*\n(.*?)(?=^# %%|\Z)", re.M | re.S
    )
    for path in sorted((ROOT / "solutions").glob("*.py")):
        text = path.read_text("utf-8")
        open_lines = {line.strip() for line in secret.sub("", text).splitlines()}
        for part in secret.findall(text):
            lines = {line.strip().removeprefix("# ") for line in "".join(part).splitlines()}
            yield from (line for line in lines - open_lines if len(line) > LONG)


def code_of(path, names=None):
    """Telling lines of code of the functions at the top of a file, or of those with `names`, written in one way."""
    tree = ast.parse(path.read_text("utf-8"))
    kept = [n for n in tree.body if isinstance(n, ast.FunctionDef) and (names is None or n.name in names)]
    lines = {line.strip() for node in kept for part in node.body for line in ast.unparse(part).splitlines()}
    return {line for line in lines if len(line) > LONG and not line.startswith(('"', "'", "def "))}


def test_no_reference_and_no_mistake_is_in_it(edition, tool):
    """Not one telling line of what an answer, right or wrong, is computed with."""
    lib = ROOT / "lib"
    copied = {p for p in (edition / "lib").rglob("*.py") if (lib / p.relative_to(edition / "lib")).exists()}
    copied = {p for p in copied if p.read_bytes() == (lib / p.relative_to(edition / "lib")).read_bytes()}
    shown = set().union(*map(code_of, copied))
    for name in ("grid_sizes", "pixel_centres"):  # what refuses wrong arguments is no answer
        shown |= code_of(
            lib / f"resampling/{name}.py", {"whole_number", "per_axis", "check_arrays", "floating_namespace"}
        )
    secret = set().union(*(code_of(p) for p in (lib / "resampling").glob("*.py") if p.stem not in ("data", "metrics")))
    for module in tool.chapters():
        chapter, path = tool.Chapter(module), Path(module.__file__)
        shown |= code_of(path, chapter.used - {*chapter.replayed})
        secret |= code_of(path)
    secret -= shown
    assert len(secret) > 2000, "or else this proves nothing"
    trees = (ast.parse(path.read_text("utf-8")) for path in (edition / "lib").rglob("*.py"))
    assert secret & {line.strip() for tree in trees for line in ast.unparse(tree).splitlines()} == set()


def test_what_of_a_test_is_in_it_computes_no_answer(tool):
    """Tests may be read. What they ask of an answer is recorded instead, and no function of a reference is shown."""
    for module in tool.chapters():
        chapter = tool.Chapter(module)
        shown = chapter.used - {*chapter.replayed}
        references = {task.reference.__name__ for task in module.TASKS} | {
            m.wrong.__name__ for t in module.TASKS for m in t.mistakes
        }
        assert shown & (chapter.answers | references) == set()


@pytest.mark.parametrize(
    "name", ["grading", "solutions", "tests", "tools", "secret", "gradebook.db", "nbgrader_config.py"]
)
def test_no_file_of_the_instructors_is_in_it(edition, name):
    assert list(edition.rglob(name)) == []


def test_its_modules_know_nothing_of_the_judge(texts):
    word = re.compile(r"\bhmac\b|secret_seed|\bfrom grading\b|\bimport grading\b|hidden_cases")
    assert [n for n, text in texts.items() if n.startswith(("lib/", "exercises/")) and word.search(text)] == []


def test_only_cases_that_everybody_sees_are_in_it(tool, edition, task):
    """The recorded arguments are those of the seed that checks use, and no more."""
    from resampling.checks.recorded import SEED, Store, key_of

    stem = next(m.__name__.rpartition(".")[2] for m in tool.chapters() if task in m.TASKS)
    store, data = Store.load(edition / "lib/resampling/checks" / stem)
    (one,) = (t for t in data["tasks"] if t["name"] == task.name)
    kept = {key_of(sorted((n, store.decoded(v)) for n, v in case)) for case in one["cases"]}
    cases = [dict(case) for p in task.properties for case in p.cases(np.random.default_rng(SEED))]
    assert kept == {key_of(sorted(case.items())) for case in cases}


# --------------------------------------------------------------------------- it works


def as_student(function):
    """Calls a function as a check does, on the same thread."""

    def invoke(arguments):
        try:
            return function(**arguments), arguments
        except Refusal:
            raise
        except Exception as error:
            raise raised(type(error).__name__, str(error), []) from None

    return invoke


VERDICTS = f"""
import importlib, json, pkgutil, sys
import resampling.checks
from resampling.checks.evaluation import evaluate
from resampling.checks.refusals import Refusal, raised
from resampling.checks.report import Report

{inspect.getsource(as_student)}

told = {{}}
for found in pkgutil.iter_modules(resampling.checks.__path__, "resampling.checks."):
    for task in getattr(importlib.import_module(found.name), "TASKS", ()):
        for name, function in [("", task.reference), *((m.name, m.wrong) for m in task.mistakes)]:
            told[f"{{task.name}}: {{name}}"] = str(Report(evaluate(task, as_student(function), 0)))
assert resampling.__file__.startswith(sys.argv[1]), resampling.__file__
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def verdicts(edition):
    """What the edition's checks say of each right and each known wrong answer."""
    return json.loads(run_in(edition, VERDICTS))


def test_its_checks_say_what_the_full_checks_say(verdicts, task):
    answers = [("", task.reference), *((m.name, m.wrong) for m in task.mistakes)]
    for name, function in answers:
        assert verdicts[f"{task.name}: {name}"] == str(Report(evaluate(task, as_student(function), 0)))


def test_every_solution_gets_full_marks_in_it(edition, stem):
    """The exercise's own cells run in it, with the solution's answers: nobody's `resampling` but the edition's."""
    told = run_in(
        edition,
        f"""
        import contextlib, io, pathlib
        from resampling.checks import report
        verdicts = []
        report.show = verdicts.append
        import resampling.checks as checks
        checks.show = verdicts.append
        text = pathlib.Path({str(ROOT / "solutions" / f"{stem}.py")!r}).read_text("utf-8")
        exec(compile(text, "solution", "exec"), {{"__name__": "__main__"}})
        assert verdicts
        for v in verdicts:
            print(v.task.name, v.score == v.task.points)
        """,
    )
    assert set(told.split()[1::2]) == {"True"}
    tasks = importlib.import_module(f"resampling.checks.{stem[3:]}").TASKS
    assert told.split()[::2] == [task.name for task in tasks]


def test_an_exercise_of_it_answers_in_jupyter(edition):
    """A real kernel, the stub, then a wrong answer: the mistake is named."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(edition / "exercises/07_convolution_matrix/07_convolution_matrix.ipynb", as_version=4)
    code = [
        next(c for c in book.cells if c.id == n) for n in ("setup-imports", "sampling-matrix", "sampling-matrix-check")
    ]
    book.cells = [nbformat.v4.new_code_cell(f"import sys; sys.path.insert(0, {str(edition / 'lib')!r})"), *code]
    wrong = "def sampling_matrix(length, stride, phase=0):\n    return np.eye(length)[::stride][: length // stride]"
    book.cells += [nbformat.v4.new_code_cell(wrong), nbformat.v4.new_code_cell(code[2].source)]
    book.cells.append(nbformat.v4.new_code_cell("import resampling; resampling.__file__"))
    NotebookClient(book, timeout=120, allow_errors=True).execute()
    shown = [
        "".join(o.get("data", {}).get("text/plain", "") for o in cell.outputs)
        for cell in book.cells
        if "outputs" in cell
    ]
    assert "not written yet" in shown[3]
    assert "The last sample is dropped" in shown[5] or "the last sample is dropped" in shown[5]
    assert str(edition) in shown[6]


def test_another_seed_is_refused_with_a_reason(edition):
    out = run_in(
        edition,
        """
        from resampling.checks.convolution_matrix import check_sampling_matrix
        try:
            check_sampling_matrix(lambda length, stride, phase=0: None, seed=1)
        except ValueError as error:
            print(error)
        """,
    )
    assert "leave out `seed`" in out


def test_pictures_of_the_exercises_come_with_it(edition):
    assert "(190, 300)" in run_in(
        edition, "from resampling import picture; print(picture('camera', size=(190, 300)).shape)"
    )


def test_a_folder_with_other_things_is_left_alone(tool, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SystemExit, match="something else"):
        tool.write_edition(tmp_path, None)
    assert (tmp_path / "thesis.tex").exists()


def test_it_can_be_made_again_in_its_place(tool, edition, tmp_path):
    shutil.copytree(edition, tmp_path / "new")
    (tmp_path / "new" / "stale.py").touch()
    tool.write_edition(tmp_path / "new", None)
    assert not (tmp_path / "new" / "stale.py").exists()
    first = {p.relative_to(edition / "lib"): p.read_bytes() for p in (edition / "lib").rglob("*.py")}
    again = {p.relative_to(tmp_path / "new/lib"): p.read_bytes() for p in (tmp_path / "new/lib").rglob("*.py")}
    assert first == again
