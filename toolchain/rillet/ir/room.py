"""Memory for much data that is needed for a short while."""

from __future__ import annotations

import mmap
from contextlib import suppress

_LARGE_PAGE = 1 << 21


def room_for(nbytes: int) -> memoryview:
    """Zeros, of the system's and not of the heap: gone with the last array or view of them.

    A freed block of the heap would stay the process's memory, and make its allocator keep more such blocks. In large
    pages where there are some: touching small ones for the first time takes longer than to fill them.
    """
    size = max(nbytes, 1)
    if size > _LARGE_PAGE // 2:
        size = -(-size // _LARGE_PAGE) * _LARGE_PAGE
    memory = (
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MAP_PRIVATE")
        else mmap.mmap(-1, size)
    )
    if size >= _LARGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)[:nbytes]
