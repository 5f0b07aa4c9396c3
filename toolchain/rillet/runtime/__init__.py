"""The C runtime from Python: Plan (a model prepared for a CPU), Session (a plan being run), Interpreter."""

from .interpreter import Interpreter, InvalidModel, OpResolverType, load_delegate
from .native import ISA_BITS, RuntimeFailure, cpu_isa, verify_bytes
from .plan import Placement, Plan, SharedVariables, Step, Variable, export_all, map_file
from .program import Program, plan_signatures
from .session import Session, Threads
from .signature import SignatureRunner
from .subgraph import InterpreterError

__all__ = [
    "ISA_BITS",
    "Interpreter",
    "InterpreterError",
    "InvalidModel",
    "OpResolverType",
    "Placement",
    "Plan",
    "Program",
    "RuntimeFailure",
    "Session",
    "SharedVariables",
    "SignatureRunner",
    "Step",
    "Threads",
    "Variable",
    "cpu_isa",
    "export_all",
    "load_delegate",
    "map_file",
    "plan_signatures",
    "verify_bytes",
]
