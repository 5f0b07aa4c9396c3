"""The C runtime from Python: Plan (a model prepared for a CPU), Session (a plan being run), Interpreter."""

from .interpreter import Interpreter, InvalidModel, SignatureRunner
from .native import ISA_BITS, RuntimeFailure, cpu_isa, verify_bytes
from .plan import Placement, Plan, Step
from .session import Session, Threads

__all__ = [
    "ISA_BITS", "Interpreter", "InvalidModel", "Placement", "Plan", "RuntimeFailure", "Session", "SignatureRunner",
    "Step", "Threads", "cpu_isa", "verify_bytes",
]
