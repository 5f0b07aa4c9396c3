"""Layer: weights and a `call`, built at the first input."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..eager import Tensor, Variable, convert_to_tensor, name_scope, transpose
from ..eager.nest import flatten, map_structure
from ..importers.keras.weights import snake_case
from ..ir import RilletError
from . import constraints, initializers, regularizers
from .masking import masks_of, set_masks
from .registry import auto_name, serialize
from .symbolic import SymbolicTensor, call_symbolically


class LayerError(RilletError, ValueError):
    """A layer that is used in a way it does not allow; the text names it."""


class _Context(threading.local):
    training: bool | None = None  # what an outer layer was told
    losses: list[Any] | None = None  # collects add_loss() while a model computes its loss


_context = _Context()


class Layer:
    """Base of all layers. A subclass makes weights in `build(input_shape)` and computes in `call(inputs)`.

    Weights and layers that are attributes (also inside lists, tuples and dictionaries) belong to the layer.

    Args:
        trainable: whether the optimizer may change its weights.
        dtype: float32; rillet trains in no other.
        name: unique names like "dense_1" are made where none is given.
    """

    supports_masking = False

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        activity_regularizer: Any = None,
        autocast: bool = True,
    ) -> None:
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.trainable, self.built = trainable, False
        policy = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
        if policy not in (None, "float32", np.float32):
            raise LayerError(f"layer '{self.name}': dtype {policy!r}; rillet's layers compute in float32")
        self.dtype = "float32"
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._own: list[Weight] = []
        self._nodes: list[Any] = []
        self._build_shapes: Any = None

    # For subclasses.

    def build(self, input_shape: Any) -> None:
        """Makes the weights; `input_shape` is a tuple, or a structure of them for several inputs."""

    def call(self, inputs: Any) -> Any:
        """The outputs. May also take `training` (bool), `mask`, and arguments of its own."""
        raise NotImplementedError(f"{type(self).__name__} has no call()")

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "glorot_uniform",
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str = "variable",
        order: Sequence[int] | None = None,
    ) -> Variable:
        """Makes a weight.

        Args:
            shape: in Keras's layout, as files and `get_weights` have it.
            initializer, regularizer, constraint: objects, names, or functions; they see Keras's layout.
            order: the permutation from there to the layout in which the variable is kept, so that kernels need not
                transpose at each step.
        """
        make = initializers.get(initializer)
        first = np.asarray(make(tuple(shape), dtype or np.float32))
        stored = first if order is None else np.ascontiguousarray(first.transpose(order))
        variable = Variable(stored, trainable, f"{self.name}/{name}", dtype or np.float32)
        weight = Weight(variable, name, None if order is None else tuple(order))
        weight.regularizer, weight.constraint = regularizers.get(regularizer), constraints.get(constraint)
        self._own.append(weight)
        return variable

    def add_loss(self, loss: Any) -> None:
        """Adds a scalar to the loss of the model that this layer is called in."""
        if _context.losses is not None:
            _context.losses.extend(flatten(loss))

    # Use.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, SymbolicTensor) for x in flatten([args, kwargs])):
            return call_symbolically(self, args, kwargs)
        if args:
            args = (map_structure(_as_tensor, args[0]), *args[1:])
        if not self.built:
            self.build_for(self.shapes_of(args, kwargs))
        return self.run(*args, **kwargs)

    def build_for(self, input_shape: Any) -> None:
        """Builds the layer once."""
        if not self.built:
            self._build_shapes = input_shape
            self.build(input_shape)
            self.built = True

    def shapes_of(self, args: Any, kwargs: Any) -> Any:
        """What `build` is given for a call with these arguments: the shapes of the first one."""
        return map_structure(lambda x: tuple(x.shape), args[0]) if args else None

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """`call` with `training` passed on, names for what is traced, and penalties collected."""
        before = _context.training
        if "training" in kwargs and kwargs["training"] is not None:
            _context.training = bool(kwargs["training"])
        accepted = _accepted(type(self))
        if "training" in accepted:
            kwargs["training"] = bool(_context.training)
        elif "**" not in accepted:
            kwargs.pop("training", None)
        if args and "mask" in accepted and kwargs.get("mask") is None:
            kwargs["mask"] = masks_of(args[0])
        for name, value in {**dict(zip(accepted, args, strict=False)), **kwargs}.items():
            if f"{name}_mask" in accepted and kwargs.get(f"{name}_mask") is None:
                kwargs[f"{name}_mask"] = masks_of(value)
        try:
            with name_scope(self.name):
                outputs = self.call(*args, **kwargs)
                self._pass_masks_on(args, kwargs.get("mask"), outputs)
                if self.activity_regularizer is not None and _context.losses is not None:
                    for each in flatten(outputs):
                        batch = float(each.shape[0] or 1)
                        _context.losses.append(self.activity_regularizer(each) / batch)
        finally:
            _context.training = before
        return outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks of the outputs from those of the inputs; None where there are none."""
        return mask

    def _pass_masks_on(self, args: Any, given: Any, outputs: Any) -> None:
        masks = given if given is not None else masks_of(args[0]) if args else None
        if self.supports_masking:
            set_masks(outputs, self.compute_mask(args[0], masks) if args else None)
        elif masks is not None:
            warnings.warn(
                f"layer '{self.name}' ({type(self).__name__}) does not support masks: its input has one, "
                "which layers after it will not see",
                stacklevel=2,
            )

    # What belongs to it.

    @property
    def layers_inside(self) -> list[Layer]:
        """Layers that are attributes of this one, in the order in which they were set."""
        found = [each for key, value in vars(self).items() if key not in _HIDDEN for each in _layers_in(value)]
        return list(dict.fromkeys(found))

    def every_layer(self) -> Iterator[Layer]:
        """This layer and all below it."""
        yield self
        for layer in self.layers_inside:
            yield from layer.every_layer()

    @property
    def trainable_weights(self) -> list[Variable]:
        return [w.variable for w in _trainable(self)]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        kept = {id(v) for v in self.trainable_weights}
        return [w.variable for w in self.ordered_weights if id(w.variable) not in kept]

    @property
    def weights(self) -> list[Variable]:
        """Layer by layer, in each the trainable ones first, as Keras orders them."""
        return [w.variable for w in self.ordered_weights]

    variables = weights
    trainable_variables = trainable_weights

    @property
    def ordered_weights(self) -> list[Weight]:
        """All weights: layer by layer, in each the trainable ones first, as Keras orders them."""
        found = {}
        for layer in self.every_layer():
            for weight in layer.ordered_own:
                found[id(weight.variable)] = weight
        return list(found.values())

    @property
    def ordered_own(self) -> list[Weight]:
        """This layer's own weights, the trainable ones first."""
        return sorted(self._own, key=lambda w: not w.variable.trainable)

    def get_weights(self) -> list[NDArray[Any]]:
        """Copies of the weights, in Keras's layout and order."""
        return [w.numpy() for w in self.ordered_weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """What `get_weights` gave.

        Raises:
            LayerError: their number or a shape differs.
        """
        own = self.ordered_weights
        if len(own) != len(weights):
            raise LayerError(f"layer '{self.name}' has {len(own)} weights, not {len(weights)}")
        for weight, values in zip(own, weights, strict=True):
            weight.assign(values)

    def count_params(self) -> int:
        return sum(v.size for v in self.weights)

    @property
    def losses(self) -> list[Any]:
        """The penalties of all regularized weights, as tensors."""
        return [
            w.regularizer(w.value())
            for layer in self.every_layer()
            for w in layer._own
            if w.regularizer is not None and layer.trainable
        ]

    # Files.

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        return None if self._build_shapes is None else {"input_shape": self._build_shapes}

    # The functional API.

    @property
    def input(self) -> Any:
        """The symbolic input of its first call in a functional model."""
        return self._first_node().inputs

    @property
    def output(self) -> Any:
        return self._first_node().outputs

    def _first_node(self) -> Any:
        if not self._nodes:
            raise LayerError(f"layer '{self.name}' was never called on a keras.Input")
        return self._nodes[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def refuse(layer: str, kwargs: dict[str, Any], **defaults: Any) -> None:
    """Takes arguments out of `kwargs` that Keras has and rillet has no use for.

    Raises:
        LayerError: one of them asks for something.
    """
    for name, default in defaults.items():
        value = kwargs.pop(name, default)
        if value is not None and value != default:
            raise LayerError(f"{layer}: {name}={value!r} is not supported")


class Weight:
    """A variable of a layer and how Keras sees it."""

    regularizer: Callable[[Any], Any] | None = None
    constraint: Callable[[Any], Any] | None = None

    def __init__(self, variable: Variable, name: str, order: tuple[int, ...] | None) -> None:
        self.variable, self.name, self.order = variable, name, order

    def value(self) -> Tensor:
        """Its value in Keras's layout."""
        value = self.variable.value()
        return value if self.order is None else transpose(value, np.argsort(self.order).tolist())

    def numpy(self) -> NDArray[Any]:
        """A copy in Keras's layout."""
        array = self.variable.numpy()
        return np.array(array if self.order is None else array.transpose(np.argsort(self.order)))

    @property
    def shape(self) -> tuple[int, ...]:
        """In Keras's layout."""
        shape = self.variable.shape
        return shape if self.order is None else tuple(shape[i] for i in np.argsort(self.order))

    def assign(self, values: Any) -> None:
        """Takes values in Keras's layout; arrays or tensors."""
        if tuple(values.shape if hasattr(values, "shape") else np.shape(values)) != self.shape:
            raise LayerError(f"weight '{self.variable.name}' is {self.shape}, not {tuple(np.shape(values))}")
        if isinstance(values, Tensor):
            self.variable.assign(values if self.order is None else transpose(values, self.order))
            return
        array = np.asarray(values, self.variable.dtype)
        self.variable.assign(np.array(array if self.order is None else array.transpose(self.order), order="C"))

    def constrain(self) -> None:
        """Applies the constraint, after a step."""
        if self.constraint is not None:
            self.assign(self.constraint(self.value()))


@contextmanager
def training_scope(training: bool, losses: list[Any] | None = None) -> Iterator[None]:
    """What layers called inside take `training` to be, and where their penalties go."""
    before = _context.training, _context.losses
    _context.training, _context.losses = training, losses
    try:
        yield
    finally:
        _context.training, _context.losses = before


def is_told_training() -> bool:
    """Whether an outer layer was told if it is training."""
    return _context.training is not None


_HIDDEN = {"_own", "_nodes", "_build_shapes"}
_parameters: dict[type, tuple[str, ...]] = {}


def _accepted(cls: type[Layer]) -> tuple[str, ...]:
    """The names of `call`'s parameters in order; "**" where it takes any."""
    if cls not in _parameters:
        found = list(inspect.signature(cls.call).parameters.values())[1:]
        _parameters[cls] = tuple("**" if p.kind is p.VAR_KEYWORD else p.name for p in found)
    return _parameters[cls]


def _layers_in(value: Any) -> Iterator[Layer]:
    if isinstance(value, Layer):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _layers_in(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _layers_in(each)


def _trainable(layer: Layer) -> list[Weight]:
    if not layer.trainable:
        return []
    found = [w for w in layer._own if w.variable.trainable]
    found += [w for inner in layer.layers_inside for w in _trainable(inner)]
    return list({id(w.variable): w for w in found}.values())


def _as_tensor(value: Any) -> Any:
    if value is None or isinstance(value, (Tensor, Variable)):
        return value
    array = np.asarray(value)
    return convert_to_tensor(array.astype(np.float32) if array.dtype == np.float64 else array)
