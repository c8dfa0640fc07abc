"""What Google Analytics 4 documents for its recommended events, and the tag that sends each of them.

Pure. The sources are Google's pages "Recommended events" and "Measure ecommerce".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gtm.plan import Parameter, ParameterKind, TagPlan
from gtm.variables import DataLayerVariable, ItemCount, ItemList, Variable

ITEM_LISTS: Final = {"item_ids": "item_id", "item_names": "item_name", "item_categories": "item_category"}
"""Event attributes made of `items`, and the field of an item that each lists."""

ITEM_COUNT: Final = "item_count"
"""The metric with the number of items."""


class Source(StrEnum):
    """Where the site puts the data of its events."""

    ECOMMERCE = "ecommerce"
    """`dataLayer.push({event, ecommerce: {…}})`; events without ecommerce data have theirs at the top."""

    EVENT_MODEL = "eventModel"
    """`gtag('event', NAME, {…})` on a page with GTM, which puts the data under `eventModel`."""


@dataclass(frozen=True, slots=True)
class Preset:
    """The parameters of a recommended event, by the names that Google and gtm-pixel share."""

    attributes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    # Whether it has a list of items.
    items: bool = False
    # Whether its data is pushed under `ecommerce`.
    ecommerce: bool = False
    # The parameter that tells the event from all others of its name.
    event_id: str | None = None


def _ecommerce(
    *attributes: str, metrics: tuple[str, ...] = ("value",), event_id: str | None = None
) -> Preset:
    """An event of a shop. Money comes as `currency` and `value`."""
    return Preset(attributes, metrics, items=True, ecommerce=True, event_id=event_id)


_PROMOTION = ("promotion_id", "promotion_name", "creative_name", "creative_slot")


PRESETS: Final[Mapping[str, Preset]] = {
    # Online sales. Only a purchase has an id of its own: every partial refund repeats that of its purchase.
    "purchase": _ecommerce(
        *("transaction_id", "currency", "coupon", "customer_type", "payment_type"),
        metrics=("value", "tax", "shipping"),
        event_id="transaction_id",
    ),
    "refund": _ecommerce("transaction_id", "currency", "coupon", metrics=("value", "tax", "shipping")),
    "add_to_cart": _ecommerce("currency"),
    "remove_from_cart": _ecommerce("currency"),
    "view_cart": _ecommerce("currency"),
    "add_to_wishlist": _ecommerce("currency"),
    "begin_checkout": _ecommerce("currency", "coupon"),
    "add_shipping_info": _ecommerce("currency", "coupon", "shipping_tier"),
    "add_payment_info": _ecommerce("currency", "coupon", "payment_type"),
    "view_item": _ecommerce("currency"),
    "view_item_list": _ecommerce("item_list_id", "item_list_name", "currency"),
    "select_item": _ecommerce("item_list_id", "item_list_name", metrics=()),
    "view_promotion": _ecommerce(*_PROMOTION, metrics=()),
    "select_promotion": _ecommerce(*_PROMOTION, metrics=()),
    # Leads.
    "generate_lead": Preset(("currency", "lead_source"), ("value",)),
    "qualify_lead": Preset(("currency",), ("value",)),
    "disqualify_lead": Preset(("currency", "disqualified_lead_reason"), ("value",)),
    "working_lead": Preset(("currency", "lead_status"), ("value",)),
    "close_convert_lead": Preset(("currency",), ("value",)),
    "close_unconvert_lead": Preset(("currency", "unconvert_lead_reason"), ("value",)),
    # Any site.
    "sign_up": Preset(("method",)),
    "login": Preset(("method",)),
    "search": Preset(("search_term",)),
    "share": Preset(("method", "content_type", "item_id")),
    "select_content": Preset(("content_type", "content_id")),
    "join_group": Preset(("group_id",)),
    # Games.
    "earn_virtual_currency": Preset(("virtual_currency_name",), ("value",)),
    "spend_virtual_currency": Preset(("virtual_currency_name", "item_name"), ("value",)),
    "level_start": Preset(("level_name",)),
    "level_end": Preset(("level_name", "success")),
    "level_up": Preset(("character",), ("level",)),
    "post_score": Preset(("character",), ("score", "level")),
    "unlock_achievement": Preset(("achievement_id",)),
    "tutorial_begin": Preset(),
    "tutorial_complete": Preset(),
}
"""Google's recommended events, by name."""


def preset_tag(event: str, source: Source) -> TagPlan:
    """The tag of a recommended event. Raises KeyError for any other."""
    preset = PRESETS[event]
    prefix = _prefix(preset, source)

    def key(name: str) -> str:
        return prefix + name

    values: list[tuple[ParameterKind, str, Variable]] = [
        *((ParameterKind.EVENT_ATTRIBUTE, name, DataLayerVariable(key(name))) for name in preset.attributes),
        *((ParameterKind.METRIC, name, DataLayerVariable(key(name))) for name in preset.metrics),
    ]
    if preset.items:
        items = key("items")
        values += [
            (ParameterKind.EVENT_ATTRIBUTE, name, ItemList(items, field))
            for name, field in ITEM_LISTS.items()
        ]
        values.append((ParameterKind.METRIC, ITEM_COUNT, ItemCount(items)))
    return TagPlan(
        event=event,
        parameters=tuple(Parameter(kind=kind, name=name, value=value) for kind, name, value in values),
        event_id=None if preset.event_id is None else DataLayerVariable(key(preset.event_id)),
    )


def _prefix(preset: Preset, source: Source) -> str:
    match source:
        case Source.EVENT_MODEL:
            return f"{source}."
        case Source.ECOMMERCE:
            return f"{source}." if preset.ecommerce else ""
