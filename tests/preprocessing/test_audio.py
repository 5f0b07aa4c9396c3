"""Features of PCM samples: by the definition, against MLPerf Tiny's own, on a board, and what is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import rillet
from rillet import Interpreter
from rillet.boards.reach import reach
from rillet.boards.target import prepare_target
from rillet.ir import DType, Model, RilletError
from rillet.ops import GraphBuilder
from rillet.preprocessing import KWS01, AudioFeatures, add_audio_features
from tests.boards.tools import TINY, need_tools
from tests.preprocessing.models import model_taking
from tests.zoo import zoo


def run(model: Model, samples: NDArray[np.int16]) -> NDArray[np.float32]:
    from rillet.flatbuffer import write_bytes

    interpreter = Interpreter(model_content=write_bytes(model))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], samples[None])
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def log_mel(samples: NDArray[np.int16], f: AudioFeatures) -> NDArray[np.float64]:
    """The definition, in float64 and without shortcuts."""
    x = samples.astype(np.float64) / (max(samples.max(), 1) if f.peak_normalized else 32768)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(f.frame_length) / f.frame_length)
    starts = range(0, len(x) - f.frame_length + 1, f.frame_step)
    spectra = np.array([np.abs(np.fft.rfft(x[s : s + f.frame_length] * window, f.transform_length)) for s in starts])
    mel = [1127 * np.log(1 + hz / 700) for hz in np.linspace(0, f.sample_rate / 2, f.transform_length // 2 + 1)]
    ends = [1127 * np.log(1 + hz / 700) for hz in (f.low_hz, f.high_hz)]
    corners = np.linspace(*ends, f.bands + 2)
    table = np.zeros((len(mel), f.bands))
    for bin_, at in list(enumerate(mel))[1:]:
        for band in range(f.bands):
            low, middle, high = corners[band : band + 3]
            table[bin_, band] = max(0, min((at - low) / (middle - low), (high - at) / (high - middle)))
    return np.log(spectra @ table + f.log_offset)


@pytest.mark.parametrize(
    "features",
    [
        AudioFeatures(coefficients=None),
        AudioFeatures(coefficients=None, peak_normalized=True),
        AudioFeatures(8000, 4000, 200, 80, bands=13, low_hz=0, high_hz=4000, coefficients=None, log_offset=1e-3),
    ],
)
def test_log_mel_by_its_definition(features: AudioFeatures) -> None:
    rng = np.random.default_rng(1)
    time = np.arange(features.samples) / features.sample_rate
    samples = (9000 * np.sin(2 * np.pi * 440 * time) + rng.normal(0, 300, features.samples)).astype(np.int16)
    expected = log_mel(samples, features)
    model = model_taking(1, *expected.shape)
    add_audio_features(model, features)
    np.testing.assert_allclose(run(model, samples), expected.reshape(1, -1), atol=2e-4)


def test_cepstrum_is_the_cosine_transform_of_the_bands() -> None:
    samples = np.random.default_rng(2).integers(-20000, 20000, 16000).astype(np.int16)
    features = AudioFeatures(coefficients=13)
    bands = log_mel(samples, features)
    n, k = np.arange(40), np.arange(13)
    expected = bands @ (2 * np.cos(np.pi * np.outer(n + 0.5, k) / 40)) / np.sqrt(80)
    model = model_taking(1, 49, 13, 1)
    add_audio_features(model, features)
    np.testing.assert_allclose(run(model, samples), expected.reshape(1, -1), atol=1e-3)


def test_silence_is_finite() -> None:
    model = model_taking(1, 49, 10)
    add_audio_features(model, KWS01)
    assert np.isfinite(run(model, np.zeros(16000, np.int16))).all()


@pytest.fixture(scope="module")
def keyword_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keyword spotting model with its features in front."""
    model = rillet.load(zoo(TINY["dscnn"]))
    add_audio_features(model, KWS01)
    path = tmp_path_factory.mktemp("kws") / "kws_pcm.tflite"
    rillet.save(model, path)
    return path


def clips() -> list[tuple[int, NDArray[np.int16], NDArray[np.int8]]]:
    """Label, PCM and MLPerf Tiny's own features of each clip."""
    found = []
    folder = "datasets/mlperf_tiny_eval"
    with (
        zipfile.ZipFile(zoo(f"{folder}/kws01_pcm_subset.zip")) as pcm,
        zipfile.ZipFile(zoo(f"{folder}/kws01.zip")) as own,
    ):
        table = pcm.read("kws01-open/td_samples/y_labels_subset.csv").decode()
        for name, _, label, *_ in csv.reader(io.StringIO(table)):
            samples = np.frombuffer(pcm.read(f"kws01-open/td_samples/{name}"), np.int16)
            found.append((int(label), samples, np.frombuffer(own.read(f"kws01/{name}"), np.int8)))
    return found


def test_keyword_clips_end_to_end(keyword_model: Path) -> None:
    interpreter = Interpreter(keyword_model, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    features = next(d["index"] for d in interpreter.get_tensor_details() if d["name"].endswith("/quantized"))
    assert taken["dtype"] is np.int16
    right, equal, total = 0, 0, 0
    for label, samples, own in clips():
        interpreter.set_tensor(taken["index"], samples[None])
        interpreter.invoke()
        difference = np.abs(interpreter.get_tensor(features).ravel().astype(int) - own)
        assert difference.max() <= 1
        equal += int((difference == 0).sum())
        total += len(own)
        right += int(interpreter.get_tensor(given["index"]).argmax()) == label
    assert equal / total > 0.98
    assert right == 76, "of 80, as with MLPerf Tiny's own features"


def test_a_board_computes_the_same(keyword_model: Path) -> None:
    need_tools("mps2-an386")
    target = prepare_target(keyword_model, "mps2-an386")
    assert target.arena_bytes < 44000, "32,000 bytes of samples, and the bands"
    interpreter = Interpreter(keyword_model)
    interpreter.allocate_tensors()
    with reach(target) as device:
        for _, samples, _ in clips()[:3]:
            device.set_input(0, samples[None])
            device.run()
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], samples[None])
            interpreter.invoke()
            expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
            np.testing.assert_array_equal(device.output(0), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frame_length": 0}, "frames of 0 samples"),
        ({"frame_length": 20000}, "do not fit 16000 samples"),
        ({"high_hz": 9000.0}, "frequencies up to 8000 Hz"),
        ({"low_hz": 4000.0}, "bands from 4000 to 4000 Hz"),
        ({"coefficients": 41}, "41 coefficients of 40 bands"),
    ],
)
def test_impossible_features(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(RilletError, match=message):
        AudioFeatures(**arguments)  # type: ignore[arg-type]


def test_models_that_take_something_else() -> None:
    with pytest.raises(RilletError, match="49 frames of 10 features"):
        add_audio_features(model_taking(1, 49, 11), KWS01)
    b = GraphBuilder()
    b.output(b.op("ADD", [b.input("a", (1, 490)), b.input("b", (1, 490), DType.FLOAT32)]))
    with pytest.raises(RilletError, match=r"2 inputs \(a, b\)"):
        add_audio_features(Model([b.graph]), KWS01)
