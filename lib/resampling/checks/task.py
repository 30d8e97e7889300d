"""What a task is: data, read by the checks, the tests, the exercises and the grader alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.random import Generator

from resampling.checks.refusals import Test

Arguments = Mapping[str, Any]
Cases = Callable[[Generator], Iterable[Arguments]]


@dataclass(frozen=True)
class Property:
    """One thing that a right answer does, worth `points`.

    `cases` draws the arguments to try (the same ones for the same generator); `test` gets the expected and the
    returned value of each and says what is wrong, or nothing. `hint` is told when no known mistake was made.
    """

    name: str
    points: float
    cases: Cases
    test: Test
    hint: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people really give: `wrong` computes it, `feedback` is the sentence it deserves.

    `wrong` may also raise, as the student's code would. `section` of the chapter's page says more about it.
    """

    name: str
    wrong: Callable[..., Any]
    feedback: str
    section: str = ""


def asked(answer: Callable[..., Any], change: Callable[..., Arguments], **usual: Any) -> Callable[..., Any]:
    """The mistake of `answer` that is asked for something else: ``change(**arguments)`` says for what.

    `usual` are the values of arguments that a case leaves out.
    """
    return lambda **given: answer(**{**usual, **given, **change(**{**usual, **given})})


@dataclass(frozen=True)
class Task:
    """One function that a student writes.

    Attributes
    ----------
    reference : callable
        Right answer for every case; its name is the task's name.
    summary : str
        One line: what the function returns.
    properties : tuple of Property
        Their points add up to the task's.
    mistakes : tuple of Mistake
        At least five; each fails at least one property.
    forbidden : tuple of str
        Dotted names that the student's code may not use, ``"numpy.kron"``; a package stands for all it holds.
    time_limit : float
        Seconds that one call may take.
    devices : tuple of str
        ``("cuda",)`` when the function has to work on torch tensors on that device too.
    section : str
        Heading in the chapter's page under which to read again.
    """

    reference: Callable[..., Any]
    summary: str
    properties: tuple[Property, ...]
    mistakes: tuple[Mistake, ...]
    forbidden: tuple[str, ...] = ()
    time_limit: float = 5.0
    devices: tuple[str, ...] = ()
    section: str = ""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.reference.__name__)

    @property
    def points(self) -> float:
        """Full marks."""
        return sum(p.points for p in self.properties)
