"""What gradient rules are written with: a builder with arithmetic, broadcasting undone once, fused activations once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..ir import Activation, DType, Op, Shape, Tensor
from .builder import GraphBuilder
from .opdef import GradientRule, operand

Gradients = list[Tensor | None]


class GradientBuilder(GraphBuilder):
    """A `GraphBuilder` with short names for what gradient rules need. Operands broadcast as numpy's do."""

    def scalar(self, value: float, like: Tensor) -> Tensor:
        """A 0-D constant of `like`'s type."""
        return self.constant(np.array(value, like.dtype.numpy))

    def ints(self, values: Sequence[int]) -> Tensor:
        """A 1-D int32 constant: a shape, or axes."""
        return self.constant(np.array(values, np.int32))

    def shape(self, x: Tensor) -> Tensor:
        """The shape of `x` as an int32 vector: a constant where it is known."""
        return self.op("SHAPE", [x]) if None in x.shape else self.ints(x.static_shape)

    def add(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self.op("ADD", [a, self._tensor(b, a)])

    def sub(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self.op("SUB", [a, self._tensor(b, a)])

    def mul(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self.op("MUL", [a, self._tensor(b, a)])

    def div(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self.op("DIV", [a, self._tensor(b, a)])

    def neg(self, a: Tensor) -> Tensor:
        return self.op("NEG", [a])

    def square(self, a: Tensor) -> Tensor:
        return self.mul(a, a)

    def compare(self, kind: str, a: Tensor, b: Tensor | float) -> Tensor:
        """EQUAL, LESS, GREATER_EQUAL ...: a bool tensor."""
        return self.op(kind, [a, self._tensor(b, a)])

    def where(self, condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
        """`a` where the condition holds, `b` elsewhere; one of them is a tensor."""
        like = a if isinstance(a, Tensor) else b
        assert isinstance(like, Tensor)
        return self.op("SELECT_V2", [condition, self._tensor(a, like), self._tensor(b, like)])

    def cast(self, x: Tensor, dtype: DType) -> Tensor:
        return x if x.dtype is dtype else self.op("CAST", [x], in_data_type=x.dtype, out_data_type=dtype)

    def sum(self, x: Tensor, axes: Sequence[int], keep_dims: bool = False) -> Tensor:
        return self.op("SUM", [x, self.ints(axes)], keep_dims=keep_dims) if axes else x

    def count(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        """How many elements lie along `axes`, as a scalar of `x`'s type."""
        sizes = [x.shape[a] for a in axes]
        if None not in sizes:
            return self.scalar(float(np.prod([s for s in sizes if s is not None])), x)
        lengths = self.op("GATHER", [self.op("SHAPE", [x]), self.ints(axes)])
        return self.cast(self.op("REDUCE_PROD", [lengths, self.ints((0,))]), x.dtype)

    def matmul(self, a: Tensor, b: Tensor, adj_x: bool = False, adj_y: bool = False) -> Tensor:
        return self.op("BATCH_MATMUL", [a, b], adj_x=adj_x, adj_y=adj_y)

    def transpose(self, x: Tensor, order: Sequence[int]) -> Tensor:
        return self.op("TRANSPOSE", [x, self.ints(order)])

    def zeros_like(self, x: Tensor) -> Tensor:
        """Zeros of `x`'s shape and type that do not keep `x` alive where the shape is known."""
        return self.filled(0.0, x)

    def filled(self, value: float, like: Tensor) -> Tensor:
        """A tensor of `like`'s shape and type, every element `value`."""
        return self.shaped(self.op("FILL", [self.shape(like), self.scalar(value, like)]), like.shape)

    def reshape(self, x: Tensor, shape: Shape, like: Tensor | None = None) -> Tensor:
        """`x` under another shape of as many elements. More than one unknown dimension is read from `like`."""
        if x.shape == shape and shape.count(None) <= 1:
            return x
        if shape.count(None) <= 1:
            wanted = tuple(-1 if d is None else d for d in shape)
            return self.shaped(self.op("RESHAPE", [x, self.ints(wanted)], new_shape=wanted), shape)
        assert like is not None, f"shape {shape} is not known"
        return self.shaped(self.op("RESHAPE", [x, self.shape(like)]), shape)

    def reshape_like(self, x: Tensor, like: Tensor) -> Tensor:
        return self.reshape(x, like.shape, like)

    def sum_to(self, dy: Tensor, like: Tensor) -> Tensor:
        """Undoes broadcasting: sums `dy` over the axes along which `like` was repeated."""
        if dy.shape == like.shape:
            return dy
        lead = len(dy.shape) - len(like.shape)
        axes = [i + lead for i, d in enumerate(like.shape) if d == 1 and dy.shape[i + lead] != 1]
        total = self.sum(dy, [*range(lead), *axes], keep_dims=not lead)
        return self.reshape_like(total, like)

    def broadcast_to(self, x: Tensor, like: Tensor) -> Tensor:
        """`x` repeated to `like`'s shape."""
        if x.shape == like.shape and None not in x.shape:
            return x
        return self.shaped(self.op("BROADCAST_TO", [x, self.shape(like)]), like.shape)

    def or_zeros(self, dy: Tensor | None, like: Tensor) -> Tensor:
        """`dy`, zeros where no gradient reaches that output."""
        return self.zeros_like(like) if dy is None else dy

    def result(self, x: Tensor, name: str) -> Tensor:
        """`x` as a tensor of its own with that name (numbered where it is taken), to be a graph output."""
        made = {t for op in self.graph.ops for t in op.outputs}
        if x not in made or x in self.graph.outputs:
            x = self.shaped(self.op("RESHAPE", [x, self.shape(x)]), x.shape)
        x.name = self._names.unique(name)
        return x

    def shaped(self, x: Tensor, shape: Shape) -> Tensor:
        """`x`, its shape set: for what the shape rule could not know."""
        x.shape = shape
        return x

    def _tensor(self, value: Tensor | float, like: Tensor) -> Tensor:
        return value if isinstance(value, Tensor) else self.scalar(value, like)


def single(rule: Callable[[GradientBuilder, Op, Tensor], Gradients]) -> GradientRule:
    """The rule of an operator with one output, which takes that one's gradient."""

    def gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
        (dy,) = dys
        assert dy is not None
        return rule(b, op, dy)

    return gradient


def elementwise(rule: Callable[[GradientBuilder, Op, Tensor], Sequence[Tensor | None]]) -> GradientRule:
    """`single`, for operators whose inputs broadcast: every gradient is summed to its input's shape."""

    def gradient(b: GradientBuilder, op: Op, dy: Tensor) -> Gradients:
        given = rule(b, op, dy)
        return [None if g is None else b.sum_to(g, operand(op, i)) for i, g in enumerate(given)]

    return single(gradient)


def activated(rule: GradientRule) -> GradientRule:
    """The rule of an operator with a fused activation: `rule` gets the gradient before the activation.

    `rule` must not read the op's output, which is the value after it.
    """

    def gradient(b: GradientBuilder, op: Op, dys: Gradients) -> Gradients:
        activation: Activation = op.attrs.fused_activation_function  # type: ignore[attr-defined]
        if activation is not Activation.NONE and dys[0] is not None:
            dys = [activation_gradient(b, activation, op.outputs[0], dys[0])]
        return rule(b, op, dys)

    return gradient


def activation_gradient(b: GradientBuilder, activation: Activation, y: Tensor, dy: Tensor) -> Tensor:
    """The gradient of an activation's input from its output `y` and `dy`."""
    return b.op("rillet.ACTIVATION_GRADIENT", [y, dy], fused_activation_function=activation)
