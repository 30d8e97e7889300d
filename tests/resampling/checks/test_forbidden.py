"""Forbidden functions are found through every honest way to write them, and nothing else is."""

import pytest

from resampling.checks.forbidden import forbidden_uses

FORBIDDEN = ("numpy.convolve", "scipy.linalg", "torch.nn")
NAMES = {"np": "numpy", "F": "torch.nn.functional"}
USES = [
    "np.convolve(a, b)",
    "import numpy\nnumpy.convolve(a)",
    "import numpy as q\nq.convolve",
    "from numpy import convolve",
    "from numpy import convolve as c",
    "from numpy import *",
    "import scipy.linalg",
    "import scipy.linalg as la\nla.toeplitz(a)",
    "from scipy import linalg",
    "from scipy.linalg import toeplitz as t",
    "from scipy.linalg import *",
    "import scipy\nscipy.linalg.toeplitz",
    "F.conv1d(a)",
    "f = np.convolve\nf(a)",
    "m = np\nm.convolve(a)",
    "getattr(np, 'convolve')(a)",
    "__import__('numpy').convolve",
    "import importlib\nimportlib.import_module('scipy.linalg')",
    "(c := np).convolve(a)",
    "def f(x, c=np.convolve): return c(x)",
    "f = lambda x: np.convolve(x, x)",
    "class A:\n    def f(self): return np.convolve",
    "[np.convolve(a) for a in b]",
    "map(np.convolve, a, b)",
    "def f(a):\n    global c\n    c = np\n    return c.convolve(a)",
    "def f(a):\n    import numpy as q\n    return q.convolve(a)",
    "def f(a):\n    return late(a)\nlate = 0\nlate = np.convolve",
]
HARMLESS = [
    "np.convolve_like(a)",
    "convolve(a)",
    "x.convolve(a)",
    "'np.convolve'",
    "# np.convolve(a)",
    "import scipy\nscipy.sparse.eye(3)",
    "from numpy import kron, roll",
    "def convolve(np): return np",
    "this does not parse",
    "",
]


@pytest.mark.parametrize("source", USES)
def test_a_use_is_found(source):
    assert forbidden_uses(source, FORBIDDEN, NAMES)


@pytest.mark.parametrize("source", HARMLESS)
def test_nothing_is_found_where_nothing_is(source):
    assert forbidden_uses(source, FORBIDDEN, NAMES) == []


def test_a_local_variable_hides_a_module_of_its_name():
    source = "def f(n):\n    la = [0] * n\n    return la.index(0)"
    assert forbidden_uses(source, FORBIDDEN, {"la": "scipy.linalg"}) == []


def test_lines_come_in_order_and_once():
    source = "f = np.convolve\n\nf(f(1))"
    assert forbidden_uses(source, FORBIDDEN, NAMES) == [(1, "np.convolve"), (3, "f"), (3, "f(f(1))")][:2]
