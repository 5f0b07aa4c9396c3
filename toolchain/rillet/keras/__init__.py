"""A Keras-like API: layers, losses, optimizers, fit; names and defaults are those of Keras 3."""

from . import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    operations,
    optimizers,
    regularizers,
    saving,
    schedules,
    utils,
)
from .data import PyDataset
from .layer import Layer, LayerError
from .model import Functional, Model
from .registry import ConfigError, clear_session, register_keras_serializable
from .sequential import Sequential
from .symbolic import Input
from .training import TrainingError

__all__ = [
    "ConfigError", "Functional", "Input", "Layer", "LayerError", "Model", "PyDataset", "Sequential", "TrainingError",
    "activations", "callbacks", "clear_session", "constraints", "initializers", "layers", "losses", "metrics", "models",
    "operations", "optimizers", "register_keras_serializable", "regularizers", "saving", "schedules", "utils",
]  # fmt: skip
