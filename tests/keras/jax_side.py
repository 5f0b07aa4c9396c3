"""What the other process does: Keras on JAX loads a model file, differentiates or trains it, and gives arrays back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

Arrays = list[np.ndarray]


def _loaded(path: str) -> Any:
    warnings.simplefilter("ignore")
    import keras

    return keras.models.load_model(path)


def gradients(path: str, inputs: Arrays, seed: np.ndarray) -> tuple[np.ndarray, Arrays, Arrays, Arrays]:
    """Of sum(model(inputs, training=True) * seed).

    Returns:
        The outputs, the gradients of the weights and of the inputs (float ones), and the new untrained weights.
    """
    model = _loaded(path)
    import jax

    trainable, rest = ([v.value for v in group] for group in (model.trainable_variables, model.non_trainable_variables))

    def loss(weights: Any, xs: Any) -> Any:
        y, updated = model.stateless_call(weights, rest, xs if len(xs) > 1 else xs[0], training=True)
        return (y * seed).sum(), (y, updated)

    is_float = inputs[0].dtype.kind == "f"
    differentiate = jax.grad(loss, argnums=(0, 1) if is_float else (0,), has_aux=True)
    found, (y, updated) = jax.jit(differentiate)(trainable, inputs)
    given = found[1] if is_float else []
    return np.asarray(y), _arrays(found[0]), _arrays(given), _arrays(updated)


def fitted(path: str, fit: dict[str, Any], compiled: dict[str, Any] | None = None) -> tuple[dict[str, Any], Arrays]:
    """History and weights after `model.fit(**fit)`; compiled anew where `compiled` is given."""
    model = _loaded(path)
    if compiled is not None:
        model.compile(**compiled)
    history = model.fit(**fit, verbose=0)
    return {name: [float(v) for v in values] for name, values in history.history.items()}, model.get_weights()


def _arrays(values: Any) -> Arrays:
    return [np.asarray(v) for v in values]
