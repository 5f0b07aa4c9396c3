"""Functions and models of Python code as an IR model, variables frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Model, RilletError, Signature
from .concrete import trace_symbols
from .function import Function
from .nest import flatten
from .state import executing
from .tensor import Tensor, TracedTensor, convert_to_tensor
from .trace import Trace
from .variable import Variable


class _Frozen(Trace):
    """A trace in which variables are constants."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._values: dict[int, tuple[Variable, Tensor]] = {}

    def read(self, variable: Variable) -> Tensor:  # type: ignore[override]
        return self._values.setdefault(id(variable), (variable, variable.snapshot()))[1]

    def assign(self, variable: Variable, value: Tensor) -> None:
        raise RilletError(f"the function assigns variable '{variable.name}'; only what leaves variables alone converts")

    def random(self, draw: str, shape: tuple[int, ...], dtype: Any, options: dict[str, Any]) -> TracedTensor:
        raise RilletError("the function draws random numbers; convert it with training=False, without dropout")


def to_model(function: Callable[..., Any], input_signature: Sequence[Any] | None = None) -> Model:
    """The program of `function`, with variables' present values as constants.

    Args:
        function: a Python callable, a `rillet.function`, or a `rillet.keras` model.
        input_signature: one TensorSpec (or tensor, or array) per argument; None dimensions stay open. Left out: the
            function's own `input_signature`; of a model, its inputs with an open batch dimension.

    Returns:
        A model with one signature, "serving_default": inputs by the specs' names (else the arguments' numbers), results
        by their names in a dictionary, else `output_0` ...

    Raises:
        RilletError: there is no signature, or the function assigns variables or draws random numbers.
    """
    graph_of = getattr(function, "graph", None)
    if input_signature is None and callable(graph_of):  # a rillet.keras model knows its inputs
        made: Model = graph_of(None)
        return made
    specs = getattr(function, "input_signature", None) if input_signature is None else input_signature
    if specs is None:
        raise RilletError(
            "convert needs an input_signature: rillet.convert(f, input_signature=[rillet.TensorSpec(...)])"
        )
    python_function = function.python_function if isinstance(function, Function) else function
    name = getattr(function, "__name__", "") or getattr(function, "name", "") or type(function).__name__
    trace = _Frozen(name)
    args, arguments = trace_symbols(trace, list(specs))
    with executing(trace, idle=False):
        results = python_function(*args)
    keys = sorted(results) if isinstance(results, dict) else None
    outputs = [convert_to_tensor(x) for x in flatten(results)]
    names = keys if keys is not None and len(keys) == len(outputs) else [f"output_{i}" for i in range(len(outputs))]
    if len(outputs) == 1 and keys is None:
        names = ["output"]
    for label, output in zip(names, outputs, strict=True):
        symbol = trace.symbol("convert", output)
        assert symbol is not None
        if symbol in trace.builder.graph.inputs or symbol in trace.builder.graph.outputs or symbol.is_constant:
            raise RilletError(f"result '{label}' is an input, a constant, or another result: a model cannot give that")
        trace.builder.output(symbol, label if label not in trace.builder._names.taken else "")
    graph = trace.builder.graph
    signature = Signature("serving_default", {t.symbol.name: t.symbol for t in arguments},
                          dict(zip(names, graph.outputs, strict=True)))  # fmt: skip
    return Model([graph, *trace.called], [signature])
