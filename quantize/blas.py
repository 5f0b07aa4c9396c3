"""Holds numpy's matrix library to one thread where matrices are small.

OpenBLAS threads wait for each other by spinning: on a machine with other work, the many small products of
calibration took 9 s instead of 1.2 s (two cores, load 4.6). One thread loses nothing here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_PREFIXES = ("scipy_openblas", "openblas")  # numpy's wheels rename OpenBLAS's symbols
_SUFFIXES = ("64_", "")


@contextmanager
def one_thread() -> Iterator[None]:
    """For the block; nothing happens where numpy does not carry its own OpenBLAS (Apple's, MKL, a distribution's)."""
    functions = _thread_functions()
    if functions is None:
        yield
        return
    read, write = functions
    before = int(read())
    write(1)
    try:
        yield
    finally:
        write(before)


@cache
def _thread_functions() -> tuple[Any, Any] | None:
    package = Path(np.__path__[0])
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(path))
            except OSError:
                continue
            for prefix in _PREFIXES:
                for suffix in _SUFFIXES:
                    read = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                    write = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                    if read is not None and write is not None:
                        return read, write
    return None
