"""Proof that a device computes what this machine computes, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bench import random_inputs
from ..devices import Device
from ..ir import DType
from ..runtime import Interpreter, Plan, Session
from .target import Target

FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Difference:
    """The first tensor that differs: how many elements do, and by how much at most."""

    step: int
    kernel: str
    layer: str
    tensor: str
    elements: int
    differing: int
    max_difference: float


@dataclass(frozen=True)
class Verification:
    """Result: `exact` says whether every compared byte was equal; floats may differ by FLOAT_TOLERANCE (relative)."""

    device: str
    inputs: int
    steps: int
    tensors: int
    compared_bytes: int
    exact: bool
    max_float_difference: float
    first_difference: Difference | None

    @property
    def passed(self) -> bool:
        return self.first_difference is None

    def sentence(self) -> str:
        """The result in one line."""
        if self.first_difference is not None:
            d = self.first_difference
            return (
                f"differs from this machine first in layer '{d.layer}' (step {d.step}, {d.kernel}): {d.differing} of "
                f"{d.elements} elements of tensor '{d.tensor}', by up to {d.max_difference:g}"
            )
        how = "bit for bit" if self.exact else f"within {self.max_float_difference:.1e} (floats)"
        return (
            f"{self.device} computes what this machine computes, {how}: {self.tensors} tensors, "
            f"{self.compared_bytes:,} bytes, {self.inputs} random input{'s' if self.inputs > 1 else ''}"
        )


def verify(
    target: Target, device: Device, inputs: int = 3, seed: int = 0, progress: Callable[[float], None] | None = None
) -> Verification:
    """Runs the same random inputs here and there; reads back and compares every step's outputs.

    Raises:
        DeviceError, LinkError: the device does not answer as it should.
    """
    details = Interpreter(model_content=target.data).get_input_details()
    host = Session(Plan(target.data, keep_all=True))
    steps, compared, tensors, largest = target.plan.steps, 0, 0, 0.0
    final = {step.op: index for index, step in enumerate(steps)}  # an op may take several; its last gives the outputs
    for number in range(inputs):
        arrays = random_inputs(details, seed + number)
        load(host, device, arrays)
        host.invoke()
        for index, step in enumerate(steps):
            device.run(index, 1)
            for tensor in step.outputs if final[step.op] == index else ():
                place = target.plan.tensor(tensor)
                if place.arena_offset is None:
                    continue
                there = np.frombuffer(device.read(place.arena_offset, place.nbytes), DType(place.type).numpy)
                here = host.value(tensor).reshape(-1)
                wrong, worst = compare(here, there)
                compared, tensors = compared + place.nbytes, tensors + (number == 0)
                if wrong:
                    found = Difference(
                        index, step.kernel, target.layers[index], target.tensor_name(tensor), here.size, wrong, worst
                    )
                    return _result(device, number + 1, steps, tensors, compared, largest, found)
                largest = max(largest, worst)
            if progress:
                progress((number + (index + 1) / len(steps)) / inputs)
    return _result(device, inputs, steps, tensors, compared, largest, None)


def load(host: Session, device: Device, arrays: Sequence[NDArray[Any]]) -> None:
    """Gives both the same inputs."""
    for index, array in enumerate(arrays):
        host.inputs[index][...] = array
        device.set_input(index, array)


def compare(here: NDArray[Any], there: NDArray[Any]) -> tuple[int, float]:
    """How many elements differ too much, and the largest difference of all (of floats: relative, FLOAT_TOLERANCE)."""
    if here.dtype.kind != "f":
        apart = np.abs(here.astype(np.int64) - there.astype(np.int64))
        return int(np.count_nonzero(apart)), float(apart.max(initial=0))
    if here.tobytes() == there.tobytes():
        return 0, 0.0
    scale = max(float(np.abs(here).max(initial=0.0)), 1e-30)
    relative = np.abs(here.astype(np.float64) - there) / scale
    wrong = ~(relative <= FLOAT_TOLERANCE)
    return int(np.count_nonzero(wrong)), float(np.nan_to_num(relative, nan=np.inf).max(initial=0.0))


def _result(
    device: Device,
    inputs: int,
    steps: Sequence[object],
    tensors: int,
    compared: int,
    largest: float,
    found: Difference | None,
) -> Verification:
    exact = found is None and largest == 0.0
    return Verification(device.info.board, inputs, len(steps), tensors, compared, exact, largest, found)
