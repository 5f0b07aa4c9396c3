"""The loss, appended to a graph: what its output should have been, and by how much it was not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir import DType, RilletError, Tensor
from ..ops import GradientBuilder

LOSSES = ("auto", "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy", "mse")
"""Names are Keras's. auto: cross-entropy for a model that ends in SOFTMAX (classes as numbers) or LOGISTIC."""


@dataclass(frozen=True)
class Loss:
    """What was appended: `value`, a float32 scalar (the mean over the batch), and `labels`, the new input `y`."""

    name: str
    value: Tensor
    labels: Tensor


def append_loss(b: GradientBuilder, output: Tensor, name: str = "auto") -> Loss:
    """Appends the loss of `output`, float32, samples first, and its labels as an input `y` of the graph.

    Labels are class numbers (int32, one for each sample) for sparse_categorical_crossentropy, and for the others
    float32 of the output's shape.

    Raises:
        RilletError: no such loss; "auto", and nothing says which; or the output does not fit it.
    """
    maker = b.graph.producers().get(output)
    last = maker.kind if maker is not None else ""
    if name not in LOSSES:
        raise RilletError(f"no loss '{name}'; there are {', '.join(LOSSES)}")
    if name == "auto":
        name = {"SOFTMAX": "sparse_categorical_crossentropy", "LOGISTIC": "binary_crossentropy"}.get(last, "")
        if not name:
            raise RilletError(
                f"the model ends in {last or 'an input'}, which does not say what its loss is: name one, "
                f"--loss {' or '.join(LOSSES[1:])}"
            )
    if output.dtype is not DType.FLOAT32 or len(output.shape) < 1:
        raise RilletError(f"the output '{output.name}' is {output!r}: a loss takes float32, samples first")
    logits = output
    if last in ("SOFTMAX", "LOGISTIC") and maker is not None and maker.inputs[0] is not None:
        logits = maker.inputs[0]
    return _MAKERS[name](b, output, logits)


def _sparse(b: GradientBuilder, output: Tensor, logits: Tensor) -> Loss:
    _need_logits(b, output, logits, "SOFTMAX")
    labels = b.input("y", logits.shape[:-1], DType.INT32)
    each = b.ops("rillet.SPARSE_SOFTMAX_CROSS_ENTROPY", [logits, labels])[0]
    return Loss("sparse_categorical_crossentropy", _mean(b, each), labels)


def _dense(b: GradientBuilder, output: Tensor, logits: Tensor) -> Loss:
    _need_logits(b, output, logits, "SOFTMAX")
    labels = b.input("y", logits.shape, DType.FLOAT32)
    each = b.ops("rillet.SOFTMAX_CROSS_ENTROPY", [logits, labels])[0]
    return Loss("categorical_crossentropy", _mean(b, each), labels)


def _binary(b: GradientBuilder, output: Tensor, logits: Tensor) -> Loss:
    """max(z, 0) - z * y + log(1 + exp(-|z|)), which overflows for no z (TensorFlow's sigmoid_cross_entropy)."""
    _need_logits(b, output, logits, "LOGISTIC")
    labels = b.input("y", logits.shape, DType.FLOAT32)
    small = b.op("EXP", [b.neg(b.op("ABS", [logits]))])
    each = b.add(b.sub(b.op("RELU", [logits]), b.mul(logits, labels)), b.op("LOG", [b.add(small, 1.0)]))
    return Loss("binary_crossentropy", _mean(b, each), labels)


def _squares(b: GradientBuilder, output: Tensor, logits: Tensor) -> Loss:
    labels = b.input("y", output.shape, DType.FLOAT32)
    return Loss("mse", _mean(b, b.square(b.sub(output, labels))), labels)


_MAKERS: dict[str, Callable[[GradientBuilder, Tensor, Tensor], Loss]] = {
    "sparse_categorical_crossentropy": _sparse,
    "categorical_crossentropy": _dense,
    "binary_crossentropy": _binary,
    "mse": _squares,
}


def _need_logits(b: GradientBuilder, output: Tensor, logits: Tensor, wanted: str) -> None:
    """Cross-entropy is of the operand of the last SOFTMAX or LOGISTIC; other outputs are taken for logits."""
    maker = b.graph.producers().get(output)
    if logits is not output and maker is not None and maker.kind != wanted:
        raise RilletError(f"the model ends in {maker.kind}: this loss is for one that ends in {wanted} or in logits")


def _mean(b: GradientBuilder, each: Tensor) -> Tensor:
    """Of all elements, a scalar."""
    axes = range(len(each.shape))
    return b.div(b.sum(each, axes), b.count(each, axes))
