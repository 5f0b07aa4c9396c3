"""What a deployment found out, as data: the source of the printed summary, of `--json` and of report.html."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..bench import Comparison
from ..boards.footprint import Box
from ..boards.measure import StepCost


@dataclass(frozen=True)
class Stage:
    """One step of the way: what was done, in one line, and how long it took."""

    name: str
    seconds: float
    summary: str


@dataclass(frozen=True)
class LayerNoise:
    """Quantization error of one layer's output."""

    layer: str
    sqnr_db: float
    max_abs: float


@dataclass
class Journey:
    """Everything a deployment measured. Empty where a stage did not run."""

    source: str
    recipe: str
    board: str | None = None
    board_description: str = ""
    stages: list[Stage] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    noise: list[LayerNoise] = field(default_factory=list)
    arena_bytes: int = 0
    arena_lower_bound: int = 0
    step_count: int = 0
    memory: list[Box] = field(default_factory=list)
    board_memory: dict[str, tuple[int, int]] = field(default_factory=dict)
    accuracy: dict[str, float] = field(default_factory=dict)
    accuracy_samples: dict[str, int] = field(default_factory=dict)
    speed: Comparison | None = None
    machine: str = ""
    device_unit: str = ""
    device_cost: float = 0.0
    device_layers: list[StepCost] = field(default_factory=list)
    verification: str = ""
    warnings: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
