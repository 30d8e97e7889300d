"""Does the doctor find each thing that is wrong, and say what to do?"""

import json
import os
import shutil
import sqlite3
import stat

import pytest

from grading import cli, doctor
from grading.sandbox import NoSandbox


def findings(grade, course, *more):
    code, out, _ = grade("doctor", "--course", course.root, "--jobs", 1, "--json", *more)
    return code, {row["check"]: row for row in json.loads(out)}


def complaint(grade, course, check, *more):
    """What is told and advised about a thing that is not good; everything else about the course is."""
    code, found = findings(grade, course, *more)
    assert code in (cli.FAILED, cli.NO_SANDBOX)
    assert not found[check]["good"]
    others = {"secret", "gradebook", "nbgrader settings", "versions"} - {check}
    assert all(found[name]["good"] for name in others), found
    return f"{found[check]['told']} | {found[check]['advice']}"


def test_all_is_well_in_a_new_course(grade, place, needs_sandbox):
    _, found = findings(grade, place)
    volatile = {"cores", "memory", "disk space"}  # of this machine
    assert [row for name, row in found.items() if not row["good"] and name not in volatile] == []
    assert "one was started and ended in" in found["sandbox"]["told"]


def test_without_a_sandbox_its_exit_code_is_its_own(grade, place, monkeypatch):
    def none(*_, **__):
        raise NoSandbox("bwrap is not there")

    monkeypatch.setattr(doctor, "Sandbox", none)
    assert "bwrap is not there | Student code runs only in a sandbox" in complaint(grade, place, "sandbox")
    assert findings(grade, place)[0] == cli.NO_SANDBOX


def test_a_secret_that_others_can_read(grade, place):
    (place.root / "secret").chmod(0o644)
    assert "can be read by others" in complaint(grade, place, "secret")
    assert stat.S_IMODE((place.root / "secret").stat().st_mode) == 0o644  # it says so and changes nothing


def test_a_secret_that_is_short(grade, place):
    (place.root / "secret").write_bytes(b"x")
    (place.root / "secret").chmod(0o600)
    assert "fewer than 32 bytes" in complaint(grade, place, "secret")


def test_a_gradebook_that_is_none(grade, place):
    (place.root / "gradebook.db").write_bytes(b"not a database" * 100)
    assert "cannot be checked" in complaint(grade, place, "gradebook")


def test_a_gradebook_that_is_not_there(grade, place):
    (place.root / "gradebook.db").unlink()
    assert "there is no" in complaint(grade, place, "gradebook")
    assert not (place.root / "gradebook.db").exists()


def test_a_gradebook_of_another_nbgrader(grade, place):
    with sqlite3.connect(place.root / "gradebook.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '167914646830'")
    assert "`nbgrader db upgrade`" in complaint(grade, place, "gradebook")


@pytest.mark.parametrize("line", ["c.Autograde.sanitize_preprocessors", "c.GenerateFeedback.post_convert_hook"])
def test_settings_that_would_let_student_code_decide(grade, place, line):
    path = place.root / "nbgrader_config.py"
    path.write_text("".join(text for text in path.read_text().splitlines(True) if not text.startswith(line)))
    assert "which sets these lines anew" in complaint(grade, place, "nbgrader settings")


def test_a_folder_that_anybody_may_write_to(grade, place):
    (place.root / "verdicts").chmod(0o777)
    assert "anybody may write to verdicts | chmod" in complaint(grade, place, "course folder")


def test_a_disk_that_is_full(grade, place, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert "0.0 GB free" in complaint(grade, place, "disk space")


def test_a_clock_that_was_never_set(grade, place, monkeypatch):
    monkeypatch.setattr(doctor.time, "time", lambda: 1000.0)
    assert "set the clock" in complaint(grade, place, "clock")


def test_more_workers_than_cores(grade, place):
    code, found = findings(grade, place, "--jobs", 1000)
    assert code == cli.FAILED
    assert f"`--jobs {len(os.sched_getaffinity(0))}`" in found["cores"]["advice"]
    assert not found["memory"]["good"]


def test_what_is_no_course_is_told_line_by_line(grade, tmp_path, needs_sandbox):
    code, out, _ = grade("doctor", "--course", tmp_path, "--jobs", 1)
    assert code == cli.FAILED
    assert "FAIL course folder" in out
    assert f"to do: run `grade release --course {tmp_path}`" in out
    assert "ok   sandbox" in out
