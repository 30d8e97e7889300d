"""Is the time of a submission one that its student cannot set, and does lateness cost what the course says?"""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from grading import late, record
from grading.course import CourseError, configure
from grading.export import rows
from grading.gradebook import opened

NAME = "07_convolution_matrix"
POINTS = {"sampling_matrix": 3, "conv_matrix1d": 5, "conv_matrix2d": 5, "conv_matrix_channels": 4, "count_nonzeros": 3}
DAY = timedelta(days=1)


def verdict():
    """As the judge would give it for a notebook that gets all 20 points."""
    results = [
        {"task": t, "score": p, "points": p, "mistakes": [], "text": "", "html": None} for t, p in POINTS.items()
    ]
    return {"tasks": results, "cells": [], "flags": [], "notebook": None}


def hand_in(course, student, content=b"{}"):
    path = course.root / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def table(course):
    return {row["student"]: row for row in rows(course, NAME)}


def now():
    return datetime.now(UTC)


def stamp_of(course, student):
    return (course.root / "submitted" / student / NAME / "timestamp.txt").read_text()


def graded(course, student, content):
    hand_in(course, student, content)
    record.record(course, NAME, student, verdict())
    with opened(course) as gradebook:
        return gradebook.find_submission(NAME, student).timestamp.replace(tzinfo=UTC)


def due(course, time):
    late.set_due(course, NAME, time.isoformat())


@pytest.mark.parametrize("text", ["2026-10-01 23:59", "tomorrow", "2026-10-01 23:59 Europe/Nowhere", "", "x ../../etc"])
def test_a_time_without_a_zone_is_refused(text):
    with pytest.raises(CourseError, match="no time with its zone"):
        late.instant(text)


def test_a_due_date_is_nbgraders(place):
    late.set_due(place, NAME, "2026-10-01 23:59 Europe/Berlin")
    assert place.api.get_assignment(NAME)["duedate"] == "2026-10-01T21:59:00"
    assert place.api.generate_assignment(NAME, force=True, create=True)["success"]
    assert place.api.get_assignment(NAME)["duedate"] == "2026-10-01T21:59:00", "a release keeps it"
    late.set_due(place, NAME, "none")
    assert place.api.get_assignment(NAME)["duedate"] is None


def test_a_run_says_what_lateness_costs(place, grade, exercise, needs_sandbox):
    late.set_late(place, "10%")
    due(place, now() - 2.5 * DAY)
    hand_in(place, "ann", json.dumps(exercise.solved()).encode())
    code, out, err = grade("run", "--course", place.root)
    assert code == 0, err
    assert "late: 6 points less" in out


@pytest.mark.parametrize(("text", "cost"), [(None, 0), ("none", 0), ("zero", 20), ("10%", 6), ("100%", 20)])
def test_lateness_costs_what_the_course_says(place, text, cost):
    if text:
        late.set_late(place, text)
    due(place, now() - 2.5 * DAY)
    graded(place, "ann", b"{}")
    assert (table(place)["ann"]["late_submission_penalty"], table(place)["ann"]["score"]) == (cost, 20 - cost)
    with opened(place) as gradebook:
        assert gradebook.find_submission(NAME, "ann").late_submission_penalty == cost


def test_in_time_costs_nothing_and_a_new_date_takes_a_cost_back(place):
    late.set_late(place, "zero")
    due(place, now() + DAY)
    graded(place, "ann", b"{}")
    assert table(place)["ann"]["score"] == 20
    due(place, now() - DAY)
    assert table(place)["ann"]["score"] == 0
    with opened(place) as gradebook:
        gradebook.grant_extension(NAME, "ann", days=2)
    assert table(place)["ann"]["score"] == 20


def test_points_given_by_hand_are_late_too(place):
    late.set_late(place, "50%")
    due(place, now() - 0.5 * DAY)
    graded(place, "ann", b"{}")
    with opened(place) as gradebook:
        gradebook.find_grade("question-what-the-matrix-shows", NAME, NAME, "ann").manual_score = 4
        gradebook.db.commit()
    assert (table(place)["ann"]["raw_score"], table(place)["ann"]["score"]) == (24, 12)


@pytest.mark.parametrize("text", ["much", "-1%", "101%", "nan%", "5", ""])
def test_a_policy_that_is_none_is_refused(place, text):
    with pytest.raises(CourseError, match="no policy"):
        late.set_late(place, text)


@pytest.mark.parametrize("content", [b"1999-01-01 00:00:00 UTC", b"soon", b"", b"\xff\xfe", b"2" * 10**6])
def test_a_timestamp_that_came_with_the_submission_is_worth_nothing(place, content):
    hand_in(place, "ann")
    (place.root / "submitted" / "ann" / NAME / "timestamp.txt").write_bytes(content)
    began = now()
    assert began <= graded(place, "ann", b"{}") <= now()
    (shown,) = place.api.get_submissions(NAME)
    assert shown["autograded"], "nbgrader takes another time for another submission"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_timestamp_that_is_no_file_is_put_aside(place, tmp_path, kind):
    hand_in(place, "ann")
    path, victim = place.root / "submitted" / "ann" / NAME / "timestamp.txt", tmp_path / "victim"
    victim.write_text("untouched")
    {"link": lambda: path.symlink_to(victim), "folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[kind]()
    graded(place, "ann", b"{}")
    assert victim.read_text() == "untouched"
    assert path.is_file()
    assert not path.is_symlink()
    assert place.api.get_submissions(NAME)[0]["autograded"]


def test_the_first_time_counts_for_each_content(place):
    first = graded(place, "ann", b"{}")
    assert graded(place, "ann", b"{}") == first
    second = graded(place, "ann", b"[]")
    assert second > first
    assert graded(place, "ann", b"{}") == first


def test_the_formgraders_button_does_not_believe_the_student_either(place, exercise, needs_sandbox):
    import json

    hand_in(place, "ann", json.dumps(exercise.solved()).encode())
    (place.root / "submitted" / "ann" / NAME / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")
    late.set_late(place, "zero")
    due(place, now() - DAY)
    result = place.api.autograde(NAME, "ann")
    assert result["success"], result
    assert table(place)["ann"]["late_submission_penalty"] == 20
    assert "1999" not in stamp_of(place, "ann")


def test_a_damaged_memory_is_not_taken_for_a_new_arrival(place):
    graded(place, "ann", b"{}")
    (place.root / "received" / NAME / "ann.json").write_text("{")
    with pytest.raises(CourseError, match="damaged"):
        graded(place, "ann", b"{}")


@pytest.fixture
def exchange(place, tmp_path, monkeypatch):
    """nbgrader's own exchange, with the assignment released; gives a function that submits a content."""
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import ExchangeReleaseAssignment, ExchangeSubmit

    (tmp_path / "exchange").mkdir(mode=0o777)
    os.chmod(tmp_path / "exchange", 0o777)
    configure(place, {"Exchange.root": str(tmp_path / "exchange"), "Exchange.cache": str(tmp_path / "cache")})
    work = tmp_path / "home" / NAME

    def step(kind, student="*"):
        folder = CourseDirectory(config=place.config, student_id=student, assignment_id=NAME)
        return kind(coursedir=folder, authenticator=Authenticator(config=place.config), config=place.config)

    step(ExchangeReleaseAssignment).start()

    def submit(content, student="ann"):
        work.mkdir(parents=True, exist_ok=True)
        (work / f"{NAME}.ipynb").write_bytes(content)
        monkeypatch.chdir(work.parent)
        step(ExchangeSubmit, student).start()
        return max((tmp_path / "exchange" / "resampling" / "inbound").iterdir(), key=lambda path: path.stat().st_ctime)

    return submit


def collected(place):
    place.__dict__.pop("api", None)
    result = place.api.collect(NAME, update=True)
    assert result["success"], result


def test_the_time_of_the_exchange_counts(place, exchange):
    folder = exchange(b"{}")
    written = late._written(folder.name.split("+")[2])
    time.sleep(0.01)
    collected(place)
    hand = (place.root / "submitted" / "ann" / NAME / f"{NAME}.ipynb").read_bytes()
    assert graded(place, "ann", hand) == written
    assert place.api.get_submissions(NAME)[0]["autograded"]
    assert late.Ledger.of(place, NAME, "ann").arrivals.popitem()[1]["clock"] == "exchange"


@pytest.mark.parametrize("trick", ["an early name", "a new content", "a folder moved in"])
def test_an_early_date_in_the_exchange_needs_an_early_file(place, exchange, trick, monkeypatch):
    """All of it belongs to the student, names and dates too; but not the time at which the file system saw a change."""
    monkeypatch.setattr(late, "COPYING", timedelta(seconds=0.05))
    folder = exchange(b"[]")
    book, aside = folder / f"{NAME}.ipynb", folder.parents[2] / "aside"
    early = folder.with_name(f"ann+{NAME}+2020-01-01 00:00:00.000000 UTC+x")
    time.sleep(0.2)
    began = now()
    if trick == "a new content":
        book.chmod(0o644)
        book.write_bytes(b"[1]")
        os.utime(book, (0, 0))
    elif trick == "an early name":
        os.utime(book, (0, 0))
        folder.rename(early)
    else:
        folder.rename(aside)
        aside.rename(early)
    folder = folder if folder.exists() else early
    (folder / "timestamp.txt").chmod(0o644)
    (folder / "timestamp.txt").write_text("2020-01-01 00:00:00.000000 UTC")
    collected(place)
    slack = timedelta(seconds=0.05)  # the file system's clock ticks more slowly
    assert began - slack <= graded(place, "ann", (folder / f"{NAME}.ipynb").read_bytes()) <= now()


def test_a_content_that_is_not_in_the_exchange_has_no_time_of_it(place, exchange):
    exchange(b"{}")
    began = now()
    assert graded(place, "ann", b"[]") >= began


def test_a_plugin_of_the_instructor_is_used(place, tmp_path, monkeypatch):
    (tmp_path / "our_policy.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Strange(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late): return 1000.0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    configure(place, {"AssignLatePenalties.plugin_class": "our_policy.Strange"})
    due(place, now() - DAY)
    graded(place, "ann", b"{}")
    with Gradebook(place.db_url) as gradebook:
        assert gradebook.find_submission(NAME, "ann").late_submission_penalty == 20, "no more than there is"
