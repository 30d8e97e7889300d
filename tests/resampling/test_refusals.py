"""No argument of any public function may be a thing of no use to it, and the refusal names the argument.

The calls are those of the examples in the docstrings, so a new function is tested as soon as it has one.
"""

import doctest
import inspect
from functools import wraps
from importlib import import_module

import numpy as np
import pytest

import resampling

FUNCTIONS = {name: getattr(resampling, name) for name in resampling.__all__ if name not in resampling.NETWORKS}
FUNCTIONS = {name: function for name, function in FUNCTIONS.items() if inspect.isfunction(function)}
# What a library of random numbers or the array library itself refuses, by a TypeError of its own.
OTHERS = {"seed", "axis", "like"}
USELESS = object()


def recorded(function, calls):
    """`function`, which notes with what it was called."""

    @wraps(function)
    def wrapped(*args, **options):
        calls.append(inspect.signature(function).bind(*args, **options))
        return function(*args, **options)

    return wrapped


def examples_of(name):
    """The calls of a function in its own examples, all arguments by name or position, with the defaults."""
    function, calls = FUNCTIONS[name], []
    namespace = {**vars(import_module(function.__module__)), **FUNCTIONS, name: recorded(function, calls)}
    for test in doctest.DocTestFinder(recurse=False).find(function, name, globs=namespace):
        doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None, clear_globs=False)
    for call in calls:
        call.apply_defaults()
    return calls


def is_worth_checking(name, value):
    """Flags may be anything that is true or false, as in torch; functions are called, and fail in their own way."""
    return name not in OTHERS and isinstance(value, int | float | str | np.ndarray) and not isinstance(value, bool)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_useless_arguments_are_refused_by_name(name):
    calls = examples_of(name)
    assert calls
    for call in calls:
        for argument in [argument for argument, value in call.arguments.items() if is_worth_checking(argument, value)]:
            wrong = inspect.BoundArguments(call.signature, {**call.arguments, argument: USELESS})
            with pytest.raises(ValueError, match=rf"\b{argument}\b"):
                FUNCTIONS[name](*wrong.args, **wrong.kwargs)
