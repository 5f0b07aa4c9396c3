"""Flatbuffer bytes -> records, driven by the schema tables, every offset checked before it is used.

A record is a dict of field values: absent scalars have their default, other absent fields are None. Vectors of
scalars are read-only numpy views, a union is `(table name, record)`. A model's tensors, operators and buffers are
decoded one by one where they are asked for: who wants a name need not pay for thousands of tables. Layout facts:
flatbuffers' "Internals" page.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, overload

import numpy as np

from .errors import FlatbufferError
from .schema import IDENTIFIER, TABLES, UNIONS, Field

Record = dict[str, Any]

_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
NUMPY_TYPES = {code: np.dtype("<" + code if code != "?" else "?") for code in "?bBhHiIqQfd"}
_BUFFER = "Buffer"  # whose bytes may be those of others, and are free of charge
_MANY = frozenset({"Tensor", "Operator", _BUFFER})


@dataclass(frozen=True)
class _Layout:
    """A vtable, compiled: files hold thousands of tables and a few dozen vtables.

    Attributes:
        extent: bytes of a table. values: all its fields and tags at once; names: theirs, in that order, then those of
            absent fields, whose values are `defaults`.
        references: fields stored elsewhere, each with its name, kind and offset in the table, in the schema's order.
    """

    extent: int
    values: struct.Struct
    names: tuple[str, ...]
    defaults: tuple[Any, ...]
    references: tuple[tuple[Field, str, str, int], ...]


class Tables(Sequence[Record]):
    """A vector of tables, each decoded the first time it is asked for. Whoever walks over all of them gets each one
    decoded on the way, and keeps it or not."""

    def __init__(self, decoder: Decoder, table: str, start: int, count: int) -> None:
        self._decoder, self._table, self._start = decoder, table, start
        self._known: list[Record | None] = [None] * count

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Record]:
        slots = range(self._start, self._start + 4 * len(self), 4)
        data, decode, table = self._decoder.data, self._decoder.table, self._table
        for at, known in zip(slots, self._known, strict=True):
            yield known or decode(table, at + _U32.unpack_from(data, at)[0])

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        record = self._known[index]
        if record is None:
            at = self._start + 4 * (index if index >= 0 else index + len(self))
            record = self._decoder.table(self._table, at + _U32.unpack_from(self._decoder.data, at)[0])
            self._known[index] = record
        return record


class Decoder:
    """Reads tables from `data` (bytes, mmap, or any buffer).

    Work is bounded: tables and vectors that overlap are charged each time they are read, and a file may charge
    no more than four times its size, which no honest file does.
    """

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data).cast("B").toreadonly()
        self.size = self.data.nbytes
        self._budget = 4 * self.size + 65536
        self._layouts: dict[tuple[str, int], _Layout] = {}

    def root(self, table: str) -> Record:
        """The root table, after a check of the file identifier."""
        if self.size < 8:
            raise FlatbufferError(f"the file has {self.size} bytes, too few for a TFLite file; it may be truncated")
        start = bytes(self.data[:8])
        if start[4:] != IDENTIFIER:
            raise FlatbufferError(
                f"is this a TFLite file? it starts with {start!r}, where bytes 4 to 7 should be {IDENTIFIER!r}"
            )
        return self.table(table, self._u32(0, "the root offset"))

    def charge(self, amount: int, position: int) -> None:
        """Counts `amount` bytes read; see the class."""
        self._budget -= amount
        if self._budget < 0:
            raise FlatbufferError(f"at {position}: the file refers to the same bytes over and over")

    def table(self, name: str, position: int) -> Record:
        """The table of type `name` at `position`."""
        self._budget -= 8
        if not 0 <= position <= self.size - 4 or self._budget < 0:
            self.charge(0, position)
            raise self._outside(position, 4, f"table {name}")
        data = self.data
        vtable = position - _I32.unpack_from(data, position)[0]
        layout = self._layouts.get((name, vtable))
        if layout is None:
            layout = self._layouts[name, vtable] = self._layout(name, vtable)
        if position + layout.extent > self.size:
            raise self._outside(position, layout.extent, f"table {name}")
        values = layout.values.unpack_from(data, position) + layout.defaults
        record: Record = dict(zip(layout.names, values, strict=True))
        for field, key, kind, entry in layout.references:
            target = position + entry + record[key]
            if kind == "table":
                record[key] = self.table(field.refers, target)
            elif kind == "union":
                record[key] = self._union(name, field, record.pop(f"{key}_type"), target)
            else:
                record[key] = self._vector(name, field, kind, target)
        return record

    def _layout(self, name: str, vtable: int) -> _Layout:
        if not 0 <= vtable <= self.size - 4:
            raise self._outside(vtable, 4, f"the vtable of {name}")
        length, extent = struct.unpack_from("<HH", self.data, vtable)
        if length < 4 or length % 2 or vtable + length > self.size:
            raise FlatbufferError(f"at byte {vtable}: the vtable of {name} has length {length}")
        if extent < 4:
            raise FlatbufferError(f"at byte {vtable}: the vtable of {name} is for tables of {extent} bytes")
        entries = struct.unpack_from(f"<{length // 2 - 2}H", self.data, vtable + 4)
        try:
            return _compiled(name, extent, entries)
        except FlatbufferError as error:
            raise FlatbufferError(f"at byte {vtable}: {error}") from None

    def _vector(self, table: str, field: Field, kind: str, target: int) -> Any:
        if not 0 <= target <= self.size - 4:
            raise self._outside(target, 4, f"{table}.{field.name}")
        count: int = _U32.unpack_from(self.data, target)[0]
        target += 4
        length = count if kind == "string" else count * field.size
        if target > self.size - length:
            raise self._outside(target, length, f"{table}.{field.name}")
        if table != _BUFFER:
            self._budget -= length
            if self._budget < 0:
                self.charge(0, target)
        if kind == "scalars":
            return np.frombuffer(self.data, NUMPY_TYPES[field.code], count, target) if count else _EMPTY[field.code]
        if kind == "tables":
            tables = Tables(self, field.refers, target, count)
            return tables if field.refers in _MANY else list(tables)
        try:
            return str(self.data[target : target + count], "utf-8")
        except UnicodeDecodeError as error:
            raise FlatbufferError(
                f"at byte {target}: {table}.{field.name} is not UTF-8 text ({error.reason})"
            ) from None

    def _union(self, table: str, field: Field, tag: int, target: int) -> Any:
        if not tag:
            return None
        members = UNIONS[field.refers]
        if tag > len(members):
            raise FlatbufferError(
                f"at byte {target}: {table}.{field.name} has type {tag}, and {field.refers} ends at {len(members)}; "
                "the file may be newer than this version of rillet"
            )
        member = members[tag - 1]
        return member, self.table(member, target)

    def _u32(self, position: int, what: str) -> int:
        if not 0 <= position <= self.size - 4:
            raise self._outside(position, 4, what)
        return int(_U32.unpack_from(self.data, position)[0])

    def _outside(self, position: int, length: int, what: str) -> FlatbufferError:
        return FlatbufferError(
            f"at byte {position}: {what} needs {length} bytes there and the file ends at {self.size}; "
            "it may be truncated or damaged"
        )


_EMPTY = {code: np.empty(0, dtype) for code, dtype in NUMPY_TYPES.items()}


@lru_cache(4096)
def _compiled(name: str, extent: int, entries: tuple[int, ...]) -> _Layout:
    """The layout that a vtable's `entries` (offset by field number, 0 for absent) describe."""
    schema = TABLES[name]
    places: list[tuple[int, int, str, str]] = []  # offset, bytes, struct format, name
    references = []
    for field in schema.fields:
        entry = entries[field.id] if field.id < len(entries) else 0
        if field.kind == "union":
            tag_entry = entries[field.id - 1] if entry else 0
            if not tag_entry:
                continue  # a value whose type is not told
            places.append((tag_entry, 1, "B", f"{field.name}_type"))
        if not entry:
            continue
        places.append((entry, field.slot, field.code if field.kind == "scalar" else "I", field.name))
        if field.kind != "scalar":
            references.append((field, field.name, field.kind, entry))
    layout, end = "<", 0
    for entry, size, code, label in sorted(places):
        if entry < max(end, 4) or entry + size > extent:
            raise FlatbufferError(f"field {name}.{label} lies outside its table or over another field")
        layout += f"{entry - end}x{code}"
        end = entry + size
    names = tuple(label for *_, label in sorted(places))
    absent = {label: default for label, default in schema.defaults.items() if label not in names}
    return _Layout(extent, struct.Struct(layout), (*names, *absent), tuple(absent.values()), tuple(references))
