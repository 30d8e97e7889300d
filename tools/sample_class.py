"""Hand in a sample class: right, blank and wrong answers, accidents, and attempts to get more than deserved.

    python tools/sample_class.py build/course     # then: grade run

Every named mistake of every task is made by somebody, as a small edit of the solution's own cells.
"""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSIGNMENT = "07_convolution_matrix"
TASKS = {
    "sampling_matrix": 3.0,
    "conv_matrix1d": 5.0,
    "conv_matrix2d": 5.0,
    "conv_matrix_channels": 4.0,
    "count_nonzeros": 3.0,
}
Notebook = dict[str, Any]
Scores = dict[str, float]

# What each named mistake changes in the solution, and the points that are left.
MISTAKES: dict[str, dict[str, tuple[str, str, float]]] = {
    "sampling_matrix": {
        "the last sample is dropped": ("return matrix", "return matrix[: length // stride]", 0),
        "the phase is ignored": ("matrix[row, sample]", "matrix[row, sample - phase]", 2),
        "too many rows": ("(len(kept), length)", "(-(-length // stride), length)", 2),
        "samples are averaged": ("matrix[row, sample] = 1", "matrix[row, sample : sample + stride] = 1 / stride", 1),
        "dropped samples became zeros": ("return matrix", "return matrix.T @ matrix", 0),
        "rows and columns swapped": ("return matrix", "return matrix.T", 0),
        "the phase is subtracted": ("matrix[row, sample]", "matrix[row, sample - 2 * phase]", 2),
        "a number of rows that is not whole": ("(len(kept), length)", "((length - phase) / stride, length)", 0),
    },
    "conv_matrix1d": {
        "kernel flipped": ("weight[tap]", "weight[taps - 1 - tap]", 0.5),
        "rows and columns swapped": ("return matrix", "return matrix.T", 0),
        "windows move by one sample": ("stride * window - padding", "window - padding", 3.5),
        "padding shifts the wrong way": ("- padding + dilation", "+ padding + dilation", 3.5),
        "padding adds rows but shifts nothing": ("- padding + dilation", "+ dilation", 3.5),
        "padding wraps around": ("if 0 <= sample < length:", "if sample < length:", 3.5),
        "columns for the padding": (
            "    matrix = np.zeros((windows, length)",
            "    length, padding = length + 2 * padding, 0\n    matrix = np.zeros((windows, length)",
            3.5,
        ),
        "dilation ignored between the taps": ("+ dilation * tap", "+ tap", 3.5),
        "dilation left out of the size": ("- dilation * (taps - 1) - 1", "- (taps - 1) - 1", 3.5),
        "one window too many": ("- 1) // stride + 1", "- 1 + stride - 1) // stride + 1", 3.5),
        "entries cut to whole numbers": ("dtype=weight.dtype", "dtype=int", 0),
        "no check at the border": ("if 0 <= sample < length:", "if True:", 3.5),
        "the cut takes everything": (
            "    matrix = np.zeros((windows, length)",
            "    if padding == 0: return np.zeros((windows, 0), weight.dtype)\n    matrix = np.zeros((windows, length)",
            1.5,
        ),
        "stride multiplies the taps too": ("dilation * tap\n", "stride * dilation * tap\n", 3.5),
        "one window too few": ("// stride + 1", "// stride", 0),
        "padding left out of the size": ("(length + 2 * padding -", "(length -", 3.5),
        "a number of windows that is not whole": ("// stride + 1", "/ stride + 1", 0),
    },
    "conv_matrix2d": {
        "kernel flipped": ("weight[a, b]", "weight[-1 - a, -1 - b]", 0),
        "kernel transposed": ("    height, width = size\n", "    weight = weight.T\n    height, width = size\n", 0),
        "rows and columns swapped": ("return matrix", "return matrix.T", 0),
        "pixels taken column after column": (
            "matrix[i * columns + j, y * width + x]",
            "matrix[j * rows + i, x * height + y]",
            0,
        ),
        "height and width mixed up": (
            "if 0 <= y < height and 0 <= x < width:\n                matrix[i * columns + j, y * width + x]",
            "if 0 <= y * height + x < height * width:\n                matrix[i * columns + j, y * height + x]",
            0,
        ),
        "windows wrap to the next row": (
            "if 0 <= y < height and 0 <= x < width:",
            "if 0 <= y * width + x < height * width:",
            3,
        ),
        "vertical and horizontal options swapped": (
            "    height, width = size\n",
            "    stride, padding = stride[::-1], padding[::-1]\n    height, width = size\n",
            2,
        ),
        "outputs numbered with the wrong width": ("matrix[i * columns + j", "matrix[i * rows + j", 0),
        "outputs taken column after column": ("matrix[i * columns + j", "matrix[j * rows + i", 0),
        "columns for the padding": (
            "    height, width = size\n",
            "    height, width = size[0] + 2 * padding[0], size[1] + 2 * padding[1]\n    padding = (0, 0)\n",
            3,
        ),
        "the first of the pair on both axes": (
            "    height, width = size\n",
            "    stride, padding = stride[:1] * 2, padding[:1] * 2\n    height, width = size\n",
            2,
        ),
    },
    "conv_matrix_channels": {
        "kernel flipped": ("weight.shape\n", "weight.shape\n    weight = weight[..., ::-1]\n", 0),
        "rows and columns swapped": ("return matrix", "return matrix.T", 0),
        "input and output channels swapped": (
            "    channels_out, share",
            "    weight = weight.transpose(1, 0, 2)\n    channels_out, share",
            0,
        ),
        "channels interleaved": (
            "return matrix",
            "matrix = matrix.reshape(channels_out, windows, groups * share, length)\n"
            "    return matrix.transpose(1, 0, 3, 2).reshape(channels_out * windows, -1)",
            0,
        ),
        "every group reads the first channels": ("m // (channels_out // groups)", "0", 1.5),
        "groups dealt like cards": ("m // (channels_out // groups)", "m % groups", 1.5),
        "groups ignored": ("    channels_out, share", "    groups = 1\n    channels_out, share", 1.5),
        "one kernel for all input channels": ("weight[m, c]", "weight[m, 0]", 0),
        "wrong size of a group": ("m // (channels_out // groups)", "min(m // groups, groups - 1)", 2.5),
    },
    "count_nonzeros": {
        "the border is ignored": ("    total = 0\n", "    return windows * kernel_size\n    total = 0\n", 0.5),
        "padding subtracted once": (
            "    total = 0\n",
            "    return windows * kernel_size - 2 * padding\n    total = 0\n",
            0.5,
        ),
        "gaps between the taps counted": (
            "    windows =",
            "    kernel_size, dilation = dilation * (kernel_size - 1) + 1, 1\n    windows =",
            1.5,
        ),
        "every entry counted": ("    total = 0\n", "    return windows * length\n    total = 0\n", 0),
        "stride ignored": ("    windows =", "    stride = 1\n    windows =", 1),
        "only the left border": ("min(windows, inside)", "windows", 0.5),
        "a negative count": (
            "max(0, min(windows, inside) - before)",
            "min(windows, (length - 1 - offset) // stride + 1) - before",
            2,
        ),
    },
}

MOST_MISTAKES = max(map(len, MISTAKES.values()))
RIGHT = dict(TASKS)
NOTHING = dict.fromkeys(TASKS, 0.0)

FORGERY = """
import ast, IPython, sys
class Right(np.ndarray):
    def __eq__(self, other): return np.True_
    __array_ufunc__ = None
    def all(self, *a, **k): return True
np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True
shell = IPython.get_ipython()
type(shell).showtraceback = lambda *a, **k: None
shell.input_transformers_post.append(lambda lines: [] if "check_" in "".join(lines) else lines)
class Emptied(ast.NodeTransformer):
    def visit_Expr(self, node): return node if "check_" not in ast.dump(node) else ast.Pass()
shell.ast_transformers.append(Emptied())
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith(("resampling", "grading")):
        vars(module).update({n: (lambda *a, **k: 999.0) for n in vars(module) if n.startswith("check_")})
for path in ("gradebook.db", "../gradebook.db", "../../../gradebook.db"):
    try:
        print("GRADEBOOK", open(path, "rb").read(16))
    except OSError:
        pass
def forged(*a, **k): return np.zeros((2, 2)).view(Right)
"""
SPYING = """
import os, socket
print("ENVIRONMENT", sorted(os.environ))
try:
    socket.create_connection(("1.1.1.1", 53), 2)
    print("NETWORK REACHED")
except OSError as error:
    print("no network:", error)
for top, folders, files in os.walk("/"):
    if top.startswith(("/proc", "/usr")): folders.clear()
    for name in {"make_exercises.py", "convolution_matrix.py", "secret"} & set(files):
        print("FOUND", top, name)
"""
SCRIPTS = """
from IPython.display import HTML, Javascript, SVG, display
display(HTML("<b>bold</b><script>alert(1)</script><img src=x onerror=alert(2)><iframe src='https://example.org'></iframe>"))
display(Javascript("alert(3)"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(4)</script></svg>"))
print("<script>alert(5)</script>")
"""
ACTIVE_ANSWER = """Bands <script>alert(6)</script> <img src=x onerror=alert(7)> [here](javascript:alert(8)) and $a<b$
![tracked](https://example.org/pixel.png) <iframe srcdoc="<script>alert(9)</script>"></iframe>
<a href="https://example.org" onclick="alert(10)">x</a> $\\href{javascript:alert(11)}{x}$"""


@dataclass(frozen=True)
class Student:
    """What somebody hands in, the points that it deserves, and the mistakes that should be named."""

    name: str
    hand_in: Callable[["Exercise"], Notebook | bytes]
    scores: Scores
    mistakes: dict[str, str] | None = None


class Exercise:
    """The released notebook and its solution, and ways to fill the one from the other."""

    def __init__(self, release: Notebook, solution: Notebook) -> None:
        self.release = release
        self.answers = {c["id"].replace("-", "_"): without_marks("".join(c["source"])) for c in solution["cells"]}

    def solved(self, **changed: str) -> Notebook:
        """The release with right answers, but for those in `changed`."""
        return self.filled({name: self.answers[name] for name in TASKS} | changed)

    def filled(self, answers: dict[str, str]) -> Notebook:
        notebook = deepcopy(self.release)
        for cell in notebook["cells"]:
            cell["source"] = answers.get(cell["id"].replace("-", "_"), cell["source"])
        return notebook

    def mistaken(self, mistakes: dict[str, str]) -> Notebook:
        """Somebody who makes the given mistake in each task."""
        answers = {task: _edited(self.answers[task], *MISTAKES[task][name][:2]) for task, name in mistakes.items()}
        own = self.answers["conv_matrix1d"].replace("def conv_matrix1d", "def _one_kernel")
        answers["conv_matrix_channels"] = (
            f"{own}\n\n\n{answers['conv_matrix_channels'].replace('conv_matrix1d(', '_one_kernel(')}"
        )
        return self.solved(**answers)

    def with_cell(self, source: str, notebook: Notebook | None = None) -> Notebook:
        """One more code cell at the top."""
        notebook = notebook or self.solved()
        position = 1 + next(n for n, c in enumerate(notebook["cells"]) if c["id"] == "setup-imports")
        notebook["cells"].insert(position, code_cell(source))
        return notebook


def without_marks(source: str) -> str:
    """A student's cell has no SOLUTION marks in it."""
    return "\n".join(line for line in source.split("\n") if not line.strip().startswith("###"))


def code_cell(source: str) -> dict[str, Any]:
    """A cell as an editor makes it."""
    return {
        "cell_type": "code",
        "id": "extra",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }


def _edited(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"the solution has no {old!r} any more: change the table of mistakes")
    return text.replace(old, new)


def _mistakes(number: int) -> dict[str, str]:
    return {task: list(table)[number % len(table)] for task, table in MISTAKES.items()}


def _mistaken(number: int) -> Student:
    mistakes = _mistakes(number)
    scores = {task: float(MISTAKES[task][name][2]) for task, name in mistakes.items()}
    return Student(f"mistaken_{number + 1:02d}", lambda e: e.mistaken(mistakes), scores, mistakes)


def _forged(e: Exercise) -> Notebook:
    lies = {task: f"def {task}(*a, **k): return forged()" for task in TASKS if task != "count_nonzeros"}
    notebook = e.with_cell(FORGERY, e.solved(**lies))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["nbgrader"]["points"] = 1000
            cell["metadata"]["tags"] = ["skip-execution"]
        if cell["id"].endswith("-check"):
            result = {
                "output_type": "execute_result",
                "data": {"text/plain": "nan"},
                "metadata": {},
                "execution_count": 1,
            }
            cell["outputs"] = [result]
    return notebook


def _borrowed(e: Exercise) -> Notebook:
    toeplitz = (
        "import scipy.linalg as tools\n"
        "def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):\n"
        "    taps = np.zeros(dilation * (len(weight) - 1) + 1, weight.dtype)\n"
        "    taps[::dilation] = weight\n"
        "    row = np.concatenate([taps, np.zeros(length + 2 * padding - len(taps), weight.dtype)])\n"
        "    column = np.zeros(length + 2 * padding - len(taps) + 1, weight.dtype)\n"
        "    column[0] = taps[0]\n"
        "    return tools.toeplitz(column, row)[::stride, padding : padding + length]\n"
    )
    borrowed = "from resampling import sampling_matrix as answer\nsampling_matrix = lambda *a, **k: answer(*a, **k)"
    return e.solved(sampling_matrix=borrowed, conv_matrix1d=toeplitz)


def _learned_by_heart(e: Exercise) -> Notebook:
    """Knows the answers to all cases that the check in the notebook tries, and nothing else."""
    import numpy as np

    from resampling.checks.convolution_matrix import SAMPLING_MATRIX as task

    cases = [c for p in task.properties for c in p.cases(np.random.default_rng(0))]
    known = {tuple(case.values()): task.reference(**case).tolist() for case in cases}
    text = "def sampling_matrix(*a, **k):\n    return np.array(KNOWN.get((*a, *k.values()), [[0.0]]))"
    return e.solved(sampling_matrix=f"KNOWN = {known!r}\n{text}")


def _greedy(e: Exercise) -> Notebook:
    forks = "import os\ndef sampling_matrix(*a, **k):\n    while True:\n        os.fork()"
    memory = "def count_nonzeros(*a, **k):\n    kept = []\n    while True:\n        kept.append(np.ones(10**7))"
    return e.solved(sampling_matrix=forks, count_nonzeros=memory)


def _without_check(e: Exercise) -> Notebook:
    notebook = e.solved()
    notebook["cells"] = [c for c in notebook["cells"] if c["id"] != "conv-matrix2d-check"]
    return notebook


def _with_copies(e: Exercise) -> Notebook:
    notebook = e.solved()
    wrong = e.solved(conv_matrix2d="def conv_matrix2d(*a, **k): return None")
    copies = [c for c in wrong["cells"] if c["id"] in ("conv-matrix2d", "conv-matrix2d-check")]
    notebook["cells"][3:3] = copies
    return notebook


LOOP = "def sampling_matrix(*a, **k):\n    while True:\n        pass"
STUBBORN = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

STUDENTS = (
    Student("perfect", lambda e: e.solved(question_what_the_matrix_shows="Bands, repeated."), RIGHT),
    Student("blank", lambda e: e.release, NOTHING),
    *map(_mistaken, range(MOST_MISTAKES)),
    Student(
        "crash",
        lambda e: e.solved(conv_matrix1d=e.answers["conv_matrix1d"] + "\nimport os; os._exit(1)"),
        RIGHT | {"conv_matrix1d": 0.0, "conv_matrix_channels": 0.0},
    ),
    Student("endless", lambda e: e.solved(sampling_matrix=LOOP), RIGHT | {"sampling_matrix": 0.0}),
    Student("stubborn", lambda e: e.with_cell(STUBBORN), RIGHT),
    Student("greedy", _greedy, RIGHT | {"sampling_matrix": 0.0, "count_nonzeros": 0.0}),
    Student("forger", _forged, NOTHING | {"count_nonzeros": 3.0}),
    Student("spy", lambda e: e.with_cell(SPYING), RIGHT),
    Student("scripts", lambda e: e.with_cell(SCRIPTS, e.solved(question_what_the_matrix_shows=ACTIVE_ANSWER)), RIGHT),
    Student("borrower", _borrowed, RIGHT | {"sampling_matrix": 0.0, "conv_matrix1d": 0.0, "conv_matrix_channels": 0.0}),
    Student("by_heart", _learned_by_heart, RIGHT | {"sampling_matrix": 0.0}),
    Student("deleted", _without_check, RIGHT),
    Student("doubled", _with_copies, RIGHT),
    Student("no_notebook", lambda _: b"PK\x03\x04 this is a zip file", NOTHING),
)


def hand_in(course: Path, students: tuple[Student, ...] = STUDENTS) -> None:
    """Put the class's work into the `submitted` folder of a course in which the assignment is released."""
    release, solution = (
        json.loads((course / kind / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text("utf-8"))
        for kind in ("release", "source")
    )
    for student in students:
        work = student.hand_in(Exercise(deepcopy(release), solution))
        folder = course / "submitted" / student.name / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(work if isinstance(work, bytes) else json.dumps(work).encode())


if __name__ == "__main__":
    hand_in(Path(sys.argv[1] if len(sys.argv) > 1 else "build/course"))
    print(f"{len(STUDENTS)} students have handed in {ASSIGNMENT}")
