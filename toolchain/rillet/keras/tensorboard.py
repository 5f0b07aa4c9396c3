"""Event files for TensorBoard: scalars, histograms and the graph.

A file is a series of TFRecords (length, its masked CRC-32C, bytes, theirs) that hold `Event` messages of
tensorboard/compat/proto (event.proto, summary.proto, graph.proto), which are few enough to encode here.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph
from .callbacks import Callback, Logs

_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # wire types of protocol buffers


class EventWriter:
    """Appends events to a new file in `directory`."""

    def __init__(self, directory: str | Path) -> None:
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{time.monotonic_ns()}.v2"
        self.path = directory / name
        self._file = self.path.open("wb")
        self._write(_text(3, "brain.Event:2"))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """One number."""
        self._summary(_text(1, tag) + _key(2, _FLOAT) + struct.pack("<f", value), step)

    def histogram(self, tag: str, values: NDArray[Any], step: int, buckets: int = 30) -> None:
        """The distribution of an array's elements; those that are no numbers are left out."""
        flat = np.asarray(values, np.float64).ravel()
        flat = flat[np.isfinite(flat)]
        if not flat.size:
            return
        counts, edges = np.histogram(flat, buckets)
        message = b"".join(
            _double(field, float(value))
            for field, value in enumerate((flat.min(), flat.max(), flat.size, flat.sum(), (flat**2).sum()), 1)
        )
        message += _bytes(6, edges[1:].astype("<f8").tobytes()) + _bytes(7, counts.astype("<f8").tobytes())
        self._summary(_text(1, tag) + _bytes(5, message), step)

    def graph(self, graph: Graph) -> None:
        """Operators as nodes, named by the layers they come from."""
        self._write(
            _bytes(4, b"".join(_bytes(1, node) for node in _nodes(graph)) + _bytes(4, _key(1, _VARINT) + b"\x16"))
        )

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _summary(self, value: bytes, step: int) -> None:
        self._write(_key(2, _VARINT) + _varint(step) + _bytes(5, _bytes(1, value)))

    def _write(self, fields: bytes) -> None:
        event = _double(1, time.time()) + fields
        length = struct.pack("<Q", len(event))
        self._file.write(length + _checksum(length) + event + _checksum(event))


class TensorBoard(Callback):
    """Writes losses and metrics (`log_dir`/train and /validation), histograms of weights, and the graph.

    Args:
        histogram_freq: histograms every so many epochs; 0 for none.
        update_freq: "epoch", "batch", or a number of batches after which the loss is also written.
    """

    def __init__(
        self, log_dir: str | Path = "logs", histogram_freq: int = 0, write_graph: bool = True,
        write_steps_per_second: bool = False, update_freq: Any = "epoch",
    ) -> None:  # fmt: skip
        self.log_dir, self.histogram_freq, self.write_graph = Path(log_dir), histogram_freq, write_graph
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = {"epoch": 0, "batch": 1}.get(update_freq, update_freq)
        self._writers: dict[str, EventWriter] = {}
        self._batches = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches, self._graph_written = 0, not self.write_graph

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._started, self._first = time.perf_counter(), self._batches

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.update_freq and self._batches % int(self.update_freq) == 0:
            for name, value in (logs or {}).items():
                self._writer("train").scalar(f"batch_{name}", value, self._batches)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        writer = self._writer("train")
        writer.scalar("epoch_learning_rate", float(self.model.optimizer.learning_rate), epoch)
        if self.write_steps_per_second:
            rate = (self._batches - self._first) / (time.perf_counter() - self._started)
            writer.scalar("epoch_steps_per_second", rate, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.model.every_layer():
                for weight in layer.ordered_own:
                    writer.histogram(f"{layer.name}/{weight.name}", weight.numpy(), epoch)
        if not self._graph_written:
            self._graph_written = True
            writer.graph(self.model.graph().main)
        for each in self._writers.values():
            each.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, part: str) -> EventWriter:
        if part not in self._writers:
            self._writers[part] = EventWriter(self.log_dir / part)
        return self._writers[part]


def _nodes(graph: Graph) -> Iterable[bytes]:
    """NodeDef messages: name, op, inputs."""
    names = {t: _node_name(t.name) for t in graph.tensors()}
    for tensor in graph.inputs:
        yield _text(1, names[tensor]) + _text(2, "Placeholder")
    for tensor in graph.tensors():
        if tensor.is_constant:
            yield _text(1, names[tensor]) + _text(2, "Const")
    for op in graph.ops:
        if not op.outputs:
            continue
        first = names[op.outputs[0]]
        inputs = b"".join(_text(3, names[t]) for t in op.inputs if t is not None)
        yield _text(1, first) + _text(2, op.kind) + inputs
        for number, other in enumerate(op.outputs[1:], 1):
            yield _text(1, names[other]) + _text(2, "Identity") + _text(3, f"{first}:{number}")


def _node_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_./-" else "_" for c in name) or "_"


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _double(field: int, value: float) -> bytes:
    return _key(field, _DOUBLE) + struct.pack("<d", value)


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # Castagnoli's polynomial, reflected
        table.append(value)
    return table


_CRC = _crc_table()


def _checksum(data: bytes) -> bytes:
    """TFRecord's: CRC-32C, turned by 15 bits, plus a constant."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
