"""What holds for every task of the course: its reference, its solution, its mistakes."""

import inspect
import math
import time
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest

from resampling.checks import local_call
from resampling.checks.evaluation import evaluate
from resampling.checks.functions import Function

SEEDS = range(10)


def cases(task, seed):
    return [case for prop in task.properties for case in prop.cases(np.random.default_rng(seed))]


def equal(left, right):
    """Whether two lists of cases are the same, arrays included."""
    try:
        np.testing.assert_equal(left, right)
    except AssertionError:
        return False
    return True


def test_the_reference_gets_full_marks(task, judge):
    assert [judge(task, task.reference, seed).score for seed in SEEDS] == [task.points] * len(SEEDS)


def test_the_solution_gets_full_marks(task, solution, judge):
    assert [judge(task, solution, 1000 + seed).score for seed in SEEDS] == [task.points] * len(SEEDS)


def test_the_solution_is_not_the_reference(task, solution):
    assert inspect.getsource(solution) != inspect.getsource(task.reference)
    assert solution.__code__ is not task.reference.__code__


def test_the_solution_has_the_signature_that_the_cases_use(task, solution):
    for case in cases(task, 0):
        inspect.signature(solution).bind(**case)
        inspect.signature(task.reference).bind(**case)


def test_a_mistake_costs_points_and_is_recognised_by_its_name_and_never_as_another(task, mistake, judge):
    for seed in SEEDS:
        verdict = judge(task, mistake.wrong, seed)
        assert (verdict.mistakes, verdict.score < task.points) == ((mistake.name,), True)


def test_a_check_says_what_plain_calls_say(task, judge):
    for answer in (task.reference, *(m.wrong for m in task.mistakes)):
        checked, plain = evaluate(task, local_call(answer, task.time_limit), 0), judge(task, answer)
        assert (checked.score, checked.mistakes) == (plain.score, plain.mistakes)


def test_the_feedback_on_a_mistake_is_one_or_more_sentences(task, mistake):
    assert mistake.feedback.endswith(".")
    assert 20 < len(mistake.feedback) < 300


def test_there_are_five_mistakes_or_more_with_names_of_their_own(task):
    names = [m.name for m in task.mistakes]
    assert len(set(names)) == len(names) >= 5


def test_property_names_are_their_own(task):
    names = [p.name for p in task.properties]
    assert len(set(names)) == len(names)


def test_points_are_positive_halves_and_add_up(task, judge):
    assert all(p.points > 0 and 2 * p.points % 1 == 0 for p in task.properties)
    assert task.points == math.fsum(f.points for f in judge(task, task.reference).findings)


def test_every_property_can_be_lost(task, judge):
    answers = [m.wrong for m in task.mistakes] + [lambda **given: wrong_type(task.reference(**given))]
    lost = {f.property for answer in answers for f in judge(task, answer).findings if not f.earned}
    assert lost == {p.name for p in task.properties}


def wrong_type(value):
    if isinstance(value, tuple):
        return tuple(map(wrong_type, value)) or None
    return value.astype(np.float16) if isinstance(value, np.ndarray) else float(value) if type(value) is int else max


def test_the_same_seed_gives_the_same_cases(task):
    assert all(equal(cases(task, seed), cases(task, seed)) for seed in SEEDS)


def test_another_seed_gives_other_cases(task):
    drawn = [cases(task, seed) for seed in range(5)]
    assert not any(equal(drawn[i], drawn[j]) for i in range(5) for j in range(i))


def test_cases_and_results_are_fit_to_travel_as_raw_data(task):
    for case in cases(task, 0):
        assert [name for name, value in case.items() if not travels(value) and type(value) is not Function] == []
        assert travels(task.reference(**deepcopy(case)))


def travels(value):
    if type(value) is tuple:
        return all(map(travels, value))
    return value is None or type(value) in (np.ndarray, bool, int, float, str)


def test_cases_tell_their_arguments_apart(task):
    for weight in (case["weight"] for case in cases(task, 3) if "weight" in case):
        assert len(np.unique(np.abs(weight))) == weight.size


def test_reference_and_mistakes_answer_at_once(task):
    for answer in (task.reference, *(m.wrong for m in task.mistakes)):
        for case in cases(task, 0):
            start = time.thread_time()  # of computing: not the clock's, which runs on when others compute
            quietly(answer, deepcopy(case))
            assert time.thread_time() - start < 0.2


def quietly(answer, case):
    """A mistake may raise where it makes no sense."""
    try:
        return answer(**case)
    except (IndexError, TypeError, ValueError, ZeroDivisionError):
        return None


@pytest.mark.parametrize("seed", range(10))
def test_random_answers_are_worth_nothing_and_get_no_name(task, seed, judge):
    rng = np.random.default_rng(seed)
    verdict = judge(task, lambda **given: guess(task.reference(**given), rng))
    assert (verdict.score, verdict.mistakes) == (0, ())


def guess(value, rng):
    """Something of the kind of `value`, if there is room for a guess, and of another size."""
    if isinstance(value, tuple):
        return tuple(guess(v, rng) for v in value)
    if isinstance(value, np.ndarray):
        return rng.normal(size=value.shape[:-1] + (value.shape[-1] + 1,))
    return type(value)(rng.integers(10**6, 10**7)) if type(value) in (int, float) else object()


@pytest.mark.parametrize("seed", range(10))
def test_noise_of_the_right_shape_gets_no_name(task, seed, judge):
    rng = np.random.default_rng(seed)
    verdict = judge(task, lambda **given: disturbed(task.reference(**given), rng))
    assert verdict.mistakes == ()


def disturbed(value, rng):
    if isinstance(value, tuple):
        return tuple(disturbed(v, rng) for v in value)
    if isinstance(value, np.ndarray):
        return value + rng.normal(size=value.shape)
    return value + int(rng.integers(1, 99)) * 10**6 if type(value) in (int, float) else object()


def test_two_mistakes_at_once_cost_points_and_raise_nothing(task, judge):
    for first, second in pairwise(task.mistakes):
        verdict = judge(task, sometimes(first.wrong, second.wrong))
        assert 0 <= verdict.score < task.points
        assert set(verdict.mistakes) <= {m.name for m in task.mistakes}


def sometimes(first, second):
    """Errs in one way or the other, depending on the arguments."""

    def answer(**given):
        return (first, second)[len(given) % 2](**given)

    return answer
