"""Puts operators in front of a model's only input."""

from __future__ import annotations

from collections.abc import Callable

from ..ir import OFFLINE_PLAN, DType, Model, Op, RilletError, Tensor
from ..ops import GraphBuilder, opdef
from ..passes.interface import Interface


def prepend(
    model: Model, name: str, shape: tuple[int, ...], dtype: DType, body: Callable[[GraphBuilder, Tensor], Tensor]
) -> None:
    """Replaces the model's input by one called `name`; `body` makes the old input's values of it.

    Where the old input is quantized, `body` may give float32 values or values quantized otherwise: they are converted.

    Raises:
        RilletError: the model has several inputs, or `body` gives another shape than the model takes.
    """
    graph, interface = model.main, Interface(model)
    old = only_input(model)
    present = len(graph.ops)
    builder = GraphBuilder(graph)
    builder.source = name
    new = builder.input(name, shape, dtype)
    made = body(builder, new)
    if made.static_shape != old.start_shape:
        raise RilletError(f"preprocessing makes {made!r}, but the model takes {old!r}")
    if made.dtype is not old.dtype or made.quantization != old.quantization:
        made = _converted(builder, made, old)
    graph.ops = graph.ops[present:] + graph.ops[:present]
    graph.inputs = [new]
    graph.replace(old, made)
    model.metadata.pop(OFFLINE_PLAN, None)
    interface.restore()


def only_input(model: Model) -> Tensor:
    """The input that preprocessing goes in front of. Raises RilletError where there is not exactly one."""
    if len(model.main.inputs) != 1:
        names = ", ".join(t.name for t in model.main.inputs)
        raise RilletError(f"the model has {len(model.main.inputs)} inputs ({names}): preprocessing needs exactly one")
    return model.main.inputs[0]


def _converted(builder: GraphBuilder, value: Tensor, like: Tensor) -> Tensor:
    """`value` in the type and quantization of `like`."""
    if like.quantization is None:
        return builder.op("DEQUANTIZE" if value.quantization else "CAST", [value])
    result = Tensor(f"{value.name}/quantized", value.shape, like.dtype, like.quantization, source=value.source)
    builder.graph.ops.append(Op("QUANTIZE", [value], [result], opdef("QUANTIZE").attrs(), source=value.source))
    return result
