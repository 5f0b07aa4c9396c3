"""Sequential and functional networks: their topology, and calling their layers in order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...ir import DType, Shape, Tensor
from ...ops import GraphBuilder
from .errors import KerasError
from .layer import Layer, Origin, call
from .legacy import modernize
from .operations import OPERATIONS, operation
from .weights import Weights

_NETWORKS = ("Sequential", "Functional", "Model", "Container")
_MAX_NESTING = 32
_MAX_CALLS = 100_000
Reference = tuple[str, int, int]
"""A tensor of the source: layer name, which of its calls, which output of that call."""


@dataclass
class _Call:
    """One call of a layer: its arguments, tensors and plain values mixed, in order."""

    layer: str
    index: int
    arguments: list[Any]
    keywords: dict[str, Any]


@dataclass
class _Meter:
    """Calls so far in all networks of a model: nested ones that are called twice at each level grow exponentially."""

    count: int = 0


class Network:
    """A network, whole or nested as a layer; its layers are made once and keep their constants.

    Raises:
        KerasError: a topology that rillet does not import.
    """

    def __init__(
        self,
        kind: str,
        config: Any,
        weights: Weights,
        origin: Origin,
        parents: tuple[str, ...] = (),
        meter: _Meter | None = None,
    ) -> None:
        self.kind, self.origin, self.meter, self.parents = kind, origin, meter or _Meter(), parents
        self.config = config if isinstance(config, dict) else {"layers": config}
        self.name = str(self.config.get("name", "model"))
        if kind not in _NETWORKS or not isinstance(self.config.get("layers"), list):
            raise KerasError(f"'{self.name}' is a {kind}; rillet imports Sequential and functional models alone")
        if len(parents) > _MAX_NESTING:
            raise KerasError(f"'{self.name}': networks nested deeper than {_MAX_NESTING}")
        self.records: list[dict[str, Any]] = self.config["layers"]
        self.members: dict[str, Layer | Network] = {}
        real = [r for r in self.records if not _is_operation(r)]
        names = [(_name(r), str(r["class_name"])) for r in real]
        for record, below in zip(real, weights.children(names), strict=True):
            self.members[_name(record)] = self._member(record, below)
        for record in self.records:
            if _is_operation(record):
                name = "/".join((*parents, _name(record)))
                self.members[_name(record)] = Layer(name, operation(record), {}, weights, origin)

    def inputs(self) -> list[tuple[str, Shape | None, str]]:
        """(name, shape with the batch or None where the file has none, dtype) of each input."""
        if self.kind != "Sequential":
            records = {_name(r): r for r in self.records}
            return [self._input(records[name]) for name, _, _ in _references(self.config.get("input_layers"))]
        first = self.records[0]
        if first["class_name"] == "InputLayer":
            return [self._input(first)]
        if str(first["class_name"]) in _NETWORKS:
            member = self.members[_name(first)]
            assert isinstance(member, Network)
            return member.inputs()
        name, shape, dtype = self._input(first)
        if shape is None and self.config.get("build_input_shape") is not None:
            shape = tuple(self.config["build_input_shape"])
        return [(f"{name}_input", shape, dtype)]

    def outputs(self) -> list[str]:
        """The layers that give the outputs, in order."""
        if self.kind != "Sequential":
            return [name for name, _, _ in _references(self.config.get("output_layers"))]
        return [_name(self.records[-1])]

    def call(self, b: GraphBuilder, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Appends one call of the whole network."""
        if self.kind == "Sequential":
            values = list(inputs)
            for record in self.records:
                if record["class_name"] != "InputLayer":
                    values = self._run(b, _name(record), values)
            return values
        sources = _references(self.config.get("input_layers"))
        if len(sources) != len(inputs):
            raise KerasError(f"network '{self.name}' has {len(sources)} inputs and is called with {len(inputs)}")
        known: dict[Reference, Tensor] = dict(zip(sources, inputs, strict=True))
        for each in self._order({(name, index) for name, index, _ in known}):
            _check_keywords(each)
            arguments = [known[a] if isinstance(a, tuple) else a for a in each.arguments]
            for i, tensor in enumerate(self._run(b, each.layer, arguments)):
                known[each.layer, each.index, i] = tensor
        outputs = _references(self.config.get("output_layers"))
        for reference in outputs:
            if reference not in known:
                raise KerasError(f"network '{self.name}': its output, layer '{reference[0]}', is never called")
        return [known[reference] for reference in outputs]

    def _run(self, b: GraphBuilder, name: str, arguments: Sequence[Any]) -> list[Tensor]:
        member = self.members[name]
        self.meter.count += 1
        if self.meter.count > _MAX_CALLS:
            raise KerasError(f"layer '{name}': the nested networks make more than {_MAX_CALLS} calls of layers")
        if isinstance(member, Network):
            return member.call(b, arguments)
        if member.kind in OPERATIONS:
            arguments = [a if isinstance(a, Tensor) else b.constant(float(a)) for a in arguments]
        elif not all(isinstance(a, Tensor) for a in arguments):
            raise member.error("is called with arguments that are not tensors")
        return call(member, b, list(arguments))

    def _order(self, given: set[tuple[str, int]]) -> Iterator[_Call]:
        """The calls so that each comes after those that it reads, otherwise as the file lists them."""
        calls = [c for record in self.records for c in _calls(record) if (c.layer, c.index) not in given]
        readers: dict[tuple[str, int], list[int]] = {}
        missing = []
        for position, each in enumerate(calls):
            needs = {a[:2] for a in each.arguments if isinstance(a, tuple)} - given
            missing.append(len(needs))
            for need in needs:
                readers.setdefault(need, []).append(position)
        ready = [position for position, count in enumerate(missing) if count == 0]
        done = 0
        while ready:
            each = calls[heapq.heappop(ready)]
            done += 1
            yield each
            for reader in readers.get((each.layer, each.index), ()):
                missing[reader] -= 1
                if missing[reader] == 0:
                    heapq.heappush(ready, reader)
        if done < len(calls):
            stuck = next(c for c, count in zip(calls, missing, strict=True) if count > 0)
            raise KerasError(f"layer '{stuck.layer}': its inputs are made by no layer of '{self.name}'")

    def _member(self, record: dict[str, Any], weights: Weights) -> Layer | Network:
        kind, config = str(record["class_name"]), record.get("config")
        if kind in _NETWORKS:
            return Network(kind, config, weights, self.origin, (*self.parents, _name(record)), self.meter)
        name = "/".join((*self.parents, _name(record)))
        if not isinstance(config, dict):
            raise KerasError(f"layer '{name}' ({kind}) has no configuration")
        if self.origin.version[0] == 1:
            kind, config = modernize(kind, config)
        return Layer(name, kind, config, weights, self.origin)

    def _input(self, record: dict[str, Any]) -> tuple[str, Shape | None, str]:
        config = record["config"]
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if shape is None and record["class_name"] == "Embedding" and config.get("input_length"):
            shape = (None, config["input_length"])
        dtype = config.get("dtype") if record["class_name"] == "InputLayer" else config.get("input_dtype")
        if isinstance(dtype, dict):
            dtype = dtype.get("config", {}).get("name")
        return _name(record), None if shape is None else tuple(shape), str(dtype or "float32")


def input_dtype(name: str, where: str) -> DType:
    """The tensor type of an input; half and double precision are imported as float32.

    Raises:
        KerasError: a type that is no number.
    """
    if name in ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"):
        return DType.FLOAT32
    try:
        return DType.of(name)
    except TypeError as exc:
        raise KerasError(f"input '{where}' has type {name}, which rillet does not import") from exc


def _check_keywords(each: _Call) -> None:
    for key, value in each.keywords.items():
        if (key == "training" and value is True) or (key != "training" and value not in (None, [], {}, False)):
            raise KerasError(
                f"layer '{each.layer}' is called with {key}={str(value)[:60]}, which rillet does not import"
            )


def _name(record: dict[str, Any]) -> str:
    config = record.get("config")
    name = record.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return str(name or record["class_name"])


def _is_operation(record: dict[str, Any]) -> bool:
    """A function of keras.ops that became a node, no layer; .h5 files leave its module out, and it has a name alone."""
    if "module" in record:
        return str(record["module"]).startswith("keras.src.ops")
    config = record.get("config")
    return f"ops.{record['class_name']}" in OPERATIONS and isinstance(config, dict) and set(config) == {"name"}


def _calls(record: dict[str, Any]) -> Iterator[_Call]:
    """The calls of a layer, in the three ways that Keras has written them."""
    for index, node in enumerate(record.get("inbound_nodes") or []):
        if isinstance(node, dict):  # Keras 3
            arguments: list[Any] = []
            for argument in node.get("args", []):
                arguments += _flat(argument)
            yield _Call(_name(record), index, arguments, dict(node.get("kwargs") or {}))
        else:
            entries = [node] if node and isinstance(node[0], str) else node
            keywords: dict[str, Any] = {}
            for entry in entries:
                keywords.update(entry[3] if len(entry) > 3 else {})
            yield _Call(_name(record), index, [(str(e[0]), int(e[1]), int(e[2])) for e in entries], keywords)


def _flat(argument: Any) -> list[Any]:
    """Tensors of a Keras 3 argument as references, anything else as it is."""
    if isinstance(argument, dict) and argument.get("class_name") == "__keras_tensor__":
        name, index, output = argument["config"]["keras_history"]
        return [(str(name), int(index), int(output))]
    if isinstance(argument, list):
        return [each for value in argument for each in _flat(value)]
    return [argument]


def _references(value: Any) -> list[Reference]:
    """Inputs or outputs of a network: one [name, call, output], a list or a dictionary of them."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        raise KerasError("the network has no inputs or outputs")
    if isinstance(value[0], str):
        value = [value]
    return [(str(name), int(index), int(output)) for name, index, output in value]
