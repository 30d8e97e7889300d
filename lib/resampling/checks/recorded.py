"""Tasks without the functions that compute their answers: the cases that everybody sees, and what was recorded of them.

The student edition is made of these. What is not recorded, such as the cases of another seed, cannot be had from it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling.checks.functions import Function
from resampling.checks.refusals import Refusal, Test, same
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

SEED = 0
ELSEWHERE = (
    "this cannot be tried here, because the answers to compare with are not in this edition; the grader tries it."
)


@dataclass
class Store:
    """Values as JSON; the numbers of arrays lie in one long array for each dtype."""

    arrays: dict[str, list[np.ndarray]] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)

    def encoded(self, value: Any) -> Any:
        """`value` in JSON's kinds."""
        match value:
            case np.ndarray():
                return {"array": self._kept(value)}
            case tuple():
                return {"tuple": [self.encoded(item) for item in value]}
            case Function(text):
                return {"function": text}
            case None | bool() | int() | float() | str():
                return value
        raise TypeError(f"{type(value).__name__} cannot be recorded")

    def decoded(self, value: Any) -> Any:
        """The value that was encoded."""
        match value:
            case {"array": [dtype, start, shape]}:
                size = int(np.prod(shape))
                return self.arrays[dtype][0][start : start + size].reshape(shape).copy()
            case {"tuple": items}:
                return tuple(self.decoded(item) for item in items)
            case {"function": text}:
                return Function(text)
        return value

    def _kept(self, array: np.ndarray) -> list[Any]:
        key = array.dtype.name, array.shape, array.tobytes()
        if key not in self.known:
            before = self.arrays.setdefault(array.dtype.name, [])
            self.known[key] = [array.dtype.name, sum(a.size for a in before), list(array.shape)]
            before.append(array.ravel())
        return self.known[key]

    def save(self, path: Path, data: Any) -> None:
        """Write `data`, encoded already, and the arrays that it names."""
        np.savez_compressed(path.with_suffix(".npz"), **{k: np.concatenate(v) for k, v in self.arrays.items()})
        path.with_suffix(".json").write_text(json.dumps(data, separators=(",", ":")), "utf-8")

    @classmethod
    def load(cls, path: Path) -> "tuple[Store, Any]":
        """What `save` wrote."""
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            store = cls({name: [arrays[name]] for name in arrays.files})
        return store, json.loads(path.with_suffix(".json").read_text("utf-8"))


def key_of(value: Any) -> Any:
    """Something that is equal for equal values, dtypes included."""
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.shape, value.tobytes()
    if isinstance(value, tuple | list):
        return tuple(map(key_of, value))
    return (type(value).__name__, value)


class Recorded:
    """A function that knows its values for some arguments, and for those that rounding makes of them."""

    def __init__(self, name: str, calls: Iterable[tuple[Any, dict[str, Any]]]) -> None:
        self.__name__ = self.__qualname__ = name
        self.table = {key_of(given): (given, outcome) for given, outcome in calls}

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        given = (arguments, tuple(sorted(named.items())))
        near = (outcome for known, outcome in self.table.values() if same(known, given))
        _, outcome = self.table.get(key_of(given)) or (None, next(near, None))
        match outcome:
            case {"value": value}:
                return value
            case {"raised": [kind, message]}:
                raise type(kind, (Exception,), {})(message)  # checks tell errors apart by name and message
            case {"refused": [kind, message]}:
                raise Refusal(kind, message)
        raise Refusal("hidden", ELSEWHERE)

    @classmethod
    def of(cls, store: Store, name: str, calls: list[Any]) -> "Recorded":
        """From ``[[arguments, named arguments, outcome], ...]``."""
        given = [(store.decoded(call[0]), tuple(sorted((n, store.decoded(v)) for n, v in call[1]))) for call in calls]
        return cls(name, zip(given, (_outcome(store, call[2]) for call in calls), strict=True))


def recorded(module: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What lies beside the file `module`: its tasks, for `task`, and the names that its tests use."""
    store, data = Store.load(Path(module))
    names = {name: Recorded.of(store, name, calls) for name, calls in data["functions"].items()}
    names |= {name: store.decoded(value) for name, value in data["constants"].items()}
    return [one | {"store": store} for one in data["tasks"]], names


def task(data: Mapping[str, Any], tests: Mapping[str, Test]) -> Task:
    """The task that `data` is the record of, with the `tests` of its properties."""
    store = data["store"]
    cases = [{name: store.decoded(value) for name, value in case} for case in data["cases"]]
    functions = {name: _by_case(name, cases, store, values) for name, values in data["outcomes"].items()}
    properties = [
        Property(name, points, _shown([cases[n] for n in numbers]), tests[name], hint)
        for name, points, numbers, hint in data["properties"]
    ]
    mistakes = [Mistake(name, functions[name], *told) for name, *told in data["mistakes"]]
    options = {name: tuple(v) if isinstance(v, list) else v for name, v in data["options"].items()}
    return Task(functions[data["name"]], data["summary"], tuple(properties), tuple(mistakes), **options)


def _by_case(name: str, cases: list[Arguments], store: Store, outcomes: list[Any]) -> Recorded:
    given = [((), tuple(sorted(case.items()))) for case in cases]
    return Recorded(name, zip(given, (_outcome(store, outcome) for outcome in outcomes), strict=True))


def _outcome(store: Store, outcome: dict[str, Any]) -> dict[str, Any]:
    return {"value": store.decoded(outcome["value"])} if "value" in outcome else outcome


def _shown(cases: list[Arguments]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        if rng.bit_generator.state != np.random.default_rng(SEED).bit_generator.state:
            raise ValueError("only the cases that everybody sees are in this edition: leave out `seed`.")
        yield from cases

    return draw
