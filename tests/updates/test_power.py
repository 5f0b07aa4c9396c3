"""The loss of power at every operation of the flash, and what the device starts with."""

from __future__ import annotations

import struct
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest

from rillet.boards import BoardError
from rillet.boards.install import install_model
from rillet.boards.slots import signed_head
from rillet.devices import Device, DeviceError, LinkError
from rillet.devices.protocol import SlotState
from tests.boards.small_models import dense_int8
from tests.updates.setting import Setting, install, runs


def lose_power_at_every_operation(setting: Setting) -> int:
    """Returns how many there are."""
    operations = 0
    while True:
        setting.reset(setting.worn, operations)
        done = False
        with suppress(LinkError), setting.open() as device:
            install(setting, device)
            done = True
        setting.reset(setting.flash())
        with setting.open() as device:
            if done:
                assert runs(device, setting.new)
                return operations
            assert runs(device, setting.old)
            sent = install(setting, device)
            assert runs(device, setting.new)
        if operations > 8:
            assert sent < len(setting.content(setting.new, 4).image), "what was there already is not sent again"
        operations += 1


def test_power_lost_at_every_operation(host: Setting) -> None:
    assert lose_power_at_every_operation(host) > 10


def test_the_emulator_killed_at_every_operation(emulated: Setting) -> None:
    assert lose_power_at_every_operation(emulated) > 6


def test_the_emulator_killed_at_any_moment(emulated: Setting) -> None:
    """By a signal from outside, while the model is sent, checked, started and confirmed."""
    emulated.reset(emulated.worn)
    with emulated.open() as device:
        start = time.monotonic()
        install(emulated, device)
        takes_s = time.monotonic() - start
    for part in range(6):
        emulated.reset(emulated.worn)
        confirmed = False
        with suppress(LinkError), emulated.open() as device:
            process = device._stream._process  # type: ignore[attr-defined]
            timer = threading.Timer(takes_s * (part + 0.5) / 6, process.kill)
            timer.start()
            install(emulated, device)
            confirmed = True
        timer.join()
        emulated.reset(emulated.flash())
        with emulated.open() as device:
            assert runs(device, emulated.new) or (not confirmed and runs(device, emulated.old))


def test_a_model_that_is_not_confirmed_is_only_tried_once(host: Setting, device: Device) -> None:
    install(host, device, confirm=False)
    assert runs(device, host.new)
    assert [s.state for s in device.slots().slots].count(SlotState.TRIED) == 1
    device.close()
    with host.open() as again:
        assert runs(again, host.old)
        install(host, again)
    with host.open() as again:
        assert runs(again, host.new)


def test_a_model_on_trial_may_be_replaced_and_the_old_one_stays(host: Setting, device: Device) -> None:
    install(host, device, confirm=False)
    kept = 1 - (device.slots().running or 0)
    install(host, device, version=5, confirm=False)
    slots = device.slots()
    assert (slots.running, slots.slots[kept].version) == (1 - kept, 3)
    assert runs(device, host.new)


def test_a_model_that_computes_something_else_is_not_kept(host: Setting, device: Device) -> None:
    wrong = replace(host.new, data=dense_int8(7))  # what this machine will compute with
    with pytest.raises(BoardError, match=r"computes other numbers .* restarted with its old one"):
        install_model(wrong, device, host.key)
    with host.open() as again:
        assert runs(again, host.old)
        assert 0 < install_model(host.new, again, host.key).sent_bytes < 1024, "only the page with the marks"


def test_a_model_that_crashes_is_not_kept(emulated: Setting) -> None:
    """Signed, and its tables are sound, but its kernel is told of sizes beyond all memory."""
    emulated.reset(emulated.worn)
    content = emulated.content(emulated.new, 4)
    image = bytearray(content.image)
    steps = struct.unpack_from("<I", image, 36)[0]  # runtime_c/core/image.h
    _, params, operands = struct.unpack_from("<IIH", image, steps)
    for at in range(params + 4 * operands, params + 96, 4):
        if image[at : at + 4] == (40).to_bytes(4, "little"):  # inputs of the layer
            struct.pack_into("<i", image, at, 1 << 23)
    struct.pack_into("<I", image, 12, zlib.crc32(image[16:]))
    content = replace(content, image=bytes(image))
    with emulated.open() as device:
        device.install(signed_head(content, emulated.key), content.image)
        with pytest.raises(DeviceError, match="fault"):
            device.run()
    with emulated.open() as device:
        assert runs(device, emulated.old)
