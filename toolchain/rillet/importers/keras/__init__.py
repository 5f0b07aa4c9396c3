"""Keras importer: .h5 of Keras 1 to 3 and .keras to the TFLite dialect, without Keras (needs the `keras` extra)."""

from .errors import KerasError
from .layer import TABLE
from .load import load

__all__ = ["TABLE", "KerasError", "load"]
