"""ELF, UF2, the boot stage's checksum and the stack bound, without a compiler."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rillet.boards import read_elf, read_uf2, write_uf2
from rillet.boards.boot import boot_crc
from rillet.boards.elf import Segment
from rillet.boards.stack import Part, stack_bound


@given(st.binary(min_size=1, max_size=2000), st.integers(0, 1000))
def test_uf2_gives_back_the_segments(data: bytes, offset: int) -> None:
    address = 0x10000000 + offset
    file = write_uf2([Segment(address, data)], 0xE48BFF56)
    family, (piece,) = read_uf2(file)
    assert family == 0xE48BFF56
    assert piece.address == address & ~255
    assert len(piece.data) % 256 == 0
    assert piece.data[offset & 255 :][: len(data)] == data


def test_uf2_keeps_gaps_between_segments() -> None:
    file = write_uf2([Segment(0x10000000, b"a"), Segment(0x10001000, b"b" * 257)], 1)
    assert [(p.address, len(p.data)) for p in read_uf2(file)[1]] == [(0x10000000, 256), (0x10001000, 512)]


@pytest.mark.parametrize("spoil", [0, 4, 9, 17, 20, 24, 508])
def test_damaged_uf2_is_refused(spoil: int) -> None:
    file = bytearray(write_uf2([Segment(0, b"a" * 600)], 1))
    file[512 + spoil] ^= 0xFF
    with pytest.raises(ValueError, match=r"block 1"):
        read_uf2(bytes(file))


def test_boot_checksum_is_crc32_mpeg2() -> None:
    assert boot_crc(b"123456789") == 0x0376E6E7  # the check value of the catalogue of parametrised CRC algorithms


def test_this_interpreter_is_an_elf_file() -> None:
    with open(sys.executable, "rb") as file:
        elf = read_elf(file.read())
    text = elf.section(".text")
    assert text is not None
    assert text.allocated
    assert text.stored
    assert text.address <= elf.entry < text.address + text.size


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"MZ" + bytes(100), b"\x7fELF\x01\x01" + bytes(10)])
def test_other_files_are_no_elf(data: bytes) -> None:
    with pytest.raises(ValueError, match="ELF"):
        read_elf(data.ljust(6, b"\0"))


GRAPH = r"""graph: { title: "a.c"
node: { title: "main" label: "main\na.c:1:5\n16 bytes (static)\n0 dynamic objects" }
node: { title: "a.c:helper" label: "helper\na.c:9:5\n40 bytes (static)\n0 dynamic objects" }
node: { title: "__indirect_call" label: "Indirect Call Placeholder" shape : ellipse }
node: { title: "memcpy" label: "__builtin_memcpy\n<built-in>" shape : ellipse }
edge: { sourcename: "main" targetname: "a.c:helper" label: "a.c:2:3" }
edge: { sourcename: "main" targetname: "__indirect_call" label: "a.c:3:3" }
edge: { sourcename: "a.c:helper" targetname: "memcpy" label: "a.c:10:3" }
}
graph: { title: "k.c"
node: { title: "kernel" label: "kernel\nk.c:1:5\n200 bytes (dynamic,bounded)\n0 dynamic objects" }
node: { title: "memcpy" label: "memcpy\nlibc.c:1:5\n8 bytes (static)\n0 dynamic objects" }
}"""


def test_stack_bound_follows_calls_and_pointers() -> None:
    bound = stack_bound([Part([GRAPH], ["kernel"])], ["main"])
    assert (bound.bytes, bound.path) == (216, ("main", "kernel"))
    bound = stack_bound([Part([GRAPH], [])], ["main", "kernel"])
    assert (bound.bytes, bound.path) == (200, ("kernel",))
    assert stack_bound([Part([GRAPH], [])], ["main"]).path == ("main", "helper", "memcpy")
    assert stack_bound([Part([GRAPH], [])], ["somewhere else"]).bytes == 128


def test_stack_bound_takes_any_function_of_the_part_for_a_callback() -> None:
    assert stack_bound([Part([GRAPH], None)], ["main"]).path == ("main", "kernel")
    assert stack_bound([Part([GRAPH], None, ["kernel"])], ["main"]).bytes == 64


def test_stack_without_bound_is_an_error() -> None:
    round_about = GRAPH + 'edge: { sourcename: "memcpy" targetname: "a.c:helper" }'
    with pytest.raises(ValueError, match="recursion: helper > memcpy > helper"):
        stack_bound([Part([round_about], [])], ["main"])
    with pytest.raises(ValueError, match="kernel grows at run time"):
        stack_bound([Part([GRAPH.replace("dynamic,bounded", "dynamic")], [])], ["main"])
