"""The firmware's SHA-512 and Ed25519 check against the RFC's examples and the cryptography library."""

from __future__ import annotations

import ctypes
import hashlib
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from rillet.boards.sources import source_root

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")

# RFC 8032, section 7.1, tests 1 to 3 and SHA(abc): public key, message, signature.
EXAMPLES = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
        "2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
        "d9bef1177331a704",
    ),
]
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
HASH = """
#include "sha512.h"
void hash(const uint8_t *data, uint32_t length, uint32_t piece, uint8_t *digest);
void hash(const uint8_t *data, uint32_t length, uint32_t piece, uint8_t *digest)
{
    struct fw_sha512 hash;
    fw_sha512_start(&hash);
    for (uint32_t at = 0; at < length; at += piece) {
        fw_sha512_add(&hash, data + at, length - at < piece ? length - at : piece);
    }
    fw_sha512_finish(&hash, digest);
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed")
    folder: Path = tmp_path_factory.mktemp("signatures")
    firmware = source_root() / "firmware"
    (folder / "hash.c").write_text(HASH)
    sources = [folder / "hash.c", firmware / "ed25519.c", firmware / "sha512.c"]
    checks = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    command = ["cc", "-std=c11", "-O1", *checks, "-shared", "-fPIC", f"-I{firmware}", "-o", folder / "signatures.so"]
    subprocess.run([*command, *sources], check=True)
    return ctypes.CDLL(str(folder / "signatures.so"))


def verify(library: ctypes.CDLL, signature: bytes, key: bytes, message: bytes) -> bool:
    return bool(library.fw_ed25519_verify(signature, key, message, len(message)))


def test_sha512_of_every_length_and_piece(library: ctypes.CDLL) -> None:
    source = random.Random(1)
    for length in [*range(260), 1000, 4096]:
        message = source.randbytes(length)
        digest = ctypes.create_string_buffer(64)
        library.hash(message, length, source.randrange(1, 200), digest)
        assert digest.raw == hashlib.sha512(message).digest()


@pytest.mark.parametrize(("key", "message", "signature"), EXAMPLES)
def test_examples_of_the_rfc(library: ctypes.CDLL, key: str, message: str, signature: str) -> None:
    parts = [bytes.fromhex(text) for text in (signature, key, message)]
    assert verify(library, *parts)
    assert not verify(library, parts[0], parts[1], parts[2] + b"\0")


def test_the_same_verdict_as_the_library(library: ctypes.CDLL) -> None:
    """Signatures as they are, and with one bit of signature, key or message changed."""
    source = random.Random(2)
    for length in range(40):
        private = ed25519.Ed25519PrivateKey.from_private_bytes(source.randbytes(32))
        message = source.randbytes(length)
        parts = [private.sign(message), private.public_key().public_bytes_raw(), message]
        assert verify(library, *parts)
        for part in range(3 if length else 2):
            spoilt = [bytearray(p) for p in parts]
            spoilt[part][source.randrange(len(spoilt[part]))] ^= 1 << source.randrange(8)
            assert not verify(library, *map(bytes, spoilt))


def test_forms_that_a_strict_check_refuses(library: ctypes.CDLL) -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key, message = private.public_key().public_bytes_raw(), b"model"
    signature = private.sign(message)
    larger = int.from_bytes(signature[32:], "little") + ORDER  # the same modulo the order
    assert not verify(library, signature[:32] + larger.to_bytes(32, "little"), key, message)
    for y in (PRIME, PRIME + 1, 2, 7):  # not below p; of no point
        assert not verify(library, signature, y.to_bytes(32, "little"), message)
    zero_with_sign = (1 | 1 << 255).to_bytes(32, "little")
    assert not verify(library, signature, zero_with_sign, message)
