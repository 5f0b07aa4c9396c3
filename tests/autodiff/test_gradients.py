"""`grad`: whole models against finite differences, what is shared, what is refused, what a file keeps."""

from __future__ import annotations

import numpy as np
import pytest

from rillet.autodiff import GradientError, grad
from rillet.flatbuffer import read, write_bytes
from rillet.ir import DType, Graph, Model, Tensor, verify
from rillet.ops import GraphBuilder, evaluate
from rillet.passes import optimize

from .models import Classifier


def _slope(model: Classifier, tensor: Tensor, direction: np.ndarray) -> float:
    """Of the loss along `direction`, by central differences in float64."""
    graph, values, ends = model.graph, tensor.data, []
    assert values is not None
    for sign in (1e-6, -1e-6):
        tensor.data = values.astype(np.float64) + sign * direction
        ends.append(float(evaluate(graph, model.batch(), float64=True)["loss"]))
    tensor.data = values
    return (ends[0] - ends[1]) / 2e-6


@pytest.mark.parametrize("name", Classifier(depth=2).parameters)
def test_gradients_of_a_model_equal_finite_differences(name: str) -> None:
    model = Classifier(depth=2)
    tensor = model.parameters[name]
    gradient = evaluate(grad(model.graph, model.loss, [tensor]), model.batch(), float64=True)[f"gradient/{name}"]
    direction = np.random.default_rng(0).normal(size=gradient.shape)
    np.testing.assert_allclose((gradient * direction).sum(), _slope(model, tensor, direction), rtol=1e-5)


def test_outputs_are_those_of_the_graph_then_the_gradients() -> None:
    model = Classifier()
    result = grad(model.graph, model.loss, [model.graph.inputs[0], model.parameters["dense/bias"]])
    verify(result)
    assert [t.name for t in result.outputs] == ["logits", "loss", "gradient/x", "gradient/dense/bias"]
    assert [t.name for t in result.inputs] == ["x", "labels"]
    assert result.outputs[2].shape == (8, 8, 8, 3)
    assert len(model.graph.ops) == 6 and not set(model.graph.tensors()) & set(result.tensors())


def test_forward_ops_are_shared() -> None:
    """Nothing that the forward pass computes is computed again, and nothing is computed that no gradient reads."""
    model = Classifier(depth=3)
    result = grad(model.graph, model.loss, list(model.parameters.values()))
    kinds = [op.kind for op in result.ops]
    assert kinds[: len(model.graph.ops)] == [op.kind for op in model.graph.ops]
    assert kinds.count("CONV_2D") == 3 and kinds.count("MAX_POOL_2D") == 1
    assert kinds.count("rillet.CONV_2D_FILTER_GRADIENT") == 3
    assert kinds.count("rillet.CONV_2D_INPUT_GRADIENT") == 2, "no one asked for the image's gradient"


def test_passes_keep_the_numbers_and_find_nothing_twice() -> None:
    model = Classifier(depth=2)
    result = grad(model.graph, model.loss, list(model.parameters.values()))
    before = evaluate(result, model.batch())
    optimize(Model([result]), after_each=lambda _, graph: verify(graph))
    after = evaluate(result, model.batch())
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
    seen = [(op.kind, repr(op.attrs), *map(id, op.inputs)) for op in result.ops]
    assert len(seen) == len(set(seen))


def _backward_reads(kind: str, **attrs: object) -> set[str]:
    b = GraphBuilder()
    y = b.op(kind, [b.input("x", (2, 4, 4, 3))], "y", **attrs)
    b.output(y)
    result = grad(b.graph, y, [b.graph.inputs[0]])
    return {t.name for op in result.ops[1:] for t in op.inputs if t is not None and not t.is_constant} & {"x", "y"}


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "TANH", "LOGISTIC", "EXP", "SQRT", "SOFTMAX", "ELU"])
def test_activations_keep_the_result_alone(kind: str) -> None:
    assert _backward_reads(kind, **({"beta": 1.0} if kind == "SOFTMAX" else {})) == {"y"}


@pytest.mark.parametrize("kind", ["NEG", "AVERAGE_POOL_2D"])
def test_linear_operators_keep_nothing(kind: str) -> None:
    assert _backward_reads(kind) == set()


def test_a_tensor_read_twice_gets_both_gradients() -> None:
    b = GraphBuilder()
    x = b.input("x", (3,))
    y = b.op("MUL", [x, x])
    y = b.op("ADD", [y, x])
    b.output(y, "y")
    (gradient,) = list(evaluate(grad(b.graph, y, [x]), [np.array([1.0, -2.0, 3.0])]).values())[1:]
    np.testing.assert_array_equal(gradient, [3, -3, 7])


def test_equal_gradients_are_outputs_of_their_own() -> None:
    b = GraphBuilder()
    x, y = b.input("x", (3,)), b.input("y", (3,))
    b.output(b.op("ADD", [x, y]), "z")
    result = grad(b.graph, b.graph.outputs[0], [x, y])
    verify(result)
    assert [t.name for t in result.outputs] == ["z", "gradient/x", "gradient/y"]


def test_what_the_loss_does_not_depend_on_has_gradient_zero() -> None:
    b = GraphBuilder()
    x, other = b.input("x", (3,)), b.input("other", (2, 2))
    y = b.op("NEG", [x])
    b.output(y, "y")
    outputs = evaluate(grad(b.graph, y, [other]), [np.ones(3), np.ones((2, 2))])
    np.testing.assert_array_equal(outputs["gradient/other"], np.zeros((2, 2)))


def test_no_gradient_through_comparisons_and_rounding() -> None:
    b = GraphBuilder()
    x = b.input("x", (3,))
    y = b.op(
        "ADD", [b.op("FLOOR", [x]), b.op("CAST", [b.op("GREATER", [x, b.constant(0.0)])], out_data_type=DType.FLOAT32)]
    )
    b.output(y, "y")
    np.testing.assert_array_equal(evaluate(grad(b.graph, y, [x]), [np.ones(3)])["gradient/x"], np.zeros(3))


def test_gradients_of_gradients_of_a_graph() -> None:
    b = GraphBuilder()
    x = b.input("x", (4,))
    y = b.op("MUL", [b.op("SIN", [x]), x])
    b.output(y, "y")
    first = grad(b.graph, y, [x])
    second = grad(first, first.outputs[1], [first.inputs[0]])
    values = np.linspace(-2, 2, 4)
    wanted = 2 * np.cos(values) - values * np.sin(values)
    np.testing.assert_allclose(evaluate(second, [values], float64=True)["gradient/x_1"], wanted, rtol=1e-12)


def test_unknown_batch() -> None:
    b = GraphBuilder()
    x = b.input("x", (None, 6, 6, 2))
    w = b.constant(np.random.default_rng(0).normal(size=(3, 3, 3, 2)).astype(np.float32), "w")
    y = b.op("CONV_2D", [x, w], stride_w=2, stride_h=2)
    y = b.op("MEAN", [y, b.constant([0, 1, 2])])
    b.output(y, "y")
    result = grad(b.graph, y, [x, w])
    assert result.outputs[1].shape == (None, 6, 6, 2)
    whole = evaluate(result, [np.ones((4, 6, 6, 2))])
    assert whole["gradient/x"].shape == (4, 6, 6, 2)
    half = evaluate(result, [np.ones((2, 6, 6, 2))])
    np.testing.assert_allclose(whole["gradient/x"][:2] * 2, half["gradient/x"], rtol=1e-6)


def test_a_file_keeps_the_gradient_graph() -> None:
    model = Classifier(depth=2)
    result = grad(model.graph, model.loss, list(model.parameters.values()))
    again = read(write_bytes(Model([result]))).main
    assert [(op.kind, op.attrs) for op in again.ops] == [(op.kind, op.attrs) for op in result.ops]
    wanted, got = evaluate(result, model.batch()), evaluate(again, model.batch())
    for name, value in wanted.items():
        np.testing.assert_array_equal(got[name], value)


def test_refusals() -> None:
    model = Classifier()
    with pytest.raises(GradientError, match="no tensors of graph"):
        grad(Graph("other"), model.loss, [])
    b = GraphBuilder()
    y = b.op("SHAPE", [b.input("x", (3,))])
    with pytest.raises(GradientError, match="int32 tensor"):
        grad(b.graph, y, [b.graph.inputs[0]])
    with pytest.raises(GradientError, match="'other'"):
        grad(model.graph, model.loss, [Tensor("other", (), DType.FLOAT32)])


def test_gradients_go_straight_through_rounding() -> None:
    """Inside of the range that the quantized values span, and nowhere else."""
    b = GraphBuilder()
    x = b.input("x", (5,))
    b.output(b.op("FAKE_QUANT", [x], min=-1.0, max=2.0, num_bits=8), "y")
    outputs = evaluate(grad(b.graph, b.graph.outputs[0], [x]), [np.array([-1.5, -0.9, 0.003, 1.9, 2.1])])
    np.testing.assert_array_equal(outputs["gradient/x"], [0, 1, 1, 1, 0])


def test_ranges_learn_from_what_they_cut_off() -> None:
    """An end of the range gets the gradient of the values beyond it, channel by channel."""
    b = GraphBuilder()
    x, low, high = b.input("x", (2, 3)), b.input("low", (2, 1)), b.input("high", (2, 1))
    b.output(b.op("rillet.FAKE_QUANT", [x, low, high], num_bits=8, narrow_range=True), "y")
    values = [np.array([[-1.5, 0.003, 2.5], [-1.5, -3.0, 1.9]]), np.array([[-1.0], [-2.0]]), np.array([[1.0], [2.0]])]
    outputs = evaluate(grad(b.graph, b.graph.outputs[0], [x, low, high]), values)
    np.testing.assert_array_equal(outputs["gradient/x"], [[0, 1, 0], [1, 0, 1]])
    np.testing.assert_array_equal(outputs["gradient/low"], [[1], [1]])
    np.testing.assert_array_equal(outputs["gradient/high"], [[1], [0]])


def test_quantized_values_are_refused_instead_of_taken_for_constant() -> None:
    b = GraphBuilder()
    x = b.input("x", (5,))
    b.output(b.op("DEQUANTIZE", [b.op("QUANTIZE", [x])]), "y")
    with pytest.raises(GradientError, match=r"DEQUANTIZE.*FAKE_QUANT"):
        grad(b.graph, b.graph.outputs[0], [x])
