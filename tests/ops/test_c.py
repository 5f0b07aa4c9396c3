"""The C kernels on every case: scalar against LiteRT, every instruction set against scalar."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rillet.ops import registry

from . import harness
from .case import OPTIMIZED, Case

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from rillet.runtime import Threads, native

from . import run_c

OPS_DEF = Path(__file__).parents[2] / "runtime_c" / "kernels" / "ops.def"
KINDS = set(re.findall(r"^RLT_(?:OP\(\d+, *\d+, *|CUSTOM\()([\w.]+)", OPS_DEF.read_text(), re.MULTILINE))
RUNS = [(case, variant) for case, variant in harness.runs() if case.kind in KINDS]
each_run = pytest.mark.parametrize("run", RUNS, ids=harness.run_name)


@pytest.fixture(scope="module")
def threads() -> Threads:
    return Threads(3)


@each_run
def test_scalar_kernel_equals_litert(run: tuple[Case, str]) -> None:
    """Integers bit for bit, except where the case says that LiteRT's reference is no judge."""
    pytest.importorskip("ai_edge_litert")
    one = harness.build(*run)
    got = run_c.run_c(one, "scalar")
    if not one.case.resolver:
        harness.assert_close(one, got, harness.run_numpy(one))
    elif one.case.resolver == OPTIMIZED:
        harness.assert_close(one, got, harness.run_litert(one))
    else:
        harness.assert_exact(one, got, harness.run_litert(one))


@pytest.mark.parametrize("isa", run_c.other_isas())
@each_run
def test_kernels_agree_with_scalar(run: tuple[Case, str], isa: str) -> None:
    one = harness.build(*run)
    harness.assert_exact(one, run_c.run_c(one, isa), run_c.run_c(one, "scalar"))


@each_run
def test_threads_change_nothing(run: tuple[Case, str], threads: Threads) -> None:
    one = harness.build(*run)
    for alone, shared in zip(run_c.run_c(one, None), run_c.run_c(one, None, threads), strict=True):
        np.testing.assert_array_equal(shared, alone)


# Operators with state: test_recurrent.py, and whole models in tests/test_states.py and tests/test_litert_equality.py.
ONLY_IN_WHOLE_MODELS = {
    "LSTM": ("lstm_f32", "lstm_s8"), "UNIDIRECTIONAL_SEQUENCE_LSTM": ("lstm_f32", "lstm_s8"),
    "SVDF": ("svdf_f32", "svdf_s8"),
}  # fmt: skip


# Kernels of operators that call graphs (tests/test_control_flow.py), of weights in fewer bits than the harness has
# (test_embedding.py, test_int4.py), and of several operators at once (tests/kernels/test_row_by_row.py).
OTHER_KERNELS = {"copy", "jump", "embedding_lookup", "fully_connected_blockwise", "strips"}
# Kernels that change variables and give nothing (test_optimizers.py).
OPTIMIZER = re.compile(r"apply_\w+")


def test_every_kind_with_a_kernel_has_an_operator() -> None:
    assert KINDS and KINDS - set(registry()) == {"Convolution2DTransposeBias"}


def test_every_kernel_is_reached_by_a_case() -> None:
    known, index = set(), 0
    while (name := native.lib.rlt_kernel_name(index)) != native.ffi.NULL:
        if native.lib.rlt_kernel_isa(index) & native.lib.rlt_cpu_isa():
            known.add(native.ffi.string(name).decode())
        index += 1
    reached: set[str] = set()
    for run in RUNS:
        for isa in native.cpu_isa():
            reached |= set(run_c.chosen_kernels(harness.build(*run), isa))
    reached |= {kernel for kernels in ONLY_IN_WHOLE_MODELS.values() for kernel in kernels}
    reached |= OTHER_KERNELS
    reached |= {kernel for kernel in known if OPTIMIZER.match(kernel)}
    assert known <= reached, f"no case reaches {sorted(known - reached)}"
