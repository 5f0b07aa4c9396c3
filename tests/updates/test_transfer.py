"""Sending models: broken transfers, bad lines, signatures, kernels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rillet.boards import BoardError, load_board
from rillet.boards.install import install_model
from rillet.boards.keys import new_key
from rillet.boards.runner import open_options
from rillet.boards.slots import image_offset, signed_head
from rillet.boards.target import prepare_target
from rillet.boards.updatable import choose_kernels
from rillet.devices import Device, Kind, ProcessStream
from rillet.devices.protocol import Request
from tests.boards.small_models import dense_int8, float_model
from tests.devices.faulty import FaultyLine
from tests.updates.setting import Setting, X, expected, install, runs


def test_a_broken_transfer_goes_on(host: Setting, device: Device) -> None:
    content = host.content(host.new, 4)
    head = signed_head(content, host.key)
    device._link.request(Request.UPDATE, head, patience_s=5)
    first = 1024 - image_offset(host.firmware.board.slots)  # type: ignore[arg-type]
    for at in range(0, first, 64):
        device._link.request(Request.LOAD, at.to_bytes(4, "little") + content.image[at : at + 64])
    device.close()
    with host.open() as again:
        assert runs(again, host.old)
        assert again.install(head, content.image) == len(content.image) - first
        assert runs(again, host.new)


def test_over_a_bad_line(host: Setting) -> None:
    host.reset(host.worn)
    line = FaultyLine(ProcessStream(open_options(host.firmware.board, host.firmware.path).program), 1, 0.0)
    with Device(line, Kind("host", timeout_s=0.02, patience_s=5)) as device:
        line.rate = 0.1
        install(host, device)
        line.rate = 0.0
        assert device.resent > 0
        assert runs(device, host.new)


def test_a_model_with_two_signatures(host: Setting, device: Device) -> None:
    """One takes the place of a model with one, and back; the names come with the model."""
    model = replace(host.new, plans={"first": host.new.plan, "second": host.before.plan}, name="two")
    content = host.content(model, 4)
    device.install(signed_head(content, host.key), content.image)
    device.confirm()
    assert [s.name for s in device.signatures()] == ["first", "second"]
    for index, target in enumerate((host.new, host.before)):
        device.select(index)
        device.set_input(0, X)
        device.run()
        assert device.output(0).tobytes() == expected(target)
    install(host, device, version=5)
    assert device.info.signatures == 1
    assert runs(device, host.new)


def test_install_model_does_what_is_needed(host: Setting, device: Device) -> None:
    done = install_model(host.new, device, host.key)
    assert (done.old_version, done.version, done.sent_bytes) == (3, 4, len(host.content(host.new, 1).image))
    assert "version 4" in done.sentence()
    assert install_model(host.new, device, host.key).sent_bytes == 0
    with pytest.raises(BoardError, match="--model-version 5"):
        install_model(host.old, device, host.key, 4)
    assert runs(device, host.new)


def test_what_does_not_suit_the_firmware_is_said(host: Setting, device: Device, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="trusts another key"):
        install_model(host.new, device, new_key(tmp_path / "other.pem"))
    board = host.firmware.board
    with pytest.raises(BoardError, match=r"does not fit a slot of the device: \d+ of \d+ bytes"):
        install_model(prepare_target(dense_int8(5, outputs=300), host.old.board), device, host.key)
    with pytest.raises(BoardError, match=r"needs an arena of \d+ bytes.*--arena-bytes"):
        install_model(prepare_target(dense_int8(5, 900, 4), host.old.board), device, host.key)
    with pytest.raises(BoardError, match=f"not a {load_board('host').name}"):
        install_model(prepare_target(dense_int8(2), "host"), device, host.key)
    assert board.slots is not None
    assert runs(device, host.old)


def test_kernels_for_models_to_come(host: Setting, tmp_path: Path) -> None:
    own = choose_kernels(host.old, "same")
    assert own == host.kernels
    typed, everything = (choose_kernels(host.old, choice) for choice in ("types", "all"))
    assert set(own) < set(typed) < set(everything)
    assert {"conv_2d_s8", "add_s8", "softmax_s8", "move"} <= set(typed)
    assert not [k for k in typed if k.endswith("f32") or "gradient" in k or "avx" in k]
    (tmp_path / "other.tflite").write_bytes(float_model())
    listed = choose_kernels(host.old, f"conv_2d_*,{tmp_path / 'other.tflite'}")
    assert {"conv_2d_s8", "add_f32", *own} <= set(listed)
    for choice in ("no_such_kernel", str(tmp_path / "none.tflite")):
        with pytest.raises(BoardError, match=r"no kernel for|there is no"):
            choose_kernels(host.old, choice)


def test_missing_kernels_are_named_with_their_layer(host: Setting, device: Device) -> None:
    model = prepare_target(float_model(), host.old.board, "float")
    with pytest.raises(BoardError, match=r"lacks kernels .*add_f32 \(layer '.*'\).*--kernels add_f32"):
        install_model(model, device, host.key)
    assert runs(device, host.old)
