"""Geometry that convolution and pooling share: kernel attributes, and ONNX pads as TFLite paddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...ir import Padding, Tensor
from .emit import Emitter
from .node import Node

Pads = list[tuple[int, int]]


@dataclass
class Window:
    """A sliding window over the spatial axes, one entry per axis."""

    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    pads: Pads

    @property
    def span(self) -> list[int]:
        """Extent of the dilated kernel."""
        return [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]


def window(node: Node, sizes: Sequence[int], kernel: Sequence[int], ceil_mode: bool = False) -> Window:
    """The window of `node` over an input of `sizes`; `auto_pad` and `ceil_mode` become explicit pads."""
    rank = len(sizes)
    stride = list(node.attribute("strides", [1] * rank))
    dilation = list(node.attribute("dilations", [1] * rank))
    explicit = list(node.attribute("pads", [0] * 2 * rank))
    if not len(stride) == len(dilation) == len(kernel) == rank or len(explicit) != 2 * rank:
        raise node.error(
            f"kernel {list(kernel)}, strides {stride}, dilations {dilation} and pads {explicit} "
            f"do not fit {rank} spatial axes"
        )
    if min(*stride, *dilation, *kernel) < 1:
        raise node.error(f"kernel {list(kernel)}, strides {stride} and dilations {dilation} must be positive")
    made = Window(list(kernel), stride, dilation, [(explicit[i], explicit[rank + i]) for i in range(rank)])
    auto = node.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        made.pads = [_same(n, k, s, auto == "SAME_LOWER") for n, k, s in zip(sizes, made.span, stride, strict=True)]
    elif auto == "VALID":
        made.pads = [(0, 0)] * rank
    elif auto not in ("NOTSET", ""):
        raise node.error(f"auto_pad '{auto}' is unknown")
    if ceil_mode:
        made.pads = [_ceil(n, k, s, p) for n, k, s, p in zip(sizes, made.span, stride, made.pads, strict=True)]
    for n, k, (before, after) in zip(sizes, made.span, made.pads, strict=True):
        if n + before + after < k:
            raise node.error(f"its kernel spans {k} elements of an axis that has {n} and pads {before} and {after}")
    return made


def tflite_padding(sizes: Sequence[int], w: Window) -> Padding | None:
    """SAME or VALID where one of them pads exactly as `w` does; None where it takes explicit padding."""
    if all(p == (0, 0) for p in w.pads):
        return Padding.VALID
    same = [_same(n, k, s, False) for n, k, s in zip(sizes, w.span, w.stride, strict=True)]
    return Padding.SAME if same == w.pads else None


def as_nhwc(emit: Emitter, x: Tensor) -> Tensor:
    """(N, C, L) or (N, C, H, W) to (N, H, W, C); one spatial axis gets a height of 1."""
    if len(x.shape) == 4:
        return emit.to_nhwc(x)
    n, c, length = x.static_shape
    return emit.reshape(emit.transpose(x, (0, 2, 1)), (n, 1, length, c))


def as_source(emit: Emitter, y: Tensor, rank: int) -> Tensor:
    """Back from (N, H, W, C) to the source's order with `rank` axes."""
    if rank == 4:
        return emit.to_nchw(y)
    n, _, length, c = y.static_shape
    return emit.transpose(emit.reshape(y, (n, length, c)), (0, 2, 1))


def in_two_dimensions(w: Window) -> Window:
    """`w` with a height of 1 before its only axis."""
    if len(w.kernel) == 2:
        return w
    return Window([1, *w.kernel], [1, *w.stride], [1, *w.dilation], [(0, 0), *w.pads])


def _same(size: int, span: int, stride: int, lower: bool) -> tuple[int, int]:
    """Pads such that there are ceil(size / stride) outputs; the odd one goes after, or before if `lower`."""
    total = max(0, (-(-size // stride) - 1) * stride + span - size)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def _ceil(size: int, span: int, stride: int, pads: tuple[int, int]) -> tuple[int, int]:
    """Pads that make the last, partial window whole; a window that starts in the padding after is not counted."""
    before, after = pads
    count = -(-(size + before + after - span) // stride) + 1
    if (count - 1) * stride >= size + before:
        count -= 1
    return before, max(after, (count - 1) * stride + span - size - before)
