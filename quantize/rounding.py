"""Rounds weights so that their errors cancel on the calibration data, instead of each to its nearest.

Layer by layer, with H = mean(patch x patch^T) of the layer's inputs: weights are rounded one after the other, most
used first, and what rounding lost is made good by the weights that are still to come, in the proportion that
keeps the layer's output closest (Frantar et al., GPTQ: Accurate Post-Training Quantization, section 3.3). A last
correction of the bias takes back what shift of the mean remains (Nagel et al., Data-Free Quantization, 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Op, Quantization, Tensor
from ..ops.opdef import registry
from ..ops.window import windows
from ..passes.linear import LINEAR, linear_parts
from .constraints import is_quantizable
from .params import weight_params
from .recipes import Recipe

Floats = NDArray[np.float32]
_LARGEST_DEPTH = 1024  # of one output's weights; the work grows with its cube
_ROWS_FOR_EACH_UNKNOWN = 32
_USUAL_SAMPLES = 50
_DAMPING = 0.01


@dataclass
class Layer:
    """A linear op being tuned, with second moments and means of its inputs.

    Depthwise filters are tuned for each channel alone: moments (channels, k, k); others: (1, depth, depth).
    """

    op: Op
    weight: Tensor
    groups: int
    depth: int
    moments: Floats
    total: NDArray[np.float64]
    rows: int = 0
    seen: int = 0

    def update(self, values: Floats) -> None:
        self.seen += 1
        if self.op.kind != "FULLY_CONNECTED" and self.seen % 2 == 0:
            return  # a convolution has rows enough in every second sample
        patches = self._patches(values)
        places = int(np.prod(patches.shape[:-3]))
        wanted = max(16, _ROWS_FOR_EACH_UNKNOWN * self.depth // _USUAL_SAMPLES)
        step = -(-places // wanted)
        chosen = np.arange(self.rows % step, places, step)  # another phase with every sample: all positions take part
        taken = patches[np.unravel_index(chosen, patches.shape[:-3])].reshape(chosen.size, self.groups, self.depth)
        rows: Floats = np.ascontiguousarray(taken, np.float32)
        if self.groups == 1:
            self.moments[0] += rows[:, 0].T @ rows[:, 0]
        else:
            self.moments += np.einsum("ngi,ngj->gij", rows, rows)
        self.total += rows.sum(axis=0, dtype=np.float64)
        self.rows += chosen.size

    def _patches(self, values: Floats) -> NDArray[np.generic]:
        """Views of the input under each output position: three trailing axes that make up a patch."""
        op, shape = self.op, self.weight.static_shape
        if op.kind == "FULLY_CONNECTED":
            return values.reshape(-1, 1, 1, self.depth)
        a = op.attrs
        stride, dilation = (a.stride_h, a.stride_w), (a.dilation_h_factor, a.dilation_w_factor)  # type: ignore[attr-defined]
        kernel = (shape[1], shape[2])
        patches = windows(values, kernel, stride, dilation, a.padding)  # type: ignore[attr-defined]
        return patches.transpose(0, 1, 2, 5, 3, 4) if op.kind == "DEPTHWISE_CONV_2D" else patches


def layers_to_tune(graph: Graph) -> dict[Tensor, list[Layer]]:
    """The linear ops that can be tuned, by the tensor they read."""
    found: dict[Tensor, list[Layer]] = {}
    readers = graph.consumers()
    for op in graph.ops:
        parts = linear_parts(op) if is_quantizable(op) and op.kind != "TRANSPOSE_CONV" else None
        if parts is None or len(readers[parts[1]]) > 1:
            continue
        weight, shape = parts[1], parts[1].static_shape
        x = op.inputs[LINEAR[op.kind].x]
        assert x is not None
        is_depthwise = op.kind == "DEPTHWISE_CONV_2D"
        depth = shape[1] * shape[2] if is_depthwise else int(np.prod(shape[1:]))
        plain = op.kind == "FULLY_CONNECTED" or x.shape[-1] == shape[3]
        recorded = weight.quantization is not None and weight.quantization.min is not None
        if depth <= _LARGEST_DEPTH and plain and not recorded:
            groups = shape[3] if is_depthwise else 1
            moments = np.zeros((groups, depth, depth), np.float32)
            found.setdefault(x, []).append(Layer(op, weight, groups, depth, moments, np.zeros((groups, depth))))
    return found


def tune(layer: Layer, recipe: Recipe) -> None:
    """Puts weights on the integer grid and corrects the bias; the grid travels as the weights' recorded range."""
    op, weight = layer.op, layer.weight
    rule = registry()[op.kind].quant
    assert rule is not None and weight.data is not None
    values = np.asarray(weight.data, np.float32)
    params = weight_params(values, rule.weight_axis, recipe.weights)
    by_channel = np.moveaxis(values, 3, 0) if layer.groups > 1 else values
    matrix: NDArray[np.float64] = by_channel.reshape(-1, layer.depth).astype(np.float64)
    scale = np.broadcast_to(params.scale.astype(np.float64), (matrix.shape[0],))
    grouped = matrix.reshape(layer.groups, -1, layer.depth)
    stored = _compensated(grouped, scale.reshape(layer.groups, -1), layer, recipe.weights.limits[1])
    rounded = stored.reshape(matrix.shape) * scale[:, None]
    shift = ((rounded - matrix).reshape(grouped.shape) * (layer.total / layer.rows)[:, None, :]).sum(axis=2).reshape(-1)
    shaped = np.moveaxis(rounded.reshape(-1, *weight.static_shape[:3]), 0, 3) if layer.groups > 1 else rounded
    bounds = (params.scale * recipe.weights.limits[1]).astype(np.float32)
    grid = Quantization(axis=params.axis, min=-bounds, max=bounds)
    tuned = shaped.reshape(weight.static_shape).astype(np.float32)
    op.inputs[rule.weight or 0] = Tensor(weight.name, weight.shape, weight.dtype, grid, tuned, weight.source)
    bias = op.inputs[rule.bias] if rule.bias is not None and rule.bias < len(op.inputs) else None
    if bias is not None and bias.data is not None and rule.bias is not None:
        data = (np.asarray(bias.data, np.float64) - shift).astype(np.float32)
        op.inputs[rule.bias] = Tensor(bias.name, bias.shape, bias.dtype, bias.quantization, data, bias.source)


def _compensated(
    matrix: NDArray[np.float64], scale: NDArray[np.float64], layer: Layer, limit: int
) -> NDArray[np.float64]:
    """Integers for (groups, rows, depth) weights with scales (groups, rows)."""
    moments = layer.moments.astype(np.float64) / max(layer.rows, 1)
    diagonal = np.einsum("gkk->gk", moments)
    damping = _DAMPING * diagonal.mean(axis=1, keepdims=True)
    diagonal += np.where(damping > 0, damping, 1.0)
    order = np.argsort(-diagonal, axis=1, kind="stable")
    moments = np.take_along_axis(np.take_along_axis(moments, order[:, :, None], 1), order[:, None, :], 2)
    factor = np.swapaxes(np.linalg.cholesky(np.linalg.inv(moments)), 1, 2)
    left = np.take_along_axis(matrix, order[:, None, :], 2)
    stored = np.empty_like(left)
    for k in range(left.shape[2]):
        stored[:, :, k] = np.clip(np.rint(left[:, :, k] / scale), -limit, limit)
        error = (left[:, :, k] - stored[:, :, k] * scale) / factor[:, None, k, k]
        left[:, :, k + 1 :] -= error[:, :, None] * factor[:, None, k, k + 1 :]
    result = np.empty_like(stored)
    np.put_along_axis(result, np.broadcast_to(order[:, None, :], stored.shape), stored, 2)
    return result
