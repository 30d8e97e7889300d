"""What students hand in to forge a verdict, to break the machine, or by accident; and what each of it deserves.

Each row is one kind of attack or accident, with variants. `tools/attacks.py` grades them all.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sample_class
from sample_class import ACTIVE_ANSWER, ASSIGNMENT, FORGERY, SCRIPTS, SPYING, TASKS, Exercise, Notebook, code_cell

FILE = f"{ASSIGNMENT}.ipynb"
HONEST = {"sampling_matrix": 3.0, "count_nonzeros": 3.0}  # most leave the other tasks blank: that is faster to grade
NOT_SAMPLING = {"count_nonzeros": 3.0}
NOT_COUNTING = {"sampling_matrix": 3.0}
TOKEN = "hub-token-5f1e"  # in the grader's environment
MARKER = "987654"  # seconds that a process sleeps which should not be there afterwards
ESCAPED = "ESCAPED-5f1e"  # files that student code tries to leave
LEAK = "LEAKED"  # what student code prints when it has got somewhere
FORGED, FAILS, ZERO, FULL = "full marks, forged", "fails: no grade", "0 points", "full marks"
HandIn = Callable[[Exercise], Any]


@dataclass(frozen=True)
class Attack:
    """A submission. `says` is a pattern in what the student or the instructor is told; `never` must not be there."""

    name: str
    row: int
    what: str
    stock: str
    hand_in: HandIn
    earned: dict[str, float]
    says: str = ""
    never: str = LEAK
    before: HandIn | None = None  # what was handed in and graded the day before

    @property
    def scores(self) -> dict[str, float]:
        """Points of every task."""
        return dict.fromkeys(TASKS, 0.0) | self.earned


def answered(e: Exercise, **changed: str) -> Notebook:
    """Two tasks answered, and whatever is in `changed`."""
    return e.filled({name: e.answers[name] for name in HONEST} | changed)


def with_code(source: str, **changed: str) -> HandIn:
    """One more cell at the top of honest answers."""
    return lambda e: e.with_cell(dedent(source), answered(e, **changed))


def with_answer(source: str, task: str = "sampling_matrix") -> HandIn:
    """Another answer to one task."""
    return lambda e: answered(e, **{task: dedent(source)})


def with_cells(change: Callable[[list[dict[str, Any]]], Any], wrong: bool = False) -> HandIn:
    """Honest answers, the list of cells changed in place."""

    def hand_in(e: Exercise) -> Notebook:
        notebook = answered(e, **({"sampling_matrix": ZEROS} if wrong else {}))
        change(notebook["cells"])
        return notebook

    return hand_in


def with_top(**fields: Any) -> HandIn:
    """Honest answers in a notebook with other fields."""
    return lambda e: answered(e) | fields


def with_bytes(change: Callable[[bytes], bytes]) -> HandIn:
    """Honest answers, the file's bytes changed."""
    return lambda e: change(json.dumps(answered(e)).encode())


class Files(dict[str, Any]):
    """Several things in the submission's folder: bytes, notebooks, or what makes a path."""


def with_files(**files: Any) -> HandIn:
    """Honest answers beside other files; ``name__ext`` stands for ``name.ext``."""
    return lambda e: Files({FILE: answered(e)} | {name.replace("__", "."): f for name, f in files.items()})


def instead(**files: Any) -> HandIn:
    """Other files and no notebook under its name."""
    return lambda _: Files({name.replace("__", "."): f for name, f in files.items()})


def link_to(target: str) -> Callable[[Path], None]:
    """A symbolic link."""
    return lambda path: path.symlink_to(target)


def fifo(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def _cells_named(cells: list[dict[str, Any]], ending: str) -> list[dict[str, Any]]:
    return [c for c in cells if str(c.get("id")).endswith(ending)]


def _each(ending: str, **fields: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(cells: list[dict[str, Any]]) -> None:
        for cell in _cells_named(cells, ending):
            cell |= deepcopy(fields)

    return change


def _each_metadata(ending: str, **fields: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(cells: list[dict[str, Any]]) -> None:
        for cell in _cells_named(cells, ending):
            cell["metadata"] |= deepcopy(fields)

    return change


def _each_mark(ending: str, **fields: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(cells: list[dict[str, Any]]) -> None:
        for cell in _cells_named(cells, ending):
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"] |= fields

    return change


def _unmarked(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        cell["metadata"], cell["id"] = {}, None


def _without(*endings: str) -> Callable[[list[dict[str, Any]]], None]:
    def change(cells: list[dict[str, Any]]) -> None:
        cells[:] = [c for c in cells if not str(c["id"]).endswith(endings)]

    return change


def _only_solutions(cells: list[dict[str, Any]]) -> None:
    cells[:] = [c for c in cells if c["metadata"].get("nbgrader", {}).get("solution")]


def _copied(times: int, *names: str) -> Callable[[list[dict[str, Any]]], None]:
    def change(cells: list[dict[str, Any]]) -> None:
        copies = [c for c in cells if c["id"] in names]
        cells.extend(deepcopy(copies * times))

    return change


def _in_old_format(e: Exercise) -> Notebook:
    cells = [{**c, "input": c.pop("source"), "language": "python"} for c in answered(e)["cells"]]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def _of_another_assignment(e: Exercise) -> Notebook:
    notebook = answered(e)
    for cell in notebook["cells"]:
        cell["id"] = f"other-{cell['id']}"
        cell["source"] = f"# other\n{''.join(cell['source'])}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = cell["id"]
    return notebook


def _counting_by_heart(_: Exercise) -> str:
    import numpy as np

    from resampling.checks.convolution_matrix import COUNT_NONZEROS as task

    cases = [c for p in task.properties for c in p.cases(np.random.default_rng(0))]
    known = {str(sorted(case.items())): int(task.reference(**case)) for case in cases}
    return f"KNOWN = {known!r}\ndef count_nonzeros(**k): return KNOWN.get(str(sorted(k.items())), 0)"


ZEROS = "def sampling_matrix(*a, **k): return np.zeros((2, 2))"
WRONG_COUNT = "def count_nonzeros(*a, **k): return -1"
OUTPUT = {"output_type": "execute_result", "metadata": {}, "execution_count": 1}
PAYLOAD = f"""
    class Payload:
        def __reduce__(self): return (__import__("os").system, ("touch /tmp/{ESCAPED}",))
    def sampling_matrix(*a, **k): return Payload()"""
TO_THE_CHANNEL = """
    import os, socket
    def sampling_matrix(*a, **k):
        for fd in range(3, 40):
            try:
                socket.socket(fileno=os.dup(fd)).send(MESSAGE)
            except OSError:
                pass
        return np.zeros((2, 2))"""
LOOP = "def count_nonzeros(*a, **k):\n    while True: pass"
DEAF = """
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    def count_nonzeros(*a, **k):
        while True:
            try:
                while True: pass
            except BaseException: pass"""
DETACHED = f"""
    import os, subprocess
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "{MARKER}"])
        os._exit(0)
    subprocess.Popen(["sleep", "{MARKER}"], start_new_session=True)"""
FILLING = f"""
    import os
    for place in ("/sandbox", "/tmp", "/dev/shm", ".", "/", "/usr", "/var/tmp"):
        written = 0
        try:
            for number in range(4):
                with open(f"{{place}}/{ESCAPED}-{{number}}", "wb") as file:
                    for _ in range(64):
                        written += file.write(bytes(1 << 20))
        except OSError as error:
            print(place, "full", error.errno)
        if written > 150 << 20: print("{LEAK}")"""
READING = f"""
    import glob, os
    for path in PLACES:
        for found in glob.glob(path):
            try:
                if os.path.isfile(found) and open(found, "rb").read(9): print("{LEAK}", found)
            except OSError:
                pass"""
WRITING = f"""
    import os
    for place in PLACES:
        try:
            open(os.path.join(place, "{ESCAPED}"), "w").write("x")
            print("{LEAK}", place)
        except OSError:
            pass"""
CONNECTING = f"""
    import socket
    tries = [
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 22)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("1.1.1.1", 53)),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 8000)),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/run/dbus/socket"),
    ]
    for family, kind, place in tries:
        try:
            with socket.socket(family, kind) as s:
                s.settimeout(1)
                s.connect(place)
                s.send(b"x")
                print("{LEAK}", place)
        except OSError as error:
            print("no network", error.errno)"""
HUNTING = f"""
    import gc, sys
    seen = [o for o in gc.get_objects() if type(o).__name__ in ("Task", "Property", "Mistake", "Verdict", "Sandbox")]
    frame = sys._getframe()
    while frame:
        seen += [n for n in frame.f_locals if n in ("expected", "reference", "secret", "release")]
        frame = frame.f_back
    seen += [m for m in sys.modules if m.startswith(("resampling.conv", "grading.judge", "grading.stage"))]
    if seen: print("{LEAK}", seen)"""
HUNTING_IN_THE_CALL = f"""
    import inspect
    def sampling_matrix(length, stride, phase=0):
        for frame in inspect.stack():
            if {{"expected", "reference", "task"}} & set(frame.frame.f_locals): raise ValueError("{LEAK}")
        return np.eye(length)[phase::stride]"""
A_THREAD = """
    import threading, time
    def later():
        while True:
            np.allclose = lambda *a, **k: True
            time.sleep(0.01)
    threading.Thread(target=later, daemon=DAEMON).start()"""
SHELL = "from IPython import get_ipython\nshell = get_ipython()\n"
EARLY_END = """
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ == "Channel":
            thing.send({"event": "ran"})"""


def places(text: str, *paths: str) -> str:
    """A snippet with its list of places."""
    return dedent(text).replace("PLACES", repr(list(paths)))


def _rows(row: int, what: str, stock: str, *variants: tuple[Any, ...]) -> Iterator[Attack]:
    """Attacks of one row: each variant is ``name, hand_in, earned`` and perhaps `says`, `never` and `before`."""
    for variant in variants:
        name, *rest = variant
        yield Attack(f"r{row:02d}-{name}", row, what, stock, *rest)


FORGING = [
    *_rows(
        1,
        "patches comparisons",
        FORGED,
        (
            "numpy",
            with_code("np.allclose = np.array_equal = lambda *a, **k: True", sampling_matrix=ZEROS),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "testing",
            with_code("np.testing.assert_allclose = lambda *a, **k: None", sampling_matrix=ZEROS),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "stdlib",
            with_code(
                ("import math, operator\nmath.isclose = operator.eq = lambda *a, **k: True"), sampling_matrix=ZEROS
            ),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "all-at-once",
            lambda e: e.with_cell(
                FORGERY, answered(e, sampling_matrix="def sampling_matrix(*a, **k): return forged()")
            ),
            NOT_SAMPLING,
            "returned a Right",
            "GRADEBOOK",
        ),
    ),
    *_rows(
        2,
        "returns what equals everything",
        FORGED,
        (
            "object",
            with_answer(
                "class Any:\n"
                "    __eq__ = lambda *_: True\n"
                "    shape = (3, 5)\n"
                "def sampling_matrix(*a, **k): return Any()"
            ),
            NOT_SAMPLING,
            "returned a Any",
        ),
        (
            "array",
            with_answer(
                "class Any(np.ndarray):\n"
                "    __array_ufunc__ = __array_function__ = lambda *a, **k: np.True_\n"
                "def sampling_matrix(*a, **k): return np.zeros((2, 2)).view(Any)"
            ),
            NOT_SAMPLING,
            "returned a Any",
        ),
        (
            "number",
            with_answer(
                (
                    "class Any(int):\n"
                    "    __eq__ = lambda *_: True\n"
                    "    __hash__ = int.__hash__\n"
                    "def count_nonzeros(*a, **k): return Any(3)"
                ),
                "count_nonzeros",
            ),
            NOT_COUNTING,
            "returned a Any",
        ),
        (
            "class-in-disguise",
            with_answer(
                "class Any(type):\n"
                "    __class__ = np.ndarray\n"
                "class Z(metaclass=Any):\n"
                "    __class__ = np.ndarray\n"
                "def sampling_matrix(*a, **k): return Z()"
            ),
            NOT_SAMPLING,
            "returned a Z",
        ),
    ),
    *_rows(
        3,
        "silences tracebacks",
        ZERO,
        (
            "instance",
            with_code(SHELL + "shell.showtraceback = lambda *a, **k: None", sampling_matrix=ZEROS),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "class",
            with_code(
                SHELL + "type(shell)._showtraceback = type(shell).showtraceback = lambda *a, **k: None",
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
    ),
    *_rows(
        4,
        "replaces the kernel's way to run cells",
        FORGED,
        (
            "async",
            with_code(
                SHELL + "type(shell).run_cell_async = type(shell).run_cell = lambda *a, **k: None",
                sampling_matrix=ZEROS,
            ),
            {},
            "there is no",
        ),
        (
            "runner",
            with_code(
                "import sys\n"
                "for m in list(sys.modules.values()):\n"
                "    if hasattr(m, '_call') and hasattr(m, 'Shell'): m._call = lambda *a: {'event': "
                "'returned', 'value': 1, 'after': a[2]}"
            ),
            {},
            "expected",
        ),
    ),
    *_rows(
        5,
        "empties later cells by an AST transformer",
        FORGED,
        (
            "checks",
            with_code(
                SHELL
                + (
                    "import ast\n"
                    "class E(ast.NodeTransformer):\n"
                    "    def visit_Expr(self, node): return ast.Pass()\n"
                    "shell.ast_transformers.append(E())"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "all",
            with_code(
                SHELL
                + (
                    "import ast\n"
                    "class E(ast.NodeTransformer):\n"
                    "    def visit_Module(self, node): return ast.Module([], [])\n"
                    "shell.ast_transformers.append(E())"
                )
            ),
            {},
            "there is no",
        ),
    ),
    *_rows(
        6,
        "rewrites later cells by an input transformer",
        FORGED,
        (
            "post",
            with_code(
                SHELL
                + (
                    "shell.input_transformers_post.append(lambda lines: ['pass\\n'] if 'check_' in "
                    "''.join(lines) else lines)"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "cleanup",
            with_code(
                SHELL
                + (
                    "shell.input_transformers_cleanup.append(lambda lines: [l.replace('assert', 'not') for l in lines])"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
    ),
    *_rows(
        8,
        "shows a score that is no number, or too large",
        FORGED,
        (
            "nan",
            with_answer("def count_nonzeros(*a, **k): return float('nan')", "count_nonzeros"),
            NOT_COUNTING,
            "float nan",
        ),
        (
            "nan-array",
            with_answer(
                "def sampling_matrix(length, stride, phase=0): return np.full((len(range(phase, length, "
                "stride)), length), np.nan)"
            ),
            {"sampling_matrix": 1.0, **NOT_SAMPLING},
            "entries differ",
        ),
        (
            "infinite",
            with_answer("def count_nonzeros(*a, **k): return np.float64('inf')", "count_nonzeros"),
            NOT_COUNTING,
            "float inf",
        ),
        ("negative", with_answer(WRONG_COUNT, "count_nonzeros"), NOT_COUNTING, "got -1"),
        (
            "huge-number",
            with_answer("def count_nonzeros(*a, **k): return 10 ** 5000", "count_nonzeros"),
            NOT_COUNTING,
            "returned a int|expected",
        ),
        (
            "true",
            with_answer("def count_nonzeros(*a, **k): return True", "count_nonzeros"),
            NOT_COUNTING,
            "returned a bool",
        ),
        ("last-line", with_code("1000.0", sampling_matrix=ZEROS), NOT_SAMPLING, "shape"),
    ),
    *_rows(
        10,
        "tags cells to be skipped",
        FORGED,
        (
            "checks",
            with_cells(_each_metadata("-check", tags=["skip-execution"]), wrong=True),
            NOT_SAMPLING,
            "list of tags was changed",
        ),
        (
            "solutions",
            with_cells(_each_metadata("", tags=["skip-execution", "raises-exception"])),
            HONEST,
            "list of tags was changed",
        ),
        (
            "no-list",
            with_cells(_each_metadata("-check", tags={"skip-execution": 1}), wrong=True),
            NOT_SAMPLING,
            "list of tags was changed",
        ),
    ),
    *_rows(
        11,
        "replaces the reference before the tests run",
        FORGED,
        (
            "module",
            with_code(
                (
                    "import sys, types\n"
                    "fake = types.ModuleType('resampling.checks.convolution_matrix')\n"
                    "fake.TASKS = ()\n"
                    "for name in list(sys.modules):\n"
                    "    if name.startswith('resampling'): sys.modules[name] = fake"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
        (
            "finder",
            with_code(("import sys\nsys.meta_path.clear()\nsys.path[:0] = ['.']"), sampling_matrix=ZEROS),
            NOT_SAMPLING,
            "shape",
        ),
    ),
    *_rows(
        12,
        "calls the reference or a library that solves it",
        FULL,
        (
            "import",
            with_answer(
                "from resampling.checks.convolution_matrix import SAMPLING_MATRIX\n"
                "def sampling_matrix(*a, **k): return SAMPLING_MATRIX.reference(*a, **k)"
            ),
            NOT_SAMPLING,
            "may not be used",
        ),
        (
            "by-name",
            with_answer(
                "import importlib\n"
                "def sampling_matrix(*a, **k): return importlib.import_module('resam' + "
                "'pling').sampling_matrix(*a, **k)"
            ),
            NOT_SAMPLING,
            "may not be used|not available|no attribute",
        ),
        (
            "in-a-string",
            with_answer(
                (
                    "exec('import scipy.linalg as s')\n"
                    "def conv_matrix1d(w, n, stride=1, padding=0, dilation=1): return eval('s').toeplitz(w)"
                ),
                "conv_matrix1d",
            ),
            HONEST,
            "may not be used|No module named|not defined",
        ),
        (
            "far-away",
            lambda e: e.with_cell(
                "import scipy as tools\nhelp_me = tools",
                answered(e, conv_matrix1d="def conv_matrix1d(*a, **k): return help_me.linalg.toeplitz(*a)"),
            ),
            HONEST,
            "may not be used",
        ),
    ),
    *_rows(
        13,
        "has learned the visible cases by heart",
        FULL,
        (
            "matrix",
            sample_class._learned_by_heart,
            dict(TASKS) | {"sampling_matrix": 0.0},
            "right for the cases that you can see",
        ),
        (
            "count",
            lambda e: answered(e, count_nonzeros=_counting_by_heart(e)),
            NOT_COUNTING,
            "right for the cases that you can see",
        ),
    ),
    *_rows(
        14,
        "looks for hidden tests in the process",
        "sees them",
        ("memory", with_code(HUNTING), HONEST),
        (
            "history",
            with_code(
                SHELL
                + f"print('{LEAK}' if any('assert' in str(c) or 'seed' in str(c) for c in In[:-1]) else 'nothing')"
            ),
            HONEST,
            "nothing",
        ),
        ("frames-of-the-call", with_answer(HUNTING_IN_THE_CALL), HONEST),
    ),
    *_rows(
        15,
        "looks for hidden tests in files",
        "reads them",
        ("walk", with_code(SPYING), HONEST, "no network", "FOUND|NETWORK REACHED"),
        (
            "places",
            with_code(
                places(
                    READING,
                    "/**/gradebook.db",
                    "/sandbox/../../**/secret",
                    "../../../gradebook.db",
                    "/etc/passwd",
                    "/root/*",
                    "/root/.ssh/*",
                    "/home/*/*",
                    "/var/mail/*",
                    "/grader/grading/judge.py",
                    "/grader/grading/stage.py",
                )
            ),
            HONEST,
        ),
        (
            "proc",
            with_code(
                places(
                    READING,
                    "/proc/*/root/etc/passwd",
                    "/proc/*/root/root/*",
                    "/proc/*/cwd/gradebook.db",
                    "/proc/1/environ",
                    "/proc/kcore",
                    "/proc/[0-9]*/fd/../../../gradebook.db",
                )
            ),
            HONEST,
        ),
    ),
    *_rows(
        16,
        "writes into the gradebook, later, from a detached process",
        FORGED,
        ("detached", with_code(DETACHED), HONEST),
        (
            "sqlite",
            with_code(
                (
                    "import sqlite3, glob\n"
                    "for path in glob.glob('/**/gradebook.db', recursive=False) + ['../../../gradebook.db']:\n"
                    "    try:\n"
                    "        sqlite3.connect(path).execute('update grade set manual_score = 99'); print('LEAKED')\n"
                    "    except sqlite3.Error: pass"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
        ),
    ),
    *_rows(
        17,
        "rewrites result files, or speaks on the grader's line",
        "does not apply",
        (
            "files",
            with_code(
                (
                    "for name in ('results.json', 'gradebook.json', 'verdict.json', 'output.json'):\n"
                    "    open(name, 'w').write('{\"score\": 1000}')"
                ),
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "shape",
        ),
        ("noise", with_answer(TO_THE_CHANNEL.replace("MESSAGE", "b'x' * 100")), NOT_SAMPLING, "disturbed the line"),
        (
            "message",
            with_answer(TO_THE_CHANNEL.replace("MESSAGE", "b'GRD1' + bytes(12) + b'{}'")),
            NOT_SAMPLING,
            "disturbed the line",
        ),
        (
            "huge-announcement",
            with_answer(TO_THE_CHANNEL.replace("MESSAGE", "b'GRD1' + b'\\xff' * 12")),
            NOT_SAMPLING,
            "disturbed the line",
        ),
        ("early-end", with_code(EARLY_END), {}, "disturbed the line"),
        ("closed", with_code("import os\nos.closerange(3, 200)"), HONEST, "was left out"),
    ),
    *_rows(
        18,
        "returns what runs code when it is unpickled",
        "not used",
        ("object", with_answer(PAYLOAD), NOT_SAMPLING, "returned a Payload"),
        (
            "object-array",
            with_answer(PAYLOAD.replace("return Payload()", "return np.array([[Payload()] * 5] * 3)")),
            NOT_SAMPLING,
            "dtype object",
        ),
        (
            "records",
            with_answer("def sampling_matrix(*a, **k): return np.zeros((3, 5), [('a', 'f8'), ('b', 'O')])"),
            NOT_SAMPLING,
            "dtype",
        ),
        (
            "strides",
            with_answer(
                "def sampling_matrix(*a, **k): return np.lib.stride_tricks.as_strided(np.zeros(1), (1 << "
                "20, 1 << 20), (0, 0))"
            ),
            NOT_SAMPLING,
            "huge array",
        ),
        (
            "nested",
            with_answer("def sampling_matrix(*a, **k):\n    v = ()\n    for _ in range(5000): v = (v,)\n    return v"),
            NOT_SAMPLING,
            "returned a tuple|line to the grader|expected a NumPy array",
        ),
        (
            "itself",
            with_answer("def sampling_matrix(*a, **k):\n    v = {}\n    v['v'] = v\n    return v"),
            NOT_SAMPLING,
            "returned a dict",
        ),
        (
            "changed-arguments",
            with_answer(
                (
                    "def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):\n"
                    "    weight[:] = 0\n"
                    "    return weight"
                ),
                "conv_matrix1d",
            ),
            HONEST,
            "chang|modif",
        ),
    ),
    *_rows(
        19,
        "changes points",
        "reset",
        ("many", with_cells(_each_mark("-check", points=1000)), HONEST, "number of points was changed"),
        (
            "strange",
            with_cells(_each_mark("", points="nan", grade=True, solution=True, locked=False)),
            HONEST,
            "number of points was changed",
        ),
        ("schema", with_cells(_each_mark("", schema_version=99, checksum=[])), HONEST),
    ),
    *_rows(
        22,
        "fills in outputs of the checks",
        "cleared",
        (
            "score",
            with_cells(_each("-check", outputs=[OUTPUT | {"data": {"text/plain": "5.0"}}]), wrong=True),
            NOT_SAMPLING,
            "shape",
        ),
        ("garbage", with_cells(_each("", outputs={"text": 3}, execution_count="x")), HONEST),
    ),
    *_rows(
        23,
        "names another kernel",
        "overwritten",
        ("bash", with_top(metadata={"kernelspec": {"name": "bash", "display_name": "x", "argv": ["sh"]}}), HONEST),
        ("none", with_top(metadata=None), HONEST),
        ("missing", lambda e: {"cells": answered(e)["cells"]}, HONEST),
    ),
    *_rows(
        24,
        "acts after the last cell",
        "runs in the grader's folder",
        ("atexit", with_code(f"import atexit, os\natexit.register(lambda: os.system('sleep {MARKER} &'))"), HONEST),
        ("thread", with_code(A_THREAD.replace("DAEMON", "False")), HONEST),
        ("daemon", with_code(A_THREAD.replace("DAEMON", "True"), sampling_matrix=ZEROS), NOT_SAMPLING, "shape"),
        (
            "signal",
            with_code(
                "import signal\n"
                "signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)\n"
                "signal.signal(signal.SIGALRM, lambda *_: None)"
            ),
            HONEST,
        ),
    ),
]

BREAKING = [
    *_rows(
        26,
        "never ends",
        ZERO,
        ("call", with_answer(LOOP, "count_nonzeros"), NOT_COUNTING, "a loop that never ends"),
        ("cell", with_code("while True: pass"), HONEST, "cell 4 was left out: it did not come to an end"),
        ("asleep", with_code("import time\ntime.sleep(10**6)"), HONEST, "did not come to an end"),
        (
            "in-c",
            with_answer("def count_nonzeros(*a, **k): return sum(range(10**15))", "count_nonzeros"),
            NOT_COUNTING,
            "a loop that never ends",
        ),
        (
            "at-the-end",
            with_answer(
                (
                    "class Z:\n"
                    "    def __del__(self):\n"
                    "        while True: pass\n"
                    "def count_nonzeros(*a, **k):\n"
                    "    Z()\n"
                    "    return 3"
                ),
                "count_nonzeros",
            ),
            NOT_COUNTING,
            "a loop that never ends",
        ),
    ),
    *_rows(
        27,
        "never ends, and swallows interrupts",
        "0 points, after every cell's limit",
        ("call", with_answer(DEAF, "count_nonzeros"), NOT_COUNTING, "a loop that never ends"),
        (
            "blocked",
            with_code(
                "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass"
            ),
            HONEST,
            "did not come to an end",
        ),
    ),
    *_rows(
        28,
        "takes memory",
        "no limit",
        (
            "bit-by-bit",
            with_code("kept = []\nwhile True: kept.append(np.ones(4 * 10**6))"),
            HONEST,
            "MiB of memory|MemoryError|did not come to an end|ended Python",
        ),
        ("at-once", with_answer("def sampling_matrix(*a, **k): return np.ones(10**12)"), NOT_SAMPLING, "MemoryError"),
        ("text", with_answer("def sampling_matrix(*a, **k): return 'x' * 10**11"), NOT_SAMPLING, "MemoryError"),
        (
            "large-answer",
            with_answer("def sampling_matrix(*a, **k): return np.ones((4000, 4000))"),
            NOT_SAMPLING,
            "huge array|shape|too large",
        ),
    ),
    *_rows(
        29,
        "forks without end",
        "no limit",
        (
            "processes",
            with_answer("import os\ndef sampling_matrix(*a, **k):\n    while True: os.fork()"),
            NOT_SAMPLING,
            "processes|unavailable|disturbed|ended",
        ),
        (
            "threads",
            with_answer(
                "import threading, time\n"
                "def sampling_matrix(*a, **k):\n"
                "    while True: threading.Thread(target=time.sleep, args=(99,)).start()"
            ),
            NOT_SAMPLING,
            "start new thread|processes",
        ),
    ),
    *_rows(
        30,
        "writes megabytes on one line",
        "30 MB kept",
        ("text", with_code("print('x' * 30_000_000)"), HONEST, "the rest of the output was left out"),
        (
            "html",
            with_code("from IPython.display import HTML\nHTML('<b>x</b>' * 1_000_000)"),
            HONEST,
            "the rest of the output was left out",
        ),
        ("error", with_code("raise ValueError('x' * 30_000_000)"), HONEST, "ValueError|left out"),
        (
            "past-the-grader",
            with_code(
                "import os\nfor fd in (0, 1, 2):\n    try: os.write(fd, b'x' * 30_000_000)\n    except OSError: pass"
            ),
            HONEST,
        ),
        (
            "message",
            with_answer("def sampling_matrix(*a, **k): raise ValueError('x' * 10**8)"),
            NOT_SAMPLING,
            "ValueError",
        ),
        (
            "name",
            with_answer("Long = type('L' * 10**6, (Exception,), {})\ndef sampling_matrix(*a, **k): raise Long"),
            NOT_SAMPLING,
            "LLL|disturbed",
        ),
    ),
    *_rows(
        31,
        "writes 200,000 lines",
        "cut, 6.4 s",
        ("lines", with_code("for n in range(200_000): print(n)"), HONEST, "the rest of the output was left out"),
    ),
    *_rows(32, "fills the disk", "no limit", ("everywhere", with_code(FILLING), HONEST, "full")),
    *_rows(
        33,
        "ends Python",
        FAILS,
        ("exit", with_code("import os\nos._exit(0)"), HONEST, "cell 4 was left out: it ended Python"),
        ("segfault", with_code("import ctypes\nctypes.string_at(0)"), HONEST, "cell 4 was left out: it ended Python"),
        ("abort", with_answer("import os\ndef sampling_matrix(*a, **k): os.abort()"), NOT_SAMPLING, "ended Python"),
        ("ask-exit", with_code(SHELL + "shell.ask_exit()\nexit()"), HONEST),
        ("system-exit", with_answer("def sampling_matrix(*a, **k): raise SystemExit(0)"), NOT_SAMPLING, "SystemExit"),
        (
            "kill-all",
            with_code(
                "import os, signal\ntry: os.kill(-1, signal.SIGKILL)\nfinally: os.kill(os.getpid(), signal.SIGKILL)"
            ),
            HONEST,
            "ended Python",
        ),
        (
            "kill-first",
            with_code(
                "import os, signal\n"
                "for pid in range(1, 6):\n"
                "    try: os.kill(pid, signal.SIGKILL)\n"
                "    except OSError: pass"
            ),
            HONEST,
        ),
        (
            "deep-recursion",
            with_answer(
                "import sys\n"
                "def sampling_matrix(*a, **k):\n"
                "    sys.setrecursionlimit(10**8)\n"
                "    return sampling_matrix(*a, **k)"
            ),
            NOT_SAMPLING,
            "ended|memory|Recursion|a loop",
        ),
    ),
    *_rows(
        36,
        "starts a background process",
        "alive after grading",
        ("shell", with_code(f"!sleep {MARKER} &"), HONEST),
        ("magic", with_code(f"%%bash --bg\nsleep {MARKER}"), HONEST),
        (
            "many",
            with_code(f"import subprocess\nfor _ in range(8): subprocess.Popen(['setsid', 'sleep', '{MARKER}'])"),
            HONEST,
        ),
    ),
    *_rows(37, "uses the network", "open", ("sockets", with_code(CONNECTING), HONEST, "no network")),
    *_rows(
        38,
        "reads the environment",
        "reads tokens",
        ("own", with_code("import os\nprint(dict(os.environ))"), HONEST, "PATH", TOKEN),
        (
            "others",
            with_code(
                "import glob\n"
                "for path in glob.glob('/proc/*/environ'):\n"
                "    try: print(open(path, 'rb').read())\n"
                "    except OSError: pass"
            ),
            HONEST,
            "",
            TOKEN,
        ),
    ),
    *_rows(
        39,
        "reads or changes other people's files",
        "open",
        (
            "read",
            lambda e: e.with_cell(
                places(READING, f"{e.place}/*", f"{e.place}/*/*/*/*", "../../*.db", "../../*/*/*.ipynb"), answered(e)
            ),
            HONEST,
        ),
        (
            "write",
            lambda e: e.with_cell(
                places(
                    WRITING,
                    str(e.place),
                    f"{e.place}/submitted",
                    "/usr",
                    "/etc",
                    "/root",
                    "/grader",
                    "/grader/grading",
                    sys.prefix,
                    "/dev",
                    "/proc/self",
                    "/var/tmp",
                ),
                answered(e),
            ),
            HONEST,
        ),
        (
            "own-tools",
            with_code(
                "import os, sys\n"
                "for m in list(sys.modules.values()):\n"
                "    path = getattr(m, '__file__', None)\n"
                "    try:\n"
                f"        if path: open(path, 'a'); print('{LEAK}', path)\n"
                "    except OSError: pass"
            ),
            HONEST,
        ),
    ),
]

STRANGE = [
    *_rows(
        42,
        "links, pipes and folders for files",
        "followed and copied",
        ("notebook-link", instead(**{FILE: link_to("/etc/passwd")}), {}, "regular file"),
        ("extra-link", with_files(grades__db=link_to("../../../gradebook.db")), HONEST),
        ("pipe", instead(**{FILE: fifo}), {}, "regular file"),
        ("folder", instead(**{FILE: Path.mkdir}), {}, "regular file"),
        ("endless-device", instead(**{FILE: link_to("/dev/zero")}), {}, "regular file"),
        ("link-to-itself", instead(**{FILE: link_to(FILE)}), {}, "regular file"),
    ),
    *_rows(
        44,
        "strange names of files",
        "trusted",
        (
            "names",
            lambda e: Files(
                {FILE: answered(e), "+page": b"", "..x": b"", "a\\..\\b": b"", "a\nb\x1b[31m": b"", "ü" * 60: b""}
            ),
            HONEST,
            r"5 other file\(s\) were not used",
        ),
    ),
    *_rows(
        45,
        "not a notebook",
        FAILS,
        ("empty", lambda _: b"", {}, "not a notebook"),
        ("cut-off", with_bytes(lambda b: b[: len(b) // 2]), {}, "not a notebook"),
        ("list", lambda _: b"[]", {}, "not a notebook"),
        ("zip", lambda _: b"PK\x03\x04", {}, "not a notebook"),
        ("deep", lambda _: b"[" * 10**6, {}, "not a notebook"),
        ("zeros", lambda _: bytes(1000), {}, "not a notebook"),
        ("too-large", with_bytes(lambda b: b + b" " * 11_000_000), {}, "larger than 10 MB"),
        (
            "numbers",
            with_bytes(lambda b: b.replace(b'"nbformat": 4', b'"nbformat": ' + b"9" * 5000)),
            {},
            "not a notebook",
        ),
        ("infinite", with_bytes(lambda b: b.replace(b'"nbformat": 4', b'"nbformat": -Infinity')), HONEST),
        ("utf-16", with_bytes(lambda b: b.decode().encode("utf-16")), HONEST),
        ("bom", with_bytes(lambda b: b"\xef\xbb\xbf" + b), HONEST),
        ("many-cells", with_cells(lambda cells: cells.extend([code_cell("1")] * 1001)), {}, "more than 1000 cells"),
        (
            "much-code",
            with_cells(lambda cells: cells.extend([code_cell("#" * 190_000)] * 3)),
            {},
            "more than 500000 characters",
        ),
    ),
    *_rows(
        48,
        "other versions of the format",
        "no grades, and success",
        ("three", _in_old_format, HONEST, "old format"),
        ("five", with_top(nbformat=5, nbformat_minor=99), HONEST),
        ("text", with_top(nbformat="4", nbformat_minor=None), HONEST),
    ),
    *_rows(
        49,
        "no notebook, or under another name",
        FAILS,
        ("nothing", instead(), {}, "no notebook"),
        ("copy", lambda e: Files({"p1 (1).ipynb": answered(e)}), HONEST, "the notebook was named"),
        ("two", lambda e: Files({"a.ipynb": answered(e), "b.ipynb": answered(e)}), {}, "2 other notebooks"),
        ("hidden", lambda e: Files({FILE: answered(e), f".{FILE}": b"", "backup.ipynb": b""}), HONEST),
        ("other-ending", lambda e: Files({f"{ASSIGNMENT}.IPYNB": answered(e)}), {}, "no notebook"),
    ),
    *_rows(50, "another assignment's notebook", FAILS, ("other", _of_another_assignment, {}, "not the notebook of 07")),
    *_rows(
        51,
        "deleted cells",
        "waits for a person for ever",
        ("check", with_cells(_without("sampling-matrix-check")), HONEST, "was missing and was put back"),
        ("all-but-answers", with_cells(_only_solutions), HONEST, "was missing and was put back"),
        ("setup", with_cells(_without("setup-imports")), HONEST, "was missing and was put back"),
        ("solution", with_cells(_without("sampling-matrix")), NOT_SAMPLING, "was missing and was put back"),
        ("unmarked", with_cells(_unmarked), HONEST, "was missing and was put back"),
    ),
    *_rows(
        52,
        "hands in again, worse, without the check",
        "keeps the old grade",
        (
            "wrong",
            with_cells(_without("sampling-matrix-check"), wrong=True),
            NOT_SAMPLING,
            "was missing",
            LEAK,
            answered,
        ),
        ("nothing", lambda _: b"", {}, "not a notebook", LEAK, answered),
        (
            "crash",
            with_code("import os\nos._exit(1)", sampling_matrix=ZEROS),
            NOT_SAMPLING,
            "ended Python",
            LEAK,
            answered,
        ),
    ),
    *_rows(
        53,
        "copied cells",
        "stops the class",
        ("one", with_cells(_copied(1, "sampling-matrix", "sampling-matrix-check")), HONEST, "the last one counts"),
        ("fifty", with_cells(_copied(50, "sampling-matrix-check", "setup-imports")), HONEST, "the last one counts"),
        ("one-id-for-all", with_cells(_each("", id="same")), HONEST),
    ),
    *_rows(
        55,
        "other types of cells",
        "restored",
        ("markdown", with_cells(_each("-check", cell_type="markdown")), HONEST, "its type was changed"),
        ("raw", with_cells(_each("", cell_type="raw")), HONEST, "its type was changed"),
        ("unheard-of", with_cells(_each("-matrix", cell_type={"a": 1})), HONEST, "its type was changed"),
    ),
    *_rows(
        56,
        "files that shadow libraries",
        "shadows numpy",
        ("module", with_files(numpy__py=b"raise SystemExit"), HONEST, r"1 other file\(s\) were not used"),
        ("site", with_files(sitecustomize__py=b"raise SystemExit", IPython__py=b"1/0"), HONEST, "other file"),
        (
            "written",
            with_code("open('numpy.py', 'w').write('1/0')\nimport os\nos.execv('/usr/bin/true', ['true'])"),
            HONEST,
            "ended Python",
        ),
    ),
    *_rows(
        58,
        "time stamp that cannot be read",
        "no row at all",
        ("garbage", with_files(timestamp__txt=b"\xff\x00 yesterday"), HONEST),
    ),
    *_rows(59, "time stamp of 1999", "in time", ("old", with_files(timestamp__txt=b"1999-01-01 00:00:00 UTC"), HONEST)),
    *_rows(
        60,
        "harmless noise on stderr",
        ZERO,
        (
            "warning",
            with_code("import warnings, sys\nwarnings.warn('look')\nprint('NNPACK', file=sys.stderr)"),
            HONEST,
            "NNPACK",
        ),
        (
            "in-the-call",
            with_answer(
                "import sys, warnings\n"
                "def sampling_matrix(length, stride, phase=0):\n"
                "    print('x', file=sys.stderr); warnings.warn('y'); print('z')\n"
                "    return np.eye(length)[phase::stride]"
            ),
            HONEST,
        ),
        ("streams-gone", with_code("import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None"), HONEST),
    ),
    *_rows(
        61,
        "input()",
        "error in that cell",
        ("cell", with_code("name = input('name?')"), HONEST, "nobody is there to answer"),
        ("stdin", with_code("import sys\nprint(repr(sys.stdin.read()) if sys.stdin else 'no stdin')"), HONEST),
    ),
    *_rows(
        62,
        "needs files or packages that are not there",
        "error in that cell",
        ("file", with_answer("def sampling_matrix(*a, **k): return np.load('mine.npy')"), NOT_SAMPLING, "mine.npy"),
        ("package", with_code("import keras_of_mine"), HONEST, "keras_of_mine"),
        ("install", with_code("%pip install nothing-at-all"), HONEST),
    ),
    *_rows(
        63,
        "scripts in outputs and texts",
        "active in the feedback",
        ("output", with_code(SCRIPTS), HONEST, "alert", r"<script>alert\([1-4]\)|onerror="),
        (
            "answer",
            lambda e: answered(e, question_what_the_matrix_shows=ACTIVE_ANSWER),
            HONEST,
            "alert",
            "<script>alert|<iframe|href=.javascript|<img",
        ),
        (
            "message",
            with_answer("def sampling_matrix(*a, **k): raise ValueError('<img src=x onerror=alert(1)>')"),
            NOT_SAMPLING,
            "ValueError",
        ),
        (
            "type-name",
            with_answer("def sampling_matrix(*a, **k): return type('<script>alert(1)</script>', (), {})()"),
            NOT_SAMPLING,
            "it returned a",
            "(?m)^<.*<script>alert",
        ),
    ),
    *_rows(
        64,
        "widgets, scripts and remote pictures as outputs",
        "kept",
        (
            "kinds",
            with_code(
                "from IPython.display import display\n"
                "for kind in ('application/javascript', 'image/svg+xml', 'text/latex', 'text/markdown', "
                "'application/vnd.jupyter.widget-view+json', 'application/pdf', 'image/png'):\n"
                "    display({kind: '<svg onload=alert(1)>'}, raw=True)"
            ),
            HONEST,
            "left out here|cannot be shown",
            "onload=alert",
        ),
        (
            "widget-state",
            lambda e: (
                answered(e)
                | {"metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": LEAK}}}}}
            ),
            HONEST,
        ),
        ("attachment", with_cells(_each("shows", attachments={"a.png": {"image/svg+xml": LEAK}})), HONEST),
    ),
    *_rows(
        67,
        "right, but slow",
        ZERO,
        (
            "asleep",
            with_answer(
                "import time\n"
                "def sampling_matrix(length, stride, phase=0):\n"
                "    time.sleep(0.02)\n"
                "    return np.eye(length)[phase::stride]"
            ),
            HONEST,
        ),
        (
            "computing",
            with_answer(
                "def sampling_matrix(length, stride, phase=0):\n"
                "    sum(range(10**6))\n"
                "    return np.eye(length)[phase::stride]"
            ),
            HONEST,
        ),
    ),
    *_rows(68, "the same work twice", "not seen", ("first", answered, HONEST), ("second", answered, HONEST)),
]

UNLISTED = [
    *_rows(
        69,
        "strange but honest",
        "varies",
        ("async", with_code("import asyncio\nawait asyncio.sleep(0)\nprint('awaited')"), HONEST, "awaited"),
        ("reset", with_cells(lambda cells: cells.append(code_cell("%reset -f"))), {}, "there is no"),
        (
            "deleted-name",
            with_cells(lambda cells: cells.append(code_cell("del sampling_matrix"))),
            NOT_SAMPLING,
            "there is no",
        ),
        (
            "overwritten",
            with_cells(lambda cells: cells.append(code_cell("sampling_matrix = 3"))),
            NOT_SAMPLING,
            "not a function",
        ),
        (
            "broken-builtins",
            with_code("import builtins\nbuiltins.len = builtins.print = builtins.str = None"),
            HONEST,
            "was left out",
        ),
        ("surrogates", with_code("print('\\ud800 \\x1b[31m \\x00 \u202e')"), HONEST),
        (
            "surrogate-error",
            with_answer("def sampling_matrix(*a, **k): raise ValueError('\\ud800')"),
            NOT_SAMPLING,
            "ValueError",
        ),
        (
            "unprintable-error",
            with_answer("class E(Exception):\n    def __str__(self): raise E\ndef sampling_matrix(*a, **k): raise E"),
            NOT_SAMPLING,
            "cannot be shown",
        ),
        ("generator", with_answer("def sampling_matrix(*a, **k): yield 1"), NOT_SAMPLING, "returned a generator"),
        (
            "coroutine",
            with_answer("async def sampling_matrix(*a, **k): return np.eye(3)"),
            NOT_SAMPLING,
            "returned a coroutine",
        ),
        (
            "class-instead",
            with_answer("class sampling_matrix:\n    def __init__(self, *a, **k): pass"),
            NOT_SAMPLING,
            "returned a sampling_matrix",
        ),
        (
            "state",
            with_answer(
                "seen = []\n"
                "def sampling_matrix(length, stride, phase=0):\n"
                "    seen.append(length)\n"
                "    return np.eye(length)[phase::stride]"
            ),
            HONEST,
        ),
        (
            "other-directory",
            with_code("import os\nos.makedirs('deep/er')\nos.chdir('deep/er')\nos.removedirs('/sandbox/deep/er')"),
            HONEST,
        ),
        ("windows-lines", with_bytes(lambda b: b.replace(b"\\n", b"\\r\\n")), HONEST),
        ("names-in-unicode", with_code("ſ = 1; 𝔲𝔫 = 2"), HONEST),
    )
]

NO_STOCK, NOT_TRIED = "does not apply", "not tried"
CALLING = """
    import ctypes
    C = ctypes.CDLL(None, use_errno=True)
    def got(name, *arguments):
        if getattr(C, name)(*arguments) >= 0: print("LEAKED", name)
"""
SIBLING = """
    import ctypes, os, platform, time
    call = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    for _ in range(8):
        number = ctypes.CDLL(None).syscall(call, 0x8000 | 17, 0, 0, 0, 0)
        if number == 0:
            kept = bytearray(400 << 20)
            for i in range(0, len(kept), 4096): kept[i] = 1
            time.sleep(60)
            os._exit(0)
        if number > 0: print("LEAKED")
    time.sleep(0.5)"""
FAMILIES = """
    import socket
    for family in range(2, 46):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind)
                print("LEAKED", family, kind)
            except OSError as error:
                said = error
    print(said)"""
HOARDS = """
    import os, socket, time
    for _ in range(12):
        if os.fork() == 0: break
    kept = []
    try:
        while True:
            for s in socket.socketpair():
                s.setblocking(False)
                kept.append(s)
                try:
                    while True: s.send(bytes(65536))
                except BlockingIOError: pass
    except OSError:
        time.sleep(30)"""
ELSEWHERE = """
    import glob, sys
    sys.path[:0] = glob.glob("/usr/lib*/python3*/*-packages") + glob.glob("/usr/local/lib/python3*/*-packages")
    sys.path[:0] = glob.glob(sys.base_prefix + "/lib/python3*/site-packages")
    for name in [n for n in sys.modules if n.partition(".")[0] == "scipy"]: del sys.modules[name]
    import importlib
    for name in ("scipy.linalg", "scipy.signal", "scipy.ndimage", "resampling.convolution_matrix", "grading.judge"):
        try:
            if importlib.import_module(name).__file__: print("LEAKED", name)
        except ImportError as error:
            print(error)"""
BY_COLUMNS = """
    def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):
        taps = np.zeros(dilation * (len(weight) - 1) + 1, weight.dtype)
        taps[::dilation] = weight
        columns = [BORROWED(np.pad(e, padding), taps[::-1]) for e in np.eye(length, dtype=weight.dtype)]
        return np.array([c[len(taps) - 1 : length + 2 * padding][::stride] for c in columns]).T
"""
AHEAD = """
    import gc
    def sampling_matrix(*a, **k):
        for thing in gc.get_objects():
            if type(thing).__name__ == "Channel":
                for number in range(1, 60):
                    thing.send({"event": "returned", "id": number, "value": np.zeros((3, 5)), "after": k})
        return np.zeros((2, 2))"""
LONG_LINES = """
    import gc, sys
    def sampling_matrix(*a, **k):
        number = sys._getframe(2).f_locals["message"]["id"]
        lines = (("f" * 10**6, 1, "y" * 10**7),) * 2
        for thing in gc.get_objects():
            if type(thing).__name__ == "Channel":
                thing.send({"event": "raised", "id": number, "type": "E", "message": "made up", "lines": lines})"""
OTHER_CELLS = """
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ == "Channel":
            for number in range(100): thing.send({"event": "ended", "cell": number, "outputs": "[]"})"""


def _shown_cases() -> str:
    import numpy as np

    from resampling.checks.convolution_matrix import SAMPLING_MATRIX as task

    cases = [c for p in task.properties for c in p.cases(np.random.default_rng(0))]
    return repr({(c["length"], c["stride"], c.get("phase", 0)) for c in cases})


def _only_on_others(action: str) -> HandIn:
    """Right on the cases that students see, something else on others."""
    source = (
        f"import os, sys, time\nSEEN = {_shown_cases()}\n"
        "def sampling_matrix(length, stride, phase=0):\n"
        f"    if (length, stride, phase) not in SEEN: {action}\n"
        "    return np.eye(length)[phase::stride]"
    )
    return lambda e: answered(e, sampling_matrix=source)


def _beside(e: Exercise) -> Notebook:
    look = f"""
    import glob
    for path in glob.glob("/proc/*/mountinfo") + glob.glob("/proc/*/cmdline") + ["/proc/net/unix", "/proc/mounts"]:
        try:
            if {str(e.place)!r} in open(path).read(): print("LEAKED", path)
        except OSError: pass"""
    return e.with_cell(dedent(look), answered(e))


DROPPED = """
    import builtins, os, pathlib, random, socket
    s = socket.socket(socket.AF_UNIX); s.bind("\\0meet-5f1e"); s.listen()
    for place in ("/tmp", "/sandbox", "/dev/shm", "/var/tmp"):
        try:
            if pathlib.Path(place, "met-5f1e").exists(): print("LEAKED", place)
            pathlib.Path(place, "met-5f1e").write_text("x")
        except OSError: pass
    if hasattr(np, "met") or hasattr(builtins, "met") or "MET" in os.environ: print("LEAKED")
    np.met = builtins.met = os.environ["MET"] = "x"
    print("first here")"""
USERS = (
    CALLING
    + """
    for name, *arguments in (("setuid", 0), ("setgid", 0), ("setresuid", 0, 0, 0), ("setgroups", 0, None)):
        got(name, *arguments)
    got("chroot", b"/tmp")
    got("unshare", 0x10000000)
    got("unshare", 0x20000)
    got("umount2", b"/tmp", 2)
    got("mount", b"none", b"/tmp", b"tmpfs", 0, None)
    got("capset", b"\\x22\\x05\\x08\\x20" + bytes(4), b"\\xff" * 24)"""
)
TRACING = (
    CALLING
    + """
    got("ptrace", 16, 1, 0, 0)
    got("ptrace", 0x4206, 1, 0, 0)
    for path in ("/proc/1/mem", "/proc/1/maps", "/proc/1/environ", "/proc/1/fd", "/proc/1/root/root"):
        try:
            open(path, "rb").read(9)
            print("LEAKED", path)
        except (OSError, ValueError): pass"""
)
FASTER = (
    CALLING
    + """
    import os
    for policy in (os.SCHED_FIFO, os.SCHED_RR):
        try:
            os.sched_setscheduler(0, policy, os.sched_param(1))
            print("LEAKED")
        except OSError: pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -5)
        print("LEAKED")
    except OSError: pass
    got("ioprio_set", 1, 0, 1 << 13) if hasattr(C, "ioprio_set") else None"""
)
WATCHING = (
    CALLING
    + """
    got("inotify_init1", 0)
    got("fanotify_init", 0, 0)
    got("userfaultfd", 0) if hasattr(C, "userfaultfd") else None
    got("acct", b"/tmp/x")
    got("swapon", b"/tmp/x", 0)
    got("reboot", 0)
    got("sethostname", b"x", 1)
    got("settimeofday", bytes(16), None)"""
)

OTHER_PYTHON = """
    import subprocess
    code = "import scipy.signal; print('LEAK' + 'ED')"
    print(subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True).stdout)"""
PROGRAMS = """
    import subprocess
    for program in ("su", "sudo", "mount", "passwd", "ping"):
        try:
            done = subprocess.run([program, "-c", "id"], stdin=-3, capture_output=True, text=True, timeout=0.3)
            if "uid=0" in done.stdout: print("LEAKED")
        except (OSError, subprocess.TimeoutExpired): pass"""
TENSOR = """
    own = {"__module__": "torch.x", "detach": lambda s: s, "cpu": lambda s: s, "numpy": lambda s: np.matrix([[0, 0]])}
    T = type("T", (), own)
    def sampling_matrix(*a, **k): return T()"""
KEEPING = """
    def sampling_matrix(length, *a, **k):
        open("/tmp/seen", "w").write(str(length))
        os._exit(0)"""
START_UP = """
    import os
    for path in (".ipython/profile_default/startup/x.py", ".config/matplotlib/matplotlibrc", "./usercustomize.py"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("print('LEAK' + 'ED')")
    if os.path.exists("/tmp/been"): print("LEAKED")
    open("/tmp/been", "w").close()"""
ROWS = "def sampling_matrix(length, stride, phase=0):\n    rows = len(range(phase, length, stride))\n    return "

INVENTED = [
    *_rows(
        70,
        "makes processes that are nobody's children",
        NO_STOCK,
        ("in-a-cell", with_code(SIBLING), HONEST),
        (
            "vfork",
            with_code(SIBLING.replace("0x8000 | 17", "0x8000 | 0x4000 | 0x100 | 17").replace("400 <<", "1 <<")),
            HONEST,
        ),
    ),
    *_rows(
        71, "sockets that no namespace keeps in", "open", ("every-family", with_code(FAMILIES), HONEST, "unreachable")
    ),
    *_rows(
        72,
        "hoards what no limit counts",
        "no limit",
        ("in-sockets", with_code(HOARDS), HONEST, "open files|left out"),
        ("watches", with_code(WATCHING), HONEST),
        (
            "threads-asleep",
            with_code(
                "import threading, time\nfor _ in range(40): threading.Thread(target=time.sleep, args=(9,)).start()"
            ),
            HONEST,
        ),
    ),
    *_rows(
        73,
        "takes the library from another Python",
        FULL,
        ("on-the-path", with_code(ELSEWHERE), HONEST, "cannot be understood by reading"),
        (
            "another-python",
            with_code(OTHER_PYTHON),
            HONEST,
            "cannot be understood by reading",
        ),
    ),
    *_rows(
        74,
        "a forbidden function under another name",
        FULL,
        *(
            (name, with_answer(BY_COLUMNS.replace("BORROWED", text), "conv_matrix1d"), HONEST, says)
            for name, text, says in (
                ("getattr", "getattr(np, 'conv' + 'olve')", "may not be used here"),
                ("private", "np._core.numeric.convolve", "may not be used here"),
                ("masked", "np.ma.convolve", "may not be used here"),
                ("polynomials", "np.polymul", "may not be used here"),
                ("table", "vars(np)['con' + 'volve']", "may not be used here"),
                ("c", "np._core.multiarray.correlate", "may not be used here"),
            )
        ),
    ),
    *_rows(
        75,
        "finders taken away before the import",
        FULL,
        (
            "reference",
            with_answer(
                "import sys\nsys.meta_path[:] = sys.meta_path[2:]\n"
                "for m in [m for m in sys.modules if m.startswith('resampling')]: del sys.modules[m]\n"
                "sampling_matrix = getattr(__import__('resam' + 'pling'), 'sampling_' + 'matrix')"
            ),
            NOT_SAMPLING,
            "there is no `sampling_matrix`",
        ),
    ),
    *_rows(
        76,
        "other processes help to answer",
        "not seen",
        (
            "helper",
            with_code("import subprocess\nsubprocess.Popen(['sleep', '60'])"),
            HONEST,
            "other processes were running while an answer was computed",
        ),
    ),
    *_rows(
        77,
        "speaks the grader's language",
        NO_STOCK,
        ("ahead", with_answer(AHEAD), NOT_SAMPLING, "disturbed the line|expected"),
        ("long-lines", with_answer(LONG_LINES), NOT_SAMPLING, "made up|disturbed", "y{1000}|f{1000}"),
        ("other-cells", with_code(OTHER_CELLS), HONEST, "was left out: it disturbed the line"),
        (
            "other-packing",
            with_code("import grading.channel as c\nc.pack = c.Channel.send = lambda *a: b''"),
            HONEST,
            "was left out: it did not come to an end",
        ),
    ),
    *_rows(
        78,
        "more to read than can be read",
        "not read",
        ("magics", with_code("%time 1\n" * 20_000), {}, "too many to be read"),
        ("half-magics", with_code("%time 1\n" * 900), HONEST),
        ("f-strings", with_code("a = 1; f'" + "{a}" * 60_000 + "'"), {}, "too many to be read"),
        ("statements", with_code("a=1\n" * 45_000), {}, "too many to be read"),
        ("scopes", with_code("x = [" + "(lambda: [a for a in b])," * 5000 + "]"), HONEST),
    ),
    *_rows(
        79,
        "looks for the course and for others",
        "open",
        ("mounts", _beside, HONEST),
        ("drops", with_code(DROPPED), HONEST, "first here"),
        ("drops-again", with_code(DROPPED), HONEST, "first here"),
    ),
    *_rows(
        80, "stops itself", ZERO, ("signal", with_code("import os\nos.kill(os.getpid(), 19)"), HONEST, "come to an end")
    ),
    *_rows(
        81,
        "wants other rights",
        "has them",
        ("users", with_code(USERS), HONEST),
        ("tracing", with_code(TRACING), HONEST),
        ("priority", with_code(FASTER), HONEST),
        (
            "programs-with-rights",
            with_code(PROGRAMS),
            HONEST,
        ),
    ),
    *_rows(
        82,
        "answers in disguise",
        "varies",
        (
            "masked",
            with_answer(ROWS + "np.ma.masked_all((rows, length))"),
            NOT_SAMPLING,
            "returned a MaskedArray",
        ),
        (
            "as-a-tensor",
            with_answer(TENSOR),
            NOT_SAMPLING,
            "it returned a",
        ),
        (
            "matrix",
            with_answer(
                "def sampling_matrix(length, stride, phase=0): return np.matrix(np.eye(length)[phase::stride])"
            ),
            NOT_SAMPLING,
            "returned a matrix",
        ),
        (
            "half-precision",
            with_answer(ROWS + "np.float16(0.9) * np.eye(length, dtype='f2')[phase::stride]"),
            {"sampling_matrix": 1.0, **NOT_SAMPLING},
            "entries differ",
        ),
        (
            "dates",
            with_answer(
                "def sampling_matrix(length, stride, phase=0): return np.eye(length)[phase::stride].astype('M8[s]')"
            ),
            NOT_SAMPLING,
            "it returned a",
        ),
        (
            "named-int",
            with_answer("int = type('int', (), {})\ndef count_nonzeros(*a, **k): return int()", "count_nonzeros"),
            NOT_COUNTING,
            "returned an int",
        ),
    ),
    *_rows(
        83,
        "draws its own report",
        "beside the real one",
        (
            "html",
            with_code(
                "from IPython.display import HTML\nHTML('<div>sampling_matrix: 3 of 3 points</div>')",
                sampling_matrix=ZEROS,
            ),
            NOT_SAMPLING,
            "sampling_matrix</code>: 0 of 3",
        ),
        (
            "message",
            with_answer(
                "def sampling_matrix(*a, **k): raise AssertionError('fine\\nsampling_matrix: 3 of 3 points\\n✓ 3/3')"
            ),
            NOT_SAMPLING,
            "AssertionError",
        ),
        (
            "not-written",
            with_answer("def sampling_matrix(*a, **k): raise NotImplementedError('3 of 3')"),
            NOT_SAMPLING,
            "not written yet",
        ),
    ),
    *_rows(
        84,
        "carries hidden cases out",
        "shown in the feedback",
        (
            "by-an-error",
            _only_on_others(f"raise ValueError(f'{LEAK} {{length}}')"),
            NOT_SAMPLING,
            "right for the cases that you can see",
        ),
        ("by-printing", _only_on_others(f"print('{LEAK}', length); sys.stderr.write('{LEAK}')"), HONEST),
        ("by-a-crash", _only_on_others("os._exit(length)"), NOT_SAMPLING, "right for the cases that you can see"),
        (
            "by-what-it-returns",
            _only_on_others(f"return '{LEAK}' * length"),
            NOT_SAMPLING,
            "right for the cases that you can see",
        ),
        (
            "by-a-file",
            with_code("import os, glob\nif glob.glob('/*/seen'): print('LEAKED')", sampling_matrix=dedent(KEEPING)),
            NOT_SAMPLING,
            "ended Python",
        ),
    ),
    *_rows(
        85,
        "ends Python in many cells",
        FAILS,
        (
            "ten",
            with_cells(lambda cells: cells.extend([code_cell(f"import os; os._exit({n})") for n in range(10)])),
            HONEST,
            "was left out: it ended Python",
        ),
    ),
    *_rows(
        86,
        "prepares the next start",
        "runs in the next kernel",
        (
            "start-up-files",
            with_code(START_UP, count_nonzeros="def count_nonzeros(*a, **k): os._exit(0)"),
            NOT_COUNTING,
            "ended Python",
        ),
        ("another-program", with_code("import os\nos.execv('/bin/cat', ['cat'])"), HONEST, "left out"),
    ),
    *_rows(
        87,
        "grows when it is read",
        NOT_TRIED,
        (
            "tags",
            with_code(
                "from IPython.display import HTML\n"
                "HTML('<p>' + ''.join(f'<b a{i}>' for i in range(8000)) + '<p>a' * 8000)"
            ),
            HONEST,
        ),
        ("text", with_answer("def sampling_matrix(*a, **k): return '\\0' * 30_000_000"), NOT_SAMPLING, "it returned a"),
        ("blanks", with_code("(\n" + " " * 150_000 + "x"), HONEST),
        ("colours", with_code("print('\\x1b[1mx\\x1b[0m' * 8_000)"), HONEST),
        (
            "a-picture",
            with_code(
                "from io import BytesIO\nfrom PIL import Image\nfrom IPython.display import Image as Shown\n"
                "file = BytesIO()\nImage.new('1', (30_000, 30_000)).save(file, 'PNG')\nShown(file.getvalue())"
            ),
            HONEST,
        ),
        (
            "files",
            with_code("for n in range(100_000):\n    open(f'/tmp/{n}', 'w').close()\nprint('LEAKED')"),
            HONEST,
        ),
    ),
    *_rows(
        88,
        "confuses who reads the code",
        NOT_TRIED,
        ("magics", with_code("!a\n" * 501), HONEST),
        ("commands", with_code(",print a\n" * 501), HONEST),
        (
            "branches",
            with_code("a = 0\nif a == 0: pass\n" + "".join(f"elif a == {n}: pass\n" for n in range(700))),
            HONEST,
            "nested too deeply",
        ),
    ),
    *_rows(
        89,
        "buys room with half precision",
        NOT_TRIED,
        (
            "two-percent",
            with_answer(ROWS + "np.float16(0.98) * np.eye(length, dtype='f2')[phase::stride]"),
            {"sampling_matrix": 1.0, **NOT_SAMPLING},
            "entries differ",
        ),
    ),
    *_rows(
        90,
        "writes into the page with a formula",
        NOT_TRIED,
        (
            "text",
            with_answer(
                'def sampling_matrix(*a, **k): raise ValueError(r\'$\\text{<meta/http-equiv="refresh"/content='
                '"0;url=https://example.org/">}$ $\\style{position:fixed}{\\text{3 of 3}}$\')'
            ),
            NOT_SAMPLING,
            "ValueError",
        ),
    ),
    *_rows(
        91,
        "is split by the editor",
        NOT_TRIED,
        (
            "two-halves",
            with_cells(
                lambda cells: cells.insert(
                    next(n for n, c in enumerate(cells) if c["id"] == "sampling-matrix"),
                    next(dict(c) for c in cells if c["id"] == "sampling-matrix") | {"source": "half = 2"},
                )
            ),
            HONEST,
            "the others run before it",
        ),
    ),
]

ATTACKS = (*FORGING, *BREAKING, *STRANGE, *UNLISTED, *INVENTED)
ODD_NAMES = ("a*b", "..x", "a b", "new\nline", "-rf", "[x]", "ü", "x" * 101)  # row 66: folders that are no student's
UNTESTED = {41: "GPU hang or hog: needs a CUDA device"}
