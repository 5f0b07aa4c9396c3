"""Resize and Upsample: what TFLite's two resizing operators do exactly, and any other mode as a matrix per axis.

The coordinate and kernel formulas are those of the ONNX operator specification (Resize-19).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ir import DType, Tensor
from .emit import Emitter, values
from .node import Node, onnx_op

Matrix = NDArray[np.float64]
_TFLITE_MODES = ((False, True), (False, False), (True, False))  # (align_corners, half_pixel_centers)


@dataclass
class _Axis:
    """How one axis is resized."""

    size: int
    target: int
    scale: float
    roi: tuple[float, float] = (0.0, 1.0)


@onnx_op("Resize", since=10, notes="constant sizes; nearest, linear, cubic")
def _resize(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return _apply(node, emit, x, _axes(node, x))


@onnx_op("Upsample", since=7, until=9)
def _upsample(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    scales = node.attribute("scales", None) or node.constant(1, "scales").reshape(-1).tolist()
    node.attributes |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    axes = {i: _by_scale(d, s) for i, (d, s) in enumerate(zip(x.static_shape, scales, strict=True))}
    return _apply(node, emit, x, axes)


def _by_scale(size: int, scale: float) -> _Axis:
    return _Axis(size, int(np.floor(size * scale)), float(scale))


def _axes(node: Node, x: Tensor) -> dict[int, _Axis]:
    shape = x.static_shape
    if node.opset < 11:
        # Resize-10 says nothing of pixel centres: asymmetric, as its reference results are.
        node.attributes |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        scales, sizes = _given(node, 1, "scales"), None
    else:
        scales, sizes = _given(node, 2, "scales"), _given(node, 3, "sizes")
    which = [a % len(shape) for a in node.attribute("axes", list(range(len(shape))))]
    if scales is not None:
        axes = {a: _by_scale(shape[a], s) for a, s in zip(which, scales, strict=True)}
    elif sizes is not None:
        axes = _by_sizes(node, shape, which, [int(s) for s in sizes])
    else:
        raise node.error("it has neither scales nor sizes")
    if node.attribute("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        roi = node.constant(1, "roi").reshape(-1)
        for i, axis in enumerate(which):
            axes[axis].roi = (float(roi[i]), float(roi[len(which) + i]))
    return axes


def _given(node: Node, index: int, what: str) -> NDArray[Any] | None:
    """A constant input that counts as absent when it is empty."""
    tensor = node.get(index)
    if tensor is None or (tensor.is_constant and not values(tensor).size):
        return None
    return node.constant(index, what).reshape(-1)


def _by_sizes(node: Node, shape: tuple[int, ...], which: list[int], sizes: list[int]) -> dict[int, _Axis]:
    policy = node.attribute("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return {a: _Axis(shape[a], s, s / shape[a]) for a, s in zip(which, sizes, strict=True)}
    ratios = [s / shape[a] for a, s in zip(which, sizes, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return {a: _Axis(shape[a], int(np.floor(scale * shape[a] + 0.5)), scale) for a in which}


def _apply(node: Node, emit: Emitter, x: Tensor, axes: dict[int, _Axis]) -> Tensor:
    mode = node.attribute("mode", "nearest")
    changed = {i: a for i, a in axes.items() if a.size != a.target or a.roi != (0.0, 1.0)}
    if mode not in ("nearest", "linear", "cubic", "bilinear"):
        raise node.error(f"mode '{mode}' is unknown")
    if min((a.target for a in axes.values()), default=1) < 1:
        raise node.error("an axis shrinks to nothing")
    matrices = {i: _nearest(node, a) if mode == "nearest" else _blend(node, a, mode) for i, a in changed.items()}
    native = _native(emit, x, changed, matrices, mode)
    if native is not None:
        return native
    for i, matrix in matrices.items():
        x = _resize_axis(node, emit, x, i, matrix)
    return x


def _positions(node: Node, a: _Axis) -> NDArray[np.float64]:
    """Where each output element lies on the input axis."""
    at = np.arange(a.target, dtype=np.float64)
    mode = node.attribute("coordinate_transformation_mode", "half_pixel")
    exact = a.scale * a.size  # not rounded to the whole elements that there are
    if mode == "half_pixel":
        return (at + 0.5) / a.scale - 0.5
    if mode == "half_pixel_symmetric":
        return a.size / 2 * (1 - a.target / exact) + (at + 0.5) / a.scale - 0.5
    if mode == "pytorch_half_pixel":
        return (at + 0.5) / a.scale - 0.5 if a.target > 1 else np.zeros(1)
    if mode == "align_corners":
        return at * (a.size - 1) / (exact - 1) if a.target > 1 else np.zeros(1)
    if mode == "asymmetric":
        return at / a.scale
    if mode == "tf_crop_and_resize":
        begin, end = a.roi
        if a.target == 1:
            return np.full(1, 0.5 * (begin + end) * (a.size - 1))
        return begin * (a.size - 1) + at * (end - begin) * (a.size - 1) / (a.target - 1)
    raise node.error(f"coordinate_transformation_mode '{mode}' is unknown")


def _nearest(node: Node, a: _Axis) -> Matrix:
    at = _positions(node, a)
    mode = node.attribute("nearest_mode", "round_prefer_floor")
    rounding: dict[str, Callable[[Matrix], Matrix]] = {
        "round_prefer_floor": lambda v: np.ceil(v - 0.5),
        "round_prefer_ceil": lambda v: np.floor(v + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    if mode not in rounding:
        raise node.error(f"nearest_mode '{mode}' is unknown")
    # Single-precision scales such as 1/3 land a hair beside whole numbers; they mean the whole number.
    snapped = np.where(np.abs(at - np.rint(at)) < 1e-6, np.rint(at), at)
    index = np.clip(rounding[mode](snapped).astype(np.int64), 0, a.size - 1)
    return _extrapolated(node, a, at, np.eye(a.size)[index])


def _blend(node: Node, a: _Axis, mode: str) -> Matrix:
    """Weights (target, size) of linear or cubic interpolation; outside the input its edge goes on."""
    at = _positions(node, a)
    shrink = min(a.scale, 1.0) if node.attribute("antialias", 0) else 1.0
    reach = int(np.ceil((2 if mode == "cubic" else 1) / shrink)) + 1
    taps = np.floor(at).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    distance = np.abs(taps - at[:, None]) * shrink
    coefficient = float(node.attribute("cubic_coeff_a", -0.75))
    weights = _cubic(distance, coefficient) if mode == "cubic" else np.maximum(0, 1 - distance)
    if node.attribute("exclude_outside", 0):
        weights = np.where((taps >= 0) & (taps < a.size), weights, 0)
    weights = weights / weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((a.target, a.size))
    np.add.at(matrix, (np.arange(a.target)[:, None], np.clip(taps, 0, a.size - 1)), weights)
    return _extrapolated(node, a, at, matrix)


def _cubic(d: NDArray[np.float64], a: float) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel with parameter `a`."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _extrapolated(node: Node, a: _Axis, at: NDArray[np.float64], matrix: Matrix) -> Matrix:
    """Rows that a crop takes from outside the input become zero; their value comes from a bias."""
    if node.attribute("coordinate_transformation_mode", "") == "tf_crop_and_resize":
        matrix[(at < 0) | (at > a.size - 1)] = 0
    return matrix


def _native(emit: Emitter, x: Tensor, axes: dict[int, _Axis], matrices: dict[int, Matrix], mode: str) -> Tensor | None:
    """RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR where one of their modes has the same weights; else None."""
    if len(x.shape) != 4 or not set(axes) <= {2, 3} or mode == "cubic":
        return None
    for align, half in _TFLITE_MODES:
        theirs = _tflite_nearest if mode == "nearest" else _tflite_linear
        if all(np.allclose(theirs(axes[i], align, half), m, rtol=0, atol=1e-5) for i, m in matrices.items()):
            target = [axes[i].target if i in axes else x.static_shape[i] for i in (2, 3)]
            kind = "RESIZE_NEAREST_NEIGHBOR" if mode == "nearest" else "RESIZE_BILINEAR"
            size = emit.constant(np.array(target, np.int32))
            y = emit.op(kind, [emit.to_nhwc(x), size], align_corners=align, half_pixel_centers=half)
            return emit.to_nchw(y)
    return None


def _tflite_at(a: _Axis, align: bool, shift: float) -> NDArray[np.float32]:
    """TFLite's coordinates, in its single precision."""
    aligned = align and a.target > 1
    scale = np.float32(a.size - 1) / np.float32(a.target - 1) if aligned else np.float32(a.size) / np.float32(a.target)
    return np.asarray((np.arange(a.target, dtype=np.float32) + np.float32(shift)) * scale, np.float32)


def _tflite_nearest(a: _Axis, align: bool, half: bool) -> Matrix:
    at = _tflite_at(a, align, 0.5 if half else 0.0)
    index = np.floor(at + np.float32(0.5)) if align else np.floor(at)
    return np.eye(a.size)[np.clip(index.astype(np.int64), 0, a.size - 1)]


def _tflite_linear(a: _Axis, align: bool, half: bool) -> Matrix:
    shift = 0.5 if half else 0.0
    at = np.clip(_tflite_at(a, align, shift) - np.float32(shift), 0, a.size - 1)
    distance: Matrix = np.abs(np.arange(a.size)[None, :] - at[:, None].astype(np.float64))
    return np.maximum(0.0, 1 - distance)


def _resize_axis(node: Node, emit: Emitter, x: Tensor, axis: int, matrix: Matrix) -> Tensor:
    if (matrix.max(axis=1) == 1).all():  # every output is one input
        return emit.gather(x, matrix.argmax(axis=1), axis)
    if x.dtype is not DType.FLOAT32:
        raise node.error(f"its input is {x.dtype.name}, rillet interpolates floats")
    rank = len(x.shape)
    perm = [i for i in range(rank) if i != axis] + [axis]
    outside = matrix.sum(axis=1) == 0
    bias = np.where(outside, node.attribute("extrapolation_value", 0.0), 0.0).astype(np.float32)
    weights = emit.constant(matrix.astype(np.float32))
    y = emit.fully_connected(emit.transpose(x, perm), weights, emit.constant(bias) if bias.any() else None)
    return emit.transpose(y, [perm.index(i) for i in range(rank)])
