"""benchmarks/run.py, on the digits example."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rillet.bench import Effort, compare

from ..zoo import ROOT

pytest.importorskip("ai_edge_litert")
pytest.importorskip("psutil")

SHORT = Effort(warmup_s=0.0, min_runs=5, min_s=0.01)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    before = set(sys.modules)
    import run  # type: ignore[import-not-found]

    for name in {"run", "rows", "table", "sizes"} - before:
        monkeypatch.delitem(sys.modules, name)
    return run


def test_results(run: ModuleType, digits_int8: Path, tmp_path: Path) -> None:
    entries = [run.rows.Entry(digits_int8.name, "int8", 1.0), run.rows.Entry("absent.tflite", "float", 1.0)]
    shares: list[float] = []
    done = run.measure(entries, digits_int8.parent, SHORT, 1, shares.append)
    assert shares == sorted(shares) and shares[-1] == 1
    text = run.write_results(done, run.describe_machine(), {"rillet": 600_000, "litert": None}, True, tmp_path)
    assert "digits_int8" in text and "absent: not measured: no file" in text and "rillet 600 KB" in text
    (target,) = tmp_path.glob("*.json")
    result = json.loads(target.read_text())
    row, absent = result["rows"]
    for threads in ("1", "2"):
        times = row["timings"][threads]
        assert times["rillet"]["runs"] >= 5
        assert row["speedup"][threads] == pytest.approx(times["litert"]["median_us"] / times["rillet"]["median_us"])
    assert row["load"]["rillet"]["growth_bytes"] > 0 and row["load"]["litert"]["first_ms"] > 0
    assert row["mmac"] > 0 and row["max_difference"] <= 8  # XNNPACK rounds its own way
    assert absent["problem"] and not absent["timings"]
    assert result["geometric_means"]["all"]["1"] == pytest.approx(row["speedup"]["1"])
    assert all(ratio > 0 for ratio in row["lesser"].values())
    assert "<svg" in target.with_suffix(".svg").read_text()
    assert not list(tmp_path.glob(".*"))


def test_models_of_the_table(run: ModuleType) -> None:
    entries = run.rows.entries()
    assert len({e.name for e in entries}) == len(entries) >= 15
    assert {e.kind for e in entries} == {"int8", "uint8", "float"}


def test_compare(digits: Path) -> None:
    result = compare(digits, "litert", effort=SHORT)
    assert result.speedup is not None and result.speedup > 0
    assert result.max_difference is not None and result.max_difference < 1e-4
