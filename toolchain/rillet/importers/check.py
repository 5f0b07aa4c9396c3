"""After an import or a pass: do the outputs still equal the source model's on a random input?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ir import DType, Model, RilletError, Tensor
from ..ops import evaluate

Arrays = dict[str, NDArray[Any]]
_QUANTIZED_TOLERANCE = 0.1


class CheckError(RilletError):
    """The converted model computes something else than its source."""


@dataclass(frozen=True)
class Closeness:
    """How close two runs are: the largest and the mean absolute difference of all outputs, and what was compared.

    `relative_error` is the largest difference within an output over the largest value of that output.
    """

    max_abs_error: float
    mean_abs_error: float
    relative_error: float
    against: str

    def __str__(self) -> str:
        return f"same outputs as {self.against} within {self.max_abs_error:.1g}"


def self_check(
    model: Model,
    reference: Model | str | Path,
    inputs: Mapping[str, ArrayLike] | None = None,
    *,
    input_values: Mapping[str, ArrayLike] | None = None,
    tolerance: float = 1e-4,
) -> Closeness:
    """Runs `model` and `reference` on the same input and compares every output.

    Args:
        model: the result of an import; its numpy meaning is run.
        reference: the source .onnx file, run by onnxruntime where that is installed and accepts it and else by the
            numpy meaning of its straight import; or a model, such as the graph before optimization, run by numpy.
        inputs: by input name, in the source's axis order; by default `random_inputs(model)`.
        input_values: the inputs that were frozen when importing `reference`.
        tolerance: largest relative error to accept; infinite to accept any. Of a model that is quantized already at
            least 0.1 is accepted: runtimes round halves differently, and steps of 1/255 add up over the layers.

    Raises:
        CheckError: the outputs differ by more than `tolerance`, or in shape.
        RilletError: one of the two cannot be run.
    """
    given = {name: np.asarray(a) for name, a in (inputs or random_inputs(model)).items()}
    expected, against = _run_reference(reference, given, dict(input_values or {}))
    actual = _run(model, given)
    if any(op.kind == "QUANTIZE" for op in model.main.ops):
        tolerance = max(tolerance, _QUANTIZED_TOLERANCE)
    return _compare(actual, expected, against, tolerance)


def random_inputs(model: Model, seed: int = 0) -> Arrays:
    """One value per input in the source's axis order: floats are standard normal, images (uint8) cover their range,
    other integers are 0 or 1 so that they are valid indices."""
    rng = np.random.default_rng(seed)
    moved = _source_layout(model)
    values = {}
    for name, tensor in _entries(model)[0].items():
        value = _random(rng, tensor)
        values[name] = value.transpose(np.argsort(moved[name])) if name in moved else value
    return values


def _random(rng: np.random.Generator, tensor: Tensor) -> NDArray[Any]:
    shape, dtype = tuple(1 if d is None else d for d in tensor.shape), tensor.dtype
    if dtype.is_float:
        return rng.standard_normal(shape).astype(dtype.numpy)
    if dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(np.bool_)
    low, high = dtype.limits if dtype in (DType.UINT8, DType.INT8) else (0, 1)
    return rng.integers(low, high + 1, shape).astype(dtype.numpy)


def _entries(model: Model) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Inputs and outputs by the names of the first signature, else by tensor name."""
    for signature in model.signatures:
        if signature.graph == 0:
            return signature.inputs, signature.outputs
    return {t.name: t for t in model.main.inputs}, {t.name: t for t in model.main.outputs}


def _source_layout(model: Model) -> dict[str, tuple[int, ...]]:
    from .onnx import source_layout

    moved = source_layout(model)
    inputs, outputs = _entries(model)
    for name, tensor in (*inputs.items(), *outputs.items()):
        if len(moved.get(name, tensor.shape)) != len(tensor.shape):
            raise RilletError(f"the axis order noted for '{name}' does not fit its shape {tensor.shape}")
    return moved


def _run(model: Model, given: Arrays) -> Arrays:
    """The outputs, with both ends in the source's axis order."""
    moved = _source_layout(model)
    inputs, outputs = _entries(model)
    missing = [name for name in inputs if name not in given]
    if missing:
        raise RilletError(f"no value for the inputs {missing}; the values given are {sorted(given)}")
    stored = {t.name: given[n].transpose(moved[n]) if n in moved else given[n] for n, t in inputs.items()}
    results = evaluate(model.main, stored)
    named = {name: results[tensor.name] for name, tensor in outputs.items()}
    return {n: a.transpose(np.argsort(moved[n])) if n in moved else a for n, a in named.items()}


def _run_reference(reference: Model | str | Path, given: Arrays, frozen: dict[str, ArrayLike]) -> tuple[Arrays, str]:
    if isinstance(reference, Model):
        return _run(reference, given), "the model before optimization"
    found = _run_onnxruntime(Path(reference), {**given, **{n: np.asarray(v) for n, v in frozen.items()}})
    if found is not None:
        return found, "onnxruntime"
    from .onnx import load

    shapes = {name: array.shape for name, array in given.items()}
    straight = load(reference, shapes, input_values=frozen, optimize_layout=False)
    return _run(straight, given), "the straight import"


def _run_onnxruntime(path: Path, given: Arrays) -> Arrays | None:
    """Outputs of onnxruntime; None where it is not installed or does not accept the model."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its warnings are about the source file, which the user cannot help here
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        wanted = {i.name: _ORT_TYPES.get(i.type, given[i.name].dtype) for i in session.get_inputs()}
        feeds = {name: given[name].astype(dtype) for name, dtype in wanted.items()}
        names = [o.name for o in session.get_outputs()]
        return dict(zip(names, session.run(names, feeds), strict=True))
    except Exception:  # pybind11 raises types of its own for each refusal
        return None


_ORT_TYPES = {"tensor(double)": np.float64, "tensor(float16)": np.float16}


def _compare(actual: Arrays, expected: Arrays, against: str, tolerance: float) -> Closeness:
    largest, relative, total, count = 0.0, 0.0, 0.0, 0
    for name, want in expected.items():
        got = actual.get(name)
        if got is None or got.shape != want.shape:
            shape = "missing" if got is None else str(got.shape)
            raise CheckError(f"output '{name}' is {shape}, {against} gives {want.shape}")
        a, b = got.astype(np.float64), want.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))  # infinities of one sign are equal, their difference is not zero
        difference = np.abs(np.where(same, 0, a) - np.where(same, 0, b))
        if not difference.size:
            continue
        worst = float(difference.max()) if np.isfinite(difference).all() else np.inf
        finite = np.abs(b[np.isfinite(b)])
        scale = float(finite.max()) if finite.size else 0.0
        if worst > tolerance * max(scale, 1e-6):
            raise CheckError(
                f"output '{name}' differs from {against} by {worst:.3g} (its largest value is {scale:.3g}); "
                "please report the model, or accept it with a larger tolerance"
            )
        largest, relative = max(largest, worst), max(relative, worst / max(scale, 1e-6))
        total, count = total + float(difference.sum()), count + difference.size
    return Closeness(largest, total / max(count, 1), relative, against)
