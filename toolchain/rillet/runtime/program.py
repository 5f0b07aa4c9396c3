"""Program: a file's signatures, planned to run on one arena, their variables at the same places in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ir import RilletError
from .details import ModelDetails, SignatureIndices
from .plan import ModelBytes, Plan, SharedVariables
from .session import Session, Threads, new_arena


def plan_signatures(data: ModelBytes, **options: Any) -> dict[str, Plan]:
    """A plan for each signature's subgraph, by signature; one plan, named "", for a file without signatures.

    Resource variables lie at the arena's start, in every plan at the same place, and the first plan that uses one
    gives it its first value. So the plans run in turn on one arena, as large as the largest needs.

    Args:
        options: as of `Plan`.

    Raises:
        RuntimeFailure: a subgraph has something that the runtime does not run.
    """
    graphs = signature_graphs(data)
    if len(graphs) == 1:
        return {key: Plan(data, subgraph=graph, **options) for key, graph in graphs.items()}
    alone = {key: Plan(data, subgraph=graph, **options) for key, graph in graphs.items()}
    alignment = int(options.get("alignment") or 64)
    offsets: dict[str, int] = {}
    owners: dict[str, str] = {}
    end = 0
    for key, plan in alone.items():
        for variable in plan.variables:
            if variable.name not in offsets:
                offsets[variable.name], owners[variable.name] = end, key
                end += -(-variable.nbytes // alignment) * alignment
    if not offsets:
        return alone
    plans = {}
    for key, graph in graphs.items():
        given = frozenset(name for name, owner in owners.items() if owner != key)
        plans[key] = Plan(data, subgraph=graph, shared=SharedVariables(offsets, end, given), **options)
    return plans


def signature_graphs(data: ModelBytes) -> dict[str, int]:
    """The subgraph of each signature, in the file's order, each once; {"": 0} for a file without signatures."""
    graphs: dict[str, int] = {}
    for key, signature in ModelDetails(data).signatures().items():
        if signature.graph not in graphs.values():
            graphs[key] = signature.graph
    return graphs or {"": 0}


class Program:
    """Runs the signatures of a file on one arena, on this machine. Not for use by two threads at once.

    Attributes:
        plans, sessions: by signature. A value in the arena that is no variable is gone once another session has run.
        variables: numpy views of every resource variable, by name.

    Args:
        options: as of `Plan`, `threads` among them.
    """

    def __init__(self, data: ModelBytes, **options: Any) -> None:
        self.plans = plan_signatures(data, **options)
        self._signatures = ModelDetails(data).signatures()
        self._details = ModelDetails(data)
        threads = Threads(int(options.get("threads", 1)))
        arena = new_arena(max(plan.arena_bytes for plan in self.plans.values()))
        self.sessions = {key: Session(plan, threads, arena) for key, plan in self.plans.items()}
        self.variables: dict[str, NDArray[Any]] = {}
        for session in self.sessions.values():
            self.variables |= session.variables

    def run(self, key: str, arrays: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
        """Runs a signature.

        Args:
            arrays: its inputs by name, of their shapes and types.

        Returns:
            Copies of its outputs by name.

        Raises:
            RilletError: no such signature, or an input is missing, unknown or of another shape or type.
            RuntimeFailure: a value in the data is out of range.
        """
        session, signature = self._session(key)
        graph = self._details.graph(signature.graph)
        inputs, outputs = [int(i) for i in graph["inputs"]], [int(i) for i in graph["outputs"]]
        if set(arrays) != set(signature.inputs):
            raise RilletError(f"signature '{key}' takes {sorted(signature.inputs)}, got {sorted(arrays)}")
        for name, index in signature.inputs.items():
            _fill(session.inputs[inputs.index(index)], np.asarray(arrays[name]), f"input '{name}' of '{key}'")
        session.invoke()
        return {name: session.outputs[outputs.index(index)].copy() for name, index in signature.outputs.items()}

    def reset(self) -> None:
        """Gives every variable its first value again."""
        for session in self.sessions.values():
            session.reset()

    def _session(self, key: str) -> tuple[Session, SignatureIndices]:
        if key not in self._signatures:
            raise RilletError(f"the file has no signature '{key}'; it has {sorted(self._signatures)}")
        wanted = self._signatures[key]
        return next(s for k, s in self.sessions.items() if self._signatures[k].graph == wanted.graph), wanted


def _fill(target: NDArray[Any], array: NDArray[Any], what: str) -> None:
    if array.dtype != target.dtype or array.shape != target.shape:
        raise RilletError(f"{what} is {target.dtype}{target.shape}, not {array.dtype}{array.shape}")
    target[...] = array
