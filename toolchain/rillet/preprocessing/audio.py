"""Log-mel spectra and MFCCs of PCM samples, by the definitions of tf.signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import DType, Model, RilletError, Tensor
from ..ops import GraphBuilder
from .prepend import only_input, prepend


@dataclass(frozen=True)
class AudioFeatures:
    """From int16 PCM samples to features [1, frames, bands or coefficients].

    Attributes:
        sample_rate: Hz. samples: that one inference takes.
        frame_length, frame_step: samples. The transform's length is the next power of two.
        bands: of the mel scale, from `low_hz` to `high_hz`; each is a triangle over the spectrum's magnitudes.
        coefficients: how many cepstral coefficients are kept; None for the log-mel bands themselves.
        log_offset: added before the logarithm.
        peak_normalized: samples are divided by the clip's largest, else by 32768.
        rounds_down: features are rounded towards minus infinity when they are quantized, as training data that was made
            by an integer cast is; else to the nearest.
    """

    sample_rate: int = 16000
    samples: int = 16000
    frame_length: int = 480
    frame_step: int = 320
    bands: int = 40
    low_hz: float = 20.0
    high_hz: float = 4000.0
    coefficients: int | None = 10
    log_offset: float = 1e-6
    peak_normalized: bool = False
    rounds_down: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.frame_length <= min(self.samples, 65536) or self.frame_step < 1:
            raise RilletError(
                f"frames of {self.frame_length} samples every {self.frame_step} do not fit {self.samples} samples"
            )
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate / 2:
            raise RilletError(
                f"bands from {self.low_hz:g} to {self.high_hz:g} Hz: a sample rate of {self.sample_rate} Hz has "
                f"frequencies up to {self.sample_rate / 2:g} Hz"
            )
        if self.bands < 1 or not 1 <= (self.coefficients or self.bands) <= self.bands or self.log_offset <= 0:
            raise RilletError(f"{self.coefficients} coefficients of {self.bands} bands, log offset {self.log_offset:g}")

    @property
    def transform_length(self) -> int:
        """Points of the Fourier transform."""
        return max(8, 1 << (self.frame_length - 1).bit_length())


KWS01 = AudioFeatures(peak_normalized=True, rounds_down=True)
"""The features that MLPerf Tiny's keyword spotting model was trained on (mlcommons/tiny, training/keyword_spotting)."""


def add_audio_features(model: Model, features: AudioFeatures) -> None:
    """Makes `model`, which takes features, take int16 samples [1, samples].

    Raises:
        RilletError: the model has several inputs, or one of another size than these features.
    """
    taken = only_input(model)
    frames = (features.samples - features.frame_length) // features.frame_step + 1
    width = features.coefficients or features.bands
    if int(np.prod(taken.start_shape)) != frames * width:
        raise RilletError(
            f"the model takes {taken!r}, but {features.samples} samples give {frames} frames of {width} features: "
            "choose the samples, the frame's length and step, or the number of coefficients that it was trained with"
        )
    step = float(taken.quantization.scale[0]) if taken.quantization else 0.0
    bias = -step / 2 if features.rounds_down else 0.0

    def body(b: GraphBuilder, samples: Tensor) -> Tensor:
        made = _log_mel(b, samples, features)
        if features.coefficients is not None:
            made = _cepstrum(b, made, features.coefficients, bias)
        elif bias:
            made = b.op("ADD", [made, b.constant(np.float32(bias))])
        return b.op("RESHAPE", [made, b.constant(list(taken.start_shape))])

    prepend(model, "audio", (1, features.samples), DType.INT16, body)


def _log_mel(b: GraphBuilder, samples: Tensor, f: AudioFeatures) -> Tensor:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(f.frame_length) / f.frame_length)
    if not f.peak_normalized:
        window /= 32768
    bands, weights = _bands(f)
    constants = [window.astype(np.float32), bands, weights, np.array([f.frame_step, f.transform_length], np.int32)]
    mel = b.op("rillet.MEL_SPECTROGRAM", [samples, *(b.constant(c) for c in constants)], name="audio/mel")
    if f.peak_normalized:
        # Magnitudes are linear, so that the few features can be divided instead of the many samples.
        peak = b.op("REDUCE_MAX", [samples, b.constant([1])], keep_dims=True)
        peak = b.op("CAST", [peak], in_data_type=DType.INT16, out_data_type=DType.FLOAT32)
        peak = b.op("MAXIMUM", [b.op("RESHAPE", [peak, b.constant([1, 1, 1])]), b.constant(np.float32(1))])
        mel = b.op("DIV", [mel, peak])
    return b.op("LOG", [b.op("ADD", [mel, b.constant(np.float32(f.log_offset))])], name="audio/log_mel")


def _cepstrum(b: GraphBuilder, log_mel: Tensor, coefficients: int, bias: float) -> Tensor:
    """The DCT-II over the bands, scaled as tf.signal.mfccs_from_log_mel_spectrograms has it."""
    bands = log_mel.shape[-1]
    assert bands is not None
    angles = np.pi / bands * np.outer(np.arange(coefficients), np.arange(bands) + 0.5)
    matrix = (2 * np.cos(angles) / np.sqrt(2 * bands)).astype(np.float32)
    operands = [log_mel, b.constant(matrix), b.constant(np.full(coefficients, bias, np.float32))]
    return b.op("FULLY_CONNECTED", operands, name="audio/mfcc", keep_num_dims=True)


def _bands(f: AudioFeatures) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Triangles whose corners lie evenly on the mel scale (tf.signal.linear_to_mel_weight_matrix): for each band its
    first spectral bin and their number, int32 [bands, 2], and all bands' weights in a row. Bin 0 counts for none."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(hz / 700.0)

    points = f.transform_length
    bins = mel(np.linspace(0, f.sample_rate / 2, points // 2 + 1))[:, None]
    lowest, highest = mel(np.array([f.low_hz, f.high_hz])).tolist()
    corners = np.linspace(lowest, highest, f.bands + 2)
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    table = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    table[0] = 0
    bands, weights = [], []
    for column in table.T:
        used = np.flatnonzero(column)
        first, count = (int(used[0]), int(used[-1] - used[0] + 1)) if len(used) else (0, 0)
        bands.append([first, count])
        weights.append(column[first : first + count])
    return np.array(bands, np.int32), np.concatenate(weights).astype(np.float32)
