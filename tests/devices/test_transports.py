"""Serial ports (a pseudo-terminal, a socket), finding them, and kinds of device from other packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rillet.boards import Firmware
from rillet.devices import DeviceError, LinkError, OpenOptions, find_port, open_device

pty = pytest.importorskip("pty", reason="pseudo-terminals are a POSIX thing")
tty = pytest.importorskip("tty")


def test_a_serial_port(firmware: Firmware) -> None:
    far, near = pty.openpty()
    tty.setraw(near)
    process = subprocess.Popen([str(firmware.path)], stdin=far, stdout=far)
    os.close(far)
    try:
        with open_device(f"serial:{os.ttyname(near)}", OpenOptions(baud=115200)) as device:
            assert device.kind.name == "serial"
            data = bytes(range(256)) * 8
            device.write(0, data)
            assert device.read(0, len(data)) == data
            process.kill()
            process.wait()
            with pytest.raises(LinkError):
                device.read(0, 4)
    finally:
        process.kill()
        os.close(near)


def test_a_socket(firmware: Firmware) -> None:
    # Serves one connection with the program's standard input and output, as inetd does.
    code = (
        "import os, socket, sys\n"
        "server = socket.create_server(('127.0.0.1', 0)); print(server.getsockname()[1], flush=True)\n"
        "s = server.accept()[0]; os.dup2(s.fileno(), 0); os.dup2(s.fileno(), 1); os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(firmware.path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with open_device(f"serial:socket://127.0.0.1:{port}") as device:
            data = bytes(range(256)) * 8
            device.write(0, data)
            assert device.read(0, len(data)) == data
        process.wait(timeout=5)


def test_finding_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial.tools import list_ports
    from serial.tools.list_ports_common import ListPortInfo

    def port(device: str, vid: int | None, pid: int | None) -> ListPortInfo:
        info = ListPortInfo(device)
        info.vid, info.pid, info.description = vid, pid, "thing"
        return info

    there = [port("/dev/ttyS0", None, None), port("/dev/ttyACM0", 0x2E8A, 0x000C), port("/dev/ttyUSB0", 0x10C4, 0xEA60)]
    monkeypatch.setattr(list_ports, "comports", lambda: there)
    assert find_port(["2e8a:000c", "ffff:0001"]) == "/dev/ttyACM0"
    with pytest.raises(DeviceError, match=r"several .*ttyACM0.*ttyUSB0.*name one, as in serial:/dev/ttyACM0"):
        find_port()
    with pytest.raises(DeviceError, match=r"no serial port .*1234:5678.*/dev/ttyACM0"):
        find_port(["1234:5678"])
    monkeypatch.setattr(list_ports, "comports", list)
    with pytest.raises(DeviceError, match=r"no .*serial port"):
        find_port()


def test_kinds_of_device_from_other_packages(
    firmware: Firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far_away.py").write_text(
        "from rillet.devices import Device, Kind, ProcessStream\n"
        "def open(address, options):\n"
        "    return Device(ProcessStream([address]), Kind('far'))\n"
    )
    package = tmp_path / "far_away-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: far-away\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[rillet.devices]\nfar = far_away:open\nhost = far_away:open\nbroken = no_such_module:open\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with open_device(f"far:{firmware.path}") as device:
        assert device.kind.name == "far"
    with open_device("host", OpenOptions(program=[str(firmware.path)])) as device:
        assert device.kind.name == "host"
    with pytest.raises(DeviceError, match="'broken' is broken: No module named 'no_such_module'"):
        open_device("broken")
