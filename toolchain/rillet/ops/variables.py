"""Variables: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, and CALL_ONCE that gives them their first values.

A handle's value in `evaluate` is a `Handle` inside a 0-D object array. A file does not say what a handle's variable
holds, only what its readers expect: a handle made by `declare` remembers, so that READ_VARIABLE has a shape rule.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir import Attrs, DType, Op, RilletError, Shape, Tensor
from .gradient import GradientBuilder, Gradients
from .opdef import Array, NotDifferentiable, OpDef, ShapeError, operand, register
from .rules import Results, present

_HELD = "variable"  # key of Tensor.extra: shape and type of what a handle's variable holds


@dataclass
class VarHandleAttrs(Attrs):
    container: str = ""
    shared_name: str = ""


@dataclass
class CallOnceAttrs(Attrs):
    init_subgraph_index: int = 0


@dataclass(frozen=True)
class Handle:
    """A variable of a store: the value of a RESOURCE tensor."""

    store: MutableMapping[str, Array]
    name: str

    def read(self) -> Array:
        if self.name not in self.store:
            raise RilletError(f"variable '{self.name}' is read before it has a value")
        return self.store[self.name]

    def write(self, value: Array) -> None:
        self.store[self.name] = value


def variable_name(op: Op) -> str:
    """The name that VAR_HANDLE ops of one variable share."""
    assert isinstance(op.attrs, VarHandleAttrs)
    return f"{op.attrs.container}/{op.attrs.shared_name}" if op.attrs.container else op.attrs.shared_name


def handle_value(op: Op, store: MutableMapping[str, Array]) -> Array:
    """What a VAR_HANDLE op gives in `evaluate`."""
    value = np.empty((), object)
    value[()] = Handle(store, variable_name(op))
    return value


def handle_of(array: Array | None) -> Handle:
    """The handle that an operand holds."""
    assert array is not None
    handle = array.item()
    assert isinstance(handle, Handle)
    return handle


def declare(handle: Tensor, shape: Shape, dtype: DType) -> Tensor:
    """`handle`, told what its variable holds."""
    handle.extra[_HELD] = (tuple(shape), dtype)
    return handle


def held(handle: Tensor) -> tuple[Shape, DType] | None:
    """Shape and type of the variable; None where no one declared them."""
    found: tuple[Shape, DType] | None = handle.extra.get(_HELD)
    return found


def _infer_handle(op: Op) -> Results:
    return [((), DType.RESOURCE)]


def _infer_read(op: Op) -> Results:
    handle = operand(op, 0)
    found = held(handle)
    if found is None and op.outputs:
        found = op.outputs[0].shape, op.outputs[0].dtype
    if handle.dtype is not DType.RESOURCE or found is None:
        raise ShapeError(f"READ_VARIABLE '{op.where}': nothing says what variable '{handle.name}' holds")
    return [found]


def _infer_nothing(op: Op) -> Results:
    return []


def _infer_assign(op: Op) -> Results:
    handle, value = operand(op, 0), operand(op, 1)
    found = held(handle)
    if handle.dtype is not DType.RESOURCE or (found is not None and found[1] is not value.dtype):
        raise ShapeError(f"ASSIGN_VARIABLE '{op.where}': variable '{handle.name}' cannot hold {value!r}")
    return []


def _no_store(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    raise RilletError(f"{op.kind} '{op.where}' has a meaning within a graph only")


def _read(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    return [handle_of(arrays[0]).read()]


def _assign(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    handle, value = present(arrays)
    handle_of(handle).write(value)
    return []


def _read_gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
    """The gradient of a variable is that of what was read: a RESOURCE tensor's gradient stands for its value's."""
    return dys


register(
    OpDef(
        kind="VAR_HANDLE",
        code=142,
        options="VarHandleOptions",
        attrs=VarHandleAttrs,
        infer=_infer_handle,
        compute=_no_store,
        gradient=NotDifferentiable("a handle has no inputs"),
    )
)
register(
    OpDef(
        kind="READ_VARIABLE",
        code=143,
        options="ReadVariableOptions",
        infer=_infer_read,
        compute=_read,
        gradient=_read_gradient,
    )
)
register(
    OpDef(
        kind="ASSIGN_VARIABLE",
        code=144,
        options="AssignVariableOptions",
        infer=_infer_assign,
        compute=_assign,
        gradient=NotDifferentiable("it has no result"),
    )
)
register(
    OpDef(
        kind="CALL_ONCE",
        code=129,
        options="CallOnceOptions",
        attrs=CallOnceAttrs,
        infer=_infer_nothing,
        compute=_no_store,
        gradient=NotDifferentiable("it has no result"),
    )
)
