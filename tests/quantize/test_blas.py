"""Numpy's matrix library goes back to its threads after the block."""

from __future__ import annotations

import pytest

from rillet.quantize.blas import _thread_functions, one_thread


def test_threads_come_back() -> None:
    functions = _thread_functions()
    if functions is None:
        pytest.skip("numpy has no OpenBLAS of its own here")
    read, _ = functions
    before = read()
    with pytest.raises(ZeroDivisionError), one_thread():
        assert read() == 1
        raise ZeroDivisionError
    assert read() == before
