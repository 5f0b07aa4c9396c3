"""The flashing tools that rillet knows. A new one is an entry here and a table in schema.json."""

from __future__ import annotations

from .tool import Job, Tool

_SERIAL_COMPLAINT = (
    r"could not open|cannot open port|no such file|permission denied|port is busy",
    "cannot open {port}: is the board connected, is another program using the port, and may this user open it "
    "(group dialout)?",
)


def _openocd(job: Job) -> list[list[str]]:
    files = [word for name in job.options["files"] for word in ("-f", name)]
    before = [word for command in job.options["commands"] for word in ("-c", command)]
    # The transport must be chosen after the interface and before the target.
    words = [*files[:2], *before, *files[2:]]
    return [[*words, "-c", f"program {{{job.file}}} verify reset exit"]]


def _custom(job: Job) -> list[list[str]]:
    words: list[str] = job.options["command"]
    files = {kind: str(job.file.with_suffix(f".{kind}")) for kind in ("elf", "hex", "bin")}
    return [[word.format(port=job.port, **files) for word in words[1:]]]


def custom_tool(words: list[str], package: str) -> Tool:
    """The tool of [flash.command], which a board.toml describes itself."""
    text = " ".join(words)
    kind = next((k for k in ("hex", "bin") if "{" + k + "}" in text), "elf")
    install = f"install {package}" if package else f"install {words[0]}"
    return Tool("command", (words[0],), install, kind, _custom, serial="{port}" in text)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "esptool",
            ("esptool", "esptool.py"),
            "pip install esptool, or apt install esptool",
            "bin",
            lambda job: [
                [
                    "--chip", job.options["chip"], "--port", job.port, "--baud", str(job.options["baud"]),
                    "write_flash", hex(job.address), str(job.file),
                ]
            ],
            serial=True,
            complaints=(
                (
                    r"serial exception|lost connection|device disconnected|input/output error",
                    "the line to {port} broke off: {board} may hold half a program; connect it again and repeat, its "
                    "boot ROM is unharmed",
                ),
                (r"wrong chip|this chip is (?!\b{chip}\b)", "the chip at {port} is no {chip}: is this a {board}?"),
                (
                    r"failed to connect|no serial data|timed out waiting for packet",
                    "nothing answers at {port}: hold the board's BOOT button, press RESET, and flash again",
                ),
                _SERIAL_COMPLAINT,
            ),
        ),
        Tool(
            "openocd",
            ("openocd",),
            "apt install openocd, or brew install open-ocd",
            "elf",
            _openocd,
            complaints=(
                (r"can't find .*\.cfg", "this OpenOCD has no file for {board}; version 0.12 has"),
                (
                    r"error: open failed|no ([-\w]+ )?device found|unable to find .*device|unable to open|"
                    r"cannot connect|LIBUSB_ERROR",
                    "no debug probe answers: is {board} connected, and may this user use it (udev rules)?{note}",
                ),
                (r"verify failed|checksum mismatch", "what {board} holds now is not what was written: flash again"),
                (
                    r"unexpected idcode|auto_probe failed|cpuid|not halted",
                    "the probe's chip is not that of {board}: is another board connected?",
                ),
            ),
        ),
        Tool(
            "pyocd",
            ("pyocd",),
            "pip install pyocd",
            "hex",
            lambda job: [["load", "--no-wait", "-t", job.options["target"], str(job.file)]],
            complaints=(
                (
                    r"target type .* not recognized|unknown target|not found in .*pack",
                    "pyocd does not know {target} yet: run `pyocd pack install {target}`",
                ),
                (
                    r"no (connected debug probes|available debug probes|target device available)",
                    "no debug probe answers: is {board} connected?{note}",
                ),
                (r"no ack|transfer error|dp (idr|not)|fault ack", "the probe does not reach the chip of {board}{note}"),
            ),
        ),
        Tool(
            "st-flash",
            ("st-flash",),
            "apt install stlink-tools, or brew install stlink",
            "bin",
            lambda job: [["--reset", "write", str(job.file), hex(job.address)]],
            complaints=(
                (r"couldn't find any st-link", "no ST-Link answers: is {board} connected?{note}"),
                (r"unknown (chip|memory)|not supported", "this st-flash does not know the chip of {board}"),
            ),
        ),
        Tool(
            "bossac",
            ("bossac",),
            "apt install bossa-cli; boards with an nRF52840 need Arduino's own build, which the Arduino IDE installs "
            "with the board's package",
            "bin",
            lambda job: [
                ["-p", job.port, "-e", "-w", *(["-o", hex(job.options["offset"])] if job.options["offset"] else []),
                 "-R", str(job.file)]
            ],
            serial=True,
            touch=True,
            also_in=("~/.arduino15/packages/arduino/tools/bossac/*/bossac",),
            complaints=(
                (
                    r"unsupported|unknown (device|chip)",
                    "this bossac does not know the chip of {board}: take the one that comes with the Arduino IDE "
                    "(name it in the variable RILLET_BOSSAC)",
                ),
                (r"no device found", "no boot loader answers at {port}{note}"),
            ),
        ),
        Tool(
            "dfu-util",
            ("dfu-util",),
            "apt install dfu-util, or brew install dfu-util",
            "bin",
            lambda job: [
                ["-d", job.options["usb_id"], "-a", str(job.options["alt"]), "-s", f"{job.address:#x}:leave", "-D",
                 str(job.file)]
            ],
            complaints=(
                (
                    r"no dfu capable usb device",
                    "no boot loader answers at USB {usb_id}: start {board} in its boot loader (BOOT0 high){note}",
                ),
                (r"cannot open dfu device|LIBUSB_ERROR_ACCESS", "may this user use USB {usb_id} (udev rules)?"),
            ),
        ),
        Tool(
            "avrdude",
            ("avrdude",),
            "apt install avrdude, or brew install avrdude",
            "hex",
            lambda job: [
                ["-c", job.options["programmer"], "-p", job.options["part"], "-P", job.port, "-U",
                 f"flash:w:{job.file}:i"]
            ],
            serial=True,
            complaints=(
                (r"not in sync|did not respond|programmer is not responding", "nothing answers at {port}{note}"),
                (r"signature", "the chip at {port} is no {part}: is this a {board}?"),
                _SERIAL_COMPLAINT,
            ),
        ),
        Tool(
            "adb",
            ("adb",),
            "apt install adb",
            "elf",
            lambda job: [
                ["push", str(job.file), f"{job.options['folder']}/rillet-firmware"],
                ["shell", "chmod", "755", f"{job.options['folder']}/rillet-firmware"],
            ],
            complaints=(
                (r"no devices/emulators found", "no device answers: connect it, and allow USB debugging on it"),
                (r"unauthorized", "the device does not trust this machine yet: confirm the question on its screen"),
                (r"more than one device", "several devices are connected: name one in the variable ANDROID_SERIAL"),
            ),
        ),
    )
}  # fmt: skip
