"""The error that every part of the Keras importer raises."""

from __future__ import annotations

from ...ir import RilletError


class KerasError(RilletError):
    """A Keras file that cannot be read, or a layer that rillet cannot express; the text names the layer."""
