"""Do the tables read in by Canvas and Moodle hold the right grades, for the right people, in their own form?"""

import csv
import io

import pytest

from grading.course import CourseError
from grading.export import as_canvas, as_csv, as_moodle, strangers
from grading.roster import Roster

SEVEN, EIGHT = "07_convolution_matrix", "08_adjoint"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,07_convolution_matrix (4711),Current Score\n"
    "    Points Possible,,,,,25,(read only)\n"
    '"Doe, Jane",12345,A1,jdoe,Spring,,\n'
    '"Müller, Zoë",222,A2,zmueller,Spring,,\n'
)
WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 17,Jane Doe,77,jane@x.org,Submitted for grading,,25.00,Yes,"Thursday, 1 October 2026, 9:00 PM",-,\n'
    "Participant 18,Zoë Müller,78,zoe@x.org,No submission,3.00,25.00,Yes,-,-,ill\n"
)


def row(student, score, assignment=SEVEN):
    return {"student": student, "assignment": assignment, "score": score, "max_score": 25.0}


@pytest.fixture
def roster(tmp_path):
    def read(text):
        (tmp_path / "class.csv").write_text(text, "utf-8")
        return Roster.read(tmp_path / "class.csv")

    return read


def table(text):
    return [*csv.reader(io.StringIO(text))]


def test_canvas_gets_its_own_numbers_and_column_back(roster):
    rows = [row("jdoe", 12.5), row("zmueller", 0.0), row("jdoe", 3, EIGHT)]
    assert table(as_canvas(rows, roster(CANVAS))) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "07_convolution_matrix (4711)", EIGHT],
        ["    Points Possible", "", "", "", "", "25", "25"],
        ["Doe, Jane", "12345", "A1", "jdoe", "Spring", "12.5", "3"],
        ["Müller, Zoë", "222", "A2", "zmueller", "Spring", "0", ""],
    ]


def test_what_was_collected_without_a_roster_finds_its_person_by_the_number_or_the_login():
    lines = table(as_canvas([row("12345", 1), row("jdoe", 2)], None))
    assert [line[:5] for line in lines[2:]] == [["", "12345", "", "", ""], ["", "", "", "jdoe", ""]]


def test_students_collected_by_canvas_number_are_found_in_the_roster(roster):
    assert table(as_canvas([row("12345", 1)], roster(CANVAS)))[2][:4] == ["Doe, Jane", "12345", "A1", "jdoe"]


def test_moodles_table_for_grading_comes_back_as_it_was_with_the_grades(roster):
    before, after = table(WORKSHEET), table(as_moodle([row("jane@x.org", 12.25)], roster(WORKSHEET)))
    expected = [line[:] for line in before]
    expected[1][5] = "12.25"
    assert after[2] == before[2], "who handed in nothing keeps the grade that a person gave"
    assert after == expected


def test_moodles_table_is_of_one_assignment(roster):
    with pytest.raises(CourseError, match="--assignment"):
        as_moodle([row("jane@x.org", 1), row("jane@x.org", 1, EIGHT)], roster(WORKSHEET))


def test_moodles_gradebook_maps_people_by_address(roster):
    people = roster("First name,Last name,ID number,Email address\nZoë,Müller,78,zoe@x.org\n")
    assert table(as_moodle([row("zoe@x.org", 7.5)], people)) == [
        ["First name", "Last name", "ID number", "Email address", "Assignment: 07_convolution_matrix (Real)"],
        ["Zoë", "Müller", "78", "zoe@x.org", "7.5"],
    ]
    assert table(as_moodle([row("zoe@x.org", 7.5), row("jdoe", 1)], None))[1:] == [
        ["", "", "", "zoe@x.org", "7.5"],
        ["", "", "jdoe", "", "1"],
    ]


def test_who_is_not_in_the_roster_is_named(roster):
    assert strangers([row("jdoe", 1), row("eve", 1)], roster(CANVAS)) == ["eve"]
    assert strangers([row("eve", 1)], None) == []


@pytest.mark.parametrize("write", [as_canvas, as_moodle])
def test_no_cell_begins_as_a_formula(roster, write):
    people = roster('First name,Last name,ID number,Email address,ID\n"=HYPERLINK(1)",Bad,"@x",b@x.org,5\n')
    cells = [cell for line in table(write([row("b@x.org", 1)], people)) for cell in line]
    assert [cell for cell in cells if cell[:1] in "=+@" and cell] == []


def test_grades_have_no_more_digits_than_they_need():
    assert table(as_canvas([row("1", 0.1 + 0.2)], None))[2][5] == "0.3"
    assert table(as_canvas([row("1", 123456.5)], None))[2][5] == "123456.5"


def test_the_command(graded, grade, tmp_path):
    """From the graded sample class to a file for each platform; what it says equals the plain table."""
    plain = {
        r["student"]: float(r["score"])
        for r in csv.DictReader(io.StringIO(grade("export", "--course", graded.root)[1]))
    }
    path = tmp_path / "canvas.csv"
    code, _, err = grade("export", "--course", graded.root, "--for", "canvas", "--csv", path)
    assert code == 0, err
    lines = table(path.read_text("utf-8"))[2:]
    assert {line[1] or line[3]: float(line[5]) for line in lines} == pytest.approx(plain, abs=1e-5)
    people = tmp_path / "people.csv"
    people.write_text("id,name\nnobody,No Body\n")
    code, out, err = grade("export", "--course", graded.root, "--for", "moodle", "--roster", people)
    assert (code, err.count("is not in the roster")) == (0, len(plain))
    assert "answers of 2 in words are not read yet" in err
    assert "nothing was handed in by nobody" in err
    assert len(out.splitlines()) == len(plain) + 1


def test_the_plain_table_is_harmless_too():
    assert "'=1" in as_csv([{"student": "=1"}])
