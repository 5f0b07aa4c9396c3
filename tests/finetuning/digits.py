"""The example's own functions: its folder is no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_FOLDER = Path(__file__).resolve().parents[2] / "examples" / "digits"


def _loaded(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"digits_{name}", _FOLDER / f"{name}.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.path.insert(0, str(_FOLDER))
    try:
        specification.loader.exec_module(module)
    finally:
        sys.path.remove(str(_FOLDER))
        sys.modules.pop("train", None)
    return module


_finetune = _loaded("finetune")
first_model, samples = _finetune.first_model, _finetune.samples
