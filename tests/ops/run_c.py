"""The C runtime as an implementation of the harness, with guard bytes around its memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType
from rillet.runtime import Plan, RuntimeFailure, Threads, native

from .harness import OneOp

GUARD_BYTES = 256
GUARD = 0xA5


def other_isas() -> list[str]:
    """Instruction sets beside scalar that this CPU and build have."""
    return [name for name in native.cpu_isa() if name != "scalar"]


class Guarded:
    """A session of one op whose arena lies between guard bytes and starts as garbage."""

    def __init__(self, one: OneOp, isa: str | None, threads: Threads | None = None) -> None:
        plan = _plan(one, isa, threads.count if threads else 1)
        if plan is None:
            pytest.skip("the C runtime has no kernel for this operator or type")
        self.plan = plan
        size, align = self.plan.arena_bytes, native.lib.RLT_ALIGNMENT
        self._memory = np.full(2 * GUARD_BYTES + size + align, GUARD, np.uint8)
        self._start = GUARD_BYTES + -(self._memory.ctypes.data + GUARD_BYTES) % align
        self._end = self._start + size
        self._arena = native.ffi.from_buffer(self._memory[self._start : self._end])
        self._session = native.ffi.new("rlt_session *")
        image = native.lib.rlt_plan_image(self.plan.handle)
        native.check(native.lib.rlt_session_open(self._session, image, self.plan._data, self._arena, size))
        if threads is not None:
            self._session.threads = threads.handle
        self._inputs = one.inputs
        for i, array in enumerate(one.inputs):
            self._view(native.lib.rlt_session_input(self._session, i))[...] = array

    def invoke(self) -> None:
        native.check(native.lib.rlt_session_invoke(self._session))

    def outputs(self) -> list[NDArray[Any]]:
        """Copies of the outputs, after the guards and the inputs were found untouched."""
        assert (self._memory[: self._start] == GUARD).all(), "bytes before the arena were overwritten"
        assert (self._memory[self._end :] == GUARD).all(), "bytes after the arena were overwritten"
        for i, array in enumerate(self._inputs):
            kept = self._view(native.lib.rlt_session_input(self._session, i))
            np.testing.assert_array_equal(kept, array, err_msg=f"input {i} was overwritten")
        count = native.lib.rlt_session_output_count(self._session)
        return [self._view(native.lib.rlt_session_output(self._session, i)).copy() for i in range(count)]

    def _view(self, view: Any) -> NDArray[Any]:
        raw = np.frombuffer(native.ffi.buffer(view.data, view.bytes), np.uint8)
        return raw.view(DType(view.type).numpy).reshape(tuple(view.dims[0 : view.rank]))


def _plan(one: OneOp, isa: str | None, threads: int = 1) -> Plan | None:
    """None where the runtime says that it has no such kernel, or that it takes no tensors without elements, or none
    whose shape depends on values."""
    if any(0 in tensor.shape for op in one.model.graphs[0].ops for tensor in op.outputs):
        return None
    try:
        return Plan(write_bytes(one.model), isa=isa, keep_inputs=True, threads=threads)
    except RuntimeFailure as problem:
        if problem.status == "RLT_ERROR_DYNAMIC" and any(None in tensor.shape for tensor in one.op.outputs):
            return None
        if problem.status in ("RLT_ERROR_UNSUPPORTED_OP", "RLT_ERROR_UNSUPPORTED_TYPE"):
            return None
        raise


def chosen_kernels(one: OneOp, isa: str) -> list[str]:
    """Names of the kernels that `isa` gives for the op; none where it is not supported."""
    plan = _plan(one, isa)
    return [step.kernel for step in plan.steps] if plan else []


def run_c(one: OneOp, isa: str | None, threads: Threads | None = None) -> list[NDArray[Any]]:
    """The result of the C kernels that `isa` allows (None: this CPU's); skips the test where there is none."""
    session = Guarded(one, isa, threads)
    session.invoke()
    return session.outputs()
