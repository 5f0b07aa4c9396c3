"""deploy: the whole journey of a model onto a board, each stage measured and told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bench import Effort, compare, machine_name
from .boards.board import Board
from .boards.catalogue import load_board
from .boards.firmware import Firmware
from .boards.footprint import arena_boxes
from .boards.measure import measure
from .boards.reach import device_of
from .boards.runners import flash
from .boards.target import Target, build_target, prepare_target
from .boards.verify import verify
from .conversion import ConversionReport, convert_and_report
from .devices import Device
from .flatbuffer import write
from .ir import Model, RilletError
from .report.conversion import layer_noise
from .report.html import write_report
from .report.journey import Journey, Stage
from .runtime import Interpreter

Tell = Callable[[Stage], None]


@dataclass(frozen=True)
class LabelledData:
    """Test data of a classifier: inputs `x` (samples first) and class numbers `y`."""

    x: NDArray[Any]
    y: NDArray[Any]


def read_labelled(path: str | PathLike[str]) -> LabelledData:
    """Reads an .npz with arrays `x` and `y`.

    Raises:
        RilletError: the file cannot be read, lacks one of them, or does not hold one class number for each sample.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            x, y = arrays["x"], arrays["y"]
    except (OSError, ValueError, KeyError) as problem:
        raise RilletError(f"test data '{path}': {problem}; it must be an .npz with arrays x and y") from problem
    if x.shape[:1] != y.shape or not len(y):
        raise RilletError(f"test data '{path}': x has shape {x.shape}, y {y.shape}; y holds one class for each sample")
    if x.dtype.kind not in "fiub" or y.dtype.kind not in "iu":
        raise RilletError(f"test data '{path}': x holds {x.dtype}, y {y.dtype}; x holds numbers, y integers")
    return LabelledData(x, y)


def deploy(
    source: str | PathLike[str],
    board: str,
    *,
    recipe: str = "static_wi8_ai8",
    calibration: str | PathLike[str] | None = None,
    method: str = "mse",
    io: str = "int8",
    test_data: str | PathLike[str] | None = None,
    board_samples: int = 100,
    device: str | None = None,
    ram: int | None = None,
    against: str | None = "litert",
    out_dir: str | PathLike[str] = "out",
    report: str | PathLike[str] | None = None,
    tell: Tell | None = None,
) -> Journey:
    """Takes a model file to numbers on a board.

    Args:
        source: .h5, .keras, .onnx or .tflite. A .tflite that is integer already is not quantized again.
        board: name of a board, or path of a board.toml.
        calibration, method, io: typical inputs, which static recipes need, and how to use them (see `rillet.convert`).
        test_data: an .npz with `x` and `y`, for the accuracy before, after and on the board.
        board_samples: how many of them the board runs, at least 1.
        device: how to reach the board; None for its own way.
        ram: most RAM for the firmware, in bytes; layers run in patches where the model needs more.
        against: a peer to compare the speed with, if it is installed; None for none.
        out_dir: gets the .tflite files and the firmware. report: path of the HTML page.
        tell: called after every stage.

    Raises:
        RilletError: any stage's; what was finished before is in `out_dir`.
    """
    if board_samples < 1:
        raise RilletError(f"the board cannot run {board_samples} samples; at least 1")
    where, out = load_board(board), Path(out_dir)
    data = read_labelled(test_data) if test_data else None
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RilletError(f"cannot make the folder '{out}': {problem.strerror}") from problem
    journey = Journey(Path(source).name, recipe, where.name, where.description, machine=machine_name())
    trip = _Trip(journey, tell or (lambda stage: None))
    original, model_path = _convert(trip, Path(source), out, recipe, calibration, method=method, io=io)
    target = _plan(trip, model_path, where, ram)
    if data is not None:
        _check_fits(target.model, data)
    firmware = _build(trip, target, out)
    with trip.stage("flash") as note:
        note(flash(firmware))
    with device_of(target, firmware, device) as reached:
        _verify(trip, target, reached)
        if data is not None:
            _accuracy(trip, original, model_path, data, reached, board_samples)
        _measure(trip, target, reached)
    _speed(trip, model_path, against)
    if report is not None:
        write_report(journey, Path(report))
        journey.files["report"] = str(report)
    return journey


@dataclass
class _Trip:
    journey: Journey
    tell: Tell

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        """Times a stage; the body gives its summary to what this yields."""
        lines: list[str] = []
        start = time.perf_counter()
        yield lines.append
        self.note(Stage(name, time.perf_counter() - start, "; ".join(lines)))

    def note(self, stage: Stage) -> None:
        self.journey.stages.append(stage)
        self.tell(stage)


def _convert(
    trip: _Trip, source: Path, out: Path, recipe: str, calibration: str | PathLike[str] | None, **options: Any
) -> tuple[Path, Path]:
    """The float model as .tflite, and the one to deploy (the same where it was integer already)."""
    journey = trip.journey
    model, report = convert_and_report(source)
    float_path = out / f"{source.stem}.tflite"
    if float_path.resolve() == source.resolve():
        raise RilletError(f"'{source}' would be overwritten: choose another output folder than '{out}'")
    write(model, float_path)
    journey.sizes = {"source file": report.source_bytes, "converted .tflite": float_path.stat().st_size}
    close = (
        f"same outputs as {report.closeness.against} within {report.closeness.max_abs_error:.1e}, "
        if report.closeness
        else ""
    )
    trip.note(
        Stage(
            "import",
            sum(report.seconds.values()),
            f"{close}{sum(report.rewrites.values())} rewrites, {report.macs_after:,} MACs",
        )
    )
    journey.warnings += report.warnings
    if _is_integer(model):
        journey.recipe = "as it came"
        return float_path, float_path
    samples = None if calibration is None else os.fspath(calibration)
    quantized, small = convert_and_report(model, recipe=recipe, calibration=samples, **options)
    path = out / f"{source.stem}_{recipe}.tflite"
    write(quantized, path)
    journey.sizes[f"{recipe} .tflite"] = path.stat().st_size
    journey.noise, journey.warnings = layer_noise(small.errors), journey.warnings + small.warnings
    journey.files |= {"float model": str(float_path), "model": str(path)}
    trip.note(Stage("quantize", sum(small.seconds.values()), _quantize_note(small, journey)))
    return float_path, path


def _quantize_note(report: ConversionReport, journey: Journey) -> str:
    text = str(report.recipe) + (f", {report.samples} calibration samples" if report.samples else "")
    if journey.noise:
        worst = min(journey.noise, key=lambda n: n.sqnr_db)
        text += f", worst layer '{worst.layer}' {worst.sqnr_db:.1f} dB"
    return text


def _is_integer(model: Model) -> bool:
    """Whether the ops already compute in integers (the inputs and outputs may be float)."""
    made = [t for op in model.main.ops for t in op.outputs]
    return sum(t.dtype.is_integer for t in made) > len(made) / 2


def _plan(trip: _Trip, path: Path, board: Board, ram: int | None) -> Target:
    journey = trip.journey
    with trip.stage("plan") as note:
        target = prepare_target(path, board, ram=ram)
        plan = target.plan
        journey.arena_bytes, journey.arena_lower_bound = plan.arena_bytes, plan.live_bytes
        journey.step_count = len(plan.steps)
        journey.memory = arena_boxes(target)
        text = f"{journey.step_count} steps, arena {plan.arena_bytes:,} bytes (lower bound {plan.live_bytes:,})"
        fitting = target.fitting
        if fitting is not None and fitting.layers:
            text += f", {fitting.arena_before:,} without patches, which cost {fitting.extra_macs_percent:+.1f}% MACs"
        note(text)
    return target


def _build(trip: _Trip, target: Target, out: Path) -> Firmware:
    journey = trip.journey
    with trip.stage("build") as note:
        firmware = build_target(target, out)
        sizes = firmware.sizes
        journey.sizes["firmware, all of it"] = sizes.flash
        journey.board_memory = {region.name: (region.used, region.total) for region in firmware.regions}
        journey.files["firmware"] = str(firmware.path)
        note(f"flash {sizes.flash:,} bytes (code {sizes.code:,}, model {sizes.image:,}), RAM {sizes.ram:,} bytes")
    return firmware


def _verify(trip: _Trip, target: Target, device: Device) -> None:
    with trip.stage("verify") as note:
        result = verify(target, device, inputs=1)
        trip.journey.verification = result.sentence()
        note(result.sentence())
    if not result.passed:
        raise RilletError(result.sentence())


def _check_fits(model: Model, data: LabelledData) -> None:
    """Raises RilletError where the model is no classifier of such samples."""
    inputs, outputs = model.main.inputs, model.main.outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise RilletError(
            f"accuracy is measured of classifiers, with one input and one output; this model has {len(inputs)} and "
            f"{len(outputs)}"
        )
    if inputs[0].size != data.x[0].size:
        raise RilletError(f"a test sample has shape {data.x[0].shape}, the model's input {inputs[0].start_shape}")
    if data.y.min() < 0 or data.y.max() >= outputs[0].size:
        raise RilletError(f"the test data has classes {data.y.min()} to {data.y.max()}, the model {outputs[0].size}")


def _accuracy(
    trip: _Trip, original: Path, deployed: Path, data: LabelledData, device: Device, board_samples: int
) -> None:
    journey = trip.journey
    with trip.stage("accuracy") as note:
        few = LabelledData(data.x[:board_samples], data.y[:board_samples])
        board = f"on {journey.board}"
        runs = [("before, this machine", original, data), ("after, this machine", deployed, data)]
        for name, path, samples in runs if original != deployed else runs[1:]:
            journey.accuracy[name] = _host_accuracy(path, samples)
            journey.accuracy_samples[name] = len(samples.y)
        journey.accuracy[board] = _device_accuracy(device, few)
        journey.accuracy_samples[board] = len(few.y)
        note(", ".join(f"{k}: {100 * v:.2f}% of {journey.accuracy_samples[k]}" for k, v in journey.accuracy.items()))


def _host_accuracy(path: Path, data: LabelledData) -> float:
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    (given,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    right = 0
    for x, y in zip(data.x, data.y, strict=True):
        interpreter.set_tensor(given["index"], _stored(x, given["shape"], given["dtype"], *given["quantization"]))
        interpreter.invoke()
        right += int(np.argmax(interpreter.get_tensor(result["index"]))) == int(y)
    return right / len(data.y)


def _device_accuracy(device: Device, data: LabelledData) -> float:
    (given,), right = device.inputs, 0
    for x, y in zip(data.x, data.y, strict=True):
        device.set_input(0, _stored(x, given.shape, device.input_dtype(0), given.scale, given.zero_point))
        device.run()
        right += int(np.argmax(device.output(0))) == int(y)
    return right / len(data.y)


def _stored(x: NDArray[Any], shape: Any, dtype: Any, scale: float, zero_point: int) -> NDArray[Any]:
    """One sample in the input's shape and type."""
    wanted, x = np.dtype(dtype), x.reshape(shape)
    if wanted.kind == "f" or x.dtype == wanted:
        return x.astype(wanted)
    info = np.iinfo(wanted)
    scaled = x.astype(np.float32) / np.float32(scale or 1.0)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)) + zero_point
    stored: NDArray[Any] = np.clip(rounded, info.min, info.max).astype(wanted)
    return stored


def _measure(trip: _Trip, target: Target, device: Device) -> None:
    journey = trip.journey
    with trip.stage("benchmark") as note:
        result = measure(target, device, runs=1)
        journey.device_unit, journey.device_cost = result.unit, result.per_run
        journey.device_layers = result.steps
        each = f", {result.per_run / result.macs:.1f} per MAC" if result.macs and result.unit == "instructions" else ""
        note(
            f"{result.per_run:,.4g} {result.unit} per inference on {journey.board}{each}, "
            f"stack {result.stack_used_bytes:,} bytes used"
        )


def _speed(trip: _Trip, path: Path, against: str | None) -> None:
    journey = trip.journey
    with trip.stage("speed") as note:
        effort = Effort(warmup_s=0.2, min_runs=50, min_s=0.5)
        try:
            journey.speed = compare(path, against, effort=effort)
        except RilletError as problem:
            if against is None:
                raise
            journey.warnings.append(f"no comparison with {against}: {problem}")
            journey.speed = compare(path, effort=effort)
        text = f"{journey.speed.rillet.median_us:.1f} us on this machine"
        if journey.speed.speedup is not None:
            text += f", {journey.speed.speedup:.2f} times as fast as {journey.speed.peer_name}"
        note(text)
