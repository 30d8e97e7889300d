"""Does every attack and accident get the grade, and the words, that it deserves, and does nothing get out?

`tools/attack_list.py` holds the submissions; they are graded once, as one class, for each way to start a sandbox.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import attack_list  # noqa: E402
import attacks  # noqa: E402
from attack_list import ASSIGNMENT, ATTACKS, FILE, LEAK, ODD_NAMES, TOKEN, UNTESTED  # noqa: E402

# One of each row; with ALL=1 in the environment every variant, cold and warm. What is only read is tried once.
FIRST = tuple({a.row: a for a in reversed(ATTACKS)}.values())
RUNNING = {a.row for a in (*attack_list.FORGING, *attack_list.BREAKING, *attack_list.INVENTED)}
CLASSES = {"cold": [a for a in FIRST if a.row in RUNNING], "warm": FIRST}
if os.environ.get("ALL"):
    CLASSES = {"cold": ATTACKS, "warm": ATTACKS}
CASES = [pytest.param(start, attack, id=f"{start}-{attack.name}") for start, all_ in CLASSES.items() for attack in all_]
ALLOWED = {"text/plain", "text/html", "image/png", "image/jpeg"}


def content_of(course):
    """What no submission may change."""
    paths = [course / "secret", course / "nbgrader_config.py", course.parent / "beside"]
    paths += [p for kind in ("source", "release", "submitted") for p in sorted((course / kind).rglob("*"))]
    files = [p for p in paths if p.is_file() and not p.is_symlink() and p.name != "timestamp.txt"]  # the grader's own
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="session")
def classes(tmp_path_factory, needs_sandbox):
    """Makes the graded class of a start, once."""
    made = {}
    patch = pytest.MonkeyPatch()

    def graded(start):
        if start not in made:
            made[start] = _graded(tmp_path_factory.mktemp(start), start, patch)
        return made[start]

    return graded


def _graded(folder, start, patch):
    course = folder / "course"
    (folder / "beside").write_text("somebody else's")
    before = {}

    def remember(*_):
        before.update(content_of(course))

    with attacks.starting(start), patch.context() as watching:
        watching.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        odd_folders = attacks.odd_folders
        watching.setattr(attacks, "odd_folders", lambda place: (odd_folders(place), remember()))
        rows = attacks.graded_class(course, CLASSES[start], ROOT)
    places = [course, folder, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.home(), ROOT]
    return SimpleNamespace(
        course=course,
        rows={row["student"]: row for row in rows},
        scores=attacks.scores_of(course),
        left=attacks.survivors() + attacks.left_files(places),
        before=before,
        after=content_of(course),
    )


@pytest.mark.parametrize(("start", "attack"), CASES)
def test_grade_and_reason(classes, start, attack):
    done = classes(start)
    notes = done.rows[attack.name]["notes"]
    assert attacks.complaints(done.course, attack, done.scores[attack.name], notes) == []


@pytest.mark.parametrize("start", CLASSES)
def test_everybody_is_graded_and_nobody_makes_the_grader_fail(classes, start):
    done = classes(start)
    assert {a.name for a in CLASSES[start]} == done.rows.keys() == done.scores.keys()
    assert [name for name, row in done.rows.items() if row["failed"]] == []


@pytest.mark.parametrize("start", CLASSES)
def test_nothing_gets_out(classes, start):
    done = classes(start)
    assert done.left == []
    assert done.before
    assert done.after == done.before


def test_row_66_a_folder_that_is_no_students_is_left_alone(classes):
    done = classes("warm")
    assert not {*ODD_NAMES} & done.rows.keys()
    assert not [name for name in ODD_NAMES if (done.course / "autograded" / name).exists()]


def test_row_30_megabytes_do_not_reach_the_record(classes):
    done = classes("warm")
    sizes = {p.parent.parent.name: p.stat().st_size for p in done.course.glob(f"autograded/*/{ASSIGNMENT}/{FILE}")}
    assert max(sizes.values()) < 4_000_000


def test_rows_63_and_64_no_output_is_active(classes):
    for path in classes("warm").course.glob(f"autograded/*/{ASSIGNMENT}/{FILE}"):
        outputs = [o for cell in json.loads(path.read_text())["cells"] for o in cell.get("outputs", ())]
        assert {kind for o in outputs for kind in o.get("data", ())} <= ALLOWED
        html = "".join("".join(o["data"]["text/html"]) for o in outputs if "text/html" in o.get("data", ()))
        tags = " ".join(re.findall(r"<[^<>]*>", html))
        assert not re.search(r"(?i)<(script|iframe|svg|object)|\son\w+\s*=|javascript:", tags)


@pytest.mark.parametrize("name", [a.name for a in CLASSES["warm"] if a.row in (63, 64)])
def test_rows_63_and_64_the_page_is_not_active(classes, grade, name):
    course = classes("warm").course
    assert grade("feedback", "--course", course, "--student", name)[0] == 0
    page = (course / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    tags = re.findall(r"<[^<>]*>", page)
    assert "default-src 'none'" in page
    assert not [t for t in tags if re.match(r"(?i)<\s*(script|iframe|object|embed|form|svg|link|base)\b", t)]
    assert not [t for t in tags if re.search(r"""(?i)\son\w+\s*=|javascript:|src\s*=\s*["']?(?!data:image/)\w""", t)]


def test_every_row_of_the_list_is_there():
    listed = [*range(1, 7), 8, *range(10, 20), *range(22, 25), *range(26, 34), 36, 37, 38, 39, 41, 42, 44, 45]
    listed += [*range(48, 54), 55, 56, *range(58, 65), 66, 67, 68]
    there = {a.row for a in CLASSES["warm"]} | UNTESTED.keys() | {66}
    assert {*listed} <= there


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda s, _: s.update(sampling_matrix=3.0), "sampling_matrix: 3 instead of 0"),
        (lambda s, _: s.update(count_nonzeros=0.0), "count_nonzeros: 0 instead of 3"),
        (lambda _, notes: notes.append(LEAK), "'LEAKED' is said"),
    ],
)
def test_the_judgement_of_this_suite_can_fail(classes, change, complaint):
    attack = next(a for a in ATTACKS if a.name == "r01-numpy")
    scores, notes = {**classes("warm").scores[attack.name]}, []
    change(scores, notes)
    assert complaint in attacks.complaints(classes("warm").course, attack, scores, notes)
