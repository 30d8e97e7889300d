"""nbgrader's own autograding, as the formgrader's button starts it, by way of the judge."""

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grading import late
from grading.course import Course
from grading.grading import Job, verdict_of
from grading.record import record

Resources = dict[str, Any]


def note_arrival(assignment: str, student: str, notebooks: Any) -> None:
    """nbgrader calls this in the course's folder before it reads the time of arrival."""
    del notebooks
    late.arrival(Course(Path.cwd()), assignment, student)


class RebuildFromVerdict(NbGraderPreprocessor):
    """Puts the recorded notebook in the place of the submitted one; student code does not run here."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        del nb
        names = resources["nbgrader"]
        course = Course(Path(self.parent.parent.coursedir.root))
        verdict = verdict_of(Job(course, names["assignment"], names["student"]))
        return record(course, names["assignment"], names["student"], verdict), resources


class SaveVerdict(NbGraderPreprocessor):
    """Nothing is left to do: the grades were written together with the notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        return nb, resources
