"""Session: a plan with an arena, run on this machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, RilletError
from .native import check, ffi, lib
from .plan import Plan

MAX_THREADS = 256

session_invoke = lib.rlt_session_invoke  # looked up once: small models run for two microseconds


class Threads:
    """A pool of `count` threads (the caller is one of them), shared by sessions that do not run at the same time."""

    def __init__(self, count: int) -> None:
        if not 1 <= count <= MAX_THREADS:
            raise RilletError(f"{count} threads: give 1 to {MAX_THREADS}")
        self.count = count
        handle = lib.rlt_threads_open(count) if count > 1 else ffi.NULL
        self.handle = ffi.gc(handle, lib.rlt_threads_close) if handle != ffi.NULL else ffi.NULL


def new_arena(nbytes: int) -> NDArray[np.uint8]:
    """Zeros that start at a multiple of RLT_ALIGNMENT."""
    alignment = lib.RLT_ALIGNMENT
    size = max(nbytes, alignment)  # an empty array would have no address
    memory = np.zeros(size + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start : start + size]


class Session:
    """Runs a plan. Not for use by two threads at once; make one session for each.

    `inputs`, `outputs` and `variables` (resource variables by name) are numpy views into the arena: write inputs and
    variables in place, copy outputs to keep them. `handle` is the rlt_session.

    Args:
        arena: memory to run in, from a multiple of 64 bytes on, such as one of several sessions that share variables;
            None: its own.
    """

    def __init__(self, plan: Plan, threads: int | Threads = 1, arena: NDArray[np.uint8] | None = None) -> None:
        self.plan = plan
        self.threads = Threads(threads) if isinstance(threads, int) else threads
        self.arena: NDArray[np.uint8] = new_arena(plan.arena_bytes) if arena is None else arena
        size = self.arena.size
        self._arena = ffi.from_buffer(self.arena)
        self.handle = ffi.new("rlt_session *")
        check(lib.rlt_session_open(self.handle, lib.rlt_plan_image(plan.handle), plan._data, self._arena, size))
        self.handle.threads = self.threads.handle
        self.inputs = [self._view(lib.rlt_session_input, i) for i in range(lib.rlt_session_input_count(self.handle))]
        self.outputs = [self._view(lib.rlt_session_output, i) for i in range(lib.rlt_session_output_count(self.handle))]

        self.variables: dict[str, NDArray[Any]] = {
            v.name: self.arena[v.arena_offset : v.arena_offset + v.nbytes].view(DType(v.type).numpy).reshape(v.shape)
            for v in plan.variables
        }

    def invoke(self) -> None:
        """Runs every step.

        Raises:
            RuntimeFailure: a value in the data is out of range (GATHER's indices).
        """
        if status := session_invoke(self.handle):
            check(status)

    def reset(self) -> None:
        """Gives the model's variables their first values again, as in a new session."""
        lib.rlt_session_reset(self.handle)

    def run(self, first: int, count: int) -> None:
        """Runs `count` steps from `first`."""
        check(lib.rlt_session_run(self.handle, first, count))

    def profile(self) -> NDArray[np.float64]:
        """Runs every step once and returns each one's time in microseconds."""
        ticks = np.zeros(max(1, lib.rlt_plan_step_count(self.plan.handle)), np.uint64)
        check(lib.rlt_session_profile(self.handle, ffi.cast("uint64_t *", ticks.ctypes.data)))
        us_per_tick: float = 1e6 / lib.rlt_ticks_per_second()
        return ticks[: lib.rlt_plan_step_count(self.plan.handle)] * us_per_tick

    def value(self, tensor: int) -> NDArray[Any]:
        """A view of a tensor by its index in the subgraph: right after the step that makes it, or with `keep_all`.

        Raises:
            RilletError: the tensor is not in the arena.
        """
        place = self.plan.tensor(tensor)
        if place.arena_offset is None:
            raise RilletError(f"tensor {tensor} is not in the arena")
        raw = self.arena[place.arena_offset : place.arena_offset + place.nbytes]
        return raw.view(DType(place.type).numpy).reshape(place.shape)

    def _view(self, get: Any, index: int) -> NDArray[Any]:
        view = get(self.handle, index)
        shape, dtype = tuple(view.dims[0 : view.rank]), DType(view.type).numpy
        offset = int(ffi.cast("uintptr_t", view.data)) - self.arena.ctypes.data
        if 0 <= offset <= self.arena.size - view.bytes:
            return self.arena[offset : offset + view.bytes].view(dtype).reshape(shape)
        return np.frombuffer(bytes(ffi.buffer(view.data, view.bytes)), dtype).reshape(shape)  # a constant output
