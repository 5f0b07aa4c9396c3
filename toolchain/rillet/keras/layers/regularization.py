"""Noise in training only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...eager import array_ops, cast, nn, random
from .. import regularizers
from ..layer import LayerError, refuse
from ..registry import exported
from .core import Configured


class _Random(Configured):
    """A rate and a seed."""

    supports_masking = True

    settings: tuple[str, ...] = ("rate", "seed")

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        refuse(type(self).__name__, kwargs, noise_shape=None)
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise LayerError(f"layer '{self.name}': rate is {rate}, not in [0, 1]")
        self.rate, self.seed = float(rate), seed

    def saved_members(self) -> list[tuple[str, Any]]:
        """Keras keeps the state of a generator, which rillet's layers do not have: a fresh one is written."""
        return [("seed_generator", [np.array([self.seed or 0, 0], np.uint32)])]


@exported("keras.layers")
class Dropout(_Random):
    """A share `rate` of the elements set to 0, the others scaled up (Srivastava et al. 2014)."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        return nn.dropout(inputs, self.rate) if training and self.rate else inputs


class _SpatialDropout(_Random):
    rank = 2

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "trainable"}  # as Keras's takes it

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.rate:
            return inputs
        shape = (inputs.shape[0], *(1,) * self.rank, inputs.shape[-1])
        kept = cast(random.uniform(shape) >= self.rate, inputs.dtype)
        return inputs * (kept * (1.0 / (1.0 - self.rate)))


@exported("keras.layers")
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels."""

    settings = ("rate", "data_format", "seed")

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.data_format = data_format or "channels_last"


@exported("keras.layers")
class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole features over all steps."""

    rank = 1


@exported("keras.layers")
class GaussianNoise(Configured):
    """Normally distributed noise added."""

    supports_masking = True

    settings = ("stddev", "seed")

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev, self.seed = stddev, seed

    def call(self, inputs: Any, training: bool = False) -> Any:
        return inputs + random.normal(inputs.shape, 0.0, self.stddev) if training else inputs


@exported("keras.layers")
class GaussianDropout(_Random):
    """Multiplied by noise of mean 1 and variance rate / (1 - rate)."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.rate:
            return inputs
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        return inputs * random.normal(inputs.shape, 1.0, stddev)


@exported("keras.layers")
class ActivityRegularization(Configured):
    """A penalty on its input."""

    supports_masking = True

    settings = ("l1", "l2")

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}

    def call(self, inputs: Any) -> Any:
        return array_ops.identity(inputs)
