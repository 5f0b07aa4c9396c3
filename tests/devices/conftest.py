"""The real firmware as a process of this machine, with sanitizers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.boards import Firmware, build, load_board
from tests.devices.images import image_without_steps

HOST_WITH_SANITIZERS = """
description = "this machine, checked"
core = "native"
[build]
toolchain = "native"
flags = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
start = "host"
frame_body_bytes = 256
[emulator]
command = ["{program}"]
[flash]
runner = "emulator"
"""


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    """Firmware for this machine with an image that has tensors but no steps, and small frames."""
    folder: Path = tmp_path_factory.mktemp("host-checked")
    (folder / "board.toml").write_text(HOST_WITH_SANITIZERS)
    return build(image_without_steps(), [], load_board(str(folder)), folder / "out", model_name="by hand")
