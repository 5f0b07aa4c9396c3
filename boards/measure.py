"""What one inference costs on a device: instructions where an emulator counts them, time elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from ..bench import random_inputs
from ..devices import Device
from ..ops import count_macs
from ..runtime import Interpreter
from .target import Target


@dataclass(frozen=True)
class StepCost:
    """One step's cost in the device's unit."""

    layer: str
    kernel: str
    cost: float


@dataclass(frozen=True)
class DeviceBench:
    """Cost of one inference. An emulator counts instructions, not cycles."""

    device: str
    model: str
    unit: str
    runs: int
    per_run: float
    macs: int
    steps: list[StepCost]
    stack_used_bytes: int
    arena_bytes: int


def measure(target: Target, device: Device, runs: int = 3) -> DeviceBench:
    """Runs the model `runs` times on random inputs, then once more step by step.

    Raises:
        DeviceError, LinkError: the device does not answer as it should.
    """
    for index, array in enumerate(random_inputs(Interpreter(model_content=target.data).get_input_details())):
        device.set_input(index, array)
    device.run()  # fills caches
    spent = device.run(repetitions=runs)
    steps = target.plan.steps
    costs = [
        StepCost(layer, step.kernel, duration.value)
        for layer, step, duration in zip(target.layers, steps, device.profile(), strict=True)
    ]
    memory = device.memory()
    return DeviceBench(
        device=device.info.board,
        model=target.name,
        unit=spent.unit,
        runs=runs,
        per_run=spent.value / runs,
        macs=sum(count_macs(op) or 0 for op in target.model.main.ops),
        steps=costs,
        stack_used_bytes=memory.stack_used,
        arena_bytes=memory.arena_bytes,
    )
