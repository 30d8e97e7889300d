"""Does each command say what is wrong, where, and what to do, in one line?"""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading import cli, leftovers, progress, run
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
    assert "Nothing of any assignment is graded yet" in err


def test_no_command_is_told(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([])
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_graded(grade, course, monkeypatch):
    def none(*_, **__):
        raise NoSandbox("bubblewrap is not installed")

    monkeypatch.setattr(run, "Sandbox", none)
    code, out, err = grade("run", "--course", course.root)
    assert (code, out) == (3, "")
    assert "bubblewrap is not installed" in err


def test_unsafe_is_loud(grade, course):
    code, _, err = grade("run", "--course", course.root, "--unsafe")
    assert code == 0
    assert "WITHOUT a sandbox" in err


def test_status_counts(grade, course):
    code, out, _ = grade("status", "--course", course.root, "--json")
    assert code == 0
    row = {"assignment": "07_convolution_matrix", "handed_in": 0, "graded": 0, "odd_names": 0}
    assert json.loads(out)["assignments"] == [row]


def test_ctrl_c_ends_in_order(grade, course, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "grade_all", stop)
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


def test_only_the_notebooks_are_in_source(course, request):
    files = {p.name for p in (course.root / "source").rglob("*") if p.is_file()}
    assert files == {p.name for p in request.config.rootpath.glob("exercises/*/*.ipynb")}


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
    assert code == 4
    assert "another `grade run` is at work" in err


def test_a_folder_that_cannot_be_written_is_told(grade, course, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "lock")

    monkeypatch.setattr(run, "alone", refuse)
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
        "import os, signal, time\nfrom grading.schedulers import Local\npool = Local(2)\n"
        "print(pool.executor.submit(os.getpid).result(), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    worker = Path("/proc", ran.stdout.strip(), "stat")
    for _ in range(100):
        if not worker.exists() or worker.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the worker lives on")


def test_what_a_killed_run_leaves_is_deleted_at_the_next_start():
    """And what a running one uses is not."""
    code = (
        "import os, signal\nfrom grading.leftovers import claim\nfolder = claim()\n"
        "(folder / 'x').mkdir()\nprint(folder, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    mine = leftovers.claim()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    killed = Path(ran.stdout.strip())
    assert killed.is_dir()
    assert leftovers.sweep() >= 1
    assert not killed.exists()
    assert mine.is_dir()
    leftovers.release(mine)
    assert not mine.exists()


def test_a_half_written_file_is_deleted_when_it_is_old(tmp_path):
    young, old = (tmp_path / "verdicts" / f".writing-{n}" for n in "ab")
    young.parent.mkdir()
    for path in (young, old):
        path.touch()
    os.utime(old, (0, 0))
    assert leftovers.sweep_half_written(tmp_path) == 1
    assert young.exists()
    assert not old.exists()


def test_an_error_is_told_as_json_too(grade, tmp_path):
    code, out, _ = grade("status", "--course", tmp_path, "--json")
    assert code == 1
    told = json.loads(out)
    assert told["code"] == 1
    assert "not a course folder" in told["error"]


@pytest.mark.parametrize("command", cli.EXAMPLES)
def test_help_gives_examples_that_can_be_typed(command, capsys):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    shown = capsys.readouterr().out
    for line in cli.EXAMPLES[command]:
        assert line in shown
        words = line.split("#")[0].split(" && ")[0].partition("grade ")[2].split()
        cli._parser().parse_args(words)


def test_a_dry_run_does_nothing(grade, course, sample_class, exercise):
    folder = course.root / "submitted" / "ada" / sample_class.ASSIGNMENT
    folder.mkdir(parents=True)
    before = sorted(course.root.rglob("*"))
    try:
        code, out, _ = grade("run", "--course", course.root, "--dry-run", "--json")
        after = sorted(course.root.rglob("*"))
    finally:
        folder.rmdir()
        folder.parent.rmdir()
    assert code == 0
    assert before == after
    assert json.loads(out)[0]["would"].startswith("record 0 points: There is no 07_convolution_matrix.ipynb")


def test_progress_is_read_from_a_file(course):
    with progress.Progress(course, 3, "here", quiet=True) as told:
        told.add(reused=True)
        told.add(failed=True)
        told._write("running")
        state = progress.state_of(course)
        assert (state["state"], state["done"], state["reused"], state["failed"]) == ("running", 2, 1, 1)
        assert "2 of 3 done (1 from verdicts at hand, 1 failed)" in progress.sentence(state)
    assert progress.state_of(course)["state"] == "finished"


def test_a_run_that_is_gone_without_a_word_was_stopped(course):
    with progress.Progress(course, 3, "here", quiet=True) as told:
        state = told.state("running") | {"process_began": "1"}
        write(course.root / progress.FILE, json.dumps(state))
        assert progress.state_of(course)["state"] == "stopped"


def test_without_a_terminal_there_is_a_line_now_and_then(course, capsys):
    with progress.Progress(course, 2, "here", every=0.0) as told:
        told.add()
    assert "running: 1 of 2 done" in capsys.readouterr().err
