"""Structural check of a model: run after every pass in tests, and after every import."""

from __future__ import annotations

from .graph import Graph, Model, RilletError, Tensor
from .types import DType


class VerifyError(RilletError):
    """The graph breaks a rule of the IR: a bug in the importer or pass that made it."""


def verify(model: Model | Graph) -> None:
    """Checks order of ops, single assignment, constant shapes and quantization sizes.

    Raises:
        VerifyError: naming the op or tensor and the broken rule.
    """
    graphs = model.graphs if isinstance(model, Model) else [model]
    for graph in graphs:
        _verify_graph(graph)
    if isinstance(model, Model):
        for signature in model.signatures:
            if not 0 <= signature.graph < len(model.graphs):
                raise VerifyError(f"signature '{signature.key}' names graph {signature.graph}, which is not there")


def _verify_graph(graph: Graph) -> None:
    known: set[int] = set()
    for tensor in graph.inputs:
        if tensor.is_constant:
            raise VerifyError(f"graph input '{tensor.name}' is a constant")
        known.add(id(tensor))
    for tensor in graph.tensors():
        _verify_tensor(tensor)
        if tensor.is_constant or tensor.is_variable:
            known.add(id(tensor))
    for op in graph.ops:
        for operand in op.inputs:
            if operand is not None and id(operand) not in known:
                raise VerifyError(f"{op.kind} '{op.where}' reads '{operand.name}' before it is made")
        for result in op.outputs:
            if id(result) in known and not result.is_variable:
                raise VerifyError(f"{op.kind} '{op.where}' writes '{result.name}', which already has a value")
            known.add(id(result))
    for tensor in graph.outputs:
        if id(tensor) not in known:
            raise VerifyError(f"graph output '{tensor.name}' is never made")


def _verify_tensor(tensor: Tensor) -> None:
    data = tensor.data
    is_plain = tensor.dtype is not DType.STRING and tensor.sparsity is None and tensor.variant is None
    if data is not None and is_plain and (data.shape != tensor.shape or data.dtype != tensor.dtype.numpy):
        raise VerifyError(
            f"constant '{tensor.name}' is {data.dtype}{data.shape}, its tensor says {tensor.dtype.name}{tensor.shape}"
        )
    quantization = tensor.quantization
    if quantization is not None and quantization.is_per_axis:
        axis = quantization.axis if len(tensor.shape) > 1 else 0  # a vector's only one, whatever old files say
        if not 0 <= axis < len(tensor.shape) or tensor.shape[axis] != quantization.scale.size:
            raise VerifyError(
                f"tensor '{tensor.name}' {tensor.shape} has {quantization.scale.size} scales along axis {axis}"
            )
