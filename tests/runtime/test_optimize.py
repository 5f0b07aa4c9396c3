"""rillet.Interpreter optimizes a graph when it plans memory; whoever uses it sees no other difference than speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.flatbuffer import read, write_bytes
from rillet.ir import Activation, Model, Padding, Signature, Tensor
from rillet.ops import GraphBuilder, count_macs
from rillet.passes import optimize
from rillet.runtime import Interpreter, InterpreterError, verify_bytes
from rillet.runtime.rewrite import rewrite

from ..passes.build import Net
from ..zoo import zoo
from .models import doubler, run, small

VWW = "models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite"
# Some whose graphs change, some whose graphs stay, integers and floats; how far floats may differ from unchanged ones.
MODELS = {
    VWW: 0.0,
    "models/mlperf_tiny/keyword_spotting/kws_dscnn_int8.tflite": 0.0,
    "models/mlperf_tiny/image_classification/resnet_large_cifar10_int8.tflite": 0.0,
    "models/mlperf_tiny/streaming_wakeword/str_ww_int8.tflite": 0.0,
    "models/mobilenet_v1/mobilenet_v1_0.25_128_quant.tflite": 0.0,
    "models/mobilenet_v1/mobilenet_v1_0.25_128.tflite": 1e-5,
    "models/mlperf_tiny/visual_wake_words/vww_96_float.tflite": 1e-5,
    "models/mediapipe/face_detection_short_range.tflite": 1e-3,
}


def values(interpreter: Any, seed: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    arrays = []
    for detail in interpreter.get_input_details():
        if np.issubdtype(detail["dtype"], np.integer):
            arrays.append(random.integers(0, 127, detail["shape"]).astype(detail["dtype"]))
        else:
            arrays.append(random.uniform(-1, 1, detail["shape"]).astype(detail["dtype"]))
    return arrays


def both(data: bytes) -> tuple[Interpreter, Interpreter]:
    """Optimized, and as the file has it; allocated."""
    made = Interpreter(model_content=data), Interpreter(model_content=data, optimize=False)
    for each in made:
        each.allocate_tensors()
    return made


def steps(interpreter: Interpreter) -> list[str]:
    return [step.kernel for step in interpreter._main.session.plan.steps]


@pytest.mark.parametrize("name", MODELS)
def test_results_and_interface_stay(name: str) -> None:
    ours, plain = both(zoo(name).read_bytes())
    for get in ("get_input_details", "get_output_details", "get_tensor_details"):
        for a, b in zip(getattr(ours, get)(), getattr(plain, get)(), strict=True):
            assert (a["name"], a["index"], a["dtype"], a["shape"].tolist()) == (
                (b["name"], b["index"], b["dtype"], b["shape"].tolist())
            )
    inputs = values(plain)
    for _ in range(2):  # variables go on alike
        for got, want in zip(run(ours, inputs), run(plain, inputs), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=0, atol=MODELS[name] * np.abs(want).max())


def test_visual_wake_words_computes_half() -> None:
    data = zoo(VWW).read_bytes()
    rewritten = rewrite(data)
    assert rewritten is not None
    verify_bytes(rewritten.data)
    before, after = (sum(count_macs(op) or 0 for op in read(d).main.ops) for d in (data, rewritten.data))
    assert (before, after) == (7_489_664, 3_727_313)


def test_an_unchanged_graph_is_used_as_the_file_has_it() -> None:
    data = zoo("models/mlperf_tiny/keyword_spotting/kws_dscnn_int8.tflite").read_bytes()
    assert rewrite(data) is None
    assert both(data)[0]._main.session.plan.model is data


def padded(batch: int | None = 1, size: int | None = 8) -> bytes:
    """A PAD that is a SAME border at this size and at no odd one, an identity, and constants to fold."""
    net = Net()
    x = net.input("x", (batch, size, size, 3))
    half = net.op("ADD", [net.constant(np.float32(0.25)), net.constant(np.float32(0.25))])
    y = net.op("PAD", [x, net.constant(np.array([[0, 0], [0, 1], [0, 1], [0, 0]], np.int32))])
    y = net.conv(y, 4, padding=Padding.VALID, stride_w=2, stride_h=2, fused_activation_function=Activation.RELU)
    y = net.op("MUL", [net.op("TRANSPOSE", [y, net.constant(np.arange(4, dtype=np.int32))]), half])
    net.output(y, "y")
    return write_bytes(Model([net.graph]))


def test_what_costs_nothing_goes() -> None:
    ours, plain = both(padded())
    assert [kind[:4] for kind in steps(ours)] == ["conv", "mul_"]
    assert len(steps(plain)) == 3
    np.testing.assert_allclose(run(ours, values(ours))[0], run(plain, values(plain))[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 9, 9, 3), (2, 8, 8, 3), (3, 11, 7, 3)])
@pytest.mark.parametrize("open_sizes", [False, True])
def test_resized_inputs(open_sizes: bool, shape: tuple[int, ...]) -> None:
    data = padded(None, None) if open_sizes else padded()
    pair = Interpreter(model_content=data), Interpreter(model_content=data, optimize=False)
    for _ in range(2):  # there, and back again
        results = []
        for each in pair:
            each.resize_tensor_input(0, shape)
            each.allocate_tensors()
            results.append(run(each, values(each))[0])
        assert results[0].shape == results[1].shape and results[0].shape[0] == shape[0]
        np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
        shape = (1, 8, 8, 3)


def test_kept_tensors_are_those_of_the_file() -> None:
    data = padded()
    ours = Interpreter(model_content=data, experimental_preserve_all_tensors=True)
    plain = Interpreter(model_content=data, experimental_preserve_all_tensors=True, optimize=False)
    for each in (ours, plain):
        each.allocate_tensors()
        run(each, values(each))
    for detail in plain.get_tensor_details():
        if not detail["shape"].size:
            continue  # the sum of two constants: no step computes it
        np.testing.assert_array_equal(ours.get_tensor(detail["index"]), plain.get_tensor(detail["index"]))


def test_an_intermediate_that_is_gone_has_a_shape_and_no_value() -> None:
    ours, _ = both(padded())
    detail = next(d for d in ours.get_tensor_details() if d["shape"].tolist() == [1, 9, 9, 3])
    with pytest.raises(InterpreterError, match="experimental_preserve_all_tensors"):
        ours.get_tensor(detail["index"])
    constant = next(d for d in ours.get_tensor_details() if d["shape"].tolist() == [4, 2])
    assert ours.get_tensor(constant["index"]).tolist() == [[0, 0], [0, 1], [0, 1], [0, 0]]


def test_several_subgraphs_and_signatures() -> None:
    """Each signature has a subgraph, and one of them a transposition of an input that passes do away with."""
    graphs, signatures = [], []
    for number, factor in enumerate((2.0, 3.0)):
        b = GraphBuilder()
        x = b.input("x", (2, 3))
        y: Tensor = x
        for _ in range(2):
            y = b.op("TRANSPOSE", [y, b.constant(np.array([1, 0], np.int32))])
        b.output(b.op("MUL", [y, b.constant(np.float32(factor))]), "y")
        graphs.append(b.graph)
        signatures.append(Signature(f"times{number}", {"in": x}, {"out": b.graph.outputs[0]}, number))
    interpreter = Interpreter(model_content=write_bytes(Model(graphs, signatures)))
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    for number, factor in enumerate((2.0, 3.0)):
        runner = interpreter.get_signature_runner(f"times{number}")
        np.testing.assert_array_equal(runner(**{"in": value})["out"], value * factor)
        assert [s.kernel[:3] for s in runner._subgraph.session.plan.steps] == ["mul"]


def _swapped_ends(b: GraphBuilder) -> None:
    x, y = b.input("x", (2, 2)), b.input("y", (2, 2))
    same = b.op("RESHAPE", [x, b.constant(np.array([2, 2], np.int32))])
    b.output(b.op("ADD", [y, y]))
    b.output(same)
    b.output(same)


@pytest.mark.parametrize("build", [_swapped_ends])
def test_identities_between_the_ends(build: Callable[[GraphBuilder], None]) -> None:
    ours, plain = both(small(build))
    for got, want in zip(run(ours, values(ours)), run(plain, values(plain)), strict=True):
        np.testing.assert_array_equal(got, want)


def test_collection_is_on_again() -> None:
    import gc

    both(doubler(2, 2))
    assert gc.isenabled()


def test_few_channels_go_in_a_conversion_but_not_at_load() -> None:
    data = zoo("models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite").read_bytes()
    assert rewrite(data) is None
    assert optimize(read(data))["dead_channels"] == 10
