"""Model: layers put together; functional where made from symbolic tensors, or a subclass with a `call`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..eager import TensorSpec
from ..eager.nest import flatten, map_structure, pack
from ..ir import Model as Graphs
from ..ir import RilletError
from .layer import Layer, LayerError, is_told_training
from .registry import deserialize, exported, serialize
from .summary import summarize
from .symbolic import Input, Node, SymbolicTensor
from .training import Trainer

_Name = tuple[str, int, int]  # a tensor in a configuration: layer, number of the call, number of the output


@exported("keras")
class Model(Trainer, Layer):
    """A layer that trains: compile, fit, evaluate, predict, save.

    `Model(inputs, outputs)` gives a functional model of the layers between them; a subclass makes layers in its
    constructor and computes in `call`.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and (len(args) == 2 or "outputs" in kwargs):
            return super().__new__(Functional)
        return super().__new__(cls)

    @property
    def layers(self) -> list[Layer]:
        return self.layers_inside

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or number.

        Raises:
            LayerError: there is none.
        """
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise LayerError(f"model '{self.name}' has no layer '{name}'; it has {[each.name for each in self.layers]}")

    def summary(
        self, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None, expand_nested: bool = False
    ) -> None:
        """Prints a table of the layers, their output shapes and their weights."""
        for line in summarize(self, line_length or 80, expand_nested):
            (print_fn or print)(line)

    def save(self, filepath: str | Path, overwrite: bool = True) -> None:
        """Writes a `.keras` file, which Keras 3 loads too."""
        from .saving import save_model

        save_model(self, filepath, overwrite)

    def save_weights(self, filepath: str | Path, overwrite: bool = True) -> None:
        """Writes the weights alone, as `.weights.h5`."""
        from .saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | Path) -> None:
        """Reads weights that `save_weights` or Keras 3 wrote, or those of a `.keras` file."""
        from .saving import load_weights

        load_weights(self, filepath)

    def graph(self, batch_size: int | None = 1) -> Graphs:
        """The model for inference as rillet's graphs, weights as constants: what quantizers and writers take."""
        from .export import to_graphs

        return to_graphs(self, batch_size)

    def quantization_aware(self, recipe: Any, momentum: float) -> Any:
        """A copy that trains for its int8 form: see `rillet.quantize.annotate`."""
        from .quantization import annotate

        return annotate(self, recipe, momentum)

    def input_specs(self, batch_size: int | None) -> Any:
        """TensorSpecs of the inputs.

        Raises:
            LayerError: a subclass that has not been called yet does not know them.
        """
        if self._build_shapes is None:
            raise LayerError(f"model '{self.name}' was never called: its input's shape is not known")
        return map_structure_shapes(lambda shape: TensorSpec((batch_size, *shape[1:])), self._build_shapes)

    @property
    def output_shape(self) -> Any:
        return map_structure(lambda t: t.shape, self.output)


def map_structure_shapes(function: Callable[[tuple[Any, ...]], Any], shapes: Any) -> Any:
    """`map_structure` over shapes, which are tuples of numbers themselves."""
    if isinstance(shapes, dict):
        return {key: map_structure_shapes(function, value) for key, value in shapes.items()}
    if isinstance(shapes, (tuple, list)) and not all(d is None or isinstance(d, int) for d in shapes):
        return [map_structure_shapes(function, each) for each in shapes]
    return function(tuple(shapes))


@exported("keras.src.models.functional")
class Functional(Model):
    """Layers between symbolic inputs and outputs."""

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        for each in flatten([inputs, outputs]):
            if not isinstance(each, SymbolicTensor):
                raise LayerError(f"model '{self.name}': inputs and outputs are symbolic tensors, not {each!r}")
        self.inputs, self.outputs = flatten(inputs), flatten(outputs)
        self._structure, self._results, self.built = inputs, outputs, True
        self._order = _nodes_between(self.inputs, self.outputs)
        self._stack = _layers_as_numbered(self._order, self.outputs)
        _check_names(self.name, self._stack)
        self._build_shapes = map_structure(lambda t: t.shape, inputs)

    @property
    def layers_inside(self) -> list[Layer]:
        return list(self._stack)

    @property
    def input(self) -> Any:
        return self._structure

    @property
    def output(self) -> Any:
        return self._results

    @property
    def input_shape(self) -> Any:
        return map_structure(lambda t: t.shape, self._structure)

    def input_specs(self, batch_size: int | None) -> Any:
        return map_structure(
            lambda t: TensorSpec((t.shape[0] or batch_size, *t.shape[1:]), t.dtype, t.name), self._structure
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        given = _inputs_in_order(inputs, self._structure)
        if len(given) != len(self.inputs):
            raise LayerError(f"model '{self.name}' takes {len(self.inputs)} inputs, not {len(given)}")
        values: dict[int, Any] = {}
        for symbol, value in zip(self.inputs, given, strict=True):
            wanted = symbol.shape
            if len(value.shape) == len(wanted) - 1 and wanted[-1] == 1:
                from ..eager import expand_dims

                value = expand_dims(value, -1)
            if len(value.shape) != len(wanted) or any(
                a is not None and b is not None and a != b for a, b in zip(value.shape[1:], wanted[1:], strict=True)
            ):
                raise LayerError(f"model '{self.name}': input '{symbol.name}' is {wanted}, not {value.shape}")
            values[id(symbol)] = value
        for node in self._order:
            if id(node.outputs) in values:
                continue

            def known(x: Any) -> Any:
                return values[id(x)] if isinstance(x, SymbolicTensor) else x

            args = [map_structure(known, each) for each in node.args]
            kwargs = {key: map_structure(known, value) for key, value in node.kwargs.items()}
            if is_told_training():
                kwargs.pop("training", None)  # what the model was told goes before what the call was, as in Keras
            results = node.layer.run(*args, **kwargs)
            for symbol, value in zip(flatten(node.outputs), flatten(results), strict=True):
                values[id(symbol)] = value
        return pack(self._results, [values[id(t)] for t in self.outputs])

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [self._layer_config(layer) for layer in self._stack],
            "input_layers": map_structure(self._place, self._structure),
            "output_layers": map_structure(self._place, self._results),
        }

    def _layer_config(self, layer: Layer) -> dict[str, Any]:
        nodes = [node for node in self._order if node.layer is layer and node.parents]
        build = layer.get_build_config()
        return {
            **serialize(layer),
            **({} if build is None else {"build_config": build}),
            "name": layer.name,
            "inbound_nodes": [
                {"args": _written(self, list(n.args)), "kwargs": _written(self, n.kwargs)} for n in nodes
            ],
        }

    def _place(self, symbol: SymbolicTensor) -> Any:
        """(layer, number of its call within this model, number of the output), as a list."""
        node = symbol.node
        assert node is not None
        calls = [each for each in self._order if each.layer is node.layer]
        return _Leaf([node.layer.name, calls.index(node), symbol.index])

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return _from_config(config)


class _Leaf(list):  # type: ignore[type-arg]
    """A list that structures treat as one leaf when they are written."""


def _inputs_in_order(inputs: Any, structure: Any) -> list[Any]:
    """Values in the order of the model's inputs; a dictionary is read by the inputs' names."""
    if isinstance(inputs, dict) and not isinstance(structure, dict):
        names = [each.name for each in flatten(structure)]
        lost = [name for name in names if name not in inputs]
        if lost:
            raise LayerError(f"no value for input '{lost[0]}'; the inputs are {names}")
        return [inputs[name] for name in names]
    return flatten(inputs)


def _nodes_between(inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> list[Node]:
    """The calls that make the outputs from the inputs, each after those it needs."""
    order: dict[Node, None] = {}
    ends = {id(x) for x in inputs}
    for x in inputs:
        if x.node is not None:
            order[x.node] = None
    done: set[int] = {id(x.node) for x in inputs}
    stack = [(y.node, False) for y in reversed(outputs)]
    while stack:
        node, is_ready = stack.pop()
        if node is None or (id(node) in done and not is_ready):
            continue
        if is_ready:
            order[node] = None
            continue
        done.add(id(node))
        if not node.parents:
            raise LayerError(f"the outputs depend on '{node.layer.name}', which is not among the model's inputs")
        stack.append((node, True))
        stack.extend((x.node, False) for x in reversed(node.parents) if id(x) not in ends)
    return list(order)


def _layers_as_numbered(order: Sequence[Node], outputs: Sequence[SymbolicTensor]) -> list[Layer]:
    """The layers in the order in which Keras 3 numbers them in files: by the number of calls from there to the outputs,
    largest first; at equal distance, in the order in which a search from the outputs meets them."""
    distances = dict.fromkeys(order, 0)
    far: dict[Layer, int] = {}
    for call in reversed(order):
        far[call.layer] = distances[call] = max(distances[call], far.get(call.layer, 0))
        for parent in (x.node for x in call.parents):
            if parent in distances:
                distances[parent] = max(distances[parent], distances[call] + 1)
    met: dict[Layer, int] = {}
    done: set[Node] = set()
    stack = [y.node for y in reversed(outputs)]
    while stack:
        node = stack.pop()
        if node is None or node not in distances or node in done:
            continue
        done.add(node)
        met.setdefault(node.layer, len(met))
        stack += [x.node for x in reversed(node.parents)]
    return sorted(far, key=lambda layer: (-far[layer], met.get(layer, -1)))


def _check_names(model: str, layers: Sequence[Layer]) -> None:
    names = [layer.name for layer in layers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LayerError(f"model '{model}' has two layers named '{twice[0]}': give one of them another name")


def _written(model: Functional, value: Any) -> Any:
    if isinstance(value, SymbolicTensor):
        history = list(model._place(value))
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": list(value.shape), "dtype": value.dtype.name, "keras_history": history},
        }
    if isinstance(value, (list, tuple)):
        return [_written(model, each) for each in value]
    if isinstance(value, dict):
        return {key: _written(model, each) for key, each in value.items()}
    if isinstance(value, slice):
        return {"class_name": "__slice__", "config": {"start": value.start, "stop": value.stop, "step": value.step}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
    return serialize(value)


def _from_config(config: dict[str, Any]) -> Functional:
    """A functional model from its configuration, layers called in an order that has their inputs ready."""
    made: dict[str, Layer] = {}
    results: dict[tuple[str, int], Any] = {}
    waiting: list[tuple[str, int, dict[str, Any]]] = []
    for entry in config["layers"]:
        layer = deserialize(entry, "keras.layers")
        made[entry["name"]] = layer
        if layer._nodes:
            results[entry["name"], 0] = layer._nodes[0].outputs
        waiting += [(entry["name"], number, node) for number, node in enumerate(entry["inbound_nodes"])]
    while waiting:
        later = []
        for name, number, node in waiting:
            try:
                args, kwargs = _read(node["args"], results), _read(node.get("kwargs", {}), results)
            except KeyError:
                later.append((name, number, node))
                continue
            results[name, number] = made[name](*args, **{k: v for k, v in kwargs.items() if v is not None})
        if len(later) == len(waiting):
            raise RilletError(f"model '{config.get('name')}': the calls of '{later[0][0]}' depend on one another")
        waiting = later
    inputs, outputs = (_tensors_at(config[key], results) for key in ("input_layers", "output_layers"))
    return Functional(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))


def _read(value: Any, results: dict[tuple[str, int], Any]) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, node, index = value["config"]["keras_history"]
            return flatten(results[name, node])[index]
        known = _SPECIAL.get(value.get("class_name", ""))
        if known is not None:
            return known(value["config"])
        return {key: _read(each, results) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_read(each, results) for each in value]
    return value


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__slice__": lambda config: slice(config["start"], config["stop"], config["step"]),
    "__ellipsis__": lambda config: Ellipsis,
    "__numpy__": lambda config: np.array(config["value"], config["dtype"]),
    "__tensor__": lambda config: np.array(config["value"], config["dtype"]),
}


def _tensors_at(places: Any, results: dict[tuple[str, int], Any]) -> Any:
    if isinstance(places, dict):
        return {key: _tensors_at(each, results) for key, each in places.items()}
    if len(places) == 3 and isinstance(places[0], str):
        return flatten(results[places[0], places[1]])[places[2]]
    return [_tensors_at(each, results) for each in places]


__all__ = ["Functional", "Input", "Model"]
