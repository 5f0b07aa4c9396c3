"""`importers.load`: the importer is found by content, and whatever cannot be read is refused with advice."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from rillet.flatbuffer import write_bytes
from rillet.importers import ImporterError, load
from rillet.ir import DType, Graph, Model, RilletError, Tensor


@pytest.fixture
def content() -> bytes:
    x = Tensor("x", (1, 4), DType.FLOAT32)
    return write_bytes(Model([Graph("main", [x], [x])]))


def test_content_decides_before_the_suffix(tmp_path: Path, content: bytes) -> None:
    for name in ("model.tflite", "model.bin", "model.h5", "model"):
        (tmp_path / name).write_bytes(content)
        assert load(tmp_path / name).main.inputs[0].name == "x"
    assert load(content).main.inputs[0].shape == (1, 4)


@pytest.mark.parametrize(
    ("name", "start", "advice"),
    [
        ("m.pt", b"\x80\x02", "torch.onnx.export"),
        ("m.pb", b"\x0a\x0b", "tf2onnx"),
        ("m.txt", b"hello", "reads .tflite"),
        ("m.tflite", b"", "is empty"),
        ("m.tflite", b"hello, world", "is this a TFLite file"),
        ("m.keras", b"PK\x03\x04", "damaged zip"),
    ],
)
def test_refusals(tmp_path: Path, name: str, start: bytes, advice: str) -> None:
    (tmp_path / name).write_bytes(start)
    with pytest.raises(RilletError, match=advice):
        load(tmp_path / name)


def test_refuses_archives_and_folders(tmp_path: Path, content: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "scripted.jit", "w") as archive:
        archive.writestr("model/data.pkl", b"")
    with pytest.raises(ImporterError, match=r"torch\.onnx\.export"):
        load(tmp_path / "scripted.jit")
    with pytest.raises(ImporterError, match="no such file"):
        load(tmp_path / "absent.onnx")
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(ImporterError, match=r"give a file inside it: model\.tflite"):
        load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(ImporterError, match="SavedModel"):
        load(tmp_path)


def test_refuses_options_that_the_format_lacks(content: bytes) -> None:
    with pytest.raises(ImporterError, match="no option input_shapes; it has no options"):
        load(content, input_shapes={})
