"""Is every strange file either read as data or refused with one kind sentence?"""

import json
import os
from copy import deepcopy

import pytest

from grading import stage
from grading.stage import NotGradable

NAME = "07_convolution_matrix"


def staged(notebook, release):
    return stage.stage(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode(), release, NAME)


def sources(submission, **wanted):
    return [c.source for c in submission.cells if all(getattr(c, k) == v for k, v in wanted.items())]


@pytest.fixture
def solved(exercise):
    return exercise.solved()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"3", b'{"cells": 3}', b"\xff\xfe\x00", b"[" * 10**6, b'{"nbformat": 4}', b"\x89PNG"],
    ids=range(10),
)
def test_what_is_not_a_notebook_is_refused(content, exercise):
    with pytest.raises(NotGradable, match="not a notebook"):
        staged(content, exercise.release)


@pytest.mark.parametrize("cells", [[], [3, None, "x"], [{}], [{"cell_type": 3, "source": 4, "metadata": 5, "id": []}]])
def test_a_notebook_without_our_cells_is_refused(cells, exercise):
    with pytest.raises(NotGradable, match="none of its cells"):
        staged({"cells": cells}, exercise.release)


def test_another_assignments_notebook_is_refused(solved, exercise):
    for cell in solved["cells"]:
        cell["id"] += "-other"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] += "-other"
    with pytest.raises(NotGradable, match="not the notebook of 07"):
        staged(solved, exercise.release)


def test_checks_and_setup_are_ours_whatever_was_handed_in(solved, exercise):
    for cell in solved["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("locked"):
            cell["source"] = "print('changed')"
    submission = staged(solved, exercise.release)
    assert "print('changed')" not in sources(submission)
    assert any("read-only text was changed" in flag for flag in submission.flags)


def test_checks_do_not_run(solved, exercise):
    assert not [s for s in sources(staged(solved, exercise.release), runs=True) if s.startswith("check_")]


def test_our_order_stands(solved, exercise):
    solved["cells"].reverse()
    assert [c.index for c in staged(solved, exercise.release).cells] == list(range(len(exercise.release["cells"])))


def test_added_code_stays_where_it_was(solved, exercise):
    notebook = exercise.with_cell("helper = 1", solved)
    submission = staged(notebook, exercise.release)
    place = next(n for n, c in enumerate(submission.cells) if c.source == "helper = 1")
    assert submission.cells[place].runs
    assert submission.cells[place - 1].source.startswith("import numpy")


def test_a_missing_solution_comes_back_but_its_stub_does_not_run(solved, exercise):
    moved = next(c for c in solved["cells"] if c["id"] == "conv-matrix1d")
    moved |= {"id": "mine", "metadata": {}}
    submission = staged(solved, exercise.release)
    assert "cell conv-matrix1d was missing and was put back" in submission.flags
    assert not [s for s in sources(submission, runs=True) if "NotImplementedError" in s]
    assert moved["source"] in sources(submission, runs=True)


def test_the_last_copy_counts(solved, exercise):
    copy = deepcopy(next(c for c in solved["cells"] if c["id"] == "conv-matrix1d"))
    copy["source"] = "later = True"
    solved["cells"].append(copy)
    submission = staged(solved, exercise.release)
    assert "later = True" in sources(submission, own=True)
    assert "cell conv-matrix1d was there 2 times; the last one counts, the others run before it" in submission.flags


def test_a_cell_that_was_split_keeps_both_halves(solved, exercise):
    second = next(c for c in solved["cells"] if c["id"] == "conv-matrix1d")
    first = deepcopy(second) | {"source": "def helper():\n    return 1"}
    solved["cells"].insert(solved["cells"].index(second), first)
    own = [cell.source for cell in staged(solved, exercise.release).cells if cell.own and cell.runs]
    assert own.index(first["source"]) + 1 == own.index(second["source"])


def test_the_old_format_is_converted(solved, exercise):
    cells = [c | {"input": c["source"]} if c["cell_type"] == "code" else c for c in solved["cells"]]
    for cell in cells:
        if "input" in cell:
            del cell["source"]
    submission = staged({"nbformat": 3, "worksheets": [{"cells": cells}]}, exercise.release)
    assert exercise.answers["conv_matrix1d"] in sources(submission, own=True)


def test_text_that_cannot_be_written_is_mended(solved, exercise):
    solved["cells"][-1]["source"] = ["\ud800 \0", 3, None, "x"]
    assert "? x" in sources(staged(solved, exercise.release))


def test_size_is_capped(exercise):
    with pytest.raises(NotGradable, match="more than 1000 cells"):
        staged({"cells": [{"cell_type": "code", "source": ""}] * 1001}, exercise.release)


class TestFolder:
    def folder(self, tmp_path, **files):
        for name, content in files.items():
            (tmp_path / name.replace("__", ".")).write_bytes(content)
        return tmp_path

    def test_the_notebook_is_read(self, tmp_path):
        content, flags = stage.read(self.folder(tmp_path, **{f"{NAME}__ipynb": b"{}", "timestamp__txt": b"1999"}), NAME)
        assert (content, flags) == (b"{}", [])

    def test_links_are_not_followed(self, tmp_path):
        os.symlink("/etc/passwd", tmp_path / f"{NAME}.ipynb")
        with pytest.raises(NotGradable, match="no notebook that is a regular file"):
            stage.read(tmp_path, NAME)

    def test_a_linked_folder_is_not_followed(self, tmp_path):
        os.symlink("/etc", tmp_path / "link")
        with pytest.raises(NotGradable, match="Nothing was handed in"):
            stage.read(tmp_path / "link", NAME)

    @pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
    def test_only_regular_files_are_read(self, tmp_path, make):
        make(tmp_path / f"{NAME}.ipynb")
        with pytest.raises(NotGradable):
            stage.read(tmp_path, NAME)

    def test_another_name_is_understood(self, tmp_path):
        content, flags = stage.read(self.folder(tmp_path, **{"mine (1)__ipynb": b"x"}), NAME)
        assert content == b"x"
        assert flags == ["the notebook was named 'mine (1).ipynb'"]

    def test_two_other_names_are_not(self, tmp_path):
        with pytest.raises(NotGradable, match="2 other notebooks"):
            stage.read(self.folder(tmp_path, a__ipynb=b"", b__ipynb=b""), NAME)

    def test_other_files_are_left_alone_and_told(self, tmp_path):
        _, flags = stage.read(self.folder(tmp_path, **{f"{NAME}__ipynb": b"{}", "numpy__py": b"1/0"}), NAME)
        assert flags == ["1 other file(s) were not used"]

    def test_a_huge_file_is_not_read(self, tmp_path):
        with open(tmp_path / f"{NAME}.ipynb", "wb") as file:
            file.truncate(1 << 32)
        with pytest.raises(NotGradable, match="larger than"):
            stage.read(tmp_path, NAME)


@pytest.mark.parametrize("text", ["ann", "a.b@c-d_1", "2024"])
def test_names_of_students(text):
    assert stage.is_id(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a..b", "a/b", "*", "a b", "-a", "a\n", "é", "a+b", "x" * 101])
def test_names_that_are_none(text):
    assert not stage.is_id(text)


def test_lines_end_as_they_may(solved, exercise):
    plain = sources(staged(solved, exercise.release))
    for cell in solved["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    other = staged(solved, exercise.release)
    assert (sources(other), other.flags) == (plain, ())


def test_a_notebook_that_lost_its_marks_is_known_by_its_functions(solved, exercise):
    for cell in solved["cells"]:
        cell["metadata"] = {}
        del cell["id"]
        cell["source"] = cell["source"] if cell["cell_type"] == "code" else "changed"
    answers = sources(staged(solved, exercise.release), kind="code", own=True)
    assert any("def conv_matrix1d(" in source for source in answers)


def test_an_id_that_is_no_text_is_none(solved, exercise):
    for cell in solved["cells"]:
        cell["id"] = [[["deep"]]]
    assert staged(solved, exercise.release).flags == ()


def test_all_code_together_is_capped(solved, exercise):
    cell = {"cell_type": "code", "metadata": {}, "source": "x = 1\n" * 30_000}
    solved["cells"] += [cell] * 3
    with pytest.raises(NotGradable, match="characters of code"):
        staged(solved, exercise.release)


def test_the_notebook_is_found_among_very_many_files(tmp_path):
    for number in range(stage.ENTRIES + 500):
        (tmp_path / f"{number}.txt").touch()
    (tmp_path / f"{NAME}.ipynb").write_text("x")
    assert stage.read(tmp_path, NAME)[0] == b"x"
