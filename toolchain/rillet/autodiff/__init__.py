"""Gradients as graph -> graph, by the rules of `rillet.ops`, and the training graph made of them."""

from ..ops import GradientError
from .clipping import Clip, clip_by_global_norm, clip_by_norm, clip_by_value
from .gradients import backward, grad
from .optimizers import SGD, Adagrad, Adam, Optimizer, RMSprop, apply_gradients
from .recomputation import Recompute, recompute
from .scheduling import schedule_updates
from .training import TrainingGraph, training_graph
from .variables import initializer, make_variables, variable

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "Clip",
    "GradientError",
    "Optimizer",
    "RMSprop",
    "Recompute",
    "TrainingGraph",
    "apply_gradients",
    "backward",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "grad",
    "initializer",
    "make_variables",
    "recompute",
    "schedule_updates",
    "training_graph",
    "variable",
]
