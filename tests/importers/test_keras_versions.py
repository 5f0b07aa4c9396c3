"""Files as Keras 1, 2 and 3 wrote them, made here by hand; damaged ones end in an error that says where."""

from __future__ import annotations

import copy
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rillet.importers.keras import KerasError, load
from rillet.ir import RilletError
from rillet.ops import evaluate

from .keras_files import sequential, write_archive, write_h5

pytest.importorskip("h5py")
RANDOM = np.random.default_rng(0)


def values(*shape: int) -> np.ndarray:
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


def answer(path: Path, *inputs: np.ndarray) -> np.ndarray:
    return next(iter(evaluate(load(path).main, list(inputs)).values()))


KERNEL, BIAS, DENSE, OFFSETS = values(3, 3, 2, 4), values(4), values(4 * 3 * 3, 5), values(5)
GAMMA, BETA, MEAN, VARIANCE = values(4), values(4), values(4), np.abs(values(4)) + 0.5


def keras_2(path: Path) -> Path:
    """The reference: conv, batch norm, pooling, dense as Keras 2 writes them."""
    config = sequential(
        ("Conv2D", {"name": "c", "batch_input_shape": [None, 8, 8, 2], "filters": 4, "kernel_size": [3, 3]}),
        ("BatchNormalization", {"name": "n", "axis": [3], "epsilon": 0.001}),
        ("Activation", {"name": "a", "activation": "relu"}),
        ("MaxPooling2D", {"name": "p", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}),
        ("Flatten", {"name": "f"}),
        ("Dense", {"name": "d", "units": 5, "activation": "hard_sigmoid"}),
    )
    return write_h5(
        path,
        config,
        {
            "c": [("c/kernel:0", KERNEL), ("c/bias:0", BIAS)],
            "n": [
                ("n/gamma:0", GAMMA),
                ("n/beta:0", BETA),
                ("n/moving_mean:0", MEAN),
                ("n/moving_variance:0", VARIANCE),
            ],
            "d": [("d/kernel:0", DENSE), ("d/bias:0", OFFSETS)],
        },
        names_per_part=1,
    )


def keras_1(path: Path, ordering: str, backend: str = "tensorflow") -> Path:
    """The same network in the words of Keras 1; "th" is channels first with kernels (out, in, rows, columns)."""
    first = ordering == "th"
    kernel = KERNEL.transpose(3, 2, 0, 1) if first else KERNEL
    if backend == "theano":
        kernel = kernel[:, :, ::-1, ::-1] if first else kernel[::-1, ::-1]
    dense = DENSE.reshape(3, 3, 4, 5).transpose(2, 0, 1, 3).reshape(36, 5) if first else DENSE
    layers = [
        (
            "Convolution2D",
            {
                "name": "c",
                "batch_input_shape": [None, 2, 8, 8] if first else [None, 8, 8, 2],
                "nb_filter": 4,
                "nb_row": 3,
                "nb_col": 3,
                "border_mode": "valid",
                "subsample": [1, 1],
                "dim_ordering": ordering,
                "bias": True,
                "activation": "linear",
            },
        ),
        ("BatchNormalization", {"name": "n", "axis": 1 if first else -1, "epsilon": 0.001, "mode": 0}),
        ("Activation", {"name": "a", "activation": "relu"}),
        (
            "MaxPooling2D",
            {"name": "p", "pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": ordering},
        ),
        ("Dropout", {"name": "o", "p": 0.5}),
        ("Flatten", {"name": "f"}),
        ("Dense", {"name": "d", "output_dim": 5, "activation": "hard_sigmoid", "bias": True}),
    ]
    config = {"class_name": "Sequential", "config": [{"class_name": k, "config": c} for k, c in layers]}
    return write_h5(
        path,
        config,
        {
            "c": [("c_W", kernel), ("c_b", BIAS)],
            "n": [("n_gamma", GAMMA), ("n_beta", BETA), ("n_running_mean", MEAN), ("n_running_std", VARIANCE)],
            "d": [("d_W", dense), ("d_b", OFFSETS)],
        },
        version="1.2.2",
        backend=backend,
    )


def test_keras_2_against_numpy(tmp_path: Path) -> None:
    x = values(1, 8, 8, 2)
    patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    y = np.einsum("nhwcij,ijco->nhwo", patches, KERNEL) + BIAS
    y = np.maximum((y - MEAN) / np.sqrt(VARIANCE + 1e-3) * GAMMA + BETA, 0)
    y = y.reshape(1, 3, 2, 3, 2, 4).max(axis=(2, 4)).reshape(1, 36) @ DENSE + OFFSETS
    expected = np.clip(0.2 * y + 0.5, 0, 1)
    np.testing.assert_allclose(answer(keras_2(tmp_path / "m.h5"), x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backend", ["tensorflow", "theano"])
@pytest.mark.parametrize("ordering", ["tf", "th"])
def test_keras_1_equals_keras_2(ordering: str, backend: str, tmp_path: Path) -> None:
    x = values(1, 8, 8, 2)
    expected = answer(keras_2(tmp_path / "2.h5"), x)
    x = x.transpose(0, 3, 1, 2) if ordering == "th" else x
    path = keras_1(tmp_path / "1.h5", ordering, backend)
    np.testing.assert_allclose(answer(path, x), expected, rtol=1e-5, atol=1e-6)
    transposes = [op for op in load(path).main.ops if op.kind == "TRANSPOSE"]
    assert len(transposes) == (1 if ordering == "th" else 0), "one at the input"


def test_keras_1_functional_model_with_merge_and_conv1d(tmp_path: Path) -> None:
    kernel, x = values(3, 1, 2, 4), values(1, 6, 2)
    node = [[["x", 0, 0]]]
    layers = [
        {
            "class_name": "InputLayer",
            "name": "x",
            "inbound_nodes": [],
            "config": {"batch_input_shape": [None, 6, 2], "input_dtype": "float32", "name": "x"},
        },
        {
            "class_name": "Convolution1D",
            "name": "c",
            "inbound_nodes": node,
            "config": {
                "name": "c",
                "nb_filter": 4,
                "filter_length": 3,
                "border_mode": "same",
                "subsample_length": 1,
                "bias": False,
                "activation": "linear",
            },
        },
        {
            "class_name": "MaxPooling1D",
            "name": "p",
            "inbound_nodes": [[["c", 0, 0]]],
            "config": {"name": "p", "pool_length": 2, "stride": 2, "border_mode": "valid"},
        },
        {
            "class_name": "AveragePooling1D",
            "name": "q",
            "inbound_nodes": [[["c", 0, 0]]],
            "config": {"name": "q", "pool_length": 2, "stride": 2, "border_mode": "valid"},
        },
        {
            "class_name": "Merge",
            "name": "m",
            "inbound_nodes": [[["p", 0, 0], ["q", 0, 0]]],
            "config": {"name": "m", "mode": "concat", "concat_axis": -1},
        },
    ]
    config = {
        "class_name": "Model",
        "config": {"name": "model", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["m", 0, 0]]},
    }
    path = write_h5(tmp_path / "m.h5", config, {"c": [("c_W", kernel)]}, version=None)
    padded = np.pad(x, [(0, 0), (1, 1), (0, 0)])
    y = sum(padded[:, i : i + 6] @ kernel[i, 0] for i in range(3)).reshape(1, 3, 2, 4)
    np.testing.assert_allclose(answer(path, x), np.concatenate([y.max(2), y.mean(2)], -1), rtol=1e-5, atol=1e-6)


def test_names_that_belong_to_an_older_layer_name_are_read_in_order(tmp_path: Path) -> None:
    config = sequential(("Dense", {"name": "new", "batch_input_shape": [None, 3], "units": 2}))
    kernel, bias, x = values(3, 2), values(2), values(1, 3)
    path = write_h5(tmp_path / "m.h5", config, {"new": [("old/weights", kernel), ("old/offsets", bias)]})
    np.testing.assert_allclose(answer(path, x), x @ kernel + bias, rtol=1e-5)


def test_wrappers_of_pruning_and_clustering_that_were_not_stripped(tmp_path: Path) -> None:
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2}}
    kernel, bias, x = values(3, 2), values(2), values(1, 3)
    centroids = np.array([0.5, -0.5, 0.0], np.float32)
    pruning = sequential(("PruneLowMagnitude", {"name": "p", "batch_input_shape": [None, 3], "layer": dense}))
    arrays = [
        ("p/mask:0", np.ones((3, 2), np.float32)),
        ("p/threshold:0", np.float32(0)),
        ("d/kernel:0", kernel),
        ("d/bias:0", bias),
    ]
    path = write_h5(tmp_path / "p.h5", pruning, {"p": arrays})
    np.testing.assert_allclose(answer(path, x), x @ kernel + bias, rtol=1e-5)
    clustering = sequential(("ClusterWeights", {"name": "c", "batch_input_shape": [None, 3], "layer": dense}))
    arrays = [
        ("c/cluster_centroids_kernel:0", centroids),
        ("d/kernel:0", kernel),
        ("d/bias:0", bias),
        ("c/pulling_indices_kernel:0", np.zeros((3, 2), np.int64)),
    ]
    path = write_h5(tmp_path / "c.h5", clustering, {"c": arrays})
    nearest = centroids[np.abs(kernel[..., None] - centroids).argmin(-1)]
    np.testing.assert_allclose(answer(path, x), x @ nearest + bias, rtol=1e-5)


ARCHIVE = sequential(
    ("InputLayer", {"name": "x", "batch_shape": [None, 3], "dtype": "float32"}),
    ("Dense", {"name": "one", "units": 2}),
    ("Dense", {"name": "two", "units": 4, "use_bias": False}),
)
ARRAYS = {
    "layers/dense/vars/0": values(3, 2),
    "layers/dense/vars/1": values(2),
    "layers/dense_1/vars/0": values(2, 4),
    "optimizer/vars/0": values(1000),
}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("folder", ["layers", "_layer_checkpoint_dependencies"])
def test_archives(folder: str, compression: int, tmp_path: Path) -> None:
    arrays = {name.replace("layers", folder): array for name, array in ARRAYS.items()}
    path = write_archive(tmp_path / "m.keras", ARCHIVE, arrays, compression=compression)
    x = values(1, 3)
    expected = (x @ ARRAYS["layers/dense/vars/0"] + ARRAYS["layers/dense/vars/1"]) @ ARRAYS["layers/dense_1/vars/0"]
    np.testing.assert_allclose(answer(path, x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16"])
def test_weights_of_other_float_types(dtype: str, tmp_path: Path) -> None:
    arrays = dict(ARRAYS)
    kernel = np.round(ARRAYS["layers/dense/vars/0"] * 8) / 8  # exact in every type
    stored = (kernel.view(np.uint32) >> 16).astype(np.uint16) if dtype == "bfloat16" else kernel.astype(dtype)
    arrays["layers/dense/vars/0"] = stored
    model = load(write_archive(tmp_path / "m.keras", ARCHIVE, arrays))
    np.testing.assert_array_equal(model.main.ops[0].inputs[1].data, kernel.T)  # type: ignore[union-attr]


def broken(tmp_path: Path, name: str) -> Path:
    """A damaged file of the kind `name`."""
    good = write_archive(tmp_path / "good.keras", ARCHIVE, ARRAYS)
    h5 = keras_2(tmp_path / "good.h5")
    path = tmp_path / "m.keras"
    if name == "truncated zip":
        path.write_bytes(good.read_bytes()[:-200])
    elif name == "truncated h5":
        path.write_bytes(h5.read_bytes()[: h5.stat().st_size // 2])
    elif name == "neither":
        path.write_bytes(b"hello, world")
    elif name == "no json":
        write_archive(path, "{]", ARRAYS)
    elif name == "list":
        write_archive(path, "[1, 2]", ARRAYS)
    elif name == "missing weights":
        write_archive(path, ARCHIVE, {k: v for k, v in ARRAYS.items() if "dense_1" not in k})
    elif name == "wrong shape":
        write_archive(path, ARCHIVE, ARRAYS | {"layers/dense_1/vars/0": values(3, 4)})
    elif name == "integers":
        write_archive(path, ARCHIVE, ARRAYS | {"layers/dense_1/vars/0": np.zeros((2, 4), np.int8)})
    elif name == "subclass":
        write_archive(path, {"class_name": "MyModel", "config": {"name": "mine"}}, ARRAYS)
    elif name == "weights only":
        import h5py

        with h5py.File(path, "w") as file:
            file["dense/kernel"] = values(2, 2)
    elif name == "no zip of ours":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("readme.txt", "hello")
    elif name == "sharded":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("config.json", json.dumps(ARCHIVE))
            bundle.writestr("model.weights.json", "{}")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("truncated zip", "damaged"),
        ("truncated h5", "damaged"),
        ("neither", "neither HDF5 nor"),
        ("no json", "not JSON"),
        ("list", "not a JSON object"),
        ("missing weights", r"layer 'two' needs the weights kernel; the file has none"),
        ("wrong shape", r"layer 'two' .*weight 'kernel' has shape \(3, 4\).*need \(2, 4\)"),
        ("integers", "layer 'two'.*int8"),
        ("subclass", "'mine' is a MyModel"),
        ("weights only", "no architecture"),
        ("no zip of ours", "no model.weights.h5"),
        ("sharded", "unsharded"),
        ("absent", "cannot read"),
    ],
)
def test_damaged_files(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(KerasError, match=text):
        load(broken(tmp_path, name))


def test_a_network_nested_twice_in_each_level_is_refused_in_time(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"class_name": "Dropout", "config": {"name": "leaf"}}
    for level in range(25):
        inner = {
            "class_name": "Functional",
            "name": f"n{level}",
            "config": {
                "name": f"n{level}",
                "layers": [
                    {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [1, 2]}, "inbound_nodes": []},
                    {**inner, "name": "again", "inbound_nodes": [[["x", 0, 0, {}]], [["again", 0, 0, {}]]]},
                ],
                "input_layers": [["x", 0, 0]],
                "output_layers": [["again", 1, 0]],
            },
        }
    with pytest.raises(KerasError, match="calls of layers"):
        load(write_archive(tmp_path / "m.keras", inner, {}))


def test_a_cycle_is_refused(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [1, 2]}, "inbound_nodes": []},
        {"class_name": "Add", "config": {"name": "a"}, "inbound_nodes": [[["x", 0, 0, {}], ["b", 0, 0, {}]]]},
        {"class_name": "ReLU", "config": {"name": "b"}, "inbound_nodes": [[["a", 0, 0, {}]]]},
    ]
    config = {
        "class_name": "Functional",
        "config": {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]},
    }
    with pytest.raises(KerasError, match="layer 'a': its inputs are made by no layer"):
        load(write_archive(tmp_path / "m.keras", config, {}))


ODD = (None, -1, 0, 2**70, 1.5, "", "same", "relu", [], [1, 2], [None], {}, {"class_name": "function"}, True)


def mutated(config: Any, dice: random.Random) -> Any:
    """A copy with one value somewhere replaced, removed or doubled."""
    config = copy.deepcopy(config)
    places: list[tuple[Any, Any]] = []

    def visit(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                visit(node[key])

    visit(config)
    node, key = dice.choice(places)
    if dice.random() < 0.2:
        del node[key]
    else:
        node[key] = dice.choice(ODD)
    return config


def test_a_thousand_changed_architectures_load_or_say_why(tmp_path: Path) -> None:
    dice = random.Random(7)
    import h5py

    path = keras_2(tmp_path / "m.h5")
    with h5py.File(path) as file:
        good = json.loads(file.attrs["model_config"])
    refused = 0
    for _ in range(1000):
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = json.dumps(mutated(good, dice)).encode()
        try:
            load(path)
        except RilletError as error:
            refused += 1
            assert str(error)
    assert 300 < refused < 1000


def test_flipped_bytes_of_an_archive_load_or_say_why(tmp_path: Path) -> None:
    """Not of .h5: the HDF5 library itself hangs on some, while the zip's checksum keeps them from it."""
    dice = random.Random(7)
    content = write_archive(tmp_path / "good.keras", ARCHIVE, ARRAYS).read_bytes()
    path = tmp_path / "m.keras"
    for _ in range(300):
        changed = bytearray(content)
        for _ in range(dice.choice((1, 4, 16))):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        path.write_bytes(changed)
        try:
            load(path)
        except RilletError as error:
            assert str(error)


def test_truncated_h5_files_say_so(tmp_path: Path) -> None:
    content = keras_2(tmp_path / "good.h5").read_bytes()
    for length in range(0, len(content), len(content) // 40):
        (tmp_path / "m.h5").write_bytes(content[:length])
        with pytest.raises(KerasError):
            load(tmp_path / "m.h5")
