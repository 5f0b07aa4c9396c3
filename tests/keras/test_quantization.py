"""Quantization-aware training: what trains is what runs, layer by layer; and it gets back what quantizing loses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rillet
from examples.training import data, quantized
from rillet import keras
from rillet.conversion import convert_and_report
from rillet.flatbuffer import write_bytes
from rillet.ir import DType, RilletError
from rillet.keras import layers
from rillet.quantize import QuantizationError, annotate
from tests.quantize.data import litert
from tests.zoo import zoo

Array = NDArray[Any]
SHAPE = (12, 12, 3)


def normalized(layer: Any, x: Any, activation: Any = None) -> Any:
    y = layers.BatchNormalization(momentum=0.8)(layer(x))
    return y if activation is None else activation(y)


def plain(x: Any) -> Any:
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return layers.Dense(10, activation="softmax")(layers.Flatten()(x))


def mobile(x: Any) -> Any:
    x = normalized(layers.Conv2D(8, 3, 2, padding="same", use_bias=False), x, layers.ReLU(6))
    x = normalized(layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2), x, layers.Activation("relu6"))
    x = normalized(layers.SeparableConv2D(12, 3), x, layers.ReLU())
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(x))


def residual(x: Any) -> Any:
    """A sum of three, its activation in one operator with it; a branch that two layers read."""
    a = normalized(layers.Conv2D(8, 3, padding="same"), x)
    b = layers.Conv2D(8, 1, activation="relu")(x)
    c = layers.Conv2D(8, 3, padding="same")(b)
    x = layers.ReLU()(layers.Add()([a, b, c]))
    x = layers.AveragePooling2D(3)(x)
    return layers.Dense(10)(layers.Reshape((128,))(x))


def joined(x: Any) -> Any:
    """One scale for all that is joined; a pool on it."""
    a = layers.Conv2D(4, 1)(x)
    b = layers.Conv2D(4, 3, padding="same", activation="sigmoid")(x)
    x = layers.Concatenate()([a, b, layers.MaxPooling2D(3, 1, "same")(a)])
    x = layers.UpSampling2D()(layers.AveragePooling2D(3)(x))
    return layers.Dense(10)(layers.GlobalMaxPooling2D()(x))


def activated(x: Any) -> Any:
    for activation in (
        "silu",
        "tanh",
        "gelu",
        "hard_silu",
        layers.LeakyReLU(0.1),
        layers.ReLU(negative_slope=0.2),
    ):
        x = layers.Conv2D(6, 1)(x)
        x = layers.Activation(activation)(x) if isinstance(activation, str) else activation(x)
    return layers.Softmax()(layers.Dense(10)(layers.Flatten()(x)))


def sequences(x: Any) -> Any:
    x = layers.Reshape((36, 12))(x)
    x = normalized(layers.Conv1D(8, 3, padding="same"), x, layers.ReLU())
    x = layers.MaxPooling1D()(layers.SeparableConv1D(8, 3, activation="relu")(x))
    x = layers.GlobalAveragePooling1D()(layers.Subtract()([x, layers.Conv1D(8, 1)(x)]))
    return layers.Dense(10)(x)


def nested(x: Any) -> Any:
    inner = keras.Sequential([keras.Input((12, 12, 8)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(2)])
    return layers.Dense(10)(layers.Flatten()(inner(layers.Conv2D(8, 1)(x))))


def upward(x: Any) -> Any:
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(layers.Multiply()([x, x])))


MODELS = [plain, mobile, residual, joined, activated, sequences, nested, upward]


def samples(count: int = 192) -> tuple[Array, Array]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(count, *SHAPE)).astype(np.float32)
    return x, (x.mean((1, 2, 3)) * 60).astype(np.int32) % 10


def built(body: Any) -> Any:
    x = keras.Input(SHAPE)
    return keras.Model(x, body(x))


def trained(model: Any, epochs: int = 3) -> Any:
    is_probability = type(model.layers[-1]).__name__ in ("Softmax", "Rounded")
    model.compile(
        keras.optimizers.Adam(2e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=not is_probability)
    )
    model.fit(*samples(), 32, epochs, verbose=0)
    return model


@pytest.mark.parametrize("body", MODELS)
def test_what_trains_is_what_runs(body: Any) -> None:
    """The integer model's outputs are within a step of the annotated model's for nearly all; LiteRT's are the same.

    Where a sigmoid joins others it is requantized, which rounds twice, as in LiteRT: more are two steps away there.
    """
    aware = trained(annotate(built(body)))
    x, _ = samples()
    model = rillet.convert(aware, recipe="static_wi8_ai8")
    assert all(t.dtype is not DType.FLOAT32 for t in model.main.tensors())
    outputs, (scale, zero_point) = quantized.integer_outputs(model, x, 64)
    expected = np.clip(np.round(aware.predict(x, verbose=0) / scale) + zero_point, -128, 127)
    assert (np.abs(outputs - expected) <= 1).mean() >= (0.9 if body is joined else 0.98)
    judged = litert(write_bytes(model), list(x[:32]))
    np.testing.assert_array_equal(np.round(judged / scale) + zero_point, outputs[:32])


def test_four_bits_where_runtimes_have_them() -> None:
    model = rillet.convert(trained(annotate(built(upward), "static_wi4_ai8"), 1), recipe="static_wi4_ai8")
    stored = {op.kind: op.inputs[1].dtype for op in model.main.ops if op.kind in ("TRANSPOSE_CONV", "FULLY_CONNECTED")}
    assert stored == {"TRANSPOSE_CONV": DType.INT8, "FULLY_CONNECTED": DType.INT4}
    assert quantized.integer_outputs(model, samples()[0], 64)[0].shape == (192, 10)


def test_training_gets_back_what_quantizing_loses() -> None:
    """4-bit weights, a fifth of the data: 70.5% in float, 68.6% quantized afterwards, 72.5% trained for it."""
    zoo("datasets/fashion_mnist")
    x, y, x_test, y_test = data.fashion_mnist()
    found = quantized.compare(0, split=(x[:2000], y[:2000], x_test[:2000], y_test[:2000]), epochs=6, tuning_epochs=4)
    assert found.trained - found.afterwards >= 0.01
    assert found.recovered >= 0.8
    assert found.aware == pytest.approx(found.aware_float, abs=0.01)


def test_the_model_it_comes_from_stays_as_it_is() -> None:
    model = built(mobile)
    before = model.get_weights()
    trained(annotate(model), 1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_before_training_only_weights_are_rounded() -> None:
    model = trained(built(mobile))
    x, _ = samples(16)
    aware = annotate(model)
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(aware.predict(x, verbose=0), y, atol=0.05 * np.abs(y).max())
    with pytest.raises(RilletError, match="has no range yet"):
        rillet.convert(aware, recipe="static_wi8_ai8")


def test_a_converted_model_without_a_recipe_keeps_its_rounding() -> None:
    aware = trained(annotate(built(mobile)), 1)
    x, _ = samples(8)
    model = rillet.convert(aware)
    assert "rillet.FAKE_QUANT" in {op.kind for op in model.main.ops}
    interpreter = rillet.Interpreter(model_content=write_bytes(model))
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, x)
    interpreter.invoke()
    outputs = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(outputs, aware.predict(x, verbose=0), atol=0.02 * np.abs(outputs).max())


def test_trained_ranges_need_no_calibration_data() -> None:
    aware = trained(annotate(built(mobile)), 1)
    x, _ = samples(16)
    with_data, report = convert_and_report(aware, recipe="static_wi8_ai8", calibration=x, with_errors=False)
    assert any("trained ranges" in each for each in report.warnings)
    assert write_bytes(with_data) == write_bytes(rillet.convert(aware, recipe="static_wi8_ai8"))


def test_saved_and_loaded(tmp_path: Path) -> None:
    aware = trained(annotate(built(joined), "static_wi4_ai8"), 1)
    aware.save(tmp_path / "aware.keras")
    again = keras.models.load_model(tmp_path / "aware.keras")
    x, _ = samples(8)
    np.testing.assert_array_equal(again.predict(x, verbose=0), aware.predict(x, verbose=0))


def test_frozen_normalization_trains_with_folded_weights() -> None:
    aware = annotate(built(mobile))
    for layer in aware.every_layer():
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    means = [np.array(w) for w in aware.non_trainable_weights if "moving_mean" in w.name]
    trained(aware, 1)
    for old, new in zip(means, (w for w in aware.non_trainable_weights if "moving_mean" in w.name), strict=True):
        np.testing.assert_array_equal(old, new)


def attention(x: Any) -> Any:
    x = layers.Reshape((36, 12))(x)
    return layers.MultiHeadAttention(2, 4, name="looking")(x, x)


def lone_normalization(x: Any) -> Any:
    return layers.Dense(10)(layers.Flatten()(layers.BatchNormalization(name="alone")(x)))


def softplus(x: Any) -> Any:
    return layers.Activation("softplus", name="soft")(layers.Conv2D(4, 1)(x))


def shared(x: Any) -> Any:
    layer = layers.Conv2D(3, 3, padding="same", name="both")
    return layer(layer(x))


@pytest.mark.parametrize(
    ("body", "message"),
    [(attention, "looking"), (lone_normalization, "alone"), (softplus, "soft"), (shared, "'both' is called twice")],
)
def test_what_has_no_integer_form_is_named(body: Any, message: str) -> None:
    with pytest.raises(RilletError, match=message):
        annotate(built(body))


def test_what_cannot_be_annotated() -> None:
    model = built(plain)
    with pytest.raises(QuantizationError, match="int"):
        annotate(3)
    with pytest.raises(RilletError, match="float16"):
        annotate(model, "float16")
    with pytest.raises(RilletError, match="already"):
        annotate(annotate(model))
    with pytest.raises(RilletError, match="not built"):
        annotate(keras.Sequential([layers.Dense(3)]))
