"""Interpreter: the interface of `tflite_runtime.interpreter.Interpreter`, so that changing an import is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ir import DType, RilletError
from .details import ModelDetails, tensor_detail
from .native import RuntimeFailure, verify_bytes
from .plan import ModelBytes, Plan, map_file
from .session import Session, Threads
from .signed import signed_bytes


class InvalidModel(RilletError, ValueError):
    """The file is not a .tflite model that rillet accepts."""


class Interpreter:
    """Runs a .tflite model on this machine's CPU.

    Args:
        model_path: path of a .tflite file, or model_content: its bytes. Exactly one of them.
        num_threads: threads for one invoke; None or -1 for one.
        experimental_preserve_all_tensors: every intermediate tensor can be read after `invoke()`.

    The other arguments of tflite_runtime are accepted and have no effect: rillet has one set of kernels, whose
    integer results equal the reference kernels', and no delegates here.

    Raises:
        InvalidModel: the file is malformed (a ValueError, as with tflite_runtime).
    """

    def __init__(
        self,
        model_path: str | PathLike[str] | None = None,
        experimental_delegates: Sequence[object] | None = None,
        num_threads: int | None = None,
        *,
        model_content: bytes | None = None,
        experimental_op_resolver_type: object = None,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
    ) -> None:
        if (model_path is None) == (model_content is None):
            raise InvalidModel("give either model_path or model_content")
        if experimental_delegates:
            raise InvalidModel("rillet.Interpreter takes no delegates: its own kernels run the whole model")
        if model_path is not None:
            if not Path(model_path).is_file():
                raise InvalidModel(f"could not open '{model_path}': no such file")
            self._bytes: ModelBytes = map_file(model_path)
        else:
            assert model_content is not None
            self._bytes = model_content
        try:
            verify_bytes(memoryview(self._bytes))
        except RuntimeFailure as problem:
            raise InvalidModel(str(problem)) from problem
        self._details = ModelDetails(self._bytes)
        self._threads = Threads(max(1, num_threads or 1))
        self._preserve = experimental_preserve_all_tensors
        self._shapes: dict[int, tuple[int, ...]] = {}
        self._session: Session | None = None
        self._renumbered: Mapping[int, int] | None = None

    def allocate_tensors(self) -> None:
        """Plans memory; needed before `invoke()` and after `resize_tensor_input()`.

        Raises:
            RuntimeFailure: the model has an operator, type or shape that rillet does not run (a RuntimeError).
        """
        options: dict[str, Any] = {
            "keep_inputs": True, "keep_all": self._preserve, "input_shapes": self._shapes,
        }
        try:
            plan = Plan(self._bytes, **options)
        except RuntimeFailure as problem:
            if problem.status != "RLT_ERROR_UNSUPPORTED_TYPE" or not self._details.has_uint8:
                raise
            rewritten, self._renumbered = signed_bytes(self._bytes)
            plan = Plan(rewritten, **options)
        self._session = Session(plan, self._threads)

    def invoke(self) -> None:
        """Runs the model on the inputs set before.

        Raises:
            RuntimeError: `allocate_tensors()` was not called.
        """
        self._ready().invoke()

    def get_input_details(self) -> list[dict[str, Any]]:
        """One dictionary per input: name, index, shape, shape_signature, dtype, quantization, ..."""
        graph = self._details.graph(0)
        return [self._detail(i, self._input_shape(slot)) for slot, i in enumerate(graph["inputs"])]

    def get_output_details(self) -> list[dict[str, Any]]:
        """The same for outputs; shapes are those of the current plan once tensors are allocated."""
        views = self._session.outputs if self._session else None
        return [
            self._detail(i, views[slot].shape if views else None)
            for slot, i in enumerate(self._details.graph(0)["outputs"])
        ]

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """The same for every tensor of the main graph."""
        return [self._detail(i) for i in range(len(self._details.graph(0)["tensors"]))]

    def set_tensor(self, tensor_index: int, value: ArrayLike) -> None:
        """Copies `value` into an input.

        Raises:
            ValueError: another type or shape than the input has, or the index is no input.
        """
        array, target, name = np.asarray(value), self._input_view(tensor_index), self._details.name(tensor_index)
        if array.dtype != target.dtype:
            raise ValueError(
                f"cannot set tensor: got value of type {array.dtype} but expected type {target.dtype} "
                f"for input {tensor_index}, name: {name}"
            )
        if array.shape != target.shape:
            raise ValueError(
                f"cannot set tensor: got value of shape {array.shape} but expected {target.shape} "
                f"for input {tensor_index}, name: {name}"
            )
        target[...] = array

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> NDArray[Any]:
        """A copy of a tensor's value: inputs, outputs, constants, and with `preserve_all_tensors` all others.

        Raises:
            ValueError: the tensor has no value that can be read.
        """
        if subgraph_index != 0:
            raise ValueError(f"subgraph {subgraph_index}: only the main graph's tensors can be read")
        return np.array(self._view(tensor_index))

    def tensor(self, tensor_index: int) -> Callable[[], NDArray[Any]]:
        """A function that gives a view of the tensor's memory, without a copy; do not keep the view."""
        return lambda: self._view(tensor_index)

    def resize_tensor_input(self, input_index: int, tensor_size: Sequence[int], strict: bool = False) -> None:
        """Gives an input another shape; call `allocate_tensors()` afterwards.

        Args:
            strict: only dimensions that the file leaves open may change.

        Raises:
            ValueError: no such input, or `strict` forbids the change.
        """
        slot = self._slot("inputs", input_index)
        if slot is None:
            raise ValueError(f"tensor {input_index} is no input of the model")
        shape = tuple(int(d) for d in tensor_size)
        if strict:
            fixed = self._details.tensor(input_index)["shape_signature"]
            fixed = self._details.tensor(input_index)["shape"] if fixed is None else fixed
            if len(fixed) != len(shape) or any(f not in (-1, s) for f, s in zip(fixed, shape, strict=True)):
                raise ValueError(f"input {input_index} has shape {list(fixed)}; strict resizing cannot make it {shape}")
        self._shapes[slot] = shape
        self._session = None

    def reset_all_variables(self) -> None:
        """Sets state kept between invokes to its initial value."""
        if self._session is not None:
            self._session = Session(self._session.plan, self._threads)

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Signature keys, each with the names of its inputs and outputs."""
        return {
            key: {"inputs": sorted(s.inputs), "outputs": sorted(s.outputs)}
            for key, s in self._details.signatures().items()
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A callable that runs one signature: keyword arguments in, a dictionary of arrays out.

        Raises:
            ValueError: no such signature; without a key, the model must have exactly one.
        """
        signatures = self._details.signatures()
        if signature_key is None:
            if len(signatures) != 1:
                raise ValueError(f"the model has {len(signatures)} signatures {sorted(signatures)}: name one")
            signature_key = next(iter(signatures))
        if signature_key not in signatures:
            raise ValueError(f"no signature '{signature_key}'; the model has {sorted(signatures)}")
        return SignatureRunner(self._bytes, self._details, signature_key, self._threads)

    def _detail(self, index: int, shape: tuple[int, ...] | None = None) -> dict[str, Any]:
        return tensor_detail(self._details.tensor(index), index, shape)

    def _input_shape(self, slot: int) -> tuple[int, ...] | None:
        return self._shapes.get(slot)

    def _ready(self) -> Session:
        if self._session is None:
            raise RuntimeError("call allocate_tensors() first (and again after resize_tensor_input())")
        return self._session

    def _slot(self, kind: str, index: int) -> int | None:
        positions = [slot for slot, i in enumerate(self._details.graph(0)[kind]) if i == index]
        return positions[0] if positions else None

    def _input_view(self, index: int) -> NDArray[Any]:
        slot = self._slot("inputs", index)
        if slot is None:
            raise ValueError(f"cannot set tensor {index}: it is no input of the model")
        return self._ready().inputs[slot]

    def _view(self, index: int) -> NDArray[Any]:
        session = self._ready()
        for kind, views in (("inputs", session.inputs), ("outputs", session.outputs)):
            slot = self._slot(kind, index)
            if slot is not None:
                return views[slot]
        constant = self._details.constant(index)
        if constant is not None:
            return constant
        if not self._preserve:
            raise ValueError(
                f"tensor {index} ({self._details.name(index)}) is overwritten while the model runs; "
                "make the Interpreter with experimental_preserve_all_tensors=True to read it"
            )
        if self._renumbered is not None:
            if index not in self._renumbered:
                raise ValueError(f"tensor {index} is not there after the rewrite from uint8 to int8")
            stored = session.value(self._renumbered[index])
            return (stored ^ -128).view(np.uint8) if self._details.tensor(index)["type"] == DType.UINT8 else stored
        return session.value(index)


class SignatureRunner:
    """Runs one signature of a model; made by `Interpreter.get_signature_runner()`."""

    def __init__(self, data: ModelBytes, details: ModelDetails, key: str, threads: Threads) -> None:
        self._data, self._details, self._key, self._threads = data, details, key, threads
        self._signature = details.signatures()[key]
        self._graph = details.graph(self._signature.graph)
        self._sessions: dict[tuple[tuple[int, ...], ...], Session] = {}

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        """Details by argument name."""
        return {n: tensor_detail(self._graph["tensors"][i], i) for n, i in self._signature.inputs.items()}

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        """Details by result name."""
        return {n: tensor_detail(self._graph["tensors"][i], i) for n, i in self._signature.outputs.items()}

    def __call__(self, **arrays: ArrayLike) -> dict[str, NDArray[Any]]:
        """Runs the signature; a shape other than the file's resizes the input.

        Raises:
            ValueError: an argument is missing, unknown or of another type.
        """
        if set(arrays) != set(self._signature.inputs):
            raise ValueError(
                f"signature '{self._key}' takes {sorted(self._signature.inputs)}, got {sorted(arrays)}"
            )
        slots = {int(i): slot for slot, i in enumerate(self._graph["inputs"])}
        values = {slots[self._signature.inputs[name]]: np.asarray(value) for name, value in arrays.items()}
        session = self._session_for(values)
        for slot, value in values.items():
            if value.dtype != session.inputs[slot].dtype:
                raise ValueError(f"input {slot} takes {session.inputs[slot].dtype}, got {value.dtype}")
            session.inputs[slot][...] = value
        session.invoke()
        places = {int(i): slot for slot, i in enumerate(self._graph["outputs"])}
        return {name: np.array(session.outputs[places[i]]) for name, i in self._signature.outputs.items()}

    def _session_for(self, values: Mapping[int, NDArray[Any]]) -> Session:
        shapes = tuple(values[slot].shape for slot in sorted(values))
        if shapes not in self._sessions:
            given = {
                slot: value.shape
                for slot, value in values.items()
                if value.shape != tuple(self._graph["tensors"][self._graph["inputs"][slot]]["shape"])
            }
            plan = Plan(self._data, subgraph=self._signature.graph, keep_inputs=True, input_shapes=given)
            self._sessions = {shapes: Session(plan, self._threads)}
        return self._sessions[shapes]
