"""Calibration sources, and what is said of data that does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rillet.ir import Model, Quantization
from rillet.quantize import Calibration, CalibrationError, QuantizationError, quantize_model
from tests.passes.build import Net


def net_with(*shapes: tuple[int | None, ...]) -> Net:
    net = Net()
    inputs = [net.input(f"x{i}", shape) for i, shape in enumerate(shapes)]
    y = net.conv(inputs[0], 2)
    for other in inputs[1:]:
        y = net.op("ADD", [y, net.conv(other, 2)])
    net.output(y, "y")
    return net


SHAPE = (1, 4, 4, 3)


def samples(count: int = 12, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 4, 4, 3)).astype(np.float32)


def read(source: object, net: Net, **options: object) -> list[dict[str, np.ndarray]]:
    return list(Calibration(source, net.graph.inputs, **options))  # type: ignore[arg-type]


def test_every_source_gives_the_same_samples(tmp_path: Path) -> None:
    net, data = net_with(SHAPE), samples()
    np.savez(tmp_path / "data.npz", anything=data)
    np.savez(tmp_path / "raw.npz", data)
    (tmp_path / "data.py").write_text(
        "import numpy as np\n"
        f"data = np.load({str(tmp_path / 'data.npz')!r})['anything']\n"
        "def representative_dataset():\n    for row in data:\n        yield [row[None]]\n"
    )
    sources = [
        tmp_path / "data.npz",
        str(tmp_path / "raw.npz"),
        tmp_path / "data.py",
        data,
        list(data),
        {"x0": data},
        [{"x0": row} for row in data],
        (lambda: ([row] for row in data)),
        iter([[row[None]] for row in data]),
    ]
    for source in sources:
        found = read(source, net)
        assert len(found) == 12
        np.testing.assert_array_equal(np.concatenate([s["x0"] for s in found]), data)
    assert len(read(data, net, limit=5)) == 5


def test_unknown_batch_means_one() -> None:
    assert [s["x0"].shape for s in read(samples(3), net_with((None, 4, 4, 3)))] == [SHAPE] * 3


def test_two_inputs_by_name() -> None:
    net = net_with(SHAPE, SHAPE)
    found = read({"x0": samples(4), "x1": samples(4, 1)}, net)
    assert len(found) == 4 and set(found[0]) == {"x0", "x1"}
    with pytest.raises(CalibrationError, match=r"names \['a', 'x1'\]"):
        read({"a": samples(4), "x1": samples(4)}, net)
    with pytest.raises(CalibrationError, match="different numbers of samples"):
        read({"x0": samples(4), "x1": samples(3)}, net)
    with pytest.raises(CalibrationError, match="one array; the model has 2 inputs"):
        read(samples(4), net)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (np.zeros((5, 3, 4, 4), np.float32), "has shape 5x3x4x4; the model takes 1x4x4x3"),
        (np.array([["a"]]), "not numbers"),
        ([], "holds no samples"),
        ("nowhere.npz", "does not exist"),
    ],
)
def test_unfit_data_is_refused(source: object, text: str) -> None:
    with pytest.raises(CalibrationError, match=text):
        read(source, net_with(SHAPE))


def test_unfit_files_are_refused(tmp_path: Path) -> None:
    net = net_with(SHAPE)
    for name, content, text in (
        ("a.npz", "x", "cannot read"),
        ("a.py", "1/0", "ZeroDivisionError"),
        ("b.py", "x = 1", "defines no function"),
        ("a.csv", "1", "give an .npz"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(CalibrationError, match=text):
            read(tmp_path / name, net)


def test_folder_of_images(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    net = net_with(SHAPE)
    with pytest.raises(QuantizationError, match="hold no images"):
        read(tmp_path, net, normalization="0..1")
    (tmp_path / "cats").mkdir()
    for index in range(4):
        image.new("RGB", (9, 7), (255, 0, 51 * index)).save(tmp_path / "cats" / f"{index}.png")
    with pytest.raises(QuantizationError, match="how pixels are scaled is not said"):
        read(tmp_path, net)
    found = read(tmp_path, net, normalization="-1..1")
    assert len(found) == 4 and found[0]["x0"].shape == SHAPE
    np.testing.assert_allclose(found[0]["x0"][0, 0, 0], [1, -1, -1])
    found = read(tmp_path, net, normalization=((255.0, 0.0, 0.0), (1.0, 1.0, 51.0)), limit=2)
    np.testing.assert_allclose([s["x0"][0, 0, 0, 2] for s in found], [0, 2])
    (tmp_path / "cats" / "0.png").write_bytes(b"no image")
    with pytest.raises(QuantizationError, match="cannot read image"):
        read(tmp_path, net, normalization="0..1")


def warnings_of(data: np.ndarray, net: Net | None = None) -> str:
    return "\n".join(quantize_model(Model([(net or net_with(SHAPE)).graph]), calibration=data).warnings)


def test_good_data_gives_no_warning() -> None:
    assert warnings_of(samples(20)) == ""


def test_few_samples_and_constant_samples_are_said() -> None:
    assert "only 1 calibration sample;" in warnings_of(samples(1))
    assert "only 3 calibration samples;" in warnings_of(samples(3))
    assert "every calibration value for input 'x0' is 0" in warnings_of(np.zeros((20, 4, 4, 3), np.float32))


def test_range_far_from_the_recorded_one_is_said() -> None:
    net = net_with(SHAPE)
    net.graph.inputs[0].quantization = Quantization(min=np.zeros(1, np.float32), max=np.ones(1, np.float32))
    text = warnings_of(np.abs(samples(20)) * 100, net)
    assert "scale them as in training" in text and "trained with 0 to 1" in text


def test_one_class_for_every_sample_is_said() -> None:
    net = Net()
    x = net.input("x", (1, 4))
    net.output(net.op("FULLY_CONNECTED", [x, net.weights(3, 4), net.constant(np.array([0, 1e6, 0], np.float32))]), "y")
    data = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    assert "every calibration sample gives class 1 of output 'y'" in warnings_of(data, net)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_refused(value: float) -> None:
    data = samples()
    data[7, 0, 0, 0] = value
    with pytest.raises(CalibrationError, match="sample 7 for input 'x0' has NaN or infinity"):
        quantize_model(Model([net_with(SHAPE).graph]), calibration=data)


def test_an_overflowing_model_is_said() -> None:
    net = Net()
    net.output(net.op("EXP", [net.op("MUL", [net.input("x", (1, 4)), net.constant(np.float32(1e30))])]), "y")
    with np.errstate(over="ignore"), pytest.raises(CalibrationError, match="'y' becomes NaN or infinite"):
        quantize_model(Model([net.graph]), calibration=np.ones((12, 4), np.float32))
