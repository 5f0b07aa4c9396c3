"""4-bit weights: by channel against LiteRT, by block against dequantized weights."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session, native

UNITS, DEPTH, BLOCK = 6, 64, 16


def model(values: np.ndarray, quantization: Quantization, activations: Quantization | None) -> Model:
    dtype = DType.FLOAT32 if activations is None else DType.INT8
    x = Tensor("x", (2, DEPTH), dtype, activations)
    y = Tensor("y", (2, UNITS), dtype, activations and Quantization.per_tensor(0.7, -3))
    weights = Tensor("weights", values.shape, DType.INT4, quantization, values)
    attrs = opdef("FULLY_CONNECTED").attrs(asymmetric_quantize_inputs=True)
    return Model([Graph("main", [x], [y], [Op("FULLY_CONNECTED", [x, weights, None], [y], attrs)])])


def drawn() -> np.ndarray:
    return np.random.default_rng(3).integers(-7, 8, (UNITS, DEPTH)).astype(np.int8)


def run(content: bytes, x: np.ndarray, isa: str | None = None) -> np.ndarray:
    session = Session(Plan(content, isa=isa))
    session.inputs[0][...] = x
    session.invoke()
    return session.outputs[0].copy()


def run_litert(content: bytes, x: np.ndarray) -> np.ndarray:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    judge = interpreter.Interpreter(
        model_content=content, experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF
    )
    judge.allocate_tensors()
    judge.set_tensor(judge.get_input_details()[0]["index"], x)
    judge.invoke()
    result: np.ndarray = judge.get_tensor(judge.get_output_details()[0]["index"])
    return result


@pytest.mark.parametrize("isa", native.cpu_isa())
@pytest.mark.parametrize(("kind", "filters", "axis"), [("CONV_2D", (5, 3, 3, 7), 0), ("CONV_2D", (16, 1, 1, 8), 0),
                                                       ("DEPTHWISE_CONV_2D", (1, 3, 3, 7), 3),
                                                       ("DEPTHWISE_CONV_2D", (1, 3, 3, 16), 3)])  # fmt: skip
def test_convolutions_equal_litert(kind: str, filters: tuple[int, ...], axis: int, isa: str) -> None:
    rng, channels = np.random.default_rng(6), filters[axis]
    scale = np.linspace(0.01, 0.06, channels, dtype=np.float32)
    x = Tensor("x", (1, 9, 8, filters[3]), DType.INT8, Quantization.per_tensor(0.05, 4))
    y = Tensor("y", (1, 9, 8, channels), DType.INT8, Quantization.per_tensor(0.3, -3))
    values = rng.integers(-7, 8, filters).astype(np.int8)
    zeros = np.zeros(channels, np.int64)
    weights = Tensor("weights", filters, DType.INT4, Quantization(scale, zeros, axis), values)
    bias = Tensor("bias", (channels,), DType.INT32, Quantization(scale * np.float32(0.05), zeros, 0),
                  rng.integers(-200, 200, channels).astype(np.int32))  # fmt: skip
    made = Model([Graph("main", [x], [y], [Op(kind, [x, weights, bias], [y], opdef(kind).attrs())])])
    pixels = rng.integers(-128, 128, x.shape).astype(np.int8)
    got = run(write_bytes(made), pixels, isa)
    if kind == "DEPTHWISE_CONV_2D":  # LiteRT's reference kernels take its weights in 8 bits only
        weights.dtype = DType.INT8
    np.testing.assert_array_equal(got, run_litert(write_bytes(made), pixels))


@pytest.mark.parametrize("is_int8", [False, True])
def test_by_channel_equals_litert(is_int8: bool) -> None:
    rng = np.random.default_rng(4)
    scale = np.linspace(0.01, 0.06, UNITS, dtype=np.float32)
    activations = Quantization.per_tensor(0.05, 4) if is_int8 else None
    content = write_bytes(model(drawn(), Quantization(scale, np.zeros(UNITS, np.int64), 0), activations))
    x = (
        rng.integers(-128, 128, (2, DEPTH)).astype(np.int8)
        if is_int8
        else rng.normal(size=(2, DEPTH)).astype(np.float32)
    )
    wanted = run_litert(content, x)
    np.testing.assert_allclose(run(content, x), wanted, rtol=0 if is_int8 else 0.02, atol=0 if is_int8 else 0.05)


def test_by_block() -> None:
    rng = np.random.default_rng(5)
    scales = rng.uniform(0.01, 0.05, (UNITS, DEPTH // BLOCK)).astype(np.float16)
    holder = Tensor("scales", scales.shape, DType.FLOAT16, data=scales)
    none = np.zeros(0)
    blockwise = {"table": "BlockwiseQuantization", "scales": holder, "zero_points": None, "block_size": BLOCK}
    quantization = Quantization(none.astype(np.float32), none.astype(np.int64), 0, blockwise=blockwise)
    x = rng.normal(size=(2, DEPTH)).astype(np.float32)
    real = drawn() * np.repeat(scales.astype(np.float32), BLOCK, axis=1)
    got = run(write_bytes(model(drawn(), quantization, None)), x)
    np.testing.assert_allclose(got, x @ real.T, atol=0.03)  # activations are rounded to 8 bits
