"""Is the verdict the judge's own, repeatable, and out of the reach of what runs?"""

import json
import time

import pytest

from grading import judge
from grading.sandbox import Limits
from grading.sources import refusal_of_notebook
from grading.stage import stage
from resampling.checks.convolution_matrix import TASKS

NAME, SECRET = "07_convolution_matrix", bytes(range(32))
FULL = {task.name: task.points for task in TASKS}
QUICK = Limits(cell_seconds=2)
pytestmark = pytest.mark.usefixtures("needs_sandbox")


def verdict(exercise, notebook, limits=QUICK, secret=SECRET):
    submission = stage(json.dumps(notebook).encode(), exercise.release, NAME)
    return judge.judge(submission, TASKS, exercise.release, secret, limits=limits)


def scores(result):
    return {task["task"]: task["score"] for task in result["tasks"]}


def text(result, task):
    return next(t["text"] for t in result["tasks"] if t["task"] == task)


def test_the_solution_gets_all_points(exercise):
    assert scores(verdict(exercise, exercise.solved())) == FULL


def test_a_regrade_tries_the_same_cases_and_nobody_else_can_know_them(exercise):
    first, other = exercise.solved(), exercise.solved(conv_matrix2d="pass")
    one, two = (stage(json.dumps(n).encode(), exercise.release, NAME) for n in (first, other))
    seed = judge.secret_seed(SECRET, TASKS[0], one)
    assert seed == judge.secret_seed(SECRET, TASKS[0], one)
    others = [
        judge.secret_seed(SECRET, TASKS[1], one),
        judge.secret_seed(SECRET, TASKS[0], two),
        judge.secret_seed(b"x", TASKS[0], one),
    ]
    assert seed not in others


def wrong(body, name="sampling_matrix", signature="length, stride, phase=0"):
    return {name: f"def {name}({signature}):\n" + "".join(f"    {line}\n" for line in body.splitlines())}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("pass", "did you forget `return`"),
        ("return [[1.0]]", "np.array(...)"),
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os._exit(0)", "your function ended the process: it ended Python"),
        ("import ctypes; ctypes.string_at(0)", "your function ended the process"),
        ("return input()", "nobody is there to answer"),
        ("return np.zeros((1000, 1000))", "expected shape"),
        ("return np.zeros((3000, 3000))", "huge array of shape (3000, 3000)"),
        ("return np.zeros((10**4, 10**5), 'i1')", "expected a NumPy array"),
        ("return np.full((3, 3), np.nan, dtype=complex)", "expected real numbers"),
        ("return np.array([['a']])", "expected a NumPy array"),
        ("return np.matrix([[1.0]])", "it returned a matrix"),
        (
            "import os\nfor n in range(3, 1000):\n    try: os.write(n, b'junk' * 99)\n    except OSError: pass",
            "disturbed the line",
        ),
        ("while True: pass", "no answer after"),
        ("raise type('E' * 10**6, (Exception,), {})('x' * 10**8)", "E" * 50),
    ],
)
def test_a_wrong_answer_gets_nothing_and_a_word_of_why(exercise, body, words):
    result = verdict(exercise, exercise.solved(**wrong(body)))
    assert scores(result) == FULL | {"sampling_matrix": 0.0}
    assert words in text(result, "sampling_matrix")


def test_changing_an_argument_is_told(exercise):
    changing = {
        "conv_matrix1d": exercise.answers["conv_matrix1d"].replace(
            "    return matrix", "    weight[:] = 0\n    return matrix"
        )
    }
    assert "changed its argument" in text(verdict(exercise, exercise.solved(**changing)), "conv_matrix1d")


def test_a_name_given_to_something_else_later_is_told(exercise):
    notebook = exercise.solved()
    notebook["cells"].append({"cell_type": "code", "id": "x", "metadata": {}, "source": "conv_matrix2d = 3"})
    result = verdict(exercise, notebook)
    assert scores(result) == FULL | {"conv_matrix2d": 0.0}
    assert "not a function any more" in text(result, "conv_matrix2d")


def test_a_cell_with_a_mistake_in_its_syntax_harms_only_itself(exercise):
    result = verdict(exercise, exercise.solved(count_nonzeros="def count_nonzeros(:"))
    assert scores(result) == FULL | {"count_nonzeros": 0.0}
    assert "the cell that should define it ended with an error" in text(result, "count_nonzeros")


@pytest.mark.parametrize(
    "source",
    [
        "from numpy import convolve as c\ndef sampling_matrix(*a): return c(a)",
        "def helper(x): return np.convolve(x)\ndef sampling_matrix(*a): return helper(a)",
        "%%time\ndef sampling_matrix(*a): return np.convolve(a)",
        "%time 1\nx = (7\n % 2)\ndef sampling_matrix(*a): return np.convolve(a)",
        "def sampling_matrix(*a): pass\nsampling_matrix.__code__ = (lambda *a: np.convolve(a)).__code__",
        "import resampling\nsampling_matrix = resampling.sampling_matrix",
        "f = np\ndef sampling_matrix(*a): return f.convolve(a)",
        "if True:\n    sampling_matrix = np.convolve",
        "unused = 1\rdef sampling_matrix(*a): return np.convolve(*a)",
        "def sampling_matrix(*a): return np.convolve(*a); '''\n'''",
        "@(lambda f: np.convolve)\ndef sampling_matrix(*a): pass",
    ],
    ids=range(11),
)
def test_what_is_forbidden_is_found(exercise, source):
    result = verdict(exercise, exercise.solved(sampling_matrix=source))
    assert scores(result) == FULL | {"sampling_matrix": 0.0}
    assert "may not be used here" in text(result, "sampling_matrix")


def test_forbidden_functions_may_be_used_to_look_at_ones_own_answer(exercise):
    aside = "from resampling.checks.convolution_matrix import check_conv_matrix1d\nprint(np.convolve([1, 2], [3, 4]))\nrow = np.convolve"  # noqa: E501
    notebook = exercise.with_cell(aside)
    notebook["cells"].append(
        {"cell_type": "code", "id": "x", "metadata": {}, "source": "check_conv_matrix1d(conv_matrix1d)"}
    )
    assert scores(verdict(exercise, notebook)) == FULL


def test_code_too_deep_to_read_is_refused_because_it_could_hide_anything(exercise):
    deep = "x = " + "-" * 5000 + "1"
    assert "nested too deeply" in text(verdict(exercise, exercise.with_cell(deep)), "sampling_matrix")


def test_many_sleeping_cells_end_with_the_notebooks_time(exercise):
    notebook = exercise.solved()
    for n in range(30):
        cell = {"cell_type": "code", "id": f"x{n}", "metadata": {}, "source": "import time; time.sleep(60)"}
        notebook["cells"].insert(3, cell)
    result = verdict(exercise, notebook, Limits(cell_seconds=1, notebook_seconds=2))
    assert sum(scores(result).values()) == 0
    assert "used up its 2 seconds" in text(result, "conv_matrix2d")


def test_messages_out_of_turn_get_nothing(exercise):
    lie = (
        "import gc, sys\nfrom grading.channel import Channel\n"
        "line = next(o for o in gc.get_objects() if isinstance(o, Channel))\n"
        "for n in range(1, 99): line.send({'event': 'returned', 'id': n, 'value': 1, 'after': {}})\n"
    )
    result = verdict(exercise, exercise.with_cell(lie))
    assert scores(result) == FULL  # the cell that disturbed the line is left out, the honest rest counts
    assert any("was left out" in flag for flag in result["flags"])


@pytest.mark.parametrize(
    "message",
    [
        "pack({'event': 'ended', 'cell': here, 'outputs': ('x',)})",
        "pack({'event': 'ended', 'cell': here, 'outputs': {}})",
        "pack({'event': np.zeros(3), 'cell': here})",
        "pack({'event': 'started', 'cell': here})",
        "pack({'event': 'started', 'cell': 0})",
        "PREFIX.pack(b'GRD1', 11, 0) + b'[\"dict\",[1]]'",
        "bytes(100)",
    ],
    ids=range(7),
)
def test_made_up_events_harm_only_their_cell(exercise, message):
    notebook = exercise.with_cell("")
    here = next(n for n, c in enumerate(notebook["cells"]) if c["id"] == "extra")
    notebook["cells"][here]["source"] = (
        "import gc\nfrom grading.channel import Channel, pack, PREFIX\n"
        "line = next(o for o in gc.get_objects() if isinstance(o, Channel))\n"
        f"here = {here}\nline.connection.sendall({message})"
    )
    result = verdict(exercise, notebook)
    assert scores(result) == FULL
    assert all(type(cell["outputs"]) is str for cell in result["cells"])


def test_what_cannot_be_compiled_harms_only_itself(exercise):
    notebook = exercise.solved()
    for n, source in enumerate(["def f(a, a): pass", "nonlocal x", "return 5", "await x", "x = ("]):
        notebook["cells"].append({"cell_type": "code", "id": f"x{n}", "metadata": {}, "source": source})
    assert scores(verdict(exercise, notebook)) == FULL


def test_long_chains_of_names_are_read_quickly(exercise):
    chain = "\n".join(f"a{n} = a{n + 1}" for n in range(5000)) + "\nsampling_matrix = a0"
    submission = stage(json.dumps(exercise.with_cell(chain)).encode(), exercise.release, NAME)
    began = time.perf_counter()
    assert refusal_of_notebook(TASKS[0], submission) is None
    assert time.perf_counter() - began < 5


def test_torch_works_without_what_is_forbidden(exercise):
    pytest.importorskip("torch")
    body = "import torch\nreturn torch.eye(length, dtype=torch.float64)[phase::stride]"
    aside = "import torch\nprint([hasattr(torch, n) for n in ('nn', 'conv1d')])\nimport torch.nn.functional"
    result = verdict(exercise, exercise.with_cell(aside, exercise.solved(**wrong(body))), Limits())
    assert scores(result) == FULL
    assert "[False, False]" in str(result["cells"])
    assert "torch.nn may not be used here" in str(result["cells"])
