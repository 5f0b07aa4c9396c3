"""Layer: one layer of the source while it is imported; and the table of handlers that turn layers into ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ir import Shape, Tensor
from ...ops import GraphBuilder
from .errors import KerasError
from .weights import Floats, Weights, as_float32

Handler = Callable[..., Tensor | list[Tensor]]


@dataclass(frozen=True)
class Entry:
    """A line of the table.

    Attributes:
        handler: called as handler(layer, builder, *inputs); gives the outputs.
        weights: names of the layer's variables in Keras' order; "bias:use_bias" is there only where the
            field `use_bias` of the configuration is true (the default where it is absent).
        inputs: how many tensors the layer takes; None for any number.
        holder: attribute of the layer that holds the variables ("cell"); "" for the layer itself.
        spatial: the handler expects channels last; other data formats are transposed around it.
    """

    handler: Handler
    weights: tuple[str, ...] = ()
    inputs: int | None = 1
    holder: str = ""
    spatial: bool = False


TABLE: dict[str, Entry] = {}


def handles(
    *kinds: str, weights: tuple[str, ...] = (), inputs: int | None = 1, holder: str = "", spatial: bool = False
) -> Callable[[Handler], Handler]:
    """Enters a function into the table for layer classes `kinds`."""

    def enter(handler: Handler) -> Handler:
        for kind in kinds:
            TABLE[kind] = Entry(handler, weights, inputs, holder, spatial)
        return handler

    return enter


@dataclass(frozen=True)
class Origin:
    """What wrote the file, where the meaning of a layer depends on it."""

    version: tuple[int, ...]
    tensorflow: bool
    theano: bool


@dataclass
class Layer:
    """A layer with its configuration (in the words of Keras 2 and 3) and its weights.

    A layer that is called several times keeps its constants, so that they exist once in the graph.
    `transform`, if a wrapper sets it, changes each weight as it is read, by its name.
    """

    name: str
    kind: str
    config: dict[str, Any]
    weights: Weights
    origin: Origin
    constants: dict[str, Tensor] = field(default_factory=dict)
    state: Any = None
    transform: Callable[[str, Floats], Floats] | None = None
    _datasets: dict[str, Any] | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """A field of the configuration; null counts as absent."""
        value = self.config.get(key)
        return default if value is None else value

    def number(self, key: str, default: float | None = None) -> float:
        """A number of the configuration; Keras 3 wraps array-like ones in a dictionary."""
        value = self.get(key, default)
        if isinstance(value, dict):
            value = value.get("config", {}).get("value")
        if not isinstance(value, (int, float)):
            raise self.error(f"'{key}' is {value!r}, not a number")
        return float(value)

    def integers(self, key: str, count: int, default: Any = None) -> tuple[int, ...]:
        """`count` positive integers; a single one stands for all."""
        value = self.get(key, default)
        values = [value] * count if isinstance(value, int) else list(value) if isinstance(value, (list, tuple)) else []
        if len(values) != count or not all(isinstance(v, int) and v > 0 for v in values):
            raise self.error(f"'{key}' is {value!r}, not {count} positive integers")
        return tuple(values)

    def weight(self, name: str, shape: Shape | None = None) -> Floats:
        """The variable `name` of the table's entry; None in `shape` allows any extent.

        Raises:
            KerasError: it is missing or of another shape.
        """
        if self._datasets is None:
            holder = TABLE[self.kind].holder
            weights = self.weights.member(holder) if holder else self.weights
            self._datasets = weights.own(self._weight_names(), self.name)
        array = self.read(self._datasets[name])
        if shape is not None and (
            array.ndim != len(shape) or any(w not in (None, d) for w, d in zip(shape, array.shape, strict=True))
        ):
            wanted = tuple("any" if d is None else d for d in shape)
            raise self.error(f"weight '{name}' has shape {array.shape}, its inputs and configuration need {wanted}")
        return self.transform(name, array) if self.transform else array

    def read(self, dataset: Any) -> Floats:
        stored = self.weights.budget.read(dataset, self.name)
        if stored.dtype.kind != "f" and stored.dtype != np.uint16:
            raise self.error(f"its weights are {stored.dtype}; rillet reads float weights (save the unquantized model)")
        return as_float32(stored)

    def constant(self, b: GraphBuilder, key: str, make: Callable[[], NDArray[Any]]) -> Tensor:
        """The constant `key`, made at the first call of the layer."""
        if key not in self.constants:
            self.constants[key] = b.constant(make(), f"{self.name}/{key}")
        return self.constants[key]

    def inner(self, config: dict[str, Any], member: str, kind: str = "") -> Layer:
        """The layer that this wrapper holds as attribute `member`, under the wrapper's name."""
        kind = kind or str(config.get("class_name"))
        return Layer(self.name, kind, dict(config.get("config") or {}), self.weights.member(member), self.origin)

    def error(self, text: str) -> KerasError:
        return KerasError(f"layer '{self.name}' ({self.kind}): {text}")

    def _weight_names(self) -> list[str]:
        parts = [name.partition(":") for name in TABLE[self.kind].weights]
        return [name for name, _, flag in parts if not flag or self.get(flag, True)]


def call(layer: Layer, b: GraphBuilder, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Appends the ops of one call of `layer`.

    Raises:
        KerasError: no handler for its class, or one that cannot express this configuration; with the layer's name.
    """
    entry = TABLE.get(layer.kind)
    if entry is None:
        raise layer.error(
            "rillet has no importer for this class; replace it with standard layers, or export the model to .tflite"
        )
    if entry.inputs not in (None, len(inputs)):
        raise layer.error(f"is called with {len(inputs)} tensors; rillet imports it with {entry.inputs} alone")
    b.source = layer.name
    first = entry.spatial and layer.get("data_format") == "channels_first"
    try:
        if first:
            inputs = [_move_channels(b, x, to_last=True) for x in inputs]
        result = entry.handler(layer, b, *inputs)
        outputs = result if isinstance(result, list) else [result]
        if first:
            outputs = [_move_channels(b, y, to_last=False) if len(y.shape) > 2 else y for y in outputs]
    except KerasError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise layer.error(f"its configuration is not what Keras writes ({type(exc).__name__}: {exc})") from exc
    return outputs


def _move_channels(b: GraphBuilder, x: Tensor, to_last: bool) -> Tensor:
    rank = len(x.shape)
    perm = (0, *range(2, rank), 1) if to_last else (0, rank - 1, *range(1, rank - 1))
    return b.op("TRANSPOSE", [x, b.constant(np.array(perm, np.int32))])
