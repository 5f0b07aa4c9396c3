"""MLPerf Tiny's performance and accuracy runs against any device that speaks its protocol.

The procedure and the data's layout are those of mlcommons/tiny, benchmark/runner: `DIR/<benchmark>/y_labels.csv` has a
line "file,classes,class" for each input beside it, and for anomaly detection also a window's bytes and stride.
"""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..devices import MlperfTinyDevice
from ..ir import RilletError

_WINDOWS = 5  # each of at least 10 s: the rules' section on performance mode
_WARM_UP = 10
Update = Callable[[float], None]


@dataclass(frozen=True)
class Sample:
    """One labelled input file; `window` and `stride` in bytes, 0 where the whole file is one input."""

    file: Path
    label: int
    window: int = 0
    stride: int = 0

    def inputs(self) -> list[bytes]:
        """What the device is sent. Raises RilletError where the file cannot be read or is too short."""
        try:
            data = self.file.read_bytes()
        except OSError as problem:
            raise RilletError(f"cannot read {self.file}: {problem.strerror}") from problem
        if not self.window:
            return [data]
        starts = range(0, len(data) - self.window + 1, self.stride)
        if not starts:
            raise RilletError(f"{self.file} has {len(data)} bytes, less than one window of {self.window}")
        return [data[at : at + self.window] for at in starts]


@dataclass(frozen=True)
class Performance:
    """Inferences a second by the device's own clock: the median of `windows` of `iterations` inferences each."""

    per_second: float
    windows: tuple[float, ...]
    iterations: int
    window_seconds: float


@dataclass(frozen=True)
class Accuracy:
    """Share of right classes (None for anomaly detection), and area under the ROC curve (mean over classes).

    inputs: how many the device ran; files: how many labelled files these belong to.
    """

    inputs: int
    files: int
    top1: float | None
    auc: float


def read_dataset(folder: Path, benchmark: str) -> list[Sample]:
    """The inputs of one benchmark with their labels.

    Raises:
        RilletError: there is no such folder, or its table of labels is wrong; the text names file and line.
    """
    tables = sorted((folder / benchmark).glob("y_labels*.csv"))
    if not tables:
        raise RilletError(
            f"no {folder / benchmark / 'y_labels.csv'}: the inputs of {benchmark} and their labels go there"
        )
    samples = []
    with tables[0].open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            try:
                window, stride = (int(row[3]), int(row[4])) if len(row) > 4 else (0, 0)
                samples.append(Sample(tables[0].parent / row[0], int(row[2]), window, stride))
            except (IndexError, ValueError) as problem:
                raise RilletError(f"{tables[0]}, line {number}: not 'file,classes,class[,window,stride]'") from problem
            if window < 0 or stride < 0 or (window > 0) != (stride > 0):
                raise RilletError(f"{tables[0]}, line {number}: window and stride must both be above 0")
    if not samples:
        raise RilletError(f"{tables[0]} is empty")
    return samples


def measure_performance(
    device: MlperfTinyDevice, samples: Sequence[Sample], seconds: float, update: Update | None = None
) -> Performance:
    """Runs the first inputs, one a window, as often as fills `seconds` of the device's time.

    Raises:
        RilletError: the device's clock stands still. DeviceError, LinkError: the device does not answer as it should.
    """
    rates = []
    iterations = 1
    for window in range(_WINDOWS):
        device.load(samples[window % len(samples)].inputs()[0])
        if window == 0:
            once = device.infer(1, _WARM_UP).us
            if once <= 0:
                raise RilletError(f"{device.name}: no time passed during an inference; its timestamps are of no use")
            iterations = max(1, -int(-seconds * 1e6 // once))
        us = device.infer(iterations, _WARM_UP, timeout_s=max(600.0, 20 * seconds)).us
        rates.append(iterations * 1e6 / us)
        if update:
            update((window + 1) / _WINDOWS)
    median = statistics.median(rates)
    return Performance(median, tuple(rates), iterations, iterations / max(rates))


def measure_accuracy(
    device: MlperfTinyDevice, samples: Sequence[Sample], limit: int | None = None, update: Update | None = None
) -> Accuracy:
    """Runs each input once; of a file cut into windows the mean over these counts.

    Args:
        limit: inputs (windows) at most, spread evenly over all files; None: every one.

    Raises:
        RilletError: a file cannot be read. DeviceError, LinkError: the device does not answer as it should.
    """
    inputs = [(file, data) for file, sample in enumerate(samples) for data in sample.inputs()]
    inputs = inputs[:: -(-len(inputs) // limit)] if limit else inputs
    results: dict[int, list[tuple[float, ...]]] = {}
    for done, (file, data) in enumerate(inputs):
        device.load(data)
        results.setdefault(file, []).append(device.infer(1, 0).results)
        if update:
            update((done + 1) / len(inputs))
    scores = np.array([np.mean(r, axis=0) for r in results.values()])
    labels = np.array([samples[file].label for file in results])
    if scores.shape[1] == 1:
        return Accuracy(len(inputs), len(labels), None, area_under_roc(scores[:, 0], labels == 1))
    classes = [c for c in range(scores.shape[1]) if 0 < (labels == c).sum() < len(labels)]
    areas = [area_under_roc(scores[:, c], labels == c) for c in classes]
    top1 = float((scores.argmax(axis=1) == labels).mean())
    return Accuracy(len(inputs), len(labels), top1, float(np.mean(areas)) if areas else float("nan"))


def area_under_roc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often a positive example's score is above a negative one's; ties count half (Hanley and McNeil, 1982).

    Args:
        scores: [n] float. positive: [n] bool.
    """
    high, low = np.sort(scores[positive]), np.sort(scores[~positive])
    if not len(high) or not len(low):
        return float("nan")
    below, up_to = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + up_to).sum() / (2 * len(high) * len(low)))
