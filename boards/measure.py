"""What one inference costs on a device: instructions where an emulator counts them, time elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bench import main_steps, op_nbytes, random_inputs, shape_text
from ..devices import Device
from ..ops import count_macs
from ..runtime import Interpreter, Plan, Session
from .target import Target

_HOST_RUNS = 30


@dataclass(frozen=True)
class StepCost:
    """One step.

    Attributes:
        op: its first operator's kind. layer: names in the source model of all operators. shape: of the first's output.
        cost: in the device's unit.
        macs: multiply-accumulates; 0 where there are none, and in an operator's lesser steps.
        nbytes: read and written: inputs, outputs and constants; 0 in an operator's lesser steps.
        host_us: median time of this machine's best kernels for the same operator; 0 in its lesser steps.
    """

    op: str
    layer: str
    kernel: str
    shape: str
    cost: float
    macs: int
    nbytes: int
    host_us: float


@dataclass(frozen=True)
class DeviceBench:
    """Cost of one inference. An emulator counts instructions, not cycles."""

    device: str
    model: str
    unit: str
    runs: int
    per_run: float
    macs: int
    host_us: float
    steps: list[StepCost]
    stack_used_bytes: int
    arena_bytes: int


def measure(target: Target, device: Device, runs: int = 3) -> DeviceBench:
    """Runs the model `runs` times on random inputs, then once more step by step, and step by step on this machine.

    Raises:
        DeviceError, LinkError: the device does not answer as it should.
    """
    inputs = random_inputs(Interpreter(model_content=target.data).get_input_details())
    for index, array in enumerate(inputs):
        device.set_input(index, array)
    device.run()  # fills caches
    spent = device.run(repetitions=runs)
    costs = [duration.value for duration in device.profile()]
    memory = device.memory()
    host = _host_us(target)
    steps = _steps(target, costs, host)
    return DeviceBench(
        device=device.info.board,
        model=target.name,
        unit=spent.unit,
        runs=runs,
        per_run=spent.value / runs,
        macs=sum(step.macs for step in steps),
        host_us=sum(host.values()),
        steps=steps,
        stack_used_bytes=memory.stack_used,
        arena_bytes=memory.arena_bytes,
    )


def _steps(target: Target, costs: list[float], host: dict[int, float]) -> list[StepCost]:
    planned, operators = target.plan.steps, target.model.main.ops
    main = main_steps(planned, np.array(costs))
    found = []
    for index, (step, layer, cost) in enumerate(zip(planned, target.layers, costs, strict=True)):
        op, is_main = operators[step.ops[0]], main[step.op] == index
        macs, nbytes = (count_macs(op) or 0, sum(op_nbytes(op))) if is_main else (0, 0)
        host_us = sum(host.get(i, 0.0) for i in step.ops) if is_main else 0.0
        found.append(StepCost(op.kind, layer, step.kernel, shape_text(op), cost, macs, nbytes, host_us))
    return found


def _host_us(target: Target) -> dict[int, float]:
    """For each operator, the time of its steps on this machine."""
    plan = Plan(target.data, keep_inputs=True)
    session = Session(plan)
    times = np.median([session.profile() for _ in range(_HOST_RUNS)], axis=0)
    spent: dict[int, float] = {}
    for step, us in zip(plan.steps, times.tolist(), strict=True):
        spent[step.op] = spent.get(step.op, 0.0) + us
    return spent
