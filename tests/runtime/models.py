"""Small float models made in place, and the peer that judges them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import Model
from rillet.ops.builder import GraphBuilder

from ..zoo import zoo

RESNET8 = "models/mlperf_tiny/image_classification/resnet8_cifar10_int8.tflite"


def litert(**options: Any) -> Any:
    """LiteRT's interpreter with its reference kernels; skips the test where LiteRT is missing or refuses the model."""
    module = pytest.importorskip("ai_edge_litert.interpreter")
    try:
        return module.Interpreter(experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF, **options)
    except ValueError as refusal:
        pytest.skip(f"LiteRT refuses the model: {str(refusal)[:80]}")


def resnet8() -> str:
    return str(zoo(RESNET8))


def small(build: Callable[[GraphBuilder], None]) -> bytes:
    """The .tflite bytes of what `build` puts into a graph."""
    builder = GraphBuilder()
    build(builder)
    return write_bytes(Model(graphs=[builder.graph]))


def doubler(*shape: int | None) -> bytes:
    """y = x + x."""

    def build(b: GraphBuilder) -> None:
        x = b.input("x", shape)
        b.output(b.op("ADD", [x, x]), "y")

    return small(build)


def _identity(b: GraphBuilder) -> None:
    b.output(b.input("x", (2,)))


def _output_twice(b: GraphBuilder) -> None:
    x = b.input("x", (2,))
    b.output(b.op("ADD", [x, x]))
    b.graph.outputs.append(b.graph.outputs[0])


def _input_among_outputs(b: GraphBuilder) -> None:
    x = b.input("x", (2,))
    b.output(b.op("ADD", [x, x]))
    b.output(x)


def _constant_output(b: GraphBuilder) -> None:
    x, c = b.input("x", (2,)), b.constant(np.array([3, 4], np.float32))
    b.output(b.op("ADD", [x, c]))
    b.output(c)


def _scalar(b: GraphBuilder) -> None:
    x = b.input("x", ())
    b.output(b.op("ADD", [x, x]))


def _unused_input(b: GraphBuilder) -> None:
    x = b.input("x", (2,))
    b.input("unused", (3,))
    b.output(b.op("ADD", [x, x]))


def _output_read_later(b: GraphBuilder) -> None:
    x = b.input("x", (2,))
    y = b.op("RELU", [x])
    b.output(y)
    b.output(b.op("ADD", [y, y]))


def _unknown_size(b: GraphBuilder) -> None:
    x = b.input("x", (None, 2))
    b.output(b.op("ADD", [x, x]))


UNUSUAL: dict[str, Callable[[GraphBuilder], None]] = {
    "identity": _identity,
    "output twice": _output_twice,
    "input among outputs": _input_among_outputs,
    "constant output": _constant_output,
    "scalar": _scalar,
    "unused input": _unused_input,
    "output read later": _output_read_later,
    "unknown size": _unknown_size,
}


def run(interpreter: Any, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Outputs for inputs in order."""
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
