"""Keras 1: its class and field names in the words of Keras 2.

Source of the facts: the `legacy_*_support` conversions of Keras 2 (keras/legacy/interfaces.py) and
`preprocess_weights_for_loading` (keras/engine/saving.py).
"""

from __future__ import annotations

from typing import Any

_CLASSES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
    "Deconvolution2D": "Conv2DTranspose",
}
_FIELDS = {
    "output_dim": "units",
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "length": "size",
    "inner_activation": "recurrent_activation",
}
_MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
}
# Default data_format of Keras 1 layers that have one, for files that leave it out.
_IMAGE_DIMS = {"tf": "channels_last", "th": "channels_first"}


def modernize(kind: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Class and configuration of a Keras 1 layer as Keras 2 would write them."""
    new = {_FIELDS.get(key, key): value for key, value in config.items()}
    if kind == "Embedding":
        new["output_dim"] = config.get("output_dim")
    if "nb_row" in config:
        new["kernel_size"] = [config["nb_row"], config["nb_col"]]
    if "dim_ordering" in config:
        ordering = config["dim_ordering"]
        new["data_format"] = _IMAGE_DIMS.get(ordering, "channels_last")
        new["rillet_kernel_order"] = ordering
    if kind == "Merge":
        kind = _MERGES.get(config.get("mode", ""), "Merge")
        new["axis"], new["axes"] = config.get("concat_axis", -1), config.get("dot_axes", -1)
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        new.setdefault("recurrent_activation", "hard_sigmoid")
    if kind == "ZeroPadding2D" and isinstance(new.get("padding"), dict):
        sides = new["padding"]
        new["padding"] = [[sides[f"{a}_pad"], sides[f"{b}_pad"]] for a, b in (("top", "bottom"), ("left", "right"))]
    return _CLASSES.get(kind, kind), new
