"""Model, Graph, Op and Tensor: the one data type for a program, at every stage.

The op set is TFLite's builtin operators (`Op.kind` is the schema's name, such as "CONV_2D") with
their exact semantics, NHWC. Objects refer to each other directly; a tensor belongs to one graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .types import DType, Quantization

Shape = tuple[int | None, ...]

OFFLINE_PLAN = "OfflineMemoryAllocation"
"""Metadata entry with arena offsets by tensor number: whoever changes a graph drops it."""


class RilletError(Exception):
    """Base of every error that rillet raises on purpose; its text says what was wrong, where, and what to do."""


@dataclass
class Attrs:
    """Base of the typed attribute records in `rillet.ops`; field names and defaults equal the schema's."""


@dataclass
class CustomAttrs(Attrs):
    """Options of a custom op, opaque bytes (usually a FlexBuffer)."""

    code: str = ""
    options: bytes = b""


@dataclass(eq=False)
class Tensor:
    """A value in a graph.

    Attributes:
        name: unique within its graph by convention, not by force.
        shape: one entry per dimension; None where only known at run time. `unranked` for no shape at all.
        data: for constants, an array of `shape` and `dtype.numpy` (int4 unpacked to int8), often a read-only
            view of the file: copy before changing. Strings and sparse tensors: the file's bytes as 1-D uint8.
        source: the layer's name in the source model, for errors, reports and profiles.
        default_shape: concrete dimensions to start from where `shape` has unknown ones (TFLite's `shape` beside
            `shape_signature`); None means 1 for each unknown dimension.
        extra: fields of the source file that rillet only carries, by schema name (also on Op, Graph and Model).
    """

    name: str
    shape: Shape
    dtype: DType
    quantization: Quantization | None = None
    data: NDArray[np.generic] | None = None
    source: str = ""
    is_variable: bool = False
    sparsity: object | None = None
    unranked: bool = False
    variant: object | None = None
    default_shape: tuple[int, ...] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def static_shape(self) -> tuple[int, ...]:
        """The shape, all dimensions known.

        Raises:
            RilletError: a dimension is unknown.
        """
        if None in self.shape:
            raise RilletError(
                f"tensor '{self.source or self.name}' has an unknown dimension {self.shape}; give an input shape"
            )
        return cast(tuple[int, ...], self.shape)

    @property
    def start_shape(self) -> tuple[int, ...]:
        """The concrete shape to start from: `default_shape` where it fits `shape`, 1 for other unknown dimensions."""
        if None not in self.shape:
            return cast(tuple[int, ...], self.shape)
        default = self.default_shape
        if default is None or len(default) != len(self.shape):
            default = (1,) * len(self.shape)
        return tuple(start if dim is None else dim for dim, start in zip(self.shape, default, strict=True))

    @property
    def size(self) -> int:
        """Number of elements, of the start shape where dimensions are unknown."""
        return int(prod(self.start_shape))

    @property
    def nbytes(self) -> int:
        """Bytes of the value, packed (two int4 to a byte)."""
        return (self.size * self.dtype.bits + 7) // 8

    def __repr__(self) -> str:
        dims = "x".join("?" if d is None else str(d) for d in self.shape) or "scalar"
        return f"<{self.name}: {self.dtype.name.lower()} {dims}>"


@dataclass(eq=False)
class Op:
    """One operator. An optional input that is absent is None (TFLite index -1).

    `version` is the schema's operator version as read from a file; None lets the writer compute it (`OpDef.version`).
    """

    kind: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    attrs: Attrs = field(default_factory=Attrs)
    intermediates: list[Tensor] = field(default_factory=list)
    mutates: list[bool] = field(default_factory=list)
    source: str = ""
    version: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.where}>"

    @property
    def where(self) -> str:
        """The name to show to people: the source layer, else the first output."""
        return self.source or (self.outputs[0].source or self.outputs[0].name if self.outputs else self.kind)


@dataclass(eq=False)
class Graph:
    """Ops in topological order, with the tensors that enter and leave."""

    name: str = "main"
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor once: inputs, then in order of use, then outputs."""
        seen: set[int] = set()

        def fresh(tensor: Tensor | None) -> bool:
            if tensor is None or id(tensor) in seen:
                return False
            seen.add(id(tensor))
            return True

        for tensor in self.inputs:
            if fresh(tensor):
                yield tensor
        for op in self.ops:
            for each in (*op.inputs, *op.intermediates, *op.outputs):
                if each is not None and fresh(each):
                    yield each
        for tensor in self.outputs:
            if fresh(tensor):
                yield tensor

    def producers(self) -> dict[Tensor, Op]:
        """The op that makes each tensor (tensors hash by identity)."""
        return {tensor: op for op in self.ops for tensor in op.outputs}

    def consumers(self) -> dict[Tensor, list[Op]]:
        """The ops that read each tensor, in order; graph outputs are not counted."""
        readers: dict[Tensor, list[Op]] = {}
        for op in self.ops:
            for tensor in op.inputs:
                if tensor is not None:
                    readers.setdefault(tensor, []).append(op)
        return readers

    def replace(self, old: Tensor, new: Tensor) -> None:
        """Makes every reader of `old`, graph outputs included, read `new`."""
        for op in self.ops:
            op.inputs = [new if t is old else t for t in op.inputs]
        self.outputs = [new if t is old else t for t in self.outputs]


@dataclass
class Signature:
    """A named entry point: argument names to tensors of one graph."""

    key: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    graph: int = 0


@dataclass(eq=False)
class Model:
    """A program: graphs (the first is the main one), signatures and metadata.

    `metadata` maps names to bytes as TFLite's metadata entries do (among them `OFFLINE_PLAN`).
    """

    graphs: list[Graph] = field(default_factory=lambda: [Graph()])
    signatures: list[Signature] = field(default_factory=list)
    metadata: dict[str, bytes] = field(default_factory=dict)
    description: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Graph:
        return self.graphs[0]
