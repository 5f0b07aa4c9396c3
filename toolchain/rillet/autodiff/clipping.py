"""Gradient clipping, as ops; formulas and names are Keras 3's (`clipvalue`, `clipnorm`, `global_clipnorm`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir import Tensor
from ..ops import GradientBuilder

Clip = Callable[[GradientBuilder, Sequence[Tensor]], list[Tensor]]
"""Gradients -> clipped gradients."""


def clip_by_value(limit: float) -> Clip:
    """Every element to [-limit, limit]."""

    def clip(b: GradientBuilder, gradients: Sequence[Tensor]) -> list[Tensor]:
        bounded = [b.op("MINIMUM", [g, b.scalar(limit, g)]) for g in gradients]
        return [b.op("MAXIMUM", [g, b.scalar(-limit, g)]) for g in bounded]

    return clip


def clip_by_norm(limit: float) -> Clip:
    """Each gradient scaled to a norm of at most `limit`."""

    def clip(b: GradientBuilder, gradients: Sequence[Tensor]) -> list[Tensor]:
        return [b.mul(g, _scale(b, _energy(b, g), limit)) for g in gradients]

    return clip


def clip_by_global_norm(limit: float) -> Clip:
    """All gradients scaled alike, so that the norm of them together is at most `limit`.

    No variable is updated before every gradient is there: all of them are in memory at once.
    """

    def clip(b: GradientBuilder, gradients: Sequence[Tensor]) -> list[Tensor]:
        if not gradients:
            return []
        energy, *others = [_energy(b, g) for g in gradients]
        for each in others:
            energy = b.add(energy, each)
        scale = _scale(b, energy, limit)
        return [b.mul(g, scale) for g in gradients]

    return clip


def _energy(b: GradientBuilder, gradient: Tensor) -> Tensor:
    """The sum of squares."""
    return b.sum(b.op("SQUARE", [gradient]), range(len(gradient.shape)))


def _scale(b: GradientBuilder, energy: Tensor, limit: float) -> Tensor:
    """limit / max(norm, limit): 1 where nothing is to be clipped."""
    norm = b.op("SQRT", [energy])
    return b.div(b.scalar(limit, norm), b.op("MAXIMUM", [norm, b.scalar(limit, norm)]))
