"""Interpreter: the interface of `tflite_runtime.interpreter.Interpreter`, so that changing an import is enough.

import rillet as tflite     # was: import tflite_runtime.interpreter as tflite
interpreter = tflite.Interpreter("model.tflite", num_threads=2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ir import RilletError
from .details import ModelDetails
from .native import RuntimeFailure, check, verify_bytes
from .plan import ModelBytes, map_file
from .session import MAX_THREADS, Threads, session_invoke
from .signature import SignatureRunner
from .source import Source
from .subgraph import InterpreterError, Subgraph, Variables


class InvalidModel(RilletError, ValueError):
    """The file is not a .tflite model that rillet accepts."""


class OpResolverType(Enum):
    """Names that tflite_runtime has for its sets of kernels. rillet has one, equal to BUILTIN_REF for integers."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def load_delegate(library: str, options: dict[str, Any] | None = None) -> NoReturn:
    """Raises ValueError, as tflite_runtime does for a delegate that cannot be had: rillet runs no TFLite delegates."""
    raise InterpreterError(f"cannot load '{library}': rillet runs models with its own kernels, without delegates")


class Interpreter:
    """Runs a .tflite model on this machine's CPU. Not for use by two threads at once; make one for each.

    Args:
        model_path: path of a .tflite file, or model_content: its bytes. Exactly one of them.
        num_threads: threads for one invoke, at least 1; None for one.
        experimental_preserve_all_tensors: every intermediate tensor can be read after `invoke()`; the graph then runs
            as the file has it, with nothing optimized away.
        optimize: rewrite the graph when memory is planned (dead channels, transposes, constants, ...), as `rillet
            convert` does. Names, indices, shapes and values of inputs and outputs stay; after
            `resize_tensor_input()` the graph runs as the file has it. False: always so.
        float_tolerance: the error, as a share of a layer's largest output, up to which float convolutions may use
            algorithms with fewer multiplications (docs/numerics.md); None for 1e-5, 0 for sums of products only.

    The other arguments of tflite_runtime are accepted and have no effect: rillet has one set of kernels, whose
    integer results equal the reference kernels', and no delegates here.

    Raises:
        InvalidModel: the file is missing or malformed (a ValueError, as with tflite_runtime).
        InterpreterError: arguments out of range (a ValueError).
    """

    def __init__(
        self,
        model_path: str | PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[object] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: object = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
        *,
        optimize: bool = True,
        float_tolerance: float | None = None,
    ) -> None:
        if model_path and model_content:
            raise InterpreterError("give model_path or model_content, not both")
        if not model_path and not model_content:
            raise InterpreterError("model_path or model_content must be given")
        if experimental_delegates:
            raise InterpreterError("rillet.Interpreter takes no delegates: its own kernels run the whole model")
        if num_threads is not None and (not isinstance(num_threads, int) or num_threads < 1):
            raise InterpreterError(f"num_threads should be an int, at least 1, not {num_threads!r}")
        if float_tolerance is not None and not 0 <= float_tolerance < float("inf"):
            raise InterpreterError(f"float_tolerance should be a number from 0, not {float_tolerance!r}")
        self._bytes = _read(model_path) if model_path else _aligned(model_content)
        try:
            verify_bytes(memoryview(self._bytes))
        except RuntimeFailure as problem:
            raise InvalidModel(f"{model_path or 'model_content'}: {problem}") from problem
        self._details = ModelDetails(self._bytes)
        self._threads = Threads(min(num_threads or 1, MAX_THREADS))
        self._preserve = experimental_preserve_all_tensors
        self._tolerance = float_tolerance
        self._source = Source(self._bytes, optimize and not self._preserve)
        self._subgraphs: dict[int, Subgraph] = {}
        self._variables = Variables()
        self._main = self._subgraph(0)

    def allocate_tensors(self) -> None:
        """Plans memory; needed before `invoke()` and after `resize_tensor_input()`.

        Raises:
            RuntimeFailure: the model has an operator, type or shape that rillet does not run (a RuntimeError).
        """
        self._main.allocate()

    def invoke(self) -> None:
        """Runs the model on the inputs set before. Other Python threads go on meanwhile.

        Raises:
            InterpreterError: `allocate_tensors()` was not called (a RuntimeError).
            RuntimeFailure: a value in the data is out of range (a RuntimeError).
        """
        handle = self._main.handle
        if handle is None:
            self._main.invoke()
        elif status := session_invoke(handle):  # from here: a call more would be a percent of a small model's time
            check(status)

    def get_input_details(self) -> list[dict[str, Any]]:
        """One dictionary per input.

        `name`, `index` (for `set_tensor`), `shape` (int32 array), `shape_signature` (-1 where the file leaves a size
        open), `dtype` (numpy class), `quantization` (scale, zero point; (0.0, 0) for none or several),
        `quantization_parameters` (`scales`, `zero_points`, `quantized_dimension`, `block_size`),
        `sparsity_parameters`.
        """
        return [self._main.detail(i) for i in self._main.inputs]

    def get_output_details(self) -> list[dict[str, Any]]:
        """The same for outputs; shapes are those of the current plan once tensors are allocated."""
        return [self._main.detail(i) for i in self._main.outputs]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[dict[str, Any]]:
        """The same for every tensor of a subgraph.

        Raises:
            InterpreterError: no such subgraph (a ValueError).
        """
        subgraph = self._subgraph(subgraph_index)
        return [subgraph.detail(i) for i in range(subgraph.tensor_count)]

    def num_subgraphs(self) -> int:
        """How many subgraphs the file has."""
        return self._details.graph_count

    def set_tensor(self, tensor_index: int, value: ArrayLike) -> None:
        """Copies `value` into an input (or an output).

        Raises:
            InterpreterError: another type or shape than the tensor has, a tensor that cannot be set, or tensors are
                not allocated (a ValueError).
        """
        self._main.set(tensor_index, value)

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> NDArray[Any]:
        """A copy of a tensor's value: inputs, outputs, constants, and with `preserve_all_tensors` all others.

        Raises:
            InterpreterError: the tensor has no value that can be read (a ValueError).
        """
        return np.array(self._subgraph(subgraph_index).view(tensor_index))

    def tensor(self, tensor_index: int) -> Callable[[], NDArray[Any]]:
        """A function that gives a view of the tensor's memory, without a copy.

        Keep the function, not the view: after a resize the view shows memory that is no longer used.
        """
        return lambda: self._main.view(tensor_index)

    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int] | NDArray[Any], strict: bool = False
    ) -> None:
        """Gives an input another shape; call `allocate_tensors()` afterwards.

        Args:
            strict: only sizes that the file leaves open (-1 in `shape_signature`) may change.

        Raises:
            InterpreterError: no such input, or `strict` forbids the change (a ValueError and a RuntimeError).
        """
        self._main.resize(input_index, tensor_size, strict)

    def reset_all_variables(self) -> None:
        """Sets variable tensors to their initial values.

        Raises:
            InterpreterError: `allocate_tensors()` was not called (a RuntimeError).
        """
        self._main.reset()

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Signature keys, each with the names of its inputs and outputs."""
        return {
            key: {"inputs": sorted(s.inputs), "outputs": sorted(s.outputs)}
            for key, s in sorted(self._details.signatures().items())
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A callable that runs one signature: keyword arguments in, a dictionary of arrays out.

        Raises:
            InterpreterError: no such signature; without a key, the model must have exactly one (a ValueError).
        """
        signatures = self._details.signatures()
        if signature_key is None:
            if len(signatures) != 1:
                raise InterpreterError(f"the model has {len(signatures)} signatures {sorted(signatures)}: name one")
            signature_key = next(iter(signatures))
        if signature_key not in signatures:
            raise InterpreterError(f"no signature '{signature_key}'; the model has {sorted(signatures)}")
        indices = signatures[signature_key]
        return SignatureRunner(signature_key, indices, self._subgraph(indices.graph))

    # tflite_runtime's names for these begin with an underscore too, and tools that draw models call them.

    def _get_tensor_details(self, tensor_index: int, subgraph_index: int) -> dict[str, Any]:
        return self._subgraph(subgraph_index).detail(tensor_index)

    def _get_ops_details(self) -> list[dict[str, Any]]:
        return [self._get_op_details(i) for i in range(len(self._details.graph(0)["operators"]))]

    def _get_op_details(self, op_index: int) -> dict[str, Any]:
        name, inputs, outputs = self._details.operator(op_index)
        types = [[self._main.detail(i)["dtype"] for i in indices if i != -1] for indices in (inputs, outputs)]
        return {
            "index": op_index,
            "op_name": name,
            "inputs": inputs,
            "outputs": outputs,
            "operand_types": types[0],
            "result_types": types[1],
        }

    def _subgraph(self, index: int) -> Subgraph:
        if index not in self._subgraphs:
            if index != 0 and not 0 <= index < self.num_subgraphs():
                raise InterpreterError(f"there is no subgraph {index}; the model has {self.num_subgraphs()}")
            self._subgraphs[index] = Subgraph(
                self._source,
                self._details,
                index,
                self._variables,
                self._threads,
                self._preserve,
                self._tolerance,
            )
        return self._subgraphs[index]


def _read(path: str | PathLike[str]) -> ModelBytes:
    if not Path(path).is_file():
        kind = "a folder, not a file" if Path(path).is_dir() else "no such file"
        raise InvalidModel(f"could not open '{fspath(path)}': {kind}")
    try:
        return map_file(path)
    except RilletError as problem:
        raise InvalidModel(str(problem)) from problem


def _aligned(content: Any) -> ModelBytes:
    """The bytes where the C runtime may read them in place: at a multiple of 8, else a copy."""
    data = np.frombuffer(content, np.uint8)
    return data.tobytes() if data.ctypes.data % 8 else content
