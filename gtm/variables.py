"""Where a parameter's value comes from: the kinds of GTM variables that a container brings along.

Pure. Every class validates itself and raises PlanError with the value, the rule and the fix.
"""

import re
from dataclasses import dataclass

from gtm.plan_error import PlanError, shown

_DATA_LAYER_KEY = re.compile(r"[^\s{}.]+(\.[^\s{}.]+)*")
# items[0] and items['id']: GTM takes the whole as one key, which no data layer has.
_BRACKETS = re.compile(r"""\[\s*["']?([^]"']*?)["']?\s*\]""")
# items[].item_id and items[*].item_id, as other tools write a field of every item.
_EVERY_ITEM = re.compile(r"([^\s{}\[\]]+)\[\*?\]\.(\w+)")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 6265: a token
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class DataLayerVariable:
    """The value at a key of the data layer; dots separate levels."""

    key: str

    def __post_init__(self) -> None:
        check_data_layer_key(self.key)


@dataclass(frozen=True, slots=True)
class CookieVariable:
    """The value of a first-party cookie."""

    name: str

    def __post_init__(self) -> None:
        if _COOKIE_NAME.fullmatch(self.name) is None:
            raise PlanError(
                f"the cookie name {shown(self.name)} must consist of letters, digits and !#$%&'*+.^_`|~-; "
                "write it as your site sets it"
            )


@dataclass(frozen=True, slots=True)
class ItemList:
    """One field of every item of a list in the data layer, as one string (see `item_functions`)."""

    items: str  # the key of the list
    field: str

    def __post_init__(self) -> None:
        check_data_layer_key(self.items)
        if _FIELD.fullmatch(self.field) is None:
            raise PlanError(
                f"the field {shown(self.field)} must be the name of one of an item's fields, such as "
                "item_brand; write it as your site pushes it"
            )


@dataclass(frozen=True, slots=True)
class ItemCount:
    """The number of items of a list in the data layer."""

    items: str  # the key of the list

    def __post_init__(self) -> None:
        check_data_layer_key(self.items)


Variable = DataLayerVariable | CookieVariable | ItemList | ItemCount

PlainVariable = DataLayerVariable | CookieVariable
"""A variable that GTM reads without Custom JavaScript."""


def check_data_layer_key(key: str) -> None:
    """Raises PlanError."""
    if (every := _EVERY_ITEM.fullmatch(key)) is not None:
        raise PlanError(
            f"the data layer variable {shown(key)} must name one value; for that of every item, write "
            f"{{list: {every[1]}, of: {every[2]}}}"
        )
    if _BRACKETS.search(key):
        path = re.sub(r"\.{2,}", ".", _BRACKETS.sub(r".\1", key)).strip(".")
        raise PlanError(
            f"the data layer variable {shown(key)} must have dots instead of brackets, which GTM does not "
            f"read as a path; write {path}"
        )
    if _DATA_LAYER_KEY.fullmatch(key) is None or not key.isprintable():
        raise PlanError(
            f"the data layer variable {shown(key)} must be a name such as value or ecommerce.value, without "
            "spaces and braces; write it as your site pushes it"
        )
