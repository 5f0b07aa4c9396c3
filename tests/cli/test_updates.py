"""rillet keys, build --updatable and flash --model-only, as a user types them."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="needs cryptography: pip install rillet[update]")
from tests.boards.small_models import dense_int8
from tests.boards.tools import need_tools

from .conftest import Rillet

NEW = ("--updatable", "--kernels", "same")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With three models and a key's place."""
    need_tools("host")
    for seed in range(3):
        (tmp_path / f"m{seed}.tflite").write_bytes(dense_int8(seed))
    (tmp_path / "large.tflite").write_bytes(dense_int8(9, 400, 900))
    return tmp_path


def test_a_model_is_replaced(rillet: Rillet, folder: Path) -> None:
    key, out = folder / "key.pem", folder / "out"
    made = rillet("keys", "new", key)
    assert made.status == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = json.loads(rillet("keys", "show", key, "--json").out)["public"]
    assert public in made.out
    assert "is there already" in rillet("keys", "new", key).err

    built = rillet("build", folder / "m0.tflite", "-b", "host", *NEW, "--key", key, "-o", out)
    assert built.status == 0, built.err
    common = ("-b", "host", "--model-only", "--key", key, "-o", out)
    first = rillet("flash", folder / "m1.tflite", *common)
    assert "installed 'm1' as version 2 (before: version 1)" in first.out
    assert "runs this model already" in rillet("flash", folder / "m1.tflite", *common).out
    second = rillet("flash", folder / "m2.tflite", *common, "--model-version", "7", "--verify")
    assert (second.status, "bit for bit" in second.out) == (0, True)
    done = json.loads(rillet("flash", folder / "m0.tflite", *common, "--json").out)
    assert (done["old_version"], done["version"]) == (7, 8)
    old = rillet("flash", folder / "m1.tflite", *common, "--model-version", "8")
    assert old.status == 1
    assert "give --model-version 9" in old.err


def test_older_versions_where_the_firmware_allows_them(rillet: Rillet, folder: Path) -> None:
    key, out = folder / "key.pem", folder / "out"
    rillet("keys", "new", key)
    options = (*NEW, "--key", key, "--model-version", "5", "--allow-downgrade", "-o", out)
    assert rillet("build", folder / "m0.tflite", "-b", "host", *options).status == 0
    common = ("-b", "host", "--model-only", "--key", key, "-o", out)
    assert (
        "as version 2 (before: version 5)" in rillet("flash", folder / "m1.tflite", *common, "--model-version", "2").out
    )


def test_what_goes_wrong_is_said(rillet: Rillet, folder: Path) -> None:
    key, out = folder / "key.pem", folder / "out"
    rillet("keys", "new", key)
    model = folder / "m0.tflite"
    common = ("-b", "host", "-o", out)
    assert "build it first" in rillet("flash", model, *common, "--model-only", "--key", key).err
    assert "rillet keys new FILE" in rillet("build", model, *common, "--updatable").err
    assert "--slot-bytes goes with --updatable" in rillet("build", model, *common, "--slot-bytes", "4096").err
    assert "--key FILE" in rillet("flash", model, *common, "--model-only").err
    assert (
        "--kernels is for building"
        in rillet("flash", model, *common, "--model-only", "--kernels", "all", "--key", key).err
    )
    small = (*NEW, "--key", key, "--slot-bytes")
    assert "multiple of 4096" in rillet("build", model, *common, *small, "5000").err
    assert "--slot-bytes" in rillet("build", folder / "large.tflite", *common, *small, "4096").err

    assert rillet("build", model, *common).status == 0
    assert "build --updatable" in rillet("flash", model, *common, "--model-only", "--key", key).err
    assert rillet("build", model, *common, *small, "16384").status == 0
    large = rillet("flash", folder / "large.tflite", *common, "--model-only", "--key", key).err
    assert "does not fit a slot of the device" in large


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no key", "no private key in PEM"),
        (None, "of another kind than Ed25519"),
    ],
)
def test_files_that_are_no_key(rillet: Rillet, folder: Path, content: bytes | None, said: str) -> None:
    file = folder / "wrong.pem"
    if content is None:
        from cryptography.hazmat.primitives import serialization as s
        from cryptography.hazmat.primitives.asymmetric import x25519

        private = x25519.X25519PrivateKey.generate()
        content = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    file.write_bytes(content)
    assert said in rillet("keys", "show", file).err


def test_keys_of_openssl(rillet: Rillet, folder: Path) -> None:
    try:
        made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True)
    except OSError:
        pytest.skip("openssl is not installed")
    (folder / "key.pem").write_bytes(made.stdout)
    assert len(rillet("keys", "show", folder / "key.pem").out.strip()) == 64
