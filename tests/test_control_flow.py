"""IF, WHILE and composites: numpy meaning, C runtime and LiteRT agree; memory and work stay bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Tensor
from rillet.ops import GraphBuilder, evaluate, opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, RuntimeFailure, Session

Arrays = list[NDArray[Any]]
NO_ATTRIBUTES = bytes([0, 0, 1, 0, 0, 0x24, 1])  # an empty map, as a flexbuffer


def graph(name: str, shapes: dict[str, tuple[tuple[int, ...], DType]], body: Callable[..., list[Tensor]]) -> Graph:
    """A graph with the given inputs; `body` takes the builder and them, and gives the outputs."""
    b = GraphBuilder(Graph(name))
    inputs = [b.input(f"{name}_{each}", *shape) for each, shape in shapes.items()]
    for tensor in body(b, *inputs):
        b.output(tensor)
    return b.graph


def call(b: GraphBuilder, kind: str, inputs: list[Tensor], like: list[Tensor], **attrs: Any) -> list[Tensor]:
    """Appends an operator that calls graphs; its outputs are shaped as `like`."""
    count = sum(op.kind == kind for op in b.graph.ops)
    outputs = [Tensor(f"{b.graph.name}_{kind}_{count}_{i}", t.shape, t.dtype) for i, t in enumerate(like)]
    b.graph.ops.append(Op(kind, list(inputs), outputs, opdef(kind).attrs(**attrs)))
    return outputs


def countdown() -> Model:
    """While n > 0: (n, a, b) = (n - 1, b, a + b): loop variables that change places."""
    state = {"n": ((), DType.INT32), "a": ((3,), DType.FLOAT32), "b": ((3,), DType.FLOAT32)}
    main = GraphBuilder()
    n, a, b = main.input("n", (), DType.INT32), main.input("a", (3,)), main.input("b", (3,))
    for result in call(main, "WHILE", [n, a, b], [n, a, b], cond_subgraph_index=1, body_subgraph_index=2):
        main.output(result)
    condition = graph("condition", state, lambda g, n, a, b: [g.op("GREATER", [n, g.constant(np.int32(0))])])
    body = graph("body", state, lambda g, n, a, b: [g.op("SUB", [n, g.constant(np.int32(1))]), b, g.op("ADD", [a, b])])
    return Model([main.graph, condition, body])


def nested() -> Model:
    """A loop in a loop: the inner one multiplies by 1 + an outer tensor, used before and after."""
    state = {"n": ((), DType.INT32), "x": ((2, 3), DType.FLOAT32), "w": ((2, 3), DType.FLOAT32)}
    main = GraphBuilder()
    n, x = main.input("n", (), DType.INT32), main.input("x", (2, 3))
    w = main.op("MUL", [x, main.constant(np.float32(0.25))])
    results = call(main, "WHILE", [n, x, w], [n, x, w], cond_subgraph_index=1, body_subgraph_index=2)
    main.output(main.op("ADD", [results[1], w]))
    main.output(results[0])

    def outer(g: GraphBuilder, n: Tensor, x: Tensor, w: Tensor) -> list[Tensor]:
        scaled = g.op("EXP", [g.op("NEG", [g.op("ABS", [x])])])
        inner = call(g, "WHILE", [n, scaled, w], [n, x, w], cond_subgraph_index=4, body_subgraph_index=3)
        return [g.op("SUB", [n, g.constant(np.int32(1))]), g.op("ADD", [inner[1], scaled]), w]

    def inner(g: GraphBuilder, n: Tensor, x: Tensor, w: Tensor) -> list[Tensor]:
        factor = g.op("ADD", [w, g.constant(np.float32(1))])
        return [g.op("SUB", [n, g.constant(np.int32(1))]), g.op("MUL", [x, factor]), w]

    conditions = [  # LiteRT cannot run one graph twice at the same time
        graph(name, state, lambda g, n, x, w: [g.op("GREATER", [n, g.constant(np.int32(0))])]) for name in ("out", "in")
    ]
    return Model([main.graph, conditions[0], graph("outer", state, outer), graph("inner", state, inner), conditions[1]])


def choice() -> Model:
    """IF in the body of a WHILE, and one behind it; a branch that passes an operand on, one that gives a constant."""
    state = {"n": ((), DType.INT32), "x": ((4,), DType.FLOAT32)}
    one = {"x": ((4,), DType.FLOAT32)}
    main = GraphBuilder()
    n, x = main.input("n", (), DType.INT32), main.input("x", (4,))
    looped = call(main, "WHILE", [n, x], [n, x], cond_subgraph_index=1, body_subgraph_index=2)
    is_large = main.op("GREATER", [n, main.constant(np.int32(2))])
    chosen = call(main, "IF", [is_large, looped[1]], [x], then_subgraph_index=5, else_subgraph_index=6)
    main.output(chosen[0])
    main.output(main.op("MUL", [chosen[0], looped[1]]))

    def body(g: GraphBuilder, n: Tensor, x: Tensor) -> list[Tensor]:
        is_odd = g.op("EQUAL", [g.op("FLOOR_MOD", [n, g.constant(np.int32(2))]), g.constant(np.int32(1))])
        y = call(g, "IF", [is_odd, x], [x], then_subgraph_index=3, else_subgraph_index=4)[0]
        return [g.op("SUB", [n, g.constant(np.int32(1))]), g.op("ADD", [y, x])]

    graphs = [
        graph("condition", state, lambda g, n, x: [g.op("GREATER", [n, g.constant(np.int32(0))])]),
        graph("body", state, body),
        graph("odd", one, lambda g, x: [g.op("NEG", [x])]),
        graph("even", one, lambda g, x: [g.op("SQUARE", [g.op("ABS", [x])])]),
        graph("pass", one, lambda g, x: [x]),
        graph("ones", one, lambda g, x: [g.constant(np.ones(4, np.float32))]),
    ]
    return Model([main.graph, *graphs])


def composite() -> Model:
    """One decomposition called twice."""
    shape = {"x": ((2, 5), DType.FLOAT32)}
    attrs = {"name": "cube", "decomposition_subgraph_index": 1, "composite_attributes": NO_ATTRIBUTES}
    main = GraphBuilder()
    x = main.input("x", (2, 5))
    y = call(main, "STABLEHLO_COMPOSITE", [x], [x], **attrs)[0]
    main.output(call(main, "STABLEHLO_COMPOSITE", [main.op("ADD", [y, x])], [x], **attrs)[0])
    return Model([main.graph, graph("norm", shape, lambda g, x: [g.op("MUL", [g.op("SQUARE", [x]), x])])])


MODELS: dict[str, tuple[Callable[[], Model], list[Arrays]]] = {
    "countdown": (
        countdown,
        [[np.array(n, np.int32), np.arange(3, dtype=np.float32), np.ones(3, np.float32)] for n in (0, 1, 2, 7)],
    ),
    "nested": (
        nested,
        [[np.array(n, np.int32), np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)] for n in (0, 1, 3)],
    ),
    "choice": (choice, [[np.array(n, np.int32), np.linspace(-1, 1, 4, dtype=np.float32)] for n in (0, 1, 2, 3)]),
    "composite": (composite, [[np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)]]),
}
each_model = pytest.mark.parametrize("name", MODELS)


def run(session: Session, inputs: Arrays) -> Arrays:
    for place, value in zip(session.inputs, inputs, strict=True):
        place[...] = value
    session.invoke()
    return [output.copy() for output in session.outputs]


@each_model
@pytest.mark.parametrize("is_kept", [False, True])
def test_c_equals_numpy(name: str, is_kept: bool) -> None:
    build, runs = MODELS[name]
    model = build()
    session = Session(Plan(write_bytes(model), self_contained=is_kept, keep_inputs=is_kept))
    for inputs in runs:
        wanted = evaluate(model.main, inputs, graphs=model.graphs)
        for tensor, got in zip(model.main.outputs, run(session, inputs), strict=True):
            np.testing.assert_allclose(got, wanted[tensor.name], rtol=1e-6, err_msg=str(inputs))


@each_model
def test_numpy_equals_litert(name: str) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    build, runs = MODELS[name]
    model = build()
    content = write_bytes(model)
    for inputs in runs:
        judge = litert.Interpreter(
            model_content=content, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF
        )
        judge.allocate_tensors()
        for detail, value in zip(judge.get_input_details(), inputs, strict=True):
            judge.set_tensor(detail["index"], value)
        judge.invoke()
        wanted = evaluate(model.main, inputs, graphs=model.graphs)
        for tensor, detail in zip(model.main.outputs, judge.get_output_details(), strict=True):
            np.testing.assert_allclose(wanted[tensor.name], judge.get_tensor(detail["index"]), rtol=1e-5)


def test_graph_that_calls_itself_is_refused() -> None:
    model = composite()
    x = model.graphs[1].inputs[0]
    model.graphs[1].ops.append(Op("STABLEHLO_COMPOSITE", [x], [Tensor("again", x.shape, x.dtype)],
                                  opdef("STABLEHLO_COMPOSITE").attrs(decomposition_subgraph_index=1)))  # fmt: skip
    with pytest.raises(RuntimeFailure, match="call each other"):
        Plan(write_bytes(model))


def test_calls_that_multiply_are_refused() -> None:
    """Each of 8 graphs calls the next one 20 times: 20^8 copies of the last one."""
    shape = {"x": ((2,), DType.FLOAT32)}

    def twenty(callee: int) -> Callable[..., list[Tensor]]:
        def body(g: GraphBuilder, x: Tensor) -> list[Tensor]:
            for _ in range(20):
                x = call(g, "STABLEHLO_COMPOSITE", [x], [x], decomposition_subgraph_index=callee)[0]
            return [x]

        return body

    graphs = [graph(f"g{i}", shape, twenty(i + 1)) for i in range(8)]
    graphs.append(graph("last", shape, lambda g, x: [g.op("NEG", [x])]))
    with pytest.raises(RuntimeFailure, match="more memory"):
        Plan(write_bytes(Model(graphs)))


def test_shapes_of_loop_variables_may_not_change() -> None:
    model = countdown()
    body = model.graphs[2]
    grown = Tensor("grown", (6,), DType.FLOAT32)
    body.ops.append(Op("CONCATENATION", [body.inputs[1]] * 2, [grown], opdef("CONCATENATION").attrs(axis=0)))
    body.outputs[1] = grown
    with pytest.raises(RuntimeFailure, match="another shape"):
        Plan(write_bytes(model))


@pytest.mark.parametrize("given", [0, 2])
def test_calls_with_another_number_of_operands_are_refused(given: int) -> None:
    """The branches take one input, and give it out."""
    shape = {"x": ((2,), DType.FLOAT32)}
    main = GraphBuilder()
    p, x = main.input("p", (), DType.BOOL), main.input("x", (2,))
    attrs = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    main.output(call(main, "IF", [p] + [x] * given, [x], **attrs)[0])
    branches = [graph(name, shape, lambda g, x: [x]) for name in ("then", "else")]
    with pytest.raises(RuntimeFailure, match="another number of inputs"):
        Plan(write_bytes(Model([main.graph, *branches])))
