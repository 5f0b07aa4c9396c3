"""Where a trainable file runs: in this process, or on a device over the wire protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any, Protocol

from numpy.typing import NDArray

from ..boards.reach import reach
from ..boards.target import Target, prepare_target
from ..devices import Device
from ..ir import RilletError
from ..runtime import Program
from ..runtime.details import ModelDetails

Arrays = Mapping[str, NDArray[Any]]
SIGNATURES = ("infer", "train", "save", "restore")


class Backend(Protocol):
    """Runs signatures; variables last from one run to the next."""

    name: str

    def run(self, key: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
        """Outputs of a signature by name."""


class Here:
    """This process. `exact`: scalar kernels, whose floats equal a microcontroller's bit for bit."""

    def __init__(self, data: bytes, exact: bool = False) -> None:
        self.name = "this machine"
        self._program = Program(data, isa="scalar" if exact else None)

    def run(self, key: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
        """See Backend."""
        return self._program.run(key, arrays)


class There:
    """A device that runs the file's firmware."""

    def __init__(self, device: Device, target: Target) -> None:
        self.name, self._device = device.info.board, device
        self._numbers = {key: index for index, key in enumerate(target.plans)}
        self._inputs: dict[str, list[str]] = {}
        self._outputs: dict[str, list[str]] = {}
        details = ModelDetails(target.data)
        for key, signature in details.signatures().items():
            graph = details.graph(signature.graph)
            self._inputs[key] = _ordered(signature.inputs, graph["inputs"])
            self._outputs[key] = _ordered(signature.outputs, graph["outputs"])

    def run(self, key: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
        """See Backend."""
        self._device.select(self._numbers[key])
        for index, name in enumerate(self._inputs[key]):
            self._device.set_input(index, arrays[name])
        self._device.run()
        return {name: self._device.output(index) for index, name in enumerate(self._outputs[key])}


@contextmanager
def opened(
    data: bytes, name: str, device: str | None, board: str | None, out_dir: str | PathLike[str] | None = None
) -> Iterator[Backend]:
    """A backend for trainable file `data`, called `name`, and its end afterwards.

    Args:
        device, board: as for `rillet run`; neither: this process.

    Raises:
        RilletError, DeviceError: the device or board cannot be had.
    """
    check_trainable(data, name)
    if device is None and board is None:
        yield Here(data)
        return
    target = prepare_target(data, board or "host", name)
    with reach(target, device, out_dir) as reached:
        yield There(reached, target)


def check_trainable(data: bytes, name: str) -> None:
    """Raises RilletError for a file that `prepare` did not make."""
    lacking = set(SIGNATURES) - set(ModelDetails(data).signatures())
    if lacking:
        raise RilletError(
            f"'{name}' cannot be trained, it lacks the signatures {', '.join(sorted(lacking))}: "
            "`rillet finetune prepare` makes a file that has them"
        )


def _ordered(names: Mapping[str, int], indices: Any) -> list[str]:
    """Argument or result names in the subgraph's order."""
    by_index = {index: name for name, index in names.items()}
    return [by_index[int(index)] for index in indices]
