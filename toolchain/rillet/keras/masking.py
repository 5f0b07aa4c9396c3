"""Masks: which time steps count. A mask travels with the tensor that a layer gives, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..eager import cast, divide_no_nan, reduce_sum, reshape
from ..eager.nest import flatten, map_structure


def mask_of(x: Any) -> Any:
    """The bool tensor that says which time steps of `x` count; None where all do."""
    return getattr(x, "_keras_mask", None)


def masks_of(structure: Any) -> Any:
    """The masks of all tensors, in the same structure; None where there is none at all."""
    masks = map_structure(mask_of, structure)
    return masks if any(m is not None for m in flatten(masks)) else None


def set_masks(outputs: Any, masks: Any) -> None:
    """Lets masks travel with the outputs of a layer; those that have one keep it."""
    if masks is None:
        return
    for tensor, mask in zip(flatten(outputs), flatten(masks), strict=False):
        if mask is not None and mask_of(tensor) is None:
            tensor._keras_mask = mask


def weights_with_mask(sample_weight: Any, mask: Any, averaged: bool) -> Any:
    """Sample weights that are 0 where the mask is.

    Args:
        averaged: the weighted values are averaged over all steps afterwards, so those that count weigh more.
    """
    if mask is None:
        return sample_weight
    kept = cast(mask, np.float32)
    if averaged:
        kept = kept * divide_no_nan(reduce_sum(kept * 0.0 + 1.0), reduce_sum(kept))
    if sample_weight is None:
        return kept
    weight = cast(sample_weight, np.float32)
    if weight.ndim < kept.ndim:
        shape = [-1 if d is None else d for d in weight.shape]
        weight = reshape(weight, [*shape, *(1,) * (kept.ndim - weight.ndim)])
    return weight * kept
