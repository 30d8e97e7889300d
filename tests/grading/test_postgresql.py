"""Is nbgrader's gradebook on a real PostgreSQL server what it is in a file?

The tests start a server of their own in a temporary folder, reached through a socket in it; on Debian it comes with
`apt install postgresql`.
"""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Grade

from grading import cli, record
from grading.course import CourseError
from grading.export import rows
from grading.gradebook import opened, set_db

NAME, QUESTION = "07_convolution_matrix", "question-what-the-matrix-shows"
POINTS = {"sampling_matrix": 3, "conv_matrix1d": 5, "conv_matrix2d": 5, "conv_matrix_channels": 4, "count_nonzeros": 3}
ROOT = Path(cli.__file__).resolve().parents[2]


def program(name):
    """On the path, or where Debian's package puts it, which is not on the path."""
    return shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)


class Server:
    """It refuses to be run by root, so root runs it as somebody else."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        nobody = pwd.getpwnam("nobody")
        self.options = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.getuid() == 0:
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self.options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        command = [program("initdb"), "-D", f"{folder}/data", "-U", "grader", "-A", "trust", "-N"]
        subprocess.run(command, check=True, **self.options)

    @property
    def url(self):
        return f"postgresql://grader:word@/postgres?host={self.folder}"

    def start(self):
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"]
        self.process = subprocess.Popen([program("postgres"), "-D", f"{self.folder}/data", *settings], **self.options)

    def stop(self):
        self.process.send_signal(signal.SIGINT)  # ends at once, in good order
        self.process.wait(20)


@pytest.fixture(scope="module")
def server():
    if not (program("initdb") and program("postgres")):
        pytest.skip("no PostgreSQL server on this machine (Debian: apt install postgresql)")
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: psycopg")
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        running = Server(folder)
        running.start()
        yield running
        running.stop()


def until_it_answers(action):
    """A server takes a moment to begin."""
    for _ in range(200):
        with contextlib.suppress(CourseError):
            return action()
        time.sleep(0.1)
    return action()


@pytest.fixture
def there(place, server, grade):
    """A course whose gradebook is on the server, in a database of its own."""
    import psycopg
    from psycopg import sql

    until_it_answers(lambda: set_db(place, server.url))
    name = f"course_{time.monotonic_ns()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = server.url.replace("/postgres?", f"/{name}?")
    code, _, err = grade("release", NAME, "--course", place.root, "--project", ROOT, "--db", url)
    assert code == 0, err
    (place.root / "gradebook.db").unlink()
    place.__dict__.pop("api", None)
    return place


def verdict(course, **scores):
    """As the judge would give it."""
    release = nbformat.reads(course.release_text(NAME).decode(), as_version=4)
    cells = [
        {
            "index": n,
            "source": "Bands." if c.id == QUESTION else f"# {c.id}",
            "own": "solution" in c.metadata.get("nbgrader", {}),
            "clean": "<p>Bands.</p>",
        }
        for n, c in enumerate(release.cells)
    ]
    results = [
        {"task": name, "score": scores.get(name, points), "points": points, "mistakes": [], "text": "t", "html": None}
        for name, points in POINTS.items()
    ]
    return {"tasks": results, "cells": [], "flags": [], "notebook": cells}


def write(course, student, **scores):
    path = course.root / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(repr(scores).encode())
    record.record(course, NAME, student, verdict(course, **scores))


def scores(course):
    return {row["student"]: row["score"] for row in rows(course, NAME)}


def test_a_course_on_the_server(there):
    for student in ("ann", "bob"):
        write(there, student, count_nonzeros=1 if student == "bob" else 3)
    write(there, "ann", conv_matrix1d=0)
    assert scores(there) == {"ann": 15, "bob": 18}
    assert {s["student"]: s["score"] for s in there.api.get_submissions(NAME)} == {"ann": 15, "bob": 18}
    result = there.api.generate_feedback(NAME, "ann", force=True)
    assert result["success"], result
    with opened(there) as gradebook:
        assert gradebook.db.query(Grade).count() == 12
    assert not (there.root / "gradebook.db").exists(), "nothing fell back to a file"


def test_the_password_is_for_the_owners_eyes(there):
    assert (there.root / "nbgrader_config.py").stat().st_mode & 0o077 == 0
    assert "word" in there.db_url


def test_what_a_person_wrote_survives_a_regrade(there):
    write(there, "ann")
    with opened(there) as gradebook:
        grade = gradebook.find_grade(QUESTION, NAME, NAME, "ann")
        grade.manual_score, grade.needs_manual_grade = 4, False
        gradebook.find_comment(QUESTION, NAME, NAME, "ann").manual_comment = "Nicely said. ✓"
        gradebook.db.commit()
    write(there, "ann", count_nonzeros=0)
    with opened(there) as gradebook:
        assert gradebook.find_comment(QUESTION, NAME, NAME, "ann").comment == "Nicely said. ✓"
    assert scores(there) == {"ann": 17 + 4}


def test_two_graders_at_once_lose_nothing(there):
    """What sqlite does by waiting, a server does by transactions: each of two processes records its own students."""
    program_text = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        import test_postgresql as t
        from grading.course import Course
        for n in range(4):
            t.write(Course(Path({str(there.root)!r})), f"{{sys.argv[1]}}{{n}}", count_nonzeros=n % 3)
    """)
    running = [subprocess.Popen([sys.executable, "-c", program_text, who], stderr=subprocess.PIPE) for who in "ab"]
    complaints = [process.communicate(timeout=120)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], complaints
    assert scores(there) == {f"{who}{n}": 17 + n % 3 for who in "ab" for n in range(4)}


def test_a_server_that_is_gone_is_told_in_words_and_the_next_run_goes_on(there, server, grade):
    write(there, "ann")
    server.stop()
    try:
        code, _, err = grade("export", "--course", there.root)
        assert code == 1
        assert "cannot be opened" in err
        assert "word" not in err
        assert len(err.splitlines()) == 1
    finally:
        server.start()
    until_it_answers(lambda: write(there, "bob"))
    assert scores(there) == {"ann": 20, "bob": 20}


def test_a_submission_is_graded_into_it(there, grade, needs_sandbox):
    """The whole way: the release itself is handed in, run, judged, recorded on the server, and exported."""
    path = there.root / "submitted" / "ann" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(there.release_text(NAME))
    code, _, err = grade("run", "--course", there.root)
    assert code == 0, err
    assert scores(there) == {"ann": 0}
    assert "ok   gradebook" in grade("doctor", "--course", there.root)[1]
