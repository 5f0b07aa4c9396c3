"""Details dictionaries, signatures and operators of every zoo model, key by key as LiteRT gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..zoo import ZOO

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Interpreter, InvalidModel, RuntimeFailure

from .models import litert

MODELS = sorted(str(path.relative_to(ZOO)) for path in ZOO.rglob("*.tflite") if "malformed" not in path.parts)
# Damaged on purpose: LiteRT reads beyond the scales of one and aborts.
NOT_FOR_LITERT = {"conformance/litert/litert_tests/blockwise_quantized.tflite"}

# LiteRT leaves out the first one's operator on constants, and calls all of TensorFlow's operators
# "Flex" in the second.
OTHER_NODES = {
    "conformance/litert/tflite_testdata/add_shared_tensors.tflite",
    "conformance/litert/tflite_testdata/double_flex.tflite",
}

# LiteRT gives the outputs of DENSIFY another name while it allocates, and a float sum of uint8 tensors their type.
RENAMED = {
    "models/mediapipe/face_detection_full_range_sparse.tflite",
    "conformance/litert/tflite_testdata/add_quantized.tflite",
}

# LiteRT finds these shapes when it runs; rillet finds them when it allocates, those of tensors that are still there.
LATER = {"models/ultraface/version-RFB-320_without_postprocessing.tflite"}


def assert_same(got: Any, want: Any, where: str = "") -> None:
    """Equal values of equal types, arrays with equal element types, all the way down."""
    assert type(got) is type(want), where
    if isinstance(want, dict):
        assert got.keys() == want.keys(), where
        for key in want:
            assert_same(got[key], want[key], f"{where}[{key!r}]")
    elif isinstance(want, (list, tuple)):
        assert len(got) == len(want), where
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            assert_same(a, b, f"{where}[{i}]")
    elif isinstance(want, np.ndarray):
        assert got.dtype == want.dtype, where
        np.testing.assert_array_equal(got, want, where)
    else:
        assert got == want, where


@pytest.mark.parametrize("model", [m for m in MODELS if m not in NOT_FOR_LITERT])
def test_details_equal_litert(model: str) -> None:
    theirs = litert(model_path=str(ZOO / model))
    try:
        ours = Interpreter(str(ZOO / model))
    except InvalidModel as refusal:
        pytest.skip(str(refusal))
    assert_same(ours.get_signature_list(), theirs.get_signature_list())
    assert ours.num_subgraphs() == theirs.num_subgraphs()
    for graph in range(theirs.num_subgraphs()):
        assert_same(ours.get_tensor_details(graph), theirs.get_tensor_details(graph), f"graph {graph}")
    nodes = [] if model in OTHER_NODES else ["_get_ops_details"]
    for get in ("get_input_details", "get_output_details", *nodes):
        assert_same(getattr(ours, get)(), getattr(theirs, get)(), get)
    for key in theirs.get_signature_list():
        a, b = ours.get_signature_runner(key), theirs.get_signature_runner(key)
        assert_same(a.get_input_details(), b.get_input_details())
        assert_same(a.get_output_details(), b.get_output_details())
    try:
        theirs.allocate_tensors()
        ours.allocate_tensors()
    except RuntimeError as refusal:
        assert isinstance(refusal, RuntimeFailure) or "rillet" not in type(refusal).__module__
        return
    if model in LATER:
        theirs.invoke()
    # LiteRT appends its own scratch tensors to the file's.
    count = len(ours.get_tensor_details())
    every = [] if model in RENAMED | LATER else ["get_tensor_details"]
    for get in ("get_input_details", "get_output_details", *every):
        assert_same(getattr(ours, get)()[:count], getattr(theirs, get)()[:count], get)
