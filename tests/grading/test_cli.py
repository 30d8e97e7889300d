"""Does each command say what is wrong, where, and what to do, in one line?"""

import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading import cli
from grading.course import Course, alone, write
from grading.sandbox import NoSandbox


@pytest.mark.parametrize("command", ["run", "feedback", "export", "status"])
def test_what_is_no_course_is_told(grade, tmp_path, command):
    code, _, err = grade(command, "--course", tmp_path)
    assert code == 1
    assert "not a course folder: run `grade release" in err


def test_an_unknown_assignment_is_told(grade, course):
    code, _, err = grade("run", "--course", course.root, "--assignment", "08_unknown")
    assert code == 1
    assert "08_unknown" in err
    assert "released: 07_convolution_matrix" in err


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "*"])
def test_an_assignment_is_no_path(grade, course, name):
    assert grade("run", "--course", course.root, "--assignment", name)[0] == 1


def test_a_student_who_handed_in_nothing_is_told(grade, course):
    code, _, err = grade("run", "--course", course.root, "--student", "nobody")
    assert code == 1
    assert "'nobody' has handed in nothing" in err


def test_an_unknown_solution_is_told(grade, tmp_path, request):
    code, _, err = grade("release", "99_nothing", "--course", tmp_path, "--project", request.config.rootpath)
    assert code == 1
    assert "no solutions/99_nothing.py" in err


def test_a_place_without_solutions_is_told(grade, tmp_path):
    code, _, err = grade("release", "--course", tmp_path / "c", "--project", tmp_path)
    assert code == 1
    assert "--project" in err


def test_feedback_before_grading_is_told(grade, course):
    code, _, err = grade("feedback", "--course", course.root)
    assert code == 1
    assert "Nothing of 07_convolution_matrix is graded yet" in err


def test_no_command_is_told(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([])
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_graded(grade, course, monkeypatch):
    def none(*_, **__):
        raise NoSandbox("bubblewrap is not installed")

    monkeypatch.setattr(cli, "Sandbox", none)
    code, out, err = grade("run", "--course", course.root)
    assert (code, out) == (1, "")
    assert "bubblewrap is not installed" in err


def test_unsafe_is_loud(grade, course):
    code, _, err = grade("run", "--course", course.root, "--unsafe")
    assert code == 0
    assert "WITHOUT a sandbox" in err


def test_status_counts(grade, course):
    code, out, _ = grade("status", "--course", course.root, "--json")
    assert code == 0
    assert json.loads(out) == [{"assignment": "07_convolution_matrix", "handed_in": 0, "graded": 0, "odd_names": 0}]


def test_ctrl_c_ends_in_order(grade, course, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_with_progress", stop)
    code, _, err = grade("run", "--course", course.root)
    assert code == 130
    assert "the next `grade run` goes on from there" in err


def test_names_that_are_no_students_are_told_and_left_alone(grade, course, tmp_path):
    odd = course.root / "submitted" / "a b; rm" / "07_convolution_matrix"
    odd.mkdir(parents=True)
    try:
        code, _, err = grade("run", "--course", course.root)
    finally:
        odd.rmdir()
        odd.parent.rmdir()
    assert code == 0
    assert "not graded: submitted/'a b; rm'" in err


def test_the_secret_is_the_instructors(course):
    mode = (course.root / "secret").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert len(course.secret) == 32


def test_a_second_release_keeps_the_secret(grade, course, request):
    before = course.secret
    assert grade("release", "--course", course.root, "--project", request.config.rootpath)[0] == 0
    assert Course(course.root).secret == before


def test_only_the_notebook_is_in_source(course):
    files = [p.name for p in (course.root / "source").rglob("*") if p.is_file()]
    assert files == ["07_convolution_matrix.ipynb"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "f"
    write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write(path, "new \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_two_runs_at_once_are_told(grade, course):
    with alone(course):
        code, _, err = grade("run", "--course", course.root)
    assert code == 1
    assert "another `grade run` is at work" in err


def test_a_folder_that_cannot_be_written_is_told(grade, course, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "lock")

    monkeypatch.setattr(cli, "alone", refuse)
    code, _, err = grade("run", "--course", course.root)
    assert code == 1
    assert err.startswith("grade run: ")
    assert "Permission denied: 'lock'" in err


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "x"])
def test_a_time_limit_is_a_number_of_seconds(grade, course, seconds):
    with pytest.raises(SystemExit) as end:
        grade("run", "--course", course.root, "--cell-seconds", seconds)
    assert end.value.code == 2


def test_workers_end_with_their_parent():
    """Also when it is killed and can end nothing itself."""
    code = (
        "import os, signal, time\nfrom grading.grading import _pool\npool = _pool(2)\n"
        "print(pool.submit(os.getpid).result(), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    worker = Path("/proc", ran.stdout.strip(), "stat")
    for _ in range(100):
        if not worker.exists() or worker.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the worker lives on")
