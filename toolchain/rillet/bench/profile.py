"""Where the time of one model goes: each step's time beside what the machine could do, and the kernels not chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..flatbuffer import read
from ..ir import DType, Op, RilletError, Tensor
from ..ops import count_macs
from ..runtime import ISA_BITS, Session, Step, cpu_isa
from ..runtime.native import ffi, lib
from .measure import Effort, interleave
from .peak import Peak, measure_peak
from .runners import for_lesser, ready_session

_ALTERNATIVE = Effort(warmup_s=0.02, min_runs=3, min_s=0.1, max_s=2.0)


@dataclass(frozen=True)
class StepProfile:
    """One step of the plan. Times are medians of single runs.

    Attributes:
        step: position in the plan. op: operator's kind. layer: its name in the source model.
        type, shape: of its first output.
        share: of the time of all steps.
        macs: multiply-accumulates, 0 for operators that have none.
        nbytes: read and written: inputs, outputs and `weight_bytes`.
        of_peak: the time that the machine's peak allows, as a share of the time taken; `limit` says whether that is
            set by "compute" or by reading from "L1", "L2", ..., "memory".
        alternatives: kernels that plans for lesser instruction sets choose here, with their times.
        why: the reason for this kernel, in words.
    """

    step: int
    op: str
    layer: str
    type: str
    shape: str
    kernel: str
    us: float
    share: float
    macs: int
    nbytes: int
    weight_bytes: int
    gmac_per_s: float
    gb_per_s: float
    of_peak: float
    limit: str
    alternatives: dict[str, float]
    why: str


@dataclass(frozen=True)
class Profile:
    """A model's steps in order, on `threads` threads.

    Attributes:
        isa: instruction sets that kernels may need, the best last.
        runs: how many times each step was timed.
        us: sum of the steps' medians, some tens of nanoseconds a step of which are reading the clock.
        invoke_us: median of the whole model run at once.
        macs: of all steps.
    """

    model: str
    threads: int
    isa: list[str]
    runs: int
    us: float
    invoke_us: float
    macs: int
    peak: Peak
    steps: list[StepProfile]


def profile(
    path: Path,
    threads: int = 1,
    effort: Effort | None = None,
    progress: Callable[[float], None] | None = None,
    float_tolerance: float | None = None,
) -> Profile:
    """Measures each step of a .tflite model on this machine, with random inputs.

    Raises:
        RilletError: rillet does not run the model.
    """
    session = ready_session(path, threads, float_tolerance)
    effort = effort or Effort()
    samples = sample(session.profile, effort, progress)
    whole = interleave([session.invoke], replace(effort, warmup_s=0.0, min_s=effort.min_s / 4))[0]
    times, planned, isas = np.median(samples, axis=0), session.plan.steps, cpu_isa()
    others = [_on_lesser(session, isa) for isa in isas[:-1]]
    operators = read(memoryview(session.plan.model)).main.ops
    resident = session.plan.arena_bytes + sum(op_nbytes(operators[op])[1] for op in {step.op for step in planned})
    peak, main = measure_peak(threads), main_steps(planned, times)
    steps = []
    for index, (step, us) in enumerate(zip(planned, np.maximum(times, 1e-3).tolist(), strict=True)):
        op, is_main = operators[step.ops[0]], main[step.op] == index
        lesser = [other[step.op] for other in others if is_main and step.op in other]
        alternatives = {kernel: each for kernel, each in lesser if kernel != step.kernel}
        macs = (count_macs(op) or 0) if is_main else 0
        activations, weights = op_nbytes(op)
        dtype = _result(op).dtype
        least, limit = least_us(peak, dtype.is_float, macs, activations, weights if is_main else 0, resident)
        steps.append(
            StepProfile(
                step=index,
                op=op.kind,
                layer=" + ".join(operators[i].where for i in step.ops),
                type=dtype.name.lower(),
                shape=shape_text(op),
                kernel=step.kernel,
                us=us,
                share=us / float(times.sum()),
                macs=macs,
                nbytes=activations + weights,
                weight_bytes=weights,
                gmac_per_s=macs / us / 1e3,
                gb_per_s=(activations + weights) / us / 1e3,
                of_peak=least / us,
                limit=limit,
                alternatives=alternatives,
                why=reason(step.kernel, us, alternatives, isas),
            )
        )
    return Profile(
        path.name,
        threads,
        isas,
        len(samples),
        float(times.sum()),
        whole.median_us,
        sum(s.macs for s in steps),
        peak,
        steps,
    )


def sample(
    run: Callable[[], NDArray[np.float64]], effort: Effort, progress: Callable[[float], None] | None = None
) -> NDArray[np.float64]:
    """Rows of step times: after a warm-up, at least `min_runs` and `min_s`, at most `max_s`."""
    start = time.monotonic()
    run()
    while time.monotonic() - start < effort.warmup_s:
        run()
    rows: list[NDArray[np.float64]] = []
    start = time.monotonic()
    while True:
        rows.append(run())
        spent = time.monotonic() - start
        if progress:
            progress(min(1.0, spent / max(effort.min_s, 1e-9)))
        if (len(rows) >= effort.min_runs and spent >= effort.min_s) or spent > effort.max_s:
            return np.array(rows)


def least_us(peak: Peak, is_float: bool, macs: int, activations: int, weights: int, resident: int) -> tuple[float, str]:
    """The least time at the machine's peak, and what sets it.

    Activations come from the nearest cache that holds them, weights from the nearest that holds all that the model
    touches in one run (`resident` bytes): by their next use everything else has passed through.
    """
    rate = peak.float_gmac_per_s if is_float else peak.int8_gmac_per_s
    near, far = peak.level(activations), peak.level(max(resident, activations))
    compute = macs / rate / 1e3
    moving = activations / near.gb_per_s / 1e3 + weights / far.gb_per_s / 1e3
    if compute >= moving:
        return compute, "compute"
    return moving, far.name if weights / far.gb_per_s > activations / near.gb_per_s else near.name


def reason(kernel: str, us: float, alternatives: dict[str, float], isas: list[str]) -> str:
    """Why a plan for `isas` (the last is the best) has this kernel."""
    if alternatives:
        return ", ".join(f"{other / max(us, 1e-3):.1f}x {name}" for name, other in alternatives.items())
    kernel = kernel.partition("+")[0]  # of several operators at once, the one that works most
    own = next(isa for name, isa in _kernels().items() if name == kernel)
    if own != "scalar":
        return f"the only kernel for {own}"
    allowed = [name for name, isa in _kernels().items() if name.startswith(f"{kernel}_") and isa in isas]
    if allowed:
        return f"portable: {allowed[-1]} does not take this layer's shapes or types"
    return "portable: there is no other" if len(isas) > 1 else "portable: no other instruction set is allowed"


def _kernels() -> dict[str, str]:
    """Every kernel's instruction set, by name."""
    names = {bit: name for name, bit in ISA_BITS.items()}
    found: dict[str, str] = {}
    while (text := lib.rlt_kernel_name(len(found))) != ffi.NULL:
        found[ffi.string(text).decode()] = names[lib.rlt_kernel_isa(len(found))]
    return found


def _on_lesser(session: Session, isa: str) -> dict[int, tuple[str, float]]:
    """The same model planned for a lesser instruction set: each operator's kernel and its time."""
    other = for_lesser(session, isa)
    times = np.median(sample(other.profile, _ALTERNATIVE), axis=0)
    steps = other.plan.steps
    return {op: (steps[i].kernel, float(times[i])) for op, i in main_steps(steps, times).items()}


def main_steps(steps: list[Step], times: NDArray[np.float64]) -> dict[int, int]:
    """For each operator its slowest step, taken to be the one that does the operator's work.

    Args:
        times: [steps], in any unit.
    """
    slowest: dict[int, int] = {}
    for index, step in enumerate(steps):
        if step.op not in slowest or times[index] > times[slowest[step.op]]:
            slowest[step.op] = index
    return slowest


def op_nbytes(op: Op) -> tuple[int, int]:
    """Bytes of an operator's activations, and of its constants."""
    activations = weights = 0
    for tensor in [*op.inputs, *op.outputs]:
        if tensor is None or tensor.dtype is DType.RESOURCE:
            continue
        try:
            nbytes = tensor.nbytes
        except RilletError:  # a dimension that the file leaves open
            continue
        if tensor.is_constant:
            weights += nbytes
        else:
            activations += nbytes
    return activations, weights


def shape_text(op: Op) -> str:
    """Of what an operator makes, as "1x25x5x64"."""
    output = _result(op)
    return "x".join("?" if d is None else str(d) for d in output.default_shape or output.shape)


def _result(op: Op) -> Tensor:
    """An operator's first output; of one that assigns to a variable, what it assigns."""
    made = op.outputs or [t for t in op.inputs if t is not None]
    return made[0] if op.outputs else made[-1]
