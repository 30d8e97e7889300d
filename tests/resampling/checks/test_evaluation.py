"""From answers to verdicts, on a task small enough to see through."""

import math
from dataclasses import replace

import numpy as np
import pytest

from resampling.checks.evaluation import Refusal, call_text, evaluate, only_both, refused
from resampling.checks.refusals import item, wrong_dtype, wrong_shape, wrong_values
from resampling.checks.task import Mistake, Property, Task


def fixed(*cases):
    return lambda rng: cases


def double(x, times=1):
    return 2 * times * x


ONE, TWO = {"x": np.array([[1.0, -3.0]])}, {"x": np.array([[5.0]]), "times": 2}
TASK = Task(
    reference=double,
    summary="twice x.",
    properties=(
        Property("shape", 1, fixed(ONE), wrong_shape),
        Property("plain", 2, fixed(ONE), wrong_values),
        Property("times", 0.5, fixed(TWO), wrong_values),
    ),
    mistakes=(
        Mistake("halved", lambda x, times=1: x / 2, "Multiply."),
        Mistake("times ignored", lambda x, times=1: 2 * x, "Read times."),
        Mistake("no shape", lambda x, times=1: x.ravel(), "Keep it."),
    ),
)


def verdict(answer):
    return evaluate(TASK, lambda given: (answer(**given), given), 0)


def raising(kind):
    calls = []

    def invoke(given):
        calls.append(given)
        raise Refusal(kind, "words")

    return evaluate(TASK, invoke, 0), len(calls)


def test_full_marks_are_the_sum_of_the_points():
    assert verdict(double).score == TASK.points == 3.5


@pytest.mark.parametrize(
    ("answer", "earned"), [(lambda x, times=1: 2 * x, [1, 2, 0]), (lambda x, times=1: x, [1, 0, 0])]
)
def test_each_property_earns_its_own_points(answer, earned):
    assert [f.earned for f in verdict(answer).findings] == earned


def test_a_mistake_is_named_where_it_explains_every_wrong_value():
    found = verdict(lambda x, times=1: 2 * x).findings
    assert [f.mistake and f.mistake.name for f in found] == [None, None, "times ignored"]


def test_another_wrong_value_gets_no_name():
    assert verdict(lambda x, times=1: 3 * x).mistakes == ()


def test_the_smallest_failing_case_with_a_pattern_is_told():
    cases = fixed({"x": np.ones((3, 3))}, {"x": np.ones((1, 2))}, {"x": np.ones((2, 2))})
    task = Task(double, "", (Property("all", 1, cases, wrong_values),), ())
    (finding,) = evaluate(task, lambda given: (given["x"], given), 0).findings
    assert finding.trial.expected.shape == (2, 2)


@pytest.mark.parametrize("kind", ["not written", "forbidden", "time limit", "crash"])
def test_after_a_hopeless_answer_no_further_call_is_made(kind):
    found, calls = raising(kind)
    assert (found.score, calls) == (0, 1)


@pytest.mark.parametrize("kind", ["error", "type"])
def test_after_an_error_the_other_cases_are_tried(kind):
    assert raising(kind)[1] == 3


def test_the_answer_cannot_reach_the_cases():
    def vandal(x, times=1):
        value = double(x, times)
        x[...] = 0
        return value

    assert {str(f.trial.refusal) for f in verdict(vandal).findings} == {
        "your function changed its argument `x` in place; work on a copy."
    }
    assert ONE["x"].tolist() == [[1.0, -3.0]]


def test_a_refused_answer_is_worth_nothing_everywhere():
    found = refused(TASK, Refusal("forbidden", "no"))
    assert [(f.earned, str(f.trial.refusal)) for f in found.findings] == [(0, "no")] * 3


def test_the_score_is_a_finite_float():
    for answer in (double, lambda x, times=1: x * math.nan):
        score = verdict(answer).score
        assert (type(score), 0 <= score <= TASK.points) == (float, True)


def test_hidden_cases_can_only_take_points_and_are_not_shown():
    shown, hidden = verdict(double), verdict(lambda x, times=1: 2 * x)
    both = only_both(shown, hidden, "elsewhere")
    assert [f.earned for f in both.findings] == [1, 2, 0]
    assert both.findings[2].trial.arguments == {}
    assert str(both.findings[2].trial.refusal) == "elsewhere"
    assert only_both(hidden, shown, "elsewhere").score == hidden.score


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (ONE, "double(np.array([[ 1., -3.]]))"),
        (TWO, "double(np.array([[5.]]), times=2)"),
        (dict(reversed(TWO.items())), "double(times=2, x=np.array([[5.]]))"),
    ],
)
def test_a_call_is_told_as_it_would_be_typed(given, text):
    assert call_text(TASK, given) == text


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_a_told_call_makes_the_same_array_when_typed(dtype):
    given = {"x": np.arange(6).reshape(2, 3).astype(dtype)}
    array = eval(call_text(TASK, given), {"np": np, "double": lambda x: x})
    np.testing.assert_array_equal(array, given["x"], strict=True)


def test_dtypes_are_told_apart():
    assert wrong_dtype(np.ones(1), np.ones(1)) is None
    assert "expected dtype float64" in str(wrong_dtype(np.ones(1), np.ones(1, np.float32)))


def pair(x):
    return x + 1, 2 * x


IN_ITEMS = Task(
    reference=pair,
    summary="two numbers.",
    properties=(
        Property("sum", 1, fixed({"x": 3}, {"x": 4}), item(0, wrong_values)),
        Property("product", 1, fixed({"x": 3}, {"x": 4}), item(1, wrong_values)),
    ),
    mistakes=(
        Mistake("not added", lambda x: (x, 2 * x), "Add."),
        Mistake("tripled", lambda x: (x + 1, 3 * x), "Twice."),
        Mistake("tripled and not added", lambda x: (x, 3 * x), "Neither."),
        Mistake("forgotten", lambda x: (x + 1,), "Two."),
    ),
)


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (lambda x: (x, 2 * x), ["not added", None]),
        (lambda x: (x, 3 * x), ["tripled and not added", "tripled and not added"]),
        (lambda x: (x, 5 * x), ["not added", None]),
        (lambda x: (x + 7, 3 * x), [None, "tripled"]),
        (lambda x: (x + 1,), ["forgotten", "forgotten"]),
    ],
)
def test_a_mistake_in_one_item_is_named_whatever_the_others_are(answer, names):
    found = evaluate(IN_ITEMS, lambda given: (answer(**given), given), 0).findings
    assert [f.mistake and f.mistake.name for f in found] == names


def test_a_mistake_that_is_wrong_where_the_answer_is_right_was_not_made():
    task = replace(IN_ITEMS, mistakes=IN_ITEMS.mistakes[2:3])
    assert evaluate(task, lambda given: ((given["x"], 2 * given["x"]), given), 0).mistakes == ()


def is_even(x):
    return x % 2 == 0


def test_a_yes_or_no_that_was_right_elsewhere_speaks_against_a_mistake():
    cases = fixed(*({"x": x} for x in range(6)))
    always = Mistake("always", lambda x: True, "Sometimes.")
    task = Task(is_even, "even.", (Property("all", 1, cases, wrong_values),), (always,))
    for answer, names in ((lambda x: True, ("always",)), (lambda x: x % 2 == 0 or x == 3, ())):
        assert evaluate(task, lambda given, answer=answer: (answer(**given), given), 0).mistakes == names
