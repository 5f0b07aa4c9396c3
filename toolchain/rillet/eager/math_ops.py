"""Arithmetic, reductions and linear algebra, by TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..ir import DType
from .array_ops import Axis, cast, reshape
from .operators import METHODS, binary, divide
from .state import call
from .tensor import Tensor, convert_to_tensor, op


def _two(kind: str, doc: str) -> Callable[[Any, Any], Tensor]:
    quick = METHODS.get(kind)

    def function(x: Any, y: Any) -> Tensor:
        if quick is not None and type(x) is Tensor and type(y) is Tensor:
            quickly: Tensor = quick(x, y)
            return quickly
        result: Tensor = binary(kind, x, y)
        return result

    function.__doc__ = doc
    return function


def _one(kind: str, doc: str) -> Callable[[Any], Tensor]:
    def function(x: Any) -> Tensor:
        result = op(kind, [convert_to_tensor(x)])
        return result

    function.__doc__ = doc
    return function


add = _two("ADD", "x + y, broadcast.")
subtract = _two("SUB", "x - y, broadcast.")
multiply = _two("MUL", "x * y, broadcast.")
maximum = _two("MAXIMUM", "The larger of x and y.")
minimum = _two("MINIMUM", "The smaller of x and y.")
pow = _two("POW", "x to the power y.")
squared_difference = _two("SQUARED_DIFFERENCE", "(x - y) squared.")
floordiv = _two("FLOOR_DIV", "x / y, rounded down.")
floormod = _two("FLOOR_MOD", "x - floor(x / y) * y, of y's sign.")
equal = _two("EQUAL", "x == y, element by element.")
not_equal = _two("NOT_EQUAL", "x != y.")
less = _two("LESS", "x < y.")
less_equal = _two("LESS_EQUAL", "x <= y.")
greater = _two("GREATER", "x > y.")
greater_equal = _two("GREATER_EQUAL", "x >= y.")
logical_and = _two("LOGICAL_AND", "x and y, of bools.")
logical_or = _two("LOGICAL_OR", "x or y, of bools.")

exp = _one("EXP", "e to the power x.")
log = _one("LOG", "The natural logarithm.")
sqrt = _one("SQRT", "The square root.")
rsqrt = _one("RSQRT", "1 / sqrt(x).")
abs = _one("ABS", "The absolute value.")
negative = _one("NEG", "-x.")
square = _one("SQUARE", "x * x.")
sin = _one("SIN", "The sine.")
cos = _one("COS", "The cosine.")
tanh = _one("TANH", "The hyperbolic tangent.")
sigmoid = _one("LOGISTIC", "1 / (1 + exp(-x)).")
floor = _one("FLOOR", "The next integer below.")
ceil = _one("CEIL", "The next integer above.")
round = _one("ROUND", "The nearest integer, halves to the even one.")
sign = _one("SIGN", "-1, 0 or 1.")
logical_not = _one("LOGICAL_NOT", "not x, of bools.")


def _reduction(kind: str, doc: str) -> Callable[..., Tensor]:
    def function(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
        x = convert_to_tensor(x)
        axes = np.arange(x.ndim) if axis is None else np.asarray(axis).reshape(-1)
        result = op(kind, [x, axes.astype(np.int32)], keep_dims=keepdims)
        return result

    function.__doc__ = doc + " over `axis` (one, several, or None for all)."
    return function


reduce_sum = _reduction("SUM", "The sum")
reduce_mean = _reduction("MEAN", "The mean")
reduce_max = _reduction("REDUCE_MAX", "The maximum")
reduce_min = _reduction("REDUCE_MIN", "The minimum")
reduce_prod = _reduction("REDUCE_PROD", "The product")
reduce_any = _reduction("REDUCE_ANY", "Whether any element holds,")
reduce_all = _reduction("REDUCE_ALL", "Whether all elements hold,")


def reduce_variance(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean squared distance from the mean."""
    x = convert_to_tensor(x)
    return reduce_mean(squared_difference(x, reduce_mean(x, axis, True)), axis, keepdims)


def reduce_std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return sqrt(reduce_variance(x, axis, keepdims))


def reduce_logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))), without overflow."""
    from .tape import stop_gradient

    x = convert_to_tensor(x)
    top = stop_gradient(reduce_max(x, axis, True))
    total = log(reduce_sum(exp(x - top), axis, True)) + top
    if keepdims:
        return total
    axes = {a % x.ndim for a in (np.arange(x.ndim) if axis is None else np.asarray(axis).reshape(-1)).tolist()}
    return reshape(total, [-1 if d is None else d for i, d in enumerate(x.shape) if i not in axes])


def divide_no_nan(x: Any, y: Any) -> Tensor:
    """x / y, and 0 where y is 0."""
    from .array_ops import ones_like, where, zeros_like

    x, y = convert_to_tensor(x), convert_to_tensor(y)
    is_zero = equal(y, zeros_like(y))
    quotient = divide(x, where(is_zero, ones_like(y), y))
    return where(is_zero, zeros_like(quotient), quotient)


def clip_by_value(x: Any, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    return minimum(maximum(x, clip_value_min), clip_value_max)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    """Matrices (..., m, k) by (..., k, n); leading dimensions broadcast."""
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    if a.dtype != b.dtype:
        binary("matmul", a, b)  # says what is wrong
    return op("BATCH_MATMUL", [a, b], adj_x=transpose_a, adj_y=transpose_b)


def tensordot(a: Any, b: Any, axes: int) -> Tensor:
    """The last `axes` dimensions of a against the first `axes` of b."""
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    inner = int(np.prod(b.shape[:axes], dtype=np.int64))
    product = matmul(reshape(a, [-1, inner]), reshape(b, [inner, -1]))
    return reshape(product, [-1 if d is None else d for d in (*a.shape[: a.ndim - axes], *b.shape[axes:])])


def argmax(x: Any, axis: int = 0, output_type: DTypeLike = np.int64) -> Tensor:
    """The position of the largest value along `axis`, the first one among equals."""
    return _arg("ARG_MAX", x, axis, output_type)


def argmin(x: Any, axis: int = 0, output_type: DTypeLike = np.int64) -> Tensor:
    """The position of the smallest value along `axis`."""
    return _arg("ARG_MIN", x, axis, output_type)


def top_k(x: Any, k: int = 1) -> tuple[Tensor, Tensor]:
    """The k largest values of each row in descending order, and their positions (int32)."""
    values, indices = call("TOPK_V2", [convert_to_tensor(x), np.array(k, np.int32)])
    return values, indices


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Running sums along `axis`."""
    operands = [convert_to_tensor(x), np.array(axis, np.int32)]
    return op("CUMSUM", operands, exclusive=exclusive, reverse=reverse)


def norm(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The Euclidean norm."""
    return sqrt(reduce_sum(square(x), axis, keepdims))


def add_n(inputs: Sequence[Any]) -> Tensor:
    """The sum of several tensors of one shape."""
    total = convert_to_tensor(inputs[0])
    for each in inputs[1:]:
        total = add(total, each)
    return total


def global_norm(tensors: Sequence[Any]) -> Tensor:
    """The Euclidean norm of all elements of all tensors (None: skipped)."""
    return sqrt(add_n([reduce_sum(square(t)) for t in tensors if t is not None]))


def clip_by_norm(x: Any, clip_norm: float) -> Tensor:
    """`x`, scaled down to a norm of at most `clip_norm`."""
    x = convert_to_tensor(x)
    return multiply(x, divide(clip_norm, maximum(norm(x), clip_norm)))


def clip_by_global_norm(tensors: Sequence[Any], clip_norm: float) -> tuple[list[Any], Tensor]:
    """Tensors scaled down together to a global norm of at most `clip_norm`, and the norm that they had."""
    total = global_norm(tensors)
    scale = divide(clip_norm, maximum(total, clip_norm))
    return [None if t is None else multiply(t, scale) for t in tensors], total


def _arg(kind: str, x: Any, axis: int, output_type: DTypeLike) -> Tensor:
    found = op(kind, [convert_to_tensor(x), np.array(axis, np.int32)], output_type=DType.INT32)
    return cast(found, output_type)


__all__ = [
    "abs", "add", "add_n", "argmax", "argmin", "ceil", "clip_by_global_norm", "clip_by_norm", "clip_by_value", "cos",
    "cumsum", "divide", "divide_no_nan", "equal", "exp", "floor", "floordiv", "floormod", "global_norm", "greater",
    "greater_equal", "less", "less_equal", "log", "logical_and", "logical_not", "logical_or", "matmul", "maximum",
    "minimum", "multiply", "negative", "norm", "not_equal", "pow", "reduce_all", "reduce_any", "reduce_logsumexp",
    "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_std", "reduce_sum", "reduce_variance", "round",
    "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square", "squared_difference", "subtract", "tanh", "tensordot", "top_k",
]  # fmt: skip
