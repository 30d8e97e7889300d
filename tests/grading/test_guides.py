"""Is what the guides tell people to type right? Each command in a fence marked ``sh`` is run, in order, as it stands.

They run in a folder that looks like a checkout, one for each page. `HEAVY` names what is not run here, and why.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NAME = "07_convolution_matrix"
PAGES = {name: ROOT / name for name in ("README.md", "CONTRIBUTING.md")}
PAGES |= {path.name: path for path in (ROOT / "book/how_to_use.md", ROOT / "book/instructor_guide.md")}
LINKED = (
    "solutions",
    "exercises",
    "tools",
    "lib",
    "book",
    "_toc.yml",
    "_config.yml",
    "Makefile",
    "pyproject.toml",
    "requirements.txt",
)
SECTIONS = {
    "A class on JupyterHub": "needs root, accounts and a hub: the tests of the classroom start one, with these files"
}
HEAVY = {
    r"make (?!serve)": "takes minutes; that the target is there is tested, and the project's own check runs it",
    r".*\bjupyter lab\b": "stays until it is ended; the tests of the browser open it",
    r".*--device cuda": "needs a graphics card; tests of its own run where there is one",
    r".*--scheduler ": "needs a cluster; tests/grading/test_schedulers.py starts one",
    r".*--db \"postgresql": "needs a server of that name; tests/grading/test_postgresql.py starts one",
}
ROSTER = "Identifier,First name,Last name,Email address,Status,Grade\nParticipant 17,Jane,Doe,jane@x.org,,\n"


def fences(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page):
    """Lines of shell, comments left away."""
    parts = re.split(r"^(?=## )", page.read_text("utf-8"), flags=re.MULTILINE)
    kept = "".join(part for part in parts if part.partition("\n")[0].removeprefix("## ") not in SECTIONS)
    text = "\n".join(fences(kept, "sh"))
    return [line for line in (re.sub(r"\s+# .*|^#.*", "", line).strip() for line in text.splitlines()) if line]


def why_not(command):
    return next((reason for pattern, reason in HEAVY.items() if re.match(pattern, command)), None)


@pytest.fixture
def checkout(tmp_path, place):
    """A folder like a checkout, with a released course and what an instructor would have downloaded."""
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    for name in ("grade", "nbgrader", "jupyter", "alembic", "python"):
        found = Path(sys.executable).parent / name
        if found.exists():
            scripts.joinpath(name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
            scripts.joinpath(name).chmod(0o755)
    (tmp_path / "build").mkdir()
    downloads(tmp_path, (place.root / "release" / NAME / f"{NAME}.ipynb").read_bytes())
    return tmp_path


def downloads(folder, book):
    (folder / "class.csv").write_text(ROSTER)
    (folder / "canvas.csv").write_text(
        f'Student,ID,SIS User ID,SIS Login ID,Section,{NAME} (4)\n"Doe, Jane",5,A,jdoe,S,\n'
    )
    for name, path in [
        ("moodle.zip", f"Jane Doe_17_assignsubmission_file_/{NAME}.ipynb"),
        ("canvas.zip", f"doejane_5_6_{NAME}.ipynb"),
        ("odd.zip", "jane-hw.ipynb"),
    ]:
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(path, book)
    (folder / "submissions").mkdir()
    (folder / "submissions" / "Jane Doe.ipynb").write_bytes(book)
    attached = "\n".join(
        ["From jane@x.org Thu Oct  1 12:00:00 2026", "From: jane@x.org", "Content-Type: text/x; name=hw.ipynb"]
    )
    text = f'{attached}\nContent-Disposition: attachment; filename="hw.ipynb"\n\n'
    (folder / "inbox.mbox").write_bytes(text.encode() + book)


@pytest.mark.parametrize("page", [name for name, path in PAGES.items() if commands(path)])
def test_each_command_does_what_it_should(checkout, page, needs_sandbox):
    failed = []
    for command in commands(PAGES[page]):
        if why_not(command):
            continue
        lines = command.replace("grade release ", f"grade release {NAME} ") if NAME not in command else command
        lines = f"{lines} {NAME}" if lines.endswith("grade release") else lines
        done = subprocess.run(
            ["bash", "-c", lines], cwd=checkout, capture_output=True, text=True, timeout=300, env=clean()
        )
        # before the first release, `doctor` is right to complain
        fine = (0, 1) if "doctor" in command else (0,)
        if done.returncode not in fine:
            failed.append((command, done.returncode, done.stdout[-500:], done.stderr[-500:]))
    assert failed == []
    if "grade run" in " ".join(commands(PAGES[page])):
        assert list((checkout / "build/course/feedback").rglob("*.html")), "no page came out of it"


def clean():
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "NBGRADER"))}


def test_every_way_not_to_run_a_command_is_needed():
    assert [title for title in SECTIONS if f"## {title}\n" not in PAGES["instructor_guide.md"].read_text("utf-8")] == []
    known = [command for page in PAGES.values() for command in commands(page)]
    unused = [pattern for pattern in HEAVY if not any(re.match(pattern, command) for command in known)]
    assert [p for p in unused if "scheduler" not in p] == []
    assert sum(why_not(c) is None for c in known) > 15


def test_the_first_fence_of_the_guide_is_ten_commands():
    first = fences(PAGES["instructor_guide.md"].read_text("utf-8"), "sh")[0].splitlines()
    assert len(first) == 10
    assert first[0] == "make install"


@pytest.mark.parametrize("page", PAGES)
def test_each_make_target_is_there(page):
    text = PAGES[page].read_text("utf-8")
    named = {t for line in commands(PAGES[page]) if line.startswith("make ") for t in line.split()[1:] if "=" not in t}
    named |= {t for t in re.findall(r"`make ([a-z -]+)`", text) for t in t.split()}
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("page", PAGES)
def test_each_option_that_a_page_names_is_there(page):
    """``grade NAME --option`` in running text too."""
    for line in re.findall(r"`(?:\S*/)?grade [a-z][^`]*`", PAGES[page].read_text("utf-8")):
        words = line.strip("`").split()
        help_text = subprocess.run(
            [sys.executable, "-m", "grading.cli", words[1], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [w for w in words if w.startswith("--") and w.partition("=")[0] not in help_text] == [], line


@pytest.mark.parametrize("page", PAGES)
def test_python_in_the_guides_is_python(page):
    for text in fences(PAGES[page].read_text("utf-8"), "python"):
        ast.parse(text)


# --------------------------------------------------------------------------- making the course one's own


@pytest.fixture
def fork(tmp_path):
    """A copy in which an instructor may do anything."""
    for name in ("solutions", "exercises", "tools", "lib", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*"))
    (tmp_path / "book").mkdir()
    for path in ROOT.glob("book/*.md"):
        shutil.copy(path, tmp_path / "book")
    for name in ("_toc.yml", "_config.yml", "Makefile", "pyproject.toml", "LICENSE", "LICENSE-TEXT", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def in_fork(fork, *arguments, code=0):
    path = {"PYTHONPATH": str(fork / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=fork, capture_output=True, text=True, timeout=300, env=clean() | path)
    assert done.returncode == code, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout


def whole(fork):
    """The tests that see to it that every chapter is whole, in the fork."""
    in_fork(fork, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/course/test_stems.py", "-k", "not one_machine")


def test_a_chapter_can_be_left_out(fork):
    stem = "06_unpooling"
    toc = (fork / "_toc.yml").read_text("utf-8")
    (fork / "_toc.yml").write_text(toc.replace(f"      - file: book/{stem}\n", ""), "utf-8")
    for path in (f"book/{stem}.md", f"solutions/{stem}.py", "lib/resampling/checks/unpooling.py"):
        (fork / path).unlink()
    shutil.rmtree(fork / "exercises" / stem)
    whole(fork)
    in_fork(fork, "tools/make_exercises.py", "--check")
    in_fork(fork, "tools/student_edition.py", fork / "student")
    assert not (fork / "student" / "exercises" / stem).exists()
    in_fork(fork, "-m", "grading.cli", "release", "--dry-run", "--course", fork / "course")


def test_only_the_table_of_contents_and_the_front_page_list_chapters():
    """Or else leaving one out, or adding one, would mean to find the lists."""
    stems = [
        n.partition("/")[2]
        for n in re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text())
        if re.search(r"/\d\d_", n)
    ]
    yaml.safe_load((ROOT / "_toc.yml").read_text())
    lists = [
        ROOT / "Makefile",
        ROOT / "_config.yml",
        ROOT / "pyproject.toml",
        *ROOT.glob("tools/*.py"),
        *ROOT.glob("lib/**/*.py"),
    ]
    several = {p.name: sum(stem in p.read_text("utf-8") for stem in stems) for p in lists}
    assert {name for name, count in several.items() if count > 3} <= {"home.py"}
    assert "figures/home.py" in PAGES["instructor_guide.md"].read_text("utf-8")


def test_points_are_changed_in_one_place(fork):
    path = fork / "lib/resampling/checks/convolution_matrix.py"
    text = path.read_text("utf-8")
    changed = text.replace('Property("begins at the phase", 1,', 'Property("begins at the phase", 2.5,')
    assert changed != text
    path.write_text(changed, "utf-8")
    in_fork(fork, "tools/make_exercises.py", "--check", code=1)
    in_fork(fork, "tools/make_exercises.py")
    whole(fork)
    assert "26.5 points in all" in (fork / "exercises" / NAME / f"{NAME}.ipynb").read_text("utf-8")


def test_the_task_of_the_guide_can_be_added(fork):
    """Its two pieces of code, where the guide says: made, released, checked, and in the student edition."""
    task, cells = (t for t in fences(PAGES["instructor_guide.md"].read_text("utf-8"), "python") if "row_count" in t)
    for path, text in [
        (fork / "lib/resampling/checks/convolution_matrix.py", task),
        (fork / "solutions" / f"{NAME}.py", cells),
    ]:
        path.write_text(f"{path.read_text('utf-8')}\n\n{text}", "utf-8")
    (fork / "book/instructor_guide.md").unlink()  # it shows the answer, being the example
    in_fork(fork, "tools/make_exercises.py")
    whole(fork)
    in_fork(fork, f"solutions/{NAME}.py")
    in_fork(
        fork, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/resampling/checks/test_tasks.py", "-k", "row_count"
    )
    exercise = (fork / "exercises" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    assert "check_row_count(row_count)" in exercise
    assert "-(-length // stride)" not in exercise
    in_fork(fork, "-m", "grading.cli", "release", NAME, "--course", fork / "course")
    in_fork(fork, "tools/student_edition.py", fork / "student")
    assert "check_row_count" in (fork / "student/lib/resampling/checks/convolution_matrix.py").read_text("utf-8")
