"""The Python side against the real C firmware in a process, over a good and a bad line."""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rillet.boards import Firmware, open_firmware
from rillet.devices import Device, DeviceError, Kind, Link, LinkError, OpenOptions, ProcessStream, RequestRefused
from rillet.devices import protocol as p
from rillet.devices.registry import device_kinds, open_device
from tests.devices.faulty import FaultyLine
from tests.devices.images import ARENA_BYTES, FLOAT32, INT8, image_without_steps

QUICK = Kind("host", timeout_s=0.01, patience_s=5)
REUSES_FIXTURES = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def stream(firmware: Firmware) -> Iterator[ProcessStream]:
    stream = ProcessStream([str(firmware.path)])
    yield stream
    stream.close()


def test_a_device_says_what_it_is(firmware: Firmware) -> None:
    with open_firmware(firmware) as device:
        assert device.info.model == "by hand"
        assert device.info.core == "native"
        assert device.info.arena_bytes == ARENA_BYTES
        assert device.info.image_bytes == len(image_without_steps())
        assert device.info.body_bytes == 256
        assert device.info.steps == 0
        assert device.can_load
        assert device.inputs == [p.TensorInfo(INT8, (2, 3, 5), 64, 30, 0.5, -7)]
        assert device.outputs == [p.TensorInfo(FLOAT32, (7,), 128, 28, 0.0, 0)]
        assert device.memory().arena_used == ARENA_BYTES
        assert device.run().unit == "s"
        assert device.profile() == []


def test_values_go_in_and_come_out(firmware: Firmware) -> None:
    with open_firmware(firmware) as device:
        value = np.arange(-15, 15, dtype=np.int8).reshape(2, 3, 5)
        device.set_input(0, value)
        assert device.read(64, 30) == value.tobytes()
        seven = np.linspace(-1, 1, 7, dtype=np.float32)
        device.write(128, seven.tobytes())
        np.testing.assert_array_equal(device.output(0), seven)
        whole = random.Random(1).randbytes(ARENA_BYTES)
        seen: list[tuple[int, int]] = []
        device.write(0, whole, lambda done, total: seen.append((done, total)))
        assert device.read(0, ARENA_BYTES) == whole
        assert seen[-1] == (ARENA_BYTES, ARENA_BYTES)
        assert [done for done, _ in seen] == sorted({done for done, _ in seen})
        device.reset()
        assert device.read(0, ARENA_BYTES) == bytes(ARENA_BYTES)


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.zeros((2, 3), np.int8), "shape"), (np.zeros((2, 3, 5), np.float32), "int8 of shape")],
)
def test_wrong_inputs_are_refused_here(firmware: Firmware, value: np.ndarray, text: str) -> None:  # type: ignore[type-arg]
    with open_firmware(firmware) as device, pytest.raises(DeviceError, match=text):
        device.set_input(0, value)


def test_there_is_no_second_input(firmware: Firmware) -> None:
    with open_firmware(firmware) as device, pytest.raises(DeviceError, match="no output 1"):
        device.output(1)


WORD = st.sampled_from([0, 1, 4, 64, ARENA_BYTES - 1, ARENA_BYTES, 1 << 16, 1 << 31, (1 << 32) - 1])


@given(op=st.integers(0, 127), words=st.lists(WORD, max_size=4), tail=st.binary(max_size=5))
@REUSES_FIXTURES
def test_no_request_body_harms_the_device(checked: Device, op: int, words: list[int], tail: bytes) -> None:
    body = struct.pack(f"<{len(words)}I", *words) + tail
    if op == p.Request.RESET and body[:1] == b"\1":
        return  # that one ends the program, as it should
    if op in (p.Request.RUN, p.Request.PROFILE) and len(words) == 3:
        words[2] = min(words[2], 1000)  # repetitions of nothing still take time
        body = struct.pack("<3I", *words) + tail
    frame = p.Frame(op, (checked._link._sequence + 1) & 0xFFFF, body)
    checked._link._sequence = frame.sequence
    checked._stream.write(p.encode(frame))
    assert parse_until_reply(checked, frame).op == op | p.REPLY_BIT


@given(noise=st.lists(st.one_of(st.binary(max_size=400), st.just(b"\0")), max_size=6))
@REUSES_FIXTURES
def test_noise_does_not_harm_the_device(checked: Device, noise: list[bytes]) -> None:
    for chunk in noise:
        checked._stream.write(chunk)
    checked.write(100, b"still here")
    assert checked.read(100, 10) == b"still here"


BYTE, WORD16 = st.integers(0, 255), st.integers(0, 65535)


@given(body=st.binary(max_size=900), version=BYTE, op=BYTE, sequence=WORD16)
@REUSES_FIXTURES
def test_well_formed_frames_with_odd_headers_do_not_harm_the_device(
    checked: Device, body: bytes, version: int, op: int, sequence: int
) -> None:
    if op == p.Request.RESET or op in (p.Request.RUN, p.Request.PROFILE):
        return  # reset may end the program; repetitions of nothing may take very long
    checked._stream.write(p.encode(p.Frame(op, sequence, body, version=version)))
    checked._hello(1.0)
    assert checked.info.model == "by hand" or op in (p.Request.LOAD, p.Request.BOOT)


@pytest.fixture(scope="module")
def checked(firmware: Firmware) -> Iterator[Device]:
    with open_firmware(firmware) as device:
        yield device


def parse_until_reply(device: Device, frame: p.Frame) -> p.Frame:
    decoder = p.Decoder()
    while True:
        for reply in decoder.feed(device._stream.read(5.0)):
            if reply.sequence == frame.sequence and reply.status != p.Status.WORKING:
                return reply


@given(seed=st.integers(0, 1 << 32), rate=st.sampled_from([0.02, 0.1, 0.3, 0.6]))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bad_line_never_gives_wrong_data(stream: ProcessStream, seed: int, rate: float) -> None:
    line = FaultyLine(stream, seed, rate)
    data = random.Random(seed).randbytes(600)
    try:
        device = Device(Unclosed(line), QUICK, start_timeout_s=0.2)
        assert device.info.model == "by hand"
        assert device.inputs[0].shape == (2, 3, 5)
        device.write(32, data)
        device.run(repetitions=3)
        assert device.read(32, 600) == data
        device.write(100, data[::-1])
        assert device.read(100, 600) == data[::-1]
        assert device.memory().arena_bytes == ARENA_BYTES
    except LinkError as problem:
        assert rate > 0.05, f"given up too early: {problem}"


class Unclosed:
    """Lets a stream outlive the device that uses it."""

    def __init__(self, inner: FaultyLine) -> None:
        self.read, self.write = inner.read, inner.write

    def close(self) -> None:
        pass


def test_a_repeated_request_is_executed_once_and_answered_twice(stream: ProcessStream) -> None:
    link = Link(stream)
    link.request(p.Request.HELLO)
    frame = p.Frame(p.Request.RUN, (link._sequence + 1) & 0xFFFF, struct.pack("<3I", 0, 0, 1))
    stream.write(p.encode(frame) * 2)
    decoder, replies = p.Decoder(), []
    while len(replies) < 3:
        replies += decoder.feed(stream.read(5.0))
    # Working, done, and the kept reply without another WORKING.
    assert [r.status for r in replies] == [p.Status.WORKING, p.Status.OK, p.Status.OK]
    assert replies[1] == replies[2]


def test_a_skipped_or_older_number_is_refused(stream: ProcessStream) -> None:
    link = Link(stream)
    link.request(p.Request.HELLO)
    link._sequence += 5
    with pytest.raises(LinkError, match="lost the session"):
        link.request(p.Request.MEMORY)


def test_nothing_but_hello_is_answered_first(stream: ProcessStream) -> None:
    with pytest.raises(LinkError, match="lost the session"):
        Link(stream).request(p.Request.MEMORY)


def test_another_image_can_be_loaded_and_a_damaged_one_is_refused(firmware: Firmware) -> None:
    image = image_without_steps()
    with open_firmware(firmware) as device:
        device.load(image)
        assert device.info.image_bytes == len(image)
        with pytest.raises(RequestRefused, match="damaged"):
            device.load(image[:-1] + bytes([image[-1] ^ 1]))
        with pytest.raises(RequestRefused, match="no model"):
            device.run()
        device.load(image)
        assert len(device.inputs) == 1


def test_leaving_ends_the_program(firmware: Firmware) -> None:
    device = open_firmware(firmware)
    device.leave()
    with pytest.raises(LinkError, match="ended"):
        device.memory()


def test_a_program_that_ends_is_reported_with_its_last_words() -> None:
    script = "import sys; print('out of cheese', file=sys.stderr); sys.exit(4)"
    with pytest.raises(LinkError, match=r"exit status 4\): out of cheese"):
        Device(ProcessStream([sys.executable, "-c", script]), QUICK)


def test_a_program_that_says_nothing_is_given_up_and_ended() -> None:
    stream = ProcessStream([sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(LinkError, match="nothing answers within"):
        Device(stream, QUICK, start_timeout_s=0.1)
    assert stream._process.poll() is not None


def test_a_missing_program_and_an_unknown_kind() -> None:
    with pytest.raises(DeviceError, match="cannot start"):
        ProcessStream(["/nonexistent/program"])
    with pytest.raises(DeviceError, match="no device kind 'toaster'; there are emulator, host, serial"):
        open_device("toaster")
    with pytest.raises(DeviceError, match="give a board"):
        open_device("host")
    with pytest.raises(DeviceError, match="cannot open /dev/ttyNONE"):
        open_device("serial:/dev/ttyNONE", OpenOptions())
    assert set(device_kinds()) >= {"host", "emulator", "serial"}
