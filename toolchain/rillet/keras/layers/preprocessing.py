"""Layers that prepare images and numbers; the random ones do something in training only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...eager import array_ops, call, cast, clip_by_value, constant, cos, floor, random, sin, where
from ..layer import LayerError, refuse
from ..registry import exported
from .core import Configured


@exported("keras.layers")
class Rescaling(Configured):
    """inputs * scale + offset."""

    supports_masking = True

    settings = ("scale", "offset")

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Any) -> Any:
        y = cast(inputs, np.float32) * np.float32(self.scale)
        return y + np.float32(self.offset) if np.any(self.offset) else y


@exported("keras.layers")
class Normalization(Configured):
    """(inputs - mean) / sqrt(variance), along `axis`; given, or learnt from data by `adapt`."""

    supports_masking = True

    settings = ("axis", "invert", "mean", "variance")

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise LayerError(f"layer '{self.name}': give both mean and variance, or neither and call adapt()")
        self.axis = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
        self.invert, self.mean, self.variance = invert, mean, variance

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        kept = sorted(a % rank for a in self.axis)
        self._shape = tuple(input_shape[a] if a in kept else 1 for a in range(rank))
        if self.mean is None:
            own = tuple(input_shape[a] for a in kept)
            self.adapt_mean = self.add_weight(own, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(own, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", np.int32, trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Takes mean and variance from an array of samples."""
        array = np.asarray(data, np.float32)
        array = array[:, None] if array.ndim == 1 else array
        self.build_for((None, *array.shape[1:]))
        if self.mean is not None:
            raise LayerError(f"layer '{self.name}' was given its mean; adapt() would change it")
        kept = {a % array.ndim for a in self.axis}
        rest = tuple(a for a in range(array.ndim) if a not in kept)
        self.adapt_mean.assign(array.mean(rest, dtype=np.float64).astype(np.float32))
        self.adapt_variance.assign(array.var(rest, dtype=np.float64).astype(np.float32))

    def call(self, inputs: Any) -> Any:
        x = cast(inputs, np.float32)
        if self.mean is not None:
            mean = np.broadcast_to(np.asarray(self.mean, np.float32), _without_none(self._shape))
            deviation = np.maximum(np.sqrt(np.asarray(self.variance, np.float32)), 1e-7)
            return x * deviation + mean if self.invert else (x - mean) / np.broadcast_to(deviation, mean.shape)
        shape = _without_none(self._shape)
        learnt = array_ops.reshape(self.adapt_mean, shape)
        deviation = call("SQRT", [array_ops.reshape(self.adapt_variance, shape)])
        deviation = call("MAXIMUM", [deviation, np.float32(1e-7)])
        return x * deviation + learnt if self.invert else (x - learnt) / deviation


def _without_none(shape: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(1 if d is None else d for d in shape)


@exported("keras.layers")
class Resizing(Configured):
    """Images of another size."""

    settings = ("height", "width", "interpolation")

    def __init__(self, height: int, width: int, interpolation: str = "bilinear", **kwargs: Any) -> None:
        refuse("Resizing", kwargs, crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, fill_mode="constant",
               fill_value=0.0, antialias=False, data_format="channels_last")  # fmt: skip
        super().__init__(**kwargs)
        if interpolation not in ("bilinear", "nearest"):
            raise LayerError(f"layer '{self.name}': interpolation is bilinear or nearest, not '{interpolation}'")
        self.height, self.width, self.interpolation = height, width, interpolation

    def call(self, inputs: Any) -> Any:
        return resized(cast(inputs, np.float32), (self.height, self.width), self.interpolation)


def resized(x: Any, size: tuple[int, int], interpolation: str = "bilinear") -> Any:
    """Images of (height, width)."""
    kind = "RESIZE_BILINEAR" if interpolation == "bilinear" else "RESIZE_NEAREST_NEIGHBOR"
    return call(kind, [x, size], align_corners=False, half_pixel_centers=True)


@exported("keras.layers")
class CenterCrop(Configured):
    """The middle of images."""

    settings = ("height", "width")

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.width = height, width

    def call(self, inputs: Any) -> Any:
        top, left = (inputs.shape[1] - self.height) // 2, (inputs.shape[2] - self.width) // 2
        if top < 0 or left < 0:
            raise LayerError(f"layer '{self.name}': {self.height} x {self.width} of {inputs.shape}; resize first")
        return inputs[:, top : top + self.height, left : left + self.width]


class _RandomImage(Configured):
    """Shared by random changes of images, each image by itself."""

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        refuse(type(self).__name__, {"data_format": data_format}, data_format="channels_last")
        refuse(type(self).__name__, kwargs, fill_mode="reflect", interpolation="bilinear", fill_value=0.0)
        super().__init__(**kwargs)
        self.seed = seed

    def saved_members(self) -> list[tuple[str, Any]]:
        """Keras keeps the state of a generator, which rillet's layers do not have: a fresh one is written."""
        return [("generator", [np.array([self.seed or 0, 0], np.uint32)])]

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = cast(inputs, np.float32)
        return self.change(x) if training else x

    def change(self, x: Any) -> Any:
        raise NotImplementedError


@exported("keras.layers")
class RandomFlip(_RandomImage):
    """Mirrored with a chance of one half, "horizontal", "vertical" or "horizontal_and_vertical"."""

    settings = ("mode", "seed")

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise LayerError(f"layer '{self.name}': mode '{mode}'")
        self.mode = mode

    def change(self, x: Any) -> Any:
        for axis, name in ((2, "horizontal"), (1, "vertical")):
            if name in self.mode:
                chosen = random.uniform((x.shape[0], 1, 1, 1)) < 0.5
                x = where(chosen, array_ops.reverse(x, [axis]), x)
        return x


@exported("keras.layers")
class RandomCrop(_RandomImage):
    """A piece of (height, width) at a random place, the same one for the batch.

    When not training, the largest piece in the middle of the same form, resized.
    """

    settings = ("height", "width", "seed")

    def __init__(self, height: int, width: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.height, self.width = height, width

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = cast(inputs, np.float32)
        if training:
            return self.change(x)
        rows, columns = x.shape[1:3]
        height = max(min(rows, columns * self.height // self.width), 1)
        width = max(min(columns, rows * self.width // self.height), 1)
        top, left = (rows - height) // 2, (columns - width) // 2
        return resized(x[:, top : top + height, left : left + width], (self.height, self.width))

    def change(self, x: Any) -> Any:
        spare = np.array([x.shape[1] - self.height, x.shape[2] - self.width])
        if spare.min() < 0:
            raise LayerError(f"layer '{self.name}': {self.height} x {self.width} of {x.shape}; resize first")
        first = floor(random.uniform((2,)) * (spare + 1).astype(np.float32) * np.float32(1 - 1e-7))
        rows = cast(first[0], np.int32) + np.arange(self.height, dtype=np.int32)
        columns = cast(first[1], np.int32) + np.arange(self.width, dtype=np.int32)
        return array_ops.gather(array_ops.gather(x, rows, 1), columns, 2)


class _RandomWarp(_RandomImage):
    """A random affine map of the plane; what comes from outside is reflected at the border."""

    def maps(self, batch: Any, height: int, width: int) -> tuple[Any, ...]:
        """(a, b, c, d, e, f), each (batch, 1): output (x, y) takes its value from (ax + by + c, dx + ey + f)."""
        raise NotImplementedError

    def change(self, x: Any) -> Any:
        batch, height, width, channels = x.shape
        if batch is None:
            raise LayerError(f"layer '{self.name}': the batch size must be known")
        ys, xs = (g.reshape(1, -1).astype(np.float32) for g in np.mgrid[:height, :width])
        a, b, c, d, e, f = self.maps(batch, height, width)
        at_x, at_y = _reflect(a * xs + b * ys + c, width), _reflect(d * xs + e * ys + f, height)
        flat = array_ops.reshape(x, [batch * height * width, channels])
        start = constant((np.arange(batch, dtype=np.int32) * height * width).reshape(-1, 1))
        x0, y0 = floor(at_x), floor(at_y)
        total = None
        for dy, weight_y in ((0, 1.0 - (at_y - y0)), (1, at_y - y0)):
            for dx, weight_x in ((0, 1.0 - (at_x - x0)), (1, at_x - x0)):
                row = cast(clip_by_value(y0 + float(dy), 0.0, float(height - 1)), np.int32)
                column = cast(clip_by_value(x0 + float(dx), 0.0, float(width - 1)), np.int32)
                values = array_ops.gather(flat, row * width + column + start)
                part = values * array_ops.expand_dims(weight_x * weight_y, -1)
                total = part if total is None else total + part
        return array_ops.reshape(total, [batch, height, width, channels])


def _reflect(at: Any, size: int) -> Any:
    """Coordinates mirrored back into [0, size - 1], at the borders' outer edges."""
    period = float(2 * size)
    shifted = at + 0.5
    wrapped = shifted - floor(shifted / period) * period
    folded = where(wrapped > float(size), period - wrapped, wrapped)
    return clip_by_value(folded - 0.5, 0.0, float(size - 1))


@exported("keras.layers")
class RandomRotation(_RandomWarp):
    """Turned by up to `factor` of a full turn either way, or between two shares of it."""

    settings = ("factor", "seed")

    def __init__(self, factor: Any, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.factor = [-factor, factor] if isinstance(factor, (int, float)) else list(factor)

    def maps(self, batch: Any, height: int, width: int) -> tuple[Any, ...]:
        low, high = self.factor
        angle = random.uniform((batch, 1), 2 * math.pi * low, 2 * math.pi * high)
        across, down = (width - 1) / 2, (height - 1) / 2
        c, s = cos(angle), sin(angle)
        return c, s * -1.0, across - c * across + s * down, s, c, down - s * across - c * down


@exported("keras.layers")
class RandomTranslation(_RandomWarp):
    """Moved by up to shares of height and width."""

    settings = ("height_factor", "width_factor", "seed")

    def __init__(self, height_factor: Any, width_factor: Any, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor

    def maps(self, batch: Any, height: int, width: int) -> tuple[Any, ...]:
        def shift(factor: Any, size: int) -> Any:
            low, high = (-factor, factor) if isinstance(factor, (int, float)) else factor
            return random.uniform((batch, 1), -high * size, -low * size)

        one, zero = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
        return one, zero, shift(self.width_factor, width), zero, one, shift(self.height_factor, height)


@exported("keras.layers")
class RandomZoom(_RandomWarp):
    """Scaled by up to a share; negative factors zoom in."""

    settings = ("height_factor", "width_factor", "seed")

    def __init__(self, height_factor: Any, width_factor: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor

    def maps(self, batch: Any, height: int, width: int) -> tuple[Any, ...]:
        def scale(factor: Any) -> Any:
            low, high = (-factor, factor) if isinstance(factor, (int, float)) else factor
            return random.uniform((batch, 1), 1 + low, 1 + high)

        down = scale(self.height_factor)
        across = down if self.width_factor is None else scale(self.width_factor)
        x, y = (width - 1) / 2, (height - 1) / 2
        zero = np.zeros((1, 1), np.float32)
        return across, zero, x - across * x, zero, down, y - down * y
