"""SimpleRNN, LSTM and GRU, unrolled: one step after another in ops that every runtime has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....ir import Tensor
from ....ops import GraphBuilder
from ..activations import activate
from ..emit import reshape
from ..layer import Layer, handles
from ..weights import Floats

_MAX_STEPS = 256
_WEIGHTS = ("kernel", "recurrent_kernel", "bias:use_bias")
Step = Callable[[Tensor, list[Tensor]], list[Tensor]]
"""From one time step's input projection and the states to the new states; the first is the output."""


@handles("SimpleRNN", weights=_WEIGHTS, holder="cell")
def simple_rnn(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    bias = layer.weight("bias", (_units(layer),)) if layer.get("use_bias", True) else None

    def step(projected: Tensor, states: list[Tensor]) -> list[Tensor]:
        y = b.op("ADD", [projected, _recur(layer, b, states[0], 1)])
        return [activate(layer, b, y, layer.get("activation", "tanh"))]

    return _unroll(layer, b, x, gates=1, states=1, bias=bias, step=step)


@handles("LSTM", weights=_WEIGHTS, holder="cell")
def lstm(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    """Gates in Keras' order: input, forget, candidate, output."""
    bias = layer.weight("bias", (4 * _units(layer),)) if layer.get("use_bias", True) else None

    def step(projected: Tensor, states: list[Tensor]) -> list[Tensor]:
        summed = b.op("ADD", [projected, _recur(layer, b, states[0], 4)])
        i, f, c, o = _split(layer, b, summed, 4)
        i, f, o = (_gate(layer, b, gate) for gate in (i, f, o))
        kept = b.op("MUL", [f, states[1]])
        cell = b.op("ADD", [kept, b.op("MUL", [i, activate(layer, b, c, layer.get("activation", "tanh"))])])
        return [b.op("MUL", [o, activate(layer, b, cell, layer.get("activation", "tanh"))]), cell]

    return _unroll(layer, b, x, gates=4, states=2, bias=bias, step=step)


@handles("GRU", weights=_WEIGHTS, holder="cell")
def gru(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    """Gates in Keras' order: update, reset, candidate."""
    units = _units(layer)
    after = bool(layer.get("reset_after", False))
    biased = layer.get("use_bias", True)
    stored = layer.weight("bias", (2, 3 * units) if after else (3 * units,)) if biased else None
    bias = stored[0] if stored is not None and after else stored
    recurrent_bias = stored[1] if stored is not None and after else None

    def step(projected: Tensor, states: list[Tensor]) -> list[Tensor]:
        before = states[0]
        xz, xr, xh = _split(layer, b, projected, 3)
        if after:
            hz, hr, hh = _split(layer, b, _recur(layer, b, before, 3, recurrent_bias), 3)
            reset = _gate(layer, b, b.op("ADD", [xr, hr]))
            memory = b.op("MUL", [reset, hh])
        else:
            hz, hr = _split(layer, b, _recur(layer, b, before, 3, columns=slice(0, 2 * units), key="gates"), 2)
            reset = _gate(layer, b, b.op("ADD", [xr, hr]))
            memory = _recur(layer, b, b.op("MUL", [reset, before]), 3, columns=slice(2 * units, None), key="memory")
        update = _gate(layer, b, b.op("ADD", [xz, hz]))
        candidate = activate(layer, b, b.op("ADD", [xh, memory]), layer.get("activation", "tanh"))
        change = b.op("MUL", [update, b.op("SUB", [before, candidate])])
        return [b.op("ADD", [candidate, change])]

    return _unroll(layer, b, x, gates=3, states=1, bias=bias, step=step)


def _unroll(
    layer: Layer, b: GraphBuilder, x: Tensor, gates: int, states: int, bias: Floats | None, step: Step
) -> Tensor:
    """Projects all steps at once, then runs `step` over time from zero states.

    Raises:
        KerasError: unknown or too many steps, or an option that has no unrolled form.
    """
    for key in ("stateful", "return_state"):
        if layer.get(key, False):
            raise layer.error(f"{key}=True is not imported; rillet models keep no state between calls")
    if len(x.shape) != 3 or None in x.shape:
        raise layer.error(f"its input {x.shape} must be (batch, steps, features), all known; give input_shapes")
    n, steps, depth = x.static_shape
    if steps > _MAX_STEPS:
        raise layer.error(f"{steps} time steps; rillet unrolls at most {_MAX_STEPS}; shorten the input window")
    width = gates * _units(layer)
    kernel = layer.constant(b, "kernel", lambda: np.ascontiguousarray(layer.weight("kernel", (depth, width)).T))
    offsets = layer.constant(b, "bias", lambda: bias if bias is not None else np.zeros(width, np.float32))
    projected = b.op("FULLY_CONNECTED", [x, kernel, offsets], keep_num_dims=True)
    zeros = layer.constant(b, "zeros", lambda: np.zeros((n, _units(layer)), np.float32))
    parts = b.ops("UNPACK", [projected], num=steps, axis=1) if steps > 1 else [reshape(b, projected, (n, width))]
    state, outputs = [zeros] * states, []
    for part in reversed(parts) if layer.get("go_backwards", False) else parts:
        state = step(part, state)
        outputs.append(state[0])
    if not layer.get("return_sequences", False):
        return outputs[-1]
    if steps == 1:
        return reshape(b, outputs[0], (n, 1, _units(layer)))
    return b.op("PACK", outputs, values_count=steps, axis=1)


def _recur(
    layer: Layer,
    b: GraphBuilder,
    state: Tensor,
    gates: int,
    bias: Floats | None = None,
    columns: slice = slice(None),
    key: str = "kernel",
) -> Tensor:
    """The state times (some columns of) the recurrent kernel."""
    units = _units(layer)

    def kernel() -> Floats:
        return np.ascontiguousarray(layer.weight("recurrent_kernel", (units, gates * units))[:, columns].T)

    weights = layer.constant(b, f"recurrent_{key}", kernel)
    width = weights.static_shape[0]
    offsets = layer.constant(
        b, f"recurrent_{key}_bias", lambda: bias if bias is not None else np.zeros(width, np.float32)
    )
    return b.op("FULLY_CONNECTED", [state, weights, offsets])


def _split(layer: Layer, b: GraphBuilder, x: Tensor, parts: int) -> list[Tensor]:
    axis = layer.constant(b, "split_axis", lambda: np.array(1, np.int32))
    return b.ops("SPLIT", [axis, x], num_splits=parts)


def _gate(layer: Layer, b: GraphBuilder, x: Tensor) -> Tensor:
    return activate(layer, b, x, layer.get("recurrent_activation", "sigmoid"))


def _units(layer: Layer) -> int:
    return layer.integers("units", 1)[0]
