"""Callbacks by Keras's names: told of every epoch and batch, they log, save, and stop training."""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ir import RilletError

Logs = dict[str, Any] | None


class Callback:
    """Base of all callbacks: methods that the training loop calls. `self.model` is the model."""

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs = None) -> None: ...
    def on_train_end(self, logs: Logs = None) -> None: ...
    def on_test_begin(self, logs: Logs = None) -> None: ...
    def on_test_end(self, logs: Logs = None) -> None: ...
    def on_predict_begin(self, logs: Logs = None) -> None: ...
    def on_predict_end(self, logs: Logs = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None: ...


class CallbackList:
    """Passes events on to callbacks; makes the history and the progress bar.

    Attributes:
        wants_batches: a callback looks at batches, so that their metrics are worth reading.
    """

    def __init__(
        self, model: Any, callbacks: Sequence[Callback] | None, verbose: Any, params: dict[str, Any],
        with_history: bool = True,
    ) -> None:  # fmt: skip
        shown = {"auto": 1, True: 1, False: 0}.get(verbose, verbose)
        self.callbacks = list(callbacks or ())
        self.history = next((c for c in self.callbacks if isinstance(c, History)), History())
        if with_history and self.history not in self.callbacks:
            self.callbacks.insert(0, self.history)
        if shown and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger(shown))
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params({**params, "verbose": shown})
        ends = ("on_train_batch_end", "on_test_batch_end")
        self.wants_batches = any(
            getattr(type(c), end) is not getattr(Callback, end) or end in vars(c)
            for c in self.callbacks
            for end in ends
        )

    def __getattr__(self, event: str) -> Callable[..., None]:
        if not event.startswith("on_"):
            raise AttributeError(event)

        def tell(*args: Any) -> None:
            for callback in self.callbacks:
                getattr(callback, event)(*args)

        setattr(self, event, tell)
        return tell


class History(Callback):
    """`history`: a list of values, one an epoch, for the loss and each metric. `epoch`: their numbers."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class ProgbarLogger(Callback):
    """A line per epoch with a bar (verbose=1), or at its end only (verbose=2)."""

    _WIDTH, _INTERVAL = 24, 0.1  # characters; seconds between two drawings

    def __init__(self, verbose: int = 1) -> None:
        self.verbose = verbose
        self._is_epoch = False
        self._is_terminal = hasattr(sys.stdout, "isatty") and sys.stdout.isatty()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._is_epoch = True
        print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._begin()

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._is_epoch:
            self._begin()

    on_predict_begin = on_test_begin

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch + 1, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch + 1, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._is_epoch = False
        self._end(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._is_epoch:
            self._end(logs)

    on_predict_end = on_test_end

    def _begin(self) -> None:
        self._started, self._drawn, self._count = time.perf_counter(), 0.0, 0

    def _draw(self, done: int, logs: Logs) -> None:
        self._count = done
        now = time.perf_counter()
        if self.verbose != 1 or not self._is_terminal or now - self._drawn < self._INTERVAL:
            return
        self._drawn = now
        total = self.params.get("steps")
        filled = self._WIDTH * done // total if total else 0
        bar = f"{done}/{total or '?'} [{'=' * filled}{' ' * (self._WIDTH - filled)}]"
        left = f" {(now - self._started) / done * (total - done):.0f}s left" if total else ""
        print(f"\r{bar}{left} {_text(logs)}\033[K", end="", flush=True)

    def _end(self, logs: Logs) -> None:
        took = time.perf_counter() - self._started
        each = f" {took / self._count * 1e3:.2f} ms/step" if self._count else ""
        start = "\r" if self.verbose == 1 and self._is_terminal else ""
        stop = "\033[K" if start else ""
        print(f"{start}{self._count} steps, {took:.1f} s,{each} {_text(logs)}{stop}", flush=True)


class LambdaCallback(Callback):
    """Functions given by the names of the events."""

    def __init__(self, **events: Callable[..., Any] | None) -> None:
        for event, action in events.items():
            if not hasattr(Callback, event):
                raise RilletError(f"LambdaCallback: there is no event '{event}'")
            if action is not None:
                setattr(self, event, action)


class _Watching(Callback):
    """Shared by callbacks that watch a value for getting better."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise RilletError(f"{type(self).__name__}: mode is auto, min or max, not '{mode}'")
        self.monitor, self.mode, self.min_delta = monitor, mode, abs(min_delta)
        self._warned = False

    def is_better(self, value: float, best: float | None) -> bool:
        if math.isnan(value):
            return False
        if best is None:
            return True
        rises = self.mode == "max" or (
            self.mode == "auto" and any(word in self.monitor for word in ("acc", "auc", "precision", "recall", "f1"))
        )
        return value - self.min_delta > best if rises else value + self.min_delta < best

    def value_in(self, logs: Logs) -> float | None:
        value = (logs or {}).get(self.monitor)
        if value is None and not self._warned:
            self._warned = True
            print(
                f"{type(self).__name__}: there is no '{self.monitor}'; there are {sorted(logs or {})}", file=sys.stderr
            )
        return None if value is None else float(value)


class EarlyStopping(_Watching):
    """Stops when `monitor` has not got better for `patience` epochs."""

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0, mode: str = "auto",
        baseline: float | None = None, restore_best_weights: bool = False, start_from_epoch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best: float | None = None
        self.best_weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self.value_in(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
        self.wait += 1
        if self.is_better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.restore_best_weights and self.best_weights is not None:
            self.model.set_weights(self.best_weights)
        if self.verbose and self.stopped_epoch:
            print(f"Stopped after epoch {self.stopped_epoch + 1}; the best was epoch {self.best_epoch + 1}.")


class ModelCheckpoint(_Watching):
    """Saves the model (or its weights) after epochs, or every `save_freq` batches.

    `filepath` may hold {epoch} and names of metrics. A model whose loss is not a number is never saved over a good one.
    """

    def __init__(
        self, filepath: str | Path, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False,
        save_weights_only: bool = False, mode: str = "auto", save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode)
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not str(filepath).endswith(ending):
            raise RilletError(f"ModelCheckpoint: '{filepath}' must end in {ending}")
        self.filepath, self.verbose = str(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq, self.best, self._epoch, self._seen = save_freq, initial_value_threshold, 0, 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._seen += 1
        if self.save_freq != "epoch" and self._seen % int(self.save_freq) == 0:
            self._save(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: Logs) -> None:
        values = logs or {}
        if not math.isfinite(values.get("loss", 0.0)):
            print(f"ModelCheckpoint: the loss is {values['loss']}; nothing saved", file=sys.stderr)
            return
        if self.save_best_only:
            value = self.value_in(logs)
            if value is None or not self.is_better(value, self.best):
                return
            self.best = value
        path = self.filepath.format(epoch=self._epoch + 1, **values)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if self.verbose:
            print(f"Saved {path}")


class ReduceLROnPlateau(_Watching):
    """Multiplies the learning rate by `factor` when `monitor` has not got better for `patience` epochs."""

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto",
        min_delta: float = 0.0001, cooldown: int = 0, min_lr: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise RilletError(f"ReduceLROnPlateau: factor is {factor}, not below 1")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best: float | None = None
        self.wait, self._cooling = 0, 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self.value_in(logs)
        if value is None:
            return
        if self._cooling:
            self._cooling, self.wait = self._cooling - 1, 0
        if self.is_better(value, self.best):
            self.best, self.wait = value, 0
            return
        self.wait += not self._cooling
        old = float(self.model.optimizer.learning_rate)
        if self.wait >= self.patience and old > np.float32(self.min_lr):
            new = max(old * self.factor, self.min_lr)
            self.model.optimizer.learning_rate = new
            self._cooling, self.wait = self.cooldown, 0
            if self.verbose:
                print(f"Epoch {epoch + 1}: the learning rate is now {new:.6g}.")


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch to schedule(epoch, learning_rate)."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: the learning rate is {rate:.6g}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class TerminateOnNaN(Callback):
    """Stops at the first batch whose loss is not a number, and says which.

    Args:
        raise_error: raise a RilletError instead.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            text = f"Batch {batch}: the loss is {loss}. Training stops; try a lower learning rate or clipnorm=1."
            if self.raise_error:
                raise RilletError(text)
            print(text, file=sys.stderr)
            self.model.stop_training = True


class CSVLogger(Callback):
    """A line per epoch in a CSV file."""

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = Path(filename), separator, append

    def on_train_begin(self, logs: Logs = None) -> None:
        self._names: list[str] | None = None
        if self.append and self.filename.exists():
            with self.filename.open(newline="") as file:
                first = next(csv.reader(file, delimiter=self.separator), None)
            self._names = first[1:] if first else None
        self._file = self.filename.open("a" if self.append else "w", newline="")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        writer = csv.writer(self._file, delimiter=self.separator)
        values = logs or {}
        if self._names is None:
            self._names = sorted(values)
            writer.writerow(["epoch", *self._names])
        writer.writerow([epoch, *(values.get(name, "NA") for name in self._names)])
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._file.close()


def _text(logs: Logs) -> str:
    return " - ".join(f"{name}: {value:.4f}" for name, value in (logs or {}).items())


def __getattr__(name: str) -> Any:
    """TensorBoard has a module of its own, which imports this one."""
    if name == "TensorBoard":
        from .tensorboard import TensorBoard

        return TensorBoard
    raise AttributeError(name)
