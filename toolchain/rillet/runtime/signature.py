"""SignatureRunner: one signature of a model as a function."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .details import SignatureIndices
from .subgraph import InterpreterError, Subgraph


class SignatureRunner:
    """Runs one signature of a model; made by `Interpreter.get_signature_runner()`."""

    def __init__(self, key: str, indices: SignatureIndices, subgraph: Subgraph) -> None:
        self._key, self._indices, self._subgraph = key, indices, subgraph

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        """Details by argument name."""
        return {name: self._subgraph.detail(i) for name, i in self._indices.inputs.items()}

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        """Details by result name."""
        return {name: self._subgraph.detail(i) for name, i in self._indices.outputs.items()}

    def __call__(self, **arrays: ArrayLike) -> dict[str, NDArray[Any]]:
        """Runs the signature; a shape other than the present one resizes the input.

        Returns:
            Copies of the results by name.

        Raises:
            InterpreterError: an argument is missing, unknown or of another type (a ValueError).
            RuntimeFailure: the shapes do not fit the model (a RuntimeError).
        """
        inputs = self._indices.inputs
        if set(arrays) != set(inputs):
            raise InterpreterError(f"signature '{self._key}' takes {sorted(inputs)}, got {sorted(arrays)}")
        values = {inputs[name]: np.asarray(value) for name, value in arrays.items()}
        for index, value in values.items():
            self._subgraph.resize(index, value.shape)
        self._subgraph.allocate()
        for index, value in values.items():
            self._subgraph.set(index, value)
        self._subgraph.invoke()
        return {name: np.array(self._subgraph.view(i)) for name, i in self._indices.outputs.items()}
