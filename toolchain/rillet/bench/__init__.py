"""The benchmarking harness: interleaved timing of rillet and its peers, profiles against the machine's peak."""

from .compare import Comparison, compare, geometric_mean, machine_name, max_difference
from .cores import Cores, cores_given, round_trip_ns, steady_note
from .measure import Effort, Timing, interleave
from .peak import Level, Peak, measure_peak
from .profile import Profile, StepProfile, main_steps, op_nbytes, profile, shape_text
from .runners import RUNTIMES, for_lesser, interpreter_class, random_inputs, ready_session, runner

__all__ = [
    "RUNTIMES",
    "Comparison",
    "Cores",
    "Effort",
    "Level",
    "Peak",
    "Profile",
    "StepProfile",
    "Timing",
    "compare",
    "cores_given",
    "for_lesser",
    "geometric_mean",
    "interleave",
    "interpreter_class",
    "machine_name",
    "main_steps",
    "max_difference",
    "measure_peak",
    "op_nbytes",
    "profile",
    "random_inputs",
    "ready_session",
    "round_trip_ns",
    "runner",
    "shape_text",
    "steady_note",
]
