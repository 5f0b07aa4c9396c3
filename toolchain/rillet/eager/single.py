"""An operator on its own as a C session, for eager execution of the heavy ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..flatbuffer import write_bytes
from ..ir import Graph, Model, Op, RilletError
from ..runtime import Plan, Session

Array = NDArray[Any]


@dataclass(frozen=True)
class Single:
    """`run`: from the arrays of all present operands to the results. `nbytes`: the memory that it keeps."""

    run: Callable[[Sequence[Array]], list[Array]]
    nbytes: int


def compile_single(op: Op) -> Single | None:
    """The operator as a session; None where C has no kernel for it."""
    if any(d is None for t in (*op.inputs, *op.outputs) if t is not None for d in t.shape):
        return None
    inputs = [t for t in dict.fromkeys(op.inputs) if t is not None and t.data is None]
    try:
        session = Session(Plan(write_bytes(Model([Graph(op.kind, inputs, list(op.outputs), [op])]))))
    except RilletError:
        return None
    is_input = [t.data is None for t in op.inputs if t is not None]
    slots, results = session.inputs, session.outputs

    lock = Lock()  # a session runs for one thread at a time

    def run(arrays: Sequence[Array]) -> list[Array]:
        values = (array for array, wanted in zip(arrays, is_input, strict=True) if wanted)
        with lock:
            for slot, value in zip(slots, values, strict=True):
                slot[...] = value
            session.invoke()
            return [np.array(each) for each in results]

    return Single(run, session.arena.nbytes)
