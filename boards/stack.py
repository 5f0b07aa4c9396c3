"""How deep the stack can get: a bound from the call graph that GCC writes (-fcallgraph-info=su)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# GCC's support routines come without a graph. The deepest in GCC 12's libgcc is signed 64-bit division on Armv6-M,
# whose nested functions push 104 bytes.
_UNKNOWN_BYTES = 128
_INDIRECT = "__indirect_call"
_NODE = re.compile(r'node: \{ title: "([^"]*)" label: "[^"]*?(?:\\n(\d+) bytes \(([\w,]+)[^"]*)?"')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')


@dataclass(frozen=True)
class StackBound:
    """bytes: the most that can be in use; path: the functions that reach it, outermost first."""

    bytes: int
    path: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of a program: the contents of its objects' .ci files.

    pointed: the functions that its calls through pointers may reach; None: any function of this part that makes no such
    call itself and is not in `entries` (callbacks handed to a helper).
    """

    graphs: Sequence[str]
    pointed: Sequence[str] | None
    entries: Sequence[str] = ()


def stack_bound(parts: Sequence[Part], roots: Sequence[str]) -> StackBound:
    """The deepest stack below any of `roots`, functions called on an empty stack.

    Raises:
        ValueError: there is no bound: recursion, or a function whose frame grows at run time.
    """
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for number, part in enumerate(parts):
        _add(part, f"{_INDIRECT}:{number}", frames, calls)
    known: dict[str, StackBound] = {}

    def depth(function: str, above: tuple[str, ...]) -> StackBound:
        if function in above:
            raise ValueError(f"recursion: {' > '.join(map(_short, (*above[above.index(function) :], function)))}")
        if function not in known:
            below = [depth(callee, (*above, function)) for callee in sorted(calls.get(function, ()))]
            deepest = max(below, key=lambda b: b.bytes, default=StackBound(0, ()))
            name = () if function.startswith(_INDIRECT) else (_short(function),)
            known[function] = StackBound(frames.get(function, _UNKNOWN_BYTES) + deepest.bytes, (*name, *deepest.path))
        return known[function]

    return max((depth(root, ()) for root in roots), key=lambda b: b.bytes)


def _add(part: Part, indirect: str, frames: dict[str, int], calls: dict[str, set[str]]) -> None:
    own: set[str] = set()
    for graph in part.graphs:
        for title, size, how in _NODE.findall(graph):
            if size:
                if how == "dynamic":
                    raise ValueError(f"the stack frame of {_short(title)} grows at run time")
                frames[title] = int(size)
                own.add(title)
        for caller, callee in _EDGE.findall(graph):
            calls.setdefault(caller, set()).add(indirect if callee == _INDIRECT else callee)
    frames[indirect] = 0
    if part.pointed is not None:
        calls[indirect] = set(part.pointed)
    else:
        calls[indirect] = own - set(part.entries) - _callers_of(indirect, calls)


def _callers_of(function: str, calls: dict[str, set[str]]) -> set[str]:
    """All functions from which `function` can be reached."""
    found = {function}
    while True:
        more = {caller for caller, callees in calls.items() if callees & found} - found
        if not more:
            return found
        found |= more


def _short(title: str) -> str:
    return title.rsplit(":", 1)[-1]
