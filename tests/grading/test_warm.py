# ruff: noqa: E501 (programs as text)
"""Is a warm start as strict as a cold one, and is nothing different for the notebook?

That its walls hold is tested in test_sandbox.py, where every attack is tried on both.
"""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from grading import sandbox, warm
from grading.channel import Closed
from grading.sandbox import Exceeded, Limits, NoSandbox, Sandbox
from grading.warm import Warm

LIBRARIES = [
    "matplotlib.pyplot",
    "numpy",
    "scipy.signal",
    *(["torch"] if sandbox.importlib.util.find_spec("torch") else []),
]
SMALL = Limits(memory=300 << 20, processes=20, folder=8 << 20)
pytestmark = pytest.mark.usefixtures("needs_sandbox")


@pytest.fixture(scope="module")
def pool():
    with Warm() as pool:
        yield pool


def warm_box(pool, limits=SMALL, libraries=LIBRARIES, **options):
    box = pool.sandbox(limits, libraries, **options)
    assert box.start == "warm", pool.obstacle
    return box


def begin(box, source, seconds=15):
    box.within(seconds, TimeoutError())
    box.ask({"do": "run", "cells": json.dumps([[0, source]])})


def finish(box):
    while (event := box.channel.receive())["event"] != "ended":
        pass
    return "".join(o.get("text", "") + o.get("evalue", "") for o in json.loads(event["outputs"]))


def says(box, source, close=True):
    try:
        begin(box, source)
        return finish(box)
    finally:
        if close:
            box.close()


SAME = {
    "where it is": "import os, sys; print(os.getpid(), os.getcwd(), sys.argv, sorted(os.environ.items()))",
    "what it may": "print([line for line in open('/proc/self/status') if line[:4] in ('Grou', 'CapE', 'CapP', 'CapA', 'NoNe', 'Secc') and 'filters' not in line])",  # noqa: E501
    "limits": "import resource; print([resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n[:7] == 'RLIMIT_' and n != 'RLIMIT_AS'])",  # noqa: E501
    "mounts": "print(sorted({line.split()[4] + line.split()[5].replace('relatime', '') for line in open('/proc/self/mountinfo')}))",
    "names": "print(sorted(globals()), sorted(dir(__builtins__)))",
    "tables": "import matplotlib.pyplot, sys; print(sorted({*sys.modules} - {'grading.ahead', 'grading.seccomp', 'grading.zygote'}), len(sys.path))",
    "a package only": "import matplotlib; print(hasattr(matplotlib, 'pyplot'), dir(matplotlib))",
    "a module in it": "import matplotlib.pyplot as p, matplotlib; print(dir(matplotlib), p.__spec__.origin, p.__loader__.path)",
    "another one": "from scipy import signal; import scipy; print(scipy.signal is signal, dir(scipy), dir(signal))",
    "plain numpy": "import numpy.random as r; r.seed(3); print(r.rand(3), dir(r))",
    "not there": "import mutplotlib",
    "looked for": "from importlib.util import find_spec; print(find_spec('matplotlib').origin, find_spec('scipy.nothing'))",
    "signals": "import signal; print([(s, str(signal.getsignal(s))[:20]) for s in signal.valid_signals()], signal.pthread_sigmask(0, []))",  # noqa: E501
    "threads": "import threading; print(threading.enumerate().__len__(), threading.main_thread() is threading.current_thread())",
    "a fixed seed": "import random, numpy; random.seed(1); numpy.random.seed(1); print(random.random(), numpy.random.rand())",
    "sockets": "import socket; a, b = socket.socketpair(); a.send(b'met'); print(b.recv(9)); socket.create_server(('127.0.0.1', 0))",
    "a terminal": "!tty; echo $0; exit 3",
    "a picture": "import matplotlib.pyplot as p; print(p.get_backend(), p.rcParams['figure.dpi']); p.plot([1, 2]);",
    "children": "import subprocess; print(subprocess.run(['sh', '-c', 'exit 3']).returncode)",
    "torch": "import torch, sys; torch.manual_seed(1); print(torch.rand(3), torch.get_num_threads(), sorted(vars(torch)), sorted(n for n in sys.modules if n[:5] == 'torch'))",
    "torch in parts": "import torch.nn.functional as F, sys; print(F.relu(F.torch.ones(1)), len([n for n in sys.modules if n[:5] == 'torch']))",
}


@pytest.mark.parametrize("code", SAME.values(), ids=SAME)
def test_a_notebook_cannot_tell_the_difference(pool, code):
    if "torch" in code and "torch" not in LIBRARIES:
        pytest.skip("torch is not installed")
    limits = Limits()
    assert says(warm_box(pool, limits), code) == says(Sandbox(limits), code)


def test_each_draws_its_own_lots(pool):
    code = "import random, numpy, uuid, tempfile; print(random.random(), numpy.random.rand(), uuid.uuid4(), tempfile.mktemp())"
    if "torch" in LIBRARIES:
        code += "; import torch; print(torch.rand(1))"
    numbers = [says(warm_box(pool), code).split() for _ in range(2)]
    assert not {*numbers[0]} & {*numbers[1]}


def test_names_are_taken_out_of_a_package_that_was_imported_ahead(pool):
    code = "import matplotlib.pyplot, matplotlib\nprint(hasattr(matplotlib, 'cbook'), 'kept' * hasattr(matplotlib, 'colors'))\n"
    said = says(warm_box(pool, stripped=["matplotlib.cbook"]), code + "import matplotlib.cbook")
    assert said.startswith("False kept")
    assert "may not be used here" in said
    assert says(warm_box(pool), code) == "True kept\n"


def test_what_is_imported_ahead_does_not_count(pool):
    small = Limits(memory=100 << 20, processes=20)
    assert says(warm_box(pool, small), "import matplotlib.pyplot\nx = bytes(1 << 20)\nprint(len(x))") == "1048576\n"


def test_inherited_memory_that_is_written_to_counts(pool):
    with pytest.raises((Exceeded, Closed)):
        says(warm_box(pool), "x = [bytearray(b'x' * (1 << 20)) for _ in range(330)]\nimport time; time.sleep(20)")


def test_a_crash_or_a_kill_leaves_the_zygote_for_the_next(pool):
    zygote = warm_box(pool).zygote
    with pytest.raises(Closed):
        says(warm_box(pool), "import os; os.kill(os.getpid(), 9)")
    box = warm_box(pool)
    begin(box, "while True: pass", 0.3)
    with pytest.raises(TimeoutError):
        finish(box)
    box.close()
    after = warm_box(pool)
    assert after.zygote is zygote
    assert says(after, "print('here')") == "here\n"


LEAVE = """
import pathlib, pty, socket
meeting = socket.socket(socket.AF_UNIX); meeting.bind('\\0meet'); meeting.listen()
for place in ('/tmp/x', '/sandbox/x', '/dev/shm/x'): pathlib.Path(place).write_text('x')
pty.openpty(); print('left')"""
LOOK = """
import contextlib, ctypes, os, socket
C = ctypes.CDLL(None)
print([p for p in ('/tmp/x', '/sandbox/x', '/dev/shm/x') if os.path.exists(p)], os.listdir('/dev/pts'))
print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))
with contextlib.suppress(OSError):
    socket.socket(socket.AF_UNIX).connect('\\0meet'); print('CONNECTED')
for n in range(3, 400):
    with contextlib.suppress(OSError): os.kill(n, 9); print('KILLED', n)
for place in ('/proc/1/mem', '/proc/1/root/sandbox', '/proc/1/fd/0', '/proc/1/environ'):
    with contextlib.suppress(OSError):
        (os.listdir if place.endswith('sandbox') else open)(place); print('OPENED', place)
print(*(C.unshare(flags) for flags in (0x10000000, 0x00020000, 0x20000000)), end=' ')
print(C.umount2(b'/sandbox', 2), C.umount2(b'/proc', 2), C.ptrace(16, 1, 0, 0))
for s in (2, 9, 15, 17):
    with contextlib.suppress(OSError): os.kill(1, s)
print('alive')"""


def test_neither_zygote_nor_siblings_can_be_seen_or_reached(pool):
    other = warm_box(pool)
    assert says(other, LEAVE, close=False) == "left\n"
    said = says(warm_box(pool), LOOK).splitlines()
    assert said == ["[] ['ptmx']", "[1, 2]", "-1 -1 -1 -1 -1 -1", "alive"]
    assert says(other, "print(open('/tmp/x').read())") == "x\n"


def test_children_that_are_nobodys_are_no_way_out_of_being_counted(pool):
    """A child made by CLONE_PARENT would be the zygote's."""
    code = "import ctypes, platform\nprint(ctypes.CDLL(None).syscall({'x86_64': 56, 'aarch64': 220}[platform.machine()], 0x8011, 0, 0, 0, 0))"
    assert says(warm_box(pool), code) == "-1\n"


def test_no_way_to_the_zygote_is_left_open(pool):
    code = "import os\nprint([os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in sorted(os.listdir('/proc/self/fd')) if os.path.lexists(f'/proc/self/fd/{n}')])"  # noqa: E501
    said = says(warm_box(pool), code)
    assert said.count("socket") == 1
    assert said.count("/dev/null") == 3
    assert "pipe" not in said
    assert "memfd" not in said


def test_the_dead_that_nobody_waits_for_have_used_time_too(pool):
    burn = (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        if os.fork() == 0:\n            t = time.process_time()\n"
        "            while time.process_time() - t < 0.2: pass\n        os._exit(0)\n    os.wait()\ntime.sleep(3)\nprint('burnt')"
    )
    used = []
    for box in (warm_box(pool), Sandbox(SMALL)):
        before = box.cpu_seconds()
        assert says(box, burn, close=False) == "burnt\n"
        used.append(box.cpu_seconds() - before)
        box.close()
    assert min(used) > 0.75


def test_time_of_the_zygote_is_not_charged(pool):
    box = warm_box(pool)
    assert box.cpu_seconds() < 0.5
    box.close()


def test_a_zygote_that_died_takes_its_runners_with_it_and_is_replaced(pool):
    box = warm_box(pool)
    begin(box, "import time; time.sleep(60)")
    for number in sandbox._descendants(box.zygote.process.pid):
        if "zygote" in Path(f"/proc/{number}/cmdline").read_text():
            os.kill(number, signal.SIGKILL)
    with pytest.raises(Closed):
        finish(box)
    box.close()
    after = warm_box(pool)
    assert after.zygote is not box.zygote
    assert says(after, "print('here')") == "here\n"


def test_nothing_is_left_of_a_pool_that_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    with Warm() as pool:
        box = warm_box(pool, libraries=["wave"])
        begin(box, "import time; time.sleep(60)")
        processes = [*sandbox._descendants(box.zygote.process.pid)]
        assert len(processes) > 4
        assert not [*tmp_path.iterdir()]
    assert not [
        n for n in processes if Path(f"/proc/{n}").exists() and "State:\tZ" not in Path(f"/proc/{n}/status").read_text()
    ]
    box.close()


def test_a_process_that_ends_takes_its_zygotes_with_it():
    reading, writing = os.pipe()
    if not os.fork():
        os.write(writing, str(warm_box(Warm(), libraries=[]).roots[1]).encode())
        os._exit(0)  # nothing is closed
    number = int(os.read(reading, 20))
    os.wait()
    end = time.monotonic() + 10
    while Path(f"/proc/{number}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{number}").exists()


def test_a_copy_of_a_process_has_zygotes_of_its_own(pool):
    mine = warm_box(pool, libraries=["wave"])
    if not os.fork():
        other = warm_box(pool, libraries=["wave"])
        os._exit(0 if other.zygote is not mine.zygote and says(other, "print(1)") == "1\n" else 1)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    assert says(mine, "print('here')") == "here\n"


def test_old_zygotes_make_room():
    with Warm() as pool:
        kept = [warm_box(pool, libraries=[f"nothing{n}"]).zygote for n in range(warm.KEPT + 1)]
        assert kept[0].process.returncode is not None
        assert [*pool.zygotes.values()] == kept[1:]


def test_where_sandboxes_do_not_nest_the_start_is_cold(monkeypatch):
    monkeypatch.setattr(warm, "RIGHTS", ())
    with Warm() as pool:
        box = pool.sandbox(SMALL)
        assert (box.start, says(box, "print('here')")) == ("cold", "here\n")
        assert "unshare: Operation not permitted" in pool.obstacle


def test_a_library_that_starts_threads_makes_the_start_cold(monkeypatch):
    usual = sandbox.environment
    monkeypatch.setattr(sandbox, "environment", lambda home: usual(home) | {"OPENBLAS_NUM_THREADS": "4"})
    with Warm() as pool:
        box = pool.sandbox(SMALL, ["numpy"])
        box.close()
        assert (box.start, "started a thread" in pool.obstacle) == ("cold", True)


def test_what_a_zygote_does_not_know_makes_the_start_cold(monkeypatch):
    monkeypatch.setattr(warm, "Sandbox", lambda limits, **options: options)
    assert Warm().sandbox(SMALL, ["numpy"], device="cuda") == {"device": "cuda"}


def test_no_bubblewrap_is_no_reason_to_go_without(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: "/bin/false")
    with pytest.raises(NoSandbox), Warm() as pool:
        pool.sandbox(SMALL)


def test_what_a_notebook_asks_for_without_need_does_not_make_it_cold(pool):
    warm_box(pool, libraries=["wave"], unsafe=False, device=None).close()
