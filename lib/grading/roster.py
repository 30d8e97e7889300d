"""Who is in the class: read from the table of people that a learning platform, or anybody, exports as CSV.

Columns are known by their names, in the spelling of Canvas, Moodle, Blackboard or Brightspace, or plain ``id, name,
email``. The first of a person's login, e-mail address, number and name that can name a folder names the student here.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rapidfuzz import fuzz

from grading.course import CourseError
from grading.stage import is_id

LIKE, UNLIKE = 90.0, 80.0  # how alike names are, of 100: at least this, while nobody else is more than that
ROSTER_BYTES = 20_000_000
COLUMNS = {
    "login": ("sis login id", "username", "user name", "login", "login id"),
    "email": ("email", "email address", "e-mail", "e-mail address", "mail"),
    "number": ("student id", "sis user id", "id number", "orgdefinedid", "org defined id", "matriculation number"),
    "platform": ("id", "identifier"),
    "name": ("student", "name", "full name", "student name"),
    "first": ("first name", "firstname", "given name", "given names"),
    "last": ("last name", "lastname", "surname", "family name"),
}


@dataclass(frozen=True)
class Person:
    """A row of the table."""

    student: str
    name: str
    email: str
    keys: frozenset[str]  # numbers, login and address, in small letters
    row: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        """The words of the name, in plain letters: in which order they stand means nothing."""
        return frozenset(words(self.name))


@dataclass(frozen=True)
class Match:
    """Who is meant, and if that was concluded from likeness alone, from what."""

    person: Person
    likeness: str = ""


class Unknown(Exception):
    """Why nobody, or nobody in particular, is meant."""


@dataclass(frozen=True)
class Roster:
    """The class."""

    people: tuple[Person, ...]
    header: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "Roster":
        """A table as CSV, with commas, semicolons or tabs, in UTF-8 or as a spreadsheet writes it."""
        rows = [row for row in _rows(path) if any(cell.strip() for cell in row)]
        header = tuple(cell.strip() for cell in rows[0]) if rows else ()
        places = {kind: _place(header, names) for kind, names in COLUMNS.items()}
        if places["login"] is None and places["number"] is None:
            places["login"] = _place(header, ("id",))  # in Canvas's table that is a number of Canvas's own
        if all(place is None for place in places.values()):
            raise CourseError(f"{path} has no column that tells people: name one of them id, name or email.")
        people = tuple(filter(None, (_person(row, places) for row in rows[1:])))
        _refuse_doubles(path, people)
        return cls(people, header)

    @cached_property
    def by_key(self) -> dict[str, list[Person]]:
        """People by number, login and address."""
        table: dict[str, list[Person]] = {}
        for person in self.people:
            for key in person.keys:
                table.setdefault(key, []).append(person)
        return table

    def of(self, student: str) -> Person | None:
        """The person whose work lies under `student`."""
        return next((p for p in self.people if p.student == student), None) or self._one(
            self.by_key.get(student.lower())
        )

    def by_number(self, number: str) -> Match:
        """Whose number, login or address this is."""
        person = self._one(self.by_key.get(number.lower()))
        if person is None:
            raise Unknown(f"nobody in the roster has {number!r}")
        return Match(person)

    def by_name(self, name: str) -> Match:
        """Whose name this is: in any order, without accents, written together; or almost, if no other comes near."""
        wanted, joined = frozenset(words(name)), "".join(words(name))
        exact = [p for p in self.people if p.words == wanted or joined in _joined(p)]
        if len(exact) == 1:
            return Match(exact[0])
        if exact:
            raise Unknown(f"{len(exact)} people in the roster are called {name!r}: {_listed(exact)}")
        return self._alike(name)

    def within(self, text: str) -> Match:
        """Whose login, number or whole name stands in `text`."""
        there = set(words(text))
        keys = {key for key in re.split(r"[\s/_()\[\],;+]+", text.lower()) if len(key) > 2} | there
        named = [p for p in self.people if len(p.words) > 1 and p.words <= there]
        longest = max((len(p.words) for p in named), default=0)
        found = {p for p in named if len(p.words) == longest} | {p for p in self.people if _tells(p, keys, there)}
        if len(found) == 1:
            return Match(*found)
        if found:
            raise Unknown(f"it could be any of {_listed(found)}")
        return self._alike(text)

    def _alike(self, text: str) -> Match:
        asked = " ".join(words(text))
        scores = sorted(
            ((fuzz.token_sort_ratio(asked, " ".join(words(p.name))), p) for p in self.people), key=lambda s: -s[0]
        )
        (best, person), *others = scores or [(0.0, None)]
        if person is None or best < LIKE:
            raise Unknown(f"nobody in the roster is called {text!r}")
        if others and others[0][0] > UNLIKE:
            raise Unknown(f"it could be any of {_listed([p for s, p in scores if s > UNLIKE])}")
        return Match(person, f"{text!r} is like {person.name!r}")

    @staticmethod
    def _one(people: list[Person] | None) -> Person | None:
        return people[0] if people and len(people) == 1 else None


def words(name: str) -> list[str]:
    """Words in plain small letters: ``Müller-Lüdenscheidt, Zoë`` has three."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l")).casefold()
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", kept.replace("'", "").replace("’", ""))


def _tells(person: Person, keys: set[str], there: set[str]) -> bool:
    """Whether a number, login or address tells enough; a login such as ``ann`` does if no strange name is near."""
    said = person.keys & keys
    strange = {word for word in there - person.words - said if word.isalpha()}
    return any(not key.isalpha() for key in said) or bool(said and not strange)


def _joined(person: Person) -> set[str]:
    """A name as Canvas writes it: ``doejane``, from ``Doe, Jane`` or ``Jane Doe``."""
    parts = words(person.name)
    return {"".join(parts[n:] + parts[:n]) for n in range(len(parts))}


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"The roster {path} cannot be read: {error.strerror}.") from None
    if len(content) > ROSTER_BYTES:
        raise CourseError(f"{path} is larger than {ROSTER_BYTES // 10**6} MB: is it a table of people?")
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return csv.reader(text.splitlines(), delimiter=delimiter)


def _decoded(content: bytes) -> str:
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _place(header: Iterable[str], names: tuple[str, ...]) -> int | None:
    known = [cell.casefold() for cell in header]
    return next((known.index(name) for name in names if name in known), None)


def _person(row: list[str], places: dict[str, int | None]) -> Person | None:
    def cell(kind: str) -> str:
        place = places[kind]
        return row[place].strip() if place is not None and place < len(row) else ""

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    platform = cell("platform").removeprefix("Participant ")
    keys = [cell("login"), cell("email"), cell("number"), platform]
    plain = "_".join(re.findall("[A-Za-z0-9-]+", " ".join(words(name))))
    student = next((key for key in [*keys, plain] if is_id(key)), None)
    if student is None or (name == "Points Possible" and not any(keys)):
        return None  # Canvas's second row holds the maxima
    return Person(student, name, cell("email"), frozenset(k.lower() for k in keys if k), tuple(row))


def _refuse_doubles(path: Path, people: tuple[Person, ...]) -> None:
    seen: dict[str, Person] = {}
    for person in people:
        other = seen.setdefault(person.student.lower(), person)
        if other is not person and other.row != person.row:
            raise CourseError(f"{path}: {other.name!r} and {person.name!r} would both be {person.student}.")


def _listed(
    people: Iterable[Person], shown: Callable[[Person], str] = lambda p: f"{repr(p.name)[1:-1]} ({p.student})"
) -> str:
    return ", ".join(sorted(map(shown, people))[:5])
