"""The experiments of chapter 14 from the command line: trained once, printed as often as one likes."""

import subprocess
import sys

import pytest

SHORT = ["--steps", "1", "--width", "4", "--batch", "2", "--seeds", "1"]


@pytest.fixture
def run(root, tmp_path):
    def command(*options):
        whole = [sys.executable, root / "tools" / "experiments.py", *options, "--folder", tmp_path]
        return subprocess.run(whole, capture_output=True, text=True)

    return command


def test_a_second_run_prints_the_same_and_trains_nothing(run, tmp_path):
    first = run("autoencoder", *SHORT)
    assert first.returncode == 0, first.stderr
    assert "sub_pixel" in first.stdout
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(times) == 4
    assert run("autoencoder", *SHORT).stdout == first.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_other_pictures_can_be_named(run):
    done = run("super-resolution", *SHORT, "--train", "rocket", "--held-out", "camera")
    assert done.returncode == 0, done.stderr


def test_an_unknown_experiment_is_refused_with_those_there_are(run):
    done = run("translation")
    assert done.returncode == 2
    assert "no experiment translation; there are super-resolution" in done.stderr


def test_no_seeds_and_no_steps_are_refused(run):
    for option in ("--seeds", "--steps"):
        done = run("autoencoder", option, "0")
        assert done.returncode == 2
        assert f"{option}: invalid positive value: '0'" in done.stderr
