"""Flatbuffer bytes -> records, driven by the schema tables, every offset checked before it is used.

A record is a dict of field values: absent scalars have their default, other absent fields are None. Vectors of
scalars are read-only numpy views, a union is `(table name, record)`. Layout facts: flatbuffers' "Internals" page.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from .errors import FlatbufferError
from .schema import IDENTIFIER, TABLES, UNIONS, Field

Record = dict[str, Any]

_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_SCALAR_STRUCTS = {code: struct.Struct("<" + code) for code in "?bBhHiIqQfd"}
_NUMPY_TYPES = {code: np.dtype("<" + code if code != "?" else "?") for code in "?bBhHiIqQfd"}
_STORED_APART = {("Buffer", "data")}


class Decoder:
    """Reads tables from `data` (bytes, mmap, or any buffer).

    Work is bounded: tables and vectors that overlap are charged each time they are read, and a file may charge
    no more than four times its size, which no honest file does.
    """

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data).cast("B").toreadonly()
        self.size = self.data.nbytes
        self._budget = 4 * self.size + 65536

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
        self.charge(8, position)
        if not 0 <= position <= self.size - 4:
            raise self._outside(position, 4, f"table {name}")
        vtable = position - _I32.unpack_from(self.data, position)[0]
        if not 0 <= vtable <= self.size - 4:
            raise self._outside(vtable, 4, f"the vtable of {name}")
        length, extent = struct.unpack_from("<HH", self.data, vtable)
        if length < 4 or length % 2 or vtable + length > self.size:
            raise FlatbufferError(f"at byte {vtable}: the vtable of {name} has length {length}")
        if extent < 4 or position + extent > self.size:
            raise self._outside(position, extent, f"table {name}")
        entries = struct.unpack_from(f"<{length // 2 - 2}H", self.data, vtable + 4)
        schema = TABLES[name]
        record: Record = dict(schema.defaults)
        for number, entry in enumerate(entries):
            if not entry:
                continue
            field = schema.by_id.get(number)
            if field is None:
                continue
            if entry < 4 or entry + field.slot > extent:
                raise FlatbufferError(f"at byte {position}: field {name}.{field.name} lies outside its table")
            if field.kind == "scalar":
                record[field.name] = _SCALAR_STRUCTS[field.code].unpack_from(self.data, position + entry)[0]
            elif field.kind == "union":
                tag_entry = entries[number - 1]
                record[field.name] = self._union(name, field, position, tag_entry, extent, position + entry)
            else:
                record[field.name] = self._value(name, field, position + entry)
        return record

    def _value(self, table: str, field: Field, slot: int) -> Any:
        where = f"{table}.{field.name}"
        target = slot + self._u32(slot, where)
        if field.kind == "table":
            return self.table(field.refers, target)
        count = self._u32(target, where)
        if field.kind == "tables":
            self._check(target + 4, 4 * count, where)
            self.charge(4 * count, target)
            slots = range(target + 4, target + 4 + 4 * count, 4)
            return [self.table(field.refers, at + _U32.unpack_from(self.data, at)[0]) for at in slots]
        if field.kind == "string":
            self._check(target + 4, count, where)
            self.charge(count, target)
            try:
                return bytes(self.data[target + 4 : target + 4 + count]).decode()
            except UnicodeDecodeError as error:
                raise FlatbufferError(f"at byte {target}: {where} is not UTF-8 text ({error.reason})") from None
        self._check(target + 4, count * field.size, where)
        if (table, field.name) not in _STORED_APART:
            self.charge(count * field.size, target)
        return np.frombuffer(self.data, _NUMPY_TYPES[field.code], count, target + 4) if count else _EMPTY[field.code]

    def _union(self, table: str, field: Field, position: int, tag_entry: int, extent: int, slot: int) -> Any:
        if not tag_entry:
            return None
        if tag_entry < 4 or tag_entry + 1 > extent:
            raise FlatbufferError(f"at byte {position}: field {table}.{field.name}_type lies outside its table")
        tag = self.data[position + tag_entry]
        if not tag:
            return None
        members = UNIONS[field.refers]
        if tag > len(members):
            raise FlatbufferError(
                f"at byte {position}: {table}.{field.name} has type {tag}, and {field.refers} ends at {len(members)}; "
                "the file may be newer than this version of rillet"
            )
        member = members[tag - 1]
        return member, self.table(member, slot + self._u32(slot, f"{table}.{field.name}"))

    def _u32(self, position: int, what: str) -> int:
        if not 0 <= position <= self.size - 4:
            raise self._outside(position, 4, what)
        return int(_U32.unpack_from(self.data, position)[0])

    def _check(self, position: int, length: int, what: str) -> None:
        if not 0 <= position <= self.size - length:
            raise self._outside(position, length, what)

    def _outside(self, position: int, length: int, what: str) -> FlatbufferError:
        return FlatbufferError(
            f"at byte {position}: {what} needs {length} bytes there and the file ends at {self.size}; "
            "it may be truncated or damaged"
        )


_EMPTY = {code: np.empty(0, dtype) for code, dtype in _NUMPY_TYPES.items()}
