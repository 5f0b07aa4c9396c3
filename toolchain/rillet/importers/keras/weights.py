"""Where a layer's arrays lie in each container, and reading them with bounds on what a damaged file can claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import KerasError

Floats = NDArray[np.float32]


@dataclass
class Budget:
    """Bytes that may still be read: datasets are rarely compressed, so more than 100 times the file is a bomb."""

    file_bytes: int
    used: int = 0

    def read(self, dataset: Any, where: str) -> NDArray[Any]:
        """The whole dataset; half floats, doubles and raw bfloat16 as they are stored."""
        if not hasattr(dataset, "dtype") or dataset.shape is None:
            raise KerasError(f"layer '{where}': '{getattr(dataset, 'name', '?')}' in the file is no array")
        if dataset.external:
            raise KerasError(f"layer '{where}': its weights lie in another file ({dataset.external[0][0]}); refused")
        self.used += dataset.size * dataset.dtype.itemsize
        if self.used > max(64 << 20, 100 * self.file_bytes):
            raise KerasError(f"layer '{where}': weights of shape {dataset.shape} are larger than the file can hold")
        return np.asarray(dataset[()])


class Weights(Protocol):
    """The variables below one node of the model (a network, a layer, a wrapper's inner layer)."""

    @property
    def budget(self) -> Budget:
        """What may still be read of the file."""

    def children(self, layers: Sequence[tuple[str, str]]) -> list[Weights]:
        """Those of a network's layers, given (name, class) of all of them in order."""

    def member(self, attribute: str) -> Weights:
        """Those of an object that the layer holds as `attribute`, such as an LSTM's "cell"."""

    def own(self, names: Sequence[str], where: str) -> dict[str, Any]:
        """The layer's variables (h5py datasets) by the names that Keras gives them, listed in Keras' order.

        Raises:
            KerasError: missing or too many; the text names the layer by `where`.
        """

    def extra(self, name: str) -> Any | None:
        """A variable that some wrapper adds under a name of its own; None where it is not there."""


@dataclass(frozen=True)
class LegacyWeights:
    """HDF5 of `model.save("x.h5")`: one group per top-level layer with an ordered list of weight names."""

    entries: tuple[tuple[str, Any], ...]
    budget: Budget
    groups: dict[str, Any] | None = None

    @classmethod
    def of_model(cls, root: Any, names: Sequence[str], budget: Budget) -> LegacyWeights:
        return cls((), budget, {name: root[name] for name in names if name in root})

    def children(self, layers: Sequence[tuple[str, str]]) -> list[Weights]:
        if self.groups is not None:
            return [self._top(name) for name, _ in layers]
        # A nested network: all its weights are in one list, told apart by the layer's name in their path.
        below: dict[str, list[tuple[str, Any]]] = {}
        for entry in self.entries:
            for part in set(entry[0].split("/")[:-1]):
                below.setdefault(part, []).append(entry)
        return [LegacyWeights(tuple(below.get(name, ())), self.budget) for name, _ in layers]

    def _top(self, name: str) -> Weights:
        assert self.groups is not None
        group = self.groups.get(name)
        if group is None:
            return LegacyWeights((), self.budget)
        names = text_list(group, "weight_names")
        for each in names:
            if each not in group:
                raise KerasError(f"layer '{name}': the file lists weight '{each}' but does not hold it")
        return LegacyWeights(tuple((each, group[each]) for each in names), self.budget)

    def member(self, attribute: str) -> Weights:
        return self

    def own(self, names: Sequence[str], where: str) -> dict[str, Any]:
        by_name: dict[str, list[Any]] = {name: [] for name in names}
        for path, dataset in self.entries:
            by_name.get(_base(path), []).append(dataset)
        if all(len(found) == 1 for found in by_name.values()):
            return {name: found[0] for name, found in by_name.items()}
        if len(self.entries) == len(names):  # Keras 1 names them otherwise, but keeps the order
            return {name: dataset for name, (_, dataset) in zip(names, self.entries, strict=True)}
        raise _mismatch(where, names, [path for path, _ in self.entries])

    def extra(self, name: str) -> Any | None:
        return next((dataset for path, dataset in self.entries if _base(path) == name), None)


@dataclass(frozen=True)
class ArchiveWeights:
    """model.weights.h5 of a .keras file: a tree as the objects, variables numbered in `vars`."""

    group: Any | None
    budget: Budget

    def children(self, layers: Sequence[tuple[str, str]]) -> list[Weights]:
        counts: dict[str, int] = {}
        found: list[Weights] = []
        box = self._at("layers") or self._at("_layer_checkpoint_dependencies")  # the latter: TensorFlow 2.11 and 2.12
        for _, kind in layers:
            name = snake_case(kind)
            number = counts[name] = counts.get(name, -1) + 1
            key = f"{name}_{number}" if number else name
            found.append(ArchiveWeights(box[key] if box is not None and key in box else None, self.budget))
        return found

    def member(self, attribute: str) -> Weights:
        return ArchiveWeights(self._at(attribute), self.budget)

    def own(self, names: Sequence[str], where: str) -> dict[str, Any]:
        variables = self._at("vars")
        count = len(variables) if variables is not None else 0
        if variables is None or any(str(i) not in variables for i in range(len(names))):
            raise _mismatch(where, names, [f"vars/{i}" for i in range(count)])
        return {name: variables[str(i)] for i, name in enumerate(names)}

    def extra(self, name: str) -> Any | None:
        return None

    def _at(self, key: str) -> Any | None:
        return self.group[key] if self.group is not None and key in self.group else None


def text_list(group: Any, attribute: str) -> list[str]:
    """A list of strings in an HDF5 attribute, which Keras splits into numbered ones above 64 KiB."""
    values: list[Any] = []
    if attribute in group.attrs:
        values = list(group.attrs[attribute])
    else:
        part = 0
        while f"{attribute}{part}" in group.attrs:
            values += list(group.attrs[f"{attribute}{part}"])
            part += 1
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def as_float32(array: NDArray[Any]) -> Floats:
    """Stored weights as float32; uint16 is Keras' way to store bfloat16."""
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return np.ascontiguousarray(array, np.float32)


def _base(path: str) -> str:
    """Last part of a weight's path without TensorFlow's ":0"."""
    return path.rsplit("/", 1)[-1].split(":")[0]


def snake_case(name: str) -> str:
    """As Keras names layers, and objects in an archive: "SeparableConv2D" -> "separable_conv2d"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", re.sub(r"\W", "", name)).lower()


def _mismatch(where: str, wanted: Sequence[str], found: Sequence[str]) -> KerasError:
    return KerasError(
        f"layer '{where}' needs the weights {', '.join(wanted)}; the file has {', '.join(found[:8]) or 'none'} for it"
    )
