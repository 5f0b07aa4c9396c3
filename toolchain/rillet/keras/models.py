"""`keras.models`: the kinds of models, and their files."""

from typing import Any

from .model import Functional, Model
from .saving import load_model, save_model
from .sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "save_model"]


def clone_model(model: Any) -> Any:
    """A model of the same architecture with weights of its own, newly initialized."""
    return type(model).from_config(model.get_config())
