"""Where the C sources are: in a checkout as runtime_c, in the wheel as rillet/_c."""

from __future__ import annotations

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
