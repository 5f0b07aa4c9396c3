"""The .tflite format: schema as data, reader and writer."""

from .errors import FlatbufferError
from .reader import read, read_program
from .writer import tensor_order, write, write_bytes, write_room

__all__ = ["FlatbufferError", "read", "read_program", "tensor_order", "write", "write_bytes", "write_room"]
