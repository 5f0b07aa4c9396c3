"""First values of weights, by Keras's names. Fan-in and fan-out: Glorot and Bengio 2010; He et al. 2015."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..eager import random
from ..eager.tensor import Tensor
from .registry import ConfigError, deserialize, exported

_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut at two standard deviations


class Initializer:
    """A function from a shape to values. With a `seed` it gives the same numbers each time."""

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)


@exported("keras.initializers", "zeros")
class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return Tensor(np.zeros(shape, dtype))


@exported("keras.initializers", "ones")
class Ones(Initializer):
    """All 1."""

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return Tensor(np.ones(shape, dtype))


@exported("keras.initializers", "constant")
class Constant(Initializer):
    """All `value`, or an array that broadcasts."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return Tensor(np.array(np.broadcast_to(self.value, tuple(shape)), dtype))


@exported("keras.initializers")
class RandomNormal(Initializer):
    """Normally distributed."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


@exported("keras.initializers")
class TruncatedNormal(RandomNormal):
    """Normally distributed, within two standard deviations."""

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


@exported("keras.initializers")
class RandomUniform(Initializer):
    """Evenly distributed in [minval, maxval)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


@exported("keras.initializers")
class VarianceScaling(Initializer):
    """Random with variance scale / fan, fan by `mode` ("fan_in", "fan_out", "fan_avg")."""

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None
    ) -> None:
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ConfigError(f"VarianceScaling's mode is fan_in, fan_out or fan_avg, not '{mode}'")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ConfigError(f"VarianceScaling's distribution cannot be '{distribution}'")
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, self.seed)


class _Preset(VarianceScaling):
    """VarianceScaling with everything fixed but the seed."""

    preset: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.preset, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


@exported("keras.initializers")
class GlorotUniform(_Preset):
    """Glorot and Bengio 2010, uniform."""

    preset = (1.0, "fan_avg", "uniform")


@exported("keras.initializers")
class GlorotNormal(_Preset):
    """Glorot and Bengio 2010, normal."""

    preset = (1.0, "fan_avg", "truncated_normal")


@exported("keras.initializers")
class HeUniform(_Preset):
    """He et al. 2015, uniform."""

    preset = (2.0, "fan_in", "uniform")


@exported("keras.initializers")
class HeNormal(_Preset):
    """He et al. 2015, normal."""

    preset = (2.0, "fan_in", "truncated_normal")


@exported("keras.initializers")
class LecunUniform(_Preset):
    """LeCun et al. 1998, uniform."""

    preset = (1.0, "fan_in", "uniform")


@exported("keras.initializers")
class LecunNormal(_Preset):
    """LeCun et al. 1998, normal."""

    preset = (1.0, "fan_in", "truncated_normal")


@exported("keras.initializers", "Orthogonal", "orthogonal")
class OrthogonalInitializer(Initializer):
    """Orthogonal rows or columns (Saxe et al. 2013), times `gain`."""

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        if len(shape) < 2:
            raise ConfigError(f"an orthogonal initializer needs two dimensions, not {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = random.normal((max(rows, columns), min(rows, columns)), seed=self.seed).numpy()
        q, r = np.linalg.qr(flat)
        q = q * np.sign(np.diag(r))
        return Tensor(np.asarray(self.gain * (q if rows >= columns else q.T).reshape(shape), dtype))


Orthogonal = OrthogonalInitializer


@exported("keras.initializers", "Identity", "identity")
class IdentityInitializer(Initializer):
    """The identity matrix times `gain`."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = np.float32) -> Tensor:
        if len(shape) != 2:
            raise ConfigError(f"an identity initializer needs two dimensions, not {tuple(shape)}")
        return Tensor(np.asarray(self.gain * np.eye(shape[0], shape[1]), dtype))


Identity = IdentityInitializer


def compute_fans(shape: Sequence[int]) -> tuple[float, float]:
    """Inputs and outputs of one unit; the last two dimensions are channels in and out, those before them a window."""
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    window = math.prod(shape[:-2])
    return float(shape[-2] * window), float(shape[-1] * window)


def get(identifier: Any) -> Any:
    """An initializer by name ("he_normal"), configuration or itself."""
    return deserialize(identifier, "keras.initializers")
