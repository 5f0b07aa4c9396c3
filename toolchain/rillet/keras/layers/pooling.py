"""Pooling over windows and over everything. channels_last only."""

from __future__ import annotations

from typing import Any

from ...eager import array_ops, nn, reduce_max, reduce_mean, reduce_sum, where
from ..layer import LayerError
from ..registry import exported
from .convolution import pair
from .core import Configured


class _Pooling(Configured):
    rank = 2
    is_max = True
    settings = ("pool_size", "strides", "padding", "data_format")

    def __init__(
        self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", data_format: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.pool_size = pair(pool_size, self.rank)
        self.strides = self.pool_size if strides is None else pair(strides, self.rank)
        self.padding, self.data_format = padding.lower(), data_format or "channels_last"
        if self.data_format != "channels_last" or self.padding not in ("valid", "same"):
            raise LayerError(f"layer '{self.name}': data_format {data_format}, padding '{padding}'")

    def call(self, inputs: Any) -> Any:
        pool = nn.max_pool2d if self.is_max else nn.avg_pool2d
        if self.rank == 2:
            return pool(inputs, self.pool_size, self.strides, self.padding.upper())
        x = array_ops.expand_dims(inputs, 1)
        y = pool(x, (1, *self.pool_size), (1, *self.strides), self.padding.upper())
        return array_ops.squeeze(y, [1])


@exported("keras.layers", "MaxPool2D")
class MaxPooling2D(_Pooling):
    """The maximum of each window."""


@exported("keras.layers", "AvgPool2D")
class AveragePooling2D(_Pooling):
    """The mean of each window."""

    is_max = False

    def __init__(self, pool_size: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(pool_size, *args, **kwargs)


@exported("keras.layers", "MaxPool1D")
class MaxPooling1D(_Pooling):
    """The maximum of each window of steps."""

    rank = 1


@exported("keras.layers", "AvgPool1D")
class AveragePooling1D(AveragePooling2D):
    """The mean of each window of steps."""

    rank = 1


class _GlobalPooling(Configured):
    rank = 2
    is_max = True
    settings = ("data_format", "keepdims")

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format, self.keepdims = data_format or "channels_last", keepdims
        if self.data_format != "channels_last":
            raise LayerError(f"layer '{self.name}': data_format {data_format}; rillet computes channels_last")

    def call(self, inputs: Any) -> Any:
        return (reduce_max if self.is_max else reduce_mean)(inputs, list(range(1, self.rank + 1)), self.keepdims)


@exported("keras.layers", "GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalPooling):
    """The maximum of each channel."""


@exported("keras.layers", "GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel."""

    is_max = False


@exported("keras.layers", "GlobalMaxPool1D")
class GlobalMaxPooling1D(_GlobalPooling):
    """The maximum over steps."""

    rank = 1


@exported("keras.layers", "GlobalAvgPool1D")
class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over the steps that count."""

    supports_masking = True
    rank, is_max = 1, False

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        kept = array_ops.expand_dims(mask, 2)
        total = reduce_sum(where(kept, inputs, array_ops.zeros_like(inputs)), 1, self.keepdims)
        return total / reduce_sum(array_ops.cast(kept, inputs.dtype), 1, self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: no steps are left."""
        return None
