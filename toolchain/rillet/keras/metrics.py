"""Metrics by Keras's names: variables that batches add to, and a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..eager import (
    Variable,
    argmax,
    cast,
    convert_to_tensor,
    divide_no_nan,
    logical_and,
    reduce_any,
    reduce_sum,
    reshape,
    sqrt,
    square,
    top_k,
)  # fmt: skip
from ..importers.keras.weights import snake_case
from . import losses
from .masking import mask_of, weights_with_mask
from .registry import ConfigError, auto_name, deserialize, exported

_MODULE = "keras.metrics"


class Metric:
    """Base of all metrics. `update_state` takes (y_true, y_pred, sample_weight) of a batch."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.variables: list[Variable] = []

    def add_variable(self, shape: tuple[int, ...] = (), name: str = "total") -> Variable:
        """A float32 state that starts with 0."""
        made = Variable(np.zeros(shape, np.float32), False, f"{self.name}/{name}")
        self.variables.append(made)
        return made

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        raise NotImplementedError

    def result(self) -> Any:
        """A scalar tensor."""
        raise NotImplementedError

    def reset_state(self) -> None:
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, np.float32))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config.pop("dtype", None)
        return cls(**config)


@exported(_MODULE)
class Mean(Metric):
    """The (weighted) mean of all values."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name)
        self.total, self.count = self.add_variable(name="total"), self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        values = cast(convert_to_tensor(values), np.float32)
        if sample_weight is None:
            count: Any = float(values.size) if None not in values.shape else reduce_sum(values * 0.0 + 1.0)
        else:
            weighted = losses.reduce_weighted(values * 0.0 + 1.0, sample_weight, "none")
            values, count = values * weighted, reduce_sum(weighted)
        self.total.assign_add(reduce_sum(values))
        self.count.assign_add(count)

    def result(self) -> Any:
        return divide_no_nan(self.total.value(), self.count.value())


@exported(_MODULE)
class Sum(Metric):
    """The sum of all values."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name)
        self.total = self.add_variable()

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        values = cast(convert_to_tensor(values), np.float32)
        self.total.assign_add(losses.reduce_weighted(values, sample_weight, "sum"))

    def result(self) -> Any:
        return self.total.value()


class MeanOf(Mean):
    """The mean of a function of (y_true, y_pred)."""

    def __init__(self, function: Callable[..., Any], name: str, **options: Any) -> None:
        super().__init__(name)
        self.function, self.options = function, options

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        values = self.function(convert_to_tensor(y_true), convert_to_tensor(y_pred), **self.options)
        sample_weight = weights_with_mask(sample_weight, mask_of(y_pred), averaged=False)
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.options}


def _labels(y_true: Any, y_pred: Any) -> Any:
    """Integer labels of one dimension less than the predictions."""
    labels = cast(y_true, np.int32)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = reshape(labels, [-1 if d is None else d for d in labels.shape[:-1]])
    return labels


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where they are equal."""
    return cast(cast(y_true, y_pred.dtype) == y_pred, np.float32)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the prediction lies on the label's side of `threshold`."""
    y = cast(y_true, np.float32)
    if y.ndim == y_pred.ndim - 1:
        y = reshape(y, [*(-1 if d is None else d for d in y.shape), 1])
    return cast(y == cast(y_pred > threshold, np.float32), np.float32)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is the one-hot label."""
    return cast(argmax(y_true, -1, np.int32) == argmax(y_pred, -1, np.int32), np.float32)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is the label."""
    return cast(_labels(y_true, y_pred) == argmax(y_pred, -1, np.int32), np.float32)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the label is among the k largest predictions."""
    labels = _labels(y_true, y_pred)
    best = top_k(y_pred, k)[1]
    wide = reshape(labels, [*(-1 if d is None else d for d in labels.shape), 1])
    return cast(reduce_any(wide == best, -1), np.float32)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the one-hot label is among the k largest predictions."""
    return sparse_top_k_categorical_accuracy(argmax(y_true, -1, np.int32), y_pred, k)


def _metric(class_name: str, function: Callable[..., Any], default_name: str = "", **defaults: Any) -> Any:
    """A class over `function`, with Keras's constructor."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        name = kwargs.pop("name", None) or default_name or function.__name__
        kwargs.pop("dtype", None)
        options = {**defaults, **dict(zip(defaults, args, strict=False)), **kwargs}
        unknown = set(options) - set(defaults)
        if unknown:
            raise ConfigError(f"{class_name} has no {', '.join(sorted(unknown))}; it has {', '.join(defaults)}")
        MeanOf.__init__(self, function, name, **options)

    __init__.__signature__ = losses.signature_of(defaults)  # type: ignore[attr-defined]
    body = {"__init__": __init__, "__doc__": function.__doc__, "__module__": __name__}
    return exported(_MODULE, function.__name__)(type(class_name, (MeanOf,), body))


Accuracy = _metric("Accuracy", accuracy)
BinaryAccuracy = _metric("BinaryAccuracy", binary_accuracy, threshold=0.5)
CategoricalAccuracy = _metric("CategoricalAccuracy", categorical_accuracy)
SparseCategoricalAccuracy = _metric("SparseCategoricalAccuracy", sparse_categorical_accuracy)
TopKCategoricalAccuracy = _metric("TopKCategoricalAccuracy", top_k_categorical_accuracy, k=5)
SparseTopKCategoricalAccuracy = _metric("SparseTopKCategoricalAccuracy", sparse_top_k_categorical_accuracy, k=5)
MeanSquaredError = _metric("MeanSquaredError", losses.mean_squared_error)
MeanAbsoluteError = _metric("MeanAbsoluteError", losses.mean_absolute_error)
MeanAbsolutePercentageError = _metric("MeanAbsolutePercentageError", losses.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _metric("MeanSquaredLogarithmicError", losses.mean_squared_logarithmic_error)
BinaryCrossentropy = _metric("BinaryCrossentropy", losses.binary_crossentropy, from_logits=False, label_smoothing=0)
CategoricalCrossentropy = _metric("CategoricalCrossentropy", losses.categorical_crossentropy, from_logits=False,
                                  label_smoothing=0, axis=-1)  # fmt: skip
SparseCategoricalCrossentropy = _metric("SparseCategoricalCrossentropy", losses.sparse_categorical_crossentropy,
                                        from_logits=False, ignore_class=None, axis=-1)  # fmt: skip
KLDivergence = _metric("KLDivergence", losses.kl_divergence)
Poisson = _metric("Poisson", losses.poisson)
Hinge = _metric("Hinge", losses.hinge)
SquaredHinge = _metric("SquaredHinge", losses.squared_hinge)
CategoricalHinge = _metric("CategoricalHinge", losses.categorical_hinge)
LogCoshError = _metric("LogCoshError", losses.log_cosh, "logcosh")


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between them; the loss of this name is its negative."""
    return losses.cosine_similarity(y_true, y_pred, axis) * -1.0


CosineSimilarity = _metric("CosineSimilarity", cosine_similarity, axis=-1)


@exported(_MODULE)
class RootMeanSquaredError(Mean):
    """The root of the mean squared error."""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_pred = convert_to_tensor(y_pred)
        super().update_state(square(y_pred - cast(y_true, y_pred.dtype)), sample_weight)

    def result(self) -> Any:
        return sqrt(super().result())


class _Counted(Metric):
    """Counts of right and wrong answers above a threshold."""

    counts: tuple[str, ...] = ("true_positives", "false_positives")

    def __init__(self, thresholds: float | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name)
        if isinstance(thresholds, (list, tuple)) and len(thresholds) > 1:
            raise ConfigError(f"metric '{self.name}': one threshold, not {thresholds}")
        self.thresholds = thresholds[0] if isinstance(thresholds, (list, tuple)) else thresholds
        self._states = {count: self.add_variable(name=count) for count in self.counts}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        said = convert_to_tensor(y_pred) > (0.5 if self.thresholds is None else float(self.thresholds))
        real = reshape(cast(y_true, np.float32), [-1 if d is None else d for d in said.shape]) > 0.5
        for count, state in self._states.items():
            agrees, positive = count.split("_")
            right = said if positive == "positives" else ~said
            hits = logical_and(right, real if (agrees == "true") == (positive == "positives") else ~real)
            state.assign_add(losses.reduce_weighted(cast(hits, np.float32), sample_weight, "sum"))

    def share(self) -> Any:
        """The first count among both."""
        right, wrong = (state.value() for state in self._states.values())
        return divide_no_nan(right, right + wrong)

    def result(self) -> Any:
        return next(iter(self._states.values())).value()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.thresholds}


@exported(_MODULE)
class TruePositives(_Counted):
    """Called positive, and right."""

    counts = ("true_positives",)


@exported(_MODULE)
class TrueNegatives(_Counted):
    """Called negative, and right."""

    counts = ("true_negatives",)


@exported(_MODULE)
class FalsePositives(_Counted):
    """Called positive, and wrong."""

    counts = ("false_positives",)


@exported(_MODULE)
class FalseNegatives(_Counted):
    """Called negative, and wrong."""

    counts = ("false_negatives",)


@exported(_MODULE)
class Precision(_Counted):
    """Right among those called positive."""

    def result(self) -> Any:
        return self.share()


@exported(_MODULE)
class Recall(_Counted):
    """Found among the positive."""

    counts = ("true_positives", "false_negatives")

    def result(self) -> Any:
        return self.share()


@exported(_MODULE)
class AUC(Metric):
    """The area under the ROC curve, from counts at `num_thresholds` thresholds (trapezoids)."""

    def __init__(self, num_thresholds: int = 200, name: str | None = "auc", dtype: Any = None) -> None:
        super().__init__(name)
        self.num_thresholds = num_thresholds
        inner = (np.arange(num_thresholds - 2) + 1) / (num_thresholds - 1)
        self._thresholds = np.concatenate([[-1e-7], inner, [1 + 1e-7]]).astype(np.float32)
        self.true = self.add_variable((num_thresholds,), "true_positives")
        self.false = self.add_variable((num_thresholds,), "false_positives")
        self.positives, self.negatives = self.add_variable(name="positives"), self.add_variable(name="negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        scores = reshape(convert_to_tensor(y_pred), [-1, 1])
        real = reshape(cast(y_true, np.float32), [-1, 1])
        weight = real * 0.0 + 1.0 if sample_weight is None else reshape(cast(sample_weight, np.float32), [-1, 1])
        above = cast(scores > convert_to_tensor(self._thresholds.reshape(1, -1)), np.float32)
        self.true.assign_add(reduce_sum(above * (real * weight), 0))
        self.false.assign_add(reduce_sum(above * ((1.0 - real) * weight), 0))
        self.positives.assign_add(reduce_sum(real * weight))
        self.negatives.assign_add(reduce_sum((1.0 - real) * weight))

    def result(self) -> Any:
        x = divide_no_nan(self.false.value(), self.negatives.value())
        y = divide_no_nan(self.true.value(), self.positives.value())
        last = self.num_thresholds
        return reduce_sum((x[: last - 1] - x[1:]) * (y[: last - 1] + y[1:]) * 0.5)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_thresholds": self.num_thresholds}


_BY_SHAPE = {"accuracy", "acc"}


def get(identifier: Any, loss: Any = None, output_shape: Any = None) -> Any:
    """A metric by name, configuration, function or itself. "accuracy" means the one that fits loss and output."""
    if isinstance(identifier, Metric):
        return identifier
    if identifier in _BY_SHAPE:
        name = getattr(loss, "name", str(loss))
        if (output_shape is not None and output_shape[-1] == 1) or "binary" in name:
            kind: Any = BinaryAccuracy
        else:
            kind = SparseCategoricalAccuracy if "sparse" in name else CategoricalAccuracy
        return kind(name=str(identifier))
    if isinstance(identifier, str):
        full = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
                "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
                "auc": "AUC"}.get(identifier, identifier)  # fmt: skip
        return type(deserialize(full, _MODULE))(name=identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return MeanOf(identifier, getattr(identifier, "__name__", "metric"))
    return deserialize(identifier, _MODULE)
