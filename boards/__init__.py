"""Boards as data, and the building and flashing of firmware for them."""

from .board import Board, BoardError
from .catalogue import board_names, load_board
from .elf import Elf, read_elf
from .firmware import Firmware, build
from .generated import kernel_crc
from .runner import open_firmware
from .runners import flash
from .sizes import RegionUse, Sizes
from .sources import source_root
from .stack import StackBound
from .uf2 import read_uf2, write_uf2

__all__ = [
    "Board", "BoardError", "Elf", "Firmware", "RegionUse", "Sizes", "StackBound", "board_names", "build", "flash",
    "kernel_crc", "load_board", "open_firmware", "read_elf", "read_uf2", "source_root", "write_uf2",
]  # fmt: skip
