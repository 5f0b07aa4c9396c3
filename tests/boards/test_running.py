"""RUN and PROFILE on emulated boards, with kernels made for the purpose: exact counts, deep stacks, failures."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from rillet.boards import Firmware, build, load_board, open_firmware
from rillet.boards import firmware as firmware_module
from rillet.devices import RequestRefused
from tests.boards.tools import need_tools, sources_with
from tests.devices.images import ARENA_BYTES, HEADER_BYTES, MAGIC, VERSION

KERNELS = {
    # Two instructions a round on both instruction sets; params: rounds.
    "spin": """
    uint32_t rounds = *(const uint32_t *)params;
    (void)run;
#if defined(__arm__)
    __asm__ volatile(".syntax unified\\n.balign 4\\n1: subs %0, %0, #1\\n\\tbne 1b" : "+l"(rounds) : : "cc");
#elif defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\\n\\tbnez %0, 1b" : "+r"(rounds));
#endif
    return RLT_OK;""",
    "deep": """
    volatile uint8_t room[1500];
    (void)params;
    for (uint32_t i = 0; i < sizeof room; ++i) room[i] = (uint8_t)i;
    run->base[0][0] = room[1000];
    return RLT_OK;""",
    "division": """
    uint64_t values[2];
    (void)params;
    memcpy(values, run->base[0], 16);
    values[0] = (uint64_t)((int64_t)values[0] / (int64_t)values[1]);
    memcpy(run->base[0], values, 8);
    return RLT_OK;""",
    "failing": "    (void)run, (void)params;\n    return RLT_ERROR_INDEX;",
}
STEPS = [("spin", 1000), ("spin", 300000), ("deep", 0), ("division", 0), ("failing", 0)]
BOARDS = ["mps2-an386", "mps3-an547", "riscv32-virt", "microbit"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the C sources with these kernels added."""
    return sources_with(tmp_path_factory.mktemp("sources"), KERNELS)


@pytest.fixture(params=BOARDS)
def running(request: pytest.FixtureRequest, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firmware:
    need_tools(request.param)
    monkeypatch.setattr(firmware_module, "source_root", lambda: sources)
    return build(image_of(STEPS, list(KERNELS)), list(KERNELS), load_board(request.param), tmp_path)


def test_instructions_are_counted_exactly(running: Firmware) -> None:
    with open_firmware(running) as device:
        first, second = device.run(0, 1), device.run(1, 1)
        assert {first.unit, second.unit} == {"instructions"}
        # The call around the loop costs the same both times.
        assert second.value - first.value == pytest.approx(2 * 299000, abs=4)
        assert 2000 < first.value < 2300
        three = device.run(1, 1, repetitions=3)
        assert three.value == pytest.approx(3 * second.value, abs=6)


def test_the_stack_bound_covers_the_deepest_kernel(running: Firmware) -> None:
    bound = running.sizes.stack_bound
    assert bound is not None
    assert "rlt_deep" in bound.path
    with open_firmware(running) as device:
        before = device.memory().stack_used
        device.run(2, 1)
        after = device.memory().stack_used
        assert device.read(0, 1) == bytes([1000 & 255])
    assert before < 700
    assert 1500 < after <= bound.bytes <= after + 400


def test_support_routines_of_the_compiler_are_linked(running: Firmware) -> None:
    with open_firmware(running) as device:
        device.write(0, struct.pack("<qq", -(10**15), 12345))
        device.run(3, 1)
        assert struct.unpack("<q", device.read(0, 8)) == (-(10**15 // 12345),)


def test_a_failing_step_is_named(running: Firmware) -> None:
    with open_firmware(running) as device:
        with pytest.raises(RequestRefused, match="step 4 of the model failed on the device with status -12"):
            device.run()
        with pytest.raises(RequestRefused, match="outside what the device has"):
            device.run(4, 2)
        device.run(0, 1)


def image_of(steps: Sequence[tuple[str, int]], kernels: Sequence[str]) -> bytes:
    """A plan image of these steps: each a kernel and the one word of its parameters."""
    table = b""
    params_at = HEADER_BYTES + 16 * len(steps)
    for index, (name, _) in enumerate(steps):
        table += struct.pack("<IIHHI", kernels.index(name), params_at + 4 * index, 0, 1, index)
    params = b"".join(struct.pack("<I", value) for _, value in steps)
    total = params_at + len(params)
    rest = struct.pack("<13I", ARENA_BYTES, 64, 0, len(kernels), len(steps), HEADER_BYTES, 0, total, 0, total, 0, 0, 0)
    rest += table + params
    return struct.pack("<4I", MAGIC, VERSION, total, zlib.crc32(rest)) + rest
