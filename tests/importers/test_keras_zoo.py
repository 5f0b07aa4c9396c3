"""Real Keras files: LiteRT's and TensorFlow's own answers for the same models, speed and memory of loading."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from rillet.importers.keras import load
from rillet.ir import Model, to_text
from rillet.ops import evaluate
from tests.zoo import ROOT, zoo

pytest.importorskip("h5py")
pytestmark = pytest.mark.filterwarnings("ignore")

TINY = "models/mlperf_tiny"
FILES = {
    f"{TINY}/anomaly/ad01.h5": (1, 640),
    f"{TINY}/image_classification/resnet8_cifar10.h5": (1, 10),
    f"{TINY}/streaming_wakeword/str_ww.h5": (1, 3),
    f"{TINY}/visual_wake_words/vww_96.h5": (1, 2),
    "models/keras_h5/face_classification/gender_mini_XCEPTION.21-0.95.hdf5": (1, 2),
    "models/keras_h5/face_classification/tiny_XCEPTION_KDEF.hdf5": (1, 7),
    "models/keras_v3/energy_lstm_model.keras": (1, 1),
    "models/tfmot/base.h5": (1, 10),
    "models/tfmot/clustered.h5": (1, 10),
    "models/tfmot/pruned.h5": (1, 10),
    "models/tfmot/qat.h5": (1, 10),
}


def random_input(model: Model, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(0).uniform(0, 1, model.main.inputs[0].static_shape) * scale).astype(np.float32)


def answer(model: Model, x: np.ndarray) -> np.ndarray:
    return next(iter(evaluate(model.main, [x]).values()))


def litert(path: str, x: np.ndarray) -> np.ndarray:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(str(zoo(path)))
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    if details["dtype"] is np.int8:
        scale, zero = details["quantization"]
        x = np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(details["index"], x)
    interpreter.invoke()
    out = interpreter.get_output_details()[0]
    y = interpreter.get_tensor(out["index"])
    return (y.astype(np.float32) - out["quantization"][1]) * out["quantization"][0] if y.dtype == np.int8 else y


def assert_close(result: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5 * float(np.abs(expected).max()))


@pytest.mark.parametrize("path", FILES)
def test_loads_and_runs(path: str) -> None:
    model = load(zoo(path))
    result = answer(model, random_input(model))
    assert result.shape == FILES[path] and np.isfinite(result).all()
    assert all(op.source for op in model.main.ops)
    assert to_text(model)


@pytest.mark.parametrize(
    ("h5", "tflite", "scale"),
    [
        (
            f"{TINY}/image_classification/resnet8_cifar10.h5",
            f"{TINY}/image_classification/resnet8_cifar10_float.tflite",
            255,
        ),
        (f"{TINY}/visual_wake_words/vww_96.h5", f"{TINY}/visual_wake_words/vww_96_float.tflite", 1),
    ],
)
def test_equals_litert_on_the_converted_file(h5: str, tflite: str, scale: float) -> None:
    model = load(zoo(h5))
    x = random_input(model, scale)
    assert_close(answer(model, x), litert(tflite, x))


def test_autoencoder_equals_litert_but_for_the_lost_biases() -> None:
    """The published ad01_fp32.tflite lacks the biases of the Dense layers before a batch normalization: its folded
    biases equal beta - mean * scale to 2e-6. With those biases gone here too, the outputs agree."""
    model = load(zoo(f"{TINY}/anomaly/ad01.h5"))
    x = random_input(model)
    names = {op.source: op for op in model.main.ops if op.kind == "FULLY_CONNECTED"}
    names.pop("dense_9")
    for op in names.values():
        bias = op.inputs[2]
        assert bias is not None and bias.data is not None
        bias.data = np.zeros_like(bias.data)
    assert_close(answer(model, x), litert(f"{TINY}/anomaly/ad01_fp32.tflite", x))


def test_wake_word_model_agrees_with_its_int8_file() -> None:
    """There is no float sibling; on real samples the quantized file stays near."""
    model = load(zoo(f"{TINY}/streaming_wakeword/str_ww.h5"))
    with np.load(zoo(f"{TINY}/streaming_wakeword/str_ww_calibration_samples.npz")) as samples:
        values = samples[samples.files[0]]
    worst = 0.0
    for x in values[:5]:
        x = x.reshape(model.main.inputs[0].static_shape).astype(np.float32)
        int8 = litert(f"{TINY}/streaming_wakeword/str_ww_int8.tflite", x)
        worst = max(worst, float(np.abs(answer(model, x) - int8).max()))
    assert worst < 0.05


@pytest.mark.parametrize(("name", "tolerance"), [("base", 1e-6), ("pruned", 1e-6), ("clustered", 1e-6), ("qat", 0.01)])
def test_optimization_toolkit_models(name: str, tolerance: float) -> None:
    """TensorFlow's outputs; the quantization-aware model computes in float here, so it is only near."""
    x = np.load(zoo("models/tfmot/input4.npy"))
    expected = np.load(zoo(f"models/tfmot/{name}_expected.npy"))
    result = answer(load(zoo(f"models/tfmot/{name}.h5"), batch=len(x)), x)
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance)


def test_trained_ranges_become_range_records() -> None:
    model = load(zoo("models/tfmot/qat.h5"))
    ranges = {t.name: t.quantization for t in model.main.tensors() if t.quantization is not None}
    assert all(q.scale.size == 0 and q.min is not None and q.max is not None for q in ranges.values())
    assert set(ranges) == {
        "input_2",
        "quant_conv2d_2/kernel",
        "quant_re_lu_1/relu",
        "quant_depthwise_conv2d_1/depthwise_kernel",
        "quant_depthwise_conv2d_1/relu",
        "quant_conv2d_3/kernel",
        "quant_conv2d_3/relu",
        "quant_dense_1/kernel",
        "quant_dense_1/fully_connected",
    }
    kernel = ranges["quant_conv2d_3/kernel"]
    assert kernel.axis == 0 and kernel.min is not None and kernel.min.shape == (32,)


def test_lstm_equals_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = pytest.importorskip("keras", reason="needs Keras 3 and jax")
    path = zoo("models/keras_v3/energy_lstm_model.keras")
    model = load(path)
    x = random_input(model)
    assert_close(answer(model, x), np.asarray(keras.models.load_model(path)(x)))


def test_loading_is_quick_and_small() -> None:
    """In a fresh process, the import of h5py included; well above what is measured on an idle machine (90 ms)."""
    code = (
        "import time, resource, sys, numpy, rillet.ops; before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "start = time.process_time(); from rillet.importers.keras import load; load(sys.argv[1])\n"
        "print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    path = zoo(f"{TINY}/image_classification/resnet8_cifar10.h5")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "toolchain")}
    run = [
        subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, env=env, check=True)
        for _ in range(3)
    ]
    seconds, kilobytes = np.array([r.stdout.split() for r in run], float).min(axis=0)
    assert seconds < 0.25, seconds
    assert kilobytes < 30_000, kilobytes
