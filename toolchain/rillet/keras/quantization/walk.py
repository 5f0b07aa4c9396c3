"""The walk through a functional model: which layers become one, where values are rounded, which ranges are shared.

The rules are those of `OpDef.quant` (TFLite's quantization specification), layer by layer.
"""

from __future__ import annotations

from typing import Any

from ...eager.nest import flatten
from ...ops import opdef
from ...quantize import Recipe
from .. import activations, layers
from ..layer import Layer, LayerError
from ..model import Functional
from ..registry import deserialize, serialize
from ..sequential import Sequential
from ..symbolic import Input, Node, SymbolicTensor
from .layers import Function, Rounded, RoundedWeights
from .ranges import Observer, Range

_WEIGHTED = (layers.Conv1D, layers.Conv2D, layers.Conv1DTranspose, layers.Conv2DTranspose, layers.DepthwiseConv1D,
             layers.DepthwiseConv2D, layers.Dense)  # fmt: skip
_SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
_COMBINING = (layers.Add, layers.Subtract, layers.Multiply)
_COMPUTING = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)
# On the grid of their inputs; those that only choose values or move them need no rounding.
_AVERAGING = (layers.AveragePooling1D, layers.AveragePooling2D, layers.UpSampling1D, layers.UpSampling2D)
_MOVING = (
    layers.Concatenate, layers.Cropping1D, layers.Cropping2D, layers.Dropout, layers.Flatten, layers.GaussianDropout,
    layers.GaussianNoise, layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.Identity, layers.MaxPooling1D,
    layers.MaxPooling2D, layers.Maximum, layers.Minimum, layers.Permute, layers.RepeatVector, layers.Reshape,
    layers.SpatialDropout1D, layers.SpatialDropout2D, layers.ZeroPadding1D, layers.ZeroPadding2D,
)  # fmt: skip
_FUSED = (activations.linear, activations.relu, activations.relu6)
_OPERATORS = {
    activations.sigmoid: "LOGISTIC", activations.tanh: "TANH", activations.softmax: "SOFTMAX",
    activations.log_softmax: "LOG_SOFTMAX", activations.hard_silu: "HARD_SWISH", activations.elu: "ELU",
    activations.leaky_relu: "LEAKY_RELU", activations.gelu: "GELU",
}  # fmt: skip


class Walk:
    """Calls rounding copies of a model's layers on new inputs.

    Raises:
        LayerError: a layer that has no int8 form here, or whose weights are used twice.
    """

    def __init__(self, recipe: Recipe, momentum: float, model: Functional) -> None:
        self.recipe = recipe
        self.momentum = momentum
        self._ends = {id(x) for x in model.outputs}
        self._starts: dict[int, Any] = {}
        self._symbols: dict[int, Any] = {}  # by the old symbol
        self._ranges: dict[int, Range] = {}  # by the new one
        self._kept: list[Any] = []  # symbols whose id is a key
        self._copied: set[Layer] = set()
        for x in model.inputs:
            self._starts[id(x)] = start = Input(batch_shape=x.shape, dtype=x.dtype.name, name=x.name)
            is_float = x.dtype.kind == "f"
            values = layers.Identity(name=f"{x.name}_values")
            self._symbols[id(x)] = self._compute(values, start) if is_float else start
        self._run(model)

    def start(self, x: SymbolicTensor) -> Any:
        """The new input."""
        return self._starts[id(x)]

    def symbol(self, x: SymbolicTensor) -> Any:
        """What stands for `x`."""
        return self._symbols[id(x)]

    def _run(self, model: Functional) -> None:
        chains = _Chains(model)
        for node in model._order:
            if node.parents and node not in chains.done:
                self._convert(node, chains)

    def _convert(self, node: Node, chains: _Chains) -> None:
        layer = node.layer
        xs = [self._symbols[id(x)] for x in node.parents]
        if isinstance(layer, (Functional, Sequential)):
            self._inline(layer, node, xs)
            return
        end = node
        if isinstance(layer, (*_WEIGHTED, *_SEPARABLE)):
            norm = chains.take(node, layers.BatchNormalization) if layer.activation is activations.linear else None
            end = norm or end
            function = layer.activation
            if function is activations.linear:
                end, function = chains.take_activation(end)
            y = self._weighted(layer, norm, function, xs[0], end)
        elif isinstance(layer, _COMBINING):
            end, function = chains.take_activation(node)
            y = self._combined(layer, xs, function)
        elif isinstance(layer, _COMPUTING) or (isinstance(layer, layers.Rescaling) and not layer.offset):
            y = self._compute(self._copy(layer), xs[0])
        elif isinstance(layer, _AVERAGING):
            range = self._range(xs[0])
            y = self._made(Rounded(self._copy(layer), range, None)(xs[0]), range)
        elif isinstance(layer, _MOVING):
            y = self._moved(layer, node, xs)
        elif (own := _function(layer)) is not None:
            y = self._activated(own, self._copy(layer), xs[0], end)
        else:
            raise LayerError(
                f"layer '{layer.name}': a {type(layer).__name__} here has no int8 form that can be trained for"
            )
        self._symbols[id(end.outputs)] = y
        self._kept.append(end.outputs)

    def _inline(self, layer: Any, node: Node, xs: list[Any]) -> None:
        """A model among the layers: its own layers in its place."""
        inner = layer if isinstance(layer, Functional) else layer._made()
        self._symbols.update({id(x): given for x, given in zip(inner.inputs, xs, strict=True)})
        self._run(inner)
        for outer, x in zip(flatten(node.outputs), inner.outputs, strict=True):
            self._symbols[id(outer)] = self._symbols[id(x)]

    def _weighted(self, layer: Any, norm: Node | None, function: Function, x: Any, end: Node) -> Any:
        if isinstance(layer, _SEPARABLE):
            self._once(layer)
            depthwise, layer = _separated(layer)
            x = self._round_weights(depthwise, None, activations.linear, x)
        copied = self._copy(layer)
        copied.activation = activations.linear
        normalization: Any = None if norm is None else self._copy(norm.layer)
        fused = function if function in _FUSED else activations.linear
        y = self._round_weights(copied, normalization, fused, x)
        if fused is function:
            return y
        return self._activated(function, layers.Activation(function, name=f"{layer.name}_activation"), y, end)

    def _round_weights(self, layer: Any, normalization: Any, function: Function, x: Any) -> Any:
        observer = Observer(self.momentum, f"{layer.name}_range")
        ranges = self._range(x), Range(observer)
        is_transposed = isinstance(layer, (layers.Conv1DTranspose, layers.Conv2DTranspose))
        bits = self.recipe.weights_of("TRANSPOSE_CONV" if is_transposed else "CONV_2D").limits[1].bit_length() + 1
        made = RoundedWeights(layer, normalization, function, bits, *ranges, observer)
        return self._made(made(x), made._range)

    def _combined(self, layer: Layer, xs: list[Any], function: Function) -> Any:
        """Two at a time, as operators take them."""
        for x in xs:
            self._range(x)
        result = xs[0]
        for number, x in enumerate(xs[1:], 2):
            part = self._copy(layer) if number == len(xs) else type(layer)(name=f"{layer.name}_{number - 1}")
            result = self._compute(part, [result, x], function if number == len(xs) else activations.linear)
        return result

    def _moved(self, layer: Layer, node: Node, xs: list[Any]) -> Any:
        if len({self._range(x).whole.fixed for x in xs}) > 1:
            xs = [self._own_range(x, f"{layer.name}_{number}_input") for number, x in enumerate(xs)]
        ranges = [self._range(x) for x in xs]
        for other in ranges[1:]:
            ranges[0].join(other)
        given = xs if isinstance(node.inputs, (list, tuple)) else xs[0]
        return self._made(self._copy(layer)(given), ranges[0])

    def _own_range(self, x: Any, name: str) -> Any:
        """`x`, on another grid where an operator fixed its own: it is requantized where it meets others."""
        return x if self._range(x).whole.fixed is None else self._compute(layers.Identity(name=name), x)

    def _activated(self, function: Function, layer: Layer, x: Any, end: Node) -> Any:
        if function in _FUSED:
            return self._made(layer(x), self._range(x))
        if function is activations.silu:
            gate = self._operator("LOGISTIC", layers.Activation("sigmoid", name=f"{layer.name}_gate"), x, True)
            return self._compute(layers.Multiply(name=layer.name), [x, gate])
        if function not in _OPERATORS:
            raise LayerError(f"layer '{layer.name}': {function.__name__} has no int8 form that can be trained for")
        return self._operator(_OPERATORS[function], layer, x, id(end.outputs) not in self._ends)

    def _operator(self, kind: str, layer: Layer, x: Any, in_training: bool) -> Any:
        """An activation that is an operator. The loss sees what a model ends with as it is: logarithms of 0 blow up."""
        self._range(x)
        rule = opdef(kind).quant
        if rule is None or rule.fixed_output is None:
            return self._compute(layer, x)
        range = Range.of_operator(*rule.fixed_output)
        return self._made(Rounded(layer, range, None, in_training=in_training)(x), range)

    def _compute(self, layer: Layer, xs: Any, function: Function = activations.linear) -> Any:
        observer = Observer(self.momentum, f"{layer.name}_range")
        range = Range(observer)
        return self._made(Rounded(layer, range, observer, function)(xs), range)

    def _made(self, y: Any, range: Range) -> Any:
        self._ranges[id(y)] = range
        self._kept.append(y)
        return y

    def _range(self, x: Any) -> Range:
        if id(x) not in self._ranges:
            raise LayerError(f"input '{x.name}' is {x.dtype.name}: only float inputs are quantized")
        return self._ranges[id(x)]

    def _copy(self, layer: Layer) -> Any:
        """A layer of its own with equal weights."""
        self._once(layer)
        made = deserialize(serialize(layer), "keras.layers")
        if layer.built and layer._build_shapes is not None:
            made.build_for(layer._build_shapes)
        if layer.weights:
            made.set_weights(layer.get_weights())
        made.trainable = layer.trainable
        return made

    def _once(self, layer: Layer) -> None:
        if layer in self._copied:
            raise LayerError(f"layer '{layer.name}' is called twice: ranges are a call's, so use two layers")
        self._copied.add(layer)


class _Chains:
    """Layers that come alone after another, and so can be part of it."""

    def __init__(self, model: Functional) -> None:
        self.done: set[Node] = set()
        self._readers: dict[int, list[Node]] = {}
        self._ends = {id(x) for x in model.outputs}
        for node in model._order:
            for x in node.parents:
                self._readers.setdefault(id(x), []).append(node)

    def take(self, node: Node, kind: type[Layer]) -> Node | None:
        """The one reader of the node's output where it is of that kind."""
        found = self._reader(node)
        if found is None or not isinstance(found.layer, kind):
            return None
        self.done.add(found)
        return found

    def take_activation(self, node: Node) -> tuple[Node, Function]:
        """The one reader where it is an activation that operators fuse, and which; else the node itself, linear."""
        found = self._reader(node)
        function = None if found is None else _function(found.layer)
        if found is None or function is None or function not in _FUSED:
            return node, activations.linear
        self.done.add(found)
        return found, function

    def _reader(self, node: Node) -> Node | None:
        readers = self._readers.get(id(node.outputs), [])
        return readers[0] if len(readers) == 1 and id(node.outputs) not in self._ends else None


def _function(layer: Layer) -> Function | None:
    """The activation that a layer is."""
    if isinstance(layer, layers.Activation):
        found: Function = layer.activation
        return found
    if isinstance(layer, layers.ReLU) and not layer.threshold:
        if layer.negative_slope:
            return activations.leaky_relu if layer.max_value is None else None
        return activations.relu if layer.max_value is None else activations.relu6 if layer.max_value == 6 else None
    kinds: dict[type[Layer], Function] = {
        layers.ELU: activations.elu,
        layers.LeakyReLU: activations.leaky_relu,
        layers.Softmax: activations.softmax,
    }
    return kinds.get(type(layer))


def _separated(layer: Any) -> tuple[Any, Any]:
    """A separable convolution as a depthwise one and one of size 1."""
    one = isinstance(layer, layers.SeparableConv1D)
    first = (layers.DepthwiseConv1D if one else layers.DepthwiseConv2D)(
        layer.kernel_size, layer.strides, layer.padding, layer.depth_multiplier, dilation_rate=layer.dilation_rate,
        use_bias=False, depthwise_regularizer=layer.depthwise_regularizer,
        depthwise_constraint=layer.depthwise_constraint, name=f"{layer.name}_depthwise",
    )  # fmt: skip
    second = (layers.Conv1D if one else layers.Conv2D)(
        layer.filters, 1, use_bias=layer.use_bias, kernel_regularizer=layer.pointwise_regularizer,
        bias_regularizer=layer.bias_regularizer, kernel_constraint=layer.pointwise_constraint,
        bias_constraint=layer.bias_constraint, name=layer.name,
    )  # fmt: skip
    depthwise, pointwise, *bias = layer.get_weights()
    first.build_for(layer._build_shapes)
    second.build_for((*tuple(layer._build_shapes)[:-1], pointwise.shape[-2]))
    first.set_weights([depthwise])
    second.set_weights([pointwise, *bias])
    first.trainable = second.trainable = layer.trainable
    return first, second
