"""Files that are wrong: always a FlatbufferError, soon, never anything else."""

from __future__ import annotations

import contextlib
import random
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from rillet.flatbuffer import FlatbufferError, read, write_bytes
from rillet.flatbuffer.encode import encode
from rillet.ir import RilletError

from ..zoo import zoo

CASES = 5000
LIMIT_S = 1.0
WORDS = (0, 1, 4, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0)


def mutated(random_: random.Random, content: bytes) -> bytes:
    out = bytearray(content)
    for _ in range(random_.choice((1, 1, 2, 4, 16))):
        at, how = random_.randrange(len(out)), random_.randrange(5)
        if how == 0:
            out[at] = random_.randrange(256)
        elif how == 1:
            out[at] ^= 1 << random_.randrange(8)
        elif how == 2:
            out[at : at + 4] = struct.pack("<I", random_.choice((*WORDS, len(out), max(0, len(out) - 4))))
        elif how == 3 and at:
            del out[at:]
        else:
            other = random_.randrange(len(out))
            out[at : at + 16] = out[other : other + 16]
    return bytes(out)


def test_mutations_of_real_files() -> None:
    sources = [file.read_bytes() for file in sorted(zoo(".").rglob("*.tflite")) if file.stat().st_size < 20_000]
    random_ = random.Random(20)
    for _ in range(CASES):
        content = mutated(random_, random_.choice(sources))
        start = time.perf_counter()
        with contextlib.suppress(RilletError):
            write_bytes(read(content))
        assert time.perf_counter() - start < LIMIT_S


def test_every_truncation() -> None:
    content = zoo("models/tflite_micro/hello_world_int8.tflite").read_bytes()
    for length in range(len(content)):
        with pytest.raises(FlatbufferError):
            read(content[:length])


def test_what_the_text_says(tmp_path: Path) -> None:
    def says(content: bytes, *parts: str) -> None:
        with pytest.raises(FlatbufferError) as caught:
            read(content)
        for part in parts:
            assert part in str(caught.value)

    says(b"", "0 bytes", "truncated")
    says(b"PK\x03\x04 and so on", "is this a TFLite file?", "starts with b'PK")
    says(encode("Model", {"version": 2, "subgraphs": [{}]}), "schema version 2", "version 3")
    says(encode("Model", {"version": 3}), "no subgraph")
    says(struct.pack("<I", 1000) + b"TFL3" + bytes(64), "at byte 1000", "truncated")
    with pytest.raises(FlatbufferError, match="No such file"):
        read(tmp_path / "absent.tflite")
    with pytest.raises(FlatbufferError, match="directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        ({"type": 99}, "type 99"),
        ({"shape": [-2]}, "negative dimension"),
        ({"buffer": 7}, "buffer number 7 of 2"),
        ({"buffer": 1, "shape": [5]}, "holds 16 bytes, and FLOAT32"),
        ({"buffer": 1, "shape": [1] * 100 + [4]}, "shape"),
    ],
)
def test_tensors_that_cannot_be(tensor: dict[str, object], text: str) -> None:
    buffers = [{}, {"data": np.zeros(16, np.uint8)}]
    with pytest.raises(FlatbufferError, match=text):
        read(encode("Model", {"version": 3, "buffers": buffers, "subgraphs": [{"tensors": [tensor]}]}))


@pytest.mark.parametrize(("code", "text"), [(400, "operator 400 is not known"), (3, "padding is 9, no value")])
def test_operators_that_cannot_be(code: int, text: str) -> None:
    op = {"opcode_index": 0, "builtin_options": ("Conv2DOptions", {"padding": 9})}
    model = {"version": 3, "operator_codes": [{"builtin_code": code}], "subgraphs": [{"operators": [op]}]}
    with pytest.raises(FlatbufferError, match=text):
        read(encode("Model", model))


def test_overlapping_tables_are_bounded() -> None:
    """Vectors whose entries all point at one table: 20 kB that would otherwise become millions of tensors."""
    count = 2000
    out = bytearray(struct.pack("<I", 20) + b"TFL3")
    out += struct.pack("<6H", 10, 12, 4, 0, 8, 0)  # at 8: the model's vtable, version and subgraphs
    out += struct.pack("<iII", 20 - 8, 3, 4)  # at 20: the model; its vector of subgraphs follows
    graphs = len(out) + 4
    tensors = graphs + 4 * count + 16
    out += struct.pack("<I", count) + b"".join(struct.pack("<I", tensors - 8 - (graphs + 4 * i)) for i in range(count))
    out += struct.pack("<4H", 6, 8, 4, 0)  # the subgraph's vtable
    out += struct.pack("<iI", 8, 4)  # the subgraph, at tensors - 8; its vector of tensors follows
    tensor = tensors + 4 + 4 * count + 4
    out += struct.pack("<I", count) + b"".join(struct.pack("<I", tensor - (tensors + 4 + 4 * i)) for i in range(count))
    out += struct.pack("<2Hi", 4, 4, 4)  # a tensor without fields and its vtable
    start = time.perf_counter()
    with pytest.raises(FlatbufferError, match="over and over"):
        read(bytes(out))
    assert time.perf_counter() - start < LIMIT_S
