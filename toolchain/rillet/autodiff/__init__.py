"""Gradients as graph -> graph, by the rules of `rillet.ops`, and the training graph made of them."""

from ..ops import GradientError
from .gradients import backward, grad

__all__ = ["GradientError", "backward", "grad"]
