"""How deep the stack can get: a bound from the call graph that GCC writes (-fcallgraph-info=su)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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


def stack_bound(graphs: Iterable[str], entry: str, indirect: Sequence[str]) -> StackBound:
    """The deepest stack below `entry`.

    Args:
        graphs: contents of the .ci files of all objects.
        indirect: the functions that calls through a pointer may reach.

    Raises:
        ValueError: there is no bound: recursion, or a function whose frame grows at run time.
    """
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for graph in graphs:
        for title, size, how in _NODE.findall(graph):
            if size:
                if how == "dynamic":
                    raise ValueError(f"the stack frame of {_short(title)} grows at run time")
                frames[title] = int(size)
        for caller, callee in _EDGE.findall(graph):
            calls.setdefault(caller, set()).add(callee)
    calls[_INDIRECT] = set(indirect)
    frames[_INDIRECT] = 0
    known: dict[str, StackBound] = {}

    def depth(function: str, above: tuple[str, ...]) -> StackBound:
        if function in above:
            raise ValueError(f"recursion: {' > '.join(map(_short, (*above[above.index(function) :], function)))}")
        if function not in known:
            below = [depth(callee, (*above, function)) for callee in sorted(calls.get(function, ()))]
            deepest = max(below, key=lambda b: b.bytes, default=StackBound(0, ()))
            own = frames.get(function, _UNKNOWN_BYTES)
            name = () if function == _INDIRECT else (_short(function),)
            known[function] = StackBound(own + deepest.bytes, (*name, *deepest.path))
        return known[function]

    return depth(entry, ())


def _short(title: str) -> str:
    return title.rsplit(":", 1)[-1]
