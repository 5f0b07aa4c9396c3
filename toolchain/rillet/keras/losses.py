"""Losses by Keras's names: a value per sample, then their (weighted) mean."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..eager import (
    abs as _abs,
)  # fmt: skip
from ..eager import (
    cast,
    clip_by_value,
    convert_to_tensor,
    equal,
    log,
    logical_and,
    maximum,
    nn,
    not_equal,
    one_hot,
    reduce_max,
    reduce_mean,
    reduce_sum,
    reshape,
    square,
    where,
)
from .masking import mask_of, set_masks, weights_with_mask
from .registry import ConfigError, deserialize, exported

_EPSILON = 1e-7


class Loss:
    """A function of (y_true, y_pred, sample_weight) to a scalar.

    Args:
        name: for logs.
        reduction: "sum_over_batch_size" (the mean), "sum", "mean_with_sample_weight", or "none".
    """

    default_name = "loss"

    def __init__(self, name: str | None = None, reduction: str = "sum_over_batch_size", dtype: Any = None) -> None:
        if reduction not in ("sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight", None):
            raise ConfigError(f"a loss's reduction cannot be '{reduction}'")
        self.name, self.reduction = name or self.default_name, reduction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value per sample (and position)."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        values = self.call(convert_to_tensor(y_true), convert_to_tensor(y_pred))
        averaged = self.reduction in ("sum_over_batch_size", "mean")
        masks = [mask for mask in (mask_of(y_pred), mask_of(values)) if mask is not None]
        if masks:
            sample_weight = weights_with_mask(sample_weight, functools.reduce(logical_and, masks), averaged)
        return reduce_weighted(values, sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config.pop("dtype", None), config.pop("fn", None)
        return cls(**config)


def signature_of(defaults: dict[str, Any]) -> inspect.Signature:
    """Of a constructor with these arguments, then `name` and `dtype`."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = {**defaults, "name": None, "dtype": None}
    own = inspect.Parameter("self", kind)
    return inspect.Signature([own, *(inspect.Parameter(n, kind, default=d) for n, d in names.items())])


def reduce_weighted(values: Any, sample_weight: Any, reduction: str | None) -> Any:
    """Values (batch, ...) times weights (batch,), then the sum or mean over all."""
    if sample_weight is not None:
        weight = cast(sample_weight, values.dtype)
        if weight.ndim < values.ndim:
            weight = reshape(
                weight, [*(-1 if d is None else d for d in weight.shape), *(1,) * (values.ndim - weight.ndim)]
            )
        elif weight.ndim > values.ndim:
            weight = reshape(weight, [-1 if d is None else d for d in values.shape])
        total = values * weight
    else:
        weight, total = None, values
    if reduction in (None, "none"):
        return total
    if reduction == "sum":
        return reduce_sum(total)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return reduce_sum(total) / (reduce_sum(weight) + _EPSILON)
    return reduce_mean(total)


def _loss(class_name: str, function: Callable[..., Any], doc: str, **defaults: Any) -> Any:
    """A Loss class over a function of (y_true, y_pred, **options)."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        names = [*defaults, "reduction", "name", "dtype"]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        for key, default in defaults.items():
            setattr(self, key, given.pop(key, default))
        unknown = set(given) - {"reduction", "name", "dtype"}
        if unknown:
            raise ConfigError(f"{class_name} has no {', '.join(sorted(unknown))}; it has {', '.join(names)}")
        Loss.__init__(self, **given)

    def call(self: Any, y_true: Any, y_pred: Any) -> Any:
        return function(y_true, y_pred, **{key: getattr(self, key) for key in defaults})

    def get_config(self: Any) -> dict[str, Any]:
        return {**Loss.get_config(self), **{key: getattr(self, key) for key in defaults}}

    __init__.__signature__ = signature_of({**defaults, "reduction": "sum_over_batch_size"})  # type: ignore[attr-defined]
    body = {"__init__": __init__, "call": call, "get_config": get_config, "__doc__": doc,
            "default_name": function.__name__, "__module__": __name__}  # fmt: skip
    return exported("keras.losses")(type(class_name, (Loss,), body))


def _like(y_true: Any, y_pred: Any) -> Any:
    """Labels as floats of the prediction's shape."""
    y = cast(y_true, y_pred.dtype)
    if y.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        y = reshape(y, [*(-1 if d is None else d for d in y.shape), 1])
    if y.ndim != y_pred.ndim:
        raise ConfigError(f"labels of shape {y.shape} for predictions of shape {y_pred.shape}")
    return y


@exported("keras.losses", "mse")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)^2)."""
    return reduce_mean(square(y_pred - _like(y_true, y_pred)), -1)


@exported("keras.losses", "mae")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|)."""
    return reduce_mean(_abs(y_pred - _like(y_true, y_pred)), -1)


@exported("keras.losses", "mape")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 * mean(|y_true - y_pred| / |y_true|)."""
    y = _like(y_true, y_pred)
    return reduce_mean(_abs((y - y_pred) / maximum(_abs(y), _EPSILON)), -1) * 100.0


@exported("keras.losses", "msle")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + y_true) - log(1 + y_pred))^2)."""
    y = _like(y_true, y_pred)
    return reduce_mean(square(log(maximum(y_pred, _EPSILON) + 1.0) - log(maximum(y, _EPSILON) + 1.0)), -1)


@exported("keras.losses")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Quadratic below `delta`, linear above."""
    error = _abs(y_pred - _like(y_true, y_pred))
    return reduce_mean(where(error <= delta, square(error) * 0.5, error * delta - 0.5 * delta * delta), -1)


@exported("keras.losses")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true)))."""
    error = y_pred - _like(y_true, y_pred)
    return reduce_mean(error + nn.softplus(error * -2.0) - math.log(2.0), -1)


@exported("keras.losses", "bce")
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Any:  # fmt: skip
    """Labels 0 and 1 against probabilities, or logits."""
    y = _like(y_true, y_pred)
    if label_smoothing:
        y = y * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        return reduce_mean(nn.sigmoid_cross_entropy_with_logits(y, y_pred), axis)
    p = clip_by_value(y_pred, _EPSILON, 1.0 - _EPSILON)
    return reduce_mean((y * log(p) + (1.0 - y) * log(1.0 - p)) * -1.0, axis)


@exported("keras.losses")
def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Any:  # fmt: skip
    """One-hot labels against probabilities, or logits."""
    y = _like(y_true, y_pred)
    if label_smoothing:
        y = y * (1.0 - label_smoothing) + label_smoothing / y_pred.shape[-1]
    if from_logits:
        return nn.softmax_cross_entropy_with_logits(y, y_pred)
    p = y_pred / reduce_sum(y_pred, axis, True)
    return reduce_sum(y * log(clip_by_value(p, _EPSILON, 1.0 - _EPSILON)), axis) * -1.0


@exported("keras.losses")
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                                    ignore_class: int | None = None, axis: int = -1) -> Any:  # fmt: skip
    """Integer labels against probabilities, or logits."""
    labels = cast(y_true, np.int32)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = reshape(labels, [-1 if d is None else d for d in labels.shape[:-1]])
    if labels.ndim != y_pred.ndim - 1:
        raise ConfigError(f"labels of shape {y_true.shape} for predictions of shape {y_pred.shape}")
    known = labels if ignore_class is None else where(equal(labels, ignore_class), labels * 0, labels)
    if from_logits:
        values = nn.sparse_softmax_cross_entropy_with_logits(known, y_pred)
    else:
        p = clip_by_value(y_pred / reduce_sum(y_pred, -1, True), _EPSILON, 1.0 - _EPSILON)
        values = reduce_sum(one_hot(known, y_pred.shape[-1]) * log(p), -1) * -1.0
    if ignore_class is None:
        return values
    counts = not_equal(labels, ignore_class)
    values = values * cast(counts, values.dtype)
    set_masks(values, counts)  # means are over those that count
    return values


@exported("keras.losses", "kld")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y_true * log(y_true / y_pred))."""
    y, p = clip_by_value(_like(y_true, y_pred), _EPSILON, 1.0), clip_by_value(y_pred, _EPSILON, 1.0)
    return reduce_sum(y * log(y / p), -1)


@exported("keras.losses")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y_pred - y_true * log(y_pred))."""
    return reduce_mean(y_pred - _like(y_true, y_pred) * log(y_pred + _EPSILON), -1)


def _signs(y_true: Any, y_pred: Any) -> Any:
    y = _like(y_true, y_pred)
    return where(y == 0.0, y - 1.0, y)  # labels may be 0 and 1, or -1 and 1


@exported("keras.losses")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0))."""
    return reduce_mean(nn.relu(1.0 - _signs(y_true, y_pred) * y_pred), -1)


@exported("keras.losses")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0)^2)."""
    return reduce_mean(square(nn.relu(1.0 - _signs(y_true, y_pred) * y_pred)), -1)


@exported("keras.losses")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(0, 1 + the largest wrong prediction - the right one)."""
    y = _like(y_true, y_pred)
    return nn.relu(reduce_max((1.0 - y) * y_pred, -1) - reduce_sum(y * y_pred, -1) + 1.0)


@exported("keras.losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-cos of the angle between them."""
    return reduce_sum(nn.l2_normalize(_like(y_true, y_pred), axis) * nn.l2_normalize(y_pred, axis), axis) * -1.0


MeanSquaredError = _loss("MeanSquaredError", mean_squared_error, "The mean of squared errors.")
MeanAbsoluteError = _loss("MeanAbsoluteError", mean_absolute_error, "The mean of absolute errors.")
MeanAbsolutePercentageError = _loss("MeanAbsolutePercentageError", mean_absolute_percentage_error, "In percent.")
MeanSquaredLogarithmicError = _loss("MeanSquaredLogarithmicError", mean_squared_logarithmic_error, "Of logarithms.")
Huber = _loss("Huber", huber, "Quadratic near 0, linear beyond `delta`.", delta=1.0)
Huber.default_name = "huber_loss"
LogCosh = _loss("LogCosh", log_cosh, "log(cosh(error)).")
BinaryCrossentropy = _loss("BinaryCrossentropy", binary_crossentropy, "Two classes.",
                           from_logits=False, label_smoothing=0.0, axis=-1)  # fmt: skip
CategoricalCrossentropy = _loss("CategoricalCrossentropy", categorical_crossentropy, "One-hot labels.",
                                from_logits=False, label_smoothing=0.0, axis=-1)  # fmt: skip
SparseCategoricalCrossentropy = _loss("SparseCategoricalCrossentropy", sparse_categorical_crossentropy,
                                      "Integer labels.", from_logits=False, ignore_class=None, axis=-1)  # fmt: skip
KLDivergence = _loss("KLDivergence", kl_divergence, "Kullback and Leibler's divergence.")
Poisson = _loss("Poisson", poisson, "Counts.")
Hinge = _loss("Hinge", hinge, "Labels -1 and 1.")
SquaredHinge = _loss("SquaredHinge", squared_hinge, "Labels -1 and 1.")
CategoricalHinge = _loss("CategoricalHinge", categorical_hinge, "One-hot labels.")
CosineSimilarity = _loss("CosineSimilarity", cosine_similarity, "-1 where they point the same way.", axis=-1)


class _Wrapped(Loss):
    """A plain function of (y_true, y_pred) as a loss."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(getattr(function, "__name__", "loss"))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)


def get(identifier: Any) -> Any:
    """A loss by name ("mse", "sparse_categorical_crossentropy"), configuration, function or itself."""
    found = deserialize(identifier, "keras.losses")
    return found if found is None or isinstance(found, Loss) else _Wrapped(found)


__all__ = [
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber",
    "KLDivergence", "LogCosh", "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "binary_crossentropy", "categorical_crossentropy", "categorical_hinge", "cosine_similarity", "get", "hinge",
    "huber", "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_error", "mean_squared_logarithmic_error", "poisson", "sparse_categorical_crossentropy",
    "squared_hinge",
]  # fmt: skip
