"""`pytest tests/ops --perf` times the kernels of the larger cases instead of testing."""

from __future__ import annotations

from pathlib import Path

import pytest

PERF_FILE = "test_perf.py"
rows = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--perf", action="store_true", help="time kernels on the PERF cases, beside LiteRT's")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[rows] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if not collection_path.name.startswith("test_"):
        return None
    is_perf_file = collection_path.name == PERF_FILE
    return True if is_perf_file != bool(config.getoption("--perf", default=False)) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(rows, []):
        terminalreporter.section("kernels: median microseconds of one call, one thread")
        for row in config.stash[rows]:
            terminalreporter.write_line(row)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> list[str]:
    """Lines to print after the run."""
    lines: list[str] = request.config.stash[rows]
    return lines
