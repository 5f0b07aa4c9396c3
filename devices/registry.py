"""open_device: from a few words ("emulator", "serial:/dev/ttyUSB0") to a Device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from .device import Device, Kind
from .errors import DeviceError
from .link import ByteStream
from .process import ProcessStream
from .serial_port import SerialStream, find_port

ENTRY_POINT_GROUP = "rillet.devices"


@dataclass(frozen=True)
class OpenOptions:
    """What a board knows about reaching its firmware; each kind of device takes what it needs.

    program: command line that starts the host program or the emulator; instructions_per_tick: see Kind; baud,
    usb_ids ("vid:pid"): for serial ports; start_timeout_s: how long a serial device may take to begin to answer.
    """

    program: Sequence[str] = ()
    instructions_per_tick: float | None = None
    baud: int = 115200
    usb_ids: Sequence[str] = ()
    start_timeout_s: float = 10.0


Opener = Callable[[str, OpenOptions], Device]


def open_device(spec: str, options: OpenOptions | None = None) -> Device:
    """Opens a device and says HELLO to it.

    Args:
        spec: "kind" or "kind:address". Built in are `host` and `emulator` (start `options.program`), `serial` (the one
            port that fits `options.usb_ids`) and `serial:PORT` (a port's name or a pyserial URL). Packages add kinds
            with the entry point group `rillet.devices`: a function (address, options) -> Device.

    Raises:
        DeviceError: no such kind, or the device cannot be opened. LinkError: it does not answer.
    """
    name, _, address = spec.partition(":")
    kinds = device_kinds()
    if name not in kinds:
        raise DeviceError(f"no device kind '{name}'; there are {', '.join(sorted(kinds))}")
    return kinds[name](address, options or OpenOptions())


def device_kinds() -> Mapping[str, Opener]:
    """All kinds by name; installed packages' own come after the built-in ones and cannot replace them."""
    kinds: dict[str, Opener] = {"host": _open_host, "emulator": _open_emulator, "serial": _open_serial}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        kinds.setdefault(entry.name, _Plugin(entry.name, entry.load))
    return kinds


@dataclass(frozen=True)
class _Plugin:
    """Imports a package's opener only when it is used."""

    name: str
    load: Callable[[], Opener]

    def __call__(self, address: str, options: OpenOptions) -> Device:
        try:
            opener = self.load()
        except Exception as problem:
            raise DeviceError(f"the package that provides device kind '{self.name}' is broken: {problem}") from problem
        return opener(address, options)


def _open_host(address: str, options: OpenOptions) -> Device:
    return Device(_process_stream("host", address, options), Kind("host"))


def _open_emulator(address: str, options: OpenOptions) -> Device:
    return Device(_process_stream("emulator", address, options), Kind("emulator", options.instructions_per_tick))


def _open_serial(address: str, options: OpenOptions) -> Device:
    # A full frame of 1 KiB and its reply, twice over, beside the usual second.
    timeout_s = 1.0 + 2 * 2 * 1100 * 10 / options.baud
    kind = Kind("serial", timeout_s=timeout_s)
    return Device(_serial_stream(address, options), kind, start_timeout_s=options.start_timeout_s)


def open_stream(spec: str, options: OpenOptions | None = None) -> ByteStream:
    """The bare byte stream of a built-in kind of device, for other protocols than rillet's frames.

    Raises:
        DeviceError: another kind, or it cannot be opened.
    """
    kind, _, address = spec.partition(":")
    options = options or OpenOptions()
    if kind == "serial":
        return _serial_stream(address, options)
    if kind in ("host", "emulator"):
        return _process_stream(kind, address, options)
    raise DeviceError(f"only host, emulator and serial devices speak protocols of text, not '{kind}'")


def _process_stream(kind: str, address: str, options: OpenOptions) -> ByteStream:
    return ProcessStream(_program(kind, address, options))


def _serial_stream(address: str, options: OpenOptions) -> ByteStream:
    return SerialStream(address or find_port(options.usb_ids), options.baud)


def _program(kind: str, address: str, options: OpenOptions) -> Sequence[str]:
    if address or not options.program:
        raise DeviceError(f"device '{kind}' runs a program built for a board: write '{kind}' alone and give a board")
    return options.program
