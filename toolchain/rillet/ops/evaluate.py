"""A graph's meaning, in numpy: slow, complete, and the first judge of importers and passes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from ..ir import DType, Graph, Op, Quantization, RilletError, Tensor
from .control import Call, called_graphs, run_called
from .opdef import Array, opdef
from .variables import CallOnceAttrs, handle_value


def evaluate(
    graph: Graph,
    inputs: Mapping[str, Array] | Sequence[Array],
    every: bool = False,
    *,
    variables: MutableMapping[str, Array] | None = None,
    graphs: Sequence[Graph] = (),
    float64: bool = False,
) -> dict[str, Array]:
    """Runs `graph` on `inputs` (by tensor name or in order).

    Args:
        every: give the arrays of all tensors, not of the outputs alone.
        variables: values of variables by name (`container/shared_name`), read and changed by the run.
        graphs: those of the model, for the operators that call them by number. CALL_ONCE gives values to the
            variables that have none.
        float64: hold every float32 value as float64, as a reference for derivatives.

    Returns:
        Output arrays by tensor name.

    Raises:
        RilletError: an input is missing or there are too many, or an op has no numpy meaning, or a variable no value.
    """
    if not isinstance(inputs, Mapping):
        if len(inputs) != len(graph.inputs):
            raise RilletError(f"{len(inputs)} arrays for {len(graph.inputs)} inputs")
        inputs = {t.name: a for t, a in zip(graph.inputs, inputs, strict=True)}
    store = {} if variables is None else variables
    values: dict[Tensor, Array] = {}
    for tensor in graph.inputs:
        if tensor.name not in inputs:
            raise RilletError(f"no value for input '{tensor.name}'; the inputs are {[t.name for t in graph.inputs]}")
        values[tensor] = np.asarray(inputs[tensor.name], _numpy(tensor, float64))
    dying = {} if every else _last_read(graph)
    for op in graph.ops:
        if op.kind == "VAR_HANDLE":
            values[op.outputs[0]] = handle_value(op, store)
            continue
        if op.kind == "CALL_ONCE":
            _call_once(op, store, graphs, float64)
            continue
        arrays = [None if t is None else values[t] if t in values else _constant(op, t, float64) for t in op.inputs]
        if called_graphs(op):
            results = run_called(op, arrays, graphs, _caller(store, graphs, float64))
        else:
            results = evaluate_op(op, arrays, float64)
        for tensor, array in zip(op.outputs, results, strict=True):
            values[tensor] = array
        for tensor in dying.get(op, ()):
            values.pop(tensor, None)
    wanted = graph.tensors() if every else graph.outputs
    return {
        t.name: values[t] if t in values else _constant(None, t, float64)
        for t in wanted
        if t in values or t.is_constant
    }


def evaluate_op(op: Op, arrays: Sequence[Array | None], float64: bool = False) -> list[Array]:
    """One op on stored values: quantized operands are dequantized before and results quantized after."""
    real: list[Array | None] = []
    for tensor, array in zip(op.inputs, arrays, strict=True):
        quantization = _quantization(tensor)
        real.append(array if array is None or quantization is None else quantization.dequantize(array))
    results = []
    for tensor, array in zip(op.outputs, opdef(op.kind).compute(op, real), strict=True):
        quantization = _quantization(tensor)
        if quantization is not None:
            array = quantization.quantize(array, tensor.dtype)
        results.append(np.asarray(array, _numpy(tensor, float64)))
    return results


def _caller(store: MutableMapping[str, Array], graphs: Sequence[Graph], float64: bool) -> Call:
    def call(graph: Graph, arrays: Sequence[Array]) -> list[Array]:
        results = evaluate(graph, arrays, variables=store, graphs=graphs, float64=float64)
        return [results[t.name] for t in graph.outputs]

    return call


def _call_once(op: Op, store: MutableMapping[str, Array], graphs: Sequence[Graph], float64: bool) -> None:
    assert isinstance(op.attrs, CallOnceAttrs)
    number = op.attrs.init_subgraph_index
    if not 0 <= number < len(graphs):
        raise RilletError(f"CALL_ONCE '{op.where}' names graph {number} of {len(graphs)}")
    first: dict[str, Array] = {}
    evaluate(graphs[number], [], variables=first, float64=float64)
    for name, value in first.items():
        store.setdefault(name, value)


def _numpy(tensor: Tensor, float64: bool) -> np.dtype[np.generic]:
    return np.dtype(np.float64) if float64 and tensor.dtype is DType.FLOAT32 else tensor.dtype.numpy


def _last_read(graph: Graph) -> dict[Op, list[Tensor]]:
    """The tensors that each op is the last to touch, the graph's outputs left out."""
    last = {tensor: op for op in graph.ops for tensor in (*op.inputs, *op.outputs) if tensor is not None}
    dying: dict[Op, list[Tensor]] = {}
    for tensor, op in last.items():
        if tensor not in graph.outputs:
            dying.setdefault(op, []).append(tensor)
    return dying


def _quantization(tensor: Tensor | None) -> Quantization | None:
    """How the tensor's values are stored; None where they are stored as they are."""
    if tensor is None or not tensor.dtype.is_integer or tensor.quantization is None:
        return None
    return tensor.quantization if tensor.quantization.scale.size else None


def _constant(op: Op | None, tensor: Tensor, float64: bool) -> Array:
    if tensor.data is None and tensor.is_variable:  # the state of a recurrent layer, before its first run
        first = tensor.quantization.zero_point[0] if tensor.quantization and tensor.quantization.scale.size else 0
        return np.full([d or 1 for d in tensor.shape], first, _numpy(tensor, float64))
    if tensor.data is None:
        raise RilletError(f"tensor '{tensor.name}' read by '{op.where if op else 'the output'}' has no value")
    return tensor.data.astype(np.float64) if float64 and tensor.dtype is DType.FLOAT32 else tensor.data
