"""rillet: take a trained model, make it small, prove that it still works, and run it anywhere.

import rillet
model = rillet.convert("model.h5", recipe="static_wi8_ai8", calibration="samples.npz")
rillet.save(model, "model.tflite")
interpreter = rillet.Interpreter("model.tflite")

It trains too: `rillet.GradientTape`, `rillet.function` and the operators of `rillet.eager` by TensorFlow's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .boards import board_names, load_board
    from .conversion import convert
    from .deployment import deploy
    from .eager import *  # noqa: F403
    from .flatbuffer import write as save
    from .importers import load
    from .ir import Model, RilletError
    from .runtime import Interpreter, OpResolverType, Plan, Session, load_delegate

__version__ = "0.1.0"

# Loaded when first used: importing rillet costs numpy and little more.
_WHERE = {
    "Interpreter": ("runtime", "Interpreter"),
    "Model": ("ir", "Model"),
    "OpResolverType": ("runtime", "OpResolverType"),
    "Plan": ("runtime", "Plan"),
    "RilletError": ("ir", "RilletError"),
    "Session": ("runtime", "Session"),
    "board_names": ("boards", "board_names"),
    "convert": ("conversion", "convert"),
    "deploy": ("deployment", "deploy"),
    "load": ("importers", "load"),
    "load_board": ("boards", "load_board"),
    "load_delegate": ("runtime", "load_delegate"),
    "save": ("flatbuffer", "write"),
}

__all__ = [
    "Interpreter",
    "Model",
    "OpResolverType",
    "Plan",
    "RilletError",
    "Session",
    "board_names",
    "convert",
    "deploy",
    "load",
    "load_board",
    "load_delegate",
    "save",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _WHERE:
        module, attribute = _WHERE[name]
        return _found(name, getattr(importlib.import_module(f"{__name__}.{module}"), attribute))
    if name in ("finetune", "keras", "preprocessing", "quantize"):
        return importlib.import_module(f"{__name__}.{name}")
    if not name.startswith("_"):  # what trains: tensors, tapes, functions and operators by TensorFlow's names
        eager = importlib.import_module(f"{__name__}.eager")
        if name in eager.__all__:
            return _found(name, getattr(eager, name))
    raise AttributeError(f"module 'rillet' has no attribute '{name}'")


def _found(name: str, value: Any) -> Any:
    """`value`, which is from now on there without being looked for."""
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    import importlib

    return sorted({*globals(), *__all__, *importlib.import_module(f"{__name__}.eager").__all__})
