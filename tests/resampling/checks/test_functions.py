"""Do functions travel as text, compute, and can a student type again what a check shows?"""

from copy import deepcopy

import numpy as np
import pytest

from resampling.checks import local_call, make_check
from resampling.checks.evaluation import call_text
from resampling.checks.functions import Function, linear_map
from resampling.checks.refusals import Refusal, wrong_values
from resampling.checks.task import Property, Task


def twice(function, x):
    return function(function(x))


def cases(rng):
    return [{"function": linear_map(rng.normal(size=(3, 3)), [3], [3]), "x": rng.normal(size=3)} for _ in range(2)]


TASK = Task(twice, "f(f(x)).", (Property("values", 1.0, cases, wrong_values),), ())


def test_a_task_may_take_a_function(capsys):
    assert make_check(TASK)(lambda function, x: function(function(x))) == 1.0
    assert make_check(TASK)(lambda function, x: function(x)) == 0.0
    assert "function=lambda x: np.tensordot(np.array([[" in capsys.readouterr().out


def test_what_is_shown_can_be_typed_again():
    rng = np.random.default_rng(0)
    forward = linear_map(rng.normal(size=(40, 30)), [5, 6], [2, 20])  # more than NumPy would print
    x = rng.normal(size=(5, 6))
    typed = eval(repr(forward), {"np": np})
    np.testing.assert_array_equal(typed(x), forward(x))
    np.testing.assert_array_equal(deepcopy(forward)(x), forward(x))
    assert call_text(TASK, {"function": forward}) == f"twice(function={forward.text})"


def test_an_error_inside_the_function_is_told_at_the_student_s_line():
    forward = linear_map(np.eye(3), [3], [3])
    with pytest.raises(Refusal) as told:
        local_call(twice, 5.0)({"function": forward, "x": np.ones(2)})
    assert told.value.error == "ValueError: shape-mismatch for sum"
    assert "return function(function(x))" in str(told.value)
    assert "np.array" not in str(told.value)


def test_two_arguments():
    assert Function("lambda a, b: a - b")(5, 3) == 2
