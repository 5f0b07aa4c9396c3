"""Operators: one file per op or close family, each its whole Python story (see docs/adding-an-op.md)."""

from .backpropagation import GradientError, backpropagate
from .builder import GraphBuilder
from .evaluate import evaluate, evaluate_op
from .gradient import GradientBuilder
from .macs import count_macs
from .opdef import CUSTOM, NotDifferentiable, OpDef, QuantRule, ShapeError, opdef, operand, register, registry

__all__ = [
    "CUSTOM",
    "GradientBuilder",
    "GradientError",
    "GraphBuilder",
    "NotDifferentiable",
    "OpDef",
    "QuantRule",
    "ShapeError",
    "backpropagate",
    "count_macs",
    "evaluate",
    "evaluate_op",
    "opdef",
    "operand",
    "register",
    "registry",
]
