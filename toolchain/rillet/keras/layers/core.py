"""Dense, Embedding, activations as layers, and the ones that hold no arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...eager import array_ops, cast, nn, reduce_any, where, zeros_like
from .. import activations, constraints, initializers, regularizers
from ..layer import Layer, LayerError, refuse
from ..registry import exported, serialize
from ..symbolic import Node, SymbolicTensor


@exported("keras.layers")
class InputLayer(Layer):
    """The start of a functional model; made by `keras.Input`."""

    def __init__(
        self, shape: Any = None, batch_size: int | None = None, dtype: Any = "float32", name: str | None = None,
        batch_shape: Any = None, sparse: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name)
        if sparse:
            raise LayerError(f"input '{self.name}': sparse inputs are not supported")
        self.batch_shape = tuple(batch_shape) if batch_shape is not None else (batch_size, *shape)
        self.dtype, self.built = np.dtype(dtype).name, True
        node = Node(self, (), {})
        node.outputs = SymbolicTensor(self.batch_shape, dtype, node)
        self._nodes.append(node)

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": False, "name": self.name}


class Configured(Layer):
    """A layer whose configuration is a list of attributes, which carry the names of constructor arguments."""

    settings: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: serialize(getattr(self, name)) for name in self.settings}}


class Weighted(Configured):
    """A layer with a kernel and a bias and Keras's arguments for them."""

    def set_weight_options(
        self,
        use_bias: bool,
        activation: Any,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
    ) -> None:
        self.use_bias, self.activation = use_bias, activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def add_kernel(self, shape: tuple[int, ...], order: tuple[int, ...] | None, name: str = "kernel") -> Any:
        return self.add_weight(shape, self.kernel_initializer, regularizer=self.kernel_regularizer,
                               constraint=self.kernel_constraint, name=name, order=order)  # fmt: skip

    def add_bias(self, size: int) -> Any:
        if not self.use_bias:
            return None
        return self.add_weight((size,), self.bias_initializer, regularizer=self.bias_regularizer,
                               constraint=self.bias_constraint, name="bias")  # fmt: skip


WEIGHT_SETTINGS = (
    "use_bias", "activation", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
    "kernel_constraint", "bias_constraint",
)  # fmt: skip


@exported("keras.layers")
class Dense(Weighted):
    """activation(inputs @ kernel + bias) over the last axis."""

    supports_masking = True

    settings = ("units", *WEIGHT_SETTINGS)

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse("Dense", kwargs, lora_rank=None, lora_alpha=None, quantization_config=None)
        super().__init__(**kwargs)
        if int(units) < 1:
            raise LayerError(f"layer '{self.name}': units is {units}")
        self.units = int(units)
        self.set_weight_options(use_bias, activation, kernel_initializer, bias_initializer, kernel_regularizer,
                                bias_regularizer, kernel_constraint, bias_constraint)  # fmt: skip

    def build(self, input_shape: Any) -> None:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise LayerError(f"layer '{self.name}': its input is {input_shape}; the last dimension must be known")
        self.kernel = self.add_kernel((input_shape[-1], self.units), (1, 0))
        self.bias = self.add_bias(self.units)

    def call(self, inputs: Any) -> Any:
        fused, rest = activations.split(self.activation)
        return rest(nn.fully_connected(inputs, self.kernel, self.bias, fused))


@exported("keras.layers")
class Embedding(Configured):
    """Rows of a table by number: (...) integers to (..., output_dim)."""

    settings = ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "embeddings_constraint",
                "mask_zero")  # fmt: skip

    def __init__(
        self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
        weights: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs.pop("input_length", None)
        refuse("Embedding", kwargs, lora_rank=None, lora_alpha=None, quantization_config=None)
        super().__init__(**kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.mask_zero = self.supports_masking = mask_zero
        if embeddings_initializer == "uniform":
            embeddings_initializer = "random_uniform"
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self._first = weights

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim), self.embeddings_initializer, regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint, name="embeddings",
        )  # fmt: skip
        if self._first is not None:
            self.set_weights([np.asarray(self._first).reshape(self.input_dim, self.output_dim)])

    def call(self, inputs: Any) -> Any:
        return nn.embedding_lookup(self.embeddings, cast(inputs, np.int32))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the number is not 0, with `mask_zero`."""
        return inputs != 0 if self.mask_zero else None


@exported("keras.layers")
class Activation(Configured):
    """A function of each element, by name or itself."""

    supports_masking = True

    settings = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


@exported("keras.layers")
class Lambda(Layer):
    """A Python function as a layer. It cannot be saved: write a Layer for that."""

    def __init__(self, function: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs: Any) -> Any:
        return self.function(inputs)

    def get_config(self) -> dict[str, Any]:
        raise LayerError(f"layer '{self.name}': a Lambda holds Python code and cannot be saved; make it a Layer")


@exported("keras.layers")
class Identity(Configured):
    """Its input."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


@exported("keras.layers")
class Masking(Configured):
    """Time steps that are all `mask_value` become 0 and are masked for the layers after it."""

    supports_masking = True

    settings = ("mask_value",)

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs: Any) -> Any:
        return where(array_ops.expand_dims(self.compute_mask(inputs), -1), inputs, zeros_like(inputs))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where any feature differs from `mask_value`."""
        return reduce_any(inputs != float(self.mask_value), -1)
