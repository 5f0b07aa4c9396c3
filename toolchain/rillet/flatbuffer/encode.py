"""Records -> flatbuffer bytes, driven by the schema tables; the inverse of `decode`.

Own code and not the `flatbuffers` package's Builder: that one is driven by generated classes, one call a field,
and grows its buffer from the back. Here each parent is written before its children, offsets are filled in when the
child's place is known, and the tensors' data follow at the end, so a 4 MB file takes one copy of its weights.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from .decode import Record
from .errors import FlatbufferError
from .schema import IDENTIFIER, TABLES, UNIONS, Field, Table

_LIMIT = 2**31 - 1  # offsets are 32 bits wide, and many readers take them as signed
_CACHE_LINE = 64
_LARGE = 1024


def encode(table: str, record: Record) -> bytes:
    """The file whose root is `record`.

    Raises:
        FlatbufferError: a value does not fit its field, or the file would be larger than 2 GB.
    """
    encoder = _Encoder()
    encoder.out += b"\0\0\0\0" + IDENTIFIER
    try:
        encoder.patch(0, encoder.table(TABLES[table], record))
    except (struct.error, OverflowError, ValueError, TypeError) as error:
        raise FlatbufferError(f"a value does not fit its field in the file: {error}") from error
    encoder.write_data()
    return bytes(encoder.out)


class _Encoder:
    def __init__(self) -> None:
        self.out = bytearray()
        self._vtables: dict[bytes, int] = {}
        self._data: list[tuple[int, Field, Any]] = []

    def patch(self, slot: int, target: int) -> None:
        struct.pack_into("<I", self.out, slot, target - slot)

    def table(self, schema: Table, record: Record) -> int:
        """Writes the table, then everything it refers to; returns its place."""
        present = [f for f in schema.fields if _is_present(f, record.get(f.name))]
        slots: list[tuple[int, int, int]] = [(f.slot, f.id, n) for n, f in enumerate(present)]
        slots += [(1, f.id - 1, n) for n, f in enumerate(present) if f.kind == "union"]
        slots.sort(key=lambda slot: -slot[0])
        entries = [0] * (max((number for _, number, _ in slots), default=-1) + 1)
        extent, begin = 4, 4 if slots and slots[0][0] == 8 else 0  # 8-byte fields come first, right after the offset
        for size, number, _ in slots:
            entries[number] = extent
            extent += size
        vtable = self._vtable(struct.pack(f"<{len(entries) + 2}H", 4 + 2 * len(entries), extent, *entries))
        self._align(8 if begin else 4, begin)
        place = len(self.out)
        self.out += struct.pack("<i", place - vtable) + bytes(extent - 4)
        for _, number, index in slots:
            field, slot = present[index], place + entries[number]
            value = record[field.name]
            if number != field.id:
                self.out[slot] = UNIONS[field.refers].index(value[0]) + 1
            elif field.kind == "scalar":
                struct.pack_into("<" + field.code, self.out, slot, value)
        for field in present:
            if field.kind != "scalar":
                self._reference(schema, field, record[field.name], place + entries[field.id])
        return place

    def _vtable(self, entries: bytes) -> int:
        if entries not in self._vtables:
            self._align(2)
            self._vtables[entries] = len(self.out)
            self.out += entries
        return self._vtables[entries]

    def _reference(self, schema: Table, field: Field, value: Any, slot: int) -> None:
        if field.kind == "table":
            self.patch(slot, self.table(TABLES[field.refers], value))
        elif field.kind == "union":
            self.patch(slot, self.table(TABLES[value[0]], value[1]))
        elif field.kind == "string":
            text = value.encode()
            self.patch(slot, self._vector(4, len(text), text + b"\0"))
        elif field.kind == "tables":
            self._tables(TABLES[field.refers], value, slot)
        elif schema.name == "Buffer":
            self._data.append((slot, field, value))
        else:
            array = np.asarray(value, np.dtype("<" + field.code if field.code != "?" else "?"))
            self.patch(slot, self._vector(field.align, array.size, array.tobytes()))

    def _tables(self, schema: Table, records: Sequence[Record], slot: int) -> None:
        place = self._vector(4, len(records), bytes(4 * len(records)))
        self.patch(slot, place)
        for number, record in enumerate(records):
            self.patch(place + 4 + 4 * number, self.table(schema, record))

    def _vector(self, align: int, count: int, content: bytes) -> int:
        self._align(max(4, align), 4)
        place = len(self.out)
        self.out += struct.pack("<I", count)
        self.out += content
        return place

    def write_data(self) -> None:
        """The tensors' bytes, at the end.

        The schema asks for 16 bytes of alignment. Large ones start on a cache line, so that vector kernels can
        use mapped weights in place without split loads; small ones would waste more flash than they win.
        """
        for slot, field, value in self._data:
            content = memoryview(value).cast("B")
            self._align(_CACHE_LINE if content.nbytes >= _LARGE else field.align, 4)
            self.patch(slot, len(self.out))
            self.out += struct.pack("<I", content.nbytes)
            self.out += content
            if len(self.out) > _LIMIT:
                raise FlatbufferError("the model is larger than 2 GB, which a .tflite file written here cannot hold")

    def _align(self, size: int, ahead: int = 0) -> None:
        self.out += bytes(-(len(self.out) + ahead) % size)


def _is_present(field: Field, value: Any) -> bool:
    return value is not None and not (field.kind == "scalar" and value == field.default)
