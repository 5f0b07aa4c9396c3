"""The committed example: it loads, reads digits as well as its README says, and stays small."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.importers.keras import load
from rillet.ops import evaluate, opdef
from tests.zoo import ROOT

pytest.importorskip("h5py")
DIGITS = ROOT / "examples" / "digits"


def test_accuracy_on_held_out_digits() -> None:
    with np.load(DIGITS / "test.npz") as data:
        x, y = data["x"], data["y"]
    model = load(DIGITS / "digits.keras", batch=len(x))
    (scores,) = evaluate(model.main, [x]).values()
    assert (scores.argmax(axis=1) == y).mean() >= 0.98


def test_sizes_and_names() -> None:
    model = load(DIGITS / "digits.keras")
    assert [t.name for t in model.main.inputs] == ["image"] and [t.name for t in model.main.outputs] == ["digit"]
    assert {op.source for op in model.main.ops} >= {"stem", "depthwise_1", "shortcut", "pool", "hidden", "digit"}
    assert sum(opdef(op.kind).macs(op) for op in model.main.ops) < 150_000
    assert (DIGITS / "digits.keras").stat().st_size < 200_000
    with np.load(DIGITS / "calibration.npz") as data:
        assert data["x"].shape == (100, 8, 8, 1) and data["x"].dtype == np.float32


def test_no_calibration_image_is_held_out() -> None:
    with np.load(DIGITS / "calibration.npz") as data, np.load(DIGITS / "test.npz") as held_out:
        assert not {a.tobytes() for a in data["x"]} & {a.tobytes() for a in held_out["x"]}
