"""The page of `rillet bench --device --html`: where one inference goes, layer by layer, on device and host."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..boards.measure import DeviceBench, StepCost
from ..ir import RilletError
from .html import page, write_page

# By what the operator does, so that a look tells convolutions from the rest.
_COLOURS = {
    "CONV_2D": "#2563eb",
    "DEPTHWISE_CONV_2D": "#059669",
    "FULLY_CONNECTED": "#7c3aed",
    "ADD": "#d97706",
    "AVERAGE_POOL_2D": "#db2777",
    "MAX_POOL_2D": "#db2777",
    "MEAN": "#db2777",
}
_OTHER = "#6b7280"
_HOST = "#9ca3af"
_STYLE = """
.flame { display: flex; height: 3.2rem; margin: .3rem 0; border-radius: .3rem; overflow: hidden }
.flame div { box-shadow: inset -1px 0 #fff; color: #fff; font-size: .72rem; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; text-indent: .25rem }
td.layer { max-width: 13rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis }
.bar { display: inline-block; height: .7rem; border-radius: .15rem; vertical-align: middle }
td.pair { min-width: 10rem; line-height: .8rem } .key span { margin-right: 1rem; white-space: nowrap }
"""


def write_device_page(result: DeviceBench, path: Path) -> None:
    """Writes the page, whole or not at all. Raises RilletError where the name does not end in .html."""
    if path.suffix != ".html":
        raise RilletError(f"--html {path}: give a name that ends in .html")
    write_page(render_device_page(result), path)


def render_device_page(result: DeviceBench) -> str:
    """The page as text."""
    device = sum(step.cost for step in result.steps) or 1.0
    host = sum(step.host_us for step in result.steps) or 1.0
    note = " (an emulator counts instructions, not cycles)" if result.unit == "instructions" else ""
    per_mac = f", {result.per_run / result.macs:.3g} a multiply-accumulate" if result.macs else ""
    body = [
        f"<p>{_number(result.per_run)} {escape(result.unit)} for one inference{note}{per_mac}; "
        f"{result.macs / 1e6:.3f} MMAC; arena {result.arena_bytes:,} bytes, stack {result.stack_used_bytes:,} bytes. "
        f"This machine takes {result.host_us:,.1f} us.</p>",
        f"<h2>On {escape(result.device)}</h2>{_flame(result.steps, [s.cost / device for s in result.steps])}",
        f"<h2>On this machine</h2>{_flame(result.steps, [s.host_us / host for s in result.steps])}",
        _key(result.steps),
        _layers(result, device, host),
    ]
    return page(f"{result.model} on {result.device}", _STYLE, body)


def _flame(steps: list[StepCost], shares: list[float]) -> str:
    parts = [
        f"<div style='width:{100 * share:.3f}%;background:{_colour(step)}' "
        f"title='{escape(step.layer, quote=True)}: {100 * share:.1f}%, {escape(step.kernel)}, {escape(step.shape)}'>"
        f"{escape(step.layer) if share > 0.04 else ''}</div>"
        for step, share in zip(steps, shares, strict=True)
        if share > 0
    ]
    return f"<div class='flame'>{''.join(parts)}</div>"


def _key(steps: list[StepCost]) -> str:
    kinds = {step.op if step.op in _COLOURS else "other": _colour(step) for step in steps}
    shown = "".join(
        f"<span><i class='bar' style='width:.7rem;background:{colour}'></i> {escape(kind)}</span>"
        for kind, colour in kinds.items()
    )
    return f"<p class='key note'>{shown}</p>"


def _layers(result: DeviceBench, device: float, host: float) -> str:
    heads = ["", "layer", "operator, kernel", "output", result.unit, "share", "per MAC", "MMAC", "bytes", "host us", ""]
    numeric = (0, 4, 5, 6, 7, 8, 9)
    top = "".join(f"<th{' class=n' if i in numeric else ''}>{escape(h)}</th>" for i, h in enumerate(heads))
    widest = max((max(s.cost / device, s.host_us / host) for s in result.steps), default=1.0) or 1.0
    rows = []
    for index, step in enumerate(result.steps):
        cells = [
            str(index),
            escape(step.layer),
            f"{escape(step.op)}<br><span class='note'>{escape(step.kernel)}</span>",
            escape(step.shape),
            _number(step.cost),
            f"{100 * step.cost / device:.1f}%",
            f"{step.cost / step.macs:.3g}" if step.macs else "",
            f"{step.macs / 1e6:.3f}" if step.macs else "",
            f"{step.nbytes:,}" if step.nbytes else "",
            f"{step.host_us:,.2f}" if step.host_us else "",
        ]
        cells[1] = f"<span title='{escape(step.layer, quote=True)}'>{cells[1]}</span>"
        kinds = ["n" if i in numeric else "layer" if i == 1 else "" for i in range(len(cells))]
        columns = "".join(f"<td class='{kind}'>{cell}</td>" for kind, cell in zip(kinds, cells, strict=True))
        bars = _bar(step.cost / device / widest, _colour(step)) + "<br>" + _bar(step.host_us / host / widest, _HOST)
        rows.append(f"<tr>{columns}<td class='pair'>{bars}</td></tr>")
    note = "<p class='note'>The upper bar is a step's share on the device, the lower one that on this machine.</p>"
    return f"<h2>Layer by layer</h2>{note}<table><tr>{top}</tr>{''.join(rows)}</table>"


def _bar(share: float, colour: str) -> str:
    return f"<i class='bar' style='width:{9 * share:.2f}rem;background:{colour}'></i>"


def _colour(step: StepCost) -> str:
    return _COLOURS.get(step.op, _OTHER)


def _number(value: float) -> str:
    """Whole instructions; times with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
