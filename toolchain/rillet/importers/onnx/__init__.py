"""ONNX importer: CNN and MLP operators to the TFLite dialect; one file per operator family (needs the `onnx` extra)."""

from .load import load, source_layout
from .node import Claim, OnnxError, claims

__all__ = ["Claim", "OnnxError", "claims", "load", "source_layout"]
