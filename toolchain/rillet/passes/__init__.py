"""Graph rewrites that keep a model's meaning: one per file, listed once in `pipeline`."""

from .pipeline import PASSES, optimize
from .uint8 import uint8_to_int8

__all__ = ["PASSES", "optimize", "uint8_to_int8"]
