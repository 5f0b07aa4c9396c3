"""Where the C sources are: in a checkout as runtime_c, in the wheel as rillet/_c."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def kernel_files(root: Path, kernels: Sequence[str]) -> list[str]:
    """The files below `root` that define the named kernels.

    Raises:
        BoardError: a kernel is defined nowhere.
    """
    texts = {path: path.read_text("utf-8") for path in sorted((root / "kernels").rglob("*.c"))}
    files: dict[str, None] = {}
    for kernel in kernels:
        definition = re.compile(rf"\brlt_{re.escape(kernel)}\s*\(const rlt_run\b[^;{{]*\{{")
        found = [path for path, text in texts.items() if definition.search(text)]
        if not found:
            raise BoardError(f"no source file defines the kernel {kernel}; was the model prepared for another target?")
        files[found[0].relative_to(root).as_posix()] = None
    return list(files)
