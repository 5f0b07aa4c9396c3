"""Replacing the model of a device that runs updatable firmware."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..bench import random_inputs
from ..devices import Device, DeviceError, RequestRefused
from ..devices.protocol import SlotsInfo, SlotState, Status
from ..runtime import Interpreter, Plan, Session
from .board import BoardError
from .keys import SigningKey
from .reach import refuse_wrong_board
from .slots import Content, signed_head
from .target import Target
from .updatable import board_layout_crc, content_for
from .verify import compare, load


@dataclass(frozen=True)
class Installation:
    """What was done: versions before (None: there was no model) and after, bytes of the model, and how many were sent
    (0 where the device had it already)."""

    model: str
    old_version: int | None
    version: int
    image_bytes: int
    sent_bytes: int

    def sentence(self) -> str:
        """The result in one line."""
        if not self.sent_bytes and self.old_version == self.version:
            return f"the device runs this model already, as version {self.version}"
        before = "no model" if self.old_version is None else f"version {self.old_version}"
        return (
            f"installed '{self.model}' as version {self.version} (before: {before}): sent {self.sent_bytes:,} of "
            f"{self.image_bytes:,} bytes; the device computes what this machine computes, and keeps it"
        )


def install_model(
    target: Target,
    device: Device,
    key: SigningKey,
    version: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Installation:
    """Signs `target` and installs it on the device, has the device compute once, compares, and confirms.

    Whatever fails, and whenever the power goes, the device has a whole model: the old one until this returns.

    Args:
        version: None for the one after the device's.

    Raises:
        BoardError: the model does not suit the device's firmware; the text says in what. DeviceError, LinkError.
    """
    content, slots = _content(target, device, version)
    running = None if slots.running is None else slots.slots[slots.running]
    before = running.version if running else None
    if running and running.state == SlotState.CONFIRMED and _runs(device, content) and version in (None, before):
        return Installation(target.name, before, running.version, len(content.image), 0)
    if key.public != slots.public_key:
        raise BoardError(
            "the device trusts another key than this one: give the key that its firmware was built with, or build and "
            "flash the firmware again"
        )
    try:
        sent = device.install(
            signed_head(content, key), content.image, lambda done, total: progress and progress(done / total)
        )
    except RequestRefused as refusal:
        raise BoardError(_refusal_text(refusal, content, slots)) from refusal
    _try(target, device)
    device.confirm()
    return Installation(target.name, before, content.version, len(content.image), sent)


def _content(target: Target, device: Device, version: int | None) -> tuple[Content, SlotsInfo]:
    board = target.board
    refuse_wrong_board(device, board)
    if not device.can_update:
        raise BoardError(
            f"the firmware of this {device.info.board} takes no models: build it with `rillet build --updatable` and "
            "flash it once"
        )
    slots = device.slots()
    if slots.layout_crc != board_layout_crc(board):
        raise BoardError(
            "the device's firmware was built by another version of rillet: build and flash it again, or use that"
        )
    there = [s.version for s in slots.slots if s.state == SlotState.CONFIRMED]
    content = content_for(target, device.kernels(), slots.layout_crc, version or max(there, default=0) + 1)
    if len(content.image) > slots.room_bytes:
        raise BoardError(
            f"the model does not fit a slot of the device: {len(content.image)} of {slots.room_bytes} bytes; build and "
            "flash firmware with larger slots (--slot-bytes)"
        )
    if content.arena_bytes > device.info.arena_bytes:
        raise BoardError(
            f"the model needs an arena of {content.arena_bytes} bytes, the device's firmware has "
            f"{device.info.arena_bytes}: build and flash it with --arena-bytes {content.arena_bytes}"
        )
    return content, slots


def _runs(device: Device, content: Content) -> bool:
    """Whether the device's model is this one."""
    crc = int.from_bytes(content.image[12:16], "little")  # runtime_c/core/image.h
    return device.info.image_crc == crc and device.info.signatures == len(content.signatures)


def _try(target: Target, device: Device) -> None:
    """Has the new model compute once.

    Raises:
        BoardError: the outputs are not this machine's. The device is restarted, with its old model, and closed.
    """
    host = Session(Plan(target.data))
    failed = "the new model is not confirmed, and the device was restarted with its old one"
    load(host, device, random_inputs(Interpreter(model_content=target.data).get_input_details(), 0))
    host.invoke()
    try:
        device.run()
        same = not any(compare(value, device.output(i))[0] for i, value in enumerate(host.outputs))
    except DeviceError as problem:
        _restart(device)
        raise BoardError(f"{problem}; {failed}") from None
    if not same:
        _restart(device)
        raise BoardError(f"the device computes other numbers than this machine: {failed}")


def _restart(device: Device) -> None:
    with suppress(DeviceError):  # it may be restarting already
        device.leave()


def _refusal_text(refusal: RequestRefused, content: Content, slots: SlotsInfo) -> str:
    if refusal.status != Status.OLD_VERSION:
        return f"{refusal}; the device still runs its old model"
    there = max(s.version for s in slots.slots)
    return (
        f"the device has version {there} of its model, and this one is version {content.version}: its firmware takes "
        f"only newer ones, so give --model-version {there + 1} (or build firmware with --allow-downgrade)"
    )
