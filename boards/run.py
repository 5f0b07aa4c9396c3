"""Running a model once, in this process or on a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bench import random_inputs
from ..ir import RilletError, replacing
from ..runtime import Interpreter
from .reach import reach
from .target import prepare_target


def run_model(
    model: Path,
    files: Sequence[Path] = (),
    device: str | None = None,
    board: str | None = None,
    threads: int = 1,
    float_tolerance: float | None = None,
) -> dict[str, NDArray[Any]]:
    """Outputs by name.

    Args:
        files: an .npy per input in order, or one .npz; none for random inputs.
        device, board: where to run; neither: in this process.
        float_tolerance: as in Interpreter; of no effect on devices, whose kernels add products only.

    Raises:
        RilletError: an input file is missing, unreadable, or has another shape or type than the input.
    """
    interpreter = Interpreter(model, num_threads=threads, float_tolerance=float_tolerance)
    interpreter.allocate_tensors()
    details, results = interpreter.get_input_details(), interpreter.get_output_details()
    arrays = read_inputs(files, details) if files else random_inputs(details)
    if device is None and board is None:
        for detail, array in zip(details, arrays, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        return {d["name"]: interpreter.get_tensor(d["index"]) for d in results}
    target = prepare_target(model, board or "host")
    with reach(target, device) as reached:
        for index, array in enumerate(arrays):
            reached.set_input(index, array)
        reached.run()
        return {detail["name"]: reached.output(i) for i, detail in enumerate(results)}


def read_inputs(files: Sequence[Path], details: Sequence[dict[str, Any]]) -> list[NDArray[Any]]:
    """Arrays for the inputs, checked against their shapes and types (see run_model)."""
    arrays: list[NDArray[Any]] = []
    for file in files:
        try:
            with np.load(file, allow_pickle=False) if file.suffix == ".npz" else file.open("rb") as content:
                if isinstance(content, np.lib.npyio.NpzFile):
                    names = [d["name"] for d in details]
                    order = names if set(names) == set(content.files) else content.files
                    arrays += [content[name] for name in order]
                else:
                    arrays.append(np.load(content, allow_pickle=False))
        except (OSError, ValueError) as problem:
            raise RilletError(f"cannot read input '{file}': {problem}") from problem
    if len(arrays) != len(details):
        raise RilletError(f"the model has {len(details)} inputs, {len(arrays)} arrays were given")
    return [_fitted(array, detail) for array, detail in zip(arrays, details, strict=True)]


def save_outputs(outputs: dict[str, NDArray[Any]], path: Path) -> None:
    """Writes an .npz, whole or not at all."""
    arrays: dict[str, Any] = {name.replace("/", "_"): array for name, array in outputs.items()}
    with replacing(path) as file:
        np.savez(file, **arrays)


def _fitted(array: NDArray[Any], detail: dict[str, Any]) -> NDArray[Any]:
    shape, dtype = tuple(int(d) for d in detail["shape"]), np.dtype(detail["dtype"])
    if array.shape == shape[1:] and shape[:1] == (1,):
        array = array[None]
    if array.shape != shape:
        raise RilletError(f"input '{detail['name']}' has shape {shape}, the file has {array.shape}")
    if array.dtype == dtype:
        return array
    if dtype.kind == "f" and array.dtype.kind in "fiu":
        return array.astype(dtype)
    raise RilletError(f"input '{detail['name']}' takes {dtype}, the file has {array.dtype}")
