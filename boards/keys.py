"""Keys that sign models: Ed25519 (RFC 8032), in PEM files as `openssl genpkey -algorithm ed25519` writes them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from os import PathLike
from typing import Any

from .board import BoardError


@dataclass(frozen=True)
class SigningKey:
    """A private key. `public`: the 32 bytes that go into firmware."""

    public: bytes
    _private: Any

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return bytes(self._private.sign(message))


def new_key(path: str | PathLike[str]) -> SigningKey:
    """Makes a key and writes it to a file that only its owner can read.

    Raises:
        BoardError: the file is there already (a lost key cannot be made again), or cannot be written.
    """
    ed25519, serialization = _library()
    private = ed25519.Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except FileExistsError:
        raise BoardError(f"'{os.fspath(path)}' is there already: devices may trust the key in it") from None
    except OSError as problem:
        raise BoardError(f"cannot write key '{os.fspath(path)}': {problem.strerror}") from problem
    return SigningKey(private.public_key().public_bytes_raw(), private)


def load_key(path: str | PathLike[str]) -> SigningKey:
    """The key in a PEM file.

    Raises:
        BoardError: it cannot be read, or holds no private Ed25519 key without a password.
    """
    ed25519, serialization = _library()
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as problem:
        raise BoardError(
            f"cannot read key '{os.fspath(path)}': {problem.strerror}; `rillet keys new FILE` makes one"
        ) from problem
    try:
        private = serialization.load_pem_private_key(text, None)
    except (ValueError, TypeError) as problem:
        raise BoardError(f"'{os.fspath(path)}' holds no private key in PEM without a password: {problem}") from problem
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise BoardError(f"'{os.fspath(path)}' holds a key of another kind than Ed25519")
    return SigningKey(private.public_key().public_bytes_raw(), private)


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise BoardError("signing models needs the cryptography package: pip install rillet[update]") from None
    return ed25519, serialization
