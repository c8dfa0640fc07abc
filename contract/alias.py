"""The alias of each function. The stack calls the version behind it, and operators' commands describe it."""

from typing import Final

LIVE: Final = "live"
