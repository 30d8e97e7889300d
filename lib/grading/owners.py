"""Whose a collected file is: by its path, or the message that it was attached to, and looked up in a roster.

What comes first in a path was written by the platform or the instructor; what comes later is the student's own choice.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from grading.course import CourseError
from grading.downloads import File, NotTaken
from grading.roster import Match, Roster, Unknown, words

PLATFORMS = {
    "Moodle": re.compile(r"(?:^|/)(?P<name>[^/]+?)_(?P<person>[0-9]+)_assignsubmission_file(?:_|/|$)"),
    "Blackboard": re.compile(r"(?:^|/)[^/]*?_(?P<key>[^/_]+)_attempt_(?P<date>[0-9]{4}(?:-[0-9]{2}){5})(?=[_.]|$)"),
    "Brightspace": re.compile(
        r"(?:^|/)[0-9]+-[0-9]+ - (?P<name>[^/]+?) - "
        r"(?P<date>[A-Z][a-z]+ [0-9]{1,2}, [0-9]{4} [0-9]{3,4} [AP]M)(?=/| - |$)"
    ),
    "Canvas": re.compile(r"(?:^|/)(?P<joined>[^/_]+)_(?:LATE_)?(?P<key>[0-9]+)_(?P<number>[0-9]{1,18})_"),
}
SAYS_NOTHING = {"ipynb", "zip", "submission", "homework", "hw", "assignment", "final", "copy", "notebook"}


@dataclass(frozen=True)
class Owner:
    """A student's name here, what tells people of one name apart, and which attempt it is."""

    student: str
    person: str
    number: int = 0
    likeness: str = ""


Owners = Callable[[File], Owner]


def owners(files: Iterable[File], pattern: str | None, roster: Roster | None, assignments: Iterable[str]) -> Owners:
    """Who owns each of `files`."""
    if pattern:
        return _by_pattern(pattern)
    paths = [file.path for file in files]
    likely = sorted(PLATFORMS, key=lambda name: -sum(1 for path in paths if PLATFORMS[name].search(path)))
    quiet = SAYS_NOTHING | {word for name in assignments for word in words(name)}
    return lambda file: _owner(file, likely, roster, quiet)


def _owner(file: File, likely: list[str], roster: Roster | None, quiet: set[str]) -> Owner:
    try:
        if file.sender:
            return _of_match(roster.by_number(file.sender)) if roster else Owner(file.sender.lower(), file.sender)
        found = next(((n, m) for n in likely if (m := PLATFORMS[n].search(file.path))), None)
        if found:
            return _by_platform(*found, roster)
        if roster:
            return _of_match(_anywhere(file.path, roster, quiet))
    except Unknown as reason:
        raise NotTaken(f"{reason}: mend the roster, or give a --pattern") from None
    raise NotTaken("its path says not whose it is, in the way of a platform: give a --roster or a --pattern")


def _of_match(match: Match, number: int = 0) -> Owner:
    return Owner(match.person.student, match.person.student, number, match.likeness)


def _by_platform(platform: str, match: re.Match[str], roster: Roster | None) -> Owner:
    given = match.groupdict()
    number = _number(given)
    if roster:
        return _of_match(_looked_up(given, roster), number)
    if platform in ("Canvas", "Blackboard"):
        return Owner(given["key"], given["key"], number)
    return Owner(_plain(given["name"]), given.get("person") or given["name"], number)


def _looked_up(given: dict[str, str], roster: Roster) -> Match:
    """By the number or login; by the name if there is no such number, or none that lasts."""
    numbered = given.get("key") or (given.get("person") if "Identifier" in roster.header else None)
    with suppress(Unknown):
        if numbered:
            return roster.by_number(numbered)
    name = given.get("name") or given.get("joined")
    if name:
        return roster.by_name(name)
    raise Unknown(f"nobody in the roster has {numbered!r}")


def _number(given: dict[str, str]) -> int:
    if given.get("number"):
        return int(given["number"])
    date = given.get("date", "")
    if re.fullmatch(r"[0-9-]+", date):
        return int(date.replace("-", ""))
    for form in ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p"):
        with suppress(ValueError):
            clock = date.rpartition(" ")[0].rpartition(" ")[2]
            return int(datetime.strptime(date.replace(f" {clock} ", f" {clock:0>4} "), form).strftime("%Y%m%d%H%M"))
    return 0


def _anywhere(path: str, roster: Roster, quiet: set[str]) -> Match:
    """By the outermost folder that names somebody, or else by the file's name."""
    reason = Unknown("its path names nobody in the roster")
    for part in PurePosixPath(path).with_suffix("").parts:
        telling = " ".join(word for word in re.split(r"[\s_,()]+", part) if word and not {*words(word)} <= quiet)
        try:
            return roster.within(telling)
        except Unknown as error:
            reason = error if "any of" in str(error) else reason
            if reason is error:
                break
    raise reason


def _plain(name: str) -> str:
    """A person's name in letters that a file may have on every system: ``Müller Zoë`` is ``Muller_Zoe``."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", letters).strip("_-")


def _by_pattern(pattern: str) -> Owners:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CourseError(f"--pattern {pattern!r} is no regular expression: {error}") from None
    if "student" not in compiled.groupindex:
        raise CourseError(f"--pattern {pattern!r} has no group (?P<student>...).")

    def owner(file: File) -> Owner:
        match = compiled.search(file.path)
        if not match or not match["student"]:
            raise NotTaken("the pattern finds no student in its path")
        number = match.groupdict().get("number") or "0"
        if not re.fullmatch(r"[0-9]{1,18}", number):
            raise NotTaken(f"the pattern's number is {repr(number)[:50]}")
        return Owner(match["student"], match["student"], int(number))

    return owner
