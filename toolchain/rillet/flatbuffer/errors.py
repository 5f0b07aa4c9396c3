"""The error of this folder."""

from __future__ import annotations

from ..ir import RilletError


class FlatbufferError(RilletError):
    """A file that is no valid version-3 .tflite file, or a model that such a file cannot hold."""
