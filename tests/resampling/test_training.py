"""Trainings repeat, are kept, go on where they stopped, and measure what they say."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resampling import Autoencoder, UNet, nyquist_energy, picture, psnr, resize
from resampling.training import (
    AUTOENCODER,
    EXPERIMENTS,
    GENERATOR,
    SEGMENTATION,
    SUPER_RESOLUTION,
    results,
    step_ratios,
    store,
)
from resampling.training import experiments as module
from resampling.training.counting import multiply_adds
from resampling.training.experiments import (
    faces,
    halved,
    horse,
    nyquist_of_patches,
    period_two,
    principal_components,
    texture,
    thinned,
    unseen_scenes,
)
from resampling.training.fitting import falling, random_crops, seeded
from resampling.training.store import default_folder, fingerprint, kept, sources

SHORT = {"steps": 2, "width": 4, "batch": 2}
NAME = module.__name__


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_experiment_runs_repeats_and_is_plain_data(experiment, tmp_path):
    short = replace(experiment, kinds=experiment.kinds[-1:])
    first = results(short, [3], folder=tmp_path / "a", **SHORT)
    again = results(short, [3], folder=tmp_path / "b", **SHORT)
    assert first == again
    ((run,),) = first.values()
    assert run["before"].keys() == run["after"].keys()
    assert json.loads(json.dumps(run)) == run


def test_what_is_kept_is_not_computed_again(tmp_path, monkeypatch):
    short = replace(AUTOENCODER, kinds=("nearest", "transposed"))
    found = results(short, [0], folder=tmp_path, **SHORT)
    monkeypatch.setattr(module, "trained", lambda *_: pytest.fail("trained again"))
    assert results(short, [0], folder=tmp_path, **SHORT) == found


def test_whoever_is_interrupted_goes_on_with_what_is_missing(tmp_path, monkeypatch):
    done, train = [], module.trained

    def interrupted(experiment, kind, *rest):
        if kind == "transposed" and len(done) < 3:
            done.append(kind)
            raise KeyboardInterrupt
        done.append(kind)
        return train(experiment, kind, *rest)

    monkeypatch.setattr(module, "trained", interrupted)
    short = replace(AUTOENCODER, kinds=("nearest", "bilinear", "transposed"))
    with pytest.raises(KeyboardInterrupt):
        results(short, [0], folder=tmp_path, **SHORT)
    results(short, [0], folder=tmp_path, **SHORT)
    assert done == ["nearest", "bilinear", "transposed", "transposed"]
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"] * 3


def test_settings_sources_and_seed_decide_the_name(monkeypatch):
    settings = {"experiment": "x", "steps": 3}
    name = fingerprint(settings, NAME)
    assert name == fingerprint(dict(reversed(settings.items())), NAME)
    assert name != fingerprint(settings | {"steps": 4}, NAME) != fingerprint(settings, "resampling.metrics")
    monkeypatch.setattr(store, "version", lambda package: "0.0")
    assert name != fingerprint(settings, NAME)


def test_the_sources_are_those_that_are_imported():
    names = {m.__name__ for m in sources(NAME)}
    assert {"resampling.encoder_decoders", "resampling.sub_pixel", "resampling.interpolation", NAME} <= names
    assert "resampling.pooling" not in names


def test_the_folder_is_the_books(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    monkeypatch.chdir(tmp_path / "book")
    (tmp_path / "_toc.yml").touch()
    assert default_folder() == tmp_path / "build" / "experiments"


def test_a_file_is_there_or_not(tmp_path):
    with pytest.raises(TypeError):
        kept({"experiment": "x"}, NAME, lambda: {"not plain": object()}, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert kept({"experiment": "x"}, NAME, lambda: {"plain": (1, 2)}, tmp_path) == {"plain": [1, 2]}


def once(folder, value, settings=None):
    """What is kept of `value`, and the file."""
    found = kept(settings or {"experiment": "x"}, NAME, lambda: {"value": value}, folder)["value"]
    return found, min(folder.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("1234", "1235"),
        lambda text: "\0" * len(text),
        lambda text: "[]",
        lambda text: '{"result": {"value": 5}}',
    ],
    ids=["empty", "cut off", "another number", "zeros", "no object", "an older form"],
)
def test_a_damaged_file_is_made_anew(damage, tmp_path):
    _, path = once(tmp_path, 1234)
    path.write_text(damage(path.read_text()))
    assert once(tmp_path, 6) == (6, path)
    assert once(tmp_path, 7) == (6, path)


def test_the_file_of_something_else_is_made_anew(tmp_path):
    _, other = once(tmp_path / "a", 1, {"experiment": "x", "seed": 1})
    _, path = once(tmp_path / "b", 2)
    path.write_bytes(other.read_bytes())
    assert once(tmp_path / "b", 3) == (3, path)


def test_two_at_once_do_no_harm(tmp_path):
    def slow():
        assert once(tmp_path, 1)[0] == 1  # the other one is done first
        return {"value": 2}

    assert kept({"experiment": "x"}, NAME, slow, tmp_path) == {"value": 2}
    assert once(tmp_path, 3)[0] == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_halving_is_resizing():
    x = np.random.default_rng(0).random((2, 1, 32, 18))
    np.testing.assert_allclose(halved(x), resize(x, (16, 9), mode="cubic", antialias=True), atol=1e-12)


def test_a_seed_leaves_torchs_generator_alone():
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    one, same, other = (seeded(seed, lambda: nn.Linear(2, 2)).weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("net", [UNet(1, 1, 4, upsampler="transposed"), UNet(1, 1, 4, upsampler="unpool"),
                                 Autoencoder(1, 2, 4, 2, "sub_pixel")])  # fmt: skip
def test_multiply_adds_are_half_the_flops_that_torch_counts(net):
    x = torch.rand(1, 1, 16, 24)
    with FlopCounterMode(display=False) as counter:
        net(x)
    assert 2 * multiply_adds(net, x) == counter.get_total_flops()


def test_steps_are_timed_and_kept(tmp_path):
    ratios = step_ratios(AUTOENCODER, 2, folder=tmp_path, **SHORT)
    assert ratios.keys() == set(AUTOENCODER.kinds)
    assert step_ratios(AUTOENCODER, 2, folder=tmp_path, **SHORT) == ratios


def test_the_rate_falls_to_zero():
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 2.0)
    rates = [optimiser.param_groups[0]["lr"] for _ in falling(optimiser, 4)]
    assert rates == pytest.approx([2.0, 1.7071068, 1.0, 0.2928932])


def test_crops_are_parts_of_the_pictures():
    x = np.arange(30.0).reshape(5, 6)
    crops = random_crops([x], 3, 20, np.random.default_rng(0))
    assert crops.shape == (20, 3, 3)
    steps = {(crop[1, 0] - crop[0, 0], abs(crop[0, 1] - crop[0, 0])) for crop in crops}
    assert steps == {(6.0, 1.0)}


def test_what_is_measured_on_was_not_learned_from():
    settings = SUPER_RESOLUTION.settings
    assert not set(settings.train) & set(settings.held_out)
    seen, unseen = faces()
    assert (len(seen), len(unseen)) == (80, 20)
    assert not np.shares_memory(horse("left"), horse("right"))
    assert horse("left").shape == horse("right").shape == (164, 100)
    x, mask = unseen_scenes(SEGMENTATION.settings.held_out)
    assert x.shape == mask.shape == (4, 163, 99)
    assert not np.shares_memory(texture("grass", "upper"), texture("grass", "lower"))


def test_brightness_alone_tells_little_of_the_horse():
    x, mask = unseen_scenes(("grass", "gravel"))
    assert abs(x[mask].mean() - x[~mask].mean()) < 0.3


def test_the_pattern_of_period_two_is_what_its_energy_is_the_share_of():
    board = np.indices((6, 8)).sum(0) % 2
    assert period_two(3.0 * board[None, None]) == pytest.approx(1.5)
    assert nyquist_of_patches(np.tile(board, (4, 4))[None] * 1.0) == 1
    x = picture("camera", size=(32, 48))
    patches = [float(nyquist_energy(x[a : a + 16, b : b + 16])) for a in (0, 16) for b in (0, 16, 32)]
    assert nyquist_of_patches(x) == pytest.approx(np.mean(patches))


def test_components_are_a_projection_that_grows():
    seen, unseen = faces()
    errors = [float(psnr(principal_components(seen, unseen, count), unseen)) for count in (0, 8, 32)]
    assert errors == sorted(errors)
    through = principal_components(seen, unseen, 8)
    np.testing.assert_allclose(principal_components(seen, through, 8), through)


def test_a_course_of_losses_is_thinned_to_means():
    assert thinned([1.0, 3.0, 5.0, 7.0], 2) == [2.0, 6.0]


def test_a_generator_learns_from_a_critic_that_cannot_run_away():
    critic = seeded(0, lambda: GENERATOR.rival(GENERATOR.settings))
    for _ in range(30):  # the power iteration settles
        critic(torch.rand(2, 1, 8, 8))
    largest = [
        torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in critic if hasattr(layer, "weight")
    ]
    assert largest == pytest.approx([1, 1, 1], rel=0.05)
