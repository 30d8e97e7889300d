"""Does it matter who grades, how often somebody is killed, and when? It must not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from grading import grading, run, schedulers
from grading.course import Course, checker_version
from grading.grading import Job, environment, grade_all, graded, prepare, verdict_of
from grading.progress import state_of
from grading.sandbox import Limits

NAME = "07_convolution_matrix"
ROOT = Path(__file__).resolve().parents[2]
CLASS = ("perfect", "mistaken_01", "mistaken_02", "mistaken_03", "crash", "borrower", "no_notebook", "blank")
KILLS = int(os.environ.get("GRADING_KILLS", "3"))
CLASS += tuple(f"mistaken_{n:02d}" for n in range(4, 4 + min(14, KILLS if KILLS < 4 else 2 * KILLS)))
pytestmark = pytest.mark.usefixtures("needs_sandbox")


@pytest.fixture(scope="module")
def small_class(tmp_path_factory, grade, sample_class):
    """Makes courses in which the same few students have handed in the same, with the same secret."""
    secret = bytes(range(32))

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        assert grade("release", "--course", folder, "--project", ROOT)[0] == 0
        (folder / "secret").write_bytes(secret)
        sample_class.hand_in(folder, tuple(s for s in sample_class.STUDENTS if s.name in CLASS))
        return Course(folder)

    return make


@pytest.fixture(scope="module")
def expected(small_class, grade):
    """The grades of a run that nobody disturbs."""
    course = small_class("undisturbed")
    assert grade("run", "--course", course.root)[0] == 0
    return grades(course, grade)


def grades(course, grade):
    """Without the notes: they say how often it was tried."""
    code, out, err = grade("export", "--course", course.root, "--json")
    assert code == 0, err
    volatile = ("notes", "arrived", "submitted", "handed_in", "timestamp")
    return [{k: v for k, v in row.items() if k not in volatile} for row in json.loads(out)]


def files_of(course):
    """Finished verdicts, and which file each is in: one that waits for its second try is not finished."""
    found = [p for p in (course.root / "verdicts").glob("*.json") if not json.loads(p.read_text()).get("pending")]
    return {p.name: p.stat().st_ino for p in found}


def job(course, student="perfect", **options):
    return Job(course, NAME, student, checker=checker_version(), **options)


@contextmanager
def program(*arguments, cwd=None):
    """A process that is gone afterwards."""
    command = [sys.executable, "-m", *map(str, arguments)]
    null = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, cwd=cwd)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def waiting_for(condition, seconds=60):
    for _ in range(seconds * 20):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed")
    place = tmp_path / "scheduler.json"
    own = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", place, "--no-dashboard")
    with program("distributed.cli.dask_scheduler", *own, cwd=tmp_path) as scheduler:
        yield scheduler, waiting_for(lambda: place.is_file() and place.stat().st_size and place)


def dask_worker(place, threads=1, name="one"):
    own = ("--nthreads", threads, "--no-nanny", "--no-dashboard", "--name", name, "--host", "127.0.0.1")
    own += ("--local-directory", place.parent, "--death-timeout", "60")
    return program("distributed.cli.dask_worker", "--scheduler-file", place, *own, cwd=place.parent)


def test_a_cluster_that_loses_a_worker_gives_the_same_grades(cluster, small_class, grade, expected):
    _, place = cluster
    course = small_class("cluster")
    with dask_worker(place) as first, dask_worker(place, name="two"):
        arguments = ("grading.cli", "run", "--course", course.root, "--scheduler", place)
        with program(*arguments) as running:
            waiting_for(lambda: files_of(course))
            first.kill()
            assert running.wait(120) == 0
        done = files_of(course)
        assert grade("run", "--course", course.root, "--scheduler", place)[0] == 0
    assert grades(course, grade) == expected
    assert files_of(course) == done


def test_a_cluster_that_ends_is_told_and_its_work_is_kept(cluster, small_class, grade, expected, monkeypatch):
    scheduler, place = cluster
    course = small_class("ended")
    monkeypatch.setattr(schedulers, "CONNECT_SECONDS", 3)
    ending = Thread(target=lambda: waiting_for(lambda: files_of(course)) and scheduler.kill())
    with dask_worker(place):
        ending.start()
        code, _, err = grade("run", "--course", course.root, "--scheduler", place)
        ending.join()
    assert code == 5, err
    assert "the next `grade run` goes on from there" in err
    done = files_of(course)
    assert grade("run", "--course", course.root)[0] == 0
    assert grades(course, grade) == expected
    assert done.items() <= files_of(course).items()


def test_workers_that_cannot_grade_are_named(cluster, course, grade, monkeypatch):
    _, place = cluster
    with dask_worker(place, threads=2):
        code, _, err = grade("run", "--course", course.root, "--scheduler", place)
        assert code == 5
        assert "it has 2 threads; start it with --nthreads 1" in err
        monkeypatch.setattr(run, "environment", lambda: [*environment()[:-2], "0.0", environment()[-1]])
        code, _, err = grade("run", "--course", course.root, "--scheduler", place)
    assert code == 5
    assert "instead of 0.0; install the same there" in err


def test_a_scheduler_that_is_not_there_is_told(course, grade, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(schedulers, "CONNECT_SECONDS", 1)
    code, _, err = grade("run", "--course", course.root, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 5
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in err


def test_a_worker_is_told_no_name_and_not_the_secret(small_class):
    course = small_class("parcel")
    parcel = prepare(job(course)).parcel
    assert course.secret not in (parcel.secret, parcel.content)
    assert "perfect" not in repr(vars(parcel) | {"content": b"", "hidden": ""})
    other = prepare(job(course, "blank")).parcel
    assert other.secret != parcel.secret


def test_whoever_grades_a_parcel_finds_the_same(small_class):
    course = small_class("again")
    parcel = prepare(job(course, "mistaken_01")).parcel
    first, second = (json.loads(graded(parcel)) for _ in range(2))
    assert first["tasks"] == second["tasks"]


def test_the_first_of_two_verdicts_on_the_same_counts(small_class):
    course = small_class("twice")
    work = prepare(job(course))
    verdict = json.loads(graded(work.parcel)) | {"pending": False}
    assert work.keep(verdict)["tasks"] == verdict["tasks"]
    assert work.keep(verdict | {"tasks": []})["tasks"] == verdict["tasks"]
    assert work.keep(verdict | {"tasks": []}, replace=True)["tasks"] == []


def test_killed_at_random_moments_and_begun_again_the_grades_are_the_same(small_class, grade, expected):
    course, dice = small_class("killed"), random.Random(KILLS)
    done = {}
    moments = []
    for _ in range(KILLS):
        with program("grading.cli", "run", "--course", course.root, "--jobs", 2) as running:
            waiting_for(lambda known=done: running.poll() is not None or files_of(course).keys() - known)
            time.sleep(dice.uniform(0, 0.3))
            running.kill()
        assert done.items() <= files_of(course).items(), "finished work was done again, or lost"
        done = files_of(course)
        moments.append(len(done))
    print(f"verdicts at each kill, of {len(CLASS)}: {moments}")
    assert sum(n < len(CLASS) for n in moments) >= min(2, KILLS), "hardly a kill was in the middle"
    assert grade("run", "--course", course.root)[0] == 0
    assert done.items() <= files_of(course).items()
    assert grades(course, grade) == expected
    assert not list((course.root / "verdicts").glob(".writing-*")) or KILLS > 3


def test_a_run_that_loses_its_workers_goes_on(small_class, grade, expected):
    course = small_class("orphaned")
    with program("grading.cli", "run", "--course", course.root, "--jobs", 2) as running:
        waiting_for(lambda: files_of(course))
        for child in Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        assert running.wait(120) == 0
    assert grades(course, grade) == expected
    assert state_of(course)["failed"] == 0


def test_a_submission_over_which_our_own_code_hangs_does_not_stop_the_class(small_class, monkeypatch, capfd):
    course = small_class("hanging")
    stuck, staged = prepare(job(course, "mistaken_01")).parcel.content, grading.stage.stage

    def hang(content, *rest):
        while content == stuck:
            pass
        return staged(content, *rest)

    monkeypatch.setattr(grading.stage, "stage", hang)
    monkeypatch.setattr(grading, "_longest", lambda parcel: 3.0 if parcel.content == stuck else 600.0)
    pool = schedulers.Local(2)
    try:
        verdicts = {j.student: v for j, v in grade_all([job(course, name) for name in CLASS[:4]], pool)}
    finally:
        pool.close()
    assert {name for name, verdict in verdicts.items() if verdict.get("failed")} == {"mistaken_01"}
    assert verdicts["mistaken_01"]["refused"] == grading.FELL
    assert "in hang" in capfd.readouterr().err


class Here:
    """A pool of one that grades at once, in this process."""

    workers, place = 1, "here"

    def __init__(self, outcomes=None):
        self.outcomes, self.calls = outcomes, 0

    def submit(self, function, argument):
        from concurrent.futures import Future

        future = Future()
        future.set_result(self.outcomes[self.calls] if self.outcomes else function(argument))
        self.calls += 1
        return future

    def outcome(self, future):
        return future.result()

    def check(self):
        pass

    def mend(self):
        pass


def slow_and_quick(course):
    """A verdict made while the machine was busy, in which a limit was met, and one in which none was."""
    good = json.loads(graded(prepare(job(course)).parcel))
    tries = [{"alone": False, "busy": 0.9, "exceeded": ["sampling_matrix: no answer"], "seconds": 1}]
    none = [{**task, "score": 0.0} for task in good["tasks"]]
    late = good | {"tasks": none, "exceeded": tries[0]["exceeded"], "tries": tries, "pending": True}
    return json.dumps(late).encode(), json.dumps(good | {"pending": False}).encode()


def test_a_limit_met_on_a_busy_machine_is_tried_once_more_and_both_are_told(small_class):
    course = small_class("busy")
    pool = Here(slow_and_quick(course))
    ((_, verdict),) = grade_all([job(course)], pool)
    assert pool.calls == 2
    assert sum(task["score"] for task in verdict["tasks"]) == 20
    assert [t["alone"] for t in verdict["tries"]] == [False, True]
    assert any("a limit was met while the machine was busy (sampling_matrix: no answer)" in f for f in verdict["flags"])
    assert prepare(job(course)).at_hand["tries"] == verdict["tries"]


def test_a_run_that_is_killed_before_the_second_try_makes_only_that(small_class):
    course = small_class("pending")
    first, second = slow_and_quick(course)
    prepare(job(course)).keep(json.loads(first))
    pool = Here((second,))
    ((_, verdict),) = grade_all([job(course)], pool)
    assert pool.calls == 1
    assert len(verdict["tries"]) == 2
    ((_, again),) = grade_all([job(course)], pool)
    assert again["reused"]


@pytest.mark.parametrize("busy", [True, False])
def test_only_a_busy_machine_is_an_excuse(small_class, sample_class, exercise, monkeypatch, busy):
    course = small_class("endless")
    endless = exercise.solved(sampling_matrix=sample_class.LOOP)
    (course.root / "submitted" / "perfect" / NAME / f"{NAME}.ipynb").write_text(json.dumps(endless))
    clock = iter(range(1, 99)) if busy else iter([1] * 99)
    monkeypatch.setattr(grading, "_waited", lambda: next(clock) * 50)
    verdict = verdict_of(job(course, limits=Limits(notebook_seconds=1)))
    assert [len(t["exceeded"]) > 0 for t in verdict["tries"]] == [True] * (1 + busy)
    assert verdict["flags"]
    assert not verdict["pending"]


def test_a_verdict_that_cannot_be_kept_fails_its_submission_alone(small_class, monkeypatch):
    course = small_class("full")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(grading, "write", full)
    verdicts = {j.student: v for j, v in grade_all([job(course), job(course, "no_notebook")], Here())}
    assert verdicts["perfect"]["failed"]
    assert "NOT KEPT" in verdicts["perfect"]["flags"][0]


def test_no_more_is_under_way_than_can_soon_begin(small_class):
    """So that the memory of a run does not grow with the class."""
    course = small_class("window")
    read = []

    def jobs():
        for number in range(50):
            read.append(number)
            yield job(course, force=True)

    blank = slow_and_quick(course)[1]
    verdicts = grade_all(jobs(), Here([blank] * 50))
    next(verdicts)
    assert len(read) <= 2


def test_without_a_card_the_part_on_it_is_skipped_and_said(small_class, monkeypatch):
    from dataclasses import replace

    from resampling.checks.convolution_matrix import TASKS

    monkeypatch.setattr(grading, "tasks_of", lambda _: tuple(replace(t, devices=("cuda",)) for t in TASKS))
    monkeypatch.setattr(grading.gpu, "is_there", lambda: False)
    course = small_class("card")
    verdict = verdict_of(job(course, device="cuda"))
    assert verdict["device"] == "skipped"
    assert sum(task["score"] for task in verdict["tasks"]) == 20
    assert "cuda: skipped, because there is no graphics card here; full marks kept" in verdict["flags"]


@pytest.mark.parametrize("body", ["weight = np.asarray(weight)", "assert isinstance(weight, np.ndarray)"])
def test_on_a_device_the_function_gets_tensors(small_class, exercise, monkeypatch, body):
    """The processor stands for the card: only an answer that takes tensors keeps the points of its task."""
    pytest.importorskip("torch")
    from contextlib import contextmanager
    from dataclasses import replace

    from resampling.checks.convolution_matrix import TASKS

    @contextmanager
    def card(*_):
        yield grading.gpu.Card("cpu", {"device": "cpu"})

    devices = {"conv_matrix1d": ("cpu",)}
    monkeypatch.setattr(
        grading, "tasks_of", lambda _: tuple(replace(t, devices=devices.get(t.name, ())) for t in TASKS)
    )
    monkeypatch.setattr(grading.gpu, "card", card)
    course = small_class("tensors")
    own = exercise.answers["conv_matrix1d"].replace("def conv_matrix1d", "def _own")
    head = "def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):\n"
    answer = f"{own}\n\n{head}    {body}\n    return _own(weight, length, stride, padding, dilation)"
    notebook = exercise.solved(conv_matrix1d=answer)
    (course.root / "submitted" / "perfect" / NAME / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    scores = {t["task"]: t["score"] for t in verdict_of(job(course, device="cuda"))["tasks"]}
    assert scores["conv_matrix1d"] == (0 if body.startswith("assert") else 5)
    assert scores["conv_matrix2d"] == 5


def test_a_card_that_the_sandbox_cannot_reach_costs_nobody_a_point(small_class, monkeypatch):
    from dataclasses import replace

    from resampling.checks.convolution_matrix import TASKS

    monkeypatch.setattr(grading, "tasks_of", lambda _: tuple(replace(t, devices=("cuda",)) for t in TASKS))
    monkeypatch.setattr(grading.gpu, "is_there", lambda: True)
    if grading.gpu.is_in_reach(Limits(), False):
        pytest.skip("there is a card, and the sandbox reaches it")
    verdict = verdict_of(job(small_class("out_of_reach"), device="cuda"))
    assert sum(task["score"] for task in verdict["tasks"]) == 20
    assert grading.gpu.OUT_OF_REACH in verdict["flags"]
