"""Errors of the command line: one line on stderr with a suggestion, the right exit status, no half-written files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ..zoo import zoo

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from .conftest import DIGITS, Result, Rillet

KERAS = DIGITS / "digits.keras"
TAKES_TFLITE = ("plan", "verify", "run", "bench")
FOR_A_BOARD = ("build", "flash")


def assert_error(result: Result, *words: str, status: int = 1) -> None:
    """One line on stderr, holding all `words`; nothing on stdout."""
    assert result.status == status, result
    assert result.out == ""
    assert result.err.startswith("error: ") and result.err.count("\n") == 1, result.err
    for word in words:
        assert word in result.err, (word, result.err)


@pytest.mark.parametrize("verb", ["convert", "quantize", "inspect", *TAKES_TFLITE])
def test_missing_file(rillet: Rillet, verb: str) -> None:
    assert_error(rillet(verb, "nothing.tflite"), "there is no 'nothing.tflite'")


def test_missing_file_with_a_near_name(rillet: Rillet) -> None:
    assert_error(rillet("inspect", DIGITS / "digits.kera"), f"did you mean '{KERAS}'?")


@pytest.mark.parametrize("verb", FOR_A_BOARD)
def test_missing_file_for_a_board(rillet: Rillet, verb: str) -> None:
    assert_error(rillet(verb, "nothing.tflite", "-b", "rpi-pico"), "there is no 'nothing.tflite'")


@pytest.mark.parametrize("verb", TAKES_TFLITE)
def test_verbs_that_want_tflite_say_how_to_get_it(rillet: Rillet, verb: str) -> None:
    assert_error(rillet(verb, KERAS), "not a valid .tflite file", "rillet convert")


@pytest.mark.parametrize("verb", ["convert", "inspect", *TAKES_TFLITE])
@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_damaged_files(rillet: Rillet, digits: Path, verb: str, damage: str) -> None:
    content = {"cut": digits.read_bytes()[:9000], "empty": b"", "text": b"hello"}[damage]
    Path("damaged.tflite").write_bytes(content)
    assert_error(rillet(verb, "damaged.tflite"), "damaged.tflite")
    assert sorted(p.name for p in Path().iterdir()) == ["damaged.tflite"], "nothing is written"


def test_unknown_format(rillet: Rillet) -> None:
    Path("model.xyz").write_bytes(b"?")
    assert_error(rillet("convert", "model.xyz"), "'.xyz'", ".onnx", ".keras")


@pytest.mark.parametrize("verb", ["plan", "verify", "run", "bench", "build", "flash"])
def test_unknown_board(rillet: Rillet, digits: Path, verb: str) -> None:
    assert_error(rillet(verb, digits, "--board", "picco"), "no board 'picco'", "rpi-pico")


def test_unknown_board_to_show(rillet: Rillet) -> None:
    assert_error(rillet("boards", "picco"), "no board 'picco'")


def test_unknown_recipe_and_method(rillet: Rillet) -> None:
    calibrate = ("--calibrate", DIGITS / "calibration.npz")
    assert_error(rillet("quantize", KERAS, "--recipe", "int8", *calibrate), "'int8'", "static_wi8_ai8")
    assert_error(rillet("quantize", KERAS, "--method", "guess", *calibrate), "'guess'", "minmax")


def test_missing_calibration(rillet: Rillet) -> None:
    assert_error(rillet("quantize", KERAS), "needs calibration data", ".npz")
    assert_error(rillet("quantize", KERAS, "--calibrate", "none.npz"), "none.npz does not exist")


@pytest.mark.parametrize(
    "samples, words",
    [
        (np.zeros((9, 9, 9, 1), np.float32), ["9x9x9x1", "1x8x8x1"]),
        (np.full((9, 8, 8, 1), np.nan, np.float32), ["NaN"]),
        (np.zeros((0, 8, 8, 1), np.float32), ["no samples"]),
    ],
    ids=["shape", "NaN", "none"],
)
def test_wrong_calibration_data(rillet: Rillet, samples: Any, words: list[str]) -> None:
    np.savez("samples.npz", samples)
    assert_error(rillet("quantize", KERAS, "--calibrate", "samples.npz"), *words)


def test_failing_calibration_script(rillet: Rillet) -> None:
    Path("data.py").write_text("def representative_dataset():\n    raise KeyError('boo')\n    yield\n")
    assert_error(rillet("quantize", KERAS, "--calibrate", "data.py"), "data.py", "KeyError: 'boo'")


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((1, 8, 8, 1), np.float32), ["takes int8", "float32"]),
        (np.zeros((1, 9, 8, 1), np.int8), ["(1, 8, 8, 1)", "(1, 9, 8, 1)"]),
    ],
    ids=["type", "shape"],
)
def test_wrong_input(rillet: Rillet, digits: Path, array: Any, words: list[str]) -> None:
    np.save("x.npy", array)
    assert_error(rillet("run", digits, "--input", "x.npy"), *words)


def test_missing_input(rillet: Rillet, digits: Path) -> None:
    assert_error(rillet("run", digits, "--input", "x.npy"), "there is no 'x.npy'")


def test_outputs_are_checked_before_the_work(rillet: Rillet, digits: Path) -> None:
    assert_error(rillet("convert", KERAS, "-o", "no/folder.tflite"), "there is no folder 'no'")
    assert_error(rillet("convert", KERAS, "-o", "."), "it is a folder")
    assert_error(rillet("run", digits, "-o", "no/out.npz"), "there is no folder 'no'")
    assert_error(rillet("build", digits, "-b", "rpi-pico", "-o", digits), "is a file, not a folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_read_only_folder(rillet: Rillet) -> None:
    Path("locked").mkdir(mode=0o555)
    assert_error(rillet("convert", KERAS, "-o", "locked/x.tflite"), "read-only")


def test_model_that_does_not_fit(rillet: Rillet) -> None:
    large = zoo("models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite")
    for arguments in (("plan", large, "-b", "rpi-pico"), ("build", large, "-b", "rpi-pico", "-o", "fw")):
        assert_error(rillet(*arguments), "does not fit rpi-pico", "2097152 bytes")
    assert not Path("fw").exists()


def test_missing_compiler(rillet: Rillet, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert_error(rillet("build", digits, "-b", "rpi-pico"), "arm-none-eabi-gcc", "apt install")


def test_bench_measures_the_models_that_run(rillet: Rillet, digits: Path) -> None:
    other = zoo("conformance/litert/tflite_testdata/double_flex.tflite")
    assert_error(rillet("bench", other, "--seconds", 0.01), "FlexDouble")
    result = rillet("bench", other, digits, "--runs", 2, "--seconds", 0.01, "--json")
    assert result.status == 1 and "FlexDouble" in result.err
    assert [r["model"] for r in result.json["results"]] == [digits.name]


def test_unknown_and_absent_devices(rillet: Rillet, digits: Path) -> None:
    assert_error(rillet("run", digits, "--device", "emulato"), "'emulato'", "emulator")
    assert_error(rillet("run", digits, "--device", "serial:/dev/nothing"), "cannot open /dev/nothing")
    assert_error(rillet("monitor", "-p", "socket://localhost:1"), "cannot open socket://localhost:1")


@pytest.mark.parametrize("arguments", [("convrt",), ("convert",), ("convert", "--nope"), ("bench",)])
def test_wrong_usage_is_status_2(rillet: Rillet, arguments: tuple[str, ...]) -> None:
    result = rillet(*arguments)
    assert result.status == 2 and "rillet" in result.err


def test_wrong_verb_suggests_the_right_one(rillet: Rillet) -> None:
    assert "did you mean 'convert'?" in rillet("convrt").err


def _start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rillet", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_interrupt_ends_with_status_130(digits: Path) -> None:
    old = signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background inherit that it is ignored
    try:
        process = _start("bench", digits, "--seconds", 60)
    finally:
        signal.signal(signal.SIGINT, old)
    with process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and err.strip() == "interrupted"


def test_reader_that_goes_away_gets_no_complaint() -> None:
    with _start("ops", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_help_starts_quickly() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        with _start("--help") as process:
            process.communicate()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.25
