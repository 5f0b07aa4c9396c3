"""The benchmark's results for people: a Markdown table and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rows import THREADS, Row, means

from rillet.bench import steady_note
from rillet.report.plots import BLUE, RED, figure

HEADINGS = [
    "model",
    "rillet us",
    "LiteRT us",
    "faster",
    "aim",
    "GMAC/s",
    "of peak",
    "rillet 2T us",
    "LiteRT 2T us",
    "faster",
    "2T gain",
    "AVX2",
    "load ms",
    "LiteRT",
    "memory MB",
    "LiteRT",
    "max diff",
]


def text(rows: Sequence[Row], machine: Mapping[str, Any], date: str, sizes: Mapping[str, int | None]) -> str:
    """Everything as Markdown; also what could not be measured."""
    measured = [row for row in rows if row.timings]
    peak = machine["peak"]
    lines = [
        f"{date}, {machine['name']}, {machine['cores']} cores, {machine['isa'][-1]}; medians on one thread and on two "
        f"(2T), interleaved. Peak of a core: int8 {peak['int8_gmac_per_s']:.0f}, float32 "
        f"{peak['float_gmac_per_s']:.0f} GMAC/s.",
        "",
    ]
    lines += aligned([HEADINGS, *(_cells(row, peak) for row in measured)])
    lines.append("")
    for name, ratios in means(rows).items():
        faster = ", ".join(f"{ratios[str(n)]:.2f}x on {n} thread{'s' if n > 1 else ''}" for n in THREADS)
        lesser = "".join(f"; {isa} alone has {ratios[isa]:.2f} of that speed" for isa in ratios if not isa.isdigit())
        lines.append(f"geometric mean, {name}: {faster}{lesser}")
    lines.append(
        "libraries, stripped: "
        + ", ".join(f"{name} {size / 1e3:,.0f} KB" for name, size in sizes.items() if size is not None)
    )
    if machine["busy"] is not None and machine["busy"] > machine["cores"] / 2:
        lines.append(
            f"The machine was busy ({machine['busy']:.1f} other processes wanted to run on {machine['cores']} "
            "cores): two threads had no two cores for themselves."
        )
    note = steady_note([row.timings[1]["rillet"].steady for row in measured], max(THREADS))
    if note:
        lines.append(note)
    lines += [f"{row.entry.name}: not measured: {row.problem}" for row in rows if row.problem]
    return "\n".join(lines)


def _cells(row: Row, peak: Mapping[str, float]) -> list[str]:
    one, two = (row.timings[n] for n in THREADS)
    rate = row.mmac * 1e3 / one["rillet"].median_us
    top = peak["float_gmac_per_s" if row.entry.kind == "float" else "int8_gmac_per_s"]
    mine, theirs = row.load["rillet"], row.load["litert"]
    return [
        row.entry.name,
        f"{one['rillet'].median_us:.1f}",
        f"{one['litert'].median_us:.1f}",
        f"{row.speedup[1]:.2f}x",
        f"{row.entry.aim:.2f}x",
        f"{rate:.0f}",
        f"{rate / top:.0%}",
        f"{two['rillet'].median_us:.1f}",
        f"{two['litert'].median_us:.1f}",
        f"{row.speedup[2]:.2f}x",
        f"{row.scaling or 0:.2f}x",
        f"{row.lesser['avx2']:.2f}x" if "avx2" in row.lesser else "",
        f"{mine['first_ms']:.1f}",
        f"{theirs['first_ms']:.1f}",
        f"{mine['growth_bytes'] / 1e6:.1f}",
        f"{theirs['growth_bytes'] / 1e6:.1f}",
        f"{row.max_difference or 0:.3g}",
    ]


def aligned(cells: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """A Markdown table, readable as text too; all columns but the first `left` flush right."""
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]

    def line(row: Sequence[str]) -> str:
        padded = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i < left else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return [line(cells[0]), rule, *map(line, cells[1:])]


def chart(rows: Sequence[Row], machine: str) -> Any:
    """Times faster than LiteRT, each model on one thread (solid) and two (pale), and its aim as a mark."""
    measured = [row for row in rows if row.timings]
    drawn, axes = figure(8.2, 1.2 + 0.42 * len(measured))
    for place, row in enumerate(measured):
        for offset, threads in zip((-0.19, 0.19), THREADS, strict=True):
            value = row.speedup[threads]
            colour, strength = BLUE if value >= 1 else RED, 1 if threads == 1 else 0.45
            axes.barh(place + offset, value, height=0.36, color=colour, alpha=strength)
            axes.text(value, place + offset, f" {value:.2f}x", va="center", fontsize=7)
        axes.plot([row.entry.aim] * 2, [place - 0.38, place + 0.38], color="#111827", linewidth=1.4)
    axes.set_yticks(range(len(measured)), [row.entry.name for row in measured], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1, color="#6b7280", linewidth=0.8)
    axes.margins(x=0.08)
    axes.set_xlabel("times faster than LiteRT: one thread, two threads (pale); the mark is the aim on one")
    axes.set_title(machine, fontsize=10)
    return drawn
