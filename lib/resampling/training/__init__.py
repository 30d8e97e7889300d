"""Training of the small networks: experiments that can be interrupted, whose results are kept."""

from resampling.training.experiments import (
    AUTOENCODER,
    EXPERIMENTS,
    GENERATOR,
    SEGMENTATION,
    SUPER_RESOLUTION,
    Experiment,
    Settings,
    results,
    step_ratios,
)

__all__ = [
    "AUTOENCODER",
    "EXPERIMENTS",
    "GENERATOR",
    "SEGMENTATION",
    "SUPER_RESOLUTION",
    "Experiment",
    "Settings",
    "results",
    "step_ratios",
]
