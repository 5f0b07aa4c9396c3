"""rillet.function: traces, caches, variables at home in sessions, errors; and models made of functions."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import nn


def test_one_trace_per_signature() -> None:
    runs = []

    @rillet.function
    def f(x: Any, scale: float = 1.0, flag: bool = True, names: Any = ("a",)) -> Any:
        runs.append(scale)
        return x * scale if flag else dict.fromkeys(names, -x)

    for x in (np.ones(3, np.float32), rillet.ones((3,)), rillet.zeros((3,))):
        f(x)
    assert f.trace_count == 1 == len(runs)
    f(rillet.ones((4,)))
    f(rillet.ones((3,)), 2.0)
    assert f.trace_count == 3
    np.testing.assert_array_equal(f(rillet.ones((3,)), 2.0), [2, 2, 2])
    found = f(rillet.ones((1,)), flag=False, names=("b", "c"))
    assert sorted(found) == ["b", "c"] and found["b"].tolist() == [-1]
    f(rillet.constant([1, 2, 3]), 2)
    assert f.trace_count == 5


def test_results_of_every_kind() -> None:
    @rillet.function
    def f(x: Any) -> Any:
        return [x, rillet.constant(7), (x + 1, None), {"a": 2.5, "s": "text"}]

    x = np.array([1.0], np.float32)
    same, seven, (more, nothing), rest = f(x)
    assert (same.tolist(), int(seven), more.tolist(), nothing) == ([1], 7, [2], None)
    assert float(rest["a"]) == 2.5 and rest["s"] == "text"
    x[0] = 9
    assert same.tolist() == [1]
    assert f(x)[0].tolist() == [9]


def test_results_outlive_the_next_call() -> None:
    f = rillet.function(lambda x: x * 2.0)
    first = f(rillet.constant([1.0]))
    f(rillet.constant([5.0]))
    assert first.tolist() == [2]


def test_threads_share_functions() -> None:
    f, n = rillet.function(lambda x: rillet.matmul(x, x)), 64
    inputs = [np.full((n, n), i, np.float32) for i in range(8)]

    def check(x: Any) -> None:
        for route in (f, f.python_function):
            for _ in range(50):
                assert route(x)[0, 0].item() == n * x[0, 0] ** 2

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(check, inputs))


def test_methods_and_nesting() -> None:
    class Scaled:
        def __init__(self, factor: float) -> None:
            self.w = rillet.Variable(factor)

        @rillet.function
        def __call__(self, x: Any) -> Any:
            return self.inner(x) + 1.0

        @rillet.function
        def inner(self, x: Any) -> Any:
            return x * self.w

    a, b = Scaled(2.0), Scaled(3.0)
    assert float(a(rillet.constant(5.0))) == 11 and float(b(rillet.constant(5.0))) == 16
    a.w.assign(4.0)
    assert float(a(rillet.constant(5.0))) == 21
    twin = copy.deepcopy(a)
    twin.w.assign(0.0)
    assert float(twin(rillet.constant(5.0))) == 1 and float(a(rillet.constant(5.0))) == 21


def test_variables_move_between_functions_and_python() -> None:
    v, step = rillet.Variable([1.0, 2.0], name="v"), rillet.Variable(0, name="step")

    @rillet.function
    def train(x: Any) -> Any:
        v.assign_sub(x)
        step.assign_add(1)
        return v * 1.0

    @rillet.function
    def read() -> Any:
        return v + 0.0, step

    x = rillet.constant([0.5, 0.25])
    np.testing.assert_array_equal(train(x), [0.5, 1.75])
    kept = v.value()
    np.testing.assert_array_equal(train(x), [0, 1.5])
    np.testing.assert_array_equal(kept, [0.5, 1.75])  # a value stays what it was
    np.testing.assert_array_equal(read()[0], [0, 1.5])
    v.assign([10.0, 20.0])
    np.testing.assert_array_equal(read()[0], [10, 20])
    np.testing.assert_array_equal(train(x), [9.5, 19.75])
    np.testing.assert_array_equal(v.numpy(), [9.5, 19.75])
    assert int(read()[1]) == 3 == int(step)


def test_assignments_take_effect_in_order() -> None:
    v = rillet.Variable(1.0, name="v")

    @rillet.function
    def f() -> Any:
        before = v * 1.0
        v.assign(v + 1.0)
        between = v * 1.0
        v.assign(v * 10.0)
        return before, between, v.value()

    assert [float(x) for x in f()] == [1, 2, 20] and float(v) == 20


def test_optimizer_steps_in_place() -> None:
    def train(route: Any) -> list[Any]:
        w, m = rillet.Variable([1.0, -1.0], name="w"), rillet.Variable([0.0, 0.0], name="m", trainable=False)

        @route
        def step(x: Any) -> Any:
            with rillet.GradientTape() as tape:
                loss = rillet.reduce_sum(rillet.square(w - x))
            gradient = tape.gradient(loss, w)
            scalars = [rillet.constant(0.1), rillet.constant(0.9)]
            rillet.call("rillet.APPLY_MOMENTUM", [rillet.Handle(w), rillet.Handle(m), gradient, *scalars])
            return loss, rillet.reduce_sum(w)

        return [*(float(v) for _ in range(5) for v in step(rillet.constant([3.0, 4.0]))), *w.numpy(), *m.numpy()]

    np.testing.assert_allclose(train(rillet.function), train(lambda f: f), rtol=1e-5)


def test_a_step_that_fails_changes_nothing() -> None:
    w = rillet.Variable([1.0, 2.0], name="w")

    @rillet.function
    def step(rows: Any) -> Any:
        rillet.call("rillet.APPLY_SGD", [rillet.Handle(w), rillet.ones((2,)), rillet.constant(1.0)])
        return rillet.gather(w, rows)

    with pytest.raises(rillet.RilletError, match="range"):
        step(rillet.constant([9]))
    assert w.numpy().tolist() == [1, 2]
    assert step(rillet.constant([1])).tolist() == [1] and w.numpy().tolist() == [0, 1]


def test_variable_rules() -> None:
    v = rillet.Variable(np.zeros((2, 2), np.float32), name="v")
    with pytest.raises(rillet.RilletError, match="does not fit"):
        v.assign(np.zeros(3, np.float32))
    with pytest.raises(rillet.TensorError, match="cast"):
        v.assign(rillet.constant([[1, 2], [3, 4]]))
    v.assign([[1, 2], [3, 4]])
    assert v.dtype == np.float32 and (v + 1)[1, 1].item() == 5 and (2.0 * v)[0].tolist() == [2, 4]
    assert float(rillet.reduce_sum(v @ v)) == 54
    assert rillet.Variable(lambda: rillet.ones((3,))).shape == (3,)


def test_variables_made_while_tracing() -> None:
    made: list[Any] = []

    @rillet.function
    def f(x: Any) -> Any:
        if not made:
            made.append(rillet.Variable(rillet.ones(x.shape), name="late"))
        made[0].assign_add(x)
        return made[0]

    assert f(rillet.constant([1.0])).tolist() == [2] and f(rillet.constant([1.0])).tolist() == [3]


def test_traced_values_have_no_numbers() -> None:
    uses = [
        (lambda x: x if rillet.reduce_sum(x) > 0 else -x, "Python bool"),
        (lambda x: x.numpy(), "numbers"),
        (lambda x: float(x[0]), "Python float"),
        (lambda x: np.asarray(x), "numbers"),
        (lambda x: x[x[0]], "rillet.gather"),
    ]
    for use, text in uses:
        with pytest.raises(rillet.TensorError, match=text):
            rillet.function(use)(rillet.constant([1.0]))


def test_leaks_are_named() -> None:
    kept: list[Any] = []
    rillet.function(lambda x: kept.append(x + 1.0))(rillet.constant([1.0]))
    for use in (lambda: kept[0] * 2.0, lambda: rillet.function(lambda x: x + kept[0])(rillet.constant([1.0]))):
        with pytest.raises(rillet.RilletError, match="traced"):
            use()


def test_too_many_traces() -> None:
    f = rillet.function(lambda x, n: x + n)
    with pytest.warns(RuntimeWarning, match="different signatures") as caught:
        for n in range(100):
            assert f(rillet.constant([1.0]), float(n)).item() == 1 + n
    assert len(caught) == 1 and f.trace_count <= 64


def test_input_signature() -> None:
    @rillet.function(input_signature=[rillet.TensorSpec((None, 2))])
    def f(x: Any) -> Any:
        return rillet.reduce_sum(x, 1)

    assert f(np.ones((3, 2), np.float32)).shape == (3,) and f(np.ones((5, 2), np.float32)).shape == (5,)
    with pytest.raises(rillet.RilletError, match="signature says"):
        f(np.ones((3, 3), np.float32))
    with pytest.raises(rillet.RilletError, match="signature says"):
        f(np.ones((3, 2), np.int32))


def test_what_has_no_kernel_runs_in_numpy() -> None:
    v = rillet.Variable(np.array([1.0, 2.0]), name="doubles")

    @rillet.function
    def f(x: Any) -> Any:
        v.assign_add(x)
        return rillet.reduce_sum(v * x)

    x = np.array([0.5, 0.5])
    with pytest.warns(RuntimeWarning, match="runs in NumPy"):
        assert float(f(x)) == 2
    assert float(f(x)) == 2.5 and v.numpy().tolist() == [2, 3]


@pytest.mark.parametrize("draws", [1, 2])
def test_random_numbers_are_the_same_traced(draws: int) -> None:
    def noise(x: Any) -> Any:
        return [nn.dropout(x, 0.5) + rillet.random.normal((8,)) for _ in range(draws)]

    f, x = rillet.function(noise), rillet.ones((8,))
    rillet.random.set_seed(3)
    eager = [noise(x) for _ in range(3)]
    rillet.random.set_seed(3)
    traced = [f(x) for _ in range(3)]
    np.testing.assert_allclose(np.array(traced), np.array(eager), rtol=1e-6)
    assert not np.array_equal(traced[0], traced[1])


def test_random_ranges() -> None:
    rillet.random.set_seed(1)
    uniform = rillet.random.uniform((1000,), -2, 3).numpy()
    assert -2 <= uniform.min() < -1.9 and 2.9 < uniform.max() < 3
    assert set(rillet.random.uniform((100,), 0, 3, np.int32).tolist()) == {0, 1, 2}
    assert abs(float(rillet.reduce_mean(rillet.random.normal((10000,), 5.0)) - 5.0)) < 0.05
    assert np.abs(rillet.random.truncated_normal((1000,), stddev=2.0)).max() <= 4
    assert sorted(rillet.random.shuffle(10).tolist()) == list(range(10))
    np.testing.assert_array_equal(rillet.random.uniform((3,), seed=4), rillet.random.uniform((3,), seed=4))
    with pytest.raises(rillet.RilletError, match="maxval"):
        rillet.random.uniform((3,), dtype=np.int32)


def test_convert(tmp_path: Path) -> None:
    filters = rillet.Variable(rillet.random.normal((3, 3, 1, 4), seed=1), name="filters")
    weights = rillet.Variable(rillet.random.normal((4, 10), seed=2), name="weights")

    @rillet.function
    def net(image: Any) -> Any:
        hidden = nn.relu(nn.conv2d(image, filters, 2))
        return {"scores": nn.softmax(rillet.matmul(rillet.reduce_mean(hidden, (1, 2)), weights))}

    model = rillet.convert(net, [rillet.TensorSpec((None, 28, 28, 1), name="image")])
    rillet.save(model, tmp_path / "net.tflite")
    image = rillet.random.uniform((2, 28, 28, 1), seed=3)
    runner = rillet.Interpreter(tmp_path / "net.tflite").get_signature_runner("serving_default")
    np.testing.assert_allclose(runner(image=image.numpy())["scores"], net(image)["scores"], atol=1e-6)
    small = rillet.convert(net, [rillet.TensorSpec((1, 28, 28, 1))], recipe="dynamic_wi8_afp32")
    assert [op.kind for op in small.main.ops].count("CONV_2D") == 1


def test_convert_refuses_what_a_model_cannot_do() -> None:
    v = rillet.Variable(1.0, name="count")
    spec = [rillet.TensorSpec((2,))]
    for function, text in (
        (lambda x: v.assign_add(1.0) + x, "assigns variable 'count'"),
        (lambda x: nn.dropout(x, 0.5), "random"),
        (lambda x: x, "an input"),
    ):
        with pytest.raises(rillet.RilletError, match=text):
            rillet.convert(function, spec)
    with pytest.raises(rillet.RilletError, match="input_signature"):
        rillet.convert(lambda x: x + 1.0)
