"""Checking a board.toml against schema.json: JSON Schema, the part of it that a table of plain values needs."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

_KINDS: dict[str, tuple[type, str]] = {
    "object": (dict, "a table"),
    "array": (list, "a list"),
    "string": (str, "a string"),
    "integer": (int, "an integer"),
    "boolean": (bool, "true or false"),
}


@lru_cache(maxsize=1)
def board_schema() -> dict[str, Any]:
    """The schema of board.toml, as JSON Schema (draft 2020-12)."""
    text = (resources.files(__package__) / "schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def checked(value: Any, schema: Mapping[str, Any], source: str, key: str = "") -> Any:
    """`value` with the schema's defaults filled in, at every depth.

    Args:
        source: what errors call the file; key: the full name of `value` in it.

    Raises:
        ValueError: a key is unknown or missing or a value is not as it should be; the text has file and key.
    """
    place = f"{source}: {key}" if key else source
    kind: Any = _KINDS[schema["type"]][0]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{place}: must be {_called(schema)}, not {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{place}: '{value}' is none of {', '.join(schema['enum'])}{_near(value, schema['enum'])}")
    if kind is int:
        _check_integer(value, schema, place)
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise ValueError(f"{place}: '{value}' does not have the form {schema['pattern']}")
    if kind is list:
        for item in value:
            if not isinstance(item, _KINDS[schema["items"]["type"]][0]):
                raise ValueError(f"{place}: must be {_called(schema)}")
        return [checked(item, schema["items"], source, key) for item in value]
    return _checked_table(value, schema, source, key) if kind is dict else value


def _checked_table(value: dict[str, Any], schema: Mapping[str, Any], source: str, key: str) -> dict[str, Any]:
    prefix = f"{key}." if key else ""
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    result = {}
    for name, item in value.items():
        if name in known:
            result[name] = checked(item, known[name], source, prefix + name)
        elif isinstance(others, Mapping):
            result[name] = checked(item, others, source, prefix + name)
        else:
            listed = f"; known here are {', '.join(sorted(known))}" if known else "; there are none here"
            raise ValueError(f"{source}: {prefix}{name}: unknown key{_near(name, known)}{listed}")
    for name in schema.get("required", ()):
        if name not in value:
            raise ValueError(f"{source}: {prefix}{name}: missing; it must be {_called(known[name])}")
    defaults = {name: entry["default"] for name, entry in known.items() if "default" in entry and name not in value}
    return defaults | result


def _check_integer(value: int, schema: Mapping[str, Any], place: str) -> None:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if not low <= value <= high:
        raise ValueError(f"{place}: must be from {low} to {high}, not {value}")
    if value % schema.get("multipleOf", 1):
        raise ValueError(f"{place}: must be a multiple of {schema['multipleOf']}")


def _called(schema: Mapping[str, Any]) -> str:
    called = _KINDS[schema["type"]][1]
    return f"{called} of {_KINDS[schema['items']['type']][1].split()[-1]}s" if schema["type"] == "array" else called


def _near(name: Any, known: Any) -> str:
    near = difflib.get_close_matches(str(name), list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def described(schema: Mapping[str, Any] | None = None, prefix: str = "") -> list[tuple[str, str, str]]:
    """Every key of board.toml: its full name, what it must be, and what it means."""
    schema = board_schema() if schema is None else schema
    rows: list[tuple[str, str, str]] = []
    for name, entry in schema.get("properties", {}).items():
        rows += _described(f"{prefix}{name}", entry, name in schema.get("required", ()))
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        rows += _described(f"{prefix}<name>", others, False)
    return rows


def _described(key: str, entry: Mapping[str, Any], required: bool) -> list[tuple[str, str, str]]:
    if entry["type"] == "object":
        own = [(f"[{key}]", "table", entry["description"])] if "description" in entry else []
        return own + described(entry, f"{key}.")
    kind = " or ".join(entry["enum"]) if "enum" in entry else _called(entry)
    if "default" in entry:
        kind += f", default {json.dumps(entry['default'])}"
    return [(key, kind + (", required" if required else ""), entry.get("description", ""))]
