"""The page of a device's layers: every layer, both bars, nothing that leaves the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rillet.boards.measure import DeviceBench, StepCost
from rillet.ir import RilletError
from rillet.report.device_page import render_device_page, write_device_page

STEPS = [
    StepCost("CONV_2D", "block_1/conv<&>'", "conv_2d_s8_dsp", "1x8x8x16", 9000.0, 4608, 2048, 3.0),
    StepCost("SOFTMAX", "probabilities", "softmax_s8", "1x10", 1000.0, 0, 20, 1.0),
]
RESULT = DeviceBench("mps2-an386", "small", "instructions", 3, 10000.0, 4608, 4.0, STEPS, 400, 4096)


def test_shares_and_names() -> None:
    text = render_device_page(RESULT)
    assert re.findall(r"width:([0-9.]+)%", text) == ["90.000", "10.000", "75.000", "25.000"]
    assert "block_1/conv&lt;&amp;&gt;&#x27;" in text
    assert "conv<" not in text
    assert "counts instructions, not cycles" in text
    assert "2.17 a multiply-accumulate" in text
    assert "http" not in text and "<script" not in text


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_device_page(RESULT, tmp_path / "layers.html")
    assert [p.name for p in tmp_path.iterdir()] == ["layers.html"]
    with pytest.raises(RilletError, match=r"ends in \.html"):
        write_device_page(RESULT, tmp_path / "layers.txt")
