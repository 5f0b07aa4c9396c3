"""Records -> flatbuffer bytes, driven by the schema tables; the inverse of `decode`.

Own code and not the `flatbuffers` package's Builder: that one is driven by generated classes, one call a field,
and grows its buffer from the back. Here each parent is written before its children, offsets are filled in when the
child's place is known, and the tensors' data follow at the end, so a 4 MB file takes one copy of its weights.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from .decode import NUMPY_TYPES, Record
from .errors import FlatbufferError
from .schema import IDENTIFIER, TABLES, UNIONS, Field, Table

_LIMIT = 2**31 - 1  # offsets are 32 bits wide, and many readers take them as signed
_CACHE_LINE = 64
_LARGE = 1024
_U32 = struct.Struct("<I")
_ZEROS = [bytes(count) for count in range(16)]


def encode(table: str, record: Record) -> bytes:
    """The file whose root is `record`; raises as `encode_pieces` does."""
    return b"".join(encode_pieces(table, record))


def encode_pieces(table: str, record: Record) -> list[Any]:
    """The same in pieces, one behind the other: anything with a buffer, tensors' data as they lie in memory.

    Raises:
        FlatbufferError: a value does not fit its field, or the file would be larger than 2 GB.
    """
    encoder = _Encoder()
    encoder.out += b"\0\0\0\0" + IDENTIFIER
    try:
        encoder.patch(0, encoder.table(TABLES[table], record))
    except (struct.error, OverflowError, ValueError, TypeError, KeyError) as error:
        raise FlatbufferError(f"a value does not fit its field in the file: {error}") from error
    return encoder.with_data()


@dataclass(frozen=True)
class _Layout:
    """How tables with the same fields present are laid out: compiled once, as a model has many of them.

    Attributes:
        vtable: its bytes. begin: bytes before the first field where that is aligned to 8, else 0.
        values: packs the whole table. slots: its fields in order by name, whether the value itself is stored there, and
            the tags of a union by member, for its tag.
        references: fields stored elsewhere, each with its name, kind and offset in the table, in the schema's order.
    """

    vtable: bytes
    begin: int
    values: struct.Struct
    slots: tuple[tuple[str, bool, dict[str, int] | None], ...]
    references: tuple[tuple[Field, str, str, int], ...]


@lru_cache(1024)
def _layout(table: str, names: tuple[str, ...]) -> _Layout:
    present = [f for f in TABLES[table].fields if f.name in names]
    slots = [(f.slot, f.id, f, False) for f in present]
    slots += [(1, f.id - 1, f, True) for f in present if f.kind == "union"]
    slots.sort(key=lambda slot: -slot[0])
    entries = [0] * (max((number for _, number, _, _ in slots), default=-1) + 1)
    extent, layout = 4, "<i"
    for size, number, field, is_tag in slots:
        entries[number] = extent
        extent += size
        layout += "B" if is_tag else field.code if field.kind == "scalar" else "I"
    return _Layout(
        struct.pack(f"<{len(entries) + 2}H", 4 + 2 * len(entries), extent, *entries),
        4 if slots and slots[0][0] == 8 else 0,  # 8-byte fields come first, right after the offset
        struct.Struct(layout),
        tuple((f.name, f.kind == "scalar", _tags(f.refers) if is_tag else None) for _, _, f, is_tag in slots),
        tuple((f, f.name, f.kind, entries[f.id]) for f in present if f.kind != "scalar"),
    )


@lru_cache(4096)
def _integers(values: tuple[int, ...]) -> bytes:
    """A vector's values: most are shapes, and the same ones again and again."""
    return struct.pack(f"<{len(values)}i", *values)


@cache
def _tags(union: str) -> dict[str, int]:
    return {member: tag for tag, member in enumerate(UNIONS[union], 1)}


class _Encoder:
    def __init__(self) -> None:
        self.out = bytearray()
        self._vtables: dict[bytes, int] = {}
        self._data: list[tuple[int, Field, Any]] = []

    def patch(self, slot: int, target: int) -> None:
        _U32.pack_into(self.out, slot, target - slot)

    def table(self, schema: Table, record: Record) -> int:
        """Writes the table, then everything it refers to; returns its place."""
        usual = schema.scalar_defaults
        names = tuple([name for name, v in record.items() if v is not None and (name not in usual or v != usual[name])])
        layout, out = _layout(schema.name, names), self.out
        vtable = self._vtables.get(layout.vtable)
        if vtable is None:
            out += _ZEROS[len(out) % 2]
            vtable = self._vtables[layout.vtable] = len(out)
            out += layout.vtable
        begin = layout.begin
        out += _ZEROS[-(len(out) + begin) % (8 if begin else 4)]
        place = len(out)
        values = [
            record[name] if is_value else 0 if tags is None else tags[record[name][0]]
            for name, is_value, tags in layout.slots
        ]
        out += layout.values.pack(place - vtable, *values)
        for field, name, kind, entry in layout.references:
            self._reference(schema, field, kind, record[name], place + entry)
        return place

    def _reference(self, schema: Table, field: Field, kind: str, value: Any, slot: int) -> None:
        if kind == "scalars":
            if schema.name == "Buffer":
                self._data.append((slot, field, value))
            elif isinstance(value, np.ndarray):
                content = np.asarray(value, NUMPY_TYPES[field.code]).tobytes()
                self._vector(slot, field.align, value.size, content)
            else:
                code = field.code
                content = _integers(tuple(value)) if code == "i" else struct.pack(f"<{len(value)}{code}", *value)
                self._vector(slot, field.align, len(value), content)
        elif kind == "string":
            text = value.encode()
            self._vector(slot, 4, len(text), text + b"\0")
        elif kind == "tables":
            self._tables(TABLES[field.refers], value, slot)
        elif kind == "table":
            self.patch(slot, self.table(TABLES[field.refers], value))
        else:
            self.patch(slot, self.table(TABLES[value[0]], value[1]))

    def _tables(self, schema: Table, records: Sequence[Record], slot: int) -> None:
        place = self._vector(slot, 4, len(records), bytes(4 * len(records)))
        for number, record in enumerate(records):
            self.patch(place + 4 + 4 * number, self.table(schema, record))

    def _vector(self, slot: int, align: int, count: int, content: bytes) -> int:
        """Writes a vector, to which the offset at `slot` then points; returns its place."""
        out = self.out
        padding = -(len(out) + 4) % align if align > 4 else -len(out) % 4
        place = len(out) + padding
        out += _ZEROS[padding] + _U32.pack(count) + content
        _U32.pack_into(out, slot, place - slot)
        return place

    def with_data(self) -> list[Any]:
        """What was written, and the tensors' bytes at the end.

        The schema asks for 16 bytes of alignment. Large ones start on a cache line, so that vector kernels can
        use mapped weights in place without split loads; small ones would waste more flash than they win.
        """
        pieces: list[Any] = [self.out]
        length = len(self.out)
        for slot, field, value in self._data:
            size = memoryview(value).nbytes
            padding = -(length + 4) % (_CACHE_LINE if size >= _LARGE else field.align)
            self.patch(slot, length + padding)
            pieces += (bytes(padding) + _U32.pack(size), value)
            length += padding + 4 + size
            if length > _LIMIT:
                raise FlatbufferError("the model is larger than 2 GB, which a .tflite file written here cannot hold")
        return pieces
