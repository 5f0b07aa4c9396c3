"""Where the C sources are: in a checkout as runtime_c, in the wheel as rillet/_c."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from .board import BoardError


def source_root() -> Path:
    """The folder that holds core/, kernels/, firmware/, port/ and include/.

    Raises:
        BoardError: this installation has no C sources.
    """
    # In a checkout this package is a link to <repository>/boards, and its sources are newer than any installed copy.
    here = Path(str(resources.files(__package__))).resolve().parent
    for root in (here / "runtime_c", here / "_c"):
        if (root / "firmware" / "server.c").is_file():
            return root
    raise BoardError("this rillet has no C sources for boards; install it again: pip install --force-reinstall rillet")


def refuse_stale_library() -> None:
    """Refuses to build when the library that made a plan is older than the kernels that would run it.

    The two agree on the layout of a plan; a checkout that was edited or updated, but not built again, may not.

    Raises:
        BoardError: a source is newer than the library.
    """
    from ..runtime import _native

    root = source_root()
    if root.name != "runtime_c":
        return  # installed together
    built = os.stat(_native.__file__).st_mtime
    shared = [*(root / "core").glob("*.h"), *(root / "kernels").rglob("*.h"), *(root / "kernels").rglob("*.def")]
    for path in (*shared, *(root / "kernels").rglob("prepare*.c")):
        if path.stat().st_mtime > built and "avx" not in path.name:  # no board compiles those
            raise BoardError(
                f"{path} is newer than the C library, so plans may not fit the kernels: run `make .venv/built`"
            )
