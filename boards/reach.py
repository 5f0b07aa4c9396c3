"""Reaching a device that runs a given model: built and started here, or flashed before and checked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from ..devices import Device, OpenOptions, open_device
from ..runtime import export_all
from .board import Board, BoardError
from .firmware import Firmware
from .runner import default_spec, faults_located, open_firmware
from .target import Target, build_target

_STARTED_HERE = ("host", "emulator")
_IMAGE_CRC = slice(12, 16)  # runtime_c/core/image.h


@contextmanager
def reach(target: Target, spec: str | None = None, out_dir: str | PathLike[str] | None = None) -> Iterator[Device]:
    """Opens a device that runs `target`, and closes it afterwards.

    Args:
        spec: as for `rillet.devices.open_device`; None for the board's own. Emulators and host programs are built
            (into `out_dir`, else a temporary folder) and started; anything else must have been flashed.

    Raises:
        BoardError: the firmware cannot be built, or the device runs another model.
        DeviceError, LinkError: the device cannot be opened.
    """
    if (spec or default_spec(target.board)).partition(":")[0] in _STARTED_HERE:
        with tempfile.TemporaryDirectory() as scratch:
            firmware = build_target(target, Path(out_dir) if out_dir else Path(scratch))
            with open_firmware(firmware, spec) as device, faults_located(firmware.elf):
                yield device
        return
    with _open_flashed(target, spec or default_spec(target.board)) as device:
        yield device


def device_of(target: Target, firmware: Firmware, spec: str | None = None) -> Device:
    """Opens the device that runs `firmware`, which was built from `target` and flashed; raises as `reach` does."""
    spec = spec or default_spec(target.board)
    if spec.partition(":")[0] in _STARTED_HERE:
        return open_firmware(firmware, spec)
    return _open_flashed(target, spec)


def refuse_wrong_board(device: Device, board: Board) -> None:
    """Refuses a device that says that it is another board.

    Raises:
        BoardError: with both names.
    """
    info = device.info
    if info.board != board.name:
        raise BoardError(
            f"what answers is a {info.board} ({info.core}), not a {board.name} ({board.core}): give its name with "
            f"-b {info.board}, or connect the right board"
        )


def _open_flashed(target: Target, spec: str) -> Device:
    board = target.board
    device = open_device(spec, OpenOptions(baud=board.baud, usb_ids=board.usb_ids))
    try:
        refuse_wrong_board(device, board)
    except BoardError:
        device.close()
        raise
    known = device.kernels() if device.can_update else ()
    images = export_all(list(target.plans.values()), known)[0]
    wanted, *others = [int.from_bytes(image[_IMAGE_CRC], "little") for image in images]
    if device.info.image_crc != wanted or (others and [s.image_crc for s in device.signatures()[1:]] != others):
        device.close()
        raise BoardError(
            f"{spec} runs model '{device.info.model}' (image {device.info.image_crc:08x}), not this one "
            f"({wanted:08x}): flash it first, `rillet flash MODEL -b {board.name}`"
        )
    return device
