"""`rillet.nn`: convolutions, pools, activations, normalization and losses, by TensorFlow's names. NHWC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import Activation, Padding, RilletError
from .array_ops import cast, structural, transpose
from .math_ops import maximum, reduce_mean, reduce_sum, sigmoid, squared_difference, tanh, top_k
from .random import uniform
from .state import call
from .tensor import Tensor, TensorError, convert_to_tensor, op

Pair = int | Sequence[int]


def _activation(kind: str, doc: str) -> Callable[[Any], Tensor]:
    def function(features: Any) -> Tensor:
        result = op(kind, [convert_to_tensor(features)])
        return result

    function.__doc__ = doc
    return function


relu = _activation("RELU", "max(x, 0).")
relu6 = _activation("RELU6", "x clamped to [0, 6].")
elu = _activation("ELU", "x, and exp(x) - 1 below zero.")
hard_swish = _activation("HARD_SWISH", "x * relu6(x + 3) / 6.")


def leaky_relu(features: Any, alpha: float = 0.2) -> Tensor:
    """x, and alpha * x below zero."""
    return op("LEAKY_RELU", [convert_to_tensor(features)], alpha=alpha)


def gelu(features: Any, approximate: bool = False) -> Tensor:
    """x times the normal distribution's cumulative function, or its tanh approximation."""
    return op("GELU", [convert_to_tensor(features)], approximate=approximate)


def silu(features: Any) -> Tensor:
    """x * sigmoid(x)."""
    x = convert_to_tensor(features)
    return x * sigmoid(x)


def softplus(features: Any) -> Tensor:
    """log(1 + exp(x)), without overflow."""
    from .math_ops import abs, exp, log, negative

    x = convert_to_tensor(features)
    return relu(x) + log(exp(negative(abs(x))) + 1.0)


def softmax(logits: Any, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis`."""
    return _last("SOFTMAX", logits, axis, beta=1.0)


def log_softmax(logits: Any, axis: int = -1) -> Tensor:
    """The logarithm of softmax, without underflow."""
    return _last("LOG_SOFTMAX", logits, axis)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    """x / sqrt(max(sum(x * x), epsilon))."""
    from .math_ops import rsqrt, square

    tensor = convert_to_tensor(x)
    return tensor * rsqrt(maximum(reduce_sum(square(tensor), axis, True), epsilon))


def fully_connected(x: Any, weights: Any, bias: Any = None, activation: Activation = Activation.NONE) -> Tensor:
    """x (..., in) by weights (out, in), as the runtime stores them, plus bias (out): (..., out)."""
    operands = _operands("fully_connected", x, weights, bias)
    return op("FULLY_CONNECTED", operands, keep_num_dims=operands[0].ndim != 2, fused_activation_function=activation)


def bias_add(value: Any, bias: Any) -> Tensor:
    """A vector added to the last axis."""
    from .math_ops import add

    return add(value, bias)


def conv2d(
    input: Any,
    filters: Any,
    strides: Pair = 1,
    padding: str = "SAME",
    dilations: Pair = 1,
    bias: Any = None,
    filter_format: str = "HWIO",
    activation: Activation = Activation.NONE,
) -> Tensor:
    """Convolution of images (n, h, w, in), in groups where the filters have fewer input channels.

    Args:
        filters: (h, w, in, out) as in TensorFlow, or with `filter_format="OHWI"` as the runtime stores them, which
            saves transposing at each step.
        padding: "SAME" or "VALID".
        bias: (out), or None.
        activation: fused into the operator.
    """
    weights = _filters(filters, filter_format, "OHWI", (3, 0, 1, 2))
    operands = _operands("conv2d", input, weights, bias)
    return op("CONV_2D", operands, fused_activation_function=activation,
                **_window(strides, padding, dilations))  # fmt: skip


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Pair = 1,
    padding: str = "SAME",
    dilations: Pair = 1,
    bias: Any = None,
    filter_format: str = "HWCM",
    activation: Activation = Activation.NONE,
) -> Tensor:
    """Each channel by itself. Filters (h, w, channels, multiplier), or "1HWC": (1, h, w, channels * multiplier)."""
    x, weights = convert_to_tensor(input), convert_to_tensor(filter)
    if filter_format != "1HWC":
        from .array_ops import reshape

        h, w, channels, multiplier = weights.shape
        weights = reshape(weights, (1, h, w, channels * multiplier))
    operands = _operands("depthwise_conv2d", x, weights, bias)
    return op("DEPTHWISE_CONV_2D", operands, depth_multiplier=weights.shape[3] // x.shape[3],
                fused_activation_function=activation,
                **_window(strides, padding, dilations))  # fmt: skip


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Sequence[int],
    strides: Pair = 1,
    padding: str = "SAME",
    bias: Any = None,
    filter_format: str = "HWOI",
) -> Tensor:
    """The transpose of `conv2d`. Filters (h, w, out, in) as in TensorFlow, or "OHWI"."""
    weights = _filters(filters, filter_format, "OHWI", (2, 0, 1, 3))
    operands = [structural(output_shape), *_operands("conv2d_transpose", weights, input, bias)]
    window = _window(strides, padding, 1)
    keep = ("padding", "stride_h", "stride_w")
    return op("TRANSPOSE_CONV", operands, **{k: window[k] for k in keep})


def max_pool2d(input: Any, ksize: Pair = 2, strides: Pair | None = None, padding: str = "VALID") -> Tensor:
    """The maximum of each window."""
    return _pool("MAX_POOL_2D", input, ksize, strides, padding)


def avg_pool2d(input: Any, ksize: Pair = 2, strides: Pair | None = None, padding: str = "VALID") -> Tensor:
    """The mean of each window; padding does not count."""
    return _pool("AVERAGE_POOL_2D", input, ksize, strides, padding)


def dropout(x: Any, rate: float, seed: int | None = None) -> Tensor:
    """A share `rate` of the elements set to zero, the others scaled by 1 / (1 - rate)."""
    if not 0 <= rate < 1:
        raise RilletError(f"dropout: rate is {rate}, not in [0, 1)")
    tensor = convert_to_tensor(x)
    if rate == 0:
        return tensor
    kept = cast(uniform(tensor.shape, seed=seed) >= rate, tensor.dtype)
    return tensor * kept * (1 / (1 - rate))


def moments(x: Any, axes: Sequence[int], keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance (biased) over `axes`."""
    x = convert_to_tensor(x)
    mean = reduce_mean(x, axes, True)
    variance = reduce_mean(squared_difference(x, mean), axes, keepdims)
    return (mean if keepdims else reduce_mean(x, axes)), variance


def batch_normalization(x: Any, gamma: Any, beta: Any, epsilon: float = 1e-3) -> tuple[Tensor, Tensor, Tensor]:
    """Normalized over all axes but the last, scaled and shifted; with the batch's mean and variance (biased)."""
    return _normalization("rillet.BATCH_NORMALIZATION", x, gamma, beta, epsilon)


def layer_normalization(x: Any, gamma: Any, beta: Any, epsilon: float = 1e-3) -> Tensor:
    """Normalized over the last axis, scaled and shifted."""
    return _normalization("rillet.LAYER_NORMALIZATION", x, gamma, beta, epsilon)[0]


def embedding_lookup(params: Any, ids: Any) -> Tensor:
    """Rows of `params` by number."""
    from .array_ops import gather

    return gather(params, ids)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Tensor:
    """-log(softmax(logits)[label]) for integer labels (...), logits (..., classes)."""
    operands = [convert_to_tensor(logits), cast(labels, np.int32)]
    return op("rillet.SPARSE_SOFTMAX_CROSS_ENTROPY", operands)[0]


def softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Tensor:
    """-sum(labels * log(softmax(logits))) for labels and logits (..., classes)."""
    return op("rillet.SOFTMAX_CROSS_ENTROPY", [convert_to_tensor(logits), convert_to_tensor(labels)])[0]


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any) -> Tensor:
    """max(x, 0) - x * labels + log(1 + exp(-abs(x))), the stable form of TensorFlow's documentation."""
    x, z = convert_to_tensor(logits), convert_to_tensor(labels)
    return softplus(x) - x * z


def pair(value: Pair) -> tuple[int, int]:
    """One number for both dimensions, two, or TensorFlow's four (1, h, w, 1)."""
    if isinstance(value, int):
        return value, value
    values = tuple(int(v) for v in value)
    if len(values) == 1:
        return values[0], values[0]
    if len(values) == 4 and values[0] == values[3] == 1:
        return values[1], values[2]
    if len(values) != 2:
        raise RilletError(f"{value} are no strides or sizes: give one number, two, or (1, h, w, 1)")
    return values[0], values[1]


def _window(strides: Pair, padding: str, dilations: Pair) -> dict[str, Any]:
    (sh, sw), (dh, dw) = pair(strides), pair(dilations)
    return {"padding": _padding(padding), "stride_h": sh, "stride_w": sw,
            "dilation_h_factor": dh, "dilation_w_factor": dw}  # fmt: skip


def _padding(padding: str) -> Padding:
    if padding.upper() not in Padding.__members__:
        raise RilletError(f"padding is SAME or VALID, not {padding!r}; pad explicitly with rillet.pad")
    return Padding[padding.upper()]


def _pool(kind: str, x: Any, ksize: Pair, strides: Pair | None, padding: str) -> Tensor:
    (kh, kw), (sh, sw) = pair(ksize), pair(ksize if strides is None else strides)
    return op(kind, [convert_to_tensor(x)], padding=_padding(padding), stride_h=sh, stride_w=sw,
                filter_height=kh, filter_width=kw)  # fmt: skip


def _operands(name: str, *values: Any) -> list[Tensor]:
    """Those that are there, as tensors of one dtype."""
    tensors = [convert_to_tensor(v) for v in values if v is not None]
    if len({t.dtype for t in tensors}) > 1:
        raise TensorError(f"{name} of {', '.join(t.dtype.name for t in tensors)}: cast them to one (rillet.cast)")
    return tensors


def _filters(filters: Any, given: str, wanted: str, order: tuple[int, ...]) -> Tensor:
    weights = convert_to_tensor(filters)
    return weights if given == wanted else transpose(weights, order)


def _normalization(kind: str, x: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    operands = _operands("normalization", x, gamma, beta)
    y, mean, variance = call(kind, [*operands, Tensor(np.array(epsilon, np.float32))])
    return y, mean, variance


def _last(kind: str, x: Any, axis: int, **attrs: Any) -> Tensor:
    """An operator of the last axis, on another one."""
    x = convert_to_tensor(x)
    if axis in (-1, x.ndim - 1):
        return op(kind, [x], **attrs)
    order = list(np.arange(x.ndim).tolist())
    order[axis], order[-1] = order[-1], order[axis]
    return transpose(call(kind, [transpose(x, order)], **attrs), order)


__all__ = [
    "avg_pool2d", "batch_normalization", "bias_add", "conv2d", "conv2d_transpose", "depthwise_conv2d", "dropout", "elu",
    "embedding_lookup", "fully_connected", "gelu", "hard_swish", "l2_normalize", "layer_normalization", "leaky_relu",
    "log_softmax", "max_pool2d", "moments", "pair", "relu", "relu6", "sigmoid",
    "sigmoid_cross_entropy_with_logits", "silu", "softmax", "softmax_cross_entropy_with_logits", "softplus",
    "sparse_softmax_cross_entropy_with_logits", "tanh", "top_k",
]  # fmt: skip
