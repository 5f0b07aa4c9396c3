"""Tensor: numpy in and out, operators, indexing, dtype rules."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rillet

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
B = np.array([2.0, 4.0, -0.5], np.float32)
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


def test_arrays_are_wrapped_without_a_copy() -> None:
    array = np.arange(6, dtype=np.float32)
    tensor = rillet.convert_to_tensor(array)
    assert np.shares_memory(np.asarray(tensor), array)
    assert np.shares_memory(np.from_dlpack(tensor), array)
    assert not np.shares_memory(rillet.constant(array).numpy(), array)
    with pytest.raises(ValueError, match="read-only"):
        tensor.numpy()[0] = 1
    assert np.asarray(tensor, np.float64).dtype == np.float64


def test_python_values() -> None:
    assert rillet.constant(1.5).dtype == np.float32
    assert rillet.constant([1, 2]).dtype == np.int32
    assert rillet.constant([True]).dtype == np.bool_
    assert rillet.constant(np.float64(1)).dtype == np.float64
    assert rillet.constant(1, np.float32).dtype == np.float32
    assert float(rillet.constant(2.5)) == 2.5 and int(rillet.constant(3)) == 3 and bool(rillet.constant(True))
    assert f"{rillet.constant(2.5):.2f}" == "2.50"
    assert [int(x) for x in rillet.constant([1, 2, 3])] == [1, 2, 3] and len(rillet.constant([1, 2])) == 2
    assert "shape=(2,)" in repr(rillet.constant([1.0, 2.0]))
    with pytest.raises(rillet.TensorError, match="does not fit"):
        rillet.constant(2**40)
    with pytest.raises(rillet.TensorError, match="not numbers"):
        rillet.constant("text")


@pytest.mark.parametrize("op", ARITHMETIC, ids=lambda op: op.__name__)
def test_arithmetic_broadcasts_as_numpy_does(op: Callable[[Any, Any], Any]) -> None:
    a, b = np.abs(A), np.abs(B)  # powers of negative numbers are no numbers
    for x, y in ((a, b), (a, 2.0), (2.0, b), (a, a)):
        wanted = op(x, y)
        tensors = (rillet.constant(v) if isinstance(v, np.ndarray) else v for v in (x, y))
        got = op(*tensors)
        assert isinstance(got, rillet.Tensor) and got.dtype == np.float32
        np.testing.assert_allclose(got, np.asarray(wanted, np.float32), rtol=1e-6)
    assert isinstance(op(a, rillet.constant(b)), rillet.Tensor)
    assert isinstance(op(np.float32(2), rillet.constant(b)), rillet.Tensor)


@pytest.mark.parametrize("op", COMPARISONS, ids=lambda op: op.__name__)
def test_comparisons(op: Callable[[Any, Any], Any]) -> None:
    got = op(rillet.constant(A), rillet.constant(B))
    assert got.dtype == np.bool_
    np.testing.assert_array_equal(got, op(A, B))
    np.testing.assert_array_equal(op(rillet.constant(A), 3), op(A, 3))


def test_other_operators() -> None:
    a, t = A, rillet.constant(A)
    np.testing.assert_array_equal(-t, -a)
    np.testing.assert_array_equal(abs(t), np.abs(a))
    np.testing.assert_allclose(t @ rillet.transpose(t), a @ a.T, rtol=1e-6)
    np.testing.assert_array_equal(~(t > 0) | (t > 3), ~(a > 0) | (a > 3))
    np.testing.assert_array_equal((t > 0) & (t < 4), (a > 0) & (a < 4))
    i = rillet.constant([7, -7, 9])
    np.testing.assert_array_equal(i // 2, np.array([7, -7, 9]) // 2)
    np.testing.assert_array_equal(i % 4, np.array([7, -7, 9]) % 4)
    np.testing.assert_array_equal(i / 2, [3.5, -3.5, 4.5])
    np.testing.assert_array_equal(1 / rillet.constant([0.0, 2.0]), [np.inf, 0.5])


def test_numpy_scalars_take_the_tensors_dtype() -> None:
    floats, ints = rillet.constant([1.0, 4.0]), rillet.constant([1, 4])
    for number in (np.float64(2), np.float32(2), np.int64(2)):
        for op in (operator.add, operator.sub, operator.mul, operator.truediv):
            for x, y in ((floats, number), (number, floats), (rillet.Variable(floats), number)):
                got = op(x, y)
                assert got.dtype == np.float32
                np.testing.assert_allclose(got, op(np.asarray(x), np.float32(2)) if x is not number else op(2, floats))
    assert (ints + np.int64(3)).dtype == np.int32 and (ints / np.sqrt(4)).tolist() == [0.5, 2]
    assert rillet.maximum(floats, np.float64(2)).tolist() == [2, 4]


def test_dtypes_never_mix_silently() -> None:
    floats, ints = rillet.constant([1.0]), rillet.constant([1])
    for bad in (lambda: floats + ints, lambda: ints + 1.5, lambda: floats * rillet.constant([1.0], np.float64)):
        with pytest.raises(rillet.TensorError, match="cast"):
            bad()
    assert (ints + 1).dtype == np.int32 and (floats + 1).dtype == np.float32
    assert (floats + rillet.cast(ints, np.float32)).dtype == np.float32
    with pytest.raises(rillet.RilletError, match="broadcast"):
        _ = rillet.constant([1.0, 2.0]) + rillet.constant([1.0, 2.0, 3.0])


INDEX = st.one_of(
    st.integers(-3, 2),
    st.slices(3),
    st.none(),
    st.just(Ellipsis),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(INDEX, max_size=5).map(tuple))
def test_indexing_is_numpys(key: Any) -> None:
    array = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    taken = sum(1 for k in key if k is not None and k is not Ellipsis)
    if taken > 3 or sum(k is Ellipsis for k in key) > 1:
        return
    np.testing.assert_array_equal(rillet.constant(array)[key], array[key])


def test_indexing_by_numbers() -> None:
    t = rillet.constant(A)
    np.testing.assert_array_equal(t[[1, 0, 1]], A[[1, 0, 1]])
    np.testing.assert_array_equal(t[rillet.constant(1)], A[1])
    with pytest.raises(IndexError, match="outside"):
        t[2]
    with pytest.raises(rillet.TensorError, match="3 indices"):
        t[0, 0, 0]
    with pytest.raises(rillet.TensorError, match="cannot index"):
        t["a"]


def test_division_by_zero_is_silent(recwarn: pytest.WarningsRecorder) -> None:
    x = rillet.constant([0.0, -1.0])
    _ = x / x, rillet.sqrt(x), rillet.log(x)
    assert not recwarn.list
