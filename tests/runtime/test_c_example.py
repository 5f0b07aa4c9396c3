"""examples/c/classify.c, built with the command that its comment gives, computes what Python computes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ..zoo import ROOT, zoo

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
import rillet
from rillet.runtime import Interpreter, Plan

SOURCE = ROOT / "examples" / "c" / "classify.c"
DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="module")
def classify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program. The static library is that of the Python module's own build."""
    libraries = sorted(ROOT.glob("build/*/runtime_c/librillet_static.a"), key=lambda path: path.stat().st_mtime)
    if shutil.which("cc") is None or not libraries:
        pytest.skip("needs a C compiler and a built checkout (`make`)")
    command = next(line for line in SOURCE.read_text().splitlines() if line.startswith(" *     cc "))
    program = tmp_path_factory.mktemp("c") / "classify"
    words = command.removeprefix(" *").split()
    places = {"build/c/librillet_static.a": str(libraries[-1]), "classify": str(program)}
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    done = subprocess.run(
        [*(places.get(word, word) for word in words), *strict], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return program


def _assert_same_class(program: Path, model: Path) -> None:
    interpreter = Interpreter(model)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).reshape(-1)
    done = subprocess.run([str(program), str(model)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"class {scores.argmax()} of {scores.size}, arena {Plan(model).arena_bytes} bytes\n"


@pytest.mark.parametrize("recipe", [None, "static_wi8_ai8"])
def test_digits(classify: Path, tmp_path: Path, recipe: str | None) -> None:
    calibration = str(DIGITS / "calibration.npz") if recipe else None
    model = rillet.convert(DIGITS / "digits.keras", recipe=recipe, calibration=calibration)
    rillet.save(model, tmp_path / "digits.tflite")
    _assert_same_class(classify, tmp_path / "digits.tflite")


def test_zoo_model(classify: Path) -> None:
    _assert_same_class(classify, zoo("models/mlperf_tiny/image_classification/resnet8_cifar10_int8.tflite"))


def test_errors_are_explained(classify: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"not a model")
    for arguments in ([], [str(tmp_path / "missing.tflite")], [str(damaged)]):
        done = subprocess.run([str(classify), *arguments], capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and "not a valid .tflite file" in done.stderr
