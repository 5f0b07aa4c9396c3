"""Layers by Keras's names."""

from ..layer import Layer
from ..symbolic import Input
from .convolution import (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from .core import Activation, Dense, Embedding, Identity, InputLayer, Lambda, Masking
from .merging import (
    ELU,
    Add,
    Average,
    Concatenate,
    Dot,
    LeakyReLU,
    Maximum,
    Minimum,
    Multiply,
    PReLU,
    ReLU,
    Softmax,
    Subtract,
    add,
    average,
    concatenate,
    multiply,
    subtract,
)
from .normalization import BatchNormalization, GroupNormalization, LayerNormalization, UnitNormalization
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from .regularization import (
    ActivityRegularization,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from .reshaping import (
    Cropping1D,
    Cropping2D,
    Flatten,
    Permute,
    RepeatVector,
    Reshape,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)

__all__ = [name for name in dir() if not name.startswith("_") and name[0].isupper()] + [
    "add", "average", "concatenate", "multiply", "subtract",
]  # fmt: skip
