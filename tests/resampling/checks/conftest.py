"""How the tests of the checks get hold of tasks and answers."""

import runpy
from dataclasses import replace

import pytest

from resampling.checks import make_check
from resampling.checks.evaluation import evaluate
from resampling.checks.refusals import raised


@pytest.fixture(scope="module")
def solution(root, task):
    """The answer to `task` that stands in `solutions/`."""
    (path,) = (root / "solutions").glob(f"[0-9][0-9]_{_chapter(task)}.py")
    return runpy.run_path(str(path))[task.name]


def _chapter(task):
    return task.properties[0].cases.__module__.rpartition(".")[2]


@pytest.fixture(scope="session")
def judge():
    """Verdict on `answer` when it is tried with the cases of `seed`, by plain calls: quicker than a check's."""
    return lambda task, answer, seed=0: evaluate(task, plain_call(answer), seed)


@pytest.fixture(scope="session")
def lost(judge):
    """Names of the properties that `answer` does not have."""
    return lambda task, answer, seed=0: {f.property for f in judge(task, answer, seed).findings if not f.earned}


def plain_call(answer):
    def invoke(arguments):
        try:
            return answer(**arguments), arguments
        except Exception as error:
            raise raised(type(error).__name__, str(error), []) from None

    return invoke


@pytest.fixture
def check(capsys):
    """Score and printed report of an answer; a call of it gets `seconds`."""

    def run(task, answer, seconds=5.0, **options):
        try:
            score = make_check(replace(task, time_limit=seconds))(answer, **options)
        except KeyboardInterrupt:
            pytest.fail("an interrupt left the check")
        out, err = capsys.readouterr()
        assert err == ""
        return score, out

    return run
