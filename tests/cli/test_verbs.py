"""Every verb on the digits example: what it prints, its JSON, and its exit status."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.cli import VERBS
from rillet.runtime.kernels import operators

from .conftest import DIGITS, Rillet

KERAS = DIGITS / "digits.keras"


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


emulator = needs("arm-none-eabi-gcc", "qemu-system-arm")


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(rillet: Rillet, verb: str) -> None:
    result = rillet(verb, "--help")
    assert result.status == 0
    assert f"Example: rillet {verb}" in result.out


def test_help_lists_every_verb_and_the_exit_statuses(rillet: Rillet) -> None:
    result = rillet("--help")
    assert result.status == 0
    shown = " ".join(result.out.split())  # long lines are wrapped
    for verb, meaning in VERBS.items():
        assert f"{verb} {meaning}" in shown
    assert "Exit status: 0 success; 1 an error" in result.out and "130 interrupted" in result.out


def test_version(rillet: Rillet) -> None:
    assert rillet("--version").out.startswith("rillet, version ")


def test_convert(rillet: Rillet, tmp_path: Path) -> None:
    result = rillet("convert", KERAS, "-o", tmp_path / "digits.tflite")
    assert result.status == 0 and "same outputs as" in result.out
    assert (tmp_path / "digits.tflite").stat().st_size > 10_000


def test_convert_names_its_output_and_never_overwrites_its_input(rillet: Rillet, tmp_path: Path) -> None:
    assert rillet("convert", KERAS).status == 0
    before = (tmp_path / "digits.tflite").read_bytes()
    assert rillet("convert", "digits.tflite", "--json").json["output"] == "digits_optimized.tflite"
    assert (tmp_path / "digits.tflite").read_bytes() == before


def test_quantize(rillet: Rillet) -> None:
    result = rillet("quantize", KERAS, "--calibrate", DIGITS / "calibration.npz", "-o", "q.tflite", "--json")
    assert result.status == 0
    report = result.json
    assert report["output"] == "q.tflite" and report["model_bytes"] < 30_000
    assert len(report["errors"]["layers"]) > 5


def test_quantize_from_images(rillet: Rillet, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8)).astype(np.uint8)
        image.fromarray(pixels).save(folder / f"{number}.png")
    refused = rillet("quantize", KERAS, "--calibrate", folder)
    assert refused.status == 1 and "--pixels" in refused.err
    for pixels_as in ("0..1", "127.5,127.5"):
        assert rillet("quantize", KERAS, "--calibrate", folder, "--pixels", pixels_as, "-o", "q.tflite").status == 0


def test_inspect(rillet: Rillet, digits: Path) -> None:
    text, report = rillet("inspect", digits), rillet("inspect", digits, "--json").json
    assert text.status == 0 and "DEPTHWISE_CONV_2D" in text.out
    assert f"{report['macs']:,} MACs" in text.out
    assert "CONV_2D" in rillet("inspect", digits, "--text").out


def test_inspect_with_a_given_shape(rillet: Rillet, digits: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    x, y = (helper.make_tensor_value_info(name, kind, ["n", "w"]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "open.onnx")
    assert "2x3" in rillet("inspect", "open.onnx", "--input-shape", "x=2,3").out


def test_plan(rillet: Rillet, digits: Path) -> None:
    here, board = rillet("plan", digits), rillet("plan", digits, "--json")
    assert here.status == 0 and "arena" in here.out
    assert f"{board.json['arena_bytes']:,}" in here.out


@emulator
def test_plan_for_a_board_says_what_build_makes(rillet: Rillet, digits: Path) -> None:
    planned = rillet("plan", digits, "--board", "mps2-an386", "--json").json
    built = rillet("build", digits, "--board", "mps2-an386", "-o", "fw", "--json").json
    assert Path(built["files"][0]).is_file()
    regions = {r["name"]: r["used"] for r in planned["regions"]}
    assert regions == {r["name"]: r["used"] for r in built["regions"]}
    assert "it fits" in rillet("plan", digits, "--board", "mps2-an386").out


@emulator
def test_flash_verify_and_bench_on_a_board(rillet: Rillet, digits: Path) -> None:
    flashed = rillet("flash", digits, "-b", "mps2-an386", "-o", "fw", "--verify")
    assert flashed.status == 0 and "bit for bit" in flashed.out
    measured = rillet("bench", digits, "--device", "emulator", "--board", "mps2-an386", "--runs", 1, "--json")
    assert measured.json["unit"] == "instructions" and measured.json["per_run"] > 10_000


@needs("cc")
def test_verify_here(rillet: Rillet, digits: Path) -> None:
    assert "bit for bit" in rillet("verify", digits, "--inputs", 1).out
    report = rillet("verify", digits, "--inputs", 1, "--json").json
    assert report["passed"] is True and report["exact"] is True and report["tensors"] > 5


@needs("cc")
def test_run_equals_run_on_a_device(rillet: Rillet, digits: Path) -> None:
    np.save("x.npy", np.arange(-32, 32, dtype=np.int8).reshape(1, 8, 8, 1))
    here = rillet("run", digits, "--input", "x.npy", "--json", "-o", "out.npz")
    assert here.status == 0 and here.err == ""
    assert here.json == rillet("run", digits, "--input", "x.npy", "--device", "host", "--json").json
    with np.load("out.npz") as written:
        assert written["digit"].tolist() == here.json["digit"]


def test_run_without_input_says_that_it_is_random(rillet: Rillet, digits: Path) -> None:
    result = rillet("run", digits)
    assert "random" in result.err and "random" not in result.out


def test_bench(rillet: Rillet, digits: Path) -> None:
    result = rillet("bench", digits, "--runs", 5, "--seconds", 0.01, "--json")
    assert result.status == 0 and result.json["results"][0]["rillet"]["median_us"] > 0


def test_ops_lists_what_the_c_library_runs(rillet: Rillet) -> None:
    pytest.importorskip("onnx")
    report = rillet("ops", "--json").json
    assert {row["kind"]: row["code"] for row in report["operators"] if row["runs"]} == operators()
    assert {"op_type", "min_opset", "max_opset", "notes"} == set(report["onnx"][0])
    text = rillet("ops").out
    assert "CONV_2D" in text and "Conv" in text


def test_boards_and_devices(rillet: Rillet) -> None:
    boards = rillet("boards", "--json").json
    names = {board["name"] for board in boards}
    assert {"host", "mps2-an386", "rpi-pico"} <= names
    assert all(name in rillet("boards").out for name in names)
    assert "region" in rillet("boards", "mps2-an386").out
    assert any(device["spec"] == "host" for device in rillet("devices", "--json").json)
