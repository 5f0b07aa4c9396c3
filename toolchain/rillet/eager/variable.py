"""Variable: a value that training changes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..ir import RilletError
from .state import executing, local
from .tensor import Operators, Tensor, as_array, convert_to_tensor

_numbers = itertools.count()


class Variable(Operators):
    """A tensor's worth of memory with a name. Shape and dtype never change.

    In operators it stands for its value at that moment. The newest value lives in one place: an array of the
    variable's own, or the memory of the `rillet.function` that assigned it last; functions that read it fetch it from
    there, so that a training loop copies nothing.

    Args:
        initial_value: anything `convert_to_tensor` takes, or a function without arguments that gives it.
        trainable: tapes watch it, and optimizers change it.
        name: for graphs, files and reports; made unique in graphs.
        dtype: to convert the initial value to.
    """

    __slots__ = ("__weakref__", "_array", "_borrowed", "name", "trainable", "version")

    def __init__(
        self,
        initial_value: Any,
        trainable: bool = True,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        from .executor import EAGER

        with executing(EAGER, idle=True):
            value = initial_value() if callable(initial_value) else initial_value
            array = convert_to_tensor(value, dtype).numpy()
        self._array: NDArray[Any] = array if isinstance(value, Tensor) else array.copy()
        self._borrowed = False  # the array is a session's memory, which changes in place
        self.name = name or f"variable_{next(_numbers)}"
        self.trainable = trainable
        self.version = 0  # counts assignments, so that functions know when their copy is old

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def size(self) -> int:
        return self._array.size

    def value(self) -> Tensor:
        """The value now. Later assignments do not change it."""
        tensor: Tensor = local.executor.read(self)
        for tape in local.tapes:
            tape.record_read(self, tensor)
        return tensor

    read_value = value
    __rillet_tensor__ = value

    def assign(self, value: Any) -> Variable:
        """Gives it another value, of its own shape.

        Raises:
            RilletError: another shape; TensorError: a tensor of another dtype.
        """
        is_tensor = isinstance(value, Tensor) or hasattr(value, "__rillet_tensor__")
        tensor = convert_to_tensor(value) if is_tensor else Tensor(np.array(as_array(value, self.dtype)))
        if tensor.dtype != self.dtype:
            convert_to_tensor(tensor, self.dtype)  # says what is wrong
        if tensor.shape != self.shape:
            raise RilletError(f"variable '{self.name}' has shape {self.shape}; a value of {tensor.shape} does not fit")
        local.executor.assign(self, tensor)
        return self

    def assign_add(self, delta: Any) -> Variable:
        return self.assign(self.value() + delta)

    def assign_sub(self, delta: Any) -> Variable:
        return self.assign(self.value() - delta)

    def numpy(self) -> NDArray[Any]:
        """The value as a read-only array, which later assignments do not change."""
        return self.snapshot().numpy()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.value().__array__(dtype, copy)

    def __len__(self) -> int:
        return len(self._array)

    def __bool__(self) -> bool:
        return bool(self.value())

    def __float__(self) -> float:
        return float(self.value())

    def __int__(self) -> int:
        return int(self.value())

    def __repr__(self) -> str:
        return f"<rillet.Variable '{self.name}': shape={self.shape}, dtype={self.dtype.name}, numpy={self._array!r}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return Variable(self._array.copy(), self.trainable, self.name)

    # What executors use.

    def snapshot(self) -> Tensor:
        """The value as a tensor: without a copy unless the memory is a session's."""
        return Tensor(self._array.copy() if self._borrowed else self._array)

    def store(self, array: NDArray[Any]) -> None:
        """Makes `array`, which must never change again, the value."""
        self._array, self._borrowed = array, False
        self.version += 1

    def fetch(self, memory: NDArray[Any]) -> None:
        """Copies the value into a session's memory."""
        if self._array is not memory:
            np.copyto(memory, self._array)

    def live_in(self, memory: NDArray[Any]) -> None:
        """A session has assigned the variable in its `memory`, which is its home from here on."""
        self._array, self._borrowed = memory, True
        self.version += 1
