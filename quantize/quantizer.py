"""quantize: a float model in, a smaller one out."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..ir import OFFLINE_PLAN, Graph, Model, Tensor
from ..passes.interface import Interface
from .blas import one_thread
from .calibration import Calibration, Source
from .checks import Checker
from .constraints import needed_tensors, spread_ranges
from .equalize import equalize_model
from .observe import observe
from .pooling import give_pools_their_own_scale
from .recipes import QuantizationError, Recipe, recipe_named
from .rounding import layers_to_tune, tune
from .static import IO_TYPES, quantize_graph
from .statistics import METHODS, NEEDS_HISTOGRAM, Histogram, Range, Statistics
from .weights import quantize_weights

Progress = Callable[[str, int, int | None], None]
_EQUALIZING_SAMPLES = 16
ROUNDINGS = ("compensated", "nearest")


@dataclass
class Quantized:
    """A quantized model and how it came about.

    Attributes:
        stored: the name of each float tensor to the name of the tensor that stands for it in `model`.
        reference: the float model that was quantized, its channels equalized, for error reports.
        seconds: by stage.
    """

    model: Model
    reference: Model
    stored: dict[str, str]
    recipe: Recipe
    samples: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@one_thread()
def quantize_model(
    model: Model,
    recipe: str | Recipe = "static_wi8_ai8",
    *,
    calibration: Source | None = None,
    io: str = "int8",
    method: str = "mse",
    rounding: str = "compensated",
    normalization: str | tuple[Any, Any] | None = None,
    samples: int | None = None,
    progress: Progress | None = None,
) -> Quantized:
    """Quantizes a copy of `model`.

    Args:
        recipe: a Recipe or a name in `RECIPES`.
        calibration: typical inputs (see `Calibration`); only static recipes look at them, and they need them unless
            the model records the range of every tensor (as after quantization-aware training): then they are not used.
        io: type of float inputs and outputs afterwards, of a static recipe: "int8", "uint8" or "float32".
        method: how ranges come of observed values: a key of `statistics.METHODS`.
        rounding: of weights, "compensated" (for the layer's output) or "nearest".
        normalization: how pixels of an image folder are scaled: "0..1", "-1..1", "0..255" or (mean, deviation).
        samples: use at most so many calibration samples.
        progress: called with stage, done and total (None where unknown).

    Raises:
        QuantizationError: unknown names, missing or unfit calibration data.
    """
    chosen = recipe_named(recipe) if isinstance(recipe, str) else recipe
    for name, value, allowed in (("method", method, METHODS), ("rounding", rounding, ROUNDINGS), ("io", io, IO_TYPES)):
        if value not in allowed:
            raise QuantizationError(f"{name} '{value}' is not one of {', '.join(allowed)}")
    working = copy_model(model)
    working.metadata.pop(OFFLINE_PLAN, None)
    result = Quantized(working, model, {}, chosen)
    if not chosen.is_static:
        with _timed(result, "weights"):
            quantize_weights(working.main, chosen)
        result.stored = {t.name: t.name for op in working.main.ops for t in op.outputs}
        return result
    interface = Interface(working)
    known = _trained_ranges(working.main, chosen)
    if calibration is not None and known and all(t in known for t in needed_tensors(working.main)):
        result.warnings.append("the model has trained ranges: the calibration data were not looked at")
        calibration = None
    data = None if calibration is None else Calibration(calibration, working.main.inputs, normalization, samples)
    if data is not None:
        with _timed(result, "equalize"):
            equalize_model(working, data.spread(_EQUALIZING_SAMPLES))
        result.reference = copy_model(working)
        give_pools_their_own_scale(working.main)
    ranges = _calibrate(result, data, method, rounding, progress)
    with _timed(result, "rewrite"):
        names = {t: t.name for t in ranges}
        twins = quantize_graph(working.main, ranges, chosen, io)
        interface.restore()
    result.stored = {names[t]: twin.name for t, twin in twins.items()}
    if not twins:
        result.warnings.append("no operator of this model has a quantized form: it stays as it was")
    return result


def copy_model(model: Model) -> Model:
    """A copy that shares the constants' memory."""
    shared = {id(t.data): t.data for graph in model.graphs for t in graph.tensors() if t.data is not None}
    return copy.deepcopy(model, shared)


def _calibrate(
    result: Quantized, data: Calibration | None, method: str, rounding: str, progress: Progress | None
) -> dict[Tensor, Range]:
    graph, recipe = result.model.main, result.recipe
    needed = needed_tensors(graph)
    recorded = _trained_ranges(graph, recipe)
    if data is None:
        missing = [t for t in needed if t not in recorded]
        if missing:
            raise QuantizationError(
                f"recipe {recipe.name} needs calibration data: the ranges of {len(missing)} tensors are unknown "
                f"(the first is '{missing[0].source or missing[0].name}'). Give typical inputs (--calibrate): an .npz, "
                "a folder of images or a .py file with representative_dataset()"
            )
        return recorded
    gathered = {t: Statistics(histogram=Histogram() if method in NEEDS_HISTOGRAM else None) for t in needed}
    layers = layers_to_tune(graph) if rounding == "compensated" else {}
    checker = Checker(graph.inputs, graph.outputs)

    def watch(tensor: Tensor, values: Any) -> None:
        checker.see_output(tensor, values)
        gathered[tensor].update(values)
        for layer in layers.get(tensor, ()):
            layer.update(values)
        if progress is not None and tensor is needed[0]:
            progress("calibrate", checker.samples, data.limit)

    with _timed(result, "calibrate"):
        result.samples = observe(result.model, checker.watched(data), needed, watch)
    with _timed(result, "round weights"):
        for each in layers.values():
            for layer in each:
                tune(layer, recipe)
    result.warnings += checker.warnings
    return {t: METHODS[method](s, recipe.activations) for t, s in gathered.items()} | recorded


def _trained_ranges(graph: Graph, recipe: Recipe) -> dict[Tensor, Range]:
    """Ranges that training left in the file (fake-quantization), which calibration would blur; what follows too."""
    found = {}
    for tensor in needed_tensors(graph):
        q = tensor.quantization
        if q is not None and not q.scale.size and q.min is not None and q.max is not None and q.min.size == 1:
            found[tensor] = (float(q.min.min()), float(q.max.max()))
    return spread_ranges(graph, found, recipe.activations)


class _timed:
    """Adds the wall time of a block to `result.seconds`."""

    def __init__(self, result: Quantized, stage: str) -> None:
        self.result, self.stage = result, stage

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.result.seconds[self.stage] = time.perf_counter() - self.start
