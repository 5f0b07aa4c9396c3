"""Dead channels, float and int8: what goes, what a border or another reader keeps, and that outputs stay."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.flatbuffer import write_bytes
from rillet.ir import DType, Graph, Model
from rillet.ops.evaluate import evaluate
from rillet.ops.opdef import opdef
from rillet.passes import optimize
from rillet.passes.dead_channels import dead_channels

from .build import Activation, Net, Op, Padding, Quantization, Tensor, check, optimized_like_before
from .test_zoo import litert_outputs


def chain(bias_of_dead: float, padding: Padding = Padding.SAME) -> tuple[Net, Tensor]:
    """conv (channels 1 and 3 dead) -> depthwise -> conv 1x1."""
    net = Net()
    w, bias = net.floats(5, 3, 3, 2), net.floats(5)
    w[[1, 3]], bias[[1, 3]] = 0, bias_of_dead
    x = net.input("x", (1, 6, 6, 2))
    y = net.op("CONV_2D", [x, net.constant(w), net.constant(bias)], fused_activation_function=Activation.RELU)
    y = net.depthwise(y, padding=padding)
    return net, net.conv(y, 4, 1)


@pytest.mark.parametrize(
    ("bias", "padding", "gone"),
    [(-1.0, Padding.SAME, 2), (0.7, Padding.SAME, 0), (0.7, Padding.VALID, 2), (0.0, Padding.SAME, 2)],
)
def test_chain_through_a_depthwise(bias: float, padding: Padding, gone: int) -> None:
    net, y = chain(bias, padding)
    net.output(y, "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[0].outputs[0].shape[-1] == 5 - gone
    assert net.graph.ops[1].outputs[0].shape[-1] == 5 - gone


def test_channels_of_a_graph_output_stay() -> None:
    net, y = chain(-1.0)
    net.output(net.graph.ops[0].outputs[0], "inner")
    net.output(y, "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[0].outputs[0].shape[-1] == 5


def test_residual_removes_what_both_sides_agree_on() -> None:
    net = Net()
    x = net.input("x", (1, 4, 4, 3))
    first, second = net.floats(6, 1, 1, 3), net.floats(6, 1, 1, 3)
    first[[0, 1, 2]], second[[1, 2, 5]] = 0, 0
    branches = [net.op("CONV_2D", [x, net.constant(w), net.constant(net.floats(6))]) for w in (first, second)]
    net.output(net.conv(net.op("ADD", branches), 3, padding=Padding.VALID), "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[0].outputs[0].shape[-1] == 4


def test_channels_that_nobody_reads_go_through_pool_and_dense() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 3)), 6)
    y = net.op("LOGISTIC", [y])
    y = net.op("MEAN", [y, net.constant(np.array([1, 2], np.int32))])
    w = net.floats(3, 6)
    w[:, [0, 4]] = 0
    net.output(net.op("FULLY_CONNECTED", [y, net.constant(w)]), "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[0].outputs[0].shape[-1] == 4


def test_all_dead_keeps_one() -> None:
    net = Net()
    y = net.op("CONV_2D", [net.input("x", (1, 4, 4, 3)), net.constant(np.zeros((6, 1, 1, 3), np.float32))])
    net.output(net.conv(y, 2), "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[0].outputs[0].shape[-1] == 1


def test_relu6_bounds_prove_a_channel_dead() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 3)), 4, fused_activation_function=Activation.RELU6)
    w, bias = net.floats(5, 1, 1, 4), net.floats(5)
    bias[2] = -6 * np.abs(w[2]).sum() - 0.1
    y = net.op("CONV_2D", [y, net.constant(w), net.constant(bias)], fused_activation_function=Activation.RELU)
    net.output(net.conv(y, 2), "y")
    optimized_like_before(net.graph, (dead_channels,))
    assert net.graph.ops[1].outputs[0].shape[-1] == 4


def quantized_chain(seed: int) -> Graph:
    """The chain in int8, with zero points that are not 0 and constant channels of every kind."""
    random = np.random.default_rng(seed)
    graph = Graph()

    def activation(name: str, channels: int, scale: float, zero: int) -> Tensor:
        return Tensor(name, (1, 6, 6, channels), DType.INT8, Quantization.per_tensor(scale, zero))

    def constants(x: Tensor, shape: tuple[int, ...], axis: int, dead: list[int]) -> tuple[Tensor, Tensor]:
        scale = random.uniform(0.002, 0.01, shape[axis]).astype(np.float32)
        w = random.integers(-127, 128, shape).astype(np.int8)
        np.moveaxis(w, axis, 0)[dead] = 0
        zeros = np.zeros(shape[axis], np.int64)
        bias = random.integers(-3000, 3000, shape[axis]).astype(np.int32)
        assert x.quantization is not None
        bias_scale = Quantization(scale * x.quantization.scale, zeros, 0)
        return (
            Tensor("w", shape, DType.INT8, Quantization(scale, zeros, axis), w),
            Tensor("b", bias.shape, DType.INT32, bias_scale, bias),
        )

    x, h1, h2 = activation("x", 3, 0.05, 3), activation("h1", 8, 0.04, -7), activation("h2", 8, 0.06, -128)
    y = activation("y", 4, 0.1, 5)
    plans = [
        ("CONV_2D", x, h1, (8, 3, 3, 3), 0, [1, 4, 6], Activation.NONE),
        ("DEPTHWISE_CONV_2D", h1, h2, (1, 3, 3, 8), 3, [0, 4, 5], Activation.RELU),
        ("CONV_2D", h2, y, (4, 1, 1, 8), 0, [], Activation.NONE),
    ]
    for kind, source, target, shape, axis, dead, fused in plans:
        attrs = opdef(kind).attrs(fused_activation_function=fused)
        graph.ops.append(Op(kind, [source, *constants(source, shape, axis, dead)], [target], attrs))
    graph.inputs, graph.outputs = [x], [y]
    return graph


@pytest.mark.parametrize("seed", range(8))
def test_int8_chain_is_bit_identical(seed: int) -> None:
    graph = quantized_chain(seed)
    before_file = write_bytes(Model([graph]))
    x = np.random.default_rng(seed).integers(-128, 128, (1, 6, 6, 3)).astype(np.int8)
    before = evaluate(graph, [x])["y"]
    counts = optimize(Model([graph]), after_each=lambda _, g: check(g))
    assert counts["dead_channels"] >= 3
    np.testing.assert_array_equal(evaluate(graph, [x])["y"], before)
    after_file = write_bytes(Model([graph]))
    np.testing.assert_array_equal(litert_outputs(after_file, [x])[0], litert_outputs(before_file, [x])[0])
