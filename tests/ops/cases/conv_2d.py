"""Cases of `rillet.ops.conv_2d`."""

from dataclasses import replace

from rillet.ir import Activation, Padding

from ..case import Case, Random, weights

_FORMS = ("int8", "int8_per_tensor", "int16", "hybrid")
_GEOMETRIES = (
    # name, input, kernel, attributes
    ("1x1", (2, 5, 4, 8), (1, 1), {}),
    ("3x3 same", (1, 6, 7, 3), (3, 3), {}),
    ("3x3 valid stride 2", (1, 9, 8, 5), (3, 3), {"padding": Padding.VALID, "stride_h": 2, "stride_w": 2}),
    ("3x3 same stride 2 even size", (1, 8, 10, 4), (3, 3), {"stride_h": 2, "stride_w": 2}),
    ("5x3 strides 2 and 1", (1, 11, 6, 2), (5, 3), {"stride_h": 2}),
    ("10x4 same stride 2", (1, 49, 10, 1), (10, 4), {"stride_h": 2, "stride_w": 2}),
    ("dilated", (1, 9, 9, 3), (3, 3), {"dilation_h_factor": 2, "dilation_w_factor": 3}),
    ("dilated valid", (1, 9, 9, 3), (3, 3), {"padding": Padding.VALID, "dilation_h_factor": 2}),
    ("relu6", (1, 5, 5, 4), (3, 3), {"fused_activation_function": Activation.RELU6}),
    ("relu", (1, 5, 5, 16), (1, 1), {"fused_activation_function": Activation.RELU}),
    ("relu_n1_to_1", (1, 4, 4, 3), (2, 2), {"fused_activation_function": Activation.RELU_N1_TO_1}),
    ("kernel larger than input", (1, 2, 2, 3), (5, 5), {}),
    ("wide channels", (1, 3, 3, 70), (3, 3), {}),
    ("one pixel in padding", (1, 1, 1, 5), (3, 3), {}),
)


_DEPTHWISE_GEOMETRIES = (
    # of channels that do not fill vectors, in rows where several pixels together do; of whole vectors, in long rows
    ("narrow rows", (1, 5, 75, 5), (3, 3), {"fused_activation_function": Activation.RELU6}),
    ("rows of 23 channels", (2, 3, 70, 23), (3, 3), {"fused_activation_function": Activation.RELU}),
    ("rows of 144 channels", (1, 7, 45, 144), (3, 3), {"fused_activation_function": Activation.RELU, "stride_w": 2}),
    ("blocks of channels", (1, 5, 6, 80), (3, 3), {"fused_activation_function": Activation.RELU6}),
)


def _conv(name: str, shape: tuple[int, ...], kernel: tuple[int, int], attrs: dict[str, object]) -> Case:
    return Case("CONV_2D", name, [Random(shape, -1, 2), weights(7, *kernel, shape[3]), weights(7)], attrs, _FORMS)


def _depthwise(name: str, shape: tuple[int, ...], kernel: tuple[int, int], attrs: dict[str, object]) -> Case:
    attrs = {**attrs, "depth_multiplier": 1}
    operands = [Random(shape, -1, 2), weights(1, *kernel, shape[3]), weights(shape[3])]
    return Case("DEPTHWISE_CONV_2D", name, operands, attrs, _FORMS)


def _perf(kind: str, name: str, shape: tuple[int, ...], out: int, kernel: int, stride: int) -> Case:
    depthwise = kind == "DEPTHWISE_CONV_2D"
    w = weights(1, kernel, kernel, out) if depthwise else weights(out, kernel, kernel, shape[3])
    attrs = {"stride_h": stride, "stride_w": stride, "fused_activation_function": Activation.RELU6}
    attrs |= {"depth_multiplier": 1} if depthwise else {}
    return Case(kind, name, [Random(shape, -1, 2), w, weights(out)], attrs, ("int8",))


PERF = [
    _perf("CONV_2D", "first of MobileNet 224", (1, 224, 224, 3), 32, 3, 2),
    _perf("CONV_2D", "pointwise 112", (1, 112, 112, 32), 64, 1, 1),
    _perf("CONV_2D", "pointwise 14", (1, 14, 14, 512), 512, 1, 1),
    _perf("CONV_2D", "3x3 of ResNet-8", (1, 32, 32, 16), 16, 3, 1),
    _perf("CONV_2D", "3x3 of ResNet-8, last", (1, 8, 8, 64), 64, 3, 1),
    _perf("DEPTHWISE_CONV_2D", "3x3 at 112", (1, 112, 112, 32), 32, 3, 1),
    _perf("DEPTHWISE_CONV_2D", "3x3 at 14", (1, 14, 14, 512), 512, 3, 1),
    _perf("DEPTHWISE_CONV_2D", "3x3 of DS-CNN", (1, 25, 5, 64), 64, 3, 1),
]

CASES = [
    *(_conv(*g) for g in _GEOMETRIES),
    *(_depthwise(*g) for g in _GEOMETRIES),
    *(replace(_depthwise(*g), quantized=("int8", "int8_per_tensor")) for g in _DEPTHWISE_GEOMETRIES),
    Case("CONV_2D", "no bias", [Random((1, 4, 4, 3)), weights(5, 3, 3, 3)], resolver=""),  # LiteRT refuses
    Case("CONV_2D", "3x3 tiles", [Random((1, 9, 10, 16)), weights(20, 3, 3, 16), weights(20)], {}, ("int8",)),
    Case("CONV_2D", "two groups", [Random((1, 5, 5, 8)), weights(6, 3, 3, 4), weights(6)], {}, ("int8",)),
    Case("CONV_2D", "one output channel", [Random((1, 4, 4, 9)), weights(1, 1, 1, 9), weights(1)], {}, ("int8",)),
    Case("CONV_2D", "pointwise 33 to 65", [Random((1, 7, 5, 33)), weights(65, 1, 1, 33), weights(65)], {}, ("int8",)),
    Case(
        "DEPTHWISE_CONV_2D",
        "multiplier 2",
        [Random((1, 5, 6, 3)), weights(1, 3, 3, 6), weights(6)],
        {"depth_multiplier": 2},
        _FORMS,
    ),
    Case(
        "DEPTHWISE_CONV_2D",
        "one channel to 8",
        [Random((1, 12, 10, 1)), weights(1, 10, 8, 8), weights(8)],
        {"depth_multiplier": 8, "stride_h": 2, "stride_w": 2},
        ("int8",),
    ),
    Case(
        "DEPTHWISE_CONV_2D", "no bias", [Random((1, 5, 6, 4)), weights(1, 3, 3, 4)], {"depth_multiplier": 1}, ("int8",)
    ),
]
