"""Devices that run models: the interface, the wire protocol and the transports. Imports nothing else of rillet."""

from .device import Device, Duration, Kind
from .errors import DeviceError, DeviceFault, LinkError, LinkGone, RequestRefused
from .fault import Fault
from .link import ByteStream, Link
from .mlperf_tiny import Inference, MlperfTinyDevice
from .process import ProcessStream
from .protocol import Capability, Info, Memory, SignatureInfo, TensorInfo
from .registry import ENTRY_POINT_GROUP, OpenOptions, device_kinds, open_device, open_stream
from .serial_port import SerialStream, find_port

__all__ = [
    "ENTRY_POINT_GROUP", "ByteStream", "Capability", "Device", "DeviceError", "DeviceFault", "Duration", "Fault",
    "Inference", "Info", "Kind", "Link", "LinkError", "LinkGone", "Memory", "MlperfTinyDevice", "OpenOptions",
    "ProcessStream", "RequestRefused", "SerialStream", "SignatureInfo", "TensorInfo", "device_kinds", "find_port",
    "open_device", "open_stream",
]  # fmt: skip
