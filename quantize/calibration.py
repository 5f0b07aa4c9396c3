"""Calibration data: from an .npz file, a folder of images, a Python file, or arrays and iterables."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..ir import Tensor
from .images import image_samples
from .recipes import QuantizationError

Sample = dict[str, NDArray[np.generic]]
Source: TypeAlias = "str | Path | NDArray[Any] | Mapping[str, Any] | Iterable[Any] | Callable[[], Iterable[Any]]"
_FUNCTION = "representative_dataset"


class CalibrationError(QuantizationError):
    """Calibration data that does not fit the model."""


@dataclass
class Calibration:
    """Samples by input name, each with the model's shape. Iterating again starts over.

    Args:
        source: .npz (one array per input, samples along the first axis), a folder of images, a .py file with
            `representative_dataset()` (yields lists or dicts of arrays, as TensorFlow's does), such a function, an
            array, a mapping of arrays, or an iterable of samples.
        inputs: the graph's inputs.
        normalization: for images: a name in `images.NORMALIZATIONS` or (mean, deviation).
        limit: use at most so many samples.
    """

    source: Source
    inputs: Sequence[Tensor]
    normalization: str | tuple[Any, Any] | None = None
    limit: int | None = None

    def __iter__(self) -> Iterator[Sample]:
        """Raises CalibrationError: no such file, no samples, or arrays of the wrong number, name or shape."""
        count = 0
        for raw in self._raw():
            for sample in _samples_of(raw, self.inputs, count):
                if self.limit is not None and count >= self.limit:
                    return
                yield sample
                count += 1
        if count == 0:
            raise CalibrationError(
                f"calibration source {self.label} holds no samples; about 100 typical inputs are needed"
            )

    def spread(self, count: int) -> list[Sample]:
        """At least `count` samples (all, if there are fewer) and less than twice that, evenly over the whole."""
        kept: list[Sample] = []
        stride = 1
        for index, sample in enumerate(self):
            if index % stride == 0:
                kept.append(sample)
            if len(kept) >= 2 * count:
                kept, stride = kept[::2], 2 * stride
        return kept

    @property
    def label(self) -> str:
        return str(self.source) if isinstance(self.source, (str, Path)) else f"of type {type(self.source).__name__}"

    def _raw(self) -> Iterator[Any]:
        source = self.source
        if isinstance(source, (str, Path)):
            return self._from_path(Path(source))
        if callable(source):
            return iter(source())
        if isinstance(source, np.ndarray):
            return iter([source])
        if isinstance(source, Mapping):
            return iter([dict(source)])
        if iter(source) is source:
            self.source = list(source)
            return iter(self.source)
        return iter(source)

    def _from_path(self, path: Path) -> Iterator[Any]:
        if not path.exists():
            raise CalibrationError(f"calibration source {path} does not exist")
        if path.is_dir():
            if len(self.inputs) != 1:
                raise CalibrationError(f"a folder of images feeds one input, not {len(self.inputs)}: use .npz")
            return image_samples(path, self.inputs[0], self.normalization, self.limit)
        if path.suffix == ".npz":
            return iter([_read_npz(path)])
        if path.suffix == ".py":
            return _from_script(path)
        raise CalibrationError(f"calibration source {path}: give an .npz, a folder of images or a .py file")


def _read_npz(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError) as error:
        raise CalibrationError(f"cannot read {path}: {error}") from None


def _from_script(path: Path) -> Iterator[Any]:
    try:
        names = runpy.run_path(str(path))
    except Exception as error:
        raise CalibrationError(f"{path} failed: {type(error).__name__}: {error}") from error
    function = names.get(_FUNCTION)
    if not callable(function):
        raise CalibrationError(f"{path} defines no function {_FUNCTION}() that yields lists of arrays")
    try:
        yield from function()
    except Exception as error:
        raise CalibrationError(f"{_FUNCTION}() in {path} failed: {type(error).__name__}: {error}") from error


def _samples_of(raw: Any, inputs: Sequence[Tensor], first: int) -> Iterator[Sample]:
    """One item of a source as samples: arrays with more rows than the model's batch are split."""
    arrays = _by_name(raw, inputs, first)
    parts = {t.name: _split(arrays[t.name], t, first) for t in inputs}
    counts = {len(p) for p in parts.values()}
    if len(counts) > 1:
        sizes = ", ".join(f"'{name}': {len(p)}" for name, p in parts.items())
        raise CalibrationError(f"calibration sample {first}: the inputs hold different numbers of samples ({sizes})")
    for index in range(counts.pop()):
        yield {name: part[index] for name, part in parts.items()}


def _by_name(raw: Any, inputs: Sequence[Tensor], first: int) -> dict[str, NDArray[np.generic]]:
    names = [t.name for t in inputs]
    if isinstance(raw, Mapping):
        if len(raw) == 1 and len(names) == 1:
            return {names[0]: np.asarray(next(iter(raw.values())))}
        if set(raw) != set(names):
            raise CalibrationError(f"calibration sample {first} names {sorted(raw)}; the inputs are {sorted(names)}")
        return {name: np.asarray(raw[name]) for name in names}
    if isinstance(raw, (list, tuple)):
        if len(raw) != len(names):
            raise CalibrationError(f"calibration sample {first} has {len(raw)} arrays; inputs are {names}")
        return {name: np.asarray(array) for name, array in zip(names, raw, strict=True)}
    if len(names) != 1:
        raise CalibrationError(f"calibration sample {first} is one array; the model has {len(names)} inputs: {names}")
    return {names[0]: np.asarray(raw)}


def _split(array: NDArray[np.generic], tensor: Tensor, first: int) -> list[NDArray[np.generic]]:
    if array.dtype.kind not in "fiub":
        raise CalibrationError(f"calibration sample {first} for '{tensor.name}' holds {array.dtype}, not numbers")
    shape = (1, *tensor.shape[1:]) if tensor.shape and tensor.shape[0] is None else tensor.shape
    wanted = tensor.dtype.numpy
    if _fits(array.shape, shape):
        return [array.astype(wanted, copy=False)]
    if _fits((1, *array.shape), shape):
        return [array[None].astype(wanted, copy=False)]
    if shape and array.shape and _fits(array.shape[1:], shape[1:]) and shape[0] == 1:
        return [row[None].astype(wanted, copy=False) for row in array]
    if array.shape and _fits(array.shape[1:], shape):
        return [row.astype(wanted, copy=False) for row in array]
    dims = "x".join("?" if d is None else str(d) for d in shape)
    raise CalibrationError(
        f"calibration sample {first} for input '{tensor.name}' has shape {'x'.join(map(str, array.shape))}; "
        f"the model takes {dims}"
    )


def _fits(actual: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(actual) == len(wanted) and all(w is None or a == w for a, w in zip(actual, wanted, strict=True))
