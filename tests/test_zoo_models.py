"""Every .tflite file of the zoo: what LiteRT runs, rillet runs, with equal results (floats within 1e-5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .test_litert_equality import assert_equal, run
from .zoo import ZOO

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.flatbuffer import read
from rillet.ops import evaluate
from rillet.runtime import Interpreter, RuntimeFailure

FILES = {str(path.relative_to(ZOO)): path for path in sorted(ZOO.rglob("*.tflite"))}

TESTS = "conformance/litert/litert_tests"
DATA = "conformance/litert/tflite_testdata"
CRASHES_LITERT = {
    f"{TESTS}/blockwise_quantized.tflite": "aborts: a scale tensor that is not there",
    "models/tflite_micro/keyword_scrambled_int8.tflite": "writes past its memory: SVDF with an int8 state",
}
# What rillet does not run, and how it says so.
UNSUPPORTED = {
    f"{TESTS}/gather_string.tflite": "strings are not supported",
    f"{DATA}/string_input_model.tflite": "strings are not supported",
    f"{DATA}/string_input_model_with_signature.tflite": "strings are not supported",
    f"{DATA}/tensor_string_data_type.tflite": "strings are not supported",
    f"{DATA}/while_op_with_forwarding_input.tflite": "strings are not supported",
}
# BATCH_MATMUL with a scale per column: LiteRT takes their common scale, which is none, and gives zeros.
WRONG_IN_LITERT = {
    f"{TESTS}/static_w8_a16_quantized_q_einsum.tflite",
    f"{TESTS}/static_w8_a16_quantized_v_einsum.tflite",
}
# Block-wise int4 weights: LiteRT's reference kernel writes nothing.
ONLY_OPTIMIZED = {f"{TESTS}/qwen_fc_blockwise_quantized.tflite"}


def drawn(details: list[dict[str, Any]]) -> list[NDArray[Any]]:
    rng = np.random.default_rng(1)
    arrays = []
    for detail in details:
        shape, dtype = detail["shape"], np.dtype(detail["dtype"])
        if dtype.kind == "f":
            arrays.append(rng.standard_normal(shape).astype(dtype))
        elif dtype.kind == "b" or dtype.itemsize > 2:  # wide integers are mostly indices and counts
            arrays.append(rng.integers(0, 2, shape).astype(dtype))
        else:
            info = np.iinfo(dtype)
            arrays.append(rng.integers(info.min, info.max, shape, dtype, endpoint=True))
    return arrays


def judge_of(name: str) -> Any:
    """LiteRT's reference kernels, allocated; its optimized ones where it has no others for a version."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    refusal: Exception | None = None
    for resolver in ("BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES")[name in ONLY_OPTIMIZED :]:
        try:
            judge = litert.Interpreter(str(FILES[name]), experimental_op_resolver_type=litert.OpResolverType[resolver])
            judge.allocate_tensors()
            return judge
        except (ValueError, RuntimeError) as problem:
            refusal = problem
    pytest.skip(f"LiteRT does not run it: {str(refusal)[:80]}")


@pytest.mark.parametrize("name", FILES)
def test_equals_litert(name: str) -> None:
    path = FILES[name]
    if name in CRASHES_LITERT:
        pytest.skip(f"LiteRT {CRASHES_LITERT[name]}")
    if name in UNSUPPORTED:
        with pytest.raises(RuntimeFailure, match=UNSUPPORTED[name]):
            Interpreter(path).allocate_tensors()
        return
    judge = judge_of(name)
    inputs = drawn(judge.get_input_details())
    try:
        wanted = run(judge, inputs)
    except RuntimeError as problem:
        pytest.skip(f"LiteRT does not run it: {str(problem)[:80]}")
    if name in WRONG_IN_LITERT:
        graph = read(path).main
        by_name = evaluate(graph, inputs)
        wanted = [by_name[t.name] for t in graph.outputs]
    ours = Interpreter(path)
    ours.allocate_tensors()
    for got, want in zip(run(ours, inputs), wanted, strict=True):
        if name in WRONG_IN_LITERT:
            assert np.abs(got.astype(np.int64) - want).max() <= 1
        else:
            assert_equal(got, want)
