"""Whole ONNX models: outputs as onnxruntime's, no transposes left, errors that name the node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rillet.flatbuffer import write_bytes
from rillet.importers.check import CheckError, self_check
from rillet.importers.onnx import OnnxError, load, source_layout
from rillet.ir import Model, RilletError, verify
from rillet.ops import evaluate

from ..zoo import zoo
from .onnx_nets import Net, branches, decoder, plain_cnn, shuffle, temporal

pytest.importorskip("onnxruntime")
ULTRAFACE = "models/ultraface/version-RFB-320"


def _transposes(model: Model) -> int:
    return sum(op.kind == "TRANSPOSE" for op in model.main.ops)


@pytest.mark.parametrize(
    "name",
    [
        "models/onnx_small/mnist.onnx",
        f"{ULTRAFACE}.onnx",
        f"{ULTRAFACE}_simplified.onnx",
        f"{ULTRAFACE}_without_postprocessing.onnx",
    ],
)
def test_zoo_models_equal_onnxruntime(name: str) -> None:
    path = zoo(name)
    model = load(path)
    verify(model)
    assert _transposes(model) == 0
    assert self_check(model, path).max_abs_error < 1e-4
    assert self_check(load(path, input_layout="source"), path).max_abs_error < 1e-4


@pytest.mark.parametrize(
    "name",
    [
        "Add_11",
        "ArgMax_17_opt",
        "AvgPool1D",
        "AvgPool3D",
        "Cast_11",
        "Clip_var_11",
        "Concat_var_11",
        "GridSample_11",
        "GroupNormalization_21",
        "LayerNormalization2D_11",
        "Squeeze_all_13",
        "Unsqueeze_const_11",
    ],
)
def test_exported_operators(name: str) -> None:
    path = zoo(f"conformance/onnx2tf_ops/{name}.onnx")
    closeness = self_check(load(path), path)
    assert closeness.against == "onnxruntime" and closeness.max_abs_error < 1e-4


@pytest.mark.parametrize(
    ("make", "left", "left_in_source_layout"),
    [
        (plain_cnn, 0, 1),
        (branches, 0, 1),
        (decoder, 0, 2),
        (temporal, 0, 1),
        (shuffle, 1, 2),
    ],
)
def test_networks(make: Callable[[], Net], left: int, left_in_source_layout: int, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    make().save(path)
    model = load(path)
    verify(model)
    assert self_check(model, path).relative_error < 1e-5
    assert _transposes(model) == left
    source = load(path, input_layout="source")
    assert self_check(source, path).relative_error < 1e-5
    assert _transposes(source) == left_in_source_layout and not source_layout(source)
    straight = load(path, optimize_layout=False)
    assert self_check(model, straight).against == "the model before optimization"
    assert self_check(straight, model).relative_error < 1e-5
    assert self_check(model, model).max_abs_error == 0


@pytest.mark.parametrize("name", ["models/onnx_small/mnist.onnx", f"{ULTRAFACE}.onnx"])
def test_zoo_models_run_in_litert(name: str) -> None:
    _compare_with_litert(zoo(name))


@pytest.mark.parametrize("make", [plain_cnn, branches, decoder, temporal, shuffle])
def test_networks_run_in_litert(make: Callable[[], Net], tmp_path: Path) -> None:
    make().save(tmp_path / "net.onnx")
    _compare_with_litert(tmp_path / "net.onnx")


def _compare_with_litert(path: Path) -> None:
    """The numpy meaning of what was imported is what LiteRT makes of the file written from it."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    model = load(path)
    x = np.random.default_rng(0).standard_normal(model.main.inputs[0].static_shape).astype(np.float32)
    expected = evaluate(model.main, [x])
    runner = interpreter.Interpreter(model_content=write_bytes(model)).get_signature_runner("serving_default")
    (name,) = model.signatures[0].inputs
    actual = runner(**{name: x})
    for name, tensor in model.signatures[0].outputs.items():
        np.testing.assert_allclose(actual[name], expected[tensor.name], rtol=1e-4, atol=1e-5)


def test_layout_note(tmp_path: Path) -> None:
    decoder().save(tmp_path / "net.onnx")
    model = load(tmp_path / "net.onnx")
    output = next(iter(model.signatures[0].outputs))
    assert source_layout(model) == {"image": (0, 2, 3, 1), output: (0, 2, 3, 1)}
    assert model.main.inputs[0].shape == (1, 8, 8, 3) and model.main.outputs[0].shape == (1, 64, 64, 3)
    assert model.signatures[0].inputs["image"] is model.main.inputs[0]


def test_max_pool_after_relu_pads_with_zero(tmp_path: Path) -> None:
    """The lowest float as padding would ruin the quantized range."""
    plain_cnn().save(tmp_path / "net.onnx")
    assert "PADV2" not in {op.kind for op in load(tmp_path / "net.onnx").main.ops}


def test_batch_is_one_unless_given(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    plain_cnn().save(path)
    assert load(path).main.inputs[0].shape == (1, 16, 16, 3)
    model = load(path, {"image": (4, 3, 16, 16)})
    assert model.main.inputs[0].shape == (4, 16, 16, 3)
    assert self_check(model, path).relative_error < 1e-5


def test_unknown_dimension_asks_for_a_shape(tmp_path: Path) -> None:
    net = Net(("batch", 3, "height", "width"))
    net.add("Relu")
    net.save(tmp_path / "net.onnx")
    with pytest.raises(OnnxError, match=r"'image'.*unknown height, width.*input_shapes"):
        load(tmp_path / "net.onnx")
    with pytest.raises(OnnxError, match="declared as"):
        load(tmp_path / "net.onnx", {"image": (1, 4, 8, 8)})
    with pytest.raises(OnnxError, match=r"no input 'picture'.*image"):
        load(tmp_path / "net.onnx", {"picture": (1, 3, 8, 8)})
    assert load(tmp_path / "net.onnx", {"image": (1, 3, 8, 8)}).main.inputs[0].shape == (1, 3, 8, 8)


def test_run_time_shape_names_its_input_and_can_be_frozen(tmp_path: Path) -> None:
    net = Net((1, 12))
    net.inputs.append(helper.make_tensor_value_info("shape", TensorProto.INT64, (2,)))
    net.add("Reshape", ["image", "shape"])
    net.save(tmp_path / "net.onnx")
    message = r"'reshape0' \(Reshape, opset 13\): its shape .* from shape; .*input_values"
    with pytest.raises(OnnxError, match=message) as error:
        load(tmp_path / "net.onnx")
    assert error.value.needs == ("shape",)
    frozen = {"shape": np.array([3, 4])}
    model = load(tmp_path / "net.onnx", input_values=frozen)
    assert model.main.outputs[0].shape == (3, 4)
    assert self_check(model, tmp_path / "net.onnx", input_values=frozen).max_abs_error == 0


@pytest.mark.parametrize(
    ("kind", "attrs", "message"),
    [
        (
            "LSTM",
            {"hidden_size": 3},
            r"'lstm0' \(LSTM, opset 13\): rillet has no importer for this operator; .*rillet ops",
        ),
        ("Conv", {"auto_pad": "SIDEWAYS"}, r"'conv0' \(Conv, opset 13\): auto_pad 'SIDEWAYS' is unknown"),
        ("Upsample", {}, r"'upsample0' \(Upsample, opset 13\): .*opsets 7 to 9"),
    ],
)
def test_refusals_name_the_node(kind: str, attrs: dict[str, object], message: str, tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.add(kind, ["image", net.weights(4, 3, 3, 3)], **attrs)
    net.save(tmp_path / "net.onnx")
    with pytest.raises(OnnxError, match=message):
        load(tmp_path / "net.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07\x12\x04abcd" * 20])
def test_files_that_are_no_models(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(OnnxError, match=r"broken\.onnx"):
        load(path)
    with pytest.raises(OnnxError, match="cannot read"):
        load(tmp_path / "absent.onnx")


def test_external_data(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(plain_cnn().proto(), str(path), save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert (tmp_path / "weights.bin").exists()
    assert self_check(load(path), path).relative_error < 1e-5
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(OnnxError, match=r"weights\.bin"):
        load(path)


def test_local_functions_are_inlined(tmp_path: Path) -> None:
    body = [helper.make_node("Relu", ["a"], ["t"]), helper.make_node("Neg", ["t"], ["b"])]
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("mine", 1)]
    function = helper.make_function("mine", "NegRelu", ["a"], ["b"], body, opsets[:1])
    net = Net((1, 4))
    net.nodes.append(helper.make_node("NegRelu", ["image"], ["y"], domain="mine"))
    proto = helper.make_model(net.proto("y").graph, functions=[function], opset_imports=opsets, ir_version=8)
    onnx.save(proto, str(tmp_path / "net.onnx"))
    assert [op.kind for op in load(tmp_path / "net.onnx").main.ops] == ["RELU", "NEG"]


def test_output_that_is_an_input_or_given_twice(tmp_path: Path) -> None:
    net = Net((1, 4))
    relu = net.add("Relu")
    same, again = net.add("Identity", ["image"]), net.add("Identity", [relu])
    net.save(tmp_path / "net.onnx", relu, same, again)
    model = load(tmp_path / "net.onnx")
    verify(model)
    x = np.array([[-1, 0, 1, 2]], np.float32)
    results = evaluate(model.main, [x])
    np.testing.assert_array_equal(results[same], x)
    np.testing.assert_array_equal(results[relu], results[again])


@pytest.mark.parametrize("note", [b"\xff", b"3", b'{"x": 1}', b'{"x": [0, 0]}', b'{"x": ["a"]}'])
def test_a_damaged_layout_note_is_refused(note: bytes) -> None:
    with pytest.raises(RilletError, match=r"metadata rillet\.layout"):
        source_layout(Model(metadata={"rillet.layout": note}))


def test_self_check_notices_a_wrong_model(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    plain_cnn().save(path)
    model = load(path)
    layer = next(op for op in model.main.ops if op.kind == "FULLY_CONNECTED")
    assert layer.inputs[1] is not None and layer.inputs[1].data is not None
    layer.inputs[1].data = layer.inputs[1].data * np.float32(1.01)
    with pytest.raises(CheckError, match="differs from onnxruntime by"):
        self_check(model, path)
    assert self_check(model, path, tolerance=np.inf).max_abs_error > 0
