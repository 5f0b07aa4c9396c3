"""Where the real models and datasets are; tests skip, with the reason, where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ZOO = Path(os.environ.get("RILLET_ZOO", ROOT.parent / "shared" / "zoo"))


def zoo(relative: str) -> Path:
    """The path of a zoo file or folder; skips the calling test if it is absent."""
    path = ZOO / relative
    if not path.exists():
        pytest.skip(f"zoo file {relative} is not here (set RILLET_ZOO)")
    return path
