"""Cases of `rillet.ops.space`."""

import numpy as np

from ..case import Case, Random

CASES = [
    Case("DEPTH_TO_SPACE", "two", [Random((2, 3, 2, 12))], {"block_size": 2}, ("int8",)),
    Case("DEPTH_TO_SPACE", "three", [Random((1, 2, 2, 9))], {"block_size": 3}, ("int8",)),
    Case("SPACE_TO_DEPTH", "two", [Random((2, 4, 6, 3))], {"block_size": 2}, ("int8",)),
    Case("SPACE_TO_DEPTH", "three", [Random((1, 6, 3, 2))], {"block_size": 3}, ("int8",)),
    Case("SPACE_TO_BATCH_ND", "two", [Random((1, 4, 6, 3)), [2, 2], np.int32([[0, 0], [0, 0]])], {}, ("int8", "int16")),
    Case("SPACE_TO_BATCH_ND", "padded", [Random((2, 5, 4, 3)), [3, 2], np.int32([[1, 0], [2, 0]])], {}, ("int8",)),
    Case("SPACE_TO_BATCH_ND", "one spatial dimension", [Random((2, 5, 3)), [2], np.int32([[1, 2]])], {}, ("int8",)),
    Case("BATCH_TO_SPACE_ND", "two", [Random((8, 2, 3, 2)), [2, 2], np.int32([[0, 0], [0, 0]])], {}, ("int8", "int16")),
    Case("BATCH_TO_SPACE_ND", "cropped", [Random((6, 3, 2, 2)), [3, 2], np.int32([[1, 2], [0, 1]])], {}, ("int8",)),
    Case("BATCH_TO_SPACE_ND", "one spatial dimension", [Random((4, 3, 2)), [2], np.int32([[1, 0]])], {}, ("int8",)),
]
