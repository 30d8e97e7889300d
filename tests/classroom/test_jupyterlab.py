"""A learner opens an assignment in JupyterLab, errs, mends it, and has it validated."""

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from resampling.explorables import explorables

NAME = "07_convolution_matrix"
FIGURES = {stem: kind.__name__ for stem, kind in explorables().items()}
FIGURE = "from resampling.explorables import {0}\n{1} = {0}()\nbefore = {1}.get_state()\n{1}"
CHANGED = 'print("{1} changed", [key for key, value in {1}.get_state().items() if value != before[key]])'


@pytest.fixture(scope="module")
def lab(root, tmp_path_factory, free_port, wait_for, path):
    """JupyterLab in a folder with the assignment and a page of one's own, as `jupyter lab exercises` opens it."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("exercises")
    shutil.copy(root / "exercises" / NAME / f"{NAME}.ipynb", folder)
    sources = [cell.format(kind, stem) for stem, kind in FIGURES.items() for cell in (FIGURE, CHANGED)]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "figures.ipynb")
    port = free_port()
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--no-browser"]
    command = [sys.executable, "-m", "jupyter", "lab", "--ip=127.0.0.1", "--allow-root", *options]
    places = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=os.environ | places | {"PATH": path}, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api", server, home / "log")
        yield f"{address}/lab/workspaces"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def exercise(person, lab, notebook):
    page = person()
    page.goto(f"{lab}/exercise/tree/{NAME}.ipynb")
    opened = notebook(page)
    opened.run("import numpy as np")
    return opened


@pytest.fixture(scope="module")
def solution(answers, root, make_exercises):
    source = make_exercises.source(root / "solutions" / f"{NAME}.py")
    release = json.loads(make_exercises.release(root / "solutions" / f"{NAME}.py"))
    return answers.Exercise(release, source)


def test_a_wrong_answer_is_named_and_shown(exercise, solution, answers, keep):
    old, new, points = answers.MISTAKES["conv_matrix1d"]["padding wraps around"]
    exercise.write("def conv_matrix1d", solution.answers["conv_matrix1d"].replace(old, new))
    exercise.run("def conv_matrix1d")
    report = exercise.run("check_conv_matrix1d(conv_matrix1d)")
    keep(exercise.page, "exercise_wrong")
    assert f"{points:g} of 5 points" in report.inner_text()
    assert "Padding wraps around" in report.inner_text()
    assert report.get_by_role("img").count() >= 1


def test_a_right_answer_gets_its_points(exercise, solution, keep):
    exercise.write("def conv_matrix1d", solution.answers["conv_matrix1d"])
    exercise.run("def conv_matrix1d")
    report = exercise.run("check_conv_matrix1d(conv_matrix1d)")
    keep(exercise.page, "exercise_right")
    assert "5 of 5 points" in report.inner_text()


@pytest.fixture(scope="module")
def figures(person, lab, notebook):
    page = person()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{lab}/figures/tree/figures.ipynb")
    return notebook(page)


@pytest.mark.parametrize(("figure", "kind"), FIGURES.items())
def test_a_figure_answers_to_keys_and_python_sees_it(figures, keep, figure, kind):
    figures.page.faults.clear()
    shown = figures.run(f"import {kind}")
    slider = shown.get_by_role("slider").first
    slider.press("ArrowRight" if slider.get_attribute("value") != slider.get_attribute("max") else "ArrowLeft")
    keep(shown, f"figure_{figure}")
    changed = figures.run(f"{figure} changed").inner_text()
    assert re.search(rf"{figure} changed \['\w+", changed), changed
    assert not figures.page.faults


def validated(page):
    """What the button Validate answers."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.get_by_role("dialog").filter(has_text="Validation Results")
    dialog.wait_for()
    said = dialog.inner_text()
    dialog.get_by_role("button").last.click()
    return said


def test_validate_tells_what_is_left_to_do(exercise, solution, answers, keep):
    assert "check_sampling_matrix(sampling_matrix)" in validated(exercise.page)
    for task in answers.TASKS:
        exercise.write(f"def {task}(", solution.answers[task])
    said = validated(exercise.page)
    keep(exercise.page, "exercise_solved")
    assert "check_" not in said
