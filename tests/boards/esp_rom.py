"""The boot ROM of an ESP32-C3 as esptool sees it, with a flash: a socket that the real esptool writes a program to.

The protocol is that of esptool's documentation, "Serial Protocol": SLIP frames, each with direction, command, length
and checksum. The loader that esptool puts into RAM first is taken and pretended to run.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import zlib

CHIP_ID = 5
FLASH_BYTES = 4 << 20
_END, _ESCAPE = 0xC0, 0xDB
_OK = {0x02, 0x03, 0x05, 0x07, 0x09, 0x0B, 0x0D, 0x0F, 0x12, 0xD1}
# SPI flash identity, read through the flash controller's first data word: 4 MiB.
_REGISTERS = {0x60002058: 0x164020}


class EspRom:
    """Listens at `url` until closed.

    Attributes: flash (its content).

    Args:
        chip_id: what it says it is; unplugged_after: the line is cut after so many blocks.
    """

    def __init__(self, chip_id: int = CHIP_ID, unplugged_after: int | None = None) -> None:
        self.flash = bytearray(b"\xff") * FLASH_BYTES
        self._chip_id = chip_id
        self._left = unplugged_after
        self._in_loader = False
        self._at = 0
        self._inflate = zlib.decompressobj()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                frame = bytearray()
                while True:
                    try:
                        data = line.recv(4096)
                    except OSError:
                        break
                    if not data:
                        break
                    for byte in data:
                        if byte != _END:
                            frame.append(byte)
                        elif frame:
                            self._answer(line, _unescaped(bytes(frame)))
                            frame.clear()

    def _answer(self, line: socket.socket, frame: bytes) -> None:
        _, command, _, _ = struct.unpack_from("<BBHI", frame)
        body = frame[8:]
        value, data = 0, b""
        if command == 0x08:
            self._in_loader = False
            for _ in range(7):
                self._send(line, command, 0x20120707, b"")  # 0 would mean that the loader runs already
        elif command == 0x0A:
            value = _REGISTERS.get(struct.unpack_from("<I", body)[0], 0)
        elif command == 0x14:
            data = struct.pack("<IB7BII", 0, 0, *[0] * 7, self._chip_id, 0)
        elif command == 0x10:
            self._at = struct.unpack_from("<4I", body)[3]
            self._inflate = zlib.decompressobj()
        elif command == 0x11:
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    self._listener.close()
                    line.shutdown(socket.SHUT_RDWR)
                    return
            piece = self._inflate.decompress(body[16 : 16 + struct.unpack_from("<I", body)[0]])
            self.flash[self._at : self._at + len(piece)] = piece
            self._at += len(piece)
        elif command == 0x13:
            start, size = struct.unpack_from("<2I", body)
            data = hashlib.md5(self.flash[start : start + size]).digest()
        elif command == 0x06:
            self._send(line, command, 0, b"")
            self._in_loader = True
            line.sendall(bytes([_END]) + b"OHAI" + bytes([_END]))
            return
        elif command not in _OK:
            raise AssertionError(f"esptool sends command {command:#x}")
        self._send(line, command, value, data)

    def _send(self, line: socket.socket, command: int, value: int, data: bytes) -> None:
        data += bytes(2 if self._in_loader else 4)  # status: fine
        frame = struct.pack("<BBHI", 1, command, len(data), value) + data
        escaped = frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        line.sendall(bytes([_END]) + escaped + bytes([_END]))


def _unescaped(frame: bytes) -> bytes:
    return frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
