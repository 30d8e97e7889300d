"""A filter of system calls: memory that no limit counts, new namespaces, what is outside of them, other processes.

https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import errno
import platform
import struct

X86_64 = """
    mmap 9 socket 41 clone 56 shmget 29 semget 64 msgget 68 ptrace 101 pivot_root 155 mount 165 mq_open 240
    add_key 248 request_key 249 keyctl 250 inotify_init 253 unshare 272 inotify_init1 294 perf_event_open 298
    fanotify_init 300 setns 308 process_vm_readv 310 process_vm_writev 311 memfd_create 319 bpf 321 userfaultfd 323
"""
AARCH64 = """
    inotify_init1 26 mount 40 pivot_root 41 unshare 97 ptrace 117 mq_open 180 msgget 186 semget 190 shmget 194
    socket 198 add_key 217 request_key 218 keyctl 219 clone 220 mmap 222 perf_event_open 241 fanotify_init 262 setns 268
    process_vm_readv 270 process_vm_writev 271 memfd_create 279 bpf 280 userfaultfd 282
"""
BOTH = "io_uring_setup 425 open_tree 428 move_mount 429 fsopen 430 pidfd_getfd 438 memfd_secret 447"
MACHINES = {"x86_64": (0xC000003E, f"{X86_64} {BOTH}"), "aarch64": (0xC00000B7, f"{AARCH64} {BOTH}")}
CLONE3, FOREIGN = 435, 0x40000000  # clone3 hides its flags; numbers from FOREIGN on belong to a second table of x86
NAMESPACES, SIBLING = 0x7E020000, 0x8000  # flags CLONE_NEW…; CLONE_PARENT makes a child that is not one's own
LOCAL = 1  # family of sockets that a network namespace keeps in; others (vsock) pass it, or hold memory (TCP)
SHARED_ANONYMOUS = 0x21  # memory that can be given up without being freed
NESTING = ("mount", "unshare", "setns")
LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # places in what the kernel shows the filter
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def filter_program(machine: str | None = None, nesting: bool = False) -> bytes:
    """The filter, as ``bwrap --seccomp`` reads it. `KeyError` for a machine that it does not know.

    With `nesting`, what makes a sandbox inside a sandbox is allowed.
    """
    architecture, table = MACHINES[machine or platform.machine()]
    words = table.split()
    calls = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    mmap, clone, socket = calls.pop("mmap"), calls.pop("clone"), calls.pop("socket")
    calls = {name: call for name, call in calls.items() if not (nesting and name in NESTING)}
    return b"".join(
        [
            *(_step(LOAD, MACHINE), _step(EQUAL, architecture, 1, 0), _refuse(errno.EPERM)),
            *(_step(LOAD, NUMBER), _step(AT_LEAST, FOREIGN, 0, 1), _refuse(errno.ENOSYS)),
            *(_step(EQUAL, CLONE3, 0, 1), _refuse(errno.ENOSYS)),  # the C library then uses clone
            *(part for call in calls.values() for part in (_step(EQUAL, call, 0, 1), _refuse(errno.EPERM))),
            *_any_of(clone, argument=0, flags=NAMESPACES | SIBLING),
            *_all_of(mmap, argument=3, flags=SHARED_ANONYMOUS),
            *_but_for(socket, argument=0, value=LOCAL),
            _step(RETURN, ALLOW),
        ]
    )


def _any_of(call: int, argument: int, flags: int) -> list[bytes]:
    """Refuse a call with any of the flags."""
    look = [_step(LOAD, ARGUMENTS + 8 * argument), _step(AND, flags), _step(EQUAL, 0, 1, 0), _refuse(errno.EPERM)]
    return [_step(EQUAL, call, 0, 5), *look, _step(LOAD, NUMBER)]


def _all_of(call: int, argument: int, flags: int) -> list[bytes]:
    """Refuse a call with all of the flags."""
    look = [_step(LOAD, ARGUMENTS + 8 * argument), _step(AND, flags), _step(EQUAL, flags, 0, 1), _refuse(errno.EPERM)]
    return [_step(EQUAL, call, 0, 5), *look, _step(LOAD, NUMBER)]


def _but_for(call: int, argument: int, value: int) -> list[bytes]:
    """Refuse a call with any other value."""
    look = [_step(LOAD, ARGUMENTS + 8 * argument), _step(EQUAL, value, 1, 0), _refuse(errno.ENETUNREACH)]
    return [_step(EQUAL, call, 0, 4), *look, _step(LOAD, NUMBER)]


def _refuse(error: int) -> bytes:
    return _step(RETURN, REFUSE | error)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
