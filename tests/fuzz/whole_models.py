"""Small files of several operators for fuzzing: calls, variables, training steps, folding, narrow weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rillet.autodiff import SGD, Adam, initializer, training_graph, variable
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import GraphBuilder, opdef
from rillet.ops.variables import CallOnceAttrs

from ..autodiff.models import Classifier
from ..ops import test_int4
from ..test_control_flow import MODELS, call, graph
from ..test_float16 import two_layers

SHAPE = (2, 3)


def contents() -> Iterator[bytes]:
    """The files' bytes."""
    for build, _ in MODELS.values():
        yield write_bytes(build())
    yield write_bytes(two_layers(6)[0])
    models = [_counter(), _loop_over_variable(), _branches(), _folded(), _dynamic(), _int16(), *_training(), *_int4()]
    for model in models:
        yield write_bytes(model)


def _counter() -> Model:
    """A variable with a first value, read, assigned, and read again."""
    b = GraphBuilder()
    x = b.input("x", SHAPE)
    handle = variable(b, "total", SHAPE, DType.FLOAT32)
    other = variable(b, "other", SHAPE, DType.FLOAT32)
    old = b.op("READ_VARIABLE", [handle])
    b.ops("ASSIGN_VARIABLE", [handle, b.op("ADD", [old, x])])
    b.ops("ASSIGN_VARIABLE", [other, old])
    b.output(b.op("RESHAPE", [b.op("READ_VARIABLE", [handle]), b.constant([6])], new_shape=np.array([6], np.int32)))
    b.graph.ops.insert(0, Op("CALL_ONCE", [], [], CallOnceAttrs(init_subgraph_index=1)))
    return Model([b.graph, initializer({"total": np.arange(6, dtype=np.float32).reshape(SHAPE)})])


def _loop_over_variable() -> Model:
    """A handle is a loop variable; the body adds to the variable."""
    b = GraphBuilder()
    n, handle = b.input("n", (), DType.INT32), variable(b, "sum", (3,), DType.FLOAT32)
    b.ops("ASSIGN_VARIABLE", [handle, b.constant(np.zeros(3, np.float32))])
    results = call(b, "WHILE", [n, handle], [n, handle], cond_subgraph_index=1, body_subgraph_index=2)
    b.output(results[0])
    b.output(b.op("READ_VARIABLE", [handle]))
    state = {"n": ((), DType.INT32), "v": (handle.shape, DType.RESOURCE)}

    def body(g: GraphBuilder, n: Tensor, v: Tensor) -> list[Tensor]:
        value = Tensor("value", (3,), DType.FLOAT32)
        g.graph.ops.append(Op("READ_VARIABLE", [v], [value], opdef("READ_VARIABLE").attrs()))
        grown = g.op("ADD", [value, g.constant(np.ones(3, np.float32))])
        g.graph.ops.append(Op("ASSIGN_VARIABLE", [v, grown], [], opdef("ASSIGN_VARIABLE").attrs()))
        return [g.op("SUB", [n, g.constant(np.int32(1))]), v]

    condition = graph("condition", state, lambda g, n, v: [g.op("GREATER", [n, g.constant(np.int32(0))])])
    return Model([b.graph, condition, graph("body", state, body)])


def _branches() -> Model:
    """Branches that give their input out, at once and after a composite; a constant condition."""
    one = {"x": (SHAPE, DType.FLOAT32)}
    b = GraphBuilder()
    p, x = b.input("p", (), DType.BOOL), b.input("x", SHAPE)
    branches = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    y = call(b, "IF", [p, x], [x], **branches)[0]
    b.output(call(b, "IF", [b.constant(np.bool_(True)), y], [x], **branches)[0])
    b.output(y)

    def composite(g: GraphBuilder, x: Tensor) -> list[Tensor]:
        return call(g, "STABLEHLO_COMPOSITE", [x], [x], name="c", decomposition_subgraph_index=3)

    graphs = [graph("same", one, lambda g, x: [x]), graph("composite", one, composite)]
    return Model([b.graph, *graphs, graph("cube", one, lambda g, x: [g.op("MUL", [g.op("SQUARE", [x]), x])])])


def _folded() -> Model:
    """A shape that is computed from another one while preparing, and constants that are."""
    b = GraphBuilder()
    x = b.input("x", (2, 3, 4))
    masks = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 1}
    ones = [b.constant(np.array([k], np.int32)) for k in (0, 1, 1)]
    first = b.op("STRIDED_SLICE", [b.op("SHAPE", [x], out_type=DType.INT32), *ones], **masks)
    shape = b.op("PACK", [first, b.constant(np.int32(12))], values_count=2, axis=0)
    flat = b.op("RESHAPE", [x, shape], new_shape=None)
    scale = b.op("EXP", [b.op("NEG", [b.constant(np.linspace(0, 1, 12, dtype=np.float32))])])
    table = b.op("CAST", [b.op("RANGE", [b.constant(np.int32(k)) for k in (0, 12, 1)])], out_data_type=DType.FLOAT32)
    b.output(b.op("ADD", [b.op("MUL", [flat, scale]), table]))
    return Model([b.graph])


def _dynamic() -> Model:
    """An input of unknown size, and what depends on it."""
    b = GraphBuilder()
    x = b.input("x", (1, None, 4))
    y = b.op("CONCATENATION", [x, b.constant(np.zeros((1, 2, 4), np.float32))], axis=1)
    b.output(b.op("SOFTMAX", [y], beta=1.0))
    return Model([b.graph])


def _training() -> Iterator[Model]:
    for optimizer in (SGD(0.1, 0.9), Adam(0.01)):
        model = Classifier(channels=2)
        yield Model([training_graph(model.graph, model.loss, list(model.parameters.values()), optimizer).graph])


def _int4() -> Iterator[Model]:
    units, depth, block = test_int4.UNITS, test_int4.DEPTH, test_int4.BLOCK
    by_channel = Quantization(np.linspace(0.01, 0.06, units, dtype=np.float32), np.zeros(units, np.int64), 0)
    for activations in (None, Quantization.per_tensor(0.05, 4)):
        yield test_int4.model(test_int4.drawn(), by_channel, activations)
    scales = np.full((units, depth // block), 0.02, np.float16)
    holder = Tensor("scales", scales.shape, DType.FLOAT16, data=scales)
    table = {"table": "BlockwiseQuantization", "scales": holder, "zero_points": None, "block_size": block}
    by_block = Quantization(np.zeros(0, np.float32), np.zeros(0, np.int64), 0, blockwise=table)
    yield test_int4.model(test_int4.drawn(), by_block, None)
    # the same constant for two consumers, one of which does not know such weights
    model = test_int4.model(test_int4.drawn(), by_channel, None)
    x, y = model.main.inputs[0], Tensor("again", (2, units), DType.FLOAT32)
    model.main.ops.append(Op("FULLY_CONNECTED", [x, model.main.ops[0].inputs[1], None], [y], model.main.ops[0].attrs))
    model.main.outputs.append(y)
    yield model


def _int16() -> Model:
    scales = [Quantization.per_tensor(s, 0) for s in (0.001, 0.002, 0.003)]
    x, y, z = (Tensor(n, (2, 8), DType.INT16, q) for n, q in zip("xyz", scales, strict=True))
    ops = [Op(kind, [x, other], [out], opdef(kind).attrs()) for kind, other, out in (("ADD", x, y), ("MUL", y, z))]
    return Model([Graph("main", [x], [z], ops)])
