"""What calibration remembers of a tensor, and the ranges that each method makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..ir import DType
from .params import activation_params

Range = tuple[float, float]
_BINS = 4096
_MOMENTUM = 0.9
_OUTLIERS = 1e-4


@dataclass
class Histogram:
    """Counts over [-limit, limit) in equal bins; the limit is a power of two and doubles when a value exceeds it."""

    limit: float = 0.0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))

    def update(self, values: NDArray[np.float32], largest: float) -> None:
        self._reach(largest)
        if self.limit == 0.0:
            return
        half = _BINS // 2
        index = (values.reshape(-1) * np.float32(half / self.limit)).astype(np.int32)
        # Truncation sends (-1, 0) to 0, where the zeros of a ReLU lie too: one bin's width, beside 4096.
        index += half
        np.minimum(index, _BINS - 1, out=index)
        self.counts += np.bincount(index, minlength=_BINS)

    def centers(self) -> NDArray[np.float64]:
        width = 2 * self.limit / _BINS
        inner = (np.arange(_BINS) - _BINS // 2) * width
        return np.where(inner >= 0, inner + width / 2, inner - width / 2)

    def _reach(self, largest: float) -> None:
        if largest > 0 and self.limit == 0.0:
            self.limit = float(2.0 ** np.ceil(np.log2(largest)))
        while largest > self.limit > 0:
            quarter = _BINS // 4
            pairs = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.zeros(_BINS, np.int64)
            self.counts[quarter : 3 * quarter] = pairs
            self.limit *= 2


@dataclass
class Statistics:
    """Of one tensor over all samples."""

    low: float = np.inf
    high: float = -np.inf
    smooth_low: float = 0.0
    smooth_high: float = 0.0
    samples: int = 0
    histogram: Histogram | None = None

    def update(self, values: NDArray[np.float32]) -> None:
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        kept = _MOMENTUM if self.samples else 0.0
        self.smooth_low = kept * self.smooth_low + (1 - kept) * low
        self.smooth_high = kept * self.smooth_high + (1 - kept) * high
        self.samples += 1
        if self.histogram is not None:
            self.histogram.update(values, max(-low, high))


def _min_max(statistics: Statistics, dtype: DType) -> Range:
    return statistics.low, statistics.high


def _moving_average(statistics: Statistics, dtype: DType) -> Range:
    return statistics.smooth_low, statistics.smooth_high


def _percentile(statistics: Statistics, dtype: DType) -> Range:
    """The range that leaves out 0.01% of the values at either end."""
    histogram = statistics.histogram
    assert histogram is not None
    total = histogram.counts.sum()
    if not total:
        return statistics.low, statistics.high
    share = np.cumsum(histogram.counts) / total
    centers = histogram.centers()
    low = float(centers[int(np.searchsorted(share, _OUTLIERS))])
    high = float(centers[min(int(np.searchsorted(share, 1 - _OUTLIERS)), _BINS - 1)])
    return max(low, statistics.low), min(high, statistics.high)


def _least_squares(statistics: Statistics, dtype: DType) -> Range:
    """The range whose rounding and clipping together cost least, searched one end after the other."""
    histogram = statistics.histogram
    assert histogram is not None
    filled = np.flatnonzero(histogram.counts)
    if not filled.size:
        return statistics.low, statistics.high
    values, weights = histogram.centers()[filled], histogram.counts[filled].astype(np.float64)
    low, high = min(statistics.low, 0.0), max(statistics.high, 0.0)

    def cost(low: float, high: float) -> float:
        params = activation_params(low, high, dtype)
        scale, zero = float(params.scale[0]), float(params.zero_point[0])
        smallest, largest = dtype.limits
        stored = np.clip(np.rint(values / scale) + zero, smallest, largest)
        error = (stored - zero) * scale - values
        # Inside the range a bin's width hides the rounding error: a uniform error of scale^2 / 12 stands for it.
        inside = (stored > smallest) & (stored < largest)
        return float(weights @ np.where(inside, np.maximum(error * error, scale * scale / 12), error * error))

    shares = np.linspace(1.0, 0.3, 36)
    if high > 0:
        high = min((cost(low, high * s), -s, high * s) for s in shares)[2]
    if low < 0:
        low = min((cost(low * s, high), -s, low * s) for s in shares)[2]
    return low, high


METHODS: dict[str, Callable[[Statistics, DType], Range]] = {
    "minmax": _min_max,
    "moving-average": _moving_average,
    "percentile": _percentile,
    "mse": _least_squares,
}
NEEDS_HISTOGRAM = frozenset({"percentile", "mse"})
