"""Sending a model to the slots of an updatable device; docs/updates.md says why in this way."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from .link import Link
from .protocol import Request, SlotsInfo


def read_kernels(link: Link) -> list[str]:
    """The names of the kernels in the firmware, in the order that images number them."""
    text = b""
    while piece := link.request(Request.KERNELS, len(text).to_bytes(4, "little")):
        text += piece
    return text.decode("utf-8", "replace").split()


def send_model(
    link: Link,
    slots: SlotsInfo,
    head: bytes,
    image: bytes,
    body_bytes: int,
    patience_s: float,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Announces, sends and installs a model; gives how many bytes the device did not have yet. See `Device.install`.

    Args:
        body_bytes: the most in one request. progress: called with (bytes done, bytes in all).
    """
    link.request(Request.UPDATE, head, patience_s=patience_s)
    chunk = (body_bytes - 4) // slots.write_bytes * slots.write_bytes
    sent = 0
    for start, page in _pages(image, slots):
        if _device_crc(link, start, len(page)) != zlib.crc32(page):
            data = page + b"\xff" * (-len(page) % slots.write_bytes)
            for at in range(0, len(data), chunk):
                link.request(Request.LOAD, (start + at).to_bytes(4, "little") + data[at : at + chunk])
            sent += len(page)
        if progress is not None:
            progress(start + len(page), len(image))
    link.request(Request.BOOT, len(image).to_bytes(4, "little"), patience_s=patience_s)
    return sent


def _pages(image: bytes, slots: SlotsInfo) -> Iterator[tuple[int, bytes]]:
    """The image cut where a page of the flash that it will lie in begins: offsets and pieces."""
    start = 0
    while start < len(image):
        end = start + slots.page_bytes - (slots.image_offset + start) % slots.page_bytes
        yield start, image[start:end]
        start = end


def _device_crc(link: Link, start: int, count: int) -> int:
    body = start.to_bytes(4, "little") + count.to_bytes(4, "little")
    return int.from_bytes(link.request(Request.CHECK, body), "little")
