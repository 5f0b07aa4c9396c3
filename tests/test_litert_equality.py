"""Whole models against LiteRT's reference kernels: integers bit for bit, floats within 1e-5 of the largest value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .zoo import ZOO, zoo

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Interpreter, Plan, RuntimeFailure, Session, native
from rillet.runtime.signed import signed_bytes

RELATIVE_TOLERANCE = 1e-5
RANDOM_INPUTS = 3
ISAS = ["scalar", *(name for name in native.cpu_isa() if name != "scalar")]

INTEGER_MODELS = [
    "mlperf_tiny/anomaly/ad01_int8",
    "mlperf_tiny/image_classification/resnet8_cifar10_int8",
    "mlperf_tiny/image_classification/resnet_large_cifar10_int8",
    "mlperf_tiny/keyword_spotting/kws_dscnn_int8",
    "mlperf_tiny/streaming_wakeword/str_ww_int8",
    "mlperf_tiny/visual_wake_words/vww_96_int8",
    "coral/tf2_mobilenet_v2_1.0_224_ptq",
    "tflite_micro/hello_world_int8",
    "tflite_micro/micro_speech_quantized",
    "tflite_micro/person_detect",
]
# Rewritten to int8 at load, judged by LiteRT's uint8 reference.
UINT8_MODELS = [
    "mobilenet_v1/mobilenet_v1_0.25_128_quant",
    "coral/mobilenet_v1_0.25_128_quant",
    "coral/mobilenet_v2_1.0_224_quant",
]
FLOAT_MODELS = [
    "mlperf_tiny/anomaly/ad01_fp32",
    "mlperf_tiny/image_classification/resnet8_cifar10_float",
    "mlperf_tiny/visual_wake_words/vww_96_float",
    "mediapipe/face_detection_back",
    "mediapipe/face_detection_full_range_sparse",
    "mobilenet_v1/mobilenet_v1_0.25_128",
    "tflite_micro/hello_world_float",
    "tfmot/base",
]
# Recorded from a kernel of LiteRT that writes nothing: tests/test_zoo_models.py runs the file with another.
NOT_WRITTEN = "conformance__litert__litert_tests__qwen_fc_blockwise_quantized.npz"
GOLDEN = sorted(path.name for path in ZOO.glob("conformance/litert_golden/*.npz") if path.name != NOT_WRITTEN)


def random_inputs(rng: np.random.Generator, details: list[dict[str, Any]]) -> list[NDArray[Any]]:
    """Over the whole range for integers, normally distributed for floats."""
    drawn: list[NDArray[Any]] = []
    for detail in details:
        dtype = np.dtype(detail["dtype"])
        if dtype.kind == "f":
            drawn.append(rng.standard_normal(detail["shape"]).astype(dtype))
        else:
            info = np.iinfo(dtype)
            drawn.append(rng.integers(info.min, info.max, detail["shape"], dtype, endpoint=True))
    return drawn


def session_for(path: Path, isa: str) -> Session:
    """A session with the kernels of one instruction set; uint8 files as `Interpreter` takes them."""
    data = path.read_bytes()
    try:
        return Session(Plan(data, isa=isa))
    except RuntimeFailure as refusal:
        if refusal.status != "RLT_ERROR_UNSUPPORTED_TYPE":
            raise
        return Session(Plan(signed_bytes(data)[0], isa=isa))


def run(interpreter: Any, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def reference(path: Path, **options: Any) -> Any:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    try:
        return litert.Interpreter(str(path), experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF, **options)
    except ValueError as refusal:
        pytest.skip(f"LiteRT refuses the file: {str(refusal)[:80]}")


def assert_equal(got: NDArray[Any], want: NDArray[Any]) -> None:
    assert got.dtype == want.dtype and got.shape == want.shape
    if want.dtype.kind == "f":
        scale = np.abs(want).max(initial=0.0)
        np.testing.assert_allclose(got, want, rtol=RELATIVE_TOLERANCE, atol=RELATIVE_TOLERANCE * float(scale))
    else:
        np.testing.assert_array_equal(got, want)


def results(model: str) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Each output of each instruction set's kernels on random inputs, with LiteRT's."""
    path = zoo(f"models/{model}.tflite")
    judge = reference(path)
    judge.allocate_tensors()
    sessions = [session_for(path, isa) for isa in ISAS]
    rng = np.random.default_rng(7)
    for _ in range(RANDOM_INPUTS):
        inputs = random_inputs(rng, judge.get_input_details())
        wanted = run(judge, inputs)
        for session in sessions:
            for place, value in zip(session.inputs, inputs, strict=True):
                place[...] = value
            session.invoke()
            yield from zip(session.outputs, wanted, strict=True)


@pytest.mark.parametrize("model", INTEGER_MODELS + UINT8_MODELS + FLOAT_MODELS)
def test_model_equals_litert_reference(model: str) -> None:
    for got, want in results(model):
        assert_equal(got, want)


@pytest.mark.parametrize("name", GOLDEN)
def test_recorded_outputs_of_litert(name: str) -> None:
    """Inputs and outputs recorded with LiteRT; models with operators that have no kernel are skipped by name."""
    model = zoo(name.removesuffix(".npz").replace("__", "/").join(("", ".tflite")))
    with np.load(zoo(f"conformance/litert_golden/{name}")) as file:
        record = dict(file)
    try:
        ours = Interpreter(model)
        ours.allocate_tensors()
    except (RuntimeFailure, ValueError) as refusal:
        pytest.skip(str(refusal))
    inputs = [record[f"in{i}"] for i in range(len(ours.get_input_details()))]
    for i, got in enumerate(run(ours, inputs)):
        assert_equal(got, record[f"out{i}"])
