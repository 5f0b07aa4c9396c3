"""Every layer against Keras: outputs, gradients, state after training=True, configuration; traced and run at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet
from rillet import keras as ours
from rillet.keras import layers

from . import jax_side
from .cases import ACTIVATIONS, LAYERS, WRAPPERS, Case

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras and NumPy 2

MOVES = {"Flatten", "Reshape", "Permute", "RepeatVector", "ZeroPadding2D", "ZeroPadding1D", "Cropping2D", "Cropping1D",
         "CenterCrop", "Identity", "Subtract", "Maximum", "Minimum", "Average", "Multiply", "MaxPooling1D",
         "AveragePooling1D", "DepthwiseConv1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D",
         "Activation"}  # fmt: skip
GRADIENTS = list({c.layer: c for c in reversed(LAYERS) if c.differentiable and c.layer not in MOVES}.values())
"""The first case of each layer that has a gradient of its own: each costs JAX a compilation."""


def randomized(model: Any) -> Any:
    """Weights that are all different, variances positive, so that nothing can be mixed up."""
    random = np.random.default_rng(3)
    for weight in model.ordered_weights:
        values = random.standard_normal(weight.shape).astype(np.float32) * 0.5
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    return model


def model_of(case: Case) -> Any:
    dtype = "int32" if case.integers else "float32"
    inputs = [ours.Input(shape, dtype=dtype) for shape in case.shapes]
    layer = getattr(layers, case.layer)(**case.options)
    outputs = layer(*inputs, **case.call or {}) if case.layer == "MultiHeadAttention" else layer(
        inputs if len(inputs) > 1 else inputs[0])  # fmt: skip
    return randomized(ours.Model(inputs if len(inputs) > 1 else inputs[0], outputs))


def alone(inputs: list[Any]) -> Any:
    return inputs if len(inputs) > 1 else inputs[0]


def close(result: Any, wanted: Any, tolerance: float = 2e-5) -> None:
    result, wanted = np.asarray(result), np.asarray(wanted)
    assert result.shape == wanted.shape
    np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(wanted).max())))


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_outputs_and_configuration(case: Case, keras: Any, tmp_path: Path) -> None:
    """Of a file that rillet writes and Keras reads; and again the other way round."""
    model, x = model_of(case), alone(case.inputs())
    y = model(x, training=False)
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    close(y, theirs(x, training=False))
    theirs.save(tmp_path / "theirs.keras")
    again = ours.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_array_equal(again(x, training=False), y)
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    close(rillet.function(lambda v: model(v, training=False))(x), y)


@pytest.mark.parametrize("case", GRADIENTS, ids=str)
def test_gradients(case: Case, trained_by_keras: Callable[..., Any], tmp_path: Path) -> None:
    """Of the weights and the inputs with training=True, and what the layer remembers; at once and traced."""
    model, inputs = model_of(case), case.inputs()
    seed = np.random.default_rng(2).standard_normal(model(alone(inputs), training=False).shape, np.float32)
    model.save(tmp_path / "model.keras")
    y, weights, given, state = trained_by_keras(jax_side.gradients, str(tmp_path / "model.keras"), inputs, seed)
    before = model.get_weights()
    at_once = partial(differentiated, model, seed)
    for step in (at_once, rillet.function(at_once)):
        model.set_weights(before)
        result, own, own_given = step(*map(rillet.convert_to_tensor, inputs))
        close(result, y)
        for gradient, wanted, weight in zip(own, weights, trainable(model), strict=True):
            close(gradient if weight.order is None else np.transpose(gradient, np.argsort(weight.order)), wanted, 5e-5)
        for gradient, wanted in zip(own_given, given, strict=bool(given)):
            close(gradient, wanted, 5e-5)
        rest = [w for w in model.ordered_weights if w not in trainable(model)]
        for weight, wanted in zip(rest, state, strict=False):
            close(weight.numpy(), wanted)


def trainable(model: Any) -> list[Any]:
    return [w for w in model.ordered_weights if w.variable.trainable]


def differentiated(model: Any, seed: np.ndarray, *inputs: Any) -> tuple[Any, Any, Any]:
    """The outputs, and the gradients of sum(outputs * seed) to the weights and the inputs."""
    with rillet.GradientTape() as tape:
        for each in (x for x in inputs if x.dtype.kind == "f"):
            tape.watch(each)
        y = model(alone(list(inputs)), training=True)
        loss = rillet.reduce_sum(y * seed)
    kept = len(model.trainable_weights)
    found = tape.gradient(loss, [*model.trainable_weights, *(x for x in inputs if x.dtype.kind == "f")])
    return y, found[:kept], found[kept:]


@pytest.mark.parametrize(("outer", "inner", "options", "outer_options"), WRAPPERS)
def test_layers_around_layers(
    outer: str, inner: str, options: dict[str, Any], outer_options: dict[str, Any], keras: Any, tmp_path: Path
) -> None:
    layer = getattr(layers, outer)(getattr(layers, inner)(**options), **outer_options)
    source = ours.Input((6, 4))
    model = randomized(ours.Model(source, layer(source)))
    x = np.random.default_rng(1).standard_normal((3, 6, 4), np.float32)
    y = model(x)
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    wanted = theirs(x)
    theirs.save(tmp_path / "theirs.keras")
    again = ours.models.load_model(tmp_path / "theirs.keras")
    for result, loaded, expected in zip(as_list(y), as_list(again(x)), as_list(wanted), strict=True):
        close(result, expected)
        np.testing.assert_array_equal(result, loaded)
    assert again.layers[1].get_config() == layer.get_config()


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


@pytest.mark.parametrize("states", [{"return_state": True}, {"return_state": True, "return_sequences": True}])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_states_of_recurrent_layers(kind: str, states: dict[str, bool], keras: Any, tmp_path: Path) -> None:
    """One layer's states start the next one, as in a sequence-to-sequence model."""
    source, target = ours.Input((6, 4)), ours.Input((3, 4))
    first = getattr(layers, kind)(5, **states)
    _, *carried = first(source)
    model = randomized(ours.Model([source, target], getattr(layers, kind)(5)(target, initial_state=carried)))
    random = np.random.default_rng(1)
    x = [random.standard_normal((2, 6, 4), np.float32), random.standard_normal((2, 3, 4), np.float32)]
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    close(model(x), theirs(x))
    theirs.save(tmp_path / "theirs.keras")
    np.testing.assert_array_equal(ours.models.load_model(tmp_path / "theirs.keras")(x), model(x))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, keras: Any) -> None:
    x = np.random.default_rng(1).uniform(-7, 7, (40, 6)).astype(np.float32)
    close(ours.activations.get(name)(rillet.convert_to_tensor(x)), keras.activations.get(name)(x))


def test_random_crop_outside_of_training(keras: Any) -> None:
    """Keras documents the largest piece of the same form, resized; its 3.15 gives the whole image back."""
    x = np.random.default_rng(1).random((2, 12, 9, 3), np.float32)
    close(layers.RandomCrop(6, 6)(x), keras.layers.Resizing(6, 6)(x[:, 1:10]))


@pytest.mark.parametrize(
    ("layer", "mean", "deviation"),
    [("Dropout", 1.0, 1.0), ("SpatialDropout1D", 1.0, 1.0), ("GaussianDropout", 1.0, 1.0), ("GaussianNoise", 1.0, 0.5)],
)
def test_noise_has_the_right_moments(layer: str, mean: float, deviation: float) -> None:
    y = getattr(layers, layer)(0.5)(np.ones((64, 8, 256), np.float32), training=True).numpy()
    assert abs(y.mean() - mean) < 0.02 and abs(y.std() - deviation) < 0.02


def test_noise_is_drawn_anew_and_can_be_repeated() -> None:
    dropout, x = layers.Dropout(0.5), np.ones((4, 100), np.float32)
    draw = rillet.function(lambda v: dropout(v, training=True))
    first, second = draw(x).numpy().copy(), draw(x).numpy().copy()
    assert (first != second).any()
    ours.utils.set_random_seed(7)
    np.testing.assert_array_equal(draw(x), first)


def test_images_are_changed_in_training_only() -> None:
    x = np.random.default_rng(1).random((8, 6, 6, 1), np.float32)
    changes = (layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.3),
               layers.RandomTranslation(0.3, 0.3))  # fmt: skip
    for layer in changes:
        np.testing.assert_array_equal(layer(x), x)
        y = layer(x, training=True).numpy()
        assert (y != x).any() and y.min() >= x.min() - 1e-6 and y.max() <= x.max() + 1e-6
    flipped = layers.RandomFlip("horizontal")(x, training=True).numpy()
    mirrored = [bool((a == b[:, ::-1]).all()) for a, b in zip(flipped, x, strict=True)]
    kept = [bool((a == b).all()) for a, b in zip(flipped, x, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True)) and any(mirrored) and any(kept)


def test_normalization_learns_from_data(keras: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(3, 2, (50, 4)).astype(np.float32)
    own, theirs = layers.Normalization(), keras.layers.Normalization()
    own.adapt(x)
    theirs.adapt(x)
    close(own(x), theirs(x))
    source = ours.Input((4,))
    ours.Model(source, own(source)).save(tmp_path / "ours.keras")
    close(keras.models.load_model(tmp_path / "ours.keras")(x), theirs(x))
