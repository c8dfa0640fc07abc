"""The settings of a stack as its file has them: Pulumi.NAME.yaml. What it does not set has its default."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import yaml

from cli.errors import UsageError

_PREFIX: Final = "gtm-pixel:"
_REGION: Final = "aws:region"


class StackSettings:
    """The settings that a file has, by their names in docs/settings.md."""

    def __init__(self, file: Path) -> None:
        """Raises UsageError."""
        self._file = file
        self._values = _read(file)

    def region(self) -> str:
        """Raises UsageError."""
        region = self._values.get(_REGION)
        if not isinstance(region, str):
            raise UsageError(f"{self._file} has no aws:region: pulumi config set aws:region REGION")
        return region

    def text(self, name: str) -> str | None:
        value = self._values.get(_PREFIX + name)
        return value if isinstance(value, str) and value else None

    def is_on(self, name: str, *, default: bool = False) -> bool:
        return str(self._values.get(_PREFIX + name, default)).lower() == "true"

    def number(self, name: str, default: int) -> int:
        """Raises UsageError."""
        value = self._values.get(_PREFIX + name, default)
        try:
            return int(str(value))
        except ValueError:
            raise UsageError(f"{self._file}: {name} is {value!r}, and must be a whole number") from None

    def words(self, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of strings. Raises UsageError."""
        value = self._values.get(_PREFIX + name, list(default))
        if not isinstance(value, list):
            raise UsageError(f"{self._file}: {name} is {value!r}, and must be a list")
        return tuple(map(str, cast("list[object]", value)))

    def destinations(self) -> tuple[str, ...]:
        """Raises UsageError."""
        return self.words("destinations", ("customer-profiles",))

    def is_authenticated(self) -> bool:
        return self.text("authMode") == "authenticated"


def _read(file: Path) -> Mapping[str, Any]:
    try:
        # Of bytes, YAML knows UTF-8 with and without a mark, and UTF-16.
        found: object = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        raise UsageError(f"--settings {file} cannot be read: name the file Pulumi.STACK.yaml") from None
    config = cast("dict[str, Any]", found).get("config") if isinstance(found, dict) else None
    if not isinstance(config, dict):
        raise UsageError(f"--settings {file} has no settings: name the file Pulumi.STACK.yaml")
    return cast("dict[str, Any]", config)
