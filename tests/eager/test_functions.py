"""The functional API against numpy, eagerly and traced, with gradients where they flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import nn

RNG = np.random.default_rng(5)
X = RNG.standard_normal((3, 4)).astype(np.float32)
IMAGE = RNG.standard_normal((2, 6, 5, 3)).astype(np.float32)
FILTERS = RNG.standard_normal((3, 3, 3, 4)).astype(np.float32)  # HWIO


def softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def conv(x: Any, w: Any, stride: int = 1) -> Any:
    """VALID convolution, straight from its definition."""
    h, wd = (x.shape[1] - w.shape[0]) // stride + 1, (x.shape[2] - w.shape[1]) // stride + 1
    y = np.zeros((x.shape[0], h, wd, w.shape[3]), np.float32)
    for i in range(h):
        for j in range(wd):
            patch = x[:, i * stride : i * stride + w.shape[0], j * stride : j * stride + w.shape[1]]
            y[:, i, j] = np.tensordot(patch, w, 3)
    return y


CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any]] = {
    "reduce_sum": (lambda x: rillet.reduce_sum(x, 1), lambda x: x.sum(1), X),
    "reduce_mean": (lambda x: rillet.reduce_mean(x, [0, 1], keepdims=True), lambda x: x.mean(keepdims=True), X),
    "reduce_max": (lambda x: rillet.reduce_max(x, -1), lambda x: x.max(-1), X),
    "reduce_min": (lambda x: rillet.reduce_min(x), lambda x: x.min(), X),
    "reduce_std": (lambda x: rillet.reduce_std(x, 0), lambda x: x.std(0), X),
    "logsumexp": (lambda x: rillet.reduce_logsumexp(x, 1), lambda x: np.log(np.exp(x).sum(1)), X),
    "matmul": (lambda x: rillet.matmul(x, x, transpose_b=True), lambda x: x @ x.T, X),
    "tensordot": (lambda x: rillet.tensordot(x, np.ones((4, 2), "f"), 1), lambda x: x @ np.ones((4, 2), "f"), X),
    "transpose": (lambda x: rillet.transpose(x), lambda x: x.T, X),
    "reshape": (lambda x: rillet.reshape(x, [2, -1]), lambda x: x.reshape(2, -1), X),
    "concat": (lambda x: rillet.concat([x, x * 2], 1), lambda x: np.concatenate([x, x * 2], 1), X),
    "stack": (lambda x: rillet.stack([x, x], 1), lambda x: np.stack([x, x], 1), X),
    "unstack": (lambda x: rillet.unstack(x)[1], lambda x: x[1], X),
    "split": (lambda x: rillet.split(x, 2, 1)[1], lambda x: x[:, 2:], X),
    "split_sizes": (lambda x: rillet.split(x, [1, -1], 1)[1], lambda x: x[:, 1:], X),
    "pad": (lambda x: rillet.pad(x, [[1, 0], [0, 2]]), lambda x: np.pad(x, [[1, 0], [0, 2]]), X),
    "pad_value": (
        lambda x: rillet.pad(x, [[1, 0], [0, 2]], constant_values=3.0),
        lambda x: np.pad(x, [[1, 0], [0, 2]], constant_values=3.0),
        X,
    ),
    "tile": (lambda x: rillet.tile(x, [2, 1]), lambda x: np.tile(x, (2, 1)), X),
    "repeat": (lambda x: rillet.repeat(x, 3, 1), lambda x: np.repeat(x, 3, 1), X),
    "expand_dims": (lambda x: rillet.squeeze(rillet.expand_dims(x, 1)) * 2.0, lambda x: x * 2, X),
    "broadcast_to": (lambda x: rillet.broadcast_to(x, (2, 3, 4)), lambda x: np.broadcast_to(x, (2, 3, 4)), X),
    "gather": (lambda x: rillet.gather(x, [2, 0], axis=1), lambda x: x[:, [2, 0]], X),
    "where": (lambda x: rillet.where(x > 0, x, 0.0), lambda x: np.where(x > 0, x, 0), X),
    "clip": (lambda x: rillet.clip_by_value(x, -0.5, 0.5), lambda x: np.clip(x, -0.5, 0.5), X),
    "cumsum": (lambda x: rillet.cumsum(x, 1), lambda x: x.cumsum(1), X),
    "norm": (lambda x: rillet.norm(x, 1), lambda x: np.linalg.norm(x, axis=1), X),
    "divide_no_nan": (lambda x: rillet.divide_no_nan(x, x * 0.0), lambda x: x * 0, X),
    "index": (lambda x: x[1:, ::-1], lambda x: x[1:, ::-1], X),
    "cast": (lambda x: rillet.cast(rillet.cast(x * 4.0, np.int32), np.float32), lambda x: np.trunc(x * 4), X),
    "softmax": (nn.softmax, softmax, X),
    "softmax_axis": (lambda x: nn.softmax(x, 0), lambda x: softmax(x, 0), X),
    "log_softmax": (nn.log_softmax, lambda x: np.log(softmax(x)), X),
    "relu": (nn.relu, lambda x: np.maximum(x, 0), X),
    "silu": (nn.silu, lambda x: x / (1 + np.exp(-x)), X),
    "softplus": (nn.softplus, lambda x: np.log1p(np.exp(x)), X),
    "leaky_relu": (lambda x: nn.leaky_relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x), X),
    "l2_normalize": (lambda x: nn.l2_normalize(x, 1), lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), X),
    "moments": (lambda x: nn.moments(x, [0])[1], lambda x: x.var(0), X),
    "conv2d": (lambda x: nn.conv2d(x, FILTERS, 1, "VALID"), lambda x: conv(x, FILTERS), IMAGE),
    "conv2d_stride": (lambda x: nn.conv2d(x, FILTERS, [1, 2, 2, 1], "valid"), lambda x: conv(x, FILTERS, 2), IMAGE),
    "conv2d_ohwi": (
        lambda x: nn.conv2d(x, FILTERS.transpose(3, 0, 1, 2), 1, "VALID", filter_format="OHWI", bias=np.ones(4, "f")),
        lambda x: conv(x, FILTERS) + 1,
        IMAGE,
    ),
    "depthwise": (
        lambda x: nn.depthwise_conv2d(x, FILTERS[..., :1], 1, "VALID"),
        lambda x: np.concatenate([conv(x[..., c : c + 1], FILTERS[:, :, c : c + 1, :1]) for c in range(3)], -1),
        IMAGE,
    ),
    "max_pool": (
        lambda x: nn.max_pool2d(x, 2),
        lambda x: x[:, :6, :4].reshape(2, 3, 2, 2, 2, 3).max((2, 4)),
        IMAGE,
    ),
    "avg_pool": (
        lambda x: nn.avg_pool2d(x, 2),
        lambda x: x[:, :6, :4].reshape(2, 3, 2, 2, 2, 3).mean((2, 4)),
        IMAGE,
    ),
    "sparse_cross_entropy": (
        lambda x: nn.sparse_softmax_cross_entropy_with_logits(np.array([0, 3, 1]), x),
        lambda x: -np.log(softmax(x))[[0, 1, 2], [0, 3, 1]],
        X,
    ),
    "cross_entropy": (
        lambda x: nn.softmax_cross_entropy_with_logits(softmax(X[::-1]), x),
        lambda x: -(softmax(X[::-1]) * np.log(softmax(x))).sum(-1),
        X,
    ),
    "sigmoid_cross_entropy": (
        lambda x: nn.sigmoid_cross_entropy_with_logits(np.ones((3, 4), "f"), x),
        lambda x: np.log1p(np.exp(-x)),
        X,
    ),
    "batch_normalization": (
        lambda x: nn.batch_normalization(x, np.ones(4, "f"), np.zeros(4, "f"), 1e-3)[0],
        lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3),
        X,
    ),
    "layer_normalization": (
        lambda x: nn.layer_normalization(x, np.ones(4, "f"), np.zeros(4, "f"), 1e-3),
        lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-3),
        X,
    ),
}


@pytest.mark.filterwarnings("error")  # every case has its kernels
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name: str) -> None:
    function, wanted, x = CASES[name]

    def both(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            weighed = rillet.reduce_sum(y * rillet.cos(rillet.reshape(rillet.range(0.0, float(y.size)), y.shape)))
        return y, tape.gradient(weighed, x, unconnected_gradients="zero")

    y, dx = both(rillet.constant(x))
    np.testing.assert_allclose(y, wanted(x), rtol=1e-4, atol=1e-5)
    assert y.shape == np.shape(wanted(x)) and dx.shape == x.shape
    traced_y, traced_dx = rillet.function(both)(x)
    np.testing.assert_allclose(traced_y, y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(traced_dx, dx, rtol=1e-4, atol=1e-5)


def test_integers_and_bools() -> None:
    assert rillet.argmax(X, 1).dtype == np.int64
    np.testing.assert_array_equal(rillet.argmax(X, 1), X.argmax(1))
    np.testing.assert_array_equal(rillet.argmin(X, 0), X.argmin(0))
    np.testing.assert_array_equal(rillet.one_hot([1, 0], 3), np.eye(3)[[1, 0]])
    values, places = rillet.top_k(X, 2)
    np.testing.assert_array_equal(values, -np.sort(-X)[:, :2])
    np.testing.assert_array_equal(places, np.argsort(-X)[:, :2])
    assert bool(rillet.reduce_any(rillet.constant(X) > 0)) and not bool(rillet.reduce_all(rillet.constant(X) > 0))
    np.testing.assert_array_equal(rillet.shape(X), [3, 4])
    np.testing.assert_array_equal(rillet.reshape(X, rillet.constant([4, 3])), X.reshape(4, 3))
    np.testing.assert_array_equal(rillet.range(5), np.arange(5))
    np.testing.assert_array_equal(rillet.zeros((2,)) + rillet.ones_like([1.0, 2.0]) + rillet.eye(2), np.eye(2) + 1)


def test_clipping_by_global_norm() -> None:
    clipped, norm = rillet.clip_by_global_norm([rillet.constant([3.0]), None, rillet.constant([4.0])], 1.0)
    assert float(norm) == 5 and clipped[1] is None
    np.testing.assert_allclose([clipped[0].item(), clipped[2].item()], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(rillet.clip_by_norm([3.0, 4.0], 10.0), [3, 4], rtol=1e-6)


def test_bad_arguments_are_named() -> None:
    for bad, text in (
        (lambda: nn.conv2d(IMAGE, FILTERS, padding="FULL"), "SAME or VALID"),
        (lambda: nn.conv2d(IMAGE, FILTERS[:, :, :2]), "does not fit"),
        (lambda: nn.conv2d(IMAGE, FILTERS.astype(np.float64)), "float32, float64"),
        (lambda: nn.dropout(X, 1.5), "rate"),
        (lambda: nn.max_pool2d(IMAGE, [1, 2, 3]), "strides or sizes"),
        (lambda: rillet.reshape(X, [5, -1]), "RESHAPE"),
        (lambda: rillet.concat([X, np.zeros((2, 2), "f")], 0), "CONCATENATION"),
    ):
        with pytest.raises(rillet.RilletError, match=text):
            bad()
