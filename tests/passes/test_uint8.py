"""uint8 models become int8 ones of the same meaning, behind the same interface."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.conversion import convert_and_report
from rillet.flatbuffer import read, write_bytes
from rillet.ir import DType
from rillet.ops.evaluate import evaluate
from rillet.passes import uint8_to_int8
from rillet.runtime import Interpreter, Plan, Session
from tests.zoo import zoo

from .build import Net, Quantization, Tensor, check


def test_real_models_keep_every_byte() -> None:
    for name in ("mobilenet_v1/mobilenet_v1_0.25_128_quant.tflite", "coral/mobilenet_v1_0.25_128_quant.tflite"):
        before, after = read(zoo("models/" + name)).main, read(zoo("models/" + name)).main
        for tensor in (*before.tensors(), *after.tensors()):
            tensor.shape = tuple(1 if d is None else d for d in tensor.shape)
        assert uint8_to_int8(after) > 0
        check(after)
        assert [t.dtype for t in (*after.inputs, *after.outputs)] == [DType.UINT8, DType.UINT8]
        inner = [t for op in after.ops for t in (*op.inputs, *op.outputs) if t is not None]
        assert sum(t.dtype is DType.UINT8 for t in inner) == 2
        weight = next(op for op in after.ops if op.kind == "CONV_2D").inputs[1]
        assert weight is not None and weight.dtype is DType.INT8 and weight.quantization is not None
        assert weight.quantization.zero_point[0] != 0
        x = np.random.default_rng(0).integers(0, 256, after.inputs[0].static_shape).astype(np.uint8)
        old, new = evaluate(before, [x]), evaluate(after, [x])
        assert list(old) == list(new)
        for key in old:
            np.testing.assert_array_equal(new[key], old[key])
        assert uint8_to_int8(after) == 0


@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32])
def test_a_uint8_interface_alone_stays(dtype: DType) -> None:
    net = Net()
    x = Tensor("x", (1, 4), DType.UINT8, Quantization.per_tensor(0.1, 128))
    net.graph.inputs.append(x)
    if dtype is DType.INT8:
        y = net.op("QUANTIZE", [x])
        y.quantization = Quantization.per_tensor(0.1, 0)
    else:
        y = net.op("DEQUANTIZE", [x])
    net.output(y)
    assert uint8_to_int8(net.graph) == 0


def test_converted_once_for_the_c_runtime() -> None:
    path = zoo("models/mobilenet_v1/mobilenet_v1_0.25_128_quant.tflite")
    model, report = convert_and_report(path)
    assert report.rewrites["uint8_to_int8"] > 0 and "zero points" in report.warnings[0]
    session = Session(Plan(write_bytes(model)))
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    x = np.random.default_rng(0).integers(0, 256, session.inputs[0].shape).astype(np.uint8)
    session.inputs[0][...] = x
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    for each in (session, interpreter):
        each.invoke()
    np.testing.assert_array_equal(session.outputs[0], interpreter.get_tensor(interpreter._main.outputs[0]))
    assert convert_and_report(path, optimize=False)[0].main.ops[0].inputs[0].dtype is DType.UINT8
