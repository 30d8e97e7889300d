"""Pack the built site into one zip that works where it is unpacked: open `index.html`, no server, no network."""

import argparse
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_PACKED = {".buildinfo", "objects.inv", "sitemap.xml", "robots.txt", "404.html"}  # they serve a server


def pack(site: Path, target: Path) -> int:
    """Write the zip, with one folder at its top, and return the number of files. The same site gives the same bytes."""
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"no built site in {site}: run make book first")
    files = sorted(path for path in site.rglob("*") if path.is_file())
    packed = [path for path in files if path.relative_to(site).as_posix() not in NOT_PACKED]
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path in packed:
            entry = zipfile.ZipInfo(f"{target.stem}/{path.relative_to(site).as_posix()}")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return len(packed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", help="the built site")
    parser.add_argument("--to", type=Path, default=ROOT / "build/down-and-up.zip", help="the zip to write")
    options = parser.parse_args()
    try:
        count = pack(options.site, options.to)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.to}: {count} files, {options.to.stat().st_size / 1e6:.1f} MB; unpack it and open index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
