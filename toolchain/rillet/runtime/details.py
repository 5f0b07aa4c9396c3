"""What a .tflite file says of its tensors and signatures, by the indices that the file uses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..flatbuffer.decode import Decoder, Record
from ..ir import DType
from .plan import ModelBytes


@dataclass(frozen=True)
class SignatureIndices:
    """A signature as tensor indices of subgraph `graph`."""

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

    def graph(self, index: int) -> Record:
        """The schema's SubGraph record."""
        record: Record = self._model["subgraphs"][index]
        for key in ("inputs", "outputs", "tensors"):
            record[key] = [] if record[key] is None else record[key]
        return record

    def tensor(self, index: int) -> Record:
        """The schema's Tensor record, main graph.

        Raises:
            ValueError: no such tensor.
        """
        tensors = self.graph(0)["tensors"]
        if not 0 <= index < len(tensors):
            raise ValueError(f"there is no tensor {index}; the model has {len(tensors)}")
        record: Record = tensors[index]
        return record

    def name(self, index: int) -> str:
        return str(self.tensor(index)["name"] or "")

    def constant(self, index: int) -> NDArray[Any] | None:
        """The value of a constant tensor, None for others."""
        tensor = self.tensor(index)
        data = self._model["buffers"][tensor["buffer"]]["data"]
        if data is None or len(data) == 0:
            return None
        shape = () if tensor["shape"] is None else tuple(tensor["shape"])
        constant: NDArray[Any] = data.view(DType(tensor["type"]).numpy).reshape(shape)
        return constant

    @cached_property
    def has_uint8(self) -> bool:
        return any(t["type"] == DType.UINT8 for g in self._model["subgraphs"] for t in g["tensors"] or ())

    def signatures(self) -> dict[str, SignatureIndices]:
        return {
            s["signature_key"] or "": SignatureIndices(
                s["subgraph_index"],
                {m["name"]: m["tensor_index"] for m in s["inputs"] or ()},
                {m["name"]: m["tensor_index"] for m in s["outputs"] or ()},
            )
            for s in self._model["signature_defs"] or ()
        }


def tensor_detail(tensor: Record, index: int, shape: tuple[int, ...] | None = None) -> dict[str, Any]:
    """A tensor's dictionary with the keys and types that tflite_runtime gives."""
    stored = np.array([] if tensor["shape"] is None else tensor["shape"], np.int32)
    now = stored if shape is None else np.array(shape, np.int32)
    signature = now if tensor["shape_signature"] is None else np.array(tensor["shape_signature"], np.int32)
    quantization = tensor["quantization"] or {}
    scales = _array(quantization.get("scale"), np.float32)
    zero_points = _array(quantization.get("zero_point"), np.int32)
    single = (float(scales[0]), int(zero_points[0]) if len(zero_points) else 0) if len(scales) == 1 else (0.0, 0)
    return {
        "name": tensor["name"] or "",
        "index": index,
        "shape": now,
        "shape_signature": signature,
        "dtype": _element_class(DType(tensor["type"])),
        "quantization": single,
        "quantization_parameters": {
            "scales": scales,
            "zero_points": zero_points,
            "quantized_dimension": quantization.get("quantized_dimension", 0),
        },
        "sparsity_parameters": {},
    }


def _array(values: Any, dtype: type[np.generic]) -> NDArray[Any]:
    return np.array([] if values is None else values, dtype)


def _element_class(dtype: DType) -> type[Any]:
    return np.bytes_ if dtype is DType.STRING else dtype.numpy.type
