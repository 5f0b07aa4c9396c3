"""Fields that few files use, all in one file: they come back as they were."""

from __future__ import annotations

import numpy as np

from rillet.flatbuffer import read, write_bytes
from rillet.flatbuffer.encode import encode
from rillet.ir import DType

from .dump import dump


def data(text: bytes) -> dict[str, np.ndarray]:
    return {"data": np.frombuffer(text, np.uint8)}


SPARSE = {
    "traversal_order": [0, 1],
    "block_map": [0],
    "dim_metadata": [
        {"dense_size": 4},
        {
            "format": 1,
            "array_segments": ("Int32Vector", {"values": [0, 1, 2]}),
            "array_indices": ("Uint8Vector", {"values": np.array([0, 3], np.uint8)}),
        },
    ],
}
TENSORS = [
    {"name": "x", "shape": [1, 4], "shape_signature": [-1, 4], "has_rank": True},
    {"name": "state", "shape": [4], "is_variable": True, "has_rank": True},
    {"name": "w", "shape": [4, 4], "buffer": 1, "sparsity": SPARSE, "type": int(DType.INT8), "has_rank": True},
    {"name": "list", "type": int(DType.VARIANT), "variant_tensors": [{"shape": [2], "type": 2, "has_rank": True}]},
    {"name": "text", "shape": [1], "type": int(DType.STRING), "buffer": 2, "has_rank": True},
    {"name": "inner", "quantization": {"scale": [0.5], "zero_point": [3], "min": [-1.0], "max": [1.0]}},
    {"name": "outside", "shape": [8], "external_buffer": 7, "has_rank": True},
    {
        "name": "q",
        "shape": [4],
        "quantization": {
            "details": ("MultiAxisQuantization", {"scales": 5, "zero_points": -1, "quantized_dimensions": [0, 1]}),
        },
    },
    {
        "name": "c",
        "shape": [4],
        "quantization": {
            "details": ("CustomQuantization", {"custom": np.arange(5, dtype=np.uint8)}),
        },
    },
    {"name": "unused", "shape": [3], "buffer": 3, "type": int(DType.UINT8)},
    {"name": "scalar", "has_rank": True},
]
OPERATORS = [
    {
        "inputs": [0, -1, 2],
        "outputs": [10],
        "mutating_variable_inputs": [False, True, False],
        "intermediates": [5],
        "builtin_options": ("SVDFOptions", {"rank": 2}),
        "debug_metadata_index": 4,
    },
    {"opcode_index": 1, "inputs": [10, 4, 6, 7, 8], "outputs": [3], "custom_options": np.frombuffer(b"flex", np.uint8)},
    {
        "opcode_index": 2,
        "builtin_options_2": (
            "StableHLOCompositeOptions",
            {
                "name": "odml.norm",
                "decomposition_subgraph_index": 1,
                "version": 2,
                "composite_attributes": np.arange(9, dtype=np.uint8),
            },
        ),
        "custom_options": np.frombuffer(b"more", np.uint8),
    },
]
MODEL = {
    "version": 3,
    "description": "everything",
    "operator_codes": [
        {"builtin_code": 27, "deprecated_builtin_code": 27, "version": 4},
        {"builtin_code": 32, "deprecated_builtin_code": 32, "custom_code": "FlexList"},
        {"builtin_code": 206, "deprecated_builtin_code": 127},
    ],
    "subgraphs": [
        {"name": "main", "tensors": TENSORS, "inputs": [0], "outputs": [3], "operators": OPERATORS},
        {
            "name": "other",
            "tensors": [{"name": "y", "shape": [1]}],
            "inputs": [0],
            "outputs": [0],
            "debug_metadata_index": 2,
        },
    ],
    "buffers": [{}, data(b"\x01\x02"), data(b"\x01\0\0\0\x0c\0\0\0\x0d\0\0\0A"), data(b"abc"), data(b"1.14.0")],
    "metadata": [{"name": "min_runtime_version", "buffer": 4}],
    "metadata_buffer": [4, 3],
    "signature_defs": [
        {
            "signature_key": "serve",
            "inputs": [{"name": "a", "tensor_index": 0}],
            "outputs": [{"name": "b", "tensor_index": 3}],
        },
        {"signature_key": "second", "subgraph_index": 1, "outputs": [{"name": "y"}]},
    ],
    "external_buffer_groups": [{"name": "weights.bin"}],
    "external_buffers": [{"id": 7, "offset": 64, "length": 32, "packing": "none"}],
}


def test_everything_comes_back() -> None:
    content = encode("Model", MODEL)
    written = write_bytes(read(content))
    assert dump(written) == dump(content)
    assert write_bytes(read(written)) == written


def test_how_the_model_looks() -> None:
    model = read(encode("Model", MODEL))
    first, second, composite = model.main.ops
    assert first.inputs[1] is None and first.mutates == [False, True, False] and first.intermediates[0].name == "inner"
    assert second.kind == "CUSTOM" and composite.kind == "STABLEHLO_COMPOSITE"
    assert composite.attrs.name == "odml.norm"  # type: ignore[attr-defined]
    assert model.signatures[0].inputs["a"] is model.main.inputs[0]
    assert model.main.inputs[0].shape == (None, 4)
    assert model.metadata == {"min_runtime_version": b"1.14.0"}
    assert [tensor.name for tensor in model.main.extra["unused"]] == ["state", "unused"]
