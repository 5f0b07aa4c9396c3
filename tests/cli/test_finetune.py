"""`rillet finetune` on the digits example: a file, a run, its checkpoint, and what users get wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)

from .conftest import DIGITS, Rillet

KERAS = DIGITS / "digits.keras"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    with np.load(DIGITS / "test.npz") as data:
        np.savez(tmp_path / "few.npz", x=data["x"][:40], y=data["y"][:40])
    return tmp_path / "few.npz"


def test_prepare_and_run(rillet: Rillet, few: Path, tmp_path: Path) -> None:
    made = rillet("finetune", "prepare", KERAS, "--train", "last:2", "-o", "t.tflite", "--json")
    assert made.status == 0 and made.json["parameter_bytes"] == 17832
    assert [t["layer"] for t in made.json["trained"]] == ["hidden", "hidden", "digit", "digit"]
    first = rillet("finetune", "run", "t.tflite", "--data", few, "--test", few, "--checkpoint", "c.ck", "--json")
    assert first.status == 0 and first.err == "" and (tmp_path / "c.ck").is_file()
    assert first.json["steps"] == 40 and len(first.json["epochs"]) == 1 and first.json["device"] == "this machine"
    second = rillet("finetune", "run", "t.tflite", "--data", few, "--restore", "c.ck", "--epochs", 2)
    assert second.status == 0 and second.out.splitlines()[0].split() == ["epoch", "loss", "accuracy"]


def test_plan_lists_signatures(rillet: Rillet) -> None:
    assert rillet("finetune", "prepare", KERAS, "-o", "t.tflite").status == 0
    result = rillet("plan", "t.tflite", "--json").json
    arenas = {s["name"]: s["arena_bytes"] for s in result["signatures"]}
    assert list(arenas) == ["infer", "train", "save", "restore"]
    assert result["arena_bytes"] == arenas["train"] and arenas["save"] < arenas["infer"] < arenas["train"]


def test_a_budget_in_words(rillet: Rillet, few: Path) -> None:
    result = rillet("finetune", "prepare", KERAS, "--train", "last:2", "--ram", "40K", "--data", few, "-o", "t.tflite")
    assert result.status == 0 and " of 32" in result.out
    assert rillet("finetune", "prepare", KERAS, "--ram", "many").status == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prepare", KERAS, "--train", "hiden"), "'hidden'"),
        (("prepare", KERAS, "--train", "last:20"), "last:1 to last:"),
        (("prepare", KERAS, "--ram", "1K"), "nothing can be trained in 1,024 bytes"),
        (("prepare", KERAS, "--learning-rate", "0"), "learning rate"),
        (("prepare", "none.keras"), "there is no 'none.keras'"),
        (("run", "t.tflite", "--data", "none.npz"), "there is no 'none.npz'"),
        (("run", "t.tflite", "--data", "few.npz", "--restore", "few.npz"), "no checkpoint of rillet"),
        (("run", "t.tflite", "--data", "few.npz", "--batch", "3"), "--batch 3"),
        (("run", "t.tflite", "--data", "few.npz", "-b", "mps9"), "mps9"),
        (("run", "hot.tflite", "--data", "few.npz", "--checkpoint", "c.ck"), "lower the learning rate"),
    ],
)
def test_errors_are_one_line(
    rillet: Rillet, few: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    assert rillet("finetune", "prepare", KERAS, "-o", "t.tflite").status == 0
    hot = rillet("finetune", "prepare", KERAS, "--train", "last:2", "--learning-rate", "1e30", "-o", "hot.tflite")
    assert hot.status == 0
    result = rillet("finetune", *arguments)
    assert result.status == 1 and result.out == "" and len(result.err.splitlines()) == 1
    assert said in result.err and not (tmp_path / "c.ck").exists()
