"""compile, fit, evaluate, predict: the loop around a traced training step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..eager import GradientTape, Variable, convert_to_tensor, function
from ..eager.nest import flatten, map_structure
from ..ir import RilletError
from . import optimizers
from .callbacks import Callback, CallbackList, History
from .compiled import CompiledLoss, CompiledMetrics
from .data import DataError, make_batches, split_validation, unpack
from .layer import Layer, training_scope
from .metrics import Mean


class TrainingError(RilletError, RuntimeError):
    """A model that is not ready for what is asked of it."""


class Trainer(Layer):
    """What Model adds to a layer. Override `train_step`, `test_step` or `predict_step` for a loop of your own."""

    optimizer: Any = None
    stop_training = False
    history: Any = None
    run_eagerly = False
    _loss: CompiledLoss | None = None
    _metrics: CompiledMetrics | None = None
    _functions: dict[str, Any]

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how to train: names or objects as in Keras. A training step is traced unless `run_eagerly`."""
        self.optimizer = optimizers.get(optimizer)
        self._loss = None if loss is None else CompiledLoss(loss, loss_weights)
        self._metrics = CompiledMetrics(metrics, weighted_metrics, self._loss)
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly = run_eagerly
        self._functions = {}

    @property
    def metrics(self) -> list[Any]:
        if self._metrics is None:
            return []
        return [self._loss_tracker, *(self._loss.trackers if self._loss else []), *self._metrics.every]

    @property
    def metrics_names(self) -> list[str]:
        return [metric.name for metric in self.metrics]

    # One batch. These run traced.

    def train_step(self, data: Any) -> dict[str, Any]:
        """Forward, backward, one step of the optimizer; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        variables = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        for weight in self.ordered_weights:
            weight.constrain()
        return self._update(x, y, y_pred, sample_weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Forward; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        return self._update(x, y, y_pred, sample_weight, loss)

    def predict_step(self, data: Any) -> Any:
        """Forward."""
        return self(unpack(data)[0], training=False)

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The compiled loss plus penalties."""
        total = None if self._loss is None or y is None else self._loss(y, y_pred, sample_weight)
        for penalty in [*self.losses, *(self._penalties or [])]:
            total = penalty if total is None else total + penalty
        if total is None:
            raise TrainingError(
                f"model '{self.name}' has nothing to minimize: compile it with a loss, and give targets"
            )
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the compiled metrics; their results by name."""
        assert self._metrics is not None
        if y is not None:
            self._metrics.update(y, y_pred, sample_weight)
        return {metric.name: metric.result() for metric in self.metrics}

    _penalties: list[Any] | None = None

    def _update(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Any) -> dict[str, Any]:
        first = flatten(x)[0]
        rows = float(first.shape[0] or 1)
        self._loss_tracker.total.assign_add(loss * rows)
        self._loss_tracker.count.assign_add(rows)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    # Loops.

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Trains.

        Args:
            x: arrays (or a list or dictionary of them), a generator, an iterable of batches, or a PyDataset.
            y: targets, where `x` is arrays. Float64 becomes float32.
            validation_split: this share of the rows, the last ones before shuffling, is kept for validation.

        Returns:
            The history of losses and metrics, an entry per epoch.

        Raises:
            TrainingError: not compiled. DataError: data that do not fit together.
        """
        self._must_be_compiled("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation((x, y, sample_weight), validation_split)
        batches = make_batches(x, y, sample_weight, batch_size, shuffle, steps_per_epoch, class_weight)
        every = CallbackList(self, callbacks, verbose, {"epochs": epochs, "steps": batches.count})
        self.stop_training = False
        every.on_train_begin()
        logs: dict[str, float] = {}
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            every.on_epoch_begin(epoch)
            for number, batch in enumerate(batches.epoch()):
                every.on_train_batch_begin(number)
                results = self._train_one(batch)
                if every.wants_batches:
                    logs = _numbers(results)
                    every.on_train_batch_end(number, logs)
                if self.stop_training:
                    break
            logs = _numbers(results)
            if validation_data is not None and (epoch + 1) % validation_freq == 0:
                checked = self._validate(validation_data, validation_batch_size or batch_size, validation_steps)
                logs.update({f"val_{name}": value for name, value in checked.items()})
            every.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        every.on_train_end(logs)
        self.history = every.history
        return every.history

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto",
        sample_weight: Any = None, steps: int | None = None, callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """The loss and the metrics on data: a list in the order of `metrics_names`, or a dictionary."""
        self._must_be_compiled("evaluate")
        batches = make_batches(x, y, sample_weight, batch_size, False, steps)
        every = CallbackList(self, callbacks, verbose, {"steps": batches.count}, with_history=False)
        self.reset_metrics()
        every.on_test_begin()
        results: dict[str, Any] = {}
        for number, batch in enumerate(batches.epoch()):
            every.on_test_batch_begin(number)
            results = self._function("test_step")(_data(batch))
            if every.wants_batches:
                every.on_test_batch_end(number, _numbers(results))
        logs = _numbers(results)
        every.on_test_end(logs)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:  # fmt: skip
        """The outputs for all rows, as arrays."""
        batches = make_batches(x, batch_size=batch_size, steps=steps)
        every = CallbackList(self, callbacks, verbose, {"steps": batches.count}, with_history=False)
        every.on_predict_begin()
        parts: list[Any] = []
        for number, batch in enumerate(batches.epoch()):
            every.on_predict_batch_begin(number)
            parts.append(self._function("predict_step")((batch[0],)))
            every.on_predict_batch_end(number)
        every.on_predict_end()
        return map_structure(lambda *pieces: np.concatenate([np.asarray(p) for p in pieces]), *parts)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step on one batch."""
        self._must_be_compiled("train_on_batch")
        rows = len(flatten(x)[0])
        batch = next(make_batches(x, y, sample_weight, rows, False, None, class_weight).epoch())
        return _answer(_numbers(self._train_one(batch)), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch."""
        self._must_be_compiled("test_on_batch")
        batch = next(make_batches(x, y, sample_weight, len(flatten(x)[0])).epoch())
        return _answer(_numbers(self._function("test_step")(_data(batch))), return_dict)

    def predict_on_batch(self, x: Any) -> NDArray[Any]:
        """The outputs of one batch."""
        return map_structure(np.asarray, self._function("predict_step")((x,)))  # type: ignore[no-any-return]

    def reset_metrics(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def _train_one(self, batch: tuple[Any, Any, Any]) -> dict[str, Any]:
        if not self.optimizer.trained:
            self._prepare(batch[0])
        self.optimizer.begin_step(self._steps)
        self._steps += 1
        return self._function("train_step")(_data(batch))  # type: ignore[no-any-return]

    _steps = 0

    def _prepare(self, x: Any) -> None:
        """Builds what is not built, outside of any trace, and the optimizer's variables."""
        if not all(layer.built for layer in self.every_layer()):
            self(map_structure(lambda a: convert_to_tensor(a[:1]), x), training=False)
        self._steps = int(self.optimizer.iterations)
        if not self.trainable_weights:
            raise TrainingError(f"model '{self.name}' has no weights to train")
        self.optimizer.build(self.trainable_weights)

    def _validate(self, data: Any, batch_size: int | None, steps: int | None) -> dict[str, float]:
        if isinstance(data, (tuple, list)):
            x, y, weight = unpack(tuple(data))
            results = self.evaluate(x, y, batch_size, 0, weight, steps, return_dict=True)
        else:
            results = self.evaluate(data, verbose=0, steps=steps, return_dict=True)
        return dict(results)

    def _function(self, name: str) -> Any:
        """A step, traced; its own collector of penalties."""
        if not hasattr(self, "_functions"):
            self._functions = {}
        if name not in self._functions:
            method = getattr(self, name)
            is_training = name == "train_step"

            def step(data: Any) -> Any:
                self._penalties = []
                with training_scope(is_training, self._penalties):
                    return method(data)

            self._functions[name] = step if self.run_eagerly else function(step)
        return self._functions[name]

    def _must_be_compiled(self, what: str) -> None:
        if self._metrics is None:
            raise TrainingError(f"model '{self.name}' must be compiled before {what}()")


def _data(batch: tuple[Any, Any, Any]) -> tuple[Any, ...]:
    x, y, weight = batch
    return (x, y, weight) if weight is not None else (x, y) if y is not None else (x,)


def _numbers(results: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in results.items()}


def _answer(logs: dict[str, float], return_dict: bool) -> Any:
    values = list(logs.values())
    return logs if return_dict else values[0] if len(values) == 1 else values


__all__ = ["DataError", "Trainer", "TrainingError", "Variable"]
