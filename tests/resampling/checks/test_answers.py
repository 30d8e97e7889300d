"""Whatever a student hands to a check: no exception leaves it, no undue point is given, and the words are kind.

Every test here runs for every task.
"""

import functools
import sys
import time
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy import convolve as renamed
from torch.nn.functional import conv1d as from_torch


def nothing(**given):
    pass


def forgotten_return(**given):
    given["length"] = 3


def raises(**given):
    numerator = 1
    return numerator / 0


def exits(**given):
    sys.exit()


def calls_exit(**given):
    raise SystemExit("bye")


def not_written(**given):
    raise NotImplementedError()


def endless(**given):
    while True:
        pass


def endless_and_deaf(**given):
    while True:
        try:
            given.get("length")
        except Exception:
            pass


def endless_and_stone_deaf(**given):
    while True:
        try:
            given.get("length")
        except:  # noqa: E722
            pass


def endless_sleep(**given):
    while True:
        time.sleep(0.01)


def endless_print(**given):
    while True:
        print("still here")


def without_bottom(**given):
    return without_bottom(**given)


def generator(**given):
    yield 1


def asks_to_interrupt(**given):
    raise KeyboardInterrupt


def own_base_exception(**given):
    raise type("Odd", (BaseException,), {})("odd")


def renamed_parameters(a, b, c=1):
    return np.zeros((1, 1))


def positional_only(weight, length, /):
    return np.zeros((1, 1))


def helper(x):
    return np.convolve(x, x)


def helper_of_helper(x):
    return helper(x)


class Toolbox:
    @staticmethod
    def solve(x):
        return np.correlate(x, x)


partial_of_forbidden = functools.partial(np.convolve, [1.0])
alias = np.correlate

ODD_VALUES = {
    "a list": [[1.0]],
    "a tuple": (1, 2),
    "a string": "<b>matrix</b>",
    "a float": 1.5,
    "a bool": True,
    "a NumPy bool": np.True_,
    "a dict": {},
    "a function": max,
    "an array of objects": np.array([[None]]),
    "an array of strings": np.array([["1"]]),
    "complex numbers": np.ones((1, 1), complex),
    "an np.matrix": np.asmatrix(np.ones((1, 1))),
    "a masked array": np.ma.ones((1, 1)),
    "no dimensions": np.array(3.5),
    "no entries": np.zeros((0, 5)),
    "five dimensions": np.zeros((1, 1, 2, 1, 1)),
    "a tall matrix": np.zeros((20000, 1)),
    "a wide matrix": np.zeros((1, 20000)),
    "a large matrix": np.ones((300, 300)),
    "only NaN": np.full((3, 3), np.nan),
    "only infinity": np.full((3, 3), -np.inf),
    "a torch tensor": torch.ones(1, 1),
    "a bfloat16 tensor": torch.ones(1, 1, dtype=torch.bfloat16),
    "a sparse tensor": torch.ones(1, 1).to_sparse(),
    "an object": SimpleNamespace(),
}
WORDS = {
    nothing: "did you forget `return`?",
    forgotten_return: "did you forget `return`?",
    raises: "ZeroDivisionError: division by zero",
    exits: "SystemExit",
    calls_exit: "bye",
    not_written: "not written yet",
    without_bottom: "RecursionError",
    generator: "returned a generator",
    renamed_parameters: "unexpected keyword argument",
    positional_only: "could not be called like this",
    asks_to_interrupt: "KeyboardInterrupt",
    own_base_exception: "Odd: odd",
}
ENDLESS = (endless, endless_and_deaf, endless_and_stone_deaf, endless_sleep, endless_print)


def uses_alias(**given):
    return alias([1.0], [1.0])


def uses_renamed(**given):
    return renamed([1.0], [1.0])


def uses_torch(**given):
    return from_torch(torch.ones(1, 1, 1), torch.ones(1, 1, 1))


def uses_import(**given):
    from scipy.linalg import toeplitz

    return toeplitz([1.0])


def uses_getattr(**given):
    return getattr(np, "convolve")([1.0], [1.0])  # noqa: B009


def uses_import_module(**given):
    return __import__("scipy.signal").signal.correlate([1.0], [1.0])


def uses_helper(**given):
    return helper_of_helper([1.0])


def uses_helper_in_comprehension(**given):
    return np.array([helper([1.0]) for _ in range(1)])


def uses_class(**given):
    return Toolbox.solve([1.0])


def uses_partial(**given):
    return partial_of_forbidden([1.0])


uses_lambda = lambda **given: np.convolve([1.0], [1.0])  # noqa: E731
FORBIDDEN = [value for name, value in sorted(globals().items()) if name.startswith("uses_")]


def name_of(answer):
    return answer.__name__


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_odd_value_is_worth_nothing(task, value, check):
    expected = task.reference(**deepcopy(next(iter(task.properties[0].cases(np.random.default_rng(0))))))
    if type(value) is type(expected) and not isinstance(value, np.ndarray):
        pytest.skip(f"{task.name} does return a {type(value).__name__}")
    score, report = check(task, lambda **given: value)
    assert score == 0
    assert task.properties[0].name in report


@pytest.mark.parametrize(("answer", "words"), WORDS.items(), ids=map(name_of, WORDS))
def test_an_answer_that_does_not_answer_is_told_why(task, answer, words, check):
    score, report = check(task, answer)
    assert score == 0
    assert words in report


@pytest.mark.parametrize("answer", ENDLESS, ids=name_of)
def test_an_endless_answer_is_stopped(task, answer, check):
    start = time.perf_counter()
    score, report = check(task, answer, seconds=0.2)
    assert (score, "loop that never ends" in report) == (0, True)
    assert time.perf_counter() - start < 3


def test_the_line_that_raised_is_shown(task, check):
    _, report = check(task, raises)
    assert "return numerator / 0" in report
    assert "threading" not in report


@pytest.mark.parametrize("answer", FORBIDDEN, ids=name_of)
def test_forbidden_help_is_found(task, answer, check):
    score, report = check(task, answer)
    assert score == 0
    assert "may not be used here; write it yourself" in report


@pytest.mark.parametrize(
    "borrowed", [np.convolve, from_torch, torch.nn.Conv1d], ids=["numpy", "torch", "a torch layer"]
)
def test_a_function_of_a_library_is_not_an_answer(task, borrowed, check):
    score, report = check(task, borrowed)
    assert (score, "write the function yourself" in report) == (0, True)


def test_the_reference_is_not_an_answer(task, check):
    assert check(task, task.reference)[0] == 0
    assert check(task, functools.partial(task.reference))[0] == 0


@pytest.mark.parametrize("answer", [None, 3, np.ones((2, 2)), "name"], ids=repr)
def test_what_cannot_be_called_is_no_answer(task, answer, check):
    score, report = check(task, answer)
    assert (score, "takes your function" in report) == (0, True)


def test_printing_a_lot_disturbs_nothing(task, solution, check):
    def talks(**given):
        print("x" * 10**6)
        print("oh", file=sys.stderr)
        return solution(**given)

    score, report = check(task, talks)
    assert score == task.points
    assert len(report) < 1000


def test_changing_an_argument_costs_its_points(task, solution, check):
    def untidy(**given):
        value = solution(**given)
        for argument in given.values():
            if isinstance(argument, np.ndarray):
                argument[...] = 7
        return value

    score, report = check(task, untidy)
    arrays = [set(map(type, case.values())) for p in task.properties for case in p.cases(np.random.default_rng(0))]
    assert (score < task.points) == any(np.ndarray in kinds for kinds in arrays)
    assert ("in place" in report) == (score < task.points)


@pytest.mark.parametrize("clothes", ["partial", "object", "method", "lambda"])
def test_a_right_answer_in_other_clothes_gets_full_marks(task, solution, clothes, check):
    dressed = {
        "partial": functools.partial(solution),
        "object": Callable(solution),
        "method": Callable(solution).__call__,
        "lambda": lambda **given: solution(**given),
    }
    assert check(task, dressed[clothes])[0] == task.points


class Callable:
    def __init__(self, function):
        self.function = function

    def __call__(self, **given):
        return self.function(**given)


RIGHT = {
    "in Fortran order": np.asfortranarray,
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "not contiguous": lambda a: (
        np.repeat(np.repeat(a, 2, 0), 2, -1)[::2, ..., ::2] if a.ndim > 1 else np.repeat(a, 2)[::2]
    ),
    "reversed strides": lambda a: np.flip(np.flip(a).copy()),
    "from a list": lambda a: np.array(a.tolist(), a.dtype),
    "from torch": lambda a: torch.tensor(a).numpy(),
    "a torch tensor": torch.tensor,
    "with rounding noise": lambda a: (a * 3) / 3 if a.dtype.kind == "f" else a,
}


@pytest.mark.parametrize("form", RIGHT.values(), ids=RIGHT)
def test_a_right_value_in_another_form_gets_full_marks(task, form, solution, check):
    assert check(task, lambda **given: in_form(solution(**given), form))[0] == task.points


def in_form(value, form):
    if isinstance(value, tuple | list):
        return [in_form(v, form) for v in value]
    if isinstance(value, np.ndarray):
        return form(value)
    return np.asarray(value)[()] if type(value) in (bool, int, float) else value
