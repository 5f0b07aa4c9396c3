"""`.keras` files in both directions with optimizer state; damaged files and full disks."""

from __future__ import annotations

import json
import resource
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet import keras as ours
from rillet.ir import RilletError
from rillet.keras import layers
from rillet.keras.saving import _optimizer_weights as optimizer_weights

from . import jax_side
from .test_layers import as_list, close, randomized

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras and NumPy 2


def cnn() -> Any:
    return ours.Sequential([
        ours.Input((10, 10, 3)), layers.Conv2D(6, 3, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.DepthwiseConv2D(3), layers.SeparableConv2D(6, 3), layers.MaxPooling2D(), layers.Dropout(0.2),
        layers.Flatten(), layers.Dense(4, activation="softmax"),
    ])  # fmt: skip


def recurrent() -> Any:
    return ours.Sequential([
        ours.Input((6, 4)), layers.LSTM(7, return_sequences=True), layers.Bidirectional(layers.GRU(5)), layers.Dense(3)
    ])  # fmt: skip


def transformer() -> Any:
    source = ours.Input((6,), dtype="int32")
    x = layers.Embedding(11, 8)(source)
    for _ in range(2):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(8)(layers.Dense(16, activation="gelu")(x))]))
    return ours.Model(source, layers.Dense(11)(x))


def nested() -> Any:
    """Models in models, a shared layer, two inputs, two outputs, operators."""
    inner = ours.Sequential([layers.Dense(5, activation="relu"), layers.Dense(4)])
    first, second = ours.Input((4,), name="first"), ours.Input((4,), name="second")
    shared = layers.Dense(4, name="shared")
    a, b = inner(shared(first)), inner(shared(second))
    return ours.Model([first, second], [(a - b) * 0.5, layers.Concatenate(name="both")([a, b[:, 1:]])])


MODELS = {"cnn": cnn, "recurrent": recurrent, "transformer": transformer, "nested": nested}


def data_for(model: Any) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    shapes = [(8, *t.shape[1:]) for t in model.inputs]
    if model.inputs[0].dtype.kind == "i":
        return [random.integers(0, 11, s).astype(np.int32) for s in shapes]
    return [random.standard_normal(s, np.float32) for s in shapes]


@pytest.mark.parametrize("name", MODELS)
def test_both_ways(name: str, trained_by_keras: Callable[..., Any], keras: Any, tmp_path: Path) -> None:
    """Equal outputs and optimizer state in Keras and back; one more epoch there and here ends alike."""
    model = randomized(MODELS[name]())
    inputs = data_for(model)
    x = inputs if len(inputs) > 1 else inputs[0]
    targets = [np.asarray(p) * 0.3 for p in as_list(model.predict(x, verbose=0))]
    y = targets if len(targets) > 1 else targets[0]
    for layer in model.layers:
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    model.compile(ours.optimizers.Adam(0.01), ["mse"] * len(targets) if len(targets) > 1 else "mse")
    fit = {"x": x, "y": y, "batch_size": 4, "epochs": 1, "shuffle": False}
    model.fit(**fit, verbose=0)
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    for own, wanted in zip(as_list(model.predict(x, verbose=0)), as_list(theirs(x, training=False)), strict=True):
        close(own, wanted, 5e-5)
    theirs.save(tmp_path / "theirs.keras")
    again = ours.models.load_model(tmp_path / "theirs.keras")
    for own, wanted in zip(as_list(again.predict(x, verbose=0)), as_list(model.predict(x, verbose=0)), strict=True):
        np.testing.assert_array_equal(own, wanted)
    for own, wanted in zip(optimizer_weights(again), theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(own.numpy(), np.asarray(wanted))
    if name != "nested":  # JAX takes long to compile
        return
    _, weights = trained_by_keras(jax_side.fitted, str(tmp_path / "ours.keras"), fit)
    again.fit(**fit, verbose=0)
    for own, wanted in zip(again.get_weights(), weights, strict=True):
        close(own, wanted, 2e-3)


def test_weights_alone(keras: Any, tmp_path: Path) -> None:
    model, other = randomized(cnn()), cnn()
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    theirs.load_weights(tmp_path / "m.weights.h5")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    other.load_weights(tmp_path / "theirs.weights.h5")
    for own, wanted in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, wanted)


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "m.keras"
    model = recurrent()
    model.compile("adam", "mse")
    model.save(path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.97])
def test_damaged_files(at: float, tmp_path: Path) -> None:
    """Cut off or with a byte changed: an error of ours, or the weights as they were (the byte meant nothing)."""
    path = saved(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * at)])
    with pytest.raises(RilletError):
        ours.models.load_model(path)
    wrong = bytearray(whole)
    wrong[int(len(whole) * at)] ^= 0xFF
    path.write_bytes(wrong)
    try:
        ours.models.load_model(path)
    except RilletError:
        return


def test_unknown_layers_name_what_to_do(tmp_path: Path) -> None:
    path = saved(tmp_path)
    rewritten(path, lambda c: c["config"]["layers"][1].update(class_name="Fancy", registered_name="Own>Fancy"))
    with pytest.raises(RilletError, match=r"Fancy.*custom_objects"):
        ours.models.load_model(path)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    path = saved(tmp_path)
    rewritten(path, lambda c: c["config"]["layers"][1]["config"].update(units=9))
    with pytest.raises(RilletError, match="lstm"):
        ours.models.load_model(path)


def test_wrong_names_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(RilletError, match=r"\.keras"):
        cnn().save(tmp_path / "m.h5")
    with pytest.raises(RilletError):
        ours.models.load_model(tmp_path / "none.keras")
    with pytest.raises(RilletError, match="cannot write"):
        cnn().save(tmp_path / "no" / "m.keras")
    path = saved(tmp_path)
    with pytest.raises(RilletError, match="exists"):
        cnn().save(path, overwrite=False)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 500, 20_000])
def test_a_full_disk_leaves_the_last_checkpoint(size: int, tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    model = randomized(recurrent())
    with full_disk(size), pytest.raises(RilletError, match="cannot write"):
        model.save(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["m.keras"]
