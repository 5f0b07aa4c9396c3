"""Small ONNX networks with random weights, as the exporters write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """Builds a graph node by node; every method returns the name of its result."""

    def __init__(self, shape: tuple[int | str, ...], opset: int = 13) -> None:
        self.rng = np.random.default_rng(0)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)]
        self.opset = opset
        self.x = "image"

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, kind: str, inputs: list[str] | None = None, outputs: int = 1, **attrs: Any) -> Any:
        """One node, by default on the last result."""
        names = [f"{kind.lower()}{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs or [self.x], names, name=names[0], **attrs))
        self.x = names[0]
        return names[0] if outputs == 1 else names

    def weights(self, *shape: int) -> str:
        values = self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
        return self.constant(values.astype(np.float32))

    def conv(self, depth: int, out: int, kernel: int = 3, rank: int = 2, **attrs: Any) -> str:
        attrs.setdefault("pads", [kernel // 2] * 2 * rank)
        filters = self.weights(out, depth // attrs.get("group", 1), *[kernel] * rank)
        return str(self.add("Conv", [self.x, filters, self.weights(out)], **attrs))

    def norm(self, channels: int) -> str:
        vectors = [self.constant(self.rng.uniform(0.5, 1.5, channels).astype(np.float32)) for _ in range(4)]
        return str(self.add("BatchNormalization", [self.x, *vectors]))

    def gemm(self, depth: int, out: int) -> str:
        return str(self.add("Gemm", [self.x, self.weights(out, depth), self.weights(out)], transB=1))

    def proto(self, *outputs: str) -> Any:
        names = outputs or (self.x,)
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
        graph = helper.make_graph(self.nodes, "net", self.inputs, results, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def save(self, path: Any, *outputs: str) -> None:
        onnx.save(self.proto(*outputs), str(path))


def plain_cnn() -> Net:
    net = Net(("batch", 3, 16, 16))
    net.conv(3, 8, strides=[2, 2])
    net.norm(8)
    net.add("Relu")
    net.add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    net.conv(8, 8, group=8)
    net.add("Clip", [net.x, net.constant(np.float32(0)), net.constant(np.float32(6))])
    net.conv(8, 12, kernel=1)
    net.add("LeakyRelu", alpha=0.1)
    net.add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    net.add("Flatten")
    net.gemm(12 * 2 * 2, 10)
    net.add("Relu")
    net.gemm(10, 5)
    net.add("Softmax", axis=1)
    return net


def branches() -> Net:
    """Residual sum, concatenation, split, squeeze and excitation in both of its spellings, slopes per channel."""
    net = Net((1, 4, 9, 9))
    start = net.conv(4, 8)
    net.add("PRelu", [net.x, net.constant(net.rng.uniform(0, 1, (8, 1, 1)).astype(np.float32))])
    net.conv(8, 8)
    joined = net.add("Add", [net.x, start])
    net.add("GlobalAveragePool")
    net.conv(8, 8, kernel=1)
    gate = net.add("Sigmoid")
    excited = net.add("Mul", [joined, gate])
    net.add("ReduceMean", [excited], axes=[2, 3], keepdims=0)
    net.gemm(8, 8)
    net.add("HardSigmoid")
    gate = net.add("Reshape", [net.x, net.constant(np.array([1, 8, 1, 1], np.int64))])
    net.add("Mul", [excited, gate])
    both = net.add("Concat", [net.x, start], axis=1)
    halves = net.add("Split", [both, net.constant(np.array([6, 10], np.int64))], outputs=2, axis=1)
    net.x = halves[1]
    net.conv(10, 6)
    net.add("Sub", [net.x, halves[0]])
    net.add("Slice", [net.x, *(net.constant(np.array(v, np.int64)) for v in ([1, 1], [8, -1], [2, 3]))])
    net.add("GlobalMaxPool")
    net.add("Flatten")
    net.gemm(6, 3)
    return net


def decoder() -> Net:
    """An image for an image: transposed convolution, both kinds of resizing, a normalization over instances."""
    net = Net((1, 3, 8, 8))
    net.conv(3, 6, strides=[2, 2])
    net.add("InstanceNormalization", [net.x, net.weights(6), net.weights(6)])
    net.add("ConvTranspose", [net.x, net.weights(6, 4, 4, 4)], strides=[2, 2], pads=[1, 1, 1, 1])
    net.add(
        "Resize",
        [net.x, "", net.constant(np.array([1, 1, 2, 2], np.float32))],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    net.conv(4, 4)
    net.add("Resize", [net.x, "", net.constant(np.array([1, 1, 2, 2], np.float32))], mode="linear")
    net.conv(4, 12)
    net.add("DepthToSpace", blocksize=2, mode="CRD")
    return net


def temporal() -> Net:
    """A 1-D network over three channels."""
    net = Net((1, 3, 32))
    net.conv(3, 8, rank=1, strides=[2])
    net.norm(8)
    net.add("Relu")
    net.add("MaxPool", kernel_shape=[2], strides=[2])
    net.conv(8, 8, rank=1, kernel=5, group=8)
    net.add("Tanh")
    net.add("GlobalAveragePool")
    net.add("Flatten")
    net.gemm(8, 4)
    return net


def shuffle() -> Net:
    net = Net((1, 4, 6, 6))
    net.conv(4, 8, kernel=1)
    net.add("Reshape", [net.x, net.constant(np.array([1, 2, 4, 6, 6], np.int64))])
    net.add("Transpose", perm=[0, 2, 1, 3, 4])
    net.add("Reshape", [net.x, net.constant(np.array([1, 8, 6, 6], np.int64))])
    net.conv(8, 8, group=8)
    net.add("GlobalAveragePool")
    return net
