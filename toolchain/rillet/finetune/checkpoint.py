"""Checkpoints: the variables that training changed, in a file that says whose they are and whether it is whole.

Layout, little-endian: 8 bytes `rilletck`, u32 version, u32 bytes of the head, the head (JSON: the model's digest, steps
trained, and name, type, shape of each array), the arrays one behind the other, CRC-32 of all before it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import RilletError, replacing

_MAGIC = b"rilletck"
_VERSION = 1
_HEAD = struct.Struct("<8sII")
_TYPES = ("float32", "int32", "int8")


@dataclass(frozen=True)
class Checkpoint:
    """What training changed: the variables by name, and after how many steps in all."""

    variables: dict[str, NDArray[Any]]
    steps: int


def model_digest(data: bytes) -> str:
    """What a checkpoint knows its trainable file by."""
    return hashlib.sha256(data).hexdigest()


def save_checkpoint(
    path: str | os.PathLike[str],
    data: bytes,
    first: Mapping[str, NDArray[Any]],
    now: Mapping[str, NDArray[Any]],
    steps: int,
) -> int:
    """Writes the variables that differ from their first values, whole or not at all: the file's bytes.

    Args:
        data: the trainable file. first, now: its variables, as the file has them and as they are.

    Raises:
        RilletError: a value is no number, or the file cannot be written; a file that was there is left as it was.
    """
    changed = {name: value for name, value in now.items() if value.tobytes() != first[name].tobytes()}
    wrong = [name for name, value in changed.items() if value.dtype.kind == "f" and not np.isfinite(value).all()]
    if wrong:
        raise RilletError(f"variable '{wrong[0]}' holds values that are no numbers: nothing was saved to '{path}'")
    listed = [{"name": n, "type": v.dtype.name, "shape": list(v.shape)} for n, v in changed.items()]
    head = json.dumps({"model": model_digest(data), "steps": steps, "variables": listed}).encode()
    body = _HEAD.pack(_MAGIC, _VERSION, len(head)) + head + b"".join(v.tobytes() for v in changed.values())
    body += zlib.crc32(body).to_bytes(4, "little")
    with replacing(path) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())  # hours of training: they are to outlast a power failure too
    return len(body)


def load_checkpoint(path: str | os.PathLike[str], data: bytes, first: Mapping[str, NDArray[Any]]) -> Checkpoint:
    """Reads a checkpoint of the trainable file `data`; variables that it does not hold have their first values.

    Raises:
        RilletError: it cannot be read, is damaged, or belongs to another file.
    """
    try:
        body = Path(path).read_bytes()
    except OSError as problem:
        raise RilletError(f"cannot read checkpoint '{path}': {problem.strerror}") from problem
    if len(body) < _HEAD.size + 4 or not body.startswith(_MAGIC):
        raise RilletError(f"'{path}' is no checkpoint of rillet")
    if zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
        raise RilletError(f"checkpoint '{path}' is damaged: its checksum is wrong; restore an earlier one")
    _, version, head_bytes = _HEAD.unpack_from(body)
    if version != _VERSION:
        raise RilletError(f"checkpoint '{path}' has format {version}, this rillet reads {_VERSION}")
    head = json.loads(body[_HEAD.size : _HEAD.size + head_bytes])
    if head["model"] != model_digest(data):
        raise RilletError(f"checkpoint '{path}' was made with another trainable file: prepare writes one that differs")
    values = dict(first)
    at = _HEAD.size + head_bytes
    for entry in head["variables"]:
        count = math.prod(entry["shape"])
        if entry["name"] not in first or entry["type"] not in _TYPES:
            raise RilletError(f"checkpoint '{path}' holds variable '{entry['name']}', which the model does not have")
        value = np.frombuffer(body, entry["type"], count, at).reshape(entry["shape"])
        values[entry["name"]] = value
        at += value.nbytes
    return Checkpoint(values, int(head["steps"]))
