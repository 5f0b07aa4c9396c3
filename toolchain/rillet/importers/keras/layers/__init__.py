"""Handlers of Keras' layers, grouped as in Keras; importing this package fills the table."""

from . import activation, convolution, core, merge, normalization, pooling, recurrent, shape, wrappers

__all__ = ["activation", "convolution", "core", "merge", "normalization", "pooling", "recurrent", "shape", "wrappers"]
