"""MLPerf Tiny's text protocol: the real firmware's answers against the interpreter, and beside the framed protocol."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rillet import Interpreter
from rillet.bench.mlperf_tiny import Sample, area_under_roc, measure_accuracy, measure_performance, read_dataset
from rillet.boards import BoardError
from rillet.boards.mlperf_tiny import find_benchmark
from rillet.boards.runner import default_spec, open_options
from rillet.boards.target import build_target, prepare_target
from rillet.cli import cli
from rillet.devices import ByteStream, Device, DeviceError, Kind, LinkError, MlperfTinyDevice, open_stream
from rillet.ir import RilletError
from tests.boards.tools import TINY, need_tools
from tests.zoo import zoo

DATA = {"dscnn": "kws01", "vww": "vww01_subset", "resnet8": "ic01", "ad": "ad01_subset"}


@contextmanager
def firmware_stream(model: str, board: str, folder: Path) -> Iterator[ByteStream]:
    need_tools(board)
    target = prepare_target(zoo(TINY[model]), board)
    firmware = build_target(target, folder, mlperf_tiny=True)
    stream = open_stream(default_spec(target.board), open_options(target.board, firmware.path))
    try:
        yield stream
    finally:
        stream.close()


def some_samples(model: str, folder: Path, count: int) -> list[Sample]:
    """Evenly spread inputs of the benchmark's data."""
    with zipfile.ZipFile(zoo(f"datasets/mlperf_tiny_eval/{DATA[model]}.zip")) as archive:
        archive.extractall(folder)
    samples = read_dataset(folder, DATA[model].partition("_")[0])
    return samples[:: len(samples) // count][:count]


def expected_results(model: str, raw: bytes) -> np.ndarray:
    """What the device should print, from the desktop's interpreter."""
    interpreter = Interpreter(zoo(TINY[model]))
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = taken["quantization"]
    if model == "ad":
        floats = np.frombuffer(raw, np.float32)
        values = np.clip(np.trunc(floats / np.float32(scale) + np.copysign(0.5, floats)) + zero_point, -128, 127)
    else:
        values = (
            np.frombuffer(raw, np.int8) if model == "dscnn" else np.frombuffer(raw, np.uint8).astype(np.int16) - 128
        )
    interpreter.set_tensor(taken["index"], values.astype(np.int8).reshape(taken["shape"]))
    interpreter.invoke()
    output = interpreter.get_tensor(given["index"]).ravel().astype(np.float32)
    results = (output - given["quantization"][1]) * np.float32(given["quantization"][0])
    return np.array([np.mean((results - floats) ** 2)]) if model == "ad" else results


@pytest.mark.parametrize(("model", "board"), [*((m, "host") for m in DATA), ("dscnn", "mps2-an386")])
def test_results_are_the_interpreters(model: str, board: str, tmp_path: Path) -> None:
    samples = some_samples(model, tmp_path / "data", 3)
    with firmware_stream(model, board, tmp_path) as stream, MlperfTinyDevice(stream) as device:
        assert (device.name, device.model) == (board, DATA[model].partition("_")[0])
        for sample in samples:
            raw = sample.inputs()[0]
            device.load(raw)
            # Twice, because an inference may overwrite its input.
            results = device.infer(2, 1).results
            np.testing.assert_allclose(results, expected_results(model, raw), atol=6e-4 if model != "ad" else 2e-3)
        print_lines = device.command("db print")
        assert bytes.fromhex("".join(line.removeprefix("m-buffer-").replace("-", "") for line in print_lines)) == raw


def test_runs_of_the_benchmark(tmp_path: Path) -> None:
    samples = some_samples("dscnn", tmp_path / "data", 40)
    with firmware_stream("dscnn", "host", tmp_path) as stream, MlperfTinyDevice(stream) as device:
        performance = measure_performance(device, samples, seconds=0.2)
        assert performance.iterations > 1
        assert performance.per_second == pytest.approx(np.median(performance.windows))
        accuracy = measure_accuracy(device, samples, limit=20)
    assert (accuracy.inputs, accuracy.files) == (20, 20)
    assert accuracy.top1 is not None and accuracy.top1 > 0.8
    assert accuracy.auc > 0.9


def test_frames_and_text_on_one_line(tmp_path: Path) -> None:
    with firmware_stream("dscnn", "host", tmp_path) as stream:
        text = MlperfTinyDevice(stream)
        with Device(stream, Kind("host")) as framed:
            # Every byte value, '%' and commands among them, within frames.
            data = (bytes(range(256)) + b"%name%infer 1 0%") * 4
            framed.write(0, data)
            assert framed.read(0, len(data)) == data
            assert text.command("name") == ["m-name-dut-[host]"]
            assert framed.read(0, 4) == data[:4]
            text.command("bad\x01name")
            assert framed.output(0).shape == (1, 12)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("db load 0", "requires a number of bytes above 0"),
        ("db load 99999999999999", "requires a number of bytes above 0"),
        ("db load 491", "The model takes 490 bytes"),
        ("db 00", "'db load' comes first"),
        ("db", "requires a subcommand"),
        ("infer 0", "iterations must be >0"),
        ("infer 1 x", "warmup must be >=0"),
        ("infer 1 0", "has not been loaded"),
        ("tell", "Unknown command: tell"),
        ("x" * 300, "Command too long"),
    ],
)
def test_refusals(shared: MlperfTinyDevice, command: str, answer: str) -> None:
    with pytest.raises(DeviceError, match=answer):
        shared.command(command)
    assert shared.command("name") == ["m-name-dut-[host]"]


def test_bad_digits_leave_the_rest_loadable(shared: MlperfTinyDevice) -> None:
    assert shared.command("db load 490") == ["m-[Expecting 490 bytes]"]
    for digits, answer in (("0g", "Invalid hex digit"), ("012", "Insufficient number")):
        with pytest.raises(DeviceError, match=answer):
            shared.command(f"db {digits}")
    shared.load(bytes(490))
    assert len(shared.infer(1, 0).results) == 12


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlperfTinyDevice]:
    with firmware_stream("dscnn", "host", tmp_path_factory.mktemp("host")) as stream:
        yield MlperfTinyDevice(stream)


def test_a_device_without_the_protocol(tmp_path: Path) -> None:
    need_tools("host")
    target = prepare_target(zoo(TINY["dscnn"]), "host")
    firmware = build_target(target, tmp_path)
    stream = open_stream("host", open_options(target.board, firmware.path))
    with pytest.raises(LinkError, match=r"no answer to 'name'.*--mlperf-tiny"):
        MlperfTinyDevice(stream, timeout_s=0.2)
    stream.close()


def test_models_for_no_benchmark() -> None:
    with pytest.raises(BoardError, match="none of MLPerf Tiny's benchmarks"):
        find_benchmark(zoo(TINY["wakeword"]).read_bytes())
    floats = "models/mlperf_tiny/keyword_spotting/kws_dscnn_float.tflite"
    with pytest.raises(BoardError, match="not int8; quantize"):
        find_benchmark(zoo(floats).read_bytes())


def test_command(tmp_path: Path) -> None:
    need_tools("host")
    some_samples("dscnn", tmp_path, 1)
    model = str(zoo(TINY["dscnn"]))
    words = [
        "bench",
        model,
        "--protocol",
        "mlperf-tiny",
        "--datasets",
        str(tmp_path),
        "-b",
        "host",
        "--seconds",
        "0.01",
    ]
    done = CliRunner().invoke(cli, [*words, "--limit", "10", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert report["benchmark"] == "kws01"
    assert report["accuracy"]["inputs"] == 10
    done = CliRunner().invoke(cli, ["bench", "--protocol", "mlperf-tiny", "--datasets", str(tmp_path)])
    assert done.exit_code != 0 and "--device serial:PORT" in done.output


def test_datasets_with_faults(tmp_path: Path) -> None:
    with pytest.raises(RilletError, match="the inputs of ic01 and their labels go there"):
        read_dataset(tmp_path, "ic01")
    folder = tmp_path / "ic01"
    folder.mkdir()
    for text, message in (("a.bin,10\n", "line 1"), ("a.bin,10,1\nb.bin,10,x\n", "line 2"), ("", "is empty")):
        (folder / "y_labels.csv").write_text(text)
        with pytest.raises(RilletError, match=message):
            read_dataset(tmp_path, "ic01")
    (folder / "y_labels.csv").write_text("a.bin,10,1\n")
    with pytest.raises(RilletError, match=r"cannot read .*a.bin"):
        read_dataset(tmp_path, "ic01")[0].inputs()


def test_area_under_roc() -> None:
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert area_under_roc(scores, positive) == 0.75
    assert area_under_roc(np.ones(4), positive) == 0.5
    rng = np.random.default_rng(0)
    metrics = pytest.importorskip("sklearn.metrics")
    scores, positive = rng.integers(0, 9, 200) / 9, rng.random(200) < 0.3
    assert area_under_roc(scores, positive) == pytest.approx(metrics.roc_auc_score(positive, scores))
