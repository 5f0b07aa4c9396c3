"""Quantization-aware training: a model whose layers compute with the numbers that its int8 form will have."""

from .annotate import QuantizationAware, annotate

__all__ = ["QuantizationAware", "annotate"]
