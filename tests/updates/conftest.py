"""Devices with updatable firmware: a checked process of this machine, and an emulated Cortex-M4."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rillet.devices import Device
from tests.boards.tools import need_tools
from tests.updates.setting import HOST, Setting, prepare


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("updates")
    (folder / "board.toml").write_text(HOST)
    return prepare(str(folder), folder, 0)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    need_tools("mps2-an386")
    return prepare("mps2-an386", tmp_path_factory.mktemp("emulated"), 8192)


@pytest.fixture
def device(host: Setting) -> Iterator[Device]:
    host.reset(host.worn)
    with host.open() as opened:
        yield opened
