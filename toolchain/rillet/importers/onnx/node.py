"""The table from ONNX operator to handler, and what a handler sees of a node."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...ir import RilletError, Tensor
from .emit import Emitter

OLDEST_OPSET = 6
NEWEST_OPSET = 28
"""Opsets (of the default domain) whose operators the handlers know; a test compares the newest with `onnx`."""


class OnnxError(RilletError):
    """An ONNX model, node or attribute that rillet cannot import.

    Attributes:
        needs: names of the model inputs whose values must be known at conversion, where that is what is wrong.
    """

    needs: tuple[str, ...] = ()


class RunTimeValueError(Exception):
    """A value that a handler must know is computed at run time; the importer finds the inputs it depends on."""

    def __init__(self, what: str, tensor: Tensor) -> None:
        super().__init__(what)
        self.what, self.tensor = what, tensor


class Claim(NamedTuple):
    """What `rillet ops` says of one ONNX operator."""

    op_type: str
    min_opset: int
    max_opset: int
    notes: str


@dataclass
class Node:
    """One ONNX node with its inputs as tensors of the graph under construction.

    Attributes:
        inputs: absent optional inputs are None; trailing ones may be missing altogether (use `get`).
        outputs: the ONNX names; "" for an output that nobody reads.
        attributes: plain values: int, float, str, list of these, or numpy array for a tensor.
    """

    op_type: str
    name: str
    opset: int
    inputs: list[Tensor | None]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)

    def get(self, index: int) -> Tensor | None:
        """Input `index`, or None where it is absent."""
        return self.inputs[index] if index < len(self.inputs) else None

    def need(self, index: int) -> Tensor:
        """Input `index`, which the operator requires."""
        tensor = self.get(index)
        if tensor is None:
            raise self.error(f"input {index} is missing")
        return tensor

    def operands(self) -> list[Tensor]:
        """All inputs of a variadic operator."""
        return [self.need(i) for i in range(len(self.inputs))]

    def constant(self, index: int, what: str) -> NDArray[Any]:
        """The value of input `index`, which must be known at conversion.

        Raises:
            RunTimeValueError: it is computed at run time.
        """
        tensor = self.need(index)
        if tensor.data is None:
            raise RunTimeValueError(what, tensor)
        return np.asarray(tensor.data)

    def ints(self, index: int, attribute: str, default: Sequence[int] | None = None) -> list[int] | None:
        """Integers that older opsets hold in an attribute and newer ones in input `index`."""
        if attribute in self.attributes:
            return [int(v) for v in self.attributes[attribute]]
        if index >= 0 and self.get(index) is not None:
            return [int(v) for v in self.constant(index, attribute).reshape(-1)]
        return None if default is None else list(default)

    def attribute(self, name: str, default: Any) -> Any:
        """Attribute `name`; numbers and strings come back as the type of `default`."""
        return self.attributes.get(name, default)

    def error(self, problem: str, advice: str = "") -> OnnxError:
        """An error that names this node, its operator and opset."""
        text = f"ONNX node '{self.name}' ({self.op_type}, opset {self.opset}): {problem}"
        return OnnxError(f"{text}; {advice}" if advice else text)


Handler = Callable[[Node, Emitter], "Tensor | list[Tensor]"]


class Entry(NamedTuple):
    """A handler and the opsets that it knows."""

    handler: Handler
    since: int
    until: int
    notes: str


_TABLE: dict[str, Entry] = {}


def onnx_op(
    *op_types: str,
    since: int = OLDEST_OPSET,
    until: int = NEWEST_OPSET,
    notes: str = "",
) -> Callable[[Handler], Handler]:
    """Registers the decorated handler for `op_types` in opsets `since` to `until`, both inclusive."""

    def decorate(handler: Handler) -> Handler:
        for op_type in op_types:
            register(op_type, handler, since, until, notes)
        return handler

    return decorate


def register(
    op_type: str,
    handler: Handler,
    since: int = OLDEST_OPSET,
    until: int = NEWEST_OPSET,
    notes: str = "",
) -> None:
    """Adds one line to the table; for handlers made in a loop."""
    if op_type in _TABLE:
        raise ValueError(f"{op_type} is registered twice")
    _TABLE[op_type] = Entry(handler, since, until, notes)


def table() -> dict[str, Entry]:
    """All handlers by ONNX operator type. The first call imports every module of the package."""
    _import_handlers()
    return _TABLE


@cache
def _import_handlers() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")


def claims() -> list[Claim]:
    """Every ONNX operator that the importer knows, with its opsets, in alphabetical order."""
    return [Claim(name, entry.since, entry.until, entry.notes) for name, entry in sorted(table().items())]
