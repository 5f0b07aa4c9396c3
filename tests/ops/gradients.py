"""Gradients as an implementation of the harness: a case's operator, its gradient graph, and finite differences.

The loss is the sum of the float results, each element weighted at random. Derivatives are compared along random
directions, in float64: one number tells whether all of an operand's gradient is right.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rillet.autodiff import backward
from rillet.ir import DType, Graph, Tensor
from rillet.ops import GradientBuilder, evaluate

from . import harness
from .case import Case, Random

Arrays = list[NDArray[Any]]
STEP = 1e-6
DIRECTIONS = 2


class Derivatives:
    """A case with every random float32 operand as an input, its loss, and the loss's gradients (or those of them).

    Attributes:
        graph: outputs are the loss, then a gradient for each of `wrt`, None where none flows.
        inputs: values of the graph's inputs, in float64.
    """

    def __init__(self, case: Case, order: int = 1) -> None:
        one = harness.build(case, "plain")
        self.graph = one.model.main
        values = dict(zip(self.graph.inputs, one.inputs, strict=True))
        for tensor, each in zip(one.op.inputs, case.operands, strict=True):
            if is_varied(each) and tensor is not None and tensor.data is not None:
                values[tensor], tensor.data = tensor.data, None
                self.graph.inputs.append(tensor)
        self.rng = np.random.default_rng(zlib.crc32(f"{case.kind} {case.name} {order}".encode()))
        self.inputs: Arrays = [values[t].astype(np.float64) if _is_float(t) else values[t] for t in self.graph.inputs]
        self.wrt = [t for t, each in zip(one.op.inputs, case.operands, strict=True) if t and is_varied(each)]
        b = GradientBuilder(self.graph)
        results = evaluate(self.graph, self.inputs)
        shapes = {t: results[t.name].shape for t in self.graph.outputs if _is_float(t)}
        self.loss = self._weighted(b, shapes)
        self.gradients = backward(b, [self.loss], None, self.wrt)
        if order == 2:
            pairs = zip(self.wrt, self.gradients, strict=True)
            self.loss = self._weighted(b, {g: self.inputs[self._at(t)].shape for t, g in pairs if g is not None})
            self.gradients = backward(b, [self.loss], None, self.wrt)
        self.graph.outputs = [self.loss, *(g for g in self.gradients if g is not None)]

    def _at(self, tensor: Tensor) -> int:
        return self.graph.inputs.index(tensor)

    def _weighted(self, b: GradientBuilder, shapes: dict[Tensor, tuple[int, ...]]) -> Tensor:
        loss = b.constant(np.float32(0))
        for y, shape in shapes.items():
            weights = self.rng.uniform(0.5, 1.5, shape) * self.rng.choice([-1, 1], shape)
            loss = b.add(loss, b.sum(b.mul(y, b.constant(weights.astype(np.float32))), range(len(y.shape))))
        return loss

    def run(self, inputs: Arrays, float64: bool = True) -> Arrays:
        """The loss, then a gradient per `wrt`; zeros where none flows."""
        outputs = evaluate(self.graph, inputs, float64=float64)
        at = {t: outputs[t.name] for t in self.graph.outputs}
        zeros = [np.zeros(self.inputs[self._at(t)].shape) for t in self.wrt]
        return [at[self.loss], *(z if g is None else at[g] for g, z in zip(self.gradients, zeros, strict=True))]

    def slopes(self) -> list[tuple[str, float, float, float]]:
        """Per operand and direction: (name, slope by finite differences, slope by the gradient, its natural size)."""
        found = []
        gradients = self.run(self.inputs)[1:]
        loss_only = Graph("loss", self.graph.inputs, [self.loss], self.graph.ops)
        for tensor, gradient in zip(self.wrt, gradients, strict=True):
            place = self._at(tensor)
            for _ in range(DIRECTIONS):
                direction = self.rng.normal(size=self.inputs[place].shape)
                ends = []
                for sign in (1, -1):
                    moved = list(self.inputs)
                    moved[place] = moved[place] + sign * STEP * direction
                    ends.append(float(evaluate(loss_only, moved, float64=True)[self.loss.name]))
                size = float(np.abs(gradient * direction).sum())
                found.append((tensor.name, (ends[0] - ends[1]) / (2 * STEP), float((gradient * direction).sum()), size))
        return found


def is_varied(operand: object) -> bool:
    """A random float32 operand, constant or not; where every element is the same, slopes have kinks."""
    return isinstance(operand, Random) and operand.dtype is DType.FLOAT32 and operand.low < operand.high


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype is DType.FLOAT32
