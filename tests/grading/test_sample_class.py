"""Does everybody in the sample class get the grade and the words that the work deserves?"""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from nbgrader.api import Gradebook

from grading.judge import secret_seed
from grading.stage import stage
from resampling.checks.convolution_matrix import TASKS
from resampling.checks.evaluation import call_text

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from sample_class import ASSIGNMENT, MISTAKES, STUDENTS  # noqa: E402

BY_NAME = {student.name: student for student in STUDENTS}


@pytest.fixture(scope="module")
def grades(graded):
    with Gradebook(graded.db_url) as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        graded_cells = [(s.student.id, g) for s in submissions for n in s.notebooks for g in n.grades]
        found = {name: {} for name, _ in graded_cells}
        for name, grade in graded_cells:
            kept = ("auto_score", "max_score", "needs_manual_grade")
            found[name][grade.name] = SimpleNamespace(**{key: getattr(grade, key) for key in kept})
        return found


@pytest.fixture(scope="module")
def pages(graded):
    return {name: (graded.root / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text() for name in BY_NAME}


def notebook(graded, name):
    return json.loads((graded.root / "autograded" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text())


def test_every_named_mistake_is_made_by_somebody():
    made = {(task, mistake) for student in STUDENTS for task, mistake in (student.mistakes or {}).items()}
    assert made == {(task.name, mistake.name) for task in TASKS for mistake in task.mistakes}
    assert set(MISTAKES) == {task.name for task in TASKS}


@pytest.mark.parametrize("name", BY_NAME)
def test_the_gradebook_holds_exactly_these_grades(grades, name):
    got = {task: grades[name][f"{task.replace('_', '-')}-check"].auto_score for task in MISTAKES}
    assert got == BY_NAME[name].scores


@pytest.mark.parametrize("name", [s.name for s in STUDENTS if s.mistakes])
def test_the_feedback_names_the_mistakes(pages, graded, name):
    for mistake in BY_NAME[name].mistakes.values():
        assert mistake in graded.summary[name]["mistakes"]
        assert f"{mistake[0].upper()}{mistake[1:]}." in pages[name]


def test_an_answer_in_words_waits_for_a_person_and_a_blank_one_does_not(grades):
    question = "question-what-the-matrix-shows"
    assert grades["perfect"][question].needs_manual_grade
    assert not grades["blank"][question].needs_manual_grade
    assert grades["blank"][question].auto_score == 0


@pytest.mark.parametrize("name", BY_NAME)
def test_feedback_has_no_active_content(pages, name):
    page = pages[name]
    assert "default-src 'none'" in page
    tags = re.findall(r"<[^>]*>", page)
    assert not [t for t in tags if re.match(r"(?i)<\s*(script|iframe|object|embed|form|base|svg|style[^>]*@import)", t)]
    assert not [
        t for t in tags if re.search(r"""(?i)\son\w+\s*=|javascript:|src\s*=\s*["']?(?!data:image/png)[^"'\s>]""", t)
    ]


def test_scripts_are_shown_as_text(pages):
    assert "alert(5)" in pages["scripts"]
    assert "alert(6)" in pages["scripts"]
    assert "<b>bold</b>" in pages["scripts"]
    assert "<script>alert" not in pages["scripts"]


def hidden_calls(graded, name):
    content = (graded.root / "submitted" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    submission = stage(content, json.loads(graded.release_text(ASSIGNMENT)), ASSIGNMENT)
    for task in TASKS:
        shown = calls(task, 0)
        yield from calls(task, secret_seed(graded.secret, task, submission)) - shown


def calls(task, seed):
    return {call_text(task, case) for prop in task.properties for case in prop.cases(np.random.default_rng(seed))}


@pytest.mark.parametrize("name", [n for n in BY_NAME if n != "no_notebook"])
def test_hidden_inputs_stay_hidden(graded, name):
    said = json.dumps(notebook(graded, name)["cells"], ensure_ascii=False)
    hidden = list(hidden_calls(graded, name))
    assert len(hidden) > 10
    assert not [call for call in hidden if json.dumps(call)[1:-1] in said]


def test_learning_the_shown_cases_by_heart_does_not_help(pages):
    assert "right for the cases that you can see, wrong for others" in pages["by_heart"]


def test_the_spy_finds_nothing(graded):
    said = json.dumps([cell.get("outputs") for cell in notebook(graded, "spy")["cells"]])
    assert "no network" in said
    assert "NETWORK REACHED" not in said
    assert "FOUND" not in said
    assert re.findall(r"ENVIRONMENT \[(.*?)\]", said)
    assert "TOKEN" not in said


def test_the_forger_sees_no_gradebook_and_changes_no_points(graded, grades):
    assert "GRADEBOOK" not in "".join(str(cell.get("outputs")) for cell in notebook(graded, "forger")["cells"])
    assert grades["forger"]["conv-matrix1d-check"].max_score == 5
    assert any("number of points was changed" in note for note in graded.summary["forger"]["notes"])
    assert all("skip-execution" not in str(cell["metadata"]) for cell in notebook(graded, "forger")["cells"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_notebook", "not a notebook"),
        ("deleted", "was missing and was put back"),
        ("doubled", "the last one counts"),
        ("crash", "was left out"),
        ("stubborn", "a loop that never ends"),
        ("endless", "a loop that never ends"),
        ("borrower", "may not be used here"),
    ],
)
def test_the_instructor_gets_a_line_about_it(graded, pages, name, words):
    assert any(words in note for note in graded.summary[name]["notes"])
    assert words in pages[name]


def test_who_does_not_end_takes_nobody_else_s_time(graded):
    late = {name for name, row in graded.summary.items() if any("loop that never ends" in n for n in row["notes"])}
    assert {"endless", "stubborn"} <= late <= {"endless", "stubborn", "greedy"}


def test_a_second_run_repeats_no_finished_work(graded, grade, grades):
    code, out, _ = grade("run", "--course", graded.root, "--cell-seconds", 3, "--json")
    again = {row["student"]: row for row in json.loads(out)}
    assert code == 0
    assert [name for name, row in again.items() if not row["reused"]] == []
    assert {n: r["score"] for n, r in again.items()} == {n: r["score"] for n, r in graded.summary.items()}


def test_the_export_has_a_row_for_each(graded, grade):
    _, out, _ = grade("export", "--course", graded.root)
    lines = out.splitlines()
    assert len(lines) == 1 + len(STUDENTS)
    assert lines[0].startswith("student,assignment,")
    rows = json.loads(grade("export", "--course", graded.root, "--json")[1])
    assert {r["student"]: r["score"] for r in rows} == {s.name: sum(s.scores.values()) for s in STUDENTS}
