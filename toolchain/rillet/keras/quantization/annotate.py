"""annotate: a model's layers, one by one, as layers that round."""

from __future__ import annotations

from typing import Any

from ...eager.nest import map_structure
from ...ir import DType
from ...quantize import Recipe, recipe_named
from ..layer import LayerError
from ..model import Functional, Model
from ..registry import deserialize, exported, serialize
from ..sequential import Sequential
from .walk import Walk


@exported("rillet.keras.quantization")
class QuantizationAware(Functional):
    """What `annotate` gives; in a file it is the model it was made of, and the recipe."""

    settings: dict[str, Any]

    def get_config(self) -> dict[str, Any]:
        return self.settings

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return annotate(deserialize(config["model"], "keras"), config["recipe"], config["momentum"])


def annotate(model: Model, recipe: str | Recipe = "static_wi8_ai8", momentum: float = 0.99) -> QuantizationAware:
    """See `rillet.quantize.annotate`."""
    chosen = recipe_named(recipe) if isinstance(recipe, str) else recipe
    if chosen.activations is not DType.INT8:
        raise LayerError(f"recipe {chosen.name} leaves activations in float: there is nothing to train for")
    plain = functional(model)
    walk = Walk(chosen, momentum, plain)
    made = QuantizationAware(map_structure(walk.start, plain.input), map_structure(walk.symbol, plain.output),
                             name=f"quantized_{model.name}")  # fmt: skip
    made.settings = {"model": serialize(model), "recipe": chosen.name, "momentum": momentum}
    return made


def functional(model: Any) -> Functional:
    """The calls of layers that a model consists of.

    Raises:
        LayerError: they are not known beforehand (a subclass), or the model is annotated already.
    """
    if isinstance(model, QuantizationAware):
        raise LayerError(f"model '{model.name}' is quantization-aware already")
    if isinstance(model, Sequential):
        return model._made()
    if isinstance(model, Functional):
        return model
    raise LayerError(f"model '{getattr(model, 'name', model)}': only Sequential and functional models can be annotated")
