"""Operator options: records of the schema's options tables <-> typed attribute records of the IR."""

from __future__ import annotations

from dataclasses import field, fields, make_dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np

from ..ir import Activation, Attrs, DType, Op, Padding
from ..ops import registry
from .decode import Record
from .errors import FlatbufferError
from .schema import TABLES, UNIONS, Field

_ENUM_TYPES: dict[str, type[IntEnum]] = {
    "TensorType": DType,
    "Padding": Padding,
    "ActivationFunctionType": Activation,
}


def to_attrs(kind: str, options: tuple[str, Record] | None) -> Attrs:
    """The attributes of a builtin op: of the OpDef's class, else of one made from the schema.

    Options that are absent from the file mean zero for every field (LiteRT's parameter structs start as zeros),
    which may differ from the schema's defaults.
    """
    if options is None:
        definition = registry().get(kind)
        if definition is None or not fields(definition.attrs):
            return Attrs()
        options = definition.options, _zeros(definition.options)
    table, record = options
    cls, members = _members(kind, table)
    return cls(**{f.name: _to_python(table, f, record[f.name]) for f in members})


@cache
def _members(kind: str, table: str) -> tuple[type[Attrs], tuple[Field, ...]]:
    """The class for `kind`'s options in `table`, and the table's fields that it has."""
    definition = registry().get(kind)
    own = definition is not None and definition.options == table and fields(definition.attrs)
    cls = definition.attrs if definition is not None and own else attrs_class(table)
    names = {each.name for each in fields(cls)}
    return cls, tuple(f for f in TABLES[table].fields if f.name in names)


def from_attrs(op: Op) -> tuple[str, Record] | None:
    """The options table and record that hold `op.attrs`; None for no options."""
    table: str | None = getattr(op.attrs, "options_table", None)
    if table is None:
        definition = registry().get(op.kind)
        if type(op.attrs) is Attrs:
            return None
        if definition is None or type(op.attrs) is not definition.attrs or not definition.options:
            raise FlatbufferError(f"{op.kind} '{op.where}' has attributes {op.attrs!r}, which no options table holds")
        table = definition.options
    record = {}
    for each in TABLES[table].fields:
        value = getattr(op.attrs, each.name, each.default)
        if isinstance(value, (str, tuple, list, bytes)) and not value:
            continue
        record[each.name] = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
    return table, record


def options_field(table: str) -> str:
    """Which of the two unions of an Operator holds `table`."""
    return "builtin_options" if table in UNIONS["BuiltinOptions"] else "builtin_options_2"


@cache
def attrs_class(table: str) -> type[Attrs]:
    """A dataclass with the fields of an options table, for operators that rillet only keeps."""
    members = [(f.name, Any, field(default=_to_python(table, f, f.default))) for f in TABLES[table].fields]
    return make_dataclass(table, members, bases=(Attrs,), namespace={"options_table": table})


def _zeros(table: str) -> Record:
    return {f.name: None if f.default is None else type(f.default)(0) for f in TABLES[table].fields}


def _to_python(table: str, field: Field, value: Any) -> Any:
    if field.kind == "scalar":
        known = _ENUM_TYPES.get(field.refers)
        if known is None:
            return value
        try:
            return known(value)
        except ValueError:
            raise FlatbufferError(f"{table}.{field.name} is {value}, no value of {field.refers}") from None
    if field.kind == "scalars":
        if field.code == "B":
            return b"" if value is None else value.tobytes()
        return () if value is None else tuple(value.tolist())
    if field.kind == "string":
        return value or ""
    return value
