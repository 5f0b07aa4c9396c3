"""cond and while_loop give the same eagerly and traced, gradients and assignments included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet

ROUTES = [pytest.param(lambda f: f, id="eager"), pytest.param(rillet.function, id="traced")]
Route = Callable[[Any], Any]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_cond_and_its_gradient(route: Route, sign: float) -> None:
    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            y = rillet.cond(rillet.reduce_sum(x) > 0, lambda: x * x * 3.0, lambda: -x)
        return y, tape.gradient(y, x)

    x = np.array([1.0, 2.0], np.float32) * np.float32(sign)
    y, dx = f(rillet.constant(x))
    np.testing.assert_allclose(y, 3 * x * x if sign > 0 else -x, rtol=1e-6)
    np.testing.assert_allclose(dx, 6 * x if sign > 0 else [-1, -1], rtol=1e-6)


@pytest.mark.parametrize("route", ROUTES)
def test_cond_assigns_in_one_branch(route: Route) -> None:
    count = rillet.Variable(5, name="count")

    @route
    def f(x: Any) -> Any:
        return rillet.cond(x > 7.0, lambda: count.assign(0).value(), lambda: count.value())

    assert int(f(rillet.constant(1.0))) == 5 == int(count)
    assert int(f(rillet.constant(8.0))) == 0 == int(count)
    count.assign(3)
    assert int(f(rillet.constant(1.0))) == 3


@pytest.mark.parametrize("route", ROUTES)
def test_cond_reads_trained_variables(route: Route) -> None:
    w = rillet.Variable([2.0, 3.0], name="w")

    @route
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            y = rillet.cond(x > 0.0, lambda: w * x, lambda: w.value())
        return tape.gradient(y, w)

    np.testing.assert_allclose(f(rillet.constant(4.0)), [4, 4])
    np.testing.assert_allclose(f(rillet.constant(-4.0)), [1, 1])


@pytest.mark.parametrize("route", ROUTES)
def test_while_loop(route: Route) -> None:
    total = rillet.Variable(0, name="total")

    @route
    def f(n: Any, x: Any) -> Any:
        def body(i: Any, a: Any) -> Any:
            total.assign_add(i)
            return i - 1, a * x

        return rillet.while_loop(lambda i, a: i > 0, body, [n, rillet.ones((2,))])

    i, a = f(rillet.constant(5), rillet.constant([2.0, 3.0]))
    assert int(i) == 0 and int(total) == 15
    np.testing.assert_allclose(a, [32, 243])
    i, a = f(rillet.constant(0), rillet.constant([2.0, 3.0]))
    np.testing.assert_allclose(a, [1, 1])


@pytest.mark.parametrize("route", ROUTES)
def test_maximum_iterations(route: Route) -> None:
    @route
    def f(x: Any) -> Any:
        return rillet.while_loop(lambda a: rillet.reduce_max(a) < 100.0, lambda a: a * 2.0, [x], maximum_iterations=3)

    np.testing.assert_allclose(f(rillet.constant([1.0, 2.0]))[0], [8, 16])
    np.testing.assert_allclose(f(rillet.constant([1.0, 60.0]))[0], [2, 120])


def test_cond_of_a_python_value_is_python() -> None:
    @rillet.function
    def f(x: Any, double: bool) -> Any:
        return rillet.cond(double, lambda: x * 2.0, lambda: rillet.zeros((7,)))

    assert f(rillet.constant([1.0]), True).shape == (1,)
    assert f(rillet.constant([1.0]), False).shape == (7,)


def test_branches_must_match() -> None:
    @rillet.function
    def f(x: Any) -> Any:
        return rillet.cond(rillet.reduce_sum(x) > 0, lambda: x, lambda: rillet.zeros((7,)))

    with pytest.raises(rillet.RilletError, match="must be the same"):
        f(rillet.constant([1.0]))


def test_loop_variables_keep_their_shape() -> None:
    @rillet.function
    def f(x: Any) -> Any:
        return rillet.while_loop(lambda a: a[0] > 0, lambda a: rillet.concat([a, a], 0), [x])

    with pytest.raises(rillet.RilletError, match="before and after the body"):
        f(rillet.constant([1.0]))


def test_no_gradient_through_a_traced_loop() -> None:
    @rillet.function
    def f(x: Any) -> Any:
        with rillet.GradientTape() as tape:
            tape.watch(x)
            (y,) = rillet.while_loop(lambda a: a[0] < 9, lambda a: a * 2.0, [x])
        return tape.gradient(y, x)

    with pytest.raises(rillet.RilletError, match="unroll it"):
        f(rillet.constant([1.0]))
