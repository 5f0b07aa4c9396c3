"""A .tflite file -> ir.Model."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import CustomAttrs, DType, Graph, Model, Op, Quantization, Signature, Tensor
from ..ops import registry
from .appended import read_appended
from .decode import Decoder, Record
from .errors import FlatbufferError
from .options import to_attrs
from .packing import unpack
from .schema import OPERATORS, VERSION

Bytes = NDArray[np.uint8]
_OPAQUE = (DType.STRING, DType.RESOURCE, DType.VARIANT)
_SUBBYTE = (DType.INT4, DType.UINT4, DType.INT2)
_CARRIED_OP_FIELDS = ("custom_options_format", "debug_metadata_index")


def read(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Model:
    """Reads a .tflite file of schema version 3, from a path (memory-mapped) or from its bytes.

    Constants are read-only views of the file (int4, uint4 and int2 are unpacked copies). Every field that the IR
    has no place for is kept in `extra`, so that `write` gives back the same program, tensor numbers included.

    Raises:
        FlatbufferError: no valid TFLite file, with the byte offset and the reason; or no such file.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _Reader(source).model()
    path = Path(source)
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise FlatbufferError(f"{path} is empty")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise FlatbufferError(f"cannot read {path}: {error.strerror}") from None
    try:
        return _Reader(content).model()
    except FlatbufferError as error:
        raise FlatbufferError(f"{path}: {error}") from None


def read_program(content: bytes | bytearray | memoryview) -> Model:
    """As `read`, from bytes and without what nothing that runs needs: the files behind the model
    (`extra["appended_files"]`), and the ranges seen in training (`Quantization.min` and `max`).

    Raises:
        FlatbufferError: as `read`.
    """
    return _Reader(content, whole=False).model()


class _Reader:
    def __init__(self, content: Any, whole: bool = True) -> None:
        self._decoder = Decoder(content)
        self._whole = whole
        self._unpacked: dict[tuple[int, DType, int], NDArray[np.generic]] = {}

    def model(self) -> Model:
        root = self._decoder.root("Model")
        if root["version"] != VERSION:
            raise FlatbufferError(f"schema version {root['version']}; rillet reads version {VERSION}")
        self._buffers: Sequence[Record] = root["buffers"] or ()
        self._codes: list[tuple[str, Record]] = [_operator_code(record) for record in root["operator_codes"] or ()]
        if not root["subgraphs"]:
            raise FlatbufferError("the file holds no subgraph")
        self._numbered: list[list[Tensor]] = []
        graphs = [self._graph(record) for record in root["subgraphs"]]
        model = Model(graphs, description=root["description"] or "")
        for record in root["metadata"] or ():
            model.metadata[record["name"] or ""] = self._copy(record["buffer"], "metadata")
        model.signatures = [self._signature(record) for record in root["signature_defs"] or ()]
        if root["metadata_buffer"] is not None:
            numbers = root["metadata_buffer"].tolist()
            model.extra["metadata_buffer"] = [self._copy(n, "metadata buffer") for n in numbers]
        for name in ("external_buffer_groups", "external_buffers"):
            if root[name]:
                model.extra[name] = root[name]
        files = read_appended(self._decoder.data) if self._whole else {}
        if files:
            model.extra["appended_files"] = files
        _mark_unranked(graphs)
        return model

    def _buffer(self, number: int, what: str) -> Bytes:
        record = self._pick(self._buffers, number, what)
        if record["offset"] > 1:
            return self._outside(record["offset"], record["size"], "a buffer")
        data: Bytes | None = record["data"]
        return _NO_BYTES if data is None else data

    def _copy(self, number: int, what: str) -> bytes:
        content = self._buffer(number, what)
        self._decoder.charge(len(content), number)
        return bytes(content.tobytes())

    def _outside(self, offset: int, size: int, what: str) -> Bytes:
        """Bytes of the file beyond the flatbuffer, where files above 2 GB keep their data."""
        if offset + size > self._decoder.size:
            raise FlatbufferError(f"{what} lies at bytes {offset} to {offset + size}, past the end of the file")
        return np.frombuffer(self._decoder.data, np.uint8, size, offset) if size else _NO_BYTES

    def _pick(self, items: Sequence[Any], index: int, what: str) -> Any:
        if not 0 <= index < len(items):
            raise FlatbufferError(f"{what} number {index} of {len(items)}")
        return items[index]

    def _graph(self, record: Record) -> Graph:
        tensors = [self._tensor(each) for each in record["tensors"] or ()]
        self._resolve_details(tensors)
        self._numbered.append(tensors)
        graph = Graph(record["name"] or "")
        graph.inputs = [self._pick(tensors, i, "graph input") for i in _ints(record["inputs"])]
        graph.outputs = [self._pick(tensors, i, "graph output") for i in _ints(record["outputs"])]
        graph.ops = [self._op(each, tensors) for each in record["operators"] or ()]
        made = {t for op in graph.ops for t in op.outputs} | set(graph.inputs)
        for tensor in tensors:
            if tensor.data is not None and tensor.data.size == 0 and tensor in made:
                tensor.data = None
        used = set(graph.tensors())
        graph.extra = {"tensors": tensors, "unused": [t for t in tensors if t not in used]}
        if record["debug_metadata_index"] != -1:
            graph.extra["debug_metadata_index"] = record["debug_metadata_index"]
        return graph

    def _tensor(self, record: Record) -> Tensor:
        name, number = record["name"] or "", record["buffer"]
        dtype = _DTYPES.get(record["type"])
        if dtype is None:
            raise FlatbufferError(f"tensor '{name}' has type {record['type']}, not a known one")
        static = _ints(record["shape"])
        if static and min(static) < 0:
            raise FlatbufferError(f"tensor '{name}' has shape {static}, with a negative dimension")
        tensor = Tensor(name, static, dtype, is_variable=record["is_variable"])
        signature, quantization = record["shape_signature"], record["quantization"]
        if signature is not None:
            self._set_signature(tensor, signature.tolist())
        if quantization is not None:
            tensor.quantization = _quantization(quantization, self._whole)
        tensor.sparsity, tensor.variant = record["sparsity"], record["variant_tensors"]
        if record["external_buffer"]:
            tensor.extra["external_buffer"] = record["external_buffer"]
        if record["has_rank"]:
            tensor.extra["has_rank"] = True
        buffer = self._buffer(number, f"tensor '{name}': buffer")
        if len(buffer):
            tensor.data = self._constant(tensor, static, buffer, number)
        elif 0 in static and not tensor.is_variable and dtype not in _OPAQUE:
            tensor.data = _shaped(tensor, np.empty(0, dtype.numpy), static)
        return tensor

    def _set_signature(self, tensor: Tensor, signature: list[int]) -> None:
        static = tensor.shape
        fits = len(signature) == len(static) and all(s in (-1, d) for s, d in zip(signature, static, strict=True))
        if fits and -1 in signature:
            tensor.shape = tuple(None if s == -1 else s for s in signature)
            tensor.default_shape = tuple(d for d in static if d is not None)
        elif signature:
            tensor.extra["shape_signature"] = tuple(signature)

    def _constant(self, tensor: Tensor, static: tuple[int, ...], buffer: Bytes, number: int) -> NDArray[np.generic]:
        if tensor.dtype in _OPAQUE or tensor.sparsity is not None:
            return buffer
        count = prod(static)
        needed = (count * tensor.dtype.bits + 7) // 8
        if len(buffer) != needed:
            raise FlatbufferError(
                f"constant '{tensor.name}' holds {len(buffer)} bytes, and {tensor.dtype.name} {static} needs {needed}"
            )
        if tensor.dtype not in _SUBBYTE:
            return _shaped(tensor, buffer.view(tensor.dtype.numpy), static)
        key = number, tensor.dtype, count
        if key not in self._unpacked:
            self._decoder.charge(len(buffer), number)
            self._unpacked[key] = unpack(buffer, count, tensor.dtype)
            self._unpacked[key].flags.writeable = False
        return _shaped(tensor, self._unpacked[key], static)

    def _resolve_details(self, tensors: list[Tensor]) -> None:
        """Blockwise details name tensors by number; the IR refers to the tensors themselves."""
        for tensor in tensors:
            details = tensor.quantization.blockwise if tensor.quantization else None
            if isinstance(details, dict):
                for name in ("scales", "zero_points"):
                    if name in details:
                        number = details[name]
                        details[name] = None if number < 0 else self._pick(tensors, number, f"{tensor.name}: {name}")

    def _op(self, record: Record, tensors: list[Tensor]) -> Op:
        kind, code = self._pick(self._codes, record["opcode_index"], "operator code")
        inputs = self._operands(kind, "inputs", record["inputs"], tensors, -1)
        op = Op(kind, inputs, self._operands(kind, "outputs", record["outputs"], tensors), version=code["version"])
        if record["intermediates"] is not None:
            op.intermediates = self._operands(kind, "intermediates", record["intermediates"], tensors)
        op.mutates = [bool(flag) for flag in _ints(record["mutating_variable_inputs"])]
        op.extra = {name: record[name] for name in _CARRIED_OP_FIELDS if record[name] not in (0, -1)}
        custom = self._custom_options(record)
        options = record["builtin_options"] or record["builtin_options_2"]
        if kind == "CUSTOM" and code["custom_code"] in registry():
            op.kind = kind = code["custom_code"]  # an operator of rillet's own, its attributes in builtin options
        if kind == "CUSTOM":
            op.attrs = CustomAttrs(code["custom_code"] or "", custom or b"")
            return op
        op.attrs = to_attrs(kind, options)
        if options is None:
            op.extra["absent_options"] = to_attrs(kind, None)
        if custom is not None:
            op.extra["custom_options"] = custom
        if code["custom_code"] and code["custom_code"] != kind:
            op.extra["custom_code"] = code["custom_code"]
        return op

    def _operands(
        self, kind: str, name: str, vector: NDArray[Any] | None, tensors: list[Tensor], least: int = 0
    ) -> list[Any]:
        """Tensors by number; with `least` -1, None for that number."""
        numbers = [] if vector is None else vector.tolist()
        if numbers and not least <= min(numbers) <= max(numbers) < len(tensors):
            wrong = next(n for n in numbers if not least <= n < len(tensors))
            raise FlatbufferError(f"{kind}: {name} number {wrong} of {len(tensors)}")
        return [tensors[n] if n >= 0 else None for n in numbers]

    def _custom_options(self, record: Record) -> bytes | None:
        if record["large_custom_options_offset"] > 1:
            offset, size = record["large_custom_options_offset"], record["large_custom_options_size"]
            self._decoder.charge(size, offset)
            return self._outside(offset, size, "custom options").tobytes()
        return None if record["custom_options"] is None else record["custom_options"].tobytes()

    def _signature(self, record: Record) -> Signature:
        key = record["signature_key"] or ""
        number = record["subgraph_index"]
        tensors = self._pick(self._numbered, number, f"signature '{key}': subgraph")

        def arguments(name: str) -> dict[str, Tensor]:
            return {
                each["name"] or "": self._pick(tensors, each["tensor_index"], f"signature '{key}': tensor")
                for each in record[name] or ()
            }

        return Signature(key, arguments("inputs"), arguments("outputs"), number)


_NO_BYTES: Bytes = np.empty(0, np.uint8)
_NO_FLOATS, _NO_ZEROS = np.empty(0, np.float32), np.empty(0, np.int64)
_DTYPES = {dtype.value: dtype for dtype in DType}


def _ints(vector: NDArray[Any] | None) -> tuple[int, ...]:
    return () if vector is None else tuple(vector.tolist())


def _shaped(tensor: Tensor, values: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise FlatbufferError(f"constant '{tensor.name}' of shape {shape}: {error}") from None


def _operator_code(record: Record) -> tuple[str, Record]:
    """The operator's name. Codes above 126 need the newer field, and old files have the older one only."""
    code = max(record["builtin_code"], record["deprecated_builtin_code"])
    if not 0 <= code < len(OPERATORS):
        raise FlatbufferError(f"builtin operator {code} is not known; the file may be newer than this rillet")
    return OPERATORS[code], record


def _quantization(record: Record, with_range: bool) -> Quantization | None:
    scale, zero, axis, details = record["scale"], record["zero_point"], record["quantized_dimension"], record["details"]
    low, high = (_floats(record["min"]), _floats(record["max"])) if with_range else (None, None)
    if scale is None or not scale.size:
        if low is None and high is None and details is None and not axis:
            return None
        scale = _NO_FLOATS
    zero = _NO_ZEROS if zero is None else zero
    blockwise = None if details is None else {"table": details[0], **details[1]}
    return Quantization(scale.copy(), zero.copy(), axis, low, high, blockwise)


def _floats(values: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return None if values is None or not values.size else values.copy()


def _mark_unranked(graphs: list[Graph]) -> None:
    """Tensors of unknown rank have an empty shape and no `has_rank`; files older than that field have it nowhere.

    The field is carried where it is not what the writer would say: true for scalars, false otherwise.
    """
    tensors = [tensor for graph in graphs for tensor in graph.extra["tensors"]]
    is_used = any("has_rank" in tensor.extra for tensor in tensors)
    for tensor in tensors:
        has_rank = tensor.extra.pop("has_rank", False)
        tensor.unranked = is_used and not has_rank and not tensor.shape and tensor.data is None
        if has_rank != (not tensor.shape and not tensor.unranked):
            tensor.extra["has_rank"] = has_rank
