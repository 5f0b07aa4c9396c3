"""Profiles: the arithmetic with round numbers, the rest on a real model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rillet.bench import Effort, Level, Peak, profile
from rillet.bench.profile import least_us, reason, sample
from rillet.cli import cli
from rillet.flatbuffer import read
from rillet.ops import registry
from rillet.runtime import cpu_isa
from tests.zoo import zoo

SHORT = Effort(warmup_s=0, min_runs=5, min_s=0.01)
PEAK = Peak(1, 100, 10, (Level("L1", 1000, 50), Level("L2", 10_000, 20), Level("memory", None, 5)))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((False, 200_000, 100, 100, 500), (2.0, "compute")),
        ((True, 200_000, 100, 100, 500), (20.0, "compute")),
        ((False, 10, 1000, 0, 900), (0.02, "L1")),
        ((False, 10, 2000, 0, 2000), (0.1, "L2")),
        ((False, 10, 500, 50_000, 60_000), (10.01, "memory")),
    ],
)
def test_least_time(arguments: tuple[bool, int, int, int, int], expected: tuple[float, str]) -> None:
    us, limit = least_us(PEAK, *arguments)
    assert (us, limit) == (pytest.approx(expected[0]), expected[1])


def test_reason() -> None:
    assert reason("conv_2d_s8_avx512vnni", 2.0, {"conv_2d_s8": 50.0}, ["scalar", "avx512vnni"]) == "25.0x conv_2d_s8"
    isas = ["scalar", "avx2", "avx512vnni"]
    assert reason("conv_2d_s8", 2.0, {}, isas).startswith("portable: conv_2d_s8_av")
    assert reason("softmax_s8", 2.0, {}, isas) == "portable: there is no other"
    assert reason("conv_2d_s8", 2.0, {}, ["scalar"]) == "portable: no other instruction set is allowed"


def test_sample_counts() -> None:
    rows = sample(lambda: np.ones(3), Effort(warmup_s=0, min_runs=7, min_s=0))
    assert rows.shape == (7, 3)


@pytest.mark.parametrize("threads", [1, 2])
def test_digits(digits_int8: Path, threads: int) -> None:
    result = profile(digits_int8, threads, SHORT)
    ops = read(digits_int8).main.ops
    assert result.macs == sum(registry()[op.kind].macs(op) for op in ops) > 0
    assert sum(s.share for s in result.steps) == pytest.approx(1)
    assert result.invoke_us > 0 and result.us == pytest.approx(sum(s.us for s in result.steps))
    assert all(s.us > 0 and s.nbytes > 0 and s.why and s.layer for s in result.steps)
    assert {s.op for s in result.steps} <= {op.kind for op in ops}
    if len(cpu_isa()) > 1:
        assert any(s.alternatives for s in result.steps)


def test_command(digits: Path, tmp_path: Path) -> None:
    quick = ["--runs", "5", "--seconds", "0.01", "--profile"]
    picture = tmp_path / "roof.svg"
    done = CliRunner().invoke(cli, ["bench", str(digits), *quick, "--json", "--plot", str(picture)])
    assert done.exit_code == 0, done.output
    steps = json.loads(done.output)["profile"]["steps"]
    assert [s["step"] for s in steps] == list(range(len(steps)))
    assert "<svg" in picture.read_text() and not list(tmp_path.glob(".*"))
    done = CliRunner().invoke(cli, ["bench", str(digits), *quick, "--sort", "time"])
    assert done.exit_code == 0 and steps[0]["kernel"] in done.output and "GMAC/s" in done.output


def test_models_with_variables() -> None:
    """Handles have no bytes, and assignments no outputs."""
    result = profile(zoo("models/micro_wake_word/v1_alexa.tflite"), effort=Effort(0.0, 2, 0.0))
    assert any(step.op == "ASSIGN_VARIABLE" and step.shape for step in result.steps)


def test_command_takes_one_model(digits: Path) -> None:
    done = CliRunner().invoke(cli, ["bench", str(digits), str(digits), "--profile"])
    assert done.exit_code == 2 and "one model" in done.output
