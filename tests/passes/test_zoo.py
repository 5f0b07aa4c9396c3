"""The whole pipeline on real models: LiteRT must give the same outputs for the file before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.flatbuffer import read, write_bytes
from rillet.ir import Model
from rillet.ops.opdef import opdef
from rillet.passes import optimize
from tests.passes.build import check
from tests.zoo import zoo

MODELS = {
    "models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite": 0.0,
    "models/mlperf_tiny/visual_wake_words/vww_96_float.tflite": 1e-5,
    "models/mlperf_tiny/image_classification/resnet8_cifar10_float.tflite": 1e-5,
    "models/mlperf_tiny/keyword_spotting/kws_dscnn_float.tflite": 1e-5,
    "models/mlperf_tiny/streaming_wakeword/str_ww_int8.tflite": 0.0,
    "models/mlperf_tiny/keyword_spotting/kws_dscnn_int8.tflite": 0.0,
    "models/mobilenet_v1/mobilenet_v1_0.25_128.tflite": 1e-5,
}


def with_batch_one(path: Path) -> Model:
    model = read(path)
    for tensor in model.main.tensors():
        tensor.shape = tuple(1 if d is None else d for d in tensor.shape)
    return model


def macs(model: Model) -> int:
    return sum(opdef(op.kind).macs(op) for op in model.main.ops)


def litert_outputs(content: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        model_content=content, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


@pytest.mark.parametrize("name", MODELS)
def test_outputs_stay(name: str) -> None:
    path = zoo(name)
    model = with_batch_one(path)
    optimize(model, after_each=lambda _, graph: check(graph))
    after, before = write_bytes(model), path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(3):
        inputs = []
        for tensor in model.main.inputs:
            shape, dtype = tensor.static_shape, tensor.dtype
            low, high = dtype.limits if dtype.is_integer else (-1, 1)
            array = random.integers(low, high + 1, shape) if dtype.is_integer else random.uniform(low, high, shape)
            inputs.append(array.astype(dtype.numpy))
        for old, new in zip(litert_outputs(before, inputs), litert_outputs(after, inputs), strict=True):
            np.testing.assert_allclose(new.astype(float), old.astype(float), rtol=0, atol=MODELS[name])


def test_dead_channels_halve_the_work_of_visual_wake_words() -> None:
    model = with_batch_one(zoo("models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite"))
    before = macs(model)
    optimize(model)
    assert before == 7_489_664
    assert macs(model) < 0.5 * before
