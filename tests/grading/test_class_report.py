"""Does the instructor's page count rightly, and does only what stands out of a class count as alike?"""

import json
import re

import pytest

from grading import class_report, similarity, summary
from grading.gradebook import opened

NAME = "07_convolution_matrix"
LOOPS = """
def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):
    rows = (length + 2 * padding - dilation * (len(weight) - 1) - 1) // stride + 1
    matrix = np.zeros((rows, length), weight.dtype)
    for row in range(rows):
        for tap in range(len(weight)):
            column = row * stride + tap * dilation - padding
            if 0 <= column < length:
                matrix[row, column] = weight[tap]
    return matrix
"""
COPY = LOOPS.replace("row", "zeile").replace("tap", "k").replace("column", "spalte") + "# my own work\n"
OTHERS = [
    "def conv_matrix1d(w, n, stride=1, padding=0, dilation=1):\n"
    "    return np.stack([np.roll(w, {}) for _ in range(n)]) + sum(x**{} for x in w if x > {}) * np.eye({})\n".format(
        *k
    )
    for k in [(1, 2, 3, 4), (5, 6, 7, 8)]
] + [
    "def conv_matrix1d(a, b, **options):\n    import itertools\n    out = []\n"
    "    while len(out) < b:\n        out.extend(itertools.repeat(a, b))\n"
    "    return np.array(out)[::options['stride']]\n",
    "class Helper:\n    def __init__(self, *all): self.all = all\n    def build(self): return [*map(len, self.all)]\n"
    "conv_matrix1d = lambda *a, **k: np.array(Helper(*a).build(), dtype=a[0].dtype)\n",
    "def conv_matrix1d(weight, length, stride=1, padding=0, dilation=1):\n"
    "    wide = np.pad(np.eye(length), ((0, 0), (padding, padding)))\n"
    "    size = dilation * (len(weight) - 1) + 1\n"
    "    views = np.lib.stride_tricks.sliding_window_view(wide, size, axis=1)\n"
    "    return np.einsum('nwk,k->wn', views[:, ::stride, ::dilation], weight)\n",
]


def task(score, mistakes=(), failing=()):
    names = ("shape", "values")
    properties = [{"name": n, "points": 1, "earned": float(n not in failing), "refusal": None} for n in names]
    return {"task": "t<b>", "score": score, "points": 2, "mistakes": list(mistakes), "properties": properties}


def keep(place, student, results, flags=(), exceeded=()):
    (place.root / "submitted" / student / NAME).mkdir(parents=True)
    verdict = {"tasks": results, "flags": [*flags], "exceeded": [*exceeded], "seconds": 1.0, "sandbox": "x"}
    job = type("Job", (), {"student": student, "assignment": NAME})
    summary.keep(place, summary.row_of(job, verdict), verdict)


@pytest.fixture
def report(place):
    keep(place, "ann", [task(2)])
    keep(place, "bob", [task(1, ["flipped"], ["values"])], ["slow", "odd & <i>"], ["slow"])
    keep(place, "eve", [task(0, ["flipped", "swapped"], ["values", "shape"])])
    (place.root / "submitted" / "new" / NAME).mkdir(parents=True)
    with opened(place) as gradebook:
        gradebook.add_student("absent")
    return class_report.gather(place, NAME)


def test_it_counts(report):
    assert report["scores"] == {"ann": 2, "bob": 1, "eve": 0}
    (found,) = report["tasks"]
    assert found["mistakes"] == {"flipped": 2, "swapped": 1}
    assert found["failed_properties"] == {"values": 2, "shape": 1}
    assert (found["mean"], found["full_marks"], found["points"]) == (1, 1, 2)
    assert report["limits"] == {"bob": ["slow"]}
    assert (report["not_graded"], report["nothing_handed_in"]) == (["new"], ["absent"])
    json.dumps(report)


def test_the_page_says_it(place, report):
    page = class_report.write_page(place, report).read_text()
    assert "default-src 'none'" in page
    assert '<td>flipped</td><td class="n">2 (67%)</td>' in page
    assert "t&lt;b&gt;" in page
    assert "odd &amp; &lt;i&gt;" in page
    assert page.count("slow") == 1, "a limit is told once"
    assert not re.search("<(script|link|img|iframe)", page)


def test_a_submission_that_is_taken_away_is_not_counted(place, report):
    (place.root / "submitted" / "eve" / NAME).rmdir()
    assert class_report.gather(place, NAME)["scores"].keys() == {"ann", "bob"}


def test_before_anything_is_graded_there_is_a_page_too(place):
    report = class_report.gather(place, NAME, with_similarity=True)
    assert (report["scores"], report["similarity"]["pairs"]) == ({}, [])
    assert "0 graded" in class_report.write_page(place, report).read_text()


@pytest.fixture
def compared(place, exercise):
    def run(answers):
        for number, answer in enumerate(answers):
            folder = place.root / "submitted" / f"s{number}" / NAME
            folder.mkdir(parents=True)
            (folder / f"{NAME}.ipynb").write_text(json.dumps(exercise.filled({"conv_matrix1d": answer})))
        return similarity.compare(place, NAME, [f"s{n}" for n in range(len(answers))])

    return run


def test_a_copy_with_other_names_stands_out(compared):
    found = compared([LOOPS, *OTHERS, COPY])
    assert [pair["students"] for pair in found["pairs"]] == [["s0", "s6"], ["s1", "s2"]]
    assert found["pairs"][0]["similarity"] == 1


def test_where_all_are_alike_nobody_stands_out(compared):
    assert compared([LOOPS] * 6 + OTHERS[:1])["pairs"] == []


def test_what_is_no_answer_is_not_compared(compared, place):
    (place.root / "submitted" / "s9" / NAME).mkdir(parents=True)
    assert compared([LOOPS, COPY, "# YOUR CODE HERE\nraise NotImplementedError()"])["compared"] == 3
    assert similarity.compare(place, NAME, ["s0", "s9"])["pairs"] == []


@pytest.mark.parametrize("source", ["'", "def f(:", "\0", "\\", "if x:\n  a\n b", "é = 1", "f'{'"])
def test_what_is_no_python_is_read_as_far_as_it_goes(source):
    assert isinstance(similarity.normalised(source), list)
