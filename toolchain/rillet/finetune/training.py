"""The training loop, the same for every backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import RilletError
from ..runtime import Program
from ..runtime.details import ModelDetails
from .backends import Backend, check_trainable, opened
from .checkpoint import load_checkpoint, save_checkpoint
from .data import LabelledArrays, Samples, fitted, read_samples


@dataclass(frozen=True)
class Progress:
    """How far training is. Loss and accuracy are means over the epoch so far, each sample before its step."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float | None


@dataclass(frozen=True)
class Epoch:
    """Means over an epoch; accuracy is None where labels are no classes."""

    loss: float
    accuracy: float | None


@dataclass
class Training:
    """What a run did. Accuracies before and after are those on the test data."""

    device: str
    samples: int
    batch: int
    steps: int
    epochs: list[Epoch] = field(default_factory=list)
    accuracy_before: float | None = None
    accuracy_after: float | None = None
    checkpoint: str | None = None
    checkpoint_bytes: int = 0


def run(
    model: str | PathLike[str],
    data: str | PathLike[str] | LabelledArrays,
    *,
    device: str | None = None,
    board: str | None = None,
    epochs: int = 1,
    batch: int | None = None,
    seed: int = 0,
    test: str | PathLike[str] | LabelledArrays | None = None,
    restore: str | PathLike[str] | None = None,
    checkpoint: str | PathLike[str] | None = None,
    tell: Callable[[Progress], None] | None = None,
    out_dir: str | PathLike[str] | None = None,
) -> Training:
    """Trains a file that `prepare` made.

    Args:
        model: path of the trainable .tflite.
        data, test: an .npz with arrays x and y, or the two arrays.
        device, board: where; neither: in this process. See `rillet.boards.reach`.
        batch: must be that of the file; None: the file's.
        seed: of the order of the samples.
        restore: a checkpoint to go on from. checkpoint: gets what changed, after every epoch.
        tell: called after every step.

    Raises:
        RilletError: data or checkpoint do not fit the model, or the loss is no number: then the checkpoint is that
            of the last good epoch.
        DeviceError: the device fails.
    """
    content, name = Path(model).read_bytes(), Path(model).stem
    check_trainable(content, str(model))
    samples = _samples(data, content)
    tests = None if test is None else _samples(test, content)
    first = Program(content).run("save", {})
    size = _batch(content, batch)
    if epochs < 1:
        raise RilletError(f"{epochs} epochs: give 1 or more")
    begun = load_checkpoint(restore, content, first) if restore else None
    with opened(content, name, device, board, out_dir) as backend:
        result = Training(backend.name, len(samples), size, begun.steps if begun else 0)
        if begun:
            backend.run("restore", begun.variables)
        result.accuracy_before = _tested(backend, tests)
        for epoch in range(epochs):
            result.epochs.append(_epoch(backend, samples, size, seed + epoch, (epoch, epochs), tell))
            result.steps += -(-len(samples) // size)
            if checkpoint:
                result.checkpoint = os.fspath(checkpoint)
                now = backend.run("save", {})
                result.checkpoint_bytes = save_checkpoint(checkpoint, content, first, now, result.steps)
        result.accuracy_after = _tested(backend, tests)
    return result


def evaluate(
    model: str | PathLike[str], data: str | PathLike[str] | LabelledArrays, restore: str | PathLike[str] | None = None
) -> float | None:
    """The share of samples whose class a trainable file finds, in this process, as it is or with a checkpoint.

    Raises:
        RilletError: as `run` does.
    """
    content, name = Path(model).read_bytes(), Path(model).stem
    with opened(content, name, None, None) as backend:
        if restore:
            backend.run("restore", load_checkpoint(restore, content, backend.run("save", {})).variables)
        return accuracy(backend, _samples(data, content))


def accuracy(backend: Backend, samples: Samples) -> float | None:
    """The share of samples whose class `infer` finds; None where labels are no classes."""
    right = []
    for x, y in zip(samples.x, samples.y, strict=True):
        output = backend.run("infer", {"x": x[None]})["output"]
        right.append(_right(output, y[None]))
    return None if None in right else float(np.mean([r for r in right if r is not None]))


def _epoch(
    backend: Backend,
    samples: Samples,
    size: int,
    seed: int,
    number: tuple[int, int],
    tell: Callable[[Progress], None] | None,
) -> Epoch:
    losses: list[float] = []
    right: list[float] = []
    steps = -(-len(samples) // size)
    for x, y in samples.batches(size, seed):
        results = backend.run("train", {"x": x, "y": y})
        losses.append(float(results["loss"]))
        if not np.isfinite(losses[-1]):
            raise RilletError(
                f"the loss is {losses[-1]} in step {len(losses)} of epoch {number[0] + 1}: training stopped, nothing "
                "was saved since the last good epoch; lower the learning rate (prepare --learning-rate, --clip)"
            )
        found = _right(results["output"], y)
        right += [] if found is None else [found]
        if tell:
            mean = float(np.mean(right)) if right else None
            tell(Progress(number[0] + 1, number[1], len(losses), steps, float(np.mean(losses)), mean))
    return Epoch(float(np.mean(losses)), float(np.mean(right)) if right else None)


def _right(output: NDArray[Any], y: NDArray[Any]) -> float | None:
    """The share of a batch that is classified as `y` says."""
    if y.dtype.kind == "i":
        return float(np.mean(output.argmax(axis=-1) == y))
    if output.shape == y.shape and output.shape[-1] > 1 and np.allclose(y.sum(axis=-1), 1):
        return float(np.mean(output.argmax(axis=-1) == y.argmax(axis=-1)))
    return None


def _tested(backend: Backend, tests: Samples | None) -> float | None:
    return None if tests is None else accuracy(backend, tests)


def _samples(data: str | PathLike[str] | LabelledArrays, content: bytes) -> Samples:
    if isinstance(data, tuple):
        return fitted(*data, content)
    return fitted(*read_samples(data), content, f"data '{os.fspath(data)}'")


def _batch(content: bytes, wanted: int | None) -> int:
    details = ModelDetails(content)
    signature = details.signatures()["train"]
    size = int(details.describe(signature.inputs["x"], signature.graph)["shape"][0])
    if wanted not in (None, size):
        raise RilletError(f"the file trains on batches of {size}, not {wanted}: prepare it with --batch {wanted}")
    return size
