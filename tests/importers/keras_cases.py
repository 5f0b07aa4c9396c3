"""Layers of Keras and how to make them: the case list of the layer-by-layer tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Make = Callable[[Any], Any]
"""From the `keras.layers` module to a layer."""
Shape = tuple[int, ...]

IMAGE, LINE, VECTOR = (7, 9, 4), (11, 4), (6,)

ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "softmax",
    "log_softmax",
    "elu",
    "selu",
    "leaky_relu",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "hard_silu",
    "hard_tanh",
    "swish",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "log_sigmoid",
    "exponential",
)

LAYERS: dict[str, tuple[Make, Shape]] = {
    "dense": (lambda L: L.Dense(5), VECTOR),
    "dense_relu_no_bias": (lambda L: L.Dense(5, activation="relu", use_bias=False), VECTOR),
    "dense_of_images": (lambda L: L.Dense(3), IMAGE),
    "conv2d": (lambda L: L.Conv2D(5, 3), IMAGE),
    "conv2d_same_stride": (lambda L: L.Conv2D(5, (3, 2), strides=2, padding="same", activation="relu"), IMAGE),
    "conv2d_dilated": (lambda L: L.Conv2D(5, 3, dilation_rate=2, padding="same", use_bias=False), IMAGE),
    "conv2d_groups": (lambda L: L.Conv2D(6, 3, groups=2), IMAGE),
    "conv1d": (lambda L: L.Conv1D(5, 3, activation="tanh"), LINE),
    "conv1d_causal": (lambda L: L.Conv1D(5, 3, padding="causal", dilation_rate=2), LINE),
    "conv1d_same_stride": (lambda L: L.Conv1D(5, 4, strides=2, padding="same"), LINE),
    "depthwise2d": (lambda L: L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"), IMAGE),
    "depthwise2d_same_stride": (lambda L: L.DepthwiseConv2D(3, strides=2, padding="same"), IMAGE),
    "depthwise1d": (lambda L: L.DepthwiseConv1D(3, padding="same"), LINE),
    "separable2d": (lambda L: L.SeparableConv2D(5, 3, padding="same", depth_multiplier=2, activation="relu"), IMAGE),
    "separable1d": (lambda L: L.SeparableConv1D(5, 3), LINE),
    "transpose2d_valid": (lambda L: L.Conv2DTranspose(5, 3, strides=2), IMAGE),
    "transpose2d_same": (lambda L: L.Conv2DTranspose(5, 3, strides=2, padding="same", activation="relu"), IMAGE),
    "transpose2d_small_kernel": (lambda L: L.Conv2DTranspose(5, 2, strides=3), IMAGE),
    "transpose2d_dilated": (lambda L: L.Conv2DTranspose(5, 3, dilation_rate=2), IMAGE),
    "transpose1d": (lambda L: L.Conv1DTranspose(5, 3, strides=2, padding="same"), LINE),
    "batch_norm": (lambda L: L.BatchNormalization(), IMAGE),
    "batch_norm_axis_1": (lambda L: L.BatchNormalization(axis=1, scale=False), IMAGE),
    "batch_norm_vector": (lambda L: L.BatchNormalization(center=False, epsilon=0.01), VECTOR),
    "layer_norm": (lambda L: L.LayerNormalization(), LINE),
    "layer_norm_axes": (lambda L: L.LayerNormalization(axis=(1, 2), center=False), IMAGE),
    "unit_norm": (lambda L: L.UnitNormalization(), LINE),
    "normalization": (lambda L: L.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 0.5, 2, 3]), LINE),
    "normalization_inverse": (lambda L: L.Normalization(mean=3.0, variance=2.0, axis=None, invert=True), LINE),
    "rescaling": (lambda L: L.Rescaling(1 / 16, offset=-0.5), IMAGE),
    "relu": (lambda L: L.ReLU(), IMAGE),
    "relu_max": (lambda L: L.ReLU(max_value=1.5), IMAGE),
    "relu_six": (lambda L: L.ReLU(6.0), IMAGE),
    "relu_slope": (lambda L: L.ReLU(max_value=1.0, negative_slope=0.2), IMAGE),
    "relu_threshold": (lambda L: L.ReLU(threshold=0.5, negative_slope=0.1), IMAGE),
    "leaky_relu": (lambda L: L.LeakyReLU(), IMAGE),
    "leaky_relu_slope": (lambda L: L.LeakyReLU(negative_slope=0.1), IMAGE),
    "prelu": (lambda L: L.PReLU(shared_axes=[1, 2]), IMAGE),
    "prelu_full": (lambda L: L.PReLU(), VECTOR),
    "elu": (lambda L: L.ELU(), IMAGE),
    "elu_alpha": (lambda L: L.ELU(alpha=0.5), IMAGE),
    "softmax": (lambda L: L.Softmax(), LINE),
    "softmax_axis": (lambda L: L.Softmax(axis=1), LINE),
    "activation_layer_inside": (lambda L: L.Dense(5, activation=L.LeakyReLU(negative_slope=0.3)), VECTOR),
    "max_pool2d": (lambda L: L.MaxPooling2D(), IMAGE),
    "max_pool2d_same": (lambda L: L.MaxPooling2D((3, 2), strides=2, padding="same"), IMAGE),
    "avg_pool2d": (lambda L: L.AveragePooling2D(2), IMAGE),
    "avg_pool2d_same": (lambda L: L.AveragePooling2D(3, strides=2, padding="same"), IMAGE),
    "max_pool1d": (lambda L: L.MaxPooling1D(2, padding="same"), LINE),
    "avg_pool1d": (lambda L: L.AveragePooling1D(3, strides=2), LINE),
    "global_avg2d": (lambda L: L.GlobalAveragePooling2D(), IMAGE),
    "global_avg2d_keep": (lambda L: L.GlobalAveragePooling2D(keepdims=True), IMAGE),
    "global_max2d": (lambda L: L.GlobalMaxPooling2D(), IMAGE),
    "global_avg1d": (lambda L: L.GlobalAveragePooling1D(), LINE),
    "global_max1d": (lambda L: L.GlobalMaxPooling1D(keepdims=True), LINE),
    "zero_pad2d": (lambda L: L.ZeroPadding2D(((1, 0), (2, 3))), IMAGE),
    "zero_pad2d_pair": (lambda L: L.ZeroPadding2D((1, 2)), IMAGE),
    "zero_pad1d": (lambda L: L.ZeroPadding1D((2, 1)), LINE),
    "crop2d": (lambda L: L.Cropping2D(((1, 0), (2, 3))), IMAGE),
    "crop1d": (lambda L: L.Cropping1D(2), LINE),
    "upsample2d": (lambda L: L.UpSampling2D((2, 3)), IMAGE),
    "upsample2d_bilinear": (lambda L: L.UpSampling2D(2, interpolation="bilinear"), IMAGE),
    "upsample1d": (lambda L: L.UpSampling1D(3), LINE),
    "resizing": (lambda L: L.Resizing(14, 18), IMAGE),
    "reshape": (lambda L: L.Reshape((2, -1, 2)), LINE),
    "flatten": (lambda L: L.Flatten(), IMAGE),
    "permute": (lambda L: L.Permute((3, 1, 2)), IMAGE),
    "repeat_vector": (lambda L: L.RepeatVector(3), VECTOR),
    "time_distributed": (lambda L: L.TimeDistributed(L.Conv2D(3, 3)), (3, *IMAGE)),
    "lstm": (lambda L: L.LSTM(5), LINE),
    "lstm_sequences": (lambda L: L.LSTM(5, return_sequences=True, use_bias=False, go_backwards=True), LINE),
    "gru": (lambda L: L.GRU(5, return_sequences=True), LINE),
    "gru_reset_before": (lambda L: L.GRU(5, reset_after=False, recurrent_activation="hard_sigmoid"), LINE),
    "simple_rnn": (lambda L: L.SimpleRNN(5, activation="relu"), LINE),
    "one_step": (lambda L: L.LSTM(5, return_sequences=True), (1, 4)),
    "dropout": (lambda L: L.Dropout(0.5), VECTOR),
    "spatial_dropout1d": (lambda L: L.SpatialDropout1D(0.5), LINE),
    "spatial_dropout2d": (lambda L: L.SpatialDropout2D(0.5), IMAGE),
    "gaussian_noise": (lambda L: L.GaussianNoise(0.5), VECTOR),
    "gaussian_dropout": (lambda L: L.GaussianDropout(0.5), VECTOR),
    "alpha_dropout": (lambda L: L.AlphaDropout(0.5), VECTOR),
    "activity_regularization": (lambda L: L.ActivityRegularization(0.1), VECTOR),
    "identity": (lambda L: L.Identity(), VECTOR),
    "random_flip": (lambda L: L.RandomFlip(), IMAGE),
    **{f"activation_{name}": (lambda L, name=name: L.Activation(name), VECTOR) for name in ACTIVATIONS},
}

FIRST = {
    "conv2d",
    "conv2d_same_stride",
    "depthwise2d",
    "separable2d",
    "max_pool2d",
    "avg_pool2d_same",
    "global_avg2d",
    "zero_pad2d",
    "crop2d",
    "upsample2d",
    "flatten",
    "conv1d",
    "global_max1d",
}
"""Cases tested with data_format="channels_first" as well."""

MERGES: dict[str, tuple[Make, list[Shape]]] = {
    "add": (lambda L: L.Add(), [IMAGE, IMAGE, IMAGE]),
    "add_broadcast": (lambda L: L.Add(), [IMAGE, (1, 1, 4)]),
    "subtract": (lambda L: L.Subtract(), [LINE, LINE]),
    "multiply": (lambda L: L.Multiply(), [IMAGE, (4,)]),
    "average": (lambda L: L.Average(), [LINE, LINE, LINE]),
    "maximum": (lambda L: L.Maximum(), [LINE, LINE]),
    "minimum": (lambda L: L.Minimum(), [LINE, LINE]),
    "concatenate": (lambda L: L.Concatenate(), [IMAGE, (7, 9, 2)]),
    "concatenate_axis": (lambda L: L.Concatenate(axis=1), [LINE, (3, 4)]),
    "dot": (lambda L: L.Dot(axes=1, normalize=True), [VECTOR, VECTOR]),
    "dot_matrices": (lambda L: L.Dot(axes=(2, 1)), [(3, 4), (4, 5)]),
    "dot_last": (lambda L: L.Dot(axes=-1), [(3, 4), (5, 4)]),
}


def randomize(model: Any, seed: int = 0) -> None:
    """Gives every weight a value that shows in the output; variances stay positive."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.dtype.startswith("float"):
            values = random.uniform(-0.7, 0.7, variable.shape)
            variable.assign(np.abs(values) + 0.3 if "variance" in variable.path else values)
