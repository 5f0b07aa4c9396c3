"""SimpleRNN, LSTM, GRU, and Bidirectional. Time steps are unrolled in the graph, so their number must be known."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...eager import array_ops, matmul, where
from .. import activations, constraints, initializers, regularizers
from ..layer import Layer, LayerError, refuse
from ..registry import deserialize, exported, serialize
from .core import Configured

_SETTINGS = (
    "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer",
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint",
    "bias_constraint", "dropout", "recurrent_dropout", "return_sequences", "return_state", "go_backwards", "stateful",
    "unroll",
)  # fmt: skip


class RNN(Configured):
    """What recurrent layers share: (batch, steps, features) to (batch, units), or to (batch, steps, units)."""

    supports_masking = True

    gates = 1
    states = 1
    zero_output_for_mask = False  # else steps that do not count repeat the output before them
    settings: tuple[str, ...] = _SETTINGS

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs.pop("use_cudnn", None)
        refuse(type(self).__name__, kwargs, implementation=2, time_major=False)
        self.zero_output_for_mask = bool(kwargs.pop("zero_output_for_mask", False))
        super().__init__(**kwargs)
        if stateful:
            raise LayerError(f"layer '{self.name}': stateful layers are not supported; pass initial_state")
        self.units, self.activation, self.use_bias = int(units), activations.get(activation), use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout, self.recurrent_dropout, self.seed = dropout, recurrent_dropout, seed
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll

    def build(self, input_shape: Any) -> None:
        shape = input_shape[0] if isinstance(input_shape[0], (tuple, list)) else input_shape
        if len(shape) != 3 or shape[-1] is None:
            raise LayerError(f"layer '{self.name}': its input is {shape}, not (batch, steps, features)")
        width = self.gates * self.units
        self.kernel = self.add_weight(
            (shape[-1], width), self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            (self.units, width), self.recurrent_initializer, regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint, name="recurrent_kernel",
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self.bias_shape(), self.first_bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint,
                name="bias",
            )  # fmt: skip

    def saved_members(self) -> list[tuple[str, Any]]:
        """Keras keeps the weights in a cell."""
        return [("cell", self.ordered_own)]

    def bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def first_bias(self, shape: Any, dtype: Any = np.float32) -> Any:
        return self.bias_initializer(shape, dtype)

    def step(self, x: Any, states: list[Any], kernel: Any) -> list[Any]:
        """The states after a time step, the output first; `x` is the step's input times the kernel, plus bias."""
        raise NotImplementedError

    def project(self, inputs: Any) -> Any:
        """All steps times the kernel at once: one large product instead of many small ones."""
        y = matmul(inputs, self.kernel)
        return y if self.bias is None else y + self.bias

    def call(self, inputs: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        if isinstance(inputs, (list, tuple)):
            inputs, initial_state = inputs[0], list(inputs[1:])
        mask, steps = _first(mask), inputs.shape[1]
        if steps is None:
            raise LayerError(f"layer '{self.name}': the number of time steps must be known; give Input(shape=...) one")
        if training and self.dropout:
            inputs = self._dropped(inputs, (inputs.shape[0], 1, inputs.shape[2]), self.dropout)
        projected = array_ops.unstack(self.project(inputs), steps, 1)
        if self.go_backwards:
            projected.reverse()
        if initial_state is None:
            zeros = projected[0][:, : self.units] * 0.0
            states = [zeros] * self.states
        else:
            states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        kernel = self.recurrent_kernel.value()
        outputs: list[Any] = []
        keep = None
        if training and self.recurrent_dropout:
            keep = self._dropped(states[0] * 0.0 + 1.0, states[0].shape, self.recurrent_dropout)
        for number, x in enumerate(projected):
            fed = states if keep is None else [states[0] * keep, *states[1:]]
            after = self.step(x, fed, kernel)
            output = after[0]
            if mask is not None:
                at = steps - 1 - number if self.go_backwards else number
                counts = mask[:, at : at + 1]
                repeated = outputs and not self.zero_output_for_mask
                output = where(counts, output, outputs[-1] if repeated else output * 0.0)
                after = [where(counts, new, old) for new, old in zip(after, states, strict=True)]
            states = after
            outputs.append(output)
        result = array_ops.stack(outputs, 1) if self.return_sequences else outputs[-1]
        return (result, *states) if self.return_state else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """That of the input, where outputs are sequences."""
        return _first(mask) if self.return_sequences else None

    def _dropped(self, x: Any, shape: Any, rate: float) -> Any:
        from ...eager import cast, random

        return x * (cast(random.uniform(shape) >= rate, np.float32) * (1.0 / (1.0 - rate)))

    def get_config(self) -> dict[str, Any]:
        zero = {"zero_output_for_mask": True} if self.zero_output_for_mask else {}
        return {**super().get_config(), "seed": self.seed, **zero}


def _first(mask: Any) -> Any:
    """The mask of the sequences, where initial states come beside them."""
    return mask[0] if isinstance(mask, (list, tuple)) else mask


@exported("keras.layers")
class SimpleRNN(RNN):
    """h = activation(x W + h U + b)."""

    def step(self, x: Any, states: list[Any], kernel: Any) -> list[Any]:
        return [self.activation(x + matmul(states[0], kernel))]


@exported("keras.layers")
class LSTM(RNN):
    """Hochreiter and Schmidhuber 1997; gates in the order i, f, c, o."""

    gates, states = 4, 2
    settings = (*_SETTINGS, "recurrent_activation", "unit_forget_bias")

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, *args: Any, unit_forget_bias: bool = True, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(units, activation, use_bias, *args, **kwargs)
        self.recurrent_activation, self.unit_forget_bias = activations.get(recurrent_activation), unit_forget_bias

    def first_bias(self, shape: Any, dtype: Any = np.float32) -> Any:
        bias = np.array(self.bias_initializer(shape, dtype))
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def step(self, x: Any, states: list[Any], kernel: Any) -> list[Any]:
        h, c = states
        i, f, g, o = array_ops.split(x + matmul(h, kernel), 4, 1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        return [gate(o) * self.activation(c), c]


@exported("keras.layers")
class GRU(RNN):
    """Cho et al. 2014; gates in the order z, r, h. `reset_after` as in cuDNN."""

    gates = 3
    settings = (*_SETTINGS, "recurrent_activation", "reset_after")

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, *args: Any, reset_after: bool = True, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(units, activation, use_bias, *args, **kwargs)
        self.recurrent_activation, self.reset_after = activations.get(recurrent_activation), reset_after

    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def project(self, inputs: Any) -> Any:
        y = matmul(inputs, self.kernel)
        if self.bias is None:
            return y
        return y + (self.bias.value()[0] if self.reset_after else self.bias)

    def step(self, x: Any, states: list[Any], kernel: Any) -> list[Any]:
        (h,), n = states, self.units
        gate = self.recurrent_activation
        if self.reset_after:
            inner = matmul(h, kernel)
            if self.bias is not None:
                inner = inner + self.bias.value()[1]
            (xz, xr, xh), (hz, hr, hh) = array_ops.split(x, 3, 1), array_ops.split(inner, 3, 1)
            z, candidate = gate(xz + hz), self.activation(xh + gate(xr + hr) * hh)
        else:
            xz, xr, xh = array_ops.split(x, 3, 1)
            hz, hr = array_ops.split(matmul(h, kernel[:, : 2 * n]), 2, 1)
            z = gate(xz + hz)
            candidate = self.activation(xh + matmul(gate(xr + hr) * h, kernel[:, 2 * n :]))
        return [z * h + (1.0 - z) * candidate]


@exported("keras.layers")
class Bidirectional(Layer):
    """A recurrent layer forwards and a copy of it backwards, their outputs merged."""

    supports_masking = True

    def __init__(self, layer: Any, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None,
                 **kwargs: Any) -> None:  # fmt: skip
        layer = deserialize(layer, "keras.layers")
        name = layer.name.removeprefix("forward_")
        super().__init__(**{"name": f"bidirectional_{name}", **kwargs})
        if merge_mode not in ("concat", "sum", "mul", "ave", None):
            raise LayerError(f"layer '{self.name}': merge_mode '{merge_mode}'")
        config = layer.get_config()
        self.forward_layer = type(layer).from_config({**config, "name": f"forward_{name}"})
        backward = {**config, "name": f"backward_{name}", "go_backwards": not layer.go_backwards}
        self.backward_layer = deserialize(backward_layer, "keras.layers") or type(layer).from_config(backward)
        self.merge_mode = merge_mode
        for each in (self.forward_layer, self.backward_layer):
            each.zero_output_for_mask = each.return_sequences

    @property
    def layers_inside(self) -> list[Layer]:
        return [self.forward_layer, self.backward_layer]

    def build(self, input_shape: Any) -> None:
        self.forward_layer.build_for(input_shape)
        self.backward_layer.build_for(input_shape)

    def saved_members(self) -> list[tuple[str, Any]]:
        return [("backward_layer", self.backward_layer), ("forward_layer", self.forward_layer)]

    def call(self, inputs: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        first_state, second_state = _halves(initial_state)
        forward = self.forward_layer(inputs, initial_state=first_state, mask=mask)
        backward = self.backward_layer(inputs, initial_state=second_state, mask=mask)
        states: tuple[Any, ...] = ()
        if self.forward_layer.return_state:
            (forward, *first), (backward, *second) = forward, backward
            states = (*first, *second)
        if self.forward_layer.return_sequences:
            backward = array_ops.reverse(backward, [1])
        merged = self._merge(forward, backward)
        return (merged, *states) if states else merged

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """That of the input, where outputs are sequences."""
        return mask if self.forward_layer.return_sequences else None

    def _merge(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode == "concat":
            return array_ops.concat([forward, backward], len(forward.shape) - 1)
        if self.merge_mode == "sum":
            return forward + backward
        if self.merge_mode == "mul":
            return forward * backward
        return (forward + backward) * 0.5 if self.merge_mode == "ave" else (forward, backward)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "merge_mode": self.merge_mode, "layer": serialize(self.forward_layer),
                "backward_layer": serialize(self.backward_layer)}  # fmt: skip


def _halves(states: Any) -> tuple[Any, Any]:
    """The initial states of the forward and of the backward layer."""
    if states is None:
        return None, None
    return states[: len(states) // 2], states[len(states) // 2 :]


@exported("keras.layers")
class TimeDistributed(Layer):
    """A layer applied to every time step."""

    supports_masking = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        layer = deserialize(layer, "keras.layers")
        super().__init__(**{"name": f"time_distributed_{layer.name}" if "name" not in kwargs else None, **kwargs})
        self.layer = layer

    def build(self, input_shape: Any) -> None:
        self.layer.build_for((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool = False) -> Any:
        batch, steps = inputs.shape[:2]
        if steps is None:
            raise LayerError(f"layer '{self.name}': the number of time steps must be known")
        rows = -1 if batch is None else batch * steps
        y = self.layer(array_ops.reshape(inputs, [rows, *inputs.shape[2:]]))
        return array_ops.reshape(y, [-1 if batch is None else batch, steps, *y.shape[1:]])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize(self.layer)}
