"""What is wrong with calibration data, said before it spoils a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..ir import Tensor
from .calibration import CalibrationError, Sample
from .statistics import Statistics

_FEW_SAMPLES = 10
_RANGE_FACTOR = 4.0


@dataclass
class Checker:
    """Watches samples and outputs as they pass; `warnings` has the verdict afterwards."""

    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor] = ()
    seen: dict[str, Statistics] = field(default_factory=dict)
    classes: dict[str, set[int]] = field(default_factory=dict)
    samples: int = 0

    def watched(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Passes samples on.

        Raises:
            CalibrationError: a value is NaN or infinite.
        """
        for sample in samples:
            for tensor in self.inputs:
                if not tensor.dtype.is_float:
                    continue
                values = np.asarray(sample[tensor.name], np.float32)
                if not np.isfinite(values).all():
                    raise CalibrationError(
                        f"calibration sample {self.samples} for input '{tensor.name}' has NaN or infinity"
                    )
                self.seen.setdefault(tensor.name, Statistics()).update(values)
            self.samples += 1
            yield sample

    def see_output(self, tensor: Tensor, values: NDArray[np.generic]) -> None:
        """Raises CalibrationError: the model itself gives NaN or infinity."""
        if not np.isfinite(values).all():
            raise CalibrationError(
                f"tensor '{tensor.source or tensor.name}' becomes NaN or infinite on calibration sample "
                f"{self.samples - 1}; the float model overflows there"
            )
        if tensor in self.outputs and values.ndim == 2 and values.shape[1] > 1:
            self.classes.setdefault(tensor.name, set()).update(int(i) for i in values.argmax(axis=1))

    @property
    def warnings(self) -> list[str]:
        found = []
        if self.samples < _FEW_SAMPLES:
            found.append(
                f"only {self.samples} calibration sample{'s' * (self.samples != 1)}; about 100 typical inputs "
                "give ranges that can be trusted"
            )
        for tensor in self.inputs:
            statistics = self.seen.get(tensor.name)
            if statistics is None:
                continue
            if statistics.low == statistics.high:
                found.append(f"every calibration value for input '{tensor.name}' is {statistics.low:g}")
            else:
                found += _compare_recorded(tensor, statistics)
        if self.samples >= _FEW_SAMPLES:
            found += [
                f"every calibration sample gives class {next(iter(classes))} of output '{name}': are the inputs scaled "
                f"as in training? {self._ranges()}"
                for name, classes in self.classes.items()
                if len(classes) == 1
            ]
        return found

    def _ranges(self) -> str:
        return "; ".join(f"'{name}' has {s.low:g} to {s.high:g}" for name, s in self.seen.items())


def _compare_recorded(tensor: Tensor, statistics: Statistics) -> list[str]:
    recorded = tensor.quantization
    if recorded is None or recorded.min is None or recorded.max is None or not recorded.min.size:
        return []
    low, high = float(recorded.min.min()), float(recorded.max.max())
    given, expected = max(abs(statistics.low), abs(statistics.high)), max(abs(low), abs(high))
    if expected > 0 and not 1 / _RANGE_FACTOR <= given / expected <= _RANGE_FACTOR:
        return [
            f"calibration values for input '{tensor.name}' run from {statistics.low:g} to {statistics.high:g}; the "
            f"model was trained with {low:g} to {high:g}: scale them as in training"
        ]
    return []
