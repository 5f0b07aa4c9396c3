"""No arrow runs up: which package may import which (docs/walk.md), read from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "toolchain" / "rillet"

ALLOWED: dict[str, set[str]] = {
    "ir": set(),
    "devices": set(),
    "ops": {"ir"},
    "memory": {"ir"},
    "autodiff": {"ops", "ir"},
    "flatbuffer": {"ops", "ir"},
    "passes": {"memory", "ops", "ir"},
    "preprocessing": {"passes", "ops", "ir"},
    "importers": {"flatbuffer", "passes", "ops", "ir"},
    "runtime": {"flatbuffer", "passes", "ops", "ir"},
    "eager": {"runtime", "autodiff", "flatbuffer", "passes", "ops", "ir"},
    "quantize": {"runtime", "memory", "flatbuffer", "passes", "ops", "ir"},
    "keras": {"eager", "quantize", "importers", "runtime", "autodiff", "memory", "flatbuffer", "passes", "ops", "ir"},
    "bench": {"runtime", "devices", "memory", "flatbuffer", "ops", "ir"},
    "boards": {"runtime", "devices", "bench", "memory", "flatbuffer", "passes", "ops", "ir"},
    "finetune": {
        "boards",
        "bench",
        "importers",
        "autodiff",
        "runtime",
        "devices",
        "memory",
        "flatbuffer",
        "passes",
        "ops",
        "ir",
    },
    "report": {"bench", "boards", "quantize", "runtime", "devices", "memory", "flatbuffer", "ops", "ir"},
}


def _imports(path: Path) -> set[str]:
    """Names directly below `rillet` that a file imports, at any depth of its code."""
    inside = path.relative_to(PACKAGE).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("rillet.")}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = list(inside[: len(inside) - node.level + 1])
                target = base + (node.module.split(".") if node.module else [])
                found |= {target[0]} if target else {a.name for a in node.names}
            elif node.module and node.module.split(".")[0] == "rillet":
                rest = node.module.split(".")[1:]
                found |= {rest[0]} if rest else {a.name for a in node.names}
    return found


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_stay_below(package: str) -> None:
    for path in sorted((PACKAGE / package).rglob("*.py")):
        above = _imports(path) - ALLOWED[package] - {package}
        assert not above, f"{path.relative_to(PACKAGE)} imports {sorted(above)}"


def test_every_package_has_a_rule() -> None:
    packages = {p.name for p in PACKAGE.iterdir() if p.is_dir() and not p.name.startswith("_")}
    assert packages == {*ALLOWED, "cli"}


def test_allowed_has_no_circle() -> None:
    """Every package's allowed set is closed under the sets of its members, itself never among them."""
    for package, below in ALLOWED.items():
        for lower in below:
            assert package not in ALLOWED[lower], f"{package} <-> {lower}"
