"""What is measured: rillet and its peers behind one small interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import RilletError
from ..runtime import Interpreter, Plan, Session

Runner = tuple[Callable[[], None], Callable[[], list[NDArray[Any]]]]


def random_inputs(details: list[dict[str, Any]], seed: int = 0) -> list[NDArray[Any]]:
    """One array per input of `Interpreter.get_input_details()`: floats in [-1, 1), integers over their range."""
    generator = np.random.default_rng(seed)
    arrays = []
    for detail in details:
        dtype, shape = np.dtype(detail["dtype"]), tuple(int(d) for d in detail["shape"])
        if dtype.kind == "f":
            arrays.append(generator.uniform(-1, 1, shape).astype(dtype))
        elif dtype.kind == "b":
            arrays.append(generator.integers(0, 2, shape).astype(dtype))
        elif dtype.kind in "iu":
            info = np.iinfo(dtype) if dtype.itemsize <= 2 else np.iinfo(np.int8)
            low = 0 if dtype.itemsize > 2 else info.min
            arrays.append(generator.integers(low, info.max, shape, endpoint=True).astype(dtype))
        else:
            raise RilletError(f"input '{detail['name']}' has type {dtype}: no random values for it")
    return arrays


def interpreter_class(runtime: str) -> Any:
    """The class `Interpreter` of "rillet" or "litert", which have the same interface.

    Raises:
        RilletError: another name, or the runtime is not installed.
    """
    if runtime == "rillet":
        return Interpreter
    if runtime != "litert":
        raise RilletError(f"unknown runtime '{runtime}'; there are {', '.join(RUNTIMES)}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from ai_edge_litert.interpreter import Interpreter as LiteRT
    except ImportError as missing:
        raise RilletError("comparing with LiteRT needs ai-edge-litert: pip install rillet[litert]") from missing
    return LiteRT


RUNTIMES = ("rillet", "litert")


def runner(runtime: str, path: Path, threads: int, float_tolerance: float | None = None) -> Runner:
    """`path` on a runtime ("litert": with its default delegate, XNNPACK), random inputs set: one call that runs the
    model, one that gives copies of its outputs. `float_tolerance` is rillet's.

    Raises:
        RilletError: as `interpreter_class`, or rillet refuses the model.
    """
    kind = interpreter_class(runtime)
    options = {"float_tolerance": float_tolerance} if runtime == "rillet" else {}
    with quiet_stderr() if runtime == "litert" else nullcontext():
        interpreter = kind(str(path), num_threads=threads, **options)
        interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    for detail, array in zip(details, random_inputs(details), strict=True):
        interpreter.set_tensor(detail["index"], array)

    def outputs() -> list[NDArray[Any]]:
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]

    return interpreter.invoke, outputs


def ready_session(path: Path, threads: int, float_tolerance: float | None = None) -> Session:
    """The session of an Interpreter of `path`, random inputs set: what "rillet" runs, step by step if wanted.

    Raises:
        RilletError: rillet refuses the model.
    """
    interpreter = Interpreter(path, num_threads=threads, float_tolerance=float_tolerance)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    for detail, array in zip(details, random_inputs(details), strict=True):
        interpreter.set_tensor(detail["index"], array)
    return interpreter._main.session


def for_lesser(session: Session, isa: str) -> Session:
    """The same model with the same inputs, planned for a lesser instruction set."""
    plan = Plan(session.plan.model, isa=isa, keep_inputs=True, threads=session.threads.count)
    other = Session(plan, session.threads)
    for mine, theirs in zip(session.inputs, other.inputs, strict=True):
        theirs[...] = mine
    return other


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drops what C++ libraries write to stderr while they start; errors still come as exceptions."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
