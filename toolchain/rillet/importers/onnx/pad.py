"""Pad in all its modes, and CenterCropPad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...ir import Tensor
from .emit import Emitter, values
from .node import Node, onnx_op


@onnx_op("Pad", notes="constant pads; modes constant, reflect, edge, wrap")
def _pad(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    amounts = node.ints(1, "pads") or []
    axes = node.ints(3, "axes", range(len(x.shape))) or []
    pads = [(0, 0)] * len(x.shape)
    for i, axis in enumerate(axes):
        pads[axis % len(x.shape)] = (amounts[i], amounts[len(axes) + i])
    mode = node.attribute("mode", "constant")
    if mode == "constant":
        x, pads = _cropped(emit, x, pads)
        return _filled(node, emit, x, pads)
    if mode not in ("reflect", "edge", "wrap"):
        raise node.error(f"mode '{mode}' is unknown")
    for axis, (before, after) in enumerate(pads):
        if before or after:
            x = emit.gather(x, _indices(x.static_shape[axis], before, after, mode), axis)
    return x


def _filled(node: Node, emit: Emitter, x: Tensor, pads: list[tuple[int, int]]) -> Tensor:
    fill = node.get(2)
    if fill is not None and not fill.is_constant:
        if not any(b or a for b, a in pads):
            return x
        return emit.op("PADV2", [x, emit.constant(np.array(pads, np.int32)), emit.reshape(fill, ())])
    return emit.pad(x, pads, values(fill).reshape(()).item() if fill is not None else node.attribute("value", 0.0))


def _cropped(emit: Emitter, x: Tensor, pads: list[tuple[int, int]]) -> tuple[Tensor, list[tuple[int, int]]]:
    """Negative pads cut."""
    begin = [max(0, -b) for b, _ in pads]
    size = [d - max(0, -b) - max(0, -a) for d, (b, a) in zip(x.static_shape, pads, strict=True)]
    return emit.slice(x, begin, size), [(max(0, b), max(0, a)) for b, a in pads]


def _indices(size: int, before: int, after: int, mode: str) -> NDArray[np.int64]:
    """Which elements stand where along an axis after padding."""
    cut = np.arange(size)[max(0, -before) : size - max(0, -after)]
    padded: NDArray[np.int64] = np.pad(cut, (max(0, before), max(0, after)), mode=mode)  # type: ignore[call-overload]
    return padded


@onnx_op("CenterCropPad", since=18, notes="constant shape")
def _center_crop_pad(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    shape = x.static_shape
    target = node.ints(1, "shape") or []
    axes = [a % len(shape) for a in node.attribute("axes", list(range(len(shape))))]
    pads = [(0, 0)] * len(shape)
    for axis, wanted in zip(axes, target, strict=True):
        # An odd difference: the smaller half goes before, both when it is cut and when it is added.
        missing = wanted - shape[axis]
        half = abs(missing) // 2
        pads[axis] = (half, missing - half) if missing >= 0 else (-half, missing + half)
    x, pads = _cropped(emit, x, pads)
    return emit.pad(x, pads)
