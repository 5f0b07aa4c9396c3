"""A device with updatable firmware, models for it, and what tests do with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rillet.boards import Firmware, open_firmware
from rillet.boards.firmware import flash_file
from rillet.boards.install import install_model
from rillet.boards.keys import SigningKey, new_key
from rillet.boards.slots import Content, signed_head
from rillet.boards.target import Target, prepare_target
from rillet.boards.updatable import board_layout_crc, build_updatable, choose_kernels, content_for
from rillet.devices import Device
from rillet.runtime import Plan, Session
from tests.boards.small_models import dense_int8
from tests.devices.conftest import HOST_WITH_SANITIZERS

# Small pages and requests, so that a small model takes many operations.
HOST = (
    HOST_WITH_SANITIZERS.replace('["{program}"]', '["env", "RILLET_FLASH={flash}", "{program}"]')
    + """
[slots]
kind = "file_posix"
page_bytes = 1024
write_bytes = 8
slot_bytes = 8192
"""
)
X = np.random.default_rng(0).integers(-128, 128, (1, 40)).astype(np.int8)


@dataclass(frozen=True)
class Setting:
    """A device and the models for it. `worn` is its flash when it has had two updates: the first to `before`, and then
    to `old`, which runs; pages must be erased for a third one."""

    firmware: Firmware
    key: SigningKey
    before: Target
    old: Target
    new: Target
    kernels: list[str]
    worn: bytes

    def open(self) -> Device:
        return open_firmware(self.firmware)

    def content(self, target: Target, version: int) -> Content:
        return content_for(target, self.kernels, board_layout_crc(target.board), version)

    def reset(self, flash: bytes, operations: int | None = None) -> None:
        """Puts this into the flash; power will be lost in the operation after so many."""
        cut = b"" if operations is None else operations.to_bytes(4, "little")
        flash_file(self.firmware.path).write_bytes(flash + cut)

    def flash(self) -> bytes:
        return flash_file(self.firmware.path).read_bytes()[: len(self.worn)]


def prepare(board: str, folder: Path, slot_bytes: int) -> Setting:
    pytest.importorskip("cryptography", reason="needs cryptography: pip install rillet[update]")
    key = new_key(folder / "key.pem")
    before, old, new = (prepare_target(dense_int8(seed), board, f"model {seed}") for seed in range(3))
    firmware = build_updatable(new, folder / "out", key, kernels="same", slot_bytes=slot_bytes)
    setting = Setting(firmware, key, before, old, new, choose_kernels(old, "same"), b"")
    with setting.open() as device:
        assert runs(device, new)
        for version, target in ((2, before), (3, old)):
            install_model(target, device, key, version)
    return replace(setting, worn=flash_file(firmware.path).read_bytes())


def expected(target: Target) -> bytes:
    session = Session(Plan(target.data))
    session.inputs[0][...] = X
    session.invoke()
    return session.outputs[0].tobytes()


def runs(device: Device, target: Target) -> bool:
    """Whether the device has this model, and computes with it what this machine does."""
    device.set_input(0, X)
    device.run()
    same = device.output(0).tobytes() == expected(target)
    assert (device.info.model == target.name) == same
    return same


def install(setting: Setting, device: Device, version: int = 4, confirm: bool = True) -> int:
    """The whole of an update; gives how many bytes were sent."""
    content = setting.content(setting.new, version)
    sent = device.install(signed_head(content, setting.key), content.image)
    if confirm:
        device.confirm()
    return sent
