"""Layers that move elements about."""

from __future__ import annotations

from typing import Any

from ...eager import array_ops
from ..layer import LayerError
from ..registry import exported
from .convolution import pair
from .core import Configured


@exported("keras.layers")
class Flatten(Configured):
    """(batch, everything)."""

    settings = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format or "channels_last"

    def call(self, inputs: Any) -> Any:
        size = 1
        for d in inputs.shape[1:]:
            if d is None:
                raise LayerError(f"layer '{self.name}': its input is {inputs.shape}; only the batch may be unknown")
            size *= d
        return array_ops.reshape(inputs, [-1 if inputs.shape[0] is None else inputs.shape[0], size])


@exported("keras.layers")
class Reshape(Configured):
    """(batch, *target_shape); one dimension may be -1."""

    settings = ("target_shape",)

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(int(d) for d in target_shape)

    def call(self, inputs: Any) -> Any:
        target = list(self.target_shape)
        if -1 in target:
            size = 1
            for d in inputs.shape[1:]:
                size *= d
            for d in target:
                size = size // d if d != -1 else size
            target[target.index(-1)] = size
        return array_ops.reshape(inputs, [-1 if inputs.shape[0] is None else inputs.shape[0], *target])


@exported("keras.layers")
class Permute(Configured):
    """Dimensions in another order, counted from 1."""

    settings = ("dims",)

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise LayerError(f"layer '{self.name}': dims {dims} is no permutation of 1..{len(self.dims)}")

    def call(self, inputs: Any) -> Any:
        return array_ops.transpose(inputs, [0, *self.dims])


@exported("keras.layers")
class RepeatVector(Configured):
    """(batch, features) to (batch, n, features)."""

    settings = ("n",)

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n

    def call(self, inputs: Any) -> Any:
        return array_ops.tile(array_ops.expand_dims(inputs, 1), [1, self.n, 1])


def _margins(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """One number for all sides, (height, width), or ((top, bottom), (left, right))."""
    if isinstance(value, int):
        return (value, value), (value, value)
    first, second = value
    if isinstance(first, int):
        return (first, first), (second, second)
    return tuple(first), tuple(second)


@exported("keras.layers")
class ZeroPadding2D(Configured):
    """Zeros around height and width."""

    settings = ("padding", "data_format")

    def __init__(self, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding, self.data_format = _margins(padding), data_format or "channels_last"

    def call(self, inputs: Any) -> Any:
        return array_ops.pad(inputs, [[0, 0], *(list(m) for m in self.padding), [0, 0]])


@exported("keras.layers")
class ZeroPadding1D(Configured):
    """Zeros around steps."""

    settings = ("padding", "data_format")

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = (padding, padding) if isinstance(padding, int) else tuple(padding)
        self.data_format = data_format or "channels_last"

    def call(self, inputs: Any) -> Any:
        return array_ops.pad(inputs, [[0, 0], list(self.padding), [0, 0]])


def _crop(x: Any, margins: list[tuple[int, int]]) -> Any:
    index = [slice(None), *(slice(a, None if b == 0 else -b) for a, b in margins)]
    return x[tuple(index)]


@exported("keras.layers")
class Cropping2D(Configured):
    """Height and width without their borders."""

    settings = ("cropping", "data_format")

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping, self.data_format = _margins(cropping), data_format or "channels_last"

    def call(self, inputs: Any) -> Any:
        return _crop(inputs, list(self.cropping))


@exported("keras.layers")
class Cropping1D(Configured):
    """Steps without the first and last ones."""

    settings = ("cropping",)

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = (cropping, cropping) if isinstance(cropping, int) else tuple(cropping)

    def call(self, inputs: Any) -> Any:
        return _crop(inputs, [self.cropping])


@exported("keras.layers")
class UpSampling2D(Configured):
    """Each pixel repeated, or bilinear between them."""

    settings = ("size", "data_format", "interpolation")

    def __init__(self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest",
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.size, self.data_format, self.interpolation = pair(size, 2), data_format or "channels_last", interpolation
        if interpolation not in ("nearest", "bilinear"):
            raise LayerError(f"layer '{self.name}': interpolation is nearest or bilinear, not '{interpolation}'")

    def call(self, inputs: Any) -> Any:
        from ...eager import call

        h, w = (d * s for d, s in zip(inputs.shape[1:3], self.size, strict=True))
        kind = "RESIZE_BILINEAR" if self.interpolation == "bilinear" else "RESIZE_NEAREST_NEIGHBOR"
        return call(kind, [inputs, (h, w)], align_corners=False, half_pixel_centers=True)


@exported("keras.layers")
class UpSampling1D(Configured):
    """Each step repeated."""

    settings = ("size",)

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = int(size)

    def call(self, inputs: Any) -> Any:
        return array_ops.repeat(inputs, self.size, 1)
