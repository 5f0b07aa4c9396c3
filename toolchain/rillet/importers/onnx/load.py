"""Reading an ONNX file and walking its nodes through the table of handlers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ir import DType, Model, RilletError, Signature, Tensor, name_apart, verify
from ...passes.layout import eliminate_transposes
from .emit import Emitter
from .fold_qdq import fold_qdq
from .node import NEWEST_OPSET, Node, OnnxError, RunTimeValueError, table

LAYOUT_KEY = "rillet.layout"
"""Metadata entry: JSON {tensor name: permutation that takes the source's axes to ours}."""

Layout = Literal["nhwc", "source"]


def load(
    path: str | Path,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    *,
    input_values: Mapping[str, ArrayLike] | None = None,
    input_layout: Layout = "nhwc",
    optimize_layout: bool = True,
) -> Model:
    """Reads an ONNX model (opset 6 to the newest known) into the IR, channels last.

    Args:
        path: the .onnx file; external data is found beside it.
        input_shapes: full shapes of inputs, in the source's axis order. An unknown first dimension (the batch)
            is 1 otherwise; any other unknown dimension must be given.
        input_values: inputs to freeze to a constant, such as a sampling rate or a shape.
        input_layout: "nhwc" makes image inputs and outputs channels last where that removes a transpose, and notes
            them in `Model.metadata["rillet.layout"]`; "source" keeps the signature of the source.
        optimize_layout: False leaves the transposes around every spatial operator (to debug an import).

    float64, float16 and bfloat16 become float32.

    Raises:
        OnnxError: the file cannot be read, or holds an operator, type, attribute or dynamic shape that rillet
            cannot express; the text names the node and what to do.
    """
    proto = _read(Path(path))
    emitter, signature = _Import(proto, dict(input_shapes or {}), dict(input_values or {})).run()
    model = Model([emitter.graph], [signature], description=f"imported from {Path(path).name}")
    emitter.graph.name = proto.graph.name or "main"
    if optimize_layout:
        before = {t: name for name, t in (*signature.inputs.items(), *signature.outputs.items())}
        moved: dict[Tensor, tuple[int, ...]] = {}
        eliminate_transposes(emitter.graph, channels_last=moved if input_layout == "nhwc" else None)
        if moved:
            note = {before[tensor]: list(perm) for tensor, perm in moved.items()}
            model.metadata[LAYOUT_KEY] = json.dumps(note).encode()
    fold_qdq(emitter.graph)
    verify(model)
    return model


def source_layout(model: Model) -> dict[str, tuple[int, ...]]:
    """By input or output name, the permutation from the source model's axes to those of `model`.

    Raises:
        RilletError: the note in the file is damaged.
    """
    note = model.metadata.get(LAYOUT_KEY)
    if not note:
        return {}
    try:
        moved = {name: tuple(perm) for name, perm in json.loads(note).items()}
        damaged = any(sorted(perm) != list(range(len(perm))) for perm in moved.values())
    except (ValueError, TypeError, AttributeError):
        damaged = True
    if damaged:
        raise RilletError(f"metadata {LAYOUT_KEY} does not hold a permutation of axes by name")
    return moved


class _Import:
    """The state of one import: tensors by ONNX name, and the graph under construction."""

    def __init__(self, proto: Any, shapes: dict[str, tuple[int, ...]], values: dict[str, ArrayLike]) -> None:
        self.proto, self.shapes, self.values = proto, shapes, values
        self.emitter = Emitter()
        self.tensors: dict[str, Tensor] = {}
        self.named: set[Tensor] = set()
        self.initializers = {t.name: t for t in proto.graph.initializer}
        self.opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), 1)

    def run(self) -> tuple[Emitter, Signature]:
        inputs = self._inputs()
        for each in self.proto.graph.node:
            self._node(each)
        signature = Signature("serving_default", inputs, self._outputs())
        name_apart(self.emitter.graph)
        return self.emitter, signature

    def _inputs(self) -> dict[str, Tensor]:
        declared = {i.name: i for i in self.proto.graph.input if i.name not in self.initializers}
        for name in (*self.shapes, *self.values):
            if name not in declared:
                raise OnnxError(f"the model has no input '{name}'; its inputs are {sorted(declared)}")
        inputs = {}
        for name, info in declared.items():
            dtype = _dtype(info, name)
            if name in self.values:
                array = np.asarray(self.values[name]).astype(dtype.numpy)
                self._name(name, self.emitter.constant(array, name))
                continue
            inputs[name] = self.emitter.input(name, _shape(info, self.shapes.get(name)), dtype)
            self._name(name, inputs[name])
        return inputs

    def _node(self, proto: Any) -> None:
        name = proto.name or next((o for o in proto.output if o), proto.op_type)
        self.emitter.source = name
        inputs = [self._tensor(i, name) if i else None for i in proto.input]
        node = Node(proto.op_type, name, self.opset, inputs, list(proto.output))
        if proto.domain not in ("", "ai.onnx"):
            raise node.error(f"operators of domain '{proto.domain}' are not supported", _ADVICE)
        entry = table().get(proto.op_type)
        if entry is None:
            raise node.error("rillet has no importer for this operator", _ADVICE)
        if not entry.since <= self._operator_version(proto.op_type) <= entry.until:
            raise node.error(
                f"rillet knows this operator in opsets {entry.since} to {entry.until}",
                "convert the model with onnx.version_converter.convert_version",
            )
        node.attributes = {a.name: _attribute(a, node) for a in proto.attribute}
        try:
            made = entry.handler(node, self.emitter)
        except OnnxError:
            raise
        except RunTimeValueError as problem:
            raise self._not_constant(node, problem) from None
        except RilletError as error:
            raise node.error(str(error)) from error
        results = made if isinstance(made, list) else [made]
        for output, tensor in zip(proto.output, results, strict=False):
            if output:
                self._name(output, tensor)
        for output in proto.output[len(results) :]:
            if output:
                raise node.error(f"its output '{output}' is not supported", "remove it from the model")

    def _not_constant(self, node: Node, problem: RunTimeValueError) -> OnnxError:
        """The error for a run-time value that must be known, with the model inputs that it comes from."""
        producers = self.emitter.graph.producers()
        inputs, seen, waiting = set(self.emitter.graph.inputs), {problem.tensor}, [problem.tensor]
        while waiting:
            op = producers.get(waiting.pop())
            fresh = {t for t in op.inputs if t is not None and t not in seen} if op else set()
            seen |= fresh
            waiting += fresh
        names = tuple(t.name for t in self.emitter.graph.inputs if t in inputs & seen)
        error = node.error(
            f"its {problem.what} ('{problem.tensor.name}') is computed at run time from {', '.join(names)}",
            "give what it comes from with input_values, or export the model with static shapes (with onnxsim, say)",
        )
        error.needs = names
        return error

    def _operator_version(self, op_type: str) -> int:
        """The model's opset; beyond those known here, the one that last changed the operator."""
        if self.opset <= NEWEST_OPSET:
            return self.opset
        import onnx

        try:
            return int(onnx.defs.get_schema(op_type, self.opset).since_version)
        except onnx.defs.SchemaError:
            return self.opset

    def _tensor(self, name: str, reader: str) -> Tensor:
        if name not in self.tensors:
            if name not in self.initializers:
                raise OnnxError(f"ONNX node '{reader}' reads '{name}', which nothing makes; the file is damaged")
            self._name(name, self.emitter.constant(_array(self.initializers[name], name), name))
        return self.tensors[name]

    def _name(self, name: str, tensor: Tensor) -> None:
        self.tensors[name] = tensor
        if tensor not in self.named:
            tensor.name = name
            self.named.add(tensor)

    def _outputs(self) -> dict[str, Tensor]:
        outputs = {}
        graph = self.emitter.graph
        for info in self.proto.graph.output:
            tensor = self._tensor(info.name, "output")
            if tensor in graph.inputs or tensor in graph.outputs:
                tensor = self._copy(tensor)
            tensor.name = info.name
            graph.outputs.append(tensor)
            outputs[info.name] = tensor
        return outputs

    def _copy(self, tensor: Tensor) -> Tensor:
        """The same value as a tensor of its own: an output must not be an input or another output."""
        if tensor.data is not None:
            return self.emitter.constant(tensor.data)
        shape = tensor.static_shape
        return self.emitter.op("RESHAPE", [tensor, self.emitter.constant(np.array(shape, np.int32))], new_shape=shape)


_ADVICE = "rewrite the model without it or file a request; `rillet ops` lists what can be imported"


def _read(path: Path) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise OnnxError("reading ONNX needs the onnx package: pip install rillet[onnx]") from error
    try:
        proto = onnx.load(str(path))
    except FileNotFoundError as error:
        raise OnnxError(f"cannot read {path}: {error}") from error
    except Exception as error:  # protobuf raises types of its own, which differ between its releases
        raise OnnxError(f"{path} is not a readable ONNX file: {error}") from error
    if not proto.graph.node and not proto.graph.output:
        raise OnnxError(f"{path} holds no ONNX graph")
    if proto.functions:
        import onnx.inliner

        proto = onnx.inliner.inline_local_functions(proto)
    return proto


def _dtype(info: Any, name: str) -> DType:
    if info.type.WhichOneof("value") != "tensor_type":
        raise OnnxError(f"input '{name}' is no tensor but {info.type.WhichOneof('value')}; rillet runs tensors only")
    return _to_dtype(info.type.tensor_type.elem_type, f"input '{name}'")


def _to_dtype(code: int, what: str) -> DType:
    import onnx

    if code in (onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16):
        return DType.FLOAT32
    try:
        return DType.of(onnx.helper.tensor_dtype_to_np_dtype(code))
    except (TypeError, KeyError) as error:
        kind = onnx.TensorProto.DataType.Name(code)
        raise OnnxError(f"{what} has elements of type {kind}, which rillet cannot hold") from error


def _shape(info: Any, given: tuple[int, ...] | None) -> tuple[int, ...]:
    name = info.name
    if not info.type.tensor_type.HasField("shape"):
        if given is None:
            raise OnnxError(f"input '{name}' has no shape in the file; give it with input_shapes={{'{name}': (...)}}")
        return tuple(given)
    declared: list[Any] = [
        d.dim_value or d.dim_param or "?" if d.dim_value >= 0 else "?" for d in info.type.tensor_type.shape.dim
    ]
    if given is None:
        shape = [1 if i == 0 and isinstance(d, str) else d for i, d in enumerate(declared)]
        unknown = [d for d in shape if isinstance(d, str)]
        if unknown:
            raise OnnxError(
                f"input '{name}' has the shape {tuple(declared)} with unknown {', '.join(unknown)}; "
                f"give all of it with input_shapes={{'{name}': (...)}}"
            )
        return tuple(shape)
    fits = len(given) == len(declared) and all(
        isinstance(d, str) or d == g for d, g in zip(declared, given, strict=True)
    )
    if not fits:
        raise OnnxError(f"input '{name}' is declared as {tuple(declared)}, the shape given is {tuple(given)}")
    return tuple(int(g) for g in given)


def _array(proto: Any, name: str) -> NDArray[Any]:
    from onnx import numpy_helper

    dtype = _to_dtype(proto.data_type, f"constant '{name}'")
    return np.asarray(numpy_helper.to_array(proto)).astype(dtype.numpy, copy=False)


def _attribute(proto: Any, node: Node) -> Any:
    """A plain value; the element type of a `to` or `dtype` attribute becomes a DType."""
    import onnx

    if proto.type == onnx.AttributeProto.TENSOR:
        return _array(proto.t, f"{node.name}.{proto.name}")
    if proto.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
        raise node.error("control flow is not supported", "export the model without branches and loops")
    value = onnx.helper.get_attribute_value(proto)
    if proto.name in ("to", "dtype", "output_dtype") and isinstance(value, int):
        return _to_dtype(value, f"attribute '{proto.name}' of node '{node.name}'")
    return value.decode() if isinstance(value, bytes) else value
