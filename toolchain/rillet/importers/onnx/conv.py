"""Conv and ConvTranspose: NCHW with filters OIHW to NHWC with filters OHWI, or 1HWO for depthwise."""

from __future__ import annotations

import numpy as np

from ...ir import DType, Padding, Tensor
from .emit import Emitter, values
from .node import Node, onnx_op
from .spatial import Window, as_nhwc, as_source, in_two_dimensions, tflite_padding, window


@onnx_op("Conv", notes="1-D and 2-D")
def _conv(node: Node, emit: Emitter) -> Tensor:
    x, w, bias = node.need(0), node.need(1), node.get(2)
    _check(node, x, w)
    rank, groups = len(x.shape), int(node.attribute("group", 1))
    channels, out = x.static_shape[1], w.static_shape[0]
    if channels != w.static_shape[1] * groups or out % groups:
        raise node.error(f"input {x.shape}, filters {w.shape} and {groups} groups do not fit")
    frame = in_two_dimensions(window(node, x.static_shape[2:], w.static_shape[2:]))
    x = as_nhwc(emit, x)
    w = _filters_2d(emit, w)
    padding = tflite_padding(x.static_shape[1:3], frame)
    if padding is None:
        x = emit.pad(x, [(0, 0), *frame.pads, (0, 0)])
        padding = Padding.VALID
    depthwise = groups == channels and groups > 1
    w = emit.transpose(w, (1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
    attrs = {
        "padding": padding,
        "stride_h": frame.stride[0],
        "stride_w": frame.stride[1],
        "dilation_h_factor": frame.dilation[0],
        "dilation_w_factor": frame.dilation[1],
    }
    inputs = [x, w, bias if bias is not None else emit.constant(np.zeros(out, np.float32))]
    if depthwise:
        y = emit.op("DEPTHWISE_CONV_2D", inputs, depth_multiplier=out // channels, **attrs)
    else:
        y = emit.op("CONV_2D", inputs, **attrs)
    return as_source(emit, y, rank)


@onnx_op("ConvTranspose", notes="1-D and 2-D")
def _conv_transpose(node: Node, emit: Emitter) -> Tensor:
    x, w, bias = node.need(0), node.need(1), node.get(2)
    _check(node, x, w)
    rank, groups = len(x.shape), int(node.attribute("group", 1))
    frame, extra = _transposed_window(node, x.static_shape[2:], w.static_shape[2:])
    x, w = as_nhwc(emit, x), _filters_2d(emit, w)
    w = _dilated(node, emit, emit.transpose(w, (1, 2, 3, 0)), frame)  # O H W I
    depth = x.static_shape[3] // groups
    parts = []
    for group in range(groups):
        begin = group * depth
        piece = emit.slice(x, (0, 0, 0, begin), (*x.static_shape[:3], depth))
        filters = emit.slice(w, (0, 0, 0, begin), (*w.static_shape[:3], depth))
        parts.append(_transposed(emit, piece, filters, frame, extra))
    y = parts[0] if groups == 1 else emit.op("CONCATENATION", parts, axis=3)
    return as_source(emit, y if bias is None else emit.binary("ADD", y, bias), rank)


def _check(node: Node, x: Tensor, w: Tensor) -> None:
    if len(x.shape) not in (3, 4) or len(w.shape) != len(x.shape):
        raise node.error(f"input {x.shape} and filters {w.shape}: rillet convolves 1-D and 2-D data")
    if x.dtype is not DType.FLOAT32:
        raise node.error(f"its input is {x.dtype.name}, rillet imports convolutions of float", "export a float model")


def _filters_2d(emit: Emitter, w: Tensor) -> Tensor:
    """Filters with a height of 1 where they have one spatial axis."""
    return w if len(w.shape) == 4 else emit.reshape(w, (*w.static_shape[:2], 1, w.static_shape[2]))


def _transposed_window(node: Node, sizes: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[Window, list[int]]:
    """The window, and zeros to add after each axis; pads are what is cut off the full output."""
    rank = len(sizes)
    shape = node.attribute("kernel_shape", list(kernel))
    extra = list(node.attribute("output_padding", [0] * rank))
    wanted = node.attribute("output_shape", None)
    auto = node.attribute("auto_pad", "NOTSET")
    node.attributes.pop("auto_pad", None)  # it speaks of the output here, `window` would read it of the input
    explicit = node.attributes.pop("pads", [0] * 2 * rank)
    stride, dilation = node.attribute("strides", [1] * rank), node.attribute("dilations", [1] * rank)
    frame = Window(list(shape), list(stride), list(dilation), [(explicit[i], explicit[rank + i]) for i in range(rank)])
    full = [(n - 1) * s + k for n, s, k in zip(sizes, stride, frame.span, strict=True)]
    if wanted is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
        same = [n * s for n, s in zip(sizes, stride, strict=True)]
        target = same if wanted is None else [int(d) for d in wanted[-rank:]]
        frame.pads = []
        for i in range(rank):
            total = max(0, full[i] + extra[i] - target[i])
            extra[i] = max(extra[i], target[i] - full[i])
            small, large = total // 2, total - total // 2
            frame.pads.append((small, large) if auto == "SAME_UPPER" else (large, small))
    if rank == 1:
        return in_two_dimensions(frame), [0, *extra]
    return frame, extra


def _dilated(node: Node, emit: Emitter, w: Tensor, frame: Window) -> Tensor:
    """Filters with zeros between their taps: TRANSPOSE_CONV knows no dilation."""
    if frame.dilation == [1, 1]:
        return w
    node.constant(1, "filters, which have dilations,")
    out, _, _, depth = w.static_shape
    spread = np.zeros((out, *frame.span, depth), np.float32)
    spread[:, :: frame.dilation[0], :: frame.dilation[1]] = values(w)
    return emit.constant(spread, w.name)


def _transposed(emit: Emitter, x: Tensor, w: Tensor, frame: Window, extra: list[int]) -> Tensor:
    n, height, width, _ = x.static_shape
    out, kh, kw, _ = w.static_shape
    sizes, span = (height, width), (kh, kw)
    full = [(size - 1) * s + k for size, s, k in zip(sizes, frame.stride, span, strict=True)]
    target = [f + e - b - a for f, e, (b, a) in zip(full, extra, frame.pads, strict=True)]
    # TFLite's SAME derives the cut from the output size: half of what is too much, the odd one after.
    same = all(
        t == size * s and b == max(0, f - t) // 2
        for t, size, s, f, (b, _) in zip(target, sizes, frame.stride, full, frame.pads, strict=True)
    )
    attrs = {"stride_h": frame.stride[0], "stride_w": frame.stride[1]}
    shape = (n, *(target if same else full), out)
    padding = Padding.SAME if same else Padding.VALID
    y = emit.op("TRANSPOSE_CONV", [emit.constant(np.array(shape, np.int32)), w, x], padding=padding, **attrs)
    if same:
        return y
    missing = [max(0, b + t - f) for (b, _), t, f in zip(frame.pads, target, full, strict=True)]
    y = emit.pad(y, [(0, 0), *((0, m) for m in missing), (0, 0)])
    return emit.slice(y, (0, *(b for b, _ in frame.pads), 0), (n, *target, out))
