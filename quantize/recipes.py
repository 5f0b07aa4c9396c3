"""Recipes: what is stored in which type, by the names that users of TensorFlow's and LiteRT's quantizers know."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import DType, RilletError

_FOUR_BITS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


class QuantizationError(RilletError):
    """The model, the recipe or the calibration data do not allow this quantization."""


@dataclass(frozen=True)
class Recipe:
    """One way to store a model.

    Attributes:
        weights: stored type of weights; an integer type is symmetric, with a scale for each output channel.
        activations: FLOAT32, or the integer type of every tensor between ops (calibration finds the ranges).
        explicit_dequantize: weights go through a DEQUANTIZE op, so that every runtime computes in float; otherwise
            kernels read them as they are stored.
        min_weight_elements: smaller weights stay float (their scales would cost what they save).
    """

    name: str
    weights: DType
    activations: DType = DType.FLOAT32
    explicit_dequantize: bool = False
    min_weight_elements: int = 0
    summary: str = ""

    @property
    def is_static(self) -> bool:
        """Activations are integers, so that calibration data (or recorded ranges) are needed."""
        return self.activations.is_integer

    def weights_of(self, kind: str) -> DType:
        """Stored type of the weights of that operator: runtimes read 4 bits for some only, the others have 8."""
        return DType.INT8 if self.weights is DType.INT4 and kind not in _FOUR_BITS else self.weights


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "static_wi8_ai8",
            DType.INT8,
            DType.INT8,
            summary="int8 weights and activations; needs calibration; the form for microcontrollers",
        ),
        Recipe(
            "static_wi8_ai16",
            DType.INT8,
            DType.INT16,
            summary="int8 weights, int16 activations: nearly float's accuracy, twice the RAM",
        ),
        Recipe(
            "static_wi4_ai8",
            DType.INT4,
            DType.INT8,
            summary="int4 weights, int8 activations: half the flash; train for it (rillet.quantize.annotate)",
        ),
        Recipe(
            "dynamic_wi8_afp32",
            DType.INT8,
            min_weight_elements=1024,
            summary="int8 weights, float tensors; kernels quantize activations row by row as they run",
        ),
        Recipe(
            "weight_only_wi8_afp32",
            DType.INT8,
            explicit_dequantize=True,
            min_weight_elements=1024,
            summary="int8 weights, dequantized before use; computes in float",
        ),
        Recipe(
            "float16",
            DType.FLOAT16,
            explicit_dequantize=True,
            summary="float16 constants, dequantized before use; half the size, computes in float",
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        QuantizationError: there is none; the text lists those there are.
    """
    if name not in RECIPES:
        raise QuantizationError(f"no recipe '{name}'; there are {', '.join(RECIPES)}")
    return RECIPES[name]
