"""A .tflite file as plain values, straight from the schema tables: what must survive reading and writing.

Numbers that a writer may choose are resolved (operator codes, buffers), and absent vectors equal empty ones.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from rillet.flatbuffer.decode import Decoder, Record


def dump(content: bytes) -> Any:
    root = Decoder(content).root("Model")
    buffers = [_digest(content, each) for each in root["buffers"]]
    codes = [
        (max(each["builtin_code"], each["deprecated_builtin_code"]), each["custom_code"] or "", each["version"])
        for each in root["operator_codes"] or ()
    ]
    for graph in root["subgraphs"]:
        graph["tensors"], graph["operators"] = list(graph["tensors"] or ()), list(graph["operators"] or ())
        for tensor in graph["tensors"]:
            tensor["buffer"] = buffers[tensor["buffer"]]
            if _says_nothing(tensor["quantization"]):
                tensor["quantization"] = None
        for op in graph["operators"]:
            op["opcode_index"] = codes[op["opcode_index"]]
    for each in root["metadata"] or ():
        each["buffer"] = buffers[each["buffer"]]
    root["metadata_buffer"] = [buffers[n] for n in _plain(root["metadata_buffer"]) or ()]
    del root["buffers"], root["operator_codes"]
    return _plain(root)


def _digest(content: bytes, record: Record) -> str:
    data = record["data"]
    if record["offset"] > 1:
        data = np.frombuffer(content, np.uint8, record["size"], record["offset"])
    return "" if data is None or not data.size else hashlib.sha256(data).hexdigest()


def _says_nothing(record: Record | None) -> bool:
    names = ("scale", "min", "max", "details", "quantized_dimension")
    empty = record is not None and all(_plain(record[name]) in (None, 0) for name in names)
    return empty and _plain(record["zero_point"]) in (None, [0])  # type: ignore[index]


def _plain(value: Any) -> Any:
    """Arrays as lists; empty vectors and texts as None; NaN as text, so that equal files compare equal."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return "nan"
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value] or None
    return None if value == "" else value
