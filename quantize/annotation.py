"""annotate: quantization-aware training of a model that knows how its layers compute in int8."""

from __future__ import annotations

from typing import Any

from .recipes import QuantizationError, Recipe


def annotate(model: Any, recipe: str | Recipe = "static_wi8_ai8", *, momentum: float = 0.99) -> Any:
    """A copy of a `rillet.keras` model that computes with the numbers of its int8 form, to be trained for it.

    Weights and activations are rounded in the forward direction, gradients pass straight through. Ranges of
    activations are moving averages over batches; convolutions, batch normalizations and activations that the converter
    makes one operator are one layer. After `fit`, `rillet.convert(annotated, recipe=...)` needs no calibration data.

    Args:
        model: Sequential or functional and built; usually trained already. It stays as it is.
        recipe: a static recipe with int8 activations: what the model will be converted with.
        momentum: of the moving averages: with 0.99, the last 100 batches count most.

    Returns:
        A model of float inputs and outputs, not compiled.

    Raises:
        RilletError: a layer that has no int8 form, by its name; a recipe that leaves activations in float.
    """
    make = getattr(model, "quantization_aware", None)
    if not callable(make):
        raise QuantizationError(f"only rillet.keras models can be annotated, not a {type(model).__name__}")
    return make(recipe, momentum)
