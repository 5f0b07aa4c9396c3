"""Each float rewrite, on a graph small enough to see what must be left."""

from __future__ import annotations

import numpy as np
import pytest

from .build import Activation, Net, Padding, kinds, optimized_like_before


def test_batch_norm_after_conv_folds_into_weights() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 6, 6, 3)), 4, bias=False)
    y = net.op("SUB", [y, net.weights(4)])
    y = net.op("DIV", [y, net.constant(net.floats(4) + 3)])
    y = net.op("MUL", [y, net.weights(1, 1, 1, 4)])
    net.output(net.op("ADD", [y, net.weights(4)], fused_activation_function=Activation.RELU6), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["CONV_2D"]
    assert net.graph.ops[0].attrs.fused_activation_function is Activation.RELU6


@pytest.mark.parametrize("kind", ["DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"])
def test_affine_folds_into_every_linear_op(kind: str) -> None:
    net = Net()
    x = net.input("x", (2, 5) if kind == "FULLY_CONNECTED" else (2, 5, 5, 3))
    if kind == "DEPTHWISE_CONV_2D":
        y = net.op(kind, [x, net.weights(1, 3, 3, 6)], depth_multiplier=2)
    elif kind == "FULLY_CONNECTED":
        y = net.op(kind, [x, net.weights(6, 5), net.weights(6)])
    else:
        shape = net.constant(np.array([2, 10, 10, 6], np.int32))
        y = net.op(kind, [shape, net.weights(6, 3, 3, 3), x], stride_h=2, stride_w=2)
    y = net.op("MUL", [net.weights(6), y])
    net.output(net.op("SUB", [net.weights(6), y]), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == [kind]


def test_affine_with_a_second_reader_stays() -> None:
    net = Net()
    y = net.conv(net.input("x", (1, 4, 4, 2)), 4)
    net.output(net.op("MUL", [y, net.weights(4)]), "scaled")
    net.output(net.op("LOGISTIC", [y]), "other")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["CONV_2D", "MUL", "LOGISTIC"]


def test_shared_weights_are_not_changed_for_the_other_reader() -> None:
    net = Net()
    x, w = net.input("x", (1, 4, 4, 2)), net.weights(4, 3, 3, 2)
    net.output(net.op("MUL", [net.op("CONV_2D", [x, w]), net.weights(4)]), "a")
    net.output(net.op("CONV_2D", [x, w], stride_h=2, stride_w=2), "b")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["CONV_2D", "CONV_2D"]


@pytest.mark.parametrize(("padding", "left"), [(Padding.VALID, ["CONV_2D"]), (Padding.SAME, ["ADD", "CONV_2D"])])
def test_shift_folds_into_the_next_conv_only_without_border(padding: Padding, left: list[str]) -> None:
    net = Net()
    x = net.input("x", (1, 6, 6, 3))
    x = net.op("ADD", [net.op("MUL", [x, net.constant(np.float32(1 / 127.5))]), net.constant(np.float32(-1))])
    net.output(net.conv(x, 4, padding=padding), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph)[-1] == "CONV_2D" and len(kinds(net.graph)) <= len(left) + 1
    assert ("ADD" in kinds(net.graph)) == ("ADD" in left)


def test_scale_folds_into_the_next_depthwise_and_flattening_dense() -> None:
    net = Net()
    x = net.op("MUL", [net.input("x", (1, 4, 4, 3)), net.weights(3)])
    y = net.op("DEPTHWISE_CONV_2D", [x, net.weights(1, 3, 3, 6)], depth_multiplier=2)
    y = net.op("MUL", [net.op("TANH", [y]), net.constant(np.float32(2))])
    net.output(net.op("FULLY_CONNECTED", [y, net.weights(5, 96)]), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["DEPTHWISE_CONV_2D", "TANH", "FULLY_CONNECTED"]


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "RELU_N1_TO_1"])
def test_activation_fuses(kind: str) -> None:
    net = Net()
    x = net.input("x", (1, 4, 4, 2))
    y = net.op("ADD", [net.op(kind, [net.conv(x, 2)]), x])
    net.output(net.op(kind, [y]), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["CONV_2D", "ADD"]
    assert net.graph.ops[0].attrs.fused_activation_function is Activation[kind]
    assert net.graph.outputs[0].name == "y"


@pytest.mark.parametrize(
    ("pads", "stride", "fuses"), [((1, 1), 1, True), ((0, 1), 2, True), ((1, 0), 2, False), ((1, 1), 2, False)]
)
def test_pad_fuses_only_where_same_pads_alike(pads: tuple[int, int], stride: int, fuses: bool) -> None:
    net = Net()
    amounts = net.constant(np.array([(0, 0), pads, pads, (0, 0)], np.int32))
    x = net.op("PAD", [net.input("x", (1, 8, 8, 2)), amounts])
    net.output(net.conv(x, 3, padding=Padding.VALID, stride_h=stride, stride_w=stride), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == (["CONV_2D"] if fuses else ["PAD", "CONV_2D"])


def test_constants_fold_but_do_not_bloat() -> None:
    net = Net()
    x = net.input("x", (1, 4))
    small = net.op("NEG", [net.op("EXP", [net.weights(4)])])
    large = net.op("BROADCAST_TO", [net.constant(np.float32(1)), net.constant(np.array([4000, 4], np.int32))])
    net.output(net.op("ADD", [x, small]), "small")
    net.output(net.op("MUL", [x, large]), "large")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["BROADCAST_TO", "ADD", "MUL"]


def test_shape_of_a_known_shape_is_a_constant() -> None:
    net = Net()
    x = net.input("x", (2, 3, 4))
    net.output(net.op("RESHAPE", [net.op("TANH", [x]), net.op("SHAPE", [x])]), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["TANH"]


def test_common_subexpressions_and_dead_code() -> None:
    net = Net()
    x = net.input("x", (1, 4))
    net.op("EXP", [net.op("ABS", [x])])
    net.output(net.op("MUL", [net.op("TANH", [x]), net.op("TANH", [x])]), "y")
    counts = optimized_like_before(net.graph)
    assert kinds(net.graph) == ["TANH", "MUL"]
    assert counts["dead_code"] == 2 and counts["common_subexpressions"] == 1


def test_identities_go_and_the_interface_keeps_its_names() -> None:
    net = Net()
    x = net.input("x", (1, 2, 2, 3))
    y = net.op("TRANSPOSE", [x, net.constant(np.arange(4, dtype=np.int32))])
    y = net.op("PAD", [y, net.constant(np.zeros((4, 2), np.int32))])
    y = net.op("TANH", [net.op("MUL", [y, net.constant(np.float32(1))])])
    y = net.op("RESHAPE", [y, net.constant(np.array([4, 3], np.int32))])
    y = net.op("RESHAPE", [y, net.constant(np.array([12], np.int32))])
    net.output(net.op("RESHAPE", [y, net.constant(np.array([12], np.int32))]), "flat")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["TANH", "RESHAPE"]
    assert [t.name for t in net.graph.outputs] == ["flat"]


def test_input_wired_to_output_stays() -> None:
    net = Net()
    net.output(net.op("RESHAPE", [net.input("x", (2, 3)), net.constant(np.array([2, 3], np.int32))]), "y")
    optimized_like_before(net.graph)
    assert kinds(net.graph) == ["RESHAPE"]
