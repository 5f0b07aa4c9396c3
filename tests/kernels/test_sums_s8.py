"""int8 ADD and SUB of all pairs of operands: vector kernels, which round once, against the scalar one, which rounds as
LiteRT does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rillet.flatbuffer import write_bytes
from rillet.ir import Activation, DType, Model, Quantization
from rillet.ops import GraphBuilder
from rillet.runtime import Plan, Session, cpu_isa

ALL = np.arange(-128, 128, dtype=np.int8)
Scales = tuple[float, float, float]


def model_of(kind: str, scales: Scales, zero_points: tuple[int, int, int], activation: Activation) -> bytes:
    g = GraphBuilder()
    operands = [g.input(name, (256, 256), DType.INT8) for name in "ab"]
    sums = g.op(kind, operands, fused_activation_function=activation)
    for tensor, scale, zero_point in zip([*operands, sums], scales, zero_points, strict=True):
        tensor.quantization = Quantization.per_tensor(scale, zero_point)
    g.output(sums)
    return write_bytes(Model([g.graph]))


def result(model: bytes, isa: str) -> tuple[str, NDArray[np.int8]]:
    plan = Plan(model, isa=isa)
    session = Session(plan)
    for input_, values in zip(session.inputs, np.meshgrid(ALL, ALL), strict=True):
        input_[...] = values
    session.invoke()
    return plan.steps[-1].kernel, session.outputs[0].copy()


def check(model: bytes) -> set[str]:
    """The vector kernels that ran."""
    expected = result(model, "scalar")[1]
    names = set()
    for isa in set(cpu_isa()) & {"avx2", "avx512vnni"}:
        name, values = result(model, isa)
        np.testing.assert_array_equal(values, expected)
        names.add(name.removesuffix(f"_{isa}"))
    return names


@pytest.mark.parametrize("seed", range(40))
def test_any_scales(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, y = (float(s) for s in rng.uniform(0.5, 2, 3) * 2 ** rng.uniform(-1, [2, 2, 1]))
    zero_a, zero_b, zero_y = (int(z) for z in rng.integers(-128, 128, 3))
    activation = Activation.RELU if seed % 4 == 0 else Activation.NONE
    check(model_of("SUB" if seed % 3 == 0 else "ADD", (a, b, y), (zero_a, zero_b, zero_y), activation))


@pytest.mark.skipif("avx2" not in cpu_isa(), reason="needs a CPU with AVX2")
def test_rounding_once_is_used() -> None:
    assert check(model_of("ADD", (0.0317, 0.0471, 0.0613), (3, -7, 11), Activation.NONE)) == {"linear_s8"}


@pytest.mark.parametrize("scales", [(0.5, 0.5, 1.0), (0.5, 0.25, 1.0), (0.3, 0.3, 0.6), (1.0, 1.0, 1.0)])
@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_halves_go_away_from_zero(scales: Scales, kind: str) -> None:
    check(model_of(kind, scales, (0, 0, 0), Activation.NONE))
    check(model_of(kind, scales, (5, -3, 1), Activation.NONE))
