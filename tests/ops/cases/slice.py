"""Cases of `rillet.ops.slice`."""

from rillet.ir import DType

from ..case import Case, Random, indices


def _strided(
    name: str, shape: tuple[int, ...], begin: list[int], end: list[int], strides: list[int], **masks: object
) -> Case:
    return Case("STRIDED_SLICE", name, [Random(shape), begin, end, strides], masks, ("int8",))


CASES = [
    Case("SLICE", "image", [Random((1, 5, 6, 3)), [0, 1, 2, 0], [1, 3, 4, 2]], {}, ("int8", "int16", "uint8")),
    Case("SLICE", "to the end", [Random((4, 6)), [1, 2], [-1, 3]], {}, ("int8",)),
    Case("SLICE", "int32", [Random((9,), 0, 9, DType.INT32), [3], [4]]),
    Case("SLICE", "five dimensions", [Random((2, 3, 2, 3, 4)), [0, 1, 0, 1, 2], [2, 1, -1, 2, 1]]),
    _strided("plain", (4, 6), [1, 0], [3, 6], [1, 2]),
    _strided("negative ends", (4, 6), [-3, -5], [-1, -1], [1, 1]),
    _strided("backwards", (4, 6), [3, 5], [0, -7], [-1, -2]),
    _strided("beyond the end", (4, 6), [-9, 2], [9, 99], [1, 1]),
    _strided("open begin", (4, 6), [2, 2], [4, 5], [1, 1], begin_mask=1),
    _strided("open end", (4, 6), [2, 2], [3, 3], [1, 1], end_mask=2),
    _strided("open both ways backwards", (4, 6), [0, 0], [0, 0], [-1, -2], begin_mask=3, end_mask=3),
    _strided("dropped axis", (4, 6, 2), [1, 2, 0], [2, 5, 2], [1, 1, 1], shrink_axis_mask=1),
    _strided("dropped last", (4, 6), [0, -1], [4, 0], [1, 1], shrink_axis_mask=2),
    _strided("ellipsis", (2, 3, 4, 5), [0, 1], [0, 3], [1, 1], ellipsis_mask=1),
    _strided("ellipsis in the middle", (2, 3, 4, 5), [1, 0, 2], [2, 0, 5], [1, 1, 2], ellipsis_mask=2),
    _strided("new axis", (3, 4), [0, 1, 0], [0, 3, 4], [1, 1, 1], new_axis_mask=1),
    _strided("new axis within", (3, 4), [1, 0, 0], [3, 0, 4], [1, 1, 2], new_axis_mask=2),
    _strided("fewer entries than dimensions", (3, 4, 5), [1], [3], [1]),
    _strided("empty", (3, 4), [2, 0], [2, 4], [1, 1]),
    _strided("shape entry", (1, 5, 6, 3), [0, 1, 0, 0], [1, 4, 6, 3], [1, 2, 3, 1], begin_mask=9, end_mask=9),
    Case(
        "DYNAMIC_UPDATE_SLICE",
        "image",
        [Random((1, 5, 6, 3)), Random((1, 2, 3, 3)), [0, 1, 2, 0]],
        {},
        ("int8", "int16"),
    ),
    Case("DYNAMIC_UPDATE_SLICE", "rows", [Random((1, 5, 6, 3)), Random((1, 2, 6, 3)), [0, 3, 0, 0]], {}, ("int8",)),
    Case("DYNAMIC_UPDATE_SLICE", "some channels", [Random((2, 3, 5)), Random((2, 2, 2)), [0, 1, 3]], {}, ("int8",)),
    Case("DYNAMIC_UPDATE_SLICE", "beyond the end", [Random((4, 6)), Random((2, 3)), [9, -2]], {}, ("int8",)),
    Case(
        "DYNAMIC_UPDATE_SLICE",
        "start known later",
        [Random((4, 6), 0, 9, DType.INT32), Random((2, 3), 0, 9, DType.INT32), indices(2, below=5)],
    ),
    Case("DYNAMIC_UPDATE_SLICE", "all", [Random((4, 6)), Random((4, 6)), [1, 1]]),
]
