"""ONNX importer: CNN and MLP operators to the TFLite dialect; one file per operator family (needs the `onnx` extra)."""

from .load import load
from .node import Claim, OnnxError, claims

__all__ = ["Claim", "OnnxError", "claims", "load"]
