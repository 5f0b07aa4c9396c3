"""Equalizes the channels between two convolutions, so that one scale for the tensor serves all of them.

relu(s x) = s relu(x) for s > 0: dividing a channel's filters and bias by s, and multiplying the next layer's weights
for that channel by s, changes nothing in float (Nagel et al., Data-Free Quantization, section 4.1). Before a
depthwise convolution this costs nothing, its weights having a scale for each channel. Before others it makes
weights less alike, so the channels go only half the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..ir import Activation, Graph, Model, Op, Tensor
from ..passes.edit import Uses, activation
from ..passes.linear import LINEAR, along, linear_parts
from .calibration import Sample
from .observe import observe

_WEAKEST = 1 / 64  # a channel that hardly lives is not blown up further than this


def tensors_to_equalize(graph: Graph) -> dict[Tensor, tuple[Op, Op]]:
    """Tensors between two linear ops that nothing else reads, clipped by nothing but ReLU."""
    uses = Uses(graph)
    found = {}
    for op in graph.ops:
        parts = linear_parts(op)
        reader = uses.only_reader(op.outputs[0]) if parts is not None else None
        after = linear_parts(reader) if reader is not None else None
        if parts is None or reader is None or after is None:
            continue
        if activation(op) not in (Activation.NONE, Activation.RELU) or op.kind == "TRANSPOSE_CONV":
            continue
        constants = [t for p in (parts, after) for t in p[1:] if t is not None]
        if any(len(uses.readers[t]) > 1 for t in constants):
            continue
        if any(t.quantization is not None for t in (op.outputs[0], *constants)):
            continue  # training recorded ranges, which hold for the tensors as they are
        channels = op.outputs[0].shape[-1]
        if after[1].shape[after[0].in_axis] == channels and reader.inputs[after[0].x] is op.outputs[0]:
            found[op.outputs[0]] = (op, reader)
    return found


def equalize_model(model: Model, samples: Iterable[Sample]) -> int:
    """Equalizes every pair of the main graph by the peaks that `samples` show; returns how many pairs."""
    peaks: dict[Tensor, NDArray[np.float64]] = {}

    def watch(tensor: Tensor, values: NDArray[np.generic]) -> None:
        peak = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0).astype(np.float64)
        peaks[tensor] = np.maximum(peaks[tensor], peak) if tensor in peaks else peak

    wanted = tensors_to_equalize(model.main)
    if wanted:
        observe(model, samples, wanted, watch)
    return equalize(model.main, peaks)


def equalize(graph: Graph, peaks: Mapping[Tensor, NDArray[np.float64]]) -> int:
    """Scales the channels of every pair; `peaks` has the largest magnitude of each channel. Returns how many pairs."""
    pairs = tensors_to_equalize(graph)
    for tensor, (first, second) in pairs.items():
        peak = peaks[tensor]
        largest = peak.max(initial=0.0)
        if not np.isfinite(largest) or largest <= 0:
            continue
        share = np.where(peak > 0, np.maximum(peak / largest, _WEAKEST), 1.0)
        scale = share if second.kind == "DEPTHWISE_CONV_2D" else np.sqrt(share)
        before, after = LINEAR[first.kind], LINEAR[second.kind]
        _multiply(first, before.weight, before.out_axis, 1 / scale)
        _multiply(first, before.bias, 0, 1 / scale)
        _multiply(second, after.weight, after.in_axis, scale)
    return len(pairs)


def _multiply(op: Op, index: int, axis: int, scale: NDArray[np.float64]) -> None:
    old = op.inputs[index] if index < len(op.inputs) else None
    if old is None or old.data is None:
        return
    data = (old.data.astype(np.float64) * along(axis, old.data.ndim, scale)).astype(np.float32)
    op.inputs[index] = Tensor(old.name, old.shape, old.dtype, old.quantization, data, old.source)
