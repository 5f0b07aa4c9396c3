"""Checkpoints hold what changed, and are refused when damaged, foreign or not numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.finetune import load_checkpoint, save_checkpoint
from rillet.ir import RilletError

MODEL = b"the model"
FIRST = {"w": np.zeros((2, 3), np.float32), "b": np.ones(3, np.float32), "step": np.zeros((), np.float32)}
NOW = {**FIRST, "w": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array(7, np.float32)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "c.ck", MODEL, FIRST, NOW, 7)
    return tmp_path / "c.ck"


def test_round_trip(path: Path) -> None:
    found = load_checkpoint(path, MODEL, FIRST)
    assert found.steps == 7
    for name, value in NOW.items():
        np.testing.assert_array_equal(found.variables[name], value)
        assert found.variables[name].shape == value.shape


def test_only_what_changed_is_in_the_file(path: Path) -> None:
    assert b'"b"' not in path.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == ["c.ck"]


@pytest.mark.parametrize("at", [0, 9, 30, -30, -1])
def test_damage_is_found(path: Path, at: int) -> None:
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)
    with pytest.raises(RilletError, match=r"damaged|no checkpoint"):
        load_checkpoint(path, MODEL, FIRST)


@pytest.mark.parametrize("keep", [0, 4, 20, 100])
def test_cut_files_are_found(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RilletError, match=r"damaged|no checkpoint"):
        load_checkpoint(path, MODEL, FIRST)


def test_another_models_checkpoint(path: Path) -> None:
    with pytest.raises(RilletError, match="another trainable file"):
        load_checkpoint(path, b"another", FIRST)


def test_not_a_number_is_not_saved(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(RilletError, match="no numbers"):
        save_checkpoint(path, MODEL, FIRST, {**NOW, "w": np.full((2, 3), np.nan, np.float32)}, 8)
    assert path.read_bytes() == before


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(RilletError, match="cannot write"):
        save_checkpoint(tmp_path / "none" / "c.ck", MODEL, FIRST, NOW, 1)
    with pytest.raises(RilletError, match="cannot read checkpoint"):
        load_checkpoint(tmp_path / "none", MODEL, FIRST)
