"""Time the library's convolution against torch's, side by side in one run: median of the ratios, and their spread."""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F

from resampling import conv2d

SHAPES = {  # name: input, weight, options
    "3→16 channels, 128×128, k=3": ((1, 3, 128, 128), (16, 3, 3, 3), {"padding": 1}),
    "32→32 channels, 64×64, k=3, s=2": ((1, 32, 64, 64), (32, 32, 3, 3), {"padding": 1, "stride": 2}),
    "64 groups, 56×56, k=5": ((1, 64, 56, 56), (64, 1, 5, 5), {"padding": 2, "groups": 64}),
}


def seconds(call: Callable[[], object], synchronise: Callable[[], None]) -> float:
    """Time of one call, device included."""
    synchronise()
    start = time.perf_counter()
    call()
    synchronise()
    return time.perf_counter() - start


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    cuda = options.device.startswith("cuda")
    synchronise = torch.cuda.synchronize if cuda else lambda: None
    machine = torch.cuda.get_device_name() if cuda else f"{platform.machine()}, {torch.get_num_threads()} threads"
    print(f"torch {torch.__version__}, {machine}, {options.rounds} rounds\n")
    print(f"{'shape':34} {'torch':>9} {'here':>9} {'ratio here/torch (min … max)':>32}")
    for name, (x_shape, w_shape, keywords) in SHAPES.items():
        x, w = (torch.randn(shape, device=options.device) for shape in (x_shape, w_shape))
        ours, theirs = (partial(f, x, w, **keywords) for f in (conv2d, F.conv2d))
        torch.testing.assert_close(ours(), theirs(), rtol=1e-3, atol=1e-3)
        pairs = [(seconds(ours, synchronise), seconds(theirs, synchronise)) for _ in range(options.rounds)]
        ratios = sorted(a / b for a, b in pairs)
        a, b = (statistics.median(p[i] for p in pairs) * 1e3 for i in (0, 1))
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} … {ratios[-1]:.2f})"
        print(f"{name:34} {b:6.2f} ms {a:6.2f} ms {spread:>32}")


if __name__ == "__main__":
    main()
