"""Files of results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rillet.ir import replacing


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Writes a file of results, whole or not at all."""
    with replacing(path) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
