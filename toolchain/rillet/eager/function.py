"""`function`: Python code traced into a graph once per signature, then run as one planned session."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import RilletError
from .concrete import Concrete, trace_function
from .executor import EAGER
from .state import local
from .tensor import Tensor, TensorError, TensorSpec
from .variable import Variable

_MOST_TRACES = 64


class Function:
    """What `function` makes of a Python function: called in the same way.

    Tensors and arrays among the arguments (also inside lists, tuples and dictionaries) become inputs of the graph;
    one graph is traced for each combination of their shapes and dtypes and of the other arguments' values. Python code
    runs while tracing only.
    """

    def __init__(self, python_function: Callable[..., Any], input_signature: Sequence[Any] | None = None) -> None:
        functools.update_wrapper(self, python_function)
        self.__name__ = getattr(python_function, "__name__", "function")
        self.python_function, self.input_signature = python_function, input_signature
        self._traces: dict[Any, Concrete] = {}
        self.backwards: dict[Any, Function] = {}
        self._is_warned = False
        self._key = f"_traced_{id(self)}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: every object has traces of its own, which go with it."""
        if instance is None:
            return self
        found = instance.__dict__.get(self._key)
        if found is None:
            found = Function(self.python_function.__get__(instance, owner), self.input_signature)
            instance.__dict__[self._key] = found
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_traces": {}, "backwards": {}}  # copies trace anew

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not local.idle:
            if local.executor is not EAGER:
                return self.python_function(*args, **kwargs)  # part of the function that is being traced
            from .taped import call_on_tape

            return call_on_tape(self, args, kwargs)
        leaves, concrete = self.find(args, kwargs)
        return concrete(leaves)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Concrete:
        """The trace for such arguments (tensors, arrays or TensorSpecs), made where it is missing."""
        if not args and not kwargs and self.input_signature is not None:
            args = tuple(self.input_signature)
        return self.find(args, kwargs)[1]

    def find(self, args: Any, kwargs: Any) -> tuple[list[Any], Concrete]:
        """The arrays among the arguments, and the trace for them."""
        leaves: list[Any] = []
        key = _signature(args, leaves) if not kwargs else (_signature(args, leaves), _signature(kwargs, leaves))
        return leaves, self._traces.get(key) or self._trace(key, args, kwargs)

    @property
    def trace_count(self) -> int:
        """How many graphs there are."""
        return len(self._traces)

    def _trace(self, key: Any, args: Any, kwargs: Any) -> Concrete:
        if self.input_signature is not None:
            _check_signature(self.__name__, self.input_signature, args)
        if len(self._traces) >= _MOST_TRACES:
            if not self._is_warned:
                self._is_warned = True
                warnings.warn(
                    f"function '{self.__name__}' was traced for {_MOST_TRACES} different signatures, which is slow: "
                    "pass numbers that change from call to call as tensors (rillet.constant), and batches of one size",
                    RuntimeWarning,
                    stacklevel=3,
                )
            del self._traces[next(iter(self._traces))]
        concrete = self._traces[key] = trace_function(self.python_function, self.__name__, args, kwargs)
        return concrete


def function(python_function: Callable[..., Any] | None = None, input_signature: Sequence[Any] | None = None) -> Any:
    """Decorator: `@rillet.function`, or `@rillet.function(input_signature=[TensorSpec(...)])`.

    Control flow over Python values is done while tracing; over tensors use `rillet.cond` and `rillet.while_loop`.
    Eager tensors that the function reads from around it become constants; Variables are read at each call. Inside a
    function that is being traced, and where a GradientTape outside watches an argument, it still works.

    Raises:
        RilletError: at the first call with a signature: a traced value used as a Python number, an operator that
            refuses its operands, or one that the runtime has no kernel for.
    """
    if python_function is None:
        return lambda wrapped: Function(wrapped, input_signature)
    return Function(python_function, input_signature)


def _signature(value: Any, leaves: list[Any]) -> Any:
    """A key that is equal for arguments that share a trace; appends the arrays that enter the graph to `leaves`."""
    kind = type(value)
    if kind is Tensor:
        array = value._array
        leaves.append(array)
        return (array.shape, array.dtype.num)
    if kind is np.ndarray:
        leaves.append(value)
        return (value.shape, value.dtype.num)
    if kind is tuple or kind is list:
        return (kind, *[_signature(each, leaves) for each in value])
    if kind is dict:
        return (kind, *[(name, _signature(value[name], leaves)) for name in sorted(value)])
    if value is None or kind in (bool, int, float, str, bytes):
        return (kind, value)
    if isinstance(value, np.generic):
        array = np.asarray(value)
        leaves.append(array)
        return (array.shape, array.dtype.num)
    if kind is TensorSpec:
        return (value.shape, value.dtype.num)
    if isinstance(value, Tensor):
        raise TensorError(f"argument {value!r} belongs to a function that was traced; return it from that function")
    if isinstance(value, tuple):
        return (kind, *[_signature(each, leaves) for each in value])
    if isinstance(value, Variable) or not _is_hashable(value):
        return (kind, id(value))  # the trace keeps it alive
    return (kind, value)


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _check_signature(name: str, wanted: Sequence[Any], args: Sequence[Any]) -> None:
    if len(args) != len(wanted):
        raise RilletError(f"function '{name}' takes {len(wanted)} arguments by its input_signature, not {len(args)}")
    for number, (spec, arg) in enumerate(zip(wanted, args, strict=True)):
        if not isinstance(spec, TensorSpec):
            continue
        shape = tuple(np.shape(arg) if not hasattr(arg, "shape") else arg.shape)
        fits = len(shape) == len(spec.shape) and all(s in (None, d) for s, d in zip(spec.shape, shape, strict=True))
        dtype = getattr(arg, "dtype", None)
        if not fits or dtype != spec.dtype:
            raise RilletError(f"function '{name}': argument {number} is {dtype} {shape}, its signature says {spec}")
