"""What firmware must know to answer MLPerf Tiny's runner: which benchmark the model is for, and its input's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import Interpreter
from .board import BoardError

_FEATURES, _PIXELS, _ANOMALY = range(3)  # enum mlperf_tiny_kind, runtime_c/firmware/mlperf_tiny.h
# Shapes of each benchmark's input and output, without the batch: mlcommons/tiny, benchmark/evaluation/datasets.
_BENCHMARKS = {
    "kws01": ((49, 10, 1), (12,), _FEATURES),
    "vww01": ((96, 96, 3), (2,), _PIXELS),
    "ic01": ((32, 32, 3), (10,), _PIXELS),
    "ad01": ((640,), (640,), _ANOMALY),
}
_PIXEL_SCALES = (1.0, 1 / 255)


@dataclass(frozen=True)
class MlperfTiny:
    """A benchmark's name ("kws01"), how the runner's bytes become the input, and how many bytes it sends."""

    benchmark: str
    kind: int
    raw_bytes: int


def find_benchmark(model: bytes) -> MlperfTiny:
    """Which of MLPerf Tiny's benchmarks a .tflite model is for, told by its shapes.

    Raises:
        BoardError: none of them, or the model's input and output are not the int8 ones that the firmware fills.
    """
    interpreter = Interpreter(model_content=model)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    shapes = [tuple(int(n) for n in d["shape"][1:]) for d in (*inputs, *outputs)]
    for benchmark, (taken, given, kind) in _BENCHMARKS.items():
        if shapes == [taken, given]:
            _check(benchmark, kind, inputs[0], outputs[0])
            size = int(inputs[0]["shape"].prod())
            return MlperfTiny(benchmark, kind, 4 * size if kind == _ANOMALY else size)
    known = "; ".join(f"{name} {taken} -> {given}" for name, (taken, given, _) in _BENCHMARKS.items())
    raise BoardError(
        f"a model of shapes {' -> '.join(map(str, shapes))} is for none of MLPerf Tiny's benchmarks: {known}"
    )


def _check(benchmark: str, kind: int, taken: dict[str, Any], given: dict[str, Any]) -> None:
    for detail in (taken, given):
        if np.dtype(detail["dtype"]) != np.int8:
            raise BoardError(
                f"MLPerf Tiny's {benchmark}: '{detail['name']}' is not int8; quantize with recipe static_wi8_ai8"
            )
    scale, zero_point = taken["quantization"]
    if kind == _PIXELS and (zero_point != -128 or not any(abs(scale / s - 1) < 0.02 for s in _PIXEL_SCALES)):
        raise BoardError(
            f"MLPerf Tiny's {benchmark} sends pixels as bytes from 0 to 255, but the model's input has scale "
            f"{scale:.6g} and zero point {zero_point}: calibrate with pixels over their whole range"
        )
