"""rillet.MEL_SPECTROGRAM: short-time spectra of a sound, gathered into bands.

Operands: samples (float32 or plain int16 [rows, samples]); and constants: window float32 [length]; bands int32
[bands, 2], each the first spectral bin and the number of bins; weights float32, those of one band's bins behind the
other's; framing int32 [2]: the step from frame to frame, and the transform's length, a power of two. Frames that would
reach past the end are left out. What a bin counts is its magnitude, not its power.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import DType, Op
from .opdef import CUSTOM, Array, NotDifferentiable, OpDef, ShapeError, operand, register
from .rules import Results, ints, present


def _infer(op: Op) -> Results:
    if len(op.inputs) != 5:
        raise ShapeError(f"{op.kind} '{op.where}': {len(op.inputs)} inputs, not 5")
    samples, window, bands = (operand(op, i) for i in range(3))
    framing = ints(op, 4)
    shapes = [len(t.shape) for t in (samples, window, bands)]
    if shapes != [2, 1, 2] or framing is None or len(framing) != 2:
        raise ShapeError(f"{op.kind} '{op.where}': needs samples [rows, samples], a window and constant framing")
    step, points = framing
    length, available = window.shape[0], samples.shape[1]
    if step < 1 or points < 8 or points & (points - 1) or length is None or length > points:
        raise ShapeError(f"{op.kind} '{op.where}': step {step}, transform of {points}, window of {length}")
    if available is not None and available < length:
        raise ShapeError(f"{op.kind} '{op.where}': {available} samples, window of {length}")
    frames = None if available is None else (available - length) // step + 1
    return [((samples.shape[0], frames, bands.shape[0]), DType.FLOAT32)]


def _compute(op: Op, arrays: Sequence[Array | None]) -> list[Array]:
    samples, window, bands, weights, framing = present(arrays)
    step, points = framing.tolist()
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), len(window), axis=1)[:, ::step]
    spectra = np.abs(np.fft.rfft(frames * window, points))
    ends = np.cumsum(bands[:, 1])
    return [
        np.stack(
            [
                spectra[..., first : first + count] @ weights[end - count : end]
                for (first, count), end in zip(bands.tolist(), ends.tolist(), strict=True)
            ],
            axis=-1,
        ).astype(np.float32)
    ]


register(
    OpDef(
        kind="rillet.MEL_SPECTROGRAM",
        code=CUSTOM,
        infer=_infer,
        compute=_compute,
        gradient=NotDifferentiable("sounds enter it, nothing that is trained"),
    )
)
