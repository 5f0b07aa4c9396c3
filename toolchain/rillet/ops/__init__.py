"""Operators: one file per op or close family, each its whole Python story (see docs/adding-an-op.md)."""

from .builder import GraphBuilder
from .evaluate import evaluate, evaluate_op
from .macs import count_macs
from .opdef import OpDef, QuantRule, ShapeError, opdef, operand, register, registry

__all__ = [
    "GraphBuilder",
    "OpDef",
    "QuantRule",
    "ShapeError",
    "count_macs",
    "evaluate",
    "evaluate_op",
    "opdef",
    "operand",
    "register",
    "registry",
]
