"""Whatever is handed in, and whatever comes out of a sandbox: the class is graded, with a reason for everybody.

The examples are always the same. ``FUZZ=20 pytest tests/grading/test_fuzz.py`` tries twenty times as many new ones.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import tempfile
import warnings
from copy import deepcopy
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grading import channel, cleaning, judge, stage
from grading.course import Course
from grading.record import autograded
from grading.sandbox import Exceeded
from grading.sources import refusal_of_notebook
from resampling.checks.convolution_matrix import TASKS
from resampling.checks.evaluation import evaluate, stopping
from resampling.checks.refusals import Refusal

NAME = "07_convolution_matrix"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7")
TIMES = int(os.environ.get("FUZZ", 0))


def tried(examples, **options):
    """Settings for so many examples."""
    times = TIMES or 1
    common = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    return settings(max_examples=examples * times, derandomize=not TIMES, **common, **options)


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.sampled_from(
    [
        "def sampling_matrix(*a, **k): return 3",
        "%%bash\nexit 1",
        "1/0",
        "\ud800",
        "def f(:",
        "(" * 300,
        "x" * 9000,
        "\0",
    ]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**63, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
kinds = st.sampled_from(["code", "markdown", "raw", "heading", "", None, 3, ["code"]])
fields = st.sampled_from(["metadata", "source", "id", "outputs", "cell_type", "attachments", "input"])
marks = st.sampled_from(["grade_id", "points", "solution", "grade", "task", "locked", "schema_version", "checksum"])
places = st.integers(0, 40)
tops = st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor", "worksheets"])


def in_cells(change):
    """A mutation of the list of cells; of something else it is none."""

    def mutate(notebook):
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
        if isinstance(cells, list) and cells:
            change(cells)
        return notebook

    return mutate


def in_cell(place, change):
    """A mutation of one cell."""

    def mutate(cells):
        cell = cells[place % len(cells)]
        if isinstance(cell, dict):
            change(cell)

    return in_cells(mutate)


def marked(name, value):
    def change(cell):
        metadata = cell.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
            metadata["nbgrader"][name] = value

    return change


def swapped(a, b):
    def change(cells):
        a_, b_ = a % len(cells), b % len(cells)
        cells[a_], cells[b_] = cells[b_], cells[a_]

    return change


mutations = st.one_of(
    st.builds(lambda p: in_cells(lambda cells: cells.pop(p % len(cells))), places),
    st.builds(lambda p, q: in_cells(lambda cells: cells.insert(q, deepcopy(cells[p % len(cells)]))), places, places),
    st.builds(lambda p, q: in_cells(swapped(p, q)), places, places),
    st.builds(lambda p, v: in_cells(lambda cells: cells.insert(p, v)), places, values),
    st.builds(lambda p, k: in_cell(p, lambda cell: cell.update(cell_type=k)), places, kinds),
    st.builds(lambda p, t: in_cell(p, lambda cell: cell.update(source=t)), places, texts | st.lists(texts | numbers)),
    st.builds(lambda p, f, v: in_cell(p, lambda cell: cell.update({f: v})), places, fields, values),
    st.builds(lambda p, f: in_cell(p, lambda cell: cell.pop(f, None)), places, fields),
    st.builds(lambda p, n, v: in_cell(p, marked(n, v)), places, marks, values),
    st.builds(lambda f, v: lambda n: n | {f: v} if isinstance(n, dict) else n, tops, values),
    st.builds(lambda v: lambda _: v, values),
)
damages = st.one_of(
    st.just(bytes),
    st.builds(lambda cut: lambda b: b[: cut % (len(b) + 1)], st.integers(0, 10**6)),
    st.builds(lambda at, piece: lambda b: b[:at] + piece + b[at:], st.integers(0, 30_000), st.binary(max_size=9)),
    st.builds(lambda code: lambda b: b.decode(errors="replace").encode(code, "replace"), st.sampled_from(ENCODINGS)),
    st.builds(lambda old, new: lambda b: b.replace(old, new), st.binary(min_size=1, max_size=3), st.binary(max_size=3)),
)
recipes = st.tuples(st.lists(mutations, min_size=1, max_size=5), st.just(bytes) | damages)


def cooked(notebook, recipe):
    """The bytes of a mutated notebook."""
    changes, damage = recipe
    notebook = deepcopy(notebook)
    for change in changes:
        notebook = change(notebook)
    return damage(json.dumps(notebook).encode())


@pytest.fixture(scope="module")
def solved(exercise):
    return exercise.solved()


@given(recipe=recipes)
@tried(150)
def test_a_file_is_staged_or_refused_in_one_sentence(solved, exercise, recipe):
    submission = staged(cooked(solved, recipe), exercise.release)
    if isinstance(submission, str):
        assert len(submission.split()) > 4
        return
    release = exercise.release["cells"]
    assert [c.index for c in submission.cells if c.index is not None] == list(range(len(release)))
    for cell in submission.cells:
        ours = release[cell.index]["metadata"].get("nbgrader", {}) if cell.index is not None else {"solution": True}
        assert ours.get("solution") or cell.source == stage.text_of(release[cell.index])
        assert not (cell.runs and ours.get("grade"))
        assert "\0" not in cell.source
        cell.source.encode()
    json.dumps(submission.flags).encode()


def staged(content, release):
    return attempt(stage.stage, content, release, NAME)


def attempt(function, *arguments):
    """A value, or the sentence with which it was refused."""
    try:
        return function(*arguments)
    except stage.NotGradable as error:
        return str(error)


@given(recipe=recipes)
@tried(150)
def test_any_staged_code_can_be_searched_for_forbidden_names(solved, exercise, recipe):
    submission = staged(cooked(solved, recipe), exercise.release)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for task in TASKS if isinstance(submission, stage.Submission) else ():
            assert isinstance(refusal_of_notebook(task, submission), Refusal | None)


@given(recipe=recipes, outputs=values)
@tried(60)
def test_the_record_is_a_valid_notebook(solved, exercise, course, recipe, outputs):
    submission = staged(cooked(solved, recipe), exercise.release)
    verdict = judge.refuse(TASKS, "a reason") | {"notebook": None}
    if isinstance(submission, stage.Submission):
        cells = [{"cell": n, "outputs": json.dumps(outputs), "left_out": None} for n in range(len(submission.cells))]
        verdict |= cleaning.to_show([asdict(c) for c in submission.cells], cells) | {"flags": submission.flags}
    notebook = nbformat.reads(nbformat.writes(autograded(course, NAME, verdict)), as_version=4)
    nbformat.validate(notebook)
    shown = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("locked") and c.source.startswith("check_")
    ]
    assert len(shown) == len(TASKS)


outputs = st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result", "update_display_data"])},
    optional={
        "name": st.sampled_from(["stdout", "stderr"]) | values,
        "text": texts,
        "ename": texts | values,
        "evalue": texts,
        "traceback": st.lists(texts | numbers, max_size=3),
        "data": st.dictionaries(
            st.sampled_from(["text/plain", "text/html", "image/png", "image/jpeg", "application/json"]) | texts,
            texts | values,
            max_size=3,
        ),
        "metadata": values,
    },
)


@given(st.lists(outputs | values, max_size=4).map(json.dumps) | texts | st.just("[" * 10**5))
@tried(150)
def test_what_a_cell_claims_to_have_shown_becomes_valid_outputs(text):
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(o) for o in cleaning.student_outputs(text)])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    shown = json.dumps(cell.outputs).lower()
    assert "<script" not in "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs).lower()
    assert "application/json" not in shown or "text" in shown


descriptions = st.recursive(
    st.sampled_from(["constant", "int", "float", "text", "array", "scalar", "other", "dict", "tuple"])
    | numbers
    | texts
    | st.none()
    | st.sampled_from(sorted(channel.DTYPES)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=20,
)


@given(
    st.binary(max_size=60) | descriptions.map(lambda d: json.dumps(["dict", {"v": d}]).encode()), st.binary(max_size=99)
)
@tried(600)
def test_bytes_on_the_line_are_a_message_or_malformed(header, body):
    with contextlib.suppress(channel.Malformed):
        assert isinstance(channel.unpack(header, body), dict)


answers = st.one_of(
    values,
    arrays.arrays(
        st.sampled_from([np.dtype(d) for d in sorted(channel.DTYPES)]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0),
    ),
    st.builds(lambda a: a[()], arrays.arrays(st.sampled_from([np.float64, np.int8, np.complex128, np.bool_]), ())),
    st.builds(lambda n: type("Odd", (channel.Unsupported,), {})() if n else (), st.booleans()),
)


@pytest.mark.parametrize("number", range(len(TASKS)))
@given(answer=answers)
@tried(25)
def test_any_answer_gets_points_in_range_and_a_report(number, answer):
    task = TASKS[number]
    verdict = judged(task, answer)
    assert 0 <= verdict.score <= task.points
    result = judge._result(verdict)
    assert len(result["text"].split()) > 5
    json.dumps(result).encode()


def judged(task, answer):
    """The verdict on a function that always returns the same, by way of the line to the judge."""

    def call(arguments):
        try:
            reply = {"event": "returned", "id": 1, "value": answer, "after": arguments}
            packed = channel.pack(reply)
            header, _ = channel.sizes(packed[: channel.PREFIX.size])
            content = packed[channel.PREFIX.size :]
            return judge._value(task, channel.unpack(content[:header], content[header:]), 1, arguments)
        except (channel.Closed, Exceeded, Refusal, TypeError, ValueError) as error:
            raise judge._as_refusal(error) from None

    session = SimpleNamespace(submission=None, call=lambda _, arguments: call(arguments))
    try:
        return evaluate(task, stopping(partial(session.call, task), ("crash", "time limit")), 0)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # as the judge does
        return judge.refused(task, Refusal("type", f"the answer could not be compared ({type(error).__name__})."))


events = st.dictionaries(
    st.sampled_from(["event", "id", "value", "after", "type", "message", "lines", "cell", "outputs"]) | texts,
    st.sampled_from(["returned", "raised", "missing", "started", "ended", "ran", "not callable"]) | values,
    max_size=6,
)


@given(reply=events)
@tried(150)
def test_any_reply_is_an_answer_or_a_refusal(reply):
    with contextlib.suppress(Refusal, TypeError, ValueError):  # what the judge turns into words
        judge._value(TASKS[0], reply, 1, {"length": 3})


names = st.sampled_from(
    [f"{NAME}.ipynb", "p1 (1).ipynb", "numpy.py", "timestamp.txt", "a\nb.ipynb", ".ipynb", "ü.ipynb"]
)
entries = st.dictionaries(names, st.sampled_from(["file", "folder", "link", "loop", "empty"]), max_size=4)


@given(entries=entries)
@tried(60)
def test_any_folder_gives_a_notebook_or_a_sentence(solved, entries):
    with tempfile.TemporaryDirectory() as place:
        furnish(Path(place), entries, json.dumps(solved).encode())
        found = attempt(stage.read, Path(place), NAME)
        if isinstance(found, str):
            assert len(found.split()) > 4
        else:
            assert found[0] in (b"", json.dumps(solved).encode())
            assert all(isinstance(flag, str) for flag in found[1])


def furnish(folder, entries, content):
    for name, kind in entries.items():
        path = folder / name
        match kind:
            case "folder":
                path.mkdir()
            case "link":
                path.symlink_to("/etc/passwd")
            case "loop":
                path.symlink_to(name)
            case _:
                path.write_bytes(content if kind == "file" else b"")


def digest(folder):
    files = [
        p for kind in ("source", "release", "submitted") for p in sorted((folder / kind).rglob("*")) if p.is_file()
    ]
    own = [p for p in files if p.name != "timestamp.txt"]  # which the grader itself writes
    return {str(p): hashlib.sha256(p.read_bytes()).digest() for p in [*own, folder / "secret"]}


@given(class_=st.lists(recipes, min_size=6, max_size=6))
@tried(3, phases=[Phase.generate])
def test_the_class_always_finishes(needs_sandbox, exercise, course, grade, class_):
    notebook = exercise.filled({name: exercise.answers[name] for name in ("sampling_matrix", "count_nonzeros")})
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "course"
        shutil.copytree(course.root, folder)
        for number, recipe in enumerate([([], bytes), *class_]):
            work = folder / "submitted" / f"s{number}" / NAME
            work.mkdir(parents=True)
            (work / f"{NAME}.ipynb").write_bytes(cooked(notebook, recipe))
        before = digest(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            code, out, err = grade("run", "--course", folder, "--cell-seconds", 2, "--json")
        rows = {row["student"]: row for row in json.loads(out)}
        assert (code, len(rows)) == (0, 7), err
        assert rows["s0"]["score"] == 6
        assert all(row["notes"] for row in rows.values() if row["sandbox"] == "not started")
        assert digest(folder) == before
        table = json.loads(grade("export", "--course", folder, "--json")[1])
        assert {row["student"]: row["score"] for row in table} == {n: row["score"] for n, row in rows.items()}
        for student in rows:
            path = Course(folder).root / "autograded" / student / NAME / f"{NAME}.ipynb"
            nbformat.validate(nbformat.read(path, as_version=4))
