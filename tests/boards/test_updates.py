"""Updatable firmware: what it takes and refuses, and the loss of power at every operation of the flash."""

from __future__ import annotations

import random
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="needs cryptography: pip install rillet[update]")
from rillet.boards import BoardError, Firmware, load_board, open_firmware
from rillet.boards.firmware import flash_file
from rillet.boards.install import install_model
from rillet.boards.keys import SigningKey, new_key
from rillet.boards.slots import Content, image_offset, signed_head
from rillet.boards.target import Target, prepare_target
from rillet.boards.updatable import board_layout_crc, build_updatable, choose_kernels, content_for
from rillet.devices import Device, LinkError, RequestRefused
from rillet.devices.protocol import Request, SlotState, Status
from rillet.runtime import Plan, Session
from tests.boards.small_models import dense_int8, float_model
from tests.boards.tools import need_tools
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
    key = new_key(folder / "key.pem")
    before, old, new = (prepare_target(dense_int8(seed), board, f"model {seed}") for seed in range(3))
    firmware = build_updatable(new, folder / "out", key, kernels="same", slot_bytes=slot_bytes)
    setting = Setting(firmware, key, before, old, new, choose_kernels(old, "same"), b"")
    with setting.open() as device:
        assert runs(device, new)
        for version, target in ((2, before), (3, old)):
            install_model(target, device, key, version)
    return replace(setting, worn=flash_file(firmware.path).read_bytes())


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("updates")
    (folder / "board.toml").write_text(HOST)
    return prepare(str(folder), folder, 0)


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    need_tools("mps2-an386")
    return prepare("mps2-an386", tmp_path_factory.mktemp("emulated"), 8192)


@pytest.fixture
def device(host: Setting) -> Iterator[Device]:
    host.reset(host.worn)
    with host.open() as opened:
        yield opened


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


def test_a_broken_transfer_goes_on(host: Setting, device: Device) -> None:
    content = host.content(host.new, 4)
    head = signed_head(content, host.key)
    device._link.request(Request.UPDATE, head, patience_s=5)
    first = 1024 - image_offset(host.firmware.board.slots)  # type: ignore[arg-type]
    for at in range(0, first, 64):
        device._link.request(Request.LOAD, at.to_bytes(4, "little") + content.image[at : at + 64])
    device.close()
    with host.open() as again:
        assert runs(again, host.old)
        assert again.install(head, content.image) == len(content.image) - first
        assert runs(again, host.new)


def test_flash_that_is_not_erased_takes_nothing_else(host: Setting, device: Device) -> None:
    content = host.content(host.new, 4)
    device._link.request(Request.UPDATE, signed_head(content, host.key), patience_s=5)
    for data, status in ((b"\x0f" * 8, None), (b"\x0e" * 8, None), (b"\x1e" * 8, Status.FLASH_ERROR)):
        with suppress(RequestRefused) if status is None else pytest.raises(RequestRefused) as refused:
            device._link.request(Request.LOAD, (8).to_bytes(4, "little") + data)
        if status is not None:
            assert refused.value.status == status
    with pytest.raises(RequestRefused, match="damaged"):
        device._link.request(Request.BOOT, len(content.image).to_bytes(4, "little"), patience_s=5)
    assert runs(device, host.old)


def _spoilt(setting: Setting, what: str, other: SigningKey) -> tuple[bytes, bytes]:
    """Head and image of a model that is not to be taken."""
    content = setting.content(setting.new, 4)
    head = bytearray(signed_head(content, setting.key))
    changes = {
        "board": {"board": "another"},
        "kernels": {"kernel_crc": content.kernel_crc ^ 1},
        "layout": {"layout_crc": content.layout_crc ^ 1},
        "slot": {"image": content.image + bytes(8192)},
        "arena": {"arena_bytes": 1 << 20},
        "same version": {"version": 3},
        "older version": {"version": 1},
    }
    if what in changes:
        content = replace(content, **changes[what])  # type: ignore[arg-type]
        return signed_head(content, setting.key), content.image
    if what == "key":
        return signed_head(content, other), content.image
    if what == "image":
        return bytes(head), bytes([*content.image[:700], content.image[700] ^ 4, *content.image[701:]])
    head[{"signature": 200, "version": 8, "hash": 40, "magic": 0}[what]] ^= 1
    return bytes(head), content.image


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("key", Status.BAD_SIGNATURE),
        ("signature", Status.BAD_SIGNATURE),
        ("version", Status.BAD_SIGNATURE),
        ("hash", Status.BAD_SIGNATURE),
        ("magic", Status.BAD_IMAGE),
        ("image", Status.BAD_IMAGE),
        ("board", Status.WRONG_FIRMWARE),
        ("kernels", Status.WRONG_FIRMWARE),
        ("layout", Status.WRONG_FIRMWARE),
        ("slot", Status.TOO_LARGE),
        ("arena", Status.TOO_LARGE),
        ("same version", Status.OLD_VERSION),
        ("older version", Status.OLD_VERSION),
    ],
)
def test_refused(host: Setting, device: Device, what: str, status: Status, tmp_path: Path) -> None:
    before = host.flash()
    head, image = _spoilt(host, what, new_key(tmp_path / "other.pem"))
    with pytest.raises(RequestRefused) as refused:
        device.install(head, image)
    assert refused.value.status == status
    if what != "image":
        assert host.flash() == before, "nothing unsigned or unfit comes near the flash"
    assert runs(device, host.old)
    install(host, device)
    assert runs(device, host.new)


def test_requests_out_of_turn(host: Setting, device: Device) -> None:
    number = (64).to_bytes(4, "little")
    for op, body in ((Request.LOAD, number + bytes(8)), (Request.BOOT, number), (Request.CHECK, number + number)):
        with pytest.raises(RequestRefused) as refused:
            device._link.request(op, body, patience_s=5)
        assert refused.value.status == Status.BAD_IMAGE
    device.confirm()
    assert runs(device, host.old)


def test_damaged_slots_are_not_used(host: Setting) -> None:
    """Any bytes of the flash changed: the old model, the newest before it, or none; never anything else."""
    source = random.Random(3)
    seen = set()
    for _ in range(120):
        flash = bytearray(host.worn)
        for _ in range(source.choice([1, 1, 2, 8])):
            at = source.choice([0, 0, 8192, 8192, source.randrange(13000)]) + source.randrange(2600)
            end = at + source.choice([1, 1, 4, 16, 300])
            flash[at:end] = source.choice([source.randbytes(end - at), bytes(end - at), b"\xff" * (end - at)])
        host.reset(bytes(flash[: len(host.worn)]))
        with host.open() as device:
            if device.info.model:
                seen.add("newest" if runs(device, host.old) else "before")
                assert runs(device, host.old) or runs(device, host.before)
            else:
                seen.add("none")
                assert device.slots().running is None
                install(host, device)
                assert runs(device, host.new)
    assert seen == {"newest", "before", "none"}


def test_malformed_images_with_a_good_signature_do_no_harm(host: Setting) -> None:
    """Tables and operands that point anywhere: refused, or opened; the sanitizers say that nothing outside was read."""
    source = random.Random(4)
    good = host.content(host.new, 4)
    words = len(good.image) // 4
    refused = 0
    host.reset(host.worn)
    device = host.open()
    for version in range(10, 210):
        image = bytearray(good.image)
        for _ in range(source.choice([1, 1, 2, 4])):
            at = source.choice([source.randrange(16), source.randrange(words - 150, words), source.randrange(words)])
            old = struct.unpack_from("<I", image, 4 * at)[0]
            other = old ^ 1 << source.randrange(32)
            new = source.choice([0, 1, old + 1, other, other, 0xFFFFFFFF, 0x40000000, len(image), 1 << 31])
            struct.pack_into("<I", image, 4 * at, new & 0xFFFFFFFF)
        struct.pack_into("<I", image, 12, zlib.crc32(image[16:]))
        content = replace(good, image=bytes(image), version=version)
        try:
            device.install(signed_head(content, host.key), content.image)
        except RequestRefused as refusal:
            assert refusal.status == Status.BAD_IMAGE
            refused += 1
    device.close()
    assert 50 < refused < 200
    with host.open() as again:
        assert runs(again, host.old), "none was confirmed"


def test_install_model_does_what_is_needed(host: Setting, device: Device) -> None:
    done = install_model(host.new, device, host.key)
    assert (done.old_version, done.version, done.sent_bytes) == (3, 4, len(host.content(host.new, 1).image))
    assert "version 4" in done.sentence()
    assert install_model(host.new, device, host.key).sent_bytes == 0
    with pytest.raises(BoardError, match="--model-version 5"):
        install_model(host.old, device, host.key, 4)
    assert runs(device, host.new)


def test_what_does_not_suit_the_firmware_is_said(host: Setting, device: Device, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="trusts another key"):
        install_model(host.new, device, new_key(tmp_path / "other.pem"))
    board = host.firmware.board
    with pytest.raises(BoardError, match=r"does not fit a slot of the device: \d+ of \d+ bytes"):
        install_model(prepare_target(dense_int8(5, outputs=300), host.old.board), device, host.key)
    with pytest.raises(BoardError, match=r"needs an arena of \d+ bytes.*--arena-bytes"):
        install_model(prepare_target(dense_int8(5, 900, 4), host.old.board), device, host.key)
    with pytest.raises(BoardError, match=f"not a {load_board('host').name}"):
        install_model(prepare_target(dense_int8(2), "host"), device, host.key)
    assert board.slots is not None
    assert runs(device, host.old)


def test_kernels_for_models_to_come(host: Setting, tmp_path: Path) -> None:
    own = choose_kernels(host.old, "same")
    assert own == host.kernels
    typed, everything = (choose_kernels(host.old, choice) for choice in ("types", "all"))
    assert set(own) < set(typed) < set(everything)
    assert {"conv_2d_s8", "add_s8", "softmax_s8", "move"} <= set(typed)
    assert not [k for k in typed if k.endswith("f32") or "gradient" in k or "avx" in k]
    (tmp_path / "other.tflite").write_bytes(float_model())
    listed = choose_kernels(host.old, f"conv_2d_*,{tmp_path / 'other.tflite'}")
    assert {"conv_2d_s8", "add_f32", *own} <= set(listed)
    for choice in ("no_such_kernel", str(tmp_path / "none.tflite")):
        with pytest.raises(BoardError, match=r"no kernel for|there is no"):
            choose_kernels(host.old, choice)


def test_missing_kernels_are_named_with_their_layer(host: Setting, device: Device) -> None:
    model = prepare_target(float_model(), host.old.board, "float")
    with pytest.raises(BoardError, match=r"lacks kernels .*add_f32 \(layer '.*'\).*--kernels add_f32"):
        install_model(model, device, host.key)
    assert runs(device, host.old)
