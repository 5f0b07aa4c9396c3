"""Images as calibration samples: read with Pillow, resized to the model's input, scaled as its training did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Tensor
from .recipes import QuantizationError

NORMALIZATIONS: dict[str, tuple[float, float]] = {
    "0..255": (0.0, 1.0),
    "0..1": (0.0, 255.0),
    "-1..1": (127.5, 127.5),
}
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".webp", ".gif"})


def image_samples(
    folder: Path, tensor: Tensor, normalization: str | tuple[Any, Any] | None, limit: int | None
) -> Iterator[NDArray[np.generic]]:
    """Arrays (1, height, width, channels) of the folder's images, evenly spread over it where `limit` is smaller.

    Raises:
        QuantizationError: the input is no image, the folder has none, or the pixels' scaling is not said.
    """
    shape = tensor.shape
    if len(shape) != 4 or None in shape[1:] or shape[3] not in (1, 3, 4):
        raise QuantizationError(f"input '{tensor.name}' {shape} is no image (1, height, width, 1, 3 or 4)")
    mean, deviation = _scaling(tensor, normalization)
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    if not files:
        raise QuantizationError(f"{folder} and its subfolders hold no images ({', '.join(sorted(_SUFFIXES))})")
    if limit is not None and limit < len(files):
        files = [files[i * len(files) // limit] for i in range(limit)]
    _, height, width, channels = shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels or 0]
    for path in files:
        yield ((_read(path, mode, (width or 0, height or 0)) - mean) / deviation).astype(tensor.dtype.numpy)


def _scaling(tensor: Tensor, normalization: str | tuple[Any, Any] | None) -> tuple[Any, Any]:
    if isinstance(normalization, tuple):
        mean, deviation = (np.asarray(v, np.float32) for v in normalization)
        return mean, deviation
    if normalization is None and tensor.dtype is not DType.FLOAT32:
        return NORMALIZATIONS["0..255"]
    if normalization not in NORMALIZATIONS:
        said = "how pixels are scaled is not said" if normalization is None else f"no normalization '{normalization}'"
        ways = f"{', '.join(NORMALIZATIONS)}, or mean and deviation"
        raise QuantizationError(f"{said}; give one of {ways} (--pixels, normalization=)")
    return NORMALIZATIONS[normalization]


def _read(path: Path, mode: str, size: tuple[int, int]) -> NDArray[np.float32]:
    try:
        from PIL import Image
    except ImportError:
        raise QuantizationError("images need Pillow: pip install rillet[report]") from None
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert(mode).resize(size, Image.Resampling.BILINEAR), np.float32)
    except OSError as error:
        raise QuantizationError(f"cannot read image {path}: {error}") from None
    return pixels.reshape(1, size[1], size[0], -1)
