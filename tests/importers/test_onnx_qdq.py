"""QDQ models, as onnxruntime's quantizer writes them, become int8 operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from rillet.flatbuffer import write_bytes
from rillet.importers.check import self_check
from rillet.importers.onnx import OnnxError, load
from rillet.ir import DType, Model
from rillet.ops import evaluate

from .onnx_nets import Net, branches, decoder, plain_cnn, temporal

pytest.importorskip("onnxruntime")
quantization = pytest.importorskip("onnxruntime.quantization")


class _Samples:
    """Calibration data in the form that the quantizer asks for."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        rng = np.random.default_rng(1)
        self.left = [{"image": rng.standard_normal(shape).astype(np.float32)} for _ in range(4)]

    def get_next(self) -> dict[str, Any] | None:
        return self.left.pop() if self.left else None


def _quantized(make: Callable[[], Net], folder: Path, activations: str, per_channel: bool) -> Path:
    make().save(folder / "float.onnx")
    shape = [d.dim_value or 1 for d in onnx.load(str(folder / "float.onnx")).graph.input[0].type.tensor_type.shape.dim]
    prepared = folder / "prepared.onnx"  # with batch normalization folded into the convolutions
    quantization.quant_pre_process(str(folder / "float.onnx"), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        str(prepared),
        str(folder / "qdq.onnx"),
        _Samples(tuple(shape)),
        per_channel=per_channel,
        quant_format=quantization.QuantFormat.QDQ,
        weight_type=quantization.QuantType.QInt8,
        activation_type=getattr(quantization.QuantType, activations),
    )
    return folder / "qdq.onnx"


def _kinds(model: Model) -> Counter[str]:
    return Counter(op.kind for op in model.main.ops if any(t.dtype is DType.FLOAT32 for t in op.outputs))


@pytest.mark.filterwarnings("ignore")  # the quantizer's own
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("activations", ["QInt8", "QUInt8"])
@pytest.mark.parametrize("make", [plain_cnn, branches, decoder, temporal])
def test_quantized_networks(make: Callable[[], Net], activations: str, per_channel: bool, tmp_path: Path) -> None:
    path = _quantized(make, tmp_path, activations, per_channel)
    model = load(path)
    # Rounding differs between the two where a value lies halfway: two steps of 1/255 of the range at most here.
    assert self_check(model, path).relative_error < 0.01
    layers = [op for op in model.main.ops if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")]
    assert layers and all(op.outputs[0].dtype is DType.INT8 for op in layers)
    for op in layers:
        assert op.inputs[1] is not None and op.inputs[1].quantization is not None and op.inputs[2] is not None
        assert op.inputs[1].dtype is DType.INT8 and not op.inputs[1].quantization.zero_point.any()
        assert op.inputs[2].dtype is DType.INT32
    assert not any(t.dtype is DType.UINT8 for t in model.main.tensors())


@pytest.mark.filterwarnings("ignore")
def test_plain_network_computes_in_int8_alone(tmp_path: Path) -> None:
    model = load(_quantized(plain_cnn, tmp_path, "QInt8", True))
    assert set(_kinds(model)) == {"DEQUANTIZE"}
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    x = np.random.default_rng(0).standard_normal((1, 16, 16, 3)).astype(np.float32)
    runner = interpreter.Interpreter(model_content=write_bytes(model)).get_signature_runner("serving_default")
    (actual,) = runner(image=x).values()
    (expected,) = evaluate(model.main, [x]).values()
    np.testing.assert_allclose(actual, expected, atol=0.02)


def test_blockwise_scales_are_refused(tmp_path: Path) -> None:
    net = Net((2, 4), opset=21)
    blocks = [net.constant(np.ones((2, 2), np.float32)), net.constant(np.zeros((2, 2), np.int8))]
    net.add("QuantizeLinear", ["image", *blocks], block_size=2)
    net.save(tmp_path / "net.onnx")
    with pytest.raises(OnnxError, match=r"quantizelinear0.*block_size"):
        load(tmp_path / "net.onnx")
