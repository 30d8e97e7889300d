"""Is nbgrader's gradebook complete, kept whole by crashes, and the same on a server?"""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

from grading import record
from grading.cleaning import markdown
from grading.course import CourseError, lay
from grading.export import rows
from grading.gradebook import check, opened, set_db
from grading.nbgrader_steps import RebuildFromVerdict

NAME, QUESTION = "07_convolution_matrix", "question-what-the-matrix-shows"
POINTS = {"sampling_matrix": 3, "conv_matrix1d": 5, "conv_matrix2d": 5, "conv_matrix_channels": 4, "count_nonzeros": 3}


def verdict(course, answers=None, **scores):
    """As the judge would give it, for a notebook with some answers and some scores."""
    release = nbformat.reads(course.release_text(NAME).decode(), as_version=4)
    texts = {"question-what-the-matrix-shows": "Bands."} | (answers or {})
    sources = [texts.get(cell.id, f"# {cell.id}") for cell in release.cells]
    own = [bool(cell.metadata.get("nbgrader", {}).get("solution")) for cell in release.cells]
    both = zip(sources, own, strict=True)
    cells = [{"index": n, "source": text, "own": own, "clean": markdown(text)} for n, (text, own) in enumerate(both)]
    results = [
        {"task": name, "score": scores.get(name, points), "points": points, "mistakes": [], "text": "t", "html": None}
        for name, points in POINTS.items()
    ]
    return {"tasks": results, "cells": [], "flags": [], "notebook": cells}


def hand_in(course, student, content=b"{}"):
    path = course.root / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write(course, student, **options):
    hand_in(course, student, repr(options).encode())
    record.record(course, NAME, student, verdict(course, **options))


def grade_of(gradebook, student, cell):
    return gradebook.find_grade(cell, NAME, NAME, student)


def table(course):
    return {row["student"]: row for row in rows(course, NAME)}


def test_what_a_person_wrote_stays_and_is_shown_by_nbgrader(place):
    write(place, "ann")
    with opened(place) as gradebook:
        grade = grade_of(gradebook, "ann", QUESTION)
        grade.manual_score, grade.needs_manual_grade, grade.extra_credit = 4, False, 0.5
        grade_of(gradebook, "ann", "count-nonzeros-check").extra_credit = 1
        gradebook.find_comment(QUESTION, NAME, NAME, "ann").manual_comment = "Nicely said."
        gradebook.db.commit()
    write(place, "ann", conv_matrix1d=2.5)
    with opened(place) as gradebook:
        grade = grade_of(gradebook, "ann", QUESTION)
        assert (grade.score, grade.extra_credit, grade.needs_manual_grade) == (4.5, 0.5, False)
        assert gradebook.find_comment(QUESTION, NAME, NAME, "ann").comment == "Nicely said."
    (shown,) = place.api.get_submissions(NAME)
    assert (shown["score"], shown["autograded"], shown["needs_manual_grade"]) == (17.5 + 4 + 1.5, True, False)
    write(place, "ann", answers={QUESTION: "Stripes."})
    (shown,) = place.api.get_submissions(NAME)
    assert (shown["score"], shown["needs_manual_grade"]) == (20 + 4 + 1.5, True)
    write(place, "ann", answers={QUESTION: "Stripes."})
    assert place.api.get_submissions(NAME)[0]["needs_manual_grade"], "nobody has looked yet"


def test_a_new_verdict_on_points_that_a_person_replaced_is_shown_to_a_person(place):
    write(place, "ann", count_nonzeros=0)
    with opened(place) as gradebook:
        grade = grade_of(gradebook, "ann", "count-nonzeros-check")
        grade.manual_score, grade.needs_manual_grade = 2, False
        gradebook.db.commit()
    write(place, "ann", count_nonzeros=0)
    with opened(place) as gradebook:
        assert not grade_of(gradebook, "ann", "count-nonzeros-check").needs_manual_grade
    write(place, "ann", count_nonzeros=3)
    with opened(place) as gradebook:
        grade = grade_of(gradebook, "ann", "count-nonzeros-check")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (3, 2, True)


def test_an_answer_that_is_the_stub_gets_nothing_and_nbgraders_comment(place):
    release = nbformat.reads(place.release_text(NAME).decode(), as_version=4)
    stub = next(cell.source for cell in release.cells if cell.id == QUESTION)
    write(place, "ann", answers={QUESTION: stub})
    with opened(place) as gradebook:
        grade = grade_of(gradebook, "ann", QUESTION)
        assert (grade.auto_score, grade.needs_manual_grade) == (0, False)
        assert gradebook.find_comment(QUESTION, NAME, NAME, "ann").auto_comment == "No response."
    write(place, "ann")
    with opened(place) as gradebook:
        assert gradebook.find_comment(QUESTION, NAME, NAME, "ann").auto_comment is None


@pytest.mark.filterwarnings("ignore:Object of type")
def test_rows_are_those_that_nbgrader_makes(place):
    write(place, "ours")
    with Gradebook(place.db_url) as gradebook:
        gradebook.add_student("theirs")
        gradebook.add_submission(NAME, "theirs")
        ours, theirs = (gradebook.find_submission(NAME, name) for name in ("ours", "theirs"))
        for part in ("grades", "comments"):
            names = [sorted(row.name for row in getattr(s.notebooks[0], part)) for s in (ours, theirs)]
            assert names[0] == names[1] != []


def test_the_notebook_is_valid_for_nbformat(place):
    write(place, "ann")
    path = place.root / "autograded" / "ann" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)


def test_all_of_a_class_is_recorded_but_for_the_one_that_cannot_be(place):
    students = [f"s{n:02d}" for n in range(2 * record.BATCH + 5)]
    for student in students:
        hand_in(place, student)
    good, broken = verdict(place), verdict(place) | {"tasks": []}
    jobs = [(SimpleNamespace(assignment=NAME, student=s), broken if s == "s07" else good) for s in students]
    errors = {job.student: error for job, _, error in record.record_all(place, jobs)}
    assert errors.keys() == set(students)
    assert [s for s, error in errors.items() if error] == ["s07"]
    assert table(place).keys() == {*students} - {"s07"}


def test_a_row_that_the_database_refuses_stops_no_other(place, monkeypatch):
    students = ["ann", "bob", "eve"]
    for student in students:
        hand_in(place, student)
    whole = record._grade

    def refusing(grade, score, changed):
        whole(grade, "no number" if refusing.student == "bob" else score, changed)

    rows_of = record.Rows.__init__

    def remember(self, gradebook, assignment, names):
        rows_of(self, gradebook, assignment, names)
        refusing.student = "bob" if "bob" in names else names[0]

    monkeypatch.setattr(record, "_grade", refusing)
    monkeypatch.setattr(record.Rows, "__init__", remember)
    jobs = [(SimpleNamespace(assignment=NAME, student=s), verdict(place)) for s in students]
    errors = {job.student: error for job, _, error in record.record_all(place, jobs)}
    assert [s for s, error in errors.items() if error] == ["bob"]
    assert table(place).keys() == {"ann", "eve"}


def test_a_killed_grader_leaves_no_half_of_a_submission(place):
    """Killed while a transaction is under way: the last whole record stands, and the next run writes the new one."""
    write(place, "ann")
    program = textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        import test_gradebook as t
        from grading.course import Course
        event.listen(Engine, "commit", lambda connection: t.record.Rows.seen and os.kill(os.getpid(), signal.SIGKILL))
        t.record.Rows.seen = False
        charge = t.record.Rows.charge
        def mark(self, *args):
            charge(self, *args)
            self.db.flush()
            t.record.Rows.seen = True
        t.record.Rows.charge = mark
        t.write(Course(Path({str(place.root)!r})), "ann", conv_matrix1d=0, count_nonzeros=0)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (table(place)["ann"]["score"], table(place)["ann"]["count-nonzeros-check"]) == (20, 3)
    write(place, "ann", conv_matrix1d=0, count_nonzeros=0)
    assert table(place)["ann"]["score"] == 12


def test_statements_do_not_grow_with_the_class(place):
    """Reading takes as many statements for a batch as for one."""
    from sqlalchemy import event

    def statements(students):
        seen = []
        for student in students:
            hand_in(place, student)
        with record.Recorder(place) as recorder:
            entries = [recorder.entry(NAME, student, verdict(place)) for student in students]
            event.listen(recorder.gradebook.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
            recorder.save(entries)
        return [text for text in seen if text.startswith("SELECT")]

    assert len(statements(["one"])) == len(statements([f"s{n}" for n in range(20)]))


def test_a_table_is_read_with_few_statements(place):
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def statements():
        seen = []
        note = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(Engine, "before_cursor_execute", note)
        assert rows(place, NAME)
        event.remove(Engine, "before_cursor_execute", note)
        return len(seen)

    write(place, "one")
    few = statements()
    for n in range(8):
        write(place, f"s{n}")
    assert statements() == few


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gradebook", "no database URL"),
        ("nosuch://host/x", "No driver"),
        ("sqlite://", "kept nowhere"),
        ("sqlite:////no/such/folder/gradebook.db", "no folder"),
        ("postgresql://user:secret@127.0.0.1:1/grades", "cannot be opened"),
    ],
)
def test_a_gradebook_that_cannot_be_is_refused_in_words(place, url, says):
    before = place.db_url
    with pytest.raises(CourseError, match=says) as error:
        set_db(place, url)
    assert "secret" not in str(error.value)
    assert place.db_url == before


def test_a_file_that_is_no_database_is_refused(place):
    (place.root / "gradebook.db").write_text("not a database, but long enough to be read as the head of one" * 9)
    with pytest.raises(CourseError, match="cannot be opened"):
        check(place)


def test_what_an_instructor_set_survives_a_release(place):
    path = place.root / "nbgrader_config.py"
    path.write_text(path.read_text() + "c.Exchange.root = '/srv/exchange'\n")
    (place.root / "books").mkdir()
    set_db(place, "sqlite:///books/grades.db")
    lay(place)
    assert place.config.Exchange.root == "/srv/exchange"
    assert place.db_url == f"sqlite:///{place.root}/books/grades.db"
    assert place.config.Autograde.sanitize_preprocessors == [f"{RebuildFromVerdict.__module__}.RebuildFromVerdict"]
