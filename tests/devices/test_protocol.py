"""The codec alone, and its numbers against the device's header."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rillet.boards import source_root
from rillet.devices import DeviceError
from rillet.devices import protocol as p

BODIES = st.one_of(
    st.binary(max_size=1100),
    st.lists(st.sampled_from([0, 1, 255]), max_size=1100).map(bytes),
    st.integers(0, 1100).map(lambda n: bytes([7]) * n),
)


@given(BODIES)
def test_cobs_gives_back_what_it_got_without_zero_bytes(data: bytes) -> None:
    encoded = p.cobs_encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert p.cobs_decode(encoded) == data


@pytest.mark.parametrize(
    ("plain", "encoded"),
    [
        ("", "01"),
        ("00", "0101"),
        ("0000", "010101"),
        ("11220033", "0311220233"),
        ("11000000", "0211010101"),
        ("01" * 254, "ff" + "01" * 254),
        ("00" + "01" * 254, "01ff" + "01" * 254),
        ("01" * 255, "ff" + "01" * 254 + "0201"),
    ],
)
def test_cobs_examples_of_its_paper(plain: str, encoded: str) -> None:
    assert p.cobs_encode(bytes.fromhex(plain)).hex() == encoded


@given(BODIES, st.integers(0, 255), st.integers(0, 65535), st.lists(st.integers(1, 50), max_size=40))
def test_frames_survive_any_splitting(body: bytes, op: int, sequence: int, cuts: list[int]) -> None:
    frame = p.Frame(op, sequence, body, status=3)
    data = p.encode(frame) + p.encode(frame)
    decoder, frames = p.Decoder(), []
    for cut in [*cuts, len(data)]:
        frames += decoder.feed(data[:cut])
        data = data[cut:]
    assert frames == [frame, frame]


@given(BODIES, st.data())
def test_a_changed_frame_is_dropped_or_the_same(body: bytes, data: st.DataObject) -> None:
    frame = p.Frame(5, 77, body)
    line = bytearray(p.encode(frame))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    line += p.encode(frame)
    frames = p.Decoder().feed(bytes(line))
    assert set(frames) == {frame}
    assert 1 <= len(frames) <= 2


@given(st.binary(max_size=3000))
def test_noise_is_no_frame(noise: bytes) -> None:
    frame = p.Frame(1, 2, b"x")
    assert p.Decoder().feed(noise + p.encode(frame))[-1] == frame


def test_endless_noise_takes_bounded_memory() -> None:
    decoder = p.Decoder(limit_bytes=1000)
    for _ in range(100):
        assert decoder.feed(b"\x55" * 900) == []
    assert len(decoder._pending) <= 1900
    frame = p.Frame(1, 2)
    assert decoder.feed(p.encode(frame)) == [frame]


def test_documented_examples() -> None:
    text = (source_root().parent / "docs" / "protocol.md").read_text("utf-8")
    hello = p.encode(p.Frame(p.Request.HELLO, 0x1234))
    write = p.encode(p.Frame(p.Request.WRITE, 0x1235, bytes.fromhex("40000000 0a0b0c0d")))
    done = p.encode(p.Frame(p.Request.WRITE | p.REPLY_BIT, 0x1235))
    for frame in (hello, write, done):
        assert frame.hex(" ") in text
    assert f"{zlib.crc32(b'123456789'):08X}" in text


def test_numbers_equal_the_device_header() -> None:
    header = (source_root() / "firmware" / "protocol.h").read_text("utf-8")

    def listed(name: str) -> dict[str, int]:
        block = re.search(rf"#define {name}\(X\)(.*?)\n\n", header, re.S)
        assert block is not None
        return {n: int(v) for n, v in re.findall(r"X\((\w+), (\d+)", block.group(1))}

    assert listed("FW_OPS") == {r.name: r.value for r in p.Request}
    assert listed("FW_STATUSES") == {s.name: s.value for s in p.Status}
    capabilities = dict(re.findall(r"FW_CAN_(\w+) = (\d+)", header))
    assert {n: int(v) for n, v in capabilities.items()} == {c.name: c.value for c in p.Capability}
    assert f"#define FW_VERSION {p.VERSION}u" in header


@pytest.mark.parametrize("parse", [p.parse_info, p.parse_tensor, p.parse_memory])
@given(body=st.binary(max_size=80))
def test_short_or_odd_replies_are_clear_errors(parse, body: bytes) -> None:  # type: ignore[no-untyped-def]
    try:
        parse(body)
    except DeviceError as problem:
        assert "build and flash" in str(problem)
