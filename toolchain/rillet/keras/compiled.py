"""What `compile` was given, matched with a model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..eager.nest import flatten
from ..ir import RilletError
from . import losses, metrics


class CompiledLoss:
    """Losses of all outputs, weighted and summed.

    Args:
        loss: one for all outputs, or a list or dictionary in their structure.
        weights: a number for each, in the same structure; None for 1.
    """

    def __init__(self, loss: Any, weights: Any) -> None:
        self.given, self.weights = loss, weights
        self.losses = [losses.get(each) for each in flatten(loss)]
        self.trackers: list[metrics.Mean] = []

    @property
    def name(self) -> str:
        return str(self.losses[0].name) if self.losses and self.losses[0] is not None else ""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        targets, predictions = matched(y_true, y_pred)
        functions = self.losses * len(predictions) if len(self.losses) == 1 else self.losses
        factors = flatten(self.weights) if self.weights is not None else [None] * len(predictions)
        if not len(functions) == len(predictions) == len(factors) == len(targets):
            raise RilletError(f"{len(functions)} losses and {len(targets)} targets for {len(predictions)} outputs")
        total = None
        for function, factor, y, p in zip(functions, factors, targets, predictions, strict=True):
            if function is None:
                continue
            value = function(y, p, sample_weight)
            value = value if factor is None else value * float(factor)
            total = value if total is None else total + value
        return total


class CompiledMetrics:
    """Metrics of all outputs; made at the first batch, when the outputs' shapes are known.

    Args:
        given: a list for all outputs, or a dictionary or list of lists, one for each output.
        weighted: the same for metrics that sample weights count in.
    """

    def __init__(self, given: Any, weighted: Any, loss: CompiledLoss | None) -> None:
        self.given, self.weighted, self.loss = given, weighted, loss
        self._made: list[tuple[int, Any, bool]] | None = None

    @property
    def every(self) -> list[Any]:
        return [metric for _, metric, _ in self._made or ()]

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        targets, predictions = matched(y_true, y_pred)
        if self._made is None:
            self._made = [*self._make(self.given, y_pred, False), *self._make(self.weighted, y_pred, True)]
        for number, metric, counts_weights in self._made:
            weight = sample_weight if counts_weights else None
            metric.update_state(targets[number], predictions[number], weight)

    def _make(self, given: Any, y_pred: Any, counts_weights: bool) -> list[tuple[int, Any, bool]]:
        if given is None:
            return []
        outputs = flatten(y_pred)
        if isinstance(given, dict):
            keys = sorted(y_pred) if isinstance(y_pred, dict) else list(given)
            lists = [_as_list(given.get(key)) for key in keys]
        elif len(outputs) > 1 and any(isinstance(each, (list, tuple)) for each in given):
            lists = [_as_list(each) for each in given]
        else:
            lists = [_as_list(given)] * len(outputs) if len(outputs) > 1 else [_as_list(given)]
        made = []
        for number, names in enumerate(lists):
            loss = self.loss.losses[min(number, len(self.loss.losses) - 1)] if self.loss is not None else None
            made += [(number, metrics.get(n, loss, outputs[number].shape), counts_weights) for n in names]
        return made


def matched(y_true: Any, y_pred: Any) -> tuple[list[Any], list[Any]]:
    """Targets and predictions in one order."""
    if isinstance(y_pred, dict) and isinstance(y_true, dict):
        lost = sorted(set(y_pred) - set(y_true))
        if lost:
            raise RilletError(f"no target for output '{lost[0]}'")
        return [y_true[key] for key in sorted(y_pred)], [y_pred[key] for key in sorted(y_pred)]
    predictions = flatten(y_pred)
    return (
        [y_true] if len(predictions) == 1 and not isinstance(y_true, (list, tuple)) else flatten(y_true)
    ), predictions


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
