"""Small graphs for the tests of passes, and the check that a rewrite kept their meaning."""

from __future__ import annotations

import numpy as np

from rillet.ir import Activation, Graph, Model, Op, Padding, Quantization, Tensor, verify
from rillet.ops.builder import GraphBuilder
from rillet.ops.evaluate import evaluate
from rillet.ops.opdef import opdef
from rillet.passes import optimize

__all__ = ["Activation", "Graph", "Net", "Op", "Padding", "Quantization", "Tensor", "kinds", "optimized_like_before"]


class Net(GraphBuilder):
    """A GraphBuilder with random weights at hand."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = np.random.default_rng(seed)

    def floats(self, *shape: int) -> np.ndarray:
        return self.random.normal(size=shape).astype(np.float32)

    def weights(self, *shape: int) -> Tensor:
        return self.constant(self.floats(*shape), "weights")

    def conv(self, x: Tensor, out: int, kernel: int = 3, bias: bool = True, **attrs: object) -> Tensor:
        w = self.weights(out, kernel, kernel, int(x.shape[-1] or 0))
        return self.op("CONV_2D", [x, w, self.weights(out)] if bias else [x, w], **attrs)

    def depthwise(self, x: Tensor, kernel: int = 3, **attrs: object) -> Tensor:
        channels = int(x.shape[-1] or 0)
        w = self.weights(1, kernel, kernel, channels)
        return self.op("DEPTHWISE_CONV_2D", [x, w, self.weights(channels)], **attrs)


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def optimized_like_before(graph: Graph, passes: tuple | None = None, tolerance: float = 1e-5) -> dict[str, int]:
    """Optimizes in place, verifying and inferring shapes after every pass; outputs must agree on random inputs."""
    random = np.random.default_rng(1)
    inputs = [random.normal(size=t.static_shape).astype(t.dtype.numpy) for t in graph.inputs]
    before = evaluate(graph, inputs)
    chosen = {} if passes is None else {"passes": passes}
    counts = optimize(Model([graph]), after_each=lambda _, g: check(g), **chosen)
    after = evaluate(graph, inputs)
    assert list(before) == list(after)
    for name, expected in before.items():
        assert after[name].shape == expected.shape
        np.testing.assert_allclose(after[name], expected, rtol=0, atol=tolerance * max(1.0, np.abs(expected).max()))
    return counts


def check(graph: Graph) -> None:
    verify(graph)
    for op in graph.ops:
        for tensor, (shape, dtype) in zip(op.outputs, opdef(op.kind).infer(op), strict=True):
            same = all(a is None or a == b for a, b in zip(tensor.shape, shape, strict=True))
            assert same and tensor.dtype is dtype, (op, tensor, shape, dtype)
