"""The benchmarking harness: interleaved timing of rillet and its peers."""

from .compare import Comparison, compare, geometric_mean, machine_name
from .measure import Effort, Timing, interleave
from .runners import RUNNERS, random_inputs

__all__ = [
    "RUNNERS", "Comparison", "Effort", "Timing", "compare", "geometric_mean", "interleave", "machine_name",
    "random_inputs",
]
