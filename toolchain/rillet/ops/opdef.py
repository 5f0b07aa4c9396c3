"""OpDef: everything Python knows of one operator, and the registry that finds it by kind."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..ir import Attrs, DType, Op, RilletError, Shape, Tensor

if TYPE_CHECKING:
    from .gradient import GradientBuilder

Array = NDArray[Any]  # element types vary at run time, and numpy's stubs allow no arithmetic on np.generic


class ShapeError(RilletError):
    """Operand shapes or types that the operator does not accept."""


@dataclass(frozen=True)
class QuantRule:
    """How the op is quantized to int8 (TFLite's quantization specification), as constraints.

    Attributes:
        weight: index of the weight input (symmetric, zero point 0), None for an op without weights.
        weight_axis: channel axis of per-axis weight scales; None for per-tensor only.
        bias: index of the int32 bias input, whose scale is input scale x weight scale.
        same_scale: every quantized input and output shares one scale and zero point.
        fixed_output: (scale, zero point) of an int8 output whose range is known beforehand.
        fixed_output_int16: the same for int16 activations.
    """

    weight: int | None = None
    weight_axis: int | None = None
    bias: int | None = None
    same_scale: bool = False
    fixed_output: tuple[float, int] | None = None
    fixed_output_int16: tuple[float, int] | None = None


@dataclass(frozen=True)
class NotDifferentiable:
    """Why no gradient flows through an operator: its result is piecewise constant, or an integer, or has no meaning.

    `is_refused`: there could be one, so that zero would be wrong: asking for it is an error.
    """

    reason: str
    is_refused: bool = False


GradientRule = Callable[["GradientBuilder", Op, "list[Tensor | None]"], "list[Tensor | None]"]
"""(builder, op, gradient of each output or None) -> gradient of each input, None where none flows.

Written with operators only, so that gradients have gradients. At least one output has a gradient. A rule may leave out
trailing inputs without gradient.
"""

CUSTOM = 32
"""BuiltinOperator of the `rillet.*` operators; their kind is the file's custom code."""


@dataclass(frozen=True)
class OpDef:
    """One operator, declared once.

    Attributes:
        kind: the schema's name ("CONV_2D"); `code`: its BuiltinOperator number (`CUSTOM` for "rillet.X").
        attrs: the attribute record; `options` is the schema's options table it maps to ("" for none).
        infer: shape and dtype rule: from op (inputs, attrs) to one (shape, dtype) per output. Unknown
            dimensions (None) go in and come out. Raises ShapeError with the numbers.
        compute: the meaning in numpy, on arrays in the order of `op.inputs` (None where absent). Floats are
            computed in float32, integer tensors without quantization exactly. Quantized tensors never arrive
            here: `evaluate` dequantizes before and quantizes after.
        quant: constraints for the quantizer; None where the op stays in float.
        gradient: the rule that gives gradients of the inputs from those of the outputs, or why there is none.
        macs: multiply-accumulates of one run.
        version: operator version to write into a file (what an old runtime must support).
        onnx / keras: the operator / layer class that maps one to one, attributes aside.
        is_elementwise: element i of the result needs element i of each operand, once they are broadcast, and no other.
    """

    kind: str
    code: int
    infer: Callable[[Op], list[tuple[Shape, DType]]]
    compute: Callable[[Op, Sequence[Array | None]], list[Array]]
    attrs: type[Attrs] = Attrs
    options: str = ""
    quant: QuantRule | None = None
    gradient: GradientRule | NotDifferentiable | None = None
    macs: Callable[[Op], int] = field(default=lambda op: 0)
    version: Callable[[Op], int] = field(default=lambda op: 1)
    onnx: str = ""
    keras: str = ""
    is_elementwise: bool = False


_REGISTRY: dict[str, OpDef] = {}


def register(definition: OpDef) -> OpDef:
    """Adds a definition; each module in `rillet.ops` calls it at import."""
    if definition.kind in _REGISTRY:
        raise ValueError(f"{definition.kind} is registered twice")
    _REGISTRY[definition.kind] = definition
    return definition


def registry() -> dict[str, OpDef]:
    """All definitions by kind. The first call imports every module of the package."""
    _import_all()
    return _REGISTRY


@functools.cache
def _import_all() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")


def opdef(kind: str) -> OpDef:
    """The definition of `kind`.

    Raises:
        RilletError: rillet keeps such an op when reading and writing files but cannot compute with it.
    """
    found = registry().get(kind)
    if found is None:
        raise RilletError(f"operator {kind} has no definition in rillet; `rillet ops` lists those that do")
    return found


def operand(op: Op, index: int) -> Tensor:
    """Input `index`, which must be there.

    Raises:
        ShapeError: it is absent.
    """
    tensor = op.inputs[index] if index < len(op.inputs) else None
    if tensor is None:
        raise ShapeError(f"{op.kind} '{op.where}' lacks input {index}")
    return tensor
