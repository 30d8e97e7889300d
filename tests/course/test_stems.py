"""Every chapter is whole: page, solution, exercise, reference, checks and tests of one stem, in one story."""

import re
import subprocess

import nbformat
import pytest
import yaml

STEM = re.compile(r"\d\d_\w+")


@pytest.fixture(scope="module")
def listed(root):
    """Stems of the chapters in `_toc.yml`, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    names = [name.partition("/")[2] for name in files_of(toc)]
    return [name for name in names if STEM.fullmatch(name)]


def files_of(entry):
    """Every `file` in a table of contents, in order."""
    if isinstance(entry, list):
        return [name for item in entry for name in files_of(item)]
    if not isinstance(entry, dict):
        return []
    return [entry[key] for key in ("file",) if key in entry] + [
        name for value in entry.values() for name in files_of(value)
    ]


def stems(root, pattern):
    return sorted(path.stem for path in root.glob(pattern) if STEM.fullmatch(path.stem))


@pytest.mark.parametrize("pattern", ["book/*.md", "solutions/*.py", "exercises/*/*.ipynb"])
def test_every_listed_chapter_has_its_file_and_every_file_is_listed(root, listed, pattern):
    assert stems(root, pattern) == sorted(listed)


def test_chapters_are_listed_in_the_order_of_their_numbers(listed):
    assert listed == sorted(listed)
    assert len({stem[:2] for stem in listed}) == len(listed)


@pytest.mark.parametrize("home", ["lib/resampling/{}.py", "lib/resampling/checks/{}.py", "tests/resampling/test_{}.py"])
def test_every_chapter_has_its_modules(root, listed, home):
    missing = [stem for stem in listed if not (root / home.format(stem[3:])).exists()]
    assert missing == []


def test_an_exercise_lies_in_a_folder_of_its_own_name(root, stem):
    assert [path.name for path in (root / "exercises" / stem).iterdir() if path.suffix == ".ipynb"] == [f"{stem}.ipynb"]


def test_points_in_the_notebook_are_those_of_the_tasks(root, stem, checks_of):
    cells = nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4).cells
    graded = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"]
    points = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in graded}
    assert points == {f"{task.name.replace('_', '-')}-check": task.points for task in checks_of(stem).TASKS}


def test_the_total_in_the_text_is_the_sum_of_the_cells(root, stem):
    cells = nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4).cells
    total = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)
    assert f"{total:g} points in all" in cells[0].source


def test_every_task_has_its_check_function(stem, checks_of):
    for task in checks_of(stem).TASKS:
        assert getattr(checks_of(stem), f"check_{task.name}").__name__ == f"check_{task.name}"


def test_pages_do_not_show_solutions(root, stem):
    secret = solution_lines((root / "solutions" / f"{stem}.py").read_text("utf-8"))
    for page in root.glob("book/*.md"):
        assert secret.isdisjoint(map(str.strip, page.read_text("utf-8").splitlines())), page.name


def solution_lines(text):
    """Telling lines that stand only between the SOLUTION marks."""
    parts = re.split(r"^ *### (BEGIN|END) SOLUTION\n", text, flags=re.MULTILINE)
    inside = {line.strip() for part in parts[2::4] for line in part.splitlines()}
    outside = {line.strip() for part in parts[0::4] for line in part.splitlines()}
    return {line for line in inside - outside if len(line) > 16}


def test_no_file_names_a_place_on_one_machine(root):
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    place = re.compile(rb"[\s\"'(=:]/(work|root)/")
    may = {"tests/course/test_stems.py", "tools/attack_list.py"}  # this test, and what attackers look for
    assert [n for n in names if n not in may and place.search((root / n).read_bytes())] == []
