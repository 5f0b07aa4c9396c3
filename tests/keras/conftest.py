"""Keras 3 to compare with: its NumPy backend in this process, and its JAX backend, which trains, in another."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import Any

import pytest

import rillet
from rillet.keras import clear_session

os.environ.setdefault("KERAS_BACKEND", "numpy")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same numbers and names in each test."""
    clear_session()
    rillet.random.set_seed(7)


@pytest.fixture(scope="session")
def keras() -> Any:
    """The real Keras, for what needs no gradients."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason="needs Keras 3")


@pytest.fixture(scope="session")
def trained_by_keras() -> Iterator[Callable[..., Any]]:
    """Runs a function of `jax_side` in a process of its own, in which Keras computes with JAX."""
    if find_spec("keras") is None or find_spec("jax") is None:
        pytest.skip("needs Keras 3 and jax")
    before = os.environ["KERAS_BACKEND"]
    os.environ |= {"KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # the child inherits them
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(len, "").result()
            os.environ["KERAS_BACKEND"] = before
            yield lambda function, *args: pool.submit(function, *args).result()
    finally:
        os.environ["KERAS_BACKEND"] = before
