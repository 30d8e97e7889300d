"""Four small trainings that differ only in the upsampler: super-resolution, segmentation, autoencoder, generator.

What is measured is measured on pictures that were not seen in training. What one training returns is plain data.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from tqdm import tqdm

from resampling.checkerboard import nyquist_energy
from resampling.data import picture, pictures
from resampling.encoder_decoders import ESPCN, Autoencoder, Generator, SegNet, UNet, count_parameters
from resampling.interpolation import resize
from resampling.metrics import iou, psnr
from resampling.timing import time_in_turns, time_ratios
from resampling.training.counting import multiply_adds
from resampling.training.fitting import adam, apply, as_tensor, descend, falling, one_thread, random_crops, seeded
from resampling.training.store import Result, kept

Array = np.ndarray
Rng = np.random.Generator
WITHOUT_INDICES = ("nearest", "bilinear", "transposed", "sub_pixel")
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Settings:
    """How long, how wide and on what is trained."""

    steps: int
    width: int
    batch: int
    rate: float
    train: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    device: str = "cpu"


Batch = tuple[Tensor, ...]


@dataclass(frozen=True)
class Experiment:
    """A task, and how a network for it is built, fed, judged and measured.

    Attributes
    ----------
    name : str
    kinds : tuple of str
        The upsamplers that are compared.
    settings : Settings
    build : callable
        ``build(kind, settings)`` is the network.
    batch : callable
        ``batch(settings, rng)`` are the tensors of one step.
    loss : callable
        ``loss(net, *batch)``.
    measure : callable
        ``measure(net, settings)``: numbers and pictures, as plain data.
    rival : callable, optional
        ``rival(settings)``, a second network that learns from the same batches, and `net` from it: ``loss(net, rival,
        *batch)``.
    rival_loss : callable, optional
        ``rival_loss(net, rival, *batch)``.
    """

    name: str
    kinds: tuple[str, ...]
    settings: Settings
    build: Callable[[str, Settings], nn.Module]
    batch: Callable[[Settings, Rng], Batch]
    loss: Callable[..., Tensor]
    measure: Callable[[nn.Module, Settings], Result]
    rival: Callable[[Settings], nn.Module] | None = None
    rival_loss: Callable[..., Tensor] | None = None


def results(
    experiment: Experiment, seeds: Sequence[int] = SEEDS, *, folder: Path | None = None, **changes: Any
) -> dict[str, list[Result]]:
    """What every upsampler reaches with every seed; only what is not yet in the folder is trained.

    Parameters
    ----------
    experiment : Experiment
    seeds : sequence of int
        One training each. Under one seed all upsamplers see the same batches.
    folder : Path, optional
        Of the files; `store.default_folder` when left out.
    **changes
        Of the experiment's settings: ``steps=1000``.

    Returns
    -------
    dict
        For each upsampler a list, one entry for each seed: ``before`` and ``after`` hold what was measured, ``loss``
        its course.
    """
    settings = replace(experiment.settings, **changes)
    jobs = [(kind, seed) for seed in seeds for kind in experiment.kinds]
    found: dict[str, list[Result]] = {kind: [] for kind in experiment.kinds}
    for kind, seed in tqdm(jobs, desc=experiment.name, disable=None):
        key = {"experiment": experiment.name, "kind": kind, "seed": int(seed), **asdict(settings)}
        found[kind].append(kept(key, __name__, partial(trained, experiment, kind, seed, settings), folder))
    return found


def trained(experiment: Experiment, kind: str, seed: int, settings: Settings) -> Result:
    """Build, measure, train and measure again."""
    with one_thread():
        net = seeded(seed, partial(experiment.build, kind, settings), settings.device)
        before = experiment.measure(net, settings)
        losses = (_played if experiment.rival else _fitted)(experiment, net, seed, settings)
        return {"before": before, "after": experiment.measure(net, settings), "loss": thinned(losses)}


def _fitted(experiment: Experiment, net: nn.Module, seed: int, settings: Settings) -> list[float]:
    rng, optimiser = np.random.default_rng(seed), adam(net, settings.rate)
    return [
        descend(optimiser, experiment.loss(net, *experiment.batch(settings, rng)))
        for _ in falling(optimiser, settings.steps)
    ]


def _played(experiment: Experiment, net: nn.Module, seed: int, settings: Settings) -> list[float]:
    """The rival moves first in every step."""
    rng, rival = np.random.default_rng(seed), seeded(seed, partial(experiment.rival, settings), settings.device)
    first, second, history = adam(rival, settings.rate, 0.5), adam(net, settings.rate, 0.5), []
    for _ in falling(second, settings.steps):
        batch = experiment.batch(settings, rng)
        descend(first, experiment.rival_loss(net, rival, *batch))
        history.append(descend(second, experiment.loss(net, rival, *batch)))
    return history


def thinned(values: Sequence[float], points: int = 40) -> list[float]:
    """Means over as many neighbouring stretches."""
    return [round(float(part.mean()), 5) for part in np.array_split(values, min(points, len(values)))]


def step_ratios(experiment: Experiment, rounds: int = 40, *, folder: Path | None = None, **changes: Any) -> Result:
    """Processor time of a step over that with the first upsampler: [lower quartile, median, upper quartile].

    Measured once on a machine and kept, as the trainings are. The batch is drawn before.
    """
    settings = replace(experiment.settings, **changes)
    key = {"experiment": f"{experiment.name}-steps", "rounds": rounds, **asdict(settings)}
    return kept(key, __name__, lambda: _timed(experiment, rounds, settings), folder)


def _timed(experiment: Experiment, rounds: int, settings: Settings) -> Result:
    batch, calls = experiment.batch(settings, np.random.default_rng(0)), {}
    with one_thread():
        for kind in experiment.kinds:
            net = seeded(0, partial(experiment.build, kind, settings), settings.device)
            calls[kind] = partial(_step, adam(net, settings.rate), partial(experiment.loss, net, *batch))
        # on a busy machine the wall's clock tells of the others
        clock = time.process_time if settings.device == "cpu" else time.perf_counter
        return time_ratios(time_in_turns(calls, rounds, clock=clock))


def _step(optimiser: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> None:
    descend(optimiser, loss())  # reads the loss, so it waits for the device


# --------------------------------------------------------------------------- what all measurements share


def _costs(net: nn.Module, *size: int, device: str) -> Result:
    return {
        "parameters": count_parameters(net),
        "multiply_adds": multiply_adds(net, torch.zeros(1, *size, device=device)),
    }


def as_bytes(x: Array) -> list[Any]:
    """Pictures as whole numbers from 0 to 255, for the file."""
    return np.clip(np.round(255 * np.asarray(x)), 0, 255).astype(int).tolist()


def nyquist_of_patches(x: Array, side: int = 16) -> float:
    """Mean `nyquist_energy` of the patches of pictures (..., H, W)."""
    height, width = (n // side for n in x.shape[-2:])
    cut = x[..., : height * side, : width * side].reshape(-1, height, side, width, side)
    return float(nyquist_energy(np.moveaxis(cut, 3, 2).astype(np.float64)).mean())


@cache
def _gray(name: str) -> Array:
    return picture(name, gray=True)


# --------------------------------------------------------------------------- super-resolution


def halved(x: Array) -> Array:
    """Pictures (..., H, W) at half their size: antialiased cubic, half-pixel centres."""
    rows, columns = (_halving(n) for n in x.shape[-2:])
    return rows @ x @ columns.T


@cache
def _halving(n: int) -> Array:
    """The matrix of it along one axis: `halved` is called for every batch."""
    return resize(np.eye(n), (n // 2, n), mode="cubic", antialias=True)


def doubled(x: Array, mode: str = "cubic") -> Array:
    """Pictures (..., h, w) at twice their size, by a fixed rule."""
    return resize(x, tuple(2 * n for n in x.shape[-2:]), mode=mode)


DETAIL = (slice(10, 90), slice(100, 200))  # of the first held-out scene


@cache
def scene(name: str) -> Array:
    """The middle of a photograph, gray."""
    return picture(name, gray=True, size=(256, 256))


def _pairs(settings: Settings, rng: Rng) -> Batch:
    large = random_crops([_gray(name) for name in settings.train], 32, settings.batch, rng)[:, None]
    return as_tensor(halved(large), settings.device), as_tensor(large, settings.device)


def _measure_super_resolution(net: nn.Module, settings: Settings) -> Result:
    up = partial(apply, net, device=settings.device)
    large = np.stack([scene(name) for name in settings.held_out])[:, None]
    out, moved = up(halved(large)), up(halved(np.roll(large, 1, -1)))
    inner = (..., slice(8, -8), slice(8, -8))
    flat = np.broadcast_to(np.array([0.25, 0.5, 0.75])[:, None, None, None], (3, 1, 16, 16))
    seen = np.stack([scene(name) for name in settings.train])[:, None]
    return {
        "psnr": psnr(out.astype(np.float64), large, axis=(-3, -2, -1)).tolist(),
        "seen": psnr(up(halved(seen)).astype(np.float64), seen, axis=(-3, -2, -1)).tolist(),
        "nyquist": nyquist_of_patches(out),
        "flat": 255 * float(period_two(up(flat)[inner])),
        "shift": float(psnr(moved[inner], np.roll(out, 1, -1)[inner])),
        "picture": as_bytes(out[0, 0][DETAIL]),
    } | _costs(net, 1, 64, 64, device=settings.device)


def period_two(x: Array) -> float:
    """Root mean square of the pattern of period two in pictures (..., H, W): what `nyquist_energy` is the share of."""
    x = np.asarray(x, dtype=np.float64)
    return float(np.sqrt(np.mean(nyquist_energy(x) * x.var(axis=(-2, -1)))))


SUPER_RESOLUTION = Experiment(
    name="super-resolution",
    kinds=WITHOUT_INDICES,
    settings=Settings(800, 16, 8, 1.5e-2, ("astronaut", "coffee"), ("camera", "chelsea", "coins", "rocket")),
    build=lambda kind, settings: ESPCN(2, width=settings.width, upsampler=kind),
    batch=_pairs,
    loss=lambda net, small, large: F.mse_loss(net(small), large),
    measure=_measure_super_resolution,
)


# --------------------------------------------------------------------------- segmentation


@cache
def horse(half: str) -> Array:
    """The left or the right half of the horse, True on the horse, at half the resolution."""
    whole = picture("horse")[::2, ::2] < 0.5
    middle = whole.shape[1] // 2
    return whole[:, :middle] if half == "left" else whole[:, middle:]


@cache
def texture(name: str, half: str) -> Array:
    """The upper or the lower half of a texture, with mean 0 and standard deviation 1: brightness tells little."""
    x = picture(name, gray=True)
    x = x[: len(x) // 2] if half == "upper" else x[len(x) // 2 :]
    return (x - x.mean()) / x.std()


def painted(mask: Array, rng: Rng, names: Sequence[str], half: str) -> Array:
    """Masks (N, H, W) painted with the first texture where they are True and with the second elsewhere."""
    inside, outside = (np.stack([_cut(texture(name, half), mask.shape[1:], rng) for _ in mask]) for name in names)
    return np.where(mask, inside, outside)


def _cut(x: Array, size: Sequence[int], rng: Rng) -> Array:
    top, left = (int(rng.integers(n - m + 1)) for n, m in zip(x.shape, size, strict=True))
    return x[top : top + size[0], left : left + size[1]]


def _scenes(settings: Settings, rng: Rng) -> Batch:
    mask = random_crops([horse("left")], 32, settings.batch, rng)
    x = painted(mask, rng, settings.train, "upper")
    return as_tensor(x[:, None], settings.device), as_tensor(mask[:, None], settings.device)


@cache
def unseen_scenes(names: Sequence[str], count: int = 4) -> tuple[Array, Array]:
    """(pictures, masks) of the right half of the horse, 163 x 99 pixels, painted with the lower halves."""
    mask = np.stack([horse("right")[:163, :99]] * count)
    mask[1::2] = mask[1::2, :, ::-1]
    return painted(mask, np.random.default_rng(0), names, "lower"), mask


def _measure_segmentation(net: nn.Module, settings: Settings) -> Result:
    def decide(x: Array) -> Array:
        return apply(net, x[:, None], settings.device)[:, 0]

    x, mask = unseen_scenes(settings.held_out)
    logits, moved = decide(x), decide(np.roll(x, 1, -1))
    same = (moved > 0) == np.roll(logits > 0, 1, -1)
    return {
        "iou": iou(logits > 0, mask, axis=(-2, -1)).tolist(),
        "nyquist": nyquist_of_patches(logits),
        "shift": float(same[:, 8:-8, 8:-8].mean()),
        "picture": as_bytes(1 / (1 + np.exp(-logits[0].astype(np.float64)))),
    } | _costs(net, 1, 32, 32, device=settings.device)


def _build_segmentation(kind: str, settings: Settings) -> nn.Module:
    return SegNet(1, 1, settings.width) if kind == "segnet" else UNet(1, 1, settings.width, upsampler=kind)


SEGMENTATION = Experiment(
    name="segmentation",
    kinds=(*WITHOUT_INDICES, "unpool", "segnet"),
    settings=Settings(200, 8, 8, 5e-3, ("grass", "gravel"), ("grass", "gravel")),
    build=_build_segmentation,
    batch=_scenes,
    loss=lambda net, x, mask: F.binary_cross_entropy_with_logits(net(x), mask),
    measure=_measure_segmentation,
)


# --------------------------------------------------------------------------- autoencoder


@cache
def faces() -> tuple[Array, Array]:
    """80 faces of 25 x 25 pixels to learn from, and 20 of other files to measure on."""
    x, label = pictures("lfw_subset")
    x = x[label == 1]
    return x[:80], x[80:]


CODE = 2  # channels of the code


def _faces(settings: Settings, rng: Rng) -> Batch:
    return (as_tensor(random_crops(faces()[0], 25, settings.batch, rng)[:, None], settings.device),)


def _measure_autoencoder(net: nn.Module, settings: Settings) -> Result:
    through = partial(apply, net, device=settings.device)
    x = faces()[1][:, None]
    out, moved = through(x), through(np.roll(x, 1, -1))
    inner = (..., slice(4, -4), slice(4, -4))
    return {
        "psnr": float(psnr(out.astype(np.float64), x)),
        "seen": float(psnr(through(faces()[0][:, None]).astype(np.float64), faces()[0][:, None])),
        "nyquist": float(nyquist_energy(out.astype(np.float64)).mean()),
        "shift": float(psnr(moved[inner], np.roll(out, 1, -1)[inner])),
        "picture": as_bytes(out[:4, 0]),
        "code": int(np.prod(net.encode(as_tensor(x[:1], settings.device)).shape)),
    } | _costs(net, 1, 25, 25, device=settings.device)


def principal_components(x: Array, y: Array, count: int) -> Array:
    """Pictures `y` through the mean and the first components of `x`: its best linear code of `count` numbers."""
    flat, mean = x.reshape(len(x), -1), x.reshape(len(x), -1).mean(axis=0)
    basis = np.linalg.svd(flat - mean, full_matrices=False)[2][:count]
    return (mean + (y.reshape(len(y), -1) - mean) @ basis.T @ basis).reshape(y.shape)


AUTOENCODER = Experiment(
    name="autoencoder",
    kinds=WITHOUT_INDICES,
    settings=Settings(350, 8, 16, 5e-3),
    build=lambda kind, settings: Autoencoder(1, CODE, settings.width, 3, kind),
    batch=_faces,
    loss=lambda net, x: F.mse_loss(net(x), x),
    measure=_measure_autoencoder,
)


# --------------------------------------------------------------------------- generator


@cache
def digits() -> Array:
    """The handwritten digits, (N, 1, 8, 8)."""
    return pictures("digits")[0][:, None]


LATENT = 16


def _digits_and_noise(settings: Settings, rng: Rng) -> Batch:
    real = digits()[rng.integers(len(digits()), size=settings.batch)]
    return as_tensor(real, settings.device), as_tensor(rng.standard_normal((settings.batch, LATENT)), settings.device)


def _critic(settings: Settings) -> nn.Module:
    """With the largest singular value of every layer held at 1 (Miyato et al. 2018): such a critic cannot run away."""
    width = 2 * settings.width
    layers = nn.Conv2d(1, width, 3, 2, 1), nn.Conv2d(width, 2 * width, 3, 2, 1), nn.Linear(8 * width, 1)
    first, second, last = map(spectral_norm, layers)
    return nn.Sequential(first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2), nn.Flatten(), last)


def _critics_loss(net: nn.Module, rival: nn.Module, real: Tensor, z: Tensor) -> Tensor:
    with torch.no_grad():
        made = net(z)
    of_real, of_made = rival(torch.cat((real, made))).chunk(2)
    return F.softplus(-of_real).mean() + F.softplus(of_made).mean()


def _generators_loss(net: nn.Module, rival: nn.Module, _real: Tensor, z: Tensor) -> Tensor:
    """Goodfellow et al. 2014, the one that does not saturate."""
    return F.softplus(-rival(net(z))).mean()


def _measure_generator(net: nn.Module, settings: Settings) -> Result:
    z = np.random.default_rng(1000).standard_normal((256, LATENT))
    made = apply(net, z, settings.device).astype(np.float64)
    mean = digits().mean(axis=0)
    return {
        "nyquist": float(nyquist_energy(made).mean()),
        "mean_error": float(np.sqrt(np.mean((made.mean(axis=0) - mean) ** 2))),
        "spread": float(made.std(axis=0).mean()),
        "picture": as_bytes(made[:16, 0]),
    } | {"parameters": count_parameters(net), "multiply_adds": multiply_adds(net, as_tensor(z[:1], settings.device))}


GENERATOR = Experiment(
    name="generator",
    kinds=WITHOUT_INDICES,
    settings=Settings(250, 8, 32, 2e-3),
    build=lambda kind, settings: Generator(LATENT, 8, 1, settings.width, 2, kind),
    batch=_digits_and_noise,
    loss=_generators_loss,
    measure=_measure_generator,
    rival=_critic,
    rival_loss=_critics_loss,
)

EXPERIMENTS: Mapping[str, Experiment] = {
    experiment.name: experiment for experiment in (SUPER_RESOLUTION, SEGMENTATION, AUTOENCODER, GENERATOR)
}
