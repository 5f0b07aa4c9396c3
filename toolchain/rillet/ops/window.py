"""Sliding windows: the geometry that convolution and pooling share."""

from __future__ import annotations

import numpy as np

from ..ir import Padding
from .opdef import Array, ShapeError


def output_extent(size: int | None, kernel: int, stride: int, dilation: int, padding: Padding) -> int | None:
    """Output length along one axis; None where the input's is unknown.

    Raises:
        ShapeError: kernel, stride or dilation is below 1.
    """
    if min(kernel, stride, dilation) < 1:
        raise ShapeError(f"kernel {kernel}, stride {stride} and dilation {dilation} must be at least 1")
    if size is None:
        return None
    if padding is Padding.SAME:
        return -(-size // stride)
    return max(0, -(-(size - (kernel - 1) * dilation) // stride))


def pad_before(size: int, kernel: int, stride: int, dilation: int, padding: Padding) -> tuple[int, int]:
    """Padding before and after along one axis (TensorFlow's SAME: the odd one goes after)."""
    out = output_extent(size, kernel, stride, dilation, padding)
    assert out is not None
    total = max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return (total // 2, total - total // 2) if padding is Padding.SAME else (0, 0)


def windows(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Padding,
    fill: float = 0.0,
) -> Array:
    """Views of NHWC `x` under the kernel: shape (n, out_h, out_w, kernel_h, kernel_w, c)."""
    pads = [pad_before(x.shape[i + 1], kernel[i], stride[i], dilation[i], padding) for i in (0, 1)]
    if any(p != (0, 0) for p in pads):
        x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    view: Array = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(1, 2))
    view = view[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return np.moveaxis(view, 3, 5)
