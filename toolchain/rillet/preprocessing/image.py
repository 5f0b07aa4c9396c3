"""Crop, resize and normalization of camera frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir import DType, Model, Quantization, RilletError, Tensor
from ..ops import GraphBuilder
from .prepend import only_input, prepend

_RESIZES = {"bilinear": "RESIZE_BILINEAR", "nearest": "RESIZE_NEAREST_NEIGHBOR"}


@dataclass(frozen=True)
class ImageInput:
    """From uint8 frames [1, height, width, channels] to what the model takes: crop, then resize, then normalize.

    Attributes:
        height, width: of a frame.
        crop: top, left, height, width of the part that is used; "center" for the largest centred part with the model's
            proportions; None for all of the frame.
        resize: "bilinear" or "nearest" (pixel centres at halves, as OpenCV and PyTorch have it).
        mean, std: the model sees (pixel - mean) / std; one number, or one for each channel.
    """

    height: int
    width: int
    crop: tuple[int, int, int, int] | str | None = None
    resize: str = "bilinear"
    mean: float | Sequence[float] = 0.0
    std: float | Sequence[float] = 255.0

    def __post_init__(self) -> None:
        if self.resize not in _RESIZES:
            raise RilletError(f"resize '{self.resize}': it is one of {', '.join(_RESIZES)}")
        if isinstance(self.crop, str) and self.crop != "center":
            raise RilletError(f"crop '{self.crop}': it is 'center', or top, left, height and width")
        if np.any(np.asarray(self.std) <= 0):
            raise RilletError(f"std {self.std}: must be above 0")


def add_image_input(model: Model, image: ImageInput) -> None:
    """Makes `model`, which takes normalized images [1, height, width, channels], take uint8 frames.

    Raises:
        RilletError: the model does not take one image, the crop lies outside the frame, or `mean` and `std` fit neither
            all channels nor each.
    """
    taken = only_input(model)
    shape = taken.start_shape
    if len(shape) != 4 or shape[0] != 1:
        raise RilletError(f"the model takes {taken!r}, not one image [1, height, width, channels]")
    _, height, width, channels = shape
    for name, value in (("mean", image.mean), ("std", image.std)):
        if np.size(value) not in (1, channels):
            raise RilletError(f"{name} has {np.size(value)} numbers, the model's image has {channels} channels")
    top, left, rows, columns = _crop(image, height, width)

    def body(b: GraphBuilder, frame: Tensor) -> Tensor:
        frame.quantization = _quantization(image)
        made = frame
        if (top, left, rows, columns) != (0, 0, image.height, image.width):
            begin, size = b.constant([0, top, left, 0]), b.constant([1, rows, columns, channels])
            made = _alike(b, "SLICE", [made, begin, size])
        if (rows, columns) != (height, width):
            made = _alike(b, _RESIZES[image.resize], [made, b.constant([height, width])], half_pixel_centers=True)
        return made if _is_exact(image) else _normalized(b, made, image)

    prepend(model, "image", (1, image.height, image.width, channels), DType.UINT8, body)


def _crop(image: ImageInput, height: int, width: int) -> tuple[int, int, int, int]:
    if image.crop is None:
        return 0, 0, image.height, image.width
    if isinstance(image.crop, str):
        scale = min(image.height / height, image.width / width)
        rows, columns = round(height * scale), round(width * scale)
        return (image.height - rows) // 2, (image.width - columns) // 2, rows, columns
    top, left, rows, columns = image.crop
    if min(top, left) < 0 or min(rows, columns) < 1 or top + rows > image.height or left + columns > image.width:
        raise RilletError(
            f"crop {columns} x {rows} at row {top}, column {left}: outside the frame of {image.width} x {image.height}"
        )
    return top, left, rows, columns


def _is_exact(image: ImageInput) -> bool:
    """Whether normalization is a quantization of the bytes: then it costs nothing, or one conversion to int8."""
    mean = np.unique(image.mean)
    return len(mean) == 1 and np.size(np.unique(image.std)) == 1 and mean[0] == round(mean[0]) and 0 <= mean[0] <= 255


def _quantization(image: ImageInput) -> Quantization:
    exact = _is_exact(image)
    std, mean = (float(np.unique(image.std)[0]), int(np.unique(image.mean)[0])) if exact else (1.0, 0)
    return Quantization(np.array([1 / std], np.float32), np.array([mean], np.int64))


def _alike(b: GraphBuilder, kind: str, inputs: list[Tensor], **attrs: Any) -> Tensor:
    """An operator whose output is quantized as its first input is."""
    made = b.op(kind, inputs, **attrs)
    made.quantization = inputs[0].quantization
    return made


def _normalized(b: GraphBuilder, pixels: Tensor, image: ImageInput) -> Tensor:
    scale = 1 / np.atleast_1d(np.asarray(image.std, np.float64))
    floats = b.op("DEQUANTIZE", [pixels])
    scaled = b.op("MUL", [floats, b.constant(scale.astype(np.float32))])
    return b.op("ADD", [scaled, b.constant((-np.asarray(image.mean) * scale).astype(np.float32))])
