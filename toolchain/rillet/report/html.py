"""report.html: one self-contained page with the pictures of a deployment."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from ..ir import replacing
from . import plots
from .journey import Journey

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; max-width: 62rem; margin: 2.5rem auto; padding: 0 1.2rem }
h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem }
.lead { color: #4b5563; margin-top: 0 } table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .22rem .9rem .22rem 0; text-align: left; border-bottom: 1px solid #e5e7eb; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } svg { max-width: 100%; height: auto }
.warn { background: #fef3c7; padding: .5rem .8rem; border-radius: .4rem }
.ok { color: #047857; font-weight: 600 } .note { color: #6b7280; font-size: .9rem }
"""


def write_report(journey: Journey, path: Path) -> None:
    """Writes the page; the old one stays until the new one is whole."""
    write_page(render(journey), path)


def write_page(text: str, path: Path) -> None:
    """Writes a page; an old one stays until the new one is whole."""
    with replacing(path) as file:
        file.write(text.encode())


def page(title: str, style: str, body: Sequence[str]) -> str:
    """A self-contained page with this title, `style` added to the style of all pages."""
    return (
        "<!doctype html>\n<html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(section for section in body if section)
        + "\n</html>\n"
    )


def render(journey: Journey) -> str:
    """The page as text. Sections without data are left out."""
    target = f" on {journey.board}" if journey.board else ""
    sections = [
        _stages(journey),
        _warnings(journey),
        _sizes(journey),
        _accuracy(journey),
        _speed(journey),
        _noise(journey),
        _memory(journey),
        _device(journey),
    ]
    description = f" &middot; {escape(journey.board_description)}" if journey.board_description else ""
    lead = f"<p class='lead'>recipe {escape(journey.recipe)}{description}</p>"
    return page(f"{journey.source}{target}", "", [lead, *sections])


def _stages(journey: Journey) -> str:
    rows = [[s.name, f"{s.seconds:.2f} s", s.summary] for s in journey.stages]
    proof = f"<p class='ok'>{escape(journey.verification)}</p>" if journey.verification else ""
    return "<h2>The journey</h2>" + _table(["stage", "time", "what happened"], rows, numeric=(1,)) + proof


def _warnings(journey: Journey) -> str:
    return "".join(f"<p class='warn'>{escape(text)}</p>" for text in journey.warnings)


def _sizes(journey: Journey) -> str:
    if not journey.sizes:
        return ""
    chart = plots.svg(plots.bars({k: v / 1024 for k, v in journey.sizes.items()}, "KB", labels="{:,.1f}"))
    return f"<h2>Size, before and after</h2>{chart}"


def _accuracy(journey: Journey) -> str:
    if not journey.accuracy:
        return ""
    chart = plots.svg(plots.bars({k: 100 * v for k, v in journey.accuracy.items()}, "%", labels="{:.2f}"))
    counts = ", ".join(f"{name}: {count} samples" for name, count in journey.accuracy_samples.items())
    return f"<h2>Accuracy on the test data</h2>{chart}<p class='note'>{escape(counts)}</p>"


def _speed(journey: Journey) -> str:
    speed = journey.speed
    if speed is None:
        return ""
    times = {"rillet": speed.rillet.median_us}
    if speed.peer is not None and speed.peer_name is not None:
        times[speed.peer_name] = speed.peer.median_us
    chart = plots.svg(plots.bars(times, "us", highlight="rillet", labels="{:,.1f}"))
    note = f"median of single runs, {speed.threads} thread, interleaved, on {journey.machine}"
    return f"<h2>Speed on this machine</h2>{chart}<p class='note'>{escape(note)}</p>"


def _noise(journey: Journey) -> str:
    if not journey.noise:
        return ""
    chart = plots.svg(plots.layer_errors([n.layer for n in journey.noise], [n.sqnr_db for n in journey.noise]))
    worst = sorted(journey.noise, key=lambda n: n.sqnr_db)[:5]
    rows = [[n.layer, f"{n.sqnr_db:.1f} dB", f"{n.max_abs:.4g}"] for n in worst]
    return f"<h2>Quantization error per layer</h2>{chart}<p>The worst layers:</p>" + _table(
        ["layer", "SQNR", "largest error"], rows, numeric=(1, 2)
    )


def _memory(journey: Journey) -> str:
    if not journey.memory:
        return ""
    boxes = [(b.name, b.first_step, b.last_step, b.offset, b.nbytes) for b in journey.memory]
    chart = plots.svg(plots.memory_map(boxes, journey.arena_bytes, journey.step_count))
    text = (
        f"The arena takes {journey.arena_bytes:,} bytes; "
        f"{journey.arena_lower_bound:,} bytes are alive at once at the worst step."
    )
    rows = [
        [name, f"{used:,}", f"{limit:,}", f"{100 * used / limit:.1f}%"]
        for name, (used, limit) in journey.board_memory.items()
    ]
    table = _table(["memory of the board", "used", "of", ""], rows, numeric=(1, 2, 3)) if rows else ""
    return f"<h2>Memory over time</h2><p>{text}</p>{chart}{table}"


def _device(journey: Journey) -> str:
    if not journey.device_layers:
        return ""
    layers = sorted(journey.device_layers, key=lambda layer: -layer.cost)[:12]
    total = sum(layer.cost for layer in journey.device_layers) or 1.0
    rows = [[each.layer, each.kernel, f"{each.cost:,.0f}", f"{100 * each.cost / total:.1f}%"] for each in layers]
    unit = escape(journey.device_unit)
    return (
        f"<h2>On the board</h2><p>{journey.device_cost:,.0f} {unit} for one inference"
        f"{' (an emulator counts instructions, not cycles)' if unit == 'instructions' else ''}.</p>"
        + _table(["layer", "kernel", journey.device_unit, "share"], rows, numeric=(2, 3))
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    def cells(values: Sequence[str], tag: str) -> str:
        return "".join(f"<{tag}{' class=n' if i in numeric else ''}>{escape(v)}</{tag}>" for i, v in enumerate(values))

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><tr>{cells(headings, 'th')}</tr>{body}</table>"
