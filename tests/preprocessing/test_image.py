"""Camera frames: crop, resize and normalization against numpy and the bare model, on a board, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rillet
from rillet import Interpreter
from rillet.boards.reach import reach
from rillet.boards.target import prepare_target
from rillet.ir import RilletError
from rillet.preprocessing import ImageInput, add_image_input
from tests.boards.tools import TINY, need_tools
from tests.preprocessing.models import model_taking
from tests.zoo import zoo


def run(path: Path, frame: NDArray[Any]) -> NDArray[Any]:
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], frame)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def frame(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)


def test_normalization_and_crop(tmp_path: Path) -> None:
    model = model_taking(1, 4, 6, 3)
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    add_image_input(model, ImageInput(9, 8, crop=(2, 1, 4, 6), mean=mean, std=std))
    rillet.save(model, tmp_path / "m.tflite")
    pixels = frame(1, 9, 8, 3)
    expected = (pixels[:, 2:6, 1:7] - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(run(tmp_path / "m.tflite", pixels), expected.reshape(1, -1), atol=1e-5)


def test_center_crop_and_nearest_resize(tmp_path: Path) -> None:
    model = model_taking(1, 4, 4, 1)
    add_image_input(model, ImageInput(8, 12, crop="center", resize="nearest"))
    rillet.save(model, tmp_path / "m.tflite")
    pixels = frame(1, 8, 12, 1)
    expected = pixels[:, 1::2, 3:11:2] / 255
    np.testing.assert_allclose(run(tmp_path / "m.tflite", pixels), expected.reshape(1, -1), atol=1e-6)


def test_bytes_of_the_models_own_size_cost_one_operator(tmp_path: Path) -> None:
    source = zoo(TINY["vww"])
    model = rillet.load(source)
    before = len(model.main.ops)
    add_image_input(model, ImageInput(96, 96))
    assert [op.kind for op in model.main.ops[: len(model.main.ops) - before]] == ["QUANTIZE"]
    rillet.save(model, tmp_path / "m.tflite")
    pixels = frame(1, 96, 96, 3)
    signed = (pixels.astype(np.int16) - 128).astype(np.int8)
    np.testing.assert_array_equal(run(tmp_path / "m.tflite", pixels), run(source, signed))


def test_a_board_computes_the_same(tmp_path: Path) -> None:
    need_tools("mps2-an386")
    model = rillet.load(zoo(TINY["vww"]))
    add_image_input(model, ImageInput(120, 160, crop="center"))
    rillet.save(model, tmp_path / "m.tflite")
    pixels = frame(1, 120, 160, 3)
    target = prepare_target(tmp_path / "m.tflite", "mps2-an386")
    with reach(target) as device:
        device.set_input(0, pixels)
        device.run()
        np.testing.assert_array_equal(device.output(0), run(tmp_path / "m.tflite", pixels))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageInput(9, 9, resize="cubic"), "bilinear, nearest"),
        (lambda: ImageInput(9, 9, crop="middle"), "'center'"),
        (lambda: ImageInput(9, 9, std=0), "above 0"),
        (lambda: add_image_input(model_taking(1, 4, 4, 3), ImageInput(9, 9, crop=(6, 0, 4, 4))), "outside the frame"),
        (lambda: add_image_input(model_taking(1, 4, 4, 3), ImageInput(9, 9, mean=(1.0, 2.0))), "3 channels"),
        (lambda: add_image_input(model_taking(1, 48), ImageInput(9, 9)), "not one image"),
    ],
)
def test_impossible_images(make: Any, message: str) -> None:
    with pytest.raises(RilletError, match=message):
        make()
