"""A child process that speaks the protocol over its standard input and output: the host program, or an emulator."""

from __future__ import annotations

import queue
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Sequence
from typing import IO

from .errors import DeviceError, LinkGone


class ProcessStream:
    """Starts `argv` and talks to it.

    Raises:
        DeviceError: the program cannot be started.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, bufsize=0
            )
        except OSError as problem:
            self._stderr.close()
            raise DeviceError(f"cannot start {self._argv[0]}: {problem.strerror or problem}") from problem
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input: IO[bytes] = self._process.stdin
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = False
        # A thread, because reading a pipe with a time limit has no portable form.
        self._reader = threading.Thread(target=_pump, args=(self._process.stdout, self._chunks), daemon=True)
        self._reader.start()
        # Ends the child when this object is collected or the interpreter exits without close().
        self._finalizer = weakref.finalize(self, _end, self._process)

    def read(self, timeout_s: float) -> bytes:
        """See ByteStream.read."""
        try:
            waits = timeout_s > 0 and not self._ended
            data = self._chunks.get(timeout=timeout_s) if waits else self._chunks.get_nowait()
        except queue.Empty:
            if self._ended:
                raise LinkGone(self._obituary()) from None
            return b""
        if not data:
            self._ended = True
            raise LinkGone(self._obituary())
        return data

    def write(self, data: bytes) -> None:
        """See ByteStream.write."""
        try:
            view = memoryview(data)
            while view:
                view = view[self._input.write(view) :]
        except (OSError, ValueError) as problem:
            raise LinkGone(self._obituary()) from problem

    def close(self) -> None:
        """Ends the process, gently first."""
        self._finalizer()
        self._reader.join(timeout=2)
        self._stderr.close()

    def _obituary(self) -> str:
        try:
            code: object = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = "unknown"
        said = ""
        if not self._stderr.closed:
            self._stderr.seek(0)
            lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
            said = f": {lines[-1]}" if lines else ""
        return f"{self._argv[0]} ended (exit status {code}){said}"


def _pump(source: IO[bytes], chunks: queue.SimpleQueue[bytes]) -> None:
    """Moves what comes into the queue; an empty chunk says that nothing more will."""
    while True:
        try:
            data = source.read(65536)
        except (OSError, ValueError):
            data = b""
        chunks.put(data or b"")
        if not data:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # unsent bytes to a process that is gone
                continue
