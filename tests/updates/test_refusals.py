"""What the device refuses, and that nothing sent to it or found in its flash does harm."""

from __future__ import annotations

import random
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from rillet.boards.keys import SigningKey, new_key
from rillet.boards.slots import signed_head
from rillet.devices import Device, RequestRefused
from rillet.devices.protocol import Frame, Request, Status, encode
from tests.updates.setting import Setting, install, runs


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


def test_senseless_requests(host: Setting) -> None:
    """Frames of every kind with any content: the slots stay as they are."""
    source = random.Random(5)
    heads = [signed_head(host.content(host.new, version), host.key) for version in (2, 4, 5)]
    host.reset(host.worn)
    with host.open() as device:
        stream, link = device._stream, device._link
        sequence = link._sequence
        for _ in range(60):
            burst = b""
            for _ in range(50):
                sequence = (sequence + 1) & 0xFFFF
                burst += _senseless(source, sequence, heads)
            stream.write(burst)
            while stream.read(0.0):
                continue
        time.sleep(0.3)
        link.drain()
        link._sequence = (sequence + 1000) & 0xFFFF
        device._hello(5.0)
        assert runs(device, host.old)
        install(host, device)
        assert runs(device, host.new)


def _senseless(source: random.Random, sequence: int, heads: list[bytes]) -> bytes:
    op = source.choice([Request.LOAD, Request.LOAD, Request.UPDATE, *(r for r in Request if r != Request.RESET)])
    numbers = [source.choice([0, 8, 64, 704, 1024, 1500, 8191, 1 << 31, (1 << 32) - 1]) for _ in range(3)]
    body = struct.pack("<3I", *numbers)[: source.choice([0, 4, 8, 12])] + bytes(source.choice([0, 0, 8, 64, 240]))
    if op == Request.UPDATE:
        head = bytearray(source.choice(heads))
        if source.random() < 0.9:  # each right one costs a verification
            head[source.choice([0, 4, 9, source.randrange(256)])] ^= 1 << source.randrange(8)
        body = bytes(head)[: source.choice([256, 256, 256, 100])]
    elif op in (Request.RUN, Request.PROFILE):
        body = struct.pack("<3I", numbers[0], numbers[1], 1)
    return encode(Frame(op, sequence, body))
