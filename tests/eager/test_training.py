"""A small network trains to the same numbers eagerly and traced; Python's part of a call stays small."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import nn

TOLERANCE = 2e-4  # after some steps: NumPy and the kernels add in different orders


def train(route: Callable[[Any], Any], steps: int) -> tuple[list[float], list[Any]]:
    """Convolution, batch normalization, a strided shortcut, pooling, dropout and a dense layer, with momentum."""
    rng = np.random.default_rng(0)
    rillet.random.set_seed(7)

    def variable(name: str, *shape: int, value: float | None = None) -> Any:
        start = rng.standard_normal(shape) * 0.3 if value is None else np.full(shape, value)
        return rillet.Variable(start.astype(np.float32), name=name)

    w1, w2 = variable("w1", 8, 3, 3, 3), variable("w2", 8, 1, 1, 3)
    gamma, beta = variable("gamma", 8, value=1), variable("beta", 8, value=0)
    dense, bias = variable("dense", 10, 8), variable("bias", 10, value=0)
    mean = rillet.Variable(np.zeros(8, np.float32), trainable=False, name="mean")
    weights = [w1, w2, gamma, beta, dense, bias]
    moments = [rillet.Variable(np.zeros(w.shape, np.float32), trainable=False, name=f"{w.name}/m") for w in weights]

    def model(x: Any) -> Any:
        y, batch_mean, _ = nn.batch_normalization(nn.conv2d(x, w1, 2, filter_format="OHWI"), gamma, beta)
        mean.assign(mean * 0.9 + batch_mean * 0.1)
        y = nn.relu(y + nn.conv2d(x, w2, 2, filter_format="OHWI"))
        y = rillet.reduce_mean(nn.avg_pool2d(y, 2), (1, 2))
        return nn.fully_connected(nn.dropout(y, 0.2), dense, bias)

    @route
    def step(x: Any, labels: Any) -> Any:
        with rillet.GradientTape() as tape:
            loss = rillet.reduce_mean(nn.sparse_softmax_cross_entropy_with_logits(labels, model(x)))
        gradients, _ = rillet.clip_by_global_norm(tape.gradient(loss, weights), 5.0)
        for w, m, g in zip(weights, moments, gradients, strict=True):
            scalars = [rillet.constant(0.05), rillet.constant(0.9)]
            rillet.call("rillet.APPLY_MOMENTUM", [rillet.Handle(w), rillet.Handle(m), g, *scalars])
        return loss

    losses = []
    for _ in range(steps):
        x = rng.standard_normal((4, 12, 12, 3)).astype(np.float32)
        losses.append(float(step(x, (x[:, 0, 0, 0] * 3).astype(np.int32) % 10)))
    return losses, [v.numpy() for v in (*weights, mean)]


def test_eager_and_traced_training_agree() -> None:
    losses, weights = train(lambda f: f, 6)
    traced_losses, traced_weights = train(rillet.function, 6)
    np.testing.assert_allclose(traced_losses, losses, rtol=TOLERANCE)
    for traced, eager in zip(traced_weights, weights, strict=True):
        np.testing.assert_allclose(traced, eager, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_fitted_line_is_found() -> None:
    w, b = rillet.Variable([0.0, 0.0]), rillet.Variable(0.0)

    @rillet.function
    def step(x: Any, y: Any) -> Any:
        with rillet.GradientTape() as tape:
            loss = rillet.reduce_mean(rillet.square(rillet.squeeze(x @ rillet.expand_dims(w, 1), 1) + b - y))
        for v, g in zip((w, b), tape.gradient(loss, (w, b)), strict=True):
            v.assign_sub(0.2 * g)
        return loss

    x = np.random.default_rng(1).standard_normal((64, 2)).astype(np.float32)
    for _ in range(200):
        loss = step(x, x @ np.array([2.0, -3.0], np.float32) + 0.5)
    assert float(loss) < 1e-8
    np.testing.assert_allclose([*w.numpy(), float(b)], [2, -3, 0.5], atol=1e-4)


def best_us(function: Callable[[], object], runs: int = 2000) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def test_a_small_add_costs_little() -> None:
    """0.7 us where it was written, NumPy's own add being 0.24."""
    x, y = np.ones(4, np.float32), np.ones(4, np.float32)
    a, b = rillet.constant(x), rillet.constant(y)
    assert best_us(lambda: a + b) < 8 * best_us(lambda: x + y) + 1


@pytest.mark.parametrize("count", [64])
def test_a_call_costs_little(count: int) -> None:
    """As many variables as ResNet-8 has, with their momenta and moving averages."""
    variables = [rillet.Variable(np.zeros(4, np.float32), name=f"v{i}") for i in range(count)]

    @rillet.function
    def step(x: Any) -> Any:
        for v in variables:
            v.assign_add(rillet.ones((4,)))
        return rillet.reduce_sum(x)

    x = np.zeros((1, 32, 32, 3), np.float32)
    step(x)
    session = step.get_concrete_function(x).session
    assert best_us(lambda: step(x)) - best_us(session.invoke) < 50  # 9 us where it was written
