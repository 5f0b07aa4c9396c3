"""A line that loses, repeats, changes, inserts and splits."""

from __future__ import annotations

import random

from rillet.devices import ByteStream


class FaultyLine:
    """Passes bytes on to `inner`, each chunk with some probability damaged, both ways.

    Kinds of damage: a lost or repeated chunk or byte, a flipped bit, an inserted byte, a chunk held back and delivered
    with the next one.
    """

    def __init__(self, inner: ByteStream, seed: int, rate: float) -> None:
        self._inner = inner
        self._random = random.Random(seed)
        self.rate = rate
        self._held = {"in": b"", "out": b""}

    def read(self, timeout_s: float) -> bytes:
        return self._damage(self._inner.read(timeout_s), "in")

    def write(self, data: bytes) -> None:
        self._inner.write(self._damage(data, "out"))

    def close(self) -> None:
        self._inner.close()

    def _damage(self, data: bytes, way: str) -> bytes:
        data, self._held[way] = self._held[way] + data, b""
        r = self._random
        if not data or r.random() >= self.rate:
            return data
        at = r.randrange(len(data))
        end = min(len(data), at + r.choice([1, 1, 2, 8, 64]))
        kind = r.randrange(7)
        if kind == 0:
            return b""
        if kind == 1:
            return data + data
        if kind == 2:
            return data[:at] + data[end:]
        if kind == 3:
            return data[:end] + data[at:]
        if kind == 4:
            return data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1 :]
        if kind == 5:
            return data[:at] + bytes(r.randrange(256) for _ in range(end - at)) + data[at:]
        self._held[way] = data[at:]
        return data[:at]
