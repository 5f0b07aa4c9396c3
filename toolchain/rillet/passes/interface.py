"""Keeps signatures pointing at a graph's inputs and outputs while rewrites replace the tensors."""

from __future__ import annotations

from ..ir import Model, Tensor


class Interface:
    """Remembers the ends of every graph; `restore` makes signatures follow them by position."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ends = [(list(g.inputs), list(g.outputs)) for g in model.graphs]

    def restore(self) -> None:
        for signature in self.model.signatures:
            graph, (inputs, outputs) = self.model.graphs[signature.graph], self.ends[signature.graph]
            entering = dict(zip(inputs, graph.inputs, strict=True))
            leaving = dict(zip(outputs, graph.outputs, strict=True))
            signature.inputs = _moved(signature.inputs, entering)
            signature.outputs = _moved(signature.outputs, leaving)


def _moved(names: dict[str, Tensor], now: dict[Tensor, Tensor]) -> dict[str, Tensor]:
    return {name: now.get(tensor, tensor) for name, tensor in names.items()}
