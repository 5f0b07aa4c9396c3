"""The model behind an Interpreter: which bytes are planned, the file's or rewritten ones."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..ir import RilletError
from .native import RuntimeFailure
from .plan import ModelBytes, Plan, drop_pages
from .rewrite import Rewritten, rewrite

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # glibc keeps freed memory
_WORTH_TRIMMING = 1 << 18


class Source:
    """Plans subgraphs of one file.

    Args:
        data: the file's bytes, verified.
        optimize: plan what the graph passes make of it, where no input was resized.
    """

    def __init__(self, data: ModelBytes, optimize: bool) -> None:
        self._data, self._optimize = data, optimize
        self._kept: dict[bool, Rewritten] = {}

    def plan(
        self,
        subgraph: int,
        *,
        keep_all: bool,
        input_shapes: Mapping[int, tuple[int, ...]],
        threads: int,
        float_tolerance: float | None = None,
    ) -> tuple[Plan, Mapping[int, int] | None]:
        """A plan that keeps inputs, and its index of each of the file's tensors that kept its meaning; None: the same.

        Raises:
            RuntimeFailure: the model has an operator, type or shape that rillet does not run.
        """
        options: dict[str, Any] = {
            "subgraph": subgraph,
            "keep_inputs": True,
            "keep_all": keep_all,
            "input_shapes": input_shapes,
            "threads": threads,
            "float_tolerance": float_tolerance,
        }
        try:
            return self._plan(subgraph, self._optimize and not input_shapes, options)
        finally:
            drop_pages(self._data)  # most of the file was read only to be packed

    def _plan(self, subgraph: int, passes: bool, options: dict[str, Any]) -> tuple[Plan, Mapping[int, int] | None]:
        if not passes:
            try:
                return Plan(self._data, **options), None
            except RuntimeFailure as problem:
                if problem.status != "RLT_ERROR_UNSUPPORTED_TYPE":
                    raise
        rewritten = self._rewritten(passes)
        if rewritten is not None:
            with suppress(RuntimeFailure):  # such as for memory; then the file itself says what is wrong
                plan = Plan(rewritten.data, self_contained=True, **options)
                plan.release(lambda: self._bytes(passes))
                numbers = {} if passes else rewritten.numbers[subgraph]
                del rewritten
                self._trim()
                return plan, numbers
        self._trim()  # of the IR that the passes had nothing to do in
        return Plan(self._data, **options), None

    def _trim(self) -> None:
        if _trim is not None and len(self._data) >= _WORTH_TRIMMING:
            _trim(0)

    def _bytes(self, passes: bool) -> ModelBytes:
        rewritten = self._rewritten(passes)
        return self._data if rewritten is None else rewritten.data

    def _rewritten(self, passes: bool) -> Rewritten | None:
        if passes in self._kept:
            return self._kept[passes]
        try:
            rewritten = rewrite(self._data, passes=passes)
        except RilletError:
            return None  # the C runtime reads files that the IR does not take
        if rewritten is not None and len(rewritten.numbers) > 1:
            self._kept[passes] = rewritten  # for the other subgraphs
        return rewritten
