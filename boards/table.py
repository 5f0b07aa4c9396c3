"""Reading a TOML table with errors that name file and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Table:
    """A table whose keys are taken one by one; `finish` refuses those that nobody took.

    All methods raise ValueError with the file and the key's full name.
    """

    def __init__(self, content: Mapping[str, Any], source: str, prefix: str = "") -> None:
        self._content = content
        self._source = source
        self._prefix = prefix
        self._taken: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def names(self) -> list[str]:
        """All keys."""
        return list(self._content)

    def place(self, key: str) -> str:
        """How errors call a key: the file and the key's full name."""
        return f"{self._source}: {self._prefix}{key}"

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        return str(self._take(key, str, "a string", default))

    def integer(self, key: str, default: int | None = None, *, low: int = 0, high: int = (1 << 32) - 1) -> int:
        """An integer from `low` to `high`."""
        value = int(self._take(key, int, "an integer", default))
        if not low <= value <= high:
            raise ValueError(f"{self.place(key)}: must be from {low} to {high}, not {value}")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of the strings in `allowed`."""
        value = self.text(key, default)
        if value not in allowed:
            raise ValueError(f"{self.place(key)}: '{value}' is none of {', '.join(allowed)}")
        return value

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, list, "a list of strings", None if default is None else list(default))
        if not all(isinstance(v, str) for v in value):
            raise ValueError(f"{self.place(key)}: must be a list of strings")
        return tuple(value)

    def integers(self, key: str) -> dict[str, int]:
        """A table of integers; empty if absent."""
        value = self._take(key, dict, "a table of integers", {})
        if not all(isinstance(v, int) for v in value.values()):
            raise ValueError(f"{self.place(key)}: must be a table of integers")
        return dict(value)

    def table(self, key: str) -> Table:
        """A table inside this one."""
        return Table(self._take(key, dict, "a table", None), self._source, f"{self._prefix}{key}.")

    def finish(self) -> None:
        """Refuses keys that were not asked for: most are misspelt."""
        unknown = sorted(set(self._content) - self._taken)
        if unknown:
            raise ValueError(f"{self.place(unknown[0])}: unknown key; known here are {', '.join(sorted(self._taken))}")

    def _take(self, key: str, kind: type, what: str, default: Any) -> Any:
        self._taken.add(key)
        if key not in self._content:
            if default is None:
                raise ValueError(f"{self.place(key)}: missing; it must be {what}")
            return default
        value = self._content[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"{self.place(key)}: must be {what}, not {value!r}")
        return value
