"""The released notebook, run as a student runs it and validated as nbgrader validates it: unsolved and solved."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.validator import Validator


@pytest.fixture(scope="module", params=["unsolved", "solved"])
def notebook(request, stem, root, make_exercises):
    """The released notebook, with the answers filled in when `solved`; its name is its parameter."""
    released = nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in make_exercises.source(root / "solutions" / f"{stem}.py").cells}
    for cell in released.cells if request.param == "solved" else ():
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    released.metadata["solved"] = request.param == "solved"
    return released


@pytest.fixture(scope="module")
def executed(notebook, tmp_path_factory):
    resources = {"metadata": {"path": str(tmp_path_factory.mktemp("run"))}}
    return NotebookClient(nbformat.from_dict(notebook), timeout=120, resources=resources).execute()


def graded(notebook, kinds=("code", "markdown")):
    """Cells that earn points: checks, and questions answered in words."""
    return [c for c in notebook.cells if c.cell_type in kinds and c.metadata.get("nbgrader", {}).get("grade")]


def test_scores_are_the_values_of_the_cells(executed, notebook):
    for cell in graded(executed, ("code",)):
        (value,) = [o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result"]
        assert float(value) == (cell.metadata.nbgrader.points if notebook.metadata.solved else 0)


def test_the_report_is_displayed_as_html_and_text(executed):
    for cell in graded(executed, ("code",)):
        (report,) = [o.data for o in cell.outputs if o.output_type == "display_data"]
        assert report["text/html"].startswith("<div")
        assert " points\n" in report["text/plain"]


def test_nothing_else_is_printed(executed):
    assert {o.output_type for cell in executed.cells for o in cell.get("outputs", ())} <= {
        "execute_result",
        "display_data",
    }


def test_nbgraders_validate_agrees(notebook, tmp_path, monkeypatch):
    path = tmp_path / "answer.ipynb"
    nbformat.write(notebook, path)
    monkeypatch.chdir(tmp_path)
    failed = Validator().validate(str(path)).get("failed", [])
    assert len(failed) == (0 if notebook.metadata.solved else len(graded(notebook)))
