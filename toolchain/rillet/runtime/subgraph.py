"""One subgraph of a model as the Interpreter sees it: tensors by the file's indices, shapes, and the session."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..flatbuffer.decode import Record
from ..ir import DType, RilletError
from .details import ModelDetails
from .session import Session, Threads
from .source import Source


class InterpreterError(RilletError, ValueError, RuntimeError):
    """A call that an Interpreter refuses: wrong type, shape, index or order of calls.

    Both a ValueError and a RuntimeError: tflite_runtime raises now one, now the other, and its documentation does
    not always agree with it, so code that catches either goes on working.
    """


class Variables:
    """Resource variables of one model whose subgraphs have an arena each: where the newest value of each one is."""

    def __init__(self) -> None:
        self._newest: dict[str, NDArray[Any]] = {}

    def move_to(self, views: Mapping[str, NDArray[Any]]) -> None:
        """Brings the newest values into these views, which hold them from now on."""
        for name, view in views.items():
            newest = self._newest.get(name)
            if newest is not None and newest is not view:
                view[...] = newest
            self._newest[name] = view

    def are_in(self, views: Mapping[str, NDArray[Any]]) -> None:
        """Takes what these views hold for the newest values."""
        self._newest.update(views)


class Subgraph:
    """A subgraph, prepared on demand.

    Args:
        source: the model. details: of the same model. index: which subgraph. variables: of all its subgraphs.
        preserve: every tensor can be read after a run. tolerance: as `float_tolerance` of Plan.

    `handle` is the session's in C where `invoke` has nothing to do but run it, else None.
    """

    def __init__(
        self,
        source: Source,
        details: ModelDetails,
        index: int,
        variables: Variables,
        threads: Threads,
        preserve: bool,
        tolerance: float | None = None,
    ) -> None:
        self._variables = variables
        self._source, self._details, self._index = source, details, index
        self._threads, self._preserve, self._tolerance = threads, preserve, tolerance
        self._shapes: dict[int, tuple[int, ...]] = {}
        self._session: Session | None = None
        self.handle: Any = None
        self._renumbered: Mapping[int, int] | None = None

    @cached_property
    def _record(self) -> Record:
        return self._details.graph(self._index)

    @cached_property
    def inputs(self) -> list[int]:
        """Tensor indices, by position."""
        return [int(i) for i in self._record["inputs"]]

    @cached_property
    def outputs(self) -> list[int]:
        return [int(i) for i in self._record["outputs"]]

    @property
    def tensor_count(self) -> int:
        return len(self._record["tensors"])

    @property
    def session(self) -> Session:
        """The session.

        Raises:
            InterpreterError: tensors are not allocated.
        """
        if self._session is None:
            raise InterpreterError("tensors are not allocated: call allocate_tensors(), again after a resize")
        return self._session

    def invoke(self) -> None:
        """Runs the session.

        Raises:
            InterpreterError: tensors are not allocated.
        """
        session = self.session
        self._variables.move_to(session.variables)
        session.invoke()

    def reset(self) -> None:
        """Gives variables their first values again.

        Raises:
            InterpreterError: tensors are not allocated.
        """
        self.session.reset()
        self._variables.are_in(self.session.variables)

    def allocate(self) -> None:
        """Plans memory for the current shapes; does nothing where that is done."""
        if self._session is not None:
            return
        plan, self._renumbered = self._source.plan(
            self._index,
            keep_all=self._preserve,
            input_shapes=self._shapes,
            threads=self._threads.count,
            float_tolerance=self._tolerance,
        )
        self._session = Session(plan, self._threads)
        self.handle = None if self._session.variables else self._session.handle

    def resize(self, index: int, shape: Sequence[int] | NDArray[Any], strict: bool = False) -> None:
        """Gives input `index` another shape; a new one undoes `allocate`."""
        index = self._checked(index)
        if index not in self.inputs:
            raise InterpreterError(f"tensor {index} is no input: the inputs are {self.inputs}")
        dims = np.array(shape, np.int64)
        if dims.ndim != 1 or (dims < 0).any():
            raise InterpreterError(f"input {index}: a shape is a list of sizes, not {shape}")
        new, old = tuple(dims.tolist()), self.shape(index)
        if strict:
            self._check_strict(index, new)
        if new != old:
            self._shapes[self.inputs.index(index)] = new
            self._session = self.handle = None

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape now: after `resize` and, once allocated, after shape inference."""
        if index in self.inputs:
            slot = self.inputs.index(index)
            if slot in self._shapes:
                return self._shapes[slot]
        if self._session is not None:
            if index in self.outputs:
                return self._session.outputs[self.outputs.index(index)].shape
            place = index if self._renumbered is None else self._renumbered.get(index)
            planned = self._session.plan.tensor(place) if place is not None else None
            if planned is not None and planned.arena_offset is not None:
                return planned.shape
        shape = self._record["tensors"][index]["shape"]
        return () if shape is None else tuple(shape.tolist())

    def detail(self, index: int) -> dict[str, Any]:
        """The details dictionary of a tensor."""
        index = self._checked(index)
        return self._details.describe(index, self._index, self.shape(index))

    def set(self, index: int, value: ArrayLike) -> None:
        """Copies `value` into an input or output, after a check of type and shape."""
        index, array = self._checked(index), np.asarray(value)
        if index not in self.inputs and index not in self.outputs:
            raise InterpreterError(f"cannot set tensor {index}: it is neither an input nor an output")
        target = self.view(index)
        about = f"for tensor {index}, name: {self._details.name(index, self._index)}"
        if array.dtype != target.dtype:
            raise InterpreterError(f"cannot set tensor: got type {array.dtype} but expected {target.dtype} {about}")
        if array.shape != target.shape:
            raise InterpreterError(f"cannot set tensor: got shape {array.shape} but expected {target.shape} {about}")
        if not target.flags.writeable:
            raise InterpreterError(f"cannot set tensor: it is a constant, {about}")
        target[...] = array

    def view(self, index: int) -> NDArray[Any]:
        """A view of an input, output or constant, or with `preserve` of any tensor; constants are read-only."""
        index, session = self._checked(index), self.session
        if index in self.inputs:
            return session.inputs[self.inputs.index(index)]
        if index in self.outputs:
            return session.outputs[self.outputs.index(index)]
        constant = self._details.constant(index, self._index)
        if constant is not None:
            return constant
        if not self._preserve:
            raise InterpreterError(
                f"tensor {index} ({self._details.name(index, self._index)}) shares its memory with others; "
                "make the Interpreter with experimental_preserve_all_tensors=True to read it"
            )
        if self._renumbered is None:
            return session.value(index)
        if index not in self._renumbered:
            raise InterpreterError(f"tensor {index} is not there after the rewrite from uint8 to int8")
        stored = session.value(self._renumbered[index])
        return (stored ^ -128).view(np.uint8) if self._record["tensors"][index]["type"] == DType.UINT8 else stored

    def _checked(self, index: int) -> int:
        index = operator.index(index)
        if not 0 <= index < self.tensor_count:
            raise InterpreterError(f"there is no tensor {index}; the model has {self.tensor_count}, counted from 0")
        return index

    def _check_strict(self, index: int, new: tuple[int, ...]) -> None:
        signature = self._record["tensors"][index]["shape_signature"]
        fixed = self.shape(index) if signature is None or not len(signature) else tuple(signature.tolist())
        if len(fixed) != len(new) or any(f not in (-1, n) for f, n in zip(fixed, new, strict=True)):
            raise InterpreterError(
                f"input {index} has shape {fixed}, and strict resizing changes only sizes that are -1; got {new}"
            )
