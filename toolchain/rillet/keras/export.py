"""A trained model as rillet's graphs, for quantizing, writing, and running anywhere."""

from __future__ import annotations

from typing import Any

from ..eager import convert_to_tensor
from ..eager.export import to_model
from ..eager.nest import map_structure
from ..ir import Model as Graphs
from .layer import training_scope


def to_graphs(model: Any, batch_size: int | None) -> Graphs:
    """Inference, weights as constants."""

    def infer(inputs: Any) -> Any:
        with training_scope(False):
            return map_structure(convert_to_tensor, model(inputs, training=False))

    return to_model(infer, [model.input_specs(batch_size)])
