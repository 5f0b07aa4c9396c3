"""Runs a model on samples and shows every wanted tensor: the one place in quantization that executes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..flatbuffer import tensor_order, write_bytes
from ..ir import Model, RilletError, Tensor
from ..ops.evaluate import evaluate

Array = NDArray[np.generic]
Sample = Mapping[str, Array]
Watcher = Callable[[Tensor, Array], None]
Engine = Callable[[Sample], Sequence[Array]]


def observe(model: Model, samples: Iterable[Sample], wanted: Iterable[Tensor], watch: Watcher) -> int:
    """Calls `watch(tensor, value)` for every wanted tensor of the main graph and every sample; counts the samples.

    The C runtime computes, so that the values are those of the device; numpy does where the runtime lacks an
    operator of the model, or has no vector kernel of it for this CPU (its scalar kernels are slower than numpy).

    Args:
        samples: arrays by input name, as `calibration` gives them.
        watch: must copy what it keeps: the values are overwritten by the next sample.
    """
    tensors = list(wanted)
    engine = runtime_engine(model, tensors) or numpy_engine(model, tensors)
    count = 0
    for sample in samples:
        for tensor, value in zip(tensors, engine(sample), strict=True):
            watch(tensor, value)
        count += 1
    return count


def numpy_engine(model: Model, tensors: Sequence[Tensor]) -> Engine:
    def run(sample: Sample) -> Sequence[Array]:
        values = evaluate(model.main, sample, every=True)
        return [values[tensor.name] for tensor in tensors]

    return run


def runtime_engine(model: Model, tensors: Sequence[Tensor], even_if_scalar: bool = False) -> Engine | None:
    """None where the C runtime cannot run the model, is not built, or would be slow."""
    try:
        from ..runtime import ISA_BITS, Plan, Session

        plan = Plan(write_bytes(model), keep_all=True)
        vectors = set(ISA_BITS) - {"scalar"}
        if not even_if_scalar and not any(step.kernel.rpartition("_")[2] in vectors for step in plan.steps):
            return None
        session = Session(plan)
        order = {tensor: index for index, tensor in enumerate(tensor_order(model.main))}
        views = [session.value(order[tensor]) for tensor in tensors]
    except (ImportError, RilletError):
        return None
    fallback = numpy_engine(model, tensors)

    def run(sample: Sample) -> Sequence[Array]:
        given = [sample[tensor.name] for tensor in model.main.inputs]
        if any(a.shape != slot.shape for a, slot in zip(given, session.inputs, strict=True)):
            return fallback(sample)  # a dimension that the model leaves open
        for array, slot in zip(given, session.inputs, strict=True):
            slot[...] = array
        session.invoke()
        return views

    return run
