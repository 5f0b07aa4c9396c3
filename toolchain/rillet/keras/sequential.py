"""Sequential: one layer after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..eager.nest import flatten
from .layer import Layer, LayerError
from .layers.core import InputLayer
from .model import Functional, Model
from .registry import deserialize, exported, serialize
from .symbolic import Input, SymbolicTensor


@exported("keras")
class Sequential(Model):
    """A stack of layers with one input and one output; built when the input's shape is known."""

    def __init__(self, layers: Sequence[Layer] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._functional: Functional | None = None
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Puts a layer (or a symbolic input) at the end."""
        if isinstance(layer, SymbolicTensor) and layer.node is not None:
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            raise LayerError(f"model '{self.name}': {layer!r} is no layer")
        if any(each.name == layer.name for each in self._stack):
            raise LayerError(f"model '{self.name}' has a layer named '{layer.name}' already")
        if isinstance(layer, InputLayer) and self._stack:
            raise LayerError(f"model '{self.name}': the input comes first")
        self._stack.append(layer)
        if self._functional is not None:
            self._extend(layer)
        elif len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            self.build(self._stack[0].batch_shape)

    def pop(self) -> Layer:
        """Takes the last layer away."""
        layer = self._stack.pop()
        layer._nodes.clear()
        last = self._stack[-1] if self._stack else None
        if self._functional is None or last is None or isinstance(last, InputLayer):
            self._functional, self.built = None, False
        else:
            self._functional = Functional(self._functional.input, last.output, name=self.name)
        return layer

    @property
    def layers_inside(self) -> list[Layer]:
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of that shape, the batch dimension first."""
        first = self._stack[0] if self._stack else None
        x = first.output if isinstance(first, InputLayer) else Input(batch_shape=(None, *tuple(input_shape)[1:]))
        y = x
        for layer in self.layers_inside:
            y = layer(y)
        self._functional = Functional(x, y, name=self.name)
        self._build_shapes, self.built = tuple(x.shape), True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if self._functional is None:
            self.build(inputs.shape)
        assert self._functional is not None
        return self._functional.call(inputs)

    @property
    def input(self) -> Any:
        return self._made().input

    @property
    def output(self) -> Any:
        return self._made().output

    @property
    def input_shape(self) -> Any:
        return self._made().input_shape

    @property
    def inputs(self) -> Any:
        return flatten(self.input)

    @property
    def outputs(self) -> Any:
        return flatten(self.output)

    def input_specs(self, batch_size: int | None) -> Any:
        return self._made().input_specs(batch_size)

    def get_config(self) -> dict[str, Any]:
        layers = []
        for layer in [*([self.input.node.layer] if self._functional is not None else []), *self.layers_inside]:
            build = layer.get_build_config()
            layers.append({**serialize(layer), **({} if build is None else {"build_config": build})})
        config = {"name": self.name, "trainable": self.trainable, "layers": layers}
        if self._functional is not None:
            config["build_input_shape"] = self._build_shapes
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for each in config["layers"]:
            model.add(deserialize(each, "keras.layers"))
        shape = config.get("build_input_shape")
        if shape and not model.built:
            model.build_for(tuple(shape))
        return model

    def _extend(self, layer: Layer) -> None:
        assert self._functional is not None
        x = self._functional.input
        self._functional = Functional(x, layer(self._functional.output), name=self.name)

    def _made(self) -> Functional:
        if self._functional is None:
            raise LayerError(f"model '{self.name}' is not built: give it an Input first, call it, or build(shape)")
        return self._functional
