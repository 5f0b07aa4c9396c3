"""A traced function under a tape outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .function import Function


def call_on_tape(function: Function, args: Any, kwargs: Any) -> Any:
    """Runs the Python code operator by operator, so that the tape sees every one of them."""
    return function.python_function(*args, **kwargs)
