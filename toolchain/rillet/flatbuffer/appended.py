"""Files that travel at the end of a .tflite file: an ordinary zip archive after the flatbuffer.

TFLite's metadata tools put labels and vocabularies there, uncompressed, so that applications can map them.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

_END_RECORD = b"PK\x05\x06"
_END_RECORD_REACH = 65557  # its own 22 bytes and the longest comment
_DATE = (1980, 1, 1, 0, 0, 0)  # a fixed one, so that equal models give equal files


def read_appended(content: memoryview) -> dict[str, bytes]:
    """The appended files by name; empty where there are none, or what looks like an archive is none."""
    if bytes(content[-_END_RECORD_REACH:]).rfind(_END_RECORD) < 0:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > 8 * len(content):
                return {}
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
        return {}


def append(content: bytes, files: Mapping[str, bytes]) -> bytes:
    """`content` followed by an archive of `files`."""
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    return whole.getvalue()
