"""Layers around a layer: TimeDistributed, and those of tensorflow-model-optimization (pruning, clustering, QAT).

Quantization-aware wrappers keep float values; their trained ranges become range records (min and max without a
scale) on the kernel and on the activations, where the quantizer finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....ir import Op, Quantization, Tensor
from ....ops import GraphBuilder, opdef
from ..activations import activate
from ..emit import reshape
from ..layer import Layer, call, handles
from ..weights import Floats


@handles("TimeDistributed")
def time_distributed(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    """The inner layer on a batch of batch x steps."""
    n, steps, *rest = x.shape
    if n is None or steps is None:
        raise layer.error(f"its input {x.shape} has unknown batch or steps; give input_shapes")
    y = call(_inner(layer, "layer"), b, [reshape(b, x, (n * steps, *rest))])[0]
    return reshape(b, y, (n, steps, *y.shape[1:]))


@handles("PruneLowMagnitude", inputs=None)
def pruned(layer: Layer, b: GraphBuilder, *xs: Tensor) -> list[Tensor]:
    """The wrapped layer alone: the file's weights are pruned already."""
    return call(_inner(layer, "layer"), b, xs)


@handles("ClusterWeights", inputs=None)
def clustered(layer: Layer, b: GraphBuilder, *xs: Tensor) -> list[Tensor]:
    """The wrapped layer with each weight at its nearest centroid; the file holds both, but not the result."""
    inner = _inner(layer, "layer")

    def nearest(name: str, values: Floats) -> Floats:
        stored = layer.weights.extra(f"cluster_centroids_{name}")
        if stored is None:
            return values
        centroids = np.sort(layer.read(stored), axis=None)
        if layer.get("preserve_sparsity", False) or stored.ndim != 1:
            raise layer.error("clustered per channel or with sparsity; save tfmot's strip_clustering(model) instead")
        return centroids[np.searchsorted((centroids[1:] + centroids[:-1]) / 2, values)]

    inner.transform = nearest
    return call(inner, b, xs)


@handles("QuantizeLayer")
def quantize_layer(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    """The trained range of the network's input; no op."""
    _record(layer, x, "quantize_layer")
    return x


@handles("QuantizeWrapper", "QuantizeWrapperV2", "QuantizeAnnotate", inputs=None)
def quantize_wrapper(layer: Layer, b: GraphBuilder, *xs: Tensor) -> list[Tensor]:
    inner, start = _inner(layer, "layer"), len(b.graph.ops)
    activation = inner.config.get("activation")
    if isinstance(activation, dict) and activation.get("class_name") == "QuantizeAwareActivation":
        activation = activation["config"]["activation"]
        if isinstance(activation, dict) and activation.get("class_name") == "NoOpActivation":
            activation = "linear"
        inner.config["activation"] = "linear"
        outputs = call(inner, b, xs)
        _record(layer, outputs[0], "pre_activation")
        outputs = [activate(inner, b, outputs[0], activation)]
        _record(layer, outputs[0], "post_activation")
    else:
        outputs = call(inner, b, xs)
    _record(layer, outputs[0], "output")
    for name, constant in inner.constants.items():
        _record_kernel(layer, b.graph.ops[start:], name, constant)
    return outputs


def _inner(layer: Layer, member: str) -> Layer:
    """The wrapped layer, the same object at every call so that shared weights stay shared."""
    if layer.state is None:
        layer.state = layer.inner(layer.config["layer"], member)
    inner = layer.state
    assert isinstance(inner, Layer)
    return inner


def _range(layer: Layer, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    low, high = layer.weights.extra(f"{name}_min"), layer.weights.extra(f"{name}_max")
    if low is None or high is None:
        return None
    return np.atleast_1d(layer.read(low)), np.atleast_1d(layer.read(high))


def _record(layer: Layer, tensor: Tensor, name: str) -> None:
    found = _range(layer, name)
    if found is not None:
        tensor.quantization = Quantization(min=found[0], max=found[1])


def _record_kernel(layer: Layer, ops: Sequence[Op], name: str, constant: Tensor) -> None:
    found = _range(layer, name) if constant.quantization is None else None
    if found is None:
        return
    axis = next((_channel_axis(op.kind) for op in ops if constant in op.inputs), None) or 0
    channels = constant.static_shape[axis]
    if found[0].size > 1 and channels % found[0].size == 0:  # a depthwise kernel has ranges per multiplier alone
        found = _tiled(found, channels)
    constant.quantization = Quantization(min=found[0], max=found[1], axis=axis)


def _channel_axis(kind: str) -> int | None:
    rule = opdef(kind).quant
    return rule.weight_axis if rule is not None else None


def _tiled(pair: tuple[Any, Any], channels: int) -> tuple[Any, Any]:
    return np.tile(pair[0], channels // pair[0].size), np.tile(pair[1], channels // pair[1].size)
