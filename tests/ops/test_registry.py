"""The registry as a whole: nothing defined without cases, twice, or unlike the schema."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rillet.flatbuffer.schema import ENUMS, TABLES
from rillet.ops import OpDef, registry

from . import harness

each_definition = pytest.mark.parametrize("definition", registry().values(), ids=lambda d: d.kind)


@each_definition
def test_has_a_shape_rule_and_a_meaning(definition: OpDef) -> None:
    assert callable(definition.infer) and callable(definition.compute)


def test_every_operator_has_cases() -> None:
    assert set(registry()) == {case.kind for case in harness.collect()}


def test_case_names_are_unique() -> None:
    names = [harness.run_name(run) for run in harness.runs()]
    assert len(names) == len(set(names))


def test_no_two_operators_share_a_code() -> None:
    codes = [definition.code for definition in registry().values()]
    assert len(codes) == len(set(codes))


@each_definition
def test_agrees_with_the_schema(definition: OpDef) -> None:
    """Code, options table and its fields, in name and number."""
    assert ENUMS["BuiltinOperator"][definition.code] == definition.kind
    wanted = [f.name for f in TABLES[definition.options].fields] if definition.options else []
    assert [f.name for f in fields(definition.attrs)] == wanted
