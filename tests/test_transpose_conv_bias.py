"""Convolution2DTransposeBias, MediaPipe's custom operator: the same numbers as TRANSPOSE_CONV with a bias."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Padding, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Interpreter, RuntimeFailure

from .zoo import zoo

SELFIE = "models/mediapipe/selfie_segmentation.tflite"


def _model(op: Op, x: Tensor) -> bytes:
    return write_bytes(Model([Graph("main", [x], op.outputs, [op])]))


def _run(data: bytes, x: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    result: np.ndarray = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return result


@pytest.mark.parametrize("padding", list(Padding))
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "in_c", "out_c"), [(5, 2, 2, 16, 1), (4, 3, 2, 7, 3), (3, 5, 1, 33, 2)]
)
def test_equals_transpose_conv(padding: Padding, size: int, kernel: int, stride: int, in_c: int, out_c: int) -> None:
    rng = np.random.default_rng(kernel)
    values = rng.uniform(-1, 1, (1, size, size, in_c)).astype(np.float32)
    missing = max(0, kernel - (size - 1) % stride - 1) if padding is Padding.SAME else 0
    out = stride * (size - 1) + kernel - missing
    x, y = Tensor("x", values.shape, DType.FLOAT32), Tensor("y", (1, out, out, out_c), DType.FLOAT32)
    w = Tensor(
        "w",
        (out_c, kernel, kernel, in_c),
        DType.FLOAT32,
        data=rng.uniform(-1, 1, (out_c, kernel, kernel, in_c)).astype(np.float32),
    )
    b = Tensor("b", (out_c,), DType.FLOAT32, data=rng.uniform(-1, 1, out_c).astype(np.float32))
    shape = Tensor("shape", (4,), DType.INT32, data=np.array(y.shape, np.int32))
    attrs = opdef("TRANSPOSE_CONV").attrs(padding=padding, stride_w=stride, stride_h=stride)
    wanted = _run(_model(Op("TRANSPOSE_CONV", [shape, w, x, b], [y], attrs), x), values)
    custom = Op("CUSTOM", [x, w, b], [y])
    custom.extra["custom_code"] = "Convolution2DTransposeBias"
    custom.extra["custom_options"] = np.array([1 + int(padding), stride, stride], "<i4").tobytes()
    np.testing.assert_allclose(_run(_model(custom, x), values), wanted, rtol=1e-5, atol=1e-5)
    custom.extra["custom_options"] = b"\1\0\0"
    with pytest.raises(RuntimeFailure, match="custom options"):
        _run(_model(custom, x), values)


def test_selfie_segmentation_runs() -> None:
    """LiteRT has no such operator: only MediaPipe does. The mask's values are probabilities."""
    interpreter = Interpreter(zoo(SELFIE))
    interpreter.allocate_tensors()
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"],
        np.random.default_rng(0).uniform(0, 1, (1, 256, 256, 3)).astype(np.float32),
    )
    interpreter.invoke()
    mask = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert mask.shape == (1, 256, 256, 1) and 0 <= mask.min() < mask.max() <= 1
