"""The intermediate representation: types, graph, verifier, printer, builder. Imports nothing else of rillet."""

from .files import replacing
from .graph import OFFLINE_PLAN, Attrs, CustomAttrs, Graph, Model, Op, RilletError, Shape, Signature, Tensor
from .naming import RECOMPUTED, UniqueNames, name_apart
from .printer import to_text
from .room import room_for
from .types import Activation, DType, Padding, Quantization
from .verify import VerifyError, verify

__all__ = [
    "OFFLINE_PLAN",
    "RECOMPUTED",
    "Activation",
    "Attrs",
    "CustomAttrs",
    "DType",
    "Graph",
    "Model",
    "Op",
    "Padding",
    "Quantization",
    "RilletError",
    "Shape",
    "Signature",
    "Tensor",
    "UniqueNames",
    "VerifyError",
    "name_apart",
    "replacing",
    "room_for",
    "to_text",
    "verify",
]
