"""Cases of `rillet.ops.batch_matmul`."""

from ..case import Case, Random

CASES = [
    Case("BATCH_MATMUL", "matrices", [Random((3, 4)), Random((4, 5))], {}, ("int8",)),
    Case("BATCH_MATMUL", "batches", [Random((2, 3, 4)), Random((2, 4, 5))], {}, ("int8", "int16")),
    Case("BATCH_MATMUL", "broadcast", [Random((2, 1, 3, 4)), Random((1, 3, 4, 5))], {}, ("int8",)),
    Case("BATCH_MATMUL", "transposed right", [Random((2, 3, 4)), Random((2, 5, 4))], {"adj_y": True}, ("int8",)),
    Case("BATCH_MATMUL", "transposed left", [Random((2, 4, 3)), Random((2, 4, 5))], {"adj_x": True}, ("int8",)),
    Case("BATCH_MATMUL", "one vector", [Random((1, 64)), Random((64, 1))], {}, ("int8",)),
]
