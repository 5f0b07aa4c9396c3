"""Every layer and activation against Keras 3 itself (its numpy backend), from both of its containers."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet.flatbuffer.writer import write_bytes
from rillet.importers.keras import KerasError, load
from rillet.ir import Model
from rillet.ops import evaluate

from .keras_cases import FIRST, LAYERS, MERGES, Shape, randomize

pytest.importorskip("h5py")
os.environ.setdefault("KERAS_BACKEND", "numpy")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras", reason="needs Keras 3 and jax, which its numpy backend imports")

CONTAINERS = ("keras", "h5")
pytestmark = pytest.mark.filterwarnings("ignore")


def check(model: Any, path: Path, inputs: list[np.ndarray]) -> Model:
    """Saves, imports and compares; gives the imported model."""
    expected = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    expected = [np.asarray(e) for e in (expected if isinstance(expected, (list, tuple)) else [expected])]
    model.save(path)
    imported = load(path)
    results = list(evaluate(imported.main, inputs).values())
    for result, wanted in zip(results + litert(imported, inputs), expected + results, strict=True):
        assert result.shape == wanted.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5 * float(np.abs(wanted).max()))
    return imported


def litert(model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What LiteRT makes of the model, so that the importer emits no operator that other runtimes refuse."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(model_content=write_bytes(model))
    interpreter.allocate_tensors()
    for details, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(details["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]


def of_shape(shape: Shape) -> np.ndarray:
    return np.random.default_rng(1).uniform(-2, 2, (1, *shape)).astype(np.float32)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("case", LAYERS)
def test_layer(case: str, container: str, tmp_path: Path) -> None:
    make, shape = LAYERS[case]
    model = keras.Sequential([keras.Input(shape), make(keras.layers)])
    randomize(model)
    check(model, tmp_path / f"m.{container}", [of_shape(shape)])


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("case", MERGES)
def test_merge(case: str, container: str, tmp_path: Path) -> None:
    make, shapes = MERGES[case]
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, make(keras.layers)(inputs))
    check(model, tmp_path / f"m.{container}", [of_shape(shape) for shape in shapes])


@pytest.mark.parametrize("case", sorted(FIRST))
def test_channels_first(case: str, tmp_path: Path) -> None:
    """Against the same layer with channels last: Keras on a CPU does not run channels first."""
    make, shape = LAYERS[case]
    last = keras.Sequential([keras.Input(shape), make(keras.layers)])
    randomize(last)
    last.layers[0].data_format = "channels_last"
    x = of_shape(shape)
    expected = np.asarray(last(x))
    last.layers[0].data_format = "channels_first"
    config = last.get_config()
    config["layers"][0]["config"]["batch_shape"] = [None, shape[-1], *shape[:-1]]
    last.get_config = lambda: config
    last.save(tmp_path / "m.h5")
    imported = load(tmp_path / "m.h5").main
    result = evaluate(imported, [np.moveaxis(x, -1, 1)])
    if expected.ndim > 2:
        expected = np.moveaxis(expected, -1, 1)
    np.testing.assert_allclose(next(iter(result.values())), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("container", CONTAINERS)
def test_functional_with_branches_shared_layers_nested_models_and_operators(container: str, tmp_path: Path) -> None:
    L = keras.layers
    image, vector = keras.Input((8, 8, 3), name="image"), keras.Input((4,), name="vector")
    first = L.Conv2D(4, 3, padding="same", name="first")
    block = keras.Sequential(
        [keras.Input((8, 8, 4)), L.Conv2D(4, 3, padding="same", name="first"), L.BatchNormalization(), L.ReLU()],
        name="block",
    )
    inner_in = keras.Input((8, 8, 4))
    inner = keras.Model(inner_in, [L.Dense(4)(inner_in), L.DepthwiseConv2D(3, padding="same")(inner_in)], name="inner")
    shared = L.Dense(4, activation="relu", name="shared")
    x = first(image)
    y, z = inner(block(x))
    a, b = shared(y), shared(block(z))
    joined = L.Concatenate()([a, b, x * 2.0 - 1.0])
    scores = L.Dense(5, activation="softmax", name="scores")(L.GlobalAveragePooling2D()(joined))
    distance = L.Subtract(name="distance")([shared(vector), L.GlobalMaxPooling2D()(a)])
    model = keras.Model({"image": image, "vector": vector}, [scores, distance])
    randomize(model)
    inputs = [of_shape((8, 8, 3)), of_shape((4,))]
    expected = [np.asarray(e) for e in model({"image": inputs[0], "vector": inputs[1]}, training=False)]
    model.save(tmp_path / f"m.{container}")
    imported = load(tmp_path / f"m.{container}")
    assert [t.name for t in imported.main.inputs] == ["image", "vector"]
    assert list(imported.signatures[0].outputs) == ["scores", "distance"]
    for result, wanted in zip(evaluate(imported.main, inputs).values(), expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)
    kernels = [t for t in imported.main.tensors() if t.name == "shared/kernel"]
    assert len(kernels) == 1, "a shared layer's weights exist once"
    assert {op.source for op in imported.main.ops} >= {"first", "block/first", "shared", "scores"}


def test_embedding_takes_integers(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6,), dtype="int32"), keras.layers.Embedding(10, 4), keras.layers.Flatten()])
    randomize(model)
    check(model, tmp_path / "m.keras", [np.array([[0, 9, 3, 3, 1, 2]], np.int32)])


def test_adapted_normalization_reads_its_variables(tmp_path: Path) -> None:
    layer = keras.layers.Normalization(axis=-1)
    layer.adapt(np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32))
    check(keras.Sequential([keras.Input((4,)), layer]), tmp_path / "m.keras", [of_shape((4,))])


def test_batch_and_input_shapes(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((None, None, 3), name="image"), keras.layers.Conv2D(2, 3)])
    model.save(tmp_path / "m.keras")
    assert load(tmp_path / "m.keras").main.inputs[0].shape == (1, None, None, 3)
    assert load(tmp_path / "m.keras", batch=None).main.inputs[0].shape == (None, None, None, 3)
    assert load(tmp_path / "m.keras", {"image": (2, 8, 8, 3)}).main.outputs[0].shape == (2, 6, 6, 2)
    with pytest.raises(KerasError, match="does not fit"):
        load(tmp_path / "m.keras", {"image": (1, 8, 8, 4)})
    with pytest.raises(KerasError, match="no input named 'picture'"):
        load(tmp_path / "m.keras", {"picture": (1, 8, 8, 3)})


UNKNOWN = {
    "layer 'it' .Conv3D.*replace it": ((8, 8, 8, 2), lambda L, x: L.Conv3D(2, 3, name="it")(x)),
    "layer 'it' .MultiHeadAttention": ((4, 6), lambda L, x: L.MultiHeadAttention(2, 4, name="it")(x, x)),
    "layer 'it'.*stateful": ((4, 6), lambda L, x: L.LSTM(2, stateful=True, name="it")(x)),
    "layer 'it'.*300 time steps": ((300, 2), lambda L, x: L.LSTM(2, name="it")(x)),
    "layer 'it'.*mask_zero": ((4,), lambda L, x: L.Embedding(5, 2, mask_zero=True, name="it")(x)),
    "layer 'it'.*'sparsemax'; it knows": ((4,), lambda L, x: L.Activation("sparsemax", name="it")(x)),
    "layer 'it' is called with training": ((4,), lambda L, x: L.Dropout(0.1, name="it")(x, training=True)),
    "function keras.src.ops.numpy.Sin": ((4,), lambda L, x: keras.ops.sin(x)),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_imported_is_an_error_that_names_the_layer(text: str, tmp_path: Path) -> None:
    shape, make = UNKNOWN[text]
    x = keras.Input(shape, batch_size=1)
    keras.Model(x, make(keras.layers, x)).save(tmp_path / "m.keras")
    with pytest.raises(KerasError, match=text):
        load(tmp_path / "m.keras")


def test_a_whole_network_of_keras_applications(tmp_path: Path) -> None:
    """MobileNetV3: squeeze and excite, hard swish, explicit padding, a network as the first layer of another."""
    network = keras.applications.MobileNetV3Small((64, 64, 3), alpha=0.75, weights=None, include_top=False)
    L = keras.layers
    model = keras.Sequential([keras.Input((64, 64, 3)), network, L.GlobalAveragePooling2D(), L.Dense(3)])
    randomize(model)
    for variable in model.weights:  # keeps values of a deep network in range
        if variable.path.endswith("kernel"):
            variable.assign(np.asarray(variable) / np.sqrt(np.prod(variable.shape[:-1])))
    imported = check(model, tmp_path / "m.keras", [of_shape((64, 64, 3)) * 60])
    assert len(imported.main.ops) > 150
