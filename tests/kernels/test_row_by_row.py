"""Steps that work row by row, two of them by turns, and results that lie over inputs: the bits of each for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet.ir import DType, Graph, Model, Op, Padding, Tensor
from rillet.ops import opdef
from tests.boards.tools import need_tools

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.boards import open_firmware
from rillet.boards.target import build_target, prepare_target
from rillet.boards.verify import verify
from rillet.flatbuffer import write_bytes
from rillet.runtime import Plan, Session, cpu_isa

from .test_isa_equality import Rng, bias, drawn, fused, value, weights

NETWORKS = 60
LAYERS = 6


class Network:
    """A random chain of windows and residual blocks on one image."""

    def __init__(self, seed: int, dtype: DType) -> None:
        self.rng: Rng = np.random.default_rng([seed, dtype.value])
        self.dtype = dtype
        self.ops: list[Op] = []
        shape = (1, *(int(n) for n in self.rng.integers(12, 33, 2)), self._channels())
        if self.rng.integers(0, 6) == 0:
            shape = (1, int(self.rng.integers(40, 200)), 1, self._channels())
        self.input = self.tensor = value(self.rng, "input", shape, dtype)
        for _ in range(LAYERS):
            layers = (self._conv, self._depthwise, self._depthwise, self._pool, self._residual, self._residual)
            layers[self.rng.integers(0, len(layers))]()

    @property
    def data(self) -> bytes:
        return write_bytes(Model([Graph("main", [self.input], [self.tensor], self.ops)]))

    def _channels(self) -> int:
        return int(self.rng.choice([3, 4, 8, 8, 15, 16, 24, 40]))

    def _add(self, op: Op, scale: float) -> None:
        ((shape, _),) = opdef(op.kind).infer(op)
        if min(shape) < 1:
            return
        op.outputs = [value(self.rng, f"{op.kind} {len(self.ops)}", shape, self.dtype, scale)]
        if "POOL" in op.kind:
            op.outputs[0].quantization = self.tensor.quantization
        self.ops.append(op)
        self.tensor = op.outputs[0]

    def _window(self, same: bool) -> dict[str, Any]:
        stride = [1, 1] if same else [int(s) for s in self.rng.choice([1, 1, 1, 2, 3], 2)]
        padding = Padding.SAME if same else Padding(int(self.rng.integers(0, 2)))
        return {"stride_h": stride[0], "stride_w": stride[1], "padding": padding}

    def _kernel(self) -> tuple[int, int]:
        height, width = self.tensor.static_shape[1:3]
        return min(int(self.rng.choice([1, 3, 3, 5])), height), min(int(self.rng.choice([1, 3, 3, 4])), width)

    def _conv(self, out_c: int | None = None) -> None:
        kernel, in_c = self._kernel(), self.tensor.static_shape[3]
        if self.rng.integers(0, 2):
            kernel = (1, 1)
        wanted = out_c or self._channels()
        operands = [
            self.tensor,
            weights(self.rng, (wanted, *kernel, in_c), 0, self.dtype),
            bias(self.rng, wanted, self.dtype),
        ]
        attrs = self._window(out_c is not None or kernel == (1, 1))
        self._add(Op("CONV_2D", operands, [], opdef("CONV_2D").attrs(**attrs, **fused(self.rng))), 0.4)

    def _depthwise(self) -> None:
        kernel, in_c = self._kernel(), self.tensor.static_shape[3]
        times = int(self.rng.choice([1, 1, 1, 2])) if in_c < 20 else 1
        operands = [
            self.tensor,
            weights(self.rng, (1, *kernel, in_c * times), 3, self.dtype),
            bias(self.rng, in_c * times, self.dtype),
        ]
        attrs = {"depth_multiplier": times, **self._window(bool(self.rng.integers(0, 2))), **fused(self.rng)}
        self._add(Op("DEPTHWISE_CONV_2D", operands, [], opdef("DEPTHWISE_CONV_2D").attrs(**attrs)), 0.1)

    def _pool(self) -> None:
        kind, kernel = str(self.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"])), self._kernel()
        attrs = {"filter_height": kernel[0], "filter_width": kernel[1], **self._window(False)}
        self._add(Op(kind, [self.tensor], [], opdef(kind).attrs(**attrs)), 0.0)

    def _residual(self) -> None:
        before = self.tensor
        self._conv()
        if self.tensor.static_shape[1:3] != before.static_shape[1:3]:
            return
        self._conv(before.static_shape[3])
        operands: list[Tensor | None] = [self.tensor, before]
        if self.rng.integers(0, 2):
            operands.reverse()
        kind = str(self.rng.choice(["ADD", "ADD", "SUB", "MUL"]))
        self._add(Op(kind, operands, [], opdef(kind).attrs(**fused(self.rng))), 0.05)


def run(plan: Plan, array: Any, threads: int = 1) -> Any:
    session = Session(plan, threads)
    session.inputs[0][...] = array
    session.invoke()
    return np.array(session.outputs[0])


@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32])
def test_random_networks(dtype: DType) -> None:
    by_turns = smaller = 0
    for number in range(NETWORKS):
        network = Network(number, dtype)
        array = drawn(np.random.default_rng(number), network.input.static_shape, dtype)
        for isa in {"scalar", ",".join(cpu_isa())}:
            wanted = run(Plan(network.data, isa=isa, keep_all=True), array)
            for threads in (1, 2):
                plan = Plan(network.data, isa=isa, threads=threads)
                by_turns += sum(len(step.ops) > 1 for step in plan.steps)
                np.testing.assert_array_equal(run(plan, array, threads), wanted, err_msg=f"{number} {isa} {threads}")
        one, two = (Plan(network.data, isa="scalar", threads=n).arena_bytes for n in (1, 2))
        smaller += one < 0.8 * two
    assert by_turns > 15
    assert smaller > 0.3 * NETWORKS


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_on_an_emulated_core(board: str, tmp_path: Path) -> None:
    """Some networks beside each other, so that one firmware runs them; half of them with steps that run by turns."""
    need_tools(board)
    drawn_ones = [Network(number, DType.INT8) for number in range(NETWORKS)]
    joined = [n for n in drawn_ones if any(len(step.ops) > 1 for step in Plan(n.data, isa="scalar").steps)]
    networks = [*joined[:3], *[n for n in drawn_ones if n not in joined][:3]]
    for number, network in enumerate(networks):
        for tensor in (network.input, *(op.outputs[0] for op in network.ops)):
            tensor.name += f" of {number}"
    inputs, results = [n.input for n in networks], [n.tensor for n in networks]
    model = Model([Graph("main", inputs, results, [op for network in networks for op in network.ops])])
    target = prepare_target(write_bytes(model), board)
    assert sum(len(step.ops) > 1 for step in target.plan.steps) >= 3
    with open_firmware(build_target(target, tmp_path)) as device:
        found = verify(target, device, inputs=1)
        assert found.passed and found.exact, found.sentence()


def test_a_step_names_both_layers() -> None:
    network = next(n for n in (Network(i, DType.INT8) for i in range(99)) if any(op.kind == "ADD" for op in n.ops))
    target = prepare_target(network.data, "mps2-an386", "m")
    joined = [i for i, step in enumerate(target.plan.steps) if len(step.ops) > 1]
    for index in joined:
        first, last = (target.model.main.ops[op] for op in target.plan.steps[index].ops)
        assert target.layers[index] == f"{first.where} + {last.where}"
        assert target.plan.steps[index].kernel.count("+") == 1
        assert target.plan.tensor(target.plan.steps[index].outputs[0]).arena_offset is not None
