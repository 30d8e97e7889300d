"""Training from a seed: the same numbers on every run of one machine, wherever the batches are used."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import cos, pi

import numpy as np
import torch
from torch import Tensor, nn

Array = np.ndarray
Optimiser = torch.optim.Optimizer


def seeded(seed: int, make: Callable[[], nn.Module], device: str = "cpu") -> nn.Module:
    """``make()`` with the weights that `seed` decides; torch's own generator stays as it was.

    Channels run fastest in memory: that is quicker for few of them.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make().to(device=device, memory_format=torch.channels_last)


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the machine; and small networks lose nothing by it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def adam(net: nn.Module, rate: float, momentum: float = 0.9) -> Optimiser:
    """The optimiser of all experiments."""
    return torch.optim.Adam(net.parameters(), rate, betas=(momentum, 0.99), fused=True)


def falling(optimiser: Optimiser, steps: int) -> Iterator[int]:
    """Count the steps, while the optimiser's rate falls along half a cosine to 0."""
    rates = [group["lr"] for group in optimiser.param_groups]
    for step in range(steps):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * (1 + cos(pi * step / steps)) / 2
        yield step


def descend(optimiser: Optimiser, loss: Tensor) -> float:
    """One step down."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.item()


def as_tensor(x: Array, device: str = "cpu") -> Tensor:
    """float32 on the device."""
    return torch.as_tensor(np.ascontiguousarray(x, dtype=np.float32), device=device)


def apply(net: nn.Module, x: Array, device: str = "cpu") -> Array:
    """``net(x)`` for pictures (N, C, H, W) or vectors (N, n), without a gradient."""
    with torch.no_grad():
        return net(as_tensor(x, device)).cpu().numpy()


def random_crops(pictures: Sequence[Array], size: int, count: int, rng: np.random.Generator) -> Array:
    """`count` crops of `size` x `size` pixels from pictures (..., H, W), at random places, half of them mirrored."""
    crops = []
    for number in rng.integers(len(pictures), size=count):
        height, width = pictures[number].shape[-2:]
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
        crop = pictures[number][..., top : top + size, left : left + size]
        crops.append(crop[..., ::-1] if rng.random() < 0.5 else crop)
    return np.stack(crops)
