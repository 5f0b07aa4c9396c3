"""The page of a quantization: error per layer, as a picture and a table."""

from __future__ import annotations

from pathlib import Path

from ..quantize import ErrorReport
from .html import write_report
from .journey import Journey, LayerNoise


def write_conversion_page(source: str, recipe: str, errors: ErrorReport | None, path: Path) -> None:
    """Writes the HTML page of a quantization."""
    write_report(Journey(Path(source).name, recipe, noise=layer_noise(errors)), path)


def layer_noise(errors: ErrorReport | None) -> list[LayerNoise]:
    """The quantizer's error report in the form that pages draw; perfect layers count as 120 dB."""
    if errors is None:
        return []
    return [LayerNoise(e.layer, min(e.sqnr_db, 120.0), e.max_abs) for e in errors.layers]
