"""Does collecting take each student's notebook out of what a platform gives, and nothing else, to nowhere else?"""

import io
import json
import stat
import zipfile
from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from grading import downloads as module
from grading.collect import collect
from grading.course import CourseError
from grading.late import Ledger
from grading.roster import Roster

NAME = "07_convolution_matrix"
BOOK = f"{NAME}.ipynb"


def packed(members, **options):
    """Bytes of a zip file; a member is (name, content) or (ZipInfo, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, **options)
    return buffer.getvalue()


def dated(name, *date):
    return zipfile.ZipInfo(name, date or (2026, 10, 1, 12, 0, 0))


@pytest.fixture
def collected(place, tmp_path):
    def run(members, assignment=NAME, **options):
        source = tmp_path / "download.zip"
        source.write_bytes(members if isinstance(members, bytes) else packed(members))
        return collect(place, source, assignment, **options)

    return run


def submitted(place):
    files = (p for p in (place.root / "submitted").rglob("*") if p.is_file() and p.name != "timestamp.txt")
    return {str(p.relative_to(place.root / "submitted")): p.read_bytes() for p in files}


def test_canvas(place, collected):
    result = collected(
        [
            (f"doejane_12345_67890_{BOOK}", "1"),
            (f"roejohn_LATE_222_67900_{NAME}-2.ipynb", "2"),
            (f"loeann_333_5_{NAME} (1).ipynb", "3"),
        ]
    )
    assert submitted(place) == {f"12345/{NAME}/{BOOK}": b"1", f"222/{NAME}/{BOOK}": b"2", f"333/{NAME}/{BOOK}": b"3"}
    assert result.left == []


def test_moodle_with_folders_and_without(place, collected):
    result = collected(
        [
            (f"Müller Zoë_123_assignsubmission_file_/{BOOK}", "1"),
            (f"O'Neil Sinéad Mary_77_assignsubmission_file_{BOOK}", "2"),
            ("Doe Jane_9_assignsubmission_onlinetext_/onlinetext.html", "hello"),
        ]
    )
    assert set(result.students) == {"Muller_Zoe", "O_Neil_Sinead_Mary"}
    assert [path for path, _ in result.left] == ["Doe Jane_9_assignsubmission_onlinetext_/onlinetext.html"]


def test_two_people_of_one_name_are_not_mixed_up(place, collected):
    result = collected([(f"Kim Min_{n}_assignsubmission_file_/{BOOK}", str(n)) for n in (1, 2)])
    assert result.students == {}
    assert all("several people (1, 2) are Kim_Min" in reason for _, reason in result.left)
    assert submitted(place) == {}


@pytest.mark.parametrize(
    "path",
    [
        f"doe_1_2_smith_999_1000_{BOOK}",
        f"doe_1_2_work/smith_999_1000_{BOOK}",
        f"Doe Jane_1_assignsubmission_file_x/Smith Al_999_assignsubmission_file_{BOOK}",
        f"Doe Jane_1_assignsubmission_file_Smith Al_999_assignsubmission_file_{BOOK}",
    ],
)
def test_a_students_own_file_name_makes_nobody_else_of_him(place, collected, path):
    assert set(collected([(path, "x")]).students) <= {"1", "Doe_Jane"} != set()
    assert len(submitted(place)) == 1


def test_the_last_attempt_counts(place, collected):
    result = collected(
        [(f"doe_1_20_{NAME}-1.ipynb", "new"), (f"doe_1_9_{BOOK}", "old"), ("doe_1_30_notes.ipynb", "no")]
    )
    assert submitted(place) == {f"1/{NAME}/{BOOK}": b"new"}
    assert len(result.left) == 2
    assert all("goes before it" in reason for _, reason in result.left)


def test_the_later_date_and_then_the_later_place_counts(place, collected):
    name = f"Doe Jane_1_assignsubmission_file_/{{}}/{BOOK}"
    collected([(dated(name.format("a"), 2026, 10, 2, 0, 0, 0), "later"), (dated(name.format("b")), "earlier")])
    assert submitted(place) == {f"Doe_Jane/{NAME}/{BOOK}": b"later"}
    collected([(dated(name.format("a")), "first"), (dated(name.format("b")), "last")])
    assert submitted(place) == {f"Doe_Jane/{NAME}/{BOOK}": b"last"}


def test_a_students_own_zip_file_is_looked_into_once(place, collected):
    inner = packed([(f"__MACOSX/._{BOOK}", "x"), (f"work/{BOOK}", "right"), ("work/scratch.ipynb", "no")])
    result = collected([("doe_1_2_work.zip", inner), ("roe_2_3_two.zip", packed([("a.ipynb", ""), ("b.ipynb", "")]))])
    assert submitted(place) == {f"1/{NAME}/{BOOK}": b"right"}
    assert "2 notebooks" in result.left[0][1]


def _damaged(kind, start, length):
    """A student's own zip file whose compressed content is not what its method writes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr(dated(BOOK), bytes(range(256)) * 40, kind)
    content = bytearray(buffer.getvalue())
    at = content.index(BOOK.encode()) + len(BOOK) + start
    content[at : at + length] = b"\xff" * length
    return bytes(content)


def _link():
    info = dated(f"doe_1_2_{BOOK}")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _encrypted():
    content = bytearray(packed([(f"doe_1_2_{BOOK}", "x")]))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([(f"../doe_1_2_{BOOK}", "x")], "leads out"),
        ([(f"/doe_1_2_{BOOK}", "x")], "leads out"),
        ([(f"doe_1_2_x/../../../{BOOK}", "x")], "leads out"),
        ([(f"..\\doe_1_2_{BOOK}", "x")], "leads out"),
        ([(f"C:/doe_1_2_{BOOK}", "x")], "leads out"),
        ([(_link(), "/etc/passwd")], "not a regular file"),
        (_encrypted(), "encrypted"),
        ([(f"doe_1_2_{BOOK}", b"0" * 10_000_001)], "larger than 10 MB"),
        ([("doe_1_2_x.zip", packed([(BOOK, b"0" * 10_000_001)]))], "larger than 10 MB"),
        ([("doe_1_2_x.zip", b"PK\x03\x04 and nothing")], "cannot be read"),
        ([("doe_1_2_x.zip", packed([(f"../{BOOK}", "x")]))], "where one was expected"),
        *(
            ([("doe_1_2_x.zip", _damaged(kind, start, 30))], "cannot be read")
            for kind, start in ((zipfile.ZIP_LZMA, 4), (zipfile.ZIP_LZMA, 20), (zipfile.ZIP_DEFLATED, 4))
        ),
        ([("doe_1_2_program.py", "x")], "neither a notebook"),
        ([(BOOK, "x")], "says not whose"),
        ([(f"Иванов Иван_1_assignsubmission_file_{BOOK}", "x")], "cannot be a student's name"),
    ],
)
def test_what_is_not_taken_is_named_with_a_reason(place, collected, members, reason):
    result = collected(members)
    assert result.students == {}
    assert [reason in why for _, why in result.left] == [True]
    assert submitted(place) == {}


def test_a_size_that_is_a_lie_is_found_out(place, collected):
    """The folder of the archive says 5 bytes; there are ten million."""
    content = bytearray(packed([(f"doe_1_2_{BOOK}", b"0" * 10_000_001)]))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place_of = content.index(mark) + offset
        content[place_of : place_of + 4] = (5).to_bytes(4, "little")
    assert collected(bytes(content)).students == {}
    assert submitted(place) == {}


def test_a_bomb_of_very_many_files_ends(place, collected, monkeypatch):
    monkeypatch.setattr(module, "FILES", 5)
    result = collected([(f"doe_{n}_1_{BOOK}", "x") for n in range(100, 120)])
    assert (len(result.students), len(result.left)) == (5, 1)
    monkeypatch.setattr(module, "ALL_BYTES", 2)
    assert len(collected([(f"doe_{n}_1_{BOOK}", "x") for n in range(100, 120)]).students) == 2


def test_a_folder_is_taken_from_without_following_links(place, tmp_path):
    folder, secret = tmp_path / "folder", tmp_path / "secret.ipynb"
    (folder / "Doe Jane_1_assignsubmission_file_").mkdir(parents=True)
    (folder / "Doe Jane_1_assignsubmission_file_" / BOOK).write_text("x")
    secret.write_text("secret")
    (folder / f"roe_2_3_{BOOK}").symlink_to(secret)
    (folder / "loe_3_4_folder").symlink_to(tmp_path)
    result = collect(place, folder, NAME)
    assert set(result.students) == {"Doe_Jane"}
    assert [why for _, why in result.left] == ["it is not a regular file"] * 2


def test_nothing_is_written_through_a_link(place, collected, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (place.root / "submitted" / "1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CourseError, match="is a link"):
        collected([(f"doe_1_2_{BOOK}", "x")])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_pattern(place, collected):
    members = [("group A/ann-2.ipynb", "2"), ("group A/ann-10.ipynb", "10"), ("group A/readme.ipynb", "")]
    result = collected(members, pattern=r"/(?P<student>\w+)-(?P<number>\d+)\.ipynb")
    assert submitted(place) == {f"ann/{NAME}/{BOOK}": b"10"}
    assert {path for path, _ in result.left} == {"group A/ann-2.ipynb", "group A/readme.ipynb"}
    for bad in ("(", "student"):
        with pytest.raises(CourseError, match="--pattern"):
            collected(members, pattern=bad)


def test_a_dry_run_writes_nothing(place, collected):
    result = collected([(f"doe_1_2_{BOOK}", "x"), ("x\x1b[31m.txt", "")], dry_run=True)
    assert list(result.students) == ["1"]
    assert submitted(place) == {}
    assert not list((place.root / "received").rglob("*.json"))
    lines = list(result.lines(dry_run=True))
    assert lines == [
        f"would take 1/{NAME}: doe_1_2_{BOOK}",
        "left x\\x1b[31m.txt: it is neither a notebook nor a zip file",
        "would take 1, 0 of them by likeness of names, left 1",
    ]


def test_the_time_is_the_one_that_the_instructor_gives(place, collected):
    member = (dated(f"doe_1_2_{BOOK}", 2026, 10, 1, 23, 58, 0), "x")
    clock = lambda: next(iter(Ledger.of(place, NAME, "1").arrivals.values()))["time"]  # noqa: E731
    collected([member])
    assert not clock().startswith("2026-10-01")
    collected([member], zone=ZoneInfo("Europe/Berlin"))
    assert clock() == "2026-10-01T21:58:00+00:00"
    assert (place.root / "submitted" / "1" / NAME / "timestamp.txt").read_text().startswith("2026-10-01 21:58:00")
    collected([member], handed_in=datetime(2026, 9, 1, tzinfo=ZoneInfo("UTC")))
    assert clock() == "2026-09-01T00:00:00+00:00"
    collected([member])
    assert clock() == "2026-09-01T00:00:00+00:00", "what was corrected stays"


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"Rar!", None])
def test_a_source_that_is_none_is_refused(place, tmp_path, content):
    if content is not None:
        (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(CourseError):
        collect(place, tmp_path / "x.zip", NAME)


def test_the_command(place, grade, tmp_path):
    source = tmp_path / "download.zip"
    source.write_bytes(packed([(f"doe_1_2_{BOOK}", "x"), ("a.txt", "")]))
    arguments = ("collect", source, "--assignment", NAME, "--course", place.root)
    code, out, err = grade(*arguments, "--dry-run", "--json")
    assert (code, [t["path"] for t in json.loads(out)["taken"]]) == (0, [f"doe_1_2_{BOOK}"]), err
    assert submitted(place) == {}
    code, out, err = grade(*arguments, "--handed-in", "2026-10-01 23:59 Europe/Berlin")
    assert (code, out.splitlines()[-1]) == (0, "took 1, 0 of them by likeness of names, left 1"), err
    assert grade(*arguments, "--zone", "Nowhere/Land")[0] != 0
    assert grade("collect", source, "--assignment", "99_none", "--course", place.root)[0] != 0


# --------------------------------------------------------------------------- other platforms, people, messages

CANVAS_ROSTER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Homework (7)\n"
    "    Points Possible,,,,,25\n"
    '"Doe, Jane",12345,A1,jdoe,Spring,\n'
    '"Müller, Zoë",222,A2,zmueller,Spring,\n'
    '"Kim, Min",333,A3,kim1,Spring,\n'
    '"Kim, Min",334,A4,kim2,Spring,\n'
    '"Sørensen, Åse",444,A5,ase,Spring,\n'
)


@pytest.fixture
def roster(tmp_path):
    def read(text):
        path = tmp_path / "class.csv"
        path.write_text(text, "utf-8")
        return Roster.read(path)

    return read


def real(place, **changes):
    """The released notebook, with an answer of its own, as bytes."""
    book = json.loads(place.release_text(NAME))
    for cell in book["cells"]:
        cell["source"] = changes.get(cell.get("id", "").replace("-", "_"), cell["source"])
    return json.dumps(book).encode()


def test_blackboard(place, collected):
    name = "Homework 7_jdoe_attempt_2026-10-0{}-23-59-00_work.ipynb"
    collected([(name.format(1), real(place)), (name.format(2), real(place, sampling_matrix="later"))])
    assert submitted(place) == {f"jdoe/{NAME}/{BOOK}": real(place, sampling_matrix="later")}


def test_brightspace(place, collected):
    name = "12345-678 - Jane Doe - Oct {}, 2026 {} PM/" + BOOK
    collected([(name.format(2, 905), "later"), (name.format(1, 1159), "earlier"), ("index.html", "x")])
    assert submitted(place) == {f"Jane_Doe/{NAME}/{BOOK}": b"later"}


def test_one_platform_does_not_read_anothers_names(place, collected):
    """What a student calls the file may look like Moodle's naming; the rest of the archive says whose naming counts."""
    members = [(f"doe_{n}_{n}_{BOOK}", "x") for n in (1, 2, 3)]
    result = collected([*members, ("roe_4_4_Doe Jane_9_assignsubmission_file_.ipynb", "x")])
    assert set(result.students) == {"1", "2", "3", "4"}


def test_a_roster_gives_one_name_to_a_person_on_all_platforms(place, collected, roster):
    people = roster(CANVAS_ROSTER)
    paths = [
        f"doejane_12345_67890_{BOOK}",
        f"Müller Zoë_9_assignsubmission_file_/{BOOK}",
        f"1-2 - Ase Sorensen - Oct 1, 2026 1159 PM/{BOOK}",
        f"x_kim2_attempt_2026-10-01-23-59-00_{BOOK}",
    ]
    found = {student for path in paths for student in collected([(path, "x")], roster=people).students}
    assert found == {"jdoe", "zmueller", "ase", "kim2"}


def test_a_name_that_two_have_is_left_with_both_names(place, collected, roster):
    result = collected([(f"Kim Min_9_assignsubmission_file_/{BOOK}", "x")], roster=roster(CANVAS_ROSTER))
    assert result.students == {}
    assert "kim1" in result.left[0][1]
    assert "kim2" in result.left[0][1]


def test_moodles_own_grading_table_tells_people_of_one_name_apart(place, collected, roster):
    table = (
        "Identifier,Full name,Email address,Status,Grade\n"
        "Participant 1,Min Kim,a@x.org,,\nParticipant 2,Min Kim,b@x.org,,\n"
    )
    members = [(f"Min Kim_{n}_assignsubmission_file_/{BOOK}", str(n)) for n in (1, 2)]
    collected(members, roster=roster(table))
    assert submitted(place) == {f"a@x.org/{NAME}/{BOOK}": b"1", f"b@x.org/{NAME}/{BOOK}": b"2"}


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Jane Doe.ipynb", "jdoe"),
        ("doe_jane.ipynb", "jdoe"),
        (f"Jane Doe/{BOOK}", "jdoe"),
        (f"{NAME}_Jane_Doe.ipynb", "jdoe"),
        ("group 3/Zoe Muller (late)/final copy.ipynb", "zmueller"),
        ("kim2.ipynb", "kim2"),
        ("Jane Doe/Åse Sørensen.ipynb", "jdoe"),  # the folder is the instructor's, the file's name the student's
        ("Min Kim.ipynb", None),
        ("Jane Doe and Åse Sørensen.ipynb", None),
        ("nobody known.ipynb", None),
    ],
)
def test_a_folder_of_files_with_peoples_names(place, tmp_path, roster, path, student):
    folder = tmp_path / "folder"
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_bytes(real(place))
    result = collect(place, folder, roster=roster(CANVAS_ROSTER))
    assert set(result.taken) == ({(student, NAME)} if student else set())
    assert len(result.left) == (student is None)


def test_likeness_is_told_and_never_decides_between_two(place, collected, roster):
    people = roster("id,name\nada,Ada Lovelace\nann,Ann Harbourne\nanna,Anna Harbourn\n")
    result = collected([("Ada Lovelase.ipynb", real(place)), ("Ann Harbourn.ipynb", real(place))], roster=people)
    assert set(result.students) == {"ada"}
    assert "like" in result.likely["Ada Lovelase.ipynb"]
    assert any("LOOK" in line for line in result.lines())
    assert "ann" in result.left[0][1]
    assert "anna" in result.left[0][1]


def message(sender, *attachments, date="Thu, 1 Oct 2026 12:00:00 +0200"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, "course@uni.org", "homework", date
    mail["Received"] = f"from x by mail.uni.org; {date}"
    mail.set_content("Here it is.")
    for name, content in attachments:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def test_attachments_of_messages(place, tmp_path, roster):
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "1.eml").write_bytes(message("Jane <J.Doe@uni.org>", ("../../hw.ipynb", real(place))))
    (folder / "2.eml").write_bytes(message("Who <who@else.org>", (BOOK, real(place))))
    (folder / "3.eml").write_bytes(message("Jane <j.doe@uni.org>"))
    (folder / "4.eml").write_bytes(b"not much of a message")
    people = roster("id,name,email\njdoe,Jane Doe,j.doe@uni.org\n")
    result = collect(place, folder, roster=people, zone=ZoneInfo("UTC"))
    assert result.taken == {("jdoe", NAME): "1.eml/hw.ipynb"}
    assert [why.partition(":")[0] for _, why in result.left] == [
        "nobody in the roster has 'who@else.org'",
        "nothing is attached to it",
        "nothing is attached to it",
    ]
    (entry,) = Ledger.of(place, NAME, "jdoe").arrivals.values()
    assert entry["time"] == "2026-10-01T10:00:00+00:00"


def test_a_mailbox(place, tmp_path):
    dates = ("Thu, 1 Oct 2026 12:00:00 +0200", "Thu, 1 Oct 2026 11:00:00 +0000")
    answers = [real(place, sampling_matrix=str(n)) for n in range(2)]
    mails = [message("ann@uni.org", (BOOK, a), date=d) for a, d in zip(answers, dates, strict=True)]
    box = tmp_path / "inbox.mbox"
    box.write_bytes(b"".join(b"From ann@uni.org Thu Oct  1 12:00:00 2026\n" + mail + b"\n" for mail in reversed(mails)))
    result = collect(place, box)
    assert submitted(place) == {f"ann@uni.org/{NAME}/{BOOK}": answers[1]}
    assert len(result.left) == 1


def test_parts_nested_very_deeply_stop_nothing(place, tmp_path):
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_text(f"From: a@b.org\n{parts}")
    (tmp_path / "mail" / "2.eml").write_bytes(message("ann@uni.org", (BOOK, real(place))))
    assert set(collect(place, tmp_path / "mail").taken) == {("ann@uni.org", NAME)}


@pytest.mark.parametrize(
    "head",
    [
        "From: <",
        "From: a@b.org\nContent-Disposition: attachment; filename*1*=''a; filename*0*=b'; filename*",
        "From: group: <;\nContent-Disposition: attachment; filename=a.ipynb",
    ],
)
def test_a_message_that_cannot_be_read_stops_no_other(place, tmp_path, head):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_text(f"{head}\nContent-Type: application/json; name=hw.ipynb\n\nx")
    (tmp_path / "mail" / "2.eml").write_bytes(message("ann@uni.org", (BOOK, real(place))))
    result = collect(place, tmp_path / "mail")
    assert set(result.taken) == {("ann@uni.org", NAME)}
    assert len(result.left) == 1


# --------------------------------------------------------------------------- assignments, again and again


def test_the_assignment_is_known_by_its_cells(place, tmp_path, make_exercises):
    """Two assignments in one archive, under names that say nothing, or the wrong thing."""
    other = "08_adjoint"
    book = make_exercises.release(make_exercises.ROOT / "solutions" / f"{other}.py")
    (place.root / "release" / other).mkdir(exist_ok=True)
    (place.root / "release" / other / f"{other}.ipynb").write_text(book)
    source = tmp_path / "x.zip"
    source.write_bytes(
        packed([("doe_1_1_hw.ipynb", real(place)), (f"doe_1_2_{BOOK}", book), ("doe_1_3_notes.ipynb", "{}")])
    )
    result = collect(place, source)
    assert result.taken == {("1", NAME): "doe_1_1_hw.ipynb", ("1", other): f"doe_1_2_{BOOK}"}
    assert "neither its cells nor its name" in result.left[0][1]
    assert dict(collect(place, source, NAME).left)[f"doe_1_2_{BOOK}"] == f"it is the notebook of {other}"


def test_marks_that_a_program_dropped_do_not_matter(place, collected):
    book = json.loads(real(place))
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    assert set(collected([("doe_1_1_hw.ipynb", json.dumps(book))]).taken) == {("1", NAME)}


def test_twice_is_as_once(place, collected):
    members = [(f"doe_{n}_1_{BOOK}", real(place)) for n in (1, 2)]
    collected(members)
    before = {p: p.read_bytes() for p in place.root.rglob("*") if p.is_file()}
    assert len(collected(members).taken) == 2
    assert {p: p.read_bytes() for p in place.root.rglob("*") if p.is_file()} == before


def kept(place, student):
    return {p.read_bytes() for p in (place.root / "received" / NAME / student).glob("*.ipynb")}


def test_a_later_one_takes_the_place_and_the_earlier_one_is_kept(place, collected):
    first, second = real(place), real(place, sampling_matrix="better")
    collected([(f"doe_1_1_{BOOK}", first)])
    collected([(f"doe_1_2_{BOOK}", second)])
    assert submitted(place) == {f"1/{NAME}/{BOOK}": second}
    assert kept(place, "1") == {first}
    result = collected([(f"doe_1_1_{BOOK}", first)])
    assert "came later" in result.left[0][1]
    assert submitted(place) == {f"1/{NAME}/{BOOK}": second}


def test_an_archive_of_last_week_takes_nothing_newer_away(place, collected):
    new, old = (dated(f"doe_1_1_{BOOK}", 2026, 10, day, 12, 0, 0) for day in (8, 1))
    collected([(new, "new")], zone=ZoneInfo("UTC"))
    for dry_run in (True, False):
        result = collected([(old, "old")], zone=ZoneInfo("UTC"), dry_run=dry_run)
        assert (result.taken, len(result.left)) == ({}, 1)
    assert submitted(place) == {f"1/{NAME}/{BOOK}": b"new"}
    assert kept(place, "1") == {b"old"}


def test_a_zip_in_the_zip_with_a_million_names_is_refused_before_it_is_listed(place, collected, monkeypatch):
    monkeypatch.setattr(module, "FILES", 50)
    inner = packed([(f"{n}.ipynb", "") for n in range(60)])
    assert "more than 50 files" in collected([("doe_1_2_x.zip", inner)]).left[0][1]


def test_the_roster_of_the_course_is_used(place, grade, tmp_path):
    (place.root / "roster.csv").write_text(CANVAS_ROSTER, "utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "Jane Doe.ipynb").write_bytes(real(place))
    code, out, err = grade("collect", tmp_path / "folder", "--course", place.root)
    assert (code, out.splitlines()[0]) == (0, f"took jdoe/{NAME}: Jane Doe.ipynb"), err
    (tmp_path / "empty.csv").write_text("a,b\n1,2\n")
    code, _, err = grade("collect", tmp_path / "folder", "--course", place.root, "--roster", tmp_path / "empty.csv")
    assert (code, "no column that tells people" in err) == (1, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rosters_as_spreadsheets_write_them(tmp_path, encoding, delimiter):
    path = tmp_path / "class.csv"
    rows = [["First name", "Surname", "Email address"], ["Zoë", "Müller", "z@x.org"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    path.write_bytes(text.encode(encoding))
    (person,) = Roster.read(path).people
    assert (person.student, person.name) == ("z@x.org", "Zoë Müller")


def test_two_people_with_one_login_are_refused(tmp_path):
    (tmp_path / "class.csv").write_text("id,name\nann,Ann A\nANN,Ann B\n")
    with pytest.raises(CourseError, match="would both be"):
        Roster.read(tmp_path / "class.csv")
