"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .graph import RilletError


@contextmanager
def replacing(path: str | os.PathLike[str], error: type[RilletError] = RilletError) -> Iterator[BinaryIO]:
    """Gives a file to write to, which takes the place of `path` when the block ends; if the block fails, nothing is
    left of it and `path` is as it was.

    Args:
        error: what is raised where the disk refuses.

    Raises:
        RilletError: (`error`) the file cannot be written.
    """
    target = Path(path)
    # A name of its own: another process, or thread, may be writing the same file. Made with open, not tempfile, whose
    # files only their owner may read.
    temporary = target.parent / f".rillet-{os.urandom(8).hex()}.tmp"
    try:
        try:
            with open(temporary, "xb") as file:
                yield file
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise error(f"cannot write '{target}': {problem.strerror or problem}") from problem
