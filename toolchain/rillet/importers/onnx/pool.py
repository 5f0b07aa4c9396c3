"""Pooling: windows that TFLite knows go to its pooling operators, others to padding, slices and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from ...ir import DType, Padding, Tensor
from .emit import Emitter
from .node import Node, onnx_op
from .spatial import Window, as_nhwc, as_source, in_two_dimensions, tflite_padding, window


@onnx_op("MaxPool", notes="without the Indices output")
def _max_pool(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.error("its output Indices is not supported", "remove it from the model")
    frame = _frame(node, x)
    if _is_plain(x, frame):
        return _pool_2d(node, emit, x, frame, "MAX_POOL_2D", _lowest(emit, x))
    return _by_slices(emit, emit.pad(x, [(0, 0), (0, 0), *frame.pads], _lowest(emit, x)), frame, "MAXIMUM")


@onnx_op("AveragePool")
def _average_pool(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    if x.dtype is not DType.FLOAT32:
        raise node.error(f"its input is {x.dtype.name}, rillet averages floats")
    frame = _frame(node, x)
    counts = _counts(node, x, frame)
    area = int(np.prod(frame.kernel))
    if _is_plain(x, frame):
        same = tflite_padding(x.static_shape[2:], frame) is Padding.SAME
        if same and not node.attribute("count_include_pad", 0):
            return _pool_2d(node, emit, x, frame, "AVERAGE_POOL_2D", 0.0)
        x = emit.pad(x, [(0, 0), (0, 0), *frame.pads])
        y = _pool_2d(node, emit, x, _unpadded(frame), "AVERAGE_POOL_2D", 0.0)
    else:
        x = emit.pad(x, [(0, 0), (0, 0), *frame.pads])
        y = emit.binary("MUL", _by_slices(emit, x, frame, "ADD"), 1 / area)
    if (counts == area).all():
        return y
    # The mean was taken over the whole window; give the padding's share back where it does not count.
    return emit.binary("MUL", y, emit.constant((area / counts).astype(np.float32)))


@onnx_op("GlobalAveragePool")
def _global_average_pool(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.reduce("MEAN", x, range(2, len(x.shape)))


@onnx_op("GlobalMaxPool")
def _global_max_pool(node: Node, emit: Emitter) -> Tensor:
    x = node.need(0)
    return emit.reduce("REDUCE_MAX", x, range(2, len(x.shape)))


def _frame(node: Node, x: Tensor) -> Window:
    if "kernel_shape" not in node.attributes:
        raise node.error("attribute kernel_shape is missing")
    return window(node, x.static_shape[2:], node.attributes["kernel_shape"], bool(node.attribute("ceil_mode", 0)))


def _is_plain(x: Tensor, frame: Window) -> bool:
    """Whether TFLite's pooling can do it: 1-D or 2-D, no dilation."""
    return len(x.shape) in (3, 4) and set(frame.dilation) == {1}


def _unpadded(frame: Window) -> Window:
    return Window(frame.kernel, frame.stride, frame.dilation, [(0, 0)] * len(frame.kernel))


def _pool_2d(node: Node, emit: Emitter, x: Tensor, frame: Window, kind: str, fill: float) -> Tensor:
    rank = len(x.shape)
    frame = in_two_dimensions(frame)
    y = as_nhwc(emit, x)
    padding = tflite_padding(y.static_shape[1:3], frame)
    if padding is None:
        y = emit.pad(y, [(0, 0), *frame.pads, (0, 0)], fill)
        padding = Padding.VALID
    y = emit.op(
        kind,
        [y],
        padding=padding,
        stride_h=frame.stride[0],
        stride_w=frame.stride[1],
        filter_height=frame.kernel[0],
        filter_width=frame.kernel[1],
    )
    return as_source(emit, y, rank)


def _by_slices(emit: Emitter, x: Tensor, frame: Window, kind: str) -> Tensor:
    """Any window over the padded `x`: maxima and sums go axis by axis, one strided slice per kernel element."""
    for axis, (kernel, step, dilation) in enumerate(zip(frame.kernel, frame.stride, frame.dilation, strict=True), 2):
        count = (x.static_shape[axis] - frame.span[axis - 2]) // step + 1
        taps = [_every(emit, x, axis, i * dilation, step, count) for i in range(kernel)]
        x = reduce(lambda a, b: emit.binary(kind, a, b), taps)
    return x


def _every(emit: Emitter, x: Tensor, axis: int, begin: int, step: int, count: int) -> Tensor:
    """`count` elements of one axis, `step` apart from `begin` on."""

    def along(value: int, others: Sequence[int]) -> Tensor:
        return emit.constant(np.array([value if i == axis else o for i, o in enumerate(others)], np.int32))

    rank, sizes = len(x.shape), x.static_shape
    end = begin + (count - 1) * step + 1
    return emit.op("STRIDED_SLICE", [x, along(begin, [0] * rank), along(end, sizes), along(step, [1] * rank)])


def _counts(node: Node, x: Tensor, frame: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """How many elements each window averages over, shaped to broadcast against the output.

    Padding counts with `count_include_pad`, but what `ceil_mode` adds beyond it never does.
    """
    counts = np.ones((1, 1, *[1] * len(frame.kernel)))
    included = node.attribute("count_include_pad", 0)
    declared = list(node.attribute("pads", [0] * 2 * len(frame.kernel)))
    if node.attribute("auto_pad", "NOTSET") not in ("NOTSET", ""):
        declared = [p for p, _ in frame.pads] + [p for _, p in frame.pads]
    for axis, size in enumerate(x.static_shape[2:]):
        before, after = frame.pads[axis]
        first = 0 if included else before
        last = before + size + (declared[len(frame.kernel) + axis] if included else 0)
        starts = np.arange(0, size + before + after - frame.span[axis] + 1, frame.stride[axis])
        taps = starts[:, None] + np.arange(frame.kernel[axis]) * frame.dilation[axis]
        inside = ((taps >= first) & (taps < last)).sum(axis=1)
        shape = [1] * counts.ndim
        shape[2 + axis] = -1
        counts = counts * inside.reshape(shape)
    return counts


def _lowest(emit: Emitter, x: Tensor) -> float:
    """What never wins a maximum: zero after a rectifier (which keeps quantized ranges small), else the lowest value."""
    if x.dtype.is_integer:
        return x.dtype.limits[0]
    producers = emit.graph.producers()
    made = producers.get(x)
    while made is not None and made.kind in ("TRANSPOSE", "RESHAPE", "MAX_POOL_2D", "CONCATENATION", "DEQUANTIZE"):
        if made.kind == "DEQUANTIZE":
            return 0.0 if _is_positive(made.inputs[0]) else _FLOAT_LOWEST
        if made.kind == "CONCATENATION":
            return 0.0 if all(t is not None and _rectified(producers.get(t)) for t in made.inputs) else _FLOAT_LOWEST
        first = made.inputs[0]
        made = producers.get(first) if first is not None else None
    return 0.0 if _rectified(made) else _FLOAT_LOWEST


def _is_positive(stored: Tensor | None) -> bool:
    """Whether the smallest value that a quantized tensor can hold is zero."""
    record = stored.quantization if stored is not None else None
    return stored is not None and record is not None and bool((record.zero_point == stored.dtype.limits[0]).all())


def _rectified(op: object) -> bool:
    return getattr(op, "kind", "") in ("RELU", "RELU6", "RELU_0_TO_1", "LOGISTIC", "SOFTMAX")


_FLOAT_LOWEST = float(np.finfo(np.float32).min)
