"""The layout pass keeps values, and leaves no transpose where none is needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rillet.ir import Graph, Tensor, verify
from rillet.ops import GraphBuilder, evaluate
from rillet.passes.layout import eliminate_transposes


def _count(graph: Graph, kind: str = "TRANSPOSE") -> int:
    return sum(op.kind == kind for op in graph.ops)


def _transpose(b: GraphBuilder, x: Tensor, perm: tuple[int, ...]) -> Tensor:
    return b.op("TRANSPOSE", [x, b.constant(np.array(perm, np.int32))])


def _reshape(b: GraphBuilder, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return b.op("RESHAPE", [x, b.constant(np.array(shape, np.int32))], new_shape=shape)


def _check(graph: Graph, seed: int = 0) -> tuple[int, int]:
    """Runs the pass; returns the number of transposes before and after. Values must stay the same."""
    rng = np.random.default_rng(seed)
    given = [rng.standard_normal(t.static_shape).astype(np.float32) for t in graph.inputs]
    names = [t.name for t in graph.outputs]
    before, count = evaluate(graph, given), _count(graph)
    gone = eliminate_transposes(graph)
    verify(graph)
    after = evaluate(graph, given)
    assert [t.name for t in graph.outputs] == names
    for name in names:
        assert after[name].shape == before[name].shape
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5, atol=1e-5)
    assert gone <= count - _count(graph)
    return count, _count(graph)


def test_pair_around_elementwise_cancels() -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 4, 5, 3))
    y = b.op("RELU", [_transpose(b, x, (0, 3, 1, 2))])
    y = b.op("MUL", [y, b.constant(np.arange(3, dtype=np.float32).reshape(3, 1, 1))])
    b.output(_transpose(b, y, (0, 2, 3, 1)), "y")
    assert _check(b.graph) == (2, 0)
    (scale,) = [t for op in b.graph.ops for t in op.inputs if op.kind == "MUL" and t is not None and t.is_constant]
    assert scale.shape == (3,)


@pytest.mark.parametrize(("kind", "operands"), [("ATAN2", 2), ("ZEROS_LIKE", 1), ("FLOOR_MOD", 2), ("SIGN", 1)])
def test_whatever_is_elementwise_works_on_the_base(kind: str, operands: int) -> None:
    b = GraphBuilder()
    turned = [_transpose(b, b.input(f"x{i}", (1, 4, 5, 3)), (0, 3, 1, 2)) for i in range(operands)]
    b.output(_transpose(b, b.op(kind, turned), (0, 2, 3, 1)), "y")
    assert _check(b.graph) == (operands + 1, 0)


def test_flatten_permutes_the_weights() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3, 4, 5))
    flat = _reshape(b, _transpose(b, x, (0, 3, 1, 2)), (2, 60))
    biased = b.op("ADD", [flat, b.constant(np.arange(60, dtype=np.float32))])
    rng = np.random.default_rng(1)
    heads = [
        b.op("FULLY_CONNECTED", [t, b.constant(rng.standard_normal((7, 60)).astype(np.float32))])
        for t in (flat, biased)
    ]
    b.output(b.op("ADD", heads), "y")
    assert _check(b.graph) == (1, 0)


def test_flatten_that_leaves_the_graph_keeps_its_transpose() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3, 4, 5))
    flat = _reshape(b, _transpose(b, x, (0, 3, 1, 2)), (2, 60))
    b.output(b.op("FULLY_CONNECTED", [flat, b.constant(np.ones((7, 60), np.float32))]), "y")
    b.output(flat, "flat")
    assert _check(b.graph) == (1, 1)


def test_axes_of_one_element_move_for_free() -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 6, 7, 1))
    b.output(_transpose(b, x, (0, 3, 1, 2)), "y")
    assert _check(b.graph) == (1, 0)
    assert _count(b.graph, "RESHAPE") == 1


def test_channel_shuffle_takes_one_transpose() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 4, 5, 6))
    y = _reshape(b, _transpose(b, x, (0, 3, 1, 2)), (2, 2, 3, 4, 5))
    y = _reshape(b, _transpose(b, y, (0, 2, 1, 3, 4)), (2, 6, 4, 5))
    b.output(_transpose(b, y, (0, 2, 3, 1)), "y")
    assert _check(b.graph) == (3, 1)


def test_elementwise_work_stays_next_to_a_1d_convolution() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 9, 4))
    rng = np.random.default_rng(1)
    filters = b.constant(rng.standard_normal((5, 1, 3, 4)).astype(np.float32))
    y = b.op("CONV_2D", [_reshape(b, x, (2, 1, 9, 4)), filters, b.constant(np.zeros(5, np.float32))])
    y = _transpose(b, _reshape(b, y, (2, 9, 5)), (0, 2, 1))
    y = b.op("MUL", [y, b.constant(rng.standard_normal((5, 1)).astype(np.float32))])
    y = _transpose(b, b.op("RELU", [y]), (0, 2, 1))
    b.output(y, "y")
    assert _check(b.graph) == (2, 0)
    assert [op.kind for op in b.graph.ops] == ["RESHAPE", "CONV_2D", "MUL", "RELU", "RESHAPE"]


def test_run_time_permutation_is_left_alone() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3, 4))
    y = _transpose(b, x, (0, 2, 1))
    perm = b.graph.ops[0].inputs[1]
    assert perm is not None
    b.output(b.op("RELU", [y]), "y")
    perm.data = None
    assert eliminate_transposes(b.graph) == 0
    assert [op.kind for op in b.graph.ops] == ["TRANSPOSE", "RELU"]


def test_channels_last_changes_the_signature() -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 3, 4, 5))
    shifted = b.op("SUB", [x, b.constant(np.arange(3, dtype=np.float32).reshape(3, 1, 1))])
    size = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    y = b.op("MAX_POOL_2D", [_transpose(b, shifted, (0, 2, 3, 1))], **size)
    b.output(_transpose(b, y, (0, 3, 1, 2)), "y")
    given = np.random.default_rng(0).standard_normal((1, 3, 4, 5)).astype(np.float32)
    before = evaluate(b.graph, [given])["y"]
    moved: dict[Tensor, tuple[int, ...]] = {}
    assert eliminate_transposes(b.graph, moved) == 2
    verify(b.graph)
    assert {t.name: p for t, p in moved.items()} == {"x": (0, 2, 3, 1), "y": (0, 2, 3, 1)}
    assert b.graph.inputs[0].shape == (1, 4, 5, 3)
    after = evaluate(b.graph, [given.transpose(0, 2, 3, 1)])["y"]
    np.testing.assert_array_equal(after, before.transpose(0, 2, 3, 1))


Step = Callable[[np.random.Generator, GraphBuilder, list[Tensor]], Tensor]


def _factors(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Another shape of as many elements: neighbours joined, axes split, ones put in."""
    dims = list(shape)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(dims)))
        choice = rng.integers(0, 3)
        if choice == 0 and at + 1 < len(dims):
            dims[at : at + 2] = [dims[at] * dims[at + 1]]
        elif choice == 1 and len(dims) < 5:
            divisor = int(rng.choice([d for d in range(1, dims[at] + 1) if dims[at] % d == 0]))
            dims[at : at + 1] = [divisor, dims[at] // divisor]
        elif dims[at] == 1 and len(dims) > 1:
            del dims[at]
    return tuple(dims)


def _random_step(rng: np.random.Generator, b: GraphBuilder, pool: list[Tensor]) -> Tensor:
    x = pool[-1] if rng.random() < 0.7 else pool[int(rng.integers(0, len(pool)))]
    shape, rank = x.static_shape, len(x.shape)
    axis = int(rng.integers(0, rank))
    index = b.constant(np.array(axis, np.int32))
    kind = str(
        rng.choice(
            [
                *["transpose"] * 6,
                "unary",
                "constant",
                "binary",
                "concat",
                "reduce",
                "reshape",
                "reshape",
                "slice",
                "strided",
                "pad",
                "split",
                "softmax",
                "gather",
                "dense",
                "argmax",
            ]
        )
    )
    if kind == "transpose":
        return _transpose(b, x, tuple(int(p) for p in rng.permutation(rank)))
    if kind == "unary":
        return b.op(str(rng.choice(["RELU", "TANH", "ABS", "NEG"])), [x])
    if kind == "constant":
        full = [d if rng.random() < 0.6 else 1 for d in shape][int(rng.integers(0, rank)) :]
        return b.op(str(rng.choice(["ADD", "MUL"])), [x, b.constant(rng.standard_normal(full).astype(np.float32))])
    if kind == "binary":
        fitting = [t for t in pool if t.static_shape == shape or t.static_shape == shape[-len(t.shape) :]]
        return b.op("ADD", [x, fitting[int(rng.integers(0, len(fitting)))]])
    if kind == "concat":
        fitting = [t for t in pool if t.static_shape == shape]
        return b.op("CONCATENATION", [x, fitting[int(rng.integers(0, len(fitting)))]], axis=axis)
    if kind == "reduce":
        return b.op("SUM", [x, b.constant(np.array([axis], np.int32))], keep_dims=bool(rank == 1 or rng.integers(0, 2)))
    if kind == "reshape":
        return _reshape(b, x, _factors(rng, shape))
    begin = np.array([int(rng.integers(0, d)) for d in shape], np.int32)
    if kind == "slice":
        return b.op("SLICE", [x, b.constant(begin), b.constant(np.array(shape, np.int32) - begin)])
    if kind == "strided":
        steps = b.constant(rng.integers(1, 3, rank).astype(np.int32))
        return b.op("STRIDED_SLICE", [x, b.constant(begin), b.constant(np.array(shape, np.int32)), steps])
    if kind == "pad" and x.size < 500:
        return b.op("PAD", [x, b.constant(rng.integers(0, 2, (rank, 2)).astype(np.int32))])
    if kind == "split" and shape[axis] % 2 == 0:
        return b.ops("SPLIT", [index, x], num_splits=2)[1]
    if kind == "softmax":
        return b.op("SOFTMAX", [x])
    if kind == "gather":
        taken = b.constant(rng.integers(0, shape[axis], 2).astype(np.int32))
        return b.op("GATHER", [x, taken], axis=axis, batch_dims=0)
    if kind == "argmax" and rank > 1:
        return b.op("CAST", [b.op("ARG_MAX", [x, index])])
    weights = b.constant(rng.standard_normal((3, shape[-1])).astype(np.float32))
    return b.op("FULLY_CONNECTED", [x, weights], keep_num_dims=rank != 2)


@pytest.mark.parametrize("block", range(5))
def test_random_graphs_keep_their_values(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        rng = np.random.default_rng(seed)
        b = GraphBuilder()
        rank = int(rng.integers(2, 5))
        pool = [b.input("x", tuple(int(d) for d in rng.integers(1, 5, rank)))]
        for _ in range(12):
            pool.append(_random_step(rng, b, pool))
        for number, tensor in enumerate({pool[-1]: 0, pool[-3]: 0, pool[5]: 0}):
            b.output(tensor, f"out{number}")
        before = sum(op.outputs[0].size for op in b.graph.ops if op.kind == "TRANSPOSE")
        _check(b.graph, seed)
        assert sum(op.outputs[0].size for op in b.graph.ops if op.kind == "TRANSPOSE") <= before
