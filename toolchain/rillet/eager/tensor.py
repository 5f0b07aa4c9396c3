"""Tensor: an immutable array, or the symbol of one while a function is traced.

Dtype rules. NumPy arrays and scalars keep their dtype. Python floats become float32, ints int32, bools bool. In an
operator together with a tensor, Python numbers and NumPy scalars take the tensor's dtype where that loses nothing
(`int_tensor + 1.5` is an error). Two tensors must have the same dtype: nothing is promoted behind the caller's back,
`rillet.cast` is explicit. `/` on integers gives float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..ir import RilletError
from .state import call, local


class TensorError(RilletError, TypeError):
    """A value that a Tensor operation does not accept: its dtype, its kind, or a use that a traced value forbids."""


class Operators:
    """Python's operators, for Tensor and Variable; operators.py sets them."""

    __slots__ = ()
    __array_priority__ = 100  # numpy arrays on the left leave operators to this class

    if TYPE_CHECKING:

        def __getitem__(self, index: Any) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...


class Tensor(Operators):
    """An array of numbers that never changes.

    Wraps `array` without a copy: who writes into that array afterwards changes the tensor. `numpy()` and
    `np.asarray(tensor)` give read-only views; `__dlpack__` shares memory as well.
    """

    __slots__ = ("__weakref__", "_array", "_keras_mask")  # the last one is set by layers that mask time steps

    _array: NDArray[Any]

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def numpy(self) -> NDArray[Any]:
        """A read-only view of the values."""
        view = self._array.view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy or (dtype is not None and np.dtype(dtype) != self.dtype):
            if copy is False:
                raise ValueError(f"a {self.dtype} tensor cannot become {np.dtype(dtype)} without a copy")
            return np.array(self.numpy(), dtype)
        return self.numpy()

    def __dlpack__(self, **options: Any) -> Any:
        """As numpy's, for sharing memory with other libraries: they must not write into it."""
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self._array.__dlpack_device__()
        return device

    def __bool__(self) -> bool:
        return bool(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __float__(self) -> float:
        return float(self._array)

    def __index__(self) -> int:
        return self._array.__index__()

    def item(self) -> Any:
        """The one element, as a Python number."""
        return self._array.item()

    def tolist(self) -> Any:
        return self._array.tolist()

    def __len__(self) -> int:
        if not self.shape:
            raise TensorError("a scalar tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        for index in range(len(self)):
            yield self[index]

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if not self.shape else format(str(self), spec)

    def __str__(self) -> str:
        return f"rillet.Tensor({self._array}, shape={self.shape}, dtype={self.dtype.name})"

    def __repr__(self) -> str:
        return f"<rillet.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={self._array!r}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self


op: Callable[..., Tensor] = call
"""`call` of an operator that has one result."""


class TracedTensor(Tensor):
    """The symbol of a value in a function being traced: it has a shape and a dtype, and no numbers yet.

    A dimension that is only known when the function runs is None.
    """

    __slots__ = ("symbol", "trace")

    def __init__(self, symbol: Any, trace: Any) -> None:
        self.symbol, self.trace = symbol, trace

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.symbol.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.symbol.dtype.numpy
        return dtype

    def numpy(self) -> NDArray[Any]:
        raise self._has_no_value("its numbers are asked for")

    def __dlpack__(self, **options: Any) -> Any:
        raise self._has_no_value("its memory is asked for")

    def __bool__(self) -> bool:
        raise self._has_no_value(
            "it is used as a Python bool (if, while, and, or, not, assert)",
            "use rillet.cond, rillet.while_loop, rillet.where or rillet.logical_and instead",
        )

    def __int__(self) -> int:
        raise self._has_no_value("it is used as a Python int")

    def __float__(self) -> float:
        raise self._has_no_value("it is used as a Python float")

    def __index__(self) -> int:
        raise self._has_no_value("it is used as a Python index")

    def item(self) -> Any:
        raise self._has_no_value("its number is asked for")

    def tolist(self) -> Any:
        raise self._has_no_value("its numbers are asked for")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<rillet.Tensor '{self.symbol.name}': shape={self.shape}, dtype={self.dtype.name}, traced>"

    def _has_no_value(self, why: str, what: str = "do this outside of @rillet.function") -> TensorError:
        return TensorError(
            f"tensor '{self.symbol.name}' (shape {self.shape}, {self.dtype.name}) is being traced and has no value "
            f"yet, but {why}; {what}"
        )


class TensorSpec:
    """Shape and dtype of an argument; None for dimensions that may differ from call to call."""

    def __init__(self, shape: Sequence[int | None] = (), dtype: DTypeLike = np.float32, name: str = "") -> None:
        self.shape, self.dtype, self.name = tuple(shape), np.dtype(dtype), name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype.name}, name={self.name!r})"


def enters_graph(value: Any) -> bool:
    """Whether an argument of a traced function becomes an input of the graph; others are part of its signature."""
    return isinstance(value, (Tensor, np.ndarray, np.generic, TensorSpec))


_PYTHON_TYPES: dict[str, type[np.generic]] = {"f": np.float32, "i": np.int32}


def as_array(value: ArrayLike, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """`value` as an array: NumPy's keep their dtype, Python floats become float32, ints int32 (if they fit)."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value, dtype)
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TensorError(f"cannot make a tensor of {value!r}: its elements are {array.dtype}, not numbers")
    if dtype is None and not _holds_numpy(value):
        dtype = _PYTHON_TYPES.get(array.dtype.kind)
    if dtype is None or np.dtype(dtype) == array.dtype:
        return array
    wanted = np.dtype(dtype)
    if array.dtype.kind == "f" and wanted.kind in "iub":
        raise TensorError(f"{value!r} is no {wanted.name}: cast it yourself")
    if array.dtype.kind == "i" and wanted.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        if array.min() < limits.min or array.max() > limits.max:
            raise TensorError(f"{value!r} does not fit {wanted.name}; give a dtype")
    return array.astype(wanted)


def _holds_numpy(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic, Tensor))


def convert_to_tensor(value: Any, dtype: DTypeLike | None = None) -> Tensor:
    """`value` as a Tensor: tensors as they are, variables read, arrays wrapped without a copy.

    Args:
        value: a Tensor, Variable, array, number, or nested lists of numbers or of scalar tensors.
        dtype: what it must be; a tensor of another dtype is refused, everything else converted.

    Raises:
        TensorError: it is no number, or a tensor of another dtype.
    """
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype != np.dtype(dtype):
            raise TensorError(f"a {value.dtype.name} tensor where {np.dtype(dtype).name} is wanted: use rillet.cast")
        return value
    read = getattr(value, "__rillet_tensor__", None)
    if read is not None:
        return convert_to_tensor(read(), dtype)
    if isinstance(value, (list, tuple)) and _has_traced(value):
        from .array_ops import stack

        return convert_to_tensor(stack([convert_to_tensor(each, dtype) for each in value]), dtype)
    return Tensor(as_array(value, dtype))


def _has_traced(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_traced(each) for each in value)
    return isinstance(value, TracedTensor) or (hasattr(value, "__rillet_tensor__") and not local.idle)


def like(value: Any, other: Tensor) -> Tensor:
    """`value` as an operand beside `other`: numbers take its dtype.

    Raises:
        TensorError: the number loses something in that dtype.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        wanted = other.dtype
        if isinstance(value, float) and wanted.kind in "iub":
            raise TensorError(f"{value} beside a {wanted.name} tensor: rillet.cast the tensor first")
        return Tensor(as_array(value, wanted))
    return convert_to_tensor(value)
