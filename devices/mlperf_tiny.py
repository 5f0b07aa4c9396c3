"""A device that answers MLPerf Tiny's text protocol, ours or any (github.com/mlcommons/tiny, benchmark/runner)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from .errors import DeviceError, LinkError
from .link import ByteStream

_READY = "m-ready"
# The reference firmware takes commands of at most 80 characters; the public runner sends so many bytes at once.
_LOAD_BYTES = 31


@dataclass(frozen=True)
class Inference:
    """What `infer` reported: microseconds by the device's clock for all measured iterations, and the results."""

    us: int
    results: tuple[float, ...]


class MlperfTinyDevice:
    """Speaks to one device.

    Args:
        timeout_s: how long the device may take for a command other than `infer`.

    Raises:
        LinkError: what is there does not answer.
    """

    def __init__(self, stream: ByteStream, timeout_s: float = 5.0) -> None:
        self._stream = stream
        self._timeout_s = timeout_s
        self._received = b""
        stream.write(b"\0")  # ends whatever noise has come before; no command of the protocol holds it
        self.name = self._field("name", r"m-name-dut-\[([^]]*)\]")
        self.model = self._field("profile", r"m-model-\[([^]]*)\]")

    def __enter__(self) -> MlperfTinyDevice:
        return self

    def __exit__(self, *ignored: object) -> None:
        self._stream.close()

    def load(self, data: bytes) -> None:
        """Sends the input of the next inferences. Raises DeviceError where the device takes another size."""
        self.command(f"db load {len(data)}")
        lines: list[str] = []
        for at in range(0, len(data), _LOAD_BYTES):
            lines = self.command(f"db {data[at : at + _LOAD_BYTES].hex()}")
        if "m-load-done" not in lines:
            raise DeviceError(f"{self.name} has not said that all {len(data)} bytes were loaded")

    def infer(self, iterations: int, warm_up: int, timeout_s: float = 600.0) -> Inference:
        """Runs the loaded input through the model, `warm_up` times and then `iterations` times with the clock running.

        Raises:
            DeviceError: the device reports an error, or no times and results.
        """
        text = "\n".join(self.command(f"infer {iterations} {warm_up}", timeout_s))
        laps = [int(lap) for lap in re.findall(r"^m-lap-us-(\d+)$", text, re.MULTILINE)]
        found = re.search(r"^m-results-\[([^]]*)\]$", text, re.MULTILINE)
        if len(laps) != 2 or found is None:
            raise DeviceError(f"{self.name} answered 'infer' without two times and results: {text!r}")
        return Inference(laps[1] - laps[0], tuple(float(v) for v in found[1].split(",") if v.strip()))

    def command(self, text: str, timeout_s: float | None = None) -> list[str]:
        """The lines that the device answers one command with.

        Raises:
            DeviceError: it answers with an error. LinkError: it does not answer in time.
        """
        self._stream.write(f"{text}%".encode())
        lines = self._lines(text, time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s))
        for line in lines:
            if line.startswith("e-["):
                raise DeviceError(f"the device refuses '{text[:40]}': {line[3:].rstrip(']')}")
        return lines

    def _lines(self, command: str, until: float) -> list[str]:
        lines: list[str] = []
        while True:
            line, end, rest = self._received.partition(b"\n")
            if end:
                self._received = rest
                said = line.strip(b"\r\0").decode("ascii", "replace")
                if said == _READY:
                    return lines
                lines.append(said)
                continue
            remaining = until - time.monotonic()
            if remaining <= 0:
                raise LinkError(
                    f"no answer to '{command[:40]}': does the device run firmware that speaks MLPerf Tiny's protocol "
                    "(`rillet flash MODEL -b BOARD --mlperf-tiny`), at this baud rate?"
                )
            self._received += self._stream.read(remaining)

    def _field(self, command: str, pattern: str) -> str:
        for line in self.command(command):
            found = re.fullmatch(pattern, line)
            if found:
                return found[1]
        raise DeviceError(f"the device answered '{command}' without its line {pattern}")
