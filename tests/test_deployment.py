"""deploy: what it refuses before the work, and models of several kinds on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet import RilletError, deploy, save
from rillet.deployment import read_labelled
from rillet.ir import Model
from tests.passes.build import Net


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    net = Net()
    y = net.conv(net.input("x", (1, 6, 6, 2)), 4)
    net.output(net.op("MEAN", [net.op("RELU", [y]), net.constant(np.array([1, 2], np.int32))]), "y")
    save(Model([net.graph]), tmp_path / "net.tflite")
    return tmp_path / "net.tflite"


def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(8, 6, 6, 2)).astype(np.float32)


def samples(path: Path, **changes: Any) -> Path:
    np.savez(path, **({"x": inputs(), "y": np.arange(8) % 4} | changes))
    return path


def typical(path: Path) -> Path:
    np.savez(path, x=inputs())
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"x": np.float32(3)},
        {"x": np.zeros((0, 6), np.float32), "y": np.zeros(0, int)},
        {"x": np.full(8, "a")},
        {"y": np.zeros(8)},
        {"y": np.zeros((8, 4), int)},
        {"x": np.zeros((7, 6), np.float32)},
    ],
)
def test_test_data_that_is_not_labelled_samples(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RilletError, match=r"test data .*labelled\.npz"):
        read_labelled(samples(tmp_path / "labelled.npz", **changes))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"x": np.zeros((8, 5), np.float32)}, "a test sample has shape"),
        ({"y": np.full(8, 4)}, "classes 4 to 4"),
    ],
)
def test_test_data_of_another_model(changes: dict[str, Any], text: str, classifier: Path, tmp_path: Path) -> None:
    data = samples(tmp_path / "labelled.npz", **changes)
    with pytest.raises(RilletError, match=text):
        deploy(classifier, "host", recipe="dynamic_wi8_afp32", test_data=data, out_dir=tmp_path / "out")


def test_accuracy_of_a_model_with_two_inputs(tmp_path: Path) -> None:
    net = Net()
    net.output(net.op("ADD", [net.input("a", (1, 4)), net.input("b", (1, 4))]), "y")
    save(Model([net.graph]), tmp_path / "two.tflite")
    data = samples(tmp_path / "labelled.npz", x=np.zeros((8, 4), np.float32))
    with pytest.raises(RilletError, match="this model has 2 and 1"):
        deploy(tmp_path / "two.tflite", "host", recipe="weight_only_wi8_afp32", test_data=data, out_dir=tmp_path / "o")


def test_the_source_is_never_overwritten(classifier: Path) -> None:
    before = classifier.read_bytes()
    with pytest.raises(RilletError, match="would be overwritten"):
        deploy(classifier, "host", out_dir=classifier.parent)
    assert classifier.read_bytes() == before


def test_what_cannot_be_done_is_said_before_the_work(classifier: Path, tmp_path: Path) -> None:
    with pytest.raises(RilletError, match="needs calibration data"):
        deploy(classifier, "host", out_dir=tmp_path / "out")
    with pytest.raises(RilletError, match="at least 1"):
        deploy(classifier, "host", board_samples=0, out_dir=tmp_path / "out")


@pytest.mark.parametrize("recipe", ["static_wi8_ai8", "dynamic_wi8_afp32", "weight_only_wi8_afp32"])
def test_recipes_on_this_machine(recipe: str, classifier: Path, tmp_path: Path) -> None:
    """Only the static recipe takes samples. A dynamic one makes two steps of an operator, verified as one."""
    calibration = typical(tmp_path / "typical.npz") if recipe.startswith("static") else None
    labelled = samples(tmp_path / "labelled.npz")
    journey = deploy(
        classifier,
        "host",
        recipe=recipe,
        calibration=calibration,
        test_data=labelled,
        against=None,
        out_dir=tmp_path / "out",
        report=tmp_path / "page.html",
    )
    assert "computes what this machine computes" in journey.verification
    assert len(set(journey.accuracy.values())) == 1 and journey.accuracy_samples["on host"] == 8
    assert (tmp_path / "page.html").stat().st_size > 1000
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"net.tflite", f"net_{recipe}.tflite", "firmware.elf"}
