"""Every real .tflite file: read, written, read again, and run by LiteRT before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from rillet.flatbuffer import FlatbufferError, read, write, write_bytes
from rillet.ir import Model

from ..zoo import zoo
from .dump import dump
from .peer import run_all

# LiteRT refuses these too: a shape with -1, schema version 2, and a root offset past the end.
REFUSED = {"lstm_quantized2.tflite", "transpose.tflite", "tf_issue_115308_root_offset.tflite"}


@pytest.fixture(scope="module")
def models() -> dict[Path, Model]:
    files = [file for file in sorted(zoo(".").rglob("*.tflite")) if file.name not in REFUSED]
    return {file: read(file) for file in files}


def test_refuses_what_litert_refuses() -> None:
    for file in sorted(zoo(".").rglob("*.tflite")):
        if file.name in REFUSED:
            with pytest.raises(FlatbufferError):
                read(file)


def test_every_field_of_the_schema_survives(models: dict[Path, Model]) -> None:
    for file, model in models.items():
        assert dump(write_bytes(model)) == dump(file.read_bytes()), file


def test_a_written_file_is_written_back_byte_for_byte(models: dict[Path, Model]) -> None:
    for file, model in models.items():
        written = write_bytes(model)
        assert write_bytes(read(written)) == written, file


def test_sizes_stay(models: dict[Path, Model]) -> None:
    """Equal buffers stored once and tables packed by size: within 2% or 512 bytes of what other writers make."""
    for file, model in models.items():
        size = file.stat().st_size
        assert len(write_bytes(model)) <= max(1.02 * size, size + 512), file


def test_litert_gives_the_same_outputs(models: dict[Path, Model], tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    copies = {}
    for number, (file, model) in enumerate(models.items()):
        copies[file] = tmp_path / f"{number}.tflite"
        write(model, copies[file])
    before, after = run_all(list(models)), run_all(list(copies.values()))
    accepted = [file for file in models if "outputs" in before[file]]
    assert len(accepted) > 100
    for file in accepted:
        assert after[copies[file]] == before[file], file
