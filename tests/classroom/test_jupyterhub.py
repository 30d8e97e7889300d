"""A class on a real JupyterHub: release, fetch, submit, collect, grade, read answers, release feedback, read it.

The hub runs with the files of tools/hub, the students' names put in, in a namespace of its own, in which `/home`,
`/srv` and the table of accounts are others: nobody and nothing is added to this machine, and everything ends with it.
For root the accounts have numbers of their own. Anybody else has one number for all, as in containers, where nbgrader
asks the hub for names.

The instructor and two students use JupyterLab as people do. The others hand in, from a terminal, what the sample class
hands in: accidents, attempts to get more than deserved, work that comes twice, late or never.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grading.sandbox import NoSandbox, bubblewrap

NAME = "07_convolution_matrix"
QUESTION = "question-what-the-matrix-shows"
BY_HAND = 4.0
OTHERS = ("blank", "crash", "endless", "forger", "scripts", "deleted", "no_notebook", "twice", "late", "never")
PEOPLE = ("kim", "ada", "ben", *OTHERS)
BEGIN = """([base, command]) => { window.said = (async () => {
    const headers = {'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)[1]}
    const made = await (await fetch(base + 'api/terminals', {method: 'POST', headers})).json()
    const socket = new WebSocket(base.replace('http', 'ws') + 'terminals/websocket/' + made.name)
    let said = ''
    return new Promise((done, fail) => {
        socket.onerror = () => fail('no terminal')
        socket.onmessage = ({data}) => {
            const [kind, text] = JSON.parse(data)
            if (kind == 'setup') socket.send(JSON.stringify(['stdin', command + '; echo "ended"":$?"\\r']))
            if (kind == 'stdout' && /ended:\\d/.test(said += text)) done(said)
        }
    })
})() }"""
ASK = """async ([path, options]) => {
    const headers = {'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)[1]}
    return (await fetch(path, {headers, ...options})).json()}"""


@pytest.fixture(scope="module")
def machine():
    """A folder that everybody can look into, with `/srv`, `/home` and the accounts of a machine for a class."""
    folder = Path(tempfile.mkdtemp(prefix="classroom-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # a server that has just ended may still write


@pytest.fixture(scope="module")
def hub(root, machine, path, free_port, wait_for, within_reach):
    """The address of a hub, set up as the guide for instructors says."""
    for program in ("jupyterhub", "configurable-http-proxy"):
        if not shutil.which(program, path=path):
            pytest.skip(f'no {program} found; pip install "resampling[classroom]" brings it')
    try:
        bwrap = bubblewrap()
    except NoSandbox as error:
        pytest.skip(f"no namespaces on this machine: {error}")
    classroom = machine / "srv" / "classroom"
    shutil.copytree(root / "tools" / "hub", classroom)
    settings = classroom / "jupyterhub_config.py"
    settings.write_text(settings.read_text().replace('{"ada", "ben"}', repr({*PEOPLE} - {"kim"})))
    (classroom / "exchange").mkdir()
    (classroom / "exchange").chmod(0o777)
    ports = [free_port() for _ in range(3)]
    address = f"http://127.0.0.1:{ports[0]}"
    command = [
        *(*alone(bwrap), *machine_of(machine), *within_reach(root, Path(sys.base_prefix))),
        *("--chdir", "/srv/classroom", sys.executable, "-m", "jupyterhub"),
        *(f"--JupyterHub.bind_url={address}", f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[1]}"),
        *(f"--JupyterHub.hub_port={ports[2]}", "--Spawner.start_timeout=180", "--Spawner.http_timeout=180"),
    ]
    with (machine / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | {"PATH": path}, stdout=log, stderr=log)
    try:
        wait_for(f"{address}/hub/api", server, machine / "log")
        yield address
    finally:
        server.kill()  # and with it all that it started
        server.wait()


def alone(bwrap):
    """A command that leaves nothing running when it ends; in the /proc that bwrap makes for root no sandbox starts."""
    if os.geteuid() == 0:
        own = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        return *own, bwrap, "--cap-add", "ALL", "--dev-bind", "/", "/"
    return bwrap, "--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/", "--proc", "/proc"


def machine_of(machine):
    """Arguments for bwrap: this machine, but for /srv, /home and the accounts."""
    for number, name in enumerate(PEOPLE):
        home = machine / "home" / name
        home.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(home, 20001 + number, 20001 + number)
            home.chmod(0o700)
    (machine / "passwd").write_text("".join(f"{line}\n" for line in accounts()))
    return [
        *("--bind", machine / "srv", "/srv", "--bind", machine / "home", "/home"),
        *("--ro-bind", machine / "passwd", "/etc/passwd"),
    ]


def accounts():
    """Lines of /etc/passwd. nbgrader asks the hub who it is where the account is called jovyan."""
    own, line = os.geteuid(), "{0}:x:{1}:{1}::/home/{0}:/bin/bash".format
    if own == 0:
        return [":".join(map(str, account)) for account in pwd.getpwall()] + [
            line(name, 20001 + number) for number, name in enumerate(PEOPLE)
        ]
    return [line(name, own) for name in ("jovyan", *PEOPLE)]


class Person:
    """Somebody who is signed in to the hub, with a server of one's own."""

    def __init__(self, page, hub, name):
        self.page, self.hub, self.name = page, hub, name
        self.base = f"{hub}/user/{name}/"
        page.goto(f"{hub}/hub/login")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("change me")
        page.get_by_role("button", name="Sign in").click()

    def arrives(self):
        """In JupyterLab."""
        self.gets_a_server()
        self.page.get_by_role("menuitem", name="Nbgrader").wait_for()
        return self

    def gets_a_server(self):
        """The hub's page for waiting may miss that a slow server has started: then one asks again."""
        for second in range(1, 200):
            if self.page.url.startswith(f"{self.base}lab"):
                break
            self.page.wait_for_timeout(1000)
            if second % 20 == 0:
                self.page.goto(f"{self.hub}/hub/spawn/{self.name}")
        self.page.wait_for_load_state("domcontentloaded")

    def starts_again(self):
        self.page.goto(f"{self.hub}/hub/home")
        self.page.get_by_role("button", name="Stop My Server").click()
        self.page.get_by_role("button", name="Start My Server").click()
        self.arrives()

    def begins(self, command):
        """Run a command in a terminal of one's server."""
        self.page.evaluate(BEGIN, [self.base, command])

    def ends(self):
        """What the command said; fails if it failed."""
        said = self.page.evaluate("() => window.said")
        assert "ended:0" in said, said
        return said

    def types(self, command):
        self.begins(command)
        return self.ends()

    def fetches(self):
        self.page.get_by_role("menuitem", name="Nbgrader").click()
        self.page.get_by_role("menuitem", name="Assignment List").click()
        self.page.get_by_role("button", name="Fetch", exact=True).click()
        self.page.get_by_role("button", name="Submit").wait_for()

    def solves(self, fill):
        path = f"{self.base}api/contents/{NAME}/{NAME}.ipynb"
        fetched = self.page.evaluate(ASK, [path, {}])
        solved = json.dumps(fetched | {"content": fill(fetched["content"])})
        assert self.page.evaluate(ASK, [path, {"method": "PUT", "body": solved}])["name"] == f"{NAME}.ipynb"

    def submits(self):
        self.page.get_by_role("button", name="Submit").click()
        self.page.get_by_role("button", name="Fetch Feedback").wait_for()

    def opens(self, path):
        """A file of one's own, in another tab."""
        page = self.page.context.new_page()
        page.goto(f"{self.base}files/{path}")
        return page

    def fetches_feedback(self):
        """The page that comes back, open in the browser."""
        self.page.get_by_role("button", name="Fetch Feedback").click()
        self.page.get_by_text("view feedback").wait_for()
        folder = f"{NAME}/feedback"
        (submission,) = self.page.evaluate(ASK, [f"{self.base}api/contents/{folder}", {}])["content"]
        return self.opens(f"{submission['path']}/{NAME}.html")


def everybody_types(people, command):
    for one in people.values():
        one.begins(command)
    for one in people.values():
        one.ends()


def at_a_terminal(page, hub, name):
    """Somebody for whom JupyterLab's page comes, and nothing that it would load."""
    page.route("**/user/*/static/**", lambda request: request.abort())
    return Person(page, hub, name)


@pytest.fixture(scope="module")
def kim(hub, person, root):
    """The instructor, who has released the assignment."""
    kim = Person(person(), hub, "kim").arrives()
    kim.types(f"grade release {NAME} --project {root} --course ~/course")
    kim.types("""echo 'c.Exchange.root = "/srv/classroom/exchange"' >> ~/course/nbgrader_config.py""")
    kim.types(f"cd ~/course && nbgrader release_assignment {NAME}")
    kim.starts_again()
    return kim


@pytest.fixture(scope="module")
def work(answers):
    """What the two students hand in, as in the sample class: all right, and a mistake in each task."""
    ben = next(s for s in answers.STUDENTS if s.mistakes and s.mistakes["conv_matrix1d"] == "padding wraps around")
    return {"ada": next(s for s in answers.STUDENTS if s.name == "perfect"), "ben": ben}


@pytest.fixture(scope="module")
def source(make_exercises, root):
    return make_exercises.source(root / "solutions" / f"{NAME}.py")


@pytest.fixture(scope="module")
def students(kim, hub, person, work, answers, source, keep):
    """They fetch, solve and submit in JupyterLab."""
    students = {name: Person(person(), hub, name).arrives() for name in work}
    for name, student in students.items():
        student.fetches()
        student.solves(lambda release, name=name: work[name].hand_in(answers.Exercise(release, source)))
        student.submits()
    keep(students["ben"].page, "submitted")
    return students


@pytest.fixture(scope="module")
def others(kim, hub, person, answers, source, machine, root):
    """They submit from a terminal, all at once; the work that they hand in, by name."""
    sample = {one.name: one for one in answers.STUDENTS}
    right = answers.Student("right", lambda exercise: exercise.solved(), answers.RIGHT)
    work = {name: sample.get(name, right) for name in OTHERS}
    people = {name: at_a_terminal(person(), hub, name) for name in work}
    for one in people.values():
        one.gets_a_server()

    def write(name, student):
        path = machine / "home" / name / NAME / f"{NAME}.ipynb"
        written = student.hand_in(answers.Exercise(json.loads(path.read_text()), source))
        path.write_bytes(written if isinstance(written, bytes) else json.dumps(written).encode())

    everybody_types(people, f"nbgrader fetch_assignment {NAME}")
    people["twice"].types(f"nbgrader submit {NAME}")
    for name, student in work.items():
        write(name, student)
    everybody_types({n: one for n, one in people.items() if n not in ("late", "never")}, f"nbgrader submit {NAME}")
    due = datetime.now(UTC).isoformat()
    kim.types(f"grade release {NAME} --project {root} --course ~/course --due '{due}' --late 10%")
    people["late"].types(f"nbgrader submit {NAME}")
    return work


@pytest.fixture(scope="module")
def graded(kim, students, others, keep):
    """The instructor collects, grades, reads Ada's answer, and releases feedback; gives the table of grades."""
    kim.types(f"cd ~/course && nbgrader collect {NAME}")
    kim.types("grade run --course ~/course --cell-seconds 5")
    grade_by_hand(kim, keep)
    kim.types("grade feedback --course ~/course")
    kim.types(f"cd ~/course && nbgrader release_feedback {NAME}")
    kim.types("grade report --course ~/course")
    rows = kim.types("grade export --course ~/course --json")
    return {row["student"]: row for row in json.loads(rows[rows.index("[\r") : rows.rindex("]") + 1])}


def grade_by_hand(kim, keep):
    """Go through the submissions in the formgrader, and give the one answer in words its points."""
    page = kim.page
    page.goto(f"{kim.base}formgrader/gradebook/{NAME}/{NAME}")
    submissions = page.get_by_role("link", name="Submission #")
    submissions.first.wait_for()
    for address in [link.get_attribute("href") for link in submissions.all()]:
        page.goto(f"{kim.hub}{address}")
        points = page.locator(f"input[id='{QUESTION}']")
        points.wait_for()
        if page.get_by_text("Bands, repeated.").count():
            with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
                points.fill(f"{BY_HAND:g}")
                points.blur()
            with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
                comment = page.locator(f"textarea[id='{QUESTION}-comment']")
                comment.fill("Well said.")
                comment.blur()
            keep(page, "formgrader")
            return


def test_the_grades_are_the_expected_ones(graded, work, others):
    expected = {name: student.scores for name, student in (work | others).items() if name != "never"}
    got = {
        name: {task: row[f"{task.replace('_', '-')}-check"] for task in expected.get(name, ())}
        for name, row in graded.items()
    }
    assert got == expected


def test_a_person_has_read_the_answer_in_words(graded):
    assert [graded[name][QUESTION] for name in ("ada", "ben")] == [BY_HAND, 0]
    assert [name for name, row in graded.items() if row["needs_manual_grade"]] == ["scripts"]


def test_what_came_late_costs(graded):
    assert {name: row["late_submission_penalty"] for name, row in graded.items() if row["late_submission_penalty"]} == {
        "late": pytest.approx(graded["late"]["raw_score"] / 10)
    }


def test_what_was_odd_is_said(graded):
    assert not [name for name in ("ada", "ben", "blank", "twice", "late") if graded[name]["notes"]]
    assert "is not a notebook" in graded["no_notebook"]["notes"]


def test_the_time_of_arrival_is_that_of_the_exchange(kim, graded):
    for name in graded:
        assert '"exchange"' in kim.types(f"cat ~/course/received/{NAME}/{name}.json")


def test_students_read_what_they_did_and_what_the_instructor_wrote(graded, students, work, keep):
    pages = {name: student.fetches_feedback() for name, student in students.items()}
    said = {name: page.locator("body").inner_text() for name, page in pages.items()}
    for name, page in pages.items():
        keep(page, f"feedback_{name}")
    assert "Well said." in said["ada"]
    for mistake in work["ben"].mistakes.values():
        assert f"{mistake[0].upper()}{mistake[1:]}." in said["ben"]
        assert f"{mistake[0].upper()}{mistake[1:]}." not in said["ada"]


def test_the_instructor_sees_the_class(kim, graded, keep):
    page = kim.opens(f"course/reports/{NAME}.html")
    keep(page, "report")
    assert f"{NAME}: {len(graded)} graded" in page.locator("body").inner_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each account a number of its own")
def test_students_cannot_look_into_what_is_not_theirs(students, graded):
    course, exchange = "/home/kim/course/gradebook.db", "/srv/classroom/exchange/resampling"
    for place in ("/home/ben", course, f"{exchange}/inbound", f"{exchange}/feedback"):
        assert "Permission denied" in students["ada"].types(f"ls -l {place} || true")
