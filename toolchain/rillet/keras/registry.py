"""Names and configurations: how Keras 3 writes objects into files, and how they are made again from there."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from ..ir import RilletError

Marked = TypeVar("Marked")  # a class or a function


class ConfigError(RilletError, ValueError):
    """A configuration that names something unknown or lacks something."""


_CLASSES: dict[tuple[str, str], Any] = {}
_CUSTOM: dict[str, Any] = {}
_counts: Counter[str] = Counter()


def exported(module: str, *aliases: str) -> Callable[[Marked], Marked]:
    """Marks a class (or function) as what Keras calls `module.NAME`; `aliases` are further names for it."""

    def mark(made: Marked) -> Marked:
        made.keras_module = module  # type: ignore[attr-defined]
        _CLASSES.update({(module, name): made for name in (made.__name__, *aliases)})  # type: ignore[attr-defined]
        return made

    return mark


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Marked], Marked]:
    """Makes a class of your own known to saving and loading, as `package>name`."""

    def mark(made: Marked) -> Marked:
        registered = f"{package}>{name or made.__name__}"  # type: ignore[attr-defined]
        made.registered_name = registered  # type: ignore[attr-defined]
        _CUSTOM[registered] = made
        return made

    return mark


def serialize(thing: Any) -> Any:
    """`thing` as Keras 3 writes it into JSON: objects as module, class_name and config; functions by name."""
    if isinstance(thing, (list, tuple)):
        return [serialize(each) for each in thing]
    if isinstance(thing, dict):
        return {key: serialize(value) for key, value in thing.items()}
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if callable(thing) and not hasattr(thing, "get_config"):
        return thing.__name__
    registered = getattr(type(thing), "registered_name", None)
    return {
        "module": getattr(type(thing), "keras_module", None) if registered is None else None,
        "class_name": type(thing).__name__,
        "config": thing.get_config(),
        "registered_name": registered,
    }


def deserialize(config: Any, module: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """What `serialize` was given: a configuration, a name ("he_normal", "relu"), or an object, which is returned.

    Raises:
        ConfigError: nothing of that name is known in `module`.
    """
    if config is None or not isinstance(config, (str, dict)):
        return config
    if isinstance(config, str):
        found = lookup(module, config, custom_objects)
        return found() if isinstance(found, type) else found
    name = config.get("registered_name") or config.get("class_name")
    if not isinstance(name, str):
        raise ConfigError(f"a configuration without class_name: {config!r:.200}")
    if config.get("class_name") == "function":
        return lookup(module, str(config["config"]), custom_objects)
    found = lookup(config.get("module") or module, name, custom_objects, module)
    settings = config.get("config") or {}
    settings = {key: value for key, value in settings.items() if value is not None or _takes(found, key)}
    from_config = getattr(found, "from_config", None)
    try:
        return from_config(settings) if from_config is not None else found(**settings)
    except TypeError as wrong:
        raise ConfigError(f"{name} '{settings.get('name', '')}': {wrong}") from wrong


def _takes(made: Any, key: str) -> bool:
    """Whether the constructor knows `key`: newer versions of Keras write options that it may not, None where unused."""
    made_by = [vars(c)["__init__"] for c in made.__mro__ if "__init__" in vars(c)] if isinstance(made, type) else [made]
    return any(key in inspect.signature(each).parameters for each in made_by)


def lookup(module: str, name: str, custom_objects: dict[str, Any] | None = None, other: str = "") -> Any:
    """The class or function that Keras calls `name` in `module`.

    Raises:
        ConfigError: there is none.
    """
    short = name.split(">")[-1]
    for candidate in (custom_objects or {}, _CUSTOM):
        if name in candidate or short in candidate:
            return candidate.get(name, candidate.get(short))
    for where in (module, other):
        for known in (name, camel_case(name)):
            if (where, known) in _CLASSES:
                return _CLASSES[where, known]
    for (_, known), found in _CLASSES.items():
        if known == name and module.startswith("keras.src"):
            return found
    near = sorted({known for where, known in _CLASSES if where in (module, other)})
    raise ConfigError(
        f"'{name}' is nothing that rillet knows in {module}; known are {', '.join(near)}. "
        "A class of your own needs custom_objects or register_keras_serializable"
    )


def camel_case(name: str) -> str:
    """he_normal -> HeNormal."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def auto_name(prefix: str) -> str:
    """`prefix`, then prefix_1, prefix_2, ..."""
    _counts[prefix] += 1
    number = _counts[prefix] - 1
    return f"{prefix}_{number}" if number else prefix


def clear_session() -> None:
    """Automatic names start anew."""
    _counts.clear()
