"""Attributes that pooling and its gradients share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..ir import Activation, Attrs, Padding


@dataclass
class Pool2DAttrs(Attrs):
    padding: Padding = Padding.SAME
    stride_w: int = 1
    stride_h: int = 1
    filter_width: int = 1
    filter_height: int = 1
    fused_activation_function: Activation = Activation.NONE


def geometry(attrs: Attrs) -> dict[str, Any]:
    """The fields of `attrs` as arguments for another op on the same windows, without the activation."""
    assert isinstance(attrs, Pool2DAttrs)
    return dict(vars(replace(attrs, fused_activation_function=Activation.NONE)))
