"""convert: any model file in, an optimized and (with a recipe) quantized model out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .flatbuffer import tensor_order, write_bytes
from .importers import load
from .importers.check import CheckError, Closeness, self_check
from .ir import OFFLINE_PLAN, Model, RilletError
from .memory import encode_offline_plan, plan
from .ops import count_macs
from .passes import infer_shapes, record_trained_ranges, uint8_to_int8
from .passes import optimize as run_passes
from .quantize import Calibration, ErrorReport, Quantized, Recipe, copy_model, error_report, one_thread, quantize_model
from .quantize.calibration import Source

Progress = Callable[[str, int, int | None], None]
_LARGEST_RELATIVE_ERROR = 1e-2
_REPORT_SAMPLES = 8
_ALIGNMENT_BYTES = 16  # as TensorFlow Lite Micro aligns tensors
_FOR_RILLET = (
    "the model computed in uint8 and now does in int8, its weights with zero points: rillet runs that, while other "
    "runtimes ignore such zero points; without optimization the model stays as it is"
)
_QUANTIZING: tuple[str, ...] = ("method", "rounding", "normalization", "samples")


@dataclass
class ConversionReport:
    """What a conversion did.

    Attributes:
        source: path of the source, or "model".
        seconds: wall time by stage, in order.
        source_bytes: size of the source file, 0 for a Model; model_bytes: of the .tflite file that the result makes.
        rewrites: how often each pass changed the graph, those that found nothing left out.
        macs_before, macs_after: multiply-accumulates of one inference, before and after all passes.
        closeness: the optimized float model against its source on a random input; None where not checked.
        samples: calibration samples used.
        errors: per-layer quantization error; None without calibration data.
    """

    source: str = ""
    recipe: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    source_bytes: int = 0
    model_bytes: int = 0
    rewrites: dict[str, int] = field(default_factory=dict)
    macs_before: int = 0
    macs_after: int = 0
    closeness: Closeness | None = None
    samples: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: ErrorReport | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `json.dump` takes it."""
        return asdict(self)


Convertible = str | os.PathLike[str] | bytes | Model | Callable[..., Any]


def convert(
    source: Convertible,
    input_signature: Sequence[Any] | None = None,
    *,
    recipe: str | Recipe | None = None,
    calibration: Source | None = None,
    io: str = "int8",
    input_shapes: Mapping[str, Sequence[int | None]] | None = None,
    optimize: bool = True,
    progress: Progress | None = None,
    **options: Any,
) -> Model:
    """Reads, optimizes and (with a recipe) quantizes a model.

    Args:
        source: a .tflite, .h5, .keras or .onnx file, the bytes of a .tflite file, a Model, which stays as it is, or
            Python code: a function, a `rillet.function` or a `rillet.keras` model, its variables frozen.
        input_signature: `rillet.TensorSpec`s of the arguments, for Python code that does not say them itself.
        recipe: a name in `rillet.quantize.RECIPES`; None leaves the numbers as they are.
        calibration: typical inputs for static recipes: an .npz, a folder of images, a .py file with
            `representative_dataset()`, arrays, or an iterable of samples.
        io: type of float inputs and outputs after a static recipe: "int8", "uint8" or "float32".
        input_shapes: full shapes by input name, for dimensions that the file leaves open.
        optimize: rewrite the graph and plan its memory (the plan travels in the file); False leaves it as imported.
        progress: called with stage, steps done, and steps in all (None where unknown).
        options: `method`, `rounding`, `normalization`, `samples` go to `rillet.quantize.quantize_model`, the rest to
            the file's importer.

    Raises:
        RilletError: the file, the recipe or the calibration data; the text says what to do.
    """
    return convert_and_report(
        source,
        input_signature,
        recipe=recipe,
        calibration=calibration,
        io=io,
        input_shapes=input_shapes,
        optimize=optimize,
        progress=progress,
        with_errors=False,
        **options,
    )[0]


@one_thread()
def convert_and_report(
    source: Convertible,
    input_signature: Sequence[Any] | None = None,
    *,
    recipe: str | Recipe | None = None,
    calibration: Source | None = None,
    io: str = "int8",
    input_shapes: Mapping[str, Sequence[int | None]] | None = None,
    optimize: bool = True,
    progress: Progress | None = None,
    check: bool = True,
    with_errors: bool = True,
    **options: Any,
) -> tuple[Model, ConversionReport]:
    """As `convert`, and says what was done.

    Args:
        check: run the optimized model against its source on a random input (numpy; onnxruntime for ONNX).
        with_errors: measure the quantization error of every layer on a few calibration samples.
    """
    report = ConversionReport(recipe=recipe.name if isinstance(recipe, Recipe) else recipe)
    tell = progress or (lambda stage, done, total: None)
    quantizing = {k: options.pop(k) for k in _QUANTIZING if k in options}
    with _stage(report, "import", tell):
        if callable(source):
            from .eager.export import to_model

            source = to_model(source, input_signature)
        model = _load(source, input_shapes, options, report)
    if recipe is not None:
        _count(report, {record_trained_ranges.__name__: record_trained_ranges(model)})
    report.macs_before = macs(model)
    if optimize:
        imported = copy_model(model) if check else model
        with _stage(report, "optimize", tell):
            _count(report, {uint8_to_int8.__name__: sum(map(uint8_to_int8, model.graphs))})
            _count(report, run_passes(model))
        if uint8_to_int8.__name__ in report.rewrites:
            report.warnings.append(_FOR_RILLET)
        if check:
            with _stage(report, "check", tell):
                report.closeness = _check(model, imported, source, options, report)
    if recipe is not None:
        quantized = quantize_model(model, recipe, calibration=calibration, io=io, progress=progress, **quantizing)
        report.seconds |= quantized.seconds
        report.samples, report.warnings = quantized.samples, report.warnings + quantized.warnings
        if with_errors and calibration is not None:
            with _stage(report, "errors", tell):
                report.errors = _errors(quantized, calibration, quantizing)
        model = quantized.model
        if optimize:
            with _stage(report, "optimize quantized", tell):
                _count(report, run_passes(model))
    if optimize:
        with _stage(report, "plan", tell):
            _plan_memory(model)
    report.macs_after, report.model_bytes = macs(model), len(write_bytes(model))
    return model, report


def macs(model: Model) -> int:
    """Multiply-accumulates of one run of the main graph; an unknown dimension counts as 1."""
    return sum(count_macs(op) or 0 for op in model.main.ops)


def _load(
    source: str | os.PathLike[str] | bytes | Model,
    input_shapes: Mapping[str, Sequence[int | None]] | None,
    options: dict[str, Any],
    report: ConversionReport,
) -> Model:
    if isinstance(source, Model):
        report.source = "model"
        return _shaped(copy_model(source), input_shapes)
    if isinstance(source, (bytes, bytearray, memoryview)):
        report.source, report.source_bytes = "bytes", len(source)
        return _shaped(load(source, **options), input_shapes)
    path = Path(source)
    report.source = str(path)
    report.source_bytes = path.stat().st_size if path.is_file() else 0
    if input_shapes and path.suffix.lower() not in (".tflite", ".lite"):
        return load(path, input_shapes=dict(input_shapes), **options)
    return _shaped(load(path, **options), input_shapes)


def _shaped(model: Model, input_shapes: Mapping[str, Sequence[int | None]] | None) -> Model:
    """Gives unknown dimensions of the inputs the shapes asked for, and infers what follows."""
    inputs = {t.name: t for t in model.main.inputs}
    for name, wanted in (input_shapes or {}).items():
        if name not in inputs:
            raise RilletError(f"no input named '{name}'; the inputs are {', '.join(inputs)}")
        tensor, shape = inputs[name], tuple(wanted)
        fits = len(shape) == len(tensor.shape) or tensor.unranked
        if not fits or any(a is not None and a != b for a, b in zip(tensor.shape, shape, strict=False)):
            raise RilletError(f"input '{name}' has shape {tensor.shape}, which {shape} does not fit")
        tensor.shape, tensor.unranked = shape, False
        tensor.default_shape = None if None not in shape else tensor.default_shape
    if input_shapes:
        infer_shapes(model.main)
        model.metadata.pop(OFFLINE_PLAN, None)
    return model


def _check(
    model: Model, imported: Model, source: object, options: dict[str, Any], report: ConversionReport
) -> Closeness | None:
    try:
        reference: Model | Path = imported
        if isinstance(source, (str, os.PathLike)) and str(source).endswith(".onnx"):
            reference = Path(source)
        return self_check(model, reference, input_values=options.get("input_values"), tolerance=_LARGEST_RELATIVE_ERROR)
    except CheckError:
        raise
    except RilletError as error:
        report.warnings.append(f"the conversion could not check itself: {error}")
        return None


def _errors(quantized: Quantized, calibration: Source, quantizing: dict[str, Any]) -> ErrorReport:
    inputs = quantized.reference.main.inputs
    samples = Calibration(calibration, inputs, quantizing.get("normalization"), quantizing.get("samples"))
    return error_report(quantized, samples, _REPORT_SAMPLES)


def _plan_memory(model: Model) -> None:
    """Stores the arena's offsets (32 bits) in the metadata, which runtimes apply to every graph: only for one graph."""
    model.metadata.pop(OFFLINE_PLAN, None)
    if len(model.graphs) > 1:
        return
    planned = plan(model.main, _ALIGNMENT_BYTES, time_limit_s=0.0)  # greedy orders only: a clock would decide the rest
    if planned.total_bytes < 2**31:
        model.metadata[OFFLINE_PLAN] = encode_offline_plan(planned, tensor_order(model.main))


def _count(report: ConversionReport, counts: Mapping[str, int]) -> None:
    for name, made in counts.items():
        if made:
            report.rewrites[name] = report.rewrites.get(name, 0) + made


@contextmanager
def _stage(report: ConversionReport, name: str, tell: Progress) -> Iterator[None]:
    tell(name, 0, 1)
    start = time.perf_counter()
    yield
    report.seconds[name] = report.seconds.get(name, 0.0) + time.perf_counter() - start
    tell(name, 1, 1)
