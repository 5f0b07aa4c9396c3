"""The registry as a whole: nothing defined without cases, twice, or unlike the schema."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rillet.flatbuffer.schema import ENUMS, TABLES
from rillet.ops import CUSTOM, NotDifferentiable, OpDef, registry

from . import harness

each_definition = pytest.mark.parametrize("definition", registry().values(), ids=lambda d: d.kind)


@each_definition
def test_has_a_shape_rule_and_a_meaning(definition: OpDef) -> None:
    assert callable(definition.infer) and callable(definition.compute)


# Their operands are variables, or a sparse constant: tests/ops/test_recurrent.py.
WITH_STATE = {"LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF", "DENSIFY"}

# No single operator makes and reads a variable, or calls a graph: tests/autodiff/test_variables.py and
# tests/test_control_flow.py run graphs of these.
ONLY_IN_GRAPHS = {
    "ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE", "IF", "STABLEHLO_COMPOSITE", "WHILE",
    *(kind for kind in registry() if kind.startswith("rillet.APPLY_")),
    *WITH_STATE,
}  # fmt: skip


def test_every_operator_has_cases() -> None:
    assert set(registry()) - ONLY_IN_GRAPHS == {case.kind for case in harness.collect()}


def test_case_names_are_unique() -> None:
    names = [harness.run_name(run) for run in harness.runs()]
    assert len(names) == len(set(names))


@each_definition
def test_has_a_gradient_rule_or_says_why_not(definition: OpDef) -> None:
    gradient = definition.gradient
    assert gradient.reason if isinstance(gradient, NotDifferentiable) else callable(gradient)


def test_no_two_operators_share_a_code() -> None:
    codes = [definition.code for definition in registry().values() if definition.code != CUSTOM]
    assert len(codes) == len(set(codes))


@each_definition
def test_agrees_with_the_schema(definition: OpDef) -> None:
    """Code, options table and its fields, in name and number. Operators of rillet's own are custom in a file."""
    kind = "CUSTOM" if definition.kind.startswith("rillet.") else definition.kind
    assert ENUMS["BuiltinOperator"][definition.code] == kind
    wanted = [f.name for f in TABLES[definition.options].fields] if definition.options else []
    assert [f.name for f in fields(definition.attrs)] == wanted
