"""The integer graph: constraints, ends, ops that stay float, recorded ranges, and LiteRT's agreement with numpy."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import read, write_bytes
from rillet.ir import Activation, DType, Model, Op, Quantization, Signature, Tensor, verify
from rillet.ops.evaluate import evaluate
from rillet.quantize import QuantizationError, quantize_model
from tests.passes.build import Net, kinds

from .data import litert


def samples_for(net: Net, count: int = 24) -> list[list[np.ndarray]]:
    random = np.random.default_rng(3)
    return [[random.normal(size=t.static_shape).astype(np.float32) for t in net.graph.inputs] for _ in range(count)]


def quantized(net: Net, **options: object) -> Model:
    model = quantize_model(Model([net.graph]), calibration=samples_for(net), **options).model  # type: ignore[arg-type]
    verify(model)
    return model


def small_net() -> Net:
    net = Net()
    x = net.input("x", (1, 8, 8, 3))
    y = net.conv(x, 8, fused_activation_function=Activation.RELU)
    y = net.op("MAX_POOL_2D", [net.depthwise(y)], stride_h=2, stride_w=2, filter_height=2, filter_width=2)
    y = net.op("RESHAPE", [y, net.constant(np.array([1, 128], np.int32))])
    y = net.op("FULLY_CONNECTED", [y, net.weights(5, 128), net.weights(5)])
    net.output(net.op("SOFTMAX", [y], beta=1.0), "classes")
    return net


def params(tensor: Tensor) -> tuple[float, int]:
    assert tensor.quantization is not None
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])


def test_follows_the_specification() -> None:
    model = quantized(small_net())
    by_kind = {op.kind: op for op in model.main.ops}
    assert [t.dtype for t in (*model.main.inputs, *model.main.outputs)] == [DType.INT8, DType.INT8]
    assert [t.name for t in (*model.main.inputs, *model.main.outputs)] == ["x", "classes"]
    assert params(by_kind["SOFTMAX"].outputs[0]) == (1 / 256, -128)
    for kind in ("MAX_POOL_2D", "RESHAPE"):
        assert params(by_kind[kind].inputs[0]) == params(by_kind[kind].outputs[0])  # type: ignore[arg-type]
    for kind, axis in (("CONV_2D", 0), ("DEPTHWISE_CONV_2D", 3), ("FULLY_CONNECTED", 0)):
        x, weight, bias = by_kind[kind].inputs
        assert x is not None and weight is not None and bias is not None
        assert weight.quantization is not None and bias.quantization is not None and weight.data is not None
        assert (weight.dtype, bias.dtype, weight.quantization.axis) == (DType.INT8, DType.INT32, axis)
        assert not weight.quantization.zero_point.any() and weight.data.min() >= -127
        np.testing.assert_allclose(bias.quantization.scale, params(x)[0] * weight.quantization.scale, rtol=1e-6)
    low, high = np.array([-128, 127]) - params(by_kind["CONV_2D"].outputs[0])[1]
    assert low == 0 and high == 255  # the output of a ReLU uses all its steps for positive values


@pytest.mark.parametrize("io", ["int8", "uint8", "float32"])
def test_litert_runs_it_with_each_kind_of_ends(io: str) -> None:
    net = small_net()
    model = quantized(net, io=io)
    assert {t.dtype.name.lower() for t in (*model.main.inputs, *model.main.outputs)} == {io}
    content = write_bytes(model)
    rows = [sample[0] for sample in samples_for(net, 6)]
    real = np.stack([evaluate(net.graph, [row])["classes"][0] for row in rows])
    np.testing.assert_allclose(litert(content, rows), real, atol=0.05)
    assert read(content).main.inputs[0].name == "x"


def test_ops_without_a_rule_stay_float() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 2)), 3)
    y = net.op("DIV", [y, net.constant(net.floats(3) + 4)])
    net.output(net.conv(net.op("SIN", [y]), 2), "y")
    model = quantized(net)
    assert kinds(model.main) == ["CONV_2D", "DEQUANTIZE", "DIV", "SIN", "QUANTIZE", "CONV_2D"]
    write_bytes(model)


def test_concatenation_shares_one_scale_and_requantizes_a_fixed_one() -> None:
    net = Net()
    x = net.input("x", (1, 4, 4, 3))
    parts = [net.conv(x, 4), net.op("LOGISTIC", [net.conv(x, 4)]), net.op("LOGISTIC", [x])]
    net.output(net.op("CONCATENATION", parts, axis=3), "y")
    model = quantized(net)
    joined = next(op for op in model.main.ops if op.kind == "CONCATENATION")
    assert {params(t) for t in joined.inputs if t is not None} == {params(joined.outputs[0])}
    assert kinds(model.main).count("QUANTIZE") == 2
    content, row = write_bytes(model), samples_for(net, 1)[0][0]
    real = evaluate(net.graph, [row])["y"]
    assert np.abs(litert(content, [row])[0] - real[0]).max() < 4 * params(joined.outputs[0])[0]


def test_logistic_before_a_reshape_keeps_its_fixed_scale() -> None:
    net = Net()
    y = net.op("LOGISTIC", [net.conv(net.input("x", (1, 2, 2, 3)), 2)])
    net.output(net.op("RESHAPE", [y, net.constant(np.array([1, 8], np.int32))]), "y")
    assert params(quantized(net).main.outputs[0]) == (1 / 256, -128)


def test_a_tensor_read_by_float_and_integer_ops() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 2)), 2)
    net.output(net.op("ADD", [net.op("SIN", [y]), y]), "sum")
    net.output(y, "inner")
    for io in ("int8", "float32"):
        model = quantized(net, io=io)
        assert [t.name for t in model.main.outputs] == ["sum", "inner"]
        names = [t.name for t in model.main.tensors()]
        assert len(names) == len(set(names))
        write_bytes(model)


def test_tiny_weights_with_a_large_bias_do_not_overflow_the_bias() -> None:
    net = Net()
    weights, bias = net.floats(3, 1, 1, 2), np.array([0.5, -2.0, 1.0], np.float32)
    weights[1] = 1e-20
    weights[2] = 0
    y = net.op("CONV_2D", [net.input("x", (1, 4, 4, 2)), net.constant(weights), net.constant(bias)])
    net.output(y, "y")
    model = quantized(net)
    row = samples_for(net, 1)[0][0]
    real = evaluate(net.graph, [row])["y"][0]
    np.testing.assert_allclose(litert(write_bytes(model), [row])[0], real, atol=0.05)


def test_recorded_ranges_need_no_calibration() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 2)), 2)
    net.output(y, "y")
    for tensor, low, high in ((net.graph.inputs[0], -4.0, 4.0), (y, -10.0, 30.0)):
        tensor.quantization = Quantization(min=np.array([low], np.float32), max=np.array([high], np.float32))
    model = quantize_model(Model([net.graph])).model
    assert params(model.main.outputs[0])[0] == pytest.approx(40 / 255)
    assert params(model.main.inputs[0])[0] == pytest.approx(8 / 255)


def test_recorded_ranges_reach_tensors_that_share_their_scale() -> None:
    net = small_net()
    ends = {"x", "conv_2d", "depthwise_conv_2d", "fully_connected"}
    for tensor in net.graph.tensors():
        if tensor.name in ends:
            tensor.quantization = Quantization(min=np.array([-9.0], np.float32), max=np.array([9.0], np.float32))
    result = quantize_model(Model([net.graph]))
    (pool,) = [op for op in result.model.main.ops if op.kind == "MAX_POOL_2D"]
    assert params(pool.outputs[0]) == params(pool.inputs[0])  # type: ignore[arg-type]
    assert result.samples == 0 and result.warnings == []


def test_without_data_it_says_what_is_missing() -> None:
    with pytest.raises(QuantizationError, match=r"needs calibration data.*\.npz"):
        quantize_model(Model([small_net().graph]))


@pytest.mark.parametrize(("option", "value"), [("method", "best"), ("io", "int4"), ("rounding", "up")])
def test_unknown_options_are_named(option: str, value: str) -> None:
    with pytest.raises(QuantizationError, match=f"{option} '{value}' is not one of"):
        quantize_model(Model([small_net().graph]), **{option: value})  # type: ignore[arg-type]


def test_unknown_recipe_lists_those_there_are() -> None:
    with pytest.raises(QuantizationError, match="static_wi8_ai8"):
        quantize_model(Model([small_net().graph]), "int8")


def test_the_source_model_and_its_signature_survive() -> None:
    net = small_net()
    signature = Signature("serving_default", {"x": net.graph.inputs[0]}, {"classes": net.graph.outputs[0]})
    source = Model([net.graph], [signature])
    before = [(op.kind, id(op.inputs[0])) for op in net.graph.ops]
    model = quantize_model(source, calibration=samples_for(net)).model
    assert [(op.kind, id(op.inputs[0])) for op in net.graph.ops] == before
    assert model.signatures[0].inputs["x"] is model.main.inputs[0]
    assert model.signatures[0].outputs["classes"] is model.main.outputs[0]


@pytest.mark.parametrize("method", ["minmax", "moving-average", "percentile", "mse"])
@pytest.mark.parametrize("rounding", ["nearest", "compensated"])
def test_every_method_stays_near_float(method: str, rounding: str) -> None:
    net = small_net()
    model = quantized(net, method=method, rounding=rounding)
    rows = [sample[0] for sample in samples_for(net, 12)]
    real = np.stack([evaluate(net.graph, [row])["classes"][0] for row in rows])
    assert np.abs(litert(write_bytes(model), rows) - real).mean() < 0.06


def test_global_average_pool_gets_a_scale_of_its_own() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 6, 6, 3)), 4, fused_activation_function=Activation.RELU)
    y = net.op("AVERAGE_POOL_2D", [y], filter_height=6, filter_width=6, stride_h=6, stride_w=6)
    net.output(y, "y")
    model = quantized(net)
    (mean,) = [op for op in model.main.ops if op.kind == "MEAN"]
    assert isinstance(mean, Op) and params(mean.outputs[0])[0] < params(mean.inputs[0])[0]  # type: ignore[arg-type]
    row = samples_for(net, 1)[0][0]
    assert np.abs(litert(write_bytes(model), [row])[0] - evaluate(net.graph, [row])["y"][0]).max() < 0.1
