"""Gradients as graph -> graph, by the rules of `rillet.ops`, and the training graph made of them."""

from ..ops import GradientError
from .gradients import backward, grad
from .recomputation import Recompute, recompute

__all__ = ["GradientError", "Recompute", "backward", "grad", "recompute"]
