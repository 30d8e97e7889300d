"""The first code cell of an exercise, in a front end that brings a kernel and nothing of the course, such as Colab."""

import os
import shutil
import subprocess
import sys
import tomllib

import nbformat
import pytest

NAME = "07_convolution_matrix"
RUN = (
    "import sys; from IPython.core.interactiveshell import InteractiveShell as Shell\n"
    "for source in sys.stdin.read().split('\\0'): Shell.instance().run_cell(source).raise_error()"
)


@pytest.fixture
def bare(tmp_path):
    """Runs cells in a Python that finds what this one has installed, but for the course."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    (own,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    (own / "others.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))

    def run(*cells):
        command, text = [tmp_path / "bare" / "bin" / "python", "-c", RUN], "\0".join(cells)
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(command, input=text, env=kept, cwd=tmp_path, capture_output=True, text=True)

    return run


@pytest.fixture
def checkout(root, tmp_path):
    """What pip is told to install here: a copy of the course, with what is already there."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    return f"--no-build-isolation --no-deps {tmp_path}"


def released(root):
    return nbformat.read(root / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)


def test_every_exercise_begins_with_it(root, stem):
    notebook = nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert (first.id, first.metadata.nbgrader.locked) == ("setup-library", True)


def test_where_the_course_has_no_address_it_says_what_to_do(bare, make_exercises):
    done = bare(make_exercises.library_cell("").source)
    assert "The course's library is not installed here" in done.stdout + done.stderr
    assert done.returncode


def test_it_installs_the_course(bare, root, checkout, make_exercises):
    imports = next(cell.source for cell in released(root).cells if cell.id == "setup-imports")
    assert "No module named 'resampling'" in bare(imports).stderr
    done = bare(make_exercises.library_cell(checkout).source, imports, "check_sampling_matrix")
    assert done.returncode == 0, done.stdout + done.stderr


def test_where_the_library_is_it_does_nothing(make_exercises, capsys):
    exec(make_exercises.library_cell("/nowhere").source, {})
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("address", ["", "https://github.com/somebody/course"])
def test_the_address_is_the_one_in_the_books_settings(make_exercises, monkeypatch, tmp_path, address):
    (tmp_path / "_config.yml").write_text(f'repository:\n  url: "{address}"\n')
    monkeypatch.setattr(make_exercises, "PROJECT", tmp_path)
    assert make_exercises.library() == (f"git+{address}" if address else "")


def test_binder_installs_what_there_is(root):
    lines = [line for line in (root / ".binder" / "requirements.txt").read_text().splitlines() if line[0] != "#"]
    limits, course = lines
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert (root / ".binder" / limits.removeprefix("-c ")).samefile(root / "requirements.txt")
    assert set(course.removeprefix(".[").removesuffix("]").split(",")) <= extras.keys()
