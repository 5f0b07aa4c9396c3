"""The schema tables against the IR's types and the operator definitions, and every options table through a file."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from rillet.flatbuffer import read, write_bytes
from rillet.flatbuffer.decode import Decoder
from rillet.flatbuffer.encode import encode
from rillet.flatbuffer.schema import ENUMS, OPERATORS, TABLES, UNIONS, Field
from rillet.ir import Activation, DType, Padding
from rillet.ops import CUSTOM, registry


@pytest.mark.parametrize(
    ("ours", "name"), [(DType, "TensorType"), (Padding, "Padding"), (Activation, "ActivationFunctionType")]
)
def test_enumerations_agree(ours: type[DType], name: str) -> None:
    assert [member.name for member in ours] == list(ENUMS[name])
    assert [int(member) for member in ours] == list(range(len(ENUMS[name])))


def test_every_type_that_a_field_names_exists() -> None:
    for table in TABLES.values():
        for field in table.fields:
            assert not field.refers or field.refers in {*TABLES, *UNIONS, *ENUMS}, (table.name, field.name)
    assert all(member in TABLES for union in UNIONS.values() for member in union)


def test_operator_definitions_agree_with_the_schema() -> None:
    for kind, definition in registry().items():
        assert OPERATORS[definition.code] == ("CUSTOM" if kind.startswith("rillet.") else kind)
        names = {each.name for each in fields(definition.attrs)}
        if definition.options:
            assert names in (set(), {each.name for each in TABLES[definition.options].fields}), kind
        else:
            assert not names, kind


def value_of(field: Field) -> object:
    """A value that is not the default."""
    if field.kind == "scalars":
        return [True, False] if field.code == "?" else np.arange(1, 4) if field.code == "B" else [1, 2, 0]
    if field.kind == "string":
        return "name"
    if field.refers == "Padding" or field.code == "?":
        return not field.default
    return 0.5 if field.code == "f" else 3 if field.default != 3 else 4


@pytest.mark.parametrize("union", ["BuiltinOptions", "BuiltinOptions2"])
def test_every_options_table_survives(union: str) -> None:
    field = "builtin_options" if union == "BuiltinOptions" else "builtin_options_2"
    codes = {d.options: d.code for d in registry().values() if d.code != CUSTOM}
    stablehlo = OPERATORS.index("STABLEHLO_CASE")
    for table in UNIONS[union]:
        for record in ({}, {each.name: value_of(each) for each in TABLES[table].fields}):
            code = codes.get(table, stablehlo)
            content = encode(
                "Model",
                {
                    "version": 3,
                    "buffers": [{}],
                    "operator_codes": [{"builtin_code": code, "deprecated_builtin_code": min(code, 127)}],
                    "subgraphs": [{"operators": [{"opcode_index": 0, field: (table, record)}]}],
                },
            )
            before = Decoder(content).root("Model")["subgraphs"][0]["operators"][0][field]
            after = Decoder(write_bytes(read(content))).root("Model")["subgraphs"][0]["operators"][0][field]
            assert before[0] == after[0] == table
            for name, value in before[1].items():
                assert np.array_equal(value, after[1][name]) or (value is None and not after[1][name]), (table, name)
