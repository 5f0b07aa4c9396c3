"""`rillet preprocess`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..zoo import zoo

pytest.importorskip("rillet.runtime.native", reason="the C library is not built", exc_type=ImportError)
from .conftest import Rillet

KWS = "models/mlperf_tiny/keyword_spotting/kws_dscnn_int8.tflite"
VWW = "models/mlperf_tiny/visual_wake_words/vww_96_int8.tflite"


def test_audio(rillet: Rillet) -> None:
    done = rillet("preprocess", zoo(KWS), "--audio", "kws01", "-o", "pcm.tflite", "--json")
    assert done.json["input"] == {"shape": [1, 16000], "dtype": "int16"}
    assert rillet("run", "pcm.tflite").status == 0


def test_image(rillet: Rillet) -> None:
    words = ("--image", "120x160", "--crop", "0,20,100,100", "--mean", "127.5", "--std", "127.5")
    assert "120x160x3" in rillet("preprocess", zoo(VWW), *words, "-o", "frames.tflite").out
    assert Path("frames.tflite").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give --audio or --image"),
        (("--audio", "mfcc", "--image", "9x9"), "give --audio or --image"),
        (("--image", "9"), "HEIGHTxWIDTH"),
        (("--image", "axb"), "is not numbers"),
        (("--image", "9x9", "--crop", "1,2"), "TOP,LEFT,HEIGHT,WIDTH"),
        (("--audio", "log-mel", "--coefficients", "4"), "those of --audio mfcc"),
        (("--audio", "mfcc", "--high-hz", "90000"), "frequencies up to 8000 Hz"),
    ],
)
def test_refusals(rillet: Rillet, words: tuple[str, ...], message: str) -> None:
    done = rillet("preprocess", zoo(KWS), *words, "-o", "out.tflite")
    assert done.status != 0
    assert message in done.err
    assert not Path("out.tflite").exists()
