"""Pictures: matplotlib figures, as SVG text for the HTML report or as files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..bench import Comparison
from ..ir import RilletError, replacing

BLUE, GREY, ORANGE, RED = "#2563eb", "#9ca3af", "#f59e0b", "#dc2626"


def figure(width: float, height: float) -> tuple[Any, Any]:
    """A figure and its axes, inches; no window system needed.

    Raises:
        RilletError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise RilletError("pictures need matplotlib: pip install rillet[report]") from missing
    drawn = Figure(figsize=(width, height), layout="constrained")
    axes = drawn.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return drawn, axes


def svg(drawn: Any) -> str:
    """The figure as an <svg> element; text stays text, and the same figure gives the same bytes."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "rillet"}):
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def bars(values: Mapping[str, float], unit: str, highlight: str | None = None, labels: str = "{:,.4g}") -> Any:
    """Horizontal bars, one a name, the first on top."""
    drawn, axes = figure(6.4, 0.5 + 0.38 * len(values))
    names = list(values)
    colours = [BLUE if highlight is None or n == highlight else GREY for n in names]
    shapes = axes.barh(names, list(values.values()), color=colours, height=0.65)
    axes.bar_label(shapes, [f"{labels.format(v)} {unit}" for v in values.values()], padding=4, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.xaxis.set_visible(False)
    axes.spines[["bottom"]].set_visible(False)
    return drawn


def layer_errors(layers: Sequence[str], sqnr_db: Sequence[float]) -> Any:
    """SQNR per layer, in order of execution; low bars are the layers to look at."""
    drawn, axes = figure(7.6, 3.0)
    colours = [RED if value < 15 else ORANGE if value < 25 else BLUE for value in sqnr_db]
    axes.bar(range(len(layers)), sqnr_db, color=colours)
    step = max(1, len(layers) // 24)
    axes.set_xticks(
        range(0, len(layers), step), [name[-22:] for name in layers[::step]], rotation=60, ha="right", fontsize=7
    )
    axes.set_ylabel("SQNR (dB)")
    return drawn


def memory_map(boxes: Sequence[tuple[str, int, int, int, int]], total: int, steps: int) -> Any:
    """The arena over time: boxes are (name, first step, last step, offset, bytes)."""
    from matplotlib.patches import Rectangle

    drawn, axes = figure(7.6, 3.4)
    palette = ["#93c5fd", "#a7f3d0", "#fde68a", "#fecaca", "#ddd6fe", "#bfdbfe", "#fbcfe8", "#d9f99d"]
    for index, (name, first, last, offset, size) in enumerate(boxes):
        axes.add_patch(
            Rectangle(
                (first, offset),
                last - first + 1,
                size,
                facecolor=palette[index % len(palette)],
                edgecolor="#374151",
                linewidth=0.6,
            )
        )
        if size > total * 0.06:
            axes.text(first + 0.15, offset + size / 2, name[-18:], va="center", fontsize=6, clip_on=True)
    axes.set_xlim(0, steps)
    axes.set_ylim(0, total)
    axes.axhline(total, color=RED, linewidth=0.8)
    axes.set_xlabel("step")
    axes.set_ylabel("arena offset (bytes)")
    return drawn


def bench_chart(results: Sequence[Comparison]) -> Any:
    """Speed-up over the peer per model, or times where there is no peer."""
    drawn, axes = figure(7.2, 0.8 + 0.4 * len(results))
    names = [r.model for r in results]
    if all(r.speedup is not None for r in results):
        values = [r.speedup or 0.0 for r in results]
        shapes = axes.barh(names, values, color=[BLUE if v >= 1 else RED for v in values], height=0.65)
        axes.bar_label(shapes, [f"{v:.2f}x" for v in values], padding=4, fontsize=9)
        axes.axvline(1, color="#374151", linewidth=0.8)
        axes.set_xlabel(f"times faster than {results[0].peer_name}")
    else:
        shapes = axes.barh(names, [r.rillet.median_us for r in results], color=BLUE, height=0.65)
        axes.bar_label(shapes, [f"{r.rillet.median_us:.1f} us" for r in results], padding=4, fontsize=9)
        axes.set_xlabel("us per inference (median)")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    return drawn


def write_figure(drawn: Any, path: Path) -> None:
    """Writes a figure as PNG, SVG or PDF, by the suffix of the path."""
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise RilletError(f"--plot {path}: give a name that ends in .png, .svg or .pdf")
    with replacing(path) as file:
        drawn.savefig(file, dpi=130, format=path.suffix[1:])
