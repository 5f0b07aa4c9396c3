"""Cases of training in sizes that reach whole tiles, several bands of rows and blocks, and pieces for threads; and of
filters and matrices that are known only at run time."""

from rillet.ir import Activation, Padding

from ..case import Case, Random, indices

_CONVOLUTIONS = (
    ("bands", (2, 24, 33, 16), (24, 3, 3, 16), (2, 24, 33, 24), {}),
    ("stride 2 bands", (2, 31, 32, 16), (32, 3, 3, 16), (2, 16, 16, 32), {"stride_w": 2, "stride_h": 2}),
    ("wide tiles", (1, 9, 10, 64), (72, 3, 3, 64), (1, 9, 10, 72), {}),
    ("1x1 of many channels", (2, 8, 9, 80), (50, 1, 1, 80), (2, 8, 9, 50), {}),
    ("stride 3 of 2x2", (1, 10, 11, 5), (20, 2, 2, 5), (1, 4, 4, 20), {"stride_w": 3, "stride_h": 3}),
    ("stride 2 of 5x5", (1, 13, 12, 6), (7, 5, 5, 6), (1, 7, 6, 7), {"stride_w": 2, "stride_h": 2}),
    ("stride 1x2 valid", (1, 9, 12, 4), (9, 3, 3, 4), (1, 7, 5, 9), {"stride_w": 2, "padding": Padding.VALID}),
    ("dilated wide", (1, 20, 21, 16), (16, 3, 3, 16), (1, 20, 21, 16),
     {"dilation_w_factor": 3, "dilation_h_factor": 2}),
)  # fmt: skip

CASES = [
    *(
        case
        for name, x, w, y, attrs in _CONVOLUTIONS
        for case in (
            Case("rillet.CONV_2D_INPUT_GRADIENT", name, [Random(w), Random(y), list(x)], attrs, resolver=""),
            Case("rillet.CONV_2D_FILTER_GRADIENT", name, [Random(x), Random(y), list(w)], attrs, resolver=""),
            Case("CONV_2D", f"filter at run time, {name}", [Random(x), Random(w), Random((w[0],))], attrs, resolver=""),
        )
    ),
    Case(
        "CONV_2D",
        "filter at run time, no bias, relu",
        [Random((1, 7, 7, 3)), Random((11, 3, 3, 3))],
        {"fused_activation_function": Activation.RELU},
        resolver="",
    ),
    Case("FULLY_CONNECTED", "weights at run time", [Random((37, 70)), Random((50, 70)), Random((50,))], resolver=""),
    Case("FULLY_CONNECTED", "weights at run time, one row", [Random((1, 33)), Random((65, 33)), None], resolver=""),
    Case("BATCH_MATMUL", "pieces", [Random((2, 100, 300)), Random((2, 300, 130))], resolver=""),
    Case("BATCH_MATMUL", "pieces, both transposed", [Random((150, 61)), Random((99, 150))],
         {"adj_x": True, "adj_y": True}, resolver=""),
    Case("BATCH_MATMUL", "outer product", [Random((1, 61)), Random((1, 99))], {"adj_x": True}, resolver=""),
    Case("BATCH_MATMUL", "broadcast and transposed", [Random((3, 2, 9, 20)), Random((2, 17, 20))],
         {"adj_y": True}, resolver=""),
    Case("rillet.MAX_POOL_2D_GRADIENT", "equal values",
         [Random((2, 9, 9, 40), 0, 0), Random((2, 5, 5, 40), 0, 0), Random((2, 5, 5, 40))],
         {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}, resolver=""),
    Case("rillet.DEPTHWISE_CONV_2D_INPUT_GRADIENT", "many channels",
         [Random((1, 5, 5, 70)), Random((3, 20, 21, 70)), [3, 20, 21, 70]], {"depth_multiplier": 1}, resolver=""),
    Case("rillet.DEPTHWISE_CONV_2D_FILTER_GRADIENT", "many channels",
         [Random((3, 20, 21, 70)), Random((3, 20, 21, 70)), [1, 5, 5, 70]], {"depth_multiplier": 1}, resolver=""),
    Case("rillet.SPARSE_SOFTMAX_CROSS_ENTROPY", "many rows", [Random((300, 500), -9, 9), indices(300, below=500)],
         resolver=""),
    Case("rillet.BATCH_NORMALIZATION", "many blocks, far from zero",
         [Random((4, 40, 41, 24), 90, 100), Random((24,)), Random((24,)), 1e-3], resolver="",
         tolerance=1e-4),
    Case("rillet.BATCH_NORMALIZATION_GRADIENT", "many blocks",
         [Random((4, 40, 41, 24), -2, 3), Random((24,)), Random((24,)), Random((24,), 0.5, 2), 1e-3,
          Random((4, 40, 41, 24))], resolver=""),
    Case("rillet.LAYER_NORMALIZATION", "many rows",
         [Random((300, 100), 5, 9), Random((100,)), Random((100,)), 1e-3], resolver=""),
    Case("rillet.LAYER_NORMALIZATION_GRADIENT", "many rows",
         [Random((300, 100), -2, 3), Random((100,)), Random((300,)), Random((300,), 0.5, 2), 1e-3,
          Random((300, 100))], resolver=""),
]  # fmt: skip

PERF = [
    Case(
        "rillet.CONV_2D_FILTER_GRADIENT", "32x32x16", [Random((1, 32, 32, 16)), Random((1, 32, 32, 16)), [16, 3, 3, 16]]
    ),
    Case(
        "rillet.CONV_2D_INPUT_GRADIENT", "32x32x16", [Random((16, 3, 3, 16)), Random((1, 32, 32, 16)), [1, 32, 32, 16]]
    ),
]
