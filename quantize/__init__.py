"""Quantization: recipes, calibration, algorithms, error reports."""

from .annotation import annotate
from .blas import one_thread
from .calibration import Calibration, CalibrationError
from .error_report import ErrorReport, LayerError, error_report
from .images import NORMALIZATIONS
from .quantizer import ROUNDINGS, Quantized, copy_model, quantize_model
from .recipes import RECIPES, QuantizationError, Recipe, recipe_named
from .static import IO_TYPES
from .statistics import METHODS

__all__ = [
    "IO_TYPES",
    "METHODS",
    "NORMALIZATIONS",
    "RECIPES",
    "ROUNDINGS",
    "Calibration",
    "CalibrationError",
    "ErrorReport",
    "LayerError",
    "QuantizationError",
    "Quantized",
    "Recipe",
    "annotate",
    "copy_model",
    "error_report",
    "one_thread",
    "quantize_model",
    "recipe_named",
]
