"""Names and defaults of all constructors' arguments are Keras's: what a user of Keras writes means the same here."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from rillet import keras as ours
from rillet.ir import RilletError

MODULES = ("layers", "losses", "metrics", "optimizers", "initializers", "regularizers", "constraints", "callbacks")
COMMON = {"self", "args", "kwargs", "name", "dtype", "trainable", "autocast", "activity_regularizer"}
OWN = {"callbacks.CallbackList", "callbacks.ProgbarLogger", "callbacks.LambdaCallback", "layers.RNN",
        "layers.InputLayer", "layers.Layer",
       "optimizers.Optimizer"}  # fmt: skip
"""Classes that users of Keras do not construct, or not as rillet's."""
LEFT_OUT = {
    "lora_rank": 2, "lora_alpha": 2, "quantization_config": {"mode": "int8"}, "renorm": True, "renorm_clipping": {},
    "renorm_momentum": 0.5, "noise_shape": (1, 2), "sliding_window": 3, "use_gate": True, "fill_mode": "wrap",
    "fill_value": 1.0, "interpolation": "nearest", "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True,
    "antialias": True, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3, "loss_scale_factor": 2.0,
    "gradient_accumulation_steps": 2, "input_axes": 0, "output_axes": 0,
    "curve": "PR", "summation_method": "majoring", "multi_label": True, "num_labels": 2, "label_weights": [1],
    "from_logits": True, "top_k": 2, "class_id": 1, "from_sorted_ids": True, "thresholds": [0.1, 0.2],
    "output_shape": (2,), "mask": 1, "arguments": {"a": 1}, "data_format": "channels_first", "embeddings_freq": 1,
    "write_images": True, "profile_batch": 1, "embeddings_metadata": {}, "options": 1,
}  # fmt: skip
"""Arguments that rillet has no use for, with a value that asks for something: refused, never ignored."""
HARMLESS = {"zero_output_for_mask", "flash_attention", "use_cudnn", "input_length"}
"""They choose an implementation, or are taken by name only."""


def own_classes(module: str) -> list[str]:
    named = vars(getattr(ours, module))
    return sorted(n for n, c in named.items() if inspect.isclass(c) and c.__module__.startswith("rillet.keras"))


def arguments(cls: Any) -> dict[str, Any]:
    """By name, those that constructors pass on to their bases included."""
    found: dict[str, Any] = {}
    for base in (c for c in reversed(cls.__mro__) if "__init__" in vars(c) and c is not object):
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        found |= {p.name: p.default for p in parameters if p.name not in COMMON}
    return found


def plain(default: Any) -> Any:
    """(1, 1) and ((1, 1), (1, 1)) mean 1; names are written in several ways."""
    while isinstance(default, tuple) and default and all(each == default[0] for each in default):
        default = default[0]
    if isinstance(default, str):
        return default.replace("_", "").lower()
    return default


CASES = [f"{m}.{n}" for m in MODULES for n in own_classes(m) if f"{m}.{n}" not in OWN and not n.startswith("_")]


@pytest.mark.parametrize("case", CASES)
def test_arguments(case: str, keras: Any) -> None:
    module, name = case.split(".")
    theirs = getattr(getattr(keras, module), name, None)
    if theirs is None:
        assert name in ("MeanOf", "ConfigError", "LearningRateSchedule")
        return
    cls = getattr(getattr(ours, module), name)
    own, wanted = arguments(cls), {k: d for k, d in arguments_of_keras(theirs).items() if k not in HARMLESS}
    for argument, default in wanted.items():
        if argument in own:
            assert plain(own[argument]) == plain(default), argument
        else:
            assert argument in LEFT_OUT, argument
            given = {k: SAMPLES.get(k, 1) for k, d in wanted.items() if d is inspect.Parameter.empty}
            with pytest.raises((RilletError, TypeError), match=argument):
                cls(**given, **{argument: LEFT_OUT[argument]})


SAMPLES = {"pool_size": 2, "layer": None, "rate": 0.5, "function": abs, "schedule": abs, "filename": "x",
        "filepath": "x.keras",
           "target_shape": (1,), "dims": (1,), "axes": 1, "activation": "relu", "boundaries": [],
        "values": []}  # fmt: skip


def arguments_of_keras(cls: Any) -> dict[str, Any]:
    parameters = inspect.signature(cls.__init__).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in COMMON}
