"""GradientTape, eagerly and traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet

ROUTES = [pytest.param(lambda f: f, id="eager"), pytest.param(rillet.function, id="traced")]
Route = Callable[[Any], Any]


@pytest.mark.parametrize("route", ROUTES)
def test_structures_and_unconnected_sources(route: Route) -> None:
    w, b, unused = rillet.Variable([2.0, 3.0], name="w"), rillet.Variable(1.0), rillet.Variable([0.0, 0.0])

    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            y = w * x + b
        return tape.gradient(y, {"w": w, "rest": [b, unused]}, unconnected_gradients="zero")

    found = f(rillet.constant([4.0, 5.0]))
    np.testing.assert_array_equal(found["w"], [4, 5])
    np.testing.assert_array_equal(found["rest"][0], 2)
    np.testing.assert_array_equal(found["rest"][1], [0, 0])


@pytest.mark.parametrize("route", ROUTES)
def test_second_and_third_derivatives(route: Route) -> None:
    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as third:
            third.watch(x)
            with rillet.GradientTape() as second:
                second.watch(x)
                with rillet.GradientTape() as first:
                    first.watch(x)
                    y = x * x * x * x
                dy = first.gradient(y, x)
            ddy = second.gradient(dy, x)
        return dy, ddy, third.gradient(ddy, x)

    for got, wanted in zip(f(rillet.constant([2.0, -1.0])), ([32, -4], [48, 12], [48, -24]), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize("route", ROUTES)
def test_jacobian(route: Route) -> None:
    m = np.arange(6, dtype=np.float32).reshape(2, 3)

    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            y = rillet.squeeze(rillet.matmul(m, rillet.expand_dims(x, 1)), 1)
        return tape.jacobian(y, x)

    np.testing.assert_array_equal(f(rillet.constant([1.0, 2.0, 3.0])), m)


@pytest.mark.parametrize("route", ROUTES)
def test_output_gradients_and_several_targets(route: Route) -> None:
    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y, z = x * 2.0, x * x
        weights = rillet.constant([1.0, 10.0])
        return tape.gradient([y, z], x), tape.gradient(z, x, output_gradients=weights), tape.gradient(z, y)

    both, weighed, none = f(rillet.constant([3.0, 4.0]))
    np.testing.assert_array_equal(both, [8, 10])
    np.testing.assert_array_equal(weighed, [6, 80])
    assert none is None


@pytest.mark.parametrize("route", ROUTES)
def test_intermediate_tensors_and_stop_gradient(route: Route) -> None:
    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            h = x * 3.0
            y = h * h + rillet.stop_gradient(h) * x
        return tape.gradient(y, [h, x])

    dh, dx = f(rillet.constant(2.0))
    assert float(dh) == 12 and float(dx) == 42


@pytest.mark.parametrize("route", ROUTES)
def test_custom_gradient(route: Route) -> None:
    w = rillet.Variable(3.0, name="w")

    @rillet.custom_gradient
    def clipped(x: Any) -> Any:
        def gradient(dy: Any, variables: Any = None) -> Any:
            return dy * 100.0, [dy * 7.0 for _ in variables]

        return x * w, gradient

    @rillet.custom_gradient
    def swap(x: Any, y: Any) -> Any:
        return (y, x), lambda dy, dx: (dx * 2.0, dy * 3.0)

    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            y = clipped(x) * 2.0
        with rillet.GradientTape() as other:
            other.watch(x)
            a, b = swap(x, x)
            z = a + b * 10.0
        return y, tape.gradient(y, [x, w]), other.gradient(z, x)

    y, (dx, dw), dz = f(rillet.constant(1.0))
    assert (float(y), float(dx), float(dw), float(dz)) == (6, 200, 14, 23)


def test_watching() -> None:
    frozen = rillet.Variable(1.0, trainable=False)
    with rillet.GradientTape(watch_accessed_variables=False) as tape:
        w = rillet.Variable(2.0)
        tape.watch([w, frozen])
        y = w * frozen
        with tape.stop_recording():
            y2 = y * 5.0
    assert tape.watched_variables() == (w, frozen)
    assert [float(g) for g in tape.gradient(y, [w, frozen])] == [1, 2]
    assert float(y2) == 10


def test_misuse_is_named() -> None:
    x = rillet.constant(1.0)
    with rillet.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(rillet.GradientError, match="persistent"):
        tape.gradient(y, x)
    with pytest.raises(rillet.GradientError, match="int32"), rillet.GradientTape() as tape:
        tape.watch(rillet.constant(1))
    with pytest.raises(rillet.GradientError, match="'none' or 'zero'"):
        rillet.GradientTape().gradient(x, x, unconnected_gradients="never")
    with pytest.raises(rillet.GradientError, match="bool"), rillet.GradientTape() as tape:
        tape.watch(x)
        tape.gradient(x > 0, x)
    with pytest.raises(rillet.GradientError, match="float"):
        rillet.GradientTape().gradient(x, 3.0)


def test_a_function_under_a_tape() -> None:
    w, frozen = rillet.Variable([1.0, 2.0], name="w"), rillet.Variable(2.0, trainable=False, name="frozen")
    runs = []

    @rillet.function
    def f(x: Any, *, scale: Any) -> Any:
        runs.append(1)
        return {"loss": rillet.reduce_sum(w * x * x * frozen) * scale["by"], "index": rillet.argmax(x)}

    x, scale = rillet.constant([3.0, 4.0]), {"by": np.float32(1.0)}
    for _ in range(3):
        with rillet.GradientTape(persistent=True) as outer:
            outer.watch(frozen)
            outer.watch(x)
            with rillet.GradientTape() as tape:
                tape.watch(x)
                y = f(x, scale=scale)["loss"]
            dw, dx = tape.gradient(y, [w, x])
        np.testing.assert_array_equal(dw, [18, 32])
        np.testing.assert_array_equal(dx, [12, 32])
        np.testing.assert_array_equal(outer.gradient(dx, x), [4, 8])
        assert float(outer.gradient(y, frozen)) == 41
    assert len(runs) < 12  # traced for each kind of call, not run at each


def test_a_function_with_effects_under_a_tape() -> None:
    w, count = rillet.Variable(3.0, name="w"), rillet.Variable(0, name="count")

    @rillet.function
    def f(x: Any) -> Any:
        count.assign_add(1)
        return w * rillet.nn.dropout(x, 0.5, seed=1)

    x = rillet.ones((8,))
    with rillet.GradientTape() as tape:
        y = f(x)
    np.testing.assert_allclose(tape.gradient(y, w), np.sum(y) / 3)
    assert int(count) == 1
