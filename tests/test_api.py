"""The public names are what they say, also after submodules have been imported."""

from __future__ import annotations

import importlib

import pytest

import rillet


@pytest.mark.parametrize("name", rillet.__all__)
def test_every_public_name_is_there(name: str) -> None:
    module, attribute = rillet._WHERE[name]
    assert getattr(importlib.import_module(f"rillet.{module}"), attribute) is getattr(rillet, name)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'converts'"):
        _ = rillet.converts
