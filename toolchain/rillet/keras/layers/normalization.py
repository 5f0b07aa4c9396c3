"""Batch, layer and group normalization; unit normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...eager import array_ops, nn, reduce_mean, rsqrt
from .. import constraints, initializers, regularizers
from ..layer import LayerError, refuse
from ..registry import exported
from .core import Configured


class _Normalization(Configured):
    """Gamma and beta with Keras's arguments for them."""

    supports_masking = True

    def set_affine(self, options: dict[str, Any]) -> None:
        self.epsilon = options["epsilon"]
        self.center, self.scale = options["center"], options["scale"]
        self.beta_initializer = initializers.get(options["beta_initializer"])
        self.gamma_initializer = initializers.get(options["gamma_initializer"])
        self.beta_regularizer = regularizers.get(options["beta_regularizer"])
        self.gamma_regularizer = regularizers.get(options["gamma_regularizer"])
        self.beta_constraint = constraints.get(options["beta_constraint"])
        self.gamma_constraint = constraints.get(options["gamma_constraint"])

    def add_affine(self, size: int) -> None:
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight((size,), self.gamma_initializer, regularizer=self.gamma_regularizer,
                                         constraint=self.gamma_constraint, name="gamma")  # fmt: skip
        if self.center:
            self.beta = self.add_weight((size,), self.beta_initializer, regularizer=self.beta_regularizer,
                                        constraint=self.beta_constraint, name="beta")  # fmt: skip
        self._ones, self._zeros = np.ones(size, np.float32), np.zeros(size, np.float32)

    def affine(self) -> tuple[Any, Any]:
        """Gamma and beta, 1 and 0 where the layer has none."""
        return (self._ones if self.gamma is None else self.gamma), (self._zeros if self.beta is None else self.beta)


_AFFINE = ("epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "beta_regularizer",
           "gamma_regularizer", "beta_constraint", "gamma_constraint")  # fmt: skip


@exported("keras.layers")
class BatchNormalization(_Normalization):
    """Normalized by the batch's statistics in training, by their running averages otherwise (Ioffe and Szegedy 2015).

    A layer that is not trainable uses the averages in training as well, as in Keras.
    """

    settings = ("axis", "momentum", *_AFFINE, "moving_mean_initializer", "moving_variance_initializer", "synchronized")

    def __init__(
        self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones", beta_regularizer: Any = None, gamma_regularizer: Any = None,
        beta_constraint: Any = None, gamma_constraint: Any = None, synchronized: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        refuse("BatchNormalization", kwargs, renorm=False, renorm_clipping=None, renorm_momentum=0.99)
        options = dict(locals())
        super().__init__(**kwargs)
        self.axis, self.momentum, self.synchronized = axis, momentum, synchronized
        self.set_affine(options)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Any) -> None:
        axis = self.axis[0] if isinstance(self.axis, (list, tuple)) else self.axis
        if axis not in (-1, len(input_shape) - 1):
            raise LayerError(f"layer '{self.name}': axis {self.axis}; rillet normalizes the last one")
        size = input_shape[-1]
        self.add_affine(size)
        self.moving_mean = self.add_weight((size,), self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight((size,), self.moving_variance_initializer, trainable=False,
                                               name="moving_variance")  # fmt: skip

    def call(self, inputs: Any, training: bool = False) -> Any:
        gamma, beta = self.affine()
        if training and self.trainable:
            y, mean, variance = nn.batch_normalization(inputs, gamma, beta, self.epsilon)
            for average, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                average.assign(average.value() * self.momentum + batch * (1.0 - self.momentum))
            return y
        factor = rsqrt(self.moving_variance.value() + self.epsilon) * gamma
        return inputs * factor + (beta - self.moving_mean.value() * factor)


@exported("keras.layers")
class LayerNormalization(_Normalization):
    """Normalized over the last axis (Ba et al. 2016)."""

    settings = ("axis", *_AFFINE)

    def __init__(
        self, axis: Any = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        refuse("LayerNormalization", kwargs, rms_scaling=False)
        options = dict(locals())
        super().__init__(**kwargs)
        self.axis = [axis] if isinstance(axis, int) else list(axis)
        self.set_affine(options)

    def build(self, input_shape: Any) -> None:
        if [a % len(input_shape) for a in self.axis] != [len(input_shape) - 1]:
            raise LayerError(f"layer '{self.name}': axis {self.axis}; rillet normalizes the last one")
        self.add_affine(input_shape[-1])

    def call(self, inputs: Any, training: bool = False) -> Any:
        gamma, beta = self.affine()
        if training:
            return nn.layer_normalization(inputs, gamma, beta, self.epsilon)
        centered = inputs - reduce_mean(inputs, -1, True)  # operators that every runtime of a converted model has
        return centered * rsqrt(reduce_mean(centered * centered, -1, True) + self.epsilon) * gamma + beta


@exported("keras.layers")
class GroupNormalization(_Normalization):
    """Normalized over all positions and the channels of a group, sample by sample (Wu and He 2018)."""

    settings = ("groups", "axis", *_AFFINE)

    def __init__(
        self, groups: int = 32, axis: int = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        options = dict(locals())
        super().__init__(**kwargs)
        self.groups, self.axis = groups, axis
        self.set_affine(options)

    def build(self, input_shape: Any) -> None:
        if self.axis not in (-1, len(input_shape) - 1):
            raise LayerError(f"layer '{self.name}': axis {self.axis}; rillet normalizes the last one")
        self.groups = input_shape[-1] if self.groups == -1 else self.groups
        if input_shape[-1] % self.groups:
            raise LayerError(f"layer '{self.name}': {input_shape[-1]} channels in {self.groups} groups")
        self.add_affine(input_shape[-1])

    def call(self, inputs: Any) -> Any:
        batch, channels = (-1 if inputs.shape[0] is None else inputs.shape[0]), inputs.shape[-1]
        positions = int(np.prod(inputs.shape[1:-1], dtype=np.int64))
        x = array_ops.reshape(inputs, [batch, positions, self.groups, channels // self.groups])
        mean = reduce_mean(x, [1, 3], True)
        centered = x - mean
        variance = reduce_mean(centered * centered, [1, 3], True)
        y = array_ops.reshape(centered * rsqrt(variance + self.epsilon), [batch, *inputs.shape[1:]])
        gamma, beta = self.affine()
        return y * gamma + beta


@exported("keras.layers")
class UnitNormalization(Configured):
    """Norm 1 along `axis`."""

    supports_masking = True

    settings = ("axis",)

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return nn.l2_normalize(inputs, self.axis)
