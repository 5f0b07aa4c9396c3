"""Plans of random graphs, executed byte by byte; the arenas of the MLPerf Tiny models; the plan in a file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rillet import flatbuffer
from rillet.ir import OFFLINE_PLAN, DType, Graph, Op, RilletError, Tensor
from rillet.memory import MemoryPlan, decode_offline_plan, encode_offline_plan, lifetimes, plan

from ..zoo import zoo

ARENAS = {
    "anomaly/ad01_int8.tflite": 768,
    "keyword_spotting/kws_dscnn_int8.tflite": 16000,
    "visual_wake_words/vww_96_int8.tflite": 55296,
    "image_classification/resnet8_cifar10_int8.tflite": 49152,
    "streaming_wakeword/str_ww_int8.tflite": 6656,
}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Ops that copy, add in place or reshape, on tensors of a few sizes, in any order of use."""
    sizes = st.sampled_from([1, 5, 16, 100, 1000])

    def tensor(number: int, size: int) -> Tensor:
        return Tensor(f"t{number}", (size,), DType.INT8)

    values = [tensor(i, draw(sizes)) for i in range(draw(st.integers(1, 3)))]
    graph = Graph(inputs=list(values))
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["CUSTOM", "ADD", "RESHAPE", "RELU"]))
        first = draw(st.sampled_from(values))
        operands = [first]
        if kind in ("CUSTOM", "ADD"):
            operands += draw(st.lists(st.sampled_from(values), max_size=2 if kind == "CUSTOM" else 1))
        size = draw(sizes) if kind == "CUSTOM" else first.shape[0]
        result = tensor(100 + number, size or 1)
        graph.ops.append(Op(kind, list(operands), [result]))
        values.append(result)
    graph.outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique_by=id))
    return graph


def execute(graph: Graph, made: MemoryPlan, keep_inputs: bool) -> None:
    """Runs `graph` on an arena whose bytes remember the value that they belong to; operands must be whole."""
    arena = [-1] * made.total_bytes
    value: dict[Tensor, int] = {}

    def extent(tensor: Tensor) -> slice:
        return slice(made.offsets[tensor], made.offsets[tensor] + tensor.nbytes)

    def write(tensor: Tensor) -> None:
        value[tensor] = len(value)
        arena[extent(tensor)] = [value[tensor]] * tensor.nbytes

    def check(tensor: Tensor) -> None:
        assert set(arena[extent(tensor)]) == {value[tensor]}, tensor

    for tensor in graph.inputs:
        write(tensor)
    for op in graph.ops:
        for operand in op.inputs:
            assert operand is not None
            check(operand)
        (result,) = op.outputs
        if op.kind == "RESHAPE":
            assert op.inputs[0] is not None and extent(result) == extent(op.inputs[0])
            value[result] = value[op.inputs[0]]
            continue
        here = range(made.total_bytes)[extent(result)]
        for operand in op.inputs:
            assert operand is not None
            there = range(made.total_bytes)[extent(operand)]
            apart = here.start >= there.stop or there.start >= here.stop
            assert apart or (op.kind in ("ADD", "RELU") and here == there)
        write(result)
    for tensor in (*graph.outputs, *(graph.inputs if keep_inputs else ())):
        check(tensor)


@settings(max_examples=300, deadline=None)
@given(graphs(), st.sampled_from([1, 16, 64]), st.booleans(), st.booleans())
def test_every_operand_is_whole_when_read(graph: Graph, alignment: int, in_place: bool, keep_inputs: bool) -> None:
    made = plan(graph, alignment, in_place, keep_inputs, time_limit_s=0.02)
    assert all(offset % alignment == 0 for offset in made.offsets.values())
    assert made.total_bytes >= made.lower_bound == max(made.live_bytes, default=0)
    execute(graph, made, keep_inputs)
    assert plan(graph, alignment, False, keep_inputs).lower_bound >= made.lower_bound


@pytest.mark.parametrize(("name", "expected"), ARENAS.items())
def test_mlperf_tiny_models_meet_the_lower_bound(name: str, expected: int) -> None:
    made = plan(flatbuffer.read(zoo(f"models/mlperf_tiny/{name}")).main)
    assert made.total_bytes == made.lower_bound == expected
    assert made.is_optimal


def test_lifetimes_of_a_chain() -> None:
    x, y, z = (Tensor(name, (4,), DType.FLOAT32) for name in "xyz")
    blocks = lifetimes(Graph("main", [x], [z], [Op("CUSTOM", [x], [y]), Op("RELU", [y], [z])]))
    assert [(b.tensors, b.bytes, b.first, b.last) for b in blocks] == [([x], 16, 0, 0), ([y, z], 16, 0, 2)]


def test_constants_and_variables_are_not_placed() -> None:
    graph = flatbuffer.read(zoo("models/mlperf_tiny/streaming_wakeword/str_ww_int8.tflite")).main
    assert not any(tensor.is_constant for tensor in plan(graph).offsets)
    state = Tensor("state", (8,), DType.FLOAT32, is_variable=True)
    x, y = Tensor("x", (8,), DType.FLOAT32), Tensor("y", (8,), DType.FLOAT32)
    made = plan(Graph("main", [x], [y], [Op("ADD", [x, state], [y])]))
    assert set(made.offsets) == {x, y} and made.persistent_bytes == 32


def test_the_plan_travels_in_the_file() -> None:
    model = flatbuffer.read(zoo("models/mlperf_tiny/image_classification/resnet8_cifar10_int8.tflite"))
    made = plan(model.main)
    order = flatbuffer.tensor_order(model.main)
    model.metadata[OFFLINE_PLAN] = encode_offline_plan(made, order)
    again = flatbuffer.read(flatbuffer.write_bytes(model))
    subgraph, offsets = decode_offline_plan(again.metadata[OFFLINE_PLAN], flatbuffer.tensor_order(again.main))
    assert subgraph == 0
    assert {t.name: o for t, o in offsets.items()} == {t.name: o for t, o in made.offsets.items()}


def test_refusals() -> None:
    x = Tensor("x", (4,), DType.INT8)
    with pytest.raises(RilletError, match="power of two"):
        plan(Graph("main", [x], [x]), alignment=12)
    whole = encode_offline_plan(plan(Graph("main", [x], [x])), [x])
    negative = whole[:12] + b"\xf0\xff\xff\xff"
    for content, text in ((b"", "version 1"), (whole[:12], "holds 0 offsets"), (negative, "negative offset")):
        with pytest.raises(RilletError, match=text):
            decode_offline_plan(content, [x])
