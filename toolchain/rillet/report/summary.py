"""A model in numbers: operators, shapes, MACs, bytes, peak arena."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..flatbuffer import write_bytes
from ..ir import DType, Graph, Model, Op, RilletError, Tensor
from ..ops import count_macs


@dataclass(frozen=True)
class OpSummary:
    """One operator. `macs` is None where rillet has no definition; unknown dimensions count as 1."""

    kind: str
    layer: str
    inputs: list[str]
    outputs: list[str]
    macs: int | None
    weight_bytes: int
    output_bytes: int | None


@dataclass(frozen=True)
class ModelSummary:
    """The whole model. `arena_bytes` is None, and `arena_problem` says why, where the runtime cannot plan it."""

    name: str
    file_bytes: int
    inputs: list[str]
    outputs: list[str]
    signatures: list[str]
    ops: list[OpSummary]
    kinds: dict[str, int]
    macs: int
    weight_bytes: int
    arena_bytes: int | None
    arena_lower_bound: int | None
    arena_problem: str | None


def summarize(model: Model, name: str, file_bytes: int | None = None) -> ModelSummary:
    """Numbers of the main graph; the arena is that of portable kernels, which need no scratch for packed rows."""
    graph = model.main
    written = write_bytes(model)
    arena, bound, problem = _arena(written)
    ops = [_op(op) for op in graph.ops]
    return ModelSummary(
        name=name,
        file_bytes=len(written) if file_bytes is None else file_bytes,
        inputs=[describe(t) for t in graph.inputs],
        outputs=[describe(t) for t in graph.outputs],
        signatures=[s.key for s in model.signatures],
        ops=ops,
        kinds=dict(Counter(op.kind for op in graph.ops).most_common()),
        macs=sum(op.macs or 0 for op in ops),
        weight_bytes=constant_bytes(graph),
        arena_bytes=arena,
        arena_lower_bound=bound,
        arena_problem=problem,
    )


def describe(tensor: Tensor) -> str:
    """`image: int8[1,96,96,3] scale 0.0078 zero point -1`."""
    dims = ",".join("?" if d is None else str(d) for d in tensor.shape)
    text = f"{tensor.name}: {tensor.dtype.name.lower()}[{dims}]"
    quantization = tensor.quantization
    if quantization is not None and quantization.scale.size == 1:
        text += f" scale {float(quantization.scale[0]):.6g} zero point {int(quantization.zero_point[0])}"
    return text


def constant_bytes(graph: Graph) -> int:
    """Bytes of all constants, each counted once."""
    return sum(_nbytes(t) or 0 for t in graph.tensors() if t.is_constant)


def _op(op: Op) -> OpSummary:
    weights = sum(_nbytes(t) or 0 for t in op.inputs if t is not None and t.is_constant)
    sizes = [_nbytes(t) for t in op.outputs]
    return OpSummary(
        kind=op.kind,
        layer=op.where,
        inputs=[_shape(t) for t in op.inputs if t is not None and not t.is_constant],
        outputs=[_shape(t) for t in op.outputs],
        macs=count_macs(op),
        weight_bytes=weights,
        output_bytes=None if None in sizes else sum(s or 0 for s in sizes),
    )


def _nbytes(tensor: Tensor) -> int | None:
    if tensor.dtype is DType.STRING or tensor.sparsity is not None:
        return None if tensor.data is None else tensor.data.nbytes
    try:
        return tensor.nbytes
    except (RilletError, TypeError):
        return None


def _shape(tensor: Tensor) -> str:
    return "x".join("?" if d is None else str(d) for d in tensor.shape) + f" {tensor.dtype.name.lower()}"


def _arena(written: bytes) -> tuple[int | None, int | None, str | None]:
    from ..runtime import Plan, RuntimeFailure
    from ..runtime.details import ModelDetails
    from ..runtime.signed import signed_bytes

    try:
        try:
            plan = Plan(written, isa="scalar", alignment=16)
        except RuntimeFailure:
            if not ModelDetails(written).has_uint8:
                raise
            plan = Plan(signed_bytes(written)[0], isa="scalar", alignment=16)
    except RuntimeFailure as problem:
        return None, None, str(problem)
    return plan.arena_bytes, plan.live_bytes, None
