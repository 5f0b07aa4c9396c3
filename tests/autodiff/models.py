"""Small models with a loss, for the tests here."""

from __future__ import annotations

import numpy as np

from rillet.ir import Activation, DType, Graph, Padding, Tensor
from rillet.ops import GraphBuilder
from rillet.ops.opdef import Array


class Classifier:
    """Convolutions, pooling and a dense layer, with the mean cross-entropy as loss. The batch is 8 of 8x8x3.

    Attributes:
        parameters: the constants that train, by name.
    """

    def __init__(self, depth: int = 1, channels: int = 6, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        b = GraphBuilder()
        self.parameters: dict[str, Tensor] = {}

        def parameter(name: str, *shape: int) -> Tensor:
            scale = 0.0 if len(shape) == 1 else (2 / np.prod(shape[1:])) ** 0.5
            self.parameters[name] = b.constant((scale * rng.normal(size=shape)).astype(np.float32), name)
            return self.parameters[name]

        x, labels = b.input("x", (8, 8, 8, 3)), b.input("labels", (8,), DType.INT32)
        width = 3
        for i in range(depth):
            weights = [parameter(f"conv{i}/kernel", channels, 3, 3, width), parameter(f"conv{i}/bias", channels)]
            x = b.op("CONV_2D", [x, *weights], f"conv{i}", fused_activation_function=Activation.RELU)
            width = channels
        pool = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2, "padding": Padding.VALID}
        x = b.op("MAX_POOL_2D", [x], "pool", **pool)
        x = b.op("RESHAPE", [x, b.constant([8, 16 * channels])], "flat", new_shape=(8, 16 * channels))
        x = b.op(
            "FULLY_CONNECTED", [x, parameter("dense/kernel", 4, 16 * channels), parameter("dense/bias", 4)], "dense"
        )
        losses, _ = b.ops("rillet.SPARSE_SOFTMAX_CROSS_ENTROPY", [x, labels], "cross_entropy")
        self.loss = b.op("MEAN", [losses, b.constant([0])], "loss")
        b.output(x, "logits")
        b.output(self.loss, "loss")
        self.graph: Graph = b.graph

    def batch(self, seed: int = 1) -> list[Array]:
        """Images whose mean colour tells the class."""
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 4, 8).astype(np.int32)
        colours = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], np.float32)
        return [(colours[labels][:, None, None] + 0.3 * rng.normal(size=(8, 8, 8, 3))).astype(np.float32), labels]
