"""The datasets, read from the zoo: the folder that RILLET_ZOO names, else ../shared/zoo beside this repository."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
Array = NDArray[Any]
Split = tuple[Array, Array, Array, Array]  # training inputs and labels, test inputs and labels


def dataset(name: str) -> Path:
    """A folder of the zoo's datasets.

    Raises:
        FileNotFoundError: it is not there.
    """
    path = Path(os.environ.get("RILLET_ZOO", ROOT.parent / "shared" / "zoo")) / "datasets" / name
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}: set RILLET_ZOO to the folder that has datasets/{name}")
    return path


def mnist() -> Split:
    """60,000 and 10,000 digits, (28, 28, 1) float32 in [0, 1]; labels int32."""
    return _idx_files("mnist", "train", "t10k")


def fashion_mnist() -> Split:
    """10,000 and 10,000 pictures of clothes, (28, 28, 1) float32 in [0, 1]; labels int32."""
    return _idx_files("fashion_mnist", "train-first10000", "t10k")


def cifar() -> Split:
    """5,000 and 3,000 pictures of ten classes, (32, 32, 3) uint8; labels int32, classes in alphabetical order."""
    folder = dataset("cifar10_jpg")
    return *_jpeg_files(folder / "train_500_per_class.zip"), *_jpeg_files(folder / "test_300_per_class.zip")


def shakespeare() -> tuple[Array, Array, int]:
    """Characters as numbers (int32): the first nine tenths for training, the rest for validation; how many differ."""
    text = (dataset("text") / "tinyshakespeare.txt").read_bytes().decode()
    alphabet = sorted(set(text))
    number = {character: i for i, character in enumerate(alphabet)}
    codes = np.array([number[character] for character in text], np.int32)
    cut = len(codes) * 9 // 10
    return codes[:cut], codes[cut:], len(alphabet)


def polarity() -> tuple[list[str], Array]:
    """Sentences of film reviews, and 1 for those that praise (int32), shuffled with a fixed seed."""
    folder = dataset("text")
    sentences, labels = [], []
    for name, label in (("rt-polarity.neg", 0), ("rt-polarity.pos", 1)):
        lines = (folder / name).read_text(encoding="latin-1").splitlines()
        sentences += lines
        labels += [label] * len(lines)
    order = np.random.default_rng(0).permutation(len(labels))
    return [sentences[i] for i in order], np.array(labels, np.int32)[order]


def _idx_files(folder: str, train: str, test: str) -> Split:
    path = dataset(folder)
    return *_idx_pair(path, train), *_idx_pair(path, test)


def _idx_pair(path: Path, prefix: str) -> tuple[Array, Array]:
    """The IDX format: http://yann.lecun.com/exdb/mnist."""
    images = gzip.decompress((path / f"{prefix}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((path / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    return pixels.astype(np.float32) / 255, np.frombuffer(labels, np.uint8, offset=8).astype(np.int32)


def _jpeg_files(path: Path) -> tuple[Array, Array]:
    from PIL import Image

    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        classes = sorted({name.split("/")[-2] for name in names})
        images = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names])
    return images, np.array([classes.index(name.split("/")[-2]) for name in names], np.int32)
