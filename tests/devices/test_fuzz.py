"""Many well-formed but senseless requests to the firmware with sanitizers: it must go on answering."""

from __future__ import annotations

import random
import struct
import time
import zlib

import pytest

from rillet.boards import Firmware, open_firmware
from rillet.devices import protocol as p
from tests.devices.images import ARENA_BYTES, image_without_steps

FRAMES_PER_BURST = 50
BURSTS = 200
WORDS = [0, 1, 2, 4, 60, 64, 100, ARENA_BYTES - 1, ARENA_BYTES, ARENA_BYTES + 1, 1 << 24, 1 << 31, (1 << 32) - 1]


@pytest.mark.parametrize("seed", [1, 2])
def test_senseless_requests(firmware: Firmware, seed: int) -> None:
    source = random.Random(seed)
    with open_firmware(firmware) as device:
        stream, link = device._stream, device._link
        sequence = link._sequence
        for _ in range(BURSTS):
            burst = b""
            for _ in range(FRAMES_PER_BURST):
                sequence = (sequence + 1) & 0xFFFF if source.random() < 0.9 else source.randrange(1 << 16)
                burst += _frame(source, sequence)
            stream.write(burst)
            while stream.read(0.0):  # raises when the program has died, with the sanitizer's report
                continue
        time.sleep(0.2)
        link.drain()
        link._sequence = (sequence + 1000) & 0xFFFF
        assert p.parse_info(link.request(p.Request.HELLO)).model == "by hand"


def _frame(source: random.Random, sequence: int) -> bytes:
    op = source.choice([*range(1, 12), 127, source.randrange(256)])
    body = b"".join(struct.pack("<I", source.choice(WORDS)) for _ in range(source.randrange(5)))
    body += source.randbytes(source.choice([0, 0, 0, 1, 3, 100, 240, 256, 260]))
    if op == p.Request.LOAD and source.random() < 0.5:
        body = bytes(4) + _spoilt_image(source)
    elif op == p.Request.BOOT and source.random() < 0.8:
        body = struct.pack("<I", len(image_without_steps()))
    elif op == p.Request.RESET:
        body = source.choice([b"\0", b"\2", b""])  # kind 1 would end the program
    elif op in (p.Request.RUN, p.Request.PROFILE) and len(body) == 12:
        body = body[:8] + struct.pack("<I", source.choice([0, 1, 3]))  # any number of repetitions would be done
    frame = bytearray(p.encode(p.Frame(op, sequence, body, version=1 if source.random() < 0.98 else 2)))
    if source.random() < 0.05:
        frame[source.randrange(len(frame))] ^= 1 << source.randrange(8)
    return bytes(frame)


def _spoilt_image(source: random.Random) -> bytes:
    """An image with one bit changed somewhere, mostly with a matching checksum."""
    image = bytearray(image_without_steps())
    image[source.randrange(len(image))] ^= 1 << source.randrange(8)
    if source.random() < 0.8:
        image[12:16] = struct.pack("<I", zlib.crc32(image[16:]))
    return bytes(image)
