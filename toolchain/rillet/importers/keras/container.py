"""The two containers of Keras: HDF5 (.h5, Keras 1 to 3) and the .keras zip (Keras 3, and 2.12 on)."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...ir import RilletError
from .errors import KerasError
from .weights import ArchiveWeights, Budget, LegacyWeights, Weights, text_list

_MAX_JSON_BYTES = 64 << 20


@dataclass(frozen=True)
class Archive:
    """An open model file.

    Attributes:
        model: {"class_name": ..., "config": ...} of the whole network.
        version: of the Keras that wrote it, such as (2, 4, 0); (1,) where the file does not say.
        tensorflow: the version says that it was TensorFlow's own Keras.
        theano: convolution kernels are stored for Theano, flipped.
        weights: of the whole network, readable while the file is open.
    """

    model: dict[str, Any]
    version: tuple[int, ...]
    tensorflow: bool
    theano: bool
    weights: Weights


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Opens a Keras file of either container, told apart by its first bytes.

    Raises:
        KerasError: neither container, damaged, or only weights without an architecture.
    """
    try:
        import h5py
    except ImportError as exc:
        raise RilletError("reading Keras models needs h5py: pip install 'rillet[keras]'") from exc
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as exc:
        raise KerasError(f"cannot read '{path}': {exc.strerror}") from exc
    try:
        if start[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(path) as bundle, _stored_weights(bundle) as file, h5py.File(file, "r") as h5:
                yield _from_zip(bundle, h5, path)
        elif start == b"\x89HDF\r\n\x1a\n":
            with h5py.File(path, "r") as h5:
                yield _from_h5(h5, path)
        else:
            raise KerasError(f"'{path}' is neither HDF5 nor a .keras archive")
    except (zipfile.BadZipFile, zlib.error, OSError, UnicodeDecodeError, EOFError, RuntimeError) as exc:
        raise KerasError(f"'{path}' is damaged: {exc}") from exc


def _from_h5(h5: Any, path: Path) -> Archive:
    if "model_config" not in h5.attrs:
        raise KerasError(f"'{path}' holds weights but no architecture; save the whole model with model.save(...)")
    root = h5.get("model_weights", h5)
    written = h5.attrs.get("keras_version", root.attrs.get("keras_version", "1"))
    backend = _text(h5.attrs.get("backend", root.attrs.get("backend", "")))
    weights = LegacyWeights.of_model(root, text_list(root, "layer_names"), Budget(path.stat().st_size))
    config = _json(_text(h5.attrs["model_config"]), path)
    return Archive(config, *_version(_text(written)), backend == "theano", weights)


def _from_zip(bundle: zipfile.ZipFile, h5: Any, path: Path) -> Archive:
    config = _json(_member(bundle, "config.json", path), path)
    metadata = _json(_member(bundle, "metadata.json", path), path) if "metadata.json" in bundle.namelist() else {}
    weights = ArchiveWeights(h5, Budget(path.stat().st_size))
    return Archive(config, *_version(str(metadata.get("keras_version", "3"))), False, weights)


@contextmanager
def _stored_weights(bundle: zipfile.ZipFile) -> Iterator[Any]:
    """The HDF5 member as a file: a window on the archive where it is not compressed, so that only
    the weights that are asked for (and no optimizer state) are read."""
    names = bundle.namelist()
    if "model.weights.h5" not in names:
        hint = "; save it unsharded (no max_shard_size)" if "model.weights.json" in names else ""
        raise KerasError(f"the archive has no model.weights.h5 (only {', '.join(names[:5])}){hint}")
    info = bundle.getinfo("model.weights.h5")
    if info.compress_type != zipfile.ZIP_STORED:
        if info.file_size > max(64 << 20, 100 * info.compress_size):
            raise KerasError(f"model.weights.h5 claims to unpack to {info.file_size} bytes; refused")
        yield io.BytesIO(bundle.read(info))
        return
    with bundle.open(info) as member:  # reading it once checks its checksum: HDF5's library can hang on damaged files
        while member.read(1 << 20):
            pass
    with open(str(bundle.filename), "rb") as file:
        file.seek(info.header_offset + 26)
        name_length, extra_length = struct.unpack("<HH", file.read(4))  # of the local header, which may differ
        yield _Window(file, info.header_offset + 30 + name_length + extra_length, info.file_size)


class _Window(io.RawIOBase):
    """Read-only view of `size` bytes of `file` from `start` on."""

    def __init__(self, file: io.BufferedReader, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size - self._at))
        self._file.seek(self._start + self._at)
        count = self._file.readinto(view[:wanted])
        self._at += count
        return count


def _member(bundle: zipfile.ZipFile, name: str, path: Path) -> str:
    if name not in bundle.namelist():
        raise KerasError(f"'{path}' is a zip without {name}: not a .keras model")
    if bundle.getinfo(name).file_size > _MAX_JSON_BYTES:
        raise KerasError(f"{name} of '{path}' is larger than {_MAX_JSON_BYTES} bytes; refused")
    return bundle.read(name).decode()


def _json(text: str, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise KerasError(f"the architecture in '{path}' is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise KerasError(f"the architecture in '{path}' is not a JSON object")
    return value


def _version(text: str) -> tuple[tuple[int, ...], bool]:
    """Numbers of a version, and whether its suffix says tf.keras ("2.2.4-tf")."""
    numbers = re.findall(r"\d+", text.split("-")[0].split("+")[0])
    return tuple(int(n) for n in numbers[:3]) or (1,), "-tf" in text


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
