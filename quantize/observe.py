"""Runs the float model on calibration samples and shows every wanted tensor: the one place that executes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Model, Tensor
from ..ops.evaluate import evaluate

Sample = Mapping[str, NDArray[np.generic]]
Watcher = Callable[[Tensor, NDArray[np.generic]], None]


def observe(model: Model, samples: Iterable[Sample], wanted: Iterable[Tensor], watch: Watcher) -> int:
    """Calls `watch(tensor, value)` for every wanted tensor of the main graph and every sample; counts the samples.

    Args:
        samples: arrays by input name, as `calibration` gives them.
    """
    graph: Graph = model.main
    tensors = list(wanted)
    count = 0
    for sample in samples:
        values = evaluate(graph, sample, every=True)
        for tensor in tensors:
            watch(tensor, values[tensor.name])
        count += 1
    return count
