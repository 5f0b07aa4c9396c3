"""Datasets of the zoo as arrays, and LiteRT as the judge of quantized files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.zoo import zoo

EVALUATION = "datasets/mlperf_tiny_eval/"


def labelled(name: str, folder: str, labels: str) -> list[tuple[bytes, list[str]]]:
    """Contents and label row of every file that a label list of an evaluation archive names."""
    with zipfile.ZipFile(zoo(EVALUATION + name)) as archive:
        rows = [line.split(",") for line in archive.read(f"{folder}/{labels}").decode().split()]
        return [(archive.read(f"{folder}/{row[0]}"), row) for row in rows]


def ic01() -> tuple[np.ndarray, np.ndarray]:
    """200 CIFAR-10 images, 0..255, and their classes."""
    rows = labelled("ic01.zip", "ic01", "y_labels.csv")
    images = [np.frombuffer(data, np.uint8).reshape(32, 32, 3) for data, _ in rows]
    return np.stack(images).astype(np.float32), np.array([int(row[2]) for _, row in rows])


def vww01() -> tuple[np.ndarray, np.ndarray]:
    """160 images, 0..1, and whether a person is there."""
    rows = labelled("vww01_subset.zip", "vww01", "y_labels_subset.csv")
    images = [np.frombuffer(data, np.uint8).reshape(96, 96, 3) for data, _ in rows]
    return np.stack(images).astype(np.float32) / 255, np.array([int(row[2]) for _, row in rows])


def ad01() -> list[tuple[np.ndarray, int, str]]:
    """Of every recording: windows of 5 spectrogram slices (n, 640), whether it is anomalous, and its name."""
    found = []
    for data, row in labelled("ad01_subset.zip", "ad01", "y_labels_subset.csv"):
        values, width, stride = np.frombuffer(data, "<f4"), int(row[3]) // 4, int(row[4]) // 4
        starts = range(0, values.size - width + 1, stride)
        found.append((np.stack([values[s : s + width] for s in starts]), int(row[2]), row[0]))
    return found


def images_of(archive: str, count: int, size: tuple[int, int]) -> np.ndarray:
    """`count` images, evenly spread over a zip of JPEGs, 0..255."""
    image = pytest.importorskip("PIL.Image")
    with zipfile.ZipFile(zoo(archive)) as opened:
        names = sorted(n for n in opened.namelist() if n.lower().endswith((".jpg", ".jpeg")))
        chosen = [names[i * len(names) // count] for i in range(count)]
        pictures = [image.open(io.BytesIO(opened.read(n))).convert("RGB").resize(size) for n in chosen]
        return np.stack([np.asarray(p) for p in pictures]).astype(np.float32)


def litert(content: bytes | Path, rows: Sequence[np.ndarray], reference: bool = True) -> np.ndarray:
    """Real-valued outputs of a one-input, one-output file for each row (no batch axis); int8 ends are converted."""
    module = pytest.importorskip("ai_edge_litert.interpreter")
    content = content.read_bytes() if isinstance(content, Path) else content
    resolver = module.OpResolverType.BUILTIN_REF if reference else module.OpResolverType.AUTO
    interpreter = module.Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    results = []
    for row in rows:
        values = np.asarray(row, np.float32).reshape(entry["shape"])
        if entry["dtype"] is not np.float32:
            scale, zero = entry["quantization"]
            limits = np.iinfo(entry["dtype"])
            values = np.clip(np.rint(values / scale) + zero, limits.min, limits.max).astype(entry["dtype"])
        interpreter.set_tensor(entry["index"], values)
        interpreter.invoke()
        out = interpreter.get_tensor(exit_["index"])[0]
        if exit_["dtype"] is not np.float32:
            scale, zero = exit_["quantization"]
            out = (out.astype(np.float32) - zero) * scale
        results.append(out)
    return np.stack(results)
