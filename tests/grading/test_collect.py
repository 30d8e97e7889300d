"""Does collecting take each student's notebook out of what a platform gives, and nothing else, to nowhere else?"""

import io
import json
import stat
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from grading import collect as module
from grading.collect import collect
from grading.course import CourseError
from grading.late import Ledger

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
    def run(members, **options):
        source = tmp_path / "download.zip"
        source.write_bytes(members if isinstance(members, bytes) else packed(members))
        return collect(place, source, NAME, **options)

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
    assert set(result.taken) == {"Muller_Zoe", "O_Neil_Sinead_Mary"}
    assert [path for path, _ in result.left] == ["Doe Jane_9_assignsubmission_onlinetext_/onlinetext.html"]


def test_two_people_of_one_name_are_not_mixed_up(place, collected):
    result = collected([(f"Kim Min_{n}_assignsubmission_file_/{BOOK}", str(n)) for n in (1, 2)])
    assert result.taken == {}
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
    assert set(collected([(path, "x")]).taken) <= {"1", "Doe_Jane"} != set()
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
        ([("doe_1_2_program.py", "x")], "neither a notebook"),
        ([(BOOK, "x")], "says not whose"),
        ([(f"Иванов Иван_1_assignsubmission_file_{BOOK}", "x")], "cannot be a student's name"),
    ],
)
def test_what_is_not_taken_is_named_with_a_reason(place, collected, members, reason):
    result = collected(members)
    assert result.taken == {}
    assert [reason in why for _, why in result.left] == [True]
    assert submitted(place) == {}


def test_a_size_that_is_a_lie_is_found_out(place, collected):
    """The folder of the archive says 5 bytes; there are ten million."""
    content = bytearray(packed([(f"doe_1_2_{BOOK}", b"0" * 10_000_001)]))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place_of = content.index(mark) + offset
        content[place_of : place_of + 4] = (5).to_bytes(4, "little")
    assert collected(bytes(content)).taken == {}
    assert submitted(place) == {}


def test_a_bomb_of_very_many_files_ends(place, collected, monkeypatch):
    monkeypatch.setattr(module, "FILES", 5)
    result = collected([(f"doe_{n}_1_{BOOK}", "x") for n in range(100, 120)])
    assert (len(result.taken), len(result.left)) == (5, 1)
    monkeypatch.setattr(module, "ALL_BYTES", 2)
    assert len(collected([(f"doe_{n}_1_{BOOK}", "x") for n in range(100, 120)]).taken) == 2


def test_a_folder_is_taken_from_without_following_links(place, tmp_path):
    folder, secret = tmp_path / "folder", tmp_path / "secret.ipynb"
    (folder / "Doe Jane_1_assignsubmission_file_").mkdir(parents=True)
    (folder / "Doe Jane_1_assignsubmission_file_" / BOOK).write_text("x")
    secret.write_text("secret")
    (folder / f"roe_2_3_{BOOK}").symlink_to(secret)
    (folder / "loe_3_4_folder").symlink_to(tmp_path)
    result = collect(place, folder, NAME)
    assert set(result.taken) == {"Doe_Jane"}
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
    assert list(result.taken) == ["1"]
    assert submitted(place) == {}
    assert not list((place.root / "received").rglob("*.json"))
    lines = list(result.lines(dry_run=True))
    assert lines == [
        f"would take 1: doe_1_2_{BOOK}",
        "left x\\x1b[31m.txt: it is neither a notebook nor a zip file",
        "would take 1, left 1",
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
    assert (code, json.loads(out)["taken"]) == (0, {"1": f"doe_1_2_{BOOK}"}), err
    assert submitted(place) == {}
    code, out, err = grade(*arguments, "--handed-in", "2026-10-01 23:59 Europe/Berlin")
    assert (code, out.splitlines()[-1]) == (0, "took 1, left 1"), err
    assert grade(*arguments, "--zone", "Nowhere/Land")[0] != 0
    assert grade("collect", source, "--assignment", "99_none", "--course", place.root)[0] != 0
