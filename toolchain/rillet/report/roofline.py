"""The roofline picture of a profile: each step's rate over its multiply-accumulates per byte, under the roofs."""

from __future__ import annotations

from typing import Any

from ..bench import Profile
from .plots import BLUE, ORANGE, RED, figure

_LABELLED = 6


def roofline(measured: Profile) -> Any:
    """A figure of the steps that multiply: areas show shares of the time, the slowest are named."""
    drawn, axes = figure(7.6, 5.0)
    steps = [s for s in measured.steps if s.macs]
    peak = measured.peak
    ridges = [peak.int8_gmac_per_s / level.gb_per_s for level in peak.levels]
    intensities = [s.macs / s.nbytes for s in steps]
    low, high = min([0.3, *intensities]) / 2, max([*ridges, *intensities]) * 3
    roofs = {
        "int8": (peak.int8_gmac_per_s, any("float" not in s.type for s in steps)),
        "float32": (peak.float_gmac_per_s, any("float" in s.type for s in steps)),
    }
    top = max(rate for rate, _ in roofs.values())
    for name, (rate, used) in roofs.items():
        axes.plot([low, high], [rate, rate], color="#374151" if used else "#d1d5db", linewidth=1)
        axes.text(high, rate, f"{name} {rate:.0f} GMAC/s ", ha="right", va="bottom", fontsize=8)
    for level in peak.levels:
        end = top / level.gb_per_s
        axes.plot([low, end], [low * level.gb_per_s, top], color="#9ca3af", linewidth=0.8, linestyle="--")
        axes.text(
            low,
            low * level.gb_per_s,
            f" {level.name} {level.gb_per_s:.0f} GB/s",
            fontsize=7,
            rotation=38,
            rotation_mode="anchor",
            va="bottom",
        )
    kinds = sorted({s.op for s in steps})
    colours = dict(zip(kinds, [BLUE, ORANGE, "#10b981", RED, "#8b5cf6"] * len(kinds), strict=False))
    for kind in kinds:
        mine = [s for s in steps if s.op == kind]
        x, y, areas = zip(*((s.macs / s.nbytes, s.gmac_per_s, 20 + 1500 * s.share) for s in mine), strict=True)
        axes.scatter(x, y, s=areas, color=colours[kind], alpha=0.55, edgecolors="white", label=kind)
    slowest = sorted(steps, key=lambda s: -s.us)[:_LABELLED]
    for s in slowest:
        axes.annotate(str(s.step), (s.macs / s.nbytes, s.gmac_per_s), fontsize=7, ha="center", va="center")
    names = "\n".join(f"{s.step}: {s.us:.1f} us, {s.of_peak:.0%} of peak, {s.layer[-32:]}" for s in slowest)
    axes.text(0.02, 0.02, names, transform=axes.transAxes, fontsize=7, va="bottom")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(min([1.0, *(s.gmac_per_s for s in steps)]) / 2, top * 2)
    axes.set_xlabel("multiply-accumulates per byte of inputs, outputs and weights")
    axes.set_ylabel("GMAC/s")
    rate = measured.macs / measured.invoke_us / 1e3
    axes.set_title(f"{measured.model}: {measured.invoke_us:.1f} us, {rate:.1f} GMAC/s", fontsize=10)
    if kinds:
        legend = axes.legend(loc="lower right", fontsize=7, frameon=False)
        for handle in legend.legend_handles:
            handle.set_sizes([30])
    return drawn
