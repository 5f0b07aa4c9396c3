"""What tests of boards need: programs, models, firmware."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rillet.boards import BoardError, Firmware, load_board, source_root
from rillet.boards.toolchain import find_compiler

Builder = Callable[[str], Firmware]
"""The fixture `built`: firmware for the board of this name."""

TINY = {
    "resnet8": "models/mlperf_tiny/image_classification/resnet8_cifar10_int8.tflite",
    "dscnn": "models/mlperf_tiny/keyword_spotting/kws_dscnn_int8.tflite",
    "vww": "models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite",
    "ad": "models/mlperf_tiny/anomaly/ad01_int8.tflite",
    "wakeword": "models/mlperf_tiny/streaming_wakeword/str_ww_int8.tflite",
}


def sources_with(folder: Path, kernels: Mapping[str, str]) -> Path:
    """A copy of the C sources in `folder`, with kernels added whose functions have these bodies."""
    root = folder / "c"
    shutil.copytree(source_root(), root)
    for name, body in kernels.items():
        (root / "kernels" / f"{name}.c").write_text(
            '#include <string.h>\n#include "../core/kernel.h"\n#include "../port/port.h"\n'
            f"rlt_status rlt_{name}(const rlt_run *run, const void *params);\n"
            f"rlt_status rlt_{name}(const rlt_run *run, const void *params)\n{{{body}\n}}\n"
        )
    return root


def need_tools(board: str) -> None:
    """Skips the calling test, with the reason, where the board's compiler or emulator is missing."""
    where = load_board(board)
    try:
        find_compiler(where.toolchain)
    except BoardError as missing:
        pytest.skip(str(missing))
    if where.memory is not None and where.emulator is not None and shutil.which(where.emulator.command[0]) is None:
        pytest.skip(f"{where.emulator.command[0]} is not installed")
