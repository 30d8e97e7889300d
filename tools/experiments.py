"""Train the small networks of chapter 14, longer, wider or on a GPU, and print what they reach.

Every training leaves a file in `build/experiments/` as soon as it is done. Interrupt it when you like: the same command
goes on where it stopped. With the settings of the book (no options) these are the files that the book reads.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resampling.training import EXPERIMENTS, results


def numbers(values: Any) -> list[float]:
    """What was measured once, or on each picture."""
    return values if isinstance(values, list) else [values]


def table(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """One line for each upsampler: mean and range over the seeds of every number that was measured."""
    first = next(iter(found.values()))[0]["after"]
    names = [name for name in first if name != "picture"]
    lines = [f"{'':12}" + "".join(f"{name:>28}" for name in names)]
    for kind, runs in found.items():
        columns = ([statistics.fmean(numbers(run["after"][name])) for run in runs] for name in names)
        cells = (f"{statistics.fmean(c):.4g} ({min(c):.4g} to {max(c):.4g})" for c in columns)
        lines.append(f"{kind:12}" + "".join(f"{cell:>28}" for cell in cells))
    return "\n".join(lines)


def positive(text: str) -> int:
    """A whole number, at least 1."""
    if (value := int(text)) < 1:
        raise ValueError
    return value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*", default=list(EXPERIMENTS), help=", ".join(EXPERIMENTS))
    parser.add_argument("--seeds", type=positive, default=3, help="how many trainings of each")
    parser.add_argument("--device", help="cpu or cuda")
    parser.add_argument("--steps", type=positive)
    parser.add_argument("--width", type=positive)
    parser.add_argument("--batch", type=positive)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--train", nargs="+", metavar="PICTURE", help="names in resampling.catalogue() to learn from")
    parser.add_argument("--held-out", nargs="+", metavar="PICTURE", help="names to measure on")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    unknown = set(options.experiments) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"no experiment {', '.join(sorted(unknown))}; there are {', '.join(EXPERIMENTS)}")
    return options


def main() -> None:
    """Train what is missing, and print a table for each experiment."""
    options = vars(arguments())
    names, seeds, folder = (options.pop(name) for name in ("experiments", "seeds", "folder"))
    changes = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items() if value}
    for name in names:
        print(f"\n{name}\n{table(results(EXPERIMENTS[name], range(seeds), folder=folder, **changes))}", flush=True)


if __name__ == "__main__":
    main()
