"""A model as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..eager.nest import flatten

if TYPE_CHECKING:
    from .layer import Layer


def summarize(model: Any, width: int, nested: bool) -> Iterator[str]:
    """Lines of text: layers, output shapes, weights and their bytes."""
    columns = (width * 45 // 100, width * 33 // 100, width - width * 45 // 100 - width * 33 // 100 - 4)

    def row(*cells: str) -> str:
        return "  ".join(cell[:size].ljust(size) for cell, size in zip(cells, columns, strict=True)).rstrip()

    yield f'Model: "{model.name}"'
    yield "-" * width
    yield row("Layer (type)", "Output shape", "Parameters")
    yield "-" * width
    yield from _rows(model, row, nested, "")
    yield "-" * width
    trainable = sum(v.size for v in model.trainable_weights)
    rest = sum(v.size for v in model.non_trainable_weights)
    for title, count in (("Total", trainable + rest), ("Trainable", trainable), ("Non-trainable", rest)):
        yield f"{title} parameters: {count:,} ({_bytes(count * 4)})"


def _rows(model: Any, row: Any, nested: bool, indent: str) -> Iterator[str]:
    for layer in model.layers:
        shape = _output_shape(layer)
        yield row(f"{indent}{layer.name} ({type(layer).__name__})", shape, f"{layer.count_params():,}")
        if nested and getattr(layer, "layers", None):
            yield from _rows(layer, row, nested, indent + "  ")


def _output_shape(layer: Layer) -> str:
    if not layer._nodes:
        return "?"
    shapes = [str(tuple(t.shape)) for t in flatten(layer._nodes[0].outputs)]
    return ", ".join(shapes)


def _bytes(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.2f} MiB"
