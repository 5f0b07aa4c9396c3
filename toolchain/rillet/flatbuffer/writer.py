"""ir.Model -> a .tflite file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..ir import CustomAttrs, DType, Graph, Model, Op, Quantization, Signature, Tensor, replacing, room_for
from ..ops import CUSTOM, registry
from .appended import append
from .decode import Record
from .encode import encode, encode_pieces
from .errors import FlatbufferError
from .options import from_attrs, options_field
from .packing import pack
from .schema import OPERATORS, VERSION

_SUBBYTE = (DType.INT4, DType.UINT4, DType.INT2)
_CODES = {name: code for code, name in enumerate(OPERATORS)}
_PLACEHOLDER = _CODES["PLACEHOLDER_FOR_GREATER_OP_CODES"]


def write(model: Model, path: str | os.PathLike[str]) -> None:
    """Writes `model` to `path`: the file is whole or not there.

    Raises:
        FlatbufferError: the model holds something that the format cannot, or the file cannot be written.
    """
    content = write_bytes(model)
    with replacing(path, FlatbufferError) as file:
        file.write(content)


def write_bytes(model: Model) -> bytes:
    """The .tflite file of `model`. Equal buffers are stored once; files that came appended are appended again.

    Raises:
        FlatbufferError: the model holds something that the format cannot.
    """
    content = encode("Model", _Writer(model).record())
    files = model.extra.get("appended_files")
    return append(content, files) if files else content


def write_room(model: Model) -> memoryview:
    """The same bytes, without appended files, in memory of their own (`ir.room_for`): for a file that is used at once.

    Raises:
        FlatbufferError: the model holds something that the format cannot.
    """
    pieces = encode_pieces("Model", _Writer(model).record())
    room, at = room_for(sum(memoryview(piece).nbytes for piece in pieces)), 0
    for piece in pieces:
        after = at + memoryview(piece).nbytes
        room[at:after] = memoryview(piece).cast("B")
        at = after
    return room


def tensor_order(graph: Graph) -> list[Tensor]:
    """The tensors of `graph` as a file numbers them.

    Those read from a file keep their order (and unused ones their place), so that whatever names tensors by number
    still holds; tensors made since follow, and tensors that passes cut off are left out.
    """
    wanted = dict.fromkeys([*graph.tensors(), *graph.extra.get("unused", ())])
    for tensor in list(wanted):
        details = tensor.quantization.blockwise if tensor.quantization else None
        if isinstance(details, dict):
            wanted |= dict.fromkeys(each for each in details.values() if isinstance(each, Tensor))
    kept = [tensor for tensor in graph.extra.get("tensors", ()) if tensor in wanted]
    return list(dict.fromkeys([*kept, *wanted]))


class _Writer:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._buffers: list[NDArray[np.uint8] | None] = [None]  # buffer 0 is empty by convention
        self._buffers_like: dict[int, list[int]] = {}
        self._codes: dict[tuple[int, str, int], int] = {}
        self._numbers = [{t: i for i, t in enumerate(tensor_order(graph))} for graph in model.graphs]

    def record(self) -> Record:
        model = self._model
        subgraphs = [self._graph(graph, numbers) for graph, numbers in zip(model.graphs, self._numbers, strict=True)]
        metadata = [{"name": name, "buffer": self._bytes(value)} for name, value in model.metadata.items()]
        carried = model.extra.get("metadata_buffer")
        return {
            "version": VERSION,
            "operator_codes": [_operator_code(*key) for key in self._codes],
            "subgraphs": subgraphs,
            "description": model.description or None,
            "signature_defs": [self._signature(each) for each in model.signatures] or None,
            "metadata": metadata or None,
            "metadata_buffer": None if carried is None else [self._bytes(value) for value in carried],
            "external_buffer_groups": model.extra.get("external_buffer_groups"),
            "external_buffers": model.extra.get("external_buffers"),
            "buffers": _Made(lambda content: {"data": content}, self._buffers),
        }

    def _bytes(self, content: bytes) -> int:
        return self._buffer(np.frombuffer(content, np.uint8))

    def _buffer(self, content: NDArray[np.uint8]) -> int:
        """The number of the buffer that holds `content`; 0 for none."""
        if not content.size:
            return 0
        key = hash((content.size, content[:64].tobytes(), content[-64:].tobytes()))
        like = self._buffers_like.setdefault(key, [])
        for number in like:
            known = self._buffers[number]
            if known is not None and known.tobytes() == content.tobytes():
                return number
        like.append(len(self._buffers))
        self._buffers.append(content)
        return like[-1]

    def _graph(self, graph: Graph, numbers: dict[Tensor, int]) -> Record:
        buffers = [0 if t.data is None else self._buffer(_file_bytes(t, t.data)) for t in numbers]
        codes = [self._codes.setdefault(_code_key(op), len(self._codes)) for op in graph.ops]
        return {
            "tensors": _Made(lambda pair: _tensor(pair[0], pair[1], numbers), list(zip(numbers, buffers, strict=True))),
            "inputs": [numbers[tensor] for tensor in graph.inputs],
            "outputs": [numbers[tensor] for tensor in graph.outputs],
            "operators": _Made(lambda pair: _op(pair[0], pair[1], numbers), list(zip(graph.ops, codes, strict=True))),
            "name": graph.name or None,
            "debug_metadata_index": graph.extra.get("debug_metadata_index"),
        }

    def _signature(self, signature: Signature) -> Record:
        numbers = self._numbers[signature.graph] if signature.graph < len(self._numbers) else {}

        def arguments(tensors: dict[str, Tensor]) -> list[Record]:
            lost = [name for name, tensor in tensors.items() if tensor not in numbers]
            if lost:
                raise FlatbufferError(f"signature '{signature.key}' names {lost}, tensors that its graph does not hold")
            return [{"name": name, "tensor_index": numbers[tensor]} for name, tensor in tensors.items()]

        return {
            "inputs": arguments(signature.inputs),
            "outputs": arguments(signature.outputs),
            "signature_key": signature.key,
            "subgraph_index": signature.graph,
        }


class _Made(Sequence[Record]):
    """Records that are made where they are written: all at once would be most of what writing takes in memory.

    Args:
        make: the record of an item. items: may grow until they are written.
    """

    def __init__(self, make: Callable[[Any], Record], items: Sequence[Any]) -> None:
        self._make, self._items = make, items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._make(self._items[index])


def _code_key(op: Op) -> tuple[int, str, int]:
    """What an operator code says: number, custom code, version."""
    definition = registry().get(op.kind)
    code = definition.code if definition else _CODES.get(op.kind)
    if code is None:
        raise FlatbufferError(f"operator {op.kind} '{op.where}' is no TFLite builtin; make it CUSTOM to store it")
    custom_code = op.extra.get("custom_code", "")
    if code == CUSTOM and op.kind != "CUSTOM":
        custom_code = op.kind
    if isinstance(op.attrs, CustomAttrs):
        custom_code = op.attrs.code
    return code, custom_code, op.version if op.version is not None else definition.version(op) if definition else 1


def _op(op: Op, code: int, numbers: dict[Tensor, int]) -> Record:
    record: Record = {
        "opcode_index": code,
        "inputs": [-1 if tensor is None else numbers[tensor] for tensor in op.inputs],
        "outputs": [numbers[tensor] for tensor in op.outputs],
        "intermediates": [numbers[tensor] for tensor in op.intermediates] or None,
        "mutating_variable_inputs": op.mutates or None,
        "custom_options_format": op.extra.get("custom_options_format"),
        "debug_metadata_index": op.extra.get("debug_metadata_index"),
    }
    custom = op.extra.get("custom_options")
    if isinstance(op.attrs, CustomAttrs):
        custom = op.attrs.options or None
    elif op.attrs != op.extra.get("absent_options") and (options := from_attrs(op)) is not None:
        record[options_field(options[0])] = options
    if custom is not None:
        record["custom_options"] = np.frombuffer(custom, np.uint8)
    return record


def _tensor(tensor: Tensor, buffer: int, numbers: dict[Tensor, int]) -> Record:
    record: Record = {
        "shape": tensor.start_shape,
        "type": int(tensor.dtype),
        "name": tensor.name or None,
        "buffer": buffer,
        "is_variable": tensor.is_variable,
        "quantization": _quantization(tensor.quantization, numbers),
        "sparsity": tensor.sparsity,
        "variant_tensors": tensor.variant,
        "shape_signature": tensor.extra.get("shape_signature"),
        "has_rank": tensor.extra.get("has_rank", not tensor.shape and not tensor.unranked),
        "external_buffer": tensor.extra.get("external_buffer"),
    }
    if None in tensor.shape:
        record["shape_signature"] = [-1 if d is None else d for d in tensor.shape]
    return record


def _operator_code(code: int, custom_code: str, version: int) -> Record:
    return {
        "deprecated_builtin_code": min(code, _PLACEHOLDER),
        "builtin_code": code,
        "custom_code": custom_code or None,
        "version": version,
    }


def _file_bytes(tensor: Tensor, data: NDArray[np.generic]) -> NDArray[np.uint8]:
    if tensor.dtype in _SUBBYTE and tensor.sparsity is None:
        return pack(data, tensor.dtype)
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8)


def _quantization(quantization: Quantization | None, numbers: dict[Tensor, int]) -> Record | None:
    if quantization is None:
        return None
    record: dict[str, Any] = {
        "scale": quantization.scale if quantization.scale.size else None,
        "zero_point": quantization.zero_point if quantization.zero_point.size else None,
        "min": quantization.min,
        "max": quantization.max,
        "quantized_dimension": quantization.axis,
    }
    details = quantization.blockwise
    if isinstance(details, dict):
        fields = {name: value for name, value in details.items() if name != "table"}
        for name in ("scales", "zero_points"):
            if name in fields:
                fields[name] = -1 if fields[name] is None else numbers[fields[name]]
        record["details"] = details["table"], fields
    return record
