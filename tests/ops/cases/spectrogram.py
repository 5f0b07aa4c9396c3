"""Cases of `rillet.ops.spectrogram`."""

import numpy as np

from rillet.ir import DType

from ..case import Case, Random, weights

KIND = "rillet.MEL_SPECTROGRAM"


def _case(name: str, samples: Random, length: int, bands: list[list[int]], framing: list[int]) -> Case:
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    return Case(KIND, name, [samples, window, bands, weights(sum(b[1] for b in bands)), framing], resolver="")


CASES = [
    _case("one frame, smallest transform", Random((1, 8)), 8, [[0, 5], [2, 3], [4, 1]], [1, 8]),
    _case("two rows, zeros behind the window", Random((2, 50)), 12, [[1, 8], [0, 0], [8, 1], [3, 2]], [7, 16]),
    _case("a left-over of samples", Random((1, 1000)), 240, [[0, 129], [5, 40], [100, 29]], [160, 256]),
    _case("int16", Random((1, 900), -32768, 32767, DType.INT16), 480, [[1, 5], [3, 9], [200, 57]], [320, 512]),
]
