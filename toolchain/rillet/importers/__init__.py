"""Model files of every known format -> ir.Model."""

from __future__ import annotations

import inspect
import os
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from ..flatbuffer import read
from ..flatbuffer.schema import IDENTIFIER
from ..ir import Model, RilletError


class ImporterError(RilletError):
    """A source that no importer can take; the text says what to do instead."""


_IMPORTERS = {
    ".tflite": "tflite",
    ".lite": "tflite",
    ".h5": "keras",
    ".hdf5": "keras",
    ".keras": "keras",
    ".onnx": "onnx",
}
SUFFIXES = tuple(_IMPORTERS)
TFLITE_SUFFIXES = tuple(suffix for suffix, name in _IMPORTERS.items() if name == "tflite")
_SAVED_MODEL = (
    "is a TensorFlow SavedModel, which rillet does not read; save the Keras model as .keras or .h5, "
    "or run `python -m tf2onnx.convert --saved-model {path} --output model.onnx` and give rillet the .onnx file"
)
_TORCH = (
    "is a PyTorch file, which holds Python code; export it where torch is installed, "
    "`torch.onnx.export(model, example_input, 'model.onnx')`, and give rillet the .onnx file"
)
_REFUSED = {
    ".pb": "is a TensorFlow graph, which rillet does not read; run `python -m tf2onnx.convert --graphdef {path} "
    "--inputs ... --outputs ... --output model.onnx` and give rillet the .onnx file",
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".jit": _TORCH,
    ".pt2": _TORCH,
    ".ckpt": _TORCH,
}
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"


def load(source: str | os.PathLike[str] | bytes, **options: Any) -> Model:
    """Reads a model file. The format is found by the file's content, then by its suffix.

    Args:
        source: path of a .tflite, .h5, .hdf5, .keras or .onnx file, or the bytes of a .tflite file.
        options: passed on to the format's importer (`input_shapes` of `importers.onnx.load`, for example).

    Raises:
        RilletError: no such file, a format that rillet does not read (the text says what to do instead), an option
            that the format does not have, or whatever the importer finds wrong.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        _check_options("tflite", read, options)
        return read(source)
    path = Path(source)
    name = _importer_of(path)
    function = read if name == "tflite" else import_module(f".{name}", __package__).load
    _check_options(name, function, options)
    model = function(path, **options)
    assert isinstance(model, Model)
    return model


def _importer_of(path: Path) -> str:
    if not path.exists():
        raise ImporterError(f"no such file: {path}")
    if path.is_dir():
        raise ImporterError(f"{path} " + _about_folder(path))
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise ImporterError(f"cannot read {path}: {error.strerror}") from None
    if not start:
        raise ImporterError(f"{path} is empty")
    if start[4:] == IDENTIFIER:
        return "tflite"
    if start == _HDF5:
        return "keras"
    if start[:4] == _ZIP:
        return _importer_of_archive(path)
    suffix = path.suffix.lower()
    if suffix in _REFUSED:
        raise ImporterError(f"{path} " + _REFUSED[suffix].format(path=path))
    if suffix not in _IMPORTERS:
        known = ", ".join(_IMPORTERS)
        raise ImporterError(f"{path}: '{suffix}' is no model format that rillet knows; it reads {known}")
    return _IMPORTERS[suffix]


def _importer_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ImporterError(f"{path} is a damaged zip archive: {error}") from None
    if "config.json" in names:
        return "keras"
    if any(name.endswith(("data.pkl", "constants.pkl")) for name in names):
        raise ImporterError(f"{path} " + _TORCH)
    raise ImporterError(f"{path} is a zip archive without a model that rillet knows; give the file inside")


def _about_folder(path: Path) -> str:
    if (path / "saved_model.pb").exists():
        return _SAVED_MODEL.format(path=path)
    inside = sorted(each.name for each in path.iterdir() if each.suffix.lower() in _IMPORTERS)
    return f"is a folder; give a file inside it: {', '.join(inside[:5])}" if inside else "is a folder, not a model file"


def _check_options(name: str, function: Any, options: dict[str, Any]) -> None:
    known = list(inspect.signature(function).parameters)[1:]
    unknown = [option for option in options if option not in known]
    if unknown:
        has = f"its options are {', '.join(known)}" if known else "it has no options"
        raise ImporterError(f"the {name} importer has no option {', '.join(unknown)}; {has}")
