"""What a part of an image depends on: the geometry of operators that work on neighbourhoods of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Op, Padding, RilletError, Tensor
from ..memory import IN_PLACE
from ..ops.window import pad_before

_CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
_POOLS = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D"})
_POINTWISE = IN_PLACE | {"DEQUANTIZE", "CAST", "CONCATENATION"}


@dataclass(frozen=True)
class Interval:
    """Rows or columns from `low` up to `high`, not included."""

    low: int
    high: int

    @property
    def size(self) -> int:
        return self.high - self.low

    def joined(self, other: Interval) -> Interval:
        return Interval(min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True)
class Need:
    """The part of an operand that is needed, with padding `before` and `after` it where the image ends."""

    tensor: Tensor
    part: Interval
    before: int = 0
    after: int = 0


def is_patchable(op: Op) -> bool:
    """Whether `needs` knows what parts of the op's operands a part of its one output, an image, depends on."""
    if len(op.outputs) != 1 or len(op.outputs[0].shape) != 4:
        return False
    images = [t for t in op.inputs if t is not None and not t.is_constant]
    if not images or len(set(images)) != len(images) or any(len(t.shape) != 4 for t in images):
        return False
    if op.kind in _CONVOLUTIONS:
        return len(images) == 1 and images[0] is op.inputs[0]
    if op.kind in _POOLS:  # an average leaves padding out of its count, so it cannot be done apart
        return all(pad_before(*_window(op, axis)) == (0, 0) for axis in (1, 2))
    if op.kind == "PAD":
        amounts = op.inputs[1]
        return amounts is not None and amounts.data is not None and not amounts.data.reshape(-1)[[0, 1, 6, 7]].any()
    if op.kind not in _POINTWISE or (op.kind == "CONCATENATION" and getattr(op.attrs, "axis", 0) % 4 != 3):
        return False
    size = op.outputs[0].start_shape[1:3]
    return all(t.start_shape[1:3] == size for t in images) and all(_is_uniform(t) for t in op.inputs)


def _is_uniform(tensor: Tensor | None) -> bool:
    """A constant that is the same for all pixels."""
    if tensor is None or not tensor.is_constant:
        return True
    return all(d == 1 for d in tensor.static_shape[:-1])


def _window(op: Op, axis: int) -> tuple[int, int, int, int, Padding]:
    """Size, kernel, stride, dilation and padding along `axis`, as `ops.window` takes them."""
    a, letter, x = op.attrs, "hw"[axis - 1], op.inputs[0]
    assert x is not None
    if op.kind in _POOLS:
        kernel, dilation = getattr(a, "filter_height" if axis == 1 else "filter_width"), 1
    else:
        assert op.inputs[1] is not None
        kernel, dilation = op.inputs[1].static_shape[axis], getattr(a, f"dilation_{letter}_factor")
    return x.start_shape[axis], kernel, getattr(a, f"stride_{letter}"), dilation, Padding(getattr(a, "padding"))  # noqa: B009


def needs(op: Op, axis: int, out: Interval) -> list[Need]:
    """For each image operand, what of it along `axis` (1 rows, 2 columns) the part `out` of the output depends on.

    Raises:
        RilletError: nothing but padding.
    """
    x = op.inputs[0]
    assert x is not None
    if op.kind in _CONVOLUTIONS or op.kind in _POOLS:
        size, kernel, stride, dilation, padding = _window(op, axis)
        low = out.low * stride - pad_before(size, kernel, stride, dilation, padding)[0]
        return [_clipped(x, Interval(low, low + (out.size - 1) * stride + (kernel - 1) * dilation + 1), size)]
    if op.kind == "PAD":
        assert op.inputs[1] is not None and op.inputs[1].data is not None
        before = int(op.inputs[1].data.reshape(-1)[2 * axis])
        return [_clipped(x, Interval(out.low - before, out.high - before), x.start_shape[axis])]
    return [Need(t, out) for t in op.inputs if t is not None and not t.is_constant]


def _clipped(x: Tensor, part: Interval, size: int) -> Need:
    if part.high <= 0 or part.low >= size:
        raise RilletError(f"'{x.source or x.name}': a patch would see nothing but padding")
    return Need(x, Interval(max(part.low, 0), min(part.high, size)), max(0, -part.low), max(0, part.high - size))
