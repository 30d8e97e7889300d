"""An incremental build shows what a fresh build would show.

Cached cell outputs belong to one state of the library: the notebook cache alone compares only the text of the cells, so
it would keep the figures of an older library. And Sphinx copies static files only when some page has changed.
"""

import shutil
from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

import resampling

LIBRARY = Path(resampling.__file__).parent
SOURCES = {".py", ".js", ".json", ".css", ".mplstyle", ".svg"}


def state_of(*roots: Path) -> str:
    """A hash of the text files below some folders."""
    files = [path for root in roots for path in sorted(root.rglob("*")) if path.suffix in SOURCES]
    return sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]


def choose_cache(app: Sphinx, config: Config) -> None:
    caches = Path(app.srcdir, "_build", ".jupyter_cache")  # one for all editions
    current = caches / state_of(LIBRARY)
    for stale in set(caches.glob("*")) - {current}:
        shutil.rmtree(stale)
    config.nb_execution_cache_path = str(current)


def pages_after_restyling(app: Sphinx, env: BuildEnvironment, *_documents: set[str]) -> list[str]:
    """One page to write again when a static file has changed, so that the files are copied."""
    state = state_of(*(Path(app.srcdir, folder) for folder in app.config.html_static_path))
    changed = getattr(env, "course_static_state", state) != state
    env.course_static_state = state
    return [env.config.root_doc] if changed else []


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", choose_cache, priority=100)
    app.connect("env-get-outdated", pages_after_restyling)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
