"""What a field of a tag reads: the variable of the data layer or the cookie, or why it is neither."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtm.own_container.parts import Part, quoted
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable

_REFERENCE: Final = re.compile(r"\{\{([^{}]+)\}\}")
_KINDS: Final = {
    "C": "a fixed value",
    "JSM": "a Custom JavaScript variable",
    "J": "a JavaScript variable",
    "SMM": "a lookup table",
    "REMM": "a regular expression table",
    "U": "a URL variable",
    "F": "the referrer",
    "D": "an element of the page",
    "AEV": "an auto-event variable",
    "VIS": "an element's visibility",
    "UV": "the value undefined",
    "CTV": "the container's version",
    "DBG": "the debug mode",
    "R": "a random number",
    "AWEC": "user-provided data",
}


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that gtm-pixel cannot send. `why` completes a sentence: it …"""

    why: str


@dataclass(frozen=True, slots=True)
class Variables:
    """The user-defined variables of a container, by name."""

    by_name: Mapping[str, Part]

    def read(self, text: str) -> PlainVariable | Unread:
        """The variable behind a field's value, such as {{DLV - value}}."""
        reference = _REFERENCE.fullmatch(text.strip())
        if reference is None:
            return Unread("is put together from several parts" if "{{" in text else "is a fixed value")
        name = reference[1]
        variable = self.by_name.get(name)
        if variable is None:
            return Unread(f"is {quoted(name)}, one of GTM's built-in variables")
        try:
            return _source(variable)
        except PlanError as error:
            return Unread(f"is {quoted(name)}: {error}")

    def constant(self, text: str) -> str | None:
        """A fixed text: as it is, or through a Constant variable. None if it can vary."""
        reference = _REFERENCE.fullmatch(text.strip())
        if reference is not None:
            variable = self.by_name.get(reference[1])
            is_constant = variable is not None and variable.type == "C"
            text = variable.parameter("value") if variable is not None and is_constant else text
        return None if "{{" in text else text

    def settings(self, reference: str, kind: str) -> Part:
        """The settings variable that a tag refers to, of the type gtcs or gtes; empty if there is none."""
        found = _REFERENCE.fullmatch(reference.strip())
        variable = self.by_name.get(found[1]) if found else None
        return variable if variable is not None and variable.type == kind else Part({})


def data_layer_key(variable: Part) -> str | None:
    """The key of a data layer variable; None for any other variable."""
    return variable.parameter("name") if variable.type == "V" else None


def changes(variable: Part) -> str | None:
    """What GTM does to the value of a variable before a tag has it, in words."""
    default = "default value" if variable.is_set("setDefaultValue") else ""
    format_ = "format" if variable.content.get("formatValue") else ""
    return " and ".join(filter(None, (default, format_))) or None


def _source(variable: Part) -> PlainVariable | Unread:
    kind, key = variable.type, variable.parameter("name")
    if kind == "V":
        if variable.parameter("dataLayerVersion") == "1" and "." in key:
            return Unread(f"is {quoted(variable.name)}, which takes {quoted(key)} for one name (version 1)")
        return DataLayerVariable(key)
    if kind == "K":
        return CookieVariable(key)
    what = "a custom template" if kind.startswith("CVT") else _KINDS.get(kind)
    return Unread(f"is {quoted(variable.name)}, {what or 'of the type ' + quoted(variable.text('type'))}")
