"""What users write: imports, operators on symbolic tensors, callbacks, conversion; and what goes wrong."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import keras
from rillet.ir import RilletError
from rillet.keras import layers

from .test_layers import close, randomized
from .test_saving import MODELS, cnn, data_for

X = np.random.default_rng(1).standard_normal((40, 4), np.float32)
Y = X[:, :1] * 2 - X[:, 1:2]


def line(**options: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(options.pop("rate", 0.05)), "mse", **options)
    return model


def test_imports() -> None:
    assert keras.models.load_model and keras.models.Sequential is keras.Sequential and keras.saving.load_model
    assert keras.optimizers.schedules.CosineDecay and keras.utils.set_random_seed and keras.callbacks.TensorBoard
    np.testing.assert_array_equal(keras.utils.to_categorical([0, 2], 3), [[1, 0, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match="classes"):
        keras.utils.to_categorical([3], 3)


def test_operators_and_functions_on_symbolic_tensors() -> None:
    a, b = keras.Input((4, 3)), keras.Input((4, 3))
    y = abs(((1 - (-((a + b) * 2.0)[:, 0, 1:])) / 2) ** 2)
    z = rillet.nn.softplus(rillet.reduce_mean(a - np.float32(1), 1))
    model = keras.Model([a, b], [y, layers.Dense(2, use_bias=False, kernel_initializer="ones")(z)])
    x, w = X[:2, :, None].repeat(3, 2), X[2:4, :, None].repeat(3, 2)
    first, second = model([x, w])
    close(first, ((1 + ((x + w) * 2)[:, 0, 1:]) / 2) ** 2)
    close(second, np.log1p(np.exp((x - 1).mean(1))).sum(1, keepdims=True).repeat(2, 1))
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("GetItem" in text for text in lines) and any("Total parameters: 6 " in text for text in lines)
    with pytest.raises(RilletError, match="cannot be saved"):
        model.get_config()
    with pytest.raises(RilletError, match="no value"):
        bool(a)
    with pytest.raises(RilletError, match="never be trained"):
        a * rillet.Variable(2.0, name="scale")


@pytest.mark.parametrize("name", MODELS)
def test_converted_models_run_in_litert(name: str) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    model = randomized(MODELS[name]())
    inputs = [x[:1] for x in data_for(model)]
    wanted = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    graphs = rillet.convert(model, optimize=True, input_shapes=None)
    if name == "cnn":
        kinds = [op.kind for op in graphs.main.ops]
        assert "MUL" not in kinds and "ADD" not in kinds  # batch normalization is folded
    from rillet.flatbuffer.writer import write_bytes

    interpreter = litert.Interpreter(model_content=write_bytes(graphs))
    details = interpreter.get_input_details()
    interpreter.allocate_tensors()
    for detail, x in zip(details, inputs, strict=True):
        interpreter.set_tensor(detail["index"], x)
    interpreter.invoke()
    results = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    for result, each in zip(results, wanted if isinstance(wanted, (list, tuple)) else [wanted], strict=True):
        close(result, each, 1e-4)


def test_callbacks_that_stop_and_slow_down(tmp_path: Path) -> None:
    flat = keras.callbacks.EarlyStopping("loss", patience=2, min_delta=1e3, restore_best_weights=True)
    slower = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e3)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    seen: list[int] = []
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    model = line()
    model.fit(X, Y, epochs=9, verbose=0, callbacks=[flat, slower, log, told])
    assert seen == [0, 1, 2] and float(model.optimizer.learning_rate) == pytest.approx(0.05 / 4)
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"] and "loss" in rows[0]
    rates: list[float] = []
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rates.append(rate) or rate / 2)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[scheduler])
    assert rates == pytest.approx([0.0125, 0.00625])


def test_a_loss_that_is_no_number(tmp_path: Path, capsys: Any) -> None:
    """TerminateOnNaN says so and stops; ModelCheckpoint keeps the last good file."""
    path = tmp_path / "best.keras"
    line().save(path)
    before = path.read_bytes()
    bad = X.copy()
    bad[30] = np.nan
    stop, keep = keras.callbacks.TerminateOnNaN(), keras.callbacks.ModelCheckpoint(path, monitor="loss")
    model = line()
    model.fit(bad, Y, epochs=5, batch_size=10, verbose=0, shuffle=False, callbacks=[stop, keep])
    said = capsys.readouterr().err
    assert "Batch 3: the loss is nan" in said and "nothing saved" in said
    assert path.read_bytes() == before and len(model.history.epoch) == 1
    with pytest.raises(RilletError, match="Batch 3"):
        line().fit(bad, Y, batch_size=10, verbose=0, shuffle=False, callbacks=[keras.callbacks.TerminateOnNaN(True)])


def test_checkpoints_of_the_best(tmp_path: Path) -> None:
    best = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}.keras", "loss", save_best_only=True)
    line().fit(X, Y, epochs=3, verbose=0, callbacks=[best])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01.keras", "02.keras", "03.keras"]


def test_tensorboard_reads_the_events(tmp_path: Path) -> None:
    module = "tensorboard.backend.event_processing.event_accumulator"
    accumulators = pytest.importorskip(module, reason="needs the tensorboard package (pip install rillet[dev])")
    events = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1, update_freq=1)
    history = line().fit(X, Y, epochs=2, validation_split=0.25, verbose=0, callbacks=[events]).history
    read = accumulators.EventAccumulator(str(tmp_path / "train"), size_guidance={"histograms": 0})
    read.Reload()
    assert [e.value for e in read.Scalars("epoch_loss")] == pytest.approx(history["loss"])
    assert read.Histograms("dense/kernel")[0].histogram_value.num == 4 and len(read.Graph().node) > 1
    read = accumulators.EventAccumulator(str(tmp_path / "validation"))
    read.Reload()
    assert [e.value for e in read.Scalars("epoch_loss")] == pytest.approx(history["val_loss"])


def test_what_does_not_fit_is_said() -> None:
    model = line()
    with pytest.raises(RilletError, match="different lengths"):
        model.fit(X, Y[:-1], verbose=0)
    with pytest.raises(RilletError, match=r"is \(None, 4\), not"):
        model.predict(X[:, :3], verbose=0)
    with pytest.raises(RilletError, match="must be compiled"):
        cnn().fit(X, Y)
    with pytest.raises(RilletError, match="labels of shape"):
        model.fit(X, X[:, 0, None, None], verbose=0)
    with pytest.raises(RilletError, match="channels"):
        layers.Conv2D(3, 3)(X)
    with pytest.raises(RilletError, match=r"never called|not among"):
        keras.Model(keras.Input((3,)), keras.Input((4,)) + 1.0)
    with pytest.raises(RilletError, match="two layers named"):
        source = keras.Input((4,))
        keras.Model(source, layers.Dense(2, name="a")(layers.Dense(2, name="a")(source)))
    with pytest.raises(RilletError, match="class 1"):
        model.fit(X, np.ones(40, np.int32), class_weight={0: 1.0}, verbose=0)
