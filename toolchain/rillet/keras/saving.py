"""Model files: `.keras` archives as Keras 3 writes them, and `.weights.h5`. Written whole or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ..importers.keras.container import open_archive
from ..importers.keras.weights import ArchiveWeights, Budget, snake_case
from ..ir import RilletError, replacing
from .layer import Layer, Weight
from .registry import deserialize, register_keras_serializable, serialize

__all__ = ["SavingError", "load_model", "load_weights", "register_keras_serializable", "save_model", "save_weights"]

_KERAS_VERSION = "3.15.0"  # whose format this is


class SavingError(RilletError, OSError):
    """A model file that cannot be written or read; the text says why."""


def save_model(model: Any, filepath: str | Path, overwrite: bool = True) -> None:
    """Writes architecture, weights, and how the model was compiled.

    Raises:
        SavingError: the name does not end in `.keras`, the file is there and must stay, or the disk refuses.
    """
    path = Path(filepath)
    if path.suffix != ".keras":
        raise SavingError(f"'{path}' must end in .keras; for other formats see rillet.convert")
    config = serialize(model)
    config["compile_config"] = _compile_config(model)
    build = model.get_build_config()
    if build is not None and not hasattr(model, "_stack"):
        config["build_config"] = build
    metadata = {"keras_version": _KERAS_VERSION, "date_saved": datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}
    text, described, weights = json.dumps(config), json.dumps(metadata), _weights_file(model, with_optimizer=True)
    with _replacing(path, overwrite) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", described)
        archive.writestr("config.json", text)
        archive.writestr("model.weights.h5", weights)


def save_weights(model: Any, filepath: str | Path, overwrite: bool = True) -> None:
    """Writes the weights alone.

    Raises:
        SavingError: the name does not end in `.weights.h5`, the file is there and must stay, or the disk refuses.
    """
    path = Path(filepath)
    if not path.name.endswith(".weights.h5"):
        raise SavingError(f"'{path}' must end in .weights.h5")
    weights = _weights_file(model, with_optimizer=False)
    with _replacing(path, overwrite) as file:
        file.write(weights)


def load_model(filepath: str | Path, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Any:
    """The model in a `.keras` file that rillet or Keras 3 wrote.

    Args:
        custom_objects: classes of your own by name.
        compile: also compile it as it was, with the optimizer's state.

    Raises:
        KerasError, ConfigError, SavingError: the file is damaged, or names something unknown.
    """
    with open_archive(Path(filepath)) as archive:
        config = archive.model
        model = deserialize(config, "keras", custom_objects)
        if not isinstance(model, Layer):
            raise SavingError(f"'{filepath}' holds a {type(model).__name__}, not a model")
        build = config.get("build_config")
        if not model.built and build and build.get("input_shape"):
            model.build_for(_tuples(build["input_shape"]))
        if not isinstance(archive.weights, ArchiveWeights):
            raise SavingError(f"'{filepath}' is HDF5 of an old Keras: rillet.convert reads it for inference")
        _read_into(model, archive.weights)
        compiled = config.get("compile_config")
        if compile and compiled:
            _compile(model, compiled, custom_objects)
            _read_optimizer(model, archive.weights)
    return model


def load_weights(model: Any, filepath: str | Path) -> None:
    """Reads weights into a model of the same architecture.

    Raises:
        KerasError, SavingError: the file is damaged or its weights do not fit.
    """
    path = Path(filepath)
    if path.suffix == ".keras":
        with open_archive(path) as archive:
            if isinstance(archive.weights, ArchiveWeights):
                _read_into(model, archive.weights)
                return
        raise SavingError(f"'{filepath}' is no .keras archive")
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            _read_into(model, ArchiveWeights(file, Budget(path.stat().st_size)))
    except OSError as wrong:
        raise SavingError(f"cannot read weights from '{path}': {wrong}") from wrong


def _weights_file(model: Any, with_optimizer: bool) -> bytes:
    h5py = _h5py()
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        _write_layer(file, model)
        optimizer = getattr(model, "optimizer", None)
        if with_optimizer and optimizer is not None:
            group = file.create_group("optimizer/vars")
            for number, weight in enumerate(_optimizer_weights(model)):
                group.create_dataset(str(number), data=weight.numpy())
    return buffer.getvalue()


def _write_layer(group: Any, layer: Layer) -> None:
    for path, content in members(layer):
        if isinstance(content, Layer):
            _write_layer(group.require_group(path), content)
            continue
        variables = group.require_group(f"{path}/vars" if path else "vars")
        for number, each in enumerate(content):
            variables.create_dataset(str(number), data=each.numpy() if isinstance(each, Weight) else each)


def _read_into(layer: Layer, stored: ArchiveWeights) -> None:
    for path, content in members(layer):
        found = stored
        for part in filter(None, path.split("/")):
            found = found.member(part)  # type: ignore[assignment]
        if isinstance(content, Layer):
            _read_into(content, found)
            continue
        weights = [each for each in content if isinstance(each, Weight)]
        names = [each.name for each in weights]
        if not weights:
            continue
        datasets = found.own([str(i) for i in range(len(names))], layer.name)
        for number, weight in enumerate(weights):
            values = found.budget.read(datasets[str(number)], layer.name)
            if values.shape != weight.shape:
                raise SavingError(f"layer '{layer.name}': {weight.name} is {weight.shape}, the file has {values.shape}")
            weight.assign(values)


def members(layer: Layer) -> Sequence[tuple[str, Any]]:
    """What Keras's file tree holds below a layer: ("", own weights), (path, weights) or (path, layer)."""
    special = getattr(layer, "saved_members", None)
    if special is not None:
        return list(special())
    found: list[tuple[str, Any]] = [("", layer.ordered_own)] if layer._own else []
    if hasattr(layer, "_stack"):
        return [*found, *_container("layers", layer.layers)]  # type: ignore[attr-defined]
    for key, value in sorted(vars(layer).items()):
        if isinstance(value, Layer):
            found.append((key, value))
        elif isinstance(value, (list, tuple)) and key not in ("_own", "_nodes"):
            found += _container(key, [each for each in value if isinstance(each, Layer)])
    return found


def _container(name: str, layers: Sequence[Layer]) -> list[tuple[str, Layer]]:
    """Layers in a list are numbered by class."""
    counts: dict[str, int] = {}
    found = []
    for layer in layers:
        kind = snake_case(type(layer).__name__)
        number = counts[kind] = counts.get(kind, -1) + 1
        found.append((f"{name}/{kind}_{number}" if number else f"{name}/{kind}", layer))
    return found


def _compile_config(model: Any) -> dict[str, Any] | None:
    if model.optimizer is None or model._metrics is None:
        return None
    loss = model._loss
    return {
        "optimizer": serialize(model.optimizer),
        "loss": None if loss is None else serialize(loss.given),
        "loss_weights": None if loss is None else loss.weights,
        "metrics": serialize(model._metrics.given),
        "weighted_metrics": serialize(model._metrics.weighted),
        "run_eagerly": model.run_eagerly,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def _compile(model: Any, config: dict[str, Any], custom_objects: dict[str, Any] | None) -> None:
    def made(value: Any, module: str) -> Any:
        if isinstance(value, dict) and "class_name" not in value:
            return {key: made(each, module) for key, each in value.items()}
        if isinstance(value, list):
            return [made(each, module) for each in value]
        return deserialize(value, module, custom_objects) if isinstance(value, dict) else value

    model.compile(
        optimizer=made(config.get("optimizer"), "keras.optimizers"),
        loss=made(config.get("loss"), "keras.losses"),
        loss_weights=config.get("loss_weights"),
        metrics=made(config.get("metrics"), "keras.metrics"),
        weighted_metrics=made(config.get("weighted_metrics"), "keras.metrics"),
    )


def _read_optimizer(model: Any, stored: ArchiveWeights) -> None:
    """The optimizer's state, where the file has all of it."""
    model.optimizer.build(model.trainable_weights)
    weights = _optimizer_weights(model)
    group = stored.member("optimizer").member("vars").group  # type: ignore[attr-defined]
    if group is None or len(group) != len(weights):
        return
    for number, weight in enumerate(weights):
        values = stored.budget.read(group[str(number)], "optimizer")
        if values.shape == weight.shape:
            weight.assign(values)


def _optimizer_weights(model: Any) -> list[Weight]:
    """The optimizer's variables; what it keeps beside a weight has the weight's layout."""
    optimizer = model.optimizer
    orders = {id(w.variable): w.order for w in model.ordered_weights}
    found = [Weight(v, v.name, None) for v in (optimizer.iterations, optimizer.learning_rate)]
    for trained in optimizer.trained:
        found += [Weight(v, v.name, orders.get(id(trained))) for v in optimizer.kept_beside(trained)]
    return found


def _replacing(path: Path, overwrite: bool) -> AbstractContextManager[BinaryIO]:
    if path.exists() and not overwrite:
        raise SavingError(f"'{path}' exists; give overwrite=True to replace it")
    return replacing(path, SavingError)


def _tuples(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {key: _tuples(each) for key, each in shape.items()}
    return tuple(_tuples(each) if isinstance(each, (list, tuple)) else each for each in shape)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as missing:
        raise RilletError("Keras model files need h5py: pip install 'rillet[keras]'") from missing
    return h5py
