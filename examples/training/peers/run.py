"""Runs a peer's script in the Python that has its framework."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def ask(python: str, script: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the script prints last, a line of JSON; it gets `arguments` in the same form.

    Raises:
        RuntimeError: it failed; the text has the end of what it said.
    """
    command = [python, str(HERE / script), json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed in {python}:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
