"""Graph rewrites that keep a model's meaning: one per file, listed once in `pipeline`."""

from .infer_shapes import infer_shapes
from .pipeline import PASSES, WORTHWHILE_PASSES, optimize
from .trained_ranges import record_trained_ranges
from .uint8 import uint8_to_int8

__all__ = ["PASSES", "WORTHWHILE_PASSES", "infer_shapes", "optimize", "record_trained_ranges", "uint8_to_int8"]
