"""Time the library side by side with torch, SciPy, scikit-image, OpenCV and PIL: a table, JSON and a plot.

All ways of doing the same thing take turns within one run; their results are compared first. A ratio is the median over
the rounds of (time here / time of torch in the same round), with its quartiles, interpolated as `numpy.quantile` does.
`share` says how near a time is to the machine's own bound: the larger of bytes / copy bandwidth and flops / rate of a
large matrix product, both measured in this run.
"""

import argparse
import json
import platform
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import PIL
import scipy
import skimage
import torch
import torch.nn.functional as F
from PIL import Image
from tqdm import tqdm

import resampling as r
from resampling import time_in_turns, time_ratios
from resampling.figures.cost import plot_bench

Call = Callable[[], object]
ALGORITHMS = ("polyphase", "scatter", "zero_insertion")
BLOCK = 0.02  # seconds of one timed block: short calls are repeated, so that the other libraries' threads are at rest


@dataclass
class Setting:
    """One operator on one shape: ``calls`` maps a label to a way of computing the same result."""

    operator: str
    shape: str
    calls: dict[str, Call]
    operations: float
    arrays: tuple[np.ndarray, ...]
    dtype: str
    compared: tuple[str, ...] = ("here", "torch")  # labels beginning so must agree: a peer's border may be another


def drawn(rng: np.random.Generator, dtype: str, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def side_by_side(ours: Callable, theirs: Callable, arrays: list[np.ndarray], where: str) -> dict[str, Call]:
    """The same call in torch, here on torch tensors, and (on a CPU) here on NumPy arrays."""
    tensors = [torch.as_tensor(a, device=where) for a in arrays]
    calls = {"torch": partial(theirs, *tensors), "here, torch": partial(ours, *tensors)}
    return calls | ({"here, NumPy": partial(ours, *arrays)} if where == "cpu" else {})


# batch, channels in, channels out, pixels, kernel, stride, groups
CONVOLUTIONS = [
    (1, 3, 64, 224, 3, 1, 1),
    (1, 3, 64, 224, 4, 2, 1),
    (1, 16, 16, 112, 3, 1, 1),
    (1, 64, 64, 56, 3, 1, 1),
    (8, 64, 64, 56, 3, 2, 1),
    (1, 128, 128, 28, 3, 1, 1),
    (1, 256, 256, 16, 3, 1, 1),
    (8, 32, 32, 64, 5, 1, 1),
    (1, 64, 128, 56, 2, 2, 1),
    (1, 64, 64, 56, 4, 4, 1),
    (8, 64, 64, 56, 3, 1, 64),
]
TRANSPOSED = [
    (1, 3, 64, 224, 4, 2, 1),
    (1, 64, 3, 112, 4, 2, 1),
    (1, 16, 16, 112, 2, 2, 1),
    (1, 64, 32, 56, 2, 2, 1),
    (1, 64, 64, 56, 3, 2, 1),
    (8, 64, 64, 28, 4, 2, 1),
    (1, 128, 64, 28, 5, 2, 1),
    (1, 256, 128, 16, 4, 2, 1),
    (1, 64, 64, 28, 4, 4, 1),
    (1, 32, 32, 56, 5, 3, 1),
    (1, 64, 64, 56, 3, 1, 1),
    (8, 64, 64, 28, 4, 2, 64),
]


def label(batch: int, inputs: int, outputs: int, pixels: int, kernel: int, stride: int, groups: int) -> str:
    return f"{batch}×{inputs}→{outputs} {pixels}² k{kernel} s{stride}" + (f" g{groups}" if groups > 1 else "")


def convolutions(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    for b, c, m, n, k, s, g in CONVOLUTIONS:
        x, w = arrays = drawn(rng, dtype, (b, c, n, n), (m, c // g, k, k))
        options = {"stride": s, "padding": (k - 1) // 2, "groups": g}
        o = r.conv_output_size(n, k, s, (k - 1) // 2)
        calls = side_by_side(partial(r.conv2d, **options), partial(F.conv2d, **options), arrays, where)
        yield Setting("conv2d", label(b, c, m, n, k, s, g), calls, 2 * b * o * o * w.size, (x, w), dtype)


def transposed_convolutions(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    for b, c, m, n, k, s, g in TRANSPOSED:
        x, w = arrays = drawn(rng, dtype, (b, c, n, n), (c, m // g, k, k))
        options = {"stride": s, "padding": max(0, (k - s) // 2), "groups": g}
        calls = side_by_side(
            partial(r.conv_transpose2d, **options), partial(F.conv_transpose2d, **options), arrays, where
        )
        here = [np.asarray(a) if where == "cpu" else torch.as_tensor(a, device=where) for a in arrays]
        for algorithm in ALGORITHMS:
            calls[f"here, {algorithm}"] = partial(r.conv_transpose2d, *here, **options, algorithm=algorithm)
        yield Setting("conv_transpose2d", label(b, c, m, n, k, s, g), calls, 2 * b * n * n * w.size, (x, w), dtype)


def poolings(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    for b, c, n, k, s in [(8, 64, 56, 2, 2), (8, 64, 56, 3, 2), (8, 64, 56, 3, 1), (1, 64, 224, 2, 2)]:
        (x,) = drawn(rng, dtype, (b, c, n, n))
        options = {"kernel_size": k, "stride": s, "padding": (k - 1) // 2}
        for name in ("max_pool2d", "avg_pool2d"):
            ours, theirs = (partial(getattr(lib, name), **options) for lib in (r, F))
            calls = side_by_side(ours, theirs, [x], where)
            if k == s and where == "cpu":
                reduce = np.max if name == "max_pool2d" else np.mean
                calls["scikit-image"] = partial(skimage.measure.block_reduce, x, (1, 1, k, k), reduce)
            yield Setting(name, f"{b}×{c} {n}² k{k} s{s}", calls, x.size * k * k / s**2, (x,), dtype)
        with_indices = {**options, "return_indices": True}
        ours, theirs = (partial(lib.max_pool2d, **with_indices) for lib in (r, F))
        calls = side_by_side(ours, theirs, [x], where)
        yield Setting("max_pool2d, indices", f"{b}×{c} {n}² k{k} s{s}", calls, x.size * k * k / s**2, (x,), dtype)


def unpoolings(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    backward = torch.ops.aten.max_pool2d_with_indices_backward
    for b, c, n in [(8, 64, 56), (1, 64, 224)]:
        (x,) = drawn(rng, dtype, (b, c, n, n))
        pooled, indices = r.max_pool2d(x, 2, return_indices=True)
        ours, theirs = (partial(lib.max_unpool2d, kernel_size=2) for lib in (r, F))
        calls = side_by_side(ours, theirs, [pooled, indices], where)
        yield Setting("max_unpool2d", f"{b}×{c} {n // 2}² k2 s2", calls, 0, (pooled, indices), dtype)
        ours = partial(lambda size, *a: r.max_pool2d_backward(*a, size), (n, n))
        theirs = partial(lambda like, g, i: backward(g, like, 2, 2, 0, 1, False, i), torch.as_tensor(x, device=where))
        calls = side_by_side(ours, theirs, [pooled, indices], where)
        yield Setting("max_pool2d, backward", f"{b}×{c} {n}² k2 s2", calls, pooled.size, (pooled, indices), dtype)


def interpolations(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    peers = {"nearest-exact": (cv2.INTER_NEAREST_EXACT, 0), "bilinear": (cv2.INTER_LINEAR, 2),
             "bicubic": (cv2.INTER_CUBIC, 3), "area": (cv2.INTER_AREA, None)}  # fmt: skip
    for mode, (in_cv2, in_pil) in {"nearest": (None, None), **peers}.items():
        for shape, size, antialias in [((1, 1, 512, 512), 1024, False), ((1, 3, 512, 512), 256, True),
                                       ((8, 64, 56, 56), 112, False)]:  # fmt: skip
            (x,) = drawn(rng, dtype, shape)
            antialias = antialias and mode in ("bilinear", "bicubic")
            options = {"size": (size, size), "mode": mode, "antialias": antialias}
            ours, theirs = (partial(lib.interpolate, **options) for lib in (r, F))
            calls = side_by_side(ours, theirs, [x], where)
            if shape[1] == 1 and where == "cpu" and in_cv2 is not None:
                calls["OpenCV"] = partial(cv2.resize, x[0, 0], (size, size), interpolation=in_cv2)
            if antialias and where == "cpu":
                planes = [Image.fromarray(plane) for plane in x[0].astype("float32")]
                calls["PIL"] = partial(lambda p, s, m: [i.resize((s, s), m) for i in p], planes, size, in_pil)
            name = f"{'×'.join(map(str, shape[:2]))} {shape[2]}²→{size}²" + (" antialias" if antialias else "")
            operations = interpolation_flops(shape, size, mode, antialias)
            yield Setting(f"interpolate {mode}", name, calls, operations, (x,), dtype)


def interpolation_flops(shape: tuple[int, ...], size: int, mode: str, antialias: bool) -> int:
    """Antialiased by a half: twice the taps. Area: windows of the stride, or, to a larger size, a copy."""
    factor = shape[2] // size
    if antialias:
        return r.blur_pool_cost(shape, {"bilinear": 2, "bicubic": 4}[mode] * factor, factor).flops
    if mode == "area":
        return r.pool_cost(shape, factor, mode="avg").flops if factor > 1 else 0
    return r.interpolate_cost(shape, size, mode).flops


def rearrangements(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    for name, shape in [("pixel_shuffle", (8, 64, 56, 56)), ("pixel_unshuffle", (8, 16, 112, 112))]:
        (x,) = drawn(rng, dtype, shape)
        calls = side_by_side(*(partial(lambda f, a: f(a, 2), getattr(lib, name)) for lib in (r, F)), [x], where)
        yield Setting(name, f"{shape[0]}×{shape[1]} {shape[2]}² r2", calls, 0, (x,), dtype)


def filters(rng: np.random.Generator, where: str, dtype: str) -> Iterator[Setting]:
    (x,) = drawn(rng, dtype, (8, 64, 56, 56))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16

    def theirs(t: torch.Tensor) -> torch.Tensor:
        w = torch.as_tensor(kernel, dtype=t.dtype, device=t.device).expand(64, 1, 3, 3)
        return F.conv2d(F.pad(t, (1, 1, 1, 1), mode="reflect"), w, stride=2, groups=64)

    calls = side_by_side(partial(r.blur_pool2d, kernel_size=3), theirs, [x], where)
    yield Setting("blur_pool2d", "8×64 56² k3 s2", calls, x.size * 9 / 2, (x,), dtype)
    signal, taps = drawn(rng, dtype, (1, 1, 100_000), (33,))
    if where == "cpu":
        here = partial(r.upfirdn1d, signal, taps, up=3, down=2, padding=(32, 30))
        calls = {"SciPy": partial(scipy.signal.upfirdn, taps, signal[0, 0], 3, 2), "here, NumPy": here}
        yield Setting("upfirdn1d", "100 000 k33 ↑3 ↓2", calls, signal.size * 33, (signal, taps), dtype)


FAMILIES = (convolutions, transposed_convolutions, poolings, unpoolings, interpolations, rearrangements, filters)


def parts(result: object) -> list[np.ndarray]:
    """The arrays of a result of any library."""
    some = result if isinstance(result, (tuple, list)) else [result]
    return [np.asarray(part.cpu() if isinstance(part, torch.Tensor) else part) for part in some]


def flat(result: object) -> np.ndarray:
    """Values of a result of any library, as one vector."""
    return np.concatenate([part.ravel() for part in parts(result)])


def compare(setting: Setting) -> None:
    """Stops when what is timed does not compute the same."""
    first, *others = [name for name in setting.calls if name.startswith(setting.compared)]
    expected = flat(setting.calls[first]())
    for name in others:
        error = np.abs(flat(setting.calls[name]()) - expected).max() / max(1, np.abs(expected).max())
        if error > 1e-4:
            raise SystemExit(f"{setting.operator} {setting.shape}: {name} differs from {first} by {error:.2g}")


def machine(where: str, synchronise: Call) -> dict[str, float]:
    """Copy bandwidth in bytes/s (read and written) and rates of a large matrix product in operations/s.

    NumPy's product is another library than torch's, and torch's convolution may use wider vectors than either.
    """
    a, b = torch.randn(2, 2048, 2048, device=where)
    here = np.random.default_rng(0).normal(size=(2, 2048, 2048)).astype("float32")
    big, copy = torch.randn(2, 1 << 25, device=where)
    calls = {"copy": partial(copy.copy_, big), "torch": partial(torch.mm, a, b), "NumPy": partial(np.matmul, *here)}
    least = {name: min(times) for name, times in time_in_turns(calls, 10, wait=synchronise).items()}
    return {"bytes per second": 2 * big.numel() * 4 / least["copy"],
            "operations per second": 2 * 2048**3 / least["torch"],
            "operations per second in NumPy": 2 * 2048**3 / least["NumPy"]}  # fmt: skip


def records(setting: Setting, samples: dict[str, list[float]], rates: dict[str, float], where: str) -> Iterator[dict]:
    """One line of the table for each way of computing."""
    peer = "torch" if "torch" in samples else next(iter(samples))
    moved = sum(a.nbytes for a in (*setting.arrays, *parts(setting.calls[peer]())))
    bound = max(moved / rates["bytes per second"], setting.operations / rates["operations per second"])
    for name, (low, middle, high) in time_ratios(samples, peer).items():
        median = statistics.median(samples[name])
        yield {
            "operator": setting.operator, "shape": setting.shape, "dtype": setting.dtype, "device": where,
            "way": name, "peer": peer, "milliseconds": 1e3 * median, "ratio": middle,
            "ratio quartiles": [low, high], "operations": setting.operations, "bytes": moved, "share": bound / median,
        }  # fmt: skip


def table(rows: list[dict]) -> str:
    """The records as Markdown."""
    lines = [
        "| operator | shape | dtype | way | ms | ratio to peer (quartiles) | share of bound |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, high = row["ratio quartiles"]
        ratio = f"{row['ratio']:.2f} ({low:.2f}–{high:.2f})" if row["way"] != row["peer"] else "1"
        lines.append(
            f"| {row['operator']} | {row['shape']} | {row['dtype']} | {row['way']} | {row['milliseconds']:.3g} "
            f"| {ratio} | {row['share']:.0%} |"
        )
    return "\n".join(lines)


def summary(rows: list[dict]) -> str:
    """Geometric mean, best and worst ratio of each way on each operator."""
    lines = ["| operator | way | shapes | geometric mean | best | worst |", "|---|---|---|---|---|---|"]
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row["way"] != row["peer"]:
            groups.setdefault((row["operator"], row["way"]), []).append(row["ratio"])
    for (operator, way), ratios in groups.items():
        mean = statistics.geometric_mean(ratios)
        lines.append(f"| {operator} | {way} | {len(ratios)} | {mean:.2f} | {min(ratios):.2f} | {max(ratios):.2f} |")
    return "\n".join(lines)


def processor() -> str:
    """The processor's own name where the system tells it, and what it understands."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor() or 'processor'])[0]}, {platform.machine()}"


def versions() -> dict[str, str]:
    """Of all that is timed."""
    return {"torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__,
            "skimage": skimage.__version__, "cv2": cv2.__version__, "PIL": PIL.__version__}  # fmt: skip


def as_json(about: dict, rows: list[dict]) -> str:
    """One line a record, four digits: small, and a new measurement can be compared with the old one line by line."""
    lines = [json.dumps(rounded(row), ensure_ascii=False) for row in rows]
    return f'{{"about": {json.dumps(rounded(about), indent=1)},\n"rows": [\n' + ",\n".join(lines) + "\n]}\n"


def rounded(value: object) -> object:
    """Floats with four digits, wherever they stand."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dtype", nargs="+", default=["float32"], choices=["float32", "float64"])
    parser.add_argument("--only", default="", help="operators whose name contains this")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for all that is written")
    parser.add_argument("--to", type=Path, nargs="*", default=[], help="more copies of the JSON")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and write ``<out>/bench.json`` (and ``--to``), ``bench.md`` and ``bench.svg``."""
    options = arguments()
    synchronise = torch.cuda.synchronize if options.device.startswith("cuda") else lambda: None
    rates = machine(options.device, synchronise)
    settings = [
        setting
        for dtype in options.dtype
        for family in FAMILIES
        for setting in family(np.random.default_rng(0), options.device, dtype)
        if options.only in setting.operator
    ]
    rows: list[dict] = []
    for setting in tqdm(settings, unit="setting"):
        compare(setting)
        samples = time_in_turns(setting.calls, options.rounds, wait=synchronise, block=BLOCK)
        rows += records(setting, samples, rates, options.device)
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else processor()
    about = {"machine": name, "threads": torch.get_num_threads(), **versions(), "rounds": options.rounds,
             "quartiles": "as numpy.quantile", **rates}  # fmt: skip
    for path in (options.out / "bench.json", *options.to):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_json(about, rows), "utf-8")
    text = "\n\n".join([", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in about.items()),
                        summary(rows), table(rows)])  # fmt: skip
    (options.out / "bench.md").write_text(text + "\n", "utf-8")
    plot_bench(rows).savefig(options.out / "bench.svg")
    print(text)


if __name__ == "__main__":
    main()
