"""Error of every layer: the quantized model against the float one on the same samples."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import Model, Tensor
from .observe import Sample, observe
from .quantizer import Quantized

_PERFECT_DB = 200.0


@dataclass
class LayerError:
    """One tensor. Errors are in real units; `sqnr_db` is 10 log10(signal power / error power), 200 where exact."""

    layer: str
    kind: str
    tensor: str
    shape: tuple[int | None, ...]
    dtype: str
    sqnr_db: float
    max_abs: float
    rms_error: float
    rms_signal: float
    scale: float | None = None
    zero_point: int | None = None


@dataclass
class ErrorReport:
    """Layers, worst first."""

    samples: int
    layers: list[LayerError] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `json.dump` takes it."""
        return asdict(self)

    def to_text(self, rows: int | None = None) -> str:
        """A table of the worst `rows` layers (all: None)."""
        shown = self.layers[:rows]
        width = max([len(e.layer) for e in shown], default=5)
        width = min(max(width, 5), 48)
        lines = [f"{'layer':{width}}  {'op':18} {'SQNR dB':>8} {'max error':>10} {'rms error':>10} {'rms':>9}"]
        lines += [
            f"{_shortened(e.layer, width):{width}}  {e.kind[:18]:18} {e.sqnr_db:8.1f} {e.max_abs:10.4g} "
            f"{e.rms_error:10.4g} {e.rms_signal:9.4g}"
            for e in shown
        ]
        return "\n".join(lines)


@dataclass
class _Sums:
    signal: float = 0.0
    error: float = 0.0
    largest: float = 0.0
    count: int = 0

    def add(self, real: NDArray[np.float64], approximate: NDArray[np.float64]) -> None:
        difference = approximate - real
        self.signal += float(np.sum(real * real))
        self.error += float(np.sum(difference * difference))
        self.largest = max(self.largest, float(np.abs(difference).max(initial=0.0)))
        self.count += real.size


def error_report(quantized: Quantized, samples: Iterable[Sample], limit: int = 8) -> ErrorReport:
    """Runs both models on at most `limit` samples (float arrays by input name) and compares tensor by tensor.

    The error of a tensor holds all that went wrong before it, as it does on the device.
    """
    chosen = list(itertools.islice(samples, limit))
    reference = {t.name: t for t in quantized.reference.main.tensors() if not t.is_constant}
    pairs = {name: stored for name, stored in quantized.stored.items() if name in reference}
    real = _values(quantized.reference, chosen, pairs)
    stored_tensors = {t.name: t for t in quantized.model.main.tensors()}
    stored = _values(quantized.model, _as_stored(quantized.model, chosen), pairs.values())
    kinds = {t.name: op for op in quantized.reference.main.ops for t in op.outputs}
    layers = []
    for name, other in pairs.items():
        if name not in kinds or other not in stored:
            continue
        sums, tensor = _Sums(), stored_tensors[other]
        for a, b in zip(real[name], stored[other], strict=True):
            sums.add(a.astype(np.float64), _real(tensor, b))
        layers.append(_layer(name, kinds[name].where, kinds[name].kind, tensor, sums))
    layers.sort(key=lambda e: e.sqnr_db)
    return ErrorReport(len(chosen), layers)


def _values(model: Model, samples: Iterable[Sample], names: Iterable[str]) -> dict[str, list[NDArray[np.generic]]]:
    wanted = set(names)
    tensors = [t for t in model.main.tensors() if t.name in wanted and not t.is_constant]
    found: dict[str, list[NDArray[np.generic]]] = {t.name: [] for t in tensors}
    observe(model, samples, tensors, lambda t, v: found[t.name].append(v.copy()))
    return found


def _as_stored(model: Model, samples: Iterable[Sample]) -> list[Sample]:
    """The samples as the quantized model takes them."""
    converted: list[Sample] = []
    for sample in samples:
        row = {}
        for tensor, values in zip(model.main.inputs, sample.values(), strict=True):
            q = tensor.quantization
            if q is not None and q.scale.size and tensor.dtype.is_integer and values.dtype.kind == "f":
                row[tensor.name] = q.quantize(np.asarray(values, np.float32), tensor.dtype)
            else:
                row[tensor.name] = values
        converted.append(row)
    return converted


def _real(tensor: Tensor, values: NDArray[np.generic]) -> NDArray[np.float64]:
    q = tensor.quantization
    if tensor.dtype.is_integer and q is not None and q.scale.size:
        return q.dequantize(values).astype(np.float64)
    return values.astype(np.float64)


def _layer(name: str, where: str, kind: str, tensor: Tensor, sums: _Sums) -> LayerError:
    count = max(sums.count, 1)
    ratio = sums.signal / sums.error if sums.error else np.inf
    q = tensor.quantization if tensor.dtype.is_integer else None
    has_scale = q is not None and q.scale.size == 1
    return LayerError(
        layer=where,
        kind=kind,
        tensor=name,
        shape=tensor.shape,
        dtype=tensor.dtype.name.lower(),
        sqnr_db=float(min(10 * np.log10(max(ratio, 1e-20)), _PERFECT_DB)),
        max_abs=sums.largest,
        rms_error=float(np.sqrt(sums.error / count)),
        rms_signal=float(np.sqrt(sums.signal / count)),
        scale=float(q.scale[0]) if has_scale and q is not None else None,
        zero_point=int(q.zero_point[0]) if has_scale and q is not None else None,
    )


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else "..." + text[-(width - 3) :]
