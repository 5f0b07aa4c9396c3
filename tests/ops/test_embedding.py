"""EMBEDDING_LOOKUP in tables of fewer bits than its float results, against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model, Op, Quantization, Tensor
from rillet.ops import opdef

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Plan, Session

IDS = np.array([3, 0, 6, 3], np.int32)


def lookup(dtype: DType, is_per_row: bool, width: int) -> Model:
    low, high = dtype.limits
    values = np.random.default_rng(1).integers(low, high + 1, (7, width)).astype(np.int8)
    scale = np.linspace(0.01, 0.05, 7, dtype=np.float32) if is_per_row else np.array([0.02], np.float32)
    table = Tensor("table", values.shape, dtype, Quantization(scale, np.zeros(scale.size, np.int64), 0), values)
    ids, result = Tensor("ids", IDS.shape, DType.INT32), Tensor("result", (*IDS.shape, width), DType.FLOAT32)
    op = Op("EMBEDDING_LOOKUP", [ids, table], [result], opdef("EMBEDDING_LOOKUP").attrs())
    return Model([Graph("main", [ids], [result], [op])])


@pytest.mark.parametrize("width", [4, 10])
@pytest.mark.parametrize("is_per_row", [False, True])
@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT4])
def test_equals_litert(dtype: DType, is_per_row: bool, width: int) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    content = write_bytes(lookup(dtype, is_per_row, width))
    judge = litert.Interpreter(model_content=content, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF)
    judge.allocate_tensors()
    judge.set_tensor(judge.get_input_details()[0]["index"], IDS)
    judge.invoke()
    ours = Session(Plan(content))
    ours.inputs[0][...] = IDS
    ours.invoke()
    np.testing.assert_allclose(ours.outputs[0], judge.get_tensor(judge.get_output_details()[0]["index"]), rtol=1e-6)
