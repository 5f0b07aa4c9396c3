"""Layers to compare with Keras: constructor, arguments, shapes of the inputs without batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """`integers`: the inputs are numbers below that. `differentiable`: gradients and training=True agree with Keras."""

    layer: str
    shapes: tuple[tuple[int, ...], ...]
    options: dict[str, Any]
    integers: int = 0
    differentiable: bool = True
    call: dict[str, Any] | None = None

    def inputs(self, batch: int = 3) -> list[np.ndarray]:
        random = np.random.default_rng(1)
        if self.integers:
            return [random.integers(0, self.integers, (batch, *s)).astype(np.int32) for s in self.shapes]
        return [random.standard_normal((batch, *s), np.float32) for s in self.shapes]

    def __str__(self) -> str:
        return f"{self.layer}({', '.join(f'{k}={v}' for k, v in self.options.items())})"


def case(layer: str, *shapes: tuple[int, ...], integers: int = 0, differentiable: bool = True,
         call: dict[str, Any] | None = None, **options: Any) -> Case:  # fmt: skip
    return Case(layer, shapes, options, integers, differentiable, call)


IMAGE, STEPS, ROW = (8, 7, 4), (6, 4), (5,)

LAYERS = [
    case("Dense", ROW, units=3),
    case("Dense", (4, 5), units=3, activation="relu", use_bias=False),
    case("Dense", (2, 4, 5), units=3, activation="tanh"),
    case("Embedding", (6,), input_dim=9, output_dim=4, integers=9),
    case("Activation", ROW, activation="elu"),
    case("Identity", ROW),
    case("Conv2D", IMAGE, filters=6, kernel_size=3),
    case("Conv2D", IMAGE, filters=6, kernel_size=(3, 2), strides=2, padding="same", activation="relu"),
    case("Conv2D", IMAGE, filters=6, kernel_size=3, dilation_rate=2, use_bias=False),
    case("Conv2D", IMAGE, filters=6, kernel_size=3, groups=2, activation="silu"),
    case("Conv1D", STEPS, filters=5, kernel_size=3, padding="same"),
    case("Conv1D", STEPS, filters=5, kernel_size=3, padding="causal", dilation_rate=2),
    case("Conv1D", STEPS, filters=5, kernel_size=2, strides=2, activation="relu"),
    case("Conv2DTranspose", IMAGE, filters=5, kernel_size=3, strides=2, padding="same"),
    case("Conv2DTranspose", IMAGE, filters=5, kernel_size=(2, 3), strides=(2, 1), activation="relu"),
    case("Conv2DTranspose", IMAGE, filters=5, kernel_size=2, strides=3, use_bias=False),
    case("Conv1DTranspose", STEPS, filters=5, kernel_size=3, strides=2),
    case("Conv1DTranspose", STEPS, filters=5, kernel_size=3, strides=2, padding="same"),
    case("DepthwiseConv2D", IMAGE, kernel_size=3),
    case("DepthwiseConv2D", IMAGE, kernel_size=3, strides=2, padding="same", depth_multiplier=2, activation="relu"),
    case("DepthwiseConv1D", STEPS, kernel_size=3, padding="same"),
    case("DepthwiseConv1D", STEPS, kernel_size=3, depth_multiplier=2),
    case("SeparableConv2D", IMAGE, filters=5, kernel_size=3, depth_multiplier=2, activation="relu"),
    case("SeparableConv2D", IMAGE, filters=5, kernel_size=3, strides=2, padding="same"),
    case("SeparableConv1D", STEPS, filters=5, kernel_size=3, padding="same"),
    case("MaxPooling2D", IMAGE),
    case("MaxPooling2D", IMAGE, pool_size=(3, 2), strides=2, padding="same"),
    case("AveragePooling2D", IMAGE, pool_size=2),
    case("AveragePooling2D", IMAGE, pool_size=3, strides=2, padding="same"),
    case("MaxPooling1D", STEPS, pool_size=3, strides=1),
    case("AveragePooling1D", STEPS, pool_size=4, padding="same"),
    case("GlobalMaxPooling2D", IMAGE),
    case("GlobalAveragePooling2D", IMAGE, keepdims=True),
    case("GlobalMaxPooling1D", STEPS, keepdims=True),
    case("GlobalAveragePooling1D", STEPS),
    case("BatchNormalization", IMAGE),
    case("BatchNormalization", ROW, momentum=0.8, epsilon=0.01, scale=False),
    case("BatchNormalization", STEPS, center=False),
    case("LayerNormalization", STEPS),
    case("LayerNormalization", STEPS, center=False, scale=False, epsilon=0.1),
    case("GroupNormalization", IMAGE, groups=2),
    case("GroupNormalization", STEPS, groups=-1),
    case("UnitNormalization", STEPS),
    case("UnitNormalization", STEPS, axis=1),
    case("Dropout", ROW, rate=0.4, differentiable=False),
    case("SpatialDropout1D", STEPS, rate=0.4, differentiable=False),
    case("SpatialDropout2D", IMAGE, rate=0.4, differentiable=False),
    case("GaussianNoise", ROW, stddev=0.4, differentiable=False),
    case("GaussianDropout", ROW, rate=0.4, differentiable=False),
    case("ActivityRegularization", ROW, l1=0.1, l2=0.2),
    case("SimpleRNN", STEPS, units=5),
    case("SimpleRNN", STEPS, units=5, activation="relu", return_sequences=True, use_bias=False),
    case("LSTM", STEPS, units=5),
    case("LSTM", STEPS, units=5, return_sequences=True, go_backwards=True),
    case("LSTM", STEPS, units=5, recurrent_activation="hard_sigmoid", use_bias=False),
    case("GRU", STEPS, units=5),
    case("GRU", STEPS, units=5, return_sequences=True, reset_after=False),
    case("GRU", STEPS, units=5, use_bias=False, go_backwards=True),
    case("MultiHeadAttention", STEPS, STEPS, num_heads=2, key_dim=3),
    case("MultiHeadAttention", STEPS, (3, 5), num_heads=3, key_dim=2, value_dim=4, output_shape=7, use_bias=False,
         differentiable=False),
    case("MultiHeadAttention", STEPS, STEPS, num_heads=2, key_dim=3, call={"use_causal_mask": True}),
    case("Flatten", IMAGE),
    case("Flatten", ()),
    case("Reshape", IMAGE, target_shape=(7, -1)),
    case("Permute", IMAGE, dims=(3, 1, 2)),
    case("RepeatVector", ROW, n=3),
    case("ZeroPadding2D", IMAGE, padding=((1, 0), (2, 3))),
    case("ZeroPadding2D", IMAGE),
    case("ZeroPadding1D", STEPS, padding=(0, 2)),
    case("Cropping2D", IMAGE, cropping=((1, 0), (2, 3))),
    case("Cropping1D", STEPS),
    case("UpSampling2D", IMAGE, size=(2, 3)),
    case("UpSampling2D", IMAGE, interpolation="bilinear"),
    case("UpSampling1D", STEPS, size=3),
    *(case(name, IMAGE, IMAGE) for name in ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")),
    case("Add", STEPS, (1, 4), STEPS),
    case("Concatenate", IMAGE, (8, 7, 2)),
    case("Concatenate", STEPS, STEPS, axis=1),
    case("Dot", STEPS, (4, 6), axes=(2, 1)),
    case("Dot", STEPS, STEPS, axes=1, normalize=True),
    case("Dot", ROW, ROW, axes=-1),
    case("ReLU", ROW),
    case("ReLU", ROW, max_value=1.0, negative_slope=0.1, threshold=0.2),
    case("ReLU", ROW, max_value=6.0),
    case("LeakyReLU", ROW),
    case("ELU", ROW, alpha=0.5),
    case("Softmax", STEPS),
    case("Softmax", STEPS, axis=1),
    case("PReLU", IMAGE, shared_axes=[1, 2]),
    case("PReLU", ROW),
    case("Rescaling", IMAGE, scale=0.1, offset=-1.0),
    case("Rescaling", IMAGE, scale=[1.0, 2.0, 3.0, 4.0]),
    case("Normalization", STEPS, mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 0.5, 2.0, 1.0]),
    case("Normalization", STEPS, mean=0.5, variance=2.0, axis=None, invert=True),
    case("Resizing", IMAGE, height=5, width=9),
    case("Resizing", IMAGE, height=5, width=9, interpolation="nearest"),
    case("CenterCrop", IMAGE, height=5, width=4),
    case("RandomFlip", IMAGE, differentiable=False),
    case("RandomRotation", IMAGE, factor=0.2, differentiable=False),
    case("RandomTranslation", IMAGE, height_factor=0.2, width_factor=(-0.1, 0.3), differentiable=False),
    case("RandomZoom", IMAGE, height_factor=0.2, differentiable=False),
]  # fmt: skip

ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "softmax", "log_softmax", "sigmoid", "hard_sigmoid", "tanh", "elu",
    "selu", "gelu", "silu", "swish", "hard_silu", "hard_swish", "softplus", "softsign", "exponential", "mish",
)  # fmt: skip

WRAPPERS = [
    ("Bidirectional", "LSTM", {"units": 3}, {}),
    ("Bidirectional", "GRU", {"units": 3, "return_sequences": True}, {"merge_mode": "sum"}),
    ("Bidirectional", "SimpleRNN", {"units": 3}, {"merge_mode": "mul"}),
    ("Bidirectional", "LSTM", {"units": 3, "return_sequences": True}, {"merge_mode": "ave"}),
    ("Bidirectional", "LSTM", {"units": 3, "return_sequences": True}, {"merge_mode": None}),
    ("TimeDistributed", "Dense", {"units": 3}, {}),
    ("TimeDistributed", "BatchNormalization", {}, {}),
]
"""Layers around layers: the inner one and its arguments, the outer one's arguments."""
