"""The cost model of prepare, fitted to this machine: times one operator at several sizes with the kernels of each
instruction set, and rewrites the table of runtime_c/kernels/common/costs.def (`--print`: shows it only).

Each time is the least of many runs on one thread, so that other work on the machine hardly counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Model, Quantization, Tensor
from rillet.ops import GraphBuilder
from rillet.runtime import Plan, Session

TABLE = Path(__file__).parent.parent / "runtime_c/kernels/common/costs.def"
LEVELS = ("scalar", "scalar,avx2", "scalar,avx2,avx512vnni")
F32, S8, S16 = DType.FLOAT32, DType.INT8, DType.INT16
CLOCK_US = 0.02  # what reading the clock adds to a step
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Sample:
    """A model of one operator and the units of work, by name, in the step that a kernel of this prefix does."""

    model: bytes
    units: dict[str, float]
    kernel: str = ""


def quantization(scale: float = 0.05) -> Quantization:
    return Quantization.per_tensor(scale, 0)


def one(
    kind: str,
    inputs: Sequence[tuple[tuple[int, ...], DType] | Tensor | None],
    output: DType | None = None,
    quantized: Quantization | None = None,
    **attrs: Any,
) -> bytes:
    """The file of a model of one operator on inputs of these shapes and types, or constants; `quantized`: output's."""
    g = GraphBuilder()
    operands: list[Tensor | None] = []
    for each in inputs:
        if isinstance(each, tuple):
            tensor = g.input("x", *each)
            tensor.quantization = quantization() if each[1] in (S8, S16) else None
            operands.append(tensor)
        else:
            operands.append(each)
    results = g.ops(kind, operands, **attrs)
    for result in results:
        result.dtype = output or result.dtype
        result.quantization = (quantized or quantization()) if result.dtype in (S8, S16) else None
        g.output(result)
    return write_bytes(Model([g.graph]))


def weights(shape: tuple[int, ...], dtype: DType, axis: int = 0) -> Tensor:
    if dtype is F32:
        return GraphBuilder().constant(RNG.standard_normal(shape).astype(np.float32), "w")
    scales = np.full(shape[axis], 0.01, np.float32)
    values = RNG.integers(-127, 128, shape).astype(np.int8)
    return GraphBuilder().constant(values, "w", Quantization(scales, np.zeros(shape[axis], np.int64), axis))


def ints(*values: int) -> Tensor:
    return GraphBuilder().constant(np.array(values, np.int32), "values")


def convolutions(input_type: DType, weight_type: DType, name: str) -> list[Sample]:
    samples = []
    kernel_name = "" if name == "CONV_S16" else "conv"
    for size, channels, outputs, kernel in (
        (48, 8, 16, 1), (24, 16, 32, 1), (24, 32, 32, 1), (12, 64, 64, 1), (6, 128, 128, 1), (32, 16, 16, 3),
        (16, 32, 32, 3), (8, 64, 64, 3),
    ):  # fmt: skip
        elements = size * size * outputs
        units = {name: float(elements * channels * kernel * kernel), f"{name}_OUTPUT": float(elements)}
        filters = weights((outputs, kernel, kernel, channels), weight_type)
        samples.append(Sample(one("CONV_2D", [((1, size, size, channels), input_type), filters]), units, kernel_name))
    return samples


def depthwise(input_type: DType, name: str) -> list[Sample]:
    samples = []
    for size, channels, stride in ((48, 8, 1), (24, 32, 1), (24, 32, 2), (12, 64, 1), (6, 128, 1), (14, 512, 1)):
        elements = (size // stride) ** 2 * channels
        filters = weights((1, 3, 3, channels), input_type, 3)
        shape = (1, size, size, channels)
        file = one("DEPTHWISE_CONV_2D", [(shape, input_type), filters], stride_h=stride, stride_w=stride)
        samples.append(Sample(file, {name: 9.0 * elements}))
    return samples


def fully_connected(dtype: DType) -> list[Sample]:
    """One row: 128 KiB to 1 MiB of weights."""
    return [
        Sample(
            one("FULLY_CONNECTED", [((1, columns), dtype), weights((128, columns), dtype)]),
            {"WEIGHT_BYTE": float(128 * columns * dtype.numpy.itemsize)},
        )
        for columns in (1024, 2048)
    ]


def transposed(dtype: DType, name: str) -> list[Sample]:
    return [
        Sample(
            one(
                "TRANSPOSE_CONV",
                [ints(1, 2 * size, 2 * size, outputs), weights((outputs, 3, 3, channels), dtype),
                 ((1, size, size, channels), dtype)],
                stride_h=2, stride_w=2,
            ),
            {name: 9.0 * size * size * channels * outputs},
            "transpose_conv",
        )
        for size, channels, outputs in ((16, 32, 16), (8, 64, 32))
    ]  # fmt: skip


def elementwise(
    name: str, make: Callable[[tuple[int, ...]], bytes], units: float = 1.0, kernel: str = ""
) -> list[Sample]:
    """`units` per element; `make` gives a model for a shape."""
    shapes = ((1, 16, 16, 16), (1, 32, 32, 32))
    return [Sample(make(shape), {name: units * float(np.prod(shape))}, kernel) for shape in shapes]


def pools(kind: str, dtype: DType, name: str) -> list[Sample]:
    return elementwise(
        name, lambda s: one(kind, [(s, dtype)], filter_height=3, filter_width=3, stride_h=1, stride_w=1), 9.0
    )


def groups() -> list[list[Sample]]:
    """Samples whose units are fitted together."""

    def two(kind: str, dtype: DType) -> Callable[[tuple[int, ...]], bytes]:
        return lambda s: one(kind, [(s, dtype), (s, dtype)])

    def unary(kind: str, dtype: DType, **attrs: Any) -> Callable[[tuple[int, ...]], bytes]:
        return lambda s: one(kind, [(s, dtype)], **attrs)

    def with_ints(kind: str, dtype: DType, *values: int, **attrs: Any) -> Callable[[tuple[int, ...]], bytes]:
        return lambda s: one(kind, [(s, dtype), ints(*values)], **attrs)

    def doubled(dtype: DType) -> Callable[[tuple[int, ...]], bytes]:
        return lambda s: one("RESIZE_BILINEAR", [((1, s[1] // 2, s[2] // 2, s[3]), dtype), ints(s[1], s[2])])

    def hybrid(s: tuple[int, ...]) -> bytes:
        return one("CONV_2D", [(s, F32), weights((16, 1, 1, s[3]), S8)])

    def padded(s: tuple[int, ...]) -> bytes:
        margins = GraphBuilder().constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32), "margins")
        return one("PAD", [((1, s[1] - 2, s[2] - 2, s[3]), F32), margins])

    def product(s: tuple[int, ...]) -> bytes:
        return one("BATCH_MATMUL", [((1, 64, 64), S8), ((1, 64, s[3]), S8)])

    products = [Sample(product((1, 1, 1, n)), {"MATMUL_S8": 64.0 * 64 * n}, "batch_matmul") for n in (32, 64)]
    return [
        elementwise("OPERATION", two("ADD", F32), 4) + elementwise("OPERATION", unary("TANH", F32), 23),
        convolutions(F32, F32, "CONV_F32"),
        convolutions(S8, S8, "CONV_S8"),
        convolutions(F32, S8, "CONV_HYBRID"),
        convolutions(S16, S8, "CONV_S16")[:4],
        depthwise(F32, "DEPTHWISE_F32"),
        depthwise(S8, "DEPTHWISE_S8"),
        fully_connected(F32) + fully_connected(S8),
        transposed(F32, "TRANSPOSE_CONV_F32"),
        transposed(S8, "TRANSPOSE_CONV_S8"),
        products,
        pools("AVERAGE_POOL_2D", F32, "POOL_F32") + pools("MAX_POOL_2D", F32, "POOL_F32"),
        pools("AVERAGE_POOL_2D", S8, "POOL_S8") + pools("MAX_POOL_2D", S8, "POOL_S8"),
        elementwise("ADD_S8", two("ADD", S8)) + elementwise("ADD_S8", two("MUL", S8)),
        elementwise("LOOKUP", unary("TANH", S8)),
        elementwise("QUANTIZE", lambda s: one("QUANTIZE", [(s, F32)], S8)),
        elementwise("QUANTIZE_ROWS", hybrid, kernel="quantize_rows"),
        elementwise("DEQUANTIZE", lambda s: one("DEQUANTIZE", [(s, S8)], F32)),
        elementwise("REQUANTIZE", lambda s: one("QUANTIZE", [(s, S16)], S8, quantization(0.07))),
        elementwise("SOFTMAX_F32", unary("SOFTMAX", F32)),
        elementwise("SOFTMAX_S8", unary("SOFTMAX", S8, quantized=Quantization.per_tensor(1 / 256, -128))),
        elementwise("RESIZE_F32", doubled(F32)),
        elementwise("RESIZE_S8", doubled(S8)),
        elementwise("SUM_F32", with_ints("SUM", F32, 1, 2)),
        elementwise("SUM_S8", with_ints("MEAN", S8, 1, 2)),
        elementwise("MOVED_BYTE", padded, 4.0),
        elementwise("SELECT", two("GREATER", F32)),
        elementwise("ELEMENT", with_ints("TRANSPOSE", F32, 0, 2, 3, 1)),
    ]


def least_us(sample: Sample, isa: str, seconds: float) -> float:
    """The least time of the step among several bursts, in microseconds."""
    plan = Plan(sample.model, isa=isa, float_tolerance=0.0)
    step = max((i for i, s in enumerate(plan.steps) if s.kernel.startswith(sample.kernel)), default=0)
    session = Session(plan)
    for values in session.inputs:
        values[...] = RNG.integers(-3, 4, values.shape)
    least, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        least = min(least, float(session.profile()[step]) - CLOCK_US)
    return least


def fitted(samples: Sequence[Sample], times_us: NDArray[np.float64]) -> dict[str, float]:
    """Picoseconds per unit, none negative, with the least relative errors."""
    names = sorted({name for sample in samples for name in sample.units}, key=len)
    amounts = np.array([[sample.units.get(name, 0.0) for name in names] for sample in samples])
    costs, *_ = np.linalg.lstsq(amounts / times_us[:, None] / 1e6, np.ones(len(samples)), rcond=None)
    if costs.min() <= 0:  # a single unit explains the times
        costs = np.where(np.arange(len(names)) == 0, np.median(times_us / amounts[:, 0] * 1e6), 1.0)
    return {name: float(f"{cost:.3g}") for name, cost in zip(names, costs.tolist(), strict=True)}


def table(seconds: float) -> dict[str, list[float]]:
    """Rows of costs by name, a column for each level."""
    rows: dict[str, list[float]] = {}
    for samples in groups():
        for isa in LEVELS:
            times_us = np.array([least_us(sample, isa, seconds) for sample in samples])
            costs = fitted(samples, times_us)
            for name, cost in costs.items():
                rows.setdefault(name, []).append(cost)
            guesses = np.array([sum(n * costs[unit] for unit, n in s.units.items()) / 1e6 for s in samples])
            print(f"{isa.split(',')[-1]:12} {costs}  model/measured {np.round(guesses / times_us, 2)}", flush=True)
    return rows


def rewrite(text: str, rows: dict[str, list[float]]) -> str:
    """The table with these rows in the place of its own."""
    lines = [line for line in text.splitlines() if not line.startswith("RLT_COST(")]
    at = next(i for i, line in enumerate(text.splitlines()) if line.startswith("RLT_COST("))
    new = [f"RLT_COST({name}, {', '.join(f'{cost:g}' for cost in costs)})" for name, costs in rows.items()]
    return "\n".join([*lines[:at], *new, *lines[at:]]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", dest="is_dry", help="leave the table as it is")
    parser.add_argument("--seconds", type=float, default=0.3, help="for each sample and instruction set")
    arguments = parser.parse_args()
    rows = table(arguments.seconds)
    if not arguments.is_dry:
        TABLE.write_text(rewrite(TABLE.read_text(), rows))


if __name__ == "__main__":
    main()
