"""Writes .h5 and .keras files as the several versions of Keras did, without Keras."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Weights = Mapping[str, Sequence[tuple[str, np.ndarray]]]
"""By layer: (name in the file, values) in the file's order."""


def write_h5(
    path: Path,
    config: Mapping[str, Any],
    weights: Weights,
    version: str | None = "2.4.0",
    backend: str = "tensorflow",
    names_per_part: int | None = None,
) -> Path:
    """The container of `model.save("x.h5")`; `names_per_part` splits the lists of names as Keras does above 64 KiB."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["backend"] = backend.encode()
        if version is not None:
            file.attrs["keras_version"] = version.encode()
        root = file.create_group("model_weights")
        _write_names(root, "layer_names", list(weights), names_per_part)
        for layer, arrays in weights.items():
            group = root.create_group(layer)
            _write_names(group, "weight_names", [name for name, _ in arrays], names_per_part)
            for name, values in arrays:
                group[name] = values
    return path


def write_archive(
    path: Path, config: Any, arrays: Mapping[str, np.ndarray], version: str = "3.0.0", **zip_options: Any
) -> Path:
    """The container of `model.save("x.keras")`; `arrays` by their path in model.weights.h5."""
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    with zipfile.ZipFile(path, "w", **zip_options) as bundle:
        bundle.writestr("metadata.json", json.dumps({"keras_version": version}))
        bundle.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        bundle.writestr("model.weights.h5", memory.getvalue())
    return path


def sequential(*layers: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The architecture of a Sequential model, from (class, configuration) pairs."""
    return {
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": [{"class_name": kind, "config": config} for kind, config in layers]},
    }


def _write_names(group: Any, attribute: str, names: list[str], part: int | None) -> None:
    encoded = np.array([name.encode() for name in names]) if names else np.array([], "S1")
    if part is None:
        group.attrs[attribute] = encoded
    else:
        for number in range(-(-len(names) // part)):
            group.attrs[f"{attribute}{number}"] = encoded[number * part : (number + 1) * part]
