"""What a .tflite file says of its tensors, operators and signatures, by the indices that the file uses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..flatbuffer.decode import Decoder, Record
from ..flatbuffer.packing import unpack
from ..flatbuffer.schema import OPERATORS
from ..ir import DType
from .plan import ModelBytes, drop_pages

_UNREADABLE = (DType.STRING, DType.RESOURCE, DType.VARIANT)


@dataclass(frozen=True)
class SignatureIndices:
    """A signature as tensor indices of subgraph `graph`, by argument and result name."""

    graph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


class ModelDetails:
    """Decoded on first use: running a model needs none of it."""

    def __init__(self, data: ModelBytes) -> None:
        self._data = data

    @cached_property
    def _model(self) -> Record:
        return Decoder(self._data).root("Model")

    @property
    def graph_count(self) -> int:
        return len(self._model["subgraphs"])

    def graph(self, index: int) -> Record:
        """The schema's SubGraph record; its vectors are lists, empty where the file has none."""
        record: Record = self._model["subgraphs"][index]
        for key in ("inputs", "outputs", "tensors", "operators"):
            record[key] = [] if record[key] is None else record[key]
        return record

    def tensor(self, index: int, graph: int = 0) -> Record:
        """The schema's Tensor record.

        Raises:
            ValueError: no such tensor.
        """
        tensors = self.graph(graph)["tensors"]
        if not 0 <= index < len(tensors):
            raise ValueError(f"there is no tensor {index}; the model has {len(tensors)}, counted from 0")
        record: Record = tensors[index]
        return record

    def name(self, index: int, graph: int = 0) -> str:
        return str(self.tensor(index, graph)["name"] or "")

    def constant(self, index: int, graph: int = 0) -> NDArray[Any] | None:
        """The value of a constant tensor, None for others.

        Raises:
            ValueError: a constant of strings, or a sparse one, which has no array here.
        """
        tensor = self.tensor(index, graph)
        data = self._model["buffers"][tensor["buffer"]]["data"]
        if data is None or len(data) == 0:
            return None
        dtype = DType(tensor["type"])
        if dtype in _UNREADABLE or tensor["sparsity"] is not None:
            kind = "is sparse" if tensor["sparsity"] is not None else f"has type {dtype.name}"
            raise ValueError(f"constant '{tensor['name']}' {kind}: it cannot be read as an array")
        shape = () if tensor["shape"] is None else tuple(tensor["shape"].tolist())
        if dtype.bits < 8:
            return unpack(data, int(np.prod(shape, dtype=np.int64)), dtype).reshape(shape)
        constant: NDArray[Any] = data.view(dtype.numpy).reshape(shape)
        return constant

    @cached_property
    def has_uint8(self) -> bool:
        return any(t["type"] == DType.UINT8 for g in self._model["subgraphs"] for t in g["tensors"] or ())

    def operator(self, index: int, graph: int = 0) -> tuple[str, NDArray[Any], NDArray[Any]]:
        """Name ("CONV_2D", or a custom operator's own), input and output tensor indices (-1: absent input)."""
        record = self.graph(graph)["operators"][index]
        code = self._model["operator_codes"][record["opcode_index"]]
        number = max(code["builtin_code"], code["deprecated_builtin_code"])  # old files have the second only
        name = OPERATORS[number]
        if name == "CUSTOM":
            name = code["custom_code"] or "UnknownCustomOp"
        return name, _array(record["inputs"], np.int32), _array(record["outputs"], np.int32)

    def signatures(self) -> dict[str, SignatureIndices]:
        return {
            s["signature_key"] or "": SignatureIndices(
                s["subgraph_index"],
                {m["name"]: m["tensor_index"] for m in s["inputs"] or ()},
                {m["name"]: m["tensor_index"] for m in s["outputs"] or ()},
            )
            for s in self._model["signature_defs"] or ()
        }

    def describe(self, index: int, graph: int = 0, shape: tuple[int, ...] | None = None) -> dict[str, Any]:
        """A tensor's dictionary with the keys and types that tflite_runtime gives; `shape` overrides the file's."""
        try:
            return self._describe(self.tensor(index, graph), index, graph, shape)
        finally:
            drop_pages(self._data)

    def _describe(self, tensor: Record, index: int, graph: int, shape: tuple[int, ...] | None) -> dict[str, Any]:
        now = _array(tensor["shape"] if shape is None else shape, np.int32)
        signature = _array(tensor["shape_signature"], np.int32)
        parameters = self._quantization(tensor["quantization"], graph)
        scales, zero_points = parameters["scales"], parameters["zero_points"]
        single = len(scales) == 1 and len(zero_points) == 1
        return {
            "name": tensor["name"] or "",
            "index": index,
            "shape": now,
            "shape_signature": signature if len(signature) else now.copy(),
            "dtype": _element_class(DType(tensor["type"])),
            "quantization": (float(scales[0]), int(zero_points[0])) if single else (0.0, 0),
            "quantization_parameters": parameters,
            "sparsity_parameters": _sparsity(tensor["sparsity"]),
        }

    def _quantization(self, record: Record | None, graph: int) -> dict[str, Any]:
        record = record or {"details": None, "scale": None, "zero_point": None, "quantized_dimension": 0}
        scales, zero_points = _array(record["scale"], np.float32), _array(record["zero_point"], np.int32)
        if record["details"] is not None and record["details"][0] == "BlockwiseQuantization":
            block = record["details"][1]
            return {
                "scales": self._parameter(block["scales"], graph, np.float16),
                "zero_points": self._parameter(block["zero_points"], graph, np.int32),
                "quantized_dimension": record["quantized_dimension"],
                "block_size": block["block_size"],
            }
        if len(scales) and not len(zero_points):
            zero_points = np.zeros(len(scales), np.int32)
        return {
            "scales": scales,
            "zero_points": zero_points,
            "quantized_dimension": record["quantized_dimension"] if len(scales) else 0,
            "block_size": 0,
        }

    def _parameter(self, index: int, graph: int, dtype: type[np.generic]) -> NDArray[Any]:
        """Blockwise scales and zero points are tensors of their own (index -1: none)."""
        values = self.constant(index, graph) if index != -1 else None
        return _array(None if values is None else values.reshape(-1), dtype)


def _sparsity(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {}
    block_map = {} if record["block_map"] is None else {"block_map": _array(record["block_map"], np.int32)}
    dims = []
    for dim in record["dim_metadata"] or ():
        if dim["format"] == 0:  # DENSE
            dims.append({"format": 0, "dense_size": dim["dense_size"]})
        else:
            segments, indices = (dim[key][1]["values"] for key in ("array_segments", "array_indices"))
            dims.append(
                {
                    "format": 1,
                    "array_segments": _array(segments, np.int32),
                    "array_indices": _array(indices, np.int32),
                }
            )
    return {"traversal_order": _array(record["traversal_order"], np.int32), **block_map, "dim_metadata": dims}


def _array(values: Any, dtype: type[np.generic]) -> NDArray[Any]:
    """A new array; empty for None."""
    return np.array([] if values is None else values, dtype)


def _element_class(dtype: DType) -> type[Any]:
    if dtype is DType.STRING:
        return np.bytes_
    return np.object_ if dtype in _UNREADABLE else dtype.numpy.type
