"""Multi-head attention (Vaswani et al. 2017)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...eager import array_ops, cast, constant, matmul, nn
from .. import constraints, initializers, regularizers
from ..layer import LayerError, refuse
from ..registry import exported
from .core import Configured

_LARGE = -1e9  # what a masked score becomes


@exported("keras.layers")
class MultiHeadAttention(Configured):
    """Queries (batch, t, dim) look at keys and values (batch, s, dim); several heads side by side."""

    supports_masking = True

    settings = (
        "num_heads", "key_dim", "value_dim", "dropout", "use_bias", "output_shape", "attention_axes",
        "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "kernel_constraint",
        "bias_constraint", "seed",
    )  # fmt: skip

    def __init__(
        self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0, use_bias: bool = True,
        output_shape: Any = None, attention_axes: Any = None, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
        kernel_constraint: Any = None, bias_constraint: Any = None, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs.pop("flash_attention", None)
        refuse("MultiHeadAttention", kwargs, use_gate=False, sliding_window=None)
        super().__init__(**kwargs)
        self.num_heads, self.key_dim = num_heads, key_dim
        self.value_dim = key_dim if value_dim is None else value_dim
        self.dropout, self.use_bias, self.seed = dropout, use_bias, seed
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else output_shape
        if attention_axes not in (None, 1, [1], (1,)):
            raise LayerError(f"layer '{self.name}': attention_axes {attention_axes}; rillet attends over axis 1")
        self.attention_axes = (1,)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def shapes_of(self, args: Any, kwargs: Any) -> Any:
        """Of query, value and key."""
        given = dict(zip(("query", "value", "key"), args, strict=False), **kwargs)
        query = tuple(given["query"].shape)
        value = tuple(given["value"].shape) if given.get("value") is not None else query
        key = tuple(given["key"].shape) if given.get("key") is not None else value
        return [query, value, key]

    def get_build_config(self) -> dict[str, Any] | None:
        if self._build_shapes is None:
            return None
        names = ("query_shape", "value_shape", "key_shape")
        return {"shapes_dict": dict(zip(names, self._build_shapes, strict=True))}

    def build(self, input_shape: Any) -> None:
        query, value, key = input_shape
        heads = self.num_heads
        self.query_dense = self._projection("query", query[-1], heads, self.key_dim)
        self.key_dense = self._projection("key", key[-1], heads, self.key_dim)
        self.value_dense = self._projection("value", value[-1], heads, self.value_dim)
        out = self.output_shape[0] if self.output_shape else query[-1]
        self.output_kernel = self._weight((heads, self.value_dim, out), "attention_output/kernel")
        self.output_bias = self._bias((out,), "attention_output/bias")

    def saved_members(self) -> list[tuple[str, Any]]:
        """Keras keeps them in four dense layers."""
        size = 2 if self.use_bias else 1
        names = ("query_dense", "key_dense", "value_dense", "output_dense")
        return [(name, self._own[size * i : size * (i + 1)]) for i, name in enumerate(names)]

    def _projection(self, name: str, width: int, heads: int, size: int) -> tuple[Any, Any]:
        return self._weight((width, heads, size), f"{name}/kernel"), self._bias((heads, size), f"{name}/bias")

    def _weight(self, shape: tuple[int, ...], name: str) -> Any:
        return self.add_weight(shape, self.kernel_initializer, regularizer=self.kernel_regularizer,
                               constraint=self.kernel_constraint, name=name)  # fmt: skip

    def _bias(self, shape: tuple[int, ...], name: str) -> Any:
        if not self.use_bias:
            return None
        return self.add_weight(shape, self.bias_initializer, regularizer=self.bias_regularizer,
                               constraint=self.bias_constraint, name=name)  # fmt: skip

    def call(
        self, query: Any, value: Any = None, key: Any = None, query_mask: Any = None, value_mask: Any = None,
        key_mask: Any = None, attention_mask: Any = None, return_attention_scores: bool = False,
        training: bool = False, use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        value = query if value is None else value
        key = value if key is None else key
        q, k, v = (
            self._split(x, *dense)
            for x, dense in ((query, self.query_dense), (key, self.key_dense), (value, self.value_dense))
        )
        scores = matmul(q * (1.0 / math.sqrt(self.key_dim)), k, transpose_b=True)
        key_mask = None if key is value else key_mask
        for mask, axis in ((query_mask, -1), (value_mask, -2), (key_mask, -2), (attention_mask, None)):
            if mask is not None:
                kept = cast(mask if axis is None else array_ops.expand_dims(mask, axis), np.float32)
                scores = scores + (1.0 - (array_ops.expand_dims(kept, 1) if kept.ndim == 3 else kept)) * _LARGE
        if use_causal_mask:
            t, s = scores.shape[-2:]
            scores = scores + constant(np.where(np.tri(t, s, dtype=bool), 0, _LARGE).astype(np.float32))
        weights = nn.softmax(scores)
        used = nn.dropout(weights, self.dropout) if training and self.dropout else weights
        context = array_ops.transpose(matmul(used, v), [0, 2, 1, 3])
        batch, steps = context.shape[:2]
        flat = array_ops.reshape(context, [-1 if batch is None else batch, steps, self.num_heads * self.value_dim])
        out = self.output_kernel.shape[-1]
        result = matmul(flat, array_ops.reshape(self.output_kernel, [self.num_heads * self.value_dim, out]))
        if self.output_bias is not None:
            result = result + self.output_bias
        return (result, weights) if return_attention_scores else result

    def _split(self, x: Any, kernel: Any, bias: Any) -> Any:
        """(batch, steps, dim) to (batch, heads, steps, size)."""
        width, heads, size = kernel.shape
        y = matmul(x, array_ops.reshape(kernel, [width, heads * size]))
        if bias is not None:
            y = y + array_ops.reshape(bias, [heads * size])
        batch, steps = x.shape[:2]
        y = array_ops.reshape(y, [-1 if batch is None else batch, steps, heads, size])
        return array_ops.transpose(y, [0, 2, 1, 3])
